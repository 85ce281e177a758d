//! `gen --check`: writes nothing, and fails unless all files are as they would be written.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{run_gen, said, sound};
use tempfile::TempDir;

const THINGS: &str = "crates/linq-types/src/generated/things.rs";

/// A folder that `gen` filled.
struct Filled {
    folder: TempDir,
}

impl Filled {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("api.json"), sound().to_string()).expect("a file");
        let filled = Self { folder };
        filled.run(&[], 0);
        filled
    }

    fn spec(&self) -> PathBuf {
        self.folder.path().join("api.json")
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.out().join(name)
    }

    /// Runs `gen`, expects a status, and returns what it said.
    #[track_caller]
    fn run(&self, more: &[&str], status: i32) -> String {
        let output = run_gen(&self.spec(), &self.out(), more);
        assert_eq!(output.status.code(), Some(status), "{}", said(&output));
        said(&output)
    }

    /// Expects a check to fail and to name a place and the command that mends it.
    #[track_caller]
    fn differs(&self, place: &str) {
        let text = self.run(&["--check"], 1);
        assert!(text.contains(place), "{text}");
        let mend = format!(
            "run `cargo xtask gen --spec {} --out {}`.",
            self.spec().display(),
            self.out().display()
        );
        assert!(text.contains(&mend), "{text}");
    }
}

fn append(path: &Path, text: &str) {
    let mut whole = fs::read_to_string(path).expect("a file");
    whole.push_str(text);
    fs::write(path, whole).expect("a file");
}

#[test]
fn fresh_files_pass() {
    let filled = Filled::new();
    assert_eq!(filled.run(&["--check"], 0), "");
}

#[test]
fn a_changed_byte_is_found() {
    let filled = Filled::new();
    let path = filled.path(THINGS);
    let fresh = fs::read_to_string(&path).expect("a file");
    let at = fresh.find("pub name").expect("a field");
    let changed = format!(
        "{}pub nime{}",
        &fresh[..at],
        &fresh[at + "pub name".len()..]
    );
    fs::write(&path, &changed).expect("a file");
    let line = fresh[..at].lines().count();
    filled.differs(&format!("{THINGS}:{line}: differs"));
    // It writes nothing itself.
    assert_eq!(fs::read_to_string(&path).expect("a file"), changed);
    filled.run(&[], 0);
    assert_eq!(fs::read_to_string(&path).expect("a file"), fresh);
    filled.run(&["--check"], 0);
}

#[test]
fn an_added_line_is_found() {
    let filled = Filled::new();
    append(&filled.path(THINGS), "\n");
    filled.differs(&format!("{THINGS}: differs in its last lines"));
}

#[test]
fn a_missing_file_is_found() {
    let filled = Filled::new();
    fs::remove_file(filled.path(THINGS)).expect("it is there");
    filled.differs(&format!("{THINGS}: is missing"));
    assert!(!filled.path(THINGS).exists());
    filled.run(&[], 0);
    filled.run(&["--check"], 0);
}

#[test]
fn a_stale_file_is_found_and_removed() {
    let filled = Filled::new();
    let name = "crates/linq-client/src/generated/old_area.rs";
    fs::write(filled.path(name), "").expect("a file");
    filled.differs(&format!("{name}: is no longer generated"));
    assert!(filled.path(name).exists());
    filled.run(&[], 0);
    assert!(!filled.path(name).exists());
    filled.run(&["--check"], 0);
}

#[test]
fn an_empty_place_is_not_up_to_date() {
    let filled = Filled::new();
    fs::remove_dir_all(filled.out()).expect("it is there");
    filled.differs("crates/linq-types/src/generated/mod.rs: is missing");
    assert!(!filled.out().exists());
}

#[test]
fn another_document_is_found() {
    let filled = Filled::new();
    let mut root = sound();
    root["components"]["schemas"]["Thing"]["properties"]["size"] =
        serde_json::json!({ "type": "integer" });
    fs::write(filled.spec(), root.to_string()).expect("a file");
    filled.differs(&format!("{THINGS}:"));
}

#[test]
fn what_is_written_by_hand_is_kept() {
    let filled = Filled::new();
    let by_hand = [
        "crates/linq-types/src/lib.rs",
        "crates/linq-types/src/support/mod.rs",
        "crates/linq-client/src/lib.rs",
        "crates/linq-client/src/support/mod.rs",
        "crates/linq-types/Cargo.toml",
    ];
    for name in by_hand {
        assert!(filled.path(name).is_file(), "{name}");
    }
    let notes = "crates/linq-types/src/support/notes_of_mine.rs";
    fs::write(filled.path(notes), "mine").expect("a file");
    filled.run(&[], 0);
    for name in by_hand {
        assert!(filled.path(name).is_file(), "{name}");
    }
    assert_eq!(
        fs::read_to_string(filled.path(notes)).expect("a file"),
        "mine"
    );
    // It is no concern of the check.
    filled.run(&["--check"], 0);
}

#[test]
fn the_workspace_that_is_written_has_the_two_crates() {
    let filled = Filled::new();
    let manifest = fs::read_to_string(filled.path("Cargo.toml")).expect("a file");
    assert!(
        manifest.contains("members = [\"crates/linq-types\", \"crates/linq-client\"]"),
        "{manifest}"
    );
    assert!(!manifest.contains("[profile"), "{manifest}");
    assert!(!filled.path("xtask").exists());
}

#[test]
fn a_second_run_changes_nothing() {
    let filled = Filled::new();
    let (spec, out) = (filled.spec(), filled.out());
    let text = crate::support::xtask(&[
        "gen",
        "--spec",
        &spec.to_string_lossy(),
        "--out",
        &out.to_string_lossy(),
    ]);
    assert!(
        said(&text).contains(": 0 changed, 0 removed, "),
        "{}",
        said(&text)
    );
}
