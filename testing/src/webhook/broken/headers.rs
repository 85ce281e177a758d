//! Headers that are missing, doubled, empty or no text.

use http::HeaderMap;
use linq_webhook::VerifyError;

use super::{
    Answer, Broken, ID, LEGACY_SIGNATURE, LEGACY_TIMESTAMP, SIGNATURE, TIMESTAMP, headers_for,
    headers_of, legacy_headers_for, malformed, missing, sound_body, text, with,
};

const STANDARD: [&str; 3] = [ID, TIMESTAMP, SIGNATURE];
const LEGACY: [&str; 2] = [LEGACY_TIMESTAMP, LEGACY_SIGNATURE];

pub(super) fn all() -> Vec<Broken> {
    let mut all = standard();
    all.extend(legacy());
    all.extend(mixed());
    all
}

/// What can be wrong with one header, whatever it is for.
fn spoiled(headers: &HeaderMap, name: &'static str) -> Vec<(&'static str, HeaderMap, Answer)> {
    let mut without = headers.clone();
    without.remove(name);
    let and = |text: &str| {
        let mut headers = headers.clone();
        headers.append(name, text.parse().expect("a header value"));
        headers
    };
    let twice = || Answer::Refused(VerifyError::RepeatedHeader { header: name });
    let sound = text(headers, name);
    vec![
        ("missing", without, missing(name)),
        ("there twice, the same", and(sound), twice()),
        ("there twice, the second wrong", and("wrong"), twice()),
        ("there twice, the second empty", and(""), twice()),
        ("empty", with(headers, name, ""), malformed(name)),
        (
            "not ASCII",
            with(headers, name, &format!("{sound}é")),
            malformed(name),
        ),
        (
            "not ASCII from the start",
            with(headers, name, "\u{2003}1"),
            malformed(name),
        ),
    ]
}

fn standard() -> Vec<Broken> {
    let body = sound_body();
    let headers = headers_for(body.as_bytes());
    let mut all = vec![Broken::standard(
        "all headers missing",
        HeaderMap::new(),
        &*body,
        missing(ID),
    )];
    for name in STANDARD {
        for (what, headers, answer) in spoiled(&headers, name) {
            all.push(Broken::standard(
                format!("{name} {what}"),
                headers,
                &*body,
                answer,
            ));
        }
        let alone = headers_of(&[(name, text(&headers, name))]);
        let first = if name == ID { TIMESTAMP } else { ID };
        let kind = format!("{name} alone");
        all.push(Broken::standard(kind, alone, &*body, missing(first)));
    }
    for name in [TIMESTAMP, SIGNATURE] {
        let kind = format!("{name} of nothing but space");
        let headers = with(&headers, name, " ");
        all.push(Broken::standard(kind, headers, &*body, malformed(name)));
    }
    all
}

fn legacy() -> Vec<Broken> {
    let body = sound_body();
    let headers = legacy_headers_for(body.as_bytes());
    let mut all = vec![
        Broken::standard(
            "legacy headers, not accepted",
            headers.clone(),
            &*body,
            Answer::Refused(VerifyError::LegacyNotAccepted),
        ),
        Broken::legacy(
            "all headers missing, legacy accepted",
            HeaderMap::new(),
            &*body,
            missing(ID),
        ),
    ];
    for name in LEGACY {
        for (what, headers, answer) in spoiled(&headers, name) {
            all.push(Broken::legacy(
                format!("{name} {what}"),
                headers,
                &*body,
                answer,
            ));
        }
    }
    all
}

/// The legacy scheme replaces a standard signature that was removed, and not one that is wrong.
fn mixed() -> Vec<Broken> {
    let body = sound_body();
    let standard = headers_for(body.as_bytes());
    let legacy = legacy_headers_for(body.as_bytes());
    let mut all = Vec::new();
    for name in STANDARD {
        for (what, headers, answer) in spoiled(&standard, name) {
            let mut both = legacy.clone();
            both.extend(headers);
            let is_removed = !both.contains_key(SIGNATURE);
            let answer = if is_removed { Answer::Typed } else { answer };
            let kind = format!("{name} {what}, beside a sound legacy signature");
            all.push(Broken::legacy(kind, both, &*body, answer));
        }
    }
    all
}
