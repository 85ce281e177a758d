//! Properly signed bodies that are no JSON, no object, or no event that is known.

use linq_types::UnknownKind;
use serde_json::{Value, json};

use super::{Answer, Broken, sound_body};

/// An event, compressed.
pub(super) const GZIP: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJ-K\xcd+\x89/\xa9,HU\xb2R*IM\xd4+JML\xa9T\xd2\x81Jd\xa6\x00\x85S\xcbJ\xe2\r\x81B)\x89%\x89JV\xd5\xb5\xb5\x00\xbex\r=7\x00\x00\x00";
pub(super) const ZLIB: &[u8] = b"x\x9c\xabVJ-K\xcd+\x89/\xa9,HU\xb2R*IM\xd4+JML\xa9T\xd2\x81Jd\xa6\x00\x85S\xcbJ\xe2\r\x81B)\x89%\x89JV\xd5\xb5\xb5\x00\x1b\xef\x12\xd2";

const DEEP: usize = 100_000;
const LARGE: usize = 10_000_000;

const NO_TYPE: Answer = Answer::Unknown(UnknownKind::EventType);
const NO_VERSION: Answer = Answer::Unknown(UnknownKind::Version);
const MISMATCH: Answer = Answer::Unknown(UnknownKind::Mismatch);
const TOO_DEEP: Answer = Answer::Unknown(UnknownKind::TooDeep);

pub(super) fn all() -> Vec<Broken> {
    let mut all = Vec::new();
    for (kind, body) in no_objects() {
        all.push(Broken::signed(
            format!("signed: {kind}"),
            body,
            Answer::NoObject,
        ));
    }
    for (kind, body, answer) in objects() {
        all.push(Broken::signed(format!("signed: {kind}"), body, answer));
    }
    all
}

fn nested(open: &str, close: &str) -> String {
    format!("{}1{}", open.repeat(DEEP), close.repeat(DEEP))
}

fn no_objects() -> Vec<(String, Vec<u8>)> {
    let sound = sound_body();
    let texts = [
        ("nothing", String::new()),
        ("a space", " ".to_owned()),
        ("null", "null".to_owned()),
        ("true", "true".to_owned()),
        ("a number", "1770319873".to_owned()),
        ("a string", "\"event\"".to_owned()),
        ("an empty list", "[]".to_owned()),
        ("a list of events", format!("[{sound}]")),
        ("an event as a string", Value::from(&*sound).to_string()),
        ("NaN", "NaN".to_owned()),
        ("undefined", "undefined".to_owned()),
        ("a brace", "{".to_owned()),
        ("a closing brace", "}".to_owned()),
        ("a quote", "\"".to_owned()),
        (
            "a comma after the last field",
            r#"{"event_type":"tea.ready",}"#.to_owned(),
        ),
        (
            "a comma before the first field",
            r#"{,"event_type":"tea.ready"}"#.to_owned(),
        ),
        ("a field without a value", r#"{"event_type"}"#.to_owned()),
        ("a field without a name", r#"{:"tea.ready"}"#.to_owned()),
        (
            "a name without quotes",
            r#"{event_type:"tea.ready"}"#.to_owned(),
        ),
        ("single quotes", "{'event_type':'tea.ready'}".to_owned()),
        ("a comment", r#"{"event_type":"tea.ready"/* */}"#.to_owned()),
        ("a number with a plus", r#"{"event_type":+1}"#.to_owned()),
        (
            "a number with leading zeros",
            r#"{"event_type":01}"#.to_owned(),
        ),
        (
            "a number that breaks off",
            r#"{"event_type":1.}"#.to_owned(),
        ),
        (
            "a line end in a string",
            "{\"event_type\":\"tea\n\"}".to_owned(),
        ),
        (
            "an escape that is none",
            r#"{"event_type":"\x41"}"#.to_owned(),
        ),
        ("two objects", format!("{sound}{sound}")),
        ("an object and a word", format!("{sound} ok")),
        ("an object and a NUL", format!("{sound}\0")),
        ("a byte order mark", format!("\u{feff}{sound}")),
        ("XML", "<?xml version=\"1.0\"?><event/>".to_owned()),
        ("HTML", "<!doctype html><title>502</title>".to_owned()),
        ("a form", "event_type=tea.ready&event_id=evt_1".to_owned()),
        ("YAML", "event_type: tea.ready\n".to_owned()),
        ("a stream of events", format!("data: {sound}\n\n")),
        ("lists 100,000 levels deep", nested("[", "]")),
        ("lists 100,000 levels deep that stay open", "[".repeat(DEEP)),
        (
            "objects 100,000 levels deep that stay open",
            r#"{"a":"#.repeat(DEEP),
        ),
        ("10 MB of spaces", " ".repeat(LARGE)),
        ("10 MB of opening brackets", "[".repeat(LARGE)),
        (
            "10 MB of a string that stays open",
            format!("{{\"a\":\"{}", "b".repeat(LARGE)),
        ),
        (
            "10 MB, cut by the last byte",
            format!("{{\"a\":[{}1]", "1,".repeat(LARGE / 2)),
        ),
    ];
    let mut all: Vec<(String, Vec<u8>)> = texts
        .into_iter()
        .map(|(kind, text)| (kind.to_owned(), text.into_bytes()))
        .collect();
    let in_text = |bytes: &[u8]| [br#"{"event_type":""#, bytes, br#""}"#].concat();
    all.extend([
        ("gzip".to_owned(), GZIP.to_vec()),
        ("zlib".to_owned(), ZLIB.to_vec()),
        ("Latin-1".to_owned(), in_text(b"caf\xe9")),
        ("a character cut short".to_owned(), in_text(b"\xf0\x9f\x8e")),
        ("a slash spelled too long".to_owned(), in_text(b"\xc0\xaf")),
        ("half a pair in UTF-8".to_owned(), in_text(b"\xed\xa0\xbc")),
        (
            "a character beyond Unicode".to_owned(),
            in_text(b"\xf5\x80\x80\x80"),
        ),
        ("NULs".to_owned(), vec![0; 1_000]),
        ("10 MB of NULs".to_owned(), vec![0; LARGE]),
        (
            "UTF-16".to_owned(),
            sound.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
    ]);
    for end in [1, 2, 20, sound.len() / 2, sound.len() - 2, sound.len() - 1] {
        let cut = sound.as_bytes()[..end].to_vec();
        all.push((format!("an event cut after {end} bytes"), cut));
    }
    all
}

/// The sound event with the value at a pointer replaced, or taken out.
fn changed(pointer: &str, value: Option<Value>) -> String {
    let mut event: Value = sound_body().parse().expect("JSON");
    match value {
        Some(value) => *event.pointer_mut(pointer).expect("it is there") = value,
        None => {
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            let parent = event.pointer_mut(parent).and_then(Value::as_object_mut);
            parent
                .expect("an object")
                .remove(name)
                .expect("it is there");
        }
    }
    event.to_string()
}

/// The sound event with the value at a pointer replaced by a text that may be no JSON.
fn spliced(pointer: &str, text: &str) -> String {
    changed(pointer, Some("splice here".into())).replace("\"splice here\"", text)
}

fn objects() -> Vec<(&'static str, String, Answer)> {
    let mut all = without_meaning();
    all.extend(of_another_shape());
    all.extend(repeated());
    all.extend(deep_or_large());
    all
}

fn without_meaning() -> Vec<(&'static str, String, Answer)> {
    let of_type = |value| changed("/event_type", Some(value));
    let of_version = |value| changed("/webhook_version", Some(value));
    vec![
        ("an empty object", "{}".to_owned(), NO_TYPE),
        ("an empty name", r#"{"":""}"#.to_owned(), NO_TYPE),
        ("no type", changed("/event_type", None), NO_TYPE),
        ("a type of null", of_type(Value::Null), NO_TYPE),
        ("a type that is a number", of_type(json!(7)), NO_TYPE),
        (
            "a type that is a list",
            of_type(json!(["message.received"])),
            NO_TYPE,
        ),
        ("a type that is an object", of_type(json!({})), NO_TYPE),
        ("an empty type", of_type(json!("")), NO_TYPE),
        ("an unknown type", of_type(json!("tea.ready")), NO_TYPE),
        (
            "a type in capitals",
            of_type(json!("MESSAGE.RECEIVED")),
            NO_TYPE,
        ),
        (
            "a type with a space",
            of_type(json!("message.received ")),
            NO_TYPE,
        ),
        (
            "a type with a NUL",
            of_type(json!("message.received\0")),
            NO_TYPE,
        ),
        (
            "a type that is half a character",
            spliced("/event_type", r#""\ud83c""#),
            Answer::NoObject,
        ),
        ("no version", changed("/webhook_version", None), NO_VERSION),
        ("a version of null", of_version(Value::Null), NO_VERSION),
        (
            "a version that is a number",
            of_version(json!(2026)),
            NO_VERSION,
        ),
        (
            "an unknown version",
            of_version(json!("2027-01-01")),
            NO_VERSION,
        ),
        ("an empty version", of_version(json!("")), NO_VERSION),
    ]
}

fn of_another_shape() -> Vec<(&'static str, String, Answer)> {
    let of_data = |value| changed("/data", Some(value));
    vec![
        ("no data", changed("/data", None), MISMATCH),
        ("data of null", of_data(Value::Null), MISMATCH),
        ("data that is a list", of_data(json!([])), MISMATCH),
        ("data that is a string", of_data(json!("")), MISMATCH),
        ("data that is a number", of_data(json!(0)), MISMATCH),
        ("empty data", of_data(json!({})), MISMATCH),
        (
            "an event id that is a number",
            changed("/event_id", Some(json!(1))),
            MISMATCH,
        ),
        ("no event id", changed("/event_id", None), MISMATCH),
        (
            "a time that is none",
            changed("/created_at", Some(json!("yesterday"))),
            MISMATCH,
        ),
        (
            "parts that are an object",
            changed("/data/parts", Some(json!({}))),
            MISMATCH,
        ),
        (
            "a part that is a string",
            changed("/data/parts/0", Some(json!("text"))),
            MISMATCH,
        ),
        (
            "a part of an unknown type",
            changed("/data/parts/0/type", Some(json!("scent"))),
            Answer::Typed,
        ),
        (
            "an empty list of parts",
            changed("/data/parts", Some(json!([]))),
            Answer::Typed,
        ),
        (
            "an id that is none",
            changed("/data/id", Some(json!("none"))),
            MISMATCH,
        ),
        (
            "a chat of null",
            changed("/data/chat", Some(Value::Null)),
            MISMATCH,
        ),
        (
            "a text that is half a character",
            spliced("/data/parts/0/value", r#""\ud83c""#),
            MISMATCH,
        ),
        (
            "a number too large for any type",
            spliced("/data/parts/0/value", "1e999"),
            MISMATCH,
        ),
        (
            "the data of another event",
            sound_body().replace("message.received", "reaction.added"),
            MISMATCH,
        ),
        (
            "a field that no type knows",
            sound_body().replacen('{', r#"{"tea":1e999,"#, 1),
            Answer::Typed,
        ),
    ]
}

fn repeated() -> Vec<(&'static str, String, Answer)> {
    let first = |field: &str| sound_body().replacen('{', &format!("{{{field},"), 1);
    let last = |field: &str| {
        let body = sound_body();
        format!("{},{field}}}", &body[..body.len() - 1])
    };
    vec![
        (
            "the type twice",
            last(r#""event_type":"message.received""#),
            MISMATCH,
        ),
        (
            "the type twice, the first unknown",
            first(r#""event_type":"tea.ready""#),
            MISMATCH,
        ),
        (
            "the type twice, the last unknown",
            last(r#""event_type":"tea.ready""#),
            NO_TYPE,
        ),
        (
            "the version twice",
            last(r#""webhook_version":"2026-02-03""#),
            MISMATCH,
        ),
        (
            "the event id twice",
            last(r#""event_id":"evt_1""#),
            MISMATCH,
        ),
        ("data twice", last(r#""data":{}"#), MISMATCH),
        (
            "data twice, first in front",
            first(r#""data":{}"#),
            MISMATCH,
        ),
        (
            "a name twice inside data",
            spliced("/data/parts", r#"[],"parts":[]"#),
            MISMATCH,
        ),
        (
            "a name that no type knows twice",
            last(r#""tea":1,"tea":2"#),
            Answer::Typed,
        ),
        (
            "a name twice, once in escapes",
            last(r#""\u0064ata":{}"#),
            MISMATCH,
        ),
    ]
}

fn deep_or_large() -> Vec<(&'static str, String, Answer)> {
    let lists = nested("[", "]");
    let objects = nested(r#"{"a":"#, "}");
    let long_text = "a".repeat(LARGE);
    let part = format!(r#"{{"type":"text","value":"{}"}}"#, "a".repeat(LARGE / 100));
    let parts = vec![part; 100].join(",");
    let names: String = (0..LARGE / 16)
        .map(|at| format!("\"n{at:07}\":1{at:03},"))
        .collect();
    vec![
        (
            "100,000 levels of lists for data",
            spliced("/data", &lists),
            TOO_DEEP,
        ),
        (
            "100,000 levels of objects for data",
            spliced("/data", &objects),
            TOO_DEEP,
        ),
        (
            "100,000 levels in the parts",
            spliced("/data/parts", &lists),
            TOO_DEEP,
        ),
        (
            "100,000 levels for the type",
            spliced("/event_type", &lists),
            NO_TYPE,
        ),
        (
            "100,000 levels for the version",
            spliced("/webhook_version", &lists),
            NO_VERSION,
        ),
        (
            "100,000 levels for the event id",
            spliced("/event_id", &lists),
            TOO_DEEP,
        ),
        (
            "100,000 levels in a part of an unknown type",
            spliced(
                "/data/parts/0",
                &format!(r#"{{"type":"scent","of":{lists}}}"#),
            ),
            TOO_DEEP,
        ),
        (
            "100,000 levels in a field that no type knows",
            sound_body().replacen('{', &format!(r#"{{"tea":{lists},"#), 1),
            Answer::Typed,
        ),
        ("an object 100,000 levels deep", objects.clone(), NO_TYPE),
        (
            "a text of 10 MB",
            spliced("/data/parts/0/value", &format!("\"{long_text}\"")),
            Answer::Typed,
        ),
        (
            "a type of 10 MB",
            spliced("/event_type", &format!("\"{long_text}\"")),
            NO_TYPE,
        ),
        (
            "a name of 10 MB",
            sound_body().replacen('{', &format!("{{\"{long_text}\":1,"), 1),
            Answer::Typed,
        ),
        (
            "10 MB of text in a hundred parts",
            spliced("/data/parts", &format!("[{parts}]")),
            Answer::Typed,
        ),
        (
            "10 MB of numbers for the parts",
            spliced("/data/parts", &format!("[{}1]", "1,".repeat(LARGE / 2))),
            MISMATCH,
        ),
        (
            "10 MB of fields",
            sound_body().replacen('{', &format!("{{{names}"), 1),
            Answer::Typed,
        ),
        (
            "10 MB of fields for the data",
            spliced("/data", &format!("{{{}}}", names.trim_end_matches(','))),
            MISMATCH,
        ),
    ]
}
