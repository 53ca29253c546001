//! The headings of a second table below the first, whose rows would be read by the first one's headings.

use super::binding::Binding;
use super::dictionary::dictionary;
use crate::manifest::Manifest;
use crate::model::{Field, Kind, heading_key};
use crate::sheet::{CLEAR, Cells, Row, Sheet, SheetError, SheetErrorKind, looks_like_data};
use memchr::memchr_iter;

/// The evidence of a row for other headings than those of the sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    None,
    /// Words without any number, which may be a remark too.
    Words,
    /// Words that are known as headings.
    Headings,
}

/// The rows of a sheet, or of a part of it, as far as they show where a second table begins.
#[derive(Debug, Default)]
pub(crate) struct TableRows {
    /// The first row, and its likeness, which counts only below a blank row where it is [`Likeness::Words`].
    first: Option<(u64, Likeness)>,
    /// The line on which the next row begins if no blank row is before it.
    next: u64,
    /// The first row of words below a blank row.
    words: Option<u64>,
    /// The last row with a number.
    numbered: u64,
    /// The first row of known headings.
    headings: Option<u64>,
}

impl TableRows {
    /// Takes in the next row of a sheet with this binding.
    pub(crate) fn see(&mut self, row: &Row<'_>, binding: &Binding, manifest: &Manifest) {
        let is_numbered = binding.begins_with_number(&row.cells, manifest);
        let likeness = match is_numbered {
            true => Likeness::None,
            false => binding.likeness(&row.cells, manifest),
        };
        if is_numbered {
            self.numbered = row.line;
        }
        if likeness == Likeness::Headings {
            self.headings.get_or_insert(row.line);
        }
        if likeness == Likeness::Words && self.first.is_some() && row.line > self.next {
            self.words.get_or_insert(row.line);
        }
        self.first.get_or_insert((row.line, likeness));
        let breaks = memchr_iter(b'\n', row.cells.text().as_bytes()).count();
        self.next = row.line + breaks as u64 + 1;
    }

    /// Takes in the rows of the part that follows.
    pub(crate) fn add(&mut self, later: TableRows) {
        let Some((line, likeness)) = later.first else {
            return;
        };
        let is_below_blank = self.first.is_some() && line > self.next;
        let words = (likeness == Likeness::Words && is_below_blank).then_some(line);
        self.words = self.words.or(words).or(later.words);
        self.headings = self.headings.or(later.headings);
        self.numbered = self.numbered.max(later.numbered);
        self.next = later.next;
        self.first.get_or_insert((line, likeness));
    }

    /// The line of a second table's headings. Words with no numbered row below them are a remark at the end.
    fn second_table(&self) -> Option<u64> {
        let words = self.words.filter(|line| self.numbered > *line);
        [self.headings, words].into_iter().flatten().min()
    }

    /// Refuses a sheet in which a second table begins.
    ///
    /// # Errors
    /// The line of the second table's headings.
    pub(crate) fn refuse_second_table(&self, sheet: &Sheet) -> Result<(), SheetError> {
        let (Some(line), Some(first)) = (self.second_table(), sheet.header_line) else {
            return Ok(());
        };
        let kind = SheetErrorKind::SecondTable {
            line,
            first,
            sheet: sheet.sheet.clone(),
        };
        Err(kind.on_line(&sheet.file, line))
    }
}

impl Binding {
    /// Returns true if the cell of the number begins with a digit, as in nearly all rows.
    fn begins_with_number(&self, cells: &Cells<'_>, manifest: &Manifest) -> bool {
        let column = self.origin_of(manifest.key());
        let text = column.and_then(|column| cells.get(column));
        text.is_some_and(|text| text.trim_start().starts_with(|c: char| c.is_ascii_digit()))
    }

    /// Weighs a row that does not begin with a number.
    fn likeness(&self, cells: &Cells<'_>, manifest: &Manifest) -> Likeness {
        let key = self.origin_of(manifest.key());
        let (mut filled, mut known, mut same, mut has_secret) = (0, 0, 0, false);
        for column in 0..cells.len() {
            let text = cells.get(column).unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            if looks_like_data(text) || text == CLEAR {
                return Likeness::None;
            }
            let reading = self.columns.get(column);
            let field = reading.and_then(|reading| reading.field);
            let heading = reading.map_or("", |reading| reading.heading.as_str());
            filled += 1;
            same += usize::from(heading_key(heading) == heading_key(text));
            // There the words of headings are values too.
            let has_words = field.is_some_and(|field| {
                let kind = field.def().kind;
                matches!(kind, Kind::Switch | Kind::Choice | Kind::List)
            });
            let is_known = is_heading(text, manifest);
            known += usize::from(is_known && !has_words);
            has_secret |= field.is_some_and(Field::is_secret) && !is_known;
        }
        if filled < 2 || same == filled {
            return Likeness::None;
        }
        if known > 1 && known * 2 >= filled {
            return Likeness::Headings;
        }
        let text = key.and_then(|key| cells.get(key)).unwrap_or_default();
        let is_word = !text.trim().is_empty() && !text.contains(|c: char| c.is_ascii_digit());
        match is_word && !has_secret && manifest.key() == Field::NUMBER {
            true => Likeness::Words,
            false => Likeness::None,
        }
    }
}

/// Returns true if a text is a heading by rowcall's own names, common words or those of the vendor.
fn is_heading(text: &str, manifest: &Manifest) -> bool {
    let words = dictionary();
    words.canonical(text).is_some()
        || words.common(text).is_some()
        || manifest.own_name(&heading_key(text)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::BindOptions;

    #[test]
    fn wherever_the_rows_are_divided_the_second_table_is_found() {
        let manifest = Manifest::parse(include_str!("../vendors/openvox/vendor.toml")).unwrap();
        let headings = ["number", "name", "email"].map(str::to_owned);
        let options = BindOptions::default();
        let binding = Binding::bind(&headings, &manifest, &[&manifest], &options).unwrap();
        // Each row with its line.
        let name: &[(u64, [&str; 3])] = &[
            (2, ["2001", "Ann", ""]),
            (3, ["2002", "Bo\nMuster", ""]),
            (5, ["Lager", "Hof", ""]),
            (7, ["Depot", "Keller", ""]),
            (8, ["2003", "Cy", ""]),
        ];
        let remark = &name[..4];
        let known: &[_] = &[(2, ["2001", "Ann", ""]), (3, ["name", "ext", ""])];
        for (rows, expected) in [(name, Some(7)), (remark, None), (known, Some(3))] {
            for at in 0..=rows.len() {
                let mut all = TableRows::default();
                for part in [&rows[..at], &[], &rows[at..]] {
                    let mut table_rows = TableRows::default();
                    for (line, cells) in part {
                        let ends = cells.iter().scan(0, |end, cell| {
                            *end += cell.len();
                            Some(*end)
                        });
                        let (text, ends) = (cells.concat(), ends.collect::<Vec<_>>());
                        let row = Row {
                            index: 0,
                            line: *line,
                            cells: Cells::new(&text, &ends),
                            trouble: None,
                            bytes: 0..0,
                        };
                        table_rows.see(&row, &binding, &manifest);
                    }
                    all.add(table_rows);
                }
                assert_eq!(all.second_table(), expected, "{at} of {rows:?}");
            }
        }
    }
}
