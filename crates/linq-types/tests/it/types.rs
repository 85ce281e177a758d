//! The types as a user meets them: made, read, written, printed.

use std::collections::BTreeSet;

use linq_testing::compare::assert_same;
use linq_testing::document::document;
use linq_testing::operations::operations;
use linq_types::{
    AddParticipantRequest, Chat, ChatHandle, CreateChatRequest, CreateWebhookSubscriptionRequest,
    EditMessageRequest, LinkPart, MediaPart, Message, MessageContent, MessageEffect,
    MessageEffectType, MessagePart, MessagePartResponse, Nullable, PollEnvelope, ReplyTo,
    RequestUploadRequest, RequestUploadResult, ServiceType, SupportedContentType, TextDecoration,
    TextDecorationStyle, TextPart, UpdateWebhookSubscriptionRequest, WebhookEvent,
    WebhookEventType, WebhookSubscriptionCreatedResponse, decode,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

const ID: Uuid = uuid::uuid!("3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13");

fn written(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("the value is JSON")
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("the JSON fits its type")
}

/// The document's first success example of an operation.
fn answer(id: &str) -> Value {
    let operations = operations(document());
    let operation = operations.iter().find(|operation| operation.id == id);
    let success = operation.expect("the operation is there").successes()[0];
    success.body.clone().expect("it has a body")
}

#[test]
fn a_poll_option_may_have_no_known_creator() {
    let mut poll = answer("getPoll");
    poll["poll"]["options"][0]["creator_handle"] = Value::Null;
    let envelope: PollEnvelope = read(&poll);
    assert_eq!(envelope.poll.options[0].creator_handle, None);
    assert_same("getPoll", &poll, &written(&envelope));
}

mod open_enums {
    use super::*;

    /// Values that no enum of the document knows.
    const FOREIGN: [&str; 5] = ["from-the-future", "", " ", "\"\\\n", "ünicode 🎉"];

    /// What holds for every enum; one function each, so that a failure names it.
    macro_rules! check_all {
        ($($name:ident),*) => {
            const CHECKS: &[(&str, fn())] = &[$((stringify!($name), check_enum!($name))),*];
            const KNOWN: &[(&str, &[&str])] =
                &[$((stringify!($name), linq_types::$name::KNOWN)),*];
        };
    }

    macro_rules! check_enum {
        ($name:ident) => {
            || {
                type Enum = linq_types::$name;
                let name = stringify!($name);
                let mut texts: Vec<String> = Enum::KNOWN.iter().map(|v| v.to_string()).collect();
                assert!(!texts.is_empty(), "{name} knows nothing");
                texts.extend(FOREIGN.map(str::to_owned));
                // Near misses of what is known.
                texts.extend(Enum::KNOWN.iter().map(|value| format!("{value} ")));
                texts.extend(Enum::KNOWN.iter().map(|value| value.to_uppercase()));
                for text in texts {
                    let is_known = Enum::KNOWN.contains(&&*text);
                    let value = Enum::from(&*text);
                    let Ok(parsed) = text.parse::<Enum>();
                    let json = Value::from(&*text);
                    let ways = [
                        Enum::from(text.clone()),
                        parsed,
                        read(&json),
                        serde_json::from_str(&json.to_string()).expect("a text"),
                        serde_json::from_reader(json.to_string().as_bytes()).expect("a text"),
                    ];
                    for way in ways {
                        assert_eq!(way, value, "{name} of {text:?}");
                    }
                    assert_eq!(value.is_unknown(), !is_known, "{name} of {text:?}");
                    assert_eq!(matches!(value, Enum::Unknown(_)), !is_known);
                    assert_eq!(value.as_str(), text);
                    assert_eq!(value.to_string(), text);
                    assert_eq!(AsRef::<str>::as_ref(&value), text);
                    assert!(value == *text && value == &*text);
                    assert_eq!(written(&value), json, "{name} is written as it came");
                    if let Enum::Unknown(unknown) = &value {
                        assert_eq!(unknown.as_str(), text);
                    }
                }
                let distinct: BTreeSet<Enum> =
                    Enum::KNOWN.iter().map(|text| Enum::from(*text)).collect();
                assert_eq!(distinct.len(), Enum::KNOWN.len(), "{name} has twins");
                for wrong in [json!(null), json!(7), json!(["a"]), json!({"a": 1})] {
                    let error = decode::<Enum>(wrong.to_string().as_bytes());
                    let error = error.expect_err("no text").to_string();
                    assert!(error.starts_with("the value: expected a string, found "));
                }
            }
        };
    }

    linq_testing::for_every_enum!(check_all);

    #[test]
    fn every_enum_knows_its_values_and_keeps_the_others() {
        assert!(CHECKS.len() >= 25, "{} enums", CHECKS.len());
        for (name, check) in CHECKS {
            let outcome = std::panic::catch_unwind(check);
            assert!(outcome.is_ok(), "{name}");
        }
    }

    /// The names of the document's own schemas are kept, and so are their values.
    #[test]
    fn an_enum_knows_what_the_document_lists() {
        let document = document();
        let mut found = 0;
        for (name, known) in KNOWN {
            let listed = &document["components"]["schemas"][name]["enum"];
            let Some(listed) = listed.as_array() else {
                continue;
            };
            let listed: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
            assert_eq!(*known, listed, "{name}");
            found += 1;
        }
        assert!(found >= 5, "{found} enums are schemas of their own");
    }

    /// What one enum does not know cannot be passed off as unknown to another that does.
    #[test]
    fn an_unknown_value_belongs_to_its_enum() {
        fn type_of<T>(_: &T) -> &'static str {
            std::any::type_name::<T>()
        }
        let (WebhookEventType::Unknown(event), ServiceType::Unknown(service)) = (
            WebhookEventType::from("iMessage"),
            ServiceType::from("text"),
        ) else {
            panic!("neither knows the value");
        };
        assert_ne!(type_of(&event), type_of(&service));
    }

    #[test]
    fn display_pads() {
        assert_eq!(format!("[{:>10}]", ServiceType::IMessage), "[  iMessage]");
        assert_eq!(format!("[{:<4}]", ServiceType::from("x")), "[x   ]");
    }
}

mod unions {
    use super::*;

    #[test]
    fn the_tag_chooses_wherever_it_stands() {
        let first: MessagePart =
            serde_json::from_str(r#"{"type":"text","value":"a"}"#).expect("a part");
        let last: MessagePart =
            serde_json::from_str(r#"{"value":"a","later":[1],"type":"text"}"#).expect("a part");
        assert_eq!(first, last);
        assert!(matches!(first, MessagePart::Text(part) if part.value == "a"));
        let media = json!({"url": "https://example.com/a.png", "type": "media"});
        assert!(matches!(read(&media), MessagePart::Media(_)));
        let link = json!({"value": "https://example.com", "type": "link"});
        assert!(matches!(read(&link), MessagePart::Link(_)));
    }

    #[test]
    fn an_unknown_tag_keeps_the_whole_object() {
        for part in [
            json!({"type": "hologram", "depth": 3, "of": {"a": [null, 1.5, "é"]}}),
            json!({"of": [], "type": "Text"}),
            json!({"value": "no tag"}),
            json!({}),
            json!({"type": null, "value": "a"}),
            json!({"type": 7}),
            json!({"type": {"type": "text"}}),
        ] {
            let tag = part["type"].as_str().unwrap_or_default();
            let read: MessagePartResponse = read(&part);
            assert!(read.is_unknown());
            assert_eq!(written(&read), part, "it is written back as it came");
            let MessagePartResponse::Unknown(object) = read else {
                panic!("a type takes {part}");
            };
            assert_eq!(object.tag(), tag);
            assert_eq!(Value::Object(object.object().clone()), part);
            assert_eq!(Value::Object(object.into_object()), part);
        }
    }

    #[test]
    fn a_known_tag_has_to_fit() {
        for (part, reason) in [
            (
                json!({"type": "text"}),
                "value: expected a value, found nothing",
            ),
            (
                json!({"value": 7, "type": "text"}),
                "value: expected a string, found a number",
            ),
            (json!([]), "the value: expected an object, found an array"),
            (
                json!("text"),
                "the value: expected an object, found a string",
            ),
        ] {
            let error = decode::<MessagePart>(part.to_string().as_bytes());
            assert_eq!(error.expect_err("it does not fit").to_string(), reason);
        }
    }

    #[test]
    fn a_part_becomes_a_variant() {
        let part = MessagePart::from(TextPart::new("Hi"));
        assert!(!part.is_unknown());
        assert_eq!(written(&part), json!({"type": "text", "value": "Hi"}));
    }
}

mod construction {
    use super::*;

    #[test]
    fn a_chat_with_all_there_is() {
        let bold = TextDecoration::new([0, 5]).with_style(TextDecorationStyle::Bold);
        let content = MessageContent::new()
            .with_parts([
                TextPart::new("Hello").with_text_decorations([bold]).into(),
                MediaPart::new()
                    .with_url("https://example.com/a.png")
                    .into(),
                MessagePart::from(LinkPart::new("https://example.com")),
            ])
            .with_effect(
                MessageEffect::new()
                    .with_type(MessageEffectType::Screen)
                    .with_name("confetti"),
            )
            .with_reply_to(ReplyTo::new(ID).with_part_index(1))
            .with_idempotency_key("order-4711")
            .with_preferred_service(ServiceType::IMessage);
        let to = ["+12025550101".to_owned(), "ana@example.com".to_owned()];
        let request = CreateChatRequest::new("+12025550100", to, content);
        let expected = json!({
            "from": "+12025550100",
            "to": ["+12025550101", "ana@example.com"],
            "message": {
                "parts": [
                    {
                        "type": "text",
                        "value": "Hello",
                        "text_decorations": [{"range": [0, 5], "style": "bold"}],
                    },
                    {"type": "media", "url": "https://example.com/a.png"},
                    {"type": "link", "value": "https://example.com"},
                ],
                "effect": {"type": "screen", "name": "confetti"},
                "reply_to": {"message_id": ID.to_string(), "part_index": 1},
                "idempotency_key": "order-4711",
                "preferred_service": "iMessage",
            },
        });
        assert_eq!(written(&request), expected);
        assert_eq!(read::<CreateChatRequest>(&expected), request);
    }

    #[test]
    fn what_is_not_set_is_not_written() {
        let handle = AddParticipantRequest::new("+12025550101");
        assert_eq!(written(&handle), json!({"handle": "+12025550101"}));
        let edit = EditMessageRequest::new("better");
        assert_eq!(written(&edit), json!({"text": "better"}));
        assert_eq!(written(&MessageEffect::default()), json!({}));
        let events = [WebhookEventType::MessageReceived, "tea.ready".into()];
        let hook = CreateWebhookSubscriptionRequest::new("https://example.com/hook", events);
        let expected = json!({
            "target_url": "https://example.com/hook",
            "subscribed_events": ["message.received", "tea.ready"],
        });
        assert_eq!(written(&hook), expected);
        let upload = RequestUploadRequest::new("a.png", SupportedContentType::from("image/png"), 7);
        let expected = json!({"filename": "a.png", "content_type": "image/png", "size_bytes": 7});
        assert_eq!(written(&upload), expected);
    }

    #[test]
    fn what_was_read_can_be_changed() {
        let chat: Chat = read(&answer("getChat"));
        let renamed = chat.clone().with_display_name("Lunch");
        assert_ne!(renamed, chat);
        assert_eq!(written(&renamed)["display_name"], "Lunch");
        let mut restored = renamed;
        restored.display_name = chat.display_name.clone();
        assert_eq!(restored, chat);
    }
}

mod three_states {
    use super::*;

    fn numbers(request: &UpdateWebhookSubscriptionRequest) -> Option<Value> {
        written(request).get("phone_numbers").cloned()
    }

    #[test]
    fn unset_null_and_a_value_are_three_things() {
        let unset = UpdateWebhookSubscriptionRequest::new().with_is_active(true);
        assert_eq!(written(&unset), json!({"is_active": true}));
        assert!(unset.phone_numbers.is_unset());

        let null = unset.clone().with_phone_numbers(Nullable::Null);
        assert_eq!(numbers(&null), Some(Value::Null));
        assert!(null.phone_numbers.is_null());

        let lines = vec!["+12025550100".to_owned()];
        let set = unset.clone().with_phone_numbers(lines.clone());
        assert_eq!(numbers(&set), Some(json!(["+12025550100"])));
        assert_eq!(set.phone_numbers.as_ref().value(), Some(&lines));

        let none = unset.clone().with_phone_numbers(None::<Vec<String>>);
        assert_eq!(none, null, "`None` clears");
        assert_eq!(null.with_phone_numbers(Nullable::Unset), unset);
    }

    #[test]
    fn all_three_are_read_apart() {
        for body in [
            json!({}),
            json!({"phone_numbers": null}),
            json!({"phone_numbers": []}),
            json!({"phone_numbers": ["+12025550100"]}),
        ] {
            let request: UpdateWebhookSubscriptionRequest = read(&body);
            assert_eq!(written(&request), body);
        }
        let error = decode::<UpdateWebhookSubscriptionRequest>(br#"{"phone_numbers":[7]}"#);
        assert_eq!(
            error.expect_err("no text").to_string(),
            "phone_numbers[0]: expected a string, found a number"
        );
    }
}

mod secrets {
    use super::*;

    #[test]
    fn debug_hides_the_signing_secret() {
        let example = answer("createWebhookSubscription");
        let secret = example["signing_secret"].as_str().expect("a secret");
        let created: WebhookSubscriptionCreatedResponse = read(&example);
        assert_eq!(created.signing_secret, secret, "it is there to be used");
        for text in [format!("{created:?}"), format!("{created:#?}")] {
            assert!(!text.contains(secret) && text.contains("signing_secret: …"));
            assert!(text.contains("is_active: true"), "the rest is shown");
        }
        assert_eq!(written(&created)["signing_secret"], secret);
    }

    #[test]
    fn debug_hides_the_upload_url() {
        let example = answer("requestUpload");
        let url = example["upload_url"].as_str().expect("a URL");
        let upload: RequestUploadResult = read(&example);
        let text = format!("{upload:?}");
        assert!(!text.contains(url) && text.contains("upload_url: …"));
        assert!(
            text.contains("required_headers: …"),
            "a signature may be in it"
        );
        assert_eq!(written(&upload)["upload_url"], url);
    }
}

mod presence {
    use super::*;

    /// The optional fields of a message.
    const OPTIONAL: [&str; 8] = [
        "service",
        "from",
        "from_handle",
        "parts",
        "reply_to",
        "sent_at",
        "read_at",
        "effect",
    ];

    #[test]
    fn null_and_missing_are_both_taken_and_told_apart() {
        let example = answer("getMessage");
        for name in OPTIONAL {
            let mut null = example.clone();
            null[name] = Value::Null;
            let mut missing = example.clone();
            let object = missing.as_object_mut().expect("an object");
            object.remove(name);
            let (from_null, from_missing): (Message, Message) = (read(&null), read(&missing));
            assert_eq!(from_null, from_missing, "`{name}` has no value in both");
            assert_same(name, &null, &written(&from_null));
            assert_same(name, &missing, &written(&from_missing));
        }
    }

    #[test]
    fn a_field_that_is_set_later_is_written() {
        let handle: ChatHandle = read(&json!({
            "id": ID, "handle": "+12025550100", "service": "SMS",
            "joined_at": "2026-04-14T18:02:11Z", "left_at": null,
        }));
        assert_eq!(written(&handle)["left_at"], Value::Null);
        let time = handle.joined_at;
        let left = handle.with_left_at(time);
        assert_eq!(written(&left)["left_at"], "2026-04-14T18:02:11Z");
    }

    #[test]
    fn a_required_field_may_be_neither() {
        let example = answer("getMessage");
        for name in ["id", "chat_id", "is_from_me", "created_at"] {
            let mut body = example.clone();
            body[name] = Value::Null;
            let error = decode::<Message>(body.to_string().as_bytes()).expect_err("it is null");
            assert!(error.to_string().starts_with(&format!("{name}: expected ")));
            body.as_object_mut().expect("an object").remove(name);
            let error = decode::<Message>(body.to_string().as_bytes()).expect_err("it is missing");
            let expected = format!("{name}: expected a value, found nothing");
            assert_eq!(error.to_string(), expected);
        }
    }
}

mod decoding {
    use super::*;

    #[test]
    fn an_error_names_the_place_and_the_kinds() {
        let mut chat = answer("getChat");
        chat["handles"][1]["joined_at"] = "secret".into();
        let error = decode::<Chat>(chat.to_string().as_bytes()).expect_err("no time");
        let misfit = error.misfit().expect("the place is known");
        assert_eq!(misfit.path(), "handles[1].joined_at");
        assert_eq!(misfit.expected(), "a time in RFC 3339");
        assert_eq!(misfit.found(), "a string");
        assert!(!error.is_syntax());
        assert!(!format!("{error} {error:?}").contains("secret"));
        let cases: [(&[u8], &str); 3] = [
            (b"[]", "the value: expected an object, found an array"),
            (b"{\"chat\": 1}", "chat: expected an object, found a number"),
            (b"{}", "chat: expected a value, found nothing"),
        ];
        for (body, expected) in cases {
            let error = decode::<linq_types::CreateChatResult>(body).expect_err("it does not fit");
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_json_is_told_by_its_place() {
        for (body, expected) in [
            (&b""[..], "JSON that ends too early, at line 1 column 0"),
            (b"{", "JSON that ends too early, at line 1 column 1"),
            (b"{\"handle\":\n oops}", "not JSON, at line 2 column 2"),
            (
                b"{\"handle\":\"\xff\"}",
                "not JSON: no UTF-8 text, at byte 11",
            ),
            (b"{\"handle\":\"a\"} {}", "not JSON, at line 1 column 16"),
        ] {
            let error = decode::<AddParticipantRequest>(body).expect_err("no JSON");
            assert_eq!(error.to_string(), expected);
            assert!(error.is_syntax() && error.misfit().is_none());
        }
    }

    #[test]
    fn what_is_json_and_cannot_be_read_is_told_apart() {
        let deep = format!("[{}{}]", "[".repeat(1_000), "]".repeat(1_000));
        for (body, expected) in [
            (
                r#"{"handle":"a","handle":"b"}"#,
                "a field stands twice, before line 1 column 22",
            ),
            (
                r#"{"handle":"\ud83c"}"#,
                "a number is out of range, or a text holds half a character, at line 1 column 18",
            ),
            (
                &format!(r#"{{"handle":{deep}}}"#),
                "nested too deeply to be read",
            ),
        ] {
            let error = decode::<AddParticipantRequest>(body.as_bytes()).expect_err("unreadable");
            assert_eq!(error.to_string(), expected);
            assert!(!error.is_syntax() && error.misfit().is_none());
        }
    }
}

mod every_type {
    use super::*;

    fn is_a_value<T>()
    where
        T: Send + Sync + Clone + PartialEq + std::fmt::Debug + serde::Serialize + 'static,
        T: DeserializeOwned + linq_types::Fit + Unpin,
    {
        let error = decode::<T>(b"[7]").expect_err("an array is no object");
        assert!(error.to_string().starts_with("the value: expected "));
    }

    macro_rules! check_all {
        ($($name:ident),*) => {
            [$((stringify!($name), is_a_value::<linq_types::$name> as fn())),*]
        };
    }

    #[test]
    fn can_be_kept_shared_compared_and_sent_to_threads() {
        let structs = linq_testing::for_every_struct!(check_all);
        let unions = linq_testing::for_every_union!(check_all);
        let enums = linq_testing::for_every_enum!(check_all);
        assert!(structs.len() >= 90 && unions.len() >= 2);
        let all = structs.iter().chain(&unions).chain(&enums);
        all.for_each(|(_, check)| check());
    }

    #[test]
    fn an_event_can_be_kept_shared_and_sent_to_threads() {
        fn check<T: Send + Sync + Clone + std::fmt::Debug + Unpin + 'static>(_: &T) {}
        let event: WebhookEvent = "{}".parse().expect("an object");
        check(&event);
        let copy = event.clone();
        let from_thread = std::thread::spawn(move || copy).join();
        assert_eq!(from_thread.expect("no panic"), event);
    }
}

/// JSON Schema, behind its feature.
#[cfg(feature = "schemars")]
mod schemas {
    use linq_testing::document::webhooks;
    use schemars::{JsonSchema, schema_for};

    use super::*;

    fn schema<T: JsonSchema>() -> Value {
        schema_for!(T).to_value()
    }

    fn validator(schema: &Value) -> jsonschema::Validator {
        jsonschema::draft202012::options()
            .build(schema)
            .expect("the schema is one")
    }

    #[test]
    fn a_request_has_its_names_on_the_wire_and_its_tags() {
        let schema = schema::<CreateChatRequest>();
        let part = &schema["$defs"]["TextPart"];
        assert_eq!(part["properties"]["type"]["const"], "text");
        assert_eq!(part["required"], json!(["type", "value"]));
        let effect = &schema["$defs"]["MessageEffect"]["properties"];
        assert!(effect.get("type").is_some() && effect.get("type_").is_none());
        assert_eq!(schema["required"], json!(["from", "to", "message"]));
        assert!(!schema.to_string().contains("presence_"));
    }

    #[test]
    fn a_request_of_the_document_satisfies_it() {
        let validator = validator(&schema::<CreateChatRequest>());
        let operations = operations(document());
        let operation = operations.iter().find(|o| o.id == "createChat");
        let bodies = &operation.expect("the operation is there").bodies;
        assert!(!bodies.is_empty());
        for body in bodies {
            assert!(validator.is_valid(body), "{body}");
            let mut wrong = body.clone();
            wrong["to"] = Value::Null;
            assert!(!validator.is_valid(&wrong));
        }
    }

    #[test]
    fn an_event_satisfies_the_schema_of_events() {
        let schema = schema::<WebhookEvent>();
        assert!(!schema.to_string().contains("presence_"));
        let validator = validator(&schema);
        for webhook in webhooks() {
            assert!(validator.is_valid(&webhook.value()), "{}", webhook.key);
        }
        assert!(!validator.is_valid(&json!([])));
    }

    #[test]
    fn every_type_has_a_schema() {
        macro_rules! schemas {
            ($($name:ident),*) => { vec![$((stringify!($name), schema::<linq_types::$name>())),*] };
        }
        let mut all = linq_testing::for_every_struct!(schemas);
        all.extend(linq_testing::for_every_enum!(schemas));
        all.extend(linq_testing::for_every_union!(schemas));
        for (name, schema) in all {
            assert!(jsonschema::meta::is_valid(&schema), "{name}");
        }
    }
}
