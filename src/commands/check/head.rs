//! The marked copy and the head of the reports, before anything is checked.

use crate::check::BoundSheet;
use crate::cli::CheckArgs;
use crate::report::marked::{MarkedCopy, ending_of_copy};
use crate::report::{ReportHead, for_people};
use crate::rim::outputs::Files;
use crate::rim::{Failure, account_and_machine};
use jiff::Timestamp;

/// The copy in which findings are marked, where one is wanted.
///
/// # Errors
/// Exit 2 where there are sheets of several files, or the copy is to be no workbook.
pub(super) fn marked_copy<'t>(
    args: &CheckArgs,
    tables: &'t [BoundSheet],
) -> Result<Option<MarkedCopy<'t>>, Failure> {
    let Some(path) = &args.mark else {
        return Ok(None);
    };
    let (Some(table), Some(marked)) = (tables.first(), MarkedCopy::new(tables)) else {
        let why = "--mark copies one file, and several of its sheets only if it is XLSX";
        let hint = "name one sheet, and run it again with another copy for each of the others";
        return Err(Failure::usage(why).hint(hint));
    };
    Files::refuse_ending("--mark", path, &ending_of_copy(&table.sheet))?;
    Ok(Some(marked))
}

/// Builds the head of the reports.
pub(super) fn report_head(tables: &[BoundSheet], product: &str, started: Timestamp) -> ReportHead {
    let mut files: Vec<&str> = tables.iter().map(|table| &*table.sheet.file).collect();
    files.dedup();
    let files = files.join(", ");
    let facts = [
        ("for", product.to_owned()),
        ("command", "check".to_owned()),
        ("read", files.clone()),
        ("by", account_and_machine()),
        ("started", for_people(started)),
    ];
    let title = format!("check of {files} for {product}");
    ReportHead::new(title, facts, tables.len() == 1)
}
