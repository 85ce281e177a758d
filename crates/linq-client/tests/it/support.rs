//! Bodies that several modules send.

use linq_types::CreateChatRequest;
use serde_json::Value;

/// The id of the chat in [`linq_testing::responses::CHAT`].
pub(crate) const CHAT_ID: uuid::Uuid = uuid::uuid!("3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13");

/// A body for `create_chat`, as JSON.
pub(crate) fn create_chat_json() -> Value {
    serde_json::json!({
        "from": "+12025550100",
        "to": ["+12025550101"],
        "message": { "parts": [{ "type": "text", "value": "Hello" }] },
    })
}

/// A body for `create_chat`.
pub(crate) fn create_chat_body() -> CreateChatRequest {
    serde_json::from_value(create_chat_json()).expect("the body is of its type")
}
