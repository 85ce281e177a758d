//! Names: from the wire to Rust.

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};

/// Names that a type of the document cannot take: the prelude's, those that the crate's own types
/// have, and those that its macros use beside them.
const TAKEN: &[&str] = &[
    "A",
    "AsRef",
    "At",
    "BTreeMap",
    "Box",
    "Clone",
    "Copy",
    "D",
    "DateTime",
    "Debug",
    "DecodeError",
    "Default",
    "Deserialize",
    "Drop",
    "E",
    "Eq",
    "Err",
    "EventError",
    "Events",
    "Field",
    "FieldVisitor",
    "Fit",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "Hash",
    "Head",
    "Into",
    "Iterator",
    "Map",
    "Misfit",
    "NaiveDate",
    "None",
    "Nullable",
    "ObjectVisitor",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Replay",
    "Result",
    "S",
    "Self",
    "Send",
    "Serialize",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "UnionVisitor",
    "UnknownEvent",
    "UnknownKind",
    "UnknownObject",
    "Unpin",
    "Unrecognized",
    "Utc",
    "Uuid",
    "Value",
    "Vec",
    "WebhookEvent",
    "WebhookEventKind",
    "Wire",
];

/// Words that cannot be a field's name as they are: keywords, and methods that a setter or
/// accessor of the same name would hide.
const RESERVED: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "union",
];

/// Methods that every type of linq-client with `Clone` and `Debug` has.
const METHODS_OF_ALL: &[&str] = &[
    "borrow",
    "borrow_mut",
    "clone",
    "clone_from",
    "clone_into",
    "fmt",
    "into",
    "to_owned",
    "try_into",
    "type_id",
];

/// Further names that a builder's setter cannot have: its field and its own methods.
const RESERVED_SETTERS: &[&str] = &["client", "new", "prepare", "send"];

/// Further names that a method of the client cannot have: its functions written by hand.
const RESERVED_METHODS: &[&str] = &[
    "base_url",
    "builder",
    "execute",
    "from",
    "http_client",
    "new",
    "options",
    "raw",
    "shared",
    "try_from",
    "with_options",
];

/// Names that the code of builders uses, so that a builder cannot have them.
const TAKEN_BUILDERS: &[&str] = &[
    "Client", "Err", "Error", "From", "Future", "None", "Ok", "Option", "Response", "Result",
    "Self", "Send", "Some", "String", "TryInto", "V", "Vec",
];

/// Modules of the generated crates, which no area can be called.
const MODULES: &[&str] = &[
    "builder",
    "event",
    "generated",
    "mod",
    "operations",
    "webhook_event",
];

/// Crates that the generated ones use, whose names an area would hide.
const CRATES: &[&str] = &[
    "alloc",
    "bytes",
    "chrono",
    "core",
    "httpdate",
    "linq_types",
    "percent_encoding",
    "reqwest",
    "schemars",
    "serde",
    "serde_json",
    "std",
    "uuid",
];

/// How long the name of a module may be: it is a file's name.
const MAX_MODULE: usize = 60;

/// How long the name of a type or operation may be: rustdoc writes a file of that name.
const MAX_NAME: usize = 200;

/// Whether the name is a Rust identifier of a type.
pub fn is_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
        && name.len() <= MAX_NAME
}

/// Whether a type of the document may have the name.
pub fn is_free(name: &str) -> bool {
    !TAKEN.contains(&name)
}

/// The Rust name of a schema: its own where that is one, its words joined otherwise.
pub fn type_name(key: &str) -> String {
    if is_type_name(key) {
        return key.to_owned();
    }
    key.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(capitalised)
        .collect()
}

/// The Rust name of a nested place, as the last part of a hoisted type's name.
pub fn part_name(wire: &str) -> String {
    wire.to_upper_camel_case()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The Rust name of a field or parameter.
pub fn field_name(wire: &str) -> String {
    let name = wire.to_snake_case();
    let name: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    match name.chars().next() {
        None => String::new(),
        Some(first) if first.is_ascii_digit() => format!("n{name}"),
        Some(_) if RESERVED.contains(&name.as_str()) => format!("{name}_"),
        Some(_) => name,
    }
}

/// The Rust name of an operation's method.
pub fn method_name(operation_id: &str) -> String {
    let name = field_name(operation_id);
    if [METHODS_OF_ALL, RESERVED_METHODS]
        .concat()
        .contains(&name.as_str())
    {
        format!("{name}_")
    } else {
        name
    }
}

/// The name of an operation's entry in the table of all.
pub fn constant_name(method: &str) -> String {
    match method.to_shouty_snake_case() {
        // The table itself has that name.
        name if name == "ALL" => "ALL_".to_owned(),
        name => name,
    }
}

/// Whether an operation's method may have a name.
pub fn is_method_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= MAX_NAME
}

/// The Rust name of an operation's builder.
pub fn builder_name(method: &str) -> String {
    let name = method.to_upper_camel_case();
    if TAKEN_BUILDERS.contains(&name.as_str()) {
        format!("{name}Builder")
    } else {
        name
    }
}

/// The Rust name of a builder's setter.
pub fn parameter_name(wire: &str) -> String {
    let name = field_name(wire);
    if [METHODS_OF_ALL, RESERVED_SETTERS]
        .concat()
        .contains(&name.as_str())
    {
        format!("{name}_value")
    } else {
        name
    }
}

/// The variant of an enum for a value; empty where the value gives no name.
pub fn variant_name(value: &str) -> String {
    let spelled = match value.strip_prefix(['+', '-']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            let sign = if value.starts_with('+') {
                "Plus"
            } else {
                "Minus"
            };
            format!("{sign} {rest}")
        }
        _ => value.to_owned(),
    };
    if spelled.is_empty() {
        return "Empty".to_owned();
    }
    let name: String = spelled
        .to_upper_camel_case()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    match name.as_str() {
        // The catch-all variant has that name.
        "Unknown" => "UnknownValue".to_owned(),
        "Self" => "SelfValue".to_owned(),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => format!("Value{name}"),
        _ => name,
    }
}

/// The module of an area of the API.
pub fn area_name(tag: &str) -> String {
    let name: String = field_name(tag).chars().take(MAX_MODULE).collect();
    let bare = name.trim_end_matches('_');
    if bare.is_empty() {
        "api".to_owned()
    } else if [MODULES, CRATES].concat().contains(&bare) {
        format!("{bare}_area")
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};
    use syn::visit_mut::{self, VisitMut};
    use syn::{ImplItem, Item, ItemImpl, Type};

    use super::{CRATES, METHODS_OF_ALL, RESERVED_METHODS, RESERVED_SETTERS, TAKEN_BUILDERS};
    use crate::generate::generate;
    use crate::generate::load::Document;
    use crate::generate::overlay::Whose;

    fn set<T: ToString>(names: impl IntoIterator<Item = T>) -> BTreeSet<String> {
        names.into_iter().map(|name| name.to_string()).collect()
    }

    fn functions(item: &ItemImpl) -> impl Iterator<Item = String> {
        item.items.iter().filter_map(|item| match item {
            ImplItem::Fn(method) => Some(method.sig.ident.to_string()),
            _ => None,
        })
    }

    /// The functions of a type in one file, and the traits that it implements.
    fn of_type(name: &str, items: &[Item]) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut found, mut traits) = (BTreeSet::new(), BTreeSet::new());
        for item in items {
            match item {
                Item::Struct(item) if item.ident == name => {
                    for attribute in &item.attrs {
                        let derived = |meta: syn::meta::ParseNestedMeta<'_>| {
                            traits.extend(meta.path.get_ident().map(ToString::to_string));
                            Ok(())
                        };
                        if attribute.path().is_ident("derive") {
                            attribute.parse_nested_meta(derived).expect("traits");
                        }
                    }
                }
                Item::Impl(item) if matches!(&*item.self_ty, Type::Path(ty) if ty.path.is_ident(name) || ty.path.segments.last().is_some_and(|last| last.ident == name)) => {
                    match &item.trait_ {
                        None => found.extend(functions(item)),
                        Some((path, _)) => {
                            traits.extend(path.segments.last().map(|last| last.ident.to_string()));
                        }
                    }
                }
                _ => {}
            }
        }
        (found, traits)
    }

    #[test]
    fn every_function_of_the_client_by_hand_is_reserved() {
        let support = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../crates/linq-client/src/support"
        );
        let (mut functions, mut traits) = (BTreeSet::new(), BTreeSet::new());
        for entry in std::fs::read_dir(support).expect("linq-client is beside xtask") {
            let path = entry.expect("it can be listed").path();
            let text = std::fs::read_to_string(path).expect("sources are text");
            let file = syn::parse_file(&text).expect("sources are Rust");
            let found = of_type("Client", &file.items);
            functions.extend(found.0);
            traits.extend(found.1);
        }
        assert!(functions.contains("raw"), "{functions:?}");
        // Those of `Clone` and `Debug` are among the methods of all; `From` adds these two.
        assert_eq!(traits, set(["Clone", "Debug", "From"]));
        functions.extend(set(["from", "try_from"]));
        assert_eq!(set(RESERVED_METHODS), functions);
    }

    #[test]
    fn every_crate_that_the_generated_ones_use_is_known() {
        let mut crates = set(["alloc", "core", "std"]);
        for name in ["linq-types", "linq-client"] {
            let manifest = format!("{}/../crates/{name}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(manifest).expect("it is beside xtask");
            let manifest: toml_edit::DocumentMut = text.parse().expect("it is TOML");
            let dependencies = manifest["dependencies"].as_table().expect("a table");
            crates.extend(dependencies.iter().map(|(name, _)| name.replace('-', "_")));
        }
        assert_eq!(set(CRATES), crates);
    }

    /// The module of builders of an operation that has everything an operation can have.
    fn builders() -> Vec<Item> {
        let text = json!({ "type": "string" });
        let parameter = |name: &str, place: &str, required: bool, schema: &Value| json!({ "name": name, "in": place, "required": required, "schema": schema });
        let list = json!({ "type": "array", "items": { "type": ["string", "null"] } });
        let content = |schema: Value| json!({ "description": "", "content": { "application/json": { "schema": schema } } });
        let map = json!({ "type": "object", "additionalProperties": { "type": "integer" } });
        let operation = json!({
            "operationId": "every",
            "tags": ["area"],
            "parameters": [
                parameter("path", "path", true, &text),
                parameter("time", "query", true, &json!({ "type": "string", "format": "date-time" })),
                parameter("id", "query", false, &json!({ "type": "string", "format": "uuid" })),
                parameter("list", "query", false, &list),
                parameter("header", "header", false, &text),
            ],
            "requestBody": content(map),
            "responses": { "200": content(list.clone()), "400": content(json!({
                "type": "object",
                "properties": { "code": { "type": "integer" } },
            })) },
        });
        let document = Document {
            name: "every.yaml".to_owned(),
            root: json!({
                "openapi": "3.1.0",
                "info": { "title": "Every", "version": "1" },
                "paths": { "/{path}": { "post": operation } },
            }),
        };
        let overlay = json!({ "overlay": "1.0.0" });
        let made =
            generate(document, &overlay, Whose::Vendor, &mut |_, _| {}).expect("it is sound");
        let text = &made.files.0["crates/linq-client/src/generated/area.rs"];
        let file = syn::parse_file(text).expect("it is Rust");
        let module = file.items.into_iter().find_map(|item| match item {
            Item::Mod(module) => module.content,
            _ => None,
        });
        module.expect("a module of builders").1
    }

    #[test]
    fn every_function_and_field_of_a_builder_is_reserved() {
        let items = builders();
        let (functions, traits) = of_type("Every", &items);
        assert_eq!(traits, set(["Clone", "Debug"]));
        let setters = set(["body", "header", "id", "list", "path", "time"]);
        let mut own: BTreeSet<String> = functions.difference(&setters).cloned().collect();
        for item in &items {
            if let Item::Struct(item) = item {
                let fields = item.fields.iter().filter_map(|field| field.ident.as_ref());
                own.extend(
                    fields
                        .map(ToString::to_string)
                        .filter(|name| !setters.contains(name)),
                );
            }
        }
        assert_eq!(set(RESERVED_SETTERS), own);
        assert!(set(METHODS_OF_ALL).is_disjoint(&setters));
    }

    /// Collects the names with a capital that code uses without a path before them.
    #[derive(Default)]
    struct Used(BTreeSet<String>);

    impl Used {
        fn add(&mut self, name: String) {
            if name.starts_with(char::is_uppercase) {
                self.0.insert(name);
            }
        }
    }

    impl VisitMut for Used {
        fn visit_path_mut(&mut self, path: &mut syn::Path) {
            self.add(path.segments[0].ident.to_string());
            visit_mut::visit_path_mut(self, path);
        }

        fn visit_use_name_mut(&mut self, name: &mut syn::UseName) {
            self.add(name.ident.to_string());
        }

        fn visit_type_param_mut(&mut self, parameter: &mut syn::TypeParam) {
            self.add(parameter.ident.to_string());
            visit_mut::visit_type_param_mut(self, parameter);
        }
    }

    #[test]
    fn every_name_in_the_code_of_builders_is_taken() {
        let mut used = Used::default();
        for item in &mut builders() {
            used.visit_item_mut(item);
        }
        used.0.remove("Every");
        assert_eq!(set(TAKEN_BUILDERS), used.0);
    }
}
