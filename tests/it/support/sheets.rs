//! Tables and sheets, written and read again.

use rowcall::model::{Field, Record};
use rowcall::sheet::{self, Input, ReadOptions, Readers, Writer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Writes a table in the format of the file's ending.
pub(crate) fn write_table<H: AsRef<str>, C: AsRef<str>>(
    path: &Path,
    headings: &[H],
    rows: &[Vec<C>],
) {
    let headings: Vec<&str> = headings.iter().map(AsRef::as_ref).collect();
    let mut writer = Writer::replace(path, Readers::Owner, &headings).unwrap();
    for row in rows {
        writer.row(row.iter().map(AsRef::as_ref)).unwrap();
    }
    writer.finish().unwrap();
}

/// Reads a table: its headings, and its rows unchanged.
pub(crate) fn read_table(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let input = Input::named(&path.to_string_lossy());
    let sheet = sheet::open(&input, &ReadOptions::default())
        .unwrap()
        .remove(0);
    let mut rows = vec![];
    for batch in sheet.batches() {
        let read = batch.unwrap().rows(|row| {
            assert!(row.trouble.is_none(), "{:?}", row.trouble);
            let cells =
                (0..row.cells.len()).map(|column| row.cells.get(column).unwrap().to_owned());
            rows.push(cells.collect());
        });
        read.unwrap();
    }
    (sheet.headings.clone(), rows)
}

/// A table's rows by heading.
pub(crate) fn read_rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let (headings, rows) = read_table(path);
    // A row of a workbook ends with its last value.
    let blank = std::iter::repeat(String::new());
    let named = |row: Vec<String>| {
        let cells = row.into_iter().chain(blank.clone());
        headings.iter().cloned().zip(cells).collect()
    };
    rows.into_iter().map(named).collect()
}

/// Writes extensions as a sheet under canonical headings; absent fields are blank.
pub(crate) fn write_extensions(path: &Path, extensions: &[Record]) {
    let fields: BTreeSet<Field> = extensions
        .iter()
        .flat_map(|extension| extension.iter().map(|(field, _)| field))
        .collect();
    let headings: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    let cells = |extension: &Record| {
        let cell = |field: &Field| extension.reveal(*field).unwrap_or_default().to_owned();
        fields.iter().map(cell).collect()
    };
    let rows: Vec<Vec<String>> = extensions.iter().map(cells).collect();
    write_table(path, &headings, &rows);
}

/// The report's lines as objects.
pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
