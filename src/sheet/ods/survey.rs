//! The properties of a table that are worth a note, from its tags.

use crate::sheet::workbook::fills::is_colour_of_links;
use crate::sheet::workbook::links::may_give_link;
use crate::sheet::workbook::merged::MergedRange;
use crate::sheet::workbook::number_format::STYLES_MAX;
use crate::sheet::workbook::row::{RowMarks, Survey, tag_name, tag_number, tag_value};
use memchr::memmem;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The attributes of a line through a text; LibreOffice writes only one of them.
pub(super) const LINES_THROUGH: [&str; 2] = [
    "style:text-line-through-style",
    "style:text-line-through-type",
];

/// Returns true for the underlined font of links.
fn is_like_link(tag: &[u8], colour: &[u8]) -> bool {
    let line = tag_value(tag, "style:text-underline-style");
    let rgb = std::str::from_utf8(colour).unwrap_or_default();
    let is_colour = rgb.strip_prefix('#').is_some_and(is_colour_of_links);
    line.is_some_and(|line| line != b"none") && is_colour
}

/// Rows of a table: as many as a spreadsheet has.
pub(super) const ROWS_MAX: u64 = 1 << 20;

/// The survey of one table while its tags come.
pub(super) struct OdsSurvey<'b> {
    /// The styles of rows that give them no height.
    flat_styles: &'b HashSet<String>,
    styles: CellStyles,
    /// The number of tables that come before this one, and of those that have begun.
    tables_before: usize,
    tables: usize,
    header_line: u64,
    survey: Survey,
    line: u64,
    /// The number of times that the row stands there.
    repeated: u64,
    row: RowMarks,
    column: usize,
    /// The column that is described next, before the rows.
    described: usize,
    /// The filled cells of the row, each with true for the font of links; a link is in none.
    like_links: Vec<(Range<usize>, bool)>,
    /// The groups of rows around the row.
    groups: usize,
}

impl<'b> OdsSurvey<'b> {
    pub(super) fn new(
        flat_styles: &'b HashSet<String>,
        table: usize,
        header_line: u64,
    ) -> OdsSurvey<'b> {
        OdsSurvey {
            flat_styles,
            styles: CellStyles::default(),
            tables_before: table,
            tables: 0,
            header_line,
            survey: Survey::default(),
            line: 0,
            repeated: 0,
            row: RowMarks::default(),
            column: 0,
            described: 0,
            like_links: vec![],
            groups: 0,
        }
    }

    /// Reads a tag of the styles that have names of their own.
    pub(super) fn read_style(&mut self, tag: &[u8]) {
        self.styles.read(tag_name(tag), tag);
    }

    /// Reads a tag of the content.
    pub(super) fn read(&mut self, tag: &[u8]) {
        let name = tag_name(tag);
        self.styles.read(name, tag);
        self.tables += usize::from(name == b"table");
        if self.tables != self.tables_before + 1 {
            return;
        }
        match name {
            b"table-row-group" => self.groups += 1,
            b"/table:table-row-group" => self.groups = self.groups.saturating_sub(1),
            b"table-row" => self.begin_row(tag),
            b"/table:table-row" => self.end_row(),
            b"table-cell" => self.read_cell(tag),
            b"annotation" => self.row.noted = true,
            b"a" => self.is_link(),
            b"condition" => {
                let value = tag_value(tag, "calcext:value").unwrap_or_default();
                self.survey.conditional_formats += u64::from(is_mark_by_content(value));
            }
            b"covered-table-cell" => {
                let repeated = count(tag, "table:number-columns-repeated");
                self.column = column_after(self.column, repeated);
            }
            b"span" => {
                let style = tag_value(tag, "text:style-name").unwrap_or_default();
                self.row.struck |= self.styles.struck.contains(style);
            }
            b"table-column" => {
                let visibility = tag_value(tag, "table:visibility");
                let is_hidden = matches!(visibility, Some(b"collapse" | b"filter"));
                if is_hidden {
                    self.survey.hidden_columns.push(self.described);
                }
                let repeated = count(tag, "table:number-columns-repeated");
                self.described = column_after(self.described, repeated);
            }
            _ => {}
        }
    }

    pub(super) fn finish(self) -> Survey {
        self.survey
    }

    fn begin_row(&mut self, tag: &[u8]) {
        let visibility = tag_value(tag, "table:visibility");
        self.survey.is_filtered |= visibility == Some(b"filter");
        let style = tag_value(tag, "table:style-name");
        let style = style.and_then(|style| std::str::from_utf8(style).ok());
        self.row = RowMarks {
            hidden: matches!(visibility, Some(b"collapse" | b"filter"))
                || style.is_some_and(|style| self.flat_styles.contains(style)),
            grouped: self.groups > 0,
            ..RowMarks::default()
        };
        self.repeated = count(tag, "table:number-rows-repeated").min(ROWS_MAX);
        self.survey.fills.begin();
        self.survey.fonts.begin();
        self.like_links.clear();
        self.column = 0;
    }

    fn end_row(&mut self) {
        let first = self.line + 1;
        self.line += self.repeated;
        let below = (self.line + 1).saturating_sub(first.max(self.header_line + 1));
        self.survey.add_rows(self.row, below);
        let filled = if self.row.filled { below } else { 0 };
        let lines = self.line + 1 - filled..self.line + 1;
        self.survey.fills.end(lines.clone());
        self.survey.fonts.end(lines.clone());
        for (columns, is_like_link) in self.like_links.drain(..) {
            self.survey.links.add(lines.clone(), columns, is_like_link);
        }
    }

    /// Takes the last cell for a link.
    fn is_link(&mut self) {
        if let Some((_, is_like_link)) = self.like_links.last_mut() {
            *is_like_link = false;
        }
    }

    fn read_cell(&mut self, tag: &[u8]) {
        self.survey.formulas += u64::from(tag_value(tag, "table:formula").is_some());
        let from = self.column;
        let columns = count(tag, "table:number-columns-spanned");
        let rows = count(tag, "table:number-rows-spanned");
        if columns > 1 || rows > 1 {
            let range = MergedRange {
                first_line: self.line + 1,
                last_line: self.line.saturating_add(rows),
                columns: from..column_after(from, columns),
            };
            self.survey.add_merged(range, self.header_line);
        }
        self.column = column_after(from, count(tag, "table:number-columns-repeated"));
        let style = tag_value(tag, "table:style-name").unwrap_or_default();
        let fill = self.styles.fills.get(style).copied();
        self.survey.fills.add(from..self.column, fill.unwrap_or(0));
        if tag_value(tag, "office:value-type").is_some() {
            self.row.filled = true;
            self.row.struck |= self.styles.struck.contains(style);
            let colour = self.styles.fonts.get(style).copied();
            self.survey
                .fonts
                .add(from..self.column, colour.unwrap_or(0));
            let formula = tag_value(tag, "table:formula").unwrap_or_default();
            let is_link = may_give_link(formula);
            let is_like_link = !is_link && self.styles.like_links.contains(style);
            if !self.styles.like_links.is_empty() {
                self.like_links.push((from..self.column, is_like_link));
            }
        }
    }
}

/// The number that an attribute of a tag has; 1 where there is none.
fn count(tag: &[u8], name: &str) -> u64 {
    tag_number(tag, name).unwrap_or(1)
}

/// The column that follows `columns` more.
fn column_after(column: usize, columns: u64) -> usize {
    column.saturating_add(usize::try_from(columns).unwrap_or(usize::MAX))
}

/// Returns true for the condition of a format that marks cells by what a person has put into the row; bands of rows, and
/// values that are there twice, are no such marks.
fn is_mark_by_content(condition: &[u8]) -> bool {
    let is_of_kind = |kind: &&[u8]| condition.starts_with(kind);
    let kinds: [&[u8]; 8] = [
        b"duplicate",
        b"unique",
        b"top-",
        b"bottom-",
        b"above-",
        b"below-",
        b"is-error",
        b"is-no-error",
    ];
    !condition.is_empty()
        && !kinds.iter().any(is_of_kind)
        && memmem::find(condition, b"ROW()").is_none()
}

/// The styles of cells and texts by their names, as far as they mark rows.
#[derive(Default)]
struct CellStyles {
    /// The style that is being read.
    name: Vec<u8>,
    /// Those that strike through.
    struck: HashSet<Vec<u8>>,
    /// The fills of those that have one.
    fills: HashMap<Vec<u8>, u32>,
    /// The font colours of those that have one.
    fonts: HashMap<Vec<u8>, u32>,
    /// Those in the font of links.
    like_links: HashSet<Vec<u8>>,
}

impl CellStyles {
    /// Gives the style that is being read the properties of its parent.
    fn inherit(&mut self, parent: &[u8]) {
        for known in [&mut self.fills, &mut self.fonts] {
            if let Some(style) = known.get(parent).copied()
                && known.len() < STYLES_MAX
            {
                known.insert(self.name.clone(), style);
            }
        }
        for known in [&mut self.struck, &mut self.like_links] {
            if known.contains(parent) && known.len() < STYLES_MAX {
                known.insert(self.name.clone());
            }
        }
    }

    /// Takes in a tag, `name` without its namespace.
    fn read(&mut self, name: &[u8], tag: &[u8]) {
        match name {
            b"style" => {
                self.name = tag_value(tag, "style:name").unwrap_or_default().to_vec();
                self.inherit(tag_value(tag, "style:parent-style-name").unwrap_or_default());
            }
            // Of no cell: the defaults, and formats of numbers, which have colours of their own.
            _ if name.ends_with(b"-style") => self.name.clear(),
            _ if self.name.is_empty() => {}
            b"text-properties" => {
                let mut lines = LINES_THROUGH.iter();
                let is_struck =
                    lines.any(|name| tag_value(tag, name).is_some_and(|line| line != b"none"));
                if is_struck && self.struck.len() < STYLES_MAX {
                    self.struck.insert(self.name.clone());
                }
                let colour = tag_value(tag, "fo:color").unwrap_or_default();
                let is_like_link = is_like_link(tag, colour);
                if is_like_link && self.like_links.len() < STYLES_MAX {
                    self.like_links.insert(self.name.clone());
                }
                let is_seen = !matches!(colour, b"" | b"#000000") && !is_like_link;
                if is_seen && self.fonts.len() < STYLES_MAX {
                    self.fonts.insert(self.name.clone(), fill_of(colour));
                }
            }
            b"table-cell-properties" => {
                let colour = tag_value(tag, "fo:background-color").unwrap_or_default();
                let is_seen = !matches!(colour, b"" | b"transparent" | b"#ffffff");
                if is_seen && self.fills.len() < STYLES_MAX {
                    self.fills.insert(self.name.clone(), fill_of(colour));
                }
            }
            _ => {}
        }
    }
}

/// The number of a colour such as `#ff0000`, above 0.
fn fill_of(colour: &[u8]) -> u32 {
    let digits = colour.strip_prefix(b"#").unwrap_or_default();
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    u32::from_str_radix(digits, 16).map_or(1, |colour| colour.saturating_add(2))
}
