//! Attachments, with upload and download at the simulator itself.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Call, Outcome, Time, World, shown};
use crate::error::ApiError;

/// How long an upload address works.
const UPLOAD_MINUTES: i64 = 15;

/// A file, announced or uploaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) id: String,
    pub(crate) filename: String,
    pub(crate) content_type: String,
    pub(crate) size_bytes: u64,
    pub(crate) is_ready: bool,
    pub(crate) created_at: Time,
    /// What makes the upload address secret.
    pub(crate) token: String,
    /// The bytes, which snapshots leave out.
    #[serde(skip)]
    pub(crate) bytes: Vec<u8>,
}

impl Attachment {
    /// Returns the address of the file.
    pub(crate) fn url(&self, origin: &str) -> String {
        format!("{origin}/_files/{}", self.id)
    }

    /// Writes the part of a message that holds it.
    pub(crate) fn part(&self, origin: &str) -> Value {
        json!({
            "type": "media", "id": self.id, "url": self.url(origin), "filename": self.filename,
            "mime_type": self.content_type, "size_bytes": self.size_bytes,
        })
    }
}

impl World {
    pub(crate) fn request_upload(&mut self, call: &Call<'_>) -> Outcome {
        let (id, token, now) = (self.id(), self.trace_id(), self.now());
        let attachment = Attachment {
            id: id.clone(),
            filename: call.text("filename").unwrap_or_default().to_owned(),
            content_type: call.text("content_type").unwrap_or_default().to_owned(),
            size_bytes: call.valid.body["size_bytes"].as_u64().unwrap_or_default(),
            is_ready: false,
            created_at: now,
            token,
            bytes: Vec::new(),
        };
        let url = attachment.url(&self.settings.origin);
        let body = json!({
            "attachment_id": id, "upload_url": format!("{url}?token={}", attachment.token), "download_url": url,
            "http_method": "PUT", "expires_at": shown(now + TimeDelta::minutes(UPLOAD_MINUTES)),
            "required_headers": {
                "Content-Type": attachment.content_type, "Content-Length": attachment.size_bytes.to_string(),
            },
        });
        self.attachments.insert(id, attachment);
        Ok(call.reply(body))
    }

    /// Takes the bytes of an upload; the error is a status and a reason, as storage has no codes.
    pub(crate) fn upload(
        &mut self,
        id: &str,
        token: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<(), (u16, &'static str)> {
        let now = self.now();
        let attachment = self
            .attachments
            .get_mut(id)
            .filter(|attachment| attachment.token == token);
        let attachment = attachment.ok_or((403, "the address is not one of an upload"))?;
        if now - attachment.created_at > TimeDelta::minutes(UPLOAD_MINUTES) {
            return Err((403, "the address has expired"));
        }
        if !content_type.eq_ignore_ascii_case(&attachment.content_type) {
            return Err((403, "the content type is not the announced one"));
        }
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) != attachment.size_bytes {
            return Err((400, "the size is not the announced one"));
        }
        attachment.bytes = bytes;
        attachment.is_ready = true;
        Ok(())
    }

    /// Keeps a file that a person sends.
    pub(crate) fn file(&mut self, filename: &str, content_type: &str, bytes: Vec<u8>) -> Value {
        let (id, token, created_at) = (self.id(), self.trace_id(), self.now());
        let attachment = Attachment {
            id: id.clone(),
            filename: filename.to_owned(),
            content_type: content_type.to_owned(),
            size_bytes: u64::try_from(bytes.len()).unwrap_or_default(),
            is_ready: true,
            created_at,
            token,
            bytes,
        };
        let part = attachment.part(&self.settings.origin);
        self.attachments.insert(id, attachment);
        part
    }

    pub(crate) fn get_attachment(&mut self, call: &Call<'_>) -> Outcome {
        let attachment = self.attachment(call)?;
        let mut body = json!({
            "id": attachment.id, "filename": attachment.filename, "content_type": attachment.content_type,
            "size_bytes": attachment.size_bytes, "created_at": shown(attachment.created_at),
            "status": if attachment.is_ready { "complete" } else { "pending" },
        });
        if attachment.is_ready {
            body["download_url"] = attachment.url(&self.settings.origin).into();
        }
        Ok(call.reply(body))
    }

    pub(crate) fn delete_attachment(&mut self, call: &Call<'_>) -> Outcome {
        let id = self.attachment(call)?.id.clone();
        self.attachments.remove(&id);
        Ok(call.empty())
    }

    fn attachment(&self, call: &Call<'_>) -> Result<&Attachment, ApiError> {
        let attachment = self.attachments.get(call.parameter("attachmentId"));
        attachment.ok_or_else(|| ApiError::new(404, 2003, "there is no such attachment"))
    }
}
