//! Webhook subscriptions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, Outcome, Time, World, shown};
use crate::api::api;
use crate::error::ApiError;

/// A subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) target_url: String,
    pub(crate) secret: String,
    pub(crate) events: Vec<String>,
    pub(crate) phone_numbers: Vec<String>,
    pub(crate) routing_key_header: Option<String>,
    pub(crate) routing_id_header: Option<String>,
    /// The routing key that the target gave for each chat.
    pub(crate) routing_keys: std::collections::BTreeMap<String, String>,
    pub(crate) is_active: bool,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

impl Subscription {
    /// Returns the payload version that the address asks for.
    pub(crate) fn version(&self) -> &'static str {
        let query = self
            .target_url
            .split_once('?')
            .map_or("", |(_, query)| query);
        match query.split('&').any(|pair| pair == "version=2025-01-01") {
            true => "2025-01-01",
            false => "2026-02-03",
        }
    }

    /// Returns whether it wants an event of a line.
    pub(crate) fn wants(&self, event: &str, line: Option<&str>) -> bool {
        let is_of_line = line.is_none_or(|line| {
            self.phone_numbers.is_empty() || self.phone_numbers.iter().any(|one| one == line)
        });
        self.is_active && is_of_line && self.events.iter().any(|one| one == event)
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id, "target_url": self.target_url, "subscribed_events": self.events,
            "phone_numbers": (!self.phone_numbers.is_empty()).then_some(&self.phone_numbers),
            "routing_key_header": self.routing_key_header, "routing_id_header": self.routing_id_header,
            "is_active": self.is_active, "created_at": shown(self.created_at), "updated_at": shown(self.updated_at),
        })
    }
}

impl World {
    pub(crate) fn list_event_types(&mut self, call: &Call<'_>) -> Outcome {
        let schema = json!({ "$ref": "#/components/schemas/WebhookEventType" });
        let events = api().resolve(&schema)["enum"].clone();
        Ok(call.reply(json!({
            "events": events, "doc_url": "https://docs.linqapp.com/channel/imessage/guides/webhooks/events",
        })))
    }

    pub(crate) fn create_subscription(&mut self, call: &Call<'_>) -> Outcome {
        let target_url = call.text("target_url").unwrap_or_default().to_owned();
        let warnings = self.check_target(&target_url, None)?;
        let mut secret = Vec::new();
        for _ in 0..4 {
            secret.extend(self.random().to_be_bytes());
        }
        let (id, now) = (self.id(), self.now());
        let body = &call.valid.body;
        let subscription = Subscription {
            id,
            target_url,
            secret: format!("whsec_{}", STANDARD.encode(secret)),
            events: texts(&body["subscribed_events"]),
            phone_numbers: texts(&body["phone_numbers"]),
            routing_key_header: header(&body["routing_key_header"]),
            routing_id_header: Some(
                header(&body["routing_id_header"]).unwrap_or_else(|| "Linq-Chat-Id".to_owned()),
            ),
            routing_keys: std::collections::BTreeMap::new(),
            is_active: true,
            created_at: now,
            updated_at: now,
        };
        let mut shown = subscription.json();
        shown["signing_secret"] = subscription.secret.clone().into();
        self.subscriptions.push(subscription);
        let mut reply = call.reply(shown);
        reply.warnings = warnings;
        Ok(reply)
    }

    /// The API wants public https addresses; a simulator is there for programs on the same machine.
    fn check_target(&self, url: &str, own_id: Option<&str>) -> Result<Vec<String>, ApiError> {
        let taken = self
            .subscriptions
            .iter()
            .any(|known| known.target_url == url && Some(known.id.as_str()) != own_id);
        if taken {
            return Err(ApiError::new(
                409,
                2015,
                "another subscription has this `target_url`",
            ));
        }
        if url.starts_with("https://") {
            return Ok(Vec::new());
        }
        let rest = url.strip_prefix("http://").unwrap_or_default();
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        let is_loopback = host == "localhost" || host == "[::1]" || host.starts_with("127.");
        match is_loopback {
            true => Ok(vec![
                "Linq itself delivers to public https addresses only".to_owned(),
            ]),
            false => Err(ApiError::new(
                400,
                1005,
                "`target_url` is a public https address, or http on this machine",
            )),
        }
    }

    pub(crate) fn list_subscriptions(&mut self, call: &Call<'_>) -> Outcome {
        let all: Vec<Value> = self.subscriptions.iter().map(Subscription::json).collect();
        Ok(call.reply(json!({ "subscriptions": all })))
    }

    pub(crate) fn get_subscription(&mut self, call: &Call<'_>) -> Outcome {
        let index = self.subscription(call)?;
        Ok(call.reply(self.subscriptions[index].json()))
    }

    pub(crate) fn update_subscription(&mut self, call: &Call<'_>) -> Outcome {
        let index = self.subscription(call)?;
        let body = &call.valid.body;
        let mut warnings = Vec::new();
        if let Some(url) = body["target_url"].as_str() {
            warnings = self.check_target(url, Some(call.parameter("subscriptionId")))?;
        }
        let now = self.now();
        let subscription = &mut self.subscriptions[index];
        subscription.updated_at = now;
        if let Some(url) = body["target_url"].as_str() {
            subscription.target_url = url.to_owned();
        }
        if body["subscribed_events"].is_array() {
            subscription.events = texts(&body["subscribed_events"]);
        }
        // Null and an empty list take the filter away; absent keeps it.
        if let Some(numbers) = body.get("phone_numbers") {
            subscription.phone_numbers = texts(numbers);
        }
        if let Some(is_active) = body["is_active"].as_bool() {
            subscription.is_active = is_active;
        }
        if let Some(value) = body.get("routing_key_header") {
            subscription.routing_key_header = header(value);
        }
        if let Some(value) = body.get("routing_id_header") {
            subscription.routing_id_header = header(value);
        }
        let mut reply = call.reply(subscription.json());
        reply.warnings = warnings;
        Ok(reply)
    }

    pub(crate) fn delete_subscription(&mut self, call: &Call<'_>) -> Outcome {
        let index = self.subscription(call)?;
        let gone = self.subscriptions.remove(index);
        self.deliveries
            .retain(|_, delivery| delivery.subscription_id != gone.id || delivery.is_over());
        Ok(call.empty())
    }

    fn subscription(&self, call: &Call<'_>) -> Result<usize, ApiError> {
        let id = call.parameter("subscriptionId");
        let index = self.subscriptions.iter().position(|known| known.id == id);
        index.ok_or_else(|| ApiError::new(404, 2010, "there is no such subscription"))
    }
}

fn texts(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn header(value: &Value) -> Option<String> {
    value
        .as_str()
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}
