//! One thing to do to one extension.

use super::{Action, Field, Record};

/// A change that a row asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which of the run's rows asks for it, counting from 0.
    pub row: usize,
    /// What is to be done.
    pub action: Action,
    /// The extension's number.
    pub number: String,
    /// What is to be written: all given fields on create, the differing ones on update, nothing on delete. Its number
    /// is always present.
    pub wanted: Record,
    /// What the PBX held when it was looked at; `None` where there was no such extension.
    pub before: Option<Record>,
}

impl Change {
    /// The fields that it writes.
    pub fn fields(&self) -> Vec<Field> {
        let fields = self.wanted.iter().map(|(field, _)| field);
        fields.filter(|field| !field.is_key()).collect()
    }
}
