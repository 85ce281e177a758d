//! Texts that are too long for one message.

use std::mem;
use std::ops::Range;

use linq_types::{InlineSticker, MessagePart, TextDecoration, TextPart};
use unicode_segmentation::UnicodeSegmentation;

use super::check::{MAX_DECORATIONS, MAX_TEXT_CHARACTERS};
use super::content::Message;
use super::span::Utf16;

impl Message {
    /// Splits a message whose texts have more than 10,000 characters into several; any other stays one message.
    ///
    /// A text is cut at the end of a paragraph, else of a line, a sentence or a word: the last one of the best kind
    /// in the second half of what fits. Grapheme clusters, mentions and inline stickers are not cut. The pieces
    /// joined are the text. Decorations are kept, and cut where the text is. A text is also cut where it would have
    /// more than 100 decorations.
    ///
    /// Media stays next to the piece that it was next to. The reply and the effect stay with the first message, the
    /// preferred service and the rules that are off apply to all. An idempotency key `key` becomes `key-1`, `key-2`
    /// and so on, as with [`keyed`](Self::keyed). What breaks a rule so far is reported by the first message, with
    /// the numbers of the parts before the split.
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

    /// Splits like [`split`](Self::split), with a custom limit in `char`s (0 counts as 1).
    ///
    /// A single grapheme cluster over the limit stays whole.
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
        self.distributed(messages)
    }

    /// Returns a message for each list of parts, the first of them with what only one message has.
    fn distributed(mut self, messages: Vec<Vec<MessagePart>>) -> Vec<Self> {
        let key = match messages.len() {
            1 => None,
            _ => self.content.idempotency_key.take(),
        };
        let mut later = Self::new();
        later.content.preferred_service = self.content.preferred_service.clone();
        later.off.clone_from(&self.off);
        let messages = messages.into_iter().enumerate().map(|(index, parts)| {
            let mut message = match index {
                0 => mem::take(&mut self),
                _ => later.clone(),
            };
            message.content.parts = Some(parts);
            message
        });
        match key {
            Some(key) => Self::keyed(key, messages).collect(),
            None => messages.collect(),
        }
    }
}

/// A text with what applies to ranges of it, in bytes.
pub(crate) struct AnnotatedText {
    pub(crate) text: String,
    pub(crate) annotations: Vec<Annotation>,
}

#[derive(Clone)]
pub(crate) struct Annotation {
    pub(crate) range: Range<usize>,
    pub(crate) value: AnnotationValue,
}

#[derive(Clone)]
pub(crate) enum AnnotationValue {
    Decoration(TextDecoration),
    Sticker(InlineSticker),
    Mention(String),
}

impl AnnotationValue {
    fn add_to(self, part: &mut TextPart, range: Vec<i64>) {
        match self {
            Self::Decoration(mut decoration) => {
                decoration.range = range;
                let decorations = part.text_decorations.get_or_insert_default();
                decorations.push(decoration);
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

impl AnnotatedText {
    /// Returns the text in pieces of at most so many characters.
    pub(crate) fn into_parts(self, characters: usize) -> Vec<TextPart> {
        let cuts = Cutter::new(&self, characters.max(1)).cuts();
        let starts = [0].into_iter().chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([self.text.len()]);
        let ranges: Vec<_> = starts.zip(ends).map(|(start, end)| start..end).collect();
        let pieces = self.slices(&ranges).into_iter();
        pieces.map(Self::into_part).collect()
    }

    /// Returns ranges of the text, which are in order and do not overlap, with their annotations.
    pub(crate) fn slices(self, ranges: &[Range<usize>]) -> Vec<Self> {
        let slice = |range: &Range<usize>| Self {
            text: self.text[range.clone()].to_owned(),
            annotations: Vec::new(),
        };
        let mut slices: Vec<_> = ranges.iter().map(slice).collect();
        for Annotation { range, value } in self.annotations {
            let first = ranges.partition_point(|slice| slice.end <= range.start);
            for (slice, within) in slices[first..].iter_mut().zip(&ranges[first..]) {
                if within.start >= range.end {
                    break;
                }
                let start = range.start.max(within.start) - within.start;
                let end = range.end.min(within.end) - within.start;
                slice.annotations.push(Annotation {
                    range: start..end,
                    value: value.clone(),
                });
                // Decorations continue after a cut, while a sticker or a mention occurs once.
                if !matches!(value, AnnotationValue::Decoration(_)) {
                    break;
                }
            }
        }
        slices
    }

    fn into_part(self) -> TextPart {
        let mut part = TextPart::new("");
        if !self.annotations.is_empty() {
            let units = Utf16::new(&self.text);
            for Annotation { range, value } in self.annotations {
                value.add_to(&mut part, units.range(range));
            }
        }
        part.value = self.text;
        part
    }
}

/// Returns a text part in pieces; one that fits stays as it is.
fn pieces(part: TextPart, characters: usize) -> Vec<TextPart> {
    let decorations = part.text_decorations.as_ref().map_or(0, Vec::len);
    if part.value.chars().nth(characters.max(1)).is_none() && decorations <= MAX_DECORATIONS {
        return vec![part];
    }
    let units = Utf16::new(&part.value);
    let decorations = part.text_decorations.into_iter().flatten();
    let stickers = part.inline_stickers.into_iter().flatten();
    let values = decorations
        .map(|decoration| {
            (
                decoration.range.clone(),
                AnnotationValue::Decoration(decoration),
            )
        })
        .chain(stickers.map(|sticker| (sticker.range.clone(), AnnotationValue::Sticker(sticker))));
    // What is invalid is not lost: it stays with the first piece, where the rules find it.
    let (mut annotations, mut invalid) = (Vec::new(), Vec::new());
    for (range, value) in values {
        match units.read(&range) {
            Ok(range) => annotations.push(Annotation { range, value }),
            Err(_) => invalid.push((range, value)),
        }
    }
    let (mut mention, mut mention_range) = (part.mention, part.mention_range);
    if let Some(Ok(range)) = mention_range.as_deref().map(|range| units.read(range))
        && let Some(handle) = mention.take()
    {
        mention_range = None;
        let value = AnnotationValue::Mention(handle);
        annotations.push(Annotation { range, value });
    }
    let text = AnnotatedText {
        text: part.value,
        annotations,
    };
    let mut pieces = text.into_parts(characters);
    if let Some(first) = pieces.first_mut() {
        for (range, value) in invalid {
            value.add_to(first, range);
        }
        first.mention = first.mention.take().or(mention);
        first.mention_range = first.mention_range.take().or(mention_range);
    }
    pieces
}

/// A position between two grapheme clusters.
#[derive(Clone, Copy)]
struct Boundary {
    byte: usize,
    /// `char`s before it.
    characters: usize,
    quality: Quality,
}

/// How good a boundary is for a cut.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Quality {
    /// Inside a mention or a sticker.
    Inside,
    Grapheme,
    /// Before or after a word.
    WordEdge,
    /// Before a word that follows a space.
    Word,
    Sentence,
    Line,
    Paragraph,
}

/// Finds where to cut a text. Each boundary is found once, and looked at a few times.
struct Cutter<'t> {
    text: &'t str,
    max_characters: usize,
    /// All boundaries, with start and end of the text.
    boundaries: Vec<Boundary>,
    /// In order of their starts.
    decorations: Vec<Range<usize>>,
}

impl<'t> Cutter<'t> {
    fn new(text: &'t AnnotatedText, max_characters: usize) -> Self {
        let (mut decorations, mut unbreakable) = (Vec::new(), Vec::new());
        for Annotation { range, value } in &text.annotations {
            match value {
                AnnotationValue::Decoration(_) => decorations.push(range.clone()),
                AnnotationValue::Sticker(_) | AnnotationValue::Mention(_) => {
                    unbreakable.push(range.clone());
                }
            }
        }
        decorations.sort_unstable_by_key(|range| range.start);
        let text = text.text.as_str();
        let mut boundaries = line_boundaries(text);
        raise(&mut boundaries, word_boundaries(text));
        let sentences = text.split_sentence_bound_indices();
        raise(
            &mut boundaries,
            sentences.map(|(at, _)| (at, Quality::Sentence)),
        );
        for range in unbreakable {
            let first = boundaries.partition_point(|boundary| boundary.byte <= range.start);
            for boundary in &mut boundaries[first..] {
                if boundary.byte >= range.end {
                    break;
                }
                boundary.quality = Quality::Inside;
            }
        }
        Self {
            text,
            max_characters,
            boundaries,
            decorations,
        }
    }

    fn cuts(&self) -> Vec<usize> {
        let (mut cuts, mut start, mut passed) = (Vec::new(), 0, 0);
        loop {
            let at = self.boundaries[start];
            // Decorations that ended before this piece.
            while self
                .decorations
                .get(passed)
                .is_some_and(|range| range.end <= at.byte)
            {
                passed += 1;
            }
            let Some(end) = self.limit(start, &self.decorations[passed..]) else {
                return cuts;
            };
            start = self.cut(start, end);
            let at = self.boundaries[start].byte;
            if at == self.text.len() {
                return cuts;
            }
            cuts.push(at);
        }
    }

    /// Returns the last boundary of a piece that begins at `start`; `None` if all of the rest fits.
    fn limit(&self, start: usize, decorations: &[Range<usize>]) -> Option<usize> {
        let from = self.boundaries[start];
        let most = from.characters.saturating_add(self.max_characters);
        let rest = &self.boundaries[start..];
        let by_length = start + rest.partition_point(|at| at.characters <= most) - 1;
        let by_decorations = decorations
            .iter()
            .filter(|range| range.end > from.byte)
            .nth(MAX_DECORATIONS)
            // With so many decorations at one position no cut would help.
            .filter(|range| range.start > from.byte)
            .map(|range| start + rest.partition_point(|at| at.byte <= range.start) - 1);
        let end = by_decorations.map_or(by_length, |at| at.min(by_length));
        (end + 1 < self.boundaries.len()).then_some(end)
    }

    /// Returns the best boundary for a cut in `start..=end`, or the first one if a grapheme cluster is too long.
    fn cut(&self, start: usize, end: usize) -> usize {
        let (from, to) = (self.boundaries[start].byte, self.boundaries[end].byte);
        let half = from + (to - from).div_ceil(2);
        let mut best: Option<(bool, Quality, usize)> = None;
        for index in start + 1..=end {
            let Boundary { byte, quality, .. } = self.boundaries[index];
            // In the first half only the position counts.
            let found = match byte >= half {
                true => (true, quality, index),
                false => (false, quality.min(Quality::Grapheme), index),
            };
            let is_usable = quality > Quality::Inside;
            let found = (found.0 && is_usable, found.1, found.2);
            best = best.max(Some(found));
        }
        best.map_or(start + 1, |(_, _, index)| index)
    }
}

/// Returns all boundaries, with the ends of lines and paragraphs.
fn line_boundaries(text: &str) -> Vec<Boundary> {
    let start = Boundary {
        byte: 0,
        characters: 0,
        quality: Quality::Grapheme,
    };
    let (mut boundaries, mut at, mut line_breaks) = (vec![start], start, 0);
    for grapheme in text.graphemes(true) {
        at.byte += grapheme.len();
        at.characters += grapheme.chars().count();
        line_breaks = match grapheme {
            "\n" | "\r\n" => line_breaks + 1,
            _ => 0,
        };
        at.quality = match line_breaks {
            0 => Quality::Grapheme,
            1 => Quality::Line,
            _ => Quality::Paragraph,
        };
        boundaries.push(at);
    }
    boundaries
}

fn word_boundaries(text: &str) -> impl Iterator<Item = (usize, Quality)> {
    let mut follows_space = false;
    text.split_word_bound_indices().map(move |(at, word)| {
        let is_space = word.starts_with(char::is_whitespace);
        let is_word = mem::replace(&mut follows_space, is_space) && !is_space;
        match is_word {
            true => (at, Quality::Word),
            false => (at, Quality::WordEdge),
        }
    })
}

/// Raises the quality of boundaries at these bytes, which are in order.
fn raise(boundaries: &mut [Boundary], found: impl Iterator<Item = (usize, Quality)>) {
    let mut rest = boundaries.iter_mut().peekable();
    for (at, quality) in found {
        while rest.next_if(|boundary| boundary.byte < at).is_some() {}
        if let Some(boundary) = rest.next_if(|boundary| boundary.byte == at) {
            boundary.quality = boundary.quality.max(quality);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::effect::ScreenEffect;
    use super::super::rules::Rule;
    use super::super::span::{Animation, Span, read_range};
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
    fn grapheme_clusters_stay_whole() {
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

    #[test]
    fn the_time_is_linear() {
        // A quadratic algorithm takes minutes for these.
        let letters = "a".repeat(100_000);
        assert_eq!(split(&letters, 1).len(), 100_000);
        let flags = "🇩🇪".repeat(20_000);
        assert_eq!(split(&flags, 2).len(), 20_000);
        assert_eq!(split(&flags, 10_000).len(), 4);
    }
}
