//! The API as the document describes it: operations, error codes, schemas.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use jsonschema::Validator;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};

static API: LazyLock<Api> = LazyLock::new(|| {
    // A test reads the file, so that a broken one is found before it is released.
    serde_json::from_str(include_str!("generated/api.json")).unwrap_or_default()
});

/// Returns the API, which is read once in a process.
pub(crate) fn api() -> &'static Api {
    &API
}

/// The generated data.
#[derive(Default, Deserialize)]
pub(crate) struct Api {
    /// Every operation of the document.
    pub(crate) operations: Vec<Operation>,
    /// Codes of broken constraints by the component that they are part of.
    pub(crate) component_codes: BTreeMap<String, u16>,
    /// `{"schemas": {…}}`, which references point into.
    components: Value,
}

/// An operation.
#[derive(Deserialize)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<Body>,
    pub(crate) success: Success,
    #[serde(skip)]
    validator: OnceLock<Option<Validator>>,
}

/// A parameter of an operation.
#[derive(Deserialize)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    #[serde(rename = "in")]
    pub(crate) place: String,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) schema: Value,
    #[serde(skip)]
    validator: OnceLock<Option<Validator>>,
}

/// The JSON body of an operation.
#[derive(Deserialize)]
pub(crate) struct Body {
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

/// The success response of an operation.
#[derive(Deserialize)]
pub(crate) struct Success {
    pub(crate) status: u16,
    /// The schema that tests hold every response against.
    #[cfg(test)]
    pub(crate) schema: Option<Value>,
    pub(crate) example: Option<Value>,
}

/// What a method and path lead to.
pub(crate) enum Route {
    /// An operation, with its path parameters decoded.
    Found(&'static Operation, BTreeMap<String, String>),
    /// The path exists, with other methods.
    OtherMethod,
    NotFound,
}

impl Api {
    /// Finds the operation of a method and a path such as `/v3/chats`.
    pub(crate) fn route(&'static self, method: &str, path: &str) -> Route {
        let path = path.strip_suffix('/').unwrap_or(path);
        let fitting = self.operations.iter().filter_map(|operation| {
            let (literals, parameters) = matched(&operation.path, path)?;
            Some((literals, operation, parameters))
        });
        let fitting: Vec<_> = fitting.collect();
        // `/payments/handles/…` before `/payments/{id}/…`.
        let Some(most) = fitting.iter().map(|(literals, ..)| *literals).max() else {
            return Route::NotFound;
        };
        let mut best = fitting
            .into_iter()
            .filter(|(literals, ..)| *literals == most);
        match best.find(|(_, operation, _)| operation.method == method) {
            Some((_, operation, parameters)) => Route::Found(operation, parameters),
            None => Route::OtherMethod,
        }
    }

    /// Returns the schema that a reference points to, or the schema itself.
    pub(crate) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema["$ref"]
            .as_str()
            .and_then(|target| target.strip_prefix("#/components/schemas/"));
        name.map_or(schema, |name| {
            self.resolve(&self.components["schemas"][name])
        })
    }

    /// Compiles a schema of the document.
    pub(crate) fn compile(&self, schema: &Value) -> Option<Validator> {
        let document = json!({ "allOf": [schema], "components": self.components });
        jsonschema::options()
            .should_validate_formats(true)
            .build(&document)
            .ok()
    }
}

impl Operation {
    /// Returns the validator of the body, compiled when it is first needed.
    pub(crate) fn validator(&self) -> Option<&Validator> {
        let compile = || {
            self.body
                .as_ref()
                .and_then(|body| api().compile(&body.schema))
        };
        self.validator.get_or_init(compile).as_ref()
    }
}

impl Parameter {
    /// Returns the validator of the value, compiled when it is first needed.
    pub(crate) fn validator(&self) -> Option<&Validator> {
        self.validator
            .get_or_init(|| api().compile(&self.schema))
            .as_ref()
    }
}

/// Matches a path with a template: how many segments are equal, and the parameters.
fn matched(template: &str, path: &str) -> Option<(usize, BTreeMap<String, String>)> {
    let mut literals = 0;
    let mut parameters = BTreeMap::new();
    let (mut expected, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (expected.next(), given.next()) {
            (None, None) => return Some((literals, parameters)),
            (Some(segment), Some(value)) => {
                match segment
                    .strip_prefix('{')
                    .and_then(|name| name.strip_suffix('}'))
                {
                    Some(_) if value.is_empty() => return None,
                    Some(name) => {
                        let value = percent_decode_str(value).decode_utf8().ok()?;
                        parameters.insert(name.to_owned(), value.into_owned());
                    }
                    None if segment == value => literals += 1,
                    None => return None,
                }
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Route, api};

    #[test]
    fn every_operation_of_the_document_is_routed_to_itself() {
        assert_eq!(api().operations.len(), 70);
        for operation in &api().operations {
            let path = operation.path.replace('{', "a%2Fb-").replace('}', "");
            match api().route(&operation.method, &path) {
                Route::Found(found, parameters) => {
                    assert_eq!(found.id, operation.id);
                    for value in parameters.values() {
                        assert!(value.starts_with("a/b-"), "{value}");
                    }
                }
                _ => panic!("{} {path} has no route", operation.method),
            }
        }
        assert!(matches!(
            api().route("PATCH", "/v3/chats"),
            Route::OtherMethod
        ));
        assert!(matches!(api().route("GET", "/v3/nothing"), Route::NotFound));
        assert!(matches!(
            api().route("GET", "/v3/chats//messages"),
            Route::NotFound
        ));
    }

    #[test]
    fn every_body_and_parameter_compiles() {
        for operation in &api().operations {
            assert_eq!(
                operation.validator().is_some(),
                operation.body.is_some(),
                "{}",
                operation.id
            );
            for parameter in &operation.parameters {
                assert!(
                    parameter.validator().is_some(),
                    "{} {}",
                    operation.id,
                    parameter.name
                );
            }
        }
    }

    #[test]
    fn every_example_of_a_response_is_valid() {
        let mut checked = 0;
        for operation in &api().operations {
            let success = &operation.success;
            let (Some(schema), Some(example)) = (&success.schema, &success.example) else {
                continue;
            };
            let validator = api().compile(schema).expect("the schema compiles");
            let errors: Vec<_> = validator
                .iter_errors(example)
                .map(|e| e.to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", operation.id);
            checked += 1;
        }
        assert!(checked > 50, "{checked}");
    }
}
