//! One changed cell of a repaired copy: as a line, as JSON, and as a row of the report.

use crate::lang::{language, translated};
use crate::model::redact::{NOT_SHOWN, quoted};
use crate::model::{Finding, Place};
use crate::report::column_in_message;
use serde_json::{Value, json};

/// The columns of the report: one line for each changed cell.
pub(super) const HEADINGS: [&str; 9] = [
    "row", "place", "cell", "number", "field", "column", "code", "before", "after",
];

/// A cell that differs in the copy.
pub(super) struct ChangedCell<'c> {
    place: String,
    cell: String,
    number: &'c str,
    field: &'static str,
    heading: &'c str,
    /// The column, as people are told of it.
    column: String,
    code: &'c str,
    is_secret: bool,
    before: &'c str,
    after: &'c str,
}

impl<'c> ChangedCell<'c> {
    /// A cell in the row at `place`, with its value before and after.
    pub(super) fn new(
        place: &Place,
        number: &'c str,
        (column, heading): (usize, &'c str),
        finding: &'c Finding,
        values: [&'c str; 2],
    ) -> ChangedCell<'c> {
        let is_secret = finding.hides(values);
        let [before, after] = values.map(|text| if is_secret { NOT_SHOWN } else { text });
        ChangedCell {
            place: place.to_string(),
            cell: place.cell(column),
            number,
            field: finding.field.map_or("", |field| field.name()),
            heading,
            column: column_in_message(finding.field, heading, language()),
            code: &finding.rule,
            is_secret,
            before,
            after,
        }
    }

    /// The column and the code of the finding: changes that have both in common are alike.
    pub(super) fn cause(&self) -> (String, String) {
        (self.column.clone(), self.code.to_owned())
    }

    pub(super) fn as_json(&self, row: u64) -> Value {
        json!({
            "row": row, "place": self.place, "cell": self.cell, "number": self.number,
            "field": self.field, "column": self.heading, "code": self.code,
            "before": self.before, "after": self.after,
        })
    }

    /// The line on the terminal.
    pub(super) fn line(&self) -> String {
        let (cell, column, code) = (&self.cell, &self.column, self.code);
        if self.is_secret {
            let hidden = translated(NOT_SHOWN);
            return format!("{cell} {column}: {hidden} ({code})");
        }
        let (before, after) = (quoted(self.before), quoted(self.after));
        format!("{cell} {column}: {before} → {after} ({code})")
    }

    /// The cells of the report, under [`HEADINGS`].
    pub(super) fn cells<'r>(&'r self, row: &'r str) -> [&'r str; 9] {
        [
            row,
            &self.place,
            &self.cell,
            self.number,
            self.field,
            self.heading,
            self.code,
            self.before,
            self.after,
        ]
    }
}
