//! Enums of values of several JSON kinds, such as a string or an object.

/// Gives an enum of values of several JSON kinds and `Unknown(Value)` its serde, `From` and `Fit`.
///
/// Each line names the test for the kind, a method of `Value`. A value of another kind, or one
/// that does not match the type of its kind, is kept as it came.
#[allow(
    unused_macros,
    reason = "not every document has values of several kinds"
)]
macro_rules! mixed {
    ($name:ident { $($is_kind:ident $variant:ident($type:ty),)* } $(from &str as $text:ident)?) => {
        impl $name {
            /// Whether the value is of a kind that this version of the crate does not know, or does
            /// not match its type.
            pub fn is_unknown(&self) -> bool {
                matches!(self, Self::Unknown(_))
            }
        }

        $(impl From<$type> for $name {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        })*

        $(impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::$text(value.into())
            }
        })?

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(value) => value.serialize(serializer),)*
                    Self::Unknown(value) => value.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = <serde_json::Value as serde::Deserialize>::deserialize(deserializer)?;
                $(if value.$is_kind()
                    && let Ok(known) = <$type as serde::Deserialize>::deserialize(&value)
                {
                    return Ok(Self::$variant(known));
                })*
                Ok(Self::Unknown(value))
            }
        }

        impl crate::support::fit::Fit for $name {
            fn misfit(
                _value: &serde_json::Value,
                _at: crate::support::fit::At<'_>,
            ) -> Option<crate::support::fit::Misfit> {
                None
            }
        }
    };
}

#[allow(
    unused_imports,
    reason = "not every document has values of several kinds"
)]
pub(crate) use mixed;
