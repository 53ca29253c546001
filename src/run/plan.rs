//! `rowcall plan`: what an import would do, field by field; nothing is changed.

use super::context::Context;
use super::import::Held;
use super::results::{Results, refuse_input};
use super::rows::{self, Rows};
use super::sending::stoppable;
use super::target::{Address, Target};
use super::{Failure, print, say};
use crate::cli::PlanArgs;
use crate::ledger::Row;
use crate::model::redact::changed;
use crate::model::{Action, Change, Field, Kind, Outcome, RowResult, Text};
use crate::plan::{Budget, guard, uncomparable};
use crate::saved::{Head, SavedPlan, sealed_path};
use crate::seal::{Key, sha256_hex};
use crate::sheet::GENERATE;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Shows the plan, and keeps it where a file is named.
///
/// # Errors
/// Exit 2 or 3; where rows were read by then, each has its outcome in the report all the same.
pub(super) fn run(args: &PlanArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let target =
        Target::resolve(&args.to, context.config(), &args.pace)?.of_rows(args.input.groups)?;
    let manifest = (target.vendor.manifest)();
    let mut rows = Rows::read(rows::open(&args.input, manifest)?, manifest)?;
    let sealed = args.output.as_deref().map(sealed_path);
    let outputs = args.report.report.iter().map(AsRef::as_ref);
    for output in outputs
        .chain(args.output.as_deref())
        .chain(sealed.as_deref())
    {
        refuse_input(output, &rows)?;
    }
    // Before the PBX is asked: without a key there is nothing to keep.
    let key = args.output.as_ref().map(|_| context.key()).transpose()?;
    rows.forget_folders();
    rows.check_unseen(manifest, args.mode);
    let looked = if rows.any_valid() {
        look(args, &target, &mut rows)
    } else {
        let lines = rows.lines().into_iter();
        let invalid = lines.map(|outcome| Row {
            outcome,
            change: None,
        });
        Ok((None, invalid.collect()))
    };
    let open = |lines| Results::open("plan", &target.label, lines, &args.report, None);
    let (held, planned) = match looked {
        Ok(looked) => looked,
        Err(failure) => {
            let mut results = open(rows.lines())?;
            results.rest_not_sent("target", &failure.message, &failure.hint)?;
            results.finish(Some(failure.exit))?;
            return Err(failure);
        }
    };
    let lines: Vec<Outcome> = planned.iter().map(line).collect();
    let mut results = open(lines.clone())?;
    results.quiet = true;
    if !args.report.json {
        let text = text(&planned, manifest);
        print(|out| out.write_all(text.as_bytes()))?;
    }
    let count = held.as_ref().map_or(0, |held| held.numbers.len());
    warn_of_guard(&planned, count);
    if let (Some(path), Some(key)) = (&args.output, &key) {
        save(path, key, args, &target, &rows, held.as_ref(), &planned)?;
    }
    for (position, line) in lines.into_iter().enumerate() {
        results.put(position, line)?;
    }
    results.finish(None)
}

/// What the PBX holds, and what is to become of the rows by that.
fn look(
    args: &PlanArgs,
    target: &Target,
    rows: &mut Rows,
) -> Result<(Option<Held>, Vec<Row>), Failure> {
    let connection = target.connect(&stoppable()?)?;
    let held = Held::read(&connection, target, rows.numbers())?;
    held.check(rows, args.mode, target, &connection)?;
    let planned = held.plan(rows, args.mode, target, &connection)?;
    connection.close();
    Ok((Some(held), planned))
}

/// A planned row's line of the report: what would be sent is valid.
pub(super) fn line(row: &Row) -> Outcome {
    let mut outcome = row.outcome.clone();
    if row.change.is_some() {
        outcome.result = RowResult::Valid;
    }
    outcome
}

fn save(
    path: &Path,
    key: &Key,
    args: &PlanArgs,
    target: &Target,
    rows: &Rows,
    held: Option<&Held>,
    planned: &[Row],
) -> Result<(), Failure> {
    let manifest = (target.vendor.manifest)();
    let head = Head {
        address: address(target),
        groups: target.recipe.groups,
        headings: rows.headings().0,
        held: held.map_or(0, |held| held.numbers.len()),
        input_hash: sha256_hex(&rows.fold()),
        vendor: target.vendor.id.to_owned(),
        mode: args.mode,
        rules: manifest.version(),
        settings: args.pace.settings.iter().cloned().collect(),
        target: target.label.clone(),
        to: args.to.clone(),
    };
    let wanted = |position: usize| {
        let row = rows.rows.get(position).filter(|row| row.is_valid());
        let change = planned.get(position).and_then(|row| row.change.as_ref());
        row.map(|row| &row.wanted)
            .or(change.map(|change| &change.wanted))
    };
    let mut plan = SavedPlan::new(head, key);
    for (position, row) in planned.iter().enumerate() {
        let changes = row.change.as_ref().map(fields).unwrap_or_default();
        let change = row
            .change
            .as_ref()
            .and_then(|change| change.before.as_ref());
        let looked_at = || held?.extensions.get(&row.outcome.number);
        let before = change
            .or_else(looked_at)
            .filter(|_| wanted(position).is_some());
        plan.push(&line(row), wanted(position), changes, before, key);
    }
    let secrets = (0..planned.len()).filter_map(|position| Some((position, wanted(position)?)));
    let sealed = plan.save(path, key, secrets)?;
    say(format!(
        "plan: {}, with what it needs of secrets in {} (only for its owner)",
        path.display(),
        sealed.display()
    ));
    Ok(())
}

/// Where a target is, in words that stand for it on any machine.
pub(super) fn address(target: &Target) -> String {
    match &target.address {
        Address::Sim(faults) => match faults {
            Some(faults) => format!("{}?{faults}", target.label),
            None => target.label.clone(),
        },
        Address::Url(url) => format!("{}+{url}", target.vendor.id),
    }
}

/// The fields that a change writes.
pub(super) fn fields(change: &Change) -> Vec<Field> {
    let fields = change.wanted.iter().map(|(field, _)| field);
    fields.filter(|field| !field.is_key()).collect()
}

/// Says where an import would stop by itself.
pub(super) fn warn_of_guard(planned: &[Row], held: usize) {
    let changes: Vec<Change> = planned
        .iter()
        .filter_map(|row| row.change.clone())
        .collect();
    if let Err(exceeded) = guard(&changes, held, &Budget::default()) {
        say(format!(
            "that is past the budget of one run ({} {}, {} allowed): the import needs {} {}",
            exceeded.wanted, exceeded.kind, exceeded.allowed, exceeded.flag, exceeded.wanted
        ));
    }
}

/// The plan for whoever reads it.
pub(super) fn text(planned: &[Row], manifest: &crate::manifest::Manifest) -> String {
    let mut text = String::new();
    for row in planned {
        let outcome = &row.outcome;
        let word = match &row.change {
            Some(change) => change.action.word(),
            None => outcome.result.word(),
        };
        let _ = write!(text, "{word} {}", outcome.number);
        if let Some(place) = &outcome.place {
            let _ = write!(text, " ({place})");
        }
        match &row.change {
            None if !outcome.message.is_empty() => {
                let _ = writeln!(text, ": {}", outcome.message);
            }
            None => text.push('\n'),
            Some(change) => {
                text.push('\n');
                let unseen: BTreeSet<Field> =
                    uncomparable(manifest, &change.wanted).into_iter().collect();
                for field in fields(change) {
                    let is_whole = manifest.row(field).is_some_and(|row| row.replaced_whole);
                    let words = change_of(field, change, unseen.contains(&field), is_whole);
                    let _ = writeln!(text, "    {}: {words}", field.name());
                }
            }
        }
    }
    let of_action = |action| {
        let changes = planned.iter().filter_map(|row| row.change.as_ref());
        changes.filter(|change| change.action == action).count()
    };
    let of_result = |result| {
        let settled = planned.iter().filter(|row| row.change.is_none());
        settled.filter(|row| row.outcome.result == result).count()
    };
    let _ = write!(
        text,
        "{} to create, {} to update, {} unchanged, {} conflict, {} missing, {} invalid, {} to delete",
        of_action(Action::Create),
        of_action(Action::Update),
        of_result(RowResult::Unchanged),
        of_result(RowResult::Conflict),
        of_result(RowResult::Missing),
        of_result(RowResult::Invalid),
        of_action(Action::Delete)
    );
    match of_result(RowResult::Held) {
        0 => text.push('\n'),
        held => {
            let _ = writeln!(text, ", {held} held");
        }
    }
    text
}

/// What a change does to one field; of a secret only that it does.
fn change_of(field: Field, change: &Change, unseen: bool, is_whole: bool) -> String {
    let held = change.before.as_ref().and_then(|held| held.get(field));
    let wanted = change.wanted.get(field).unwrap_or_default();
    let Some(wanted) = wanted.open() else {
        return match change.action {
            Action::Create if wanted == GENERATE => "generated".into(),
            action => changed(
                action != Action::Create || wanted.is_empty(),
                !wanted.is_empty(),
            )
            .into(),
        };
    };
    let held = held.and_then(Text::open).unwrap_or_default();
    match change.action {
        Action::Create => format!("{wanted:?}"),
        _ if unseen => format!("(not given back) → {wanted:?}"),
        // What is a member already stays one.
        _ if field.def().kind == Kind::List
            && !is_whole
            && !wanted.is_empty()
            && !held.is_empty() =>
        {
            format!("{held:?} → with {wanted:?}")
        }
        _ => format!("{held:?} → {wanted:?}"),
    }
}
