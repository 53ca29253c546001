//! One file of a report: a table for machines, or a page or workbook for people, with a head, the causes, and the
//! person's name beside the number.

use super::columns::{
    ReportLine, fault_line, page_cells, page_columns, table_cells, table_columns,
};
use super::findings::FindingSummary;
use crate::lang::language;
use crate::model::{Finding, Language, Outcome};
use crate::sheet::{Column, Format, MarkedLine, Readers, SheetError, Writer};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// The head of a report for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReportHead {
    pub(crate) title: String,
    /// Names and values, in their order.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// True if all rows are in one table, so that a place needs no name of a file.
    pub(crate) has_one_table: bool,
    /// True if it says which extensions ring.
    pub(crate) has_rings: bool,
}

impl ReportHead {
    /// Builds a head; a fact without a value is left out.
    pub(crate) fn new(
        title: String,
        facts: impl IntoIterator<Item = (&'static str, String)>,
        has_one_table: bool,
    ) -> ReportHead {
        let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
        ReportHead {
            title,
            facts: facts.collect(),
            has_one_table,
            has_rings: false,
        }
    }
}

/// Returns the names of the files or PBXes that outcomes come from, and true if all of them come from one table.
pub(crate) fn origins<'o>(outcomes: impl Iterator<Item = &'o Outcome>) -> (String, bool) {
    let (mut tables, mut files) = (BTreeSet::new(), BTreeSet::new());
    for outcome in outcomes {
        let Some(place) = &outcome.place else {
            continue;
        };
        tables.insert((&*place.file, place.sheet.as_deref()));
        // An extension of a PBX is in no line: the PBX is named, without its number.
        files.insert(match place.line {
            0 => place
                .file
                .rsplit_once(':')
                .map_or(&*place.file, |(pbx, _)| pbx),
            _ => &*place.file,
        });
    }
    (Vec::from_iter(files).join(", "), tables.len() == 1)
}

/// A report that is being written to a file or stream.
pub(crate) struct ReportFile {
    writer: Writer,
    has_one_table: bool,
    has_rings: bool,
    /// The language of its sentences.
    language: Language,
    causes: FindingSummary,
}

impl ReportFile {
    /// Begins a report whose rows are written as they come.
    ///
    /// # Errors
    /// As [`Writer::row_by_row`].
    pub(crate) fn row_by_row(path: &Path, head: &ReportHead) -> Result<ReportFile, SheetError> {
        let format = Format::to_write(&path.to_string_lossy());
        let writer = Writer::row_by_row(path, Readers::Anybody, &columns_of(format, head))?;
        Ok(ReportFile::new(writer, format, head))
    }

    /// Begins such a report in each of these files.
    ///
    /// # Errors
    /// As [`Writer::row_by_row`].
    pub(crate) fn all_row_by_row(
        paths: &[PathBuf],
        head: &ReportHead,
    ) -> Result<Vec<ReportFile>, SheetError> {
        let begin = |path: &PathBuf| ReportFile::row_by_row(path, head);
        paths.iter().map(begin).collect()
    }

    /// Begins a report in a file that takes its place when it is whole.
    ///
    /// # Errors
    /// As [`Writer::replace`].
    pub(crate) fn replace(path: &Path, head: &ReportHead) -> Result<ReportFile, SheetError> {
        let format = Format::to_write(&path.to_string_lossy());
        let writer = Writer::replace(path, Readers::Anybody, &columns_of(format, head))?;
        Ok(ReportFile::new(writer, format, head))
    }

    /// Begins a report as CSV on a stream.
    ///
    /// # Errors
    /// As [`Writer::stream`].
    pub(crate) fn stream(
        out: Box<dyn io::Write + Send>,
        name: &str,
        head: &ReportHead,
    ) -> Result<ReportFile, SheetError> {
        let columns = table_columns(head.has_rings, false);
        let writer = Writer::stream(out, name, Format::Csv, &columns)?;
        Ok(ReportFile::new(writer, Some(Format::Csv), head))
    }

    fn new(mut writer: Writer, format: Option<Format>, head: &ReportHead) -> ReportFile {
        writer.set_title(&head.title);
        for (name, value) in &head.facts {
            writer.add_fact(name, value);
        }
        ReportFile {
            writer,
            has_one_table: head.has_one_table,
            has_rings: head.has_rings,
            language: language_of(format),
            causes: FindingSummary::default(),
        }
    }

    /// Writes the line of an outcome; `heading` is the heading of a finding's column as its sheet has it.
    ///
    /// # Errors
    /// As [`Writer::row`].
    pub(crate) fn put(
        &mut self,
        outcome: &Outcome,
        heading: &dyn Fn(&Finding) -> String,
    ) -> Result<(), SheetError> {
        let mut line = ReportLine {
            outcome,
            found: None,
            has_one_table: self.has_one_table,
            has_rings: self.has_rings,
            language: self.language,
            heading,
        };
        if !self.writer.has_facts() {
            let cells = table_cells(&line);
            return self.writer.row(cells.iter().map(String::as_str));
        }
        let mut lines = fault_line(outcome);
        lines.extend(self.found(outcome, heading));
        let all: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        let found = all.join("\n");
        line.found = Some(&found);
        let cells = match self.writer.is_page() {
            true => page_cells(&line),
            false => table_cells(&line),
        };
        let cells = cells.iter().map(String::as_str);
        self.writer.marked_row(cells, &[], &lines)
    }

    /// Counts the findings of a row; returns a line for each.
    fn found(
        &mut self,
        outcome: &Outcome,
        heading: &dyn Fn(&Finding) -> String,
    ) -> Vec<MarkedLine> {
        let Some(place) = &outcome.place else {
            return vec![];
        };
        let findings = outcome.findings.iter();
        findings
            .map(|finding| {
                let heading = heading(finding);
                let group = self.causes.add(place, &outcome.number, &heading, finding);
                MarkedLine {
                    text: super::findings::statement(finding, &heading, place),
                    tone: finding.severity.tone(),
                    group: Some(group),
                }
            })
            .collect()
    }

    /// Ends the report, with the facts that are known by its end.
    ///
    /// # Errors
    /// As [`Writer::finish`].
    pub(crate) fn finish(mut self, facts: &[(&'static str, String)]) -> Result<(), SheetError> {
        for (name, value) in facts {
            self.writer.add_fact(name, value);
        }
        self.writer.add_extra(self.causes.table());
        self.writer.add_extra(self.causes.sources());
        self.writer.finish()
    }
}

fn columns_of(format: Option<Format>, head: &ReportHead) -> Vec<Column> {
    match format {
        Some(format) if format.is_page() => page_columns(head.has_rings),
        format => table_columns(head.has_rings, format.is_some_and(Format::is_for_people)),
    }
}

/// The language of the people who read tables of a format; `None` where programs read them.
pub(crate) fn reader_of(format: Option<Format>) -> Option<Language> {
    match format {
        None | Some(Format::Csv | Format::Json | Format::JsonLines) => None,
        Some(_) => Some(language()),
    }
}

/// The language of sentences in tables of a format: English where programs read them, else the reader's.
pub(crate) fn language_of(format: Option<Format>) -> Language {
    reader_of(format).unwrap_or(Language::English)
}
