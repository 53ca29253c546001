//! A row of a table written again, with cells that become texts in the style that they had.

use crate::model::Secret;
use crate::sheet::error::SheetError;
use crate::sheet::workbook::package::Splice;
use crate::sheet::workbook::row::RawRow;
use crate::xml::retagged;
use std::fmt::Write;
use std::ops::Range;

/// The largest ODS cell that is kept in memory while it is repaired, with its comments and drawings, in bytes: 4 MiB.
pub(crate) const CELL_BYTES_MAX: u64 = 4 << 20;

pub(crate) fn write_row(
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

/// Divides the columns of a spot into runs that get the same text; `None` where it stays.
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

/// Writes a cell that is repeated over `columns` columns, with another text where one is given. The middle part of its content
/// is the shown text, and the last ends with the tag that closes it, unless the cell is empty.
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

/// Writes a text as paragraphs, one for each line. Spaces side by side or at an end have an element of their own, since
/// plain ones are taken together.
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
