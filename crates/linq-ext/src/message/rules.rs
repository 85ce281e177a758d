//! The rules for messages: their names, and what breaks them.

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

            /// The error code with which the API answers a breach; `None` where it publishes none.
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
    /// A message has 1 to 100 parts. Sends answer 1004.
    PartCount: Some(ErrorCode::InvalidMessageContent), "a message has 1 to 100 parts";
    /// At most 40 media parts of a message are given by URL; attachments do not count. Sends answer 1004.
    UrlMediaCount: Some(ErrorCode::InvalidMessageContent), "at most 40 media parts are given by URL";
    /// Two text parts never follow each other. Sends answer 1004.
    AdjacentText: Some(ErrorCode::InvalidMessageContent), "two text parts do not follow each other";
    /// A link, an app card and an App Clip each are the only part of their message. Sends answer 1004.
    LonePart: Some(ErrorCode::InvalidMessageContent), "a link, an app card or an App Clip is the only part";
    /// An idempotency key has 1 to 255 characters. The upper limit is the document's; an empty key would make
    /// all sends repetitions of one.
    IdempotencyKey: None, "an idempotency key has 1 to 255 characters";
    /// The answered part of a message is counted from 0.
    ReplyPart: None, "the answered part is counted from 0";
    /// An App Clip goes by iMessage alone. Asking for RCS or SMS answers 2028.
    AppClipService: Some(ErrorCode::AppClipNeedsImessage), "an App Clip goes by iMessage alone";

    /// A text has 1 to 10,000 characters, counted as Unicode code points (`char`s), which is what JSON Schema
    /// means by the document's `maxLength`. [`Message::split`](super::Message::split) makes several messages of
    /// a longer one.
    TextLength: None, "a text has 1 to 10,000 characters";
    /// The id of an attachment or of an answered message is a UUID. This crate's own rule; with it off, what
    /// has no UUID is left out.
    Id: None, "an id is a UUID";
    /// There is a text part to decorate, or to mention somebody in. This crate's own rule; with it off, what
    /// has no text is left out.
    NoText: None, "a text part comes before what is done to it";
    /// Selected words occur in the text. This crate's own rule; with it off, the decoration is left out.
    Selection: None, "the selected words occur in the text";
    /// A range is two positions in order, not equal, inside the text. With the rule off, a [`Span`](super::Span)
    /// that has no place in the text is left out all the same.
    Range: None, "a range is not empty and lies inside the text";
    /// A range cuts neither a surrogate pair nor anything else that people see as one character, such as an
    /// emoji with its skin tone, a flag, or a letter with its accent. With the rule off, a
    /// [`Span`](super::Span) that cuts a `char` is left out all the same.
    WholeCharacters: None, "a range cuts no visible character";
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
    /// The app of a card has a name, a bundle id without a colon and a team id of 10 capital letters and
    /// digits. Sends answer 1008.
    AppIdentity: Some(ErrorCode::InvalidAppCard), "the app of a card has a name, a bundle id and a team id";
    /// An app card shows at least one caption or an image, and a title of the image only with the image.
    AppCardLayout: None, "an app card shows a caption or an image";
    /// The URL of an app card is `https` with at most 2,048 characters, or `data` with at most 16,384.
    AppCardUrl: None, "the URL of an app card is an https or data one, and not too long";

    /// The first message of a new chat holds no link (`POST /v3/chats`, 1005).
    FirstMessageLink: Some(ErrorCode::InvalidParameter), "a first message holds no link";
    /// The first message of a new chat has no URL in its text (`POST /v3/chats`, 1005). Found are those that
    /// begin with a scheme (`https://`) or `www.`; what else the server takes for one is not published.
    FirstMessageUrl: Some(ErrorCode::InvalidParameter), "a first message has no URL in its text";
    /// The first message of a new chat has no effect (`POST /v3/chats`).
    FirstMessageEffect: None, "a first message has no effect";
    /// The first message of a new chat is no reply (`POST /v3/chats`).
    FirstMessageReply: None, "a first message is no reply";

    /// A chat is opened with 1 to 31 recipients (`POST /v3/chats`); `POST /v3/messages` needs at least one.
    RecipientCount: None, "there are 1 to 31 recipients";
    /// A handle is a phone number in E.164 (`+` and up to 15 digits) or an e-mail address; where only numbers
    /// are taken it is the former. Answers 1002.
    Handle: Some(ErrorCode::InvalidPhoneNumber), "a handle is a number in E.164 or an e-mail address";

    /// The name of a file has 1 to 255 characters (`POST /v3/attachments`).
    FileName: None, "a file name has 1 to 255 characters";
    /// The file type is one that the API takes. Answers 5004.
    FileType: Some(ErrorCode::UnsupportedFileType), "the file type is one that the API takes";
    /// A file has 1 byte to 100 MB when uploaded, 10 MB by URL. Answers 5005.
    FileSize: Some(ErrorCode::FileTooLarge), "a file is not empty, and has 100 MB when uploaded or 10 MB by URL at most";
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
    /// A line of one's own, to send from or not.
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

/// One rule that is broken in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Violation {
    place: Place,
    rule: Rule,
}

impl Violation {
    /// The broken rule.
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Where it is broken.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Which part breaks it, counted from 0; `None` if it is not a single part.
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

/// A message, recipient or file that the API would refuse; nothing was sent.
///
/// Names places and rules, never text, numbers or addresses, so it can be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMessage {
    violations: Vec<Violation>,
}

impl InvalidMessage {
    /// Everything that is wrong, at least one thing, in order of place; a rule once for each place.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Whether this rule is broken anywhere.
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

/// What has been found so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report(Vec<Violation>);

impl Report {
    #[cold]
    pub(crate) fn add(&mut self, place: Place, rule: Rule) {
        self.0.push(Violation { place, rule });
    }

    /// Notes the rule unless what it wants is so.
    pub(crate) fn expect(&mut self, holds: bool, place: Place, rule: Rule) {
        if !holds {
            self.add(place, rule);
        }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// An error of what breaks a rule.
    pub(crate) fn finish(self) -> Result<(), InvalidMessage> {
        self.finish_under(RuleSet::default())
    }

    /// An error of what breaks the rules that are on.
    pub(crate) fn finish_under(self, rules: RuleSet) -> Result<(), InvalidMessage> {
        match self.0.is_empty() {
            true => Ok(()),
            false => self.refuse(rules),
        }
    }

    #[cold]
    fn refuse(self, rules: RuleSet) -> Result<(), InvalidMessage> {
        let mut violations = self.0;
        violations.retain(|violation| rules.holds(violation.rule));
        violations.sort_unstable();
        violations.dedup();
        if violations.is_empty() {
            Ok(())
        } else {
            Err(InvalidMessage { violations })
        }
    }
}

/// Which rules are on; a bit is set for each that is off.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RuleSet(u64);

const _: () = assert!(Rule::ALL.len() <= u64::BITS as usize);

impl RuleSet {
    pub(crate) fn turn_off(&mut self, rule: Rule) {
        self.0 |= Self::bit(rule);
    }

    pub(crate) fn turn_all_off(&mut self) {
        self.0 = u64::MAX;
    }

    fn holds(self, rule: Rule) -> bool {
        self.0 & Self::bit(rule) == 0
    }

    fn bit(rule: Rule) -> u64 {
        1 << rule as u64
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
        let mut rules = RuleSet::default();
        rules.turn_off(Rule::PartCount);
        assert_eq!(report.finish_under(rules), Ok(()));
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
