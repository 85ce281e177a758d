//! Requests that an HTTP/2 server resets: only those that it says it has not looked at are safe to repeat.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use h2::Reason;
use linq_client::bytes::Bytes;
use linq_client::reqwest;
use linq_ext::{Error, Linq};
use linq_testing::clock::TestClock;
use serde_json::Value;
use tokio::net::TcpListener;

/// A POST without an idempotency key to a server that resets the first request; gives how many requests came.
async fn post_and_reset(reason: Reason) -> (Result<Value, Error>, usize) {
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
        .retry(reqwest::retry::never().max_retries_per_request(0))
        .build()
        .expect("all is valid");
    let linq = Linq::builder()
        .api_key("key-4f7d2a")
        .base_url(format!("http://{address}"))
        .http_client(http)
        .clock(TestClock::default())
        .build()
        .expect("all is valid");
    let result = linq.post("/v3/stickers").await;
    server.abort();
    (result, count.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_refused_stream_is_repeated() {
    let (result, count) = post_and_reset(Reason::REFUSED_STREAM).await;
    assert_eq!(
        result.expect("the second one is answered"),
        serde_json::json!({})
    );
    assert_eq!(count, 2);
}

#[tokio::test]
async fn a_stream_that_is_reset_otherwise_is_not() {
    for reason in [Reason::INTERNAL_ERROR, Reason::CANCEL, Reason::NO_ERROR] {
        let (result, count) = post_and_reset(reason).await;
        let error = result.expect_err("it may have been handled");
        assert!(!error.is_retryable() && !error.is_accepted(), "{error}");
        assert_eq!(count, 1);
    }
}
