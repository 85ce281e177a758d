//! Objects: what a generated struct needs beside its definition.

/// Gives a struct its constructor, setters, `Debug`, serde and `Fit`.
///
/// Each line names a field, its setter, its type without `Option` or `Nullable`, its name on the
/// wire and its kind:
///
/// - `required`: must be there.
/// - `optional`: an `Option`; may be missing or null, and is left out when `None`.
/// - `sent`: an `Option`; `new` takes it, since requests have it, and responses leave it out.
/// - `nullable`: an `Option`; must be there but may be null, and is written as null when `None`.
/// - `patch`: a `Nullable`; missing and null mean different things.
///
/// A field that is also `secret` prints as `…` in `Debug`. The name in brackets is a constant
/// that the object carries on the wire and the struct does not hold: the tag of its union.
macro_rules! record {
    (
        $name:ident $([$tag:literal = $tag_value:literal])? $(new $arguments:tt)?
        {$(
            $field:ident, $setter:ident: $type:ty = $wire:literal $kind:ident $($secret:ident)?;
        )*}
    ) => {
        $crate::support::record::constructor! { $name [$($arguments)?] $($field $kind)* }

        impl $name {
            $(
                #[doc = concat!("Sets `", $wire, "`.")]
                #[must_use]
                pub fn $setter(
                    mut self,
                    value: impl Into<$crate::support::record::argument!($kind $type)>,
                ) -> Self {
                    self.$field = $crate::support::record::argument_value!($kind value);
                    self
                }
            )*
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter
                    .debug_struct(stringify!($name))
                    $(.field(
                        stringify!($field),
                        $crate::support::record::shown!(self $field $($secret)?),
                    ))*
                    .finish()
            }
        }

        impl $crate::support::fit::Fit for $name {
            fn misfit(
                value: &serde_json::Value,
                at: $crate::support::fit::At<'_>,
            ) -> Option<$crate::support::fit::Misfit> {
                let Some(_object) = value.as_object() else {
                    return Some(at.misfit("an object", Some(value)));
                };
                None$(.or_else(|| {
                    $crate::support::record::field_misfit!($kind $type, _object, $wire, at)
                }))*
            }
        }

        const _: () = {
            #[allow(non_camel_case_types, reason = "named for the struct's fields")]
            #[derive(Clone, Copy)]
            enum Field {
                $($field,)*
                Other,
            }

            impl<'de> serde::Deserialize<'de> for Field {
                fn deserialize<D: serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Self, D::Error> {
                    struct FieldVisitor;

                    impl serde::de::Visitor<'_> for FieldVisitor {
                        type Value = Field;

                        fn expecting(
                            &self,
                            formatter: &mut std::fmt::Formatter<'_>,
                        ) -> std::fmt::Result {
                            formatter.write_str("a field name")
                        }

                        fn visit_str<E>(self, name: &str) -> Result<Field, E> {
                            Ok(match name {
                                $($wire => Field::$field,)*
                                _ => Field::Other,
                            })
                        }
                    }

                    deserializer.deserialize_identifier(FieldVisitor)
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Self, D::Error> {
                    struct ObjectVisitor;

                    impl<'de> serde::de::Visitor<'de> for ObjectVisitor {
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
                            #[allow(unused_mut, reason = "not every struct has optional fields")]
                            let mut presence = $crate::support::wire::Wire::default();
                            $(let mut $field = None;)*
                            // No field can be called that: the generator writes no name with two underscores.
                            while let Some(found__) = object.next_key::<Field>()? {
                                match found__ {
                                    $(Field::$field => {
                                        if $field.is_some() {
                                            return Err(serde::de::Error::duplicate_field($wire));
                                        }
                                        $field = Some($crate::support::record::read!(
                                            $kind $type, object, presence, found__ as usize
                                        ));
                                    })*
                                    Field::Other => {
                                        object.next_value::<serde::de::IgnoredAny>()?;
                                    }
                                }
                            }
                            Ok($name {
                                $($field: $crate::support::record::take!(
                                    $kind $field, $wire, presence, Field::$field as usize
                                ),)*
                                presence_: presence,
                            })
                        }
                    }

                    deserializer.deserialize_map(ObjectVisitor)
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(
                    &self,
                    serializer: S,
                ) -> Result<S::Ok, S::Error> {
                    use serde::ser::SerializeMap;
                    #[allow(unused_mut, reason = "an object may be without fields")]
                    let mut object = serializer.serialize_map(None)?;
                    $(object.serialize_entry($tag, $tag_value)?;)?
                    $($crate::support::record::write!(
                        $kind self $field, $wire, object, Field::$field as usize
                    );)*
                    object.end()
                }
            }
        };
    };
}

/// The constructor of a struct that can be made in Rust.
macro_rules! constructor {
    ($name:ident [] $($field:ident $kind:ident)*) => {};
    ($name:ident [($($argument:ident: $type:ty),*)] $($field:ident $kind:ident)*) => {
        impl $name {
            #[doc = concat!("Makes a `", stringify!($name), "` of what it cannot be without.")]
            #[allow(clippy::too_many_arguments, reason = "one for each required field")]
            pub fn new($($argument: impl Into<$type>),*) -> Self {
                Self {
                    $($field: $crate::support::record::initial!($kind $field),)*
                    presence_: Default::default(),
                }
            }
        }
    };
}

/// The value of a field in a new struct.
macro_rules! initial {
    (required $field:ident) => {
        $field.into()
    };
    (sent $field:ident) => {
        Some($field.into())
    };
    ($kind:ident $field:ident) => {
        Default::default()
    };
}

/// The type that a setter turns its argument into.
macro_rules! argument {
    (patch $type:ty) => { $crate::support::nullable::Nullable<$type> };
    ($kind:ident $type:ty) => { $type };
}

/// The value that a setter stores.
macro_rules! argument_value {
    (required $value:ident) => {
        $value.into()
    };
    (patch $value:ident) => {
        $value.into()
    };
    ($kind:ident $value:ident) => {
        Some($value.into())
    };
}

/// What `Debug` shows of a field.
macro_rules! shown {
    ($self:ident $field:ident) => {
        &$self.$field
    };
    ($self:ident $field:ident secret) => {
        &format_args!("…")
    };
}

/// The first misfit of a field.
macro_rules! field_misfit {
    (required $type:ty, $object:ident, $wire:literal, $at:ident) => {
        $crate::support::fit::required::<$type>($object, $wire, $at)
    };
    ($kind:ident $type:ty, $object:ident, $wire:literal, $at:ident) => {
        $crate::support::fit::optional::<$type>($object, $wire, $at)
    };
}

/// Reads a field's value.
macro_rules! read {
    (required $type:ty, $object:ident, $presence:ident, $index:expr) => {
        $object.next_value::<$type>()?
    };
    (optional $type:ty, $object:ident, $presence:ident, $index:expr) => {{
        let value = $object.next_value::<Option<$type>>()?;
        if value.is_none() {
            $presence.mark($index);
        }
        value
    }};
    (sent $type:ty, $object:ident, $presence:ident, $index:expr) => {
        $crate::support::record::read!(optional $type, $object, $presence, $index)
    };
    (nullable $type:ty, $object:ident, $presence:ident, $index:expr) => {
        $object.next_value::<Option<$type>>()?
    };
    (patch $type:ty, $object:ident, $presence:ident, $index:expr) => {
        $crate::support::nullable::Nullable::from($object.next_value::<Option<$type>>()?)
    };
}

/// The field's value once the whole object has been read.
macro_rules! take {
    (required $field:ident, $wire:literal, $presence:ident, $index:expr) => {
        $field.ok_or_else(|| serde::de::Error::missing_field($wire))?
    };
    (nullable $field:ident, $wire:literal, $presence:ident, $index:expr) => {
        $field.unwrap_or_else(|| {
            $presence.mark($index);
            None
        })
    };
    ($kind:ident $field:ident, $wire:literal, $presence:ident, $index:expr) => {
        $field.unwrap_or_default()
    };
}

/// Writes a field, or leaves it out.
macro_rules! write {
    (required $self:ident $field:ident, $wire:literal, $object:ident, $index:expr) => {
        $object.serialize_entry($wire, &$self.$field)?;
    };
    (optional $self:ident $field:ident, $wire:literal, $object:ident, $index:expr) => {
        if $self.$field.is_some() || $self.presence_.is_marked($index) {
            $object.serialize_entry($wire, &$self.$field)?;
        }
    };
    (sent $self:ident $field:ident, $wire:literal, $object:ident, $index:expr) => {
        $crate::support::record::write!(optional $self $field, $wire, $object, $index)
    };
    (nullable $self:ident $field:ident, $wire:literal, $object:ident, $index:expr) => {
        if $self.$field.is_some() || !$self.presence_.is_marked($index) {
            $object.serialize_entry($wire, &$self.$field)?;
        }
    };
    (patch $self:ident $field:ident, $wire:literal, $object:ident, $index:expr) => {
        if !$self.$field.is_unset() {
            $object.serialize_entry($wire, &$self.$field)?;
        }
    };
}

pub(crate) use {
    argument, argument_value, constructor, field_misfit, initial, read, record, shown, take, write,
};

#[cfg(test)]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the macro writes what a public type needs"
)]
mod tests {
    use crate::support::wire::Wire;

    #[derive(Clone, PartialEq)]
    struct Account {
        name: String,
        password: Option<String>,
        presence_: Wire<1>,
    }

    record! {
        Account new(name: String, password: String) {
            name, with_name: String = "name" required;
            password, with_password: String = "password" sent;
        }
    }

    #[test]
    fn what_only_requests_have_is_taken_by_new_and_may_lack_in_responses() {
        let sent = Account::new("a", "b");
        let text = serde_json::to_string(&sent).expect("it is written");
        assert_eq!(text, r#"{"name":"a","password":"b"}"#);
        for text in [r#"{"name":"a"}"#, r#"{"name":"a","password":null}"#] {
            let received: Account = serde_json::from_str(text).expect("a response");
            assert_eq!(received.password, None);
            assert_eq!(
                serde_json::to_string(&received).expect("it is written"),
                text
            );
        }
        assert_eq!(sent.with_password("c").password.as_deref(), Some("c"));
    }
}
