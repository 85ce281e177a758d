//! The idempotency keys of the handling of an event; see [`Linq::for_event`](crate::Linq::for_event).

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

/// The namespace of the keys, chosen at random. Changing it would change all keys.
const NAMESPACE: Uuid = Uuid::from_u128(0x7d1c_52a4_90fb_4d0e_8a36_c1f2_5e07_b9d3);

/// One run of the handling of an event.
pub(crate) struct Handling {
    event: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The next slot of each operation and destination.
    slots: HashMap<(&'static str, String), u64>,
    /// A hash of the content that was sent with each key.
    contents: HashMap<String, u64>,
}

impl Handling {
    pub(crate) fn new(event: String) -> Self {
        Self {
            event,
            state: Mutex::default(),
        }
    }

    /// Returns the key of the next send, or of a step.
    pub(crate) fn key(
        &self,
        operation: &'static str,
        destination: &str,
        step: Option<&str>,
    ) -> String {
        let slot = match step {
            Some(name) => format!("step {name}"),
            None => {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                let next = state.slots.entry((operation, destination.to_owned()));
                let next = next.or_default();
                *next += 1;
                format!("slot {next}")
            }
        };
        let parts = [&self.event, operation, destination, &slot];
        // With their lengths, so that no two lists of parts are the same text.
        let text: String = parts.map(|part| format!("{} {part} ", part.len())).concat();
        Uuid::new_v5(&NAMESPACE, text.as_bytes())
            .simple()
            .to_string()
    }

    /// Returns false if other content was sent with this key.
    pub(crate) fn is_same_content(&self, key: &str, content: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        let hash = hasher.finish();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state.contents.entry(key.to_owned()).or_insert(hash) == hash
    }
}

#[cfg(test)]
mod tests {
    use super::Handling;

    #[test]
    fn keys_are_the_same_each_time_and_differ_from_each_other() {
        let keys = |event: &str| {
            let handling = Handling::new(event.to_owned());
            let key = |operation, destination, step| handling.key(operation, destination, step);
            [
                key("send", "a", None),
                key("send", "a", None),
                key("send", "b", None),
                key("create", "a", None),
                key("send", "a", Some("1")),
                key("send", "a", Some("greeting")),
                key("send", "b", Some("greeting")),
            ]
        };
        let all = keys("event-1");
        assert_eq!(all, keys("event-1"));
        for (index, key) in all.iter().enumerate() {
            assert!(!all[..index].contains(key) && !keys("event-2").contains(key));
            assert_eq!(key.len(), 32);
            assert!(key.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
        // Keys outlive releases: a restarted program may be a newer one.
        assert_eq!(all[0], "3b55a45ab1285f02b63d18c1b592a583");
        // Names and texts cannot be shifted into each other.
        let handling = Handling::new("event".to_owned());
        assert_ne!(
            handling.key("a", "b 1", None),
            handling.key("a", "b", Some("1"))
        );
    }

    #[test]
    fn other_content_under_a_key_is_noticed() {
        let handling = Handling::new("event".to_owned());
        assert!(handling.is_same_content("key", b"one"));
        assert!(handling.is_same_content("key", b"one"));
        assert!(!handling.is_same_content("key", b"two"));
        assert!(handling.is_same_content("other", b"two"));
    }
}
