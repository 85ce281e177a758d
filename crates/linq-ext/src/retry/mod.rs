//! Retries: which requests are sent again, when, and how often.

pub(crate) mod attempts;
pub(crate) mod backoff;
pub(crate) mod clock;
pub(crate) mod policy;
