//! Stage 1, load. In: a file, YAML or JSON. Out: an OpenAPI 3.0 or 3.1 document as a JSON tree
//! in the file's own order.

use std::path::Path;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Number, Value};

use crate::problem::{Problem, Problems};

/// How deep a document may be nested.
const MAX_DEPTH: usize = 200;

/// An API document on its way through the stages.
#[derive(Clone, Debug)]
pub struct Document {
    /// The name that generated files give as their source: no path of the machine.
    pub name: String,
    /// The whole document.
    pub root: Value,
}

/// Reads a document from a file.
///
/// # Errors
///
/// A file that cannot be read, is neither YAML nor JSON, or is no OpenAPI document of version
/// 3.0 or 3.1.
pub fn load(path: &Path, name: &str) -> Result<Document, Problems> {
    let text = std::fs::read(path).map_err(|error| {
        Problem::new(
            "",
            format!("cannot read {}: {error}", path.display()),
            "name an OpenAPI document in YAML or JSON",
        )
    })?;
    let text = String::from_utf8(text).map_err(|_| {
        Problem::new(
            "",
            format!("{} is no UTF-8 text", path.display()),
            "save it as UTF-8",
        )
    })?;
    let root = parse(&text, &path.display().to_string())?;
    let document = Document {
        name: name.to_owned(),
        root,
    };
    version(&document)?;
    Ok(document)
}

/// Reads YAML or JSON text into a tree.
///
/// # Errors
///
/// Text that is neither, or that holds more than one document, repeated keys or nesting without
/// end.
pub fn parse(text: &str, source: &str) -> Result<Value, Problems> {
    // YAML contains JSON, but its parser is slower and its messages fit JSON less well.
    if text.trim_start().starts_with('{')
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    let refuse = |what: String| {
        Problems::from(Problem::new(
            "",
            format!("{source} is no YAML: {what}"),
            "mend the file, or name another",
        ))
    };
    let documents = Yaml::load_from_str(text).map_err(|error| refuse(error.to_string()))?;
    match documents.as_slice() {
        [document] => value(document, 0).map_err(refuse),
        [] => Err(refuse("it is empty".to_owned())),
        _ => Err(refuse("it holds more than one document".to_owned())),
    }
}

fn value(node: &Yaml<'_>, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("it is nested more than {MAX_DEPTH} levels deep"));
    }
    Ok(match node {
        Yaml::Value(scalar) => scalar_value(scalar)?,
        Yaml::Sequence(items) => Value::Array(
            items
                .iter()
                .map(|item| value(item, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Yaml::Mapping(entries) => {
            let mut object = Map::with_capacity(entries.len());
            for (key, entry) in entries {
                object.insert(key_text(key)?, value(entry, depth + 1)?);
            }
            Value::Object(object)
        }
        Yaml::Tagged(_, inner) => value(inner, depth + 1)?,
        Yaml::Alias(_) => return Err("an alias has no anchor".to_owned()),
        Yaml::Representation(..) => return Err("a scalar was left unread".to_owned()),
        Yaml::BadValue => return Err("a scalar does not fit its tag".to_owned()),
    })
}

fn scalar_value(scalar: &Scalar<'_>) -> Result<Value, String> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(flag) => Value::Bool(*flag),
        Scalar::Integer(number) => Value::Number((*number).into()),
        Scalar::FloatingPoint(number) => {
            Value::Number(Number::from_f64(number.into_inner()).ok_or("a number is not finite")?)
        }
        Scalar::String(text) => Value::String(text.to_string()),
    })
}

/// A key as JSON has it: statuses and dates need no quotes in YAML.
fn key_text(key: &Yaml<'_>) -> Result<String, String> {
    match key {
        Yaml::Value(Scalar::String(text)) => Ok(text.to_string()),
        Yaml::Value(Scalar::Integer(number)) => Ok(number.to_string()),
        Yaml::Value(Scalar::Boolean(flag)) => Ok(flag.to_string()),
        Yaml::Value(Scalar::Null) => Ok("null".to_owned()),
        _ => Err("a key is neither a text nor a whole number".to_owned()),
    }
}

/// Refuses what is no OpenAPI 3.0 or 3.1.
fn version(document: &Document) -> Result<(), Problems> {
    let help = "name an OpenAPI document of version 3.0.x or 3.1.x";
    let Some(root) = document.root.as_object() else {
        return Err(Problem::new("", "the document is no object", help).into());
    };
    if let Some(version) = root.get("swagger") {
        let what = format!("this is Swagger {version}, not OpenAPI 3");
        return Err(Problem::new("#/swagger", what, "convert it to OpenAPI 3.1 first").into());
    }
    let Some(version) = root.get("openapi") else {
        return Err(Problem::new("", "there is no `openapi` field", help).into());
    };
    let text = match version {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text == "3.0" || text == "3.1" || text.starts_with("3.0.") || text.starts_with("3.1.") {
        Ok(())
    } else {
        let what = format!("OpenAPI {text} is not read by this generator");
        Err(Problem::new("#/openapi", what, help).into())
    }
}
