//! The body of an upload: as many bytes as were announced, or an error.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use linq_client::bytes::Bytes;

/// Bytes that are handed to the connection at once, so that progress is seen in files that are at hand too.
const PIECE: usize = 64 * 1024;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;
pub(super) type BytesStream = Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>;
/// Told the bytes done, and all of them.
pub(super) type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Why there is no body, or not the announced one.
#[derive(Debug)]
pub(super) enum Problem {
    Read(BoxError),
    TooShort { size: u64, came: u64 },
    TooLong { size: u64 },
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(_) => formatter.write_str("it could not be read"),
            Self::TooShort { size, came } => {
                write!(formatter, "it ended after {came} bytes of {size}")
            }
            Self::TooLong { size } => write!(formatter, "it went on after {size} bytes"),
        }
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error.as_ref()),
            Self::TooShort { .. } | Self::TooLong { .. } => None,
        }
    }
}

/// What became of a body, for whoever gave it away.
#[derive(Default)]
pub(super) struct Fate {
    done: AtomicU64,
    problem: Mutex<Option<Problem>>,
}

impl Fate {
    /// Bytes that were handed to the connection.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Why the body broke off, if it did.
    pub(super) fn take_problem(&self) -> Option<Problem> {
        self.problem
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    fn set_problem(&self, problem: Problem) {
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
    }
}

/// A stream of exactly `size` bytes in small pieces, or of an error.
///
/// The last piece is held back until the end has been seen, so that no server gets all bytes of a file that
/// has more of them.
pub(super) struct Exact {
    inner: BytesStream,
    size: u64,
    done: u64,
    held: Bytes,
    /// True if there is nothing more to ask `inner` for.
    ended: bool,
    progress: Option<Progress>,
    fate: Arc<Fate>,
}

impl Exact {
    pub(super) fn new(
        inner: BytesStream,
        size: u64,
        progress: Option<Progress>,
        fate: Arc<Fate>,
    ) -> Self {
        Self {
            inner,
            size,
            done: 0,
            held: Bytes::new(),
            ended: false,
            progress,
            fate,
        }
    }

    fn fail(&mut self, problem: Problem) -> Poll<Option<Result<Bytes, BoxError>>> {
        self.ended = true;
        self.held = Bytes::new();
        let text = problem.to_string();
        self.fate.set_problem(problem);
        Poll::Ready(Some(Err(text.into())))
    }

    fn hand_over(&mut self) -> Bytes {
        let piece = self.held.split_to(self.held.len().min(PIECE));
        self.done += piece.len() as u64;
        self.fate.done.store(self.done, Ordering::Relaxed);
        if let Some(progress) = &self.progress {
            progress(self.done, self.size);
        }
        piece
    }
}

impl Stream for Exact {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let size = this.size;
            let came = this.done + this.held.len() as u64;
            if came > size {
                return this.fail(Problem::TooLong { size });
            }
            if !this.held.is_empty() && (came < size || this.ended) {
                return Poll::Ready(Some(Ok(this.hand_over())));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            match ready!(this.inner.as_mut().poll_next(context)) {
                Some(Ok(bytes)) if bytes.is_empty() => {}
                Some(Ok(bytes)) if this.held.is_empty() => this.held = bytes,
                Some(Ok(_)) => return this.fail(Problem::TooLong { size }),
                Some(Err(error)) => return this.fail(Problem::Read(error)),
                None if came < size => return this.fail(Problem::TooShort { size, came }),
                None => this.ended = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures_util::{StreamExt, stream};
    use linq_client::bytes::Bytes;

    use super::{BoxError, Exact, Fate, PIECE};

    /// The lengths of the pieces, whether an error ended them, and the progress.
    async fn run(lengths: &[usize], size: u64) -> (Vec<usize>, Option<String>, Vec<(u64, u64)>) {
        let items: Vec<Result<Bytes, BoxError>> = lengths
            .iter()
            .map(|length| Ok(Bytes::from(vec![7; *length])))
            .collect();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&seen);
        let fate = Arc::new(Fate::default());
        let mut exact = Exact::new(
            Box::pin(stream::iter(items)),
            size,
            Some(Arc::new(move |done, total| {
                writer.lock().expect("no panic").push((done, total))
            })),
            Arc::clone(&fate),
        );
        let mut pieces = Vec::new();
        while let Some(Ok(piece)) = exact.next().await {
            pieces.push(piece.len());
        }
        assert!(exact.next().await.is_none());
        assert_eq!(fate.done(), pieces.iter().sum::<usize>() as u64);
        let seen = seen.lock().expect("no panic").clone();
        (
            pieces,
            fate.take_problem().map(|problem| problem.to_string()),
            seen,
        )
    }

    #[tokio::test]
    async fn as_many_bytes_as_announced() {
        let (pieces, problem, seen) = run(&[PIECE + 5, 0, 3], PIECE as u64 + 8).await;
        assert_eq!((pieces, problem), (vec![PIECE, 5, 3], None));
        let total = PIECE as u64 + 8;
        assert_eq!(
            seen,
            [
                (PIECE as u64, total),
                (PIECE as u64 + 5, total),
                (total, total)
            ]
        );
        assert_eq!(run(&[], 0).await, (Vec::new(), None, Vec::new()));
    }

    #[tokio::test]
    async fn too_few_or_too_many_are_an_error_before_the_last_one() {
        let (pieces, problem, _) = run(&[3, 4], 8).await;
        assert_eq!(
            (pieces, problem.as_deref()),
            (vec![3, 4], Some("it ended after 7 bytes of 8"))
        );
        for lengths in [&[3, 6][..], &[3, 5, 1], &[9], &[3, 5, 0, 1]] {
            let (pieces, problem, _) = run(lengths, 8).await;
            assert!(pieces.iter().sum::<usize>() < 8, "{lengths:?}");
            assert_eq!(
                problem.as_deref(),
                Some("it went on after 8 bytes"),
                "{lengths:?}"
            );
        }
    }
}
