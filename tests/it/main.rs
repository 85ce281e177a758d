//! Tests of what crosses the crates.

mod document;
mod imports;
mod tree;
