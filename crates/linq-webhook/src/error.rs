//! Why a delivery was refused.

use std::fmt;
use std::time::Duration;

use http::HeaderName;

/// Why a delivery was refused: the first check that failed.
///
/// The checks are made in this order: headers, time, signature. Nothing in here tells what the right signature
/// would have been, and nothing repeats what a header held, so it may be logged. Answer 401.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// A header is not there.
    MissingHeader {
        /// Its name, in lower case.
        header: &'static str,
    },
    /// A header stands there more than once, be it with the same value.
    RepeatedHeader {
        /// Its name, in lower case.
        header: &'static str,
    },
    /// A header is empty, is not visible ASCII, or does not have the form it should.
    MalformedHeader {
        /// Its name, in lower case.
        header: &'static str,
    },
    /// Only the headers of the legacy scheme are there, and
    /// [`accept_legacy`](crate::Verifier::accept_legacy) was not asked for.
    LegacyNotAccepted,
    /// The delivery was sent longer ago than the tolerance allows.
    TooOld {
        /// How long ago it was sent.
        age: Duration,
    },
    /// The delivery says it was sent later than now, by more than the tolerance allows.
    TooNew {
        /// How much later; [`Duration::MAX`] if it is later than this system can tell.
        ahead: Duration,
    },
    /// There are signatures, and none is of a version known here (`v1`).
    UnsupportedVersion,
    /// No signature fits the delivery with any of the secrets: another secret signed it, or the id, the time or
    /// the body was changed on the way.
    WrongSignature,
}

impl VerifyError {
    pub(super) fn malformed(name: &'static HeaderName) -> Self {
        let header = name.as_str();
        Self::MalformedHeader { header }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingHeader { header } => write!(formatter, "the header {header} is missing"),
            Self::RepeatedHeader { header } => {
                write!(formatter, "the header {header} is there more than once")
            }
            Self::MalformedHeader { header } => write!(formatter, "the header {header} is malformed"),
            Self::LegacyNotAccepted => formatter.write_str(
                "only the headers of the legacy scheme are there, which the verifier was not told to accept",
            ),
            Self::TooOld { age } => write!(
                formatter,
                "the delivery was sent {} s ago, longer than is tolerated: it is replayed, or a clock is wrong",
                age.as_secs()
            ),
            Self::TooNew { ahead } => write!(
                formatter,
                "the delivery was sent {} s in the future, more than is tolerated: a clock is wrong",
                ahead.as_secs()
            ),
            Self::UnsupportedVersion => {
                formatter.write_str("none of the signatures is of the version v1")
            }
            Self::WrongSignature => formatter.write_str(
                "no signature fits: another secret signed the delivery, or it was changed on the way",
            ),
        }
    }
}

impl std::error::Error for VerifyError {}
