//! The one place where JSON of the API becomes a type.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// Reads `bytes` as JSON of a `T`.
pub(crate) fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(bytes).map_err(|error| DecodeError {
        line: error.line(),
        column: error.column(),
        category: error.classify(),
    })
}

/// Where and how JSON did not fit.
///
/// It does not keep the message of serde_json, since that quotes values.
#[derive(Debug)]
pub(crate) struct DecodeError {
    line: usize,
    column: usize,
    category: Category,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.category {
            Category::Io => "JSON that could not be read",
            Category::Syntax => "not JSON",
            Category::Data => "JSON of another shape than documented",
            Category::Eof => "JSON that ends too early",
        };
        write!(
            formatter,
            "{what}, at line {} column {}",
            self.line, self.column
        )
    }
}

impl std::error::Error for DecodeError {}

#[cfg(test)]
mod tests {
    use super::json;

    #[test]
    fn an_error_says_where_and_never_which_value() {
        let error = json::<i64>(br#""+12025550101""#).expect_err("a string is no integer");
        assert_eq!(
            error.to_string(),
            "JSON of another shape than documented, at line 1 column 14"
        );
        assert!(!format!("{error:?}").contains("2025550101"));
    }

    #[test]
    fn each_way_to_fail_is_named() {
        let text = |bytes: &[u8]| {
            json::<bool>(bytes)
                .expect_err("none is a boolean")
                .to_string()
        };
        assert_eq!(text(b"<html>"), "not JSON, at line 1 column 1");
        assert_eq!(text(b""), "JSON that ends too early, at line 1 column 0");
        assert_eq!(text(b"tr"), "JSON that ends too early, at line 1 column 2");
    }
}
