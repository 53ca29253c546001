//! Texts in other encodings than UTF-8: read as UTF-8, and written again as they were.
//!
//! UTF-8 is read where it lies. Everything else is first copied to disk as UTF-8, a chunk at a time, with the same line
//! breaks.

use crate::sheet::detect::encoding::{detect, marked};
use crate::sheet::encoding::Encoding;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::options::Header;
use crate::sheet::source::{Pass, Source};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

/// The number of bytes read at once.
const CHUNK_BYTES: u64 = 256 << 10;

/// Copies a source to UTF-8 where it is in another encoding, and names that in words. `header` finds the columns with
/// secrets, which tell nothing about it.
pub(crate) fn as_utf8(
    source: Source,
    asked: Option<Encoding>,
    header: &Header,
) -> Result<(Source, Option<String>), SheetError> {
    let (encoding, evidence) = detect(&source, asked, header)?;
    if encoding == Encoding::UTF_8 {
        return Ok((source, None));
    }
    let description = format!("{} ({evidence})", encoding.name());
    Ok((transcoded(&source, encoding)?, Some(description)))
}

/// Writes a text that was read as UTF-8 in its first encoding, a piece at a time. Text that stays as it is is compared
/// with the original, byte for byte: the way there and back changes nothing, or the text is refused.
pub(crate) struct EncodedCopy {
    encoding: Encoding,
    /// The original, from the beginning of the text; `None` where the text is the original.
    original: Option<Pass>,
    file: Arc<str>,
    /// The beginning of a character whose end comes with the next piece.
    begun: Vec<u8>,
    /// The bytes of the original.
    there: Vec<u8>,
    /// The bytes to write next.
    pub(crate) out: Vec<u8>,
}

impl EncodedCopy {
    /// Begins at the beginning, with the original's byte-order mark where it has one.
    pub(crate) fn new(source: &Source) -> Result<EncodedCopy, SheetError> {
        let mut copy = EncodedCopy {
            encoding: source.encoding,
            original: None,
            file: source.name.clone(),
            begun: Vec::new(),
            there: Vec::new(),
            out: Vec::new(),
        };
        if let Some(original) = &source.original {
            copy.original = Some(original.pass(0));
            if marked(&original.name, &original.head(4)?)?.is_some() {
                copy.original_bytes(2)?;
                copy.out.extend_from_slice(&copy.there);
            }
        }
        Ok(copy)
    }

    /// Takes text that stays as it is.
    pub(crate) fn same(&mut self, text: &[u8]) -> Result<(), SheetError> {
        if self.original.is_none() {
            self.out.extend_from_slice(text);
            return Ok(());
        }
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.extend_from_slice(text);
        let mut rest = bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return self.same_text(text),
                Err(error) => {
                    let (valid, behind) = rest.split_at(error.valid_up_to());
                    self.same_text(&String::from_utf8_lossy(valid))?;
                    let Some(broken) = error.error_len() else {
                        self.begun = behind.to_vec();
                        return Ok(());
                    };
                    // A unit that did not decode becomes one byte that is no UTF-8.
                    for _ in 0..broken {
                        let unit = self.encoding.unit_bytes();
                        let unit = unit.ok_or_else(|| self.differs())?;
                        self.original_bytes(unit)?;
                        self.out.extend_from_slice(&self.there);
                    }
                    rest = behind.get(broken..).unwrap_or_default();
                }
            }
        }
    }

    /// Takes text that replaces a part of the original.
    pub(crate) fn other(&mut self, before: &[u8], after: &str) -> Result<(), SheetError> {
        if self.original.is_none() {
            self.out.extend_from_slice(after.as_bytes());
            return Ok(());
        }
        let after = self.encoding.bytes(after).ok_or_else(|| self.differs())?;
        // It must be the text that it is taken for; then it goes.
        let kept = self.out.len();
        self.same(before)?;
        self.out.truncate(kept);
        self.out.extend_from_slice(&after);
        Ok(())
    }

    /// Refuses an original that has more than was written of it.
    pub(crate) fn finish(&mut self) -> Result<(), SheetError> {
        if self.original.is_some() {
            self.original_bytes(1)?;
            if !self.there.is_empty() || !self.begun.is_empty() {
                return Err(self.differs());
            }
        }
        Ok(())
    }

    fn same_text(&mut self, text: &str) -> Result<(), SheetError> {
        let encoding = self.encoding;
        let bytes = encoding.bytes(text).ok_or_else(|| self.differs())?;
        self.original_bytes(bytes.len() as u64)?;
        if *self.there != *bytes {
            return Err(self.differs());
        }
        self.out.extend_from_slice(&bytes);
        Ok(())
    }

    fn original_bytes(&mut self, count: u64) -> Result<(), SheetError> {
        self.there.clear();
        match &mut self.original {
            Some(original) if count > 0 => original.fill(&mut self.there, count).map(drop),
            _ => Ok(()),
        }
    }

    fn differs(&self) -> SheetError {
        SheetErrorKind::NotRepairable(
            format!(
                "written in {}, and not so that it could be written again the same",
                self.encoding.name()
            ),
            "Save it as “CSV UTF-8”, or JSON in UTF-8, and fix that",
        )
        .in_file(&self.file)
    }
}

/// Copies a source to disk in UTF-8. A byte that cannot be decoded becomes a byte that is no UTF-8 either, and is found
/// in its cell.
fn transcoded(source: &Source, encoding: Encoding) -> Result<Source, SheetError> {
    let unreadable = |error: std::io::Error| SheetError::unreadable(&source.name, &error);
    let mut file: File = tempfile::tempfile().map_err(unreadable)?;
    let mut out = BufWriter::new(&mut file);
    let mut decoder = encoding.decoder();
    let mut pass = source.pass(0);
    let (mut text, mut buffer) = (Vec::new(), Vec::new());
    loop {
        buffer.clear();
        text.clear();
        let ended = pass.fill(&mut buffer, CHUNK_BYTES)?;
        decoder.push(&buffer, ended, &mut text);
        out.write_all(&text).map_err(unreadable)?;
        if ended {
            break;
        }
    }
    out.flush().map_err(unreadable)?;
    drop(out);
    Source::of_file(source.name.clone(), file).map(|copy| copy.made_of(source, encoding))
}
