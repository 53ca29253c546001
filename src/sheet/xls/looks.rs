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
    let line_number = |line: u16| u64::from(line) + 1;
    let lines = line.map(line_number).zip(last_line.map(line_number));
    MergedRange::between(lines, first.map(usize::from).zip(last.map(usize::from)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::xls::record::kind;

    #[test]
    fn a_range_is_the_same_from_whichever_end() {
        for words in [[1_u16, 3, 0, 2], [3, 1, 2, 0]] {
            let data: Vec<u8> = words.into_iter().flat_map(u16::to_le_bytes).collect();
            let record = BiffRecord {
                kind: kind::HYPERLINK,
                data: &data,
                start: 0,
                end: 0,
            };
            let range = range_at(&record, 0);
            assert_eq!((range.first_line, range.last_line), (2, 4));
            assert_eq!(range.columns, 0..3);
        }
    }
}
