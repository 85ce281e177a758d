//! Why a request could not be built.

use std::fmt;

/// A parameter that keeps a request from being sent, and why.
///
/// It never holds the value, which may be a phone number or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) parameter: &'static str,
    pub(crate) reason: Reason,
}

/// What is wrong with a parameter.
#[allow(
    dead_code,
    reason = "which of them setters leave is up to the API document"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    NotSet,
    NotConverted,
    NotScalar,
    Empty,
    DotSegment,
    NotInPath,
    NotHeaderText,
    NotJson,
    NotObject,
    NotPath,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::NotSet => "was not set",
            Reason::NotConverted => "was set to a value that does not convert to its type",
            Reason::NotScalar => "is neither text nor a number nor a boolean",
            Reason::Empty => "is empty",
            Reason::DotSegment => "is `.` or `..`, which would change the path",
            Reason::NotInPath => "does not match the path of the operation",
            Reason::NotHeaderText => "has characters that a header cannot carry",
            Reason::NotJson => "cannot be written as JSON",
            Reason::NotObject => "is no JSON object, so that no field can be added",
            Reason::NotPath => {
                "is no path: it starts with one slash and has no query, fragment or dot segment"
            }
        };
        write!(formatter, "`{}` {reason}", self.parameter)
    }
}
