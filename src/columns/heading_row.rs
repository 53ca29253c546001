//! The headings of a sheet by their columns: how messages name them, and how a mapping means one.

use crate::model::{cell_name, heading_key, same_word};

/// The headings of a sheet, with the words above them and their line.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeadingRow<'m> {
    pub(super) headings: &'m [String],
    /// The word above each heading that stands for several columns; blank, or missing at the end, where there is none.
    above: &'m [String],
    /// The line of the header row, for naming its cells; `None` where the sheet has none (JSON).
    pub(super) line: Option<u64>,
}

impl<'m> HeadingRow<'m> {
    pub(super) fn new(
        headings: &'m [String],
        above: &'m [String],
        line: Option<u64>,
    ) -> HeadingRow<'m> {
        HeadingRow {
            headings,
            above,
            line,
        }
    }

    fn heading(&self, column: usize) -> &'m str {
        self.headings.get(column).map_or("", String::as_str).trim()
    }

    /// The heading with the word above it: `User: Name`; `None` where there is none, or the heading has it already.
    fn with_word(&self, column: usize) -> Option<String> {
        let heading = self.heading(column);
        let word = self.above.get(column).map(|word| word.trim())?;
        let whole = format!("{word}: ");
        let is_told = !word.is_empty() && !heading.is_empty() && !heading.starts_with(&whole);
        is_told.then_some(whole + heading)
    }

    /// Returns true if another column has the same heading, by itself or behind the word above it.
    fn is_repeated(&self, column: usize) -> bool {
        let heading = self.heading(column);
        let is_same = |other: &str| {
            let own = other.rsplit_once(": ").map_or(other, |(_, own)| own);
            same_word(own, heading)
        };
        let mut others = (0..self.headings.len()).filter(|other| *other != column);
        others.any(|other| is_same(self.heading(other)))
    }

    /// The heading with the word above it, where it stands below another such word too: `User: Name`.
    fn below_word(&self, column: usize) -> Option<String> {
        self.with_word(column).filter(|_| self.is_repeated(column))
    }

    /// The heading, with the word above it where that tells it from others, and the name of its cell, where the sheet has a
    /// header row.
    pub(super) fn at(&self, column: usize) -> String {
        let heading = self.heading(column);
        let named = self.below_word(column);
        let named = named.as_deref().unwrap_or(heading);
        match self.line.map(|line| cell_name(line, column)) {
            None => format!("“{named}”"),
            Some(cell) if heading.is_empty() => format!("the column without a heading ({cell})"),
            Some(cell) => format!("“{named}” ({cell})"),
        }
    }

    /// The columns that a mapping of this heading means: those that have it exactly, or else the one with it in the cell that
    /// stands in brackets behind it, or below the word before it, or else those that have it without regard to case and
    /// separators.
    pub(super) fn named(&self, heading: &str) -> Vec<usize> {
        let columns = |is_meant: &dyn Fn(usize, &str) -> bool| -> Vec<usize> {
            let known = (0..self.headings.len()).map(|column| (column, self.heading(column)));
            let meant = known.filter(|(column, known)| is_meant(*column, known));
            meant.map(|(column, _)| column).collect()
        };
        let heading = heading.trim();
        let exactly = columns(&|_, known| known == heading);
        if !exactly.is_empty() {
            return exactly;
        }
        let word = heading_key(heading);
        let in_cell = heading.strip_suffix(')').and_then(|it| it.rsplit_once('('));
        let in_cell = in_cell
            .zip(self.line)
            .map_or(vec![], |((own, cell), line)| {
                columns(&|column, known| {
                    known == own.trim() && cell_name(line, column).eq_ignore_ascii_case(cell)
                })
            });
        let below = || {
            let is_meant = |whole: String| heading_key(&whole) == word;
            columns(&|column, _| {
                self.with_word(column).is_some_and(is_meant) && self.is_repeated(column)
            })
        };
        let alike = || columns(&|_, known| heading_key(known) == word);
        let ways: [&dyn Fn() -> Vec<usize>; 3] = [&|| in_cell.clone(), &below, &alike];
        let found = ways.iter().map(|way| way());
        let mut found = found.filter(|columns| !columns.is_empty());
        found.next().unwrap_or_default()
    }

    /// The heading by which a mapping means one column: where another column has the same, with the word above it, or else
    /// with the name of its cell, as in `Mobile (C1)`; by the cell alone where it is blank.
    pub(super) fn name_for_map(&self, column: usize) -> String {
        let heading = self.heading(column);
        let below = self.below_word(column);
        let below = below.filter(|below| self.named(below) == [column]);
        match (self.line, below) {
            (Some(line), _) if heading.is_empty() => format!("({})", cell_name(line, column)),
            (_, Some(below)) => below,
            (Some(line), None) if self.named(heading).len() > 1 => {
                format!("{heading} ({})", cell_name(line, column))
            }
            _ => heading.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HeadingRow;

    #[test]
    fn equal_headings_are_named_by_the_words_above_them_or_else_by_their_cells() {
        let row = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let headings: Vec<String> = row(&["Name", "Mail", "Phone: Mail", "Mail", "Mail", "Mail"]);
        let above: Vec<String> = row(&["User", "User", "Phone", "Line", "Desk", "Desk"]);
        let row = HeadingRow::new(&headings, &above, Some(2));
        for (column, name, at) in [
            (0, "Name", "“Name” (A2)"),
            (1, "User: Mail", "“User: Mail” (B2)"),
            (2, "Phone: Mail", "“Phone: Mail” (C2)"),
            (3, "Line: Mail", "“Line: Mail” (D2)"),
            (4, "Mail (E2)", "“Desk: Mail” (E2)"),
            (5, "Mail (F2)", "“Desk: Mail” (F2)"),
        ] {
            assert_eq!(
                (row.name_for_map(column).as_str(), row.at(column).as_str()),
                (name, at)
            );
            assert_eq!(row.named(name), [column], "{name}");
        }
        assert_eq!(row.named("user: mail"), [1]);
        assert_eq!(row.named("Desk: Mail"), [4, 5]);
        assert_eq!(row.named("mail"), [1, 3, 4, 5]);
        assert!(row.named("User: Name").is_empty());
        let row = HeadingRow::new(&headings, &[], Some(2));
        assert_eq!(row.name_for_map(1), "Mail (B2)");
    }

    #[test]
    fn columns_below_no_word_are_not_compared_with_all_others() {
        let headings: Vec<String> = (0..16_384).map(|at| format!("Heading {at}")).collect();
        let row = HeadingRow::new(&headings, &[], Some(1));
        let begun = std::time::Instant::now();
        for column in 0..headings.len() {
            assert!(row.at(column).starts_with("“Heading"));
        }
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    }
}
