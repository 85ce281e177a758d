//! The simulated world: a state machine without I/O and without a clock of its own.
//!
//! [`World::call`] handles a request of the API, the functions in [`people`] are what persons do on their phones, and
//! [`World::run_due`] does what time does. All of them may cause events, which become deliveries to subscriptions;
//! whoever drives the world takes those with [`World::outgoing`] and reports how they went.

pub(crate) mod account;
pub(crate) mod attachments;
pub(crate) mod chats;
pub(crate) mod deliveries;
pub(crate) mod messages;
pub(crate) mod people;
pub(crate) mod polls;
pub(crate) mod rules;
pub(crate) mod subscriptions;

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::Operation;
use crate::error::ApiError;
use crate::validate::Valid;

/// A point in time.
pub(crate) type Time = DateTime<Utc>;

/// Settings that stay as they are while a world lives.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// The address that clients reach the simulator at, such as `http://127.0.0.1:4010`.
    pub(crate) origin: String,
    /// Seeds ids and every other choice.
    pub(crate) seed: u64,
    /// How many messages, requests and deliveries are kept; the oldest go first.
    pub(crate) retention: usize,
    /// How long a message takes to leave the line.
    pub(crate) sent_after: TimeDeltaMillis,
    /// How long it takes to arrive, counted from then.
    pub(crate) delivered_after: TimeDeltaMillis,
    /// Whether messages per recipient and other rates are limited as the API limits them.
    pub(crate) rate_limits: bool,
}

/// A duration in milliseconds.
pub(crate) type TimeDeltaMillis = i64;

/// Everything there is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    random: u64,
    /// The time of the last action.
    pub(crate) now: Option<Time>,
    pub(crate) lines: Vec<account::Line>,
    pub(crate) people: BTreeMap<String, people::Person>,
    pub(crate) chats: BTreeMap<String, chats::Chat>,
    pub(crate) messages: BTreeMap<String, messages::Message>,
    /// Ids of messages by age, for retention.
    pub(crate) message_order: VecDeque<String>,
    pub(crate) attachments: BTreeMap<String, attachments::Attachment>,
    pub(crate) contact_cards: BTreeMap<String, Value>,
    pub(crate) blocked: BTreeMap<String, Value>,
    pub(crate) subscriptions: Vec<subscriptions::Subscription>,
    pub(crate) deliveries: BTreeMap<u64, deliveries::Delivery>,
    /// What was sent under an idempotency key.
    pub(crate) keys: BTreeMap<String, Keyed>,
    timers: BTreeMap<(Time, u64), Timer>,
    /// Times of what is rate-limited, by kind.
    pub(crate) rates: BTreeMap<String, Vec<Time>>,
    next_number: u64,
}

/// What was sent under an idempotency key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Keyed {
    body: Value,
    reply: Reply,
    /// The message that was made; if it is gone, so is the reply.
    pub(crate) message_id: Option<String>,
}

/// Something that happens later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Timer {
    Sent(String),
    Delivered(String),
    Read(String),
    Failed(String, u16, String),
    TypingEnds(String),
    Says {
        from: String,
        chat_id: String,
        text: String,
    },
}

/// A call of an operation.
pub(crate) struct Call<'a> {
    pub(crate) operation: &'static Operation,
    pub(crate) path: &'a BTreeMap<String, String>,
    pub(crate) valid: &'a Valid,
    pub(crate) trace_id: &'a str,
}

/// A response of an operation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    /// What a user of the simulator should know, for a response header.
    pub(crate) warnings: Vec<String>,
    /// Whether the body is an example of the document.
    #[serde(default)]
    pub(crate) is_canned: bool,
}

/// The result of an operation.
pub(crate) type Outcome = Result<Reply, ApiError>;

impl Call<'_> {
    /// Returns a path parameter.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// Returns a member of the body that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.valid.body[name].as_str()
    }

    /// Returns the response with the operation's own status.
    pub(crate) fn reply(&self, body: Value) -> Reply {
        Reply {
            status: self.operation.success.status,
            body: Some(body),
            ..Reply::default()
        }
    }

    /// Returns the response without a body.
    pub(crate) fn empty(&self) -> Reply {
        Reply {
            status: self.operation.success.status,
            ..Reply::default()
        }
    }

    /// Returns the response of operations that only accept something.
    pub(crate) fn accepted(&self, message: &str) -> Reply {
        self.reply(json!({ "status": "accepted", "trace_id": self.trace_id, "message": message }))
    }
}

impl World {
    /// Makes an empty world.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            random: settings.seed,
            settings,
            now: None,
            lines: Vec::new(),
            people: BTreeMap::new(),
            chats: BTreeMap::new(),
            messages: BTreeMap::new(),
            message_order: VecDeque::new(),
            attachments: BTreeMap::new(),
            contact_cards: BTreeMap::new(),
            blocked: BTreeMap::new(),
            subscriptions: Vec::new(),
            deliveries: BTreeMap::new(),
            keys: BTreeMap::new(),
            timers: BTreeMap::new(),
            rates: BTreeMap::new(),
            next_number: 0,
        }
    }

    /// Returns the time, which whoever drives the world has set.
    pub(crate) fn now(&self) -> Time {
        self.now.unwrap_or_default()
    }

    /// Handles a call of an operation.
    pub(crate) fn call(&mut self, call: &Call<'_>) -> Outcome {
        let key = self.key(call);
        if let Some(key) = &key
            && let Some(known) = self.keys.get(key)
        {
            let is_gone = known
                .message_id
                .as_ref()
                .is_some_and(|id| !self.messages.contains_key(id));
            if is_gone {
                return Err(ApiError::new(
                    404,
                    2002,
                    "the message that was sent with this key is gone",
                ));
            }
            let mut reply = known.reply.clone();
            if known.body != call.valid.body {
                reply
                    .warnings
                    .push("the same idempotency key came with another body".to_owned());
            }
            return Ok(reply);
        }
        let reply = self.dispatch(call)?;
        if let Some(key) = key {
            let message_id = reply.body.as_ref().and_then(message_id);
            let keyed = Keyed {
                body: call.valid.body.clone(),
                reply: reply.clone(),
                message_id,
            };
            self.keys.insert(key, keyed);
        }
        Ok(reply)
    }

    /// Returns the idempotency key of a call, from the body or the header.
    fn key(&self, call: &Call<'_>) -> Option<String> {
        let body = &call.valid.body;
        let places = [
            &body["message"]["idempotency_key"],
            &body["poll"]["idempotency_key"],
            &body["idempotency_key"],
        ];
        let in_body = places.into_iter().find_map(Value::as_str);
        in_body
            .or(call.valid.idempotency_key.as_deref())
            .filter(|key| !key.is_empty())
            .map(str::to_owned)
    }

    fn dispatch(&mut self, call: &Call<'_>) -> Outcome {
        match call.operation.id.as_str() {
            "createChat" => self.create_chat(call),
            "listChats" => self.list_chats(call),
            "getChat" => self.get_chat(call),
            "updateChat" => self.update_chat(call),
            "addParticipant" => self.add_participant(call),
            "removeParticipant" => self.remove_participant(call),
            "leaveChat" => self.leave_chat(call),
            "startTyping" => self.start_typing(call),
            "stopTyping" => self.stop_typing(call),
            "markChatAsRead" => self.mark_chat_as_read(call),
            "shareContactWithChat" => self.share_contact_card(call),
            "setChatBackground" | "removeChatBackground" => self.set_background(call),
            "sendMessageToChat" => self.send_message_to_chat(call),
            "createMessage" => self.create_message(call),
            "sendVoiceMemoToChat" => self.send_voice_memo(call),
            "getMessages" => self.get_messages(call),
            "getMessageThread" => self.get_thread(call),
            "getMessage" => self.get_message(call),
            "editMessage" => self.edit_message(call),
            "deleteMessage" => self.delete_message(call),
            "sendReaction" => self.send_reaction(call),
            "updateStickerPlacement" => self.update_sticker(call),
            "updateAppCard" => self.update_app_card(call),
            "createPoll" => self.create_poll(call),
            "getPoll" => self.get_poll(call),
            "addPollOptions" => self.add_poll_options(call),
            "votePoll" => self.vote_poll(call),
            "requestUpload" => self.request_upload(call),
            "getAttachment" => self.get_attachment(call),
            "deleteAttachment" => self.delete_attachment(call),
            "listPhoneNumbers" | "listPhoneNumbersDeprecated" => self.list_lines(call),
            "updatePhoneNumber" => self.update_line(call),
            "getAvailableNumber" => self.available_number(call),
            "checkImessageCapability" | "checkRcsCapability" => self.check_capability(call),
            "getContactCard" => self.get_contact_card(call),
            "setupContactCard" => self.set_contact_card(call),
            "updateContactCard" => self.update_contact_card(call),
            "listBlockedHandles" => self.list_blocked(call),
            "blockHandle" => self.block(call),
            "unblockHandle" => self.unblock(call),
            "listWebhookEvents" => self.list_event_types(call),
            "createWebhookSubscription" => self.create_subscription(call),
            "listWebhookSubscriptions" => self.list_subscriptions(call),
            "getWebhookSubscription" => self.get_subscription(call),
            "updateWebhookSubscription" => self.update_subscription(call),
            "deleteWebhookSubscription" => self.delete_subscription(call),
            _ => Ok(canned(call)),
        }
    }

    /// Runs everything that is due at a time, in order.
    pub(crate) fn run_due(&mut self, now: Time) {
        while let Some((&(time, number), _)) = self.timers.first_key_value()
            && time <= now
        {
            if let Some(timer) = self.timers.remove(&(time, number)) {
                self.now = Some(time);
                self.fire(timer);
            }
        }
        self.now = Some(now);
    }

    /// Returns when something is due next.
    pub(crate) fn next_due(&self) -> Option<Time> {
        let timer = self.timers.first_key_value().map(|(&(time, _), _)| time);
        [timer, self.next_attempt()].into_iter().flatten().min()
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::Sent(id) => self.message_sent(&id),
            Timer::Delivered(id) => self.message_delivered(&id),
            Timer::Read(id) => self.message_read(&id),
            Timer::Failed(id, code, reason) => self.message_failed(&id, code, &reason),
            Timer::TypingEnds(chat_id) => self.typing_ended(&chat_id),
            Timer::Says {
                from,
                chat_id,
                text,
            } => {
                let _ = self.says(&from, &chat_id, people::Content::text(&text));
            }
        }
    }

    /// Has something happen after some milliseconds.
    pub(crate) fn after(&mut self, millis: i64, timer: Timer) {
        let number = self.number();
        self.timers.insert(
            (self.now() + TimeDelta::milliseconds(millis), number),
            timer,
        );
    }

    /// Returns a number that was not used before.
    pub(crate) fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    /// Returns the next random number (SplitMix64).
    pub(crate) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a new id, a UUID of version 4.
    pub(crate) fn id(&mut self) -> String {
        let (high, low) = (self.random(), self.random());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }

    /// Returns a new trace id, 32 hexadecimal digits.
    pub(crate) fn trace_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.random(), self.random())
    }

    /// Counts something that may happen only so often.
    pub(crate) fn limit(
        &mut self,
        kind: String,
        most: usize,
        seconds: i64,
    ) -> Result<(), ApiError> {
        if !self.settings.rate_limits {
            return Ok(());
        }
        let now = self.now();
        let times = self.rates.entry(kind).or_default();
        times.retain(|time| now - *time < TimeDelta::seconds(seconds));
        if times.len() >= most {
            let free = times
                .first()
                .map_or(seconds, |first| seconds - (now - *first).num_seconds());
            return Err(ApiError::rate_limited(
                u64::try_from(free).unwrap_or(1),
                format!("at most {most} in {seconds} seconds"),
            ));
        }
        times.push(now);
        Ok(())
    }
}

/// Returns the example of the document.
fn canned(call: &Call<'_>) -> Reply {
    let success = &call.operation.success;
    Reply {
        status: success.status,
        body: success.example.clone(),
        is_canned: true,
        ..Reply::default()
    }
}

/// The id of the message that a response is about.
fn message_id(body: &Value) -> Option<String> {
    let places = [
        &body["message"]["id"],
        &body["chat"]["message"]["id"],
        &body["message_id"],
    ];
    places
        .into_iter()
        .find_map(Value::as_str)
        .map(str::to_owned)
}

/// Writes a time as the API does.
pub(crate) fn shown(time: Time) -> Value {
    time.to_rfc3339_opts(SecondsFormat::Millis, true).into()
}

/// Writes a time that may not have come.
pub(crate) fn shown_if(time: Option<Time>) -> Value {
    time.map_or(Value::Null, shown)
}
