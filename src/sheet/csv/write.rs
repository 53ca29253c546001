//! Rows of cells, written.

use crate::sheet::csv::formula::marked;
use csv_core::{QuoteStyle, WriterBuilder};

/// Writes rows.
pub(crate) struct CsvEncoder {
    delimiter: u8,
    cells: csv_core::Writer,
}

impl CsvEncoder {
    pub(crate) fn new(delimiter: u8) -> CsvEncoder {
        CsvEncoder {
            delimiter,
            cells: writer(delimiter, QuoteStyle::Necessary),
        }
    }

    /// Writes the header row. Where a heading has a character that could be taken for another delimiter, all are
    /// quoted.
    pub(crate) fn header<'c>(
        &mut self,
        texts: impl Iterator<Item = &'c str> + Clone,
        lines: &mut Vec<u8>,
    ) {
        let misleads = |text: &str| text.contains([',', ';', '\t', '|', '\u{feff}']);
        if texts.clone().any(misleads) {
            let mut quoting = writer(self.delimiter, QuoteStyle::Always);
            append(&mut quoting, texts, lines);
        } else {
            self.row(texts, lines);
        }
    }

    pub(crate) fn row<'c>(
        &mut self,
        cells: impl IntoIterator<Item = &'c str>,
        lines: &mut Vec<u8>,
    ) {
        append(&mut self.cells, cells, lines);
    }
}

fn writer(delimiter: u8, style: QuoteStyle) -> csv_core::Writer {
    WriterBuilder::new()
        .delimiter(delimiter)
        .quote_style(style)
        .build()
}

fn append<'c>(
    writer: &mut csv_core::Writer,
    cells: impl IntoIterator<Item = &'c str>,
    lines: &mut Vec<u8>,
) {
    /// The most that a delimiter or line break writes: the quotes before it, and itself.
    const AROUND_BYTES_MAX: usize = 4;
    let mut grow = |bytes_max: usize, write: &mut dyn FnMut(&mut [u8]) -> usize| {
        let start = lines.len();
        lines.resize(start + bytes_max, 0);
        let written = lines.get_mut(start..).map_or(0, write);
        lines.truncate(start + written);
    };
    for (column, cell) in cells.into_iter().enumerate() {
        if column > 0 {
            grow(AROUND_BYTES_MAX, &mut |room| writer.delimiter(room).1);
        }
        let cell = marked(cell);
        // Every byte may be a quote, which is doubled.
        grow(2 * cell.len() + 2, &mut |room| {
            writer.field(cell.as_bytes(), room).2
        });
    }
    grow(AROUND_BYTES_MAX, &mut |room| writer.terminator(room).1);
}
