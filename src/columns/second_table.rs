//! The headings of a second table below the first, whose rows would be read by the first one's headings.

use super::binding::Binding;
use super::dictionary::dictionary;
use crate::manifest::{Manifest, all_digits, is_emergency};
use crate::model::{Field, Kind, heading_key, same_word};
use crate::sheet::{
    CLEAR, Cells, Row, Sheet, SheetError, SheetErrorKind, is_placeholder, looks_like_data,
};
use memchr::memchr_iter;

/// Hardly an extension among longer ones has so few digits.
const TINY_DIGITS_MAX: usize = 2;

/// A row, as far as it shows where a second table begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum RowKind {
    /// A number in the number's column.
    Numbered {
        digits: usize,
        /// The number of its cells that are not blank.
        filled: usize,
        /// True if there is nothing beside the number but one text, as in a legend.
        is_bare: bool,
        /// True for a number of one or two digits, and one for emergencies.
        is_tiny: bool,
        is_emergency: bool,
    },
    /// One text alone.
    Title,
    /// So many words without any number, which may be a remark too.
    Words(usize),
    /// Words that are known as headings.
    Headings,
    /// Anything else.
    #[default]
    Other,
}

/// The kind of row directly above another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Above {
    Row,
    /// A blank row, or a title.
    Gap,
    /// Words, on this line.
    Words(u64),
}

/// The first row whose number has a given number of digits.
#[derive(Debug, Clone, Copy)]
struct FirstOfLength {
    line: u64,
    digits: usize,
    is_bare: bool,
    is_tiny: bool,
    above: Above,
}

/// The rows of a sheet, or of a part of it, as far as they show where a second table begins.
#[derive(Debug, Default)]
pub(crate) struct TableRows {
    first: Option<(u64, RowKind)>,
    /// The last row.
    last: (u64, RowKind),
    /// The line on which the next row begins if no blank row is before it.
    next: u64,
    /// The last row with a number.
    numbered: u64,
    /// True if the first row with a number has more than one cell beside it.
    is_rich: Option<bool>,
    /// In the order of the sheet.
    lengths: Vec<FirstOfLength>,
    /// The first words with a row below them that has one cell beside its number at most.
    words_above_few: Option<u64>,
    /// The first row of more than two words below a blank row.
    words: Option<u64>,
    /// The first row of two words there.
    two_words: Option<u64>,
    /// The first row of known headings.
    headings: Option<u64>,
    /// The last rows with a number, where they are codes.
    codes: Option<DialCodes>,
    /// The lengths of the other numbers, a bit for each.
    others: u64,
}

/// Rows at the end, each with a text alone beside one digit or an emergency number: what is dialled, explained.
#[derive(Debug, Clone, Copy)]
struct DialCodes {
    line: u64,
    rows: usize,
    has_emergency: bool,
    /// The lengths of the numbers, a bit for each.
    lengths: u64,
}

/// The place where the rows of a sheet become something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Break {
    /// The headings of a second table.
    Headings(u64),
    /// The first row of a legend.
    Legend(u64),
}

impl DialCodes {
    fn followed_by(self, later: DialCodes) -> DialCodes {
        DialCodes {
            line: self.line,
            rows: self.rows + later.rows,
            has_emergency: self.has_emergency || later.has_emergency,
            lengths: self.lengths | later.lengths,
        }
    }
}

impl TableRows {
    /// Takes in the next row of a sheet with this binding.
    pub(crate) fn add_row(&mut self, row: &Row<'_>, binding: &Binding, manifest: &Manifest) {
        let is_seen = |digits| {
            let mut lengths = self.lengths.iter();
            lengths.any(|first| first.digits == digits && !(first.is_bare && first.is_tiny))
        };
        let kind = match binding.digits_of_number(&row.cells, manifest) {
            // Nearly all rows.
            Some(digits) if is_seen(digits) && !matches!(self.last.1, RowKind::Words(_)) => {
                RowKind::Numbered {
                    digits,
                    filled: 0,
                    is_bare: false,
                    is_tiny: false,
                    is_emergency: false,
                }
            }
            Some(digits) => binding.numbered(&row.cells, digits),
            None => binding.kind_without_number(&row.cells, manifest),
        };
        self.enter_number(row.line, kind);
        self.enter(row.line, kind);
        let breaks = memchr_iter(b'\n', row.cells.text().as_bytes()).count();
        self.next = row.line + breaks as u64 + 1;
        self.last = (row.line, kind);
    }

    /// Takes in the rows of the part that follows.
    pub(crate) fn add(&mut self, later: TableRows) {
        let Some((line, kind)) = later.first else {
            return;
        };
        let earlier = self.codes.take();
        self.codes = match (earlier, later.codes) {
            (Some(earlier), later_codes) if later.others == 0 => {
                Some(later_codes.map_or(earlier, |codes| earlier.followed_by(codes)))
            }
            (_, codes) => codes,
        };
        let passed = earlier.filter(|_| later.others != 0);
        self.others |= later.others | passed.map_or(0, |codes| codes.lengths);
        for length in later.lengths {
            let is_known = self
                .lengths
                .iter()
                .any(|known| known.digits == length.digits);
            // The part did not know what is above its first row.
            if !is_known && length.line != line {
                self.lengths.push(length);
            }
        }
        self.enter(line, kind);
        self.lengths.sort_by_key(|length| length.line);
        self.is_rich = self.is_rich.or(later.is_rich);
        self.words_above_few = self.words_above_few.or(later.words_above_few);
        self.words = self.words.or(later.words);
        self.two_words = self.two_words.or(later.two_words);
        self.headings = self.headings.or(later.headings);
        self.numbered = self.numbered.max(later.numbered);
        (self.next, self.last) = (later.next, later.last);
    }

    /// Enters a row, as far as it shows whether codes stand at the end.
    fn enter_number(&mut self, line: u64, kind: RowKind) {
        let RowKind::Numbered {
            digits,
            is_bare,
            is_emergency: has_emergency,
            ..
        } = kind
        else {
            return;
        };
        let lengths = 1 << digits.min(63);
        if is_bare && (digits == 1 || has_emergency) {
            let codes = DialCodes {
                line,
                rows: 1,
                has_emergency,
                lengths,
            };
            self.codes = Some(self.codes.map_or(codes, |before| before.followed_by(codes)));
        } else {
            let passed = self.codes.take();
            self.others |= lengths | passed.map_or(0, |codes| codes.lengths);
        }
    }

    /// Enters a row that follows those so far.
    fn enter(&mut self, line: u64, kind: RowKind) {
        let is_first = self.first.is_none();
        let above = match self.last {
            _ if is_first => Above::Row,
            _ if line > self.next => Above::Gap,
            (_, RowKind::Title) => Above::Gap,
            (line, RowKind::Words(_)) => Above::Words(line),
            _ => Above::Row,
        };
        self.first.get_or_insert((line, kind));
        match kind {
            RowKind::Numbered {
                digits,
                filled,
                is_bare,
                is_tiny,
                ..
            } => {
                self.numbered = line;
                self.is_rich.get_or_insert(filled > 2);
                if let (0..=2, Above::Words(words)) = (filled, above) {
                    self.words_above_few.get_or_insert(words);
                }
                if self.lengths.iter().all(|known| known.digits != digits) {
                    self.lengths.push(FirstOfLength {
                        line,
                        digits,
                        is_bare,
                        is_tiny,
                        above,
                    });
                }
            }
            RowKind::Words(2) if above == Above::Gap => _ = self.two_words.get_or_insert(line),
            RowKind::Words(_) if above == Above::Gap => _ = self.words.get_or_insert(line),
            RowKind::Headings => _ = self.headings.get_or_insert(line),
            RowKind::Words(_) | RowKind::Title | RowKind::Other => {}
        }
    }

    /// Finds where a second table or a legend begins. Words with no numbered row below them are a remark at the end; two
    /// words above rows like those before them are a remark in between.
    fn second_table(&self) -> Option<Break> {
        let is_rich = self.is_rich == Some(true);
        let is_above_numbers = |line: &u64| self.numbered > *line;
        let words = [self.words, self.two_words.filter(|_| !is_rich)];
        let words = words.map(|line| line.filter(is_above_numbers));
        let headings = [self.headings, self.words_above_few.filter(|_| is_rich)];
        let headings = headings.into_iter().chain(words).flatten();
        let other_lengths = (1..self.lengths.len()).filter_map(|at| {
            let length = self.lengths.get(at)?;
            match length.above {
                Above::Words(line) => Some(Break::Headings(line)),
                Above::Gap if length.is_bare && (is_rich || length.is_tiny) => {
                    Some(Break::Legend(length.line))
                }
                Above::Gap | Above::Row => None,
            }
        });
        // One row with a digit alone may be the operator's.
        let codes = self.codes.filter(|codes| {
            let are_sure = codes.rows > 1 || codes.has_emergency;
            is_rich && are_sure && self.others != 0 && codes.lengths & self.others == 0
        });
        let all = headings.map(Break::Headings).chain(other_lengths);
        all.chain(codes.map(|codes| Break::Legend(codes.line)))
            .min_by_key(|found| match found {
                Break::Headings(line) | Break::Legend(line) => *line,
            })
    }

    /// Refuses a sheet in which a second table or a legend begins.
    ///
    /// # Errors
    /// The line of the second table's headings, or of the legend's first row.
    pub(crate) fn refuse_second_table(&self, sheet: &Sheet) -> Result<(), SheetError> {
        let (Some(found), Some(first)) = (self.second_table(), sheet.header_line) else {
            return Ok(());
        };
        let sheet_name = sheet.sheet.clone();
        let (line, kind) = match found {
            Break::Headings(line) => (
                line,
                SheetErrorKind::SecondTable {
                    line,
                    first,
                    sheet: sheet_name,
                },
            ),
            Break::Legend(line) => (line, SheetErrorKind::Legend(sheet_name)),
        };
        Err(kind.on_line(&sheet.file, line))
    }
}

/// Refuses a sheet in which a second table or a legend begins.
///
/// # Errors
/// As above, or a sheet that cannot be read.
pub(crate) fn refuse_second_table(
    sheet: &Sheet,
    binding: &Binding,
    manifest: &Manifest,
) -> Result<(), SheetError> {
    let mut table_rows = TableRows::default();
    for batch in sheet.batches() {
        batch?.rows(|row| table_rows.add_row(&row, binding, manifest))?;
    }
    table_rows.refuse_second_table(sheet)
}

impl Binding {
    /// The number of digits in the cell of the number, where there is nothing else in it.
    fn digits_of_number(&self, cells: &Cells<'_>, manifest: &Manifest) -> Option<usize> {
        let column = self.origin_of(Field::NUMBER)?;
        let text = cells.get(column)?.trim();
        (manifest.key() == Field::NUMBER && !text.is_empty() && all_digits(text))
            .then_some(text.len())
    }

    /// Weighs a row with a number of `digits` digits.
    fn numbered(&self, cells: &Cells<'_>, digits: usize) -> RowKind {
        let number = self.origin_of(Field::NUMBER);
        // A sign alone between two cells, such as `=`, is no cell of its own.
        let is_filled = |column: &usize| {
            let text = cells.get(*column).unwrap_or_default();
            text.contains(char::is_alphanumeric)
        };
        let filled: Vec<usize> = (0..cells.len()).filter(is_filled).collect();
        let text = |column: Option<usize>| {
            column
                .and_then(|column| cells.get(column))
                .unwrap_or_default()
                .trim()
        };
        let mut beside = filled.iter().filter(|column| Some(**column) != number);
        let is_text = |column: usize| {
            let field = self.columns.get(column).and_then(|reading| reading.field);
            !field.is_some_and(Field::is_secret)
                && cells.get(column).is_some_and(|text| !looks_like_data(text))
        };
        let is_emergency = is_emergency(text(number));
        RowKind::Numbered {
            digits,
            filled: filled.len(),
            is_emergency,
            is_tiny: digits <= TINY_DIGITS_MAX || is_emergency,
            is_bare: filled.len() == 2 && beside.all(|column| is_text(*column)),
        }
    }

    /// Weighs a row without a number.
    fn kind_without_number(&self, cells: &Cells<'_>, manifest: &Manifest) -> RowKind {
        let key = self.origin_of(manifest.key());
        let text = key
            .and_then(|key| cells.get(key))
            .unwrap_or_default()
            .trim();
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return RowKind::Other;
        }
        let (mut filled, mut known, mut same, mut has_secret) = (0, 0, 0, false);
        for column in 0..cells.len() {
            let text = cells.get(column).unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            if looks_like_data(text) || text == CLEAR {
                return RowKind::Other;
            }
            let reading = self.columns.get(column);
            let field = reading.and_then(|reading| reading.field);
            let heading = reading.map_or("", |reading| reading.heading.as_str());
            filled += 1;
            same += usize::from(same_word(heading, text));
            // There the words of headings are values too.
            let has_words = field.is_some_and(|field| {
                let kind = field.def().kind;
                matches!(kind, Kind::Switch | Kind::Choice | Kind::List)
            });
            let is_known = is_heading(text, manifest);
            known += usize::from(is_known && !has_words);
            let is_word = text.chars().all(|c| c.is_alphabetic() || " .-".contains(c));
            has_secret |= field.is_some_and(Field::is_secret) && !is_known && !is_word;
        }
        if same == filled {
            return RowKind::Other;
        }
        let key_heading = key.and_then(|key| self.columns.get(key));
        let is_key_again =
            key_heading.is_some_and(|key| !text.is_empty() && same_word(&key.heading, text));
        if (known > 1 && known * 2 >= filled) || (is_key_again && filled > 1) {
            return RowKind::Headings;
        }
        let is_word = !text.contains(|c: char| c.is_ascii_digit()) || is_heading(text, manifest);
        match filled {
            _ if manifest.key() != Field::NUMBER || has_secret => RowKind::Other,
            1 => RowKind::Title,
            _ if !text.is_empty() && is_word && !is_placeholder(text) => RowKind::Words(filled),
            _ => RowKind::Other,
        }
    }
}

/// Returns true if a text is a heading by rowcall's own names, common words or those of the vendor, also with a number
/// behind it.
fn is_heading(text: &str, manifest: &Manifest) -> bool {
    let words = dictionary();
    let text = text
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end();
    words.canonical(text).is_some()
        || words.common(text).is_some()
        || manifest.own_name(&heading_key(text)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::BindOptions;

    #[test]
    fn wherever_the_rows_are_divided_a_second_table_or_a_legend_is_found() {
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
        let again: &[_] = &[
            (2, ["2001", "Ann", ""]),
            (3, ["number", "Fax", ""]),
            (4, ["2003", "0301234", ""]),
        ];
        let ann = (2, ["2001", "Ann", "ann@example.com"]);
        let between = &[
            ann,
            (4, ["Filiale", "Berlin", ""]),
            (5, ["2002", "Bo", "bo@example.com"]),
        ];
        let words = &[
            ann,
            (3, ["Kürzel", "Wort", ""]),
            (4, ["2002", "Polizei", ""]),
        ];
        let longer = &[
            ann,
            (3, ["Raum", "Haus", "Etage"]),
            (4, ["301", "Ost", "unten"]),
        ];
        let legend = &[
            ann,
            (3, ["2002", "Bo", ""]),
            (5, ["2003", "Cy", ""]),
            (7, ["1", "=", "Sales"]),
        ];
        let below_title = &[ann, (3, ["Legende", "", ""]), (4, ["999", "Notruf", ""])];
        let tiny = &[(2, ["2001", "Ann", ""]), (4, ["12", "Lager", ""])];
        let emergency = &[(2, ["2001", "Ann", ""]), (4, ["999", "Notruf", ""])];
        let directly = &[ann, (3, ["112", "Notruf", ""])];
        let codes = &[ann, (3, ["9", "Amt", ""]), (4, ["0", "Zentrale", ""])];
        let operator = &[ann, (3, ["0", "Zentrale", ""])];
        let few = &[
            (2, ["2001", "Ann", ""]),
            (3, ["9", "Amt", ""]),
            (4, ["112", "Notruf", ""]),
        ];
        let between_others = &[
            ann,
            (3, ["9", "Amt", ""]),
            (4, ["0", "Zentrale", ""]),
            (5, ["2002", "Bo", ""]),
        ];
        let like_others = &[
            (2, ["101", "Ann", "ann@example.com"]),
            (3, ["1", "Bo", "bo@example.com"]),
            (4, ["2", "Lager", ""]),
            (5, ["112", "Cy", ""]),
        ];
        let short = &[ann, (3, ["12", "Lager", ""]), (4, ["13", "Hof", ""])];
        let year = &[ann, (3, ["Jahr", "Anzahl", ""]), (4, ["2024", "17", ""])];
        let site: &[_] = &[(2, ["2001", "Ann", ""]), (4, ["201", "Bo", ""])];
        for (rows, expected) in [
            (name, Some(Break::Headings(7))),
            (remark, None),
            (known, Some(Break::Headings(3))),
            (again, Some(Break::Headings(3))),
            (between, None),
            (words, Some(Break::Headings(3))),
            (longer, Some(Break::Headings(3))),
            (legend, Some(Break::Legend(7))),
            (below_title, Some(Break::Legend(4))),
            (tiny, Some(Break::Legend(4))),
            (emergency, Some(Break::Legend(4))),
            (directly, Some(Break::Legend(3))),
            (codes, Some(Break::Legend(3))),
            (operator, None),
            (few, None),
            (between_others, None),
            (like_others, None),
            (short, None),
            (year, Some(Break::Headings(3))),
            (site, None),
        ] {
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
                            cell_breaks: 0,
                            cells: Cells::new(&text, &ends),
                            trouble: None,
                            bytes: 0..0,
                        };
                        table_rows.add_row(&row, &binding, &manifest);
                    }
                    all.add(table_rows);
                }
                assert_eq!(all.second_table(), expected, "{at} of {rows:?}");
            }
        }
    }
}
