//! Events on their way to subscriptions.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Time, World, shown};

/// For how long a delivery is repeated, counted from its event.
const WINDOW_MINUTES: i64 = 30;
/// The longest pause between two attempts.
const LONGEST_PAUSE_SECONDS: f64 = 600.0;
/// The part of a pause that is added or taken off by chance.
const JITTER: f64 = 0.2;

/// An event on its way to a subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) number: u64,
    pub(crate) subscription_id: String,
    pub(crate) target_url: String,
    pub(crate) event_type: String,
    pub(crate) event_id: String,
    pub(crate) chat_id: Option<String>,
    pub(crate) body: String,
    pub(crate) created_at: Time,
    /// When it is sent next; `None` while it is being sent, and when it is over.
    pub(crate) next_at: Option<Time>,
    pub(crate) is_sending: bool,
    pub(crate) attempts: Vec<Attempt>,
    /// Whether the signature of the next attempt is broken.
    pub(crate) breaks_signature: bool,
}

/// One attempt of a delivery.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) at: Time,
    /// The status of the response, if there was one.
    pub(crate) status: Option<u16>,
    /// What went wrong, or what the program responded with.
    pub(crate) detail: String,
    pub(crate) headers: Vec<(String, String)>,
}

/// What a target made of an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: Option<u16>,
    pub(crate) detail: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The routing key in the response.
    pub(crate) routing_key: Option<String>,
}

impl Answered {
    /// Makes the outcome of an attempt without a response.
    pub(crate) fn without(detail: &str) -> Self {
        Self {
            status: None,
            detail: detail.to_owned(),
            headers: Vec::new(),
            routing_key: None,
        }
    }
}

/// A delivery to send now.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) delivery: Delivery,
    pub(crate) secret: String,
    pub(crate) routing: Vec<(String, String)>,
    /// The header that a routing key is read from.
    pub(crate) routing_key_header: Option<String>,
}

impl Delivery {
    /// Returns whether nothing will be sent any more.
    pub(crate) fn is_over(&self) -> bool {
        self.next_at.is_none() && !self.is_sending
    }

    /// Returns whether the last attempt was answered with 2xx.
    pub(crate) fn is_delivered(&self) -> bool {
        let last = self.attempts.last().and_then(|attempt| attempt.status);
        last.is_some_and(|status| (200..300).contains(&status))
    }

    /// Writes it for the control interface.
    pub(crate) fn json(&self) -> Value {
        let attempts: Vec<Value> = self
            .attempts
            .iter()
            .map(|attempt| {
                let headers: Vec<Value> = attempt.headers.iter().map(|(name, value)| json!([name, value])).collect();
                json!({ "at": shown(attempt.at), "status": attempt.status, "detail": attempt.detail, "headers": headers })
            })
            .collect();
        let state = match (self.is_sending, self.next_at, self.is_delivered()) {
            (true, ..) => "sending",
            (_, Some(_), _) => "waiting",
            (.., true) => "delivered",
            _ => "failed",
        };
        json!({
            "id": self.number, "subscription_id": self.subscription_id, "target_url": self.target_url,
            "event_type": self.event_type, "event_id": self.event_id, "chat_id": self.chat_id,
            "body": serde_json::from_str::<Value>(&self.body).unwrap_or_else(|_| self.body.clone().into()),
            "created_at": shown(self.created_at), "next_at": super::shown_if(self.next_at), "state": state,
            "attempts": attempts,
        })
    }
}

impl World {
    /// Tells subscriptions of a message.
    pub(crate) fn emit_message(&mut self, event: &str, message_id: &str) {
        let Some(message) = self.messages.get(message_id) else {
            return;
        };
        let Some(chat) = self.chats.get(&message.chat_id) else {
            return;
        };
        let (line, chat_id, trace_id) =
            (chat.line.clone(), chat.id.clone(), message.trace_id.clone());
        let (new, old) = match message.poll {
            Some(_) => {
                let data = self.poll_event(message);
                (data.clone(), data)
            }
            None => (
                self.event_2026(message, chat),
                self.event_2025(event, message, chat),
            ),
        };
        self.emit(event, Some(&line), Some(&chat_id), &trace_id, &new, &old);
    }

    /// Tells subscriptions of something in a chat.
    pub(crate) fn emit_chat(&mut self, event: &str, chat_id: &str, data: Value) {
        let line = self.chats.get(chat_id).map(|chat| chat.line.clone());
        let trace_id = self.trace_id();
        self.emit(
            event,
            line.as_deref(),
            Some(chat_id),
            &trace_id,
            &data,
            &data,
        );
    }

    /// Tells subscriptions of something about the account.
    pub(crate) fn emit_account(&mut self, event: &str, data: Value) {
        let trace_id = self.trace_id();
        self.emit(event, None, None, &trace_id, &data, &data);
    }

    fn emit(
        &mut self,
        event: &str,
        line: Option<&str>,
        chat_id: Option<&str>,
        trace_id: &str,
        new: &Value,
        old: &Value,
    ) {
        let wanting = self
            .subscriptions
            .iter()
            .filter(|subscription| subscription.wants(event, line));
        let wanting: Vec<_> = wanting
            .map(|subscription| {
                (
                    subscription.id.clone(),
                    subscription.target_url.clone(),
                    subscription.version(),
                )
            })
            .collect();
        let now = self.now();
        // Account events have one id over all subscriptions, others have one each.
        let shared_id = self.id();
        for (subscription_id, target_url, version) in wanting {
            let event_id = if chat_id.is_none() {
                shared_id.clone()
            } else {
                self.id()
            };
            let data = if version == "2025-01-01" { old } else { new };
            let body = json!({
                "api_version": "v3", "webhook_version": version, "event_type": event, "event_id": event_id,
                "created_at": shown(now), "trace_id": trace_id, "partner_id": "partner_simulator", "data": data,
            });
            let number = self.number();
            self.deliveries.insert(
                number,
                Delivery {
                    number,
                    subscription_id,
                    target_url,
                    event_type: event.to_owned(),
                    event_id,
                    chat_id: chat_id.map(str::to_owned),
                    body: body.to_string(),
                    created_at: now,
                    next_at: Some(now),
                    is_sending: false,
                    attempts: Vec::new(),
                    breaks_signature: false,
                },
            );
        }
        while self.deliveries.len() > self.settings.retention {
            let over = self
                .deliveries
                .values()
                .find(|delivery| delivery.is_over())
                .map(|delivery| delivery.number);
            match over {
                Some(number) => self.deliveries.remove(&number),
                None => break,
            };
        }
    }

    /// Returns when a delivery is to be sent next.
    pub(crate) fn next_attempt(&self) -> Option<Time> {
        self.deliveries
            .values()
            .filter_map(|delivery| delivery.next_at)
            .min()
    }

    /// Takes the deliveries that are to be sent now.
    pub(crate) fn outgoing(&mut self) -> Vec<Outgoing> {
        let now = self.now();
        let mut outgoing = Vec::new();
        for delivery in self.deliveries.values_mut() {
            if delivery.next_at.is_none_or(|at| at > now) {
                continue;
            }
            delivery.next_at = None;
            let subscription = self
                .subscriptions
                .iter()
                .find(|known| known.id == delivery.subscription_id);
            let Some(subscription) = subscription else {
                continue;
            };
            delivery.is_sending = true;
            let chat_id = delivery.chat_id.as_deref().unwrap_or_default();
            let mut routing = Vec::new();
            if let (Some(header), false) = (&subscription.routing_id_header, chat_id.is_empty()) {
                routing.push((header.clone(), chat_id.to_owned()));
            }
            if let (Some(header), Some(key)) = (
                &subscription.routing_key_header,
                subscription.routing_keys.get(chat_id),
            ) {
                routing.push((header.clone(), key.clone()));
            }
            outgoing.push(Outgoing {
                delivery: delivery.clone(),
                secret: subscription.secret.clone(),
                routing,
                routing_key_header: subscription.routing_key_header.clone(),
            });
            delivery.breaks_signature = false;
        }
        outgoing
    }

    /// Notes what became of an attempt, and plans the next one.
    pub(crate) fn answered(&mut self, number: u64, answered: Answered) {
        let now = self.now();
        let chance = self.random();
        let Some(delivery) = self.deliveries.get_mut(&number) else {
            return;
        };
        delivery.is_sending = false;
        let status = answered.status;
        delivery.attempts.push(Attempt {
            at: now,
            status,
            detail: answered.detail,
            headers: answered.headers,
        });
        let is_repeated = status.is_none_or(|status| status >= 500 || status == 429);
        let made = i32::try_from(delivery.attempts.len()).unwrap_or(i32::MAX);
        let pause = f64::powi(2.0, made.min(20)).min(LONGEST_PAUSE_SECONDS);
        #[allow(clippy::cast_precision_loss, reason = "any number from 0 to 1 will do")]
        let chance = chance as f64 / u64::MAX as f64;
        let pause = pause * (1.0 - JITTER + 2.0 * JITTER * chance);
        #[allow(clippy::cast_possible_truncation, reason = "at most 720,000")]
        let next = now + TimeDelta::milliseconds((pause * 1000.0) as i64);
        if is_repeated && next - delivery.created_at <= TimeDelta::minutes(WINDOW_MINUTES) {
            delivery.next_at = Some(next);
        }
        if let (Some(key), Some(chat_id)) = (answered.routing_key, delivery.chat_id.clone())
            && let Some(subscription) = self
                .subscriptions
                .iter_mut()
                .find(|known| known.id == delivery.subscription_id)
        {
            subscription.routing_keys.insert(chat_id, key);
        }
    }

    /// Notes what became of an attempt after which there is no other.
    pub(crate) fn answered_finally(&mut self, number: u64, answered: Answered) {
        self.answered(number, answered);
        if let Some(delivery) = self.deliveries.get_mut(&number) {
            delivery.next_at = None;
        }
    }

    /// Has a delivery sent later than now.
    pub(crate) fn postpone(&mut self, number: u64, millis: i64) {
        let at = self.now() + TimeDelta::milliseconds(millis);
        if let Some(delivery) = self.deliveries.get_mut(&number) {
            delivery.is_sending = false;
            delivery.next_at = Some(at);
        }
    }

    /// Has a delivery sent once more, now.
    pub(crate) fn resend(&mut self, number: u64, breaks_signature: bool) -> bool {
        let now = self.now();
        let Some(delivery) = self.deliveries.get_mut(&number) else {
            return false;
        };
        delivery.next_at = Some(now);
        delivery.breaks_signature = breaks_signature;
        true
    }
}
