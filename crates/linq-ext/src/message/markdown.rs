//! Messages from Markdown.

use std::mem;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation;

use super::check::{MAX_LINK_CHARACTERS, MAX_TEXT_CHARACTERS};
use super::content::Message;
use super::span::{Decoration, Style};
use super::split::{AnnotatedText, Annotation, AnnotationValue};

impl Message {
    /// Converts a Markdown text into messages. Requires the feature `markdown`.
    ///
    /// The API sends text as it is, so Markdown (CommonMark, with `~~strikethrough~~` and tables) is converted into
    /// text and decorations:
    ///
    /// - `**bold**`, `*italic*`, `~~strikethrough~~` and `<u>underline</u>` become decorations, nested and
    ///   overlapping; other HTML is reduced to its text.
    /// - Headings, code, quotes, lists and rules become plain text, lists with `•` or their numbers. A row of a table
    ///   becomes a line such as `Item: Tea, Price: 3`.
    /// - A link or a bare address that is alone on a line of a paragraph becomes a message, since a link is the only
    ///   part of its message. Other links and images become `text (address)`.
    /// - A line break in a paragraph is kept.
    ///
    /// Texts that are too long, or have too many decorations, are cut as in [`split`](Self::split). Markdown without
    /// visible text gives no message. For idempotency keys use [`keyed`](Self::keyed).
    ///
    /// ```
    /// use linq_ext::message::Message;
    ///
    /// let messages = Message::from_markdown("It's **done**:\n\n<https://example.com/report>\n\n- fast\n- *green*");
    /// assert_eq!(messages.len(), 3); // text, link, text
    /// for message in messages {
    ///     message.build()?;
    /// }
    /// # Ok::<(), linq_ext::message::InvalidMessage>(())
    /// ```
    pub fn from_markdown(markdown: &str) -> Vec<Self> {
        let mut writer = Writer::default();
        for event in Parser::new_ext(markdown, EXTENSIONS) {
            writer.event(event);
        }
        writer.finish()
    }
}

const EXTENSIONS: Options = Options::ENABLE_STRIKETHROUGH.union(Options::ENABLE_TABLES);

/// In the order of `Writer::open`.
const STYLES: [Style; 4] = [
    Style::Bold,
    Style::Italic,
    Style::Strikethrough,
    Style::Underline,
];
const BOLD: usize = 0;
const ITALIC: usize = 1;
const STRIKETHROUGH: usize = 2;
const UNDERLINE: usize = 3;

/// Deeper lists are not indented further.
const DEEPEST_INDENT: usize = 8;
const DEEPEST_QUOTE: usize = 3;

/// Writes plain text and its annotations.
#[derive(Default)]
struct Writer {
    text: String,
    annotations: Vec<Annotation>,
    open: [OpenStyle; STYLES.len()],
    /// Line breaks to write before the next text.
    pending_breaks: usize,
    /// The lists around this position, with the next number of ordered ones.
    lists: Vec<Option<u64>>,
    quotes: usize,
    /// The start of the next line of a list.
    marker: Option<String>,
    table: Option<Table>,
    links: Vec<OpenLink>,
    /// The HTML block so far.
    html: Option<String>,
    paragraph: Option<usize>,
    /// Paragraphs outside lists and quotes, in order.
    paragraphs: Vec<Range<usize>>,
    /// Ranges that are a link with this address, or code that is not a link even if it looks like one; in order.
    known_links: Vec<(Range<usize>, Option<String>)>,
}

/// A style that is not closed yet.
#[derive(Default)]
struct OpenStyle {
    depth: usize,
    /// `None` until text is written.
    start: Option<usize>,
}

#[derive(Default)]
struct Table {
    headers: Vec<String>,
    is_head: bool,
    has_rows: bool,
    /// The column of the cell.
    column: usize,
    /// The text to write before the cell, unless the cell is empty.
    prefix: Option<String>,
    /// True if a cell of the row was written.
    is_row_started: bool,
}

impl Table {
    fn start_cell(&mut self) {
        if self.is_head {
            return self.headers.push(String::new());
        }
        let separator = if self.is_row_started { ", " } else { "" };
        self.prefix = Some(match self.headers.get(self.column) {
            Some(header) if !header.is_empty() => format!("{separator}{header}: "),
            _ => separator.to_owned(),
        });
        self.column += 1;
    }
}

struct OpenLink {
    url: String,
    is_image: bool,
    /// `None` until text has been written.
    start: Option<usize>,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => {
                self.write(&text);
            }
            Event::Code(code) => {
                let start = self.write(&code);
                self.mark_link(start, None);
            }
            Event::SoftBreak | Event::HardBreak => self.pending_breaks += 1,
            Event::Rule => {
                self.block();
                self.write("———");
                self.block();
            }
            Event::Html(html) => match &mut self.html {
                Some(block) => block.push_str(&html),
                None => self.html(&html),
            },
            Event::InlineHtml(html) => self.html(&html),
            // Extensions that are not enabled.
            _ => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => {
                self.block();
                if self.is_outermost() {
                    self.paragraph = Some(self.text.len());
                }
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.quotes += 1;
            }
            Tag::HtmlBlock => {
                self.block();
                self.html = Some(String::new());
            }
            Tag::Heading { .. } | Tag::CodeBlock(_) => self.block(),
            Tag::List(first) => {
                self.block();
                self.lists.push(first);
            }
            Tag::Table(_) => {
                self.block();
                self.table = Some(Table::default());
            }
            Tag::TableHead => {
                if let Some(table) = &mut self.table {
                    table.is_head = true;
                }
            }
            Tag::TableRow => {
                self.break_lines(1);
                if let Some(table) = &mut self.table {
                    let headers = mem::take(&mut table.headers);
                    *table = Table {
                        headers,
                        has_rows: true,
                        ..Table::default()
                    };
                }
            }
            Tag::TableCell => {
                if let Some(table) = &mut self.table {
                    table.start_cell();
                }
            }
            Tag::Item => {
                self.break_lines(1);
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let marker = format!("{number}. ");
                        *number = number.saturating_add(1);
                        marker
                    }
                    _ => "• ".to_owned(),
                });
            }
            Tag::Strong => self.open_style(BOLD),
            Tag::Emphasis => self.open_style(ITALIC),
            Tag::Strikethrough => self.open_style(STRIKETHROUGH),
            Tag::Link { dest_url, .. } => self.open_link(&dest_url, false),
            Tag::Image { dest_url, .. } => self.open_link(&dest_url, true),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::Heading(_) => {
                // The others are balanced by the parser.
                self.end_style(UNDERLINE);
                if let Some(start) = self.paragraph.take() {
                    self.paragraphs.push(start..self.text.len());
                }
                self.block();
            }
            TagEnd::BlockQuote(_) => {
                self.quotes = self.quotes.saturating_sub(1);
                self.block();
            }
            TagEnd::HtmlBlock => {
                let html = self.html.take().unwrap_or_default();
                self.html(&html);
                self.block();
            }
            TagEnd::CodeBlock => self.block(),
            TagEnd::TableHead => {
                if let Some(table) = &mut self.table {
                    table.is_head = false;
                }
            }
            TagEnd::TableCell => {
                if let Some(table) = &mut self.table {
                    table.prefix = None;
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take()
                    && !table.has_rows
                {
                    self.write(&table.headers.join(", "));
                }
                self.block();
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.block();
            }
            TagEnd::Item => {
                self.marker = None;
                self.break_lines(1);
            }
            TagEnd::Strong => self.close_style(BOLD),
            TagEnd::Emphasis => self.close_style(ITALIC),
            TagEnd::Strikethrough => self.close_style(STRIKETHROUGH),
            TagEnd::Link | TagEnd::Image => self.close_link(),
            _ => {}
        }
    }

    /// Whether a paragraph here is not inside a list or a quote.
    fn is_outermost(&self) -> bool {
        self.lists.is_empty() && self.quotes == 0
    }

    /// Separates blocks: by a blank line, in lists by a line break.
    fn block(&mut self) {
        self.break_lines(if self.lists.is_empty() { 2 } else { 1 });
    }

    fn break_lines(&mut self, line_breaks: usize) {
        self.pending_breaks = self.pending_breaks.max(line_breaks);
    }

    /// Writes text, and returns where it starts.
    fn write(&mut self, text: &str) -> usize {
        if let Some(table) = &mut self.table
            && table.is_head
        {
            if let Some(header) = table.headers.last_mut() {
                header.push_str(text);
            }
            return self.text.len();
        }
        let mut start = None;
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.pending_breaks += 1;
            }
            let line = line.trim_end_matches('\r');
            if line.is_empty() {
                continue;
            }
            self.start_line();
            if let Some(table) = &mut self.table
                && let Some(prefix) = table.prefix.take()
            {
                table.is_row_started = true;
                self.text.push_str(&prefix);
            }
            let at = self.text.len();
            for style in self.open.iter_mut().filter(|style| style.depth > 0) {
                style.start.get_or_insert(at);
            }
            for link in &mut self.links {
                link.start.get_or_insert(at);
            }
            start.get_or_insert(at);
            self.text.push_str(line);
        }
        start.unwrap_or(self.text.len())
    }

    /// Writes the pending line breaks, and the start of the new line.
    fn start_line(&mut self) {
        let line_breaks = mem::take(&mut self.pending_breaks);
        if line_breaks == 0 && !self.text.is_empty() {
            return;
        }
        let indent = self.lists.len().min(DEEPEST_INDENT);
        let marker = self.marker.take();
        if self.quotes > 0 || indent > 0 {
            // Styles do not apply to the start of a line.
            for index in 0..STYLES.len() {
                self.end_span(index);
            }
        }
        if !self.text.is_empty() {
            self.text.extend(std::iter::repeat_n('\n', line_breaks));
        }
        for _ in 0..self.quotes.min(DEEPEST_QUOTE) {
            self.text.push_str("> ");
        }
        for _ in 1..indent {
            self.text.push_str("  ");
        }
        match marker {
            Some(marker) => self.text.push_str(&marker),
            None if indent > 0 => self.text.push_str("  "),
            None => {}
        }
    }

    fn open_style(&mut self, index: usize) {
        self.open[index].depth += 1;
    }

    fn close_style(&mut self, index: usize) {
        let style = &mut self.open[index];
        style.depth = style.depth.saturating_sub(1);
        if style.depth == 0 {
            self.end_span(index);
        }
    }

    fn end_style(&mut self, index: usize) {
        self.open[index].depth = 0;
        self.end_span(index);
    }

    /// Applies a style to the text written since its start.
    fn end_span(&mut self, index: usize) {
        let end = self.text.len();
        if let Some(start) = self.open[index].start.take()
            && start < end
        {
            let decoration = Decoration::from(STYLES[index].clone()).at(Vec::new());
            self.annotations.push(Annotation {
                range: start..end,
                value: AnnotationValue::Decoration(decoration),
            });
        }
    }

    fn open_link(&mut self, url: &str, is_image: bool) {
        self.links.push(OpenLink {
            url: url.to_owned(),
            is_image,
            start: None,
        });
    }

    fn close_link(&mut self) {
        let Some(link) = self.links.pop() else {
            return;
        };
        let is_image_of_link = link.is_image && !self.links.is_empty();
        let label = link.start.map(|start| &self.text[start..]);
        let start = match label {
            _ if is_image_of_link || link.url.is_empty() => return,
            None => self.write(&link.url),
            Some(label) => {
                let start = self.text.len() - label.len();
                let is_shown = label == link.url
                    || link
                        .url
                        .strip_prefix("mailto:")
                        .is_some_and(|address| address == label);
                if !is_shown {
                    self.write(&format!(" ({})", link.url));
                }
                start
            }
        };
        if !link.is_image && is_web_address(&link.url) {
            self.mark_link(start, Some(link.url));
        }
    }

    fn mark_link(&mut self, start: usize, url: Option<String>) {
        if start < self.text.len() {
            // A link around code replaces it.
            while self
                .known_links
                .last()
                .is_some_and(|(inner, _)| inner.start >= start)
            {
                self.known_links.pop();
            }
            self.known_links.push((start..self.text.len(), url));
        }
    }

    /// Writes the text of HTML, and applies the few tags that have an equivalent.
    fn html(&mut self, html: &str) {
        let mut rest = html;
        while let Some((before, tag)) = rest.split_once('<') {
            self.write_html_text(before);
            if let Some(comment) = tag.strip_prefix("!--") {
                match comment.split_once("-->") {
                    Some((_, after)) => rest = after,
                    None => return,
                }
                continue;
            }
            if !tag.starts_with(|first: char| first.is_ascii_alphabetic() || "/!?".contains(first))
            {
                self.write("<");
                rest = tag;
                continue;
            }
            let Some((tag, after)) = tag.split_once('>') else {
                // No tag ends after this position.
                self.write_html_text(&rest[before.len()..]);
                return;
            };
            self.html_tag(tag);
            rest = after;
        }
        self.write_html_text(rest);
    }

    fn html_tag(&mut self, tag: &str) {
        let (is_end, tag) = match tag.strip_prefix('/') {
            Some(tag) => (true, tag),
            None => (false, tag),
        };
        let name = tag
            .split(|character: char| !character.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        match name.as_str() {
            "u" if is_end => self.close_style(UNDERLINE),
            "u" => self.open_style(UNDERLINE),
            "br" => self.pending_breaks += 1,
            "p" | "div" | "li" | "tr" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if is_end => {
                self.break_lines(1);
            }
            _ => {}
        }
    }

    fn write_html_text(&mut self, text: &str) {
        if text.contains('&') {
            let text = text
                .replace("&nbsp;", "\u{a0}")
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&");
            self.write(&text);
        } else {
            self.write(text);
        }
    }

    fn finish(mut self) -> Vec<Message> {
        for index in 0..STYLES.len() {
            self.end_style(index);
        }
        if !self.annotations.is_empty() {
            let graphemes = self.text.grapheme_indices(true);
            let mut boundaries: Vec<_> = graphemes.map(|(at, _)| at).collect();
            boundaries.push(self.text.len());
            for Annotation { range, .. } in &mut self.annotations {
                // A grapheme cluster that is half bold becomes bold.
                let before = boundaries.partition_point(|&at| at <= range.start);
                let after = boundaries.partition_point(|&at| at < range.end);
                *range = boundaries[before - 1]..boundaries[after];
            }
        }
        self.annotations.sort_by_key(|found| found.range.start);

        let links = self.separate_links();
        let mut texts = Vec::new();
        let mut start = 0;
        for (line, _) in &links {
            texts.push(self.trim(start..line.start));
            start = line.end;
        }
        texts.push(self.trim(start..self.text.len()));

        let text = AnnotatedText {
            text: self.text,
            annotations: self.annotations,
        };
        let mut urls = links.into_iter().map(|(_, url)| url);
        let mut messages = Vec::new();
        for text in text.slices(&texts) {
            if !text.text.is_empty() {
                let parts = text.into_parts(MAX_TEXT_CHARACTERS);
                messages.extend(parts.into_iter().map(|part| Message::new().part(part)));
            }
            messages.extend(urls.next().map(|url| Message::new().link(url)));
        }
        messages
    }

    /// Returns the range without leading line breaks and trailing white space.
    fn trim(&self, range: Range<usize>) -> Range<usize> {
        let text = self.text[range.clone()].trim_end();
        let end = range.start + text.len();
        end - text.trim_start_matches('\n').len()..end
    }

    /// Returns the lines that consist of a link, with its address.
    fn separate_links(&self) -> Vec<(Range<usize>, String)> {
        let mut links = Vec::new();
        for paragraph in &self.paragraphs {
            let mut start = paragraph.start;
            for line in self.text[paragraph.clone()].split('\n') {
                let end = start + line.len();
                let inner = line.trim();
                let at = start + (line.len() - line.trim_start().len());
                if let Some(url) = self.link_at(at..at + inner.len()) {
                    links.push((start..end, url));
                }
                start = end + 1;
            }
        }
        links
    }

    fn link_at(&self, line: Range<usize>) -> Option<String> {
        let known = self
            .known_links
            .binary_search_by_key(&line.start, |(range, _)| range.start)
            .ok()
            .map(|index| &self.known_links[index]);
        match known {
            Some((range, url)) if *range == line => url.clone(),
            _ => {
                let line = &self.text[line];
                let is_address = is_web_address(line)
                    && !line.contains(char::is_whitespace)
                    && !line.ends_with(['.', ',', ';', ':', '!', '?', ')', '"', '\'']);
                is_address.then(|| line.to_owned())
            }
        }
    }
}

/// Whether it can be the address of a link part.
fn is_web_address(url: &str) -> bool {
    let has_scheme = ["https://", "http://"].iter().any(|scheme| {
        url.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && url.len() > scheme.len()
    });
    has_scheme && url.chars().nth(MAX_LINK_CHARACTERS).is_none()
}

#[cfg(test)]
mod tests {
    use linq_types::{MessagePart, TextDecoration};

    use super::super::span::read_range;
    use super::*;

    /// Texts as they are, links in `[[…]]`.
    fn shown(markdown: &str) -> Vec<String> {
        Message::from_markdown(markdown)
            .into_iter()
            .map(|message| {
                let content = message.build().expect("valid");
                match content.parts.as_deref() {
                    Some([MessagePart::Text(text)]) => text.value.clone(),
                    Some([MessagePart::Link(link)]) => format!("[[{}]]", link.value),
                    other => panic!("{other:?}"),
                }
            })
            .collect()
    }

    /// What is decorated, in order of place, as `style:words`.
    fn marked(markdown: &str) -> Vec<String> {
        let mut marked = Vec::new();
        for message in Message::from_markdown(markdown) {
            let content = message.build().expect("valid");
            for part in content.parts.iter().flatten() {
                let MessagePart::Text(text) = part else {
                    continue;
                };
                for decoration in text.text_decorations.iter().flatten() {
                    let TextDecoration { style, .. } = decoration;
                    let style = style.as_ref().map_or("?", |style| style.as_str());
                    let words = read_range(&text.value, &decoration.range).unwrap_or("?");
                    marked.push(format!("{style}:{words}"));
                }
            }
        }
        marked.sort();
        marked
    }

    #[test]
    fn styles_become_decorations() {
        let markdown = "🎉 **bold** *italic* ~~gone~~ <u>under</u> plain";
        assert_eq!(shown(markdown), ["🎉 bold italic gone under plain"]);
        assert_eq!(
            marked(markdown),
            [
                "bold:bold",
                "italic:italic",
                "strikethrough:gone",
                "underline:under"
            ]
        );
    }

    #[test]
    fn styles_nest_and_cross() {
        assert_eq!(marked("***both***"), ["bold:both", "italic:both"]);
        assert_eq!(marked("**a *b* c**"), ["bold:a b c", "italic:b"]);
        assert_eq!(marked("**a <u>b** c</u> d"), ["bold:a b", "underline:b c"]);
        assert_eq!(marked("<u>a <u>b</u> c</u> d</u>"), ["underline:a b c"]);
        assert_eq!(
            marked("<u>never closed\n\nnext"),
            ["underline:never closed"]
        );
        assert_eq!(marked("<u></u>**<br>** x"), [] as [&str; 0]);
    }

    #[test]
    fn styles_leave_out_what_lines_begin_with() {
        assert_eq!(marked("- **one\n  two**\n"), ["bold:one", "bold:two"]);
        assert_eq!(shown("- **one\n  two**\n"), ["• one\n  two"]);
        assert_eq!(marked("**one\ntwo**"), ["bold:one\ntwo"]);
    }

    #[test]
    fn grapheme_clusters_are_marked_as_a_whole() {
        assert_eq!(marked("a**e**\u{301}b"), ["bold:e\u{301}"]);
    }

    #[test]
    fn blocks_become_plain_text() {
        assert_eq!(
            shown(
                "# Title\nText\nmore\n\n> quoted\n> twice\n\n---\n\n```rust\nlet a = 1;\n\nlet b;\n```\n\n`code` **x**"
            ),
            ["Title\n\nText\nmore\n\n> quoted\n> twice\n\n———\n\nlet a = 1;\n\nlet b;\n\ncode x"]
        );
        assert_eq!(
            shown("Do:\n\n1. one\n2. two\n   - deep\n     - deeper\n3. three\n\nend"),
            ["Do:\n\n1. one\n2. two\n  • deep\n    • deeper\n3. three\n\nend"]
        );
        assert_eq!(shown("7) a\n\n8) b"), ["7. a\n8. b"]);
        assert_eq!(shown("- \n- x"), ["• x"]);
        assert_eq!(shown("hard  \nbreak"), ["hard\nbreak"]);
    }

    #[test]
    fn tables_become_lines() {
        let table = "Menu:\n\n| Item | Price |\n|---|--:|\n| **Tea** | 3 |\n| Cake | |\n\nEnjoy!";
        assert_eq!(
            shown(table),
            ["Menu:\n\nItem: Tea, Price: 3\nItem: Cake\n\nEnjoy!"]
        );
        assert_eq!(marked(table), ["bold:Tea"]);
        assert_eq!(shown("| a | b |\n|---|---|"), ["a, b"]);
        assert_eq!(
            shown("| | b |\n|---|---|\n| 1 | 2 |\n| | 3"),
            ["1, b: 2\nb: 3"]
        );
        assert_eq!(shown("a | b, not a table"), ["a | b, not a table"]);
    }

    #[test]
    fn html_leaves_its_text() {
        assert_eq!(shown("a <b>c</b><br>d &amp; e"), ["a c\nd & e"]);
        assert_eq!(
            shown("<div class=\"x\"\n id=y>\n<p>one &lt; two</p><p>three</p>\n</div>"),
            ["one < two\nthree"]
        );
        assert_eq!(shown("<!-- not\nshown -->\n\nshown"), ["shown"]);
        assert_eq!(shown("1 < 2 and <3"), ["1 < 2 and <3"]);
        assert_eq!(marked("<div>\n<u>in</u> out\n</div>"), ["underline:in"]);
    }

    #[test]
    fn a_link_on_its_own_line_is_a_message() {
        assert_eq!(
            shown("See\n[the report](https://example.com/r)\nand <https://example.com/s>."),
            [
                "See",
                "[[https://example.com/r]]",
                "and https://example.com/s."
            ]
        );
        assert_eq!(
            shown("https://example.com/a\n\n<https://example.com/b>\nhttp://example.com/c"),
            [
                "[[https://example.com/a]]",
                "[[https://example.com/b]]",
                "[[http://example.com/c]]"
            ]
        );
        assert_eq!(
            shown("**[a](https://example.com)**"),
            ["[[https://example.com]]"]
        );
    }

    #[test]
    fn other_links_stay_in_the_text() {
        for (markdown, text) in [
            (
                "see [a](https://example.com) b",
                "see a (https://example.com) b",
            ),
            ("- [a](https://example.com)", "• a (https://example.com)"),
            ("> https://example.com", "> https://example.com"),
            ("`https://example.com`", "https://example.com"),
            ("[a](/b)", "a (/b)"),
            ("[a]()", "a"),
            ("see [](https://example.com)", "see https://example.com"),
            ("<a@example.com>", "a@example.com"),
            (
                "![a](https://example.com/a.png)",
                "a (https://example.com/a.png)",
            ),
            ("Go to https://example.com", "Go to https://example.com"),
            ("https://example.com!", "https://example.com!"),
        ] {
            assert_eq!(shown(markdown), [text], "{markdown}");
        }
        assert_eq!(
            shown("[![logo](https://example.com/a.png)](https://example.com)"),
            ["[[https://example.com]]"]
        );
        let long = format!("<https://example.com/{}>", "a".repeat(2_048));
        assert_eq!(shown(&long).len(), 1);
        assert!(!shown(&long)[0].starts_with("[["));
    }

    #[test]
    fn nothing_shown_gives_no_message() {
        for markdown in [
            "",
            " \n\n",
            "<!-- -->",
            "[a]: https://example.com",
            "<u></u>",
            "- ",
            "<br><br>",
        ] {
            assert_eq!(shown(markdown), [] as [&str; 0], "{markdown}");
        }
    }

    #[test]
    fn long_texts_are_split() {
        let markdown = "**bold** and plain words. ".repeat(2_000);
        let messages = Message::from_markdown(&markdown);
        assert!(messages.len() >= 20);
        assert_eq!(marked(&markdown).len(), 2_000);
    }

    #[test]
    fn large_and_hostile_input_is_taken() {
        for piece in [
            "<a",
            "<!--",
            "- ",
            "> ",
            "*a **b ",
            "[",
            "![a](b",
            "<u>",
            "**x** ",
            "1. ",
            "`",
            "&amp;<p",
            "https://example.com\n",
            "https://example.com\n**x**\n",
            "\n\n",
            "**🇩🇪**",
            "[a](https://example.com)\n",
            "| a |\n|---|\n| **b** |\n",
            "| a ",
        ] {
            for message in Message::from_markdown(&piece.repeat(5_000)) {
                assert!(message.build().is_ok(), "{piece}");
            }
        }
    }
}
