//! Tables out, row by row.

use crate::disk::{Readers, WholeFile, open_special};
use crate::lang::translated;
use crate::sheet::column::{Column, ExtraSheet, Heading, MarkedLine, Tone};
use crate::sheet::csv::write::CsvEncoder;
use crate::sheet::detect::delimiter::delimiter_of_ending;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::format::Format;
use crate::sheet::html::write::Page;
use crate::sheet::json::write::Objects;
use crate::sheet::markdown::write as markdown;
use crate::sheet::surroundings::Surroundings;
use crate::sheet::xlsx::report::SortedBook;
use crate::sheet::xlsx::write::BookWriter;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// The number of bytes of whole lines that are gathered where not every row goes out at once.
const GATHERED_BYTES_MAX: usize = 64 << 10;

/// Writes a table to a file or stream. It reads back the same, except a page (HTML) and Markdown, which are for people
/// only.
///
/// A file takes its place in [`Writer::finish`]; a pipe or a device is given whole lines as they come.
/// [`Writer::finish`] has to be called: errors show there at the latest.
pub struct Writer {
    file: Arc<str>,
    out: Out,
    encoder: Encoder,
    lines: Vec<u8>,
    every_row: bool,
    /// True for each column that the format has.
    written: Vec<bool>,
}

enum Out {
    /// A pipe or a device.
    Special(File),
    /// A file that takes its place when it is whole.
    Replacing(WholeFile),
    /// As that, but a file that appeared there meanwhile stays.
    New(WholeFile),
    Stream(Box<dyn Write + Send>),
}

impl Writer {
    /// Like [`Writer::replace`], for rows that come slowly: each row is written at once. A pipe is given it
    /// then, and on a disk it lies under the file's hidden name, where a full disk shows at that row and not at the
    /// end.
    ///
    /// # Errors
    /// If the ending belongs to no format, or the file cannot be written.
    pub(crate) fn row_by_row(
        path: &Path,
        readers: Readers,
        columns: &[impl Heading],
    ) -> Result<Writer, SheetError> {
        let mut writer = Writer::replace(path, readers, columns)?;
        writer.every_row = true;
        writer.send()?;
        Ok(writer)
    }

    /// Writes to a file, whose ending chooses the format, and which is there only when it is complete: until
    /// [`Writer::finish`] the path keeps its old content. A path that is no regular file (a device, a pipe) is written
    /// to as it is.
    ///
    /// # Errors
    /// If the ending belongs to no format, or the folder cannot be written to.
    pub fn replace(
        path: &Path,
        readers: Readers,
        columns: &[impl Heading],
    ) -> Result<Writer, SheetError> {
        Writer::whole(path, readers, columns, None, Out::Replacing)
    }

    /// Like [`Writer::replace`], for a file that is not there yet, with a further table where the format
    /// can have one.
    ///
    /// # Errors
    /// As [`Writer::replace`], and in [`Writer::finish`] if a file appeared there meanwhile.
    pub(crate) fn create_new(
        path: &Path,
        columns: &[impl Heading],
        extra: Option<ExtraSheet>,
    ) -> Result<Writer, SheetError> {
        Writer::whole(path, Readers::Anybody, columns, extra, Out::New)
    }

    fn whole(
        path: &Path,
        readers: Readers,
        columns: &[impl Heading],
        extra: Option<ExtraSheet>,
        out: fn(WholeFile) -> Out,
    ) -> Result<Writer, SheetError> {
        let file: Arc<str> = path.display().to_string().into();
        let format = format(&file)?;
        let out = match open_special(path) {
            Some(special) => special.map(Out::Special),
            None => WholeFile::beside(path, readers).map(out),
        };
        let out = out.map_err(|error| SheetError::unwritable(&file, &error))?;
        Writer::new(file, out, format, columns, extra, readers)
    }

    /// Writes to a stream, which messages call `name`.
    ///
    /// # Errors
    /// If the table has more columns than the format allows.
    pub fn stream(
        out: Box<dyn Write + Send>,
        name: &str,
        format: Format,
        columns: &[impl Heading],
    ) -> Result<Writer, SheetError> {
        let readers = Readers::Owner;
        Writer::new(
            name.into(),
            Out::Stream(out),
            format,
            columns,
            None,
            readers,
        )
    }

    fn new(
        file: Arc<str>,
        out: Out,
        format: Format,
        columns: &[impl Heading],
        extra: Option<ExtraSheet>,
        readers: Readers,
    ) -> Result<Writer, SheetError> {
        let mut columns: Vec<Column> = columns.iter().map(Heading::column).collect();
        let is_written = |column: &Column| format.is_for_people() || !column.for_people;
        let written = columns.iter().map(is_written).collect();
        columns.retain(is_written);
        for column in &mut columns {
            if column.own && format.is_for_people() {
                column.heading = translated(&column.heading).into_owned();
            }
            // A page is never read again by its headings.
            if column.own && format.is_page() {
                column.heading = column.heading.replace('_', " ");
            }
        }
        let mut lines = Vec::new();
        let encoder = Encoder::new(format, &file, columns, extra, readers, &mut lines)?;
        Ok(Writer {
            file,
            out,
            encoder,
            lines,
            every_row: false,
            written,
        })
    }

    /// Returns true if it writes an HTML page.
    pub(crate) fn is_page(&self) -> bool {
        matches!(self.encoder, Encoder::Html(_))
    }

    /// Returns true if it shows a title, facts and further tables.
    pub(crate) fn has_facts(&self) -> bool {
        matches!(self.encoder, Encoder::Html(_) | Encoder::Sorted(_))
    }

    /// Sets the title of the table, in formats for people and their language; before its first row.
    pub(crate) fn set_title(&mut self, title: &str) {
        if let Some(around) = self.surroundings() {
            around.title = translated(title).into_owned();
        }
    }

    fn surroundings(&mut self) -> Option<&mut Surroundings> {
        match &mut self.encoder {
            Encoder::Html(page) => Some(&mut page.around),
            Encoder::Sorted(book) => Some(&mut book.around),
            Encoder::Csv(_) | Encoder::Json(_) | Encoder::Xlsx(_) | Encoder::Markdown => None,
        }
    }

    /// Adds a line to the facts that formats for people show about the table: one that is known before the first row is
    /// shown in a page at once. Its name is put into the reader's language.
    pub(crate) fn add_fact(&mut self, name: &str, value: &str) {
        if let Some(around) = self.surroundings() {
            let name = translated(name).into_owned();
            around.facts.push((name, value.to_owned()));
        }
    }

    /// Adds a further table, in formats for people.
    pub(crate) fn add_extra(&mut self, extra: ExtraSheet) {
        if let Some(around) = self.surroundings() {
            around.extras.push(extra);
        } else if let Encoder::Xlsx(book) = &mut self.encoder {
            book.add_extra(extra);
        }
    }

    /// Notes something at a cell of the last row, in a workbook.
    pub fn note(&mut self, column: usize, text: &str) {
        if let Encoder::Xlsx(book) = &mut self.encoder {
            book.note(column, text);
        }
    }

    /// Writes one row; its cells are in the order of the headings.
    ///
    /// # Errors
    /// If it cannot be written; in a workbook also if a cell or the table is larger than one can be.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) -> Result<(), SheetError> {
        self.marked_row(cells, &[], &[])
    }

    /// Does the work of [`Writer::row`]; formats for people mark the cells of these columns, and those with facts
    /// show the lines, where there are any, as the row's last cell.
    ///
    /// # Errors
    /// As [`Writer::row`].
    pub(crate) fn marked_row<'c>(
        &mut self,
        cells: impl IntoIterator<Item = &'c str>,
        marks: &[(usize, Tone)],
        lines: &[MarkedLine],
    ) -> Result<(), SheetError> {
        let written = &self.written;
        let cells = cells.into_iter().enumerate();
        let cells = cells.filter(|(at, _)| written.get(*at).copied().unwrap_or(true));
        let cells = cells.map(|(_, cell)| cell);
        match &mut self.encoder {
            Encoder::Csv(encoder) => encoder
                .row(cells, &mut self.lines)
                .map_err(|error| SheetError::unwritable(&self.file, &error))?,
            Encoder::Json(encoder) => encoder.row(cells, &mut self.lines),
            Encoder::Html(page) => page
                .row(cells, marks, lines, &mut self.lines)
                .map_err(|error| SheetError::unwritable(&self.file, &error))?,
            Encoder::Markdown => self
                .lines
                .extend_from_slice(markdown::row(cells).as_bytes()),
            Encoder::Xlsx(book) => book.row(cells, marks, &mut self.lines)?,
            Encoder::Sorted(book) => book.row(cells, lines)?,
        }
        if self.every_row || self.lines.len() >= GATHERED_BYTES_MAX {
            self.send()?;
        }
        Ok(())
    }

    /// Writes the rest, and returns when it is safely on the disk.
    ///
    /// # Errors
    /// If something of the table could not be written (a full disk, for example).
    pub fn finish(mut self) -> Result<(), SheetError> {
        self.send()?;
        match self.encoder {
            Encoder::Csv(_) | Encoder::Markdown => {}
            Encoder::Json(objects) => objects.end(&mut self.lines),
            Encoder::Html(page) => page
                .end(&mut self.out)
                .map_err(|error| SheetError::unwritable(&self.file, &error))?,
            Encoder::Xlsx(book) => book.end(&mut self.lines)?,
            Encoder::Sorted(book) => book.end(&mut self.out)?,
        }
        let sent = self.out.write_all(&self.lines);
        let done = sent.and_then(|()| match self.out {
            Out::Special(file) => synced(&file),
            Out::Stream(mut out) => out.flush(),
            Out::Replacing(file) => file.keep(),
            Out::New(file) => file.keep_new(),
        });
        done.map_err(|error| SheetError::unwritable(&self.file, &error))
    }

    fn send(&mut self) -> Result<(), SheetError> {
        let sent = self.out.write_all(&self.lines);
        self.lines.clear();
        sent.map_err(|error| SheetError::unwritable(&self.file, &error))
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::Special(file) => file.write(bytes),
            Out::Replacing(file) | Out::New(file) => file.write(bytes),
            Out::Stream(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::Special(file) => file.flush(),
            Out::Replacing(file) | Out::New(file) => file.flush(),
            Out::Stream(out) => out.flush(),
        }
    }
}

/// Pipes and devices have nothing to sync.
fn synced(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}

fn format(file: &Arc<str>) -> Result<Format, SheetError> {
    Format::to_write(file).ok_or_else(|| SheetErrorKind::Ending.in_file(file))
}

enum Encoder {
    Csv(CsvEncoder),
    Json(Objects),
    Xlsx(Box<BookWriter>),
    /// A workbook whose rows are sorted when all of them are there.
    Sorted(Box<SortedBook>),
    Html(Box<Page>),
    Markdown,
}

impl Encoder {
    /// Begins a table with its headings, where it has a place for them.
    fn new(
        format: Format,
        file: &Arc<str>,
        columns: Vec<Column>,
        extra: Option<ExtraSheet>,
        readers: Readers,
        lines: &mut Vec<u8>,
    ) -> Result<Encoder, SheetError> {
        // Text for its owner alone is kept nowhere else, not even for a while.
        let may_keep = readers == Readers::Anybody;
        let is_sorted = may_keep && columns.iter().any(|column| column.counted);
        Ok(match format {
            Format::Csv => {
                let encoder = CsvEncoder::new(delimiter_of_ending(file));
                encoder
                    .header(columns.iter().map(|column| column.heading.as_str()), lines)
                    .map_err(|error| SheetError::unwritable(file, &error))?;
                Encoder::Csv(encoder)
            }
            Format::Json => Encoder::Json(Objects::new(&columns, true)),
            Format::JsonLines => Encoder::Json(Objects::new(&columns, false)),
            Format::Xlsx if is_sorted => Encoder::Sorted(Box::new(SortedBook::new(file, columns))),
            Format::Xlsx => {
                let extras = Vec::from_iter(extra);
                Encoder::Xlsx(Box::new(BookWriter::new(file, columns, extras)?))
            }
            Format::Xls | Format::Ods => return Err(SheetErrorKind::Ending.in_file(file)),
            Format::Html => Encoder::Html(Box::new(Page::new(file, columns, may_keep))),
            Format::Markdown => {
                let headings = columns.iter().map(|column| column.heading.as_str());
                lines.extend_from_slice(markdown::row(headings).as_bytes());
                lines.extend_from_slice(markdown::row(columns.iter().map(|_| "---")).as_bytes());
                Encoder::Markdown
            }
        })
    }
}
