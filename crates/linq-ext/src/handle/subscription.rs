//! Webhook subscriptions: which events go where.

use linq_client::operations::{CREATE_WEBHOOK_SUBSCRIPTION, UPDATE_WEBHOOK_SUBSCRIPTION};
use linq_types::{
    CreateWebhookSubscriptionRequest, UpdateWebhookSubscriptionRequest, WebhookEventType,
    WebhookSubscriptionCreatedResponse, WebhookSubscriptionResponse,
};

use crate::message::report_line;
use crate::{Call, Error, Linq};

/// Webhook subscriptions.
impl Linq {
    /// The names of the events that can be subscribed to.
    ///
    /// `GET /v3/webhook-events`
    pub fn list_webhook_events(&self) -> Call<Vec<WebhookEventType>> {
        let call = Call::new(self, |client| client.list_webhook_events().prepare());
        call.map(|events| events.events)
    }

    /// All subscriptions, paused ones included, without their signing secrets.
    ///
    /// `GET /v3/webhook-subscriptions`
    pub fn list_subscriptions(&self) -> Call<Vec<WebhookSubscriptionResponse>> {
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
    /// at the [list](Self::list_subscriptions).
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
