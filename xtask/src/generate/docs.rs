//! Stage 10, docs. In: descriptions, in whatever Markdown they are written. Out: lines of Rust
//! docs that rustdoc takes without a warning and never compiles as a test.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, LinkType, Options, Parser, Tag, TagEnd};

/// The lines of a description; none where it is empty.
pub fn lines(markdown: &str) -> Vec<String> {
    let markdown = visible(markdown.trim());
    // What rustdoc reads too, so that it stays what it is.
    let extensions = Options::ENABLE_TABLES;
    let events = Parser::new_ext(&markdown, extensions);
    let mut safe = Vec::new();
    let mut dropped_links = 0_usize;
    for event in events {
        match event {
            // Without a language rustdoc takes a block for Rust, and runs it.
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match kind {
                    CodeBlockKind::Fenced(language) => language_of(&language),
                    CodeBlockKind::Indented => "text".into(),
                };
                safe.push(Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(
                    language,
                ))));
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let text = html.trim();
                if !text.is_empty() && !text.starts_with("<!--") {
                    safe.push(Event::Code(text.replace('`', "'").into()));
                }
            }
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {
                safe.push(if matches!(event, Event::Start(_)) {
                    Event::Start(Tag::Paragraph)
                } else {
                    Event::End(TagEnd::Paragraph)
                });
            }
            // A link into the vendor's site, relative to a page that is not ours.
            Event::Start(Tag::Link { ref dest_url, .. }) if !is_absolute(dest_url) => {
                dropped_links += 1;
            }
            Event::End(TagEnd::Link) if dropped_links > 0 => dropped_links -= 1,
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            Event::Start(Tag::Link {
                link_type: LinkType::Email,
                ..
            }) => dropped_links += 1,
            Event::Text(text) => push_text(&mut safe, &text),
            other => safe.push(other),
        }
    }
    let mut rendered = String::new();
    let options = pulldown_cmark_to_cmark::Options {
        code_block_token_count: 3,
        list_token: '-',
        ..pulldown_cmark_to_cmark::Options::default()
    };
    if pulldown_cmark_to_cmark::cmark_with_options(safe.iter(), &mut rendered, extensions, options)
        .is_err()
    {
        return Vec::new();
    }
    rendered
        .trim()
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// A text without the characters that show nothing and may change what is shown: rustc refuses
/// those that turn the direction of text, and control characters have no place in a line.
fn visible(text: &str) -> String {
    let is_hidden = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            || matches!(
                c,
                '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
            )
            || ('\u{2028}'..='\u{202e}').contains(&c)
            || ('\u{2060}'..='\u{206f}').contains(&c)
    };
    text.chars().filter(|c| !is_hidden(*c)).collect()
}

/// Text as code in one line, whatever it holds.
pub fn code(text: &str) -> String {
    let text: String = visible(text)
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .collect();
    let mut longest = 0;
    let mut length = 0;
    for c in text.chars() {
        length = if c == '`' { length + 1 } else { 0 };
        longest = longest.max(length);
    }
    let fence = "`".repeat(longest + 1);
    let is_bare = text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let blank = if is_bare { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

fn language_of(language: &str) -> CowStr<'static> {
    match language.split([',', ' ']).next().unwrap_or_default() {
        "" | "rust" | "rs" | "should_panic" | "no_run" | "ignore" | "compile_fail" => "text".into(),
        other if other.starts_with("edition") => "text".into(),
        other => other.to_owned().into(),
    }
}

fn is_absolute(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Pushes a text, with bare addresses as code: rustdoc warns of them, and many are examples.
fn push_text(events: &mut Vec<Event<'_>>, text: &str) {
    let in_block = matches!(
        events
            .iter()
            .rev()
            .find(|event| !matches!(event, Event::Text(_))),
        Some(Event::Start(Tag::CodeBlock(_) | Tag::Link { .. }))
    );
    let mut rest = text;
    let next = |rest: &str| {
        let starts = ["http://", "https://"].map(|scheme| rest.find(scheme));
        starts.into_iter().flatten().min()
    };
    while let Some(start) = next(rest) {
        if in_block {
            break;
        }
        let length = rest[start..]
            .find(|c: char| c.is_whitespace() || "<>\"'`)]}".contains(c))
            .unwrap_or(rest.len() - start);
        let url = rest[start..start + length].trim_end_matches(['.', ',', ';', ':']);
        if start > 0 {
            events.push(Event::Text(rest[..start].to_owned().into()));
        }
        events.push(Event::Code(url.to_owned().into()));
        rest = &rest[start + url.len()..];
    }
    if !rest.is_empty() {
        events.push(Event::Text(rest.to_owned().into()));
    }
}

/// Writes doc comments for an item, or a sentence of its own where the document has none.
pub fn comment(out: &mut String, indent: &str, markdown: &str, otherwise: &str) {
    let mut lines = lines(markdown);
    if lines.is_empty() {
        lines.push(otherwise.to_owned());
    }
    push(out, indent, &lines);
}

/// Writes lines as doc comments.
pub fn push(out: &mut String, indent: &str, lines: &[String]) {
    // A line break in a name or limit must not end the comment.
    for line in lines.iter().flat_map(|line| line.split(['\n', '\r'])) {
        let line = visible(line);
        out.push_str(indent);
        out.push_str(if line.is_empty() { "///" } else { "/// " });
        out.push_str(&line);
        out.push('\n');
    }
}

/// Text as a Rust string literal.
pub fn literal(text: &str) -> String {
    format!("{text:?}")
}
