//! Webhooks: verification, one view of what came in, and deduplication, without an HTTP client.
