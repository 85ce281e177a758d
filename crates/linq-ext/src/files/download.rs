//! Downloads of files that came with messages.

use std::fmt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use linq_client::BoxFuture;
use linq_client::bytes::{Bytes, BytesMut};
use linq_client::reqwest::header::{CONTENT_TYPE, LOCATION};
use linq_client::reqwest::{Response, Url};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::hosts::Hosts;
use super::retrying::{Failure, Retrying};
use crate::message::MAX_UPLOAD_BYTES;
use crate::retry::policy::Class;
use crate::{Error, Linq};

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// Longer than anything lasts.
const NO_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

const FAILED: &str = "the download failed";
const SILENT: &str = "the download timed out";
const TOO_LARGE: &str = "the file is larger than the limit of the download";
const UNWRITABLE: &str = "the downloaded file cannot be written";

impl Linq {
    /// Downloads a file, such as one that came with a message, by its `https` address.
    ///
    /// Only `cdn.linqapp.com` is asked, which has the files of messages, unless
    /// [another host is allowed](Download::allow_host); the API key is never sent along.
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
            max_retries: None,
            problem: None,
        }
    }
}

/// A download that has not begun: await it, save it with [`to_path`](Self::to_path), or take its bytes as they
/// come with [`stream`](Self::stream). Start with [`Linq::download`].
///
/// It is repeated from the beginning after lost connections, timeouts, 408, 429 and 5xx. Redirects are followed
/// within the hosts that are allowed, 5 at most.
///
/// # Errors
///
/// - [`Error::is_invalid_request`] if the address is none, not `https`, has a user name, or is on a host that is
///   not allowed; nothing was sent. (`http` will do for a client whose base URL is an `http` one too.)
/// - [`Error::status`] is what the server answered, such as 403 or 404 for an address that has expired.
/// - An error that says so if the file is too large, or a redirect leads to a host that is not allowed.
///
/// None of them holds the address.
#[must_use = "nothing is downloaded until the download is awaited, saved or streamed"]
pub struct Download {
    linq: Linq,
    url: String,
    hosts: Hosts,
    max_bytes: u64,
    timeout: Duration,
    max_retries: Option<u32>,
    problem: Option<&'static str>,
}

impl Download {
    /// The largest file that is taken, in bytes; 104,857,600 (100 MB) if not set, which is what the API takes.
    ///
    /// Where the server announces more, the download fails before anything is read, elsewhere at the limit.
    pub fn max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Allows one more host beside `cdn.linqapp.com`, such as `media.example.com`, or `media.example.com:8443`
    /// for a single port.
    pub fn allow_host(mut self, host: impl AsRef<str>) -> Self {
        if let Err(problem) = self.hosts.allow(host.as_ref()) {
            self.problem.get_or_insert(problem);
        }
        self
    }

    /// Allows every host, for addresses that come from no stranger.
    ///
    /// An address from outside can point into the network of the program that downloads it.
    pub fn allow_any_host(mut self) -> Self {
        self.hosts.allow_any();
        self
    }

    /// How long the server may be silent, before its answer and between two parts of it; 60 seconds if not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often the download may be repeated, in place of
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
        let (url, mut retrying) = self.begin()?;
        loop {
            match self.read(&url).await {
                Ok(file) => return Ok(file),
                Err(failure) => retrying.pause(failure).await?,
            }
        }
    }

    /// Downloads the file to disk, in place of one that may be there, and gives its size in bytes.
    ///
    /// It is written to a file with another name in the same directory, which takes the name only when it is
    /// complete, and is removed otherwise.
    ///
    /// # Errors
    ///
    /// See [`Download`]; also if the file cannot be written.
    #[must_use = "nothing is downloaded until it is awaited"]
    pub fn to_path(self, path: impl AsRef<Path>) -> BoxFuture<'static, Result<u64, Error>> {
        let path = path.as_ref().to_owned();
        Box::pin(async move {
            let (url, mut retrying) = self.begin()?;
            let part = Part::beside(&path)?;
            let size = loop {
                match self.write(&url, &part).await {
                    Ok(size) => break size,
                    Err(failure) => retrying.pause(failure).await?,
                }
            };
            part.rename(&path).await?;
            Ok(size)
        })
    }

    /// The bytes of the file as they come.
    ///
    /// The download begins when the stream is first polled. It is repeated only until the answer has begun;
    /// the stream ends after an error.
    pub fn stream(self) -> DownloadStream {
        let open = async move {
            let (url, mut retrying) = self.begin()?;
            loop {
                match self.open(&url).await {
                    Ok(reading) => return Ok(reading),
                    Err(failure) => retrying.pause(failure).await?,
                }
            }
        };
        DownloadStream(State::Opening(Box::pin(open)))
    }

    /// Checks what was given, and gives the address.
    fn begin(&self) -> Result<(Url, Retrying), Error> {
        if let Some(problem) = self.problem {
            return Err(Error::invalid_request(problem));
        }
        let refused = |problem| {
            Error::invalid_request(format!(
                "the address of the download cannot be used: {problem}"
            ))
        };
        let url = Url::parse(&self.url).map_err(|_| refused("it is not a URL"))?;
        self.hosts.check(&self.linq, &url).map_err(refused)?;
        let retrying = Retrying::new(&self.linq, Class::Read, self.max_retries);
        Ok((url, retrying))
    }

    /// One attempt, into memory.
    async fn read(&self, url: &Url) -> Result<Downloaded, Failure> {
        let mut reading = self.open(url).await?;
        let content_type = reading.content_type();
        let mut bytes = BytesMut::new();
        while let Some(chunk) = reading.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(Downloaded {
            bytes: bytes.freeze(),
            content_type,
        })
    }

    /// One attempt, to disk.
    async fn write(&self, url: &Url, part: &Part) -> Result<u64, Failure> {
        let unwritable = |error| Failure::lasting(unwritable(error));
        // Before anything is sent, since it fails where nothing can be written at all.
        let mut file = File::create(&part.path).await.map_err(unwritable)?;
        let mut reading = self.open(url).await?;
        while let Some(chunk) = reading.chunk().await? {
            file.write_all(&chunk).await.map_err(unwritable)?;
        }
        file.flush().await.map_err(unwritable)?;
        file.sync_all().await.map_err(unwritable)?;
        Ok(self.max_bytes - reading.left)
    }

    /// One attempt, as far as the beginning of the file.
    async fn open(&self, url: &Url) -> Result<Reading, Failure> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.get(url).await?;
            // An HTTP client of the caller's own may have followed redirects already.
            self.hosts
                .check(&self.linq, answer.url())
                .map_err(|_| misled(&answer))?;
            if let Some(location) = location(&answer) {
                self.hosts
                    .check(&self.linq, &location)
                    .map_err(|_| misled(&answer))?;
                url = location;
                continue;
            }
            if !answer.status().is_success() {
                let now = self.linq.clock().now();
                return Err(Failure::of_status(
                    FAILED,
                    answer.status(),
                    answer.headers(),
                    now,
                ));
            }
            if answer
                .content_length()
                .is_some_and(|length| length > self.max_bytes)
            {
                return Err(Failure::lasting(Error::other(TOO_LARGE)));
            }
            return Ok(Reading {
                answer,
                left: self.max_bytes,
                timeout: self.timeout,
            });
        }
        Err(Failure::lasting(Error::other(
            "the download is redirected again and again",
        )))
    }

    async fn get(&self, url: Url) -> Result<Response, Failure> {
        // The time is up when nothing comes any more, however long the whole takes.
        let answer = self.linq.http().get(url).timeout(NO_TIMEOUT).send();
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(answer) => answer.map_err(|error| Failure::of_transport(FAILED, error)),
            Err(_) => Err(Failure::lost(Error::timed_out(SILENT))),
        }
    }
}

/// Where an answer redirects to.
fn location(answer: &Response) -> Option<Url> {
    if !answer.status().is_redirection() {
        return None;
    }
    let location = answer.headers().get(LOCATION)?.to_str().ok()?;
    answer.url().join(location).ok()
}

fn misled(answer: &Response) -> Failure {
    let what = "the download is redirected to a host that is not allowed";
    Failure::lasting(Error::transfer_status(what, answer.status()))
}

fn unwritable(error: std::io::Error) -> Error {
    // The kind is one of a few fixed texts, and names no path.
    Error::other(format!("{UNWRITABLE}: {}", error.kind())).with_source(error)
}

impl IntoFuture for Download {
    type Output = Result<Downloaded, Error>;
    type IntoFuture = BoxFuture<'static, Result<Downloaded, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// Without the address.
impl fmt::Debug for Download {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Download")
            .field("hosts", &self.hosts)
            .field("max_bytes", &self.max_bytes)
            .field("timeout", &self.timeout)
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
    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The file, alone.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// What the server calls it, such as `image/jpeg`; the content may be something else.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }
}

/// Without the bytes.
impl fmt::Debug for Downloaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Downloaded")
            .field("bytes", &self.bytes.len())
            .field("content_type", &self.content_type)
            .finish()
    }
}

/// The bytes of a file as they come; start with [`Download::stream`].
///
/// It reads no further than it is polled, and ends after the first error. Errors are those of [`Download`].
#[must_use = "nothing is downloaded until the stream is polled"]
pub struct DownloadStream(State);

enum State {
    Opening(BoxFuture<'static, Result<Reading, Error>>),
    Reading(BoxFuture<'static, Result<Option<(Bytes, Reading)>, Error>>),
    Ended,
}

impl Stream for DownloadStream {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let (state, item) = match &mut self.0 {
                State::Opening(open) => match ready!(open.as_mut().poll(context)) {
                    Ok(reading) => (State::Reading(Box::pin(reading.next())), None),
                    Err(error) => (State::Ended, Some(Err(error))),
                },
                State::Reading(next) => match ready!(next.as_mut().poll(context)) {
                    Ok(Some((bytes, reading))) => {
                        (State::Reading(Box::pin(reading.next())), Some(Ok(bytes)))
                    }
                    Ok(None) => (State::Ended, None),
                    Err(error) => (State::Ended, Some(Err(error))),
                },
                State::Ended => return Poll::Ready(None),
            };
            self.0 = state;
            if item.is_some() {
                return Poll::Ready(item);
            }
        }
    }
}

impl fmt::Debug for DownloadStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DownloadStream")
            .finish_non_exhaustive()
    }
}

/// A file whose bytes are coming in.
struct Reading {
    answer: Response,
    /// Bytes that may still come.
    left: u64,
    timeout: Duration,
}

impl Reading {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let chunk = match tokio::time::timeout(self.timeout, self.answer.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| Failure::of_transport(FAILED, error))?,
            Err(_) => return Err(Failure::lost(Error::timed_out(SILENT))),
        };
        let length = chunk.as_ref().map_or(0, Bytes::len) as u64;
        match self.left.checked_sub(length) {
            Some(left) => self.left = left,
            None => return Err(Failure::lasting(Error::other(TOO_LARGE))),
        }
        Ok(chunk)
    }

    /// The next chunk of a stream, with what is needed for the one after it.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        match self.chunk().await {
            Ok(chunk) => Ok(chunk.map(|chunk| (chunk, self))),
            Err(failure) => Err(failure.into_error()),
        }
    }

    fn content_type(&self) -> Option<String> {
        let value = self.answer.headers().get(CONTENT_TYPE)?;
        value.to_str().ok().map(str::to_owned)
    }
}

/// A file that is not complete; it is removed unless it gets its name.
struct Part {
    path: PathBuf,
    is_renamed: bool,
}

impl Part {
    fn beside(path: &Path) -> Result<Self, Error> {
        let Some(name) = path.file_name() else {
            return Err(Error::invalid_request(
                "the path of the download names no file",
            ));
        };
        let mut part = std::ffi::OsString::from(".");
        part.push(name);
        part.push(format!(".{}.part", Uuid::new_v4().simple()));
        Ok(Self {
            path: path.with_file_name(part),
            is_renamed: false,
        })
    }

    async fn rename(mut self, path: &Path) -> Result<(), Error> {
        tokio::fs::rename(&self.path, path)
            .await
            .map_err(unwritable)?;
        self.is_renamed = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_renamed {
            // There may be none yet, and nobody to tell if it stays.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
