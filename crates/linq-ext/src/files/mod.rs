//! Files: uploads ahead of the messages that carry them, and downloads of what came in.
//!
//! Both go to other servers than the API, through an HTTP client that does not know the API key.

mod body;
mod content_type;
mod download;
mod hosts;
mod put;
mod ready;
mod retrying;
mod source;
mod upload;

pub use download::{Download, DownloadStream, Downloaded};
pub use upload::{Upload, Uploaded};
