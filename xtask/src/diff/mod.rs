//! Comparing two documents by what becomes of them in Rust.
//!
//! Both documents go through the generator's stages up to the API model, and the two models are
//! compared: [`renames`] first, so that a type with another name is not taken for a new one, then
//! [`operations`], [`types`] and [`events`]. Each difference is a [`Change`], and
//! [`class`] holds the table of what a change does to code that uses the crates, and [`wire`] what it takes
//! from programs that run; the worse of the two decides the version.
//! [`report`] writes it all down.

pub mod change;
pub mod class;
pub mod events;
pub mod limits;
pub mod operations;
pub mod renames;
pub mod report;
pub mod types;
pub mod version;
pub mod wire;

use std::collections::BTreeSet;

use self::change::{Change, Class, Found};
use crate::generate::model::Api;

/// How two documents differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The changes, by area, the worst first.
    pub changes: Vec<Change>,
    /// How many texts of the docs differ.
    pub docs: usize,
    /// What the older document holds.
    pub old: Size,
    /// What the newer document holds.
    pub new: Size,
}

/// How much a document holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Its operations.
    pub operations: usize,
    /// Its types, nested ones included.
    pub types: usize,
    /// Its event types, those without a payload included.
    pub event_types: usize,
}

impl Difference {
    /// Whether the two documents mean the same, word for word.
    pub fn is_none(&self) -> bool {
        self.changes.is_empty() && self.docs == 0
    }

    /// The worst class among the changes; `None` where there is none at all.
    pub fn worst(&self) -> Option<Class> {
        let docs = (self.docs > 0).then_some(Class::Docs);
        self.changes.iter().map(Change::class).max().max(docs)
    }

    /// The changes of a class.
    pub fn of(&self, class: Class) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(move |change| change.class() == class)
    }
}

/// Compares two APIs.
pub fn compare(old: &Api, new: &Api) -> Difference {
    let sizes = (size(old), size(new));
    let mut old = old.clone();
    let mut found = Found::default();
    renames::follow(&mut old, new, &mut found);
    operations::compare(&old, new, &mut found);
    types::compare(&old, new, &mut found);
    events::compare(&old, new, &mut found);
    found.text(&old.title, &new.title);
    for (area, description) in &new.areas {
        if let Some((_, known)) = old.areas.iter().find(|(known, _)| known == area) {
            found.text(known, description);
        }
    }
    let Found { mut changes, docs } = found;
    let areas = areas(&old, new);
    let place = |area: &str| areas.iter().position(|known| *known == area);
    // Stable: within a kind of change, the document's order stays.
    changes.sort_by(|one, other| {
        let order = place(&one.area).cmp(&place(&other.area));
        let order = order.then(other.class().cmp(&one.class()));
        order.then(one.what.cmp(&other.what))
    });
    Difference {
        changes,
        docs,
        old: sizes.0,
        new: sizes.1,
    }
}

fn size(api: &Api) -> Size {
    Size {
        operations: api.operations.len(),
        types: api.types.len(),
        event_types: events::types(api).len(),
    }
}

/// All areas, in the order of the newer document.
fn areas<'a>(old: &'a Api, new: &'a Api) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let both = new.areas.iter().chain(&old.areas);
    both.map(|(area, _)| area.as_str())
        .filter(|area| seen.insert(*area))
        .collect()
}
