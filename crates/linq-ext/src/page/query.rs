//! The lists of the API, and their filters.

use std::fmt;

use linq_client::{Operation, operations};
use uuid::Uuid;

use super::{List, Page};
use crate::types::{Chat, GetMessageThreadOrder, Message, PaymentRequest, PaymentRequestStatus};
use crate::{Call, ChatHandle, Error, Linq, MessageHandle};

/// What a [`List`] is of: [`Chats`], [`ChatMessages`], [`Thread`] or [`PaymentRequests`].
pub trait Query: Source {}

impl<S: Source> Query for S {}

/// How a page is got; outside of the crate nobody can name it, and so nobody can implement [`Query`].
#[allow(unnameable_types, reason = "nobody else is to implement it")]
pub trait Source: Send + 'static {
    /// What the list is of.
    type Item: Send + 'static;

    /// The operation that gives a page.
    const OPERATION: &'static Operation;

    /// The cursor of the first page, where that has one.
    const START: Option<&'static str> = None;

    /// The call of the page that starts at a cursor.
    fn page(&self, linq: &Linq, cursor: Option<String>, size: usize) -> Call<Page<Self::Item>>;
}

/// The chats of an account; see [`Linq::list_chats`].
#[derive(Clone, Default)]
pub struct Chats {
    from: Option<String>,
    to: Option<String>,
}

/// The messages of a chat; see [`ChatHandle::messages`].
#[derive(Clone, Debug)]
pub struct ChatMessages {
    chat: Option<Uuid>,
}

/// A message and the replies to it; see [`MessageHandle::thread`].
#[derive(Clone, Debug)]
pub struct Thread {
    message: Option<Uuid>,
    order: Option<GetMessageThreadOrder>,
}

/// The payment requests of an account; see [`Linq::payment_requests`].
#[derive(Clone, Debug, Default)]
pub struct PaymentRequests {
    status: Option<PaymentRequestStatus>,
}

impl Linq {
    /// The chats of the account, of one line or with one person if [`from`](List::from) or [`to`](List::to) say so.
    ///
    /// `GET /v3/chats`. The API promises no order.
    pub fn list_chats(&self) -> List<Chats> {
        List::new(self, Chats::default())
    }

    /// The payment requests of the account, newest first, in one state if [`status`](List::status) says so.
    ///
    /// `GET /v3/payment_requests`. The API counts from the newest one, so a request that is made during the walk
    /// makes another one come twice. The cursor is the number of those before; where the API says that there is
    /// more and sends nothing, the walk stops with an error, as at a cursor that repeats.
    pub fn payment_requests(&self) -> List<PaymentRequests> {
        List::new(self, PaymentRequests::default())
    }
}

impl ChatHandle {
    /// The messages of the chat.
    ///
    /// `GET /v3/chats/{chatId}/messages`. The API promises no order, so sort by `created_at` where it matters.
    pub fn messages(&self) -> List<ChatMessages> {
        List::new(self.linq(), ChatMessages { chat: self.id() })
    }
}

impl MessageHandle {
    /// The thread of the message: the one that began it, and the replies; oldest first if
    /// [`order`](List::order) says nothing else.
    ///
    /// `GET /v3/messages/{messageId}/thread`. A message of no thread comes alone.
    pub fn thread(&self) -> List<Thread> {
        let (message, order) = (self.id(), None);
        List::new(self.linq(), Thread { message, order })
    }
}

impl List<Chats> {
    /// Only chats of this line, a number in E.164 such as `+12025550100`.
    pub fn from(self, line: impl Into<String>) -> Self {
        self.filtered(|chats| chats.from = Some(line.into()))
    }

    /// Only chats in which this person takes part: a number in E.164, or an e-mail address.
    pub fn to(self, handle: impl Into<String>) -> Self {
        self.filtered(|chats| chats.to = Some(handle.into()))
    }
}

impl List<Thread> {
    /// The order of the messages by time: `asc`, the oldest first, or `desc`.
    pub fn order(self, order: impl Into<GetMessageThreadOrder>) -> Self {
        self.filtered(|thread| thread.order = Some(order.into()))
    }
}

impl List<PaymentRequests> {
    /// Only payment requests in this state, such as [`PaymentRequestStatus::Succeeded`].
    pub fn status(self, status: impl Into<PaymentRequestStatus>) -> Self {
        self.filtered(|requests| requests.status = Some(status.into()))
    }
}

impl Source for Chats {
    type Item = Chat;

    const OPERATION: &'static Operation = &operations::LIST_CHATS;

    fn page(&self, linq: &Linq, cursor: Option<String>, size: usize) -> Call<Page<Chat>> {
        let Self { from, to } = self.clone();
        let call = Call::new(linq, move |client| {
            let mut call = client.list_chats().limit(size);
            if let Some(from) = from {
                call = call.from(from);
            }
            if let Some(to) = to {
                call = call.to(to);
            }
            if let Some(cursor) = cursor {
                call = call.cursor(cursor);
            }
            call.prepare()
        });
        call.map(|page| Page::new(page.chats, page.next_cursor))
    }
}

impl Source for ChatMessages {
    type Item = Message;

    const OPERATION: &'static Operation = &operations::GET_MESSAGES;

    fn page(&self, linq: &Linq, cursor: Option<String>, size: usize) -> Call<Page<Message>> {
        let Some(chat) = self.chat else {
            return invalid(linq, Self::OPERATION, "the id of the chat is not a UUID");
        };
        let call = Call::new(linq, move |client| {
            let mut call = client.get_messages().chat_id(chat).limit(size);
            if let Some(cursor) = cursor {
                call = call.cursor(cursor);
            }
            call.prepare()
        });
        call.map(|page| Page::new(page.messages, page.next_cursor))
    }
}

impl Source for Thread {
    type Item = Message;

    const OPERATION: &'static Operation = &operations::GET_MESSAGE_THREAD;

    fn page(&self, linq: &Linq, cursor: Option<String>, size: usize) -> Call<Page<Message>> {
        let Some(message) = self.message else {
            return invalid(linq, Self::OPERATION, "the id of the message is not a UUID");
        };
        let order = self.order.clone();
        let call = Call::new(linq, move |client| {
            let mut call = client.get_message_thread().message_id(message).limit(size);
            if let Some(order) = order {
                call = call.order(order);
            }
            if let Some(cursor) = cursor {
                call = call.cursor(cursor);
            }
            call.prepare()
        });
        call.map(|page| Page::new(page.messages, page.next_cursor))
    }
}

impl Source for PaymentRequests {
    type Item = PaymentRequest;

    const OPERATION: &'static Operation = &operations::LIST_PAYMENT_REQUESTS;

    const START: Option<&'static str> = Some("0");

    fn page(&self, linq: &Linq, cursor: Option<String>, size: usize) -> Call<Page<PaymentRequest>> {
        let offset = cursor.and_then(|cursor| cursor.parse::<usize>().ok());
        let Some(offset) = offset else {
            return invalid(linq, Self::OPERATION, "the cursor is not of this list");
        };
        let status = self.status.clone();
        let call = Call::new(linq, move |client| {
            let mut call = client.list_payment_requests().limit(size).offset(offset);
            if let Some(status) = status {
                call = call.status(status);
            }
            call.prepare()
        });
        call.map(move |page| {
            let next = || offset.saturating_add(page.data.len()).to_string();
            let next_cursor = page.has_more.then(next);
            Page::new(page.data, next_cursor)
        })
    }
}

// Without the filters, which are numbers of people.
impl fmt::Debug for Chats {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Chats").finish_non_exhaustive()
    }
}

fn invalid<T: Send + 'static>(
    linq: &Linq,
    operation: &'static Operation,
    problem: &'static str,
) -> Call<T> {
    Call::failed(
        linq,
        Error::invalid_request(problem).with_operation(operation),
    )
}
