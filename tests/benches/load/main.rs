//! A load test of the webhook router on loopback: signed deliveries with duplicates, bad signatures, unknown
//! events and a handler that fails at times, and the end of the process in the middle of them.
//!
//! `cargo bench -p linq-tests --bench load` delivers 100,000 in each part; another number, and words that the
//! names of the parts have to hold, come after `--`. `cargo test` runs it with 2,000. What answers 5xx, or does
//! not answer, is delivered again, as Linq does it, only sooner.

mod client;
mod deliveries;
mod server;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use client::{Client, Report};
use deliveries::{Deliveries, Ledger};
use server::{Child, End, Settings};

/// How much memory the server may have used, in MiB; 100,000 remembered events are the most of it.
const MOST_MEMORY: u64 = 64;

/// One part of the test.
struct Part {
    name: &'static str,
    settings: Settings,
    connections: usize,
    /// One of how many deliveries are made.
    share: usize,
    /// How the server ends when half of the deliveries are answered, to start again after that.
    end: Option<End>,
}

const FAST: Settings = Settings {
    delay: Duration::ZERO,
    concurrency: 64,
    failures: true,
    answers_first: false,
};

const SLOW: Settings = Settings {
    delay: Duration::from_millis(20),
    ..FAST
};

const PARTS: [Part; 7] = [
    Part {
        name: "fast handler",
        settings: FAST,
        connections: 48,
        share: 1,
        end: None,
    },
    Part {
        name: "slow handler",
        settings: SLOW,
        connections: 48,
        share: 1,
        end: None,
    },
    Part {
        name: "too many at a time",
        settings: Settings {
            concurrency: 16,
            ..SLOW
        },
        connections: 256,
        share: 4,
        end: None,
    },
    Part {
        name: "TERM, fast handler",
        settings: FAST,
        connections: 48,
        share: 1,
        end: Some(End::Term),
    },
    Part {
        name: "TERM, answers first",
        settings: Settings {
            failures: false,
            answers_first: true,
            ..SLOW
        },
        connections: 48,
        share: 4,
        end: Some(End::Term),
    },
    Part {
        name: "KILL, fast handler",
        settings: FAST,
        connections: 48,
        share: 1,
        end: Some(End::Kill),
    },
    Part {
        name: "KILL, slow handler",
        settings: SLOW,
        connections: 48,
        share: 1,
        end: Some(End::Kill),
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((&"serve", settings)) = words(&arguments).split_first() {
        return server::serve(settings);
    }
    let number = arguments.iter().find_map(|word| word.parse().ok());
    let is_bench = arguments.iter().any(|word| word == "--bench");
    let number: usize = number.unwrap_or(if is_bench { 100_000 } else { 2_000 });
    let is_name = |word: &&String| !word.starts_with('-') && word.parse::<usize>().is_err();
    let names: Vec<_> = arguments.iter().filter(is_name).collect();
    eprintln!(
        "{:<22}{:>11}{:>8}{:>9}{:>9}{:>9}{:>9}{:>8}",
        "part", "deliveries", "per s", "p50 ms", "p99 ms", "again", "handled", "MiB"
    );
    for part in &PARTS {
        if names.iter().all(|name| part.name.contains(name.as_str())) {
            run(part, (number / part.share).max(100));
        }
    }
    ExitCode::SUCCESS
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

fn run(part: &Part, number: usize) {
    let log = log_file(part.name);
    let mut deliveries = Deliveries::new(number);
    let mut server = Child::start(&part.settings, &log);
    let start = Instant::now();
    let mut report = Report::default();
    if let Some(end) = part.end {
        let half = number / 2;
        let mut client = Client::new(&mut deliveries, server.port(), part.connections);
        let memory = Cell::new(None);
        report.add(client.run(half, || {
            memory.set(server.memory());
            server.end(end);
        }));
        report.note_memory(memory.get());
        server.wait(end);
        let ledger = Ledger::read(&log);
        deliveries.check_acknowledged(&ledger);
        if end == End::Term {
            ledger.check_each_once();
        }
        // The memory of the deduper ended with the process.
        deliveries.forget_duplicates_of_acknowledged();
        server = Child::start(&part.settings, &log);
    }
    let mut client = Client::new(&mut deliveries, server.port(), part.connections);
    report.add(client.run(usize::MAX, || {}));
    let elapsed = start.elapsed();
    report.note_memory(server.memory());
    server.end(End::Term);
    server.wait(End::Term);

    let ledger = Ledger::read(&log);
    deliveries.check_acknowledged(&ledger);
    deliveries.check_all(&ledger);
    // A process that is killed may have handled what it could not acknowledge.
    if part.end != Some(End::Kill) {
        ledger.check_each_once();
    }
    let memory = report.memory.map_or(0, |kib| kib / 1024);
    assert!(memory <= MOST_MEMORY, "{memory} MiB of memory");
    eprintln!(
        "{:<22}{:>11}{:>8.0}{:>9.2}{:>9.2}{:>9}{:>9}{:>8}",
        part.name,
        report.answers(),
        report.answers() as f64 / elapsed.as_secs_f64(),
        report.percentile(50),
        report.percentile(99),
        report.again,
        ledger.len(),
        memory,
    );
    std::fs::remove_file(&log).expect("it is ours");
}

/// Where the handler writes down what it has handled.
fn log_file(part: &str) -> PathBuf {
    let name = part.replace([' ', ','], "-");
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("load-{}-{name}", std::process::id()));
    std::fs::write(&path, "").expect("the target folder can be written to");
    path
}
