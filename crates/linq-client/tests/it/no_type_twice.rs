//! The client has no type of its own for what `linq-types` has.

use std::any::TypeId;
use std::collections::BTreeSet;
use std::path::Path;

use syn::Item;

/// The names that a folder of generated code defines, each with whether a module `builder` is
/// around it.
fn definitions(folder: &str) -> Vec<(String, bool)> {
    let folder = linq_testing::document::root().join(folder);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            collect(&parsed(&path).items, false, &mut found);
        }
    }
    assert!(found.len() >= 30, "generated code defines types");
    found
}

fn parsed(path: &Path) -> syn::File {
    let text = std::fs::read_to_string(path).expect("the file can be read");
    syn::parse_file(&text).expect("the file is Rust")
}

fn collect(items: &[Item], in_builder: bool, found: &mut Vec<(String, bool)>) {
    for item in items {
        match item {
            Item::Struct(item) => found.push((item.ident.to_string(), in_builder)),
            Item::Enum(item) => found.push((item.ident.to_string(), in_builder)),
            Item::Union(item) => found.push((item.ident.to_string(), in_builder)),
            Item::Mod(item) => {
                let in_builder = in_builder || item.ident == "builder";
                let items = item.content.as_ref().map(|(_, items)| &items[..]);
                collect(items.unwrap_or_default(), in_builder, found);
            }
            _ => {}
        }
    }
}

#[test]
fn the_types_of_the_client_are_those_of_linq_types() {
    fn id<T: 'static>() -> TypeId {
        TypeId::of::<T>()
    }
    assert_eq!(id::<linq_client::types::Chat>(), id::<linq_types::Chat>());
    assert_eq!(
        id::<linq_client::types::CreateChatRequest>(),
        id::<linq_types::CreateChatRequest>()
    );
    assert_eq!(
        id::<linq_client::types::WebhookEvent>(),
        id::<linq_types::WebhookEvent>()
    );
    assert_eq!(
        id::<linq_client::ErrorBody>(),
        id::<linq_types::ErrorResponse>()
    );
}

/// A builder takes, and its answer is, the very type of `linq-types`.
#[test]
fn builders_take_the_types_of_linq_types() {
    let client = linq_client::Client::new("http://127.0.0.1:9", "key").expect("a client");
    let request = linq_types::AddParticipantRequest::new("+12025550101");
    drop(client.add_participant().body(request));
    let order = linq_types::GetMessageThreadOrder::Desc;
    drop(client.get_message_thread().order(order));
}

#[test]
fn the_client_defines_builders_alone() {
    let others: Vec<_> = definitions("crates/linq-client/src/generated")
        .into_iter()
        .filter_map(|(name, in_builder)| (!in_builder).then_some(name))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn no_name_is_defined_twice() {
    let types: Vec<_> = definitions("crates/linq-types/src/generated");
    let client: Vec<_> = definitions("crates/linq-client/src/generated");
    let mut names = BTreeSet::new();
    let twice: Vec<_> = types
        .into_iter()
        .chain(client)
        .map(|(name, _)| name)
        .filter(|name| !names.insert(name.clone()))
        .collect();
    assert!(twice.is_empty(), "{twice:?}");
}
