//! The server: it plays a script of faults, does what it accepts, and writes everything down.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use linq_ext::client::{BoxFuture, Hook, Next, Request, Response, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::answers;

/// What happens to one attempt.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Nobody listens.
    Refused,
    /// The connection is reset before the request is read.
    ResetUnread,
    /// The connection is reset after the request is read, and done or not.
    Reset { done: bool },
    /// The request is read, and done or not, and no answer comes.
    Silence { done: bool },
    /// The request is done; the answer stops in the middle of its body, and the connection stays open.
    StalledBody,
    /// The request is done; the answer stops in the middle of its body, and the connection closes.
    CutOff,
    /// The request is done; its answer has half the JSON, and says that this is all.
    CutOffJson,
    /// An answer of its own, to a request that is done or not.
    Answer(Answer),
    /// The request is done, and the answer is right.
    Success,
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// `{origin}` in it becomes the address of the server.
    pub(crate) body: String,
    pub(crate) done: bool,
    /// The connection stays open for another request.
    pub(crate) keep: bool,
}

impl Step {
    /// An answer of an error code.
    pub(crate) fn error(status: u16, code: i64) -> Self {
        Self::answer(status, answers::error(status, code))
    }

    pub(crate) fn answer(status: u16, body: impl Into<String>) -> Self {
        Self::Answer(Answer {
            status,
            headers: Vec::new(),
            body: body.into(),
            done: false,
            keep: false,
        })
    }

    pub(crate) fn html() -> Self {
        Self::answer(502, answers::HTML).header("content-type", "text/html")
    }

    pub(crate) fn header(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Answer(mut answer) => {
                answer.headers.push((name, value.into()));
                Self::Answer(answer)
            }
            other => other,
        }
    }

    /// The same answer, after the request was done.
    pub(crate) fn done(self, done: bool) -> Self {
        match self {
            Self::Answer(answer) => Self::Answer(Answer { done, ..answer }),
            other => other,
        }
    }

    /// The same answer, on a connection that stays open.
    pub(crate) fn keep(self, keep: bool) -> Self {
        match self {
            Self::Answer(answer) => Self::Answer(Answer { keep, ..answer }),
            other => other,
        }
    }
}

/// One attempt, as the server saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) step: Step,
    /// `None` if it was not read.
    pub(crate) request: Option<Recorded>,
}

#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: HashMap<String, String>,
    /// The names as often as they came.
    pub(crate) header_names: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Recorded {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The idempotency key, wherever it is.
    pub(crate) fn key(&self) -> Option<String> {
        let body = self.json();
        let in_body = ["/message/idempotency_key", "/poll/idempotency_key"]
            .into_iter()
            .find_map(|pointer| body.pointer(pointer)?.as_str());
        let in_header = self.headers.get("idempotency-key").map(String::as_str);
        in_header.or(in_body).map(str::to_owned)
    }
}

#[derive(Default)]
struct State {
    script: VecDeque<Step>,
    seen: Vec<Seen>,
    /// The keys of what was done, once for each time.
    done: Vec<Option<String>>,
    keys: HashSet<String>,
    deleted: HashSet<String>,
    answers: Vec<Option<u16>>,
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

/// The server; after the end of its script everything succeeds.
#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    closed: SocketAddr,
    state: Arc<Mutex<State>>,
    // Stops the server.
    _stop: Arc<tokio::sync::watch::Sender<()>>,
}

impl Server {
    pub(crate) async fn start(script: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        // Bound, but not listening: whoever connects is refused, and nobody else gets the port.
        let socket = tokio::net::TcpSocket::new_v4().expect("there are sockets");
        socket
            .bind("127.0.0.1:0".parse().expect("an address"))
            .expect("there is a free port");
        let closed = socket.local_addr().expect("a bound socket has an address");
        let state = Arc::new(Mutex::new(State {
            script: script.into_iter().collect(),
            ..State::default()
        }));
        let (stop, mut stopped) = tokio::sync::watch::channel(());
        let server = Self {
            address,
            closed,
            state: Arc::clone(&state),
            _stop: Arc::new(stop),
        };
        tokio::spawn(async move {
            let _socket = socket;
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

    /// The address without a path.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/api/partner", self.address)
    }

    /// The hook that makes [`Step::Refused`] happen and sees the answers, for inside the retries.
    pub(crate) fn refusals(&self) -> Refusals {
        Refusals(self.clone())
    }

    /// Every attempt so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// Every request that was read so far.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        let seen = self.seen();
        seen.into_iter().filter_map(|seen| seen.request).collect()
    }

    /// The status that each attempt came back with, for clients that have the hook of the server.
    pub(crate) fn answers(&self) -> Vec<Option<u16>> {
        self.lock().answers.clone()
    }

    /// The key of each thing that was done so far.
    pub(crate) fn done(&self) -> Vec<Option<String>> {
        self.lock().done.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with the lock")
    }
}

/// See [`Server::refusals`].
pub(crate) struct Refusals(Server);

impl Hook for Refusals {
    fn call<'a>(
        &'a self,
        mut request: Request,
        next: Next<'a>,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        let mut state = self.0.lock();
        if matches!(state.script.front(), Some(Step::Refused)) {
            state.script.pop_front();
            state.seen.push(Seen {
                step: Step::Refused,
                request: None,
            });
            let port = self.0.closed.port();
            request
                .url_mut()
                .set_port(Some(port))
                .expect("the URL has a host");
        }
        drop(state);
        Box::pin(async move {
            let result = next.run(request).await;
            let response = match &result {
                Ok(response) => Some(response),
                Err(error) => error.response(),
            };
            let status = response.map(|response| response.status().as_u16());
            self.0.lock().answers.push(status);
            result
        })
    }
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    loop {
        let mut byte = [0];
        if !matches!(stream.peek(&mut byte).await, Ok(1)) {
            return;
        }
        let step = {
            let mut state = state.lock().expect("nobody panics with the lock");
            state.script.pop_front().unwrap_or(Step::Success)
        };
        if matches!(step, Step::ResetUnread) {
            state
                .lock()
                .expect("nobody panics with the lock")
                .seen
                .push(Seen {
                    step,
                    request: None,
                });
            return reset(stream);
        }
        let Some(request) = read_request(&mut stream).await else {
            return;
        };
        let is_done = match &step {
            Step::Reset { done } | Step::Silence { done } => *done,
            Step::Answer(answer) => answer.done,
            _ => true,
        };
        let exists = {
            let mut state = state.lock().expect("nobody panics with the lock");
            state.seen.push(Seen {
                step: step.clone(),
                request: Some(request.clone()),
            });
            !is_done || state.act(&request)
        };
        let (status, body) = if exists {
            answers::success(&request.method, &request.target)
        } else {
            (404, answers::error(404, 2002))
        };
        let origin = format!("http://{}", request.headers["host"]);
        let body = body.replace("{origin}", &origin);
        let half = &body[..body.len() / 2];
        match step {
            Step::Refused | Step::ResetUnread | Step::Reset { .. } => return reset(stream),
            Step::Silence { .. } => return hold(stream).await,
            Step::StalledBody => {
                write(&mut stream, status, &[], half, body.len() + 1, true).await;
                return hold(stream).await;
            }
            Step::CutOff => {
                return write(&mut stream, status, &[], half, body.len() + 1, false).await;
            }
            Step::CutOffJson => {
                return write(&mut stream, status, &[], half, half.len(), false).await;
            }
            Step::Success => {
                return write(&mut stream, status, &[], &body, body.len(), false).await;
            }
            Step::Answer(Answer {
                status,
                headers,
                body,
                keep,
                ..
            }) => {
                let body = body.replace("{origin}", &origin);
                write(&mut stream, status, &headers, &body, body.len(), keep).await;
                if !keep {
                    return;
                }
            }
        }
    }
}

/// Hangs up the hard way.
#[allow(deprecated, reason = "with no time to linger it does not block")]
fn reset(stream: TcpStream) {
    let _ = stream.set_linger(Some(Duration::ZERO));
}

/// Says nothing until the client hangs up.
async fn hold(mut stream: TcpStream) {
    let mut byte = [0];
    let _ = stream.read(&mut byte).await;
}

async fn write(
    stream: &mut TcpStream,
    status: u16,
    headers: &[(&'static str, String)],
    body: &str,
    length: usize,
    keep: bool,
) {
    let connection = if keep { "keep-alive" } else { "close" };
    let mut text = format!(
        "HTTP/1.1 {status} Status\r\nconnection: {connection}\r\nx-trace-id: {}\r\n",
        answers::TRACE_ID
    );
    // An answer of this status has no body, and must not say how long it is.
    if status != 204 {
        text.push_str(&format!("content-length: {length}\r\n"));
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.push_str(body);
    // A client may hang up early.
    let _ = stream.write_all(text.as_bytes()).await;
    if !keep {
        let _ = stream.shutdown().await;
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Recorded> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).expect("a head is text");
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: HashMap<String, String> = lines
        .clone()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let header_names = lines
        .filter_map(|line| Some(line.split_once(": ")?.0.to_ascii_lowercase()))
        .collect();
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().expect("a number"));
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Recorded {
        method,
        target,
        headers,
        header_names,
        body,
    })
}
