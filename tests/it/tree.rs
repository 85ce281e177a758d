//! `linq-types` brings in little, and nothing that talks to a network; nor does `linq-ext` for webhooks alone.

use std::collections::BTreeSet;
use std::process::{Command, Output};

/// What one package may bring in, itself included.
const MOST_PACKAGES: usize = 20;
/// What is not to be among them.
const NETWORK: [&str; 7] = [
    "reqwest",
    "hyper",
    "tokio",
    "rustls",
    "openssl",
    "native-tls",
    "http",
];

/// Runs cargo in the workspace, without the network.
fn cargo(arguments: &[&str]) -> Output {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
        .args(arguments)
        .args(["--locked", "--offline"])
        .current_dir(linq_testing::document::root())
        .output()
        .expect("cargo runs")
}

/// The names of the packages that a package brings in, itself included.
fn packages(package: &str, more: &[&str]) -> BTreeSet<String> {
    let tree = ["tree", "-p", package, "-e", "normal", "--prefix", "none"];
    let output = cargo(&[&tree[..], more].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let text = String::from_utf8(output.stdout).expect("cargo writes text");
    text.lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

/// Whether cargo knows all packages without asking for them.
fn is_ready() -> bool {
    let metadata = cargo(&["metadata", "--format-version", "1"]);
    if !metadata.status.success() {
        eprintln!("skipped: cargo cannot tell the packages without the network");
    }
    metadata.status.success()
}

#[test]
fn linq_types_brings_in_little() {
    if !is_ready() {
        return;
    }
    for more in [&[][..], &["--all-features"][..]] {
        let packages = packages("linq-types", more);
        assert!(packages.contains("linq-types") && packages.contains("serde"));
        assert!(packages.len() <= MOST_PACKAGES, "{packages:?}");
        let network: Vec<_> = NETWORK.iter().filter(|n| packages.contains(**n)).collect();
        assert!(network.is_empty(), "{network:?}");
    }
}

#[test]
fn webhooks_alone_bring_in_no_network() {
    if !is_ready() {
        return;
    }
    let webhook = ["--no-default-features", "--features", "webhook"];
    let packages = packages("linq-ext", &webhook);
    assert!(packages.contains("linq-ext") && packages.contains("hmac"));
    // `http` has the types of headers, and no more.
    let network = NETWORK.iter().filter(|name| **name != "http");
    let network: Vec<_> = network.filter(|name| packages.contains(**name)).collect();
    assert!(network.is_empty(), "{network:?}");
}

/// The other way round: what is looked for is found where it is.
#[test]
fn linq_client_brings_in_the_network() {
    if is_ready() {
        assert!(packages("linq-client", &[]).contains("reqwest"));
    }
}
