//! Messages of which one member is missing, null or of another kind.

use linq_testing::document::webhook;
use linq_types::WebhookEvent;
use linq_webhook::Inbound;
use serde_json::{Value, json};

const KEYS: [&str; 2] = ["message.received.v2026", "message.received.v2025"];

fn inbound(body: &Value) -> Option<Inbound> {
    let event = WebhookEvent::from_slice(body.to_string().as_bytes()).expect("it is an object");
    Inbound::from_event(&event)
}

/// Where every member and item of a value is.
fn pointers(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(n, v)| (n.clone(), v)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(n, v)| (n.to_string(), v))
            .collect(),
        _ => return,
    };
    for (name, member) in members {
        let pointer = format!("{pointer}/{name}");
        found.push(pointer.clone());
        pointers(member, &pointer, found);
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

/// The body without a member, or with another kind of value in its place.
fn changed(body: &Value, pointer: &str) -> Vec<(String, Value)> {
    let (parent, name) = pointer.rsplit_once('/').expect("it begins with a slash");
    let mut without = body.clone();
    match without.pointer_mut(parent).expect("it is there") {
        Value::Object(members) => {
            members.remove(name);
        }
        Value::Array(items) => {
            items.remove(name.parse().expect("an index"));
        }
        _ => unreachable!("it has members"),
    }
    let mut all = vec![(format!("{pointer} missing"), without)];
    let old = kind(body.pointer(pointer).expect("it is there"));
    let values = [
        json!(null),
        json!(true),
        json!(7),
        json!("x"),
        json!([]),
        json!({}),
        json!(["x"]),
    ];
    for value in values.into_iter().filter(|value| kind(value) != old) {
        let mut changed = body.clone();
        *changed.pointer_mut(pointer).expect("it is there") = value.clone();
        all.push((format!("{pointer} as {value}"), changed));
    }
    all
}

/// Whether a member is, or contains, what is at another place.
fn holds(pointer: &str, other: &str) -> bool {
    other == pointer || other.starts_with(&format!("{pointer}/"))
}

#[test]
fn text_and_sender_reach_the_handler_unless_they_are_gone() {
    for key in KEYS {
        let body = webhook(key).value();
        let whole = inbound(&body).expect("it is a message");
        let (text, sender) = (whole.text().into_owned(), whole.sender().map(str::to_owned));
        assert!(!text.is_empty() && sender.is_some(), "{key}");
        let parts = if key.ends_with("2025") {
            "/data/message/parts"
        } else {
            "/data/parts"
        };
        let text_at = format!("{parts}/0/value");
        // The older version has the sender twice.
        let sender_at = if key.ends_with("2025") {
            "/data"
        } else {
            "/data/sender_handle/handle"
        };
        let mut all = Vec::new();
        pointers(&body, "", &mut all);
        assert!(all.len() > 40, "{key}");
        let mut count = 0;
        for pointer in all {
            for (name, changed) in changed(&body, &pointer) {
                count += 1;
                let message = inbound(&changed);
                if !holds(&pointer, &text_at) {
                    let message = message.as_ref().expect(&name);
                    assert_eq!(message.text(), text, "{key}: {name}");
                }
                if !holds(&pointer, sender_at) && !holds(&pointer, "/data") {
                    let has_parts = message.is_some() || holds(&pointer, &text_at);
                    assert!(has_parts, "{key}: {name}");
                    let Some(message) = message else { continue };
                    assert_eq!(message.sender(), sender.as_deref(), "{key}: {name}");
                }
            }
        }
        assert!(count > 250, "{key}: {count}");
    }
}

#[test]
fn a_message_from_somebody_else_may_be_answered_whatever_is_missing() {
    for key in KEYS {
        let body = webhook(key).value();
        assert!(inbound(&body).expect("a message").may_auto_reply(), "{key}");
        let parts = if key.ends_with("2025") {
            "/data/message/parts"
        } else {
            "/data/parts"
        };
        let mut all = Vec::new();
        pointers(&body, "", &mut all);
        for pointer in all {
            let is_needed =
                holds(&pointer, &format!("{parts}/0/value")) || pointer == "/event_type";
            for (name, changed) in changed(&body, &pointer).into_iter().take(2) {
                // Missing, and null.
                let may = inbound(&changed).is_some_and(|message| message.may_auto_reply());
                let is_null = body.pointer(&pointer).is_some_and(Value::is_null);
                if name.ends_with("missing") || (name.ends_with("null") && !is_null) {
                    assert_eq!(may, !is_needed, "{key}: {name}");
                }
            }
        }
    }
}

#[test]
fn a_malformed_part_hides_no_other() {
    for key in KEYS {
        for part in [
            json!({"type": "media", "id": "a", "url": "https://example.com/a", "filename": "a", "size_bytes": 1}),
            json!({"type": "media", "attachment_id": "a", "url": "https://example.com/a", "size": 1, "mime_type": null}),
            json!({"url": "https://example.com/a", "id": "a", "size_bytes": 1}),
        ] {
            let mut body = webhook(key).value();
            let parts = if key.ends_with("2025") {
                "/data/message/parts"
            } else {
                "/data/parts"
            };
            let parts = body
                .pointer_mut(parts)
                .and_then(Value::as_array_mut)
                .expect("parts");
            parts.push(part);
            parts.push(json!("not an object"));
            let message = inbound(&body).expect("it is a message");
            assert!(!message.text().is_empty());
            let media: Vec<_> = message.media().collect();
            assert_eq!(media.len(), 1, "{key}");
            assert_eq!(
                (media[0].url, media[0].id, media[0].size_bytes),
                ("https://example.com/a", Some("a"), Some(1))
            );
            assert_eq!(message.other_parts(), 1);
        }
    }
}

#[test]
fn a_text_that_is_broken_is_read_as_far_as_it_can_be() {
    let body = webhook(KEYS[0]).body;
    let text = "Could we have the table by the window?";
    for (broken, expected) in [
        (r"cut \ud83c", "cut \u{fffd}"),
        (r"\udf89 cut", "\u{fffd} cut"),
        (r"\ud83c\ud83c\udf89", "\u{fffd}🎉"),
        (r"\\ud83c \ud83c\n", "\\ud83c \u{fffd}\n"),
    ] {
        let body = body.replace(text, broken);
        let event = WebhookEvent::from_slice(body.as_bytes()).expect("it is an object");
        let message = Inbound::from_event(&event).expect("it is a message");
        assert_eq!(message.text(), expected);
    }
}
