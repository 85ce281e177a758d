//! The typing indicator, for as long as a reply is being prepared.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::ChatClient;
use crate::indicator::Indicator;

/// The indicator fades after 85 to 90 seconds.
const REFRESH: Duration = Duration::from_secs(60);
/// After a refresh that failed, early enough to reach the server before the indicator fades.
const REFRESH_AFTER_FAILURE: Duration = Duration::from_secs(10);
/// After a message, which removes the indicator about a second after it was accepted.
const REFRESH_AFTER_MESSAGE: Duration = Duration::from_secs(3);
/// Short, since the end of the indicator waits for it.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(10);

impl ChatClient {
    /// Shows the typing indicator until the returned guard is dropped.
    ///
    /// It never fails and does not wait: the requests are sent in the background, and failures are logged only. Use
    /// [`start_typing`](Self::start_typing) to learn whether the API accepts it.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     linq: linq_ext::Linq,
    /// #     chat_id: uuid::Uuid,
    /// #     think: impl Future<Output = String>,
    /// # ) -> Result<(), linq_ext::Error> {
    /// let chat = linq.chat(chat_id);
    /// let typing = chat.typing();
    /// chat.message().text("Let me see.").await?; // the indicator returns after it
    /// chat.message().text(think.await).await?;
    /// drop(typing);
    /// # Ok(())
    /// # }
    /// ```
    pub fn typing(&self) -> Typing {
        Typing {
            chat_id: self.id().to_owned(),
            indicator: self.show(),
        }
    }
}

impl ChatClient {
    fn show(&self) -> Option<Arc<Indicator>> {
        let (id, runtime) = (self.id().parse().ok()?, Handle::try_current().ok()?);
        let chat = self.clone();
        let run = move |messages| run(chat, messages);
        Some(self.linq().indicators().show(id, &runtime, run))
    }
}

/// Shows the typing indicator in a chat until it is dropped; create it with [`ChatClient::typing`].
///
/// The indicator is refreshed every 60 seconds (`POST /v3/chats/{id}/typing`), since it fades after 85 to 90, and
/// 3 seconds after each message that this client sends to the chat, since a message removes it. Several guards of a
/// chat share one indicator. People see it in direct iMessage chats, within about 5 minutes of a message from you.
///
/// When the last guard of a chat is dropped, the indicator is removed in the background
/// (`DELETE /v3/chats/{id}/typing`), unless a message has just removed it. All requests run on the tokio runtime that
/// the first guard was created in; outside a runtime nothing is shown. A guard can be dropped anywhere.
#[must_use = "the indicator is removed when this is dropped"]
pub struct Typing {
    chat_id: String,
    indicator: Option<Arc<Indicator>>,
}

impl Typing {
    /// Drops the guard, and if it was the last one of its chat, waits until the indicator is removed.
    pub async fn stop(self) {
        if let Some(indicator) = self.indicator.and_then(Arc::into_inner) {
            indicator.end().await;
        }
    }
}

impl fmt::Debug for Typing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Typing")
            .field("chat_id", &self.chat_id)
            .finish_non_exhaustive()
    }
}

/// Keeps the indicator until there is no guard.
async fn run(chat: ChatClient, mut messages: watch::Receiver<()>) {
    let clock = Arc::clone(chat.linq().clock());
    let mut is_shown = false;
    loop {
        // It is not interrupted, since the server could process it after the end of the indicator.
        let start = chat.start_typing().max_retries(0).timeout(REFRESH_TIMEOUT);
        let mut pause = match start.await {
            Ok(()) => {
                is_shown = true;
                REFRESH
            }
            Err(error) => {
                tracing::debug!(target: "linq_ext", %error, "the typing indicator failed");
                is_shown |= error.status().is_none();
                match error.is_retryable() {
                    true => REFRESH_AFTER_FAILURE,
                    false => REFRESH,
                }
            }
        };
        // Whether a message during the request removes the indicator is not known.
        if messages.has_changed().unwrap_or(false) {
            messages.mark_unchanged();
            pause = REFRESH_AFTER_MESSAGE;
        }
        loop {
            match select(pin!(messages.changed()), clock.sleep(pause)).await {
                Either::Left((Ok(()), _)) => {
                    is_shown = false;
                    pause = REFRESH_AFTER_MESSAGE;
                }
                Either::Left((Err(_), _)) => {
                    if is_shown && let Err(error) = chat.stop_typing().await {
                        tracing::debug!(target: "linq_ext", %error, "the typing indicator stays");
                    }
                    return;
                }
                Either::Right(_) => break,
            }
        }
    }
}
