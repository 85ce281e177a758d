//! The tests of this crate, one module for each part of it.

mod answers;
mod configuration;
mod every_operation;
mod hooks;
mod limits;
mod no_type_twice;
mod operations;
mod options;
mod requests;
mod support;
