//! Ids as arguments.

use uuid::Uuid;

use crate::{Error, Uploaded};

/// An id as an argument: a [`Uuid`], text that is one, or an [uploaded file](Uploaded).
///
/// All of them can be given by value or by reference. Text that is not a UUID makes the call fail with
/// [`Error::is_invalid_request`](crate::Error::is_invalid_request), and nothing is sent.
pub trait IntoId {
    /// Returns the id, or `None` if the text is not a UUID.
    fn into_id(self) -> Option<Uuid>;
}

macro_rules! into_id {
    ($($type:ty: |$id:ident| $convert:expr;)*) => {
        $(impl IntoId for $type {
            fn into_id(self) -> Option<Uuid> {
                let $id = self;
                $convert
            }
        })*
    };
}

into_id! {
    Uuid: |id| Some(id);
    &Uuid: |id| Some(*id);
    &str: |id| id.parse().ok();
    String: |id| id.parse().ok();
    &String: |id| id.parse().ok();
    Uploaded: |file| Some(file.id());
    &Uploaded: |file| Some(file.id());
}

/// Returns the id, or an error that says which one is not a UUID.
pub(crate) fn checked(which: &str, id: Option<Uuid>) -> Result<Uuid, Error> {
    id.ok_or_else(|| Error::invalid_request(format!("the {which} id is not a UUID")))
}
