//! Comparing operations: methods, parameters, bodies, answers and statuses.

use std::collections::BTreeMap;

use super::change::{Change, Found, Position, What};
use super::limits;
use crate::generate::model::{Answer, Api, In, Operation, Repeat, Status, Style, Type};

/// Compares the operations of two APIs.
pub fn compare(old: &Api, new: &Api, found: &mut Found) {
    let known = by_name(old);
    let present = by_name(new);
    for operation in &old.operations {
        if !present.contains_key(operation.name.as_str()) {
            found.push(whole(What::OperationRemoved, operation).before(endpoint(operation)));
        }
    }
    for operation in &new.operations {
        match known.get(operation.name.as_str()) {
            Some(before) => pair(before, operation, found),
            None => {
                found.push(whole(What::OperationAdded, operation).after(endpoint(operation)));
            }
        }
    }
    // Where a program names no base URL, the first server is the one that it calls.
    if old.servers.first() != new.servers.first() && !old.operations.is_empty() {
        let change = Change::new(What::ServerChanged, "common", "base URL", Position::Both);
        found.push(
            change
                .before(old.servers.join(", "))
                .after(new.servers.join(", ")),
        );
    }
    let body = |api: &Api| api.error.clone().unwrap_or_else(|| "Value".to_owned());
    let (before, after) = (body(old), body(new));
    if before != after && !old.operations.is_empty() {
        let change = Change::new(What::ErrorChanged, "common", "ErrorBody", Position::Answer);
        found.push(change.before(before).after(after));
    }
}

fn by_name(api: &Api) -> BTreeMap<&str, &Operation> {
    api.operations
        .iter()
        .map(|operation| (operation.name.as_str(), operation))
        .collect()
}

fn whole(what: What, operation: &Operation) -> Change {
    Change::new(what, &operation.area, &operation.name, Position::Both)
}

/// The method and path of an operation.
pub fn endpoint(operation: &Operation) -> String {
    format!("{} {}", operation.method, operation.path)
}

/// The method and path, whatever the path's parameters are called.
pub fn template(operation: &Operation) -> String {
    let parts = operation.path.split('/').map(|part| match part.find('{') {
        Some(start) => format!("{}{{}}", &part[..start]),
        None => part.to_owned(),
    });
    format!(
        "{} {}",
        operation.method,
        parts.collect::<Vec<_>>().join("/")
    )
}

fn pair(old: &Operation, new: &Operation, found: &mut Found) {
    if template(old) != template(new) {
        let change = whole(What::OperationMoved, new);
        found.push(change.before(endpoint(old)).after(endpoint(new)));
    }
    for (what, before, after) in [
        (What::SecurityChanged, &old.security, &new.security),
        (What::ServerChanged, &old.servers, &new.servers),
    ] {
        if before != after {
            let change = whole(what, new);
            found.push(change.before(before.join(" or ")).after(after.join(" or ")));
        }
    }
    let media = |operation: &Operation| operation.body.as_ref().map(|body| body.media.clone());
    if let (Some(before), Some(after)) = (media(old), media(new))
        && before != after
    {
        let change = whole(What::BodyMediaTypeChanged, new);
        found.push(change.before(before).after(after));
    }
    if old.area != new.area {
        let change = whole(What::OperationRegrouped, new);
        found.push(change.before(old.area.as_str()).after(new.area.as_str()));
    }
    match (old.deprecated, new.deprecated) {
        (false, true) => found.push(whole(What::OperationDeprecated, new)),
        (true, false) => found.push(whole(What::OperationUndeprecated, new)),
        _ => {}
    }
    if old.repeat != new.repeat {
        let change = whole(What::RepetitionChanged, new);
        found.push(
            change
                .before(repetition(&old.repeat))
                .after(repetition(&new.repeat)),
        );
    }
    found.text(&old.summary, &new.summary);
    found.text(&old.description, &new.description);
    found.text(&old.aliases.join(" "), &new.aliases.join(" "));
    parameters(old, new, found);
    answer(old, new, found);
    statuses(old, new, found);
}

fn repetition(repeat: &Repeat) -> String {
    match repeat {
        Repeat::Read => "only reads".to_owned(),
        Repeat::Idempotent => "twice is as once".to_owned(),
        Repeat::Keyed { header, body } => {
            let places = [header.as_deref(), body.as_deref()];
            let places: Vec<&str> = places.into_iter().flatten().collect();
            format!("once for each key in {}", places.join(" or "))
        }
        Repeat::Once => "each call counts".to_owned(),
    }
}

/// Something that a builder has a setter for: a parameter or the body.
struct Setter<'a> {
    name: &'a str,
    ty: &'a Type,
    required: bool,
    sent: String,
    demands: Vec<&'a str>,
    description: &'a str,
}

fn setters(operation: &Operation) -> Vec<Setter<'_>> {
    let parameters = operation.parameters.iter().map(|parameter| Setter {
        name: &parameter.name,
        ty: &parameter.ty,
        required: parameter.required,
        sent: format!(
            "`{}` in the {}{}",
            parameter.wire,
            match parameter.location {
                In::Path => "path",
                In::Query => "query",
                In::Header => "headers",
            },
            match parameter.style {
                Style::Repeated => "",
                Style::Commas => ", joined by commas",
                Style::Spaces => ", joined by spaces",
                Style::Pipes => ", joined by `|`",
            }
        ),
        demands: limits::all(&parameter.limits),
        description: &parameter.description,
    });
    let body = operation.body.as_ref().map(|body| Setter {
        name: "body",
        ty: &body.ty,
        required: body.required,
        sent: "the body".to_owned(),
        demands: Vec::new(),
        description: &body.description,
    });
    parameters.chain(body).collect()
}

fn parameters(old: &Operation, new: &Operation, found: &mut Found) {
    let (known, present) = (setters(old), setters(new));
    let change =
        |what, name| Change::new(what, &new.area, &new.name, Position::Request).member(name);
    for setter in &known {
        if !present.iter().any(|other| other.name == setter.name) {
            found.push(change(What::ParameterRemoved, setter.name).before(setter.ty.rust()));
        }
    }
    for after in &present {
        let Some(before) = known.iter().find(|other| other.name == after.name) else {
            let what = match after.required {
                true => What::RequiredParameterAdded,
                false => What::ParameterAdded,
            };
            found.push(change(what, after.name).after(after.ty.rust()));
            continue;
        };
        if before.ty != after.ty {
            let change = change(What::ParameterTypeChanged, after.name);
            found.push(change.before(before.ty.rust()).after(after.ty.rust()));
        }
        match (before.required, after.required) {
            (false, true) => found.push(change(What::ParameterMadeRequired, after.name)),
            (true, false) => found.push(change(What::ParameterMadeOptional, after.name)),
            _ => {}
        }
        if before.sent != after.sent {
            let change = change(What::ParameterSentOtherwise, after.name);
            found.push(
                change
                    .before(before.sent.as_str())
                    .after(after.sent.as_str()),
            );
        }
        found.text(before.description, after.description);
        limits::compare(&before.demands, &after.demands, found, |what| {
            change(what, after.name)
        });
    }
}

fn answer(old: &Operation, new: &Operation, found: &mut Found) {
    let change = |what| Change::new(what, &new.area, &new.name, Position::Answer);
    let (before, after) = (answer_type(&old.answer), answer_type(&new.answer));
    if before != after {
        found.push(change(What::AnswerChanged).before(before).after(after));
    } else if old.answer.media() != new.answer.media() {
        let change = change(What::MediaTypeChanged);
        found.push(change.before(old.answer.media()).after(new.answer.media()));
    }
    let error = |operation: &Operation| {
        operation
            .error
            .clone()
            .unwrap_or_else(|| "Value".to_owned())
    };
    let (before, after) = (error(old), error(new));
    if before != after {
        found.push(change(What::ErrorChanged).before(before).after(after));
    }
}

fn answer_type(answer: &Answer) -> String {
    match answer {
        Answer::Empty => "()".to_owned(),
        Answer::Json(ty, _) => ty.rust(),
        Answer::Bytes(_) => "Bytes".to_owned(),
    }
}

fn statuses(old: &Operation, new: &Operation, found: &mut Found) {
    let change = |what, status: &str| {
        Change::new(what, &new.area, &new.name, Position::Answer).member(status)
    };
    for status in &old.statuses {
        if !new.statuses.iter().any(|other| other.code == status.code) {
            found.push(change(What::StatusRemoved, &status.code));
        }
    }
    for status in &new.statuses {
        match old.statuses.iter().find(|other| other.code == status.code) {
            Some(before) => {
                found.text(&before.description, &status.description);
                headers(before, status, found, |what, name| {
                    change(what, &status.code).after(name)
                });
            }
            None => found.push(change(What::StatusAdded, &status.code)),
        }
    }
}

/// Compares the headers that the document names for a response.
fn headers(old: &Status, new: &Status, found: &mut Found, change: impl Fn(What, &str) -> Change) {
    let has = |status: &Status, name: &str| {
        let mut names = status.headers.iter().map(|header| &header.name);
        names.any(|known| known.eq_ignore_ascii_case(name))
    };
    for header in &old.headers {
        if !has(new, &header.name) {
            found.push(change(What::HeaderRemoved, &header.name));
        }
    }
    for header in &new.headers {
        if !has(old, &header.name) {
            found.push(change(What::HeaderAdded, &header.name));
        }
    }
}
