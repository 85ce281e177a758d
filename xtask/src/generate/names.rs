//! Names: from the wire to Rust.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// Names that a type of the document cannot take: the prelude's, those that the crate's own types
/// have, and those that its macros use beside them.
const TAKEN: &[&str] = &[
    "At",
    "BTreeMap",
    "Box",
    "Clone",
    "Copy",
    "DateTime",
    "Debug",
    "DecodeError",
    "Default",
    "Deserialize",
    "Drop",
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

/// Words that a builder's setter cannot be called: its own methods and its field, and names that
/// progenitor spells otherwise than [`field_name`].
const RESERVED_SETTERS: &[&str] = &[
    "new", "send", "prepare", "clone", "into", "builder", "call", "client", "gen_", "union_",
];

/// Words that a method of the client cannot be called: those it has already, written by hand.
const RESERVED_METHODS: &[&str] = &[
    "base_url",
    "builder",
    "clone",
    "execute",
    "http_client",
    "into",
    "new",
    "options",
    "raw",
    "shared",
    "with_options",
];

/// Names that a builder cannot take: those that its own code uses.
const TAKEN_BUILDERS: &[&str] = &[
    "Client", "Err", "Error", "From", "Ok", "Option", "Response", "Result", "Self", "Some",
    "String", "TryInto", "Vec",
];

/// Whether the name is a Rust identifier of a type.
pub fn is_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
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
    if RESERVED_METHODS.contains(&name.as_str()) {
        format!("{name}_")
    } else {
        name
    }
}

/// The Rust name of an operation's builder.
pub fn builder_name(method: &str) -> String {
    method.to_upper_camel_case()
}

/// Whether a builder may have the name.
pub fn is_free_builder(name: &str) -> bool {
    !TAKEN_BUILDERS.contains(&name)
}

/// The Rust name of a builder's setter.
pub fn parameter_name(wire: &str) -> String {
    let name = field_name(wire);
    if RESERVED_SETTERS.contains(&name.as_str()) {
        // progenitor would drop a trailing underscore again.
        format!("{}_value", name.trim_end_matches('_'))
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
    match field_name(tag).as_str() {
        "" => "api".to_owned(),
        // Files of their own in the generated crates.
        "mod" | "mod_" | "operations" | "event" | "builder" | "webhook_event" => {
            format!("{}_area", field_name(tag).trim_end_matches('_'))
        }
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use syn::{ImplItem, Item, Type};

    use super::RESERVED_METHODS;

    /// An operation with the name of a method that `Client` has by hand would not compile.
    #[test]
    fn every_method_of_the_client_by_hand_is_reserved() {
        let support = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../crates/linq-client/src/support"
        );
        let mut methods = BTreeSet::new();
        for entry in std::fs::read_dir(support).expect("linq-client is beside xtask") {
            let path = entry.expect("it can be listed").path();
            let text = std::fs::read_to_string(path).expect("sources are text");
            let file = syn::parse_file(&text).expect("sources are Rust");
            methods.extend(file.items.iter().flat_map(methods_of_client));
        }
        assert!(
            methods.contains("raw") && methods.contains("shared"),
            "{methods:?}"
        );
        // Those of `Clone` and `Into` are called like methods of its own.
        methods.extend(["clone", "into"].map(str::to_owned));
        let reserved: BTreeSet<_> = RESERVED_METHODS
            .iter()
            .map(|&name| name.to_owned())
            .collect();
        assert_eq!(reserved, methods);
    }

    fn methods_of_client(item: &Item) -> Vec<String> {
        let Item::Impl(item) = item else {
            return Vec::new();
        };
        let is_client = matches!(&*item.self_ty, Type::Path(ty) if ty.path.is_ident("Client"));
        if !is_client || item.trait_.is_some() {
            return Vec::new();
        }
        let names = item.items.iter().filter_map(|item| match item {
            ImplItem::Fn(method) => Some(method.sig.ident.to_string()),
            _ => None,
        });
        names.collect()
    }
}
