//! The builder of a message.

use std::fmt;

use linq_types::{
    AppClipPart, InlineSticker, LinkPart, MediaPart, MessageContent, MessageExperience,
    MessagePart, ReplyTo, ServiceType, TextPart,
};
use uuid::Uuid;

use super::check::{report_first_message, report_message};
use super::decoration::{Animation, Decoration, Span, Style};
use super::effect::Effect;
use super::rules::{InvalidMessage, Place, Report, Rule, RuleSet};
use super::utf16::Utf16Map;

/// A message in the making: parts in the order in which they are shown, and how they are sent.
///
/// Each call adds something; what breaks a rule is noted and comes out of [`build`](Self::build), all of it at
/// once. What decorates or mentions acts on the last text part there is. `&str` and `String` turn into a message
/// of one text.
///
/// ```
/// use linq_ext::message::{Message, Rule, Span};
///
/// let content = Message::from("Hello world").bold("world").build()?;
/// # assert_eq!(content.parts.as_ref().map(Vec::len), Some(1));
///
/// // Refused: an emoji is not cut in half, and two texts do not follow each other.
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
#[derive(Clone, Default)]
#[must_use = "a message does nothing until it is built or sent"]
pub struct Message {
    /// On the heap: each call moves the message, and contents are large.
    pub(crate) content: Box<MessageContent>,
    /// What could not be put into the content.
    pub(crate) report: Report,
    pub(crate) rules: RuleSet,
}

impl Message {
    /// A message without parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text part: 1 to 10,000 characters, sent as they are (see [`Message::split`] for longer ones).
    ///
    /// Two texts in a row are not merged; they break [`Rule::AdjacentText`] (1004).
    pub fn text(self, text: impl Into<String>) -> Self {
        self.part(TextPart::new(text))
    }

    /// Makes a stretch of the last text bold. Only iMessage shows it.
    ///
    /// `"words"` are the first place where they stand; see [`Span`] for other ways to say which stretch.
    pub fn bold(self, span: impl Into<Span>) -> Self {
        self.decorate(Style::Bold, span)
    }

    /// Makes a stretch of the last text italic. Only iMessage shows it.
    pub fn italic(self, span: impl Into<Span>) -> Self {
        self.decorate(Style::Italic, span)
    }

    /// Strikes a stretch of the last text through. Only iMessage shows it.
    pub fn strikethrough(self, span: impl Into<Span>) -> Self {
        self.decorate(Style::Strikethrough, span)
    }

    /// Underlines a stretch of the last text. Only iMessage shows it.
    pub fn underline(self, span: impl Into<Span>) -> Self {
        self.decorate(Style::Underline, span)
    }

    /// Moves a stretch of the last text. It may overlap no other decoration; only iMessage shows it.
    pub fn animate(self, animation: Animation, span: impl Into<Span>) -> Self {
        self.decorate(animation, span)
    }

    /// Decorates a stretch of the last text with a style or an animation, at most 100 of them to a text.
    pub fn decorate(mut self, decoration: impl Into<Decoration>, span: impl Into<Span>) -> Self {
        if let Some((text, range)) = self.select(&span.into()) {
            text.text_decorations
                .get_or_insert_default()
                .push(decoration.into().at(range));
        }
        self
    }

    /// Mentions a participant of a group by handle; the stretch of the last text stands for them.
    ///
    /// One to a text. In a direct chat the send answers 2023.
    pub fn mention(mut self, handle: impl Into<String>, span: impl Into<Span>) -> Self {
        if let Some((index, text)) = last_text(&mut self.content)
            && text.mention.is_some()
        {
            self.report.add(Place::Part(index), Rule::Mention);
        } else if let Some((text, range)) = self.select(&span.into()) {
            text.mention = Some(handle.into());
            text.mention_range = Some(range);
        }
        self
    }

    /// Puts an uploaded image in place of a stretch of the last text. Only iMessage shows it.
    ///
    /// At most 100 to a text, of at most 10 different images, where nothing else is.
    pub fn inline_sticker(
        mut self,
        attachment_id: impl TryInto<Uuid>,
        span: impl Into<Span>,
    ) -> Self {
        let place = last_text(&mut self.content).map_or(Place::Message, |(at, _)| Place::Part(at));
        if let Some(attachment_id) = self.id(attachment_id, place) {
            self.add_sticker(&span.into(), |sticker| {
                sticker.with_attachment_id(attachment_id)
            });
        }
        self
    }

    /// Puts the image of an `https` address in place of a stretch of the last text. Only iMessage shows it.
    ///
    /// At most 100 to a text, of at most 10 different images, where nothing else is.
    pub fn inline_sticker_url(mut self, url: impl Into<String>, span: impl Into<Span>) -> Self {
        self.add_sticker(&span.into(), |sticker| sticker.with_url(url));
        self
    }

    /// Adds a file by its public `https` address, at most 10 MB (5005) of a type that the API takes (5004).
    ///
    /// At most 40 to a message (1004).
    pub fn media_url(self, url: impl Into<String>) -> Self {
        self.part(MediaPart::new().with_url(url))
    }

    /// Adds a file that was uploaded beforehand, at most 100 MB. One that is not ready answers 2007.
    ///
    /// The id is a [`Uuid`], or text that is one.
    pub fn media(mut self, attachment_id: impl TryInto<Uuid>) -> Self {
        let place = Place::Part(self.content.parts.as_ref().map_or(0, Vec::len));
        match self.id(attachment_id, place) {
            Some(id) => self.part(MediaPart::new().with_attachment_id(id)),
            None => self,
        }
    }

    /// Adds a link, shown as a preview of its page: at most 2,048 characters, and the only part (1004).
    ///
    /// It may not open a chat (`POST /v3/chats`, 1005).
    pub fn link(self, url: impl Into<String>) -> Self {
        self.part(LinkPart::new(url))
    }

    /// Adds an App Clip by the address that invokes it: the only part (1004), by iMessage alone (2028).
    pub fn app_clip(self, url: impl Into<String>) -> Self {
        self.part(AppClipPart::new(url))
    }

    /// Adds any part, such as an app card or media as a sticker.
    ///
    /// ```
    /// use linq_ext::message::Message;
    /// use linq_types::MediaPart;
    ///
    /// let sticker = MediaPart::new().with_url("https://example.com/a.png").with_sticker(true);
    /// let message = Message::new().part(sticker);
    /// ```
    pub fn part(mut self, part: impl Into<MessagePart>) -> Self {
        // Most messages have one part, and parts are large.
        let parts = self
            .content
            .parts
            .get_or_insert_with(|| Vec::with_capacity(1));
        parts.push(part.into());
        self
    }

    /// Sends a ready-made card in place of parts.
    pub fn experience(mut self, experience: impl Into<MessageExperience>) -> Self {
        self.content.experience = Some(experience.into());
        self
    }

    /// Plays an effect with the message. Only iMessage shows it, and not in the first message of a new chat.
    pub fn effect(mut self, effect: impl Into<Effect>) -> Self {
        self.content.effect = Some(effect.into().into());
        self
    }

    /// Answers a message, which only iMessage shows. The first message of a new chat cannot.
    ///
    /// The id is a [`Uuid`], or text that is one.
    pub fn reply_to(mut self, message_id: impl TryInto<Uuid>) -> Self {
        self.content.reply_to = self.id(message_id, Place::Message).map(ReplyTo::new);
        self
    }

    /// Answers one part of a message, counted from 0.
    pub fn reply_to_part(mut self, message_id: impl TryInto<Uuid>, part_index: u16) -> Self {
        let id = self.id(message_id, Place::Message);
        self.content.reply_to = id.map(|id| ReplyTo::new(id).with_part_index(part_index));
        self
    }

    /// Asks for a service. Without it: iMessage if possible, then RCS, then SMS.
    ///
    /// `iMessage` is that or nothing; `RCS` and `SMS` are never iMessage, and RCS where the recipient has it.
    pub fn preferred_service(mut self, service: ServiceType) -> Self {
        self.content.preferred_service = Some(service);
        self
    }

    /// Sets the key under which the server takes this message once, however often it is sent: 1 to 255
    /// characters.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.content.idempotency_key = Some(key.into());
        self
    }

    /// Turns one rule off for this message.
    pub fn without_rule(mut self, rule: Rule) -> Self {
        self.rules.turn_off(rule);
        self
    }

    /// Turns all rules off for this message: what it holds is sent as it is, and the server decides.
    ///
    /// What has no meaning at all is left out, such as bold for words that do not occur.
    pub fn unchecked(mut self) -> Self {
        self.rules.turn_all_off();
        self
    }

    /// The content that a request takes.
    ///
    /// # Errors
    ///
    /// Everything that breaks a rule which is on.
    pub fn build(self) -> Result<MessageContent, InvalidMessage> {
        let mut report = self.report;
        report.extend(report_message(&self.content));
        report.finish_under(self.rules)?;
        Ok(*self.content)
    }

    /// The content for the first message of a new chat (`POST /v3/chats`): the rules of
    /// [`check_first_message`](super::check_first_message) hold as well.
    ///
    /// Where the chat exists already, `POST /v3/chats` reuses it; turn the `FirstMessage…` rules off then.
    ///
    /// # Errors
    ///
    /// Everything that breaks a rule which is on.
    pub fn build_first(mut self) -> Result<MessageContent, InvalidMessage> {
        self.report.extend(report_first_message(&self.content));
        self.build()
    }

    fn add_sticker(&mut self, span: &Span, image: impl FnOnce(InlineSticker) -> InlineSticker) {
        if let Some((text, range)) = self.select(span) {
            text.inline_stickers
                .get_or_insert_default()
                .push(image(InlineSticker::new(range)));
        }
    }

    /// The id, unless it is not a UUID, which is noted.
    fn id(&mut self, id: impl TryInto<Uuid>, place: Place) -> Option<Uuid> {
        let id = id.try_into().ok();
        self.report.expect(id.is_some(), place, Rule::Id);
        id
    }

    /// The last text and the selected range of it, unless there is none, which is noted.
    fn select(&mut self, span: &Span) -> Option<(&mut TextPart, Vec<i64>)> {
        let Some((index, text)) = last_text(&mut self.content) else {
            self.report.add(Place::Message, Rule::NoText);
            return None;
        };
        match span.resolve(&text.value) {
            Ok(bytes) => {
                let range = Utf16Map::new(&text.value).range(bytes);
                Some((text, range))
            }
            Err(rule) => {
                self.report.add(Place::Part(index), rule);
                None
            }
        }
    }
}

fn last_text(content: &mut MessageContent) -> Option<(usize, &mut TextPart)> {
    let parts = content.parts.as_deref_mut().unwrap_or_default();
    parts
        .iter_mut()
        .enumerate()
        .rev()
        .find_map(|(index, part)| match part {
            MessagePart::Text(text) => Some((index, text)),
            _ => None,
        })
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

impl From<MessageContent> for Message {
    fn from(content: MessageContent) -> Self {
        Self {
            content: Box::new(content),
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

/// Counts, never what the message says.
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
    use super::super::utf16::read_range;
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
