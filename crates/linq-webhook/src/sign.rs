//! Signing secrets, the signatures made with them, and a [`Signer`] for tests.

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

/// The headers of the legacy scheme that matter for its signature.
pub(crate) static LEGACY_TIMESTAMP: HeaderName = HeaderName::from_static("x-webhook-timestamp");
pub(crate) static LEGACY_SIGNATURE: HeaderName = HeaderName::from_static("x-webhook-signature");

pub(crate) fn names() -> [&'static HeaderName; 5] {
    [
        &ID,
        &TIMESTAMP,
        &SIGNATURE,
        &LEGACY_TIMESTAMP,
        &LEGACY_SIGNATURE,
    ]
}

/// The environment variable that holds the secret.
pub(crate) const VARIABLE: &str = "LINQ_WEBHOOK_SECRET";

/// The fewest bytes of a key.
const SHORTEST_KEY: usize = 16;

/// Lenient, since secrets are copied by hand: padding may be missing, and unused trailing bits are ignored.
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

/// One secret, as an initialized HMAC for each scheme, so that no delivery has to set up the key again.
///
/// The states overwrite themselves when dropped.
pub(crate) struct Secret {
    /// The key is what the base64 text decodes to; `None` if the secret is for the legacy scheme only.
    pub(crate) standard: Option<Mac>,
    /// The key is the text of the secret, including its prefix.
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
        // Hexadecimal digits are valid base64 of another key, with which no delivery ever verifies.
        if encoded.len() == 64 && encoded.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SecretError::Hexadecimal);
        }
        let mut key = Zeroizing::new(vec![0; base64::decoded_len_estimate(encoded.len())]);
        let length = BASE64
            .decode_slice(encoded, &mut key)
            .map_err(|_| SecretError::NotBase64)?;
        let key = key.get(..length).unwrap_or_default();
        Ok(Arc::new(Self {
            standard: Some(mac(key)?),
            legacy: mac(text.as_bytes())?,
        }))
    }

    pub(crate) fn legacy(text: &str) -> Result<Arc<Self>, SecretError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SecretError::Empty);
        }
        Ok(Arc::new(Self {
            standard: None,
            legacy: mac(text.as_bytes())?,
        }))
    }
}

fn mac(key: &[u8]) -> Result<Mac, SecretError> {
    if key.len() < SHORTEST_KEY {
        return Err(SecretError::TooShort);
    }
    // HMAC takes keys of any length, so this never fails.
    Mac::new_from_slice(key).map_err(|_| SecretError::TooShort)
}

/// Returns the signature of a head and a body.
pub(crate) fn signed(mac: &Mac, head: &[&[u8]], body: impl AsRef<[u8]>) -> Signature {
    let mut mac = mac.clone();
    for part in head {
        mac.update(part);
    }
    mac.update(body.as_ref());
    mac.finalize()
}

/// Compares in constant time.
pub(crate) fn is_right(signature: [u8; 32], right: &Signature) -> bool {
    *right == Signature::new(signature.into())
}

/// Why a signing secret was refused. The text of the secret is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretError {
    /// The secret is empty.
    Empty,
    /// What follows the prefix `whsec_`, or the whole text if there is no prefix, is not base64.
    NotBase64,
    /// The secret is 64 hexadecimal digits, not `whsec_` and base64.
    Hexadecimal,
    /// The key has fewer than 16 bytes and could be guessed.
    TooShort,
    /// The environment variable `LINQ_WEBHOOK_SECRET` is not set, or empty.
    MissingVariable,
}

impl fmt::Display for SecretError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "the webhook signing secret is empty",
            Self::NotBase64 => {
                "the webhook signing secret is not `whsec_` followed by base64: use it as the subscription returned it, \
                 or with_legacy_secret for the plain text of the legacy scheme"
            }
            Self::Hexadecimal => {
                "the webhook signing secret is hexadecimal, not `whsec_` followed by base64: use it as the subscription \
                 returned it, or with_legacy_secret for the plain text of the legacy scheme"
            }
            Self::TooShort => "the webhook signing secret is shorter than 16 bytes",
            Self::MissingVariable => {
                "the environment variable LINQ_WEBHOOK_SECRET is not set: set it to the signing secret that was \
                 returned when the webhook subscription was created"
            }
        })
    }
}

impl std::error::Error for SecretError {}

/// The only version with shared secrets.
const VERSION: &[u8] = b"v1";

/// How many entries of a signature header are read.
const MOST_ENTRIES: usize = 64;

/// Returns the signatures in `webhook-signature`; other versions, and malformed entries, are skipped.
pub(crate) fn signatures(header: &[u8]) -> impl Iterator<Item = [u8; 32]> + Clone {
    entries(header).filter_map(read)
}

/// Whether there are entries, and all of them have the form of a signature of another version.
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
    // Bounded on both sides of the filter: the header may be megabytes of spaces.
    let entries = header.split(|byte| *byte == b' ').take(4 * MOST_ENTRIES);
    entries.filter(|entry| !entry.is_empty()).take(MOST_ENTRIES)
}

/// Reads an entry: `v1,` and 32 bytes in canonical base64.
fn read(entry: &[u8]) -> Option<[u8; 32]> {
    let encoded = entry.strip_prefix(VERSION)?.strip_prefix(b",")?;
    // The decoder needs room for whole groups of four characters.
    let mut bytes = [0; 33];
    let length = STANDARD.decode_slice(encoded, &mut bytes).ok()?;
    bytes.get(..length)?.try_into().ok()
}

/// Writes an entry.
fn write(signature: &Signature) -> String {
    let encoded = STANDARD.encode(signature.as_bytes());
    format!("v1,{encoded}")
}

/// Reads a signature of the legacy scheme: 64 hexadecimal digits, with or without `sha256=` in front.
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
    let digit = char::from(character).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// Writes a signature of the legacy scheme.
fn write_legacy(signature: &Signature) -> String {
    let bytes = signature.as_bytes().iter();
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

/// Signs deliveries as Linq does, for tests of a receiver.
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
    standard: Mac,
    secret: Arc<Secret>,
}

impl Signer {
    /// Creates a signer from a secret, which is read as by [`Verifier::new`](crate::Verifier::new).
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the secret is empty, is not base64, or decodes to fewer than 16 bytes.
    pub fn new(secret: impl AsRef<str>) -> Result<Self, SecretError> {
        let secret = Secret::new(secret.as_ref())?;
        let standard = secret.standard.clone().ok_or(SecretError::NotBase64)?;
        Ok(Self { standard, secret })
    }

    /// Returns the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` for a body sent at that time,
    /// in whole seconds.
    ///
    /// # Errors
    ///
    /// [`SignError`] if the id is empty or not visible ASCII, or if the time is before 1970.
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
        let mac = signed(&self.standard, &[head.as_bytes()], body);
        headers([
            (&ID, id),
            (&TIMESTAMP, &timestamp),
            (&SIGNATURE, &write(&mac)),
        ])
    }

    /// Returns the headers `X-Webhook-Timestamp` and `X-Webhook-Signature` of the legacy scheme.
    ///
    /// Linq sends them together with the standard ones; to do the same, [`extend`](HeaderMap::extend) those with
    /// these.
    ///
    /// # Errors
    ///
    /// [`SignError::Time`] if the time is before 1970.
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

/// Only an id can be invalid as a header value.
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
    /// The id is empty, or contains something other than visible ASCII.
    Id,
    /// The time is before 1970.
    Time,
}

impl fmt::Display for SignError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Id => "the id of a delivery must be visible ASCII and not empty",
            Self::Time => "the time of a delivery must not be before 1970",
        })
    }
}

impl std::error::Error for SignError {}
