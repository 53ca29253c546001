//! Workbooks: XLSX (with or without macros), XLS from Excel 97 on, and ODS. Read row by row, whatever their size; of a
//! cell the text counts that the spreadsheet shows, where its number format is known.
//!
//! A workbook is not trusted: see `package` for the sizes that are counted before anything of it is read, and [`open`]
//! for the choice of its sheets.

use crate::model::{Place, shell_word};
use crate::sheet::book::rows::{MergedRows, Rows};
use crate::sheet::cells::{Cells, EXAMPLE, Row, RowTrouble, Stored, example_note};
use crate::sheet::column::{OWN_PREFIX, TITLE_PREFIX};
use crate::sheet::detect::groups::{self, RowAbove};
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::format::Format;
use crate::sheet::ods::read as ods;
use crate::sheet::opened::{BesideRows, Opened};
use crate::sheet::options::{EVERY_SHEET, Header, Headings, Limits, ReadOptions};
use crate::sheet::source::Source;
use crate::sheet::workbook::compound;
use crate::sheet::workbook::fills::count_lines;
use crate::sheet::workbook::merged::MergedRanges;
use crate::sheet::workbook::package::Package;
use crate::sheet::workbook::row::{RawRow, Survey, Table, damaged, other_format};
use crate::sheet::xls::read as xls;
use crate::sheet::xlsx::read as xlsx;
use memchr::memchr;
use std::fmt;
use std::mem;
use std::ops::Range;
use std::sync::Arc;

/// Rows that are looked at for the headings; blank ones do not count.
const PREAMBLE_ROWS_MAX: usize = 100;
/// Rows of a batch.
const BATCH_ROWS_MAX: usize = 1024;
/// Cells of a batch, beyond which it takes no further row.
const BATCH_CELLS_MAX: usize = 128 << 10;
/// Recognises, by its first bytes, a file that is often named like a workbook and is none.
fn recognise_other_format(head: &[u8]) -> Option<&'static str> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = text.trim_ascii_start();
    let begins = |word: &[u8]| {
        let head = text.get(..word.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    Some(match text {
        _ if begins(b"<?xml") => "an XML document",
        [b'<', ..] => "a web page",
        // Excel saves a page with all its parts as one mail.
        _ if begins(b"MIME-Version:") => "a web page",
        _ if begins(b"%PDF-") => "a PDF document",
        _ if begins(b"{\\rtf") => "a document of another program",
        _ if begins(b"ID;P") => "a workbook in SYLK",
        _ if begins(b"TABLE\r\n0,1") || begins(b"TABLE\n0,1") => "a workbook in DIF",
        _ => return None,
    })
}

/// Builds the error for a text with the name of a workbook.
pub(crate) fn text_not_workbook(file: &Arc<str>, head: &[u8]) -> SheetError {
    let ending = match head.trim_ascii_start() {
        [b'[' | b'{', ..] => ".json",
        _ => ".csv (or .tsv)",
    };
    SheetErrorKind::TextNotWorkbook(ending).in_file(file)
}

/// A workbook of any kind.
#[derive(Clone)]
pub(crate) enum Book {
    Xlsx(Arc<xlsx::Book>),
    Ods(Arc<ods::Book>),
    Xls(Arc<xls::Book>),
}

impl Book {
    /// Recognises the kind by the content, never by the file's ending.
    fn open(source: &Source, options: &ReadOptions) -> Result<Book, SheetError> {
        let file = &source.name;
        let head = source.head(512)?;
        if head.starts_with(b"PK") {
            let package = Package::open(source)?;
            if package
                .head("mimetype", 64)
                .starts_with(b"application/vnd.oasis.opendocument.spreadsheet")
            {
                return Ok(Book::Ods(Arc::new(ods::Book::open(
                    source,
                    package,
                    options.limits,
                )?)));
            }
            return Ok(Book::Xlsx(Arc::new(xlsx::Book::open(
                source,
                package,
                options.limits,
            )?)));
        }
        if head.starts_with(&compound::SIGNATURE) {
            return Ok(Book::Xls(Arc::new(xls::Book::open(
                source,
                options.limits,
            )?)));
        }
        // A record BOF of Excel 2, 3 or 4.
        if matches!(head.as_slice(), [9, 0 | 2 | 4, ..]) {
            return Err(other_format(file, "a workbook of Excel 4 or older"));
        }
        Err(match recognise_other_format(&head) {
            Some(what) => other_format(file, what),
            None if memchr(0, &head).is_none() => text_not_workbook(file, &head),
            None => damaged(file, "it does not begin as any workbook does"),
        })
    }

    fn tables(&self) -> &[Table] {
        match self {
            Book::Xlsx(book) => &book.tables,
            Book::Ods(book) => &book.tables,
            Book::Xls(book) => &book.tables,
        }
    }

    pub(crate) fn rows(&self, table: usize) -> Result<Rows, SheetError> {
        Ok(match self {
            Book::Xlsx(book) => Rows::Xlsx(xlsx::Rows::new(book, table)?),
            Book::Ods(book) => Rows::Ods(ods::Rows::new(book, table)?),
            Book::Xls(book) => Rows::Xls(xls::Rows::new(book, table)?),
        })
    }

    fn survey(&self, table: usize, header_line: u64) -> Result<Survey, SheetError> {
        match self {
            Book::Xlsx(book) => book.survey(table, header_line),
            Book::Ods(book) => book.survey(table, header_line),
            Book::Xls(book) => book.survey(table, header_line),
        }
    }
}

/// Everything that is needed to read the rows of one sheet.
#[derive(Clone)]
pub(crate) struct Content {
    pub(crate) book: Book,
    pub(crate) table: usize,
    /// The row of the headings; those above it are no rows of the table, wherever the file has them.
    pub(crate) header_line: u64,
    /// The row in which a template shows an example.
    example_line: Option<u64>,
    visible_only: bool,
    merged: Arc<MergedRanges>,
    pub(crate) layout: Arc<BookLayout>,
}

#[derive(Clone)]
pub(crate) struct BookLayout {
    pub(crate) file: Arc<str>,
    sheet: Arc<str>,
    pub(super) columns: usize,
    header_line: u64,
    /// Columns without a heading.
    unnamed: Vec<usize>,
    /// Columns behind the last heading whose cells are no mistake.
    left_out: Vec<usize>,
    pub(crate) limits: Limits,
}

/// Returns true if an input is a workbook, or is named like one while no other format is asked for.
pub(crate) fn is_meant(source: &Source, options: &ReadOptions) -> Result<bool, SheetError> {
    let head = source.head(8)?;
    if head.is_empty() {
        return Ok(false);
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(&compound::SIGNATURE) {
        return Ok(true);
    }
    let named = Format::from_ending(&source.name);
    Ok(options.format.is_none() && named.is_some_and(Format::is_workbook))
}

/// Opens a workbook and reads the headings of the sheets to read: those that `options` name; else the only one that can
/// be meant, because it has rows and, where any has, a number by [`Header::Found`]. Hidden sheets, and those that
/// rowcall wrote beside a table, are read only when they are named. The headings are the row that `options` name, else
/// the first row with a number, else the first row that is not blank.
///
/// # Errors
/// If several sheets can be meant, they are named.
pub(crate) fn open(
    source: &Source,
    options: &ReadOptions,
) -> Result<Vec<Opened<Content>>, SheetError> {
    let book = Book::open(source, options)?;
    let file = &source.name;
    let mut heads: Vec<TableHead> = Vec::new();
    let mut left_out = Vec::new();
    for name in &options.sheets {
        let more = if name == EVERY_SHEET {
            let (heads, others) = found(&book, file, options)?;
            left_out = others;
            heads
        } else {
            let table = named(file, book.tables(), name)?;
            Vec::from_iter(head(&book, table, file, options)?)
        };
        let is_new = |head: &TableHead| heads.iter().all(|known| known.table != head.table);
        let more: Vec<TableHead> = more.into_iter().filter(is_new).collect();
        heads.extend(more);
    }
    if options.sheets.is_empty() {
        (heads, left_out) = found(&book, file, options)?;
    }
    if heads.is_empty() {
        let file = file.clone();
        return Err(match options.header {
            Header::Line(line, _) => SheetErrorKind::NoRowThere.on_line(&file, line),
            Header::First | Header::Found(_) => SheetErrorKind::Empty.in_file(&file),
        });
    }
    left_out.retain(|table| heads.iter().all(|head| head.table != *table));
    let mut sheets = Vec::new();
    for head in heads {
        let sheet = head.sheet(&book, file, options)?;
        if sheet.content.batches().next().is_some() {
            sheets.push(sheet);
        }
    }
    let left_out = left_out
        .into_iter()
        .map(|table| survey_of_left_out(&book, table, file, options));
    let left_out = left_out.collect::<Result<Vec<LeftOut>, SheetError>>()?;
    match sheets.as_mut_slice() {
        [] => return Err(SheetErrorKind::HeaderOnly.in_file(file)),
        [_, _, ..] if options.sheets.is_empty() => {
            return Err(several(file, &sheets, &left_out, options)?);
        }
        [first, ..] => {
            let notes = left_out.iter().map(LeftOut::note);
            first.notes.extend(notes);
        }
    }
    let numbered = left_out.iter().filter(|left_out| left_out.has_numbers);
    let numbered: Vec<String> = numbered.map(LeftOut::words).collect();
    let is_every = options.sheets.iter().any(|name| name == EVERY_SHEET);
    if (options.sheets.is_empty() || is_every) && !numbered.is_empty() {
        let names = sheets.iter().filter_map(|sheet| sheet.sheet.as_deref());
        let flags: Vec<String> = names
            .map(|name| format!("--sheet {}", shell_word(name)))
            .collect();
        let kind = SheetErrorKind::NumbersWithoutHeading(numbered.join(", "), flags.join(" "));
        return Err(kind.in_file(file));
    }
    Ok(sheets)
}

/// A sheet that is not read, because it has no heading for the number and others have.
struct LeftOut {
    name: Arc<str>,
    rows: u64,
    /// True if at least half of the filled cells of a column look like numbers of extensions.
    has_numbers: bool,
}

impl LeftOut {
    fn words(&self) -> String {
        let rows = if self.rows == 1 { "row" } else { "rows" };
        format!("sheet “{}” ({} {rows})", self.name, self.rows)
    }

    fn note(&self) -> String {
        format!("{} left out: no heading for the number", self.words())
    }
}

/// The most rows above the rows of a table: its title, and two of headings.
const HEAD_ROWS_MAX: u64 = 3;

/// Looks through the rows of a sheet that is not read.
fn survey_of_left_out(
    book: &Book,
    table: usize,
    file: &Arc<str>,
    options: &ReadOptions,
) -> Result<LeftOut, SheetError> {
    let mut rows = book.rows(table)?;
    let mut row = RawRow::new(file, options.limits);
    let mut count = 0;
    // Of each column, the filled cells and those of them that look like numbers. A title and headings stand above the first.
    let mut columns: Vec<(u64, u64)> = Vec::new();
    while rows.next(&mut row)? {
        if row.is_blank() {
            continue;
        }
        count += 1;
        let cells = row.cells();
        columns.resize(columns.len().max(cells.len()), (0, 0));
        for (column, (filled, numbers)) in columns.iter_mut().enumerate() {
            let text = cells.get(column).unwrap_or_default().trim();
            if *numbers == 0 && *filled <= HEAD_ROWS_MAX && is_like_extension(text) {
                *filled = 0;
            }
            *filled += u64::from(!text.is_empty());
            *numbers += u64::from(is_like_extension(text));
        }
    }
    let mut columns = columns.iter();
    Ok(LeftOut {
        name: book
            .tables()
            .get(table)
            .map_or("".into(), |table| table.name.clone()),
        rows: count,
        has_numbers: columns.any(|(filled, numbers)| *numbers > 0 && numbers * 2 >= *filled),
    })
}

/// Returns true for two digits and more, up to as many as a telephone number has.
fn is_like_extension(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (2..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Asks which of several sheets are meant.
/// The error of several sheets that can be meant. Those whose names speak against them are not in the flags that are offered.
fn several(
    file: &Arc<str>,
    sheets: &[Opened<Content>],
    left_out: &[LeftOut],
    options: &ReadOptions,
) -> Result<SheetError, SheetError> {
    let (mut with_rows, mut flags) = (Vec::new(), Vec::new());
    let is_set_apart = |sheet: &Opened<Content>| {
        let words = options.header.headings();
        let name = sheet.sheet.as_deref().unwrap_or_default();
        words.is_some_and(|words| words.set_apart(name))
    };
    let has_others = !sheets.iter().all(is_set_apart);
    for sheet in sheets {
        let mut rows = 0;
        for batch in sheet.content.batches() {
            rows += batch?.rows.len();
        }
        let name = sheet.sheet.as_deref().unwrap_or_default();
        let row = if rows == 1 { "row" } else { "rows" };
        with_rows.push(format!("“{name}” ({rows} {row})"));
        if !(has_others && is_set_apart(sheet)) {
            flags.push(format!("--sheet {}", shell_word(name)));
        }
    }
    let (words, flags) = (with_rows.join(", "), flags.join(" "));
    let names = sheets.iter().filter_map(|sheet| sheet.sheet.as_deref());
    let names = names.map(str::to_owned).collect();
    let unnamed = left_out.iter().filter(|left_out| left_out.has_numbers);
    let unnamed: Vec<String> = unnamed.map(LeftOut::words).collect();
    let unnamed = match unnamed.is_empty() {
        true => String::new(),
        false => format!("; without a heading for the number: {}", unnamed.join(", ")),
    };
    Ok(SheetErrorKind::SeveralSheets(words, flags, names, unnamed).in_file(file))
}

fn names(tables: &[Table]) -> String {
    let names: Vec<String> = tables
        .iter()
        .map(|table| format!("“{}”", table.name))
        .collect();
    names.join(", ")
}

/// Returns true if a table has this name, in any case.
fn is_called(table: &Table, name: &str) -> bool {
    table.name.trim().to_lowercase() == name.trim().to_lowercase()
}

fn named(file: &Arc<str>, tables: &[Table], name: &str) -> Result<usize, SheetError> {
    let exact = tables.iter().position(|table| &*table.name == name);
    let folded = || tables.iter().position(|table| is_called(table, name));
    exact
        .or_else(folded)
        .ok_or_else(|| SheetErrorKind::NoSuchSheet(name.to_owned(), names(tables)).in_file(file))
}

/// Finds the sheets that can be meant, and those that are left out beside them.
fn found(
    book: &Book,
    file: &Arc<str>,
    options: &ReadOptions,
) -> Result<(Vec<TableHead>, Vec<usize>), SheetError> {
    let mut left_out = Vec::new();
    let mut heads = Vec::new();
    for (index, table) in book.tables().iter().enumerate() {
        if table.hidden || table.is_notes {
            continue;
        }
        let found = head(book, index, file, options)?;
        heads.extend(found.filter(|head| !head.is_about_others));
    }
    if heads.iter().any(|head| head.has_key) {
        let others = heads.iter().filter(|head| !head.has_key);
        left_out = others.map(|head| head.table).collect();
        heads.retain(|head| head.has_key);
    } else if heads.len() > 1 && matches!(options.header, Header::Found(_)) {
        let tables = book.tables();
        let all = tables.iter().map(|table| table.name.to_string()).collect();
        return Err(SheetErrorKind::WhichSheet(names(tables), all).in_file(file));
    }
    Ok((heads, left_out))
}

/// The headings of a sheet, and their place.
struct TableHead {
    table: usize,
    line: u64,
    headings: Vec<String>,
    /// True if one of the headings means the number.
    has_key: bool,
    /// True if the sheet only describes other sheets.
    is_about_others: bool,
    /// Rows that are not blank above it.
    preamble: usize,
    /// The last rows above it, the nearest first.
    above: Vec<RowAbove>,
    /// The texts of all rows above it.
    titles: Vec<String>,
}

impl TableHead {
    /// Goes down to the last row of headings that stand in several.
    fn take_other_parts(
        &mut self,
        rows: &mut Rows,
        row: &mut RawRow,
        known: &Headings,
    ) -> Result<(), SheetError> {
        let mut joined = self.headings.clone();
        for _ in 0..groups::ROWS_MAX {
            if !rows.next(row)? || row.line != self.line + 1 {
                break;
            }
            let below = texts(row);
            if !groups::is_continued(&joined, &below, known) {
                break;
            }
            joined = groups::joined(&joined, &below);
            let upper = mem::replace(&mut self.headings, below);
            put_above(&mut self.above, self.line, upper);
            self.line = row.line;
            self.preamble += 1;
        }
        Ok(())
    }
}

/// The cells of a row, without blank ones at its end.
fn texts(row: &RawRow) -> Vec<String> {
    let cells = row.cells();
    let cells = (0..cells.len()).filter_map(|column| cells.get(column));
    let mut texts: Vec<String> = cells.map(str::to_owned).collect();
    while texts.last().is_some_and(|text| text.trim().is_empty()) {
        texts.pop();
    }
    texts
}

/// The texts of a row as far as they may be words above headings: a cell may hold megabytes.
fn shortened(texts: &[String]) -> Vec<String> {
    const CHARS_MAX: usize = 300;
    let short = |text: &String| text.chars().take(CHARS_MAX).collect();
    texts.iter().map(short).collect()
}

/// Puts a row before those that are kept as the nearest above the headings.
fn put_above(above: &mut Vec<RowAbove>, line: u64, cells: Vec<String>) {
    above.truncate(groups::ROWS_MAX - 1);
    let wide = vec![];
    above.insert(0, RowAbove { line, cells, wide });
}

/// Finds the headings; `None` where the sheet is empty. A line that is named for this sheet alone has to be there.
fn head(
    book: &Book,
    table: usize,
    file: &Arc<str>,
    options: &ReadOptions,
) -> Result<Option<TableHead>, SheetError> {
    let name = book.tables().get(table).map(|table| &*table.name);
    let own = options.of_table(name.unwrap_or_default());
    let (options, is_own) = (own.as_ref().unwrap_or(options), own.is_some());
    let mut rows = book.rows(table)?;
    let mut row = RawRow::new(file, options.limits);
    let mut first = None;
    let mut titled = None;
    let mut above: Vec<RowAbove> = Vec::new();
    let mut titles: Vec<String> = Vec::new();
    let mut preamble = 0;
    let mut is_about_others = false;
    while preamble < PREAMBLE_ROWS_MAX && rows.next(&mut row)? {
        if row.is_blank() {
            continue;
        }
        let headings = texts(&row);
        if let Header::Line(line, _) = options.header
            && row.line != line
        {
            let text = shortened(&headings);
            titles.extend(text.iter().filter(|cell| !cell.trim().is_empty()).cloned());
            put_above(&mut above, row.line, text);
            preamble += 1;
            continue;
        }
        if preamble == 0 && matches!(options.header, Header::First | Header::Found(_)) {
            let title = headings.iter().find(|text| !text.trim().is_empty());
            is_about_others = title.is_some_and(|title| title.starts_with(TITLE_PREFIX));
        }
        let has_key = match &options.header {
            Header::Found(known) => known.have_number(&headings),
            // Its owner knows it for a table of extensions.
            Header::Line(..) => is_own,
            Header::First => false,
        };
        // `Extensions` alone may be the table's title.
        let alone = headings.iter().filter(|text| !text.trim().is_empty());
        let alone = alone.count() == 1;
        let (line, text) = (row.line, shortened(&headings));
        let mut head = TableHead {
            table,
            line: row.line,
            headings,
            has_key,
            is_about_others,
            preamble,
            above: above.clone(),
            titles: titles.clone(),
        };
        if let (true, false, Header::Found(known)) = (has_key, alone, &options.header) {
            head.take_other_parts(&mut rows, &mut row, known)?;
        }
        match (has_key, &options.header) {
            (true, _) if alone && !is_own => _ = titled.get_or_insert(head),
            (true, _) | (false, Header::First | Header::Line(..)) => return Ok(Some(head)),
            (false, Header::Found(_)) => _ = first.get_or_insert(head),
        }
        titles.extend(text.iter().filter(|cell| !cell.trim().is_empty()).cloned());
        put_above(&mut above, line, text);
        preamble += 1;
    }
    match &options.header {
        Header::Line(line, _) if is_own => Err(SheetErrorKind::NoRowThere.on_line(file, *line)),
        _ => Ok(titled.or(first)),
    }
}

/// The row right below the headings, where it is a template's example.
fn example_line(
    book: &Book,
    table: usize,
    header_line: u64,
    file: &Arc<str>,
    options: &ReadOptions,
) -> Result<Option<u64>, SheetError> {
    let mut rows = book.rows(table)?;
    let mut row = RawRow::new(file, options.limits);
    while rows.next(&mut row)? {
        if row.line > header_line && !row.is_blank() {
            let cells = row.cells();
            let is_example = |column| cells.get(column) == Some(EXAMPLE);
            return Ok(Some(row.line).filter(|_| (0..cells.len()).any(is_example)));
        }
    }
    Ok(None)
}

impl TableHead {
    /// Puts the words of the rows above before the headings; `wide` are the cells that reach over several columns, each with
    /// its line. Returns the word of each column.
    fn qualify(&mut self, wide: &[(u64, Range<usize>)], known: &Headings) -> Vec<String> {
        for row in &mut self.above {
            let wide = wide.iter().filter(|(line, _)| *line == row.line);
            row.wide.extend(wide.map(|(_, columns)| columns.clone()));
        }
        // The last columns may have their headings in the upper rows alone.
        let widths = self.above.iter().map(|row| row.cells.len());
        let width = widths.max().unwrap_or(0).max(self.headings.len());
        self.headings.resize(width, String::new());
        let words = groups::qualify(&mut self.headings, &self.above, known);
        let is_filled = |text: &String| !text.trim().is_empty();
        let last = self.headings.iter().rposition(is_filled);
        self.headings.truncate(last.map_or(0, |last| last + 1));
        words
    }

    /// The number of columns before those that rowcall adds.
    fn width(&self) -> usize {
        let mut headings = self.headings.iter();
        let own = headings.position(|heading| heading.starts_with(OWN_PREFIX));
        own.unwrap_or(self.headings.len())
    }

    fn sheet(
        mut self,
        book: &Book,
        file: &Arc<str>,
        options: &ReadOptions,
    ) -> Result<Opened<Content>, SheetError> {
        let tables = book.tables();
        let Some(table) = tables.get(self.table) else {
            return Err(damaged(file, "it has no sheet"));
        };
        let own = options.of_table(&table.name);
        let options = own.as_ref().unwrap_or(options);
        let mut notes = Vec::new();
        if tables.len() > 1 {
            notes.push(format!("sheet “{}”", table.name));
        }
        let mut survey = book.survey(self.table, self.line)?;
        survey.merged.sort();
        let known = options.header.headings();
        let above = known.map(|known| self.qualify(&survey.wide, known));
        let width = self.width();
        survey.hidden_columns.retain(|first| *first < width);
        survey.coloured_rows = survey.fills.marked_rows(self.width());
        let by_colour = survey.fonts.marked(self.width());
        survey.font_coloured_rows =
            count_lines(&by_colour) + survey.links.marked_rows(self.width(), &by_colour);
        let titles = std::mem::take(&mut self.titles);
        let hidden_sheets = tables.iter().filter(|table| table.hidden);
        let hidden_sheets: Vec<Arc<str>> = match options.sheets.is_empty() {
            true => hidden_sheets.map(|table| table.name.clone()).collect(),
            false => vec![],
        };
        let beside = BesideRows {
            above: above.unwrap_or_default(),
            hidden_sheets,
            ..beside_rows(table, titles, &survey, options)
        };
        if self.preamble > 0 {
            notes.push(beside.below_titles(format!("headings in row {}", self.line)));
        }
        notes.extend(survey.notes(options.visible_only));
        notes.extend(beside.hidden_sheets.iter().map(|name| {
            format!(
                "hidden sheet “{}” (read only with --sheet {})",
                name,
                shell_word(name)
            )
        }));
        let unnamed = self.headings.iter().enumerate();
        let unnamed = unnamed.filter(|(_, heading)| heading.trim().is_empty());
        let example_line = example_line(book, self.table, self.line, file, options)?;
        if let Some(line) = example_line {
            notes.push(example_note(line));
        }
        let layout = BookLayout {
            file: file.clone(),
            sheet: table.name.clone(),
            columns: self.headings.len(),
            header_line: self.line,
            unnamed: unnamed.map(|(column, _)| column).collect(),
            left_out: vec![],
            limits: options.limits,
        };
        Ok(Opened {
            sheet: Some(table.name.clone()),
            headings: self.headings,
            header_line: Some(self.line),
            header_row: Some(self.line),
            notes,
            beside,
            content: Content {
                book: book.clone(),
                table: self.table,
                header_line: self.line,
                example_line,
                visible_only: options.visible_only,
                merged: Arc::new(survey.merged),
                layout: Arc::new(layout),
            },
        })
    }
}

/// The properties of a sheet beside the texts of its rows.
fn beside_rows(
    table: &Table,
    titles: Vec<String>,
    survey: &Survey,
    options: &ReadOptions,
) -> BesideRows {
    let is_line = matches!(options.header, Header::Line(..));
    let (hidden_rows, hidden_left_out) = match options.visible_only {
        true => (0, survey.hidden_rows),
        false => (survey.hidden_rows, 0),
    };
    BesideRows {
        is_named: options.sheets.iter().any(|name| is_called(table, name)),
        is_one_of_all: options.sheets.iter().any(|name| name == EVERY_SHEET),
        is_found: !is_line && options.sheets.iter().all(|name| name == EVERY_SHEET),
        titles,
        is_line_named: is_line,
        members: vec![],
        above: vec![],
        hidden_rows,
        hidden_left_out,
        hidden_sheets: vec![],
        struck_rows: survey.struck_rows,
        coloured_rows: survey.coloured_rows,
        font_coloured_rows: survey.font_coloured_rows,
        noted_rows: survey.noted_rows,
        conditional_formats: survey.conditional_formats,
    }
}

impl fmt::Debug for Content {
    /// Leaves out the texts of the cells, since they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Content")
    }
}

impl Content {
    /// Takes cells of these columns, which have no heading, for no mistake.
    pub(crate) fn allow_nameless(&mut self, columns: &[usize]) {
        if !columns.is_empty() {
            let layout = Arc::make_mut(&mut self.layout);
            layout.unnamed.retain(|column| !columns.contains(column));
            let behind = columns.iter().filter(|column| **column >= layout.columns);
            layout.left_out.extend(behind);
        }
    }

    /// Reads so many columns, also behind the last heading.
    pub(crate) fn widen(&mut self, columns: usize) {
        let layout = Arc::make_mut(&mut self.layout);
        let (before, left_out) = (layout.columns, &layout.left_out);
        let more = (before..columns).filter(|column| !left_out.contains(column));
        layout.unnamed.extend(more);
        layout.columns = columns;
    }

    /// Returns true if a row that was read belongs to the table.
    pub(crate) fn has(&self, row: &RawRow) -> bool {
        row.line > self.header_line
            && Some(row.line) != self.example_line
            && !(self.visible_only && row.hidden)
            && !row.is_blank()
    }

    /// The same table in a copy of the workbook.
    pub(crate) fn over(&self, source: &Source) -> Result<Content, SheetError> {
        let options = ReadOptions {
            limits: self.layout.limits,
            ..ReadOptions::default()
        };
        Ok(Content {
            book: Book::open(source, &options)?,
            ..self.clone()
        })
    }

    /// The rows of the sheet from its first, also those that do not belong to the table.
    pub(crate) fn rows(&self) -> Result<MergedRows, SheetError> {
        let rows = self.book.rows(self.table)?;
        Ok(MergedRows::new(rows, &self.merged, self.layout.columns))
    }

    pub(crate) fn batches(&self) -> Batches {
        Batches {
            rows: Some(self.rows()),
            row: RawRow::new(&self.layout.file, self.layout.limits),
            content: self.clone(),
        }
    }
}

/// Reads rows and gathers them into batches.
pub(crate) struct Batches {
    /// `None` at the end; an error comes after the rows before it.
    rows: Option<Result<MergedRows, SheetError>>,
    row: RawRow,
    content: Content,
}

impl Iterator for Batches {
    type Item = Result<Batch, SheetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut batch = Batch {
            layout: self.content.layout.clone(),
            rows: Vec::new(),
            text: String::new(),
            ends: Vec::new(),
            stored: Vec::new(),
        };
        while batch.rows.len() < BATCH_ROWS_MAX
            && batch.ends.len() < BATCH_CELLS_MAX
            && batch.text.len() < batch.layout.limits.chunk_bytes
        {
            let Ok(rows) = self.rows.as_mut()? else {
                break;
            };
            match rows.next(&mut self.row) {
                Ok(true) if !self.content.has(&self.row) => {}
                Ok(true) => batch.push_row(&self.row),
                Ok(false) => {
                    self.rows = None;
                    break;
                }
                Err(error) => self.rows = Some(Err(error)),
            }
        }
        if !batch.rows.is_empty() {
            return Some(Ok(batch));
        }
        match self.rows.take()? {
            Err(error) => Some(Err(error)),
            Ok(_) => None,
        }
    }
}

/// Some rows, read.
pub(crate) struct Batch {
    layout: Arc<BookLayout>,
    rows: Vec<Span>,
    text: String,
    ends: Vec<usize>,
    stored: Vec<Stored>,
}

/// The end of a row in its batch.
struct Span {
    line: u64,
    text_end: usize,
    cells_end: usize,
}

impl Batch {
    fn push_row(&mut self, row: &RawRow) {
        self.text.push_str(&row.text);
        self.ends.extend_from_slice(&row.ends);
        self.stored.extend_from_slice(&row.stored);
        self.rows.push(Span {
            line: row.line,
            text_end: self.text.len(),
            cells_end: self.ends.len(),
        });
    }

    pub(crate) fn rows(&self, mut each: impl FnMut(Row<'_>)) -> Result<u64, SheetError> {
        let (mut text, mut cells) = (0, 0);
        for (index, row) in (0..).zip(&self.rows) {
            let ends = self.ends.get(cells..row.cells_end).unwrap_or_default();
            let stored = self.stored.get(cells..row.cells_end).unwrap_or_default();
            let row_text = self.text.get(text..row.text_end).unwrap_or_default();
            (text, cells) = (row.text_end, row.cells_end);
            let cells = Cells::stored_as(row_text, ends, stored);
            each(Row {
                index,
                line: row.line,
                cell_breaks: 0,
                cells,
                trouble: self.layout.trouble(row.line, &cells),
                bytes: 0..0,
            });
        }
        Ok(self.rows.len() as u64)
    }
}

impl BookLayout {
    /// Finds the mistake in a row as a whole.
    pub(crate) fn trouble(&self, line: u64, cells: &Cells<'_>) -> Option<RowTrouble> {
        let is_filled = |column: &usize| {
            let text = cells.get(*column);
            text.is_some_and(|text| !text.trim().is_empty())
        };
        let behind = (self.columns..cells.len()).filter(|column| !self.left_out.contains(column));
        let columns = self.unnamed.iter().copied().chain(behind);
        let columns: Vec<usize> = columns.filter(is_filled).collect();
        if columns.is_empty() {
            return None;
        }
        let place = Place {
            file: self.file.clone(),
            sheet: Some(self.sheet.clone()),
            line,
            cell_breaks: 0,
        };
        RowTrouble::without_heading(&place, self.header_line, columns)
    }
}
