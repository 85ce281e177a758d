//! One view of messages and reactions, over payloads that are odd in one way or another.

use linq_types::{ReactionType, ServiceType, WebhookEvent};
use linq_webhook::{Inbound, InboundReaction};
use serde_json::{Value, json};

const CHAT: &str = "0b0e7c1e-55d2-4b5f-9a43-2b6d1f6f5b10";
const MESSAGE: &str = "c2f3a7de-3f0c-4f0e-8a57-6c1d2b3e4f50";
const OTHER: &str = "7d9f0c3a-9b1e-4a57-bd1a-0e5f6a7b8c90";
const LINE: &str = "+12025550100";
const PERSON: &str = "+12025550101";

fn event(event_type: &str, version: &str, data: Value) -> WebhookEvent {
    let body = json!({
        "api_version": "v3",
        "webhook_version": version,
        "event_type": event_type,
        "event_id": "e1",
        "data": data,
    });
    let event = WebhookEvent::from_slice(body.to_string().as_bytes()).expect("it is an object");
    if let WebhookEvent::Unknown(event) = &event {
        panic!("{}", event.reason());
    }
    event
}

fn handle(handle: &str, is_me: bool) -> Value {
    json!({
        "id": OTHER, "handle": handle, "is_me": is_me, "service": "iMessage",
        "joined_at": "2026-05-01T08:00:00Z",
    })
}

fn text(value: &str) -> Value {
    json!({"type": "text", "value": value})
}

fn with(mut data: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().expect("an object") {
        data[name] = value.clone();
    }
    data
}

/// `message.received` of both payload versions, with as little as there may be, the given parts and changes.
fn received(parts: Value, changes_2026: Value, changes_2025: Value) -> [WebhookEvent; 2] {
    let new = json!({"chat": {"id": CHAT}, "id": MESSAGE, "direction": "inbound", "parts": parts});
    let message = json!({"id": MESSAGE, "parts": parts});
    let old = json!({"chat_id": CHAT, "is_from_me": false, "message": message});
    [
        event("message.received", "2026-02-03", with(new, changes_2026)),
        event("message.received", "2025-01-01", with(old, changes_2025)),
    ]
}

fn plain(parts: Value) -> [WebhookEvent; 2] {
    received(parts, json!({}), json!({}))
}

fn view(event: &WebhookEvent) -> Inbound {
    Inbound::from_event(event).expect("it is a message")
}

#[test]
fn what_a_payload_leaves_out_is_none() {
    for event in plain(json!([])) {
        let message = view(&event);
        assert_eq!(message.chat_id(), Some(CHAT));
        assert_eq!(message.message_id(), Some(MESSAGE));
        assert_eq!((message.sender(), message.own_line()), (None, None));
        assert!(message.sender_handle().is_none());
        assert_eq!((message.is_echo(), message.is_reconciled()), (false, false));
        assert_eq!(message.text(), "");
        assert_eq!((message.parts().len(), message.media().count()), (0, 0));
        assert_eq!(
            (message.links().count(), message.mentions().count()),
            (0, 0)
        );
        assert_eq!((message.reply_to(), message.effect()), (None, None));
        assert_eq!((message.service(), message.is_group()), (None, None));
        assert_eq!((message.sent_at(), message.received_at()), (None, None));
        assert_eq!(message.idempotency_key(), None);
        assert!(!message.mentions_me() && message.is_empty() && !message.may_auto_reply());
    }
}

#[test]
fn null_is_none_too() {
    let nulls_2026 = json!({
        "chat": {"id": CHAT, "is_group": null, "owner_handle": null},
        "sender_handle": null, "service": null, "reply_to": null, "effect": null, "sent_at": null,
        "reconciled_at": null, "idempotency_key": null, "preferred_service": null,
    });
    let nulls_2025 = json!({
        "is_group": null, "from": null, "from_handle": null, "recipient_handle": null,
        "recipient_phone": null, "service": null, "received_at": null, "idempotency_key": null,
    });
    for event in received(json!([text("Hi")]), nulls_2026, nulls_2025) {
        let message = view(&event);
        assert_eq!((message.sender(), message.own_line()), (None, None));
        assert_eq!((message.service(), message.is_group()), (None, None));
        assert_eq!((message.reply_to(), message.effect()), (None, None));
        assert!(message.may_auto_reply());
    }
}

#[test]
fn handles_are_numbers_or_e_mail_addresses() {
    let new = json!({
        "chat": {"id": CHAT, "owner_handle": handle(LINE, true), "is_group": true},
        "sender_handle": handle("ada@example.com", false),
    });
    let old = json!({
        "from_handle": handle("ada@example.com", false),
        "recipient_handle": handle(LINE, true),
        "is_group": true,
    });
    for event in received(json!([]), new, old) {
        let message = view(&event);
        assert_eq!(message.sender(), Some("ada@example.com"));
        let sender = message.sender_handle().expect("it is there");
        assert_eq!(
            (sender.handle.as_str(), sender.is_me),
            ("ada@example.com", Some(false))
        );
        assert_eq!(
            (message.own_line(), message.is_group()),
            (Some(LINE), Some(true))
        );
    }
}

#[test]
fn the_older_version_may_have_bare_numbers() {
    let numbers = json!({"from": PERSON, "recipient_phone": LINE});
    let [_, event] = received(json!([]), json!({}), numbers);
    let message = view(&event);
    assert_eq!(
        (message.sender(), message.own_line()),
        (Some(PERSON), Some(LINE))
    );
    assert!(message.sender_handle().is_none());
}

#[test]
fn ones_own_line_is_not_guessed_from_the_sender() {
    let new = json!({"sender_handle": handle(PERSON, false)});
    for event in received(json!([]), new, json!({"from": PERSON})) {
        assert_eq!(
            (view(&event).sender(), view(&event).own_line()),
            (Some(PERSON), None)
        );
    }
}

#[test]
fn what_a_line_of_ones_own_sent_is_an_echo() {
    let (new, old) = (
        json!({"direction": "outbound", "sender_handle": handle(LINE, true), "idempotency_key": "k1"}),
        json!({"is_from_me": true, "from": LINE, "idempotency_key": "k1"}),
    );
    for event in received(json!([text("Hi")]), new, old) {
        let message = view(&event);
        assert!(message.is_echo() && !message.may_auto_reply());
        assert_eq!(
            (message.own_line(), message.idempotency_key()),
            (Some(LINE), Some("k1"))
        );
    }
}

#[test]
fn a_sent_message_is_an_echo_whatever_else_it_says() {
    let message = json!({"id": MESSAGE, "parts": []});
    let events = [
        event(
            "message.sent",
            "2026-02-03",
            json!({"chat": {"id": CHAT}, "id": MESSAGE, "direction": "inbound", "parts": []}),
        ),
        event(
            "message.sent",
            "2025-01-01",
            json!({"chat_id": CHAT, "is_from_me": false, "message": message}),
        ),
    ];
    assert!(
        events
            .iter()
            .all(|event| view(event).is_echo() && !view(event).may_auto_reply())
    );
}

#[test]
fn a_message_found_late_is_not_answered() {
    let late = json!({"reconciled_at": "2026-05-02T10:00:00Z"});
    let [event, _] = received(json!([text("Hi")]), late, json!({}));
    let message = view(&event);
    assert!(message.is_reconciled() && !message.is_echo() && !message.may_auto_reply());
    let reconciled_at = message.reconciled_at().expect("it is there");
    assert_eq!(reconciled_at.to_rfc3339(), "2026-05-02T10:00:00+00:00");
}

#[test]
fn a_message_that_went_some_other_way_is_not_answered() {
    let sideways = json!({"direction": "sideways"});
    let [event, _] = received(json!([text("Hi")]), sideways, json!({}));
    assert!(!view(&event).is_echo() && !view(&event).may_auto_reply());
}

#[test]
fn the_parts_are_sorted_by_kind() {
    let parts = json!([
        text("One"),
        {"type": "media", "id": OTHER, "url": "https://example.com/a.jpg", "filename": "a.jpg",
         "mime_type": "image/jpeg", "size_bytes": 3},
        text("two\nthree"),
        {"type": "hologram", "depth": 3},
        {"type": "link", "value": "https://example.com/"},
        text(""),
    ]);
    for event in plain(parts) {
        let message = view(&event);
        assert_eq!(message.text(), "One\ntwo\nthree\n");
        let media: Vec<_> = message.media().collect();
        assert_eq!(
            (media.len(), media[0].filename, media[0].size_bytes),
            (1, Some("a.jpg"), Some(3))
        );
        assert_eq!(
            message.links().collect::<Vec<_>>(),
            ["https://example.com/"]
        );
        assert_eq!(message.other_parts(), 1);
        assert_eq!(message.parts().len(), 6);
    }
}

#[test]
fn a_single_text_is_not_copied() {
    for event in plain(json!([text("Hi"), {"type": "link", "value": "https://example.com/"}])) {
        assert!(matches!(
            view(&event).text(),
            std::borrow::Cow::Borrowed("Hi")
        ));
    }
}

#[test]
fn mentions_of_oneself_are_told_from_others() {
    let mention = |handle: &str, is_me: bool| {
        json!([{"type": "text", "value": "@x Hi",
                "mentions": [{"handle": handle, "is_me": is_me, "range": [0, 2]}]}])
    };
    let single = |handle: &str| json!([{"type": "text", "value": "@x Hi", "mention": handle}]);
    for (parts, mentions, is_me) in [
        (mention(LINE, true), 1, true),
        (mention(PERSON, false), 1, false),
        (single(LINE), 1, true),
        (single(PERSON), 1, false),
        (json!([text("Hi")]), 0, false),
    ] {
        let new = json!({"chat": {"id": CHAT, "owner_handle": handle(LINE, true)}});
        let old = json!({"recipient_phone": LINE});
        for event in received(parts, new, old) {
            assert_eq!(view(&event).mentions().count(), mentions);
            assert_eq!(view(&event).mentions_me(), is_me);
        }
    }
}

#[test]
fn a_reply_names_its_target_or_is_none() {
    for (reply_to, part_index) in [
        (json!({"message_id": OTHER, "part_index": 2}), Some(2)),
        (json!({"message_id": OTHER}), None),
        (json!({"message_id": OTHER, "part_index": -1}), None),
    ] {
        let message = json!({"id": MESSAGE, "parts": [], "reply_to": reply_to});
        let (new, old) = (json!({"reply_to": reply_to}), json!({"message": message}));
        for event in received(json!([]), new, old) {
            let message = view(&event);
            let target = message.reply_to().expect("it is a reply");
            assert_eq!(target.message_id, OTHER);
            assert_eq!(target.part_index, part_index);
        }
    }
    let nowhere = json!({"reply_to": {"part_index": 1}});
    let [event, _] = received(json!([]), nowhere, json!({}));
    assert_eq!(view(&event).reply_to(), None);
}

#[test]
fn an_effect_has_kind_and_name_as_sent() {
    for (kind, name) in [
        ("screen", Some("confetti")),
        ("bubble", Some("slam")),
        ("keyboard", None),
    ] {
        let effect = json!({"type": kind, "name": name});
        let message = json!({"id": MESSAGE, "parts": [], "effect": effect});
        let (new, old) = (json!({"effect": effect}), json!({"message": message}));
        for event in received(json!([]), new, old) {
            let message = view(&event);
            let effect = message.effect().expect("an effect");
            assert_eq!(effect.type_.as_ref().map(|kind| kind.as_str()), Some(kind));
            assert_eq!(effect.name.as_deref(), name);
        }
    }
}

#[test]
fn a_service_that_is_new_keeps_its_name() {
    let service = json!({"service": "carrier-pigeon"});
    for event in received(json!([]), service.clone(), service) {
        let service = view(&event).service().expect("a service");
        assert_eq!(service.as_str(), "carrier-pigeon");
    }
}

#[test]
fn receipts_and_failures_are_no_messages() {
    let data = json!({"chat": {"id": CHAT}, "id": MESSAGE, "direction": "outbound", "parts": []});
    for event_type in ["message.delivered", "message.read"] {
        let event = event(event_type, "2026-02-03", data.clone());
        assert!(Inbound::from_event(&event).is_none());
    }
    let failed = json!({"code": 4002, "failed_at": "2026-05-02T10:00:00Z"});
    assert!(Inbound::from_event(&event("message.failed", "2026-02-03", failed)).is_none());
    let unknown = WebhookEvent::from_slice(b"{\"event_type\":\"message.received\",\"data\":3}");
    let unknown = unknown.expect("it is an object");
    assert!(Inbound::from_event(&unknown).is_none());
    assert!(InboundReaction::from_event(&unknown).is_none());
}

fn reaction(event_type: &str, changes: Value) -> [WebhookEvent; 2] {
    let data = with(
        json!({"reaction_type": "like", "is_from_me": false}),
        changes,
    );
    ["2026-02-03", "2025-01-01"].map(|version| event(event_type, version, data.clone()))
}

#[test]
fn a_reaction_says_what_its_payload_does() {
    for event in reaction("reaction.added", json!({})) {
        let reaction = InboundReaction::from_event(&event).expect("it is a reaction");
        assert_eq!(reaction.kind(), Some(&ReactionType::Like));
        assert!(!reaction.is_removed() && !reaction.is_echo());
        assert_eq!((reaction.chat_id(), reaction.message_id()), (None, None));
        assert_eq!(
            (reaction.part_index(), reaction.reaction_id()),
            (None, None)
        );
        assert_eq!((reaction.sender(), reaction.custom_emoji()), (None, None));
        assert_eq!((reaction.sticker(), reaction.sender_handle()), (None, None));
        assert_eq!((reaction.service(), reaction.reacted_at()), (None, None));
    }
    let whole = json!({
        "chat_id": CHAT, "message_id": MESSAGE, "part_index": 1, "reaction_id": "r1", "is_from_me": true,
        "reaction_type": "custom", "custom_emoji": "🍝", "from": LINE, "service": "SMS",
        "reacted_at": "2026-05-02T10:00:00Z", "sticker": {"width": 3},
    });
    for event in reaction("reaction.removed", whole) {
        let reaction = InboundReaction::from_event(&event).expect("it is a reaction");
        assert_eq!(
            (reaction.kind(), reaction.custom_emoji()),
            (Some(&ReactionType::Custom), Some("🍝"))
        );
        assert!(reaction.is_removed() && reaction.is_echo());
        assert_eq!(reaction.chat_id(), Some(CHAT));
        assert_eq!(reaction.message_id(), Some(MESSAGE));
        assert_eq!(
            (reaction.part_index(), reaction.reaction_id()),
            (Some(1), Some("r1"))
        );
        assert_eq!(
            (reaction.sender(), reaction.service()),
            (Some(LINE), Some(ServiceType::Sms))
        );
        assert_eq!(
            reaction.sticker().and_then(|sticker| sticker.width),
            Some(3)
        );
        assert!(reaction.reacted_at().is_some());
    }
}

#[test]
fn debug_shows_ids_and_no_content() {
    let new = json!({"sender_handle": handle(PERSON, false), "chat": {"id": CHAT, "owner_handle": handle(LINE, true)}});
    let old = json!({"from": PERSON, "recipient_phone": LINE});
    for event in received(json!([text("the secret plan")]), new, old) {
        let shown = format!("{:?}", view(&event));
        assert!(shown.contains(CHAT) && shown.contains(MESSAGE) && shown.contains("parts: 1"));
        assert!(
            !shown.contains("secret") && !shown.contains("+1202"),
            "{shown}"
        );
    }
    for event in reaction("reaction.added", json!({"from": PERSON, "chat_id": CHAT})) {
        let shown = format!("{:?}", InboundReaction::from_event(&event));
        assert!(
            shown.contains(CHAT) && shown.contains("Like") && !shown.contains("+1202"),
            "{shown}"
        );
    }
}
