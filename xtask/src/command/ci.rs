//! `cargo xtask ci`: everything that has to hold, one step after the other.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A step: its name, and the arguments of cargo.
#[derive(Debug)]
struct Step {
    name: String,
    arguments: Vec<String>,
}

impl Step {
    fn new(name: impl Into<String>, command: &str) -> Self {
        Self {
            name: name.into(),
            arguments: command.split(' ').map(str::to_owned).collect(),
        }
    }
}

/// Runs the steps whose names contain a text, and stops at the first that fails.
///
/// # Errors
///
/// The step that failed, with the command to run it again.
pub fn run(root: &Path, filter: &str) -> Result<(), String> {
    let metadata = metadata(root)?;
    let mut steps = steps(&metadata);
    steps.retain(|step| step.name.contains(filter));
    let mut times = Vec::new();
    for step in &steps {
        let shown = format!("cargo {}", step.arguments.join(" "));
        eprintln!("\n== {}: {shown}", step.name);
        let start = Instant::now();
        let status = cargo(root)
            .args(&step.arguments)
            .env("RUSTDOCFLAGS", "-D warnings")
            .status()
            .map_err(|error| format!("error: {shown}: {error}"))?;
        if !status.success() {
            return Err(format!(
                "error: {} failed; to see it alone run `{shown}`",
                step.name
            ));
        }
        times.push((&step.name, start.elapsed()));
    }
    eprintln!("\n== minimum Rust version");
    minimum_version(&metadata)?;
    eprintln!("\nAll of it holds.");
    for (name, time) in &times {
        eprintln!("{:>7.1} s  {name}", time.as_secs_f64());
    }
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    eprintln!("{:>7.1} s  in total", total.as_secs_f64());
    Ok(())
}

/// Returns the steps, in the order in which a failure is cheapest to meet.
///
/// Features are checked in every combination, and tested and documented with none, each alone and all. The
/// tests of the workspace are those with all.
fn steps(metadata: &Value) -> Vec<Step> {
    let mut steps = vec![
        Step::new("formatting", "fmt --all --check"),
        Step::new("generated files", "xtask gen --check --quiet"),
        Step::new(
            "lints",
            "clippy --workspace --all-targets --all-features --locked -- -D warnings",
        ),
    ];
    let mut more = vec![Step::new(
        "tests",
        "test --workspace --all-features --locked",
    )];
    for package in published(metadata) {
        let name = text(package, "name");
        let features = package["features"].as_object().into_iter().flatten();
        let features: Vec<&str> = features
            .map(|(feature, _)| feature.as_str())
            .filter(|feature| *feature != "default")
            .collect();
        for set in subsets(&features) {
            let chosen = format!(
                "--package {name} --no-default-features --features={} --locked",
                set.join(",")
            );
            let with = match set.as_slice() {
                [] => "no feature".to_owned(),
                set => set.join(", "),
            };
            steps.push(Step::new(
                format!("lints of {name} with {with}"),
                &format!("clippy {chosen} -- -D warnings"),
            ));
            if set.len() <= 1 && set.len() < features.len() {
                more.push(Step::new(
                    format!("tests of {name} with {with}"),
                    &format!("test {chosen}"),
                ));
            }
            if set.len() <= 1 {
                more.push(Step::new(
                    format!("docs of {name} with {with}"),
                    &format!("doc --no-deps {chosen}"),
                ));
            }
        }
    }
    more.push(Step::new(
        "docs",
        "doc --workspace --no-deps --all-features --locked",
    ));
    steps.append(&mut more);
    steps
}

/// Returns every combination of features, the smaller ones first.
fn subsets<'a>(features: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut subsets = vec![Vec::new()];
    for feature in features {
        let with: Vec<_> = subsets
            .iter()
            .map(|subset| [subset.as_slice(), &[*feature]].concat())
            .collect();
        subsets.extend(with);
    }
    subsets.sort_by_key(Vec::len);
    subsets
}

fn cargo(root: &Path) -> Command {
    // The cargo that runs this, so that a chosen toolchain stays chosen.
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

fn metadata(root: &Path) -> Result<Value, String> {
    let output = cargo(root)
        .args(["metadata", "--format-version", "1"])
        .args(["--all-features", "--locked"])
        .output()
        .map_err(|error| format!("error: cargo metadata: {error}"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("error: cargo metadata: {errors}"));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("error: cargo metadata: {error}"))
}

/// Returns the crates of the workspace that users build.
fn published(metadata: &Value) -> impl Iterator<Item = &Value> {
    let packages = list(metadata, "packages").iter();
    packages.filter(|package| package["source"].is_null() && package["publish"].is_null())
}

/// Checks that no normal dependency of the crates needs a newer Rust than they promise.
fn minimum_version(metadata: &Value) -> Result<(), String> {
    let offenders = too_new(metadata)?;
    if offenders.is_empty() {
        return Ok(());
    }
    Err(format!(
        "error: these dependencies need a newer Rust than the crates promise:\n  {}\n\
         pin them in Cargo.lock with `cargo update --precise`, or raise `rust-version`",
        offenders.join("\n  ")
    ))
}

/// The dependencies that need a newer Rust than the crate that brings them in promises.
fn too_new(metadata: &Value) -> Result<Vec<String>, String> {
    let packages = list(metadata, "packages");
    let package = |id: &str| packages.iter().find(|package| text(package, "id") == id);
    let nodes = list(&metadata["resolve"], "nodes");
    let mut offenders = Vec::new();
    for root in published(metadata) {
        let name = text(root, "name");
        let promised = version(text(root, "rust_version"))
            .ok_or_else(|| format!("error: `{name}` states no `rust-version`"))?;
        for id in normal_dependencies(nodes, text(root, "id")) {
            let Some(dependency) = package(&id) else {
                continue;
            };
            let needs = text(dependency, "rust_version");
            if version(needs).is_some_and(|needed| needed > promised) {
                let (dependency, at) = (text(dependency, "name"), text(dependency, "version"));
                offenders.push(format!(
                    "{dependency} {at} needs Rust {needs} (from {name})"
                ));
            }
        }
    }
    Ok(offenders)
}

/// All packages that a package links, itself included.
fn normal_dependencies(nodes: &[Value], root: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![root.to_owned()];
    while let Some(id) = open.pop() {
        let Some(node) = nodes.iter().find(|node| text(node, "id") == id) else {
            continue;
        };
        if !found.insert(id) {
            continue;
        }
        for dependency in list(node, "deps") {
            let kinds = list(dependency, "dep_kinds");
            if kinds.iter().any(|kind| kind["kind"].is_null()) {
                open.push(text(dependency, "pkg").to_owned());
            }
        }
    }
    found
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// `1.88` or `1.88.0` as numbers.
fn version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(str::parse);
    let major = parts.next()?.ok()?;
    let minor = parts.next()?.ok()?;
    let patch = parts.next().map_or(Some(0), Result::ok)?;
    Some((major, minor, patch))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{steps, subsets, too_new, version};

    fn metadata(needs: &str, kind: &Value) -> Value {
        let package = |name: &str, publish: Value| {
            json!({
                "id": name, "name": name, "version": "0.1.0", "source": null, "publish": publish,
                "rust_version": "1.88", "features": { "default": ["a"], "a": [], "b": [] },
            })
        };
        let dependency = json!({
            "id": "dep", "name": "dep", "version": "2.0.0", "source": "registry", "rust_version": needs
        });
        let node = |name: &str| json!({ "id": name, "deps": [{ "pkg": "dep", "dep_kinds": [{ "kind": kind }] }] });
        json!({
            "packages": [package("ours", Value::Null), package("private", json!([])), dependency],
            "resolve": { "nodes": [node("ours"), node("private"), json!({ "id": "dep", "deps": [] })] },
        })
    }

    #[test]
    fn a_newer_dependency_is_named_for_each_published_crate_that_links_it() {
        let found = too_new(&metadata("1.89.0", &Value::Null)).expect("complete metadata");
        assert_eq!(found, ["dep 2.0.0 needs Rust 1.89.0 (from ours)"]);
    }

    #[test]
    fn an_equal_version_and_what_only_tests_use_are_fine() {
        for (needs, kind) in [("1.88", Value::Null), ("1.99", json!("dev"))] {
            let found = too_new(&metadata(needs, &kind)).expect("complete metadata");
            assert_eq!(found, [""; 0]);
        }
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(version("1.9") < version("1.88.0"));
        assert_eq!(version("1.88"), Some((1, 88, 0)));
        assert_eq!(version(""), None);
    }

    #[test]
    fn features_are_combined() {
        assert_eq!(subsets(&[]), [[""; 0]]);
        let all: [&[&str]; 4] = [&[], &["a"], &["b"], &["a", "b"]];
        assert_eq!(subsets(&["a", "b"]), all);
    }

    #[test]
    fn published_crates_are_checked_in_every_combination_and_tested_with_each_feature() {
        let steps = steps(&metadata("1.88", &Value::Null));
        let of = |start: &str| -> Vec<&str> {
            let names = steps.iter().map(|step| &*step.name);
            names.filter_map(|name| name.strip_prefix(start)).collect()
        };
        assert_eq!(of("lints of ours with "), ["no feature", "a", "b", "a, b"]);
        assert_eq!(of("tests of ours with "), ["no feature", "a", "b"]);
        assert_eq!(of("docs of ours with "), ["no feature", "a", "b"]);
        assert!(of("lints of private").is_empty());
        let none = &steps.iter().find(|step| step.name.ends_with("no feature"));
        let arguments = none.expect("a step").arguments.join(" ");
        assert!(arguments.contains("--package ours --no-default-features --features= --locked"));
    }
}
