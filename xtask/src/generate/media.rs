//! Stage 3, media types. In: a document. Out: the same, with the one form of each body and response
//! that is used: the JSON if there is one. Other forms become no types.

use serde_json::{Map, Value};

use super::keywords::{self, Object};

/// Drops the forms that are not used; returns a note for each place where there were several.
pub fn choose(root: &mut Value) -> Vec<String> {
    let mut notes = Vec::new();
    let mut visit = |object: Object, pointer: &str, entries: &mut Map<String, Value>| {
        if !matches!(object, Object::RequestBody | Object::Response) {
            return;
        }
        let Some(content) = entries.get_mut("content").and_then(Value::as_object_mut) else {
            return;
        };
        let Some(used) = json(content).map(|(media, _)| media.clone()) else {
            for (media, form) in content {
                if is_typed(form) {
                    notes.push(format!("{pointer}: the form `{media}` gets no types"));
                }
                *form = Value::Object(Map::new());
            }
            return;
        };
        let others: Vec<String> = content
            .keys()
            .filter(|media| **media != used)
            .cloned()
            .collect();
        if !others.is_empty() {
            content.retain(|media, _| *media == used);
            let others = others.join("`, `");
            notes.push(format!(
                "{pointer}: the form `{used}` is used, and not `{others}`"
            ));
        }
    };
    keywords::each_mut(root, Object::Document, "#", &mut visit);
    notes
}

/// The JSON form among those of a body or response: `application/json` where it is one of them,
/// the first JSON otherwise.
pub fn json(content: &Map<String, Value>) -> Option<(&String, &Value)> {
    let mut forms = content.iter().filter(|(media, _)| is_json(media));
    let first = forms.next()?;
    let is_plain = |media: &str| essence(media) == "application/json";
    Some(if is_plain(first.0) {
        first
    } else {
        forms.find(|(media, _)| is_plain(media)).unwrap_or(first)
    })
}

/// Whether the schema of a form says more than that it is text or bytes.
fn is_typed(form: &Value) -> bool {
    let schema = form.get("schema").and_then(Value::as_object);
    let is_text = |schema: &Map<String, Value>| {
        schema.get("type").and_then(Value::as_str) == Some("string") && !schema.contains_key("enum")
    };
    schema.is_some_and(|schema| !schema.is_empty() && !is_text(schema))
}

/// Whether a media type is one kind of JSON, in UTF-8.
fn is_json(media: &str) -> bool {
    let lower = media.to_ascii_lowercase();
    let charset = lower
        .split(';')
        .find_map(|part| part.trim().strip_prefix("charset="));
    let is_utf8 = charset.is_none_or(|charset| charset.trim_matches('"') == "utf-8");
    let media = essence(media);
    is_utf8
        && !media.contains('*')
        && (media == "application/json" || media == "text/json" || media.ends_with("+json"))
}

/// Whether a media type is one of a body without a known end, read piece by piece.
pub fn is_stream(media: &str) -> bool {
    let media = essence(media);
    let ends = ["event-stream", "ndjson", "jsonl", "json-lines", "json-seq"];
    ends.iter().any(|end| media.ends_with(end)) || media == "multipart/x-mixed-replace"
}

/// Whether a text is a media type, or a range such as `image/*`, that a header can carry.
pub fn is_valid(media: &str) -> bool {
    let is_token = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    let printable = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    let name = media.split(';').next().unwrap_or(media).trim();
    let parts = name.split_once('/');
    printable(media) && parts.is_some_and(|(kind, name)| is_token(kind) && is_token(name))
}

/// The type and subtype, without parameters.
fn essence(media: &str) -> String {
    let essence = media.split(';').next().unwrap_or(media);
    essence.trim().to_ascii_lowercase()
}
