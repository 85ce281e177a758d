//! Reserving an upload, and sending the file to where the API says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use linq_client::reqwest::header::{CONTENT_LENGTH, DATE, HeaderMap, HeaderName, HeaderValue};
use linq_client::reqwest::{Body, Method, Request, Url};
use linq_types::{RequestUploadRequest, RequestUploadResultHttpMethod, SupportedContentType};
use uuid::Uuid;

use super::body::{Exact, Fate, Problem, Progress};
use super::hosts::is_private_enough;
use super::retrying::{Failure, Retrying};
use super::source::Prepared;
use crate::retry::policy::Class;
use crate::{Call, Error, Linq};

const FAILED: &str = "the upload of the file failed";
const REDIRECTED: &str = "the upload address leads elsewhere, which is not followed";

/// A reserved upload.
pub(super) struct Reservation {
    pub(super) id: Uuid,
    pub(super) download_url: String,
    upload_url: String,
    headers: BTreeMap<String, String>,
    is_put: bool,
    /// When the address stops working.
    deadline: SystemTime,
}

impl Reservation {
    pub(super) async fn new(
        linq: &Linq,
        file_name: &str,
        content_type: &SupportedContentType,
        size: u64,
        max_retries: Option<u32>,
    ) -> Result<Self, Error> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let request = RequestUploadRequest::new(file_name, content_type.clone(), size);
        let mut call = Call::new(linq, |client| {
            client.request_upload().body(request).prepare()
        });
        if let Some(max_retries) = max_retries {
            call = call.max_retries(max_retries);
        }
        let answer = call.send_with_response().await?;
        let now = linq.clock().now();
        let server_now = date(answer.headers()).unwrap_or(now);
        let reserved = answer.into_value();
        let expires_at = u64::try_from(reserved.expires_at.timestamp()).unwrap_or_default();
        // Counted by the clock of the server that set it, since the one here may be wrong.
        let left = (SystemTime::UNIX_EPOCH + Duration::from_secs(expires_at))
            .duration_since(server_now)
            .unwrap_or_default();
        Ok(Self {
            id: reserved.attachment_id,
            download_url: reserved.download_url,
            upload_url: reserved.upload_url,
            headers: reserved.required_headers,
            is_put: reserved.http_method == RequestUploadResultHttpMethod::Put,
            deadline: now + left,
        })
    }

    /// Where the file goes to, and with which headers.
    fn target(&self, linq: &Linq, size: u64) -> Result<(Url, HeaderMap), &'static str> {
        if !self.is_put {
            return Err("the API asks for another method than PUT");
        }
        let url = Url::parse(&self.upload_url).map_err(|_| "the upload address is not a URL")?;
        if !is_private_enough(linq, &url) {
            return Err("the upload address is not an https one");
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let unfit = |_| "the API asks for a header that cannot be sent";
            let name = HeaderName::try_from(name).map_err(|_| unfit(()))?;
            let mut value = HeaderValue::try_from(value).map_err(|_| unfit(()))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
        Ok((url, headers))
    }
}

/// When an answer was sent.
fn date(headers: &HeaderMap) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()
}

/// Sends the file, again and again if need be.
pub(super) async fn put(
    linq: &Linq,
    reservation: Reservation,
    content: &Prepared,
    timeout: Duration,
    max_retries: Option<u32>,
    progress: Option<Progress>,
) -> Result<(), Error> {
    let (url, headers) = reservation
        .target(linq, content.size)
        .map_err(Error::other)?;
    let mut retrying =
        Retrying::new(linq, Class::Idempotent, max_retries).until(reservation.deadline);
    loop {
        let mut request = Request::new(Method::PUT, url.clone());
        *request.headers_mut() = headers.clone();
        *request.timeout_mut() = Some(timeout);
        match attempt(linq, request, content, progress.clone()).await {
            Ok(()) => return Ok(()),
            Err(failure) if content.can_be_repeated() => retrying.pause(failure).await?,
            Err(failure) => retrying.pause(failure.made_lasting()).await?,
        }
    }
}

async fn attempt(
    linq: &Linq,
    mut request: Request,
    content: &Prepared,
    progress: Option<Progress>,
) -> Result<(), Failure> {
    let size = content.size;
    let stream = content.content().await.map_err(Failure::lasting)?;
    if let Some(progress) = &progress {
        progress(0, size);
    }
    let url = request.url().clone();
    let fate = Arc::new(Fate::default());
    // As a stream the body is sent once: an HTTP client that follows redirects cannot send it elsewhere.
    let body = Body::wrap_stream(Exact::new(stream, size, progress, Arc::clone(&fate)));
    *request.body_mut() = Some(body);
    let result = linq.http().execute(request).await;
    if let Some(problem) = fate.take_problem() {
        let what = match problem {
            Problem::Read(_) => content.unreadable(),
            Problem::TooShort { .. } | Problem::TooLong { .. } => content.wrong_size(),
        };
        return Err(Failure::lasting(Error::other(what).with_source(problem)));
    }
    let answer = result.map_err(|error| Failure::of_transport(FAILED, error))?;
    let status = answer.status();
    if status.is_redirection() || *answer.url() != url {
        let error = Error::transfer_status(REDIRECTED, status);
        return Err(Failure::lasting(error));
    }
    if !status.is_success() {
        let now = linq.clock().now();
        return Err(Failure::of_status(FAILED, status, answer.headers(), now));
    }
    if fate.done() != size {
        let what = "the upload was answered before the whole file was sent";
        return Err(Failure::lost(Error::transfer_status(what, status)));
    }
    Ok(())
}
