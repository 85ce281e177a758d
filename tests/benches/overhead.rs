//! Requests per second over loopback: linq-ext beside hand-written reqwest doing the same calls.
//!
//! `cargo bench -p linq-tests --bench overhead -- --pairs 20`
//!
//! Each pair is several processes: where the memory of one happens to lie makes one of the two faster by up to a
//! tenth for as long as it runs. Each process runs A B B A, in slices of a fraction of a second, so that what the
//! machine does beside it meets both alike. The server is a process too. Where there is `/proc`, the time on the
//! processor that the client took is printed as well, which does not depend on the server.
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use linq_client::reqwest::{self, header};
use linq_ext::Linq;
use linq_tests::loopback::{self, Loopback};
use linq_types::{ListChatsResult, SendMessageResponse};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const KEY: &str = "4f7d2a90c1e5";
const CHAT: &str = "3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13";
const TEXT: &str = "Your table is ready.";
/// How many chats a page has, as many as the API sends if nothing is said.
const PAGE: usize = 20;
const SLICE: Duration = Duration::from_millis(100);
/// How many processes a pair is.
const PARTS: usize = 4;

#[derive(Clone, Copy, Debug)]
enum Call {
    /// A GET of a page of chats, decoded.
    List,
    /// A POST of a message, with an idempotency key, and its answer decoded.
    Send,
}

#[derive(Clone, Copy, Debug)]
enum Contender {
    Linq = 0,
    Reqwest = 1,
}

/// What both contenders have at hand.
struct Clients {
    linq: Linq,
    http: reqwest::Client,
    base_url: String,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "serve") {
        let (page, sent) = (loopback::page(0, PAGE, Some(PAGE)), sent().to_string());
        return loopback::serve(move |line| {
            let is_list = line.starts_with("GET");
            if is_list { page.clone() } else { sent.clone() }
        });
    }
    if let Some(at) = arguments.iter().position(|argument| argument == "part") {
        return part(&arguments[at + 1..]);
    }
    // `cargo test` runs benchmarks too, and without this word.
    let is_measured = arguments.iter().any(|argument| argument == "--bench");
    let pairs = arguments.iter().position(|argument| argument == "--pairs");
    let pairs = pairs.and_then(|place| arguments.get(place + 1)?.parse().ok());
    let (pairs, slice) = if is_measured {
        (pairs.unwrap_or(20), SLICE)
    } else {
        (1, Duration::from_millis(1))
    };

    let server = Loopback::start();
    for concurrency in [1, 64] {
        for call in [Call::List, Call::Send] {
            compare(&server.base_url(), call, concurrency, pairs, slice);
        }
    }
}

/// Runs the pairs of one call, and prints them.
fn compare(base_url: &str, call: Call, concurrency: usize, pairs: usize, slice: Duration) {
    let count = Bench::new(base_url, call, concurrency).count(slice);
    println!("{call:?}, {concurrency} at a time, {count} requests in each run");
    let requests = 2 * PARTS * count;
    let mut ratios = Vec::new();
    let (mut linq, mut reqwest) = (Spent::default(), Spent::default());
    for pair in 1..=pairs {
        let (mut of_linq, mut of_reqwest) = (Spent::default(), Spent::default());
        for part in 0..PARTS {
            // A B B A, and the other way round in every second part.
            let first = if part % 2 == 0 { "linq" } else { "reqwest" };
            let numbers = [concurrency, count].map(|number| number.to_string());
            let output = Command::new(std::env::current_exe().expect("the program has a path"))
                .args(["part", base_url, &format!("{call:?}")])
                .args(numbers)
                .arg(first)
                .output()
                .expect("the program starts");
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            let [one, other]: [Spent; 2] =
                serde_json::from_slice(&output.stdout).expect("a part prints what it took");
            of_linq.add(one);
            of_reqwest.add(other);
        }
        let ratio = of_linq.wall.as_secs_f64() / of_reqwest.wall.as_secs_f64();
        println!(
            "  pair {pair:2}: linq-ext {:6.0}/s, reqwest {:6.0}/s, ratio {ratio:.3}",
            per_second(requests, of_linq.wall),
            per_second(requests, of_reqwest.wall)
        );
        ratios.push(ratio);
        linq.add(of_linq);
        reqwest.add(of_reqwest);
    }
    ratios.sort_by(f64::total_cmp);
    let (low, high) = (ratios[(pairs - 1) / 2], ratios[pairs / 2]);
    println!("  median ratio {:.3}", f64::midpoint(low, high));
    if let (Some(linq), Some(reqwest)) = (linq.processor, reqwest.processor) {
        let requests = u32::try_from(requests * pairs).expect("a run is short");
        println!(
            "  processor time per request: linq-ext {:.1?}, reqwest {:.1?}, ratio {:.3}",
            linq / requests,
            reqwest / requests,
            linq.as_secs_f64() / reqwest.as_secs_f64()
        );
    }
}

/// Runs a part of a pair, and prints what both contenders took.
fn part(arguments: &[String]) {
    let [base_url, call, concurrency, count, first] = arguments else {
        panic!("a part takes address, call, concurrency, count and who begins");
    };
    let call = if call == "List" {
        Call::List
    } else {
        Call::Send
    };
    let number = |text: &String| text.parse::<usize>().expect("it is a number");
    let (concurrency, count) = (number(concurrency), number(count));
    let order = match first.as_str() {
        "linq" => [Contender::Linq, Contender::Reqwest],
        _ => [Contender::Reqwest, Contender::Linq],
    };
    let bench = Bench::new(base_url, call, concurrency);
    // Connections and caches.
    for contender in order {
        bench.run(contender, count.div_ceil(4).max(concurrency));
    }
    let mut spent = [Spent::default(), Spent::default()];
    for contender in [order[0], order[1], order[1], order[0]] {
        spent[contender as usize].add(bench.run(contender, count));
    }
    println!(
        "{}",
        serde_json::to_string(&spent).expect("numbers are JSON")
    );
}

fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// What a run took.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Spent {
    wall: Duration,
    /// Of all threads of this process; `None` where there is no `/proc`.
    processor: Option<Duration>,
}

impl Default for Spent {
    fn default() -> Self {
        Self {
            wall: Duration::ZERO,
            processor: Some(Duration::ZERO),
        }
    }
}

impl Spent {
    fn add(&mut self, other: Self) {
        self.wall += other.wall;
        self.processor = self
            .processor
            .zip(other.processor)
            .map(|(one, two)| one + two);
    }
}

/// One call at one concurrency.
struct Bench {
    runtime: Runtime,
    clients: Arc<Clients>,
    call: Call,
    concurrency: usize,
}

impl Bench {
    fn new(base_url: &str, call: Call, concurrency: usize) -> Self {
        Self {
            runtime: Builder::new_multi_thread()
                .enable_all()
                .build()
                .expect("there is a runtime"),
            clients: Arc::new(clients(base_url)),
            call,
            concurrency,
        }
    }

    /// The number of requests that fill a slice.
    fn count(&self, slice: Duration) -> usize {
        let mut count = self.concurrency;
        loop {
            let linq = self.run(Contender::Linq, count);
            let reqwest = self.run(Contender::Reqwest, count);
            if linq.wall.min(reqwest.wall) >= slice {
                return count;
            }
            count *= 2;
        }
    }

    fn run(&self, contender: Contender, count: usize) -> Spent {
        let (call, each) = (self.call, count / self.concurrency);
        let processor = processor_time();
        let start = Instant::now();
        self.runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for _ in 0..self.concurrency {
                let clients = Arc::clone(&self.clients);
                tasks.spawn(async move {
                    for _ in 0..each {
                        match contender {
                            Contender::Linq => clients.with_linq(call).await,
                            Contender::Reqwest => clients.with_reqwest(call).await,
                        }
                    }
                });
            }
            tasks.join_all().await;
        });
        let wall = start.elapsed();
        let processor = processor
            .zip(processor_time())
            .map(|(start, end)| end.saturating_sub(start));
        Spent { wall, processor }
    }
}

/// The time on the processor of all threads of this process so far.
fn processor_time() -> Option<Duration> {
    let mut nanos = 0;
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        nanos += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanos))
}

fn clients(base_url: &str) -> Clients {
    let linq = Linq::builder()
        .api_key(KEY)
        .base_url(base_url)
        .build()
        .expect("all is valid");
    let http = reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .user_agent(concat!("linq-rs/", env!("CARGO_PKG_VERSION")))
        .timeout(Duration::from_secs(60))
        .build()
        .expect("all is valid");
    let base_url = base_url.to_owned();
    Clients {
        linq,
        http,
        base_url,
    }
}

impl Clients {
    async fn with_linq(&self, call: Call) {
        match call {
            Call::List => {
                let page = self.linq.list_chats().page_size(PAGE).await;
                assert_eq!(page.expect("the server is well").items.len(), PAGE);
            }
            Call::Send => {
                let sent = self.linq.chat(CHAT).message().text(TEXT).await;
                let sent = sent.expect("the server is well");
                assert_eq!(sent.message.parts.len(), 1);
            }
        }
    }

    /// The same calls as they are written without linq-ext.
    async fn with_reqwest(&self, call: Call) {
        match call {
            Call::List => {
                let url = format!("{}/v3/chats?limit={PAGE}", self.base_url);
                let page: ListChatsResult = self.answer(self.http.get(url)).await;
                assert_eq!(page.chats.len(), PAGE);
            }
            Call::Send => {
                let url = format!("{}/v3/chats/{CHAT}/messages", self.base_url);
                let request = self
                    .http
                    .post(url)
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(message().to_string());
                let sent: SendMessageResponse = self.answer(request).await;
                assert_eq!(sent.message.parts.len(), 1);
            }
        }
    }

    async fn answer<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> T {
        let body = request
            .header(header::ACCEPT, "application/json")
            .bearer_auth(KEY)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .expect("the server is well")
            .bytes()
            .await
            .expect("the body is whole");
        serde_json::from_slice(&body).expect("it is what is documented")
    }
}

fn message() -> Value {
    json!({
        "message": {
            "parts": [{ "type": "text", "value": TEXT }],
            "idempotency_key": uuid::Uuid::new_v4(),
        },
    })
}

fn sent() -> Value {
    json!({
        "chat_id": CHAT,
        "message": {
            "id": "c2497d1e-06fb-4a38-b5d2-9e140c7f83a5",
            "service": "iMessage",
            "parts": [{
                "type": "text", "value": TEXT, "text_decorations": null, "reactions": null,
            }],
            "sent_at": null,
            "created_at": "2026-04-14T18:02:11Z",
            "delivery_status": "pending",
            "is_read": false,
        },
    })
}
