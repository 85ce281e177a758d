//! What happens to an event in a task of its own: claimed, handled, and the claim settled.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::answer::Answer;
use super::panic::caught;
use super::receive::{Handler, Received};
use super::trace;
use crate::{Claim, Deduper, Ticket};

/// How long one try to settle a claim may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pauses between tries to settle a claim.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_millis(1600),
    Duration::from_millis(6400),
    Duration::from_millis(25600),
];

pub(super) struct Task<D> {
    pub(super) deduper: Arc<D>,
    pub(super) handler: Arc<Handler>,
    pub(super) answers_first: bool,
    /// `None` once the answer is given.
    pub(super) answer: Option<oneshot::Sender<Answer>>,
}

impl<D: Deduper> Task<D> {
    pub(super) async fn run(mut self, received: Received) {
        let ticket = match self.deduper.claim(received.key()).await {
            Ok(Claim::New(ticket)) => ticket,
            Ok(Claim::Done) => return self.give(Answer::HandledBefore),
            Ok(Claim::Held) => return self.give(Answer::Held),
            Err(error) => {
                trace::deduper_failed("claim", received.key(), &error);
                return self.give(Answer::DeduperFailed);
            }
        };
        if self.answers_first {
            self.give(Answer::Started);
        }
        let about = trace::About::of(&received);
        let answer = match self.handle(received, &ticket).await {
            Some(true) => Answer::Handled,
            Some(false) => Answer::Failed,
            None => Answer::Panicked,
        };
        let is_handled = matches!(answer, Answer::Handled);
        trace::handled(&answer, about);
        let mut is_settled = self.settle(&ticket, is_handled).await;
        // Handled is handled, noted down or not: 503 would have it handled once more.
        self.give(answer);
        for pause in PAUSES {
            if is_settled {
                break;
            }
            sleep(pause).await;
            is_settled = self.settle(&ticket, is_handled).await;
        }
    }

    /// Answers the request, if it waits and was not answered before.
    fn give(&mut self, answer: Answer) {
        if let Some(sender) = self.answer.take() {
            // Nobody waits any more if the answer is late, or the connection was closed.
            let _ = sender.send(answer);
        }
    }

    /// Runs the handler, and keeps the claim while it runs; `None` if it panics.
    async fn handle(&self, received: Received, ticket: &Ticket) -> Option<bool> {
        let handler = &self.handler;
        let mut handling = pin!(caught(async move { handler(received).await }));
        let mut renewing = pin!(self.renew(ticket));
        poll_fn(|context| {
            let poll = handling.as_mut().poll(context);
            if poll.is_pending() {
                // It has no end.
                let _: Poll<Infallible> = renewing.as_mut().poll(context);
            }
            poll
        })
        .await
    }

    /// Renews the claim over and over.
    async fn renew(&self, ticket: &Ticket) -> Infallible {
        let Some(lease) = self.deduper.lease() else {
            return std::future::pending().await;
        };
        loop {
            sleep((lease / 3).max(Duration::from_millis(1))).await;
            match self.deduper.renew(ticket).await {
                Ok(true) => {}
                // The handler cannot be called back, and no harm comes of asking again.
                Ok(false) => trace::claim_lost(ticket.key()),
                Err(error) => trace::deduper_failed("renew", ticket.key(), &error),
            }
        }
    }

    /// Completes the claim or gives it back; true if that went well.
    async fn settle(&self, ticket: &Ticket, is_handled: bool) -> bool {
        let settling = async {
            match is_handled {
                true => self.deduper.complete(ticket).await,
                false => self.deduper.release(ticket).await,
            }
        };
        match timeout(PATIENCE, settling).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                trace::deduper_failed("settle", ticket.key(), &error);
                false
            }
            Err(error) => {
                trace::deduper_failed("settle", ticket.key(), &error);
                false
            }
        }
    }
}
