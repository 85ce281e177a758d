//! Waiting until an uploaded file can be used.

use std::time::Duration;

use linq_client::operations;
use serde_json::Value;
use uuid::Uuid;

use crate::retry::backoff;
use crate::{Error, ErrorCode, Linq};

/// Asks for the attachment until it is ready.
///
/// It is once the API gives it without calling it `pending`. Only that word is read of the answer, and may be
/// missing, since the field is deprecated without a successor.
pub(super) async fn wait(linq: &Linq, id: Uuid, limit: Duration) -> Result<(), Error> {
    let clock = linq.clock();
    let start = clock.now();
    let mut paused = Duration::ZERO;
    let mut asked = 0;
    loop {
        asked += 1;
        let call = linq.get(format!("/v3/attachments/{id}")).max_retries(0);
        let (after, cause) = match call.send().await {
            Ok(attachment) => match attachment.get("status").and_then(Value::as_str) {
                Some("pending") => (None, None),
                Some("failed") => {
                    return Err(Error::other("the API could not process the uploaded file"));
                }
                _ => return Ok(()),
            },
            Err(error) => {
                let error = error.with_operation(&operations::GET_ATTACHMENT);
                let is_pending = error.code() == Some(ErrorCode::AttachmentNotReady);
                if !is_pending && !error.is_retryable() {
                    return Err(error);
                }
                (error.retry_after(), Some(error))
            }
        };
        let pause = after
            .filter(|after| !after.is_zero())
            .unwrap_or_else(|| backoff::pause(asked, clock.jitter()));
        // Whichever runs faster: a clock can be set back, and time also goes by while asking.
        let waited = paused.max(clock.now().duration_since(start).unwrap_or_default());
        let left = limit.saturating_sub(waited);
        if left.is_zero() {
            let error =
                Error::timed_out("the uploaded file was not ready in time").with_attempts(asked);
            return Err(match cause {
                Some(cause) => error.with_source(cause),
                None => error,
            });
        }
        let pause = pause.min(left);
        clock.sleep(pause).await;
        paused += pause;
    }
}
