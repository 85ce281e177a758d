//! Sending a message: what it says, where it goes, and the options of the call.

use std::fmt;
use std::time::Duration;

use linq_types::{MessageExperience, MessagePart, ServiceType};
use uuid::Uuid;

use super::destination::{Destination, ToChat, ToHandles, ToNewChat};
use super::{ChatHandle, strings};
use crate::call::Settings;
use crate::message::{Animation, Decoration, Effect, Rule, Span};
use crate::{Call, CallFuture, Error, Linq, Message, Response};

/// A message on its way to a destination: say what it holds, then await it.
///
/// | start with | goes to | gives |
/// |---|---|---|
/// | [`Linq::create_chat`], [`Linq::create_chat_to`] | [`ToNewChat`]: a chat of a line, opened if there is none | [`CreateChatResult`](linq_types::CreateChatResult) |
/// | [`ChatHandle::message`], [`ChatHandle::reply`] | [`ToChat`]: a chat that exists | [`SendMessageResponse`](linq_types::SendMessageResponse) |
/// | [`Linq::send_to`] | [`ToHandles`]: handles, from the line that Linq finds best | [`CreateMessageResult`](linq_types::CreateMessageResult) |
///
/// The content is a [`Message`], and its rules are checked before anything is sent; those for recipients and
/// lines with them. A message that breaks one fails with [`Error::is_invalid_message`], and
/// [`Error::violations`] says which, and where.
///
/// An [idempotency key](Self::idempotency_key) goes with every send, so that it can be repeated and arrives once.
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// use linq_ext::message::ScreenEffect;
///
/// let sent = linq.create_chat("+12025550100", ["+12025550101"]).text("Hello").await?;
/// linq.chat(sent.chat.id)
///     .message()
///     .text("It's 🎉 time")
///     .bold("time")
///     .effect(ScreenEffect::Confetti)
///     .reply_to(sent.chat.message.id)
///     .send()
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
    /// Starts a message from a line to one or more handles, and the chat with it if there is none.
    ///
    /// More than one handle make a group, at most 31. A chat that the line has with the same handles is used
    /// again, unless it is a group with a name or its members changed. The rules for
    /// [first messages](Message::build_first) hold either way; where you know of a chat, [`ChatHandle::message`]
    /// is free of them.
    ///
    /// `POST /v3/chats`
    pub fn create_chat<S: Into<String>>(
        &self,
        from: impl Into<String>,
        to: impl IntoIterator<Item = S>,
    ) -> SendMessage<ToNewChat> {
        self.open_chat(Some(from.into()), strings(to))
    }

    /// The same from the [default line](crate::LinqBuilder::default_line).
    ///
    /// Without a default line the call fails with [`Error::is_invalid_request`], and nothing is sent.
    pub fn create_chat_to<S: Into<String>>(
        &self,
        to: impl IntoIterator<Item = S>,
    ) -> SendMessage<ToNewChat> {
        self.open_chat(self.default_line().map(str::to_owned), strings(to))
    }

    /// Starts a message to one or more handles, and leaves line and chat to Linq.
    ///
    /// The line that already writes to these handles comes first; where it is flagged, another one takes over,
    /// and the [`continuation_message`](SendMessage::continuation_message) goes out instead. A link is allowed
    /// even where the message opens a chat. The [default line](crate::LinqBuilder::default_line) has no say in
    /// this.
    ///
    /// `POST /v3/messages`
    pub fn send_to<S: Into<String>>(
        &self,
        to: impl IntoIterator<Item = S>,
    ) -> SendMessage<ToHandles> {
        let destination = ToHandles {
            to: strings(to),
            continuation: None,
            exclude_from: Vec::new(),
        };
        SendMessage::new(self, destination)
    }

    fn open_chat(&self, from: Option<String>, to: Vec<String>) -> SendMessage<ToNewChat> {
        SendMessage::new(self, ToNewChat { from, to })
    }
}

impl ChatHandle {
    /// Starts a message to the chat.
    ///
    /// `POST /v3/chats/{chatId}/messages`
    pub fn message(&self) -> SendMessage<ToChat> {
        SendMessage::new(self.linq(), ToChat(self.clone()))
    }

    /// Starts a message that answers one of the chat: [`message`](Self::message) with
    /// [`reply_to`](SendMessage::reply_to).
    pub fn reply(&self, message_id: impl TryInto<Uuid>) -> SendMessage<ToChat> {
        self.message().reply_to(message_id)
    }
}

impl SendMessage<ToHandles> {
    /// The text that goes out in place of the message where another line takes over from a flagged one, so that
    /// the recipients learn who writes; the message itself if not set.
    pub fn continuation_message(mut self, text: impl Into<String>) -> Self {
        self.destination.continuation = Some(text.into());
        self
    }

    /// Lines of yours that Linq must not send from, besides those named before.
    pub fn exclude_from<S: Into<String>>(mut self, lines: impl IntoIterator<Item = S>) -> Self {
        self.destination.exclude_from.extend(strings(lines));
        self
    }
}

/// Content, as a [`Message`] takes it.
macro_rules! content {
    ($(
        $(#[$docs:meta])*
        $method:ident($($argument:ident: $type:ty),*);
    )*) => {
        /// What the message says and how it is shown; [`Message`] has the same methods, and the details.
        impl<D: Destination> SendMessage<D> {
            $(
                $(#[$docs])*
                pub fn $method(mut self, $($argument: $type),*) -> Self {
                    self.message = self.message.$method($($argument),*);
                    self
                }
            )*
        }

        #[cfg(test)]
        const CONTENT: &[&str] = &[$(stringify!($method)),*];
    };
}

content! {
    /// Adds a text of 1 to 10,000 characters; see [`Message::text`].
    text(text: impl Into<String>);
    /// Makes a stretch of the last text bold; see [`Message::bold`].
    bold(span: impl Into<Span>);
    /// Makes a stretch of the last text italic; see [`Message::italic`].
    italic(span: impl Into<Span>);
    /// Strikes a stretch of the last text through; see [`Message::strikethrough`].
    strikethrough(span: impl Into<Span>);
    /// Underlines a stretch of the last text; see [`Message::underline`].
    underline(span: impl Into<Span>);
    /// Moves a stretch of the last text; see [`Message::animate`].
    animate(animation: Animation, span: impl Into<Span>);
    /// Decorates a stretch of the last text with a style or an animation; see [`Message::decorate`].
    decorate(decoration: impl Into<Decoration>, span: impl Into<Span>);
    /// Mentions a participant of a group in the last text; see [`Message::mention`].
    mention(handle: impl Into<String>, span: impl Into<Span>);
    /// Puts an uploaded image in place of a stretch of the last text; see [`Message::inline_sticker`].
    inline_sticker(attachment_id: impl TryInto<Uuid>, span: impl Into<Span>);
    /// Puts the image of an address in place of a stretch of the last text; see [`Message::inline_sticker_url`].
    inline_sticker_url(url: impl Into<String>, span: impl Into<Span>);
    /// Adds a file by its public address; see [`Message::media_url`].
    media_url(url: impl Into<String>);
    /// Adds a file that was uploaded beforehand; see [`Message::media`].
    media(attachment_id: impl TryInto<Uuid>);
    /// Adds a link, which stands alone; see [`Message::link`].
    link(url: impl Into<String>);
    /// Adds an App Clip, which stands alone; see [`Message::app_clip`].
    app_clip(url: impl Into<String>);
    /// Adds any part, such as an app card; see [`Message::part`].
    part(part: impl Into<MessagePart>);
    /// Sends a ready-made card in place of parts; see [`Message::experience`].
    experience(experience: impl Into<MessageExperience>);
    /// Plays an effect with the message; see [`Message::effect`].
    effect(effect: impl Into<Effect>);
    /// Answers a message; see [`Message::reply_to`].
    reply_to(message_id: impl TryInto<Uuid>);
    /// Answers one part of a message; see [`Message::reply_to_part`].
    reply_to_part(message_id: impl TryInto<Uuid>, part_index: u16);
    /// Asks for a service; see [`Message::preferred_service`].
    preferred_service(service: ServiceType);
    /// Turns one rule off, for recipients and lines too; see [`Message::without_rule`].
    without_rule(rule: Rule);
    /// Turns all rules off, for recipients and lines too; see [`Message::unchecked`].
    unchecked();
}

/// The whole message, the options of the call, and sending.
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

    /// Takes a message made elsewhere, in place of all content so far.
    pub fn message(mut self, message: impl Into<Message>) -> Self {
        self.message = message.into();
        self
    }

    /// With `true`, sends this message although the recipient opted out, which is refused otherwise
    /// ([`Error::is_opted_out`], 2024).
    pub fn override_optout(mut self, overrides: bool) -> Self {
        self.overrides_optout = overrides;
        self
    }

    /// How long each attempt may take; see [`Call::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout(timeout);
        self
    }

    /// How often the request may be repeated; see [`Call::max_retries`].
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.settings.max_retries(max_retries);
        self
    }

    /// The key under which the API sends this message once; a random one if not set. See
    /// [`Call::idempotency_key`].
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.settings.idempotency_key(key.into());
        self
    }

    /// Sends a header; see [`Call::header`].
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.settings.header(name.as_ref(), value.as_ref());
        self
    }

    /// Adds a pair to the query; see [`Call::query`].
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.query(name.into(), value.into());
        self
    }

    /// Sets a member of the JSON body, beside `message`; see [`Call::body_field`].
    pub fn body_field(
        mut self,
        name: impl Into<String>,
        value: impl Into<serde_json::Value>,
    ) -> Self {
        self.settings.body_field(name.into(), value.into());
        self
    }

    /// The call that sends the message, checked by now.
    pub fn call(self) -> Call<D::Answer> {
        let call = self
            .destination
            .call(&self.linq, self.message, self.overrides_optout);
        call.with_settings(self.settings)
    }

    /// Sends the message.
    ///
    /// Success means that Linq took the message over, not that anybody received it.
    ///
    /// # Errors
    ///
    /// One with [`Error::is_invalid_message`] if a rule is broken, and nothing was sent; otherwise see
    /// [`Error`].
    pub async fn send(self) -> Result<D::Answer, Error> {
        self.call().send().await
    }

    /// Sends the message, and keeps status, headers, trace id and the number of attempts.
    ///
    /// # Errors
    ///
    /// See [`send`](Self::send).
    pub async fn send_with_response(self) -> Result<Response<D::Answer>, Error> {
        self.call().send_with_response().await
    }
}

impl<D: Destination> IntoFuture for SendMessage<D> {
    type Output = Result<D::Answer, Error>;
    type IntoFuture = CallFuture<D::Answer>;

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

#[cfg(test)]
mod tests {
    use super::CONTENT;

    /// What can be said of a [`Message`](crate::Message) can be said of a message that is sent.
    #[test]
    fn no_method_of_a_message_is_left_out() {
        let elsewhere = ["new", "build", "build_first", "idempotency_key"];
        let methods: Vec<_> = include_str!("../message/content.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("    pub fn "))
            .filter_map(|line| line.split(['(', '<']).next())
            .filter(|method| !elsewhere.contains(method))
            .collect();
        assert!(methods.contains(&"text"));
        for method in methods {
            assert!(CONTENT.contains(&method), "{method}");
        }
    }
}
