//! The builder of a message.

use std::fmt;

use linq_types::{
    AppClipPart, IMessageAppPart, InlineSticker, LinkPart, MediaPart, MessageContent,
    MessageExperience, MessagePart, ReplyTo, ServiceType, TextPart,
};
use uuid::Uuid;

use super::check::{report_first_message, report_message};
use super::effect::Effect;
use super::rules::{InvalidMessage, Place, Report, Rule};
use super::span::{Animation, Decoration, Span, Style, Utf16};
use crate::id::IntoId;

/// The content of a message: parts in the order in which they are shown, and how they are sent.
///
/// Each method adds something. What breaks a rule is noted, and [`build`](Self::build) reports all of it at once.
/// Methods that decorate or mention apply to the last text part. `&str` and `String` convert into a message of one
/// text.
///
/// ```
/// use linq_ext::message::{Message, Rule, Span};
///
/// let content = Message::from("Hello world").bold("world").build()?;
/// # assert_eq!(content.parts.as_ref().map(Vec::len), Some(1));
///
/// // Refused: an emoji cannot be cut in half, and two texts cannot follow each other.
/// let error = Message::new()
///     .text("👍🏽 fine")
///     .bold(Span::chars(0..1))
///     .text("more")
///     .build()
///     .unwrap_err();
/// assert!(error.breaks(Rule::WholeCharacters));
/// assert!(error.breaks(Rule::AdjacentText));
/// # Ok::<(), linq_ext::message::InvalidMessage>(())
/// ```
#[derive(Clone, Default, PartialEq)]
#[must_use = "a message does nothing until it is built or sent"]
pub struct Message {
    pub(crate) content: MessageContent,
    /// What could not be put into the content.
    pub(crate) report: Report,
    /// The rules that are off.
    pub(crate) off: Vec<Rule>,
}

/// The methods that describe a message, for [`Message`] and for [`SendMessage`](crate::SendMessage), whose
/// messages are `$message`.
macro_rules! content_methods {
    ($self:ident => $message:expr) => {
        /// Adds a text part: 1 to 10,000 characters (see [`Message::split`] for longer texts).
        ///
        /// Two texts in a row are not merged; they break [`Rule::AdjacentText`] (1004).
        pub fn text(mut $self, text: impl Into<String>) -> Self {
            $message.add_part(TextPart::new(text));
            $self
        }

        /// Makes a span of the last text bold. Only iMessage shows it.
        ///
        /// `"words"` select their first occurrence; see [`Span`] for other ways to select.
        pub fn bold($self, span: impl Into<Span>) -> Self {
            $self.decorate(Style::Bold, span)
        }

        /// Makes a span of the last text italic. Only iMessage shows it.
        pub fn italic($self, span: impl Into<Span>) -> Self {
            $self.decorate(Style::Italic, span)
        }

        /// Strikes a span of the last text through. Only iMessage shows it.
        pub fn strikethrough($self, span: impl Into<Span>) -> Self {
            $self.decorate(Style::Strikethrough, span)
        }

        /// Underlines a span of the last text. Only iMessage shows it.
        pub fn underline($self, span: impl Into<Span>) -> Self {
            $self.decorate(Style::Underline, span)
        }

        /// Animates a span of the last text. It may not overlap another decoration; only iMessage shows it.
        pub fn animate($self, animation: Animation, span: impl Into<Span>) -> Self {
            $self.decorate(animation, span)
        }

        /// Decorates a span of the last text with a style or an animation, at most 100 for each text.
        pub fn decorate(
            mut $self,
            decoration: impl Into<Decoration>,
            span: impl Into<Span>,
        ) -> Self {
            $message.add_decoration(decoration.into(), &span.into());
            $self
        }

        /// Mentions a participant of a group by handle; the span of the last text stands for them.
        ///
        /// One for each text. In a direct chat the API refuses it (2023).
        pub fn mention(mut $self, handle: impl Into<String>, span: impl Into<Span>) -> Self {
            $message.add_mention(handle.into(), &span.into());
            $self
        }

        /// Replaces a span of the last text with an uploaded image. Only iMessage shows it.
        ///
        /// At most 100 for each text, of at most 10 different images. They overlap nothing else.
        pub fn inline_sticker(
            mut $self,
            attachment_id: impl IntoId,
            span: impl Into<Span>,
        ) -> Self {
            let place = $message.last_text().map_or(Place::Message, |(index, _)| Place::Part(index));
            if let Some(id) = $message.id(attachment_id, place) {
                $message.add_sticker(&span.into(), |sticker| sticker.with_attachment_id(id));
            }
            $self
        }

        /// Replaces a span of the last text with the image at an `https` address; see
        /// [`inline_sticker`](Self::inline_sticker).
        pub fn inline_sticker_url(
            mut $self,
            url: impl Into<String>,
            span: impl Into<Span>,
        ) -> Self {
            $message.add_sticker(&span.into(), |sticker| sticker.with_url(url));
            $self
        }

        /// Adds a file by its public `https` address, at most 10 MB (5005) of a type that the API accepts (5004).
        ///
        /// At most 40 for each message (1004).
        pub fn media_url(mut $self, url: impl Into<String>) -> Self {
            $message.add_part(MediaPart::new().with_url(url));
            $self
        }

        /// Adds an uploaded file, at most 100 MB. The API refuses one that is not ready (2007).
        pub fn media(mut $self, attachment_id: impl IntoId) -> Self {
            $message.add_media(attachment_id, MediaPart::new());
            $self
        }

        /// Adds an uploaded image that is shown as a sticker.
        pub fn sticker(mut $self, attachment_id: impl IntoId) -> Self {
            $message.add_media(attachment_id, MediaPart::new().with_sticker(true));
            $self
        }

        /// Adds the image at a public `https` address, shown as a sticker.
        pub fn sticker_url(mut $self, url: impl Into<String>) -> Self {
            $message.add_part(MediaPart::new().with_url(url).with_sticker(true));
            $self
        }

        /// Adds a link, shown as a preview of its page: at most 2,048 characters, and the only part (1004).
        ///
        /// It cannot be the first message of a chat (`POST /v3/chats`, 1005).
        pub fn link(mut $self, url: impl Into<String>) -> Self {
            $message.add_part(LinkPart::new(url));
            $self
        }

        /// Adds an App Clip by the address that invokes it: the only part (1004), by iMessage only (2028).
        pub fn app_clip(mut $self, url: impl Into<String>) -> Self {
            $message.add_part(AppClipPart::new(url));
            $self
        }

        /// Adds a card of an iMessage app: the only part (1004), by iMessage only (2018).
        pub fn app_card(mut $self, card: IMessageAppPart) -> Self {
            $message.add_part(card);
            $self
        }

        /// Adds any part.
        pub fn part(mut $self, part: impl Into<MessagePart>) -> Self {
            $message.add_part(part);
            $self
        }

        /// Sends an experience, a ready-made card, instead of parts.
        pub fn experience(mut $self, experience: impl Into<MessageExperience>) -> Self {
            $message.content.experience = Some(experience.into());
            $self
        }

        /// Plays an effect with the message, such as [`ScreenEffect::Confetti`](crate::message::ScreenEffect) or
        /// `"slam"`. Only iMessage shows it, and not in the first message of a new chat.
        ///
        /// An unknown name breaks [`Rule::EffectName`].
        pub fn effect(mut $self, effect: impl TryInto<Effect>) -> Self {
            match effect.try_into() {
                Ok(effect) => $message.content.effect = Some(effect.into()),
                Err(_) => $message.report.add(Place::Message, Rule::EffectName),
            }
            $self
        }

        /// Replies to a message, which only iMessage shows. The first message of a new chat cannot reply.
        pub fn reply_to(mut $self, message_id: impl IntoId) -> Self {
            $message.content.reply_to = $message.id(message_id, Place::Message).map(ReplyTo::new);
            $self
        }

        /// Replies to one part of a message, counted from 0.
        pub fn reply_to_part(mut $self, message_id: impl IntoId, part_index: u16) -> Self {
            let id = $message.id(message_id, Place::Message);
            $message.content.reply_to = id.map(|id| ReplyTo::new(id).with_part_index(part_index));
            $self
        }

        /// Requests a service. If not set: iMessage if possible, then RCS, then SMS.
        ///
        /// With `iMessage` there is no fallback; `RCS` and `SMS` are never iMessage, and RCS where the recipient
        /// has it.
        pub fn preferred_service(mut $self, service: impl Into<ServiceType>) -> Self {
            $message.content.preferred_service = Some(service.into());
            $self
        }

        /// Turns one rule off for this message, its recipients and its line.
        pub fn without_rule(mut $self, rule: Rule) -> Self {
            $message.off.push(rule);
            $self
        }

        /// Turns all rules off for this message, its recipients and its line: the content is sent as it is, and
        /// the server decides.
        ///
        /// What cannot be expressed is left out, such as bold for words that do not occur.
        pub fn unchecked(mut $self) -> Self {
            $message.off = Rule::ALL.to_vec();
            $self
        }
    };
}
pub(crate) use content_methods;

impl Message {
    content_methods!(self => self);

    /// Creates a message without parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the idempotency key, under which the server accepts this message once, however often it is sent: 1 to
    /// 255 characters.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.content.idempotency_key = Some(key.into());
        self
    }

    /// Sets the idempotency keys of messages that are sent together to `key-1`, `key-2`, and so on.
    ///
    /// The same key gives the same keys each time, so that sending all of them again is safe. The messages of
    /// [`split`](Self::split) have such keys if the message had one.
    ///
    /// ```
    /// use linq_ext::Message;
    ///
    /// let replies = Message::keyed("order-17", ["Thanks!", "It is on its way."].map(Message::from));
    /// let keys = replies.map(|reply| reply.build().map(|content| content.idempotency_key));
    /// assert!(keys.eq([Ok(Some("order-17-1".to_owned())), Ok(Some("order-17-2".to_owned()))]));
    /// ```
    pub fn keyed(
        key: impl Into<String>,
        messages: impl IntoIterator<Item = Self>,
    ) -> impl Iterator<Item = Self> {
        let key = key.into();
        let numbered = messages.into_iter().zip(1_u64..);
        numbered.map(move |(message, number)| message.idempotency_key(format!("{key}-{number}")))
    }

    /// Returns the content for a request.
    ///
    /// # Errors
    ///
    /// Everything that breaks a rule which is on.
    pub fn build(self) -> Result<MessageContent, InvalidMessage> {
        let mut report = self.report;
        report.extend(report_message(&self.content));
        report.finish_without(&self.off)?;
        Ok(self.content)
    }

    /// Returns the content for the first message of a new chat (`POST /v3/chats`), for which the rules of
    /// [`check_first_message`](super::check_first_message) apply too.
    ///
    /// `POST /v3/chats` reuses a chat that exists; turn the `FirstMessage…` rules off in that case.
    ///
    /// # Errors
    ///
    /// Everything that breaks a rule which is on.
    pub fn build_first(mut self) -> Result<MessageContent, InvalidMessage> {
        self.report.extend(report_first_message(&self.content));
        self.build()
    }

    pub(crate) fn add_part(&mut self, part: impl Into<MessagePart>) {
        let parts = self.content.parts.get_or_insert_default();
        parts.push(part.into());
    }

    pub(crate) fn add_media(&mut self, attachment_id: impl IntoId, media: MediaPart) {
        let place = Place::Part(self.content.parts.as_ref().map_or(0, Vec::len));
        if let Some(id) = self.id(attachment_id, place) {
            self.add_part(media.with_attachment_id(id));
        }
    }

    pub(crate) fn add_decoration(&mut self, decoration: Decoration, span: &Span) {
        if let Some((text, range)) = self.select(span) {
            let decorations = text.text_decorations.get_or_insert_default();
            decorations.push(decoration.at(range));
        }
    }

    pub(crate) fn add_mention(&mut self, handle: String, span: &Span) {
        if let Some((index, text)) = self.last_text()
            && text.mention.is_some()
        {
            self.report.add(Place::Part(index), Rule::Mention);
        } else if let Some((text, range)) = self.select(span) {
            text.mention = Some(handle);
            text.mention_range = Some(range);
        }
    }

    pub(crate) fn add_sticker(
        &mut self,
        span: &Span,
        image: impl FnOnce(InlineSticker) -> InlineSticker,
    ) {
        if let Some((text, range)) = self.select(span) {
            let stickers = text.inline_stickers.get_or_insert_default();
            stickers.push(image(InlineSticker::new(range)));
        }
    }

    /// Returns the id, or notes that it is not a UUID.
    pub(crate) fn id(&mut self, id: impl IntoId, place: Place) -> Option<Uuid> {
        let id = id.into_id().parse().ok();
        self.report.expect(id.is_some(), place, Rule::Id);
        id
    }

    pub(crate) fn last_text(&mut self) -> Option<(usize, &mut TextPart)> {
        let parts = self.content.parts.as_deref_mut().unwrap_or_default();
        let mut from_end = parts.iter_mut().enumerate().rev();
        from_end.find_map(|(index, part)| match part {
            MessagePart::Text(text) => Some((index, text)),
            _ => None,
        })
    }

    /// Returns the last text and the selected range of it, or notes why there is none.
    fn select(&mut self, span: &Span) -> Option<(&mut TextPart, Vec<i64>)> {
        let selected = match self.last_text() {
            None => Err((Place::Message, Rule::NoText)),
            Some((index, text)) => span
                .resolve(&text.value)
                .map(|bytes| Utf16::new(&text.value).range(bytes))
                .map_err(|rule| (Place::Part(index), rule)),
        };
        match selected {
            Ok(range) => self.last_text().map(|(_, text)| (text, range)),
            Err((place, rule)) => {
                self.report.add(place, rule);
                None
            }
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::new().text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::new().text(text)
    }
}

impl From<&String> for Message {
    fn from(text: &String) -> Self {
        Self::new().text(text)
    }
}

impl From<MessageContent> for Message {
    fn from(content: MessageContent) -> Self {
        Self {
            content,
            ..Self::default()
        }
    }
}

impl TryFrom<Message> for MessageContent {
    type Error = InvalidMessage;

    fn try_from(message: Message) -> Result<Self, InvalidMessage> {
        message.build()
    }
}

// Counts only, since content is private.
impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.content.parts.as_deref().unwrap_or_default();
        let (mut texts, mut media, mut decorations) = (0_usize, 0_usize, 0_usize);
        for part in parts {
            match part {
                MessagePart::Text(text) => {
                    texts += 1;
                    decorations += text.text_decorations.as_ref().map_or(0, Vec::len);
                }
                MessagePart::Media(_) => media += 1,
                _ => {}
            }
        }
        formatter
            .debug_struct("Message")
            .field("parts", &parts.len())
            .field("texts", &texts)
            .field("media", &media)
            .field("decorations", &decorations)
            .field("experience", &self.content.experience.is_some())
            .field("effect", &self.content.effect.is_some())
            .field("reply", &self.content.reply_to.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use linq_types::{IMessageApp, IMessageAppLayout, IMessageAppPart, TextDecoration};

    use super::super::effect::BubbleEffect;
    use super::super::span::read_range;
    use super::*;

    fn decorations(message: Message) -> Vec<TextDecoration> {
        let content = message.build().expect("valid");
        match content.parts.into_iter().flatten().next() {
            Some(MessagePart::Text(text)) => text.text_decorations.unwrap_or_default(),
            other => panic!("{other:?}"),
        }
    }

    fn broken(message: Message) -> Vec<(Option<usize>, Rule)> {
        let error = message.build().expect_err("broken");
        error
            .violations()
            .iter()
            .map(|found| (found.part(), found.rule()))
            .collect()
    }

    #[test]
    fn everything_lands_where_the_document_has_it() {
        let id = Uuid::from_u128(7);
        let content = Message::new()
            .text("Hello world")
            .bold("world")
            .animate(Animation::Nod, "Hello")
            .mention("+12025550100", Span::chars(0..5))
            .media_url("https://example.com/a.png")
            .media(id)
            .text("🎉x")
            .inline_sticker(id, "x")
            .effect(BubbleEffect::Slam)
            .reply_to_part(id, 3)
            .preferred_service(ServiceType::IMessage)
            .idempotency_key("key")
            .build()
            .expect("valid");
        let expected = MessageContent::new()
            .with_parts(vec![
                TextPart::new("Hello world")
                    .with_text_decorations(vec![
                        TextDecoration::new(vec![6, 11]).with_style("bold"),
                        TextDecoration::new(vec![0, 5]).with_animation("nod"),
                    ])
                    .with_mention("+12025550100")
                    .with_mention_range(vec![0, 5])
                    .into(),
                MediaPart::new()
                    .with_url("https://example.com/a.png")
                    .into(),
                MediaPart::new().with_attachment_id(id).into(),
                TextPart::new("🎉x")
                    .with_inline_stickers(vec![
                        InlineSticker::new(vec![2, 3]).with_attachment_id(id),
                    ])
                    .into(),
            ])
            .with_effect(
                linq_types::MessageEffect::new()
                    .with_type("bubble")
                    .with_name("slam"),
            )
            .with_reply_to(ReplyTo::new(id).with_part_index(3))
            .with_preferred_service("iMessage")
            .with_idempotency_key("key");
        assert_eq!(content, expected);
    }

    #[test]
    fn lone_parts() {
        let app = IMessageApp::new("com.example.app", "App", "ABCDE12345");
        let card = IMessageAppPart::new(app, IMessageAppLayout::new().with_caption("Hi"));
        for message in [
            Message::new().link("https://example.com"),
            Message::new().app_clip("https://example.com"),
            Message::new().part(card),
            Message::new().experience(MessageExperience::new("a", "b")),
        ] {
            assert!(message.clone().build().is_ok(), "{message:?}");
            assert!(message.clone().text("more").build().is_err(), "{message:?}");
        }
    }

    #[test]
    fn decorations_act_on_the_last_text_and_count_in_code_units() {
        let text = "👩🏽‍🚀 ciao 🇮🇹!";
        let found = decorations(
            Message::from(text)
                .bold("ciao")
                .italic(Span::graphemes(..1))
                .underline(Span::bytes(21..))
                .strikethrough(Span::all()),
        );
        let read: Vec<_> = found
            .iter()
            .map(|decoration| read_range(text, &decoration.range))
            .collect();
        assert_eq!(read, [Some("ciao"), Some("👩🏽‍🚀"), Some("🇮🇹!"), Some(text)]);
        let later = Message::new()
            .text("one one")
            .media_url("https://example.com/a.png")
            .text("one")
            .bold("one")
            .media_url("https://example.com/b.png");
        assert_eq!(decorations(later.clone()), []);
        assert!(later.bold("one").italic("one").build().is_ok());
    }

    #[test]
    fn what_has_no_place_is_named_and_left_out_unchecked() {
        let message = Message::new()
            .bold("nothing")
            .text("e\u{301}🎉")
            .bold("absent")
            .bold(Span::chars(1..9))
            .italic(Span::bytes(4..7))
            .underline(Span::chars(0..1))
            .text("b");
        assert_eq!(
            broken(message.clone()),
            [
                (None, Rule::NoText),
                (Some(0), Rule::Selection),
                (Some(0), Rule::Range),
                (Some(0), Rule::WholeCharacters),
                (Some(1), Rule::AdjacentText),
            ]
        );
        let unchecked = message.clone().unchecked().build().expect("no rules");
        let Some([MessagePart::Text(text), MessagePart::Text(_)]) = unchecked.parts.as_deref()
        else {
            panic!("{unchecked:?}");
        };
        let left = text.text_decorations.as_deref().unwrap_or_default();
        assert_eq!(
            left,
            [TextDecoration::new(vec![0, 1]).with_style("underline")]
        );
        let rest = broken(
            message
                .without_rule(Rule::AdjacentText)
                .without_rule(Rule::NoText),
        );
        assert_eq!(rest.len(), 3);
    }

    #[test]
    fn an_id_may_be_text_and_has_to_be_a_uuid() {
        let id = "c2497d1e-06fb-4a38-b5d2-9e140c7f83a5";
        let content = Message::from("Look")
            .inline_sticker(id, "Look")
            .media(id.to_owned())
            .reply_to(id)
            .build()
            .expect("UUIDs");
        assert!(
            content
                .reply_to
                .is_some_and(|reply| reply.message_id.to_string() == id)
        );
        let message = Message::from("Look")
            .inline_sticker("sticker", "Look")
            .media("photo")
            .reply_to_part("message", 1);
        assert_eq!(
            broken(message.clone()),
            [(None, Rule::Id), (Some(0), Rule::Id), (Some(1), Rule::Id)]
        );
        let unchecked = message.without_rule(Rule::Id).build().expect("left out");
        assert_eq!(unchecked, Message::from("Look").build().expect("valid"));
    }

    #[test]
    fn a_text_mentions_one_participant() {
        let message = Message::from("Ann and Ben")
            .mention("+12025550100", "Ann")
            .mention("+12025550101", "Ben");
        assert_eq!(broken(message), [(Some(0), Rule::Mention)]);
    }

    #[test]
    fn first_messages_have_rules_of_their_own() {
        let message = Message::from("See www.example.com").effect(BubbleEffect::Loud);
        assert!(message.clone().build().is_ok());
        let error = message.clone().build_first().expect_err("broken");
        assert!(error.breaks(Rule::FirstMessageUrl) && error.breaks(Rule::FirstMessageEffect));
        let message = message
            .without_rule(Rule::FirstMessageUrl)
            .without_rule(Rule::FirstMessageEffect);
        assert!(message.build_first().is_ok());
    }

    #[test]
    fn debug_counts() {
        let message = Message::from("secret +12025550100")
            .bold("secret")
            .media_url("https://example.com/secret")
            .idempotency_key("secret")
            .reply_to(Uuid::nil());
        let shown = format!("{message:?}");
        assert_eq!(
            shown,
            "Message { parts: 2, texts: 1, media: 1, decorations: 1, experience: false, \
             effect: false, reply: true, .. }"
        );
        let error = Message::from("secret")
            .bold("+12025550100")
            .build()
            .expect_err("broken");
        assert!(!format!("{error:?} {error}").contains("2025550100"));
        assert!(!format!("{error:?} {error}").contains("secret"));
    }
}
