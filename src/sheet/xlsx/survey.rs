//! The properties of a worksheet that are worth a note, from its tags.

use super::range::{column, last_line};
use super::styles::StyleTable;
use crate::sheet::workbook::links::may_give_link;
use crate::sheet::workbook::merged::MergedRange;
use crate::sheet::workbook::row::{RowMarks, Survey, tag_name, tag_number, tag_value};
use std::collections::{BTreeSet, HashSet};
use std::ops::{Range, RangeInclusive};

/// The survey of one worksheet while its tags come.
pub(super) struct XlsxSurvey<'b> {
    styles: &'b StyleTable,
    /// The shared texts of which a piece is struck through.
    struck_strings: &'b HashSet<usize>,
    /// The rows with a note on a cell.
    noted_lines: BTreeSet<u64>,
    header_line: u64,
    survey: Survey,
    line: u64,
    /// The column of the cell, where it has a font or a fill of its own.
    column: Option<usize>,
    /// The shared formulas that give links.
    link_formulas: HashSet<u64>,
    row: RowMarks,
    /// True within a cell whose style strikes it through.
    is_struck: bool,
    /// True within a cell whose text is a shared one.
    is_shared: bool,
    /// True within a conditional format that marks cells by their content.
    is_conditional: bool,
}

impl<'b> XlsxSurvey<'b> {
    pub(super) fn new(
        survey: Survey,
        styles: &'b StyleTable,
        struck_strings: &'b HashSet<usize>,
        noted_lines: BTreeSet<u64>,
        header_line: u64,
    ) -> XlsxSurvey<'b> {
        XlsxSurvey {
            styles,
            struck_strings,
            noted_lines,
            header_line,
            survey,
            line: 0,
            column: None,
            link_formulas: HashSet::new(),
            row: RowMarks::default(),
            is_struck: false,
            is_shared: false,
            is_conditional: false,
        }
    }

    /// Reads a tag, and the text behind it.
    pub(super) fn read(&mut self, tag: &[u8], text: &[u8]) {
        match tag_name(tag) {
            b"f" => {
                self.survey.formulas += 1;
                self.row.filled = true;
                self.row.struck |= self.is_struck;
                if self.gives_link(tag, text)
                    && let Some(column) = self.column
                {
                    self.take_out_links(self.line..=self.line, column..column + 1);
                }
            }
            b"v" | b"is" if !tag.ends_with(b"/") => {
                self.row.filled = true;
                self.row.struck |= self.is_struck || (self.is_shared && self.is_struck_text(text));
            }
            // Within a text that stands in its cell.
            b"strike" => {
                self.row.struck |= !matches!(tag_value(tag, "val"), Some(b"0" | b"false"));
            }
            b"c" => self.begin_cell(tag),
            b"row" => self.begin_row(tag),
            b"col" if is_on(tag, "hidden") => {
                let first = tag_number(tag, "min").unwrap_or(1).saturating_sub(1);
                let first = usize::try_from(first).unwrap_or(usize::MAX);
                self.survey.hidden_columns.push(first);
            }
            b"mergeCell" => self.add_merged(tag),
            b"hyperlink" => {
                let range = cell_range(tag);
                self.take_out_links(range.first_line..=range.last_line, range.columns);
            }
            b"filterColumn" => self.survey.is_filtered = true,
            b"cfRule" => {
                self.is_conditional = tag_value(tag, "type").is_some_and(is_mark_by_content);
                self.survey.conditional_formats += u64::from(self.is_conditional);
            }
            // Bands of rows are no marks.
            b"formula" if self.is_conditional && memchr::memmem::find(text, b"ROW()").is_some() => {
                self.is_conditional = false;
                self.survey.conditional_formats -= 1;
            }
            name if name.ends_with(b"row") && name.starts_with(b"/") => self.end_row(),
            _ => {}
        }
    }

    pub(super) fn finish(self) -> Survey {
        self.survey
    }

    /// Returns true for the index of a shared text of which a piece is struck through.
    fn is_struck_text(&self, text: &[u8]) -> bool {
        let text = std::str::from_utf8(text).ok();
        let index = text.and_then(|text| text.trim().parse().ok());
        index.is_some_and(|index| self.struck_strings.contains(&index))
    }

    fn begin_row(&mut self, tag: &[u8]) {
        self.line = tag_number(tag, "r").unwrap_or(self.line + 1);
        self.survey.fills.begin();
        self.survey.fonts.begin();
        self.row = RowMarks {
            hidden: is_on(tag, "hidden") || has_no_height(tag_value(tag, "ht")),
            grouped: tag_number(tag, "outlineLevel").is_some_and(|level| level > 0),
            noted: self.noted_lines.contains(&self.line),
            ..RowMarks::default()
        };
    }

    fn begin_cell(&mut self, tag: &[u8]) {
        let style = tag_number(tag, "s").unwrap_or(0) as usize;
        self.is_struck = self.styles.is_struck(style);
        let (fill, font) = self.styles.colours(style);
        let is_like_link = self.styles.is_like_link(style);
        let is_seen = fill > 0 || font > 0 || is_like_link.is_some();
        self.column = is_seen.then(|| tag_column(tag).unwrap_or(0));
        if let Some(at) = self.column {
            self.survey.fills.add(at..at + 1, fill);
            if !tag.ends_with(b"/") {
                self.survey.fonts.add(at..at + 1, font);
                if let Some(is_like_link) = is_like_link.filter(|_| self.line > self.header_line) {
                    let lines = self.line..self.line + 1;
                    self.survey.links.add(lines, at..at + 1, is_like_link);
                }
            }
        }
        self.is_shared = !self.struck_strings.is_empty() && tag_value(tag, "t") == Some(b"s");
    }

    fn end_row(&mut self) {
        let is_below = self.line > self.header_line;
        self.survey.add_rows(self.row, u64::from(is_below));
        let rows = u64::from(self.row.filled && is_below);
        let lines = self.line..self.line.saturating_add(rows);
        self.survey.fills.end(lines.clone());
        self.survey.fonts.end(lines);
    }

    /// Returns true for a formula that gives a link: by itself, or as the one that it shares.
    fn gives_link(&mut self, tag: &[u8], text: &[u8]) -> bool {
        let shared = tag_number(tag, "si");
        if may_give_link(text) {
            self.link_formulas.extend(shared);
            return true;
        }
        let is_filled_down = text.is_empty() || tag.ends_with(b"/");
        is_filled_down && shared.is_some_and(|index| self.link_formulas.contains(&index))
    }

    fn add_merged(&mut self, tag: &[u8]) {
        self.survey.add_merged(cell_range(tag), self.header_line);
    }

    fn take_out_links(&mut self, lines: RangeInclusive<u64>, columns: Range<usize>) {
        self.survey.links.take_out(lines, columns);
    }
}

/// The cells that a tag is about.
fn cell_range(tag: &[u8]) -> MergedRange {
    let range = tag_value(tag, "ref").unwrap_or_default();
    let range = std::str::from_utf8(range).unwrap_or_default();
    let (first, last) = range.split_once(':').unwrap_or((range, range));
    let lines = last_line(first).zip(last_line(last));
    MergedRange::between(lines, column(first).zip(column(last)))
}

fn is_on(tag: &[u8], name: &str) -> bool {
    matches!(tag_value(tag, name), Some(b"1" | b"true"))
}

/// Returns true for a kind of conditional format that marks cells by what a person has put into the row.
fn is_mark_by_content(kind: &[u8]) -> bool {
    const KINDS: [&[u8]; 7] = [
        b"expression",
        b"cellIs",
        b"containsText",
        b"notContainsText",
        b"beginsWith",
        b"endsWith",
        b"timePeriod",
    ];
    KINDS.contains(&kind)
}

/// The column of a cell's tag.
fn tag_column(tag: &[u8]) -> Option<usize> {
    column(std::str::from_utf8(tag_value(tag, "r")?).ok()?)
}

/// Returns true for the height of a row that cannot be seen.
pub(super) fn has_no_height(height: Option<&[u8]>) -> bool {
    let height = height.and_then(|height| std::str::from_utf8(height).ok()?.parse::<f64>().ok());
    height == Some(0.0)
}
