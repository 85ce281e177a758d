//! What is no known event is kept byte for byte, with a reason that holds nothing of it.

use linq_testing::document::{self, Webhook, webhooks};
use linq_types::{EventError, UnknownEvent, UnknownKind, WebhookEvent, WebhookEventType};
use serde_json::{Value, json};

/// Stands in payloads where it must not come out of a reason or an error.
const MARKER: &str = "marker-7f3a";

/// Reads a body that is to become an unknown event, in every way, and checks that it is whole.
fn unknown(body: &str) -> UnknownEvent {
    let WebhookEvent::Unknown(event) =
        WebhookEvent::from_slice(body.as_bytes()).expect("an object")
    else {
        panic!("a type takes {body}");
    };
    assert_eq!(event.raw(), body.as_bytes(), "every byte is kept");
    assert!(!event.reason().is_empty());
    let outer = WebhookEvent::Unknown(event.clone());
    assert_eq!(body.parse(), Ok(outer.clone()), "FromStr reads the same");
    let trimmed = body.trim();
    for read in [
        serde_json::from_str::<WebhookEvent>(body),
        serde_json::from_reader(body.as_bytes()),
    ] {
        let WebhookEvent::Unknown(read) = read.expect("an object") else {
            panic!("Deserialize makes more of {body}");
        };
        assert_eq!(read.raw(), trimmed.as_bytes(), "every byte is kept");
        assert_eq!(read.reason(), event.reason());
    }
    let written = serde_json::to_string(&outer).expect("the body is JSON");
    assert_eq!(written, trimmed, "it is written back as it came");
    event
}

fn changed(webhook: &Webhook, change: impl FnOnce(&mut Value)) -> String {
    let mut value = webhook.value();
    change(&mut value);
    value.to_string()
}

fn remove(value: &mut Value, name: &str) {
    let object = value.as_object_mut().expect("an object");
    object.remove(name).expect("the field is there");
}

/// The webhooks whose payload differs from version to version.
fn versioned() -> Vec<Webhook> {
    let mut webhooks = webhooks();
    webhooks.retain(|webhook| webhook.version.is_some());
    assert!(webhooks.len() >= 35);
    webhooks
}

/// The places of a value, each with its JSON pointer and its path as reasons write it.
fn places(value: &Value, pointer: &str, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let dot = if path.is_empty() { "" } else { "." };
                let (pointer, path) = (format!("{pointer}/{name}"), format!("{path}{dot}{name}"));
                places(value, &pointer, &path, found);
                found.push((pointer, path));
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let (pointer, path) = (format!("{pointer}/{index}"), format!("{path}[{index}]"));
                places(value, &pointer, &path, found);
                found.push((pointer, path));
            }
        }
        _ => {}
    }
}

/// Whether a reason's place is the one of a path, or inside it; the keys of maps show as `*`.
fn is_inside(place: &str, path: &str) -> bool {
    let mut steps = place.split('.');
    path.split('.').all(|wanted| {
        let step = steps.next();
        step.is_some_and(|step| step == "*" || step.starts_with(wanted))
    })
}

fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

#[test]
fn an_event_type_that_is_not_in_the_document() {
    for webhook in webhooks() {
        let body = changed(&webhook, |value| value["event_type"] = "tea.ready".into());
        let event = unknown(&body);
        assert_eq!(event.kind(), UnknownKind::EventType);
        assert_eq!(event.event_type(), "tea.ready");
        assert_eq!(event.event_id(), webhook.value()["event_id"]);
        assert_eq!(event.webhook_version(), webhook.value()["webhook_version"]);
    }
}

/// The API names these events, and publishes no payload for them.
#[test]
fn call_events_are_unknown_with_their_type() {
    let calls = WebhookEventType::KNOWN
        .iter()
        .filter(|name| name.starts_with("call."));
    let documented = webhooks();
    for name in calls.filter(|name| documented.iter().all(|w| w.event_type() != **name)) {
        let body = json!({
            "event_type": name, "event_id": "evt_1", "webhook_version": "2026-02-03",
            "data": { "call_id": 7 },
        });
        let event = unknown(&body.to_string());
        assert_eq!((event.event_type(), event.event_id()), (*name, "evt_1"));
        assert_eq!(event.kind(), UnknownKind::EventType);
        let outer = WebhookEvent::Unknown(event);
        assert_eq!(
            (outer.event_type(), outer.webhook_version()),
            (*name, "2026-02-03")
        );
        assert!(!WebhookEventType::from(outer.event_type()).is_unknown());
    }
}

#[test]
fn a_version_that_is_not_in_the_document() {
    for webhook in versioned() {
        for version in ["2031-12-24", "2026-02-03 ", "2026", ""] {
            let body = changed(&webhook, |value| value["webhook_version"] = version.into());
            let event = unknown(&body);
            assert_eq!(event.kind(), UnknownKind::Version);
            assert_eq!(event.webhook_version(), version);
            assert_eq!(event.event_type(), webhook.event_type());
        }
    }
}

#[test]
fn a_version_that_is_missing_or_no_text() {
    for webhook in versioned() {
        let bodies = [
            changed(&webhook, |value| remove(value, "webhook_version")),
            changed(&webhook, |value| value["webhook_version"] = Value::Null),
            changed(&webhook, |value| value["webhook_version"] = 20260203.into()),
        ];
        for body in bodies {
            let event = unknown(&body);
            assert_eq!(event.kind(), UnknownKind::Version);
            assert_eq!(event.webhook_version(), "");
        }
    }
}

#[test]
fn an_event_type_that_is_missing_or_no_text() {
    let odd = [
        Value::Null,
        true.into(),
        7.into(),
        1.5.into(),
        json!(["message.sent"]),
        json!({"message": "sent"}),
    ];
    for webhook in webhooks() {
        let mut bodies = vec![changed(&webhook, |value| remove(value, "event_type"))];
        for odd in &odd {
            bodies.push(changed(&webhook, |value| value["event_type"] = odd.clone()));
        }
        for body in bodies {
            let event = unknown(&body);
            assert_eq!(event.kind(), UnknownKind::EventType);
            assert_eq!(event.event_type(), "");
            assert_eq!(event.event_id(), webhook.value()["event_id"]);
        }
    }
}

#[test]
fn objects_with_nothing_of_an_event() {
    for body in [
        "{}",
        r#"{"data":{}}"#,
        r#"{"a":{"event_type":"message.sent"}}"#,
    ] {
        let event = WebhookEvent::Unknown(unknown(body));
        assert_eq!(event.event_type(), "");
        assert_eq!(event.webhook_version(), "");
        assert_eq!(event.event_id(), "");
    }
}

#[test]
fn data_that_is_missing_null_or_no_object() {
    for webhook in webhooks() {
        let missing = unknown(&changed(&webhook, |value| remove(value, "data")));
        assert_eq!(missing.kind(), UnknownKind::Mismatch);
        assert_eq!(missing.reason(), "data: expected a value, found nothing");
        for (data, found) in [
            (Value::Null, "null"),
            (json!([]), "an array"),
            (json!("text"), "a string"),
        ] {
            let event = unknown(&changed(&webhook, |value| value["data"] = data));
            assert_eq!(event.kind(), UnknownKind::Mismatch);
            let expected = format!("data: expected an object, found {found}");
            assert_eq!(event.reason(), expected, "{}", webhook.key);
        }
    }
}

#[test]
fn the_reason_names_the_place_deep_inside() {
    let webhook = document::webhook("message.received.v2026");
    for (pointer, wrong, reason) in [
        (
            "/data/parts/0/value",
            json!(7),
            "data.parts[0].value: expected a string, found a number",
        ),
        (
            "/data/chat/owner_handle/is_me",
            json!("yes"),
            "data.chat.owner_handle.is_me: expected a boolean, found a string",
        ),
        (
            "/data/id",
            json!("7"),
            "data.id: expected a UUID, found a string",
        ),
        (
            "/data/sent_at",
            json!("yesterday"),
            "data.sent_at: expected a time in RFC 3339, found a string",
        ),
        (
            "/data/parts",
            json!([null]),
            "data.parts[0]: expected an object, found null",
        ),
        (
            "/created_at",
            json!(1_700_000_000),
            "created_at: expected a time in RFC 3339, found a number",
        ),
    ] {
        let body = changed(&webhook, |value| {
            *value.pointer_mut(pointer).expect("the place is there") = wrong;
        });
        let event = unknown(&body);
        assert_eq!(event.reason(), reason);
        assert_eq!(event.kind(), UnknownKind::Mismatch);
    }
}

/// Whatever stands wherever: either the type takes it, or the reason names that very place or one
/// around it, and not what stands there.
#[test]
fn the_reason_names_the_place_and_no_value_wherever_it_is() {
    let wrongs = [
        json!(MARKER),
        json!([MARKER]),
        json!({ MARKER: MARKER }),
        json!(73_550_735_507_355_u64),
    ];
    let mut refused = 0;
    for webhook in webhooks() {
        let mut found = Vec::new();
        places(&webhook.value(), "", "", &mut found);
        for (pointer, path) in found {
            for wrong in &wrongs {
                let body = changed(&webhook, |value| {
                    *value.pointer_mut(&pointer).expect("the place is there") = wrong.clone();
                });
                let event = WebhookEvent::from_slice(body.as_bytes()).expect("an object");
                let WebhookEvent::Unknown(event) = event else {
                    continue;
                };
                let reason = event.reason();
                assert!(!reason.contains(MARKER) && !reason.contains("7355"));
                if event.kind() == UnknownKind::Mismatch {
                    let (place, _) = reason.split_once(':').expect("a place and a kind");
                    assert!(is_inside(place, &path), "{path}: {reason}");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 1000, "most places want a kind of their own");
}

/// All texts at once, those that choose the type aside.
#[test]
fn the_reason_holds_no_text_of_the_payload() {
    fn mark(value: &mut Value) {
        match value {
            Value::String(text) => *text = MARKER.into(),
            Value::Array(items) => items.iter_mut().for_each(mark),
            Value::Object(object) => object.values_mut().for_each(mark),
            _ => {}
        }
    }
    for webhook in webhooks() {
        let all = changed(&webhook, mark);
        assert!(!unknown(&all).reason().contains(MARKER));
        let payload = changed(&webhook, |value| mark(&mut value["data"]));
        if let Ok(WebhookEvent::Unknown(event)) = WebhookEvent::from_slice(payload.as_bytes()) {
            assert!(!event.reason().contains(MARKER), "{}", event.reason());
        }
    }
}

#[test]
fn a_field_that_stands_twice() {
    for webhook in webhooks() {
        let value = webhook.value();
        let object = value.as_object().expect("an object");
        for (name, value) in object {
            let last = webhook.body.strip_suffix('}').expect("an object");
            let event = unknown(&format!("{last},\"{name}\":{value}}}"));
            assert_eq!(event.reason(), "a field stands twice", "`{name}`");
        }
        let body = webhook.body.replace("\"data\":{", "\"data\":{\"id\":1,");
        if value["data"].get("id").is_some() {
            assert_eq!(unknown(&body).kind(), UnknownKind::Mismatch);
        }
    }
}

#[test]
fn an_event_type_that_stands_twice_is_no_known_event() {
    let webhook = document::webhook("message.received.v2026");
    let other = webhook
        .body
        .replacen('{', r#"{"event_type":"message.sent","#, 1);
    unknown(&other);
    let data_first = r#"{"event_type":"message.sent","data":{},"event_type":"message.read"}"#;
    unknown(data_first);
}

/// Without a stack overflow, and without a limit where nothing has to be kept.
#[test]
fn deep_nesting_outside_the_types_does_no_harm() {
    let deep = nested(100_000);
    let body = format!(r#"{{"event_id":"evt_1","deep":{deep}}}"#);
    assert_eq!(unknown(&body).event_id(), "evt_1");
    let objects = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    unknown(&objects);
}

#[test]
fn deep_nesting_in_a_field_that_the_type_knows() {
    for webhook in webhooks() {
        let deep = nested(1_000);
        let data = format!("\"data\":{}", webhook.value()["data"]);
        let event = unknown(&webhook.body.replace(&data, &format!("\"data\":{deep}")));
        assert_eq!(event.kind(), UnknownKind::TooDeep);
        assert_eq!(event.event_type(), webhook.event_type());
    }
    // A part of an unknown kind is kept whole, which has its limit.
    let deep = nested(100_000);
    let webhook = document::webhook("message.received.v2026");
    let parts = format!("\"parts\":{}", webhook.value()["data"]["parts"]);
    for part in [&deep, &format!(r#"{{"type":"new","of":{deep}}}"#)] {
        let body = webhook.body.replace(&parts, &format!("\"parts\":[{part}]"));
        assert_ne!(body, webhook.body);
        let event = unknown(&body);
        assert_eq!(event.kind(), UnknownKind::TooDeep);
        assert_eq!(event.reason(), "nested too deeply to be read");
    }
}

/// JSON that is sound by its grammar, and that no text or number of Rust can hold.
#[test]
fn values_that_cannot_be_held_are_not_called_too_deep() {
    let webhook = document::webhook("message.received.v2026");
    let text = webhook.value()["data"]["parts"][0]["value"].to_string();
    for odd in [r#""\ud83c""#, "1e999", "-1e999"] {
        let event = unknown(&webhook.body.replace(&text, odd));
        assert_eq!(event.kind(), UnknownKind::Mismatch, "{}", event.reason());
        assert!(!event.reason().contains("deep"), "{}", event.reason());
    }
}

#[test]
fn white_space_around_and_inside_is_kept() {
    for webhook in webhooks() {
        let pretty = serde_json::to_string_pretty(&webhook.value()).expect("JSON");
        let body = pretty.replace(webhook.event_type(), "tea.ready");
        unknown(&format!("\n\t {body} \r\n"));
    }
}

#[test]
fn unknown_events_are_written_back_inside_other_values() {
    let body = r#"{ "event_type" : "tea.ready","n":1.0e2, "n":1 }"#;
    let event = WebhookEvent::from_slice(body.as_bytes()).expect("an object");
    let list = serde_json::to_string(&[&event, &event]).expect("JSON");
    assert_eq!(list, format!("[{body},{body}]"));
    let events: Vec<WebhookEvent> = serde_json::from_str(&list).expect("a list of events");
    assert_eq!(events, [event.clone(), event.clone()]);
    let value = serde_json::to_value(&event).expect("JSON");
    assert_eq!(value, body.parse::<Value>().expect("JSON"));
    let read: WebhookEvent = serde_json::from_value(value.clone()).expect("an object");
    assert_eq!(serde_json::to_value(&read).expect("JSON"), value);
}

#[test]
fn the_debug_text_of_an_unknown_event_does_not_show_its_payload() {
    let body = json!({"event_type": "tea.ready", "data": {"text": MARKER}, MARKER: 1});
    let event = unknown(&body.to_string());
    assert!(!format!("{event:?}").contains(MARKER));
    assert!(format!("{event:?}").contains("tea.ready"));
}

/// Bodies that are no JSON object, each with the marker in it.
fn no_objects() -> Vec<Vec<u8>> {
    let object = json!({ "event_type": MARKER, MARKER: { "a": [MARKER] } }).to_string();
    let mut bodies: Vec<Vec<u8>> = [
        format!("[{object}]"),
        format!("\"{MARKER}\""),
        MARKER.to_owned(),
        format!("{{{MARKER}}}"),
        format!("{object}{object}"),
        format!("{object} {MARKER}"),
        format!("{object},"),
        format!("\u{feff}{object}"),
        object.replace(':', ""),
        object.replace("\":", "\":,"),
        object.replace('{', "{,"),
        object.replace('"', "'"),
    ]
    .map(String::into_bytes)
    .into();
    let literals = [
        "", " \n", "7", "-1.5e3", "true", "null", "[", "{", "nul", "\0",
    ];
    bodies.extend(literals.map(|text| text.as_bytes().to_vec()));
    bodies.extend((0..object.len()).map(|end| object.as_bytes()[..end].to_vec()));
    for at in [0, 1, object.len() / 2, object.len()] {
        let mut body = object.clone().into_bytes();
        body.insert(at, 0xff);
        bodies.push(body);
    }
    bodies
}

fn assert_discreet(error: &dyn std::error::Error) {
    let mut next = Some(error);
    while let Some(error) = next {
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.is_empty() && !text.contains("marker"), "{text}");
        }
        next = error.source();
    }
}

#[test]
fn only_what_is_no_object_fails_and_says_nothing_of_it() {
    for body in no_objects() {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let error: EventError = WebhookEvent::from_slice(&body).expect_err(&shown);
        assert_discreet(&error);
        assert!(std::error::Error::source(&error).is_some());
        let error = serde_json::from_slice::<WebhookEvent>(&body).expect_err(&shown);
        assert_discreet(&error);
        let error = serde_json::from_reader::<_, WebhookEvent>(&body[..]).expect_err(&shown);
        assert_discreet(&error);
        if let Ok(value) = serde_json::from_slice::<Value>(&body) {
            let error = serde_json::from_value::<WebhookEvent>(value).expect_err(&shown);
            assert_discreet(&error);
        }
    }
}

#[test]
fn an_error_says_what_is_wrong() {
    let message = |body: &[u8]| {
        let error = WebhookEvent::from_slice(body).expect_err("no object");
        error.to_string()
    };
    let is = "the webhook body is no JSON object: ";
    assert_eq!(
        message(b"[]"),
        format!("{is}the value: expected an object, found an array")
    );
    assert_eq!(
        message(b"{\"a\":"),
        format!("{is}JSON that ends too early, at line 1 column 5")
    );
    assert_eq!(
        message(b"{}\n{}"),
        format!("{is}not JSON, at line 2 column 1")
    );
    assert_eq!(
        message(b"{\"\xff\"}"),
        format!("{is}not JSON: no UTF-8 text, at byte 2")
    );
}
