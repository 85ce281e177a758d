//! Handles, as a user of the crate calls them: the request that each short method makes, and what it refuses.

use std::error::Error as _;

use linq_ext::client::operations::{self as op, ALL};
use linq_ext::client::{BoxFuture, Operation, Repeat};
use linq_ext::message::{BubbleEffect, Message, Rule, ScreenEffect};
use linq_ext::types::{
    CreateWebhookSubscriptionRequest, IMessageAppLayout, LineType, MessageExperience,
    PaymentCreateRequest, PaymentRequestCreateRequest, ReactionType, ServiceType,
    SetContactCardRequest, StickerPlacement, UpdateAppCardRequest, UpdateChatRequest,
    UpdateContactCardRequest, UpdateWebhookSubscriptionRequest, WebhookEventType,
};
use linq_ext::{Background, Error, Linq, LinqBuilder, Reaction, Sticker};
use linq_testing::clock::TestClock;
use linq_testing::responses::ID;
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
    (&op::GET_AVAILABLE_NUMBER, "/v3/available_number", "", |linq| sent(linq.get_available_number())),
    (&op::GET_AVAILABLE_NUMBER,
        "/v3/available_number?to=%2B12025550101,ben%40example.com&exclude_from=%2B12025550100&type=iMessage", "",
        |linq| sent(linq.get_available_number().to([ANN]).to([BEN]).line_type(LineType::from("iMessage"))
            .exclude_from([LINE]))),
    (&op::START_REPUTATION_AUDIT, "/v3/phone_numbers/%2B12025550100/reputation_audit", "",
        |linq| sent(linq.line(LINE).start_reputation_audit())),
    (&op::GET_REPUTATION_AUDIT, "/v3/phone_numbers/%2B12025550100/reputation_audit/audit-1", "",
        |linq| sent(linq.line(LINE).get_reputation_audit("audit-1"))),
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
    (&op::BLOCK_HANDLE, "/v3/blocked_handles", r#"{"handle":"24567","reason":"spam"}"#,
        |linq| sent(linq.block_handle("24567").body_field("reason", "spam"))),
    (&op::UNBLOCK_HANDLE, "/v3/blocked_handles", r#"{"handle":"24567"}"#, |linq| sent(linq.unblock_handle("24567"))),
    (&op::GET_ATTACHMENT, "/v3/attachments/{id}", "", |linq| sent(linq.get_attachment(ID))),
    (&op::DELETE_ATTACHMENT, "/v3/attachments/{id}", "", |linq| sent(linq.delete_attachment(ID))),
    (&op::LIST_EXPERIENCES, "/v3/experiences", "", |linq| sent(linq.experiences())),
    (&op::GET_EXPERIENCE, "/v3/experiences/survey", "", |linq| sent(linq.get_experience("survey"))),
    (&op::LIST_WEBHOOK_EVENTS, "/v3/webhook-events", "", |linq| sent(linq.webhook_events())),
    (&op::LIST_WEBHOOK_SUBSCRIPTIONS, "/v3/webhook-subscriptions", "", |linq| sent(linq.subscriptions())),
    (&op::GET_WEBHOOK_SUBSCRIPTION, "/v3/webhook-subscriptions/{id}", "", |linq| sent(linq.get_subscription(ID))),
    (&op::CREATE_WEBHOOK_SUBSCRIPTION, "/v3/webhook-subscriptions",
        r#"{"target_url":"https://example.com/linq","subscribed_events":["message.received"]}"#,
        |linq| sent(linq.create_subscription(CreateWebhookSubscriptionRequest::new(
            "https://example.com/linq", vec![WebhookEventType::MessageReceived])))),
    (&op::UPDATE_WEBHOOK_SUBSCRIPTION, "/v3/webhook-subscriptions/{id}", r#"{"is_active":false,"phone_numbers":null}"#,
        |linq| sent(linq.update_subscription(ID, UpdateWebhookSubscriptionRequest::new()
            .with_is_active(false).with_phone_numbers(None)))),
    (&op::DELETE_WEBHOOK_SUBSCRIPTION, "/v3/webhook-subscriptions/{id}", "",
        |linq| sent(linq.delete_subscription(ID))),

    (&op::CREATE_PAYMENT_REQUEST, "/v3/payment_requests", r#"{"amount":500,"currency":"usd"}"#,
        |linq| sent(linq.create_payment_request(
            PaymentRequestCreateRequest::new().with_amount(500).with_currency("usd")))),
    (&op::GET_PAYMENT_REQUEST, "/v3/payment_requests/{id}", "", |linq| sent(linq.get_payment_request(ID))),
    (&op::CANCEL_PAYMENT_REQUEST, "/v3/payment_requests/{id}/cancel", "",
        |linq| sent(linq.cancel_payment_request(ID))),
    (&op::CREATE_PAYMENT, "/v3/payments", r#"{"handle":"+12025550101","amount_cents":500,"currency":"usd"}"#,
        |linq| sent(linq.create_payment(PaymentCreateRequest::new(ANN, 500, "usd")))),
    (&op::GET_PAYMENT, "/v3/payments/pay-1", "", |linq| sent(linq.get_payment("pay-1"))),
    (&op::CANCEL_PAYMENT, "/v3/payments/pay-1/cancel", "", |linq| sent(linq.cancel_payment("pay-1"))),
    (&op::GET_PAYMENT_CREDENTIALS, "/v3/payments/pay-1/credentials", "",
        |linq| sent(linq.get_payment_credentials("pay-1"))),
    (&op::CONNECT_PAYMENT_HANDLE, "/v3/payments/handles/%2B12025550101/connect", "",
        |linq| sent(linq.connect_payment_handle(ANN))),
    (&op::VERIFY_PAYMENT_HANDLE, "/v3/payments/handles/%2B12025550101/verify",
        r#"{"connect_id":"connect-1","code":"123456"}"#,
        |linq| sent(linq.verify_payment_handle(ANN, "connect-1", "123456"))),
    (&op::GET_PAYMENT_HANDLE_CONNECTION, "/v3/payments/handles/%2B12025550101/connection", "",
        |linq| sent(linq.get_payment_handle_connection(ANN))),
    (&op::REVOKE_PAYMENT_HANDLE_CONNECTION, "/v3/payments/handles/%2B12025550101/connection", "",
        |linq| sent(linq.revoke_payment_handle_connection(ANN))),
    (&op::GET_PAYMENT_PROVIDER, "/v3/payments/providers/stripe", "",
        |linq| sent(linq.get_payment_provider("stripe"))),
    (&op::CONNECT_PAYMENT_PROVIDER, "/v3/payments/providers/stripe/connect",
        r#"{"return_url":"https://example.com/done"}"#,
        |linq| sent(linq.connect_payment_provider("stripe", "https://example.com/done"))),
];

/// Operations behind streams and uploads, which have tests of their own.
const ELSEWHERE: &[&Operation] = &[
    &op::LIST_CHATS,
    &op::GET_MESSAGES,
    &op::GET_MESSAGE_THREAD,
    &op::LIST_PAYMENT_REQUESTS,
    &op::REQUEST_UPLOAD,
];

/// Operations that only `linq.api()` calls: here an old path of one that has a short method.
const API_ONLY: &[&Operation] = &[&op::LIST_PHONE_NUMBERS_DEPRECATED];

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
            + usize::from(API_ONLY.contains(operation));
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
    let table: &[(&str, Make)] = &[
        (
            "get_chat: invalid request: the chat id is not a UUID",
            |linq| sent(linq.chat("secret").get()),
        ),
        (
            "send_message_to_chat: invalid request: the chat id is not a UUID",
            |linq| sent(linq.chat("secret").message().text("")),
        ),
        (
            "send_voice_memo_to_chat: invalid request: the attachment id is not a UUID",
            |linq| sent(linq.chat(ID).send_voice_memo("secret")),
        ),
        (
            "delete_message: invalid request: the message id is not a UUID",
            |linq| sent(linq.message("").delete()),
        ),
        (
            "send_reaction: invalid request: the message id is not a UUID",
            |linq| sent(linq.message("secret").react(Reaction::love())),
        ),
        (
            "send_reaction: invalid request: the attachment id is not a UUID",
            |linq| sent(linq.message(ID).stick(Sticker::attachment("secret"))),
        ),
        (
            "update_sticker_placement: invalid request: the reaction id is not a UUID",
            |linq| {
                sent(
                    linq.message(ID)
                        .move_sticker("secret", StickerPlacement::new()),
                )
            },
        ),
        (
            "vote_poll: invalid request: the option id is not a UUID",
            |linq| sent(linq.message(ID).vote("secret")),
        ),
        (
            "update_phone_number: invalid request: the line id is not a UUID",
            |linq| sent(linq.forward_calls("secret", ANN)),
        ),
        (
            "delete_attachment: invalid request: the attachment id is not a UUID",
            |linq| sent(linq.delete_attachment("secret")),
        ),
        (
            "cancel_payment_request: invalid request: the payment request id is not a UUID",
            |linq| sent(linq.cancel_payment_request("secret")),
        ),
    ];
    let server = Server::start([]).await;
    let linq = linq(&server);
    for (line, make) in table {
        let error = refused(&server, &linq, *make).await;
        assert_eq!(error.to_string(), *line);
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
        ("an `https` address", |linq| {
            let events = vec![WebhookEventType::MessageReceived];
            let wanted = CreateWebhookSubscriptionRequest::new("http://example.com", events);
            sent(linq.create_subscription(wanted))
        }),
        ("at least one event", |linq| {
            let changes = UpdateWebhookSubscriptionRequest::new().with_subscribed_events(vec![]);
            sent(linq.update_subscription(ID, changes))
        }),
        ("subscriptionId", |linq| {
            sent(linq.delete_subscription(".."))
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
        let react = linq.message(ID).unreact(&emoji.to_owned());
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
        (&op::GET_AVAILABLE_NUMBER, &[Rule::Handle], |linq| {
            sent(linq.get_available_number().exclude_from(["secret"]))
        }),
        (&op::SETUP_CONTACT_CARD, &[Rule::Handle], |linq| {
            sent(linq.set_up_contact_card(SetContactCardRequest::new("secret", "Ann")))
        }),
        (&op::BLOCK_HANDLE, &[Rule::Handle], |linq| {
            sent(linq.block_handle("+1 (202)"))
        }),
        (&op::CONNECT_PAYMENT_HANDLE, &[Rule::Handle], |linq| {
            sent(linq.connect_payment_handle("secret"))
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
    assert_eq!(linq.lines().await?[0].phone_number, LINE);
    assert_eq!(linq.contact_cards().await?[0].first_name, "Ann");
    assert_eq!(linq.blocked_handles().await?[0].handle, ANN);
    assert_eq!(linq.subscriptions().await?[0].id, "subscription-1");
    assert_eq!(
        linq.webhook_events().await?,
        [WebhookEventType::MessageReceived]
    );
    assert_eq!(
        linq.experiences().await?[0].experience.as_deref(),
        Some("survey")
    );
    let chat = linq.create_chat_to([ANN]).text("Hello").await?.chat;
    assert_eq!(chat.id.to_string(), ID);
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
        linq.get_available_number().to([ANN]).exclude_from([LINE]),
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
