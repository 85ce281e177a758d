//! The kinds of change, where users meet them, and what they do to their code.

/// What a change does to code that uses the crates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The names and types in Rust stay as they are.
    Docs,
    /// There is more than before, and what was there stays.
    Added,
    /// Code that was right before may no longer compile, or be refused when it runs.
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

/// A kind of change; [`class::rule`](super::class::rule) says of each what it is called and how it is
/// classed.
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
    PayloadReachChanged,
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
