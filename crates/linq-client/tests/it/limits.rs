//! Responses that are too large, endless or compressed.

use std::io::Write;
use std::time::Duration;

use crate::support::create_chat_body;
use linq_client::{Client, ClientBuilder, Error, reqwest};
use linq_testing::API_KEY;
use linq_testing::responses::NO_CHATS;
use linq_testing::server::{Server, Step};

fn builder(server: &Server) -> ClientBuilder {
    Client::builder()
        .base_url(server.base_url())
        .api_key(API_KEY)
        .timeout(Duration::from_secs(20))
}

#[tokio::test]
async fn a_response_of_the_limit_is_read_and_a_larger_one_is_not() {
    let script = || Step::bare(200, NO_CHATS);
    let server = Server::start([script(), script()]).await;
    let limit = NO_CHATS.len();
    let client = builder(&server).response_limit(limit).build();
    let client = client.expect("all is valid");
    client.list_chats().send().await.expect("it fits");
    let client = builder(&server).response_limit(limit - 1).build();
    let client = client.expect("all is valid");
    let error = client.list_chats().send().await.expect_err("too large");
    assert!(error.is_accepted() && !error.is_decode() && !error.is_timeout());
    assert_eq!(error.body().map(<[u8]>::len), Some(limit - 1));
    assert_eq!(
        error.to_string(),
        format!(
            "list_chats: accepted, but the response is larger than {} bytes, status 200",
            limit - 1
        )
    );
}

#[tokio::test]
async fn a_response_without_an_end_is_read_up_to_the_limit() {
    for status in [200, 202] {
        let server = Server::start([Step::bare(status, "{\"chats\":[\"").endless()]).await;
        let client = builder(&server).build().expect("all is valid");
        let call = client.create_chat().body(create_chat_body());
        let error = call.send().await.expect_err("it never ends");
        assert!(error.is_accepted(), "{error}");
        assert!(
            error.to_string().contains("larger than 8388608 bytes"),
            "{error}"
        );
        assert_eq!(error.body().map(<[u8]>::len), Some(8 * 1024 * 1024));
    }
    let server = Server::start([Step::bare(500, "<html>").endless()]).await;
    let client = builder(&server).build().expect("all is valid");
    let error = client.list_chats().send().await.expect_err("it never ends");
    assert!(error.is_status());
    assert_eq!(error.body().map(<[u8]>::len), Some(64 * 1024));
}

#[tokio::test]
async fn a_compressed_response_is_refused() {
    for (status, is_accepted) in [(201, true), (500, false)] {
        let server = Server::start([Step::bare(status, [0x1f, 0x8b, 8, 0])
            .header("content-encoding", "gzip")
            .header("x-trace-id", "trace-1")])
        .await;
        let client = builder(&server).build().expect("all is valid");
        let call = client.create_chat().body(create_chat_body());
        let error = call.send().await.expect_err("it is compressed");
        assert_eq!(error.is_accepted(), is_accepted, "{error}");
        assert_eq!(error.is_status(), !is_accepted, "{error}");
        assert_eq!(error.trace_id(), Some("trace-1"));
        assert_eq!(error.body(), Some(&[][..]));
        if is_accepted {
            assert!(error.to_string().contains("compressed"), "{error}");
        }
    }
    let step = Step::bare(200, NO_CHATS).header("content-encoding", "identity");
    let server = Server::start([step]).await;
    let client = builder(&server).build().expect("all is valid");
    client
        .list_chats()
        .send()
        .await
        .expect("it is not compressed");
}

/// Many megabytes of zeros in a few kilobytes.
fn bomb() -> Vec<u8> {
    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..64 {
        zip.write_all(&vec![0; 1 << 20]).expect("there is memory");
    }
    zip.finish().expect("there is memory")
}

/// The most memory that a call takes, with a server on the same thread.
fn peak(step: Step, build: impl FnOnce(ClientBuilder) -> ClientBuilder) -> (u64, Error) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let (server, client) = runtime.block_on(async {
        let server = Server::start([step]).await;
        let client = build(builder(&server)).build().expect("all is valid");
        (server, client)
    });
    let mut error = None;
    let info = allocation_counter::measure(|| {
        let result = runtime.block_on(client.list_chats().send());
        error = Some(result.expect_err("it is too large"));
    });
    drop(server);
    eprintln!("at most {} bytes", info.bytes_max);
    (info.bytes_max, error.expect("the call has failed"))
}

#[test]
fn a_response_without_an_end_and_a_bomb_take_little_memory() {
    const MIB: u64 = 1 << 20;
    let gzip = || Step::bare(200, bomb()).header("content-encoding", "gzip");
    let endless = || Step::bare(200, "{\"chats\":[\"").endless();

    let (bytes, error) = peak(endless(), |builder| builder);
    assert!(
        error.to_string().contains("larger than 8388608 bytes"),
        "{error}"
    );
    assert!(bytes < 40 * MIB, "{bytes}");

    // reqwest could decompress here, since a feature of it is on.
    let (bytes, error) = peak(gzip(), |builder| builder);
    assert!(error.to_string().contains("compressed"), "{error}");
    assert!(bytes < 4 * MIB, "{bytes}");

    let unpacking = reqwest::Client::builder().gzip(true).build();
    let unpacking = unpacking.expect("all is valid");
    let (bytes, error) = peak(gzip(), |builder| builder.http_client(unpacking));
    assert!(
        error.to_string().contains("larger than 8388608 bytes"),
        "{error}"
    );
    assert!(error.is_accepted() && bytes < 40 * MIB, "{bytes}");
}

#[tokio::test]
async fn the_timeout_covers_a_body_that_trickles() {
    let server = Server::start([Step::bare(200, "{").trickling()]).await;
    let client = builder(&server).timeout(Duration::from_millis(300)).build();
    let client = client.expect("all is valid");
    let start = std::time::Instant::now();
    let error = client.list_chats().send().await.expect_err("it never ends");
    assert!(error.is_timeout(), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
}
