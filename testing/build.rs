//! Lists the generated types, so that a test of all types of a kind leaves none out.

use std::path::Path;
use std::{env, fs};

/// Where the types are.
const FOLDER: &str = "../crates/linq-types/src/generated";

/// What the generated code calls each kind of type, and the macro that hands the list on.
const KINDS: [(&str, &str); 3] = [
    ("open_enum! {", "for_every_enum"),
    ("union! {", "for_every_union"),
    ("record! {", "for_every_struct"),
];

fn main() {
    println!("cargo::rerun-if-changed={FOLDER}");
    let code = generated();
    let macros = KINDS.map(|(start, name)| {
        let types = names(&code, start).join(", ");
        format!("/// Calls a macro with the names of all generated types of a kind.\n#[macro_export]\nmacro_rules! {name} {{ ($callback:ident) => {{ $callback! {{ {types} }} }}; }}\n")
    });
    let folder = env::var_os("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&folder).join("types.rs"), macros.concat()).expect("it can be written");
}

/// The text of all generated files.
fn generated() -> String {
    let mut paths: Vec<_> = fs::read_dir(FOLDER)
        .expect("the folder is there")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    paths.sort();
    let texts = paths.iter().map(fs::read_to_string);
    texts
        .map(|text| text.expect("the file can be read"))
        .collect()
}

/// The names that stand first after each `start`.
fn names<'a>(code: &'a str, start: &str) -> Vec<&'a str> {
    code.split(&format!("\n{start}"))
        .skip(1)
        .filter_map(|rest| rest.split_whitespace().next())
        .collect()
}
