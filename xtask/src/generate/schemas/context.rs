//! What lowering has at hand: the components that schemas refer to, what they say once references
//! are followed, and what went wrong or got lost.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::generate::accept::{Loss, Losses};
use crate::generate::hoist::Component;
use crate::generate::json_schema::{
    Kinds, UNIONS, is_null, list_of, listed, takes_null, types, wrapped,
};
use crate::generate::limits::limits;
use crate::generate::load::Document;
use crate::generate::model::TypeDef;
use crate::pointer::component;
use crate::problem::{Problem, Problems};

/// How far a chain of references is followed.
const MAX_DEPTH: usize = 16;

/// What lowering needs at hand.
pub struct Lowering<'a> {
    /// The document, without its schemas.
    pub root: &'a Value,
    components: BTreeMap<&'a str, &'a Component>,
    /// The components that are parts of others.
    parts: BTreeSet<&'a str>,
    /// What the document accepts to lose.
    pub losses: &'a mut Losses,
    /// What cannot be lowered.
    pub problems: Problems,
    /// What the reader should know though it is no error.
    pub notes: Vec<String>,
    /// Types beside those of the components: the parts of unions of several kinds.
    pub extra: Vec<TypeDef>,
    /// The kinds of JSON that each component allows.
    kinds: BTreeMap<&'a str, Kinds>,
}

impl<'a> Lowering<'a> {
    /// Starts with no problem.
    pub fn new(
        document: &'a Document,
        components: &'a [Component],
        losses: &'a mut Losses,
    ) -> Self {
        let parts = components
            .iter()
            .flat_map(|component| list_of(&component.schema, "allOf"))
            .filter_map(|part| component(part.get("$ref")?.as_str()?, "schemas"))
            .collect();
        let mut lowering = Self {
            losses,
            root: &document.root,
            components: components.iter().map(|c| (c.key.as_str(), c)).collect(),
            parts,
            problems: Problems::default(),
            notes: Vec::new(),
            extra: Vec::new(),
            kinds: BTreeMap::new(),
        };
        // Until nothing changes: a union that contains itself has the kinds of its other members.
        loop {
            let kinds: BTreeMap<&str, Kinds> = components
                .iter()
                .map(|component| (component.key.as_str(), lowering.kinds(&component.schema)))
                .collect();
            if kinds == lowering.kinds {
                return lowering;
            }
            lowering.kinds = kinds;
        }
    }

    /// Records a problem.
    pub fn refuse(&mut self, pointer: &str, what: impl Into<String>, help: impl Into<String>) {
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

    /// Whether a component has the Rust name.
    pub fn is_taken(&self, name: &str) -> bool {
        self.components.values().any(|known| known.name == name)
            || self.extra.iter().any(|known| known.name == name)
    }

    /// Whether a component is a part of another, which may describe what it does not.
    pub fn is_part(&self, component: &Component) -> bool {
        self.parts.contains(component.key.as_str())
    }

    /// The component of a key.
    pub fn component(&self, key: &str) -> Option<&'a Component> {
        self.components.get(key).copied().or_else(|| {
            let key = key.replace("~1", "/").replace("~0", "~");
            self.components.get(key.as_str()).copied()
        })
    }

    /// The component that a schema refers to.
    pub fn referred(&self, schema: &Value) -> Option<&'a Component> {
        let reference = schema.get("$ref")?.as_str()?;
        self.component(component(reference, "schemas")?)
    }

    /// The component that describes a schema in the end, through references and wrappers.
    pub fn described_by(&self, schema: &'a Value) -> Option<&'a Component> {
        let mut schema = schema;
        let mut found = None;
        for _ in 0..MAX_DEPTH {
            if let Some(component) = self.referred(schema) {
                found = Some(component);
                schema = &component.schema;
            } else if let Some((union, index)) = schema.as_object().and_then(wrapped) {
                schema = &schema[union][index];
            } else {
                return found;
            }
        }
        None
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

    /// Whether null may stand in the place of a schema that says what may.
    pub fn is_nullable(&self, schema: &'a Value) -> bool {
        let kinds = self.kinds(schema);
        kinds != Kinds::ALL && kinds & Kinds::NULL != Kinds::NONE
    }

    /// What a schema demands beyond its type, as sentences, with what scalars demand that it is
    /// composed of.
    pub fn limits(&self, schema: &'a Value) -> Vec<String> {
        let is_composed = ["allOf", "anyOf", "oneOf"]
            .iter()
            .any(|key| schema.get(*key).is_some());
        match is_composed {
            true => limits(&self.with_scalars(schema, 0)),
            false => limits(schema),
        }
    }

    fn with_scalars(&self, schema: &'a Value, depth: usize) -> Value {
        let mut whole = schema.clone();
        for key in UNIONS.into_iter().chain(["allOf"]) {
            let Some(Value::Array(members)) = whole.get_mut(key) else {
                continue;
            };
            for (member, source) in members.iter_mut().zip(list_of(schema, key)) {
                let of_component = self.referred(source).map(|component| &component.schema);
                let source = match of_component {
                    Some(schema) if depth < MAX_DEPTH && self.is_scalar(schema) => schema,
                    Some(_) => continue,
                    None => source,
                };
                *member = self.with_scalars(source, depth + 1);
            }
        }
        whole
    }

    /// The kinds of JSON that a schema allows.
    pub fn kinds(&self, schema: &'a Value) -> Kinds {
        let object = match schema {
            Value::Object(object) => object,
            Value::Bool(false) => return Kinds::NONE,
            _ => return Kinds::ALL,
        };
        let null = if takes_null(object) {
            Kinds::NULL
        } else {
            Kinds::NONE
        };
        if let Some(component) = self.referred(schema) {
            let known = self.kinds.get(component.key.as_str()).copied();
            return known.unwrap_or(Kinds::NONE) | null;
        }
        let mut kinds = match types(object).as_slice() {
            [] if is_null(schema) => Kinds::NULL,
            [] => Kinds::ALL,
            names => names
                .iter()
                .fold(Kinds::NONE, |all, name| all | Kinds::named(name)),
        };
        for part in list_of(schema, "allOf") {
            kinds = kinds & self.kinds(part);
        }
        for union in UNIONS {
            let members = list_of(schema, union).map(|member| self.kinds(member));
            if let Some(any) = members.reduce(|all, member| all | member) {
                kinds = kinds & any;
            }
        }
        kinds | null
    }

    /// Whether values of a schema can be written as one text, in a path, query or header.
    pub fn is_scalar(&self, schema: &'a Value) -> bool {
        let kinds = self.kinds(schema);
        kinds == Kinds::ALL || kinds & (Kinds::ARRAY | Kinds::OBJECT) == Kinds::NONE
    }

    /// Whether a schema comes to an object with fields, its own or those of its parts.
    pub fn is_composed(&self, schema: &'a Value) -> bool {
        self.is_composed_beside(schema, &mut BTreeSet::new())
    }

    fn is_composed_beside(&self, schema: &'a Value, seen: &mut BTreeSet<&'a str>) -> bool {
        let schema = match self.referred(schema) {
            Some(component) if !seen.insert(&component.key) => return false,
            Some(component) => &component.schema,
            None => schema,
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        properties.is_some_and(|properties| !properties.is_empty())
            || list_of(schema, "allOf").any(|part| self.is_composed_beside(part, seen))
    }

    /// The values that a schema allows, where it lists them all.
    pub fn values(&self, schema: &'a Value) -> Option<Vec<&'a Value>> {
        self.values_beside(schema, &mut BTreeSet::new())
    }

    fn values_beside(
        &self,
        schema: &'a Value,
        seen: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<&'a Value>> {
        if let Some(component) = self.referred(schema) {
            if !seen.insert(&component.key) {
                return None;
            }
            let values = self.values_beside(&component.schema, seen);
            seen.remove(component.key.as_str());
            return values;
        }
        let own = listed(schema.as_object()?);
        let mut values = (!own.is_empty()).then_some(own);
        let mut narrow = |others: Vec<&'a Value>| match &mut values {
            None => values = Some(others),
            Some(values) => values.retain(|value| others.contains(value)),
        };
        for part in list_of(schema, "allOf") {
            if let Some(others) = self.values_beside(part, seen) {
                narrow(others);
            }
        }
        for union in UNIONS {
            let mut members = list_of(schema, union).peekable();
            if members.peek().is_none() {
                continue;
            }
            let members: Option<Vec<Vec<&Value>>> = members
                .map(|member| match is_null(member) {
                    true => Some(Vec::new()),
                    false => self.values_beside(member, seen),
                })
                .collect();
            if let Some(members) = members {
                narrow(members.concat());
            }
        }
        if let Some(values) = &mut values {
            let mut distinct: Vec<&Value> = Vec::with_capacity(values.len());
            for value in values.iter().filter(|value| !value.is_null()) {
                if !distinct.contains(value) {
                    distinct.push(value);
                }
            }
            *values = distinct;
        }
        values
    }

    /// The one string that a schema allows.
    pub fn constant(&self, schema: &'a Value) -> Option<String> {
        match self.values(schema)?.as_slice() {
            [Value::String(only)] => Some(only.clone()),
            _ => None,
        }
    }
}
