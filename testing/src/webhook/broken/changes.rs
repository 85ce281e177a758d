//! Sound deliveries that were changed on the way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::bodies::{GZIP, ZLIB};
use super::{Broken, ID, NOW, SOUND_ID, TIMESTAMP, WRONG_SIGNATURE, headers_for, sound_body, with};

pub(super) fn all() -> Vec<Broken> {
    let body = sound_body();
    let headers = headers_for(body.as_bytes());
    let mut all = Vec::new();
    for (kind, changed) in bodies(&body) {
        assert_ne!(changed, body.as_bytes(), "{kind} changes something");
        let kind = format!("body {kind}");
        all.push(Broken::standard(
            kind,
            headers.clone(),
            changed,
            WRONG_SIGNATURE,
        ));
    }
    let ids = [
        ("another", "evt_1".to_owned()),
        ("in capitals", SOUND_ID.to_uppercase()),
        ("cut by one character", SOUND_ID[1..].to_owned()),
        ("with a character more", format!("{SOUND_ID}0")),
        ("with a space after", format!("{SOUND_ID} ")),
        ("with a dot after", format!("{SOUND_ID}.")),
        ("with the time in it", format!("{SOUND_ID}.{NOW}")),
        ("of a megabyte", "a".repeat(1 << 20)),
    ];
    for (kind, id) in ids {
        let headers = with(&headers, ID, &id);
        all.push(Broken::standard(
            format!("id {kind}"),
            headers,
            &*body,
            WRONG_SIGNATURE,
        ));
    }
    let times = [
        ("a second earlier", (NOW - 1).to_string()),
        ("a second later", (NOW + 1).to_string()),
        ("with a zero before it", format!("0{NOW}")),
    ];
    for (kind, time) in times {
        let headers = with(&headers, TIMESTAMP, &time);
        all.push(Broken::standard(
            format!("time changed to {kind}"),
            headers,
            &*body,
            WRONG_SIGNATURE,
        ));
    }
    all
}

fn bodies(body: &str) -> Vec<(&'static str, Vec<u8>)> {
    let value: Value = body.parse().expect("JSON");
    let with_bit = |at: usize| {
        let mut bytes = body.as_bytes().to_vec();
        bytes[at] ^= 1;
        bytes
    };
    let utf16 = |bytes: fn(u16) -> [u8; 2]| body.encode_utf16().flat_map(bytes).collect();
    let texts = [
        ("emptied", String::new()),
        ("cut by its last byte", body[..body.len() - 1].to_owned()),
        ("cut by its first byte", body[1..].to_owned()),
        ("cut to half", body[..body.len() / 2].to_owned()),
        ("with a line end after it", format!("{body}\n")),
        ("with a space before it", format!(" {body}")),
        ("with a NUL after it", format!("{body}\0")),
        ("with a byte order mark", format!("\u{feff}{body}")),
        ("there twice", body.repeat(2)),
        ("written anew with indentation", format!("{value:#}")),
        ("written anew with spaces", body.replace(':', ": ")),
        ("with its letters in capitals", body.to_uppercase()),
        (
            "with another event put in",
            body.replace("message.received", "message.delivered"),
        ),
        (
            "with a field put in",
            body.replacen('{', r#"{"extra":1,"#, 1),
        ),
        ("replaced by an empty object", "{}".to_owned()),
        ("in base64", STANDARD.encode(body)),
        ("as a JSON string", Value::from(body).to_string()),
        ("as a form", format!("payload={}", body.replace('"', "%22"))),
        (
            "with slashes escaped",
            body.replace('/', "\\/").replace("message", "m\\u0065ssage"),
        ),
    ];
    let mut all: Vec<_> = texts
        .into_iter()
        .map(|(kind, text)| (kind, text.into_bytes()))
        .collect();
    all.extend([
        ("with its first bit turned", with_bit(0)),
        ("with a bit in the middle turned", with_bit(body.len() / 2)),
        ("with its last bit turned", with_bit(body.len() - 1)),
        ("in UTF-16", utf16(u16::to_le_bytes)),
        ("in UTF-16, big end first", utf16(u16::to_be_bytes)),
        ("compressed with gzip", GZIP.to_vec()),
        ("compressed with zlib", ZLIB.to_vec()),
        ("replaced by 10 MB", vec![b' '; 10_000_000]),
    ]);
    all
}
