//! Stage 6, lower, for operations. In: the operations of the document. Out: their parameters,
//! bodies and answers as types.
//!
//! An operation has one success answer and one error answer. Every 2xx status counts as the
//! first, since sends have been answered 200 where a document says 202, and every 4xx and 5xx as
//! the second, since the statuses a document lists are never all.

use serde_json::Value;

use super::check::{self, Place};
use super::json_schema::text;
use super::limits::limits;
use super::model::{Answer, Body, In, Operation, Parameter, Type};
use super::names;
use super::repeat;
use super::schemas::context::Lowering;
use crate::pointer::child;
use crate::problem::Problem;

/// Lowers all operations, in the document's order.
pub fn lower(lowering: &mut Lowering<'_>) -> Vec<Operation> {
    let mut operations: Vec<Operation> = check::places(lowering.root)
        .map(|place| operation(lowering, &place))
        .collect();
    // An operation that lists no error answers still gives those of the others.
    let common = common_error(&operations);
    for operation in &mut operations {
        if operation.error.is_none() {
            operation.error = common.clone();
        }
    }
    operations
}

/// The error that most operations answer with, the first of them where it is a tie.
pub fn common_error(operations: &[Operation]) -> Option<String> {
    let mut counts: Vec<(&String, usize)> = Vec::new();
    for error in operations
        .iter()
        .filter_map(|operation| operation.error.as_ref())
    {
        match counts.iter_mut().find(|(known, _)| *known == error) {
            Some((_, count)) => *count += 1,
            None => counts.push((error, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max();
    let common = counts.iter().find(|(_, count)| Some(*count) == most);
    common.map(|(name, _)| (*name).clone())
}

fn operation<'a>(lowering: &mut Lowering<'a>, place: &Place<'a>) -> Operation {
    let source = place.operation;
    let id = text(source.get("operationId"));
    let tag = source
        .get("tags")
        .and_then(Value::as_array)
        .and_then(|tags| tags.first()?.as_str())
        .unwrap_or("API");
    let aliases = match source.get("x-sdk-name") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    };
    let mut operation = Operation {
        name: names::method_name(&id),
        id,
        method: place.method.to_ascii_uppercase(),
        path: place.path.to_owned(),
        tag: tag.to_owned(),
        area: names::area_name(tag),
        aliases,
        summary: text(source.get("summary")),
        description: text(source.get("description")),
        deprecated: source.get("deprecated") == Some(&Value::Bool(true)),
        parameters: Vec::new(),
        body: None,
        answer: Answer::Empty,
        error: None,
        statuses: Vec::new(),
        repeat: repeat::stated(source, place.method, &place.pointer, &mut lowering.problems),
    };
    for (pointer, parameter) in check::parameters(lowering.root, place) {
        operation
            .parameters
            .extend(self::parameter(lowering, parameter, &pointer));
    }
    if let Some(body) = source.get("requestBody") {
        operation.body = self::body(lowering, body, &child(&place.pointer, "requestBody"));
    }
    answers(
        lowering,
        source,
        &child(&place.pointer, "responses"),
        &mut operation,
    );
    operation
}

fn parameter<'a>(
    lowering: &mut Lowering<'a>,
    parameter: &'a Value,
    pointer: &str,
) -> Option<Parameter> {
    let wire = text(parameter.get("name"));
    let location = match text(parameter.get("in")).as_str() {
        "path" => In::Path,
        "query" => In::Query,
        "header" => In::Header,
        _ => return None,
    };
    // The standard lets these three be set by other means only.
    if location == In::Header
        && ["accept", "content-type", "authorization"].contains(&wire.to_ascii_lowercase().as_str())
    {
        return None;
    }
    let schema = parameter.get("schema")?;
    let seen = lowering.seen_through(schema);
    // A list with a name of its own is sent as one without.
    let (ty, _) = match seen.get("items") {
        Some(_) => lowering.type_of(seen, &child(pointer, "schema")),
        None => lowering.type_of(schema, &child(pointer, "schema")),
    };
    let fits = match (&ty, seen.get("items")) {
        (Type::List(item), Some(items)) => {
            location == In::Query && is_scalar(lowering, item, items)
        }
        _ => is_scalar(lowering, &ty, seen),
    };
    if !fits {
        lowering.problems.push(Problem::new(
            child(pointer, "schema"),
            format!("the parameter `{wire}` is neither a scalar nor a list of them in the query"),
            "change it with the overlay",
        ));
    }
    let explode = parameter.get("explode").and_then(Value::as_bool);
    let style = parameter
        .get("style")
        .and_then(Value::as_str)
        .unwrap_or("form");
    Some(Parameter {
        name: check::setter(parameter),
        wire,
        location,
        ty,
        required: location == In::Path || parameter.get("required") == Some(&Value::Bool(true)),
        joined: style == "form" && explode == Some(false),
        description: text(
            parameter
                .get("description")
                .or_else(|| schema.get("description")),
        ),
        limits: limits(schema),
    })
}

/// Whether a type is written as one text in a path, query or header.
fn is_scalar<'a>(lowering: &Lowering<'a>, ty: &Type, schema: &'a Value) -> bool {
    let seen = lowering.seen_through(schema);
    let is_map = seen.get("type").and_then(Value::as_str) == Some("object")
        || seen.get("additionalProperties").is_some();
    match ty {
        Type::List(_) | Type::Map(_) | Type::Object => false,
        Type::Named(_) => {
            let members = ["oneOf", "anyOf"]
                .iter()
                .filter_map(|union| seen.get(*union)?.as_array());
            let is_union = members.flatten().any(|member| lowering.is_composed(member));
            !is_map && !is_union && seen.get("items").is_none() && !lowering.is_composed(seen)
        }
        _ => true,
    }
}

fn body<'a>(lowering: &mut Lowering<'a>, body: &'a Value, pointer: &str) -> Option<Body> {
    let body = check::target(lowering.root, body);
    let at = child(pointer, "content");
    let content = body.get("content").and_then(Value::as_object)?;
    let json: Vec<_> = content.iter().filter(|(media, _)| is_json(media)).collect();
    let (media, content) = match json.as_slice() {
        [only] => *only,
        [] => {
            let media = content.keys().cloned().collect::<Vec<_>>().join(", ");
            lowering.problems.push(Problem::new(
                at,
                format!("the body has no JSON form, only: {media}"),
                "remove the operation with the overlay, or describe its JSON",
            ));
            return None;
        }
        _ => {
            lowering.problems.push(Problem::new(
                at,
                "the body has two JSON media types",
                "remove one of them with the overlay",
            ));
            return None;
        }
    };
    let at = child(&child(&at, media), "schema");
    let ty = match content.get("schema") {
        Some(schema) => lowering.type_of(schema, &at).0,
        None => Type::Any,
    };
    Some(Body {
        ty,
        required: body.get("required") == Some(&Value::Bool(true)),
        description: text(body.get("description")),
    })
}

fn is_json(media: &str) -> bool {
    let media = media.split(';').next().unwrap_or(media).trim();
    media == "application/json" || media.ends_with("+json")
}

fn answers<'a>(
    lowering: &mut Lowering<'a>,
    source: &'a Value,
    pointer: &str,
    operation: &mut Operation,
) {
    let mut success: Option<(Answer, String)> = None;
    let mut error: Option<(String, String)> = None;
    let responses = source.get("responses").and_then(Value::as_object);
    for (status, response) in responses.into_iter().flatten() {
        let at = child(pointer, status);
        let response = check::target(lowering.root, response);
        operation
            .statuses
            .push((status.clone(), text(response.get("description"))));
        let answer = answer(lowering, response, &at);
        if status.starts_with('2') {
            match &success {
                None => success = Some((answer, at)),
                Some((known, _)) if *known == answer => {}
                Some((_, other)) => lowering.problems.push(Problem::new(
                    at,
                    format!("the success answer differs from the one at {other}"),
                    "remove one of the two with the overlay; every 2xx status counts as it",
                )),
            }
        } else if status.starts_with(['4', '5']) || status == "default" {
            let Answer::Json(Type::Named(name), _) = answer else {
                continue;
            };
            match &error {
                None => error = Some((name, at)),
                Some((known, _)) if *known == name => {}
                Some((_, other)) => lowering.problems.push(Problem::new(
                    at,
                    format!("the error answer differs from the one at {other}"),
                    "give both the same schema with the overlay",
                )),
            }
        }
    }
    operation.error = error.map(|(name, _)| name);
    match success {
        Some((answer, _)) => operation.answer = answer,
        None => lowering.problems.push(Problem::new(
            pointer,
            "no success answer is described",
            "add one under a 2xx status",
        )),
    }
}

fn answer<'a>(lowering: &mut Lowering<'a>, response: &'a Value, pointer: &str) -> Answer {
    let at = child(pointer, "content");
    let content = response.get("content").and_then(Value::as_object);
    let Some(content) = content.filter(|content| !content.is_empty()) else {
        return Answer::Empty;
    };
    match content.iter().find(|(media, _)| is_json(media)) {
        Some((media, content)) => {
            let at = child(&child(&at, media), "schema");
            let ty = match content.get("schema") {
                Some(schema) => lowering.type_of(schema, &at).0,
                None => Type::Any,
            };
            Answer::Json(ty, media.clone())
        }
        None => Answer::Bytes(content.keys().next().cloned().unwrap_or_default()),
    }
}
