//! The repaired copy: only cells with a finding that carries a repair change.

use super::changes::Changes;
use crate::check::{BoundSheet, CheckOptions, Counts, check};
use crate::cli::FixArgs;
use crate::columns::Binding;
use crate::manifest::{Manifest, Purpose};
use crate::rim::Failure;
use crate::rules::{Checker, Country};
use crate::sheet::{RepairedCopy, Sheet};

/// Writes the copy, under a name of its own until it is kept, and reports each changed cell.
///
/// # Errors
/// Exit 2 where the sheet cannot be read, or the copy or a report cannot be written.
pub(super) fn repaired(
    sheet: &Sheet,
    binding: &Binding,
    manifest: &Manifest,
    args: &FixArgs,
    changes: &mut Changes<'_>,
) -> Result<RepairedCopy, Failure> {
    let checker = Checker::new(manifest, binding).in_country(args.country);
    let (mut findings, mut duplicates) = (vec![], vec![]);
    let mut failed = None;
    let mended = RepairedCopy::write(sheet, &args.output, |row, mends| {
        changes.rows += 1;
        // Findings about several rows together have no repair.
        checker.row(row, Purpose::Create, None, &mut findings, &mut duplicates);
        duplicates.clear();
        findings.sort_by_key(|finding| finding.column);
        let mut last = None;
        for mut finding in findings.drain(..) {
            let (Some(repair), Some(column)) = (finding.repair.take(), finding.column) else {
                continue;
            };
            if last.replace(column) == Some(column) {
                continue;
            }
            if let Err(why) = mends.put(column, repair.clone()) {
                changes.skip(row, column, &finding, &why);
            } else if failed.is_none() {
                let number = checker.number(row.cells);
                let place = sheet.place(row.line, row.cell_breaks);
                let value = row.cells.get(column).unwrap_or_default();
                let changed = (column, value);
                failed = changes
                    .change(&place, number, changed, &finding, repair.reveal())
                    .err();
            }
        }
    });
    match failed {
        Some(failure) => Err(failure),
        None => mended.map_err(Failure::usage),
    }
}

/// Checks the finished copy, for the mistakes left in it.
///
/// # Errors
/// Exit 2 where it cannot be read.
pub(super) fn check_copy(
    copy: Sheet,
    binding: Binding,
    manifest: &Manifest,
    country: Option<Country>,
) -> Result<Counts, Failure> {
    let table = BoundSheet {
        sheet: copy,
        binding,
    };
    let options = CheckOptions {
        purpose: Purpose::Create,
        on_pbx: None,
        country,
    };
    check(&[table], manifest, options, |_| None::<()>, |_| Ok(()))
}
