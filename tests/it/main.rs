//! Tests of what crosses the crates.

mod document;
mod document_facts;
mod imports;
mod tree;
mod vendor_suite;
