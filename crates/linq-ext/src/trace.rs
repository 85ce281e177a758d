//! The span of each call.

use std::time::{Duration, Instant};

use linq_client::reqwest::Response;
use linq_client::{Operation, TransportError};
use tracing::field::Empty;
use tracing::{Instrument, Span};

type Answer = Result<Response, TransportError>;

/// The span of one call; `None` if nobody listens, on the heap since that is the rule.
#[derive(Clone)]
pub(crate) struct CallSpan(Option<Box<Seen>>);

#[derive(Clone)]
struct Seen {
    span: Span,
    start: Instant,
}

impl CallSpan {
    pub(crate) fn new(operation: &'static Operation) -> Self {
        let span = tracing::info_span!(
            target: "linq_ext",
            "linq_call",
            operation = operation.name(),
            status = Empty,
            attempts = Empty,
            duration_ms = Empty,
            trace_id = Empty,
            error = Empty,
        );
        let is_seen = !span.is_disabled();
        Self(is_seen.then(|| {
            let start = Instant::now();
            Box::new(Seen { span, start })
        }))
    }

    /// True if anybody listens.
    pub(crate) fn is_seen(&self) -> bool {
        self.0.is_some()
    }

    /// Runs the call inside the span.
    pub(crate) fn cover<F: Future>(self, call: F) -> impl Future<Output = F::Output> {
        call.instrument(self.0.map_or_else(Span::none, |seen| seen.span))
    }

    /// Says that the request is repeated.
    pub(crate) fn retry(&self, attempt: u32, pause: Duration) {
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        let say = || tracing::debug!(target: "linq_ext", attempt, pause_ms, "retry");
        match &self.0 {
            Some(seen) => seen.span.in_scope(say),
            None => say(),
        }
    }

    /// Writes down how the call ended, without anything of its content.
    pub(crate) fn end(&self, answer: &Answer, attempts: u32) {
        let Some(Seen { span, start }) = self.0.as_deref() else {
            return;
        };
        let elapsed = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        span.record("attempts", attempts);
        span.record("duration_ms", elapsed);
        match answer {
            Ok(answer) => {
                span.record("status", answer.status().as_u16());
                if let Some(id) = trace_id(answer) {
                    span.record("trace_id", id);
                }
            }
            // Its text is one of a few that are fixed.
            Err(error) => {
                span.record("error", tracing::field::display(error));
            }
        }
    }
}

fn trace_id(answer: &linq_client::reqwest::Response) -> Option<&str> {
    let id = answer.headers().get("x-trace-id")?.to_str().ok()?;
    let is_id = id.len() <= 128
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_id.then_some(id)
}
