//! Lists, as a user of the crate sees them: which pages are asked for, when, and what comes of them.

use std::error::Error as _;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::stream::FusedStream;
use futures_util::{Stream, TryStreamExt};
use linq_ext::list::{InvalidItem, Items, List, Page, Pages, Query};
use linq_ext::types::{Chat, GetMessageThreadOrder, Message, PaymentRequest, PaymentRequestStatus};
use linq_ext::{Error, Linq};
use linq_testing::clock::TestClock;
use linq_testing::hook::Refusals;
use linq_testing::responses::{ID, TRACE_ID};
use linq_testing::server::{Server, Step};
use serde_json::{Value, json};
use uuid::Uuid;

const TIME: &str = "2026-04-14T18:02:11Z";

async fn start(script: impl IntoIterator<Item = Step>) -> (Server, Linq) {
    let server = Server::start(script).await;
    let linq = Linq::builder()
        .api_key("key-4f7d2a")
        .base_url(server.base_url())
        .timeout(Duration::from_secs(20))
        .clock(TestClock::default())
        .hook(Refusals::of(&server))
        .build()
        .expect("all is valid");
    (server, linq)
}

/// The item with a number.
fn id(number: u32) -> Uuid {
    Uuid::from_u128(number.into())
}

fn answer(body: &Value) -> Step {
    Step::respond(200, body.to_string()).keep(true)
}

/// A page of chats with these numbers.
fn chats(numbers: impl IntoIterator<Item = u32>, next: Option<&str>) -> Step {
    answer(&chat_page(numbers, next))
}

fn chat_page(numbers: impl IntoIterator<Item = u32>, next: Option<&str>) -> Value {
    let chat = |number| {
        json!({
            "id": id(number), "display_name": null, "service": "iMessage", "is_group": false,
            "is_archived": false, "handles": [], "created_at": TIME, "updated_at": TIME,
        })
    };
    let chats: Vec<Value> = numbers.into_iter().map(chat).collect();
    json!({ "chats": chats, "next_cursor": next })
}

/// A page of messages with these numbers, of a chat or of a thread.
fn messages(numbers: impl IntoIterator<Item = u32>, next: Option<&str>) -> Step {
    let message = |number| {
        json!({
            "id": id(number), "chat_id": ID, "is_from_me": false, "is_delivered": true, "is_read": false,
            "delivery_status": "delivered", "parts": [], "created_at": TIME, "updated_at": TIME,
        })
    };
    let messages: Vec<Value> = numbers.into_iter().map(message).collect();
    answer(&json!({ "messages": messages, "next_cursor": next }))
}

/// A page of payment requests with these numbers.
fn payments(numbers: impl IntoIterator<Item = u32>, has_more: bool) -> Step {
    let request = |number| {
        json!({
            "id": id(number), "object": "payment_request", "status": "requested", "mode": "payment",
            "amount": 500, "currency": "usd", "checkout_url": "https://example.com/pay", "created_at": TIME,
        })
    };
    let data: Vec<Value> = numbers.into_iter().map(request).collect();
    answer(&json!({ "object": "list", "data": data, "has_more": has_more }))
}

/// What the requests asked for: path and query, without the base.
fn asked(server: &Server) -> Vec<String> {
    let targets = server.requests().into_iter().map(|request| request.target);
    targets
        .map(|target| target.replace("/api/partner/v3/", ""))
        .collect()
}

/// The numbers of the chats up to the end or the first error.
async fn walk(stream: &mut Items<Chat>) -> (Vec<u128>, Option<Error>) {
    let mut numbers = Vec::new();
    while let Some(chat) = stream.next().await {
        match chat {
            Ok(chat) => numbers.push(chat.id.as_u128()),
            Err(error) => return (numbers, Some(error)),
        }
    }
    (numbers, None)
}

fn numbers(items: &[Chat]) -> Vec<u128> {
    items.iter().map(|chat| chat.id.as_u128()).collect()
}

#[tokio::test]
async fn filters_and_options_go_with_every_page() {
    let script = [
        chats([1, 2], Some("a+b/c=")),
        chats([3, 4], Some("d")),
        chats([5], None),
    ];
    let (server, linq) = start(script).await;
    let mut stream = linq
        .list_chats()
        .from("+12025550100")
        .to("ann@example.com")
        .page_size(2)
        .query("is_archived", "false")
        .header("x-team", "blue")
        .stream();
    let (numbers, error) = walk(&mut stream).await;
    assert_eq!((numbers, error.is_none()), (vec![1, 2, 3, 4, 5], true));
    let filters = "chats?from=%2B12025550100&to=ann%40example.com&limit=2";
    assert_eq!(
        asked(&server),
        [
            format!("{filters}&is_archived=false"),
            format!("{filters}&cursor=a%2Bb%2Fc%3D&is_archived=false"),
            format!("{filters}&cursor=d&is_archived=false"),
        ]
    );
    for request in server.requests() {
        assert_eq!(request.header("x-team"), Some("blue"));
    }
}

#[tokio::test]
async fn an_empty_page_with_a_cursor_is_not_the_end() {
    let script = [
        chats([], Some("a")),
        chats([1], Some("b")),
        chats([], Some("c")),
        chats([], Some("d")),
        chats([2], None),
    ];
    let (server, linq) = start(script).await;
    let mut stream = linq.list_chats().stream();
    let (numbers, error) = walk(&mut stream).await;
    assert_eq!((numbers, error.is_none()), (vec![1, 2], true));
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn null_nothing_and_an_empty_text_are_the_end() {
    let ends = [
        json!({ "chats": [], "next_cursor": null }),
        json!({ "chats": [] }),
        json!({ "chats": [], "next_cursor": "" }),
    ];
    for end in ends {
        let (server, linq) = start([chats([1], Some("a")), answer(&end)]).await;
        let mut stream = linq.list_chats().stream();
        let (numbers, error) = walk(&mut stream).await;
        assert_eq!((numbers, error.is_none()), (vec![1], true), "{end}");
        assert_eq!(stream.cursor(), None, "{end}");
        assert_eq!(server.requests().len(), 2, "{end}");
    }
}

#[tokio::test]
async fn a_cursor_that_repeats_is_an_error_after_the_items() {
    let (server, linq) = start([chats([1], Some("a")), chats([2], Some("a"))]).await;
    let mut stream = linq.list_chats().stream();
    let (numbers, error) = walk(&mut stream).await;
    let error = error.expect("the list never ends");
    assert_eq!(numbers, [1, 2]);
    assert_eq!(server.requests().len(), 2);
    assert!(!error.is_retryable() && error.operation().is_some());
    assert_eq!(
        error.to_string(),
        "list_chats: stopped because the API sent the same cursor twice"
    );
    assert!(stream.is_terminated());
    assert!(stream.next().await.is_none());
}

/// A server that never stops is not asked without a pause, and not for ever.
#[tokio::test]
async fn empty_pages_with_new_cursors_slow_down_and_end() {
    let empty = |number: u32| chats([], Some(&number.to_string()));
    let server = Server::start((0..100).map(empty)).await;
    let clock = TestClock::default();
    let linq = Linq::builder()
        .api_key("key")
        .base_url(server.base_url())
        .clock(clock.clone())
        .build()
        .expect("all is valid");
    let mut stream = linq.list_chats().stream();
    let (numbers, error) = walk(&mut stream).await;
    assert_eq!(numbers, [] as [u128; 0]);
    assert_eq!(
        error.expect("it ends").to_string(),
        "list_chats: stopped after 20 empty pages in a row"
    );
    assert_eq!(server.requests().len(), 20);
    // The last cursor, so that a program can decide to continue.
    assert_eq!(stream.cursor(), Some("19"));
    assert_eq!(clock.millis()[..4], [500, 1000, 2000, 4000]);
    assert_eq!(clock.millis().len(), 18);
}

#[tokio::test]
async fn the_cursor_it_starts_from_counts_as_seen() {
    let (server, linq) = start([chats([1], Some("a"))]).await;
    let mut stream = linq.list_chats().cursor("a").stream();
    let (numbers, error) = walk(&mut stream).await;
    assert_eq!((numbers, error.is_some()), (vec![1], true));
    assert_eq!(asked(&server), ["chats?limit=100&cursor=a"]);
}

#[tokio::test]
async fn nobody_is_asked_for_more_than_the_limit() {
    let table: [(usize, usize, &[usize]); 6] = [
        (0, 10, &[]),
        (3, 10, &[3]),
        (10, 10, &[10]),
        (11, 10, &[10, 1]),
        (25, 10, &[10, 10, 5]),
        (150, 100, &[100, 50]),
    ];
    for (limit, page_size, sizes) in table {
        let script = || {
            (1..).zip(sizes).map(|(page, size)| {
                let size = u32::try_from(*size).expect("it is small");
                chats(page * 1000..page * 1000 + size, Some(&page.to_string()))
            })
        };
        let expected: Vec<String> = sizes.iter().map(|size| format!("limit={size}")).collect();
        let sizes_asked = |server: &Server| -> Vec<String> {
            let queries = asked(server).into_iter();
            let limits = queries.filter_map(|query| {
                let pairs = query.split_once('?')?.1.split('&');
                pairs
                    .into_iter()
                    .find(|pair| pair.starts_with("limit="))
                    .map(str::to_owned)
            });
            limits.collect()
        };

        let (server, linq) = start(script()).await;
        let list = linq.list_chats().page_size(page_size).max_items(limit);
        let items: Vec<Chat> = list.stream().try_collect().await.expect("all is well");
        assert_eq!(items.len(), limit);
        assert_eq!(sizes_asked(&server), expected, "items, {limit}");

        let (server, linq) = start(script()).await;
        let list = linq.list_chats().page_size(page_size).max_items(limit);
        let pages: Vec<Page<Chat>> = list.pages().try_collect().await.expect("all is well");
        assert_eq!(pages.len(), sizes.len());
        assert_eq!(sizes_asked(&server), expected, "pages, {limit}");
    }
}

#[tokio::test]
async fn items_beyond_the_limit_are_not_passed_over() {
    let (_server, linq) = start([chats(1..=5, Some("a")), chats(6..=10, Some("b"))]).await;
    let mut stream = linq.list_chats().max_items(7).stream();
    let (numbers, _) = walk(&mut stream).await;
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    assert!(stream.is_terminated());
    // The API sent more than the two that were asked for; going on with its cursor would leave out three.
    assert_eq!(stream.cursor(), Some("a"));

    let (_server, linq) = start([chats(1..=5, Some("a")), chats(6..=10, Some("b"))]).await;
    let pages: Vec<Page<Chat>> = linq
        .list_chats()
        .max_items(7)
        .pages()
        .try_collect()
        .await
        .expect("all is well");
    assert_eq!(pages[1].items.len(), 5);
    assert_eq!(pages[1].next_cursor.as_deref(), Some("b"));
}

#[tokio::test]
async fn a_limit_that_is_reached_is_the_end_whatever_the_cursor_says() {
    let (_server, linq) = start([chats([1], Some("a")), chats([2], Some("a"))]).await;
    let mut stream = linq.list_chats().max_items(2).stream();
    let (numbers, error) = walk(&mut stream).await;
    assert_eq!((numbers, error.is_none()), (vec![1, 2], true));
    assert_eq!(stream.cursor(), Some("a"));
}

#[tokio::test]
async fn a_page_is_asked_for_when_an_item_of_it_is() {
    let (server, linq) = start([chats([1, 2], Some("a")), chats([3], None)]).await;
    let mut stream = linq.list_chats().stream();
    assert_eq!(server.requests().len(), 0);
    for (number, requests) in [(1, 1), (2, 1), (3, 2)] {
        let chat = stream
            .next()
            .await
            .expect("there is one")
            .expect("all is well");
        assert_eq!((chat.id, server.requests().len()), (id(number), requests));
    }
    assert!(stream.next().await.is_none());
    assert_eq!(server.requests().len(), 2);

    let (server, linq) = start([
        chats([1], Some("a")),
        chats([2], Some("b")),
        chats([3], None),
    ])
    .await;
    let mut pages = linq.list_chats().pages();
    for requests in 1..=3 {
        pages
            .next()
            .await
            .expect("there is one")
            .expect("all is well");
        assert_eq!(server.requests().len(), requests);
    }
    assert!(pages.next().await.is_none());
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_walk_goes_on_from_where_another_stopped() {
    let script = || {
        [
            chats([1, 2], Some("a")),
            chats([3, 4], Some("b")),
            chats([5], None),
        ]
    };
    let (_server, linq) = start(script()).await;
    let mut stream = linq.list_chats().stream();
    // The cursor before each item: within a page it is that of the page.
    let mut cursors = vec![stream.cursor().map(str::to_owned)];
    while let Some(chat) = stream.next().await {
        chat.expect("all is well");
        cursors.push(stream.cursor().map(str::to_owned));
    }
    let cursors: Vec<Option<&str>> = cursors.iter().map(Option::as_deref).collect();
    assert_eq!(cursors, [None, None, Some("a"), Some("a"), Some("b"), None]);

    let (server, linq) = start(script().into_iter().skip(1)).await;
    let mut stream = linq.list_chats().to("+12025550101").cursor("a").stream();
    assert_eq!(walk(&mut stream).await.0, [3, 4, 5]);
    assert_eq!(
        asked(&server),
        [
            "chats?to=%2B12025550101&limit=100&cursor=a",
            "chats?to=%2B12025550101&limit=100&cursor=b",
        ]
    );
}

#[tokio::test]
async fn a_retry_in_the_middle_repeats_and_loses_nothing() {
    let faults = [
        Step::error(503, 4004),
        Step::error(429, 1007),
        Step::html(),
        Step::Reset { done: true },
        Step::CutOff,
        Step::Refused,
    ];
    for fault in faults {
        let script = [chats([1, 2], Some("a")), fault.clone(), chats([3], None)];
        let (server, linq) = start(script).await;
        let mut stream = linq.list_chats().stream();
        let (numbers, error) = walk(&mut stream).await;
        assert_eq!(
            (numbers, error.is_none()),
            (vec![1, 2, 3], true),
            "{fault:?}"
        );
        let last = asked(&server).pop().expect("there were requests");
        assert_eq!(last, "chats?limit=100&cursor=a", "{fault:?}");
    }
}

#[tokio::test]
async fn after_an_error_the_stream_ends_and_tells_its_place() {
    let script = [
        chats([1, 2], Some("a")),
        Step::error(400, 1001),
        chats([3, 4], Some("b")),
        Step::error(503, 4004),
        chats([5], None),
    ];
    let (server, linq) = start(script).await;
    let mut numbers = Vec::new();
    let mut attempts = Vec::new();
    let mut cursor = None;
    loop {
        let mut list = linq.list_chats().max_retries(0);
        if let Some(cursor) = cursor.take() {
            list = list.cursor(cursor);
        }
        let mut stream = list.stream();
        let (some, error) = walk(&mut stream).await;
        numbers.extend(some);
        let Some(error) = error else {
            break;
        };
        attempts.push((
            error.status().map(|status| status.as_u16()),
            error.attempts(),
        ));
        assert!(stream.is_terminated());
        assert!(stream.next().await.is_none() && stream.next().await.is_none());
        cursor = stream.cursor().map(str::to_owned);
    }
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!(attempts, [(Some(400), 1), (Some(503), 1)]);
    assert_eq!(server.requests().len(), 5);

    let (_server, linq) = start([chats([1], Some("a")), Step::error(400, 1001)]).await;
    let mut pages = linq.list_chats().pages();
    assert!(pages.next().await.expect("a page").is_ok());
    assert!(pages.next().await.expect("an error").is_err());
    assert_eq!(pages.cursor(), Some("a"));
    assert!(pages.is_terminated() && pages.next().await.is_none());
}

/// An item that is not as documented is an error of its own, and the walk continues.
#[tokio::test]
async fn one_invalid_item_does_not_end_a_walk() {
    let page = |numbers: &[u32], invalid: Value, next: Option<&str>| {
        let mut body = chat_page(numbers.iter().copied(), next);
        let items = body["chats"].as_array_mut().expect("a list");
        items.insert(1, invalid);
        answer(&body)
    };
    let script = || {
        [
            page(&[1, 2], json!({ "id": "secret" }), Some("a")),
            page(&[3, 4], json!(null), None),
        ]
    };
    let (server, linq) = start(script()).await;
    let mut stream = linq.list_chats().stream();
    let (mut numbers, mut errors) = (Vec::new(), Vec::new());
    while let Some(chat) = stream.next().await {
        match chat {
            Ok(chat) => numbers.push(chat.id.as_u128()),
            Err(error) => errors.push(error),
        }
    }
    assert_eq!((numbers, errors.len()), (vec![1, 2, 3, 4], 2));
    assert_eq!(asked(&server).len(), 2);
    for error in errors {
        assert_eq!(
            error.to_string(),
            "list_chats: an item of the list cannot be read"
        );
        let invalid = error
            .source()
            .and_then(|cause| cause.downcast_ref::<InvalidItem>());
        let invalid = invalid.expect("the cause is the item");
        assert_eq!(invalid.index, 1);
        assert!(
            !format!("{invalid} {invalid:?}").contains("secret"),
            "{invalid}"
        );
    }

    let (_server, linq) = start(script()).await;
    let pages: Vec<_> = linq
        .list_chats()
        .pages()
        .try_collect()
        .await
        .expect("pages");
    assert_eq!(pages[0].next_cursor.as_deref(), Some("a"));
    assert_eq!((pages[0].items.len(), pages[0].invalid.len()), (2, 1));

    // One page by itself is what it is.
    let (_server, linq) = start(script()).await;
    let error = linq.list_chats().await.expect_err("not as documented");
    assert!(error.is_accepted());

    // Where the list itself is not readable, nothing is.
    for body in [json!({ "chats": 1 }), json!({}), json!([])] {
        let (_server, linq) = start([answer(&body)]).await;
        let mut stream = linq.list_chats().stream();
        assert!(stream.next().await.expect("an error").is_err(), "{body}");
        assert!(stream.next().await.is_none());
    }

    // Payment requests are counted, the invalid ones too.
    let first = json!({ "object": "list", "data": [1, 2], "has_more": true });
    let (server, linq) = start([answer(&first), payments([1], false)]).await;
    let mut stream = linq.list_payment_requests().stream();
    let mut results = Vec::new();
    while let Some(request) = stream.next().await {
        results.push(request.is_ok());
    }
    assert_eq!(results, [false, false, true]);
    assert!(asked(&server)[1].contains("offset=2"));
}

#[tokio::test]
async fn pages_come_with_their_cursors() {
    let (_server, linq) = start([
        chats([1, 2], Some("a")),
        chats([], Some("b")),
        chats([3], None),
    ])
    .await;
    let mut pages = linq.list_chats().pages();
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.expect("all is well");
        assert_eq!(pages.cursor(), page.next_cursor.as_deref());
        seen.push((numbers(&page.items), page.next_cursor));
    }
    let cursor = |text: &str| Some(text.to_owned());
    assert_eq!(
        seen,
        [
            (vec![1, 2], cursor("a")),
            (vec![], cursor("b")),
            (vec![3], None)
        ]
    );
}

#[tokio::test]
async fn one_page_comes_by_awaiting() {
    let (server, linq) = start([chats([1], Some("a")), chats([2], None)]).await;
    let page = linq.list_chats().max_items(7).await.expect("all is well");
    assert_eq!(numbers(&page.items), [1]);
    let cursor = page.next_cursor.expect("there is more");
    let list = linq.list_chats().cursor(cursor).page_size(5).max_items(7);
    let answer = list.send_with_response().await.expect("all is well");
    assert_eq!(answer.trace_id(), Some(TRACE_ID));
    assert_eq!(answer.value().next_cursor, None);
    assert_eq!(asked(&server), ["chats?limit=7", "chats?limit=5&cursor=a"]);
}

/// True if the list fails in each of its three ways, and sends nothing.
async fn is_refused<Q: Query>(list: impl Fn() -> List<Q>, what: &str) {
    let awaited = list().await.err().expect("it is refused");
    let item = list().stream().next().await.expect("an error").err();
    let page = list().pages().next().await.expect("an error").err();
    for error in [awaited, item.expect("no item"), page.expect("no page")] {
        assert!(error.is_invalid_request(), "{error}");
        assert_eq!(error.attempts(), 0);
        assert!(error.to_string().ends_with(what), "{error}");
    }
}

#[tokio::test]
async fn what_cannot_be_asked_for_fails_before_it_is_sent() {
    let (server, linq) = start([]).await;
    for page_size in [0, 101, usize::MAX] {
        let list = || linq.list_chats().page_size(page_size).max_items(3);
        is_refused(list, "a page has 1 to 100 items").await;
    }
    for page_size in [1, 100] {
        let page = linq.list_chats().page_size(page_size).await;
        page.expect("the API takes it");
    }
    assert_eq!(server.requests().len(), 2);

    is_refused(|| linq.list_chats().cursor(""), "the cursor is empty").await;
    is_refused(
        || linq.chat("no id").messages(),
        "was set to a value that does not convert to its type",
    )
    .await;
    is_refused(
        || linq.message("no id").thread(),
        "was set to a value that does not convert to its type",
    )
    .await;
    for cursor in ["a", "-1", "1.5", "99999999999999999999"] {
        is_refused(
            || linq.list_payment_requests().cursor(cursor),
            "the cursor is not one of this list",
        )
        .await;
    }
    let error = linq
        .list_chats()
        .max_items(0)
        .await
        .expect_err("no page is that small");
    assert!(error.is_invalid_request());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn messages_of_a_chat() {
    let (server, linq) = start([messages([1, 2], Some("a")), messages([3], None)]).await;
    let list = linq.chat(id(7)).messages().page_size(2);
    let items: Vec<Message> = list.stream().try_collect().await.expect("all is well");
    assert_eq!(
        items.iter().map(|item| item.id).collect::<Vec<_>>(),
        [id(1), id(2), id(3)]
    );
    let path = format!("chats/{}/messages?", id(7));
    assert_eq!(
        asked(&server)
            .iter()
            .map(|target| target.replace(&path, ""))
            .collect::<Vec<_>>(),
        ["limit=2", "cursor=a&limit=2"]
    );
}

#[tokio::test]
async fn messages_of_a_thread_in_either_order() {
    for (order, text) in [
        (GetMessageThreadOrder::Asc, "asc"),
        (GetMessageThreadOrder::Desc, "desc"),
    ] {
        let (server, linq) = start([messages([1, 2], Some("a")), messages([3], None)]).await;
        let list = linq.message(id(7)).thread().order(order).page_size(2);
        let items: Vec<Message> = list.stream().try_collect().await.expect("all is well");
        assert_eq!(items.len(), 3);
        let path = format!("messages/{}/thread?", id(7));
        assert_eq!(
            asked(&server)
                .iter()
                .map(|target| target.replace(&path, ""))
                .collect::<Vec<_>>(),
            [
                format!("limit=2&order={text}"),
                format!("cursor=a&limit=2&order={text}"),
            ]
        );
    }
}

#[tokio::test]
async fn payment_requests_are_counted() {
    let script = [
        payments([1, 2], true),
        payments([3], true),
        payments([4], false),
    ];
    let (server, linq) = start(script).await;
    let list = linq
        .list_payment_requests()
        .status(PaymentRequestStatus::Requested);
    let mut stream = list.page_size(2).stream();
    let mut seen = Vec::new();
    while let Some(request) = stream.next().await {
        let request: PaymentRequest = request.expect("all is well");
        seen.push((request.id.as_u128(), stream.cursor().map(str::to_owned)));
    }
    let at = |number, cursor: &str| (number, Some(cursor.to_owned()));
    // A page that is shorter than was asked for is counted as it came.
    assert_eq!(seen, [(1, None), at(2, "2"), at(3, "3"), (4, None)]);
    assert_eq!(
        asked(&server),
        [
            "payment_requests?limit=2&offset=0&status=requested",
            "payment_requests?limit=2&offset=2&status=requested",
            "payment_requests?limit=2&offset=3&status=requested",
        ]
    );

    let (server, linq) = start([payments([9], false)]).await;
    let page = linq.list_payment_requests().cursor("41").max_items(3).await;
    assert_eq!(page.expect("all is well").next_cursor, None);
    assert_eq!(asked(&server), ["payment_requests?limit=3&offset=41"]);
}

#[tokio::test]
async fn more_payment_requests_that_never_come_are_an_error() {
    for before in [vec![], vec![payments([1], true)]] {
        let count = before.len();
        let (server, linq) = start(
            before
                .into_iter()
                .chain([payments([], true), payments([], true)]),
        )
        .await;
        let mut stream = linq.list_payment_requests().stream();
        for _ in 0..count {
            stream.next().await.expect("an item").expect("all is well");
        }
        let error = stream.next().await.expect("an error").expect_err("no item");
        assert!(error.to_string().contains("cursor"), "{error}");
        // The first page has no cursor that could repeat.
        assert_eq!(server.requests().len(), (count + 1).max(2));
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn a_walk_that_is_given_up_and_taken_up_loses_nothing() {
    let (server, linq) = start([chats([1], Some("a")), chats([2], None)]).await;
    let mut stream = linq.list_chats().stream();
    let mut numbers = Vec::new();
    for _ in 0..2 {
        // Asks, and then does not wait.
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(
            pin!(stream.next()).poll(&mut context),
            Poll::Pending
        ));
        let chat = stream.next().await.expect("there is one");
        numbers.push(chat.expect("all is well").id.as_u128());
    }
    assert_eq!(numbers, [1, 2]);
    assert_eq!(server.requests().len(), 2);

    // Dropped while the answer is awaited: nothing more is sent, and the client goes on working.
    let (server, linq) = start([Step::Silence { done: false }, chats([1], None)]).await;
    let mut stream = linq.list_chats().stream();
    tokio::select! {
        biased;
        _ = stream.next() => panic!("there is no answer"),
        () = async { while server.requests().is_empty() { tokio::task::yield_now().await } } => {}
    }
    drop(stream);
    let page = linq.list_chats().await.expect("the client works");
    assert_eq!((page.items.len(), server.requests().len()), (1, 2));
}

#[test]
fn streams_can_go_anywhere() {
    fn moves<T: Send + Unpin + 'static>() {}
    fn is_stream<S: Stream<Item = Result<T, Error>> + FusedStream, T>() {}
    moves::<Items<Chat>>();
    moves::<Pages<Message>>();
    is_stream::<Items<PaymentRequest>, PaymentRequest>();
    is_stream::<Pages<Chat>, Page<Chat>>();
    fn future<Q: Query>(list: List<Q>) -> impl Future + Send + 'static {
        list.into_future()
    }
    let _ = future::<linq_ext::list::Chats>;
}

#[tokio::test]
async fn debug_tells_no_numbers_and_no_cursors() {
    let (_server, linq) = start([chats([1], Some("secret"))]).await;
    let list = linq.list_chats().from("+12025550100").to("ann@example.com");
    let mut texts = vec![format!("{:?}", list.cursor("secret"))];
    let mut pages = linq.list_chats().pages();
    pages.next().await.expect("a page").expect("all is well");
    texts.push(format!("{pages:?}"));
    texts.push(format!("{:?}", linq.list_chats().cursor("secret").stream()));
    for text in texts {
        assert!(text.contains("list_chats"), "{text}");
        assert!(
            !text.contains("secret") && !text.contains("1202555") && !text.contains('@'),
            "{text}"
        );
    }
}
