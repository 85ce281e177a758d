//! Reading a body, up to a limit of bytes and of time.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use ::axum::body::{Body, Bytes, HttpBody};
use tokio::time::timeout;

use super::Rejection;

/// How long a body may take; who sends slower holds the place of one that is there at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads a body to its end.
pub(super) async fn read(body: Body, limit: usize) -> Result<Bytes, Rejection> {
    let is_announced = usize::try_from(body.size_hint().lower()).map_or(true, |size| size > limit);
    if is_announced {
        return Err(Rejection::TooLarge { limit });
    }
    let reading = timeout(PATIENCE, read_all(body, limit));
    reading.await.unwrap_or(Err(Rejection::TooSlow))
}

async fn read_all(mut body: Body, limit: usize) -> Result<Bytes, Rejection> {
    // Most bodies come in one piece, which is then not copied.
    let mut first = Bytes::new();
    let mut joined = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(frame) = frame else {
            return Err(Rejection::BrokenOff);
        };
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if piece.len() > limit - first.len().max(joined.len()) {
            return Err(Rejection::TooLarge { limit });
        }
        if first.is_empty() && joined.is_empty() {
            first = piece;
        } else {
            if joined.is_empty() {
                joined.extend_from_slice(&std::mem::take(&mut first));
            }
            joined.extend_from_slice(&piece);
        }
    }
    Ok(if joined.is_empty() {
        first
    } else {
        joined.into()
    })
}
