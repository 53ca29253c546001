//! `rowcall verify`: what an import file meant, held against what the product exported afterwards.

mod rows;

use crate::cli::VerifyArgs;
use crate::dialects::file_word;
use crate::input::{FileVerification, InputRow};
use crate::lang::in_language;
use crate::manifest::Access;
use crate::model::counted;
use crate::model::{Field, Outcome, RowResult};
use crate::report::{ReportFile, ReportHead, ResultCounts, for_people, summary_of_sheets};
use crate::rim::outputs::Files;
use crate::rim::terminal::{print, print_data, print_made};
use crate::rim::{Context, Exit, Failure, account_and_machine};
use jiff::Timestamp;
use rows::{read, trouble};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Reads both files, and gives every row of the import file its result.
///
/// # Errors
/// Exit 2 where one cannot be read, or a report cannot be written.
pub(super) fn run(args: &VerifyArgs, context: &Context) -> Result<Exit, Failure> {
    let facts = args.dialect;
    let started = Timestamp::now();
    let mut files = Files::new(context);
    files.read(&args.file);
    files.read(&args.export);
    files.written("--report", &args.report.report);
    files.prepare_telling()?;
    let (wanted, exported) = (read(&args.file, facts)?, read(&args.export, facts)?);
    let mut exported_by_number: BTreeMap<&str, Vec<&InputRow>> = BTreeMap::new();
    for row in &exported.rows {
        exported_by_number
            .entry(row.wanted.number())
            .or_default()
            .push(row);
    }
    exported.rows.iter().filter_map(trouble).for_each(print);
    let unseen: BTreeSet<Field> = facts
        .field
        .iter()
        .filter(|row| wanted.have_value(row.name) && !exported.have_value(row.name))
        .filter(|row| row.access == Access::WriteOnly || !exported.have_column(row.name))
        .map(|row| row.name)
        .collect();
    let mut verification = FileVerification::new(facts, &wanted, &exported, &unseen);
    let outcomes: Vec<Outcome> = (0..wanted.rows.len())
        .map(|index| verification.outcome(index, &exported_by_number))
        .collect();
    let mut counts = ResultCounts::default();
    outcomes.iter().for_each(|outcome| counts.add(outcome));
    report(args, &outcomes, started)?;
    for outcome in outcomes
        .iter()
        .filter(|outcome| outcome.result != RowResult::Created)
    {
        let place = outcome
            .place
            .as_ref()
            .filter(|_| outcome.result == RowResult::Invalid);
        let place = place.map_or_else(String::new, |place| format!("{place}: "));
        print_made(|language| {
            let [result, message] =
                [outcome.result.word(), &outcome.message].map(|text| in_language(text, language));
            vec![format!("{place}{result} {}: {message}", outcome.number)]
        });
    }
    let (file, export) = (args.file.display(), args.export.display());
    for (why, headings) in [
        (
            format!("for {export} has no such column"),
            verification.absent(),
        ),
        (
            format!("where {file} is blank and {export} is not"),
            verification.filled_there(),
        ),
    ] {
        if !headings.is_empty() {
            print(format!("not compared, {why}: {}", headings.join(", ")));
        }
    }
    print_made(|language| {
        let rows = counted(outcomes.len() as u64, "row");
        let [rows, results] =
            [rows, counts.words()].map(|text| in_language(&text, language).into_owned());
        vec![format!("{rows}: {results}")]
    });
    let exit = Exit::done_if(!outcomes.is_empty() && counts.all_well());
    if args.report.json {
        let by_word: BTreeMap<&str, u64> = counts
            .iter()
            .map(|(result, count)| (result.word(), count))
            .collect();
        let target = file_word(facts);
        let facts = [("counts", json!(by_word)), ("rows", json!(outcomes.len()))];
        let summary = summary_of_sheets("verify", &target, facts, started, exit.code());
        print_data(|out| writeln!(out, "{summary}"))?;
    }
    Ok(exit)
}

/// Writes the reports.
///
/// # Errors
/// Exit 2 where one cannot be written.
fn report(args: &VerifyArgs, outcomes: &[Outcome], started: Timestamp) -> Result<(), Failure> {
    let (file, export) = (args.file.display(), args.export.display());
    let head = ReportHead::new(
        format!("{file} against {export}"),
        [
            ("for", args.dialect.vendor.name.clone()),
            ("command", "verify".to_owned()),
            ("read", format!("{file}, {export}")),
            ("by", account_and_machine()),
            ("started", for_people(started)),
        ],
        true,
    );
    for mut report in ReportFile::all_row_by_row(&args.report.report, &head)? {
        for outcome in outcomes {
            report.put(outcome, &|_| String::new())?;
        }
        report.finish(&[])?;
    }
    Ok(())
}
