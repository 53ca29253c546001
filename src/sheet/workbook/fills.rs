//! The rows of a sheet that are marked by a colour, of the fill or of the font, as people mark those that stay or go.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// The most different rows, by their colours, that are told apart; a sheet with more has a colour scale or the like.
const PATTERNS_MAX: usize = 1_000;
/// The most columns of a row that are looked at.
const COLUMNS_MAX: usize = 256;
/// The fewest rows that may be banded: every other one of fewer may be marked.
const BANDED_ROWS_MIN: usize = 4;

/// The columns of a row with a fill, and the fill of each.
type Pattern = Vec<(usize, u32)>;

/// The fills, or the colours of the fonts, of the rows of a sheet.
#[derive(Debug, Default, Clone)]
pub(crate) struct RowFills {
    patterns: HashMap<Pattern, u32>,
    /// The pattern of each row with cells, with the lines of such rows one after the other.
    rows: Vec<(u32, Range<u64>)>,
    /// The row that is being read.
    current: Pattern,
}

impl RowFills {
    /// Begins a row.
    pub(crate) fn begin(&mut self) {
        self.current.clear();
    }

    /// Takes in cells of the row that have a fill; 0 is none.
    pub(crate) fn add(&mut self, columns: Range<usize>, fill: u32) {
        if fill > 0 {
            let columns = columns.start..columns.end.min(COLUMNS_MAX);
            self.current.extend(columns.map(|column| (column, fill)));
        }
    }

    /// Ends a row, or several that are alike, in these lines.
    pub(crate) fn end(&mut self, lines: Range<u64>) {
        if lines.is_empty() || self.patterns.len() > PATTERNS_MAX {
            return;
        }
        let next = self.patterns.len() as u32;
        let pattern = match self.patterns.get(&self.current) {
            Some(pattern) => *pattern,
            None => *self.patterns.entry(self.current.clone()).or_insert(next),
        };
        match self.rows.last_mut() {
            Some((last, known)) if *last == pattern && known.end == lines.start => {
                known.end = lines.end;
            }
            _ => self.rows.push((pattern, lines)),
        }
    }

    /// The number of rows that have a colour which others lack, as [`RowFills::marked`] finds them.
    pub(crate) fn marked_rows(&self, width: usize) -> u64 {
        count_lines(&self.marked(width))
    }

    /// The lines of the rows that have a colour which others lack in one of the first `width` columns. Columns with one colour
    /// in all rows, and bands of rows of the same height, mark none.
    pub(crate) fn marked(&self, width: usize) -> Vec<Range<u64>> {
        let all: u64 = self.rows.iter().map(|(_, lines)| count(lines)).sum();
        if self.patterns.len() < 2 || self.patterns.len() > PATTERNS_MAX {
            return vec![];
        }
        let mut patterns: Vec<&Pattern> = vec![const { &Pattern::new() }; self.patterns.len()];
        for (pattern, at) in &self.patterns {
            patterns[*at as usize] = pattern;
        }
        let mut fills: HashMap<(usize, u32), u64> = HashMap::new();
        for (pattern, lines) in &self.rows {
            for cell in patterns[*pattern as usize] {
                *fills.entry(*cell).or_default() += count(lines);
            }
        }
        let own = |pattern: u32| -> Pattern {
            let cells = patterns[pattern as usize].iter();
            cells
                .filter(|cell| cell.0 < width && fills.get(*cell) != Some(&all))
                .copied()
                .collect()
        };
        let mut runs: Vec<(Pattern, u64)> = vec![];
        for (pattern, lines) in &self.rows {
            let own = own(*pattern);
            match runs.last_mut() {
                Some((last, rows)) if *last == own => *rows += count(lines),
                _ => runs.push((own, count(lines))),
            }
        }
        let mut kinds: BTreeMap<&Pattern, u64> = BTreeMap::new();
        for (own, count) in &runs {
            *kinds.entry(own).or_default() += count;
        }
        if kinds.len() < 2 || kinds.len() == 2 && are_bands(&runs, all) {
            return vec![];
        }
        let plain = Pattern::new();
        let most = kinds.iter().max_by_key(|(_, count)| **count);
        let usual = match kinds.contains_key(&plain) {
            true => &plain,
            false => most.map_or(&plain, |(own, _)| *own),
        };
        let marked = self.rows.iter().filter(|row| own(row.0) != *usual);
        marked.map(|(_, lines)| lines.clone()).collect()
    }
}

/// The number of lines in ranges that share none.
pub(crate) fn count_lines(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().map(count).sum()
}

/// The number of lines.
fn count(lines: &Range<u64>) -> u64 {
    lines.end.saturating_sub(lines.start)
}

/// Returns true if rows of two kinds follow each other in bands of the same height, the last of which may be lower.
fn are_bands(runs: &[(Pattern, u64)], rows: u64) -> bool {
    let Some(((_, last), [(_, first), others @ ..])) = runs.split_last() else {
        return false;
    };
    rows >= BANDED_ROWS_MIN as u64
        && runs.len() >= BANDED_ROWS_MIN
        && others.iter().all(|(_, height)| height == first)
        && last <= first
}

/// Returns true for a colour in which programs show links where it is underlined, six hexadecimal digits: a blue, or the
/// violet of those that were followed.
pub(crate) fn is_colour_of_links(rgb: &str) -> bool {
    const FOLLOWED: [&str; 3] = ["954F72", "96607D", "800080"];
    let part = |at: usize| u8::from_str_radix(rgb.get(at..at + 2)?, 16).ok();
    match (part(0), part(2), part(4)) {
        (Some(red), Some(green), Some(blue)) => {
            blue > red && blue > green
                || FOLLOWED.iter().any(|known| known.eq_ignore_ascii_case(rgb))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of marked rows; each row has a letter for the fill of every cell, `.` for none.
    fn marked(rows: &[&str]) -> u64 {
        let mut fills = RowFills::default();
        for (line, row) in (2..).zip(rows) {
            fills.begin();
            for (column, fill) in row.bytes().enumerate() {
                let fill = if fill == b'.' { 0 } else { u32::from(fill) };
                fills.add(column..column + 1, fill);
            }
            fills.end(line..line + 1);
        }
        fills.marked_rows(2)
    }

    #[test]
    fn rows_with_a_colour_that_others_lack_are_marked() {
        for (rows, count) in [
            (&["..", "..", ".."][..], 0),
            (&["r.", "..", "r."], 2),
            (&["rr", "..", "rr"], 2),
            (&["..", "..", "yy", "..", ".."], 1),
            (&["g.", "g.", "r."], 1),
            // A coloured column, and one beside marks.
            (&[".b", ".b", ".b"], 0),
            (&[".b", "rb", ".b"], 1),
            // The whole table.
            (&["bb", "bb"], 0),
            // Bands, of one row and of two, on a coloured column.
            (&["..", "bb", "..", "bb", ".."], 0),
            (&["..", "..", "bb", "bb", "..", "..", "bb"], 0),
            (&["b.", "bg", "b.", "bg"], 0),
            (&["..", "bb", "..", "bb", "bb"], 3),
            // Behind the last heading.
            (&["..r", "...", "..r"], 0),
            (&[], 0),
        ] {
            assert_eq!(marked(rows), count, "{rows:?}");
        }
    }

    #[test]
    fn rows_that_are_alike_count_each() {
        let mut fills = RowFills::default();
        for (fill, lines) in [(0, 2..5), (7, 5..6), (7, 9..10), (0, 10..11)] {
            fills.begin();
            fills.add(0..1_000_000, fill);
            fills.end(lines);
        }
        assert_eq!(fills.marked(3), [5..6, 9..10]);
        assert_eq!(fills.marked_rows(3), 2);
    }

    #[test]
    fn a_sheet_in_many_colours_marks_no_row() {
        let mut fills = RowFills::default();
        for fill in 0..5_000 {
            fills.begin();
            fills.add(0..1, fill);
            fills.end(fill.into()..u64::from(fill) + 1);
        }
        assert_eq!(fills.marked_rows(3), 0);
    }
}
