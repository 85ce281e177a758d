//! What a message says: a builder, decorations by what people see, and the rules checked before sending.
//!
//! [`Message`] puts content together in the order in which it is shown, and [`Message::build`] turns it into
//! what a request takes, or says which part breaks which [`Rule`]. Everything here works on `linq_types` alone:
//! nothing is sent, and no feature is needed but `markdown` for [`Message::from_markdown`].
//!
//! ```
//! use linq_ext::message::{Animation, Message, ScreenEffect};
//!
//! let content = Message::new()
//!     .text("Hello world, it's 🎉 time")
//!     .bold("world")
//!     .animate(Animation::Shake, "🎉")
//!     .media_url("https://example.com/party.jpg")
//!     .effect(ScreenEffect::Confetti)
//!     .build()?;
//! # Ok::<(), linq_ext::message::InvalidMessage>(())
//! ```
//!
//! Errors and the `Debug` of everything made here name places, counts and rules, never a text, a number or an
//! address. (`linq_types::MessageContent`, once built, shows what it holds.)

mod check;
mod content;
mod decoration;
mod effect;
mod files;
#[cfg(feature = "markdown")]
mod markdown;
mod recipients;
mod rules;
mod split;
mod utf16;

pub use check::{
    MAX_DECORATIONS, MAX_IDEMPOTENCY_KEY_CHARACTERS, MAX_LINK_CHARACTERS, MAX_PARTS,
    MAX_TEXT_CHARACTERS, MAX_URL_MEDIA, check_first_message, check_message, check_text,
};
pub(crate) use check::{check_app_card_update, check_file_url};
pub use content::Message;
pub use decoration::{Animation, Decoration, Span, Style};
pub use effect::{BubbleEffect, Effect, OtherEffect, ScreenEffect};
pub use files::{
    MAX_FILE_NAME_CHARACTERS, MAX_UPLOAD_BYTES, MAX_URL_BYTES, check_upload, check_url_file,
    check_voice_memo, content_type_of,
};
pub use recipients::{
    MAX_RECIPIENTS, check_blockable, check_handle, check_handles, check_number, check_recipients,
};
pub(crate) use recipients::{report_line, report_recipients};
pub use rules::{InvalidMessage, Place, Rule, Violation};
pub use utf16::read_range;
