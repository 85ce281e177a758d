//! What belongs to the account: blocked handles, attachments, experiences.

use linq_client::operations::{BLOCK_HANDLE, DELETE_ATTACHMENT, GET_ATTACHMENT, UNBLOCK_HANDLE};
use linq_types::{
    Attachment, BlockHandleRequest, BlockHandleResult, BlockedHandleEntry, Experience,
    UnblockHandleRequest,
};

use crate::id::{IntoId, checked};
use crate::message::check_blockable;
use crate::{Call, Error, Linq};

/// Blocked handles.
impl Linq {
    /// The handles that the account has blocked.
    ///
    /// `GET /v3/blocked_handles`
    pub fn blocked_handles(&self) -> Call<Vec<BlockedHandleEntry>> {
        let call = Call::new(self, |client| client.list_blocked_handles().prepare());
        call.map(|handles| handles.blocked_handles)
    }

    /// Blocks a handle for all lines: a phone number, an e-mail address, a short code, or the name of a sender.
    ///
    /// Sends to it answer 2026 then. A note on why goes into
    /// [`body_field("reason", …)`](Call::body_field).
    ///
    /// `POST /v3/blocked_handles`
    pub fn block_handle(&self, handle: impl Into<String>) -> Call<BlockHandleResult> {
        let body = checked_blockable(handle).map(BlockHandleRequest::new);
        Call::prepared(self, &BLOCK_HANDLE, body, |client, handle| {
            client.block_handle().body(handle).prepare()
        })
    }

    /// Lifts the block of a handle, written as in the [list](Self::blocked_handles).
    ///
    /// `DELETE /v3/blocked_handles`
    pub fn unblock_handle(&self, handle: impl Into<String>) -> Call<()> {
        let body = checked_blockable(handle).map(UnblockHandleRequest::new);
        Call::prepared(self, &UNBLOCK_HANDLE, body, |client, handle| {
            client.unblock_handle().body(handle).prepare()
        })
    }
}

fn checked_blockable(handle: impl Into<String>) -> Result<String, Error> {
    let handle = handle.into();
    check_blockable(&handle)?;
    Ok(handle)
}

/// Attachments: files that were uploaded, or came with a message.
impl Linq {
    /// Name, type, size and address of an attachment.
    ///
    /// `GET /v3/attachments/{attachmentId}`
    pub fn get_attachment(&self, id: impl IntoId) -> Call<Attachment> {
        let id = checked("attachment", id.into_id());
        Call::prepared(self, &GET_ATTACHMENT, id, |client, id| {
            client.get_attachment().attachment_id(id).prepare()
        })
    }

    /// Deletes an attachment for good.
    ///
    /// `DELETE /v3/attachments/{attachmentId}`
    pub fn delete_attachment(&self, id: impl IntoId) -> Call<()> {
        let id = checked("attachment", id.into_id());
        Call::prepared(self, &DELETE_ATTACHMENT, id, |client, id| {
            client.delete_attachment().attachment_id(id).prepare()
        })
    }
}

/// Experiences: ready-made cards for [`Message::experience`](crate::Message::experience).
impl Linq {
    /// The experiences that can be sent, with their actions and fields.
    ///
    /// `GET /v3/experiences`
    pub fn experiences(&self) -> Call<Vec<Experience>> {
        let call = Call::new(self, |client| client.list_experiences().prepare());
        call.map(|found| found.experiences.unwrap_or_default())
    }

    /// One experience, by its name.
    ///
    /// `GET /v3/experiences/{experience}`
    pub fn get_experience(&self, name: impl Into<String>) -> Call<Experience> {
        let name = name.into();
        Call::new(self, |client| {
            client.get_experience().experience(name).prepare()
        })
    }
}
