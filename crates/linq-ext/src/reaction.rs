//! Reactions and stickers on messages.

use std::fmt;

use linq_types::{
    ReactionType, SendReactionRequest, SendReactionRequestOperation, StickerPlacement,
};
use unicode_segmentation::UnicodeSegmentation;

use crate::Error;
use crate::id::{self, IntoId};
use crate::message::check_file_url;

/// The tapbacks with their emoji, without variation selectors.
const TAPBACKS: [(ReactionType, &str); 6] = [
    (ReactionType::Love, "\u{2764}"),
    (ReactionType::Like, "👍"),
    (ReactionType::Dislike, "👎"),
    (ReactionType::Laugh, "😂"),
    (ReactionType::Emphasize, "\u{203c}"),
    (ReactionType::Question, "❓"),
];

/// Selects the coloured form of a character.
const VARIATION_SELECTOR: char = '\u{fe0f}';

/// A reaction, for [`MessageClient::react`](crate::MessageClient::react) and
/// [`MessageClient::unreact`](crate::MessageClient::unreact): a tapback, or another emoji.
///
/// `&str`, `String` and `&String` convert into a reaction: ❤️ 👍 👎 😂 ‼️ ❓ into the tapbacks, and other emoji into
/// custom reactions.
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// use linq_ext::Reaction;
///
/// let message = linq.message("3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13");
/// message.react(Reaction::love()).await?;
/// message.react("👍").await?; // the same as `Reaction::like()`
/// message.react(Reaction::from("🦀").part(1)).await?;
/// message.unreact("🦀").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "a reaction does nothing until it is put on a message"]
pub struct Reaction {
    kind: ReactionType,
    emoji: Option<String>,
    part_index: Option<u16>,
}

impl Reaction {
    /// Creates the heart.
    pub fn love() -> Self {
        Self::from(ReactionType::Love)
    }

    /// Creates the thumbs up.
    pub fn like() -> Self {
        Self::from(ReactionType::Like)
    }

    /// Creates the thumbs down.
    pub fn dislike() -> Self {
        Self::from(ReactionType::Dislike)
    }

    /// Creates the laughter.
    pub fn laugh() -> Self {
        Self::from(ReactionType::Laugh)
    }

    /// Creates the exclamation marks.
    pub fn emphasize() -> Self {
        Self::from(ReactionType::Emphasize)
    }

    /// Creates the question mark.
    pub fn question() -> Self {
        Self::from(ReactionType::Question)
    }

    /// Creates a custom reaction of any emoji, even if it is the emoji of a tapback.
    ///
    /// `Reaction::from` creates a tapback from such an emoji.
    pub fn emoji(emoji: impl Into<String>) -> Self {
        Self {
            emoji: Some(emoji.into()),
            ..Self::from(ReactionType::Custom)
        }
    }

    /// Reacts to this part of the message, counted from 0; the first if not set.
    pub fn part(mut self, index: u16) -> Self {
        self.part_index = Some(index);
        self
    }

    /// Returns the emoji, also for a tapback.
    ///
    /// ```
    /// use linq_ext::Reaction;
    /// use linq_ext::types::ReactionType;
    ///
    /// assert_eq!(Reaction::from(ReactionType::Love).as_emoji(), Some("\u{2764}\u{fe0f}"));
    /// assert_eq!(Reaction::from("🦀").as_emoji(), Some("🦀"));
    /// ```
    #[must_use]
    pub fn as_emoji(&self) -> Option<&str> {
        match &self.kind {
            ReactionType::Custom => self.emoji.as_deref(),
            // Without the selector these two are shown as text.
            ReactionType::Love => Some("\u{2764}\u{fe0f}"),
            ReactionType::Emphasize => Some("\u{203c}\u{fe0f}"),
            kind => {
                let mut tapbacks = TAPBACKS.iter();
                let found = tapbacks.find(|(tapback, _)| tapback == kind);
                found.map(|(_, emoji)| *emoji)
            }
        }
    }

    /// Returns the request, and whether it is valid.
    pub(crate) fn into_request(
        self,
        operation: SendReactionRequestOperation,
    ) -> (SendReactionRequest, Result<(), Error>) {
        let checked = self.emoji.as_deref().map_or(Ok(()), check_emoji);
        let mut request = SendReactionRequest::new(operation, self.kind);
        request.custom_emoji = self.emoji;
        request.part_index = self.part_index.map(i64::from);
        (request, checked)
    }
}

impl From<ReactionType> for Reaction {
    fn from(kind: ReactionType) -> Self {
        Self {
            kind,
            emoji: None,
            part_index: None,
        }
    }
}

impl From<&str> for Reaction {
    fn from(emoji: &str) -> Self {
        let plain = emoji.trim_end_matches(VARIATION_SELECTOR);
        match TAPBACKS.iter().find(|(_, tapback)| *tapback == plain) {
            Some((kind, _)) => Self::from(kind.clone()),
            None => Self::emoji(emoji),
        }
    }
}

impl From<String> for Reaction {
    fn from(emoji: String) -> Self {
        Self::from(emoji.as_str())
    }
}

impl From<&String> for Reaction {
    fn from(emoji: &String) -> Self {
        Self::from(emoji.as_str())
    }
}

// Without the emoji.
impl fmt::Debug for Reaction {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Reaction")
            .field("kind", &self.kind)
            .field("part_index", &self.part_index)
            .finish_non_exhaustive()
    }
}

/// A sticker, for [`MessageClient::stick`](crate::MessageClient::stick): an emoji or an image.
///
/// ```
/// use linq_ext::Sticker;
/// use linq_ext::types::StickerPlacement;
///
/// let place = StickerPlacement::new().with_x(0.5).with_y(-0.5).with_scale(0.8);
/// let sticker = Sticker::url("https://example.com/star.png").placement(place).part(1);
/// # drop(sticker);
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "a sticker does nothing until it is put on a message"]
pub struct Sticker {
    image: Image,
    placement: Option<StickerPlacement>,
    part_index: Option<u16>,
}

#[derive(Clone, PartialEq)]
enum Image {
    Emoji(String),
    Url(String),
    Attachment(String),
}

impl Sticker {
    /// Creates a sticker of an emoji.
    pub fn emoji(emoji: impl Into<String>) -> Self {
        Self::of(Image::Emoji(emoji.into()))
    }

    /// Creates a sticker of the image at a public `https` address.
    pub fn url(url: impl Into<String>) -> Self {
        Self::of(Image::Url(url.into()))
    }

    /// Creates a sticker of an uploaded image. The API refuses one that is not ready (2007).
    pub fn attachment(attachment_id: impl IntoId) -> Self {
        Self::of(Image::Attachment(attachment_id.into_id()))
    }

    /// Sets position, size and rotation; Linq decides if not set.
    pub fn placement(mut self, placement: StickerPlacement) -> Self {
        self.placement = Some(placement);
        self
    }

    /// Puts it on this part of the message, counted from 0; the first if not set.
    pub fn part(mut self, index: u16) -> Self {
        self.part_index = Some(index);
        self
    }

    fn of(image: Image) -> Self {
        Self {
            image,
            placement: None,
            part_index: None,
        }
    }

    /// Returns the request, and whether it is valid.
    pub(crate) fn into_request(self) -> (SendReactionRequest, Result<(), Error>) {
        let add = SendReactionRequestOperation::Add;
        let mut request = SendReactionRequest::new(add, ReactionType::Sticker);
        let mut checked = self.placement.as_ref().map_or(Ok(()), check_placement);
        match self.image {
            Image::Emoji(emoji) => {
                checked = checked.and_then(|()| check_emoji(&emoji));
                request.emoji = Some(emoji);
            }
            Image::Url(url) => {
                checked = checked.and_then(|()| Ok(check_file_url(&url)?));
                request.url = Some(url);
            }
            Image::Attachment(id) => match id::uuid("attachment", id) {
                Ok(id) => request.attachment_id = Some(id),
                Err(error) => checked = Err(error),
            },
        }
        request.placement = self.placement;
        request.part_index = self.part_index.map(i64::from);
        (request, checked)
    }
}

// Without the image.
impl fmt::Debug for Sticker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sticker")
            .field("placement", &self.placement)
            .field("part_index", &self.part_index)
            .finish_non_exhaustive()
    }
}

/// Checks that the placement is finite and on the message.
pub(crate) fn check_placement(placement: &StickerPlacement) -> Result<(), Error> {
    let position = [placement.x, placement.y];
    let is_on_message = |at: f64| (-1.0..=1.0).contains(&at);
    let size = [placement.scale, placement.rotation];
    let is_valid = position.into_iter().flatten().all(is_on_message)
        && size.into_iter().flatten().all(f64::is_finite);
    match is_valid {
        true => Ok(()),
        false => Err(Error::invalid_request(
            "the position of a sticker is from -1 to 1 in both directions, its scale and rotation are finite",
        )),
    }
}

/// Refuses text that is not a single emoji, such as the names of tapbacks.
fn check_emoji(emoji: &str) -> Result<(), Error> {
    match !emoji.is_ascii() && emoji.graphemes(true).count() == 1 {
        true => Ok(()),
        false => Err(Error::invalid_request(
            "a reaction or sticker is a single emoji",
        )),
    }
}
