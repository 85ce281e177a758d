//! The effects of messages.

use std::fmt;
use std::str::FromStr;

use linq_types::{MessageEffect, MessageEffectType};

/// An effect of a message, at most one; only iMessage shows it.
///
/// Effects are parsed from their names: `"confetti".parse::<Effect>()`, or `.effect("confetti")` of a message. The
/// first message of a new chat may not have one (`POST /v3/chats`, see
/// [`Rule::FirstMessageEffect`](super::Rule::FirstMessageEffect)).
///
/// ```
/// use linq_ext::message::{Message, ScreenEffect};
///
/// let message = Message::from("We did it!").effect(ScreenEffect::Confetti);
/// let message = Message::from("Now.").effect("slam");
/// // One that is newer than this release:
/// let message = Message::from("Hm").effect(ScreenEffect::other("aurora"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// An effect across the whole chat.
    Screen(ScreenEffect),
    /// An effect on the bubble of the message.
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

/// The name of an effect that this release does not know.
///
/// It is created by `other` of the effect's type only, so it is never a known name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OtherEffect(String);

/// The error of a name that is not the name of an effect.
///
/// Its `Display` lists the names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEffect {
    known: Vec<String>,
}

impl UnknownEffect {
    fn new<T: fmt::Display>(known: impl IntoIterator<Item = T>) -> Self {
        Self {
            known: known.into_iter().map(|effect| effect.to_string()).collect(),
        }
    }
}

impl fmt::Display for UnknownEffect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "unknown effect, expected one of {}",
            self.known.join(", ")
        )
    }
}

impl std::error::Error for UnknownEffect {}

impl Effect {
    /// Returns the effects that this release knows.
    pub fn known() -> impl Iterator<Item = Self> {
        let screen = ScreenEffect::KNOWN.iter().cloned().map(Self::Screen);
        screen.chain(BubbleEffect::KNOWN.iter().cloned().map(Self::Bubble))
    }

    /// Returns the name, as the API writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Screen(effect) => effect.as_str(),
            Self::Bubble(effect) => effect.as_str(),
        }
    }
}

impl FromStr for Effect {
    type Err = UnknownEffect;

    fn from_str(name: &str) -> Result<Self, UnknownEffect> {
        let mut known = Self::known();
        let found = known.find(|effect| effect.as_str() == name);
        found.ok_or_else(|| UnknownEffect::new(Self::known()))
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Conversions from names, by way of `FromStr`.
macro_rules! from_names {
    ($($name:ident)*) => {
        $(impl TryFrom<&str> for $name {
            type Error = UnknownEffect;

            fn try_from(name: &str) -> Result<Self, UnknownEffect> {
                name.parse()
            }
        }

        impl TryFrom<&String> for $name {
            type Error = UnknownEffect;

            fn try_from(name: &String) -> Result<Self, UnknownEffect> {
                name.parse()
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownEffect;

            fn try_from(name: String) -> Result<Self, UnknownEffect> {
                name.parse()
            }
        })*
    };
}

from_names! { Effect ScreenEffect BubbleEffect }

macro_rules! effects {
    ($(#[$docs:meta])* $name:ident { $($(#[$variant_docs:meta])* $variant:ident = $wire:literal,)* }) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_docs])* $variant,)*
            /// An effect that this release does not know.
            Other(OtherEffect),
        }

        impl $name {
            /// The effects that this release knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the name, as the API writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Other(OtherEffect(name)) => name,
                }
            }

            /// Returns the effect with a name that may be newer than this release.
            pub fn other(name: impl Into<String>) -> Self {
                let name = name.into();
                name.parse().unwrap_or(Self::Other(OtherEffect(name)))
            }
        }

        impl FromStr for $name {
            type Err = UnknownEffect;

            fn from_str(name: &str) -> Result<Self, UnknownEffect> {
                match name {
                    $($wire => Ok(Self::$variant),)*
                    _ => Err(UnknownEffect::new(Self::KNOWN)),
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
    /// An effect on the bubble of the message.
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
            assert_eq!(effect.as_str().parse().as_ref(), Ok(effect));
            assert_eq!(&ScreenEffect::other(effect.as_str()), effect);
        }
        for effect in Effect::known() {
            assert_eq!(Effect::try_from(effect.as_str()), Ok(effect));
        }
        assert_eq!(ScreenEffect::KNOWN.len(), 11);
        assert_eq!(BubbleEffect::KNOWN.len(), 4);
        assert_eq!("slam".parse(), Ok(BubbleEffect::Slam));
        assert_eq!(ScreenEffect::other("slam").to_string(), "slam");
        let error = "slam".parse::<ScreenEffect>().expect_err("a bubble effect");
        assert!(
            error.to_string().contains("balloons, celebration"),
            "{error}"
        );
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
