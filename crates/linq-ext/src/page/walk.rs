//! The walk from page to page.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use linq_client::Operation;

use super::Page;
use crate::{Call, CallFuture, Error};

/// How many cursors are remembered one by one.
const REMEMBERED: usize = 1 << 16;

/// Makes the call of the page at a cursor, given how many items are wanted still.
type Fetch<T> = Box<dyn Fn(Option<String>, usize) -> Call<Page<T>> + Send>;

/// The walk through a list: which page is next, and whether there is one.
pub(super) struct Walk<T> {
    operation: &'static Operation,
    fetch: Fetch<T>,
    /// Of the page that comes next, or did not come.
    cursor: Option<String>,
    /// Of the page that came last.
    last: Option<String>,
    wanted: usize,
    seen: Seen,
    state: State<T>,
}

enum State<T> {
    /// The next page is not asked for.
    Idle,
    Fetching(CallFuture<Page<T>>),
    /// The next page would be one that was there.
    Circle,
    Done,
}

impl<T: Send + 'static> Walk<T> {
    pub(super) fn new(
        operation: &'static Operation,
        cursor: Option<String>,
        wanted: usize,
        fetch: impl Fn(Option<String>, usize) -> Call<Page<T>> + Send + 'static,
    ) -> Self {
        let mut seen = Seen::default();
        if let Some(cursor) = &cursor {
            seen.repeats(cursor);
        }
        Self {
            operation,
            fetch: Box::new(fetch),
            cursor,
            last: None,
            wanted,
            seen,
            state: if wanted == 0 {
                State::Done
            } else {
                State::Idle
            },
        }
    }

    pub(super) fn poll_page(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Page<T>, Error>>> {
        loop {
            match &mut self.state {
                State::Idle => {
                    let call = (self.fetch)(self.cursor.clone(), self.wanted);
                    self.state = State::Fetching(call.into_future());
                }
                State::Fetching(call) => {
                    let result = ready!(call.poll_unpin(context));
                    self.state = match &result {
                        Ok(page) => self.after(page),
                        Err(_) => State::Done,
                    };
                    return Poll::Ready(Some(result));
                }
                State::Circle => {
                    self.state = State::Done;
                    let error = Error::other(
                        "stopped at a cursor that was there before, since the list would never end",
                    );
                    return Poll::Ready(Some(Err(error.with_operation(self.operation))));
                }
                State::Done => return Poll::Ready(None),
            }
        }
    }

    fn after(&mut self, page: &Page<T>) -> State<T> {
        self.wanted = self.wanted.saturating_sub(page.items.len());
        self.last = std::mem::replace(&mut self.cursor, page.next_cursor.clone());
        match &self.cursor {
            Some(cursor) if self.wanted > 0 => match self.seen.repeats(cursor) {
                true => State::Circle,
                false => State::Idle,
            },
            _ => State::Done,
        }
    }
}

impl<T> Walk<T> {
    pub(super) fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// The cursor of the page that comes next, or did not come.
    pub(super) fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The cursor of the page that came last.
    pub(super) fn last_cursor(&self) -> Option<&str> {
        self.last.as_deref()
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }
}

/// The cursors of a walk, in memory that does not grow with it.
///
/// Of the first ones it keeps a hash each, so that one that comes again is found at once. After those it keeps
/// the hash of one, and moves on to the newest whenever the walk has doubled (Brent's algorithm): a circle is
/// then found after a few times round.
#[derive(Default)]
struct Seen {
    hasher: RandomState,
    first: HashSet<u64>,
    later: u64,
    mark: Option<u64>,
}

impl Seen {
    /// Takes the next cursor; true if it was there before.
    fn repeats(&mut self, cursor: &str) -> bool {
        let hash = self.hasher.hash_one(cursor);
        if self.mark == Some(hash) || self.first.contains(&hash) {
            return true;
        }
        if self.first.len() < REMEMBERED {
            self.first.insert(hash);
            return false;
        }
        self.later += 1;
        if self.later.is_power_of_two() {
            self.mark = Some(hash);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{REMEMBERED, Seen};

    /// How many cursors are taken until one is known, of a walk that comes to `circle` after `straight` others.
    fn found(straight: usize, circle: usize) -> usize {
        let mut seen = Seen::default();
        (0..)
            .position(|step: usize| {
                let place = match step.checked_sub(straight) {
                    None => step,
                    Some(inside) => straight + inside % circle,
                };
                seen.repeats(&place.to_string())
            })
            .expect("every circle is found")
    }

    #[test]
    fn a_circle_is_found_at_its_first_repetition() {
        for (straight, circle) in [(0, 1), (0, 3), (5, 1), (5, 3), (1_000, 1_000)] {
            assert_eq!(found(straight, circle), straight + circle);
        }
        // Back into what is remembered, however long the way was.
        assert_eq!(found(REMEMBERED - 1, 100_000), REMEMBERED - 1 + 100_000);
    }

    #[test]
    fn a_circle_far_out_is_found_after_a_few_times_round() {
        for (beyond, circle) in [(0, 1), (0, 3), (10_000, 1), (10_000, 700), (1, 10_000)] {
            let straight = REMEMBERED + beyond;
            let steps = found(straight, circle);
            assert!(steps >= straight + circle, "{beyond} {circle}: {steps}");
            assert!(
                steps <= straight + 3 * beyond.max(circle) + circle,
                "{beyond} {circle}: {steps}"
            );
        }
    }

    #[test]
    fn memory_does_not_grow_with_the_walk() {
        let mut seen = Seen::default();
        for step in 0..3 * REMEMBERED {
            assert!(!seen.repeats(&step.to_string()), "{step}");
        }
        assert_eq!(seen.first.len(), REMEMBERED);
    }
}
