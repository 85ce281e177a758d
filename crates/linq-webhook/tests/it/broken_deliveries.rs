//! Each broken delivery gets the answer that is documented for it, and none panics.

use std::collections::BTreeSet;

use linq_testing::webhook::broken;

#[test]
fn every_kind_of_broken_delivery_gets_its_answer() {
    let all = broken::all();
    let kinds: BTreeSet<_> = all.iter().map(|broken| &broken.kind).collect();
    assert_eq!(kinds.len(), all.len(), "each kind is named once");
    assert!(kinds.len() >= 200, "{} kinds", kinds.len());
    let wrong: Vec<_> = all
        .iter()
        .filter_map(|broken| {
            let answer = broken.answer();
            let says = || format!("{}: {answer:?}, not {:?}", broken.kind, broken.answer);
            (answer != broken.answer).then(says)
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
