//! Lists: one page, page by page, or item by item.
//!
//! A list starts with [`Linq::list_chats`], [`ChatClient::messages`], [`MessageClient::thread`] or
//! [`Linq::list_payment_requests`]. Await it for its first page, or turn it into a stream of
//! [items](List::stream) or [pages](List::pages), which requests a page when it is needed and holds one at a time.
//!
//! ```no_run
//! # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
//! let mut chats = linq.list_chats().from("+12025550100").max_items(500).stream();
//! while let Some(chat) = chats.next().await {
//!     println!("{}", chat?.id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Resuming
//!
//! [`Items::cursor`] and [`Pages::cursor`] return the position of a stream, also after an error. A new list that is
//! given it with [`List::cursor`] continues there:
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
//!     // Store it: everything before this position is processed.
//!     println!("{:?}", pages.cursor());
//! }
//! # Ok(())
//! # }
//! ```

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::{fmt, vec};

use futures_util::Stream;
use futures_util::stream::{BoxStream, FusedStream, try_unfold};
use linq_client::{Operation, operations};
use linq_types::{DecodeError, Fit};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::{Settings, option_methods};
use crate::retry::backoff;
use crate::types::{Chat, GetMessageThreadOrder, Message, PaymentRequest, PaymentRequestStatus};
use crate::{Call, CallFuture, ChatClient, Error, Linq, MessageClient, Response};

/// Largest page of the API.
const MAX_PAGE_SIZE: usize = 100;
/// Empty pages in a row after which a walk gives up.
const MAX_EMPTY_PAGES: u32 = 20;

const INVALID_PAGE_SIZE: &str = "a page has 1 to 100 items";

/// A list that is not requested yet: await it for its first page, or make a stream of it.
///
/// Every page is a call with the filters and options of the list, and with retries. A deadline applies to each page.
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// let newest = linq.list_payment_requests().status("succeeded").page_size(10).await?;
/// println!("{} paid, more to come: {}", newest.items.len(), newest.next_cursor.is_some());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until the list is awaited, or its stream is polled"]
pub struct List<Q> {
    linq: Linq,
    query: Q,
    cursor: Option<String>,
    page_size: usize,
    max_items: usize,
    settings: Settings,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The items in the order in which the API sent them. An empty page is not necessarily the last one.
    pub items: Vec<T>,
    /// Where the next page starts, for [`List::cursor`]; `None` for the last page.
    pub next_cursor: Option<String>,
    /// Items that this release cannot read. Only the streams have such pages; elsewhere the page is an error.
    pub invalid: Vec<InvalidItem>,
}

/// An item of a page that cannot be read, because it is not as documented.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidItem {
    /// The position in the page as the API sent it, counted from 0.
    pub index: usize,
    /// Where the item is not as documented.
    pub reason: DecodeError,
}

impl fmt::Display for InvalidItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, reason } = self;
        write!(
            formatter,
            "item {index} of the page is not as documented: {reason}"
        )
    }
}

impl std::error::Error for InvalidItem {}

impl<T> Page<T> {
    fn new(items: Vec<T>, next_cursor: Option<String>) -> Self {
        Self {
            items,
            next_cursor: next_cursor.filter(|cursor| !cursor.is_empty()),
            invalid: Vec::new(),
        }
    }
}

impl<Q: Query> List<Q> {
    fn new(linq: &Linq, query: Q) -> Self {
        Self {
            linq: linq.clone(),
            query,
            cursor: None,
            page_size: MAX_PAGE_SIZE,
            max_items: usize::MAX,
            settings: Settings::default(),
        }
    }

    /// Sets the number of items of a page, from 1 to 100; 100 if not set.
    ///
    /// With any other number the list fails with [`Error::is_invalid_request`], and nothing is sent.
    pub fn page_size(mut self, page_size: usize) -> Self {
        if !(1..=MAX_PAGE_SIZE).contains(&page_size) {
            self.settings.refuse(INVALID_PAGE_SIZE);
        }
        self.page_size = page_size;
        self
    }

    /// Sets how many items are fetched in total; all of them if not set.
    ///
    /// No page is requested for more items than are still needed. If the API sends more all the same, the stream
    /// of items ends at this number, and pages are passed on as they are. With 0 nothing is sent, and the streams
    /// are empty.
    pub fn max_items(mut self, max_items: usize) -> Self {
        self.max_items = max_items;
        self
    }

    /// Starts where another walk through the same list stopped, with [`Page::next_cursor`], [`Items::cursor`] or
    /// [`Pages::cursor`].
    ///
    /// A cursor is opaque text and belongs to a list with the same filters.
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        let cursor = cursor.into();
        if cursor.is_empty() {
            self.settings.refuse("the cursor is empty");
        }
        self.cursor = Some(cursor);
        self
    }

    option_methods!();

    /// Returns a stream of the items, from page to page; nothing is sent until it is polled.
    pub fn stream(self) -> Items<Q::Item> {
        Items {
            left: self.max_items,
            pages: self.pages(),
            page: Vec::new().into_iter(),
            invalid: Vec::new().into_iter(),
            page_cursor: None,
        }
    }

    /// Returns a stream of the pages; nothing is sent until it is polled.
    pub fn pages(self) -> Pages<Q::Item> {
        Pages {
            operation: Q::OPERATION,
            cursor: self.cursor.clone(),
            stream: Some(Box::pin(self.walk())),
        }
    }

    /// Returns the call of the first page.
    ///
    /// With [`max_items`](Self::max_items) of 0 it fails with [`Error::is_invalid_request`].
    pub fn call(mut self) -> Call<Page<Q::Item>> {
        if self.max_items == 0 {
            self.settings.refuse(INVALID_PAGE_SIZE);
        }
        self.page(self.cursor.clone(), self.max_items)
    }

    /// Requests the first page.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send(self) -> Result<Page<Q::Item>, Error> {
        self.call().await
    }

    /// Requests the first page, and returns it with status, headers, trace id and the number of attempts.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn send_with_response(self) -> Result<Response<Page<Q::Item>>, Error> {
        self.call().send_with_response().await
    }

    fn page(&self, cursor: Option<String>, max_items: usize) -> Call<Page<Q::Item>> {
        let size = self.page_size.min(max_items);
        let call = self.query.page(&self.linq, cursor, size);
        call.with_settings(self.settings.clone())
    }

    fn walk(self) -> impl Stream<Item = Result<Page<Q::Item>, Error>> + Send + 'static {
        let start = Position {
            cursor: self.cursor.clone(),
            last: None,
            left: self.max_items,
            empty_pages: 0,
        };
        let start = (start.left > 0).then_some(start);
        try_unfold((self, start), |(list, position)| async move {
            let Some(mut position) = position else {
                return Ok(None);
            };
            list.check_progress(&position).await?;
            let page = match list.page(position.cursor.clone(), position.left).await {
                Ok(page) => page,
                Err(error) => readable_items::<Q>(error, position.cursor.as_deref())?,
            };
            position.left = position.left.saturating_sub(page.items.len());
            position.empty_pages = match page.items.is_empty() && page.invalid.is_empty() {
                true => position.empty_pages + 1,
                false => 0,
            };
            position.last = position.cursor.take();
            position.cursor.clone_from(&page.next_cursor);
            let goes_on = position.cursor.is_some() && position.left > 0;
            Ok(Some((page, (list, goes_on.then_some(position)))))
        })
    }

    /// Fails for a list that does not advance, and slows down one that sends empty pages.
    async fn check_progress(&self, position: &Position) -> Result<(), Error> {
        let stuck = |what: String| Err(Error::other(what).with_operation(Q::OPERATION));
        if position.cursor.is_some() && position.cursor == position.last {
            return stuck("stopped because the API sent the same cursor twice".to_owned());
        }
        match position.empty_pages {
            // A filter can leave a page empty.
            0 | 1 => Ok(()),
            MAX_EMPTY_PAGES => stuck(format!(
                "stopped after {MAX_EMPTY_PAGES} empty pages in a row"
            )),
            pages => {
                let clock = self.linq.clock();
                clock.sleep(backoff::pause(pages - 1, clock.jitter())).await;
                Ok(())
            }
        }
    }

    fn filtered(mut self, change: impl FnOnce(&mut Q)) -> Self {
        change(&mut self.query);
        self
    }
}

/// Returns the page of a response that could not be decoded, without the items that are to blame.
fn readable_items<Q: Query>(error: Error, cursor: Option<&str>) -> Result<Page<Q::Item>, Error> {
    let body = error.body().filter(|_| error.is_accepted());
    let body = body.and_then(|body| serde_json::from_slice::<Value>(body).ok());
    let Some((body, elements)) = body
        .as_ref()
        .and_then(|body| Some((body, body.get(Q::ITEMS)?.as_array()?)))
    else {
        return Err(error);
    };
    let mut page = Page::new(Vec::new(), Q::next_cursor(body, cursor, elements.len()));
    for (index, element) in elements.iter().enumerate() {
        match linq_types::decode(element.to_string().as_bytes()) {
            Ok(item) => page.items.push(item),
            Err(reason) => page.invalid.push(InvalidItem { index, reason }),
        }
    }
    match page.invalid.is_empty() {
        true => Err(error),
        false => Ok(page),
    }
}

/// Where a walk is before its next page.
struct Position {
    cursor: Option<String>,
    /// The cursor of the page before.
    last: Option<String>,
    left: usize,
    /// Empty pages in a row before this position.
    empty_pages: u32,
}

impl<Q: Query> IntoFuture for List<Q> {
    type Output = Result<Page<Q::Item>, Error>;
    type IntoFuture = CallFuture<Page<Q::Item>>;

    fn into_future(self) -> Self::IntoFuture {
        self.call().into_future()
    }
}

// Without the filters, which are phone numbers, and without the cursor.
impl<Q: Query> fmt::Debug for List<Q> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("List")
            .field("operation", &Q::OPERATION.name())
            .field("page_size", &self.page_size)
            .field("max_items", &self.max_items)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// A stream of the pages of a list; start with [`List::pages`].
///
/// It is a [`Stream`]; [`next`](Self::next) needs no other crate. It ends after an error; [`cursor`](Self::cursor)
/// is where to continue.
#[must_use = "nothing is sent until the stream is polled"]
pub struct Pages<T> {
    operation: &'static Operation,
    cursor: Option<String>,
    /// `None` at the end.
    stream: Option<BoxStream<'static, Result<Page<T>, Error>>>,
}

impl<T: Send + 'static> Pages<T> {
    /// Returns the next page; `None` at the end.
    ///
    /// Dropping the future loses nothing: a page that is being fetched stays in the stream.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T> Pages<T> {
    /// Returns the cursor of the next page, or of the one that failed; `None` before the first page and after the
    /// last one.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

impl<T: Send + 'static> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some(stream) = &mut this.stream else {
            return Poll::Ready(None);
        };
        let page = ready!(stream.as_mut().poll_next(context));
        match &page {
            Some(Ok(page)) => {
                this.cursor.clone_from(&page.next_cursor);
                if this.cursor.is_none() {
                    this.stream = None;
                }
            }
            Some(Err(_)) | None => this.stream = None,
        }
        Poll::Ready(page)
    }
}

impl<T: Send + 'static> FusedStream for Pages<T> {
    fn is_terminated(&self) -> bool {
        self.stream.is_none()
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Pages")
            .field("operation", &self.operation.name())
            .field("is_done", &self.stream.is_none())
            .finish_non_exhaustive()
    }
}

/// A stream of the items of a list, from page to page; start with [`List::stream`].
///
/// It is a [`Stream`]; [`next`](Self::next) needs no other crate. An item that cannot be read is an error whose
/// [source](std::error::Error::source) is an [`InvalidItem`], after the other items of its page, and the stream
/// continues; any other error ends it. [`cursor`](Self::cursor) is where to continue.
#[must_use = "nothing is sent until the stream is polled"]
pub struct Items<T> {
    pages: Pages<T>,
    page: vec::IntoIter<T>,
    invalid: vec::IntoIter<InvalidItem>,
    /// The cursor of `page`.
    page_cursor: Option<String>,
    left: usize,
}

impl<T: Send + 'static> Items<T> {
    /// Returns the next item; `None` at the end.
    ///
    /// Dropping the future loses nothing: a page that is being fetched stays in the stream.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T> Items<T> {
    /// Returns where to continue with [`List::cursor`]; `None` before the first page and after the last one.
    ///
    /// Within a page it is the cursor of that page, so items of it come again. After the last item of a page, and
    /// after an error, it is exact.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        match self.page.len() + self.invalid.len() {
            0 => self.pages.cursor(),
            _ => self.page_cursor.as_deref(),
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
            if let Some(invalid) = this.invalid.next() {
                let error = Error::other("an item of the list cannot be read");
                let error = error.with_operation(this.pages.operation);
                return Poll::Ready(Some(Err(error.with_source(invalid))));
            }
            let cursor = this.pages.cursor.clone();
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                None => break,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => {
                    this.page = page.items.into_iter();
                    this.invalid = page.invalid.into_iter();
                    this.page_cursor = cursor;
                }
            }
        }
        Poll::Ready(None)
    }
}

impl<T: Send + 'static> FusedStream for Items<T> {
    fn is_terminated(&self) -> bool {
        let left_of_page = self.page.len() + self.invalid.len();
        self.left == 0 || (left_of_page == 0 && self.pages.stream.is_none())
    }
}

// Items are never pinned.
impl<T> Unpin for Items<T> {}

impl<T> fmt::Debug for Items<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Items")
            .field("pages", &self.pages)
            .field("in_page", &self.page.len())
            .finish_non_exhaustive()
    }
}

/// What a [`List`] is of: [`Chats`], [`ChatMessages`], [`Thread`] or [`PaymentRequests`].
pub trait Query: sealed::Sealed + Send + Sync + 'static {
    /// What the list is of.
    type Item: DeserializeOwned + Fit + Send + 'static;

    /// The member of the response that has the items.
    #[doc(hidden)]
    const ITEMS: &'static str;

    /// The operation that returns a page.
    #[doc(hidden)]
    const OPERATION: &'static Operation;

    /// Returns the call of the page that starts at a cursor.
    #[doc(hidden)]
    fn page(&self, linq: &Linq, cursor: Option<String>, size: usize) -> Call<Page<Self::Item>>;

    /// Returns the cursor after a page with this body, which starts at a cursor and has some items.
    #[doc(hidden)]
    fn next_cursor(body: &Value, _cursor: Option<&str>, _items: usize) -> Option<String> {
        body.get("next_cursor")?.as_str().map(str::to_owned)
    }
}

mod sealed {
    #[allow(unnameable_types, reason = "nobody else is to implement it")]
    pub trait Sealed {}
    impl Sealed for super::Chats {}
    impl Sealed for super::ChatMessages {}
    impl Sealed for super::Thread {}
    impl Sealed for super::PaymentRequests {}
}

/// The chats of an account; see [`Linq::list_chats`].
#[derive(Clone, Default)]
pub struct Chats {
    from: Option<String>,
    to: Option<String>,
}

/// The messages of a chat; see [`ChatClient::messages`].
#[derive(Clone, Debug)]
pub struct ChatMessages {
    chat_id: String,
}

/// A message and the replies to it; see [`MessageClient::thread`].
#[derive(Clone, Debug)]
pub struct Thread {
    message_id: String,
    order: Option<GetMessageThreadOrder>,
}

/// The payment requests of an account; see [`Linq::list_payment_requests`].
#[derive(Clone, Debug, Default)]
pub struct PaymentRequests {
    status: Option<PaymentRequestStatus>,
}

impl Linq {
    /// Starts a list of the chats of the account, filtered by [`from`](List::from) and [`to`](List::to).
    ///
    /// `GET /v3/chats`. The API promises no order.
    pub fn list_chats(&self) -> List<Chats> {
        List::new(self, Chats::default())
    }

    /// Starts a list of the payment requests of the account, newest first, filtered by [`status`](List::status).
    ///
    /// `GET /v3/payment_requests`. The API counts from the newest one, so a request that is created during the
    /// walk makes another one appear twice. The cursor is the number of items before it.
    pub fn list_payment_requests(&self) -> List<PaymentRequests> {
        List::new(self, PaymentRequests::default())
    }
}

impl ChatClient {
    /// Starts a list of the messages of the chat.
    ///
    /// `GET /v3/chats/{chatId}/messages`. The API promises no order: sort by `created_at` where it matters.
    pub fn messages(&self) -> List<ChatMessages> {
        let chat_id = self.id().to_owned();
        List::new(self.linq(), ChatMessages { chat_id })
    }
}

impl MessageClient {
    /// Starts a list of the thread of the message: the message that started it, and the replies; oldest first
    /// unless [`order`](List::order) is set.
    ///
    /// `GET /v3/messages/{messageId}/thread`. A message without a thread is the only item.
    pub fn thread(&self) -> List<Thread> {
        let (message_id, order) = (self.id().to_owned(), None);
        List::new(self.linq(), Thread { message_id, order })
    }
}

impl List<Chats> {
    /// Lists only chats of this line, a number in E.164 such as `+12025550100`.
    pub fn from(self, line: impl Into<String>) -> Self {
        self.filtered(|chats| chats.from = Some(line.into()))
    }

    /// Lists only chats with this participant: a number in E.164, or an e-mail address.
    pub fn to(self, handle: impl Into<String>) -> Self {
        self.filtered(|chats| chats.to = Some(handle.into()))
    }
}

impl List<Thread> {
    /// Sets the order of the messages by time: `asc`, the oldest first, or `desc`.
    pub fn order(self, order: impl Into<GetMessageThreadOrder>) -> Self {
        self.filtered(|thread| thread.order = Some(order.into()))
    }
}

impl List<PaymentRequests> {
    /// Lists only payment requests with this status, such as [`PaymentRequestStatus::Succeeded`].
    pub fn status(self, status: impl Into<PaymentRequestStatus>) -> Self {
        self.filtered(|requests| requests.status = Some(status.into()))
    }
}

impl Query for Chats {
    type Item = Chat;

    const ITEMS: &'static str = "chats";

    const OPERATION: &'static Operation = &operations::LIST_CHATS;

    fn page(&self, linq: &Linq, cursor: Option<String>, size: usize) -> Call<Page<Chat>> {
        let mut call = linq.api().list_chats().limit(size);
        if let Some(from) = &self.from {
            call = call.from(from);
        }
        if let Some(to) = &self.to {
            call = call.to(to);
        }
        if let Some(cursor) = cursor {
            call = call.cursor(cursor);
        }
        let call = linq.call(call);
        call.map(|page| Page::new(page.chats, page.next_cursor))
    }
}

impl Query for ChatMessages {
    type Item = Message;

    const ITEMS: &'static str = "messages";

    const OPERATION: &'static Operation = &operations::GET_MESSAGES;

    fn page(&self, linq: &Linq, cursor: Option<String>, size: usize) -> Call<Page<Message>> {
        let mut call = linq
            .api()
            .get_messages()
            .chat_id(&*self.chat_id)
            .limit(size);
        if let Some(cursor) = cursor {
            call = call.cursor(cursor);
        }
        let call = linq.call(call);
        call.map(|page| Page::new(page.messages, page.next_cursor))
    }
}

impl Query for Thread {
    type Item = Message;

    const ITEMS: &'static str = "messages";

    const OPERATION: &'static Operation = &operations::GET_MESSAGE_THREAD;

    fn page(&self, linq: &Linq, cursor: Option<String>, size: usize) -> Call<Page<Message>> {
        let call = linq
            .api()
            .get_message_thread()
            .message_id(&*self.message_id);
        let mut call = call.limit(size);
        if let Some(order) = &self.order {
            call = call.order(order.clone());
        }
        if let Some(cursor) = cursor {
            call = call.cursor(cursor);
        }
        let call = linq.call(call);
        call.map(|page| Page::new(page.messages, page.next_cursor))
    }
}

impl Query for PaymentRequests {
    type Item = PaymentRequest;

    const ITEMS: &'static str = "data";

    const OPERATION: &'static Operation = &operations::LIST_PAYMENT_REQUESTS;

    fn page(&self, linq: &Linq, cursor: Option<String>, size: usize) -> Call<Page<PaymentRequest>> {
        let (offset, checked) = match cursor.as_deref().unwrap_or("0").parse::<usize>() {
            Ok(offset) => (offset, Ok(())),
            Err(_) => (
                0,
                Err(Error::invalid_request("the cursor is not one of this list")),
            ),
        };
        let mut call = linq
            .api()
            .list_payment_requests()
            .limit(size)
            .offset(offset);
        if let Some(status) = &self.status {
            call = call.status(status.clone());
        }
        let call = linq.call(call).checked(checked);
        call.map(move |page| {
            let next = offset.saturating_add(page.data.len());
            Page::new(page.data, page.has_more.then(|| next.to_string()))
        })
    }

    fn next_cursor(body: &Value, cursor: Option<&str>, items: usize) -> Option<String> {
        let offset: usize = cursor.unwrap_or("0").parse().ok()?;
        let has_more = body.get("has_more")?.as_bool()?;
        has_more.then(|| offset.saturating_add(items).to_string())
    }
}

// Without the filters, which are phone numbers.
impl fmt::Debug for Chats {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Chats").finish_non_exhaustive()
    }
}
