//! Programs of other languages that a test needs, installed from their package registries.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io, process};

/// The folder `parent/name`, which `fill` fills if it is not there yet.
///
/// `None`, and a line on stderr, where that fails: the language or its registry is not there.
///
/// # Panics
///
/// If the folder cannot be created.
pub fn installed(
    parent: &Path,
    name: &str,
    fill: impl FnOnce(&Path) -> Vec<Command>,
) -> Option<PathBuf> {
    let folder = parent.join(name);
    if folder.exists() {
        return Some(folder);
    }
    // Moved into place when it is complete.
    let begun = parent.join(format!("{name}-{}", process::id()));
    fs::create_dir_all(&begun).expect("the target folder can be written");
    let succeeds =
        |mut command: Command| command.output().is_ok_and(|output| output.status.success());
    if !fill(&begun).into_iter().all(succeeds) {
        // Past the test harness, which keeps what `eprintln` prints in a test that passes.
        let line = format!("skipped: {name} cannot be installed here\n");
        let _ = io::stderr().write_all(line.as_bytes());
        let _ = fs::remove_dir_all(&begun);
        return None;
    }
    if fs::rename(&begun, &folder).is_err() {
        // Another process was faster.
        let _ = fs::remove_dir_all(&begun);
    }
    Some(folder)
}

/// `pip` with what every call of it needs.
pub fn pip(command: &str) -> Command {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", command, "--quiet", "--no-input"])
        .args(["--retries", "1", "--disable-pip-version-check"]);
    pip
}

/// Installs Python packages into a folder that is to be in the `PYTHONPATH`.
pub fn pip_install(folder: &Path, packages: &[&str]) -> Command {
    let mut pip = pip("install");
    pip.arg("--target").arg(folder).args(packages);
    pip
}

/// Installs JavaScript packages into `node_modules` of a folder.
pub fn npm_install(folder: &Path, packages: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund"])
        .args(["--fetch-retries", "1", "--prefix"])
        .arg(folder)
        .args(packages);
    npm
}
