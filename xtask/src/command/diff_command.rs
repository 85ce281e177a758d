//! `cargo xtask diff`: says what a new document means for users of the crates.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::gen_command::{self, DOCUMENT};
use crate::diff::report::{Format, Report};
use crate::diff::{compare, version};
use crate::generate;
use crate::generate::load::{self, Document};
use crate::generate::model::Api;
use crate::generate::overlay::Whose;
use crate::problem::Problems;

/// What `diff` is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The older document.
    pub old: PathBuf,
    /// The newer document, in place of ours.
    pub new: Option<PathBuf>,
    /// The form of the report.
    pub format: Format,
}

/// Runs the command, writes the report to `out`, and says whether the documents are the same.
///
/// # Errors
///
/// Whatever is wrong with one of the documents, and with which, or keeps files from being read or
/// the report from being written.
pub fn run(root: &Path, options: &Options, out: &mut dyn Write) -> Result<bool, String> {
    let report = report(root, options)?;
    match out.write_all(report.write(options.format).as_bytes()) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Err(error) => return Err(format!("error: cannot write the report: {error}")),
        Ok(()) => {}
    }
    Ok(report.difference.is_none())
}

/// Compares two documents on disk.
///
/// # Errors
///
/// As [`run`].
pub fn report(root: &Path, options: &Options) -> Result<Report, String> {
    let overlay = gen_command::overlay(root).map_err(|problems| problems.to_string())?;
    let new = options.new.clone().unwrap_or_else(|| root.join(DOCUMENT));
    // Reading takes nearly all of the time, and neither document needs the other.
    let (old_api, new_api) = std::thread::scope(|scope| {
        let old_api = scope.spawn(|| read(root, &options.old, &overlay));
        let new_api = read(root, &new, &overlay);
        (old_api.join(), new_api)
    });
    let old_api =
        old_api.map_err(|_| "error: reading the older document panicked".to_owned())??;
    let difference = compare(&old_api, &new_api?);
    let advice = version::advise(&workspace_version(root)?, &difference)
        .map_err(|error| format!("error: Cargo.toml: {error}"))?;
    let new = options
        .new
        .as_ref()
        .map_or_else(|| DOCUMENT.to_owned(), |path| shown(path));
    Ok(Report {
        old: shown(&options.old),
        new,
        difference,
        advice,
    })
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn read(root: &Path, path: &Path, overlay: &Value) -> Result<Api, String> {
    let ours = root.join(DOCUMENT).canonicalize().ok();
    let whose = match path.canonicalize().ok() {
        Some(path) if Some(&path) == ours.as_ref() => Whose::Ours,
        _ => Whose::Vendor,
    };
    let api = |document: Document| generate::api(document, overlay, whose, &mut |_, _| {});
    load::load(path, &shown(path))
        .and_then(api)
        .map_err(|problems: Problems| format!("in {}:\n{problems}", path.display()))
}

/// The version that the crates have now.
pub(super) fn workspace_version(root: &Path) -> Result<String, String> {
    let refuse = |what: String| format!("error: Cargo.toml: {what}");
    let text = std::fs::read_to_string(root.join("Cargo.toml"))
        .map_err(|error| refuse(error.to_string()))?;
    let manifest: toml_edit::DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| refuse(error.to_string()))?;
    manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("package")?.get("version")?.as_str())
        .map(str::to_owned)
        .ok_or_else(|| refuse("the workspace has no version".to_owned()))
}
