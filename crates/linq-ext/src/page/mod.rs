//! Lists: one page, page by page, or item by item.
//!
//! A list starts with [`Linq::list_chats`](crate::Linq::list_chats),
//! [`ChatHandle::messages`](crate::ChatHandle::messages), [`MessageHandle::thread`](crate::MessageHandle::thread)
//! or [`Linq::payment_requests`](crate::Linq::payment_requests). It is then awaited for its first page, or turned
//! into a stream of [items](List::stream) or of [pages](List::pages), which asks for a page when it is wanted
//! and holds one at a time.
//!
//! ```no_run
//! # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
//! let mut chats = linq.list_chats().from("+12025550100").limit(500).stream();
//! while let Some(chat) = chats.next().await {
//!     println!("{}", chat?.id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Resuming
//!
//! A stream ends after an error. What it knows of the place it came to is in [`Items::cursor`] and
//! [`Pages::cursor`]; a new list that gets it with [`List::cursor`] goes on there:
//!
//! ```no_run
//! # async fn example(linq: linq_ext::Linq, stored: Option<String>) -> Result<(), linq_ext::Error> {
//! let mut list = linq.list_chats();
//! if let Some(cursor) = stored {
//!     list = list.cursor(cursor);
//! }
//! let mut pages = list.pages();
//! while let Some(page) = pages.next().await {
//!     for chat in page?.items {
//!         println!("{}", chat.id);
//!     }
//!     // Everything before this place is through.
//!     println!("{:?}", pages.cursor());
//! }
//! # Ok(())
//! # }
//! ```

mod list;
mod query;
mod stream;
mod walk;

pub use list::List;
pub use query::{ChatMessages, Chats, PaymentRequests, Query, Thread};
pub use stream::{Items, Pages};

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items, as many as the API sent; a page without any need not be the last one.
    pub items: Vec<T>,
    /// Where the next page starts, for [`List::cursor`]; `None` for the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    fn new(items: Vec<T>, next_cursor: Option<String>) -> Self {
        Self {
            items,
            next_cursor: next_cursor.filter(|cursor| !cursor.is_empty()),
        }
    }
}
