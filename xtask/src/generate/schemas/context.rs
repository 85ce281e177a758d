//! What lowering has at hand: the components that schemas refer to, and what went wrong or got lost.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::generate::accept::{Loss, Losses};
use crate::generate::hoist::Component;
use crate::generate::json_schema::wrapped;
use crate::generate::load::Document;
use crate::pointer::component;
use crate::problem::{Problem, Problems};

/// How deep compositions may refer to each other.
pub const MAX_DEPTH: usize = 64;

/// What lowering needs at hand.
pub struct Lowering<'a> {
    /// The document, without its schemas.
    pub root: &'a Value,
    pub(super) components: BTreeMap<&'a str, &'a Component>,
    /// What the document accepts to lose.
    pub losses: &'a mut Losses,
    /// What cannot be lowered.
    pub problems: Problems,
    /// What was lowered to less than it says.
    pub notes: Vec<String>,
}

impl<'a> Lowering<'a> {
    /// Starts with no problem.
    pub fn new(
        document: &'a Document,
        components: &'a [Component],
        losses: &'a mut Losses,
    ) -> Self {
        Self {
            losses,
            root: &document.root,
            components: components.iter().map(|c| (c.key.as_str(), c)).collect(),
            problems: Problems::default(),
            notes: Vec::new(),
        }
    }

    /// Records a problem.
    pub fn refuse(&mut self, pointer: &str, what: impl Into<String>, help: &str) {
        self.problems.push(Problem::new(pointer, what, help));
    }

    /// Records a loss, or refuses it where the document does not accept it.
    pub fn lose(&mut self, loss: Loss, pointer: &str, what: &str) {
        if let Err(problem) = self.losses.accept(loss, pointer, what) {
            self.problems.push(problem);
        }
    }

    /// Records what the reader should know though it is no error.
    pub fn note(&mut self, pointer: &str, what: &str) {
        let note = format!("{pointer}: {what}");
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The component that a schema refers to.
    pub fn referred(&self, schema: &Value) -> Option<&'a Component> {
        let reference = schema.get("$ref")?.as_str()?;
        let key = component(reference, "schemas")?;
        self.components.get(key).copied().or_else(|| {
            let key = key.replace("~1", "/").replace("~0", "~");
            self.components.get(key.as_str()).copied()
        })
    }

    /// The schema itself, or the one it refers to in the end.
    pub fn seen_through(&self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        for _ in 0..MAX_DEPTH {
            if let Some(component) = self.referred(schema) {
                schema = &component.schema;
            } else if let Some((union, index)) = schema.as_object().and_then(wrapped) {
                schema = &schema[union][index];
            } else {
                break;
            }
        }
        schema
    }
}
