//! The tests of this crate, one module for each part of it.

mod answers;
mod configuration;
mod hooks;
mod limits;
mod operations;
mod options;
mod requests;
mod support;
