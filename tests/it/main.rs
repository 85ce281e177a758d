//! Tests of what crosses the crates.

mod document;
mod tree;
