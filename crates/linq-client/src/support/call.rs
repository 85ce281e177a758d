//! One call: parameters are collected, then the request is built.

use std::borrow::Cow;

use reqwest::header::{HeaderName, HeaderValue};
use serde::Serialize;

use super::encode::{self, ListStyle};
use super::problem::{Problem, Reason};
use super::request::Headers;
use super::{Client, Operation, Request};

/// A call whose parameters are being collected.
///
/// The builders keep each value as a `Result`, with the reason in place of a value that is missing or did not
/// convert. The first such parameter is remembered, and sending then fails before anything is sent.
pub(crate) struct Call {
    operation: &'static Operation,
    path: Cow<'static, str>,
    query: String,
    headers: Headers,
    body: Option<Vec<u8>>,
    problem: Option<Problem>,
}

#[allow(
    dead_code,
    reason = "which kinds of parameters there are is up to the API document"
)]
impl Call {
    pub(crate) fn new(operation: &'static Operation) -> Self {
        Self::of(operation, operation.path().into())
    }

    /// A call of a path that need not be that of its operation, without parameters in it.
    pub(crate) fn with_path(operation: &'static Operation, path: &str) -> Self {
        let mut call = Self::of(operation, path.to_owned().into());
        if !encode::is_path(path) {
            call.refuse("path", Reason::NotPath);
        }
        call
    }

    fn of(operation: &'static Operation, path: Cow<'static, str>) -> Self {
        Self {
            operation,
            path,
            query: String::new(),
            headers: Headers::default(),
            body: None,
            problem: None,
        }
    }

    pub(crate) fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Puts a value in its place in the path.
    pub(crate) fn path<T: Serialize>(&mut self, name: &'static str, value: Result<T, Reason>) {
        let Some(text) = self.required(name, value) else {
            return;
        };
        // A dot segment is taken out when a URL is parsed, even in its percent-encoded form, so that the
        // request would go to another operation.
        match text.as_str() {
            "" => return self.refuse(name, Reason::Empty),
            "." | ".." => return self.refuse(name, Reason::DotSegment),
            _ => {}
        }
        let (text, mut is_there) = (encode::percent(&text), false);
        // Values hold no braces, since these get percent-encoded.
        while let Some(place) = encode::place(&self.path, name) {
            let (before, after) = (&self.path[..place.start], &self.path[place.end..]);
            self.path = encode::joined([before, &text, after]).into();
            is_there = true;
        }
        if !is_there {
            self.refuse(name, Reason::NotInPath);
        }
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

    /// Adds a query parameter whose name is not known to be fit for a message.
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

    /// Adds a header whose name is not known to be fit for a message.
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
    pub(crate) fn body<T: Serialize>(&mut self, value: Result<T, Reason>) {
        if let Some(value) = self.taken("body", value) {
            self.push_body(&value);
        }
    }

    /// Sets the JSON body, if there is one.
    pub(crate) fn body_optional<T: Serialize>(&mut self, value: Result<Option<T>, Reason>) {
        if let Some(Some(value)) = self.taken("body", value) {
            self.push_body(&value);
        }
    }

    /// Builds the request, if every parameter is in order.
    pub(super) fn request(self, client: &Client) -> Result<Request, Problem> {
        let Self {
            operation,
            path,
            query,
            headers,
            body,
            problem,
        } = self;
        if let Some(problem) = problem {
            return Err(problem);
        }
        if path.contains('{') {
            return Err(Problem {
                parameter: "path",
                reason: Reason::NotInPath,
            });
        }
        let shared = client.shared();
        let mut url = shared.roomy_url.clone();
        match shared.base_path() {
            "" => url.set_path(&path),
            base => url.set_path(&encode::joined([base, &path])),
        }
        if !query.is_empty() {
            url.set_query(Some(&query));
        }
        let mut request = Request::with(operation.method().clone(), url, headers, body);
        if let Some(changes) = client.changes() {
            changes.apply(&mut request)?;
        }
        Ok(request)
    }

    fn refuse(&mut self, parameter: &'static str, reason: Reason) {
        self.problem.get_or_insert(Problem { parameter, reason });
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
        match (HeaderName::try_from(name), HeaderValue::from_str(text)) {
            (Ok(header), Ok(value)) => {
                self.headers.get_mut().insert(header, value);
            }
            _ => self.refuse(parameter, Reason::NotHeaderText),
        }
    }

    fn push_body<T: Serialize>(&mut self, value: &T) {
        match serde_json::to_vec(value) {
            Ok(body) => self.body = Some(body),
            Err(_) => self.refuse("body", Reason::NotJson),
        }
    }
}
