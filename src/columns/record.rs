//! The fields of a record, read from the cells of a row.

use crate::manifest::{Manifest, canonical};
use crate::model::{Field, Record, TO_GENERATE};
use crate::sheet::{CLEAR, Cells, is_generate, is_placeholder, unescaped};

/// A field and the column that it is read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadField {
    pub(super) field: Field,
    /// The column of its text; behind the sheet's last one where its values are derived.
    pub(super) column: usize,
    /// The column of the sheet that its values come from; `None` where they come from none.
    pub(super) from: Option<usize>,
    /// True if a column of the sheet means this field; false where it is only made of others.
    pub(super) is_own: bool,
}

/// Reads the fields of a record from its cells, in canonical text. Blank cells and placeholders are absent, and so is a PIN
/// that would be made up for a mailbox that is off.
pub(super) fn record(read: &[ReadField], cells: &Cells<'_>, manifest: &Manifest) -> Record {
    let mut record = Record::default();
    for ReadField { field, column, .. } in read {
        let (field, text) = (*field, cells.get(*column).unwrap_or_default());
        let trimmed = text.trim();
        if trimmed.is_empty() {
            continue;
        }
        if trimmed == CLEAR {
            record.set(field, "");
            continue;
        }
        if is_generate(trimmed) {
            record.set(field, TO_GENERATE);
            continue;
        }
        let text = &*unescaped(text);
        let canonical = match manifest.row(field) {
            Some(row) if row.is_left_out(trimmed) => continue,
            Some(row) => row.normalise(text),
            None if is_placeholder(trimmed) => continue,
            None => canonical(field.def().kind, text),
        };
        record.set(field, canonical.as_deref().unwrap_or(text));
    }
    let pin = Field::VOICEMAIL_PIN;
    let is_required = || manifest.row(pin).is_some_and(|row| row.required);
    if record.text(Field::VOICEMAIL) == Some("off")
        && record.get(pin).is_some_and(|text| text == TO_GENERATE)
        && !is_required()
    {
        record.remove(pin);
    }
    record
}
