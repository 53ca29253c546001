//! Merged cells: a range of cells that shows one text, which the file has in the first of them alone. The text belongs to
//! every row of the range; for which of several columns it is meant is not known.

use crate::model::cell_name;
use std::ops::Range;

/// The most ranges below the headings of a sheet.
pub(crate) const RANGES_MAX: usize = 1 << 16;
/// The most ranges that a note names.
const NAMED_MAX: usize = 5;

/// One range of merged cells.
#[derive(Debug, Clone)]
pub(crate) struct MergedRange {
    pub(crate) first_line: u64,
    pub(crate) last_line: u64,
    pub(crate) columns: Range<usize>,
}

impl MergedRange {
    /// The cells between two, in whichever order a file names them: their lines and their columns. Without the lines it has no
    /// row, and without the columns the first of them.
    pub(crate) fn between(
        lines: Option<(u64, u64)>,
        columns: Option<(usize, usize)>,
    ) -> MergedRange {
        let (first, last) = columns.unwrap_or_default();
        let (first_line, last_line) = lines.map_or((u64::MAX, 0), |(first, last)| {
            (first.min(last), first.max(last))
        });
        MergedRange {
            first_line,
            last_line,
            columns: first.min(last)..first.max(last).saturating_add(1),
        }
    }

    pub(crate) fn is_across(&self) -> bool {
        self.columns.len() > 1
    }

    /// The range as workbooks write it: `C2:C6`.
    pub(crate) fn name(&self) -> String {
        let last = self.columns.end.saturating_sub(1);
        let last = cell_name(self.last_line, last);
        format!("{}:{last}", cell_name(self.first_line, self.columns.start))
    }
}

/// The merged ranges that begin below the headings of a table, in the order of their first rows.
#[derive(Debug, Default, Clone)]
pub(crate) struct MergedRanges {
    pub(crate) ranges: Vec<MergedRange>,
    down: u64,
    across: u64,
}

impl MergedRanges {
    /// Takes in a range; one without a row is only counted.
    pub(crate) fn add(&mut self, range: MergedRange) {
        match range.is_across() {
            true => self.across += 1,
            false => self.down += 1,
        }
        if range.first_line <= range.last_line && self.ranges.len() <= RANGES_MAX {
            self.ranges.push(range);
        }
    }

    /// Puts the ranges into the order of their first rows.
    pub(crate) fn sort(&mut self) {
        self.ranges.sort_by_key(|range| range.first_line);
    }

    /// The number of ranges in one column, and the first of them in words; then the same of those in several.
    pub(crate) fn counted(&self) -> [(u64, String); 2] {
        [(false, self.down), (true, self.across)].map(|(across, count)| {
            let alike = self.ranges.iter().filter(|it| it.is_across() == across);
            let mut names: Vec<String> = alike.take(NAMED_MAX).map(MergedRange::name).collect();
            if count > names.len() as u64 {
                names.push("…".to_owned());
            }
            (count, names.join(", "))
        })
    }
}
