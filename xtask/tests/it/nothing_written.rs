//! A document that is refused leaves the place it would be written to as it was.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{run_gen, said, sound, with_schemas, xtask};
use serde_json::json;

/// Every file below a folder with its text.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let text = fs::read(&path).expect("a file");
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// Runs `gen` into a folder that an earlier run filled, and expects it to stay so.
#[track_caller]
fn leaves_all_as_it_was(text: &[u8], expected: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let (spec, out) = (folder.path().join("api.yaml"), folder.path().join("out"));
    fs::write(&spec, sound().to_string()).expect("a file");
    assert_eq!(run_gen(&spec, &out, &[]).status.code(), Some(0));
    let before = contents(&out);
    fs::write(&spec, text).expect("a file");
    let output = run_gen(&spec, &out, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains(expected), "{}", said(&output));
    assert!(said(&output).contains("\n  help: "), "{}", said(&output));
    assert!(contents(&out) == before, "the folder changed");
    // Nor is a folder made that was not there.
    let other = folder.path().join("other");
    assert_eq!(run_gen(&spec, &other, &[]).status.code(), Some(2));
    assert!(!other.exists());
}

#[test]
fn by_what_cannot_be_read() {
    leaves_all_as_it_was(&[0xff, 0xfe, 0x00], "is no UTF-8 text");
    leaves_all_as_it_was(b"openapi: [", "is no YAML");
}

#[test]
fn by_what_is_no_openapi() {
    leaves_all_as_it_was(b"[]", "error: the document is no object");
    leaves_all_as_it_was(b"swagger: '2.0'", "error: #/swagger: this is Swagger");
}

#[test]
fn by_what_the_checks_refuse() {
    let root = with_schemas(json!({ "A": { "$ref": "#/components/schemas/B" } }));
    leaves_all_as_it_was(
        root.to_string().as_bytes(),
        "error: #/components/schemas/A/$ref: `#/components/schemas/B` leads nowhere",
    );
}

#[test]
fn by_what_only_later_stages_refuse() {
    let mut root = sound();
    root["components"]["schemas"]["Kind"] = json!({ "type": "string", "enum": ["a.b", "a_b"] });
    leaves_all_as_it_was(
        root.to_string().as_bytes(),
        "error: #/components/schemas/Kind/enum/1: the value `a_b` has the Rust name of `a.b`",
    );
}

#[test]
fn by_a_document_that_is_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let output = run_gen(&folder.path().join("none.yaml"), &out, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("none.yaml: "), "{}", said(&output));
    assert!(!out.exists());
}

#[test]
fn by_words_that_the_program_does_not_know() {
    for arguments in [
        &["gen", "--chekc"][..],
        &["generate"],
        &["gen", "--spec"],
        &["--gen"],
    ] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            said(&output).contains("Usage: cargo xtask COMMAND"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn by_asking_for_help() {
    for arguments in [&["--help"][..], &["gen", "--help"], &[]] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(said(&output).contains("--spec FILE"), "{}", said(&output));
    }
}
