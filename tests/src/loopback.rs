//! A server on the loopback interface that is as light as can be and has a process of its own, so that neither
//! its time nor its memory is taken for that of the client that is measured.
//!
//! The process is the benchmark once more, started with the word `serve`.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The server, from the side of those who call it; it stops when this is dropped.
pub struct Loopback {
    process: Child,
    address: String,
}

impl Loopback {
    /// Starts this program once more, with the word `serve`.
    ///
    /// # Panics
    ///
    /// If it does not start, or does not [serve].
    pub fn start() -> Self {
        let program = std::env::current_exe().expect("the program has a path");
        let mut process = Command::new(program)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = process.stdout.take().expect("the output is piped");
        let mut address = String::new();
        BufReader::new(output)
            .read_line(&mut address)
            .expect("the server says where it is");
        let address = address.trim().to_owned();
        assert!(!address.is_empty(), "the server started");
        Self { process, address }
    }

    /// Where it listens.
    pub fn base_url(&self) -> String {
        format!("http://{}/api/partner", self.address)
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        // It may have stopped by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves until standard input ends, on one thread; `answer` gets the first line of a request and gives the
/// JSON of the answer.
///
/// # Panics
///
/// If there is no free port.
pub fn serve(answer: impl Fn(&str) -> String + 'static) {
    std::thread::spawn(|| {
        // Whoever started this has ended, in whatever way.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("there is a runtime");
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let mut output = std::io::stdout();
        writeln!(output, "{address}").expect("somebody reads");
        output.flush().expect("somebody reads");
        let answer = Arc::new(answer);
        loop {
            let (stream, _) = listener.accept().await.expect("a client connects");
            tokio::task::spawn_local(connection(stream, Arc::clone(&answer)));
        }
    });
}

/// Answers one request after another, until the client hangs up.
async fn connection(mut stream: TcpStream, answer: Arc<impl Fn(&str) -> String>) {
    let _ = stream.set_nodelay(true);
    let mut input = Vec::with_capacity(4096);
    let mut output = Vec::with_capacity(4096);
    loop {
        let length = loop {
            if let Some(length) = length_of(&input) {
                break length;
            }
            match stream.read_buf(&mut input).await {
                Ok(count) if count > 0 => {}
                _ => return,
            }
        };
        let line = input.split(|byte| *byte == b'\r').next();
        let body = answer(&String::from_utf8_lossy(line.unwrap_or_default()));
        input.drain(..length);
        output.clear();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-trace-id: \
             4bd1c70e92a35f68d0417be6a9c2583f\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        output.extend_from_slice(head.as_bytes());
        output.extend_from_slice(body.as_bytes());
        if stream.write_all(&output).await.is_err() {
            return;
        }
    }
}

/// The length of the first request in the buffer, once it is there to its end.
fn length_of(input: &[u8]) -> Option<usize> {
    let head = input.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&input[..head]).to_ascii_lowercase();
    let body = text.split("\r\ncontent-length: ").nth(1).map_or(0, |rest| {
        let digits = rest.split('\r').next().unwrap_or_default();
        digits.parse().expect("a length is a number")
    });
    (input.len() >= head + body).then_some(head + body)
}

/// The JSON of a page of chats with two people in each: those from a number on, and the cursor of the next page.
pub fn page(from: usize, count: usize, next_cursor: Option<usize>) -> String {
    let chats: Vec<Value> = (from..from + count).map(chat).collect();
    let next_cursor = next_cursor.map(|cursor| cursor.to_string());
    json!({ "chats": chats, "next_cursor": next_cursor }).to_string()
}

fn chat(number: usize) -> Value {
    let handle = |place: usize| {
        json!({
            "id": format!("{number:08x}-06fb-4a38-b5d2-9e140c7f83a{place}"),
            "handle": format!("+1202555010{place}"),
            "service": "iMessage",
            "status": "active",
            "is_me": place == 0,
            "joined_at": "2026-04-14T18:02:11Z",
            "left_at": null,
        })
    };
    json!({
        "id": format!("{number:08x}-8b0e-4d27-9c41-5e7ab2d90f13"),
        "display_name": format!("Chat {number}"),
        "service": "iMessage",
        "is_group": false,
        "is_archived": false,
        "handles": [handle(0), handle(1)],
        "health_status": {
            "status": "HEALTHY",
            "doc_url": "https://example.com/health",
            "updated_at": "2026-04-14T18:02:11Z",
        },
        "created_at": "2026-04-14T18:02:11Z",
        "updated_at": "2026-04-14T18:02:11Z",
    })
}
