//! The place that a value came from.

use std::fmt;
use std::sync::Arc;

/// The place of a row in its input, as a person finds it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as it was named on the command line; `-` for standard input.
    pub file: Arc<str>,
    /// The sheet's name within a workbook.
    pub sheet: Option<Arc<str>>,
    /// The line on which the row starts, counted from 1 (the row's number in a workbook); 0 where it is in no file, and
    /// `file` alone is the place.
    pub line: u64,
    /// The line breaks within cells before this row, which make lines of a text file and no rows of a spreadsheet.
    pub cell_breaks: u64,
}

impl fmt::Display for Place {
    /// Writes `file:line`, or `file:Sheet!A7` in a workbook, or the other place that `file` names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sheet {
            _ if self.line == 0 => f.write_str(&self.file),
            None => write!(f, "{}:{}", self.file, self.line),
            Some(sheet) => write!(f, "{}:{}!A{}", self.file, sheet, self.line),
        }
    }
}

impl Place {
    /// The name of a cell in this row as a spreadsheet shows it: column 0 of line 7 is `A7`, where no line break within a
    /// cell is before it.
    pub fn cell(&self, column: usize) -> String {
        cell_name(row_number(self.line, self.cell_breaks), column)
    }

    /// The same, behind the name of its sheet in a workbook: `HQ!A7`.
    #[cfg(feature = "page")]
    pub(crate) fn cell_in_book(&self, column: usize) -> String {
        match &self.sheet {
            None => self.cell(column),
            Some(sheet) => format!("{sheet}!{}", self.cell(column)),
        }
    }
}

/// The number of a row as a spreadsheet counts it, by its line and the line breaks within cells before it.
pub(crate) fn row_number(line: u64, cell_breaks: u64) -> u64 {
    line.saturating_sub(cell_breaks)
}

/// The name of a cell as a spreadsheet shows it: column 0 of row 7 is `A7`.
pub(crate) fn cell_name(row: u64, column: usize) -> String {
    format!("{}{row}", column_letters(column))
}

/// The name of a column, counted from 0, as a spreadsheet shows it: `A` to `Z`, then `AA`.
pub(crate) fn column_letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + (column % 26) as u8));
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_in_a_spreadsheet() {
        for (column, letters) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (51, "AZ"),
            (52, "BA"),
            (701, "ZZ"),
            (702, "AAA"),
        ] {
            assert_eq!(column_letters(column), letters);
        }
    }

    #[test]
    fn a_place_reads_as_file_and_line_or_as_a_cell() {
        let text = Place {
            file: "staff.csv".into(),
            sheet: None,
            line: 7,
            cell_breaks: 0,
        };
        assert_eq!(
            (text.to_string(), text.cell(2)),
            ("staff.csv:7".into(), "C7".into())
        );
        let book = Place {
            file: "staff.xlsx".into(),
            sheet: Some("HQ".into()),
            line: 7,
            cell_breaks: 0,
        };
        assert_eq!(book.to_string(), "staff.xlsx:HQ!A7");
        assert_eq!(book.cell_in_book(1), "HQ!B7");
        let elsewhere = Place {
            file: "hq:0042".into(),
            sheet: None,
            line: 0,
            cell_breaks: 0,
        };
        assert_eq!(elsewhere.to_string(), "hq:0042");
        let below_breaks = Place {
            cell_breaks: 2,
            ..text
        };
        assert_eq!(
            (below_breaks.to_string(), below_breaks.cell(2)),
            ("staff.csv:7".into(), "C5".into())
        );
    }
}
