//! What drives a world: the clock, the task that waits for what is due, and the sending of deliveries.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use http::{HeaderMap, HeaderName, HeaderValue};
use linq_webhook::Signer;
use serde_json::{Value, json};
use tokio::sync::{Notify, broadcast, watch};

use crate::faults::{FaultKind, Faults, changed};
use crate::world::deliveries::{Answered, Outgoing};
use crate::world::{Time, World, shown};

/// How long a target may take to respond (the API's limit).
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of a target's response is kept.
const KEPT_RESPONSE: usize = 300;

/// The clock of a world.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// Real time, moved ahead by an offset.
    Running(TimeDelta),
    Stopped(Time),
}

impl Clock {
    pub(crate) fn now(self) -> Time {
        match self {
            Self::Running(offset) => Utc::now() + offset,
            Self::Stopped(time) => time,
        }
    }
}

/// A request of the API, as the log has it.
#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) number: u64,
    pub(crate) at: Time,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) operation: Option<String>,
    pub(crate) body: Value,
    pub(crate) status: u16,
    pub(crate) response: Value,
    pub(crate) notes: Vec<String>,
}

impl Logged {
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.number, "at": shown(self.at), "method": self.method, "path": self.path,
            "operation": self.operation, "body": self.body, "status": self.status, "response": self.response,
            "notes": self.notes,
        })
    }
}

/// Everything that is behind the lock.
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) requests: VecDeque<Logged>,
    /// Whether signatures carry the time of the clock and not the real one.
    pub(crate) signs_with_clock: bool,
}

impl State {
    /// Brings the world to the time of the clock.
    pub(crate) fn catch_up(&mut self) {
        let now = self.clock.now();
        self.world.run_due(now);
    }

    /// Draws a number from 0 to 1.
    pub(crate) fn draw(world: &mut World) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "any number from 0 to 1 will do")]
        let number = world.random() as f64 / u64::MAX as f64;
        number
    }
}

/// A world that runs.
pub(crate) struct Engine {
    state: Mutex<State>,
    /// Wakes the task that waits for what is due.
    wake: Notify,
    /// Counts deliveries that are being sent.
    sending: watch::Sender<usize>,
    /// Announces that something changed, for the page.
    pub(crate) changes: broadcast::Sender<&'static str>,
    http: reqwest::Client,
}

impl Engine {
    pub(crate) fn new(state: State) -> Result<Arc<Self>, reqwest::Error> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(DELIVERY_TIMEOUT)
            .no_proxy()
            .build()?;
        Ok(Arc::new(Self {
            state: Mutex::new(state),
            wake: Notify::new(),
            sending: watch::Sender::new(0),
            changes: broadcast::Sender::new(64),
            http,
        }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something in the world at the time of the clock, and lets what follows happen.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = {
            let mut state = self.lock();
            state.catch_up();
            change(&mut state)
        };
        self.changed();
        result
    }

    fn changed(&self) {
        self.wake.notify_one();
        // Nobody may be listening.
        let _ = self.changes.send("changed");
    }

    /// Waits for what is due and has it happen, for as long as the simulator runs.
    pub(crate) async fn drive(self: Arc<Self>) {
        loop {
            let pause = {
                let mut state = self.lock();
                state.catch_up();
                let outgoing = state.world.outgoing();
                self.start(&mut state, outgoing);
                let next = state.world.next_due();
                match state.clock {
                    Clock::Stopped(_) => None,
                    running @ Clock::Running(_) => next.map(|next| next - running.now()),
                }
            };
            match pause {
                None => self.wake.notified().await,
                Some(pause) => {
                    let pause = pause
                        .to_std()
                        .unwrap_or_default()
                        .max(Duration::from_millis(1));
                    let _ = tokio::time::timeout(pause, self.wake.notified()).await;
                }
            }
        }
    }

    /// Sends deliveries, each in a task of its own, so that none waits for another.
    fn start(self: &Arc<Self>, state: &mut State, outgoing: Vec<Outgoing>) {
        for outgoing in outgoing {
            let world = &mut state.world;
            let event = outgoing.delivery.event_type.clone();
            let fault = state.faults.take(&event, true, || State::draw(world));
            let signs_at = match (state.signs_with_clock, state.clock) {
                (true, clock) => SystemTime::from(clock.now()),
                (false, _) => SystemTime::now(),
            };
            self.sending.send_modify(|count| *count += 1);
            let engine = Arc::clone(self);
            tokio::spawn(async move {
                engine.deliver(outgoing, fault, signs_at).await;
                engine.sending.send_modify(|count| *count -= 1);
                engine.changed();
            });
        }
    }

    async fn deliver(&self, outgoing: Outgoing, fault: Option<FaultKind>, signs_at: SystemTime) {
        let number = outgoing.delivery.number;
        match fault {
            Some(FaultKind::Delayed { millis }) => {
                self.lock().world.postpone(number, millis);
                return;
            }
            Some(FaultKind::Dropped) => {
                let answered = Answered::without("dropped by a fault");
                return self.lock().world.answered_finally(number, answered);
            }
            _ => {}
        }
        let copies = if fault == Some(FaultKind::Doubled) {
            2
        } else {
            1
        };
        let sends = (0..copies).map(|_| self.send(&outgoing, fault.as_ref(), signs_at));
        for answered in join_all(sends).await {
            let mut state = self.lock();
            state.catch_up();
            state.world.answered(number, answered);
        }
    }

    async fn send(
        &self,
        outgoing: &Outgoing,
        fault: Option<&FaultKind>,
        signs_at: SystemTime,
    ) -> Answered {
        let delivery = &outgoing.delivery;
        let body = fault.map_or_else(
            || delivery.body.clone(),
            |fault| changed(fault, &delivery.body),
        );
        let breaks = delivery.breaks_signature || fault == Some(&FaultKind::BrokenSignature);
        let Some(headers) = headers(outgoing, &body, breaks, signs_at) else {
            return Answered::without("the headers cannot be made");
        };
        let request = self
            .http
            .post(&delivery.target_url)
            .headers(headers.clone())
            .body(body);
        let sent: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    value.to_str().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        match request.send().await {
            Err(error) => Answered {
                headers: sent,
                ..Answered::without(if error.is_timeout() {
                    "no response within 10 seconds"
                } else if error.is_connect() {
                    "the connection was refused"
                } else {
                    "the connection broke"
                })
            },
            Ok(response) => {
                let status = response.status().as_u16();
                let key = outgoing.routing_key_header.as_ref();
                let routing_key = key
                    .and_then(|name| response.headers().get(name)?.to_str().ok())
                    .map(str::to_owned);
                let text = response.text().await.unwrap_or_default();
                Answered {
                    status: Some(status),
                    detail: text.chars().take(KEPT_RESPONSE).collect(),
                    headers: sent,
                    routing_key: routing_key.filter(|_| (200..300).contains(&status)),
                }
            }
        }
    }

    /// Waits until no delivery is being sent.
    pub(crate) async fn settle(self: &Arc<Self>) {
        loop {
            let is_waiting = {
                let mut state = self.lock();
                state.catch_up();
                let outgoing = state.world.outgoing();
                let is_waiting = !outgoing.is_empty();
                self.start(&mut state, outgoing);
                is_waiting
            };
            let mut sending = self.sending.subscribe();
            // The sender is this engine's own, so it cannot be gone.
            let _ = sending.wait_for(|count| *count == 0).await;
            if !is_waiting {
                return;
            }
        }
    }

    /// Moves the clock, and has everything happen that becomes due, in order; deliveries are responded to before
    /// time goes on.
    pub(crate) async fn advance(self: &Arc<Self>, by: Duration) {
        let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::days(36_500));
        let target = self.lock().clock.now() + by;
        self.settle().await;
        loop {
            let is_there = {
                let mut state = self.lock();
                let next = state.world.next_due().filter(|next| *next < target);
                let step = next.unwrap_or(target).max(state.clock.now());
                state.clock = match state.clock {
                    Clock::Stopped(_) => Clock::Stopped(step),
                    Clock::Running(_) => Clock::Running(step - Utc::now()),
                };
                state.catch_up();
                next.is_none()
            };
            self.settle().await;
            if is_there {
                break;
            }
        }
        self.changed();
    }
}

/// The headers of a delivery: both sets, signed for a time, and the routing headers.
fn headers(
    outgoing: &Outgoing,
    body: &str,
    breaks: bool,
    signs_at: SystemTime,
) -> Option<HeaderMap> {
    let delivery = &outgoing.delivery;
    let signer = Signer::new(&outgoing.secret).ok()?;
    let signed: &[u8] = if breaks {
        b"another body"
    } else {
        body.as_bytes()
    };
    let mut headers = signer.sign(&delivery.event_id, signs_at, signed).ok()?;
    headers.extend(signer.sign_legacy(signs_at, signed).ok()?);
    let mut put = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    };
    put("content-type", "application/json");
    put("user-agent", "linq-sim");
    put("x-webhook-event", &delivery.event_type);
    put("x-webhook-subscription-id", &delivery.subscription_id);
    for (name, value) in &outgoing.routing {
        put(name, value);
    }
    Some(headers)
}
