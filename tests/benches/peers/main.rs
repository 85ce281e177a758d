//! Verifying and parsing webhooks, beside the vendor's SDKs for Python and JavaScript:
//! `cargo bench -p linq-tests --bench peers`.
//!
//! Installs the SDKs from PyPI and npm below `target`, unwraps the same signed deliveries with each, and prints
//! the time per event and how many of them came back as the type they are. `-- --payloads DIR` takes the payloads
//! from the `.json` files of a folder instead of the API document.
#![allow(clippy::print_stdout, reason = "the table is what it is run for")]

use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};
use std::{env, fs};

use linq_testing::document;
use linq_testing::webhook::parse;
use linq_types::WebhookEvent;
use linq_webhook::{Signer, Verifier};
use serde_json::{Value, json};

const PYTHON_SDK: &str = "linq-python[webhooks]==0.65.0";
const JAVASCRIPT_SDK: &str = "@linqapp/sdk@0.28.2";

const SECRET: &str = "whsec_YSBzZWNyZXQgb2YgdGhlIGJlbmNobWFyaywgMzIgYnl0ZXM=";

/// Each takes its turn so often, and the median counts.
const TURNS: usize = 5;

/// How often the deliveries are unwrapped in a turn.
const ROUNDS: usize = 2_000;
const PYTHON_ROUNDS: usize = 40;
const JAVASCRIPT_ROUNDS: usize = 500;

/// The events whose data has another shape in the payload version of 2025.
const RESHAPED: [&str; 4] = [
    "message.sent",
    "message.received",
    "message.read",
    "message.delivered",
];

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let bodies = bodies()?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    fs::create_dir_all(&folder)?;
    let python = install(
        Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"])
            .arg(folder.join("python"))
            .arg(PYTHON_SDK),
    );
    let javascript = install(
        Command::new("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
            .arg(folder.join("javascript"))
            .arg(JAVASCRIPT_SDK),
    );

    let peer = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
        folder.join(name).into_os_string()
    };
    let mut rows = [
        Row::new("linq-ext"),
        Row::new(PYTHON_SDK),
        Row::new(JAVASCRIPT_SDK),
    ];
    let deliveries = folder.join("deliveries.json");
    for _ in 0..TURNS {
        // Signed anew, since a signature holds for five minutes.
        let signed = signed(&bodies)?;
        fs::write(&deliveries, signed.to_string())?;
        let [ours, theirs_python, theirs_javascript] = &mut rows;
        ours.add(measured(&signed)?);
        if python {
            theirs_python.add(answer(
                Command::new("python3")
                    .arg(peer("peer.py"))
                    .arg(&deliveries)
                    .arg(PYTHON_ROUNDS.to_string())
                    .env("PYTHONPATH", folder.join("python")),
            )?);
        }
        if javascript {
            theirs_javascript.add(answer(
                Command::new("node")
                    .arg(peer("peer.mjs"))
                    .arg(&deliveries)
                    .arg(JAVASCRIPT_ROUNDS.to_string())
                    .arg(folder.join("javascript/node_modules")),
            )?);
        }
    }
    print(&rows, bodies.len());
    Ok(())
}

/// The payloads: of the document, or of the folder named on the command line.
fn bodies() -> Outcome<Vec<String>> {
    let mut arguments = env::args().skip_while(|argument| argument != "--payloads");
    if arguments.next().is_none() {
        let payloads = parse::payloads().into_iter();
        return payloads
            .map(|payload| Ok(String::from_utf8(payload.body)?))
            .collect();
    }
    let folder = arguments.next().ok_or("--payloads needs a folder")?;
    let entries: Result<Vec<_>, _> = fs::read_dir(&folder)?.collect();
    let mut paths: Vec<PathBuf> = entries?.iter().map(fs::DirEntry::path).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort();
    paths
        .iter()
        .map(|path| Ok(fs::read_to_string(path)?))
        .collect()
}

/// The payloads with the headers of a delivery, and the name of the type that each is.
fn signed(bodies: &[String]) -> Outcome<Value> {
    let signer = Signer::new(SECRET)?;
    let deliveries: Outcome<Vec<Value>> = bodies
        .iter()
        .map(|body| {
            let headers = signer.sign("msg_2f1c", SystemTime::now(), body)?;
            let headers: Result<serde_json::Map<_, _>, _> = headers
                .iter()
                .map(|(name, value)| value.to_str().map(|value| (name.to_string(), value.into())))
                .collect();
            let event: Value = serde_json::from_str(body)?;
            let key = event["event_type"].as_str().ok_or("an event has a type")?;
            let is_old = event["webhook_version"] == "2025-01-01";
            Ok(json!({
                "body": body,
                "headers": headers?,
                "variant": document::variant_name(key, is_old),
                "type": document::variant_name(key, is_old && RESHAPED.contains(&key)),
            }))
        })
        .collect();
    Ok(json!({ "secret": SECRET, "deliveries": deliveries? }))
}

/// One turn of ours.
fn measured(signed: &Value) -> Outcome<Value> {
    let verifier = Verifier::new(SECRET)?;
    let deliveries = signed["deliveries"].as_array().ok_or("a list")?;
    let mut taken = Vec::new();
    let mut right = 0;
    for delivery in deliveries {
        let headers = delivery["headers"].as_object().ok_or("headers")?;
        let headers: Outcome<http::HeaderMap> = headers
            .iter()
            .map(|(name, value)| Ok((name.parse()?, value.as_str().ok_or("text")?.parse()?)))
            .collect();
        let headers = headers?;
        let body = delivery["body"].as_str().ok_or("a body")?.as_bytes();
        let event = verifier.verify(&headers, body)?.parse()?;
        let variant = delivery["variant"].as_str().ok_or("a name")?;
        right += usize::from(is_variant(&event, variant));
        taken.push((headers, body));
    }
    let start = Instant::now();
    for _ in 0..ROUNDS {
        for (headers, body) in &taken {
            let delivery = verifier.verify(black_box(headers), black_box(*body))?;
            black_box(delivery.parse()?);
        }
    }
    let nanoseconds = start.elapsed().as_nanos() as f64 / (ROUNDS * taken.len()) as f64;
    Ok(json!({ "nanoseconds": nanoseconds, "right": right }))
}

fn is_variant(event: &WebhookEvent, variant: &str) -> bool {
    let shown = format!("{event:?}");
    shown.split('(').next() == Some(variant)
}

fn install(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

/// What a peer says of its turn.
fn answer(command: &mut Command) -> Outcome<Value> {
    let output = command.output()?;
    if !output.status.success() {
        let problem = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(problem.into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

struct Row {
    name: &'static str,
    nanoseconds: Vec<f64>,
    right: Option<u64>,
}

impl Row {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            nanoseconds: Vec::new(),
            right: None,
        }
    }

    fn add(&mut self, turn: Value) {
        self.nanoseconds.extend(turn["nanoseconds"].as_f64());
        self.right = turn["right"].as_u64();
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn print(rows: &[Row; 3], count: usize) {
    println!("{count} signed deliveries, medians of {TURNS} turns in one run");
    println!("{:32}{:>14}{:>10}  right type", "", "µs per event", "ratio");
    for row in rows {
        let turns = rows[0].nanoseconds.iter().zip(&row.nanoseconds);
        let ratio = median(turns.map(|(ours, theirs)| theirs / ours).collect());
        let (Some(nanoseconds), Some(ratio)) = (median(row.nanoseconds.clone()), ratio) else {
            println!("{:32}not installed", row.name);
            continue;
        };
        let right = match row.right {
            Some(right) => format!("{right} of {count}"),
            None => "a cast, none is checked".to_owned(),
        };
        println!(
            "{:32}{:14.2}{ratio:10.1}  {right}",
            row.name,
            nanoseconds / 1_000.0
        );
    }
}
