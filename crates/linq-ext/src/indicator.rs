//! The typing indicators that a client shows, one for each chat.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::runtime::Handle;
use tokio::sync::watch;
use uuid::Uuid;

/// The indicator of one chat, shared by its guards.
pub(crate) struct Indicator {
    /// Notifies the task of messages; the task ends when this is dropped.
    messages: watch::Sender<()>,
    /// Closed once the task has ended.
    ended: watch::Receiver<()>,
}

impl Indicator {
    /// Waits until it is removed.
    pub(crate) async fn end(self) {
        let Self { messages, ended } = self;
        drop(messages);
        wait(ended).await;
    }
}

/// The indicators of a client.
#[derive(Default)]
pub(crate) struct Indicators(Mutex<HashMap<Uuid, Latest>>);

/// The latest indicator of a chat.
struct Latest {
    indicator: Weak<Indicator>,
    ended: watch::Receiver<()>,
}

impl Latest {
    fn is_running(&self) -> bool {
        self.ended.has_changed().is_ok()
    }
}

impl Indicators {
    /// Returns the indicator of a chat, which a task keeps if there is none yet.
    pub(crate) fn show<F>(
        &self,
        chat_id: Uuid,
        runtime: &Handle,
        keep: impl FnOnce(watch::Receiver<()>) -> F,
    ) -> Arc<Indicator>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut chats = self.lock();
        chats.retain(|_, latest| latest.is_running());
        let latest = chats.get(&chat_id);
        if let Some(indicator) = latest.and_then(|latest| latest.indicator.upgrade()) {
            return indicator;
        }
        let before = latest.map(|latest| latest.ended.clone());
        let (messages, sent) = watch::channel(());
        let (ending, ended) = watch::channel(());
        let kept = keep(sent);
        runtime.spawn(async move {
            // Its last request could remove the new indicator.
            if let Some(before) = before {
                wait(before).await;
            }
            kept.await;
            drop(ending);
        });
        let indicator = Arc::new(Indicator {
            messages,
            ended: ended.clone(),
        });
        let latest = Latest {
            indicator: Arc::downgrade(&indicator),
            ended,
        };
        chats.insert(chat_id, latest);
        indicator
    }

    /// Shows the indicator again, if there is one, after a message that was sent to the chat.
    pub(crate) fn message_sent(&self, chat_id: Uuid) {
        let latest = self.lock();
        let latest = latest.get(&chat_id);
        if let Some(indicator) = latest.and_then(|latest| latest.indicator.upgrade()) {
            indicator.messages.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Latest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until a task has ended.
async fn wait(mut ended: watch::Receiver<()>) {
    while ended.changed().await.is_ok() {}
}
