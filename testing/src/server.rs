//! A server on the loopback interface: it plays a script, does what it accepts, and records everything.
//!
//! It speaks HTTP by hand, since no library for servers sends the responses that break the protocol.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::responses::{self, TRACE_ID};

/// What happens to one attempt.
#[derive(Clone, Debug)]
pub enum Step {
    /// Nobody listens; needs the hook of [`crate::hook`].
    Refused,
    /// The connection is reset before the request is read.
    ResetUnread,
    /// The connection is reset after the request is read, and done or not.
    Reset {
        /// Whether it is done.
        done: bool,
    },
    /// The connection is closed after the request is read.
    Closed,
    /// The request is read, and done or not, and no response comes.
    Silence {
        /// Whether it is done.
        done: bool,
    },
    /// The request is done; the response stops in the middle of its body, and the connection stays open.
    StalledBody,
    /// The request is done; the response stops in the middle of its body, and the connection closes.
    CutOff,
    /// The request is done; its response has half the JSON, and says that this is all.
    CutOffJson,
    /// This response, to a request that is done or not.
    Respond(Response),
    /// The request is done, and gets the response of [`responses::success`].
    Success,
}

/// A response of the script.
#[derive(Clone, Debug)]
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    done: bool,
    end: End,
}

/// What comes after the body of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The connection is closed.
    Close,
    /// The connection is open for another request.
    Keep,
    /// The connection is closed, although more was announced.
    CutOff,
    /// Nothing, although more was announced.
    Stall,
    /// More bytes without end, this many at a time.
    Endless(usize),
}

impl Step {
    /// Responds as the API does, with a trace id. `{origin}` in the body becomes the address of the server.
    pub fn respond(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::bare(status, body).header("x-trace-id", TRACE_ID)
    }

    /// Responds without a trace id.
    pub fn bare(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::Respond(Response {
            status,
            headers: Vec::new(),
            body: body.as_ref().to_vec(),
            done: false,
            end: End::Close,
        })
    }

    /// Responds with an error of the API.
    pub fn error(status: u16, code: i64) -> Self {
        Self::respond(status, responses::error(status, code))
    }

    /// Responds as a proxy does whose server is away.
    pub fn html() -> Self {
        Self::respond(502, responses::HTML).header("content-type", "text/html")
    }

    /// Adds a header to the response.
    pub fn header(self, name: &str, value: impl Into<String>) -> Self {
        self.change(|response| response.headers.push((name.to_owned(), value.into())))
    }

    /// Sets whether the request is done before the response.
    pub fn done(self, done: bool) -> Self {
        self.change(|response| response.done = done)
    }

    /// Sets whether the connection stays open for another request.
    pub fn keep(self, keep: bool) -> Self {
        let end = if keep { End::Keep } else { End::Close };
        self.change(|response| response.end = end)
    }

    /// Announces one byte more than it sends before it closes the connection.
    pub fn cut_off(self) -> Self {
        self.change(|response| response.end = End::CutOff)
    }

    /// Announces one byte more than it sends, and keeps the connection open.
    pub fn stalled(self) -> Self {
        self.change(|response| response.end = End::Stall)
    }

    /// Continues the body without end, as fast as the client reads.
    pub fn endless(self) -> Self {
        self.change(|response| response.end = End::Endless(64 * 1024))
    }

    /// Continues the body without end, a byte at a time.
    pub fn trickling(self) -> Self {
        self.change(|response| response.end = End::Endless(1))
    }

    /// Returns the status of a response of the script.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Respond(response) => Some(response.status),
            _ => None,
        }
    }

    fn change(mut self, change: impl FnOnce(&mut Response)) -> Self {
        if let Self::Respond(response) = &mut self {
            change(response);
        }
        self
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Reset { done } | Self::Silence { done } => *done,
            Self::Respond(response) => response.done,
            Self::Refused | Self::ResetUnread | Self::Closed => false,
            Self::StalledBody | Self::CutOff | Self::CutOffJson | Self::Success => true,
        }
    }
}

/// One attempt, as the server saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What happened to it.
    pub step: Step,
    /// The request; `None` if it was not read.
    pub request: Option<Recorded>,
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The method, such as `GET`.
    pub method: String,
    /// Path and query, percent-encoded.
    pub target: String,
    /// The headers sorted by name, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Recorded {
    /// Returns method and target, such as `GET /v3/chats`.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// Returns the path, percent-encoded.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns the query, decoded.
    pub fn query(&self) -> Vec<(String, String)> {
        let (_, query) = self.target.split_once('?').unwrap_or_default();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect()
    }

    /// Returns the value of a header that is there exactly once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(header, _)| header == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// Returns the names of the headers, sorted.
    pub fn header_names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| &**name).collect()
    }

    /// Returns the body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns the idempotency key, wherever it is.
    pub fn key(&self) -> Option<String> {
        let body = self.json();
        let in_body = ["/message/idempotency_key", "/poll/idempotency_key"]
            .into_iter()
            .find_map(|pointer| body.pointer(pointer)?.as_str());
        let key = self.header("idempotency-key").or(in_body);
        key.map(str::to_owned)
    }
}

/// Returns text without its percent-encoding.
///
/// # Panics
///
/// If the encoding is invalid.
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

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Step>,
    seen: Vec<Seen>,
    /// The keys of what was done, once for each time.
    done: Vec<Option<String>>,
    keys: HashSet<String>,
    deleted: HashSet<String>,
}

impl State {
    /// Does what is asked for, unless its key was there before; false if there is nothing to delete.
    fn act(&mut self, request: &Recorded) -> bool {
        if request.method == "DELETE" && !self.deleted.insert(request.target.clone()) {
            return false;
        }
        let key = request.key();
        let is_new = key.as_ref().is_none_or(|key| self.keys.insert(key.clone()));
        if is_new {
            self.done.push(key);
        }
        true
    }
}

/// The server; after the end of its script everything succeeds. It stops when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _stop: Arc<tokio::sync::watch::Sender<()>>,
}

impl Server {
    /// Starts a server on a free port.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub async fn start(script: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let state = Arc::new(Mutex::new(State {
            script: script.into_iter().collect(),
            ..State::default()
        }));
        let (stop, mut stopped) = tokio::sync::watch::channel(());
        let server = Self {
            address,
            state: Arc::clone(&state),
            _stop: Arc::new(stop),
        };
        tokio::spawn(async move {
            loop {
                let stream = tokio::select! {
                    _ = stopped.changed() => return,
                    accepted = listener.accept() => accepted.expect("a client connects").0,
                };
                let (state, mut stopped) = (Arc::clone(&state), stopped.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = stopped.changed() => {}
                        () = serve(stream, &state) => {}
                    }
                });
            }
        });
        server
    }

    /// Returns its address without a path, such as `http://127.0.0.1:4010`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the base URL of its API.
    pub fn base_url(&self) -> String {
        format!("{}/api/partner", self.origin())
    }

    /// Adds a step to the script.
    pub fn then(&self, step: Step) {
        self.lock().script.push_back(step);
    }

    /// Returns every attempt so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// Returns every request that was read so far.
    pub fn requests(&self) -> Vec<Recorded> {
        let seen = self.seen();
        seen.into_iter().filter_map(|seen| seen.request).collect()
    }

    /// Returns every request that was read since the last time.
    pub fn take_requests(&self) -> Vec<Recorded> {
        let seen = std::mem::take(&mut self.lock().seen);
        seen.into_iter().filter_map(|seen| seen.request).collect()
    }

    /// Returns the one request so far.
    ///
    /// # Panics
    ///
    /// If there was none, or another one.
    pub fn only_request(&self) -> Recorded {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "one request");
        requests.remove(0)
    }

    /// Returns the key of each thing that was done so far.
    pub fn done(&self) -> Vec<Option<String>> {
        self.lock().done.clone()
    }

    /// Takes the next step if it is [`Step::Refused`].
    #[cfg(feature = "ext")]
    pub(crate) fn refuses(&self) -> bool {
        let mut state = self.lock();
        let step = state
            .script
            .pop_front_if(|step| matches!(step, Step::Refused));
        let refuses = step.is_some();
        let seen = step.map(|step| Seen {
            step,
            request: None,
        });
        state.seen.extend(seen);
        refuses
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("nobody panics with the lock")
}

/// A port of the loopback interface where nobody listens, as long as this exists.
#[derive(Debug)]
pub struct ClosedPort {
    // Bound but not listening: whoever connects is refused, and nobody else gets the port.
    socket: TcpSocket,
}

impl ClosedPort {
    /// Takes a free port.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("there are sockets");
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(address).expect("there is a free port");
        Self { socket }
    }

    /// Returns the port.
    ///
    /// # Panics
    ///
    /// If the system does not say.
    pub fn port(&self) -> u16 {
        let address = self.socket.local_addr();
        address.expect("a bound socket has an address").port()
    }
}

impl Default for ClosedPort {
    fn default() -> Self {
        Self::new()
    }
}

/// Plays a step for each request, until one ends the connection.
async fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    loop {
        if !matches!(stream.peek(&mut [0]).await, Ok(1)) {
            return;
        }
        let step = lock(state).script.pop_front().unwrap_or(Step::Success);
        if matches!(step, Step::ResetUnread) {
            let request = None;
            lock(state).seen.push(Seen { step, request });
            return reset(stream);
        }
        let Some(request) = read_request(&mut stream).await else {
            return;
        };
        let (status, body) = {
            let mut state = lock(state);
            state.seen.push(Seen {
                step: step.clone(),
                request: Some(request.clone()),
            });
            if !step.is_done() || state.act(&request) {
                responses::success(&request.method, &request.target)
            } else {
                (404, responses::error(404, 2002))
            }
        };
        let whole = |body: &str| match Step::respond(status, body) {
            Step::Respond(response) => response,
            _ => unreachable!("a response is what it makes"),
        };
        let half = &body[..body.len() / 2];
        let mut response = match step {
            Step::Refused | Step::ResetUnread | Step::Reset { .. } => return reset(stream),
            Step::Closed => return,
            Step::Silence { .. } => return hold(stream).await,
            Step::StalledBody => whole(half).ending(End::Stall),
            Step::CutOff => whole(half).ending(End::CutOff),
            Step::CutOffJson => whole(half),
            Step::Success => whole(&body),
            Step::Respond(response) => response,
        };
        response.name_origin(request.header("host").unwrap_or_default());
        // A client may hang up early.
        let _ = stream.write_all(&response.bytes()).await;
        match response.end {
            End::Close | End::CutOff => {
                let _ = stream.shutdown().await;
                return;
            }
            End::Keep => {}
            End::Stall => return hold(stream).await,
            End::Endless(size) => return go_on(stream, &vec![b'a'; size]).await,
        }
    }
}

impl Response {
    fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }

    /// Writes the address of the server into the body.
    fn name_origin(&mut self, host: &str) {
        if let Ok(text) = std::str::from_utf8(&self.body) {
            self.body = text
                .replace("{origin}", &format!("http://{host}"))
                .into_bytes();
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let (connection, missing) = match self.end {
            End::Close | End::Endless(_) => ("close", 0),
            End::Keep => ("keep-alive", 0),
            End::CutOff => ("close", 1),
            End::Stall => ("keep-alive", 1),
        };
        let mut head = format!(
            "HTTP/1.1 {} Status\r\nconnection: {connection}\r\n",
            self.status
        );
        // A response of this status has no body, and must not say how long it is.
        if self.status != 204 && !matches!(self.end, End::Endless(_)) {
            let length = self.body.len() + missing;
            head.push_str(&format!("content-length: {length}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

/// Hangs up the hard way.
#[allow(deprecated, reason = "with no time to linger it does not block")]
fn reset(stream: TcpStream) {
    let _ = stream.set_linger(Some(Duration::ZERO));
}

/// Says nothing until the client hangs up.
async fn hold(mut stream: TcpStream) {
    let _ = stream.read(&mut [0]).await;
}

/// Writes the same bytes until the client hangs up.
async fn go_on(mut stream: TcpStream, bytes: &[u8]) {
    while stream.write_all(bytes).await.is_ok() {
        if bytes.len() == 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Reads a request; `None` if the client hangs up before its end.
async fn read_request(stream: &mut TcpStream) -> Option<Recorded> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("a head is text");
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let mut headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    headers.sort();
    let mut request = Recorded {
        method,
        target,
        headers,
        body: Vec::new(),
    };
    let length = request.header("content-length").unwrap_or("0");
    request.body = vec![0; length.parse().expect("a length is a number")];
    stream.read_exact(&mut request.body).await.ok()?;
    Some(request)
}
