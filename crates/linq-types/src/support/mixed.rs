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

#[cfg(test)]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the macro writes what a public type needs"
)]
mod tests {
    use serde_json::{Value, json};

    use crate::support::fit::{At, Fit};

    #[derive(Clone, Debug, PartialEq)]
    enum Either {
        Text(String),
        Number(i64),
        List(Vec<Self>),
        Unknown(Value),
    }

    mixed! {
        Either {
            is_string Text(String),
            is_number Number(i64),
            is_array List(Vec<Either>),
        } from &str as Text
    }

    #[test]
    fn the_kind_chooses_the_variant_and_every_value_is_written_back() {
        for (value, expected) in [
            (json!("a"), Either::from("a")),
            (json!(1), Either::from(1)),
            (json!(["a", 1]), Either::from(vec!["a".into(), 1.into()])),
            // Of a known kind, and not of its type; of no known kind.
            (json!(1.5), Either::Unknown(json!(1.5))),
            (json!({ "a": null }), Either::Unknown(json!({ "a": null }))),
            (json!(null), Either::Unknown(json!(null))),
        ] {
            let text = value.to_string();
            let read: Either = serde_json::from_str(&text).expect("any value is read");
            assert_eq!(read, expected);
            assert_eq!(read.is_unknown(), matches!(read, Either::Unknown(_)));
            assert_eq!(serde_json::to_string(&read).expect("it is written"), text);
            assert_eq!(Either::misfit(&value, At::Root), None);
        }
    }
}
