//! The remaining rows of a run that was cut off, compared with the present state of the PBX.

use super::past::line;
use super::saved_options::SavedOptions;
use crate::compare::{differences, differing, moved};
use crate::ledger::Standing;
use crate::manifest::Manifest;
use crate::model::{Action, Change, Field, Kind, Outcome, PlannedRow, Record, RowResult};
use crate::rim::{Failure, TargetSession};
use std::collections::BTreeMap;

/// The rows of a run that was cut off, each with how far it is.
pub(super) struct Left {
    pub(super) rows: Vec<PlannedRow>,
    pub(super) standings: Vec<Standing>,
}

/// The result of looking at the PBX again.
#[derive(Default)]
pub(super) struct LookedAgain {
    /// The positions of rows whose extension was changed by others; they have their result.
    pub(super) moved: Vec<usize>,
    /// The positions of rows whose `before` was replaced by the present record.
    pub(super) renewed: Vec<usize>,
}

impl Left {
    /// Returns true if a remaining change deletes.
    pub(super) fn deletes(&self) -> bool {
        let mut changes = self.unfinished();
        changes.any(|(_, _, change)| change.action == Action::Delete)
    }

    /// The lines as they stand while nothing was looked at.
    pub(super) fn lines(&self) -> Vec<Outcome> {
        let rows = self.rows.iter().zip(&self.standings);
        rows.map(|(row, standing)| line(row.outcome.clone(), *standing))
            .collect()
    }

    /// The changes at these positions.
    pub(super) fn changes<'l>(
        &'l self,
        positions: &'l [usize],
    ) -> impl Iterator<Item = &'l Change> {
        let changes = positions.iter().map(|position| self.rows.get(*position));
        changes.filter_map(|row| row?.change.as_ref())
    }

    fn unfinished(&self) -> impl Iterator<Item = (usize, Standing, &Change)> {
        let rows = self.rows.iter().zip(&self.standings).enumerate();
        let changes = rows
            .map(|(position, (row, standing))| Some((position, *standing, row.change.as_ref()?)));
        changes
            .flatten()
            .filter(|(_, standing, _)| *standing != Standing::Final)
    }

    /// Looks at every extension that is still to be changed or deleted. Where it differs from the time of the plan,
    /// somebody else changed it since: it is left alone.
    ///
    /// # Errors
    /// Exit 3 where the PBX cannot be read.
    pub(super) fn look_again(
        &mut self,
        options: &SavedOptions,
        session: &TargetSession<'_>,
    ) -> Result<LookedAgain, Failure> {
        let waiting: Vec<(usize, Standing, Change)> = self
            .unfinished()
            .filter(|(_, _, change)| change.before.is_some())
            .map(|(position, standing, change)| (position, standing, change.clone()))
            .collect();
        let numbers: Vec<String> = waiting
            .iter()
            .map(|(_, _, change)| change.number.clone())
            .collect();
        let held = look(&numbers, session)?;
        let mut looked = LookedAgain::default();
        for (position, standing, mut change) in waiting {
            let now = held.get(&change.number);
            let Some(row) = self.rows.get_mut(position) else {
                continue;
            };
            match drift(session.manifest(), standing, &change, now) {
                Some(drift) => {
                    let place = row.outcome.place.as_ref();
                    row.outcome.column = options.headings.heading(place, drift.field);
                    drift.write_into(&mut row.outcome);
                    if let Some(standing) = self.standings.get_mut(position) {
                        *standing = Standing::Final;
                    }
                    looked.moved.push(position);
                }
                None if standing == Standing::Waiting && change.before.as_ref() != now => {
                    change.before = now.cloned().or(change.before);
                    row.change = Some(change);
                    looked.renewed.push(position);
                }
                None => {}
            }
        }
        Ok(looked)
    }
}

/// Looks these numbers up on the PBX. A number that is missing from a joint reply is asked for alone.
fn look(
    numbers: &[String],
    session: &TargetSession<'_>,
) -> Result<BTreeMap<String, Record>, Failure> {
    if numbers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut held = session.look(numbers)?;
    for number in numbers {
        if !held.contains_key(number) {
            held.extend(session.look(std::slice::from_ref(number))?);
        }
    }
    Ok(held)
}

/// The difference between an extension now and when its change was planned.
struct Drift {
    result: RowResult,
    field: Option<Field>,
    message: String,
}

impl Drift {
    fn write_into(self, outcome: &mut Outcome) {
        outcome.result = self.result;
        outcome.field = self.field;
        outcome.message = self.message;
        if self.result == RowResult::Drifted {
            outcome.code = RowResult::Drifted.word().into();
            outcome.hint =
                "look at it on the PBX; where the row is still meant, import it again".into();
        }
    }
}

/// Compares an extension with its state when its change was planned; `None` where the change can continue. The sender
/// looks again at a change that may have been sent.
fn drift(
    manifest: &Manifest,
    standing: Standing,
    change: &Change,
    now: Option<&Record>,
) -> Option<Drift> {
    let before = change.before.as_ref()?;
    let record = change.wanted.record();
    let Some(now) = now else {
        return match (standing, change.action) {
            (Standing::Waiting, Action::Delete) => Some(Drift {
                result: RowResult::Unchanged,
                field: None,
                message: format!("the PBX has no such {record} any more"),
            }),
            (Standing::Waiting, _) => Some(Drift {
                result: RowResult::Drifted,
                field: None,
                message: format!(
                    "the PBX does not have the {record} any more that was to be changed"
                ),
            }),
            _ => None,
        };
    };
    let mut fields = moved(manifest, before, now);
    if standing != Standing::Waiting && change.action == Action::Update {
        // A change that the run itself may have made is nobody else's.
        let unlike = differing(manifest, &change.wanted, now);
        fields.retain(|field| change.wanted.get(*field).is_none() || unlike.contains(field));
        let is_list = |field: &Field| field.def().kind == Kind::List;
        fields.retain(|field| !(is_list(field) && change.wanted.get(*field).is_some()));
    }
    if fields.is_empty() {
        return None;
    }
    Some(Drift {
        result: RowResult::Drifted,
        field: fields.first().copied(),
        message: format!(
            "it was changed since the run was planned: {}; it is left alone",
            differences(&fields, before, now)
        ),
    })
}
