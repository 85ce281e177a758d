//! What each crate brings in, and what it must not.

use std::collections::BTreeSet;
use std::process::Command;

use linq_testing::document::root;

/// What no crate but linq-client and its users links.
const NETWORK: &[&str] = &[
    "hyper",
    "native-tls",
    "openssl",
    "reqwest",
    "rustls",
    "tokio",
];

/// The names of the packages that a package links, itself included.
fn packages(package: &str, features: &[&str]) -> BTreeSet<String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--package", package, "--edges", "normal"])
        .args(["--prefix", "none", "--locked"])
        .args(features)
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).expect("cargo writes text");
    let names = text.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[track_caller]
fn assert_without(packages: &BTreeSet<String>, banned: &[&str]) {
    let found: Vec<_> = banned.iter().filter(|n| packages.contains(**n)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_types_bring_in_little_and_no_network() {
    for features in [&[][..], &["--all-features"]] {
        let packages = packages("linq-types", features);
        assert!(
            packages.contains("serde") && packages.len() <= 20,
            "{packages:?}"
        );
        assert_without(&packages, NETWORK);
        assert_without(&packages, &["http"]);
    }
}

#[test]
fn receiving_brings_in_no_client() {
    let bare = packages("linq-webhook", &["--no-default-features"]);
    assert!(bare.contains("hmac"));
    assert_without(&bare, NETWORK);
    let whole = packages("linq-webhook", &["--all-features"]);
    assert!(whole.contains("axum") && whole.contains("redis") && whole.contains("tokio"));
    assert_without(&whole, &["linq-client", "linq-ext", "reqwest", "rustls"]);
}

#[test]
fn sending_brings_in_nothing_of_receiving() {
    let packages = packages("linq-ext", &["--all-features"]);
    assert!(packages.contains("reqwest") && packages.contains("rustls"));
    assert_without(&packages, &["axum", "hmac", "linq-webhook", "redis"]);
}
