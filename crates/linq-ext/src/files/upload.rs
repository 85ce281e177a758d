//! Uploads: a reservation at the API, and a PUT to where it says.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use linq_client::BoxFuture;
use linq_client::bytes::Bytes;
use linq_types::SupportedContentType;
use uuid::Uuid;

use super::body::Progress;
use super::put::{Reservation, put};
use super::source::Source;
use super::{content_type, ready};
use crate::message::check_upload;
use crate::{Error, Linq};

/// What an unknown file is, where the rules are off.
const ANY_BYTES: &str = "application/octet-stream";

/// How long an attempt may take, beside the time for its bytes.
const BASE_TIMEOUT: Duration = Duration::from_secs(60);
/// The slowest connection that is waited for: 100 MB take less than the 15 minutes of a reservation.
const SLOWEST_BYTES_PER_SECOND: u64 = 128 * 1024;

impl Linq {
    /// Uploads a file from disk, 1 byte to 100 MB, for messages that name its id.
    ///
    /// It is read in chunks, anew for each attempt, and never held in memory as a whole.
    ///
    /// ```no_run
    /// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
    /// use linq_ext::Message;
    ///
    /// let attachment = linq.upload_path("photo.jpg").await?;
    /// let message = Message::new().text("Look").media(attachment.id());
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_path(&self, path: impl AsRef<Path>) -> Upload {
        let path = path.as_ref();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Upload::new(self, name, Source::Path(path.to_owned()))
    }

    /// Uploads a file that is in memory, 1 byte to 100 MB; see [`upload_path`](Self::upload_path).
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

    /// Uploads a file from a stream of exactly `size` bytes, 1 byte to 100 MB.
    ///
    /// A stream cannot be read twice: the upload is repeated only as long as nothing has been taken from it
    /// beyond the first bytes, which tell the content type. Where that matters, and the file fits, use
    /// [`upload_bytes`](Self::upload_bytes) or [`upload_path`](Self::upload_path). A stream of more or fewer
    /// bytes is an error, and so is its own error, which is the [source](std::error::Error::source) then.
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
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
    {
        Upload::new(self, file_name.into(), Source::of_stream(size, stream))
    }
}

/// An upload that has not begun: await it, or give it options first.
///
/// Start with [`Linq::upload_path`], [`Linq::upload_bytes`] or [`Linq::upload_stream`]. Awaiting it checks name,
/// type and size, reserves the upload (`POST /v3/attachments`), and sends the file to the address that the API
/// names, with the headers that it asks for and without the API key.
///
/// The reservation takes no idempotency key, so it is repeated only if it surely did not arrive. Sending the
/// file is repeated after lost connections, timeouts, 408, 429 and 5xx, for as long as the reservation holds,
/// which is 15 minutes.
///
/// # Errors
///
/// - [`Error::is_invalid_message`] if name, type or size break a rule; nothing was sent.
/// - Any error of a call, if the reservation fails.
/// - [`Error::attachment_id`] is there if something failed after the reservation, or the file was
///   [not ready in time](Self::wait_until_ready).
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// use std::time::Duration;
///
/// let attachment = linq
///     .upload_path("IMG_0042")
///     .file_name("beach.heic")
///     .on_progress(|done, total| println!("{done} of {total} bytes"))
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
            max_retries: None,
            progress: None,
            ready_within: None,
        }
    }

    /// The name of the file for those who receive it, 1 to 255 characters; that of the path if not set.
    pub fn file_name(mut self, file_name: impl Into<String>) -> Self {
        self.file_name = file_name.into();
        self
    }

    /// The content type, such as `image/png`, in place of what the name and the first bytes of the file say.
    ///
    /// A file that is not of its type is refused by the API (5006), as are types that it does not list (5004).
    pub fn content_type(mut self, content_type: impl Into<SupportedContentType>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Leaves the judgement about name, type and size to the API.
    pub fn unchecked(mut self) -> Self {
        self.is_unchecked = true;
        self
    }

    /// How long each attempt at sending the file may take; a minute, and a second for each 128 KiB, if not set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How often the reservation and the sending of the file may be repeated, in place of
    /// [`LinqBuilder::max_retries`](crate::LinqBuilder::max_retries).
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = Some(max_retries);
        self
    }

    /// Calls a function with the bytes handed to the network so far, and the size of the file.
    ///
    /// It is called when an attempt begins, with 0, and then for every piece of 64 KiB at most; after an attempt
    /// that failed it begins again. It should return soon, since the upload waits for it.
    pub fn on_progress(mut self, progress: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }

    /// Waits until messages can use the file, at most this long after it is uploaded; no wait if not set.
    ///
    /// The API is asked for the attachment (`GET /v3/attachments/{id}`), with growing pauses up to 8 seconds,
    /// until it no longer answers 2007 or `pending`. A file that is not ready in time is an error with
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
    pub async fn send(self) -> Result<Uploaded, Error> {
        let content = self.source.prepare().await?;
        let content_type = self
            .content_type
            .or_else(|| content_type::detect(&self.file_name, &content.head))
            .unwrap_or_else(|| ANY_BYTES.into());
        let size = content.size;
        if !self.is_unchecked {
            check_upload(&self.file_name, &content_type, size)?;
        }
        content.check_size()?;
        let reserved = Reservation::new(
            &self.linq,
            &self.file_name,
            &content_type,
            size,
            self.max_retries,
        )
        .await?;
        let (id, download_url) = (reserved.id, reserved.download_url.clone());
        let transfer = async {
            let timeout = self.timeout.unwrap_or_else(|| timeout_of(size));
            put(
                &self.linq,
                reserved,
                &content,
                timeout,
                self.max_retries,
                self.progress,
            )
            .await?;
            match self.ready_within {
                Some(limit) => ready::wait(&self.linq, id, limit).await,
                None => Ok(()),
            }
        };
        transfer
            .await
            .map_err(|error| error.with_attachment_id(id))?;
        Ok(Uploaded {
            id,
            file_name: self.file_name,
            content_type,
            size,
            download_url,
        })
    }
}

/// A minute, and the time that the bytes take on a slow connection.
fn timeout_of(size: u64) -> Duration {
    BASE_TIMEOUT + Duration::from_secs(size / SLOWEST_BYTES_PER_SECOND)
}

impl IntoFuture for Upload {
    type Output = Result<Uploaded, Error>;
    type IntoFuture = BoxFuture<'static, Result<Uploaded, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// Without names, which say what a file is about.
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
            .field("max_retries", &self.max_retries)
            .field("ready_within", &self.ready_within)
            .finish_non_exhaustive()
    }
}

/// A file that was uploaded; [`Message::media`](crate::Message::media) takes its [id](Self::id).
///
/// It lasts until it is deleted, and can go with any number of messages; accounts with ephemeral storage lose it
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
    /// The id of the attachment.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The name of the file for those who receive it.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    /// The content type it was uploaded as.
    #[must_use]
    pub fn content_type(&self) -> &SupportedContentType {
        &self.content_type
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Where it can be fetched, by anybody who knows the address.
    ///
    /// Accounts with ephemeral storage get one that works for 15 minutes.
    #[must_use]
    pub fn download_url(&self) -> &str {
        &self.download_url
    }
}

/// Without the name and the address.
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
