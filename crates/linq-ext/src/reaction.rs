//! Reactions and stickers to put on a message.

use std::fmt;

use linq_types::{
    ReactionType, SendReactionRequest, SendReactionRequestOperation, StickerPlacement,
};
use uuid::Uuid;

use crate::Error;
use crate::id::{IntoId, checked};
use crate::message::check_file_url;

/// A reaction, for [`MessageClient::react`](crate::MessageClient::react) and
/// [`MessageClient::unreact`](crate::MessageClient::unreact): a tapback, or another emoji.
///
/// `&str` and `String` are taken for an emoji.
///
/// ```no_run
/// # async fn example(linq: linq_ext::Linq) -> Result<(), linq_ext::Error> {
/// use linq_ext::Reaction;
///
/// let message = linq.message("3f6a1c52-8b0e-4d27-9c41-5e7ab2d90f13");
/// message.react(Reaction::love()).await?;
/// message.react(Reaction::emoji("🦀").part(1)).await?;
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
    /// The heart.
    pub fn love() -> Self {
        Self::tapback(ReactionType::Love)
    }

    /// The thumb up.
    pub fn like() -> Self {
        Self::tapback(ReactionType::Like)
    }

    /// The thumb down.
    pub fn dislike() -> Self {
        Self::tapback(ReactionType::Dislike)
    }

    /// The laughter.
    pub fn laugh() -> Self {
        Self::tapback(ReactionType::Laugh)
    }

    /// The exclamation marks.
    pub fn emphasize() -> Self {
        Self::tapback(ReactionType::Emphasize)
    }

    /// The question mark.
    pub fn question() -> Self {
        Self::tapback(ReactionType::Question)
    }

    /// Any emoji.
    pub fn emoji(emoji: impl Into<String>) -> Self {
        Self {
            emoji: Some(emoji.into()),
            ..Self::tapback(ReactionType::Custom)
        }
    }

    /// Reacts to this part of the message, counted from 0; the first if not set.
    pub fn part(mut self, index: u16) -> Self {
        self.part_index = Some(index);
        self
    }

    fn tapback(kind: ReactionType) -> Self {
        Self {
            kind,
            emoji: None,
            part_index: None,
        }
    }

    pub(crate) fn checked(
        self,
        operation: SendReactionRequestOperation,
    ) -> Result<SendReactionRequest, Error> {
        check_emoji(self.emoji.as_deref())?;
        let mut request = SendReactionRequest::new(operation, self.kind);
        request.custom_emoji = self.emoji;
        request.part_index = self.part_index.map(i64::from);
        Ok(request)
    }
}

impl From<&str> for Reaction {
    fn from(emoji: &str) -> Self {
        Self::emoji(emoji)
    }
}

impl From<String> for Reaction {
    fn from(emoji: String) -> Self {
        Self::emoji(emoji)
    }
}

/// Without the emoji.
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
    /// `None` if what was given is not a UUID.
    Attachment(Option<Uuid>),
}

impl Sticker {
    /// An emoji.
    pub fn emoji(emoji: impl Into<String>) -> Self {
        Self::of(Image::Emoji(emoji.into()))
    }

    /// The image at a public `https` address.
    pub fn url(url: impl Into<String>) -> Self {
        Self::of(Image::Url(url.into()))
    }

    /// An image that was uploaded beforehand. One that is not ready answers 2007.
    pub fn attachment(attachment_id: impl IntoId) -> Self {
        Self::of(Image::Attachment(attachment_id.into_id()))
    }

    /// Where it goes, how large and how far turned; left to Linq if not set.
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

    pub(crate) fn checked(self) -> Result<SendReactionRequest, Error> {
        let add = SendReactionRequestOperation::Add;
        let mut request = SendReactionRequest::new(add, ReactionType::Sticker);
        match self.image {
            Image::Emoji(emoji) => {
                check_emoji(Some(&emoji))?;
                request.emoji = Some(emoji);
            }
            Image::Url(url) => {
                check_file_url(&url)?;
                request.url = Some(url);
            }
            Image::Attachment(id) => request.attachment_id = Some(checked("attachment", id)?),
        }
        request.placement = self.placement.map(checked_placement).transpose()?;
        request.part_index = self.part_index.map(i64::from);
        Ok(request)
    }
}

/// Without the image.
impl fmt::Debug for Sticker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sticker")
            .field("placement", &self.placement)
            .field("part_index", &self.part_index)
            .finish_non_exhaustive()
    }
}

/// The placement, if all of it are numbers and the sticker touches the message.
pub(crate) fn checked_placement(placement: StickerPlacement) -> Result<StickerPlacement, Error> {
    let StickerPlacement {
        x,
        y,
        scale,
        rotation,
        ..
    } = placement;
    let is_on_message = [x, y]
        .into_iter()
        .flatten()
        .all(|at| (-1.0..=1.0).contains(&at));
    let is_finite = [scale, rotation].into_iter().flatten().all(f64::is_finite);
    if is_on_message && is_finite {
        Ok(placement)
    } else {
        Err(Error::invalid_request(
            "the place of a sticker is from -1 to 1 in both directions, its scale and rotation are numbers",
        ))
    }
}

/// Refuses plain letters: the names of tapbacks are no emoji.
fn check_emoji(emoji: Option<&str>) -> Result<(), Error> {
    if emoji.is_some_and(|emoji| emoji.is_ascii()) {
        return Err(Error::invalid_request("what was given as an emoji is none"));
    }
    Ok(())
}
