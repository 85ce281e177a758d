//! `cargo xtask update`: a new document of the vendor.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use xtask::command::{self, update_command::SKELETON};

fn update(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("update")
        .args(arguments)
        .output()
        .expect("xtask runs")
}

/// Runs `update` and checks that nothing of the repository's documents changed.
fn unchanged(arguments: &[&str]) -> (i32, String, String) {
    let folder = command::root().join("openapi");
    let before = texts(&folder);
    let output = update(arguments);
    assert_eq!(texts(&folder), before);
    (
        output.status.code().expect("an exit code"),
        String::from_utf8(output.stdout).expect("text"),
        String::from_utf8(output.stderr).expect("text"),
    )
}

fn texts(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut texts: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect();
    texts.sort();
    texts
}

/// The skeleton of the last document, which is a document itself.
fn skeleton() -> Value {
    let text = fs::read_to_string(command::root().join(SKELETON)).expect("the skeleton is there");
    serde_json::from_str(&text).expect("JSON")
}

fn saved(folder: &tempfile::TempDir, document: &Value) -> String {
    let path = folder.path().join("vendor.json");
    fs::write(&path, document.to_string()).expect("a file");
    path.display().to_string()
}

#[test]
fn the_document_that_was_seen_last_is_nothing_new() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut document = skeleton();
    document["info"]["description"] = "Prose is not part of a skeleton.".into();
    let file = saved(&folder, &document);
    let (code, report, _) = unchanged(&[&file, "--no-compile"]);
    assert_eq!(code, 0, "{report}");
    assert!(report.contains("No difference"), "{report}");
    assert!(
        report.contains("the document is the one that was seen last"),
        "{report}"
    );
}

#[test]
fn a_document_changed_in_ten_places_has_each_in_the_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut document = skeleton();
    let paths = document["paths"].as_object_mut().expect("paths");
    let created = json!({"operationId": "launchRocket", "responses": {"204": {}}});
    paths.insert("/v3/rockets".to_owned(), json!({ "post": created }));
    paths.shift_remove("/v3/phonenumbers");
    let chats = &mut document["paths"]["/v3/chats"]["get"];
    let parameter = json!({"name": "planet", "in": "query", "schema": {"type": "string"}});
    chats["parameters"]
        .as_array_mut()
        .expect("parameters")
        .push(parameter);
    chats["operationId"] = "listConversations".into();
    let leave = document["paths"]["/v3/chats/{chatId}"]
        .as_object_mut()
        .expect("a path");
    let put = leave.shift_remove("put").expect("the operation is there");
    leave.insert("patch".to_owned(), put);
    let schemas = document["components"]["schemas"]
        .as_object_mut()
        .expect("schemas");
    schemas["Chat"]["properties"]["planet"] = json!({"type": "string"});
    let chat = schemas["Chat"]["properties"]
        .as_object_mut()
        .expect("properties");
    chat.shift_remove("is_archived");
    schemas["TextPart"]["properties"]["value"]["maxLength"] = json!(17);
    schemas["ServiceType"]["enum"] = json!(["iMessage", "SMS", "RCS", "pigeon"]);
    schemas["ReactionType"]["enum"]
        .as_array_mut()
        .expect("values")
        .retain(|value| value != "love");
    let file = saved(&folder, &document);
    let (code, report, _) = unchanged(&[&file, "--no-compile"]);
    assert_eq!(code, 1, "{report}");
    for expected in [
        "launch_rocket",
        "/v3/phonenumbers",
        "planet",
        "list_conversations",
        "PATCH",
        "Chat: planet",
        "Chat.is_archived",
        "17",
        "pigeon",
        "love",
        "What our document lacks",
        "0.2.0",
    ] {
        assert!(
            report.contains(expected),
            "`{expected}` is missing:\n{report}"
        );
    }
    let (code, report, _) = unchanged(&[&file, "--no-compile", "--format", "markdown"]);
    assert_eq!(code, 1, "{report}");
    assert!(report.starts_with("## "), "{report}");
}

#[test]
fn what_is_not_a_document_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (document, expected) in [
        (json!({"hello": "there"}), "openapi"),
        (json!([1, 2, 3]), "error"),
    ] {
        let file = saved(&folder, &document);
        let (code, _, error) = unchanged(&[&file]);
        assert_eq!(code, 2, "{error}");
        assert!(
            error.contains(expected) && error.contains("help"),
            "{error}"
        );
    }
    let (code, _, error) = unchanged(&["no-such-file.yaml"]);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("no-such-file.yaml"), "{error}");
}

#[test]
fn without_network_it_asks_for_a_file() {
    // Nothing listens on port 1 of this machine.
    let (code, _, error) = unchanged(&["https://127.0.0.1:1/openapi.yaml"]);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("cargo xtask update FILE"), "{error}");
}

#[test]
fn only_https_is_fetched() {
    let (code, _, error) = unchanged(&["http://example.com/openapi.yaml"]);
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("only https"), "{error}");
}
