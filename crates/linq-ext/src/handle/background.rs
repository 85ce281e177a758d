//! What stands behind a chat.

use std::fmt;

use linq_types::{
    SetChatBackgroundRequest, SetChatBackgroundRequestStyle, SetChatBackgroundRequestType,
};

use crate::Error;
use crate::message::check_file_url;

/// What stands behind a chat, for [`ChatHandle::set_background`](crate::ChatHandle::set_background).
///
/// An unknown colour or variant answers 1005.
///
/// ```
/// use linq_ext::Background;
///
/// let plain = Background::color("mango");
/// let sky = Background::dynamic("sky", "dusk");
/// # drop((plain, sky));
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "a background does nothing until it is set"]
pub struct Background(SetChatBackgroundRequest);

impl Background {
    /// One of the ready-made colours: `mango`, `ice`, `plum`, `deep_sea`, `green_apple`, `cherry`, `bubblegum`,
    /// `tangerine`, `magenta`, `lime`, `silver`, `carbon` or `stone`.
    pub fn color(name: impl Into<String>) -> Self {
        Self::of(SetChatBackgroundRequestType::Color, |request| {
            request.with_variant(name)
        })
    }

    /// A gradient between two colours, in hex such as `#FF8A00`.
    pub fn gradient(one: impl Into<String>, other: impl Into<String>) -> Self {
        Self::of(SetChatBackgroundRequestType::Color, |request| {
            request
                .with_variant("custom")
                .with_shades(vec![one.into(), other.into()])
        })
    }

    /// A moving picture: `dusk`, `haze`, `sunset`, `clear`, `sunrise` or `dawn` of the `sky`, `light` or `dark`
    /// `water`, a `green`, `purple` or `pink` `aurora`.
    pub fn dynamic(
        style: impl Into<SetChatBackgroundRequestStyle>,
        variant: impl Into<String>,
    ) -> Self {
        Self::of(SetChatBackgroundRequestType::Dynamic, |request| {
            request.with_style(style).with_variant(variant)
        })
    }

    /// The image at a public `https` address. One that cannot be fetched answers 5007, something else than an
    /// image 5006.
    pub fn photo(url: impl Into<String>) -> Self {
        Self::of(SetChatBackgroundRequestType::Photo, |request| {
            request.with_image_url(url)
        })
    }

    fn of(
        kind: SetChatBackgroundRequestType,
        describe: impl FnOnce(SetChatBackgroundRequest) -> SetChatBackgroundRequest,
    ) -> Self {
        Self(describe(SetChatBackgroundRequest::new(kind)))
    }

    pub(super) fn checked(self) -> Result<SetChatBackgroundRequest, Error> {
        if let Some(url) = &self.0.image_url {
            check_file_url(url)?;
        }
        Ok(self.0)
    }
}

/// For what this crate has no name for.
impl From<SetChatBackgroundRequest> for Background {
    fn from(request: SetChatBackgroundRequest) -> Self {
        Self(request)
    }
}

/// Without the address of a photo.
impl fmt::Debug for Background {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Background")
            .field("type", &self.0.type_)
            .field("style", &self.0.style)
            .field("variant", &self.0.variant)
            .finish_non_exhaustive()
    }
}
