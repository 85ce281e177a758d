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
    if root.get("paths").is_none() && root.get("webhooks").is_none() {
        problems.push(Problem::new(
            "",
            "the document has neither `paths` nor `webhooks`",
            "name a complete OpenAPI document",
        ));
    }
    references(root, &mut problems);
    keywords::check(root, losses, &mut problems);
    // What follows relies on references that lead somewhere and values of the right kind.
    problems.clone().into_result()?;
    operations(root, losses, &mut problems);
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

fn operations(root: &Value, losses: &Losses, problems: &mut Problems) {
    let mut builders: BTreeMap<String, String> = BTreeMap::new();
    for place in places(root) {
        let name = method(place.operation);
        let builder = names::builder_name(&name);
        let pointer = child(&place.pointer, "operationId");
        let id = place.operation.get("operationId").and_then(Value::as_str);
        match (id, builders.get(&builder)) {
            (None, _) => {
                let what = "the operation has no `operationId`, so its method has no name";
                let id = names::method_name(&format!("{} {}", place.method, place.path));
                let change = format!("update:\n      operationId: {id}");
                let action = losses.rename(&place.pointer, &change, what);
                let help = format!("add one in openapi/overlay.yaml:\n{action}");
                problems.push(Problem::new(place.pointer.clone(), what, help));
            }
            (Some(_), _) if !names::is_method_name(&name) => {
                let what = "`operationId` gives no Rust name of 1 to 200 characters";
                let words: String = place.path.chars().take(80).collect();
                let free = names::method_name(&format!("{} {words}", place.method));
                let help = choose(losses, place.operation, &place.pointer, what, &free);
                problems.push(Problem::new(pointer, what, help));
            }
            (Some(_), Some(other)) => {
                let what =
                    format!("the method `{name}` or its builder exists already, from {other}");
                let is_taken = |name: &str| builders.contains_key(&names::builder_name(name));
                let free = numbered(&name, is_taken);
                let help = choose(losses, place.operation, &place.pointer, &what, &free);
                problems.push(Problem::new(pointer, what, help));
            }
            (Some(_), None) => {
                builders.insert(builder, pointer);
            }
        }
        check_parameters(root, &place, losses, problems);
    }
}

/// The help for a name: the overlay action that chooses another.
fn choose(losses: &Losses, object: &Value, pointer: &str, what: &str, name: &str) -> String {
    let change = rename::update(object, &Value::from(name));
    let action = losses.rename(pointer, &change, what);
    format!(
        "choose a name in Rust in openapi/overlay.yaml, which changes nothing that is sent:\n{action}"
    )
}

/// A name with a number behind it, so that it is not taken.
fn numbered(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut number = 2;
    loop {
        let numbered = format!("{name}_{number}");
        if !is_taken(&numbered) {
            return numbered;
        }
        number += 1;
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
    !name.is_empty()
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn check_parameters(root: &Value, place: &Place<'_>, losses: &Losses, problems: &mut Problems) {
    let wanted = match template(place.path) {
        Ok(names) => names,
        Err(what) => {
            problems.push(Problem::new(
                place.pointer.clone(),
                what,
                "correct the path",
            ));
            return;
        }
    };
    twice(root, place, problems);
    let parameters = parameters(root, place);
    let mut setters: BTreeMap<String, String> = BTreeMap::new();
    if place.operation.get("requestBody").is_some() {
        setters.insert("body".to_owned(), child(&place.pointer, "requestBody"));
    }
    for (index, (pointer, parameter)) in parameters.iter().enumerate() {
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
                "correct the parameter's name or the path",
            )),
            "header" if !is_header(name) => problems.push(Problem::new(
                child(pointer, "name"),
                format!("`{name}` is not the name of a header"),
                "correct it with the overlay",
            )),
            _ => {}
        }
        if parameter
            .get("schema")
            .or(parameter.get("content"))
            .is_none()
        {
            let what = format!("the parameter `{name}` has no schema");
            problems.push(Problem::new(pointer.clone(), what, "add one"));
        }
        let setter = setter(parameter);
        let (what, free) = match setters.get(&setter) {
            _ if setter.is_empty() => {
                let what = format!("`{name}` gives no Rust name");
                (what, format!("parameter_{}", index + 1))
            }
            Some(other) => {
                let what = format!("`{name}` is set by `{setter}`, and so is {other}");
                (what, numbered(&setter, |name| setters.contains_key(name)))
            }
            None => {
                setters.insert(setter, pointer.clone());
                continue;
            }
        };
        // What several operations share is named where it stands.
        let defined = root.pointer(pointer.trim_start_matches('#'));
        let defined = defined.and_then(|parameter| parameter.get("$ref")?.as_str());
        let help = choose(losses, parameter, defined.unwrap_or(pointer), &what, &free);
        problems.push(Problem::new(child(pointer, "name"), what, help));
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
