//! The commands of `cargo xtask`.

pub mod ci;
pub mod diff_command;
pub mod gen_command;
pub mod update_command;

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}
