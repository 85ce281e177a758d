//! Deliveries of webhooks: signed, broken, and ways of accepting them that are measured.

pub mod broken;
pub mod deliver;
pub mod parse;
