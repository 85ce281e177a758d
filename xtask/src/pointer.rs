//! JSON pointers: naming a place in a document, and going there.

use serde_json::Value;

/// The methods an operation may stand under, in the order of the standard.
pub const METHODS: &[&str] = &[
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The pointer of `name` below `parent`.
pub fn child(parent: &str, name: &str) -> String {
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The value that a local `$ref` such as `#/components/schemas/Chat` points to.
pub fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let path = reference.strip_prefix('#')?;
    root.pointer(path)
        .or_else(|| root.pointer(&percent_decode(path)?))
}

/// The name of a component that a `$ref` points to.
pub fn component<'a>(reference: &'a str, section: &str) -> Option<&'a str> {
    reference
        .strip_prefix("#/components/")?
        .strip_prefix(section)?
        .strip_prefix('/')
}

/// Keys whose values are lists, so that a number below one is an index and not a name.
const LISTS: &[&str] = &[
    "allOf",
    "anyOf",
    "enum",
    "oneOf",
    "parameters",
    "prefixItems",
    "required",
    "security",
    "servers",
    "tags",
    "type",
];

/// The JSONPath (RFC 9535) of the place that a pointer into an OpenAPI document names.
pub fn json_path(pointer: &str) -> String {
    let mut path = String::from("$");
    let mut parent = String::new();
    for (depth, name) in pointer.split('/').skip(1).enumerate() {
        let name = name.replace("~1", "/").replace("~0", "~");
        let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        // The third name is a component's, as in `#/components/parameters/0`.
        let is_index = LISTS.contains(&parent.as_str())
            && depth != 2
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_digit());
        if is_word {
            path.push_str(&format!(".{name}"));
        } else if is_index {
            path.push_str(&format!("[{name}]"));
        } else {
            path.push_str("['");
            for c in name.chars() {
                match c {
                    '\\' | '\'' => path.extend(['\\', c]),
                    c if c.is_control() => path.push_str(&format!("\\u{:04x}", u32::from(c))),
                    c => path.push(c),
                }
            }
            path.push_str("']");
        }
        parent = name;
    }
    path
}

/// The pointer of the operation that a place is part of.
pub fn operation_of(pointer: &str) -> Option<&str> {
    let rest = pointer.strip_prefix("#/paths/")?;
    let path = rest.find('/')?;
    let method = &rest[path + 1..];
    let method = &method[..method.find('/').unwrap_or(method.len())];
    let end = pointer.len() - rest.len() + path + 1 + method.len();
    METHODS.contains(&method).then(|| &pointer[..end])
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
