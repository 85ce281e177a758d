//! `cargo xtask ci`: everything that has to hold, one step after the other.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The crates that users build, whose minimum Rust version is a promise.
const CRATES: &[&str] = &["linq-types", "linq-client", "linq-ext", "linq-webhook"];

/// A step: what it is called, and the arguments of cargo.
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
}

/// The steps, in the order in which a failure is cheapest to meet.
const STEPS: &[Step] = &[
    Step {
        name: "formatting",
        arguments: &["fmt", "--all", "--check"],
    },
    Step {
        name: "generated files",
        arguments: &["xtask", "gen", "--check", "--quiet"],
    },
    Step {
        name: "lints",
        arguments: &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
    },
    Step {
        name: "tests",
        arguments: &["test", "--workspace", "--all-features", "--locked"],
    },
    Step {
        name: "docs",
        arguments: &[
            "doc",
            "--workspace",
            "--no-deps",
            "--all-features",
            "--locked",
        ],
    },
    Step {
        name: "linq-types alone",
        arguments: &["check", "--package", "linq-types", "--locked"],
    },
    Step {
        name: "linq-client without TLS",
        arguments: &[
            "check",
            "--package",
            "linq-client",
            "--no-default-features",
            "--locked",
        ],
    },
    Step {
        name: "linq-webhook without axum",
        arguments: &[
            "check",
            "--package",
            "linq-webhook",
            "--no-default-features",
            "--locked",
        ],
    },
];

/// Runs every step, and stops at the first that fails.
///
/// # Errors
///
/// The step that failed, with the command to run it again.
pub fn run(root: &Path) -> Result<(), String> {
    for step in STEPS {
        let shown = format!("cargo {}", step.arguments.join(" "));
        eprintln!("\n== {}: {shown}", step.name);
        let status = cargo(root)
            .args(step.arguments)
            .env("RUSTDOCFLAGS", "-D warnings")
            .status()
            .map_err(|error| format!("error: {shown}: {error}"))?;
        if !status.success() {
            return Err(format!(
                "error: {} failed; to see it alone run `{shown}`",
                step.name
            ));
        }
    }
    eprintln!("\n== minimum Rust version");
    minimum_version(root)?;
    eprintln!("\nAll of it holds.");
    Ok(())
}

fn cargo(root: &Path) -> Command {
    // The cargo that runs this, so that a chosen toolchain stays chosen.
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Checks that no normal dependency of the crates asks for a newer Rust than they promise.
fn minimum_version(root: &Path) -> Result<(), String> {
    let output = cargo(root)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--all-features",
            "--locked",
        ])
        .output()
        .map_err(|error| format!("error: cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "error: cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("error: cargo metadata: {error}"))?;
    let offenders = too_new(&metadata)?;
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
    for name in CRATES {
        let root = packages
            .iter()
            .find(|package| text(package, "name") == *name && package["source"].is_null())
            .ok_or_else(|| format!("error: the workspace has no `{name}`"))?;
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

    use super::{CRATES, too_new, version};

    fn metadata(needs: &str, kind: &Value) -> Value {
        let ours = CRATES.iter().map(|name| {
            json!({ "id": name, "name": name, "version": "0.1.0", "source": null, "rust_version": "1.88" })
        });
        let dependency = json!({
            "id": "dep", "name": "dep", "version": "2.0.0", "source": "registry", "rust_version": needs
        });
        let nodes = CRATES.iter().map(|name| {
            json!({ "id": name, "deps": [{ "pkg": "dep", "dep_kinds": [{ "kind": kind }] }] })
        });
        let nodes: Vec<Value> = nodes.chain([json!({ "id": "dep", "deps": [] })]).collect();
        json!({
            "packages": ours.chain([dependency]).collect::<Vec<_>>(),
            "resolve": { "nodes": nodes },
        })
    }

    #[test]
    fn a_newer_dependency_is_named_for_each_crate_that_links_it() {
        let found = too_new(&metadata("1.89.0", &Value::Null)).expect("complete metadata");
        assert_eq!(found.len(), CRATES.len());
        assert_eq!(found[0], "dep 2.0.0 needs Rust 1.89.0 (from linq-types)");
    }

    #[test]
    fn an_equal_version_and_what_only_tests_use_are_fine() {
        assert!(
            too_new(&metadata("1.88", &Value::Null))
                .expect("complete metadata")
                .is_empty()
        );
        assert!(
            too_new(&metadata("1.99", &json!("dev")))
                .expect("complete metadata")
                .is_empty()
        );
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(version("1.9") < version("1.88.0"));
        assert_eq!(version("1.88"), Some((1, 88, 0)));
        assert_eq!(version(""), None);
    }
}
