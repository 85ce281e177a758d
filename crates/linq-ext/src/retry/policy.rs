//! Whether a request is sent again: a pure function, without clock and network.

use std::time::Duration;

use linq_client::Repeat;
use linq_client::reqwest::StatusCode;

use crate::ErrorCode;

/// What sending a request a second time can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing: it only reads.
    Read,
    /// Nothing that the first time has not done: PUT, DELETE, mark read, typing, or anything with a key.
    Idempotent,
    /// A second message, or whatever the operation makes.
    NonIdempotent,
}

impl Class {
    /// The class of a request of an operation, which may carry an idempotency key.
    pub(crate) fn of(repeat: Repeat, has_key: bool) -> Self {
        match repeat {
            Repeat::Read => Self::Read,
            Repeat::Idempotent => Self::Idempotent,
            Repeat::Keyed { .. } if has_key => Self::Idempotent,
            // A class that is added later is not repeated until it is listed here.
            _ => Self::NonIdempotent,
        }
    }
}

/// What happened to one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server has seen nothing of it, since there was no connection.
    NotSent,
    /// Something may have been sent, and no response was received.
    Lost,
    /// A status of 2xx was received, and the body broke off.
    BrokenOff,
    /// A response was received.
    Responded(Signals),
    /// The request could not be made, or a hook refused it.
    Refused,
}

impl Outcome {
    /// How long the server asks to wait.
    pub(crate) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Responded(signals) => signals.retry_after,
            _ => None,
        }
    }
}

/// What a response says about repeating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signals {
    pub(crate) status: StatusCode,
    /// Linq's code in the body.
    pub(crate) code: Option<ErrorCode>,
    /// The header `x-should-retry: false`.
    pub(crate) forbids: bool,
    /// How long the server asks to wait.
    pub(crate) retry_after: Option<Duration>,
}

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The call ends with this outcome.
    Stop,
    /// One more attempt, after the time that the server asks for, or else the backoff.
    Repeat { after: Option<Duration> },
}

/// How often and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_retries: u32,
    /// The longest pause that the server may ask for.
    pub(crate) max_retry_after: Duration,
}

/// Decides what comes after an attempt; `made` counts it and those before.
pub(crate) fn decide(made: u32, outcome: Outcome, class: Class, limits: Limits) -> Decision {
    if made > limits.max_retries || !may_repeat(outcome, class) {
        return Decision::Stop;
    }
    match outcome.retry_after() {
        Some(after) if after > limits.max_retry_after => Decision::Stop,
        after => Decision::Repeat { after },
    }
}

/// Whether another attempt can succeed, and cannot do anything twice.
pub(crate) fn may_repeat(outcome: Outcome, class: Class) -> bool {
    is_transient(outcome) && is_safe(outcome, class)
}

/// Whether the cause passes by itself.
fn is_transient(outcome: Outcome) -> bool {
    match outcome {
        Outcome::NotSent | Outcome::Lost | Outcome::BrokenOff => true,
        Outcome::Responded(signals) => !signals.forbids && is_transient_response(signals),
        Outcome::Refused => false,
    }
}

/// Whether another attempt does nothing twice.
fn is_safe(outcome: Outcome, class: Class) -> bool {
    match (outcome, class) {
        // What the server has accepted is never sent again.
        (Outcome::BrokenOff, class) => class == Class::Read,
        (_, Class::Read | Class::Idempotent) | (Outcome::NotSent, _) => true,
        (Outcome::Responded(signals), Class::NonIdempotent) => {
            signals.status == StatusCode::TOO_MANY_REQUESTS
        }
        (Outcome::Lost | Outcome::Refused, Class::NonIdempotent) => false,
    }
}

/// Linq's code decides where it is known, and the status where it is not.
fn is_transient_response(signals: Signals) -> bool {
    let Signals { status, code, .. } = signals;
    match (status.as_u16(), code) {
        (200..=299, _) => false,
        (408 | 429, _) => true,
        (409, code) => code == Some(ErrorCode::ChatNotReady),
        (404, code) => code == Some(ErrorCode::AttachmentNotReady),
        (501 | 505, _) => false,
        (500..=599, Some(code)) if code.name().is_some() => code.is_transient(),
        (500..=599, _) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use linq_client::Repeat;
    use linq_client::reqwest::StatusCode;

    use super::{Class, Decision, Limits, Outcome, Signals, decide};
    use crate::ErrorCode;

    const LIMITS: Limits = Limits {
        max_retries: 2,
        max_retry_after: Duration::from_secs(60),
    };

    fn signals(status: u16, code: Option<i64>) -> Signals {
        Signals {
            status: StatusCode::from_u16(status).expect("a status"),
            code: code.map(ErrorCode::from),
            forbids: false,
            retry_after: None,
        }
    }

    fn responded(status: u16, code: Option<i64>) -> Outcome {
        Outcome::Responded(signals(status, code))
    }

    /// Whether each class repeats after an outcome: reads, idempotent ones, the others.
    fn repeats(outcome: Outcome) -> [bool; 3] {
        [Class::Read, Class::Idempotent, Class::NonIdempotent].map(|class| {
            let decision = decide(1, outcome, class, LIMITS);
            assert!(decision == Decision::Stop || decision == Decision::Repeat { after: None });
            decision != Decision::Stop
        })
    }

    const ALL: [bool; 3] = [true, true, true];
    const SAFE: [bool; 3] = [true, true, false];
    const READ: [bool; 3] = [true, false, false];
    const NONE: [bool; 3] = [false, false, false];

    #[test]
    fn what_repeats_without_a_response() {
        assert_eq!(repeats(Outcome::NotSent), ALL);
        assert_eq!(repeats(Outcome::Lost), SAFE);
        assert_eq!(repeats(Outcome::BrokenOff), READ);
        assert_eq!(repeats(Outcome::Refused), NONE);
    }

    #[test]
    fn what_repeats_by_status_and_code() {
        let table: &[(u16, Option<i64>, [bool; 3])] = &[
            (200, None, NONE),
            (201, None, NONE),
            (202, Some(2009), NONE),
            (204, None, NONE),
            (301, None, NONE),
            (400, Some(1001), NONE),
            (400, Some(5007), NONE),
            (401, Some(2004), NONE),
            (403, Some(2024), NONE),
            (403, Some(2027), NONE),
            (404, None, NONE),
            (404, Some(2001), NONE),
            (404, Some(2007), SAFE),
            (408, None, SAFE),
            (409, None, NONE),
            (409, Some(1006), NONE),
            (409, Some(2009), SAFE),
            (409, Some(2013), NONE),
            (409, Some(2014), NONE),
            (409, Some(2015), NONE),
            (409, Some(2016), NONE),
            (409, Some(2017), NONE),
            (409, Some(2018), NONE),
            (409, Some(2023), NONE),
            (409, Some(2027), NONE),
            (409, Some(9999), NONE),
            (413, None, NONE),
            (422, Some(4005), NONE),
            (425, None, NONE),
            (429, None, ALL),
            (429, Some(1007), ALL),
            (429, Some(2004), ALL),
            (500, None, SAFE),
            (500, Some(9999), SAFE),
            (500, Some(2022), SAFE),
            (500, Some(3001), SAFE),
            (500, Some(3006), SAFE),
            (500, Some(3007), NONE),
            (500, Some(4001), SAFE),
            (500, Some(4002), NONE),
            (500, Some(4003), NONE),
            (500, Some(5001), SAFE),
            (500, Some(5003), SAFE),
            (501, None, NONE),
            (502, None, SAFE),
            (503, None, SAFE),
            (503, Some(4004), SAFE),
            (503, Some(4009), NONE),
            (503, Some(4010), SAFE),
            (504, None, SAFE),
            (504, Some(3005), SAFE),
            (505, None, NONE),
        ];
        for (status, code, expected) in table {
            assert_eq!(
                repeats(responded(*status, *code)),
                *expected,
                "{status} {code:?}"
            );
        }
    }

    #[test]
    fn the_number_of_retries_is_a_limit() {
        for (max_retries, attempts) in [(0, 1), (1, 2), (2, 3), (5, 6)] {
            let limits = Limits {
                max_retries,
                ..LIMITS
            };
            let stops =
                |made| decide(made, Outcome::NotSent, Class::Read, limits) == Decision::Stop;
            assert!(stops(attempts));
            assert!(!(1..attempts).any(stops));
        }
    }

    #[test]
    fn the_server_says_how_long_and_whether() {
        let asked = |seconds| {
            Outcome::Responded(Signals {
                retry_after: Some(Duration::from_secs(seconds)),
                ..signals(429, None)
            })
        };
        for class in [Class::Read, Class::Idempotent, Class::NonIdempotent] {
            for seconds in [0, 1, 60] {
                assert_eq!(
                    decide(1, asked(seconds), class, LIMITS),
                    Decision::Repeat {
                        after: Some(Duration::from_secs(seconds))
                    }
                );
            }
            assert_eq!(decide(1, asked(61), class, LIMITS), Decision::Stop);
            for status in [408, 429, 500, 503] {
                let outcome = Outcome::Responded(Signals {
                    forbids: true,
                    ..signals(status, None)
                });
                assert_eq!(decide(1, outcome, class, LIMITS), Decision::Stop);
            }
        }
    }

    #[test]
    fn a_keyed_operation_without_its_key_counts_each_time() {
        let keyed = Repeat::keyed(None, Some("/message/idempotency_key"));
        assert_eq!(Class::of(keyed, true), Class::Idempotent);
        assert_eq!(Class::of(keyed, false), Class::NonIdempotent);
        for has_key in [false, true] {
            assert_eq!(Class::of(Repeat::Read, has_key), Class::Read);
            assert_eq!(Class::of(Repeat::Idempotent, has_key), Class::Idempotent);
            assert_eq!(Class::of(Repeat::Once, has_key), Class::NonIdempotent);
        }
    }
}
