//! Secrets, the signatures made with them, and a [`Signer`] for tests.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The headers of the Standard Webhooks scheme.
pub(crate) static ID: HeaderName = HeaderName::from_static("webhook-id");
pub(crate) static TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
pub(crate) static SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The signed headers of the legacy scheme.
pub(crate) static LEGACY_TIMESTAMP: HeaderName = HeaderName::from_static("x-webhook-timestamp");
pub(crate) static LEGACY_SIGNATURE: HeaderName = HeaderName::from_static("x-webhook-signature");

/// The environment variable that holds the secret.
pub(crate) const VARIABLE: &str = "LINQ_WEBHOOK_SECRET";

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
pub(crate) type Mac = Hmac<Sha256>;

/// A signature, which compares in constant time.
pub(crate) type Signature = CtOutput<Mac>;

/// One secret: the state of HMAC with the key taken in, for each scheme.
///
/// The key is taken in once rather than with every delivery. The states overwrite themselves when dropped.
pub(crate) struct Secret {
    /// The key is what the base64 text stands for.
    pub(crate) standard: Mac,
    /// The key is the secret's text, prefix and all.
    pub(crate) legacy: Mac,
}

impl Secret {
    /// Behind an [`Arc`], so that passing it around leaves no copies of the keys behind.
    pub(crate) fn new(text: &str) -> Result<Arc<Self>, SecretError> {
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
pub(crate) fn signed(mac: &Mac, head: &[&[u8]], body: impl AsRef<[u8]>) -> Signature {
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

/// The one version there is for shared secrets.
const VERSION: &[u8] = b"v1";

/// How many entries of a signature header are looked at.
const MOST_ENTRIES: usize = 64;

/// The signatures in `webhook-signature`: other versions, and entries that are malformed, are skipped.
pub(crate) fn signatures(header: &[u8]) -> impl Iterator<Item = [u8; 32]> + Clone {
    entries(header).filter_map(read)
}

/// Whether there are entries, and all of them have the shape of a signature of another version.
pub(crate) fn are_of_other_versions(header: &[u8]) -> bool {
    entries(header).next().is_some() && entries(header).all(is_of_other_version)
}

fn is_of_other_version(entry: &[u8]) -> bool {
    let Some(comma) = entry.iter().position(|byte| *byte == b',') else {
        return false;
    };
    let version = entry.get(..comma).unwrap_or_default();
    !version.is_empty() && version.iter().all(u8::is_ascii_alphanumeric) && version != VERSION
}

fn entries(header: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let entries = header.split(|byte| *byte == b' ');
    entries.filter(|entry| !entry.is_empty()).take(MOST_ENTRIES)
}

/// Reads an entry: `v1,` and 32 bytes in base64, of which there is one spelling.
fn read(entry: &[u8]) -> Option<[u8; 32]> {
    let encoded = entry.strip_prefix(VERSION)?.strip_prefix(b",")?;
    // The decoder wants room for whole groups of four characters.
    let mut bytes = [0; 33];
    let length = STANDARD.decode_slice(encoded, &mut bytes).ok()?;
    bytes.get(..length)?.try_into().ok()
}

/// Whether a signature is the right one, found out in constant time.
pub(crate) fn is_right(signature: [u8; 32], right: &Signature) -> bool {
    *right == Signature::new(signature.into())
}

/// Writes an entry.
pub(crate) fn write(signature: &Signature) -> String {
    let encoded = STANDARD.encode(signature.as_bytes());
    format!("v1,{encoded}")
}

/// Reads a signature of the legacy scheme: 64 hexadecimal digits in lower case, `sha256=` before them or not.
pub(crate) fn read_legacy(header: &[u8]) -> Option<[u8; 32]> {
    let digits = header.strip_prefix(b"sha256=").unwrap_or(header);
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let pairs: &[[u8; 2]; 32] = pairs.try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

/// Writes a signature of the legacy scheme.
pub(crate) fn write_legacy(signature: &Signature) -> String {
    let bytes = signature.as_bytes().iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// Signs deliveries as Linq does, for the tests of what receives them.
///
/// ```
/// use std::time::SystemTime;
///
/// use linq_webhook::{Signer, Verifier};
///
/// let secret = "whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGU=";
/// let headers = Signer::new(secret)?.sign("evt_1", SystemTime::now(), "{}")?;
/// assert!(Verifier::new(secret)?.verify(&headers, "{}").is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    secret: Arc<Secret>,
}

impl Signer {
    /// Makes a signer with a secret, which is read as [`Verifier::new`](crate::Verifier::new) reads it.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the secret is empty, is not base64 or stands for fewer than 16 bytes.
    pub fn new(secret: impl AsRef<str>) -> Result<Self, SecretError> {
        Secret::new(secret.as_ref()).map(|secret| Self { secret })
    }

    /// The headers `webhook-id`, `webhook-timestamp` and `webhook-signature` for a body sent at that time, of
    /// which whole seconds count.
    ///
    /// # Errors
    ///
    /// [`SignError`] if the id is empty or not visible ASCII, or if the time lies before 1970.
    pub fn sign(
        &self,
        id: &str,
        sent_at: SystemTime,
        body: impl AsRef<[u8]>,
    ) -> Result<HeaderMap, SignError> {
        if id.is_empty() || !id.is_ascii() {
            return Err(SignError::Id);
        }
        let timestamp = seconds(sent_at)?.to_string();
        let head = format!("{id}.{timestamp}.");
        let mac = signed(&self.secret.standard, &[head.as_bytes()], body);
        headers([
            (&ID, id),
            (&TIMESTAMP, &timestamp),
            (&SIGNATURE, &write(&mac)),
        ])
    }

    /// The headers `X-Webhook-Timestamp` and `X-Webhook-Signature` of the legacy scheme.
    ///
    /// Linq sends them beside the standard ones: [`extend`](HeaderMap::extend) those with these for the same.
    ///
    /// # Errors
    ///
    /// [`SignError::Time`] if the time lies before 1970.
    pub fn sign_legacy(
        &self,
        sent_at: SystemTime,
        body: impl AsRef<[u8]>,
    ) -> Result<HeaderMap, SignError> {
        let timestamp = seconds(sent_at)?.to_string();
        let mac = signed(&self.secret.legacy, &[timestamp.as_bytes(), b"."], body);
        headers([
            (&LEGACY_TIMESTAMP, &timestamp),
            (&LEGACY_SIGNATURE, &write_legacy(&mac)),
        ])
    }
}

fn seconds(time: SystemTime) -> Result<u64, SignError> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since
        .map(|since| since.as_secs())
        .map_err(|_| SignError::Time)
}

/// Only an id can be what no header holds.
fn headers<const N: usize>(
    entries: [(&'static HeaderName, &str); N],
) -> Result<HeaderMap, SignError> {
    entries
        .into_iter()
        .map(|(name, text)| {
            let value = HeaderValue::from_str(text).map_err(|_| SignError::Id)?;
            Ok((name.clone(), value))
        })
        .collect()
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signer").finish_non_exhaustive()
    }
}

/// Why a delivery could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The id is empty, or holds something other than visible ASCII.
    Id,
    /// The time lies before 1970.
    Time,
}

impl fmt::Display for SignError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Id => "the id of a delivery is visible ASCII, and not empty",
            Self::Time => "the time of a delivery lies after 1970",
        })
    }
}

impl std::error::Error for SignError {}
