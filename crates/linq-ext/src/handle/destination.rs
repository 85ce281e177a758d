//! Where a message goes.

use std::fmt;

use linq_client::Operation;
use linq_client::operations::{CREATE_CHAT, CREATE_MESSAGE, SEND_MESSAGE_TO_CHAT};
use linq_types::{
    ContinuationMessage, CreateChatRequest, CreateChatResult, CreateMessageRequest,
    CreateMessageResult, SendMessageResponse, SendMessageToChatRequest,
};

use super::ChatHandle;
use crate::message::{MAX_RECIPIENTS, report_line, report_recipients};
use crate::{Call, Error, Linq, Message};

/// Where a [`SendMessage`](crate::SendMessage) goes: [`ToNewChat`], [`ToChat`] or [`ToHandles`].
pub trait Destination: sealed::Sealed + Sized + Send + 'static {
    /// What the API answers.
    type Answer: Send + 'static;

    /// The operation that sends there.
    #[doc(hidden)]
    const OPERATION: &'static Operation;

    /// The call that sends the message, or fails because it breaks a rule.
    #[doc(hidden)]
    fn call(self, linq: &Linq, message: Message, overrides_optout: bool) -> Call<Self::Answer>;
}

mod sealed {
    #[allow(unnameable_types, reason = "nobody else is to implement it")]
    pub trait Sealed {}
    impl Sealed for super::ToNewChat {}
    impl Sealed for super::ToChat {}
    impl Sealed for super::ToHandles {}
}

/// A chat of a line with certain handles, which is opened if there is none; see [`Linq::create_chat`].
pub struct ToNewChat {
    /// `None` if there is no default line.
    pub(super) from: Option<String>,
    pub(super) to: Vec<String>,
}

/// A chat that exists; see [`ChatHandle::message`](crate::ChatHandle::message).
pub struct ToChat(pub(super) ChatHandle);

/// Handles, from whichever line Linq finds best; see [`Linq::send_to`].
pub struct ToHandles {
    pub(super) to: Vec<String>,
    pub(super) continuation: Option<String>,
    pub(super) exclude_from: Vec<String>,
}

impl Destination for ToNewChat {
    type Answer = CreateChatResult;
    const OPERATION: &'static Operation = &CREATE_CHAT;

    fn call(self, linq: &Linq, message: Message, overrides_optout: bool) -> Call<CreateChatResult> {
        let body = self.body(message, overrides_optout);
        Call::prepared(linq, Self::OPERATION, body, |client, body| {
            client.create_chat().body(body).prepare()
        })
    }
}

impl ToNewChat {
    fn body(self, mut message: Message, overrides: bool) -> Result<CreateChatRequest, Error> {
        let from = self.from.ok_or_else(|| {
            Error::invalid_request(
                "there is no default line: set one with `LinqBuilder::default_line`, or name the line \
                 with `Linq::create_chat`",
            )
        })?;
        message.report.extend(report_line(&from));
        let recipients = report_recipients(&self.to, MAX_RECIPIENTS);
        message.report.extend(recipients);
        let mut body = CreateChatRequest::new(from, self.to, message.build_first()?);
        body.override_optout = overrides.then_some(true);
        Ok(body)
    }
}

impl Destination for ToChat {
    type Answer = SendMessageResponse;
    const OPERATION: &'static Operation = &SEND_MESSAGE_TO_CHAT;

    fn call(
        self,
        linq: &Linq,
        message: Message,
        overrides_optout: bool,
    ) -> Call<SendMessageResponse> {
        let body = message.build().map(|content| {
            let mut body = SendMessageToChatRequest::new(content);
            body.override_optout = overrides_optout.then_some(true);
            body
        });
        let input = self.0.uuid_and(body.map_err(Error::from));
        Call::prepared(linq, Self::OPERATION, input, |client, (id, body)| {
            client
                .send_message_to_chat()
                .chat_id(id)
                .body(body)
                .prepare()
        })
    }
}

impl Destination for ToHandles {
    type Answer = CreateMessageResult;
    const OPERATION: &'static Operation = &CREATE_MESSAGE;

    fn call(
        self,
        linq: &Linq,
        message: Message,
        overrides_optout: bool,
    ) -> Call<CreateMessageResult> {
        let body = self.body(message, overrides_optout);
        Call::prepared(linq, Self::OPERATION, body, |client, body| {
            client.create_message().body(body).prepare()
        })
    }
}

impl ToHandles {
    fn body(self, mut message: Message, overrides: bool) -> Result<CreateMessageRequest, Error> {
        message
            .report
            .extend(report_recipients(&self.to, usize::MAX));
        for line in &self.exclude_from {
            message.report.extend(report_line(line));
        }
        let mut body = CreateMessageRequest::new(self.to, message.build()?);
        body.continuation_message = self.continuation.map(ContinuationMessage::new);
        body.exclude_from = Some(self.exclude_from).filter(|lines| !lines.is_empty());
        body.override_optout = overrides.then_some(true);
        Ok(body)
    }
}

// Without the numbers.
macro_rules! nameless {
    ($($name:ident)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })*
    };
}

nameless! { ToNewChat ToChat ToHandles }
