//! Texts that are too long for one message.

use std::mem;
use std::ops::Range;

use linq_types::{InlineSticker, MessagePart, TextDecoration, TextPart};
use unicode_segmentation::UnicodeSegmentation;

use super::check::{MAX_DECORATIONS, MAX_TEXT_CHARACTERS};
use super::content::Message;
use super::utf16::{self, Utf16Map};

impl Message {
    /// Makes several messages of one whose texts are over 10,000 characters; any other stays one message.
    ///
    /// A text is cut at the end of a paragraph, else of a line, a sentence or a word, whichever comes first
    /// among those in the second half of what fits; a visible character, a mention and an inline sticker are
    /// never cut. The pieces joined give the text back to the letter. Decorations are kept, cut where the text
    /// is. A text is also cut where it would have more than 100 decorations.
    ///
    /// Media stays beside the piece that it stood next to. The reply and the effect stay with the first message,
    /// the preferred service and the rules that are off go with all. An idempotency key `key` becomes `key-1`,
    /// `key-2` and so on, the same each time, so that sending all of them again is safe. What was broken so far
    /// is reported by the first message, under the numbers of the parts before the split.
    ///
    /// ```
    /// use linq_ext::message::Message;
    ///
    /// let letter = "A sentence of no great meaning. ".repeat(1_000);
    /// let messages = Message::from(letter).bold("great").split();
    /// assert_eq!(messages.len(), 4);
    /// for message in messages {
    ///     message.build()?;
    /// }
    /// # Ok::<(), linq_ext::message::InvalidMessage>(())
    /// ```
    pub fn split(self) -> Vec<Self> {
        self.split_at(MAX_TEXT_CHARACTERS)
    }

    /// Like [`split`](Self::split), with a limit of one's own in `char`s (0 counts as 1).
    ///
    /// A single visible character over the limit stays whole.
    pub fn split_at(mut self, characters: usize) -> Vec<Self> {
        let Some(parts) = self.content.parts.take() else {
            return vec![self];
        };
        let mut messages = Vec::new();
        let mut message = Vec::new();
        for part in parts {
            let MessagePart::Text(text) = part else {
                message.push(part);
                continue;
            };
            for (index, piece) in pieces(text, characters).into_iter().enumerate() {
                if index > 0 {
                    messages.push(mem::take(&mut message));
                }
                message.push(MessagePart::from(piece));
            }
        }
        messages.push(message);
        self.into_messages(messages)
    }

    fn into_messages(mut self, messages: Vec<Vec<MessagePart>>) -> Vec<Self> {
        let key = match messages.len() {
            1 => None,
            _ => self.content.idempotency_key.take(),
        };
        let preferred_service = self.content.preferred_service.clone();
        let rules = self.rules;
        let mut first = Some(self);
        messages
            .into_iter()
            .enumerate()
            .map(|(index, parts)| {
                let mut message = first.take().unwrap_or_else(|| Self {
                    rules,
                    ..Self::default()
                });
                message.content.parts = Some(parts);
                message.content.preferred_service = preferred_service.clone();
                if let Some(key) = &key {
                    message.content.idempotency_key = Some(format!("{key}-{}", index + 1));
                }
                message
            })
            .collect()
    }
}

/// A text with all that is tied to stretches of it, in bytes.
pub(crate) struct Draft {
    pub(crate) text: String,
    pub(crate) ties: Vec<Tie>,
}

/// Something tied to a stretch of a text.
#[derive(Clone)]
pub(crate) struct Tie {
    pub(crate) range: Range<usize>,
    pub(crate) tied: Tied,
}

#[derive(Clone)]
pub(crate) enum Tied {
    Decoration(TextDecoration),
    Sticker(InlineSticker),
    Mention(String),
}

impl Tied {
    fn tie_to(self, range: Vec<i64>, part: &mut TextPart) {
        match self {
            Self::Decoration(mut decoration) => {
                decoration.range = range;
                part.text_decorations
                    .get_or_insert_default()
                    .push(decoration);
            }
            Self::Sticker(mut sticker) => {
                sticker.range = range;
                part.inline_stickers.get_or_insert_default().push(sticker);
            }
            Self::Mention(handle) => {
                part.mention = Some(handle);
                part.mention_range = Some(range);
            }
        }
    }
}

impl Draft {
    /// The text in pieces of at most so many characters.
    pub(crate) fn into_parts(self, characters: usize) -> Vec<TextPart> {
        let cuts = Cutter::new(&self, characters).cuts();
        let starts = [0].into_iter().chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([self.text.len()]);
        let bounds: Vec<_> = starts.zip(ends).map(|(start, end)| start..end).collect();
        self.slices(&bounds)
            .into_iter()
            .map(Self::into_part)
            .collect()
    }

    /// Stretches of the text, in order and apart, each with what is tied to it.
    pub(crate) fn slices(self, bounds: &[Range<usize>]) -> Vec<Self> {
        let mut slices: Vec<_> = bounds
            .iter()
            .map(|bounds| Self {
                text: self.text[bounds.clone()].to_owned(),
                ties: Vec::new(),
            })
            .collect();
        for Tie { range, tied } in self.ties {
            let first = bounds.partition_point(|bounds| bounds.end <= range.start);
            for (slice, bounds) in slices[first..].iter_mut().zip(&bounds[first..]) {
                if bounds.start >= range.end {
                    break;
                }
                slice.ties.push(Tie {
                    range: range.start.max(bounds.start) - bounds.start
                        ..range.end.min(bounds.end) - bounds.start,
                    tied: tied.clone(),
                });
                // Decorations go on behind a cut; a picture or a mention stands once.
                if !matches!(tied, Tied::Decoration(_)) {
                    break;
                }
            }
        }
        slices
    }

    fn into_part(self) -> TextPart {
        let map = Utf16Map::new(&self.text);
        let mut part = TextPart::new("");
        for Tie { range, tied } in self.ties {
            tied.tie_to(map.range(range), &mut part);
        }
        part.value = self.text;
        part
    }
}

/// A text part in pieces; one that fits stays as it is.
fn pieces(part: TextPart, characters: usize) -> Vec<TextPart> {
    let decorations = part.text_decorations.as_ref().map_or(0, Vec::len);
    if part.value.chars().nth(characters.max(1)).is_none() && decorations <= MAX_DECORATIONS {
        return vec![part];
    }
    // What cannot be read is not lost: it stays with the first piece, where the rules find it.
    let mut unreadable = Vec::new();
    let mut ties = Vec::new();
    let map = Utf16Map::new(&part.value);
    let decorations = part.text_decorations.into_iter().flatten();
    let stickers = part.inline_stickers.into_iter().flatten();
    let all = decorations
        .map(|decoration| (decoration.range.clone(), Tied::Decoration(decoration)))
        .chain(stickers.map(|sticker| (sticker.range.clone(), Tied::Sticker(sticker))));
    for (range, tied) in all {
        match map.read(&range) {
            Ok(range) => ties.push(Tie { range, tied }),
            Err(_) => unreadable.push((range, tied)),
        }
    }
    let (mut mention, mut mention_range) = (part.mention, part.mention_range);
    if let Some(range) = mention_range
        .as_deref()
        .and_then(|range| map.read(range).ok())
        && let Some(handle) = mention.take()
    {
        mention_range = None;
        let tied = Tied::Mention(handle);
        ties.push(Tie { range, tied });
    }
    let draft = Draft {
        text: part.value,
        ties,
    };
    let mut pieces = draft.into_parts(characters);
    if let Some(first) = pieces.first_mut() {
        for (range, tied) in unreadable {
            tied.tie_to(range, first);
        }
        first.mention = first.mention.take().or(mention);
        first.mention_range = first.mention_range.take().or(mention_range);
    }
    pieces
}

/// Finds where to cut a text.
struct Cutter<'t> {
    text: &'t str,
    characters: usize,
    /// In order of their starts.
    decorations: Vec<Range<usize>>,
    /// What may not be cut beside visible characters.
    atoms: Vec<Range<usize>>,
}

impl<'t> Cutter<'t> {
    fn new(draft: &'t Draft, characters: usize) -> Self {
        let (mut decorations, mut atoms) = (Vec::new(), Vec::new());
        for tie in &draft.ties {
            match tie.tied {
                Tied::Decoration(_) => decorations.push(tie.range.clone()),
                Tied::Sticker(_) | Tied::Mention(_) => atoms.push(tie.range.clone()),
            }
        }
        decorations.sort_unstable_by_key(|range| range.start);
        Self {
            text: &draft.text,
            characters: characters.max(1),
            decorations,
            atoms,
        }
    }

    fn cuts(&self) -> Vec<usize> {
        let mut cuts = Vec::new();
        let mut start = 0;
        while let Some(end) = self.full_at(start) {
            start = self.cut(start, end);
            if start == self.text.len() {
                break;
            }
            cuts.push(start);
        }
        cuts
    }

    /// Where a piece that begins at `start` is full; `None` if it takes all the rest.
    fn full_at(&self, start: usize) -> Option<usize> {
        let by_length = self.text[start..]
            .char_indices()
            .nth(self.characters)
            .map(|(length, _)| start + length);
        let by_decorations = self
            .decorations
            .iter()
            .filter(|range| range.end > start)
            .nth(MAX_DECORATIONS)
            .map(|range| range.start)
            // With that many decorations in one place no cut would help.
            .filter(|&at| at > start);
        match (by_length, by_decorations) {
            (Some(length), Some(decorations)) => Some(length.min(decorations)),
            (length, decorations) => length.or(decorations),
        }
    }

    /// The best place for a cut in `start..=end`, or the first one behind it if there is none.
    fn cut(&self, start: usize, end: usize) -> usize {
        let half = utf16::whole_after(self.text, start + (end - start).div_ceil(2)).min(end);
        // Behind a blank line.
        let is_paragraph = |&at: &usize| {
            let line = self.text[..at].trim_end_matches(['\n', '\r']).len();
            self.text[line..at].matches('\n').count() > 1
        };
        let lines = || {
            self.text[start..end]
                .rmatch_indices('\n')
                .map(|(at, line_break)| start + at + line_break.len())
                .take_while(|&at| at >= half)
        };
        let is_fit = |&at: &usize| self.is_fit(start, at);
        lines()
            .filter(is_paragraph)
            .find(is_fit)
            .or_else(|| lines().find(is_fit))
            .or_else(|| self.last_sentence(start, half, end))
            .or_else(|| self.last_word(start, half, end))
            .unwrap_or_else(|| self.last_character(start, end))
    }

    fn last_sentence(&self, start: usize, half: usize, end: usize) -> Option<usize> {
        self.window(start, end)
            .split_sentence_bound_indices()
            .map(|(at, _)| start + at)
            .skip_while(|&at| at < half)
            .take_while(|&at| at <= end)
            .filter(|&at| self.is_fit(start, at))
            .last()
    }

    /// Before a word that a space parts from the last one; where there is no space, before any word.
    fn last_word(&self, start: usize, half: usize, end: usize) -> Option<usize> {
        let mut found: Option<(usize, bool)> = None;
        let mut follows_space = false;
        for (at, word) in self.window(start, end).split_word_bound_indices() {
            let at = start + at;
            if at > end {
                break;
            }
            let is_space = word.starts_with(char::is_whitespace);
            if at >= half && self.is_fit(start, at) {
                let is_clean = follows_space && !is_space;
                if is_clean || found.is_none_or(|(_, was_clean)| !was_clean) {
                    found = Some((at, is_clean));
                }
            }
            follows_space = is_space;
        }
        found.map(|(at, _)| at)
    }

    fn last_character(&self, start: usize, end: usize) -> usize {
        let mut at = utf16::whole_before(self.text, end);
        while let Some(atom) = self.atom_over(at) {
            at = utf16::whole_before(self.text, atom.start);
        }
        if at > start {
            return at;
        }
        // Something that may not be cut fills the piece: better cut that than a visible character.
        match utf16::whole_before(self.text, end) {
            at if at > start => at,
            _ => utf16::whole_after(self.text, end),
        }
    }

    /// Whether a piece that begins at `start` may end here.
    fn is_fit(&self, start: usize, at: usize) -> bool {
        // Seen from `start`, or a long run of flags would be counted over and over.
        at > start
            && utf16::is_whole(&self.text[start..], at - start)
            && self.atom_over(at).is_none()
    }

    fn atom_over(&self, at: usize) -> Option<&Range<usize>> {
        self.atoms
            .iter()
            .find(|atom| atom.start < at && at < atom.end)
    }

    /// The text from `start` to some way behind `end`, so that what ends at `end` is seen to end there.
    fn window(&self, start: usize, end: usize) -> &'t str {
        const AHEAD: usize = 512;
        let mut ahead = end.saturating_add(AHEAD).min(self.text.len());
        while !self.text.is_char_boundary(ahead) {
            ahead += 1;
        }
        &self.text[start..ahead]
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::decoration::{Animation, Span};
    use super::super::effect::ScreenEffect;
    use super::super::rules::Rule;
    use super::super::utf16::read_range;
    use super::*;

    fn texts(messages: &[Message]) -> Vec<&str> {
        messages
            .iter()
            .flat_map(|message| message.content.parts.iter().flatten())
            .filter_map(|part| match part {
                MessagePart::Text(text) => Some(text.value.as_str()),
                _ => None,
            })
            .collect()
    }

    fn split(text: &str, characters: usize) -> Vec<String> {
        let messages = Message::from(text).split_at(characters);
        texts(&messages).into_iter().map(str::to_owned).collect()
    }

    fn first_text(message: &Message) -> &TextPart {
        match message.content.parts.as_deref() {
            Some([MessagePart::Text(text), ..]) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_fits_stays_one() {
        let message = Message::from("Hello").bold("Hello").idempotency_key("key");
        let messages = message.clone().split();
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].content, message.content);
        assert_eq!(Message::new().split().len(), 1);
        assert_eq!(Message::from("🎉".repeat(10_000)).split().len(), 1);
    }

    #[test]
    fn cuts_stand_where_a_reader_wants_them() {
        assert_eq!(
            split("One two.\n\nThree. Four\nfive six", 20),
            ["One two.\n\n", "Three. Four\nfive six"]
        );
        assert_eq!(
            split("One. Twos\nthree. Four five", 20),
            ["One. Twos\n", "three. Four five"]
        );
        assert_eq!(
            split("One two. Three four five", 16),
            ["One two. ", "Three four five"]
        );
        assert_eq!(
            split("one two three four five", 16),
            ["one two three ", "four five"]
        );
        assert_eq!(
            split("one two three, four", 13),
            ["one two ", "three, four"]
        );
        assert_eq!(split("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn a_boundary_in_the_first_half_makes_no_stub() {
        assert_eq!(
            split("A.\n\nOne two three four five", 20),
            ["A.\n\nOne two three ", "four five"]
        );
    }

    #[test]
    fn blank_lines_stay_with_the_paragraph_before() {
        assert_eq!(
            split("One two three\r\n\r\n\r\nfour five six", 20),
            ["One two three\r\n\r\n\r\n", "four five six"]
        );
    }

    #[test]
    fn visible_characters_stay_whole() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(split(&family.repeat(3), 10), [family; 3]);
        assert_eq!(split(&family.repeat(2), 1), [family; 2]);
        assert_eq!(split("🇩🇪🇫🇷🇮🇹", 3), ["🇩🇪", "🇫🇷", "🇮🇹"]);
        assert_eq!(split("xe\u{301}e\u{301}", 2), ["x", "e\u{301}", "e\u{301}"]);
        assert_eq!(split("a\r\n", 2), ["a", "\r\n"]);
        assert_eq!(split("ab", 0), ["a", "b"]);
    }

    #[test]
    fn decorations_go_on_behind_the_cut() {
        let text = "🎉 one two three four";
        let messages = Message::from(text)
            .bold("two three")
            .animate(Animation::Nod, "🎉")
            .italic("four")
            .split_at(11);
        assert_eq!(texts(&messages), ["🎉 one two ", "three four"]);
        let read = |message: &Message| {
            let part = first_text(message);
            let decorations = part.text_decorations.as_deref().unwrap_or_default();
            decorations
                .iter()
                .map(|found| {
                    let style = found.style.as_ref().map_or("", |style| style.as_str());
                    let words = read_range(&part.value, &found.range).unwrap_or("?");
                    format!("{style}:{words}")
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(read(&messages[0]), ["bold:two ", ":🎉"]);
        assert_eq!(read(&messages[1]), ["bold:three", "italic:four"]);
    }

    #[test]
    fn mentions_and_stickers_are_not_cut() {
        let messages = Message::from("Hello my dear Ann Marie Smith")
            .mention("+12025550100", "Ann Marie Smith")
            .inline_sticker(Uuid::nil(), "my dear")
            .split_at(16);
        assert_eq!(texts(&messages), ["Hello my dear ", "Ann Marie Smith"]);
        let (first, second) = (first_text(&messages[0]), first_text(&messages[1]));
        assert_eq!(first.mention, None);
        assert_eq!(first.inline_stickers.as_ref().map(Vec::len), Some(1));
        assert_eq!(second.mention_range, Some(vec![0, 15]));
        assert_eq!(second.inline_stickers, None);
        for message in messages {
            assert!(message.build().is_ok());
        }
        let long = Message::from("abcdefghij").mention("+12025550100", Span::all());
        assert_eq!(texts(&long.split_at(4)), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn the_rest_of_the_message_goes_where_it_belongs() {
        let id = Uuid::from_u128(7);
        let messages = Message::new()
            .media(id)
            .text("one two three four five six")
            .media(id)
            .text("seven")
            .effect(ScreenEffect::Echo)
            .reply_to(id)
            .preferred_service(linq_types::ServiceType::IMessage)
            .idempotency_key("key")
            .split_at(12);
        let shape: Vec<String> = messages
            .iter()
            .map(|message| {
                let parts = message.content.parts.iter().flatten();
                parts
                    .map(|part| match part {
                        MessagePart::Text(text) => text.value.as_str(),
                        _ => "|",
                    })
                    .collect()
            })
            .collect();
        assert_eq!(shape, ["|one two ", "three four ", "five six|seven"]);
        let keys: Vec<_> = messages
            .iter()
            .map(|message| message.content.idempotency_key.as_deref())
            .collect();
        assert_eq!(keys, [Some("key-1"), Some("key-2"), Some("key-3")]);
        for (index, message) in messages.iter().enumerate() {
            assert_eq!(message.content.effect.is_some(), index == 0);
            assert_eq!(message.content.reply_to.is_some(), index == 0);
            assert!(message.content.preferred_service.is_some());
            assert!(message.clone().build().is_ok());
        }
    }

    #[test]
    fn too_many_decorations_are_spread() {
        let mut message = Message::from("ab ".repeat(150));
        for word in 0..150 {
            message = message.bold(Span::chars(word * 3..word * 3 + 2));
        }
        assert!(message.clone().build().is_err());
        let messages = message.split();
        assert_eq!(texts(&messages), ["ab ".repeat(100), "ab ".repeat(50)]);
        for message in messages {
            assert!(message.build().is_ok());
        }
        let mut message = Message::from("ab");
        for _ in 0..101 {
            message = message.bold("ab");
        }
        assert_eq!(message.split().len(), 1);
    }

    #[test]
    fn what_is_broken_stays_broken() {
        let decorations = vec![TextDecoration::new(vec![3, 900]).with_style("bold")];
        let part = TextPart::new("one two three")
            .with_text_decorations(decorations)
            .with_mention_range(vec![0]);
        let messages = Message::new().part(part).bold("absent").split_at(8);
        assert_eq!(messages.len(), 2);
        let error = messages[0].clone().build().expect_err("broken");
        for rule in [Rule::Range, Rule::Selection, Rule::Mention] {
            assert!(error.breaks(rule), "{rule:?}");
        }
        assert!(messages[1].clone().build().is_ok());
        let unchecked = Message::from("one two three").unchecked().split_at(8);
        assert!(unchecked[1].clone().text("x").build().is_ok());
    }
}
