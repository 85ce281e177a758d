//! Reading JSON into a type, with errors that may be logged.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::fit::{At, Fit, Misfit};

/// JSON that is nested deeper than serde_json reads.
pub(crate) const TOO_DEEP: &str = "nested too deeply to be read";

/// JSON that is sound by its grammar, and holds what no type can.
pub(crate) const UNREADABLE: &str = "a number is out of range, or a text holds half a character";

/// How deep serde_json reads.
const DEPTH_LIMIT: usize = 127;

/// JSON that could not be read into a type.
///
/// Says where and what kind was expected, never what stood there.
#[derive(Clone, PartialEq, Eq)]
pub struct DecodeError(Problem);

#[derive(Clone, PartialEq, Eq)]
enum Problem {
    NotUtf8 {
        at: usize,
    },
    NotJson {
        line: usize,
        column: usize,
        end: bool,
    },
    TooDeep,
    Unreadable {
        line: usize,
        column: usize,
    },
    Misfit(Misfit),
    Repeated {
        line: usize,
        column: usize,
    },
}

impl DecodeError {
    /// Where the value does not fit, where the text is JSON but of another shape.
    pub fn misfit(&self) -> Option<&Misfit> {
        match &self.0 {
            Problem::Misfit(misfit) => Some(misfit),
            _ => None,
        }
    }

    /// Whether the text is not JSON at all, or breaks off.
    pub fn is_syntax(&self) -> bool {
        matches!(self.0, Problem::NotUtf8 { .. } | Problem::NotJson { .. })
    }

    pub(crate) fn not_utf8(error: std::str::Utf8Error) -> Self {
        Self(Problem::NotUtf8 {
            at: error.valid_up_to(),
        })
    }

    pub(crate) fn not_json(error: &serde_json::Error) -> Self {
        Self(Problem::NotJson {
            line: error.line(),
            column: error.column(),
            end: error.is_eof(),
        })
    }

    pub(crate) fn wrong(misfit: Misfit) -> Self {
        Self(Problem::Misfit(misfit))
    }

    /// Why reading `text` as a `T` ended in `error`.
    pub(crate) fn explain<T: Fit>(text: &str, error: &serde_json::Error) -> Self {
        match serde_json::from_str::<Value>(text) {
            Ok(value) => match T::misfit(&value, At::Root) {
                Some(misfit) => Self::wrong(misfit),
                // All that a tree of the value does not show: a field that stands twice.
                None => Self(Problem::Repeated {
                    line: error.line(),
                    column: error.column(),
                }),
            },
            // What a tree cannot hold is no fault to a reader that keeps nothing.
            Err(unheld) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
                Ok(_) if is_deep(text) => Self(Problem::TooDeep),
                Ok(_) => Self(Problem::Unreadable {
                    line: unheld.line(),
                    column: unheld.column(),
                }),
                Err(syntax) => Self::not_json(&syntax),
            },
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::NotUtf8 { at } => write!(formatter, "not JSON: no UTF-8 text, at byte {at}"),
            Problem::NotJson { line, column, end } => {
                let what = if *end {
                    "JSON that ends too early"
                } else {
                    "not JSON"
                };
                write!(formatter, "{what}, at line {line} column {column}")
            }
            Problem::TooDeep => formatter.write_str(TOO_DEEP),
            Problem::Unreadable { line, column } => {
                write!(formatter, "{UNREADABLE}, at line {line} column {column}")
            }
            Problem::Misfit(misfit) => misfit.fmt(formatter),
            Problem::Repeated { line, column } => {
                write!(
                    formatter,
                    "a field stands twice, before line {line} column {column}"
                )
            }
        }
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DecodeError({self})")
    }
}

impl std::error::Error for DecodeError {}

/// Whether JSON is nested deeper than serde_json reads.
pub(crate) fn is_deep(json: &str) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    json.bytes().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEPTH_LIMIT
    })
}

/// Reads a value from JSON, with an error that names the place and not the value.
///
/// # Errors
///
/// Text that is not JSON, or JSON that does not fit `T`.
///
/// ```
/// let error = linq_types::decode::<Vec<i64>>(br#"[1, "secret"]"#).unwrap_err();
/// assert_eq!(error.to_string(), "[1]: expected an integer of 64 bits, found a string");
/// ```
pub fn decode<'de, T: Deserialize<'de> + Fit>(json: &'de [u8]) -> Result<T, DecodeError> {
    // One check of the whole text is cheaper than one of each string.
    let text = std::str::from_utf8(json).map_err(DecodeError::not_utf8)?;
    serde_json::from_str(text).map_err(|error| DecodeError::explain::<T>(text, &error))
}
