//! Who is speaking: every mark that a message is one's own, in every combination and both versions.

use linq_testing::document::webhook;
use linq_types::WebhookEvent;
use linq_webhook::{AllowList, Inbound, InboundReaction, MessageEdit, PollVote, normalize_handle};
use serde_json::{Value, json};

fn event(body: &Value) -> WebhookEvent {
    WebhookEvent::from_slice(body.to_string().as_bytes()).expect("it is an object")
}

/// From the body, since an event keeps only the marks that its type has.
fn may_auto_reply(body: &Value) -> bool {
    let message = Inbound::from_body(body.to_string().as_bytes());
    message.is_some_and(|message| message.may_auto_reply())
}

const LINE: &str = "+12025550100";

/// A mark: where it is, and whether a value of it allows to answer.
type Mark = (&'static str, Vec<(Value, bool)>);

/// The values that a mark can have; `json!(null)` stands for missing too.
fn marks(version: &str) -> Vec<Mark> {
    let sender = if version == "2026" {
        "sender_handle"
    } else {
        "from_handle"
    };
    let of_sender = |name: &str| match (sender, name) {
        ("sender_handle", "is_me") => "/data/sender_handle/is_me",
        ("sender_handle", "status") => "/data/sender_handle/status",
        ("sender_handle", "handle") => "/data/sender_handle/handle",
        (_, "is_me") => "/data/from_handle/is_me",
        (_, "status") => "/data/from_handle/status",
        _ => "/data/from_handle/handle",
    };
    let parts = if version == "2026" {
        "/data/parts"
    } else {
        "/data/message/parts"
    };
    let text = |text: &str| json!([{"type": "text", "value": text}]);
    vec![
        match version {
            "2026" => (
                "/data/direction",
                vec![
                    (json!("inbound"), true),
                    (json!(null), true),
                    (json!("outbound"), false),
                    (json!("sideways"), false),
                    (json!(1), false),
                ],
            ),
            _ => (
                "/data/is_from_me",
                vec![
                    (json!(false), true),
                    (json!(null), true),
                    (json!(true), false),
                    (json!("true"), false),
                ],
            ),
        },
        (
            of_sender("is_me"),
            vec![
                (json!(false), true),
                (json!(null), true),
                (json!(true), false),
                (json!(0), false),
            ],
        ),
        (
            of_sender("status"),
            vec![
                (json!("active"), true),
                (json!(null), true),
                (json!("left"), false),
                (json!("removed"), false),
                (json!([]), false),
            ],
        ),
        (
            of_sender("handle"),
            vec![
                (json!("+12025550107"), true),
                (json!("ada@example.com"), true),
                (json!(null), true),
                (json!(LINE), false),
                (json!("tel:1 (202) 555-0100"), false),
                (json!(7), false),
            ],
        ),
        (
            "/data/reconciled_at",
            vec![
                (json!(null), true),
                (json!("2026-05-02T10:00:00Z"), false),
                (json!(true), false),
            ],
        ),
        (
            parts,
            vec![
                (text("Hi"), true),
                (text(" "), false),
                (json!([]), false),
                (json!(7), false),
            ],
        ),
    ]
}

fn set(body: &mut Value, pointer: &str, value: &Value) {
    let (parent, name) = pointer.rsplit_once('/').expect("it begins with a slash");
    let parent = body.pointer_mut(parent).and_then(Value::as_object_mut);
    let parent = parent.expect("it is an object");
    match value {
        Value::Null => parent.remove(name),
        value => parent.insert(name.to_owned(), value.clone()),
    };
}

#[test]
fn any_mark_forbids_an_answer_in_every_combination() {
    for version in ["2026", "2025"] {
        let mut bodies = vec![(
            webhook(&format!("message.received.v{version}")).value(),
            true,
        )];
        // The deprecated twin of the sender's handle would speak for it.
        set(&mut bodies[0].0, "/data/from", &json!(null));
        for (pointer, values) in marks(version) {
            let each = |(body, may): &(Value, bool)| {
                let body = body.clone();
                let may = *may;
                let changed = values.iter().map(move |(value, allows)| {
                    let mut body = body.clone();
                    set(&mut body, pointer, value);
                    (body, may && *allows)
                });
                changed.collect::<Vec<_>>()
            };
            bodies = bodies.iter().flat_map(each).collect();
        }
        assert!(bodies.len() > 3000, "{}", bodies.len());
        for (body, may) in bodies {
            assert_eq!(may_auto_reply(&body), may, "{body}");
            // The older type does not have this one.
            if version == "2026" || body["data"]["reconciled_at"].is_null() {
                let event = event(&body);
                let message = Inbound::from_event(&event).expect("it is a message");
                assert_eq!(message.may_auto_reply(), may, "{body}");
            }
        }
    }
}

#[test]
fn marks_count_in_either_version_and_wherever_they_are() {
    for key in ["message.received.v2026", "message.received.v2025"] {
        for (pointer, value, may) in [
            ("/data/is_from_me", json!(true), false),
            ("/data/direction", json!("outbound"), false),
            (
                "/data/sender_handle",
                json!({"handle": "+12025550107", "is_me": true}),
                false,
            ),
            ("/data/from", json!(LINE), false),
            ("/data/from", json!("+1 202 555 0107"), true),
            ("/data/from", json!({"handle": 7}), false),
            (
                "/data/chat",
                json!({"id": "a", "owner_handle": {"handle": "+12025550107"}}),
                false,
            ),
            ("/data/chat", json!({"id": "a", "owner_handle": 7}), false),
            (
                "/data/recipient_handle",
                json!({"handle": "+12025550107", "is_me": false}),
                false,
            ),
            ("/data/recipient_phone", json!("12025550107"), false),
            ("/event_type", json!("message.sent"), false),
            ("/event_type", json!(null), false),
            ("/event_type", json!("message.delivered"), false),
            ("/webhook_version", json!("2031-01-01"), true),
            ("/webhook_version", json!(null), true),
            ("/data/unheard_of", json!({"of": [1]}), true),
        ] {
            let mut body = webhook(key).value();
            set(&mut body, pointer, &value);
            assert_eq!(may_auto_reply(&body), may, "{key}: {pointer} {value}");
        }
        let sender = if key.ends_with("2026") {
            "sender_handle"
        } else {
            "from_handle"
        };
        for (value, may) in [
            (
                json!({"handle": "+12025550107", "left_at": "2026-05-02T10:00:00Z"}),
                false,
            ),
            (
                json!({"handle": "+12025550107", "left_at": "2026-05-02T10:00:00Z", "status": "active"}),
                true,
            ),
            (
                json!({"handle": "+12025550107", "status": "unheard-of"}),
                false,
            ),
            (json!("+12025550107"), true),
            (json!(7), false),
            (json!({}), true),
        ] {
            let mut body = webhook(key).value();
            body["data"][sender] = value.clone();
            assert_eq!(may_auto_reply(&body), may, "{key}: {value}");
        }
    }
}

#[test]
fn the_own_line_of_an_echo_is_its_sender() {
    for (key, sender, recipient) in [
        ("message.sent.v2026", "sender_handle", "recipient_handle"),
        ("message.sent.v2025", "from_handle", "recipient_handle"),
        (
            "message.received.v2026",
            "sender_handle",
            "recipient_handle",
        ),
        ("message.received.v2025", "from_handle", "recipient_handle"),
    ] {
        let mut body = webhook(key).value();
        body["data"]["is_from_me"] = json!(true);
        body["data"]["direction"] = json!("outbound");
        body["data"]["from"] = json!(LINE);
        body["data"][sender] = json!({"handle": LINE, "is_me": true});
        body["data"][recipient] = json!({"handle": "+12025550177", "is_me": false});
        body["data"]["recipient_phone"] = json!("+12025550177");
        let event = event(&body);
        let message = Inbound::from_event(&event).expect("it is a message");
        assert!(message.is_echo() && !message.may_auto_reply(), "{key}");
        assert_eq!(message.own_line(), Some(LINE), "{key}");
        assert_eq!(message.sender(), Some(LINE), "{key}");
    }
    // Nor is a recipient the own line who says that it is not.
    let mut body = webhook("message.received.v2025").value();
    body["data"]["recipient_handle"] = json!({"handle": "+12025550177", "is_me": false});
    let event = event(&body);
    assert_eq!(
        Inbound::from_event(&event).expect("a message").own_line(),
        None
    );
}

#[test]
fn other_views_look_at_the_marks_too() {
    fn check(key: &str, sender: &str, may: impl Fn(&WebhookEvent) -> bool) {
        let body = webhook(key).value();
        for (name, value, allows) in [
            ("is_me", json!(false), true),
            ("is_me", json!(true), false),
            ("is_me", json!("yes"), false),
            ("status", json!("removed"), false),
        ] {
            let mut body = body.clone();
            body["data"][sender]["handle"] = json!("+12025550107");
            body["data"]["direction"] = json!("inbound");
            body["data"][sender]["is_me"] = json!(false);
            body["data"][sender][name] = value.clone();
            assert_eq!(may(&event(&body)), allows, "{key}: {name} {value}");
        }
    }
    for key in [
        "reaction.added.v2026",
        "reaction.added.v2025",
        "poll.reaction.added",
    ] {
        check(key, "from_handle", |event| {
            InboundReaction::from_event(event)
                .expect("a reaction")
                .may_auto_reply()
        });
    }
    check("message.edited.v2026", "sender_handle", |event| {
        MessageEdit::from_event(event)
            .expect("an edit")
            .may_auto_reply()
    });
    check("poll.vote.added", "sender_handle", |event| {
        PollVote::from_event(event)
            .expect("a vote")
            .may_auto_reply()
    });
}

#[test]
fn handles_have_one_form() {
    for (handle, form) in [
        ("+12025550101", "+12025550101"),
        ("12025550101", "+12025550101"),
        (" +1 (202) 555-0101 ", "+12025550101"),
        ("tel:+1-202-555-0101", "+12025550101"),
        ("TEL:12025550101", "+12025550101"),
        ("\u{202a}+12025550101\u{202c}", "+12025550101"),
        ("\u{200e}+1\u{a0}202\u{a0}555\u{2011}0101", "+12025550101"),
        ("+4930123456", "+4930123456"),
        ("Ada@Example.COM", "ada@example.com"),
        ("mailto:ada@example.com", "ada@example.com"),
        ("\u{2068}ada@example.com\u{2069}", "ada@example.com"),
        ("24273", "24273"),
        ("Ada Lovelace", "Ada Lovelace"),
        ("", ""),
        ("+", "+"),
    ] {
        assert_eq!(normalize_handle(handle), form, "{handle:?}");
        assert_eq!(normalize_handle(form), form);
    }
    let mut body = webhook("message.received.v2026").value();
    body["data"]["sender_handle"]["handle"] = json!("1 202 555 0107");
    let event = event(&body);
    let message = Inbound::from_event(&event).expect("it is a message");
    assert_eq!(message.sender(), Some("+12025550107"));
    let allowed: AllowList = ["tel:+12025550107"].iter().collect();
    assert!(message.is_from(&allowed));
    assert!(!message.is_from(&AllowList::default()));
    assert!(!format!("{allowed:?}").contains("0107"));
}

#[test]
fn words_that_opt_out_are_linqs() {
    for (text, is_opt_out) in [
        ("STOP", true),
        ("UNSUBSCRIBE", true),
        ("OPTOUT", true),
        ("CANCEL", true),
        ("END", true),
        ("QUIT", true),
        ("opt out", true),
        ("Opt-Out", true),
        ("OptOut", true),
        (" STOP\n", true),
        ("stop", false),
        ("Quit", false),
        ("STOP it", false),
        ("STOP.", false),
        ("opt  out", false),
        ("", false),
    ] {
        for key in ["message.received.v2026", "message.received.v2025"] {
            let mut body = webhook(key).value();
            let parts = if key.ends_with("2026") {
                "/data/parts"
            } else {
                "/data/message/parts"
            };
            *body.pointer_mut(parts).expect("parts") = json!([{"type": "text", "value": text}]);
            let event = event(&body);
            let message = Inbound::from_event(&event).expect("it is a message");
            assert_eq!(message.is_opt_out(), is_opt_out, "{text:?}");
        }
    }
}

#[test]
fn the_health_of_a_chat_is_told_where_it_is_there() {
    let mut body = webhook("message.received.v2026").value();
    for (health, expected) in [
        (json!({"status": "OPTED_OUT"}), Some("OPTED_OUT")),
        (json!({"status": "DIZZY", "doc_url": 7}), Some("DIZZY")),
        (json!(null), None),
        (json!(7), None),
    ] {
        body["data"]["chat"]["health_status"] = health;
        let event = event(&body);
        let message = Inbound::from_event(&event).expect("it is a message");
        let health = message.chat_health();
        assert_eq!(health.as_ref().map(|health| health.as_str()), expected);
    }
}
