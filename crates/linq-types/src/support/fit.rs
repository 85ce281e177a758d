//! Where, and in what kind, a JSON value does not fit a type.
//!
//! Messages of serde name the offending value, which here may be a person's words or number.
//! So after a failure the value is walked once more, type in hand, to say the path and the kinds
//! and nothing else. This costs nothing while things go well.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Where a JSON value does not fit a type: the path, and the kinds expected and found.
///
/// It holds no value of the document, so it may be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    path: String,
    expected: &'static str,
    found: &'static str,
}

impl Misfit {
    /// The path of the place, such as `data.parts[0].value`; empty for the whole value.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The kind that the type wants there, such as `a string`.
    pub fn expected(&self) -> &'static str {
        self.expected
    }

    /// The kind that stands there, such as `a number` or `nothing`.
    pub fn found(&self) -> &'static str {
        self.found
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            "the value"
        } else {
            &self.path
        };
        write!(
            formatter,
            "{path}: expected {}, found {}",
            self.expected, self.found
        )
    }
}

/// A place in the value, linked to the place around it.
#[derive(Clone, Copy)]
pub enum At<'a> {
    /// The whole value.
    Root,
    /// A field of the object at the other place.
    Field(&'a At<'a>, &'a str),
    /// An item of the array at the other place.
    Item(&'a At<'a>, usize),
}

impl At<'_> {
    /// The misfit at this place.
    pub fn misfit(&self, expected: &'static str, found: Option<&Value>) -> Misfit {
        Misfit {
            path: self.to_string(),
            expected,
            found: found.map_or("nothing", kind),
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(At::Root, name) => formatter.write_str(name),
            Self::Field(parent, name) => write!(formatter, "{parent}.{name}"),
            Self::Item(parent, index) => write!(formatter, "{parent}[{index}]"),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A type that can say where a JSON value does not fit it.
///
/// Every type of this crate does, and those its fields are made of.
pub trait Fit {
    /// The first place where `value` does not fit, if there is one.
    fn misfit(value: &Value, at: At<'_>) -> Option<Misfit>;
}

/// The first misfit of a field that must be there.
pub(crate) fn required<T: Fit>(
    object: &Map<String, Value>,
    name: &'static str,
    at: At<'_>,
) -> Option<Misfit> {
    let place = At::Field(&at, name);
    match object.get(name) {
        Some(value) => T::misfit(value, place),
        None => Some(place.misfit("a value", None)),
    }
}

/// The first misfit of a field that may be missing or null.
pub(crate) fn optional<T: Fit>(
    object: &Map<String, Value>,
    name: &'static str,
    at: At<'_>,
) -> Option<Misfit> {
    object
        .get(name)
        .and_then(|value| Option::<T>::misfit(value, At::Field(&at, name)))
}

macro_rules! fit {
    ($($type:ty, $expected:literal, $value:ident => $fits:expr;)*) => {$(
        impl Fit for $type {
            fn misfit($value: &Value, at: At<'_>) -> Option<Misfit> {
                (!$fits).then(|| at.misfit($expected, Some($value)))
            }
        }
    )*};
}

fit! {
    String, "a string", value => value.is_string();
    bool, "a boolean", value => value.is_boolean();
    i64, "an integer of 64 bits", value => value.is_i64();
    u64, "an unsigned integer of 64 bits", value => value.is_u64();
    i32, "an integer of 32 bits", value => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok());
    f64, "a number", value => value.is_number();
    Uuid, "a UUID", value => value.as_str().is_some_and(|text| Uuid::parse_str(text).is_ok());
    DateTime<Utc>, "a time in RFC 3339", value => value.as_str().is_some_and(|text| text.parse::<DateTime<Utc>>().is_ok());
    NaiveDate, "a date", value => value.as_str().is_some_and(|text| text.parse::<NaiveDate>().is_ok());
    Map<String, Value>, "an object", value => value.is_object();
}

impl Fit for Value {
    fn misfit(_value: &Value, _at: At<'_>) -> Option<Misfit> {
        None
    }
}

impl Fit for () {
    fn misfit(_value: &Value, _at: At<'_>) -> Option<Misfit> {
        None
    }
}

impl<T: Fit> Fit for Option<T> {
    fn misfit(value: &Value, at: At<'_>) -> Option<Misfit> {
        if value.is_null() {
            None
        } else {
            T::misfit(value, at)
        }
    }
}

impl<T: Fit> Fit for Box<T> {
    fn misfit(value: &Value, at: At<'_>) -> Option<Misfit> {
        T::misfit(value, at)
    }
}

impl<T: Fit> Fit for Vec<T> {
    fn misfit(value: &Value, at: At<'_>) -> Option<Misfit> {
        match value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .find_map(|(index, item)| T::misfit(item, At::Item(&at, index))),
            _ => Some(at.misfit("an array", Some(value))),
        }
    }
}

impl<T: Fit> Fit for BTreeMap<String, T> {
    fn misfit(value: &Value, at: At<'_>) -> Option<Misfit> {
        match value {
            Value::Object(entries) => {
                // The keys of a map are data, not field names: the path does not show them.
                entries
                    .values()
                    .find_map(|item| T::misfit(item, At::Field(&at, "*")))
            }
            _ => Some(at.misfit("an object", Some(value))),
        }
    }
}
