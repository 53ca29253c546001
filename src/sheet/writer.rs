//! Tables out, row by row.

use super::csv::read as csv;
use super::html::write::Page;
use super::markdown::write as markdown;
use super::xlsx::write::Book;
use super::{CLEAR, Format, SheetError};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::NamedTempFile;

/// How many bytes of whole lines are gathered where not every row goes out at once.
const GATHERED_BYTES_MAX: usize = 64 << 10;

/// Writes a table to a file or stream. What it writes reads back the same, except a page (HTML) and Markdown, which are
/// for people only.
///
/// Only whole lines leave it, so that a killed process leaves a file that is right up to its last line (a JSON array
/// lacks its closing bracket then, a page its counts). A workbook is the exception: it can be opened only when its end is
/// written, so it takes its place in [`Writer::finish`], and a killed process leaves none. [`Writer::finish`] has to be
/// called: what goes wrong shows there at the latest.
pub struct Writer {
    file: Arc<str>,
    out: Out,
    encoder: Encoder,
    lines: Vec<u8>,
    every_row: bool,
}

enum Out {
    File(File),
    /// A file that takes its place when it is whole.
    Replacing(NamedTempFile, PathBuf),
    Stream(Box<dyn Write + Send>),
}

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Whoever may read the folder's other files.
    Anybody,
    /// Its owner alone, because it holds secrets. On systems other than Unix the folder decides.
    Owner,
}

/// A column that is written: its heading, and what formats for people make of it. Formats for machines hold the heading
/// alone.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// The heading.
    pub heading: String,
    /// How many characters its cells are likely to have; 0 where only the heading tells.
    pub width: usize,
    /// Whether it holds sentences: shown wide and in several lines.
    pub prose: bool,
    /// What a cell says to whoever reads it; it is coloured so. Its words have to say the same.
    pub tone: Option<fn(&str) -> Tone>,
    /// Whether a page counts its words: for a column that has only a few.
    pub counted: bool,
    /// Whether its cells have to be filled in.
    pub required: bool,
    /// What is said about it to whoever fills it in.
    pub comment: String,
    /// The words that are offered to whoever fills it in.
    pub choices: Vec<String>,
}

/// What a cell says to whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// All is well.
    Good,
    /// Worth a look.
    Notice,
    /// Not as wanted.
    Bad,
    /// Nothing in particular.
    Plain,
}

/// What may stand at the head of a column that is written: a bare heading, or a [`Column`].
pub trait Heading {
    /// It as a column.
    fn column(&self) -> Column;
}

impl Heading for &str {
    fn column(&self) -> Column {
        (*self).to_owned().column()
    }
}

impl Heading for String {
    fn column(&self) -> Column {
        Column {
            heading: self.clone(),
            ..Column::default()
        }
    }
}

impl Heading for Column {
    fn column(&self) -> Column {
        self.clone()
    }
}

/// A further table for people: a sheet of its own in a workbook, left out elsewhere.
#[derive(Debug, Clone)]
pub struct Aside {
    /// The sheet's name: at most 31 characters.
    pub name: String,
    /// Its headings.
    pub headings: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

impl Writer {
    /// Writes to a file, whose ending chooses the format, and which grows with each row. What stood in it is lost. A
    /// workbook does not grow: it is as with [`Writer::replace`].
    ///
    /// # Errors
    /// If the ending stands for no format, or the file cannot be written.
    pub fn create(
        path: &Path,
        readers: Readers,
        columns: &[impl Heading],
    ) -> Result<Writer, SheetError> {
        let file: Arc<str> = path.display().to_string().into();
        let format = format(&file)?;
        if format == Format::Xlsx {
            return Writer::replace(path, readers, columns);
        }
        let out = create(path, readers).map_err(|error| SheetError::unwritable(&file, &error))?;
        let mut writer = Writer::new(file, Out::File(out), format, columns, None)?;
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
        Writer::replace_with(path, readers, columns, None)
    }

    /// As [`Writer::replace`], with a further table where the format can hold it.
    ///
    /// # Errors
    /// As [`Writer::replace`].
    pub fn replace_with(
        path: &Path,
        readers: Readers,
        columns: &[impl Heading],
        aside: Option<Aside>,
    ) -> Result<Writer, SheetError> {
        let file: Arc<str> = path.display().to_string().into();
        let format = format(&file)?;
        // A link stays a link.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_special = path.metadata().is_ok_and(|about| !about.is_file());
        let out = if is_special {
            create(&path, readers).map(Out::File)
        } else {
            beside(&path, readers).map(|out| Out::Replacing(out, path))
        };
        let out = out.map_err(|error| SheetError::unwritable(&file, &error))?;
        Writer::new(file, out, format, columns, aside)
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
        aside: Option<Aside>,
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
            Out::File(file) => synced(&file),
            Out::Stream(mut out) => out.flush(),
            Out::Replacing(file, path) => synced(file.as_file())
                .and_then(|()| file.persist(&path).map(drop).map_err(io::Error::from)),
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
            Out::File(file) => file.write_all(lines),
            Out::Replacing(file, _) => file.write_all(lines),
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

fn create(path: &Path, readers: Readers) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if readers == Readers::Owner {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    if readers == Readers::Owner && file.metadata()?.is_file() {
        // It may have been there before, open to others.
        file.set_permissions(mode(0o600))?;
    }
    Ok(file)
}

/// A file in the same folder, which can take the place of `path` in one step.
fn beside(path: &Path, readers: Readers) -> io::Result<NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".rowcall-");
    #[cfg(unix)]
    let permissions = match (readers, path.metadata()) {
        (Readers::Owner, _) => mode(0o600),
        (Readers::Anybody, Ok(about)) => about.permissions(),
        (Readers::Anybody, Err(_)) => mode(0o666),
    };
    #[cfg(unix)]
    builder.permissions(permissions);
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}

#[cfg(unix)]
fn mode(bits: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(bits)
}

fn format(file: &Arc<str>) -> Result<Format, SheetError> {
    Format::of_ending(file).ok_or_else(|| SheetError::Ending { file: file.clone() })
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
        aside: Option<Aside>,
        lines: &mut Vec<u8>,
    ) -> Result<Encoder, SheetError> {
        Ok(match format {
            Format::Csv => {
                let mut encoder = csv::Encoder::new(csv::delimiter_of_ending(file));
                encoder.header(columns.iter().map(|column| column.heading.as_str()), lines);
                Encoder::Csv(Box::new(encoder))
            }
            Format::Json => Encoder::Json(Objects::new(&columns, true)),
            Format::JsonLines => Encoder::Json(Objects::new(&columns, false)),
            Format::Xlsx => Encoder::Xlsx(Box::new(Book::new(file, columns, aside)?)),
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

/// Rows as objects, one a line. Blank cells are written too, so that every heading is there in its order.
struct Objects {
    /// Each heading as it stands before its value.
    keys: Vec<String>,
    in_array: bool,
    rows: u64,
}

impl Objects {
    fn new(columns: &[Column], in_array: bool) -> Objects {
        let keys = columns.iter().map(|column| key(&column.heading));
        Objects {
            keys: keys.collect(),
            in_array,
            rows: 0,
        }
    }

    fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>, lines: &mut Vec<u8>) {
        if self.in_array {
            lines.extend_from_slice(if self.rows == 0 { b"[\n" } else { b",\n" });
        }
        self.rows += 1;
        lines.push(b'{');
        for (column, cell) in cells.into_iter().enumerate() {
            if column > 0 {
                lines.push(b',');
            }
            match self.keys.get(column) {
                Some(key) => lines.extend_from_slice(key.as_bytes()),
                // A row with too many cells keeps them.
                None => lines.extend_from_slice(key(&format!("cell {}", column + 1)).as_bytes()),
            }
            if cell == CLEAR {
                lines.extend_from_slice(b"null");
            } else {
                lines.extend_from_slice(quoted(cell).as_bytes());
            }
        }
        lines.push(b'}');
        if !self.in_array {
            lines.push(b'\n');
        }
    }

    fn end(self, lines: &mut Vec<u8>) {
        if self.in_array {
            lines.extend_from_slice(if self.rows == 0 { b"[]\n" } else { b"\n]\n" });
        }
    }
}

fn key(heading: &str) -> String {
    quoted(heading) + ":"
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::{Input, ReadOptions, open};
    use proptest::prelude::*;

    type Table = (Vec<String>, Vec<Vec<String>>);

    fn read(path: &Path) -> Table {
        let sheet = open(&Input::File(path.into()), &ReadOptions::default())
            .unwrap()
            .remove(0);
        let mut rows = Vec::new();
        for batch in sheet.batches() {
            let given = batch.unwrap().rows(|row| {
                assert_eq!(row.trouble, None);
                let cells = (0..row.cells.len()).map(|at| row.cells.get(at).unwrap().to_owned());
                rows.push(cells.collect());
            });
            given.unwrap();
        }
        (sheet.headings, rows)
    }

    fn write(mut writer: Writer, rows: &[Vec<String>]) -> Result<(), SheetError> {
        for row in rows {
            writer.row(row.iter().map(String::as_str))?;
        }
        writer.finish()
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            Just(CLEAR.to_owned()),
            "[0+\"',;|\t\r\n a-cü<\\\\{}\\[]{0,8}",
            "[^\0]{0,12}",
            "['=+@\t\r\n＝-]{0,4}[a-c]{0,2}",
            Just("+49 (0)30 1234".to_owned()),
            Just("0042".to_owned()),
            Just("\u{feff}x".to_owned()),
        ]
    }

    fn tables() -> impl Strategy<Value = Table> {
        (1usize..5).prop_flat_map(|width| {
            let heading = "[a-c][\",;|\t\r\n a-zü{.]{0,6}";
            let headings = prop::collection::hash_set(heading, width);
            let rows = prop::collection::vec(prop::collection::vec(cell(), width), 1..8);
            (headings.prop_map(|set| set.into_iter().collect()), rows)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn what_is_written_reads_back_the_same(
            (headings, rows) in tables(),
            ending in prop::sample::select(vec!["csv", "tsv", "psv", "json", "jsonl"]),
            replacing in any::<bool>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(format!("table.{ending}"));
            let writer = if replacing {
                Writer::replace(&path, Readers::Anybody, &headings)
            } else {
                Writer::create(&path, Readers::Owner, &headings)
            };
            write(writer.unwrap(), &rows).unwrap();
            prop_assert_eq!(read(&path), (headings, rows));
        }
    }

    #[test]
    fn no_written_cell_begins_a_formula_and_each_reads_back() {
        for (text, written) in [
            ("+49 30 1234", "'+49 30 1234"),
            ("=1+1", "'=1+1"),
            ("-", "'-"),
            ("@x", "'@x"),
            ("'+1", "''+1"),
            ("''=x", "'''=x"),
            ("＝1", "'＝1"),
            ("'", "'"),
            ("''", "''"),
            ("'s-Hertogenbosch", "'s-Hertogenbosch"),
            ("1-2", "1-2"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            for ending in ["csv", "tsv", "psv"] {
                let path = folder.path().join(format!("t.{ending}"));
                let writer = Writer::replace(&path, Readers::Anybody, &[text, "b"]).unwrap();
                write(writer, &[texts(&[text, ""])]).unwrap();
                let bytes = std::fs::read_to_string(&path).unwrap();
                let mut lines = bytes.lines();
                assert!(lines.all(|line| line.starts_with(written)), "{bytes}");
                let table = (texts(&[text, "b"]), vec![texts(&[text, ""])]);
                assert_eq!(read(&path), table, "{bytes}");
            }
            // What no spreadsheet takes for a formula holds the text as it is.
            let path = folder.path().join("t.jsonl");
            let writer = Writer::replace(&path, Readers::Anybody, &["a"]).unwrap();
            write(writer, &[texts(&[text])]).unwrap();
            let bytes = std::fs::read_to_string(&path).unwrap();
            assert_eq!(bytes, format!("{{\"a\":{}}}\n", quoted(text)));
        }
    }

    #[test]
    fn a_workbook_is_there_when_it_is_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.xlsx");
        std::fs::write(&path, "old").unwrap();
        let mut writer = Writer::create(&path, Readers::Anybody, &["a"]).unwrap();
        writer.row(["1"]).unwrap();
        drop(writer);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let writer = Writer::create(&path, Readers::Anybody, &["a"]).unwrap();
        write(writer, &[texts(&["1"])]).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(b"PK\x03\x04"));
    }

    #[test]
    fn each_row_of_a_growing_file_is_there_at_once_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        for (name, expected) in [
            ("t.csv", "a,b\n1,\"x\ny\"\n"),
            ("t.jsonl", "{\"a\":\"1\",\"b\":\"x\\ny\"}\n"),
            ("t.json", "[\n{\"a\":\"1\",\"b\":\"x\\ny\"}"),
        ] {
            let path = folder.path().join(name);
            let mut writer = Writer::create(&path, Readers::Anybody, &["a", "b"]).unwrap();
            writer.row(["1", "x\ny"]).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
        }
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_content_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.json");
        std::fs::write(&path, "old").unwrap();
        let mut writer = Writer::replace(&path, Readers::Anybody, &["a"]).unwrap();
        writer.row([CLEAR]).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        drop(writer);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let writer = Writer::replace(&path, Readers::Anybody, &["a"]).unwrap();
        write(writer, &[texts(&[CLEAR]), texts(&["x"])]).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "[\n{\"a\":null},\n{\"a\":\"x\"}\n]\n"
        );
        let empty = Writer::replace(&path, Readers::Anybody, &["a"]).unwrap();
        empty.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "[]\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_with_secrets_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let bits = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        for name in ["new.csv", "old.csv", "new.xlsx", "new.html"] {
            for replacing in [true, false] {
                let path = folder.path().join(name);
                if name == "old.csv" {
                    std::fs::write(&path, "").unwrap();
                    std::fs::set_permissions(&path, mode(0o644)).unwrap();
                }
                let writer = if replacing {
                    Writer::replace(&path, Readers::Owner, &["a"])
                } else {
                    Writer::create(&path, Readers::Owner, &["a"])
                };
                let writer = writer.unwrap();
                if !replacing && !name.ends_with(".xlsx") {
                    assert_eq!(bits(&path), 0o600);
                }
                writer.finish().unwrap();
                assert_eq!(bits(&path), 0o600, "{name} {replacing}");
            }
        }
        // What was narrow stays narrow.
        let path = folder.path().join("new.csv");
        let writer = Writer::replace(&path, Readers::Anybody, &["a"]).unwrap();
        writer.finish().unwrap();
        assert_eq!(bits(&path), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_device_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("t.csv"), folder.path().join("l.csv"));
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let writer = Writer::replace(&link, Readers::Anybody, &["a"]).unwrap();
        write(writer, &[texts(&["1"])]).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "a\n1\n");

        let null = folder.path().join("null.csv");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        let writer = Writer::replace(&null, Readers::Owner, &["a"]).unwrap();
        writer.finish().unwrap();
        assert!(!Path::new("/dev/null").metadata().unwrap().is_file());
    }

    #[test]
    fn a_full_disk_is_told_with_the_name() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let stream = || Box::new(OpenOptions::new().write(true).open(full).unwrap());
        let rows = vec![texts(&["1"]); 3];
        for format in [
            Format::Csv,
            Format::Json,
            Format::JsonLines,
            Format::Xlsx,
            Format::Html,
            Format::Markdown,
        ] {
            let writer = Writer::stream(stream(), "out", format, &["a"]).unwrap();
            let error = write(writer, &rows).unwrap_err();
            assert!(
                error.to_string().starts_with("out: cannot be written: "),
                "{error}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("t.csv");
        std::os::unix::fs::symlink(full, &link).unwrap();
        assert!(Writer::create(&link, Readers::Owner, &["a"]).is_err());
    }

    #[test]
    fn a_wrong_path_is_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |name: &str| {
            let path = folder.path().join(name);
            let create = Writer::create(&path, Readers::Anybody, &["a"]).err();
            let replace = Writer::replace(&path, Readers::Anybody, &["a"]).err();
            [create.unwrap(), replace.unwrap()]
        };
        assert!(
            refused("t.doc")
                .iter()
                .all(|error| matches!(error, SheetError::Ending { .. }))
        );
        assert!(
            refused("no/t.csv")
                .iter()
                .all(|error| matches!(error, SheetError::Unwritable { .. }))
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
