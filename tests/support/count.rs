//! Parses every webhook example once in the way it is told to, for counting instructions.
//!
//! `count typed`, `count event` or `count none`, and the number of rounds.

use std::process::ExitCode;

use linq_tests::parse;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let way = arguments.next().unwrap_or_default();
    let rounds = arguments
        .next()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(1);
    let Some(parse) = parse::way(&way) else {
        eprintln!("usage: count none|typed|event|value ROUNDS");
        return ExitCode::FAILURE;
    };
    let payloads = parse::payloads();
    for _ in 0..rounds {
        for payload in &payloads {
            parse(payload);
        }
    }
    ExitCode::SUCCESS
}
