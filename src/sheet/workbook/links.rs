//! Cells in the font of links: real links, or cells that people marked by hand.

use memchr::memmem;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};

/// The most such cells that are kept; a sheet with more has links in whole columns.
const CELLS_MAX: usize = 1 << 16;

/// The most columns of a row that are looked at.
const COLUMNS_MAX: usize = 256;

/// Returns true for a formula that gives a link, or may.
pub(crate) fn may_give_link(formula: &[u8]) -> bool {
    memmem::find(formula, b"HYPERLINK(").is_some()
}

/// The cells in the font of links of a sheet, in the columns that have some.
#[derive(Debug, Default, Clone)]
pub(crate) struct LinkCells {
    columns: BTreeMap<usize, LinkColumn>,
    cells: usize,
}

#[derive(Debug, Default, Clone)]
struct LinkColumn {
    /// The number of filled cells.
    filled: u64,
    /// The lines of those in the font of links.
    lines: BTreeSet<u64>,
}

impl LinkCells {
    /// Takes in filled cells that are alike.
    pub(crate) fn add(&mut self, lines: Range<u64>, columns: Range<usize>, is_like_link: bool) {
        for column in columns.start..columns.end.min(COLUMNS_MAX) {
            let known = self.columns.entry(column).or_default();
            known.filled += lines.end.saturating_sub(lines.start);
            for line in lines.clone().filter(|_| is_like_link) {
                if self.cells > CELLS_MAX {
                    return;
                }
                self.cells += usize::from(known.lines.insert(line));
            }
        }
    }

    /// Takes out the cells that are links.
    pub(crate) fn take_out(&mut self, lines: RangeInclusive<u64>, columns: Range<usize>) {
        if lines.is_empty() || columns.is_empty() {
            return;
        }
        for (_, column) in self.columns.range_mut(columns) {
            remove_all(&mut column.lines, lines.clone());
        }
    }

    /// The number of rows that have the font of links in one of the first `width` columns, are none there, and have it where
    /// another row has not; without the lines of `others`, which are counted already.
    pub(crate) fn marked_rows(&self, width: usize, others: &[Range<u64>]) -> u64 {
        if self.cells > CELLS_MAX {
            return 0;
        }
        let columns = self.columns.range(..width).map(|(_, column)| column);
        let marking = columns.filter(|column| (column.lines.len() as u64) < column.filled);
        let mut lines: BTreeSet<u64> = marking
            .flat_map(|column| column.lines.iter().copied())
            .collect();
        for others in others.iter().filter(|lines| !lines.is_empty()) {
            remove_all(&mut lines, others.start..=others.end - 1);
        }
        lines.len() as u64
    }
}

/// Removes the lines of a range that is not empty.
fn remove_all(lines: &mut BTreeSet<u64>, range: RangeInclusive<u64>) {
    let within: Vec<u64> = lines.range(range).copied().collect();
    for line in within {
        lines.remove(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::LinkCells;
    use std::ops::{Range, RangeInclusive};

    /// Three rows of two columns, each cell with true if it has the font of links.
    fn cells(rows: [[bool; 2]; 3]) -> LinkCells {
        let mut cells = LinkCells::default();
        for (line, row) in (2..).zip(rows) {
            for (column, is_like_link) in row.into_iter().enumerate() {
                cells.add(line..line + 1, column..column + 1, is_like_link);
            }
        }
        cells
    }

    #[test]
    fn a_row_in_the_font_of_links_is_marked_unless_it_has_links_or_all_have_it() {
        let one = cells([[true, true], [false, false], [false, false]]);
        assert_eq!((one.marked_rows(2, &[]), one.marked_rows(0, &[])), (1, 0));
        let others = |lines: Range<u64>| one.marked_rows(2, &[lines]);
        assert_eq!((others(1..2), others(2..2), others(2..3)), (1, 1, 0));
        let mut linked = one.clone();
        linked.take_out(2..=2, 0..1);
        linked.take_out(RangeInclusive::new(3, 1), 1..2);
        linked.take_out(2..=2, Range { start: 2, end: 1 });
        assert_eq!(linked.marked_rows(2, &[]), 1);
        linked.take_out(1..=9, 1..2);
        assert_eq!(linked.marked_rows(2, &[]), 0);
        assert_eq!(cells([[true, false]; 3]).marked_rows(2, &[]), 0);
        assert_eq!(
            cells([[true, false], [true, true], [true, true]]).marked_rows(2, &[]),
            2
        );
    }

    #[test]
    fn as_many_links_as_cells_are_taken_out_at_once() {
        let mut cells = LinkCells::default();
        cells.add(1..60_001, 0..1, true);
        cells.add(60_001..60_002, 0..1, false);
        let begun = std::time::Instant::now();
        for line in (1..60_001).step_by(2) {
            cells.take_out(line..=line + 1, 0..1);
        }
        assert_eq!(cells.marked_rows(1, &[]), 0);
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    }

    #[test]
    fn a_sheet_full_of_links_marks_no_row() {
        let mut many = LinkCells::default();
        many.add(1..70_000, 0..1, true);
        many.add(70_000..70_001, 0..1, false);
        assert_eq!(many.marked_rows(1, &[]), 0);
    }
}
