//! How often taking a webhook in asks for memory.

use allocation_counter::measure;
use linq_testing::webhook::deliver::{self, Delivery};

fn allocations(name: &str, delivery: &Delivery) -> u64 {
    let way = deliver::way(name).expect("the way exists");
    // The first time something is taken in, other things may be made that stay.
    way(delivery);
    measure(|| way(delivery)).count_total
}

#[test]
fn verification_asks_for_no_memory() {
    for delivery in deliver::examples() {
        assert_eq!(allocations("verify", &delivery), 0);
    }
    for bytes in [300, 10_000, 1_000_000] {
        assert_eq!(allocations("verify", &deliver::of_size(bytes)), 0);
    }
}

#[test]
fn parsing_asks_for_hardly_more_memory_than_the_types_do() {
    let deliveries = deliver::examples();
    let total = |name| {
        deliveries
            .iter()
            .map(|delivery| allocations(name, delivery))
            .sum::<u64>()
    };
    let (typed, parsed) = (total("hmac+typed"), total("verify+parse"));
    eprintln!(
        "{typed} allocations for {} typed payloads, {parsed} for verifying and parsing them",
        deliveries.len()
    );
    let more_each = (parsed - typed) as f64 / deliveries.len() as f64;
    assert!(more_each <= 1.0, "{more_each} more for each");
}
