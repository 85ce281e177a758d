//! Where the bytes of an upload come from.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt, TryStreamExt};
use linq_client::bytes::Bytes;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::content_type::HEAD_BYTES;
use crate::Error;

/// Size of the pieces in which a file is sent, and so the resolution of its progress.
const PIECE_BYTES: usize = 64 * 1024;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;
type BytesStream = BoxStream<'static, Result<Bytes, BoxError>>;
/// Called with the bytes sent, and the size of the file.
pub(super) type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// What is uploaded.
pub(super) enum Source {
    Path(PathBuf),
    Bytes(Bytes),
    /// `None` once it was sent.
    Stream(u64, Option<BytesStream>),
}

impl Source {
    pub(super) fn stream<S, B, E>(size: u64, stream: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        let stream = stream.map_ok(Into::into).map_err(Into::into);
        Self::Stream(size, Some(stream.boxed()))
    }

    /// Returns the size, and the first bytes.
    pub(super) async fn inspect(&mut self) -> Result<(u64, Bytes), Error> {
        match self {
            Self::Path(path) => {
                let (file, size) = open(path).await?;
                let mut head = Vec::with_capacity(HEAD_BYTES);
                let read = file.take(HEAD_BYTES as u64).read_to_end(&mut head).await;
                read.map_err(|error| unreadable(path, error))?;
                Ok((size, head.into()))
            }
            Self::Bytes(bytes) => {
                let head = bytes.slice(..bytes.len().min(HEAD_BYTES));
                Ok((bytes.len() as u64, head))
            }
            Self::Stream(size, content) => {
                let Some(mut rest) = content.take() else {
                    return Ok((*size, Bytes::new()));
                };
                let (mut first, mut head) = (Vec::new(), Vec::new());
                while head.len() < HEAD_BYTES {
                    let next = rest.try_next().await;
                    let Some(bytes) = next.map_err(stream_failed)? else {
                        break;
                    };
                    head.extend(bytes.iter().take(HEAD_BYTES));
                    first.push(Ok(bytes));
                }
                let content_again = stream::iter(first).chain(rest.fuse()).boxed();
                *content = Some(content_again);
                Ok((*size, head.into()))
            }
        }
    }

    /// Returns the content from its beginning. A file is opened again for each attempt.
    async fn content(&mut self, size: u64) -> Result<BytesStream, Error> {
        match self {
            Self::Path(path) => {
                let (file, size_now) = open(path).await?;
                if size_now != size {
                    return Err(changed(path));
                }
                let content = ReaderStream::with_capacity(file, PIECE_BYTES);
                Ok(content.map_err(BoxError::from).boxed())
            }
            Self::Bytes(bytes) => {
                let mut rest = bytes.clone();
                let pieces = std::iter::from_fn(move || {
                    let piece = rest.split_to(rest.len().min(PIECE_BYTES));
                    (!piece.is_empty()).then_some(Ok(piece))
                });
                Ok(stream::iter(pieces).boxed())
            }
            Self::Stream(_, content) => content
                .take()
                .ok_or_else(|| Error::other("the stream of the file was already read")),
        }
    }

    /// True if the content can be sent again.
    pub(super) fn is_repeatable(&self) -> bool {
        !matches!(self, Self::Stream(..))
    }

    /// Returns a body of exactly `size` bytes, and what happens to it.
    pub(super) async fn body(
        &mut self,
        size: u64,
        progress: Option<Progress>,
    ) -> Result<
        (
            impl Stream<Item = Result<Bytes, BoxError>> + Send + use<>,
            Arc<Sent>,
        ),
        Error,
    > {
        let content = self.content(size).await?;
        let sent = Arc::new(Sent::default());
        let (failed, counted) = (Arc::clone(&sent), Arc::clone(&sent));
        let body = exactly(content, size)
            .map_err(move |fault| {
                let text = fault.to_string();
                *failed.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
                BoxError::from(text)
            })
            .inspect_ok(move |piece| {
                let piece = piece.len() as u64;
                let done = counted.bytes.fetch_add(piece, Ordering::Relaxed) + piece;
                if let Some(progress) = &progress {
                    progress(done, size);
                }
            });
        Ok((body, sent))
    }

    /// The error of content that could not be read, or was not of its size.
    pub(super) fn failed(&self, fault: Fault) -> Error {
        match (self, fault) {
            (Self::Path(path), Fault::Read(error)) => {
                Error::other(format!("cannot read the file {}", path.display())).with_source(error)
            }
            (Self::Path(path), _) => changed(path),
            (_, Fault::Read(error)) => stream_failed(error),
            (_, fault) => Error::other(format!(
                "the stream of the file does not have the size given: {fault}"
            )),
        }
    }
}

/// What happened to a body, for the sender of it.
#[derive(Default)]
pub(super) struct Sent {
    bytes: AtomicU64,
    fault: Mutex<Option<Fault>>,
}

impl Sent {
    /// Bytes that were passed to the connection.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Why the body broke off, if it did.
    pub(super) fn take_fault(&self) -> Option<Fault> {
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.take()
    }
}

/// Why a body broke off.
#[derive(Debug)]
pub(super) enum Fault {
    Read(BoxError),
    TooShort { size: u64, read: u64 },
    TooLong { size: u64 },
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(_) => formatter.write_str("it could not be read"),
            Self::TooShort { size, read } => {
                write!(formatter, "it ended after {read} of {size} bytes")
            }
            Self::TooLong { size } => write!(formatter, "it continued after {size} bytes"),
        }
    }
}

/// A stream of exactly `size` bytes, or of an error.
///
/// It stays one piece behind, so that no server receives all bytes of content that has more of them.
fn exactly(content: BytesStream, size: u64) -> impl Stream<Item = Result<Bytes, Fault>> + Send {
    let start = (content.fuse(), None, 0);
    stream::try_unfold(start, move |(mut content, mut held, mut read)| async move {
        loop {
            let piece: Option<Bytes> = content.try_next().await.map_err(Fault::Read)?;
            let Some(piece) = piece else {
                return match read < size {
                    true => Err(Fault::TooShort { size, read }),
                    false => Ok(held.map(|last| (last, (content, None, read)))),
                };
            };
            read += piece.len() as u64;
            if read > size {
                return Err(Fault::TooLong { size });
            }
            if piece.is_empty() {
                continue;
            }
            if let Some(ready) = held.replace(piece) {
                return Ok(Some((ready, (content, held, read))));
            }
        }
    })
}

/// Opens a file, and returns its size.
async fn open(path: &Path) -> Result<(File, u64), Error> {
    let open = async {
        // Checked first, since opening a named pipe waits for a writer.
        if !tokio::fs::metadata(path).await?.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        let file = File::open(path).await?;
        let size = file.metadata().await?.len();
        Ok((file, size))
    };
    open.await.map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::other(format!(
        "cannot read the file {}: {}",
        path.display(),
        error.kind()
    ))
    .with_source(error)
}

fn stream_failed(error: BoxError) -> Error {
    Error::other("the stream of the file failed").with_source(error)
}

fn changed(path: &Path) -> Error {
    Error::other(format!(
        "the file {} changed its size during the upload",
        path.display()
    ))
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Path(_) => "Path",
            Self::Bytes(_) => "Bytes",
            Self::Stream(..) => "Stream",
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};
    use linq_client::bytes::Bytes;

    use super::exactly;

    /// The lengths of the pieces, and the error after them.
    async fn run(lengths: &[usize], size: u64) -> (Vec<usize>, Option<String>) {
        let items: Vec<_> = lengths
            .iter()
            .map(|length| Ok(Bytes::from(vec![7; *length])))
            .collect();
        let (mut pieces, mut fault) = (Vec::new(), None);
        let mut body = Box::pin(exactly(stream::iter(items).boxed(), size));
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) => pieces.push(piece.len()),
                Err(found) => fault = Some(found.to_string()),
            }
        }
        (pieces, fault)
    }

    #[tokio::test]
    async fn content_of_the_right_size_passes() {
        assert_eq!(run(&[7, 0, 3], 10).await, (vec![7, 3], None));
        assert_eq!(run(&[], 0).await, (vec![], None));
    }

    #[tokio::test]
    async fn other_content_fails_before_its_last_piece() {
        let (pieces, fault) = run(&[3, 4], 8).await;
        assert_eq!(pieces, [3]);
        assert_eq!(fault.as_deref(), Some("it ended after 7 of 8 bytes"));
        for lengths in [&[3, 6][..], &[3, 5, 1], &[9], &[3, 5, 0, 1]] {
            let (pieces, fault) = run(lengths, 8).await;
            assert!(pieces.iter().sum::<usize>() < 8, "{lengths:?}");
            let fault = fault.as_deref();
            assert_eq!(fault, Some("it continued after 8 bytes"), "{lengths:?}");
        }
    }
}
