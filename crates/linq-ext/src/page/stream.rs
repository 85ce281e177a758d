//! The streams of items and of pages.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::{fmt, vec};

use futures_util::Stream;
use futures_util::stream::FusedStream;

use super::Page;
use super::walk::Walk;
use crate::Error;

/// The items of a list, from page to page; start with [`List::stream`](super::List::stream).
///
/// It is a [`Stream`], and [`next`](Self::next) does without the crates that streams need elsewhere. A page is
/// asked for when an item of it is, and one page is held at a time. After an error the stream is at its end, and
/// [`cursor`](Self::cursor) tells how to go on.
#[must_use = "nothing is sent until the stream is polled"]
pub struct Items<T> {
    page: vec::IntoIter<T>,
    left: usize,
    walk: Walk<T>,
}

impl<T: Send + 'static> Items<T> {
    pub(super) fn new(limit: usize, walk: Walk<T>) -> Self {
        Self {
            page: Vec::new().into_iter(),
            left: limit,
            walk,
        }
    }

    /// The next item; `None` at the end.
    ///
    /// Dropping the future loses nothing: a page that is under way stays so in the stream.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T> Items<T> {
    /// Where to go on with [`List::cursor`](super::List::cursor); `None` before the first page came, and after
    /// the last one.
    ///
    /// Pages are what the API can be asked for, so within a page it is the cursor of that page, and going on
    /// there gives again what came of it already. After the last item of a page, and after an error, everything
    /// before it has come, and nothing of what is after it.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        if self.page.len() == 0 {
            self.walk.cursor()
        } else {
            self.walk.last_cursor()
        }
    }
}

impl<T: Send + 'static> Stream for Items<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        while this.left > 0 {
            if let Some(item) = this.page.next() {
                this.left -= 1;
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(this.walk.poll_page(context)) {
                None => break,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => this.page = page.items.into_iter(),
            }
        }
        Poll::Ready(None)
    }
}

impl<T: Send + 'static> FusedStream for Items<T> {
    fn is_terminated(&self) -> bool {
        self.left == 0 || (self.page.len() == 0 && self.walk.is_done())
    }
}

// No item is ever pinned.
impl<T> Unpin for Items<T> {}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Items")
            .field("operation", &self.walk.operation().name())
            .field("in_page", &self.page.len())
            .field("is_done", &self.walk.is_done())
            .finish_non_exhaustive()
    }
}

/// The pages of a list; start with [`List::pages`](super::List::pages).
///
/// It is a [`Stream`], and [`next`](Self::next) does without the crates that streams need elsewhere. A page is
/// asked for when it is wanted. After an error the stream is at its end, and [`cursor`](Self::cursor) tells how
/// to go on.
#[must_use = "nothing is sent until the stream is polled"]
pub struct Pages<T> {
    walk: Walk<T>,
}

impl<T: Send + 'static> Pages<T> {
    pub(super) fn new(walk: Walk<T>) -> Self {
        Self { walk }
    }

    /// The next page; `None` at the end.
    ///
    /// Dropping the future loses nothing: a page that is under way stays so in the stream.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        poll_fn(|context| self.walk.poll_page(context)).await
    }
}

impl<T> Pages<T> {
    /// Where to go on with [`List::cursor`](super::List::cursor): the next page, or the one that failed; `None`
    /// before the first page came, and after the last one.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.walk.cursor()
    }
}

impl<T: Send + 'static> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().walk.poll_page(context)
    }
}

impl<T: Send + 'static> FusedStream for Pages<T> {
    fn is_terminated(&self) -> bool {
        self.walk.is_done()
    }
}

// No page is ever pinned.
impl<T> Unpin for Pages<T> {}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pages")
            .field("operation", &self.walk.operation().name())
            .field("is_done", &self.walk.is_done())
            .finish_non_exhaustive()
    }
}
