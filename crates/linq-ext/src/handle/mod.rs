//! Handles: a chat, a message or a line, with what can be done with it.

mod account;
mod background;
mod chat;
mod destination;
mod line;
mod message;
mod payment;
mod reaction;
mod send;
mod subscription;

use std::fmt;

use uuid::Uuid;

use crate::{Error, Linq};

pub use background::Background;
pub use destination::{Destination, ToChat, ToHandles, ToNewChat};
pub use line::AvailableNumber;
pub use reaction::{Reaction, Sticker};
pub use send::SendMessage;

/// A chat by its id; start with [`Linq::chat`].
///
/// It owns a clone of the client, and making one sends nothing.
#[derive(Clone)]
pub struct ChatHandle {
    linq: Linq,
    /// `None` if what was given is not a UUID; calls fail then.
    id: Option<Uuid>,
}

/// A message by its id; start with [`Linq::message`].
///
/// It owns a clone of the client, and making one sends nothing.
#[derive(Clone)]
pub struct MessageHandle {
    linq: Linq,
    /// `None` if what was given is not a UUID; calls fail then.
    id: Option<Uuid>,
}

/// A line, which is a phone number of one's own; start with [`Linq::line`].
///
/// It owns a clone of the client, and making one sends nothing.
#[derive(Clone)]
pub struct LineHandle {
    linq: Linq,
    number: String,
}

impl Linq {
    /// A chat, by its id: a [`Uuid`], or text that is one.
    ///
    /// Calls on a handle whose id is not a UUID fail with [`Error::is_invalid_request`](crate::Error::is_invalid_request),
    /// and send nothing.
    #[must_use]
    pub fn chat(&self, id: impl TryInto<Uuid>) -> ChatHandle {
        ChatHandle {
            linq: self.clone(),
            id: id.try_into().ok(),
        }
    }

    /// A message, by its id: a [`Uuid`], or text that is one; see [`chat`](Self::chat).
    #[must_use]
    pub fn message(&self, id: impl TryInto<Uuid>) -> MessageHandle {
        MessageHandle {
            linq: self.clone(),
            id: id.try_into().ok(),
        }
    }

    /// A line, by its phone number in E.164, such as `+12025550100`.
    #[must_use]
    pub fn line(&self, number: impl Into<String>) -> LineHandle {
        LineHandle {
            linq: self.clone(),
            number: number.into(),
        }
    }
}

impl ChatHandle {
    pub(crate) fn linq(&self) -> &Linq {
        &self.linq
    }

    /// The id, for a call.
    pub(crate) fn uuid(&self) -> Result<Uuid, Error> {
        uuid("chat", self.id)
    }

    /// The id, and what else a call needs.
    pub(crate) fn uuid_and<B>(&self, body: Result<B, Error>) -> Result<(Uuid, B), Error> {
        Ok((self.uuid()?, body?))
    }

    /// The id; `None` if what [`Linq::chat`] was given is not a UUID.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        self.id
    }
}

impl MessageHandle {
    pub(crate) fn linq(&self) -> &Linq {
        &self.linq
    }

    /// The id, for a call.
    pub(crate) fn uuid(&self) -> Result<Uuid, Error> {
        uuid("message", self.id)
    }

    /// The id, and what else a call needs.
    pub(crate) fn uuid_and<B>(&self, body: Result<B, Error>) -> Result<(Uuid, B), Error> {
        Ok((self.uuid()?, body?))
    }

    /// The id; `None` if what [`Linq::message`] was given is not a UUID.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        self.id
    }
}

impl LineHandle {
    pub(crate) fn linq(&self) -> &Linq {
        &self.linq
    }

    /// The phone number.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }
}

impl fmt::Debug for ChatHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ChatHandle")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for MessageHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MessageHandle")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Without the number.
impl fmt::Debug for LineHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LineHandle").finish_non_exhaustive()
    }
}

/// The id, or an error that says which one is not a UUID.
fn uuid(which: &str, id: Option<Uuid>) -> Result<Uuid, Error> {
    id.ok_or_else(|| Error::invalid_request(format!("the {which} id is not a UUID")))
}

fn strings<S: Into<String>>(texts: impl IntoIterator<Item = S>) -> Vec<String> {
    texts.into_iter().map(Into::into).collect()
}
