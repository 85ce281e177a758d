//! How long to wait before the next attempt.

use std::time::{Duration, SystemTime};

use linq_client::reqwest::header::{HeaderMap, RETRY_AFTER};

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(8);

/// The part of a pause that chance may take off.
const JITTER: f64 = 0.25;

/// The pause before a retry: half a second before the first, doubling up to 8 seconds, less up to a quarter.
///
/// `retry` counts from 1; `jitter` is from 0, nothing taken off, to 1.
pub(crate) fn pause(retry: u32, jitter: f64) -> Duration {
    let doublings = retry.saturating_sub(1).min(8);
    let full = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let jitter = if jitter.is_finite() {
        jitter.clamp(0.0, 1.0)
    } else {
        0.0
    };
    full.mul_f64(1.0 - JITTER * jitter)
}

/// How long the headers ask to wait: `retry-after-ms`, or else `retry-after` in seconds or as a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = text("retry-after-ms").and_then(|text| seconds(text, 0.001));
    milliseconds.or_else(|| {
        let text = text(RETRY_AFTER.as_str())?;
        seconds(text, 1.0).or_else(|| {
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        })
    })
}

/// A number of units, none of them less than zero.
fn seconds(text: &str, unit: f64) -> Option<Duration> {
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number: f64 = text.parse().ok().filter(|_| is_number)?;
    // What does not fit is longer than anybody waits.
    Some(Duration::try_from_secs_f64(number * unit).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use linq_client::reqwest::header::{HeaderMap, HeaderValue};

    use super::{pause, retry_after};

    #[test]
    fn pauses_double_up_to_eight_seconds() {
        let pauses: Vec<_> = (1..=7).map(|retry| pause(retry, 0.0).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(pause(u32::MAX, 0.0), Duration::from_secs(8));
        assert_eq!(pause(0, 0.0), Duration::from_millis(500));
    }

    #[test]
    fn jitter_takes_off_a_quarter_at_most() {
        assert_eq!(pause(1, 1.0), Duration::from_millis(375));
        assert_eq!(pause(2, 0.5), Duration::from_millis(875));
        assert_eq!(pause(5, 1.0), Duration::from_secs(6));
        for odd in [-1.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(pause(1, odd), Duration::from_millis(500));
        }
        assert_eq!(pause(1, 7.0), Duration::from_millis(375));
    }

    #[test]
    fn the_server_asks_in_three_ways() {
        type Pairs = &'static [(&'static str, &'static str)];
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date");
        let asked = |pairs: Pairs| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            retry_after(&headers, now)
        };
        let millis = |millis| Some(Duration::from_millis(millis));
        let table: &[(Pairs, Option<Duration>)] = &[
            (&[], None),
            (&[("retry-after", "7")], millis(7_000)),
            (&[("retry-after", " 1.5 ")], millis(1_500)),
            (&[("retry-after", "0")], millis(0)),
            (&[("retry-after", "-7")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "")], None),
            (&[("retry-after", "inf")], None),
            (&[("retry-after", "NaN")], None),
            (
                &[("retry-after", "99999999999999999999999999")],
                Some(Duration::MAX),
            ),
            (
                &[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")],
                millis(10_000),
            ),
            (
                &[("retry-after", "Sunday, 06-Nov-94 08:49:47 GMT")],
                millis(10_000),
            ),
            (
                &[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")],
                millis(0),
            ),
            (&[("retry-after-ms", "250")], millis(250)),
            (
                &[("retry-after-ms", "250"), ("retry-after", "9")],
                millis(250),
            ),
            (
                &[("retry-after-ms", "soon"), ("retry-after", "9")],
                millis(9_000),
            ),
        ];
        for (pairs, expected) in table {
            assert_eq!(asked(pairs), *expected, "{pairs:?}");
        }
        assert!(now < SystemTime::now());
    }
}
