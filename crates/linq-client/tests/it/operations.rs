//! What is known about operations.

use std::collections::HashSet;

use linq_client::operations::{ALL, CREATE_CHAT, GET_CHAT};
use linq_client::reqwest::Method;

#[test]
fn an_operation_tells_what_the_document_says() {
    assert_eq!(GET_CHAT.to_string(), "get_chat");
    assert_eq!(GET_CHAT.name(), "get_chat");
    assert_eq!(GET_CHAT.operation_id(), "getChat");
    assert_eq!(GET_CHAT.method(), Method::GET);
    assert_eq!(GET_CHAT.path(), "/v3/chats/{chatId}");
    assert_eq!(GET_CHAT.tag(), "Chats");
    assert_eq!(GET_CHAT.accept(), Some("application/json"));
    assert_eq!(CREATE_CHAT.method(), Method::POST);
    assert!(format!("{GET_CHAT:?}").contains("method: GET"));
}

#[test]
fn every_operation_is_there_once() {
    let names: HashSet<_> = ALL.iter().map(|operation| operation.name()).collect();
    let ids: HashSet<_> = ALL
        .iter()
        .map(|operation| operation.operation_id())
        .collect();
    assert_eq!((names.len(), ids.len()), (ALL.len(), ALL.len()));
    assert!(
        ALL.iter()
            .all(|operation| operation.path().starts_with("/v3/"))
    );
    assert!(ALL.contains(&&GET_CHAT));
}
