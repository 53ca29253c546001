//! ODS, by OpenDocument 1.3 part 3. The file has the shown text of every cell beside its value.

use super::survey::{LINES_THROUGH, OdsSurvey, ROWS_MAX};
use crate::sheet::cells::Stored;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::options::Limits;
use crate::sheet::source::Source;
use crate::sheet::workbook::number_format::STYLES_MAX;
use crate::sheet::workbook::number_format::plain;
use crate::sheet::workbook::package::{Package, PartXml};
use crate::sheet::workbook::row::{
    NOTES_MARK, RawRow, Spot, Survey, TABLES_MAX, Table, damaged, is_total_formula, oversized,
    tag_name, tag_value,
};
use crate::xml::{Piece, PullError, Tag};
use memchr::memmem;
use std::collections::HashSet;
use std::sync::Arc;

const CONTENT: &str = "content.xml";
/// The part with the styles that have names of their own.
const STYLES: &str = "styles.xml";
/// Bytes of all sheets, times the sheets but one: 256 MiB, which is fifty sheets of 100 KiB each.
const PASSED_OVER_BYTES_MAX: u64 = 256 << 20;
/// The number of blank cells that a row counts as which is there only as a repetition: each is checked like any other
/// row.
const REPEATED_ROW_CELLS: u64 = 256;

/// An ODS workbook without its cells.
pub(crate) struct Book {
    pub(crate) tables: Vec<Table>,
    /// The styles that raise, lower or strike through a text.
    marking_styles: HashSet<String>,
    /// The styles of rows without height.
    flat_styles: HashSet<String>,
    package: Package,
    file: Arc<str>,
    limits: Limits,
}

/// Returns true for the height of a row that cannot be seen, such as `0cm`.
fn has_no_height(height: Option<&str>) -> bool {
    let number = height.map(|height| height.trim_end_matches(|c: char| c.is_ascii_alphabetic()));
    number.and_then(|number| number.parse::<f64>().ok()) == Some(0.0)
}

impl Book {
    pub(crate) fn open(
        source: &Source,
        package: Package,
        limits: Limits,
    ) -> Result<Book, SheetError> {
        let file = source.name.clone();
        let manifest = package.head("META-INF/manifest.xml", 1 << 20);
        if memmem::find(&manifest, b"encryption-data").is_some() {
            return Err(SheetErrorKind::Encrypted.in_file(&file));
        }
        let mut book = Book {
            tables: Vec::new(),
            marking_styles: HashSet::new(),
            flat_styles: HashSet::new(),
            package,
            file,
            limits,
        };
        book.read_tables()?;
        book.prove()?;
        // To come to a sheet, those before it are passed over, each time.
        let passed_over = (book.tables.len() as u64)
            .saturating_sub(1)
            .saturating_mul(book.package.bytes(CONTENT));
        if passed_over > PASSED_OVER_BYTES_MAX {
            let what = format!(
                "to read each of its {} sheets, more than {PASSED_OVER_BYTES_MAX} bytes would be skipped",
                book.tables.len()
            );
            return Err(oversized(&book.file, &what));
        }
        Ok(book)
    }

    /// The archive, and the part of all tables.
    pub(crate) fn part(&self) -> (&Package, &'static str) {
        (&self.package, CONTENT)
    }

    fn xml(&self) -> Result<PartXml, SheetError> {
        let xml = self.package.xml(CONTENT, self.limits.cell_bytes_max);
        xml.ok_or_else(|| damaged(&self.file, "content.xml is not in it"))
    }

    fn error(&self, error: PullError) -> SheetError {
        self.package.xml_error(CONTENT, error)
    }

    /// Lists the tables. Their styles, which come before them, show which are hidden.
    fn read_tables(&mut self) -> Result<(), SheetError> {
        let mut xml = self.xml()?;
        let mut tables = Vec::new();
        let mut hidden_styles: Vec<String> = Vec::new();
        let (mut marking_styles, mut flat_styles) = (HashSet::new(), HashSet::new());
        let mut style = String::new();
        loop {
            let fail = |error| self.error(error);
            let pass_over = match xml.piece().map_err(fail)? {
                Piece::Open(tag) => match tag.name() {
                    "style" => {
                        style = attribute(&tag, "style:name")
                            .map_err(fail)?
                            .unwrap_or_default();
                        false
                    }
                    "table-properties" => {
                        let display = attribute(&tag, "table:display").map_err(fail)?;
                        if display.as_deref() == Some("false") && hidden_styles.len() < TABLES_MAX {
                            hidden_styles.push(style.clone());
                        }
                        true
                    }
                    "table-row-properties" => {
                        let height = attribute(&tag, "style:row-height").map_err(fail)?;
                        if has_no_height(height.as_deref()) && flat_styles.len() < STYLES_MAX {
                            flat_styles.insert(style.clone());
                        }
                        true
                    }
                    "text-properties" => {
                        let position = attribute(&tag, "style:text-position").map_err(fail)?;
                        let mut marks =
                            position.is_some_and(|position| !position.starts_with("0%"));
                        for name in LINES_THROUGH {
                            let line = attribute(&tag, name).map_err(fail)?;
                            marks |= line.is_some_and(|line| line != "none");
                        }
                        if marks && marking_styles.len() < STYLES_MAX {
                            marking_styles.insert(style.clone());
                        }
                        true
                    }
                    "table" => {
                        let name = attribute(&tag, "table:name").map_err(fail)?;
                        let style = attribute(&tag, "table:style-name").map_err(fail)?;
                        tables.push(Table {
                            name: name.unwrap_or_default().into(),
                            hidden: style.is_some_and(|style| hidden_styles.contains(&style)),
                            is_notes: false,
                        });
                        true
                    }
                    name => !matches!(
                        name,
                        "document-content" | "automatic-styles" | "body" | "spreadsheet"
                    ),
                },
                Piece::Close | Piece::Text(_) => false,
                Piece::End => break,
            };
            if pass_over {
                xml.skip().map_err(fail)?;
            }
            if tables.len() > TABLES_MAX {
                let what = format!("it has more than {TABLES_MAX} sheets");
                return Err(oversized(&self.file, &what));
            }
        }
        (self.tables, self.marking_styles) = (tables, marking_styles);
        self.flat_styles = flat_styles;
        Ok(())
    }

    /// Reads the part of all tables to its end, and finds those without rows.
    fn prove(&mut self) -> Result<(), SheetError> {
        let mut tables = 0;
        let mut marked = Vec::new();
        self.package.survey(CONTENT, |tag, _| match tag_name(tag) {
            b"table" => tables += 1,
            b"named-range" | b"named-expression"
                if tag_value(tag, "table:name") == Some(NOTES_MARK.as_bytes()) =>
            {
                marked.push(tables);
            }
            _ => {}
        })?;
        for nth in marked {
            // Counted from 1.
            let table = usize::checked_sub(nth, 1).and_then(|table| self.tables.get_mut(table));
            if let Some(table) = table {
                table.is_notes = true;
            }
        }
        Ok(())
    }

    /// Looks at the rows of a table below its headings.
    pub(crate) fn survey(&self, table: usize, header_line: u64) -> Result<Survey, SheetError> {
        let mut survey = OdsSurvey::new(&self.flat_styles, table, header_line);
        if self.package.has(STYLES) {
            let read = |tag: &[u8], _: &[u8]| survey.read_style(tag);
            self.package.survey(STYLES, read)?;
        }
        self.package.survey(CONTENT, |tag, _| survey.read(tag))?;
        Ok(survey.finish())
    }
}

impl Book {
    /// Returns true if the style of a piece of text marks it.
    fn marks(&self, tag: &Tag<'_>) -> Result<bool, PullError> {
        let style = attribute(tag, "text:style-name")?;
        Ok(style.is_some_and(|style| self.marking_styles.contains(&style)))
    }

    /// The number of spaces that a tag stands for.
    fn spaces(&self, tag: &Tag<'_>) -> Result<usize, PullError> {
        let count = attribute(tag, "text:c")?;
        let count = count.and_then(|count| count.parse().ok()).unwrap_or(1);
        Ok(usize::min(count, self.limits.cell_bytes_max))
    }
}

fn attribute(tag: &Tag<'_>, wanted: &str) -> Result<Option<String>, PullError> {
    let mut found = None;
    tag.attributes(|name, value| {
        if name == wanted {
            found = Some(value.into_owned());
        }
    })?;
    Ok(found)
}

/// The rows of a table.
pub(crate) struct Rows {
    book: Arc<Book>,
    xml: PartXml,
    /// Tables still to be passed over.
    tables_before: usize,
    in_table: bool,
    ended: bool,
    /// Rows in groups and headers, which may nest.
    depth: usize,
    line: u64,
    hidden: bool,
    /// The number of times that the row at hand is still to be returned.
    repeats: u64,
    text: String,
    /// Spaces in it of which the file has only the number.
    spaces: u64,
    /// True if a piece of it is raised, lowered or struck through, and another is not.
    is_pieced: bool,
}

/// The attributes of a cell's tag.
#[derive(Default)]
struct OdsCellTag {
    kind: OdsCellKind,
    /// The value as it was saved: a number, a date, a switch.
    value: String,
    repeated: usize,
    has_formula: bool,
    /// True if its formula sums up or counts a range.
    is_total: bool,
    /// Rows and columns that its formula fills.
    fills: (u64, usize),
}

#[derive(Default, Clone, Copy, PartialEq)]
enum OdsCellKind {
    #[default]
    Empty,
    Text,
    Number,
    Date,
    Boolean,
    Error,
}

impl Rows {
    pub(crate) fn new(book: &Arc<Book>, table: usize) -> Result<Rows, SheetError> {
        Ok(Rows {
            xml: book.xml()?,
            book: book.clone(),
            tables_before: table,
            in_table: false,
            ended: false,
            depth: 0,
            line: 0,
            hidden: false,
            repeats: 0,
            text: String::new(),
            spaces: 0,
            is_pieced: false,
        })
    }

    pub(crate) fn next(&mut self, row: &mut RawRow) -> Result<bool, SheetError> {
        if self.repeats > 0 {
            self.repeats -= 1;
            self.line += 1;
            (row.line, row.repeats) = (self.line, true);
            return Ok(true);
        }
        let Some(repeated) = self.next_row_tag()? else {
            return Ok(false);
        };
        row.begin(self.line + 1);
        row.hidden = self.hidden;
        self.read_cells(row)?;
        if row.is_blank() {
            self.line += repeated;
            return Ok(true);
        }
        let row_cells = REPEATED_ROW_CELLS + row.ends.len() as u64 + row.text.len() as u64;
        row.count_unbacked((repeated - 1).saturating_mul(row_cells))?;
        self.line += 1;
        self.repeats = repeated - 1;
        Ok(true)
    }

    /// Moves to the next row of the table; returns the number of rows that it stands for.
    fn next_row_tag(&mut self) -> Result<Option<u64>, SheetError> {
        while !self.ended {
            let fail = |error| self.book.error(error);
            let pass_over = match self.xml.piece().map_err(fail)? {
                Piece::Open(tag) if self.in_table => match tag.name() {
                    "table-row" => {
                        let repeated = attribute(&tag, "table:number-rows-repeated");
                        let repeated = repeated.map_err(fail)?;
                        let repeated = repeated.and_then(|repeated| repeated.parse().ok());
                        let visibility = attribute(&tag, "table:visibility").map_err(fail)?;
                        let style = attribute(&tag, "table:style-name").map_err(fail)?;
                        self.hidden = matches!(visibility.as_deref(), Some("collapse" | "filter"))
                            || style
                                .as_deref()
                                .is_some_and(|style| self.book.flat_styles.contains(style));
                        return Ok(Some(repeated.unwrap_or(1).clamp(1, ROWS_MAX)));
                    }
                    "table-row-group" | "table-header-rows" | "table-rows" => {
                        self.depth += 1;
                        false
                    }
                    _ => true,
                },
                Piece::Open(tag) => match tag.name() {
                    "table" if self.tables_before == 0 => {
                        self.in_table = true;
                        false
                    }
                    "table" => {
                        self.tables_before -= 1;
                        true
                    }
                    name => !matches!(name, "document-content" | "body" | "spreadsheet"),
                },
                Piece::Close if self.in_table => {
                    self.ended = self.depth == 0;
                    self.depth = self.depth.saturating_sub(1);
                    false
                }
                Piece::End => {
                    self.ended = true;
                    false
                }
                Piece::Close | Piece::Text(_) => false,
            };
            if pass_over {
                self.xml.skip().map_err(fail)?;
            }
        }
        Ok(None)
    }

    fn read_cells(&mut self, row: &mut RawRow) -> Result<(), SheetError> {
        let mut column = 0_usize;
        loop {
            let fail = |error| self.book.error(error);
            let cell = match self.xml.piece().map_err(fail)? {
                Piece::Open(tag) if matches!(tag.name(), "table-cell" | "covered-table-cell") => {
                    Some(cell_tag(&tag).map_err(fail)?)
                }
                Piece::Open(_) => None,
                Piece::Text(_) => continue,
                Piece::Close | Piece::End => return Ok(()),
            };
            let Some(cell) = cell else {
                self.xml.skip().map_err(fail)?;
                continue;
            };
            let spot = Spot {
                columns: column..column.saturating_add(cell.repeated),
                tag: self.xml.place(),
                has_formula: cell.has_formula,
                ..Spot::default()
            };
            let spot = self.read_text(spot)?;
            let before = row.ends.len();
            if cell.fills != (1, 1) {
                let (rows, columns) = cell.fills;
                row.fill(
                    row.line.saturating_add(rows - 1),
                    column..column.saturating_add(columns),
                );
            }
            if !self.text.is_empty() || !cell.value.is_empty() {
                let made = 1 + self.text.len() as u64;
                row.count_unbacked((cell.repeated as u64 - 1).saturating_mul(made))?;
                row.count_unbacked(self.spaces)?;
                for repeat in 0..cell.repeated {
                    let at = column.saturating_add(repeat);
                    row.put(at, |out| put_cell(&cell, &self.text, out))?;
                    if cell.is_total {
                        row.mark(at, Stored::Total);
                    } else if self.is_pieced {
                        row.mark(at, Stored::Pieces);
                    }
                }
            } else if cell.has_formula {
                row.put(column, |_| Stored::Uncalculated)?;
            }
            if row.ends.len() > before {
                row.spots.push(spot);
            }
            column = column.saturating_add(cell.repeated);
        }
    }

    /// Reads the shown text of a cell: its paragraphs, each a line. Returns the spot with their places.
    fn read_text(&mut self, mut spot: Spot) -> Result<Spot, SheetError> {
        spot.shown = spot.tag.end..spot.tag.end;
        self.text.clear();
        let mut shown = ShownCell::default();
        loop {
            let fail = |error| self.book.error(error);
            let is_entered = match self.xml.piece().map_err(fail)? {
                Piece::Open(tag) => shown.open(&tag, &self.book, &mut self.text).map_err(fail)?,
                Piece::Close if shown.depth == 0 => {
                    spot.end = self.xml.place().end;
                    break;
                }
                Piece::Close => {
                    shown.close();
                    if shown.depth == 0 {
                        spot.shown.end = self.xml.place().end;
                    }
                    continue;
                }
                Piece::Text(text) => {
                    shown.add(&text, &mut self.text, self.book.limits.cell_bytes_max);
                    continue;
                }
                Piece::End => break,
            };
            if is_entered {
                if shown.depth == 0 && shown.paragraphs == 1 {
                    spot.shown.start = self.xml.place().start;
                }
                shown.enter();
            } else {
                self.xml.skip().map_err(fail)?;
            }
            if self.text.len() > 2 * self.book.limits.cell_bytes_max {
                return Err(self.book.error(PullError::TooLong));
            }
        }
        spot.mixed |= shown.is_mixed;
        self.spaces = shown.spaces;
        self.is_pieced = shown.has_marked && shown.has_plain;
        Ok(spot)
    }
}

/// The elements whose text a cell shows like any other: a word below its reading, and fields.
const SHOWING_TEXT: [&str; 11] = [
    "ruby",
    "ruby-base",
    "sheet-name",
    "title",
    "date",
    "time",
    "file-name",
    "page-number",
    "page-count",
    "meta",
    "meta-field",
];

/// The shown text of a cell, while its elements come.
#[derive(Default)]
struct ShownCell {
    depth: usize,
    paragraphs: usize,
    /// True once there is something else behind the first paragraph.
    is_followed: bool,
    /// True if something else stands within the paragraphs, or between them.
    is_mixed: bool,
    /// The depth of the span that marks the text in it.
    marked: Option<usize>,
    has_marked: bool,
    has_plain: bool,
    /// The spaces that elements stand for.
    spaces: u64,
}

impl ShownCell {
    /// Begins an element; returns false for one that is passed over with all that is in it.
    fn open(&mut self, tag: &Tag<'_>, book: &Book, text: &mut String) -> Result<bool, PullError> {
        match (self.depth, tag.name()) {
            (0, "p") => {
                self.paragraphs += 1;
                if self.paragraphs > 1 {
                    text.push('\n');
                }
                return Ok(true);
            }
            (1.., "span" | "a") => {
                if book.marks(tag)? {
                    self.marked.get_or_insert(self.depth);
                }
                return Ok(true);
            }
            (1.., name) if SHOWING_TEXT.contains(&name) => {
                self.is_mixed = true;
                return Ok(true);
            }
            (1.., "s") => {
                let count = book.spaces(tag)?;
                text.extend(std::iter::repeat_n(' ', count));
                self.spaces += count as u64;
            }
            (1.., "tab") => text.push('\t'),
            (1.., "line-break") => text.push('\n'),
            // Comments and drawings are no part of the cell's text.
            _ => {
                self.is_mixed |= self.depth > 0;
                self.is_followed |= self.paragraphs > 0;
            }
        }
        Ok(false)
    }

    fn enter(&mut self) {
        self.is_mixed |= self.depth == 0 && self.is_followed;
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.marked = self.marked.filter(|marked| *marked < self.depth);
    }

    /// Adds a piece of text. The rest of a cell that is too long is not kept; it is refused where it is put.
    fn add(&mut self, piece: &str, text: &mut String, bytes_max: usize) {
        if self.depth > 0 && text.len() <= bytes_max {
            let is_filled = !piece.trim().is_empty();
            self.has_marked |= is_filled && self.marked.is_some();
            self.has_plain |= is_filled && self.marked.is_none();
            text.push_str(piece);
        }
    }
}

fn cell_tag(tag: &Tag<'_>) -> Result<OdsCellTag, PullError> {
    let mut cell = OdsCellTag {
        repeated: 1,
        fills: (1, 1),
        ..OdsCellTag::default()
    };
    let mut is_error = false;
    tag.attributes(|name, value| match name {
        "office:value-type" => {
            cell.kind = match &*value {
                "float" | "currency" | "percentage" => OdsCellKind::Number,
                "date" | "time" => OdsCellKind::Date,
                "boolean" => OdsCellKind::Boolean,
                _ => OdsCellKind::Text,
            }
        }
        // LibreOffice's own word; the standard has none.
        "calcext:value-type" => is_error = value == "error",
        "office:value"
        | "office:date-value"
        | "office:time-value"
        | "office:boolean-value"
        | "office:string-value" => cell.value = value.into_owned(),
        "table:number-columns-repeated" => cell.repeated = value.parse().unwrap_or(1).max(1),
        "table:formula" => (cell.has_formula, cell.is_total) = (true, is_total_formula(&value)),
        "table:number-matrix-rows-spanned" => cell.fills.0 = value.parse().unwrap_or(1).max(1),
        "table:number-matrix-columns-spanned" => cell.fills.1 = value.parse().unwrap_or(1).max(1),
        _ => {}
    })?;
    if is_error {
        cell.kind = OdsCellKind::Error;
    }
    Ok(cell)
}

fn put_cell(cell: &OdsCellTag, shown: &str, out: &mut String) -> Stored {
    let shown = if shown.is_empty() { &cell.value } else { shown };
    match cell.kind {
        OdsCellKind::Number => put_number(&cell.value, shown, out),
        OdsCellKind::Boolean => {
            out.push_str(if cell.value == "true" {
                "TRUE"
            } else {
                "FALSE"
            });
            Stored::Boolean
        }
        OdsCellKind::Date => {
            out.push_str(shown);
            Stored::Date
        }
        OdsCellKind::Error => {
            out.push_str(shown);
            Stored::Error
        }
        OdsCellKind::Empty | OdsCellKind::Text => {
            out.push_str(shown);
            Stored::Text
        }
    }
}

/// Writes a number as it is shown, unless it is cut off, has an exponent, or differs from the number only by a decimal
/// comma.
fn put_number(value: &str, shown: &str, out: &mut String) -> Stored {
    let Ok(number) = value.parse() else {
        out.push_str(shown);
        return Stored::Text;
    };
    // LibreOffice makes a formula of a switch that it found in another format.
    if matches!((value, shown), ("1", "TRUE") | ("0", "FALSE")) {
        out.push_str(shown);
        return Stored::Boolean;
    }
    let start = out.len();
    let stored = plain(number, value, out);
    let written = out.get(start..).unwrap_or_default();
    let is_rounded = shown.contains("###") || shown.contains("E+") || shown.contains("E-");
    if stored == Stored::Rounded || is_rounded || shown.replace(',', ".") == written {
        return stored;
    }
    // `General` shows as many places as there is room for.
    let is_prefix = shown.contains(['.', ',']) && shown.len() < written.len() && shown.len() > 9;
    if is_prefix {
        return stored;
    }
    out.truncate(start);
    out.push_str(shown);
    Stored::Shown
}
