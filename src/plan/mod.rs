//! Plans the changes of a run, as a value: no terminal, no command line. Every command that writes is a planner and the
//! one `Run::execute`.
//!
//! - `remote`: the state of the PBX.
//! - [`decide`]: the decision on one row; `import`, `delete` and `sync` make it for all of them.
//! - `replay`: a saved plan against today; `file` is that plan on disk.
//! - `revert`: the inverse of a run.
//! - `transfer`: the rows of a migration; `origin`: the extensions that it takes over.
//! - `dependents`: rows that wait for others; [`waves`] sends in parts; [`guard`] limits the changes.
//! - `render`: a plan as text.

mod beside;
pub mod decide;
pub(crate) mod delete;
pub(crate) mod dependents;
pub mod file;
pub mod guard;
pub(crate) mod import;
pub(crate) mod lost;
pub(crate) mod origin;
pub(crate) mod remote;
pub(crate) mod render;
pub(crate) mod replay;
pub(crate) mod revert;
mod reverted_row;
pub(crate) mod sync;
pub(crate) mod taken_back;
pub(crate) mod transfer;
pub mod waves;

use crate::digest::sha256_hex;
use crate::input::{FieldHeadings, InputRows};
use crate::ledger::SecretMarks;
use crate::migrate::Agreement;
use crate::model::{Action, Change, Outcome, PlannedRow, Record, RowResult};
use crate::rim::{Exit, Failure, TargetSession};
use dependents::FailedChanges;
use remote::RemoteState;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The changes and lines of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// Every line of the report, in its order. The `row` of a change is its row's position.
    pub(crate) rows: Vec<PlannedRow>,
    /// The number of extensions on the PBX.
    pub(crate) on_pbx: usize,
    /// The extensions on the PBX that rows name, by number.
    pub(crate) extensions: BTreeMap<String, Record>,
    /// The sheets' headings of fields.
    pub(crate) headings: FieldHeadings,
    /// The SHA-256 of the input.
    pub(crate) input_hash: String,
    /// Lines to print before anything is sent.
    pub(crate) notes: Vec<String>,
    /// The reason why more was to be done than the rows say; `None` where there is none. The run is not done by its rows alone.
    pub(crate) shortfall: Option<String>,
    /// The agreement of two PBXes that the run makes; for a migration, and for the undo of one.
    pub(crate) agreement: Option<Agreement>,
    /// The run that is undone; `None` where the command is no undo.
    pub(crate) reverts: Option<RevertedRun>,
    /// The whole wanted records of rows, by their positions, as far as no sheet holds them: for the dial tone.
    pub(crate) known: BTreeMap<usize, Record>,
    /// The changes that the PBX would refuse now, and those that wait for them, by the positions of their rows. A saved plan
    /// keeps them: by the time of its run the PBX may take them.
    pub(crate) refused: BTreeMap<usize, Change>,
    /// The marks of the extensions to be changed, by the positions of their rows.
    pub(crate) marks: BTreeMap<usize, SecretMarks>,
}

/// The way on where the PBX could not be asked if it would take a change.
const LOOKED_AT_AGAIN: &str = "plan again; a run looks at it once more before it sends anything";

impl Plan {
    /// The plan of the rows of sheets.
    pub(crate) fn new(rows: &InputRows, planned: Vec<PlannedRow>) -> Plan {
        Plan {
            rows: planned,
            headings: rows.headings(),
            input_hash: sha256_hex(&rows.hash_input()),
            ..Plan::default()
        }
    }

    /// The same plan, against this state of the PBX.
    pub(crate) fn with_remote(mut self, remote: RemoteState) -> Plan {
        self.on_pbx = remote.numbers.len();
        self.extensions = remote.extensions;
        self
    }

    /// Fills in the person's name of rows that have none: from their change, else from the PBX.
    pub(crate) fn name_people(&mut self) {
        for row in self
            .rows
            .iter_mut()
            .filter(|row| row.outcome.name.is_empty())
        {
            let change = row.change.as_ref();
            let wanted = change.map(|change| change.wanted.person());
            let before = change.and_then(|change| change.before.as_ref());
            let current = before.or_else(|| self.extensions.get(row.outcome.reveal_number()));
            let mut names = wanted.into_iter().chain(current.map(Record::person));
            row.outcome.name = names.find(|name| !name.is_empty()).unwrap_or_default();
        }
    }

    /// Gives rows that the PBX is sure to refuse the result that a run would give them, and holds back what a run would hold
    /// back for them; in a sync also the deletions of extensions that no row names. A row that could not be looked at keeps
    /// its change: the run looks again.
    ///
    /// # Errors
    /// Exit 3 where the PBX cannot be read.
    pub(crate) fn foresee(
        &mut self,
        session: &TargetSession<'_>,
        is_sync: bool,
    ) -> Result<(), Failure> {
        let is_sent = |change: &&Change| matches!(change.action, Action::Create | Action::Update);
        let changes = self.rows.iter().filter_map(|row| row.change.as_ref());
        let changes: Vec<&Change> = changes.filter(is_sent).collect();
        let mut failed = FailedChanges::default();
        for (position, settlement) in session.foresee(&changes)? {
            let Some(row) = self.rows.get_mut(position) else {
                continue;
            };
            let is_unknown = settlement.result == RowResult::Unknown;
            let Some(change) = row.change.take_if(|_| !is_unknown) else {
                settlement.write_into(&mut row.outcome);
                row.outcome.hint = LOOKED_AT_AGAIN.into();
                continue;
            };
            settlement.write_into(&mut row.outcome);
            failed.note(&change, row.outcome.result);
            *row = PlannedRow::without_change(row.outcome.clone());
            self.refused.insert(position, change);
        }
        self.hold_back(failed, is_sync);
        Ok(())
    }

    /// Holds back what waits for changes that would be refused.
    fn hold_back(&mut self, failed: FailedChanges, is_sync: bool) {
        let waiting = match self.refused.is_empty() {
            true => vec![],
            false => self.changes(),
        };
        let held = failed.hold_back(self.rows.iter_mut().collect(), is_sync, &self.headings);
        let held: BTreeSet<usize> = held.into_iter().collect();
        let is_kept = |it: &Change| it.action != Action::Delete && held.contains(&it.row);
        let kept = waiting.into_iter().filter(is_kept);
        self.refused.extend(kept.map(|change| (change.row, change)));
    }

    /// The plan of rows of which none can be sent.
    pub(crate) fn without_changes(rows: &InputRows) -> Plan {
        let lines = rows.lines().into_iter();
        Plan::new(rows, lines.map(PlannedRow::without_change).collect())
    }

    pub(crate) fn changes(&self) -> Vec<Change> {
        let changes = self.rows.iter().filter_map(|row| row.change.clone());
        changes.collect()
    }

    /// Every line of the report before anything is sent to the PBX.
    pub(crate) fn lines(&self) -> Vec<Outcome> {
        self.rows.iter().map(|row| row.outcome.clone()).collect()
    }
}

/// The run that an undo undoes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RevertedRun {
    /// Its name.
    pub(crate) run: String,
    /// The positions of its rows that had their result, by the positions of the rows that take them back.
    pub(crate) rows: BTreeMap<usize, usize>,
}

/// The reason that nothing is sent.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The code that every line gets that has no result yet.
    pub(crate) code: &'static str,
    pub(crate) failure: Failure,
    /// True if the failure ends the command; else the exit follows from the results of the rows.
    pub(crate) fails: bool,
    /// True if the files of other runs stay as they are, because the command did nothing.
    pub(crate) leaves_files: bool,
    /// The lines as planned by then; `None` where they are still as they were read.
    pub(crate) lines: Option<Vec<Outcome>>,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, failure: Failure) -> Refusal {
        Refusal {
            code,
            failure,
            fails: true,
            leaves_files: true,
            lines: None,
        }
    }

    /// The same refusal, with the lines as planned by now.
    pub(crate) fn with_lines(self, lines: Vec<Outcome>) -> Refusal {
        Refusal {
            lines: Some(lines),
            ..self
        }
    }

    /// Refuses to send because of the rows; the command itself has not failed, and the results of the rows give the
    /// reasons.
    fn of_rows(code: &'static str, message: &str, hint: &str) -> Refusal {
        let failure = Failure {
            exit: Exit::NotDone,
            ..Failure::usage(message).hint(hint)
        };
        Refusal {
            fails: false,
            leaves_files: false,
            ..Refusal::new(code, failure)
        }
    }

    /// No row is valid: the results of the rows say all there is to say.
    pub(crate) fn no_valid_row() -> Refusal {
        Refusal::of_rows("", "", "")
    }

    /// The user was asked, and declined.
    pub(crate) fn declined() -> Refusal {
        Refusal {
            leaves_files: true,
            ..Refusal::of_rows("declined", "the answer was no; nothing was sent", "")
        }
    }

    /// Refuses to send because every row must be valid, and some row is not.
    pub(crate) fn all_or_nothing(hint: &str) -> Refusal {
        let why = "nothing is sent unless every row is valid, and some row is not";
        Refusal::of_rows("all_or_nothing", why, hint)
    }
}

impl From<Failure> for Refusal {
    /// The target cannot be used.
    fn from(failure: Failure) -> Refusal {
        Refusal::new("target", failure)
    }
}

#[cfg(test)]
mod tests {
    mod same_meaning;

    use super::*;
    use crate::model::Field;

    #[test]
    fn what_waits_for_a_refused_change_is_kept_with_it_but_for_deletions() {
        let change = |row: usize, number: &str, action: Action| {
            let mut wanted = Record::numbered(number);
            let forward = Field::named("forward_busy_extension").unwrap();
            wanted.set(forward, "2000");
            Change {
                row,
                action,
                number: number.to_owned(),
                wanted,
                before: None,
            }
        };
        let refused = change(0, "2000", Action::Create);
        let waiting = change(1, "2001", Action::Create);
        let unnamed = change(2, "1999", Action::Delete);
        let planned = |change: &Change| {
            let line = Outcome::new(Action::None, RowResult::NotSent);
            PlannedRow::to_send(line, change.clone())
        };
        let mut plan = Plan {
            rows: vec![
                PlannedRow::without_change(Outcome::new(Action::Create, RowResult::Conflict)),
                planned(&waiting),
                planned(&unnamed),
            ],
            refused: BTreeMap::from([(0, refused.clone())]),
            ..Plan::default()
        };
        let mut failed = FailedChanges::default();
        failed.note(&refused, RowResult::Conflict);
        plan.hold_back(failed, true);
        let results: Vec<RowResult> = plan.rows.iter().map(|row| row.outcome.result).collect();
        let held = RowResult::Held;
        assert_eq!(results, [RowResult::Conflict, held, held]);
        assert_eq!(plan.refused, BTreeMap::from([(0, refused), (1, waiting)]));
    }
}
