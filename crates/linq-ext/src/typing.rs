//! The typing indicator, for as long as a reply is being made.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{ChatClient, Error};

use crate::retry::clock::Clock;

/// The indicator stays for 85 to 90 seconds.
const REFRESH: Duration = Duration::from_secs(60);
/// After a refresh that failed, early enough to reach the server before the indicator is gone.
const REFRESH_AGAIN: Duration = Duration::from_secs(10);
/// Longest time that one refresh may take, since whoever ends the typing waits for it.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(10);

impl ChatClient {
    /// Shows the typing indicator for as long as the [`Typing`] it gives is kept.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     linq: linq_ext::Linq,
    /// #     chat_id: uuid::Uuid,
    /// #     think: impl Future<Output = String>,
    /// # ) -> Result<(), linq_ext::Error> {
    /// let typing = linq.chat(chat_id).typing().await?;
    /// let reply = think.await;
    /// typing.send(linq.chat(chat_id).message().text(reply)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any error of a call, if the first request fails, after the usual retries. An agent that replies in any
    /// case goes on without: `let typing = linq.chat(chat_id).typing().await.ok();`.
    #[must_use = "nothing is sent until it is awaited"]
    pub fn typing(&self) -> impl Future<Output = Result<Typing, Error>> + Send + use<> {
        let chat = self.clone();
        async move {
            let runtime = Handle::try_current()
                .map_err(|_| Error::other("the typing indicator needs a tokio runtime"))?;
            chat.start_typing().await?;
            Ok(Typing {
                refreshing: Some(Refreshing::start(&runtime, chat.clone())),
                chat,
                runtime,
                is_shown: true,
            })
        }
    }
}

/// Shows the typing indicator in a chat until it is dropped; start with
/// [`ChatClient::typing`](crate::ChatClient::typing).
///
/// The indicator is refreshed every 60 seconds (`POST /v3/chats/{id}/typing`), since it fades after 85 to 90. A
/// refresh that fails never ends the typing, and is tried again 10 seconds later if its cause can pass. It is
/// best effort at Linq too: people see it in direct iMessage chats, within about 5 minutes of a message of yours.
///
/// When it is dropped, the indicator is taken away in the background (`DELETE /v3/chats/{id}/typing`), by the
/// tokio runtime that it was started in; it can be dropped anywhere. A message takes the indicator away by
/// itself: send it with [`send`](Self::send), which spares that request.
#[must_use = "the indicator is taken away when this is dropped"]
pub struct Typing {
    chat: ChatClient,
    runtime: Handle,
    refreshing: Option<Refreshing>,
    /// True as long as the indicator may be there.
    is_shown: bool,
}

impl Typing {
    /// Takes the indicator away, and waits until that is done.
    ///
    /// # Errors
    ///
    /// See [`Error`]; the indicator then fades by itself, within 90 seconds.
    pub async fn stop(mut self) -> Result<(), Error> {
        self.end_refreshing().await;
        let result = self.chat.stop_typing().await;
        self.is_shown = false;
        result
    }

    /// Makes a call that sends a message, which takes the indicator away by itself.
    ///
    /// No refresh goes out from now on, so that none can bring the indicator back after the message. If the
    /// call fails, the indicator is taken away as if this had been dropped.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub async fn send<T>(
        mut self,
        call: impl IntoFuture<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.end_refreshing().await;
        let result = call.await;
        self.is_shown = match &result {
            Ok(_) => false,
            Err(error) => !error.is_accepted(),
        };
        result
    }

    async fn end_refreshing(&mut self) {
        if let Some(refreshing) = &mut self.refreshing {
            refreshing.end().await;
        }
        self.refreshing = None;
    }
}

impl Drop for Typing {
    fn drop(&mut self) {
        if !self.is_shown {
            return;
        }
        let refreshing = self.refreshing.take();
        let chat = self.chat.clone();
        // On a runtime that has ended this does nothing.
        self.runtime.spawn(async move {
            if let Some(mut refreshing) = refreshing {
                refreshing.end().await;
            }
            // Nobody is there to be told; the indicator fades by itself.
            let _ = chat.stop_typing().await;
        });
    }
}

impl fmt::Debug for Typing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Typing")
            .field("chat", &self.chat.id())
            .finish_non_exhaustive()
    }
}

/// The task that refreshes the indicator.
struct Refreshing {
    /// The task ends when this is gone.
    keep: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Refreshing {
    fn start(runtime: &Handle, chat: ChatClient) -> Self {
        let (keep, mut ended) = oneshot::channel();
        let task = runtime.spawn(async move {
            let mut pause = REFRESH;
            while goes_on(&mut ended, chat.linq().clock(), pause).await {
                // Not broken off in the middle: the server could bring the indicator back after its end.
                let refresh = chat.start_typing().max_retries(0).timeout(REFRESH_TIMEOUT);
                pause = match refresh.await {
                    Err(error) if error.is_retryable() => REFRESH_AGAIN,
                    _ => REFRESH,
                };
            }
        });
        Self {
            keep: Some(keep),
            task,
        }
    }

    /// Waits until the last refresh is through.
    async fn end(&mut self) {
        self.keep = None;
        // It fails only with the runtime, and there is nothing to wait for then.
        let _ = (&mut self.task).await;
    }
}

/// Waits; false if the typing ends before that.
async fn goes_on(
    ended: &mut oneshot::Receiver<()>,
    clock: &Arc<dyn Clock>,
    pause: Duration,
) -> bool {
    let mut pause = clock.sleep(pause);
    std::future::poll_fn(|context| {
        if Pin::new(&mut *ended).poll(context).is_ready() {
            return Poll::Ready(false);
        }
        pause.as_mut().poll(context).map(|()| true)
    })
    .await
}
