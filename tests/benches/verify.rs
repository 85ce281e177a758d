//! Taking webhooks in: verification beside the bare HMAC-SHA256, and verification with parsing beside the bare
//! HMAC-SHA256 with parsing straight into the right struct; over the payloads of both dated versions, and over
//! payloads from 300 bytes to 1 MB.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use linq_testing::webhook::deliver::{self, Delivery};

const WAYS: [&str; 4] = ["hmac", "verify", "hmac+typed", "verify+parse"];

fn all(mut group: BenchmarkGroup<'_, WallTime>, deliveries: &[Delivery]) {
    let bytes = deliveries
        .iter()
        .map(|delivery| delivery.payload.body.len() as u64);
    group.throughput(Throughput::Bytes(bytes.sum()));
    for name in WAYS {
        let way = deliver::way(name).expect("the way exists");
        group.bench_function(name, |bencher| {
            bencher.iter(|| deliveries.iter().for_each(way));
        });
    }
    group.finish();
}

fn verify(criterion: &mut Criterion) {
    all(criterion.benchmark_group("examples"), &deliver::examples());
    for bytes in [300, 1_000, 10_000, 100_000, 1_000_000] {
        let delivery = deliver::of_size(bytes);
        let bytes = delivery.payload.body.len();
        all(
            criterion.benchmark_group(format!("{bytes} bytes")),
            &[delivery],
        );
    }
}

criterion_group!(benches, verify);
criterion_main!(benches);
