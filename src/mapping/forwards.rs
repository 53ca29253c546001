//! Forwards from one vendor's words to another's: a switch, a destination and its parts, as one meaning.
//!
//! Vendors have different parts of these: one switches a forward on and names the destination in fields of their own,
//! another has an action and a value, and no switch. The meaning is never guessed: a destination for which a vendor's
//! pages print no word is dropped, and the loss report lists it.

use super::mapper::Mapper;
use crate::manifest::{Access, FieldRow, Manifest};
use crate::model::{Field, Forward, ForwardDestination};

fn writable(manifest: &Manifest, field: Option<Field>) -> Option<&FieldRow> {
    let row = manifest.row(field?)?;
    (row.access != Access::ReadOnly).then_some(row)
}

/// The word of a destination, where the vendor prints it.
fn has_choice(row: Option<&FieldRow>, word: &str) -> bool {
    row.is_some_and(|row| row.choices.iter().any(|choice| choice.value == word))
}

/// Carries one forward, where the two vendors do not have the same fields for it.
pub(super) fn map(forward: Forward, mapper: &mut Mapper<'_>) {
    let (from, to) = (&mapper.route.from, mapper.route.to);
    let (here, there) = (from.name(), &to.vendor.name);
    if is_no_switch(forward, mapper) {
        let switch = forward.switch.and_then(|switch| from.row(switch));
        let why = match switch.is_some_and(|row| row.may_hold_others) {
            true => format!("{here} forwards internal calls otherwise than external ones"),
            false => from.not_understood(),
        };
        return mapper.drop_all(forward.fields(), &why);
    }
    let has = |field: Option<Field>| field.is_some_and(|field| from.has(field));
    let same = forward
        .fields()
        .all(|field| from.has(field) == writable(to, Some(field)).is_some());
    if same {
        return map_alike(forward, mapper);
    }
    let Some(action) = writable(to, Some(forward.to)) else {
        return to_number_alone(forward, mapper);
    };
    if !has(Some(forward.to)) {
        return from_number_alone(forward, action, mapper);
    }
    let left_out = |field: &Field| mapper.route.left_out.contains(field);
    if let Some(field) = [forward.switch, Some(forward.to)]
        .into_iter()
        .flatten()
        .find(left_out)
    {
        let why = format!(
            "it means nothing without {}, which --drop leaves out",
            field.name()
        );
        return mapper.drop_all(forward.fields(), &why);
    }
    let switched = writable(to, forward.switch).is_some();
    let word = mapper.own_text(forward.to);
    let on = match forward.switch.filter(|_| has(forward.switch)) {
        Some(switch) if !from.is_sheet() || mapper.own_text(switch).is_some() => {
            mapper.own_text(switch).is_some_and(|text| text == "on")
        }
        _ => word.is_some(),
    };
    if !on {
        if switched {
            if let (Some(switch), false) = (forward.switch, has(forward.switch)) {
                mapper.rule(switch, "off", format!("{here} names no destination"));
            }
        } else {
            if let Some(switch) = forward.switch {
                let how = format!("no destination is set: {there} has no switch for it");
                mapper.translate(switch, &[], how);
            }
            let why = format!("it is off, and at {there} a destination would switch it on");
            mapper.drop_all(forward.fields(), &why);
            mapper.cleared.insert(forward.to);
        }
        return;
    }
    let Some(word) = word else {
        // It is on and leads nowhere.
        let why = format!("it is on at {here} and names no destination");
        return mapper.drop_all(forward.fields(), &why);
    };
    if !from.is_sheet() && !has_choice(from.row(forward.to), &word) {
        let why = format!("no page of {here} says what {word} means");
        return mapper.drop_all(forward.fields(), &why);
    }
    if !has_choice(Some(action), &word) {
        let why = format!("no page of {there} prints its word for a forward to {word}");
        return mapper.drop_all(forward.fields(), &why);
    }
    match forward.switch {
        Some(switch) if switched && has(forward.switch) => mapper.map_same(switch),
        Some(switch) if switched => {
            mapper.rule(switch, "on", format!("{there} has a switch for it"));
        }
        Some(switch) if !switched => {
            let how = format!("{there} has no switch for it: a destination is enough");
            mapper.translate(switch, &[], how);
        }
        _ => {}
    }
    mapper.map_same(forward.to);
    map_destination(forward, ForwardDestination::named(&word), mapper);
    let why = format!("a forward to {word} has no use for it at {there}");
    mapper.drop_all(forward.fields(), &why);
}

/// Returns true for a forward whose switch a PBX tells as neither on nor off.
fn is_no_switch(forward: Forward, mapper: &Mapper<'_>) -> bool {
    let text = forward.switch.and_then(|switch| mapper.own_text(switch));
    !mapper.route.from.is_sheet() && text.is_some_and(|text| text != "on" && text != "off")
}

/// Leaves out what leads nowhere of a forward for which both vendors have the same fields: where none is for what a
/// destination needs beside its word, a word that no page explains says nothing.
fn map_alike(forward: Forward, mapper: &mut Mapper<'_>) {
    let from = &mapper.route.from;
    let is_whole = from.row(forward.to).is_none() || !forward.is_word_alone(|one| from.has(one));
    let is_off = |switch| mapper.own_text(switch).is_some_and(|text| text == "off");
    let is_off = forward.switch.is_some_and(is_off);
    let here = from.name();
    let why = match mapper.own_text(forward.to) {
        _ if is_whole => return,
        Some(word) if has_choice(from.row(forward.to), &word) => return,
        Some(word) => format!("no page of {here} says what {word} means"),
        None => format!("it is on at {here} and names no destination"),
    };
    match is_off {
        true => mapper.drop_all([forward.to].into_iter(), &why),
        false => mapper.drop_all(forward.fields(), &why),
    }
}

/// Carries a forward to a vendor that has the number alone, which switches it on: a forward to an extension or a number is
/// that number, any other one is dropped.
fn to_number_alone(forward: Forward, mapper: &mut Mapper<'_>) {
    let (from, to) = (&mapper.route.from, mapper.route.to);
    let (here, there) = (from.name(), &to.vendor.name);
    let has = |field: Option<Field>| field.is_some_and(|field| from.has(field));
    let is_known = has(Some(forward.to)) || has(forward.switch);
    if writable(to, Some(forward.number)).is_none() || !is_known {
        return;
    }
    let word = match has(Some(forward.to)) {
        true => mapper.own_text(forward.to),
        false => mapper
            .own_text(forward.number)
            .map(|_| ForwardDestination::Number.word().to_owned()),
    };
    let switch = forward.switch.filter(|_| has(forward.switch));
    let switch = switch.and_then(|switch| mapper.own_text(switch));
    let is_on = match &switch {
        Some(switch) => switch == "on",
        None => word.is_some(),
    };
    if !is_on {
        if switch.is_some() || !from.is_sheet() {
            let why = format!("it is off, and at {there} a number would switch it on");
            mapper.drop_all(forward.fields(), &why);
            mapper.cleared.insert(forward.number);
        }
        return;
    }
    let word = word.unwrap_or_default();
    let given = |field: Option<Field>| field.filter(|field| mapper.own_text(*field).is_some());
    let number = given(Some(forward.number));
    let prefix = given(forward.prefix);
    match (
        ForwardDestination::named(&word),
        given(forward.extension),
        number,
    ) {
        (Some(ForwardDestination::Extension), Some(extension), _) => {
            let how = format!("{there} has one field for whatever a destination needs");
            if extension != forward.number {
                mapper.drop_all([forward.number].into_iter(), "the forward goes elsewhere");
            }
            mapper.move_to(extension, forward.number, how);
        }
        (Some(ForwardDestination::Number), _, Some(number)) if prefix.is_some() => {
            let how = format!("{there} has no prefix: it stands before the number");
            let prefix = prefix.unwrap_or(number);
            mapper.put_together([prefix, number], number, "", how);
        }
        (Some(ForwardDestination::Extension | ForwardDestination::Number), _, Some(number)) => {
            mapper.map_same(number)
        }
        _ => {
            let why = match word.as_str() {
                "" => format!("it is on at {here} and names no destination"),
                word => format!("{there} forwards to numbers alone, and this goes to {word}"),
            };
            return mapper.drop_all(forward.fields(), &why);
        }
    }
    let how = format!("at {there} a number is enough");
    for field in forward.switch.into_iter().chain([forward.to]) {
        mapper.translate(field, &[forward.number], how.as_str());
    }
    let why = format!("a forward to {word} has no use for it at {there}");
    mapper.drop_all(forward.fields(), &why);
}

/// Carries a forward from a vendor that has the number alone.
fn from_number_alone(forward: Forward, action: &FieldRow, mapper: &mut Mapper<'_>) {
    let (from, to) = (&mapper.route.from, mapper.route.to);
    let (here, there) = (from.name(), &to.vendor.name);
    if !from.has(forward.number) {
        return;
    }
    let switch = forward
        .switch
        .filter(|_| writable(to, forward.switch).is_some());
    let is_on = mapper.own_text(forward.number).is_some();
    if is_on && !has_choice(Some(action), ForwardDestination::Number.word()) {
        let why = format!("no page of {there} prints its word for a forward to number");
        return mapper.drop_all(forward.fields(), &why);
    }
    if from.is_sheet() {
        // Its own columns say what it is.
        return;
    }
    if let Some(switch) = switch {
        let word = if is_on { "on" } else { "off" };
        mapper.rule(switch, word, format!("{here} has a number for it, or none"));
    }
    match is_on {
        true => {
            let how = format!("{here} forwards to numbers alone");
            mapper.rule(forward.to, ForwardDestination::Number.word(), how);
            map_destination(forward, Some(ForwardDestination::Number), mapper);
        }
        false if switch.is_none() => {
            mapper.cleared.insert(forward.to);
        }
        false => {}
    }
}

/// Maps the fields of a destination of this kind; of one that only its vendor knows, none.
fn map_destination(
    forward: Forward,
    destination: Option<ForwardDestination>,
    mapper: &mut Mapper<'_>,
) {
    let (from, to) = (&mapper.route.from, mapper.route.to);
    let there = &to.vendor.name;
    let gives = |field: Option<Field>| field.filter(|field| from.has(*field));
    let takes = |field: Option<Field>| field.filter(|_| writable(to, field).is_some());
    match destination {
        Some(ForwardDestination::Extension) => {
            match (gives(forward.extension), takes(forward.extension)) {
                (Some(extension), None) => {
                    if let Some(number) = takes(Some(forward.number)) {
                        let how = format!("{there} has one field for whatever a destination needs");
                        mapper.move_to(extension, number, how);
                    }
                }
                (None, Some(extension)) => {
                    if let Some(number) = gives(Some(forward.number)) {
                        let how = format!("{there} has a field of its own for the extension");
                        mapper.move_to(number, extension, how);
                    }
                }
                (_, Some(extension)) => mapper.map_same(extension),
                (None, None) => {}
            }
        }
        Some(ForwardDestination::Number | ForwardDestination::Mobile) => {
            let prefix = gives(forward.prefix).filter(|prefix| mapper.own_text(*prefix).is_some());
            let number = takes(Some(forward.number));
            match (prefix, takes(forward.prefix), number) {
                (Some(prefix), None, Some(number)) if mapper.own_text(number).is_some() => {
                    let how = format!("{there} has no prefix: it stands before the number");
                    mapper.put_together([prefix, number], number, "", how);
                }
                (_, prefix, number) => {
                    for field in [prefix, number].into_iter().flatten() {
                        mapper.map_same(field);
                    }
                }
            }
        }
        Some(ForwardDestination::Voicemail) | None => {}
    }
}
