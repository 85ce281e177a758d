//! The tests of this crate, one module for each part of it.

mod conversation;
mod deliveries;
mod document;
mod faults;
mod rules;
mod support;
