//! Deliveries that are broken, each in its own way and with the answer that is documented for it.

mod bodies;
mod changes;
mod headers;
mod signatures;
mod times;

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use linq_types::{UnknownKind, WebhookEvent};
use linq_webhook::{Verifier, VerifyError};
use sha2::Sha256;

use crate::document;

/// The secret that sound deliveries are signed with.
const SECRET: &str = "whsec_dGhpcnR5LXR3byBieXRlcyBmb3IgdGVzdHMgb25seSE=";
/// What it stands for.
const KEY: &[u8] = b"thirty-two bytes for tests only!";
/// When it is now, and when sound deliveries were sent.
const NOW: u64 = 1_770_319_873;

/// The headers of the standard scheme.
const ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
/// The headers of the legacy scheme.
const LEGACY_TIMESTAMP: &str = "x-webhook-timestamp";
const LEGACY_SIGNATURE: &str = "x-webhook-signature";

/// What verification and parsing together come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was not verified.
    Refused(VerifyError),
    /// It was verified, and is no JSON object.
    NoObject,
    /// It was verified, and is no event that is known.
    Unknown(UnknownKind),
    /// It was verified, and is an event all the same: what is odd is nothing that the type reads.
    Typed,
}

/// A delivery, and the answer it should get.
#[derive(Clone, Debug)]
pub struct Broken {
    /// What is wrong with it.
    pub kind: String,
    /// The answer it should get.
    pub answer: Answer,
    headers: HeaderMap,
    body: Vec<u8>,
    accept_legacy: bool,
}

impl Broken {
    /// A delivery to a verifier that takes the standard scheme alone.
    fn standard(
        kind: impl Into<String>,
        headers: HeaderMap,
        body: impl Into<Vec<u8>>,
        answer: Answer,
    ) -> Self {
        Self {
            kind: kind.into(),
            answer,
            headers,
            body: body.into(),
            accept_legacy: false,
        }
    }

    /// A delivery to a verifier that takes the legacy scheme too.
    fn legacy(
        kind: impl Into<String>,
        headers: HeaderMap,
        body: impl Into<Vec<u8>>,
        answer: Answer,
    ) -> Self {
        Self {
            accept_legacy: true,
            ..Self::standard(kind, headers, body, answer)
        }
    }

    /// A delivery that is properly signed.
    fn signed(kind: impl Into<String>, body: impl Into<Vec<u8>>, answer: Answer) -> Self {
        let body = body.into();
        Self::standard(kind, headers_for(&body), body, answer)
    }

    /// As text, the way the fuzz target `verify` reads it: `name: value` lines, an empty line, and the body.
    pub fn to_text(&self) -> Vec<u8> {
        text_of(&self.headers, &self.body)
    }

    /// The answer that it gets.
    ///
    /// # Panics
    ///
    /// If an unknown event has lost a byte.
    pub fn answer(&self) -> Answer {
        let verifier = if self.accept_legacy {
            &LEGACY
        } else {
            &STANDARD_ONLY
        };
        let delivery = match verifier.verify(&self.headers, &self.body[..]) {
            Ok(delivery) => delivery,
            Err(error) => return Answer::Refused(error),
        };
        match delivery.parse() {
            Err(_) => Answer::NoObject,
            Ok(WebhookEvent::Unknown(event)) => {
                assert!(event.raw() == self.body, "{} keeps its bytes", self.kind);
                Answer::Unknown(event.kind())
            }
            Ok(_) => Answer::Typed,
        }
    }
}

static STANDARD_ONLY: LazyLock<Verifier> = LazyLock::new(|| {
    let now = || SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    let verifier = Verifier::new(SECRET).expect("the secret is sound");
    verifier.clock(now)
});

static LEGACY: LazyLock<Verifier> = LazyLock::new(|| STANDARD_ONLY.clone().accept_legacy());

/// All of them.
pub fn all() -> Vec<Broken> {
    let mut all = headers::all();
    all.extend(signatures::all());
    all.extend(times::all());
    all.extend(changes::all());
    all.extend(bodies::all());
    all
}

/// The body of a sound delivery: a documented event.
fn sound_body() -> String {
    document::webhook("message.received.v2026").body
}

/// The events of the document as sound deliveries in text, with both schemes, each with its key.
pub fn sound() -> Vec<(String, Vec<u8>)> {
    let webhooks = document::webhooks().into_iter();
    webhooks
        .map(|webhook| {
            let body = webhook.body.as_bytes();
            let mut headers = headers_for(body);
            headers.extend(legacy_headers_for(body));
            (webhook.key, text_of(&headers, body))
        })
        .collect()
}

fn text_of(headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in headers {
        text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
    }
    [&text, &b"\n"[..], body].concat()
}

const SOUND_ID: &str = "evt_5d2c8f0e-61b7-4a39-9c55-0f4f7be1a2d8";

/// The headers of a sound delivery.
fn headers_for(body: &[u8]) -> HeaderMap {
    let now = NOW.to_string();
    let signature = signature_of(KEY, &[SOUND_ID, ".", &now, "."], body);
    headers_of(&[(ID, SOUND_ID), (TIMESTAMP, &now), (SIGNATURE, &signature)])
}

/// The headers of a sound delivery of the legacy scheme.
fn legacy_headers_for(body: &[u8]) -> HeaderMap {
    let now = NOW.to_string();
    let signature = hex(&hmac(SECRET.as_bytes(), &[&now, "."], body));
    headers_of(&[(LEGACY_TIMESTAMP, &now), (LEGACY_SIGNATURE, &signature)])
}

fn headers_of(entries: &[(&'static str, &str)]) -> HeaderMap {
    let entries = entries.iter().map(|(name, text)| {
        let value = HeaderValue::from_bytes(text.as_bytes()).expect("a header value");
        (HeaderName::from_static(name), value)
    });
    entries.collect()
}

fn with(headers: &HeaderMap, name: &'static str, text: &str) -> HeaderMap {
    let mut headers = headers.clone();
    headers.extend(headers_of(&[(name, text)]));
    headers
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers[name].to_str().expect("visible ASCII")
}

/// A signature entry of the standard scheme.
fn signature_of(key: &[u8], head: &[&str], body: &[u8]) -> String {
    format!("v1,{}", STANDARD.encode(hmac(key, head, body)))
}

fn hmac(key: &[u8], head: &[&str], body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key will do");
    head.iter().for_each(|part| mac.update(part.as_bytes()));
    mac.update(body);
    mac.finalize().as_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn malformed(header: &'static str) -> Answer {
    Answer::Refused(VerifyError::MalformedHeader { header })
}

fn missing(header: &'static str) -> Answer {
    Answer::Refused(VerifyError::MissingHeader { header })
}

const WRONG_SIGNATURE: Answer = Answer::Refused(VerifyError::WrongSignature);
