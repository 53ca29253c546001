//! What becomes of the columns that the vendor has no field for, told once a column.

use super::Rows;
use crate::columns::leave_out_flag;
use crate::model::{Finding, RuleId, Severity};
use crate::report::FindingSummary;
use crate::rim::Failure;
use std::collections::BTreeMap;

fn is_about_lacking(finding: &Finding) -> bool {
    let kind = finding.rule.kind();
    [RuleId::NOT_SUPPORTED, RuleId::READ_ONLY, RuleId::TRANSLATED].contains(&kind)
}

impl Rows {
    /// A line a column that is joined, split, translated or left out, what is lost last.
    pub(crate) fn losses(&self) -> Vec<String> {
        let mut summary = FindingSummary::default();
        for (index, row) in self.rows.iter().enumerate() {
            for finding in row
                .findings
                .iter()
                .filter(|finding| is_about_lacking(finding))
            {
                let heading = self.heading(index, finding.field, finding.column);
                summary.add(&row.place, row.wanted.number(), &heading, finding);
            }
        }
        summary.lines()
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
        if lost.is_empty() {
            return Ok(());
        }
        let heading = |(sheet, column, field): &(usize, usize, &str)| {
            let (sheet, _) = self.sheets.get(*sheet)?;
            let heading = sheet.headings.get(*column)?.trim().to_owned();
            Some(heading).filter(|heading| heading != field)
        };
        let counted = lost.iter().map(|(key, count)| match heading(key) {
            Some(heading) => format!("{heading} ({}) {count}", key.2),
            None => format!("{} {count}", key.2),
        });
        let counted: Vec<String> = counted.collect();
        let mut flags: Vec<String> = lost
            .keys()
            .map(|key| leave_out_flag(&heading(key).unwrap_or_else(|| key.2.to_owned())))
            .collect();
        flags.dedup();
        Err(Failure::guard(format!(
            "something would be lost of these columns, so nothing was sent: {}",
            counted.join(", ")
        ))
        .hint(format!(
            "if that is meant: {}; or --on-loss report",
            flags.join(" ")
        )))
    }
}
