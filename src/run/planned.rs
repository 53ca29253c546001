//! `rowcall import --plan`: exactly what was planned, or a refusal that names the rows that moved.

use super::Failure;
use super::context::Context;
use super::import::{Held, decided};
use super::plan::{address, fields};
use super::rows::{Headings, forgive_create_only};
use super::secrets::SecretsOut;
use super::sending::{self, Read, Wish, stoppable, to_send};
use super::target::Target;
use crate::cli::{ImportArgs, OnDrift, PaceArgs};
use crate::ledger::Row;
use crate::model::{Action, Change, Finding, Outcome, Record, RowResult};
use crate::plan::{Mode, Verdict, verdict};
use crate::rules::Checker;
use crate::saved::{SavedPlan, SavedRow, Secrets};
use crate::seal::Key;
use std::path::Path;

/// Carries the plan out.
///
/// # Errors
/// Exit 2 where the plan cannot be used here, exit 3 or 4 as for any import; 4 also where something moved.
pub(super) fn run(path: &Path, args: &ImportArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let key = context.present_key()?;
    let (plan, secrets) = SavedPlan::load(path, &key)?;
    let refused = |why: String| {
        Failure::usage(format!("{}: {why}", path.display())).hint("plan again: rowcall plan -o")
    };
    let mode = plan
        .mode()
        .ok_or_else(|| refused("its mode is not known".into()))?;
    let target = resolve(&plan, args, context)?;
    refuse_others(&plan, &target).map_err(refused)?;
    sending::refuse_column_waves(&args.guard, "a plan")?;
    let lines: Option<Vec<Outcome>> = plan.rows.iter().map(to_be_decided).collect();
    let lines = lines.ok_or_else(|| refused("a word in it is not known".into()))?;
    if lines.iter().any(|line| line.action == Action::Delete) {
        sending::refuse_silent_deletes(&target, &args.guard)?;
    }
    let wish = Wish {
        command: "import",
        mode: mode.word(),
        target: &target,
        report: &args.report,
        rejects: None,
        guard: &args.guard,
        secrets: SecretsOut::of(&args.secrets)?,
    };
    wish.secrets.refuse_same(wish.outputs())?;
    let any_invalid = lines.iter().any(|line| line.result == RowResult::Invalid);
    if args.all_or_nothing && any_invalid {
        let why = "nothing is sent unless every row is valid, and some row is not";
        let hint = "mend the invalid rows and plan again, or leave out --all-or-nothing";
        return wish.not_sent(None, lines, "all_or_nothing", (why, hint), None);
    }
    let unusable = |failure: Failure| {
        let why = (failure.message.as_str(), failure.hint.as_str());
        match wish.not_sent(None, lines.clone(), "target", why, Some(failure.exit)) {
            Ok(_) => failure,
            Err(unwritable) => unwritable,
        }
    };
    let lock = wish.lock(context).map_err(unusable)?;
    let stop = stoppable()?;
    let looked_at = plan.rows.iter().filter(|row| row.was_looked_at());
    let numbers = looked_at.map(SavedRow::number);
    let held = target.connect(&stop).and_then(|connection| {
        let held = Held::read(&connection, &target, numbers)?;
        Ok((connection, held))
    });
    let (connection, held) = held.map_err(unusable)?;

    let headings = Headings(plan.headings.clone());
    let planner = Planner {
        plan: &plan,
        headings: &headings,
        mode,
        target: &target,
        key: &key,
        secrets: &secrets,
        held: &held,
        replans: args.on_drift == OnDrift::Replan,
    };
    let decided = lines.iter().enumerate();
    let decided = decided.map(|(position, line)| planner.row(position, line.clone()));
    let mut planned: Vec<Row> = match decided.collect::<Result<_, _>>() {
        Ok(planned) => planned,
        Err(why) => {
            connection.close();
            return Err(unusable(refused(why)));
        }
    };
    let moved = planned
        .iter()
        .filter(|row| row.outcome.result == RowResult::Drifted)
        .count();
    if moved > 0 && args.on_drift == OnDrift::Stop {
        connection.close();
        let failure = Failure::guard(format!(
            "{}: {moved} rows of the plan moved since it was made; nothing was sent",
            target.label
        ))
        .hint("plan again; or --on-drift skip leaves them out, --on-drift replan plans them anew");
        let lines = planned.into_iter().map(|row| row.outcome).collect();
        let why = (failure.message.as_str(), failure.hint.as_str());
        wish.not_sent(None, lines, "drift", why, Some(failure.exit))?;
        return Err(failure);
    }
    held.hold_orphans(&mut planned, &headings);
    let read = Read {
        rows: None,
        headings,
        input_hash: plan.input_hash.clone(),
        seen: None,
    };
    let count = held.numbers.len();
    wish.carry_out_read(context, lock, connection, read, planned, count)
}

/// The plan's target as it is here.
fn resolve(plan: &SavedPlan, args: &ImportArgs, context: &Context<'_>) -> Result<Target, Failure> {
    let planned = plan
        .settings
        .iter()
        .map(|(name, text)| (name.clone(), text.clone()));
    let pace = PaceArgs {
        rate: args.pace.rate,
        parallel: args.pace.parallel,
        batch: args.pace.batch,
        settings: planned.chain(args.pace.settings.iter().cloned()).collect(),
        ca_file: args.pace.ca_file.clone(),
    };
    Target::resolve(&plan.to, context.config(), &pace)?.of_rows(plan.groups)
}

/// Why the plan is not for this target or these rules.
fn refuse_others(plan: &SavedPlan, target: &Target) -> Result<(), String> {
    let here = address(target);
    if (&plan.target, &plan.vendor, &plan.address)
        != (&target.label, &target.vendor.id.to_owned(), &here)
    {
        return Err(format!(
            "it was made for {} at {}, and {} is {here} now",
            plan.target, plan.address, target.label
        ));
    }
    let rules = (target.vendor.manifest)().version();
    if plan.rules != rules {
        return Err(format!(
            "it was made by the rules of {}, and these are of {rules}",
            plan.rules
        ));
    }
    Ok(())
}

/// A row's line before it is looked at again: what was valid is not sent yet.
fn to_be_decided(row: &SavedRow) -> Option<Outcome> {
    let mut line = row.outcome()?;
    if line.result == RowResult::Valid {
        line.result = RowResult::NotSent;
    }
    Some(line)
}

struct Planner<'p> {
    plan: &'p SavedPlan,
    headings: &'p Headings,
    mode: Mode,
    target: &'p Target,
    key: &'p Key,
    secrets: &'p Secrets,
    held: &'p Held,
    replans: bool,
}

impl Planner<'_> {
    /// What becomes of a row now; says where the plan does not hold together.
    fn row(&self, position: usize, line: Outcome) -> Result<Row, String> {
        let settled = |outcome| Row {
            outcome,
            change: None,
        };
        let Some(row) = self.plan.rows.get(position) else {
            return Err(format!("row {position} is not there"));
        };
        if !row.was_looked_at() {
            return Ok(settled(line));
        }
        let now = self.held.extensions.get(row.number());
        let moved = row.moved(now, self.key);
        if moved && !self.replans {
            return Ok(settled(self.drifted(row, line, now)));
        }
        if !moved && line.result == RowResult::Held {
            return Ok(settled(line));
        }
        let Some(wanted) = self.secrets.wanted(position, row) else {
            return Err(format!("what {} wants is not whole", row.number()));
        };
        if moved {
            return Ok(self.planned_anew(position, row, line, &wanted, now));
        }
        let change = match self.decide(position, row, &wanted, now) {
            Some(Verdict::Change(change)) => Some(change),
            Some(_) | None => None,
        };
        let action = change.as_ref().map_or(Action::None, |change| change.action);
        let written = change.as_ref().map(fields).unwrap_or_default();
        if action != line.action || written != row.changes() {
            return Err(format!(
                "{} comes out otherwise than it was planned",
                row.number()
            ));
        }
        Ok(match change {
            Some(change) => to_send(line, change),
            None => settled(line),
        })
    }

    /// What the row asks for by what the PBX holds now; `None` where it is to be deleted and not there.
    fn decide(
        &self,
        position: usize,
        row: &SavedRow,
        wanted: &Record,
        now: Option<&Record>,
    ) -> Option<Verdict> {
        if row.action() != Some(Action::Delete) {
            let manifest = (self.target.vendor.manifest)();
            return Some(verdict(manifest, self.mode, position, wanted, now));
        }
        Some(Verdict::Change(Change {
            row: position,
            action: Action::Delete,
            number: row.number().to_owned(),
            wanted: wanted.clone(),
            before: Some(now?.clone()),
        }))
    }

    fn movements(&self, row: &SavedRow, now: Option<&Record>) -> String {
        const SHOWN_MAX: usize = 6;
        let movements = row.movements(now, self.key);
        let mut words: Vec<String> = movements
            .iter()
            .take(SHOWN_MAX)
            .map(|(_, words)| words.clone())
            .collect();
        if movements.len() > SHOWN_MAX {
            words.push(format!("{} more fields", movements.len() - SHOWN_MAX));
        }
        format!("it moved since the plan was made: {}", words.join("; "))
    }

    fn drifted(&self, row: &SavedRow, line: Outcome, now: Option<&Record>) -> Outcome {
        let field = row
            .movements(now, self.key)
            .first()
            .and_then(|(field, _)| *field);
        Outcome {
            result: RowResult::Drifted,
            code: "drifted".into(),
            field,
            column: self.headings.of(line.place.as_ref(), field),
            message: self.movements(row, now),
            hint: "plan again, or --on-drift replan plans this row anew".into(),
            ..line
        }
    }

    /// The row as if it stood in a sheet of today.
    fn planned_anew(
        &self,
        position: usize,
        row: &SavedRow,
        line: Outcome,
        wanted: &Record,
        now: Option<&Record>,
    ) -> Row {
        let manifest = (self.target.vendor.manifest)();
        let column = |field| self.headings.of(line.place.as_ref(), field);
        let fresh = Outcome {
            action: Action::None,
            result: RowResult::NotSent,
            code: String::new(),
            field: None,
            column: String::new(),
            message: format!("planned anew, because {}", self.movements(row, now)),
            hint: String::new(),
            ..line.clone()
        };
        let Some(verdict) = self.decide(position, row, wanted, now) else {
            let outcome = Outcome {
                action: Action::Delete,
                result: RowResult::Unchanged,
                ..fresh
            };
            return Row {
                outcome,
                change: None,
            };
        };
        let deletes =
            matches!(&verdict, Verdict::Change(change) if change.action == Action::Delete);
        if deletes {
            return decided(fresh, &column, wanted, verdict, now, manifest);
        }
        let (checker, mut findings) = (Checker::without_sheet(manifest), vec![]);
        checker.extension(
            wanted,
            self.held.purpose(self.mode, row.number()),
            &mut findings,
        );
        forgive_create_only(&mut findings, wanted, now);
        if let Some(now) = now.filter(|_| self.mode != Mode::Create) {
            checker.merged(wanted, now, &mut findings);
        }
        if let Some(error) = findings.iter().find(|finding| Finding::is_error(finding)) {
            let outcome = Outcome {
                result: RowResult::Invalid,
                code: error.rule.to_string(),
                field: error.field,
                column: column(error.field),
                message: error.message.clone(),
                hint: error.hint.clone(),
                findings,
                ..fresh
            };
            return Row {
                outcome,
                change: None,
            };
        }
        decided(fresh, &column, wanted, verdict, now, manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved::Head;
    use std::collections::BTreeMap;

    #[test]
    fn a_plan_by_other_rules_or_for_another_make_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::load_or_make(Some(&folder.path().join("key"))).unwrap();
        let pace = PaceArgs::default();
        let target = Target::resolve("sim:openvox", None, &pace).unwrap();
        let head = Head {
            address: address(&target),
            groups: false,
            headings: BTreeMap::new(),
            held: 0,
            input_hash: String::new(),
            vendor: "openvox".into(),
            mode: Mode::Create,
            rules: (target.vendor.manifest)().version(),
            settings: BTreeMap::new(),
            target: target.label.clone(),
            to: "sim:openvox".into(),
        };
        let refused = |head: Head| refuse_others(&SavedPlan::new(head, &key), &target);
        assert_eq!(refused(head.clone()), Ok(()));
        let rules = Head {
            rules: "2001-01-01".into(),
            ..head.clone()
        };
        assert!(refused(rules).unwrap_err().contains("2001-01-01"));
        let vendor = Head {
            vendor: "ozeki".into(),
            ..head.clone()
        };
        assert!(refused(vendor).is_err());
        let address = Head {
            address: "sim:openvox?seed=1".into(),
            ..head
        };
        assert!(refused(address).unwrap_err().contains("seed=1"));
    }
}
