//! Cells in the font of links: real links, or cells that people marked by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};

/// The most such cells that are kept; a sheet with more has links in whole columns.
const CELLS_MAX: usize = 1 << 16;

/// The most columns of a row that are looked at.
const COLUMNS_MAX: usize = 256;

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
        for (_, column) in self.columns.range_mut(columns) {
            match lines.start() == lines.end() {
                true => drop(column.lines.remove(lines.start())),
                false => column.lines.retain(|line| !lines.contains(line)),
            }
        }
    }

    /// The number of rows that have the font of links in one of the first `width` columns, are none there, and have it where
    /// another row has not.
    pub(crate) fn marked_rows(&self, width: usize) -> u64 {
        if self.cells > CELLS_MAX {
            return 0;
        }
        let columns = self.columns.range(..width).map(|(_, column)| column);
        let marking = columns.filter(|column| (column.lines.len() as u64) < column.filled);
        let lines: BTreeSet<u64> = marking
            .flat_map(|column| column.lines.iter().copied())
            .collect();
        lines.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::LinkCells;

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
        assert_eq!((one.marked_rows(2), one.marked_rows(0)), (1, 0));
        let mut linked = one.clone();
        linked.take_out(2..=2, 0..1);
        assert_eq!(linked.marked_rows(2), 1);
        linked.take_out(1..=9, 1..2);
        assert_eq!(linked.marked_rows(2), 0);
        assert_eq!(cells([[true, false]; 3]).marked_rows(2), 0);
        assert_eq!(
            cells([[true, false], [true, true], [true, true]]).marked_rows(2),
            2
        );
    }

    #[test]
    fn a_sheet_full_of_links_marks_no_row() {
        let mut many = LinkCells::default();
        many.add(1..70_000, 0..1, true);
        many.add(70_000..70_001, 0..1, false);
        assert_eq!(many.marked_rows(1), 0);
    }
}
