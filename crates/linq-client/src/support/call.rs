//! One call: parameters are collected, then the request is built and sent.

use bytes::Bytes;
use linq_types::Fit;
use reqwest::Method;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    USER_AGENT,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::{self, Answer, Failure};
use super::encode::{self, ListStyle};
use super::error::Report;
use super::problem::{Problem, Reason};
use super::{Client, Error, Operation, ResponseValue};

/// A call whose parameters are being collected.
///
/// The builders keep each value as a `Result`, with a text in place of a value that is missing or did not
/// convert. The first such parameter is remembered, and sending then fails before anything is sent.
pub(crate) struct Call<'a> {
    client: &'a Client,
    operation: &'static Operation,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Option<Vec<u8>>,
    problem: Option<Problem>,
}

#[allow(
    dead_code,
    reason = "which kinds of parameters there are is up to the API document"
)]
impl<'a> Call<'a> {
    pub(crate) fn new(client: &'a Client, operation: &'static Operation) -> Self {
        Self::of(client, operation, operation.path())
    }

    /// A call of a path that need not be that of its operation, without parameters in it.
    pub(crate) fn with_path(client: &'a Client, operation: &'static Operation, path: &str) -> Self {
        let mut call = Self::of(client, operation, path);
        if !encode::is_path(path) {
            call.refuse("path", Reason::NotPath);
        }
        call
    }

    fn of(client: &'a Client, operation: &'static Operation, path: &str) -> Self {
        Self {
            client,
            operation,
            path: path.to_owned(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: None,
            problem: None,
        }
    }

    pub(crate) fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Puts a value in its place in the path.
    pub(crate) fn path<T: Serialize>(&mut self, name: &'static str, value: Result<T, String>) {
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
        let place = format!("{{{name}}}");
        if !self.path.contains(&place) {
            return self.refuse(name, Reason::NotInPath);
        }
        // Values put in before hold no braces, since these get percent-encoded.
        self.path = self.path.replace(&place, &encode::percent(&text));
    }

    /// Adds a query parameter that may be absent.
    pub(crate) fn query<T: Serialize>(
        &mut self,
        name: &'static str,
        value: Result<Option<T>, String>,
    ) {
        if let Some(text) = self.optional(name, value) {
            encode::push_pair(&mut self.query, name, &encode::percent(&text));
        }
    }

    /// Adds a query parameter.
    pub(crate) fn query_required<T: Serialize>(
        &mut self,
        name: &'static str,
        value: Result<T, String>,
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
        values: Result<Option<Vec<T>>, String>,
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
        values: Result<Vec<T>, String>,
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
        value: Result<Option<T>, String>,
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
        value: Result<T, String>,
    ) {
        if let Some(text) = self.required(name, value) {
            self.push_header(name, name, &text);
        }
    }

    /// Sets the JSON body.
    pub(crate) fn body<T: Serialize>(&mut self, value: Result<T, String>) {
        if let Some(value) = self.taken("body", value) {
            self.push_body(&value);
        }
    }

    /// Sets the JSON body, if there is one.
    pub(crate) fn body_optional<T: Serialize>(&mut self, value: Result<Option<T>, String>) {
        if let Some(Some(value)) = self.taken("body", value) {
            self.push_body(&value);
        }
    }

    /// Sends the request and decodes the JSON of the answer.
    pub(crate) async fn send<T, E>(self) -> Result<ResponseValue<T>, Error<E>>
    where
        T: DeserializeOwned + Fit,
        E: DeserializeOwned + Fit,
    {
        let operation = self.operation;
        let answer = self.answer(true).await.map_err(Failure::into_error)?;
        match linq_types::decode(&answer.body) {
            Ok(value) => Ok(ResponseValue::new(value, answer.status, answer.headers)),
            Err(error) => Err(Error::from(Report::undecodable(operation, answer, error))),
        }
    }

    /// Sends the request; a body that comes with a success is ignored.
    pub(crate) async fn send_empty<E>(self) -> Result<ResponseValue<()>, Error<E>>
    where
        E: DeserializeOwned + Fit,
    {
        let answer = self.answer(false).await.map_err(Failure::into_error)?;
        Ok(ResponseValue::new((), answer.status, answer.headers))
    }

    /// Sends the request and hands out the answer as it comes.
    pub(crate) async fn send_bytes<E>(self) -> Result<ResponseValue<Bytes>, Error<E>>
    where
        E: DeserializeOwned + Fit,
    {
        let answer = self.answer(true).await.map_err(Failure::into_error)?;
        Ok(ResponseValue::new(
            Bytes::from(answer.body),
            answer.status,
            answer.headers,
        ))
    }

    /// Sends the request and reads the answer; what does not depend on types is compiled once.
    async fn answer(self, wants_body: bool) -> Result<Answer, Failure> {
        let (client, operation) = (self.client, self.operation);
        let request = self
            .request()
            .map_err(|problem| Report::invalid_request(operation, problem))?;
        let response = client.next(operation).run(request).await;
        let response = response.map_err(|error| Report::transport(operation, error))?;
        answer::read(operation, response, wants_body).await
    }

    /// Builds the request, if every parameter is in order.
    fn request(self) -> Result<reqwest::Request, Problem> {
        let Self {
            client,
            operation,
            path,
            mut query,
            headers,
            body,
            problem,
        } = self;
        if let Some(problem) = problem {
            return Err(problem);
        }
        let (shared, options) = (client.shared(), client.options());
        let body = match options {
            Some(options) => options.complete(body)?,
            None => body,
        };
        if path.contains('{') {
            return Err(Problem {
                parameter: "path",
                reason: Reason::NotInPath,
            });
        }
        let mut url = shared.base_url.clone();
        url.set_path(&format!("{}{path}", url.path().trim_end_matches('/')));
        for (name, value) in options.iter().flat_map(|options| &options.query) {
            encode::push_pair(&mut query, name, &encode::percent(value));
        }
        if !query.is_empty() {
            url.set_query(Some(&query));
        }
        let mut request = reqwest::Request::new(operation.method().clone(), url);
        let timeout = options.and_then(|options| options.timeout);
        *request.timeout_mut() = Some(timeout.unwrap_or(shared.timeout));
        *request.headers_mut() = headers;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, shared.authorization.clone());
        headers.insert(USER_AGENT, shared.user_agent.clone());
        if let Some(accept) = operation.accept() {
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
        }
        if let Some(body) = body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = Some(body.into());
        } else if matches!(
            *operation.method(),
            Method::POST | Method::PUT | Method::PATCH
        ) {
            // HTTP asks for it where a body could be expected, and some proxies insist.
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        for (name, value) in options.iter().flat_map(|options| &options.headers) {
            request.headers_mut().insert(name, value.clone());
        }
        Ok(request)
    }

    fn refuse(&mut self, parameter: &'static str, reason: Reason) {
        self.problem.get_or_insert(Problem { parameter, reason });
    }

    fn taken<T>(&mut self, name: &'static str, value: Result<T, String>) -> Option<T> {
        value
            .map_err(|message| self.refuse(name, Reason::of_setter(&message)))
            .ok()
    }

    fn optional<T: Serialize>(
        &mut self,
        name: &'static str,
        value: Result<Option<T>, String>,
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
        value: Result<T, String>,
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
                Ok(text) => items.extend(text.as_deref().map(encode::percent)),
                Err(_) => return self.refuse(name, Reason::NotScalar),
            }
        }
        match style {
            ListStyle::Joined if items.is_empty() => {}
            // The commas stay bare, so that those inside an item can be told from them.
            ListStyle::Joined => encode::push_pair(&mut self.query, name, &items.join(",")),
            ListStyle::Repeated => {
                items
                    .iter()
                    .for_each(|item| encode::push_pair(&mut self.query, name, item));
            }
        }
    }

    fn push_header(&mut self, parameter: &'static str, name: &str, text: &str) {
        match (HeaderName::try_from(name), HeaderValue::from_str(text)) {
            (Ok(header), Ok(value)) => {
                self.headers.insert(header, value);
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
