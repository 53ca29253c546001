//! Remarks on the cells of rows that are sent all the same, printed once for each column and cause: warnings, and the
//! treatment of columns that the vendor has no field for.

use super::InputRows;
use super::losses::is_about_lacking;
use crate::model::{Finding, Severity};
use crate::report::FindingSummary;
use crate::rim::terminal::print_findings;

impl InputRows {
    /// Prints a line for each column and cause: warnings, and the fields that are joined, split, translated or left
    /// out. Rows that are invalid have their own lines; on a terminal `kept` lines of its screen are left for what comes.
    pub(crate) fn print_warnings(&self, kept: usize) {
        print_findings(&self.warnings(), kept);
    }

    /// Sums these up.
    pub(crate) fn warnings(&self) -> FindingSummary {
        let mut summary = FindingSummary::printed_by(self.check_all_command.clone()).of_sent_rows();
        let rows = self.rows.iter().enumerate();
        for (index, row) in rows.filter(|(_, row)| !row.findings.is_empty()) {
            let is_sent = row
                .findings
                .iter()
                .all(|finding| finding.severity != Severity::Error);
            let is_said = |finding: &&Finding| {
                (is_sent && finding.severity == Severity::Warning)
                    || (is_about_lacking(finding) && !finding.is_error())
            };
            let number = match is_sent {
                true => row.wanted.number().to_owned(),
                false => self.shown_number(row),
            };
            for finding in row.findings.iter().filter(is_said) {
                let heading = self.heading(index, finding.field, finding.column);
                summary.add(&row.place, &number, &heading, finding);
            }
        }
        summary
    }
}
