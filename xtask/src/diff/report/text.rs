//! A report for a terminal: counts first, then the changes by area, the worst first.

use std::fmt::Write;

use super::lines::{Report, by_area, gathered, groups, is_short, item, summary};
use crate::diff::Size;
use crate::diff::change::{Change, Class};

/// How wide lines become.
const WIDTH: usize = 100;

/// Writes the report.
pub fn write(report: &Report) -> String {
    let mut out = String::new();
    let difference = &report.difference;
    for (what, name, size) in [
        ("old", &report.old, difference.old),
        ("new", &report.new, difference.new),
    ] {
        let _ = writeln!(out, "{what}  {name}: {}", sized(size));
    }
    out.push('\n');
    if difference.is_none() {
        let _ = writeln!(
            out,
            "No difference: both documents give the same Rust API and docs.\nversion: {} stays",
            report.advice.current
        );
        return out;
    }
    for class in Class::ALL {
        let count = difference.of(class).count();
        let title = format!("{:<9} {count:>5}  ", class.name());
        let kinds = summary(difference.of(class));
        let words = kinds.split_inclusive(", ").map(str::to_owned);
        paragraph(&mut out, &title, title.len(), words);
    }
    let _ = writeln!(out, "docs changed: {}", difference.docs);
    version(&mut out, report);
    out.push_str(&changes(report));
    out
}

/// Writes the changes alone, by area.
pub fn changes(report: &Report) -> String {
    let mut out = String::new();
    for (area, changes) in by_area(report.difference.changes.iter()) {
        let _ = writeln!(out, "\n{area}: {}", by_class(&changes));
        self::area(&mut out, &changes);
    }
    out
}

fn sized(size: Size) -> String {
    let Size {
        operations,
        types,
        event_types,
    } = size;
    format!("{operations} operations, {types} types, {event_types} event types")
}

fn version(out: &mut String, report: &Report) {
    let advice = &report.advice;
    let next = advice.next.as_ref().unwrap_or(&advice.current);
    let _ = writeln!(
        out,
        "version: {} → {next}, {}",
        advice.current, advice.reason
    );
}

/// How many changes there are of each class: `2 breaking, 1 added`.
fn by_class(changes: &[&Change]) -> String {
    let counts = Class::ALL.into_iter().filter_map(|class| {
        let count = changes
            .iter()
            .filter(|change| change.class() == class)
            .count();
        (count > 0).then(|| format!("{count} {}", class.name()))
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn mark(class: Class) -> char {
    match class {
        Class::Breaking => '!',
        Class::Added => '+',
        Class::Docs => '~',
    }
}

fn area(out: &mut String, changes: &[&Change]) {
    for class in Class::ALL {
        let of_class = changes
            .iter()
            .copied()
            .filter(|change| change.class() == class);
        for group in groups(of_class) {
            let _ = writeln!(
                out,
                "  {} {}: {}",
                mark(class),
                group.title(),
                group.reasons()
            );
            if is_short(group.what) {
                for (owner, items) in gathered(&group.changes) {
                    short(out, owner.as_deref(), &items);
                }
                continue;
            }
            for change in group.changes {
                let (place, detail) = item(change);
                let line = format!("      {place}  {detail}");
                let _ = writeln!(out, "{}", line.trim_end());
            }
        }
    }
}

/// Writes the names of members, or of what has none, one after the other.
fn short(out: &mut String, owner: Option<&str>, items: &[String]) {
    let (title, indent) = match owner {
        Some(owner) => (format!("      {owner}: "), 10),
        None => ("      ".to_owned(), 6),
    };
    let list = items.join(", ");
    paragraph(
        out,
        &title,
        indent,
        list.split_inclusive(", ").map(str::to_owned),
    );
}

/// Writes words in lines that are not too long, those after the first with an indent.
fn paragraph(out: &mut String, title: &str, indent: usize, words: impl Iterator<Item = String>) {
    let mut line = title.to_owned();
    let mut is_first = true;
    for word in words {
        if !is_first && line.chars().count() + word.trim_end().chars().count() > WIDTH {
            let _ = writeln!(out, "{}", line.trim_end());
            line = " ".repeat(indent);
        }
        line.push_str(&word);
        is_first = false;
    }
    let _ = writeln!(out, "{}", line.trim_end());
}
