//! Answers of the rest of the API: enough for the types of the document.

use serde_json::{Value, json};

use super::answers::ID;

const AT: &str = "2026-04-14T18:02:11Z";
const LINE: &str = "+12025550100";

/// Status and body of the answer, unless it is one of `answers`.
pub(crate) fn success(method: &str, path: &str) -> Option<(u16, String)> {
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
