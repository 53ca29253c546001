//! The rows of a run before it sends; those of a run that was cut off are compared with the present state of the PBX.

use super::execution::leave_out_of_log;
use super::past::line;
use super::saved_options::SavedOptions;
use crate::compare::{differences, differing, is_unset, moved, unread, with_lost};
use crate::input::FieldHeadings;
use crate::ledger::Standing;
use crate::manifest::Manifest;
use crate::model::{
    Action, Change, Field, Kind, Outcome, PlannedRow, Record, RowResult, field_names,
};
use crate::plan::lost::{done, next_deletions};
use crate::plan::remote::{kept_in_use, no_extension};
use crate::plan::taken_back::MadeSince;
use crate::rim::{Failure, TargetSession};
use crate::submit::settle::renamed;
use crate::wire::Listing;
use std::collections::{BTreeMap, BTreeSet};

/// The rows of a run before it sends, each with how far it is.
pub(super) struct RunRows {
    pub(super) rows: Vec<PlannedRow>,
    pub(super) standings: Vec<Standing>,
    /// The positions of rows whose extension was changed by others; they have their result.
    pub(super) left_alone: Vec<usize>,
}

impl RunRows {
    /// The rows of a run that begins: nothing was sent yet.
    pub(super) fn planned(rows: Vec<PlannedRow>) -> RunRows {
        let standing = |row: &PlannedRow| match row.change {
            Some(_) => Standing::Waiting,
            None => Standing::Final,
        };
        RunRows {
            standings: rows.iter().map(standing).collect(),
            rows,
            left_alone: vec![],
        }
    }

    /// The rows of a run that was cut off. Those that are open have again the words that they were planned with.
    pub(super) fn from_stored(
        rows: Vec<(PlannedRow, Standing)>,
        headings: &FieldHeadings,
    ) -> RunRows {
        let (mut rows, standings): (Vec<PlannedRow>, Vec<Standing>) = rows.into_iter().unzip();
        leave_out_of_log(rows.iter().filter_map(|row| row.change.as_ref()));
        for (row, standing) in rows.iter_mut().zip(&standings) {
            // What can be put back in part alone has the words that it was planned with.
            if *standing != Standing::Final && row.not_restorable.is_empty() {
                clear_reason(&mut row.outcome, headings);
            }
        }
        RunRows {
            rows,
            standings,
            left_alone: vec![],
        }
    }

    /// Returns true if a remaining change deletes.
    pub(super) fn deletes(&self) -> bool {
        let mut changes = self.unfinished();
        changes.any(|(_, _, change)| change.action == Action::Delete)
    }

    /// The lines before the PBX is looked at; `is_doubted` is true where what was done may be gone.
    pub(super) fn lines(&self, is_doubted: bool) -> Vec<Outcome> {
        let rows = self.rows.iter().zip(&self.standings);
        rows.map(|(row, standing)| line(row.outcome.clone(), *standing, is_doubted))
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

    /// The lines at these positions.
    pub(super) fn lines_at<'l>(
        &'l self,
        positions: &'l [usize],
    ) -> impl Iterator<Item = (usize, Outcome)> {
        let line = |position: &usize| {
            let row = self.rows.get(*position)?;
            Some((*position, row.outcome.clone()))
        };
        positions.iter().filter_map(line)
    }

    /// The changes that are done.
    pub(super) fn done(&self) -> Vec<&Change> {
        let rows = self.rows.iter().zip(self.standings.iter().copied());
        done(rows, |_| false)
    }

    /// The last few deletions that are still to be made.
    pub(super) fn next_deletions(&self, is_doubted: bool) -> Vec<&Change> {
        let rows = self.rows.iter().zip(self.standings.iter().copied());
        next_deletions(rows, is_doubted)
    }

    /// Opens rows at these positions again, which the PBX has lost. They count as rows that may have been sent.
    pub(super) fn open_again(&mut self, lost: &[usize]) {
        for position in lost {
            let (row, standing) = (
                self.rows.get_mut(*position),
                self.standings.get_mut(*position),
            );
            let (Some(row), Some(standing)) = (row, standing) else {
                continue;
            };
            let outcome = &mut row.outcome;
            *standing = Standing::Intended(outcome.attempts.max(1));
            *outcome = Outcome {
                row: outcome.row,
                place: outcome.place.take(),
                number: outcome.number.clone(),
                name: outcome.name.clone(),
                findings: std::mem::take(&mut outcome.findings),
                ..Outcome::new(outcome.action, RowResult::NotSent)
            };
        }
    }

    fn unfinished(&self) -> impl Iterator<Item = (usize, Standing, &Change)> {
        let rows = self.rows.iter().zip(&self.standings).enumerate();
        let changes = rows
            .map(|(position, (row, standing))| Some((position, *standing, row.change.as_ref()?)));
        changes
            .flatten()
            .filter(|(_, standing, _)| *standing != Standing::Final)
    }

    /// Looks at every extension that is still to be changed or deleted. One whose change waits and that is no longer as it
    /// was planned was changed by somebody else: it is left alone. One whose change may have been sent is left alone where
    /// it is neither as wanted nor as before. Returns the positions of rows whose `before` was replaced by the present
    /// record.
    ///
    /// # Errors
    /// Exit 3 where the PBX cannot be read.
    pub(super) fn look_up_again(
        &mut self,
        options: &SavedOptions,
        made_since: &MadeSince,
        session: &TargetSession<'_>,
    ) -> Result<Vec<usize>, Failure> {
        let unfinished: Vec<(usize, Standing, Change)> = self
            .unfinished()
            .filter(|(_, _, change)| change.before.is_some())
            .map(|(position, standing, change)| (position, standing, change.clone()))
            .collect();
        let numbers = unfinished.iter().flat_map(|(_, standing, change)| {
            let may_be_renamed = matches!(standing, Standing::Intended(_));
            let new = may_be_renamed.then(|| change.present_number());
            [Some(change.number.as_str()), new].into_iter().flatten()
        });
        let numbers: BTreeSet<&str> = numbers.collect();
        let numbers: Vec<String> = numbers.into_iter().map(str::to_owned).collect();
        let current = session.look_up(&numbers)?;
        // Others may have begun to use a part of an extension that is to be deleted, or made something else of it.
        let is_gone = |(_, _, change): &(usize, Standing, Change)| {
            !current.contains_key(&change.number) && !current.contains_key(change.present_number())
        };
        let looks = self.deletes() || unfinished.iter().any(is_gone);
        let listing = match looks && session.manifest().ability.deletes_in_parts {
            true => session.list()?,
            false => Listing::default(),
        };
        let mut renewed = vec![];
        for (position, standing, mut change) in unfinished {
            let now = current.get(&change.number);
            let now = now.map(|now| change.hiding(now.clone()));
            let now = now.as_ref();
            let Some(row) = self.rows.get_mut(position) else {
                continue;
            };
            if let Some(line) = line_of_obstacle(&listing, &change, now.is_some(), &row.outcome) {
                row.outcome = line;
                self.leave_alone(position, standing);
                continue;
            }
            let manifest = session.manifest();
            let obstacle = match (
                made_by_others(standing, &change, &current, made_since),
                standing,
            ) {
                (Some(obstacle), _) => Some(obstacle),
                (None, Standing::Intended(_)) => obstacle(manifest, &change, &current),
                (None, _) => drift(manifest, &change, now),
            };
            let rewritten = match now {
                Some(_) => {
                    let marks = options.marks(position);
                    session.rewritten(&change.wanted, &change.number, &marks)?
                }
                None => vec![],
            };
            let obstacle = obstacle.or_else(|| written_by_others(standing, &rewritten));
            match obstacle {
                Some(obstacle) => {
                    let place = row.outcome.place.as_ref();
                    row.outcome.column = options.headings.heading(place, obstacle.field);
                    obstacle.write_into(&mut row.outcome);
                    self.leave_alone(position, standing);
                }
                None if standing == Standing::Waiting && !is_known(&change, now) => {
                    change.before = now.cloned().or(change.before);
                    row.change = Some(change);
                    renewed.push(position);
                }
                None => {}
            }
        }
        Ok(renewed)
    }

    /// Leaves a row alone that has got its result.
    fn leave_alone(&mut self, position: usize, standing: Standing) {
        if let (Standing::Intended(times), Some(row)) = (standing, self.rows.get_mut(position)) {
            row.outcome.attempts = times;
        }
        if let Some(standing) = self.standings.get_mut(position) {
            *standing = Standing::Final;
        }
        self.left_alone.push(position);
    }
}

/// Takes away the reason for which an earlier part of the run left a row open; what its sheet's findings say stays.
fn clear_reason(outcome: &mut Outcome, headings: &FieldHeadings) {
    if outcome.code != outcome.result.word() {
        return;
    }
    let findings = std::mem::take(&mut outcome.findings);
    let place = outcome.place.clone();
    let line = Outcome {
        code: String::new(),
        field: None,
        column: String::new(),
        message: String::new(),
        hint: String::new(),
        ..outcome.clone()
    };
    *outcome = line.with_findings(findings, |finding| {
        headings.heading(place.as_ref(), finding.field)
    });
}

/// The line of a change that is not sent, or not finished, because something else on the PBX has the number, or uses a part
/// of the extension that is to be deleted.
fn line_of_obstacle(
    listing: &Listing,
    change: &Change,
    is_there: bool,
    line: &Outcome,
) -> Option<Outcome> {
    let line = || line.clone();
    match listing.others.get(&change.number) {
        Some(other) if !is_there => Some(no_extension(other, line())),
        _ if change.action != Action::Delete => None,
        _ => {
            let how = listing.in_use.get(&change.number)?;
            Some(kept_in_use(how, line()))
        }
    }
}

/// Returns true if a change has the record as it is now as the one before it.
fn is_known(change: &Change, now: Option<&Record>) -> bool {
    let before = change.before.as_ref();
    before == now && before.and_then(Record::attributes) == now.and_then(Record::attributes)
}

/// The reason why a change is not sent, or not once more.
struct Obstacle {
    result: RowResult,
    field: Option<Field>,
    message: String,
}

impl Obstacle {
    fn write_into(self, outcome: &mut Outcome) {
        outcome.result = self.result;
        outcome.field = self.field;
        outcome.message = self.message;
        if !self.result.is_done() {
            outcome.code = self.result.word().into();
            let hint = match (outcome.action, outcome.row) {
                (Action::Delete, _) => {
                    "look at it on the PBX; where it is still to go, delete it there"
                }
                (_, Some(_)) => {
                    "look at it on the PBX; where the row is still meant, import it again"
                }
                // The row of an undo is in no sheet.
                (_, None) => "look at it on the PBX; where that is still meant, change it there",
            };
            outcome.hint = hint.into();
        }
    }
}

/// Compares an extension whose change waits with its state when the change was planned; `None` where it can be sent.
fn drift(manifest: &Manifest, change: &Change, now: Option<&Record>) -> Option<Obstacle> {
    let before = change.before.as_ref()?;
    let record = change.wanted.noun();
    let obstacle = |result, field, message| Obstacle {
        result,
        field,
        message,
    };
    let Some(now) = now else {
        return Some(match change.action {
            Action::Delete => obstacle(
                RowResult::Unchanged,
                None,
                format!("the PBX has no such {record} any more"),
            ),
            _ => obstacle(
                RowResult::Drifted,
                None,
                format!("the PBX does not have the {record} any more that was to be changed"),
            ),
        });
    };
    let fields = moved(manifest, before, now);
    if fields.is_empty() && change.action == Action::Delete {
        let message = changed_beside(manifest, before, now)?;
        return Some(obstacle(RowResult::Drifted, None, message));
    }
    (!fields.is_empty()).then(|| {
        obstacle(
            RowResult::Drifted,
            fields.first().copied(),
            format!(
                "it was changed since the run was planned: {}; rowcall did not change it",
                differences(&fields, before, now)
            ),
        )
    })
}

/// The words for an extension that has attributes without a field which it did not have before; `None` where there are none.
/// An attribute that is gone is no loss: the deletion itself may have removed a part.
fn changed_beside(manifest: &Manifest, before: &Record, now: &Record) -> Option<String> {
    let present = now.attributes()?;
    let is_present = present.pairs();
    let mut names = before.attributes()?.differing(present);
    let of_fields = &manifest.vendor.own_of_each;
    names.retain(|name| is_present.contains_key(name) && !of_fields.contains(name));
    (!names.is_empty()).then(|| {
        format!(
            "it was changed since the run was planned, beside its fields: {}; rowcall did not change it",
            names.join(", ")
        )
    })
}

/// The obstacle where another run has made the extension anew.
fn made_by_others(
    standing: Standing,
    change: &Change,
    current: &BTreeMap<String, Record>,
    made_since: &MadeSince,
) -> Option<Obstacle> {
    let numbers = [change.present_number(), &change.number];
    let mut there = numbers.into_iter().filter(|it| current.contains_key(*it));
    let made = there.find_map(|number| made_since.anew.get(number))?;
    Some(Obstacle {
        result: result_of_others(standing),
        field: None,
        message: made.words(),
    })
}

/// The result of a row whose extension others have written: it may have been done before.
fn result_of_others(standing: Standing) -> RowResult {
    match standing {
        Standing::Intended(_) => RowResult::Unknown,
        _ => RowResult::Drifted,
    }
}

/// The obstacle where other runs have written fields since that cannot be read back.
fn written_by_others(standing: Standing, fields: &[Field]) -> Option<Obstacle> {
    Some(Obstacle {
        result: result_of_others(standing),
        field: Some(*fields.first()?),
        message: format!(
            "another run has written to it since this one was planned: {}; rowcall did not change it",
            field_names(fields)
        ),
    })
}

/// Compares the PBX with a change that may have been sent; `None` where the PBX has it, is as it was
/// before, or is between the two: the sender looks again, and sends what is missing. Where a field is neither as before nor
/// as wanted, nobody can know who changed what.
fn obstacle(
    manifest: &Manifest,
    change: &Change,
    current: &BTreeMap<String, Record>,
) -> Option<Obstacle> {
    let before = change.before.as_ref()?;
    let present = |number: &str| current.get(number);
    let new_number = change.wanted.text(Field::NEW_NUMBER);
    let new = new_number.and_then(present);
    let old = present(&change.number);
    let whole = renamed(change);
    let (now, expected) = match (old, new) {
        (_, Some(new)) if differing(manifest, &whole, new).is_empty() => return None,
        (None, Some(new)) => (new, &whole),
        (Some(old), _) => (old, before),
        (None, None) => return None,
    };
    let mut fields = moved(manifest, expected, now);
    if change.action == Action::Update {
        let unlike = differing(manifest, &change.wanted, now);
        let is_visible = unread(manifest, &change.wanted, now).is_empty();
        if unlike.is_empty() && is_visible {
            // It has what the run wrote: what the run did not is somebody else's.
            let is_plain =
                |field: &Field| manifest.row(*field).is_some_and(|row| row.certain_when_new);
            fields.retain(|field| change.wanted.get(*field).is_none() && is_plain(field));
        }
        fields.retain(|field| change.wanted.get(*field).is_none() || unlike.contains(field));
        let is_list = |field: &Field| field.def().kind == Kind::List;
        fields.retain(|field| !(is_list(field) && change.wanted.get(*field).is_some()));
        // The change itself may have been cut off between taking away and making anew.
        let (_, lost) = with_lost(manifest, change, &change.wanted, now);
        fields.retain(|field| !lost.contains(field));
    }
    if change.action == Action::Delete && manifest.ability.deletes_in_parts {
        // The deletion itself may have removed a part, and been cut off.
        fields.retain(|field| !is_unset(now, *field));
    }
    if fields.is_empty() && change.action == Action::Delete {
        return Some(Obstacle {
            result: RowResult::Drifted,
            field: None,
            message: changed_beside(manifest, before, now)?,
        });
    }
    let number = now.number();
    let sent = match number == change.number {
        true => "it may have been sent".to_owned(),
        false => format!("{} may have become {number}", change.number),
    };
    (!fields.is_empty()).then(|| Obstacle {
        result: RowResult::Unknown,
        field: fields.first().copied(),
        message: format!(
            "{sent} before the run was cut off, and others changed {number} since: {}; rowcall did not change it",
            differences(&fields, expected, &change.hiding(now.clone()))
        ),
    })
}
