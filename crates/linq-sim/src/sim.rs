//! The simulator as a value: started, asked, and moved by tests.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fmt, fs, io};

use chrono::TimeDelta;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::api::api;
use crate::control::seen;
use crate::error::ApiError;
use crate::faults::{Fault, Faults};
use crate::run::{Clock, Engine, Logged, State};
use crate::server::{self, BASE};
use crate::world::people::Content;
use crate::world::{Settings, World};

/// The key that [`Sim::api_key`] gives; any other that is not empty or `bad` is accepted too.
const API_KEY: &str = "sim";
/// The line of a simulator that names none.
const LINE: &str = "+12025550100";
/// How long [`Phone::expect_message`] waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// How the simulator serves each operation: `stateful`, `canned` (an example of the document) or `refused`.
///
/// A test compares the list with the document.
pub fn operations() -> Vec<(&'static str, &'static str)> {
    let kind = |id: &str| {
        if CANNED.contains(&id) {
            "canned"
        } else {
            "stateful"
        }
    };
    let all = api().operations.iter();
    all.map(|operation| (operation.id.as_str(), kind(&operation.id)))
        .collect()
}

/// Operations that respond with an example.
const CANNED: &[&str] = &[
    "getChatLocation",
    "stopChatLocation",
    "requestChatLocation",
    "listExperiences",
    "getExperience",
    "startReputationAudit",
    "getReputationAudit",
    "createPaymentRequest",
    "listPaymentRequests",
    "getPaymentRequest",
    "cancelPaymentRequest",
    "createPayment",
    "getPayment",
    "cancelPayment",
    "getPaymentCredentials",
    "connectPaymentHandle",
    "verifyPaymentHandle",
    "getPaymentHandleConnection",
    "revokePaymentHandleConnection",
    "getPaymentProvider",
    "connectPaymentProvider",
];

/// A simulator that runs until it is dropped.
#[derive(Debug)]
pub struct Sim {
    engine: Arc<Engine>,
    address: SocketAddr,
    line: String,
    state_file: Option<PathBuf>,
    tasks: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// Why a simulator did not start, or what a test waited for in vain.
#[derive(Debug)]
#[non_exhaustive]
pub enum SimError {
    /// The address cannot be listened at, or a file cannot be read or written.
    Io(io::Error),
    /// The HTTP client that sends deliveries cannot be made.
    Client(reqwest::Error),
    /// The state file is not one.
    State(serde_json::Error),
    /// The simulated world does not allow it.
    Refused(String),
    /// No message came that was expected.
    NoMessage {
        /// What was to be part of a message.
        expected: String,
        /// The texts that came instead.
        seen: Vec<String>,
    },
}

impl fmt::Display for SimError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(formatter, "{error}"),
            Self::Client(error) => write!(formatter, "no HTTP client for deliveries: {error}"),
            Self::State(error) => write!(formatter, "the state file cannot be read: {error}"),
            Self::Refused(why) => formatter.write_str(why),
            Self::NoMessage { expected, seen } if seen.is_empty() => {
                write!(
                    formatter,
                    "no message came within {PATIENCE:?}; one with `{expected}` was expected"
                )
            }
            Self::NoMessage { expected, seen } => write!(
                formatter,
                "no message with `{expected}` came within {PATIENCE:?}; these did: {}",
                seen.join(" | ")
            ),
        }
    }
}

impl std::error::Error for SimError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Client(error) => Some(error),
            Self::State(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for SimError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ApiError> for SimError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error.message)
    }
}

/// Settings of a [`Sim`].
#[derive(Clone, Debug)]
pub struct SimBuilder {
    address: SocketAddr,
    lines: Vec<String>,
    seed: u64,
    retention: usize,
    sent_after: Duration,
    delivered_after: Duration,
    rate_limits: bool,
    stopped: bool,
    signs_with_clock: bool,
    state_file: Option<PathBuf>,
    seed_file: Option<PathBuf>,
}

impl SimBuilder {
    /// Listens at this address; a free port of the loopback interface if not set.
    #[must_use]
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Adds a line, in E.164; `+12025550100` if none is added.
    #[must_use]
    pub fn line(mut self, number: impl Into<String>) -> Self {
        self.lines.push(number.into());
        self
    }

    /// Seeds ids, jitter and the chance of faults; the same seed gives the same world.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Keeps so many messages, requests and deliveries; 10,000 if not set.
    #[must_use]
    pub fn retention(mut self, count: usize) -> Self {
        self.retention = count.max(1);
        self
    }

    /// How long a message takes to leave the line, and then to arrive; 200 and 600 ms if not set.
    #[must_use]
    pub fn delays(mut self, sent_after: Duration, delivered_after: Duration) -> Self {
        self.sent_after = sent_after;
        self.delivered_after = delivered_after;
        self
    }

    /// Turns the API's rate limits off.
    #[must_use]
    pub fn without_rate_limits(mut self) -> Self {
        self.rate_limits = false;
        self
    }

    /// Starts with a clock that only [`ClockControl::advance`] moves.
    #[must_use]
    pub fn stopped(mut self) -> Self {
        self.stopped = true;
        self
    }

    /// Signs deliveries for the time of the clock instead of the real time.
    #[must_use]
    pub fn sign_with_clock(mut self) -> Self {
        self.signs_with_clock = true;
        self
    }

    /// Reads the state from a file if it is there, and writes it on change and at the end.
    #[must_use]
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// Begins with the state of a file, which is not written.
    #[must_use]
    pub fn seed_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.seed_file = Some(path.into());
        self
    }

    /// Starts the simulator.
    ///
    /// # Errors
    ///
    /// [`SimError`] if the address is taken, or a state file cannot be read.
    pub async fn start(self) -> Result<Sim, SimError> {
        let listener = TcpListener::bind(self.address).await?;
        let address = listener.local_addr()?;
        let settings = Settings {
            origin: format!("http://{address}"),
            seed: self.seed,
            retention: self.retention,
            sent_after: millis(self.sent_after),
            delivered_after: millis(self.delivered_after),
            rate_limits: self.rate_limits,
        };
        let file = self
            .state_file
            .as_deref()
            .filter(|path| path.exists())
            .or(self.seed_file.as_deref());
        let mut world = match file {
            Some(path) => read(path)?,
            None => World::new(settings.clone()),
        };
        world.settings = settings;
        for line in &self.lines {
            world.add_line(line);
        }
        if world.lines.is_empty() {
            world.add_line(LINE);
        }
        let line = world
            .lines
            .first()
            .map_or_else(|| LINE.to_owned(), |line| line.phone_number.clone());
        let clock = match self.stopped {
            true => Clock::Stopped(chrono::Utc::now()),
            false => Clock::Running(TimeDelta::zero()),
        };
        let engine = Engine::new(State {
            world,
            clock,
            faults: Faults::default(),
            requests: VecDeque::new(),
            signs_with_clock: self.signs_with_clock,
        })
        .map_err(SimError::Client)?;
        let router = server::router(Arc::clone(&engine));
        let mut tasks = vec![
            tokio::spawn(async move {
                // It ends with the task.
                let _ = axum::serve(listener, router).await;
            }),
            tokio::spawn(Arc::clone(&engine).drive()),
        ];
        if let Some(path) = self.state_file.clone() {
            tasks.push(tokio::spawn(save(Arc::clone(&engine), path)));
        }
        Ok(Sim {
            engine,
            address,
            line,
            state_file: self.state_file,
            tasks,
        })
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn read(path: &Path) -> Result<World, SimError> {
    let text = fs::read(path)?;
    serde_json::from_slice(&text).map_err(SimError::State)
}

/// Writes the state after changes, at most once a second.
async fn save(engine: Arc<Engine>, path: PathBuf) {
    let mut changes = engine.changes.subscribe();
    while !matches!(
        changes.recv().await,
        Err(tokio::sync::broadcast::error::RecvError::Closed)
    ) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        write(&engine, &path);
    }
}

fn write(engine: &Engine, path: &Path) {
    let Ok(text) = serde_json::to_vec_pretty(&engine.lock().world) else {
        return;
    };
    // Beside the file first, so that a full disk leaves the last state.
    let temporary = path.with_extension("json.new");
    if fs::write(&temporary, text).is_ok() {
        let _ = fs::rename(&temporary, path);
    }
}

impl Sim {
    /// Starts a simulator at a free port of the loopback interface.
    ///
    /// # Errors
    ///
    /// See [`SimBuilder::start`].
    pub async fn start() -> Result<Self, SimError> {
        Self::builder().start().await
    }

    /// Starts with other settings.
    #[must_use]
    pub fn builder() -> SimBuilder {
        SimBuilder {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            lines: Vec::new(),
            seed: 0,
            retention: 10_000,
            sent_after: Duration::from_millis(200),
            delivered_after: Duration::from_millis(600),
            rate_limits: true,
            stopped: false,
            signs_with_clock: false,
            state_file: None,
            seed_file: None,
        }
    }

    /// Returns the base URL for clients, such as `http://127.0.0.1:4010/api/partner`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}{BASE}", self.address)
    }

    /// Returns the address of the page with the phone.
    #[must_use]
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Returns an API key that is accepted.
    #[must_use]
    pub fn api_key(&self) -> &str {
        API_KEY
    }

    /// Returns the first line.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Returns the phone of a person, by number or e-mail address.
    #[must_use]
    pub fn phone(&self, handle: impl Into<String>) -> Phone {
        Phone {
            engine: Arc::clone(&self.engine),
            handle: handle.into(),
            line: self.line.clone(),
            seen: Mutex::default(),
        }
    }

    /// Returns the clock.
    #[must_use]
    pub fn clock(&self) -> ClockControl {
        ClockControl(Arc::clone(&self.engine))
    }

    /// Orders a fault.
    pub fn fault(&self, fault: Fault) {
        self.engine.with(|state| state.faults.order(fault));
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.engine.with(|state| state.faults.clear());
    }

    /// Returns every delivery with its attempts, as `GET /_sim/deliveries` shows them.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Value> {
        let state = self.engine.lock();
        state
            .world
            .deliveries
            .values()
            .map(|delivery| delivery.json())
            .collect()
    }

    /// Returns every request of the API, as `GET /_sim/requests` shows them.
    #[must_use]
    pub fn requests(&self) -> Vec<Value> {
        self.engine
            .lock()
            .requests
            .iter()
            .map(Logged::json)
            .collect()
    }

    /// Returns what there is, as `GET /_sim/state` shows it.
    #[must_use]
    pub fn state(&self) -> Value {
        let mut state = self.engine.lock();
        state.catch_up();
        seen(&state)
    }

    /// Waits until no delivery is on its way; those that wait for their next attempt are not.
    pub async fn settle(&self) {
        self.engine.settle().await;
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        if let Some(path) = &self.state_file {
            write(&self.engine, path);
        }
    }
}

/// The clock of a simulator.
#[derive(Clone, Debug)]
pub struct ClockControl(Arc<Engine>);

impl ClockControl {
    /// Moves the clock ahead. Everything that becomes due happens, in order, and deliveries are responded to before
    /// time goes on; no real time passes but that of the program under test.
    pub async fn advance(&self, by: Duration) {
        self.0.advance(by).await;
    }

    /// Stops the clock.
    pub fn stop(&self) {
        self.0
            .with(|state| state.clock = Clock::Stopped(state.clock.now()));
    }

    /// Lets the clock run on from where it is.
    pub fn start(&self) {
        self.0
            .with(|state| state.clock = Clock::Running(state.clock.now() - chrono::Utc::now()));
    }

    /// Returns the time.
    #[must_use]
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.0.lock().clock.now()
    }
}

/// The phone of a person.
#[derive(Debug)]
pub struct Phone {
    engine: Arc<Engine>,
    handle: String,
    line: String,
    /// The messages that were expected and came.
    seen: Mutex<Vec<String>>,
}

impl Phone {
    /// Returns the number or address.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.handle
    }

    /// Writes a text to the first line; returns the message's id.
    ///
    /// # Errors
    ///
    /// [`SimError::Refused`] if the handle is not one.
    pub async fn says(&self, text: &str) -> Result<String, SimError> {
        self.says_to(&self.line, text).await
    }

    /// Writes a text to a line, or into a chat by its id; returns the message's id.
    ///
    /// # Errors
    ///
    /// [`SimError::Refused`] if there is no such line or chat, or the person is not in it.
    pub async fn says_to(&self, to: &str, text: &str) -> Result<String, SimError> {
        let content = Content::text(text);
        Ok(self
            .engine
            .with(|state| state.world.says(&self.handle, to, content))?)
    }

    /// Reacts to the first part of a message with an emoji, or with the name of a tapback such as `love`.
    ///
    /// # Errors
    ///
    /// [`SimError::Refused`] if there is no such message.
    pub async fn reacts(&self, message_id: &str, reaction: &str) -> Result<(), SimError> {
        let is_name = reaction.is_ascii();
        let (kind, emoji) = if is_name {
            (reaction, None)
        } else {
            ("custom", Some(reaction))
        };
        Ok(self.engine.with(|state| {
            state
                .world
                .reacts(&self.handle, message_id, 0, kind, emoji, true)
        })?)
    }

    /// Starts to type to the first line; a message ends it.
    ///
    /// # Errors
    ///
    /// [`SimError::Refused`] if the handle is not one.
    pub async fn types(&self) -> Result<(), SimError> {
        Ok(self
            .engine
            .with(|state| state.world.types(&self.handle, &self.line, true))?)
    }

    /// Reads everything in the chat with the first line.
    ///
    /// # Errors
    ///
    /// [`SimError::Refused`] if the handle is not one.
    pub async fn reads(&self) -> Result<(), SimError> {
        Ok(self
            .engine
            .with(|state| state.world.reads(&self.handle, &self.line))?)
    }

    /// Waits for a message of the account with a text in it, and returns it as `GET /v3/messages/{id}` shows it.
    ///
    /// Each message is returned once. Waits 5 seconds of real time at most.
    ///
    /// # Errors
    ///
    /// [`SimError::NoMessage`], with the texts that came.
    pub async fn expect_message(&self, text: &str) -> Result<Value, SimError> {
        let mut changes = self.engine.changes.subscribe();
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let unseen = self.unseen();
            if let Some(message) = unseen.iter().find(|message| texts(message).contains(text)) {
                let id = message["id"].as_str().unwrap_or_default().to_owned();
                self.seen
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(id);
                return Ok(message.clone());
            }
            if tokio::time::timeout_at(end, changes.recv()).await.is_err() {
                return Err(SimError::NoMessage {
                    expected: text.to_owned(),
                    seen: unseen.iter().map(texts).collect(),
                });
            }
        }
    }

    /// Returns the texts of all messages of the account to this person, the oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.received().iter().map(texts).collect()
    }

    fn unseen(&self) -> Vec<Value> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut messages = self.received();
        messages.retain(|message| !seen.iter().any(|id| message["id"] == id.as_str()));
        messages
    }

    fn received(&self) -> Vec<Value> {
        let state = self.engine.lock();
        let world = &state.world;
        let chats = world
            .chats
            .values()
            .filter(|chat| chat.member(&self.handle).is_some());
        let ids: Vec<&str> = chats.map(|chat| chat.id.as_str()).collect();
        let messages = world
            .message_order
            .iter()
            .filter_map(|id| world.messages.get(id));
        messages
            .filter(|message| message.is_from_me && ids.contains(&message.chat_id.as_str()))
            .map(|message| world.message_json(message))
            .collect()
    }
}

/// The text of a message's parts.
fn texts(message: &Value) -> String {
    let parts = message["parts"].as_array().into_iter().flatten();
    let texts: Vec<&str> = parts.filter_map(|part| part["value"].as_str()).collect();
    texts.join(" ")
}
