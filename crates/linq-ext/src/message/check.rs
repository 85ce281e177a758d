//! The rules for the content of messages.

use std::collections::BTreeSet;

use linq_types::{
    IMessageApp, IMessageAppLayout, InlineSticker, MessageContent, MessagePart, ServiceType,
    TextPart, UpdateAppCardRequest,
};

use super::handles::is_handle;
use super::rules::{InvalidMessage, Place, Report, Rule};
use super::span::{Utf16, is_boundary};

/// Largest number of parts of a message.
pub const MAX_PARTS: usize = 100;
/// Largest number of media parts of a message that are given by URL.
pub const MAX_URL_MEDIA: usize = 40;
/// Largest number of characters (`char`s) of a text part.
pub const MAX_TEXT_CHARACTERS: usize = 10_000;
/// Largest number of decorations of a text part.
pub const MAX_DECORATIONS: usize = 100;
/// Largest number of characters of a link.
pub const MAX_LINK_CHARACTERS: usize = 2_048;
/// Largest number of characters of an idempotency key.
pub const MAX_IDEMPOTENCY_KEY_CHARACTERS: usize = 255;

const MAX_STICKERS: usize = 100;
const MAX_STICKER_IMAGES: usize = 10;
const MAX_DATA_URL_CHARACTERS: usize = 16_384;

/// Checks content against every rule that applies to all messages.
///
/// It is for content that was created without [`Message`](super::Message), which checks it itself.
///
/// # Errors
///
/// All violations with their places.
///
/// ```
/// use linq_ext::message::{Rule, check_message};
/// use linq_types::{LinkPart, MessageContent, TextPart};
///
/// let content = MessageContent::new().with_parts(vec![
///     TextPart::new("Look:").into(),
///     LinkPart::new("https://example.com").into(),
/// ]);
/// let error = check_message(&content).unwrap_err();
/// assert_eq!(error.violations()[0].rule(), Rule::LonePart);
/// assert_eq!(error.violations()[0].part(), Some(1));
/// ```
pub fn check_message(content: &MessageContent) -> Result<(), InvalidMessage> {
    report_message(content).finish()
}

/// Checks content against the rules for the first message of a new chat only: no link, no URL in the text, no effect,
/// no reply.
///
/// They apply to `POST /v3/chats` when it creates a chat; with the same line and recipients it reuses a chat.
/// `POST /v3/messages` accepts links in a first message.
///
/// # Errors
///
/// All violations of the `FirstMessage…` rules with their places.
pub fn check_first_message(content: &MessageContent) -> Result<(), InvalidMessage> {
    report_first_message(content).finish()
}

/// Checks the new text of a message to edit (`PATCH /v3/messages/{id}`): 1 to 10,000 characters.
///
/// # Errors
///
/// [`Rule::TextLength`].
pub fn check_text(text: &str) -> Result<(), InvalidMessage> {
    let fits = has_characters(text, MAX_TEXT_CHARACTERS);
    Report::of(fits, Place::Message, Rule::TextLength).finish()
}

/// Checks the URL of a file that the API fetches.
///
/// # Errors
///
/// [`Rule::MediaHttps`].
pub(crate) fn check_file_url(url: &str) -> Result<(), InvalidMessage> {
    Report::of(is_https(url), Place::File, Rule::MediaHttps).finish()
}

/// Checks the new state of an app card (`POST /v3/messages/{id}/update`).
///
/// # Errors
///
/// [`Rule::AppIdentity`], [`Rule::AppCardLayout`] and [`Rule::AppCardUrl`].
pub(crate) fn check_app_card_update(card: &UpdateAppCardRequest) -> Result<(), InvalidMessage> {
    let mut report = Report::default();
    let mut check = |holds, rule| report.expect(holds, Place::Message, rule);
    check(card.app.as_ref().is_none_or(is_app), Rule::AppIdentity);
    check(is_layout(&card.layout), Rule::AppCardLayout);
    check(card.url.as_deref().is_none_or(is_app_url), Rule::AppCardUrl);
    report.finish()
}

pub(crate) fn report_message(content: &MessageContent) -> Report {
    let mut report = Report::default();
    let mut check = |holds, rule| report.expect(holds, Place::Message, rule);
    let parts = content.parts.as_deref().unwrap_or_default();
    match content.experience {
        Some(_) => check(content.parts.is_none(), Rule::PartsOrExperience),
        None => check((1..=MAX_PARTS).contains(&parts.len()), Rule::PartCount),
    }
    let by_url =
        |part: &&MessagePart| matches!(part, MessagePart::Media(media) if media.url.is_some());
    let url_media = parts.iter().filter(by_url).count();
    check(url_media <= MAX_URL_MEDIA, Rule::UrlMediaCount);
    if let Some(key) = &content.idempotency_key {
        let fits = has_characters(key, MAX_IDEMPOTENCY_KEY_CHARACTERS);
        check(fits, Rule::IdempotencyKey);
    }
    if let Some(reply) = &content.reply_to {
        let is_index = reply.part_index.is_none_or(|index| index >= 0);
        check(is_index, Rule::ReplyPart);
    }
    for (index, part) in parts.iter().enumerate() {
        let mut check = |holds, rule| report.expect(holds, Place::Part(index), rule);
        let before = index.checked_sub(1).and_then(|before| parts.get(before));
        let is_alone = parts.len() == 1;
        match part {
            MessagePart::Text(text) => {
                let follows_text = matches!(before, Some(MessagePart::Text(_)));
                check(!follows_text, Rule::AdjacentText);
                check_text_part(text, &mut check);
            }
            MessagePart::Media(media) => {
                check_source(
                    media.url.as_deref(),
                    media.attachment_id.is_some(),
                    &mut check,
                );
            }
            MessagePart::Link(link) => {
                check(is_alone, Rule::LonePart);
                check(
                    has_characters(&link.value, MAX_LINK_CHARACTERS),
                    Rule::LinkLength,
                );
            }
            MessagePart::ImessageApp(card) => {
                check(is_alone, Rule::LonePart);
                check(is_app(&card.app), Rule::AppIdentity);
                check(is_layout(&card.layout), Rule::AppCardLayout);
                check(card.url.as_deref().is_none_or(is_app_url), Rule::AppCardUrl);
            }
            MessagePart::AppClip(_) => {
                check(is_alone, Rule::LonePart);
                let service = &content.preferred_service;
                let is_other = matches!(service, Some(ServiceType::Rcs | ServiceType::Sms));
                check(!is_other, Rule::AppClipService);
            }
            // There are no rules for parts that this release does not know.
            _ => {}
        }
    }
    report
}

pub(crate) fn report_first_message(content: &MessageContent) -> Report {
    let mut report = Report::default();
    for (index, part) in content.parts.iter().flatten().enumerate() {
        let mut check = |holds, rule| report.expect(holds, Place::Part(index), rule);
        match part {
            MessagePart::Link(_) => check(false, Rule::FirstMessageLink),
            MessagePart::Text(text) => check(!has_url(&text.value), Rule::FirstMessageUrl),
            _ => {}
        }
    }
    let mut check = |holds, rule| report.expect(holds, Place::Message, rule);
    check(content.effect.is_none(), Rule::FirstMessageEffect);
    check(content.reply_to.is_none(), Rule::FirstMessageReply);
    report
}

fn check_text_part(part: &TextPart, check: &mut impl FnMut(bool, Rule)) {
    let text = part.value.as_str();
    check(has_characters(text, MAX_TEXT_CHARACTERS), Rule::TextLength);
    let decorations = part.text_decorations.as_deref().unwrap_or_default();
    let stickers = part.inline_stickers.as_deref().unwrap_or_default();
    let mention = part.mention_range.as_deref();
    let of_decorations = || decorations.iter().map(|found| found.range.as_slice());
    let of_stickers = || stickers.iter().map(|found| found.range.as_slice());
    let mut ranges = of_decorations()
        .chain(of_stickers())
        .chain(mention)
        .peekable();
    if ranges.peek().is_some() {
        let units = Utf16::new(text);
        for range in ranges {
            match units.read(range) {
                Err(rule) => check(false, rule),
                Ok(bytes) => {
                    let is_whole = is_boundary(text, bytes.start) && is_boundary(text, bytes.end);
                    check(is_whole, Rule::WholeCharacters);
                }
            }
        }
    }

    check(decorations.len() <= MAX_DECORATIONS, Rule::DecorationCount);
    for decoration in decorations {
        let is_one_kind = decoration.style.is_some() != decoration.animation.is_some();
        check(is_one_kind, Rule::DecorationKind);
    }
    let are_animations = decorations.iter().map(|found| found.animation.is_some());
    check(
        !overlaps(of_decorations().zip(are_animations)),
        Rule::AnimationOverlap,
    );

    check(part.mention.as_deref().is_none_or(is_handle), Rule::Handle);
    check(part.mention.is_some() || mention.is_none(), Rule::Mention);

    check(stickers.len() <= MAX_STICKERS, Rule::StickerCount);
    let images = stickers
        .iter()
        .map(|sticker| (&sticker.url, &sticker.attachment_id));
    let images: BTreeSet<_> = images.collect();
    check(images.len() <= MAX_STICKER_IMAGES, Rule::StickerImages);
    let others = of_decorations().chain(mention).map(|range| (range, false));
    let overlap = overlaps(of_stickers().map(|range| (range, true)).chain(others));
    check(!overlap, Rule::StickerOverlap);
    for InlineSticker {
        url, attachment_id, ..
    } in stickers
    {
        check_source(url.as_deref(), attachment_id.is_some(), check);
    }
}

fn check_source(url: Option<&str>, has_attachment: bool, check: &mut impl FnMut(bool, Rule)) {
    check(url.is_some() != has_attachment, Rule::MediaSource);
    check(url.is_none_or(is_https), Rule::MediaHttps);
}

fn is_app(app: &IMessageApp) -> bool {
    let is_team_id = |id: &str| {
        let mut bytes = id.bytes();
        id.len() == 10 && bytes.all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let is_bundle_id = |id: &str| !id.is_empty() && !id.contains(':');
    !app.name.is_empty() && is_bundle_id(&app.bundle_id) && is_team_id(&app.team_id)
}

fn is_layout(layout: &IMessageAppLayout) -> bool {
    let has_image = layout.image_url.is_some();
    let shows_something = has_image
        || layout.caption.is_some()
        || layout.subcaption.is_some()
        || layout.trailing_caption.is_some()
        || layout.trailing_subcaption.is_some();
    let titles_an_image = layout.image_title.is_some() || layout.image_subtitle.is_some();
    shows_something && (has_image || !titles_an_image)
}

fn is_app_url(url: &str) -> bool {
    match url.starts_with("data:") {
        true => has_characters(url, MAX_DATA_URL_CHARACTERS),
        false => is_https(url) && has_characters(url, MAX_LINK_CHARACTERS),
    }
}

fn has_characters(text: &str, limit: usize) -> bool {
    !text.is_empty() && text.chars().nth(limit).is_none()
}

fn is_https(url: &str) -> bool {
    let rest = url.strip_prefix("https://");
    rest.is_some_and(|rest| !rest.is_empty())
}

/// Returns whether a lone range overlaps any other range. Ranges that break [`Rule::Range`] do not count.
fn overlaps<'r>(ranges: impl Iterator<Item = (&'r [i64], bool)>) -> bool {
    let mut ranges: Vec<_> = ranges
        .filter_map(|(range, is_lone)| match *range {
            [start, end] if start < end => Some((start, end, is_lone)),
            _ => None,
        })
        .collect();
    ranges.sort_unstable();
    let (mut end_of_all, mut end_of_lone) = (i64::MIN, i64::MIN);
    for (start, end, is_lone) in ranges {
        if start < end_of_lone || (is_lone && start < end_of_all) {
            return true;
        }
        end_of_all = end_of_all.max(end);
        if is_lone {
            end_of_lone = end_of_lone.max(end);
        }
    }
    false
}

/// Returns whether the text has an address that starts with a scheme or `www.`.
fn has_url(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let is_inside_word = |at: usize| {
        let before = text[..at].chars().next_back();
        before.is_some_and(char::is_alphanumeric)
    };
    let goes_on = |at: usize| text[at..].chars().next().is_some_and(char::is_alphanumeric);
    let schemes = ["http://", "https://", "ftp://"];
    let mut schemes = schemes.iter().flat_map(|scheme| text.match_indices(scheme));
    schemes.any(|(at, scheme)| goes_on(at + scheme.len()))
        || text
            .match_indices("www.")
            .any(|(at, www)| !is_inside_word(at) && goes_on(at + www.len()))
}

#[cfg(test)]
mod tests {
    use linq_types::{
        AppClipPart, IMessageAppPart, LinkPart, MediaPart, MessageEffect, MessageExperience,
        ReplyTo, TextDecoration, TextDecorationAnimation, TextDecorationStyle,
    };
    use uuid::Uuid;

    use super::*;

    fn broken(content: &MessageContent) -> Vec<(Option<usize>, Rule)> {
        match check_message(content) {
            Ok(()) => Vec::new(),
            Err(error) => error
                .violations()
                .iter()
                .map(|found| (found.part(), found.rule()))
                .collect(),
        }
    }

    fn parts(parts: impl IntoIterator<Item = MessagePart>) -> MessageContent {
        MessageContent::new().with_parts(parts.into_iter().collect::<Vec<_>>())
    }

    fn text(value: &str) -> MessagePart {
        TextPart::new(value).into()
    }

    fn url_media() -> MessagePart {
        MediaPart::new()
            .with_url("https://example.com/a.png")
            .into()
    }

    fn attachment() -> MessagePart {
        MediaPart::new().with_attachment_id(Uuid::nil()).into()
    }

    fn decorated(value: &str, decorations: Vec<TextDecoration>) -> MessageContent {
        parts([TextPart::new(value)
            .with_text_decorations(decorations)
            .into()])
    }

    fn style(start: i64, end: i64) -> TextDecoration {
        TextDecoration::new(vec![start, end]).with_style(TextDecorationStyle::Bold)
    }

    fn animation(start: i64, end: i64) -> TextDecoration {
        TextDecoration::new(vec![start, end]).with_animation(TextDecorationAnimation::Nod)
    }

    #[test]
    fn counts_of_parts() {
        assert_eq!(broken(&MessageContent::new()), [(None, Rule::PartCount)]);
        assert_eq!(broken(&parts([])), [(None, Rule::PartCount)]);
        let attachments = |count| parts(std::iter::repeat_n(attachment(), count));
        assert_eq!(broken(&attachments(100)), []);
        assert_eq!(broken(&attachments(101)), [(None, Rule::PartCount)]);
        let urls = |count| parts(std::iter::repeat_n(url_media(), count).chain([attachment()]));
        assert_eq!(broken(&urls(40)), []);
        assert_eq!(broken(&urls(41)), [(None, Rule::UrlMediaCount)]);
    }

    #[test]
    fn combinations_of_parts() {
        assert_eq!(broken(&parts([text("a"), url_media(), text("b")])), []);
        assert_eq!(
            broken(&parts([text("a"), text("b"), text("c")])),
            [(Some(1), Rule::AdjacentText), (Some(2), Rule::AdjacentText)]
        );
        let link = MessagePart::from(LinkPart::new("https://example.com"));
        assert_eq!(broken(&parts([link.clone()])), []);
        assert_eq!(
            broken(&parts([url_media(), link])),
            [(Some(1), Rule::LonePart)]
        );
        let clip = MessagePart::from(AppClipPart::new("https://example.com"));
        assert_eq!(
            broken(&parts([clip.clone(), clip])),
            [(Some(0), Rule::LonePart), (Some(1), Rule::LonePart)]
        );
        let experience = MessageContent::new().with_experience(MessageExperience::new("a", "b"));
        assert_eq!(broken(&experience), []);
        assert_eq!(
            broken(&experience.with_parts(vec![text("a")])),
            [(None, Rule::PartsOrExperience)]
        );
    }

    #[test]
    fn lengths_count_characters() {
        assert_eq!(broken(&parts([text("")])), [(Some(0), Rule::TextLength)]);
        assert_eq!(broken(&parts([text(&"🎉".repeat(10_000))])), []);
        assert_eq!(
            broken(&parts([text(&"a".repeat(10_001))])),
            [(Some(0), Rule::TextLength)]
        );
        assert!(check_text("a").is_ok() && check_text("").is_err());
        let link = |length| parts([LinkPart::new("l".repeat(length)).into()]);
        assert_eq!(broken(&link(2_048)), []);
        assert_eq!(broken(&link(2_049)), [(Some(0), Rule::LinkLength)]);
        assert_eq!(broken(&link(0)), [(Some(0), Rule::LinkLength)]);
        let key = |length| parts([text("a")]).with_idempotency_key("k".repeat(length));
        assert_eq!(broken(&key(255)), []);
        assert_eq!(broken(&key(256)), [(None, Rule::IdempotencyKey)]);
        assert_eq!(broken(&key(0)), [(None, Rule::IdempotencyKey)]);
    }

    #[test]
    fn ranges_of_decorations() {
        let family = "a👨‍👩‍👧b";
        assert_eq!(broken(&decorated(family, vec![style(1, 9)])), []);
        for (start, end, rule) in [
            (1, 2, Rule::WholeCharacters),
            (1, 3, Rule::WholeCharacters),
            (4, 10, Rule::WholeCharacters),
            (0, 11, Rule::Range),
            (2, 2, Rule::Range),
            (3, 1, Rule::Range),
            (-1, 1, Rule::Range),
        ] {
            assert_eq!(
                broken(&decorated(family, vec![style(start, end)])),
                [(Some(0), rule)],
                "{start}..{end}"
            );
        }
        assert_eq!(
            broken(&decorated(
                "abc",
                vec![TextDecoration::new(vec![0]).with_style("bold")]
            )),
            [(Some(0), Rule::Range)]
        );
    }

    #[test]
    fn kinds_counts_and_overlaps_of_decorations() {
        assert_eq!(broken(&decorated("ab", vec![style(0, 1); 100])), []);
        assert_eq!(
            broken(&decorated("ab", vec![style(0, 1); 101])),
            [(Some(0), Rule::DecorationCount)]
        );
        let both = style(0, 1).with_animation("nod");
        let neither = TextDecoration::new(vec![0, 1]);
        for decoration in [both, neither] {
            assert_eq!(
                broken(&decorated("ab", vec![decoration])),
                [(Some(0), Rule::DecorationKind)]
            );
        }
        let overlap = vec![(Some(0), Rule::AnimationOverlap)];
        for (decorations, expected) in [
            (vec![style(0, 3), style(1, 4)], vec![]),
            (vec![animation(2, 4), animation(0, 2), style(4, 5)], vec![]),
            (vec![style(0, 3), animation(2, 4)], overlap.clone()),
            (vec![animation(0, 5), style(1, 2)], overlap.clone()),
            (vec![animation(0, 1), animation(0, 1)], overlap.clone()),
            (
                vec![animation(0, 9), style(1, 2), style(8, 9)],
                overlap.clone(),
            ),
            (
                vec![style(0, 9), style(1, 2), animation(8, 9)],
                overlap.clone(),
            ),
        ] {
            assert_eq!(
                broken(&decorated("0123456789", decorations.clone())),
                expected,
                "{decorations:?}"
            );
        }
    }

    #[test]
    fn mentions() {
        let part = TextPart::new("Hi Ann").with_mention("+12025550100");
        assert_eq!(
            broken(&parts([part.clone().with_mention_range(vec![3, 6]).into()])),
            []
        );
        assert_eq!(
            broken(&parts([part.with_mention_range(vec![3, 7]).into()])),
            [(Some(0), Rule::Range)]
        );
        assert_eq!(
            broken(&parts([TextPart::new("Hi")
                .with_mention_range(vec![0, 2])
                .into()])),
            [(Some(0), Rule::Mention)]
        );
        assert_eq!(
            broken(&parts([TextPart::new("Hi").with_mention("Ann").into()])),
            [(Some(0), Rule::Handle)]
        );
    }

    #[test]
    fn inline_stickers() {
        let sticker = |start: i64| {
            InlineSticker::new(vec![start, start + 1])
                .with_url(format!("https://example.com/{}", start % 10))
        };
        let content = |stickers: Vec<InlineSticker>| {
            let text = TextPart::new("x".repeat(200)).with_inline_stickers(stickers);
            parts([text.with_text_decorations(vec![style(150, 152)]).into()])
        };
        assert_eq!(broken(&content((0..100).map(sticker).collect())), []);
        assert_eq!(
            broken(&content((0..101).map(sticker).collect())),
            [(Some(0), Rule::StickerCount)]
        );
        assert_eq!(
            broken(&content(vec![sticker(150)])),
            [(Some(0), Rule::StickerOverlap)]
        );
        let other = InlineSticker::new(vec![120, 121]).with_attachment_id(Uuid::nil());
        let eleven: Vec<_> = (0..10).map(sticker).chain([other]).collect();
        assert_eq!(broken(&content(eleven)), [(Some(0), Rule::StickerImages)]);
        assert_eq!(
            broken(&content(vec![InlineSticker::new(vec![0, 1])])),
            [(Some(0), Rule::MediaSource)]
        );
    }

    #[test]
    fn sources_of_media() {
        for (media, rule) in [
            (MediaPart::new(), Rule::MediaSource),
            (
                MediaPart::new()
                    .with_url("https://example.com")
                    .with_attachment_id(Uuid::nil()),
                Rule::MediaSource,
            ),
            (
                MediaPart::new().with_url("http://example.com"),
                Rule::MediaHttps,
            ),
            (MediaPart::new().with_url("https://"), Rule::MediaHttps),
        ] {
            assert_eq!(broken(&parts([media.into()])), [(Some(0), rule)]);
        }
    }

    #[test]
    fn cards() {
        let app = IMessageApp::new("com.example.app", "App", "ABCDE12345");
        let layout = IMessageAppLayout::new().with_caption("Hi");
        let card = |app: &IMessageApp, layout: &IMessageAppLayout| {
            IMessageAppPart::new(app.clone(), layout.clone())
        };
        assert_eq!(broken(&parts([card(&app, &layout).into()])), []);
        for app in [
            app.clone().with_team_id("abcde12345"),
            app.clone().with_bundle_id("a:b"),
            app.clone().with_name(""),
        ] {
            assert_eq!(
                broken(&parts([card(&app, &layout).into()])),
                [(Some(0), Rule::AppIdentity)]
            );
        }
        for layout in [
            IMessageAppLayout::new(),
            layout.clone().with_image_title("T"),
        ] {
            assert_eq!(
                broken(&parts([card(&app, &layout).into()])),
                [(Some(0), Rule::AppCardLayout)]
            );
        }
        let with_url =
            |url: String| broken(&parts([card(&app, &layout).with_url(url.clone()).into()]));
        assert_eq!(with_url(format!("data:{}", "x".repeat(16_379))), []);
        for url in [
            format!("data:{}", "x".repeat(16_380)),
            format!("https://{}", "x".repeat(2_041)),
            "http://example.com".to_owned(),
        ] {
            assert_eq!(with_url(url), [(Some(0), Rule::AppCardUrl)]);
        }
        let clip = parts([AppClipPart::new("https://example.com").into()]);
        assert_eq!(
            broken(&clip.clone().with_preferred_service(ServiceType::IMessage)),
            []
        );
        assert_eq!(
            broken(&clip.with_preferred_service(ServiceType::Sms)),
            [(Some(0), Rule::AppClipService)]
        );
    }

    #[test]
    fn replies_name_a_part_from_0() {
        let reply = |index: i32| {
            parts([text("a")]).with_reply_to(ReplyTo::new(Uuid::nil()).with_part_index(index))
        };
        assert_eq!(broken(&reply(0)), []);
        assert_eq!(broken(&reply(-1)), [(None, Rule::ReplyPart)]);
    }

    #[test]
    fn first_messages() {
        let first = |content: &MessageContent| match check_first_message(content) {
            Ok(()) => Vec::new(),
            Err(error) => error
                .violations()
                .iter()
                .map(|found| found.rule())
                .collect(),
        };
        assert_eq!(first(&parts([text("Hello"), url_media()])), []);
        assert_eq!(
            first(&parts([LinkPart::new("https://example.com").into()])),
            [Rule::FirstMessageLink]
        );
        let content = parts([text("a")])
            .with_effect(MessageEffect::new())
            .with_reply_to(ReplyTo::new(Uuid::nil()));
        assert_eq!(
            first(&content),
            [Rule::FirstMessageEffect, Rule::FirstMessageReply]
        );
        for (value, expected) in [
            ("see https://example.com", true),
            ("HTTP://EXAMPLE.COM", true),
            ("(www.example.com)", true),
            ("the scheme is https://", false),
            ("awww.cute", false),
            ("node.js, e.g.", false),
        ] {
            assert_eq!(
                first(&parts([text(value)])) == [Rule::FirstMessageUrl],
                expected,
                "{value}"
            );
        }
    }
}
