//! The operations of the API document, as it describes them.

use serde_json::Value;

use crate::document::{examples, resolved};
/// A response that the document gives as an example.
#[derive(Clone, Debug)]
pub struct Example {
    /// The status.
    pub status: u16,
    /// The media type of the body.
    pub media_type: String,
    /// The JSON body, if there is one.
    pub body: Option<Value>,
}

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// An operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    /// Its method, such as `GET`.
    pub method: String,
    /// Its path, with the parameters in braces.
    pub path: String,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// The examples of its body.
    pub bodies: Vec<Value>,
    /// Its responses, one for each example, or one without a body where there is none.
    pub responses: Vec<Example>,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name on the wire.
    pub name: String,
    /// Where it stands: `path`, `query` or `header`.
    pub place: String,
    /// Whether a call must have it.
    pub required: bool,
}

impl Operation {
    /// Returns whether a path is one of this operation.
    pub fn matches(&self, path: &str) -> bool {
        let (template, path): (Vec<_>, Vec<_>) =
            (self.path.split('/').collect(), path.split('/').collect());
        let is_same = |(part, given): (&&str, &&str)| part.starts_with('{') || part == given;
        template.len() == path.len() && template.iter().zip(&path).all(is_same)
    }

    /// The responses of success; there is one at least.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn successes(&self) -> Vec<&Example> {
        self.of_status(200..300)
    }

    /// The responses of failure; there is one at least.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn failures(&self) -> Vec<&Example> {
        self.of_status(400..600)
    }

    fn of_status(&self, range: std::ops::Range<u16>) -> Vec<&Example> {
        let mut responses: Vec<_> = self.responses.iter().collect();
        responses.retain(|answer| range.contains(&answer.status));
        assert!(!responses.is_empty(), "{}: no answer of {range:?}", self.id);
        responses
    }
}

impl Parameter {
    /// Its name in Rust, without what keeps it apart from keywords.
    pub fn snake_name(&self) -> String {
        let mut name = String::new();
        for letter in self.name.chars() {
            if letter.is_ascii_uppercase() && !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
            name.push(if letter == '-' {
                '_'
            } else {
                letter.to_ascii_lowercase()
            });
        }
        name
    }
}

/// The operations of a document.
///
/// # Panics
///
/// If the document is not sound.
pub fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().expect("there are paths");
    let each = paths.iter().flat_map(|(path, item)| {
        METHODS
            .iter()
            .filter(|method| item.get(**method).is_some())
            .map(move |method| operation(document, path, method, item))
    });
    each.collect()
}

fn operation(document: &Value, path: &str, method: &str, item: &Value) -> Operation {
    let operation = &item[method];
    let parameters = [&item["parameters"], &operation["parameters"]];
    let body = resolved(document, &operation["requestBody"]);
    Operation {
        id: text(&operation["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        parameters: parameters
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .map(|value| parameter(resolved(document, value)))
            .collect(),
        bodies: examples(&body["content"]["application/json"]),
        responses: operation["responses"]
            .as_object()
            .expect("an operation has responses")
            .iter()
            .flat_map(|(status, value)| responses(status, resolved(document, value)))
            .collect(),
    }
}

fn parameter(value: &Value) -> Parameter {
    Parameter {
        name: text(&value["name"]),
        place: text(&value["in"]),
        required: value["required"] == true,
    }
}

fn responses(status: &str, response: &Value) -> Vec<Example> {
    let status = status.parse().expect("a status is a number");
    let empty = Example {
        status,
        media_type: String::new(),
        body: None,
    };
    let Some(content) = response["content"].as_object() else {
        return vec![empty];
    };
    let each = content.iter().flat_map(|(media_type, content)| {
        examples(content).into_iter().map(|example| Example {
            status,
            media_type: media_type.clone(),
            body: Some(example),
        })
    });
    each.collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
