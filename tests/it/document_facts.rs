//! What the API document says as values is complete, and its prose agrees with it.

use std::collections::{BTreeMap, BTreeSet};

use linq_testing::document::{children, document, for_each_schema, for_each_text};
use serde_json::Value;

/// Adds every component that a value refers to, directly or through others.
fn reach(document: &Value, value: &Value, found: &mut BTreeSet<String>) {
    for (name, value) in children(value) {
        match value {
            Value::String(pointer) if pointer.starts_with("#/components/") => {
                if found.insert(pointer.clone()) {
                    let component = document.pointer(&pointer[1..]);
                    reach(document, component.expect("it is there"), found);
                }
            }
            _ if name == "example" || name == "examples" => {}
            value => reach(document, value, found),
        }
    }
}

#[test]
fn an_operation_or_event_uses_every_component() {
    let document = document();
    let mut found = BTreeSet::new();
    for section in ["paths", "webhooks"] {
        reach(document, &document[section], &mut found);
    }
    let mut unused = Vec::new();
    for kind in ["schemas", "responses"] {
        for (name, _) in children(&document["components"][kind]) {
            let pointer = format!("#/components/{kind}/{name}");
            if !found.contains(&pointer) {
                unused.push(pointer);
            }
        }
    }
    assert!(found.len() >= 200, "{} components", found.len());
    assert!(unused.is_empty(), "unused: {}", unused.join("\n"));
}

/// The error codes of the document, each with the statuses it comes with.
fn error_codes(document: &Value) -> BTreeMap<u64, Vec<u64>> {
    let codes = document["components"]["schemas"]["ErrorCode"]["x-error-codes"].as_array();
    let codes = codes.expect("the document lists error codes");
    let number = |value: &Value| value.as_u64().expect("a number");
    codes
        .iter()
        .map(|code| {
            let statuses = code["statuses"].as_array().expect("a list");
            (number(&code["code"]), statuses.iter().map(number).collect())
        })
        .collect()
}

#[test]
fn every_error_code_has_a_name_and_a_meaning() {
    let document = document();
    let listed = document["components"]["schemas"]["ErrorCode"]["x-error-codes"].as_array();
    let listed = listed.expect("the document lists error codes");
    let codes = error_codes(document);
    assert_eq!(codes.len(), listed.len(), "a code is listed twice");
    assert!(codes.len() >= 56, "{} codes", codes.len());
    let mut names = BTreeSet::new();
    for code in listed {
        let name = code["name"].as_str().expect("a name");
        let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        assert!(is_name && names.insert(name), "{code}");
        let meaning = code["meaning"].as_str().expect("a meaning");
        assert!(meaning.ends_with('.'), "{code}");
        assert!(code["transient"].is_boolean(), "{code}");
    }
    let mut statuses = codes.values().flatten();
    assert!(statuses.all(|status| (400..600).contains(status)));
}

/// The numbers that a text holds, dates and decimals left out.
fn numbers(text: &str) -> Vec<u64> {
    let is_inside = |c: char| c.is_alphanumeric() || "-.,:/%".contains(c);
    text.split(|c: char| !is_inside(c))
        .filter_map(|word| word.trim_end_matches(['.', ',', ':']).parse().ok())
        .collect()
}

fn is_error_code(number: u64) -> bool {
    (1000..6000).contains(&number) && number % 1000 < 100
}

#[test]
fn every_error_code_in_a_text_is_listed() {
    let document = document();
    let codes = error_codes(document);
    let mut mentioned = BTreeSet::new();
    for_each_text(document, "#", &mut |pointer, text| {
        for number in numbers(text).into_iter().filter(|n| is_error_code(*n)) {
            assert!(codes.contains_key(&number), "{pointer} names {number}");
            mentioned.insert(number);
        }
    });
    assert!(mentioned.len() >= 20, "{mentioned:?}");
    assert_eq!(
        numbers("On 2026-02-03, 10,000 of 2.5: 409 with 1006, or (2001)."),
        [409, 1006, 2001]
    );
}

/// Statuses in the description of an operation that are not its own.
const NOT_ITS_OWN: [(&str, u64); 2] = [
    // The response to a send to the blocked handle.
    ("blockHandle", 403),
    // The response of the subscriber to a delivery.
    ("createWebhookSubscription", 429),
];

#[test]
fn an_operation_lists_every_status_that_its_description_names() {
    let document = document();
    let codes = error_codes(document);
    let mut missing = Vec::new();
    let mut named = 0;
    for (path, item) in children(&document["paths"]) {
        for (method, operation) in children(item) {
            let Some(id) = operation["operationId"].as_str() else {
                continue;
            };
            let responses = operation["responses"].as_object().expect("an object");
            let description = operation["description"].as_str().expect("a text");
            for number in numbers(description) {
                let statuses = match codes.get(&number) {
                    Some(statuses) => statuses.clone(),
                    None if (400..600).contains(&number) => vec![number],
                    None => continue,
                };
                named += 1;
                let is_known = |status: &u64| {
                    responses.contains_key(&status.to_string())
                        || NOT_ITS_OWN.contains(&(id, *status))
                };
                if !statuses.is_empty() && !statuses.iter().any(is_known) {
                    missing.push(format!("{method} {path} names {number}"));
                }
            }
        }
    }
    assert!(named >= 50, "{named} statuses");
    assert!(missing.is_empty(), "not listed: {}", missing.join("\n"));
}

#[test]
fn the_effects_are_those_of_the_description() {
    let document = document();
    let effect = &document["components"]["schemas"]["MessageEffect"];
    let mut listed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for effect in effect["x-effects"].as_array().expect("a list") {
        let text = |name: &str| effect[name].as_str().expect("a text");
        assert!(text("meaning").ends_with('.'), "{effect}");
        listed.entry(text("type")).or_default().push(text("name"));
    }
    let description = effect["properties"]["name"]["description"].as_str();
    let bullets = description.expect("a text").split("- With ").skip(1);
    let mut described: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for bullet in bullets {
        let mut names = bullet.split('`').skip(1).step_by(2);
        let place = names.next().expect("a place");
        described.insert(place, names.collect());
    }
    assert_eq!(listed, described);
    assert!(listed.contains_key("screen") && listed.contains_key("bubble"));
}

/// The members that are ids by their name and have no `x-id`, with the reason.
const IDS_OF_OTHERS: [(&str, &[&str]); 3] = [
    (
        "Apple's name for an app",
        &[
            "IMessageApp/properties/bundle_id",
            "IMessageApp/properties/team_id",
            "IMessageApp/properties/app_store_id",
        ],
    ),
    (
        "an id at a payment provider",
        &[
            "ConnectPaymentProviderResult/properties/session_id",
            "PaymentEvent/properties/price_id",
            "PaymentRequest/properties/price_id",
            "PaymentRequestCreateRequest/properties/customer_id",
            "PaymentRequestCreateRequest/properties/price_id",
            "PaymentRequestNatural/properties/payment_request_id",
            "PaymentRequestNatural/properties/transaction_id",
            "PaymentRequestStripe/properties/customer_id",
            "PaymentRequestStripe/properties/payment_intent_id",
            "PaymentRequestStripe/properties/subscription_id",
        ],
    ),
    (
        "the event decides whether it is that of a payment request or of something else",
        &["PaymentEvent/properties/id"],
    ),
];

/// Every member and parameter of the document, with its pointer, name and schema.
fn for_each_named(document: &Value, visit: &mut impl FnMut(&str, &str, &Value)) {
    for_each_schema(document, &mut |pointer, schema| {
        for (name, member) in children(&schema["properties"]) {
            visit(&format!("{pointer}/properties/{name}"), &name, member);
        }
    });
    for (path, item) in children(&document["paths"]) {
        for (method, operation) in children(item) {
            for (index, parameter) in children(&operation["parameters"]) {
                let pointer = format!("#/paths/{path}/{method}/parameters/{index}/schema");
                let name = parameter["name"].as_str().expect("a name");
                visit(&pointer, name, &parameter["schema"]);
            }
        }
    }
}

#[test]
fn every_id_says_what_it_is_the_id_of() {
    let mut others: BTreeSet<String> = IDS_OF_OTHERS
        .iter()
        .flat_map(|(_, places)| places.iter())
        .map(|place| format!("#/components/schemas/{place}"))
        .collect();
    let mut kinds: BTreeMap<String, BTreeSet<Option<String>>> = BTreeMap::new();
    let mut problems = Vec::new();
    for_each_named(document(), &mut |pointer, name, schema| {
        let format = schema["format"].as_str().map(str::to_owned);
        let is_named = name == "id" || name.ends_with("_id") || name.ends_with("Id");
        let is_id = is_named || format.as_deref() == Some("uuid");
        match schema.get("x-id").map(Value::as_str) {
            Some(Some(kind)) if is_id => {
                kinds.entry(kind.to_owned()).or_default().insert(format);
            }
            Some(kind) => problems.push(format!("{pointer} is no id: {kind:?}")),
            None if is_id && !others.remove(pointer) => problems.push(pointer.to_owned()),
            None => {}
        }
    });
    assert!(problems.is_empty(), "no `x-id`: {}", problems.join("\n"));
    assert!(others.is_empty(), "not there: {others:?}");
    for (kind, formats) in &kinds {
        assert!(
            kind.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "{kind}"
        );
        assert_eq!(formats.len(), 1, "`{kind}` has several forms: {formats:?}");
    }
    assert!(kinds.len() >= 15, "{:?}", kinds.keys());
}
