//! The tests of this crate, one module for each part of it.

mod accepted;
mod check_command;
mod determinism;
mod diff;
mod docs;
mod keywords;
mod known_defects;
mod mutations;
mod nothing_written;
mod operations;
mod overlay;
mod refused;
mod support;
mod type_mutations;
mod type_names;
mod types;
mod update;
mod webhooks;
