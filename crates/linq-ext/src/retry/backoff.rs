//! How long to wait before the next attempt.

use std::time::Duration;

pub(crate) use linq_client::retry_after;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(8);

/// The largest part of a pause that jitter takes off.
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::pause;

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
}
