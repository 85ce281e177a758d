//! Stage 9, client. In: the API. Out: the files of `linq-client`, one for each area, and the
//! table of operations.
//!
//! progenitor makes the builders and their setters. It is given each operation with all that it
//! sends as one flat list of parameters, and every named type replaced by its path in linq-types,
//! so nothing of a document's schemas can trip it. A pass over its output then adds the docs and
//! writes `prepare` and `send` on the crate's own runtime, which keeps the status, headers and body
//! of every response.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use heck::ToShoutySnakeCase;
use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle, TypeImpl};
use serde_json::{Map, Value, json};
use syn::visit_mut::VisitMut;

use super::docs::{self, literal};
use super::format::Files;
use super::model::{Answer, Api, In, Kind, Operation, Parameter, Repeat, Type};
use super::{names, types};
use crate::problem::{Problem, Problems};

/// Where the files stand.
pub const FOLDER: &str = "crates/linq-client/src/generated";

/// Writes the files of all operations.
///
/// # Errors
///
/// An operation that progenitor does not take: a defect of this generator.
pub fn emit(api: &Api) -> Result<Files, Problems> {
    let builders = builders(api)?;
    let mut files = Files::default();
    let mut root = String::from("//! The operations of the API, by area.\n\n");
    let mut exports = String::new();
    for (area, description) in &api.areas {
        let operations: Vec<&Operation> = api
            .operations
            .iter()
            .filter(|operation| operation.area == *area)
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
    let error = api
        .error
        .as_ref()
        .map_or("serde_json::Value".to_owned(), |name| {
            format!("linq_types::{name}")
        });
    let _ = write!(
        root,
        "\n/// The body of an error response.\npub type ErrorBody = {error};\n"
    );
    files.add(api, &format!("{FOLDER}/mod.rs"), &root);
    files.add(api, &format!("{FOLDER}/operations.rs"), &table(api));
    Ok(files)
}

/// What progenitor makes of one operation.
struct Builder {
    item: syn::ItemStruct,
    methods: syn::ItemImpl,
}

/// Lets progenitor make all builders, by the name of their method.
fn builders(api: &Api) -> Result<BTreeMap<String, Builder>, Problems> {
    let refuse = |what: String| {
        let help = "this is a defect of the generator; report it with the document";
        Problems::from(Problem::new("", format!("progenitor: {what}"), help))
    };
    let mut settings = GenerationSettings::new();
    settings.with_interface(InterfaceStyle::Builder);
    let mut schemas = Map::new();
    let mut keys: BTreeMap<&str, String> = BTreeMap::new();
    for name in api.order.iter() {
        let key = format!("T{}", keys.len());
        settings.with_replacement(
            &key,
            format!("linq_types::{name}"),
            std::iter::empty::<TypeImpl>(),
        );
        schemas.insert(key.clone(), json!({ "type": "object" }));
        keys.insert(name, key);
    }
    let mut paths = Map::new();
    for (index, operation) in api.operations.iter().enumerate() {
        let sent = |name: &str, ty: &Type, required: bool| json!({ "name": name, "in": "query", "required": required, "schema": schema(ty, &keys) });
        let mut parameters: Vec<Value> = operation
            .parameters
            .iter()
            .map(|parameter| sent(&parameter.name, &parameter.ty, parameter.required))
            .collect();
        if let Some(body) = &operation.body {
            parameters.push(sent("body", &body.ty, body.required));
        }
        paths.insert(
            format!("/{index}"),
            json!({ "get": {
                "operationId": operation.name,
                "parameters": parameters,
                "responses": { "2XX": { "description": "" } },
            } }),
        );
    }
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": "", "version": "" },
        "paths": paths,
        "components": { "schemas": schemas },
    });
    let document = serde_json::from_value(document).map_err(|error| refuse(error.to_string()))?;
    // progenitor panics where it meets what it does not expect; that must not end the program.
    let tokens = catch_unwind(AssertUnwindSafe(|| {
        Generator::new(&settings).generate_tokens(&document)
    }))
    .map_err(|_| refuse("it panicked".to_owned()))?
    .map_err(|error| refuse(error.to_string()))?;
    let file: syn::File = syn::parse2(tokens).map_err(|error| refuse(error.to_string()))?;
    let mut structs = BTreeMap::new();
    let mut impls = BTreeMap::new();
    for item in builder_items(file) {
        match item {
            syn::Item::Struct(item) => {
                structs.insert(item.ident.to_string(), item);
            }
            syn::Item::Impl(item) => {
                if let syn::Type::Path(path) = &*item.self_ty
                    && let Some(segment) = path.path.segments.last()
                {
                    impls.insert(segment.ident.to_string(), item);
                }
            }
            _ => {}
        }
    }
    let mut found = BTreeMap::new();
    for operation in &api.operations {
        let name = names::builder_name(&operation.name);
        match (structs.remove(&name), impls.remove(&name)) {
            (Some(item), Some(methods)) => {
                found.insert(operation.name.clone(), Builder { item, methods });
            }
            _ => return Err(refuse(format!("it made no builder `{name}`"))),
        }
    }
    Ok(found)
}

fn builder_items(file: syn::File) -> Vec<syn::Item> {
    file.items
        .into_iter()
        .find_map(|item| match item {
            syn::Item::Mod(module) if module.ident == "builder" => {
                module.content.map(|(_, items)| items)
            }
            _ => None,
        })
        .unwrap_or_default()
}

/// The schema that makes progenitor use a type.
fn schema(ty: &Type, keys: &BTreeMap<&str, String>) -> Value {
    match ty {
        Type::String => json!({ "type": "string" }),
        Type::Uuid => json!({ "type": "string", "format": "uuid" }),
        Type::DateTime => json!({ "type": "string", "format": "date-time" }),
        Type::Date => json!({ "type": "string", "format": "date" }),
        Type::I64 => json!({ "type": "integer", "format": "int64" }),
        Type::I32 => json!({ "type": "integer", "format": "int32" }),
        Type::F64 => json!({ "type": "number", "format": "double" }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Any => json!({}),
        Type::Object => json!({ "type": "object" }),
        Type::List(item) => json!({ "type": "array", "items": schema(item, keys) }),
        Type::Map(value) => {
            json!({ "type": "object", "additionalProperties": schema(value, keys) })
        }
        Type::OrNull(inner) => schema(inner, keys),
        Type::Named(name) => match keys.get(name.as_str()) {
            Some(key) => json!({ "$ref": format!("#/components/schemas/{key}") }),
            None => json!({}),
        },
    }
}

fn emit_area(
    api: &Api,
    operations: &[&Operation],
    description: &str,
    builders: &BTreeMap<String, Builder>,
) -> Result<String, Problems> {
    let mut out = String::new();
    for line in docs::lines(description) {
        let _ = writeln!(out, "//! {line}");
    }
    out.push_str("\nuse crate::Client;\n\nimpl Client {\n");
    for (index, operation) in operations.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        emit_method(&mut out, operation);
    }
    out.push_str("}\n\npub(super) mod builder {\n    //! The builders of this area.\n\n");
    let mut body = String::from(
        "#[allow(unused_imports, reason = \"which names are used differs by area\")]\n\
         use crate::{Client, Error, Response, generated::operations, support, types};\n",
    );
    for operation in operations {
        if let Some(builder) = builders.get(&operation.name) {
            body.push_str(&emit_builder(api, operation, builder)?);
        }
    }
    body.push_str("\nsupport::opaque_builders! {\n");
    for operation in operations {
        let _ = writeln!(body, "    {}", names::builder_name(&operation.name));
    }
    body.push_str("}\n");
    for line in body.lines() {
        let _ = writeln!(out, "{}{line}", if line.is_empty() { "" } else { "    " });
    }
    out.push_str("}\n");
    Ok(out)
}

/// The docs of an operation: what it does, its endpoint, responses and errors.
fn emit_method(out: &mut String, operation: &Operation) {
    let mut lines = docs::lines(&operation.summary);
    if lines.is_empty() {
        lines.push(format!("The operation `{}`.", operation.id));
    }
    if let Some(last) = lines
        .last_mut()
        .filter(|line| !line.ends_with(['.', '!', '?']))
    {
        last.push('.');
    }
    lines.push(String::new());
    lines.push(format!("`{} {}`", operation.method, operation.path));
    let described = docs::lines(&operation.description);
    if !described.is_empty() {
        lines.push(String::new());
        lines.extend(described);
    }
    let listed = |lines: &mut Vec<String>, is_error: bool| {
        for (status, description) in &operation.statuses {
            if status.starts_with('2') != is_error {
                let text = docs::lines(&format!("- `{status}`: {}", one_line(description)));
                lines.extend(text);
            }
        }
    };
    lines.extend([String::new(), "# Responses".to_owned(), String::new()]);
    listed(&mut lines, false);
    lines.extend([String::new(), "# Errors".to_owned(), String::new()]);
    lines.push(
        "Every status but 2xx; the API's own error is in [`Error::api`](crate::Error::api)."
            .to_owned(),
    );
    lines.push(String::new());
    listed(&mut lines, true);
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    docs::push(out, "    ", &lines);
    if operation.id != operation.name {
        let _ = writeln!(out, "    #[doc(alias = {})]", literal(&operation.id));
    }
    // rustdoc refuses an alias that is the name itself.
    let is_other = |alias: &&String| **alias != operation.name && **alias != operation.id;
    for alias in operation.aliases.iter().filter(is_other) {
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

fn one_line(text: &str) -> String {
    text.split("\n\n")
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

fn emit_builder(api: &Api, operation: &Operation, builder: &Builder) -> Result<String, Problems> {
    let mut item = builder.item.clone();
    let mut methods = builder.methods.clone();
    item.attrs = attributes(&[format!(
        "Sends [`Client::{name}`](crate::Client::{name}), once it has all it needs.",
        name = operation.name
    )]);
    item.attrs.push(syn::parse_quote!(#[derive(Clone)]));
    item.attrs
        .push(syn::parse_quote!(#[must_use = "nothing is sent before `send`"]));
    for entry in &mut methods.items {
        let syn::ImplItem::Fn(method) = entry else {
            continue;
        };
        let name = method.sig.ident.to_string();
        match name.as_str() {
            "new" => method.vis = syn::parse_quote!(pub(crate)),
            "send" => *method = method_of(operation, &send(operation))?,
            name => method.attrs = attributes(&setter_docs(operation, name)),
        }
    }
    let prepare = method_of(operation, &prepare(api, operation))?;
    methods.items.push(syn::ImplItem::Fn(prepare));
    let conversion = conversion(operation);
    let conversion = syn::parse_str(&conversion).map_err(|error| not_rust(operation, &error))?;
    let mut file = syn::File {
        shebang: None,
        frontmatter: None,
        attrs: Vec::new(),
        items: vec![
            syn::Item::Struct(item),
            syn::Item::Impl(methods),
            syn::Item::Impl(conversion),
        ],
    };
    Tidy.visit_file_mut(&mut file);
    let text = prettyplease::unparse(&file);
    // prettyplease leaves no blank lines between methods, and progenitor writes paths in full.
    let mut out = String::from("\n");
    let mut inside = false;
    for line in text.lines() {
        let begins = line.starts_with("    ///") || line.starts_with("    pub");
        if begins && inside {
            out.push('\n');
        }
        inside = line == "    }";
        if line.starts_with("impl") {
            out.push('\n');
        }
        out.push_str(&shorter(line));
        out.push('\n');
    }
    Ok(out)
}

/// Paths as a person writes them.
fn shorter(line: &str) -> String {
    if line.trim_start().starts_with("///") {
        return line.to_owned();
    }
    [
        ("::std::string::String", "String"),
        ("::std::vec::Vec", "Vec"),
        ("::uuid::Uuid", "uuid::Uuid"),
        (
            "::chrono::DateTime<::chrono::offset::Utc>",
            "chrono::DateTime<chrono::Utc>",
        ),
        ("::chrono::naive::NaiveDate", "chrono::NaiveDate"),
        ("::serde_json::", "serde_json::"),
        ("std::convert::TryInto", "TryInto"),
        ("linq_types::", "types::"),
    ]
    .iter()
    .fold(line.to_owned(), |line, (long, short)| {
        line.replace(long, short)
    })
}

fn attributes(lines: &[String]) -> Vec<syn::Attribute> {
    lines
        .iter()
        .map(|line| {
            let line = if line.is_empty() {
                String::new()
            } else {
                format!(" {line}")
            };
            syn::parse_quote!(#[doc = #line])
        })
        .collect()
}

fn setter_docs(operation: &Operation, name: &str) -> Vec<String> {
    let parameter = operation
        .parameters
        .iter()
        .find(|parameter| parameter.name == name);
    let (described, limits, wire, required) = match parameter {
        Some(Parameter {
            description,
            limits,
            wire,
            required,
            ..
        }) => (
            description.as_str(),
            limits.join(" "),
            wire.as_str(),
            *required,
        ),
        None => {
            let body = operation.body.as_ref();
            let description = body.map_or("", |body| body.description.as_str());
            (
                description,
                String::new(),
                "body",
                body.is_some_and(|body| body.required),
            )
        }
    };
    let what = if wire == "body" {
        "the request's body".to_owned()
    } else {
        format!("`{wire}`")
    };
    let needed = if required { "; it must be set" } else { "" };
    let mut lines = vec![format!("Sets {what}{needed}.")];
    let described = docs::lines(described);
    if !described.is_empty() {
        lines.push(String::new());
        lines.extend(described);
    }
    if !limits.is_empty() {
        lines.extend([String::new(), limits]);
    }
    lines
}

/// The method that sends, on the crate's own runtime.
///
/// It is no `async fn`, whose future would hold all parameters until the answer is there.
fn send(operation: &Operation) -> String {
    let (answer, error) = (answer(operation).0, error(operation));
    let doc = format!(
        " Sends the request: `{} {}`.",
        operation.method, operation.path
    );
    let errors = format!(" See [`Client::{0}`](crate::Client::{0}).", operation.name);
    format!(
        "#[doc = {}]\n#[doc = \"\"]\n#[doc = \" # Errors\"]\n#[doc = \"\"]\n#[doc = {}]\n\
         pub fn send(self) \
         -> impl Future<Output = Result<Response<{answer}>, Error<{error}>>> + Send + use<'a> {{\n\
         let client = self.client;\nself.prepare().send(client)\n}}",
        literal(&doc),
        literal(&errors),
    )
}

/// The method that collects the parameters.
fn prepare(api: &Api, operation: &Operation) -> String {
    let mut steps = String::new();
    for parameter in &operation.parameters {
        let Parameter { name, wire, .. } = parameter;
        let wire = literal(wire);
        let required = if parameter.required { "_required" } else { "" };
        let _ = match (parameter.location, &parameter.ty) {
            (In::Path, _) => writeln!(steps, "call.path({wire}, self.{name});"),
            (In::Query, Type::List(_)) => {
                let style = if parameter.joined {
                    "Joined"
                } else {
                    "Repeated"
                };
                writeln!(
                    steps,
                    "call.query_list{required}({wire}, self.{name}, support::ListStyle::{style});"
                )
            }
            (In::Query, _) => writeln!(steps, "call.query{required}({wire}, self.{name});"),
            (In::Header, _) => writeln!(steps, "call.header{required}({wire}, self.{name});"),
        };
    }
    if let Some(body) = &operation.body {
        let optional = if body.required { "" } else { "_optional" };
        let _ = match key_field(api, operation) {
            Some(key) => writeln!(steps, "call.keyed_body(self.body, |body| {key});"),
            None => writeln!(steps, "call.body{optional}(self.body);"),
        };
    }
    let ((answer, how), error) = (answer(operation), error(operation));
    let mutable = if steps.is_empty() { "" } else { "mut " };
    format!(
        "#[doc = \" Returns the call, to be sent later; what is missing or invalid is reported then.\"]\n\
         pub fn prepare(self) -> support::Prepared<{answer}, {error}> {{\n\
         let {mutable}call = support::Parameters::new(&operations::{});\n{steps}call.{how}()\n}}",
        constant(operation),
    )
}

/// The conversion of a builder into its call.
fn conversion(operation: &Operation) -> String {
    let (answer, error) = (answer(operation).0, error(operation));
    let builder = names::builder_name(&operation.name);
    format!(
        "impl From<{builder}<'_>> for support::Prepared<{answer}, {error}> {{\n\
         fn from(builder: {builder}<'_>) -> Self {{\nbuilder.prepare()\n}}\n}}"
    )
}

/// The expression that finds the idempotency key in a body, `None` if there is none.
///
/// A key that is not a plain optional field of a required body is left to the caller.
fn key_field(api: &Api, operation: &Operation) -> Option<String> {
    let Repeat::Keyed {
        body: Some(pointer),
        ..
    } = &operation.repeat
    else {
        return None;
    };
    let body = operation.body.as_ref().filter(|body| body.required)?;
    let mut ty = &body.ty;
    let mut place = "body".to_owned();
    let mut steps = pointer.split('/').skip(1).peekable();
    while let Some(step) = steps.next() {
        let Type::Named(name) = ty else { return None };
        let definition = api.types.get(name)?;
        let Kind::Struct(object) = &definition.kind else {
            return None;
        };
        let wire = step.replace("~1", "/").replace("~0", "~");
        let field = object.fields.iter().find(|field| field.wire == wire)?;
        let rust = types::field_type(definition, field);
        let _ = write!(place, ".{}", field.name);
        if steps.peek().is_none() {
            return (rust == "Option<String>").then(|| format!("Some(&mut {place})"));
        }
        if rust.starts_with("Option<") {
            place.push_str(".as_mut()?");
        } else if rust.starts_with("Nullable<") {
            return None;
        }
        ty = &field.ty;
    }
    None
}

/// The type of an operation's response, and the method of the parameters that reads it.
fn answer(operation: &Operation) -> (String, &'static str) {
    match &operation.answer {
        Answer::Empty => ("()".to_owned(), "empty"),
        Answer::Json(ty, _) => (used_type(ty), "json"),
        Answer::Bytes(_) => ("bytes::Bytes".to_owned(), "bytes"),
    }
}

/// The type of an operation's error bodies.
fn error(operation: &Operation) -> String {
    operation.error.as_ref().map_or_else(
        || "serde_json::Value".to_owned(),
        |name| format!("types::{name}"),
    )
}

fn method_of(operation: &Operation, text: &str) -> Result<syn::ImplItemFn, Problems> {
    syn::parse_str(text).map_err(|error| not_rust(operation, &error))
}

fn not_rust(operation: &Operation, error: &syn::Error) -> Problems {
    let what = format!("code of `{}` is not Rust: {error}", operation.id);
    let help = "this is a defect of the generator; report it with the document";
    Problem::new("", what, help).into()
}

/// A type as it is called in linq-client.
fn used_type(ty: &Type) -> String {
    match ty {
        Type::Named(name) => format!("types::{name}"),
        Type::List(item) => format!("Vec<{}>", used_type(item)),
        Type::Map(value) => format!("std::collections::BTreeMap<String, {}>", used_type(value)),
        Type::OrNull(inner) => format!("Option<{}>", used_type(inner)),
        Type::Uuid => "uuid::Uuid".to_owned(),
        Type::DateTime => "chrono::DateTime<chrono::Utc>".to_owned(),
        Type::Date => "chrono::NaiveDate".to_owned(),
        Type::Any => "serde_json::Value".to_owned(),
        Type::Object => "serde_json::Map<String, serde_json::Value>".to_owned(),
        scalar => scalar.rust(),
    }
}

fn constant(operation: &Operation) -> String {
    match operation.name.to_shouty_snake_case() {
        // The table itself has that name.
        name if name == "ALL" => "ALL_".to_owned(),
        name => name,
    }
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
        let repeat = repeat(&operation.repeat);
        let constant = constant(operation);
        let _ = write!(
            out,
            "\n/// `{method} {path}`\npub const {constant}: Operation = Operation::new(\n    {},\n    {},\n    \
             Method::{method},\n    {},\n    {},\n    {accept},\n    {repeat},\n);\n",
            literal(&operation.name),
            literal(&operation.id),
            literal(&operation.path),
            literal(&operation.tag),
            method = operation.method,
            path = operation.path,
        );
        let _ = writeln!(names, "    &{constant},");
    }
    let _ = write!(
        out,
        "\n/// All operations, in the document's order.\npub const ALL: &[&Operation] = &[\n{names}];\n"
    );
    out
}

/// Points the builders to the client of the crate, wherever their module stands, and writes their
/// fields as a person would.
struct Tidy;

impl VisitMut for Tidy {
    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if names == ["super", "Client"] {
            *path = syn::parse_quote!(Client);
        }
        syn::visit_mut::visit_path_mut(self, path);
    }

    fn visit_field_value_mut(&mut self, field: &mut syn::FieldValue) {
        // progenitor writes `client: client`.
        if let (syn::Member::Named(name), syn::Expr::Path(value)) = (&field.member, &field.expr)
            && value.path.is_ident(name)
        {
            field.colon_token = None;
        }
        syn::visit_mut::visit_field_value_mut(self, field);
    }

    fn visit_field_mut(&mut self, field: &mut syn::Field) {
        // Why there is no value is one of a few reasons, which need no text on the heap.
        if let syn::Type::Path(ty) = &mut field.ty
            && let Some(result) = ty.path.segments.last_mut()
            && result.ident == "Result"
            && let syn::PathArguments::AngleBracketed(arguments) = &mut result.arguments
            && let Some(reason) = arguments.args.last_mut()
        {
            *reason = syn::parse_quote!(support::Reason);
        }
        syn::visit_mut::visit_field_mut(self, field);
    }

    fn visit_expr_mut(&mut self, expression: &mut syn::Expr) {
        if let syn::Expr::MethodCall(call) = expression
            && call.method == "to_string"
            && let syn::Expr::Lit(text) = &*call.receiver
            && let syn::Lit::Str(text) = &text.lit
        {
            *expression = if text.value().starts_with("conversion to") {
                syn::parse_quote!(support::Reason::NotConverted)
            } else {
                syn::parse_quote!(support::Reason::NotSet)
            };
        }
        syn::visit_mut::visit_expr_mut(self, expression);
    }
}
