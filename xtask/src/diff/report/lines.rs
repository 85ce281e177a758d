//! What the reports have in common: changes of one kind together, and each change in few words.

use std::collections::BTreeMap;

use crate::diff::Difference;
use crate::diff::change::{Change, What};
use crate::diff::class::rule;
use crate::diff::version::Advice;

/// What a report is about.
#[derive(Clone, Debug)]
pub struct Report {
    /// The name of the older document.
    pub old: String,
    /// The name of the newer document.
    pub new: String,
    /// How they differ.
    pub difference: Difference,
    /// What it means for the version number.
    pub advice: Advice,
}

/// Changes of one kind that have one reason.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// The kind.
    pub what: What,
    /// What they do to code.
    pub reason: &'static str,
    /// What a running program loses by them.
    pub loss: Option<&'static str>,
    /// The changes.
    pub changes: Vec<&'a Change>,
}

impl Group<'_> {
    /// How many there are, and of what: "2 fields removed".
    pub fn title(&self) -> String {
        counted(self.what, self.changes.len())
    }

    /// What they do to code, and to programs that run.
    pub fn reasons(&self) -> String {
        match self.loss {
            None => self.reason.to_owned(),
            Some(loss) => format!("{}; at run time {loss}", self.reason),
        }
    }
}

/// A number of changes of a kind: "2 fields removed".
pub fn counted(what: What, count: usize) -> String {
    let rule = rule(what);
    let noun = match (count, rule.noun) {
        (1, noun) => noun.to_owned(),
        (_, "status") => "statuses".to_owned(),
        (_, "alias") => "aliases".to_owned(),
        (_, "deliveries of a variant") => rule.noun.to_owned(),
        (_, "event type without payload") => "event types without payload".to_owned(),
        (_, "kind of type") => "kinds of types".to_owned(),
        (_, "presence of a field") => "presences of fields".to_owned(),
        (_, "limit or default") => "limits or defaults".to_owned(),
        (_, noun) => format!("{noun}s"),
    };
    format!("{count} {noun} {}", rule.verb)
}

/// How often each kind occurs, in the order of kinds.
pub fn counts<'a>(changes: impl Iterator<Item = &'a Change>) -> Vec<(What, usize)> {
    let mut counts: BTreeMap<What, usize> = BTreeMap::new();
    for change in changes {
        *counts.entry(change.what).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// The kinds and how often they occur, in one line.
pub fn summary<'a>(changes: impl Iterator<Item = &'a Change>) -> String {
    let counts = counts(changes);
    let parts: Vec<String> = counts
        .into_iter()
        .map(|(what, count)| counted(what, count))
        .collect();
    parts.join(", ")
}

/// Changes by kind and reason; the order stays.
pub fn groups<'a>(changes: impl Iterator<Item = &'a Change>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for change in changes {
        let (reason, loss) = (change.reason(), change.loss());
        let known = groups.iter_mut().find(|group| {
            group.what == change.what && group.reason == reason && group.loss == loss
        });
        match known {
            Some(group) => group.changes.push(change),
            None => groups.push(Group {
                what: change.what,
                reason,
                loss,
                changes: vec![change],
            }),
        }
    }
    groups
}

/// Changes by area; the order stays.
pub fn by_area<'a>(changes: impl Iterator<Item = &'a Change>) -> Vec<(&'a str, Vec<&'a Change>)> {
    let mut areas: Vec<(&str, Vec<&Change>)> = Vec::new();
    for change in changes {
        match areas.iter_mut().find(|(area, _)| *area == change.area) {
            Some((_, changes)) => changes.push(change),
            None => areas.push((&change.area, vec![change])),
        }
    }
    areas
}

/// The place of a change: `Chat.icon`, `create_chat 409`.
pub fn path(change: &Change) -> String {
    match &change.member {
        None => change.name.clone(),
        Some(member) if is_identifier(member) && !is_value(change.what) => {
            format!("{}.{member}", change.name)
        }
        Some(member) => format!("{} {member}", change.name),
    }
}

/// How it was and how it is: ` Option<String> → String`; empty where there is nothing to say.
pub fn detail(change: &Change) -> String {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => String::new(),
    }
}

/// What a line says of a change: its place, and how it was and is.
pub fn item(change: &Change) -> (String, String) {
    match change.what {
        // The names are the change.
        What::TypeRenamed | What::OperationRenamed => {
            (detail(change), change.member.clone().unwrap_or_default())
        }
        _ => (path(change), detail(change)),
    }
}

/// Whether changes of a kind are many and say all with their names, so that a report may put
/// several in one line.
pub fn is_short(what: What) -> bool {
    is_value(what)
        || matches!(
            what,
            What::TypeAdded | What::FieldAdded | What::StatusAdded | What::StatusRemoved
        )
}

fn is_value(what: What) -> bool {
    matches!(
        what,
        What::ValueAdded | What::ValueRemoved | What::ValueRenamed | What::ValueSentOtherwise
    )
}

fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The members of short changes by what they belong to: `Chat: icon, topic`; names alone where
/// there are no members.
pub fn gathered(changes: &[&Change]) -> Vec<(Option<String>, Vec<String>)> {
    let mut gathered: Vec<(Option<String>, Vec<String>)> = Vec::new();
    for change in changes {
        let (owner, item) = match &change.member {
            Some(member) => (Some(change.name.clone()), member.clone()),
            None => (None, change.name.clone()),
        };
        match gathered.iter_mut().find(|(known, _)| *known == owner) {
            Some((_, items)) => items.push(item),
            None => gathered.push((owner, vec![item])),
        }
    }
    gathered
}
