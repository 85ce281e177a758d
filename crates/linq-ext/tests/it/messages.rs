//! Messages made of arbitrary text: no range cuts a character, and nothing is lost.

use std::collections::BTreeSet;
use std::ops::Range;

use linq_ext::message::{Animation, Message, Rule, Span, Style, check_message, read_range};
use linq_types::{MessageContent, MessagePart, TextDecoration, TextPart};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;
use unicode_segmentation::UnicodeSegmentation;

/// Every run plays the same cases; `PROPTEST_RNG_SEED` and `PROPTEST_CASES` play others.
fn config(cases: u32) -> ProptestConfig {
    let fixed = ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(0x1149),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let given = ProptestConfig::default();
    ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() {
            given.cases
        } else {
            cases
        },
        rng_seed: if std::env::var_os("PROPTEST_RNG_SEED").is_some() {
            given.rng_seed
        } else {
            fixed.rng_seed
        },
        ..fixed
    }
}

/// Pieces of text that are more than one `char`, more than one code unit, or change what stands beside them.
const PIECES: &[&str] = &[
    "a",
    "world",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\r\n",
    ". ",
    "! Then ",
    "ß",
    "中文",
    "ไทย",
    "हिन्दी",
    "각",
    "\u{1112}\u{1161}\u{11ab}",
    "😀",
    "👍🏽",
    "🏽",
    "👩‍🚀",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "\u{200d}",
    "\u{fe0f}",
    "1️⃣",
    "🇩🇪",
    "🇩",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "e\u{301}",
    "\u{301}",
    "\u{20dd}",
    "𝄞",
    "𐍈",
    "مرحبا",
    "שלום",
    "\u{202e}",
    "\u{600}",
    "\u{feff}",
    "\u{10ffff}",
    "**",
    "_",
    "`",
    "[a](https://example.com)",
    "<u>",
    "</u>",
    "- ",
    "> ",
    "# ",
    "&amp;",
    "https://example.com",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "\\PC{0,4}",
    ];
    vec(piece, 1..60)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("a text has characters", |text| !text.is_empty())
}

/// One of a few ways to mark a stretch, by what it is made of.
#[derive(Clone, Debug)]
struct Mark {
    style: Style,
    from: Index,
    to: Index,
    way: u8,
}

fn mark() -> impl Strategy<Value = Mark> {
    let styles = [
        Style::Bold,
        Style::Italic,
        Style::Strikethrough,
        Style::Underline,
    ];
    (
        select(styles.to_vec()),
        any::<Index>(),
        any::<Index>(),
        0..4_u8,
    )
        .prop_map(|(style, from, to, way)| Mark {
            style,
            from,
            to,
            way,
        })
}

impl Mark {
    /// A stretch of whole graphemes in bytes, and the span that says the same.
    fn place(&self, text: &str) -> (Range<usize>, Span) {
        let starts: Vec<usize> = text
            .grapheme_indices(true)
            .map(|(byte, _)| byte)
            .chain([text.len()])
            .collect();
        let first = self.from.index(starts.len() - 1);
        let last = first + 1 + self.to.index(starts.len() - 1 - first);
        let bytes = starts[first]..starts[last];
        let chars = |byte: usize| text[..byte].chars().count();
        let span = match self.way {
            0 => Span::bytes(bytes.clone()),
            1 => Span::chars(chars(bytes.start)..chars(bytes.end)),
            2 => Span::graphemes(first..last),
            _ => Span::text(&text[bytes.clone()]),
        };
        (bytes, span)
    }
}

fn texts(content: &MessageContent) -> impl Iterator<Item = &TextPart> {
    content
        .parts
        .iter()
        .flatten()
        .filter_map(|part| match part {
            MessagePart::Text(text) => Some(text),
            _ => None,
        })
}

fn only_text(content: &MessageContent) -> &TextPart {
    texts(content).next().expect("a text")
}

/// Positions at which a text may be cut, in code units, counted without the crate under test.
fn borders(text: &str) -> BTreeSet<i64> {
    let mut at = 0;
    let mut borders = BTreeSet::from([0]);
    for grapheme in text.graphemes(true) {
        at += i64::try_from(grapheme.encode_utf16().count()).expect("short");
        borders.insert(at);
    }
    borders
}

/// The words of a range, read as a receiver does that holds the text in UTF-16.
fn read_utf16(text: &str, decoration: &TextDecoration) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let [start, end] = decoration.range[..] else {
        panic!("two positions");
    };
    let (start, end) = (start as usize, end as usize);
    String::from_utf16(&units[start..end]).expect("no pair is cut")
}

/// All graphemes that a style marks, in order, each with its place among all.
fn marked(parts: &[&TextPart], style: &Style) -> Vec<(usize, String)> {
    let mut marked = Vec::new();
    let mut before = 0;
    for part in parts {
        let mut unit = 0;
        for (index, grapheme) in part.value.graphemes(true).enumerate() {
            let is_marked = part.text_decorations.iter().flatten().any(|decoration| {
                decoration.style.as_ref() == Some(style)
                    && (decoration.range[0]..decoration.range[1]).contains(&unit)
            });
            if is_marked {
                marked.push((before + index, grapheme.to_owned()));
            }
            unit += i64::try_from(grapheme.encode_utf16().count()).expect("short");
        }
        before += part.value.graphemes(true).count();
    }
    marked
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn ranges_lie_on_characters_and_read_back(text in text(), marks in vec(mark(), 0..20)) {
        let mut message = Message::from(text.as_str());
        let mut expected = Vec::new();
        for mark in &marks {
            let (bytes, span) = mark.place(&text);
            message = message.decorate(mark.style.clone(), span);
            expected.push((mark.style.clone(), text[bytes].to_owned()));
        }
        let content = message.build().expect("valid");
        let part = only_text(&content);
        prop_assert_eq!(&part.value, &text);
        let borders = borders(&text);
        let decorations = part.text_decorations.as_deref().unwrap_or_default();
        prop_assert_eq!(decorations.len(), marks.len());
        for (decoration, (style, words)) in decorations.iter().zip(&expected) {
            prop_assert!(decoration.range.iter().all(|at| borders.contains(at)));
            prop_assert_eq!(decoration.style.as_ref(), Some(style));
            prop_assert_eq!(&read_utf16(&text, decoration), words);
            prop_assert_eq!(read_range(&text, &decoration.range), Some(words.as_str()));
        }
    }

    #[test]
    fn any_byte_range_is_exact_or_refused(text in text(), start in 0..80_usize, length in 0..20_usize) {
        let range = start..start + length;
        let is_whole = |byte: usize| {
            byte == text.len() || text.grapheme_indices(true).any(|(at, _)| at == byte)
        };
        match Message::from(text.as_str()).bold(Span::bytes(range.clone())).build() {
            Ok(content) => {
                prop_assert!(is_whole(range.start) && is_whole(range.end));
                let part = only_text(&content);
                let decorations = part.text_decorations.as_deref().unwrap_or_default();
                prop_assert_eq!(&read_utf16(&text, &decorations[0]), &text[range]);
            }
            Err(error) => {
                let is_inside = !range.is_empty() && range.end <= text.len();
                prop_assert_eq!(error.breaks(Rule::Range), !is_inside);
                prop_assert_eq!(error.breaks(Rule::WholeCharacters), is_inside);
                prop_assert!(!is_inside || !is_whole(range.start) || !is_whole(range.end));
            }
        }
    }

    #[test]
    fn raw_ranges_never_pass_when_they_cut(text in text(), start in -2..80_i64, length in -1..20_i64) {
        let borders = borders(&text);
        let range = vec![start, start + length];
        let is_fit = length > 0 && range.iter().all(|at| borders.contains(at));
        let part = TextPart::new(text.as_str())
            .with_text_decorations(vec![TextDecoration::new(range).with_style("bold")]);
        let content = MessageContent::new().with_parts(vec![part.into()]);
        prop_assert_eq!(check_message(&content).is_ok(), is_fit);
        // Split takes what is broken as well.
        let messages = Message::from(content).split_at(7);
        let joined: String = messages
            .into_iter()
            .filter_map(|message| message.unchecked().build().ok())
            .flat_map(|content| texts(&content).map(|part| part.value.clone()).collect::<Vec<_>>())
            .collect();
        prop_assert_eq!(joined, text);
    }

    #[test]
    fn split_loses_nothing(text in text(), marks in vec(mark(), 0..8), characters in 1..40_usize) {
        let mut message = Message::from(text.as_str());
        for mark in &marks {
            message = message.decorate(mark.style.clone(), mark.place(&text).1);
        }
        let whole = message.clone().build().expect("valid");
        let contents: Vec<_> = message
            .split_at(characters)
            .into_iter()
            .map(|message| message.build().expect("valid"))
            .collect();
        let parts: Vec<_> = contents.iter().map(only_text).collect();
        let joined: String = parts.iter().map(|part| part.value.as_str()).collect();
        prop_assert_eq!(&joined, &text);
        for part in &parts {
            let graphemes = part.value.graphemes(true).count();
            prop_assert!(part.value.chars().count() <= characters || graphemes == 1);
        }
        let pieces: Vec<_> = parts.iter().flat_map(|part| part.value.graphemes(true)).collect();
        prop_assert_eq!(pieces, text.graphemes(true).collect::<Vec<_>>());
        for style in [Style::Bold, Style::Italic, Style::Strikethrough, Style::Underline] {
            prop_assert_eq!(marked(&parts, &style), marked(&[only_text(&whole)], &style));
        }
    }

    #[test]
    fn a_mention_stays_whole(text in text(), mark in mark(), characters in 1..40_usize) {
        let (bytes, span) = mark.place(&text);
        let words = &text[bytes.clone()];
        // By words, the first place counts.
        let words_fit = words.chars().count() * 2 <= characters;
        let messages = Message::from(text.as_str())
            .mention("+12025550100", span)
            .split_at(characters);
        let mut mentions = Vec::new();
        for message in messages {
            let content = message.build().expect("valid");
            let part = only_text(&content);
            if let Some(range) = &part.mention_range {
                mentions.push(read_range(&part.value, range).expect("inside").to_owned());
            }
        }
        prop_assert_eq!(mentions.len(), 1);
        prop_assert!(words.starts_with(mentions[0].as_str()));
        prop_assert!(!words_fit || mentions[0] == words);
    }

    #[test]
    fn nothing_said_is_shown(text in "[a-z]{12,20}") {
        let message = Message::from(text.as_str())
            .bold(Span::text("0"))
            .animate(Animation::Big, text.as_str())
            .text(text.as_str())
            .idempotency_key(text.as_str())
            .link(text.as_str());
        let shown = format!("{message:?}");
        let error = message.build().expect_err("broken");
        for shown in [shown, format!("{error:?}"), error.to_string()] {
            prop_assert!(!shown.contains(&text));
        }
    }
}

#[cfg(feature = "markdown")]
mod markdown {
    use super::*;

    proptest! {
        #![proptest_config(config(2_048))]

        #[test]
        fn any_markdown_gives_messages_that_can_be_sent(markdown in text()) {
            for message in Message::from_markdown(&markdown) {
                let content = message.build().expect("valid");
                for part in texts(&content) {
                    let borders = borders(&part.value);
                    for decoration in part.text_decorations.iter().flatten() {
                        prop_assert!(decoration.range.iter().all(|at| borders.contains(at)));
                    }
                }
            }
        }

        #[test]
        fn words_survive(words in vec("[a-z]{1,8}", 1..30), breaks in vec(select(&[" ", "\n", "\n\n"][..]), 30)) {
            let markdown: String = words
                .iter()
                .zip(&breaks)
                .flat_map(|(word, space)| ["**", word, "**", space])
                .collect();
            let contents: Vec<_> = Message::from_markdown(&markdown)
                .into_iter()
                .map(|message| message.build().expect("valid"))
                .collect();
            let said: Vec<_> = contents
                .iter()
                .flat_map(texts)
                .flat_map(|part| part.value.split_whitespace())
                .collect();
            prop_assert_eq!(said, words.iter().map(String::as_str).collect::<Vec<_>>());
            let bold: Vec<_> = contents
                .iter()
                .flat_map(texts)
                .flat_map(|part| {
                    let decorations = part.text_decorations.iter().flatten();
                    decorations.map(|decoration| read_utf16(&part.value, decoration))
                })
                .collect();
            prop_assert_eq!(bold, words);
        }
    }
}
