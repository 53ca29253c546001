//! The values of sheets that no field stands for, counted by column.

use super::InputRows;
use super::named::name_in_flags;
use crate::check::Verdict;
use crate::columns::{Binding, leave_out_flag};
use crate::model::redact::heading_shown;
use crate::model::{Field, Finding, RuleId, Severity};
use crate::rim::Failure;
use crate::sheet::{Cells, Sheet};
use std::collections::BTreeMap;
use std::ptr;

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

/// The number of values that would be lost, by their columns.
pub(crate) struct Losses<'s> {
    sheets: Vec<(&'s Sheet, &'s Binding)>,
    counts: BTreeMap<LostColumn, u64>,
}

/// Returns true for a finding about a field that the vendor lacks.
pub(crate) fn is_about_lacking(finding: &Finding) -> bool {
    let kind = finding.rule.kind();
    [RuleId::NOT_SUPPORTED, RuleId::READ_ONLY, RuleId::TRANSLATED].contains(&kind)
}

impl<'s> Losses<'s> {
    /// Starts with none of these sheets counted.
    pub(crate) fn new(sheets: impl Iterator<Item = (&'s Sheet, &'s Binding)>) -> Losses<'s> {
        Losses {
            sheets: sheets.collect(),
            counts: BTreeMap::new(),
        }
    }

    /// Counts the findings of a verdict that tell of a loss.
    pub(crate) fn add_verdict<T>(&mut self, verdict: &Verdict<'_, T>) {
        let sheet = &verdict.table.sheet;
        let mut sheets = self.sheets.iter();
        if let Some(at) = sheets.position(|(known, _)| ptr::eq(*known, sheet)) {
            self.add_findings(at, &verdict.findings);
        }
    }

    /// Counts the findings against a row of a sheet that tell of a loss.
    fn add_findings(&mut self, sheet: usize, findings: &[Finding]) {
        let is_lost =
            |finding: &&Finding| is_about_lacking(finding) && finding.severity == Severity::Warning;
        for finding in findings.iter().filter(is_lost) {
            let (column, field) = (finding.column, finding.field);
            let lost = LostColumn {
                sheet,
                column,
                field,
            };
            *self.counts.entry(lost).or_default() += 1;
        }
    }

    /// Counts the cells of a row of a sheet that no field stands for.
    fn add_unread(&mut self, sheet: usize, cells: &Cells<'_>) {
        let Some((_, binding)) = self.sheets.get(sheet) else {
            return;
        };
        for column in binding.lost(cells) {
            let lost = LostColumn {
                sheet,
                column: Some(column),
                field: None,
            };
            *self.counts.entry(lost).or_default() += 1;
        }
    }

    /// Refuses sheets whose verdicts were counted, where something would be lost, also in columns that are not read.
    ///
    /// # Errors
    /// See [`Losses::refuse`]; exit 2 where a sheet cannot be read any more.
    pub(crate) fn refuse_sheets(&mut self) -> Result<(), Failure> {
        for (at, (sheet, _)) in self.sheets.clone().into_iter().enumerate() {
            for batch in sheet.batches() {
                batch?.rows(|row| self.add_unread(at, &row.cells))?;
            }
        }
        self.refuse()
    }

    /// Refuses sheets of which something would be lost.
    ///
    /// # Errors
    /// Exit 4, naming each column with its count and how it is left out.
    fn refuse(&self) -> Result<(), Failure> {
        if self.counts.is_empty() {
            return Ok(());
        }
        let heading = |lost: &LostColumn| {
            let (sheet, _) = self.sheets.get(lost.sheet)?;
            let heading = sheet.headings.get(lost.column?)?.trim().to_owned();
            Some(heading).filter(|heading| heading != lost.field_name())
        };
        let counted = self.counts.iter().map(|(lost, count)| {
            let heading = heading(lost);
            match (heading.as_deref().map(heading_shown), lost.field) {
                (Some(heading), None) => format!("{heading} (not read) {count}"),
                (Some(heading), Some(field)) => format!("{heading} ({}) {count}", field.name()),
                (None, _) => format!("{} {count}", lost.field_name()),
            }
        });
        let counted: Vec<String> = counted.collect();
        let own_flag = |lost: &LostColumn| {
            let sheet = self.sheets.get(lost.sheet);
            let column = sheet.and_then(|(_, binding)| binding.columns.get(lost.column?));
            let name = column.map_or(lost.field_name(), |column| &column.in_flag);
            let sheet = sheet.and_then(|(sheet, _)| name_in_flags(sheet, self.sheets.len() == 1));
            leave_out_flag(name, sheet.as_deref())
        };
        let mut flags: Vec<String> = self.counts.keys().map(own_flag).collect();
        flags.dedup();
        Err(Failure::lossy("columns", &counted, &flags))
    }
}

impl InputRows {
    /// The headings of a row's cells that no field stands for, as messages show them.
    pub(crate) fn lost_columns(&self, index: usize) -> Vec<String> {
        let row = &self.rows[index];
        let Some((sheet, binding)) = self.sheets.get(row.sheet) else {
            return vec![];
        };
        let cells = row.cells();
        let lost = binding.lost(&cells);
        let headings = lost.filter_map(|column| sheet.headings.get(column));
        let shown = headings.map(|heading| heading_shown(heading.trim()).into_owned());
        shown.collect()
    }

    /// Refuses rows of which something would be lost.
    ///
    /// # Errors
    /// See [`Losses::refuse`].
    pub(crate) fn refuse_losses(&self) -> Result<(), Failure> {
        let mut losses = Losses::new(self.sheets.iter().map(|(sheet, binding)| (sheet, binding)));
        for row in &self.rows {
            losses.add_findings(row.sheet, &row.findings);
            losses.add_unread(row.sheet, &row.cells());
        }
        losses.refuse()
    }
}
