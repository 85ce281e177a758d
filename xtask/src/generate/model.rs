//! The API as the emitters see it: types, operations and events, in the document's order.

use std::collections::BTreeMap;

/// The whole API.
#[derive(Clone, Debug, Default)]
pub struct Api {
    /// The name of the document, for the first line of generated files.
    pub source: String,
    /// The title and description of the document.
    pub title: String,
    /// The types, by Rust name in `order`.
    pub types: BTreeMap<String, TypeDef>,
    /// The Rust names of the types in the document's order.
    pub order: Vec<String>,
    /// Where the document says that the API is served, the default first.
    pub servers: Vec<String>,
    /// The operations.
    pub operations: Vec<Operation>,
    /// The webhook events.
    pub events: Vec<Event>,
    /// The type of most error answers.
    pub error: Option<String>,
    /// The modules of the API with the names the document gives them.
    pub areas: Vec<(String, String)>,
    /// What the reader should know though it is no error.
    pub notes: Vec<String>,
}

/// A named type.
#[derive(Clone, Debug, Default)]
pub struct TypeDef {
    /// Its Rust name.
    pub name: String,
    /// The vendor's other names for it.
    pub aliases: Vec<String>,
    /// What the document says of it.
    pub description: String,
    /// Whether the document calls it deprecated.
    pub deprecated: bool,
    /// What it demands beyond its shape, as sentences.
    pub limits: Vec<String>,
    /// Its shape.
    pub kind: Kind,
    /// Where it stands in the document.
    pub pointer: String,
    /// Whether it was nested in another schema.
    pub is_hoisted: bool,
    /// Whether a request can hold it.
    pub in_request: bool,
    /// Whether an answer or event can hold it.
    pub in_answer: bool,
    /// The module it stands in.
    pub area: String,
}

impl TypeDef {
    /// The named types that its fields or variants hold.
    pub fn uses(&self) -> Vec<&str> {
        match &self.kind {
            Kind::Struct(object) => object.fields.iter().filter_map(|f| f.ty.named()).collect(),
            Kind::Union(union) => union
                .variants
                .iter()
                .map(|(_, _, ty)| ty.as_str())
                .collect(),
            Kind::Mixed(kinds) => kinds.iter().filter_map(|kind| kind.ty.named()).collect(),
            Kind::Alias(ty) => ty.named().into_iter().collect(),
            Kind::Enum(_) | Kind::Integers(_) => Vec::new(),
        }
    }
}

/// The shape of a named type.
#[derive(Clone, Debug)]
pub enum Kind {
    /// An object.
    Struct(Struct),
    /// Strings, with what each value means where the document says so.
    Enum(Vec<Variant>),
    /// Integers, likewise.
    Integers(Vec<Variant>),
    /// Objects told apart by a tag.
    Union(Union),
    /// Values of several JSON kinds.
    Mixed(Vec<Mixed>),
    /// Another name for a type without one.
    Alias(Type),
}

impl Default for Kind {
    fn default() -> Self {
        Self::Alias(Type::Any)
    }
}

/// The values of one JSON kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mixed {
    /// Its variant.
    pub name: &'static str,
    /// The method of `serde_json::Value` that tells the kind.
    pub test: &'static str,
    /// Its type.
    pub ty: Type,
}

/// An object's fields.
#[derive(Clone, Debug, Default)]
pub struct Struct {
    /// The fields, in the document's order.
    pub fields: Vec<Field>,
    /// A constant that the object carries on the wire and the struct does not hold.
    pub tag: Option<(String, String)>,
}

/// A field of an object.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name on the wire.
    pub wire: String,
    /// Its Rust name.
    pub name: String,
    /// What the document says of it.
    pub description: String,
    /// What it demands beyond its type, and its default, as sentences.
    pub limits: Vec<String>,
    /// Its type, without null.
    pub ty: Type,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it may be null.
    pub nullable: bool,
    /// Whether the API sets it, so that requests do not have it.
    pub read_only: bool,
    /// Whether requests have it and responses do not.
    pub write_only: bool,
    /// Whether `Debug` hides it.
    pub secret: bool,
    /// Whether the document calls it deprecated.
    pub deprecated: bool,
    /// The one value it may have, if there is one.
    pub constant: Option<String>,
    /// Whether the type contains itself through this field.
    pub boxed: bool,
}

/// A value of an open enum.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its Rust name.
    pub name: String,
    /// Its value on the wire.
    pub wire: String,
    /// What the document says of it.
    pub description: String,
}

/// Objects told apart by a tag.
#[derive(Clone, Debug)]
pub struct Union {
    /// The field that holds the tag.
    pub tag: String,
    /// Variant, value of the tag, Rust type.
    pub variants: Vec<(String, String, String)>,
}

/// A type as it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// A UUID.
    Uuid,
    /// A time in RFC 3339.
    DateTime,
    /// A date.
    Date,
    /// An integer of 64 bits.
    I64,
    /// An integer of 64 bits that is not negative.
    U64,
    /// An integer of 32 bits.
    I32,
    /// A number.
    F64,
    /// True or false.
    Bool,
    /// Any JSON.
    Any,
    /// Any JSON object.
    Object,
    /// A list.
    List(Box<Type>),
    /// An object with keys that are data.
    Map(Box<Type>),
    /// A value or null, inside a list or map.
    OrNull(Box<Type>),
    /// A named type.
    Named(String),
}

impl Type {
    /// The type in Rust, with named types as they are called inside linq-types.
    pub fn rust(&self) -> String {
        match self {
            Self::String => "String".to_owned(),
            Self::Uuid => "Uuid".to_owned(),
            Self::DateTime => "DateTime<Utc>".to_owned(),
            Self::Date => "NaiveDate".to_owned(),
            Self::I64 => "i64".to_owned(),
            Self::U64 => "u64".to_owned(),
            Self::I32 => "i32".to_owned(),
            Self::F64 => "f64".to_owned(),
            Self::Bool => "bool".to_owned(),
            Self::Any => "Value".to_owned(),
            Self::Object => "Map<String, Value>".to_owned(),
            Self::List(item) => format!("Vec<{}>", item.rust()),
            Self::Map(value) => format!("BTreeMap<String, {}>", value.rust()),
            Self::OrNull(inner) => format!("Option<{}>", inner.rust()),
            Self::Named(name) => name.clone(),
        }
    }

    /// The named types in it.
    pub fn named(&self) -> Option<&str> {
        match self {
            Self::List(inner) | Self::Map(inner) | Self::OrNull(inner) => inner.named(),
            Self::Named(name) => Some(name),
            _ => None,
        }
    }
}

/// An operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its id in the document.
    pub id: String,
    /// Its Rust method.
    pub name: String,
    /// The HTTP method, in upper case.
    pub method: String,
    /// The path template.
    pub path: String,
    /// The document's name of its area.
    pub tag: String,
    /// The module it stands in.
    pub area: String,
    /// The vendor's other names for it.
    pub aliases: Vec<String>,
    /// What the document says in few words.
    pub summary: String,
    /// What the document says at length.
    pub description: String,
    /// Whether the document calls it deprecated.
    pub deprecated: bool,
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// The body's type, and whether it must be there.
    pub body: Option<Body>,
    /// What it answers.
    pub answer: Answer,
    /// The type that error bodies are read as.
    pub error: Option<String>,
    /// The responses that the document describes, by status.
    pub statuses: Vec<Status>,
    /// Where it is served, where that is not where the API is; an accepted loss.
    pub servers: Vec<String>,
    /// What requests carry to prove who sends them, in words, one for each alternative; empty where
    /// the document says nothing of it.
    pub security: Vec<String>,
    /// What a second call does.
    pub repeat: Repeat,
}

impl Operation {
    /// Its method and path.
    pub fn endpoint(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The named types that it sends.
    pub fn request_uses(&self) -> Vec<&str> {
        let body = self.body.iter().filter_map(|body| body.ty.named());
        let parameters = self
            .parameters
            .iter()
            .filter_map(|parameter| parameter.ty.named());
        body.chain(parameters).collect()
    }

    /// The named types that it answers with.
    pub fn answer_uses(&self) -> Vec<&str> {
        let bodies = self.statuses.iter().map(|status| &status.body);
        let bodies = bodies.chain([&self.answer]).filter_map(Answer::named);
        bodies.chain(self.error.as_deref()).collect()
    }
}

/// A response that the document describes.
#[derive(Clone, Debug)]
pub struct Status {
    /// The status, `2XX` for a range or `default`.
    pub code: String,
    /// What the document says of it.
    pub description: String,
    /// Its body.
    pub body: Answer,
    /// The headers that the document names.
    pub headers: Vec<Header>,
}

impl Status {
    /// Whether it says that the API did what was asked for.
    pub fn is_success(&self) -> bool {
        self.code.starts_with('2')
    }
}

/// A header of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// The kind of its value, such as `integer`.
    pub kind: String,
    /// Whether it is always there.
    pub required: bool,
    /// What the document says of it.
    pub description: String,
}

/// What sending a call of an operation a second time means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It only reads.
    Read,
    /// Doing it twice leaves what doing it once does.
    Idempotent,
    /// It is done once for each key.
    Keyed {
        /// The header that takes the key.
        header: Option<String>,
        /// The JSON pointer of the place in the body that takes the key.
        body: Option<String>,
    },
    /// Each call counts.
    Once,
}

/// A request body.
#[derive(Clone, Debug)]
pub struct Body {
    /// Its type.
    pub ty: Type,
    /// Its media type, which is a kind of JSON.
    pub media: String,
    /// Whether it must be there.
    pub required: bool,
    /// What the document says of it.
    pub description: String,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum In {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// Among the headers.
    Header,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name on the wire.
    pub wire: String,
    /// Its setter.
    pub name: String,
    /// Where it stands.
    pub location: In,
    /// Its type.
    pub ty: Type,
    /// Whether it must be there.
    pub required: bool,
    /// How a list is written.
    pub style: Style,
    /// Whether the document calls it deprecated.
    pub deprecated: bool,
    /// What the document says of it.
    pub description: String,
    /// What it demands beyond its type, and its default, as sentences.
    pub limits: Vec<String>,
}

/// How a list is written into a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// One pair for each item.
    #[default]
    Repeated,
    /// One pair, its items joined by commas.
    Commas,
    /// One pair, its items joined by spaces.
    Spaces,
    /// One pair, its items joined by `|`.
    Pipes,
}

/// The body of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Empty,
    /// JSON of a type, with its media types as a header lists them.
    Json(Type, String),
    /// Bytes of some media types, as a header lists them.
    Bytes(String),
}

impl Answer {
    /// The named type in it.
    pub fn named(&self) -> Option<&str> {
        match self {
            Self::Json(ty, _) => ty.named(),
            Self::Empty | Self::Bytes(_) => None,
        }
    }

    /// Its media types.
    pub fn media(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Json(_, media) | Self::Bytes(media) => media,
        }
    }
}

/// A webhook event.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its variant.
    pub variant: String,
    /// Its type on the wire.
    pub event_type: String,
    /// Its payload version; `None` for every version.
    pub version: Option<String>,
    /// The Rust type of the payload.
    pub payload: String,
    /// What the document says of it.
    pub description: String,
}
