//! What belongs to the account: blocked handles and attachments.

use linq_types::{
    Attachment, BlockHandleRequest, BlockHandleResult, BlockedHandleEntry, UnblockHandleRequest,
};

use crate::id::IntoId;
use crate::message::{InvalidMessage, check_blockable, normalize_handle};
use crate::{Call, Linq};

/// Blocked handles.
impl Linq {
    /// Returns the handles that the account has blocked.
    ///
    /// `GET /v3/blocked_handles`
    pub fn blocked_handles(&self) -> Call<Vec<BlockedHandleEntry>> {
        let call = self.call(self.api().list_blocked_handles());
        call.map(|handles| handles.blocked_handles)
    }

    /// Blocks a handle for all lines: a phone number, an e-mail address, a short code, or the name of a sender.
    ///
    /// The API then refuses sends to it (2026). See [`block_handle_with_reason`](Self::block_handle_with_reason) for a
    /// note.
    ///
    /// `POST /v3/blocked_handles`
    pub fn block_handle(&self, handle: impl Into<String>) -> Call<BlockHandleResult> {
        let (handle, checked) = checked_blockable(handle);
        let body = BlockHandleRequest::new(handle);
        self.call(self.api().block_handle().body(body))
            .checked(checked)
    }

    /// Blocks a handle with a note on the reason; see [`block_handle`](Self::block_handle).
    pub fn block_handle_with_reason(
        &self,
        handle: impl Into<String>,
        reason: impl Into<String>,
    ) -> Call<BlockHandleResult> {
        let (handle, checked) = checked_blockable(handle);
        let body = BlockHandleRequest::new(handle).with_reason(reason);
        self.call(self.api().block_handle().body(body))
            .checked(checked)
    }

    /// Unblocks a handle, written as in [`blocked_handles`](Self::blocked_handles).
    ///
    /// `DELETE /v3/blocked_handles`
    pub fn unblock_handle(&self, handle: impl Into<String>) -> Call<()> {
        let (handle, checked) = checked_blockable(handle);
        let body = UnblockHandleRequest::new(handle);
        self.call(self.api().unblock_handle().body(body))
            .checked(checked)
    }
}

fn checked_blockable(handle: impl Into<String>) -> (String, Result<(), InvalidMessage>) {
    let handle = normalize_handle(&handle.into());
    let checked = check_blockable(&handle);
    (handle, checked)
}

/// Attachments: files that were uploaded, or came with a message.
impl Linq {
    /// Returns name, type, size and address of an attachment.
    ///
    /// `GET /v3/attachments/{attachmentId}`
    pub fn get_attachment(&self, id: impl IntoId) -> Call<Attachment> {
        self.call(self.api().get_attachment().attachment_id(id.into_id()))
    }

    /// Deletes an attachment permanently.
    ///
    /// `DELETE /v3/attachments/{attachmentId}`
    pub fn delete_attachment(&self, id: impl IntoId) -> Call<()> {
        self.call(self.api().delete_attachment().attachment_id(id.into_id()))
    }
}
