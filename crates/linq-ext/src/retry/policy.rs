//! Whether a request is sent once more: a pure function, without clock and network.

use std::time::Duration;

use linq_client::Repeat;
use linq_client::reqwest::StatusCode;

use crate::ErrorCode;

/// What sending a request a second time can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing: it only reads.
    Read,
    /// Nothing that the first time has not done: PUT, DELETE, mark read, typing, or a key goes with it.
    Idempotent,
    /// A second message, or whatever the operation makes.
    Once,
}

impl Class {
    /// The class of a request of an operation, which may carry an idempotency key.
    pub(crate) fn of(repeat: Repeat, has_key: bool) -> Self {
        match repeat {
            Repeat::Read => Self::Read,
            Repeat::Idempotent => Self::Idempotent,
            Repeat::Keyed { .. } if has_key => Self::Idempotent,
            // A class that is added later is not repeated until somebody has thought about it.
            _ => Self::Once,
        }
    }
}

/// What became of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The server has seen nothing of it: no connection came about, or it refused the stream.
    NotSent,
    /// Something may have been sent, and no answer came.
    Lost,
    /// A status of 2xx came, and its body broke off.
    BrokenOff,
    /// An answer came.
    Answered(Answer),
    /// The request could not be made, or a hook refused it.
    Refused,
}

impl Outcome {
    /// How long the server wants to be left alone.
    pub(crate) fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Answered(answer) => answer.retry_after,
            _ => None,
        }
    }
}

/// What an answer says about repeating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Linq's code in the body.
    pub(crate) code: Option<ErrorCode>,
    /// The header `x-should-retry: false`.
    pub(crate) forbids: bool,
    /// How long the server wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The call ends with this outcome.
    Stop,
    /// One more attempt, after the time that the server asks for, or else the backoff.
    Repeat { after: Option<Duration> },
    /// The call ends, and has done what it should.
    Done,
}

/// How often and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) max_retries: u32,
    /// Longest pause that is made because the server asks for it.
    pub(crate) max_retry_after: Duration,
}

/// What is known about a request before its next attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempts {
    /// How many were made; at least one.
    pub(crate) made: u32,
    /// True if one before the last may have reached the server.
    pub(crate) may_have_arrived: bool,
}

/// Decides what comes after an attempt.
pub(crate) fn decide(
    attempts: Attempts,
    outcome: Outcome,
    class: Class,
    is_delete: bool,
    limits: Limits,
) -> Decision {
    if is_delete && attempts.may_have_arrived && is_gone(outcome) {
        return Decision::Done;
    }
    if attempts.made > limits.max_retries || !may_repeat(outcome, class) {
        return Decision::Stop;
    }
    match outcome {
        Outcome::Answered(Answer { retry_after, .. }) => match retry_after {
            Some(after) if after > limits.max_retry_after => Decision::Stop,
            after => Decision::Repeat { after },
        },
        _ => Decision::Repeat { after: None },
    }
}

/// True if another attempt can succeed, and cannot do anything twice.
pub(crate) fn may_repeat(outcome: Outcome, class: Class) -> bool {
    is_transient(outcome) && is_safe(outcome, class)
}

/// True if the cause passes by itself.
fn is_transient(outcome: Outcome) -> bool {
    match outcome {
        Outcome::NotSent | Outcome::Lost | Outcome::BrokenOff => true,
        Outcome::Answered(answer) => !answer.forbids && is_transient_answer(answer),
        Outcome::Refused => false,
    }
}

/// True if another attempt does nothing twice.
fn is_safe(outcome: Outcome, class: Class) -> bool {
    match (outcome, class) {
        // What the server has taken is never sent again.
        (Outcome::BrokenOff, class) => class == Class::Read,
        (_, Class::Read | Class::Idempotent) | (Outcome::NotSent, _) => true,
        (Outcome::Answered(answer), Class::Once) => answer.status == StatusCode::TOO_MANY_REQUESTS,
        (Outcome::Lost | Outcome::Refused, Class::Once) => false,
    }
}

/// Linq's code decides where it is known, and the status where it is not.
fn is_transient_answer(answer: Answer) -> bool {
    let Answer { status, code, .. } = answer;
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

/// True if the answer says that what was to be deleted is not there.
fn is_gone(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Answered(Answer { status: StatusCode::NOT_FOUND, code, .. })
            if code != Some(ErrorCode::AttachmentNotReady)
    )
}

/// True if the server may have acted on the attempt.
pub(crate) fn may_have_arrived(outcome: Outcome) -> bool {
    match outcome {
        Outcome::NotSent | Outcome::Refused => false,
        Outcome::Lost | Outcome::BrokenOff => true,
        Outcome::Answered(answer) => {
            answer.status.is_server_error() || answer.status == StatusCode::REQUEST_TIMEOUT
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use linq_client::Repeat;
    use linq_client::reqwest::StatusCode;

    use super::{Answer, Attempts, Class, Decision, Limits, Outcome, decide, may_have_arrived};
    use crate::ErrorCode;

    const LIMITS: Limits = Limits {
        max_retries: 2,
        max_retry_after: Duration::from_secs(60),
    };

    const FIRST: Attempts = Attempts {
        made: 1,
        may_have_arrived: false,
    };

    fn answer(status: u16, code: Option<i64>) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            code: code.map(ErrorCode::from),
            forbids: false,
            retry_after: None,
        }
    }

    fn answered(status: u16, code: Option<i64>) -> Outcome {
        Outcome::Answered(answer(status, code))
    }

    /// Whether each class repeats after an outcome: reads, idempotent ones, the others.
    fn repeats(outcome: Outcome) -> [bool; 3] {
        [Class::Read, Class::Idempotent, Class::Once].map(|class| {
            match decide(FIRST, outcome, class, false, LIMITS) {
                Decision::Repeat { after } => {
                    assert_eq!(after, None);
                    true
                }
                Decision::Stop => false,
                Decision::Done => panic!("nothing was deleted"),
            }
        })
    }

    const ALL: [bool; 3] = [true, true, true];
    const SAFE: [bool; 3] = [true, true, false];
    const READ: [bool; 3] = [true, false, false];
    const NONE: [bool; 3] = [false, false, false];

    #[test]
    fn what_repeats_without_an_answer() {
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
                repeats(answered(*status, *code)),
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
            let stops = |made| {
                let attempts = Attempts { made, ..FIRST };
                decide(attempts, Outcome::NotSent, Class::Read, false, limits) == Decision::Stop
            };
            assert!(stops(attempts));
            assert!(!(1..attempts).any(stops));
        }
    }

    #[test]
    fn the_server_says_how_long_and_whether() {
        let asked = |seconds| {
            Outcome::Answered(Answer {
                retry_after: Some(Duration::from_secs(seconds)),
                ..answer(429, None)
            })
        };
        for class in [Class::Read, Class::Idempotent, Class::Once] {
            for seconds in [0, 1, 60] {
                assert_eq!(
                    decide(FIRST, asked(seconds), class, false, LIMITS),
                    Decision::Repeat {
                        after: Some(Duration::from_secs(seconds))
                    }
                );
            }
            assert_eq!(
                decide(FIRST, asked(61), class, false, LIMITS),
                Decision::Stop
            );
            for status in [408, 429, 500, 503] {
                let outcome = Outcome::Answered(Answer {
                    forbids: true,
                    ..answer(status, None)
                });
                assert_eq!(decide(FIRST, outcome, class, false, LIMITS), Decision::Stop);
            }
        }
    }

    #[test]
    fn a_delete_of_what_is_gone_is_done() {
        let again = Attempts {
            made: 2,
            may_have_arrived: true,
        };
        let decide = |attempts, outcome, is_delete| {
            decide(attempts, outcome, Class::Idempotent, is_delete, LIMITS)
        };
        let gone = answered(404, Some(2002));
        assert_eq!(decide(again, gone, true), Decision::Done);
        assert_eq!(decide(again, answered(404, None), true), Decision::Done);
        assert_eq!(
            decide(Attempts { made: 3, ..again }, gone, true),
            Decision::Done
        );
        assert_eq!(decide(again, gone, false), Decision::Stop);
        assert_eq!(decide(FIRST, gone, true), Decision::Stop);
        assert_eq!(
            decide(Attempts { made: 2, ..FIRST }, gone, true),
            Decision::Stop
        );
        assert_eq!(decide(again, answered(403, None), true), Decision::Stop);
        let not_ready = answered(404, Some(2007));
        assert_eq!(
            decide(again, not_ready, true),
            Decision::Repeat { after: None }
        );
    }

    #[test]
    fn what_may_have_arrived() {
        assert!(may_have_arrived(Outcome::Lost));
        assert!(may_have_arrived(Outcome::BrokenOff));
        assert!(!may_have_arrived(Outcome::NotSent));
        for (status, expected) in [
            (408, true),
            (500, true),
            (504, true),
            (429, false),
            (409, false),
            (404, false),
        ] {
            assert_eq!(
                may_have_arrived(answered(status, None)),
                expected,
                "{status}"
            );
        }
    }

    #[test]
    fn a_keyed_operation_without_its_key_counts_each_time() {
        let keyed = Repeat::keyed(None, Some("/message/idempotency_key"));
        assert_eq!(Class::of(keyed, true), Class::Idempotent);
        assert_eq!(Class::of(keyed, false), Class::Once);
        for has_key in [false, true] {
            assert_eq!(Class::of(Repeat::Read, has_key), Class::Read);
            assert_eq!(Class::of(Repeat::Idempotent, has_key), Class::Idempotent);
            assert_eq!(Class::of(Repeat::Once, has_key), Class::Once);
        }
    }
}
