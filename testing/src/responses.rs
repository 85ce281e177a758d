//! Responses of the API, and of what is in front of it.

use std::sync::LazyLock;

use serde_json::Value;

use crate::document::document;
use crate::operations::{Operation, operations};

/// The id that tests put into paths.
pub const ID: &str = "3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13";

/// The trace id that comes with every response of the API.
pub const TRACE_ID: &str = "4bd1c70e92a35f68d0417be6a9c2583f";

/// Returns status and body of the response to a request that succeeds: the example of the document, as the last
/// page where it is one. An upload is reserved on this server for 15 minutes after the time of the test clock.
pub fn success(method: &str, target: &str) -> (u16, String) {
    static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| operations(document()));
    let path = target.split('?').next().unwrap_or_default();
    let mut found = OPERATIONS.iter().filter(|operation| {
        operation.method == method
            && path
                .find("/v3/")
                .is_some_and(|at| operation.matches(&path[at..]))
    });
    let Some(operation) = found.next() else {
        return (200, "{}".to_owned());
    };
    let example = operation.successes()[0];
    let body = match (&*operation.id, &example.body) {
        ("requestUpload", _) => reservation("1994-11-06T09:04:37Z"),
        (_, None) => String::new(),
        (_, Some(body)) => {
            let mut body = body.clone();
            if let Some(cursor) = body.get_mut("next_cursor") {
                *cursor = Value::Null;
            }
            body.to_string()
        }
    };
    (example.status, body)
}

/// Returns a reserved upload to this server that expires at a time.
pub fn reservation(expires_at: &str) -> String {
    format!(
        r#"{{"attachment_id": "{ID}", "upload_url": "{{origin}}/put/secret-path?signature=secret",
            "download_url": "{{origin}}/files/secret-file", "http_method": "PUT", "expires_at": "{expires_at}",
            "required_headers": {{"Content-Type": "image/png", "Content-Length": "8",
            "x-signed-Header": "secret of the header"}}}}"#
    )
}

/// Returns an attachment of a status.
pub fn attachment(status: &str) -> String {
    format!(
        r#"{{"id": "{ID}", "filename": "a.png", "content_type": "image/png", "size_bytes": 8,
            "status": "{status}", "created_at": "2026-04-14T18:02:11Z"}}"#
    )
}

/// Returns an error body of the API, with a text that must appear nowhere.
pub fn error(status: u16, code: i64) -> String {
    format!(
        r#"{{"success": false, "error": {{"status": {status}, "code": {code},
            "message": "secret of +12025550199", "doc_url": "https://example.com/errors/{code}"}},
            "trace_id": "{TRACE_ID}"}}"#
    )
}

/// The page of a proxy.
pub const HTML: &str = "<html><head><title>502 Bad Gateway</title></head></html>";

/// A chat.
pub const CHAT: &str = r#"{
    "id": "3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13",
    "display_name": "+12025550101",
    "service": "iMessage",
    "handles": [{
        "id": "5a9e0b74-d1c3-4286-97fe-308b4c6d12a9",
        "handle": "+12025550100",
        "service": "iMessage",
        "joined_at": "2026-04-14T18:02:11Z"
    }],
    "is_archived": false,
    "is_group": false,
    "created_at": "2026-04-14T18:02:11Z",
    "updated_at": "2026-04-14T18:05:40Z"
}"#;

/// An empty page of chats.
pub const NO_CHATS: &str = r#"{"chats":[],"next_cursor":null}"#;

/// The response to `create_chat`.
pub const CREATED: &str = r#"{"chat": {
    "id": "3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13",
    "display_name": "+12025550101",
    "service": "iMessage",
    "is_group": false,
    "handles": [{
        "id": "5a9e0b74-d1c3-4286-97fe-308b4c6d12a9",
        "handle": "+12025550100",
        "service": "iMessage",
        "joined_at": "2026-04-14T18:02:11Z"
    }],
    "message": {
        "id": "c2497d1e-06fb-4a38-b5d2-9e140c7f83a5",
        "parts": [{"type": "text", "value": "Hello", "text_decorations": null, "reactions": null}],
        "sent_at": null,
        "delivery_status": "pending",
        "is_read": false
    }
}}"#;

/// An error of the API, with a text that must not be printed.
pub const NOT_FOUND: &str = r#"{
    "success": false,
    "error": {
        "status": 404,
        "code": 2001,
        "message": "no chat with +12025550199",
        "doc_url": "https://example.com/errors/2001"
    },
    "trace_id": "4bd1c70e92a35f68d0417be6a9c2583f"
}"#;
