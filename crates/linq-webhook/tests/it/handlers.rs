//! Handlers that fail, hang, block or panic.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use linq_types::Permanent;
use linq_webhook::axum::{Received, WebhookRouter, router};
use linq_webhook::{Claim, Deduper, EventKey, HandlerError, MemoryDeduper, MemoryFull, Ticket};
use tokio::time::Instant;

use crate::router::{answer, deliver, delivery, status, verifier};

fn webhooks<F, R>(handler: F) -> WebhookRouter<Arc<MemoryDeduper>>
where
    F: Fn(Received) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    let deduper = MemoryDeduper::new().hold_for(Duration::from_secs(1));
    router(verifier(), Arc::new(deduper), handler)
}

#[test]
fn what_is_permanent_is_found_in_the_chain() {
    #[derive(Debug)]
    struct Outer(Permanent);

    impl std::fmt::Display for Outer {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("outer")
        }
    }

    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    let io = || std::io::Error::other("inner");
    let permanent = || Permanent::new(io());
    let cases: [(HandlerError, bool, &str); 9] = [
        (io().into(), false, "inner"),
        ("text".into(), false, "text"),
        (
            anyhow::anyhow!("text").context("while").into(),
            false,
            "while: text",
        ),
        (permanent().into(), true, "inner: no retry will help"),
        (
            Outer(permanent()).into(),
            true,
            "outer: inner: no retry will help",
        ),
        (
            anyhow::Error::new(permanent()).into(),
            true,
            "inner: no retry will help",
        ),
        (
            anyhow::Error::new(permanent()).context("while").into(),
            true,
            "while: inner: no retry will help",
        ),
        (HandlerError::permanent("text"), true, "text"),
        (HandlerError::permanent(io()), true, "inner"),
    ];
    for (error, is_permanent, text) in cases {
        assert_eq!(error.is_permanent(), is_permanent, "{error:?}");
        assert_eq!(error.to_string(), text);
    }
    fn question_mark(text: &str) -> Result<(), HandlerError> {
        text.parse::<u32>().map_err(HandlerError::permanent)?;
        text.parse::<u8>()?;
        Ok(())
    }
    assert!(question_mark("a").is_err_and(|error| error.is_permanent()));
    assert!(question_mark("300").is_err_and(|error| !error.is_permanent()));
    assert!(question_mark("7").is_ok());
}

#[tokio::test]
async fn what_fails_permanently_is_given_up_and_becomes_a_dead_letter() {
    let (calls, letters) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(Mutex::new(Vec::new())),
    );
    let is_store_up = Arc::new(AtomicBool::new(false));
    let (count, keep, up) = (
        Arc::clone(&calls),
        Arc::clone(&letters),
        Arc::clone(&is_store_up),
    );
    let app = webhooks(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Err(HandlerError::permanent("opted out")) }
    })
    .dead_letters(move |received, error| {
        let (keep, up) = (Arc::clone(&keep), Arc::clone(&up));
        async move {
            if !up.load(Ordering::SeqCst) {
                return Err("the store is down".into());
            }
            let letter = (received.body().to_vec(), error.to_string());
            keep.lock().expect("no panic").push(letter);
            Ok(())
        }
    });
    let app = app.into_router();
    let (failed, reason) = answer(&app, delivery("a")).await;
    assert_eq!(
        (failed, reason.as_str()),
        (500, "the dead letter could not be stored")
    );
    is_store_up.store(true, Ordering::SeqCst);
    assert_eq!(status(&app, delivery("a")).await, 200);
    assert_eq!(status(&app, delivery("a")).await, 200);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let letters = letters.lock().expect("no panic");
    let body = crate::router::event("a").into_bytes();
    assert_eq!(letters[..], [(body, "opted out".to_owned())]);
}

#[tokio::test]
async fn without_a_sink_permanent_failures_are_given_up_too() {
    let app = webhooks(|_| async { Err(Permanent::new("gone").into()) }).into_router();
    assert_eq!(status(&app, delivery("a")).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_ends_ends_at_its_limit() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let webhooks = webhooks(move |_| {
        let call = count.fetch_add(1, Ordering::SeqCst);
        async move {
            if call == 0 {
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    });
    let webhooks = webhooks
        .handler_timeout(Duration::from_secs(60))
        .concurrency(1);
    let tasks = webhooks.tasks();
    let app = webhooks.into_router();
    let start = Instant::now();
    let (late, reason) = answer(&app, delivery("a")).await;
    assert_eq!(
        (late, reason.as_str()),
        (503, "the handler is not done yet")
    );
    while tasks.running() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let lasted = start.elapsed().as_millis();
    assert!((60_000..=60_050).contains(&lasted), "{lasted}");
    assert_eq!(status(&app, delivery("a")).await, 200);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_handler_that_blocks_its_thread_past_the_lease_runs_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let app = webhooks(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        async {
            std::thread::sleep(Duration::from_secs(3));
            Ok(())
        }
    });
    let app = app.into_router();
    let first = deliver(&app, "a");
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert_eq!(status(&app, delivery("a")).await, 503);
    }
    assert_eq!(first.await.expect("no panic"), 200);
    assert_eq!(status(&app, delivery("a")).await, 200);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_panic_wherever_it_is_has_the_event_handled_again() {
    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic!("in a destructor");
            }
        }
    }

    /// Runs until its drop, after it was done.
    struct Done(#[allow(dead_code, reason = "it is dropped")] Option<Bomb>);

    impl Future for Done {
        type Output = Result<(), HandlerError>;

        fn poll(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Self::Output> {
            std::task::Poll::Ready(Ok(()))
        }
    }

    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let app = webhooks(
        move |_| -> std::pin::Pin<Box<dyn Future<Output = _> + Send>> {
            match count.fetch_add(1, Ordering::SeqCst) {
                0 => Box::pin(async { panic!("at once") }),
                1 => Box::pin(Done(Some(Bomb))),
                2 => Box::pin(async { std::panic::panic_any(Bomb) }),
                3 => panic!("before there is a future"),
                _ => Box::pin(async { Ok(()) }),
            }
        },
    );
    let app = app.into_router();
    for expected in [500, 500, 500, 500, 200, 200] {
        let (status, reason) = answer(&app, delivery("a")).await;
        assert_eq!(status, expected, "{reason}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 5);
}

/// A deduper whose claims are lost at once.
struct Losing(MemoryDeduper);

impl Deduper for Losing {
    type Error = MemoryFull;

    async fn claim(&self, key: &EventKey) -> Result<Claim, MemoryFull> {
        self.0.claim(key).await
    }

    async fn complete(&self, _: &Ticket) -> Result<bool, MemoryFull> {
        Ok(false)
    }

    async fn release(&self, ticket: &Ticket) -> Result<(), MemoryFull> {
        self.0.release(ticket).await
    }

    fn lease(&self) -> Option<Duration> {
        Some(Duration::from_secs(30))
    }

    async fn renew(&self, _: &Ticket) -> Result<bool, MemoryFull> {
        Ok(false)
    }
}

#[tokio::test(start_paused = true)]
async fn the_loss_of_a_claim_can_be_awaited() {
    let deduper = Losing(MemoryDeduper::new());
    let webhooks = router(verifier(), deduper, |received| async move {
        let start = Instant::now();
        received.claim_lost().await;
        let waited = start.elapsed().as_secs();
        Err(format!("lost after {waited} s").into())
    });
    let log = crate::router_tracing::Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let app = webhooks.deadline(Duration::from_secs(100)).into_router();
    assert_eq!(status(&app, delivery("a")).await, 500);
    let text = log.text();
    assert_eq!(text.matches("linq_claim_lost").count(), 1, "{text}");
    assert!(text.contains("error=lost after 10 s"), "{text}");
}

#[tokio::test]
async fn the_loss_of_a_claim_is_noticed_at_completion() {
    let log = crate::router_tracing::Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let webhooks = router(verifier(), Losing(MemoryDeduper::new()), |_| async {
        Ok(())
    });
    assert_eq!(status(&webhooks.into_router(), delivery("a")).await, 200);
    assert!(
        log.text().contains("WARN message=linq_claim_lost"),
        "{}",
        log.text()
    );
}
