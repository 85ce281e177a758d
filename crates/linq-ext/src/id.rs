//! Ids as arguments.

use uuid::Uuid;

use crate::Error;

/// An id as an argument: text, a [`Uuid`], or an [uploaded file](crate::Uploaded).
///
/// All of them can be given by value or by reference. An id that is not a UUID makes the call fail with
/// [`Error::is_invalid_request`], and nothing is sent.
pub trait IntoId {
    /// Returns the id as text.
    fn into_id(self) -> String;
}

macro_rules! into_id {
    ($($type:ty: |$id:ident| $convert:expr;)*) => {
        $(impl IntoId for $type {
            fn into_id(self) -> String {
                let $id = self;
                $convert
            }
        })*
    };
}

into_id! {
    String: |id| id;
    &String: |id| id.clone();
    &str: |id| id.to_owned();
    Uuid: |id| id.to_string();
    &Uuid: |id| id.to_string();
}

/// Returns the id for the body of a request, or an error that says which one is not a UUID.
pub(crate) fn uuid(which: &str, id: impl IntoId) -> Result<Uuid, Error> {
    let id = id.into_id().parse();
    id.map_err(|_| Error::invalid_request(format!("the {which} id is not a UUID")))
}
