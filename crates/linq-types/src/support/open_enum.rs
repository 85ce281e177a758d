//! Enums of strings or integers that keep the values they do not know.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// A value that none of the known values of the enum `E` equals, kept as it came.
///
/// Made only by the enum itself, and of use to no other enum, so it never holds a known value.
pub struct Unrecognized<E, V = String>(V, PhantomData<fn() -> E>);

impl<E, V> Unrecognized<E, V> {
    pub(crate) fn new(value: V) -> Self {
        Self(value, PhantomData)
    }
}

impl<E> Unrecognized<E> {
    /// The value as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<E> Unrecognized<E, i64> {
    /// Returns the value as it came.
    pub fn get(&self) -> i64 {
        self.0
    }
}

// By hand, since derives would ask of the enum what they are to give it.

impl<E, V: Clone> Clone for Unrecognized<E, V> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl<E, V: PartialEq> PartialEq for Unrecognized<E, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<E, V: Eq> Eq for Unrecognized<E, V> {}

impl<E, V: Ord> PartialOrd for Unrecognized<E, V> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E, V: Ord> Ord for Unrecognized<E, V> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<E, V: Hash> Hash for Unrecognized<E, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<E, V: fmt::Debug> fmt::Debug for Unrecognized<E, V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<E> fmt::Display for Unrecognized<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// Gives an enum of known strings and `Unknown(Unrecognized<Self>)` its conversions, serde and `Fit`.
macro_rules! open_enum {
    ($name:ident { $($variant:ident = $wire:literal,)* }) => {
        impl $name {
            /// The values that this version of the crate knows, in the document's order.
            pub const KNOWN: &'static [&'static str] = &[$($wire),*];

            /// The value as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Unknown(value) => value.as_str(),
                }
            }

            /// Whether this version of the crate does not know the value.
            pub fn is_unknown(&self) -> bool {
                matches!(self, Self::Unknown(_))
            }

            fn known(value: &str) -> Option<Self> {
                match value {
                    $($wire => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                Self::known(value).unwrap_or_else(|| {
                    Self::Unknown(crate::support::open_enum::Unrecognized::new(value.to_owned()))
                })
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::known(&value).unwrap_or_else(|| {
                    Self::Unknown(crate::support::open_enum::Unrecognized::new(value))
                })
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(value))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(
                    crate::support::open_enum::TextVisitor(std::marker::PhantomData),
                )
            }
        }

        impl crate::support::fit::Fit for $name {
            fn misfit(
                value: &serde_json::Value,
                at: crate::support::fit::At<'_>,
            ) -> Option<crate::support::fit::Misfit> {
                <String as crate::support::fit::Fit>::misfit(value, at)
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::support::schema::open_enum(Self::KNOWN)
            }
        }
    };
}

/// Gives an enum of known integers and `Unknown(Unrecognized<Self, i64>)` its conversions, serde
/// and `Fit`.
#[allow(unused_macros, reason = "not every document has enums of integers")]
macro_rules! open_integer {
    ($name:ident { $($variant:ident = $value:literal,)* }) => {
        impl $name {
            /// The values that this version of the crate knows, in the document's order.
            pub const KNOWN: &'static [i64] = &[$($value),*];

            /// Returns the value as it stands on the wire.
            pub fn get(&self) -> i64 {
                match self {
                    $(Self::$variant => $value,)*
                    Self::Unknown(value) => value.get(),
                }
            }

            /// Whether this version of the crate does not know the value.
            pub fn is_unknown(&self) -> bool {
                matches!(self, Self::Unknown(_))
            }
        }

        impl From<i64> for $name {
            fn from(value: i64) -> Self {
                match value {
                    $($value => Self::$variant,)*
                    _ => Self::Unknown(crate::support::open_enum::Unrecognized::new(value)),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.get(), formatter)
            }
        }

        impl PartialEq<i64> for $name {
            fn eq(&self, other: &i64) -> bool {
                self.get() == *other
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.get())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <i64 as serde::Deserialize>::deserialize(deserializer).map(Self::from)
            }
        }

        impl crate::support::fit::Fit for $name {
            fn misfit(
                value: &serde_json::Value,
                at: crate::support::fit::At<'_>,
            ) -> Option<crate::support::fit::Misfit> {
                <i64 as crate::support::fit::Fit>::misfit(value, at)
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                crate::support::schema::open_integer(Self::KNOWN)
            }
        }
    };
}

pub(crate) use open_enum;
#[allow(unused_imports, reason = "not every document has enums of integers")]
pub(crate) use open_integer;

/// Reads any string into a type made from one.
pub(crate) struct TextVisitor<T>(pub(crate) std::marker::PhantomData<T>);

impl<T> serde::de::Visitor<'_> for TextVisitor<T>
where
    T: From<String> + for<'a> From<&'a str>,
{
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<T, E> {
        Ok(T::from(value))
    }
}

#[cfg(test)]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the macro writes what a public type needs"
)]
mod tests {
    use super::Unrecognized;

    #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    enum Level {
        Low,
        High,
        Unknown(Unrecognized<Self, i64>),
    }

    open_integer! {
        Level {
            Low = -1,
            High = 2,
        }
    }

    #[test]
    fn integers_that_are_not_known_are_kept() {
        for (text, known) in [
            ("-1", Some(Level::Low)),
            ("2", Some(Level::High)),
            ("3", None),
        ] {
            let level: Level = serde_json::from_str(text).expect("an integer");
            assert_eq!(level.is_unknown(), known.is_none());
            if let Some(known) = known {
                assert_eq!(level, known);
            }
            assert_eq!(serde_json::to_string(&level).expect("it is written"), text);
            assert_eq!(level.to_string(), text);
        }
        assert_eq!(Level::from(2), Level::High);
        assert_eq!(Level::from(7), 7);
        assert_eq!(Level::KNOWN, [-1, 2]);
        for text in ["\"2\"", "2.5", "null"] {
            assert!(serde_json::from_str::<Level>(text).is_err());
        }
    }
}
