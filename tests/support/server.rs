//! A small HTTP server on the loopback interface: it gives the answers it is told to, and keeps
//! the requests as they came.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server says to one request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The media type of the body.
    pub media_type: String,
    /// The JSON body, if there is one.
    pub body: Option<Value>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The path, percent-encoded.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header that stands once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    fn new(line: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        let mut words = line.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self {
            method,
            path: path.to_owned(),
            query: pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect(),
            headers,
            body,
        }
    }
}

/// Text without its percent-encoding.
///
/// # Panics
///
/// If it is not encoded soundly.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(&after[..2]).expect("two digits follow");
            bytes.push(u8::from_str_radix(digits, 16).expect("the digits are hexadecimal"));
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).expect("encoded text is UTF-8")
}

/// A server that takes each request on a connection of its own.
pub struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    answers: VecDeque<Answer>,
    requests: Vec<Request>,
}

impl Server {
    /// Starts a server on a free port, on the runtime at hand.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let state = Arc::default();
        tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { address, state }
    }

    /// Where it listens.
    pub fn base_url(&self) -> String {
        format!("http://{}/api/partner", self.address)
    }

    /// Has the next request answered so.
    ///
    /// # Panics
    ///
    /// If the server has panicked.
    pub fn will_answer(&self, answer: Answer) {
        let mut state = self.state.lock().expect("the server is sound");
        state.answers.push_back(answer);
    }

    /// The requests since the last time, in their order.
    ///
    /// # Panics
    ///
    /// If the server has panicked.
    pub fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.lock().expect("the server is sound").requests)
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    loop {
        let (mut stream, _) = listener.accept().await.expect("a client connects");
        let request = read_request(&mut stream).await;
        let answer = {
            let mut state = state.lock().expect("no holder of the lock panics");
            state.requests.push(request);
            state.answers.pop_front()
        };
        // Without an answer the connection closes, and the call fails.
        if let Some(answer) = answer {
            let _ = stream.write_all(&raw(&answer)).await;
        }
        let _ = stream.shutdown().await;
    }
}

fn raw(answer: &Answer) -> Vec<u8> {
    let body = answer.body.as_ref().map(Value::to_string);
    let mut head = format!("HTTP/1.1 {} Status\r\nconnection: close\r\n", answer.status);
    if let Some(body) = &body {
        head += &format!(
            "content-type: {}\r\ncontent-length: {}\r\n",
            answer.media_type,
            body.len()
        );
    }
    (head + "\r\n" + &body.unwrap_or_default()).into_bytes()
}

async fn read_request(stream: &mut TcpStream) -> Request {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request has a head"));
    }
    let head = String::from_utf8(head).expect("a head is text");
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next().expect("a head has a first line");
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(name, _)| name == "content-length")
        .map_or(0, |(_, value)| value.parse().expect("a length is a number"));
    let mut body = vec![0; length];
    stream
        .read_exact(&mut body)
        .await
        .expect("the body is as long as announced");
    Request::new(line, headers, body)
}
