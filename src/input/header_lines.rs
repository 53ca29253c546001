//! The lines of headings that were named: for all sheets of a command, or for single ones.

use super::named::{NamedFiles, sheet_name, sheet_within};
use crate::columns::BEHIND_SHEET;
use crate::rim::Failure;
use crate::sheet::{Header, ReadOptions, Sheet};
use std::fmt;

/// The line of the headings in all sheets, or in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderRow {
    /// The name of the sheet, which may be without its file where one file is read; `None` for all.
    pub(crate) sheet: Option<String>,
    pub(crate) line: u64,
}

#[cfg(feature = "page")]
impl HeaderRow {
    /// The line of all sheets.
    pub(crate) fn of_all(line: u64) -> HeaderRow {
        HeaderRow { sheet: None, line }
    }
}

/// As it is typed.
impl fmt::Display for HeaderRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sheet {
            Some(sheet) => write!(f, "{sheet}{BEHIND_SHEET}{}", self.line),
            None => write!(f, "{}", self.line),
        }
    }
}

/// The lines of headings, each of a sheet by its name in messages.
#[derive(Debug, Default)]
pub(crate) struct HeaderLines {
    of_all: Option<u64>,
    of_sheets: Vec<(String, u64)>,
}

impl HeaderLines {
    /// Finds the sheets that lines are named for.
    ///
    /// # Errors
    /// Exit 2 where a line is named for no file that is read, or two lines for one sheet.
    pub(crate) fn new(rows: &[HeaderRow], files: &NamedFiles) -> Result<HeaderLines, Failure> {
        let mut lines = HeaderLines::default();
        for HeaderRow { sheet, line } in rows {
            let Some(named) = sheet else {
                if lines.of_all.replace(*line).is_some() {
                    let message = "--header-row names two lines for all sheets";
                    return Err(Failure::usage(message));
                }
                continue;
            };
            let name = files
                .sheet(named, None)
                .or_else(|| files.sheet_of_only(named))
                .ok_or_else(|| strange(named, "no file that is read"))?;
            if lines.of_sheets.iter().any(|(known, _)| *known == name) {
                let message = format!("--header-row names two lines for “{name}”");
                return Err(Failure::usage(message));
            }
            lines.of_sheets.push((name, *line));
        }
        Ok(lines)
    }

    /// The options for reading one file.
    pub(crate) fn of_file(&self, file: &str, options: &ReadOptions) -> ReadOptions {
        let mut of_sheets = self.of_sheets.iter();
        let own = of_sheets.find(|(name, _)| name == file);
        let line = own.map(|(_, line)| *line).or(self.of_all);
        let within = self.of_sheets.iter();
        let within =
            within.filter_map(|(name, line)| Some((sheet_within(name, file)?.to_owned(), *line)));
        ReadOptions {
            header: match (line, options.header.headings()) {
                (Some(line), Some(headings)) => Header::Line(line, headings.clone()),
                _ => options.header.clone(),
            },
            header_lines: within.collect(),
            ..options.clone()
        }
    }

    /// Refuses a line for a sheet that was not opened.
    ///
    /// # Errors
    /// Exit 2 where a line is named for a sheet of a workbook that is not read.
    pub(crate) fn refuse_strange(&self, opened: &[Sheet]) -> Result<(), Failure> {
        let is_read = |name: &str| {
            opened.iter().any(|sheet| {
                *sheet.file == *name || sheet_name(&sheet.file, sheet.sheet.as_deref()) == name
            })
        };
        let mut names = self.of_sheets.iter().map(|(name, _)| name);
        match names.find(|name| !is_read(name)) {
            Some(name) => Err(strange(name, "no sheet that is read")),
            None => Ok(()),
        }
    }
}

fn strange(name: &str, what: &str) -> Failure {
    Failure::usage(format!("--header-row names “{name}”, which is {what}"))
        .hint("write the file as the command names it, and behind a workbook ! and its sheet: --header-row 'b.xlsx!Staff: 3'")
}
