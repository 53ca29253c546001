//! The inverse of a run: it restores the values that the run changed, as far as they could be read before.
//!
//! Only rows that the run finished are undone, and only where the extension still is as the run left it: changes that
//! others made since are kept and listed. Rows whose end the run itself did not know are listed too, unless the PBX has
//! the state from before; those that a resume would look at are undone where the PBX has them as wanted.

use super::beside::NewAttributes;
use super::lost::{done, lost, next_deletions, refuse_without_next};
use super::remote::RemoteState;
use super::reverted_row::{
    LOST, already_as_before, kept_closed, not_made_again, not_opened, not_reverted, opposite,
    revert_row, revert_row_in_part, take_out_unwritable, unless_made_anew, without_lost,
};
use super::taken_back::{MadeSince, TakenBackRow, already_taken_back};
use super::{Plan, RevertedRun};
use crate::compare::{differences, differing, is_unset, unread, with_lost};
use crate::digest::sha256_hex;
use crate::fingerprints::{FingerprintedRecord, changed_since, readable};
use crate::ledger::{RunFacts, SecretMarks, Standing};
use crate::manifest::{Access, FieldRow, Manifest};
use crate::migrate::Agreement;
use crate::model::counted;
use crate::model::{
    Action, Change, Field, Kind, Outcome, PlannedRow, Record, RowResult, Text, field_names,
    list_items,
};
use crate::rim::{Failure, Target, TargetSession, TargetSpec};
use crate::seal::Key;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The number of lines that are named before an undo begins.
const SHOWN_MAX: usize = 10;

/// Resolves the target of a run as undoing it needs it; returns true with it if the run took extensions out of groups
/// that it did not name.
///
/// # Errors
/// Exit 2 where it cannot be resolved any more, exit 3 where it is another PBX now.
pub(crate) fn target_to_revert(
    spec: &TargetSpec,
    run: &RunFacts,
    config: Option<&Path>,
) -> Result<(Target, bool), Failure> {
    let mut spec = Cow::Borrowed(spec);
    let mut target = spec.resolve_for(run, config)?;
    if target.manifest().vendor.create_cost > 0 {
        // An undo may create what the run deleted, which costs the PBX more: the rate of the run does not apply.
        spec.to_mut().drop_rate();
        target = spec.resolve_for(run, config)?;
    }
    let mut rows = target.manifest().field.iter();
    let Some([setting, word]) = rows.find_map(|row| row.replaced_by.as_ref()) else {
        return Ok((target, false));
    };
    let replaced = target.settings.get(setting) == word;
    // To leave a group, the row must name the groups in which it stays.
    let target = spec
        .into_owned()
        .set(setting, word)
        .resolve_for(run, config)?;
    Ok((target, replaced))
}

/// A run that is to be undone, as its ledger has it.
pub(crate) struct StoredRows<'s> {
    pub(crate) run: &'s str,
    pub(crate) rows: &'s [(PlannedRow, Standing)],
    /// The records as they were read back after they were written, by position.
    pub(crate) read_back: &'s BTreeMap<usize, FingerprintedRecord>,
    /// True where what the run has done may be gone, because another PBX answered.
    pub(crate) is_doubted: bool,
    /// True where another PBX may answer, because the run is doubted, or was cut off.
    pub(crate) may_be_elsewhere: bool,
    /// The rows that earlier undos took back, by position.
    pub(crate) taken_back: &'s BTreeMap<usize, TakenBackRow>,
    /// The extensions that newer runs have made.
    pub(crate) made_since: &'s MadeSince,
    pub(crate) key: &'s Key,
    /// The agreement of two PBXes that a migration made.
    pub(crate) agreement: Option<&'s Agreement>,
}

/// The lines of the inverse while nothing is planned: one for each row by which the run may have changed something, the
/// last one first.
pub(crate) fn lines_to_revert(rows: Vec<(Outcome, Standing)>) -> Vec<Outcome> {
    let may_have_changed = |(outcome, standing): &(Outcome, Standing)| match standing {
        Standing::Waiting => false,
        Standing::Intended(_) => true,
        Standing::Final => outcome.attempts > 0 && outcome.result != RowResult::Unchanged,
    };
    let rows = rows.into_iter().rev().filter(may_have_changed);
    rows.map(|(outcome, _)| Outcome {
        number: outcome.number,
        ..Outcome::new(opposite(outcome.action), RowResult::NotSent)
    })
    .collect()
}

/// Plans the inverse of a run, the last row first. `replaced` is true if the run took extensions out of groups that it
/// did not name.
///
/// # Errors
/// Exit 3 where the PBX cannot be read, or is not the run's any more.
pub(crate) fn plan_revert(
    past: &StoredRows<'_>,
    replaced: bool,
    session: &TargetSession<'_>,
) -> Result<Plan, Failure> {
    let StoredRows { run, rows, .. } = *past;
    let open = rows.iter().enumerate();
    let open = open.filter(|(position, _)| !past.taken_back.contains_key(position));
    // What was never sent tells at the most which PBX it is.
    let may_be_sent = |standing| past.may_be_elsewhere || standing != Standing::Waiting;
    let open = open.filter(|(_, (_, standing))| may_be_sent(*standing));
    let changes = open.filter_map(|(_, (row, _))| row.change.as_ref());
    let numbers = changes.flat_map(|change| [change.number.as_str(), change.present_number()]);
    let remote = RemoteState::fetch_each(session, numbers)?;
    if past.may_be_elsewhere {
        let stored = rows.iter().map(|(row, standing)| (row, *standing));
        let done = done(stored, |position| past.taken_back.contains_key(&position));
        lost(run, &done, &remote.extensions, session.target())?;
        let stored = rows.iter().map(|(row, standing)| (row, *standing));
        let next = next_deletions(stored, past.is_doubted);
        refuse_without_next(run, &next, &remote.extensions, session.target())?;
    }
    let left = session.fetch_parts(&gone(past, &remote))?;
    let mut rewritten = BTreeMap::new();
    for (row, _) in rows {
        if let Some(change) = &row.change
            && change.action == Action::Create
        {
            let number = change.present_number();
            let fields = session.rewritten(&change.wanted, number, &SecretMarks::new())?;
            rewritten.insert(change.row, fields);
        }
    }
    let reverting = Reverting {
        manifest: session.manifest(),
        run,
        read_back: past.read_back,
        new_values: values_of_new_extensions(past),
        new_attributes: new_attributes(past, &remote, session.manifest()),
        rewritten,
        key: past.key,
        may_be_elsewhere: past.may_be_elsewhere,
        replaced,
        current: &remote.extensions,
        left: &left,
        remote: &remote,
    };
    let (mut planned, mut origins): (Vec<PlannedRow>, Vec<usize>) = (vec![], vec![]);
    let mut reverts = RevertedRun {
        run: run.to_owned(),
        rows: BTreeMap::new(),
    };
    for (origin, (row, standing)) in rows.iter().enumerate().rev() {
        let line = match past.taken_back.get(&origin) {
            Some(taken_back) => Some(already_taken_back(taken_back)),
            None => {
                let planned = reverting.row(row, *standing);
                planned.map(|planned| unless_made_anew(row, planned, past.made_since))
            }
        };
        if let Some(mut line) = line {
            if *standing == Standing::Final && !past.taken_back.contains_key(&origin) {
                reverts.rows.insert(planned.len(), origin);
            }
            if let Some(change) = &mut line.change {
                change.row = planned.len();
            }
            planned.push(line);
            origins.push(origin);
        }
    }
    Ok(Plan {
        agreement: past.agreement.map(|agreement| agreement.reversed(&origins)),
        notes: notes(run, &planned, session.target().noun()),
        rows: planned,
        on_pbx: remote.numbers.len(),
        extensions: remote.extensions,
        input_hash: sha256_hex(&[]),
        reverts: Some(reverts),
        ..Plan::default()
    })
}

/// The attributes without a field of the extensions that the run created.
fn new_attributes<'u>(
    past: &StoredRows<'u>,
    remote: &RemoteState,
    manifest: &'u Manifest,
) -> NewAttributes<'u> {
    let changes = past.rows.iter().filter_map(|(row, _)| row.change.as_ref());
    let created = changes.filter(|change| change.action == Action::Create);
    let created = created.filter_map(|change| remote.extensions.get(change.present_number()));
    let created: Vec<&Record> = created.collect();
    NewAttributes::from_run(manifest, past.read_back.values(), &created, past.key)
}

/// The numbers of extensions that the run created, or was about to, and that the PBX does not have.
fn gone(past: &StoredRows<'_>, remote: &RemoteState) -> Vec<String> {
    let rows = past.rows.iter().enumerate().filter(|(position, row)| {
        row.1 != Standing::Waiting && !past.taken_back.contains_key(position)
    });
    let changes = rows.filter_map(|(_, (row, _))| row.change.as_ref());
    let created = changes.filter(|change| change.action == Action::Create);
    let numbers = created.map(|change| change.present_number());
    let gone = numbers.filter(|number| !remote.extensions.contains_key(*number));
    gone.map(str::to_owned).collect()
}

/// Lists the fields that will not be as before.
fn notes(run: &str, planned: &[PlannedRow], record: &str) -> Vec<String> {
    if planned.is_empty() {
        return vec![format!("run {run} left nothing to be undone")];
    }
    let kept = planned.iter().map(|row| &row.outcome);
    let kept: Vec<&Outcome> = kept.filter(|line| !line.code.is_empty()).collect();
    if kept.is_empty() {
        return vec![];
    }
    let mut notes = vec![format!(
        "run {run}: {} will not be as before it",
        counted(kept.len() as u64, record)
    )];
    let shown = kept.iter().take(SHOWN_MAX);
    notes.extend(shown.map(|line| format!("  {}: {}", line.number, line.message)));
    if kept.len() > SHOWN_MAX {
        notes.push(format!("  … and {} more", kept.len() - SHOWN_MAX));
    }
    notes
}

/// The state from which the inverse is planned.
struct Reverting<'u> {
    manifest: &'u Manifest,
    run: &'u str,
    read_back: &'u BTreeMap<usize, FingerprintedRecord>,
    /// The texts of fields that the run did not write, as they were read back from extensions that it had created.
    new_values: BTreeSet<(Field, String)>,
    /// The attributes without a field of the extensions that the run created, as it left them.
    new_attributes: NewAttributes<'u>,
    /// The fields that cannot be read back and that other runs wrote to created extensions, by position.
    rewritten: BTreeMap<usize, Vec<Field>>,
    key: &'u Key,
    /// True where the PBX may have lost what the run has done.
    may_be_elsewhere: bool,
    /// True if the run took extensions out of groups that it did not name.
    replaced: bool,
    current: &'u BTreeMap<String, Record>,
    /// The parts that are left of extensions that the run created and that are gone.
    left: &'u BTreeMap<String, Record>,
    remote: &'u RemoteState,
}

impl Reverting<'_> {
    /// The line for a row that may have been sent and whose extension is not there to be looked at: it cannot be read, what
    /// has its number is no extension, or only parts of it are left.
    fn without_extension(
        &self,
        row: &PlannedRow,
        change: &Change,
        standing: Standing,
    ) -> Option<PlannedRow> {
        let number = change.present_number();
        let unread = self.remote.unread(&change.number);
        if let Some(fault) = unread.or_else(|| self.remote.unread(number)) {
            let message =
                format!("rowcall did not change it, because it could not be read: {fault}");
            let hint = "look at it on the PBX, then undo the run again";
            let (code, unknown) = (&fault.code, RowResult::Unknown);
            return Some(not_reverted(change, unknown, code, None, message, hint));
        }
        // A conflict was told of what was there before.
        let is_told = standing == Standing::Final && row.outcome.result == RowResult::Conflict;
        let was_sent = !is_told && (row.outcome.attempts > 0 || standing != Standing::Final);
        let other = self.remote.others(number);
        let other = other.filter(|_| was_sent && !self.current.contains_key(number));
        if let Some(other) = other {
            let message = format!("{other}; rowcall did not change it");
            let hint = "look at it on the PBX, and undo the run again once it is an extension";
            let (code, conflict) = ("no_extension", RowResult::Conflict);
            return Some(not_reverted(change, conflict, code, None, message, hint));
        }
        let left = self.left.get(number);
        let may_be_own = change.action == Action::Create && !is_told;
        Some(self.remove_left(change, left.filter(|_| may_be_own)?))
    }

    /// The line for one row of the run; none where the run did nothing to its extension. The change's `row` is not its
    /// position yet.
    fn row(&self, row: &PlannedRow, standing: Standing) -> Option<PlannedRow> {
        let change = row.change.as_ref()?;
        if standing != Standing::Waiting
            && let Some(planned) = self.without_extension(row, change, standing)
        {
            return Some(planned);
        }
        let result = row.outcome.result;
        let finished = result.is_done() || row.outcome.restored_in_part;
        let is_own = result == RowResult::Differs && self.read_back.contains_key(&change.row);
        match standing {
            Standing::Waiting => None,
            // Made by the run, though not as it was wanted.
            Standing::Final if is_own && change.action == Action::Create => {
                Some(match self.now(change) {
                    None => already_as_before(change, Action::Delete),
                    Some(now) => self.uncreate_left(change, &now),
                })
            }
            Standing::Final if finished => match result {
                RowResult::Unchanged => None,
                _ => Some(self.inverse(change)),
            },
            Standing::Final
                if row.outcome.attempts == 0
                    || !matches!(
                        result,
                        RowResult::Differs
                            | RowResult::Unknown
                            | RowResult::Conflict
                            | RowResult::Rejected
                            | RowResult::Held
                            | RowResult::Missing
                    ) =>
            {
                None
            }
            Standing::Final | Standing::Intended(_) if self.is_as_before(change) => None,
            Standing::Intended(_) if self.is_as_wanted(change) => Some(self.inverse(change)),
            Standing::Final if self.is_refused_deletion(row, change) => {
                let message = format!(
                    "the PBX refused to delete it in run {}, and it is there; somebody else has changed it since",
                    self.run
                );
                let (unchanged, code) = (RowResult::Unchanged, "undo.not_done");
                Some(not_reverted(change, unchanged, code, None, message, ""))
            }
            Standing::Final | Standing::Intended(_) if self.has_lost(change) => {
                Some(self.put_back(change, &self.now(change)?))
            }
            Standing::Final | Standing::Intended(_) => {
                let message = format!(
                    "run {} did not finish with this {}, and it is not as it was before; rowcall did not change it",
                    self.run,
                    change.wanted.noun()
                );
                let hint = match standing {
                    Standing::Intended(_) => {
                        format!("rowcall resume {} finishes it first", self.run)
                    }
                    _ => "look at it on the PBX".to_owned(),
                };
                Some(not_reverted(
                    change,
                    RowResult::Unknown,
                    "undo.not_finished",
                    None,
                    message,
                    &hint,
                ))
            }
        }
    }

    /// Returns true for a deletion that the PBX refused, and that has certainly not taken a part of the extension away.
    fn is_refused_deletion(&self, row: &PlannedRow, change: &Change) -> bool {
        change.action == Action::Delete
            && row.outcome.result == RowResult::Rejected
            && !self.manifest.ability.deletes_in_parts
            && self.current.contains_key(&change.number)
    }

    /// Returns true if the PBX has what a change was about to do; false where that cannot be seen.
    fn is_as_wanted(&self, change: &Change) -> bool {
        match (change.action, self.now(change)) {
            (Action::Create | Action::Update, Some(now)) => {
                let fields = differing(self.manifest, &change.wanted, &now);
                fields.iter().all(|field| self.is_lost(*field, &now))
                    && unread(self.manifest, &change.wanted, &now).is_empty()
            }
            (Action::Delete, None) => change.before.is_some(),
            _ => false,
        }
    }

    /// The extension that a change was about, as the PBX has it now.
    fn now(&self, change: &Change) -> Option<Record> {
        let now = self.current.get(change.present_number())?;
        Some(change.hiding(now.clone()))
    }

    fn inverse(&self, change: &Change) -> PlannedRow {
        let now = self.now(change);
        match (change.action, now.as_ref()) {
            (Action::Create, None) => already_as_before(change, Action::Delete),
            (Action::Create, Some(now)) => self.uncreate(change, now),
            // There were parts alone.
            (Action::Delete, None) if change.before.is_none() => {
                already_as_before(change, Action::Create)
            }
            (Action::Delete, None) => self.recreate(change),
            (Action::Delete, Some(_)) if self.is_as_before(change) => {
                already_as_before(change, Action::Create)
            }
            (Action::Delete, Some(now)) => {
                let before = change.before.clone().unwrap_or_default();
                self.drifted(change, &before, now)
            }
            (Action::Update, _) if self.reads_as_before(change) => self.still_lost(change),
            (Action::Update, Some(now)) => self.restore(change, now),
            (Action::Update, None) | (Action::None, _) => {
                let message = format!(
                    "the PBX does not have the {} any more that run {} changed",
                    change.wanted.noun(),
                    self.run
                );
                let hint = "make it again from an export or a sheet, if it is needed";
                not_reverted(change, RowResult::Drifted, "drifted", None, message, hint)
            }
        }
    }

    /// Returns true if the PBX has the record from before the change; false where that cannot be known.
    fn is_as_before(&self, change: &Change) -> bool {
        let unseen = change.action == Action::Update && !self.not_restorable(change).is_empty();
        !unseen && self.reads_as_before(change)
    }

    /// Returns true if all readable fields are as they were before the change.
    fn reads_as_before(&self, change: &Change) -> bool {
        let now = self.current.get(&change.number);
        match (&change.before, now) {
            (None, now) => now.is_none(),
            (Some(_), None) => false,
            (Some(before), Some(now)) if change.action == Action::Update => {
                let number = change.wanted.text(Field::NEW_NUMBER);
                let renumbered = number.is_some_and(|number| self.current.contains_key(number));
                !renumbered
                    && self.changed(change).all(|field| {
                        self.restored_text(change, before, now, field) == text_of(now, field)
                    })
                    && with_lost(self.manifest, change, &change.wanted, now)
                        .1
                        .is_empty()
            }
            (Some(before), Some(now)) => differing(self.manifest, before, now).is_empty(),
        }
    }

    /// Builds the line for an update of which only fields are left that cannot be restored.
    fn still_lost(&self, change: &Change) -> PlannedRow {
        let lost = self.not_restorable(change);
        if lost.is_empty() {
            return already_as_before(change, Action::Update);
        }
        let outcome = Outcome {
            number: change.present_number().to_owned(),
            restored_in_part: true,
            ..Outcome::new(opposite(change.action), RowResult::Differs)
        };
        let row = PlannedRow::without_change(without_lost(LOST, &lost, outcome));
        self.with_what_stays(change, row)
    }

    /// The fields that an update wrote and that can be read.
    fn changed<'c>(&'c self, change: &'c Change) -> impl Iterator<Item = Field> + 'c {
        let fields = change.wanted.iter().map(|(field, _)| field);
        fields.filter(move |field| {
            let is_written = !field.is_key() && self.has_access(*field, Access::ReadWrite);
            is_written
                && !self.was_unread(change, *field)
                && !self.is_made_part(change, *field)
                && !self.stays_filled(change, *field)
        })
    }

    /// Returns true for a field of which nobody knows what it had before a change.
    fn was_unread(&self, change: &Change, field: Field) -> bool {
        let row = self.manifest.row(field);
        let before = change.before.as_ref();
        before.is_some_and(|before| row.is_some_and(|row| row.is_unread(before)))
    }

    /// Returns true for a field that was empty in a part that was there, and that cannot be emptied without the part being
    /// taken away.
    fn stays_filled(&self, change: &Change, field: Field) -> bool {
        let before = change.before.as_ref().and_then(|before| before.get(field));
        let row = self.manifest.row(field);
        let is_stuck = row.is_some_and(|row| row.emptied_removes_part) || self.stays_closed(field);
        is_stuck && before.is_some_and(Text::is_empty)
    }

    /// Returns true for the field without which anybody could sign in: an undo opens no extension.
    fn stays_closed(&self, field: Field) -> bool {
        field == Field::SIP_PASSWORD && self.manifest.sip.open_without_secret
    }

    /// The fields that an update filled, that are filled still and that cannot be emptied again.
    fn filled_for_good(&self, change: &Change) -> Vec<Field> {
        self.still_filled(change, |field| self.stays_filled(change, field))
    }

    /// The fields of this kind that an update wrote and that have a text.
    fn still_filled(&self, change: &Change, is_meant: impl Fn(Field) -> bool) -> Vec<Field> {
        let now = self.current.get(change.present_number());
        let fields = change.wanted.iter().map(|(field, _)| field);
        let is_there = |field: &Field| now.is_some_and(|now| !text_of(now, *field).is_empty());
        fields
            .filter(|field| is_meant(*field) && is_there(field))
            .collect()
    }

    /// Returns true for a part that an extension lacked, and that an update made: it is left to it.
    fn is_made_part(&self, change: &Change, field: Field) -> bool {
        let before = change.before.as_ref().and_then(|before| before.get(field));
        let row = self.manifest.row(field);
        row.is_some_and(|row| row.shows_part) && before.is_some_and(Text::is_empty)
    }

    /// The fields of the parts that an update made and that are there.
    fn made_parts(&self, change: &Change) -> Vec<Field> {
        self.still_filled(change, |field| self.is_made_part(change, field))
    }

    /// The same line, with what stays as its reason.
    fn with_what_stays(&self, change: &Change, mut row: PlannedRow) -> PlannedRow {
        let mut filled = self.filled_for_good(change);
        if filled.iter().any(|field| self.stays_closed(*field)) {
            row = kept_closed(row);
            filled.retain(|field| !self.stays_closed(*field));
        }
        if !filled.is_empty() {
            row.outcome.message = format!(
                "stays as the run set it, because emptying it would take away what it belongs to: {}",
                field_names(&filled)
            );
            row.outcome.hint = "empty it on the PBX if it is to be empty".into();
        }
        let parts = self.made_parts(change);
        if !parts.is_empty() {
            row.outcome.message = format!(
                "the part that it lacked before the run, and that the run made, stays: {}",
                field_names(&parts)
            );
            row.outcome.hint = "take it away on the PBX if the extension is to lack it".into();
        }
        row
    }

    /// Finds the fields that an update wrote and that could not be read before.
    fn not_restorable(&self, change: &Change) -> Vec<Field> {
        let fields = change.wanted.iter().map(|(field, _)| field);
        fields
            .filter(|field| *field != Field::NEW_NUMBER && self.was_unread(change, *field))
            .chain(self.made_parts(change))
            .chain(self.filled_for_good(change))
            .collect()
    }

    fn has_access(&self, field: Field, access: Access) -> bool {
        self.manifest
            .row(field)
            .is_some_and(|row| row.access == access)
    }

    /// The text that a field gets back. Of a list only the items that the run added or removed are touched.
    fn restored_text(
        &self,
        change: &Change,
        before: &Record,
        now: &Record,
        field: Field,
    ) -> String {
        let (wanted, before, now) = (
            text_of(&change.wanted, field),
            text_of(before, field),
            text_of(now, field),
        );
        if field.def().kind != Kind::List {
            return before;
        }
        let items = |list: &str| -> Vec<String> { list_items(list).map(str::to_owned).collect() };
        let (wanted_items, before_items) = (items(&wanted), items(&before));
        let mut back = items(&now);
        back.retain(|item| !wanted_items.contains(item) || before_items.contains(item));
        let is_whole = self
            .manifest
            .row(field)
            .is_some_and(|row| row.replaced_whole);
        if wanted.is_empty() || is_whole || self.replaced {
            let taken_out = before_items
                .into_iter()
                .filter(|item| !wanted_items.contains(item));
            for item in taken_out {
                if !back.contains(&item) {
                    back.push(item);
                }
            }
        }
        back.join(";")
    }

    /// Returns true for a part of an extension that the PBX has lost of a run that is doubted.
    fn is_lost(&self, field: Field, now: &Record) -> bool {
        let row = self.manifest.row(field);
        self.may_be_elsewhere && row.is_some_and(|row| row.separate) && is_unset(now, field)
    }

    fn uncreate(&self, change: &Change, now: &Record) -> PlannedRow {
        let fields = differing(self.manifest, &change.wanted, now);
        if !fields.iter().all(|field| self.is_lost(*field, now)) {
            return self.drifted(change, &change.wanted, now);
        }
        self.uncreate_left(change, now)
    }

    /// Deletes an extension that the run created, if all its fields are as the run left them and no other has its
    /// number.
    fn uncreate_left(&self, change: &Change, now: &Record) -> PlannedRow {
        if self.remote.is_ambiguous(now.number()) {
            let record = change.wanted.noun();
            let message = format!(
                "the PBX has more than one {record} {}, and it is not known which of them run {} created; none was deleted",
                now.number(),
                self.run
            );
            let hint =
                "delete those that are not needed on the PBX; once one is left, undo the run again";
            let field = Some(self.manifest.key());
            return not_reverted(
                change,
                RowResult::Unknown,
                "undo.twice",
                field,
                message,
                hint,
            );
        }
        let line = Outcome {
            number: now.number().to_owned(),
            ..Outcome::new(Action::Delete, RowResult::NotSent)
        };
        if let Some(kept) = self.remote.in_use(now.number(), line) {
            return kept;
        }
        if let Some(read_back) = self.read_back.get(&change.row) {
            let mut fields = changed_since(read_back, now, self.key);
            fields.retain(|field| !self.is_lost(*field, now));
            if !fields.is_empty() {
                return self.changed_since(change, &fields, &readable(read_back), now);
            }
        } else if let Some(field) = self.uncertain_field(change, now) {
            return self.uncertain(change, field, now);
        }
        let strange = self.new_attributes.added_attributes(now);
        if !strange.is_empty() {
            let message = format!(
                "it has beside its fields what run {} did not leave there: {}; rowcall did not change it",
                self.run,
                strange.join(", ")
            );
            let hint = "look at it on the PBX; if it is to go: rowcall delete SHEET --from TARGET";
            let (drifted, code) = (RowResult::Drifted, "drifted");
            return not_reverted(change, drifted, code, None, message, hint);
        }
        let rewritten = self.rewritten.get(&change.row);
        if let Some(fields) = rewritten.filter(|fields| !fields.is_empty()) {
            let message = format!(
                "another run has written to it after run {}: {}; rowcall did not change it",
                self.run,
                field_names(fields)
            );
            let hint = "undo the other run first, or delete it: rowcall delete SHEET --from TARGET";
            let field = fields.first().copied();
            return not_reverted(change, RowResult::Drifted, "drifted", field, message, hint);
        }
        revert_row(change, Action::Delete, now.key_only(), Some(now), &[])
    }

    /// Finds a field that the run did not write and of which nobody knows how the run left it.
    fn uncertain_field(&self, change: &Change, now: &Record) -> Option<Field> {
        let fields = self.manifest.field.iter();
        let unwritten = fields.filter(|row| {
            let field = row.name;
            let is_written = change.wanted.get(field).is_some();
            row.access == Access::ReadWrite && !field.is_key() && !field.is_live() && !is_written
        });
        let is_known = |row: &&FieldRow| {
            let current = text_of(now, row.name);
            let is_fresh = |current: String| self.new_values.contains(&(row.name, current));
            let own = row.default.clone().or_else(|| row.filled(now.number()));
            let is_default = match own {
                Some(own) => current == own,
                None => {
                    let has_fresh = self.new_values.iter().any(|(field, _)| *field == row.name);
                    is_unset(now, row.name) && !has_fresh
                }
            };
            is_default || is_fresh(without_own_number(&current, now.number()))
        };
        let mut unsure = unwritten.filter(|row| !is_known(row));
        unsure.next().map(|row| row.name)
    }

    /// Builds the line for an extension that was not read back after the run had created it.
    fn uncertain(&self, change: &Change, field: Field, now: &Record) -> PlannedRow {
        let current = match now.get(field) {
            Some(Text::Secret(_)) => "set".to_owned(),
            _ => format!("{:?}", now.text(field).unwrap_or_default()),
        };
        let message = format!(
            "run {} did not read it back (--verify), so others may have changed it since: {} is {current}; rowcall did not change it",
            self.run,
            field.name()
        );
        let hint = "look at it on the PBX; if it is to go: rowcall delete SHEET --from TARGET";
        let code = "undo.not_read_back";
        not_reverted(change, RowResult::Unknown, code, Some(field), message, hint)
    }

    /// Removes the parts that are left of an extension that is gone, where they are as the run made them.
    fn remove_left(&self, change: &Change, left: &Record) -> PlannedRow {
        let is_as_made = |(field, text): (Field, Text<'_>)| {
            let row = self.manifest.row(field);
            let filled = || row.and_then(|row| row.filled(left.number()));
            let wanted = change.wanted.reveal(field).map(str::to_owned);
            let made = wanted.or_else(filled);
            made.is_none_or(|made| text.reveal() == made)
        };
        let fields: Vec<_> = left.iter().filter(|(field, _)| !field.is_key()).collect();
        if fields.is_empty() || !fields.into_iter().all(is_as_made) {
            let message = format!(
                "the PBX does not have the {} any more that run {} created, but parts of its number that are not as the run made them: they may belong to something else; rowcall did not change them",
                change.wanted.noun(),
                self.run
            );
            let hint = "look at them on the PBX, and remove them there where nothing needs them";
            return not_reverted(change, RowResult::Drifted, "drifted", None, message, hint);
        }
        revert_row(change, Action::Delete, left.key_only(), None, &[])
    }

    fn restore(&self, change: &Change, now: &Record) -> PlannedRow {
        if !differing(self.manifest, &change.wanted, now).is_empty() {
            return self.drifted(change, &change.wanted, now);
        }
        self.put_back(change, now)
    }

    /// Returns true for an update on whose way the extension has lost what it had, and that nobody else has changed since.
    fn has_lost(&self, change: &Change) -> bool {
        let Some(now) = self.now(change) else {
            return false;
        };
        let before = change.before.clone().unwrap_or_default();
        let is_known = |field: Field| {
            let text = text_of(&now, field);
            text.is_empty()
                || [&before, &change.wanted]
                    .map(|one| text_of(one, field))
                    .contains(&text)
        };
        let nothing = change.wanted.key_only();
        !with_lost(self.manifest, change, &nothing, &now)
            .1
            .is_empty()
            && self.changed(change).all(is_known)
    }

    /// The values from before a change, with all that the extension has lost on its way.
    fn put_back(&self, change: &Change, now: &Record) -> PlannedRow {
        let before = change.before.clone().unwrap_or_default();
        let mut wanted = now.key_only();
        for field in self.changed(change) {
            wanted.set(field, self.restored_text(change, &before, now, field));
        }
        let mut wanted = with_lost(self.manifest, change, &wanted, now)
            .0
            .into_owned();
        if now.number() != change.number {
            wanted.set(Field::NEW_NUMBER, change.number.as_str());
        }
        if change.writes_membership()
            && let Some(attributes) = before.attributes()
        {
            // A role in a group goes with the membership.
            wanted.set_attributes(attributes.clone());
        }
        let (action, not_read) = (Action::Update, self.not_restorable(change));
        let unwritable = take_out_unwritable(self.manifest, action, &mut wanted);
        let row = revert_row_in_part(change, action, wanted, Some(now), &not_read, &unwritable);
        self.with_what_stays(change, row)
    }

    fn recreate(&self, change: &Change) -> PlannedRow {
        let mut held = change.before.iter().flat_map(Record::iter);
        if held.any(|(field, text)| text.is_empty() && self.stays_closed(field)) {
            return not_opened(change);
        }
        let mut wanted = change.wanted.key_only();
        let before = change.before.iter().flat_map(Record::iter);
        for (field, text) in before.filter(|(field, text)| {
            !text.is_empty()
                && self.manifest.row(*field).is_some()
                // What was wrong with it is as wanted again.
                && (field.is_flaw() || !self.has_access(*field, Access::ReadOnly))
        }) {
            wanted.set(field, text);
        }
        if let Some(attributes) = change.before.as_ref().and_then(Record::attributes) {
            wanted.set_attributes(attributes.clone());
        }
        let parts = self.parts_without_key(change, &mut wanted);
        let unwritable = take_out_unwritable(self.manifest, Action::Create, &mut wanted);
        let nothing = Record::default();
        let before = change.before.as_ref().unwrap_or(&nothing);
        // They may have been set: they could not be read.
        let lost: Vec<&FieldRow> = self
            .manifest
            .field
            .iter()
            .filter(|row| row.is_unread(before) && row.fill.is_none())
            .filter(|row| row.name != Field::NEW_NUMBER && wanted.get(row.name).is_none())
            .collect();
        let fields: Vec<Field> = lost.iter().map(|row| row.name).collect();
        if lost.iter().any(|row| row.required) {
            return not_made_again(change, &fields);
        }
        let not_read: Vec<Field> = parts.iter().chain(&fields).copied().collect();
        let action = Action::Create;
        let mut row = revert_row_in_part(change, action, wanted, None, &not_read, &unwritable);
        if !parts.is_empty() {
            row.outcome.message = format!(
                "its part of these fields cannot be made again, because it was there without one that it is made with: {}",
                field_names(&row.not_restorable)
            );
            row.outcome.hint = "make it on the PBX".into();
        }
        row
    }

    /// Leaves out what cannot be made again because the field that makes its part was empty; returns those fields.
    fn parts_without_key(&self, change: &Change, wanted: &mut Record) -> Vec<Field> {
        let rows = self.manifest.field.iter();
        let is_lost = |row: &&FieldRow| {
            self.stays_filled(change, row.name)
                || row.kept_with.is_some_and(|with| {
                    self.stays_filled(change, with) && wanted.get(row.name).is_some()
                })
        };
        let fields: Vec<Field> = rows.filter(is_lost).map(|row| row.name).collect();
        fields.iter().for_each(|field| {
            wanted.remove(*field);
        });
        fields
    }

    /// An extension that is not as the run left it.
    fn drifted(&self, change: &Change, expected: &Record, now: &Record) -> PlannedRow {
        let fields = differing(self.manifest, expected, now);
        self.changed_since(change, &fields, expected, now)
    }

    /// An extension of which these fields were changed after the run.
    fn changed_since(
        &self,
        change: &Change,
        fields: &[Field],
        expected: &Record,
        now: &Record,
    ) -> PlannedRow {
        let message = format!(
            "it was changed after run {}: {}; rowcall did not change it",
            self.run,
            differences(fields, expected, now)
        );
        let hint = "if it is to be as before, change it on the PBX";
        not_reverted(
            change,
            RowResult::Drifted,
            "drifted",
            fields.first().copied(),
            message,
            hint,
        )
    }
}

fn text_of(extension: &Record, field: Field) -> String {
    extension.reveal(field).unwrap_or_default().to_owned()
}

/// Collects the texts of fields that the run did not write, as they were read back from extensions that it had created.
fn values_of_new_extensions(past: &StoredRows<'_>) -> BTreeSet<(Field, String)> {
    let changes = past.rows.iter().filter_map(|(row, _)| row.change.as_ref());
    let created = changes.filter(|change| change.action == Action::Create);
    let read = created.filter_map(|change| Some((change, past.read_back.get(&change.row)?)));
    let texts = read.flat_map(|(change, read_back)| {
        let record = readable(read_back);
        let fields = Field::all().filter(|field| change.wanted.get(*field).is_none());
        let texts = fields.map(|field| {
            (
                field,
                without_own_number(&text_of(&record, field), record.number()),
            )
        });
        texts.collect::<Vec<_>>()
    });
    texts.collect()
}

/// Replaces a text that is the extension's own number by `{number}`, so that the texts of all extensions can be compared.
fn without_own_number(text: &str, number: &str) -> String {
    match text == number {
        true => "{number}".to_owned(),
        false => text.to_owned(),
    }
}
