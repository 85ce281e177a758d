//! Which source file imports from which, and that none of them do so in a circle.
//!
//! `cargo test -p linq-tests --test it imports -- --nocapture` lists the imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use linq_testing::document::root;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

/// Where the code that is written by hand begins.
const CRATES: [&str; 5] = [
    "crates/linq-client/src/lib.rs",
    "crates/linq-ext/src/lib.rs",
    "crates/linq-types/src/lib.rs",
    "crates/linq-webhook/src/lib.rs",
    "xtask/src/lib.rs",
];

/// The circles that may be: a hook calls the rest of the client, and the client calls its hooks.
const CIRCLES: &[&[&str]] = &[&[
    "crates/linq-client/src/support/client.rs",
    "crates/linq-client/src/support/hook.rs",
]];

#[test]
fn no_files_import_each_other_in_a_circle() {
    let mut imports = BTreeMap::new();
    for file in CRATES {
        imports.extend(Crate::read(file).imports());
    }
    for (file, imported) in &imports {
        for imported in imported {
            eprintln!("{file} imports {imported}");
        }
    }
    assert!(imports.len() > 50, "the files are found");
    let is_allowed = |circle: &BTreeSet<String>| {
        let is_in = |allowed: &[&str]| circle.iter().all(|file| allowed.contains(&&**file));
        CIRCLES.iter().any(|allowed| is_in(allowed))
    };
    let mut circles = circles(&imports);
    circles.retain(|circle| !is_allowed(circle));
    assert!(circles.is_empty(), "{circles:#?}");
}

/// The files that each file imports from.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The groups of files that all import each other, directly or not.
fn circles(imports: &Imports) -> BTreeSet<BTreeSet<String>> {
    let reached = |start: &str| {
        let mut found = BTreeSet::new();
        let mut open = vec![start];
        while let Some(file) = open.pop() {
            for next in imports.get(file).into_iter().flatten() {
                if found.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        found
    };
    let reached: BTreeMap<&str, _> = imports
        .keys()
        .map(|file| (&**file, reached(file)))
        .collect();
    let reaches = |from: &str, to: &str| reached.get(from).is_some_and(|files| files.contains(to));
    let files = reached.keys().filter(|file| reaches(file, file));
    files
        .map(|file| {
            let circle = reached[file].iter().filter(|other| reaches(other, file));
            circle.cloned().collect()
        })
        .collect()
}

/// A module's path in its crate.
type ModulePath = Vec<String>;

/// The modules of a crate that are written by hand.
#[derive(Default)]
struct Crate {
    modules: BTreeMap<ModulePath, Module>,
}

struct Module {
    file: String,
    /// What `use` calls by a name, with whether that is for others too.
    names: BTreeMap<String, Name>,
    globs: Vec<Name>,
    /// The paths in its code.
    paths: Vec<Vec<String>>,
}

#[derive(Clone)]
struct Name {
    path: Vec<String>,
    is_reexport: bool,
}

impl Crate {
    fn read(file: &str) -> Self {
        let mut this = Self::default();
        this.read_file(&root().join(file), Vec::new());
        this
    }

    fn read_file(&mut self, file: &Path, module: ModulePath) {
        let text = fs::read_to_string(file).expect("the file can be read");
        let code = syn::parse_file(&text).expect("the file is Rust");
        self.read_module(file, module, &code.items);
    }

    fn read_module(&mut self, file: &Path, path: ModulePath, items: &[Item]) {
        let is_root = file.ends_with("lib.rs") || file.ends_with("mod.rs");
        let mut found = Collector::default();
        for item in items {
            found.visit_item(item);
        }
        for name in found.names.values_mut().chain(&mut found.globs) {
            name.is_reexport &= is_root;
        }
        let name = file.strip_prefix(root()).expect("it is ours");
        let module = Module {
            file: name.to_string_lossy().into_owned(),
            names: found.names,
            globs: found.globs,
            paths: found.paths,
        };
        self.modules.insert(path.clone(), module);
        for item in found.modules {
            let child = [&path[..], &[item.ident.to_string()]].concat();
            match &item.content {
                Some((_, items)) => self.read_module(file, child, items),
                None => {
                    if let Some(file) = file_of(file, &item) {
                        self.read_file(&file, child);
                    }
                }
            }
        }
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (path, module) in &self.modules {
            let names = module.names.values().chain(&module.globs);
            let names = names.filter(|name| !name.is_reexport);
            let paths = names.map(|name| &name.path).chain(&module.paths);
            let files = paths.filter_map(|used| self.file_of(path, used, 0));
            let imported = imports.entry(module.file.clone()).or_default();
            imported.extend(files.filter(|file| *file != module.file));
        }
        imports
    }

    /// The file in which that is defined which a path in a module means.
    fn file_of(&self, module: &[String], path: &[String], depth: usize) -> Option<String> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match &**first {
            "crate" => Vec::new(),
            "self" => module.to_vec(),
            "super" => module.split_last()?.1.to_vec(),
            _ => {
                let is_module = self.modules.contains_key(&[module, &path[..1]].concat());
                let name = self.modules[module].names.get(first);
                rest = path;
                if !is_module && name.is_none_or(|name| name.path.first() == Some(first)) {
                    return None;
                }
                module.to_vec()
            }
        };
        if depth > 20 {
            return None;
        }
        while let Some((name, after)) = rest.split_first() {
            let child = [&at[..], std::slice::from_ref(name)].concat();
            if name == "super" {
                at.pop();
            } else if self.modules.contains_key(&child) {
                at = child;
            } else {
                let here = &self.modules[&at];
                if let Some(alias) = here.names.get(name) {
                    let path = [&alias.path[..], after].concat();
                    return self.file_of(&at, &path, depth + 1);
                }
                return Some(here.file.clone());
            }
            rest = after;
        }
        Some(self.modules[&at].file.clone())
    }
}

/// The file of a module that is declared in a file, unless it is generated.
fn file_of(parent: &Path, module: &ItemMod) -> Option<PathBuf> {
    let name = module.ident.to_string();
    let folder = if parent.ends_with("lib.rs") || parent.ends_with("mod.rs") {
        parent.parent()?.to_owned()
    } else {
        parent.with_extension("")
    };
    let files = [
        folder.join(&name).with_extension("rs"),
        folder.join(&name).join("mod.rs"),
    ];
    let file = files.into_iter().find(|file| file.is_file());
    file.filter(|file| !file.to_string_lossy().contains("/generated/"))
}

/// Collects what one module uses, without its inline modules and tests.
#[derive(Default)]
struct Collector {
    names: BTreeMap<String, Name>,
    globs: Vec<Name>,
    paths: Vec<Vec<String>>,
    modules: Vec<ItemMod>,
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("cfg") && list.is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

impl<'code> Visit<'code> for Collector {
    fn visit_item_mod(&mut self, item: &'code ItemMod) {
        if !is_test(&item.attrs) {
            self.modules.push(item.clone());
        }
    }

    fn visit_item_use(&mut self, item: &'code ItemUse) {
        if !is_test(&item.attrs) {
            let is_reexport = !matches!(item.vis, Visibility::Inherited);
            self.add(&item.tree, Vec::new(), is_reexport);
        }
    }

    fn visit_path(&mut self, path: &'code syn::Path) {
        let segments = path.segments.iter();
        let segments: Vec<_> = segments.map(|segment| segment.ident.to_string()).collect();
        if path.leading_colon.is_none() && segments.len() > 1 {
            self.paths.push(segments);
        }
        visit::visit_path(self, path);
    }
}

impl Collector {
    fn add(&mut self, tree: &UseTree, mut path: Vec<String>, is_reexport: bool) {
        let (name, last) = match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                return self.add(&tree.tree, path, is_reexport);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add(tree, path.clone(), is_reexport);
                }
                return;
            }
            UseTree::Glob(_) => return self.globs.push(Name { path, is_reexport }),
            UseTree::Name(tree) => (tree.ident.to_string(), tree.ident.to_string()),
            UseTree::Rename(tree) => (tree.rename.to_string(), tree.ident.to_string()),
        };
        let name = match (&*last, path.last()) {
            ("self", Some(module)) if name == "self" => module.clone(),
            _ => name,
        };
        if last != "self" {
            path.push(last);
        }
        self.names.insert(name, Name { path, is_reexport });
    }
}

#[test]
fn circles_are_found() {
    let imports = [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("e", "a")];
    let mut all = Imports::new();
    for (file, imported) in imports {
        let files = all.entry(file.to_owned()).or_default();
        files.insert(imported.to_owned());
    }
    let circle = ["b", "c"].map(str::to_owned).into();
    assert_eq!(circles(&all), [circle].into());
}
