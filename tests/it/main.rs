//! Tests of what crosses the crates.

mod document;
mod document_facts;
mod tree;
mod vendor_suite;
