//! The rows of a migration: the records of the one PBX as the other one is to have them, decided three ways: by both
//! present records and the agreement of the last run.

use super::decide::{keeping_memberships, using_others};
use super::dependents::block_dependents;
use super::origin::{Endpoint, MigrationSource, SourceExtension};
use super::remote::RemoteState;
use super::{Plan, Refusal};
use crate::check::{KeptContent, KeptRow, check_kept};
use crate::compare::differences;
use crate::dialects::{ProductFile, file_word};
use crate::input::FieldHeadings;
use crate::ledger::StateDir;
use crate::manifest::{Access, Manifest, Purpose};
use crate::mapping::{Collision, MappedRecord, Mapping, Renumbering};
use crate::migrate::{Agreement, Base, Loss, MergeStep, merge_step};
use crate::model::{
    Action, Change, Field, Finding, Outcome, PlannedRow, Record, RowResult, RuleId, Severity,
    SheetSecrets,
};
use crate::rim::{Failure, Target, TargetSession};
use crate::rules::{Checker, Country};
use crate::seal::Key;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// The PBX, or the product with an import file, that the extensions go to.
pub(crate) struct MoveTarget {
    pub(crate) end: Endpoint,
    pub(crate) facts: &'static Manifest,
    /// The country whose dialling rules apply there.
    country: Option<Country>,
}

impl MoveTarget {
    pub(crate) fn pbx(target: &Target) -> MoveTarget {
        MoveTarget {
            end: Endpoint::pbx(target),
            facts: target.manifest(),
            country: target.country,
        }
    }

    pub(crate) fn file(file: &ProductFile, facts: &'static Manifest) -> MoveTarget {
        MoveTarget {
            end: Endpoint::file(file, &facts.vendor.name),
            facts,
            country: None,
        }
    }
}

/// One extension that is migrated.
pub(crate) struct Move {
    /// Its number on the source PBX.
    pub(crate) number: String,
    pub(crate) mapped: MappedRecord,
    /// The headings of its cells in a file that no field stands for.
    pub(crate) lost_columns: Vec<String>,
    /// Its line of the report before anything is decided.
    line: Outcome,
}

impl Move {
    /// Returns true if it is switched off and would be on, because the other PBX cannot switch it off.
    pub(crate) fn would_be_switched_on(&self) -> bool {
        let mut entries = self.mapped.entries.iter();
        let lost = Mapping::Dropped { lost: true };
        entries.any(|entry| entry.field == Field::ENABLED && entry.mapping == lost)
    }

    /// Its line with these findings, and those of its row in a file.
    fn judged(&self, mut findings: Vec<Finding>) -> Outcome {
        let mut line = self.line.clone();
        findings.splice(..0, line.findings.drain(..));
        let mut outcome = line.with_findings(findings, |_| String::new());
        if outcome.findings.iter().any(Finding::is_error) {
            outcome.result = RowResult::Invalid;
        }
        outcome
    }
}

/// The extensions of one side, mapped for the other.
pub(crate) struct Transfer {
    pub(crate) to: MoveTarget,
    pub(crate) source: MigrationSource,
    pub(crate) moves: Vec<Move>,
    pub(crate) loss: Loss,
    /// The secrets of all moves.
    secrets: SheetSecrets,
    /// True to bring also fields that were changed by hand on the other PBX to this one's values.
    overwrite: bool,
}

impl Transfer {
    /// Maps every extension; `fill` are the values of fields for which it has nothing.
    ///
    /// # Errors
    /// Exit 2: the number is left out, a field is filled that the other vendor lacks, or the account of the loss does not
    /// add up.
    pub(crate) fn map(
        source: MigrationSource,
        to: MoveTarget,
        renumbering: &Renumbering,
        left_out: BTreeSet<Field>,
        fill: &[(Field, String)],
        overwrite: bool,
    ) -> Result<Transfer, Failure> {
        let facts = to.facts;
        if left_out.contains(&Field::NUMBER) {
            return Err(Failure::usage(
                "an extension cannot be carried without its number",
            ));
        }
        let lacks = |field: Field| {
            let row = facts.row(field);
            row.is_none_or(|row| row.access == Access::ReadOnly)
        };
        if let Some((field, _)) = fill.iter().find(|(field, _)| lacks(*field)) {
            let name = field.name();
            let why = match facts.brought_by(*field) {
                Some(_) => facts.lacks(*field),
                None => format!("{} does not take it", facts.vendor.name),
            };
            let hint = match facts.file {
                Some(_) => format!(
                    "rowcall template --for {} shows its fields",
                    file_word(facts)
                ),
                None => format!("rowcall vendors {} lists its fields", facts.vendor.id),
            };
            return Err(Failure::usage(format!("--fill gives {name}, and {why}")).hint(hint));
        }
        let route = source.route(facts, left_out);
        let (mut moves, mut loss) = (vec![], Loss::default());
        for one in &source.extensions {
            let SourceExtension {
                record,
                lost_columns,
                line,
            } = one;
            let mut mapped = route.map(record, renumbering);
            mapped.fill(fill);
            mapped.leave_out_unkept(facts);
            loss.add(route.count(record), &mapped);
            loss.add_columns(lost_columns);
            let line = Outcome {
                number: mapped.wanted.number().to_owned(),
                ..line.clone()
            };
            moves.push(Move {
                number: record.number().to_owned(),
                mapped,
                lost_columns: lost_columns.clone(),
                line,
            });
        }
        drop(route);
        let mut secrets = SheetSecrets::default();
        for one in &moves {
            secrets.add_record(&one.mapped.wanted);
        }
        for one in &mut moves {
            one.mapped.wanted.hide(&secrets);
        }
        if !loss.adds_up() {
            return Err(
                Failure::usage("the loss report does not add up, so nothing was sent")
                    .hint("this is a mistake in rowcall; migrate by export and import meanwhile"),
            );
        }
        Ok(Transfer {
            source,
            to,
            moves,
            loss,
            overwrite,
            secrets,
        })
    }

    /// Every line of the report before anything is decided.
    pub(crate) fn lines(&self) -> Vec<Outcome> {
        let moves = self.moves.iter().map(|one| &one.line);
        moves.chain(&self.source.vanished).cloned().collect()
    }

    /// The extensions that were listed and not shown when they were read, as rows without a change.
    fn vanished(&self) -> impl Iterator<Item = PlannedRow> {
        let lines = self.source.vanished.iter().cloned();
        lines.map(PlannedRow::without_change)
    }

    /// Loads the state that both PBXes agreed on last; `None` where one of them is simulated.
    ///
    /// # Errors
    /// Exit 2 where the file of the base cannot be used.
    pub(crate) fn base(&self, state: &StateDir, key: &Key) -> Result<Option<Base>, Failure> {
        let (Some(from), Some(to)) = (&self.source.end.identity, &self.to.end.identity) else {
            return Ok(None);
        };
        Ok(Some(Base::load(state, from, to, key)?))
    }

    /// Decides on every extension, by the other PBX's record and the agreement of the last run.
    ///
    /// # Errors
    /// The PBX cannot be read, or a new number is taken.
    pub(crate) fn plan(
        &self,
        base: Option<&Base>,
        key: &Key,
        session: &TargetSession<'_>,
    ) -> Result<(Plan, Vec<MergeStep>), Refusal> {
        let numbers = self.moves.iter().map(|one| one.mapped.wanted.number());
        let mut remote = RemoteState::fetch(session, numbers)?;
        let wanted = self.moves.iter().map(|one| &one.mapped.wanted);
        remote.hide_secrets(wanted, &self.secrets);
        let deciding = Deciding {
            transfer: self,
            base,
            remote: &remote,
            key,
        };
        let steps: Vec<MergeStep> = self.moves.iter().map(|one| deciding.step(one)).collect();
        deciding
            .refuse_numbers(&steps)
            .map_err(|failure| Refusal::new("renumber", failure))?;
        let mut planned = deciding.rows(&steps);
        block_dependents(&remote, &mut planned, &FieldHeadings::default());
        let gone = deciding.gone();
        let notes = gone
            .iter()
            .map(|row| format!("{}: {}", row.outcome.number, row.outcome.message));
        let notes = notes.collect();
        planned.extend(self.vanished());
        planned.extend(gone);
        let plan = Plan {
            rows: planned,
            known: self.known(&steps, &remote),
            on_pbx: remote.numbers.len(),
            extensions: remote.extensions,
            headings: FieldHeadings::default(),
            input_hash: self.source.hash(key),
            notes,
            shortfall: self.source.shortfall.clone(),
            ..Plan::default()
        };
        Ok((plan, steps))
    }

    /// The whole records that are wanted, by position; what was changed on the other PBX by hand is as it is there.
    fn known(&self, steps: &[MergeStep], remote: &RemoteState) -> BTreeMap<usize, Record> {
        let moves = self.moves.iter().zip(steps).enumerate();
        let known = moves.map(|(position, (one, step))| {
            let mut wanted = one.mapped.wanted.clone();
            let current = remote.extensions.get(wanted.number());
            for field in step.kept() {
                match current.and_then(|current| current.get(*field)) {
                    Some(text) => wanted.set(*field, text),
                    None => wanted.remove(*field),
                }
            }
            (position, wanted)
        });
        known.collect()
    }

    /// Works out the agreement that the run makes.
    pub(crate) fn agreement(
        &self,
        base: &Base,
        plan: &Plan,
        steps: &[MergeStep],
        key: &Key,
    ) -> Agreement {
        let manifest = self.to.facts;
        let (mut after, mut agreement) = (base.clone(), base.agreement());
        for (position, (one, step)) in self.moves.iter().zip(steps).enumerate() {
            let kept = step.kept();
            let emptied = one.mapped.emptied(manifest);
            after.agree(&one.number, &one.mapped.wanted, kept, emptied, key);
            let (done, undone) = (after.get(&one.number), base.get(&one.number));
            let undone = undone.filter(|agreed| !agreed.pending);
            let change = plan.rows.get(position).and_then(|row| row.change.as_ref());
            let creates = change.is_some_and(|change| change.action == Action::Create);
            agreement.add(
                position,
                &one.number,
                done.cloned(),
                undone.cloned(),
                creates,
            );
        }
        agreement
    }

    /// Every extension as a row that is created, where nothing is there yet: in a file.
    pub(crate) fn creations(&self) -> Vec<PlannedRow> {
        let facts = self.to.facts;
        let checker = Checker::without_sheet(facts).in_country(self.to.country);
        let kept = self.moves.iter().map(|one| KeptRow {
            checker: &checker,
            content: KeptContent::Record(&one.mapped.wanted),
            purpose: Purpose::Create,
            wanted: &one.mapped.wanted,
            current: None,
            place: one.line.place.as_ref(),
        });
        let found = check_kept(kept, None::<[&str; 0]>);
        let rows = self.moves.iter().zip(found).enumerate();
        rows.map(|(position, (one, mut findings))| {
            findings.extend(self.would_be_on(one));
            let outcome = one.judged(findings);
            if outcome.result == RowResult::Invalid {
                return PlannedRow::without_change(outcome);
            }
            let outcome = Outcome {
                name: one.mapped.wanted.person(),
                ..outcome
            };
            let change = Change {
                row: position,
                action: Action::Create,
                number: one.mapped.wanted.number().to_owned(),
                wanted: one.mapped.wanted.clone(),
                before: None,
            };
            PlannedRow::to_send(outcome, change)
        })
        .chain(self.vanished())
        .collect()
    }

    /// Builds the finding that an extension which is switched off would be on, because the other PBX cannot switch it off.
    fn would_be_on(&self, one: &Move) -> Option<Finding> {
        if !one.would_be_switched_on() {
            return None;
        }
        let message = format!(
            "the extension is switched off at {}, and {} has no field for it: it would be on",
            self.source.end.label, self.to.facts.vendor.name
        );
        let rule = RuleId::about(Field::ENABLED, RuleId::NOT_SUPPORTED);
        let finding = Finding::new(rule, Severity::Error, message);
        let hint = "leave it behind; where it is to be on all the same, say --drop enabled";
        Some(finding.about(Some(Field::ENABLED), None).hint(hint))
    }
}

/// Builds the failure of numbers that would collide.
pub(crate) fn colliding(collisions: &[impl Display]) -> Failure {
    let words: Vec<String> = collisions.iter().map(ToString::to_string).collect();
    Failure::usage(format!(
        "numbers would collide, so nothing was sent: {}",
        words.join("; ")
    ))
    .hint("change the rules, or name other numbers with --renumber-map")
}

/// Decides each extension by the records of both PBXes and their agreement of the last run.
struct Deciding<'d> {
    transfer: &'d Transfer,
    base: Option<&'d Base>,
    remote: &'d RemoteState,
    key: &'d Key,
}

impl Deciding<'_> {
    fn manifest(&self) -> &'static Manifest {
        self.transfer.to.facts
    }

    fn current(&self, one: &Move) -> Option<&Record> {
        self.remote.extensions.get(one.mapped.wanted.number())
    }

    fn step(&self, one: &Move) -> MergeStep {
        let agreed = self.base.and_then(|base| base.get(&one.number));
        let (current, overwrite) = (self.current(one), self.transfer.overwrite);
        merge_step(
            self.manifest(),
            &one.mapped,
            current,
            agreed,
            overwrite,
            self.key,
        )
    }

    /// Refuses new numbers that another extension has on the PBX, and numbers that an extension did not get the last
    /// time.
    fn refuse_numbers(&self, steps: &[MergeStep]) -> Result<(), Failure> {
        let (mut taken, mut moved) = (vec![], vec![]);
        for (one, step) in self.transfer.moves.iter().zip(steps) {
            let new = one.mapped.wanted.number();
            let agreed = self.base.and_then(|base| base.get(&one.number));
            let unchanged = matches!(step, MergeStep::Unchanged { .. });
            match agreed {
                Some(agreed) if agreed.number != new => {
                    moved.push(format!(
                        "{} is {} there and would be {new}",
                        one.number, agreed.number
                    ));
                }
                None if new != one.number && self.current(one).is_some() && !unchanged => {
                    let of = vec![
                        one.number.clone(),
                        format!("an extension of {}", self.transfer.to.end.label),
                    ];
                    taken.push(Collision {
                        number: new.to_owned(),
                        of,
                    });
                }
                _ => {}
            }
        }
        if !moved.is_empty() {
            return Err(Failure::usage(format!(
                "extensions got other numbers at the last run, so nothing was sent: {}",
                moved.join("; ")
            ))
            .hint("use the same new numbers, or renumber them on the PBX and use those"));
        }
        match taken.is_empty() {
            true => Ok(()),
            false => Err(colliding(&taken)),
        }
    }

    /// Every extension as a planned row.
    fn rows(&self, steps: &[MergeStep]) -> Vec<PlannedRow> {
        let manifest = self.manifest();
        let checker = Checker::without_sheet(manifest).in_country(self.transfer.to.country);
        let kept = self.transfer.moves.iter().zip(steps).map(|(one, step)| {
            let (purpose, wanted) = match step {
                MergeStep::Update { wanted, .. } => (Purpose::Update, wanted),
                // Extensions that are left alone count beside the others.
                _ => (Purpose::Create, &one.mapped.wanted),
            };
            KeptRow {
                checker: &checker,
                content: KeptContent::Record(&one.mapped.wanted),
                purpose,
                wanted,
                current: self.current(one),
                place: one.line.place.as_ref(),
            }
        });
        let on_pbx = self.remote.numbers.iter().map(String::as_str);
        let found = check_kept(kept, Some(on_pbx));
        let rows = self
            .transfer
            .moves
            .iter()
            .zip(steps)
            .zip(found)
            .enumerate()
            .map(|(position, ((one, step), mut findings))| {
                let number = one.mapped.wanted.number();
                if one.line.findings.iter().any(Finding::is_error) {
                    return PlannedRow::without_change(one.judged(vec![]));
                }
                if let Some(unread) = self.remote.unread_row(number, &one.line) {
                    return unread;
                }
                let (action, wanted) = match step {
                    MergeStep::Create => (Action::Create, &one.mapped.wanted),
                    MergeStep::Update { wanted, .. } => (Action::Update, wanted),
                    _ => {
                        let row = PlannedRow::without_change(self.no_change_outcome(one, step));
                        return self.keeping_memberships(row, one);
                    }
                };
                if action == Action::Create {
                    findings.extend(self.transfer.would_be_on(one));
                }
                let mut outcome = one.judged(findings);
                if outcome.result == RowResult::Invalid {
                    return PlannedRow::without_change(outcome);
                }
                if let (MergeStep::Update { kept, .. }, true) = (step, outcome.message.is_empty()) {
                    outcome.message = self.kept(one, kept);
                }
                let change = Change {
                    row: position,
                    action,
                    number: wanted.number().to_owned(),
                    wanted: wanted.clone(),
                    before: self.current(one).cloned(),
                };
                self.keeping_memberships(PlannedRow::to_send(outcome, change), one)
            });
        rows.collect()
    }

    fn keeping_memberships(&self, row: PlannedRow, one: &Move) -> PlannedRow {
        let current = self.current(one);
        keeping_memberships(row, &one.mapped.wanted, current, self.manifest())
    }

    /// The outcome of an extension with which nothing is done.
    fn no_change_outcome(&self, one: &Move, step: &MergeStep) -> Outcome {
        let transfer = self.transfer;
        let (from, to) = (&transfer.source.end.label, &transfer.to.end.label);
        let line = one.line.clone();
        let nothing = Record::default();
        let current = self.current(one).unwrap_or(&nothing);
        let differences = |fields: &[Field]| differences(fields, &one.mapped.wanted, current);
        match step {
            MergeStep::Differs(fields) => Outcome {
                result: RowResult::Conflict,
                code: "conflict".into(),
                field: fields.first().copied(),
                message: format!(
                    "{to} has this extension with {}, and no earlier migration made it so; rowcall did not change it",
                    differences(fields)
                ),
                hint: "--overwrite brings it to what the other PBX says".into(),
                ..line
            },
            MergeStep::Both(fields) => Outcome {
                result: RowResult::Conflict,
                code: "conflict".into(),
                field: fields.first().copied(),
                message: format!(
                    "changed on both since the last migration: {to} has {}; rowcall did not change it",
                    differences(fields)
                ),
                hint: "make both the same by hand, or --overwrite brings it to what the other PBX says".into(),
                ..line
            },
            MergeStep::UsesOthers(parts) => using_others(parts, self.manifest(), line),
            MergeStep::Gone => Outcome {
                result: RowResult::Missing,
                code: "missing".into(),
                message: format!("it was migrated from {from} before, and {to} does not have it any more"),
                hint: "--overwrite makes it again; or remove it from the other PBX as well".into(),
                ..line
            },
            MergeStep::Unchanged { kept } => Outcome {
                result: RowResult::Unchanged,
                message: self.kept(one, kept),
                ..line
            },
            MergeStep::Create | MergeStep::Update { .. } => line,
        }
    }

    /// Builds the note on fields that keep what they have there; empty where there are none.
    fn kept(&self, one: &Move, kept: &[Field]) -> String {
        if kept.is_empty() {
            return String::new();
        }
        let names: Vec<&str> = kept.iter().map(|field| field.name()).collect();
        let names = names.join(", ");
        let from = &self.transfer.source.end.label;
        let to = &self.transfer.to.end.label;
        let is_wanted = |field: &Field| one.mapped.wanted.get(*field).is_some();
        match kept.iter().any(is_wanted) {
            true => format!("not changed, because they were set by hand on {to}: {names}"),
            false => format!("not changed, because {from} has nothing for what {to} has: {names}"),
        }
    }

    /// The extensions that earlier runs brought over and that are gone from the source PBX. They stay.
    fn gone(&self) -> Vec<PlannedRow> {
        let source = &self.transfer.source;
        let vanished = source.vanished.iter().map(|line| line.number.as_str());
        let numbers: BTreeSet<&str> = source.numbers().chain(vanished).collect();
        let gone = self
            .base
            .iter()
            .flat_map(|base| base.iter())
            .filter(|(number, agreed)| {
                source.complete
                    && !numbers.contains(number)
                    && self.remote.numbers.contains(&agreed.number)
            });
        let rows = gone.map(|(number, agreed)| {
            PlannedRow::without_change(Outcome {
                number: agreed.number.clone(),
                code: "migrate.gone".into(),
                message: format!(
                    "{} does not have {number} any more; it is kept here",
                    self.transfer.source.end.label
                ),
                hint: "to delete it: rowcall delete SHEET --from TARGET".into(),
                ..Outcome::new(Action::None, RowResult::Unchanged)
            })
        });
        rows.collect()
    }
}
