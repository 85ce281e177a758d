//! A tiny HTTP server for tests: it plays back raw answers and keeps raw requests.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The type of the body of `create_chat`.
pub(crate) type CreateChatBody = linq_types::CreateChatRequest;

/// The API key of every test, which must show up nowhere but in the header.
pub(crate) const API_KEY: &str = "key-4f7d2a";

/// The id of [`CHAT`].
pub(crate) const CHAT_ID: uuid::Uuid = uuid::uuid!("3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13");

/// A chat, as the API answers.
pub(crate) const CHAT: &str = r#"{
    "id": "3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13",
    "display_name": "+12025550101",
    "service": "iMessage",
    "handles": [{
        "id": "5a9e0b74-d1c3-4286-97fe-308b4c6d12a9",
        "handle": "+12025550100",
        "service": "iMessage",
        "joined_at": "2026-04-14T18:02:11Z"
    }],
    "is_archived": false,
    "is_group": false,
    "created_at": "2026-04-14T18:02:11Z",
    "updated_at": "2026-04-14T18:05:40Z"
}"#;

/// An empty page of chats.
pub(crate) const NO_CHATS: &str = r#"{"chats":[],"next_cursor":null}"#;

/// The answer to `create_chat`.
pub(crate) const CREATED: &str = r#"{"chat": {
    "id": "3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13",
    "display_name": "+12025550101",
    "service": "iMessage",
    "is_group": false,
    "handles": [{
        "id": "5a9e0b74-d1c3-4286-97fe-308b4c6d12a9",
        "handle": "+12025550100",
        "service": "iMessage",
        "joined_at": "2026-04-14T18:02:11Z"
    }],
    "message": {
        "id": "c2497d1e-06fb-4a38-b5d2-9e140c7f83a5",
        "parts": [{"type": "text", "value": "Hello", "text_decorations": null, "reactions": null}],
        "sent_at": null,
        "delivery_status": "pending",
        "is_read": false
    }
}}"#;

/// An error of the API, with a text that must not be printed.
pub(crate) const NOT_FOUND: &str = r#"{
    "success": false,
    "error": {
        "status": 404,
        "code": 2001,
        "message": "no chat with +12025550199",
        "doc_url": "https://example.com/errors/2001"
    },
    "trace_id": "4bd1c70e92a35f68d0417be6a9c2583f"
}"#;

/// A body for `create_chat`, as JSON.
pub(crate) fn create_chat_json() -> serde_json::Value {
    serde_json::json!({
        "from": "+12025550100",
        "to": ["+12025550101"],
        "message": { "parts": [{ "type": "text", "value": "Hello" }] },
    })
}

/// A body for `create_chat`.
pub(crate) fn create_chat_body() -> CreateChatBody {
    serde_json::from_value(create_chat_json()).expect("the body is of its type")
}

/// What the server does with a request that it has read.
pub(crate) enum Script {
    /// Writes these bytes and closes the connection.
    Answer(Vec<u8>),
    /// Writes these bytes and keeps the connection open without a further word.
    Stall(Vec<u8>),
    /// Writes a body without end, as fast as the client reads.
    Endless(&'static str),
    /// Writes a body without end, one byte at a time.
    Trickle(&'static str),
}

/// An answer with a body and its length.
pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Script {
    let length = body.as_ref().len();
    Script::Answer(raw_answer(status, headers, length, body.as_ref()))
}

/// An answer that announces more bytes than come.
pub(crate) fn cut_off(status: &str, body: &str) -> Script {
    Script::Answer(raw_answer(status, &[], body.len() + 1, body.as_bytes()))
}

/// An answer that announces more bytes than come, on a connection that stays open.
pub(crate) fn stalled(status: &str, body: &str) -> Script {
    Script::Stall(raw_answer(status, &[], body.len() + 1, body.as_bytes()))
}

fn raw_answer(status: &str, headers: &[(&str, &str)], length: usize, body: &[u8]) -> Vec<u8> {
    let mut head =
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// Method, target and version.
    pub(crate) line: String,
    /// Names in lower case, in alphabetical order.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    /// What was asked for: path and query.
    pub(crate) fn target(&self) -> &str {
        self.line
            .split(' ')
            .nth(1)
            .expect("a request line has a target")
    }
}

/// The server; it takes one request per script, each on a connection of its own.
pub(crate) struct Server {
    address: SocketAddr,
    recorded: Arc<Mutex<Vec<Recorded>>>,
}

impl Server {
    /// Starts a server on a free port.
    pub(crate) async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let server = Self {
            address,
            recorded: Arc::clone(&recorded),
        };
        let scripts: Vec<_> = scripts.into_iter().collect();
        tokio::spawn(async move {
            let mut stalled = Vec::new();
            for script in scripts {
                let (mut stream, _) = listener.accept().await.expect("a client connects");
                let request = read_request(&mut stream).await;
                recorded
                    .lock()
                    .expect("no test panics with the lock")
                    .push(request);
                match script {
                    Script::Answer(bytes) => {
                        // A client may hang up on a long answer.
                        let _ = stream.write_all(&bytes).await;
                        let _ = stream.shutdown().await;
                    }
                    Script::Stall(bytes) => {
                        stream.write_all(&bytes).await.expect("the client reads");
                        stalled.push(stream);
                    }
                    Script::Endless(status) => {
                        endless(stream, status, vec![b'a'; 64 * 1024], None).await;
                    }
                    Script::Trickle(status) => {
                        let pause = Duration::from_millis(20);
                        endless(stream, status, vec![b'a'], Some(pause)).await;
                    }
                }
            }
            if !stalled.is_empty() {
                std::future::pending::<()>().await;
            }
        });
        server
    }

    /// Where it listens.
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/api/partner", self.address)
    }

    /// The requests so far.
    pub(crate) fn recorded(&self) -> Vec<Recorded> {
        self.recorded
            .lock()
            .expect("no test panics with the lock")
            .clone()
    }

    /// The one request so far.
    pub(crate) fn only_request(&self) -> Recorded {
        let mut recorded = self.recorded();
        assert_eq!(recorded.len(), 1);
        recorded.remove(0)
    }
}

/// Writes a response whose body never ends, until the client hangs up.
async fn endless(mut stream: TcpStream, status: &str, piece: Vec<u8>, pause: Option<Duration>) {
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n\r\n{{\"chats\":[\"");
    let mut written = stream.write_all(head.as_bytes()).await;
    while written.is_ok() {
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
        written = stream.write_all(&piece).await;
    }
}

async fn read_request(stream: &mut TcpStream) -> Recorded {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request has a head"));
    }
    let head = String::from_utf8(head).expect("a head is text");
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().expect("a head has a first line").to_owned();
    let mut headers: Vec<(String, String)> = lines
        .map(|line| {
            line.split_once(": ")
                .expect("a header has a name and a value")
        })
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    headers.sort();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, value)| value.parse().expect("a length is a number"));
    let mut body = vec![0; length];
    stream
        .read_exact(&mut body)
        .await
        .expect("the body is as long as announced");
    Recorded {
        line,
        headers,
        body,
    }
}
