//! One action on one extension.

use super::{Action, Field, Record};

/// A change that a row asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The row of the run that asks for the change, counted from 0.
    pub row: usize,
    /// The action to carry out.
    pub action: Action,
    /// The extension's number.
    pub number: String,
    /// The record to write: all given fields on create, the differing ones on update, nothing on delete. Its number is
    /// always present.
    pub wanted: Record,
    /// The record as the PBX had it when it was read; `None` where there was no such extension.
    pub before: Option<Record>,
}

impl Change {
    /// The number under which the extension is to be found once the change is done.
    pub(crate) fn present_number(&self) -> &str {
        let new_number = self.wanted.text(Field::NEW_NUMBER);
        new_number.unwrap_or(&self.number)
    }

    /// A record that was read from the PBX, with the secrets hidden that the change knows of it.
    pub(crate) fn hiding(&self, current: Record) -> Record {
        let hidden = current.hiding(&self.wanted);
        match &self.before {
            Some(before) => hidden.hiding(before),
            None => hidden,
        }
    }

    /// Returns true if it changes in which groups the record is.
    pub(crate) fn writes_membership(&self) -> bool {
        self.wanted.iter().any(|(field, _)| field.is_membership())
    }

    /// The fields that it writes.
    pub fn fields(&self) -> Vec<Field> {
        let fields = self.wanted.iter().map(|(field, _)| field);
        fields.filter(|field| !field.is_key()).collect()
    }
}
