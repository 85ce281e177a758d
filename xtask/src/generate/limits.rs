//! What a schema demands beyond its Rust type, as sentences for docs and for `cargo xtask diff`.
//!
//! Limits (lengths, patterns, bounds) do not become types, since a type that checks them would
//! refuse responses too.

use serde_json::{Map, Value};

use super::docs::code;
use super::json_schema::{UNIONS, is_null, is_set, list_of, listed, wrapped};

/// The formats that become types of their own.
const TYPED_FORMATS: &[&str] = &[
    "uuid",
    "date-time",
    "date",
    "int32",
    "int64",
    "uint64",
    "double",
];

/// The longest default that is shown.
const LONGEST_DEFAULT: usize = 100;

/// What a schema demands, as sentences.
pub fn limits(schema: &Value) -> Vec<String> {
    let Some(object) = schema.as_object() else {
        return Vec::new();
    };
    let mut sentences = ranges(schema);
    sentences.extend(texts(object));
    sentences.extend(values(object));
    for (key, sentence) in [
        ("uniqueItems", "No item twice."),
        ("readOnly", "Only in responses."),
        ("writeOnly", "Only in requests."),
    ] {
        if is_set(schema, key) {
            sentences.push(sentence.to_owned());
        }
    }
    if let Some((union, index)) = wrapped(object) {
        sentences.extend(limits(&schema[union][index]));
    } else {
        sentences.extend(alternatives(schema));
    }
    for part in list_of(schema, "allOf").filter(|_| wrapped(object).is_none()) {
        sentences.extend(limits(part));
    }
    for (key, what) in [("items", "Items"), ("additionalProperties", "Values")] {
        if let Some(inner) = schema.get(key) {
            let inner = limits(inner).into_iter();
            sentences.extend(inner.map(|sentence| format!("{what}: {sentence}")));
        }
    }
    if let Some(patterns) = object.get("patternProperties").and_then(Value::as_object) {
        let keys: Vec<String> = patterns.keys().map(|pattern| code(pattern)).collect();
        sentences.push(format!("Keys match {}.", keys.join(" or ")));
    }
    let mut seen = Vec::new();
    sentences.retain(|sentence| {
        let is_new = !seen.contains(sentence);
        seen.push(sentence.clone());
        is_new
    });
    sentences
}

/// Bounds of lengths, numbers and counts.
fn ranges(schema: &Value) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut range = |least: &str, most: &str, unit: &str| {
        // OpenAPI 3.0 says by a flag that a bound itself is excluded.
        let excluded = |key: &str| match key {
            "minimum" => is_set(schema, "exclusiveMinimum"),
            "maximum" => is_set(schema, "exclusiveMaximum"),
            _ => false,
        };
        let bound = |key: &str| {
            schema
                .get(key)
                .filter(|value| value.is_number() && !excluded(key))
        };
        let counted = |bound: &Value| match (unit, bound.as_i64()) {
            ("", _) => bound.to_string(),
            ("entries", Some(1)) => format!("{bound} entry"),
            (unit, Some(1)) => format!("{bound} {}", unit.trim_end_matches('s')),
            (unit, _) => format!("{bound} {unit}"),
        };
        match (bound(least), bound(most)) {
            (Some(least), Some(most)) if least == most => {
                sentences.push(format!("Exactly {}.", counted(least)));
            }
            (Some(least), Some(most)) => {
                sentences.push(format!("From {least} to {}.", counted(most)));
            }
            (Some(least), None) => sentences.push(format!("At least {}.", counted(least))),
            (None, Some(most)) => sentences.push(format!("At most {}.", counted(most))),
            (None, None) => {}
        }
    };
    range("minLength", "maxLength", "characters");
    range("minimum", "maximum", "");
    range("minItems", "maxItems", "items");
    range("minProperties", "maxProperties", "entries");
    for (key, inclusive, what) in [
        ("exclusiveMinimum", "minimum", "More than"),
        ("exclusiveMaximum", "maximum", "Less than"),
    ] {
        let bound = match schema.get(key) {
            Some(Value::Bool(true)) => schema.get(inclusive),
            bound => bound,
        };
        if let Some(bound) = bound.filter(|value| value.is_number()) {
            sentences.push(format!("{what} {bound}."));
        }
    }
    if let Some(factor) = schema.get("multipleOf") {
        sentences.push(format!("A multiple of {factor}."));
    }
    sentences
}

/// Patterns, formats and encodings.
fn texts(object: &Map<String, Value>) -> Vec<String> {
    let mut sentences = Vec::new();
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    if let Some(pattern) = text("pattern") {
        sentences.push(format!("Matches {}.", code(pattern)));
    }
    if let Some(format) = text("format").filter(|format| !TYPED_FORMATS.contains(format)) {
        sentences.push(format!("Format {}.", code(format)));
    }
    if let Some(encoding) = text("contentEncoding") {
        sentences.push(format!("Encoded as {}.", code(encoding)));
    }
    if let Some(media) = text("contentMediaType") {
        sentences.push(format!("Holds {}.", code(media)));
    }
    sentences
}

/// Values that do not become variants, and the default.
fn values(object: &Map<String, Value>) -> Vec<String> {
    let mut sentences = Vec::new();
    let values = listed(object);
    let is_enum = object.contains_key("enum") && values.iter().any(|value| value.is_string());
    match values.as_slice() {
        [] => {}
        _ if is_enum => {}
        [only] => sentences.push(format!("Always {}.", shown(only))),
        values => {
            let values: Vec<String> = values.iter().map(|value| shown(value)).collect();
            sentences.push(format!("One of {}.", values.join(", ")));
        }
    }
    match object.get("default") {
        None | Some(Value::Null) => {}
        Some(default) if default.to_string().len() > LONGEST_DEFAULT => {}
        Some(default) => sentences.push(format!("Default: {}.", shown(default))),
    }
    sentences
}

/// A value between backticks.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "the empty text".to_owned(),
        Value::String(text) => code(text),
        value => code(&value.to_string()),
    }
}

/// What the members of a union demand that comes to one type, or that only name fields.
fn alternatives(schema: &Value) -> Vec<String> {
    let mut sentences = Vec::new();
    for union in UNIONS {
        let members = list_of(schema, union).filter(|member| !is_null(member));
        let demands: Vec<String> = members
            .map(|member| {
                let mut demands = limits(member);
                // A type for one of the formats says nothing of the others.
                let format = member.get("format").and_then(Value::as_str);
                if let Some(format) = format.filter(|format| TYPED_FORMATS.contains(format)) {
                    demands.insert(0, format!("Format {}.", code(format)));
                }
                demands.extend(required_alone(member));
                demands.join(" ")
            })
            .collect();
        if demands.iter().any(|demand| !demand.is_empty()) {
            let demands: Vec<&str> = demands
                .iter()
                .map(|demand| {
                    if demand.is_empty() {
                        "Anything."
                    } else {
                        demand
                    }
                })
                .collect();
            sentences.push(format!("Either: {}", demands.join(" Or: ")));
        }
    }
    sentences
}

/// The fields that an alternative requires, where it says no more.
fn required_alone(member: &Value) -> Option<String> {
    if member.get("properties").is_some() || member.get("$ref").is_some() {
        return None;
    }
    let fields: Vec<String> = list_of(member, "required")
        .filter_map(Value::as_str)
        .map(code)
        .collect();
    (!fields.is_empty()).then(|| format!("With {}.", fields.join(" and ")))
}

/// The sentences that a description does not say already.
pub fn unsaid(sentences: &[String], description: &str) -> Vec<String> {
    let said = Description::new(description);
    sentences
        .iter()
        .filter(|sentence| !said.says(sentence))
        .cloned()
        .collect()
}

/// The words that show that the numbers in a sentence are limits.
const SIGNALS: &[&str] = &[
    " to ",
    " or more",
    " or less",
    "absent",
    "at least",
    "at most",
    "between",
    "character",
    "default",
    "digits",
    "exactly",
    "from",
    "less than",
    "limit",
    "max",
    "min",
    "more than",
    "up to",
    "without",
];

/// Numbers as words.
const WORDS: &[(&str, &str)] = &[
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("ten", "10"),
];

/// A description, to be asked what it says.
struct Description {
    text: String,
    /// The words of each sentence that has a signal.
    words: Vec<String>,
}

impl Description {
    fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let mut words = Vec::new();
        for sentence in text.split(['.', ';']).flat_map(|part| part.split("\n\n")) {
            // A range may be all there is: "1 to 31".
            let sentence = format!(
                " {} ",
                sentence.split_whitespace().collect::<Vec<_>>().join(" ")
            );
            if SIGNALS.iter().any(|signal| sentence.contains(signal)) {
                let sentence = sentence.replace(',', "");
                let found = sentence.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
                words.extend(found.filter(|word| !word.is_empty()).map(str::to_owned));
            }
        }
        Self { text, words }
    }

    fn says(&self, sentence: &str) -> bool {
        let has = |part: &str| self.text.contains(part);
        let code = |start: &str| {
            let code = sentence.strip_prefix(start)?.trim_end_matches('.');
            Some(code.trim_matches(['`', ' ']).to_lowercase())
        };
        if let Some(format) = code("Format ") {
            return match format.as_str() {
                "uri" | "url" => has("url") || has("uri") || has("address") || has("link"),
                "email" => has("mail"),
                format => has(format),
            };
        }
        if let Some(pattern) = code("Matches ") {
            return has(&pattern);
        }
        if let Some(value) = code("Default: ") {
            let is_named = has(&format!("`{value}`")) || self.has_word(&value);
            return (has("default") || has("absent")) && is_named;
        }
        let numbers: Vec<&str> = sentence
            .split_whitespace()
            .map(|word| word.trim_end_matches('.'))
            .filter(|word| word.parse::<f64>().is_ok())
            .collect();
        // Bounds of texts are counted in characters, so that "1 to 5 lines" says something else.
        let is_counted = !sentence.contains("character") || has("character");
        !sentence.contains(['`', ':'])
            && !numbers.is_empty()
            && is_counted
            && numbers.iter().all(|number| self.has_word(number))
    }

    fn has_word(&self, number: &str) -> bool {
        let spelled = WORDS.iter().find(|(_, digits)| *digits == number);
        self.words
            .iter()
            .any(|word| word == number || spelled.is_some_and(|(spelled, _)| word == spelled))
    }
}
