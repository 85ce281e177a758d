//! What a handler returns when it fails.

use std::error::Error;
use std::fmt;

use linq_types::Permanent;

/// Why a handler failed, and whether it is worth another try.
///
/// `?` makes one of any error, and of a message. It is *permanent* if [`Permanent`] is anywhere in the chain of
/// sources, as in errors of `linq-ext` that no retry will mend, or if it was made with
/// [`permanent`](Self::permanent). A permanent failure is logged and given up; after any other, Linq delivers the
/// event again.
///
/// It is not an [`Error`] itself, so that every error converts to it.
///
/// ```
/// use linq_webhook::HandlerError;
///
/// async fn handle(text: &str) -> Result<(), HandlerError> {
///     let amount: u32 = text.parse().map_err(HandlerError::permanent)?; // no retry will mend it
///     std::fs::write("/tmp/amount", amount.to_string())?; // may work the next time
///     Ok(())
/// }
/// ```
pub struct HandlerError {
    error: Box<dyn Error + Send + Sync>,
    is_permanent: bool,
}

impl HandlerError {
    /// Makes a permanent failure.
    pub fn permanent(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            error: error.into(),
            is_permanent: true,
        }
    }

    /// Returns true if no retry will help.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        self.is_permanent
    }

    /// Returns the error of the handler.
    #[must_use]
    pub fn get_ref(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.error
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for HandlerError {
    fn from(error: E) -> Self {
        let error = error.into();
        Self {
            is_permanent: Permanent::is_in(&*error),
            error,
        }
    }
}

/// The error and its sources, separated by colons.
impl fmt::Display for HandlerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Chain(&*self.error).fmt(formatter)
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HandlerError")
            .field("error", &self.error)
            .field("is_permanent", &self.is_permanent)
            .finish()
    }
}

/// An error with all its sources.
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(formatter, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
