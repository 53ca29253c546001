//! `rowcall convert`: the rows of sheets as the file that a product's own import screen reads.

mod written;

use crate::cli::{ConvertArgs, OnLoss};
use crate::columns::AllowedActions;
use crate::dialects::{PREFIX, import_table};
use crate::input::{Rows, open_sheets};
use crate::manifest::{FileFacts, Manifest, Purpose};
use crate::model::RowResult;
use crate::report::{counted, summary_of_sheets};
use crate::rim::outputs::Files;
use crate::rim::target::no_groups;
use crate::rim::terminal::{print, print_data};
use crate::rim::{Context, Exit, Failure};
use jiff::Timestamp;
use serde_json::json;
use written::{extensions, print_steps, report, write_table};

/// Writes the valid rows, and says which are not, what is lost, and what to press.
///
/// # Errors
/// Exit 2 where a sheet cannot be read or a file not be written; 4 where something would be lost and may not be.
pub(super) fn run(args: &ConvertArgs, context: &Context) -> Result<Exit, Failure> {
    let facts = args.to;
    let form = form(facts)?;
    let started = Timestamp::now();
    if args.input.groups {
        return Err(no_groups(facts));
    }
    let input = args.input.options();
    let sheets = open_sheets(&input, facts, AllowedActions::default())?;
    let mut rows = Rows::read(sheets, facts)?.in_country(args.country);
    prepare_files(args, &rows, context)?;
    rows.check(facts, |_| Purpose::Create, None);
    if args.on_loss == OnLoss::Stop {
        rows.refuse_losses()?;
    }
    let (extensions, generated) = extensions(&rows, facts)?;
    if let Some(most) = form.rows_max.filter(|most| extensions.len() > *most) {
        return Err(Failure::usage(format!(
            "{} takes {most} rows at a time, and here are {}",
            facts.vendor.name,
            extensions.len()
        ))
        .hint("split the sheet, and convert one part after the other"));
    }
    if !extensions.is_empty() {
        write_table(args, form, import_table(facts, &extensions))?;
    }
    let counts = report(args, &rows, facts, started)?;
    rows.warnings().iter().for_each(print);
    let file = args.output.display();
    if extensions.is_empty() {
        print(format!("{file}: not written, for no row is valid"));
    } else {
        print(format!(
            "{file}: {} of {} for {}, with passwords in clear; only its owner can read it",
            extensions.len(),
            counted(rows.rows.len() as u64, "row"),
            facts.vendor.name
        ));
        if generated > 0 {
            print(format!(
                "{file}: {} made up; no other file has them",
                counted(generated, "secret")
            ));
        }
        print_steps(args, form);
    }
    let invalid = counts.count(RowResult::Invalid);
    let exit = Exit::done_if(invalid == 0 && !rows.rows.is_empty());
    if args.report.json {
        let target = format!("{PREFIX}{}", facts.vendor.id);
        let counts = json!({ "valid": counts.count(RowResult::Valid), "invalid": invalid });
        let facts = [("counts", counts), ("rows", json!(rows.rows.len()))];
        let summary = summary_of_sheets("convert", &target, facts, started, exit.code());
        print_data(|out| writeln!(out, "{summary}"))?;
    }
    Ok(exit)
}

/// The form of a dialect's file.
///
/// # Errors
/// Exit 2 where the facts are those of a PBX.
fn form(facts: &Manifest) -> Result<&FileFacts, Failure> {
    let form = facts.file.as_ref();
    form.ok_or_else(|| Failure::usage(format!("{} has no import file", facts.vendor.name)))
}

fn prepare_files(args: &ConvertArgs, rows: &Rows, context: &Context) -> Result<(), Failure> {
    let mut files = Files::new(context);
    let map_file = args.input.options().reading.map_file;
    map_file.iter().for_each(|file| files.read(file));
    for (sheet, _) in &rows.sheets {
        files.read(sheet.file.as_ref().as_ref());
    }
    files.written("-o", [&args.output]);
    files.written("--report", &args.report.report);
    files.prepare()
}
