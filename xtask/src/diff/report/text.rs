//! A report for a terminal: counts first, then the changes by area, the worst first.

use std::fmt::Write;

use super::Report;
use super::lines::{by_area, counted, detail, gathered, groups, is_short, path, summary};
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
        let title = format!("{:<9} {count:>5}", class.name());
        let kinds = summary(difference.of(class));
        let words = kinds.split_inclusive(", ").map(str::to_owned);
        paragraph(
            &mut out,
            &title,
            if kinds.is_empty() { "" } else { "  " },
            words,
        );
    }
    let _ = writeln!(out, "docs changed: {}", difference.docs);
    version(&mut out, report);
    for (area, changes) in by_area(difference.changes.iter()) {
        let _ = writeln!(out, "\n{area}");
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
    if let Some(caution) = &advice.caution {
        let _ = writeln!(out, "         {caution}");
    }
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
            let title = counted(group.what, group.changes.len());
            let _ = writeln!(out, "  {} {title}: {}", mark(class), group.reason);
            if is_short(group.what) {
                for (owner, items) in gathered(&group.changes) {
                    let title = owner.map_or_else(String::new, |owner| format!("{owner}: "));
                    let last = items.len() - 1;
                    let words = items.into_iter().enumerate().map(|(index, item)| {
                        if index == last {
                            item
                        } else {
                            format!("{item}, ")
                        }
                    });
                    paragraph(out, &format!("      {title}"), "", words);
                }
                continue;
            }
            for change in group.changes {
                let _ = writeln!(
                    out,
                    "      {}",
                    format!("{}  {}", path(change), detail(change)).trim_end()
                );
            }
        }
    }
}

/// Writes words in lines that are not too long, those after the first with the same indent.
fn paragraph(out: &mut String, title: &str, gap: &str, words: impl Iterator<Item = String>) {
    let indent = if gap.is_empty() {
        10
    } else {
        title.chars().count() + gap.len()
    };
    let mut line = format!("{title}{gap}");
    let mut is_empty = true;
    for word in words {
        if !is_empty && line.chars().count() + word.trim_end().chars().count() > WIDTH {
            let _ = writeln!(out, "{}", line.trim_end());
            line = " ".repeat(indent);
        }
        line.push_str(&word);
        is_empty = false;
    }
    let _ = writeln!(out, "{}", line.trim_end());
}
