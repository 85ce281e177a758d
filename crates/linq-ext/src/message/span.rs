//! Decorations of a text, and the spans that they apply to.
//!
//! Rust counts bytes, the API counts UTF-16 code units, and people count grapheme clusters.

use std::fmt;
use std::ops::{Bound, Range, RangeBounds};

use linq_types::{TextDecoration, TextDecorationAnimation, TextDecorationStyle};
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use super::rules::Rule;

/// A style of letters: bold, italic, strikethrough or underline.
pub type Style = TextDecorationStyle;

/// An animation of letters: big, small, shake, nod, explode, ripple, bloom or jitter.
pub type Animation = TextDecorationAnimation;

/// A style or an animation; both convert into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decoration {
    /// A style of letters. Styles may overlap each other.
    Style(Style),
    /// An animation of letters. An animation may not overlap anything.
    Animation(Animation),
}

impl Decoration {
    pub(crate) fn at(self, range: Vec<i64>) -> TextDecoration {
        let decoration = TextDecoration::new(range);
        match self {
            Self::Style(style) => decoration.with_style(style),
            Self::Animation(animation) => decoration.with_animation(animation),
        }
    }
}

impl From<Style> for Decoration {
    fn from(style: Style) -> Self {
        Self::Style(style)
    }
}

impl From<Animation> for Decoration {
    fn from(animation: Animation) -> Self {
        Self::Animation(animation)
    }
}

/// A span of a text, selected by its words or by positions.
///
/// `&str` and `String` convert into [`Span::text`], so `.bold("world")` marks a word. Positions count from 0 and can
/// be any range: `6..11`, `6..=10`, `..5`, `6..`. Building the message fails if a span is empty or outside the text
/// ([`Rule::Range`]), or cuts a grapheme cluster ([`Rule::WholeCharacters`]).
///
/// ```
/// use linq_ext::message::{Message, Span, Style};
///
/// let message = Message::from("Grüße 👩‍🚀 und mehr")
///     .bold("Grüße")
///     .italic(Span::chars(0..5))
///     .underline(Span::graphemes(6..7)) // the astronaut, three chars and eleven bytes
///     .decorate(Style::Strikethrough, Span::bytes(20..23));
/// assert!(message.build().is_ok());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Span(Select);

#[derive(Clone, PartialEq, Eq)]
enum Select {
    Text { words: String, occurrence: usize },
    Bytes(Positions),
    Chars(Positions),
    Graphemes(Positions),
    Utf16(Positions),
}

/// From a position up to another one, or to the end of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Positions {
    start: usize,
    end: Option<usize>,
}

impl Span {
    /// Selects the first occurrence of these words.
    ///
    /// Occurrences that cut a grapheme cluster (an `e` whose accent follows) are skipped. Building the message
    /// fails if the words do not occur ([`Rule::Selection`]).
    pub fn text(words: impl Into<String>) -> Self {
        Self::nth_text(words, 0)
    }

    /// Selects a later occurrence of these words, counted from 0. Occurrences may overlap each other.
    pub fn nth_text(words: impl Into<String>, occurrence: usize) -> Self {
        Self(Select::Text {
            words: words.into(),
            occurrence,
        })
    }

    /// Selects a range of bytes, as `str` counts them.
    pub fn bytes(range: impl RangeBounds<usize>) -> Self {
        Self(Select::Bytes(Positions::new(range)))
    }

    /// Selects a range of `char`s.
    pub fn chars(range: impl RangeBounds<usize>) -> Self {
        Self(Select::Chars(Positions::new(range)))
    }

    /// Selects a range of grapheme clusters, which people see as characters.
    pub fn graphemes(range: impl RangeBounds<usize>) -> Self {
        Self(Select::Graphemes(Positions::new(range)))
    }

    /// Selects a range of UTF-16 code units, as the API, JavaScript and inbound messages count them.
    pub fn utf16(range: impl RangeBounds<usize>) -> Self {
        Self(Select::Utf16(Positions::new(range)))
    }

    /// Selects the whole text.
    pub fn all() -> Self {
        Self::bytes(..)
    }

    /// Returns the span in bytes. It may still cut a grapheme cluster, which the rules find.
    pub(crate) fn resolve(&self, text: &str) -> Result<Range<usize>, Rule> {
        let found = match &self.0 {
            Select::Text { words, occurrence } => {
                return find(text, words, *occurrence).ok_or(Rule::Selection);
            }
            Select::Bytes(positions) => {
                positions.range(text, |at| (at <= text.len()).then_some(at))
            }
            Select::Chars(positions) => positions.range(text, |at| {
                text.char_indices()
                    .map(|(byte, _)| byte)
                    .chain([text.len()])
                    .nth(at)
            }),
            Select::Graphemes(positions) => positions.range(text, |at| {
                text.grapheme_indices(true)
                    .map(|(byte, _)| byte)
                    .chain([text.len()])
                    .nth(at)
            }),
            Select::Utf16(positions) => {
                let map = Utf16::new(text);
                if [Some(positions.start), positions.end]
                    .into_iter()
                    .flatten()
                    .any(|unit| unit <= map.units && map.byte(unit).is_none())
                {
                    return Err(Rule::WholeCharacters);
                }
                positions.range(text, |at| map.byte(at))
            }
        };
        let range = found
            .filter(|range| range.start < range.end)
            .ok_or(Rule::Range)?;
        if text.is_char_boundary(range.start) && text.is_char_boundary(range.end) {
            Ok(range)
        } else {
            Err(Rule::WholeCharacters)
        }
    }
}

impl From<&str> for Span {
    fn from(words: &str) -> Self {
        Self::text(words)
    }
}

impl From<String> for Span {
    fn from(words: String) -> Self {
        Self::text(words)
    }
}

impl From<&String> for Span {
    fn from(words: &String) -> Self {
        Self::text(words)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match &self.0 {
            Select::Text { .. } => "text",
            Select::Bytes(..) => "bytes",
            Select::Chars(..) => "chars",
            Select::Graphemes(..) => "graphemes",
            Select::Utf16(..) => "utf16",
        };
        write!(formatter, "Span({unit})")
    }
}

impl Positions {
    fn new(range: impl RangeBounds<usize>) -> Self {
        // A position that would overflow is outside any text, as the highest one is.
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&last) => Some(last.saturating_add(1)),
            Bound::Excluded(&end) => Some(end),
            Bound::Unbounded => None,
        };
        Self { start, end }
    }

    /// The range in bytes, if `byte` finds both ends in the text.
    fn range(self, text: &str, byte: impl Fn(usize) -> Option<usize>) -> Option<Range<usize>> {
        let start = byte(self.start)?;
        let end = match self.end {
            Some(end) => byte(end)?,
            None => text.len(),
        };
        Some(start..end)
    }
}

/// Finds an occurrence that cuts no grapheme cluster, or any occurrence if there is no such one.
fn find(text: &str, words: &str, occurrence: usize) -> Option<Range<usize>> {
    let first = words.chars().next()?;
    let places = || {
        let mut from = 0;
        std::iter::from_fn(move || {
            let start = from + text[from..].find(words)?;
            from = start + first.len_utf8();
            Some(start..start + words.len())
        })
    };
    let is_whole =
        |place: &Range<usize>| is_boundary(text, place.start) && is_boundary(text, place.end);
    let mut whole = places().filter(is_whole).peekable();
    if whole.peek().is_some() {
        whole.nth(occurrence)
    } else {
        places().nth(occurrence)
    }
}

/// Returns the text that a range of the API selects: two positions in UTF-16 code units, the second exclusive.
///
/// Reads the ranges of decorations, mentions and inline stickers, sent or received. Returns `None` if the range is
/// not two positions in order, is outside the text, or cuts a surrogate pair.
///
/// ```
/// use linq_ext::message::read_range;
///
/// assert_eq!(read_range("🎉 party", &[3, 8]), Some("party"));
/// assert_eq!(read_range("🎉 party", &[1, 8]), None);
/// ```
pub fn read_range<'t>(text: &'t str, range: &[i64]) -> Option<&'t str> {
    let bytes = Utf16::new(text).read(range).ok()?;
    text.get(bytes)
}

/// Whether no grapheme cluster extends over this position.
pub(crate) fn is_boundary(text: &str, byte: usize) -> bool {
    text.is_char_boundary(byte)
        && GraphemeCursor::new(byte, text.len(), true)
            .is_boundary(text, 0)
            .unwrap_or(false)
}

/// Converts positions of one text between bytes and UTF-16 code units.
pub(crate) struct Utf16 {
    /// The code unit at which each `char` starts, with its byte, and the end of the text.
    starts: Vec<(usize, usize)>,
    units: usize,
}

impl Utf16 {
    pub(crate) fn new(text: &str) -> Self {
        let mut units = 0;
        let mut starts: Vec<_> = text
            .char_indices()
            .map(|(byte, character)| {
                let start = (units, byte);
                units += character.len_utf16();
                start
            })
            .collect();
        starts.push((units, text.len()));
        Self { starts, units }
    }

    /// A range in bytes, between `char`s, in the form of the API.
    pub(crate) fn range(&self, bytes: Range<usize>) -> Vec<i64> {
        let unit = |byte| {
            let index = self.starts.partition_point(|&(_, at)| at < byte);
            let unit = self.starts.get(index).map_or(self.units, |&(unit, _)| unit);
            i64::try_from(unit).unwrap_or(i64::MAX)
        };
        vec![unit(bytes.start), unit(bytes.end)]
    }

    /// The byte of a code unit; `None` inside a surrogate pair and behind the end.
    fn byte(&self, unit: usize) -> Option<usize> {
        let index = self
            .starts
            .binary_search_by_key(&unit, |&(at, _)| at)
            .ok()?;
        self.starts.get(index).map(|&(_, byte)| byte)
    }

    /// A range of the API in bytes, or the rule that it breaks. It may still cut a grapheme cluster.
    pub(crate) fn read(&self, range: &[i64]) -> Result<Range<usize>, Rule> {
        let &[start, end] = range else {
            return Err(Rule::Range);
        };
        let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) else {
            return Err(Rule::Range);
        };
        if start >= end || end > self.units {
            return Err(Rule::Range);
        }
        match (self.byte(start), self.byte(end)) {
            (Some(start), Some(end)) => Ok(start..end),
            _ => Err(Rule::WholeCharacters),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(text: &str, span: Span) -> Result<&str, Rule> {
        span.resolve(text).map(|range| &text[range])
    }

    #[test]
    fn words_are_found_where_they_are_whole() {
        let text = "re\u{301}sume\u{301} resume";
        assert_eq!(Span::text("e").resolve(text), Ok(12..13));
        assert_eq!(Span::nth_text("e", 1).resolve(text), Ok(16..17));
        assert_eq!(select(text, Span::nth_text("e", 2)), Err(Rule::Selection));
        assert_eq!(select(text, "nothing".into()), Err(Rule::Selection));
        assert_eq!(select(text, "".into()), Err(Rule::Selection));
    }

    #[test]
    fn places_may_overlap() {
        assert_eq!(Span::nth_text("aa", 1).resolve("aaa"), Ok(1..3));
        assert_eq!(Span::nth_text("🎉🎉", 1).resolve("🎉🎉🎉"), Ok(4..12));
    }

    #[test]
    fn words_that_are_only_a_piece_are_left_to_the_rules() {
        assert_eq!(Span::text("👩").resolve("a 👩‍🚀"), Ok(2..6));
    }

    #[test]
    fn positions_count_in_their_unit() {
        let text = "é👩‍🚀e\u{301}x";
        assert_eq!(select(text, Span::bytes(0..2)), Ok("é"));
        assert_eq!(select(text, Span::bytes(2..=12)), Ok("👩‍🚀"));
        assert_eq!(select(text, Span::chars(1..4)), Ok("👩‍🚀"));
        assert_eq!(select(text, Span::graphemes(1..=1)), Ok("👩‍🚀"));
        assert_eq!(select(text, Span::graphemes(2..3)), Ok("e\u{301}"));
        assert_eq!(select(text, Span::graphemes(3..)), Ok("x"));
        assert_eq!(select(text, Span::chars(..1)), Ok("é"));
        assert_eq!(select(text, Span::all()), Ok(text));
    }

    #[test]
    #[allow(
        clippy::reversed_empty_ranges,
        reason = "what is refused is under test"
    )]
    fn what_is_empty_or_outside_is_refused() {
        let text = "é👩‍🚀";
        for span in [
            Span::bytes(0..14),
            Span::bytes(2..2),
            Span::bytes(3..2),
            Span::bytes(..=usize::MAX),
            Span::bytes((Bound::Excluded(usize::MAX), Bound::Unbounded)),
            Span::chars(0..5),
            Span::graphemes(1..3),
            Span::graphemes(2..),
        ] {
            assert_eq!(select(text, span.clone()), Err(Rule::Range), "{span:?}");
        }
        assert_eq!(select("", Span::all()), Err(Rule::Range));
        assert_eq!(select(text, Span::bytes(0..1)), Err(Rule::WholeCharacters));
    }

    #[test]
    fn debug_keeps_the_words_to_itself() {
        assert_eq!(format!("{:?}", Span::text("secret")), "Span(text)");
    }

    #[test]
    fn ranges_are_read_in_code_units() {
        let text = "a👨‍👩‍👧e\u{301}🇩🇪";
        assert_eq!(read_range(text, &[0, 1]), Some("a"));
        assert_eq!(read_range(text, &[1, 9]), Some("👨‍👩‍👧"));
        assert_eq!(read_range(text, &[9, 11]), Some("e\u{301}"));
        assert_eq!(read_range(text, &[11, 15]), Some("🇩🇪"));
        for bad in [
            &[2, 9][..],
            &[1, 2],
            &[0, 16],
            &[9, 9],
            &[3, 1],
            &[-1, 1],
            &[0],
            &[0, 1, 2],
        ] {
            assert_eq!(read_range(text, bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_pair_that_is_cut_is_told_from_a_range_outside() {
        let map = Utf16::new("🎉");
        assert_eq!(map.read(&[0, 1]), Err(Rule::WholeCharacters));
        assert_eq!(map.read(&[0, 3]), Err(Rule::Range));
        assert_eq!(map.read(&[0, 2]), Ok(0..4));
    }

    #[test]
    fn positions_agree_with_encoding() {
        let text = "aä€🎉".repeat(20);
        let map = Utf16::new(&text);
        for (byte, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let unit = text[..byte].encode_utf16().count();
            assert_eq!(map.range(byte..byte)[0], unit as i64);
            assert_eq!(map.byte(unit), Some(byte));
        }
    }

    #[test]
    fn spans_in_code_units() {
        let text = "🎉 party";
        assert_eq!(select(text, Span::utf16(3..)), Ok("party"));
        assert_eq!(select(text, Span::utf16(0..2)), Ok("🎉"));
        assert_eq!(select(text, Span::utf16(0..1)), Err(Rule::WholeCharacters));
        assert_eq!(select(text, Span::utf16(3..9)), Err(Rule::Range));
    }

    #[test]
    fn grapheme_clusters_are_whole() {
        let text = "e\u{301}🇩🇪🇫🇷";
        let boundaries: Vec<_> = (0..=text.len())
            .filter(|&at| is_boundary(text, at))
            .collect();
        assert_eq!(boundaries, [0, 3, 11, 19]);
    }
}
