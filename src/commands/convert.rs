//! `rowcall convert`: the rows of sheets as the file that a product's own import screen reads.

use crate::cli::{ConvertArgs, OnLoss};
use crate::columns::AllowedActions;
use crate::dialects::file_word;
use crate::input::{InputRows, open_sheets};
use crate::manifest::Purpose;
use crate::model::{Action, Change, Finding, PlannedRow, RowResult};
use crate::rim::target::no_groups;
use crate::rim::{Context, Exit, Failure};
use crate::run::{FileRequest, RESULT_LINES};

/// Writes the valid rows, and says which are not, what is lost, and what to press.
///
/// # Errors
/// Exit 2 where a sheet cannot be read or a file not be written; 4 where something would be lost and may not be.
pub(super) fn run(args: &ConvertArgs, context: &Context) -> Result<Exit, Failure> {
    let (facts, report) = (args.to, &args.report);
    let secrets = args.secrets.resolve()?;
    let request = FileRequest::new("convert", facts, &args.output, report.options(), secrets)?;
    let check_all_command = args
        .input
        .check_all_command(&file_word(facts), args.country);
    let request = request
        .checked_by(check_all_command.clone())
        .like(args.like.as_ref(), args.losses.on_loss == OnLoss::Report)?;
    if args.input.groups {
        return Err(no_groups(facts));
    }
    let input = args.input.options();
    let sheets = open_sheets(&input, facts, AllowedActions::default())?;
    let mut rows = InputRows::read(sheets, facts)?
        .in_country(args.country)
        .checked_by(check_all_command);
    let mut files = request.files(context);
    let map_file = input.reading.map_file.iter();
    map_file.for_each(|file| files.read(file));
    for (sheet, _) in &rows.sheets {
        files.read(sheet.file.as_ref().as_ref());
    }
    files.prepare_telling()?;
    rows.check(facts, |_| Purpose::Create, None);
    if args.losses.on_loss == OnLoss::Stop {
        rows.refuse_losses()?;
    }
    rows.print_warnings(RESULT_LINES);
    let heading =
        |position: usize, finding: &Finding| rows.heading(position, finding.field, finding.column);
    request.write(creations(&rows), &heading)
}

/// The valid rows as extensions to create, the others as they are.
fn creations(rows: &InputRows) -> Vec<PlannedRow> {
    let planned = rows.rows.iter().enumerate().map(|(index, row)| {
        if !row.is_valid() {
            let outcome = rows.outcome(index, Action::None, RowResult::Invalid);
            return PlannedRow::without_change(outcome);
        }
        let line = rows.outcome(index, Action::None, RowResult::NotSent);
        let change = Change {
            row: index,
            action: Action::Create,
            number: row.wanted.number().to_owned(),
            wanted: rows.wanted_anew(index),
            before: None,
        };
        PlannedRow::to_send(line, change)
    });
    planned.collect()
}
