//! Names of types that the code beside them uses itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use xtask::generate::names;

/// The names in macros and exports of linq-types that a type of the document would take from them.
#[test]
fn names_that_the_crate_uses_are_not_free() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/linq-types/src");
    let mut used = BTreeSet::new();
    for entry in fs::read_dir(sources.join("support")).expect("linq-types is beside xtask") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a source");
        for item in syn::parse_file(&text).expect("it is Rust").items {
            match item {
                syn::Item::Macro(item) => collect(item.mac.tokens, &mut used),
                syn::Item::Mod(item) if item.ident == "prelude" => {
                    let items = item.content.expect("it has imports").1;
                    for item in items {
                        imported(&item, &mut used);
                    }
                }
                _ => {}
            }
        }
    }
    let root = fs::read_to_string(sources.join("lib.rs")).expect("a source");
    for item in syn::parse_file(&root).expect("it is Rust").items {
        imported(&item, &mut used);
    }
    assert!(
        used.contains("Unrecognized") && used.contains("Misfit"),
        "{used:?}"
    );
    // A variant and a constant, which are never used without their type.
    for name in ["KNOWN", "Other"] {
        used.remove(name);
    }
    let free: Vec<&String> = used.iter().filter(|name| names::is_free(name)).collect();
    assert!(free.is_empty(), "add these to `names::TAKEN`: {free:?}");
}

fn imported(item: &syn::Item, used: &mut BTreeSet<String>) {
    fn leaves(tree: &syn::UseTree, used: &mut BTreeSet<String>) {
        match tree {
            syn::UseTree::Path(path) => leaves(&path.tree, used),
            syn::UseTree::Name(name) => keep(name.ident.to_string(), used),
            syn::UseTree::Rename(rename) => keep(rename.rename.to_string(), used),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, used)),
            syn::UseTree::Glob(_) => {}
        }
    }
    if let syn::Item::Use(item) = item {
        leaves(&item.tree, used);
    }
}

/// Collects the names of types, traits and variants that are not part of a longer path.
fn collect(tokens: TokenStream, used: &mut BTreeSet<String>) {
    let mut before = ' ';
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                collect(group.stream(), used);
                before = ' ';
            }
            TokenTree::Ident(name) => {
                if !matches!(before, ':' | '$' | '.') {
                    keep(name.to_string(), used);
                }
                before = ' ';
            }
            // A type after a single colon is a name of its own, as in `<S: Serializer>`.
            TokenTree::Punct(mark) => {
                before = match (before, mark.as_char(), mark.spacing()) {
                    (_, ':', proc_macro2::Spacing::Alone) if before != ':' => ' ',
                    (_, mark, _) => mark,
                };
            }
            TokenTree::Literal(_) => before = ' ',
        }
    }
}

fn keep(name: String, used: &mut BTreeSet<String>) {
    if name.starts_with(|c: char| c.is_ascii_uppercase()) {
        used.insert(name);
    }
}
