//! Files: uploads for messages that carry them, and downloads of files that came with messages.
//!
//! Both use other servers than the API, through an HTTP client that does not send the API key.

mod content_type;
mod download;
mod hosts;
mod source;
mod transfer;
mod upload;

pub use download::{Download, DownloadStream, Downloaded};
pub use upload::{Upload, Uploaded};
