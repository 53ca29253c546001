//! Tables out, row by row.

use crate::disk::{Readers, WholeFile, open_special};
use crate::sheet::column::{Column, ExtraSheet, Heading};
use crate::sheet::csv::write as csv;
use crate::sheet::detect::delimiter::delimiter_of_ending;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::format::Format;
use crate::sheet::html::write::Page;
use crate::sheet::json::write::Objects;
use crate::sheet::markdown::write as markdown;
use crate::sheet::xlsx::write::Book;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// How many bytes of whole lines are gathered where not every row goes out at once.
const GATHERED_BYTES_MAX: usize = 64 << 10;

/// Writes a table to a file or stream. What it writes reads back the same, except a page (HTML) and Markdown, which are
/// for people only.
///
/// A file takes its place in [`Writer::finish`]; a pipe or a device is given whole lines as they come. [`Writer::finish`]
/// has to be called: what goes wrong shows there at the latest.
pub struct Writer {
    file: Arc<str>,
    out: Out,
    encoder: Encoder,
    lines: Vec<u8>,
    every_row: bool,
}

enum Out {
    /// A pipe or a device.
    Special(File),
    /// A file that takes its place when it is whole.
    Replacing(WholeFile),
    /// As that, but what came to stand there meanwhile stays.
    New(WholeFile),
    Stream(Box<dyn Write + Send>),
}

impl Writer {
    /// As [`Writer::replace`], for what comes slowly: each row is written at once. A pipe is given it then, and on a disk
    /// it lies under the file's hidden name, where a full disk shows at that row and not at the end.
    ///
    /// # Errors
    /// If the ending stands for no format, or the file cannot be written.
    pub fn row_by_row(
        path: &Path,
        readers: Readers,
        columns: &[impl Heading],
    ) -> Result<Writer, SheetError> {
        let mut writer = Writer::replace(path, readers, columns)?;
        writer.every_row = true;
        writer.send()?;
        Ok(writer)
    }

    /// Writes to a file, whose ending chooses the format, and which is there only when it is whole: until
    /// [`Writer::finish`] the path holds what it held. What is no regular file (a device, a pipe) is written to as it is.
    ///
    /// # Errors
    /// If the ending stands for no format, or the folder cannot be written to.
    pub fn replace(
        path: &Path,
        readers: Readers,
        columns: &[impl Heading],
    ) -> Result<Writer, SheetError> {
        Writer::whole(path, readers, columns, None, Out::Replacing)
    }

    /// As [`Writer::replace`], for a file that is not there yet, with a further table where the format can hold it.
    ///
    /// # Errors
    /// As [`Writer::replace`], and in [`Writer::finish`] if something came to stand there meanwhile.
    pub fn create_new(
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
        Writer::new(file, out, format, columns, extra)
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
        Writer::new(name.into(), Out::Stream(out), format, columns, None)
    }

    fn new(
        file: Arc<str>,
        out: Out,
        format: Format,
        columns: &[impl Heading],
        aside: Option<ExtraSheet>,
    ) -> Result<Writer, SheetError> {
        let columns: Vec<Column> = columns.iter().map(Heading::column).collect();
        let mut lines = Vec::new();
        let encoder = Encoder::new(format, &file, columns, aside, &mut lines)?;
        Ok(Writer {
            file,
            out,
            encoder,
            lines,
            every_row: false,
        })
    }

    /// Writes one row; its cells stand under the headings in their order.
    ///
    /// # Errors
    /// If it cannot be written; in a workbook also if a cell or the table is larger than one can hold.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) -> Result<(), SheetError> {
        match &mut self.encoder {
            Encoder::Csv(encoder) => encoder.row(cells, &mut self.lines),
            Encoder::Json(encoder) => encoder.row(cells, &mut self.lines),
            Encoder::Html(page) => page.row(cells, &mut self.lines),
            Encoder::Markdown => self
                .lines
                .extend_from_slice(markdown::row(cells).as_bytes()),
            Encoder::Xlsx(book) => book.row(cells, &mut self.lines)?,
        }
        if self.every_row || self.lines.len() >= GATHERED_BYTES_MAX {
            self.send()?;
        }
        Ok(())
    }

    /// Writes what is left, and returns when it lies safely on the disk.
    ///
    /// # Errors
    /// If something of the table could not be written (a full disk, for example).
    pub fn finish(mut self) -> Result<(), SheetError> {
        match self.encoder {
            Encoder::Csv(_) | Encoder::Markdown => {}
            Encoder::Json(objects) => objects.end(&mut self.lines),
            Encoder::Html(page) => page.end(&mut self.lines),
            Encoder::Xlsx(book) => book.end(&mut self.lines)?,
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

impl Out {
    fn write_all(&mut self, lines: &[u8]) -> io::Result<()> {
        match self {
            Out::Special(file) => file.write_all(lines),
            Out::Replacing(file) | Out::New(file) => file.write_all(lines),
            Out::Stream(out) => out.write_all(lines),
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
    Csv(Box<csv::Encoder>),
    Json(Objects),
    Xlsx(Box<Book>),
    Html(Page),
    Markdown,
}

impl Encoder {
    /// Begins a table with its headings, where it has a place for them.
    fn new(
        format: Format,
        file: &Arc<str>,
        columns: Vec<Column>,
        aside: Option<ExtraSheet>,
        lines: &mut Vec<u8>,
    ) -> Result<Encoder, SheetError> {
        Ok(match format {
            Format::Csv => {
                let mut encoder = csv::Encoder::new(delimiter_of_ending(file));
                encoder.header(columns.iter().map(|column| column.heading.as_str()), lines);
                Encoder::Csv(Box::new(encoder))
            }
            Format::Json => Encoder::Json(Objects::new(&columns, true)),
            Format::JsonLines => Encoder::Json(Objects::new(&columns, false)),
            Format::Xlsx => Encoder::Xlsx(Box::new(Book::new(file, columns, aside)?)),
            Format::Xls | Format::Ods => return Err(SheetErrorKind::Ending.in_file(file)),
            Format::Html => Encoder::Html(Page::new(file, columns, lines)),
            Format::Markdown => {
                let headings = columns.iter().map(|column| column.heading.as_str());
                lines.extend_from_slice(markdown::row(headings).as_bytes());
                lines.extend_from_slice(markdown::row(columns.iter().map(|_| "---")).as_bytes());
                Encoder::Markdown
            }
        })
    }
}
