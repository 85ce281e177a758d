//! What the API answers when all is well, and when it is not.

/// The id in every path and answer.
pub(crate) const ID: &str = "3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13";

/// The header that every answer of the API has.
pub(crate) const TRACE_ID: &str = "4bd1c70e92a35f68d0417be6a9c2583f";

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
pub(crate) fn success(method: &str, path: &str) -> (u16, String) {
    if let Some(answer) = super::resources::success(method, path) {
        return answer;
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
pub(crate) fn reservation(expires_at: &str) -> String {
    format!(
        r#"{{"attachment_id": "{ID}", "upload_url": "{{origin}}/put/secret-path?signature=secret",
            "download_url": "{{origin}}/files/secret-file", "http_method": "PUT", "expires_at": "{expires_at}",
            "required_headers": {{"Content-Type": "image/png", "Content-Length": "8",
            "x-signed-Header": "secret of the header"}}}}"#
    )
}

/// An uploaded file.
pub(crate) fn attachment(status: &str) -> String {
    format!(
        r#"{{"id": "{ID}", "filename": "a.png", "content_type": "image/png", "size_bytes": 8,
            "status": "{status}", "created_at": "2026-04-14T18:02:11Z"}}"#
    )
}

/// An error body of the API, with a text that must show up nowhere.
pub(crate) fn error(status: u16, code: i64) -> String {
    format!(
        r#"{{"success": false, "error": {{"status": {status}, "code": {code},
            "message": "secret of +12025550199", "doc_url": "https://example.com/errors/{code}"}},
            "trace_id": "{TRACE_ID}"}}"#
    )
}

/// What a proxy answers.
pub(crate) const HTML: &str = "<html><head><title>502 Bad Gateway</title></head></html>";
