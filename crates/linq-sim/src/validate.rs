//! Validation of requests against the document.

use std::collections::BTreeMap;

use jsonschema::ValidationError;
use serde_json::{Map, Value, json};

use crate::api::{Operation, Parameter, api};
use crate::error::ApiError;

/// A request of the API, read whole.
pub(crate) struct Request<'a> {
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: &'a http::HeaderMap,
    pub(crate) body: &'a [u8],
}

/// A request that the document allows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Valid {
    /// The body; null if there is none.
    pub(crate) body: Value,
    /// Query parameters by name, converted to their types.
    pub(crate) query: BTreeMap<String, Value>,
    /// The `Idempotency-Key` header, where the operation has it.
    pub(crate) idempotency_key: Option<String>,
    /// Members and parameters that the document does not name.
    pub(crate) unknown: Vec<String>,
}

/// Checks query, headers and body.
pub(crate) fn validate(operation: &Operation, request: &Request<'_>) -> Result<Valid, ApiError> {
    let mut valid = Valid::default();
    for (name, text) in &request.query {
        let mut known = operation
            .parameters
            .iter()
            .filter(|known| known.place == "query");
        match known.find(|known| known.name == *name) {
            None => valid.unknown.push(format!("query parameter `{name}`")),
            Some(parameter) => {
                let value = converted(&parameter.schema, text);
                check_parameter(parameter, &value)?;
                valid.query.insert(name.clone(), value);
            }
        }
    }
    for parameter in &operation.parameters {
        let is_there = match parameter.place.as_str() {
            "query" => valid.query.contains_key(&parameter.name),
            "header" => {
                let value = request.headers.get(&parameter.name);
                if let Some(text) = value.and_then(|value| value.to_str().ok()) {
                    check_parameter(parameter, &text.into())?;
                    if parameter.name.eq_ignore_ascii_case("idempotency-key") {
                        valid.idempotency_key = Some(text.to_owned());
                    }
                }
                value.is_some()
            }
            _ => true,
        };
        if parameter.required && !is_there {
            let what = format!(
                "the {} parameter `{}` is missing",
                parameter.place, parameter.name
            );
            return Err(ApiError::new(400, 1001, what));
        }
    }
    if let Some(body) = &operation.body {
        valid.body = json_body(operation, body.required, request)?;
        if !valid.body.is_null() {
            unknown(&body.schema, &valid.body, "", &mut valid.unknown);
        }
    } else if !request.body.is_empty() {
        valid.unknown.push("a body".to_owned());
    }
    Ok(valid)
}

fn json_body(
    operation: &Operation,
    is_required: bool,
    request: &Request<'_>,
) -> Result<Value, ApiError> {
    if request.body.is_empty() {
        return match is_required {
            true => Err(ApiError::new(400, 1003, "the request has no body")),
            false => Ok(Value::Null),
        };
    }
    let media_type = request.headers.get(http::header::CONTENT_TYPE);
    let is_json = media_type.is_none_or(|media_type| {
        let text = media_type.to_str().unwrap_or_default();
        text.split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case("application/json")
    });
    if !is_json {
        return Err(ApiError::new(
            400,
            1003,
            "the body is not `application/json`",
        ));
    }
    let body: Value = serde_json::from_slice(request.body)
        .map_err(|error| ApiError::new(400, 1003, format!("the body is not JSON: {error}")))?;
    if let Some(validator) = operation.validator() {
        // What is missing is the most useful to hear about, then what is deepest.
        let error = validator.iter_errors(&body).min_by_key(|error| {
            let depth = error.instance_path().as_str().matches('/').count();
            (error.kind().keyword() != "required", usize::MAX - depth)
        });
        if let Some(error) = error {
            return Err(broken(&error));
        }
    }
    Ok(body)
}

/// The error of a broken constraint.
fn broken(error: &ValidationError<'_>) -> ApiError {
    let keyword = error.kind().keyword();
    let at = error.instance_path().as_str();
    let place = match at {
        "" => "the body".to_owned(),
        at => format!("`{}`", at.trim_start_matches('/').replace('/', ".")),
    };
    let message = format!("{place}: {}", error.masked());
    if at.is_empty() && keyword == "type" {
        return ApiError::new(400, 1003, message);
    }
    if keyword == "required" {
        return ApiError::new(400, 1001, message);
    }
    // `/components/schemas/NAME/…` is the component that the constraint is part of.
    let location = error.schema_path().as_str();
    let component = location
        .strip_prefix("/components/schemas/")
        .and_then(|rest| rest.split('/').next());
    let code = component.and_then(|name| api().component_codes.get(name).copied());
    let code = code.unwrap_or(match keyword {
        "pattern" if is_phone_number(error) => 1002,
        _ => 1005,
    });
    ApiError::new(400, code, message)
}

/// Returns whether a pattern is that of phone numbers in E.164 form.
fn is_phone_number(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), jsonschema::error::ValidationErrorKind::Pattern { pattern } if pattern.starts_with("^\\+"))
}

fn check_parameter(parameter: &Parameter, value: &Value) -> Result<(), ApiError> {
    let Some(validator) = parameter.validator() else {
        return Ok(());
    };
    match validator.validate(value) {
        Ok(()) => Ok(()),
        Err(error) => {
            let code = if is_phone_number(&error) { 1002 } else { 1005 };
            let what = format!(
                "{} parameter `{}`: {}",
                parameter.place,
                parameter.name,
                error.masked()
            );
            Err(ApiError::new(400, code, what))
        }
    }
}

/// Converts the text of a parameter to the type of its schema; lists are separated by commas.
fn converted(schema: &Value, text: &str) -> Value {
    let schema = api().resolve(schema);
    let is = |name: &str| match &schema["type"] {
        Value::Array(types) => types.iter().any(|kind| kind == name),
        kind => kind == name,
    };
    if is("array") {
        return text
            .split(',')
            .map(|item| converted(&schema["items"], item))
            .collect();
    }
    if is("integer")
        && let Ok(number) = text.parse::<i64>()
    {
        return number.into();
    }
    match text {
        "true" | "false" if is("boolean") => (text == "true").into(),
        _ => text.into(),
    }
}

/// Names the members of a value that its schema does not name.
fn unknown(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let mut properties = Map::new();
            let is_open = collect(schema, value, &mut properties);
            for (name, member) in members {
                let path = match path {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                match properties.get(name) {
                    Some(schema) => unknown(schema, member, &path, found),
                    None if is_open => {}
                    None => found.push(format!("member `{path}`")),
                }
            }
        }
        Value::Array(items) => {
            let schema = api().resolve(schema);
            for (index, item) in items.iter().enumerate() {
                unknown(&schema["items"], item, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

/// Collects the properties that a schema has for an object; returns whether others are allowed by the schema.
fn collect(schema: &Value, value: &Value, properties: &mut Map<String, Value>) -> bool {
    let schema = api().resolve(schema);
    let mut is_open = schema
        .get("additionalProperties")
        .is_some_and(|more| more != &json!(false));
    if let Some(own) = schema["properties"].as_object() {
        properties.extend(
            own.iter()
                .map(|(name, schema)| (name.clone(), schema.clone())),
        );
    }
    if schema.as_object().is_none_or(Map::is_empty) {
        return true;
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        is_open |= collect(part, value, properties);
    }
    let tag = schema["discriminator"]["propertyName"].as_str();
    let chosen = tag
        .and_then(|tag| value[tag].as_str())
        .and_then(|tag| schema["discriminator"]["mapping"][tag].as_str());
    match chosen {
        Some(target) => is_open |= collect(&json!({ "$ref": target }), value, properties),
        None => {
            for part in ["anyOf", "oneOf"]
                .into_iter()
                .filter_map(|key| schema[key].as_array())
                .flatten()
            {
                is_open |= collect(part, value, properties);
            }
        }
    }
    is_open
}
