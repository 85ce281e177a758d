//! Unions: of objects that a tag tells apart, of values that their JSON kind tells apart, or of
//! texts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::context::Lowering;
use super::records::Parts;
use crate::generate::accept::Loss;
use crate::generate::hoist::Component;
use crate::generate::json_schema::{Kinds, UNIONS, is_null, members};
use crate::generate::model::{Kind, Mixed, Type, TypeDef, Union};
use crate::generate::names;
use crate::pointer::component;

const CORRECT: &str = "correct it in the document, or with the overlay";

/// A member of a union that is no union itself.
struct Leaf<'a> {
    schema: &'a Value,
    pointer: String,
    kinds: Kinds,
}

impl<'a> Lowering<'a> {
    /// The type of a component that is a union.
    pub(super) fn union(&mut self, component: &'a Component, union: &str) -> Kind {
        let schema = &component.schema;
        let pointer = component.pointer.as_str();
        if UNIONS.iter().all(|union| schema.get(*union).is_some()) {
            let what = "`anyOf` beside `oneOf` has no place in a Rust type";
            self.lose(Loss::Constraint, pointer, what);
        }
        let mut discriminators = Vec::new();
        let mut leaves = self.leaves(component, union, &mut discriminators);
        let outer = self.kinds_of_type(schema);
        leaves.retain(|leaf| {
            let is_allowed = leaf.kinds & outer != Kinds::NONE;
            if !is_allowed {
                let what = format!(
                    "the member is {}, which `type` excludes",
                    leaf.kinds.words()
                );
                self.lose(Loss::Contradiction, &leaf.pointer, &what);
            }
            is_allowed
        });
        if leaves.iter().any(|leaf| !leaf.kinds.is_one()) {
            self.plain(pointer, "values of several kinds become plain JSON");
            return Kind::Alias(Type::Any);
        }
        let mut groups: Vec<(Kinds, Vec<Leaf<'a>>)> = Vec::new();
        for leaf in leaves {
            match groups.iter_mut().find(|(kind, _)| *kind == leaf.kinds) {
                Some((_, group)) => group.push(leaf),
                None => groups.push((leaf.kinds, vec![leaf])),
            }
        }
        if groups.len() < 2 {
            return match groups.pop() {
                Some((kind, group)) => self.group(component, kind, &group, &discriminators),
                None => Kind::Alias(Type::Any),
            };
        }
        let mut mixed = Vec::new();
        for (kind, group) in groups {
            let (name, test) = match kind {
                Kinds::STRING => ("Text", "is_string"),
                Kinds::NUMBER => ("Number", "is_number"),
                Kinds::BOOL => ("Flag", "is_boolean"),
                Kinds::ARRAY => ("List", "is_array"),
                _ => ("Object", "is_object"),
            };
            let ty = match group.as_slice() {
                [only] => self.type_of(only.schema, &only.pointer).0,
                _ => match self.group(component, kind, &group, &discriminators) {
                    Kind::Alias(ty) => ty,
                    kind => self.part(component, name, kind),
                },
            };
            mixed.push(Mixed { name, test, ty });
        }
        Kind::Mixed(mixed)
    }

    /// Names the part of a union that needs a type of its own.
    fn part(&mut self, component: &Component, suffix: &str, kind: Kind) -> Type {
        let base = format!("{}{suffix}", component.name);
        let mut name = base.clone();
        let mut number = 2;
        while self.is_taken(&name) || !names::is_free(&name) {
            name = format!("{base}{number}");
            number += 1;
        }
        self.extra.push(TypeDef {
            name: name.clone(),
            kind,
            pointer: component.pointer.clone(),
            is_hoisted: true,
            ..TypeDef::default()
        });
        Type::Named(name)
    }

    /// The kinds that the `type` beside a union allows.
    fn kinds_of_type(&self, schema: &Value) -> Kinds {
        let names = match schema.get("type") {
            Some(Value::String(name)) => vec![name.as_str()],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => return Kinds::ALL,
        };
        names
            .into_iter()
            .fold(Kinds::NONE, |all, name| all | Kinds::named(name))
    }

    /// The members of a union, those of unions among them in their place.
    fn leaves(
        &self,
        component: &'a Component,
        union: &str,
        discriminators: &mut Vec<&'a Value>,
    ) -> Vec<Leaf<'a>> {
        discriminators.extend(component.schema.get("discriminator"));
        let mut seen = BTreeSet::from([component.key.as_str()]);
        let mut leaves = self.direct(&component.schema, union, &component.pointer);
        leaves = self.flattened(leaves, &mut seen, discriminators, &|leaf| {
            !leaf.kinds.is_one()
        });
        let objects = leaves.iter().filter(|leaf| leaf.kinds == Kinds::OBJECT);
        if objects.count() > 1 {
            leaves = self.flattened(leaves, &mut seen, discriminators, &|leaf| {
                leaf.kinds == Kinds::OBJECT
            });
        }
        leaves
    }

    /// The members that a union lists itself.
    fn direct(&self, schema: &'a Value, union: &str, pointer: &str) -> Vec<Leaf<'a>> {
        let members = members(schema, union, pointer).into_iter();
        members
            .filter(|(member, _)| !is_null(member))
            .map(|(schema, pointer)| Leaf {
                schema,
                pointer,
                kinds: self.kinds(schema).without_null(),
            })
            .collect()
    }

    /// Puts the members of some unions in the place of the unions.
    fn flattened(
        &self,
        leaves: Vec<Leaf<'a>>,
        seen: &mut BTreeSet<&'a str>,
        discriminators: &mut Vec<&'a Value>,
        wanted: &dyn Fn(&Leaf<'a>) -> bool,
    ) -> Vec<Leaf<'a>> {
        let mut flat: Vec<Leaf<'a>> = Vec::new();
        for leaf in leaves {
            let inner = self.described_by(leaf.schema).filter(|_| wanted(&leaf));
            let union = inner.and_then(|inner| Some((inner, pure_union(&inner.schema)?)));
            match union {
                // A union that contains itself has its members already.
                Some((inner, _)) if !seen.insert(&inner.key) => {}
                Some((inner, union)) => {
                    discriminators.extend(inner.schema.get("discriminator"));
                    let members = self.direct(&inner.schema, union, &inner.pointer);
                    flat.extend(self.flattened(members, seen, discriminators, wanted));
                }
                None => {
                    let known = self.referred(leaf.schema).is_some()
                        && flat
                            .iter()
                            .any(|known| known.schema.get("$ref") == leaf.schema.get("$ref"));
                    if !known {
                        flat.push(leaf);
                    }
                }
            }
        }
        flat
    }

    /// The type of members of one kind.
    fn group(
        &mut self,
        component: &'a Component,
        kind: Kinds,
        group: &[Leaf<'a>],
        discriminators: &[&'a Value],
    ) -> Kind {
        if kind == Kinds::OBJECT {
            return self.objects(component, group, discriminators);
        }
        let values: Vec<&Value> = group
            .iter()
            .filter_map(|leaf| self.values(leaf.schema))
            .flatten()
            .collect();
        let values = distinct(values);
        let lists_all = group.iter().all(|leaf| self.values(leaf.schema).is_some());
        // An open enum has room for the texts that no member lists.
        if (lists_all || kind == Kinds::STRING)
            && let Some(found) = self.enumeration(&values, &component.schema, &component.pointer)
        {
            return found;
        }
        let mut types: Vec<Type> = Vec::new();
        for leaf in group {
            let (ty, _) = self.type_of(leaf.schema, &leaf.pointer);
            if !types.contains(&ty) {
                types.push(ty);
            }
        }
        Kind::Alias(match (types.as_slice(), kind) {
            ([only], _) => only.clone(),
            (_, Kinds::STRING) => Type::String,
            (types, Kinds::NUMBER) => {
                let is_whole = |ty: &Type| matches!(ty, Type::I64 | Type::I32);
                match types.iter().all(is_whole) {
                    true => Type::I64,
                    false => Type::F64,
                }
            }
            (_, Kinds::BOOL) => Type::Bool,
            _ => {
                let what = "lists of different items become lists of plain JSON";
                self.plain(&component.pointer, what);
                Type::List(Box::new(Type::Any))
            }
        })
    }

    fn objects(
        &mut self,
        component: &'a Component,
        group: &[Leaf<'a>],
        discriminators: &[&'a Value],
    ) -> Kind {
        let pointer = component.pointer.as_str();
        let (records, others): (Vec<&Leaf<'a>>, Vec<&Leaf<'a>>) = group
            .iter()
            .partition(|leaf| self.is_composed(self.seen_through(leaf.schema)));
        if records.is_empty() || (records.len() == 1 && !others.is_empty()) {
            let mut types: Vec<Type> = Vec::new();
            for leaf in group {
                let (ty, _) = self.type_of(leaf.schema, &leaf.pointer);
                if !types.contains(&ty) {
                    types.push(ty);
                }
            }
            if let [only] = types.as_slice() {
                return Kind::Alias(only.clone());
            }
            self.plain(pointer, "objects of different types become plain JSON");
            return Kind::Alias(Type::Object);
        }
        for other in others {
            let what = "an object without fields beside others is kept as an unknown one";
            self.plain(&other.pointer, what);
        }
        match self.tagged(component, &records, discriminators) {
            Some(union) => Kind::Union(union),
            None => self.merged(&records, pointer),
        }
    }

    /// A union of objects told apart by a field; none where nothing tells them apart.
    fn tagged(
        &mut self,
        component: &'a Component,
        records: &[&Leaf<'a>],
        discriminators: &[&'a Value],
    ) -> Option<Union> {
        let pointer = component.pointer.as_str();
        let mut members = Vec::new();
        for leaf in records {
            members.push(self.member(leaf)?);
        }
        let named = discriminators
            .iter()
            .find_map(|discriminator| discriminator.get("propertyName")?.as_str());
        let tag = match named {
            Some(tag) => tag.to_owned(),
            None => tag_of(&members)?.to_owned(),
        };
        if named.is_some() && !members.iter().any(|member| member.has(&tag)) {
            let what = format!("no member has the field `{tag}` that `discriminator` names");
            self.lose(Loss::InventedTag, pointer, &what);
        } else {
            for member in members.iter().filter(|member| !member.has(&tag)) {
                let what = format!("the member has no field `{tag}`, which is to tell it apart");
                self.lose(Loss::InventedTag, &member.pointer, &what);
            }
        }
        let mapping = self.mapping(component, discriminators, &tag, &mut members);
        let mut union = Union {
            tag,
            variants: Vec::new(),
        };
        for (value, name) in mapping {
            self.add_variant(&mut union, pointer, &value, &name);
        }
        for member in &members {
            let values = member.tags.get(union.tag.as_str()).cloned();
            let values = values.unwrap_or_default();
            if values.is_empty() && !member.is_mapped {
                // Without a mapping or a constant, the standard takes the schema's own name.
                let what = format!("the tag of the member is its name, `{}`", member.own_name);
                self.note(&member.pointer, &what);
                self.add_variant(&mut union, pointer, &member.own_name, &member.name);
            }
            for value in values {
                let known = (value.clone(), member.name.clone());
                let is_known = union
                    .variants
                    .iter()
                    .any(|(_, value, ty)| (value, ty) == (&known.0, &known.1));
                if !is_known {
                    self.add_variant(&mut union, pointer, &value, &member.name);
                }
            }
        }
        Some(union)
    }

    /// The tags that discriminators map to members.
    fn mapping(
        &mut self,
        component: &'a Component,
        discriminators: &[&'a Value],
        tag: &str,
        members: &mut [Member<'a>],
    ) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for discriminator in discriminators {
            let at = format!("{}/discriminator/mapping", component.pointer);
            let mapping = discriminator.get("mapping").and_then(Value::as_object);
            for (value, reference) in mapping.into_iter().flatten() {
                let reference = reference.as_str().unwrap_or_default();
                let key = component_key(reference);
                let target = self.component(key);
                let member = target.and_then(|target| {
                    members.iter_mut().find(|member| member.name == target.name)
                });
                let Some(member) = member else {
                    let what = format!("`{value}` is mapped to `{reference}`, which is no member");
                    self.refuse(&at, what, CORRECT);
                    continue;
                };
                member.is_mapped = true;
                let values = member.tags.get(tag);
                if values.is_some_and(|values| !values.contains(value)) {
                    let what = format!(
                        "`mapping` names `{value}` for `{}`, whose `{tag}` is another",
                        member.name
                    );
                    self.lose(Loss::Contradiction, &component.pointer, &what);
                    member.tags.remove(tag);
                }
                found.push((value.clone(), member.name.clone()));
            }
        }
        found
    }

    fn add_variant(&mut self, union: &mut Union, pointer: &str, value: &str, ty: &str) {
        if let Some((_, _, other)) = union.variants.iter().find(|(_, known, _)| known == value) {
            if other != ty {
                let what = format!("the tag `{value}` stands for `{other}` and for `{ty}`");
                self.refuse(pointer, what, CORRECT);
            }
            return;
        }
        let is_free = |name: &str| {
            names::is_type_name(name) && !union.variants.iter().any(|(known, ..)| known == name)
        };
        // The names of types differ even where those that tags give do not.
        let name = [names::variant_name(value), ty.to_owned()]
            .into_iter()
            .find(|name| is_free(name));
        match name {
            Some(name) => union.variants.push((name, value.to_owned(), ty.to_owned())),
            None => {
                let what =
                    format!("neither the tag `{value}` nor the type `{ty}` gives a free name");
                let help = "give the type another name with `x-rust-name` in the overlay";
                self.refuse(pointer, what, help);
            }
        }
    }

    fn member(&mut self, leaf: &Leaf<'a>) -> Option<Member<'a>> {
        let component = self.described_by(leaf.schema)?;
        let parts = self.parts(leaf.schema, &leaf.pointer);
        let mut tags = BTreeMap::new();
        for property in &parts.properties {
            let values = property.schemas.iter().rev();
            let mut values = values.filter_map(|(schema, _)| self.values(schema));
            let texts: Option<Vec<String>> = values
                .next()
                .into_iter()
                .flatten()
                .map(|value| value.as_str().map(str::to_owned))
                .collect();
            if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
                tags.insert(property.wire, texts);
            }
        }
        Some(Member {
            name: component.name.clone(),
            own_name: match component.is_hoisted {
                true => component.name.clone(),
                false => component.key.clone(),
            },
            pointer: leaf.pointer.clone(),
            fields: parts.properties.iter().map(|known| known.wire).collect(),
            tags,
            is_mapped: false,
        })
    }

    /// One struct that has room for each of several objects.
    fn merged(&mut self, records: &[&Leaf<'a>], pointer: &str) -> Kind {
        self.lose(
            Loss::MergedObjects,
            pointer,
            "objects that nothing tells apart become one struct with the fields of all",
        );
        let mut all = Parts::default();
        let mut required: Option<BTreeSet<&str>> = None;
        for leaf in records {
            let parts = self.parts(leaf.schema, &leaf.pointer);
            required = Some(match required {
                Some(known) => known.intersection(&parts.required).copied().collect(),
                None => parts.required,
            });
            for property in parts.properties {
                let Some(known) = all.property(property.wire) else {
                    all.properties.push(property);
                    continue;
                };
                let (Some((one, _)), Some((other, at))) =
                    (known.schemas.last(), property.schemas.last())
                else {
                    continue;
                };
                if !known.is_any && !self.is_same_type(one, other) {
                    known.is_any = true;
                    let what = format!("`{}` has several types and becomes plain JSON", known.wire);
                    self.plain(at, &what);
                }
            }
        }
        all.required = required.unwrap_or_default();
        Kind::Struct(self.fields(all))
    }

    fn is_same_type(&mut self, one: &'a Value, other: &'a Value) -> bool {
        // Constants that differ are one string; their enums do not matter here.
        let is_text = |schema| self.kinds(schema).without_null() == Kinds::STRING;
        let is_plain = |schema: &'a Value| schema.get("$ref").is_none();
        (is_text(one) && is_text(other) && is_plain(one) && is_plain(other))
            || self.quiet_type(one) == self.quiet_type(other)
    }
}

/// An object of a union.
struct Member<'a> {
    /// Its Rust type.
    name: String,
    /// Its name in the document.
    own_name: String,
    pointer: String,
    fields: Vec<&'a str>,
    /// The texts that its fields may have, where it lists them.
    tags: BTreeMap<&'a str, Vec<String>>,
    is_mapped: bool,
}

impl Member<'_> {
    fn has(&self, field: &str) -> bool {
        self.fields.contains(&field)
    }
}

/// The field whose values tell all members apart.
fn tag_of<'a>(members: &[Member<'a>]) -> Option<&'a str> {
    let first = members.first()?;
    let is_tag = |field: &&&str| {
        let mut seen = BTreeSet::new();
        members.iter().all(|member| {
            let values = member.tags.get(**field);
            values.is_some_and(|values| values.iter().all(|value| seen.insert(value.as_str())))
        })
    };
    first.fields.iter().find(|field| is_tag(field)).copied()
}

/// The union that a schema is, and nothing else.
fn pure_union(schema: &Value) -> Option<&'static str> {
    let object = schema.as_object()?;
    let has = |key: &str| object.contains_key(key);
    if has("properties") || has("allOf") || has("enum") || has("const") {
        return None;
    }
    match UNIONS.map(has) {
        [true, false] => Some(UNIONS[0]),
        [false, true] => Some(UNIONS[1]),
        _ => None,
    }
}

fn component_key(reference: &str) -> &str {
    component(reference, "schemas").unwrap_or(reference)
}

fn distinct(values: Vec<&Value>) -> Vec<&Value> {
    let mut found: Vec<&Value> = Vec::with_capacity(values.len());
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}
