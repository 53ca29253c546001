//! XLS of Excel 97 to 2003 (BIFF8), by [MS-XLS].

use super::looks::{fill_of, font_colour_of, is_like_link, range_at};
use super::record::{BiffRecord, is_cell, kind, units};
use crate::sheet::cells::Stored;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::options::Limits;
use crate::sheet::source::Source;
use crate::sheet::workbook::compound::Compound;
use crate::sheet::workbook::fills::RowFills;
use crate::sheet::workbook::number_format::{Formats, plain};
use crate::sheet::workbook::row::{
    NOTES_MARK, RawRow, RowMarks, Strings, Survey, TABLES_MAX, Table, damaged, other_format,
    oversized,
};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Bytes of the texts that the cells share: 20 MiB.
const STRINGS_BYTES_MAX: usize = 20 << 20;

/// An XLS workbook, in memory as in the file.
pub(crate) struct Book {
    pub(crate) tables: Vec<Table>,
    /// The beginning of each table.
    starts: Vec<usize>,
    file: Arc<str>,
    bytes: Vec<u8>,
    strings: Strings,
    /// The shared texts of which a piece is raised, lowered or struck through, and another is not.
    pieced_strings: HashSet<usize>,
    formats: Formats,
    /// True for each style that strikes its cells through.
    struck: Vec<bool>,
    /// The fill of each style; 0 is none.
    fills: Vec<u32>,
    /// The font colour of each style; 0 is the usual one.
    font_colours: Vec<u32>,
    /// The styles in the font of links.
    like_links: HashSet<usize>,
    from_1904: bool,
    has_macros: bool,
}

/// The records before those of the sheets, while they are read.
#[derive(Default)]
struct Globals {
    tables: Vec<Table>,
    starts: Vec<usize>,
    /// The table of each sheet: charts have none.
    of_sheets: Vec<Option<usize>>,
    /// The sheets that have [`NOTES_MARK`], counted from 1.
    marked: Vec<u16>,
    formats: Formats,
    fonts: Vec<BiffFont>,
    /// The font, the number format and the fill of each style.
    styles: Vec<(u16, u16, u32)>,
    strings: Strings,
    pieced_strings: HashSet<usize>,
    from_1904: bool,
    has_macros: bool,
}

/// The properties of a font that are read.
struct BiffFont {
    is_struck: bool,
    /// True if it raises or lowers its text.
    is_moved: bool,
    /// True for the font of links.
    is_like_link: bool,
    colour: u32,
}

impl Globals {
    fn read(&mut self, book: &Book, record: &BiffRecord<'_>) -> Result<(), SheetError> {
        match record.kind {
            kind::FILE_PASS => return Err(SheetErrorKind::Encrypted.in_file(&book.file)),
            kind::DATE_1904 => self.from_1904 = record.u16(0) == Some(1),
            kind::OB_PROJ => self.has_macros = true,
            kind::FORMAT => {
                if let (Some(id), Some(code)) = (record.u16(0), record.text(2, 2)) {
                    self.formats.bring(&book.file, id.into(), code)?;
                }
            }
            kind::FONT => self.fonts.push(BiffFont {
                is_struck: record.u16(2).is_some_and(|flags| flags & 8 != 0),
                is_moved: record.u16(8).is_some_and(|position| position != 0),
                is_like_link: is_like_link(record),
                colour: font_colour_of(record),
            }),
            kind::XF => {
                let ids = record.u16(0).zip(record.u16(2));
                let style = ids.map(|(font, format)| (font, format, fill_of(record)));
                self.styles.extend(style);
            }
            kind::NAME if record.name().as_deref() == Some(NOTES_MARK) => {
                self.marked.extend(record.u16(8));
            }
            // Sheets that are no worksheets are charts or macro sheets.
            kind::BOUND_SHEET if self.tables.len() == TABLES_MAX => {
                let what = format!("it has more than {TABLES_MAX} sheets");
                return Err(oversized(&book.file, &what));
            }
            kind::BOUND_SHEET if record.u8(5) != Some(0) => self.of_sheets.push(None),
            kind::BOUND_SHEET => {
                let bound = record
                    .bound_sheet()
                    .filter(|(start, _)| !self.starts.contains(start));
                let (start, table) = bound.ok_or_else(|| book.broken())?;
                self.starts.push(start);
                self.of_sheets.push(Some(self.tables.len()));
                self.tables.push(table);
            }
            _ => {}
        }
        Ok(())
    }

    fn read_strings(
        &mut self,
        book: &Book,
        record: BiffRecord<'_>,
        limits: Limits,
    ) -> Result<(), SheetError> {
        let is_marked = |font: u16| {
            let font = self.fonts.get(font_index(font));
            font.is_some_and(|font| font.is_struck || font.is_moved)
        };
        (self.strings, self.pieced_strings) = book.read_strings(record, limits, is_marked)?;
        Ok(())
    }

    fn mark_notes(&mut self) {
        for sheet in &self.marked {
            // 0 is the workbook.
            let sheet = usize::from(*sheet).checked_sub(1);
            let table = sheet.and_then(|sheet| *self.of_sheets.get(sheet)?);
            if let Some(table) = table.and_then(|table| self.tables.get_mut(table)) {
                table.is_notes = true;
            }
        }
    }

    /// Hands the styles to the workbook.
    fn put_styles(&mut self, book: &mut Book) -> Result<(), SheetError> {
        let mut formats = std::mem::take(&mut self.formats);
        for (font, format, fill) in &self.styles {
            formats.style(&book.file, (*format).into())?;
            let font = self.fonts.get(font_index(*font));
            book.struck.push(font.is_some_and(|font| font.is_struck));
            book.font_colours.push(font.map_or(0, |font| font.colour));
            if font.is_some_and(|font| font.is_like_link) {
                book.like_links.insert(book.font_colours.len() - 1);
            }
            book.fills.push(*fill);
        }
        book.formats = formats;
        Ok(())
    }
}

impl Book {
    pub(crate) fn open(source: &Source, limits: Limits) -> Result<Book, SheetError> {
        let file = source.name.clone();
        let compound = Compound::open(source)?;
        if compound.has("EncryptedPackage") {
            return Err(SheetErrorKind::Encrypted.in_file(&file));
        }
        // Excel 95 called it `Book`, and so do programs that write files for Excel 97.
        let names = ["Workbook", "Book"];
        let Some(name) = names.into_iter().find(|name| compound.has(name)) else {
            return Err(other_format(&file, "a document of another program"));
        };
        let bytes = compound.stream(name);
        let broken = || damaged(&file, "its container is broken or cut off");
        let mut book = Book {
            tables: Vec::new(),
            starts: Vec::new(),
            bytes: bytes.ok_or_else(broken)?,
            file: file.clone(),
            strings: Strings::default(),
            pieced_strings: HashSet::new(),
            formats: Formats::default(),
            struck: Vec::new(),
            fills: Vec::new(),
            font_colours: Vec::new(),
            like_links: HashSet::new(),
            from_1904: false,
            has_macros: false,
        };
        drop(compound);
        book.read_globals(limits)?;
        Ok(book)
    }

    fn broken(&self) -> SheetError {
        damaged(&self.file, "its records are broken or cut off")
    }

    fn record(&self, at: usize) -> Result<BiffRecord<'_>, SheetError> {
        self.record_at(at).ok_or_else(|| self.broken())
    }

    fn record_at(&self, at: usize) -> Option<BiffRecord<'_>> {
        let head = self.bytes.get(at..)?.get(..4)?;
        let kind = u16::from_le_bytes(head.get(..2)?.try_into().ok()?);
        let length = u16::from_le_bytes(head.get(2..)?.try_into().ok()?);
        let end = at + 4 + usize::from(length);
        Some(BiffRecord {
            kind,
            data: self.bytes.get(at + 4..end)?,
            start: at,
            end,
        })
    }

    /// The end of the first record, which tells the version.
    fn beginning(&self) -> Result<usize, SheetError> {
        let first = self.record(0)?;
        if first.kind != kind::BOF || first.u16(0) != Some(0x0600) {
            return Err(other_format(&self.file, "a workbook of Excel 95 or older"));
        }
        Ok(first.end)
    }

    /// Reads the records before those of the sheets.
    fn read_globals(&mut self, limits: Limits) -> Result<(), SheetError> {
        let mut globals = Globals::default();
        let mut at = self.beginning()?;
        loop {
            let record = self.record(at)?;
            at = record.end;
            match record.kind {
                kind::EOF => break,
                kind::SST => globals.read_strings(self, record, limits)?,
                _ => globals.read(self, &record)?,
            }
        }
        globals.mark_notes();
        globals.put_styles(self)?;
        (self.tables, self.starts) = (globals.tables, globals.starts);
        (self.from_1904, self.has_macros) = (globals.from_1904, globals.has_macros);
        (self.strings, self.pieced_strings) = (globals.strings, globals.pieced_strings);
        Ok(())
    }

    /// Reads the shared texts, which may begin in one record and continue in the next.
    /// Returns with them those of which a piece has a font that `is_marked`, and another piece has not.
    fn read_strings(
        &self,
        first: BiffRecord<'_>,
        limits: Limits,
        is_marked: impl Fn(u16) -> bool,
    ) -> Result<(Strings, HashSet<usize>), SheetError> {
        let mut pieced = HashSet::new();
        let mut parts = Parts {
            book: self,
            record: first,
            at: 8,
            runs: Vec::new(),
        };
        let count = first.u32(4).ok_or_else(|| self.broken())?;
        let mut strings = Strings::default();
        // Some programs count wrong: the texts present count. A cell that names a text beyond them is found where it is
        // read.
        while !parts.has_ended() {
            let text = match parts.text() {
                Some(text) => text,
                None if strings.len() >= count as usize => break,
                None => return Err(self.broken()),
            };
            let is_one = matches!(parts.runs.as_slice(), [(0, _)]);
            if !is_one && parts.runs.iter().any(|(_, font)| is_marked(*font)) {
                pieced.insert(strings.len());
            }
            strings.push(|out| out.push_str(&text));
            if strings.bytes() > STRINGS_BYTES_MAX || text.len() > limits.cell_bytes_max {
                let what =
                    format!("the texts in its cells take more than {STRINGS_BYTES_MAX} bytes");
                return Err(oversized(&self.file, &what));
            }
        }
        Ok((strings, pieced))
    }

    /// Looks at the rows of a table below its headings.
    pub(crate) fn survey(&self, table: usize, header_line: u64) -> Result<Survey, SheetError> {
        let mut survey = Survey {
            has_macros: self.has_macros,
            ..Survey::default()
        };
        let mut rows: BTreeMap<u16, RowMarks> = BTreeMap::new();
        let mut colours: BTreeMap<u16, Vec<(usize, [u32; 2])>> = BTreeMap::new();
        let mut records = Records::new(self, table);
        while let Some(record) = records.next(self)? {
            match record.kind {
                kind::ROW => {
                    let row = rows.entry(record.u16(0).unwrap_or_default()).or_default();
                    row.hidden = record.is_hidden_row();
                    row.grouped = record.u16(12).is_some_and(|flags| flags & 7 != 0);
                }
                kind::COL_INFO if record.u16(8).is_some_and(|flags| flags & 1 != 0) => {
                    survey
                        .hidden_columns
                        .push(record.u16(0).unwrap_or_default().into());
                }
                kind::MERGE_CELLS => {
                    for at in (2..).step_by(8).take(record.u16(0).unwrap_or(0).into()) {
                        survey.add_merged(range_at(&record, at), header_line);
                    }
                }
                kind::FILTER_MODE => survey.is_filtered = true,
                kind::NOTE => {
                    let row = rows.entry(record.u16(0).unwrap_or_default()).or_default();
                    row.noted = true;
                }
                kind::CONDITION => survey.conditional_formats += 1,
                kind::HYPERLINK => {
                    let range = range_at(&record, 0);
                    let lines = range.first_line..=range.last_line;
                    survey.links.take_out(lines, range.columns);
                }
                kind if is_cell(kind) => {
                    let row = rows.entry(record.u16(0).unwrap_or_default()).or_default();
                    row.filled = true;
                    let style = record.u16(4).map(usize::from);
                    let struck = style.and_then(|style| self.struck.get(style));
                    row.struck |= struck.is_some_and(|struck| *struck);
                    let line = u64::from(record.u16(0).unwrap_or_default()) + 1;
                    if !self.like_links.is_empty() && line > header_line {
                        let column = usize::from(record.u16(2).unwrap_or_default());
                        let is_like_link =
                            style.is_some_and(|style| self.like_links.contains(&style));
                        let columns = column..column + 1;
                        survey.links.add(line..line + 1, columns, is_like_link);
                    }
                    let own = [&self.fills, &self.font_colours]
                        .map(|of| style.and_then(|style| of.get(style)).copied().unwrap_or(0));
                    if own != [0, 0] {
                        let (line, column) = (record.u16(0), record.u16(2));
                        let of_row = colours.entry(line.unwrap_or_default()).or_default();
                        of_row.push((column.unwrap_or_default().into(), own));
                    }
                    let formulas = [kind::FORMULA, kind::FORMULA_3, kind::FORMULA_4];
                    survey.formulas += u64::from(formulas.contains(&kind));
                }
                _ => {}
            }
        }
        let (mut fills, mut fonts) = (RowFills::default(), RowFills::default());
        for (row, look) in rows {
            let below = u64::from(u64::from(row) + 1 > header_line);
            survey.add_rows(look, below);
            fills.begin();
            fonts.begin();
            for (column, [fill, font]) in colours.remove(&row).unwrap_or_default() {
                fills.add(column..column + 1, fill);
                fonts.add(column..column + 1, font);
            }
            let count = if look.filled { below } else { 0 };
            let lines = u64::from(row) + 1..u64::from(row) + 1 + count;
            fills.end(lines.clone());
            fonts.end(lines);
        }
        (survey.fills, survey.fonts) = (fills, fonts);
        Ok(survey)
    }
}

/// The bytes of a record and of those that continue it.
struct Parts<'b> {
    book: &'b Book,
    record: BiffRecord<'b>,
    at: usize,
    /// The pieces of the last text that have a font of their own: the first character, and the font.
    runs: Vec<(u16, u16)>,
}

impl Parts<'_> {
    fn next_continuation(&mut self) -> Option<()> {
        let next = self.book.record_at(self.record.end)?;
        if next.kind != kind::CONTINUE {
            return None;
        }
        (self.record, self.at) = (next, 0);
        Some(())
    }

    /// Returns true if nothing follows.
    fn has_ended(&self) -> bool {
        let next = self.book.record_at(self.record.end);
        let goes_on = next.is_some_and(|next| next.kind == kind::CONTINUE);
        self.at >= self.record.data.len() && !goes_on
    }

    /// Reads the next text; `None` where the texts end too early.
    fn text(&mut self) -> Option<String> {
        while self.at >= self.record.data.len() {
            self.next_continuation()?;
        }
        let mut left = usize::from(self.record.u16(self.at)?);
        let flags = self.record.u8(self.at + 2)?;
        self.at += 3;
        let mut trailing = 0;
        let mut run_bytes_left = 0;
        if flags & 8 != 0 {
            run_bytes_left = 4 * usize::from(self.record.u16(self.at)?);
            trailing += run_bytes_left;
            self.at += 2;
        }
        if flags & 4 != 0 {
            trailing += self.record.u32(self.at)? as usize;
            self.at += 4;
        }
        let mut wide = flags & 1 != 0;
        let mut text = Vec::with_capacity(left);
        while left > 0 {
            if self.at >= self.record.data.len() {
                self.next_continuation()?;
                // The rest of a text begins with its width again.
                wide = self.record.u8(0)? & 1 != 0;
                self.at = 1;
            }
            let width = if wide { 2 } else { 1 };
            let room = self.record.data.len().saturating_sub(self.at) / width;
            let here = left.min(room);
            if here == 0 {
                return None;
            }
            let end = self.at + here * width;
            text.extend(units(self.record.data.get(self.at..end)?, wide));
            self.at = end;
            left -= here;
        }
        let mut run_bytes: Vec<u8> = Vec::new();
        while trailing > 0 {
            if self.at >= self.record.data.len() {
                self.next_continuation()?;
            }
            let here = trailing.min(self.record.data.len().saturating_sub(self.at));
            if here == 0 && self.record.data.is_empty() {
                return None;
            }
            let of_runs = here.min(run_bytes_left);
            run_bytes.extend(self.record.data.get(self.at..self.at + of_runs)?);
            run_bytes_left -= of_runs;
            self.at += here;
            trailing -= here;
        }
        let halves = |run: &[u8; 4]| {
            let [a, b, c, d] = *run;
            (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))
        };
        self.runs = run_bytes.as_chunks().0.iter().map(halves).collect();
        Some(String::from_utf16_lossy(&text))
    }
}

/// The place of a font in the list of fonts: there is none of the number 4.
fn font_index(font: u16) -> usize {
    usize::from(if font > 4 { font - 1 } else { font })
}

/// Goes through the records of one sheet, without those of charts within it.
#[derive(Debug, Clone)]
struct Records {
    /// `None` at the end.
    at: Option<usize>,
    depth: usize,
    /// The beginning of the next sheet: sheets that lie within one another would be read as often as there are sheets.
    end: usize,
}

impl Records {
    fn new(book: &Book, table: usize) -> Records {
        let at = book.starts.get(table).copied();
        let behind = book
            .starts
            .iter()
            .copied()
            .filter(|start| Some(*start) > at);
        Records {
            at,
            depth: 0,
            end: behind.min().unwrap_or(book.bytes.len()),
        }
    }

    fn next<'b>(&mut self, book: &'b Book) -> Result<Option<BiffRecord<'b>>, SheetError> {
        while let Some(at) = self.at {
            let record = book.record(at)?;
            if record.end > self.end {
                return Err(book.broken());
            }
            self.at = Some(record.end);
            match record.kind {
                kind::BOF => self.depth += 1,
                kind::EOF => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        self.at = None;
                    }
                }
                // The first record must be a BOF.
                _ if self.depth == 0 => return Err(book.broken()),
                _ if self.depth == 1 => return Ok(Some(record)),
                _ => {}
            }
        }
        Ok(None)
    }
}

/// Goes through the records of a sheet's cells, row by row.
#[derive(Clone)]
enum CellRecords {
    AsTheyStand(Records),
    /// The beginnings of the records, in a sheet that has them in another order, and the number of them that were
    /// returned.
    Sorted(Arc<[usize]>, usize),
}

impl CellRecords {
    /// The records, and which rows are hidden.
    fn new(book: &Book, table: usize) -> Result<(CellRecords, HashSet<u16>), SheetError> {
        let mut records = Records::new(book, table);
        let mut hidden = HashSet::new();
        let (mut last, mut in_order) = (None, true);
        while let Some(record) = records.next(book)? {
            if record.kind == kind::ROW && record.is_hidden_row() {
                hidden.extend(record.u16(0));
            }
            let place = record.place();
            in_order &= place.is_none() || place > last;
            last = place.or(last);
        }
        let cells = match in_order {
            true => CellRecords::AsTheyStand(Records::new(book, table)),
            false => CellRecords::sorted(book, table)?,
        };
        Ok((cells, hidden))
    }

    fn sorted(book: &Book, table: usize) -> Result<CellRecords, SheetError> {
        let mut records = Records::new(book, table);
        let mut cells = Vec::new();
        while let Some(record) = records.next(book)? {
            cells.extend(record.place().map(|place| (place, record.start)));
        }
        cells.sort_unstable();
        // Of two in one place the later counts, as for those who show the workbook.
        cells.reverse();
        cells.dedup_by_key(|(place, _)| *place);
        cells.reverse();
        let starts = cells.into_iter().map(|(_, start)| start);
        Ok(CellRecords::Sorted(starts.collect(), 0))
    }

    fn next<'b>(&mut self, book: &'b Book) -> Result<Option<BiffRecord<'b>>, SheetError> {
        match self {
            CellRecords::AsTheyStand(records) => {
                while let Some(record) = records.next(book)? {
                    if is_cell(record.kind) {
                        return Ok(Some(record));
                    }
                }
                Ok(None)
            }
            CellRecords::Sorted(starts, given) => {
                let start = starts.get(*given);
                *given += 1;
                start.map(|start| book.record(*start)).transpose()
            }
        }
    }
}

/// The rows of a sheet.
pub(crate) struct Rows {
    book: Arc<Book>,
    cells: CellRecords,
    hidden: HashSet<u16>,
}

impl Rows {
    pub(crate) fn new(book: &Arc<Book>, table: usize) -> Result<Rows, SheetError> {
        let (cells, hidden) = CellRecords::new(book, table)?;
        Ok(Rows {
            book: book.clone(),
            cells,
            hidden,
        })
    }

    pub(crate) fn next(&mut self, row: &mut RawRow) -> Result<bool, SheetError> {
        let book = self.book.clone();
        let mut line = None;
        loop {
            let before = self.cells.clone();
            let Some(record) = self.cells.next(&book)? else {
                return Ok(line.is_some());
            };
            let (Some(cell_row), Some(column)) = (record.u16(0), record.u16(2)) else {
                return Err(book.broken());
            };
            let cell_line = u64::from(cell_row) + 1;
            match line {
                None => {
                    row.begin(cell_line);
                    row.hidden = self.hidden.contains(&cell_row);
                }
                Some(line) if line != cell_line => {
                    self.cells = before;
                    return Ok(true);
                }
                Some(_) => {}
            }
            line = Some(cell_line);
            book.put_cell(&record, usize::from(column), row)
                .unwrap_or_else(|| Err(book.broken()))?;
        }
    }
}

fn put_text(row: &mut RawRow, column: usize, text: &str) -> Result<(), SheetError> {
    row.put(column, |out| {
        out.push_str(text);
        Stored::Text
    })
}

impl Book {
    /// Reads a text in a record from a byte on; it may continue in the next ones.
    fn text(&self, record: &BiffRecord<'_>, at: usize) -> Option<String> {
        let (book, record) = (self, self.record_at(record.start)?);
        let runs = Vec::new();
        Parts {
            book,
            record,
            at,
            runs,
        }
        .text()
    }

    /// Finds the record of the text that a formula gave, behind the formula's.
    fn text_behind(&self, formula: &BiffRecord<'_>) -> Option<BiffRecord<'_>> {
        let mut record = self.record_at(formula.end)?;
        while record.kind != kind::STRING {
            if is_cell(record.kind) || matches!(record.kind, kind::BOF | kind::EOF) {
                return None;
            }
            record = self.record_at(record.end)?;
        }
        Some(record)
    }

    /// Puts the content of a record; `None` where it is cut off.
    fn put_cell(
        &self,
        record: &BiffRecord<'_>,
        column: usize,
        row: &mut RawRow,
    ) -> Option<Result<(), SheetError>> {
        let style = record.u16(4)?;
        Some(match record.kind {
            kind::LABEL_SST => {
                let index = record.u32(6)? as usize;
                let text = self.strings.get(index)?;
                let is_pieced = self.pieced_strings.contains(&index);
                row.put_shared(column, text, is_pieced)
            }
            kind::LABEL | kind::RSTRING => put_text(row, column, &self.text(record, 6)?),
            kind::NUMBER => self.put_number(row, column, style, record.f64(6)?),
            kind::RK => self.put_number(row, column, style, rk(record.u32(6)?)),
            kind::MUL_RK => {
                let cells = record.data.get(4..record.data.len().checked_sub(2)?)?;
                for (column, cell) in (column..).zip(cells.chunks_exact(6)) {
                    let style = u16::from_le_bytes(cell.get(..2)?.try_into().ok()?);
                    let value = rk(u32::from_le_bytes(cell.get(2..)?.try_into().ok()?));
                    if let Err(error) = self.put_number(row, column, style, value) {
                        return Some(Err(error));
                    }
                }
                Ok(())
            }
            kind::BOOL_ERR => {
                let (value, is_error) = (record.u8(6)?, record.u8(7)? != 0);
                put_switch(row, column, value, is_error)
            }
            // A formula's value is a number, or the kind of another value.
            _ if record.u16(12)? != 0xFFFF => {
                let put = self.put_number(row, column, style, record.f64(6)?);
                if record.is_total() {
                    row.mark(column, Stored::Total);
                }
                put
            }
            _ => match record.u8(6)? {
                0 => match self.text_behind(record) {
                    Some(text) => put_text(row, column, &self.text(&text, 0)?),
                    None => Ok(()),
                },
                1 => put_switch(row, column, record.u8(8)?, false),
                2 => put_switch(row, column, record.u8(8)?, true),
                _ => Ok(()),
            },
        })
    }

    fn put_number(
        &self,
        row: &mut RawRow,
        column: usize,
        style: u16,
        value: f64,
    ) -> Result<(), SheetError> {
        row.put_shown(column, |out| match self.formats.of_style(style.into()) {
            Some(format) => format.show(value, "", self.from_1904, out),
            None => plain(value, "", out),
        })
    }
}

fn put_switch(
    row: &mut RawRow,
    column: usize,
    value: u8,
    is_error: bool,
) -> Result<(), SheetError> {
    row.put(column, |out| {
        if !is_error {
            out.push_str(if value == 0 { "FALSE" } else { "TRUE" });
            return Stored::Boolean;
        }
        out.push_str(match value {
            0x00 => "#NULL!",
            0x07 => "#DIV/0!",
            0x0F => "#VALUE!",
            0x17 => "#REF!",
            0x1D => "#NAME?",
            0x24 => "#NUM!",
            0x2A => "#N/A",
            _ => "#ERROR!",
        });
        Stored::Error
    })
}

/// A number in four bytes.
fn rk(packed: u32) -> f64 {
    let value = if packed & 2 != 0 {
        f64::from((packed as i32) >> 2)
    } else {
        f64::from_bits(u64::from(packed & !3) << 32)
    };
    if packed & 1 != 0 {
        value / 100.0
    } else {
        value
    }
}
