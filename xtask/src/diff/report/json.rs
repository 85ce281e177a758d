//! A report for programs.

use serde_json::{Map, Value, json};

use super::lines::{Report, counts, detail, path};
use crate::diff::Size;
use crate::diff::change::{Change, Class, What};
use crate::diff::class::{self, rule};

/// Writes the report.
pub fn write(report: &Report) -> String {
    let difference = &report.difference;
    let kinds: Map<String, Value> = counts(difference.changes.iter())
        .into_iter()
        .map(|(what, count)| (name(what), json!(count)))
        .collect();
    let count = |class| difference.of(class).count();
    let value = json!({
        "old": document(&report.old, difference.old),
        "new": document(&report.new, difference.new),
        "same": difference.is_none(),
        "counts": {
            "breaking": count(Class::Breaking),
            "added": count(Class::Added),
            "docs_only": count(Class::Docs),
            "docs_changed": difference.docs,
            "kinds": kinds,
        },
        "version": {
            "current": report.advice.current,
            "next": report.advice.next,
            "reason": report.advice.reason,
        },
        "changes": difference.changes.iter().map(change).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

/// The name of a kind of change: `required_field_added`.
pub fn name(what: What) -> String {
    let rule = rule(what);
    format!("{} {}", rule.noun, rule.verb).replace(' ', "_")
}

fn document(name: &str, size: Size) -> Value {
    json!({
        "document": name,
        "operations": size.operations,
        "types": size.types,
        "event_types": size.event_types,
    })
}

fn change(change: &Change) -> Value {
    let (what, detail) = (rule(change.what), detail(change));
    let shown = if detail.is_empty() {
        String::new()
    } else {
        format!(" ({detail})")
    };
    json!({
        "class": change.class().name().replace(' ', "_"),
        "kind": name(change.what),
        "area": change.area,
        "name": change.name,
        "member": change.member,
        "position": change.position.name(),
        "code": class::class(change.what, change.position).name().replace(' ', "_"),
        "loss": change.loss(),
        "before": change.before,
        "after": change.after,
        "message": format!(
            "{}: {} {}{shown}: {}",
            path(change), what.noun, what.verb, change.reason()
        ),
    })
}
