//! The mark of an error that no retry mends.

use std::error::Error;
use std::fmt;

/// An error that will occur again however often the operation is retried.
///
/// Whoever retries looks for it with [`is_in`](Self::is_in), anywhere in the chain of
/// [sources](Error::source), and gives up. Its text is that of the error it wraps.
///
/// ```
/// use linq_types::Permanent;
///
/// fn parse(text: &str) -> Result<u32, Permanent> {
///     text.parse().map_err(Permanent::new)
/// }
/// let error = parse("seven").unwrap_err();
/// assert!(Permanent::is_in(&error));
/// assert_eq!(error.to_string(), "invalid digit found in string");
/// ```
#[derive(Debug)]
pub struct Permanent(Mark);

/// Stands behind [`Permanent`] in the chain, since some error types hide their outermost error
/// from a downcast and show only its sources.
#[derive(Debug)]
struct Mark(Box<dyn Error + Send + Sync>);

impl Permanent {
    /// Marks an error, or a message, as permanent.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Mark(error.into()))
    }

    /// Returns true if the error, or any of its sources, is marked as permanent.
    pub fn is_in(error: &(dyn Error + 'static)) -> bool {
        let mut error = Some(error);
        while let Some(current) = error {
            if current.is::<Self>() || current.is::<Mark>() {
                return true;
            }
            error = current.source();
        }
        false
    }

    /// Returns the wrapped error.
    pub fn get_ref(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0.0
    }
}

impl fmt::Display for Permanent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.0.fmt(formatter)
    }
}

impl Error for Permanent {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no retry will help")
    }
}

impl Error for Mark {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
