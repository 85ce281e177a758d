//! Stage 6, lower, for repetition. In: the operations. Out: what a second call of each does, so that
//! whoever retries has a table that no new operation can be missing from.
//!
//! The method tells for most: reading is safe, PUT and DELETE leave what doing it once leaves. A POST
//! or PATCH counts each time, unless the API takes an idempotency key with it. `x-repeat` (`read`,
//! `idempotent` or `once`), put in by the document or the overlay, tells where the method does not.

use std::collections::VecDeque;

use serde_json::Value;

use super::model::{Api, In, Kind, Operation, Repeat, Type};
use crate::pointer::child;
use crate::problem::{Problem, Problems};

/// The header that takes a key.
const HEADER: &str = "idempotency-key";
/// The field of a body that takes a key.
const FIELD: &str = "idempotency_key";
/// How deep in a body the key may stand.
const MAX_DEPTH: usize = 3;

/// What the document itself says of an operation, by word or by method.
pub fn stated(operation: &Value, method: &str, pointer: &str, problems: &mut Problems) -> Repeat {
    match operation.get("x-repeat").map(Value::as_str) {
        Some(Some("read")) => Repeat::Read,
        Some(Some("idempotent")) => Repeat::Idempotent,
        Some(Some("once")) => Repeat::Once,
        Some(_) => {
            problems.push(Problem::new(
                child(pointer, "x-repeat"),
                "this says nothing of what a second call does",
                "use `read`, `idempotent` or `once`",
            ));
            Repeat::Once
        }
        None => match method {
            "get" | "head" | "options" | "trace" => Repeat::Read,
            "put" | "delete" => Repeat::Idempotent,
            _ => Repeat::Once,
        },
    }
}

/// Finds where keys go, for operations of which each call counts otherwise.
pub fn find_keys(api: &mut Api) {
    let mut operations = std::mem::take(&mut api.operations);
    for operation in operations
        .iter_mut()
        .filter(|operation| operation.repeat == Repeat::Once)
    {
        let header = operation
            .parameters
            .iter()
            .find(|parameter| {
                parameter.location == In::Header && parameter.wire.eq_ignore_ascii_case(HEADER)
            })
            .map(|parameter| parameter.wire.clone());
        let body = body_key(api, operation);
        if header.is_some() || body.is_some() {
            operation.repeat = Repeat::Keyed { header, body };
        }
    }
    api.operations = operations;
}

/// The pointer of the key in a body: the one that stands least deep.
fn body_key(api: &Api, operation: &Operation) -> Option<String> {
    let mut open = VecDeque::new();
    if let Type::Named(name) = &operation.body.as_ref()?.ty {
        open.push_back((name.as_str(), String::new(), 0));
    }
    while let Some((name, pointer, depth)) = open.pop_front() {
        let Kind::Struct(object) = &api.types.get(name)?.kind else {
            continue;
        };
        if object
            .fields
            .iter()
            .any(|field| field.wire == FIELD && field.ty == Type::String)
        {
            return Some(child(&pointer, FIELD));
        }
        if depth < MAX_DEPTH {
            open.extend(object.fields.iter().filter_map(|field| match &field.ty {
                Type::Named(name) => Some((name.as_str(), child(&pointer, &field.wire), depth + 1)),
                _ => None,
            }));
        }
    }
    None
}
