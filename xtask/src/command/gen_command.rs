//! `cargo xtask gen`: writes the generated crates from the API document.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use crate::generate::load::{self, Document};
use crate::generate::overlay::Whose;
use crate::generate::{Generated, generate, write};
use crate::problem::{Problem, Problems};

/// The document that the crates are generated from.
pub const DOCUMENT: &str = "openapi/linq-api-v3.yaml";
/// The fix-ups applied to it.
pub const OVERLAY: &str = "openapi/overlay.yaml";
/// What brings generated files up to date.
const MEND: &str = "cargo xtask gen";

/// What `gen` is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The document to read in place of ours.
    pub spec: Option<PathBuf>,
    /// The folder to write a workspace to in place of this one.
    pub out: Option<PathBuf>,
    /// Whether to compare only.
    pub check: bool,
    /// Whether to say nothing while all goes well.
    pub quiet: bool,
}

/// Runs the command, and says whether the generated files are up to date.
///
/// # Errors
///
/// Whatever is wrong with the document or keeps files from being read or written.
pub fn run(root: &Path, options: &Options) -> Result<bool, Problems> {
    let start = Instant::now();
    let mut progress = |stage: &str, what: &str| {
        if !options.quiet {
            eprintln!("{stage:>9}  {what}");
        }
    };
    let Generated { files, api } = from_disk(root, options.spec.as_deref(), &mut progress)?;
    for note in &api.notes {
        progress("note", note);
    }
    let target = options.out.as_deref().unwrap_or(root);
    let summary = format!(
        "{} operations, {} types, {} events in {} files",
        api.operations.len(),
        api.order.len(),
        api.events.len(),
        files.0.len(),
    );
    if options.check {
        let differences = write::compare(target, &files)?;
        if differences.is_empty() {
            progress(
                "compare",
                &format!("up to date: {summary}, {:.1?}", start.elapsed()),
            );
            return Ok(true);
        }
        for difference in &differences {
            eprintln!("{difference}");
        }
        eprintln!(
            "The generated files are not up to date; run `{}`.",
            mend(options)
        );
        return Ok(false);
    }
    if let Some(out) = &options.out {
        write::copy_by_hand(root, out)?;
    }
    let written = write::write(target, &files)?;
    progress(
        "write",
        &format!(
            "{summary}: {} changed, {} removed, {:.1?}",
            written.changed,
            written.removed,
            start.elapsed()
        ),
    );
    Ok(true)
}

/// Generates from the document and overlay on disk.
///
/// # Errors
///
/// Whatever is wrong with either.
pub fn from_disk(
    root: &Path,
    spec: Option<&Path>,
    progress: &mut dyn FnMut(&str, &str),
) -> Result<Generated, Problems> {
    let (document, whose) = document(root, spec)?;
    progress("load", &document.name);
    let overlay = overlay(root)?;
    generate(document, &overlay, whose, progress)
}

/// The fix-ups on disk.
///
/// # Errors
///
/// A file that cannot be read, or is no YAML.
pub fn overlay(root: &Path) -> Result<Value, Problems> {
    let path = root.join(OVERLAY);
    let overlay = std::fs::read_to_string(&path).map_err(|error| {
        Problem::new(
            "",
            format!("cannot read {OVERLAY}: {error}"),
            "restore the file",
        )
    })?;
    load::parse(&overlay, OVERLAY)
}

fn document(root: &Path, spec: Option<&Path>) -> Result<(Document, Whose), Problems> {
    match spec {
        None => Ok((load::load(&root.join(DOCUMENT), DOCUMENT)?, Whose::Ours)),
        Some(path) => {
            // The name alone: the same document gives the same files wherever it lies.
            let name = path
                .file_name()
                .map_or_else(String::new, |n| n.to_string_lossy().into());
            Ok((load::load(path, &name)?, Whose::Vendor))
        }
    }
}

fn mend(options: &Options) -> String {
    let mut command = MEND.to_owned();
    for (flag, value) in [("--spec", &options.spec), ("--out", &options.out)] {
        if let Some(value) = value {
            command.push_str(&format!(" {flag} {}", value.display()));
        }
    }
    command
}
