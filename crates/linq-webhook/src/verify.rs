//! Verification: from the headers and the body of a request to a [`Delivery`].

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use linq_types::{EventError, UnknownEvent, WebhookEvent};
use zeroize::Zeroizing;

use crate::EventKey;
use crate::sign::{self, Secret, SecretError};

pub(crate) const DEFAULT_TOLERANCE: Duration = Duration::from_secs(300);

/// Verifies that a delivery comes from Linq, unchanged and recent.
///
/// Deliveries follow the Standard Webhooks scheme: HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`,
/// compared in constant time. Clones are cheap and share the secrets, which are overwritten in memory once the last
/// clone is dropped, and which `Debug` does not show.
///
/// ```
/// use std::time::Duration;
///
/// use linq_webhook::Verifier;
///
/// # let (secret, old_secret) = ("whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGU=", "bm90IGEgc2VjcmV0IGVpdGhlcg==");
/// // During a rotation a delivery may be signed with either secret.
/// let verifier = Verifier::new(secret)?
///     .with_secret(old_secret)?
///     .tolerance(Duration::from_secs(60));
/// # drop(verifier);
/// # Ok::<(), linq_webhook::SecretError>(())
/// ```
///
/// # Time
///
/// A delivery may have been sent at most 5 minutes ago, or be at most 5 minutes in the future. The
/// router of the feature `axum`, which keeps replays out by deduplication, allows 45 minutes. [`tolerance`](Self::tolerance)
/// replaces both. The signature is checked first, so [`VerifyError::TooOld`] and [`VerifyError::TooNew`] are only
/// reported for genuine deliveries.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    secrets: Vec<Arc<Secret>>,
    accepts_legacy: bool,
    tolerance: Option<Duration>,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    trusts_loopback: bool,
}

impl Verifier {
    /// Creates a verifier from the signing secret that was returned when the subscription was created.
    ///
    /// The secret is `whsec_` followed by base64. The prefix and the padding may be missing, and surrounding white
    /// space is ignored.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the secret is empty, is not base64, or decodes to fewer than 16 bytes.
    pub fn new(secret: impl AsRef<str>) -> Result<Self, SecretError> {
        let secret = Secret::new(secret.as_ref())?;
        Ok(Self::with_secrets(vec![secret]))
    }

    fn with_secrets(secrets: Vec<Arc<Secret>>) -> Self {
        let inner = Inner {
            secrets,
            accepts_legacy: false,
            tolerance: None,
            clock: Arc::new(SystemTime::now),
            trusts_loopback: false,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Adds a secret, for example during a rotation: any of them may have signed a delivery.
    ///
    /// # Errors
    ///
    /// The same as [`new`](Self::new).
    pub fn with_secret(self, secret: impl AsRef<str>) -> Result<Self, SecretError> {
        let secret = Secret::new(secret.as_ref())?;
        Ok(self.with(|inner| inner.secrets.push(secret)))
    }

    /// Creates a verifier from the environment variable `LINQ_WEBHOOK_SECRET`.
    ///
    /// The variable may contain several secrets, separated by commas or white space.
    ///
    /// # Errors
    ///
    /// [`SecretError::MissingVariable`] if it is not set or empty; otherwise the same as [`new`](Self::new), for
    /// each secret.
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

    /// Also accepts deliveries of the legacy scheme, if they have no `webhook-signature`.
    ///
    /// The legacy scheme is HMAC-SHA256 over `{X-Webhook-Timestamp}.{body}`, in hexadecimal in
    /// `X-Webhook-Signature`. Its key is the **text** of the secret as bytes, with its prefix `whsec_`, and not what
    /// the base64 decodes to. Linq still sends these headers next to the standard ones, and has deprecated them; they
    /// help behind a proxy that removes the standard ones. The scheme signs no id, so [`Delivery::id`] is `None`.
    #[must_use]
    pub fn accept_legacy(self) -> Self {
        self.with(|inner| inner.accepts_legacy = true)
    }

    /// Adds a secret of any form for the legacy scheme only, and [accepts](Self::accept_legacy) that scheme.
    ///
    /// For installations whose secret is not base64. The bytes of the text are the key.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the secret is empty or shorter than 16 bytes.
    pub fn with_legacy_secret(self, secret: impl AsRef<str>) -> Result<Self, SecretError> {
        let secret = Secret::legacy(secret.as_ref())?;
        Ok(self
            .with(|inner| inner.secrets.push(secret))
            .accept_legacy())
    }

    /// Creates a verifier without a secret, for local development behind a forwarder that signs with secrets of its
    /// own: **whoever reaches the port can forge deliveries.**
    ///
    /// Deliveries are accepted unverified only by `linq_webhook::axum::serve`, and only if its
    /// listener is bound to a loopback address. Everywhere else the verifier refuses every delivery with
    /// [`VerifyError::NoSecret`]. A tunnel that makes the port public makes this a hole: then subscribe the address
    /// of the tunnel, and use the secret of the subscription.
    #[must_use]
    pub fn dangerously_trust_every_delivery_on_loopback() -> Self {
        Self::with_secrets(Vec::new()).with(|inner| inner.trusts_loopback = true)
    }

    /// Sets how far the time of sending may be from now, in the past or in the future.
    ///
    /// By default 5 minutes here, and 45 minutes in the router of the feature `axum`.
    #[must_use]
    pub fn tolerance(self, tolerance: Duration) -> Self {
        self.with(|inner| inner.tolerance = Some(tolerance))
    }

    /// Sets the clock, for tests; by default the clock of the system.
    #[must_use]
    pub fn clock(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.clock = Arc::new(now))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// Verifies a delivery from its headers and its body as received, before anything decodes or changes it.
    ///
    /// One of the `v1` signatures in `webhook-signature` must match with one of the secrets; other versions are
    /// skipped, and so is what comes after the 64th entry. The timestamp is decimal digits, in seconds.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] says which check failed. A repeated header is refused, since a proxy in between may have read
    /// the other value.
    pub fn verify<B: AsRef<[u8]>>(
        &self,
        headers: &HeaderMap,
        body: B,
    ) -> Result<Delivery<B>, VerifyError> {
        let claimed = self.read(headers)?;
        self.verify_within(DEFAULT_TOLERANCE, claimed, body)
    }

    /// Does the same as [`verify`](Self::verify) with headers that are not an [`http::HeaderMap`].
    ///
    /// Names may be in any case; all headers of the request can be passed.
    ///
    /// ```
    /// # let (verifier, body) = (linq_webhook::Verifier::new("whsec_bm90IGEgc2VjcmV0LCBvbmx5IGFuIGV4YW1wbGU=")?, b"{}");
    /// let headers = [("Webhook-Id", "evt_1"), ("Webhook-Timestamp", "1770319873")];
    /// let error = verifier.verify_headers(headers, body).unwrap_err();
    /// assert_eq!(error.to_string(), "the header webhook-signature is missing");
    /// # Ok::<(), linq_webhook::SecretError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as [`verify`](Self::verify).
    pub fn verify_headers<N: AsRef<str>, V: AsRef<[u8]>, B: AsRef<[u8]>>(
        &self,
        headers: impl IntoIterator<Item = (N, V)>,
        body: B,
    ) -> Result<Delivery<B>, VerifyError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let known = |known: &&HeaderName| name.as_ref().eq_ignore_ascii_case(known.as_str());
            if let Some(name) = sign::names().into_iter().find(known) {
                let value = HeaderValue::from_bytes(value.as_ref());
                let value = value.map_err(|_| VerifyError::malformed(name))?;
                map.append(name, value);
            }
        }
        self.verify(&map, body)
    }

    /// Reads what the headers claim, and refuses those with which no body could be verified.
    pub(crate) fn read<'h>(&self, headers: &'h HeaderMap) -> Result<Claimed<'h>, VerifyError> {
        if self.inner.secrets.is_empty() {
            return Err(VerifyError::NoSecret);
        }
        let has = |name| headers.contains_key(name);
        let has_legacy = has(&sign::LEGACY_TIMESTAMP) || has(&sign::LEGACY_SIGNATURE);
        if has(&sign::SIGNATURE) || !has_legacy {
            let id = Header::of(headers, &sign::ID)?;
            let timestamp = Header::of(headers, &sign::TIMESTAMP)?;
            let signatures = Header::of(headers, &sign::SIGNATURE)?;
            if sign::signatures(signatures.text).next().is_none() {
                return Err(if sign::are_of_other_versions(signatures.text) {
                    VerifyError::UnsupportedVersion
                } else {
                    signatures.malformed()
                });
            }
            Claimed::new(Some(id), timestamp, signatures)
        } else if self.inner.accepts_legacy {
            let timestamp = Header::of(headers, &sign::LEGACY_TIMESTAMP)?;
            let signature = Header::of(headers, &sign::LEGACY_SIGNATURE)?;
            sign::read_legacy(signature.text).ok_or(signature.malformed())?;
            Claimed::new(None, timestamp, signature)
        } else if has(&sign::ID) || has(&sign::TIMESTAMP) {
            let header = sign::SIGNATURE.as_str();
            Err(VerifyError::MissingHeader { header })
        } else {
            Err(VerifyError::LegacyNotAccepted)
        }
    }

    /// Verifies the claims of the headers with the body: the signature first, then the time.
    pub(crate) fn verify_within<B: AsRef<[u8]>>(
        &self,
        default_tolerance: Duration,
        claimed: Claimed<'_>,
        body: B,
    ) -> Result<Delivery<B>, VerifyError> {
        let mut secrets = self.inner.secrets.iter();
        if !secrets.any(|secret| claimed.is_signed_with(secret, body.as_ref())) {
            return Err(VerifyError::WrongSignature);
        }
        let Some(sent_at) = claimed.sent_at else {
            let ahead = Duration::MAX;
            return Err(VerifyError::TooNew { ahead });
        };
        let tolerance = self.inner.tolerance.unwrap_or(default_tolerance);
        let received_at = (self.inner.clock)();
        match received_at.duration_since(sent_at) {
            Ok(age) if age > tolerance => Err(VerifyError::TooOld { age }),
            Err(error) if error.duration() > tolerance => Err(VerifyError::TooNew {
                ahead: error.duration(),
            }),
            _ => Ok(Delivery {
                scheme: match claimed.id {
                    Some(id) => Scheme::Standard(id.value.clone()),
                    None => Scheme::Legacy,
                },
                sent_at,
                received_at,
                body,
            }),
        }
    }

    #[cfg(feature = "axum")]
    pub(crate) fn trusts_loopback(&self) -> bool {
        self.inner.trusts_loopback
    }

    /// Accepts a body without any verification.
    #[cfg(feature = "axum")]
    pub(crate) fn trust<B>(&self, body: B) -> Delivery<B> {
        let now = (self.inner.clock)();
        Delivery {
            scheme: Scheme::Unverified,
            sent_at: now,
            received_at: now,
            body,
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verifier")
            .field("secrets", &self.inner.secrets.len())
            .field("accepts_legacy", &self.inner.accepts_legacy)
            .field("tolerance", &self.inner.tolerance)
            .field("trusts_loopback", &self.inner.trusts_loopback)
            .finish_non_exhaustive()
    }
}

/// What the headers of a delivery claim: well-formed, and not verified yet.
#[derive(Clone, Copy)]
pub(crate) struct Claimed<'h> {
    /// `None` for the legacy scheme.
    id: Option<Header<'h>>,
    timestamp: &'h [u8],
    signatures: &'h [u8],
    /// `None` if it is later than this system can represent.
    sent_at: Option<SystemTime>,
}

impl<'h> Claimed<'h> {
    fn new(
        id: Option<Header<'h>>,
        timestamp: Header<'h>,
        signatures: Header<'h>,
    ) -> Result<Self, VerifyError> {
        // A number too large for 64 bits is as far off as any.
        let seconds = timestamp.text.iter().try_fold(0_u64, |number, digit| {
            let digit = char::from(*digit).to_digit(10)?;
            Some(number.saturating_mul(10).saturating_add(digit.into()))
        });
        let since = Duration::from_secs(seconds.ok_or(timestamp.malformed())?);
        Ok(Self {
            id,
            timestamp: timestamp.text,
            signatures: signatures.text,
            sent_at: SystemTime::UNIX_EPOCH.checked_add(since),
        })
    }

    fn is_signed_with(&self, secret: &Secret, body: &[u8]) -> bool {
        match (self.id, &secret.standard) {
            (Some(id), Some(mac)) => {
                let head = [id.text, b".", self.timestamp, b"."];
                let right = sign::signed(mac, &head, body);
                sign::signatures(self.signatures).any(|signature| sign::is_right(signature, &right))
            }
            (Some(_), None) => false,
            (None, _) => {
                let right = sign::signed(&secret.legacy, &[self.timestamp, b"."], body);
                let signature = sign::read_legacy(self.signatures);
                signature.is_some_and(|signature| sign::is_right(signature, &right))
            }
        }
    }
}

/// A header that must be present exactly once.
#[derive(Clone, Copy)]
struct Header<'h> {
    name: &'static HeaderName,
    value: &'h HeaderValue,
    text: &'h [u8],
}

impl<'h> Header<'h> {
    /// Returns the header of that name: present once, not empty, and visible ASCII.
    fn of(headers: &'h HeaderMap, name: &'static HeaderName) -> Result<Self, VerifyError> {
        let header = name.as_str();
        let mut values = headers.get_all(name).iter();
        let Some(value) = values.next() else {
            return Err(VerifyError::MissingHeader { header });
        };
        if values.next().is_some() {
            return Err(VerifyError::RepeatedHeader { header });
        }
        // Header values contain no control characters, so all ASCII in them is visible.
        let text = value.as_bytes();
        if text.is_empty() || !text.is_ascii() {
            return Err(VerifyError::malformed(name));
        }
        Ok(Self { name, value, text })
    }

    fn malformed(&self) -> VerifyError {
        VerifyError::malformed(self.name)
    }
}

/// A delivery that has been verified, with its body as received.
///
/// Returned by [`Verifier::verify`]. `B` is the type that the body was passed as: `&[u8]`, `Vec<u8>`, `Bytes` and
/// the like.
#[derive(Clone)]
pub struct Delivery<B> {
    scheme: Scheme,
    sent_at: SystemTime,
    received_at: SystemTime,
    body: B,
}

#[derive(Clone)]
enum Scheme {
    /// With the header `webhook-id`.
    Standard(HeaderValue),
    Legacy,
    #[cfg(feature = "axum")]
    Unverified,
}

impl<B: AsRef<[u8]>> Delivery<B> {
    /// Returns the header `webhook-id`; `None` for the legacy scheme, which signs no id.
    ///
    /// It stays the same when the delivery is repeated. It need not equal the event's own id,
    /// [`WebhookEvent::event_id`].
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match &self.scheme {
            Scheme::Standard(id) => id.to_str().ok(),
            _ => None,
        }
    }

    /// Returns the time of sending according to the signed timestamp, in whole seconds.
    #[must_use]
    pub fn sent_at(&self) -> SystemTime {
        self.sent_at
    }

    /// Returns the time of verification, by the clock of the [`Verifier`].
    #[must_use]
    pub fn received_at(&self) -> SystemTime {
        self.received_at
    }

    /// Returns the body as received.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body.as_ref()
    }

    /// Returns the body as it was passed to the verifier.
    #[must_use]
    pub fn into_body(self) -> B {
        self.body
    }

    /// Returns true if the delivery was verified by the legacy scheme.
    #[must_use]
    pub fn is_legacy(&self) -> bool {
        matches!(self.scheme, Scheme::Legacy)
    }

    /// Returns the key by which all deliveries of the event are recognized.
    #[must_use]
    pub fn key(&self, event: &WebhookEvent) -> EventKey {
        EventKey::new(Some(event), self.id(), self.body())
    }

    /// Parses the body like [`WebhookEvent::from_slice`]: an unknown event, or one that does not match its type, is
    /// [`WebhookEvent::Unknown`] and keeps every byte.
    ///
    /// # Errors
    ///
    /// [`EventError`] if the body is not a JSON object. [`event`](Self::event) keeps such a body too.
    pub fn parse(&self) -> Result<WebhookEvent, EventError> {
        WebhookEvent::from_slice(self.body())
    }

    /// Parses the body into an event, whatever it is: what is not a JSON object is [`WebhookEvent::Unknown`] too.
    #[must_use]
    pub fn event(&self) -> WebhookEvent {
        self.parse().unwrap_or_else(|error| {
            WebhookEvent::Unknown(UnknownEvent::unreadable(self.body(), &error))
        })
    }

    /// Parses the body, and refuses what would become [`WebhookEvent::Unknown`].
    ///
    /// # Errors
    ///
    /// [`StrictError`], which returns the unknown event, or says why the body is not a JSON object.
    pub fn parse_strict(&self) -> Result<WebhookEvent, StrictError> {
        match self.parse() {
            Ok(WebhookEvent::Unknown(event)) => Err(StrictError::Unknown(event)),
            Ok(event) => Ok(event),
            Err(error) => Err(StrictError::NotAnObject(error)),
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

/// Why [`Delivery::parse_strict`] refused a body. Its text contains nothing of the body.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StrictError {
    /// The body is not a JSON object.
    NotAnObject(EventError),
    /// The body is not an event that this release knows; [`UnknownEvent::reason`] says why.
    Unknown(UnknownEvent),
}

impl StrictError {
    /// Returns the refused event, with every byte of the body.
    #[must_use]
    pub fn into_event(self) -> Option<WebhookEvent> {
        match self {
            Self::NotAnObject(_) => None,
            Self::Unknown(event) => Some(WebhookEvent::Unknown(event)),
        }
    }
}

impl fmt::Display for StrictError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject(error) => error.fmt(formatter),
            Self::Unknown(event) => write!(formatter, "unknown event: {}", event.reason()),
        }
    }
}

impl std::error::Error for StrictError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotAnObject(error) => error.source(),
            Self::Unknown(_) => None,
        }
    }
}

/// Why a delivery was refused: the first check that failed.
///
/// The checks are made in this order: headers, signature, time. No variant reveals the right signature or repeats
/// what a header contains, so errors may be logged. Respond with 401, but with 503 if the delivery
/// [is genuine](Self::is_genuine).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// A header is missing.
    MissingHeader {
        /// Its name, in lower case.
        header: &'static str,
    },
    /// A header is present more than once, even if with the same value.
    RepeatedHeader {
        /// Its name, in lower case.
        header: &'static str,
    },
    /// A header is empty, is not visible ASCII, or does not have the required form.
    MalformedHeader {
        /// Its name, in lower case.
        header: &'static str,
    },
    /// Only the headers of the legacy scheme are present, and the verifier does not
    /// [accept](Verifier::accept_legacy) that scheme.
    LegacyNotAccepted,
    /// There are signatures, but none of a version that is known here (`v1`).
    UnsupportedVersion,
    /// No signature matches with any of the secrets: another secret signed the delivery, or the id, the time or the
    /// body was changed on the way.
    WrongSignature,
    /// The signature is right, but the delivery was sent longer ago than the tolerance allows.
    TooOld {
        /// How long ago it was sent.
        age: Duration,
    },
    /// The signature is right, but the time of sending is in the future by more than the tolerance allows.
    TooNew {
        /// How far in the future; [`Duration::MAX`] if it is later than this system can represent.
        ahead: Duration,
    },
    /// The verifier has no secret, and the delivery did not come over
    /// [loopback](Verifier::dangerously_trust_every_delivery_on_loopback).
    NoSecret,
}

impl VerifyError {
    /// Returns true if the signature is right and only the time is not.
    ///
    /// Linq never repeats a delivery after a 4xx response. If a clock is wrong, 503 keeps the event until the clock
    /// is corrected.
    #[must_use]
    pub fn is_genuine(&self) -> bool {
        matches!(self, Self::TooOld { .. } | Self::TooNew { .. })
    }

    fn malformed(name: &'static HeaderName) -> Self {
        let header = name.as_str();
        Self::MalformedHeader { header }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingHeader { header } => write!(formatter, "the header {header} is missing"),
            Self::RepeatedHeader { header } => {
                write!(formatter, "the header {header} is present more than once")
            }
            Self::MalformedHeader { header } => {
                write!(formatter, "the header {header} is malformed")
            }
            Self::LegacyNotAccepted => formatter.write_str(
                "only the headers of the legacy scheme are present, and the verifier does not accept that scheme",
            ),
            Self::UnsupportedVersion => {
                formatter.write_str("none of the signatures is of the version v1")
            }
            Self::WrongSignature => formatter.write_str(
                "no signature matches: the delivery was signed with another secret, or changed on the way",
            ),
            Self::TooOld { age } => write!(
                formatter,
                "the delivery was sent {} s ago, longer than the tolerance: it is a replay, or a clock is wrong",
                age.as_secs()
            ),
            Self::TooNew { ahead } => write!(
                formatter,
                "the delivery was sent {} s in the future, more than the tolerance: a clock is wrong",
                ahead.as_secs()
            ),
            Self::NoSecret => formatter.write_str(
                "the verifier has no secret, and accepts deliveries only over a loopback address",
            ),
        }
    }
}

impl std::error::Error for VerifyError {}
