//! A report as a section of a changelog.

use std::fmt::Write;

use super::lines::{Report, by_area, gathered, groups, is_short, item, summary};
use crate::diff::change::{Change, Class};

/// Writes the report.
pub fn write(report: &Report) -> String {
    let mut out = String::new();
    let (difference, advice) = (&report.difference, &report.advice);
    let Some(next) = &advice.next else {
        let _ = writeln!(
            out,
            "No difference between `{}` and `{}`; version {} stays.",
            report.old, report.new, advice.current
        );
        return out;
    };
    let _ = writeln!(out, "## {next}\n");
    let _ = writeln!(
        out,
        "From `{}` to `{}`; {} → {next}: {}.",
        report.old, report.new, advice.current, advice.reason
    );
    for (class, title) in [
        (Class::Breaking, "Breaking"),
        (Class::Added, "Added"),
        (Class::Docs, "Docs only"),
    ] {
        let docs = if class == Class::Docs {
            difference.docs
        } else {
            0
        };
        let changes: Vec<&Change> = difference.of(class).collect();
        if changes.is_empty() && docs == 0 {
            continue;
        }
        let _ = writeln!(out, "\n### {title}\n");
        if !changes.is_empty() {
            let _ = writeln!(out, "{}.\n", summary(changes.iter().copied()));
        }
        for (area, changes) in by_area(changes.into_iter()) {
            self::area(&mut out, area, &changes);
        }
        if docs > 0 {
            let _ = writeln!(out, "- docs changed: {docs}");
        }
    }
    out
}

/// Writes the changes alone, by area.
pub fn changes(report: &Report) -> String {
    let mut out = String::new();
    for (area, changes) in by_area(report.difference.changes.iter()) {
        self::area(&mut out, area, &changes);
    }
    out
}

fn area(out: &mut String, area: &str, changes: &[&Change]) {
    let _ = writeln!(out, "- **{area}**");
    for group in groups(changes.iter().copied()) {
        let title = group.title();
        let _ = writeln!(out, "  - {title}: {}", group.reasons());
        if is_short(group.what) {
            for (owner, items) in gathered(&group.changes) {
                let items: Vec<String> = items.iter().map(|item| code(item)).collect();
                let owner = owner.map_or_else(String::new, |owner| format!("{}: ", code(&owner)));
                let _ = writeln!(out, "    - {owner}{}", items.join(", "));
            }
            continue;
        }
        for change in group.changes {
            let (place, detail) = item(change);
            let detail = match detail.is_empty() {
                true => String::new(),
                false => format!(": {}", code(&detail)),
            };
            let _ = writeln!(out, "    - {}{detail}", code(&place));
        }
    }
}

/// Text between as many backticks as it takes.
fn code(text: &str) -> String {
    if text.contains('`') {
        format!("`` {text} ``")
    } else {
        format!("`{text}`")
    }
}
