//! Ways of taking a signed webhook in, to be measured beside each other.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use linq_webhook::{Signer, Verifier};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::webhook::parse::{self, Payload};

/// The secret that the deliveries are signed with.
pub const SECRET: &str = "whsec_dGhpcnR5LXR3byBieXRlcyBmb3IgdGVzdHMgb25seSE=";
/// What it stands for.
const KEY: &[u8] = b"thirty-two bytes for tests only!";

/// A payload with its signed headers, and what takes it in.
pub struct Delivery {
    /// The payload.
    pub payload: Payload,
    /// The signed headers.
    pub headers: HeaderMap,
    /// What is signed before the body.
    head: String,
    verifier: Verifier,
}

impl Delivery {
    /// Signs a payload.
    ///
    /// # Panics
    ///
    /// If the secret is unfit.
    pub fn new(payload: Payload) -> Self {
        let id = "5d2c8f0e-61b7-4a39-9c55-0f4f7be1a2d8";
        let signer = Signer::new(SECRET).expect("the secret is sound");
        let headers = signer.sign(id, SystemTime::now(), &payload.body);
        let headers = headers.expect("the id is sound");
        let timestamp = headers["webhook-timestamp"].to_str().expect("digits");
        let verifier = Verifier::new(SECRET).expect("the secret is sound");
        Self {
            head: format!("{id}.{timestamp}."),
            // A measurement may take longer than a delivery stays fresh.
            verifier: verifier.tolerance(Duration::from_secs(86_400)),
            payload,
            headers,
        }
    }

    /// The signature, made in the shortest way there is.
    fn bare_hmac(&self) {
        let mut mac = Hmac::<Sha256>::new_from_slice(black_box(KEY)).expect("any key will do");
        mac.update(self.head.as_bytes());
        mac.update(black_box(&self.payload.body));
        black_box(mac.finalize());
    }

    fn verified(&self) -> linq_webhook::Delivery<&[u8]> {
        self.verifier
            .verify(black_box(&self.headers), black_box(&self.payload.body[..]))
            .expect("it is signed")
    }
}

/// One way of taking a delivery in.
pub type Way = fn(&Delivery);

/// A way by its name: `hmac` (the bare HMAC-SHA256), `verify`, `hmac+typed` (the bare HMAC-SHA256 and
/// the right struct, known beforehand) or `verify+parse`.
pub fn way(name: &str) -> Option<Way> {
    Some(match name {
        "hmac" => Delivery::bare_hmac,
        "verify" => |delivery| {
            black_box(delivery.verified());
        },
        "hmac+typed" => |delivery| {
            delivery.bare_hmac();
            delivery.payload.parse_typed();
        },
        "verify+parse" => |delivery| {
            black_box(delivery.verified().parse()).expect("an object");
        },
        _ => return None,
    })
}

/// The payloads of both dated versions, signed.
pub fn examples() -> Vec<Delivery> {
    parse::payloads().into_iter().map(Delivery::new).collect()
}

/// A delivery of about that many bytes: the smallest of the examples, or `message.received` with as much text.
///
/// # Panics
///
/// If the document lacks the example.
pub fn of_size(bytes: usize) -> Delivery {
    let mut payloads = parse::payloads();
    payloads.sort_by_key(|payload| payload.body.len());
    let smallest = payloads.first().map_or(0, |payload| payload.body.len());
    if bytes <= smallest {
        return Delivery::new(payloads.swap_remove(0));
    }
    let key = "message.received.v2026";
    let mut payloads = payloads.into_iter();
    let mut payload = payloads
        .find(|payload| payload.key == key)
        .expect("the document has the webhook");
    let mut event: Value = serde_json::from_slice(&payload.body).expect("JSON");
    let missing = bytes.saturating_sub(payload.body.len());
    // The API takes up to 10,000 characters in one text.
    let texts = (0..missing).step_by(10_000);
    let texts =
        texts.map(|start| "tea, ".repeat(2_000)[..(missing - start).min(10_000)].to_owned());
    let parts = texts.map(|text| json!({ "type": "text", "value": text }));
    let list = event["data"]["parts"].as_array_mut().expect("parts");
    list.extend(parts);
    payload.body = event.to_string().into_bytes();
    Delivery::new(payload)
}
