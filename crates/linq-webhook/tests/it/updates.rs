//! Views of delivery, edits, typing, participants, polls and votes, over the examples of the document.

use linq_testing::document::{webhook, webhooks};
use linq_types::WebhookEvent;
use linq_webhook::{
    DeliveryState, DeliveryUpdate, InboundPoll, MessageEdit, ParticipantChange, PollVote, Typing,
};
use serde_json::{Value, json};

fn event(body: &Value) -> WebhookEvent {
    WebhookEvent::from_slice(body.to_string().as_bytes()).expect("it is an object")
}

/// The examples of some event types, each typed and of a version that is not known.
fn examples(types: &[&str]) -> Vec<(String, WebhookEvent, Value)> {
    let all = webhooks().into_iter();
    let all = all.filter(|webhook| types.contains(&webhook.event_type()));
    let all: Vec<_> = all
        .flat_map(|webhook| {
            let body = webhook.value();
            let mut newer = body.clone();
            newer["webhook_version"] = json!("2031-01-01");
            [body, newer].map(|body| (webhook.key.clone(), event(&body), body["data"].clone()))
        })
        .collect();
    assert!(all.len() >= 2 * types.len(), "{types:?}");
    all
}

#[test]
fn delivery_updates_say_what_their_payloads_do() {
    for (name, state, time) in [
        ("sent", DeliveryState::Sent, "sent_at"),
        ("delivered", DeliveryState::Delivered, "delivered_at"),
        ("read", DeliveryState::Read, "read_at"),
        ("failed", DeliveryState::Failed, "failed_at"),
    ] {
        let types = [format!("message.{name}"), format!("poll.{name}")];
        for (key, event, data) in examples(&[&types[0], &types[1]]) {
            let update = DeliveryUpdate::from_event(&event).expect("an update");
            assert_eq!(update.state(), state, "{key}");
            let of_message = |name: &str| match &data["message"][name] {
                Value::Null => data[name].clone(),
                value => value.clone(),
            };
            let chat = data["chat"]["id"].as_str().or(data["chat_id"].as_str());
            assert_eq!(update.chat_id(), chat, "{key}");
            let ids = [of_message("id"), data["message_id"].clone()];
            let id = ids.iter().find_map(Value::as_str);
            assert!(id.is_some() && update.message_id() == id, "{key}");
            let at = of_message(time);
            let at: chrono::DateTime<chrono::Utc> = serde_json::from_value(at).expect(&key);
            assert_eq!(update.at(), Some(at), "{key}");
            let key_of_send = of_message("idempotency_key");
            assert_eq!(update.idempotency_key(), key_of_send.as_str(), "{key}");
            assert_eq!(
                update.code().is_some(),
                state == DeliveryState::Failed,
                "{key}"
            );
            assert!(!format!("{update:?}").contains('+'), "{update:?}");
        }
    }
    let received = event(&webhook("message.received.v2026").value());
    assert!(DeliveryUpdate::from_event(&received).is_none());
}

#[test]
fn some_failures_may_be_resent() {
    let mut body = webhook("message.failed.v2026").value();
    for (code, may) in [
        (json!(3007), true),
        (json!(4001), true),
        (json!(4002), true),
        (json!(4005), false),
        (json!(4006), true),
        (json!(4007), false),
        (json!(9999), false),
        (json!(null), false),
        (json!("4001"), false),
    ] {
        body["data"]["code"] = code.clone();
        let event = event(&body);
        let update = DeliveryUpdate::from_event(&event).expect("an update");
        assert_eq!(update.may_resend(), may, "{code}");
    }
}

#[test]
fn an_edit_has_its_text_and_its_author() {
    for (key, event, data) in examples(&["message.edited"]) {
        let edit = MessageEdit::from_event(&event).expect("an edit");
        assert_eq!(edit.chat_id(), data["chat"]["id"].as_str(), "{key}");
        assert_eq!(edit.message_id(), data["id"].as_str());
        assert_eq!(edit.text(), data["part"]["text"].as_str());
        assert_eq!(
            edit.part_index().map(u64::from),
            data["part"]["index"].as_u64()
        );
        assert_eq!(edit.sender(), data["sender_handle"]["handle"].as_str());
        assert_eq!(
            edit.own_line(),
            data["chat"]["owner_handle"]["handle"].as_str()
        );
        assert_eq!(edit.is_echo(), data["direction"] == "outbound");
        assert_ne!(edit.is_echo(), edit.may_auto_reply());
        assert!(edit.edited_at().is_some());
        assert!(!format!("{edit:?}").contains("table"), "{edit:?}");
    }
}

#[test]
fn typing_and_participants_say_who_and_where() {
    let types = [
        "chat.typing_indicator.started",
        "chat.typing_indicator.stopped",
    ];
    for (key, event, data) in examples(&types) {
        let typing = Typing::from_event(&event).expect("typing");
        assert_eq!(typing.chat_id(), data["chat_id"].as_str(), "{key}");
        assert_eq!(typing.is_started(), key.contains("started"));
        assert_eq!(
            typing.sender().as_deref(),
            data["actor_handle"]["handle"].as_str()
        );
    }
    for (key, event, data) in examples(&["participant.added", "participant.removed"]) {
        let change = ParticipantChange::from_event(&event).expect("a change");
        assert_eq!(change.chat_id(), data["chat_id"].as_str(), "{key}");
        assert_eq!(change.is_removed(), key.contains("removed"));
        assert_eq!(change.handle().as_deref(), data["handle"].as_str());
        assert!(!change.is_me() && change.at().is_some(), "{key}");
    }
}

#[test]
fn polls_and_votes_say_what_their_payloads_do() {
    for (key, event, data) in examples(&["poll.received", "poll.sent", "poll.updated"]) {
        let poll = InboundPoll::from_event(&event).expect("a poll");
        assert_eq!(poll.message_id(), data["message_id"].as_str(), "{key}");
        assert_eq!(poll.sender(), data["sender_handle"]["handle"].as_str());
        assert_eq!(poll.is_update(), key == "poll.updated");
        let options = match poll.is_update() {
            true => &data["added_options"],
            false => &data["poll"]["options"],
        };
        let expected = options.as_array().expect("options").len();
        assert!(expected > 0 && poll.options().len() == expected, "{key}");
        assert_eq!(
            poll.is_echo(),
            data["direction"] == "outbound" || key == "poll.sent"
        );
    }
    for (key, event, data) in examples(&["poll.vote.added", "poll.vote.removed"]) {
        let vote = PollVote::from_event(&event).expect("a vote");
        assert_eq!(vote.option_id(), data["option_id"].as_str(), "{key}");
        assert_eq!(vote.is_removed(), key.contains("removed"));
        assert_eq!(vote.sender(), data["sender_handle"]["handle"].as_str());
    }
}
