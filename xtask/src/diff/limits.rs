//! Comparing limits: whether what was allowed still is. The generator keeps limits as sentences of
//! the docs (`From 1 to 10 items.`); they are read back here.

use std::collections::BTreeMap;

use super::change::{Change, Found, What};

/// All sentences of a place.
pub fn all(limits: &[String]) -> Vec<&str> {
    limits.iter().map(String::as_str).collect()
}

/// Compares the sentences of a place, and notes at most one change.
pub fn compare(
    before: &[&str],
    after: &[&str],
    found: &mut Found,
    change: impl FnOnce(What) -> Change,
) {
    let without = |sentences: &[&str], others: &[&str]| -> Vec<String> {
        let left = sentences
            .iter()
            .filter(|sentence| !others.contains(sentence));
        left.map(|sentence| (*sentence).to_owned()).collect()
    };
    let (gone, come) = (without(before, after), without(after, before));
    if gone.is_empty() && come.is_empty() {
        return;
    }
    let shown = |sentences: Vec<String>| match sentences.is_empty() {
        true => "none".to_owned(),
        false => sentences.join(" "),
    };
    found.push(
        change(judge(before, after))
            .before(shown(gone))
            .after(shown(come)),
    );
}

/// What became of the limits of a place.
pub fn judge(before: &[&str], after: &[&str]) -> What {
    let (before, after) = (Limits::read(before), Limits::read(after));
    if after.refuses_more_than(&before) {
        What::LimitTightened
    } else if before.refuses_more_than(&after) {
        What::LimitLoosened
    } else {
        What::LimitChanged
    }
}

/// The limits of a place, by what they limit.
#[derive(Default)]
struct Limits<'a> {
    ranges: BTreeMap<String, Range>,
    /// Patterns and other demands that a value meets or does not.
    demands: Vec<&'a str>,
}

/// The least and the most, each with whether it is itself excluded.
#[derive(Clone, Copy, Default)]
struct Range {
    least: Option<(f64, bool)>,
    most: Option<(f64, bool)>,
}

impl<'a> Limits<'a> {
    fn read(sentences: &[&'a str]) -> Self {
        let mut limits = Self::default();
        for sentence in sentences {
            // What a limit is for: the value itself, or what stands inside it.
            let mut words = *sentence;
            while let Some(inner) = inside(words) {
                words = inner;
            }
            let of = &sentence[..sentence.len() - words.len()];
            match range(words.trim_end_matches('.')) {
                Some((unit, range)) => {
                    limits
                        .ranges
                        .entry(format!("{of} {unit}"))
                        .or_default()
                        .narrow(range);
                }
                // A default refuses nothing, and of a format nobody knows.
                None if words.starts_with("Default") || words.starts_with("Format") => {}
                None => limits.demands.push(sentence),
            }
        }
        limits
    }

    /// Whether there is a value that these refuse and the others do not.
    fn refuses_more_than(&self, others: &Self) -> bool {
        let free = Range::default();
        let narrower = |(key, range): (&String, &Range)| {
            range.refuses_more_than(others.ranges.get(key).unwrap_or(&free))
        };
        self.ranges.iter().any(narrower)
            || self
                .demands
                .iter()
                .any(|demand| !others.demands.contains(demand))
    }
}

/// The limit of what stands inside a list or map.
fn inside(words: &str) -> Option<&str> {
    words
        .strip_prefix("Items: ")
        .or_else(|| words.strip_prefix("Values: "))
}

impl Range {
    fn narrow(&mut self, other: Self) {
        self.least = other.least.or(self.least);
        self.most = other.most.or(self.most);
    }

    fn refuses_more_than(&self, other: &Self) -> bool {
        let excludes = |own: bool, theirs: bool| own && !theirs;
        let above = match (self.least, other.least) {
            (Some((own, without)), Some((theirs, other_without))) => {
                own > theirs || (own == theirs && excludes(without, other_without))
            }
            (own, _) => own.is_some(),
        };
        let below = match (self.most, other.most) {
            (Some((own, without)), Some((theirs, other_without))) => {
                own < theirs || (own == theirs && excludes(without, other_without))
            }
            (own, _) => own.is_some(),
        };
        above || below
    }
}

/// Reads a sentence such as `From 1 to 10 items` as its unit and range.
fn range(sentence: &str) -> Option<(&str, Range)> {
    let number = |words: &'_ str| -> Option<f64> { words.parse().ok() };
    let split = |words: &'static str| -> Option<(&str, &str)> {
        let rest = sentence.strip_prefix(words)?;
        Some(rest.split_once(' ').unwrap_or((rest, "")))
    };
    if let Some((least, rest)) = split("From ") {
        let rest = rest.strip_prefix("to ")?;
        let (most, unit) = rest.split_once(' ').unwrap_or((rest, ""));
        let least = Some((number(least)?, false));
        return Some((
            unit,
            Range {
                least,
                most: Some((number(most)?, false)),
            },
        ));
    }
    if let Some((exactly, unit)) = split("Exactly ") {
        let bound = Some((number(exactly)?, false));
        return Some((
            unit,
            Range {
                least: bound,
                most: bound,
            },
        ));
    }
    for (words, excluded) in [("At least ", false), ("More than ", true)] {
        if let Some((least, unit)) = split(words) {
            return Some((
                unit,
                Range {
                    least: Some((number(least)?, excluded)),
                    most: None,
                },
            ));
        }
    }
    for (words, excluded) in [("At most ", false), ("Less than ", true)] {
        if let Some((most, unit)) = split(words) {
            return Some((
                unit,
                Range {
                    least: None,
                    most: Some((number(most)?, excluded)),
                },
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::diff::change::What;

    #[test]
    fn a_limit_is_tightened_where_it_refuses_what_went_through() {
        use What::{
            LimitChanged as Changed, LimitLoosened as Loosened, LimitTightened as Tightened,
        };
        for (before, after, expected) in [
            ("At most 10 items.", "At most 5 items.", Tightened),
            ("At most 5 items.", "At most 10 items.", Loosened),
            ("", "At least 1.", Tightened),
            ("At least 1.", "", Loosened),
            ("At least 1.", "More than 1.", Tightened),
            ("More than 1.", "At least 1.", Loosened),
            (
                "From 1 to 10 characters.",
                "From 0 to 9 characters.",
                Tightened,
            ),
            (
                "From 1 to 10 characters.",
                "Exactly 10 characters.",
                Tightened,
            ),
            ("At most 10 items.", "At most 10 characters.", Tightened),
            ("At most 0.5.", "At most 1.", Loosened),
            ("", "Matches `^a$`.", Tightened),
            ("Matches `^a: .$`.", "Matches `^b$`.", Tightened),
            ("Matches `^a$`.", "", Loosened),
            (
                "Items: At most 5 characters.",
                "Items: At most 4 characters.",
                Tightened,
            ),
            (
                "Items: At most 5 characters.",
                "At most 5 characters.",
                Tightened,
            ),
            ("Default: `1`.", "Default: `2`.", Changed),
            ("Format `uri`.", "", Changed),
        ] {
            let sentences = |text: &'static str| -> Vec<&str> {
                Some(text)
                    .filter(|text| !text.is_empty())
                    .into_iter()
                    .collect()
            };
            let judged = judge(&sentences(before), &sentences(after));
            assert_eq!(judged, expected, "`{before}` → `{after}`");
        }
    }
}
