//! What the API demands of messages beyond the schemas.

use serde_json::Value;

use super::World;
use crate::error::ApiError;

/// Most media of a message that are given by a public address.
const MOST_PUBLIC_MEDIA: usize = 40;

/// Where a message goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The first message of a new chat by `POST /v3/chats`.
    NewChat,
    DirectChat,
    Group,
}

impl World {
    /// Checks the content of a message.
    pub(crate) fn check_content(&self, content: &Value, place: Place) -> Result<(), ApiError> {
        let bad = |what: &str| Err(ApiError::new(400, 1004, what));
        let has_experience = content
            .get("experience")
            .is_some_and(|experience| !experience.is_null());
        let parts = content["parts"].as_array();
        match (parts, has_experience) {
            (Some(_), true) => return bad("a message has `parts` or an `experience`, not both"),
            (None, false) => return Err(ApiError::new(400, 1001, "`message.parts` is missing")),
            (None, true) => return Ok(()),
            (Some(_), false) => {}
        }
        let parts = parts.map_or(&[][..], Vec::as_slice);
        let kind = |part: &Value| part["type"].as_str().unwrap_or_default().to_owned();
        for alone in ["link", "imessage_app", "app_clip"] {
            if parts.len() > 1 && parts.iter().any(|part| kind(part) == alone) {
                return bad(&format!(
                    "a part of type `{alone}` is the only one of its message"
                ));
            }
        }
        if parts
            .windows(2)
            .any(|pair| kind(&pair[0]) == "text" && kind(&pair[1]) == "text")
        {
            return bad("two parts of type `text` do not follow each other");
        }
        let public = parts.iter().filter(|part| part["url"].is_string()).count();
        if public > MOST_PUBLIC_MEDIA {
            return bad("at most 40 media are given by address");
        }
        for part in parts {
            match kind(part).as_str() {
                "media" => self.check_media(part)?,
                "text" => check_text(part, place)?,
                _ => {}
            }
        }
        if place == Place::NewChat {
            first_message(content, parts)?;
        }
        if let Some(reply_to) = content["reply_to"]["message_id"].as_str()
            && !self.messages.contains_key(reply_to)
        {
            return Err(ApiError::new(
                404,
                2002,
                "the message to reply to is not there",
            ));
        }
        Ok(())
    }

    fn check_media(&self, part: &Value) -> Result<(), ApiError> {
        match (part["url"].as_str(), part["attachment_id"].as_str()) {
            (Some(_), None) => Ok(()),
            (None, Some(id)) => match self.attachments.get(id) {
                None => Err(ApiError::new(404, 2003, "there is no such attachment")),
                Some(attachment) if !attachment.is_ready => Err(ApiError::new(
                    404,
                    2007,
                    "the attachment is not uploaded yet",
                )),
                Some(_) => Ok(()),
            },
            _ => Err(ApiError::new(
                400,
                1004,
                "a media part has `url` or `attachment_id`",
            )),
        }
    }
}

/// Links, effects and replies do not begin a conversation.
fn first_message(content: &Value, parts: &[Value]) -> Result<(), ApiError> {
    let refuse = |what: &str| {
        Err(ApiError::new(
            400,
            1005,
            format!("the first message of a chat has no {what}"),
        ))
    };
    for part in parts {
        let text = part["value"].as_str().unwrap_or_default();
        if part["type"] == "link"
            || ["http://", "https://", "www."]
                .iter()
                .any(|start| text.contains(start))
        {
            return refuse("link");
        }
    }
    if content
        .get("effect")
        .is_some_and(|effect| !effect.is_null())
    {
        return refuse("effect");
    }
    match content.get("reply_to") {
        Some(reply_to) if !reply_to.is_null() => refuse("reply"),
        _ => Ok(()),
    }
}

/// Ranges count UTF-16 code units and do not split characters.
fn check_text(part: &Value, place: Place) -> Result<(), ApiError> {
    let bad = |what: &str| Err(ApiError::new(400, 1004, what));
    let units: Vec<u16> = part["value"]
        .as_str()
        .unwrap_or_default()
        .encode_utf16()
        .collect();
    let mut animations: Vec<(u64, u64)> = Vec::new();
    for decoration in part["text_decorations"].as_array().into_iter().flatten() {
        let (start, end) = range(&decoration["range"], &units)?;
        match (
            decoration["style"].is_string(),
            decoration["animation"].is_string(),
        ) {
            (true, false) => {
                if animations.iter().any(|other| overlap(*other, (start, end))) {
                    return bad("an animation overlaps nothing");
                }
            }
            (false, true) => animations.push((start, end)),
            _ => return bad("a decoration has a `style` or an `animation`"),
        }
    }
    for (index, one) in animations.iter().enumerate() {
        if animations[index + 1..]
            .iter()
            .any(|other| overlap(*one, *other))
        {
            return bad("animations do not overlap");
        }
    }
    if part["mention"].is_string() {
        if place != Place::Group {
            return Err(ApiError::new(
                409,
                2023,
                "only messages to groups mention people",
            ));
        }
        range(&part["mention_range"], &units)?;
    }
    Ok(())
}

fn overlap(one: (u64, u64), other: (u64, u64)) -> bool {
    one.0 < other.1 && other.0 < one.1
}

fn range(range: &Value, units: &[u16]) -> Result<(u64, u64), ApiError> {
    let wrong = || {
        ApiError::new(
            400,
            1004,
            "a range lies inside its text, counted in UTF-16 code units",
        )
    };
    let (start, end) = (
        range[0].as_u64().ok_or_else(wrong)?,
        range[1].as_u64().ok_or_else(wrong)?,
    );
    let is_inside = start < end && usize::try_from(end).is_ok_and(|end| end <= units.len());
    let splits = |at: u64| {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        units
            .get(at)
            .is_some_and(|unit| (0xdc00..0xe000).contains(unit))
    };
    match is_inside && !splits(start) && !splits(end) {
        true => Ok((start, end)),
        false => Err(wrong()),
    }
}
