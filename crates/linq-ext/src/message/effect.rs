//! Effects that iMessage plays with a message.

use std::fmt;

use linq_types::{MessageEffect, MessageEffectType};

/// An effect played with the whole message. One per message; only iMessage shows it.
///
/// The first message of a new chat may not have one (`POST /v3/chats`, see
/// [`Rule::FirstMessageEffect`](super::Rule::FirstMessageEffect)).
///
/// ```
/// use linq_ext::message::{BubbleEffect, Effect, Message, ScreenEffect};
///
/// let message = Message::from("We did it!").effect(ScreenEffect::Confetti);
/// let message = Message::from("Now.").effect(BubbleEffect::Slam);
/// // One that came out after this release:
/// let message = Message::from("Hm").effect(ScreenEffect::from("aurora"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// Across the whole chat.
    Screen(ScreenEffect),
    /// On the message's own bubble.
    Bubble(BubbleEffect),
}

impl From<ScreenEffect> for Effect {
    fn from(effect: ScreenEffect) -> Self {
        Self::Screen(effect)
    }
}

impl From<BubbleEffect> for Effect {
    fn from(effect: BubbleEffect) -> Self {
        Self::Bubble(effect)
    }
}

impl From<Effect> for MessageEffect {
    fn from(effect: Effect) -> Self {
        let (place, name) = match &effect {
            Effect::Screen(effect) => (MessageEffectType::Screen, effect.as_str()),
            Effect::Bubble(effect) => (MessageEffectType::Bubble, effect.as_str()),
        };
        Self::new().with_type(place).with_name(name)
    }
}

/// Name of an effect that this version of the crate does not know.
///
/// Made by `From<&str>` of the effect's type alone, so it never holds a known name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OtherEffect(String);

macro_rules! effects {
    ($(#[$docs:meta])* $name:ident { $($(#[$variant_docs:meta])* $variant:ident = $wire:literal,)* }) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_docs])* $variant,)*
            /// One that this version of the crate does not know.
            Other(OtherEffect),
        }

        impl $name {
            /// The effects that this version of the crate knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            /// The name as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Other(OtherEffect(name)) => name,
                }
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                match name {
                    $($wire => Self::$variant,)*
                    _ => Self::Other(OtherEffect(name.to_owned())),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(self.as_str())
            }
        }
    };
}

effects! {
    /// An effect across the whole chat.
    ScreenEffect {
        /// Balloons rise.
        Balloons = "balloons",
        /// Sparks fly from a corner.
        Celebration = "celebration",
        /// Confetti falls.
        Confetti = "confetti",
        /// The bubble is repeated all over the chat.
        Echo = "echo",
        /// Fireworks go off.
        Fireworks = "fireworks",
        /// Birthday wishes.
        HappyBirthday = "happy_birthday",
        /// Hearts rise.
        Hearts = "hearts",
        /// Beams of light sweep over.
        Lasers = "lasers",
        /// A large heart grows.
        Love = "love",
        /// Sparkles twinkle.
        Sparkles = "sparkles",
        /// A beam of light falls on the bubble.
        Spotlight = "spotlight",
    }
}

effects! {
    /// An effect on the message's own bubble.
    BubbleEffect {
        /// The bubble comes up small and slowly.
        Gentle = "gentle",
        /// The text stays hidden until it is swiped.
        Invisible = "invisible",
        /// The bubble swells and shakes.
        Loud = "loud",
        /// The bubble drops with a bang.
        Slam = "slam",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_document() {
        for effect in ScreenEffect::KNOWN {
            assert_eq!(&ScreenEffect::from(effect.as_str()), effect);
        }
        assert_eq!(ScreenEffect::KNOWN.len(), 11);
        assert_eq!(BubbleEffect::KNOWN.len(), 4);
        assert_eq!(BubbleEffect::from("slam"), BubbleEffect::Slam);
        assert_eq!(ScreenEffect::from("slam").to_string(), "slam");
        assert_ne!(ScreenEffect::from("slam"), ScreenEffect::Confetti);
    }

    #[test]
    fn an_effect_says_where_it_plays() {
        let effect = MessageEffect::from(Effect::from(ScreenEffect::HappyBirthday));
        assert_eq!(effect.type_, Some(MessageEffectType::Screen));
        assert_eq!(effect.name.as_deref(), Some("happy_birthday"));
        let effect = MessageEffect::from(Effect::from(BubbleEffect::Loud));
        assert_eq!(effect.type_, Some(MessageEffectType::Bubble));
    }
}
