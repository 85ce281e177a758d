//! The second question: what a change takes from a program that runs.
//!
//! A program meets the changed API twice: built before the change, and built again after it, with its
//! code as it was. Whatever it no longer sees, or is refused, in one of the two is a loss.

use super::class::{Position, What};

/// Returns what a running program stops seeing or is refused, if anything.
pub fn loss(what: What, position: Position) -> Option<&'static str> {
    match position {
        Position::Request => sent(what),
        Position::Answer => received(what),
        Position::Both => sent(what).or_else(|| received(what)),
    }
}

/// A change of something that programs send.
fn sent(what: What) -> Option<&'static str> {
    use What as W;
    match what {
        W::FieldRemoved => Some("the API no longer reads it"),
        W::RequiredFieldAdded | W::FieldMadeRequired => Some("requests without it are refused"),
        W::FieldMadeNotNullable => Some("requests with null are refused"),
        W::FieldPresenceChanged => Some("requests that leave it out, or send null, may be refused"),
        W::ValueRemoved | W::VariantRemoved => Some("requests with it are refused"),
        W::LimitTightened => Some("requests that were accepted may be refused"),
        W::LimitChanged => Some("requests may be refused, or mean something else"),
        what => anywhere(what),
    }
}

/// A change of something that programs receive.
fn received(what: What) -> Option<&'static str> {
    use What as W;
    match what {
        W::FieldRemoved => Some("it is no longer received"),
        W::RequiredFieldAdded | W::FieldMadeRequired => {
            Some("what lacks it, such as a delivery stored before, no longer matches")
        }
        W::FieldMadeNotNullable => Some("what holds null no longer matches"),
        W::FieldMadeOptional => Some("programs built before fail where it is missing"),
        W::FieldMadeNullable => Some("programs built before fail where it is null"),
        W::ValueRemoved => Some("code that waits for it no longer sees it"),
        W::VariantRemoved => Some("code that waits for it no longer sees it, but `Unknown`"),
        what => anywhere(what),
    }
}

/// A change that takes the same on both sides.
fn anywhere(what: What) -> Option<&'static str> {
    use What as W;
    match what {
        W::OperationRemoved => Some("calls of it fail"),
        W::OperationMoved => Some("programs built before call the old place"),
        W::RepetitionChanged => Some("programs built before repeat failed calls by the old rule"),
        W::RequiredParameterAdded | W::ParameterMadeRequired => {
            Some("calls without it are refused")
        }
        W::ParameterRemoved => Some("the API no longer reads it"),
        W::ParameterTypeChanged => Some("values of the old type may be refused"),
        W::ParameterSentOtherwise => {
            Some("programs built before send it as the API no longer reads it")
        }
        W::AnswerChanged => Some("programs built before may not read the response"),
        W::MediaTypeChanged => Some("programs built before ask for the old media type"),
        W::BodyMediaTypeChanged => Some("programs built before send the old media type"),
        W::SecurityChanged => Some("programs built before authenticate in the old way"),
        W::ServerChanged => Some("programs built before call the old server"),
        W::HeaderRemoved => Some("the header is no longer received"),
        W::ErrorChanged => Some("programs built before may not read the error"),
        W::EventTypeRemoved | W::EventNameRemoved => Some("it is no longer delivered"),
        W::PayloadRemoved => Some("deliveries of that version become `Unknown`"),
        W::PayloadTypeChanged => Some("payloads of the old type may become `Unknown`"),
        W::PayloadNarrowed => Some("deliveries of other versions become `Unknown`"),
        W::TypeKindChanged | W::AliasChanged => Some("values of the old kind no longer match"),
        W::FieldTypeChanged => Some("values of the old type no longer match"),
        W::FieldSentOtherwise | W::ValueSentOtherwise => {
            Some("programs built before use the old spelling")
        }
        W::ConstantChanged => Some("programs built before use the old constant"),
        W::VariantTypeChanged => Some("values of the old type no longer match"),
        W::TagChanged => Some("programs built before use the old tag"),
        // Everything else is a matter of names in Rust, or adds something.
        _ => None,
    }
}
