//! Whatever a delivery holds, it is read without a panic and nothing of it is lost.

use std::sync::LazyLock;

use linq_testing::compare::difference;
use linq_testing::document::webhooks;
use linq_types::{UnknownKind, WebhookEvent};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;
use serde_json::{Map, Value};

/// The webhook examples.
static EXAMPLES: LazyLock<Vec<Value>> =
    LazyLock::new(|| webhooks().iter().map(|webhook| webhook.value()).collect());

/// The same cases on every run, and no file of those that failed.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 256,
        rng_seed: RngSeed::Fixed(0x1149),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Any JSON, up to a few levels; some of its texts and names mean something to an event.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Fractions of a power of two have one decimal form, whichever way they are read.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        ".*".prop_map(Value::from),
        meaningful().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((name(), inner), 0..6).prop_map(|fields| Value::Object(Map::from_iter(fields))),
        ]
    })
}

fn meaningful() -> impl Strategy<Value = &'static str> {
    select(vec![
        "message.received",
        "2026-02-03",
        "2025-01-01",
        "2026-04-21T16:33:10.970+02:00",
        "9f657300-1919-4b20-ae19-cc56d8166f67",
        "text",
        "media",
        "iMessage",
        "",
    ])
}

fn name() -> impl Strategy<Value = String> {
    let known = select(vec![
        "event_type",
        "webhook_version",
        "event_id",
        "data",
        "type",
        "parts",
        "value",
    ]);
    prop_oneof![known.prop_map(str::to_owned), ".{0,8}"]
}

/// One change to an example; the index chooses the place.
#[derive(Clone, Debug)]
enum Change {
    Delete(Index),
    Duplicate(Index),
    Replace(Index, Value),
    Insert(Index, String, Value),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<Index>().prop_map(Change::Delete),
        any::<Index>().prop_map(Change::Duplicate),
        (any::<Index>(), json()).prop_map(|(at, value)| Change::Replace(at, value)),
        (any::<Index>(), name(), json())
            .prop_map(|(at, name, value)| Change::Insert(at, name, value)),
    ]
}

/// JSON in which a name may stand twice.
#[derive(Clone, Debug)]
enum Tree {
    Leaf(Value),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl From<&Value> for Tree {
    fn from(value: &Value) -> Self {
        match value {
            Value::Array(items) => Self::Array(items.iter().map(Self::from).collect()),
            Value::Object(object) => Self::Object(
                object
                    .iter()
                    .map(|(name, value)| (name.clone(), Self::from(value)))
                    .collect(),
            ),
            leaf => Self::Leaf(leaf.clone()),
        }
    }
}

impl Tree {
    fn text(&self) -> String {
        match self {
            Self::Leaf(value) => value.to_string(),
            Self::Array(items) => {
                let items: Vec<String> = items.iter().map(Self::text).collect();
                format!("[{}]", items.join(","))
            }
            Self::Object(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, tree)| format!("{}:{}", Value::from(&**name), tree.text()))
                    .collect();
                format!("{{{}}}", fields.join(","))
            }
        }
    }

    /// How many places there are in it, each an item or a field.
    fn places(&self) -> usize {
        match self {
            Self::Leaf(_) => 0,
            Self::Array(items) => items.iter().map(|tree| 1 + tree.places()).sum(),
            Self::Object(fields) => fields.iter().map(|(_, tree)| 1 + tree.places()).sum(),
        }
    }

    /// Makes a change.
    fn change(&mut self, change: &Change) {
        let (Change::Delete(index)
        | Change::Duplicate(index)
        | Change::Replace(index, _)
        | Change::Insert(index, ..)) = change;
        match self.places() {
            0 => {}
            places => self.change_at(&mut index.index(places), change),
        }
    }

    fn change_at(&mut self, skip: &mut usize, change: &Change) {
        match self {
            Self::Leaf(_) => {}
            Self::Array(items) => {
                let found = find(items.iter_mut(), skip, change);
                if let Some(at) = found {
                    alter(items, at, change, |_, tree| tree, |tree| tree);
                }
            }
            Self::Object(fields) => {
                let found = find(fields.iter_mut().map(|(_, tree)| tree), skip, change);
                if let Some(at) = found {
                    let named = |name: &str, tree| (name.to_owned(), tree);
                    alter(fields, at, change, named, |(_, tree)| tree);
                }
            }
        }
    }
}

/// The child that a change is for; a change for something inside a child is made there.
fn find<'a>(
    children: impl Iterator<Item = &'a mut Tree>,
    skip: &mut usize,
    change: &Change,
) -> Option<usize> {
    for (at, tree) in children.enumerate() {
        if *skip == 0 {
            return Some(at);
        }
        *skip -= 1;
        let places = tree.places();
        if *skip < places {
            tree.change_at(skip, change);
            return None;
        }
        *skip -= places;
    }
    None
}

fn alter<T: Clone>(
    children: &mut Vec<T>,
    at: usize,
    change: &Change,
    new: impl Fn(&str, Tree) -> T,
    tree: impl Fn(&mut T) -> &mut Tree,
) {
    match change {
        Change::Delete(_) => {
            children.remove(at);
        }
        Change::Duplicate(_) => children.push(children[at].clone()),
        Change::Replace(_, value) => *tree(&mut children[at]) = value.into(),
        Change::Insert(_, name, value) => children.insert(at, new(name, value.into())),
    }
}

/// What holds for every body that is a JSON object.
fn check_object(body: &[u8]) -> Result<WebhookEvent, TestCaseError> {
    let event = WebhookEvent::from_slice(body);
    prop_assert!(event.is_ok(), "an object is refused: {:?}", event);
    let event = event.expect("asserted above");
    if let WebhookEvent::Unknown(unknown) = &event {
        prop_assert_eq!(unknown.raw(), body);
        prop_assert!(!unknown.reason().is_empty());
    } else {
        prop_assert!(!event.event_type().is_empty());
        check_written_back(&event)?;
    }
    Ok(event)
}

fn check_written_back(event: &WebhookEvent) -> Result<(), TestCaseError> {
    let text = serde_json::to_string(event).expect("an event is JSON");
    let again = WebhookEvent::from_slice(text.as_bytes()).expect("an event is an object");
    prop_assert_eq!(event, &again);
    let value = serde_json::to_value(event).expect("an event is JSON");
    prop_assert_eq!(&value, &serde_json::to_value(&again).expect("JSON"));
    let again: WebhookEvent = serde_json::from_value(value).expect("an event is an object");
    prop_assert_eq!(event, &again);
    Ok(())
}

/// Everything a typed event has, it has from the body.
fn check_nothing_made_up(event: &WebhookEvent, body: &Value) -> Result<(), TestCaseError> {
    let written = serde_json::to_value(event).expect("an event is JSON");
    prop_assert_eq!(made_up(&written, body, ""), None);
    Ok(())
}

/// The first place of `written` that `body` does not have so.
fn made_up(written: &Value, body: &Value, path: &str) -> Option<String> {
    match (written, body) {
        (Value::Object(written), Value::Object(body)) => {
            written.iter().find_map(|(name, value)| {
                let path = format!("{path}.{name}");
                match body.get(name) {
                    Some(other) => made_up(value, other, &path),
                    None => Some(path),
                }
            })
        }
        (Value::Array(written), Value::Array(body)) if written.len() == body.len() => written
            .iter()
            .zip(body)
            .find_map(|(value, other)| made_up(value, other, &format!("{path}[]"))),
        (Value::String(written), Value::String(body)) if is_same_id(written, body) => None,
        _ => difference(written, body).map(|_| path.to_owned()),
    }
}

fn is_same_id(left: &str, right: &str) -> bool {
    let id = |text: &str| uuid::Uuid::parse_str(text).ok();
    id(left).is_some() && id(left) == id(right)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_read_without_a_panic(body in vec(any::<u8>(), 0..256)) {
        let _ = WebhookEvent::from_slice(&body);
        let _ = serde_json::from_slice::<WebhookEvent>(&body);
        let _ = linq_types::decode::<linq_types::CreateChatRequest>(&body);
    }

    #[test]
    fn any_json_is_an_event_if_it_is_an_object(value in json()) {
        let body = value.to_string();
        if value.is_object() {
            check_object(body.as_bytes())?;
        } else {
            prop_assert!(WebhookEvent::from_slice(body.as_bytes()).is_err());
        }
        let read = serde_json::from_value::<WebhookEvent>(value.clone());
        prop_assert_eq!(read.is_ok(), value.is_object());
        let _ = linq_types::decode::<linq_types::CreateChatRequest>(body.as_bytes());
    }

    #[test]
    fn any_json_in_the_envelope_of_an_event(example in any::<Index>(), data in json()) {
        let mut value = example.get(&EXAMPLES).clone();
        value["data"] = data;
        check_object(value.to_string().as_bytes())?;
    }

    #[test]
    fn changed_examples_lose_nothing(
        example in any::<Index>(),
        changes in vec(change(), 1..4),
    ) {
        let mut tree = Tree::from(example.get(&EXAMPLES));
        for change in &changes {
            tree.change(change);
        }
        let body = tree.text();
        let event = check_object(body.as_bytes())?;
        let value: Value = body.parse().expect("the body is JSON");
        if !event.is_unknown() {
            prop_assert_eq!(Some(event.event_type()), value["event_type"].as_str());
            prop_assert_eq!(Some(event.event_id()), value["event_id"].as_str());
        }
    }

    /// Without names that stand twice the reason is always a place, and a typed event holds
    /// nothing that the body does not.
    #[test]
    fn changed_examples_have_a_reason(
        example in any::<Index>(),
        changes in vec(change(), 1..4),
    ) {
        let mut tree = Tree::from(example.get(&EXAMPLES));
        for change in &changes {
            tree.change(change);
        }
        let value: Value = tree.text().parse().expect("the body is JSON");
        match check_object(value.to_string().as_bytes())? {
            WebhookEvent::Unknown(unknown) if unknown.kind() == UnknownKind::Mismatch => {
                prop_assert!(unknown.reason().contains(": expected "), "{}", unknown.reason());
            }
            WebhookEvent::Unknown(_) => {}
            event => check_nothing_made_up(&event, &value)?,
        }
    }

    #[test]
    fn examples_with_other_bytes_lose_nothing(
        example in any::<Index>(),
        bytes in vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut body = example.get(&EXAMPLES).to_string().into_bytes();
        for (at, byte) in bytes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        match serde_json::from_slice::<Value>(&body) {
            Ok(value) if value.is_object() => {
                check_object(&body)?;
            }
            // A reader that keeps nothing may still take what a tree cannot hold.
            _ => {
                if let Ok(WebhookEvent::Unknown(unknown)) = WebhookEvent::from_slice(&body) {
                    prop_assert_eq!(unknown.raw(), &body[..]);
                }
            }
        }
    }

    #[test]
    fn examples_cut_short_are_refused(example in any::<Index>(), end in any::<Index>()) {
        let body = example.get(&EXAMPLES).to_string();
        let cut = &body.as_bytes()[..end.index(body.len())];
        prop_assert!(WebhookEvent::from_slice(cut).is_err());
    }
}
