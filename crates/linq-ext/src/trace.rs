//! The span of each call.

use std::time::{Duration, Instant};

use linq_client::{Operation, Response, TransportError};
use tracing::field::Empty;
use tracing::{Instrument, Span};

/// The span of one call: operation, status, attempts, duration and trace id, and nothing of its content.
pub(crate) struct CallSpan {
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
        let start = Instant::now();
        Self { span, start }
    }

    /// Runs the call inside the span.
    pub(crate) fn cover<F: Future>(&self, call: F) -> impl Future<Output = F::Output> {
        call.instrument(self.span.clone())
    }

    /// Records that the request is sent again; to be called inside the span.
    pub(crate) fn retry(&self, attempt: u32, pause: Duration) {
        tracing::debug!(target: "linq_ext", attempt, pause_ms = millis(pause), "retry");
    }

    /// Records how the call ended.
    pub(crate) fn end(&self, result: &Result<Response, TransportError>, attempts: u32) {
        if self.span.is_disabled() {
            return;
        }
        self.span.record("attempts", attempts);
        self.span
            .record("duration_ms", millis(self.start.elapsed()));
        let response = match result {
            Ok(response) => Some(response),
            Err(error) => {
                // Its text has nothing of the request but the host.
                self.span.record("error", tracing::field::display(error));
                error.response()
            }
        };
        if let Some(response) = response {
            self.span.record("status", response.status().as_u16());
            if let Some(id) = response.trace_id() {
                self.span.record("trace_id", id);
            }
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
