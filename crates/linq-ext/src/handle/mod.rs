//! Handles: a chat, a message or a line, with what can be done with it.

mod destination;
mod send;

use std::fmt;

use linq_client::{Client, ErrorBody, Operation, ResponseValue};
use uuid::Uuid;

use crate::message::InvalidMessage;
use crate::{Call, Error, Linq};

pub use destination::{Destination, ToChat, ToHandles, ToNewChat};
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

    /// A call with the id, and with a body that keeps the rules.
    pub(crate) fn checked<T, B, F, Fut>(
        &self,
        operation: &'static Operation,
        body: Result<B, InvalidMessage>,
        run: F,
    ) -> Call<T>
    where
        T: Send + 'static,
        B: Send + 'static,
        F: FnOnce(Client, Uuid, B) -> Fut + Send + 'static,
        Fut: Future<Output = Answer<T>> + Send + 'static,
    {
        let id = id("the chat id", self.id);
        checked(&self.linq, operation, id, body, run)
    }

    /// The id; `None` if what [`Linq::chat`] was given is not a UUID.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        self.id
    }
}

#[allow(dead_code, reason = "which calls there are is up to the features")]
impl MessageHandle {
    pub(crate) fn linq(&self) -> &Linq {
        &self.linq
    }

    /// The id; `None` if what [`Linq::message`] was given is not a UUID.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        self.id
    }
}

#[allow(dead_code, reason = "which calls there are is up to the features")]
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

type Answer<T> = Result<ResponseValue<T>, linq_client::Error<ErrorBody>>;

/// The id, or an error that says which one is not a UUID.
fn id(which: &str, id: Option<Uuid>) -> Result<Uuid, Error> {
    id.ok_or_else(|| Error::invalid_request(format!("{which} is not a UUID")))
}

/// A call with an id and a body, which fails before anything is sent if one of them is unfit.
fn checked<T, B, F, Fut>(
    linq: &Linq,
    operation: &'static Operation,
    id: Result<Uuid, Error>,
    body: Result<B, InvalidMessage>,
    run: F,
) -> Call<T>
where
    T: Send + 'static,
    B: Send + 'static,
    F: FnOnce(Client, Uuid, B) -> Fut + Send + 'static,
    Fut: Future<Output = Answer<T>> + Send + 'static,
{
    match (id, body) {
        (Err(error), _) => Call::failed(linq, error.with_operation(operation)),
        (_, Err(invalid)) => Call::invalid(linq, operation, invalid),
        (Ok(id), Ok(body)) => Call::new(linq, move |client| run(client, id, body)),
    }
}
