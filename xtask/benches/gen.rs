//! How long generating takes in memory: for our document, and for one with ten times as many
//! schemas, operations and webhooks, so that the ratio of the two can be read.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Map, Value, json};
use xtask::command::{self, gen_command};
use xtask::generate::load::{self, Document};
use xtask::generate::overlay::{self, Whose};

/// How many times the larger document holds ours.
const COPIES: usize = 10;

fn main_benches(criterion: &mut Criterion) {
    let ours = ours(&command::root());
    let many = Document {
        name: ours.name.clone(),
        root: copies(&ours.root),
    };
    let mut group = criterion.benchmark_group("gen");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(10));
    for (name, document) in [("ours", &ours), ("ten_times_ours", &many)] {
        group.throughput(Throughput::Elements(schemas(&document.root) as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| generate(black_box(document)))
        });
    }
    group.finish();
}

/// Our document with its fix-ups applied, so that copies under other names keep them.
fn ours(root: &Path) -> Document {
    let mut document = load::load(&root.join(gen_command::DOCUMENT), gen_command::DOCUMENT)
        .expect("our document is sound");
    let text = std::fs::read_to_string(root.join(gen_command::OVERLAY)).expect("there is one");
    let fix_ups = load::parse(&text, gen_command::OVERLAY).expect("it is sound");
    overlay::apply(&mut document, &fix_ups, Whose::Ours).expect("they apply");
    document
}

fn generate(document: &Document) -> usize {
    let overlay = json!({ "overlay": "1.0.0", "actions": [] });
    let made = xtask::generate::generate(document.clone(), &overlay, Whose::Vendor, &mut |_, _| {});
    let files = made.expect("it is sound").files.0.len();
    // The parser keeps the text of all that it reads; left to grow, it would slow later rounds.
    proc_macro2::extra::invalidate_current_thread_spans();
    files
}

fn schemas(root: &Value) -> usize {
    root.pointer("/components/schemas")
        .and_then(Value::as_object)
        .map_or(0, Map::len)
}

/// A document that holds another several times, each copy under names of its own.
fn copies(source: &Value) -> Value {
    let mut whole = source.clone();
    for section in ["/paths", "/webhooks", "/components"] {
        if let Some(place) = whole.pointer_mut(section) {
            *place = json!({});
        }
    }
    for index in 0..COPIES {
        let mut copy = source.clone();
        rename(&mut copy, &format!("Copy{index}"));
        add(&mut whole["paths"], &copy["paths"], |path| {
            format!("/copy{index}{path}")
        });
        add(&mut whole["webhooks"], &copy["webhooks"], |key| {
            format!("copy{index}.{key}")
        });
        for (section, entries) in copy["components"].as_object().into_iter().flatten() {
            let place = &mut whole["components"];
            if place.get(section).is_none() {
                place[section] = json!({});
            }
            add(&mut place[section], entries, |key| {
                format!("Copy{index}{key}")
            });
        }
    }
    whole
}

fn add(place: &mut Value, entries: &Value, name: impl Fn(&str) -> String) {
    let place = place.as_object_mut().expect("an object");
    for (key, entry) in entries.as_object().into_iter().flatten() {
        place.insert(name(key), entry.clone());
    }
}

/// Gives references, operations and types names of a copy's own.
fn rename(value: &mut Value, prefix: &str) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object.iter_mut() {
                match (key.as_str(), inner) {
                    ("$ref", Value::String(target)) => *target = renamed(target, prefix),
                    ("operationId", Value::String(name)) => {
                        *name = format!("{}_{name}", prefix.to_lowercase());
                    }
                    ("x-rust-name", Value::String(name)) => *name = format!("{prefix}{name}"),
                    ("mapping", Value::Object(mapping)) => {
                        for target in mapping.values_mut() {
                            if let Value::String(text) = target {
                                *text = renamed(text, prefix);
                            }
                        }
                    }
                    (_, inner) => rename(inner, prefix),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, prefix)),
        _ => {}
    }
}

/// `#/components/schemas/Chat` as `#/components/schemas/Copy0Chat`.
fn renamed(reference: &str, prefix: &str) -> String {
    match reference.rsplit_once('/') {
        Some((section, name)) => format!("{section}/{prefix}{name}"),
        None => format!("{prefix}{reference}"),
    }
}

criterion_group!(benches, main_benches);
criterion_main!(benches);
