//! The API document, and the payloads that it gives as examples.

use serde_json::Value;
use xtask::command;
use xtask::command::gen_command::DOCUMENT;
use xtask::generate::load;

/// The API document as it stands in the repository.
///
/// # Panics
///
/// If it cannot be read.
pub fn document() -> Value {
    load::load(&command::root().join(DOCUMENT), DOCUMENT)
        .expect("the document is sound")
        .root
}

/// A webhook that the document gives an example of.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Its key, such as `message.received.v2026`.
    pub key: String,
    /// The example as text, in the document's order of fields.
    pub body: String,
}

/// The webhooks of the document, with their examples.
///
/// # Panics
///
/// If a webhook has no example.
pub fn webhooks() -> Vec<Webhook> {
    let document = document();
    let webhooks = document["webhooks"]
        .as_object()
        .expect("there are webhooks");
    webhooks
        .iter()
        .map(|(key, item)| {
            let example = &item["post"]["requestBody"]["content"]["application/json"]["example"];
            assert!(example.is_object(), "{key} has no example");
            Webhook {
                key: key.clone(),
                body: example.to_string(),
            }
        })
        .collect()
}
