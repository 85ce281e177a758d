//! A webhook subscription that exists when it is needed.

use std::fmt;

use linq_client::BoxFuture;
use linq_client::reqwest::{StatusCode, Url};
use linq_types::{
    CreateWebhookSubscriptionRequest, Nullable, UpdateWebhookSubscriptionRequest, WebhookEventType,
    WebhookSubscriptionResponse,
};

use crate::message::check_number;
use crate::send::handles;
use crate::{Call, Error, Linq};

/// The payload version of subscriptions whose URL has none.
const PAYLOAD_VERSION: &str = "2026-02-03";

impl Linq {
    /// Returns all webhook subscriptions, paused ones included, without their signing secrets.
    ///
    /// `GET /v3/webhook-subscriptions`
    pub fn subscriptions(&self) -> Call<Vec<WebhookSubscriptionResponse>> {
        let call = self.call(self.api().list_webhook_subscriptions());
        call.map(|found| found.subscriptions)
    }

    /// Finds the subscription that delivers to a URL and updates it, or creates it: for the start of a program.
    ///
    /// The URL must be `https`. If its query has no `version`, `version=2026-02-03` is added, so that the payloads do
    /// not depend on the day on which the subscription was created; the rest of the query is kept. At least one event
    /// is needed, by name or as a [`WebhookEventType`].
    ///
    /// A subscription that exists is resumed if it is paused, and receives the events that it lacks. One to the same
    /// URL with another version, or none, is changed to this version: a second one would deliver every message twice,
    /// with other event ids.
    ///
    /// # The secret
    ///
    /// The API returns the signing secret once, when the subscription is created: store
    /// [`Subscription::signing_secret`] first, and create the `Verifier` of `linq-webhook` from what is stored. It
    /// cannot be read again or changed. To rotate it:
    ///
    /// 1. Call this with the URL and another query parameter, such as `?key=2`, and store the new secret. Both
    ///    subscriptions deliver from now on, with different event ids, so keep this step short.
    /// 2. Give the receiver both secrets, with `Verifier::new(new)?.with_secret(old)?`, best before deliveries arrive,
    ///    which would be refused.
    /// 3. Delete the first subscription (`delete_webhook_subscription` of [`Linq::api`]), and call this with the new
    ///    URL from now on. Remove the old secret half an hour later, after the last redelivery.
    ///
    /// # Errors
    ///
    /// [`Error::is_invalid_request`] for an invalid URL, no events, or an invalid phone number, before anything is
    /// sent; otherwise any error of a call. It never creates twice: creating is tried once, and after a failure the
    /// subscriptions are listed again. Calling it again is safe.
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
            url: url.as_ref().to_owned(),
            events: wanted,
            exact: false,
            phone_numbers: None,
        }
    }
}

/// A subscription to find or create; start with [`Linq::ensure_subscription`], and await it.
#[must_use = "nothing is sent until it is awaited"]
pub struct EnsureSubscription {
    linq: Linq,
    url: String,
    events: Vec<WebhookEventType>,
    exact: bool,
    phone_numbers: Option<Vec<String>>,
}

impl EnsureSubscription {
    /// Sets the lines whose events are delivered, in E.164; none for all lines.
    ///
    /// If not set, a new subscription delivers for all lines, and one that exists keeps its lines.
    pub fn phone_numbers<S: Into<String>>(mut self, lines: impl IntoIterator<Item = S>) -> Self {
        self.phone_numbers = Some(handles(lines));
        self
    }

    /// Removes events of the subscription that are not listed here; otherwise they are kept.
    pub fn exact_events(mut self) -> Self {
        self.exact = true;
        self
    }

    /// Makes the calls: a list, and a create or an update where something is missing.
    ///
    /// # Errors
    ///
    /// See [`Linq::ensure_subscription`].
    pub async fn send(self) -> Result<Subscription, Error> {
        let target = Target::pinned(&self.url).map_err(Error::invalid_request)?;
        if self.events.is_empty() {
            return Err(Error::invalid_request(
                "a subscription has at least one event",
            ));
        }
        let lines = self.phone_numbers.as_deref().unwrap_or_default();
        if lines.iter().any(|line| check_number(line).is_err()) {
            return Err(Error::invalid_request(
                "the phone numbers of a subscription are lines in E.164",
            ));
        }
        if let Some(found) = self.find(&target).await? {
            return self.update(&target, found, false).await;
        }
        let error = match self.create(&target).await {
            Ok(created) => return Ok(created),
            Err(error) => error,
        };
        if error.is_invalid_request() || error.status() == Some(StatusCode::UNAUTHORIZED) {
            return Err(error);
        }
        match self.find(&target).await {
            Ok(Some(found)) => {
                // If it exists although creating it was refused, another process has created it, and has the secret.
                let is_refused = error
                    .status()
                    .is_some_and(|status| status.is_client_error());
                self.update(&target, found, !is_refused).await
            }
            _ => Err(error),
        }
    }

    /// Finds the subscription of the target, or else one to the same address with another version.
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
        let call = self.linq.api().create_webhook_subscription().body(body);
        let created = self.linq.call(call).await?;
        Ok(Subscription {
            id: created.id,
            target_url: created.target_url,
            events: created.subscribed_events,
            phone_numbers: created.phone_numbers.unwrap_or_default(),
            change: SubscriptionChange::Created,
            signing_secret: Some(created.signing_secret),
        })
    }

    /// Adds to a subscription what it lacks.
    async fn update(
        &self,
        target: &Target,
        found: WebhookSubscriptionResponse,
        is_secret_lost: bool,
    ) -> Result<Subscription, Error> {
        let changes = self.changes(target, &found);
        let change = match changes {
            _ if is_secret_lost => SubscriptionChange::SecretLost,
            Some(_) => SubscriptionChange::Updated,
            None => SubscriptionChange::None,
        };
        let subscription = match changes {
            None => found,
            Some(body) => {
                let call = self.linq.api().update_webhook_subscription();
                self.linq
                    .call(call.subscription_id(found.id).body(body))
                    .await?
            }
        };
        Ok(Subscription {
            id: subscription.id,
            target_url: subscription.target_url,
            events: subscription.subscribed_events,
            phone_numbers: subscription.phone_numbers.unwrap_or_default(),
            change,
            signing_secret: None,
        })
    }

    /// Returns what has to change, if anything.
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

// Without the URL and the numbers.
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
    /// It found the subscription and changed its version, events or lines, or resumed it.
    Updated,
    /// It found the subscription as it should be.
    None,
    /// Creating it failed in an unclear way, and it exists now, with a secret that may have been lost.
    ///
    /// Unless another process created it at that moment and has stored the secret, delete it
    /// (`delete_webhook_subscription` of [`Linq::api`]), and ensure it again.
    SecretLost,
}

/// A subscription that exists and delivers; see [`Linq::ensure_subscription`].
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
    /// Returns the id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the URL that it delivers to, with the payload version.
    #[must_use]
    pub fn target_url(&self) -> &str {
        &self.target_url
    }

    /// Returns the events that it delivers.
    #[must_use]
    pub fn events(&self) -> &[WebhookEventType] {
        &self.events
    }

    /// Returns the lines whose events it delivers; empty for all lines.
    #[must_use]
    pub fn phone_numbers(&self) -> &[String] {
        &self.phone_numbers
    }

    /// Returns what was done.
    #[must_use]
    pub fn change(&self) -> SubscriptionChange {
        self.change
    }

    /// Returns the signing secret, if this call [created](SubscriptionChange::Created) the subscription.
    ///
    /// Store it; the API never returns it again.
    #[must_use]
    pub fn signing_secret(&self) -> Option<&str> {
        self.signing_secret.as_deref()
    }
}

// Without the secret, the URL and the numbers.
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

/// A URL and its payload version.
#[derive(Debug, PartialEq)]
struct Target {
    /// The URL without the version.
    address: Url,
    version: Option<String>,
}

impl Target {
    /// Reads the URL of a new subscription, and adds a version.
    fn pinned(url: &str) -> Result<Self, &'static str> {
        let mut target = Self::read(url).ok_or("the URL of a subscription is not a URL")?;
        if target.address.scheme() != "https" {
            return Err("the URL of a subscription is not https");
        }
        target
            .version
            .get_or_insert_with(|| PAYLOAD_VERSION.to_owned());
        Ok(target)
    }

    fn read(url: &str) -> Option<Self> {
        let mut address = Url::parse(url).ok()?;
        address.set_fragment(None);
        let query = address.query().unwrap_or_default().to_owned();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let (versions, rest): (Vec<_>, Vec<_>) =
            pairs.partition(|pair| pair.starts_with("version="));
        let version = versions
            .last()
            .and_then(|pair| pair.strip_prefix("version="));
        let version = version.filter(|version| !version.is_empty());
        let rest = rest.join("&");
        address.set_query(Some(rest.as_str()).filter(|rest| !rest.is_empty()));
        Some(Self {
            address,
            version: version.map(str::to_owned),
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = self.address.query().map_or('?', |_| '&');
        self.address.fmt(formatter)?;
        match &self.version {
            Some(version) => write!(formatter, "{separator}version={version}"),
            None => Ok(()),
        }
    }
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
