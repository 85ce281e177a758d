//! Whatever is signed verifies, whatever is changed after that does not, and nothing makes the verifier panic.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use linq_webhook::{Signer, Verifier};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;

const SECRET: &str = "whsec_dGhpcnR5LXR3byBieXRlcyBmb3IgdGVzdHMgb25seSE=";

/// Every run plays the same cases; `PROPTEST_RNG_SEED` and `PROPTEST_CASES` play others.
fn config() -> ProptestConfig {
    let fixed = ProptestConfig {
        cases: 256,
        rng_seed: RngSeed::Fixed(0x1149),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest::test_runner::contextualize_config(fixed)
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn signer() -> Signer {
    Signer::new(SECRET).expect("the secret is sound")
}

fn verifier_at(seconds: u64) -> Verifier {
    let verifier = Verifier::new(SECRET).expect("the secret is sound");
    verifier.clock(move || at(seconds)).accept_legacy()
}

/// A delivery: its headers, its time and its body.
#[derive(Clone, Debug)]
struct Sent {
    headers: HeaderMap,
    seconds: u64,
    body: Vec<u8>,
}

impl Sent {
    fn is_accepted(&self) -> bool {
        let verified = verifier_at(self.seconds).verify(&self.headers, &self.body);
        verified.is_ok()
    }
}

/// Up to the end of the year 9999.
fn seconds() -> impl Strategy<Value = u64> {
    0..253_402_300_800_u64
}

fn sent() -> impl Strategy<Value = Sent> {
    ("[ -~]{1,64}", seconds(), vec(any::<u8>(), 0..512)).prop_map(|(id, seconds, body)| {
        let headers = signer().sign(&id, at(seconds), &body);
        let headers = headers.expect("the id is visible ASCII");
        Sent {
            headers,
            seconds,
            body,
        }
    })
}

fn sent_legacy() -> impl Strategy<Value = Sent> {
    (seconds(), vec(any::<u8>(), 0..512)).prop_map(|(seconds, body)| {
        let headers = signer().sign_legacy(at(seconds), &body);
        let headers = headers.expect("the time is after 1970");
        Sent {
            headers,
            seconds,
            body,
        }
    })
}

fn header_name() -> impl Strategy<Value = HeaderName> {
    select(vec![
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "x-webhook-timestamp",
        "x-webhook-signature",
        "x-webhook-event",
    ])
    .prop_map(HeaderName::from_static)
}

/// Any value that a header can have, some of which look like those of a delivery.
fn header_value() -> impl Strategy<Value = HeaderValue> {
    let text = prop_oneof![
        "[ -~]{0,40}",
        "-?[0-9]{0,30}",
        "(v[0-9]a?,[A-Za-z0-9+/]{0,44}={0,3} ?){0,4}",
        "(sha256=)?[0-9a-f]{0,70}",
        Just("1770319873".to_owned()),
    ];
    let bytes = prop_oneof![text.prop_map(String::into_bytes), vec(any::<u8>(), 0..40),];
    bytes.prop_filter_map("no header can have it", |bytes| {
        HeaderValue::from_bytes(&bytes).ok()
    })
}

fn changed_header(sent: &Sent, name: &str, at: Index, byte: u8) -> Option<Sent> {
    let mut value = sent.headers[name].as_bytes().to_vec();
    let at = at.index(value.len());
    if value[at] == byte {
        return None;
    }
    value[at] = byte;
    let mut changed = sent.clone();
    let value = HeaderValue::from_bytes(&value).ok()?;
    changed
        .headers
        .insert(HeaderName::from_bytes(name.as_bytes()).ok()?, value);
    Some(changed)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_is_signed_verifies(sent in sent(), legacy in sent_legacy()) {
        let verifier = verifier_at(sent.seconds);
        let delivery = verifier.verify(&sent.headers, &sent.body).expect("it is signed");
        prop_assert_eq!(delivery.id(), sent.headers["webhook-id"].to_str().ok());
        prop_assert_eq!(delivery.sent_at(), at(sent.seconds));
        prop_assert_eq!(delivery.body(), &sent.body[..]);
        let delivery = verifier_at(legacy.seconds)
            .verify(&legacy.headers, &legacy.body)
            .expect("it is signed");
        prop_assert!(delivery.is_legacy());
        prop_assert_eq!(delivery.sent_at(), at(legacy.seconds));
    }

    #[test]
    fn a_changed_byte_of_the_body_is_noticed(
        sent in prop_oneof![sent(), sent_legacy()],
        place in any::<Index>(),
        bits in 1..=u8::MAX,
        more in any::<u8>(),
    ) {
        let mut longer = sent.clone();
        longer.body.push(more);
        prop_assert!(!longer.is_accepted());
        let mut changed = sent;
        if !changed.body.is_empty() {
            let place = place.index(changed.body.len());
            changed.body[place] ^= bits;
            prop_assert!(!changed.is_accepted());
            changed.body.remove(place);
            prop_assert!(!changed.is_accepted());
        }
    }

    #[test]
    fn a_changed_byte_of_a_header_is_noticed(
        sent in sent(),
        legacy in sent_legacy(),
        place in any::<Index>(),
        byte in any::<u8>(),
    ) {
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            if let Some(changed) = changed_header(&sent, name, place, byte) {
                prop_assert!(!changed.is_accepted(), "{:?}", changed);
            }
        }
        for name in ["x-webhook-timestamp", "x-webhook-signature"] {
            if let Some(changed) = changed_header(&legacy, name, place, byte) {
                // Hexadecimal digits may be in either case.
                if changed.headers[name].as_bytes().eq_ignore_ascii_case(legacy.headers[name].as_bytes()) {
                    continue;
                }
                prop_assert!(!changed.is_accepted(), "{:?}", changed);
            }
        }
    }

    #[test]
    fn a_time_too_far_from_now_is_noticed(sent in sent(), off in 301..u64::from(u32::MAX)) {
        let verify_at = |seconds| verifier_at(seconds).verify(&sent.headers, &sent.body).is_ok();
        prop_assert!(!verify_at(sent.seconds + off));
        prop_assert!(!sent.seconds.checked_sub(off).is_some_and(verify_at));
    }

    #[test]
    fn no_headers_and_no_body_make_it_panic(
        headers in vec((header_name(), header_value()), 0..8),
        body in vec(any::<u8>(), 0..64),
        tolerance in any::<Duration>(),
        now in any::<SystemTime>(),
    ) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, value);
        }
        let verifier = verifier_at(0).tolerance(tolerance).clock(move || now);
        prop_assert!(verifier.verify(&map, &body).is_err());
    }
}
