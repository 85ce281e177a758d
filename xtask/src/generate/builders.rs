//! Stage 9, client, for builders. In: the operations. Out: the Rust of one builder each.
//!
//! progenitor makes the fields of a builder, its `new` and its setters. It is given an operation as a flat
//! list of parameters, the body among them, under placeholders for all names and types, so that nothing in a
//! document can trip it. `Fill` puts the names in; `prepare`, `send`, `Debug` and the conversion into a call are
//! written here, on linq-client's own runtime.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle, TypeImpl};
use serde_json::{Map, Value, json};
use syn::visit_mut::VisitMut;

use super::docs::{self, literal};
use super::model::{Answer, Api, In, Kind, Operation, Repeat, Style, Type};
use super::{limits, names, types};
use crate::problem::{Problem, Problems};

/// The builders of an API, in the order of its operations.
pub struct Builders(Vec<Builder>);

/// What progenitor made of one operation.
struct Builder {
    item: syn::ItemStruct,
    methods: syn::ItemImpl,
}

impl Builders {
    /// Lets progenitor make all builders.
    ///
    /// # Errors
    ///
    /// An operation that progenitor refuses: a defect of this generator.
    pub fn new(api: &Api) -> Result<Self, Problems> {
        let mut settings = GenerationSettings::new();
        settings.with_interface(InterfaceStyle::Builder);
        let mut types: BTreeMap<String, String> = BTreeMap::new();
        let mut schemas = Map::new();
        let mut paths = Map::new();
        for (index, operation) in api.operations.iter().enumerate() {
            let parameters = sent(operation).enumerate().map(|(index, sent)| {
                let fresh = format!("T{}", types.len());
                let ty = types.entry(used_type(sent.ty)).or_insert_with_key(|ty| {
                    settings.with_replacement(&fresh, ty, std::iter::empty::<TypeImpl>());
                    schemas.insert(fresh.clone(), json!({ "type": "object" }));
                    fresh
                });
                json!({
                    "name": field(index),
                    "in": "query",
                    "required": sent.required,
                    "schema": { "$ref": format!("#/components/schemas/{ty}") },
                })
            });
            let parameters: Vec<Value> = parameters.collect();
            paths.insert(
                format!("/{index}"),
                json!({ "get": {
                    "operationId": format!("op_{index}"),
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
        let document =
            serde_json::from_value(document).map_err(|error| defect(&error.to_string()))?;
        // progenitor panics where it meets what it does not expect; that must not end the program.
        let tokens = catch_unwind(AssertUnwindSafe(|| {
            Generator::new(&settings).generate_tokens(&document)
        }))
        .map_err(|_| defect("progenitor panicked"))?
        .map_err(|error| defect(&error.to_string()))?;
        let file = syn::parse2(tokens).map_err(|error| defect(&error.to_string()))?;
        Self::in_file(file, api.operations.len())
    }

    /// Finds the builders in what progenitor wrote.
    fn in_file(file: syn::File, count: usize) -> Result<Self, Problems> {
        let mut structs = BTreeMap::new();
        let mut impls = BTreeMap::new();
        let builders = file.items.into_iter().find_map(|item| match item {
            syn::Item::Mod(module) if module.ident == "builder" => module.content,
            _ => None,
        });
        for item in builders.into_iter().flat_map(|(_, items)| items) {
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
        let builders = (0..count).map(|index| {
            let name = placeholder(index);
            match (structs.remove(&name), impls.remove(&name)) {
                (Some(item), Some(methods)) => Ok(Builder { item, methods }),
                _ => Err(defect("progenitor left out a builder")),
            }
        });
        builders.collect::<Result<_, _>>().map(Self)
    }

    /// Writes the builder of the operation at an index.
    ///
    /// # Errors
    ///
    /// A builder that is not Rust: a defect of this generator.
    pub fn emit(&self, api: &Api, index: usize, operation: &Operation) -> Result<String, Problems> {
        let Some(Builder { item, methods }) = self.0.get(index) else {
            return Err(defect("an operation has no builder"));
        };
        let (mut item, mut methods) = (item.clone(), methods.clone());
        let mut fill = Fill::new(index, operation)?;
        fill.visit_item_struct_mut(&mut item);
        fill.visit_item_impl_mut(&mut methods);
        item.attrs = attributes(&[format!(
            "Builds a call of [`Client::{name}`](crate::Client::{name}).",
            name = operation.name
        )]);
        item.attrs.push(syn::parse_quote!(#[derive(Clone)]));
        item.attrs
            .push(syn::parse_quote!(#[must_use = "nothing is sent before `send`"]));
        for entry in &mut methods.items {
            if let syn::ImplItem::Fn(method) = entry {
                self::method(method, operation)?;
            }
        }
        methods
            .items
            .push(syn::ImplItem::Fn(parsed(&prepare(api, operation))?));
        let items = vec![
            syn::Item::Struct(item),
            syn::Item::Impl(methods),
            syn::Item::Impl(parsed(&conversion(operation))?),
            syn::Item::Impl(parsed(&debug(operation))?),
        ];
        let text = prettyplease::unparse(&syn::File {
            shebang: None,
            frontmatter: None,
            attrs: Vec::new(),
            items,
        });
        Ok(spaced(&text))
    }
}

/// Something that a builder has a setter for: a parameter or the body.
struct Sent<'a> {
    name: &'a str,
    ty: &'a Type,
    required: bool,
    docs: Vec<String>,
    deprecated: bool,
}

/// What an operation sends: its parameters, and then its body.
fn sent(operation: &Operation) -> impl Iterator<Item = Sent<'_>> {
    let parameters = operation.parameters.iter().map(|parameter| Sent {
        name: &parameter.name,
        ty: &parameter.ty,
        required: parameter.required,
        docs: setter_docs(
            &docs::code(&parameter.wire),
            parameter.required,
            &parameter.description,
            &limits::unsaid(&parameter.limits, &parameter.description).join(" "),
        ),
        deprecated: parameter.deprecated,
    });
    let body = operation.body.iter().map(|body| Sent {
        name: "body",
        ty: &body.ty,
        required: body.required,
        docs: setter_docs("the request's body", body.required, &body.description, ""),
        deprecated: false,
    });
    parameters.chain(body)
}

fn setter_docs(what: &str, required: bool, description: &str, limits: &str) -> Vec<String> {
    let needed = if required { "; it must be set" } else { "" };
    let mut lines = vec![format!("Sets {what}{needed}.")];
    for more in [docs::lines(description), docs::lines(limits)] {
        if !more.is_empty() {
            lines.push(String::new());
            lines.extend(more);
        }
    }
    lines
}

/// The name that progenitor is given for what an operation sends.
fn field(index: usize) -> String {
    // progenitor sorts by name.
    format!("p_{index:04}")
}

/// The name that progenitor gives to a builder.
fn placeholder(index: usize) -> String {
    format!("Op{index}")
}

/// Puts names in place of placeholders, and reasons in place of texts that say why there is no value.
struct Fill {
    names: BTreeMap<String, syn::Ident>,
    /// Why there is no value, in the method at hand.
    reason: syn::Expr,
}

impl Fill {
    fn new(index: usize, operation: &Operation) -> Result<Self, Problems> {
        let sent = sent(operation).enumerate();
        let mut names = sent
            .map(|(index, sent)| Ok((field(index), parsed(sent.name)?)))
            .collect::<Result<BTreeMap<_, _>, Problems>>()?;
        let builder = names::builder_name(&operation.name);
        names.insert(placeholder(index), parsed(&builder)?);
        let reason = syn::parse_quote!(support::Reason::NotConverted);
        Ok(Self { names, reason })
    }
}

impl VisitMut for Fill {
    fn visit_ident_mut(&mut self, ident: &mut syn::Ident) {
        if let Some(name) = self.names.get(&ident.to_string()) {
            *ident = name.clone();
        }
    }

    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        let last = path.segments.last().filter(|_| path.segments.len() > 1);
        if let Some(last) = last.filter(|last| last.ident == "Client" || last.ident == "TryInto") {
            *path = last.clone().into();
        }
        syn::visit_mut::visit_path_mut(self, path);
    }

    fn visit_field_mut(&mut self, field: &mut syn::Field) {
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

    fn visit_impl_item_fn_mut(&mut self, method: &mut syn::ImplItemFn) {
        self.reason = if method.sig.ident == "new" {
            syn::parse_quote!(support::Reason::NotSet)
        } else {
            syn::parse_quote!(support::Reason::NotConverted)
        };
        syn::visit_mut::visit_impl_item_fn_mut(self, method);
    }

    fn visit_field_value_mut(&mut self, field: &mut syn::FieldValue) {
        if let (syn::Member::Named(name), syn::Expr::Path(value)) = (&field.member, &field.expr)
            && value.path.is_ident(name)
        {
            field.colon_token = None;
        }
        syn::visit_mut::visit_field_value_mut(self, field);
    }

    fn visit_expr_mut(&mut self, expression: &mut syn::Expr) {
        if let syn::Expr::MethodCall(call) = expression
            && call.method == "to_string"
            && matches!(*call.receiver, syn::Expr::Lit(_))
        {
            *expression = self.reason.clone();
        }
        syn::visit_mut::visit_expr_mut(self, expression);
    }
}

/// Finishes one of progenitor's methods.
fn method(method: &mut syn::ImplItemFn, operation: &Operation) -> Result<(), Problems> {
    match method.sig.ident.to_string().as_str() {
        "new" => method.vis = syn::parse_quote!(pub(crate)),
        "send" => *method = parsed(&send(operation))?,
        name => {
            if let Some(sent) = sent(operation).find(|sent| sent.name == name) {
                method.attrs = attributes(&sent.docs);
                if sent.deprecated {
                    let why = "the API calls this parameter deprecated";
                    method.attrs.push(syn::parse_quote!(#[deprecated = #why]));
                }
            }
        }
    }
    Ok(())
}

fn attributes(lines: &[String]) -> Vec<syn::Attribute> {
    let lines = lines.iter().map(|line| {
        let space = if line.is_empty() { "" } else { " " };
        let line = format!("{space}{line}");
        syn::parse_quote!(#[doc = #line])
    });
    lines.collect()
}

/// The method that sends, on the crate's own runtime.
///
/// It is no `async fn`, whose future would hold all parameters until the response is there.
fn send(operation: &Operation) -> String {
    let (response, error) = (response(operation).0, error(operation));
    let doc = format!(" Sends the request: {}.", docs::code(&operation.endpoint()));
    let errors = format!(" See [`Client::{0}`](crate::Client::{0}).", operation.name);
    format!(
        "#[doc = {}]\n#[doc = \"\"]\n#[doc = \" # Errors\"]\n#[doc = \"\"]\n#[doc = {}]\n\
         pub fn send(self) \
         -> impl Future<Output = Result<Response<{response}>, Error<{error}>>> + Send + use<'a> {{\n\
         let client = self.client;\nself.prepare().send(client)\n}}",
        literal(&doc),
        literal(&errors),
    )
}

/// The method that collects the parameters.
fn prepare(api: &Api, operation: &Operation) -> String {
    let mut steps = String::new();
    for parameter in &operation.parameters {
        let (name, wire) = (&parameter.name, literal(&parameter.wire));
        let required = if parameter.required { "_required" } else { "" };
        let _ = match (parameter.location, &parameter.ty) {
            (In::Path, _) => writeln!(steps, "call.path({wire}, self.{name});"),
            (In::Query, Type::List(_)) => {
                let style = match parameter.style {
                    Style::Repeated => "Repeated",
                    Style::Commas => "Joined",
                    Style::Spaces => "Spaces",
                    Style::Pipes => "Pipes",
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
    let ((response, how), error) = (response(operation), error(operation));
    let mutable = if steps.is_empty() { "" } else { "mut " };
    format!(
        "#[doc = \" Returns the call, to be sent later; what is missing or invalid is reported then.\"]\n\
         pub fn prepare(self) -> support::Prepared<{response}, {error}> {{\n\
         let {mutable}call = support::Parameters::new(&operations::{});\n{steps}call.{how}()\n}}",
        names::constant_name(&operation.name),
    )
}

/// The conversion of a builder into its call.
fn conversion(operation: &Operation) -> String {
    let (response, error) = (response(operation).0, error(operation));
    let builder = names::builder_name(&operation.name);
    format!(
        "impl From<{builder}<'_>> for support::Prepared<{response}, {error}> {{\n\
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

/// `Debug`, which says what is set and never to what.
fn debug(operation: &Operation) -> String {
    let builder = names::builder_name(&operation.name);
    let fields: String = sent(operation)
        .map(|Sent { name, required, .. }| {
            let how = if required { "required" } else { "optional" };
            format!(".{how}(\"{name}\", &self.{name})")
        })
        .collect();
    format!(
        "impl std::fmt::Debug for {builder}<'_> {{\n\
         fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n\
         support::Redacted::new(formatter, \"{builder}\"){fields}.finish()\n}}\n}}"
    )
}

/// The type of an operation's response, and the method of a call that gives it.
fn response(operation: &Operation) -> (String, &'static str) {
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

/// Adds the blank lines that prettyplease leaves out between methods.
fn spaced(text: &str) -> String {
    let mut out = String::from("\n");
    let mut inside = false;
    for line in text.lines() {
        let begins = line.starts_with("    ///") || line.starts_with("    pub");
        if (begins && inside) || line.starts_with("impl") {
            out.push('\n');
        }
        inside = line == "    }";
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn parsed<T: syn::parse::Parse>(text: &str) -> Result<T, Problems> {
    syn::parse_str(text).map_err(|error| defect(&format!("`{text}` is not Rust: {error}")))
}

fn defect(what: &str) -> Problems {
    let help = "this is a defect of the generator; report it with the document";
    Problem::new("", what, help).into()
}
