//! A list that is not asked for yet, and its options.

use std::fmt;
use std::time::Duration;

use super::Page;
use super::query::Query;
use super::stream::{Items, Pages};
use super::walk::Walk;
use crate::call::Settings;
use crate::{Call, CallFuture, Error, Linq, Response};

/// Most items of a page.
const PAGE_LIMIT: usize = 100;

/// A list that is not asked for yet: await it for its first page, or make a stream of it.
///
/// Every page is a call of its own, with the filters and options of the list, and with retries.
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// let newest = linq.payment_requests().status("succeeded").limit(10).await?;
/// println!("{} paid, and more to come: {}", newest.items.len(), newest.next_cursor.is_some());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until the list is awaited, or its stream is polled"]
pub struct List<Q> {
    linq: Linq,
    query: Q,
    cursor: Option<String>,
    page_size: usize,
    limit: usize,
    settings: Settings,
}

impl<Q: Query> List<Q> {
    pub(super) fn new(linq: &Linq, query: Q) -> Self {
        Self {
            linq: linq.clone(),
            query,
            cursor: Q::START.map(str::to_owned),
            page_size: PAGE_LIMIT,
            limit: usize::MAX,
            settings: Settings::default(),
        }
    }

    /// How many items a page has, from 1 to 100; 100 if not set.
    ///
    /// The API takes no other number: with one, the first page fails with [`Error::is_invalid_request`], and
    /// nothing is sent.
    pub fn page_size(mut self, page_size: usize) -> Self {
        if !(1..=PAGE_LIMIT).contains(&page_size) {
            self.settings.refuse("a page has 1 to 100 items");
        }
        self.page_size = page_size;
        self
    }

    /// How many items to get in all; every one if not set.
    ///
    /// No page is asked for more items than are wanted still. If the API sends more all the same, the stream of
    /// items stops at this number, and pages come as they are. With 0 nothing is sent, and the streams are empty.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Starts where another walk through the same list stopped, with [`Page::next_cursor`], [`Items::cursor`] or
    /// [`Pages::cursor`].
    ///
    /// A cursor is text that means something to the API only, and belongs to a list with the same filters.
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        let cursor = cursor.into();
        if cursor.is_empty() {
            self.settings.refuse("an empty text is not a cursor");
        }
        self.cursor = Some(cursor);
        self
    }

    /// How long each attempt at a page may take; see [`Call::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout(timeout);
        self
    }

    /// How often the request of each page may be repeated; see [`Call::max_retries`].
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.settings.max_retries(max_retries);
        self
    }

    /// Sends a header with every page; see [`Call::header`].
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.settings.header(name.as_ref(), value.as_ref());
        self
    }

    /// Adds a pair to the query of every page, for a filter that the API document does not know.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.query(name.into(), value.into());
        self
    }

    /// A stream of the items, from page to page; nothing is sent until it is polled.
    pub fn stream(self) -> Items<Q::Item> {
        Items::new(self.limit, self.walk())
    }

    /// A stream of the pages; nothing is sent until it is polled.
    pub fn pages(self) -> Pages<Q::Item> {
        Pages::new(self.walk())
    }

    /// The call that gives the first page.
    ///
    /// With a [limit](Self::limit) of 0 it fails with [`Error::is_invalid_request`].
    pub fn call(mut self) -> Call<Page<Q::Item>> {
        if self.limit == 0 {
            self.settings.refuse("a page has 1 to 100 items");
        }
        self.page(self.cursor.clone(), self.limit)
    }

    /// Gets the first page.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send(self) -> Result<Page<Q::Item>, Error> {
        self.call().await
    }

    /// Gets the first page, and keeps status, headers, trace id and the number of attempts.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send_with_response(self) -> Result<Response<Page<Q::Item>>, Error> {
        self.call().send_with_response().await
    }

    /// The call of the page at a cursor, of which at most `wanted` items are.
    fn page(&self, cursor: Option<String>, wanted: usize) -> Call<Page<Q::Item>> {
        let size = self.page_size.min(wanted);
        self.query
            .page(&self.linq, cursor, size)
            .with_settings(self.settings.clone())
    }

    fn walk(self) -> Walk<Q::Item> {
        let (cursor, limit) = (self.cursor.clone(), self.limit);
        let page = move |cursor, wanted| self.page(cursor, wanted);
        Walk::new(Q::OPERATION, cursor, limit, page)
    }

    /// The same list, with other filters.
    pub(super) fn filtered(mut self, change: impl FnOnce(&mut Q)) -> Self {
        change(&mut self.query);
        self
    }
}

impl<Q: Query> IntoFuture for List<Q> {
    type Output = Result<Page<Q::Item>, Error>;
    type IntoFuture = CallFuture<Page<Q::Item>>;

    fn into_future(self) -> Self::IntoFuture {
        self.call().into_future()
    }
}

// Without the filters, which are numbers of people, and without the cursor.
impl<Q: Query> fmt::Debug for List<Q> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("List")
            .field("operation", &Q::OPERATION.name())
            .field("page_size", &self.page_size)
            .field("limit", &self.limit)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
