//! Rows of cells, written.

use crate::sheet::csv::formula::marked;
use csv::{QuoteStyle, WriterBuilder};
use std::io;

/// The number of bytes that a row gathers before they are handed on.
const GATHERED_BYTES: usize = 512;

/// Writes rows.
pub(crate) struct CsvEncoder {
    delimiter: u8,
}

impl CsvEncoder {
    pub(crate) fn new(delimiter: u8) -> CsvEncoder {
        CsvEncoder { delimiter }
    }

    /// Writes the header row. Where a heading has a character that could be taken for another delimiter, all are
    /// quoted.
    ///
    /// # Errors
    /// As [`CsvEncoder::row`].
    pub(crate) fn header<'c>(
        &self,
        texts: impl Iterator<Item = &'c str> + Clone,
        lines: &mut Vec<u8>,
    ) -> io::Result<()> {
        let misleads = |text: &str| text.contains([',', ';', '\t', '|', '\u{feff}']);
        let style = match texts.clone().any(misleads) {
            true => QuoteStyle::Always,
            false => QuoteStyle::Necessary,
        };
        self.append(style, texts, lines)
    }

    /// Writes a row, with quotes around the cells that need them.
    ///
    /// # Errors
    /// If the lines cannot be written to, which memory always can.
    pub(crate) fn row<'c>(
        &self,
        cells: impl IntoIterator<Item = &'c str>,
        lines: &mut Vec<u8>,
    ) -> io::Result<()> {
        self.append(QuoteStyle::Necessary, cells, lines)
    }

    fn append<'c>(
        &self,
        style: QuoteStyle,
        cells: impl IntoIterator<Item = &'c str>,
        lines: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut writer = WriterBuilder::new()
            .delimiter(self.delimiter)
            .quote_style(style)
            .buffer_capacity(GATHERED_BYTES)
            .from_writer(lines);
        for cell in cells {
            writer.write_field(marked(cell).as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
        writer.flush()
    }
}

/// The bytes of a table for a product's own import: without the sign that guards formulas, which would spoil `+49…`
/// there.
///
/// # Errors
/// Never in practice: memory takes every byte.
pub fn import_file(
    delimiter: char,
    quote_all: bool,
    byte_order_mark: bool,
    headings: &[String],
    rows: &[Vec<String>],
) -> io::Result<Vec<u8>> {
    let mut bytes = match byte_order_mark {
        true => "\u{feff}".as_bytes().to_vec(),
        false => vec![],
    };
    let style = match quote_all {
        true => QuoteStyle::Always,
        false => QuoteStyle::Necessary,
    };
    let mut writer = WriterBuilder::new()
        .delimiter(u8::try_from(delimiter).map_err(io::Error::other)?)
        .quote_style(style)
        .from_writer(&mut bytes);
    for row in std::iter::once(headings).chain(rows.iter().map(Vec::as_slice)) {
        writer.write_record(row)?;
    }
    writer.flush()?;
    drop(writer);
    Ok(bytes)
}
