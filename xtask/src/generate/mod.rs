//! The generator: from an API document to the generated files of two crates.
//!
//! Each stage is a module, and each module says what goes in and what comes out:
//! [`load`] → [`overlay`] → [`check`] → [`webhooks`] out → [`hoist`] → [`lower`] (with
//! [`operations`], [`repeat`] and [`areas`]) → [`types`] → [`union`] → [`client`] → [`docs`] → [`mod@format`] →
//! [`write`](mod@write).

pub mod accept;
pub mod access;
pub mod areas;
pub mod builders;
pub mod check;
pub mod client;
pub mod docs;
pub mod format;
pub mod hoist;
pub mod json_schema;
pub mod keywords;
pub mod limits;
pub mod load;
pub mod lower;
pub mod media;
pub mod model;
pub mod names;
pub mod normal;
pub mod operations;
pub mod overlay;
pub mod passes;
pub mod rename;
pub mod repeat;
pub mod schemas;
pub mod sim;
pub mod types;
pub mod union;
pub mod webhooks;
pub mod write;

use serde_json::Value;

use self::accept::Losses;
use self::format::Files;
use self::load::Document;
use self::model::Api;
use self::overlay::Whose;
use crate::problem::Problems;

/// What generating made.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The files, by their path in the workspace.
    pub files: Files,
    /// The API they were made from.
    pub api: Api,
}

/// Generates all files in memory, and tells `progress` of each stage.
///
/// # Errors
///
/// Everything in the document that cannot be expressed.
pub fn generate(
    document: Document,
    overlay: &Value,
    whose: Whose,
    progress: &mut dyn FnMut(&str, &str),
) -> Result<Generated, Problems> {
    let (api, document) = read(document, overlay, whose, progress)?;
    let mut files = types::emit(&api);
    progress("types", &format!("{} files", files.0.len()));
    files.extend(union::emit(&api));
    progress("union", &format!("{} variants", api.events.len()));
    let client = client::emit(&api)?;
    progress("client", &format!("{} files", client.0.len()));
    files.extend(client);
    files.extend(sim::emit(&document));
    files.check()?;
    let lines: usize = files.0.values().map(|text| text.lines().count()).sum();
    progress("format", &format!("{} files, {lines} lines", files.0.len()));
    Ok(Generated { files, api })
}

/// Reads a document up to the API it describes, and writes no code for it.
///
/// # Errors
///
/// Everything in the document that cannot be expressed.
pub fn api(
    document: Document,
    overlay: &Value,
    whose: Whose,
    progress: &mut dyn FnMut(&str, &str),
) -> Result<Api, Problems> {
    read(document, overlay, whose, progress).map(|(api, _)| api)
}

/// Reads a document, and also returns it as it is with its fix-ups.
fn read(
    mut document: Document,
    overlay: &Value,
    whose: Whose,
    progress: &mut dyn FnMut(&str, &str),
) -> Result<(Api, Document), Problems> {
    check::inline_items(&mut document.root)?;
    let stated = keywords::extension(&document.root, accept::EXTENSION);
    let mut notes = overlay::apply(&mut document, overlay, whose)?;
    notes.extend(media::choose(&mut document.root));
    let accepted = keywords::extension(&document.root, accept::EXTENSION);
    let mut losses = Losses::new(accepted, stated, whose)?;
    let count = overlay
        .get("actions")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    progress("overlay", &format!("{count} fix-ups"));
    check::check(&document, &mut losses)?;
    let fixed = document.clone();
    progress("check", "references, operations and parameters are sound");
    let (mut events, without_payload) = webhooks::extract(&mut document)?;
    notes.extend(without_payload);
    normal::normalize(&mut document, &mut events, &mut losses)?;
    progress("webhooks", &format!("{} events", events.len()));
    let hoist::Hoisted {
        components,
        notes: unshared,
    } = hoist::hoist(&mut document, &mut events, &losses)?;
    notes.extend(unshared);
    let nested = components
        .iter()
        .filter(|component| component.is_hoisted)
        .count();
    progress(
        "hoist",
        &format!("{} schemas, {nested} of them nested", components.len()),
    );
    let mut api = lower::lower(&document, &components, &events, &mut losses)?;
    union::relax_envelopes(&mut api);
    notes.extend(losses.finish()?);
    notes.append(&mut api.notes);
    api.notes = notes;
    progress(
        "lower",
        &format!(
            "{} types, {} operations",
            api.order.len(),
            api.operations.len()
        ),
    );
    Ok((api, fixed))
}
