//! Where the bytes of an upload come from, and whether they can come again.

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use linq_client::bytes::Bytes;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::body::{BoxError, BytesStream, Problem};
use super::content_type::HEAD_BYTES;
use crate::Error;

/// Bytes that are read from a file at once.
const READ_BYTES: usize = 256 * 1024;

const UNREADABLE: &str = "the file cannot be read";
const CHANGED: &str = "the file changed its size during the upload";
const STREAM_FAILED: &str = "the stream of the file failed";

/// What was given to upload.
pub(super) enum Source {
    Path(PathBuf),
    Bytes(Bytes),
    Stream { size: u64, stream: BytesStream },
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Path(_) => "Path",
            Self::Bytes(_) => "Bytes",
            Self::Stream { .. } => "Stream",
        })
    }
}

/// What is uploaded, once its size and its first bytes are known.
pub(super) struct Prepared {
    pub(super) size: u64,
    pub(super) head: Bytes,
    content: Content,
}

enum Content {
    Path(PathBuf),
    Bytes(Bytes),
    /// What was taken for the head, and what comes after it.
    Stream(Vec<Bytes>, Rest),
}

impl Source {
    pub(super) fn of_stream<S, B, E>(size: u64, stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        let stream = Box::pin(Converted(Box::pin(stream)));
        Self::Stream { size, stream }
    }

    /// Finds out the size, and reads the first bytes.
    pub(super) async fn prepare(self) -> Result<Prepared, Error> {
        match self {
            Self::Path(path) => {
                let (mut file, size) = open(&path).await.map_err(unreadable)?;
                let mut head = Vec::with_capacity(HEAD_BYTES);
                let mut start = (&mut file).take(HEAD_BYTES as u64);
                start.read_to_end(&mut head).await.map_err(unreadable)?;
                Ok(Prepared {
                    size,
                    head: head.into(),
                    content: Content::Path(path),
                })
            }
            Self::Bytes(bytes) => Ok(Prepared {
                size: bytes.len() as u64,
                head: bytes.slice(..bytes.len().min(HEAD_BYTES)),
                content: Content::Bytes(bytes),
            }),
            Self::Stream { size, stream } => {
                let rest = Rest::new(stream);
                let mut taken = Vec::new();
                let mut head = Vec::new();
                while head.len() < HEAD_BYTES
                    && let Some(item) = rest.first().await
                {
                    let bytes =
                        item.map_err(|error| Error::other(STREAM_FAILED).with_source(error))?;
                    head.extend(bytes.iter().take(HEAD_BYTES));
                    taken.push(bytes);
                }
                Ok(Prepared {
                    size,
                    head: head.into(),
                    content: Content::Stream(taken, rest),
                })
            }
        }
    }
}

impl Prepared {
    /// Finds a stream that is not of its size already, as far as that is known from its beginning.
    pub(super) fn check_size(&self) -> Result<(), Error> {
        let Content::Stream(taken, rest) = &self.content else {
            return Ok(());
        };
        let size = self.size;
        let came = taken.iter().map(|bytes| bytes.len() as u64).sum();
        let problem = if came > size {
            Problem::TooLong { size }
        } else if came < size && rest.lock().is_ended {
            Problem::TooShort { size, came }
        } else {
            return Ok(());
        };
        Err(Error::other(self.wrong_size()).with_source(problem))
    }

    /// The content from its beginning.
    ///
    /// A file is opened anew, so that no attempt depends on the one before.
    pub(super) async fn content(&self) -> Result<BytesStream, Error> {
        match &self.content {
            Content::Path(path) => {
                let (file, size) = open(path).await.map_err(unreadable)?;
                if size != self.size {
                    return Err(Error::other(CHANGED));
                }
                Ok(Box::pin(Chunks {
                    file,
                    space: Vec::new(),
                }))
            }
            Content::Bytes(bytes) => Ok(Box::pin(Given::new(vec![bytes.clone()], None))),
            Content::Stream(taken, rest) => Ok(Box::pin(Given::new(
                taken.clone(),
                Some(rest.for_one_more()),
            ))),
        }
    }

    /// True unless something that cannot come again has been taken from a stream.
    pub(super) fn can_be_repeated(&self) -> bool {
        match &self.content {
            Content::Path(_) | Content::Bytes(_) => true,
            Content::Stream(_, rest) => !rest.is_touched(),
        }
    }

    /// What to say where the content is not of its size.
    pub(super) fn wrong_size(&self) -> &'static str {
        match &self.content {
            Content::Path(_) => CHANGED,
            Content::Bytes(_) | Content::Stream(..) => {
                "the stream of the file is not of the size that was given"
            }
        }
    }

    /// What to say where the content cannot be read.
    pub(super) fn unreadable(&self) -> &'static str {
        match &self.content {
            Content::Path(_) => UNREADABLE,
            Content::Bytes(_) | Content::Stream(..) => STREAM_FAILED,
        }
    }
}

fn unreadable(error: std::io::Error) -> Error {
    // The kind is one of a few fixed texts, and names no path.
    Error::other(format!("{UNREADABLE}: {}", error.kind())).with_source(error)
}

/// Opens a file, and tells its size.
async fn open(path: &Path) -> std::io::Result<(File, u64)> {
    // Asked first, since opening a named pipe waits for somebody to write to it.
    if !tokio::fs::metadata(path).await?.is_file() {
        return Err(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "not a regular file",
        ));
    }
    let file = File::open(path).await?;
    let size = file.metadata().await?.len();
    Ok((file, size))
}

/// A stream whose items become bytes.
struct Converted<S>(Pin<Box<S>>);

impl<S, B, E> Stream for Converted<S>
where
    S: Stream<Item = Result<B, E>>,
    B: Into<Bytes>,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = self.0.as_mut().poll_next(context);
        item.map(|item| item.map(|item| item.map(Into::into).map_err(Into::into)))
    }
}

/// A file in chunks.
struct Chunks {
    file: File,
    space: Vec<u8>,
}

impl Stream for Chunks {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.space.resize(READ_BYTES, 0);
        let mut buffer = ReadBuf::new(&mut this.space);
        if let Err(error) = ready!(Pin::new(&mut this.file).poll_read(context, &mut buffer)) {
            return Poll::Ready(Some(Err(error.into())));
        }
        let filled = buffer.filled();
        Poll::Ready((!filled.is_empty()).then(|| Ok(Bytes::copy_from_slice(filled))))
    }
}

/// Bytes that are at hand, and then perhaps a stream.
struct Given {
    first: std::vec::IntoIter<Bytes>,
    rest: Option<RestOfOne>,
}

impl Given {
    fn new(first: Vec<Bytes>, rest: Option<RestOfOne>) -> Self {
        Self {
            first: first.into_iter(),
            rest,
        }
    }
}

impl Stream for Given {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match (this.first.next(), &this.rest) {
            (Some(bytes), _) => Poll::Ready(Some(Ok(bytes))),
            (None, Some(rest)) => rest.poll_next(context),
            (None, None) => Poll::Ready(None),
        }
    }
}

/// A stream that is read once, by one attempt.
#[derive(Clone)]
struct Rest(Arc<Mutex<RestState>>);

struct RestState {
    stream: BytesStream,
    is_ended: bool,
    /// True if an attempt has taken something.
    is_touched: bool,
    /// How many attempts there were; only the last one may take something.
    attempts: u32,
}

/// A stream as one attempt sees it.
struct RestOfOne {
    rest: Rest,
    attempt: u32,
}

impl Rest {
    fn new(stream: BytesStream) -> Self {
        Self(Arc::new(Mutex::new(RestState {
            stream,
            is_ended: false,
            is_touched: false,
            attempts: 0,
        })))
    }

    /// The next item, taken before there is any attempt.
    async fn first(&self) -> Option<Result<Bytes, BoxError>> {
        std::future::poll_fn(|context| self.lock().poll_next(context)).await
    }

    fn for_one_more(&self) -> RestOfOne {
        let mut state = self.lock();
        state.attempts += 1;
        RestOfOne {
            rest: self.clone(),
            attempt: state.attempts,
        }
    }

    fn is_touched(&self) -> bool {
        self.lock().is_touched
    }

    fn lock(&self) -> MutexGuard<'_, RestState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RestState {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        if self.is_ended {
            return Poll::Ready(None);
        }
        let item = ready!(self.stream.as_mut().poll_next(context));
        self.is_ended = item.is_none();
        Poll::Ready(item)
    }
}

impl RestOfOne {
    fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        let mut state = self.rest.lock();
        // A connection that was given up may still ask for a while.
        if state.attempts != self.attempt {
            return Poll::Ready(Some(Err("another attempt has begun".into())));
        }
        let item = ready!(state.poll_next(context));
        state.is_touched |= item.is_some();
        Poll::Ready(item)
    }
}
