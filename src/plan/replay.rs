//! A saved plan against today's PBX: exactly the planned changes, or a refusal that names the rows whose extensions
//! changed.

use super::decide::{ComparedRow, Decision, keeping_memberships};
use super::dependents::block_dependents;
use super::file::{PlanSecrets, SavedPlan, SavedRow};
use super::remote::RemoteState;
use super::{Plan, Refusal};
use crate::compare::unread;
use crate::input::FieldHeadings;
use crate::model::counted;
use crate::model::{
    Action, Change, Field, Finding, Mode, Outcome, PlannedRow, Record, RowResult, field_names,
};
use crate::rim::{Exit, Failure, Target, TargetSession};
use crate::rules::Checker;
use crate::seal::Key;
use std::path::{Path, PathBuf};

/// The way on where a row is not as it was planned.
const REPLAN: &str = "plan again, or --on-drift replan plans this row anew";

/// The policy for rows whose extension changed since the plan was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDrift {
    /// Send nothing when anything has changed on the PBX.
    #[default]
    Stop,
    /// Leave these rows out, and send the others.
    Skip,
    /// Plan these rows anew.
    Replan,
}

/// A saved plan that is to be carried out.
pub(crate) struct Replay {
    path: PathBuf,
    plan: SavedPlan,
    bytes: Vec<u8>,
    /// Every line of the report as the plan has it, before the PBX is asked again.
    lines: Vec<Outcome>,
}

/// The secrets of a saved plan, and its key.
pub(crate) struct Unsealed {
    secrets: PlanSecrets,
    key: Key,
}

impl Replay {
    /// Reads a plan. Nothing of it is certain before it is unsealed.
    ///
    /// # Errors
    /// Exit 2 where it cannot be used.
    pub(crate) fn read(path: &Path) -> Result<Replay, Failure> {
        let (plan, bytes) = SavedPlan::read(path)?;
        Ok(Replay {
            path: path.to_owned(),
            lines: plan.rows.iter().map(to_be_decided).collect(),
            plan,
            bytes,
        })
    }

    /// Returns true if the plan was made with this key.
    pub(crate) fn is_made_with(&self, key: &Key) -> bool {
        self.plan.key == key.id()
    }

    /// Opens the sealed file beside the plan.
    ///
    /// # Errors
    /// Exit 2 where the key is another one, or the two files do not belong together.
    pub(crate) fn unseal(&self, key: Key) -> Result<Unsealed, Failure> {
        let secrets = self.plan.unseal(&self.path, &self.bytes, &key)?;
        Ok(Unsealed { secrets, key })
    }

    pub(crate) fn plan(&self) -> &SavedPlan {
        &self.plan
    }

    /// Every line of the report as the plan has it, before the PBX is asked again.
    pub(crate) fn lines(&self) -> &[Outcome] {
        &self.lines
    }

    /// Refuses a target or rules for which the plan was not made.
    ///
    /// # Errors
    /// Exit 3 where the target is another PBX, exit 2 for other rules.
    pub(crate) fn refuse_others(&self, target: &Target) -> Result<(), Failure> {
        refuse_other_pbx(&self.plan, target).map_err(|why| {
            let exit = Exit::Target;
            let failure = unusable(&self.path, why);
            Failure { exit, ..failure }
        })?;
        refuse_other_rules(&self.plan, target).map_err(|why| unusable(&self.path, why))
    }

    /// Compares the plan with the present state of the PBX.
    ///
    /// # Errors
    /// Something changed and `on_drift` stops, the plan contradicts itself, or the PBX cannot be read.
    pub(crate) fn replay(
        &self,
        unsealed: &Unsealed,
        on_drift: OnDrift,
        session: &TargetSession<'_>,
    ) -> Result<Plan, Refusal> {
        let looked_at = self.plan.rows.iter().filter(|row| row.was_looked_at());
        let remote = RemoteState::fetch(session, looked_at.map(|row| row.number.as_str()))?;
        let planner = Planner {
            plan: &self.plan,
            headings: &self.plan.headings,
            mode: self.plan.mode,
            session,
            key: &unsealed.key,
            secrets: &unsealed.secrets,
            remote: &remote,
            replans: on_drift == OnDrift::Replan,
            path: &self.path,
        };
        let lines = self.lines.iter().cloned().enumerate();
        let planned = lines.map(|(position, line)| planner.row(position, line));
        let mut planned: Vec<PlannedRow> = planned.collect::<Result<_, Failure>>()?;
        let moved = |row: &&PlannedRow| row.outcome.result == RowResult::Drifted;
        let moved = planned.iter().filter(moved).count();
        if moved > 0 && on_drift == OnDrift::Stop {
            let failure = Failure::guard(format!(
                "{}: {} changed on the PBX since the plan was made, or could not be read then; nothing was sent",
                session.target().label,
                counted(moved as u64, "row")
            ))
            .hint(
                "plan again; or --on-drift skip leaves them out, --on-drift replan plans them anew",
            );
            let lines = planned.into_iter().map(|row| row.outcome);
            return Err(Refusal {
                lines: Some(lines.collect()),
                ..Refusal::new("drift", failure)
            });
        }
        block_dependents(&remote, &mut planned, &self.plan.headings);
        let rows = self.plan.rows.iter().enumerate();
        let known = rows.filter_map(|(position, row)| {
            Some((position, unsealed.secrets.wanted(position, row)?))
        });
        Ok(Plan {
            rows: planned,
            known: known.collect(),
            on_pbx: remote.numbers.len(),
            extensions: remote.extensions,
            headings: self.plan.headings.clone(),
            input_hash: self.plan.input_hash.clone(),
            ..Plan::default()
        })
    }
}

/// The failure of a plan that cannot be used here.
fn unusable(path: &Path, why: String) -> Failure {
    Failure::usage(format!("{}: {why}", path.display()))
        .hint("plan again: rowcall plan SHEET --to TARGET -o PLAN")
}

/// Refuses a plan for another target.
fn refuse_other_pbx(plan: &SavedPlan, target: &Target) -> Result<(), String> {
    let here = target.place();
    if (&plan.vendor, &plan.address) == (&target.vendor.id.to_owned(), &here) {
        return Ok(());
    }
    Err(format!(
        "it was made for {} at {}, and {} is {here} now; nothing was sent",
        plan.target, plan.address, target.label
    ))
}

/// Refuses a plan made by other rules.
fn refuse_other_rules(plan: &SavedPlan, target: &Target) -> Result<(), String> {
    let rules = target.manifest().version();
    if plan.rules == rules {
        return Ok(());
    }
    Err(format!(
        "it was made by the rules of {}, and these are of {rules}",
        plan.rules
    ))
}

/// Returns a row's line before its extension is read again: a valid row is not sent yet, nor is one whose change could not
/// be looked at, would have been refused or waited for another. A run looks at each before it sends it.
fn to_be_decided(row: &SavedRow) -> Outcome {
    let line = row.outcome();
    match line.result {
        RowResult::Valid => Outcome {
            result: RowResult::NotSent,
            ..line
        },
        _ if !row.changes.is_empty() => undecided(line),
        _ => line,
    }
}

/// The line of a row about which nothing is decided yet.
fn undecided(line: Outcome) -> Outcome {
    Outcome {
        result: RowResult::NotSent,
        code: String::new(),
        field: None,
        column: String::new(),
        message: String::new(),
        hint: String::new(),
        ..line
    }
}

/// Returns true for a row whose extension could not be read when the plan was made, so that nothing was planned for it.
fn is_unplanned(line: &Outcome) -> bool {
    line.action == Action::None && line.result == RowResult::Unknown
}

struct Planner<'p> {
    plan: &'p SavedPlan,
    headings: &'p FieldHeadings,
    mode: Mode,
    session: &'p TargetSession<'p>,
    key: &'p Key,
    secrets: &'p PlanSecrets,
    remote: &'p RemoteState,
    replans: bool,
    path: &'p Path,
}

impl Planner<'_> {
    /// Decides a row by the present record on the PBX; fails where the plan contradicts itself.
    fn row(&self, position: usize, line: Outcome) -> Result<PlannedRow, Failure> {
        let without_change = PlannedRow::without_change;
        let Some(row) = self.plan.rows.get(position) else {
            return Err(unusable(self.path, format!("row {position} is not there")));
        };
        if !row.was_looked_at() {
            return Ok(without_change(line));
        }
        if let Some(unread) = self.remote.unread_row(&row.number, &line) {
            return Ok(unread);
        }
        let known = self.secrets.wanted(position, row);
        let now = self.remote.extensions.get(&row.number);
        let now = now.map(|now| now.clone().hiding(&known.clone().unwrap_or_default()));
        let now = now.as_ref();
        if is_unplanned(&line) {
            return self.unplanned(position, row, line, known, now);
        }
        let moved = row.moved(now, self.key);
        if moved && !self.replans {
            return Ok(without_change(self.drifted(row, line, now)));
        }
        // A creation or an update without a change is in conflict with what is there.
        let is_refused = matches!(line.action, Action::Create | Action::Update)
            && line.result != RowResult::NotSent;
        if !moved && (is_refused || line.result == RowResult::Held) {
            return Ok(without_change(line));
        }
        let Some(wanted) = known else {
            return Err(self.incomplete(row));
        };
        let planned = row.changes.as_slice();
        // A field that was left out because its value was remembered is no longer known to have it.
        let is_left_out = |field: &Field| !planned.contains(field);
        let forgotten = self.mode != Mode::Create
            && row.action != Action::Delete
            && self.unseen(&wanted, now).iter().any(is_left_out);
        if forgotten && !self.replans {
            return Ok(without_change(Outcome {
                message:
                    "what was written to it last and cannot be read back is not known any more"
                        .into(),
                ..self.drifted(row, line, now)
            }));
        }
        let rewritten = match now {
            Some(_) => self.session.rewritten(&wanted, &row.number, &row.marks)?,
            None => vec![],
        };
        if !rewritten.is_empty() && !self.replans {
            let field = rewritten.first().copied();
            let column = self.headings.heading(line.place.as_ref(), field);
            return Ok(without_change(Outcome {
                field,
                column,
                message: format!(
                    "another run has written to it since the plan was made: {}",
                    field_names(&rewritten)
                ),
                ..self.drifted(row, line, now)
            }));
        }
        if moved || forgotten || !rewritten.is_empty() {
            let why = movement_words(row.movements(now, self.key));
            return Ok(self.planned_anew(position, row, line, &wanted, now, &why));
        }
        let compared = ComparedRow {
            manifest: self.session.manifest(),
            wanted: &wanted,
            current: now,
            is_written: &|field| !planned.contains(&field),
        };
        self.as_planned(position, row, line, compared)
    }

    fn incomplete(&self, row: &SavedRow) -> Failure {
        let why = format!("the wanted values of {} are incomplete", row.number);
        unusable(self.path, why)
    }

    /// Looks again at a row that could not be read when the plan was made: where it is as wanted it is done, otherwise it
    /// has no change that anybody has seen.
    fn unplanned(
        &self,
        position: usize,
        row: &SavedRow,
        line: Outcome,
        known: Option<Record>,
        now: Option<&Record>,
    ) -> Result<PlannedRow, Failure> {
        let wanted = known.ok_or_else(|| self.incomplete(row))?;
        let why = "it could not be read when the plan was made, so the plan has no change for it";
        let planned = self.planned_anew(position, row, undecided(line), &wanted, now, why);
        if planned.change.is_none() || self.replans {
            return Ok(planned);
        }
        Ok(PlannedRow::without_change(Outcome {
            action: Action::None,
            result: RowResult::Drifted,
            code: "drifted".into(),
            message: why.into(),
            hint: REPLAN.into(),
            ..planned.outcome
        }))
    }

    /// Plans a row of which nothing has changed since: it gets the change that was planned.
    ///
    /// # Errors
    /// Exit 2 where it would be another one.
    fn as_planned(
        &self,
        position: usize,
        row: &SavedRow,
        line: Outcome,
        compared: ComparedRow<'_>,
    ) -> Result<PlannedRow, Failure> {
        let change = match self.decide(position, row, compared) {
            Some(Decision::Change(change)) => Some(change),
            Some(_) | None => None,
        };
        let action = change.as_ref().map_or(Action::None, |change| change.action);
        let written = change.as_ref().map(Change::fields).unwrap_or_default();
        if action != line.action || written != row.changes {
            let why = format!(
                "what would be done to {} is no longer what was planned",
                row.number
            );
            return Err(unusable(self.path, why));
        }
        let planned = match change {
            Some(change) => PlannedRow::to_send(line, change),
            None => PlannedRow::without_change(line),
        };
        Ok(keeping_memberships(
            planned,
            compared.wanted,
            compared.current,
            compared.manifest,
        ))
    }

    /// Decides the row's request; `None` where it is a deletion and the extension is not there.
    fn decide(
        &self,
        position: usize,
        row: &SavedRow,
        compared: ComparedRow<'_>,
    ) -> Option<Decision> {
        if row.action != Action::Delete {
            return Some(compared.decide(self.mode, position));
        }
        Some(Decision::Change(Change {
            row: position,
            action: Action::Delete,
            number: row.number.clone(),
            wanted: compared.wanted.clone(),
            before: Some(compared.current?.clone()),
        }))
    }

    /// The fields that are wanted, cannot be read, and are not remembered.
    fn unseen(&self, wanted: &Record, now: Option<&Record>) -> Vec<Field> {
        let Some(now) = now else { return vec![] };
        let mut unseen = unread(self.session.manifest(), wanted, now);
        unseen.retain(|field| {
            let text = wanted.get(*field).unwrap_or_default();
            !self.session.was_written(now, *field, text)
        });
        unseen
    }

    fn drifted(&self, row: &SavedRow, line: Outcome, now: Option<&Record>) -> Outcome {
        let movements = row.movements(now, self.key);
        let field = movements.first().and_then(|(field, _)| *field);
        Outcome {
            result: RowResult::Drifted,
            code: "drifted".into(),
            field,
            column: self.headings.heading(line.place.as_ref(), field),
            message: movement_words(movements),
            hint: REPLAN.into(),
            ..line
        }
    }

    /// Plans the row as if it were in a sheet of today, for this reason.
    fn planned_anew(
        &self,
        position: usize,
        row: &SavedRow,
        line: Outcome,
        wanted: &Record,
        now: Option<&Record>,
        why: &str,
    ) -> PlannedRow {
        let manifest = self.session.manifest();
        let column = |field| self.headings.heading(line.place.as_ref(), field);
        let fresh = Outcome {
            action: Action::None,
            message: format!("planned anew, because {why}"),
            ..undecided(line.clone())
        };
        let unseen = self.unseen(wanted, now);
        let is_written = |field: Field| !unseen.contains(&field);
        let compared = ComparedRow {
            manifest,
            wanted,
            current: now,
            is_written: &is_written,
        };
        let Some(decision) = self.decide(position, row, compared) else {
            let outcome = Outcome {
                action: Action::Delete,
                result: RowResult::Unchanged,
                ..fresh
            };
            return PlannedRow::without_change(outcome);
        };
        let deletes =
            matches!(&decision, Decision::Change(change) if change.action == Action::Delete);
        if deletes {
            return compared.planned(decision, fresh, &column);
        }
        let (checker, mut findings) = (Checker::without_sheet(manifest), vec![]);
        checker.extension(
            wanted,
            self.remote.purpose(self.mode, &row.number),
            &mut findings,
        );
        if let Some(now) = now.filter(|_| self.mode != Mode::Create) {
            checker.merged(wanted, now, &mut findings);
        }
        if findings.iter().any(Finding::is_error) {
            let told = fresh.with_findings(findings, |finding| column(finding.field));
            return PlannedRow::without_change(Outcome {
                result: RowResult::Invalid,
                ..told
            });
        }
        compared.planned(decision, fresh, &column)
    }
}

/// The changes of an extension since the plan was made, as the message of a row; at most six are named.
fn movement_words(movements: Vec<(Option<Field>, String)>) -> String {
    const SHOWN_MAX: usize = 6;
    let more = movements.len().saturating_sub(SHOWN_MAX);
    let shown = movements
        .into_iter()
        .take(SHOWN_MAX)
        .map(|(_, words)| words);
    let more = match more {
        0 => None,
        1 => Some("1 more field".to_owned()),
        more => Some(format!("{more} more fields")),
    };
    let words: Vec<String> = shown.chain(more).collect();
    format!(
        "changed on the PBX since the plan was made: {}",
        words.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rim::PaceOptions;

    #[test]
    fn a_plan_by_other_rules_or_for_another_make_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::load_or_make(Some(&folder.path().join("key"))).unwrap();
        let pace = PaceOptions::default();
        let target = Target::resolve("sim:openvox", None, &pace).unwrap();
        let plan = SavedPlan::for_target(&target, "sim:openvox", &key);
        let refused = |plan: SavedPlan| {
            refuse_other_pbx(&plan, &target).and_then(|()| refuse_other_rules(&plan, &target))
        };
        assert_eq!(refused(plan.clone()), Ok(()));
        let rules = SavedPlan {
            rules: "2001-01-01".into(),
            ..plan.clone()
        };
        assert!(refused(rules).unwrap_err().contains("2001-01-01"));
        let vendor = SavedPlan {
            vendor: "ozeki".into(),
            ..plan.clone()
        };
        assert!(refused(vendor).is_err());
        let address = SavedPlan {
            address: "sim:openvox?seed=1".into(),
            ..plan
        };
        assert!(refused(address).unwrap_err().contains("seed=1"));
    }
}
