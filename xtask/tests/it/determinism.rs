//! The same document gives the same files: again, from YAML or JSON, wherever it lies.

use std::path::Path;

use crate::support::{expect_all, generate, load, sound};
use xtask::command::{self, gen_command};
use xtask::generate::Generated;

fn ours() -> Generated {
    gen_command::from_disk(&command::root(), None, &mut |_, _| {}).expect("our document is sound")
}

const YAML: &str = "
openapi: 3.1.0
info: {title: Small, version: '1'}
paths:
  /things/{id}:
    post:
      operationId: makeThing
      tags: [Things]
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, format: uuid}}
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Thing'}
      responses:
        200: {description: >-
          Made.}
webhooks:
  thing.made.v2025:
    post:
      tags: ['2025-01-01']
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {event_type: {type: string}, data: {type: object}}}
      responses: {200: {description: Taken.}}
components:
  schemas:
    Thing:
      type: object
      description: |
        A thing.

        - `a`: first
      properties:
        z: {type: [string, 'null'], default: on}
        a: {type: number, minimum: 0.5, maximum: 1e3}
        kind: {enum: [b, a]}
";

#[test]
fn two_runs_give_the_same_bytes() {
    let (one, other) = (ours(), ours());
    assert!(one.files.0.len() > 10);
    assert!(one.files == other.files);
    assert_eq!(one.api.notes, other.api.notes);
}

#[test]
fn yaml_and_json_give_the_same_files() {
    let yaml = load(YAML).expect("it is sound");
    let compact = load(yaml.root.to_string()).expect("it is sound");
    let pretty = serde_json::to_string_pretty(&yaml.root).expect("it is JSON");
    let pretty = load(pretty).expect("it is sound");
    let files = generate(yaml.root).expect("it is sound").files;
    assert_eq!(generate(compact.root).expect("it is sound").files, files);
    assert_eq!(generate(pretty.root).expect("it is sound").files, files);
}

#[test]
fn our_document_gives_the_same_from_json() {
    let root = command::root();
    let document = xtask::generate::load::load(&root.join(gen_command::DOCUMENT), "ours.json")
        .expect("our document is sound");
    let folder = tempfile::tempdir().expect("a folder");
    let run = |name: &str, text: String| {
        let path = folder.path().join(name).join("api");
        std::fs::create_dir_all(folder.path().join(name)).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        let made = gen_command::from_disk(&root, Some(&path), &mut |_, _| {});
        made.expect("it is sound").files
    };
    let yaml = std::fs::read_to_string(root.join(gen_command::DOCUMENT)).expect("it is there");
    assert!(run("a", yaml) == run("b", document.root.to_string()));
}

#[test]
fn the_document_gives_the_order() {
    let document = load(YAML).expect("it is sound");
    let made = crate::support::Text(generate(document.root).expect("it is sound"));
    let item = made.item("Thing");
    let places: Vec<usize> = ["pub z:", "pub a:", "pub kind:"]
        .iter()
        .filter_map(|field| item.find(field))
        .collect();
    assert!(places.len() == 3 && places.is_sorted(), "{item}");
    let kinds = made.macro_of("ThingKind");
    assert!(kinds.find("B = \"b\"") < kinds.find("A = \"a\""), "{kinds}");
}

#[test]
fn every_file_says_which_command_wrote_it() {
    for (path, text) in &ours().files.0 {
        let first = match path.ends_with(".json") {
            true => text.lines().nth(1),
            false => text.lines().next(),
        };
        let says = first.is_some_and(|line| {
            line.contains("by `cargo xtask gen` from openapi/linq-api-v3.yaml; do not edit")
        });
        assert!(says, "{path}: {first:?}");
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}");
    }
}

#[test]
fn no_file_is_too_long_to_scroll() {
    for (path, text) in ours().files.rust() {
        assert!(
            text.lines().count() <= 3000,
            "{path} has {} lines",
            text.lines().count()
        );
    }
}

#[test]
fn no_file_holds_a_path_of_the_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("the-api.json");
    std::fs::write(&spec, sound().to_string()).expect("a file");
    let root = command::root();
    let made = gen_command::from_disk(&root, Some(&spec), &mut |_, _| {}).expect("it is sound");
    let places = [
        root.as_path(),
        folder.path(),
        Path::new(env!("CARGO_MANIFEST_DIR")),
    ];
    for (path, text) in made.files.0.iter().chain(&ours().files.0) {
        for place in places {
            let place = place.to_string_lossy();
            assert!(!text.contains(&*place), "{path} holds {place}");
        }
    }
    let first = made.files.0.values().next().expect("a file");
    expect_all(
        first,
        &["//! Generated by `cargo xtask gen` from the-api.json; do not edit.\n"],
    );
}
