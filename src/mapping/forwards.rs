//! Forwards from one vendor's words to another's: a switch, a destination and its parts, as one meaning.
//!
//! Vendors have different parts of these: one switches a forward on and names the destination in fields of their own,
//! another has an action and a value, and no switch. The meaning is never guessed: a destination for which a vendor's
//! pages print no word is dropped, and the loss report lists it.

use super::mapper::Mapper;
use crate::manifest::{Access, FieldRow, Manifest};
use crate::model::{Field, Forward};

fn writable(manifest: &Manifest, field: Option<Field>) -> Option<&FieldRow> {
    let row = manifest.row(field?)?;
    (row.access != Access::ReadOnly).then_some(row)
}

/// The word of a destination, where the vendor prints it.
fn known(row: Option<&FieldRow>, word: &str) -> bool {
    row.is_some_and(|row| row.choices.iter().any(|choice| choice.value == word))
}

/// Carries one forward, where the two vendors do not have the same fields for it.
pub(super) fn map(forward: Forward, mapper: &mut Mapper<'_>) {
    let (from, to) = (&mapper.route.from, mapper.route.to);
    let Some(action) = writable(to, Some(forward.to)) else {
        return;
    };
    let has = |field: Option<Field>| field.is_some_and(|field| from.has(field));
    let same = forward
        .fields()
        .all(|field| from.has(field) == writable(to, Some(field)).is_some());
    if same || !has(Some(forward.to)) {
        return;
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
    let (here, there) = (from.name(), &to.vendor.name);
    let switched = writable(to, forward.switch).is_some();
    let word = mapper.peek(forward.to);
    let on = match forward.switch.filter(|_| has(forward.switch)) {
        Some(switch) if !from.is_sheet() || mapper.peek(switch).is_some() => {
            mapper.peek(switch).is_some_and(|text| text == "on")
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
    if !from.is_sheet() && !known(from.row(forward.to), &word) {
        let why = format!("no page of {here} says what {word} means");
        return mapper.drop_all(forward.fields(), &why);
    }
    if !known(Some(action), &word) {
        let why = format!("no page of {there} prints its word for a forward to {word}");
        return mapper.drop_all(forward.fields(), &why);
    }
    match forward.switch {
        Some(switch) if switched && !has(forward.switch) => {
            mapper.rule(switch, "on", format!("{there} has a switch for it"));
        }
        Some(switch) if !switched => {
            let how = format!("{there} has no switch for it: a destination is enough");
            mapper.translate(switch, &[], how);
        }
        _ => {}
    }
    mapper.map_same(forward.to);
    destination(forward, &word, mapper);
    let why = format!("a forward to {word} has no use for it at {there}");
    mapper.drop_all(forward.fields(), &why);
}

/// Maps the fields of a destination with this word.
fn destination(forward: Forward, word: &str, mapper: &mut Mapper<'_>) {
    let (from, to) = (&mapper.route.from, mapper.route.to);
    let there = &to.vendor.name;
    let gives = |field: Option<Field>| field.filter(|field| from.has(*field));
    let takes = |field: Option<Field>| field.filter(|_| writable(to, field).is_some());
    match word {
        "extension" => match (gives(forward.extension), takes(forward.extension)) {
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
        },
        "number" | "mobile" => {
            let prefix = gives(forward.prefix).filter(|prefix| mapper.peek(*prefix).is_some());
            let number = takes(Some(forward.number));
            match (prefix, takes(forward.prefix), number) {
                (Some(prefix), None, Some(number)) if mapper.peek(number).is_some() => {
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
        _ => {}
    }
}
