//! Signed deliveries, for tests.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::SecretError;
use crate::headers;
use crate::secret::{self, Secret};
use crate::signature;

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
        let mac = secret::signed(&self.secret.standard, &[head.as_bytes()], body);
        headers([
            (&headers::ID, id),
            (&headers::TIMESTAMP, &timestamp),
            (&headers::SIGNATURE, &signature::write(&mac)),
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
        let mac = secret::signed(&self.secret.legacy, &[timestamp.as_bytes(), b"."], body);
        headers([
            (&headers::LEGACY_TIMESTAMP, &timestamp),
            (&headers::LEGACY_SIGNATURE, &signature::write_legacy(&mac)),
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
