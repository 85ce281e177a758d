//! Webhooks: each pair of event type and payload version is a variant, named for good.

use crate::support::{Text, document, expect_all, generated, refused};
use serde_json::{Map, Value, json};

/// A payload of its own for each event.
fn envelope() -> Value {
    json!({
        "type": "object",
        "required": ["event_type", "event_id", "trace_id", "data"],
        "properties": {
            "event_type": { "type": "string" },
            "event_id": { "type": "string", "format": "uuid" },
            "trace_id": { "type": "string" },
            "webhook_version": { "type": "string" },
            "data": { "type": "object", "properties": { "id": { "type": "string" } } },
        },
    })
}

/// A webhook with a tag for its version, if it has one.
fn webhook(version: Option<&str>) -> Value {
    json!({ "post": {
        "tags": version.into_iter().chain(["Events"]).collect::<Vec<_>>(),
        "description": "It happened.",
        "requestBody": { "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/Envelope" },
        } } },
        "responses": { "200": { "description": "Taken." } },
    } })
}

fn root(webhooks: &[(&str, Value)]) -> Value {
    let mut root = document(json!({}), json!({ "Envelope": envelope() }));
    let entries: Map<String, Value> = webhooks
        .iter()
        .map(|(key, item)| ((*key).to_owned(), item.clone()))
        .collect();
    root["webhooks"] = Value::Object(entries);
    root
}

/// Variant, event type and version of each event.
fn events(made: &Text) -> Vec<(&str, &str, Option<&str>)> {
    let events = made.0.api.events.iter();
    events
        .map(|event| {
            (
                event.variant.as_str(),
                event.event_type.as_str(),
                event.version.as_deref(),
            )
        })
        .collect()
}

#[test]
fn the_tag_says_the_version() {
    let made = generated(root(&[
        ("message.sent.v2026", webhook(Some("2026-02-03"))),
        ("message.sent.v2025", webhook(Some("2025-01-01"))),
        ("message.sent.v2027", webhook(Some("2027-05-06"))),
    ]));
    assert_eq!(
        events(&made),
        [
            ("MessageSent", "message.sent", Some("2026-02-03")),
            ("MessageSentV2025", "message.sent", Some("2025-01-01")),
            ("MessageSentV2027", "message.sent", Some("2027-05-06")),
        ]
    );
    expect_all(
        made.file("linq-types", "webhook_event.rs"),
        &[
            "    /// `message.sent`, payload version 2026-02-03.\n    ///\n    /// It happened.\n    \
             MessageSent(Envelope),\n",
            "\"message.sent\" => match webhook_version { \
             \"2026-02-03\" => Some(WebhookEventKind::MessageSent), \
             \"2025-01-01\" => Some(WebhookEventKind::MessageSentV2025), \
             \"2027-05-06\" => Some(WebhookEventKind::MessageSentV2027), _ => None },",
        ],
    );
}

#[test]
fn the_plain_name_stays_where_it_is_alone() {
    let made = generated(root(&[("message.sent.v2026", webhook(Some("2026-02-03")))]));
    assert_eq!(
        events(&made),
        [("MessageSent", "message.sent", Some("2026-02-03"))]
    );
    let made = generated(root(&[("message.sent.v2025", webhook(Some("2025-01-01")))]));
    assert_eq!(
        events(&made),
        [("MessageSentV2025", "message.sent", Some("2025-01-01"))]
    );
}

#[test]
fn a_key_without_a_version_takes_every_version() {
    let made = generated(root(&[("message.sent", webhook(None))]));
    assert_eq!(events(&made), [("MessageSent", "message.sent", None)]);
    expect_all(
        made.file("linq-types", "webhook_event.rs"),
        &[
            "    /// `message.sent`, every payload version.\n",
            "                \"message.sent\" => Some(WebhookEventKind::MessageSent),\n",
            // The version is that of the delivery.
            "Self::MessageSent(event) => event.webhook_version.as_deref().unwrap_or_default(),",
        ],
    );
}

#[test]
fn a_suffix_takes_the_date_that_others_of_it_have() {
    let made = generated(root(&[
        ("message.sent.v2025", webhook(Some("2025-01-01"))),
        ("message.read.v2025", webhook(None)),
    ]));
    assert_eq!(
        events(&made),
        [
            ("MessageSentV2025", "message.sent", Some("2025-01-01")),
            ("MessageReadV2025", "message.read", Some("2025-01-01")),
        ]
    );
}

#[test]
fn a_suffix_takes_the_date_of_its_example() {
    let mut item = webhook(None);
    item["post"]["requestBody"]["content"]["application/json"]["example"] =
        json!({ "event_type": "message.sent", "webhook_version": "2025-01-01" });
    let made = generated(root(&[("message.sent.v2025", item)]));
    assert_eq!(
        events(&made),
        [("MessageSentV2025", "message.sent", Some("2025-01-01"))]
    );
}

#[test]
fn a_suffix_without_a_date_is_refused() {
    refused(
        root(&[("message.sent.v2027", webhook(None))]),
        "#/webhooks/message.sent.v2027/post",
        "nothing says which date the payload version `v2027` has",
        "add `x-webhook-version: YYYY-MM-DD` in the overlay",
    );
    // The advice works.
    let mut item = webhook(None);
    item["post"]["x-webhook-version"] = json!("2027-01-01");
    let made = generated(root(&[("message.sent.v2027", item)]));
    assert_eq!(
        events(&made),
        [("MessageSentV2027", "message.sent", Some("2027-01-01"))]
    );
}

#[test]
fn a_second_version_of_a_year_has_its_date() {
    let made = generated(root(&[
        ("message.sent.v2027", webhook(Some("2027-01-01"))),
        ("message.sent.v2027b", webhook(Some("2027-09-01"))),
        ("message.read.v2027", webhook(Some("2027-01-01"))),
    ]));
    assert_eq!(
        events(&made),
        [
            ("MessageSentV2027", "message.sent", Some("2027-01-01")),
            ("MessageSentV20270901", "message.sent", Some("2027-09-01")),
            ("MessageReadV2027", "message.read", Some("2027-01-01")),
        ]
    );
}

#[test]
fn a_second_version_of_2026_leaves_the_first_its_name() {
    let made = generated(root(&[
        ("message.sent.v2026", webhook(Some("2026-02-03"))),
        ("message.sent.v2026b", webhook(Some("2026-11-01"))),
    ]));
    assert_eq!(
        events(&made),
        [
            ("MessageSent", "message.sent", Some("2026-02-03")),
            ("MessageSentV2026", "message.sent", Some("2026-11-01")),
        ]
    );
}

#[test]
fn a_pair_that_stands_twice_is_refused() {
    refused(
        root(&[
            ("message.sent.v2025", webhook(Some("2025-01-01"))),
            ("message.sent", webhook(Some("2025-01-01"))),
        ]),
        "#/webhooks/message.sent/post",
        "the event type and payload version are those of #/webhooks/message.sent.v2025/post too",
        "give one of them its version with `x-webhook-version` in the overlay",
    );
}

#[test]
fn event_types_that_share_a_name_are_refused() {
    refused(
        root(&[
            ("message.sent", webhook(None)),
            ("message_sent", webhook(None)),
        ]),
        "#/webhooks/message_sent/post",
        "the variant `MessageSent` exists already, from #/webhooks/message.sent/post",
        "rename one of the event types with `x-event-type` in the overlay",
    );
}

#[test]
fn one_without_a_version_beside_others_takes_the_rest() {
    let made = generated(root(&[
        ("message.sent.v2026", webhook(Some("2026-02-03"))),
        ("message.sent", webhook(None)),
    ]));
    assert_eq!(
        events(&made),
        [
            ("MessageSent", "message.sent", Some("2026-02-03")),
            ("MessageSentAnyVersion", "message.sent", None),
        ]
    );
    expect_all(
        made.file("linq-types", "webhook_event.rs"),
        &[
            "match webhook_version { \"2026-02-03\" => Some(WebhookEventKind::MessageSent), \
             _ => Some(WebhookEventKind::MessageSentAnyVersion) }",
        ],
    );
}

#[test]
fn a_key_that_is_no_event_type_is_named_by_its_example() {
    let mut item = webhook(Some("2026-02-03"));
    item["post"]["requestBody"]["content"]["application/json"]["examples"] =
        json!({ "one": { "value": { "event_type": "message.sent" } } });
    let made = generated(root(&[("MessageSentWebhook", item)]));
    assert_eq!(
        events(&made),
        [("MessageSent", "message.sent", Some("2026-02-03"))]
    );
}

#[test]
fn webhooks_of_3_0_stand_in_an_extension() {
    let mut root = root(&[]);
    let object = root.as_object_mut().expect("an object");
    object.remove("webhooks");
    object.insert(
        "x-webhooks".to_owned(),
        json!({ "message.sent": webhook(None) }),
    );
    root["openapi"] = json!("3.0.3");
    assert_eq!(
        events(&generated(root)),
        [("MessageSent", "message.sent", None)]
    );
}

#[test]
fn a_webhook_without_a_payload_is_noted() {
    let made = generated(root(&[
        (
            "message.sent",
            json!({ "post": { "responses": { "200": { "description": "" } } } }),
        ),
        ("message.read", json!({})),
    ]));
    assert!(events(&made).is_empty());
    assert_eq!(
        made.notes(),
        [
            "webhook `message.sent` has no payload; it stays unknown",
            "webhook `message.read` has no operation",
        ]
    );
}

#[test]
fn a_payload_that_is_no_object_is_refused() {
    let mut item = webhook(None);
    item["post"]["requestBody"]["content"]["application/json"]["schema"] =
        json!({ "type": "string" });
    refused(
        root(&[("message.sent", item)]),
        "#/webhooks/message.sent/post/requestBody/content/application~1json/schema",
        "the webhook's body is no object with fields",
        "refer to the schema of the whole delivery, envelope and data",
    );
}

#[test]
fn envelopes_are_lenient() {
    let made = generated(root(&[("message.sent", webhook(None))]));
    let item = made.item("Envelope");
    expect_all(
        &item,
        &[
            "pub event_type: String,",
            // Opaque, whatever format the document gives it.
            "pub event_id: String,",
            "pub data: EnvelopeData,",
            "pub trace_id: Option<String>,",
        ],
    );
}

#[test]
fn a_nested_payload_has_a_name() {
    let mut item = webhook(Some("2025-01-01"));
    item["post"]["requestBody"]["content"]["application/json"]["schema"] = envelope();
    let made = generated(root(&[("message.sent.v2025", item)]));
    expect_all(
        made.file("linq-types", "webhook_event.rs"),
        &["    MessageSentV2025(MessageSentV2025Delivery),\n"],
    );
    assert!(made.has_type("MessageSentV2025DeliveryData"));
}

#[test]
fn types_of_events_stand_in_the_file_of_their_family() {
    let mut made = root(&[
        ("message.sent", webhook(None)),
        ("message.read", webhook(None)),
    ]);
    let one_family = generated(made.clone());
    assert!(
        one_family
            .file("linq-types", "events_message.rs")
            .contains("pub struct Envelope {")
    );
    made["webhooks"]["chat.created"] = webhook(None);
    let two_families = generated(made);
    assert!(
        two_families
            .file("linq-types", "events.rs")
            .contains("pub struct Envelope {")
    );
}

#[test]
fn a_document_without_webhooks_has_a_union_all_the_same() {
    let made = generated(document(json!({}), json!({})));
    expect_all(
        made.file("linq-types", "webhook_event.rs"),
        &["pub enum WebhookEvent {\n", "    Unknown(UnknownEvent),\n}"],
    );
}
