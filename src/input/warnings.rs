//! Remarks on the cells of rows that are sent all the same, printed once for each column and cause: warnings, and the
//! treatment of columns that the vendor has no field for.

use super::Rows;
use crate::columns::Binding;
use crate::columns::leave_out_flag;
use crate::model::{Field, Finding, RuleId, Severity};
use crate::report::FindingSummary;
use crate::rim::Failure;
use crate::sheet::Sheet;
use std::collections::BTreeMap;

fn is_about_lacking(finding: &Finding) -> bool {
    let kind = finding.rule.kind();
    [RuleId::NOT_SUPPORTED, RuleId::READ_ONLY, RuleId::TRANSLATED].contains(&kind)
}

/// A column of which values are lost.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct LostColumn {
    /// Its sheet's position.
    sheet: usize,
    /// Its own position; `None` for values that come from no column.
    column: Option<usize>,
    /// The field that the vendor lacks; `None` where the column is not read.
    field: Option<Field>,
}

impl LostColumn {
    fn field_name(&self) -> &'static str {
        self.field.map_or("", Field::name)
    }
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
        let mut lost: BTreeMap<LostColumn, u64> = BTreeMap::new();
        for row in &self.rows {
            let is_lost = |finding: &&Finding| {
                is_about_lacking(finding) && finding.severity == Severity::Warning
            };
            for finding in row.findings.iter().filter(is_lost) {
                let (column, field) = (finding.column, finding.field);
                let of_sheet = LostColumn {
                    sheet: row.sheet,
                    column,
                    field,
                };
                *lost.entry(of_sheet).or_default() += 1;
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
                let unread = LostColumn {
                    sheet,
                    column: Some(column),
                    field: None,
                };
                lost.insert(unread, count);
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        let heading = |lost: &LostColumn| {
            let (sheet, _) = self.sheets.get(lost.sheet)?;
            let heading = sheet.headings.get(lost.column?)?.trim().to_owned();
            Some(heading).filter(|heading| heading != lost.field_name())
        };
        let counted = lost.iter().map(|(lost, count)| match heading(lost) {
            Some(heading) if lost.field.is_none() => format!("{heading} (not read) {count}"),
            Some(heading) => format!("{heading} ({}) {count}", lost.field_name()),
            None => format!("{} {count}", lost.field_name()),
        });
        let counted: Vec<String> = counted.collect();
        let own_flag = |lost: &LostColumn| {
            let heading = heading(lost);
            leave_out_flag(&heading.unwrap_or_else(|| lost.field_name().to_owned()))
        };
        let mut flags: Vec<String> = lost.keys().map(own_flag).collect();
        flags.dedup();
        Err(Failure::lossy("columns", &counted, &flags))
    }
}
