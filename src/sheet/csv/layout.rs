//! The settings by which rows are divided into cells.

use crate::model::Place;
use crate::sheet::csv::record::CsvRecord;
use crate::sheet::encoding::Encoding;
use crate::sheet::options::{Limits, ReadOptions};
use crate::sheet::source::Source;
use csv_core::{Reader, ReaderBuilder};
use std::sync::Arc;

/// The settings by which rows are divided into cells.
#[derive(Debug, Clone)]
pub(super) struct CsvLayout {
    pub(super) file: Arc<str>,
    pub(super) delimiter: u8,
    pub(super) encoding: Encoding,
    /// The number of the header row as a spreadsheet counts it.
    pub(super) header_row: u64,
    /// The columns that are read: those behind the last heading are none.
    pub(super) columns: usize,
    /// The number of cells of the header row.
    pub(super) width: usize,
    /// Columns without a heading, up to the header row's width.
    pub(super) unnamed: Vec<usize>,
    pub(super) pad_short_rows: bool,
    pub(super) limits: Limits,
}

impl CsvLayout {
    pub(super) fn new(source: &Source, delimiter: u8, options: &ReadOptions) -> CsvLayout {
        CsvLayout {
            file: source.name.clone(),
            delimiter,
            encoding: source.encoding,
            header_row: 0,
            columns: 0,
            width: 0,
            unnamed: Vec::new(),
            pad_short_rows: options.pad_short_rows,
            limits: options.limits,
        }
    }

    /// The place of a record.
    pub(super) fn place(&self, record: &CsvRecord<'_>) -> Place {
        Place {
            file: self.file.clone(),
            sheet: None,
            line: record.line,
            cell_breaks: record.cell_breaks,
        }
    }

    /// Builds a parser of records.
    pub(super) fn reader(&self) -> Reader {
        // Built anew each time: the copy of a built one knows no delimiter.
        let mut reader = ReaderBuilder::new().delimiter(self.delimiter).build();
        // Takes away its wish to skip a byte-order mark, which within a file is a part of its cell.
        reader.read_record(b"\n", &mut [0], &mut [0]);
        reader
    }
}
