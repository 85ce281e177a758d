//! What the tests of the generator share: small documents, and what becomes of them.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use xtask::generate::Generated;
use xtask::generate::load::{self, Document};
use xtask::generate::overlay::Whose;
use xtask::problem::{Problem, Problems};

/// The name that small documents have.
pub(crate) const NAME: &str = "small.yaml";

/// A document of some paths and some schemas.
pub(crate) fn document(paths: Value, schemas: Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Small", "version": "1" },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

/// A document of schemas that nothing uses.
pub(crate) fn with_schemas(schemas: Value) -> Value {
    document(json!({}), schemas)
}

/// A document of one operation, `GET /things`, with what it does not say filled in.
pub(crate) fn with_operation(operation: Value, schemas: Value) -> Value {
    document(
        json!({ "/things": { "get": operation_of(operation) } }),
        schemas,
    )
}

/// An operation with an id and an answer where it has none.
pub(crate) fn operation_of(mut operation: Value) -> Value {
    let entries = operation.as_object_mut().expect("an object");
    entries.entry("operationId").or_insert(json!("listThings"));
    entries
        .entry("responses")
        .or_insert(json!({ "200": { "description": "Done." } }));
    operation
}

/// An answer, body or the like that holds JSON of a schema.
pub(crate) fn holding(schema: Value) -> Value {
    json!({ "description": "It.", "content": { "application/json": { "schema": schema } } })
}

/// A reference to a schema.
pub(crate) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Generates in memory, without fix-ups.
pub(crate) fn generate(root: Value) -> Result<Generated, Problems> {
    let overlay = json!({ "overlay": "1.0.0", "actions": [] });
    generate_with(root, &overlay, Whose::Vendor)
}

/// Generates in memory, with fix-ups.
pub(crate) fn generate_with(
    root: Value,
    overlay: &Value,
    whose: Whose,
) -> Result<Generated, Problems> {
    let document = Document {
        name: NAME.to_owned(),
        root,
    };
    xtask::generate::generate(document, overlay, whose, &mut |_, _| {})
}

/// What a sound document gives.
#[track_caller]
pub(crate) fn generated(root: Value) -> Text {
    match generate(root) {
        Ok(generated) => Text(generated),
        Err(problems) => panic!("refused:\n{problems}"),
    }
}

/// Expects a document to be refused for one reason: place, what is wrong, and help.
#[track_caller]
pub(crate) fn refused(root: Value, pointer: &str, what: &str, help: &str) {
    expect_problem(generate(root).map(|_| ()), pointer, what, help);
}

/// Expects one problem: place, what is wrong, and help.
#[track_caller]
pub(crate) fn expect_problem(outcome: Result<(), Problems>, pointer: &str, what: &str, help: &str) {
    let problems = outcome.expect_err("the input should be refused");
    assert_eq!(problems.0, [Problem::new(pointer, what, help)]);
}

/// The overlay actions in the help of a problem, as they would be pasted.
pub(crate) fn pasted(problem: &Problem) -> Vec<Value> {
    let lines: Vec<&str> = problem
        .help
        .lines()
        .filter(|line| line.starts_with("  - ") || line.starts_with("    "))
        .collect();
    let overlay = format!("actions:\n{}\n", lines.join("\n"));
    let overlay = load::parse(&overlay, NAME).expect("the help is YAML");
    let actions = overlay["actions"].as_array();
    actions.cloned().unwrap_or_default()
}

/// Expects a document to be refused for one reason, with overlay actions that make it sound.
#[track_caller]
pub(crate) fn mended(root: Value, pointer: &str, what: &str) -> Text {
    let problems = generate(root.clone()).expect_err("the input should be refused");
    let [problem] = problems.0.as_slice() else {
        panic!("several problems:\n{problems}");
    };
    assert_eq!((&*problem.pointer, &*problem.what), (pointer, what));
    let overlay = overlay_of(&pasted(problem));
    match generate_with(root, &overlay, Whose::Vendor) {
        Ok(generated) => Text(generated),
        Err(problems) => panic!("refused still:\n{problems}"),
    }
}

/// An overlay of some actions.
pub(crate) fn overlay_of(actions: &[Value]) -> Value {
    json!({ "overlay": "1.0.0", "actions": actions })
}

/// The generated text.
pub(crate) struct Text(pub(crate) Generated);

impl Text {
    /// All of one crate's files.
    pub(crate) fn of_crate(&self, name: &str) -> String {
        let folder = format!("crates/{name}/");
        let files = self
            .0
            .files
            .0
            .iter()
            .filter(|(path, _)| path.starts_with(&folder));
        files.map(|(_, text)| text.as_str()).collect()
    }

    /// One file, by its path below the generated folder of a crate.
    #[track_caller]
    pub(crate) fn file(&self, crate_name: &str, name: &str) -> &str {
        let path = format!("crates/{crate_name}/src/generated/{name}");
        self.0
            .files
            .0
            .get(&path)
            .unwrap_or_else(|| panic!("{path} is not generated"))
    }

    /// A type with its docs, attributes and definition.
    #[track_caller]
    pub(crate) fn item(&self, name: &str) -> String {
        let all = self.of_crate("linq-types");
        let starts = ["struct", "enum"].map(|kind| format!("pub {kind} {name} {{"));
        let alias = format!("pub type {name} = ");
        block(&all, |line| {
            starts.iter().any(|start| line == start) || line.starts_with(&alias)
        })
        .unwrap_or_else(|| panic!("no type {name} in:\n{all}"))
    }

    /// The line in a macro that gives a type what it needs.
    #[track_caller]
    pub(crate) fn macro_of(&self, name: &str) -> String {
        let all = self.of_crate("linq-types");
        let start = format!("    {name} ");
        let blocks = all.split("\n\n").filter(|block| block.contains("! {\n"));
        blocks
            .into_iter()
            .find(|block| {
                block
                    .lines()
                    .nth(1)
                    .is_some_and(|line| line.starts_with(&start))
            })
            .unwrap_or_else(|| panic!("no macro for {name} in:\n{all}"))
            .to_owned()
    }

    /// Whether there is a type of the name.
    pub(crate) fn has_type(&self, name: &str) -> bool {
        self.0.api.types.contains_key(name)
    }

    /// A method of the client with its docs.
    #[track_caller]
    pub(crate) fn method(&self, name: &str) -> String {
        let all = self.of_crate("linq-client");
        let start = format!("    pub fn {name}(&self)");
        block(&all, |line| line.starts_with(&start))
            .unwrap_or_else(|| panic!("no method {name} in:\n{all}"))
    }

    /// A builder with its methods.
    #[track_caller]
    pub(crate) fn builder(&self, name: &str) -> String {
        let all = self.of_crate("linq-client");
        let start = format!("    pub struct {name}<'a> {{");
        let (_, rest) = all
            .split_once(&start)
            .unwrap_or_else(|| panic!("no builder {name}"));
        // The next builder, or the end of the module.
        let ends = ["    #[must_use", "\n}\n"]
            .iter()
            .filter_map(|end| rest.find(end));
        let end = ends.min().unwrap_or(rest.len());
        format!("{start}{}", &rest[..end])
    }

    /// What the reader is told though it is no error.
    pub(crate) fn notes(&self) -> &[String] {
        &self.0.api.notes
    }
}

/// The lines around the one that is wanted: back to the blank line before it, and on to its end.
fn block(text: &str, is_wanted: impl Fn(&str) -> bool) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().position(|line| is_wanted(line))?;
    let first = lines[..at]
        .iter()
        .rposition(|line| line.is_empty())
        .map_or(0, |blank| blank + 1);
    let indent = &lines[at][..lines[at].len() - lines[at].trim_start().len()];
    let closing = format!("{indent}}}");
    let length = if lines[at].ends_with('{') {
        lines[at..].iter().position(|line| *line == closing)?
    } else {
        0
    };
    Some(lines[first..=at + length].join("\n"))
}

/// Expects a text to hold each of some parts.
#[track_caller]
pub(crate) fn expect_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

/// Reads a document from text, as from a file.
pub(crate) fn load(text: impl AsRef<[u8]>) -> Result<Document, Problems> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(NAME);
    std::fs::write(&path, text).expect("a file");
    load::load(&path, NAME)
}

/// Runs the program.
pub(crate) fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .output()
        .expect("the program runs")
}

/// Runs `gen` with a document and a folder to write to.
pub(crate) fn run_gen(spec: &Path, out: &Path, more: &[&str]) -> Output {
    let (spec, out) = (spec.to_string_lossy(), out.to_string_lossy());
    let mut arguments = vec!["gen", "--quiet", "--spec", &spec, "--out", &out];
    arguments.extend(more);
    xtask(&arguments)
}

/// What the program said.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A document with an operation and a schema, for tests of what is done with files.
pub(crate) fn sound() -> Value {
    with_operation(
        json!({ "tags": ["Things"], "responses": { "200": holding(reference("Thing")) } }),
        json!({ "Thing": { "type": "object", "properties": { "name": { "type": "string" } } } }),
    )
}
