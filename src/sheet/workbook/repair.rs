//! A workbook written again with some of its cells other. Of its parts only the sheet's changes, and of that only the
//! cells that are named: each becomes a text, in the style that it had.

use crate::model::Secret;
use crate::sheet::book::{Book, Content};
use crate::sheet::repair::Mends;
use crate::sheet::workbook::package::Splice;
use crate::sheet::workbook::row::RawRow;
use crate::sheet::xlsx::write::{CELL_UNITS_MAX, escape};
use crate::sheet::{Cells, Row, SheetError};
use crate::xml::{self, retagged};
use std::fmt::Write;
use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of an ODS cell with its comments and drawings, which is held whole while it is mended: 4 MiB.
const CELL_BYTES_MAX: u64 = 4 << 20;

/// Writes the workbook to `out`, which is called `file`, with the cells changed that `mend` names.
///
/// # Errors
/// Where the workbook is binary, cannot be read to its end, or `out` cannot be written to.
pub(crate) fn mended(
    content: &Content,
    mend: &mut impl FnMut(&Row<'_>, &mut Mends<'_>),
    out: &mut File,
    file: &Arc<str>,
) -> Result<(), SheetError> {
    let (package, part) = match &content.book {
        Book::Xlsx(book) => book.part(content.table),
        Book::Ods(book) => book.part(),
        Book::Xls(_) => {
            return Err(SheetError::NotMended {
                file: content.layout.file.clone(),
                what: "a binary workbook (.xls)".to_owned(),
                instead: "Open it in Excel or LibreOffice, save it as .xlsx, and mend that",
            });
        }
    };
    let mut changed = false;
    package.rewritten(part, out, file, |splice| {
        changed = rows(content, mend, splice)?;
        Ok(())
    })?;
    // Packed anew, even the same part has other bytes.
    match changed {
        true => Ok(()),
        false => package.copied(out, file),
    }
}

/// Gives whether any cell was changed.
fn rows(
    content: &Content,
    mend: &mut impl FnMut(&Row<'_>, &mut Mends<'_>),
    splice: &mut Splice<'_>,
) -> Result<bool, SheetError> {
    let layout = &content.layout;
    let mut rows = content.book.rows(content.table)?;
    let mut row = RawRow::new(&layout.file, layout.limits);
    let mut passed_over = content.passed_over;
    let (mut index, mut written, mut changed) = (0, Vec::new(), false);
    while rows.next(&mut row)? {
        if passed_over > 0 {
            passed_over -= 1;
            continue;
        }
        if row.is_blank() {
            continue;
        }
        let cells = mends(content, index, &row, mend);
        index += 1;
        changed |= !cells.is_empty();
        if !row.repeats {
            match &content.book {
                Book::Xlsx(_) => write_xlsx(&row, &cells, splice)?,
                _ => write_ods(&row, &cells, splice)?,
            }
            written = cells;
        } else if written != cells {
            return Err(SheetError::NotMended {
                file: layout.file.clone(),
                what: format!(
                    "a workbook whose row {} stands in it once for several rows",
                    row.line
                ),
                instead: "Save it as .xlsx, and mend that",
            });
        }
    }
    Ok(changed)
}

/// What the cells of a row are to hold.
fn mends(
    content: &Content,
    index: u64,
    row: &RawRow,
    mend: &mut impl FnMut(&Row<'_>, &mut Mends<'_>),
) -> Vec<(usize, Secret)> {
    let cells = Cells::stored_as(&row.text, &row.ends, &row.stored);
    let is_xlsx = matches!(content.book, Book::Xlsx(_));
    let may = |column: usize, text: &str| {
        let spot = row.spots.iter().find(|spot| spot.columns.contains(&column));
        let why = match spot {
            _ if row.is_calculated(column) => "a formula gives its value; mend what it refers to",
            None => "the workbook has no such cell",
            Some(spot) if spot.mixed => "something is drawn or noted within its text",
            Some(spot) if !is_xlsx && spot.end - spot.tag.start > CELL_BYTES_MAX => {
                "it is too long, with its comments and drawings"
            }
            _ if is_xlsx && text.encode_utf16().count() > CELL_UNITS_MAX => {
                "it would be longer than a workbook's cell can be"
            }
            _ if !is_xlsx && !text.chars().all(xml::is_legal) => {
                "XML cannot hold a character of it"
            }
            Some(_) => return Ok(()),
        };
        Err(why.to_owned())
    };
    let mut mends = Mends::new(&may);
    let row = Row {
        index,
        line: row.line,
        cells,
        trouble: content.layout.trouble(row.line, &cells),
        bytes: 0..0,
    };
    mend(&row, &mut mends);
    mends.into_cells()
}

fn write_xlsx(
    row: &RawRow,
    cells: &[(usize, Secret)],
    splice: &mut Splice<'_>,
) -> Result<(), SheetError> {
    for (column, text) in cells {
        let mut spots = row.spots.iter();
        let Some(spot) = spots.find(|spot| spot.columns.start == *column) else {
            continue;
        };
        splice.copy(spot.tag.start)?;
        let tag = splice.take(spot.tag.end)?;
        let tag = retagged(&tag, |name| name == "t", &[("t", "inlineStr")]);
        let (name, mut cell) = tag.ok_or_else(|| splice.malformed())?;
        let prefix = name.strip_suffix('c').unwrap_or_default();
        // Writing to a string does not fail.
        let _ = write!(cell, "<{prefix}is><{prefix}t xml:space=\"preserve\">");
        escape(text.reveal(), &mut cell);
        let _ = write!(cell, "</{prefix}t></{prefix}is></{name}>");
        splice.write(&cell)?;
        splice.leave_out(spot.end)?;
    }
    Ok(())
}

fn write_ods(
    row: &RawRow,
    cells: &[(usize, Secret)],
    splice: &mut Splice<'_>,
) -> Result<(), SheetError> {
    for spot in &row.spots {
        let within = |(column, _): &&(usize, Secret)| spot.columns.contains(column);
        if cells.iter().find(within).is_none() {
            continue;
        }
        splice.copy(spot.tag.start)?;
        let tag = splice.take(spot.tag.end)?;
        let content = [
            splice.take(spot.shown.start)?,
            splice.take(spot.shown.end)?,
            splice.take(spot.end)?,
        ];
        for (columns, text) in runs(&spot.columns, cells) {
            let cell = ods_cell(&tag, &content, columns.len(), text);
            let cell = cell.ok_or_else(|| splice.malformed())?;
            splice.write(&cell)?;
        }
    }
    Ok(())
}

/// The columns of a spot, those together that are to hold the same; `None` where it stays.
fn runs<'t>(
    columns: &Range<usize>,
    cells: &'t [(usize, Secret)],
) -> Vec<(Range<usize>, Option<&'t Secret>)> {
    let mut runs: Vec<(Range<usize>, Option<&Secret>)> = Vec::new();
    for column in columns.clone() {
        let mut mends = cells.iter();
        let mend = mends.find(|(mended, _)| *mended == column);
        let mend = mend.map(|(_, text)| text);
        match runs.last_mut() {
            Some((run, same)) if *same == mend => run.end += 1,
            _ => runs.push((column..column + 1, mend)),
        }
    }
    runs
}

/// A cell that stands for so many columns, with another text where one is given. Of its content the middle is what it
/// shows, and the last ends with the tag that closes it, unless the cell is empty.
fn ods_cell(
    tag: &str,
    [before, shown, behind]: &[String; 3],
    columns: usize,
    text: Option<&Secret>,
) -> Option<String> {
    const REPEATED: &str = "table:number-columns-repeated";
    let count = columns.to_string();
    let mut added = Vec::new();
    if text.is_some() {
        added.push(("office:value-type", "string"));
    }
    if columns > 1 {
        added.push((REPEATED, count.as_str()));
    }
    let is_value = |name: &str| {
        matches!(
            name,
            "office:value-type"
                | "calcext:value-type"
                | "office:value"
                | "office:currency"
                | "office:date-value"
                | "office:time-value"
                | "office:boolean-value"
                | "office:string-value"
        )
    };
    let dropped = |name: &str| name == REPEATED || (text.is_some() && is_value(name));
    let (name, mut cell) = retagged(tag, dropped, &added)?;
    cell.push_str(before);
    match text {
        Some(text) => paragraphs(text.reveal(), &mut cell),
        None => cell.push_str(shown),
    }
    cell.push_str(behind);
    if tag.ends_with("/>") {
        let _ = write!(cell, "</{name}>");
    }
    Some(cell)
}

/// A text as paragraphs, one a line. Spaces side by side or at an end have an element of their own, for plain ones are
/// taken together.
fn paragraphs(text: &str, xml: &mut String) {
    for line in text.split('\n') {
        xml.push_str("<text:p>");
        let mut after_space = true;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                ' ' if after_space || chars.peek().is_none() => xml.push_str("<text:s/>"),
                '\t' => xml.push_str("<text:tab/>"),
                '&' => xml.push_str("&amp;"),
                '<' => xml.push_str("&lt;"),
                '>' => xml.push_str("&gt;"),
                c => xml.push(c),
            }
            after_space = c == ' ';
        }
        xml.push_str("</text:p>");
    }
}
