//! The looks of styles, and the cells of ranges, as records have them.

use super::record::BiffRecord;
use crate::sheet::workbook::merged::MergedRange;

/// The fill of a style: its pattern and its colours; 0 where it has none, or is white.
pub(super) fn fill_of(record: &BiffRecord<'_>) -> u32 {
    const WHITE: u32 = 9;
    let pattern = u32::from(record.u16(16).unwrap_or(0)) >> 10;
    let colours = u32::from(record.u16(18).unwrap_or(0));
    match pattern {
        0 => 0,
        1 if colours & 0x7F == WHITE => 0,
        pattern => pattern << 16 | colours,
    }
}

/// Returns true for the font of links.
pub(super) fn is_like_link(record: &BiffRecord<'_>) -> bool {
    const BLUE: u16 = 12;
    let is_underlined = record.u8(10).is_some_and(|line| line != 0);
    is_underlined && record.u16(4) == Some(BLUE)
}

/// The colour of a font; 0 where it is black, the window's own, or that of links.
pub(super) fn font_colour_of(record: &BiffRecord<'_>) -> u32 {
    const PLAIN: [u16; 4] = [0, 8, 64, 0x7FFF];
    match record.u16(4).unwrap_or(0) {
        _ if is_like_link(record) => 0,
        colour if PLAIN.contains(&colour) => 0,
        colour => colour.into(),
    }
}

/// The cells of a range: its first and last line, and its first and last column, from a place in the record on.
pub(super) fn range_at(record: &BiffRecord<'_>, at: usize) -> MergedRange {
    let [line, last_line, first, last] = [0, 2, 4, 6].map(|part| record.u16(at + part));
    MergedRange {
        first_line: line.map_or(u64::MAX, |line| u64::from(line) + 1),
        last_line: last_line.map_or(0, |line| u64::from(line) + 1),
        columns: first.zip(last).map_or(0..1, |(first, last)| {
            usize::from(first)..usize::from(last) + 1
        }),
    }
}
