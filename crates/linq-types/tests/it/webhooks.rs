//! Every webhook that the document shows becomes the event that it is, whatever way it is read.

use linq_testing::compare::assert_same;
use linq_testing::document::{self, Webhook, webhooks};
use linq_types::WebhookEvent;
use serde::Deserialize;
use serde_json::{Value, json};

/// One body, read in every way there is.
fn readings(body: &str) -> [(&'static str, WebhookEvent); 5] {
    let value: Value = body.parse().expect("the body is JSON");
    [
        (
            "from_slice",
            WebhookEvent::from_slice(body.as_bytes()).expect("an object"),
        ),
        ("FromStr", body.parse().expect("an object")),
        (
            "serde_json::from_str",
            serde_json::from_str(body).expect("an object"),
        ),
        (
            "serde_json::from_value",
            serde_json::from_value(value).expect("an object"),
        ),
        (
            "serde_json::from_reader",
            serde_json::from_reader(body.as_bytes()).expect("an object"),
        ),
    ]
}

/// Reads a body that is to become a typed event, in every way.
fn typed(what: &str, body: &str) -> WebhookEvent {
    let [(_, event), others @ ..] = readings(body);
    assert!(!event.is_unknown(), "{what}: {event:?}\n{body}");
    for (way, other) in others {
        assert_eq!(event, other, "{what}: {way} reads another event");
    }
    event
}

/// The name of an event's variant, as its `Debug` text starts.
fn variant(event: &WebhookEvent) -> String {
    let text = format!("{event:?}");
    let (name, _) = text.split_once('(').expect("a variant holds an event");
    name.to_owned()
}

/// An object's text with its fields in the order of their names in `names`, the others last.
fn ordered(value: &Value, names: &[&str]) -> String {
    let object = value.as_object().expect("an envelope is an object");
    let place = |name: &str| names.iter().position(|other| *other == name);
    let mut fields: Vec<_> = object.iter().collect();
    fields.sort_by_key(|(name, _)| place(name).unwrap_or(names.len()));
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    format!("{{{}}}", fields.join(", "))
}

/// Puts a field that no type knows into every object.
fn add_unheard_of(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(add_unheard_of);
            object.insert("unheard_of".into(), "something".into());
        }
        Value::Array(items) => items.iter_mut().for_each(add_unheard_of),
        _ => {}
    }
}

fn changed(webhook: &Webhook, change: impl FnOnce(&mut Value)) -> String {
    let mut value = webhook.value();
    change(&mut value);
    value.to_string()
}

fn remove(value: &mut Value, name: &str) {
    let object = value.as_object_mut().expect("an object");
    object.remove(name);
}

#[test]
fn the_document_has_webhooks_of_both_versions() {
    let webhooks = webhooks();
    let with = |suffix| webhooks.iter().filter(move |w| w.key.ends_with(suffix));
    assert!(with(".v2026").count() >= 18);
    assert!(with(".v2025").count() >= 17);
}

#[test]
fn every_example_becomes_the_variant_of_its_key() {
    for webhook in webhooks() {
        let event = typed(&webhook.key, &webhook.body);
        assert_eq!(variant(&event), webhook.variant(), "{}", webhook.key);
    }
}

#[test]
fn every_event_tells_its_type_version_and_id() {
    for webhook in webhooks() {
        let event = typed(&webhook.key, &webhook.body);
        let value = webhook.value();
        let text = |name: &str| value[name].as_str().unwrap_or_default();
        assert_eq!(event.event_type(), webhook.event_type());
        assert_eq!(event.event_type(), text("event_type"), "{}", webhook.key);
        assert_eq!(event.webhook_version(), text("webhook_version"));
        assert_eq!(event.event_id(), text("event_id"));
        assert!(!event.event_id().is_empty(), "{}", webhook.key);
        if let Some(version) = &webhook.version {
            assert_eq!(event.webhook_version(), version, "{}", webhook.key);
        }
    }
}

#[test]
fn every_event_is_written_back_as_it_came() {
    for webhook in webhooks() {
        let event = typed(&webhook.key, &webhook.body);
        let written = serde_json::to_value(&event).expect("an event is JSON");
        assert_same(&webhook.key, &webhook.value(), &written);
        let text = serde_json::to_string(&event).expect("an event is JSON");
        assert_eq!(typed(&webhook.key, &text), event);
    }
}

/// The same through a formatted text: white space is no difference.
#[test]
fn white_space_is_no_difference() {
    for webhook in webhooks() {
        let pretty = serde_json::to_string_pretty(&webhook.value()).expect("JSON");
        let event = typed(&webhook.key, &format!("\r\n\t {pretty}\n\n"));
        assert_eq!(event, typed(&webhook.key, &webhook.body));
    }
}

#[test]
fn the_order_of_fields_is_no_difference() {
    let orders: [&[&str]; 5] = [
        &["data", "event_type", "webhook_version"],
        &["data", "webhook_version", "event_id", "event_type"],
        &["event_type", "data", "event_id", "webhook_version"],
        &["webhook_version", "data", "event_type"],
        &["event_id", "trace_id", "event_type", "webhook_version"],
    ];
    for webhook in webhooks() {
        let event = typed(&webhook.key, &webhook.body);
        for order in orders {
            let body = ordered(&webhook.value(), order);
            assert_eq!(typed(&webhook.key, &body), event, "{order:?}");
        }
    }
}

#[test]
fn escapes_in_names_and_values_are_no_difference() {
    let webhook = document::webhook("message.received.v2026");
    let escaped = webhook.body.replace(
        r#""event_type":"message.received""#,
        r#""\u0065vent_type":"\u006dessage.received""#,
    );
    assert_ne!(escaped, webhook.body);
    assert_eq!(typed("escaped", &escaped), typed("plain", &webhook.body));
}

#[test]
fn fields_that_no_type_knows_are_ignored() {
    for webhook in webhooks() {
        let event = typed(&webhook.key, &webhook.body);
        let inner = webhook.body.strip_prefix('{').expect("an object");
        let before = format!(r#"{{"unheard_of": {{"deep": [null, 1.5, {{}}]}}, {inner}"#);
        assert_eq!(typed(&webhook.key, &before), event);
        let everywhere = changed(&webhook, add_unheard_of);
        let with_more = typed(&webhook.key, &everywhere);
        assert_eq!(variant(&with_more), variant(&event));
    }
}

/// What no type can hold does no harm where no type wants it, wherever it stands.
#[test]
fn fields_that_no_type_knows_may_hold_anything() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let webhook = document::webhook("message.received.v2026");
    let event = typed("the example", &webhook.body);
    for (what, odd) in [
        ("a number out of range", "1e999"),
        ("half a surrogate pair", r#""\ud83c""#),
        ("deep nesting", &deep),
    ] {
        let first = format!("{{\"odd\":{odd},{}", &webhook.body[1..]);
        let last = format!(
            "{},\"odd\":{odd}}}",
            &webhook.body[..webhook.body.len() - 1]
        );
        let inside = webhook
            .body
            .replace("\"data\":{", &format!("\"data\":{{\"odd\":{odd},"));
        for body in [first, last, inside] {
            let read = WebhookEvent::from_slice(body.as_bytes()).expect("an object");
            assert!(read == event, "{what}: {read:?}");
        }
    }
}

#[test]
fn an_envelope_may_lack_all_that_does_not_choose_its_type() {
    let lenient = ["api_version", "created_at", "trace_id", "partner_id"];
    for webhook in webhooks() {
        for name in lenient {
            let without = changed(&webhook, |value| remove(value, name));
            let event = typed(&webhook.key, &without);
            let null = changed(&webhook, |value| value[name] = Value::Null);
            assert_eq!(typed(&webhook.key, &null), event, "null `{name}`");
        }
        let bare = changed(&webhook, |value| {
            lenient.iter().for_each(|name| remove(value, name));
        });
        let event = typed(&webhook.key, &bare);
        assert_eq!(variant(&event), webhook.variant());
        let written = serde_json::to_value(&event).expect("an event is JSON");
        assert_same(&webhook.key, &bare.parse().expect("JSON"), &written);
    }
}

/// Sets every member of that name, however deep, to null, and counts them.
fn set_to_null(value: &mut Value, name: &str) -> usize {
    match value {
        Value::Object(object) => {
            let here = object.get_mut(name).map(|member| *member = Value::Null);
            let inside = object.values_mut().map(|value| set_to_null(value, name));
            inside.sum::<usize>() + usize::from(here.is_some())
        }
        Value::Array(items) => items.iter_mut().map(|item| set_to_null(item, name)).sum(),
        _ => 0,
    }
}

#[test]
fn a_handle_that_is_not_known_may_be_null() {
    let mut events = Vec::new();
    for webhook in webhooks() {
        for name in ["creator_handle", "sender_handle", "owner_handle"] {
            // The card's handles are bare numbers, which are always known.
            if webhook.event_type() == "contact_card.received" {
                continue;
            }
            let mut nulls = 0;
            let body = changed(&webhook, |value| nulls = set_to_null(value, name));
            if nulls > 0 {
                let what = format!("null `{name}` in {}", webhook.key);
                assert_eq!(variant(&typed(&what, &body)), webhook.variant());
                events.push((name, webhook.key.clone()));
            }
        }
    }
    let with = |name: &str| events.iter().filter(|(other, _)| *other == name).count();
    assert!(with("creator_handle") >= 4, "{events:?}");
    assert!(with("sender_handle") >= 12, "{events:?}");
    assert!(with("owner_handle") >= 12, "{events:?}");
}

#[test]
fn an_event_id_is_opaque() {
    for webhook in webhooks() {
        for id in ["evt_01J", "", "ü/ \" \\"] {
            let body = changed(&webhook, |value| value["event_id"] = id.into());
            assert_eq!(typed(&webhook.key, &body).event_id(), id);
        }
    }
}

/// Events whose payload is the same in every version.
#[test]
fn where_the_document_names_no_version_every_version_will_do() {
    for webhook in webhooks().iter().filter(|w| w.version.is_none()) {
        for version in ["2025-01-01", "2026-02-03", "2031-12-24", ""] {
            let body = changed(webhook, |value| value["webhook_version"] = version.into());
            let event = typed(&webhook.key, &body);
            assert_eq!(variant(&event), webhook.variant());
            assert_eq!(event.webhook_version(), version);
        }
        for body in [
            changed(webhook, |value| remove(value, "webhook_version")),
            changed(webhook, |value| value["webhook_version"] = Value::Null),
        ] {
            let event = typed(&webhook.key, &body);
            assert_eq!(variant(&event), webhook.variant());
            assert_eq!(event.webhook_version(), "");
        }
    }
}

/// Deliveries that were seen, and differ from what the document shows.
#[test]
fn payloads_of_other_editions_are_typed() {
    for key in ["chat.created.v2025", "chat.created.v2026"] {
        let webhook = document::webhook(key);
        for name in ["health_status", "health_score"] {
            let without = changed(&webhook, |value| remove(&mut value["data"], name));
            assert_eq!(variant(&typed(key, &without)), webhook.variant());
            let null = changed(&webhook, |value| value["data"][name] = Value::Null);
            assert_eq!(variant(&typed(key, &null)), webhook.variant());
        }
    }
    for suffix in ["_health_status", "_reputation"] {
        let webhook = document::webhook("phone_number.status_updated.v2026");
        let body = changed(&webhook, |value| rename_health(&mut value["data"], suffix));
        let event = typed(suffix, &body);
        assert_eq!(variant(&event), webhook.variant());
        let written = serde_json::to_value(&event).expect("an event is JSON");
        assert_same(suffix, &body.parse().expect("JSON"), &written);
    }
}

/// Gives the fields that tell a line's health the name of one edition of the document.
fn rename_health(data: &mut Value, suffix: &str) {
    let object = data.as_object_mut().expect("an object");
    let mut renamed = 0;
    for name in object.keys().cloned().collect::<Vec<_>>() {
        for other in ["_health_status", "_reputation"] {
            if let (Some(stem), Some(value)) = (name.strip_suffix(other), object.get(&name)) {
                let value = value.clone();
                object.remove(&name);
                object.insert(format!("{stem}{suffix}"), value);
                renamed += 1;
            }
        }
    }
    assert_eq!(renamed, 2, "there is one for before and one for after");
}

/// A message part of a kind that came later leaves the event typed, and is kept.
#[test]
fn a_part_of_an_unknown_kind_is_kept_inside_the_event() {
    let webhook = document::webhook("message.received.v2026");
    let part = json!({"type": "hologram", "depth": 3, "of": {"a": [null, true]}});
    let body = changed(&webhook, |value| value["data"]["parts"] = json!([part]));
    let event = typed("a hologram", &body);
    let written = serde_json::to_value(&event).expect("an event is JSON");
    assert_eq!(written["data"]["parts"][0], part);
}

/// An untagged enum hands its variants a copy of the input that is no text any more.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Line {
    Number(i64),
    Event(Box<WebhookEvent>),
}

#[test]
fn events_are_read_inside_other_types() {
    for webhook in webhooks() {
        let event = typed(&webhook.key, &webhook.body);
        let list = format!("[ {0} , {0}]", webhook.body);
        let events: Vec<WebhookEvent> = serde_json::from_str(&list).expect("a list");
        assert_eq!(events, [event.clone(), event.clone()]);
        let lines: Vec<Line> =
            serde_json::from_str(&format!("[1, {}]", webhook.body)).expect("a list");
        assert_eq!(lines, [Line::Number(1), Line::Event(Box::new(event))]);
    }
}
