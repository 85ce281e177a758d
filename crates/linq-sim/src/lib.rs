//! A Linq on your own machine: a simulator of the Linq Partner API V3, for every language, with a phone in the
//! browser.
//!
//! As a program, `linq-sim` serves the API and a page with a phone on it. As a library, it is a Linq for tests:
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sim = linq_sim::Sim::start().await?;
//! let linq = linq_ext::Linq::builder().api_key(sim.api_key()).base_url(sim.base_url()).build()?;
//!
//! let ana = sim.phone("+12025550101");
//! linq.create_chat(sim.line(), [ana.number()]).text("Your table is ready.").await?;
//! ana.expect_message("ready").await?;
//! ana.says("On my way!").await?;
//! # Ok(())
//! # }
//! ```
//!
//! State is in memory. Requests are validated against the API document; what the simulator does beyond it is on the
//! list in [`operations`].

mod api;
mod control;
mod error;
mod faults;
mod run;
mod server;
mod sim;
mod validate;
mod world;

pub use faults::{Fault, FaultKind};
pub use sim::{ClockControl, Phone, Sim, SimBuilder, SimError, operations};

/// Compiles and runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
