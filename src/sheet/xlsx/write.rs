//! Workbooks out. The only module that knows `rust_xlsxwriter`.
//!
//! `rust_xlsxwriter` makes the frame: styles, widths, comments, drop-downs, further sheets. The rows go from here into
//! the compressed sheet one by one, and not through its own mode for constant memory, for three reasons: that mode
//! panics where the disk for its temporary file is full; it writes `_x0041` before a control character so that it reads
//! back as `A`; and it needs the space of the whole uncompressed sheet beside the file.
//!
//! Every cell is a text, in a column that is preformatted as text: no zero, `+` or digit is lost, nothing is ever a
//! formula, and text that people type into an empty cell stays as typed.

use super::layout::{self, BUTTON_WIDTH, LINE_HEIGHT, clamped, height_of, width};
use crate::lang::translated;
use crate::model::{cell_name, column_letters};
use crate::sheet::column::{Column, ExtraSheet, Tone};
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::options::ROW_CELLS_MAX;
use crate::sheet::workbook::row::NOTES_MARK;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DocProperties, ExcelDateTime, Format,
    FormatAlign, FormatBorder, FormatUnderline, Formula, IgnoreError, Note, Url, Workbook,
    Worksheet, XlsxError,
};
use std::fmt::{Display, Write as _};
use std::io::{self, Cursor, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Rows of a sheet, the headings included: a limit of Excel.
pub(crate) const ROWS_MAX: u32 = 1_048_576;
/// Characters of a cell, as UTF-16 counts them: a limit of Excel.
pub(crate) const CELL_UNITS_MAX: usize = 32_767;
/// Bytes of a sheet before it is compressed: the largest that an archive can have without extensions that Excel does
/// not read.
const SHEET_BYTES_MAX: u64 = u32::MAX as u64 - (1 << 20);
/// The number of the format `@`: text typed into the cell stays text.
const TEXT_FORMAT: u8 = 49;
/// Past level 1 the file is hardly smaller and takes three times as long.
const COMPRESSION: i64 = 1;
/// Notes of a workbook: each is a drawing.
pub(super) const NOTES_MAX: usize = 5000;
/// The scale of sheets that are too wide for a page, in per cent.
const WIDE_SCALE: u16 = 60;
/// The margins of paper, in inches: left and right, top, bottom, head and foot.
const MARGINS: (f64, f64, f64, f64) = (0.3, 0.4, 0.55, 0.25);
/// The number of the page, at the foot.
const PAGE_NUMBER: &str = "&R&8&P / &N";

const SHEET: &str = "xl/worksheets/sheet1.xml";
/// Names the workbook's part, and is the same in every workbook: it comes first, as programs expect that look at the
/// beginning of a file.
const ROOT: &str = "_rels/.rels";

struct CellNote {
    row: u32,
    column: u16,
    text: String,
}

/// One workbook that is being written.
pub(crate) struct BookWriter {
    file: Arc<str>,
    columns: Vec<Column>,
    extras: Vec<ExtraSheet>,
    notes: Vec<CellNote>,
    zip: ZipWriter<StreamWriter<Pipe>>,
    pipe: Pipe,
    styles: Styles,
    /// The number of rows, including the headings.
    rows: u32,
    /// The size of the sheet before it is compressed.
    bytes: u64,
    /// The row that is being written.
    xml: String,
    /// The width of each column.
    widths: Vec<f64>,
}

impl BookWriter {
    /// Begins a workbook, which messages call `file`.
    pub(crate) fn new(
        file: &Arc<str>,
        columns: Vec<Column>,
        extras: Vec<ExtraSheet>,
    ) -> Result<BookWriter, SheetError> {
        if columns.len() > ROW_CELLS_MAX {
            return Err(SheetErrorKind::TooManyColumns(ROW_CELLS_MAX).in_file(file));
        }
        let mut frame = Frame::new(file, &columns, 1, &extras, &[])?;
        let pipe = Pipe::default();
        let mut zip = ZipWriter::new_stream(pipe.clone());
        let begun = frame
            .copy(&mut zip, |name| name == ROOT)
            .and_then(|()| zip.start_file(SHEET, options()).map_err(io::Error::from))
            .and_then(|()| zip.write_all(frame.head.as_bytes()));
        begun.map_err(|error| SheetError::unwritable(file, &error))?;
        let mut book = BookWriter {
            file: file.clone(),
            columns: Vec::new(),
            extras,
            notes: Vec::new(),
            zip,
            pipe,
            styles: frame.styles,
            rows: 0,
            bytes: 0,
            xml: String::new(),
            widths: layout::widths(&columns).0,
        };
        let heading = |column: &Column| {
            let style = if column.required {
                book.styles.required
            } else {
                book.styles.heading
            };
            (column.heading.clone(), style)
        };
        let headings: Vec<_> = columns.iter().map(heading).collect();
        let cells = headings.iter().map(|(text, style)| (text.as_str(), *style));
        let heights = columns.iter().zip(&book.widths);
        let heights = heights.filter(|(column, _)| column.is_seen());
        let height = heights.map(|(column, width)| height_of(&column.heading, *width));
        let height = height.max().unwrap_or(LINE_HEIGHT);
        book.put(cells, height)?;
        book.columns = columns;
        Ok(book)
    }

    /// Adds a sheet beside that of the rows.
    pub(crate) fn add_extra(&mut self, extra: ExtraSheet) {
        self.extras.push(extra);
    }

    /// Notes something at a cell of the last row; of very many notes the first ones.
    pub(crate) fn note(&mut self, column: usize, text: &str) {
        if let Ok(column) = u16::try_from(column)
            && self.notes.len() < NOTES_MAX
        {
            let row = self.rows.saturating_sub(1);
            self.notes.push(CellNote {
                row,
                column,
                text: text.to_owned(),
            });
        }
    }

    /// Writes one row, whose cells are marked by these tones, by column; the finished part of the file goes to `out`.
    pub(crate) fn row<'c>(
        &mut self,
        cells: impl IntoIterator<Item = &'c str>,
        marks: &[(usize, Tone)],
        out: &mut Vec<u8>,
    ) -> Result<(), SheetError> {
        let columns = std::mem::take(&mut self.columns);
        let styles = self.styles;
        let mut height = LINE_HEIGHT;
        let cells: Vec<(&str, u32)> = cells
            .into_iter()
            .enumerate()
            .map(|(at, cell)| {
                let column = columns.get(at);
                let mark = marks.iter().find(|(marked, _)| *marked == at);
                let mut style = match mark {
                    Some((_, tone)) => styles.toned(*tone),
                    None => styles.index(column, cell),
                };
                let is_seen = column.is_some_and(Column::is_seen);
                if let Some(width) = self.widths.get(at).filter(|_| is_seen) {
                    let own = height_of(cell, *width);
                    height = height.max(own);
                    if own > LINE_HEIGHT && style == styles.plain {
                        style = styles.prose;
                    }
                }
                (cell, style)
            })
            .collect();
        let put = self.put(cells, height);
        self.columns = columns;
        self.pipe.drain(out);
        put
    }

    fn put<'c>(
        &mut self,
        cells: impl IntoIterator<Item = (&'c str, u32)>,
        height: usize,
    ) -> Result<(), SheetError> {
        let full = || SheetErrorKind::BookFull(ROWS_MAX - 1).in_file(&self.file);
        if self.rows == ROWS_MAX {
            return Err(full());
        }
        let row = self.rows + 1;
        let name = |column| cell_name(row.into(), column);
        self.xml.clear();
        // Writing to a text cannot fail.
        let _ = write!(self.xml, "<row r=\"{row}\"");
        if height > LINE_HEIGHT {
            let _ = write!(self.xml, " ht=\"{height}\" customHeight=\"1\"");
        }
        self.xml.push('>');
        for (column, (cell, style)) in cells.into_iter().enumerate() {
            if cell.is_empty() {
                // A missing value shows too.
                if [self.styles.notice, self.styles.bad].contains(&style) {
                    let _ = write!(self.xml, "<c r=\"{}\" s=\"{style}\"/>", name(column));
                }
                continue;
            }
            if cell.len() > CELL_UNITS_MAX && cell.encode_utf16().count() > CELL_UNITS_MAX {
                return Err(
                    SheetErrorKind::CellTooLongForBook(name(column), CELL_UNITS_MAX)
                        .in_file(&self.file),
                );
            }
            if column >= ROW_CELLS_MAX {
                return Err(SheetErrorKind::TooManyColumns(ROW_CELLS_MAX).in_file(&self.file));
            }
            let _ = write!(
                self.xml,
                "<c r=\"{}\" s=\"{style}\" t=\"inlineStr\"><is><t",
                name(column)
            );
            if cell.trim().len() < cell.len() {
                self.xml.push_str(" xml:space=\"preserve\"");
            }
            self.xml.push('>');
            escape(cell, &mut self.xml);
            self.xml.push_str("</t></is></c>");
        }
        self.xml.push_str("</row>");
        let bytes = self.bytes + self.xml.len() as u64;
        if bytes > SHEET_BYTES_MAX {
            return Err(full());
        }
        let written = self.zip.write_all(self.xml.as_bytes());
        written.map_err(|error| SheetError::unwritable(&self.file, &error))?;
        (self.rows, self.bytes) = (row, bytes);
        Ok(())
    }

    /// Writes the end, after the rows.
    pub(crate) fn end(mut self, out: &mut Vec<u8>) -> Result<(), SheetError> {
        let mut frame = Frame::new(
            &self.file,
            &self.columns,
            self.rows,
            &self.extras,
            &self.notes,
        )?;
        let ended = self
            .zip
            .write_all(frame.tail.as_bytes())
            .and_then(|()| frame.copy(&mut self.zip, |name| name != SHEET && name != ROOT))
            .and_then(|()| self.zip.finish().map_err(io::Error::from));
        ended.map_err(|error| SheetError::unwritable(&self.file, &error))?;
        self.pipe.drain(out);
        Ok(())
    }
}

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(COMPRESSION))
        .last_modified_time(DateTime::DEFAULT)
}

/// Writes a cell that has its text in itself: its opening tag, and the name of that with its prefix.
pub(crate) fn text_cell(name: &str, mut tag: String, text: &str) -> String {
    let prefix = name.strip_suffix('c').unwrap_or_default();
    // Writing to a text cannot fail.
    let _ = write!(tag, "<{prefix}is><{prefix}t xml:space=\"preserve\">");
    escape(text, &mut tag);
    let _ = write!(tag, "</{prefix}t></{prefix}is></{name}>");
    tag
}

/// Escapes a text for a workbook's XML. A character that XML cannot have becomes `_xHHHH_`, as Excel writes it; a text
/// that would be taken for that is protected.
pub(crate) fn escape(text: &str, xml: &mut String) {
    let mut plain = 0;
    for (at, c) in text.char_indices() {
        let named = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '_' if looks_escaped(text.as_bytes().get(at + 1..)) => "_x005F_",
            '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'.. => continue,
            _ => "",
        };
        xml.push_str(text.get(plain..at).unwrap_or_default());
        if named.is_empty() {
            let _ = write!(xml, "_x{:04X}_", u32::from(c));
        } else {
            xml.push_str(named);
        }
        plain = at + c.len_utf8();
    }
    xml.push_str(text.get(plain..).unwrap_or_default());
}

/// Returns true if the text behind a `_` makes it the beginning of `_xHHHH_`. Its end may also be the beginning of an
/// escape.
fn looks_escaped(rest: Option<&[u8]>) -> bool {
    match rest {
        Some([b'x', a, b, c, d, end @ ..]) => {
            let ends = matches!(
                end,
                [b'_' | 0..=8 | 11..=31, ..] | [0xEF, 0xBF, 0xBE | 0xBF, ..]
            );
            ends && [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit())
        }
        _ => false,
    }
}

/// Keeps the archive's bytes until they are fetched.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Pipe {
    fn drain(&self, out: &mut Vec<u8>) {
        out.append(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut buffer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The styles of cells, as the workbook numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Styles {
    heading: u32,
    required: u32,
    plain: u32,
    prose: u32,
    good: u32,
    notice: u32,
    bad: u32,
}

impl Styles {
    fn index(self, column: Option<&Column>, cell: &str) -> u32 {
        let Some(column) = column else {
            return self.plain;
        };
        match column.tone.map(|tone| tone(cell)) {
            Some(Tone::Plain) | None if column.prose => self.prose,
            Some(tone) => self.toned(tone),
            None => self.plain,
        }
    }

    fn toned(self, tone: Tone) -> u32 {
        match tone {
            Tone::Good => self.good,
            Tone::Notice => self.notice,
            Tone::Bad => self.bad,
            Tone::Plain => self.plain,
        }
    }

    /// Lists their formats, in the order of the fields.
    fn formats() -> [Format; 7] {
        let text = || {
            Format::new()
                .set_num_format_index(TEXT_FORMAT)
                .set_align(FormatAlign::Top)
        };
        let heading = |color: u32| {
            text()
                .set_text_wrap()
                .set_bold()
                .set_background_color(Color::RGB(color))
                .set_border_bottom(FormatBorder::Thin)
        };
        let toned = |ground: u32, ink: u32| {
            text()
                .set_text_wrap()
                .set_background_color(Color::RGB(ground))
                .set_font_color(Color::RGB(ink))
        };
        [
            heading(0xE7_E9_EC),
            heading(0xFF_E1_A8),
            text(),
            text().set_text_wrap(),
            toned(0xC6_EF_CE, 0x00_61_00),
            toned(0xFF_EB_9C, 0x7A_4B_00),
            toned(0xFF_C7_CE, 0x9C_00_06),
        ]
    }

    /// Reads their numbers from a row with one cell of each.
    fn numbered(row: &str) -> Option<Styles> {
        let number = |part: &str| part.split('"').next()?.parse().ok();
        let numbers = row.split(" s=\"").skip(1).map(number);
        match numbers.collect::<Option<Vec<u32>>>()?.as_slice() {
            &[heading, required, plain, prose, good, notice, bad] => Some(Styles {
                heading,
                required,
                plain,
                prose,
                good,
                notice,
                bad,
            }),
            _ => None,
        }
    }
}

/// A workbook without rows, taken apart where they belong.
struct Frame {
    archive: ZipArchive<Cursor<Vec<u8>>>,
    /// The sheet up to its first row, and from behind its last.
    head: String,
    tail: String,
    styles: Styles,
}

impl Frame {
    fn new(
        file: &Arc<str>,
        columns: &[Column],
        rows: u32,
        extras: &[ExtraSheet],
        notes: &[CellNote],
    ) -> Result<Frame, SheetError> {
        let failed = |error: &dyn Display| {
            SheetError::unwritable(file, &io::Error::other(error.to_string()))
        };
        let mut book = workbook(columns, rows, extras, notes).map_err(|error| failed(&error))?;
        let bytes = book.save_to_buffer().map_err(|error| failed(&error))?;
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| failed(&error))?;
        let mut xml = String::new();
        archive
            .by_name(SHEET)
            .map_err(|error| failed(&error))?
            .read_to_string(&mut xml)
            .map_err(|error| failed(&error))?;
        let parts = || {
            let (head, rest) = xml.split_once("<sheetData>")?;
            let (row, tail) = rest.split_once("</sheetData>")?;
            // The last row is known too late to be written before the rows; readers do without.
            let (before, dimension) = head.split_once("<dimension")?;
            let (_, after) = dimension.split_once("/>")?;
            let styles = Styles::numbered(row)?;
            Some((format!("{before}{after}<sheetData>"), tail, styles))
        };
        let (head, tail, styles) =
            parts().ok_or_else(|| failed(&"a workbook without rows has an unknown form"))?;
        Ok(Frame {
            head,
            tail: format!("</sheetData>{tail}"),
            styles,
            archive,
        })
    }

    /// Copies files of the archive. They are packed again, since files compressed for a stream would lack their
    /// lengths.
    fn copy(
        &mut self,
        to: &mut ZipWriter<StreamWriter<Pipe>>,
        wanted: impl Fn(&str) -> bool,
    ) -> io::Result<()> {
        for index in 0..self.archive.len() {
            let mut file = self.archive.by_index(index)?;
            let name = file.name()?.into_owned();
            if wanted(&name) {
                to.start_file(name, options())?;
                io::copy(&mut file, to)?;
            }
        }
        Ok(())
    }
}

/// All of a workbook but its rows: where they belong, one cell of each style.
fn workbook(
    columns: &[Column],
    rows: u32,
    extras: &[ExtraSheet],
    notes: &[CellNote],
) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    // The same rows are the same bytes: no time of day anywhere.
    let made = ExcelDateTime::from_ymd(1980, 1, 1)?;
    let properties = DocProperties::new().set_creation_datetime(&made);
    book.set_properties(&properties.set_author("").set_comment(""));
    let formats = Styles::formats();
    let sheet = book.add_worksheet();
    if let Some(extra) = extras.iter().find(|extra| !extra.table.is_empty()) {
        sheet.set_name(&extra.table)?;
    }
    for (format, column) in formats.iter().zip(0..) {
        sheet.write_blank(0, column, format)?;
    }
    let [heading, _, text, prose, ..] = &formats;
    let last = u16::try_from(columns.len())
        .unwrap_or(u16::MAX)
        .saturating_sub(1);
    let (widths, is_on_a_page) = layout::widths(columns);
    for ((column, width), at) in columns.iter().zip(widths).zip(0..) {
        sheet.set_column_format(at, if column.prose { prose } else { text })?;
        sheet.set_column_width(at, width)?;
        if !column.comment.is_empty() {
            sheet.insert_note(0, at, &note(&column.comment))?;
        }
        if column.hidden {
            sheet.set_column_hidden(at)?;
        }
    }
    let mut folded = (0..).zip(columns).filter(|(_, column)| column.folded);
    if let Some((first, _)) = folded.next() {
        let end = folded.last().map_or(first, |(at, _)| at);
        sheet.group_columns_collapsed(first, end)?;
    }
    for CellNote { row, column, text } in notes {
        sheet.insert_note(*row, *column, &note(text))?;
    }
    sheet.set_default_note_author("rowcall");
    sheet.set_freeze_panes(1, 0)?;
    if rows > 1 {
        sheet.autofilter(0, 0, rows - 1, last)?;
    }
    sheet.ignore_error_range(0, 0, ROWS_MAX - 1, last, IgnoreError::NumberStoredAsText)?;
    lay_out(sheet, 0, is_on_a_page)?;
    add_choices(sheet, columns)?;
    for extra in extras {
        let sheet = book.add_worksheet().set_name(&extra.name)?;
        add_extra(sheet, extra, &formats)?;
        mark(&mut book, &extra.name)?;
    }
    if columns.iter().any(|column| !column.choices.is_empty()) {
        let name = translated(CHOICES);
        let sheet = book.add_worksheet().set_name(&*name)?;
        for (column, at) in columns.iter().filter(|c| !c.choices.is_empty()).zip(0..) {
            sheet.set_column_width(at, width(column))?;
            sheet.write_string_with_format(0, at, &column.heading, heading)?;
            for (word, row) in column.choices.iter().zip(1..) {
                sheet.write_string_with_format(row, at, word, text)?;
            }
        }
        mark(&mut book, &name)?;
    }
    Ok(book)
}

/// Marks a sheet as one without rows.
fn mark(book: &mut Workbook, sheet: &str) -> Result<(), XlsxError> {
    book.define_name(
        format!("'{sheet}'!{NOTES_MARK}"),
        &format!("='{sheet}'!$A$1"),
    )?;
    Ok(())
}

const A4: u8 = 9;
/// The sheet with the words of the drop-downs: a list within a drop-down itself may have 255 characters only.
const CHOICES: &str = "Choices";

fn add_choices(sheet: &mut Worksheet, columns: &[Column]) -> Result<(), XlsxError> {
    let choosing = columns.iter().zip(0..);
    let choosing = choosing.filter(|(column, _)| !column.choices.is_empty());
    let name = translated(CHOICES);
    for ((column, at), list) in choosing.zip(0..) {
        let letters = column_letters(list);
        let last = column.choices.len() + 1;
        let list = Formula::new(format!("={name}!${letters}$2:${letters}${last}"));
        // A warning and no refusal: a cell may also be ja, or <clear>.
        let validation = DataValidation::new()
            .allow_list_formula(list)
            .set_error_style(DataValidationErrorStyle::Warning)
            .set_error_title("Not one of the words")?
            .set_error_message("The words are in the list. Keep this one only if you know that the PBX, or rowcall, takes it.")?;
        sheet.add_data_validation(1, at, ROWS_MAX - 1, at, &validation)?;
    }
    Ok(())
}

fn add_extra(
    sheet: &mut Worksheet,
    extra: &ExtraSheet,
    formats: &[Format; 7],
) -> Result<(), XlsxError> {
    let [heading, _, _, prose, good, notice, bad] = formats;
    let top = u32::from(!extra.title.is_empty());
    if top > 0 {
        sheet.write_string_with_format(0, 0, &extra.title, &Format::new().set_bold())?;
    }
    let mut widths = Vec::new();
    for (text, at) in extra.headings.iter().zip(0..) {
        let cells = extra.rows.iter();
        let cells = cells.filter_map(|row| row.cells.get(usize::from(at)));
        let lines = cells.flat_map(|cell| cell.lines().map(|line| line.chars().count()));
        let widest = lines.max().unwrap_or_default();
        let width = clamped(widest.max(text.chars().count() + BUTTON_WIDTH) + 1);
        sheet.set_column_width(at, width)?;
        sheet.write_string_with_format(top, at, text, heading)?;
        widths.push(width);
    }
    for (extra_row, row) in extra.rows.iter().zip(top + 1..) {
        let cells = &extra_row.cells;
        let heights = cells.iter().zip(&widths);
        let height = heights.map(|(cell, width)| height_of(cell, *width)).max();
        sheet.set_row_height(row, height.unwrap_or(LINE_HEIGHT) as f64)?;
        for (cell, at) in cells.iter().zip(0..) {
            let format = match extra_row.tone(usize::from(at)) {
                Tone::Good => good,
                Tone::Notice => notice,
                Tone::Bad => bad,
                Tone::Plain => prose,
            };
            sheet.write_string_with_format(row, at, cell, format)?;
        }
        if let (Some(to), Some(text)) = (&extra_row.link, cells.first()) {
            let to = Url::new(format!("internal:Sheet1!{}", to.cell)).set_text(text);
            // The library's own style of links would count as the first of all.
            let link = Format::new()
                .set_font_color(Color::RGB(0x05_63_C1))
                .set_underline(FormatUnderline::Single);
            sheet.write_url_with_format(row, 0, to, &link)?;
        }
    }
    if let (Some(last), false) = (extra.headings.len().checked_sub(1), extra.rows.is_empty()) {
        let rows = u32::try_from(extra.rows.len()).unwrap_or(ROWS_MAX);
        sheet.autofilter(top, 0, top + rows, u16::try_from(last).unwrap_or(u16::MAX))?;
    }
    sheet.set_freeze_panes(top + 1, 0)?;
    lay_out(sheet, top, true)
}

/// Lays a sheet out on paper: as wide as a page, where it can be read so; else over pages side by side, the first column
/// on each. The row of headings, which is counted from 0, is on each page.
fn lay_out(sheet: &mut Worksheet, headings: u32, is_on_a_page: bool) -> Result<(), XlsxError> {
    let (sides, top, bottom, edge) = MARGINS;
    sheet.set_landscape();
    sheet.set_paper_size(A4);
    sheet.set_margins(sides, sides, top, bottom, edge, edge);
    sheet.set_footer(PAGE_NUMBER);
    sheet.set_repeat_rows(headings, headings)?;
    if is_on_a_page {
        sheet.set_print_fit_to_pages(1, 0);
    } else {
        sheet.set_print_scale(WIDE_SCALE);
        sheet.set_repeat_columns(0, 0)?;
    }
    Ok(())
}

fn note(text: &str) -> Note {
    /// Pixels of a comment, and of one of its lines; characters of a line.
    const NOTE: (u32, u32, usize) = (330, 17, 48);
    let (width, line_height, line_width) = NOTE;
    let line = |line: &str| line.chars().count() / line_width + 1;
    let lines: usize = text.lines().map(line).sum();
    Note::new(text)
        .add_author_prefix(false)
        .set_width(width)
        .set_height(line_height * u32::try_from(lines + 1).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::column::ExtraRow;
    use crate::sheet::xlsx::mark::{MarkStyles, extra_sheet};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn tone(word: &str) -> Tone {
        match word {
            "good" => Tone::Good,
            "notice" => Tone::Notice,
            "bad" => Tone::Bad,
            _ => Tone::Plain,
        }
    }

    fn named(heading: &str) -> Column {
        Column {
            heading: heading.to_owned(),
            ..Column::default()
        }
    }

    fn book(columns: Vec<Column>, rows: &[Vec<&str>], extras: Vec<ExtraSheet>) -> Vec<u8> {
        let mut book = BookWriter::new(&"t.xlsx".into(), columns, extras).unwrap();
        let mut bytes = Vec::new();
        for row in rows {
            book.row(row.iter().copied(), &[], &mut bytes).unwrap();
        }
        book.end(&mut bytes).unwrap();
        bytes
    }

    fn part(bytes: &[u8], name: &str) -> String {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        let mut file = archive.by_name(name).unwrap();
        file.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_sheet_is_printed_as_wide_as_a_page_unless_nobody_could_read_it() {
        let printed = |count: usize, hidden: usize| {
            let columns = (0..count).map(|at| Column {
                width: 20,
                hidden: at < hidden,
                ..named("a")
            });
            part(&book(columns.collect(), &[vec!["1"]], vec![]), SHEET)
        };
        for (is_narrow, text) in [
            (true, printed(9, 0)),
            (true, printed(40, 31)),
            (false, printed(40, 0)),
        ] {
            assert_eq!(text.contains("fitToHeight=\"0\""), is_narrow, "{text}");
            assert_eq!(text.contains("scale=\"60\""), !is_narrow, "{text}");
        }
    }

    #[test]
    fn a_further_table_has_the_colours_of_its_rows_whatever_their_words() {
        let row = |word: &str, tone| ExtraRow {
            cells: vec![word.to_owned(), "error".to_owned()],
            mark: Some((0, tone)),
            link: None,
        };
        let aside = ExtraSheet {
            name: "Fates".to_owned(),
            headings: vec!["fate".to_owned(), "how".to_owned()],
            rows: vec![
                row("LOST", Tone::Bad),
                row("unsure", Tone::Notice),
                row("carried", Tone::Good),
                row("warning", Tone::Plain),
            ],
            ..ExtraSheet::default()
        };
        let ordinary = part(
            &book(vec![named("a")], &[], vec![aside.clone()]),
            "xl/worksheets/sheet2.xml",
        );
        let styles = "<styleSheet><fonts count=\"1\"><font/></fonts><fills count=\"1\"><fill/></fills>\
                      <cellXfs count=\"1\"><xf/></cellXfs></styleSheet>";
        let beside_marks = extra_sheet(&aside, "Rows", &mut MarkStyles::new(styles));
        for (sheet, first) in [(ordinary, 2), (beside_marks, 3)] {
            let style = |cell: &str| {
                let (_, rest) = sheet.split_once(&format!("r=\"{cell}\" s=\"")).unwrap();
                rest.split_once('"').unwrap().0.to_owned()
            };
            let toned: Vec<String> = (0..4)
                .map(|at| style(&format!("A{}", first + at)))
                .collect();
            let distinct: BTreeSet<&String> = toned.iter().collect();
            assert_eq!(distinct.len(), 4, "{toned:?} in {sheet}");
            for at in 0..4 {
                assert_eq!(style(&format!("B{}", first + at)), toned[3], "{sheet}");
            }
        }
    }

    /// Reads style and text of each cell in a manner of its own: each `_xHHHH_` once and from the left.
    fn cells(sheet: &str) -> Vec<(String, String)> {
        let cell = |text: &str| {
            let (_, rest) = text.split_once("\" s=\"").unwrap();
            let (style, rest) = rest.split_once("\" t=\"inlineStr\"><is><t").unwrap();
            let (_, rest) = rest.split_once('>').unwrap();
            let (text, _) = rest.split_once("</t></is></c>").unwrap();
            (style.to_owned(), decoded(text))
        };
        sheet.split("<c r=\"").skip(1).map(cell).collect()
    }

    fn decoded(text: &str) -> String {
        let text = text.replace("&lt;", "<").replace("&gt;", ">");
        let text = text.replace("&amp;", "&");
        let (mut rest, mut decoded) = (text.as_str(), String::new());
        while let Some(at) = rest.find("_x") {
            let code = rest
                .get(at + 2..at + 6)
                .filter(|_| rest[at + 6..].starts_with('_'));
            let Some(Ok(code)) = code.map(|code| u32::from_str_radix(code, 16)) else {
                decoded.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
                continue;
            };
            decoded.push_str(&rest[..at]);
            decoded.push(char::from_u32(code).unwrap());
            rest = &rest[at + 7..];
        }
        decoded + rest
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn every_text_stands_in_the_sheet_exactly(texts in prop::collection::vec(prop_oneof![
            any::<String>(),
            "(_x00[45][0-9A-Fa-f]|_|x|[\0-\x1f]|\u{fffe}|\u{ffff}|&amp;|<|[a-f0-9_]){1,12}",
            "[=+@0' -]{1,4}[0-9]{0,20}",
        ], 1..6)) {
            let row: Vec<&str> = texts.iter().map(String::as_str).collect();
            let sheet = part(&book(vec![named("h"); row.len()], std::slice::from_ref(&row), vec![]), SHEET);
            let legal = |c: char| matches!(c, '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'..);
            prop_assert!(sheet.chars().all(legal), "{sheet:?}");
            let read: Vec<String> = cells(&sheet).into_iter().map(|(_, text)| text).collect();
            let filled: Vec<&str> = row.iter().copied().filter(|text| !text.is_empty()).collect();
            prop_assert_eq!(&read[row.len()..], filled);
        }
    }

    #[test]
    fn cells_are_texts_and_results_are_coloured_under_headings_that_stay_and_filter() {
        let result = Column {
            tone: Some(tone),
            ..named("result")
        };
        let rows = [
            vec!["0042", "good"],
            vec!["+49", "notice"],
            vec!["=1+1", "bad"],
            vec!["12345678901234567890", "other"],
        ];
        let bytes = book(vec![named("number"), result], &rows, vec![]);
        let sheet = part(&bytes, SHEET);
        assert!(!sheet.contains("<v>") && !sheet.contains("<f"), "{sheet}");
        assert!(sheet.contains("state=\"frozen\""), "{sheet}");
        assert!(sheet.contains("<autoFilter ref=\"A1:B5\"/>"), "{sheet}");
        // It would be that of a workbook without rows, and some readers believe it.
        assert!(!sheet.contains("<dimension"), "{sheet}");
        assert!(part(&bytes, "xl/workbook.xml").contains("Sheet1!$A$1:$B$5"));
        let cells = cells(&sheet);
        let styles: Vec<&str> = cells.iter().map(|(style, _)| style.as_str()).collect();
        let [head, _, text, good, _, notice, _, bad, _, other] = styles[..] else {
            panic!("{cells:?}");
        };
        let different = BTreeSet::from([head, text, good, notice, bad]);
        assert_eq!((different.len(), text), (5, other));

        let styles = part(&bytes, "xl/styles.xml");
        let formats = styles.split("<cellXfs").nth(1).unwrap();
        let formats: Vec<&str> = formats.split("<xf ").skip(1).collect();
        for style in different {
            let format = formats[style.parse::<usize>().unwrap()];
            assert!(format.contains("numFmtId=\"49\""), "no text: {format}");
        }
        let core = part(&bytes, "docProps/core.xml");
        assert!(core.contains("<dc:creator></dc:creator>"), "{core}");
        // The time of day is not in it either.
        let made = core.matches(">1980-01-01T00:00:00Z<").count();
        assert_eq!(made, 2, "{core}");
    }

    #[test]
    fn what_a_workbook_cannot_hold_is_refused_by_name_and_never_cut() {
        let book =
            || BookWriter::new(&"t.xlsx".into(), vec![named("a"), named("b")], vec![]).unwrap();
        let fits = [
            "x".repeat(CELL_UNITS_MAX),
            "\u{1f600}".repeat(CELL_UNITS_MAX / 2),
        ];
        for text in &fits {
            book().row(["", text.as_str()], &[], &mut vec![]).unwrap();
        }
        for text in fits.map(|text| text + "\u{1f600}") {
            let error = book()
                .row(["", text.as_str()], &[], &mut vec![])
                .unwrap_err();
            let error = error.to_string();
            assert!(
                error.starts_with("t.xlsx: cell B2 would be longer than"),
                "{error}"
            );
            assert!(BookWriter::new(&"t.xlsx".into(), vec![named(&text)], vec![]).is_err());
        }
        let mut full = book();
        full.rows = ROWS_MAX - 1;
        full.row(["1"], &[], &mut vec![]).unwrap();
        let error = full.row(["1"], &[], &mut vec![]).unwrap_err();
        assert!(error.to_string().contains("Write .csv"), "{error}");
        let mut heavy = book();
        heavy.bytes = SHEET_BYTES_MAX;
        assert!(heavy.row(["1"], &[], &mut vec![]).is_err());
        let wide = vec![named("a"); ROW_CELLS_MAX + 1];
        assert!(BookWriter::new(&"t.xlsx".into(), wide, vec![]).is_err());
    }

    #[test]
    fn a_sheet_to_fill_in_offers_words_and_says_what_a_column_takes() {
        let columns = vec![
            Column {
                comment: "Digits & <more>.".to_owned(),
                required: true,
                ..named("number")
            },
            Column {
                choices: vec!["on".to_owned(), "off".to_owned()],
                ..named("voicemail")
            },
        ];
        let aside = ExtraSheet {
            table: "Rows".to_owned(),
            name: "Help".to_owned(),
            headings: vec!["field".to_owned()],
            rows: vec![ExtraRow::plain(vec!["=number".to_owned()])],
            ..ExtraSheet::default()
        };
        let bytes = book(columns, &[], vec![aside]);
        let sheet = part(&bytes, SHEET);
        let words = "sqref=\"B2:B1048576\"><formula1>Choices!$A$2:$A$3</formula1>";
        assert!(sheet.contains(words), "{sheet}");
        assert!(!sheet.contains("autoFilter"), "{sheet}");
        let cells = cells(&sheet);
        assert_ne!(cells[0].0, cells[1].0, "what is required shows");
        let columns: Vec<&str> = sheet.split("<col ").skip(1).collect();
        assert!(!columns.is_empty() && columns.iter().all(|column| column.contains("style=")));
        let comments = part(&bytes, "xl/comments1.xml");
        assert!(
            comments.contains("Digits &amp; &lt;more&gt;."),
            "{comments}"
        );
        assert!(comments.contains("<author>rowcall</author>"), "{comments}");
        assert!(!part(&bytes, "xl/worksheets/sheet2.xml").contains("<f>"));
        let words = part(&bytes, "xl/sharedStrings.xml");
        assert!(
            words.contains("<t>on</t>") && words.contains("<t>=number</t>"),
            "{words}"
        );
    }
}
