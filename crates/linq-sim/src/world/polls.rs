//! Polls.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::messages::{Message, Status, reaction_json};
use super::{Call, Outcome, Time, World, shown, shown_if};
use crate::error::ApiError;

/// A poll, which is a message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Poll {
    pub(crate) options: Vec<PollOption>,
}

/// An option of a poll.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PollOption {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) creator: String,
    /// Numbers and addresses, and when they voted.
    pub(crate) voters: Vec<(String, Time)>,
}

impl World {
    fn options(&mut self, texts: &Value, creator: &str) -> Vec<PollOption> {
        let texts = texts.as_array().cloned().unwrap_or_default();
        let option = |text: &Value| PollOption {
            id: self.id(),
            text: text["text"]
                .as_str()
                .or(text.as_str())
                .unwrap_or_default()
                .to_owned(),
            creator: creator.to_owned(),
            voters: Vec::new(),
        };
        texts.iter().map(option).collect()
    }

    pub(crate) fn create_poll(&mut self, call: &Call<'_>) -> Outcome {
        let chat = self.open_chat(call.parameter("chatId"))?.clone();
        if chat.service != "iMessage" {
            return Err(ApiError::new(409, 2017, "only iMessage chats have polls"));
        }
        let options = self.options(&call.valid.body["poll"]["options"], &chat.line);
        if options.len() < 2 {
            return Err(ApiError::new(400, 1005, "a poll has at least two options"));
        }
        let id = self.id();
        let now = self.now();
        self.on_its_way(Message {
            id: id.clone(),
            chat_id: chat.id.clone(),
            from: chat.line.clone(),
            is_from_me: true,
            parts: Vec::new(),
            effect: None,
            reply_to: None,
            service: chat.service.clone(),
            preferred_service: None,
            status: Status::Queued,
            created_at: now,
            updated_at: now,
            sent_at: None,
            delivered_at: None,
            read_at: None,
            idempotency_key: call.valid.body["poll"]["idempotency_key"]
                .as_str()
                .map(str::to_owned),
            reactions: Vec::new(),
            edits: 0,
            poll: Some(Poll { options }),
            trace_id: call.trace_id.to_owned(),
        });
        self.envelope(call, &id)
    }

    pub(crate) fn get_poll(&mut self, call: &Call<'_>) -> Outcome {
        self.envelope(call, call.parameter("messageId"))
    }

    pub(crate) fn add_poll_options(&mut self, call: &Call<'_>) -> Outcome {
        let id = call.parameter("messageId");
        let line = self.poll_message(id)?.from.clone();
        let options = self.options(&call.valid.body["options"], &line);
        let (now, ids) = (
            self.now(),
            options
                .iter()
                .map(|option| option.id.clone())
                .collect::<Vec<_>>(),
        );
        if let Some(message) = self.messages.get_mut(id) {
            message.updated_at = now;
            if let Some(poll) = &mut message.poll {
                poll.options.extend(options);
            }
        }
        let message = self.poll_message(id)?;
        let all = self.poll_json(message)["options"].clone();
        let added: Vec<Value> = all
            .as_array()
            .into_iter()
            .flatten()
            .filter(|option| ids.iter().any(|id| option["option_id"] == id.as_str()))
            .cloned()
            .collect();
        let mut data = self.poll_event(message);
        data["added_options"] = added.into();
        for other in [
            "poll",
            "sent_at",
            "delivered_at",
            "read_at",
            "created_at",
            "updated_at",
        ] {
            data.as_object_mut().and_then(|data| data.remove(other));
        }
        let chat_id = message.chat_id.clone();
        self.emit_chat("poll.updated", &chat_id, data);
        self.envelope(call, id)
    }

    pub(crate) fn vote_poll(&mut self, call: &Call<'_>) -> Outcome {
        let id = call.parameter("messageId");
        let message = self.poll_message(id)?;
        let line = self.chat(&message.chat_id)?.line.clone();
        let is_added = call.valid.body["operation"] == "add";
        self.vote(
            &line,
            id,
            call.text("option_id").unwrap_or_default(),
            is_added,
        )?;
        self.envelope(call, id)
    }

    /// Adds or removes a vote, and tells of it.
    pub(crate) fn vote(
        &mut self,
        from: &str,
        message_id: &str,
        option_id: &str,
        is_added: bool,
    ) -> Result<(), ApiError> {
        let now = self.now();
        self.poll_message(message_id)?;
        let option = self.messages.get_mut(message_id).and_then(|message| {
            message.updated_at = now;
            message
                .poll
                .as_mut()?
                .options
                .iter_mut()
                .find(|option| option.id == option_id)
        });
        let option =
            option.ok_or_else(|| ApiError::new(404, 2002, "the poll has no such option"))?;
        let has_voted = option.voters.iter().any(|(voter, _)| voter == from);
        if has_voted == is_added {
            return Ok(());
        }
        option.voters.retain(|(voter, _)| voter != from);
        if is_added {
            option.voters.push((from.to_owned(), now));
        }
        let message = self.poll_message(message_id)?;
        let chat = self.chat(&message.chat_id)?;
        let voter = chat.handle(from);
        let data = json!({
            "chat": self.event_chat(chat), "message_id": message_id, "option_id": option_id,
            "direction": if voter["is_me"] == true { "outbound" } else { "inbound" },
            "sender_handle": voter, "service": message.service, "zero_retention": false,
        });
        let event = if is_added {
            "poll.vote.added"
        } else {
            "poll.vote.removed"
        };
        let chat_id = message.chat_id.clone();
        self.emit_chat(event, &chat_id, data);
        Ok(())
    }

    fn poll_message(&self, id: &str) -> Result<&Message, ApiError> {
        let message = self
            .messages
            .get(id)
            .filter(|message| message.poll.is_some());
        message.ok_or_else(|| ApiError::new(404, 2002, "there is no such poll"))
    }

    fn envelope(&self, call: &Call<'_>, id: &str) -> Outcome {
        let message = self.poll_message(id)?;
        let chat = self.chats.get(&message.chat_id);
        let reactions: Vec<Value> = message
            .reactions
            .iter()
            .map(|reaction| reaction_json(reaction, chat))
            .collect();
        Ok(call.reply(json!({
            "chat_id": message.chat_id, "message_id": message.id, "poll": self.poll_json(message),
            "reactions": reactions, "created_at": shown(message.created_at), "updated_at": shown(message.updated_at),
        })))
    }

    fn poll_json(&self, message: &Message) -> Value {
        let chat = self.chats.get(&message.chat_id);
        let handle = |handle: &String| chat.map_or(Value::Null, |chat| chat.handle(handle));
        let options = message.poll.iter().flat_map(|poll| &poll.options);
        let mut voters: Vec<&String> = options
            .clone()
            .flat_map(|option| option.voters.iter().map(|(voter, _)| voter))
            .collect();
        voters.sort();
        voters.dedup();
        let total = voters.len();
        let options: Vec<Value> = options
            .map(|option| {
                let voters: Vec<Value> = option
                    .voters
                    .iter()
                    .map(|(voter, at)| json!({ "handle": voter, "voted_at": shown(*at) }))
                    .collect();
                json!({
                    "option_id": option.id, "text": option.text, "can_be_edited": false,
                    "creator_handle": handle(&option.creator), "voters": voters,
                })
            })
            .collect();
        json!({ "options": options, "total_voters": total })
    }

    /// Writes a poll as its events hold it.
    pub(crate) fn poll_event(&self, message: &Message) -> Value {
        let chat = self.chats.get(&message.chat_id);
        json!({
            "chat": chat.map_or(Value::Null, |chat| self.event_chat(chat)), "message_id": message.id,
            "direction": if message.is_from_me { "outbound" } else { "inbound" },
            "sender_handle": chat.map_or(Value::Null, |chat| chat.handle(&message.from)),
            "poll": self.poll_json(message), "service": message.service, "zero_retention": false,
            "sent_at": shown_if(message.sent_at), "delivered_at": shown_if(message.delivered_at),
            "read_at": shown_if(message.read_at), "created_at": shown(message.created_at),
            "updated_at": shown(message.updated_at),
        })
    }
}
