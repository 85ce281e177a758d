//! Reading a webhook never panics, and loses nothing of what is no known event.
#![no_main]

use libfuzzer_sys::fuzz_target;
use linq_types::WebhookEvent;

fuzz_target!(|body: &[u8]| {
    let Ok(event) = WebhookEvent::from_slice(body) else {
        // What is refused is no object to any other reader either.
        let value = serde_json::from_slice::<serde_json::Value>(body);
        assert!(!value.is_ok_and(|value| value.is_object()));
        return;
    };
    if let WebhookEvent::Unknown(unknown) = &event {
        assert_eq!(unknown.raw(), body);
        assert!(!unknown.reason().is_empty());
        return;
    }
    assert!(!event.event_type().is_empty());
    let written = serde_json::to_vec(&event).expect("an event is JSON");
    let again = WebhookEvent::from_slice(&written).expect("an event is an object");
    // Not compared as a whole: a number may come back as its neighbour.
    assert!(!again.is_unknown());
    assert_eq!(again.event_type(), event.event_type());
    assert_eq!(again.event_id(), event.event_id());
});
