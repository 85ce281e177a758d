//! Stage 6, lower, for modules. In: the API. Out: each type's area of the API, and whether
//! requests and answers reach it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::json_schema::text;
use super::model::Api;
use super::names;

/// The area of what many areas use.
const COMMON: &str = "common";
/// The area of what several families of events use.
const EVENTS: &str = "events";
/// The area of what neither an operation nor an event uses.
const OTHER: &str = "other";

/// Gives each type its area.
pub fn assign(api: &mut Api, root: &Value) {
    let mut by_operation: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut by_event: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut areas: Vec<(String, String)> = Vec::new();
    let mut in_request = BTreeSet::new();
    let mut in_answer = BTreeSet::new();
    for operation in &api.operations {
        let area = (operation.area.clone(), operation.tag.clone());
        let index = areas
            .iter()
            .position(|known| known.0 == area.0)
            .unwrap_or_else(|| {
                areas.push(area);
                areas.len() - 1
            });
        // A type may be sent and received by one operation.
        for (names, side) in [
            (operation.request_uses(), &mut in_request),
            (operation.answer_uses(), &mut in_answer),
        ] {
            for reached in names.into_iter().flat_map(|name| reach(api, name)) {
                by_operation
                    .entry(reached.clone())
                    .or_default()
                    .insert(index);
                side.insert(reached);
            }
        }
    }
    for event in &api.events {
        let family = event.event_type.split('.').next().unwrap_or_default();
        let family = format!("{EVENTS}_{}", names::field_name(family));
        for reached in reach(api, &event.payload) {
            by_event
                .entry(reached.clone())
                .or_default()
                .insert(family.clone());
            in_answer.insert(reached);
        }
    }
    for definition in api.types.values_mut() {
        definition.in_request = in_request.contains(&definition.name);
        definition.in_answer = in_answer.contains(&definition.name);
        let operations = by_operation.get(&definition.name);
        let events = by_event.get(&definition.name);
        definition.area = match (operations, events) {
            (Some(found), _) if found.len() > 2 => COMMON.to_owned(),
            (Some(found), _) => found
                .first()
                .and_then(|index| areas.get(*index))
                .map_or_else(|| OTHER.to_owned(), |(area, _)| area.clone()),
            (None, Some(families)) if families.len() > 1 => EVENTS.to_owned(),
            (None, Some(families)) => families.first().cloned().unwrap_or_default(),
            (None, None) => OTHER.to_owned(),
        };
    }
    let described = |area: &str, tag: &str| {
        let tags = root
            .get("tags")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let found = tags
            .filter(|entry| entry.get("name").and_then(Value::as_str) == Some(tag))
            .map(|entry| text(entry.get("description")))
            .find(|description| !description.is_empty());
        (area.to_owned(), found.unwrap_or_else(|| format!("{tag}.")))
    };
    api.areas = areas
        .iter()
        .map(|(area, tag)| described(area, tag))
        .collect();
    // A tag may have the name of one of these; its operations and the types then share the file.
    let mut add = |area: String, description: String| {
        if !api.areas.iter().any(|(known, _)| *known == area) {
            api.areas.push((area, description));
        }
    };
    add(
        COMMON.to_owned(),
        "What several areas of the API use.".to_owned(),
    );
    add(
        EVENTS.to_owned(),
        "What several families of webhook events use.".to_owned(),
    );
    let families: BTreeSet<String> = by_event.into_values().flatten().collect();
    for family in families {
        let name = family
            .trim_start_matches(EVENTS)
            .trim_start_matches('_')
            .to_owned();
        add(family, format!("Webhook events `{name}.…`."));
    }
    let what = "What the document describes and neither an operation nor an event uses.";
    add(OTHER.to_owned(), what.to_owned());
}

/// A type and all that it holds.
fn reach(api: &Api, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        if let Some(definition) = api.types.get(&name)
            && found.insert(name)
        {
            open.extend(definition.uses().into_iter().map(str::to_owned));
        }
    }
    found
}
