//! Every operation of the document, called through its builder against a server on the loopback
//! interface that checks the request and gives the document's answers.

use std::collections::{BTreeMap, BTreeSet};

use linq_client::{BoxFuture, Client, Error, Response, types};
use linq_testing::API_KEY;
use linq_testing::compare::assert_same;
use linq_testing::document::document;
use linq_testing::operations::{Example, Operation, Parameter, operations};
use linq_testing::server::{Recorded, Server, Step, decoded};
use serde::Serialize;
use serde_json::Value;

/// The id that every parameter gets which is one.
const ID: uuid::Uuid = uuid::uuid!("3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13");
/// The id of what is inside another.
const OTHER_ID: uuid::Uuid = uuid::uuid!("5a9e0b74-d1c3-4286-97fe-308b4c6d12a9");
/// What every parameter gets that is any text: what a path and a query have to encode.
const TEXT: &str = "+1 202/555?a=b&c#d%2Fé, e";
/// What a header gets.
const KEY: &str = "order 4711; first";

/// The list that every parameter gets which is one.
fn lines() -> Vec<String> {
    vec!["+12025550100".to_owned(), "ana@example.com".to_owned()]
}

/// A call of an operation, and what it sets.
struct Call {
    name: &'static str,
    set: BTreeMap<&'static str, String>,
    has_body: bool,
    send: for<'a> fn(&'a Client, &'a Value) -> BoxFuture<'a, Outcome>,
}

/// Status and body of a success, or what the error tells.
type Outcome = Result<(u16, Value), Failure>;

#[derive(Debug)]
struct Failure {
    status: Option<u16>,
    code: Option<i64>,
    api: Option<Value>,
    text: String,
}

/// One line for each operation: its method, what its setters get, and the type of its body.
macro_rules! calls {
    ($($name:ident($($setter:ident = $value:expr),* $(; $body:ident)?);)*) => {
        #[allow(deprecated, reason = "operations that the API deprecates are there still")]
        fn calls() -> Vec<Call> {
            vec![$(Call {
                name: stringify!($name),
                set: BTreeMap::from([$((setter_name(stringify!($setter)), shown(&$value))),*]),
                has_body: !<[&str]>::is_empty(&[$(stringify!($body)),*]),
                send: |client, _example| {
                    let call = client.$name()$(.$setter($value))*;
                    $(let call = call.body(body::<types::$body>(_example));)?
                    Box::pin(async move { outcome(call.send().await) })
                },
            }),*]
        }
    };
}

calls! {
    request_upload(; RequestUploadRequest);
    get_attachment(attachment_id = ID);
    delete_attachment(attachment_id = ID);
    list_blocked_handles();
    block_handle(; BlockHandleRequest);
    unblock_handle(; UnblockHandleRequest);
    check_imessage_capability(; HandleCheckRequest);
    check_rcs_capability(; HandleCheckRequest);
    list_chats(cursor = TEXT, from = "+12025550100", limit = 25, to = "ana@example.com");
    create_chat(; CreateChatRequest);
    get_chat(chat_id = ID);
    update_chat(chat_id = ID; UpdateChatRequest);
    add_participant(chat_id = ID; AddParticipantRequest);
    remove_participant(chat_id = ID; RemoveParticipantRequest);
    leave_chat(chat_id = ID);
    start_typing(chat_id = ID);
    stop_typing(chat_id = ID);
    mark_chat_as_read(chat_id = ID);
    share_contact_with_chat(chat_id = ID);
    set_chat_background(chat_id = ID; SetChatBackgroundRequest);
    remove_chat_background(chat_id = ID);
    get_chat_location(chat_id = ID);
    stop_chat_location(chat_id = ID; StopChatLocationRequest);
    request_chat_location(chat_id = ID);
    get_contact_card(phone_number = TEXT);
    setup_contact_card(; SetContactCardRequest);
    update_contact_card(phone_number = TEXT; UpdateContactCardRequest);
    list_experiences();
    get_experience(experience = TEXT);
    get_messages(chat_id = ID, cursor = TEXT, limit = 25);
    send_message_to_chat(chat_id = ID; SendMessageToChatRequest);
    get_message_thread(cursor = TEXT, limit = 25, message_id = ID, order = "desc");
    send_voice_memo_to_chat(chat_id = ID; SendVoiceMemoToChatRequest);
    get_message(message_id = ID);
    delete_message(message_id = ID);
    edit_message(message_id = ID; EditMessageRequest);
    send_reaction(message_id = ID; SendReactionRequest);
    create_message(idempotency_key = KEY; CreateMessageRequest);
    update_app_card(message_id = ID; UpdateAppCardRequest);
    update_sticker_placement(message_id = ID, reaction_id = OTHER_ID; UpdateStickerPlacementRequest);
    list_payment_requests(limit = 25, offset = 50, status = "later");
    create_payment_request(idempotency_key = KEY; PaymentRequestCreateRequest);
    get_payment_request(payment_request_id = ID);
    cancel_payment_request(payment_request_id = ID);
    create_payment(idempotency_key = KEY; PaymentCreateRequest);
    get_payment(payment_id = TEXT);
    cancel_payment(payment_id = TEXT);
    get_payment_credentials(payment_id = TEXT);
    connect_payment_handle(handle = TEXT);
    verify_payment_handle(handle = TEXT; VerifyPaymentHandleRequest);
    get_payment_handle_connection(handle = TEXT);
    revoke_payment_handle_connection(handle = TEXT);
    get_payment_provider(provider = TEXT);
    connect_payment_provider(provider = TEXT; ConnectPaymentProviderRequest);
    list_phone_numbers_deprecated();
    list_phone_numbers();
    get_available_number(exclude_from = lines(), to = vec!["+12025550199".to_owned()], type_ = "later");
    update_phone_number(phone_number_id = ID; UpdatePhoneNumberRequest);
    start_reputation_audit(phone_number = TEXT);
    get_reputation_audit(audit_id = "audit/1", phone_number = TEXT);
    create_poll(chat_id = ID; CreatePollRequest);
    get_poll(message_id = ID);
    add_poll_options(message_id = ID; AddPollOptionsRequest);
    vote_poll(message_id = ID; VotePollRequest);
    list_webhook_events();
    list_webhook_subscriptions();
    create_webhook_subscription(; CreateWebhookSubscriptionRequest);
    get_webhook_subscription(subscription_id = TEXT);
    update_webhook_subscription(subscription_id = TEXT; UpdateWebhookSubscriptionRequest);
    delete_webhook_subscription(subscription_id = TEXT);
}

/// A setter's name without what keeps it apart from keywords.
fn setter_name(name: &'static str) -> &'static str {
    name.trim_end_matches('_')
}

/// A parameter's value as it stands on the wire.
fn shown(value: &impl Serialize) -> String {
    fn text(value: Value) -> String {
        match value {
            Value::String(text) => text,
            Value::Array(items) => items.into_iter().map(text).collect::<Vec<_>>().join(","),
            other => other.to_string(),
        }
    }
    text(serde_json::to_value(value).expect("a parameter is JSON"))
}

/// The example of a body, read into its type.
fn body<T: serde::de::DeserializeOwned + types::Fit>(example: &Value) -> T {
    types::decode(example.to_string().as_bytes()).expect("the example fits its type")
}

fn outcome<T, E>(result: Result<Response<T>, Error<E>>) -> Outcome
where
    T: Serialize,
    E: Serialize + serde::de::DeserializeOwned + types::Fit,
{
    match result {
        Ok(answer) => {
            let value = serde_json::to_value(&*answer).expect("an answer is JSON");
            Ok((answer.status().as_u16(), value))
        }
        Err(error) => Err(Failure {
            status: error.status().map(|status| status.as_u16()),
            code: error.code(),
            api: error
                .api()
                .map(|api| serde_json::to_value(api).expect("an error body is JSON")),
            text: format!("{error} {error:?}"),
        }),
    }
}

/// A client that asks no proxy.
fn client(server: &Server) -> Client {
    let http = linq_client::reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("there is an HTTP client");
    Client::builder()
        .base_url(server.base_url())
        .api_key(API_KEY)
        .http_client(http)
        .build()
        .expect("the settings are in order")
}

/// The calls, each with what the document says of its operation.
fn documented() -> Vec<(Call, Operation)> {
    let mut operations: BTreeMap<String, Operation> = operations(document())
        .into_iter()
        .map(|operation| (operation.id.clone(), operation))
        .collect();
    let known: BTreeMap<&str, &str> = linq_client::operations::ALL
        .iter()
        .map(|operation| (operation.name(), operation.operation_id()))
        .collect();
    calls()
        .into_iter()
        .map(|call| {
            let operation = operations.remove(known[call.name]);
            (call, operation.expect("the document has the operation"))
        })
        .collect()
}

/// Has one call answered, and gives the request and what came of it.
async fn exchange(
    (server, client): (&Server, &Client),
    (call, body): (&Call, &Value),
    answer: &Example,
) -> (Recorded, Outcome) {
    let mut step = Step::bare(
        answer.status,
        answer
            .body
            .as_ref()
            .map_or_else(String::new, Value::to_string),
    );
    if answer.body.is_some() {
        step = step.header("content-type", &*answer.media_type);
    }
    server.then(step);
    let outcome = (call.send)(client, body).await;
    let mut requests = server.take_requests();
    assert_eq!(requests.len(), 1, "{}: one request a call", call.name);
    (requests.remove(0), outcome)
}

#[test]
fn every_operation_is_called() {
    let known: BTreeSet<&str> = linq_client::operations::ALL
        .iter()
        .map(|operation| operation.name())
        .collect();
    let called: BTreeSet<&str> = calls().iter().map(|call| call.name).collect();
    let missing: Vec<_> = known.difference(&called).collect();
    assert!(missing.is_empty(), "add to `calls!`: {missing:?}");
}

#[test]
fn the_client_has_the_operations_of_the_document() {
    let known: BTreeSet<(String, String, String)> = linq_client::operations::ALL
        .iter()
        .map(|operation| {
            let method = operation.method().to_string();
            (
                operation.operation_id().to_owned(),
                method,
                operation.path().to_owned(),
            )
        })
        .collect();
    let documented: BTreeSet<_> = operations(document())
        .into_iter()
        .map(|operation| (operation.id, operation.method, operation.path))
        .collect();
    assert_eq!(known, documented);
    assert!(known.len() >= 34);
}

#[tokio::test]
async fn every_request_is_what_the_document_says() {
    let server = Server::start([]).await;
    let client = client(&server);
    for (call, operation) in documented() {
        let success = operation.successes()[0];
        let none = [Value::Null];
        let bodies = if call.has_body {
            &operation.bodies[..]
        } else {
            &none
        };
        assert!(!bodies.is_empty(), "{}: no example of a body", call.name);
        for body in bodies {
            let (request, outcome) = exchange((&server, &client), (&call, body), success).await;
            outcome.expect("a success");
            assert_eq!(request.method, operation.method, "{}", call.name);
            check_path(&call, &operation, &request);
            check_query(&call, &operation, &request);
            check_headers(&call, &operation, &request);
            check_body(&call, &request, body);
        }
    }
}

/// What a call sets for a parameter; a required one it has to set.
fn set<'a>(call: &'a Call, parameter: &Parameter) -> Option<&'a str> {
    let value = call.set.get(&*parameter.snake_name());
    assert!(
        value.is_some() || !parameter.required,
        "{}: `{}` is required",
        call.name,
        parameter.name
    );
    value.map(String::as_str)
}

fn parameters<'a>(
    call: &'a Call,
    operation: &'a Operation,
    place: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let here = operation
        .parameters
        .iter()
        .filter(move |p| p.place == place);
    here.filter_map(|parameter| Some((&*parameter.name, set(call, parameter)?)))
}

fn check_path(call: &Call, operation: &Operation, request: &Recorded) {
    let values: BTreeMap<_, _> = parameters(call, operation, "path").collect();
    let segments = operation.path.split('/').map(|segment| {
        let name = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
        name.map_or(segment, |name| values[name]).to_owned()
    });
    let path = request.path().strip_prefix("/api/partner");
    let path = path.expect("the path starts with that of the base URL");
    let sent: Vec<String> = path.split('/').map(decoded).collect();
    assert_eq!(sent, segments.collect::<Vec<_>>(), "{}", call.name);
}

fn check_query(call: &Call, operation: &Operation, request: &Recorded) {
    let mut wanted: Vec<_> = parameters(call, operation, "query").collect();
    let query = request.query();
    let mut sent: Vec<(&str, &str)> = query
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    wanted.sort_unstable();
    sent.sort_unstable();
    assert_eq!(sent, wanted, "{}", call.name);
}

fn check_headers(call: &Call, operation: &Operation, request: &Recorded) {
    let header = |name: &str| request.header(name);
    assert_eq!(header("authorization"), Some(&*format!("Bearer {API_KEY}")));
    let agent = header("user-agent").expect("a user agent");
    assert!(agent.starts_with("linq-rs/"), "{agent}");
    let success = operation.successes()[0];
    if success.body.is_some() {
        let accept = header("accept");
        assert_eq!(accept, Some(&*success.media_type), "{}", call.name);
    }
    for (name, value) in parameters(call, operation, "header") {
        assert_eq!(header(&name.to_ascii_lowercase()), Some(value));
    }
    assert_eq!(header("api-version"), None, "it is no header of this API");
}

fn check_body(call: &Call, request: &Recorded, body: &Value) {
    let content_type = request.header("content-type");
    if call.has_body {
        assert_eq!(content_type, Some("application/json"), "{}", call.name);
        let sent = serde_json::from_slice(&request.body).expect("the body is JSON");
        assert_same(call.name, body, &sent);
    } else {
        assert_eq!(content_type, None, "{}", call.name);
        assert!(request.body.is_empty(), "{}", call.name);
    }
}

/// What a call sets is all of the operation, so that nothing of it goes unchecked.
#[test]
fn every_setter_is_a_parameter_of_the_document() {
    for (call, operation) in documented() {
        let names: BTreeSet<String> = operation
            .parameters
            .iter()
            .map(Parameter::snake_name)
            .collect();
        for name in call.set.keys() {
            assert!(names.contains(*name), "{}: `{name}`", call.name);
        }
        assert_eq!(call.has_body, !operation.bodies.is_empty(), "{}", call.name);
    }
}

#[tokio::test]
async fn every_success_of_the_document_decodes() {
    let server = Server::start([]).await;
    let client = client(&server);
    for (call, operation) in documented() {
        let body = operation.bodies.first().unwrap_or(&Value::Null);
        for success in operation.successes() {
            let (_, outcome) = exchange((&server, &client), (&call, body), success).await;
            let (status, value) = outcome.expect("a success");
            assert_eq!(status, success.status, "{}", call.name);
            let example = success.body.as_ref().unwrap_or(&Value::Null);
            assert_same(call.name, example, &value);
        }
    }
}

#[tokio::test]
async fn every_error_of_the_document_decodes() {
    let server = Server::start([]).await;
    let client = client(&server);
    for (call, operation) in documented() {
        let body = operation.bodies.first().unwrap_or(&Value::Null);
        assert!(operation.failures()[0].status < 500, "{}", call.name);
        for failure in operation.failures() {
            let example = failure.body.as_ref().expect("an error has a body");
            let (_, outcome) = exchange((&server, &client), (&call, body), failure).await;
            let error = outcome.expect_err("a failure");
            assert_eq!(error.status, Some(failure.status), "{}", call.name);
            assert_eq!(error.code, example["error"]["code"].as_i64());
            let api = error.api.expect("the error body decodes");
            assert_same(call.name, example, &api);
            check_discretion(&error.text, example);
        }
    }
}

/// An error's own texts name the operation and the status, not what the API says.
fn check_discretion(text: &str, example: &Value) {
    let message = example["error"]["message"].as_str().expect("a message");
    assert!(!text.contains(message) && !text.contains(API_KEY), "{text}");
}

/// A status that the document does not list is told by its class.
#[tokio::test]
async fn statuses_that_are_not_listed_are_told_by_their_class() {
    let server = Server::start([]).await;
    let client = client(&server);
    for (call, operation) in documented() {
        let body = operation.bodies.first().unwrap_or(&Value::Null);
        let mut answer = operation.successes()[0].clone();
        answer.status = 299;
        let (_, outcome) = exchange((&server, &client), (&call, body), &answer).await;
        assert_eq!(outcome.expect("a success").0, 299, "{}", call.name);
        let mut answer = operation.failures()[0].clone();
        for status in [418, 599] {
            answer.status = status;
            let (_, outcome) = exchange((&server, &client), (&call, body), &answer).await;
            let failure = outcome.expect_err("a failure");
            assert_eq!(failure.status, Some(status));
            assert!(failure.api.is_some(), "{}: {}", call.name, failure.text);
        }
    }
}
