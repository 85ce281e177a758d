//! Verification never panics, takes what is signed, and takes nothing else.
//!
//! The input is a delivery as text: `name: value` lines, an empty line, and the body.
#![no_main]

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use linq_webhook::{Signer, Verifier};

/// The seeds are signed with it, at that time.
const SECRET: &str = "whsec_dGhpcnR5LXR3byBieXRlcyBmb3IgdGVzdHMgb25seSE=";
const NOW: Duration = Duration::from_secs(1_770_319_873);

static SIGNER: LazyLock<Signer> = LazyLock::new(|| Signer::new(SECRET).expect("it is sound"));
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let verifier = Verifier::new(SECRET).expect("it is sound");
    verifier.clock(|| SystemTime::UNIX_EPOCH + NOW)
});
static LEGACY_TOO: LazyLock<Verifier> = LazyLock::new(|| VERIFIER.clone().accept_legacy());

fuzz_target!(|input: &[u8]| {
    let (headers, body) = read(input);
    let standard = VERIFIER.verify(&headers, body);
    let both = LEGACY_TOO.verify(&headers, body);
    if let Ok(delivery) = &standard {
        let id = delivery.id().expect("the standard scheme has an id");
        let right = SIGNER
            .sign(id, delivery.sent_at(), body)
            .expect("it was a header");
        let is_right = |name: &str| headers[name] == right[name];
        let signature = right["webhook-signature"].to_str().expect("visible ASCII");
        let given = headers["webhook-signature"]
            .to_str()
            .expect("visible ASCII");
        assert!(is_right("webhook-id") && is_right("webhook-timestamp"));
        assert!(given.contains(signature));
        assert!(both.is_ok());
    }
    match &both {
        Ok(delivery) if delivery.is_legacy() => {
            let right = SIGNER
                .sign_legacy(delivery.sent_at(), body)
                .expect("after 1970");
            let signature = right["x-webhook-signature"]
                .to_str()
                .expect("visible ASCII");
            let given = headers["x-webhook-signature"]
                .to_str()
                .expect("visible ASCII");
            // Hexadecimal digits may be in either case.
            assert!(given.to_ascii_lowercase().ends_with(signature));
        }
        _ => assert_eq!(both.is_ok(), standard.is_ok()),
    }
    if let Ok(delivery) = both {
        let _ = delivery.parse_strict();
    }

    // Whatever the body is, it can be signed, and none but it.
    let now = SystemTime::UNIX_EPOCH + NOW;
    let signed = SIGNER.sign("evt_1", now, body).expect("the id is sound");
    assert!(VERIFIER.verify(&signed, body).is_ok());
    assert!(VERIFIER.verify(&signed, [body, b" "].concat()).is_err());
    assert!(VERIFIER.verify(&headers, [body, b" "].concat()).is_err() || standard.is_err());
});

fn read(input: &[u8]) -> (HeaderMap, &[u8]) {
    let mut headers = HeaderMap::new();
    let mut rest = input;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        if line.is_empty() {
            break;
        }
        let colon = line
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = value.strip_prefix(b": ").unwrap_or_default();
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    (headers, rest)
}
