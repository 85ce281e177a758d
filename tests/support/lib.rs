//! What the integration tests share: the API document, its examples, and ways to parse them.

pub mod document;
pub mod parse;
