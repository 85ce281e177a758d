//! What decorates a text, and which stretch of it.

use std::fmt;
use std::ops::{Bound, Range, RangeBounds};

use linq_types::{TextDecoration, TextDecorationAnimation, TextDecorationStyle};
use unicode_segmentation::UnicodeSegmentation;

use super::rules::Rule;
use super::utf16;

/// How letters look: bold, italic, strikethrough or underline.
pub type Style = TextDecorationStyle;

/// How letters move: big, small, shake, nod, explode, ripple, bloom or jitter.
pub type Animation = TextDecorationAnimation;

/// A style or an animation; both turn into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decoration {
    /// How letters look. Styles may overlap each other.
    Style(Style),
    /// How letters move. An animation may overlap nothing.
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

/// A stretch of a text: by its words, or by position in whatever unit is at hand.
///
/// A `&str` or `String` turns into [`Span::text`], so `.bold("world")` marks a word. Positions count from 0 and
/// take any range: `6..11`, `6..=10`, `..5`, `6..`. A stretch that is empty, that lies outside the text
/// ([`Rule::Range`]) or that cuts what people see as one character ([`Rule::WholeCharacters`]) is refused when
/// the message is built.
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
}

/// From a position up to another one, or to the end of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Positions {
    start: usize,
    end: Option<usize>,
}

impl Span {
    /// The first place where these words stand.
    ///
    /// Places where they are only a piece of visible characters (an `e` whose accent follows) are passed over.
    /// Words that do not occur are refused when the message is built ([`Rule::Selection`]).
    pub fn text(words: impl Into<String>) -> Self {
        Self::nth_text(words, 0)
    }

    /// A later place where these words stand, counted from 0. Places may overlap each other.
    pub fn nth_text(words: impl Into<String>, occurrence: usize) -> Self {
        Self(Select::Text {
            words: words.into(),
            occurrence,
        })
    }

    /// A range of bytes, as `str` counts them.
    pub fn bytes(range: impl RangeBounds<usize>) -> Self {
        Self(Select::Bytes(Positions::new(range)))
    }

    /// A range of `char`s.
    pub fn chars(range: impl RangeBounds<usize>) -> Self {
        Self(Select::Chars(Positions::new(range)))
    }

    /// A range of grapheme clusters: what people see and count as characters.
    pub fn graphemes(range: impl RangeBounds<usize>) -> Self {
        Self(Select::Graphemes(Positions::new(range)))
    }

    /// The whole text.
    pub fn all() -> Self {
        Self::bytes(..)
    }

    /// The stretch in bytes. It may still cut a visible character, which the rules find.
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

impl fmt::Debug for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match &self.0 {
            Select::Text { .. } => "text",
            Select::Bytes(..) => "bytes",
            Select::Chars(..) => "chars",
            Select::Graphemes(..) => "graphemes",
        };
        write!(formatter, "Span({unit})")
    }
}

impl Positions {
    fn new(range: impl RangeBounds<usize>) -> Self {
        // A position that overflows lies outside any text just as well as the highest one.
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

/// A place where the words stand as whole visible characters, or, if there is none at all, as they are.
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
    let is_whole = |place: &Range<usize>| {
        utf16::is_whole(text, place.start) && utf16::is_whole(text, place.end)
    };
    let mut whole = places().filter(is_whole).peekable();
    if whole.peek().is_some() {
        whole.nth(occurrence)
    } else {
        places().nth(occurrence)
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
}
