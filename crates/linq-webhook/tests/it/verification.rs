//! Which deliveries the verifier takes, and what it says of the others.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use linq_types::{UnknownKind, WebhookEvent};
use linq_webhook::{SecretError, SignError, Signer, StrictError, Verifier, VerifyError};
use sha2::Sha256;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw7Jxx2Oll+OE=";
const OTHER_SECRET: &str = "whsec_dGhlIHNlY29uZCBvZiB0d28gc2VjcmV0cw==";
const SENT: u64 = 1_770_319_873;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A verifier at whose place it is that time.
fn verifier_at(secret: &str, seconds: u64) -> Verifier {
    let verifier = Verifier::new(secret).expect("the secret is sound");
    verifier.clock(move || at(seconds))
}

fn verifier() -> Verifier {
    verifier_at(SECRET, SENT)
}

fn signer(secret: &str) -> Signer {
    Signer::new(secret).expect("the secret is sound")
}

fn signed(body: &[u8]) -> HeaderMap {
    let headers = signer(SECRET).sign("msg_1", at(SENT), body);
    headers.expect("the id is sound")
}

fn signed_legacy(body: &[u8]) -> HeaderMap {
    let headers = signer(SECRET).sign_legacy(at(SENT), body);
    headers.expect("the time is sound")
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    let value = HeaderValue::from_str(value).expect("a header value");
    headers.insert(HeaderName::from_static(name), value);
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers[name].to_str().expect("visible ASCII")
}

fn refused(verifier: &Verifier, headers: &HeaderMap, body: &[u8]) -> VerifyError {
    verifier.verify(headers, body).expect_err("refused")
}

struct Vector {
    secret: &'static str,
    id: &'static str,
    sent: u64,
    body: &'static str,
    standard: &'static str,
    legacy: Option<&'static str>,
}

/// The first is the one published with Standard Webhooks; the others were computed with another implementation.
const VECTORS: &[Vector] = &[
    Vector {
        secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        sent: 1_614_265_330,
        body: r#"{"test": 2432232314}"#,
        standard: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        legacy: None,
    },
    Vector {
        secret: "whsec_dGVzdC1zaWduaW5nLWtleQ==",
        id: "wh_fixture",
        sent: 1_800_000_000,
        body: r#"{"api_version":"v3","webhook_version":"2026-02-03","event_type":"ignored","event_id":"fixture","data":{}}"#,
        standard: "v1,hKI4kpED6q/wJO4QUVI2mtN0aHZukBmCIA14NshGd7g=",
        legacy: None,
    },
    Vector {
        secret: SECRET,
        id: "2915e81c-5068-4796-ace2-21d2c94ad298",
        sent: SENT,
        body: r#"{"api_version":"v3","webhook_version":"2026-02-03","event_type":"message.received","event_id":"2915e81c-5068-4796-ace2-21d2c94ad298","created_at":"2026-02-05T19:31:13.736444093Z","trace_id":"8af9171a45022df2eb74ba4e4c83be0f","partner_id":"p","data":{}}"#,
        standard: "v1,svvj42+bxgqHbaNyq9lOOd5amfOyg9suq/+N8MxaWRI=",
        legacy: Some("28ae1ffbc04af6727279e0c404c31a992586c30d36055e6e0187bdd34d88f8c1"),
    },
    Vector {
        secret: SECRET,
        id: "2915e81c-5068-4796-ace2-21d2c94ad298",
        sent: SENT,
        body: r#"{"value":"café 🎉"}"#,
        standard: "v1,pogyv1ZBfTVp9RB6nZC1fdN+nPMtpoAXvXhDr6pR4NE=",
        legacy: Some("7e6a1a967e121d8b96befe4ec20c64a94d6a92c89634b9c3da2a34e553ea882e"),
    },
];

#[test]
fn the_known_vectors_verify_and_are_made() {
    for vector in VECTORS {
        let verifier = verifier_at(vector.secret, vector.sent);
        let mut headers = HeaderMap::new();
        set(&mut headers, "webhook-id", vector.id);
        set(&mut headers, "webhook-timestamp", &vector.sent.to_string());
        set(&mut headers, "webhook-signature", vector.standard);
        let delivery = verifier.verify(&headers, vector.body).expect("it fits");
        assert_eq!(delivery.id(), Some(vector.id));
        assert_eq!(delivery.sent_at(), at(vector.sent));
        assert_eq!(delivery.body(), vector.body.as_bytes());
        assert!(!delivery.is_legacy());
        let made = signer(vector.secret).sign(vector.id, at(vector.sent), vector.body);
        assert_eq!(made.expect("the id is sound"), headers);
    }
}

#[test]
fn the_known_vectors_of_the_legacy_scheme_verify_and_are_made() {
    for vector in VECTORS {
        let Some(signature) = vector.legacy else {
            continue;
        };
        let verifier = verifier_at(vector.secret, vector.sent).accept_legacy();
        let mut headers = HeaderMap::new();
        set(
            &mut headers,
            "x-webhook-timestamp",
            &vector.sent.to_string(),
        );
        set(&mut headers, "x-webhook-signature", signature);
        let made = signer(vector.secret).sign_legacy(at(vector.sent), vector.body);
        assert_eq!(made.expect("the time is sound"), headers);
        for signature in [signature.to_owned(), format!("sha256={signature}")] {
            set(&mut headers, "x-webhook-signature", &signature);
            let delivery = verifier.verify(&headers, vector.body).expect("it fits");
            assert_eq!(delivery.id(), None);
            assert_eq!(delivery.sent_at(), at(vector.sent));
            assert!(delivery.is_legacy());
        }
    }
}

#[test]
fn secrets_are_read_with_and_without_prefix_padding_and_white_space() {
    let headers = signed(b"{}");
    let bare = SECRET.trim_start_matches("whsec_");
    let unpadded = SECRET.trim_end_matches('=');
    for spelling in [
        bare,
        unpadded,
        bare.trim_end_matches('='),
        &format!(" {SECRET}\r\n"),
    ] {
        let delivery = verifier_at(spelling, SENT).verify(&headers, b"{}");
        assert!(delivery.is_ok(), "{spelling:?}");
    }
}

#[test]
fn unfit_secrets_are_refused() {
    let refused = |secret: &str| {
        let error = Verifier::new(secret).expect_err("refused");
        let added = Verifier::new(SECRET).expect("sound").with_secret(secret);
        assert_eq!(added.expect_err("refused"), error);
        assert_eq!(Signer::new(secret).expect_err("refused"), error);
        error
    };
    for empty in ["", "whsec_", "  ", " whsec_\n"] {
        assert_eq!(refused(empty), SecretError::Empty, "{empty:?}");
    }
    for odd in [
        "whsec_not base64 at all",
        "whsec_whsec_bm90IGEgc2VjcmV0LCBvbmx5",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSé",
        "whsec_MfKQ9r8G-YqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_bm90IGEgc2VjcmV0LCBvbmx5I",
        "whsec_====",
        "whsec_bm90IGEg=c2VjcmV0LCBvbmx5",
    ] {
        assert_eq!(refused(odd), SecretError::NotBase64, "{odd}");
    }
    // 15 bytes, and 16.
    assert_eq!(refused("whsec_MTIzNDU2Nzg5MDEyMzQ1"), SecretError::TooShort);
    assert!(Verifier::new("whsec_MTIzNDU2Nzg5MDEyMzQ1Ng==").is_ok());
}

#[test]
fn secrets_stay_out_of_debug_and_errors() {
    let verifier = verifier().accept_legacy();
    let debug = format!("{verifier:?} {:?}", signer(SECRET));
    assert!(debug.contains("secrets: 1"), "{debug}");
    for piece in ["MfKQ", "whsec", "49, 242"] {
        assert!(!debug.contains(piece), "{debug}");
    }
    let error = Verifier::new("whsec_secret!").expect_err("refused");
    assert!(!format!("{error} {error:?}").contains("secret!"));
}

/// Runs the test `child` of this file again, with the variable set.
fn verifier_from_env(value: Option<&str>) -> String {
    let this = std::env::current_exe().expect("the test knows its file");
    let mut command = std::process::Command::new(this);
    command
        .args(["--exact", "verification::child", "--ignored", "--nocapture"])
        .env_remove("LINQ_WEBHOOK_SECRET");
    if let Some(value) = value {
        command.env("LINQ_WEBHOOK_SECRET", value);
    }
    let output = command.output().expect("the test runs");
    String::from_utf8(output.stderr).expect("text")
}

#[test]
#[ignore = "run by other tests, which set its environment"]
fn child() {
    let said = match Verifier::from_env() {
        Ok(verifier) => {
            let verifier = verifier.clock(|| at(SENT));
            let by = |secret| {
                let headers = signer(secret).sign("msg_1", at(SENT), "{}");
                verifier.verify(&headers.expect("sound"), "{}").is_ok()
            };
            format!("{} {}", by(SECRET), by(OTHER_SECRET))
        }
        Err(error) => format!("{error:?}: {error}"),
    };
    eprintln!("<{said}>");
}

#[test]
fn the_secrets_may_come_from_the_environment() {
    for missing in [None, Some(""), Some(" , ")] {
        let said = verifier_from_env(missing);
        assert!(said.contains("<MissingVariable: "), "{said}");
        assert!(said.contains("LINQ_WEBHOOK_SECRET"), "{said}");
    }
    assert!(verifier_from_env(Some(SECRET)).contains("<true false>"));
    for between in [",", " ", ", ", "\n"] {
        let both = format!("{OTHER_SECRET}{between}{SECRET}\n");
        assert!(verifier_from_env(Some(&both)).contains("<true true>"));
    }
    let said = verifier_from_env(Some(&format!("{SECRET},short")));
    assert!(said.contains("<NotBase64: "), "{said}");
}

#[test]
fn any_of_several_secrets_may_have_signed() {
    let headers = signed(b"{}");
    let both = verifier_at(OTHER_SECRET, SENT)
        .with_secret(SECRET)
        .expect("the secret is sound");
    assert!(both.verify(&headers, b"{}").is_ok());
    let other = verifier_at(OTHER_SECRET, SENT);
    assert_eq!(
        refused(&other, &headers, b"{}"),
        VerifyError::WrongSignature
    );
}

#[test]
fn any_of_several_signatures_may_fit() {
    let body = b"{}";
    let mut headers = signed(body);
    let right = text(&headers, "webhook-signature").to_owned();
    let other = signer(OTHER_SECRET).sign("msg_1", at(SENT), body);
    let wrong = text(&other.expect("sound"), "webhook-signature").to_owned();
    for value in [
        format!("{wrong} {right}"),
        format!("{right} {wrong}"),
        format!("v1a,abc v2,{wrong} v1,cut {right} v1,"),
        format!("  {right}  "),
        format!("{}{right}", "v2,abc ".repeat(63)),
    ] {
        set(&mut headers, "webhook-signature", &value);
        assert!(verifier().verify(&headers, body).is_ok(), "{value}");
    }
    // Looking on without an end would let anybody keep a processor busy.
    set(
        &mut headers,
        "webhook-signature",
        &format!("{}{right}", format!("{wrong} ").repeat(64)),
    );
    assert_eq!(
        refused(&verifier(), &headers, body),
        VerifyError::WrongSignature
    );
}

#[test]
fn signatures_of_other_versions_alone_are_named() {
    let mut headers = signed(b"{}");
    let right = text(&headers, "webhook-signature").to_owned();
    let digest = right.trim_start_matches("v1,");
    for other in ["v1a,abc".to_owned(), format!("v2,{digest} v3,{digest}")] {
        set(&mut headers, "webhook-signature", &other);
        assert_eq!(
            refused(&verifier(), &headers, b"{}"),
            VerifyError::UnsupportedVersion,
            "{other}"
        );
    }
}

#[test]
fn the_tolerance_counts_both_ways_and_can_be_set() {
    let headers = signed(b"{}");
    let take = |now: u64, tolerance: Option<Duration>| {
        let verifier = verifier_at(SECRET, now);
        let verifier = match tolerance {
            Some(tolerance) => verifier.tolerance(tolerance),
            None => verifier,
        };
        verifier
            .verify(&headers, b"{}")
            .map(|delivery| delivery.sent_at())
    };
    assert_eq!(take(SENT + 300, None), Ok(at(SENT)));
    assert_eq!(take(SENT - 300, None), Ok(at(SENT)));
    let age = Duration::from_secs(301);
    assert_eq!(take(SENT + 301, None), Err(VerifyError::TooOld { age }));
    let ahead = age;
    assert_eq!(take(SENT - 301, None), Err(VerifyError::TooNew { ahead }));
    assert!(take(SENT, Some(Duration::ZERO)).is_ok());
    assert!(take(SENT + 1, Some(Duration::ZERO)).is_err());
    assert!(take(SENT - 1, Some(Duration::ZERO)).is_err());
    assert!(take(0, Some(Duration::MAX)).is_ok());
    assert!(take(SENT * 1000, Some(Duration::MAX)).is_ok());
    // The system's clock is the default, by which the year 2000 is long past.
    let verifier = Verifier::new(SECRET).expect("the secret is sound");
    let headers = signer(SECRET).sign("msg_1", at(946_684_800), "{}");
    let error = refused(&verifier, &headers.expect("sound"), b"{}");
    assert!(matches!(error, VerifyError::TooOld { .. }), "{error:?}");
}

/// The signature of `{}` with a timestamp that no `Signer` takes.
fn signature(timestamp: &str) -> String {
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_"));
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.expect("base64")).expect("any key will do");
    mac.update(format!("msg_1.{timestamp}.{{}}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[test]
fn a_clock_before_1970_and_any_number_do_no_harm() {
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1_000);
    let verifier = verifier().clock(move || before);
    assert_eq!(
        refused(&verifier, &signed(b"{}"), b"{}"),
        VerifyError::TooNew {
            ahead: Duration::from_secs(SENT + 1_000)
        }
    );
    for tolerance in [Duration::ZERO, Duration::MAX] {
        let verifier = verifier.clone().tolerance(tolerance);
        // The second is the right time, 64 bits later.
        let numbers = [u64::MAX.into(), (1 << 64) + u128::from(SENT), u128::MAX];
        for number in numbers.map(|number| number.to_string()) {
            let mut headers = signed(b"{}");
            set(&mut headers, "webhook-timestamp", &number);
            assert_eq!(
                refused(&verifier, &headers, b"{}"),
                VerifyError::WrongSignature
            );
            set(&mut headers, "webhook-signature", &signature(&number));
            let ahead = Duration::MAX;
            assert_eq!(
                refused(&verifier, &headers, b"{}"),
                VerifyError::TooNew { ahead }
            );
        }
    }
}

#[test]
fn headers_are_there_once_and_in_visible_ascii() {
    let legacy_too = verifier().accept_legacy();
    for headers in [signed(b"{}"), signed_legacy(b"{}")] {
        let names = headers.keys().map(HeaderName::as_str);
        for header in names {
            let mut twice = headers.clone();
            let name = HeaderName::from_bytes(header.as_bytes()).expect("a name");
            twice.append(name.clone(), headers[header].clone());
            let VerifyError::RepeatedHeader { header: named } = refused(&legacy_too, &twice, b"{}")
            else {
                panic!("{header} is taken twice");
            };
            assert_eq!(named, header);
            let mut odd = headers.clone();
            let value = [headers[header].as_bytes(), "\u{e9}".as_bytes()].concat();
            let value = HeaderValue::from_bytes(&value).expect("a header value");
            odd.insert(name, value);
            let VerifyError::MalformedHeader { header: named } = refused(&legacy_too, &odd, b"{}")
            else {
                panic!("{header} is taken as it is");
            };
            assert_eq!(named, header);
        }
    }
}

#[test]
fn the_legacy_scheme_is_taken_only_when_asked_for() {
    let headers = signed_legacy(b"{}");
    assert_eq!(
        refused(&verifier(), &headers, b"{}"),
        VerifyError::LegacyNotAccepted
    );
    let nothing = HeaderMap::new();
    let header = "webhook-id";
    for verifier in [verifier(), verifier().accept_legacy()] {
        assert_eq!(
            refused(&verifier, &nothing, b"{}"),
            VerifyError::MissingHeader { header }
        );
    }
    let with_other = verifier_at(OTHER_SECRET, SENT).with_secret(SECRET);
    let with_other = with_other.expect("the secret is sound").accept_legacy();
    assert!(with_other.verify(&headers, b"{}").is_ok());
}

#[test]
fn a_standard_signature_has_to_be_right_and_one_that_was_removed_is_replaced_by_the_legacy_one() {
    let verifier = verifier().accept_legacy();
    let mut both = signed(b"{}");
    both.extend(signed_legacy(b"{}"));
    let delivery = verifier.verify(&both, b"{}").expect("it fits");
    assert_eq!(delivery.id(), Some("msg_1"));
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let mut alone = signed_legacy(b"{}");
        alone.insert(name, both[name].clone());
        let mut one_less = both.clone();
        one_less.remove(name);
        if name == "webhook-signature" {
            let header = "webhook-id";
            let error = refused(&verifier, &alone, b"{}");
            assert_eq!(error, VerifyError::MissingHeader { header });
            let delivery = verifier.verify(&one_less, b"{}").expect("it matches");
            assert!(delivery.is_legacy() && delivery.id().is_none());
            // Not by a verifier that does not accept the legacy scheme.
            let error = refused(&verifier_at(SECRET, SENT), &one_less, b"{}");
            assert_eq!(error, VerifyError::MissingHeader { header: name });
        } else {
            assert!(
                verifier
                    .verify(&alone, b"{}")
                    .expect("it matches")
                    .is_legacy()
            );
            let error = refused(&verifier, &one_less, b"{}");
            assert_eq!(error, VerifyError::MissingHeader { header: name });
        }
        let mut empty = both.clone();
        set(&mut empty, name, "");
        let error = refused(&verifier, &empty, b"{}");
        assert_eq!(error, VerifyError::MalformedHeader { header: name });
    }
    set(&mut both, "webhook-id", "msg_2");
    assert_eq!(
        refused(&verifier, &both, b"{}"),
        VerifyError::WrongSignature
    );
}

/// The legacy key is the text of the secret, not what it stands for.
#[test]
fn the_legacy_scheme_does_not_decode_its_key() {
    let mut headers = HeaderMap::new();
    set(&mut headers, "x-webhook-timestamp", &SENT.to_string());
    let decoded = "7f63eda00311179283195be2b606c458377a62dce9f098c0d2b37ebc60e02890";
    set(&mut headers, "x-webhook-signature", decoded);
    let error = refused(
        &verifier().accept_legacy(),
        &headers,
        VECTORS[2].body.as_bytes(),
    );
    assert_eq!(error, VerifyError::WrongSignature);
}

#[test]
fn bodies_need_not_be_text_and_come_back_as_what_they_were() {
    let body = vec![0, 0xff, 0xc3, 0x28, b'\r', b'\n'];
    let headers = signed(&body);
    let delivery = verifier().verify(&headers, body.clone()).expect("it fits");
    assert_eq!(delivery.clone().into_body(), body);
    assert!(delivery.parse().is_err());
    assert!(verifier().verify(&headers, &body).is_ok());
    let shared: std::sync::Arc<[u8]> = body.into();
    assert!(verifier().verify(&headers, shared).is_ok());
}

#[test]
fn a_delivery_is_read_and_strictly_on_demand() {
    let known = br#"{"event_type":"chat.typing_indicator.started","webhook_version":"2026-02-03","api_version":"v3","event_id":"5d2c8f0e-61b7-4a39-9c55-0f4f7be1a2d8","created_at":"2026-04-14T18:02:11.482Z","data":{"chat_id":"3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13"}}"#;
    let delivery = verifier().verify(&signed(known), known).expect("it fits");
    let event = delivery.parse().expect("an object");
    assert!(matches!(event, WebhookEvent::ChatTypingIndicatorStarted(_)));
    assert_eq!(delivery.parse_strict(), Ok(event));

    let unknown = br#"{ "event_type": "tea.ready", "data": "private" }"#;
    let delivery = verifier()
        .verify(&signed(unknown), unknown)
        .expect("it fits");
    let event = delivery.parse().expect("an object");
    assert!(event.is_unknown());
    let error = delivery.parse_strict().expect_err("unknown");
    assert!(error.to_string().contains("no payload is known"), "{error}");
    assert!(!format!("{error} {error:?}").contains("private"));
    let StrictError::Unknown(kept) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(kept.kind(), UnknownKind::EventType);
    assert_eq!(kept.raw(), unknown);
    assert_eq!(error.into_event(), Some(event));

    let delivery = verifier().verify(&signed(b"[1]"), b"[1]").expect("it fits");
    let error = delivery.parse().expect_err("no object");
    let strict = delivery.parse_strict().expect_err("no object");
    assert_eq!(strict.to_string(), error.to_string());
    assert!(std::error::Error::source(&strict).is_some());
    assert_eq!(strict.into_event(), None);
}

#[test]
fn neither_debug_nor_errors_tell_of_content() {
    let body = br#"{"text":"private"}"#;
    let mut headers = signed(body);
    let right = text(&headers, "webhook-signature").to_owned();
    let delivery = verifier().verify(&headers, &body[..]).expect("it fits");
    let debug = format!("{delivery:?}");
    assert!(
        debug.contains("msg_1") && debug.contains("18 bytes"),
        "{debug}"
    );
    assert!(
        !debug.contains("private") && !debug.contains("112"),
        "{debug}"
    );
    set(&mut headers, "webhook-id", "msg_odd");
    let error = refused(&verifier(), &headers, body);
    let said = format!("{error} {error:?}");
    assert!(
        !said.contains(&right[3..20]) && !said.contains("odd"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_signed_is_refused() {
    for id in ["", "a\nb", "\u{e9}", "\u{7f}"] {
        let refused = signer(SECRET).sign(id, at(SENT), "{}");
        assert_eq!(refused, Err(SignError::Id), "{id:?}");
    }
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let refused = signer(SECRET).sign("msg_1", before, "{}");
    assert_eq!(refused, Err(SignError::Time));
    let refused = signer(SECRET).sign_legacy(before, "{}");
    assert_eq!(refused, Err(SignError::Time));
}

#[test]
fn a_verifier_is_shared_between_tasks() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let verifier = verifier();
    shared(&verifier);
    shared(&signer(SECRET));
    let stricter = verifier.clone().tolerance(Duration::ZERO);
    let headers = signed(b"{}");
    let later = move || at(SENT + 1);
    assert!(verifier.clock(later).verify(&headers, b"{}").is_ok());
    assert!(stricter.clock(later).verify(&headers, b"{}").is_err());
}

#[test]
fn the_signature_is_checked_before_the_time() {
    let headers = signed(b"{}");
    let late = verifier_at(SECRET, SENT + 301);
    let error = refused(&late, &headers, b"{}");
    assert!(error.is_genuine(), "{error:?}");
    let error = refused(&late, &headers, b"[]");
    assert_eq!(error, VerifyError::WrongSignature);
    assert!(!error.is_genuine());
}

#[test]
fn a_legacy_signature_may_be_in_upper_case() {
    let mut headers = signed_legacy(b"{}");
    let upper = text(&headers, "x-webhook-signature").to_uppercase();
    set(&mut headers, "x-webhook-signature", &upper);
    assert!(verifier().accept_legacy().verify(&headers, b"{}").is_ok());
}

#[test]
fn headers_may_be_plain_strings() {
    let headers = signed(b"{}");
    let pairs = |names: &[&str]| {
        let pairs = names.iter().map(|name| {
            let value = headers.get(name.to_lowercase()).expect("a header");
            ((*name).to_owned(), value.as_bytes().to_vec())
        });
        pairs.collect::<Vec<_>>()
    };
    let all = pairs(&["Webhook-Id", "WEBHOOK-TIMESTAMP", "webhook-signature"]);
    let verifier = verifier();
    let unrelated = [("host".to_owned(), b"a\nb".to_vec())];
    let delivery = verifier.verify_headers(all.iter().cloned().chain(unrelated), b"{}");
    assert_eq!(delivery.expect("it matches").id(), Some("msg_1"));
    let repeated = all.iter().cloned().chain(pairs(&["Webhook-Id"]));
    let header = "webhook-id";
    let error = verifier
        .verify_headers(repeated, b"{}")
        .expect_err("refused");
    assert_eq!(error, VerifyError::RepeatedHeader { header });
    let error = verifier.verify_headers([("webhook-id", "a\nb")], b"{}");
    let error = error.expect_err("refused");
    assert_eq!(error, VerifyError::MalformedHeader { header });
}

#[test]
fn secrets_of_another_form_are_for_the_legacy_scheme_only() {
    let hexadecimal = "0123456789abcdef".repeat(4);
    for secret in [hexadecimal.clone(), format!("whsec_{hexadecimal}")] {
        let error = Verifier::new(&secret).expect_err("refused");
        assert_eq!(error, SecretError::Hexadecimal);
    }
    let error = verifier()
        .with_legacy_secret("fifteen bytes..")
        .expect_err("refused");
    assert_eq!(error, SecretError::TooShort);
    let plain = "a secret that is not base64!";
    let verifier = verifier()
        .with_legacy_secret(plain)
        .expect("the secret is sound");
    let mut mac = Hmac::<Sha256>::new_from_slice(plain.as_bytes()).expect("any key will do");
    mac.update(format!("{SENT}.{{}}").as_bytes());
    let digits = mac.finalize().into_bytes();
    let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut headers = HeaderMap::new();
    set(&mut headers, "x-webhook-timestamp", &SENT.to_string());
    set(&mut headers, "x-webhook-signature", &digits);
    assert!(verifier.verify(&headers, b"{}").is_ok());
    // The standard scheme goes on with its own secret.
    assert!(verifier.verify(&signed(b"{}"), b"{}").is_ok());
}

#[test]
fn a_verifier_without_a_secret_refuses_everything() {
    let verifier = Verifier::dangerously_trust_every_delivery_on_loopback();
    for headers in [HeaderMap::new(), signed(b"{}"), signed_legacy(b"{}")] {
        assert_eq!(refused(&verifier, &headers, b"{}"), VerifyError::NoSecret);
    }
}

#[test]
fn a_header_of_many_spaces_costs_nothing() {
    let mut headers = signed(b"{}");
    let padded = format!(
        "{}{}",
        " ".repeat(4_000_000),
        text(&headers, "webhook-signature")
    );
    set(&mut headers, "webhook-signature", &padded);
    let start = std::time::Instant::now();
    assert!(verifier().verify(&headers, b"{}").is_err());
    assert!(
        start.elapsed() < Duration::from_millis(500),
        "{:?}",
        start.elapsed()
    );
}
