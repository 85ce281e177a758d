//! Hooks: their order, retries, and errors of their own.

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use crate::support::{create_chat_body, create_chat_json};
use linq_client::reqwest::StatusCode;
use linq_client::reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, USER_AGENT};
use linq_client::{
    BoxFuture, Client, ClientBuilder, Hook, Next, Request, Response, TransportError,
};
use linq_testing::API_KEY;
use linq_testing::responses::{CREATED, NO_CHATS};
use linq_testing::server::{Server, Step};

type Log = Arc<Mutex<Vec<String>>>;

/// Writes down when it is entered and left.
struct Observer {
    name: &'static str,
    log: Log,
}

impl Hook for Observer {
    fn call<'a>(
        &'a self,
        request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let write = |line: String| self.log.lock().expect("no panic").push(line);
            write(format!(
                "{} {} {}",
                self.name,
                next.operation(),
                request.method()
            ));
            let response = next.run(request).await?;
            let (status, length) = (response.status().as_u16(), response.body().len());
            write(format!("{} {status} with {length} bytes", self.name));
            Ok(response)
        })
    }
}

/// Tries up to three times, as long as the status is 503.
struct Retry;

impl Hook for Retry {
    fn call<'a>(
        &'a self,
        request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            for _ in 0..2 {
                let response = next.run(request.clone()).await?;
                if response.status().as_u16() != 503 {
                    return Ok(response);
                }
            }
            next.run(request).await
        })
    }
}

/// Fails without sending anything.
struct Refuse;

impl Hook for Refuse {
    fn call<'a>(
        &'a self,
        _: Request,
        _: Next<'a>,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async { Err(TransportError::other("circuit open")) })
    }
}

/// Names itself.
struct Rename;

impl Hook for Rename {
    fn call<'a>(
        &'a self,
        mut request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        assert!(!request.headers().contains_key(AUTHORIZATION));
        assert!(request.body().is_some_and(|body| body.starts_with(b"{")));
        request
            .headers_mut()
            .insert(USER_AGENT, HeaderValue::from_static("mine"));
        next.run(request)
    }
}

fn builder(server: &Server) -> ClientBuilder {
    Client::builder()
        .base_url(server.base_url())
        .api_key(API_KEY)
}

fn busy() -> Step {
    Step::bare(503, "")
}

#[tokio::test]
async fn hooks_nest_in_the_order_added_and_a_retry_runs_those_inside_again() {
    let server = Server::start([busy(), Step::bare(201, CREATED)]).await;
    let log = Log::default();
    let observer = |name| Observer {
        name,
        log: Arc::clone(&log),
    };
    let builder = builder(&server)
        .hook(observer("outer"))
        .hook(Retry)
        .hook(Arc::new(observer("inner")));
    let client = builder.build().expect("all are valid");
    client
        .create_chat()
        .body(create_chat_body())
        .send()
        .await
        .expect("the second try");
    assert_eq!(
        *log.lock().expect("no panic"),
        [
            "outer create_chat POST",
            "inner create_chat POST",
            "inner 503 with 0 bytes",
            "inner create_chat POST",
            &format!("inner 201 with {} bytes", CREATED.len()),
            &format!("outer 201 with {} bytes", CREATED.len()),
        ]
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].headers, requests[1].headers);
    for request in requests {
        let body: serde_json::Value = serde_json::from_slice(&request.body).expect("JSON");
        assert_eq!(body, create_chat_json());
    }
}

#[tokio::test]
async fn hooks_change_headers_and_never_see_the_key() {
    let server = Server::start([Step::bare(201, CREATED)]).await;
    let hooks = builder(&server).hook(Rename).hook(Rename);
    let client = hooks.build().expect("all are valid");
    let call = client.create_chat().body(create_chat_body());
    call.send().await.expect("it is created");
    let headers = &server.requests()[0].headers;
    let values = |name: &str| {
        let of_name = headers.iter().filter(|(header, _)| header == name);
        of_name.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(values("user-agent"), ["mine"]);
    assert_eq!(values("authorization"), [format!("Bearer {API_KEY}")]);
    assert_eq!(values("content-type"), ["application/json"]);
}

#[tokio::test]
async fn the_last_answer_of_a_retry_counts() {
    let server = Server::start([busy(), busy(), busy(), Step::bare(200, NO_CHATS)]).await;
    let client = builder(&server).hook(Retry).build().expect("all are valid");
    let error = client
        .list_chats()
        .send()
        .await
        .expect_err("three times busy");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn an_error_of_a_hook_is_told_apart_and_kept() {
    let server = Server::start([Step::bare(200, NO_CHATS)]).await;
    let client = builder(&server)
        .hook(Refuse)
        .build()
        .expect("all are valid");
    let error = client.list_chats().send().await.expect_err("refused");
    assert!(error.is_hook() && !error.is_timeout() && !error.is_connect() && !error.is_accepted());
    assert_eq!(error.to_string(), "list_chats: a hook failed");
    assert_eq!(error.source().expect("a cause").to_string(), "circuit open");
    assert!(!format!("{error:?}").contains("circuit"));
    assert!(server.requests().is_empty());
}

/// Responds in place of the network.
struct Cache;

impl Hook for Cache {
    fn call<'a>(
        &'a self,
        _: Request,
        _: Next<'a>,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        let response = Response::new(StatusCode::OK, HeaderMap::new(), NO_CHATS);
        Box::pin(async { Ok(response) })
    }
}

#[tokio::test]
async fn a_hook_can_respond_itself() {
    let server = Server::start([]).await;
    let client = builder(&server).hook(Cache).build().expect("all are valid");
    let page = client.list_chats().send().await.expect("a page");
    assert!(page.chats.is_empty());
    assert_eq!(page.body(), NO_CHATS.as_bytes());
    assert!(server.requests().is_empty());
}

/// Notes the status of a response that breaks off.
struct Witness(Arc<Mutex<Option<u16>>>);

impl Hook for Witness {
    fn call<'a>(
        &'a self,
        request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let result = next.run(request).await;
            if let Err(error) = &result {
                let status = error.response().map(|response| response.status().as_u16());
                *self.0.lock().expect("no panic") = status;
            }
            result
        })
    }
}

#[tokio::test]
async fn a_hook_sees_that_a_response_broke_off_after_its_status() {
    let server = Server::start([Step::bare(201, "{").cut_off()]).await;
    let status = Arc::default();
    let witness = Witness(Arc::clone(&status));
    let client = builder(&server)
        .hook(witness)
        .build()
        .expect("all are valid");
    let call = client.create_chat().body(create_chat_body());
    let error = call.send().await.expect_err("half a response");
    assert!(error.is_accepted());
    assert_eq!(*status.lock().expect("no panic"), Some(201));
}
