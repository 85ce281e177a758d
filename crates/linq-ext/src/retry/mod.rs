//! Retries: what may be repeated, when, and with which key.

pub(crate) mod backoff;
pub(crate) mod clock;
pub(crate) mod hook;
pub(crate) mod key;
pub(crate) mod policy;
