//! Signatures that are wrong, cut, of another scheme or too many.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use linq_webhook::VerifyError;

use super::{
    Answer, Broken, ID, KEY, LEGACY_SIGNATURE, LEGACY_TIMESTAMP, NOW, SECRET, SIGNATURE, SOUND_ID,
    WRONG_SIGNATURE, headers_for, headers_of, hex, hmac, legacy_headers_for, malformed,
    signature_of, sound_body, text, with,
};

const OTHER_KEY: &[u8] = b"another thirty-two bytes of key!";

pub(super) fn all() -> Vec<Broken> {
    let mut all = malformed_ones();
    all.extend(other_versions());
    all.extend(wrong_ones());
    all.extend(changed_ones());
    all.extend(legacy());
    all
}

fn broken(kind: &str, signature: &str, answer: Answer) -> Broken {
    let body = sound_body();
    let headers = with(&headers_for(body.as_bytes()), SIGNATURE, signature);
    Broken::standard(format!("signature {kind}"), headers, body, answer)
}

/// The right signature, without the version.
fn right() -> String {
    let headers = headers_for(sound_body().as_bytes());
    text(&headers, SIGNATURE)
        .trim_start_matches("v1,")
        .to_owned()
}

fn malformed_ones() -> Vec<Broken> {
    let right = right();
    let bytes = STANDARD.decode(&right).expect("base64");
    let url_safe = URL_SAFE.encode([0xff; 32]);
    let mut kinds = vec![
        ("without a version", right.clone()),
        ("with nothing after the version", "v1,".to_owned()),
        ("with nothing but a version", "v1".to_owned()),
        ("with nothing but a comma", ",".to_owned()),
        ("of an empty version", format!(",{right}")),
        ("as fields of another scheme", format!("t={NOW},s={right}")),
        ("with a capital version", format!("V1{right}")),
        ("with a colon after the version", format!("v1:{right}")),
        ("with the version twice", format!("v1,v1,{right}")),
        ("in quotes", format!("\"{right}\"")),
        ("in quotes after the version", format!("v1,\"{right}\"")),
        ("in hexadecimal digits", format!("v1,{}", hex(&bytes))),
        ("in base64 for URLs", format!("v1,{url_safe}")),
        ("with a space after the version", format!("v1, {right}")),
        (
            "with padding in the middle",
            format!("v1,{}={}", &right[..20], &right[20..]),
        ),
        ("with too much padding", format!("v1,{right}=")),
        (
            "with a byte too many",
            format!("v1,{}", STANDARD.encode([&bytes[..], &[0]].concat())),
        ),
        (
            "with a byte too few",
            format!("v1,{}", STANDARD.encode(&bytes[1..])),
        ),
        ("of an empty digest in padding", "v1,====".to_owned()),
        (
            "in percent encoding",
            format!("v1,{}", right.replace('=', "%3D")),
        ),
        ("and a semicolon", format!("v1,{right};")),
        (
            "twice with a comma between",
            format!("v1,{right},v1,{right}"),
        ),
        ("of a megabyte", format!("v1,{}", "A".repeat(1 << 20))),
        (
            "of a megabyte of commas",
            ",".repeat(1 << 20).replacen(',', "v1,", 1),
        ),
        (
            "of a megabyte of spaces",
            format!("{}v1", " ".repeat(1 << 20)),
        ),
        (
            "behind 64 entries",
            format!("{}v1,{right}", "v1, ".repeat(64)),
        ),
        ("as a JSON list", format!("[\"v1,{right}\"]")),
    ];
    // The last six bits of the digest have four that count; the others are zero.
    let unclean = format!("v1,{}{}=", &right[..42], next_letter(&right[42..43]));
    kinds.push(("with bits that no byte takes up", unclean));
    let mut all: Vec<_> = kinds
        .into_iter()
        .map(|(kind, signature)| broken(kind, &signature, malformed(SIGNATURE)))
        .collect();
    for end in [1, 2, 4, 8, 16, 22, 32, 40, 42, 43] {
        let cut = format!("v1,{}", &right[..end]);
        all.push(broken(
            &format!("cut to {end} characters"),
            &cut,
            malformed(SIGNATURE),
        ));
    }
    all
}

/// The letter of base64 whose lowest bit differs.
fn next_letter(letter: &str) -> char {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let at = ALPHABET.find(letter).expect("a letter of base64");
    char::from(ALPHABET.as_bytes()[at ^ 1])
}

fn other_versions() -> Vec<Broken> {
    let right = right();
    let kinds = [
        ("of version v1a alone", format!("v1a,{right}")),
        ("of version v2 alone", format!("v2,{right}")),
        ("of version v0 alone", format!("v0,{right}")),
        ("of version v11 alone", format!("v11,{right}")),
        ("of version V1, in capitals", format!("V1,{right}")),
        (
            "of several other versions",
            format!("v1a,{right} v2,{right} v3,{right}"),
        ),
        (
            "of a megabyte of other versions",
            "v2,AAAA ".repeat(1 << 17),
        ),
        (
            "behind 64 other versions",
            format!("{}v1,{right}", "v2,AAAA ".repeat(64)),
        ),
    ];
    let answer = || Answer::Refused(VerifyError::UnsupportedVersion);
    kinds
        .into_iter()
        .map(|(kind, signature)| broken(kind, &signature, answer()))
        .collect()
}

/// Well-formed signatures of something else, or with something else.
fn wrong_ones() -> Vec<Broken> {
    let body = sound_body();
    let body = body.as_bytes();
    let now = NOW.to_string();
    let head = [SOUND_ID, ".", &now, "."];
    let other = signature_of(OTHER_KEY, &head, body);
    let right = right();
    let kinds = [
        ("with another secret", other.clone()),
        ("with an empty key", signature_of(b"", &head, body)),
        (
            "with the text of the secret",
            signature_of(SECRET.as_bytes(), &head, body),
        ),
        (
            "with the text of the secret without its prefix",
            signature_of(SECRET.trim_start_matches("whsec_").as_bytes(), &head, body),
        ),
        (
            "with half of the key",
            signature_of(&KEY[..16], &head, body),
        ),
        ("of the body alone", signature_of(KEY, &[], body)),
        (
            "of the time and the body",
            signature_of(KEY, &[&now, "."], body),
        ),
        (
            "of the id and the body",
            signature_of(KEY, &[SOUND_ID, "."], body),
        ),
        ("of the id and the time", signature_of(KEY, &head, b"")),
        ("without dots", signature_of(KEY, &[SOUND_ID, &now], body)),
        (
            "with the parts in another order",
            signature_of(KEY, &[&now, ".", SOUND_ID, "."], body),
        ),
        (
            "with line ends for dots",
            signature_of(KEY, &[SOUND_ID, "\n", &now, "\n"], body),
        ),
        (
            "of an empty body and nothing else",
            signature_of(KEY, &[], b""),
        ),
        ("of zeros", format!("v1,{}", STANDARD.encode([0; 32]))),
        ("of ones", format!("v1,{}", STANDARD.encode([0xff; 32]))),
        ("of the key itself", format!("v1,{}", STANDARD.encode(KEY))),
        ("with its bytes backwards", {
            let bytes = hmac(KEY, &head, body).into_iter().rev();
            format!("v1,{}", STANDARD.encode(bytes.collect::<Vec<u8>>()))
        }),
        (
            "with its letters in capitals",
            format!("v1,{}", right.to_uppercase()),
        ),
        ("wrong 64 times", format!("{other} ").repeat(64)),
        ("wrong for a megabyte", format!("{other} ").repeat(1 << 15)),
        (
            "right behind 64 wrong ones",
            format!("{}v1,{right}", format!("{other} ").repeat(64)),
        ),
        (
            "right but of another version, beside a wrong one",
            format!("v2,{right} {other}"),
        ),
        (
            "cut beside a wrong one",
            format!("v1,{} {other}", &right[..20]),
        ),
    ];
    kinds
        .into_iter()
        .map(|(kind, signature)| broken(kind, &signature, WRONG_SIGNATURE))
        .collect()
}

/// The right signature with one bit turned, in several places.
fn changed_ones() -> Vec<Broken> {
    let bytes = STANDARD.decode(right()).expect("base64");
    let places = [
        (0, 0x80),
        (0, 1),
        (1, 1),
        (15, 1),
        (16, 0x80),
        (30, 1),
        (31, 0x80),
        (31, 1),
    ];
    places
        .into_iter()
        .map(|(at, bit)| {
            let mut bytes = bytes.clone();
            bytes[at] ^= bit;
            let kind = format!("with bit {bit:#x} of byte {at} turned");
            broken(
                &kind,
                &format!("v1,{}", STANDARD.encode(&bytes)),
                WRONG_SIGNATURE,
            )
        })
        .collect()
}

fn legacy() -> Vec<Broken> {
    let body = sound_body();
    let sound = legacy_headers_for(body.as_bytes());
    let right = text(&sound, LEGACY_SIGNATURE).to_owned();
    let now = NOW.to_string();
    let other = |key: &[u8], head: &[&str]| hex(&hmac(key, head, body.as_bytes()));
    let ill_formed = [
        ("cut by one digit", right[..63].to_owned()),
        ("cut to half", right[..32].to_owned()),
        ("with a digit too many", format!("{right}0")),
        ("twice over", right.repeat(2)),
        ("with a digit that is none", format!("g{}", &right[1..])),
        ("with 0x before it", format!("0x{right}")),
        ("with sha256: before it", format!("sha256:{right}")),
        ("with nothing after sha256=", "sha256=".to_owned()),
        ("with sha256= twice", format!("sha256=sha256={right}")),
        ("with sha512= before it", format!("sha512={right}")),
        (
            "in base64",
            STANDARD.encode(hmac(SECRET.as_bytes(), &[&now, "."], body.as_bytes())),
        ),
        (
            "of the standard scheme",
            signature_of(KEY, &[&now, "."], body.as_bytes()),
        ),
        ("of a megabyte", "a".repeat(1 << 20)),
        ("twice with a space between", format!("{right} {right}")),
    ];
    let wrong = [
        ("with another secret", other(OTHER_KEY, &[&now, "."])),
        ("with the decoded secret", other(KEY, &[&now, "."])),
        ("of the body alone", other(SECRET.as_bytes(), &[])),
        (
            "of the standard content",
            other(SECRET.as_bytes(), &[SOUND_ID, ".", &now, "."]),
        ),
        ("of zeros", "0".repeat(64)),
        (
            "with its first digit changed",
            format!("{}{}", flipped(&right[..1]), &right[1..]),
        ),
        (
            "with its last digit changed",
            format!("{}{}", &right[..63], flipped(&right[63..])),
        ),
    ];
    let as_broken = |(kind, signature): (&str, String), answer| {
        let headers = with(&sound, LEGACY_SIGNATURE, &signature);
        Broken::legacy(format!("legacy signature {kind}"), headers, &*body, answer)
    };
    let mut all = Vec::new();
    for kind in ill_formed {
        all.push(as_broken(kind, malformed(LEGACY_SIGNATURE)));
    }
    for kind in wrong {
        all.push(as_broken(kind, WRONG_SIGNATURE));
    }
    let other_time = with(&sound, LEGACY_TIMESTAMP, &(NOW - 1).to_string());
    all.push(Broken::legacy(
        "legacy time changed",
        other_time,
        &*body,
        WRONG_SIGNATURE,
    ));
    // A header that a proxy left over does not make it a standard delivery.
    let with_id = with(&sound, ID, SOUND_ID);
    let answer = Answer::Typed;
    all.push(Broken::legacy(
        "legacy delivery with an id put on",
        with_id,
        &*body,
        answer,
    ));
    let digits = STANDARD.encode(hmac(SECRET.as_bytes(), &[&now, "."], body.as_bytes()));
    let disguised = headers_of(&[
        (ID, SOUND_ID),
        (super::TIMESTAMP, &now),
        (SIGNATURE, &format!("v1,{digits}")),
    ]);
    let kind = "legacy signature in standard headers";
    all.push(Broken::legacy(kind, disguised, &*body, WRONG_SIGNATURE));
    all
}

fn flipped(digit: &str) -> &'static str {
    if digit == "0" { "1" } else { "0" }
}
