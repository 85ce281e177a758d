//! Uploads: a reservation by the API, and a PUT to the address that it names.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::Stream;
use linq_client::bytes::Bytes;
use linq_client::reqwest::header::{CONTENT_LENGTH, DATE, HeaderMap, HeaderName, HeaderValue};
use linq_client::reqwest::{Body, Method, Request, Url};
use linq_client::{BoxFuture, operations};
use linq_types::{
    RequestUploadRequest, RequestUploadResult, RequestUploadResultHttpMethod, SupportedContentType,
};
use serde_json::Value;
use tokio::time::timeout_at;
use uuid::Uuid;

use super::content_type;
use super::hosts::is_secure;
use super::source::{BoxError, Progress, Source};
use super::transfer::{Failure, Retrying, after};
use crate::id::IntoId;
use crate::message::check_upload;
use crate::retry::backoff;
use crate::retry::policy::Class;
use crate::{Error, ErrorCode, Linq};

/// The type of an unknown file, where the rules are off.
const ANY_BYTES: &str = "application/octet-stream";

/// How long an attempt may take, in addition to the time for its bytes.
const BASE_TIMEOUT: Duration = Duration::from_secs(60);
/// The slowest connection to wait for: 100 MB take less than the 15 minutes of a reservation.
const MIN_BYTES_PER_SECOND: u64 = 128 * 1024;

const FAILED: &str = "the upload of the file failed";

impl Linq {
    /// Starts the upload of a file from disk, 1 byte to 100 MB, for messages that name its id.
    ///
    /// The file is read in pieces, again for each attempt, and never held in memory as a whole.
    ///
    /// ```no_run
    /// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
    /// use linq_ext::Message;
    ///
    /// let photo = linq.upload_path("photo.jpg").await?;
    /// let message = Message::new().text("Look").media(photo);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_path(&self, path: impl AsRef<Path>) -> Upload {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Upload::new(self, name.into_owned(), Source::Path(path.to_owned()))
    }

    /// Starts the upload of a file in memory, 1 byte to 100 MB; see [`upload_path`](Self::upload_path).
    ///
    /// ```no_run
    /// # async fn example(linq: linq_ext::Linq, chart: Vec<u8>) -> Result<(), linq_ext::Error> {
    /// let attachment = linq.upload_bytes("chart.png", chart).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_bytes(&self, file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Upload {
        Upload::new(self, file_name.into(), Source::Bytes(bytes.into()))
    }

    /// Starts the upload of a stream of exactly `size` bytes, 1 byte to 100 MB.
    ///
    /// A stream can be read only once, so sending it is not retried; where that matters, and the file fits, use
    /// [`upload_bytes`](Self::upload_bytes) or [`upload_path`](Self::upload_path). A stream of more or fewer bytes
    /// is an error. An error of the stream is the [source](std::error::Error::source) of the upload's error.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     linq: linq_ext::Linq,
    /// #     camera: impl futures_util::Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static,
    /// # ) -> Result<(), linq_ext::Error> {
    /// let attachment = linq.upload_stream("clip.mp4", 7_340_032, camera).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_stream<S, B, E>(
        &self,
        file_name: impl Into<String>,
        size: u64,
        stream: S,
    ) -> Upload
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes> + 'static,
        E: Into<BoxError> + 'static,
    {
        Upload::new(self, file_name.into(), Source::stream(size, stream))
    }
}

/// An upload that has not started: await it, or set options first.
///
/// Start with [`Linq::upload_path`], [`Linq::upload_bytes`] or [`Linq::upload_stream`]. Awaiting it checks name,
/// type and size, reserves the upload (`POST /v3/attachments`), and sends the file to the address that the API
/// names, with the headers that the API asks for and without the API key.
///
/// The reservation takes no idempotency key, so it is retried only if it was certainly not received. Sending the
/// file is retried after lost connections, timeouts, 408, 429 and 5xx, as long as the reservation is valid, which
/// is 15 minutes.
///
/// # Errors
///
/// - [`Error::is_invalid_message`] if name, type or size break a rule; nothing was sent.
/// - Any error of a call, if the reservation fails.
/// - [`Error::attachment_id`] is set if something failed after the reservation, or the file was
///   [not ready in time](Self::wait_until_ready).
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// use std::time::Duration;
///
/// let attachment = linq
///     .upload_path("IMG_0042")
///     .file_name("beach.heic")
///     .on_progress(|sent, total| println!("{sent} of {total} bytes"))
///     .wait_until_ready(Duration::from_secs(30))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is uploaded until the upload is awaited"]
pub struct Upload {
    linq: Linq,
    source: Source,
    file_name: String,
    content_type: Option<SupportedContentType>,
    is_unchecked: bool,
    timeout: Option<Duration>,
    deadline: Option<Duration>,
    max_retries: Option<u32>,
    progress: Option<Progress>,
    ready_within: Option<Duration>,
}

impl Upload {
    fn new(linq: &Linq, file_name: String, source: Source) -> Self {
        Self {
            linq: linq.clone(),
            source,
            file_name,
            content_type: None,
            is_unchecked: false,
            timeout: None,
            deadline: None,
            max_retries: None,
            progress: None,
            ready_within: None,
        }
    }

    /// Sets the file name that recipients see, 1 to 255 characters; that of the path if not set.
    pub fn file_name(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = file_name.into();
        self
    }

    /// Sets the content type, such as `image/png`, instead of detecting it from the name and the first bytes.
    ///
    /// The API refuses a file that does not match its type (5006), and types that it does not list (5004).
    pub fn content_type(mut self, content_type: impl AsRef<str>) -> Self {
        self.content_type = Some(content_type.as_ref().into());
        self
    }

    /// Skips the checks of name, type and size, so that the API decides.
    pub fn unchecked(mut self) -> Self {
        self.is_unchecked = true;
        self
    }

    /// Sets how long each attempt at sending the file may take; if not set, a minute and a second for each
    /// 128 KiB.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how long the upload may take in total, with reservation, attempts and pauses; no limit if not set.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets how often the reservation and the sending of the file may be retried, instead of
    /// [`LinqBuilder::max_retries`](crate::LinqBuilder::max_retries).
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = Some(max_retries);
        self
    }

    /// Calls a function with the number of bytes passed to the network so far, and the size of the file.
    ///
    /// It is called with 0 when an attempt starts, and then for every 64 KiB, or every item of a stream. It should
    /// return soon, since the upload waits for it.
    pub fn on_progress(mut self, progress: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    /// Waits until messages can use the file, at most this long after it is uploaded; no wait if not set.
    ///
    /// The API is asked for the attachment (`GET /v3/attachments/{id}`), with growing pauses up to 8 seconds,
    /// until it no longer responds with 2007 or `pending`. A file that is not ready in time is an error with
    /// [`Error::is_timeout`] and [`Error::attachment_id`]; it can become ready later.
    pub fn wait_until_ready(mut self, limit: Duration) -> Self {
        self.ready_within = Some(limit);
        self
    }

    /// Uploads the file.
    ///
    /// # Errors
    ///
    /// See [`Upload`].
    pub async fn send(mut self) -> Result<Uploaded, Error> {
        let deadline = after(self.deadline.unwrap_or(Duration::MAX));
        let late = |_| Error::timed_out("the upload did not finish before its deadline");
        let (size, head) = self.source.inspect().await?;
        let content_type = self
            .content_type
            .take()
            .or_else(|| content_type::detect(&self.file_name, &head))
            .unwrap_or_else(|| ANY_BYTES.into());
        if !self.is_unchecked {
            check_upload(&self.file_name, &content_type, size)?;
        }
        let reserving = timeout_at(deadline, self.reserve(&content_type, size));
        let (reserved, expires_at) = reserving.await.map_err(late)??;
        let id = reserved.attachment_id;
        let transfer = async {
            self.put(&reserved, expires_at, size).await?;
            match self.ready_within {
                Some(limit) => wait_until_ready(&self.linq, id, limit).await,
                None => Ok(()),
            }
        };
        let transferred = timeout_at(deadline, transfer).await;
        transferred
            .unwrap_or_else(|elapsed| Err(late(elapsed)))
            .map_err(|error| error.with_attachment_id(id))?;
        Ok(Uploaded {
            id,
            file_name: self.file_name,
            content_type,
            size,
            download_url: reserved.download_url,
        })
    }

    /// Reserves the upload, and returns when the reservation expires.
    async fn reserve(
        &mut self,
        content_type: &SupportedContentType,
        size: u64,
    ) -> Result<(RequestUploadResult, SystemTime), Error> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let request = RequestUploadRequest::new(&self.file_name, content_type.clone(), size);
        let mut call = self
            .linq
            .call(self.linq.api().request_upload().body(request));
        if let Some(max_retries) = self.max_retries {
            call = call.max_retries(max_retries);
        }
        let response = call.send_with_response().await?;
        let now = self.linq.clock().now();
        // By the clock of the server that set the time, since the local one may be wrong.
        let server_now = date(response.headers()).unwrap_or(now);
        let reserved = response.into_value();
        let expires_at = u64::try_from(reserved.expires_at.timestamp()).unwrap_or_default();
        let expires_at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(expires_at));
        let left = expires_at.and_then(|at| at.duration_since(server_now).ok());
        let expires_at = now.checked_add(left.unwrap_or_default()).unwrap_or(now);
        Ok((reserved, expires_at))
    }

    /// Sends the file, with retries.
    async fn put(
        &mut self,
        reserved: &RequestUploadResult,
        expires_at: SystemTime,
        size: u64,
    ) -> Result<(), Error> {
        let (url, headers) = target(&self.linq, reserved, size)?;
        let max_retries = match self.source.is_repeatable() {
            true => self.max_retries,
            false => Some(0),
        };
        let retrying = Retrying::new(&self.linq, Class::Idempotent, max_retries);
        let mut retrying = retrying.until(expires_at);
        loop {
            match self.attempt(&url, &headers, size).await {
                Ok(()) => return Ok(()),
                Err(failure) => retrying.pause(failure).await?,
            }
        }
    }

    async fn attempt(&mut self, url: &Url, headers: &HeaderMap, size: u64) -> Result<(), Failure> {
        let body = self.source.body(size, self.progress.clone()).await;
        let (body, sent) = body.map_err(Failure::permanent)?;
        if let Some(progress) = &self.progress {
            progress(0, size);
        }
        let mut request = Request::new(Method::PUT, url.clone());
        *request.headers_mut() = headers.clone();
        *request.timeout_mut() = Some(self.timeout.unwrap_or_else(|| timeout_of(size)));
        // A stream is sent once, so an HTTP client that follows redirects cannot send it elsewhere.
        *request.body_mut() = Some(Body::wrap_stream(body));
        let result = self.linq.http().execute(request).await;
        if let Some(fault) = sent.take_fault() {
            return Err(Failure::permanent(self.source.failed(fault)));
        }
        let response = result.map_err(|error| Failure::of_transport(FAILED, error))?;
        let status = response.status();
        if status.is_redirection() || response.url() != url {
            let what = "the upload address redirects, which is not followed";
            return Err(Failure::permanent(Error::transfer_status(what, status)));
        }
        if !status.is_success() {
            let now = self.linq.clock().now();
            return Err(Failure::of_status(FAILED, &response, now));
        }
        if sent.bytes() != size {
            let what = "the server responded before the whole file was sent";
            return Err(Failure::lost(Error::transfer_status(what, status)));
        }
        Ok(())
    }
}

/// Returns where the file goes, and with which headers.
fn target(
    linq: &Linq,
    reserved: &RequestUploadResult,
    size: u64,
) -> Result<(Url, HeaderMap), Error> {
    if reserved.http_method != RequestUploadResultHttpMethod::Put {
        return Err(Error::other("the API asks for another method than PUT"));
    }
    let mut url = Url::parse(&reserved.upload_url)
        .map_err(|_| Error::other("the upload address is not a URL"))?;
    if !is_secure(linq, &url) {
        return Err(Error::other("the upload address is not an https one"));
    }
    // It is not sent, and the response does not have it.
    url.set_fragment(None);
    let mut headers = HeaderMap::new();
    for (name, value) in &reserved.required_headers {
        let (name, value) = (HeaderName::try_from(name), HeaderValue::try_from(value));
        let (Ok(name), Ok(mut value)) = (name, value) else {
            return Err(Error::other("the API asks for a header that is invalid"));
        };
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    Ok((url, headers))
}

fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// A minute, and the time that the bytes take on a slow connection.
fn timeout_of(size: u64) -> Duration {
    BASE_TIMEOUT + Duration::from_secs(size / MIN_BYTES_PER_SECOND)
}

/// Requests the attachment until it is ready.
///
/// It is ready once the API returns it without the status `pending`. Nothing else of the response is read, and the
/// status may be missing, since the field is deprecated without a successor.
async fn wait_until_ready(linq: &Linq, id: Uuid, limit: Duration) -> Result<(), Error> {
    let clock = linq.clock();
    let start = clock.now();
    let (mut paused, mut requests) = (Duration::ZERO, 0);
    loop {
        requests += 1;
        let call = linq.get(format!("/v3/attachments/{id}")).max_retries(0);
        let error = match call.send().await {
            Ok(attachment) => match attachment.get("status").and_then(Value::as_str) {
                Some("pending") => None,
                Some("failed") => {
                    return Err(Error::other("the API could not process the uploaded file"));
                }
                _ => return Ok(()),
            },
            Err(error) => {
                let is_pending = error.code() == Some(ErrorCode::AttachmentNotReady);
                let error = error.with_operation(&operations::GET_ATTACHMENT);
                if !is_pending && !error.is_retryable() {
                    return Err(error);
                }
                Some(error)
            }
        };
        // The larger one: a clock can be set back, and time passes during requests too.
        let waited = paused.max(clock.now().duration_since(start).unwrap_or_default());
        let left = limit.saturating_sub(waited);
        if left.is_zero() {
            let late = Error::timed_out("the uploaded file was not ready in time");
            let late = late.with_attempts(requests);
            return Err(match error {
                Some(error) => late.with_source(error),
                None => late,
            });
        }
        let pause = error
            .and_then(|error| error.retry_after())
            .filter(|after| !after.is_zero())
            .unwrap_or_else(|| backoff::pause(requests, clock.jitter()))
            .min(left);
        clock.sleep(pause).await;
        paused += pause;
    }
}

impl IntoFuture for Upload {
    type Output = Result<Uploaded, Error>;
    type IntoFuture = BoxFuture<'static, Result<Uploaded, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

// Without the file name, which can be private.
impl fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Upload")
            .field("source", &self.source)
            .field(
                "content_type",
                &self.content_type.as_ref().map(SupportedContentType::as_str),
            )
            .field("is_unchecked", &self.is_unchecked)
            .field("timeout", &self.timeout)
            .field("deadline", &self.deadline)
            .field("max_retries", &self.max_retries)
            .field("ready_within", &self.ready_within)
            .finish_non_exhaustive()
    }
}

/// A file that was uploaded, for [`Message::media`](crate::Message::media) and everything else that takes the id of
/// an attachment.
///
/// It exists until it is deleted, and any number of messages can use it; accounts with ephemeral storage lose it
/// after a day or two.
#[derive(Clone, PartialEq, Eq)]
pub struct Uploaded {
    id: Uuid,
    file_name: String,
    content_type: SupportedContentType,
    size: u64,
    download_url: String,
}

impl Uploaded {
    /// Returns the id of the attachment.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Returns the file name that recipients see.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// Returns the content type.
    #[must_use]
    pub fn content_type(&self) -> &SupportedContentType {
        &self.content_type
    }

    /// Returns the size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the address of the file, which anybody can download it from.
    ///
    /// With ephemeral storage it is valid for 15 minutes.
    #[must_use]
    pub fn download_url(&self) -> &str {
        &self.download_url
    }
}

impl IntoId for Uploaded {
    fn into_id(self) -> String {
        self.id.to_string()
    }
}

impl IntoId for &Uploaded {
    fn into_id(self) -> String {
        self.id.to_string()
    }
}

// Without the name and the address.
impl fmt::Debug for Uploaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Uploaded")
            .field("id", &self.id)
            .field("content_type", &self.content_type.as_str())
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::timeout_of;
    use crate::message::MAX_UPLOAD_BYTES;

    #[test]
    fn the_longest_attempt_fits_into_the_reservation() {
        assert_eq!(timeout_of(1).as_secs(), 60);
        assert_eq!(timeout_of(MAX_UPLOAD_BYTES).as_secs(), 860);
    }
}
