//! Times that are far off, or no times at all.

use std::time::Duration;

use linq_webhook::VerifyError;

use super::{
    Answer, Broken, ID, KEY, LEGACY_SIGNATURE, LEGACY_TIMESTAMP, NOW, SECRET, SIGNATURE, SOUND_ID,
    TIMESTAMP, headers_of, hex, hmac, malformed, signature_of, sound_body,
};

/// Each is signed as it stands, so that nothing but the time can be the reason to refuse it.
pub(super) fn all() -> Vec<Broken> {
    let body = sound_body();
    let mut all = Vec::new();
    for (kind, time, answer) in kinds() {
        let head = [SOUND_ID, ".", &time, "."];
        let signature = signature_of(KEY, &head, body.as_bytes());
        let headers = headers_of(&[(ID, SOUND_ID), (TIMESTAMP, &time), (SIGNATURE, &signature)]);
        let standard = answer.clone().unwrap_or(malformed(TIMESTAMP));
        all.push(Broken::standard(
            format!("time {kind}"),
            headers,
            &*body,
            standard,
        ));

        let signature = hex(&hmac(SECRET.as_bytes(), &[&time, "."], body.as_bytes()));
        let headers = headers_of(&[(LEGACY_TIMESTAMP, &time), (LEGACY_SIGNATURE, &signature)]);
        let legacy = answer.unwrap_or(malformed(LEGACY_TIMESTAMP));
        all.push(Broken::legacy(
            format!("legacy time {kind}"),
            headers,
            &*body,
            legacy,
        ));
    }
    all
}

fn old(seconds: u64) -> Option<Answer> {
    let age = Duration::from_secs(seconds);
    Some(Answer::Refused(VerifyError::TooOld { age }))
}

fn new(seconds: u64) -> Option<Answer> {
    let ahead = Duration::from_secs(seconds);
    Some(Answer::Refused(VerifyError::TooNew { ahead }))
}

/// Later than a [`SystemTime`](std::time::SystemTime) of any system can be.
fn beyond() -> Option<Answer> {
    let ahead = Duration::MAX;
    Some(Answer::Refused(VerifyError::TooNew { ahead }))
}

/// What is wrong, the text, and the answer; `None` for a header that is malformed.
fn kinds() -> Vec<(&'static str, String, Option<Answer>)> {
    let number = |number: u64| number.to_string();
    vec![
        ("301 seconds ago", number(NOW - 301), old(301)),
        ("an hour ago", number(NOW - 3_600), old(3_600)),
        ("a year ago", number(NOW - 31_536_000), old(31_536_000)),
        ("zero", number(0), old(NOW)),
        ("one", number(1), old(NOW - 1)),
        ("many zeros", "0".repeat(1_000), old(NOW)),
        ("301 seconds from now", number(NOW + 301), new(301)),
        ("an hour from now", number(NOW + 3_600), new(3_600)),
        (
            "the end of 32 bits",
            number(u64::from(u32::MAX)),
            new(u64::from(u32::MAX) - NOW),
        ),
        ("in milliseconds", number(NOW * 1_000), new(NOW * 999)),
        (
            "in microseconds",
            number(NOW * 1_000_000),
            new(NOW * 999_999),
        ),
        ("one more than 63 bits", number(1 << 63), beyond()),
        ("the end of 64 bits", number(u64::MAX), beyond()),
        (
            "one more than 64 bits",
            "18446744073709551616".to_owned(),
            beyond(),
        ),
        ("the end of 128 bits", u128::MAX.to_string(), beyond()),
        ("a thousand digits", "9".repeat(1_000), beyond()),
        ("a megabyte of digits", "1".repeat(1 << 20), beyond()),
        ("negative", "-1".to_owned(), None),
        ("negative now", format!("-{NOW}"), None),
        ("negative zero", "-0".to_owned(), None),
        ("the least of 64 bits", i64::MIN.to_string(), None),
        ("with a plus", format!("+{NOW}"), None),
        ("with a fraction", format!("{NOW}.0"), None),
        ("with a comma", format!("{NOW},0"), None),
        ("with an exponent", "1.770319873e9".to_owned(), None),
        ("with a space before", format!(" {NOW}"), None),
        ("with a space after", format!("{NOW} "), None),
        ("with a space inside", "1770 319873".to_owned(), None),
        ("with a tab after", format!("{NOW}\t"), None),
        ("with underscores", "1_770_319_873".to_owned(), None),
        ("with a suffix", format!("{NOW}s"), None),
        ("in quotes", format!("\"{NOW}\""), None),
        ("hexadecimal", format!("{NOW:#x}"), None),
        ("hexadecimal without a prefix", format!("{NOW:x}"), None),
        ("in Arabic digits", "١٧٧٠٣١٩٨٧٣".to_owned(), None),
        ("in wide digits", "１７７０３１９８７３".to_owned(), None),
        ("a date", "2026-02-05T19:31:13Z".to_owned(), None),
        (
            "a date of HTTP",
            "Thu, 05 Feb 2026 19:31:13 GMT".to_owned(),
            None,
        ),
        ("not a number", "NaN".to_owned(), None),
        ("infinite", "inf".to_owned(), None),
        ("null", "null".to_owned(), None),
        ("a word", "now".to_owned(), None),
        ("two times", format!("{NOW} {NOW}"), None),
        ("two times with a comma", format!("{NOW}, {NOW}"), None),
        ("a megabyte of letters", "a".repeat(1 << 20), None),
    ]
}
