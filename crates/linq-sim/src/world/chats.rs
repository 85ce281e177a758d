//! Chats and who is in them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, Outcome, Time, Timer, World, shown, shown_if};
use crate::error::ApiError;

/// A conversation of a line with one person or several.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Chat {
    pub(crate) id: String,
    pub(crate) line: String,
    /// The id of the line as a participant.
    pub(crate) line_handle_id: String,
    pub(crate) members: Vec<Member>,
    pub(crate) display_name: Option<String>,
    pub(crate) icon: Option<String>,
    pub(crate) background: Option<Value>,
    pub(crate) service: String,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
    /// Whether the line has left.
    pub(crate) is_left: bool,
    /// Whether the line is shown as typing.
    pub(crate) is_typing: bool,
    pub(crate) typing_people: Vec<String>,
    pub(crate) last_outbound: Option<Time>,
}

/// A person in a chat.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) handle: String,
    pub(crate) joined_at: Time,
    pub(crate) left_at: Option<Time>,
}

impl Chat {
    /// Returns whether more than one other person is, or was, in the chat.
    pub(crate) fn is_group(&self) -> bool {
        self.members.len() > 1
    }

    /// Returns a person of the chat.
    pub(crate) fn member(&self, handle: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.handle == handle)
    }

    /// Returns the persons that are in the chat now.
    pub(crate) fn present(&self) -> impl Iterator<Item = &Member> {
        self.members
            .iter()
            .filter(|member| member.left_at.is_none())
    }

    /// Returns the line as a participant.
    pub(crate) fn own_handle(&self) -> Value {
        json!({
            "id": self.line_handle_id, "handle": self.line, "service": self.service, "status": "active",
            "joined_at": shown(self.created_at), "left_at": null, "is_me": true, "line_type": "iMessage",
        })
    }

    /// Returns a participant by number or address.
    pub(crate) fn handle(&self, handle: &str) -> Value {
        match self.member(handle) {
            Some(member) => json!({
                "id": member.id, "handle": member.handle, "service": self.service,
                "status": if member.left_at.is_some() { "left" } else { "active" },
                "joined_at": shown(member.joined_at), "left_at": shown_if(member.left_at), "is_me": false,
                "line_type": null,
            }),
            None => self.own_handle(),
        }
    }

    /// Returns all participants, the line first.
    pub(crate) fn handles(&self) -> Vec<Value> {
        let others = self
            .members
            .iter()
            .map(|member| self.handle(&member.handle));
        std::iter::once(self.own_handle()).chain(others).collect()
    }
}

impl World {
    /// Finds the chat of a line with exactly these persons, unless it has a name or its members changed.
    pub(crate) fn find_chat(&self, line: &str, members: &[String]) -> Option<String> {
        let mut wanted: Vec<&str> = members.iter().map(String::as_str).collect();
        wanted.sort_unstable();
        let found = self.chats.values().find(|chat| {
            let mut present: Vec<&str> = chat
                .members
                .iter()
                .map(|member| member.handle.as_str())
                .collect();
            present.sort_unstable();
            let is_unchanged = chat.members.iter().all(|member| member.left_at.is_none());
            let is_named_group = chat.is_group() && chat.display_name.is_some();
            chat.line == line
                && present == wanted
                && is_unchanged
                && !is_named_group
                && !chat.is_left
        });
        found.map(|chat| chat.id.clone())
    }

    /// Makes a chat, and tells subscriptions of it.
    pub(crate) fn new_chat(&mut self, line: &str, members: &[String]) -> String {
        let now = self.now();
        let id = self.id();
        let line_handle_id = self.id();
        let people: Vec<_> = members.iter().map(|handle| self.person(handle)).collect();
        let service = if people.iter().all(|person| person.has_imessage) {
            "iMessage"
        } else if people.iter().all(|person| person.has_rcs) {
            "RCS"
        } else {
            "SMS"
        };
        let member = |handle: &String| Member {
            id: self.id(),
            handle: handle.clone(),
            joined_at: now,
            left_at: None,
        };
        let members: Vec<Member> = members.iter().map(member).collect();
        let chat = Chat {
            id: id.clone(),
            line: line.to_owned(),
            line_handle_id,
            members,
            display_name: None,
            icon: None,
            background: None,
            service: service.to_owned(),
            created_at: now,
            updated_at: now,
            is_left: false,
            is_typing: false,
            typing_people: Vec::new(),
            last_outbound: None,
        };
        let mut data = json!({
            "id": id, "display_name": display_name(&chat), "service": chat.service, "handles": chat.handles(),
            "is_group": chat.is_group(), "created_at": shown(now), "updated_at": shown(now),
        });
        data["health_status"] = self.health(&chat);
        self.chats.insert(id.clone(), chat);
        self.emit_chat("chat.created", &id, data);
        id
    }

    /// Returns a chat that the account may act in, or the API's error.
    pub(crate) fn chat(&self, id: &str) -> Result<&Chat, ApiError> {
        self.chats
            .get(id)
            .ok_or_else(|| ApiError::new(404, 2001, "there is no such chat"))
    }

    /// Returns a chat that the line has not left.
    pub(crate) fn open_chat(&self, id: &str) -> Result<&Chat, ApiError> {
        let chat = self.chat(id)?;
        match chat.is_left {
            true => Err(ApiError::new(409, 2013, "the line has left this chat")),
            false => Ok(chat),
        }
    }

    /// Returns a chat as responses show it.
    pub(crate) fn chat_json(&self, chat: &Chat) -> Value {
        json!({
            "id": chat.id, "display_name": display_name(chat), "service": chat.service, "handles": chat.handles(),
            "is_archived": false, "is_group": chat.is_group(), "group_chat_icon": chat.icon,
            "created_at": shown(chat.created_at), "updated_at": shown(chat.updated_at),
            "health_status": self.health(chat), "health_score": null,
        })
    }

    pub(crate) fn list_chats(&mut self, call: &Call<'_>) -> Outcome {
        let query = |name: &str| call.valid.query.get(name).and_then(Value::as_str);
        let (from, to) = (query("from"), query("to"));
        let mut chats: Vec<&Chat> = self
            .chats
            .values()
            .filter(|chat| from.is_none_or(|from| chat.line == from))
            .filter(|chat| to.is_none_or(|to| chat.member(to).is_some()))
            .collect();
        chats.sort_by(|one, other| (other.updated_at, &other.id).cmp(&(one.updated_at, &one.id)));
        let (page, next_cursor) = page(call, chats, 20, |chat| &chat.id)?;
        let page: Vec<Value> = page.into_iter().map(|chat| self.chat_json(chat)).collect();
        Ok(call.reply(json!({ "chats": page, "next_cursor": next_cursor })))
    }

    pub(crate) fn get_chat(&mut self, call: &Call<'_>) -> Outcome {
        let chat = self.chat(call.parameter("chatId"))?;
        Ok(call.reply(self.chat_json(chat)))
    }

    pub(crate) fn update_chat(&mut self, call: &Call<'_>) -> Outcome {
        let chat = self.open_chat(call.parameter("chatId"))?;
        if !chat.is_group() {
            return Err(ApiError::new(
                409,
                1006,
                "only groups have a name and an icon",
            ));
        }
        let (id, own, now) = (chat.id.clone(), chat.own_handle(), self.now());
        for (member, event) in [
            ("display_name", "chat.group_name_updated"),
            ("group_chat_icon", "chat.group_icon_updated"),
        ] {
            let Some(value) = call.text(member) else {
                continue;
            };
            let Some(chat) = self.chats.get_mut(&id) else {
                continue;
            };
            let place = if member == "display_name" {
                &mut chat.display_name
            } else {
                &mut chat.icon
            };
            let old = place.replace(value.to_owned());
            chat.updated_at = now;
            let data = json!({
                "chat_id": id, "old_value": old, "new_value": value, "changed_by_handle": own, "updated_at": shown(now),
            });
            self.emit_chat(event, &id, data);
        }
        Ok(call.reply(json!({ "status": "pending", "chat_id": id })))
    }

    pub(crate) fn add_participant(&mut self, call: &Call<'_>) -> Outcome {
        let handle = self.handle(call.text("handle").unwrap_or_default())?;
        let chat = self.imessage_group(call)?;
        let id = chat.id.clone();
        if chat.present().any(|member| member.handle == handle) {
            return Err(ApiError::new(409, 2015, "the person is in this chat"));
        }
        let now = self.now();
        let member_id = self.id();
        if let Some(chat) = self.chats.get_mut(&id) {
            chat.members.retain(|member| member.handle != handle);
            chat.members.push(Member {
                id: member_id,
                handle: handle.clone(),
                joined_at: now,
                left_at: None,
            });
            chat.updated_at = now;
            let participant = chat.handle(&handle);
            let data = json!({
                "chat_id": id, "handle": handle, "participant": participant, "added_at": shown(now),
            });
            self.emit_chat("participant.added", &id, data);
        }
        Ok(call.accepted("The person will be added"))
    }

    pub(crate) fn remove_participant(&mut self, call: &Call<'_>) -> Outcome {
        let handle = self.handle(call.text("handle").unwrap_or_default())?;
        let chat = self.imessage_group(call)?;
        let id = chat.id.clone();
        if !chat.present().any(|member| member.handle == handle) {
            return Err(ApiError::new(400, 1005, "the person is not in this chat"));
        }
        // With the line itself three have to stay.
        if chat.present().count() < 3 {
            return Err(ApiError::new(
                409,
                2015,
                "a group keeps at least three participants",
            ));
        }
        let now = self.now();
        if let Some(chat) = self.chats.get_mut(&id) {
            for member in chat
                .members
                .iter_mut()
                .filter(|member| member.handle == handle)
            {
                member.left_at = Some(now);
            }
            chat.updated_at = now;
            let participant = chat.handle(&handle);
            let data = json!({
                "chat_id": id, "handle": handle, "participant": participant, "removed_at": shown(now),
            });
            self.emit_chat("participant.removed", &id, data);
        }
        Ok(call.accepted("The person will be removed"))
    }

    pub(crate) fn leave_chat(&mut self, call: &Call<'_>) -> Outcome {
        let chat = self.imessage_group(call)?;
        if chat.present().count() + 1 < 4 {
            return Err(ApiError::new(
                409,
                2015,
                "leaving needs at least four participants",
            ));
        }
        let id = chat.id.clone();
        if let Some(chat) = self.chats.get_mut(&id) {
            chat.is_left = true;
        }
        Ok(call.accepted("The line will leave"))
    }

    fn imessage_group(&self, call: &Call<'_>) -> Result<&Chat, ApiError> {
        let chat = self.open_chat(call.parameter("chatId"))?;
        if !chat.is_group() {
            return Err(ApiError::new(
                409,
                2015,
                "a direct chat keeps its participants",
            ));
        }
        match chat.service.as_str() {
            "iMessage" => Ok(chat),
            _ => Err(ApiError::new(
                409,
                2017,
                "only iMessage groups change their participants",
            )),
        }
    }

    pub(crate) fn start_typing(&mut self, call: &Call<'_>) -> Outcome {
        let chat = self.open_chat(call.parameter("chatId"))?;
        let (id, is_shown) = (
            chat.id.clone(),
            chat.service == "iMessage" && self.wrote_lately(chat),
        );
        let mut reply = call.empty();
        if !is_shown {
            reply.warnings.push(
                "typing is shown in iMessage chats with a message of the last five minutes"
                    .to_owned(),
            );
            return Ok(reply);
        }
        if let Some(chat) = self.chats.get_mut(&id) {
            chat.is_typing = true;
        }
        self.after(88_000, Timer::TypingEnds(id));
        Ok(reply)
    }

    pub(crate) fn stop_typing(&mut self, call: &Call<'_>) -> Outcome {
        let id = self.open_chat(call.parameter("chatId"))?.id.clone();
        self.typing_ended(&id);
        Ok(call.empty())
    }

    /// The line is no longer shown as typing.
    pub(crate) fn typing_ended(&mut self, chat_id: &str) {
        if let Some(chat) = self.chats.get_mut(chat_id) {
            chat.is_typing = false;
        }
    }

    pub(crate) fn mark_chat_as_read(&mut self, call: &Call<'_>) -> Outcome {
        let chat = self.open_chat(call.parameter("chatId"))?;
        let (id, is_group, now) = (chat.id.clone(), chat.is_group(), self.now());
        // In groups it has no effect.
        for message in self.messages.values_mut() {
            if message.chat_id == id
                && !message.is_from_me
                && message.read_at.is_none()
                && !is_group
            {
                message.read_at = Some(now);
                message.updated_at = now;
            }
        }
        Ok(call.empty())
    }

    pub(crate) fn share_contact_card(&mut self, call: &Call<'_>) -> Outcome {
        let chat = self.open_chat(call.parameter("chatId"))?;
        let (id, line, wrote) = (
            chat.id.clone(),
            chat.line.clone(),
            chat.last_outbound.is_some(),
        );
        if !self.contact_cards.contains_key(&line) {
            return Err(ApiError::new(404, 2012, "the line has no contact card"));
        }
        if !wrote {
            return Err(ApiError::new(
                409,
                2015,
                "a contact card follows a message of the line",
            ));
        }
        self.limit(format!("share_contact_card {id}"), 1, 300)?;
        Ok(call.empty())
    }

    pub(crate) fn set_background(&mut self, call: &Call<'_>) -> Outcome {
        let chat = self.open_chat(call.parameter("chatId"))?;
        if chat.service != "iMessage" {
            return Err(ApiError::new(
                409,
                2017,
                "only iMessage chats have a background",
            ));
        }
        let id = chat.id.clone();
        let is_set = call.operation.id == "setChatBackground";
        let background = is_set.then(|| call.valid.body.clone());
        let mut shown_background = json!({ "type": "none", "style": null, "variant": null, "shades": null, "image_url": null });
        for (name, value) in background.iter().filter_map(Value::as_object).flatten() {
            shown_background[name] = value.clone();
        }
        let Some(chat) = self.chats.get_mut(&id) else {
            return Ok(call.empty());
        };
        chat.background = background;
        let data = json!({
            "chat": { "id": id, "is_group": chat.is_group(), "owner_handle": chat.own_handle() },
            "actor_handle": chat.own_handle(), "background": shown_background,
        });
        self.emit_chat("chat.background_updated", &id, data);
        Ok(call.empty())
    }
}

/// The name of a chat: its own, or the persons in it.
pub(crate) fn display_name(chat: &Chat) -> String {
    let people = || {
        let handles: Vec<&str> = chat
            .members
            .iter()
            .map(|member| member.handle.as_str())
            .collect();
        handles.join(", ")
    };
    chat.display_name.clone().unwrap_or_else(people)
}

/// Cuts a page out of a list, and returns the cursor of the next one.
pub(crate) fn page<'a, T>(
    call: &Call<'_>,
    mut items: Vec<&'a T>,
    usual: usize,
    id: impl Fn(&T) -> &String,
) -> Result<(Vec<&'a T>, Option<String>), ApiError> {
    let limit = call.valid.query.get("limit").and_then(Value::as_u64);
    let limit = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(usual)
        .clamp(1, 100);
    if let Some(cursor) = call.valid.query.get("cursor").and_then(Value::as_str) {
        // A cursor is the id of the last item of the page before.
        let last = items.iter().position(|item| id(item) == cursor);
        let last =
            last.ok_or_else(|| ApiError::new(400, 1005, "the cursor is not one of this list"))?;
        items.drain(..=last);
    }
    let has_more = items.len() > limit;
    items.truncate(limit);
    let cursor = items
        .last()
        .filter(|_| has_more)
        .map(|item| id(item).clone());
    Ok((items, cursor))
}
