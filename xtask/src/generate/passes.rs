//! What is settled once all types are known: tags, boxes, and types that nothing uses.

use std::collections::{BTreeMap, BTreeSet};

use super::accept::{Loss, Losses};
use super::model::{Api, Kind, Type, TypeDef};
use crate::problem::Problems;

/// Moves the tag of a union's members from a field to the struct itself.
pub fn tags(api: &mut Api) {
    let mut wanted: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for definition in api.types.values() {
        if let Kind::Union(union) = &definition.kind {
            for (_, value, ty) in &union.variants {
                let pair = (union.tag.clone(), value.clone());
                wanted.entry(ty.clone()).or_default().insert(pair);
            }
        }
    }
    for (name, pairs) in wanted {
        let Some(Kind::Struct(object)) = api.types.get_mut(&name).map(|t| &mut t.kind) else {
            continue;
        };
        let mut pairs = pairs.into_iter();
        // With two tags, the field alone says which of them a value has.
        let (Some((tag, value)), None) = (pairs.next(), pairs.next()) else {
            continue;
        };
        match object.fields.iter().position(|field| field.wire == tag) {
            None => object.tag = Some((tag, value)),
            Some(index) if object.fields[index].constant.as_ref() == Some(&value) => {
                object.fields.remove(index);
                object.tag = Some((tag, value));
            }
            Some(_) => {}
        }
    }
}

/// Drops nested types that nothing uses any more: tags that became part of a struct.
pub fn drop_unused(api: &mut Api) {
    loop {
        let mut used: BTreeSet<&str> = api.types.values().flat_map(TypeDef::uses).collect();
        for operation in &api.operations {
            used.extend(operation.request_uses());
            used.extend(operation.answer_uses());
        }
        used.extend(api.events.iter().map(|event| event.payload.as_str()));
        let unused: Vec<String> = api
            .types
            .values()
            .filter(|definition| definition.is_hoisted && !used.contains(definition.name.as_str()))
            .map(|definition| definition.name.clone())
            .collect();
        if unused.is_empty() {
            return;
        }
        for name in &unused {
            api.types.remove(name);
        }
        api.order.retain(|name| !unused.contains(name));
    }
}

/// Makes names that stand for themselves plain JSON: lists, maps and references without a struct
/// between.
pub fn circles(api: &mut Api, losses: &mut Losses, problems: &mut Problems) {
    let next = |name: &str| match api.types.get(name).map(|definition| &definition.kind) {
        Some(Kind::Alias(ty)) => ty.named(),
        _ => None,
    };
    let is_circle = |name: &&String| {
        let met = std::iter::successors(next(name), |name| next(name)).take(api.order.len());
        met.into_iter().any(|met| met == *name)
    };
    let circles: Vec<String> = api.order.iter().filter(is_circle).cloned().collect();
    for name in circles {
        let Some(definition) = api.types.get_mut(&name) else {
            continue;
        };
        let what = format!("`{name}` stands for itself and becomes plain JSON");
        if let Err(problem) = losses.accept(Loss::PlainJson, &definition.pointer, &what) {
            problems.push(problem);
        }
        definition.kind = Kind::Alias(Type::Any);
    }
}

/// Boxes the fields through which a type would contain itself.
pub fn boxes(api: &mut Api) {
    for name in api.order.clone() {
        let Some(Kind::Struct(object)) = api.types.get(&name).map(|t| &t.kind) else {
            continue;
        };
        let closing: Vec<usize> = object
            .fields
            .iter()
            .enumerate()
            .filter(|(_, field)| match &field.ty {
                Type::Named(target) => contains(api, target, &name, &mut BTreeSet::new()),
                _ => false,
            })
            .map(|(index, _)| index)
            .collect();
        if let Some(Kind::Struct(object)) = api.types.get_mut(&name).map(|t| &mut t.kind) {
            for index in closing {
                object.fields[index].boxed = true;
            }
        }
    }
}

/// Whether a value of `from` holds one of `wanted` in place, not behind a list, map or box.
fn contains(api: &Api, from: &str, wanted: &str, seen: &mut BTreeSet<String>) -> bool {
    if from == wanted {
        return true;
    }
    if !seen.insert(from.to_owned()) {
        return false;
    }
    let Some(definition) = api.types.get(from) else {
        return false;
    };
    let direct: Vec<&str> = match &definition.kind {
        Kind::Struct(object) => object
            .fields
            .iter()
            .filter(|field| !field.boxed)
            .filter_map(|field| match &field.ty {
                Type::Named(name) => Some(name.as_str()),
                _ => None,
            })
            .collect(),
        Kind::Union(union) => union
            .variants
            .iter()
            .map(|(_, _, ty)| ty.as_str())
            .collect(),
        Kind::Mixed(kinds) => kinds
            .iter()
            .filter_map(|kind| match &kind.ty {
                Type::Named(name) => Some(name.as_str()),
                _ => None,
            })
            .collect(),
        Kind::Alias(Type::Named(name)) => vec![name.as_str()],
        _ => Vec::new(),
    };
    direct
        .into_iter()
        .any(|next| contains(api, next, wanted, seen))
}
