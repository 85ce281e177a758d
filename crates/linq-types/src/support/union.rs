//! Enums of objects, chosen by the value of one field.

use std::borrow::Cow;

use serde::de::MapAccess;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::replay::{Held, Key};

/// An object whose tag this version of the crate does not know, kept whole.
///
/// It is written back as it came, so a value that was read can be passed on.
#[derive(Clone, Debug, PartialEq)]
pub struct UnknownObject {
    tag: String,
    object: Map<String, Value>,
}

impl UnknownObject {
    /// The tag's value; empty where the object has none, or none that is a string.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The whole object, its tag included.
    pub fn object(&self) -> &Map<String, Value> {
        &self.object
    }

    /// Takes the whole object out.
    pub fn into_object(self) -> Map<String, Value> {
        self.object
    }
}

impl Serialize for UnknownObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.object.serialize(serializer)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for UnknownObject {
    fn schema_name() -> Cow<'static, str> {
        "UnknownObject".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object" })
    }
}

/// What stands in front of an object's tag, and the tag.
pub(crate) struct Head<'de> {
    /// All entries read so far, the tag's last.
    pub(crate) entries: Vec<(Cow<'de, str>, Held<'de>)>,
    /// Whether the last entry is the tag; otherwise the object is at its end.
    pub(crate) has_tag: bool,
}

impl<'de> Head<'de> {
    /// Reads an object up to and with its tag.
    pub(crate) fn read<A: MapAccess<'de>>(tag: &str, object: &mut A) -> Result<Self, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(key)) = object.next_key::<Key<'de>>()? {
            let has_tag = key == tag;
            entries.push((key, object.next_value::<Held<'de>>()?));
            if has_tag {
                return Ok(Self { entries, has_tag });
            }
        }
        Ok(Self {
            entries,
            has_tag: false,
        })
    }

    /// The tag, where there is one and it is a string.
    pub(crate) fn tag(&self) -> Option<&str> {
        if self.has_tag {
            self.entries.last().and_then(|(_, value)| value.text())
        } else {
            None
        }
    }

    /// Reads the rest of an object with an unknown tag.
    pub(crate) fn into_unknown<A: MapAccess<'de>>(
        self,
        mut rest: A,
    ) -> Result<UnknownObject, A::Error> {
        let tag = self.tag().unwrap_or_default().to_owned();
        let mut object: Map<String, Value> = self
            .entries
            .into_iter()
            .map(|(key, value)| (key.into_owned(), value.into_value()))
            .collect();
        while let Some((key, value)) = rest.next_entry::<String, Value>()? {
            object.insert(key, value);
        }
        Ok(UnknownObject { tag, object })
    }
}

/// Gives an enum of objects and `Unknown(UnknownObject)` its serde, `From` and `Fit`.
macro_rules! union {
    ($name:ident by $tag:literal { $($variant:ident($type:ty) = $wire:literal,)* } from { $($from:ident($from_type:ty),)* }) => {
        impl $name {
            /// Whether this version of the crate does not know the object's tag.
            pub fn is_unknown(&self) -> bool {
                matches!(self, Self::Unknown(_))
            }
        }

        $(impl From<$from_type> for $name {
            fn from(value: $from_type) -> Self {
                Self::$from(value)
            }
        })*

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
                struct UnionVisitor;

                impl<'de> serde::de::Visitor<'de> for UnionVisitor {
                    type Value = $name;

                    fn expecting(
                        &self,
                        formatter: &mut std::fmt::Formatter<'_>,
                    ) -> std::fmt::Result {
                        formatter.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut object: A,
                    ) -> Result<$name, A::Error> {
                        use crate::support::{replay::Replay, union::Head};
                        let head = Head::read($tag, &mut object)?;
                        match head.tag() {
                            $(Some($wire) => {
                                Replay::new(head.entries, object).read().map($name::$variant)
                            })*
                            _ => head.into_unknown(object).map($name::Unknown),
                        }
                    }
                }

                deserializer.deserialize_map(UnionVisitor)
            }
        }

        impl crate::support::fit::Fit for $name {
            fn misfit(
                value: &serde_json::Value,
                at: crate::support::fit::At<'_>,
            ) -> Option<crate::support::fit::Misfit> {
                let Some(object) = value.as_object() else {
                    return Some(at.misfit("an object", Some(value)));
                };
                match object.get($tag).and_then(serde_json::Value::as_str) {
                    $(Some($wire) => <$type as crate::support::fit::Fit>::misfit(value, at),)*
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use union;
