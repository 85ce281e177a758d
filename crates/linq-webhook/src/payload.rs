//! Lenient reading of payloads, for the views: whatever the version, and whether or not the rest matches its type.
//!
//! A view reads JSON, also of an event that has a type. So what it can read of one member never depends on another
//! member, and known versions, unknown versions and payloads that match nothing all take the same way.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use linq_types::WebhookEvent;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::handle::normalize_handle;

/// The type and the `data` of an event.
#[derive(Clone)]
pub(crate) struct Payload {
    /// Empty if the event does not say.
    pub(crate) event_type: String,
    data: Value,
}

impl Payload {
    /// Returns the payload if it is an object.
    pub(crate) fn of(event: &WebhookEvent) -> Option<Self> {
        match event {
            WebhookEvent::Unknown(event) => Self::of_body(event.raw()),
            event => Self::of_json(serde_json::to_value(event).ok()?),
        }
    }

    /// Returns the payload of a body if it is an object.
    pub(crate) fn of_body(body: &[u8]) -> Option<Self> {
        Self::of_json(read_json(body)?)
    }

    fn of_json(mut body: Value) -> Option<Self> {
        let data = body.get_mut("data")?.take();
        let event_type = Member(body.get("event_type")).text();
        data.is_object().then(|| Self {
            event_type: event_type.unwrap_or_default().to_owned(),
            data,
        })
    }

    /// Returns the payload if the event has one of these types, or does not say its type.
    pub(crate) fn of_types(event: &WebhookEvent, types: &[&str]) -> Option<Self> {
        let is_one = |name: &str| name.is_empty() || types.contains(&name);
        // Most events are of another type, and need not be read to see that.
        if !is_one(event.event_type()) {
            return None;
        }
        Self::of(event).filter(|payload| is_one(&payload.event_type))
    }

    pub(crate) fn get(&self, name: &str) -> Member<'_> {
        Member(Some(&self.data)).get(name)
    }

    /// Returns the chat's id: in `chat`, or in `chat_id` in older versions.
    pub(crate) fn chat_id(&self) -> Option<&str> {
        let chat = self.get("chat");
        let id = chat.get("id").text().or(chat.text());
        id.or(self.get("chat_id").text())
    }

    /// Returns the message's id: in `data` itself, or in `message` in older versions.
    pub(crate) fn message_id(&self) -> Option<&str> {
        let message = self.get("message");
        let ids = [
            self.get("id"),
            message.get("id"),
            self.get("message_id"),
            message,
        ];
        ids.into_iter().find_map(Member::text)
    }

    /// Returns a member of the message, which older versions nest in `message`.
    pub(crate) fn of_message(&self, name: &str) -> Member<'_> {
        let member = self.get(name);
        match member.is_present() {
            true => member,
            false => self.get("message").get(name),
        }
    }
}

/// Reads JSON, or what is left of it: bytes that are not UTF-8 and lone surrogates become U+FFFD.
fn read_json(raw: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(raw);
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&without_lone_surrogates(text)))
        .ok()
}

/// Replaces each `\u` escape of a surrogate that is not part of a pair.
fn without_lone_surrogates(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let (kept, length) = match (unit(escape), unit(escape.get(6..).unwrap_or_default())) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (escape.get(..12), 12),
            (Some(0xd800..=0xdfff), _) => (Some("\\ufffd"), 6),
            // A backslash and what it escapes, which may be a backslash.
            _ => {
                let length = escape
                    .char_indices()
                    .nth(2)
                    .map_or(escape.len(), |(at, _)| at);
                (escape.get(..length), length)
            }
        };
        mended.push_str(kept.unwrap_or_default());
        rest = escape.get(length..).unwrap_or_default();
    }
    mended.push_str(rest);
    mended
}

/// Returns the code unit of the `\u` escape at the start of a text.
fn unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

/// A member of an object, absent if it is null or if there is no such member.
#[derive(Clone, Copy)]
pub(crate) struct Member<'a>(Option<&'a Value>);

impl<'a> Member<'a> {
    pub(crate) fn get(self, name: &str) -> Self {
        let value = self.0.and_then(|value| value.get(name));
        Self(value.filter(|value| !value.is_null()))
    }

    pub(crate) fn is_present(self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn text(self) -> Option<&'a str> {
        self.0?.as_str()
    }

    pub(crate) fn flag(self) -> Option<bool> {
        self.0?.as_bool()
    }

    pub(crate) fn integer(self) -> Option<i64> {
        self.0?.as_i64()
    }

    pub(crate) fn index(self) -> Option<u16> {
        self.integer()?.try_into().ok()
    }

    pub(crate) fn time(self) -> Option<DateTime<Utc>> {
        self.text()?.parse().ok()
    }

    pub(crate) fn items(self) -> impl Iterator<Item = Member<'a>> + Clone + use<'a> {
        let items = self.0.and_then(Value::as_array);
        let items = items.into_iter().flatten().filter(|item| !item.is_null());
        items.map(|item| Member(Some(item)))
    }

    /// Returns the member as a type of linq-types, if it matches.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Option<T> {
        T::deserialize(self.0?).ok()
    }

    /// Returns the number or address of a handle, which may be an object or the text alone.
    pub(crate) fn handle(self) -> Option<&'a str> {
        let handle = self.text().or(self.get("handle").text());
        handle.filter(|handle| !handle.is_empty())
    }
}

/// Who speaks in an event: the sender, your own line, and whether the one is the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Speaker {
    /// Normalized.
    pub(crate) sender: Option<String>,
    /// Normalized.
    pub(crate) own_line: Option<String>,
    /// A mark says that one of your own lines speaks.
    pub(crate) is_me: bool,
    /// The sender is the own line of the chat, whatever the marks say.
    is_own_line: bool,
    /// The sender has left the chat, or was removed from it.
    has_left: bool,
    /// A mark is present and cannot be read.
    is_unreadable: bool,
}

impl Speaker {
    /// Reads the marks of a payload, of which each version has some.
    pub(crate) fn of(payload: &Payload) -> Self {
        let mut speaker = Self::default();
        for direction in [
            payload.get("direction"),
            payload.get("message").get("direction"),
        ] {
            match direction.text() {
                Some("outbound") => speaker.is_me = true,
                Some("inbound") => {}
                _ => speaker.is_unreadable |= direction.is_present(),
            }
        }
        for flag in [
            payload.get("is_from_me"),
            payload.get("message").get("is_from_me"),
        ] {
            speaker.is_me |= flag.flag() == Some(true);
            speaker.is_unreadable |= flag.is_present() && flag.flag().is_none();
        }
        let senders = ["sender_handle", "from_handle", "from"].map(|name| payload.get(name));
        for sender in senders {
            speaker.read_marks_of_sender(sender);
        }

        let recipient = payload.get("recipient_handle");
        let lines = [
            payload.get("chat").get("owner_handle"),
            recipient,
            payload.get("recipient_phone"),
        ];
        let is_unreadable = |handle: Member<'_>| handle.is_present() && !is_readable(handle);
        speaker.is_unreadable |= lines.into_iter().any(is_unreadable);
        let normalized = |member: Member<'_>| member.handle().map(normalize_handle);
        let [owner, recipient_handle, recipient_phone] = lines.map(normalized);
        let is_line = |handle: &String| {
            [&owner, &recipient_handle, &recipient_phone].contains(&&Some(handle.clone()))
        };
        speaker.is_own_line = senders
            .into_iter()
            .filter_map(normalized)
            .any(|s| is_line(&s));
        // What is a handle for certain comes before a text in the place of one.
        let [sender, from, number] = senders;
        let handles = [
            sender.get("handle"),
            from.get("handle"),
            number,
            sender,
            from,
        ];
        speaker.sender = handles.into_iter().find_map(normalized);
        // The sender of an echo is the own line. Its recipients are the other side, as is a recipient that says so.
        let recipients = match recipient.get("is_me").flag() {
            Some(false) => None,
            _ => recipient_handle.or(recipient_phone),
        };
        speaker.own_line = match speaker.is_me {
            true => speaker.sender.clone().or(owner),
            false => owner.or(recipients),
        };
        speaker
    }

    fn read_marks_of_sender(&mut self, sender: Member<'_>) {
        self.is_unreadable |= sender.is_present() && !is_readable(sender);
        let is_me = sender.get("is_me");
        self.is_me |= is_me.flag() == Some(true);
        self.is_unreadable |= is_me.is_present() && is_me.flag().is_none();
        let status = sender.get("status");
        match status.text() {
            Some("active") => {}
            Some("left" | "removed") => self.has_left = true,
            _ if status.is_present() => self.is_unreadable = true,
            _ => self.has_left |= sender.get("left_at").is_present(),
        }
    }

    /// Whether a program may answer: no mark says that it would answer itself, or somebody who is not there.
    pub(crate) fn may_be_answered(&self) -> bool {
        !(self.is_me || self.is_own_line || self.has_left || self.is_unreadable)
    }
}

/// Whether a handle is one, or an object that does not say which.
fn is_readable(handle: Member<'_>) -> bool {
    let text = handle.get("handle");
    let is_object = handle.0.is_some_and(Value::is_object);
    handle.text().is_some() || (is_object && (!text.is_present() || text.text().is_some()))
}

/// Joins texts with line breaks, without a copy if there is only one.
pub(crate) fn joined<'a>(mut texts: impl Iterator<Item = &'a str>) -> Cow<'a, str> {
    let first = texts.next().unwrap_or_default();
    match texts.next() {
        None => first.into(),
        Some(second) => {
            let mut all = vec![first, second];
            all.extend(texts);
            all.join("\n").into()
        }
    }
}
