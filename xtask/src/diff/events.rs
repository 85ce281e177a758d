//! Comparing webhook events: event types, payload versions, and the variants of the union.

use std::collections::BTreeSet;

use super::change::{Change, Found, Position, What};
use crate::generate::model::{Api, Event, Kind};
use crate::generate::names;

/// Compares the events of two APIs.
pub fn compare(old: &Api, new: &Api, found: &mut Found) {
    let (known, present) = (types(old), types(new));
    for event_type in known.difference(&present) {
        let variants = variants(old, event_type);
        found.push(match variants.is_empty() {
            true => change(What::EventNameRemoved, event_type),
            false => change(What::EventTypeRemoved, event_type).before(variants),
        });
    }
    for event_type in present.difference(&known) {
        let variants = variants(new, event_type);
        found.push(
            change(What::EventTypeAdded, event_type).after(match variants.is_empty() {
                true => "no payload described, stays Unknown".to_owned(),
                false => variants,
            }),
        );
    }
    // The variants of an event type that came or went are told with it.
    for event in &old.events {
        if partner(event, old, new).is_none() && present.contains(event.event_type.as_str()) {
            let change = change(What::PayloadRemoved, &event.event_type).member(&event.variant);
            found.push(change.before(version(event)));
        }
    }
    for event in &new.events {
        match partner(event, new, old) {
            Some(before) => pair(before, event, found),
            None if known.contains(event.event_type.as_str()) => {
                let change = change(What::PayloadAdded, &event.event_type).member(&event.variant);
                found.push(change.after(version(event)));
            }
            None => {}
        }
    }
}

/// The variants of an event type, one for each payload version.
fn variants(api: &Api, event_type: &str) -> String {
    let events = api
        .events
        .iter()
        .filter(|event| event.event_type == event_type);
    let variants: Vec<&str> = events.map(|event| event.variant.as_str()).collect();
    variants.join(", ")
}

/// All event types: those with a payload, and those that are only listed.
pub fn types(api: &Api) -> BTreeSet<&str> {
    let described: BTreeSet<&str> = api
        .events
        .iter()
        .map(|event| event.event_type.as_str())
        .collect();
    let mut types = described.clone();
    // The enum of event types is the one that lists most of those with a payload.
    let lists = api
        .types
        .values()
        .filter_map(|definition| match &definition.kind {
            Kind::Enum(variants) => Some(variants),
            _ => None,
        });
    for values in lists {
        let values: BTreeSet<&str> = values.iter().map(|value| value.wire.as_str()).collect();
        let shared = values.intersection(&described).count();
        if shared > 1 && shared * 2 > described.len() {
            types.extend(values);
        }
    }
    types
}

/// The event of the other API that is this one: by variant, or by what it is chosen for.
fn partner<'a>(event: &Event, own: &Api, other: &'a Api) -> Option<&'a Event> {
    let named =
        |api: &'a Api, variant: &str| api.events.iter().find(|known| known.variant == variant);
    named(other, &event.variant).or_else(|| {
        let chosen_alike =
            |known: &&Event| known.event_type == event.event_type && known.version == event.version;
        let found = other.events.iter().find(chosen_alike)?;
        let is_taken = own
            .events
            .iter()
            .any(|taken| taken.variant == found.variant);
        (!is_taken).then_some(found)
    })
}

fn pair(old: &Event, new: &Event, found: &mut Found) {
    let change = |what| change(what, &new.event_type).member(&new.variant);
    if old.variant != new.variant {
        let change = change(What::PayloadRenamed);
        found.push(
            change
                .before(old.variant.as_str())
                .after(new.variant.as_str()),
        );
    }
    if old.payload != new.payload {
        let change = change(What::PayloadTypeChanged);
        found.push(
            change
                .before(old.payload.as_str())
                .after(new.payload.as_str()),
        );
    }
    let chosen_for = |event: &Event| format!("{}, {}", event.event_type, version(event));
    if chosen_for(old) != chosen_for(new) {
        let is_wider = new.version.is_none() && old.event_type == new.event_type;
        let change = change(match is_wider {
            true => What::PayloadWidened,
            false => What::PayloadNarrowed,
        });
        found.push(change.before(chosen_for(old)).after(chosen_for(new)));
    }
    found.text(&old.description, &new.description);
}

/// The change stands in the area of the types of its family.
fn change(what: What, event_type: &str) -> Change {
    let family = event_type.split('.').next().unwrap_or_default();
    let area = format!("events_{}", names::field_name(family));
    Change::new(what, &area, event_type, Position::Answer)
}

fn version(event: &Event) -> String {
    event.version.as_ref().map_or_else(
        || "every payload version".to_owned(),
        |version| format!("payload version {version}"),
    )
}
