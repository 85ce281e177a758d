//! The rules for messages, and the error of what breaks them.

use std::fmt;

use crate::code::ErrorCode;

macro_rules! rules {
    ($($(#[$docs:meta])* $rule:ident: $code:expr, $sentence:literal;)*) => {
        /// A rule of the API that can be checked before anything is sent.
        ///
        /// The server has the last word: [`Message::without_rule`](super::Message::without_rule) turns one off,
        /// [`Message::unchecked`](super::Message::unchecked) all of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$docs])* $rule,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Self] = &[$(Self::$rule),*];

            /// Returns the error code of the API for a violation; `None` if none is documented.
            pub fn code(self) -> Option<ErrorCode> {
                match self {
                    $(Self::$rule => $code,)*
                }
            }
        }

        impl fmt::Display for Rule {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(match self {
                    $(Self::$rule => $sentence,)*
                })
            }
        }
    };
}

rules! {
    /// A message has either parts or an experience.
    PartsOrExperience: None, "a message has either parts or an experience";
    /// A message has 1 to 100 parts. The API refuses others with 1004.
    PartCount: Some(ErrorCode::InvalidMessageContent), "a message has 1 to 100 parts";
    /// At most 40 media parts of a message are given by URL; attachments do not count. The API refuses more with
    /// 1004.
    UrlMediaCount: Some(ErrorCode::InvalidMessageContent), "at most 40 media parts are given by URL";
    /// Two text parts do not follow each other. The API refuses them with 1004.
    AdjacentText: Some(ErrorCode::InvalidMessageContent), "two text parts do not follow each other";
    /// A link, an app card or an App Clip is the only part of its message. The API refuses others with 1004.
    LonePart: Some(ErrorCode::InvalidMessageContent), "a link, an app card or an App Clip is the only part";
    /// An idempotency key has 1 to 255 characters. The upper limit is documented; with an empty key all sends would
    /// count as one.
    IdempotencyKey: None, "an idempotency key has 1 to 255 characters";
    /// The part that a message replies to is counted from 0.
    ReplyPart: None, "the part that is replied to is counted from 0";
    /// An App Clip is sent by iMessage only. The API refuses RCS and SMS with 2028.
    AppClipService: Some(ErrorCode::AppClipNeedsImessage), "an App Clip is sent by iMessage only";
    /// An effect that is given by name has a known name. A rule of this crate; with it off, the effect is left out.
    EffectName: None, "the name of an effect is a known one";

    /// A text has 1 to 10,000 characters, counted as Unicode code points (`char`s), as in JSON Schema.
    /// [`Message::split`](super::Message::split) splits a longer one into several messages.
    TextLength: None, "a text has 1 to 10,000 characters";
    /// The id of an attachment or of a message that is replied to is a UUID. A rule of this crate; with it off, what
    /// has another id is left out.
    Id: None, "an id is a UUID";
    /// There is a text part to decorate, or to mention somebody in. A rule of this crate; with it off, what has no
    /// text is left out.
    NoText: None, "a text part comes before its decorations";
    /// Selected words occur in the text. A rule of this crate; with it off, the decoration is left out.
    Selection: None, "the selected words occur in the text";
    /// A range is two positions in order, not equal, inside the text. With the rule off, a [`Span`](super::Span)
    /// outside the text is still left out.
    Range: None, "a range is not empty and is inside the text";
    /// A range cuts neither a surrogate pair nor a grapheme cluster, such as an emoji with its skin tone, a flag, or
    /// a letter with its accent. With the rule off, a [`Span`](super::Span) that cuts a `char` is still left out.
    WholeCharacters: None, "a range does not cut a grapheme cluster";
    /// A text has at most 100 decorations.
    DecorationCount: None, "a text has at most 100 decorations";
    /// A decoration is either a style or an animation.
    DecorationKind: None, "a decoration is either a style or an animation";
    /// An animation overlaps no other decoration; styles may overlap each other.
    AnimationOverlap: None, "an animation overlaps no other decoration";
    /// A text mentions one participant, in a range that comes with the handle.
    Mention: None, "a text mentions one participant";
    /// A text has at most 100 inline stickers.
    StickerCount: None, "a text has at most 100 inline stickers";
    /// The inline stickers of a text are at most 10 different images.
    StickerImages: None, "a text has at most 10 different stickers";
    /// An inline sticker overlaps no other one, no decoration and no mention.
    StickerOverlap: None, "an inline sticker overlaps nothing";

    /// Media and inline stickers are given by URL or by attachment, never both.
    MediaSource: None, "media is given by either URL or attachment";
    /// The URL of media and inline stickers begins with `https://`.
    MediaHttps: None, "the URL of media is an https one";
    /// A link has 1 to 2,048 characters.
    LinkLength: None, "a link has 1 to 2,048 characters";
    /// The app of a card has a name, a bundle id without a colon and a team id of 10 capital letters and digits. The
    /// API refuses others with 1008.
    AppIdentity: Some(ErrorCode::InvalidAppCard), "the app of a card has a name, a bundle id and a team id";
    /// An app card shows at least one caption or an image, and a title of the image only with the image.
    AppCardLayout: None, "an app card shows a caption or an image";
    /// The URL of an app card is `https` with at most 2,048 characters, or `data` with at most 16,384.
    AppCardUrl: None, "the URL of an app card is an https or data one, and not too long";

    /// The first message of a new chat has no link (`POST /v3/chats`, 1005).
    FirstMessageLink: Some(ErrorCode::InvalidParameter), "a first message has no link";
    /// The first message of a new chat has no URL in its text (`POST /v3/chats`, 1005). URLs with a scheme
    /// (`https://`) or `www.` are found; what else the server treats as one is not documented.
    FirstMessageUrl: Some(ErrorCode::InvalidParameter), "a first message has no URL in its text";
    /// The first message of a new chat has no effect (`POST /v3/chats`).
    FirstMessageEffect: None, "a first message has no effect";
    /// The first message of a new chat is not a reply (`POST /v3/chats`).
    FirstMessageReply: None, "a first message is not a reply";

    /// A chat is created with 1 to 31 recipients (`POST /v3/chats`); `POST /v3/messages` needs at least one.
    RecipientCount: None, "there are 1 to 31 recipients";
    /// A handle is a phone number in E.164 (`+` and up to 15 digits) or an e-mail address; where only numbers are
    /// accepted it is the former. The API refuses others with 1002.
    Handle: Some(ErrorCode::InvalidPhoneNumber), "a handle is a number in E.164 or an e-mail address";

    /// The name of a file has 1 to 255 characters (`POST /v3/attachments`).
    FileName: None, "a file name has 1 to 255 characters";
    /// The file type is one that the API accepts. It refuses others with 5004.
    FileType: Some(ErrorCode::UnsupportedFileType), "the file type is one that the API accepts";
    /// A file has 1 byte to 100 MB when uploaded, 10 MB by URL. The API refuses others with 5005.
    FileSize: Some(ErrorCode::FileTooLarge), "a file is not empty, and has at most 100 MB when uploaded or 10 MB by URL";
}

/// Where a rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Place {
    /// The message as a whole.
    Message,
    /// One part of the message, counted from 0.
    Part(usize),
    /// One recipient, counted from 0.
    Recipient(usize),
    /// A single handle.
    Handle,
    /// A line of the account.
    Line,
    /// A file.
    File,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message => formatter.write_str("message"),
            Self::Part(index) => write!(formatter, "part {index}"),
            Self::Recipient(index) => write!(formatter, "recipient {index}"),
            Self::Handle => formatter.write_str("handle"),
            Self::Line => formatter.write_str("line"),
            Self::File => formatter.write_str("file"),
        }
    }
}

/// A rule that is broken in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Violation {
    place: Place,
    rule: Rule,
}

impl Violation {
    /// Returns the broken rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Returns where it is broken.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Returns which part breaks it, counted from 0; `None` if it is not a single part.
    pub fn part(&self) -> Option<usize> {
        match self.place {
            Place::Part(index) => Some(index),
            _ => None,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.rule)
    }
}

/// The error of a message, recipient or file that the API would refuse; nothing was sent.
///
/// It has places and rules, and no text, numbers or addresses, so it can be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMessage {
    violations: Vec<Violation>,
}

impl InvalidMessage {
    /// Returns all violations, at least one, in order of place; each rule once for each place.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Returns whether this rule is broken anywhere.
    pub fn breaks(&self, rule: Rule) -> bool {
        self.violations.iter().any(|found| found.rule == rule)
    }
}

impl fmt::Display for InvalidMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 4;
        formatter.write_str("refused before sending: ")?;
        for (index, violation) in self.violations.iter().take(SHOWN).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}{violation}")?;
        }
        match self.violations.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(formatter, "; and {more} more"),
        }
    }
}

impl std::error::Error for InvalidMessage {}

/// The violations found so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Report(Vec<Violation>);

impl Report {
    pub(crate) fn add(&mut self, place: Place, rule: Rule) {
        self.0.push(Violation { place, rule });
    }

    /// Returns a report of one rule, which is broken unless its condition holds.
    pub(crate) fn of(holds: bool, place: Place, rule: Rule) -> Self {
        let mut report = Self::default();
        report.expect(holds, place, rule);
        report
    }

    /// Adds the rule unless its condition holds.
    pub(crate) fn expect(&mut self, holds: bool, place: Place, rule: Rule) {
        if !holds {
            self.add(place, rule);
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Fails if any rule is broken.
    pub(crate) fn finish(self) -> Result<(), InvalidMessage> {
        self.finish_without(&[])
    }

    /// Fails if any rule is broken that is not off.
    pub(crate) fn finish_without(self, off: &[Rule]) -> Result<(), InvalidMessage> {
        let mut violations = self.0;
        violations.retain(|violation| !off.contains(&violation.rule));
        violations.sort_unstable();
        violations.dedup();
        match violations.is_empty() {
            true => Ok(()),
            false => Err(InvalidMessage { violations }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_of_places_and_rules() {
        let mut report = Report::default();
        for part in [2, 0, 2, 5, 7, 8, 9] {
            report.add(Place::Part(part), Rule::TextLength);
        }
        report.add(Place::Message, Rule::PartCount);
        let error = report.finish().expect_err("broken");
        assert_eq!(error.violations().len(), 7);
        assert_eq!(error.violations()[1].part(), Some(0));
        assert!(error.breaks(Rule::PartCount) && !error.breaks(Rule::Handle));
        assert_eq!(
            error.to_string(),
            "refused before sending: message: a message has 1 to 100 parts; \
             part 0: a text has 1 to 10,000 characters; part 2: a text has 1 to 10,000 characters; \
             part 5: a text has 1 to 10,000 characters; and 3 more"
        );
    }

    #[test]
    fn what_is_off_is_not_reported() {
        let mut report = Report::default();
        report.add(Place::Message, Rule::PartCount);
        assert_eq!(report.finish_without(&[Rule::PartCount]), Ok(()));
    }

    #[test]
    fn codes_are_those_of_the_facts() {
        assert_eq!(Rule::LonePart.code(), Some(ErrorCode::from(1004)));
        assert_eq!(Rule::Handle.code(), Some(ErrorCode::from(1002)));
        assert_eq!(Rule::TextLength.code(), None);
    }

    #[test]
    fn the_error_travels() {
        fn travels<T: std::error::Error + Send + Sync + 'static>() {}
        travels::<InvalidMessage>();
    }
}
