//! Losses that the document accepts by name.
//!
//! Where a stage can say less in Rust than the document says, it asks [`Losses::accept`]. The loss
//! is an error unless the place names it in `x-accept`, in the document or through the overlay:
//!
//! ```yaml
//! x-accept: [plain-json]
//! ```
//!
//! An `x-accept` that accepts nothing is an error too ([`Losses::finish`]).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::overlay::Whose;
use crate::pointer::{child, json_path, operation_of};
use crate::problem::{Problem, Problems};

/// The extension that accepts losses.
pub const EXTENSION: &str = "x-accept";

/// What can be lost between the document and Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// A struct has no place for members beside its fields, though the document describes them.
    AdditionalMembers,
    /// A body is handed out as bytes although the document says more of it.
    Bytes,
    /// Requests that the API makes during an operation get no types.
    Callback,
    /// A keyword limits values in a way that neither a type nor its docs say.
    Constraint,
    /// Two parts of a schema allow no common value, or a value that the schema excludes.
    Contradiction,
    /// A default is not a value of its schema.
    InvalidDefault,
    /// The tag of a union's member is taken from the name of its schema.
    InventedTag,
    /// Alternatives become one struct with the fields of all.
    MergedObjects,
    /// A number has values that its type cannot hold exactly.
    NarrowedNumber,
    /// A type becomes plain JSON although the document says more of it.
    PlainJson,
    /// Requests carry a bearer token whatever the document asks for.
    Security,
    /// Requests go to the default base URL whatever other servers there are.
    Server,
}

impl Loss {
    /// All losses.
    pub const ALL: &[Self] = &[
        Self::AdditionalMembers,
        Self::Bytes,
        Self::Callback,
        Self::Constraint,
        Self::Contradiction,
        Self::InvalidDefault,
        Self::InventedTag,
        Self::MergedObjects,
        Self::NarrowedNumber,
        Self::PlainJson,
        Self::Security,
        Self::Server,
    ];

    /// The name by which `x-accept` accepts the loss.
    pub fn name(self) -> &'static str {
        match self {
            Self::AdditionalMembers => "additional-members",
            Self::Bytes => "bytes",
            Self::Callback => "callback",
            Self::Constraint => "constraint",
            Self::Contradiction => "contradiction",
            Self::InvalidDefault => "invalid-default",
            Self::InventedTag => "invented-tag",
            Self::MergedObjects => "merged-objects",
            Self::NarrowedNumber => "narrowed-number",
            Self::PlainJson => "plain-json",
            Self::Security => "security",
            Self::Server => "server",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|loss| loss.name() == name)
    }
}

/// The losses that a document accepts, and which of them occur.
#[derive(Clone, Debug)]
pub struct Losses {
    whose: Whose,
    /// Place and loss, and whether it occurred.
    accepted: BTreeMap<(String, Loss), bool>,
    /// The places where the document itself accepts a loss, and not the overlay.
    stated: BTreeSet<String>,
    notes: Vec<String>,
}

impl Losses {
    /// Reads what a document accepts: by place, the values of [`EXTENSION`] once the overlay was
    /// applied, and those that stood there before.
    ///
    /// # Errors
    ///
    /// An `x-accept` that is not a list of losses.
    pub fn new(
        found: BTreeMap<String, Value>,
        stated: BTreeMap<String, Value>,
        whose: Whose,
    ) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut accepted = BTreeMap::new();
        for (pointer, names) in found {
            let names = names.as_array().map_or(&[][..], Vec::as_slice);
            let losses: Option<Vec<Loss>> = names
                .iter()
                .map(|name| name.as_str().and_then(Loss::named))
                .collect();
            match losses {
                Some(losses) if !losses.is_empty() => {
                    let places = losses.into_iter().map(|loss| (pointer.clone(), loss));
                    accepted.extend(places.map(|place| (place, false)));
                }
                _ => {
                    let known: Vec<&str> = Loss::ALL.iter().map(|loss| loss.name()).collect();
                    problems.push(Problem::new(
                        child(&pointer, EXTENSION),
                        "this is not a list of losses",
                        format!("use some of: {}", known.join(", ")),
                    ));
                }
            }
        }
        problems.into_result().map(|()| Self {
            whose,
            accepted,
            stated: stated.into_keys().collect(),
            notes: Vec::new(),
        })
    }

    /// Records that `loss` occurs at `pointer`, or returns the problem where it is not accepted.
    ///
    /// `pointer` must be a place of the document, not one seen through a reference: the help is an
    /// overlay action with it as its target. `what` says what is lost, without a full stop.
    ///
    /// # Errors
    ///
    /// The loss, with the overlay action that accepts it as help.
    pub fn accept(&mut self, loss: Loss, pointer: &str, what: &str) -> Result<(), Problem> {
        if let Some(occurred) = self.accepted.get_mut(&(pointer.to_owned(), loss)) {
            *occurred = true;
            let note = format!("{pointer}: {what} (accepted)");
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
            return Ok(());
        }
        let change = format!("update:\n      {EXTENSION}: [{}]", loss.name());
        let id = format!("accept-{}", loss.name());
        let reason = format!("Accepted although {what}.");
        let mut help = format!(
            "accept the loss in openapi/overlay.yaml:\n{}",
            self.action(pointer, &change, &id, &reason)
        );
        if let Some(operation) = operation_of(pointer) {
            help.push_str(&format!(
                "\n  or leave the operation out:\n{}",
                self.remove(operation, what)
            ));
        }
        Err(Problem::new(pointer, what, help))
    }

    /// The problem of a place that keeps an operation from being called at all, with the overlay
    /// action that leaves the operation out.
    pub fn leave_out(&self, operation: &str, pointer: &str, what: &str) -> Problem {
        let action = self.remove(operation, what);
        let help = format!("leave the operation out in openapi/overlay.yaml:\n{action}");
        Problem::new(pointer, what, help)
    }

    /// The overlay action that removes a place, ready to paste, because of `what`.
    pub fn remove(&self, pointer: &str, what: &str) -> String {
        let reason = format!("Left out because {what}.");
        self.action(pointer, "remove: true", "leave-out", &reason)
    }

    /// The overlay action that changes names in Rust only, ready to paste, because of `what`.
    pub fn rename(&self, pointer: &str, change: &str, what: &str) -> String {
        self.action(pointer, change, "name", &format!("Named because {what}."))
    }

    fn action(&self, pointer: &str, change: &str, id: &str, reason: &str) -> String {
        let whose = match self.whose {
            Whose::Ours => "ours",
            Whose::Vendor => "vendor",
        };
        let place: Vec<&str> = pointer
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        format!(
            "  - target: {target}\n    {change}\n    x-id: {id}-{place}\n    x-for: {whose}\n    \
             x-reason: {reason}\n    x-evidence: {evidence}",
            target = yaml_text(&json_path(pointer)),
            place = if place.is_empty() {
                "document".to_owned()
            } else {
                place.join("-")
            },
            reason = yaml_text(reason),
            evidence = yaml_text(&format!("{pointer} in the document.")),
        )
    }

    /// Fails if the document accepts a loss that does not occur; returns notes of those that do.
    ///
    /// Actions of the overlay need not apply to each of the vendor's documents.
    ///
    /// # Errors
    ///
    /// Each `x-accept` that accepts nothing.
    pub fn finish(self) -> Result<Vec<String>, Problems> {
        let mut problems = Problems::default();
        for ((pointer, loss), occurred) in self.accepted {
            if !occurred && (self.whose == Whose::Ours || self.stated.contains(&pointer)) {
                problems.push(Problem::new(
                    child(&pointer, EXTENSION),
                    format!("`{}` does not occur here", loss.name()),
                    "remove it from the document, or from openapi/overlay.yaml",
                ));
            }
        }
        problems.into_result().map(|()| self.notes)
    }
}

/// Text as a YAML scalar in one line.
fn yaml_text(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && !text.chars().any(char::is_control);
    if is_plain {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}
