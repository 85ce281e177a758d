//! `cargo xtask update`: what a new document of the vendor means, in one command.
//!
//! In: the vendor's document, from a file or an `https` address. Out: a report of what changed since
//! the last one that was seen (`openapi/vendor.skeleton.json`), what our document lacks of it, and what
//! breaks when the workspace is compiled against it. Nothing is written outside of `target/`, unless the
//! skeleton is to be replaced.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use serde_json::Value;

use super::diff_command::workspace_version;
use super::gen_command::{self, DOCUMENT};
use crate::diff::change::{Change, What};
use crate::diff::report::{Format, Report};
use crate::diff::{Difference, compare, version};
use crate::generate::load::{self, Document};
use crate::generate::model::Api;
use crate::generate::overlay::Whose;
use crate::generate::{self, write};
use crate::problem::Problems;
use crate::skeleton;

/// Where the vendor publishes its document.
pub const CANONICAL: &str = "https://cdn.linqapp.com/openapi/linq-api-v3.yaml";
/// The skeleton of the last document that was seen.
pub const SKELETON: &str = "openapi/vendor.skeleton.json";
/// Where everything is built, below `target`.
const SCRATCH: &str = "update";
/// How long fetching may take, and how large the document may be (today's has 250 kB).
const FETCH_LIMITS: [&str; 4] = ["--max-time", "60", "--max-filesize", "20971520"];
/// How many errors are shown of each crate.
const SHOWN: usize = 8;

/// What `update` is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// A file or an `https` address, in place of the canonical address.
    pub source: Option<String>,
    /// Whether the skeleton is replaced by that of the new document.
    pub accept: bool,
    /// Whether to leave out compiling, which takes minutes.
    pub no_compile: bool,
    /// The form of the report.
    pub format: Format,
}

/// Runs the command, writes the report to `out`, and returns whether nothing is new.
///
/// # Errors
///
/// A document that cannot be fetched, read or generated from, or files that cannot be written.
pub fn run(root: &Path, options: &Options, out: &mut dyn Write) -> Result<bool, String> {
    if options.format == Format::Json {
        return Err("error: `update` reports as text or markdown".to_owned());
    }
    let scratch = target_folder(root).join(SCRATCH);
    let source = options.source.as_deref().unwrap_or(CANONICAL);
    let (path, name) = obtain(source, &scratch)?;
    let named = |problems: Problems| format!("in {name}:\n{problems}");
    let document = load::load(&path, &name).map_err(named)?;
    let overlay = gen_command::overlay(root).map_err(|problems| problems.to_string())?;
    let api = |document: Document, whose| generate::api(document, &overlay, whose, &mut |_, _| {});

    let last =
        load::load(&root.join(SKELETON), SKELETON).map_err(|problems| problems.to_string())?;
    let new_skeleton = skeleton::of(&document.root);
    let is_same = last.root == new_skeleton;
    let vendor = api(document.clone(), Whose::Vendor).map_err(named)?;
    let seen =
        api(last, Whose::Vendor).map_err(|problems| format!("in {SKELETON}:\n{problems}"))?;
    let skeleton = Document {
        name: name.clone(),
        root: new_skeleton,
    };
    let news = compare(&seen, &api(skeleton.clone(), Whose::Vendor).map_err(named)?);
    let ours = load::load(&root.join(DOCUMENT), DOCUMENT)
        .and_then(|ours| api(ours, Whose::Ours))
        .map_err(|problems| format!("in {DOCUMENT}:\n{problems}"))?;

    let lacks = lacking(&ours, &vendor);
    let breaks = if options.no_compile {
        None
    } else {
        eprintln!("compiling the workspace against {name}; the first time takes minutes");
        Some(compile(root, &scratch, document, &overlay)?)
    };
    let advice = version::advise(&workspace_version(root)?, &news)
        .map_err(|error| format!("error: Cargo.toml: {error}"))?;
    let since = Report {
        old: SKELETON.to_owned(),
        new: name,
        difference: news,
        advice,
    };
    let text = report(&since, &lacks, breaks.as_deref(), is_same, options);
    match out.write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        Err(error) => return Err(format!("error: cannot write the report: {error}")),
        Ok(()) => {}
    }
    if options.accept && !is_same {
        accept(root, &skeleton.root)?;
    }
    Ok(is_same)
}

/// Where cargo builds, which is not part of the sources.
fn target_folder(root: &Path) -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}

/// Returns the file of the document, fetched if need be, and its name in the report.
fn obtain(source: &str, scratch: &Path) -> Result<(PathBuf, String), String> {
    if !source.contains("://") {
        let path = PathBuf::from(source);
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        return Ok((path, name.unwrap_or_else(|| source.to_owned())));
    }
    if !source.starts_with("https://") {
        return Err(format!("error: {source}: only https addresses are fetched"));
    }
    let path = scratch.join("document.yaml");
    fs::create_dir_all(scratch).map_err(|error| cannot("create", scratch, &error))?;
    let fetched = Command::new("curl")
        .args(["--fail", "--silent", "--show-error", "--location"])
        .args(["--proto", "=https", "--proto-redir", "=https"])
        .args(FETCH_LIMITS)
        .arg("--output")
        .arg(&path)
        .arg(source)
        .stdin(Stdio::null())
        .output();
    let why = match fetched {
        Ok(output) if output.status.success() => return Ok((path, source.to_owned())),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => format!("curl cannot be run: {error}"),
    };
    Err(format!(
        "error: cannot fetch {source}: {why}\n  help: download the document, and name the file: \
         `cargo xtask update FILE`"
    ))
}

/// Returns what the vendor's document has and ours does not. A type that nothing uses is not missed.
fn lacking(ours: &Api, vendor: &Api) -> Vec<Change> {
    let mut vendor = vendor.clone();
    vendor
        .types
        .retain(|_, definition| definition.in_request || definition.in_answer);
    let mut difference = compare(ours, &vendor);
    difference.changes.retain(|change| {
        matches!(
            change.what,
            What::OperationAdded
                | What::ParameterAdded
                | What::RequiredParameterAdded
                | What::StatusAdded
                | What::EventTypeAdded
                | What::PayloadAdded
                | What::TypeAdded
                | What::FieldAdded
                | What::RequiredFieldAdded
                | What::ValueAdded
                | What::VariantAdded
        )
    });
    difference.changes
}

/// An error of the compiler.
struct CompileError {
    package: String,
    place: String,
    message: String,
}

/// Generates from the document into a copy of the workspace, and compiles all of it.
fn compile(
    root: &Path,
    scratch: &Path,
    document: Document,
    overlay: &Value,
) -> Result<Vec<CompileError>, String> {
    let workspace = scratch.join("workspace");
    copy_sources(root, &workspace)?;
    // The tests read the document where ours is.
    let text = serde_json::to_string(&document.root).map_err(|error| format!("error: {error}"))?;
    let place = workspace.join(DOCUMENT);
    fs::write(&place, text).map_err(|error| cannot("write", &place, &error))?;
    let files = generate::generate(document, overlay, Whose::Vendor, &mut |_, _| {})
        .map_err(|problems| problems.to_string())?
        .files;
    write::write(&workspace, &files).map_err(|problems| problems.to_string())?;
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--workspace", "--all-features", "--all-targets"])
        .args(["--exclude", "xtask", "--keep-going", "--locked"])
        .args(["--message-format", "json", "--quiet"])
        .env("CARGO_TARGET_DIR", scratch.join("target"))
        .env_remove("RUSTFLAGS")
        .current_dir(&workspace)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("error: cargo check: {error}"))?;
    let mut errors = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let found = serde_json::from_str(line)
            .ok()
            .and_then(|line| error(&line));
        if let Some(error) = found {
            errors.push(error);
        }
    }
    if errors.is_empty() && !output.status.success() {
        return Err(format!(
            "error: cargo check in {} failed:\n{}",
            workspace.display(),
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    Ok(errors)
}

/// Reads an error from a line of cargo's JSON messages.
fn error(line: &Value) -> Option<CompileError> {
    let message = line.get("message")?;
    let spans = message.get("spans")?.as_array()?;
    let place = spans.iter().find(|span| span["is_primary"] == true)?;
    let text = message.get("message")?.as_str()?;
    (message["level"] == "error").then(|| CompileError {
        package: line["target"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        place: format!(
            "{}:{}",
            place["file_name"].as_str().unwrap_or_default(),
            place["line_start"]
        ),
        message: text.to_owned(),
    })
}

/// Copies all files of the workspace but what is built, and removes those that are gone.
fn copy_sources(from: &Path, to: &Path) -> Result<(), String> {
    fs::create_dir_all(to).map_err(|error| cannot("create", to, &error))?;
    let mut kept = Vec::new();
    let entries = fs::read_dir(from).map_err(|error| cannot("read", from, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| cannot("read", from, &error))?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        // Only sources: no builds, no history, and no settings of cargo, which hold paths.
        if name == "target" || name == "node_modules" || name.to_string_lossy().starts_with('.') {
            continue;
        }
        kept.push(name.to_owned());
        let place = to.join(name);
        if path.is_dir() {
            copy_sources(&path, &place)?;
            continue;
        }
        let text = fs::read(&path).map_err(|error| cannot("read", &path, &error))?;
        // Files that stay as they are keep their time, so that they are not compiled again.
        if fs::read(&place).is_ok_and(|present| present == text) {
            continue;
        }
        fs::write(&place, text).map_err(|error| cannot("write", &place, &error))?;
    }
    let present = fs::read_dir(to).map_err(|error| cannot("read", to, &error))?;
    for entry in present.flatten() {
        if kept.contains(&entry.file_name()) {
            continue;
        }
        let path = entry.path();
        let removed = match path.is_dir() {
            true => fs::remove_dir_all(&path),
            false => fs::remove_file(&path),
        };
        removed.map_err(|error| cannot("remove", &path, &error))?;
    }
    Ok(())
}

fn cannot(verb: &str, path: &Path, error: &std::io::Error) -> String {
    format!("error: cannot {verb} {}: {error}", path.display())
}

/// Replaces the skeleton.
fn accept(root: &Path, skeleton: &Value) -> Result<(), String> {
    let path = root.join(SKELETON);
    let text = serde_json::to_string_pretty(skeleton).map_err(|error| format!("error: {error}"))?;
    let temporary = path.with_extension("json.new");
    fs::write(&temporary, text + "\n").map_err(|error| cannot("write", &temporary, &error))?;
    fs::rename(&temporary, &path).map_err(|error| cannot("write", &path, &error))
}

/// Writes the report.
fn report(
    since: &Report,
    lacks: &[Change],
    breaks: Option<&[CompileError]>,
    is_same: bool,
    options: &Options,
) -> String {
    let mut out = String::new();
    let heading = match options.format {
        Format::Markdown => "## ",
        _ => "== ",
    };
    let mut section = |title: &str, body: &str| {
        let _ = writeln!(out, "{heading}{title}\n\n{}\n", body.trim_end());
    };
    section(
        "What changed since the last document",
        &since.write(options.format),
    );
    section(
        "What our document lacks",
        &lacks_text(since, lacks, options),
    );
    section(
        "What breaks when the workspace is compiled against it",
        &breaks_text(breaks),
    );
    section("What to do", &todo(since, lacks, breaks, is_same, options));
    out
}

fn lacks_text(since: &Report, lacks: &[Change], options: &Options) -> String {
    if lacks.is_empty() {
        return format!("Nothing: {DOCUMENT} has all that the document has.");
    }
    let report = Report {
        old: DOCUMENT.to_owned(),
        difference: Difference {
            changes: lacks.to_vec(),
            ..since.difference.clone()
        },
        ..since.clone()
    };
    report.changes(options.format)
}

fn breaks_text(breaks: Option<&[CompileError]>) -> String {
    let breaks = match breaks {
        None => return "Not compiled, because of `--no-compile`.".to_owned(),
        Some([]) => return "Nothing: every crate, example and test compiles.".to_owned(),
        Some(breaks) => breaks,
    };
    let mut out = String::new();
    let mut packages: Vec<&str> = breaks.iter().map(|error| error.package.as_str()).collect();
    packages.sort_unstable();
    packages.dedup();
    for package in packages {
        let errors: Vec<_> = breaks
            .iter()
            .filter(|error| error.package == package)
            .collect();
        let _ = writeln!(out, "- {package}: {}", counted(errors.len(), "error"));
        for error in errors.iter().take(SHOWN) {
            let _ = writeln!(out, "  - {}: {}", error.place, error.message);
        }
        if errors.len() > SHOWN {
            let _ = writeln!(out, "  - and {} more", errors.len() - SHOWN);
        }
    }
    out
}

fn todo(
    since: &Report,
    lacks: &[Change],
    breaks: Option<&[CompileError]>,
    is_same: bool,
    options: &Options,
) -> String {
    let mut steps: Vec<String> = Vec::new();
    if is_same && lacks.is_empty() {
        return "Nothing: the document is the one that was seen last.".to_owned();
    }
    if !is_same || !lacks.is_empty() {
        steps.push(format!(
            "Bring the changes into {DOCUMENT}: names, types, limits and statuses as they are, \
             descriptions and examples in our own words. What the vendor dropped stays, marked \
             `deprecated`, as long as old deliveries may hold it."
        ));
        steps.push("Run `cargo xtask gen`, then `cargo xtask ci`.".to_owned());
    }
    if breaks.is_some_and(|breaks| !breaks.is_empty()) {
        steps.push(
            "Mend the places above where they use what changed; those that use what only our document \
             has need nothing."
                .to_owned(),
        );
    }
    if !is_same && !options.accept {
        steps.push(format!(
            "Run the command once more with `--accept`, which replaces {SKELETON}."
        ));
    }
    if let Some(next) = &since.advice.next {
        steps.push(format!(
            "Release {next} after {}: {}.",
            since.advice.current, since.advice.reason
        ));
    }
    let numbered = steps.iter().enumerate();
    numbered
        .map(|(index, step)| format!("{}. {step}\n", index + 1))
        .collect()
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
