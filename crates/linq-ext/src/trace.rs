//! A span for every call; without the feature `tracing` nothing of it is there.

use linq_client::reqwest::Response;
use linq_client::{Operation, TransportError};

#[cfg(feature = "tracing")]
pub(crate) use on::CallSpan;

#[cfg(not(feature = "tracing"))]
pub(crate) use off::CallSpan;

type Answer = Result<Response, TransportError>;

#[cfg(feature = "tracing")]
mod on {
    use std::time::{Duration, Instant};

    use tracing::field::Empty;
    use tracing::{Instrument, Span};

    use super::{Answer, Operation};

    /// The span of one call.
    #[derive(Clone)]
    pub(crate) struct CallSpan {
        span: Span,
        /// `None` if nobody listens.
        start: Option<Instant>,
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
            let start = (!span.is_disabled()).then(Instant::now);
            Self { span, start }
        }

        /// True if anybody listens.
        pub(crate) fn is_seen(&self) -> bool {
            self.start.is_some()
        }

        /// Runs the call inside the span.
        pub(crate) fn cover<F: Future>(self, call: F) -> impl Future<Output = F::Output> {
            call.instrument(self.span)
        }

        /// Says that the request is repeated.
        pub(crate) fn retry(&self, attempt: u32, pause: Duration) {
            let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            self.span
                .in_scope(|| tracing::debug!(target: "linq_ext", attempt, pause_ms, "retry"));
        }

        /// Writes down how the call ended, without anything of its content.
        pub(crate) fn end(&self, answer: &Answer, attempts: u32) {
            let Some(start) = self.start else {
                return;
            };
            let elapsed = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.span.record("attempts", attempts);
            self.span.record("duration_ms", elapsed);
            match answer {
                Ok(answer) => {
                    self.span.record("status", answer.status().as_u16());
                    if let Some(id) = trace_id(answer) {
                        self.span.record("trace_id", id);
                    }
                }
                // Its text is one of a few that are fixed.
                Err(error) => {
                    self.span.record("error", tracing::field::display(error));
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
}

#[cfg(not(feature = "tracing"))]
mod off {
    use std::time::Duration;

    use super::{Answer, Operation};

    /// Stands for the span of one call.
    #[derive(Clone)]
    pub(crate) struct CallSpan;

    impl CallSpan {
        pub(crate) fn new(_: &'static Operation) -> Self {
            Self
        }

        pub(crate) fn is_seen(&self) -> bool {
            false
        }

        pub(crate) fn cover<F: Future>(self, call: F) -> F {
            call
        }

        pub(crate) fn retry(&self, _: u32, _: Duration) {}

        pub(crate) fn end(&self, _: &Answer, _: u32) {}
    }
}
