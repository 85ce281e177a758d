//! Verification of deliveries.

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fmt, iter};

use http::HeaderMap;
use zeroize::Zeroizing;

use crate::headers::{self, Header};
use crate::secret::{self, Secret};
use crate::signature;
use crate::{Delivery, SecretError, VerifyError};

const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);

/// Verifies that a delivery comes from Linq, unchanged and just now.
///
/// By the Standard Webhooks scheme: HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`, compared in
/// constant time. Clones are cheap and share the secrets, which are overwritten in memory once the last is
/// dropped, and which `Debug` does not show.
///
/// ```
/// use std::time::Duration;
///
/// use linq_webhook::Verifier;
///
/// # let (secret, old_secret) = ("whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGU=", "bm90IGEgc2VjcmV0IGVpdGhlcg==");
/// // During rotation a delivery may be signed with either secret.
/// let verifier = Verifier::new(secret)?
///     .with_secret(old_secret)?
///     .tolerance(Duration::from_secs(60));
/// # drop(verifier);
/// # Ok::<(), linq_webhook::SecretError>(())
/// ```
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    secrets: Vec<Arc<Secret>>,
    accepts_legacy: bool,
    tolerance: Duration,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

impl Verifier {
    /// Makes a verifier with the signing secret that came with the subscription when it was created.
    ///
    /// The secret is `whsec_` and base64; the prefix and the padding may be missing, and white space around it
    /// is left out.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the secret is empty, is not base64 or stands for fewer than 16 bytes.
    pub fn new(secret: impl AsRef<str>) -> Result<Self, SecretError> {
        let secret = Secret::new(secret.as_ref())?;
        let inner = Inner {
            secrets: vec![secret],
            accepts_legacy: false,
            tolerance: DEFAULT_TOLERANCE,
            clock: Arc::new(SystemTime::now),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Takes one more secret, as it is needed while a secret is replaced: any of them may have signed a delivery.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_secret(self, secret: impl AsRef<str>) -> Result<Self, SecretError> {
        let secret = Secret::new(secret.as_ref())?;
        Ok(self.with(|inner| inner.secrets.push(secret)))
    }

    /// Makes a verifier with the secret in the environment variable `LINQ_WEBHOOK_SECRET`.
    ///
    /// It may hold several secrets, with commas or white space between them.
    ///
    /// # Errors
    ///
    /// [`SecretError::MissingVariable`] if it is not set or empty; else as [`new`](Self::new) for each secret.
    pub fn from_env() -> Result<Self, SecretError> {
        let text = match std::env::var(secret::VARIABLE) {
            Ok(text) => Zeroizing::new(text),
            Err(std::env::VarError::NotPresent) => return Err(SecretError::MissingVariable),
            Err(std::env::VarError::NotUnicode(_)) => return Err(SecretError::NotBase64),
        };
        let secrets = text.split(|c: char| c == ',' || c.is_whitespace());
        let mut secrets = secrets.filter(|secret| !secret.is_empty());
        let first = secrets.next().ok_or(SecretError::MissingVariable)?;
        secrets.try_fold(Self::new(first)?, Self::with_secret)
    }

    /// Takes deliveries of the legacy scheme too, where none of the standard headers is there.
    ///
    /// That is HMAC-SHA256 over `{X-Webhook-Timestamp}.{body}` in hexadecimal digits in `X-Webhook-Signature`,
    /// which Linq still sends beside the standard headers, and has deprecated. Its id is not signed, so there is
    /// none. A delivery with any of the standard headers is held to the standard scheme all the same.
    #[must_use]
    pub fn accept_legacy(self) -> Self {
        self.with(|inner| inner.accepts_legacy = true)
    }

    /// How far the time of sending may lie from now, in the past or in the future; 300 seconds if not set.
    #[must_use]
    pub fn tolerance(self, tolerance: Duration) -> Self {
        self.with(|inner| inner.tolerance = tolerance)
    }

    /// Where the time comes from, for tests; the system's clock if not set.
    #[must_use]
    pub fn clock(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.clock = Arc::new(now))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// Verifies a delivery from its headers and its body as it came, before anything decoded or changed it.
    ///
    /// One of the `v1` signatures in `webhook-signature` has to fit with one of the secrets; other versions are
    /// skipped, and so is what comes after the 64th entry. The timestamp is decimal digits, in seconds.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] tells which check failed. A header that is there twice is refused, since what stands
    /// between may read another one of them.
    pub fn verify<B: AsRef<[u8]>>(
        &self,
        headers: &HeaderMap,
        body: B,
    ) -> Result<Delivery<B>, VerifyError> {
        match Header::of(headers, &headers::ID) {
            Err(VerifyError::MissingHeader { .. }) if is_legacy(headers) => {
                self.verify_legacy(headers, body)
            }
            id => self.verify_standard(id?, headers, body),
        }
    }

    fn verify_standard<B: AsRef<[u8]>>(
        &self,
        id: Header<'_>,
        headers: &HeaderMap,
        body: B,
    ) -> Result<Delivery<B>, VerifyError> {
        let timestamp = Header::of(headers, &headers::TIMESTAMP)?;
        let header = Header::of(headers, &headers::SIGNATURE)?;
        let mut signatures = signature::all(header.text);
        let Some(first) = signatures.next() else {
            return Err(if signature::are_of_other_versions(header.text) {
                VerifyError::UnsupportedVersion
            } else {
                header.malformed()
            });
        };
        let sent_at = self.time(timestamp)?;
        let fits = self.inner.secrets.iter().any(|secret| {
            let head = [id.text, b".", timestamp.text, b"."];
            let right = secret::signed(&secret.standard, &head, &body);
            let mut signatures = iter::once(first).chain(signatures.clone());
            signatures.any(|signature| signature::is_right(signature, &right))
        });
        if fits {
            Ok(Delivery::new(Some(id.value.clone()), sent_at, body))
        } else {
            Err(VerifyError::WrongSignature)
        }
    }

    fn verify_legacy<B: AsRef<[u8]>>(
        &self,
        headers: &HeaderMap,
        body: B,
    ) -> Result<Delivery<B>, VerifyError> {
        if !self.inner.accepts_legacy {
            return Err(VerifyError::LegacyNotAccepted);
        }
        let timestamp = Header::of(headers, &headers::LEGACY_TIMESTAMP)?;
        let header = Header::of(headers, &headers::LEGACY_SIGNATURE)?;
        let signature = signature::read_legacy(header.text).ok_or(header.malformed())?;
        let sent_at = self.time(timestamp)?;
        let fits = self.inner.secrets.iter().any(|secret| {
            let right = secret::signed(&secret.legacy, &[timestamp.text, b"."], &body);
            signature::is_right(signature, &right)
        });
        if fits {
            Ok(Delivery::new(None, sent_at, body))
        } else {
            Err(VerifyError::WrongSignature)
        }
    }

    /// The time of sending, if it is near enough to now.
    fn time(&self, timestamp: Header<'_>) -> Result<SystemTime, VerifyError> {
        // A number too large for 64 bits is as far off as any.
        let seconds = timestamp.text.iter().try_fold(0_u64, |number, digit| {
            let digit = char::from(*digit).to_digit(10)?;
            Some(number.saturating_mul(10).saturating_add(digit.into()))
        });
        let since = Duration::from_secs(seconds.ok_or(timestamp.malformed())?);
        let Some(sent_at) = SystemTime::UNIX_EPOCH.checked_add(since) else {
            let ahead = Duration::MAX;
            return Err(VerifyError::TooNew { ahead });
        };
        let tolerance = self.inner.tolerance;
        match (self.inner.clock)().duration_since(sent_at) {
            Ok(age) if age > tolerance => Err(VerifyError::TooOld { age }),
            Err(error) if error.duration() > tolerance => Err(VerifyError::TooNew {
                ahead: error.duration(),
            }),
            _ => Ok(sent_at),
        }
    }
}

/// Whether the legacy scheme is all that a delivery without an id has.
fn is_legacy(headers: &HeaderMap) -> bool {
    let has = |name| headers.contains_key(name);
    (has(&headers::LEGACY_TIMESTAMP) || has(&headers::LEGACY_SIGNATURE))
        && !has(&headers::TIMESTAMP)
        && !has(&headers::SIGNATURE)
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verifier")
            .field("secrets", &self.inner.secrets.len())
            .field("accepts_legacy", &self.inner.accepts_legacy)
            .field("tolerance", &self.inner.tolerance)
            .finish_non_exhaustive()
    }
}
