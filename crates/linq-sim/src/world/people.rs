//! Persons and what they do on their phones.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chats::Chat;
use super::messages::{Message, Status};
use super::{Timer, World, shown};
use crate::error::ApiError;

/// A person with a phone, known by a number or an e-mail address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) name: Option<String>,
    pub(crate) has_imessage: bool,
    pub(crate) has_rcs: bool,
    pub(crate) is_opted_out: bool,
    /// Whether messages are read as soon as they arrive.
    pub(crate) reads_at_once: bool,
    /// What sending to this person ends in.
    pub(crate) fate: Fate,
    /// What this person writes back to every message.
    pub(crate) replies: Option<String>,
}

/// What sending to a person ends in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fate {
    #[default]
    Delivered,
    /// `message.failed` with this code.
    Fails(u16),
    /// `message.failed`, and `message.delivered` later all the same.
    FailsThenDelivered,
    /// Takes ten times as long.
    Slow,
}

/// What a person sends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) parts: Vec<Value>,
    pub(crate) reply_to: Option<(String, u64)>,
    pub(crate) effect: Option<Value>,
}

impl Content {
    /// Returns a message of one text.
    pub(crate) fn text(text: &str) -> Self {
        Self {
            parts: vec![json!({ "type": "text", "value": text })],
            ..Self::default()
        }
    }
}

/// Handles whose end says how they behave: numbers from +1 202 555 0190 to 0199, of the range reserved for
/// examples.
fn magic(handle: &str) -> Person {
    let person = Person {
        name: None,
        has_imessage: true,
        has_rcs: !handle.contains('@'),
        is_opted_out: false,
        reads_at_once: false,
        fate: Fate::Delivered,
        replies: None,
    };
    match handle {
        "+12025550190" => Person {
            has_imessage: false,
            ..person
        },
        "+12025550191" => Person {
            has_imessage: false,
            has_rcs: false,
            ..person
        },
        "+12025550192" => Person {
            is_opted_out: true,
            ..person
        },
        "+12025550194" => Person {
            fate: Fate::Fails(4001),
            ..person
        },
        "+12025550195" => Person {
            fate: Fate::Fails(4005),
            ..person
        },
        "+12025550196" => Person {
            fate: Fate::FailsThenDelivered,
            ..person
        },
        "+12025550197" => Person {
            fate: Fate::Slow,
            ..person
        },
        "+12025550198" => Person {
            replies: Some("Thanks!".to_owned()),
            ..person
        },
        "+12025550199" => Person {
            reads_at_once: true,
            ..person
        },
        _ => person,
    }
}

/// The magic handle that is blocked from the start.
pub(crate) const BLOCKED: &str = "+12025550193";

/// Words that opt out, as whole messages in exactly this case.
const OPT_OUT: &[&str] = &["STOP", "UNSUBSCRIBE", "OPTOUT", "CANCEL", "END", "QUIT"];

/// Returns whether a text opts out.
fn is_opt_out(text: &str) -> bool {
    let text = text.trim();
    let letters: String = text
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '-'))
        .collect();
    OPT_OUT.contains(&text) || letters.eq_ignore_ascii_case("optout")
}

/// Writes a handle in the one form that it is compared in, if it is a number in E.164 form or an e-mail address.
pub(crate) fn normalized(handle: &str) -> Option<String> {
    let handle = handle.trim();
    if let Some(digits) = handle.strip_prefix('+') {
        let is_number = (2..=15).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && !digits.starts_with('0');
        return is_number.then(|| handle.to_owned());
    }
    let (name, host) = handle.split_once('@')?;
    let is_address =
        !name.is_empty() && host.contains('.') && !handle.contains(char::is_whitespace);
    is_address.then(|| handle.to_lowercase())
}

impl World {
    /// Returns a handle in its one form, or the API's error.
    pub(crate) fn handle(&self, handle: &str) -> Result<String, ApiError> {
        normalized(handle).ok_or_else(|| {
            ApiError::new(
                400,
                1002,
                "a handle is a number in E.164 form, such as +12025550100, or an e-mail address",
            )
        })
    }

    /// Returns what is known of a person, who may be new.
    pub(crate) fn person(&self, handle: &str) -> Person {
        self.people
            .get(handle)
            .cloned()
            .unwrap_or_else(|| magic(handle))
    }

    /// Returns a person to change.
    pub(crate) fn person_mut(&mut self, handle: &str) -> &mut Person {
        self.people
            .entry(handle.to_owned())
            .or_insert_with(|| magic(handle))
    }

    /// A person writes to a line, or into a chat.
    pub(crate) fn says(
        &mut self,
        from: &str,
        to: &str,
        content: Content,
    ) -> Result<String, ApiError> {
        let from = self.handle(from)?;
        self.person_mut(&from);
        let chat_id = self.chat_for(&from, to)?;
        let text: String = content
            .parts
            .iter()
            .filter_map(|part| part["value"].as_str())
            .collect();
        let is_group = self.chats.get(&chat_id).is_some_and(Chat::is_group);
        if !is_group {
            // Any reply but an opt-out ends one.
            self.person_mut(&from).is_opted_out = is_opt_out(&text);
        }
        let id = self.id();
        let now = self.now();
        let trace_id = self.trace_id();
        let service = self
            .chats
            .get(&chat_id)
            .map(|chat| chat.service.clone())
            .unwrap_or_default();
        let message = Message {
            id: id.clone(),
            chat_id: chat_id.clone(),
            from: from.clone(),
            is_from_me: false,
            parts: content.parts,
            effect: content.effect,
            reply_to: content.reply_to,
            service,
            preferred_service: None,
            status: Status::Received,
            created_at: now,
            updated_at: now,
            sent_at: Some(now),
            delivered_at: Some(now),
            read_at: None,
            idempotency_key: None,
            reactions: Vec::new(),
            edits: 0,
            poll: None,
            trace_id,
        };
        self.keep(message);
        self.typing_ended_for(&chat_id, &from);
        self.emit_message("message.received", &id);
        Ok(id)
    }

    /// Returns the chat that a person means by a line or a chat's id, made if need be.
    fn chat_for(&mut self, from: &str, to: &str) -> Result<String, ApiError> {
        if let Some(chat) = self.chats.get(to) {
            return match chat.member(from) {
                Some(member) if member.left_at.is_none() => Ok(to.to_owned()),
                _ => Err(ApiError::new(403, 2005, "the person is not in this chat")),
            };
        }
        self.own_line(to)
            .map_err(|_| ApiError::new(404, 2001, "there is no such line and no such chat"))?;
        let members = [from.to_owned()];
        match self.find_chat(to, &members) {
            Some(id) => Ok(id),
            None => Ok(self.new_chat(to, &members)),
        }
    }

    /// A person reacts to a part of a message, or takes a reaction back.
    pub(crate) fn reacts(
        &mut self,
        from: &str,
        message_id: &str,
        part_index: u64,
        kind: &str,
        emoji: Option<&str>,
        is_added: bool,
    ) -> Result<(), ApiError> {
        let from = self.handle(from)?;
        self.react(&from, message_id, part_index, kind, emoji, is_added)
    }

    /// A person starts or stops typing.
    pub(crate) fn types(&mut self, from: &str, to: &str, is_typing: bool) -> Result<(), ApiError> {
        let from = self.handle(from)?;
        let chat_id = self.chat_for(&from, to)?;
        let event = match is_typing {
            true => "chat.typing_indicator.started",
            false => "chat.typing_indicator.stopped",
        };
        let Some(chat) = self.chats.get_mut(&chat_id) else {
            return Ok(());
        };
        let was_typing = chat.typing_people.contains(&from);
        if was_typing == is_typing {
            return Ok(());
        }
        chat.typing_people.retain(|person| *person != from);
        if is_typing {
            chat.typing_people.push(from.clone());
        }
        self.emit_chat(event, &chat_id, json!({ "chat_id": chat_id }));
        Ok(())
    }

    /// A person who writes no longer types.
    fn typing_ended_for(&mut self, chat_id: &str, from: &str) {
        let chat = self.chats.get(chat_id);
        if chat.is_some_and(|chat| chat.typing_people.iter().any(|person| person == from)) {
            let _ = self.types(from, chat_id, false);
        }
    }

    /// A person reads all that was sent to a chat.
    pub(crate) fn reads(&mut self, from: &str, to: &str) -> Result<(), ApiError> {
        let from = self.handle(from)?;
        let chat_id = self.chat_for(&from, to)?;
        let unread: Vec<String> = self
            .messages_of(&chat_id)
            .filter(|message| message.is_from_me && message.status == Status::Delivered)
            .map(|message| message.id.clone())
            .collect();
        for id in unread {
            self.message_read(&id);
        }
        Ok(())
    }

    /// A person edits what they wrote.
    pub(crate) fn edits(
        &mut self,
        from: &str,
        message_id: &str,
        text: &str,
    ) -> Result<(), ApiError> {
        let from = self.handle(from)?;
        let is_theirs = self
            .messages
            .get(message_id)
            .is_some_and(|message| message.from == from);
        match is_theirs {
            true => self.edit(message_id, 0, text),
            false => Err(ApiError::new(404, 2002, "the person wrote no such message")),
        }
    }

    /// A person votes, or takes a vote back.
    pub(crate) fn votes(
        &mut self,
        from: &str,
        message_id: &str,
        option_id: &str,
        is_added: bool,
    ) -> Result<(), ApiError> {
        let from = self.handle(from)?;
        self.vote(&from, message_id, option_id, is_added)
    }

    /// What follows a message that has arrived at a person.
    pub(crate) fn arrived(&mut self, person: &str, message_id: &str, chat_id: &str) {
        let person_now = self.person(person);
        if person_now.reads_at_once {
            self.after(300, Timer::Read(message_id.to_owned()));
        }
        if let Some(text) = person_now.replies {
            let (from, chat_id) = (person.to_owned(), chat_id.to_owned());
            self.after(
                800,
                Timer::Says {
                    from,
                    chat_id,
                    text,
                },
            );
        }
    }

    /// Returns how a chat stands.
    pub(crate) fn health(&self, chat: &Chat) -> Value {
        let is_opted_out = !chat.is_group()
            && chat
                .members
                .iter()
                .any(|member| self.person(&member.handle).is_opted_out);
        json!({
            "status": if is_opted_out { "OPTED_OUT" } else { "HEALTHY" },
            "doc_url": "https://docs.linqapp.com/chat-health",
            "updated_at": shown(chat.updated_at),
        })
    }

    /// Returns whether the account wrote into a chat lately, which a typing indicator needs.
    pub(crate) fn wrote_lately(&self, chat: &Chat) -> bool {
        chat.last_outbound
            .is_some_and(|time| self.now() - time < TimeDelta::minutes(5))
    }
}
