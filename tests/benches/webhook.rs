//! Webhook parsing: `WebhookEvent::from_slice` beside parsing straight into the right struct, into
//! `serde_json::Value`, and into an untagged union, over the payloads of both dated versions.

use criterion::{Criterion, criterion_group, criterion_main};
use linq_testing::webhook::parse::{self, Payload};

fn all(criterion: &mut Criterion, group: &str, payloads: &[Payload], ways: &[&str]) {
    let mut group = criterion.benchmark_group(group);
    for name in ways {
        let way = parse::way(name).expect("the way exists");
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                for payload in payloads {
                    way(payload);
                }
            });
        });
    }
    group.finish();
}

fn webhook(criterion: &mut Criterion) {
    let ways = ["typed", "event", "value", "untagged"];
    all(criterion, "webhook", &parse::payloads(), &ways);
    all(
        criterion,
        "webhook, data first",
        &parse::payloads_with_data_first(),
        &["typed", "event"],
    );
}

criterion_group!(benches, webhook);
criterion_main!(benches);
