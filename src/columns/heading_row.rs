//! The headings of a sheet by their columns: how messages name them, and how a mapping means one.

use crate::model::redact::heading_shown;
use crate::model::{cell_name, heading_key};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

/// The headings of a sheet, with the words above them and their row.
#[derive(Debug, Clone)]
pub(super) struct HeadingRow<'m> {
    pub(super) headings: &'m [String],
    /// The word above each heading that stands for several columns; blank, or missing at the end, where there is none.
    above: &'m [String],
    /// The number of the header row as a spreadsheet counts it, for naming its cells; `None` where the sheet has none (JSON).
    row: Option<u64>,
    found: OnceCell<Columns>,
}

/// The columns of each heading, so that none is compared with all others.
#[derive(Debug, Clone, Default)]
struct Columns {
    /// By the heading as it stands there.
    exact: HashMap<String, Vec<usize>>,
    /// By its key.
    alike: HashMap<String, Vec<usize>>,
    /// By the key of the heading itself, without the word above it.
    own: HashMap<String, Vec<usize>>,
    /// By the key of the heading with the word above it, of those that stand in several columns.
    below: HashMap<String, Vec<usize>>,
}

impl<'m> HeadingRow<'m> {
    pub(super) fn new(
        headings: &'m [String],
        above: &'m [String],
        row: Option<u64>,
    ) -> HeadingRow<'m> {
        HeadingRow {
            headings,
            above,
            row,
            found: OnceCell::new(),
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

    fn columns(&self) -> &Columns {
        self.found.get_or_init(|| {
            let mut found = Columns::default();
            let mut put = |column: usize| {
                let heading = self.heading(column);
                let own = heading.rsplit_once(": ").map_or(heading, |(_, own)| own);
                for (columns, key) in [
                    (&mut found.exact, heading.to_owned()),
                    (&mut found.alike, heading_key(heading)),
                    (&mut found.own, heading_key(own)),
                ] {
                    columns.entry(key).or_default().push(column);
                }
            };
            (0..self.headings.len()).for_each(&mut put);
            for column in 0..self.headings.len() {
                let whole = self.with_word(column);
                let is_repeated = || self.is_repeated_in(&found.own, column);
                if let Some(whole) = whole.filter(|_| is_repeated()) {
                    let columns = found.below.entry(heading_key(&whole));
                    columns.or_default().push(column);
                }
            }
            found
        })
    }

    /// Returns true if another column has the same heading, by itself or behind the word above it.
    fn is_repeated_in(&self, own: &HashMap<String, Vec<usize>>, column: usize) -> bool {
        let same = own.get(&heading_key(self.heading(column)));
        same.is_some_and(|same| same.iter().any(|other| *other != column))
    }

    /// The heading with the word above it, where it stands below another such word too: `User: Name`.
    fn below_word(&self, column: usize) -> Option<String> {
        self.with_word(column)
            .filter(|_| self.is_repeated_in(&self.columns().own, column))
    }

    /// The heading, with the word above it where that tells it from others, and the name of its cell, where the sheet has a
    /// header row.
    pub(super) fn at(&self, column: usize) -> String {
        let heading = self.heading(column);
        let named = self.below_word(column);
        let named = heading_shown(named.as_deref().unwrap_or(heading));
        match self.row.map(|row| cell_name(row, column)) {
            None => format!("“{named}”"),
            Some(cell) if heading.is_empty() => format!("the column without a heading ({cell})"),
            Some(cell) => format!("“{named}” ({cell})"),
        }
    }

    /// The columns that a mapping of this heading means: those that have it exactly, or else the one with it in the cell that
    /// stands in brackets behind it, or below the word before it, or else those that have it without regard to case and
    /// separators.
    pub(super) fn named(&self, heading: &str) -> Vec<usize> {
        let found = self.columns();
        let heading = heading.trim();
        let of = |columns: &HashMap<String, Vec<usize>>, key: &str| {
            columns.get(key).cloned().unwrap_or_default()
        };
        let exactly = of(&found.exact, heading);
        if !exactly.is_empty() {
            return exactly;
        }
        let in_cell = heading.strip_suffix(')').and_then(|it| it.rsplit_once('('));
        if let Some((row, (own, cell))) = self.row.zip(in_cell) {
            let mut columns = of(&found.exact, own.trim());
            if own.trim().is_empty() {
                let all = (0..self.headings.len())
                    .filter(|column| matches!(heading_shown(self.heading(*column)), Cow::Owned(_)));
                columns.extend(all);
            }
            columns.retain(|column| cell_name(row, *column).eq_ignore_ascii_case(cell));
            if !columns.is_empty() {
                return columns;
            }
        }
        let word = heading_key(heading);
        let below = of(&found.below, &word);
        match below.is_empty() {
            true => of(&found.alike, &word),
            false => below,
        }
    }

    /// The heading by which a message says how a mapping means one column: by its cell alone where a secret stands in it, or,
    /// where the sheet has no cells, without the secret.
    pub(super) fn name_in_flag(&self, column: usize) -> String {
        let name = self.name_for_map(column);
        match (self.row, heading_shown(&name)) {
            (Some(row), Cow::Owned(_)) => format!("({})", cell_name(row, column)),
            (None, Cow::Owned(shown)) => shown,
            (_, Cow::Borrowed(_)) => name,
        }
    }

    /// Returns true if several columns have exactly this heading.
    fn is_several(&self, heading: &str) -> bool {
        let columns = self.columns().exact.get(heading);
        columns.is_some_and(|columns| columns.len() > 1)
    }

    /// The heading by which a mapping means one column: where another column has the same, with the word above it, or else
    /// with the name of its cell, as in `Mobile (C1)`; by the cell alone where it is blank.
    pub(super) fn name_for_map(&self, column: usize) -> String {
        let heading = self.heading(column);
        let below = self.below_word(column);
        let below = below.filter(|below| self.named(below) == [column]);
        match (self.row, below) {
            (Some(row), _) if heading.is_empty() => format!("({})", cell_name(row, column)),
            (_, Some(below)) => below,
            (Some(row), None) if self.is_several(heading) => {
                format!("{heading} ({})", cell_name(row, column))
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
    fn no_column_is_compared_with_all_others() {
        let texts = |text: &dyn Fn(usize) -> String| (0..16_384).map(text).collect::<Vec<_>>();
        let different = texts(&|at| format!("Heading {at}"));
        let (same, words) = (texts(&|_| "Mail".to_owned()), texts(&|at| format!("W{at}")));
        let begun = std::time::Instant::now();
        for (headings, above) in [(&different, &[][..]), (&same, &words), (&same, &[])] {
            let row = HeadingRow::new(headings, above, Some(1));
            for column in 0..headings.len() {
                assert!(row.at(column).starts_with('“'));
                assert!(!row.name_for_map(column).is_empty());
            }
            assert_eq!(row.named(&row.name_for_map(99)), [99]);
        }
        assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    }

    #[test]
    fn headings_that_differ_in_a_password_alone_are_two() {
        let headings = ["Name", "PIN 739182", "PIN 814411", "PIN (not shown)"].map(str::to_owned);
        let row = HeadingRow::new(&headings, &[], Some(1));
        for (column, heading) in headings.iter().enumerate() {
            assert_eq!(row.named(heading), [column]);
            assert_eq!(row.name_for_map(column), *heading);
        }
        for none in ["PIN 999999", "Kennwort Qx7!seKret", "PIN"] {
            assert!(row.named(none).is_empty(), "{none}");
        }
    }
}
