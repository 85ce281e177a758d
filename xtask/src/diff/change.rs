//! One difference between two documents.

use super::class;

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

/// A kind of change; [`class::rule`] says of each what it is called and how it is classed.
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

/// One difference between two documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What kind of change it is.
    pub what: What,
    /// The area of the API it belongs to.
    pub area: String,
    /// The method, type or event type it is about, as the newer document has it.
    pub name: String,
    /// The field, value, parameter, status or variant of it.
    pub member: Option<String>,
    /// Where users meet it.
    pub position: Position,
    /// How it was.
    pub before: Option<String>,
    /// How it is now.
    pub after: Option<String>,
}

impl Change {
    /// A change of something as a whole.
    pub fn new(what: What, area: &str, name: &str, position: Position) -> Self {
        Self {
            what,
            area: area.to_owned(),
            name: name.to_owned(),
            member: None,
            position,
            before: None,
            after: None,
        }
    }

    /// The same for a part of it.
    #[must_use]
    pub fn member(mut self, member: &str) -> Self {
        self.member = Some(member.to_owned());
        self
    }

    /// With how it was.
    #[must_use]
    pub fn before(mut self, before: impl Into<String>) -> Self {
        self.before = Some(before.into());
        self
    }

    /// With how it is now.
    #[must_use]
    pub fn after(mut self, after: impl Into<String>) -> Self {
        self.after = Some(after.into());
        self
    }

    /// What it does to code that uses the crates.
    pub fn class(&self) -> Class {
        class::class(self.what, self.position)
    }

    /// Why it is classed so.
    pub fn reason(&self) -> &'static str {
        class::reason(self.what, self.position)
    }
}

/// The changes found so far.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The changes.
    pub changes: Vec<Change>,
    /// How many texts differ.
    pub docs: usize,
}

impl Found {
    /// Notes a change.
    pub fn push(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Counts a text of the docs that changed.
    pub fn text(&mut self, before: &str, after: &str) {
        self.docs += usize::from(before != after);
    }
}
