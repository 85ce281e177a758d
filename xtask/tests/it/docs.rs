//! Descriptions as docs: whatever Markdown they are, rustdoc takes them and runs none of them.

use crate::support::{expect_all, generated, with_operation, with_schemas};
use serde_json::json;
use xtask::generate::docs::lines;

fn one_line(markdown: &str) -> String {
    let lines = lines(markdown);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].clone()
}

#[test]
fn html_is_code() {
    assert_eq!(one_line("Is <b>bold</b>."), "Is `<b>`bold`</b>`.");
    assert_eq!(
        one_line("A Vec<String> of them."),
        "A Vec`<String>` of them."
    );
    assert_eq!(
        lines("<div>\nfirst\n</div>").join(" ").matches('`').count() % 2,
        0
    );
    for text in ["<div>x</div>", "<img src=x>", "<script>alert(1)</script>"] {
        let rendered = lines(text).join("\n");
        assert!(
            rendered.starts_with('`') && rendered.ends_with('`'),
            "{rendered}"
        );
    }
}

#[test]
fn comments_are_dropped() {
    assert_eq!(one_line("Before <!-- hidden --> after."), "Before  after.");
    assert!(lines("<!-- hidden -->").is_empty());
}

#[test]
fn bare_addresses_are_code() {
    assert_eq!(
        one_line("See https://example.com/a?b=c, or http://localhost:1."),
        "See `https://example.com/a?b=c`, or `http://localhost:1`."
    );
    assert_eq!(one_line("(https://example.com)"), "(`https://example.com`)");
}

#[test]
fn links_stay_and_relative_ones_become_text() {
    assert_eq!(
        one_line("See [the guide](https://example.com/guide)."),
        "See [the guide](https://example.com/guide)."
    );
    assert_eq!(one_line("See [the guide](/guide/chats)."), "See the guide.");
    assert_eq!(
        one_line("See <https://example.com>."),
        "See <https://example.com>."
    );
}

#[test]
fn square_brackets_are_no_links() {
    for text in [
        "Takes [Chat] or a[0].",
        "Set [] or [ ] or [x].",
        "An [open bracket",
    ] {
        let rendered = one_line(text);
        let bare = rendered.replace("\\[", "").replace("\\]", "");
        assert!(!bare.contains('[') && !bare.contains(']'), "{rendered}");
    }
}

#[test]
fn indented_code_gets_a_fence() {
    assert_eq!(
        lines("Such as:\n\n    let x = 1;\n\nSo."),
        ["Such as:", "", "```text", "let x = 1;", "```", "", "So."]
    );
}

#[test]
fn no_fence_is_compiled() {
    for language in [
        "",
        "rust",
        "rs",
        "rust,no_run",
        "should_panic",
        "ignore",
        "edition2024",
    ] {
        let rendered = lines(&format!("```{language}\nlet x = 1;\n```"));
        assert_eq!(rendered, ["```text", "let x = 1;", "```"], "{language}");
    }
    assert_eq!(lines("```json\n{}\n```"), ["```json", "{}", "```"]);
    assert_eq!(lines("~~~\nlet x;\n~~~"), ["```text", "let x;", "```"]);
}

#[test]
fn a_fence_holds_what_looks_like_a_fence() {
    let rendered = lines("````\n```\nlet x;\n```\n````");
    let longest = rendered[0].chars().take_while(|c| *c == '`').count();
    assert!(longest > 3, "{rendered:?}");
    assert_eq!(
        rendered.last().map(String::as_str),
        Some(&*"`".repeat(longest))
    );
}

#[test]
fn addresses_in_code_stay_as_they_are() {
    assert_eq!(
        one_line("Use `https://example.com`."),
        "Use `https://example.com`."
    );
    assert_eq!(
        lines("```\ncurl https://example.com\n```"),
        ["```text", "curl https://example.com", "```"]
    );
}

#[test]
fn lists_and_headings_stay() {
    assert_eq!(
        lines("# Limits\n\n* one\n* two"),
        ["# Limits", "", "- one", "- two"]
    );
}

#[test]
fn no_line_ends_in_blanks_or_a_line_break_of_another_system() {
    for line in lines("one  \r\ntwo\r\n\r\nthree\t\r\n") {
        assert_eq!(line.trim_end(), line);
        assert!(!line.contains('\r'), "{line:?}");
    }
}

#[test]
fn nothing_is_no_lines() {
    for text in ["", "  ", "\n\n"] {
        assert!(lines(text).is_empty());
    }
}

#[test]
fn every_item_has_docs_though_the_document_has_none() {
    let made = generated(with_operation(
        json!({ "parameters": [{ "name": "q", "in": "query", "schema": { "type": "string" } }] }),
        json!({
            "Thing": { "type": "object", "properties": { "a": { "type": "string" } } },
            "Kind": { "enum": ["x", ""] },
        }),
    ));
    expect_all(
        &made.item("Thing"),
        &[
            "/// An object `Thing` of the API.\n",
            "    /// The field `a`.\n    pub a:",
        ],
    );
    expect_all(
        &made.item("Kind"),
        &[
            "/// One of a set of values.\n",
            "    /// `x`.\n    X,",
            "    /// The empty value.\n    Empty,",
        ],
    );
    expect_all(
        &made.method("list_things"),
        &["/// The operation `listThings`.\n"],
    );
    expect_all(&made.builder("ListThings"), &["/// Sets `q`.\n"]);
}

#[test]
fn no_text_of_a_document_leaves_its_comment() {
    let evil = "one\n*/ pub fn evil() {} /*\n\nfn worse() {}\r\nmod worst;";
    let made = generated(with_operation(
        json!({
            "summary": evil,
            "description": evil,
            "parameters": [{ "name": "q", "in": "query", "description": evil, "schema": {
                "type": "string", "default": evil, "pattern": evil,
            } }],
            "responses": { "200": { "description": evil } },
        }),
        json!({
            "Thing": { "type": "object", "description": evil, "properties": {
                "a": { "type": "string", "description": evil, "default": evil, "pattern": evil },
                "b\nc": { "type": "string" },
            } },
            "Kind": { "enum": [evil], "description": evil, "x-enum-varnames": ["Evil"] },
        }),
    ));
    for (path, text) in made.0.files.rust() {
        let file = syn::parse_file(text).expect("it is Rust");
        let is_evil = |item: &syn::Item| match item {
            syn::Item::Fn(_) => true,
            syn::Item::Mod(module) => module.ident == "worst",
            _ => false,
        };
        assert!(!file.items.iter().any(is_evil), "{path}");
    }
}

#[test]
fn limits_of_any_text_stand_in_a_line() {
    let made = generated(with_schemas(
        json!({ "Thing": { "type": "object", "properties": {
        "a": { "type": "string", "default": "x\ny", "pattern": "a`b" },
        "b": { "type": "string", "default": "" },
        "c": { "type": "string", "default": "plain", "pattern": "^\\d+$" },
    } } }),
    ));
    expect_all(
        &made.item("Thing"),
        &[
            "    ///\n    /// Matches ``a`b``. Default: `x y`.\n    pub a:",
            "    ///\n    /// Default: the empty text.\n    pub b:",
            "    ///\n    /// Matches `^\\d+$`. Default: `plain`.\n    pub c:",
        ],
    );
}

#[test]
fn limits_stand_once() {
    let text = |description: &str, more: serde_json::Value| {
        let mut schema = json!({ "type": "string", "description": description });
        let entries = schema.as_object_mut().expect("an object");
        entries.extend(more.as_object().expect("an object").clone());
        schema
    };
    let length = json!({ "minLength": 1, "maxLength": 10_000 });
    let made = generated(with_schemas(
        json!({ "Thing": { "type": "object", "properties": {
        "said": text("The text, 1 to 10,000 characters.", length.clone()),
        "half": text("The text, at most 10,000 characters.", length.clone()),
        "lines": text("The text, 1 to 10,000 lines.", length.clone()),
        "number": text("Text 1 of 10000, counted in characters", length.clone()),
        "default": text("Its kind. Absent means `plain`.", json!({ "default": "plain" })),
        "other": text("Its kind, such as `plain`.", json!({ "default": "plain" })),
        "list": {
            "type": "array", "items": { "type": "string", "maxLength": 5 },
            "description": "At least one text of 5 characters.", "minItems": 1,
        },
    } } }),
    ));
    let item = made.item("Thing");
    expect_all(
        &item,
        &[
            "/// The text, 1 to 10,000 characters.\n    pub said:",
            "/// The text, at most 10,000 characters.\n    ///\n    \
             /// From 1 to 10000 characters.\n    pub half:",
            "///\n    /// From 1 to 10000 characters.\n    pub lines:",
            "/// Its kind. Absent means `plain`.\n    pub default:",
            "///\n    /// Default: `plain`.\n    pub other:",
            "///\n    /// Items: At most 5 characters.\n    pub list:",
        ],
    );
}

#[test]
fn tables_stay_tables() {
    assert_eq!(
        lines("Codes:\n\n| code | meaning |\n| --- | --- |\n| `1` | gone |\n"),
        [
            "Codes:",
            "",
            "|code|meaning|",
            "|----|-------|",
            "|`1`|gone|"
        ]
    );
}

#[test]
fn characters_that_turn_the_text_are_dropped() {
    let hidden = "a\u{202a}b\u{202c}c\u{2066}d\u{feff}e\u{0}f\u{7}g";
    assert_eq!(one_line(hidden), "abcdefg");
    // Joined emoji stay what they are.
    assert_eq!(one_line("👩\u{200d}💻"), "👩\u{200d}💻");
    let made = generated(with_schemas(json!({ "Thing": {
        "type": "object",
        "description": hidden,
        "properties": { "a\u{202a}": { "type": "string", "description": hidden, "pattern": hidden } },
    }, "Kind": { "enum": ["a\u{202b}"], "description": hidden } })));
    for (_, text) in made.0.files.rust() {
        assert!(!text.contains(['\u{202a}', '\u{202b}', '\u{202c}', '\u{2066}']));
    }
}
