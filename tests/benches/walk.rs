//! The most memory that a walk through 10,000 chats takes, and through 100,000, in pages of 100.
//!
//! `cargo bench -p linq-tests --bench walk`
//!
//! Each walk is a process of its own, and the server is another.
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::process::Command;
use std::time::Instant;

use linq_ext::Linq;
use linq_tests::loopback::{self, Loopback};
use tokio::runtime::Builder;

const PAGE: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve"] => loopback::serve(answer),
        ["walk", base_url, chats] => walk(base_url, chats.parse().expect("a number")),
        _ => {
            // `cargo test` runs benchmarks too, and without this word.
            let is_measured = arguments.contains(&"--bench");
            compare(if is_measured { 10_000 } else { 10 * PAGE });
        }
    }
}

/// A page of as many chats as the query's `total` says there are.
fn answer(line: &str) -> String {
    let number = |name: &str| {
        let value = line.split_once(name)?.1;
        let digits = value.split(|char: char| !char.is_ascii_digit()).next()?;
        digits.parse::<usize>().ok()
    };
    let from = number("cursor=").unwrap_or(0);
    let limit = number("limit=").expect("the size of the page is asked for");
    let total = number("total=").expect("the query says how many there are");
    let next = from + limit;
    loopback::page(
        from,
        limit.min(total - from),
        Some(next).filter(|next| *next < total),
    )
}

fn compare(few: usize) {
    let server = Loopback::start();
    let peak = |chats: usize| {
        let program = std::env::current_exe().expect("the program has a path");
        let output = Command::new(program)
            .args(["walk", &server.base_url(), &chats.to_string()])
            .output()
            .expect("the program starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the walk failed: {problem}");
        println!("{}", text.trim_end());
        let peak = text.split("peak ").nth(1)?.split(' ').next()?;
        peak.parse::<f64>().ok()
    };
    let (less, more) = (peak(few), peak(10 * few));
    match less.zip(more) {
        Some((less, more)) => println!("difference {:.2} MB", more - less),
        None => println!("no difference: the peaks are read from /proc, which is not here"),
    }
}

fn walk(base_url: &str, chats: usize) {
    let linq = Linq::builder()
        .api_key("4f7d2a90c1e5")
        .base_url(base_url)
        .build()
        .expect("all is valid");
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("there is a runtime");
    let start = Instant::now();
    let count = runtime.block_on(async {
        let total = chats.to_string();
        let mut stream = linq
            .list_chats()
            .page_size(PAGE)
            .query("total", total)
            .stream();
        let mut count = 0;
        while let Some(chat) = stream.next().await {
            assert_eq!(chat.expect("the server is well").handles.len(), 2);
            count += 1;
        }
        count
    });
    assert_eq!(count, chats, "every chat came");
    let peak = peak().map_or("unknown".to_owned(), |peak| format!("{peak:.2} MB"));
    println!("{chats} chats in {:.1?}, peak {peak}", start.elapsed());
}

/// The most memory of this process so far, in MB of 1,000,000 bytes.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1_000_000.0)
}
