//! Sending messages: the content, the destination, and the options of the call.

use std::fmt;

use linq_client::operations::{CREATE_CHAT, CREATE_MESSAGE, SEND_MESSAGE_TO_CHAT};
use linq_types::{
    AppClipPart, ContinuationMessage, CreateChatRequest, CreateChatResult, CreateMessageRequest,
    CreateMessageResult, IMessageAppPart, LinkPart, MediaPart, MessageExperience, MessagePart,
    ReplyTo, SendMessageResponse, SendMessageToChatRequest, ServiceType, TextPart,
};
use uuid::Uuid;

use crate::call::{Settings, option_methods, send_option_methods};
use crate::id::IntoId;
use crate::message::{
    Animation, Decoration, Effect, MAX_RECIPIENTS, Place, Rule, Span, Style, content_methods,
    normalize_handle, report_line, report_recipients,
};
use crate::{Call, CallFuture, ChatClient, Error, Linq, Message, Response};

/// A message to a destination: describe its content, then await it.
///
/// | start with | destination | returns |
/// |---|---|---|
/// | [`Linq::create_chat`], [`Linq::create_chat_to`] | [`ToNewChat`]: a chat of a line, created if there is none | [`CreateChatResult`] |
/// | [`ChatClient::message`], [`ChatClient::reply`] | [`ToChat`]: a chat that exists | [`SendMessageResponse`] |
/// | [`Linq::send_to`] | [`ToHandles`]: handles, from the line that Linq selects | [`CreateMessageResult`] |
/// | [`Linq::to`] | [`ToAny`]: a chat or handles | [`Sent`] |
///
/// The content is a [`Message`]. Its rules, and those of recipients and lines, are checked before anything is sent.
/// A message that breaks one fails with [`Error::is_invalid_message`], and [`Error::violations`] has the rules and
/// the places.
///
/// Every send has an [idempotency key](Self::idempotency_key), so that it can be retried and is accepted once.
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// let sent = linq.create_chat("+12025550100", ["+12025550101"]).text("Hello").await?;
/// linq.chat(sent.chat.id)
///     .message()
///     .text("It's 🎉 time")
///     .bold("time")
///     .effect("confetti")
///     .reply_to(sent.chat.message.id)
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until it is awaited"]
pub struct SendMessage<D> {
    linq: Linq,
    destination: D,
    message: Message,
    overrides_optout: bool,
    settings: Settings,
}

impl Linq {
    /// Starts a message from a line to one or more handles, and creates the chat if there is none.
    ///
    /// Several handles are a group, at most 31. A chat of the line with the same handles is reused, unless it is a
    /// group with a name, or its members changed. The rules for [first messages](Message::build_first) apply either
    /// way; they do not apply to [`ChatClient::message`].
    ///
    /// `POST /v3/chats`
    pub fn create_chat<S: Into<String>>(
        &self,
        from: impl Into<String>,
        to: impl IntoIterator<Item = S>,
    ) -> SendMessage<ToNewChat> {
        let from = Some(normalize_handle(&from.into()));
        SendMessage::new(
            self,
            ToNewChat {
                from,
                to: handles(to),
            },
        )
    }

    /// Starts a message like [`create_chat`](Self::create_chat), from the
    /// [default line](crate::LinqBuilder::default_line).
    ///
    /// Without a default line the call fails with [`Error::is_invalid_request`], and nothing is sent.
    pub fn create_chat_to<S: Into<String>>(
        &self,
        to: impl IntoIterator<Item = S>,
    ) -> SendMessage<ToNewChat> {
        let from = self.default_line().map(normalize_handle);
        SendMessage::new(
            self,
            ToNewChat {
                from,
                to: handles(to),
            },
        )
    }

    /// Starts a message to one or more handles; Linq selects line and chat.
    ///
    /// The line that already writes to these handles is preferred. If it is flagged, another line takes over, and
    /// the [`continuation_message`](SendMessage::continuation_message) is sent instead. A link is allowed even if
    /// the message creates a chat. The [default line](crate::LinqBuilder::default_line) is not used.
    ///
    /// `POST /v3/messages`
    pub fn send_to<S: Into<String>>(
        &self,
        to: impl IntoIterator<Item = S>,
    ) -> SendMessage<ToHandles> {
        SendMessage::new(self, ToHandles::new(handles(to)))
    }

    /// Starts a message to a chat or to handles, whichever the destination is.
    ///
    /// Text that starts with `+` or contains `@` is a handle, any other text is the id of a chat; a list is a list
    /// of handles. A message to handles is sent from the line of [`from`](SendMessage::from) or the
    /// [default line](crate::LinqBuilder::default_line) with [`create_chat`](Self::create_chat), and without a line
    /// with [`send_to`](Self::send_to). The rules of that operation apply.
    ///
    /// ```no_run
    /// # async fn example(linq: linq_ext::Linq, destination: String) -> Result<(), linq_ext::Error> {
    /// let sent = linq.to(destination).text("Your table is ready.").await?;
    /// println!("message {} in chat {}", sent.message_id, sent.chat_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn to(&self, recipient: impl Into<Recipient>) -> SendMessage<ToAny> {
        let from = self.default_line().map(normalize_handle);
        let recipient = recipient.into();
        SendMessage::new(self, ToAny { from, recipient })
    }
}

impl ChatClient {
    /// Starts a message to the chat.
    ///
    /// `POST /v3/chats/{chatId}/messages`
    pub fn message(&self) -> SendMessage<ToChat> {
        SendMessage::new(self.linq(), ToChat(self.clone()))
    }

    /// Starts a reply to a message of the chat: [`message`](Self::message) with
    /// [`reply_to`](SendMessage::reply_to).
    pub fn reply(&self, message_id: impl IntoId) -> SendMessage<ToChat> {
        self.message().reply_to(message_id)
    }
}

impl SendMessage<ToHandles> {
    /// Sets the text to send instead of the message if another line takes over from a flagged one, so that the
    /// recipients learn who writes. If not set, the message is sent.
    pub fn continuation_message(mut self, text: impl Into<String>) -> Self {
        self.destination.continuation = Some(text.into());
        self
    }

    /// Adds lines that Linq must not select.
    pub fn exclude_from<S: Into<String>>(mut self, lines: impl IntoIterator<Item = S>) -> Self {
        self.destination.exclude_from.extend(handles(lines));
        self
    }
}

impl SendMessage<ToAny> {
    /// Sets the line that a message to handles is sent from.
    pub fn from(mut self, line: impl Into<String>) -> Self {
        self.destination.from = Some(normalize_handle(&line.into()));
        self
    }
}

/// The content of the message, with the methods of [`Message`].
impl<D: Destination> SendMessage<D> {
    content_methods!(self => self.message);
}

impl<D: Destination> SendMessage<D> {
    fn new(linq: &Linq, destination: D) -> Self {
        Self {
            linq: linq.clone(),
            destination,
            message: Message::new(),
            overrides_optout: false,
            settings: Settings::default(),
        }
    }

    /// Replaces all content so far with that of a message.
    pub fn content(mut self, message: impl Into<Message>) -> Self {
        self.message = message.into();
        self
    }

    /// With `true`, sends this message even if the recipient has opted out, which the API refuses otherwise
    /// ([`Error::is_opted_out`], 2024).
    pub fn override_optout(mut self, overrides: bool) -> Self {
        self.overrides_optout = overrides;
        self
    }

    option_methods!();
    send_option_methods!();

    /// Returns the call that sends the message, which is checked now.
    pub fn call(self) -> Call<D::Response> {
        let call = self
            .destination
            .call(&self.linq, self.message, self.overrides_optout);
        call.with_settings(self.settings)
    }

    /// Sends the message.
    ///
    /// Success means that Linq accepted the message, not that anybody received it.
    ///
    /// # Errors
    ///
    /// [`Error::is_invalid_message`] if a rule is broken, and nothing was sent; otherwise see [`Error`].
    pub async fn send(self) -> Result<D::Response, Error> {
        self.call().send().await
    }

    /// Sends the message, and returns status, headers, trace id and the number of attempts too.
    ///
    /// # Errors
    ///
    /// See [`send`](Self::send).
    pub async fn send_with_response(self) -> Result<Response<D::Response>, Error> {
        self.call().send_with_response().await
    }
}

impl<D: Destination> IntoFuture for SendMessage<D> {
    type Output = Result<D::Response, Error>;
    type IntoFuture = CallFuture<D::Response>;

    fn into_future(self) -> Self::IntoFuture {
        self.call().into_future()
    }
}

impl<D: fmt::Debug> fmt::Debug for SendMessage<D> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SendMessage")
            .field("destination", &self.destination)
            .field("message", &self.message)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// The destination of a [`SendMessage`]: [`ToNewChat`], [`ToChat`], [`ToHandles`] or [`ToAny`].
pub trait Destination: sealed::Sealed + Sized + Send + 'static {
    /// What the call returns.
    type Response: Send + 'static;

    /// Returns the call that sends the message, or one that fails because the message breaks a rule.
    #[doc(hidden)]
    fn call(self, linq: &Linq, message: Message, overrides_optout: bool) -> Call<Self::Response>;
}

mod sealed {
    #[allow(unnameable_types, reason = "nobody else is to implement it")]
    pub trait Sealed {}
    impl Sealed for super::ToNewChat {}
    impl Sealed for super::ToChat {}
    impl Sealed for super::ToHandles {}
    impl Sealed for super::ToAny {}
}

/// A chat of a line with certain handles, which is created if there is none; see [`Linq::create_chat`].
#[derive(Clone)]
pub struct ToNewChat {
    /// `None` if there is no default line.
    from: Option<String>,
    to: Vec<String>,
}

/// A chat that exists; see [`ChatClient::message`].
#[derive(Clone)]
pub struct ToChat(ChatClient);

/// Handles, from the line that Linq selects; see [`Linq::send_to`].
#[derive(Clone)]
pub struct ToHandles {
    to: Vec<String>,
    continuation: Option<String>,
    exclude_from: Vec<String>,
}

/// A chat or handles; see [`Linq::to`].
#[derive(Clone)]
pub struct ToAny {
    from: Option<String>,
    recipient: Recipient,
}

impl Destination for ToNewChat {
    type Response = CreateChatResult;

    fn call(self, linq: &Linq, message: Message, overrides_optout: bool) -> Call<CreateChatResult> {
        let destination = destination(&self.to, self.from.as_deref());
        let call = match self.body(message, overrides_optout) {
            Ok(body) => linq.call(linq.api().create_chat().body(body)),
            Err(error) => Call::failed(linq, error.with_operation(&CREATE_CHAT)),
        };
        let call = call.with_destination(destination);
        typing_restored(linq, call, |created| created.chat.id)
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
    type Response = SendMessageResponse;

    fn call(
        self,
        linq: &Linq,
        message: Message,
        overrides_optout: bool,
    ) -> Call<SendMessageResponse> {
        let call = linq.api().send_message_to_chat().chat_id(self.0.id());
        let call = match message.build() {
            Ok(content) => {
                let mut body = SendMessageToChatRequest::new(content);
                body.override_optout = overrides_optout.then_some(true);
                linq.call(call.body(body))
            }
            Err(invalid) => {
                let error = Error::from(invalid);
                Call::failed(linq, error.with_operation(&SEND_MESSAGE_TO_CHAT))
            }
        };
        typing_restored(linq, call, |sent| sent.chat_id)
    }
}

impl Destination for ToHandles {
    type Response = CreateMessageResult;

    fn call(
        self,
        linq: &Linq,
        message: Message,
        overrides_optout: bool,
    ) -> Call<CreateMessageResult> {
        let destination = destination(&self.to, None);
        let call = match self.body(message, overrides_optout) {
            Ok(body) => linq.call(linq.api().create_message().body(body)),
            Err(error) => Call::failed(linq, error.with_operation(&CREATE_MESSAGE)),
        };
        let call = call.with_destination(destination);
        typing_restored(linq, call, |sent| sent.chat_id)
    }
}

impl ToHandles {
    fn new(to: Vec<String>) -> Self {
        Self {
            to,
            continuation: None,
            exclude_from: Vec::new(),
        }
    }

    fn body(self, mut message: Message, overrides: bool) -> Result<CreateMessageRequest, Error> {
        let recipients = report_recipients(&self.to, usize::MAX);
        message.report.extend(recipients);
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

impl Destination for ToAny {
    type Response = Sent;

    fn call(self, linq: &Linq, message: Message, overrides_optout: bool) -> Call<Sent> {
        match (self.recipient, self.from) {
            (Recipient::Chat(id), _) => {
                let call = ToChat(linq.chat(id)).call(linq, message, overrides_optout);
                call.map(|sent| Sent {
                    chat_id: sent.chat_id,
                    message_id: sent.message.id,
                    line: None,
                })
            }
            (Recipient::Handles(to), Some(from)) => {
                let line = Some(from.clone());
                let from = Some(from);
                let call = ToNewChat { from, to }.call(linq, message, overrides_optout);
                call.map(|sent| Sent {
                    chat_id: sent.chat.id,
                    message_id: sent.chat.message.id,
                    line,
                })
            }
            (Recipient::Handles(to), None) => {
                let call = ToHandles::new(to).call(linq, message, overrides_optout);
                call.map(|sent| Sent {
                    chat_id: sent.chat_id,
                    message_id: sent.message.id,
                    line: Some(sent.from),
                })
            }
        }
    }
}

/// A message that was accepted, whatever its destination; see [`Linq::to`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// The id of the chat that has the message.
    pub chat_id: Uuid,
    /// The id of the message.
    pub message_id: Uuid,
    /// The line that it was sent from; `None` if the destination was a chat.
    pub line: Option<String>,
}

/// Who receives a message: a chat, or handles; see [`Linq::to`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recipient {
    /// The id of a chat.
    Chat(String),
    /// Phone numbers in E.164 or e-mail addresses; several are a group.
    Handles(Vec<String>),
}

impl From<&str> for Recipient {
    /// Text that starts with `+` or contains `@` is a handle, any other text is the id of a chat.
    fn from(recipient: &str) -> Self {
        let recipient = recipient.trim();
        match recipient.starts_with('+') || recipient.contains('@') {
            true => Self::Handles(vec![normalize_handle(recipient)]),
            false => Self::Chat(recipient.to_owned()),
        }
    }
}

impl From<String> for Recipient {
    fn from(recipient: String) -> Self {
        Self::from(recipient.as_str())
    }
}

impl From<&String> for Recipient {
    fn from(recipient: &String) -> Self {
        Self::from(recipient.as_str())
    }
}

impl From<Uuid> for Recipient {
    fn from(chat_id: Uuid) -> Self {
        Self::Chat(chat_id.to_string())
    }
}

impl<S: Into<String>> From<Vec<S>> for Recipient {
    fn from(recipients: Vec<S>) -> Self {
        Self::Handles(handles(recipients))
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for Recipient {
    fn from(recipients: [S; N]) -> Self {
        Self::Handles(handles(recipients))
    }
}

/// Returns the destination of a message to handles as text, whatever their order.
fn destination(to: &[String], from: Option<&str>) -> String {
    let mut to: Vec<_> = to.iter().map(String::as_str).collect();
    to.sort_unstable();
    format!("{} {}", from.unwrap_or_default(), to.join(" "))
}

/// Returns the call, which shows the [typing](ChatClient::typing) indicator again after the message.
fn typing_restored<T: Send + 'static>(
    linq: &Linq,
    call: Call<T>,
    chat_id: fn(&T) -> Uuid,
) -> Call<T> {
    let linq = linq.clone();
    call.map(move |sent| {
        linq.indicators().message_sent(chat_id(&sent));
        sent
    })
}

pub(crate) fn handles<S: Into<String>>(handles: impl IntoIterator<Item = S>) -> Vec<String> {
    let handles = handles.into_iter().map(Into::into);
    handles
        .map(|handle: String| normalize_handle(&handle))
        .collect()
}

// Without handles and lines.
macro_rules! opaque_debug {
    ($($name:ident)*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })*
    };
}

opaque_debug! { ToNewChat ToChat ToHandles ToAny Recipient }

// Without the line.
impl fmt::Debug for Sent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sent")
            .field("chat_id", &self.chat_id)
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}
