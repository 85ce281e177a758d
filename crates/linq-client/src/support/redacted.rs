//! `Debug` of builders: which parameters are set, and never to what.

use std::fmt::{self, DebugStruct, Formatter};

use super::parameters::Reason;

/// Writes the `Debug` of a builder, whose values may be texts and phone numbers.
pub(crate) struct Redacted<'a, 'f>(DebugStruct<'a, 'f>);

#[allow(
    dead_code,
    reason = "which kinds of parameters there are depends on the API document"
)]
impl<'a, 'f> Redacted<'a, 'f> {
    pub(crate) fn new(formatter: &'a mut Formatter<'f>, name: &str) -> Self {
        Self(formatter.debug_struct(name))
    }

    pub(crate) fn required<T>(mut self, name: &str, value: &Result<T, Reason>) -> Self {
        match value {
            Ok(_) => self.field(name, "set"),
            Err(Reason::NotSet) => {}
            Err(_) => self.field(name, "invalid"),
        }
        self
    }

    pub(crate) fn optional<T>(mut self, name: &str, value: &Result<Option<T>, Reason>) -> Self {
        match value {
            Ok(Some(_)) => self.field(name, "set"),
            Ok(None) => {}
            Err(_) => self.field(name, "invalid"),
        }
        self
    }

    pub(crate) fn finish(mut self) -> fmt::Result {
        self.0.finish_non_exhaustive()
    }

    fn field(&mut self, name: &str, state: &str) {
        self.0.field(name, &format_args!("{state}"));
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::{Reason, Redacted};

    struct Builder {
        handle: Result<&'static str, Reason>,
        limit: Result<Option<i64>, Reason>,
    }

    impl fmt::Debug for Builder {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            Redacted::new(formatter, "Builder")
                .required("handle", &self.handle)
                .optional("limit", &self.limit)
                .finish()
        }
    }

    #[test]
    fn debug_says_what_is_set_and_never_to_what() {
        for (handle, limit, expected) in [
            (Err(Reason::NotSet), Ok(None), "Builder { .. }"),
            (
                Ok("+12025550101"),
                Ok(Some(50)),
                "Builder { handle: set, limit: set, .. }",
            ),
            (
                Err(Reason::NotConverted),
                Err(Reason::NotConverted),
                "Builder { handle: invalid, limit: invalid, .. }",
            ),
        ] {
            assert_eq!(format!("{:?}", Builder { handle, limit }), expected);
        }
    }
}
