//! Remarks on the cells of rows that are sent all the same, printed once for each column and cause: warnings, and the
//! treatment of columns that the vendor has no field for.

use super::Rows;
use crate::columns::Binding;
use crate::columns::leave_out_flag;
use crate::model::{Finding, RuleId, Severity};
use crate::report::FindingSummary;
use crate::rim::Failure;
use crate::sheet::Sheet;
use std::collections::BTreeMap;

fn is_about_lacking(finding: &Finding) -> bool {
    let kind = finding.rule.kind();
    [RuleId::NOT_SUPPORTED, RuleId::READ_ONLY, RuleId::TRANSLATED].contains(&kind)
}

impl Rows {
    /// Builds a line for each column and cause: warnings, and the fields that are joined, split, translated or left
    /// out. Rows that are invalid have their own lines.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut summary = FindingSummary::default();
        for (index, row) in self.rows.iter().enumerate() {
            let is_sent = row
                .findings
                .iter()
                .all(|finding| finding.severity != Severity::Error);
            let is_said = |finding: &&Finding| {
                (is_sent && finding.severity == Severity::Warning) || is_about_lacking(finding)
            };
            for finding in row.findings.iter().filter(is_said) {
                let heading = self.heading(index, finding.field, finding.column);
                summary.add(&row.place, row.wanted.number(), &heading, finding);
            }
        }
        summary.lines()
    }

    /// The columns without a meaning, with their sheets.
    fn unread_columns(&self) -> Vec<(usize, usize)> {
        let of_sheet = |(sheet, (_, binding)): (usize, &(Sheet, Binding))| {
            let unread = binding.unread().map(move |column| (sheet, column));
            unread.collect::<Vec<_>>()
        };
        self.sheets.iter().enumerate().flat_map(of_sheet).collect()
    }

    /// Refuses rows of which something would be lost.
    ///
    /// # Errors
    /// Exit 4, naming each column with its count and how it is left out.
    pub(crate) fn refuse_losses(&self) -> Result<(), Failure> {
        let mut lost: BTreeMap<(usize, usize, &str), u64> = BTreeMap::new();
        for row in &self.rows {
            let is_lost = |finding: &&Finding| {
                is_about_lacking(finding) && finding.severity == Severity::Warning
            };
            for finding in row.findings.iter().filter(is_lost) {
                let field = finding.field.map_or("", |field| field.name());
                let column = finding.column.unwrap_or(usize::MAX);
                *lost.entry((row.sheet, column, field)).or_default() += 1;
            }
        }
        for (sheet, column) in self.unread_columns() {
            let filled = self.rows.iter().filter(|row| {
                row.sheet == sheet
                    && row
                        .cells()
                        .get(column)
                        .is_some_and(|cell| !cell.trim().is_empty())
            });
            let count = filled.count() as u64;
            if count > 0 {
                lost.insert((sheet, column, ""), count);
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        let heading = |(sheet, column, field): &(usize, usize, &str)| {
            let (sheet, _) = self.sheets.get(*sheet)?;
            let heading = sheet.headings.get(*column)?.trim().to_owned();
            Some(heading).filter(|heading| heading != field)
        };
        let counted = lost.iter().map(|(key, count)| match heading(key) {
            Some(heading) if key.2.is_empty() => format!("{heading} (not read) {count}"),
            Some(heading) => format!("{heading} ({}) {count}", key.2),
            None => format!("{} {count}", key.2),
        });
        let counted: Vec<String> = counted.collect();
        let mut flags: Vec<String> = lost
            .keys()
            .map(|key| leave_out_flag(&heading(key).unwrap_or_else(|| key.2.to_owned())))
            .collect();
        flags.dedup();
        Err(Failure::lossy("columns", &counted, &flags))
    }
}
