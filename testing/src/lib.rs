//! What the tests of several crates share: one server that plays a script, one clock, and one corpus: the API
//! document with its examples, responses of the API, and deliveries of webhooks.

pub mod compare;
pub mod document;
pub mod install;
pub mod log;
pub mod operations;
pub mod redis;
pub mod responses;
pub mod server;

#[cfg(feature = "ext")]
pub mod clock;
#[cfg(feature = "ext")]
pub mod hook;
#[cfg(feature = "webhook")]
pub mod webhook;

include!(concat!(env!("OUT_DIR"), "/types.rs"));

/// The API key of every test, which must appear nowhere but in the header.
pub const API_KEY: &str = "key-4f7d2a";

/// Numbers that look random and are the same for a seed.
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// Creates the sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number (SplitMix64).
    #[allow(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        let next = self.next() % limit as u64;
        usize::try_from(next).unwrap_or_default()
    }

    /// Returns true or false.
    pub fn coin(&mut self) -> bool {
        self.next() & 1 == 1
    }
}
