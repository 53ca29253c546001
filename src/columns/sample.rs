//! The first cells of a sheet, for headings whose own words do not show their meaning.

use super::around_words::around_words;
use super::dates::has_passed;
use super::dictionary::{Common, DeletionWord, dictionary, plain};
use super::marked_rows::MarkedRows;
use super::surname_first::{ColumnOrder, has_surnames_first, is_title, order_of_names};
use super::values::{StateLetters, is_letter, state_word};
use crate::manifest::{all_digits, is_away, state, switch};
use crate::model::{Action, same_word};
use crate::sheet::{RowTrouble, Sheet, is_placeholder};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The signs that people set in the place of a yes.
const MARKS: [&str; 6] = ["x", "X", "✓", "✔", "☑", "+"];
/// The number of rows that are read.
const ROWS: usize = 1_000;
/// The most cells that are kept: of a very wide sheet fewer rows.
const CELLS_MAX: usize = 1 << 18;
/// The most digits of a number that may be an extension; a telephone number with its area code has more.
const SHORT_DIGITS_MAX: usize = 6;

/// The first rows of a sheet. Their cells may be secrets: they are looked at, never shown.
pub(super) struct Sample {
    rows: Vec<Vec<String>>,
    /// The line of the first one; `None` where there is none, or no row has the headings (JSON).
    first_line: Option<u64>,
    /// True if the sheet has no more rows than these.
    is_whole: bool,
    /// The variety of each column.
    varieties: Vec<Variety>,
    /// The columns whose cells number the rows from first to last, of those without a heading, each with true if no cell is
    /// blank.
    numbering: Vec<(usize, bool)>,
    /// The number of rows in which a column without a heading is filled.
    nameless: BTreeMap<usize, usize>,
    /// The rows that are marked to be deleted, of a sheet of such rows.
    pub(super) marked: MarkedRows,
}

/// A column without a heading that may number the rows: 0, 1, 2 … or 1, 2, 3 …, where some may be missing, or, as the first
/// one, whole numbers in any order, as the index of pandas.
struct RowCount {
    column: usize,
    rows: usize,
    last: Option<u64>,
    counts: bool,
    /// True while every cell is a whole number.
    is_whole: bool,
}

impl RowCount {
    fn begun(column: usize) -> RowCount {
        RowCount {
            column,
            rows: 0,
            last: None,
            counts: true,
            is_whole: true,
        }
    }

    /// Takes in the next cell; returns true if the column still numbers the rows.
    fn add_cell(&mut self, cell: &str) -> bool {
        let is_plain = all_digits(cell) && (cell == "0" || !cell.starts_with('0'));
        let count = cell.parse::<u64>().ok().filter(|_| is_plain);
        self.is_whole &= count.is_some();
        if !cell.is_empty() {
            let follows =
                count.is_some_and(|count| self.last.map_or(count <= 1, |last| count > last));
            self.counts &= follows;
            (self.rows, self.last) = (self.rows + 1, count);
        }
        self.numbers_rows()
    }

    fn numbers_rows(&self) -> bool {
        self.counts || (self.column == 0 && self.is_whole)
    }

    /// The columns of which more than one cell was seen, each with true if every row has one.
    fn columns(counts: &[RowCount]) -> Vec<(usize, bool)> {
        let numbering = counts
            .iter()
            .filter(|count| count.rows > 1 && count.numbers_rows());
        numbering
            .map(|count| (count.column, count.is_whole))
            .collect()
    }
}

/// The variety of a column's cells, where words such as `yes` and `active` are one.
#[derive(Default)]
struct Variety {
    first: Option<String>,
    is_varied: bool,
    has_switch: bool,
    has_blank: bool,
    has_text: bool,
    /// True if a cell is neither blank nor 0 or 1.
    has_other_bit: bool,
    /// The deciding cells, of which notes count by their words alone.
    deciding: DecidingCells,
    deciding_notes: DecidingCells,
    /// True if a cell says that the row may stay, and is no name.
    has_remark: bool,
    /// True if a cell has signs by which a remark is put into a name, and if another has none.
    has_signs: bool,
    has_plain: bool,
    /// True if a word of a cell is a date.
    has_date: bool,
    /// True if a cell is no date that has passed.
    has_other_than_past: bool,
}

/// The cells of a column that decide on their row, in a sheet of rows to be deleted.
#[derive(Default)]
struct DecidingCells {
    may_stay: bool,
    goes: bool,
}

impl DecidingCells {
    fn add(&mut self, cell: &str, is_note: bool) {
        if !self.may_stay {
            match decision(cell, is_note) {
                Some(DeletionWord::MayStay) => self.may_stay = true,
                Some(DeletionWord::Goes) => self.goes = true,
                None => {}
            }
        }
    }
}

impl Variety {
    /// Adds a cell of a sheet of rows to be deleted.
    fn add_deciding(&mut self, cell: &str) {
        self.deciding.add(cell, false);
        self.deciding_notes.add(cell, true);
        self.has_remark = self.has_remark || is_remark_to_stay(cell);
        let has_signs = cell.contains(['(', '[', '*', '!', '?']);
        self.has_signs |= has_signs;
        self.has_date = self.has_date || cell.split_whitespace().any(is_date);
        self.has_plain |= !has_signs && !cell.is_empty();
        self.has_text |= !cell.is_empty() && !is_placeholder(cell);
        self.has_other_bit |= !["0", "1", ""].contains(&cell);
        self.has_other_than_past = self.has_other_than_past || !has_passed(cell);
    }

    fn add(&mut self, cell: &str) {
        if self.is_varied && self.has_switch {
            return;
        }
        let switch = switch(cell);
        self.has_switch |= switch.is_some();
        let word = match switch {
            None if is_placeholder(cell) => "",
            switch => switch.unwrap_or(cell),
        };
        match &self.first {
            None => self.first = Some(word.to_owned()),
            Some(first) => self.is_varied |= !same_word(first, word),
        }
    }
}

impl Sample {
    /// Reads the first rows, as far as they can be read; mistakes in the others are found when all are read.
    /// The variety of a column is that of `all` rows, if wanted, else of the first ones.
    pub(super) fn read(sheet: &Sheet, all: bool) -> Sample {
        let width = sheet.headings.len();
        let rows_max = ROWS.min(CELLS_MAX / width.max(1)).max(1);
        let is_nameless = |column: &usize| sheet.headings[*column].trim().is_empty();
        let nameless = (0..width).filter(is_nameless);
        let mut counts: Vec<RowCount> = nameless.map(RowCount::begun).collect();
        let (mut rows, mut first_line) = (vec![], None);
        let mut nameless: BTreeMap<usize, usize> = BTreeMap::new();
        let mut varieties: Vec<Variety> = (0..width).map(|_| Variety::default()).collect();
        let mut marked = MarkedRows::default();
        for batch in sheet.batches() {
            let read = batch.and_then(|batch| {
                batch.rows(|row| {
                    let is_broken = matches!(row.trouble, Some(RowTrouble::Broken(_)));
                    if is_broken {
                        return;
                    }
                    let text = |column| row.cells.get(column).unwrap_or_default().trim();
                    counts.retain_mut(|count| count.add_cell(text(count.column)));
                    if !all && rows.len() == rows_max {
                        return;
                    }
                    // A title has one cell alone.
                    let filled = (0..width)
                        .filter(|column| !text(*column).is_empty())
                        .count();
                    for (column, variety) in varieties.iter_mut().enumerate() {
                        variety.add(text(column));
                        if all {
                            variety.add_deciding(text(column));
                            variety.has_blank |= filled > 1 && text(column).is_empty();
                        }
                    }
                    if all {
                        let cells: Vec<&str> = (0..width).map(text).collect();
                        marked.add(&cells, may_stay);
                    }
                    if rows.len() < rows_max {
                        if let Some(RowTrouble::CellWithoutHeading { columns, .. }) = &row.trouble {
                            for column in columns {
                                *nameless.entry(*column).or_default() += 1;
                            }
                        }
                        first_line.get_or_insert(row.line);
                        rows.push((0..width).map(|column| text(column).to_owned()).collect());
                    }
                })
            });
            if read.is_err() || (!all && rows.len() == rows_max && counts.is_empty()) {
                break;
            }
        }
        Sample {
            is_whole: rows.len() < rows_max,
            rows,
            first_line: sheet.header_line.and(first_line),
            varieties,
            numbering: RowCount::columns(&counts),
            nameless,
            marked,
        }
    }

    #[cfg(test)]
    pub(super) fn of_rows(rows: Vec<Vec<String>>) -> Sample {
        let mut counts: Vec<RowCount> = (0..rows.first().map_or(0, Vec::len))
            .map(RowCount::begun)
            .collect();
        let mut varieties: Vec<Variety> = counts.iter().map(|_| Variety::default()).collect();
        let mut marked = MarkedRows::default();
        for row in &rows {
            marked.add(
                &row.iter().map(String::as_str).collect::<Vec<_>>(),
                may_stay,
            );
            for (variety, cell) in varieties.iter_mut().zip(row) {
                variety.add(cell);
                variety.add_deciding(cell);
                variety.has_blank |= cell.is_empty();
            }
            counts.retain_mut(|count| count.add_cell(&row[count.column]));
        }
        Sample {
            first_line: (!rows.is_empty()).then_some(2),
            rows,
            is_whole: true,
            varieties,
            numbering: RowCount::columns(&counts),
            nameless: BTreeMap::new(),
            marked,
        }
    }

    /// Returns true if a column without a heading numbers the rows; of `all`, each has a cell there.
    pub(super) fn numbers_rows(&self, column: usize, all: bool) -> bool {
        let mut numbering = self.numbering.iter();
        numbering.any(|(known, is_whole)| *known == column && (*is_whole || !all))
    }

    /// The columns without a heading that are filled in most rows, each with the number of these.
    pub(super) fn nameless(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let all = self.nameless.iter().map(|(column, rows)| (*column, *rows));
        all.filter(|(_, rows)| rows * 2 > self.rows.len())
    }

    /// The first row's text in a column.
    pub(super) fn first(&self, column: usize) -> &str {
        let row = self.rows.first();
        row.and_then(|row| row.get(column))
            .map_or("", String::as_str)
    }

    /// The line on which the first row begins.
    pub(super) fn first_line(&self) -> Option<u64> {
        self.first_line
    }

    /// The number of rows that were read.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Returns true if the cells of a column are the row's own, and not those of somebody whom the column `other` names:
    /// they differ where that one is the same, or they have a word of the row's `names` and none of the other's.
    pub(super) fn is_of_row(&self, column: usize, other: usize, names: &[usize]) -> bool {
        let mut of_other: HashMap<&str, Vec<&str>> = HashMap::new();
        let (own, others) = self.names_in_addresses(column, other, names);
        for row in self.rows.iter().filter(|row| !text(row, column).is_empty()) {
            let somebody = text(row, other);
            if !somebody.is_empty() {
                of_other
                    .entry(somebody)
                    .or_default()
                    .push(text(row, column));
            }
        }
        let mut shared = of_other.values().filter(|cells| cells.len() > 1);
        let differ = |cells: &Vec<&str>| cells.iter().collect::<HashSet<_>>().len() == cells.len();
        others == 0 && (own > 0 || shared.next().is_some() && of_other.values().all(differ))
    }

    /// The number of rows whose e-mail address has a word of the row's `names`, and that of rows whose address has one of
    /// somebody whom the column `other` names; a word of both does not count.
    fn names_in_addresses(&self, column: usize, other: usize, names: &[usize]) -> (usize, usize) {
        let (mut own, mut others) = (0, 0);
        for row in self.rows.iter().filter(|row| !text(row, column).is_empty()) {
            let cell = text(row, column);
            let somebody = text(row, other);
            let local = plain(cell.split_once('@').map_or("", |(local, _)| local));
            let parts = |text: &str| -> HashSet<String> {
                let parts = words(text).into_iter().map(plain);
                parts.filter(|part| part.chars().count() > 2).collect()
            };
            let person: HashSet<String> = names
                .iter()
                .flat_map(|name| parts(text(row, *name)))
                .collect();
            let somebodys = parts(somebody);
            let has = |mine: &HashSet<String>, not: &HashSet<String>| {
                mine.difference(not)
                    .any(|part| local.contains(part.as_str()))
            };
            own += usize::from(has(&person, &somebodys));
            others += usize::from(has(&somebodys, &person));
        }
        (own, others)
    }

    /// Returns true if the cells of a column differ; a blank one differs from others, and `yes` from `no`.
    pub(super) fn is_varied(&self, column: usize) -> bool {
        (self.varieties.get(column)).is_some_and(|variety| variety.is_varied)
    }

    /// Returns true if each cell of a column is a date that has passed.
    pub(super) fn has_passed_everywhere(&self, column: usize) -> bool {
        let variety = self.varieties.get(column);
        variety.is_some_and(|variety| variety.has_text && !variety.has_other_than_past)
    }

    /// Returns true if a cell of a column is a switch, such as `yes` or `active`.
    pub(super) fn has_switch(&self, column: usize) -> bool {
        (self.varieties.get(column)).is_some_and(|variety| variety.has_switch)
    }

    /// Returns true if the cells of a column may say which rows are to be deleted; of a note, its words alone count.
    pub(super) fn decides(&self, column: usize, is_note: bool) -> bool {
        let Some(variety) = self.varieties.get(column) else {
            return false;
        };
        let deciding = match is_note {
            true => &variety.deciding_notes,
            false => &variety.deciding,
        };
        let are_bits = !is_note && variety.is_varied && !variety.has_other_bit;
        deciding.may_stay || are_bits || deciding.goes && variety.is_varied
    }

    /// Returns true if some cells of a column have signs by which a remark is put into a name, as in `Berg (until 2027)`, and
    /// others have none.
    pub(super) fn has_signs_in_some(&self, column: usize) -> bool {
        (self.varieties.get(column)).is_some_and(|variety| variety.has_signs && variety.has_plain)
    }

    /// Returns true if a cell of a column has a date.
    pub(super) fn has_date(&self, column: usize) -> bool {
        (self.varieties.get(column)).is_some_and(|variety| variety.has_date)
    }

    /// Returns true if some cells of a column are blank and others are not; titles between the rows do not count.
    pub(super) fn is_partly_filled(&self, column: usize) -> bool {
        (self.varieties.get(column)).is_some_and(|variety| variety.has_blank && variety.has_text)
    }

    /// Returns true if a cell of a column that holds something else, such as names, says that its row may stay.
    pub(super) fn has_remark_to_stay(&self, column: usize) -> bool {
        (self.varieties.get(column)).is_some_and(|variety| variety.has_remark)
    }

    /// Returns true if a cell below a word for leavers is more than a `no`.
    pub(super) fn names_leavers(&self, column: usize) -> bool {
        self.filled(column).any(names_leaver)
    }

    /// Returns true if a column has cells, and each is an e-mail address.
    pub(super) fn has_only_addresses(&self, column: usize) -> bool {
        let is_address = |cell: &str| {
            let cell = cell.split_once('@');
            cell.is_some_and(|(local, host)| !local.is_empty() && host.contains('.'))
        };
        self.filled(column).next().is_some() && self.filled(column).all(is_address)
    }

    /// Returns true if the cells of a column are 1 and 0 alone, and both are there.
    pub(super) fn has_only_bits(&self, column: usize) -> bool {
        let is_bit = |cell: &str| matches!(cell, "0" | "1");
        let has = |bit: &str| self.filled(column).any(|cell| cell == bit);
        has("0") && has("1") && self.filled(column).all(is_bit)
    }

    /// Returns true if a column has cells, and each says yes or no, at least one of them in a word or a mark.
    pub(super) fn has_only_switches(&self, column: usize) -> bool {
        let mut filled = self.filled(column);
        filled.any(|cell| !all_digits(cell))
            && self.filled(column).all(|cell| switch(cell).is_some())
    }

    /// Returns true if a column has cells, and each says yes or no, or how a person is addressed, as `Mr`.
    pub(super) fn has_only_addressing(&self, column: usize) -> bool {
        let is_so = |cell: &str| switch(cell).is_some() || is_title(cell);
        self.filled(column).next().is_some() && self.filled(column).all(is_so)
    }

    /// Returns true if the names of a column, or accounts of other ones, show that most begin with the surname, and false if
    /// they show that most do not.
    pub(super) fn has_surnames_first(&self, names: usize, accounts: &[usize]) -> Option<bool> {
        has_surnames_first(self.beside(names, accounts))
    }

    /// The cells of a column, each with those of other ones beside it.
    fn beside<'s>(
        &'s self,
        column: usize,
        others: &'s [usize],
    ) -> impl Iterator<Item = (&'s str, Vec<&'s str>)> {
        self.rows.iter().map(move |row| {
            let others = others.iter().map(|other| text(row, *other));
            (text(row, column), others.collect())
        })
    }

    /// The order of the words in the names of a column, also by the accounts of other ones.
    pub(super) fn order_of_names(&self, names: usize, accounts: &[usize]) -> ColumnOrder {
        match order_of_names(self.beside(names, accounts)) {
            // A row behind the first ones may show another one, or none.
            ColumnOrder::Certain if !self.is_whole => ColumnOrder::NotShown,
            order => order,
        }
    }

    /// Returns true if a column has cells, and none has a space: accounts, and no names of persons.
    pub(super) fn has_only_words(&self, column: usize) -> bool {
        let is_word = |cell: &str| !cell.contains(char::is_whitespace);
        self.filled(column).next().is_some() && self.filled(column).all(is_word)
    }

    /// Returns true if a column has cells, and each is a number or a word such as `yes`: no names.
    pub(super) fn has_no_names(&self, column: usize) -> bool {
        let is_none = |cell: &str| switch(cell).is_some() || !cell.contains(char::is_alphabetic);
        self.filled(column).next().is_some() && self.filled(column).all(is_none)
    }

    /// Returns true if a column has cells, and each says what is to be done with its row.
    pub(super) fn asks_for_actions(&self, column: usize) -> bool {
        let asks = |cell: &str| dictionary().action(cell).is_some();
        self.filled(column).next().is_some() && self.filled(column).all(asks)
    }

    /// Returns true if a cell of a column asks for the deletion of its row.
    pub(super) fn asks_for_deletion(&self, column: usize) -> bool {
        let asks = |cell: &str| dictionary().action(cell) == Some(Action::Delete);
        self.filled(column).any(asks)
    }

    /// Returns true if a cell of a column says that no extension is to be made of its row; of notes, also that its account is
    /// off.
    pub(super) fn has_rows_not_meant(&self, column: usize, are_notes: bool) -> bool {
        let mut filled = self.filled(column);
        match are_notes {
            true => filled.any(is_told_off),
            false => filled.any(|cell| dictionary().is_not_meant(cell)),
        }
    }

    /// The single letters that are switches in a column of states.
    pub(super) fn letters_for_state(&self, column: usize) -> StateLetters {
        StateLetters::of_cells(self.filled(column))
    }

    /// The words of a column of states; `None` where all of them are known. A single letter is known only beside others.
    pub(super) fn other_words_for_state(&self, column: usize) -> Option<OtherWords> {
        let letters = self.letters_for_state(column);
        let is_known = |cell: &str| state_word(cell, letters).is_some();
        if self.filled(column).all(is_known) {
            return None;
        }
        let tells = |cell: &str| is_known(cell) && !all_digits(cell);
        let mut filled = self.filled(column);
        Some(
            if filled
                .any(|cell| state_word(cell, StateLetters::Any) == Some("off") || says_off(cell))
            {
                OtherWords::BesideOff
            } else if self
                .filled(column)
                .any(|cell| tells(cell) || is_letter(cell))
            {
                OtherWords::BesideOn
            } else {
                OtherWords::Alone
            },
        )
    }

    /// Returns true if a cell of a column is a single letter.
    pub(super) fn has_letters(&self, column: usize) -> bool {
        self.filled(column).any(is_letter)
    }

    /// Returns true if a cell of a column says that its person has left or its account is off.
    pub(super) fn says_off(&self, column: usize) -> bool {
        self.filled(column).any(says_off)
    }

    /// Returns true if a cell of a column says so in other words than those for `off`, such as `has left`.
    pub(super) fn says_off_in_other_words(&self, column: usize) -> bool {
        let mut filled = self.filled(column);
        filled.any(|cell| switch(cell).is_none() && says_off(cell))
    }

    /// Returns true if cells of a column are among these words, and each other one tells whether an account is on, in more than
    /// a letter.
    pub(super) fn are_reported(&self, column: usize, words: &[&str]) -> bool {
        let is_reported = |cell: &str| words.contains(&plain(cell).as_str());
        let tells = |cell: &str| switch(cell).is_some() && !is_letter(cell);
        self.filled(column).any(is_reported)
            && self
                .filled(column)
                .all(|cell| is_reported(cell) || tells(cell))
    }

    /// Returns true if the cells of a column tell extensions from other things with a number.
    pub(super) fn distinguishes_kinds(&self, column: usize) -> bool {
        let known = || {
            self.filled(column)
                .map(|cell| dictionary().is_extension(cell))
        };
        known().all(|kind| kind.is_some()) && known().any(|kind| kind == Some(false))
    }

    /// The number of blank cells in a column whose others are all marks, and the number of rows that were looked at; none
    /// where there are no such cells.
    pub(super) fn blanks_beside_marks(&self, column: usize) -> Option<(usize, usize)> {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        let (blank, filled): (Vec<&String>, Vec<&String>) = cells.partition(|cell| cell.is_empty());
        let are_marks = filled.iter().all(|cell| MARKS.contains(&cell.as_str()));
        let are_both = are_marks && !blank.is_empty() && !filled.is_empty();
        are_both.then_some((blank.len(), self.rows.len()))
    }

    /// The cells of a column that are not blank.
    fn filled(&self, column: usize) -> impl Iterator<Item = &str> {
        let cells = self.rows.iter().filter_map(move |row| row.get(column));
        cells
            .map(String::as_str)
            .filter(|cell| !cell.is_empty() && !is_placeholder(cell))
    }

    /// The most digits that the numbers of a column usually have; none where no cell is a number. A number that lost the
    /// zeros before it has fewer.
    pub(super) fn usual_digits(&self, column: usize) -> Option<usize> {
        let numbers = self.filled(column).filter(|cell| all_digits(cell));
        let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
        numbers.for_each(|cell| *lengths.entry(cell.len()).or_default() += 1);
        let all: usize = lengths.values().sum();
        let usual = lengths.iter().rev().find(|(_, count)| **count * 10 >= all);
        usual.map(|(digits, _)| *digits)
    }

    /// Returns true if nearly all cells are numbers that may be dialled, each a different one.
    pub(super) fn may_be_numbers(&self, column: usize) -> bool {
        let filled = self.filled(column).count();
        let numbers: Vec<&str> = self.filled(column).filter(|cell| is_number(cell)).collect();
        let distinct = numbers.iter().collect::<HashSet<_>>().len();
        !numbers.is_empty() && numbers.len() * 10 >= filled * 8 && distinct * 10 >= filled * 8
    }

    /// Returns true if a column has cells, and each is of letters with nothing but blanks and the signs of names between them;
    /// most differ.
    pub(super) fn may_be_names(&self, column: usize) -> bool {
        let is_name = |cell: &str| {
            cell.chars()
                .all(|c| c.is_alphabetic() || " .,'-’".contains(c))
        };
        let filled: Vec<&str> = self.filled(column).collect();
        let distinct = filled.iter().collect::<HashSet<_>>().len();
        !filled.is_empty()
            && filled.iter().all(|cell| is_name(cell))
            && distinct * 10 >= filled.len() * 8
    }

    /// Returns true if the cells of a column may be names, most of them of two words or more.
    pub(super) fn are_full_names(&self, column: usize) -> bool {
        let filled = self.filled(column).count();
        let full = self.filled(column).filter(|cell| words(cell).len() > 1);
        self.may_be_names(column) && full.count() * 2 > filled
    }

    /// Returns true if a column has cells that are not blank.
    pub(super) fn has_cells(&self, column: usize) -> bool {
        self.filled(column).next().is_some()
    }

    /// Returns true if a column that chooses rows leaves one out; a `yes` `takes` a row, or the contrary.
    pub(super) fn leaves_rows_out(&self, column: usize, takes: bool) -> bool {
        let mut rows = self.rows.iter();
        self.has_cells(column) && rows.any(|row| leaves_row_out(text(row, column), takes))
    }

    /// Returns true if a column has cells, and each is of digits alone.
    pub(super) fn has_only_digits(&self, column: usize) -> bool {
        self.has_cells(column) && self.filled(column).all(all_digits)
    }

    /// Returns true if some rows have a text in a column and in one of two `parts`, and none has a word of both.
    pub(super) fn share_no_word(&self, whole: usize, parts: [usize; 2]) -> bool {
        let mut rows = 0;
        let shares = |row: &Vec<String>| {
            let own: HashSet<String> = words(text(row, whole)).into_iter().map(plain).collect();
            let of_parts = parts.iter().flat_map(|part| words(text(row, *part)));
            let of_parts: HashSet<String> = of_parts.map(plain).collect();
            rows += usize::from(!own.is_empty() && !of_parts.is_empty());
            !own.is_disjoint(&of_parts)
        };
        let share = self.rows.iter().any(shares);
        !share && rows > 0
    }

    /// Returns true if a cell is 0 or 1.
    pub(super) fn has_bits(&self, column: usize) -> bool {
        self.filled(column).any(|cell| ["0", "1"].contains(&cell))
    }

    /// Returns true if two columns have the same cells in every row of the sheet, and are not blank.
    pub(super) fn are_one(&self, one: usize, other: usize) -> bool {
        self.is_whole && self.has_cells(one) && self.are_equal(one, other)
    }

    /// Returns true if two columns have the same cells.
    pub(super) fn are_equal(&self, one: usize, other: usize) -> bool {
        self.rows.iter().all(|row| row.get(one) == row.get(other))
    }

    /// Returns true if the cells of a column are all plain numbers of so few digits that they may be extensions.
    pub(super) fn are_short_numbers(&self, column: usize) -> bool {
        let is_short = |cell: &str| cell.len() < SHORT_DIGITS_MAX && all_digits(cell);
        self.may_be_numbers(column) && self.filled(column).all(is_short)
    }

    /// Returns true if e-mail addresses have the names of those whom the column `other` names, in most rows, and in none
    /// those of the row's `names`.
    pub(super) fn is_of_other(&self, column: usize, other: usize, names: &[usize]) -> bool {
        let rows = self.filled(column).count();
        let (own, others) = self.names_in_addresses(column, other, names);
        own == 0 && others > 0 && others * 2 >= rows
    }

    /// Returns true if some cell has a digit.
    pub(super) fn has_digits(&self, column: usize) -> bool {
        self.filled(column)
            .any(|cell| cell.contains(|c: char| c.is_ascii_digit()))
    }

    /// Returns true if the cells count rows: 1, 2, 3 …, in any order; a few may be missing.
    pub(super) fn counts_rows(&self, column: usize) -> bool {
        let filled = self.filled(column).count();
        let is_plain = |cell: &&str| *cell == "0" || !cell.starts_with(['0', '+']);
        let counts = self.filled(column).filter(is_plain);
        let counts: HashSet<usize> = counts.filter_map(|cell| cell.parse().ok()).collect();
        let most = filled + filled / 4 + 1;
        let low = counts.iter().filter(|count| **count <= most).count();
        low > 0 && low * 10 >= filled * 9
    }

    /// Returns true if nearly all cells are plain numbers of so few digits that they may be extensions, each a different
    /// one, and most of them not the number that the row has in `key`.
    pub(super) fn is_other_number(&self, column: usize, key: usize) -> bool {
        let is_short =
            |cell: &str| cell.len() <= SHORT_DIGITS_MAX && cell.bytes().all(|c| c.is_ascii_digit());
        let filled = self.filled(column).count();
        let short = self.filled(column).filter(|cell| is_short(cell)).count();
        let differs = |row: &&Vec<String>| {
            let other = row
                .get(column)
                .filter(|cell| is_short(cell) && !cell.is_empty());
            other.is_some() && other != row.get(key)
        };
        let others = self.rows.iter().filter(differs).count();
        self.may_be_numbers(column) && short * 10 >= filled * 9 && others * 2 > filled
    }

    /// Returns true if a column has cells, and each is a name with the number that the row has in `key`: `Ann Berg <101>`.
    pub(super) fn names_own_number(&self, column: usize, key: usize) -> bool {
        let is_own = |row: &Vec<String>| {
            let cell = text(row, column);
            let inner = cell
                .strip_suffix('>')
                .and_then(|open| open.rsplit_once('<'));
            cell.is_empty() || inner.is_some_and(|(_, number)| number.trim() == text(row, key))
        };
        self.has_cells(column) && self.rows.iter().all(is_own)
    }

    /// Returns true if a column has cells, and each names something that has accounts of its own.
    pub(super) fn names_other_accounts(&self, column: usize) -> bool {
        let is_other = |cell: &str| around_words().is_other_account(cell);
        self.has_cells(column) && self.filled(column).all(is_other)
    }

    /// Returns true if a row has a cell in a column and none in `other`.
    pub(super) fn is_filled_without(&self, column: usize, other: usize) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|row| !text(row, column).is_empty() && text(row, other).is_empty())
    }

    /// Returns true if no cell of a column has a comma.
    pub(super) fn has_no_comma(&self, column: usize) -> bool {
        self.filled(column).all(|cell| !cell.contains(','))
    }

    /// Compares the names in one column with the part of them in another.
    pub(super) fn compare_names(&self, whole: usize, part: usize) -> NameColumns {
        let cell = |row: &[String], column: usize| {
            row.get(column)
                .map_or(String::new(), |cell| cell.to_lowercase())
        };
        let (mut rows, mut with_part, mut long) = (0, 0, 0);
        for row in &self.rows {
            let (whole, part) = (cell(row, whole), cell(row, part));
            let (whole, part): (Vec<&str>, Vec<&str>) = (words(&whole), words(&part));
            if whole.is_empty() || part.is_empty() {
                continue;
            }
            rows += 1;
            if whole.len() > part.len() && part.iter().all(|word| whole.contains(word)) {
                with_part += 1;
            } else if whole
                .iter()
                .filter(|word| !dictionary().is_particle(word))
                .count()
                > 1
            {
                long += 1;
            }
        }
        if with_part == 0 && long * 5 <= rows {
            NameColumns::Parts
        } else if with_part * 10 >= rows * 9 {
            NameColumns::Whole
        } else {
            NameColumns::Unclear
        }
    }
}

/// The names in a column that has a column with one part of them beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameColumns {
    /// The other part.
    Parts,
    /// The whole name.
    Whole,
    /// Now the one, now the other.
    Unclear,
}

/// The words of a name.
fn words(name: &str) -> Vec<&str> {
    let words = name.split(|c: char| c == ',' || c.is_whitespace());
    words.filter(|word| !word.is_empty()).collect()
}

/// Returns true if a cell is a number that may be dialled, with the signs that people write between its digits; no date
/// is one.
fn is_number(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let is_known = |c: char| c.is_ascii_digit() || " +-/()\u{a0}".contains(c);
    let parts: Vec<&str> = cell.split(['-', '/']).collect();
    let is_year = |part: &&str| part.len() == 4 && part.starts_with(['1', '2']);
    let is_date = parts.len() == 3
        && parts.iter().any(is_year)
        && parts.iter().filter(|part| part.len() <= 2).count() == 2;
    (1..=15).contains(&digits) && cell.chars().all(is_known) && !is_date
}

/// The words of states that nobody knows, in a column that has such ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OtherWords {
    /// Other rows say that their account is off, or their person away.
    BesideOff,
    /// Other rows say that theirs is on, or some have a single letter, such as `A` and `T`.
    BesideOn,
    /// No row tells whether its account is on.
    Alone,
}

/// The text of a row's cell, blank where it has none.
fn text(row: &[String], column: usize) -> &str {
    row.get(column).map_or("", String::as_str)
}

/// Returns true if a cell of a column that chooses rows leaves its row out; a `yes` `takes` the row, or the contrary.
pub(super) fn leaves_row_out(cell: &str, takes: bool) -> bool {
    let cell = cell.trim();
    let is_mark = cell.eq_ignore_ascii_case("x");
    match takes {
        true => !is_mark && switch(cell) != Some("on"),
        false => !cell.is_empty() && !is_placeholder(cell) && switch(cell) != Some("off"),
    }
}

/// Returns true if a cell below a word for leavers is more than a `no`.
pub(super) fn names_leaver(cell: &str) -> bool {
    switch(cell) != Some("off") || state(cell).is_some()
}

/// Returns true if a cell says that a person has left or is away, or that an account is off: `inactive`, `left 2023`,
/// `on leave`.
pub(super) fn says_off(cell: &str) -> bool {
    is_told_off(cell) || is_away(cell)
}

/// Returns true if a cell says that a person has left, or that an account is off or no extension is to be made.
pub(super) fn is_told_off(cell: &str) -> bool {
    let is_off = |text: &str| state(text) == Some("off");
    let mut of_words = words(cell).into_iter();
    // `inactive since 2023`.
    let is_begun = of_words.next().is_some_and(is_off)
        && of_words
            .all(|word| !word.contains(char::is_alphabetic) || dictionary().is_beside_it(word));
    is_off(cell) || is_begun || dictionary().is_not_meant(cell)
}

/// Returns true if a cell says that its row may stay.
fn may_stay(cell: &str) -> bool {
    decision(cell, false) == Some(DeletionWord::MayStay)
}

/// Returns the part of a cell in the decision on its row; `None` where it has none. Of a note, words alone count.
fn decision(cell: &str, is_note: bool) -> Option<DeletionWord> {
    if is_note {
        return dictionary().decision(cell);
    }
    let is_date = cell.split_whitespace().any(is_date);
    let is_switch = switch(cell).is_some() && !["0", "1"].contains(&cell);
    match is_date || is_switch {
        true => Some(DeletionWord::MayStay),
        false => dictionary().decision(cell),
    }
}

/// Returns true for words that say that a row may stay, and are no name: not all of them begin with a capital letter, or
/// they are, or have at an end, what a column of such marks is called, have a phrase of such words, or name a line for
/// emergencies.
pub(super) fn is_remark_to_stay(cell: &str) -> bool {
    let is_small = |word: &str| {
        word.starts_with(char::is_lowercase) && !dictionary().is_particle(&word.to_lowercase())
    };
    let is_told = || {
        dictionary().decision(cell) == Some(DeletionWord::MayStay)
            && (words(cell).into_iter().any(is_small)
                || dictionary().common(cell) == Some(Common::Keep))
    };
    is_told() || dictionary().says_to_keep(cell) || dictionary().names_emergency(cell)
}

/// Returns true if a word is a date: day, month and year in any order, or month and year.
fn is_date(word: &str) -> bool {
    let parts = word.split(['.', '-', '/']).filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.collect();
    let number = |part: &&str| part.parse::<u16>().ok().filter(|_| part.len() <= 4);
    let Some(numbers) = parts.iter().map(number).collect::<Option<Vec<u16>>>() else {
        return false;
    };
    let is_year = |number: &u16| (1990..2100).contains(number);
    let are_small = numbers
        .iter()
        .filter(|number| (1..=31).contains(*number))
        .count();
    match numbers.len() {
        2 => are_small == 1 && numbers.iter().any(is_year),
        3 => are_small == 3 || are_small == 2 && numbers.iter().any(|n| is_year(n) || *n < 100),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(column: &str) -> Sample {
        let cells = column.split(',');
        Sample::of_rows(cells.map(|cell| vec![cell.to_owned()]).collect())
    }

    #[test]
    fn a_column_counts_rows_from_one_in_any_order_and_extensions_do_not() {
        for (cells, counts) in [
            ("1,2,3", true),
            ("1", true),
            ("0,1,2", true),
            ("3,1,2", true),
            ("1,2,4,5,6,7,8,9,10", true),
            ("1,2,,4", true),
            ("2001,2002", false),
            ("01,02,03", false),
            ("10,11,12", false),
            ("101,1,102,103", false),
            ("", false),
            ("Ann,Bo", false),
        ] {
            assert_eq!(sample(cells).counts_rows(0), counts, "{cells}");
        }
    }

    #[test]
    fn the_first_column_numbers_the_rows_in_any_order_where_every_row_has_a_number() {
        let sample = |rows: &[&str]| {
            let cells = |row: &&str| row.split(';').map(str::to_owned).collect();
            Sample::of_rows(rows.iter().map(cells).collect())
        };
        for (rows, numbers, every) in [
            (&["7;a", "11;b", "16;c"][..], true, true),
            (&["1555;a", "690;b", "3;c"], true, true),
            (&["0;a", "1;b", "0;c"], true, true),
            (&["1;a", ";b", "2;c"], true, false),
            (&["7;a", ";b", "9;c"], false, false),
            (&["07;a", "08;b"], false, false),
            (&["x;a", "2;b"], false, false),
        ] {
            let found = [false, true].map(|all| sample(rows).numbers_rows(0, all));
            assert_eq!(found, [numbers, every], "{rows:?}");
        }
        // Elsewhere only what counts.
        let second = sample(&["a;7", "b;11"]);
        assert!(!second.numbers_rows(1, false) && sample(&["a;1", "b;2"]).numbers_rows(1, true));
    }

    #[test]
    fn a_remark_in_the_place_of_a_name_is_no_name() {
        for (cell, is_remark) in [
            ("bleibt erstmal", true),
            ("Bleibt erstmal", true),
            ("nicht löschen!", true),
            ("KEEP", true),
            ("still used", true),
            ("Aufzug NICHT LÖSCHEN", true),
            ("LIFT DO NOT DELETE", true),
            ("Lift Don't Delete", true),
            ("Eva Meier BLEIBT", true),
            ("Bleibt: Anna Berg", true),
            ("No Borrar Ascensor", true),
            ("nie usuwać winda", true),
            ("silmeyin asansör", true),
            ("Notruf Aufzug", true),
            ("Aufzugnotruf Haus B", true),
            ("Emergency Phone", true),
            ("Urgence Ascenseur", true),
            ("Emergencia Ascensor", true),
            ("Emergenza", true),
            ("Noodtelefoon Lobby", true),
            ("Telefone de Emergência", true),
            ("Telefon Alarmowy", true),
            ("Acil Asansör", true),
            ("SOS Lobby", true),
            ("Alarmistan", false),
            ("Ascensión Ruiz", false),
            ("Anna Keep Meier", false),
            ("Anna Still", false),
            ("Hala", false),
            ("Not van der Berg", false),
            ("anna berg", false),
            ("", false),
        ] {
            assert_eq!(is_remark_to_stay(cell), is_remark, "{cell}");
        }
    }

    #[test]
    fn names_beside_a_given_name_are_whole_where_they_contain_it() {
        for (rows, names) in [
            (&["Ann;Muster", "Bo;van der Berg"][..], NameColumns::Parts),
            (&["Ann;Ann Muster", "Bo;Berg, Bo"], NameColumns::Whole),
            (&["Ann Sophie;Ann Sophie Muster"], NameColumns::Whole),
            (&["Martin;Martin", "Bo;Berg"], NameColumns::Parts),
            (&["Ann;Ann Muster", "Bo;Berg"], NameColumns::Unclear),
            (
                &["Bob;Robert Smith", "Ann;Anna Muster"],
                NameColumns::Unclear,
            ),
            (&[";Ann Muster", "Bo;"], NameColumns::Parts),
        ] {
            let cells = |row: &&str| row.split(';').map(str::to_owned).collect();
            let sample = Sample::of_rows(rows.iter().map(cells).collect());
            assert_eq!(sample.compare_names(1, 0), names, "{rows:?}");
        }
    }

    #[test]
    fn numbers_are_dialled_differ_and_are_no_dates() {
        for (cells, numbers) in [
            ("2001,2002,2003", true),
            ("+49 30 1234-2001,+49 30 1234-2002", true),
            ("2001,2002,2003,2004,n. v.", true),
            ("2001,2002,offen", false),
            ("4711,4711,4711,4711,4711", false),
            ("2024-01-05,2024-02-06", false),
            ("5/1/2024,6/2/2024", false),
            ("Raum 2,Raum 3", false),
            ("", false),
        ] {
            assert_eq!(sample(cells).may_be_numbers(0), numbers, "{cells}");
        }
    }

    #[test]
    fn a_cell_decides_by_its_words_its_mark_or_its_date() {
        for (cell, expected) in [
            ("KEEP - still in use", Some(DeletionWord::MayStay)),
            ("do not delete", Some(DeletionWord::MayStay)),
            ("bleibt", Some(DeletionWord::MayStay)),
            ("nicht löschen", Some(DeletionWord::MayStay)),
            ("garder", Some(DeletionWord::MayStay)),
            ("kalsın", Some(DeletionWord::MayStay)),
            ("zostaje", Some(DeletionWord::MayStay)),
            ("ja", Some(DeletionWord::MayStay)),
            ("N", Some(DeletionWord::MayStay)),
            ("x", Some(DeletionWord::MayStay)),
            ("31.12.2026", Some(DeletionWord::MayStay)),
            ("bis 12/2026", Some(DeletionWord::MayStay)),
            ("2026-12-31 00:00:00", Some(DeletionWord::MayStay)),
            ("31/12/26", Some(DeletionWord::MayStay)),
            ("löschen", Some(DeletionWord::Goes)),
            ("weg", Some(DeletionWord::Goes)),
            ("Del", Some(DeletionWord::Goes)),
            ("Einkauf", None),
            ("Umzug", None),
            ("301", None),
            ("1", None),
            ("10.0.0.12", None),
            ("030-1234567", None),
            ("", None),
        ] {
            assert_eq!(decision(cell, false), expected, "{cell}");
        }
        assert_eq!(decision("31.12.2026", true), None);
        assert_eq!(
            decision("KEEP - still in use", true),
            Some(DeletionWord::MayStay)
        );
    }
}
