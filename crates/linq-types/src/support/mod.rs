//! What the generated code stands on: reading, writing and the types that are the same in every
//! edition of the document. Written by hand.

pub(crate) mod decode;
pub(crate) mod event;
pub(crate) mod fit;
pub(crate) mod mixed;
pub(crate) mod nullable;
pub(crate) mod open_enum;
pub(crate) mod permanent;
pub(crate) mod record;
pub(crate) mod replay;
#[cfg(feature = "schemars")]
pub(crate) mod schema;
pub(crate) mod union;
pub(crate) mod wire;

/// What a generated file starts with: the types and macros its items use.
pub(crate) mod prelude {
    #[allow(
        unused_imports,
        reason = "not every generated file uses every one of them"
    )]
    pub(crate) use {
        super::mixed::mixed,
        super::nullable::Nullable,
        super::open_enum::{Unrecognized, open_enum, open_integer},
        super::record::record,
        super::union::{UnknownObject, union},
        super::wire::Wire,
        chrono::{DateTime, NaiveDate, Utc},
        serde_json::{Map, Value},
        std::collections::BTreeMap,
        uuid::Uuid,
    };
}
