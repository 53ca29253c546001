//! A copy of a sheet in which some cells are changed: all else is as it was, byte for byte; of a workbook, part for part.

use crate::disk::{Readers, WholeFile};
use crate::sheet::book::repair as book;
use crate::sheet::cells::Row;
use crate::sheet::detect::encoding::is_ascii;
use crate::sheet::encoding::Encoding;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::options::{Header, Input};
use crate::sheet::reader::{AnyBatch, Content, Sheet};
use crate::sheet::repairs::Repairs;
use crate::sheet::source::Source;
use crate::sheet::transcode::{EncodedCopy, as_utf8};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

/// The number of bytes copied at once.
const COPY_BYTES: u64 = 256 << 10;

/// A copy that is written whole, and not yet in its place.
#[derive(Debug)]
pub(crate) struct RepairedCopy {
    file: Arc<str>,
    out: WholeFile,
}

impl RepairedCopy {
    /// Copies a sheet; `mend` looks at each row in its order and gives cells new texts. The copy lies beside `path`
    /// until [`RepairedCopy::keep`], readable for the readers of the original; a file at `path` is left alone.
    ///
    /// # Errors
    /// If the sheet cannot be read to its end or is of a kind that is not written again, or the folder cannot be written
    /// to.
    pub(crate) fn write(
        sheet: &Sheet,
        path: &Path,
        mut mend: impl FnMut(&Row<'_>, &mut Repairs<'_>),
    ) -> Result<RepairedCopy, SheetError> {
        let file: Arc<str> = path.display().to_string().into();
        if sheet.is_packed {
            return Err(SheetErrorKind::NotRepairable(
                "packed".to_owned(),
                "Unpack it, and fix the sheet itself",
            )
            .in_file(&sheet.file));
        }
        let unwritable = |error: io::Error| SheetError::unwritable(&file, &error);
        let mut out = WholeFile::beside(path, Readers::Owner).map_err(unwritable)?;
        match &sheet.content {
            Content::Csv(content) => text(sheet, content.start(), &mut mend, &mut out, &file)?,
            Content::Json(content) => text(sheet, content.start(), &mut mend, &mut out, &file)?,
            Content::Workbook(content) => {
                book::mended(content, &mut mend, out.as_file_mut(), &file)?;
            }
        }
        // Until here it is its owner's alone.
        let out = out.with_permissions_of(Path::new(&*sheet.file));
        let out = out.map_err(unwritable)?;
        Ok(RepairedCopy { file, out })
    }

    /// The copy as a sheet, read as `original` was, which it was made of.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn sheet(&self, original: &Sheet) -> Result<Sheet, SheetError> {
        let source = self.source()?;
        let as_utf8 = |encoding| as_utf8(source.clone(), Some(encoding), &Header::First);
        let content = match &original.content {
            Content::Csv(content) => {
                Content::Csv(content.over(as_utf8(content.start().0.encoding)?.0))
            }
            Content::Json(content) => {
                Content::Json(content.over(as_utf8(content.start().0.encoding)?.0))
            }
            Content::Workbook(content) => Content::Workbook(content.over(&source)?),
        };
        Ok(Sheet {
            content,
            ..original.clone()
        })
    }

    /// Returns the encoding that must be given for the copy of a text, where the copy has fewer signs of it than the
    /// original.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn encoding_to_say(&self, original: &Sheet) -> Result<Option<Encoding>, SheetError> {
        let encoding = match &original.content {
            Content::Csv(content) => content.start().0.encoding,
            Content::Json(content) => content.start().0.encoding,
            Content::Workbook(_) => return Ok(None),
        };
        if encoding == Encoding::UTF_8 {
            return Ok(None);
        }
        match as_utf8(self.source()?, None, &Header::First) {
            Ok((copy, _)) if copy.encoding == encoding || is_ascii(&copy)? => Ok(None),
            Ok(_)
            | Err(SheetError {
                kind: SheetErrorKind::Encoding(..),
                ..
            }) => Ok(Some(encoding)),
            Err(error) => Err(error),
        }
    }

    fn source(&self) -> Result<Source, SheetError> {
        Source::open(&Input::File(self.out.hidden_path().to_owned()))
    }

    /// Puts the copy in its place, once it is safely on the disk.
    ///
    /// # Errors
    /// If that fails; the file that was there is still there then.
    pub(crate) fn keep(self) -> Result<(), SheetError> {
        let RepairedCopy { file, out } = self;
        out.keep()
            .map_err(|error| SheetError::unwritable(&file, &error))
    }
}

/// Copies a text whose rows begin at `start`.
fn text(
    sheet: &Sheet,
    (source, start): (&Source, u64),
    mend: &mut impl FnMut(&Row<'_>, &mut Repairs<'_>),
    out: &mut WholeFile,
    file: &Arc<str>,
) -> Result<(), SheetError> {
    if source.is_mended {
        return Err(SheetErrorKind::NotRepairable(
            "JSON with curly quotes".to_owned(),
            "Save it as “CSV UTF-8”, or JSON in UTF-8, and fix that",
        )
        .in_file(&sheet.file));
    }
    let mut again = EncodedCopy::new(source)?;
    let mut write = |again: &mut EncodedCopy| {
        let written = out.write_all(&again.out);
        again.out.clear();
        written.map_err(|error| SheetError::unwritable(file, &error))
    };
    copy(source, 0, Some(start), &mut again, &mut write)?;
    let mut at = start;
    for batch in sheet.batches() {
        let batch = batch?.rows;
        let (gap, length) = match &batch {
            AnyBatch::Csv(batch) => (0, batch.length()),
            AnyBatch::Json(batch) => (batch.gap(), batch.length()),
            // A text's are never.
            AnyBatch::Workbook(_) => continue,
        };
        copy(source, at, Some(at + gap), &mut again, &mut write)?;
        match &batch {
            AnyBatch::Csv(batch) => batch.mended(mend, &mut again)?,
            AnyBatch::Json(batch) => batch.mended(mend, &mut again)?,
            AnyBatch::Workbook(_) => {}
        }
        write(&mut again)?;
        at += gap + length;
    }
    copy(source, at, None, &mut again, &mut write)?;
    again.finish()
}

/// Copies bytes unchanged, up to `end` or all there are.
fn copy(
    source: &Source,
    start: u64,
    end: Option<u64>,
    again: &mut EncodedCopy,
    write: &mut impl FnMut(&mut EncodedCopy) -> Result<(), SheetError>,
) -> Result<(), SheetError> {
    let (mut pass, mut at, mut bytes) = (source.pass(start), start, Vec::new());
    loop {
        let left = end.map_or(COPY_BYTES, |end| end.saturating_sub(at).min(COPY_BYTES));
        if left == 0 {
            return Ok(());
        }
        bytes.clear();
        let ended = pass.fill(&mut bytes, left)?;
        at += bytes.len() as u64;
        again.same(&bytes)?;
        write(again)?;
        if ended {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;
    use crate::sheet::{Limits, ReadOptions, open};
    use proptest::prelude::*;
    use std::fs;

    fn read(path: &Path, chunk_bytes: usize) -> Sheet {
        let options = ReadOptions {
            delimiter: Some(',').filter(|_| path.extension().is_some_and(|e| e == "csv")),
            limits: Limits {
                chunk_bytes,
                ..Limits::default()
            },
            ..ReadOptions::default()
        };
        open(&Input::File(path.into()), &options).unwrap().remove(0)
    }

    fn cells(sheet: &Sheet) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for batch in sheet.batches() {
            let each = |row: Row<'_>| {
                let cells = (0..row.cells.len()).map(|at| row.cells.get(at).unwrap().to_owned());
                rows.push(cells.collect());
            };
            batch.unwrap().rows(each).unwrap();
        }
        rows
    }

    /// Repairs every cell that begins with an M, and returns the bytes and the cells before and after.
    fn mend(
        content: &[u8],
        ending: &str,
        text: &str,
        chunk: usize,
    ) -> (Vec<u8>, [Vec<Vec<String>>; 2]) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("in.{ending}"));
        fs::write(&path, content).unwrap();
        let sheet = read(&path, chunk);
        let out = folder.path().join(format!("out.{ending}"));
        let mended = RepairedCopy::write(&sheet, &out, |row, mends| {
            for column in 0..row.cells.len() {
                if row
                    .cells
                    .get(column)
                    .is_some_and(|cell| cell.starts_with('M'))
                {
                    mends.put(column, Secret::new(text)).unwrap();
                }
            }
        });
        let mended = mended.unwrap();
        assert!(!out.exists());
        let after = cells(&mended.sheet(&sheet).unwrap());
        mended.keep().unwrap();
        assert_eq!(fs::read(&path).unwrap(), content);
        (fs::read(&out).unwrap(), [cells(&sheet), after])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Any bytes at all: cells that are named get their texts, the others keep theirs, and where none is named the
        /// copy is the same to the byte.
        #[test]
        fn only_the_cells_that_are_named_change(
            body in "([,\"\r\n M]|\"M\"|[a-z]|ü|\"\"){0,60}",
            text in "[a-z][a-z,\"\n ü]{0,3}",
            chunk in 1usize..80,
        ) {
            let content = format!("a,b,c\n{body}\nx,y,z\n");
            prop_assume!(content.matches('"').count().is_multiple_of(2));
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("in.csv");
            fs::write(&path, &content).unwrap();
            let sheet = read(&path, 1 << 16);
            prop_assume!(sheet.batches().all(|batch| batch.and_then(|b| b.rows(|_| ())).is_ok()));
            let (bytes, [before, after]) = mend(content.as_bytes(), "csv", &text, chunk);
            let mut expected = before.clone();
            for cell in expected.iter_mut().flatten().filter(|cell| cell.starts_with('M')) {
                cell.clone_from(&text);
            }
            prop_assert_eq!(&after, &expected, "{:?} became {:?}", content, String::from_utf8_lossy(&bytes));
            if before == expected {
                prop_assert_eq!(bytes, content.into_bytes());
            }
        }
    }

    #[test]
    fn objects_are_mended_at_any_size_of_a_chunk() {
        let content = "\u{feff} \n[ {\"a\": \"M1\" , \"b\":{\"c\":[\"M\"],\"d\":\"ü\\\"\"}} ,\n\n {\"b\":{\"d\":\"M\\n\"},\"a\":1.50}\n]\n ";
        let expected = "\u{feff} \n[ {\"a\": \"q\\\"\" , \"b\":{\"c\":\"q\\\"\",\"d\":\"ü\\\"\"}} ,\n\n {\"b\":{\"d\":\"q\\\"\"},\"a\":1.50}\n]\n ";
        for chunk in 1..content.len() {
            let (bytes, _) = mend(content.as_bytes(), "json", "q\"", chunk);
            assert_eq!(String::from_utf8(bytes).unwrap(), expected, "{chunk}");
        }
    }
}
