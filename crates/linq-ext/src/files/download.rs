//! Downloads of files that came with messages.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use futures_util::stream::{BoxStream, try_unfold};
use linq_client::BoxFuture;
use linq_client::bytes::{Bytes, BytesMut};
use linq_client::reqwest::header::{CONTENT_TYPE, LOCATION};
use linq_client::reqwest::{Response, StatusCode, Url};
use tempfile::TempPath;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout_at};

use super::hosts::Hosts;
use super::transfer::{FOREVER, Failure, Retrying, after};
use crate::message::MAX_UPLOAD_BYTES;
use crate::retry::policy::Class;
use crate::{Error, Linq};

const MAX_REDIRECTS: usize = 5;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The slowest server to wait for, unless a deadline is set.
const MIN_BYTES_PER_SECOND: u64 = 128 * 1024;

const FAILED: &str = "the download failed";
const TOO_LARGE: &str = "the file is larger than the limit of the download";

impl Linq {
    /// Starts the download of a file, such as one that came with a message, by its `https` address.
    ///
    /// Only `cdn.linqapp.com`, which has the files of messages, is contacted, unless
    /// [another host is allowed](Download::allow_host). The API key is never sent.
    ///
    /// ```no_run
    /// # async fn example(linq: linq_ext::Linq, url: String) -> Result<(), linq_ext::Error> {
    /// let file = linq.download(&url).max_bytes(5_000_000).await?;
    /// println!("{} bytes of {:?}", file.bytes().len(), file.content_type());
    ///
    /// let size = linq.download(&url).to_path("photo.jpg").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn download(&self, url: impl Into<String>) -> Download {
        Download {
            linq: self.clone(),
            url: url.into(),
            hosts: Hosts::default(),
            max_bytes: MAX_UPLOAD_BYTES,
            timeout: DEFAULT_TIMEOUT,
            deadline: None,
            max_retries: None,
            problem: None,
        }
    }
}

/// A download that has not started: await it, save it with [`to_path`](Self::to_path), or read it with
/// [`stream`](Self::stream). Start with [`Linq::download`].
///
/// It is retried from the beginning after lost connections, timeouts, 408, 429 and 5xx. Redirects are followed
/// within the allowed hosts, at most 5.
///
/// # Errors
///
/// - [`Error::is_invalid_request`] if the address is not a URL, not `https`, has a user name, or is on a host that
///   is not allowed; nothing was sent. (`http` is accepted if the base URL of the client is an `http` one.)
/// - [`Error::status`] is the status of the response, such as 403 or 404 for an address that has expired. Only 200
///   is a success.
/// - An error that says so if the file is too large, or a redirect leads to a host that is not allowed.
/// - [`Error::is_timeout`] after the [timeout](Self::timeout) or the [deadline](Self::deadline).
///
/// None of them holds the address.
#[must_use = "nothing is downloaded until the download is awaited, saved or streamed"]
pub struct Download {
    linq: Linq,
    url: String,
    hosts: Hosts,
    max_bytes: u64,
    timeout: Duration,
    deadline: Option<Duration>,
    max_retries: Option<u32>,
    problem: Option<&'static str>,
}

impl Download {
    /// Sets the largest file to accept, in bytes; 104,857,600 (100 MB) if not set, as for uploads.
    ///
    /// If the server announces more, the download fails before anything is read, otherwise at the limit.
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Allows one more host in addition to `cdn.linqapp.com`, such as `media.example.com`, or
    /// `media.example.com:8443` for a single port.
    pub fn allow_host(mut self, host: impl AsRef<str>) -> Self {
        if let Err(problem) = self.hosts.allow(host.as_ref()) {
            self.problem.get_or_insert(problem);
        }
        self
    }

    /// Allows every host, for addresses from a trusted source.
    ///
    /// An address from outside can point into the network of the program that downloads it.
    pub fn allow_any_host(mut self) -> Self {
        self.hosts.allow_any();
        self
    }

    /// Sets how long the server may be silent, before its response and between two parts of it; 60 seconds if not
    /// set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long the download may take in total, with all attempts and pauses; if not set, a minute and a
    /// second for each 128 KiB of [`max_bytes`](Self::max_bytes).
    ///
    /// For a [stream](Self::stream) this includes the time in which it is not polled.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets how often the download may be retried, instead of
    /// [`LinqBuilder::max_retries`](crate::LinqBuilder::max_retries).
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = Some(max_retries);
        self
    }

    /// Downloads the file into memory.
    ///
    /// # Errors
    ///
    /// See [`Download`].
    pub async fn send(self) -> Result<Downloaded, Error> {
        let running = self.start()?;
        running.retried(|| Box::pin(running.read())).await
    }

    /// Downloads the file to disk, replacing one that may exist, and returns its size in bytes.
    ///
    /// It is written to a temporary file in the same directory, which is renamed once it is complete, and removed
    /// otherwise.
    ///
    /// # Errors
    ///
    /// See [`Download`]; also if the file cannot be written.
    #[must_use = "nothing is downloaded until it is awaited"]
    pub fn to_path(self, path: impl AsRef<Path>) -> BoxFuture<'static, Result<u64, Error>> {
        let path = path.as_ref().to_owned();
        Box::pin(async move {
            let running = self.start()?;
            running.retried(|| Box::pin(running.write(&path))).await
        })
    }

    /// Returns the bytes of the file as they are received.
    ///
    /// The download starts when the stream is first polled. It is retried only until the response has started; the
    /// stream ends after an error.
    pub fn stream(self) -> DownloadStream {
        enum State {
            Start(Download),
            Body(Running, Box<Body>),
        }
        let chunks = try_unfold(State::Start(self), |state| async move {
            let (running, mut body) = match state {
                State::Body(running, body) => (running, body),
                State::Start(download) => {
                    let running = download.start()?;
                    let body = running.retried(|| Box::pin(running.open())).await?;
                    (running, Box::new(body))
                }
            };
            let chunk = body.chunk(&running).await.map_err(Failure::into_error)?;
            Ok(chunk.map(|chunk| (chunk, State::Body(running, body))))
        });
        DownloadStream(Box::pin(chunks))
    }

    fn start(self) -> Result<Running, Error> {
        if let Some(problem) = self.problem {
            return Err(Error::invalid_request(problem));
        }
        let refused = |problem| {
            Error::invalid_request(format!("cannot download from this address: {problem}"))
        };
        let url = Url::parse(&self.url).map_err(|_| refused("it is not a URL"))?;
        self.hosts.check(&self.linq, &url).map_err(refused)?;
        let seconds = self.max_bytes / MIN_BYTES_PER_SECOND;
        let total = self
            .deadline
            .unwrap_or_else(|| DEFAULT_TIMEOUT.saturating_add(Duration::from_secs(seconds)));
        Ok(Running {
            url,
            deadline: after(total),
            download: self,
        })
    }
}

/// A download that has started.
struct Running {
    download: Download,
    url: Url,
    deadline: Instant,
}

impl Running {
    /// Makes attempts until one succeeds, none is left, or the time is up.
    async fn retried<'a, T>(
        &'a self,
        mut attempt: impl FnMut() -> BoxFuture<'a, Result<T, Failure>>,
    ) -> Result<T, Error> {
        let Download {
            linq, max_retries, ..
        } = &self.download;
        let mut retrying = Retrying::new(linq, Class::Read, *max_retries);
        let attempts = async {
            loop {
                match attempt().await {
                    Ok(value) => return Ok(value),
                    Err(failure) => retrying.pause(failure).await?,
                }
            }
        };
        timeout_at(self.deadline, attempts)
            .await
            .unwrap_or_else(|_| Err(self.late()))
    }

    /// The error of a download that takes too long.
    fn late(&self) -> Error {
        Error::timed_out("the download did not finish before its deadline")
    }

    /// Waits for a part of the response.
    async fn within<T>(
        &self,
        part: impl Future<Output = Result<T, linq_client::reqwest::Error>>,
    ) -> Result<T, Failure> {
        let silence = after(self.download.timeout);
        match timeout_at(silence.min(self.deadline), part).await {
            Ok(part) => part.map_err(|error| Failure::of_transport(FAILED, error)),
            Err(_) if self.deadline <= silence => Err(Failure::permanent(self.late())),
            Err(_) => Err(Failure::lost(Error::timed_out("the download timed out"))),
        }
    }

    /// Sends the request, follows redirects, and returns the body of the response.
    async fn open(&self) -> Result<Body, Failure> {
        let Download {
            linq,
            hosts,
            max_bytes,
            ..
        } = &self.download;
        let mut url = self.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            // Its time is limited here, and the limit of the HTTP client is for calls of the API.
            let request = linq.http().get(url).timeout(FOREVER);
            let response = self.within(request.send()).await?;
            let status = response.status();
            let misled = |_| {
                let what = "the download is redirected to a host that is not allowed";
                Failure::permanent(Error::transfer_status(what, status))
            };
            // A custom HTTP client may have followed redirects.
            hosts.check(linq, response.url()).map_err(misled)?;
            if let Some(location) = location(&response) {
                hosts.check(linq, &location).map_err(misled)?;
                url = location;
                continue;
            }
            if status.is_success() && status != StatusCode::OK {
                let what = "the server sent a part of the file or nothing";
                return Err(Failure::permanent(Error::transfer_status(what, status)));
            }
            if !status.is_success() {
                let now = linq.clock().now();
                return Err(Failure::of_status(FAILED, &response, now));
            }
            if response
                .content_length()
                .is_some_and(|length| length > *max_bytes)
            {
                return Err(Failure::permanent(Error::other(TOO_LARGE)));
            }
            return Ok(Body {
                response,
                left: *max_bytes,
            });
        }
        Err(Failure::permanent(Error::other(
            "the download is redirected too often",
        )))
    }

    async fn read(&self) -> Result<Downloaded, Failure> {
        let mut body = self.open().await?;
        let content_type = body.response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.map(str::to_owned);
        let mut bytes = BytesMut::new();
        while let Some(chunk) = body.chunk(self).await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(Downloaded {
            bytes: bytes.freeze(),
            content_type,
        })
    }

    async fn write(&self, path: &Path) -> Result<u64, Failure> {
        let unwritable = |error| Failure::permanent(unwritable(path, error));
        // Before anything is sent, since nothing can be written to some places.
        let (mut file, part) = part_file(path.to_owned()).await.map_err(unwritable)?;
        let mut body = self.open().await?;
        while let Some(chunk) = body.chunk(self).await? {
            file.write_all(&chunk).await.map_err(unwritable)?;
        }
        file.flush().await.map_err(unwritable)?;
        file.sync_all().await.map_err(unwritable)?;
        drop(file);
        let target = path.to_owned();
        let renamed = blocking(move || Ok(part.persist(target)?)).await;
        renamed.map_err(unwritable)?;
        Ok(self.download.max_bytes - body.left)
    }
}

/// Creates a temporary file next to the one that it becomes.
async fn part_file(path: PathBuf) -> io::Result<(File, TempPath)> {
    let part = blocking(move || {
        let no_name = || io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name");
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(path.file_name().ok_or_else(no_name)?);
        let directory = match path.parent() {
            Some(directory) if !directory.as_os_str().is_empty() => directory,
            _ => Path::new("."),
        };
        // Opened like any other file: temporary files are for their owner alone otherwise.
        let open = |path: &Path| std::fs::File::create_new(path);
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix(&prefix).suffix(".part");
        Ok(builder.make_in(directory, open)?.into_parts())
    });
    let (file, part) = part.await?;
    Ok((File::from_std(file), part))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other)?
}

/// Where a response redirects to.
fn location(response: &Response) -> Option<Url> {
    if !response.status().is_redirection() {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    response.url().join(location).ok()
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    let (path, kind) = (path.display(), error.kind());
    Error::other(format!("cannot write the file {path}: {kind}")).with_source(error)
}

/// The body of a response.
struct Body {
    response: Response,
    /// Bytes that may still be received.
    left: u64,
}

impl Body {
    async fn chunk(&mut self, running: &Running) -> Result<Option<Bytes>, Failure> {
        let chunk = running.within(self.response.chunk()).await?;
        let length = chunk.as_ref().map_or(0, Bytes::len) as u64;
        match self.left.checked_sub(length) {
            Some(left) => self.left = left,
            None => return Err(Failure::permanent(Error::other(TOO_LARGE))),
        }
        Ok(chunk)
    }
}

impl IntoFuture for Download {
    type Output = Result<Downloaded, Error>;
    type IntoFuture = BoxFuture<'static, Result<Downloaded, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

// Without the address.
impl fmt::Debug for Download {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Download")
            .field("hosts", &self.hosts)
            .field("max_bytes", &self.max_bytes)
            .field("timeout", &self.timeout)
            .field("deadline", &self.deadline)
            .field("max_retries", &self.max_retries)
            .finish_non_exhaustive()
    }
}

/// A file that was downloaded.
#[derive(Clone, PartialEq, Eq)]
pub struct Downloaded {
    bytes: Bytes,
    content_type: Option<String>,
}

impl Downloaded {
    /// Returns the content of the file.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Converts into the content of the file.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// Returns the content type that the server reports, such as `image/jpeg`; the content may be something else.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }
}

// Without the content.
impl fmt::Debug for Downloaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Downloaded")
            .field("bytes", &self.bytes.len())
            .field("content_type", &self.content_type)
            .finish()
    }
}

/// The bytes of a file as they are received; start with [`Download::stream`].
///
/// It reads no further than it is polled, and ends after the first error. Errors are those of [`Download`].
#[must_use = "nothing is downloaded until the stream is polled"]
pub struct DownloadStream(BoxStream<'static, Result<Bytes, Error>>);

impl Stream for DownloadStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for DownloadStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DownloadStream")
            .finish_non_exhaustive()
    }
}
