//! One file of a report: a table for machines, or a page or workbook for people, with a head, the causes, and the
//! person's name beside the number.

use super::findings::FindingSummary;
use super::{HEADINGS, cells, result_column};
use crate::model::{Finding, Outcome, with_hint};
use crate::sheet::{Column, Format, MarkedLine, Readers, SheetError, Tone, Writer};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// The columns of a page; the last one has the findings, a line each.
const PAGE_HEADINGS: [&str; 10] = [
    "row",
    "place",
    "number",
    "name",
    "action",
    "result",
    "attempts",
    "http_status",
    "vendor_code",
    "findings",
];

/// The head of a report for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReportHead {
    pub(crate) title: String,
    /// Names and values, in their order.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// True if all rows are in one table, so that a place needs no name of a file.
    pub(crate) has_one_table: bool,
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
        }
    }
}

/// Returns the names of the files that outcomes come from, and true if all of them come from one table.
pub(crate) fn origins<'o>(outcomes: impl Iterator<Item = &'o Outcome>) -> (String, bool) {
    let tables: BTreeSet<(&str, Option<&str>)> = outcomes
        .filter_map(|outcome| outcome.place.as_ref())
        .map(|place| (&*place.file, place.sheet.as_deref()))
        .collect();
    let mut files: Vec<&str> = tables.iter().map(|(file, _)| *file).collect();
    files.dedup();
    (files.join(", "), tables.len() == 1)
}

/// A report that is being written to a file or stream.
pub(crate) struct ReportFile {
    writer: Writer,
    has_one_table: bool,
    causes: FindingSummary,
}

impl ReportFile {
    /// Begins a report whose rows are written as they come.
    ///
    /// # Errors
    /// As [`Writer::row_by_row`].
    pub(crate) fn row_by_row(path: &Path, head: &ReportHead) -> Result<ReportFile, SheetError> {
        let format = Format::to_write(&path.to_string_lossy());
        let writer = Writer::row_by_row(path, Readers::Anybody, &columns_of(format))?;
        Ok(ReportFile::new(writer, head))
    }

    /// Begins a report in a file that takes its place when it is whole.
    ///
    /// # Errors
    /// As [`Writer::replace`].
    pub(crate) fn replace(path: &Path, head: &ReportHead) -> Result<ReportFile, SheetError> {
        let format = Format::to_write(&path.to_string_lossy());
        let writer = Writer::replace(path, Readers::Anybody, &columns_of(format))?;
        Ok(ReportFile::new(writer, head))
    }

    /// Begins a report as CSV on a stream.
    ///
    /// # Errors
    /// As [`Writer::stream`].
    pub(crate) fn stream(
        out: Box<dyn io::Write + Send>,
        name: &str,
    ) -> Result<ReportFile, SheetError> {
        let writer = Writer::stream(out, name, Format::Csv, &table_columns())?;
        Ok(ReportFile::new(writer, &ReportHead::default()))
    }

    fn new(mut writer: Writer, head: &ReportHead) -> ReportFile {
        writer.set_title(&head.title);
        for (name, value) in &head.facts {
            writer.add_fact(name, value);
        }
        ReportFile {
            writer,
            has_one_table: head.has_one_table,
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
        if !self.writer.has_facts() {
            return self.writer.row(cells(outcome).iter().map(String::as_str));
        }
        let mut lines = fault_line(outcome);
        lines.extend(self.found(outcome, heading));
        let all: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        let findings = all.join("\n");
        if self.writer.is_page() {
            let cells = self.page_cells(outcome);
            let cells = cells.iter().map(|cell| &**cell).chain([findings.as_str()]);
            return self.writer.marked_row(cells, &[], &lines);
        }
        let mut cells = cells(outcome);
        if let Some(last) = cells.last_mut() {
            last.clone_from(&findings);
        }
        let cells = cells.iter().chain([&findings]).map(String::as_str);
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

    fn page_cells<'o>(&self, outcome: &'o Outcome) -> [Cow<'o, str>; 9] {
        let place = outcome.place.as_ref().map(|place| match &place.sheet {
            _ if !self.has_one_table => place.to_string(),
            Some(_) => place.cell(0),
            None => place.line.to_string(),
        });
        let refused = (!outcome.result.is_done()).then_some(outcome);
        let owned = |text: Option<String>| Cow::Owned(text.unwrap_or_default());
        [
            owned(outcome.row.map(|row| row.to_string())),
            owned(place),
            Cow::Borrowed(&outcome.number),
            Cow::Borrowed(&outcome.name),
            Cow::Borrowed(outcome.action.word()),
            Cow::Borrowed(outcome.result.word()),
            // Once is the usual case.
            owned((outcome.attempts > 1).then(|| outcome.attempts.to_string())),
            // Rows that went well do not need it.
            owned(refused.and_then(|refused| Some(refused.http_status?.to_string()))),
            owned(refused.and_then(|refused| refused.vendor_code.clone())),
        ]
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

/// Builds the line about a row's outcome, where its findings do not explain it.
fn fault_line(outcome: &Outcome) -> Vec<MarkedLine> {
    let mut findings = outcome.findings.iter();
    let is_told = findings.any(|finding| finding.message == outcome.message);
    if is_told || outcome.message.is_empty() {
        return vec![];
    }
    let tone = match outcome.result.is_done() {
        true => Tone::Plain,
        false => Tone::Bad,
    };
    vec![MarkedLine {
        text: with_hint(&outcome.message, &outcome.hint),
        tone,
        group: None,
    }]
}

fn columns_of(format: Option<Format>) -> Vec<Column> {
    match format {
        Some(format) if format.is_page() => PAGE_HEADINGS.map(page_column).to_vec(),
        _ => table_columns(),
    }
}

fn page_column(heading: &'static str) -> Column {
    let shown = match heading {
        "findings" => FOUND,
        "http_status" => "HTTP",
        "vendor_code" => "code",
        heading => heading,
    };
    Column {
        heading: shown.to_owned(),
        prose: false,
        ..result_column(heading, heading)
    }
}

/// The columns of a table; the name, and what was found without what is found in most rows, only in formats for people.
fn table_columns() -> Vec<Column> {
    let columns = HEADINGS.iter().map(|heading| Column {
        for_people: *heading == NAME,
        hidden: TOLD_BY_FINDINGS.contains(heading),
        ..result_column(heading, heading)
    });
    let found = Column {
        for_people: true,
        ..result_column(FOUND, "findings")
    };
    columns.chain([found]).collect()
}

/// The heading of the findings in formats for people.
const FOUND: &str = "what was found";

/// Columns that a workbook hides: what was found has the same facts for people.
const TOLD_BY_FINDINGS: [&str; 10] = [
    "code",
    "field",
    "column",
    "message",
    "hint",
    "attempts",
    "http_status",
    "elapsed_ms",
    "finished_at",
    "findings",
];

/// The column of the person's name.
const NAME: &str = "name";
