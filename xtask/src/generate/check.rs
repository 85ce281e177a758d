//! Stage 3, check. In: a document. Out: nothing, or all that is wrong with its references,
//! operations and parameters, each with a JSON pointer and advice.
//!
//! What only shows once types are known (two answers of different types, values that collide as
//! names) is refused in the same way by the stages that meet it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::accept::Losses;
use super::keywords;
use super::load::Document;
use super::{names, rename};
use crate::pointer::{METHODS, child, resolve};
use crate::problem::{Problem, Problems};

/// How far a chain of references may go.
const MAX_REFERENCES: usize = 32;

/// Checks the whole document.
///
/// # Errors
///
/// Every problem found.
pub fn check(document: &Document, losses: &mut Losses) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let root = &document.root;
    references(root, &mut problems);
    shape(root, &mut problems);
    // What follows relies on references that lead somewhere and sections of the right kind.
    problems.clone().into_result()?;
    keywords::check(root, losses, &mut problems);
    operations(root, &mut problems);
    problems.into_result()
}

/// Puts each path item that stands elsewhere in the place that refers to it, so that every operation
/// has one place, below its path.
///
/// # Errors
///
/// A reference with more beside it: the standard does not say what counts.
pub fn inline_items(root: &mut Value) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let mut found: Vec<(String, Value)> = Vec::new();
    for section in ["paths", "webhooks", "x-webhooks"] {
        let items = root.get(section).and_then(Value::as_object);
        for (name, item) in items.into_iter().flatten() {
            let Some(entries) = item.as_object().filter(|item| item.contains_key("$ref")) else {
                continue;
            };
            let pointer = child(&format!("#/{section}"), name);
            let is_alone = |key: &&String| ["$ref", "summary", "description"].contains(&&***key);
            if let Some(other) = entries.keys().find(|key| !is_alone(key)) {
                let what = format!("`{other}` stands beside a reference to a path");
                let help = "move it to where the reference leads";
                problems.push(Problem::new(child(&pointer, other), what, help));
            }
            found.push((pointer, target(root, item).clone()));
        }
    }
    for (pointer, item) in found {
        if let Some(place) = root.pointer_mut(pointer.trim_start_matches('#')) {
            *place = item;
        }
    }
    if let Some(components) = root.get_mut("components").and_then(Value::as_object_mut) {
        components.shift_remove("pathItems");
    }
    problems.into_result()
}

/// Every `$ref` leads to a place in the document, in the end.
fn references(root: &Value, problems: &mut Problems) {
    keywords::each(root, &mut |_, pointer, object| {
        if let Some(Value::String(reference)) = object.get("$ref")
            && let Err((what, help)) = follow(root, reference)
        {
            problems.push(Problem::new(child(pointer, "$ref"), what, help));
        }
    });
}

/// Follows a reference to a place that is none itself.
fn follow<'a>(root: &'a Value, reference: &str) -> Result<&'a Value, (String, &'static str)> {
    let mut reference = reference;
    for _ in 0..MAX_REFERENCES {
        if !reference.starts_with('#') {
            let what = format!("`{reference}` leads out of the document");
            return Err((what, "bundle the document into one file first"));
        }
        let target = resolve(root, reference).ok_or_else(|| {
            (
                format!("`{reference}` leads nowhere"),
                "add the component, or mend its name",
            )
        })?;
        // A component that is a reference with a description beside it is a place of its own.
        match target.get("$ref").and_then(Value::as_str) {
            Some(next) => reference = next,
            None => return Ok(target),
        }
    }
    Err((
        format!("`{reference}` leads in a circle"),
        "let the component describe itself",
    ))
}

/// Follows the reference in `value`, if it is one.
pub fn target<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    value
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| follow(root, reference).ok())
        .unwrap_or(value)
}

/// The sections that the later stages walk are objects where they are there.
fn shape(root: &Value, problems: &mut Problems) {
    let mut expect_object = |pointer: &str| {
        if let Some(value) = root.pointer(pointer.trim_start_matches('#'))
            && !value.is_object()
        {
            problems.push(Problem::new(
                pointer,
                "this is no object",
                "mend the document",
            ));
        }
    };
    for pointer in [
        "#/paths",
        "#/webhooks",
        "#/components",
        "#/components/schemas",
    ] {
        expect_object(pointer);
    }
    for section in ["paths", "webhooks"] {
        for (name, item) in root
            .get(section)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let pointer = child(&format!("#/{section}"), name);
            if !item.is_object() {
                problems.push(Problem::new(
                    pointer,
                    "this is no object",
                    "mend the document",
                ));
                continue;
            }
            for method in METHODS {
                if item
                    .get(method)
                    .is_some_and(|operation| !operation.is_object())
                {
                    let pointer = child(&pointer, method);
                    problems.push(Problem::new(
                        pointer,
                        "this is no object",
                        "mend the document",
                    ));
                }
            }
        }
    }
    if root.get("paths").is_none() && root.get("webhooks").is_none() {
        problems.push(Problem::new(
            "",
            "the document has neither `paths` nor `webhooks`",
            "name a complete OpenAPI document",
        ));
    }
}

/// An operation with its place.
pub struct Place<'a> {
    /// The path template.
    pub path: &'a str,
    /// The method, in lower case.
    pub method: &'static str,
    /// The operation.
    pub operation: &'a Value,
    /// The item it stands in, whose parameters it shares.
    pub item: &'a Value,
    /// Its pointer.
    pub pointer: String,
}

/// The operations of a document, in its order.
pub fn places(root: &Value) -> impl Iterator<Item = Place<'_>> {
    root.get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .flat_map(move |(path, item)| {
            let at = child("#/paths", path);
            let item = target(root, item);
            METHODS.iter().filter_map(move |method| {
                let operation = item.get(method)?;
                Some(Place {
                    path,
                    method,
                    operation,
                    item,
                    pointer: child(&at, method),
                })
            })
        })
}

/// The parameters of an operation, its own before those it shares with its path.
pub fn parameters<'a>(root: &'a Value, place: &Place<'a>) -> Vec<(String, &'a Value)> {
    let mut found: Vec<(String, &Value)> = Vec::new();
    let identity = |value: &Value| (value.get("name").cloned(), value.get("in").cloned());
    let shared = parent(&place.pointer);
    for (list, at) in [
        (place.operation.get("parameters"), place.pointer.as_str()),
        (place.item.get("parameters"), shared),
    ] {
        for (index, parameter) in list
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            let parameter = target(root, parameter);
            if !found
                .iter()
                .any(|(_, known)| identity(known) == identity(parameter))
            {
                found.push((format!("{at}/parameters/{index}"), parameter));
            }
        }
    }
    found
}

/// The name of an operation's method, chosen for it or made from its id.
pub fn method(operation: &Value) -> String {
    names::method_name(chosen(operation, "operationId"))
}

/// The name that a parameter is set by, chosen for it or made from its own.
pub fn setter(parameter: &Value) -> String {
    names::parameter_name(chosen(parameter, "name"))
}

/// The name that an object chooses in Rust, or else the one below `key`.
fn chosen<'v>(object: &'v Value, key: &str) -> &'v str {
    let chosen = object.as_object().and_then(rename::of_field);
    chosen
        .or_else(|| object.get(key)?.as_str())
        .unwrap_or_default()
}

/// The names between braces in a path template, or what is wrong with it.
pub fn template(path: &str) -> Result<Vec<&str>, String> {
    if !path.starts_with('/') {
        return Err("the path does not begin with a slash".to_owned());
    }
    let mut names = Vec::new();
    // The path without its parameters.
    let mut fixed = String::new();
    let mut rest = path;
    while let Some(start) = rest.find(['{', '}']) {
        let after = &rest[start + 1..];
        let end = after
            .find(['{', '}'])
            .filter(|end| after[*end..].starts_with('}'));
        match end {
            Some(end) if rest[start..].starts_with('{') && end > 0 => {
                names.push(&after[..end]);
                fixed.push_str(&rest[..start]);
                fixed.push('x');
                rest = &after[end + 1..];
            }
            _ => return Err("the path's braces do not pair".to_owned()),
        }
    }
    fixed.push_str(rest);
    if fixed.contains(|c: char| matches!(c, '?' | '#' | '\\') || c.is_control()) {
        return Err("the path has characters that a URL's path cannot have".to_owned());
    }
    let decoded = fixed.to_ascii_lowercase().replace("%2e", ".");
    if decoded.split('/').any(|part| part == "." || part == "..") {
        return Err("the path has a segment of dots, which leads to another path".to_owned());
    }
    Ok(names)
}

fn operations(root: &Value, problems: &mut Problems) {
    let mut builders: BTreeMap<String, String> = BTreeMap::new();
    for place in places(root) {
        match place.operation.get("operationId").and_then(Value::as_str) {
            None => problems.push(Problem::new(
                place.pointer.clone(),
                "the operation has no `operationId`, so its method has no name",
                "add one in the document or the overlay",
            )),
            Some(id) => {
                let name = method(place.operation);
                let builder = names::builder_name(&name);
                let pointer = child(&place.pointer, "operationId");
                if name.is_empty() {
                    problems.push(Problem::new(
                        pointer,
                        format!("`{id}` gives no Rust name"),
                        "use letters and digits",
                    ));
                } else if let Some(other) = builders.insert(builder, pointer.clone()) {
                    problems.push(Problem::new(
                        pointer,
                        format!("the method `{name}` or its builder exists already, from {other}"),
                        "rename one of the two operations in the overlay",
                    ));
                }
            }
        }
        check_parameters(root, &place, problems);
    }
}

/// Refuses parameters that stand in one list twice.
fn twice(root: &Value, place: &Place<'_>, problems: &mut Problems) {
    for (holder, at) in [
        (place.operation, place.pointer.as_str()),
        (place.item, parent(&place.pointer)),
    ] {
        let mut seen = BTreeMap::new();
        let list = holder.get("parameters").and_then(Value::as_array);
        for (index, parameter) in list.into_iter().flatten().enumerate() {
            let parameter = target(root, parameter);
            let text = |key: &str| parameter.get(key).and_then(Value::as_str);
            let (Some(name), Some(location)) = (text("name"), text("in")) else {
                continue;
            };
            let pointer = format!("{at}/parameters/{index}");
            if let Some(other) = seen.insert((name, location), pointer.clone()) {
                problems.push(Problem::new(
                    pointer,
                    format!(
                        "the parameter `{name}` stands in the {location} already, from {other}"
                    ),
                    "remove one of the two with the overlay",
                ));
            }
        }
    }
}

fn is_header(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn check_parameters(root: &Value, place: &Place<'_>, problems: &mut Problems) {
    let wanted = match template(place.path) {
        Ok(names) => names,
        Err(what) => {
            problems.push(Problem::new(place.pointer.clone(), what, "mend the path"));
            return;
        }
    };
    twice(root, place, problems);
    let parameters = parameters(root, place);
    let mut setters: BTreeMap<String, String> = BTreeMap::new();
    for (pointer, parameter) in &parameters {
        let text = |name: &str| parameter.get(name).and_then(Value::as_str);
        let (Some(name), Some(location)) = (text("name"), text("in")) else {
            problems.push(Problem::new(
                pointer.clone(),
                "the parameter has no `name` or no `in`",
                "add both",
            ));
            continue;
        };
        match location {
            "path" if !wanted.contains(&name) => problems.push(Problem::new(
                pointer.clone(),
                format!("the path has no `{{{name}}}`"),
                "mend the parameter's name or the path",
            )),
            "header" if !is_header(name) => problems.push(Problem::new(
                child(pointer, "name"),
                format!("`{name}` is not the name of a header"),
                "correct it with the overlay",
            )),
            "path" | "query" | "header" => {}
            other => problems.push(Problem::new(
                pointer.clone(),
                format!("a parameter in `{other}` cannot be sent"),
                "remove it with the overlay; path, query and header parameters are",
            )),
        }
        if parameter.get("schema").is_none() {
            problems.push(Problem::new(
                pointer.clone(),
                format!("the parameter `{name}` has no schema"),
                "add one; parameters described by `content` are not read",
            ));
        }
        let setter = setter(parameter);
        if setter.is_empty() {
            problems.push(Problem::new(
                child(pointer, "name"),
                format!("`{name}` gives no Rust name"),
                "use letters and digits",
            ));
        } else if (setter == "body" && place.operation.get("requestBody").is_some())
            || setters.insert(setter.clone(), pointer.clone()).is_some()
        {
            problems.push(Problem::new(
                child(pointer, "name"),
                format!("two parts of the request would be set by `{setter}`"),
                "rename one of them with `x-rust-name` in the overlay",
            ));
        }
    }
    for name in wanted {
        let declared = parameters.iter().any(|(_, parameter)| {
            parameter.get("in").and_then(Value::as_str) == Some("path")
                && parameter.get("name").and_then(Value::as_str) == Some(name)
        });
        if !declared {
            problems.push(Problem::new(
                place.pointer.clone(),
                format!("the path parameter `{name}` is not declared"),
                "add it to `parameters`",
            ));
        }
    }
}
