//! Comparing types: what a struct, enum, union or alias is in Rust, and what stands in its docs.

use super::change::{Change, Found, Position, What};
use super::limits;
use crate::generate::model::{Api, Field, Kind, Mixed, Struct, Type, TypeDef, Union, Variant};
use crate::generate::types::{arguments, field_type, is_made};

/// Compares the types of two APIs.
pub fn compare(old: &Api, new: &Api, found: &mut Found) {
    for definition in old.order.iter().filter_map(|name| old.types.get(name)) {
        if !new.types.contains_key(&definition.name) {
            found.push(whole(What::TypeRemoved, definition).before(kind_name(&definition.kind)));
        }
    }
    for definition in new.order.iter().filter_map(|name| new.types.get(name)) {
        match old.types.get(&definition.name) {
            Some(before) => Pair {
                old: before,
                new: definition,
                apis: (old, new),
            }
            .compare(found),
            None => {
                found.push(whole(What::TypeAdded, definition).after(kind_name(&definition.kind)));
            }
        }
    }
}

fn whole(what: What, definition: &TypeDef) -> Change {
    let position = Position::of(definition.in_request, definition.in_answer);
    Change::new(what, &definition.area, &definition.name, position)
}

/// What a type is called in Rust.
pub fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Struct(_) => "struct",
        Kind::Enum(_) => "enum of texts",
        Kind::Integers(_) => "enum of integers",
        Kind::Union(_) => "enum of objects",
        Kind::Mixed(_) => "enum of several kinds",
        Kind::Alias(_) => "alias",
    }
}

/// A type in both documents.
struct Pair<'a> {
    old: &'a TypeDef,
    new: &'a TypeDef,
    apis: (&'a Api, &'a Api),
}

impl Pair<'_> {
    /// A change of the type; what users had before says on which side they meet it.
    fn change(&self, what: What) -> Change {
        let position = Position::of(self.old.in_request, self.old.in_answer);
        Change::new(what, &self.new.area, &self.new.name, position)
    }

    fn member(&self, what: What, member: &str) -> Change {
        self.change(what).member(member)
    }

    fn compare(&self, found: &mut Found) {
        let (old, new) = (self.old, self.new);
        found.text(&old.description, &new.description);
        found.text(&old.aliases.join(" "), &new.aliases.join(" "));
        match (old.deprecated, new.deprecated) {
            (false, true) => found.push(self.change(What::TypeDeprecated)),
            (true, false) => found.push(self.change(What::TypeUndeprecated)),
            _ => {}
        }
        let (before, after) = (limits::all(&old.limits), limits::all(&new.limits));
        limits::compare(&before, &after, found, |what| self.change(what));
        match (&old.kind, &new.kind) {
            (Kind::Struct(before), Kind::Struct(after)) => self.structs(before, after, found),
            (Kind::Enum(before), Kind::Enum(after))
            | (Kind::Integers(before), Kind::Integers(after)) => self.enums(before, after, found),
            (Kind::Mixed(before), Kind::Mixed(after)) => self.mixed(before, after, found),
            (Kind::Union(before), Kind::Union(after)) => self.unions(before, after, found),
            (Kind::Alias(before), Kind::Alias(after)) => {
                if before != after {
                    let change = self.change(What::AliasChanged);
                    found.push(change.before(before.rust()).after(after.rust()));
                }
            }
            (before, after) => {
                let change = self.change(What::TypeKindChanged);
                found.push(change.before(kind_name(before)).after(kind_name(after)));
            }
        }
    }

    fn structs(&self, before: &Struct, after: &Struct, found: &mut Found) {
        for field in &before.fields {
            if !after.fields.iter().any(|other| other.name == field.name) {
                let change = self.member(What::FieldRemoved, &field.name);
                found.push(change.before(field_type(self.old, field)));
            }
        }
        for field in &after.fields {
            match before.fields.iter().find(|other| other.name == field.name) {
                Some(known) => self.field(known, field, found),
                None => self.added_field(field, found),
            }
        }
        self.constructor(before, after, found);
        let tag = |object: &Struct| match &object.tag {
            Some((name, value)) => format!("`{name}` is `{value}`"),
            None => "none".to_owned(),
        };
        if before.tag != after.tag {
            found.push(
                self.change(What::TagChanged)
                    .before(tag(before))
                    .after(tag(after)),
            );
        }
    }

    fn added_field(&self, field: &Field, found: &mut Found) {
        // A field that may be null is no argument of `new`.
        let what = match field.required && !field.nullable && !field.read_only {
            true => What::RequiredFieldAdded,
            false => What::FieldAdded,
        };
        found.push(
            self.member(what, &field.name)
                .after(field_type(self.new, field)),
        );
    }

    fn field(&self, before: &Field, after: &Field, found: &mut Found) {
        let name = after.name.as_str();
        if let Some(what) = self.field_change(before, after) {
            let types = match what {
                What::FieldPresenceChanged => {
                    (presence(before).to_owned(), presence(after).to_owned())
                }
                _ => (field_type(self.old, before), field_type(self.new, after)),
            };
            found.push(self.member(what, name).before(types.0).after(types.1));
        }
        if before.wire != after.wire {
            let change = self.member(What::FieldSentOtherwise, name);
            found.push(
                change
                    .before(before.wire.as_str())
                    .after(after.wire.as_str()),
            );
        }
        match (before.secret, after.secret) {
            (false, true) => found.push(self.member(What::FieldHidden, name)),
            (true, false) => found.push(self.member(What::FieldShown, name)),
            _ => {}
        }
        match (before.deprecated, after.deprecated) {
            (false, true) => found.push(self.member(What::FieldDeprecated, name)),
            (true, false) => found.push(self.member(What::FieldUndeprecated, name)),
            _ => {}
        }
        // The constant of a named type is its only value, and compared there.
        if before.constant != after.constant && before.ty.named().or(after.ty.named()).is_none() {
            let shown = |constant: &Option<String>| constant.clone().unwrap_or("any".to_owned());
            let change = self.member(What::ConstantChanged, name);
            found.push(
                change
                    .before(shown(&before.constant))
                    .after(shown(&after.constant)),
            );
        }
        if !is_inherited(before, self.apis.0) || !is_inherited(after, self.apis.1) {
            found.text(&before.description, &after.description);
        }
        let demands = (limits::all(&before.limits), limits::all(&after.limits));
        limits::compare(&demands.0, &demands.1, found, |what| {
            self.member(what, name)
        });
    }

    /// What happened to the type of a field and to whether it must be there.
    fn field_change(&self, before: &Field, after: &Field) -> Option<What> {
        if before.ty != after.ty {
            return Some(What::FieldTypeChanged);
        }
        let presence_changed = presence(before) != presence(after);
        if field_type(self.old, before) == field_type(self.new, after) {
            return presence_changed.then_some(What::FieldPresenceChanged);
        }
        Some(match (before.required, after.required) {
            (false, true) => What::FieldMadeRequired,
            (true, false) => What::FieldMadeOptional,
            _ => match (before.nullable, after.nullable) {
                (false, true) => What::FieldMadeNullable,
                (true, false) => What::FieldMadeNotNullable,
                // The type is in other hands now: sent only, or received too.
                _ => What::FieldTypeChanged,
            },
        })
    }

    fn constructor(&self, before: &Struct, after: &Struct, found: &mut Found) {
        let names = |definition: &TypeDef, object| -> Vec<String> {
            arguments(definition, object)
                .iter()
                .map(|field| field.name.clone())
                .collect()
        };
        let (known, present) = (names(self.old, before), names(self.new, after));
        let shown = |names: &[String]| format!("new({})", names.join(", "));
        match (is_made(self.old), is_made(self.new)) {
            // A type that nothing uses any more has a `new` only because nobody receives it.
            _ if is_unused(self.new) => {}
            (true, false) => {
                found.push(self.change(What::ConstructorRemoved).before(shown(&known)));
            }
            (false, true) => {
                found.push(self.change(What::ConstructorAdded).after(shown(&present)));
            }
            (false, false) => {}
            (true, true) => {
                // Fields that came, went or changed have been told; the order is left.
                let kept = known.iter().filter(|name| present.contains(name));
                let still = present.iter().filter(|name| known.contains(name));
                if !kept.eq(still) {
                    let change = self.change(What::ConstructorReordered);
                    found.push(change.before(shown(&known)).after(shown(&present)));
                }
            }
        }
    }

    fn enums(&self, before: &[Variant], after: &[Variant], found: &mut Found) {
        for variant in before {
            if after.iter().any(|other| other.wire == variant.wire) {
                continue;
            }
            match after.iter().find(|other| other.name == variant.name) {
                Some(respelled) => {
                    let change = self.member(What::ValueSentOtherwise, &variant.name);
                    found.push(change.before(&*variant.wire).after(&*respelled.wire));
                }
                None => found.push(self.member(What::ValueRemoved, &variant.wire)),
            }
        }
        for variant in after {
            match before.iter().find(|other| other.wire == variant.wire) {
                Some(known) => {
                    found.text(&known.description, &variant.description);
                    if known.name != variant.name {
                        let change = self.member(What::ValueRenamed, &variant.wire);
                        found.push(change.before(&*known.name).after(&*variant.name));
                    }
                }
                None if before.iter().any(|other| other.name == variant.name) => {}
                None => found.push(self.member(What::ValueAdded, &variant.wire)),
            }
        }
    }

    fn unions(&self, before: &Union, after: &Union, found: &mut Found) {
        if before.tag != after.tag {
            let change = self.change(What::TagChanged);
            found.push(change.before(before.tag.as_str()).after(after.tag.as_str()));
        }
        for (name, _, ty) in &before.variants {
            if !after.variants.iter().any(|(other, ..)| other == name) {
                found.push(self.member(What::VariantRemoved, name).before(ty.as_str()));
            }
        }
        for (name, value, ty) in &after.variants {
            let known = before.variants.iter().find(|(other, ..)| other == name);
            let Some((_, old_value, old_ty)) = known else {
                found.push(self.member(What::VariantAdded, name).after(ty.as_str()));
                continue;
            };
            if old_ty != ty {
                let change = self.member(What::VariantTypeChanged, name);
                found.push(change.before(old_ty.as_str()).after(ty.as_str()));
            }
            if old_value != value {
                let change = self.member(What::TagChanged, name);
                found.push(change.before(old_value.as_str()).after(value.as_str()));
            }
        }
    }

    fn mixed(&self, before: &[Mixed], after: &[Mixed], found: &mut Found) {
        for kind in before {
            if !after.iter().any(|other| other.name == kind.name) {
                let change = self.member(What::VariantRemoved, kind.name);
                found.push(change.before(kind.ty.rust()));
            }
        }
        for kind in after {
            match before.iter().find(|other| other.name == kind.name) {
                None => {
                    let change = self.member(What::VariantAdded, kind.name);
                    found.push(change.after(kind.ty.rust()));
                }
                Some(known) if known.ty != kind.ty => {
                    let change = self.member(What::VariantTypeChanged, kind.name);
                    found.push(change.before(known.ty.rust()).after(kind.ty.rust()));
                }
                Some(_) => {}
            }
        }
    }
}

/// Whether no operation and no event holds a type.
fn is_unused(definition: &TypeDef) -> bool {
    !definition.in_request && !definition.in_answer
}

/// Whether a field is described by the words of its type, which are counted there.
fn is_inherited(field: &Field, api: &Api) -> bool {
    let definition = match &field.ty {
        Type::Named(name) => api.types.get(name),
        _ => None,
    };
    definition.is_some_and(|definition| definition.description == field.description)
}

/// Whether a field must be there and may be null, in words.
fn presence(field: &Field) -> &'static str {
    match (field.required, field.nullable) {
        (true, _) if field.read_only => "set by the API",
        (true, _) if field.write_only => "required in requests",
        (true, false) => "required",
        (true, true) => "required or null",
        (false, false) => "optional",
        (false, true) => "optional or null",
    }
}
