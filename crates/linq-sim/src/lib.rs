//! A Linq on your own machine.
mod api;
mod error;
mod validate;
mod world;
