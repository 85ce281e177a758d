//! Finding what only has another name: operations at the same endpoint, and types of the same
//! shape, or of nearly the same shape in the same place.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Found, Position, What};
use super::operations::{endpoint, template};
use crate::generate::model::{Answer, Api, Kind, Type, TypeDef};
use crate::generate::types::field_type;

/// How many members make a shape that is hardly met twice by chance.
const TELLING: usize = 2;

/// Notes what was renamed, and gives it its new name in the older API, so that it can be compared
/// with the newer one by name.
pub fn follow(old: &mut Api, new: &Api, found: &mut Found) {
    operations(old, new, found);
    // A type found again lets the types that hold it, and those it holds, be found too.
    while let Some(renames) = next(old, new) {
        for (before, after) in &renames {
            if let Some(definition) = new.types.get(after) {
                let position = Position::of(definition.in_request, definition.in_answer);
                let change = Change::new(What::TypeRenamed, &definition.area, after, position);
                found.push(change.before(before.as_str()).after(after.as_str()));
            }
        }
        rename(old, &renames);
    }
}

fn operations(old: &mut Api, new: &Api, found: &mut Found) {
    let known: BTreeSet<String> = old.operations.iter().map(|o| o.name.clone()).collect();
    for operation in &new.operations {
        if known.contains(&operation.name) {
            continue;
        }
        let before = old.operations.iter_mut().find(|before| {
            template(before) == template(operation)
                && !new.operations.iter().any(|other| other.name == before.name)
        });
        if let Some(before) = before {
            let change = Change::new(
                What::OperationRenamed,
                &operation.area,
                &operation.name,
                Position::Both,
            );
            found.push(
                change
                    .member(&endpoint(operation))
                    .before(before.name.as_str())
                    .after(operation.name.as_str()),
            );
            before.name.clone_from(&operation.name);
        }
    }
}

/// The renames that show at present: those in the same place first, else the likeliest of those
/// that show by shape alone.
fn next(old: &Api, new: &Api) -> Option<BTreeMap<String, String>> {
    let lost = without(old, new);
    let come = without(new, old);
    if lost.is_empty() || come.is_empty() {
        return None;
    }
    let (old_places, new_places) = (places(old), places(new));
    let mut likely: Vec<(Likeness, &str, &str)> = Vec::new();
    for before in &lost {
        for after in &come {
            let shares_place = match (old_places.get(&*before.name), new_places.get(&*after.name)) {
                (Some(places), Some(others)) => !places.is_disjoint(others),
                _ => false,
            };
            let same_shape = shape(before, new) == shape(after, old);
            let is_named = !before.is_hoisted && !after.is_hoisted;
            let is_telling = members(before).len() >= TELLING;
            if (shares_place && (same_shape || is_similar(before, after)))
                || (same_shape && is_named && is_telling)
            {
                let alike = alike(&before.name, &after.name);
                let likeness = Likeness {
                    shares_place,
                    same_shape,
                    alike,
                };
                likely.push((likeness, &before.name, &after.name));
            }
        }
    }
    // The likeliest first; by name where two are as likely, so that the result is always the same.
    likely.sort_by(|one, other| {
        other
            .0
            .cmp(&one.0)
            .then((one.1, one.2).cmp(&(other.1, other.2)))
    });
    let by_place = likely.first()?.0.shares_place;
    let mut renames = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (likeness, before, after) in likely {
        if likeness.shares_place == by_place && !renames.contains_key(before) && taken.insert(after)
        {
            renames.insert(before.to_owned(), after.to_owned());
            if !by_place {
                break;
            }
        }
    }
    Some(renames)
}

/// How likely it is that a type is another one under a new name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    shares_place: bool,
    same_shape: bool,
    /// How many letters at both ends of the two names are the same.
    alike: usize,
}

fn alike(one: &str, other: &str) -> usize {
    let same = |pairs: &mut dyn Iterator<Item = (char, char)>| {
        pairs.take_while(|(one, other)| one == other).count()
    };
    same(&mut one.chars().zip(other.chars()))
        + same(&mut one.chars().rev().zip(other.chars().rev()))
}

/// The types of one API whose names the other does not have, in order.
fn without<'a>(api: &'a Api, other: &Api) -> Vec<&'a TypeDef> {
    let definitions = api.order.iter().filter_map(|name| api.types.get(name));
    definitions
        .filter(|definition| !other.types.contains_key(&definition.name))
        .collect()
}

/// The names of a type's members.
fn members(definition: &TypeDef) -> BTreeSet<&str> {
    match &definition.kind {
        Kind::Struct(object) => object
            .fields
            .iter()
            .map(|field| field.wire.as_str())
            .collect(),
        Kind::Enum(variants) | Kind::Integers(variants) => variants
            .iter()
            .map(|variant| variant.wire.as_str())
            .collect(),
        Kind::Union(union) => union
            .variants
            .iter()
            .map(|(_, value, _)| value.as_str())
            .collect(),
        Kind::Mixed(kinds) => kinds.iter().map(|kind| kind.name).collect(),
        Kind::Alias(_) => BTreeSet::new(),
    }
}

/// Whether two types are of one kind and share at least half of their members.
fn is_similar(one: &TypeDef, other: &TypeDef) -> bool {
    let (own, theirs) = (members(one), members(other));
    let shared = own.intersection(&theirs).count();
    std::mem::discriminant(&one.kind) == std::mem::discriminant(&other.kind)
        && shared > 0
        && shared * 2 >= own.len().max(theirs.len())
}

/// A type without its own name, and without the names of types that the other API does not have:
/// those may have been renamed with it.
fn shape(definition: &TypeDef, other: &Api) -> Vec<String> {
    let known = |ty: &Type| {
        let mut ty = ty.clone();
        match named_mut(&mut ty) {
            Some(name) if !other.types.contains_key(name) => "…".clone_into(name),
            _ => {}
        }
        ty
    };
    match &definition.kind {
        Kind::Struct(object) => object
            .fields
            .iter()
            .map(|field| {
                let mut seen = field.clone();
                seen.ty = known(&field.ty);
                format!("{}: {}", field.wire, field_type(definition, &seen))
            })
            .chain(
                object
                    .tag
                    .iter()
                    .map(|(tag, value)| format!("{tag} = {value}")),
            )
            .collect(),
        Kind::Enum(variants) | Kind::Integers(variants) => variants
            .iter()
            .map(|variant| variant.wire.clone())
            .collect(),
        Kind::Union(union) => {
            let variants = union.variants.iter().map(|(_, value, ty)| {
                format!("{value}: {}", known(&Type::Named(ty.clone())).rust())
            });
            std::iter::once(format!("by {}", union.tag))
                .chain(variants)
                .collect()
        }
        Kind::Mixed(kinds) => kinds
            .iter()
            .map(|kind| format!("{}: {}", kind.name, known(&kind.ty).rust()))
            .collect(),
        Kind::Alias(ty) => vec![format!("= {}", known(ty).rust())],
    }
}

/// The places that each type is used in.
fn places(api: &Api) -> BTreeMap<&str, BTreeSet<String>> {
    let mut places: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut add = |name: Option<&'_ str>, place: String| {
        if let Some((name, _)) = name.and_then(|name| api.types.get_key_value(name)) {
            places.entry(name).or_default().insert(place);
        }
    };
    for (name, definition) in &api.types {
        match &definition.kind {
            Kind::Struct(object) => {
                for field in &object.fields {
                    add(field.ty.named(), format!("{name}.{}", field.wire));
                }
            }
            Kind::Union(union) => {
                for (variant, _, ty) in &union.variants {
                    add(Some(ty), format!("{name}::{variant}"));
                }
            }
            Kind::Mixed(kinds) => {
                for kind in kinds {
                    add(kind.ty.named(), format!("{name}::{}", kind.name));
                }
            }
            Kind::Alias(ty) => add(ty.named(), format!("{name} =")),
            Kind::Enum(_) | Kind::Integers(_) => {}
        }
    }
    for operation in &api.operations {
        let name = &operation.name;
        for parameter in &operation.parameters {
            add(parameter.ty.named(), format!("{name}({})", parameter.wire));
        }
        if let Some(body) = &operation.body {
            add(body.ty.named(), format!("{name}(body)"));
        }
        add(operation.answer.named(), format!("{name} answer"));
        for status in &operation.statuses {
            add(status.body.named(), format!("{name} {}", status.code));
        }
        add(operation.error.as_deref(), format!("{name} error"));
    }
    for event in &api.events {
        add(
            Some(&event.payload),
            format!("{} {:?}", event.event_type, event.version),
        );
    }
    places
}

fn named_mut(ty: &mut Type) -> Option<&mut String> {
    match ty {
        Type::List(inner) | Type::Map(inner) | Type::OrNull(inner) => named_mut(inner),
        Type::Named(name) => Some(name),
        _ => None,
    }
}

/// Gives types their new names wherever they are named.
fn rename(api: &mut Api, renames: &BTreeMap<String, String>) {
    let change = |name: &mut String| {
        if let Some(new) = renames.get(name) {
            name.clone_from(new);
        }
    };
    let change_type = |ty: &mut Type| {
        if let Some(name) = named_mut(ty) {
            change(name);
        }
    };
    for mut definition in std::mem::take(&mut api.types).into_values() {
        change(&mut definition.name);
        match &mut definition.kind {
            Kind::Struct(object) => {
                object
                    .fields
                    .iter_mut()
                    .for_each(|field| change_type(&mut field.ty));
            }
            Kind::Union(union) => union.variants.iter_mut().for_each(|(_, _, ty)| change(ty)),
            Kind::Mixed(kinds) => kinds.iter_mut().for_each(|kind| change_type(&mut kind.ty)),
            Kind::Alias(ty) => change_type(ty),
            Kind::Enum(_) | Kind::Integers(_) => {}
        }
        api.types.insert(definition.name.clone(), definition);
    }
    api.order.iter_mut().for_each(change);
    for operation in &mut api.operations {
        operation
            .parameters
            .iter_mut()
            .for_each(|parameter| change_type(&mut parameter.ty));
        if let Some(body) = &mut operation.body {
            change_type(&mut body.ty);
        }
        let bodies = operation.statuses.iter_mut().map(|status| &mut status.body);
        for body in bodies.chain([&mut operation.answer]) {
            if let Answer::Json(ty, _) = body {
                change_type(ty);
            }
        }
        operation.error.iter_mut().for_each(change);
    }
    api.events
        .iter_mut()
        .for_each(|event| change(&mut event.payload));
    api.error.iter_mut().for_each(change);
}
