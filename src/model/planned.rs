//! One planned row.

use super::{Change, Field, Outcome, Record, RowResult};

/// One line of the report, and the change that is to be sent to the PBX for it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRow {
    /// Without a change: the row's one result. With a change: the line of the report before anything is sent, its
    /// result [`RowResult::NotSent`]; in a plan [`RowResult::Unknown`] where the PBX could not be asked if it would take it.
    pub outcome: Outcome,
    /// The change to make, with the record as the PBX had it before. Its `row` is the row's position.
    pub change: Option<Change>,
    /// The fields in which the extension will not be as it was, because the vendor does not give them back. Once the
    /// change is done the row is [`RowResult::Differs`] for that.
    pub(crate) not_restorable: Vec<Field>,
    /// The groups, or the members, that the row names and that no change writes, because the PBX has them already; with
    /// the record's key.
    pub memberships: Option<Record>,
}

impl PlannedRow {
    /// A row with which nothing is done any more.
    pub(crate) fn without_change(outcome: Outcome) -> PlannedRow {
        PlannedRow {
            outcome,
            change: None,
            not_restorable: vec![],
            memberships: None,
        }
    }

    /// Creates a row that is to be sent: its line before anything is sent, and its change.
    pub fn to_send(line: Outcome, change: Change) -> PlannedRow {
        let outcome = Outcome {
            action: change.action,
            result: RowResult::NotSent,
            ..line
        };
        PlannedRow {
            outcome,
            change: Some(change),
            not_restorable: vec![],
            memberships: None,
        }
    }

    /// The change; `None` too where the PBX could not be asked if it would take it.
    pub(crate) fn certain_change(&self) -> Option<&Change> {
        let change = self.change.as_ref();
        change.filter(|_| self.outcome.result != RowResult::Unknown)
    }

    /// Returns its line in the report of a plan, where a row that would be sent is valid.
    pub fn line(&self) -> Outcome {
        let mut outcome = self.outcome.clone();
        if self.certain_change().is_some() {
            outcome.result = RowResult::Valid;
        }
        outcome
    }
}
