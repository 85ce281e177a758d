//! How much longer our ways take than the shortest ones: a table of ratios.
//!
//! The two ways take turns, a few hundred microseconds each, and the shortest turns are compared: what else the
//! machine does falls out.

use std::time::{Duration, Instant};

use linq_testing::webhook::deliver::{self, Delivery};
use linq_testing::webhook::parse::{self, Payload};

const TURNS: u32 = 400;
const TURN: Duration = Duration::from_micros(300);

/// The shortest time of one round of each way.
fn shortest<T>(inputs: &[T], ways: [fn(&T); 2]) -> [Duration; 2] {
    let once = Instant::now();
    inputs.iter().for_each(ways[0]);
    let rounds = (TURN.as_nanos() / once.elapsed().as_nanos().max(1)).max(1);
    let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
    let mut shortest = [Duration::MAX; 2];
    for _ in 0..TURNS {
        for (way, shortest) in ways.iter().zip(&mut shortest) {
            let start = Instant::now();
            (0..rounds).for_each(|_| inputs.iter().for_each(way));
            *shortest = start.elapsed().div_f64(rounds.into()).min(*shortest);
        }
    }
    shortest
}

#[allow(clippy::print_stdout, reason = "what it prints is what it is for")]
fn row<T>(what: &str, names: [&str; 2], inputs: &[T], way: impl Fn(&str) -> Option<fn(&T)>) {
    let ways = names.map(|name| way(name).expect("the way exists"));
    let [plain, ours] = shortest(inputs, ways);
    let ratio = ours.as_secs_f64() / plain.as_secs_f64();
    let [plain_name, name] = names;
    println!("{what:<24} {plain_name:<10} {plain:>10.2?}   {name:<12} {ours:>10.2?}   {ratio:.3}");
}

fn main() {
    let pairs = [["hmac", "verify"], ["hmac+typed", "verify+parse"]];
    let examples: Vec<Delivery> = deliver::examples();
    for pair in pairs {
        row("35 examples", pair, &examples, deliver::way);
    }
    let payloads: Vec<Payload> = parse::payloads();
    row("35 examples", ["typed", "event"], &payloads, parse::way);
    let payloads = parse::payloads_with_data_first();
    row(
        "35 examples, data first",
        ["typed", "event"],
        &payloads,
        parse::way,
    );
    for bytes in [300, 1_000, 10_000, 100_000, 1_000_000] {
        let delivery = [deliver::of_size(bytes)];
        let what = format!("{} bytes", delivery[0].payload.body.len());
        for pair in pairs {
            row(&what, pair, &delivery, deliver::way);
        }
    }
}
