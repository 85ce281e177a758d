//! One call, its options, and its answer.

use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::TryFutureExt;
use linq_client::reqwest::StatusCode;
use linq_client::reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use linq_client::{
    BoxFuture, CallOptions, Client, ErrorBody, Operation, Prepared, ResponseValue,
};

use crate::error::CallReport;
use crate::retry::key::new_key;
use crate::{Error, Linq};

/// Most characters of an idempotency key.
const KEY_LIMIT: usize = 255;

type Sending<'a, T> = BoxFuture<'a, Result<ResponseValue<T>, Error>>;
type RunWith<T> = Box<dyn for<'a> FnOnce(&'a Client) -> Sending<'a, T> + Send>;

/// What makes a call.
enum Run<T> {
    /// One of the generated client, which needs no box of its own.
    Api(Prepared<T, ErrorBody>),
    Own(RunWith<T>),
}

impl<T: Send + 'static> Run<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Run<U> {
        Run::Own(match self {
            Self::Api(call) => Box::new(|client| {
                let answer = call.send(client).map_err(Error::from);
                Box::pin(answer.map_ok(|answer| answer.map(change)))
            }),
            Self::Own(run) => {
                Box::new(|client| Box::pin(run(client).map_ok(|answer| answer.map(change))))
            }
        })
    }
}

/// One call that is not sent yet: await it, or give it options first.
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// use std::time::Duration;
///
/// let chats = linq.get("/v3/chats").timeout(Duration::from_secs(5)).await?;
/// let answer = linq.get("/v3/chats").send_with_response().await?;
/// println!("trace id {:?} after {} attempts", answer.trace_id(), answer.attempts());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until the call is awaited"]
pub struct Call<T> {
    linq: Linq,
    settings: Settings,
    /// `Err` if the call cannot be made.
    run: Result<Run<T>, Error>,
}

/// The options of a call.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    options: CallOptions,
    wishes: CallWishes,
    changes_body: bool,
    problem: Option<&'static str>,
}

impl Settings {
    /// Options of a call to which no idempotency key is added.
    pub(crate) fn without_key_of_its_own() -> Self {
        let wishes = CallWishes {
            adds_no_key: true,
            ..CallWishes::default()
        };
        Self {
            wishes,
            ..Self::default()
        }
    }

    pub(crate) fn timeout(&mut self, timeout: Duration) {
        self.change(|options| options.timeout(timeout));
    }

    pub(crate) fn max_retries(&mut self, max_retries: u32) {
        self.wishes.max_retries = Some(max_retries);
    }

    pub(crate) fn idempotency_key(&mut self, key: String) {
        if key.is_empty() || key.chars().count() > KEY_LIMIT {
            self.refuse("an idempotency key has 1 to 255 characters");
        }
        self.wishes.idempotency_key = Some(key);
        self.wishes.placed_key = None;
    }

    pub(crate) fn header(&mut self, name: &str, value: &str) {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => self.change(|options| options.header(name, value)),
            _ => self.refuse("a header has characters that cannot be sent"),
        }
    }

    pub(crate) fn query(&mut self, name: String, value: String) {
        self.change(|options| options.query(name, value));
    }

    pub(crate) fn body_field(&mut self, name: String, value: serde_json::Value) {
        self.changes_body = true;
        self.wishes.placed_key = None;
        self.change(|options| options.body_field(name, value));
    }

    /// Remembers why the call cannot be made.
    pub(crate) fn refuse(&mut self, problem: &'static str) {
        self.problem.get_or_insert(problem);
    }

    fn change(&mut self, change: impl FnOnce(CallOptions) -> CallOptions) {
        self.options = change(std::mem::take(&mut self.options));
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("options", &self.options)
            .field("max_retries", &self.wishes.max_retries)
            .field("idempotency_key", &self.wishes.idempotency_key.is_some())
            .finish_non_exhaustive()
    }
}

/// What the caller wants of the retries.
#[derive(Clone, Default)]
pub(crate) struct CallWishes {
    pub(crate) max_retries: Option<u32>,
    pub(crate) idempotency_key: Option<String>,
    /// The key that the body has already.
    pub(crate) placed_key: Option<String>,
    /// True if no key is made up where the caller gives none.
    pub(crate) adds_no_key: bool,
}

/// What goes between a call and the retries, through the hooks.
pub(crate) struct CallState {
    pub(crate) wishes: CallWishes,
    report: Mutex<CallReport>,
}

impl CallState {
    fn take_report(&self) -> CallReport {
        std::mem::take(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The report with the key that the retries did not have to look for.
    #[cold]
    fn complete(&self, mut report: CallReport) -> CallReport {
        if report.attempts > 0 && report.idempotency_key.is_none() {
            report.idempotency_key.clone_from(&self.wishes.placed_key);
        }
        report
    }

    pub(crate) fn set_report(&self, report: CallReport) {
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = report;
    }
}

impl Linq {
    /// Returns the call of any operation, which retries, and adds an idempotency key to a send.
    pub fn call<T: Send + 'static>(&self, call: impl Into<Prepared<T, ErrorBody>>) -> Call<T> {
        Call::new(self, |_| call.into())
    }
}

impl<T: Send + 'static> Call<T> {
    /// Returns the call, which fails if a check of its input did.
    pub(crate) fn checked(mut self, checked: Result<(), impl Into<Error>>) -> Self {
        if let (Ok(Run::Api(call)), Err(error)) = (&self.run, checked) {
            let operation = call.operation();
            self.run = Err(error.into().with_operation(operation));
        }
        self
    }

    /// A call that `prepare` makes with the generated client.
    pub(crate) fn new<F>(linq: &Linq, prepare: F) -> Self
    where
        F: FnOnce(&Client) -> Prepared<T, ErrorBody>,
    {
        Self::from_run(linq, Ok(Run::Api(prepare(linq.api()))))
    }

    /// A call that `run` makes, with a client that has the options of the call, and errors of its own.
    pub(crate) fn with_errors<F>(linq: &Linq, run: F) -> Self
    where
        F: for<'a> FnOnce(&'a Client) -> Sending<'a, T> + Send + 'static,
    {
        Self::from_run(linq, Ok(Run::Own(Box::new(run))))
    }

    /// A call that is invalid, so that nothing will be sent.
    pub(crate) fn failed(linq: &Linq, error: Error) -> Self {
        Self::from_run(linq, Err(error))
    }

    /// A call of an operation that takes an input, which fails before anything is sent if that is unfit.
    pub(crate) fn prepared<I, F>(
        linq: &Linq,
        operation: &'static Operation,
        input: Result<I, Error>,
        prepare: F,
    ) -> Self
    where
        F: FnOnce(&Client, I) -> Prepared<T, ErrorBody>,
    {
        match input {
            Ok(input) => Self::new(linq, |client| prepare(client, input)),
            Err(error) => Self::failed(linq, error.with_operation(operation)),
        }
    }

    fn from_run(linq: &Linq, run: Result<Run<T>, Error>) -> Self {
        Self {
            linq: linq.clone(),
            settings: Settings::default(),
            run,
        }
    }

    /// The same call, with these options in place of those before.
    pub(crate) fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The same call, with a change to what it gives.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Call<U> {
        Call {
            linq: self.linq,
            settings: self.settings,
            run: self.run.map(|run| run.map(change)),
        }
    }

    /// How long each attempt may take, in place of [`LinqBuilder::timeout`](crate::LinqBuilder::timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout(timeout);
        self
    }

    /// How often the request may be repeated, in place of
    /// [`LinqBuilder::max_retries`](crate::LinqBuilder::max_retries).
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.settings.max_retries(max_retries);
        self
    }

    /// The idempotency key of a send, at most 255 characters; a random one if not set.
    ///
    /// The API does what comes with the same key once, so a key of one's own makes a send safe to repeat after
    /// a crash. A call whose operation takes no key and is not safe to repeat fails with
    /// [`Error::is_invalid_request`], since the key would protect from nothing.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.settings.idempotency_key(key.into());
        self
    }

    /// Sends a header, in place of one of the same name that would be sent otherwise.
    ///
    /// Where name or value cannot be sent, the call fails with [`Error::is_invalid_request`].
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.settings.header(name.as_ref(), value.as_ref());
        self
    }

    /// Adds a pair to the query, for a parameter that the API document does not know.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.query(name.into(), value.into());
        self
    }

    /// Sets a member of the JSON body, for a field that the API document does not know.
    ///
    /// It takes the place of one of the same name; a body that is no JSON object makes the call fail with
    /// [`Error::is_invalid_request`].
    pub fn body_field(
        mut self,
        name: impl Into<String>,
        value: impl Into<serde_json::Value>,
    ) -> Self {
        self.settings.body_field(name.into(), value.into());
        self
    }

    /// Makes the call.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send(self) -> Result<T, Error> {
        self.await
    }

    /// Makes the call, and keeps status, headers, trace id and the number of attempts.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send_with_response(self) -> Result<Response<T>, Error> {
        self.into_future().0.await
    }

    /// The call without what it takes to change it.
    fn start(self) -> Result<Started<T>, Error> {
        let (run, settings) = (self.run?, self.settings);
        if let Some(problem) = settings.problem {
            return Err(Error::invalid_request(problem));
        }
        let state = Arc::new(CallState {
            wishes: settings.wishes,
            report: Mutex::default(),
        });
        let options = settings.options.extension(Arc::clone(&state));
        let client = self.linq.api().with_options(options);
        Ok(Started { client, state, run })
    }
}

/// A call with its options, about to be made.
struct Started<T> {
    client: Client,
    state: Arc<CallState>,
    run: Run<T>,
}

impl<T: Send + 'static> Started<T> {
    /// Makes the call.
    ///
    /// The parts go into the future one by one: an `async fn` would hold them twice.
    fn finish(self) -> impl Future<Output = Result<Response<T>, Error>> {
        let Self { client, state, run } = self;
        async move {
            let result = match run {
                Run::Api(call) => call.send(&client).await.map_err(Error::from),
                Run::Own(run) => run(&client).await,
            };
            let report = state.take_report();
            match result {
                Ok(answer) => Ok(Response {
                    answer,
                    attempts: report.attempts,
                }),
                Err(error) => Err(error.with_report(state.complete(report))),
            }
        }
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> CallFuture<T> {
        // A future that held the call would be many times as large.
        CallFuture(match self.start() {
            Ok(started) => Box::pin(started.finish()),
            Err(error) => Box::pin(ready(Err(error))),
        })
    }
}

/// The future of a [`Call`], and of what makes one.
#[must_use = "nothing is sent until the call is awaited"]
pub struct CallFuture<T>(BoxFuture<'static, Result<Response<T>, Error>>);

impl<T> Future for CallFuture<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context).map_ok(Response::into_value)
    }
}

impl<T> fmt::Debug for CallFuture<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CallFuture").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Call")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// What a call gave, with what came beside it.
#[derive(Clone)]
pub struct Response<T> {
    answer: ResponseValue<T>,
    attempts: u32,
}

impl<T> Response<T> {
    /// What the call gave.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.answer
    }

    /// What the call gave, alone.
    #[must_use]
    pub fn into_value(self) -> T {
        self.answer.into_inner()
    }

    /// The HTTP status, always 2xx.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer.status()
    }

    /// The headers of the answer.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.answer.headers()
    }

    /// The id that the API gave this call; quote it to Linq's support.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.answer.trace_id()
    }

    /// How often the request was sent, or tried to be.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

// Without the headers and the value: texts and numbers are not for logs.
impl<T> fmt::Debug for Response<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Response")
            .field("status", &self.status().as_u16())
            .field("trace_id", &self.trace_id())
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
