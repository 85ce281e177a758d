//! Stage 12, write or compare. In: the generated files. Out: the workspace with them in place,
//! or the first differences.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::format::Files;
use super::{client, sim, types};
use crate::problem::{Problem, Problems};

/// The folders that generated files stand in, and nothing else.
const FOLDERS: &[&str] = &[types::FOLDER, client::FOLDER, sim::FOLDER];

/// The crates that are generated, with what of them is written by hand.
const CRATES: &[&str] = &["crates/linq-types", "crates/linq-client"];

/// How many differences a check names.
const SHOWN: usize = 10;

/// What writing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Files whose content changed.
    pub changed: usize,
    /// Files that were removed.
    pub removed: usize,
}

/// Writes the files below `root`, and removes those of an earlier run that are no more.
///
/// # Errors
///
/// A file that cannot be written. Contents are written beside their files first and moved into
/// place together, so that a full disk leaves the workspace as it was.
pub fn write(root: &Path, files: &Files) -> Result<Written, Problems> {
    let mut written = Written::default();
    let mut staged: Vec<(PathBuf, PathBuf)> = Vec::new();
    let outcome = stage(root, files, &mut staged);
    if outcome.is_err() {
        for (temporary, _) in &staged {
            let _ = fs::remove_file(temporary);
        }
    }
    outcome?;
    for (temporary, path) in staged {
        fs::rename(&temporary, &path).map_err(|error| refuse("write", &path, &error))?;
        written.changed += 1;
    }
    for path in stale(root, files)? {
        fs::remove_file(&path).map_err(|error| refuse("remove", &path, &error))?;
        written.removed += 1;
    }
    Ok(written)
}

fn stage(root: &Path, files: &Files, staged: &mut Vec<(PathBuf, PathBuf)>) -> Result<(), Problems> {
    for (name, text) in &files.0 {
        let path = root.join(name);
        if fs::read(&path).is_ok_and(|present| present == text.as_bytes()) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| refuse("create", folder, &error))?;
        }
        let temporary = path.with_extension("rs.new");
        staged.push((temporary.clone(), path));
        fs::write(&temporary, text).map_err(|error| refuse("write", &temporary, &error))?;
    }
    Ok(())
}

/// Compares the files with those below `root`.
///
/// # Errors
///
/// A folder that cannot be read.
pub fn compare(root: &Path, files: &Files) -> Result<Vec<String>, Problems> {
    let mut differences = Vec::new();
    for (name, text) in &files.0 {
        match fs::read(root.join(name)) {
            Ok(present) if present == text.as_bytes() => {}
            Ok(present) => differences.push(difference(name, &present, text)),
            Err(_) => differences.push(format!("{name}: is missing")),
        }
    }
    for path in stale(root, files)? {
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .display()
            .to_string();
        differences.push(format!("{name}: is no longer generated"));
    }
    let more = differences.len().saturating_sub(SHOWN);
    differences.truncate(SHOWN);
    if more > 0 {
        differences.push(format!("and {more} more files"));
    }
    Ok(differences)
}

fn difference(name: &str, present: &[u8], wanted: &str) -> String {
    let present = String::from_utf8_lossy(present);
    let mut lines = present
        .split_inclusive('\n')
        .zip(wanted.split_inclusive('\n'));
    match lines
        .clone()
        .position(|(present, wanted)| present != wanted)
    {
        Some(index) => {
            let (present, wanted) = lines.nth(index).unwrap_or_default();
            format!(
                "{name}:{}: differs\n    is        {}\n    should be {}",
                index + 1,
                present.trim_end(),
                wanted.trim_end()
            )
        }
        None => format!("{name}: differs in its last lines"),
    }
}

/// The generated files below `root` that are not among `files`.
fn stale(root: &Path, files: &Files) -> Result<BTreeSet<PathBuf>, Problems> {
    let mut found = BTreeSet::new();
    for folder in FOLDERS {
        let folder = root.join(folder);
        if !folder.is_dir() {
            continue;
        }
        let entries = fs::read_dir(&folder).map_err(|error| refuse("read", &folder, &error))?;
        for entry in entries {
            let path = entry
                .map_err(|error| refuse("read", &folder, &error))?
                .path();
            let is_ours = path.strip_prefix(root).is_ok_and(|name| {
                files
                    .0
                    .contains_key(&name.to_string_lossy().replace('\\', "/"))
            });
            if path.is_file() && !is_ours {
                found.insert(path);
            }
        }
    }
    Ok(found)
}

/// Copies what a workspace of the two crates needs beside the generated files.
///
/// # Errors
///
/// A file that cannot be read or written.
pub fn copy_by_hand(from: &Path, to: &Path) -> Result<(), Problems> {
    let manifest = from.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(|error| refuse("read", &manifest, &error))?;
    let manifest_text = workspace_manifest(&text)?;
    let put = |name: &str, text: &[u8]| {
        let path = to.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| refuse("create", folder, &error))?;
        }
        if fs::read(&path).is_ok_and(|present| present == text) {
            return Ok(());
        }
        fs::write(&path, text).map_err(|error| refuse("write", &path, &error))
    };
    put("Cargo.toml", manifest_text.as_bytes())?;
    let mut names = vec![PathBuf::from("Cargo.lock")];
    for name in CRATES {
        let folder = Path::new(name);
        for file in ["Cargo.toml", "README.md", "src/lib.rs"] {
            names.push(folder.join(file));
        }
        files_below(&from.join(folder).join("src/support"), from, &mut names)?;
    }
    for name in names {
        let path = from.join(&name);
        // A fresh checkout may be without a lock file; cargo then makes one.
        if let Ok(text) = fs::read(&path) {
            put(&name.to_string_lossy(), &text)?;
        }
    }
    Ok(())
}

fn files_below(folder: &Path, root: &Path, names: &mut Vec<PathBuf>) -> Result<(), Problems> {
    let entries = fs::read_dir(folder).map_err(|error| refuse("read", folder, &error))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files_below(&path, root, names)?;
        } else if let Ok(name) = path.strip_prefix(root) {
            names.push(name.to_owned());
        }
    }
    Ok(())
}

/// The workspace's manifest with the two generated crates as its only members.
fn workspace_manifest(text: &str) -> Result<String, Problems> {
    let broken = |what: String| {
        Problems::from(Problem::new(
            "",
            format!("Cargo.toml: {what}"),
            "mend the manifest",
        ))
    };
    let mut manifest: toml_edit::DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| broken(error.to_string()))?;
    let workspace = manifest
        .get_mut("workspace")
        .and_then(toml_edit::Item::as_table_mut)
        .ok_or_else(|| broken("there is no [workspace]".to_owned()))?;
    let members: toml_edit::Array = CRATES.iter().copied().collect();
    workspace.insert("members", toml_edit::value(members));
    workspace.remove("default-members");
    workspace.remove("exclude");
    // Profiles speak of what the generator is built from, which is not there.
    manifest.remove("profile");
    Ok(manifest.to_string())
}

fn refuse(verb: &str, path: &Path, error: &std::io::Error) -> Problems {
    let help = "check that the place exists, is yours and has room";
    Problem::new(
        "",
        format!("cannot {verb} {}: {error}", path.display()),
        help,
    )
    .into()
}
