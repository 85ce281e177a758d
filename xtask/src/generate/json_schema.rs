//! What a schema says by itself, without the schemas it refers to.

use std::ops::{BitAnd, BitOr};

use serde_json::{Map, Value, json};

/// The keywords of unions.
pub const UNIONS: [&str; 2] = ["oneOf", "anyOf"];

/// The place of a schema in the document, where the [normal form](super::normal) moved it.
pub const AT: &str = "x-at";

/// Keywords that say what shape values have, and not only how far they may go.
pub const SHAPING: &[&str] = &[
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "enum",
    "items",
    "oneOf",
    "patternProperties",
    "prefixItems",
    "properties",
    "required",
];

/// Keywords of strings only.
pub const OF_STRINGS: &[&str] = &[
    "contentEncoding",
    "contentMediaType",
    "maxLength",
    "minLength",
    "pattern",
];

/// Keywords of numbers only.
pub const OF_NUMBERS: &[&str] = &[
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maximum",
    "minimum",
    "multipleOf",
];

/// Keywords of arrays only.
pub const OF_ARRAYS: &[&str] = &[
    "items",
    "maxItems",
    "minItems",
    "prefixItems",
    "uniqueItems",
];

/// Keywords of objects only.
pub const OF_OBJECTS: &[&str] = &[
    "additionalProperties",
    "maxProperties",
    "minProperties",
    "patternProperties",
    "properties",
    "required",
];

/// The formats of numbers.
pub const NUMBER_FORMATS: &[&str] = &[
    "decimal",
    "decimal128",
    "double",
    "float",
    "int16",
    "int32",
    "int64",
    "int8",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
];

/// The kinds of JSON that a schema allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Null.
    pub const NULL: Self = Self(1);
    /// True and false.
    pub const BOOL: Self = Self(2);
    /// Numbers, integers among them.
    pub const NUMBER: Self = Self(4);
    /// Strings.
    pub const STRING: Self = Self(8);
    /// Arrays.
    pub const ARRAY: Self = Self(16);
    /// Objects.
    pub const OBJECT: Self = Self(32);
    /// No kind at all.
    pub const NONE: Self = Self(0);
    /// All kinds.
    pub const ALL: Self = Self(63);
    /// Each kind but null, with its word in messages.
    pub const EACH: [(Self, &'static str); 5] = [
        (Self::STRING, "a string"),
        (Self::NUMBER, "a number"),
        (Self::BOOL, "a boolean"),
        (Self::ARRAY, "an array"),
        (Self::OBJECT, "an object"),
    ];

    /// The kind of a value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOL,
            Value::Number(_) => Self::NUMBER,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// The kind that a type of JSON Schema stands for; all for a name that is none.
    pub fn named(name: &str) -> Self {
        match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOL,
            "integer" | "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            _ => Self::ALL,
        }
    }

    /// These kinds without null.
    pub fn without_null(self) -> Self {
        self & Self(Self::ALL.0 - Self::NULL.0)
    }

    /// Whether there is exactly one kind.
    pub fn is_one(self) -> bool {
        self.0.count_ones() == 1
    }

    /// The kinds in words.
    pub fn words(self) -> String {
        let words: Vec<&str> = Self::EACH
            .into_iter()
            .filter(|(kind, _)| self & *kind != Self::NONE)
            .map(|(_, word)| word)
            .collect();
        match words.as_slice() {
            [] => "nothing".to_owned(),
            words => words.join(" or "),
        }
    }
}

impl BitAnd for Kinds {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The types that a schema names or implies, without null; none where any may stand.
pub fn types(object: &Map<String, Value>) -> Vec<&str> {
    match object.get("type") {
        Some(Value::String(name)) if name != "null" => vec![name],
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str);
            names.filter(|name| *name != "null").collect()
        }
        Some(_) => Vec::new(),
        None => implied_type(object).into_iter().collect(),
    }
}

/// The type of a schema that names none, as its other keywords have it.
fn implied_type(object: &Map<String, Value>) -> Option<&'static str> {
    let values = listed(object);
    let mut kinds = values.iter().map(|value| match value {
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null => "null",
    });
    if let Some(first) = kinds.find(|kind| *kind != "null") {
        let has_number = first == "number" || kinds.any(|kind| kind == "number");
        return Some(if has_number { "number" } else { first });
    }
    let has = |keys: &[&str]| keys.iter().any(|key| object.contains_key(*key));
    let format = object.get("format").and_then(Value::as_str);
    if has(OF_OBJECTS) {
        Some("object")
    } else if has(OF_ARRAYS) {
        Some("array")
    } else if has(OF_STRINGS) {
        Some("string")
    } else if let Some(format) = format {
        Some(match format {
            "float" | "double" | "decimal" | "decimal128" => "number",
            format if NUMBER_FORMATS.contains(&format) => "integer",
            _ => "string",
        })
    } else if has(OF_NUMBERS) {
        Some("number")
    } else {
        None
    }
}

/// The values that a schema lists, in `enum` or as its `const`.
pub fn listed(object: &Map<String, Value>) -> Vec<&Value> {
    match (object.get("const"), object.get("enum")) {
        (Some(value), _) => vec![value],
        (None, Some(Value::Array(values))) => values.iter().collect(),
        _ => Vec::new(),
    }
}

/// The entries of a list below a key, none where there is no such list.
pub fn list_of<'v>(schema: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    schema
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The schemas of a list below a key, with their places in the document.
pub fn members<'v>(schema: &'v Value, key: &str, pointer: &str) -> Vec<(&'v Value, String)> {
    list_of(schema, key)
        .enumerate()
        .map(|(index, member)| (member, member_place(member, pointer, key, index)))
        .collect()
}

/// The place of a member of a list in the document.
pub fn member_place(member: &Value, pointer: &str, key: &str, index: usize) -> String {
    match member.get(AT).and_then(Value::as_str) {
        Some(place) => place.to_owned(),
        None => format!("{pointer}/{key}/{index}"),
    }
}

/// The text of a value, without the blanks around it.
pub fn text(value: Option<&Value>) -> String {
    value
        .and_then(Value::as_str)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// Whether a flag is set.
pub fn is_set(schema: &Value, flag: &str) -> bool {
    schema.get(flag) == Some(&Value::Bool(true))
}

/// The one schema that a wrapper adds nothing to but null or a description: its union and index.
pub fn wrapped(object: &Map<String, Value>) -> Option<(&'static str, usize)> {
    ["allOf", "oneOf", "anyOf"].into_iter().find_map(|union| {
        let members = object.get(union)?.as_array()?;
        let adds = |key: &str| match object.get(key) {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Array(entries)) => !entries.is_empty(),
            Some(Value::Object(entries)) => !entries.is_empty() || key != "properties",
            Some(_) => true,
        };
        if SHAPING.iter().any(|key| *key != union && adds(key)) {
            return None;
        }
        let mut others = members
            .iter()
            .enumerate()
            .filter(|(_, member)| !is_null(member));
        match (others.next(), others.next()) {
            (Some((index, _)), None) => Some((union, index)),
            _ => None,
        }
    })
}

/// Whether a schema is `null` and nothing else.
pub fn is_null(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "null",
        Some(Value::Array(names)) => names.iter().all(|name| name == "null") && !names.is_empty(),
        _ => {
            schema.get("const").is_some_and(Value::is_null)
                || schema
                    .get("enum")
                    .and_then(Value::as_array)
                    .is_some_and(|values| !values.is_empty() && values.iter().all(Value::is_null))
        }
    }
}

/// Whether a schema says itself that null may stand in its place.
pub fn takes_null(object: &Map<String, Value>) -> bool {
    let in_list = |name: &str, wanted: &Value| {
        object
            .get(name)
            .and_then(Value::as_array)
            .is_some_and(|list| list.contains(wanted))
    };
    object.get("nullable") == Some(&Value::Bool(true))
        || in_list("type", &json!("null"))
        || in_list("enum", &Value::Null)
        || UNIONS.iter().any(|union| {
            object
                .get(*union)
                .and_then(Value::as_array)
                .is_some_and(|members| members.iter().any(is_null))
        })
}

/// The one string that a schema allows.
pub fn single(schema: &Value) -> Option<String> {
    match listed(schema.as_object()?).as_slice() {
        [Value::String(only)] => Some(only.clone()),
        _ => None,
    }
}
