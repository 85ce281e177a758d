//! Stage 6, lower, for operations. In: the operations of the document. Out: their parameters,
//! bodies and responses as types.
//!
//! An operation gives one type when it succeeds, whatever the 2xx status, since sends were seen to
//! respond with 200 where a document says 202. It has one error type too, since the statuses that a
//! document lists are never all: the API's own where a status of the operation has it.

use serde_json::Value;

use super::accept::Loss;
use super::check::{self, Place};
use super::json_schema::text;
use super::model::{Answer, Body, Header, In, Operation, Parameter, Status, Style, Type};
use super::schemas::context::Lowering;
use super::{access, media, names, repeat};
use crate::pointer::child;

/// Lowers all operations, in the document's order.
pub fn lower(lowering: &mut Lowering<'_>, servers: &[String]) -> Vec<Operation> {
    let mut operations: Vec<Operation> = check::places(lowering.root)
        .map(|place| operation(lowering, &place, servers))
        .collect();
    let common = common_error(&operations);
    for operation in &mut operations {
        operation.error = error(operation, common.as_deref());
    }
    operations
}

/// The type of most error bodies of an API, the first of them where it is a tie.
pub fn common_error(operations: &[Operation]) -> Option<String> {
    most(operations.iter().flat_map(errors))
}

/// The type that the error bodies of an operation are read as.
fn error(operation: &Operation, common: Option<&str>) -> Option<String> {
    let is_common = |name: &str| Some(name) == common;
    // What lists no errors still gives those of the others.
    let own = most(errors(operation).filter(|_| !errors(operation).any(is_common)));
    own.or_else(|| common.map(str::to_owned))
}

/// The named types of the error bodies that an operation lists.
fn errors(operation: &Operation) -> impl Iterator<Item = &str> {
    let errors = operation.statuses.iter().filter(|status| {
        let is_error = status.code.starts_with(['4', '5']) || status.code == "default";
        is_error && matches!(status.body, Answer::Json(Type::Named(_), _))
    });
    errors.filter_map(|status| status.body.named())
}

/// The most frequent of some names, the first of them where it is a tie.
fn most<'n>(names: impl Iterator<Item = &'n str>) -> Option<String> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for name in names {
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max();
    let first = counts.iter().find(|(_, count)| Some(*count) == most);
    first.map(|(name, _)| (*name).to_owned())
}

fn operation<'a>(lowering: &mut Lowering<'a>, place: &Place<'a>, servers: &[String]) -> Operation {
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
        name: check::method(source),
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
        servers: access::servers_of(lowering, place, servers),
        security: access::security(lowering, place),
        repeat: repeat::stated(source, place.method, &place.pointer, &mut lowering.problems),
    };
    for (pointer, parameter) in check::parameters(lowering.root, place) {
        operation
            .parameters
            .extend(self::parameter(lowering, parameter, &pointer, place));
    }
    if let Some(body) = source.get("requestBody") {
        operation.body = self::body(lowering, body, place);
    }
    operation.statuses = statuses(lowering, place);
    operation.answer = answer(lowering, &operation.statuses, place);
    operation
}

/// Headers that are described by other means, so that the standard ignores parameters of these names.
const BY_CLIENT: &[&str] = &["accept", "content-type", "authorization"];

/// Headers that an HTTP client sets by itself.
const BY_HTTP: &[&str] = &[
    "connection",
    "content-length",
    "host",
    "transfer-encoding",
    "upgrade",
];

fn parameter<'a>(
    lowering: &mut Lowering<'a>,
    parameter: &'a Value,
    pointer: &str,
    place: &Place<'_>,
) -> Option<Parameter> {
    let wire = text(parameter.get("name"));
    let refuse = |lowering: &mut Lowering<'_>, what: String| {
        let mut problem = lowering.losses.leave_out(&place.pointer, pointer, &what);
        let is_optional = parameter.get("required") != Some(&Value::Bool(true));
        if is_optional && parameter.get("in").and_then(Value::as_str) != Some("path") {
            let action = lowering.losses.remove(pointer, &what);
            let help = "leave the parameter out in openapi/overlay.yaml";
            problem.help = format!("{help}:\n{action}\n  or {}", problem.help);
        }
        lowering.problems.push(problem);
        None
    };
    let location = match text(parameter.get("in")).as_str() {
        "path" => In::Path,
        "query" => In::Query,
        "header" if BY_CLIENT.contains(&wire.to_ascii_lowercase().as_str()) => return None,
        "header" if BY_HTTP.contains(&wire.to_ascii_lowercase().as_str()) => {
            return refuse(
                lowering,
                format!("the header `{wire}` is set by HTTP itself"),
            );
        }
        "header" => In::Header,
        other => {
            let what = format!("linq-client sends no parameters in `{other}`");
            return refuse(lowering, what);
        }
    };
    if parameter.get("content").is_some() {
        let what = format!("linq-client cannot write `{wire}`, which is described by `content`");
        return refuse(lowering, what);
    }
    let schema = parameter.get("schema")?;
    let seen = lowering.seen_through(schema);
    // A list with a name of its own is sent as one without.
    let (ty, _) = match seen.get("items") {
        Some(_) => lowering.type_of(seen, &child(pointer, "schema")),
        None => lowering.type_of(schema, &child(pointer, "schema")),
    };
    let style = match style(parameter, location, matches!(ty, Type::List(_))) {
        Ok(style) => style,
        Err(what) => return refuse(lowering, what),
    };
    let fits = match (&ty, seen.get("items")) {
        (Type::List(_), Some(items)) => location == In::Query && lowering.is_scalar(items),
        _ => lowering.is_scalar(schema),
    };
    if !fits {
        let what =
            format!("the parameter `{wire}` is neither a scalar nor a list of them in the query");
        return refuse(lowering, what);
    }
    Some(Parameter {
        name: check::setter(parameter),
        wire,
        location,
        ty,
        required: location == In::Path || parameter.get("required") == Some(&Value::Bool(true)),
        style,
        deprecated: parameter.get("deprecated") == Some(&Value::Bool(true)),
        description: text(
            parameter
                .get("description")
                .or_else(|| schema.get("description")),
        ),
        limits: lowering.limits(schema),
    })
}

/// How a list is written, or why a parameter cannot be sent.
fn style(parameter: &Value, location: In, is_list: bool) -> Result<Style, String> {
    let plain = if location == In::Query {
        "form"
    } else {
        "simple"
    };
    let style = parameter.get("style").and_then(Value::as_str);
    let style = style.unwrap_or(plain);
    let explode = parameter.get("explode").and_then(Value::as_bool);
    match style {
        "form" if location == In::Query && explode == Some(false) => Ok(Style::Commas),
        // With each item in a pair of its own, nothing is left to be joined.
        "spaceDelimited" | "pipeDelimited" if is_list && explode == Some(true) => {
            Ok(Style::Repeated)
        }
        "spaceDelimited" if is_list => Ok(Style::Spaces),
        "pipeDelimited" if is_list => Ok(Style::Pipes),
        style if style == plain => Ok(Style::Repeated),
        style => Err(format!(
            "linq-client cannot write a parameter in the style `{style}`"
        )),
    }
}

fn body<'a>(lowering: &mut Lowering<'a>, body: &'a Value, place: &Place<'_>) -> Option<Body> {
    let body = check::target(lowering.root, body);
    let at = child(&child(&place.pointer, "requestBody"), "content");
    let content = body.get("content").and_then(Value::as_object)?;
    if content.is_empty() {
        let what = "the body has no media type";
        lowering.refuse(&at, what, "describe its JSON below `application/json`");
        return None;
    }
    let Some((media, form)) = media::json(content) else {
        let forms = list(content.keys());
        let what = format!("the body is sent as {forms}, and linq-client sends JSON");
        let problem = lowering.losses.leave_out(&place.pointer, &at, &what);
        lowering.problems.push(problem);
        return None;
    };
    check_media(lowering, [media], &at);
    Some(Body {
        ty: form_type(lowering, form, &child(&at, media)),
        media: media.clone(),
        required: body.get("required") == Some(&Value::Bool(true)),
        description: text(body.get("description")),
    })
}

/// The type of a body in one media type.
fn form_type<'a>(lowering: &mut Lowering<'a>, form: &'a Value, pointer: &str) -> Type {
    match form.get("schema") {
        Some(schema) => lowering.type_of(schema, &child(pointer, "schema")).0,
        None => Type::Any,
    }
}

fn check_media<'m>(
    lowering: &mut Lowering<'_>,
    media: impl IntoIterator<Item = &'m String>,
    pointer: &str,
) {
    for media in media.into_iter().filter(|media| !media::is_valid(media)) {
        let what = format!("`{media}` is not a media type");
        lowering.refuse(&child(pointer, media), what, "correct it with the overlay");
    }
}

/// Names as they stand in a sentence.
fn list<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The responses that an operation lists.
fn statuses<'a>(lowering: &mut Lowering<'a>, place: &Place<'a>) -> Vec<Status> {
    let at = child(&place.pointer, "responses");
    let responses = place.operation.get("responses").and_then(Value::as_object);
    let mut statuses = Vec::new();
    for (code, response) in responses.into_iter().flatten() {
        if code.starts_with("x-") {
            continue;
        }
        let at = child(&at, code);
        if !is_status(code) {
            let what = format!("`{code}` is not a status");
            lowering.refuse(&at, what, "use one such as `200`, `4XX` or `default`");
            continue;
        }
        let response = check::target(lowering.root, response);
        let body = response_body(lowering, response, code, &at, place);
        statuses.push(Status {
            code: code.clone(),
            description: text(response.get("description")),
            body,
            headers: headers(lowering.root, response),
        });
    }
    statuses
}

fn is_status(code: &str) -> bool {
    let (first, rest) = code.split_at_checked(1).unwrap_or_default();
    let is_number = rest.len() == 2 && rest.bytes().all(|byte| byte.is_ascii_digit());
    code == "default"
        || (matches!(first, "1" | "2" | "3" | "4" | "5")
            && (is_number || rest.eq_ignore_ascii_case("XX")))
}

fn response_body<'a>(
    lowering: &mut Lowering<'a>,
    response: &'a Value,
    code: &str,
    pointer: &str,
    place: &Place<'_>,
) -> Answer {
    let at = child(pointer, "content");
    let content = response.get("content").and_then(Value::as_object);
    let Some(content) = content.filter(|content| !content.is_empty()) else {
        return Answer::Empty;
    };
    if place.method == "head" {
        // What it describes is what a GET would give; HTTP sends no body.
        return Answer::Empty;
    }
    if matches!(code, "204" | "205" | "304") {
        let what = format!("HTTP allows no body with status {code}");
        let action = lowering.losses.remove(&at, &what);
        let help = format!("leave the body out in openapi/overlay.yaml:\n{action}");
        lowering.refuse(&at, what, help);
        return Answer::Empty;
    }
    check_media(lowering, content.keys(), &at);
    if let Some((media, form)) = media::json(content) {
        let ty = form_type(lowering, form, &child(&at, media));
        return Answer::Json(ty, media.clone());
    }
    if code.starts_with('2')
        && let Some(stream) = content.keys().find(|media| media::is_stream(media))
    {
        let what = format!("`{stream}` is a stream, which is handed out as bytes once it ended");
        lowering.lose(Loss::Bytes, &place.pointer, &what);
    }
    let media: Vec<&str> = content.keys().map(String::as_str).collect();
    Answer::Bytes(media.join(", "))
}

fn headers(root: &Value, response: &Value) -> Vec<Header> {
    let headers = response.get("headers").and_then(Value::as_object);
    let headers = headers.into_iter().flatten().map(|(name, header)| {
        let header = check::target(root, header);
        let kind = header.pointer("/schema/type");
        Header {
            name: name.clone(),
            kind: text(kind),
            required: header.get("required") == Some(&Value::Bool(true)),
            description: text(header.get("description")),
        }
    });
    // The standard says that this one is described by `content`.
    headers
        .filter(|header| !header.name.eq_ignore_ascii_case("content-type"))
        .collect()
}

/// What an operation gives when it succeeds.
fn answer(lowering: &mut Lowering<'_>, statuses: &[Status], place: &Place<'_>) -> Answer {
    let mut successes = statuses.iter().filter(|status| status.is_success());
    let Some(first) = successes.next() else {
        let at = child(&place.pointer, "responses");
        let what = "no response to success is described";
        let mut problem = lowering.losses.leave_out(&place.pointer, &at, what);
        problem.help = format!("add one under a 2xx status, or {}", problem.help);
        lowering.problems.push(problem);
        return Answer::Empty;
    };
    let mut answer = first.body.clone();
    let mut differing = None;
    for status in successes {
        match (&mut answer, &status.body) {
            (Answer::Empty, Answer::Empty) => {}
            (Answer::Json(one, media), Answer::Json(other, more)) if one == other => {
                add_media(media, more);
            }
            (Answer::Bytes(media), Answer::Bytes(more)) => add_media(media, more),
            _ => differing = differing.or(Some(status)),
        }
    }
    let Some(other) = differing else {
        return answer;
    };
    let what = format!(
        "the responses {} and {} have bodies of different types, which are handed out as bytes",
        first.code, other.code
    );
    lowering.lose(Loss::Bytes, &place.pointer, &what);
    let mut media = String::new();
    for status in statuses.iter().filter(|status| status.is_success()) {
        add_media(&mut media, status.body.media());
    }
    Answer::Bytes(media)
}

/// Adds media types to those that a header lists.
fn add_media(media: &mut String, more: &str) {
    for more in more.split(", ").filter(|more| !more.is_empty()) {
        if !media.split(", ").any(|known| known == more) {
            if !media.is_empty() {
                media.push_str(", ");
            }
            media.push_str(more);
        }
    }
}
