//! Every keyword of OpenAPI 3.0 and 3.1 and of their schemas, with what becomes of it.
//!
//! [`check`] makes an unlisted keyword an error, so that nothing in a document goes unread without
//! a reason that stands here. [`each`] walks the objects of a document by the same tables.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use self::Below::{Each, Every, Nothing, One};
use self::Fate::{Ignored, Lost, Read};
use super::accept::{Loss, Losses};
use super::docs::code;
use super::{json_schema, rename};
use crate::pointer::child;
use crate::problem::{Problem, Problems};

/// An object of the standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// The whole document.
    Document,
    /// What the document says of itself.
    Info,
    /// `components`.
    Components,
    /// What a path or webhook stands for.
    PathItem,
    /// An operation.
    Operation,
    /// A parameter.
    Parameter,
    /// The body of a request.
    RequestBody,
    /// A response.
    Response,
    /// A header of a response or of a part of a body.
    Header,
    /// A body in one media type.
    MediaType,
    /// How a property of a form is written.
    Encoding,
    /// A schema.
    Schema,
    /// What tells the members of a union apart.
    Discriminator,
    /// A way to prove who sends a request.
    SecurityScheme,
    /// A server.
    Server,
    /// A tag.
    Tag,
    /// A reference in place of any of these but a schema or path item.
    Reference,
}

/// What becomes of a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A stage reads it.
    Read,
    /// It is left unread on purpose, for this reason.
    Ignored(&'static str),
    /// It cannot be expressed, and is an error unless the object accepts the loss.
    Lost(Loss, &'static str),
}

/// The objects that stand below a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// None.
    Nothing,
    /// One.
    One(Object),
    /// A list.
    Each(Object),
    /// An object with names as its keys.
    Every(Object),
}

const PROSE: Fate = Ignored("it is for people, and the description says more");
const SAMPLE: Fate = Ignored("a sample does not shape a type");
const AS_TEXT: Fate = Ignored("responses hand out their headers as they are");
const CONSTRAINT: Fate = Lost(Loss::Constraint, "has no place in a Rust type or its docs");

/// Is given each object with its pointer and entries.
type Visit<'v> = dyn FnMut(Object, &str, &Map<String, Value>) + 'v;

/// The same, of objects that it may change.
type VisitMut<'v> = dyn FnMut(Object, &str, &mut Map<String, Value>) + 'v;

type Keyword = (&'static str, Fate, Below);

impl Object {
    /// Its keywords, the extensions among them that are read here.
    fn keywords(self) -> &'static [Keyword] {
        match self {
            Self::Document => &[
                ("openapi", Read, Nothing),
                ("info", Read, One(Self::Info)),
                ("servers", Read, Each(Self::Server)),
                ("paths", Read, Every(Self::PathItem)),
                ("webhooks", Read, Every(Self::PathItem)),
                ("x-webhooks", Read, Every(Self::PathItem)),
                ("components", Read, One(Self::Components)),
                ("security", Read, Nothing),
                ("tags", Read, Each(Self::Tag)),
                ("externalDocs", PROSE, Nothing),
                (
                    "jsonSchemaDialect",
                    Ignored("other keywords are refused"),
                    Nothing,
                ),
            ],
            Self::Info => &[
                ("title", Read, Nothing),
                ("summary", PROSE, Nothing),
                ("description", PROSE, Nothing),
                ("termsOfService", PROSE, Nothing),
                ("contact", PROSE, Nothing),
                ("license", PROSE, Nothing),
                (
                    "version",
                    Ignored("the crates have versions of their own"),
                    Nothing,
                ),
            ],
            Self::Components => &[
                ("schemas", Read, Every(Self::Schema)),
                ("responses", Read, Every(Self::Response)),
                ("parameters", Read, Every(Self::Parameter)),
                ("examples", SAMPLE, Nothing),
                ("requestBodies", Read, Every(Self::RequestBody)),
                ("headers", Read, Every(Self::Header)),
                ("securitySchemes", Read, Every(Self::SecurityScheme)),
                ("links", Ignored("a link is advice"), Nothing),
                (
                    "callbacks",
                    Ignored("those of operations are read"),
                    Nothing,
                ),
                ("pathItems", Read, Every(Self::PathItem)),
            ],
            Self::PathItem => &[
                ("$ref", Read, Nothing),
                ("summary", PROSE, Nothing),
                ("description", PROSE, Nothing),
                ("get", Read, One(Self::Operation)),
                ("put", Read, One(Self::Operation)),
                ("post", Read, One(Self::Operation)),
                ("delete", Read, One(Self::Operation)),
                ("options", Read, One(Self::Operation)),
                ("head", Read, One(Self::Operation)),
                ("patch", Read, One(Self::Operation)),
                ("trace", Read, One(Self::Operation)),
                ("servers", Read, Each(Self::Server)),
                ("parameters", Read, Each(Self::Parameter)),
            ],
            Self::Operation => &[
                ("tags", Read, Nothing),
                ("summary", Read, Nothing),
                ("description", Read, Nothing),
                ("externalDocs", PROSE, Nothing),
                ("operationId", Read, Nothing),
                ("parameters", Read, Each(Self::Parameter)),
                ("requestBody", Read, One(Self::RequestBody)),
                ("responses", Read, Every(Self::Response)),
                (
                    "callbacks",
                    Lost(
                        Loss::Callback,
                        "describe requests that the API makes, which get no types",
                    ),
                    Nothing,
                ),
                ("deprecated", Read, Nothing),
                ("security", Read, Nothing),
                ("servers", Read, Each(Self::Server)),
                ("x-repeat", Read, Nothing),
                ("x-rust-name", Read, Nothing),
                ("x-sdk-name", Read, Nothing),
                ("x-event-type", Read, Nothing),
                ("x-webhook-version", Read, Nothing),
            ],
            Self::Parameter => &[
                ("name", Read, Nothing),
                ("in", Read, Nothing),
                ("description", Read, Nothing),
                ("required", Read, Nothing),
                ("deprecated", Read, Nothing),
                (
                    "allowEmptyValue",
                    Ignored("an empty text can be set"),
                    Nothing,
                ),
                ("style", Read, Nothing),
                ("explode", Read, Nothing),
                (
                    "allowReserved",
                    Ignored("what is escaped means the same"),
                    Nothing,
                ),
                ("schema", Read, One(Self::Schema)),
                ("example", SAMPLE, Nothing),
                ("examples", SAMPLE, Nothing),
                ("content", Read, Every(Self::MediaType)),
                ("x-rust-name", Read, Nothing),
            ],
            Self::RequestBody => &[
                ("description", Read, Nothing),
                ("content", Read, Every(Self::MediaType)),
                ("required", Read, Nothing),
            ],
            Self::Response => &[
                ("description", Read, Nothing),
                ("headers", Read, Every(Self::Header)),
                ("content", Read, Every(Self::MediaType)),
                ("links", Ignored("a link is advice"), Nothing),
            ],
            Self::Header => &[
                ("description", Read, Nothing),
                ("required", Read, Nothing),
                ("deprecated", AS_TEXT, Nothing),
                ("allowEmptyValue", AS_TEXT, Nothing),
                ("style", AS_TEXT, Nothing),
                ("explode", AS_TEXT, Nothing),
                ("allowReserved", AS_TEXT, Nothing),
                ("schema", Read, One(Self::Schema)),
                ("example", SAMPLE, Nothing),
                ("examples", SAMPLE, Nothing),
                ("content", AS_TEXT, Every(Self::MediaType)),
            ],
            Self::MediaType => &[
                ("schema", Read, One(Self::Schema)),
                ("example", SAMPLE, Nothing),
                ("examples", SAMPLE, Nothing),
                (
                    "encoding",
                    Ignored("it is for forms, and JSON is sent"),
                    Every(Self::Encoding),
                ),
            ],
            Self::Encoding => &[
                ("contentType", Ignored("it is for forms"), Nothing),
                ("headers", Ignored("it is for forms"), Every(Self::Header)),
                ("style", Ignored("it is for forms"), Nothing),
                ("explode", Ignored("it is for forms"), Nothing),
                ("allowReserved", Ignored("it is for forms"), Nothing),
            ],
            Self::Schema => SCHEMA,
            Self::Discriminator => &[("propertyName", Read, Nothing), ("mapping", Read, Nothing)],
            Self::SecurityScheme => &[
                ("type", Read, Nothing),
                ("description", PROSE, Nothing),
                ("name", Read, Nothing),
                ("in", Read, Nothing),
                ("scheme", Read, Nothing),
                ("bearerFormat", Ignored("any API key can be set"), Nothing),
                ("flows", Ignored("OAuth is refused"), Nothing),
                (
                    "openIdConnectUrl",
                    Ignored("OpenID Connect is refused"),
                    Nothing,
                ),
            ],
            Self::Server => &[
                ("url", Read, Nothing),
                ("description", PROSE, Nothing),
                ("variables", Read, Nothing),
            ],
            Self::Tag => &[
                ("name", Read, Nothing),
                ("description", Read, Nothing),
                ("externalDocs", PROSE, Nothing),
            ],
            Self::Reference => &[
                ("$ref", Read, Nothing),
                ("summary", PROSE, Nothing),
                ("description", PROSE, Nothing),
            ],
        }
    }

    /// The object itself, or a reference in its place.
    fn or_reference(self, entries: &Map<String, Value>) -> Self {
        match self {
            Self::Schema | Self::PathItem => self,
            _ if entries.contains_key("$ref") => Self::Reference,
            _ => self,
        }
    }

    /// Whether an entry of a map of such objects is one: maps of OpenAPI may have extensions
    /// beside their names.
    fn may_be_called(self, name: &str) -> bool {
        self == Self::Schema || !name.starts_with("x-")
    }

    /// What it is called in messages.
    fn name(self) -> &'static str {
        match self {
            Self::Document => "the document",
            Self::Info => "`info`",
            Self::Components => "`components`",
            Self::PathItem => "a path",
            Self::Operation => "an operation",
            Self::Parameter => "a parameter",
            Self::RequestBody => "a request body",
            Self::Response => "a response",
            Self::Header => "a header",
            Self::MediaType => "a media type",
            Self::Encoding => "an encoding",
            Self::Schema => "a schema",
            Self::Discriminator => "a discriminator",
            Self::SecurityScheme => "a security scheme",
            Self::Server => "a server",
            Self::Tag => "a tag",
            Self::Reference => "a reference",
        }
    }
}

/// The keywords of schemas: JSON Schema 2020-12, and those that OpenAPI adds or had in 3.0.
const SCHEMA: &[Keyword] = {
    use Object::{Discriminator, Schema};
    &[
        ("$ref", Read, Nothing),
        ("type", Read, Nothing),
        ("enum", Read, Nothing),
        ("const", Read, Nothing),
        ("nullable", Read, Nothing),
        ("format", Read, Nothing),
        ("default", Read, Nothing),
        ("properties", Read, Every(Schema)),
        ("required", Read, Nothing),
        ("additionalProperties", Read, One(Schema)),
        ("patternProperties", Read, Every(Schema)),
        ("items", Read, One(Schema)),
        ("prefixItems", Read, Each(Schema)),
        ("allOf", Read, Each(Schema)),
        ("oneOf", Read, Each(Schema)),
        ("anyOf", Read, Each(Schema)),
        ("discriminator", Read, One(Discriminator)),
        ("minLength", Read, Nothing),
        ("maxLength", Read, Nothing),
        ("pattern", Read, Nothing),
        ("minimum", Read, Nothing),
        ("maximum", Read, Nothing),
        ("exclusiveMinimum", Read, Nothing),
        ("exclusiveMaximum", Read, Nothing),
        ("multipleOf", Read, Nothing),
        ("minItems", Read, Nothing),
        ("maxItems", Read, Nothing),
        ("uniqueItems", Read, Nothing),
        ("minProperties", Read, Nothing),
        ("maxProperties", Read, Nothing),
        ("contentEncoding", Read, Nothing),
        ("contentMediaType", Read, Nothing),
        ("description", Read, Nothing),
        ("deprecated", Read, Nothing),
        ("readOnly", Read, Nothing),
        ("writeOnly", Read, Nothing),
        ("x-enum-varnames", Read, Nothing),
        ("x-rust-name", Read, Nothing),
        ("x-sdk-name", Read, Nothing),
        ("x-secret", Read, Nothing),
        ("title", PROSE, Nothing),
        ("$comment", PROSE, Nothing),
        ("externalDocs", PROSE, Nothing),
        ("example", SAMPLE, Nothing),
        ("examples", SAMPLE, Nothing),
        ("xml", Ignored("bodies are JSON"), Nothing),
        ("$schema", Ignored("other keywords are refused"), Nothing),
        (
            "$id",
            Ignored("references that need it lead nowhere"),
            Nothing,
        ),
        (
            "$anchor",
            Ignored("references that need it lead nowhere"),
            Nothing,
        ),
        (
            "$dynamicAnchor",
            Ignored("`$dynamicRef` is refused"),
            Nothing,
        ),
        (
            "$vocabulary",
            Ignored("other keywords are refused"),
            Nothing,
        ),
        (
            "$defs",
            Ignored("references into it are refused"),
            Every(Schema),
        ),
        (
            "definitions",
            Ignored("references into it are refused"),
            Every(Schema),
        ),
        ("$dynamicRef", CONSTRAINT, Nothing),
        ("not", CONSTRAINT, One(Schema)),
        ("if", CONSTRAINT, One(Schema)),
        ("then", Ignored("`if` is refused"), One(Schema)),
        ("else", Ignored("`if` is refused"), One(Schema)),
        ("dependentRequired", CONSTRAINT, Nothing),
        ("dependentSchemas", CONSTRAINT, Every(Schema)),
        ("dependencies", CONSTRAINT, Nothing),
        ("propertyNames", CONSTRAINT, One(Schema)),
        ("contains", CONSTRAINT, One(Schema)),
        ("minContains", Ignored("`contains` is refused"), Nothing),
        ("maxContains", Ignored("`contains` is refused"), Nothing),
        ("additionalItems", CONSTRAINT, One(Schema)),
        ("unevaluatedItems", CONSTRAINT, One(Schema)),
        ("unevaluatedProperties", CONSTRAINT, One(Schema)),
        ("contentSchema", CONSTRAINT, One(Schema)),
    ]
};

/// Checks that every keyword of a document is known, where it stands, and not lost.
pub fn check(root: &Value, losses: &mut Losses, problems: &mut Problems) {
    each(root, &mut |object, pointer, entries| {
        rename::check(entries, object == Object::Schema, pointer, problems);
        for (name, value) in entries {
            kind(object, name, value, &child(pointer, name), losses, problems);
            match find(object, name) {
                Some((_, Read | Ignored(_), _)) => {}
                Some((_, Lost(loss, why), _)) => {
                    // `false` says no more than that other members are not described.
                    let is_said = (name.starts_with("unevaluated") && *value == Value::Bool(false))
                        || value
                            .as_object()
                            .is_some_and(|value| object != Object::Schema && value.is_empty());
                    let what = format!("`{name}` {why}");
                    if !is_said && let Err(problem) = losses.accept(*loss, pointer, &what) {
                        problems.push(problem);
                    }
                }
                None if !name.starts_with("x-") => {
                    let what = format!("{} is not a keyword of {}", code(name), object.name());
                    problems.push(removable(losses, &child(pointer, name), what));
                }
                None if is_ours(name) => {
                    let what = format!("`{name}` is not read in {}", object.name());
                    problems.push(removable(losses, &child(pointer, name), what));
                }
                None => {}
            }
        }
    });
}

/// The problem of a place that can be left out.
fn removable(losses: &Losses, pointer: &str, what: String) -> Problem {
    let action = losses.remove(pointer, &what);
    let help = format!("correct it, or leave it out in openapi/overlay.yaml:\n{action}");
    Problem::new(pointer, what, help)
}

/// Checks that a keyword has a value of its kind, and so do the objects below it.
fn kind(
    object: Object,
    name: &str,
    value: &Value,
    pointer: &str,
    losses: &Losses,
    problems: &mut Problems,
) {
    let mut expect = |is_of_kind: bool, pointer: String, name: &str, kind: &str| {
        if !is_of_kind {
            let what = format!("`{name}` is not {kind}");
            problems.push(removable(losses, &pointer, what));
        }
    };
    let is_object = |inner: Object, value: &Value| {
        value.is_object() || (inner == Object::Schema && value.is_boolean())
    };
    let at = pointer.to_owned();
    match (find(object, name).map(|(_, _, below)| *below), value) {
        (Some(One(inner)), _) => expect(is_object(inner, value), at, name, "an object"),
        (Some(Each(inner)), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                let name = index.to_string();
                expect(
                    is_object(inner, item),
                    child(pointer, &name),
                    &name,
                    "an object",
                );
            }
        }
        (Some(Each(_)), _) => expect(false, at, name, "a list"),
        (Some(Every(inner)), Value::Object(items)) => {
            for (name, item) in items.iter().filter(|(name, _)| inner.may_be_called(name)) {
                expect(
                    is_object(inner, item),
                    child(pointer, name),
                    name,
                    "an object",
                );
            }
        }
        (Some(Every(_)), _) => expect(false, at, name, "an object"),
        (Some(Nothing), _) => {
            let (is_of_kind, kind) = match (object, name) {
                (Object::Schema, "required") | (_, "enum") => (value.is_array(), "a list"),
                (_, "tags") => (is_list(value, Value::is_string), "a list of texts"),
                (_, "security") => (is_list(value, Value::is_object), "a list of objects"),
                (_, "x-sdk-name") => (
                    value.is_string() || is_list(value, Value::is_string),
                    "a text or a list of texts",
                ),
                (
                    _,
                    "required" | "deprecated" | "explode" | "allowReserved" | "allowEmptyValue"
                    | "nullable" | "readOnly" | "writeOnly" | "uniqueItems" | "x-secret",
                ) => (value.is_boolean(), "a boolean"),
                (_, "callbacks" | "mapping" | "variables") => (value.is_object(), "an object"),
                (
                    _,
                    "$ref" | "name" | "in" | "style" | "operationId" | "summary" | "description"
                    | "url" | "scheme" | "propertyName" | "format" | "pattern" | "x-event-type"
                    | "x-webhook-version",
                ) => (value.is_string(), "a text"),
                _ => (true, ""),
            };
            expect(is_of_kind, at, name, kind);
        }
        (None, _) => {}
    }
}

fn is_list(value: &Value, is_item: fn(&Value) -> bool) -> bool {
    value
        .as_array()
        .is_some_and(|items| items.iter().all(is_item))
}

/// Visits every object of a document with its pointer, in the document's order.
pub fn each(root: &Value, visit: &mut Visit<'_>) {
    walk(root, Object::Document, "#", visit);
}

/// The values of an extension, by the place of the object that has it.
pub fn extension(root: &Value, name: &str) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    each(root, &mut |_, pointer, entries| {
        if let Some(value) = entries.get(name) {
            found.insert(pointer.to_owned(), value.clone());
        }
    });
    found
}

fn walk(value: &Value, object: Object, pointer: &str, visit: &mut Visit<'_>) {
    let Some(entries) = value.as_object() else {
        return;
    };
    let object = object.or_reference(entries);
    visit(object, pointer, entries);
    for (name, value) in entries {
        let below = find(object, name).map_or(Nothing, |(_, _, below)| *below);
        let at = child(pointer, name);
        match (below, value) {
            (One(inner), _) => walk(value, inner, &at, visit),
            (Each(inner), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, inner, &format!("{at}/{index}"), visit);
                }
            }
            (Every(inner), Value::Object(items)) => {
                for (name, item) in items {
                    if inner.may_be_called(name) {
                        walk(item, inner, &child(&at, name), visit);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Visits every object below a value like [`each`], and may change it before what is below it.
pub fn each_mut(value: &mut Value, object: Object, pointer: &str, visit: &mut VisitMut<'_>) {
    let Some(entries) = value.as_object_mut() else {
        return;
    };
    let object = object.or_reference(entries);
    visit(object, pointer, entries);
    for (name, value) in entries {
        let below = find(object, name).map_or(Nothing, |(_, _, below)| *below);
        let at = child(pointer, name);
        match (below, value) {
            (One(inner), value) => each_mut(value, inner, &at, visit),
            (Each(inner), Value::Array(items)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    let at = json_schema::member_place(item, pointer, name, index);
                    each_mut(item, inner, &at, visit);
                }
            }
            (Every(inner), Value::Object(items)) => {
                for (name, item) in items {
                    if inner.may_be_called(name) {
                        each_mut(item, inner, &child(&at, name), visit);
                    }
                }
            }
            _ => {}
        }
    }
}

fn find(object: Object, name: &str) -> Option<&'static Keyword> {
    let mut keywords = object.keywords().iter();
    keywords.find(|(keyword, ..)| *keyword == name)
}

/// Whether an extension is one of this generator's.
fn is_ours(name: &str) -> bool {
    const OURS: &[&str] = &[
        "x-enum-varnames",
        "x-event-type",
        "x-repeat",
        "x-rust-name",
        "x-sdk-name",
        "x-secret",
        "x-webhook-version",
    ];
    OURS.contains(&name)
}
