//! Calls of every kind, including those that the API document may not have today.

use linq_testing::API_KEY;
use linq_testing::responses::NOT_FOUND;
use linq_testing::server::{Recorded, Server, Step};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Client, Error, ListStyle, Operation, Parameters, Reason, Repeat, Response};

const FETCH: Operation = Operation::new(
    "fetch",
    "fetch",
    Method::GET,
    "/v3/a/{one}/b/{two}",
    "Tests",
    Some("text/plain"),
    Repeat::Read,
);
const REMOVE: Operation = Operation::new(
    "remove",
    "remove",
    Method::DELETE,
    "/v3/a",
    "Tests",
    None,
    Repeat::Once,
);

const START: Operation = Operation::new(
    "start",
    "start",
    Method::POST,
    "/v3/a",
    "Tests",
    None,
    Repeat::Once,
);

fn client(server: &Server) -> Client {
    Client::new(&server.base_url(), API_KEY).expect("both are valid")
}

/// Makes a call with no path parameters, and gives its result and the request that came.
async fn remove(
    script: Step,
    fill: impl FnOnce(&mut Parameters),
) -> (Result<Response<()>, Error>, Option<Recorded>) {
    let server = Server::start([script]).await;
    let client = client(&server);
    let mut call = Parameters::new(&REMOVE);
    fill(&mut call);
    (call.empty().send(&client).await, server.requests().pop())
}

fn done() -> Step {
    Step::bare(204, "")
}

async fn target(fill: impl FnOnce(&mut Parameters)) -> String {
    let (result, request) = remove(done(), fill).await;
    result.expect("success");
    request.expect("a request").target.to_owned()
}

async fn problem(fill: impl FnOnce(&mut Parameters)) -> String {
    let (result, request) = remove(done(), fill).await;
    assert!(request.is_none(), "nothing may be sent");
    let error = result.expect_err("the request is invalid");
    assert!(error.is_invalid_request());
    error.to_string()
}

async fn fetch(one: &str, two: &str) -> (Result<Response<bytes::Bytes>, Error>, Option<Recorded>) {
    let server = Server::start([Step::bare(200, [0, 159, 255])]).await;
    let client = client(&server);
    let mut call = Parameters::new(&FETCH);
    call.path("one", Ok(one));
    call.path("two", Ok(two));
    (call.bytes().send(&client).await, server.requests().pop())
}

#[tokio::test]
async fn path_parameters_are_data_whatever_they_hold() {
    let cases = [
        ("plain-._~", "x", "/api/partner/v3/a/plain-._~/b/x"),
        ("a/b", "../c", "/api/partner/v3/a/a%2Fb/b/..%2Fc"),
        (
            "%2e%2e",
            "{one}",
            "/api/partner/v3/a/%252e%252e/b/%7Bone%7D",
        ),
        (
            "?q#f;",
            "é +",
            "/api/partner/v3/a/%3Fq%23f%3B/b/%C3%A9%20%2B",
        ),
        ("...", "\\..\\", "/api/partner/v3/a/.../b/%5C..%5C"),
    ];
    for (one, two, expected) in cases {
        let (result, request) = fetch(one, two).await;
        assert_eq!(&result.expect("an answer")[..], [0, 159, 255]);
        let request = request.expect("a request");
        assert_eq!(request.target, expected);
        assert!(
            request
                .headers
                .contains(&("accept".to_owned(), "text/plain".to_owned()))
        );
    }
}

#[tokio::test]
async fn path_parameters_that_would_change_the_path_are_refused() {
    for (value, reason) in [
        ("", "`two` is empty"),
        (".", "`two` is `.` or `..`, which would change the path"),
        ("..", "`two` is `.` or `..`, which would change the path"),
    ] {
        let (result, request) = fetch("x", value).await;
        let error = result.expect_err("refused");
        assert!(error.is_invalid_request() && request.is_none());
        assert_eq!(
            error.to_string(),
            format!("fetch: invalid request: {reason}")
        );
    }
}

#[tokio::test]
async fn a_path_that_is_not_filled_is_refused() {
    let server = Server::start([done()]).await;
    let client = client(&server);
    let mut call = Parameters::new(&FETCH);
    call.path("one", Ok("x"));
    let error: Error = call
        .empty()
        .send(&client)
        .await
        .expect_err("`two` is missing");
    assert!(error.is_invalid_request());
    let unknown = problem(|call| call.path("three", Ok("x"))).await;
    assert_eq!(
        unknown,
        "remove: invalid request: `three` does not match the path of the operation"
    );
}

#[tokio::test]
async fn queries_take_scalars_and_lists() {
    let target = target(|call| {
        call.query("none", Ok(None::<i64>));
        call.query("null", Ok(Some(Value::Null)));
        call.query("flag", Ok(Some(true)));
        call.query_required("id", Ok(uuid::Uuid::nil()));
        call.query_list("joined", Ok(Some(vec!["a,b", "c d"])), ListStyle::Joined);
        call.query_list("repeated", Ok(Some(vec![1, 2])), ListStyle::Repeated);
        call.query_list("empty", Ok(Some(Vec::<String>::new())), ListStyle::Joined);
        call.query_list("absent", Ok(None::<Vec<String>>), ListStyle::Repeated);
        call.query_list_required("a b", Ok(vec!["x&y"]), ListStyle::Repeated);
        call.query_list("spaces", Ok(Some(vec!["a b", "c"])), ListStyle::Spaces);
        call.query_list("pipes", Ok(Some(vec!["a", "b"])), ListStyle::Pipes);
    });
    assert_eq!(
        target.await,
        "/api/partner/v3/a?flag=true&id=00000000-0000-0000-0000-000000000000\
         &joined=a%2Cb,c%20d&repeated=1&repeated=2&a%20b=x%26y&spaces=a%20b%20c&pipes=a%7Cb"
    );
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let start = "remove: invalid request: ";
    let unset = || Err::<Option<String>, _>(Reason::NotSet);
    assert_eq!(
        problem(|call| call.query("limit", unset())).await,
        format!("{start}`limit` was not set")
    );
    let long = Err::<Option<i64>, _>(Reason::NotConverted);
    assert_eq!(
        problem(|call| call.query("limit", long)).await,
        format!("{start}`limit` was set to a value that does not convert to its type")
    );
    assert_eq!(
        problem(|call| call.query_required("filter", Ok(json!({ "a": 1 })))).await,
        format!("{start}`filter` is neither text nor a number nor a boolean")
    );
    assert_eq!(
        problem(|call| call.query_required("filter", Ok(Value::Null))).await,
        format!("{start}`filter` is empty")
    );
    let empty = Ok(Vec::<String>::new());
    assert_eq!(
        problem(|call| call.query_list_required("to", empty, ListStyle::Joined)).await,
        format!("{start}`to` is empty")
    );
    assert_eq!(
        problem(|call| call.query_list("to", Ok(Some(vec![vec![1]])), ListStyle::Joined)).await,
        format!("{start}`to` is neither text nor a number nor a boolean")
    );
    assert_eq!(
        problem(|call| call.header_required("Idempotency-Key", Ok("a\r\nb: c"))).await,
        format!("{start}`Idempotency-Key` has characters that a header cannot carry")
    );
    let keys = std::collections::HashMap::from([((1, 2), 3)]);
    assert_eq!(
        problem(|call| call.body(Ok(keys))).await,
        format!("{start}`body` cannot be written as JSON")
    );
    assert_eq!(
        problem(|call| {
            call.query("first", unset());
            call.query("second", unset());
        })
        .await,
        format!("{start}`first` was not set")
    );
}

#[tokio::test]
async fn headers_and_optional_bodies_are_sent_if_set() {
    let (result, request) = remove(done(), |call| {
        call.header("Idempotency-Key", Ok(Some("key-1")));
        call.header("Absent", Ok(None::<String>));
        call.header_required("X-Count", Ok(3));
        call.body_optional(Ok(Some(json!({ "a": [1] }))));
    })
    .await;
    result.expect("success");
    let request = request.expect("a request");
    let names: Vec<_> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let own = ["idempotency-key", "user-agent", "x-count"];
    assert_eq!(
        names[..5],
        [
            "accept",
            "authorization",
            "content-length",
            "content-type",
            "host"
        ]
    );
    assert_eq!(names[5..], own);
    assert!(
        request
            .headers
            .contains(&("x-count".to_owned(), "3".to_owned()))
    );
    assert_eq!(request.body, br#"{"a":[1]}"#);
}

static PATCH: Operation = Operation::new(
    "patch",
    "patch",
    Method::PATCH,
    "/v3/a",
    "A",
    None,
    Repeat::Once,
)
.sending("application/merge-patch+json");

#[tokio::test]
async fn a_body_of_another_media_type_says_so() {
    for (body, expected) in [
        (Some(json!({})), Some("application/merge-patch+json")),
        (None, None),
    ] {
        let server = Server::start([done()]).await;
        let mut call = Parameters::new(&PATCH);
        call.body_optional(Ok(body));
        let result: Result<Response<()>, Error> = call.empty().send(&client(&server)).await;
        result.expect("success");
        let request = server.only_request();
        let mut headers = request.headers.iter();
        let found = headers.find(|(name, _)| name == "content-type");
        assert_eq!(found.map(|(_, value)| value.as_str()), expected);
    }
}

#[tokio::test]
async fn no_body_means_no_content_type() {
    let (result, request) = remove(done(), |call| call.body_optional(Ok(None::<Value>))).await;
    result.expect("success");
    let request = request.expect("a request");
    let names: Vec<_> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["accept", "authorization", "host", "user-agent"]);
    // An operation without content says nothing about what it accepts, which HTTP spells like this.
    assert_eq!(request.headers[0].1, "*/*");
}

#[tokio::test]
async fn a_post_without_a_body_says_so() {
    let server = Server::start([done()]).await;
    let result: Result<Response<()>, Error> =
        Parameters::new(&START).empty().send(&client(&server)).await;
    result.expect("success");
    let request = server.only_request();
    let names: Vec<_> = request
        .headers
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "accept",
            "authorization",
            "content-length",
            "host",
            "user-agent"
        ]
    );
    assert_eq!(request.headers[2].1, "0");
}

#[tokio::test]
async fn an_empty_operation_ignores_the_body_of_a_success() {
    for body in ["", "{}", "<html>", "accepted"] {
        let (result, _) = remove(Step::bare(202, body), |_| {}).await;
        assert_eq!(result.expect("success").status().as_u16(), 202);
    }
    let (result, _) = remove(Step::bare(200, "{").cut_off(), |_| {}).await;
    result.expect("success");
    let (result, _) = remove(Step::bare(404, NOT_FOUND), |_| {}).await;
    assert_eq!(result.expect_err("an error").code(), Some(2001));
}

#[tokio::test]
async fn an_error_of_the_api_can_have_any_type() {
    #[derive(Debug)]
    struct Success(bool);
    impl linq_types::Fit for Success {
        fn misfit(value: &Value, at: linq_types::At<'_>) -> Option<linq_types::Misfit> {
            let flag = value.get("success").and_then(Value::as_bool);
            flag.is_none()
                .then(|| at.misfit("a success flag", Some(value)))
        }
    }
    impl<'de> serde::Deserialize<'de> for Success {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let value = Value::deserialize(deserializer)?;
            let success = value.get("success").and_then(Value::as_bool);
            success
                .map(Self)
                .ok_or_else(|| serde::de::Error::custom("secret"))
        }
    }
    let bodies = [
        (NOT_FOUND, Some(false)),
        (r#"{"trace_id":"t-1","error":{"code":7}}"#, None),
    ];
    for (body, expected) in bodies {
        let server = Server::start([Step::bare(404, body)]).await;
        let client = client(&server);
        let result: Result<Response<()>, Error<Success>> =
            Parameters::new(&REMOVE).empty().send(&client).await;
        let error = result.expect_err("an error");
        assert_eq!(error.api().map(|success| success.0), expected);
        // What can be read without the type is known all the same.
        assert!(error.code().is_some() && error.trace_id().is_some());
        assert_eq!(error.body(), Some(body.as_bytes()));
    }
}

#[tokio::test]
async fn an_accepted_answer_of_another_shape_keeps_its_trace_id_and_no_value() {
    let body = r#"{"text":"secret"}"#;
    let server = Server::start([Step::bare(200, body).header("x-trace-id", "t-1")]).await;
    let client = client(&server);
    let result: Result<Response<Vec<i64>>, Error> =
        Parameters::new(&REMOVE).json().send(&client).await;
    let error = result.expect_err("no list");
    assert!(error.is_accepted() && error.is_decode());
    assert_eq!(
        (error.trace_id(), error.body()),
        (Some("t-1"), Some(body.as_bytes()))
    );
    let cause = std::error::Error::source(&error).expect("a cause");
    assert_eq!(
        cause.to_string(),
        "the value: expected an array, found an object"
    );
    assert!(!format!("{error} {error:?} {cause} {cause:?}").contains("secret"));
}
