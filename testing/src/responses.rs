//! Responses of the API, and of what stands before it.

use serde_json::{Value, json};

/// The id in every path and answer.
pub const ID: &str = "3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13";

/// The header that every answer of the API has.
pub const TRACE_ID: &str = "4bd1c70e92a35f68d0417be6a9c2583f";

const HANDLES: &str = r#"[{
    "id": "5a9e0b74-d1c3-4286-97fe-308b4c6d12a9",
    "handle": "+12025550101",
    "service": "iMessage",
    "joined_at": "2026-04-14T18:02:11Z"
}]"#;

const SENT: &str = r#"{
    "id": "c2497d1e-06fb-4a38-b5d2-9e140c7f83a5",
    "service": "iMessage",
    "parts": [{"type": "text", "value": "Hello", "text_decorations": null, "reactions": null}],
    "sent_at": null,
    "created_at": "2026-04-14T18:02:11Z",
    "delivery_status": "pending",
    "is_read": false
}"#;

/// Status and body of the answer to a request that succeeds.
pub fn success(method: &str, path: &str) -> (u16, String) {
    if let Some(response) = resource(method, path) {
        return response;
    }
    let path = path.split('?').next().unwrap_or(path);
    let last = path.rsplit('/').next().unwrap_or(path);
    let chat = format!(
        r#"{{"id": "{ID}", "display_name": "+12025550101", "service": "iMessage", "is_group": false,
            "is_archived": false, "handles": {HANDLES}, "created_at": "2026-04-14T18:02:11Z",
            "updated_at": "2026-04-14T18:02:11Z", "message": {SENT}}}"#
    );
    match (method, last) {
        ("POST", "chats") => (201, format!(r#"{{"chat": {chat}}}"#)),
        ("POST", "messages") if path.contains("/chats/") => {
            (202, format!(r#"{{"chat_id": "{ID}", "message": {SENT}}}"#))
        }
        ("POST", "messages") => (
            202,
            format!(
                r#"{{"chat_id": "{ID}", "created_new_chat": false, "from": "+12025550100",
                    "from_selection": {{"reason": "reused_active_chat", "reused_existing_chat": true}}, "handles": {HANDLES},
                    "is_group": false, "message": {SENT}, "service": "iMessage"}}"#
            ),
        ),
        ("POST", "reactions") => (
            202,
            r#"{"status": "pending", "message": "queued"}"#.to_owned(),
        ),
        ("POST", "voicememo") => (
            202,
            format!(
                r#"{{"voice_memo": {{"id": "{ID}", "from": "+12025550100", "to": ["+12025550101"],
                "status": "queued", "created_at": "2026-04-14T18:02:11Z", "service": "iMessage",
                "chat": {{"id": "{ID}", "handles": {HANDLES}, "is_active": true, "is_group": false,
                "service": "iMessage"}}, "voice_memo": {{"id": "{ID}", "url": "https://cdn.linqapp.com/a",
                "filename": "a.m4a", "mime_type": "audio/x-m4a", "size_bytes": 1, "duration_ms": 1}}}}}}"#
            ),
        ),
        ("POST", "attachments") => (200, reservation("1994-11-06T09:04:37Z")),
        ("GET", _) if path.contains("/attachments/") => (200, attachment("complete")),
        ("POST", "read" | "typing" | "share_contact_card") => (204, String::new()),
        ("GET", "chats") => (200, r#"{"chats": [], "next_cursor": null}"#.to_owned()),
        ("GET", _) if path.contains("/chats/") => (200, chat),
        ("PUT", _) => (
            202,
            format!(r#"{{"status": "pending", "chat_id": "{ID}"}}"#),
        ),
        ("DELETE", "participants") => (202, r#"{"status": "pending"}"#.to_owned()),
        ("DELETE", "location") => (200, r#"{"success": true, "message": "stopped"}"#.to_owned()),
        ("DELETE", "connection") => (200, r#"{"handle": "+12025550101"}"#.to_owned()),
        ("DELETE", _) => (204, String::new()),
        _ => (200, "{}".to_owned()),
    }
}

/// A reserved upload to this server; the time is 15 minutes after that of the test clock by default.
pub fn reservation(expires_at: &str) -> String {
    format!(
        r#"{{"attachment_id": "{ID}", "upload_url": "{{origin}}/put/secret-path?signature=secret",
            "download_url": "{{origin}}/files/secret-file", "http_method": "PUT", "expires_at": "{expires_at}",
            "required_headers": {{"Content-Type": "image/png", "Content-Length": "8",
            "x-signed-Header": "secret of the header"}}}}"#
    )
}

/// An uploaded file.
pub fn attachment(status: &str) -> String {
    format!(
        r#"{{"id": "{ID}", "filename": "a.png", "content_type": "image/png", "size_bytes": 8,
            "status": "{status}", "created_at": "2026-04-14T18:02:11Z"}}"#
    )
}

/// An error body of the API, with a text that must show up nowhere.
pub fn error(status: u16, code: i64) -> String {
    format!(
        r#"{{"success": false, "error": {{"status": {status}, "code": {code},
            "message": "secret of +12025550199", "doc_url": "https://example.com/errors/{code}"}},
            "trace_id": "{TRACE_ID}"}}"#
    )
}

/// What a proxy answers.
pub const HTML: &str = "<html><head><title>502 Bad Gateway</title></head></html>";

/// A chat, as the API answers.
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

/// The answer to `create_chat`.
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

const AT: &str = "2026-04-14T18:02:11Z";
const LINE: &str = "+12025550100";

/// Status and body of a response about what is neither a chat nor sent.
fn resource(method: &str, path: &str) -> Option<(u16, String)> {
    let path = path.split('?').next()?;
    let (_, path) = path.split_once("/v3/")?;
    let segments: Vec<_> = path.split('/').collect();
    let (status, body) = match (method, segments.as_slice()) {
        ("GET", ["chats", _, "location"]) => (
            200,
            json!({ "success": true, "data": { "type": "FeatureCollection", "features": [] } }),
        ),
        ("POST", ["chats", _, "location", "request"]) => {
            (200, json!({ "success": true, "message": "asked" }))
        }
        ("POST", ["chats", _, "background"]) | ("DELETE", ["chats", _, "background"]) => {
            return Some((202, String::new()));
        }
        ("POST", ["chats", _, "participants" | "leave"]) => (202, json!({ "status": "pending" })),
        ("POST", ["chats", _, "polls"]) => (200, poll()),
        (_, ["messages", _, "poll", ..]) => (200, poll()),
        ("GET" | "PATCH", ["messages", _]) => (200, message()),
        ("POST", ["messages", _, "update"]) => (202, json!({ "chat_id": ID, "message": sent() })),
        ("GET", ["phone_numbers"]) => (
            200,
            json!({ "phone_numbers": [{ "id": ID, "phone_number": LINE }] }),
        ),
        ("PUT", ["phone_numbers", _]) => (
            200,
            json!({ "id": ID, "phone_number": LINE, "forwarding_number": null }),
        ),
        (_, ["phone_numbers", _, "reputation_audit", ..]) => {
            (202, json!({ "audit_id": "audit-1", "status": "pending" }))
        }
        ("GET", ["available_number"]) => (
            200,
            json!({ "phone_number": LINE, "vcf_url": "https://example.com/line.vcf" }),
        ),
        (_, ["capability", _]) => (200, json!({ "address": "+12025550101", "available": true })),
        ("GET", ["contact_card"]) => (200, json!({ "contact_cards": [card()] })),
        (_, ["contact_card"]) => (200, card()),
        ("GET", ["blocked_handles"]) => (200, json!({ "blocked_handles": [blocked()] })),
        ("POST", ["blocked_handles"]) => (200, json!({ "blocked_handle": blocked() })),
        ("GET", ["attachments", _]) => (
            200,
            json!({ "id": ID, "filename": "a.png", "content_type": "image/png", "size_bytes": 8,
                "status": "complete", "created_at": AT }),
        ),
        ("GET", ["experiences"]) => (200, json!({ "experiences": [{ "experience": "survey" }] })),
        ("GET", ["webhook-events"]) => (
            200,
            json!({ "events": ["message.received"], "doc_url": "https://example.com/events" }),
        ),
        ("GET", ["webhook-subscriptions"]) => (200, json!({ "subscriptions": [subscription()] })),
        ("GET" | "PUT", ["webhook-subscriptions", _]) => (200, subscription()),
        ("POST", ["webhook-subscriptions"]) => {
            let mut created = subscription();
            created["signing_secret"] = "whsec_c2VjcmV0".into();
            (201, created)
        }
        (_, ["payment_requests"] | ["payment_requests", _, ..]) => (
            200,
            json!({ "id": ID, "object": "payment_request", "status": "requested", "mode": "payment",
                "amount": 500, "currency": "usd", "checkout_url": "https://example.com/pay",
                "created_at": AT }),
        ),
        _ => return None,
    };
    Some((status, body.to_string()))
}

fn handle() -> Value {
    json!({ "id": ID, "handle": "+12025550101", "service": "iMessage", "joined_at": AT })
}

fn sent() -> Value {
    json!({ "id": ID, "parts": [], "delivery_status": "pending", "is_read": false,
        "created_at": AT, "sent_at": null })
}

fn message() -> Value {
    json!({ "id": ID, "chat_id": ID, "is_from_me": true, "is_delivered": false, "is_read": false,
        "created_at": AT, "updated_at": AT })
}

fn poll() -> Value {
    let option = json!({ "option_id": ID, "text": "Tea", "can_be_edited": false,
        "creator_handle": handle(), "voters": [] });
    json!({ "chat_id": ID, "message_id": ID, "poll": { "options": [option], "total_voters": 0 },
        "reactions": [], "created_at": AT, "updated_at": AT })
}

fn card() -> Value {
    json!({ "phone_number": LINE, "first_name": "Ann", "is_active": true })
}

fn blocked() -> Value {
    json!({ "handle": "+12025550101", "blocked_at": AT })
}

fn subscription() -> Value {
    json!({ "id": "subscription-1", "target_url": "https://example.com/linq", "is_active": true,
        "subscribed_events": ["message.received"], "created_at": AT, "updated_at": AT })
}
