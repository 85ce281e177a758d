//! Handles, as a user of the crate calls them: the request that each short method makes, and what it refuses.

use std::error::Error as _;

use linq_ext::client::operations::{self as op, ALL};
use linq_ext::client::{BoxFuture, Operation, Repeat};
use linq_ext::message::{BubbleEffect, Message, Rule, ScreenEffect};
use linq_ext::types::{
    IMessageApp, IMessageAppLayout, IMessageAppPart, MessageExperience, ReactionType,
    SendVoiceMemoToChatRequest, ServiceType, SetContactCardRequest, StickerPlacement,
    UpdateAppCardRequest, UpdateChatRequest, UpdateContactCardRequest,
};
use linq_ext::{Background, Error, Linq, LinqBuilder, Reaction, Sticker};
use linq_testing::clock::TestClock;
use linq_testing::responses::{self, ID};
use linq_testing::server::{Recorded, Server, Step};
use serde_json::{Value, json};

const LINE: &str = "+12025550100";
const ANN: &str = "+12025550101";
const BEN: &str = "ben@example.com";

type Make = fn(&Linq) -> BoxFuture<'static, Result<(), Error>>;

fn sent<T: Send + 'static>(
    call: impl IntoFuture<Output = Result<T, Error>, IntoFuture: Send + 'static>,
) -> BoxFuture<'static, Result<(), Error>> {
    let call = call.into_future();
    Box::pin(async move { call.await.map(drop) })
}

fn builder(server: &Server) -> LinqBuilder {
    Linq::builder()
        .api_key("key-4f7d2a")
        .base_url(server.base_url())
        .default_line(LINE)
}

fn linq(server: &Server) -> Linq {
    builder(server).build().expect("all is valid")
}

/// Each short method: its operation, the path and body it sends (without the idempotency key), and how it is
/// called. `{id}` stands for the id of everything here.
#[rustfmt::skip]
const METHODS: &[(&Operation, &str, &str, Make)] = &[
    (&op::CREATE_CHAT, "/v3/chats",
        r#"{"from":"+12025550100","to":["+12025550101"],"message":{"parts":[{"type":"text","value":"Hello"}]}}"#,
        |linq| sent(linq.create_chat(LINE, [ANN]).text("Hello"))),
    (&op::CREATE_CHAT, "/v3/chats",
        r#"{"from":"+12025550100","to":["+12025550101","ben@example.com"],"override_optout":true,
            "message":{"parts":[{"type":"text","value":"Hello"}]}}"#,
        |linq| sent(linq.create_chat_to([ANN, BEN]).content("Hello").override_optout(true))),
    (&op::SEND_MESSAGE_TO_CHAT, "/v3/chats/{id}/messages",
        r#"{"message":{"parts":[{"type":"text","value":"Hi"}],"reply_to":{"message_id":"{id}"}}}"#,
        |linq| sent(linq.chat(ID).message().text("Hi").reply_to(ID))),
    (&op::SEND_MESSAGE_TO_CHAT, "/v3/chats/{id}/messages",
        r#"{"message":{"parts":[{"type":"media","attachment_id":"{id}"}],"reply_to":{"message_id":"{id}"}},
            "override_optout":true}"#,
        |linq| sent(linq.chat(ID).reply(ID).media(ID).override_optout(true))),
    (&op::CREATE_MESSAGE, "/v3/messages",
        r#"{"to":["+12025550101"],"message":{"parts":[{"type":"link","value":"https://example.com"}]},
            "continuation_message":{"text":"Ann's shop here"},"exclude_from":["+12025550100"]}"#,
        |linq| sent(linq.send_to([ANN]).link("https://example.com")
            .continuation_message("Ann's shop here").exclude_from([LINE]))),

    (&op::GET_CHAT, "/v3/chats/{id}", "", |linq| sent(linq.chat(ID).get())),
    (&op::UPDATE_CHAT, "/v3/chats/{id}", r#"{"display_name":"Team","group_chat_icon":"https://example.com/a.png"}"#,
        |linq| sent(linq.chat(ID).update(UpdateChatRequest::new()
            .with_display_name("Team").with_group_chat_icon("https://example.com/a.png")))),
    (&op::UPDATE_CHAT, "/v3/chats/{id}", r#"{"display_name":"Team"}"#, |linq| sent(linq.chat(ID).rename("Team"))),
    (&op::UPDATE_CHAT, "/v3/chats/{id}", r#"{"group_chat_icon":"https://example.com/a.png"}"#,
        |linq| sent(linq.chat(ID).set_icon("https://example.com/a.png"))),
    (&op::ADD_PARTICIPANT, "/v3/chats/{id}/participants", r#"{"handle":"ben@example.com"}"#,
        |linq| sent(linq.chat(ID).add_participant(BEN))),
    (&op::REMOVE_PARTICIPANT, "/v3/chats/{id}/participants", r#"{"handle":"+12025550101"}"#,
        |linq| sent(linq.chat(ID).remove_participant(ANN))),
    (&op::LEAVE_CHAT, "/v3/chats/{id}/leave", "", |linq| sent(linq.chat(ID).leave())),
    (&op::MARK_CHAT_AS_READ, "/v3/chats/{id}/read", "", |linq| sent(linq.chat(ID).mark_read())),
    (&op::START_TYPING, "/v3/chats/{id}/typing", "", |linq| sent(linq.chat(ID).start_typing())),
    (&op::STOP_TYPING, "/v3/chats/{id}/typing", "", |linq| sent(linq.chat(ID).stop_typing())),
    (&op::SHARE_CONTACT_WITH_CHAT, "/v3/chats/{id}/share_contact_card", "",
        |linq| sent(linq.chat(ID).share_contact_card())),
    (&op::SEND_VOICE_MEMO_TO_CHAT, "/v3/chats/{id}/voicememo", r#"{"attachment_id":"{id}"}"#,
        |linq| sent(linq.chat(ID).send_voice_memo(ID))),
    (&op::SEND_VOICE_MEMO_TO_CHAT, "/v3/chats/{id}/voicememo",
        r#"{"voice_memo_url":"https://example.com/a.m4a?b=c.png","override_optout":true}"#,
        |linq| sent(linq.chat(ID).send_voice_memo_url("https://example.com/a.m4a?b=c.png")
            .body_field("override_optout", true))),
    (&op::SEND_VOICE_MEMO_TO_CHAT, "/v3/chats/{id}/voicememo", r#"{"attachment_id":"{id}","override_optout":true}"#,
        |linq| sent(linq.chat(ID).send_voice_memo_of(SendVoiceMemoToChatRequest::new()
            .with_attachment_id(ID.parse::<uuid::Uuid>().expect("a UUID")).with_override_optout(true)))),
    (&op::SET_CHAT_BACKGROUND, "/v3/chats/{id}/background", r#"{"type":"color","variant":"mango"}"#,
        |linq| sent(linq.chat(ID).set_background(Background::color("mango")))),
    (&op::SET_CHAT_BACKGROUND, "/v3/chats/{id}/background",
        r##"{"type":"color","variant":"custom","shades":["#FF8A00","#0044FF"]}"##,
        |linq| sent(linq.chat(ID).set_background(Background::gradient("#FF8A00", "#0044FF")))),
    (&op::SET_CHAT_BACKGROUND, "/v3/chats/{id}/background", r#"{"type":"dynamic","style":"sky","variant":"dusk"}"#,
        |linq| sent(linq.chat(ID).set_background(Background::dynamic("sky", "dusk")))),
    (&op::SET_CHAT_BACKGROUND, "/v3/chats/{id}/background",
        r#"{"type":"photo","image_url":"https://example.com/a.jpg"}"#,
        |linq| sent(linq.chat(ID).set_background(Background::photo("https://example.com/a.jpg")))),
    (&op::REMOVE_CHAT_BACKGROUND, "/v3/chats/{id}/background", "", |linq| sent(linq.chat(ID).remove_background())),
    (&op::GET_CHAT_LOCATION, "/v3/chats/{id}/location", "", |linq| sent(linq.chat(ID).location())),
    (&op::REQUEST_CHAT_LOCATION, "/v3/chats/{id}/location/request", "",
        |linq| sent(linq.chat(ID).request_location())),
    (&op::STOP_CHAT_LOCATION, "/v3/chats/{id}/location", r#"{"handle":"+12025550101"}"#,
        |linq| sent(linq.chat(ID).stop_location(ANN))),
    (&op::CREATE_POLL, "/v3/chats/{id}/polls", r#"{"poll":{"options":[{"text":"Tea"},{"text":"Coffee"}]}}"#,
        |linq| sent(linq.chat(ID).create_poll(["Tea", "Coffee"]))),

    (&op::GET_MESSAGE, "/v3/messages/{id}", "", |linq| sent(linq.message(ID).get())),
    (&op::DELETE_MESSAGE, "/v3/messages/{id}", "", |linq| sent(linq.message(ID).delete())),
    (&op::EDIT_MESSAGE, "/v3/messages/{id}", r#"{"text":"Hello"}"#, |linq| sent(linq.message(ID).edit("Hello"))),
    (&op::EDIT_MESSAGE, "/v3/messages/{id}", r#"{"text":"Hello","part_index":2}"#,
        |linq| sent(linq.message(ID).edit_part(2, "Hello"))),
    (&op::SEND_REACTION, "/v3/messages/{id}/reactions", r#"{"operation":"add","type":"love"}"#,
        |linq| sent(linq.message(ID).react(Reaction::love()))),
    (&op::SEND_REACTION, "/v3/messages/{id}/reactions", r#"{"operation":"add","type":"like"}"#,
        |linq| sent(linq.message(ID).react(Reaction::like()))),
    (&op::SEND_REACTION, "/v3/messages/{id}/reactions", r#"{"operation":"add","type":"dislike"}"#,
        |linq| sent(linq.message(ID).react(Reaction::dislike()))),
    (&op::SEND_REACTION, "/v3/messages/{id}/reactions", r#"{"operation":"add","type":"laugh","part_index":1}"#,
        |linq| sent(linq.message(ID).react(Reaction::laugh().part(1)))),
    (&op::SEND_REACTION, "/v3/messages/{id}/reactions", r#"{"operation":"remove","type":"emphasize"}"#,
        |linq| sent(linq.message(ID).unreact(Reaction::emphasize()))),
    (&op::SEND_REACTION, "/v3/messages/{id}/reactions", r#"{"operation":"remove","type":"question"}"#,
        |linq| sent(linq.message(ID).unreact(Reaction::question()))),
    (&op::SEND_REACTION, "/v3/messages/{id}/reactions", r#"{"operation":"add","type":"custom","custom_emoji":"🦀"}"#,
        |linq| sent(linq.message(ID).react("🦀"))),
    (&op::SEND_REACTION, "/v3/messages/{id}/reactions",
        r#"{"operation":"add","type":"sticker","emoji":"🦀","part_index":1}"#,
        |linq| sent(linq.message(ID).stick(Sticker::emoji("🦀").part(1)))),
    (&op::SEND_REACTION, "/v3/messages/{id}/reactions",
        r#"{"operation":"add","type":"sticker","url":"https://example.com/a.png","placement":{"x":0.5,"y":-1.0}}"#,
        |linq| sent(linq.message(ID).stick(Sticker::url("https://example.com/a.png")
            .placement(StickerPlacement::new().with_x(0.5).with_y(-1.0))))),
    (&op::SEND_REACTION, "/v3/messages/{id}/reactions",
        r#"{"operation":"add","type":"sticker","attachment_id":"{id}"}"#,
        |linq| sent(linq.message(ID).stick(Sticker::attachment(ID)))),
    (&op::UPDATE_STICKER_PLACEMENT, "/v3/messages/{id}/reactions/{id}", r#"{"placement":{"rotation":90.0}}"#,
        |linq| sent(linq.message(ID).move_sticker(ID, StickerPlacement::new().with_rotation(90.0)))),
    (&op::UPDATE_APP_CARD, "/v3/messages/{id}/update", r#"{"layout":{"caption":"Move 2"},"url":"data:,2"}"#,
        |linq| sent(linq.message(ID).update_app_card(
            UpdateAppCardRequest::new(IMessageAppLayout::new().with_caption("Move 2")).with_url("data:,2")))),
    (&op::GET_POLL, "/v3/messages/{id}/poll", "", |linq| sent(linq.message(ID).poll())),
    (&op::ADD_POLL_OPTIONS, "/v3/messages/{id}/poll/options", r#"{"options":[{"text":"Water"}]}"#,
        |linq| sent(linq.message(ID).add_poll_options(["Water"]))),
    (&op::VOTE_POLL, "/v3/messages/{id}/poll/votes", r#"{"operation":"add","option_id":"{id}"}"#,
        |linq| sent(linq.message(ID).vote(ID))),
    (&op::VOTE_POLL, "/v3/messages/{id}/poll/votes", r#"{"operation":"remove","option_id":"{id}"}"#,
        |linq| sent(linq.message(ID).unvote(ID))),

    (&op::LIST_PHONE_NUMBERS, "/v3/phone_numbers", "", |linq| sent(linq.lines())),
    (&op::UPDATE_PHONE_NUMBER, "/v3/phone_numbers/{id}", r#"{"forwarding_number":"+12025550101"}"#,
        |linq| sent(linq.forward_calls(ID, ANN))),
    (&op::UPDATE_PHONE_NUMBER, "/v3/phone_numbers/{id}", r#"{"forwarding_number":null}"#,
        |linq| sent(linq.stop_forwarding_calls(ID))),
    (&op::GET_CONTACT_CARD, "/v3/contact_card", "", |linq| sent(linq.contact_cards())),
    (&op::GET_CONTACT_CARD, "/v3/contact_card?phone_number=%2B12025550100", "",
        |linq| sent(linq.line(LINE).contact_cards())),
    (&op::SETUP_CONTACT_CARD, "/v3/contact_card", r#"{"phone_number":"+12025550100","first_name":"Ann"}"#,
        |linq| sent(linq.set_up_contact_card(SetContactCardRequest::new(LINE, "Ann")))),
    (&op::UPDATE_CONTACT_CARD, "/v3/contact_card?phone_number=%2B12025550100", r#"{"last_name":"Lee"}"#,
        |linq| sent(linq.line(LINE).update_contact_card(UpdateContactCardRequest::new().with_last_name("Lee")))),
    (&op::CHECK_IMESSAGE_CAPABILITY, "/v3/capability/check_imessage", r#"{"address":"ben@example.com"}"#,
        |linq| sent(linq.check_imessage(BEN))),
    (&op::CHECK_IMESSAGE_CAPABILITY, "/v3/capability/check_imessage",
        r#"{"address":"ben@example.com","from":"+12025550100"}"#,
        |linq| sent(linq.line(LINE).check_imessage(BEN))),
    (&op::CHECK_RCS_CAPABILITY, "/v3/capability/check_rcs", r#"{"address":"+12025550101"}"#,
        |linq| sent(linq.check_rcs(ANN))),
    (&op::CHECK_RCS_CAPABILITY, "/v3/capability/check_rcs", r#"{"address":"+12025550101","from":"+12025550100"}"#,
        |linq| sent(linq.line(LINE).check_rcs(ANN))),

    (&op::LIST_BLOCKED_HANDLES, "/v3/blocked_handles", "", |linq| sent(linq.blocked_handles())),
    (&op::BLOCK_HANDLE, "/v3/blocked_handles", r#"{"handle":"24567"}"#, |linq| sent(linq.block_handle("24567"))),
    (&op::BLOCK_HANDLE, "/v3/blocked_handles", r#"{"handle":"+12025550101","reason":"spam"}"#,
        |linq| sent(linq.block_handle_with_reason("+1 (202) 555-0101", "spam"))),
    (&op::UNBLOCK_HANDLE, "/v3/blocked_handles", r#"{"handle":"24567"}"#, |linq| sent(linq.unblock_handle("24567"))),
    (&op::GET_ATTACHMENT, "/v3/attachments/{id}", "", |linq| sent(linq.get_attachment(ID))),
    (&op::DELETE_ATTACHMENT, "/v3/attachments/{id}", "", |linq| sent(linq.delete_attachment(ID))),
    (&op::LIST_WEBHOOK_SUBSCRIPTIONS, "/v3/webhook-subscriptions", "", |linq| sent(linq.subscriptions())),
];

/// Operations behind streams and uploads, which have tests of their own.
const ELSEWHERE: &[&Operation] = &[
    &op::LIST_CHATS,
    &op::GET_MESSAGES,
    &op::GET_MESSAGE_THREAD,
    &op::LIST_PAYMENT_REQUESTS,
    &op::REQUEST_UPLOAD,
];

/// Operations without a short method, and why [`Linq::call`] is enough.
const BY_CALL: &[(&str, &[&Operation])] = &[
    (
        "an old path of `list_phone_numbers`",
        &[&op::LIST_PHONE_NUMBERS_DEPRECATED],
    ),
    (
        "rarely used; the request has nothing to check or convert",
        &[
            &op::GET_AVAILABLE_NUMBER,
            &op::START_REPUTATION_AUDIT,
            &op::GET_REPUTATION_AUDIT,
            &op::LIST_EXPERIENCES,
            &op::GET_EXPERIENCE,
            &op::LIST_WEBHOOK_EVENTS,
        ],
    ),
    (
        "`ensure_subscription` does what programs need; the rest is for tools",
        &[
            &op::GET_WEBHOOK_SUBSCRIPTION,
            &op::CREATE_WEBHOOK_SUBSCRIPTION,
            &op::UPDATE_WEBHOOK_SUBSCRIPTION,
            &op::DELETE_WEBHOOK_SUBSCRIPTION,
        ],
    ),
    (
        "an area of its own, whose request types say everything",
        &[
            &op::CREATE_PAYMENT_REQUEST,
            &op::GET_PAYMENT_REQUEST,
            &op::CANCEL_PAYMENT_REQUEST,
            &op::CREATE_PAYMENT,
            &op::GET_PAYMENT,
            &op::CANCEL_PAYMENT,
            &op::GET_PAYMENT_CREDENTIALS,
            &op::CONNECT_PAYMENT_HANDLE,
            &op::VERIFY_PAYMENT_HANDLE,
            &op::GET_PAYMENT_HANDLE_CONNECTION,
            &op::REVOKE_PAYMENT_HANDLE_CONNECTION,
            &op::GET_PAYMENT_PROVIDER,
            &op::CONNECT_PAYMENT_PROVIDER,
        ],
    ),
];

/// A new operation of the document has to be put into one of the lists above.
#[test]
fn every_operation_is_reachable() {
    let by_method: Vec<_> = METHODS
        .iter()
        .map(|(operation, ..)| operation.name())
        .collect();
    for operation in ALL {
        let places = usize::from(by_method.contains(&operation.name()))
            + usize::from(ELSEWHERE.contains(operation))
            + BY_CALL
                .iter()
                .filter(|(_, operations)| operations.contains(operation))
                .count();
        assert_eq!(places, 1, "{operation}");
    }
}

/// What was sent in place of the id in a template, and the body without its key.
fn without_key(mut body: Value) -> Value {
    for place in ["/message", "/poll"] {
        if let Some(object) = body.pointer_mut(place).and_then(Value::as_object_mut) {
            object.remove("idempotency_key");
        }
    }
    body
}

fn fits(template: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(path)
            .all(|(template, segment)| template.starts_with('{') || *template == segment)
}

#[tokio::test]
async fn every_method_makes_the_request_of_its_operation() {
    let server = Server::start([]).await;
    let linq = linq(&server);
    for (index, (operation, path, body, make)) in METHODS.iter().enumerate() {
        make(&linq)
            .await
            .unwrap_or_else(|error| panic!("{operation}: {error}: {:?}", error.source()));
        let requests = server.requests();
        assert_eq!(requests.len(), index + 1, "{operation}");
        let request: &Recorded = &requests[index];
        let path = path.replace("{id}", ID);
        assert_eq!(request.method, operation.method().as_str(), "{operation}");
        assert_eq!(request.target, format!("/api/partner{path}"), "{operation}");
        assert!(fits(operation.path(), &path), "{operation}: {path}");
        let body = match *body {
            "" => Value::Null,
            body => serde_json::from_str(&body.replace("{id}", ID)).expect("JSON in the table"),
        };
        assert_eq!(without_key(request.json()), body, "{operation}");
        let is_keyed = matches!(operation.repeat(), Repeat::Keyed { .. });
        assert_eq!(request.key().is_some(), is_keyed, "{operation}");
    }
}

/// Sends nothing, and gives the error.
async fn refused(server: &Server, linq: &Linq, make: Make) -> Error {
    let error = make(linq).await.expect_err("it is unfit");
    assert!(server.seen().is_empty(), "{error}");
    assert!(
        error.is_invalid_request() && !error.is_accepted(),
        "{error}"
    );
    assert_eq!(error.attempts(), 0);
    let text = format!("{error} {error:?} {:?}", error.source());
    for private in ["1202", "secret", "example"] {
        assert!(!text.contains(private), "{text}");
    }
    error
}

#[tokio::test]
async fn an_id_that_is_no_uuid_is_named_before_anything_is_sent() {
    #[rustfmt::skip]
    let table: &[(&str, &str, Make)] = &[
        ("get_chat", "`chatId`", |linq| sent(linq.chat("secret").get())),
        ("send_message_to_chat", "`chatId`", |linq| sent(linq.chat("secret").message().text("Hi"))),
        ("send_voice_memo_to_chat", "the attachment id is not a UUID",
            |linq| sent(linq.chat(ID).send_voice_memo("secret"))),
        ("delete_message", "`messageId`", |linq| sent(linq.message("").delete())),
        ("send_reaction", "`messageId`", |linq| sent(linq.message("secret").react(Reaction::love()))),
        ("send_reaction", "the attachment id is not a UUID",
            |linq| sent(linq.message(ID).stick(Sticker::attachment("secret")))),
        ("vote_poll", "the option id is not a UUID", |linq| sent(linq.message(ID).vote("secret"))),
        ("update_phone_number", "`phoneNumberId`", |linq| sent(linq.forward_calls("secret", ANN))),
        ("delete_attachment", "`attachmentId`", |linq| sent(linq.delete_attachment("secret"))),
    ];
    let server = Server::start([]).await;
    let linq = linq(&server);
    for (operation, id, make) in table {
        let error = refused(&server, &linq, *make).await;
        let line = error.to_string();
        assert!(
            line.starts_with(&format!("{operation}: invalid request: ")),
            "{line}"
        );
        assert!(line.contains(id), "{line}");
        assert!(!error.is_invalid_message(), "{line}");
    }
}

#[tokio::test]
async fn what_cannot_work_is_refused_with_the_reason() {
    let table: &[(&str, Make)] = &[
        ("a poll has two options or more", |linq| {
            sent(linq.chat(ID).create_poll(["Tea"]))
        }),
        ("there is no option to add", |linq| {
            sent(linq.message(ID).add_poll_options([""; 0]))
        }),
        ("a reaction or sticker is a single emoji", |linq| {
            sent(linq.message(ID).react("secret"))
        }),
        ("a reaction or sticker is a single emoji", |linq| {
            sent(linq.message(ID).unreact(String::new()))
        }),
        ("a reaction or sticker is a single emoji", |linq| {
            sent(linq.message(ID).react("🎉🎉"))
        }),
        ("a reaction or sticker is a single emoji", |linq| {
            sent(linq.message(ID).stick(Sticker::emoji("👍👍")))
        }),
        ("from -1 to 1", |linq| {
            let placement = StickerPlacement::new().with_x(1.5);
            sent(
                linq.message(ID)
                    .stick(Sticker::emoji("🦀").placement(placement)),
            )
        }),
        ("from -1 to 1", |linq| {
            let placement = StickerPlacement::new().with_scale(f64::NAN);
            sent(linq.message(ID).move_sticker(ID, placement))
        }),
        ("either a URL or an experience", |linq| {
            let layout = IMessageAppLayout::new().with_caption("secret");
            let card = UpdateAppCardRequest::new(layout)
                .with_url("https://example.com")
                .with_experience(MessageExperience::new("a", "b"));
            sent(linq.message(ID).update_app_card(card))
        }),
    ];
    let server = Server::start([]).await;
    let linq = linq(&server);
    for (reason, make) in table {
        let error = refused(&server, &linq, *make).await;
        assert!(error.to_string().contains(reason), "{error}");
        assert!(error.operation().is_some(), "{error}");
    }
}

#[tokio::test]
async fn the_emoji_of_tapbacks_are_tapbacks() {
    let server = Server::start([]).await;
    let linq = linq(&server);
    let tapbacks = [
        ("❤️", "love"),
        ("\u{2764}", "love"),
        ("👍", "like"),
        ("👍\u{fe0f}", "like"),
        ("👎", "dislike"),
        ("😂", "laugh"),
        ("‼️", "emphasize"),
        ("\u{203c}", "emphasize"),
        ("❓", "question"),
        ("❓\u{fe0f}", "question"),
    ];
    for (emoji, name) in tapbacks {
        let react = linq.message(ID).unreact(emoji);
        react.await.expect("success");
        let body = server.requests().pop().expect("a request").json();
        assert_eq!(body, json!({ "operation": "remove", "type": name }));
        // And back, in the form that is shown in colour.
        let shown = Reaction::from(ReactionType::from(name));
        let shown = shown.as_emoji().expect("a tapback has an emoji");
        assert!(Reaction::from(shown) == Reaction::from(emoji), "{name}");
    }
    for emoji in ["👍🏽", "🏳️‍🌈", "🇮🇹", "1️⃣"] {
        linq.message(ID).react(emoji).await.expect("success");
        let body = server.requests().pop().expect("a request").json();
        assert_eq!(
            (&body["type"], &body["custom_emoji"]),
            (&json!("custom"), &json!(emoji))
        );
    }
    let literal = linq.message(ID).react(Reaction::emoji("👍"));
    literal.await.expect("success");
    let body = server.requests().pop().expect("a request").json();
    assert_eq!(body["custom_emoji"], "👍");
}

#[tokio::test]
async fn what_breaks_a_rule_names_operation_and_rule() {
    let table: &[(&Operation, &[Rule], Make)] = &[
        (
            &op::CREATE_CHAT,
            &[Rule::Handle, Rule::RecipientCount],
            |linq| sent(linq.create_chat("1202555", [""; 0]).text("secret")),
        ),
        (
            &op::CREATE_CHAT,
            &[
                Rule::FirstMessageEffect,
                Rule::FirstMessageReply,
                Rule::FirstMessageUrl,
            ],
            |linq| {
                let message = linq.create_chat_to([ANN]).text("see https://example.com");
                sent(message.effect(BubbleEffect::Slam).reply_to(ID))
            },
        ),
        (&op::SEND_MESSAGE_TO_CHAT, &[Rule::PartCount], |linq| {
            sent(linq.chat(ID).message())
        }),
        (
            &op::SEND_MESSAGE_TO_CHAT,
            &[Rule::AdjacentText, Rule::Id],
            |linq| {
                sent(
                    linq.chat(ID)
                        .reply("secret")
                        .text("a")
                        .text("b")
                        .media("secret"),
                )
            },
        ),
        (&op::CREATE_MESSAGE, &[Rule::Handle], |linq| {
            sent(linq.send_to(["secret"]).text("Hi"))
        }),
        (&op::CREATE_MESSAGE, &[Rule::Handle], |linq| {
            sent(linq.send_to([ANN]).text("Hi").exclude_from([BEN]))
        }),
        (&op::EDIT_MESSAGE, &[Rule::TextLength], |linq| {
            sent(linq.message(ID).edit("secret".repeat(2_000)))
        }),
        (&op::ADD_PARTICIPANT, &[Rule::Handle], |linq| {
            sent(linq.chat(ID).add_participant("(202) 555-0101"))
        }),
        (&op::SEND_VOICE_MEMO_TO_CHAT, &[Rule::MediaHttps], |linq| {
            sent(
                linq.chat(ID)
                    .send_voice_memo_url("http://example.com/a.m4a"),
            )
        }),
        (&op::SEND_VOICE_MEMO_TO_CHAT, &[Rule::FileType], |linq| {
            sent(
                linq.chat(ID)
                    .send_voice_memo_url("https://example.com/a.png"),
            )
        }),
        (&op::SET_CHAT_BACKGROUND, &[Rule::MediaHttps], |linq| {
            sent(
                linq.chat(ID)
                    .set_background(Background::photo("example.com")),
            )
        }),
        (&op::SEND_REACTION, &[Rule::MediaHttps], |linq| {
            sent(linq.message(ID).stick(Sticker::url("ftp://example.com")))
        }),
        (
            &op::UPDATE_APP_CARD,
            &[Rule::AppCardLayout, Rule::AppCardUrl],
            |linq| {
                let card = UpdateAppCardRequest::new(IMessageAppLayout::new()).with_url("example");
                sent(linq.message(ID).update_app_card(card))
            },
        ),
        (&op::UPDATE_PHONE_NUMBER, &[Rule::Handle], |linq| {
            sent(linq.forward_calls(ID, BEN))
        }),
        (&op::CHECK_RCS_CAPABILITY, &[Rule::Handle], |linq| {
            sent(linq.check_rcs(BEN))
        }),
        (&op::CHECK_IMESSAGE_CAPABILITY, &[Rule::Handle], |linq| {
            sent(linq.line("secret").check_imessage(BEN))
        }),
        (&op::SETUP_CONTACT_CARD, &[Rule::Handle], |linq| {
            sent(linq.set_up_contact_card(SetContactCardRequest::new("secret", "Ann")))
        }),
        (&op::BLOCK_HANDLE, &[Rule::Handle], |linq| {
            sent(linq.block_handle("+1 (202)"))
        }),
    ];
    let server = Server::start([]).await;
    let linq = linq(&server);
    for (operation, rules, make) in table {
        let error = refused(&server, &linq, *make).await;
        assert!(error.is_invalid_message(), "{error}");
        assert_eq!(error.operation(), Some(*operation), "{error}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("{operation}: invalid message"))
        );
        assert!(error.source().is_none(), "it would be said twice");
        for rule in *rules {
            let mut violations = error.violations().iter();
            assert!(violations.any(|found| found.rule() == *rule), "{error}");
        }
    }
}

#[tokio::test]
async fn rules_can_be_turned_off_for_recipients_and_lines_too() {
    let server = Server::start([]).await;
    let linq = linq(&server);
    let strange = || linq.create_chat("line", ["Ann"]).link("http://example.com");
    strange().unchecked().await.expect("the server decides");
    let error = strange()
        .without_rule(Rule::Handle)
        .await
        .expect_err("a link comes first");
    assert!(error.is_invalid_message());
    strange()
        .without_rule(Rule::Handle)
        .without_rule(Rule::FirstMessageLink)
        .await
        .expect("the server decides");
    let bodies: Vec<_> = server.requests().iter().map(Recorded::json).collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0]["to"], json!(["Ann"]));
}

#[tokio::test]
async fn without_a_default_line_one_has_to_be_named() {
    let server = Server::start([]).await;
    let linq = Linq::builder()
        .api_key("key")
        .base_url(server.base_url())
        .build()
        .expect("all is valid");
    let error = linq
        .create_chat_to([ANN])
        .text("Hello")
        .await
        .expect_err("no line");
    assert!(error.is_invalid_request() && !error.is_invalid_message());
    assert!(
        error.to_string().contains("LinqBuilder::default_line"),
        "{error}"
    );
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_send_has_all_that_a_message_has_and_the_options_of_a_call() {
    let server = Server::start([Step::error(429, 1007)]).await;
    let message = || {
        Message::new()
            .text("Ann, hello 🎉 world")
            .bold("hello")
            .mention(ANN, "Ann")
            .media_url("https://example.com/a.png")
            .effect(ScreenEffect::Confetti)
            .reply_to_part(ID, 1)
            .preferred_service(ServiceType::IMessage)
    };
    let linq = builder(&server)
        .clock(TestClock::default())
        .build()
        .expect("all is valid");
    let response = linq
        .chat(ID)
        .message()
        .text("Ann, hello 🎉 world")
        .bold("hello")
        .mention(ANN, "Ann")
        .media_url("https://example.com/a.png")
        .effect(ScreenEffect::Confetti)
        .reply_to_part(ID, 1)
        .preferred_service(ServiceType::IMessage)
        .idempotency_key("order-17")
        .header("x-extra", "yes")
        .query("a", "b")
        .body_field("new", 1)
        .max_retries(1)
        .timeout(std::time::Duration::from_secs(5))
        .send_with_response()
        .await
        .expect("the second try");
    assert_eq!(response.attempts(), 2);
    assert_eq!(response.value().chat_id.to_string(), ID);
    for request in server.requests() {
        let content = message()
            .idempotency_key("order-17")
            .build()
            .expect("valid");
        let content = serde_json::to_value(content).expect("JSON");
        assert_eq!(request.json(), json!({ "message": content, "new": 1 }));
        assert_eq!(request.header("x-extra"), Some("yes"));
        assert!(
            request.target.ends_with("/messages?a=b"),
            "{}",
            request.target
        );
    }
}

/// Text that is a handle or the id of a chat goes to the operation for it, and the result is the same.
#[tokio::test]
async fn a_destination_decides_the_operation() {
    let server = Server::start([]).await;
    let with_line = linq(&server);
    let without = Linq::builder()
        .api_key("key")
        .base_url(server.base_url())
        .build()
        .expect("all is valid");
    #[rustfmt::skip]
    let table: &[(&Linq, &str, &str, Option<&str>)] = &[
        (&with_line, ANN, "/v3/chats", Some(LINE)),
        (&with_line, "+1 (202) 555-0101", "/v3/chats", Some(LINE)),
        (&with_line, " Ben@Example.com", "/v3/chats", Some(LINE)),
        (&without, ANN, "/v3/messages", Some(LINE)),
        (&without, ID, "/v3/chats/{id}/messages", None),
        (&with_line, ID, "/v3/chats/{id}/messages", None),
    ];
    for (linq, destination, path, line) in table {
        let sent = linq.to(*destination).text("Hi").await.expect("success");
        let request = server.requests().pop().expect("a request");
        let path = path.replace("{id}", ID);
        assert_eq!(
            request.target,
            format!("/api/partner{path}"),
            "{destination}"
        );
        assert_eq!(sent.chat_id.to_string(), ID);
        assert_eq!(sent.message_id.get_version_num(), 4);
        assert_eq!(sent.line.as_deref(), *line, "{destination}");
        assert!(!format!("{sent:?}").contains("1202"));
    }
    without
        .to([ANN, BEN])
        .from(LINE)
        .text("Hi")
        .await
        .expect("success");
    let body = server.requests().pop().expect("a request").json();
    assert_eq!(
        (&body["from"], &body["to"]),
        (&json!(LINE), &json!([ANN, BEN]))
    );

    // The rules of the operation apply.
    let error = with_line.to(ANN).link("https://example.com").await;
    assert!(error.expect_err("the first message").is_invalid_message());
    without
        .to(ANN)
        .link("https://example.com")
        .await
        .expect("allowed");
    let error = with_line.to("not a chat").text("Hi").await;
    assert!(error.expect_err("neither").is_invalid_request());
}

/// Everything can be given by reference, an uploaded file for its id, and an effect by its name.
#[expect(
    clippy::needless_borrows_for_generic_args,
    reason = "references are what is tested"
)]
#[tokio::test]
async fn arguments_convert() {
    let server = Server::start([]).await;
    let linq = linq(&server);
    let (id, text, uuid) = (
        ID.to_owned(),
        "Look, 🎉".to_owned(),
        ID.parse::<uuid::Uuid>(),
    );
    let (uuid, effect) = (uuid.expect("a UUID"), "confetti".to_owned());
    let mime = "image/png".to_owned();
    let photo = linq.upload_bytes("a.png", &b"\x89PNG\r\n\x1a\n"[..]);
    let photo = photo.content_type(&mime).await.expect("uploaded");
    let message = linq
        .chat(&id)
        .message()
        .text(&text)
        .bold(&text)
        .media(&photo);
    let message = message.effect(&effect).reply_to(&uuid);
    message.preferred_service("iMessage").await.expect("sent");
    let card = IMessageAppPart::new(
        IMessageApp::new("com.example.app", "App", "ABCDE12345"),
        IMessageAppLayout::new().with_caption("Hi"),
    );
    linq.chat(uuid)
        .message()
        .app_card(card)
        .await
        .expect("sent");
    let stickers = linq.chat(&uuid).message().sticker(photo.clone());
    stickers
        .sticker_url("https://example.com/a.png")
        .await
        .expect("sent");
    linq.message(&id)
        .stick(Sticker::attachment(&photo))
        .await
        .expect("stuck");
    let (from, to) = (LINE.to_owned(), ANN.to_owned());
    linq.create_chat(&from, [&to])
        .text(&text)
        .await
        .expect("sent");

    let bodies: Vec<_> = server
        .requests()
        .iter()
        .skip(2)
        .map(Recorded::json)
        .collect();
    let content = &bodies[0]["message"];
    assert_eq!(
        content["parts"][0]["text_decorations"][0]["range"],
        json!([0, 8])
    );
    assert_eq!(content["parts"][1]["attachment_id"], ID);
    assert_eq!(
        content["effect"],
        json!({ "type": "screen", "name": "confetti" })
    );
    assert_eq!(content["reply_to"]["message_id"], ID);
    assert_eq!(content["preferred_service"], "iMessage");
    assert_eq!(bodies[1]["message"]["parts"][0]["type"], "imessage_app");
    for part in bodies[2]["message"]["parts"].as_array().expect("parts") {
        assert_eq!(part["sticker"], true);
    }
    assert_eq!(bodies[3]["attachment_id"], ID);

    let error = linq.chat(ID).message().text("Hi").effect("conffeti").await;
    let error = error.expect_err("there is no such effect");
    assert_eq!(error.violations()[0].rule(), Rule::EffectName);
}

#[tokio::test]
async fn a_key_of_ones_own_goes_where_the_operation_takes_it() {
    let server = Server::start([]).await;
    let linq = linq(&server);
    let send = || linq.send_to([ANN]).text("Hi").idempotency_key("own");
    send().await.expect("sent");
    linq.chat(ID)
        .create_poll(["a", "b"])
        .idempotency_key("own")
        .await
        .expect("sent");
    let requests = server.requests();
    assert_eq!(requests[0].header("idempotency-key"), Some("own"));
    assert_eq!(requests[1].json()["poll"]["idempotency_key"], "own");
    let react = linq
        .message(ID)
        .react(Reaction::like())
        .idempotency_key("own");
    let error = react.await.expect_err("a reaction takes no key");
    assert!(error.is_invalid_request(), "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_message_carries_one_key_whatever_the_call_changes() {
    let server = Server::start([]).await;
    let linq = linq(&server);
    let message = || linq.chat(ID).message();
    let keyed = || Message::from("Hi").idempotency_key("of content");
    let other = json!({ "parts": [] });
    let calls = [
        (message().text("Hi").call(), None),
        (message().content(keyed()).call(), Some("of content")),
        (
            message().content(keyed()).idempotency_key("of call").call(),
            Some("of call"),
        ),
        (
            message().content(keyed()).call().idempotency_key("late"),
            Some("late"),
        ),
        (
            message()
                .text("Hi")
                .body_field("message", other.clone())
                .call(),
            None,
        ),
        (
            message()
                .text("Hi")
                .call()
                .body_field("message", other.clone()),
            None,
        ),
        (
            message()
                .text("Hi")
                .idempotency_key("own")
                .call()
                .body_field("message", other),
            Some("own"),
        ),
    ];
    for (number, (call, key)) in calls.into_iter().enumerate() {
        call.await.expect("sent");
        let body = server.requests()[number].json();
        let sent = body["message"]["idempotency_key"].as_str();
        match key {
            Some(key) => assert_eq!(sent, Some(key), "{number}"),
            None => assert_eq!(sent.map(str::len), Some(36), "{number}"),
        }
        assert_eq!(
            body.to_string().matches("idempotency_key").count(),
            1,
            "{number}"
        );
    }
}

/// What is in a list, and what a call without an answer gives.
#[tokio::test]
async fn answers_are_what_people_ask_for() -> Result<(), Error> {
    let server = Server::start([]).await;
    let linq = linq(&server);
    let () = linq.chat(ID).mark_read().await?;
    let () = linq
        .chat(ID)
        .set_background(Background::color("ice"))
        .await?;
    let () = linq.delete_attachment(ID).await?;
    let given = |path: &str, pointer: &str| -> Option<String> {
        let (_, body) = responses::success("GET", path);
        let body: Value = serde_json::from_str(&body).expect("the response is JSON");
        Some(body.pointer(pointer)?.as_str()?.to_owned())
    };
    assert_eq!(
        Some(&*linq.lines().await?[0].phone_number),
        given("/v3/phone_numbers", "/phone_numbers/0/phone_number").as_deref()
    );
    assert_eq!(
        Some(&*linq.contact_cards().await?[0].first_name),
        given("/v3/contact_card", "/contact_cards/0/first_name").as_deref()
    );
    assert_eq!(
        Some(&*linq.blocked_handles().await?[0].handle),
        given("/v3/blocked_handles", "/blocked_handles/0/handle").as_deref()
    );
    assert_eq!(
        Some(&*linq.subscriptions().await?[0].id),
        given("/v3/webhook-subscriptions", "/subscriptions/0/id").as_deref()
    );
    let chat = linq.create_chat_to([ANN]).text("Hello").await?.chat;
    let response = linq.chat(chat.id).mark_read().send_with_response().await?;
    assert_eq!(response.status().as_u16(), 204);
    Ok(())
}

#[test]
fn nothing_private_shows() {
    let linq = Linq::builder()
        .api_key("key")
        .build()
        .expect("a key is enough");
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        linq.create_chat(LINE, [ANN]).text("secret"),
        linq.send_to([ANN])
            .continuation_message("secret")
            .exclude_from([LINE]),
        linq.chat(ID).message().link("https://example.com/secret"),
        linq.to(ANN).from(LINE).text("secret"),
        (
            Reaction::emoji("secret"),
            Sticker::url("https://example.com/secret")
        ),
        Background::photo("https://example.com/secret"),
    );
    for private in ["secret", "1202", "example"] {
        assert!(!shown.contains(private), "{shown}");
    }
}
