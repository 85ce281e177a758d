//! Messages: sent, delivered, read, failed, edited, deleted, reacted to.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chats::{Chat, page};
use super::people::Fate;
use super::polls::Poll;
use super::rules::Place;
use super::{Call, Outcome, Time, Timer, World, shown, shown_if};
use crate::error::ApiError;

/// A message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) chat_id: String,
    /// The number or address of who wrote it.
    pub(crate) from: String,
    pub(crate) is_from_me: bool,
    /// The parts as responses show them, without reactions.
    pub(crate) parts: Vec<Value>,
    pub(crate) effect: Option<Value>,
    /// The message and part that it replies to.
    pub(crate) reply_to: Option<(String, u64)>,
    pub(crate) service: String,
    pub(crate) preferred_service: Option<String>,
    pub(crate) status: Status,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    pub(crate) sent_at: Option<Time>,
    pub(crate) delivered_at: Option<Time>,
    pub(crate) read_at: Option<Time>,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) edits: u32,
    pub(crate) poll: Option<Poll>,
    pub(crate) trace_id: String,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Queued,
    Sent,
    Delivered,
    Received,
    Read,
    Failed,
}

/// A reaction to a part of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reaction {
    pub(crate) id: String,
    pub(crate) from: String,
    pub(crate) part_index: u64,
    pub(crate) kind: String,
    pub(crate) emoji: Option<String>,
}

impl World {
    /// Keeps a message, and forgets the oldest where there are too many.
    pub(crate) fn keep(&mut self, message: Message) {
        if let Some(chat) = self.chats.get_mut(&message.chat_id) {
            chat.updated_at = message.created_at;
            if message.is_from_me {
                chat.last_outbound = Some(message.created_at);
                chat.is_typing = false;
            }
        }
        self.message_order.push_back(message.id.clone());
        self.messages.insert(message.id.clone(), message);
        while self.message_order.len() > self.settings.retention {
            let Some(oldest) = self.message_order.pop_front() else {
                break;
            };
            if let Some(message) = self.messages.remove(&oldest)
                && let Some(key) = message.idempotency_key
            {
                self.keys.remove(&key);
            }
        }
    }

    /// Returns the messages of a chat, the oldest first.
    pub(crate) fn messages_of(&self, chat_id: &str) -> impl DoubleEndedIterator<Item = &Message> {
        let chat_id = chat_id.to_owned();
        let messages = self
            .message_order
            .iter()
            .filter_map(|id| self.messages.get(id));
        messages.filter(move |message| message.chat_id == chat_id)
    }

    fn message(&self, id: &str) -> Result<&Message, ApiError> {
        self.messages
            .get(id)
            .ok_or_else(|| ApiError::new(404, 2002, "there is no such message"))
    }

    pub(crate) fn create_chat(&mut self, call: &Call<'_>) -> Outcome {
        let from = call.text("from").unwrap_or_default().to_owned();
        self.own_line(&from)?;
        let members = self.recipients(&call.valid.body["to"])?;
        let known = self.find_chat(&from, &members);
        let place = match (&known, members.len()) {
            (None, _) => Place::NewChat,
            (Some(_), 1) => Place::DirectChat,
            (Some(_), _) => Place::Group,
        };
        self.check_content(&call.valid.body["message"], place)?;
        self.check_recipients(&from, &members, call)?;
        let chat_id = known.unwrap_or_else(|| self.new_chat(&from, &members));
        let message = self.send(&chat_id, call, &call.valid.body["message"])?;
        let chat = self.chat(&chat_id)?;
        let mut body = self.chat_json(chat);
        body["message"] = message;
        Ok(call.reply(json!({ "chat": body })))
    }

    pub(crate) fn send_message_to_chat(&mut self, call: &Call<'_>) -> Outcome {
        let chat = self.open_chat(call.parameter("chatId"))?.clone();
        let place = if chat.is_group() {
            Place::Group
        } else {
            Place::DirectChat
        };
        self.check_content(&call.valid.body["message"], place)?;
        let members: Vec<String> = chat.present().map(|member| member.handle.clone()).collect();
        self.check_recipients(&chat.line, &members, call)?;
        let message = self.send(&chat.id, call, &call.valid.body["message"])?;
        Ok(call.reply(json!({ "chat_id": chat.id, "message": message })))
    }

    pub(crate) fn create_message(&mut self, call: &Call<'_>) -> Outcome {
        let members = self.recipients(&call.valid.body["to"])?;
        let excluded = call.valid.body["exclude_from"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let lines: Vec<String> = self
            .lines
            .iter()
            .map(|line| line.phone_number.clone())
            .filter(|number| !excluded.iter().any(|one| one == number.as_str()))
            .collect();
        let known = lines
            .iter()
            .find_map(|line| self.find_chat(line, &members).map(|id| (line.clone(), id)));
        let (line, known) = match (known, lines.first()) {
            (Some((line, id)), _) => (line, Some(id)),
            (None, Some(line)) => (line.clone(), None),
            (None, None) => return Err(ApiError::new(409, 2027, "no line can send this message")),
        };
        let place = if members.len() > 1 {
            Place::Group
        } else {
            Place::DirectChat
        };
        self.check_content(&call.valid.body["message"], place)?;
        self.check_recipients(&line, &members, call)?;
        let is_new = known.is_none();
        let chat_id = known.unwrap_or_else(|| self.new_chat(&line, &members));
        let message = self.send(&chat_id, call, &call.valid.body["message"])?;
        let chat = self.chat(&chat_id)?;
        let reason = if is_new {
            "new_best_number"
        } else {
            "reused_active_chat"
        };
        Ok(call.reply(json!({
            "chat_id": chat_id, "created_new_chat": is_new, "from": line, "previous_chat_id": null,
            "from_selection": { "reason": reason, "reused_existing_chat": !is_new },
            "is_group": chat.is_group(), "service": chat.service, "handles": chat.handles(), "message": message,
        })))
    }

    pub(crate) fn send_voice_memo(&mut self, call: &Call<'_>) -> Outcome {
        let chat = self.open_chat(call.parameter("chatId"))?.clone();
        let body = &call.valid.body;
        let part = match (
            body["voice_memo_url"].as_str(),
            body["attachment_id"].as_str(),
        ) {
            (Some(url), None) => json!({ "type": "media", "url": url }),
            (None, Some(id)) => json!({ "type": "media", "attachment_id": id }),
            _ => {
                return Err(ApiError::new(
                    400,
                    1004,
                    "a voice memo has `voice_memo_url` or `attachment_id`",
                ));
            }
        };
        let content = json!({ "parts": [part] });
        let place = if chat.is_group() {
            Place::Group
        } else {
            Place::DirectChat
        };
        self.check_content(&content, place)?;
        let members: Vec<String> = chat.present().map(|member| member.handle.clone()).collect();
        self.check_recipients(&chat.line, &members, call)?;
        let message = self.send(&chat.id, call, &content)?;
        let media = &message["parts"][0];
        Ok(call.reply(json!({ "voice_memo": {
            "id": message["id"], "from": chat.line, "to": members, "status": "queued", "service": chat.service,
            "voice_memo": {
                "id": media["id"], "url": media["url"], "filename": media["filename"],
                "mime_type": media["mime_type"], "size_bytes": media["size_bytes"], "duration_ms": null,
            },
            "created_at": message["created_at"],
            "chat": {
                "id": chat.id, "handles": chat.handles(), "is_group": chat.is_group(), "service": chat.service,
                "is_active": true,
            },
        } })))
    }

    /// Reads the recipients of a body.
    fn recipients(&self, to: &Value) -> Result<Vec<String>, ApiError> {
        let mut members: Vec<String> = Vec::new();
        for handle in to.as_array().into_iter().flatten() {
            let handle = self.handle(handle.as_str().unwrap_or_default())?;
            if !members.contains(&handle) {
                members.push(handle);
            }
        }
        Ok(members)
    }

    /// Checks whether messages may go to these people now.
    fn check_recipients(
        &mut self,
        line: &str,
        members: &[String],
        call: &Call<'_>,
    ) -> Result<(), ApiError> {
        for handle in members {
            if self.blocked.contains_key(handle) || handle == super::people::BLOCKED {
                return Err(ApiError::new(403, 2026, "a recipient is blocked"));
            }
        }
        if let [only] = members {
            let overrides = call.valid.body["override_optout"] == true;
            if self.person(only).is_opted_out && !overrides {
                return Err(ApiError::new(403, 2024, "the recipient has opted out"));
            }
        }
        for handle in members {
            self.limit(format!("messages {line} {handle}"), 30, 60)?;
        }
        Ok(())
    }

    /// Puts a message on its way, and returns it as responses show it.
    fn send(&mut self, chat_id: &str, call: &Call<'_>, content: &Value) -> Result<Value, ApiError> {
        let parts = content["parts"].as_array().cloned().unwrap_or_default();
        let parts: Vec<Value> = parts.iter().map(|part| self.received_part(part)).collect();
        let id = self.id();
        let now = self.now();
        let chat = self.chat(chat_id)?;
        let message = Message {
            id: id.clone(),
            chat_id: chat_id.to_owned(),
            from: chat.line.clone(),
            is_from_me: true,
            parts,
            effect: content
                .get("effect")
                .filter(|effect| !effect.is_null())
                .cloned(),
            reply_to: content["reply_to"]["message_id"].as_str().map(|message| {
                (
                    message.to_owned(),
                    content["reply_to"]["part_index"].as_u64().unwrap_or(0),
                )
            }),
            service: chat.service.clone(),
            preferred_service: content["preferred_service"].as_str().map(str::to_owned),
            status: Status::Queued,
            created_at: now,
            updated_at: now,
            sent_at: None,
            delivered_at: None,
            read_at: None,
            idempotency_key: content["idempotency_key"]
                .as_str()
                .or(call.valid.idempotency_key.as_deref())
                .map(str::to_owned),
            reactions: Vec::new(),
            edits: 0,
            poll: None,
            trace_id: call.trace_id.to_owned(),
        };
        let shown = self.sent_json(&message);
        self.on_its_way(message);
        Ok(shown)
    }

    /// Keeps a message of the account and plans what becomes of it.
    pub(crate) fn on_its_way(&mut self, message: Message) {
        let (id, chat_id) = (message.id.clone(), message.chat_id.clone());
        let wants_imessage = message.preferred_service.as_deref() == Some("iMessage");
        self.keep(message);
        let people: Vec<_> = self
            .chats
            .get(&chat_id)
            .map(|chat| {
                chat.present()
                    .map(|member| self.person(&member.handle))
                    .collect()
            })
            .unwrap_or_default();
        let fate = people.first().map(|person| person.fate).unwrap_or_default();
        let is_slow = people.iter().any(|person| person.fate == Fate::Slow);
        let factor = if is_slow { 10 } else { 1 };
        let sent_after = self.settings.sent_after * factor;
        let delivered_after = sent_after + self.settings.delivered_after * factor;
        if wants_imessage && people.iter().any(|person| !person.has_imessage) {
            return self.after(
                sent_after,
                Timer::Failed(id, 4005, "the recipient is not on iMessage".to_owned()),
            );
        }
        match fate {
            Fate::Fails(code) => {
                self.after(
                    sent_after,
                    Timer::Failed(id, code, "the recipient cannot be reached".to_owned()),
                );
            }
            Fate::FailsThenDelivered => {
                self.after(
                    sent_after,
                    Timer::Failed(id.clone(), 4001, "no receipt came in time".to_owned()),
                );
                self.after(delivered_after, Timer::Delivered(id));
            }
            Fate::Delivered | Fate::Slow => {
                self.after(sent_after, Timer::Sent(id.clone()));
                self.after(delivered_after, Timer::Delivered(id));
            }
        }
    }

    /// Writes a part of a request as responses show it.
    pub(crate) fn received_part(&mut self, part: &Value) -> Value {
        if part["type"] != "media" {
            return part.clone();
        }
        if let Some(attachment) = part["attachment_id"]
            .as_str()
            .and_then(|id| self.attachments.get(id))
        {
            return attachment.part(&self.settings.origin);
        }
        let url = part["url"].as_str().unwrap_or_default();
        let name = url
            .split(['?', '#'])
            .next()
            .and_then(|path| path.rsplit('/').next());
        let id = self.id();
        json!({
            "type": "media", "id": id, "url": url, "filename": name.filter(|name| !name.is_empty()).unwrap_or("file"),
            "mime_type": "application/octet-stream", "size_bytes": 0,
        })
    }

    pub(crate) fn message_sent(&mut self, id: &str) {
        let now = self.now();
        let Some(message) = self.messages.get_mut(id) else {
            return;
        };
        message.status = Status::Sent;
        message.sent_at = Some(now);
        message.updated_at = now;
        let event = if message.poll.is_some() {
            "poll.sent"
        } else {
            "message.sent"
        };
        self.emit_message(event, id);
    }

    pub(crate) fn message_delivered(&mut self, id: &str) {
        let now = self.now();
        let Some(message) = self.messages.get_mut(id) else {
            return;
        };
        let Some(chat) = self.chats.get(&message.chat_id) else {
            return;
        };
        // Groups and SMS have no receipts; the message arrives all the same.
        let has_receipt = !chat.is_group() && message.service != "SMS";
        if has_receipt {
            message.status = Status::Delivered;
            message.delivered_at = Some(now);
            message.sent_at.get_or_insert(now);
            message.updated_at = now;
        }
        let event = if message.poll.is_some() {
            "poll.delivered"
        } else {
            "message.delivered"
        };
        let people: Vec<String> = chat.present().map(|member| member.handle.clone()).collect();
        let chat_id = message.chat_id.clone();
        if has_receipt {
            self.emit_message(event, id);
        }
        for person in people {
            self.arrived(&person, id, &chat_id);
        }
    }

    pub(crate) fn message_read(&mut self, id: &str) {
        let now = self.now();
        let Some(message) = self.messages.get_mut(id) else {
            return;
        };
        let is_group = self.chats.get(&message.chat_id).is_some_and(Chat::is_group);
        if is_group || message.service == "SMS" || message.status != Status::Delivered {
            return;
        }
        message.status = Status::Read;
        message.read_at = Some(now);
        message.updated_at = now;
        let event = if message.poll.is_some() {
            "poll.read"
        } else {
            "message.read"
        };
        self.emit_message(event, id);
    }

    pub(crate) fn message_failed(&mut self, id: &str, code: u16, reason: &str) {
        let now = self.now();
        let Some(message) = self.messages.get_mut(id) else {
            return;
        };
        message.status = Status::Failed;
        message.updated_at = now;
        let data = json!({
            "chat_id": message.chat_id, "message_id": id, "code": code, "reason": reason,
            "service": message.service, "preferred_service": message.preferred_service, "failed_at": shown(now),
        });
        let chat_id = message.chat_id.clone();
        self.emit_chat("message.failed", &chat_id, data);
    }

    pub(crate) fn get_messages(&mut self, call: &Call<'_>) -> Outcome {
        let chat_id = self.chat(call.parameter("chatId"))?.id.clone();
        let messages: Vec<&Message> = self.messages_of(&chat_id).rev().collect();
        self.list(call, messages)
    }

    pub(crate) fn get_thread(&mut self, call: &Call<'_>) -> Outcome {
        let mut root = self.message(call.parameter("messageId"))?;
        // A thread begins with the message that replies to nothing.
        for _ in 0..self.messages.len() {
            match root
                .reply_to
                .as_ref()
                .and_then(|(id, _)| self.messages.get(id))
            {
                Some(earlier) => root = earlier,
                None => break,
            }
        }
        let mut ids = vec![root.id.clone()];
        let mut thread = vec![root];
        for message in self.messages_of(&root.chat_id) {
            if message
                .reply_to
                .as_ref()
                .is_some_and(|(id, _)| ids.contains(id))
            {
                ids.push(message.id.clone());
                thread.push(message);
            }
        }
        if call.valid.query.get("order").and_then(Value::as_str) == Some("desc") {
            thread.reverse();
        }
        self.list(call, thread)
    }

    fn list(&self, call: &Call<'_>, messages: Vec<&Message>) -> Outcome {
        let (page, next_cursor) = page(call, messages, 50, |message| &message.id)?;
        let page: Vec<Value> = page
            .into_iter()
            .map(|message| self.message_json(message))
            .collect();
        Ok(call.reply(json!({ "messages": page, "next_cursor": next_cursor })))
    }

    pub(crate) fn get_message(&mut self, call: &Call<'_>) -> Outcome {
        let message = self.message(call.parameter("messageId"))?;
        Ok(call.reply(self.message_json(message)))
    }

    pub(crate) fn edit_message(&mut self, call: &Call<'_>) -> Outcome {
        let id = call.parameter("messageId");
        let message = self.message(id)?;
        let refuse = |what: &str| Err(ApiError::new(400, 1005, what));
        if !message.is_from_me {
            return refuse("only own messages are edited");
        }
        if message.service != "iMessage" {
            return refuse("only iMessage messages are edited");
        }
        if message.edits >= 5 {
            return refuse("a message is edited five times at most");
        }
        if self.now() - message.created_at > TimeDelta::minutes(15) {
            return refuse("a message is edited within 15 minutes");
        }
        let index = call.valid.body["part_index"].as_u64().unwrap_or(0);
        let text = call.text("text").unwrap_or_default().to_owned();
        self.edit(id, index, &text)?;
        let message = self.message(id)?;
        Ok(call.reply(self.message_json(message)))
    }

    /// Changes the text of a part, and tells of it.
    pub(crate) fn edit(&mut self, id: &str, index: u64, text: &str) -> Result<(), ApiError> {
        let now = self.now();
        let message = self.messages.get_mut(id);
        let message =
            message.ok_or_else(|| ApiError::new(404, 2002, "there is no such message"))?;
        let part = usize::try_from(index)
            .ok()
            .and_then(|index| message.parts.get_mut(index));
        match part.filter(|part| part["type"] == "text") {
            Some(part) => part["value"] = text.into(),
            None => return Err(ApiError::new(400, 1005, "the part is not a text")),
        }
        message.edits += 1;
        message.updated_at = now;
        let message = message.clone();
        let chat = self.chat(&message.chat_id)?;
        let data = json!({
            "chat": self.event_chat(chat), "id": id, "direction": direction(&message),
            "sender_handle": chat.handle(&message.from), "part": { "index": index, "text": text },
            "edited_at": shown(now),
        });
        self.emit_chat("message.edited", &message.chat_id, data);
        Ok(())
    }

    pub(crate) fn delete_message(&mut self, call: &Call<'_>) -> Outcome {
        let id = call.parameter("messageId");
        self.message(id)?;
        self.messages.remove(id);
        self.message_order.retain(|known| known != id);
        Ok(call.empty())
    }

    pub(crate) fn send_reaction(&mut self, call: &Call<'_>) -> Outcome {
        let id = call.parameter("messageId").to_owned();
        let message = self.message(&id)?;
        let line = self.chat(&message.chat_id)?.line.clone();
        let body = &call.valid.body;
        let kind = body["type"].as_str().unwrap_or_default().to_owned();
        let is_added = body["operation"] == "add";
        let emoji = body["custom_emoji"].as_str().map(str::to_owned);
        if kind == "custom" && emoji.is_none() {
            return Err(ApiError::new(400, 1001, "`custom_emoji` is missing"));
        }
        if kind == "sticker" && !is_added {
            return Err(ApiError::new(400, 1005, "stickers cannot be removed"));
        }
        let index = body["part_index"].as_u64().unwrap_or(0);
        self.react(&line, &id, index, &kind, emoji.as_deref(), is_added)?;
        Ok(call.accepted("The reaction will be shown"))
    }

    /// Adds or removes a reaction, and tells of it.
    pub(crate) fn react(
        &mut self,
        from: &str,
        message_id: &str,
        part_index: u64,
        kind: &str,
        emoji: Option<&str>,
        is_added: bool,
    ) -> Result<(), ApiError> {
        let now = self.now();
        let new_id = self.id();
        let message = self.messages.get_mut(message_id);
        let message =
            message.ok_or_else(|| ApiError::new(404, 2002, "there is no such message"))?;
        if message.poll.is_none()
            && usize::try_from(part_index).map_or(true, |index| index >= message.parts.len())
        {
            return Err(ApiError::new(400, 1005, "the message has no such part"));
        }
        let place =
            |reaction: &Reaction| reaction.from == from && reaction.part_index == part_index;
        let known = message.reactions.iter().position(|reaction| {
            place(reaction) && reaction.kind == kind && reaction.emoji.as_deref() == emoji
        });
        let reaction = match (known, is_added) {
            (Some(_), true) => return Ok(()),
            (None, false) => return Err(ApiError::new(409, 2015, "there is no such reaction")),
            (Some(index), false) => message.reactions.remove(index),
            (None, true) => {
                // A person has one tapback on a part; stickers add up.
                message
                    .reactions
                    .retain(|reaction| !place(reaction) || reaction.kind == "sticker");
                let reaction = Reaction {
                    id: new_id,
                    from: from.to_owned(),
                    part_index,
                    kind: kind.to_owned(),
                    emoji: emoji.map(str::to_owned),
                };
                message.reactions.push(reaction.clone());
                reaction
            }
        };
        let (chat_id, is_poll) = (message.chat_id.clone(), message.poll.is_some());
        let chat = self.chat(&chat_id)?;
        let handle = chat.handle(from);
        let data = json!({
            "chat_id": chat_id, "message_id": message_id, "part_index": part_index, "reaction_id": reaction.id,
            "reaction_type": kind, "custom_emoji": emoji, "is_from_me": handle["is_me"], "from": from,
            "from_handle": handle, "service": chat.service, "reacted_at": shown(now), "sticker": null,
        });
        let event = match (is_poll, is_added) {
            (true, _) => "poll.reaction.added",
            (false, true) => "reaction.added",
            (false, false) => "reaction.removed",
        };
        if !is_poll || is_added {
            self.emit_chat(event, &chat_id, data);
        }
        Ok(())
    }

    pub(crate) fn update_sticker(&mut self, call: &Call<'_>) -> Outcome {
        let message = self.message(call.parameter("messageId"))?;
        let id = call.parameter("reactionId");
        match message
            .reactions
            .iter()
            .any(|reaction| reaction.id == id && reaction.kind == "sticker")
        {
            true => Ok(call.reply(
                json!({ "success": true, "status": "accepted", "trace_id": call.trace_id }),
            )),
            false => Err(ApiError::new(404, 2002, "the message has no such sticker")),
        }
    }

    pub(crate) fn update_app_card(&mut self, call: &Call<'_>) -> Outcome {
        let message = self.message(call.parameter("messageId"))?.clone();
        let card = message
            .parts
            .first()
            .filter(|part| part["type"] == "imessage_app")
            .cloned();
        let Some(mut card) = card else {
            return Err(ApiError::new(409, 2018, "the message is not an app card"));
        };
        if message.status == Status::Queued {
            return Err(ApiError::new(409, 2015, "the card is not sent yet"));
        }
        for (name, value) in call.valid.body.as_object().into_iter().flatten() {
            card[name] = value.clone();
        }
        let id = self.id();
        let now = self.now();
        let updated = Message {
            id,
            parts: vec![card],
            status: Status::Queued,
            created_at: now,
            updated_at: now,
            sent_at: None,
            delivered_at: None,
            read_at: None,
            idempotency_key: None,
            trace_id: call.trace_id.to_owned(),
            ..message
        };
        let shown = self.sent_json(&updated);
        let chat_id = updated.chat_id.clone();
        self.on_its_way(updated);
        Ok(call.reply(json!({ "chat_id": chat_id, "message": shown })))
    }

    /// Writes a message as the response of a send shows it.
    pub(crate) fn sent_json(&self, message: &Message) -> Value {
        json!({
            "id": message.id, "created_at": shown(message.created_at), "service": message.service,
            "preferred_service": message.preferred_service, "parts": self.parts_json(message),
            "sent_at": shown_if(message.sent_at), "delivered_at": shown_if(message.delivered_at),
            "delivery_status": message.status, "is_read": false, "effect": message.effect,
            "from_handle": self.handle_json(message), "reply_to": reply_to(message),
        })
    }

    /// Writes a message as reads show it.
    pub(crate) fn message_json(&self, message: &Message) -> Value {
        json!({
            "id": message.id, "chat_id": message.chat_id, "service": message.service,
            "preferred_service": message.preferred_service, "from": message.from,
            "from_handle": self.handle_json(message), "parts": self.parts_json(message),
            "reply_to": reply_to(message), "is_from_me": message.is_from_me,
            "is_delivered": message.delivered_at.is_some(), "delivery_status": message.status,
            "is_read": message.read_at.is_some(), "created_at": shown(message.created_at),
            "updated_at": shown(message.updated_at), "sent_at": shown_if(message.sent_at),
            "delivered_at": shown_if(message.delivered_at), "read_at": shown_if(message.read_at),
            "effect": message.effect,
        })
    }

    fn handle_json(&self, message: &Message) -> Value {
        self.chats
            .get(&message.chat_id)
            .map_or(Value::Null, |chat| chat.handle(&message.from))
    }

    fn parts_json(&self, message: &Message) -> Vec<Value> {
        let chat = self.chats.get(&message.chat_id);
        let parts = message.parts.iter().zip(0_u64..).map(|(part, index)| {
            let mut part = part.clone();
            let own = message
                .reactions
                .iter()
                .filter(|reaction| reaction.part_index == index);
            let reactions: Vec<Value> = own.map(|reaction| reaction_json(reaction, chat)).collect();
            part["reactions"] = if reactions.is_empty() {
                Value::Null
            } else {
                reactions.into()
            };
            if part["type"] == "text" && part.get("text_decorations").is_none() {
                part["text_decorations"] = Value::Null;
            }
            part
        });
        parts.collect()
    }

    /// Writes a chat as events show it.
    pub(crate) fn event_chat(&self, chat: &Chat) -> Value {
        json!({
            "id": chat.id, "is_group": chat.is_group(), "owner_handle": chat.own_handle(),
            "health_status": self.health(chat),
        })
    }

    /// Writes a message as events of the payload version 2026-02-03 hold it.
    pub(crate) fn event_2026(&self, message: &Message, chat: &Chat) -> Value {
        let mut data = json!({
            "chat": self.event_chat(chat), "id": message.id, "direction": direction(message),
            "sender_handle": chat.handle(&message.from), "parts": message.parts, "effect": message.effect,
            "reply_to": reply_to(message), "sent_at": shown_if(message.sent_at),
            "delivered_at": shown_if(message.delivered_at.filter(|_| message.is_from_me)),
            "read_at": shown_if(message.read_at), "service": message.service,
            "preferred_service": message.preferred_service, "zero_retention": false,
        });
        if message.is_from_me {
            data["idempotency_key"] = message.idempotency_key.clone().into();
        }
        data
    }

    /// Writes a message as events of the payload version 2025-01-01 hold it.
    pub(crate) fn event_2025(&self, event: &str, message: &Message, chat: &Chat) -> Value {
        let is_ours = message.is_from_me;
        let recipient = if is_ours {
            Value::Null
        } else {
            chat.own_handle()
        };
        let mut data = json!({
            "chat_id": chat.id, "from": message.from, "from_handle": chat.handle(&message.from),
            "idempotency_key": message.idempotency_key, "is_from_me": is_ours, "is_group": chat.is_group(),
            "message": {
                "id": message.id, "parts": message.parts, "effect": message.effect, "reply_to": reply_to(message),
                "is_delivered": is_ours && message.delivered_at.is_some(), "is_read": message.read_at.is_some(),
                "sent_at": shown_if(message.sent_at), "delivered_at": shown_if(message.delivered_at.filter(|_| is_ours)),
                "read_at": shown_if(message.read_at), "created_at": shown(message.created_at),
                "updated_at": shown(message.updated_at),
            },
            "preferred_service": message.preferred_service, "service": message.service,
            "received_at": if is_ours { Value::Null } else { shown_if(message.sent_at) },
            "recipient_handle": recipient, "recipient_phone": null,
        });
        let time = match event {
            "message.delivered" => Some(("delivered_at", message.delivered_at)),
            "message.read" => Some(("read_at", message.read_at)),
            _ => None,
        };
        if let Some((name, time)) = time {
            data["message_id"] = message.id.clone().into();
            data[name] = shown_if(time);
        }
        data
    }
}

fn direction(message: &Message) -> &'static str {
    if message.is_from_me {
        "outbound"
    } else {
        "inbound"
    }
}

fn reply_to(message: &Message) -> Value {
    message.reply_to.as_ref().map_or(
        Value::Null,
        |(id, index)| json!({ "message_id": id, "part_index": index }),
    )
}

pub(crate) fn reaction_json(reaction: &Reaction, chat: Option<&Chat>) -> Value {
    let handle = chat.map_or(Value::Null, |chat| chat.handle(&reaction.from));
    json!({
        "id": reaction.id, "is_me": handle["is_me"], "handle": handle, "type": reaction.kind,
        "custom_emoji": reaction.emoji,
    })
}
