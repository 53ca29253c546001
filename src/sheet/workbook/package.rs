//! The parts of a zipped workbook, inflated no further than a workbook can mean. The only module that unpacks.
//!
//! The archive's own sizes are not trusted: bytes are counted as they are inflated.

use crate::model::redact::in_quotes;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::format::Format;
use crate::sheet::source::{Pass, Source};
use crate::sheet::workbook::row::{damaged, oversized};
use crate::xml::{PullError, PullReader};
use flate2::Crc;
use flate2::read::{DeflateDecoder, MultiGzDecoder};
use memchr::{memchr, memmem};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Take, Write};
use std::sync::Arc;
use zip::read::ZipFile;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Parts of a workbook: pictures count too.
pub(crate) const PARTS_MAX: usize = 10_000;
/// Bytes of the archive's own directory: 4 MiB.
pub(crate) const DIRECTORY_BYTES_MAX: usize = 4 << 20;
/// Bytes of one part, inflated: 2 GiB, twice a sheet with a million rows of thirty cells.
pub(crate) const PART_BYTES_MAX: u64 = 2 << 30;
/// The largest ratio of a part's size to its packed size, once [`RATIO_GRACE_BYTES`] are passed. Apache POI draws the
/// same line (`ZipSecureFile`, a minimum inflate ratio of 0.01).
pub(crate) const RATIO_MAX: u64 = 100;
/// Bytes of a part that are inflated whatever their ratio: 4 MiB, which is some ten thousand rows with the same text.
pub(crate) const RATIO_GRACE_BYTES: u64 = 4 << 20;

/// Bytes of a part that is read as one text: 16 MiB.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// A zipped workbook.
pub(crate) struct Package {
    source: Source,
    parts: HashMap<String, Part>,
    /// The names of the parts, in their order.
    names: Vec<String>,
}

/// The place of a part in the file.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// Its index in the archive.
    index: usize,
    start: u64,
    packed_bytes: u64,
    bytes: u64,
    crc: u32,
    deflated: bool,
}

impl Package {
    pub(crate) fn open(source: &Source) -> Result<Package, SheetError> {
        let broken = |_| damaged(&source.name, "its archive is broken or cut off");
        within_directory_limits(source)?;
        let mut archive = ZipArchive::new(Bytes::new(source)).map_err(broken)?;
        refuse_twins(source, archive.central_directory_start())?;
        if archive.has_overlapping_files().map_err(broken)? {
            return Err(damaged(&source.name, "its parts lie one over the other"));
        }
        let mut parts = HashMap::with_capacity(archive.len());
        let mut names = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(broken)?;
            let deflated = match entry.compression() {
                CompressionMethod::Stored => false,
                CompressionMethod::Deflated => true,
                // No office program writes another; such a part is as good as absent.
                _ => continue,
            };
            let Some(start) = entry.data_start() else {
                continue;
            };
            if entry.encrypted() {
                return Err(SheetErrorKind::Encrypted.in_file(&source.name));
            }
            let part = Part {
                index,
                start,
                packed_bytes: entry.compressed_size(),
                bytes: entry.size(),
                crc: entry.crc32(),
                deflated,
            };
            let name = String::from_utf8_lossy(entry.name_raw());
            parts.insert(folded(&name), part);
            names.push(name.into_owned());
        }
        Ok(Package {
            source: source.clone(),
            parts,
            names,
        })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&folded(name))
    }

    /// The unpacked size of a part, as the archive declares it; proved when the part is read.
    pub(crate) fn bytes(&self, name: &str) -> u64 {
        self.parts.get(&folded(name)).map_or(0, |part| part.bytes)
    }

    /// Reads a small part that is a text; `None` where there is no such part.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, SheetError> {
        let Some(inflating) = self.inflating(name) else {
            return Ok(None);
        };
        if self.bytes(name) > TEXT_BYTES_MAX {
            let what = format!("{name} is larger than {TEXT_BYTES_MAX} bytes");
            return Err(oversized(&self.source.name, &what));
        }
        let mut text = String::new();
        let mut inflating = inflating.take(TEXT_BYTES_MAX);
        let read = inflating.read_to_string(&mut text);
        read.map_err(|error| self.error(name, &error))?;
        Ok(Some(text))
    }

    /// Reads a part as XML; `None` where there is no such part.
    pub(crate) fn xml(&self, name: &str, piece_bytes_max: usize) -> Option<PartXml> {
        let inflating = self.inflating(name)?;
        Some(PullReader::new(
            BufReader::with_capacity(64 << 10, inflating),
            piece_bytes_max,
        ))
    }

    /// The first bytes of a part.
    pub(crate) fn head(&self, name: &str, bytes_max: u64) -> Vec<u8> {
        let mut head = Vec::new();
        if let Some(inflating) = self.inflating(name) {
            // The bytes that were read before an error are all there is.
            let _ = inflating.take(bytes_max).read_to_end(&mut head);
        }
        head
    }

    /// Inflates a part to its end and hands on the inside of every tag in it: proves that it is complete and within the
    /// limits before any of it is trusted.
    pub(crate) fn survey(
        &self,
        name: &str,
        mut tag: impl FnMut(&[u8], &[u8]),
    ) -> Result<(), SheetError> {
        let Some(mut inflating) = self.inflating(name) else {
            return Ok(());
        };
        // A longer tag is not one of interest.
        const TAG_BYTES: usize = 4 << 10;
        let mut chunk = vec![0; 64 << 10];
        let mut bytes = Vec::new();
        loop {
            let read = inflating
                .read(&mut chunk)
                .map_err(|error| self.error(name, &error))?;
            if read == 0 {
                return Ok(());
            }
            bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
            let mut rest = bytes.as_slice();
            while let Some(open) = memchr(b'<', rest) {
                rest = rest.get(open..).unwrap_or_default();
                let Some(close) = memchr(b'>', rest) else {
                    break;
                };
                let behind = rest.get(close + 1..).unwrap_or_default();
                let text = memchr(b'<', behind);
                if text.is_none() && rest.len() < TAG_BYTES {
                    // The rest of the text is still to come.
                    break;
                }
                let text = behind.get(..text.unwrap_or_default());
                tag(
                    rest.get(1..close).unwrap_or_default(),
                    text.unwrap_or_default(),
                );
                rest = behind;
            }
            let begun = rest.first() == Some(&b'<') && rest.len() < TAG_BYTES;
            let kept = if begun { rest.len() } else { 0 };
            bytes.drain(..bytes.len() - kept);
        }
    }

    /// Translates an error that came through [`Inflating`].
    pub(crate) fn error(&self, name: &str, error: &io::Error) -> SheetError {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        match inner {
            Some(error) => SheetError::clone(error),
            None => damaged(&self.source.name, &format!("{name} cannot be unpacked")),
        }
    }

    /// Translates an error of a part's XML.
    pub(crate) fn xml_error(&self, name: &str, error: PullError) -> SheetError {
        let file = &self.source.name;
        match error {
            PullError::Read(error) => self.error(name, &error),
            PullError::TooLong => oversized(
                file,
                &format!("{name} has a cell or a tag that is too long"),
            ),
            PullError::Malformed(why) => damaged(file, &format!("{name}: {why}")),
        }
    }

    /// Writes the workbook again with one part rewritten. All the others are copied as they lie there, packed.
    ///
    /// # Errors
    /// The errors of `rewrite`; where `out` cannot be written to, under the name `file`.
    pub(crate) fn rewritten(
        &self,
        name: &str,
        out: &mut File,
        file: &Arc<str>,
        rewrite: impl FnOnce(&mut Splice<'_>) -> Result<(), SheetError>,
    ) -> Result<(), SheetError> {
        let failed = |error| self.failed(name, file, error);
        let index = self.index(name)?;
        let mut archive = ZipArchive::new(Bytes::new(&self.source)).map_err(failed)?;
        let mut copy = ZipWriter::new(BufWriter::new(out));
        let comment = archive.comment().into();
        copy.set_raw_comment(comment).map_err(failed)?;
        let mut rewrite = Some(rewrite);
        for at in 0..archive.len() {
            let entry = archive.by_index_raw(at).map_err(failed)?;
            match rewrite.take_if(|_| at == index) {
                Some(rewrite) => self.splice(name, &entry, &mut copy, file, rewrite)?,
                None => copy.raw_copy_file(entry).map_err(failed)?,
            }
        }
        let mut out = copy.finish().map_err(failed)?;
        out.flush()
            .map_err(|error| SheetError::unwritable(file, &error))
    }

    /// Like [`Package::rewritten`], with `others` in the place of parts of the same names, or beside them.
    /// They are asked for once the part is rewritten, which then comes first.
    ///
    /// # Errors
    /// The same, and the errors of `others`.
    pub(crate) fn rewritten_with(
        &self,
        name: &str,
        out: &mut File,
        file: &Arc<str>,
        rewrite: impl FnOnce(&mut Splice<'_>) -> Result<(), SheetError>,
        others: impl FnOnce() -> Result<BTreeMap<String, String>, SheetError>,
    ) -> Result<(), SheetError> {
        let failed = |error| self.failed(name, file, error);
        let unwritable = |error| SheetError::unwritable(file, &error);
        let index = self.index(name)?;
        let mut archive = ZipArchive::new(Bytes::new(&self.source)).map_err(failed)?;
        let mut copy = ZipWriter::new(BufWriter::new(out));
        let comment = archive.comment().into();
        copy.set_raw_comment(comment).map_err(failed)?;
        let entry = archive.by_index_raw(index).map_err(failed)?;
        let options = entry.options();
        self.splice(name, &entry, &mut copy, file, rewrite)?;
        drop(entry);
        let others = others()?;
        let replaced: HashSet<String> = others.keys().map(|name| folded(name)).collect();
        for at in (0..archive.len()).filter(|at| *at != index) {
            let entry = archive.by_index_raw(at).map_err(failed)?;
            if !replaced.contains(&folded(&String::from_utf8_lossy(entry.name_raw()))) {
                copy.raw_copy_file(entry).map_err(failed)?;
            }
        }
        for (name, text) in others {
            copy.start_file(name, options).map_err(failed)?;
            copy.write_all(text.as_bytes()).map_err(unwritable)?;
        }
        let mut out = copy.finish().map_err(failed)?;
        out.flush().map_err(unwritable)
    }

    fn index(&self, name: &str) -> Result<usize, SheetError> {
        let part = self.parts.get(&folded(name));
        let lost = || damaged(&self.source.name, &format!("{name} is not in it"));
        Ok(part.ok_or_else(lost)?.index)
    }

    /// Translates an error of an archive that is copied.
    fn failed(&self, name: &str, file: &Arc<str>, error: ZipError) -> SheetError {
        match io::Error::from(error) {
            // The source's own error came through.
            error
                if error
                    .get_ref()
                    .is_some_and(|inner| inner.is::<SheetError>()) =>
            {
                self.error(name, &error)
            }
            error => SheetError::unwritable(file, &error),
        }
    }

    /// Writes one part again as `rewrite` does.
    fn splice<R: Read>(
        &self,
        name: &str,
        entry: &ZipFile<'_, R>,
        copy: &mut ZipWriter<BufWriter<&mut File>>,
        file: &Arc<str>,
        rewrite: impl FnOnce(&mut Splice<'_>) -> Result<(), SheetError>,
    ) -> Result<(), SheetError> {
        let stored = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let started = copy.start_file(stored, entry.options());
        started.map_err(|error| self.failed(name, file, error))?;
        let lost = || damaged(&self.source.name, &format!("{name} is not in it"));
        let from = self.inflating(name).ok_or_else(lost)?;
        let mut splice = Splice {
            package: self,
            name,
            from: BufReader::with_capacity(64 << 10, from),
            at: 0,
            out: copy,
            file,
        };
        rewrite(&mut splice)?;
        splice.copy(u64::MAX)
    }

    /// Writes the workbook again unchanged, over the content of `out`.
    pub(crate) fn copied(&self, out: &mut File, file: &Arc<str>) -> Result<(), SheetError> {
        let unwritable = |error: io::Error| SheetError::unwritable(file, &error);
        out.set_len(0).map_err(unwritable)?;
        out.rewind().map_err(unwritable)?;
        let (mut pass, mut bytes) = (self.source.pass(0), Vec::new());
        loop {
            bytes.clear();
            let ended = pass.fill(&mut bytes, 256 << 10)?;
            out.write_all(&bytes).map_err(unwritable)?;
            if ended {
                return Ok(());
            }
        }
    }

    fn inflating(&self, name: &str) -> Option<Inflating> {
        let part = *self.parts.get(&folded(name))?;
        let mut bytes = Bytes::new(&self.source);
        bytes.at = part.start;
        let bytes = bytes.take(part.packed_bytes);
        let packed = if part.deflated {
            Packed::Deflated(DeflateDecoder::new(bytes))
        } else {
            Packed::Stored(bytes)
        };
        Some(Inflating {
            source: self.source.clone(),
            name: name.to_owned(),
            // A lie about the packed size can promise no more bytes than the file has.
            ratio_base: part.packed_bytes.min(self.source.bytes()),
            part,
            packed,
            crc: Crc::new(),
            given: 0,
        })
    }
}

/// A part that is written again: copied from where the last copy ended.
pub(crate) struct Splice<'p> {
    package: &'p Package,
    name: &'p str,
    from: BufReader<Inflating>,
    at: u64,
    out: &'p mut dyn Write,
    file: &'p Arc<str>,
}

impl Splice<'_> {
    /// Copies up to a byte of the part, or to its end.
    pub(crate) fn copy(&mut self, to: u64) -> Result<(), SheetError> {
        self.read(to, |out, bytes| out.write_all(bytes))
    }

    /// Leaves out the part's bytes before this one.
    pub(crate) fn leave_out(&mut self, to: u64) -> Result<(), SheetError> {
        self.read(to, |_, _| Ok(()))
    }

    /// Returns the part's bytes before this one, instead of copying them.
    pub(crate) fn take(&mut self, to: u64) -> Result<String, SheetError> {
        let mut taken = Vec::new();
        self.read(to, |_, bytes| {
            taken.extend_from_slice(bytes);
            Ok(())
        })?;
        String::from_utf8(taken).map_err(|_| self.malformed())
    }

    /// Writes something of one's own.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), SheetError> {
        let written = self.out.write_all(text.as_bytes());
        written.map_err(|error| SheetError::unwritable(self.file, &error))
    }

    /// Builds the error for a part that is not the same as when it was read.
    pub(crate) fn malformed(&self) -> SheetError {
        let what = format!("{} cannot be read a second time", self.name);
        damaged(&self.package.source.name, &what)
    }

    fn read(
        &mut self,
        to: u64,
        mut each: impl FnMut(&mut dyn Write, &[u8]) -> io::Result<()>,
    ) -> Result<(), SheetError> {
        while self.at < to {
            let bytes = self.from.fill_buf();
            let bytes = bytes.map_err(|error| self.package.error(self.name, &error))?;
            let left = usize::try_from(to - self.at).unwrap_or(usize::MAX);
            let bytes = bytes.get(..left).unwrap_or(bytes);
            if bytes.is_empty() {
                return Ok(());
            }
            let read = bytes.len();
            each(self.out, bytes).map_err(|error| SheetError::unwritable(self.file, &error))?;
            self.from.consume(read);
            self.at += read as u64;
        }
        Ok(())
    }
}

/// The first bytes of an entry in the archive's directory.
const ENTRY: &[u8] = b"PK\x01\x02";

/// The sheet that is packed in an archive which is no workbook, with its name; `None` where none is.
///
/// # Errors
/// If there are several sheets in it, or the one is not whole or too large.
pub(crate) fn only_sheet(source: &Source) -> Result<Option<(Source, String)>, SheetError> {
    let package = Package::open(source)?;
    let names: Vec<&String> = package.names.iter().filter(|name| is_sheet(name)).collect();
    let (file, shown) = (&source.name, |name: &String| in_quotes(name));
    match names.as_slice() {
        [] => Ok(None),
        [name] => {
            let Some(part) = package.inflating(name) else {
                return Ok(None);
            };
            let failed = |error: &io::Error| package.error(name, error);
            Ok(Some((unpacked(file, part, failed)?, shown(name))))
        }
        several => {
            let several: Vec<String> = several.iter().map(|name| shown(name)).collect();
            Err(SheetErrorKind::SeveralPacked(several.join(", ")).in_file(file))
        }
    }
}

/// Returns true if a file of an archive is a sheet, and not one of those that a Mac adds beside each.
fn is_sheet(name: &str) -> bool {
    let is_hidden = name
        .split(['/', '\\'])
        .any(|step| step.starts_with('.') || step == "__MACOSX");
    !is_hidden && Format::from_ending(name).is_some_and(Format::is_read)
}

/// The bytes that gzip packed.
///
/// # Errors
/// If they are not whole, or more than a sheet can mean.
pub(crate) fn gunzipped(source: &Source) -> Result<Source, SheetError> {
    let file = &source.name;
    let inflating = Gunzip {
        from: MultiGzDecoder::new(Bytes::new(source)),
        bytes_max: RATIO_GRACE_BYTES
            .max(source.bytes().saturating_mul(RATIO_MAX))
            .min(PART_BYTES_MAX),
        given: 0,
    };
    unpacked(file, inflating, |error| {
        let what = match error.kind() {
            io::ErrorKind::FileTooLarge => format!(
                "grows to more than {RATIO_MAX} times its packed size, or to more than {PART_BYTES_MAX} bytes"
            ),
            _ => "is broken or cut off, and cannot be unpacked".to_owned(),
        };
        SheetErrorKind::Packed(what).in_file(file)
    })
}

/// Counts the inflated bytes.
struct Gunzip {
    from: MultiGzDecoder<Bytes>,
    bytes_max: u64,
    given: u64,
}

impl Read for Gunzip {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(into)?;
        self.given += read as u64;
        match self.given > self.bytes_max {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(read),
        }
    }
}

/// Unpacks to a file without a name, which goes away with its last reader.
fn unpacked(
    file: &Arc<str>,
    mut from: impl Read,
    failed: impl Fn(&io::Error) -> SheetError,
) -> Result<Source, SheetError> {
    let unwritable = |error: io::Error| SheetError::unreadable(file, &error);
    let mut out = tempfile::tempfile().map_err(unwritable)?;
    let mut chunk = vec![0; 64 << 10];
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(&error)),
        };
        out.write_all(chunk.get(..read).unwrap_or_default())
            .map_err(unwritable)?;
    }
    Source::of_file(file.clone(), out)
}

/// Looks for the entries themselves, before memory is reserved for as many as the archive declares.
fn within_directory_limits(source: &Source) -> Result<(), SheetError> {
    /// The bytes of an entry with the lengths of its name, its extra field and its comment.
    const LENGTHS: std::ops::Range<usize> = 28..34;
    let find = memmem::Finder::new(ENTRY);
    let (mut entries, mut directory_bytes) = (0, 0);
    let mut pass = source.pass(0);
    let mut bytes = Vec::new();
    loop {
        let ended = pass.fill(&mut bytes, 256 << 10)?;
        // An entry that may be cut off is looked at with the next bytes.
        let whole = if ended {
            bytes.len()
        } else {
            bytes.len().saturating_sub(LENGTHS.end)
        };
        for at in find.find_iter(&bytes).take_while(|at| *at < whole) {
            entries += 1;
            let lengths = bytes.get(at + LENGTHS.start..at + LENGTHS.end);
            let lengths = lengths.unwrap_or_default().chunks_exact(2);
            let lengths = lengths.map(|two| {
                two.iter()
                    .rev()
                    .fold(0, |sum, b| sum * 256 + usize::from(*b))
            });
            directory_bytes += lengths.sum::<usize>();
        }
        if entries > PARTS_MAX || directory_bytes > DIRECTORY_BYTES_MAX {
            return Err(oversized(
                &source.name,
                &format!(
                    "its archive has more than {PARTS_MAX} parts, or a directory of more than {DIRECTORY_BYTES_MAX} bytes"
                ),
            ));
        }
        if ended {
            return Ok(());
        }
        bytes.drain(..whole);
    }
}

/// Refuses an archive with two parts of one name, of which each program takes another. The directory begins at `start`,
/// and is as long as [`within_directory_limits`] allows.
fn refuse_twins(source: &Source, start: u64) -> Result<(), SheetError> {
    const ENTRY_BYTES: usize = 46;
    let bytes_max = DIRECTORY_BYTES_MAX + PARTS_MAX * ENTRY_BYTES;
    let mut directory = Vec::new();
    source.pass(start).fill(&mut directory, bytes_max as u64)?;
    let mut rest = directory.as_slice();
    let mut names = HashSet::new();
    while let Some(entry) = rest
        .get(..ENTRY_BYTES)
        .filter(|entry| entry.starts_with(ENTRY))
    {
        let length = |at: usize| {
            let two = entry.get(at..at + 2).unwrap_or_default();
            two.iter()
                .rev()
                .fold(0, |sum, b| sum * 256 + usize::from(*b))
        };
        let (name_bytes, more_bytes) = (length(28), length(30) + length(32));
        let name = rest
            .get(ENTRY_BYTES..ENTRY_BYTES + name_bytes)
            .unwrap_or_default();
        let name = folded(&String::from_utf8_lossy(name));
        if names.contains(&name) {
            let what = format!("two of its parts are called {}", in_quotes(&name));
            return Err(damaged(&source.name, &what));
        }
        names.insert(name);
        rest = rest
            .get(ENTRY_BYTES + name_bytes + more_bytes..)
            .unwrap_or_default();
    }
    Ok(())
}

/// Folds a part's name for comparing: without regard to case, and some programs write `\`.
pub(crate) fn folded(name: &str) -> String {
    name.trim_start_matches('/')
        .replace('\\', "/")
        .to_ascii_lowercase()
}

/// A part that is read as XML.
pub(crate) type PartXml = PullReader<BufReader<Inflating>>;

/// Inflates a part, counts, and compares at its end.
pub(crate) struct Inflating {
    source: Source,
    name: String,
    part: Part,
    packed: Packed,
    ratio_base: u64,
    crc: Crc,
    given: u64,
}

enum Packed {
    Stored(Take<Bytes>),
    Deflated(DeflateDecoder<Take<Bytes>>),
}

impl Read for Inflating {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.packed {
            Packed::Stored(from) => from.read(into)?,
            Packed::Deflated(from) => from.read(into)?,
        };
        self.given += read as u64;
        self.crc.update(into.get(..read).unwrap_or_default());
        let (file, name) = (&self.source.name, &self.name);
        let error = if read == 0 && !into.is_empty() {
            if self.given == self.part.bytes && self.crc.sum() == self.part.crc {
                return Ok(0);
            }
            damaged(
                file,
                &format!("{name} is not as long, or not the same, as when it was packed"),
            )
        } else if self.given > PART_BYTES_MAX {
            oversized(
                file,
                &format!("{name} is larger than {PART_BYTES_MAX} bytes"),
            )
        } else if self.given > RATIO_GRACE_BYTES.max(self.ratio_base.saturating_mul(RATIO_MAX)) {
            oversized(
                file,
                &format!("{name} grows to more than {RATIO_MAX} times its packed size"),
            )
        } else if self.given > self.part.bytes {
            damaged(file, &format!("{name} is longer than the archive says"))
        } else {
            return Ok(read);
        };
        Err(io::Error::other(error))
    }
}

/// The bytes of a source.
pub(crate) struct Bytes {
    source: Source,
    at: u64,
    buffer: Vec<u8>,
    taken: usize,
}

impl Bytes {
    pub(crate) fn new(source: &Source) -> Bytes {
        Bytes {
            source: source.clone(),
            at: 0,
            buffer: Vec::new(),
            taken: 0,
        }
    }
}

impl Read for Bytes {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.buffer.len() {
            self.buffer.clear();
            self.taken = 0;
            let mut pass: Pass = self.source.pass(self.at);
            pass.fill(&mut self.buffer, 32 << 10)
                .map_err(io::Error::other)?;
        }
        let mut left = self.buffer.get(self.taken..).unwrap_or_default();
        let read = left.read(into)?;
        self.taken += read;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Bytes {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.source.bytes().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        self.buffer.clear();
        self.taken = 0;
        Ok(self.at)
    }
}
