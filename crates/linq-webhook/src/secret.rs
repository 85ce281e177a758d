//! Signing secrets, kept as what HMAC makes of them.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The environment variable that holds the secret.
pub(super) const VARIABLE: &str = "LINQ_WEBHOOK_SECRET";

/// The bytes that a secret has at least.
const SHORTEST: usize = 16;

/// Lenient, since secrets are copied by hand: padding may be missing, and bits that no byte takes up do not count.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// HMAC-SHA256 in progress.
pub(super) type Mac = Hmac<Sha256>;

/// A signature, which compares in constant time.
pub(super) type Signature = CtOutput<Mac>;

/// One secret: the state of HMAC with the key taken in, for each scheme.
///
/// The key is taken in once rather than with every delivery. The states overwrite themselves when dropped.
pub(super) struct Secret {
    /// The key is what the base64 text stands for.
    pub(super) standard: Mac,
    /// The key is the secret's text, prefix and all.
    pub(super) legacy: Mac,
}

impl Secret {
    /// Behind an [`Arc`], so that passing it around leaves no copies of the keys behind.
    pub(super) fn new(text: &str) -> Result<Arc<Self>, SecretError> {
        let text = text.trim();
        let encoded = text.strip_prefix("whsec_").unwrap_or(text);
        if encoded.is_empty() {
            return Err(SecretError::Empty);
        }
        let mut key = Zeroizing::new(vec![0; base64::decoded_len_estimate(encoded.len())]);
        let length = BASE64
            .decode_slice(encoded, &mut key)
            .map_err(|_| SecretError::NotBase64)?;
        let key = key.get(..length).unwrap_or_default();
        if key.len() < SHORTEST {
            return Err(SecretError::TooShort);
        }
        Ok(Arc::new(Self {
            standard: mac(key)?,
            legacy: mac(text.as_bytes())?,
        }))
    }
}

/// HMAC takes keys of any length, and never fails here.
fn mac(key: &[u8]) -> Result<Mac, SecretError> {
    Mac::new_from_slice(key).map_err(|_| SecretError::TooShort)
}

/// The signature of a head and a body.
pub(super) fn signed(mac: &Mac, head: &[&[u8]], body: impl AsRef<[u8]>) -> Signature {
    let mut mac = mac.clone();
    for part in head {
        mac.update(part);
    }
    mac.update(body.as_ref());
    mac.finalize()
}

/// Why a signing secret was refused; its text is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretError {
    /// There is nothing in it.
    Empty,
    /// What follows the prefix `whsec_`, or all of it where there is none, is not base64.
    NotBase64,
    /// It stands for fewer than 16 bytes, and could be guessed.
    TooShort,
    /// The environment variable `LINQ_WEBHOOK_SECRET` is not set, or empty.
    MissingVariable,
}

impl fmt::Display for SecretError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "the webhook signing secret is empty",
            Self::NotBase64 => {
                "the webhook signing secret is not whsec_ and base64: take it as the subscription gave it"
            }
            Self::TooShort => "the webhook signing secret is shorter than 16 bytes",
            Self::MissingVariable => {
                "the environment variable LINQ_WEBHOOK_SECRET is not set: put the signing secret into it that came \
                 with the webhook subscription when it was created"
            }
        })
    }
}

impl std::error::Error for SecretError {}
