//! The server, on real sockets: slow and silent clients, and its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use linq_webhook::axum::{Serve, WebhookRouter, router, serve};
use linq_webhook::{HandlerError, MemoryDeduper, Verifier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::router::{OTHER_SECRET, SECRET, event, signed_by, verifier};

/// A server on a free port, which is told to end by [`end`](Self::end).
struct Server {
    address: SocketAddr,
    end: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(
        webhooks: WebhookRouter<MemoryDeduper>,
        settings: impl FnOnce(Serve) -> Serve,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (end, ended) = oneshot::channel();
        let serving = serve(listener, webhooks).with_graceful_shutdown(async {
            let _ = ended.await;
        });
        let serving = tokio::spawn(settings(serving).into_future());
        Self {
            address,
            end,
            serving,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("it listens")
    }

    /// Delivers an event, and returns the status.
    async fn deliver(&self, id: &str) -> u16 {
        let body = event(id);
        let headers = signed_by(SECRET, id, body.as_bytes());
        let mut stream = self.connect().await;
        let request = [head(&headers, body.len()).as_bytes(), body.as_bytes()].concat();
        stream.write_all(&request).await.expect("it reads");
        status(&mut stream).await
    }

    /// Ends it, and returns how long that took.
    async fn end(self) -> Duration {
        let start = Instant::now();
        self.end.send(()).expect("it waits");
        let serving = timeout(Duration::from_secs(30), self.serving).await;
        serving
            .expect("in time")
            .expect("no panic")
            .expect("no error");
        start.elapsed()
    }
}

fn head(headers: &HeaderMap, length: usize) -> String {
    let mut head = format!("POST /webhooks HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().expect("ASCII")));
    }
    head + "\r\n"
}

/// Reads the status of a response; 0 if the connection is closed instead.
async fn status(stream: &mut TcpStream) -> u16 {
    let mut line = [0; 12];
    match timeout(Duration::from_secs(20), stream.read_exact(&mut line)).await {
        Ok(Ok(_)) => std::str::from_utf8(&line[9..])
            .expect("ASCII")
            .parse()
            .expect("a status"),
        Ok(Err(_)) => 0,
        Err(_) => panic!("no response"),
    }
}

fn webhooks() -> WebhookRouter<MemoryDeduper> {
    router(verifier(), MemoryDeduper::new(), |_| async { Ok(()) })
}

#[tokio::test]
async fn half_sent_heads_keep_no_delivery_out() {
    let server = Server::start(webhooks(), |serve| serve.connections(50)).await;
    let mut silent = Vec::new();
    for number in 0..300 {
        let mut stream = server.connect().await;
        let _ = stream
            .write_all(b"POST /webhooks HTTP/1.1\r\nhost: a\r\nx: ")
            .await;
        silent.push(stream);
        if number % 10 == 0 {
            assert_eq!(server.deliver(&format!("a{number}")).await, 200);
        }
    }
    // The oldest were closed, the newest were not.
    assert_eq!(status(&mut silent[0]).await, 0);
    let newest = silent.last_mut().expect("there are some");
    let mut byte = [0];
    assert!(
        timeout(Duration::from_millis(100), newest.read(&mut byte))
            .await
            .is_err()
    );
    let took = server.end().await;
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn a_head_has_limits_of_time_and_length() {
    let brief = Duration::from_millis(300);
    let server = Server::start(webhooks(), |serve| serve.head_timeout(brief)).await;
    let mut slow = server.connect().await;
    slow.write_all(b"POST /webhooks HTTP/1.1\r\n")
        .await
        .expect("it reads");
    let start = Instant::now();
    assert!(matches!(status(&mut slow).await, 0 | 408));
    assert!(start.elapsed() < Duration::from_secs(10));
    let mut long = server.connect().await;
    let line = format!("POST /webhooks HTTP/1.1\r\nx: {}", "x".repeat(64 * 1024));
    let _ = long.write_all(line.as_bytes()).await;
    assert!(matches!(status(&mut long).await, 0 | 431));
    assert_eq!(server.deliver("a").await, 200);
    server.end().await;
}

#[tokio::test]
async fn stalled_bodies_keep_no_delivery_out() {
    let server = Server::start(webhooks(), |serve| serve).await;
    let forged = head(&signed_by(OTHER_SECRET, "a", b""), 285);
    let mut stalled = Vec::new();
    for number in 0..300 {
        let mut stream = server.connect().await;
        stream.write_all(forged.as_bytes()).await.expect("it reads");
        stream
            .write_all(b"{\"event_type\":")
            .await
            .expect("it reads");
        stalled.push(stream);
        if number % 10 == 0 {
            let start = Instant::now();
            assert_eq!(server.deliver(&format!("a{number}")).await, 200);
            assert!(start.elapsed() < Duration::from_secs(2));
        }
    }
    let took = server.end().await;
    assert!(took < Duration::from_secs(8), "{took:?}");
}

#[tokio::test]
async fn the_end_waits_for_handlers_up_to_its_limit() {
    for (handler, limit, expected) in [
        (Duration::from_millis(500), Duration::from_secs(20), 200),
        (Duration::from_secs(3600), Duration::from_millis(500), 0),
    ] {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&calls);
        let webhooks = router(verifier(), MemoryDeduper::new(), move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            async move {
                sleep(handler).await;
                Ok::<_, HandlerError>(())
            }
        });
        let server = Server::start(webhooks, |serve| serve.shutdown_timeout(limit)).await;
        let _silent = server.connect().await;
        let body = event("a");
        let headers = signed_by(SECRET, "a", body.as_bytes());
        let mut stream = server.connect().await;
        let request = head(&headers, body.len()) + &body;
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it reads");
        while calls.load(Ordering::SeqCst) == 0 {
            sleep(Duration::from_millis(10)).await;
        }
        let took = server.end().await;
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert_eq!(status(&mut stream).await, expected);
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::start(webhooks(), |serve| serve.connections(1)).await;
    let mut stream = server.connect().await;
    for id in ["a", "b", "c"] {
        let body = event(id);
        let request = head(&signed_by(SECRET, id, body.as_bytes()), body.len()) + &body;
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it reads");
        assert_eq!(status(&mut stream).await, 200);
        let mut rest = Vec::new();
        while !rest.ends_with(b"\r\n\r\n") {
            rest.push(stream.read_u8().await.expect("a head"));
        }
    }
    server.end().await;
}

#[tokio::test]
async fn deliveries_are_trusted_on_a_loopback_address_only() {
    let trusting = Verifier::dangerously_trust_every_delivery_on_loopback;
    let webhooks = || router(trusting(), MemoryDeduper::new(), |_| async { Ok(()) });
    let server = Server::start(webhooks(), |serve| serve).await;
    let mut stream = server.connect().await;
    let request = head(&HeaderMap::new(), 2) + "{}";
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it reads");
    assert_eq!(status(&mut stream).await, 200);
    server.end().await;

    let everywhere = TcpListener::bind("0.0.0.0:0").await.expect("a port");
    let error = serve(everywhere, webhooks()).await.expect_err("refused");
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);

    // Another server does not say where it listens.
    let app = webhooks().into_router();
    let request = crate::router::delivery("a");
    assert_eq!(crate::router::status(&app, request).await, 503);
}
