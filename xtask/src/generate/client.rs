//! Stage 9, client. In: the API. Out: the files of `linq-client`, one for each area, and the
//! table of operations.
//!
//! The methods of the client and the table are written here; the builders come from [`super::builders`].

use std::fmt::Write;

use super::builders::Builders;
use super::docs::{self, literal};
use super::format::Files;
use super::model::{Answer, Api, Operation, Repeat, Status, Type};
use super::names;
use crate::problem::Problems;

/// Where the files stand.
pub const FOLDER: &str = "crates/linq-client/src/generated";

/// Where Linq serves the API, for documents that do not say it.
const SERVER: &str = "https://api.linqapp.com/api/partner";

/// Writes the files of all operations.
///
/// # Errors
///
/// An operation that progenitor refuses: a defect of this generator.
pub fn emit(api: &Api) -> Result<Files, Problems> {
    let builders = Builders::new(api)?;
    let mut files = Files::default();
    let mut root = String::from(
        "//! The operations of the API, by area.\n\n\
         #![allow(\n    clippy::self_named_constructors,\n    clippy::should_implement_trait,\n    \
         clippy::type_complexity,\n    reason = \"names and types are those of the API\"\n)]\n\n",
    );
    let mut exports = String::new();
    for (area, description) in &api.areas {
        let operations: Vec<(usize, &Operation)> = api
            .operations
            .iter()
            .enumerate()
            .filter(|(_, operation)| operation.area == *area)
            .collect();
        if operations.is_empty() {
            continue;
        }
        files.add(
            api,
            &format!("{FOLDER}/{area}.rs"),
            &emit_area(api, &operations, description, &builders)?,
        );
        let _ = writeln!(root, "mod {area};");
        let _ = writeln!(exports, "    pub use super::{area}::builder::*;");
    }
    root.push_str("pub mod operations;\n");
    let glob = if exports.is_empty() { "" } else { "\n" };
    let _ = write!(
        root,
        "\n/// One builder for each operation.\npub mod builder {{{glob}{exports}}}\n"
    );
    let server = api.servers.first().map_or(SERVER, String::as_str);
    let _ = write!(
        root,
        "\n/// Where the API is served.\npub const DEFAULT_BASE_URL: &str = {};\n",
        literal(server)
    );
    let error = api
        .error
        .as_ref()
        .map_or("::serde_json::Value".to_owned(), |name| {
            format!("crate::types::{name}")
        });
    let _ = write!(
        root,
        "\n/// The body of an error response.\npub type ErrorBody = {error};\n"
    );
    files.add(api, &format!("{FOLDER}/mod.rs"), &root);
    files.add(api, &format!("{FOLDER}/operations.rs"), &table(api));
    Ok(files)
}

fn emit_area(
    api: &Api,
    operations: &[(usize, &Operation)],
    description: &str,
    builders: &Builders,
) -> Result<String, Problems> {
    let mut out = String::new();
    for line in docs::lines(description) {
        let _ = writeln!(out, "//! {line}");
    }
    out.push_str("\nuse crate::Client;\n\nimpl Client {\n");
    for (place, (_, operation)) in operations.iter().enumerate() {
        if place > 0 {
            out.push('\n');
        }
        emit_method(&mut out, operation);
    }
    out.push_str("}\n\npub(super) mod builder {\n    //! The builders of this area.\n\n");
    let mut body = String::from(
        "#[allow(unused_imports, reason = \"which names are used differs by area\")]\n\
         use crate::{Client, Error, Response, generated::operations, support, types};\n",
    );
    for (index, operation) in operations {
        body.push_str(&builders.emit(api, *index, operation)?);
    }
    for line in body.lines() {
        let _ = writeln!(out, "{}{line}", if line.is_empty() { "" } else { "    " });
    }
    out.push_str("}\n");
    Ok(out)
}

/// The docs of an operation: what it does, its endpoint, responses and errors.
fn emit_method(out: &mut String, operation: &Operation) {
    let mut lines = docs::lines(&one_line(&operation.summary));
    if lines.is_empty() {
        lines.push(format!("The operation {}.", docs::code(&operation.id)));
    }
    if let Some(last) = lines
        .last_mut()
        .filter(|line| !line.ends_with(['.', '!', '?', '|']) && !line.starts_with("```"))
    {
        last.push('.');
    }
    lines.push(String::new());
    lines.push(docs::code(&operation.endpoint()));
    let described = docs::lines(&operation.description);
    if !described.is_empty() {
        lines.push(String::new());
        lines.extend(described);
    }
    lines.extend([String::new(), "# Responses".to_owned(), String::new()]);
    for status in operation
        .statuses
        .iter()
        .filter(|status| status.is_success())
    {
        lines.extend(response(status, &operation.answer));
    }
    lines.extend([String::new(), "# Errors".to_owned(), String::new()]);
    lines.push(
        "Every status but 2xx; the API's own error is in [`Error::api`](crate::Error::api)."
            .to_owned(),
    );
    lines.push(String::new());
    let error = operation
        .error
        .as_ref()
        .map(|name| Answer::Json(Type::Named(name.clone()), String::new()));
    let error = error.unwrap_or(Answer::Empty);
    for status in operation
        .statuses
        .iter()
        .filter(|status| !status.is_success())
    {
        lines.extend(response(status, &error));
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    docs::push(out, "    ", &lines);
    for alias in aliases(operation) {
        let _ = writeln!(out, "    #[doc(alias = {})]", literal(alias));
    }
    if operation.deprecated {
        out.push_str("    #[deprecated = \"the API calls this operation deprecated\"]\n");
    }
    let builder = names::builder_name(&operation.name);
    let _ = write!(
        out,
        "    pub fn {}(&self) -> builder::{builder}<'_> {{\n        builder::{builder}::new(self)\n    }}\n",
        operation.name
    );
}

/// What a response is: its status and description, the headers that the document names, and its body
/// where it is not read as `expected`.
fn response(status: &Status, expected: &Answer) -> Vec<String> {
    let described = |name: String, description: &str| match one_line(description) {
        text if text.is_empty() => name,
        text => format!("{name}: {text}"),
    };
    let name = format!("- `{}`", status.code);
    let mut text = described(name, &status.description);
    for header in &status.headers {
        let mut name = format!("\n  - header {}", docs::code(&header.name));
        if !header.kind.is_empty() {
            let _ = write!(name, " ({})", header.kind);
        }
        text.push_str(&described(name, &header.description));
    }
    let mut lines = docs::lines(&text);
    match (&status.body, expected) {
        (Answer::Json(ty, _), Answer::Json(expected, _)) if ty == expected => {}
        (Answer::Json(ty, _), _) if status.is_success() => {
            lines.push(format!("  - body: {}", shown(ty)));
        }
        (Answer::Json(ty, _), _) => lines.push(format!(
            "  - body: {}, see [`Error::body`](crate::Error::body)",
            shown(ty)
        )),
        _ => {}
    }
    lines
}

/// A type with a link to it, as docs of linq-client name it.
fn shown(ty: &Type) -> String {
    match ty {
        Type::Named(name) => format!("[`{name}`](crate::types::{name})"),
        other => docs::code(&other.rust()),
    }
}

/// The other names of an operation that rustdoc accepts.
fn aliases(operation: &Operation) -> Vec<&str> {
    let mut aliases = vec![operation.id.as_str()];
    aliases.extend(operation.aliases.iter().map(String::as_str));
    let mut accepted: Vec<&str> = Vec::new();
    for alias in aliases {
        let is_text = !alias.contains(|c: char| c == '"' || c == '\'' || c.is_control())
            && !alias.contains(|c: char| c.is_whitespace() && c != ' ');
        let is_whole = !alias.is_empty() && alias.trim() == alias;
        // rustdoc refuses an alias that is the name itself.
        if is_text && is_whole && alias != operation.name && !accepted.contains(&alias) {
            accepted.push(alias);
        }
    }
    accepted
}

fn one_line(text: &str) -> String {
    text.split("\n\n")
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn repeat(repeat: &Repeat) -> String {
    let place = |place: &Option<String>| {
        place.as_ref().map_or_else(
            || "None".to_owned(),
            |place| format!("Some({})", literal(place)),
        )
    };
    match repeat {
        Repeat::Read => "Repeat::Read".to_owned(),
        Repeat::Idempotent => "Repeat::Idempotent".to_owned(),
        Repeat::Keyed { header, body } => {
            format!("Repeat::keyed({}, {})", place(header), place(body))
        }
        Repeat::Once => "Repeat::Once".to_owned(),
    }
}

/// The table of all operations.
fn table(api: &Api) -> String {
    let mut out = String::from("//! What each operation is: its method, path and media type.\n\n");
    out.push_str("use reqwest::Method;\n\nuse crate::{Operation, Repeat};\n");
    let mut names = String::new();
    for operation in &api.operations {
        let accept = match &operation.answer {
            Answer::Empty => "None".to_owned(),
            Answer::Json(_, media) | Answer::Bytes(media) => format!("Some({})", literal(media)),
        };
        let body = operation.body.as_ref().map(|body| &body.media);
        let sending = body
            .filter(|media| *media != "application/json")
            .map(|media| format!("\n.sending({})", literal(media)))
            .unwrap_or_default();
        let repeat = repeat(&operation.repeat);
        let constant = names::constant_name(&operation.name);
        let _ = write!(
            out,
            "\n/// {endpoint}\npub const {constant}: Operation = Operation::new(\n    {},\n    {},\n    \
             Method::{method},\n    {},\n    {},\n    {accept},\n    {repeat},\n){sending};\n",
            literal(&operation.name),
            literal(&operation.id),
            literal(&operation.path),
            literal(&operation.tag),
            endpoint = docs::code(&operation.endpoint()),
            method = operation.method,
        );
        let _ = writeln!(names, "    &{constant},");
    }
    let _ = write!(
        out,
        "\n/// All operations, in the document's order.\npub const ALL: &[&Operation] = &[\n{names}];\n"
    );
    out
}
