//! Requests whose HTTP/2 stream the server resets, which may have been handled.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use h2::Reason;
use linq_client::bytes::Bytes;
use linq_client::reqwest;
use linq_ext::{Error, Linq};
use linq_testing::clock::TestClock;
use serde_json::Value;
use tokio::net::TcpListener;

/// A POST to a server that resets the first request; returns how many requests came.
async fn post_and_reset(reason: Reason, key: Option<&str>) -> (Result<Value, Error>, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut connection = h2::server::handshake(stream).await.expect("HTTP/2");
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                if seen.fetch_add(1, Ordering::Relaxed) == 0 {
                    respond.send_reset(reason);
                } else {
                    let head = http::Response::new(());
                    let mut body = respond.send_response(head, false).expect("it is open");
                    let sent = body.send_data(Bytes::from_static(b"{}"), true);
                    sent.expect("it is open");
                }
            }
        }
    });
    let http = reqwest::Client::builder()
        .http2_prior_knowledge()
        .retry(reqwest::retry::never())
        .build()
        .expect("all is valid");
    let linq = Linq::builder()
        .api_key("key-4f7d2a")
        .base_url(format!("http://{address}"))
        .http_client(http)
        .clock(TestClock::default())
        .build()
        .expect("all is valid");
    let mut call = linq.post("/v3/stickers");
    if let Some(key) = key {
        call = call.idempotency_key(key);
    }
    let result = call.await;
    server.abort();
    (result, count.load(Ordering::Relaxed))
}

const REASONS: [Reason; 4] = [
    Reason::REFUSED_STREAM,
    Reason::INTERNAL_ERROR,
    Reason::CANCEL,
    Reason::NO_ERROR,
];

#[tokio::test]
async fn a_stream_that_is_reset_is_repeated_with_a_key() {
    for reason in REASONS {
        let (result, count) = post_and_reset(reason, Some("own")).await;
        let response = result.expect("the second one succeeds");
        assert_eq!((response, count), (serde_json::json!({}), 2));
    }
}

#[tokio::test]
async fn a_stream_that_is_reset_is_not_repeated_without_one() {
    for reason in REASONS {
        let (result, count) = post_and_reset(reason, None).await;
        let error = result.expect_err("it may have been handled");
        assert!(!error.is_retryable() && !error.is_accepted(), "{error}");
        assert_eq!(count, 1);
    }
}
