//! The content of messages: a builder, decorations, and the rules that are checked before sending.
//!
//! [`Message`] puts content together in the order in which it is shown. [`Message::build`] converts it into what a
//! request takes, or reports which part breaks which [`Rule`]. Everything here works on `linq_types` only, and sends
//! nothing.
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
//! Errors and the `Debug` of everything created here have places, counts and rules, and no text, numbers or
//! addresses. (The `Debug` of a built `linq_types::MessageContent` may have them.)

mod check;
mod content;
mod effect;
mod files;
mod handles;
#[cfg(feature = "markdown")]
mod markdown;
mod rules;
mod span;
mod split;

pub use check::{
    MAX_DECORATIONS, MAX_IDEMPOTENCY_KEY_CHARACTERS, MAX_LINK_CHARACTERS, MAX_PARTS,
    MAX_TEXT_CHARACTERS, MAX_URL_MEDIA, check_first_message, check_message, check_text,
};
pub(crate) use check::{check_app_card_update, check_file_url};
pub use content::Message;
pub(crate) use content::content_methods;
pub use effect::{BubbleEffect, Effect, OtherEffect, ScreenEffect, UnknownEffect};
pub use files::{
    MAX_FILE_NAME_CHARACTERS, MAX_UPLOAD_BYTES, MAX_URL_BYTES, check_upload, check_url_file,
    check_voice_memo, content_type_of,
};
pub use handles::{
    MAX_RECIPIENTS, check_blockable, check_handle, check_handles, check_number, check_recipients,
    normalize_handle,
};
pub(crate) use handles::{report_line, report_recipients};
pub use rules::{InvalidMessage, Place, Rule, Violation};
pub use span::{Animation, Decoration, Span, Style, read_range};
