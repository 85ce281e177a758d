//! Stage 7, types. In: the API. Out: the files of `linq-types`, one for each area.
//!
//! A type is written as its definition, plain to read, and a line in a macro of the crate's
//! `support` module that gives it what every type of its kind has.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::docs::{self, code, literal};
use super::format::Files;
use super::limits;
use super::model::{Api, Field, Kind, Mixed, Struct, Type, TypeDef, Union, Variant};

/// Where the files stand.
pub const FOLDER: &str = "crates/linq-types/src/generated";

/// What lets variants differ in size.
const LARGE_VARIANTS: &str = "#[allow(\n    clippy::large_enum_variant,\n    \
    reason = \"a box would come and go with the fields that the API adds\"\n)]\n";

/// Writes the files of all types.
pub fn emit(api: &Api) -> Files {
    let mut areas: BTreeMap<&str, String> = BTreeMap::new();
    for definition in api.order.iter().filter_map(|name| api.types.get(name)) {
        let out = areas.entry(&definition.area).or_default();
        emit_type(out, definition);
    }
    let mut files = Files::default();
    let mut root = String::from("//! The types of the API, by area.\n\n");
    let mut modules = String::new();
    for (area, description) in &api.areas {
        let Some(body) = areas.get(area.as_str()) else {
            continue;
        };
        let mut text = String::new();
        for line in docs::lines(description) {
            let _ = writeln!(text, "//! {line}");
        }
        text.push_str(
            "\n#![allow(unused_imports, reason = \"which names are used differs by area\")]\n\n",
        );
        text.push_str("use super::*;\nuse crate::support::prelude::*;\n");
        text.push_str(body);
        files.add(api, &format!("{FOLDER}/{area}.rs"), &text);
        let _ = writeln!(root, "mod {area};");
        let _ = writeln!(modules, "pub use {area}::*;");
    }
    let _ = write!(
        root,
        "mod webhook_event;\n\n{modules}pub use webhook_event::WebhookEvent;\n"
    );
    files.add(api, &format!("{FOLDER}/mod.rs"), &root);
    files
}

fn emit_type(out: &mut String, definition: &TypeDef) {
    out.push('\n');
    let mut lines = docs::lines(&definition.description);
    if lines.is_empty() {
        lines.push(match &definition.kind {
            Kind::Struct(_) => format!("An object `{}` of the API.", definition.name),
            Kind::Enum(_) | Kind::Integers(_) => "One of a set of values.".to_owned(),
            Kind::Union(union) => format!("An object told by its {}.", code(&union.tag)),
            Kind::Mixed(_) => "A value of one of several kinds.".to_owned(),
            Kind::Alias(_) => format!("A value `{}` of the API.", definition.name),
        });
    }
    push_limits(&mut lines, &definition.limits, &definition.description);
    if definition.deprecated {
        lines.extend([String::new(), "**Deprecated** by the API.".to_owned()]);
    }
    docs::push(out, "", &lines);
    for alias in &definition.aliases {
        let _ = writeln!(out, "#[doc(alias = {})]", literal(alias));
    }
    match &definition.kind {
        Kind::Struct(object) => emit_struct(out, definition, object),
        Kind::Enum(variants) => emit_enum(out, &definition.name, variants, true),
        Kind::Integers(variants) => emit_enum(out, &definition.name, variants, false),
        Kind::Mixed(kinds) => emit_mixed(out, &definition.name, kinds),
        Kind::Union(union) => emit_union(out, &definition.name, union),
        Kind::Alias(ty) => {
            let _ = writeln!(out, "pub type {} = {};", definition.name, ty.rust());
        }
    }
}

/// Adds the limits that a description does not give already.
fn push_limits(lines: &mut Vec<String>, limits: &[String], description: &str) {
    let unsaid = limits::unsaid(limits, description);
    if !unsaid.is_empty() {
        lines.extend([String::new(), unsaid.join(" ")]);
    }
}

/// How a field is read and written; the words of the `record!` macro.
pub fn kind(definition: &TypeDef, field: &Field) -> &'static str {
    let only_sent = definition.in_request && !definition.in_answer;
    if field.required && field.read_only && definition.in_request {
        return "optional";
    }
    if field.required && field.write_only && definition.in_answer {
        return match definition.in_request && !field.nullable {
            true => "sent",
            false => "optional",
        };
    }
    match (field.required, field.nullable) {
        (true, false) => "required",
        (true, true) => "nullable",
        (false, true) if only_sent => "patch",
        (false, _) => "optional",
    }
}

fn inner_type(field: &Field) -> String {
    let ty = field.ty.rust();
    if field.boxed {
        format!("Box<{ty}>")
    } else {
        ty
    }
}

/// The type of a field as the struct has it.
pub fn field_type(definition: &TypeDef, field: &Field) -> String {
    let inner = inner_type(field);
    match kind(definition, field) {
        "required" => inner,
        "patch" => format!("Nullable<{inner}>"),
        _ => format!("Option<{inner}>"),
    }
}

/// Whether a struct has a `new`: what is only received comes from JSON, and a new required field
/// must not change a signature.
pub fn is_made(definition: &TypeDef) -> bool {
    definition.in_request || !definition.in_answer
}

/// The fields that `new` takes, in their order.
pub fn arguments<'a>(definition: &TypeDef, object: &'a Struct) -> Vec<&'a Field> {
    object
        .fields
        .iter()
        .filter(|field| ["required", "sent"].contains(&kind(definition, field)))
        .collect()
}

fn emit_struct(out: &mut String, definition: &TypeDef, object: &Struct) {
    let name = &definition.name;
    let is_made = is_made(definition);
    let required = arguments(definition, object);
    let default = if is_made && required.is_empty() {
        ", Default"
    } else {
        ""
    };
    let _ = writeln!(out, "#[derive(Clone, PartialEq{default})]");
    out.push_str("#[non_exhaustive]\n");
    out.push_str("#[cfg_attr(feature = \"schemars\", derive(schemars::JsonSchema))]\n");
    if let Some((tag, value)) = &object.tag {
        let transform = format!(
            "crate::support::schema::Tag({}, {})",
            literal(tag),
            literal(value)
        );
        let _ = writeln!(
            out,
            "#[cfg_attr(feature = \"schemars\", schemars(transform = {transform}))]"
        );
    }
    let _ = writeln!(out, "pub struct {name} {{");
    for field in &object.fields {
        emit_field(out, definition, field);
    }
    out.push_str("    #[cfg_attr(feature = \"schemars\", schemars(skip))]\n");
    let words = object.fields.len().div_ceil(64).max(1);
    let _ = writeln!(out, "    presence_: Wire<{words}>,\n}}\n");
    let _ = writeln!(out, "record! {{");
    let _ = write!(out, "    {name}");
    if let Some((tag, value)) = &object.tag {
        let _ = write!(out, " [{} = {}]", literal(tag), literal(value));
    }
    if is_made {
        let arguments: Vec<String> = required
            .iter()
            .map(|field| format!("{}: {}", field.name, inner_type(field)))
            .collect();
        let _ = write!(out, " new({})", arguments.join(", "));
    }
    out.push_str(" {\n");
    for field in &object.fields {
        let secret = if field.secret { " secret" } else { "" };
        let _ = writeln!(
            out,
            "        {}, with_{}: {} = {} {}{secret};",
            field.name,
            field.name.trim_end_matches('_'),
            inner_type(field),
            literal(&field.wire),
            kind(definition, field),
        );
    }
    out.push_str("    }\n}\n");
}

fn emit_field(out: &mut String, definition: &TypeDef, field: &Field) {
    let mut lines = docs::lines(&field.description);
    if lines.is_empty() {
        lines.push(format!("The field {}.", code(&field.wire)));
    }
    push_limits(&mut lines, &field.limits, &field.description);
    if field.deprecated {
        lines.extend([String::new(), "**Deprecated** by the API.".to_owned()]);
    }
    docs::push(out, "    ", &lines);
    let inner = inner_type(field);
    let kind = kind(definition, field);
    let mut schema = Vec::new();
    if field.name != field.wire {
        schema.push(format!("rename = {}", literal(&field.wire)));
    }
    if kind == "patch" {
        schema.push(format!("with = \"Option<{inner}>\""));
    }
    if !schema.is_empty() {
        let schema = schema.join(", ");
        let _ = writeln!(
            out,
            "    #[cfg_attr(feature = \"schemars\", schemars({schema}))]"
        );
    }
    let _ = writeln!(
        out,
        "    pub {}: {},",
        field.name,
        field_type(definition, field)
    );
}

fn emit_enum(out: &mut String, name: &str, variants: &[Variant], is_text: bool) {
    out.push_str("#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n");
    let _ = writeln!(out, "#[non_exhaustive]\npub enum {name} {{");
    for variant in variants {
        let text = match (variant.wire.as_str(), variant.description.as_str()) {
            ("", _) => "The empty value.".to_owned(),
            (wire, "") => format!("{}.", code(wire)),
            (wire, description) => format!("{}: {description}", code(wire)),
        };
        docs::comment(out, "    ", &text, "A value.");
        let _ = writeln!(out, "    {},", variant.name);
    }
    out.push_str(
        "    /// A value that this version of the crate does not know, kept as it came.\n",
    );
    let (of, open) = match is_text {
        true => ("", "open_enum"),
        false => (", i64", "open_integer"),
    };
    let _ = write!(
        out,
        "    Unknown(Unrecognized<Self{of}>),\n}}\n\n{open}! {{\n    {name} {{\n"
    );
    for variant in variants {
        let wire = match is_text {
            true => literal(&variant.wire),
            false => variant.wire.clone(),
        };
        let _ = writeln!(out, "        {} = {wire},", variant.name);
    }
    out.push_str("    }\n}\n");
}

fn emit_mixed(out: &mut String, name: &str, kinds: &[Mixed]) {
    out.push_str("#[derive(Clone, Debug, PartialEq)]\n#[non_exhaustive]\n");
    out.push_str(LARGE_VARIANTS);
    out.push_str(
        "#[cfg_attr(feature = \"schemars\", derive(schemars::JsonSchema), schemars(untagged))]\n",
    );
    let _ = writeln!(out, "pub enum {name} {{");
    for Mixed { name, test, ty } in kinds {
        let what = match *test {
            "is_string" => "A string.",
            "is_number" => "A number.",
            "is_boolean" => "True or false.",
            "is_array" => "An array.",
            _ => "An object.",
        };
        let _ = writeln!(out, "    /// {what}\n    {name}({}),", ty.rust());
    }
    out.push_str(
        "    /// A value that this version of the crate does not know, kept as it came.\n",
    );
    let _ = writeln!(out, "    Unknown(Value),\n}}\n\nmixed! {{\n    {name} {{");
    for Mixed { name, test, ty } in kinds {
        let _ = writeln!(out, "        {test} {name}({}),", ty.rust());
    }
    out.push_str("    }");
    if let Some(text) = kinds.iter().find(|kind| kind.ty == Type::String) {
        let _ = write!(out, " from &str as {}", text.name);
    }
    out.push_str("\n}\n");
}

fn emit_union(out: &mut String, name: &str, union: &Union) {
    out.push_str("#[derive(Clone, Debug, PartialEq)]\n#[non_exhaustive]\n");
    out.push_str(LARGE_VARIANTS);
    out.push_str(
        "#[cfg_attr(feature = \"schemars\", derive(schemars::JsonSchema), schemars(untagged))]\n",
    );
    let _ = writeln!(out, "pub enum {name} {{");
    for (variant, value, ty) in &union.variants {
        let _ = writeln!(
            out,
            "    /// {} is {}.\n    {variant}({ty}),",
            code(&union.tag),
            code(value)
        );
    }
    let _ = writeln!(
        out,
        "    /// An object whose {} this version of the crate does not know, kept whole.",
        code(&union.tag)
    );
    out.push_str("    Unknown(UnknownObject),\n}\n\n");
    let _ = writeln!(out, "union! {{\n    {name} by {} {{", literal(&union.tag));
    for (variant, value, ty) in &union.variants {
        let _ = writeln!(out, "        {variant}({ty}) = {},", literal(value));
    }
    out.push_str("    } from {\n");
    for (variant, _, ty) in &union.variants {
        // A type under two tags says nothing of which of them is meant.
        if union
            .variants
            .iter()
            .filter(|(_, _, other)| other == ty)
            .count()
            == 1
        {
            let _ = writeln!(out, "        {variant}({ty}),");
        }
    }
    out.push_str("    }\n}\n");
}
