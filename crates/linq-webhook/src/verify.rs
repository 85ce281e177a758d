//! Verification of deliveries.

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fmt, iter};

use http::{HeaderMap, HeaderName, HeaderValue};
use linq_types::{EventError, UnknownEvent, WebhookEvent};
use zeroize::Zeroizing;

use crate::EventKey;
use crate::sign::{self, Secret, SecretError};

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
        let text = match std::env::var(sign::VARIABLE) {
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
        match Header::of(headers, &sign::ID) {
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
        let timestamp = Header::of(headers, &sign::TIMESTAMP)?;
        let header = Header::of(headers, &sign::SIGNATURE)?;
        let mut signatures = sign::signatures(header.text);
        let Some(first) = signatures.next() else {
            return Err(if sign::are_of_other_versions(header.text) {
                VerifyError::UnsupportedVersion
            } else {
                header.malformed()
            });
        };
        let sent_at = self.time(timestamp)?;
        let fits = self.inner.secrets.iter().any(|secret| {
            let head = [id.text, b".", timestamp.text, b"."];
            let right = sign::signed(&secret.standard, &head, &body);
            let mut signatures = iter::once(first).chain(signatures.clone());
            signatures.any(|signature| sign::is_right(signature, &right))
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
        let timestamp = Header::of(headers, &sign::LEGACY_TIMESTAMP)?;
        let header = Header::of(headers, &sign::LEGACY_SIGNATURE)?;
        let signature = sign::read_legacy(header.text).ok_or(header.malformed())?;
        let sent_at = self.time(timestamp)?;
        let fits = self.inner.secrets.iter().any(|secret| {
            let right = sign::signed(&secret.legacy, &[timestamp.text, b"."], &body);
            sign::is_right(signature, &right)
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
    (has(&sign::LEGACY_TIMESTAMP) || has(&sign::LEGACY_SIGNATURE))
        && !has(&sign::TIMESTAMP)
        && !has(&sign::SIGNATURE)
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

/// A delivery that has been verified, with its body as it came.
///
/// Made by [`Verifier::verify`](crate::Verifier::verify) alone. `B` is what the body was given as: `&[u8]`,
/// `Vec<u8>`, `Bytes` and the like.
#[derive(Clone)]
pub struct Delivery<B> {
    id: Option<HeaderValue>,
    sent_at: SystemTime,
    body: B,
}

impl<B: AsRef<[u8]>> Delivery<B> {
    pub(crate) fn new(id: Option<HeaderValue>, sent_at: SystemTime, body: B) -> Self {
        Self { id, sent_at, body }
    }

    /// The header `webhook-id`; `None` for the legacy scheme, which signs no id.
    ///
    /// It stays the same when the delivery is repeated. The event's own id is
    /// [`WebhookEvent::event_id`], and need not be equal.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_ref()?.to_str().ok()
    }

    /// When it was sent, to the second, as the signed timestamp says.
    #[must_use]
    pub fn sent_at(&self) -> SystemTime {
        self.sent_at
    }

    /// The body as it came.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body.as_ref()
    }

    /// Takes the body out.
    #[must_use]
    pub fn into_body(self) -> B {
        self.body
    }

    /// Whether it was verified by the legacy scheme.
    #[must_use]
    pub fn is_legacy(&self) -> bool {
        self.id.is_none()
    }

    /// What the event in it is known by over all its deliveries.
    #[must_use]
    pub fn key(&self, event: &WebhookEvent) -> EventKey {
        EventKey::new(Some(event), self.id(), self.body())
    }

    /// Reads the body, as [`WebhookEvent::from_slice`] does: what is no known event, or does not fit its type,
    /// is [`WebhookEvent::Unknown`] and keeps every byte.
    ///
    /// # Errors
    ///
    /// [`EventError`] if the body is no JSON object.
    pub fn parse(&self) -> Result<WebhookEvent, EventError> {
        WebhookEvent::from_slice(self.body())
    }

    /// Reads the body, and refuses what would become [`WebhookEvent::Unknown`].
    ///
    /// # Errors
    ///
    /// [`StrictError`], which gives the unknown event back, or says why the body is no JSON object.
    pub fn parse_strict(&self) -> Result<WebhookEvent, StrictError> {
        match self.parse() {
            Ok(WebhookEvent::Unknown(event)) => Err(StrictError::Unknown(event)),
            Ok(event) => Ok(event),
            Err(error) => Err(StrictError::NoObject(error)),
        }
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for Delivery<B> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Delivery")
            .field("id", &self.id())
            .field("sent_at", &self.sent_at)
            .field("body", &format_args!("{} bytes", self.body().len()))
            .finish()
    }
}

/// Why [`Delivery::parse_strict`] refused a body.
///
/// Its text repeats nothing of the body.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StrictError {
    /// The body is no JSON object.
    NoObject(EventError),
    /// The body is no event that this release knows; [`UnknownEvent::reason`] says why.
    Unknown(UnknownEvent),
}

impl StrictError {
    /// The event that was refused, with every byte of the body.
    #[must_use]
    pub fn into_event(self) -> Option<WebhookEvent> {
        match self {
            Self::NoObject(_) => None,
            Self::Unknown(event) => Some(WebhookEvent::Unknown(event)),
        }
    }
}

impl fmt::Display for StrictError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject(error) => error.fmt(formatter),
            Self::Unknown(event) => write!(formatter, "unknown event: {}", event.reason()),
        }
    }
}

impl std::error::Error for StrictError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoObject(error) => error.source(),
            Self::Unknown(_) => None,
        }
    }
}

/// A header that has to be there.
#[derive(Clone, Copy)]
pub(crate) struct Header<'h> {
    pub(crate) name: &'static HeaderName,
    pub(crate) value: &'h HeaderValue,
    pub(crate) text: &'h [u8],
}

impl<'h> Header<'h> {
    /// The header of that name: once, not empty, and in visible ASCII.
    pub(crate) fn of(
        headers: &'h HeaderMap,
        name: &'static HeaderName,
    ) -> Result<Self, VerifyError> {
        let mut values = headers.get_all(name).iter();
        let Some(value) = values.next() else {
            let header = name.as_str();
            return Err(VerifyError::MissingHeader { header });
        };
        if values.next().is_some() {
            let header = name.as_str();
            return Err(VerifyError::RepeatedHeader { header });
        }
        // Control characters are in no header value; what is ASCII beside them is visible.
        let text = value.as_bytes();
        if text.is_empty() || !text.is_ascii() {
            return Err(VerifyError::malformed(name));
        }
        Ok(Self { name, value, text })
    }

    pub(crate) fn malformed(&self) -> VerifyError {
        VerifyError::malformed(self.name)
    }
}

/// Why a delivery was refused: the first check that failed.
///
/// The checks are made in this order: headers, time, signature. Nothing in here tells what the right signature
/// would have been, and nothing repeats what a header held, so it may be logged. Answer 401.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// A header is not there.
    MissingHeader {
        /// Its name, in lower case.
        header: &'static str,
    },
    /// A header stands there more than once, be it with the same value.
    RepeatedHeader {
        /// Its name, in lower case.
        header: &'static str,
    },
    /// A header is empty, is not visible ASCII, or does not have the form it should.
    MalformedHeader {
        /// Its name, in lower case.
        header: &'static str,
    },
    /// Only the headers of the legacy scheme are there, and
    /// [`accept_legacy`](crate::Verifier::accept_legacy) was not asked for.
    LegacyNotAccepted,
    /// The delivery was sent longer ago than the tolerance allows.
    TooOld {
        /// How long ago it was sent.
        age: Duration,
    },
    /// The delivery says it was sent later than now, by more than the tolerance allows.
    TooNew {
        /// How much later; [`Duration::MAX`] if it is later than this system can tell.
        ahead: Duration,
    },
    /// There are signatures, and none is of a version known here (`v1`).
    UnsupportedVersion,
    /// No signature fits the delivery with any of the secrets: another secret signed it, or the id, the time or
    /// the body was changed on the way.
    WrongSignature,
}

impl VerifyError {
    pub(crate) fn malformed(name: &'static HeaderName) -> Self {
        let header = name.as_str();
        Self::MalformedHeader { header }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingHeader { header } => write!(formatter, "the header {header} is missing"),
            Self::RepeatedHeader { header } => {
                write!(formatter, "the header {header} is there more than once")
            }
            Self::MalformedHeader { header } => write!(formatter, "the header {header} is malformed"),
            Self::LegacyNotAccepted => formatter.write_str(
                "only the headers of the legacy scheme are there, which the verifier was not told to accept",
            ),
            Self::TooOld { age } => write!(
                formatter,
                "the delivery was sent {} s ago, longer than is tolerated: it is replayed, or a clock is wrong",
                age.as_secs()
            ),
            Self::TooNew { ahead } => write!(
                formatter,
                "the delivery was sent {} s in the future, more than is tolerated: a clock is wrong",
                ahead.as_secs()
            ),
            Self::UnsupportedVersion => {
                formatter.write_str("none of the signatures is of the version v1")
            }
            Self::WrongSignature => formatter.write_str(
                "no signature fits: another secret signed the delivery, or it was changed on the way",
            ),
        }
    }
}

impl std::error::Error for VerifyError {}
