//! Changes to the schemas of a sound document, each with what must become of it: a type, or a refusal
//! with an overlay action that works.

use serde_json::{Value, json};
use xtask::generate::model::{Field, Kind, TypeDef, Variant};
use xtask::generate::overlay::Whose;
use xtask::generate::types::arguments;

use crate::support::{document, generate, generate_with, holding, overlay_of, pasted, reference};

/// What becomes of a changed document.
enum Outcome {
    /// The type of this name, as [`shown`].
    Made(&'static str, &'static str),
    /// The same, with this among its docs or those of its fields.
    Said(&'static str, &'static str),
    /// A refusal at this place for this reason; the actions of the help make it generate.
    Actions(&'static str, &'static str),
    /// A refusal for this reason, without an action.
    Refused(&'static str),
}

use Outcome::{Actions, Made, Refused, Said};

/// A change: what it is, what it does to the schemas, and what must become of it.
type Row = (&'static str, fn(&mut Value), Outcome);

fn object(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties })
}

fn part(tag: &str, field: &str) -> Value {
    json!({
        "type": "object",
        "required": ["type", field],
        "properties": { "type": { "type": "string", "enum": [tag] }, field: { "type": "string" } },
    })
}

/// The document that is changed: an operation that sends one object and receives another.
fn sound() -> Value {
    let thing = json!({
        "type": "object",
        "required": ["id"],
        "properties": { "id": { "type": "string" }, "note": { "type": "string" } },
    });
    let operation = json!({
        "operationId": "makeThing",
        "requestBody": { "required": true, "content": {
            "application/json": { "schema": reference("Sent") },
        } },
        "responses": { "200": holding(reference("Received")) },
    });
    document(
        json!({ "/things": { "post": operation } }),
        json!({
            "Sent": thing,
            "Received": thing,
            "Part": {
                "oneOf": [reference("TextPart"), reference("LinkPart")],
                "discriminator": { "propertyName": "type" },
            },
            "TextPart": part("text", "value"),
            "LinkPart": part("link", "url"),
            "Parts": object(json!({ "parts": { "type": "array", "items": reference("Part") } })),
        }),
    )
}

fn received(schemas: &mut Value) -> &mut Value {
    &mut schemas["Received"]["properties"]["note"]
}

fn members(schemas: &mut Value) -> &mut Vec<Value> {
    schemas["Part"]["oneOf"].as_array_mut().expect("members")
}

/// A type in one line.
fn shown(definition: &TypeDef) -> String {
    let variants = |variants: &[Variant]| {
        let variants = variants
            .iter()
            .map(|variant| format!("{}={}", variant.name, variant.wire));
        variants.collect::<Vec<_>>().join(" ")
    };
    match &definition.kind {
        Kind::Struct(object) => {
            let field = |field: &Field| {
                let null = if field.nullable { " or null" } else { "" };
                let optional = if field.required { "" } else { "?" };
                format!("{}{optional}: {}{null}", field.name, field.ty.rust())
            };
            let tag = object.tag.as_ref();
            let tag = tag.map(|(tag, value)| format!("{tag}={value}"));
            let fields = tag.into_iter().chain(object.fields.iter().map(field));
            fields.collect::<Vec<_>>().join(", ")
        }
        Kind::Enum(known) => format!("texts {}", variants(known)),
        Kind::Integers(known) => format!("integers {}", variants(known)),
        Kind::Union(union) => {
            let members = union.variants.iter();
            let members = members.map(|(name, value, ty)| format!("{name}({ty})={value}"));
            format!(
                "by {}: {}",
                union.tag,
                members.collect::<Vec<_>>().join(" ")
            )
        }
        Kind::Mixed(kinds) => {
            let kinds = kinds
                .iter()
                .map(|kind| format!("{}({})", kind.name, kind.ty.rust()));
            kinds.collect::<Vec<_>>().join(" | ")
        }
        Kind::Alias(ty) => ty.rust(),
    }
}

#[track_caller]
fn check(rows: &[Row]) {
    assert!(generate(sound()).is_ok(), "the document is sound");
    for (what, change, outcome) in rows {
        let mut root = sound();
        change(&mut root["components"]["schemas"]);
        let made = generate(root.clone());
        match (outcome, made) {
            (Made(name, expected), Ok(made)) => {
                assert_eq!(shown(&made.api.types[*name]), *expected, "{what}");
            }
            (Said(name, expected), Ok(made)) => {
                let definition = &made.api.types[*name];
                let mut sentences = definition.limits.clone();
                if let Kind::Struct(object) = &definition.kind {
                    sentences.extend(object.fields.iter().flat_map(|field| field.limits.clone()));
                }
                assert!(
                    sentences.iter().any(|sentence| sentence == expected),
                    "{what}: {sentences:?}"
                );
                let files = made.files.0.values();
                let docs = format!("/// {expected}");
                let is_written = files.into_iter().any(|text| text.contains(&docs));
                assert!(is_written, "{what}: `{expected}` is not in the docs");
            }
            (Actions(pointer, expected), Err(problems)) => {
                let mut actions = Vec::new();
                for problem in &problems.0 {
                    assert_eq!(
                        problem.pointer,
                        format!("#/components/schemas/{pointer}"),
                        "{what}"
                    );
                    actions.extend(pasted(problem));
                }
                assert_eq!(problems.0[0].what, *expected, "{what}");
                let made = generate_with(root, &overlay_of(&actions), Whose::Vendor);
                assert!(made.is_ok(), "{what}: {}", made.expect_err("refused still"));
            }
            (Refused(expected), Err(problems)) => {
                assert_eq!(problems.0.len(), 1, "{what}: {problems}");
                assert_eq!(problems.0[0].what, *expected, "{what}");
                assert!(!problems.0[0].pointer.is_empty(), "{what}");
            }
            (_, Ok(made)) => {
                let types = made.api.types.values();
                let types: Vec<String> = types
                    .map(|definition| format!("{}: {}", definition.name, shown(definition)))
                    .collect();
                panic!("{what}: generated\n{}", types.join("\n"));
            }
            (_, Err(problems)) => panic!("{what}: {problems}"),
        }
    }
}

#[test]
fn unions_of_objects() {
    check(&[
        (
            "a union as a member",
            |schemas| {
                schemas["Inner"] =
                    json!({ "oneOf": [reference("LinkPart"), reference("TextPart")] });
                schemas["CardPart"] = part("card", "title");
                *members(schemas) = vec![reference("Inner"), reference("CardPart")];
            },
            Made(
                "Part",
                "by type: Link(LinkPart)=link Text(TextPart)=text Card(CardPart)=card",
            ),
        ),
        (
            "a union as a member, with a mapping of its own",
            |schemas| {
                schemas["Inner"] = json!({
                    "oneOf": [reference("LinkPart"), reference("TextPart")],
                    "discriminator": { "propertyName": "type", "mapping": {
                        "text": "#/components/schemas/TextPart", "link": "LinkPart",
                    } },
                });
                *members(schemas) = vec![reference("Inner")];
                members(schemas).push(json!({ "type": "null" }));
                members(schemas).push(reference("TextPart"));
            },
            Made("Part", "by type: Text(TextPart)=text Link(LinkPart)=link"),
        ),
        (
            "a union of itself",
            |schemas| members(schemas).push(reference("Part")),
            Made("Part", "by type: Text(TextPart)=text Link(LinkPart)=link"),
        ),
        (
            "several tags of one member",
            |schemas| schemas["TextPart"]["properties"]["type"]["enum"] = json!(["text", "note"]),
            Made(
                "Part",
                "by type: Text(TextPart)=text Note(TextPart)=note Link(LinkPart)=link",
            ),
        ),
        (
            "tags that differ in case only",
            |schemas| schemas["TextPart"]["properties"]["type"]["enum"] = json!(["Link"]),
            Made(
                "Part",
                "by type: Link(TextPart)=Link LinkPart(LinkPart)=link",
            ),
        ),
        (
            "a discriminator that no member has",
            |schemas| schemas["Part"]["discriminator"]["propertyName"] = json!("kind"),
            Actions(
                "Part",
                "no member has the field `kind` that `discriminator` names",
            ),
        ),
        (
            "a member without the tag",
            |schemas| {
                schemas["CardPart"] = object(json!({ "title": { "type": "string" } }));
                members(schemas).push(reference("CardPart"));
            },
            Actions(
                "Part/oneOf/2",
                "the member has no field `type`, which is to tell it apart",
            ),
        ),
        (
            "two members with one tag",
            |schemas| schemas["TextPart"]["properties"]["type"]["enum"] = json!(["link"]),
            Refused("the tag `link` stands for `TextPart` and for `LinkPart`"),
        ),
        (
            "a mapping to nothing",
            |schemas| schemas["Part"]["discriminator"]["mapping"] = json!({ "a": "Nothing" }),
            Refused("`a` is mapped to `Nothing`, which is no member"),
        ),
        (
            "a mapping that contradicts the member",
            |schemas| {
                let mapping = json!({ "txt": reference("TextPart")["$ref"] });
                schemas["Part"]["discriminator"]["mapping"] = mapping;
            },
            Actions(
                "Part",
                "`mapping` names `txt` for `TextPart`, whose `type` is another",
            ),
        ),
        (
            "objects that nothing tells apart",
            |schemas| {
                schemas["Either"] = json!({ "anyOf": [
                    object(json!({ "a": { "type": "string" } })),
                    object(json!({ "b": { "type": "string" } })),
                ] });
            },
            Actions(
                "Either",
                "objects that nothing tells apart become one struct with the fields of all",
            ),
        ),
        (
            "an object without fields as a member",
            |schemas| members(schemas).push(json!({ "type": "object" })),
            Actions(
                "Part/oneOf/2",
                "an object without fields beside others is kept as an unknown one",
            ),
        ),
        (
            "alternatives beside fields",
            |schemas| {
                schemas["Sent"]["anyOf"] = json!([
                    object(json!({ "a": { "type": "string" } })),
                    object(json!({ "b": { "type": "string" } })),
                ]);
            },
            Actions(
                "Sent",
                "the fields of alternatives become optional fields beside the others",
            ),
        ),
        (
            "alternatives that only require",
            |schemas| {
                schemas["Sent"]["anyOf"] =
                    json!([{ "required": ["id"] }, { "required": ["note"] }]);
            },
            Said("Sent", "Either: With `id`. Or: With `note`."),
        ),
        (
            "a discriminator without a union",
            |schemas| schemas["Sent"]["discriminator"] = json!({ "propertyName": "id" }),
            Actions(
                "Sent",
                "the schemas that `discriminator` tells apart are not read in its place",
            ),
        ),
    ]);
}

#[test]
fn values_of_several_kinds() {
    check(&[
        (
            "a text as a member of a union of objects",
            |schemas| members(schemas).push(json!({ "type": "string" })),
            Made("Part", "Object(PartObject) | Text(String)"),
        ),
        (
            "the union of objects beside a text",
            |schemas| members(schemas).push(json!({ "type": "string" })),
            Made(
                "PartObject",
                "by type: Text(TextPart)=text Link(LinkPart)=link",
            ),
        ),
        (
            "a text that the type of the union excludes",
            |schemas| {
                schemas["Part"]["type"] = json!("object");
                members(schemas).push(json!({ "type": "string" }));
            },
            Actions(
                "Part/oneOf/2",
                "the member is a string, which `type` excludes",
            ),
        ),
        (
            "a text or an object",
            |schemas| {
                let thing = object(json!({ "a": { "type": "string" } }));
                *received(schemas) = json!({ "oneOf": [{ "type": "string" }, thing] });
            },
            Made(
                "ReceivedNote",
                "Text(String) | Object(ReceivedNoteVariant2)",
            ),
        ),
        (
            "a text or a list",
            |schemas| {
                *received(schemas) = json!({ "oneOf": [
                    { "type": "string", "format": "uuid" },
                    { "type": "array", "items": reference("Sent") },
                    { "type": "null" },
                ] });
            },
            Made("ReceivedNote", "Text(Uuid) | List(Vec<Sent>)"),
        ),
        (
            "a text or an integer",
            |schemas| *received(schemas) = json!({ "type": ["string", "integer", "null"] }),
            Made("ReceivedNote", "Text(String) | Number(i64)"),
        ),
        (
            "limits of a text or an integer",
            |schemas| {
                *received(schemas) =
                    json!({ "type": ["string", "integer"], "maxLength": 5, "minimum": 1 });
            },
            Said(
                "ReceivedNote",
                "Either: At most 5 characters. Or: At least 1.",
            ),
        ),
        (
            "values of several kinds in an enum",
            |schemas| *received(schemas) = json!({ "enum": ["auto", "off", 1, 2, true, null] }),
            Made(
                "ReceivedNote",
                "Text(ReceivedNoteText) | Number(ReceivedNoteNumber) | Flag(bool)",
            ),
        ),
        (
            "values that the type of an enum excludes",
            |schemas| *received(schemas) = json!({ "type": "string", "enum": ["on", null, 1.0] }),
            Actions("Received/properties/note", "`type` excludes the value 1.0"),
        ),
        (
            "items of several kinds by position",
            |schemas| {
                *received(schemas) = json!({ "type": "array", "prefixItems": [{ "type": "string" }, { "type": "integer" }] });
            },
            Actions(
                "Received/properties/note",
                "items of several types become plain JSON",
            ),
        ),
        (
            "a member that allows anything",
            |schemas| *received(schemas) = json!({ "anyOf": [{}, { "type": "string" }] }),
            Actions(
                "Received/properties/note",
                "values of several kinds become plain JSON",
            ),
        ),
        (
            "any value at all",
            |schemas| *received(schemas) = json!({ "description": "Whatever." }),
            Made("Received", "id: String, note?: Value"),
        ),
        (
            "texts of two formats",
            |schemas| {
                *received(schemas) = json!({ "anyOf": [
                    { "type": "string", "format": "date" }, { "type": "string", "format": "date-time" },
                ] });
            },
            Said("Received", "Either: Format `date`. Or: Format `date-time`."),
        ),
        (
            "limits of a component in a union",
            |schemas| {
                schemas["Short"] = json!({ "type": "string", "maxLength": 5 });
                *received(schemas) =
                    json!({ "anyOf": [reference("Short"), { "type": "boolean" }] });
            },
            Said(
                "ReceivedNote",
                "Either: At most 5 characters. Or: Anything.",
            ),
        ),
        (
            "a value of several kinds in itself",
            |schemas| {
                schemas["Tree"] = json!({ "anyOf": [
                    { "type": "string" }, { "type": "array", "items": reference("Tree") },
                ] });
            },
            Made("Tree", "Text(String) | List(Vec<Tree>)"),
        ),
    ]);
}

#[test]
fn scalars() {
    check(&[
        (
            "an integer enum",
            |schemas| schemas["Code"] = json!({ "type": "integer", "enum": [1001, 1002, -3] }),
            Made("Code", "integers Value1001=1001 Value1002=1002 Minus3=-3"),
        ),
        (
            "an integer enum without its type",
            |schemas| *received(schemas) = json!({ "enum": [1, 2, 3] }),
            Made("ReceivedNote", "integers Value1=1 Value2=2 Value3=3"),
        ),
        (
            "named integers",
            |schemas| {
                *received(schemas) = json!({ "enum": [1, 2], "x-enum-varnames": ["Low", "High"] });
            },
            Made("ReceivedNote", "integers Low=1 High=2"),
        ),
        (
            "a constant flag",
            |schemas| *received(schemas) = json!({ "const": true }),
            Made("Received", "id: String, note?: bool"),
        ),
        (
            "a constant flag in the docs",
            |schemas| *received(schemas) = json!({ "const": true }),
            Said("Received", "Always `true`."),
        ),
        (
            "a constant number",
            |schemas| *received(schemas) = json!({ "const": 3 }),
            Made("Received", "id: String, note?: i64"),
        ),
        (
            "numbers that are no integers",
            |schemas| *received(schemas) = json!({ "type": "number", "enum": [0.5, 1] }),
            Said("Received", "One of `0.5`, `1`."),
        ),
        (
            "a large integer",
            |schemas| *received(schemas) = json!({ "type": "integer", "format": "uint64" }),
            Made("Received", "id: String, note?: u64"),
        ),
        (
            "an integer with large limits",
            |schemas| {
                *received(schemas) =
                    json!({ "type": "integer", "minimum": 0, "maximum": 18446744073709551615_u64 });
            },
            Made("Received", "id: String, note?: u64"),
        ),
        (
            "an integer with limits beyond all",
            |schemas| *received(schemas) = json!({ "type": "integer", "minimum": -1e30 }),
            Actions("Received/properties/note", "the limits go beyond `i64`"),
        ),
        (
            "a decimal",
            |schemas| *received(schemas) = json!({ "type": "number", "format": "decimal" }),
            Actions(
                "Received/properties/note",
                "a number of the format `decimal` becomes a float of 64 bits",
            ),
        ),
        (
            "an integer of any size",
            |schemas| *received(schemas) = json!({ "type": "integer", "format": "bigint" }),
            Actions(
                "Received/properties/note",
                "an integer of the format `bigint` becomes one of 64 bits",
            ),
        ),
        (
            "a format that is no type",
            |schemas| *received(schemas) = json!({ "type": "string", "format": "email" }),
            Said("Received", "Format `email`."),
        ),
        (
            "a format without a type",
            |schemas| *received(schemas) = json!({ "format": "uuid" }),
            Made("Received", "id: String, note?: Uuid"),
        ),
        (
            "a default out of its format",
            |schemas| {
                *received(schemas) =
                    json!({ "type": "integer", "format": "int32", "default": 3e9 as i64 });
            },
            Actions(
                "Received/properties/note",
                "the default 3000000000 is not of the format `int32`",
            ),
        ),
        (
            "a default of another kind",
            |schemas| *received(schemas) = json!({ "type": "string", "default": 1 }),
            Actions("Received/properties/note", "the default 1 is not a string"),
        ),
        (
            "a default that an enum lacks",
            |schemas| *received(schemas) = json!({ "enum": ["a", "b"], "default": "c" }),
            Actions(
                "Received/properties/note",
                "the default \"c\" is not one of the values",
            ),
        ),
        (
            "a default beyond its limits",
            |schemas| *received(schemas) = json!({ "type": "integer", "default": 5, "maximum": 4 }),
            Actions(
                "Received/properties/note",
                "the default 5 is beyond the limits",
            ),
        ),
        (
            "a default that is no id",
            |schemas| {
                *received(schemas) = json!({ "type": "string", "format": "uuid", "default": "me" });
            },
            Actions(
                "Received/properties/note",
                "the default \"me\" is not of the format `uuid`",
            ),
        ),
        (
            "an empty enum",
            |schemas| *received(schemas) = json!({ "type": "string", "enum": [] }),
            Actions(
                "Received/properties/note",
                "`enum` is empty, which leaves no value",
            ),
        ),
        (
            "limits that leave no value",
            |schemas| {
                *received(schemas) = json!({ "type": "string", "minLength": 5, "maxLength": 4 })
            },
            Actions(
                "Received/properties/note",
                "no value is within `minLength` 5 and `maxLength` 4",
            ),
        ),
        (
            "no value at all",
            |schemas| *received(schemas) = json!(false),
            Actions("Received/properties/note", "no value is allowed here"),
        ),
    ]);
}

#[test]
fn objects() {
    check(&[
        (
            "members beside fields",
            |schemas| schemas["Sent"]["additionalProperties"] = json!({ "type": "string" }),
            Actions(
                "Sent",
                "a struct has no place for the members of `additionalProperties`",
            ),
        ),
        (
            "any members beside fields",
            |schemas| schemas["Sent"]["additionalProperties"] = json!(true),
            Actions(
                "Sent",
                "a struct has no place for the members of `additionalProperties`",
            ),
        ),
        (
            "members of a pattern beside fields",
            |schemas| schemas["Sent"]["patternProperties"] = json!({ "^x-": {} }),
            Actions(
                "Sent",
                "a struct has no place for the members of `patternProperties`",
            ),
        ),
        (
            "no members beside fields",
            |schemas| schemas["Sent"]["additionalProperties"] = json!(false),
            Made("Sent", "id: String, note?: String"),
        ),
        (
            "members of a pattern alone",
            |schemas| {
                *received(schemas) = json!({ "type": "object", "patternProperties": { "^x-": { "type": "integer" } } });
            },
            Made("Received", "id: String, note?: BTreeMap<String, i64>"),
        ),
        (
            "a pattern of keys in the docs",
            |schemas| {
                *received(schemas) = json!({ "type": "object", "patternProperties": { "^x-": { "type": "integer" } } });
            },
            Said("Received", "Keys match `^x-`."),
        ),
        (
            "a field that is required and not described",
            |schemas| schemas["Sent"]["required"] = json!(["id", "gone"]),
            Said("Sent", "Requires `gone`, which the API does not describe."),
        ),
        (
            "a shape of another type",
            |schemas| {
                *received(schemas) = json!({ "type": "string", "items": { "type": "string" } })
            },
            Actions(
                "Received/properties/note",
                "the type excludes what `items` describes",
            ),
        ),
        (
            "fields beside a reference",
            |schemas| {
                let mut more = object(json!({ "more": { "type": "integer" } }));
                more["$ref"] = reference("Sent")["$ref"].clone();
                *received(schemas) = more;
            },
            Made("ReceivedNote", "id: String, note?: String, more?: i64"),
        ),
        (
            "a requirement beside a reference in a composition",
            |schemas| {
                *received(schemas) = json!({ "allOf": [reference("Sent")], "required": ["note"] });
            },
            Made("ReceivedNote", "id: String, note: String"),
        ),
        (
            "an object that contains itself",
            |schemas| *received(schemas) = reference("Received"),
            Made("Received", "id: String, note?: Received"),
        ),
    ]);
}

/// Two descriptions of the field `note` that both hold.
fn both(schemas: &mut Value, one: Value, other: Value) {
    schemas["Both"] =
        json!({ "allOf": [object(json!({ "note": one })), object(json!({ "note": other }))] });
}

#[test]
fn compositions() {
    check(&[
        (
            "a text that is an integer",
            |schemas| {
                both(
                    schemas,
                    json!({ "type": "string" }),
                    json!({ "type": "integer" }),
                )
            },
            Actions(
                "Both/allOf/1/properties/note",
                "`note` has no value in common with #/components/schemas/Both/allOf/0/properties/note",
            ),
        ),
        (
            "two enums without a common value",
            |schemas| both(schemas, json!({ "enum": ["a"] }), json!({ "enum": ["b"] })),
            Actions(
                "Both/allOf/1/properties/note",
                "`note` has no value in common with #/components/schemas/Both/allOf/0/properties/note",
            ),
        ),
        (
            "one type twice",
            |schemas| {
                both(
                    schemas,
                    json!({ "type": "string" }),
                    json!({ "type": "string" }),
                )
            },
            Made("Both", "note?: String"),
        ),
        (
            "a number that is an integer",
            |schemas| {
                both(
                    schemas,
                    json!({ "type": "integer" }),
                    json!({ "type": "number" }),
                )
            },
            Made("Both", "note?: i64"),
        ),
        (
            "a text that is an id",
            |schemas| {
                both(
                    schemas,
                    json!({ "type": "string", "format": "uuid" }),
                    json!({ "type": "string" }),
                );
            },
            Made("Both", "note?: Uuid"),
        ),
        (
            "a text of some values",
            |schemas| {
                both(
                    schemas,
                    json!({ "enum": ["a", "b"] }),
                    json!({ "type": "string" }),
                )
            },
            Made("Both", "note?: BothNote"),
        ),
        (
            "a value that may be null in one part only",
            |schemas| {
                both(
                    schemas,
                    json!({ "type": ["string", "null"] }),
                    json!({ "type": "string" }),
                );
            },
            Made("Both", "note?: String"),
        ),
        (
            "limits of both parts",
            |schemas| {
                let (one, other) = (json!({ "minLength": 1 }), json!({ "maxLength": 5 }));
                both(schemas, one, other);
            },
            Said("Both", "At least 1 character."),
        ),
        (
            "parts of two kinds",
            |schemas| {
                *received(schemas) =
                    json!({ "allOf": [{ "type": "string" }, { "type": "integer" }] });
            },
            Actions(
                "Received/properties/note",
                "its parts have no kind of value in common",
            ),
        ),
        (
            "parts of a text",
            |schemas| {
                *received(schemas) = json!({ "allOf": [
                    { "type": "string", "maxLength": 5 }, { "enum": ["a", "b"] },
                ] });
            },
            Made("ReceivedNote", "texts A=a B=b"),
        ),
    ]);
}

#[test]
fn sides() {
    check(&[
        (
            "a required field that the API sets",
            |schemas| schemas["Sent"]["properties"]["id"]["readOnly"] = json!(true),
            Said("Sent", "Only in responses."),
        ),
        (
            "a required field that only requests have",
            |schemas| schemas["Received"]["properties"]["id"]["writeOnly"] = json!(true),
            Said("Received", "Only in requests."),
        ),
    ]);
    let taken = |name: &str, flag: Option<&str>| {
        let mut root = sound();
        // A type that is only sent, one that is only received, and one that is both.
        if name == "Both" {
            let schemas = &mut root["components"]["schemas"];
            schemas["Both"] = schemas["Sent"].clone();
            schemas["Sent"]["properties"]["both"] = reference("Both");
            schemas["Received"]["properties"]["both"] = reference("Both");
        }
        if let Some(flag) = flag {
            root["components"]["schemas"][name]["properties"]["id"][flag] = json!(true);
        }
        let made = generate(root).expect("it is sound");
        let definition = &made.api.types[name];
        let Kind::Struct(object) = &definition.kind else {
            panic!("{name} is an object");
        };
        arguments(definition, object).len()
    };
    for (name, read_only, write_only) in [("Sent", 0, 1), ("Both", 0, 1)] {
        assert_eq!(taken(name, None), 1, "{name}");
        assert_eq!(taken(name, Some("readOnly")), read_only, "{name}");
        assert_eq!(taken(name, Some("writeOnly")), write_only, "{name}");
    }
}

#[test]
fn names() {
    check(&[
        (
            "fields whose names differ in a sign",
            |schemas| schemas["Sent"]["properties"]["_id"] = json!({ "type": "string" }),
            Actions(
                "Sent/properties/_id",
                "the field `_id` has the Rust name of `id` at #/components/schemas/Sent/properties/id, \
                 `id`",
            ),
        ),
        (
            "a field without a name",
            |schemas| schemas["Sent"]["properties"]["日"] = json!({ "type": "string" }),
            Actions("Sent/properties/日", "the field `日` gives no Rust name"),
        ),
        (
            "an object without a name of its field",
            |schemas| schemas["Sent"]["properties"]["@"] = object(json!({ "a": {} })),
            Actions("Sent/properties/@", "the field `@` gives no Rust name"),
        ),
        (
            "a field with a chosen name",
            |schemas| {
                schemas["Sent"]["properties"]["@id"] =
                    json!({ "type": "string", "x-rust-name": "other_id" });
            },
            Made("Sent", "id: String, note?: String, other_id?: String"),
        ),
        (
            "a field and its type with chosen names",
            |schemas| {
                schemas["Sent"]["properties"]["@id"] =
                    json!({ "enum": ["a"], "x-rust-name": ["other_id", "OtherId"] });
            },
            Made("Sent", "id: String, note?: String, other_id?: OtherId"),
        ),
        (
            "values that differ in case only",
            |schemas| schemas["Kind"] = json!({ "enum": ["SMS", "sms"] }),
            Actions(
                "Kind/enum/1",
                "the value `sms` has the Rust name of `SMS` at #/components/schemas/Kind/enum/0, `Sms`",
            ),
        ),
        (
            "a value without a name",
            |schemas| schemas["Kind"] = json!({ "enum": ["a", "!"] }),
            Actions("Kind/enum/1", "the value `!` gives no Rust name"),
        ),
        (
            "values with chosen names",
            |schemas| {
                schemas["Kind"] = json!({
                    "enum": ["SMS", "sms", "über"],
                    "x-rust-name": ["Channel", { "sms": "SmallSms", "über": "Uber" }],
                });
            },
            Made("Channel", "texts Sms=SMS SmallSms=sms Uber=über"),
        ),
        (
            "constants with chosen names",
            |schemas| {
                schemas["Sign"] = json!({ "oneOf": [
                    { "const": "+", "x-rust-name": "Plus" }, { "const": "-", "x-rust-name": "Minus" },
                ] });
            },
            Made("Sign", "texts Plus=+ Minus=-"),
        ),
        (
            "a name that is none",
            |schemas| schemas["Sent"]["properties"]["id"]["x-rust-name"] = json!("not a name"),
            Refused("\"not a name\" is not a name in Rust that can be chosen"),
        ),
        (
            "a nested schema beside a component of the name",
            |schemas| {
                schemas["SentPart"] = json!({ "type": "string", "x-rust-name": "Other" });
                schemas["Sent"]["properties"]["part"] =
                    object(json!({ "a": { "type": "string" } }));
            },
            Made("SentPart", "a?: String"),
        ),
        (
            "definitions in a schema",
            |schemas| {
                schemas["Sent"]["$defs"] = json!({ "Id": { "type": "string" } });
                schemas["Sent"]["properties"]["id"] =
                    json!({ "$ref": "#/components/schemas/Sent/$defs/Id" });
            },
            Refused("a schema may refer to a component only, not into one"),
        ),
    ]);
}
