//! Takes every webhook example in once in the way it is told to, for counting instructions.
//!
//! `count WAY ROUNDS`, where the way is one of `parse::way` or `deliver::way`.

use std::process::ExitCode;

use linq_testing::webhook::{deliver, parse};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let way = arguments.next().unwrap_or_default();
    let rounds = arguments
        .next()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(1);
    if let Some(parse) = parse::way(&way) {
        let payloads = parse::payloads();
        (0..rounds).for_each(|_| payloads.iter().for_each(parse));
    } else if let Some(deliver) = deliver::way(&way) {
        let deliveries = deliver::examples();
        (0..rounds).for_each(|_| deliveries.iter().for_each(deliver));
    } else {
        eprintln!(
            "usage: count typed|event|value|untagged|hmac|verify|hmac+typed|verify+parse ROUNDS"
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
