//! Texts in the place of a value: masks, ditto marks, instructions, hashes, addresses below a password.

use super::compiled::{CompiledField, ValueClass, View};
use super::hashes::{HashText, hash_text};
use super::passwords::{AddressText, address_text, is_instruction_or_switch, is_no_password};
use super::phone::Country;
use super::spreadsheet_damage::find_damage;
use crate::model::{Care, Field, Finding};
use crate::sheet::{Cells, is_ditto, is_mask};

/// The hexadecimal digits of a SIP password that FreePBX makes; texts of other lengths are more often hashes.
const MADE_HEX_DIGITS: usize = 32;

/// The passwords that an address may stand in the place of.
const LOGINS: [Field; 2] = [Field::SIP_PASSWORD, Field::WEB_PASSWORD];

/// Returns true for a text in the place of a value, such as a mask or a ditto mark, and appends its finding. A text that
/// only may be a hash gets one too.
pub(super) fn is_no_value(
    compiled: &CompiledField<'_>,
    text: &str,
    country: Option<Country>,
    findings: &mut Vec<Finding>,
) -> bool {
    let row = compiled.row;
    if row.name.is_secret() {
        if is_mask(text) {
            findings.push(compiled.mask());
            return true;
        }
        if is_instruction_or_switch(text) && find_damage(row, text, country).is_none() {
            findings.push(compiled.instruction());
            return true;
        }
        if is_no_password(text) && !is_ditto(text) {
            findings.push(compiled.placeholder(text, true));
            return true;
        }
        let is_made = row.name == Field::SIP_PASSWORD && text.len() == MADE_HEX_DIGITS;
        let hash = hash_text(text).filter(|hash| *hash == HashText::Certain || !is_made);
        findings.extend(hash.map(|hash| compiled.hash(hash)));
        if hash == Some(HashText::Certain) {
            return true;
        }
        let address = address_text(text).filter(|_| LOGINS.contains(&row.name));
        findings.extend(address.map(|address| compiled.address(address)));
        if address == Some(AddressText::Certain) {
            return true;
        }
    }
    // A note may be about another row.
    let is_note = row.name.def().care == Care::Free && text.contains(' ');
    let is_ditto = !is_note && is_ditto(text);
    if is_ditto {
        findings.push(compiled.ditto(text));
    }
    is_ditto
}

/// Makes an error of the finding about what may be an address, where another cell of the row has the same; `open` are the
/// columns that hold no secret.
pub(super) fn make_addresses_certain(
    fields: &[CompiledField<'_>],
    cells: Cells<'_>,
    open: impl Iterator<Item = usize> + Clone,
    view: &mut View,
    findings: &mut [Finding],
) {
    if findings.is_empty() {
        return;
    }
    let text_of = |column: usize| cells.get(column).unwrap_or_default().trim();
    for (class, compiled) in view.iter_mut().zip(fields) {
        let Some(column) = compiled
            .column
            .filter(|_| LOGINS.contains(&compiled.row.name))
        else {
            continue;
        };
        let likely = compiled.address(AddressText::Likely);
        let is_likely =
            |it: &&mut Finding| it.rule == likely.rule && it.severity == likely.severity;
        let is_there = open
            .clone()
            .any(|other| text_of(other).eq_ignore_ascii_case(text_of(column)));
        if let Some(finding) = findings.iter_mut().find(is_likely).filter(|_| is_there) {
            *finding = compiled.address(AddressText::Certain);
            *class = ValueClass::Unknown;
        }
    }
}
