//! What schemas become as Rust types.

use crate::support::{
    Text, document, expect_all, generated, holding, mended, operation_of, reference, with_schemas,
};
use serde_json::{Value, json};

fn object(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties })
}

/// A document that sends one schema and answers with another.
fn sent_and_answered(schemas: Value) -> Text {
    let operation = operation_of(json!({
        "requestBody": holding(reference("Sent")),
        "responses": { "200": holding(reference("Answered")) },
    }));
    generated(document(
        json!({ "/things": { "post": operation } }),
        schemas,
    ))
}

#[test]
fn scalars_have_types() {
    let made = generated(with_schemas(json!({ "Thing": object(json!({
        "text": { "type": "string" },
        "id": { "type": "string", "format": "uuid" },
        "at": { "type": "string", "format": "date-time" },
        "on": { "type": "string", "format": "date" },
        "other": { "type": "string", "format": "uri" },
        "count": { "type": "integer" },
        "small": { "type": "integer", "format": "int32" },
        "ratio": { "type": "number" },
        "is_so": { "type": "boolean" },
        "any": {},
    })) })));
    expect_all(
        &made.item("Thing"),
        &[
            "pub text: Option<String>,",
            "pub id: Option<Uuid>,",
            "pub at: Option<DateTime<Utc>>,",
            "pub on: Option<NaiveDate>,",
            "pub other: Option<String>,",
            "pub count: Option<i64>,",
            "pub small: Option<i32>,",
            "pub ratio: Option<f64>,",
            "pub is_so: Option<bool>,",
            "pub any: Option<Value>,",
        ],
    );
}

#[test]
fn names_are_written_as_rust_has_them() {
    let made = generated(with_schemas(json!({ "Thing": object(json!({
        "type": { "type": "string" },
        "camelCase": { "type": "string" },
        "X-Kebab": { "type": "string" },
        "2fa": { "type": "string" },
    })) })));
    expect_all(
        &made.item("Thing"),
        &["pub type_:", "pub camel_case:", "pub x_kebab:", "pub n2fa:"],
    );
    expect_all(
        &made.macro_of("Thing"),
        &[
            "type_, with_type: String = \"type\" optional;",
            "camel_case, with_camel_case: String = \"camelCase\" optional;",
            "x_kebab, with_x_kebab: String = \"X-Kebab\" optional;",
            "n2fa, with_n2fa: String = \"2fa\" optional;",
        ],
    );
}

#[test]
fn enums_are_open() {
    let made = generated(with_schemas(json!({ "Service": {
        "type": "string",
        "description": "How it is sent.\n\n- `iMessage`: over data\n- `SMS`: over\n  the network",
        "enum": ["iMessage", "SMS", "RCS"],
    } })));
    let item = made.item("Service");
    expect_all(
        &item,
        &[
            "#[non_exhaustive]\npub enum Service {",
            "    /// `iMessage`: over data\n    IMessage,",
            "    /// `SMS`: over the network\n    Sms,",
            "    /// `RCS`.\n    Rcs,",
            "    Unknown(Unrecognized",
        ],
    );
    expect_all(
        &made.macro_of("Service"),
        &[
            "open_enum! {",
            "IMessage = \"iMessage\",",
            "Sms = \"SMS\",",
            "Rcs = \"RCS\",",
        ],
    );
}

#[test]
fn values_named_twice_are_one() {
    let made = generated(with_schemas(
        json!({ "Kind": { "enum": ["a", "b", "a", null] } }),
    ));
    assert_eq!(made.macro_of("Kind").matches("A = \"a\"").count(), 1);
}

#[test]
fn a_union_of_constants_is_an_enum() {
    let made = generated(with_schemas(json!({ "Kind": { "oneOf": [
        { "const": "a" }, { "type": "string", "enum": ["b", "c"] },
    ] } })));
    expect_all(
        &made.macro_of("Kind"),
        &["A = \"a\",", "B = \"b\",", "C = \"c\","],
    );
}

fn tagged(tag: &str, more: &str) -> Value {
    json!({
        "type": "object",
        "required": ["type", more],
        "properties": { "type": { "const": tag }, more: { "type": "string" } },
    })
}

#[test]
fn constants_tell_the_members_of_a_union() {
    let made = generated(with_schemas(json!({
        "Part": { "oneOf": [reference("TextPart"), reference("LinkPart")] },
        "TextPart": tagged("text", "value"),
        "LinkPart": tagged("link", "url"),
    })));
    let item = made.item("Part");
    expect_all(
        &item,
        &[
            "#[non_exhaustive]",
            "    /// `type` is `text`.\n    Text(TextPart),",
            "    /// `type` is `link`.\n    Link(LinkPart),",
            "    Unknown(UnknownObject),",
        ],
    );
    expect_all(
        &made.macro_of("Part"),
        &[
            "Part by \"type\" {",
            "Text(TextPart) = \"text\",",
            "Link(LinkPart) = \"link\",",
        ],
    );
    // The tag is written, and nobody has to set it.
    expect_all(
        &made.macro_of("TextPart"),
        &["TextPart [\"type\" = \"text\"] new(value: String) {"],
    );
    assert!(!made.item("TextPart").contains("type_"));
}

#[test]
fn the_tag_is_the_constant_that_differs() {
    let member = |kind: &str| {
        json!({
            "type": "object",
            "required": ["version", "kind"],
            "properties": { "version": { "const": "1" }, "kind": { "enum": [kind] } },
        })
    };
    let made = generated(with_schemas(json!({
        "Either": { "anyOf": [reference("One"), reference("Two")] },
        "One": member("one"),
        "Two": member("two"),
    })));
    expect_all(
        &made.macro_of("Either"),
        &["Either by \"kind\" {", "One(One) = \"one\","],
    );
}

#[test]
fn nested_members_of_a_union_have_names() {
    let made = generated(with_schemas(json!({
        "Thing": object(json!({ "part": { "oneOf": [tagged("text", "value"), tagged("link", "url")] } })),
    })));
    expect_all(&made.item("Thing"), &["pub part: Option<ThingPart>,"]);
    expect_all(
        &made.macro_of("ThingPart"),
        &[
            "Text(ThingPartText) = \"text\",",
            "Link(ThingPartLink) = \"link\",",
        ],
    );
}

#[test]
fn a_tag_called_unknown_does_not_take_the_name_of_what_is_unknown() {
    let made = generated(with_schemas(json!({
        "Part": { "oneOf": [reference("One"), reference("Two")] },
        "One": tagged("unknown", "a"),
        "Two": tagged("two", "b"),
    })));
    expect_all(
        &made.macro_of("Part"),
        &["UnknownValue(One) = \"unknown\","],
    );
}

#[test]
fn objects_that_nothing_tells_apart_become_one_struct() {
    let mut one = object(json!({ "id": { "type": "string" }, "a": { "type": "string" } }));
    one["required"] = json!(["id", "a"]);
    let mut two = object(json!({ "id": { "type": "string" }, "b": { "type": "integer" } }));
    two["required"] = json!(["id", "b"]);
    let made = generated(with_schemas(json!({
        "Either": { "oneOf": [one, two], "x-accept": ["merged-objects"] },
    })));
    let item = made.item("Either");
    // Required is what each of them requires.
    expect_all(
        &item,
        &[
            "pub struct Either {",
            "pub id: String,",
            "pub a: Option<String>,",
            "pub b: Option<i64>,",
        ],
    );
    assert_eq!(
        made.notes(),
        [
            "#/components/schemas/Either: objects that nothing tells apart become one struct with the \
             fields of all (accepted)"
        ]
    );
    assert!(!made.of_crate("linq-types").contains("serde(untagged)"));
}

#[test]
fn a_field_with_two_types_in_such_objects_is_plain_json() {
    let number = json!({ "type": "integer", "x-accept": ["plain-json"] });
    let made = generated(with_schemas(json!({ "Either": {
        "oneOf": [
            object(json!({ "value": { "type": "string" } })),
            object(json!({ "value": number, "more": { "type": "string" } })),
        ],
        "x-accept": ["merged-objects"],
    } })));
    expect_all(
        &made.item("Either"),
        &["pub value: Option<Value>,", "pub more: Option<String>,"],
    );
}

#[test]
fn a_type_that_contains_itself_is_boxed() {
    let mut node = object(json!({
        "left": reference("Node"),
        "children": { "type": "array", "items": reference("Node") },
        "by_name": { "type": "object", "additionalProperties": reference("Node") },
        "maybe": { "oneOf": [reference("Node"), { "type": "null" }] },
    }));
    node["required"] = json!(["children"]);
    let made = generated(with_schemas(json!({ "Node": node })));
    expect_all(
        &made.item("Node"),
        &[
            "pub left: Option<Box<Node>>,",
            "pub children: Vec<Node>,",
            "pub by_name: Option<BTreeMap<String, Node>>,",
            "pub maybe: Option<Box<Node>>,",
        ],
    );
}

#[test]
fn types_that_contain_each_other_are_boxed_once() {
    let made = generated(with_schemas(json!({
        "One": object(json!({ "two": reference("Two") })),
        "Two": object(json!({ "one": reference("One") })),
    })));
    let boxed = |name: &str| made.item(name).contains("Box<");
    assert_eq!([boxed("One"), boxed("Two")], [true, false]);
}

#[test]
fn a_union_that_contains_itself_is_boxed() {
    let group = json!({
        "type": "object",
        "properties": { "type": { "const": "group" }, "inner": reference("Part") },
    });
    let made = generated(with_schemas(json!({
        "Part": { "oneOf": [reference("Text"), reference("Group")] },
        "Text": tagged("text", "value"),
        "Group": group,
    })));
    expect_all(&made.item("Group"), &["pub inner: Option<Box<Part>>,"]);
}

#[test]
fn compositions_are_merged() {
    let made = generated(with_schemas(json!({
        "Base": {
            "type": "object",
            "required": ["id"],
            "properties": { "id": { "type": "string" }, "note": { "type": "string" } },
        },
        "Thing": { "allOf": [
            reference("Base"),
            { "type": "object", "required": ["size"], "properties": {
                "size": { "type": "integer" },
                "note": { "type": "string", "description": "More of it." },
            } },
            { "required": ["note"] },
        ] },
    })));
    let item = made.item("Thing");
    expect_all(
        &item,
        &[
            "pub id: String,",
            "/// More of it.\n    pub note: String,",
            "pub size: i64,",
        ],
    );
    expect_all(&made.item("Base"), &["pub note: Option<String>,"]);
}

#[test]
fn alternatives_beside_fields_may_be_there() {
    let made = generated(with_schemas(json!({ "Thing": {
        "type": "object",
        "required": ["to"],
        "properties": { "to": { "type": "string" } },
        "anyOf": [
            { "required": ["text"], "properties": { "text": { "type": "string" } } },
            { "required": ["media"], "properties": { "media": { "type": "string" } } },
        ],
        "x-accept": ["merged-objects"],
    } })));
    expect_all(
        &made.item("Thing"),
        &[
            "pub to: String,",
            "pub text: Option<String>,",
            "pub media: Option<String>,",
        ],
    );
}

#[test]
fn null_and_nothing_differ_where_a_field_is_only_sent() {
    let fields = json!({ "type": "object", "required": ["must"], "properties": {
        "may": { "type": ["string", "null"] },
        "must": { "type": ["string", "null"] },
        "plain": { "type": "string" },
    } });
    let made = sent_and_answered(json!({ "Sent": fields, "Answered": fields }));
    expect_all(
        &made.item("Sent"),
        &[
            "pub may: Nullable<String>,",
            "pub must: Option<String>,",
            "pub plain: Option<String>,",
        ],
    );
    expect_all(
        &made.macro_of("Sent"),
        &["may, with_may: String = \"may\" patch;"],
    );
    expect_all(&made.item("Answered"), &["pub may: Option<String>,"]);
    assert!(!made.item("Answered").contains("Nullable"));
}

#[test]
fn a_type_that_is_sent_and_answered_has_two_states() {
    let fields = object(json!({ "may": { "type": ["string", "null"] } }));
    let made = sent_and_answered(json!({
        "Sent": fields,
        "Answered": object(json!({ "was": reference("Sent") })),
    }));
    expect_all(&made.item("Sent"), &["pub may: Option<String>,"]);
}

#[test]
fn what_is_sent_can_be_made_and_what_is_answered_comes_from_json() {
    let fields = json!({
        "type": "object",
        "required": ["id", "at"],
        "properties": {
            "id": { "type": "string" },
            "at": { "type": "string", "format": "date-time" },
            "note": { "type": "string" },
        },
    });
    let made = sent_and_answered(json!({ "Sent": fields, "Answered": fields }));
    expect_all(
        &made.macro_of("Sent"),
        &["Sent new(id: String, at: DateTime<Utc>) {"],
    );
    expect_all(&made.macro_of("Answered"), &["Answered {"]);
    for name in ["Sent", "Answered"] {
        expect_all(&made.item(name), &["#[non_exhaustive]"]);
        expect_all(
            &made.macro_of(name),
            &["note, with_note: String = \"note\" optional;"],
        );
    }
}

#[test]
fn secrets_are_marked() {
    let made = generated(with_schemas(json!({ "Thing": object(json!({
        "token": { "type": "string", "x-secret": true },
        "nested": { "type": "object", "x-secret": true, "properties": { "a": { "type": "string" } } },
        "plain": { "type": "string", "x-secret": false },
    })) })));
    expect_all(
        &made.macro_of("Thing"),
        &[
            "token, with_token: String = \"token\" optional secret;",
            "nested, with_nested: ThingNested = \"nested\" optional secret;",
            "plain, with_plain: String = \"plain\" optional;",
        ],
    );
}

#[test]
fn maps_and_free_objects() {
    let made = generated(with_schemas(json!({ "Thing": object(json!({
        "counts": { "type": "object", "additionalProperties": { "type": "integer" } },
        "nullable": { "type": "object", "additionalProperties": { "type": ["integer", "null"] } },
        "named": { "type": "object", "additionalProperties": object(json!({ "a": {} })) },
        "free": { "type": "object" },
        "open": { "type": "object", "additionalProperties": true },
        "empty": { "type": "object", "properties": {}, "additionalProperties": {} },
    })) })));
    expect_all(
        &made.item("Thing"),
        &[
            "pub counts: Option<BTreeMap<String, i64>>,",
            "pub nullable: Option<BTreeMap<String, Option<i64>>>,",
            "pub named: Option<BTreeMap<String, ThingNamedValue>>,",
            "pub free: Option<Map<String, Value>>,",
            "pub open: Option<Map<String, Value>>,",
            "pub empty: Option<Map<String, Value>>,",
        ],
    );
}

#[test]
fn lists_may_hold_null() {
    let made = generated(with_schemas(json!({ "Thing": object(json!({
        "names": { "type": "array", "items": { "type": ["string", "null"] } },
        "rows": { "type": "array", "items": { "type": "array", "items": { "type": "boolean" } } },
        "things": { "type": "array", "items": object(json!({ "a": {} })) },
        "any": { "type": "array" },
    })) })));
    expect_all(
        &made.item("Thing"),
        &[
            "pub names: Option<Vec<Option<String>>>,",
            "pub rows: Option<Vec<Vec<bool>>>,",
            "pub things: Option<Vec<ThingThingsItem>>,",
            "pub any: Option<Vec<Value>>,",
        ],
    );
}

#[test]
fn names_for_other_types_are_kept() {
    let made = generated(with_schemas(json!({
        "Handle": { "type": "string", "description": "A number or address." },
        "Handles": { "type": "array", "items": reference("Handle") },
        "Other": reference("Handle"),
    })));
    expect_all(
        &made.item("Handle"),
        &["/// A number or address.\n", "pub type Handle = String;"],
    );
    expect_all(&made.item("Handles"), &["pub type Handles = Vec<Handle>;"]);
    expect_all(&made.item("Other"), &["pub type Other = Handle;"]);
}

#[test]
fn names_of_the_vendor_are_found() {
    let made = generated(with_schemas(json!({
        "chat_item": { "type": "object", "x-sdk-name": "ChatListItem", "properties": { "a": {} } },
    })));
    expect_all(
        &made.item("ChatItem"),
        &["#[doc(alias = \"chat_item\")]\n#[doc(alias = \"ChatListItem\")]\n"],
    );
}

/// Two nested schemas that are given one name.
fn named_part(one: &Value, other: &Value) -> Text {
    let named = |part: &Value| {
        let mut part = part.clone();
        part["x-rust-name"] = json!("Part");
        part
    };
    generated(with_schemas(json!({
        "One": object(json!({ "part": named(one) })),
        "Two": object(json!({ "part": named(other) })),
    })))
}

#[test]
fn nested_schemas_of_one_shape_may_share_a_name() {
    let mut described = object(json!({ "a": { "type": "string" } }));
    let plain = described.clone();
    described["description"] = json!("Prose does not count.");
    let nullable = |part: &Value| json!({ "oneOf": [part, { "type": "null" }] });
    for (one, other) in [
        (&plain, &described),
        (&nullable(&plain), &nullable(&described)),
    ] {
        let made = named_part(one, other);
        expect_all(&made.item("One"), &["pub part: Option<Part>,"]);
        expect_all(&made.item("Two"), &["pub part: Option<Part>,"]);
        assert!(made.notes().is_empty(), "{:?}", made.notes());
    }
}

#[test]
fn nested_schemas_of_two_shapes_do_not_share_a_name() {
    let made = named_part(
        &object(json!({ "a": { "type": "string" } })),
        &object(json!({ "b": { "type": "string" } })),
    );
    expect_all(&made.item("One"), &["pub part: Option<Part>,"]);
    expect_all(&made.item("Two"), &["pub part: Option<TwoPart>,"]);
    assert_eq!(
        made.notes(),
        ["#/components/schemas/Two/properties/part: differs from \
             #/components/schemas/One/properties/part, so it is `TwoPart` and not `Part`",]
    );
}

#[test]
fn a_nested_schema_cannot_take_the_name_of_a_component() {
    let part = json!({ "type": "object", "x-rust-name": "Two", "properties": { "a": {} } });
    mended(
        with_schemas(json!({
            "One": object(json!({ "part": part })),
            "Two": object(json!({ "a": {} })),
        })),
        "#/components/schemas/One/properties/part",
        "the type name `Two` exists already, from #/components/schemas/Two",
    );
}

/// Operations of some areas that answer with a schema each.
fn areas(entries: &[(&str, &str)]) -> Text {
    let mut paths = json!({});
    for (index, (tag, answer)) in entries.iter().enumerate() {
        let operation = operation_of(json!({
            "operationId": format!("operation{index}"),
            "tags": [tag],
            "responses": { "200": holding(reference(answer)) },
        }));
        paths[format!("/{index}")] = json!({ "get": operation });
    }
    let thing = object(json!({ "a": { "type": "string" } }));
    let mut root = document(paths, json!({ "One": thing, "Two": thing, "Three": thing }));
    root["tags"] = json!([{ "name": "Phone Numbers", "description": "Lines of yours." }]);
    generated(root)
}

#[test]
fn each_area_has_a_file() {
    let made = areas(&[("Phone Numbers", "One"), ("Chats", "Two")]);
    for crate_name in ["linq-types", "linq-client"] {
        let text = made.file(crate_name, "phone_numbers.rs");
        expect_all(text, &["//!\n//! Lines of yours.\n"]);
    }
    expect_all(
        made.file("linq-types", "phone_numbers.rs"),
        &["pub struct One {"],
    );
    expect_all(
        made.file("linq-types", "chats.rs"),
        &["//!\n//! Chats.\n", "pub struct Two {"],
    );
    expect_all(made.file("linq-types", "other.rs"), &["pub struct Three {"]);
    expect_all(
        made.file("linq-client", "chats.rs"),
        &["pub fn operation1(&self)"],
    );
}

#[test]
fn what_several_areas_use_is_common() {
    let made = areas(&[
        ("A", "One"),
        ("B", "One"),
        ("C", "One"),
        ("A", "Two"),
        ("B", "Two"),
    ]);
    expect_all(made.file("linq-types", "common.rs"), &["pub struct One {"]);
    // Two areas are not several: it stands with the first.
    expect_all(made.file("linq-types", "a.rs"), &["pub struct Two {"]);
}

#[test]
fn an_area_may_be_called_as_one_of_the_generator() {
    for tag in [
        "Common",
        "Events",
        "Other",
        "mod",
        "Operations",
        "Builder",
        "Webhook Event",
    ] {
        let made = areas(&[(tag, "One"), ("Chats", "Two")]);
        for crate_name in ["linq-types", "linq-client"] {
            let root = made.file(crate_name, "mod.rs");
            let mut modules: Vec<&str> = root
                .lines()
                .filter(|line| line.starts_with("mod ") || line.starts_with("pub mod "))
                .collect();
            let all = modules.len();
            modules.sort_unstable();
            modules.dedup();
            assert_eq!(modules.len(), all, "{tag}: {root}");
            for module in modules.into_iter().filter(|module| module.ends_with(';')) {
                let name = module.trim_start_matches("pub ").trim_start_matches("mod ");
                made.file(crate_name, &name.replace(';', ".rs"));
            }
        }
        expect_all(&made.item("One"), &["pub a: Option<String>,"]);
        expect_all(&made.method("operation0"), &["builder::Operation0"]);
        expect_all(
            made.file("linq-types", "webhook_event.rs"),
            &["pub enum WebhookEvent {"],
        );
    }
}
