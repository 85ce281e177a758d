//! One call, its options, and how it is made.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use linq_client::reqwest::header::{HeaderName, HeaderValue};
use linq_client::{BoxFuture, CallOptions, Operation, Prepared, Repeat, Response};

use crate::retry::attempts::{self, Plan};
use crate::retry::policy::{Class, Limits};
use crate::trace::CallSpan;
use crate::{Error, Linq};

/// Most characters of an idempotency key.
const KEY_LIMIT: usize = 255;

impl Linq {
    /// Returns the call of any operation of the [generated client](Self::api), with idempotency keys, retries,
    /// and the errors of this crate.
    ///
    /// ```no_run
    /// # async fn example(linq: linq_ext::Linq, chat: uuid::Uuid) -> Result<(), linq_ext::Error> {
    /// use linq_ext::types::{CreatePollRequest, NewPoll, PollOptionText};
    ///
    /// let options = vec![PollOptionText::new("Noon"), PollOptionText::new("Evening")];
    /// let poll = CreatePollRequest::new(NewPoll::new(options));
    /// let sent = linq.call(linq.api().create_poll().chat_id(chat).body(poll)).await?;
    /// # drop(sent);
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<T>(&self, operation: impl Into<Prepared<T>>) -> Call<T> {
        let mut prepared = operation.into();
        let is_keyed = matches!(prepared.operation().repeat(), Repeat::Keyed { .. });
        let needs_key = is_keyed && prepared.idempotency_key().is_none();
        if needs_key && self.handling().is_none() {
            // Where there is no place for it, as without a body, sending reports that.
            let _ = prepared.set_idempotency_key(&uuid::Uuid::new_v4().to_string());
        }
        Call {
            needs_key,
            ..Call::without_key(self, Ok(prepared))
        }
    }
}

/// Writes the options that all calls have, for types with `settings`.
macro_rules! option_methods {
    () => {
        /// Sets how long each attempt may take, instead of
        /// [`LinqBuilder::timeout`](crate::LinqBuilder::timeout).
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.settings.timeout(timeout);
            self
        }

        /// Sets how long a call may take in total, with its retries and pauses; no limit if not set.
        ///
        /// No attempt starts after it, and one that is running ends with it.
        pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.settings.deadline(deadline);
            self
        }

        /// Sets how often the request may be retried, instead of
        /// [`LinqBuilder::max_retries`](crate::LinqBuilder::max_retries).
        pub fn max_retries(mut self, max_retries: u32) -> Self {
            self.settings.max_retries(max_retries);
            self
        }

        /// Sends a header, instead of one with the same name that would be sent otherwise.
        ///
        /// If name or value are invalid, or the header is one that HTTP or the client sets, such as
        /// `Content-Length`, `Host` or `Authorization`, the call fails with
        /// [`Error::is_invalid_request`](crate::Error::is_invalid_request).
        pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
            self.settings.header(name.as_ref(), value.as_ref());
            self
        }

        /// Adds a pair to the query, for a parameter that the API document does not know.
        pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.settings.query(name.into(), value.into());
            self
        }
    };
}
pub(crate) use option_methods;

/// Writes the options of calls that can send.
macro_rules! send_option_methods {
    () => {
        /// Sets the idempotency key of a send, at most 255 characters; a random one if not set.
        ///
        /// The API accepts requests with the same key once, so an own key makes a send safe to repeat after a
        /// crash. A call whose operation takes no key and is not idempotent fails with
        /// [`Error::is_invalid_request`](crate::Error::is_invalid_request), since the key would have no effect.
        pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
            self.settings.idempotency_key(key.into());
            self
        }

        /// Names the send within the handling of an event, so that its key does not depend on the sends before it;
        /// see [`Linq::for_event`](crate::Linq::for_event).
        ///
        /// With any other client the call fails with
        /// [`Error::is_invalid_request`](crate::Error::is_invalid_request).
        pub fn step(mut self, name: impl Into<String>) -> Self {
            self.settings.step(name.into());
            self
        }

        /// Sets a member of the JSON body, for a field that the API document does not know.
        ///
        /// It replaces one with the same name, and keeps its idempotency key. A call whose body is not a JSON
        /// object, or whose new member has another key, fails with
        /// [`Error::is_invalid_request`](crate::Error::is_invalid_request).
        pub fn body_field(
            mut self,
            name: impl Into<String>,
            value: impl Into<serde_json::Value>,
        ) -> Self {
            self.settings.body_field(name.into(), value.into());
            self
        }
    };
}
pub(crate) use send_option_methods;

/// A call that is not sent yet: await it, or set options first.
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// use std::time::Duration;
///
/// let chats = linq.get("/v3/chats").timeout(Duration::from_secs(5)).await?;
/// let response = linq.get("/v3/chats").send_with_response().await?;
/// println!("trace id {:?} after {} attempts", response.trace_id(), response.attempts());
/// # Ok(())
/// # }
/// ```
///
/// # Cancelling
///
/// Dropping the future of a call does not undo it: the API may have received the request. To send again at most
/// once, read the [key](Self::key) of the send before, and set it on the second call.
#[must_use = "nothing is sent until the call is awaited"]
pub struct Call<T> {
    linq: Linq,
    settings: Settings,
    /// `Err` if the call cannot be made.
    prepared: Result<Prepared<T>, Error>,
    /// True for a send without a key of its own, which the handling of an event gives one.
    needs_key: bool,
    /// The destination of a send whose path does not name it.
    destination: Option<String>,
}

/// The options of a call.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    options: CallOptions,
    max_retries: Option<u32>,
    deadline: Option<Duration>,
    key: Option<String>,
    step: Option<String>,
    problem: Option<&'static str>,
}

impl Settings {
    pub(crate) fn timeout(&mut self, timeout: Duration) {
        self.change(|options| options.timeout(timeout));
    }

    pub(crate) fn deadline(&mut self, deadline: Duration) {
        if deadline.is_zero() {
            self.refuse("the deadline of a call is zero");
        }
        self.deadline = Some(deadline);
    }

    pub(crate) fn max_retries(&mut self, max_retries: u32) {
        self.max_retries = Some(max_retries);
    }

    pub(crate) fn idempotency_key(&mut self, key: String) {
        if key.is_empty() || key.chars().count() > KEY_LIMIT {
            self.refuse("an idempotency key has 1 to 255 characters");
        }
        self.key = Some(key);
    }

    pub(crate) fn step(&mut self, name: String) {
        self.step = Some(name);
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
        self.change(|options| options.body_field(name, value));
    }

    /// Remembers why the call cannot be made; the first reason counts.
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
            .field("max_retries", &self.max_retries)
            .field("deadline", &self.deadline)
            .field("idempotency_key", &self.key.is_some())
            .finish_non_exhaustive()
    }
}

impl<T> Call<T> {
    /// Returns the call, which fails if a check of its input did.
    pub(crate) fn checked(mut self, checked: Result<(), impl Into<Error>>) -> Self {
        if let (Ok(prepared), Err(error)) = (&self.prepared, checked) {
            self.prepared = Err(error.into().with_operation(prepared.operation()));
        }
        self
    }

    /// A call that gets no idempotency key unless its caller sets one.
    pub(crate) fn without_key(linq: &Linq, prepared: Result<Prepared<T>, Error>) -> Self {
        Self {
            linq: linq.clone(),
            settings: Settings::default(),
            prepared,
            needs_key: false,
            destination: None,
        }
    }

    /// The same call with the destination of its send.
    pub(crate) fn with_destination(mut self, destination: String) -> Self {
        self.destination = Some(destination);
        self
    }

    /// A call that is invalid, so that nothing will be sent.
    pub(crate) fn failed(linq: &Linq, error: Error) -> Self {
        Self::without_key(linq, Err(error))
    }

    /// The same call with these options in place of those before.
    pub(crate) fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Returns the idempotency key that the call will be sent with, if it has one.
    ///
    /// The key of a send with a client of [`Linq::for_event`] is known once the call is a future.
    ///
    /// A call that is cancelled, or whose process ends, can be sent again with
    /// [`idempotency_key`](Self::idempotency_key), and has its effect at most once.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        let prepared = self.prepared.as_ref().ok();
        let own = || prepared?.idempotency_key();
        self.settings.key.as_deref().or_else(own)
    }

    option_methods!();
    send_option_methods!();

    /// Gives a send the key that it has in the handling of an event.
    fn take_slot(&mut self) {
        let Some(handling) = self.linq.handling() else {
            if self.settings.step.is_some() {
                self.settings
                    .refuse("a step needs a client of `Linq::for_event`");
            }
            return;
        };
        let (step, needs_key) = (self.settings.step.as_deref(), self.needs_key);
        if let Ok(prepared) = &self.prepared
            && self.settings.key.is_none()
            && (needs_key || step.is_some())
        {
            let destination = self.destination.as_deref().unwrap_or(prepared.path());
            let key = handling.key(prepared.operation().name(), destination, step);
            self.settings.key = Some(key);
        }
    }
}

impl<T: Send + 'static> Call<T> {
    /// The same call with a change to its value.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Call<U> {
        Call {
            linq: self.linq,
            settings: self.settings,
            prepared: self.prepared.map(|prepared| prepared.map(change)),
            needs_key: self.needs_key,
            destination: self.destination,
        }
    }

    /// Makes the call.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send(self) -> Result<T, Error> {
        self.await
    }

    /// Makes the call, and returns the value with status, headers, body, trace id and the number of attempts.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send_with_response(self) -> Result<Response<T>, Error> {
        self.into_future().0.await
    }

    async fn run(self) -> Result<Response<T>, Error> {
        let Self {
            linq,
            settings,
            prepared,
            needs_key,
            ..
        } = self;
        let mut prepared = prepared?;
        let operation = prepared.operation();
        if let Some(problem) = settings.problem {
            return Err(Error::invalid_request(problem).with_operation(operation));
        }
        if let Some(key) = &settings.key {
            prepared.set_idempotency_key(key)?;
        }
        let client = linq.api().with_options(settings.options);
        let request = prepared.request(&client)?;
        if let (Some(handling), Some(key)) = (linq.handling(), prepared.idempotency_key())
            && (needs_key || settings.step.is_some())
            && !handling.is_same_content(key, request.body().map_or(&[], |body| body))
        {
            let problem = "this step was sent with other content before, in the same handling";
            return Err(Error::invalid_request(problem).with_operation(operation));
        }
        let limits = linq.limits();
        let plan = Plan {
            class: Class::of(operation.repeat(), prepared.idempotency_key().is_some()),
            limits: Limits {
                max_retries: settings.max_retries.unwrap_or(limits.max_retries),
                ..limits
            },
            timeout: linq.timeout(),
            deadline: settings.deadline,
        };
        let span = CallSpan::new(operation);
        let sending = attempts::send(&client, &**linq.clock(), operation, request, plan, &span);
        let (result, mut report) = span.cover(sending).await;
        span.end(&result, report.attempts);
        report.idempotency_key = prepared.idempotency_key().map(str::to_owned);
        match prepared.receive(result) {
            Ok(response) => Ok(response.with_attempts(report.attempts)),
            Err(error) => Err(Error::from(error).with_report(report)),
        }
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    fn into_future(mut self) -> CallFuture<T> {
        self.take_slot();
        CallFuture(Box::pin(self.run()))
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
        let operation = self.prepared.as_ref().ok().map(Prepared::operation);
        formatter
            .debug_struct("Call")
            .field("operation", &operation.map(Operation::name))
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
