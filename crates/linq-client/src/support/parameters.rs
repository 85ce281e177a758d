//! The parameters of one call, on their way from a builder into a request.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::encode::{self, ListStyle};
use super::operation::{Operation, Repeat};
use super::request::Request;

/// The parameters of a call.
///
/// The builders keep each value as a `Result`, with the reason in place of a value that is missing or did not
/// convert. The first such parameter is remembered, and sending then fails before anything is sent.
pub(crate) struct Parameters {
    operation: &'static Operation,
    path: Cow<'static, str>,
    query: String,
    headers: HeaderMap,
    /// Written as JSON when the call is sent, so that the key can be set until then.
    body: Option<Box<dyn Body>>,
    /// The idempotency key that is in the headers or the body.
    key: Option<String>,
    problem: Option<Problem>,
}

/// A JSON body that is not written yet.
trait Body: Send {
    fn to_json(&self) -> serde_json::Result<Vec<u8>>;

    /// The field of the idempotency key, if it has one.
    fn key_mut(&mut self) -> Option<&mut Option<String>>;
}

struct Json<T> {
    value: T,
    key: Option<KeyField<T>>,
}

/// Finds the field of the idempotency key in a body.
pub(crate) type KeyField<T> = fn(&mut T) -> Option<&mut Option<String>>;

impl<T: Serialize + Send> Body for Json<T> {
    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&self.value)
    }

    fn key_mut(&mut self) -> Option<&mut Option<String>> {
        self.key?(&mut self.value)
    }
}

#[allow(
    dead_code,
    reason = "which kinds of parameters there are depends on the API document"
)]
impl Parameters {
    pub(crate) fn new(operation: &'static Operation) -> Self {
        Self::of(operation, operation.path().into())
    }

    /// The parameters of a path that need not be that of its operation.
    pub(crate) fn with_path(operation: &'static Operation, path: &str) -> Self {
        let mut parameters = Self::of(operation, path.to_owned().into());
        if !encode::is_path(path) {
            parameters.refuse("path", Reason::NotPath);
        }
        parameters
    }

    fn of(operation: &'static Operation, path: Cow<'static, str>) -> Self {
        Self {
            operation,
            path,
            query: String::new(),
            headers: HeaderMap::new(),
            body: None,
            key: None,
            problem: None,
        }
    }

    pub(crate) fn operation(&self) -> &'static Operation {
        self.operation
    }

    pub(crate) fn path_text(&self) -> &str {
        &self.path
    }

    /// Puts a value in its place in the path.
    pub(crate) fn path<T: Serialize>(&mut self, name: &'static str, value: Result<T, Reason>) {
        let Some(text) = self.required(name, value) else {
            return;
        };
        // A dot segment is removed when a URL is parsed, even in its percent-encoded form, so that the
        // request would go to another operation.
        match text.as_str() {
            "" => return self.refuse(name, Reason::Empty),
            "." | ".." => return self.refuse(name, Reason::DotSegment),
            _ => {}
        }
        let place = format!("{{{name}}}");
        if !self.path.contains(&place) {
            return self.refuse(name, Reason::NotInPath);
        }
        // Values hold no braces, since these are percent-encoded.
        self.path = self.path.replace(&place, &encode::percent(&text)).into();
    }

    /// Adds a query parameter that may be absent.
    pub(crate) fn query<T: Serialize>(
        &mut self,
        name: &'static str,
        value: Result<Option<T>, Reason>,
    ) {
        if let Some(text) = self.optional(name, value) {
            encode::push_pair(&mut self.query, name, &encode::percent(&text));
        }
    }

    /// Adds a query parameter.
    pub(crate) fn query_required<T: Serialize>(
        &mut self,
        name: &'static str,
        value: Result<T, Reason>,
    ) {
        if let Some(text) = self.required(name, value) {
            encode::push_pair(&mut self.query, name, &encode::percent(&text));
        }
    }

    /// Adds a query parameter whose name is not known to be safe to print.
    pub(crate) fn query_named<T: Serialize>(&mut self, name: &str, value: &T) {
        if let Some(text) = self.optional("query", Ok(Some(value))) {
            encode::push_pair(&mut self.query, name, &encode::percent(&text));
        }
    }

    /// Adds a list to the query; an absent one and an empty one add nothing.
    pub(crate) fn query_list<T: Serialize>(
        &mut self,
        name: &'static str,
        values: Result<Option<Vec<T>>, Reason>,
        style: ListStyle,
    ) {
        if let Some(Some(values)) = self.taken(name, values) {
            self.push_list(name, &values, style);
        }
    }

    /// Adds a list to the query; an empty one is refused.
    pub(crate) fn query_list_required<T: Serialize>(
        &mut self,
        name: &'static str,
        values: Result<Vec<T>, Reason>,
        style: ListStyle,
    ) {
        match self.taken(name, values) {
            Some(values) if values.is_empty() => self.refuse(name, Reason::Empty),
            Some(values) => self.push_list(name, &values, style),
            None => {}
        }
    }

    /// Adds a header that may be absent.
    pub(crate) fn header<T: Serialize>(
        &mut self,
        name: &'static str,
        value: Result<Option<T>, Reason>,
    ) {
        if let Some(text) = self.optional(name, value) {
            self.push_header(name, name, &text);
        }
    }

    /// Adds a header whose name is not known to be safe to print.
    pub(crate) fn header_named<T: Serialize>(&mut self, name: &str, value: &T) {
        if let Some(text) = self.optional("header", Ok(Some(value))) {
            self.push_header("header", name, &text);
        }
    }

    /// Adds a header.
    pub(crate) fn header_required<T: Serialize>(
        &mut self,
        name: &'static str,
        value: Result<T, Reason>,
    ) {
        if let Some(text) = self.required(name, value) {
            self.push_header(name, name, &text);
        }
    }

    /// Sets the JSON body.
    pub(crate) fn body<T>(&mut self, value: Result<T, Reason>)
    where
        T: Serialize + Send + 'static,
    {
        self.body_optional(value.map(Some));
    }

    /// Sets the JSON body, if there is one.
    pub(crate) fn body_optional<T>(&mut self, value: Result<Option<T>, Reason>)
    where
        T: Serialize + Send + 'static,
    {
        if let Some(Some(value)) = self.taken("body", value) {
            self.body = Some(Box::new(Json { value, key: None }));
        }
    }

    /// Sets the JSON body, which has a field for the idempotency key.
    pub(crate) fn keyed_body<T>(&mut self, value: Result<T, Reason>, key: KeyField<T>)
    where
        T: Serialize + Send + 'static,
    {
        if let Some(value) = self.taken("body", value) {
            let key = Some(key);
            let mut body = Json { value, key };
            if self.key.is_none() {
                let key = body.key_mut().and_then(|key| key.clone());
                self.key = key.filter(|key| !key.is_empty());
            }
            self.body = Some(Box::new(body));
        }
    }

    /// The idempotency key that will be sent.
    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Sets the idempotency key in its header, or else in the body; in both if the body has another one.
    pub(crate) fn set_idempotency_key(&mut self, key: &str) -> Result<(), Problem> {
        let problem = |reason| Problem::new("idempotency key", reason);
        let header = match self.operation.repeat() {
            Repeat::Keyed { header, .. } => header,
            // Repeating it is safe without a key.
            Repeat::Read | Repeat::Idempotent => return Ok(()),
            Repeat::Once => return Err(problem(Reason::NoKey)),
        };
        let mut is_placed = false;
        if let Some(name) = header {
            let value = HeaderValue::from_str(key);
            let value = value.map_err(|_| problem(Reason::NotHeaderText))?;
            self.headers.insert(name_of(name)?, value);
            is_placed = true;
        }
        if let Some(field) = self.body.as_mut().and_then(|body| body.key_mut())
            && (field.is_some() || header.is_none())
        {
            *field = Some(key.to_owned());
            is_placed = true;
        }
        if !is_placed {
            return Err(problem(Reason::NoKey));
        }
        self.key = Some(key.to_owned());
        Ok(())
    }

    /// Writes the request, if every parameter is valid.
    pub(crate) fn request(&self, base_url: &Url) -> Result<Request, Problem> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        if self.path.contains('{') {
            return Err(Problem::new("path", Reason::NotInPath));
        }
        let mut url = base_url.clone();
        let base = base_url.path().trim_end_matches('/');
        url.set_path(&format!("{base}{}", self.path));
        if !self.query.is_empty() {
            url.set_query(Some(&self.query));
        }
        let mut request = Request::new(self.operation.method().clone(), url);
        request.headers = self.headers.clone();
        if let Some(body) = &self.body {
            let body = body.to_json();
            let body = body.map_err(|_| Problem::new("body", Reason::NotJson))?;
            request.body = Some(Bytes::from(body));
        }
        Ok(request)
    }

    /// Remembers why the call cannot be sent; the first reason counts.
    pub(crate) fn refuse(&mut self, parameter: &'static str, reason: Reason) {
        self.problem.get_or_insert(Problem::new(parameter, reason));
    }

    fn taken<T>(&mut self, name: &'static str, value: Result<T, Reason>) -> Option<T> {
        value.map_err(|reason| self.refuse(name, reason)).ok()
    }

    fn optional<T: Serialize>(
        &mut self,
        name: &'static str,
        value: Result<Option<T>, Reason>,
    ) -> Option<String> {
        let value = self.taken(name, value)??;
        encode::text(&value).unwrap_or_else(|_| {
            self.refuse(name, Reason::NotScalar);
            None
        })
    }

    fn required<T: Serialize>(
        &mut self,
        name: &'static str,
        value: Result<T, Reason>,
    ) -> Option<String> {
        let text = self.optional(name, value.map(Some));
        if text.is_none() {
            // Has no effect where the parameter was refused for a better reason.
            self.refuse(name, Reason::Empty);
        }
        text
    }

    fn push_list<T: Serialize>(&mut self, name: &'static str, values: &[T], style: ListStyle) {
        let mut items = Vec::with_capacity(values.len());
        for value in values {
            match encode::text(value) {
                Ok(text) => {
                    items.extend(text.map(|text| encode::percent(&text).into_owned()));
                }
                Err(_) => return self.refuse(name, Reason::NotScalar),
            }
        }
        match style.separator() {
            Some(_) if items.is_empty() => {}
            Some(separator) => encode::push_pair(&mut self.query, name, &items.join(separator)),
            None => {
                items
                    .iter()
                    .for_each(|item| encode::push_pair(&mut self.query, name, item));
            }
        }
    }

    fn push_header(&mut self, parameter: &'static str, name: &str, text: &str) {
        let (Ok(header), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(text))
        else {
            return self.refuse(parameter, Reason::NotHeaderText);
        };
        if is_reserved(&header) {
            return self.refuse(parameter, Reason::Reserved);
        }
        if let Repeat::Keyed {
            header: Some(key), ..
        } = self.operation.repeat()
            && key.eq_ignore_ascii_case(name)
            && !text.is_empty()
        {
            self.key = Some(text.to_owned());
        }
        self.headers.insert(header, value);
    }
}

fn name_of(header: &str) -> Result<HeaderName, Problem> {
    HeaderName::try_from(header).map_err(|_| Problem::new("header", Reason::NotHeaderText))
}

/// Whether a header is set by the client or by HTTP, never by a call.
pub(crate) fn is_reserved(name: &HeaderName) -> bool {
    const CONNECTION: [&str; 9] = [
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    *name == AUTHORIZATION || CONNECTION.contains(&name.as_str())
}

/// A parameter that keeps a request from being sent, and why.
///
/// It does not hold the value, which may be a phone number or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    parameter: &'static str,
    reason: Reason,
}

impl Problem {
    pub(crate) fn new(parameter: &'static str, reason: Reason) -> Self {
        Self { parameter, reason }
    }
}

/// What is wrong with a parameter.
#[allow(
    dead_code,
    reason = "which of them setters use depends on the API document"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    NotSet,
    NotConverted,
    NotScalar,
    Empty,
    Zero,
    DotSegment,
    NotInPath,
    NotHeaderText,
    Reserved,
    NotJson,
    NotObject,
    NotPath,
    NoKey,
    KeyReplaced,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.reason {
            Reason::NotSet => "was not set",
            Reason::NotConverted => "was set to a value that does not convert to its type",
            Reason::NotScalar => "is neither text nor a number nor a boolean",
            Reason::Empty => "is empty",
            Reason::Zero => "is zero",
            Reason::DotSegment => "is `.` or `..`, which would change the path",
            Reason::NotInPath => "does not match the path of the operation",
            Reason::NotHeaderText => "has characters that a header cannot carry",
            Reason::Reserved => "is one that the client or HTTP sets, so that a call cannot",
            Reason::NotJson => "cannot be written as JSON",
            Reason::NotObject => "is not a JSON object, so that no field can be added",
            Reason::NotPath => {
                "is not a path: it starts with one slash and has no query, fragment or dot segment"
            }
            Reason::NoKey => "is set, but the operation does not take one",
            Reason::KeyReplaced => {
                "has a field with another idempotency key, or without a place for it: set the key of the call"
            }
        };
        write!(formatter, "`{}` {reason}", self.parameter)
    }
}
