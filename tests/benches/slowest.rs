//! How long verification and parsing take over broken deliveries: the slowest kinds, the median of five runs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use linq_testing::webhook::broken::{self, Broken};

const SHOWN: usize = 10;

fn median(broken: &Broken) -> Duration {
    let mut times = [(); 5].map(|()| {
        let start = Instant::now();
        black_box(black_box(broken).answer());
        start.elapsed()
    });
    times.sort();
    times[times.len() / 2]
}

#[allow(clippy::print_stdout, reason = "what it prints is what it is for")]
fn main() {
    let all = broken::all();
    let mut times: Vec<_> = all.iter().map(|broken| (median(broken), broken)).collect();
    times.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
    println!("the slowest of {} kinds of broken deliveries:", all.len());
    for (time, broken) in times.iter().take(SHOWN) {
        println!("{:8.2} ms  {}", time.as_secs_f64() * 1e3, broken.kind);
    }
}
