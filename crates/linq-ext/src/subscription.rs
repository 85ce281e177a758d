//! A subscription that is there when it is needed.

use std::fmt;

use linq_client::BoxFuture;
use linq_client::operations::{CREATE_WEBHOOK_SUBSCRIPTION, UPDATE_WEBHOOK_SUBSCRIPTION};
use linq_client::reqwest::{StatusCode, Url};
use linq_types::{
    CreateWebhookSubscriptionRequest, Nullable, UpdateWebhookSubscriptionRequest, WebhookEventType,
    WebhookSubscriptionCreatedResponse, WebhookSubscriptionResponse,
};

use crate::message::{check_number, report_line};
use crate::{Call, Error, Linq};

/// The payload version that subscriptions are pinned to where their URL names none.
const PAYLOAD_VERSION: &str = "2026-02-03";

impl Linq {
    /// Finds the subscription that delivers to a URL, mends it, or creates it: for the start of a program.
    ///
    /// The URL has to be `https` with a public host. Where its query has no `version`, `version=2026-02-03` is
    /// added, so that the payloads do not change with the day on which the subscription was made; the rest of
    /// the query stays. At least one event is needed, by name or as a [`WebhookEventType`].
    ///
    /// A subscription that is there is resumed if it is paused, and given the events that it lacks. One to the
    /// same URL with another version, or none, is moved to this one: a second would deliver every message
    /// twice, under other event ids.
    ///
    /// # The secret
    ///
    /// The API shows the signing secret once, when the subscription is created: store
    /// [`Subscription::signing_secret`] before anything else, and make the `Verifier` of `linq-webhook` from what
    /// is stored. It cannot be read again or changed. To rotate it:
    ///
    /// 1. Call this with the URL and another query parameter, such as `?key=2`, and store the new secret. Both
    ///    subscriptions deliver now, under event ids that differ, so keep this step short.
    /// 2. Give the receiver both secrets, with `Verifier::new(new)?.with_secret(old)?`; better do so before
    ///    deliveries come, or they are refused.
    /// 3. Delete the first subscription, with [`delete_subscription`](Self::delete_subscription), and call this with the
    ///    new URL from then on. Take the old secret out half an hour later, when its last redelivery is over.
    ///
    /// # Errors
    ///
    /// [`Error::is_invalid_request`] for an unfit URL, no events, or an unfit phone number, before anything is
    /// sent; otherwise what the API answers. It never creates twice: creating is tried once, and after a failure
    /// the subscriptions are listed again. Calling it again is safe.
    ///
    /// ```no_run
    /// # async fn example(linq: linq_ext::Linq) -> Result<(), Box<dyn std::error::Error>> {
    /// let subscription = linq
    ///     .ensure_subscription("https://example.com/webhooks", ["message.received"])
    ///     .await?;
    /// if let Some(secret) = subscription.signing_secret() {
    ///     std::fs::write("webhook-secret", secret)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn ensure_subscription<E>(
        &self,
        url: impl AsRef<str>,
        events: impl IntoIterator<Item = E>,
    ) -> EnsureSubscription
    where
        E: Into<WebhookEventType>,
    {
        let mut wanted = Vec::new();
        for event in events.into_iter().map(Into::into) {
            if !wanted.contains(&event) {
                wanted.push(event);
            }
        }
        EnsureSubscription {
            linq: self.clone(),
            target: Target::pinned(url.as_ref()),
            events: wanted,
            exact: false,
            phone_numbers: None,
        }
    }
}

/// A subscription to be found or created; start with [`Linq::ensure_subscription`], and await it.
#[must_use = "nothing is sent until it is awaited"]
pub struct EnsureSubscription {
    linq: Linq,
    target: Result<Target, &'static str>,
    events: Vec<WebhookEventType>,
    exact: bool,
    phone_numbers: Option<Vec<String>>,
}

impl EnsureSubscription {
    /// The lines whose events are delivered, in E.164; none for all lines.
    ///
    /// Without this call a new subscription delivers for all lines, and one that is there keeps its lines.
    pub fn phone_numbers<S: Into<String>>(mut self, lines: impl IntoIterator<Item = S>) -> Self {
        self.phone_numbers = Some(lines.into_iter().map(Into::into).collect());
        self
    }

    /// Takes away events that a subscription has and that were not asked for; otherwise they stay.
    pub fn exact_events(mut self) -> Self {
        self.exact = true;
        self
    }

    /// Makes the calls: a list, and where something is missing a create or an update.
    ///
    /// # Errors
    ///
    /// See [`Linq::ensure_subscription`].
    pub async fn send(self) -> Result<Subscription, Error> {
        let target = match &self.target {
            Ok(target) => target,
            Err(problem) => return Err(Error::invalid_request(*problem)),
        };
        if self.events.is_empty() {
            return Err(Error::invalid_request("a subscription needs an event"));
        }
        let lines = self.phone_numbers.as_deref().unwrap_or_default();
        if lines.iter().any(|line| check_number(line).is_err()) {
            return Err(Error::invalid_request(
                "the phone numbers of a subscription are lines in E.164",
            ));
        }
        if let Some(found) = self.find(target).await? {
            return self.mend(target, found, false).await;
        }
        match self.create(target).await {
            Ok(created) => Ok(created),
            Err(error) => self.after_failure(target, error).await,
        }
    }

    /// The subscription to the target, or else one to the same address with another version.
    async fn find(&self, target: &Target) -> Result<Option<WebhookSubscriptionResponse>, Error> {
        let mut other = None;
        for subscription in self.linq.subscriptions().await? {
            match Target::read(&subscription.target_url) {
                Some(its) if its == *target => return Ok(Some(subscription)),
                Some(its) if its.address == target.address => {
                    other.get_or_insert(subscription);
                }
                _ => {}
            }
        }
        Ok(other)
    }

    async fn create(&self, target: &Target) -> Result<Subscription, Error> {
        let mut body =
            CreateWebhookSubscriptionRequest::new(target.to_string(), self.events.clone());
        body.phone_numbers = self.phone_numbers.clone().filter(|lines| !lines.is_empty());
        let created = self.linq.create_subscription(body).await?;
        Ok(Subscription {
            id: created.id,
            target_url: created.target_url,
            events: created.subscribed_events,
            phone_numbers: created.phone_numbers.unwrap_or_default(),
            change: SubscriptionChange::Created,
            signing_secret: Some(created.signing_secret),
        })
    }

    /// Finds out whether there is a subscription although creating it failed.
    async fn after_failure(&self, target: &Target, error: Error) -> Result<Subscription, Error> {
        let is_refused = error
            .status()
            .is_some_and(|status| status.is_client_error());
        let is_hopeless =
            error.is_invalid_request() || error.status() == Some(StatusCode::UNAUTHORIZED);
        if is_hopeless {
            return Err(error);
        }
        let Ok(Some(found)) = self.find(target).await else {
            return Err(error);
        };
        // Refused, and yet there: somebody else has created it in between, and has the secret.
        self.mend(target, found, !is_refused).await
    }

    /// Gives a subscription what it lacks.
    async fn mend(
        &self,
        target: &Target,
        found: WebhookSubscriptionResponse,
        is_secret_lost: bool,
    ) -> Result<Subscription, Error> {
        let changes = self.changes(target, &found);
        let change = match (is_secret_lost, changes.is_some()) {
            (true, _) => SubscriptionChange::SecretLost,
            (false, true) => SubscriptionChange::Updated,
            (false, false) => SubscriptionChange::None,
        };
        let Some(body) = changes else {
            return Ok(Subscription::of(found, change));
        };
        let updated = self.linq.update_subscription(found.id, body).await?;
        Ok(Subscription::of(updated, change))
    }

    /// What has to change, if anything.
    fn changes(
        &self,
        target: &Target,
        found: &WebhookSubscriptionResponse,
    ) -> Option<UpdateWebhookSubscriptionRequest> {
        let mut body = UpdateWebhookSubscriptionRequest::new();
        if Target::read(&found.target_url).as_ref() != Some(target) {
            body.target_url = Some(target.to_string());
        }
        if !found.is_active {
            body.is_active = Some(true);
        }
        let has = &found.subscribed_events;
        let is_missing = |event: &&WebhookEventType| !has.contains(event);
        let has_more = has.iter().any(|event| !self.events.contains(event));
        if self.exact && has_more {
            body.subscribed_events = Some(self.events.clone());
        } else if self.events.iter().any(|event| is_missing(&event)) {
            let missing = self.events.iter().filter(is_missing);
            body.subscribed_events = Some(has.iter().chain(missing).cloned().collect());
        }
        if let Some(lines) = &self.phone_numbers {
            let has = found.phone_numbers.as_deref().unwrap_or_default();
            let is_same = lines.iter().all(|line| has.contains(line))
                && has.iter().all(|line| lines.contains(line));
            if !is_same {
                body.phone_numbers = Nullable::Value(lines.clone());
            }
        }
        (body != UpdateWebhookSubscriptionRequest::new()).then_some(body)
    }
}

impl IntoFuture for EnsureSubscription {
    type Output = Result<Subscription, Error>;
    type IntoFuture = BoxFuture<'static, Result<Subscription, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// Without the URL and the numbers.
impl fmt::Debug for EnsureSubscription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EnsureSubscription")
            .field("events", &self.events)
            .field("exact", &self.exact)
            .finish_non_exhaustive()
    }
}

/// What [`Linq::ensure_subscription`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubscriptionChange {
    /// It created the subscription, and [`Subscription::signing_secret`] has the secret.
    Created,
    /// It found the subscription and changed it: version, events, lines, or resumed it.
    Updated,
    /// It found the subscription as it should be.
    None,
    /// Creating it failed unclearly, and yet it is there now, with a secret that nobody may have seen.
    ///
    /// Unless another process created it at that moment and has stored the secret, delete it, with
    /// [`Linq::delete_subscription`], and ensure it again.
    SecretLost,
}

/// A subscription that is there and delivers; see [`Linq::ensure_subscription`].
#[derive(Clone)]
pub struct Subscription {
    id: String,
    target_url: String,
    events: Vec<WebhookEventType>,
    phone_numbers: Vec<String>,
    change: SubscriptionChange,
    signing_secret: Option<String>,
}

impl Subscription {
    fn of(found: WebhookSubscriptionResponse, change: SubscriptionChange) -> Self {
        Self {
            id: found.id,
            target_url: found.target_url,
            events: found.subscribed_events,
            phone_numbers: found.phone_numbers.unwrap_or_default(),
            change,
            signing_secret: None,
        }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The URL that it delivers to, with the payload version.
    #[must_use]
    pub fn target_url(&self) -> &str {
        &self.target_url
    }

    /// The events that it delivers.
    #[must_use]
    pub fn events(&self) -> &[WebhookEventType] {
        &self.events
    }

    /// The lines whose events it delivers; empty for all lines.
    #[must_use]
    pub fn phone_numbers(&self) -> &[String] {
        &self.phone_numbers
    }

    /// What was done to it.
    #[must_use]
    pub fn change(&self) -> SubscriptionChange {
        self.change
    }

    /// The signing secret, which only the call that [created](SubscriptionChange::Created) the subscription gets.
    ///
    /// Store it; the API never shows it again.
    #[must_use]
    pub fn signing_secret(&self) -> Option<&str> {
        self.signing_secret.as_deref()
    }
}

/// Without the secret, the URL and the numbers.
impl fmt::Debug for Subscription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Subscription")
            .field("id", &self.id)
            .field("events", &self.events)
            .field("change", &self.change)
            .finish_non_exhaustive()
    }
}

/// A URL, taken apart.
#[derive(Debug, PartialEq)]
struct Target {
    /// The URL without its payload version.
    address: Url,
    version: Option<String>,
}

impl Target {
    /// A URL that is fit to be delivered to, with a version.
    fn pinned(url: &str) -> Result<Self, &'static str> {
        let mut target = Self::read(url).ok_or("the URL of a subscription is not a URL")?;
        if target.address.scheme() != "https" {
            return Err("the URL of a subscription has to be https");
        }
        target
            .version
            .get_or_insert_with(|| PAYLOAD_VERSION.to_owned());
        Ok(target)
    }

    fn read(url: &str) -> Option<Self> {
        let mut address = Url::parse(url).ok()?;
        address.set_fragment(None);
        let mut version = None;
        let query = address.query().map(|query| {
            let is_other = |pair: &&str| match pair.strip_prefix("version=") {
                Some("") => false,
                Some(value) => {
                    version = Some(value.to_owned());
                    false
                }
                None => true,
            };
            query
                .split('&')
                .filter(is_other)
                .collect::<Vec<_>>()
                .join("&")
        });
        address.set_query(query.as_deref().filter(|query| !query.is_empty()));
        Some(Self { address, version })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(version) = &self.version else {
            return self.address.fmt(formatter);
        };
        let mark = if self.address.query().is_some() {
            '&'
        } else {
            '?'
        };
        write!(formatter, "{}{mark}version={version}", self.address)
    }
}

/// Webhook subscriptions.
impl Linq {
    /// The names of the events that can be subscribed to.
    ///
    /// `GET /v3/webhook-events`
    pub fn webhook_events(&self) -> Call<Vec<WebhookEventType>> {
        let call = Call::new(self, |client| client.list_webhook_events().prepare());
        call.map(|events| events.events)
    }

    /// All subscriptions, paused ones included, without their signing secrets.
    ///
    /// `GET /v3/webhook-subscriptions`
    pub fn subscriptions(&self) -> Call<Vec<WebhookSubscriptionResponse>> {
        let call = Call::new(self, |client| client.list_webhook_subscriptions().prepare());
        call.map(|found| found.subscriptions)
    }

    /// One subscription, without its signing secret.
    ///
    /// `GET /v3/webhook-subscriptions/{subscriptionId}`
    pub fn get_subscription(&self, id: impl Into<String>) -> Call<WebhookSubscriptionResponse> {
        let id = id.into();
        Call::new(self, |client| {
            client
                .get_webhook_subscription()
                .subscription_id(id)
                .prepare()
        })
    }

    /// Subscribes an `https` address to events.
    ///
    /// The answer has the signing secret, which is shown this once. Put `version=2026-02-03` into the query of
    /// the address, so that payloads keep their shape. The request carries no key: after an unclear failure look
    /// at the [list](Self::subscriptions).
    ///
    /// `POST /v3/webhook-subscriptions`
    ///
    /// ```no_run
    /// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
    /// use linq_ext::types::{CreateWebhookSubscriptionRequest, WebhookEventType};
    ///
    /// let wanted = CreateWebhookSubscriptionRequest::new(
    ///     "https://example.com/linq?version=2026-02-03",
    ///     vec![WebhookEventType::MessageReceived],
    /// );
    /// let subscription = linq.create_subscription(wanted).await?;
    /// let secret = subscription.signing_secret; // Keep it: it verifies what comes in.
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_subscription(
        &self,
        subscription: CreateWebhookSubscriptionRequest,
    ) -> Call<WebhookSubscriptionCreatedResponse> {
        let checked = check(
            Some(&subscription.target_url),
            Some(&subscription.subscribed_events),
            subscription.phone_numbers.as_ref(),
        );
        Call::prepared(
            self,
            &CREATE_WEBHOOK_SUBSCRIPTION,
            checked.map(|()| subscription),
            |client, subscription| {
                client
                    .create_webhook_subscription()
                    .body(subscription)
                    .prepare()
            },
        )
    }

    /// Changes a subscription; what is not set stays.
    ///
    /// `PUT /v3/webhook-subscriptions/{subscriptionId}`
    pub fn update_subscription(
        &self,
        id: impl Into<String>,
        changes: UpdateWebhookSubscriptionRequest,
    ) -> Call<WebhookSubscriptionResponse> {
        let id = id.into();
        let checked = check(
            changes.target_url.as_deref(),
            changes.subscribed_events.as_deref(),
            changes.phone_numbers.as_ref().value(),
        );
        Call::prepared(
            self,
            &UPDATE_WEBHOOK_SUBSCRIPTION,
            checked.map(|()| (id, changes)),
            |client, (id, changes)| {
                client
                    .update_webhook_subscription()
                    .subscription_id(id)
                    .body(changes)
                    .prepare()
            },
        )
    }

    /// Deletes a subscription, and its signing secret with it.
    ///
    /// `DELETE /v3/webhook-subscriptions/{subscriptionId}`
    pub fn delete_subscription(&self, id: impl Into<String>) -> Call<()> {
        let id = id.into();
        Call::new(self, |client| {
            client
                .delete_webhook_subscription()
                .subscription_id(id)
                .prepare()
        })
    }
}

fn check(
    target_url: Option<&str>,
    events: Option<&[WebhookEventType]>,
    lines: Option<&Vec<String>>,
) -> Result<(), Error> {
    if target_url.is_some_and(|url| !url.starts_with("https://")) {
        return Err(Error::invalid_request(
            "a webhook subscription delivers to an `https` address",
        ));
    }
    if events.is_some_and(<[_]>::is_empty) {
        return Err(Error::invalid_request(
            "a webhook subscription has at least one event",
        ));
    }
    for line in lines.into_iter().flatten() {
        report_line(line).finish()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_version_is_added_where_there_is_none() {
        for (url, pinned) in [
            (
                "https://example.com",
                "https://example.com/?version=2026-02-03",
            ),
            (
                "https://example.com/a",
                "https://example.com/a?version=2026-02-03",
            ),
            (
                "https://example.com/a?",
                "https://example.com/a?version=2026-02-03",
            ),
            (
                "https://example.com/a?b=%20c",
                "https://example.com/a?b=%20c&version=2026-02-03",
            ),
            (
                "https://example.com/a?version=",
                "https://example.com/a?version=2026-02-03",
            ),
            (
                "https://example.com/a?version=2025-01-01",
                "https://example.com/a?version=2025-01-01",
            ),
            (
                "https://example.com/a?version=2027-01-01&b=c",
                "https://example.com/a?b=c&version=2027-01-01",
            ),
            (
                "https://example.com/a?my_version=1",
                "https://example.com/a?my_version=1&version=2026-02-03",
            ),
            (
                "https://EXAMPLE.com:443/a#b",
                "https://example.com/a?version=2026-02-03",
            ),
        ] {
            let target = Target::pinned(url).unwrap_or_else(|problem| panic!("{url}: {problem}"));
            assert_eq!(target.to_string(), pinned);
            assert_eq!(Target::read(pinned), Some(target));
        }
    }

    #[test]
    fn other_urls_are_refused() {
        for url in [
            "",
            "example.com",
            "http://example.com",
            "ftp://example.com",
            "https://",
        ] {
            assert!(Target::pinned(url).is_err(), "{url}");
        }
    }
}
