//! One view of messages and reactions, over the examples of the API document.

use linq_testing::document::{Webhook, webhook, webhooks};
use linq_types::WebhookEvent;
use linq_webhook::{Inbound, InboundReaction};
use serde_json::Value;

fn event(body: &Value) -> WebhookEvent {
    WebhookEvent::from_slice(body.to_string().as_bytes()).expect("the example is an object")
}

/// All that a view says and that both payload versions tell.
fn seen(event: &WebhookEvent) -> String {
    let message = Inbound::from_event(event).expect("it is a message");
    format!(
        "{:#?}",
        (
            (
                &message,
                message.sender(),
                message.sender_handle(),
                message.own_line()
            ),
            (
                message.may_auto_reply(),
                message.reconciled_at(),
                message.is_group()
            ),
            (message.text(), message.media().collect::<Vec<_>>()),
            (
                message.links().collect::<Vec<_>>(),
                message.mentions().collect::<Vec<_>>()
            ),
            (
                message.parts(),
                message.other_parts(),
                message.mentions_me()
            ),
            (message.reply_to(), message.effect(), message.service()),
            (message.sent_at(), message.idempotency_key()),
        )
    )
}

#[test]
fn both_payload_versions_give_the_same_view() {
    for name in ["message.received", "message.sent"] {
        let new = webhook(&format!("{name}.v2026")).value();
        let mut old = webhook(&format!("{name}.v2025")).value();
        // The examples tell of the same message, but for these two.
        for field in ["reply_to", "effect"] {
            old["data"]["message"][field] = new["data"][field].clone();
        }
        assert_eq!(seen(&event(&new)), seen(&event(&old)), "{name}");
    }
}

#[test]
fn the_views_say_what_the_examples_do() {
    let body = webhook("message.received.v2026").value();
    let (event, data) = (event(&body), &body["data"]);
    let message = Inbound::from_event(&event).expect("it is a message");
    let said = [
        (message.chat_id().map(str::to_owned), &data["chat"]["id"]),
        (message.message_id().map(str::to_owned), &data["id"]),
        (
            message.sender().map(str::to_owned),
            &data["sender_handle"]["handle"],
        ),
        (
            message.own_line().map(str::to_owned),
            &data["chat"]["owner_handle"]["handle"],
        ),
        (
            Some(message.text().into_owned()),
            &data["parts"][0]["value"],
        ),
        (
            message
                .reply_to()
                .map(|target| target.message_id.to_string()),
            &data["reply_to"]["message_id"],
        ),
    ];
    for (view, payload) in said {
        assert_eq!(view.as_deref(), payload.as_str());
    }
    assert!(message.may_auto_reply());
}

#[test]
fn of_all_examples_these_are_messages_and_reactions() {
    let keys = |is: fn(&WebhookEvent) -> bool| -> Vec<String> {
        let all = webhooks().into_iter();
        let taken = all.filter(|webhook: &Webhook| is(&event(&webhook.value())));
        taken.map(|webhook| webhook.key).collect()
    };
    let mut messages = keys(|event| Inbound::from_event(event).is_some());
    messages.sort();
    assert_eq!(
        messages,
        [
            "message.received.v2025",
            "message.received.v2026",
            "message.sent.v2025",
            "message.sent.v2026",
        ]
    );
    let mut reactions = keys(|event| InboundReaction::from_event(event).is_some());
    reactions.sort();
    assert_eq!(
        reactions,
        [
            "poll.reaction.added",
            "reaction.added.v2025",
            "reaction.added.v2026",
            "reaction.removed.v2025",
            "reaction.removed.v2026",
        ]
    );
}

#[test]
fn reactions_of_the_examples_are_whole() {
    for key in [
        "poll.reaction.added",
        "reaction.added.v2025",
        "reaction.added.v2026",
        "reaction.removed.v2025",
        "reaction.removed.v2026",
    ] {
        let body = webhook(key).value();
        let (event, data) = (event(&body), &body["data"]);
        let reaction = InboundReaction::from_event(&event).expect("it is a reaction");
        assert_eq!(reaction.chat_id(), data["chat_id"].as_str(), "{key}");
        assert_eq!(reaction.message_id(), data["message_id"].as_str(), "{key}");
        assert_eq!(
            reaction.kind().map(|kind| kind.as_str()),
            data["reaction_type"].as_str(),
            "{key}"
        );
        assert_eq!(
            reaction.custom_emoji(),
            data["custom_emoji"].as_str(),
            "{key}"
        );
        assert_eq!(
            reaction.sender(),
            data["from_handle"]["handle"].as_str(),
            "{key}"
        );
        assert_eq!(
            reaction.part_index().map(u64::from),
            data["part_index"].as_u64(),
            "{key}"
        );
        assert_eq!(
            Some(reaction.is_echo()),
            data["is_from_me"].as_bool(),
            "{key}"
        );
        assert_eq!(
            reaction.sticker().is_some(),
            data["sticker"].is_object(),
            "{key}"
        );
        assert_eq!(reaction.is_removed(), key.contains("removed"), "{key}");
        assert!(reaction.reacted_at().is_some(), "{key}");
    }
}
