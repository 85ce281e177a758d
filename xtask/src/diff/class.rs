//! The rules: what each kind of change does to code that uses the crates, by position.
//!
//! They rest on what the generator promises. Structs and enums are `#[non_exhaustive]`, so more of
//! anything breaks nothing; what a request can hold has a `new` that takes the required fields;
//! open enums keep a value they do not know; limits and statuses are lines of the docs.

/// What a change does to code that uses the crates, and to programs that run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Names and types in Rust stay, and programs see what they saw.
    Docs,
    /// There is more than before, and what was there stays.
    Added,
    /// Code that was right before may no longer compile, or a program loses something it had.
    Breaking,
}

impl Class {
    /// All classes, the worst first.
    pub const ALL: [Self; 3] = [Self::Breaking, Self::Added, Self::Docs];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Breaking => "breaking",
            Self::Added => "added",
            Self::Docs => "docs only",
        }
    }
}

/// On which side of an exchange something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Only in what users send.
    Request,
    /// Only in what they receive.
    Answer,
    /// In both; or in neither, where it may be used for either.
    Both,
}

impl Position {
    /// The position of what requests or answers hold.
    pub fn of(in_request: bool, in_answer: bool) -> Self {
        match (in_request, in_answer) {
            (true, false) => Self::Request,
            (false, true) => Self::Answer,
            _ => Self::Both,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Answer => "answer",
            Self::Both => "both",
        }
    }
}

/// A kind of change; [`rule`] says of each what it is called and how it is classed.
#[allow(missing_docs, reason = "the table of rules has a sentence for each")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    OperationAdded,
    OperationRemoved,
    OperationRenamed,
    OperationMoved,
    OperationRegrouped,
    OperationDeprecated,
    OperationUndeprecated,
    RepetitionChanged,
    ParameterAdded,
    RequiredParameterAdded,
    ParameterRemoved,
    ParameterTypeChanged,
    ParameterMadeRequired,
    ParameterMadeOptional,
    ParameterSentOtherwise,
    AnswerChanged,
    MediaTypeChanged,
    BodyMediaTypeChanged,
    SecurityChanged,
    ServerChanged,
    HeaderAdded,
    HeaderRemoved,
    ErrorChanged,
    StatusAdded,
    StatusRemoved,
    EventTypeAdded,
    EventTypeRemoved,
    EventNameRemoved,
    PayloadAdded,
    PayloadRemoved,
    PayloadRenamed,
    PayloadTypeChanged,
    PayloadNarrowed,
    PayloadWidened,
    TypeAdded,
    TypeRemoved,
    TypeRenamed,
    TypeKindChanged,
    AliasChanged,
    TypeDeprecated,
    TypeUndeprecated,
    ConstructorAdded,
    ConstructorRemoved,
    ConstructorReordered,
    FieldAdded,
    RequiredFieldAdded,
    FieldRemoved,
    FieldTypeChanged,
    FieldMadeRequired,
    FieldMadeOptional,
    FieldMadeNullable,
    FieldMadeNotNullable,
    FieldPresenceChanged,
    FieldSentOtherwise,
    FieldHidden,
    FieldShown,
    FieldDeprecated,
    FieldUndeprecated,
    ConstantChanged,
    ValueAdded,
    ValueRemoved,
    ValueRenamed,
    ValueSentOtherwise,
    VariantAdded,
    VariantRemoved,
    VariantTypeChanged,
    TagChanged,
    LimitTightened,
    LimitLoosened,
    LimitChanged,
}

/// How a kind of change is called and classed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What changed.
    pub noun: &'static str,
    /// What happened to it.
    pub verb: &'static str,
    /// The class where users send it, and why.
    pub request: (Class, &'static str),
    /// The class where users receive it, and why.
    pub answer: (Class, &'static str),
}

/// The class of a change at a position, as far as code is concerned.
pub fn class(what: What, position: Position) -> Class {
    judgement(what, position).0
}

/// Why a change at a position has its class.
pub fn reason(what: What, position: Position) -> &'static str {
    judgement(what, position).1
}

fn judgement(what: What, position: Position) -> (Class, &'static str) {
    let Rule {
        request, answer, ..
    } = rule(what);
    match position {
        Position::Request => request,
        Position::Answer => answer,
        // Of what stands on both sides, the stricter side counts.
        Position::Both if answer.0 > request.0 => answer,
        Position::Both => request,
    }
}

/// The table.
pub fn rule(what: What) -> Rule {
    use Class::{Added, Breaking, Docs};
    use What as W;
    let row = |noun, verb, request, answer| Rule {
        noun,
        verb,
        request,
        answer,
    };
    let same = |noun, verb, class, why| row(noun, verb, (class, why), (class, why));
    match what {
        W::OperationAdded => same("operation", "added", Added, "a new method"),
        W::OperationRemoved => same("operation", "removed", Breaking, "the method is gone"),
        W::OperationRenamed => same(
            "operation",
            "renamed",
            Breaking,
            "the method and its builder have another name",
        ),
        W::OperationMoved => same(
            "endpoint",
            "changed",
            Docs,
            "the method keeps its name and calls another place",
        ),
        W::OperationRegrouped => same(
            "area",
            "changed",
            Docs,
            "only the order in the docs changes, not the path in Rust",
        ),
        W::OperationDeprecated => same(
            "operation",
            "deprecated",
            Added,
            "calls compile, with a warning",
        ),
        W::OperationUndeprecated => same(
            "operation",
            "no longer deprecated",
            Docs,
            "the warning is gone",
        ),
        W::RepetitionChanged => same(
            "repetition",
            "changed",
            Docs,
            "the method stays, but whether a failed call may be sent again is another matter",
        ),
        W::ParameterAdded => same("parameter", "added", Added, "a new setter"),
        W::RequiredParameterAdded => same(
            "required parameter",
            "added",
            Breaking,
            "calls without it compile, and fail before they are sent",
        ),
        W::ParameterRemoved => same("parameter", "removed", Breaking, "the setter is gone"),
        W::ParameterTypeChanged => same(
            "parameter type",
            "changed",
            Breaking,
            "the setter takes another type",
        ),
        W::ParameterMadeRequired => same(
            "parameter",
            "made required",
            Breaking,
            "calls without it compile, and fail before they are sent",
        ),
        W::ParameterMadeOptional => same(
            "parameter",
            "made optional",
            Added,
            "the setter stays, and may be left out",
        ),
        W::ParameterSentOtherwise => same(
            "parameter",
            "sent otherwise",
            Docs,
            "the setter stays as it is",
        ),
        W::AnswerChanged => same(
            "answer type",
            "changed",
            Breaking,
            "`send` returns another type",
        ),
        W::MediaTypeChanged => same(
            "media type",
            "changed",
            Docs,
            "`send` returns the same type",
        ),
        W::BodyMediaTypeChanged => same(
            "media type of a body",
            "changed",
            Docs,
            "the method stays as it is",
        ),
        W::SecurityChanged => same(
            "authentication",
            "changed",
            Docs,
            "the method stays as it is",
        ),
        W::ServerChanged => same("server", "changed", Docs, "the methods stay as they are"),
        W::HeaderAdded => same("response header", "added", Docs, "a line in the docs"),
        W::HeaderRemoved => same(
            "response header",
            "removed",
            Docs,
            "a line less in the docs",
        ),
        W::ErrorChanged => same(
            "error type",
            "changed",
            Breaking,
            "the error of `send` has another body",
        ),
        W::StatusAdded => same(
            "status",
            "added",
            Docs,
            "every 2xx is the answer and all else an error, listed or not",
        ),
        W::StatusRemoved => same(
            "status",
            "removed",
            Docs,
            "every 2xx is the answer and all else an error, listed or not",
        ),
        W::EventTypeAdded => same(
            "event type",
            "added",
            Added,
            "what was `Unknown` has a variant if it has a payload",
        ),
        W::EventTypeRemoved => same(
            "event type",
            "removed",
            Breaking,
            "every variant of it is gone",
        ),
        W::EventNameRemoved => same(
            "event type without payload",
            "removed",
            Docs,
            "it had no variant",
        ),
        W::PayloadAdded => same(
            "payload version",
            "added",
            Added,
            "a new variant of the union",
        ),
        W::PayloadRemoved => same(
            "payload version",
            "removed",
            Breaking,
            "the variant is gone",
        ),
        W::PayloadRenamed => same(
            "event variant",
            "renamed",
            Breaking,
            "code that names the variant no longer compiles",
        ),
        W::PayloadTypeChanged => same(
            "payload type",
            "changed",
            Breaking,
            "the variant holds another type",
        ),
        W::PayloadNarrowed => same(
            "deliveries of a variant",
            "changed",
            Docs,
            "the variant stays, and is chosen for other deliveries",
        ),
        W::PayloadWidened => same(
            "deliveries of a variant",
            "extended",
            Added,
            "the variant is chosen for more deliveries",
        ),
        W::TypeAdded => same("type", "added", Added, "a new type"),
        W::TypeRemoved => same("type", "removed", Breaking, "the type is gone"),
        W::TypeRenamed => same(
            "type",
            "renamed",
            Breaking,
            "code that names the type no longer compiles",
        ),
        W::TypeKindChanged => same(
            "kind of type",
            "changed",
            Breaking,
            "the name stands for something else",
        ),
        W::AliasChanged => same(
            "alias",
            "changed",
            Breaking,
            "the name stands for another type",
        ),
        W::TypeDeprecated => same("type", "deprecated", Docs, "a line in the docs"),
        W::TypeUndeprecated => same(
            "type",
            "no longer deprecated",
            Docs,
            "a line less in the docs",
        ),
        W::ConstructorAdded => same(
            "constructor",
            "added",
            Added,
            "the type is not only received any more, so it has a `new`",
        ),
        W::ConstructorRemoved => same(
            "constructor",
            "removed",
            Breaking,
            "the type is only received now, so it has no `new`",
        ),
        W::ConstructorReordered => same(
            "constructor",
            "reordered",
            Breaking,
            "`new` takes its arguments in another order",
        ),
        W::FieldAdded => same("field", "added", Added, "structs are `non_exhaustive`"),
        W::RequiredFieldAdded => row(
            "required field",
            "added",
            (Breaking, "`new` takes one more argument"),
            (
                Added,
                "structs are `non_exhaustive`, and one that is only received has no `new`",
            ),
        ),
        W::FieldRemoved => same(
            "field",
            "removed",
            Breaking,
            "code that names the field no longer compiles",
        ),
        W::FieldTypeChanged => same(
            "field type",
            "changed",
            Breaking,
            "the public field has another type",
        ),
        W::FieldMadeRequired => row(
            "field",
            "made required",
            (
                Breaking,
                "`new` takes one more argument, and the field is no `Option` any more",
            ),
            (
                Breaking,
                "fine on the wire, but code that reads the field as an `Option` no longer compiles",
            ),
        ),
        W::FieldMadeOptional => row(
            "field",
            "made optional",
            (
                Breaking,
                "fine on the wire, but `new` takes one argument less and the type is another",
            ),
            (
                Breaking,
                "code that reads the field has to expect that it is missing",
            ),
        ),
        W::FieldMadeNullable => row(
            "field",
            "made nullable",
            (
                Breaking,
                "fine on the wire, but the public field has another type",
            ),
            (Breaking, "code that reads the field has to expect null"),
        ),
        W::FieldMadeNotNullable => row(
            "field",
            "made not nullable",
            (
                Breaking,
                "null is refused, and the public field has another type",
            ),
            (
                Breaking,
                "fine on the wire, but the public field has another type",
            ),
        ),
        W::FieldPresenceChanged => row(
            "presence of a field",
            "changed",
            (
                Docs,
                "the public field keeps its type; `None` may be written in another way",
            ),
            (Docs, "the public field keeps its type"),
        ),
        W::FieldSentOtherwise => same(
            "field",
            "spelled otherwise",
            Docs,
            "the name in Rust stays as it is",
        ),
        W::FieldHidden => same("field", "made secret", Docs, "`Debug` hides it"),
        W::FieldShown => same("field", "no longer secret", Docs, "`Debug` shows it"),
        W::FieldDeprecated => same("field", "deprecated", Docs, "a line in the docs"),
        W::FieldUndeprecated => same(
            "field",
            "no longer deprecated",
            Docs,
            "a line less in the docs",
        ),
        W::ConstantChanged => same(
            "constant",
            "changed",
            Docs,
            "the public field keeps its type",
        ),
        W::ValueAdded => same("value", "added", Added, "enums are `non_exhaustive`"),
        W::ValueRemoved => row(
            "value",
            "removed",
            (
                Breaking,
                "requests that send it are refused, and the variant is gone",
            ),
            (
                Breaking,
                "code that names the variant no longer compiles; the value is read as `Unknown`",
            ),
        ),
        W::ValueRenamed => same(
            "value",
            "renamed",
            Breaking,
            "code that names the variant no longer compiles",
        ),
        W::ValueSentOtherwise => same(
            "value",
            "spelled otherwise",
            Docs,
            "the name in Rust stays as it is",
        ),
        W::VariantAdded => same("variant", "added", Added, "enums are `non_exhaustive`"),
        W::VariantRemoved => same(
            "variant",
            "removed",
            Breaking,
            "code that names the variant no longer compiles",
        ),
        W::VariantTypeChanged => same(
            "variant type",
            "changed",
            Breaking,
            "the variant holds another type",
        ),
        W::TagChanged => same(
            "tag",
            "changed",
            Docs,
            "names and types in Rust stay as they are",
        ),
        W::LimitTightened => same("limit", "tightened", Docs, "a line in the docs"),
        W::LimitLoosened => same("limit", "loosened", Docs, "a line in the docs"),
        W::LimitChanged => same("limit or default", "changed", Docs, "a line in the docs"),
    }
}
