//! A mailbox that one make knows by its PIN alone, and another by a switch. The fact stands in the makes' manifests: a
//! PIN that takes the mailbox away where it is emptied.

use super::mapper::{Mapper, Mapping};
use crate::manifest::{FieldRow, Manifest};
use crate::model::Field;

/// Returns true if a PIN is all that tells of a mailbox.
fn makes_mailbox(pin: Option<&FieldRow>) -> bool {
    pin.is_some_and(|row| row.emptied_removes_part)
}

/// Returns true if a make's file switches the mailbox off wherever nothing says that it is on: for it, a PIN alone has to
/// say so.
pub fn pin_makes_mailbox(to: &Manifest) -> bool {
    let fill = to.row(Field::VOICEMAIL).and_then(|row| row.fill.as_deref());
    to.file.is_some() && to.takes(Field::VOICEMAIL_PIN) && fill == Some("off")
}

/// Maps a mailbox's switch to its PIN, or makes the switch of the PIN.
pub(super) fn map(mapper: &mut Mapper<'_>) {
    let route = mapper.route;
    let pin = Field::VOICEMAIL_PIN;
    let is_by_pin = makes_mailbox(route.target_row(pin));
    match route.from.has(Field::VOICEMAIL) {
        false if route.target_row(Field::VOICEMAIL).is_some() => switch_of_pin(mapper),
        true if is_by_pin && route.target_row(Field::VOICEMAIL).is_none() => pin_of_switch(mapper),
        _ => {}
    }
}

/// Switches the mailbox on where there is a PIN. Where there is none, it is off at a make whose PIN is the mailbox; what
/// others have is not known.
fn switch_of_pin(mapper: &mut Mapper<'_>) {
    let route = mapper.route;
    let row = route.from.row(Field::VOICEMAIL_PIN);
    if route.left_out.contains(&Field::VOICEMAIL) {
        return;
    }
    let here = route.from.name();
    let has_pin = mapper.own_text(Field::VOICEMAIL_PIN).is_some();
    if makes_mailbox(row) {
        let word = if has_pin { "on" } else { "off" };
        let how = format!("at {here} a mailbox is there where it has a PIN");
        mapper.rule(Field::VOICEMAIL, word, how);
    } else if has_pin && route.from.is_sheet() {
        let how = format!("{here} has a PIN for it");
        mapper.rule(Field::VOICEMAIL, "on", how);
    }
}

/// Drops the PIN of a mailbox that is off, for it would make one there.
fn pin_of_switch(mapper: &mut Mapper<'_>) {
    let route = mapper.route;
    let there = &route.to.vendor.name;
    let pin = Field::VOICEMAIL_PIN;
    let is_left_out = |field: &Field| route.left_out.contains(field);
    if [Field::VOICEMAIL, pin].iter().any(is_left_out) {
        return;
    }
    match mapper.own_text(Field::VOICEMAIL).as_deref() {
        Some("on") if mapper.own.contains_key(&pin) => {
            let how = format!("at {there} a mailbox is there where it has a PIN");
            mapper.translate(Field::VOICEMAIL, &[], how);
        }
        Some("off") => {
            mapper.has_no_mailbox = true;
            if mapper.own.contains_key(&pin) {
                let how = format!("voicemail is off, and at {there} a PIN would make a mailbox");
                mapper.entry(pin, Mapping::Dropped { lost: false }, &[], how);
            }
            if !route.from.is_sheet() {
                mapper.cleared.insert(pin);
            }
        }
        _ => {}
    }
}
