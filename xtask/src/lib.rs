//! The generator of the Linq crates, and the chores of the repository.

pub mod command;
pub mod diff;
pub mod generate;
pub mod pointer;
pub mod problem;
pub mod skeleton;
