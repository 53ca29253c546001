//! `rowcall fix --propose`: certain repairs and likely ones, each marked and with its reason, for a person to accept.

use super::changes::Changes;
use super::told::{print_changed, print_left};
use crate::check::{BoundSheet, CheckOptions, Checked, Counts, Verdict, check};
use crate::cli::FixArgs;
use crate::columns::AllowedActions;
use crate::input::{InputOptions, bound};
use crate::manifest::{Manifest, Purpose};
use crate::model::redact::{NOT_SHOWN, quoted};
use crate::model::{Secret, counted};
use crate::report::marked::{MarkedCopy, ending_of_copy};
use crate::rim::outputs::Files;
use crate::rim::terminal::print;
use crate::rim::{Exit, Failure};
use jiff::Timestamp;

/// Writes the marked copy, and reports every cell that differs in it.
///
/// # Errors
/// Exit 2 where the sheet cannot be read, or the copy or a report cannot be written.
pub(super) fn run(
    args: &FixArgs,
    table: BoundSheet,
    manifest: &Manifest,
    started: Timestamp,
) -> Result<Exit, Failure> {
    Files::refuse_ending("--output", &args.output, &ending_of_copy(&table.sheet))?;
    let tables = [table];
    let [table] = &tables;
    let mut changes = Changes::open(args, &table.sheet)?;
    let Some(mut marked) = MarkedCopy::new(&tables) else {
        return Ok(Exit::Done);
    };
    let mut likely = 0;
    let keep = |checked: &Checked<'_>| {
        let cells = checked.row.cells;
        let cells = (0..cells.len()).map(|at| Secret::new(cells.get(at).unwrap_or_default()));
        Some(cells.collect::<Vec<Secret>>())
    };
    let sink = |mut verdict: Verdict<'_, Vec<Secret>>| -> Result<(), Failure> {
        changes.rows += 1;
        verdict.findings.sort_by_key(|finding| finding.column);
        let mut last = None;
        let cells = verdict.kept.take().unwrap_or_default();
        for mut finding in std::mem::take(&mut verdict.findings) {
            let (repair, proposal) = (finding.repair.take(), finding.proposal.take());
            let is_certain = repair.is_some();
            let (Some(text), Some(column)) = (repair.or(proposal), finding.column) else {
                continue;
            };
            if last.replace(column) == Some(column) {
                continue;
            }
            likely += u64::from(!is_certain);
            let value = cells.get(column).map_or("", Secret::reveal);
            let (place, number) = (&verdict.place, &verdict.number);
            changes.change(place, number, (column, value), &finding, text.reveal())?;
            let change = match finding.hides([value, text.reveal()]) {
                true => format!("{NOT_SHOWN} is written anew"),
                false => format!("{} → {}", quoted(value), quoted(text.reveal())),
            };
            marked.propose(
                verdict.table,
                (verdict.row, place),
                number,
                &finding,
                (column, text),
                (is_certain, change),
            );
        }
        Ok(())
    };
    check(&tables, manifest, options(args), keep, sink)?;
    for line in marked.write(&args.output)? {
        print(line);
    }
    let counts = check_copy(args, manifest)?;
    let (cells, exit) = changes.finish(&counts, started)?;
    match cells {
        0 => print_changed(args, cells, &counts),
        cells => print(format!(
            "{}: {} changed of {}, {likely} of them likely and not certain: look at the marked cells",
            args.output.display(),
            counted(cells, "cell"),
            counted(counts.rows, "row")
        )),
    }
    print_left(args, &counts);
    Ok(exit)
}

fn options(args: &FixArgs) -> CheckOptions<'_> {
    CheckOptions {
        purpose: Purpose::Create,
        on_pbx: None,
        country: args.country,
    }
}

/// Checks the finished copy, for the mistakes left in it.
fn check_copy(args: &FixArgs, manifest: &Manifest) -> Result<Counts, Failure> {
    let mut input: InputOptions = args.input.options();
    input.sheets = vec![args.output.clone()];
    let opened = bound(&input, manifest, AllowedActions::default())?;
    let tables = opened.into_iter().filter_map(|(sheet, binding)| {
        let binding = binding.ok()?;
        Some(BoundSheet { sheet, binding })
    });
    let tables: Vec<BoundSheet> = tables.collect();
    check(&tables, manifest, options(args), |_| None::<()>, |_| Ok(()))
}
