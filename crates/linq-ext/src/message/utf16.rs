//! Positions in a text: bytes as Rust counts them, UTF-16 code units as the API does.

use std::ops::Range;

use unicode_segmentation::GraphemeCursor;

use super::rules::Rule;

/// The stretch of a text that a range of the API stands for: two positions in UTF-16 code units, the second
/// exclusive.
///
/// Reads the ranges of decorations, mentions and inline stickers, sent or received. `None` if the range is not
/// two positions in order, lies outside the text, or cuts a surrogate pair.
///
/// ```
/// use linq_ext::message::read_range;
///
/// assert_eq!(read_range("🎉 party", &[3, 8]), Some("party"));
/// assert_eq!(read_range("🎉 party", &[1, 8]), None);
/// ```
pub fn read_range<'t>(text: &'t str, range: &[i64]) -> Option<&'t str> {
    Utf16Map::new(text)
        .read(range)
        .ok()
        .and_then(|bytes| text.get(bytes))
}

/// Whether nothing that people see as one character reaches over this position.
pub(crate) fn is_whole(text: &str, byte: usize) -> bool {
    text.is_char_boundary(byte)
        && GraphemeCursor::new(byte, text.len(), true)
            .is_boundary(text, 0)
            .unwrap_or(false)
}

/// The last position up to `byte` that cuts no visible character.
pub(crate) fn whole_before(text: &str, mut byte: usize) -> usize {
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    if is_whole(text, byte) {
        return byte;
    }
    GraphemeCursor::new(byte, text.len(), true)
        .prev_boundary(text, 0)
        .ok()
        .flatten()
        .unwrap_or(0)
}

/// The first position from `byte` on that cuts no visible character.
pub(crate) fn whole_after(text: &str, mut byte: usize) -> usize {
    while !text.is_char_boundary(byte) {
        byte += 1;
    }
    if is_whole(text, byte) {
        return byte;
    }
    GraphemeCursor::new(byte, text.len(), true)
        .next_boundary(text, 0)
        .ok()
        .flatten()
        .unwrap_or(text.len())
}

/// Where bytes and UTF-16 code units of one text meet, noted every few characters.
pub(crate) struct Utf16Map<'t> {
    text: &'t str,
    /// (byte, unit), in order; the first is (0, 0).
    marks: Vec<(usize, usize)>,
    units: usize,
}

impl<'t> Utf16Map<'t> {
    const STRIDE: usize = 64;

    pub(crate) fn new(text: &'t str) -> Self {
        let mut marks = vec![(0, 0)];
        let mut units = 0;
        for (count, (byte, character)) in text.char_indices().enumerate() {
            if count > 0 && count % Self::STRIDE == 0 {
                marks.push((byte, units));
            }
            units += character.len_utf16();
        }
        Self { text, marks, units }
    }

    /// Code units before a byte, which has to be the start of a `char` or the end.
    pub(crate) fn unit(&self, byte: usize) -> usize {
        let after = self.marks.partition_point(|&(at, _)| at <= byte);
        let (start, units) = self.marks[after - 1];
        self.text[start..byte]
            .chars()
            .fold(units, |sum, character| sum + character.len_utf16())
    }

    /// A range in bytes as the API wants it.
    pub(crate) fn range(&self, bytes: Range<usize>) -> Vec<i64> {
        [bytes.start, bytes.end]
            .map(|byte| i64::try_from(self.unit(byte)).unwrap_or(i64::MAX))
            .to_vec()
    }

    /// Byte of a code unit; `None` inside a surrogate pair and behind the end.
    fn byte(&self, unit: usize) -> Option<usize> {
        let after = self.marks.partition_point(|&(_, at)| at <= unit);
        let (mut byte, mut at) = self.marks[after - 1];
        let mut rest = self.text[byte..].chars();
        while at < unit {
            let character = rest.next()?;
            byte += character.len_utf8();
            at += character.len_utf16();
        }
        (at == unit).then_some(byte)
    }

    /// A range of the API in bytes, or the rule that it breaks. It may still cut a visible character.
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
        let map = Utf16Map::new("🎉");
        assert_eq!(map.read(&[0, 1]), Err(Rule::WholeCharacters));
        assert_eq!(map.read(&[0, 3]), Err(Rule::Range));
        assert_eq!(map.read(&[0, 2]), Ok(0..4));
    }

    #[test]
    fn the_map_agrees_with_counting_over_many_strides() {
        let text = "aä€🎉".repeat(200);
        let map = Utf16Map::new(&text);
        for (byte, _) in text.char_indices().chain([(text.len(), ' ')]) {
            let unit = text[..byte].encode_utf16().count();
            assert_eq!(map.unit(byte), unit);
            assert_eq!(map.byte(unit), Some(byte));
        }
    }

    #[test]
    fn visible_characters_are_whole() {
        let text = "e\u{301}🇩🇪🇫🇷";
        assert!(!is_whole(text, 1));
        assert!(!is_whole(text, 2));
        assert!(is_whole(text, 3));
        assert!(!is_whole(text, 7));
        assert!(is_whole(text, 11));
        assert_eq!(whole_before(text, 9), 3);
        assert_eq!(whole_after(text, 9), 11);
        assert_eq!(whole_after(text, text.len()), text.len());
    }
}
