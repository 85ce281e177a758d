//! One difference between two documents.

pub use super::class::{Class, Position, What};
use super::{class, wire};

/// One difference between two documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind of change it is.
    pub what: What,
    /// The area of the API it belongs to.
    pub area: String,
    /// The method, type or event type it is about, as the newer document has it.
    pub name: String,
    /// The field, value, parameter, status or variant of it.
    pub member: Option<String>,
    /// Where users meet it.
    pub position: Position,
    /// How it was.
    pub before: Option<String>,
    /// How it is now.
    pub after: Option<String>,
}

impl Change {
    /// A change of something as a whole.
    pub fn new(what: What, area: &str, name: &str, position: Position) -> Self {
        Self {
            what,
            area: area.to_owned(),
            name: name.to_owned(),
            member: None,
            position,
            before: None,
            after: None,
        }
    }

    /// The same for a part of it.
    #[must_use]
    pub fn member(mut self, member: &str) -> Self {
        self.member = Some(member.to_owned());
        self
    }

    /// With how it was.
    #[must_use]
    pub fn before(mut self, before: impl Into<String>) -> Self {
        self.before = Some(before.into());
        self
    }

    /// With how it is now.
    #[must_use]
    pub fn after(mut self, after: impl Into<String>) -> Self {
        self.after = Some(after.into());
        self
    }

    /// Returns the worse of what it does to code and to running programs.
    pub fn class(&self) -> Class {
        match self.loss() {
            Some(_) => Class::Breaking,
            None => class::class(self.what, self.position),
        }
    }

    /// Returns what it does to code that uses the crates.
    pub fn reason(&self) -> &'static str {
        class::reason(self.what, self.position)
    }

    /// Returns what a running program stops seeing or is refused, if anything.
    pub fn loss(&self) -> Option<&'static str> {
        wire::loss(self.what, self.position)
    }

    /// Returns whether code compiles as before and a running program loses something.
    pub fn is_only_at_run_time(&self) -> bool {
        self.loss().is_some() && class::class(self.what, self.position) != Class::Breaking
    }
}

/// The changes found so far.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The changes.
    pub changes: Vec<Change>,
    /// How many texts differ.
    pub docs: usize,
}

impl Found {
    /// Notes a change.
    pub fn push(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Counts a text of the docs that changed.
    pub fn text(&mut self, before: &str, after: &str) {
        self.docs += usize::from(before != after);
    }
}
