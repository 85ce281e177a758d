//! Stage 6, lower. In: components, operations and events. Out: the API as types, with
//! every construct of the schema language reduced to what a Rust type can say.

use std::collections::BTreeMap;

use super::accept::Losses;
use super::hoist::Component;
use super::json_schema::text;
use super::load::Document;
use super::model::{Api, Event, Kind, Type, TypeDef};
use super::schemas::context::Lowering;
use super::{access, areas, operations, passes, repeat, webhooks};
use crate::problem::Problems;

/// Lowers the whole API.
///
/// # Errors
///
/// Everything that a Rust type cannot say, each with its place.
pub fn lower(
    document: &Document,
    components: &[Component],
    events: &[webhooks::Event],
    losses: &mut Losses,
) -> Result<Api, Problems> {
    let mut lowering = Lowering::new(document, components, losses);
    let mut api = Api {
        source: document.name.clone(),
        title: text(document.root.pointer("/info/title")),
        ..Api::default()
    };
    for component in components {
        let definition = lowering.definition(component);
        api.order.push(definition.name.clone());
        api.types.insert(definition.name.clone(), definition);
    }
    for definition in std::mem::take(&mut lowering.extra) {
        api.order.push(definition.name.clone());
        api.types.insert(definition.name.clone(), definition);
    }
    passes::circles(&mut api, lowering.losses, &mut lowering.problems);
    api.servers = access::servers(&mut lowering);
    api.operations = operations::lower(&mut lowering, &api.servers);
    api.error = operations::common_error(&api.operations);
    for event in events {
        api.events
            .extend(self::event(&mut lowering, event, &api.types));
    }
    lowering.problems.into_result()?;
    api.notes = lowering.notes;
    repeat::find_keys(&mut api);
    passes::tags(&mut api);
    passes::drop_unused(&mut api);
    passes::boxes(&mut api);
    areas::assign(&mut api, &document.root);
    Ok(api)
}

/// The event of a webhook, whose payload must be a struct.
fn event<'a>(
    lowering: &mut Lowering<'a>,
    event: &'a webhooks::Event,
    types: &BTreeMap<String, TypeDef>,
) -> Option<Event> {
    let (ty, _) = lowering.type_of(&event.schema, &event.pointer);
    match ty {
        Type::Named(payload)
            if matches!(types.get(&payload).map(|t| &t.kind), Some(Kind::Struct(_))) =>
        {
            Some(Event {
                variant: event.variant.clone(),
                event_type: event.event_type.clone(),
                version: event.version.clone(),
                payload,
                description: event.description.clone(),
            })
        }
        _ => {
            lowering.refuse(
                &event.pointer,
                "the webhook's body is no object with fields",
                "refer to the schema of the whole delivery, envelope and data",
            );
            None
        }
    }
}
