//! All rows of a run in memory: their cells, their wanted records, and their findings.

use super::headings::{FieldHeadings, sheet_key};
use super::named::name_in_flags;
use crate::check::{KeptContent, KeptRow, check_kept};
use crate::columns::{
    Binding, ReasonToStay, TableRows, doubt_below, leave_out_flag, may_say_who_stays, secrets_in,
};
use crate::manifest::{Manifest, Purpose};
use crate::mapping::kept_halves;
use crate::model::redact::{NOT_SHOWN, quoted};
use crate::model::{
    Action, Field, Finding, Outcome, Place, Record, RowResult, RuleId, Severity, SheetSecrets,
    Text, list_items, same_word,
};
use crate::rim::Failure;
use crate::rim::log::leave_out;
use crate::rules::{Checker, Country, Dialled, TAKE_ROW_OUT};
use crate::sheet::{Cells, Row, RowTrouble, Sheet, Stored, is_placeholder};
use crate::wire::{Listing, MAY_BE_INCOMPLETE};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// The most rows of one run.
pub(crate) const ROWS_MAX: usize = 1_000_000;

/// One row.
pub(crate) struct InputRow {
    /// Its place in the sheet.
    pub(crate) place: Place,
    /// The index of its sheet.
    pub(crate) sheet: usize,
    /// The wanted extension.
    pub(crate) wanted: Record,
    /// The reason that a column of its sheet keeps it out of a deletion.
    pub(crate) stays: Option<ReasonToStay>,
    /// True where somebody took it out of the sheet by hand: it is not checked and not sent.
    pub(crate) is_taken_out: bool,
    /// Its findings.
    pub(crate) findings: Vec<Finding>,
    text: Box<str>,
    ends: Box<[usize]>,
    stored: Box<[Stored]>,
    trouble: Option<RowTrouble>,
}

impl InputRow {
    fn from_row(
        row: Row<'_>,
        place: Place,
        sheet: usize,
        wanted: Record,
        stays: Option<ReasonToStay>,
    ) -> InputRow {
        let cells = (0..row.cells.len()).filter_map(|column| row.cells.get(column));
        let text: String = cells.clone().collect();
        let ends = cells.scan(0, |end, cell| {
            *end += cell.len();
            Some(*end)
        });
        InputRow {
            place,
            sheet,
            wanted,
            stays,
            is_taken_out: false,
            findings: vec![],
            ends: ends.collect(),
            stored: row.cells.all_stored().into(),
            text: text.into(),
            trouble: row.trouble,
        }
    }

    fn as_row(&self) -> Row<'_> {
        Row {
            index: 0,
            line: self.place.line,
            cell_breaks: self.place.cell_breaks,
            cells: self.cells(),
            trouble: self.trouble.clone(),
            bytes: 0..0,
        }
    }

    /// The cells as the sheet has them.
    pub(crate) fn cells(&self) -> Cells<'_> {
        Cells::stored_as(&self.text, &self.ends, &self.stored)
    }

    /// The number of its cells that are not blank.
    pub(super) fn filled(&self) -> usize {
        let cells = self.cells();
        let texts = (0..cells.len()).filter_map(|column| cells.get(column));
        texts.filter(|text| !text.trim().is_empty()).count()
    }

    /// Its text that may say that extensions stay, where it names no extension itself.
    fn remark_to_stay(&self) -> Option<&str> {
        let is_remark = !self.is_valid()
            && !self
                .wanted
                .number()
                .starts_with(|c: char| c.is_ascii_digit());
        let ends = std::iter::once(&0).chain(&self.ends).zip(&self.ends);
        let mut texts = ends.filter_map(|(start, end)| self.text.get(*start..*end));
        texts.find(|text| is_remark && may_say_who_stays(text))
    }

    /// Returns true if it may be a deletion.
    fn may_be_deleted(&self) -> bool {
        self.is_valid() && self.stays.is_none()
    }

    /// Returns true if it has no error, and nobody took it out.
    pub(crate) fn is_valid(&self) -> bool {
        !self.is_taken_out && !self.findings.iter().any(Finding::is_error)
    }
}

/// The extensions on the PBX, as far as rows are checked against them.
#[derive(Clone, Copy)]
pub(crate) struct OnPbx<'p> {
    /// Every number: a forward to another extension is an error, unless a row makes it.
    pub(crate) numbers: &'p BTreeSet<String>,
    /// The records that the rows change, where they may change any.
    pub(crate) records: Option<&'p BTreeMap<String, Record>>,
}

/// Finds a row that is no extension and has the sum of the other rows' numbers, two or more, in the place of its own.
fn find_total<'r>(rows: &[&'r InputRow]) -> Option<&'r InputRow> {
    let value = |row: &InputRow| row.wanted.number().parse::<u64>().ok().map(u128::from);
    let values = rows.iter().filter_map(|row| value(row));
    let (count, sum) = values.fold((0, 0), |(count, sum), value| (count + 1, sum + value));
    let is_sum = |row: &InputRow| count > 2 && value(row).is_some_and(|own| sum - own == own);
    let mut rows = rows.iter().copied();
    rows.find(|row| !row.is_valid() && is_sum(row))
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// A row of a sheet, with the meaning of its cells.
fn bound_row(
    row: Row<'_>,
    (index, sheet): (usize, &Sheet),
    binding: &Binding,
    manifest: &Manifest,
) -> InputRow {
    let wanted = binding.extension(&row.cells, manifest);
    let stays = binding.stays(&row.cells);
    let place = sheet.place(row.line, row.cell_breaks);
    InputRow::from_row(row, place, index, wanted, stays)
}

/// Rows without more than their key may be titles where at most one row in this number is of that kind.
const TITLES_SHARE: usize = 3;

/// The sheets of a run and all their rows, in input order.
#[derive(Default)]
pub(crate) struct InputRows {
    /// The sheets with the meaning of their headings.
    pub(crate) sheets: Vec<(Sheet, Binding)>,
    /// The rows.
    pub(crate) rows: Vec<InputRow>,
    /// The secrets of all rows.
    pub(crate) secrets: SheetSecrets,
    /// The country whose dialling rules apply to telephone numbers.
    country: Option<Country>,
    /// The command that prints every finding, where there is one.
    pub(super) check_all_command: Option<String>,
}

impl InputRows {
    fn new(sheets: Vec<(Sheet, Binding)>, rows: Vec<InputRow>) -> InputRows {
        let mut all = InputRows {
            sheets,
            rows,
            ..InputRows::default()
        };
        for row in &all.rows {
            let columns = &all.sheets[row.sheet].1.columns;
            let cells = row.cells();
            let (number, secrets) = secrets_in(columns, &cells);
            secrets.for_each(|secret| all.secrets.add(number, secret));
        }
        for row in &mut all.rows {
            row.wanted.hide(&all.secrets);
        }
        leave_out(|known| known.add_all(&all.secrets));
        all
    }

    /// Reads every row.
    ///
    /// # Errors
    /// Exit 2: an input that cannot be read, with its place; or more than [`ROWS_MAX`] rows.
    pub(crate) fn read(
        sheets: Vec<(Sheet, Binding)>,
        manifest: &Manifest,
    ) -> Result<InputRows, Failure> {
        let mut rows = vec![];
        for (index, (sheet, binding)) in sheets.iter().enumerate() {
            let mut table_rows = TableRows::default();
            for batch in sheet.batches() {
                batch?.rows(|row| {
                    table_rows.add_row(&row, binding, manifest);
                    rows.push(bound_row(row, (index, sheet), binding, manifest));
                })?;
                if rows.len() > ROWS_MAX {
                    return Err(Failure::usage(format!(
                        "the sheets hold more than {ROWS_MAX} rows"
                    ))
                    .hint("split them and import one part after the other"));
                }
            }
            table_rows.refuse_second_table(sheet)?;
        }
        Ok(InputRows::new(sheets, rows))
    }

    /// Reads the first rows, at least so many where there are so many; what all rows together show is not looked at.
    ///
    /// # Errors
    /// Exit 2: an input that cannot be read, with its place.
    #[cfg(feature = "page")]
    pub(crate) fn read_first(
        sheets: Vec<(Sheet, Binding)>,
        manifest: &Manifest,
        least: usize,
    ) -> Result<InputRows, Failure> {
        let mut rows: Vec<InputRow> = vec![];
        for (index, (sheet, binding)) in sheets.iter().enumerate() {
            let mut batches = sheet.batches();
            while rows.len() < least
                && let Some(batch) = batches.next()
            {
                batch?.rows(|row| rows.push(bound_row(row, (index, sheet), binding, manifest)))?;
            }
        }
        Ok(InputRows::new(sheets, rows))
    }

    /// The same rows, with telephone numbers as they are dialled in a country.
    pub(crate) fn in_country(self, country: Option<Country>) -> InputRows {
        InputRows { country, ..self }
    }

    /// The same rows, of which a command prints every finding.
    pub(crate) fn checked_by(self, command: String) -> InputRows {
        InputRows {
            check_all_command: Some(command),
            ..self
        }
    }

    /// Keeps the PBX's part of a name that a row does not give, where the vendor has one field for both parts. Returns the
    /// rows and fields where the PBX's name may be parted in several ways.
    pub(crate) fn keep_halves(
        &mut self,
        manifest: &Manifest,
        current: &BTreeMap<String, Record>,
    ) -> Vec<(usize, Field)> {
        let mut unclear = vec![];
        for (index, row) in self.rows.iter_mut().enumerate() {
            let Some(current) = current.get(row.wanted.number()) else {
                continue;
            };
            let Some((_, binding)) = self.sheets.get(row.sheet) else {
                continue;
            };
            let given = binding.all_fields(&row.cells(), manifest);
            for (field, name) in kept_halves(manifest, &given, current) {
                match name {
                    Some(name) => {
                        row.wanted.set(field, name);
                        row.wanted.hide(&self.secrets);
                    }
                    None => unclear.push((index, field)),
                }
            }
        }
        unclear
    }

    /// Refuses the rows that give one part of a name which the PBX holds in a form that may be parted in several ways.
    pub(crate) fn refuse_halves(&mut self, unclear: &[(usize, Field)], manifest: &Manifest) {
        let there = &manifest.vendor.name;
        for (index, field) in unclear {
            let row = &mut self.rows[*index];
            let binding = self.sheets.get(row.sheet).map(|(_, binding)| binding);
            let column = binding.and_then(|binding| binding.origin_of(*field));
            let message = format!(
                "{there} has one field for the whole name, the row gives one part of it, and the name on the PBX may be \
                 parted in several ways"
            );
            let hint = "give both first_name and last_name, or the whole name as display_name";
            let rule = RuleId::about(*field, "ambiguous");
            let finding = Finding::new(rule, Severity::Error, message);
            row.findings
                .push(finding.about(Some(*field), column).hint(hint));
        }
    }

    /// Returns the record of a row for an extension that does not exist yet: a field made of several others that would
    /// be empty is left out.
    pub(crate) fn wanted_anew(&self, index: usize) -> Record {
        let row = &self.rows[index];
        let mut wanted = row.wanted.clone();
        if let Some((_, binding)) = self.sheets.get(row.sheet) {
            let is_empty =
                |(field, text): &(Field, Text<'_>)| text.is_empty() && binding.makes(*field);
            for (field, _) in row.wanted.iter().filter(is_empty) {
                wanted.remove(field);
            }
        }
        wanted
    }

    /// Returns everything that a row gives, including the fields that the vendor lacks.
    pub(crate) fn all_fields(&self, index: usize, manifest: &Manifest) -> Record {
        let row = &self.rows[index];
        let sheet = self.sheets.get(row.sheet);
        sheet.map_or_else(Record::default, |(_, binding)| {
            binding.all_fields(&row.cells(), manifest)
        })
    }

    /// Reads a row as if it had one filled cell alone.
    pub(crate) fn read_alone(&self, row: &InputRow, column: usize, manifest: &Manifest) -> Record {
        let cells = row.cells();
        let text = cells.get(column).unwrap_or_default();
        let ends = (0..cells.len()).map(|at| if at < column { 0 } else { text.len() });
        let ends: Vec<usize> = ends.collect();
        let sheet = self.sheets.get(row.sheet);
        sheet.map_or_else(Record::default, |(_, binding)| {
            binding.extension(&Cells::new(text, &ends), manifest)
        })
    }

    /// Adds to each row what is wrong with it as a row, such as cells that are missing; for rows that are not checked.
    pub(crate) fn add_troubles(&mut self) {
        for row in &mut self.rows {
            let trouble = row.trouble.as_ref().map(RowTrouble::finding);
            row.findings.extend(trouble.cloned());
        }
    }

    /// Checks every row by the vendor's rules. `on_pbx` is the state of the PBX, where it is known.
    pub(crate) fn check(
        &mut self,
        manifest: &Manifest,
        purpose_of: impl Fn(&InputRow) -> Purpose,
        on_pbx: Option<OnPbx<'_>>,
    ) {
        let checkers: Vec<Checker<'_>> = self
            .sheets
            .iter()
            .map(|(_, binding)| Checker::new(manifest, binding).in_country(self.country))
            .collect();
        let kept = self.rows.iter().filter(|row| !row.is_taken_out);
        let kept = kept.map(|row| KeptRow {
            checker: &checkers[row.sheet],
            content: KeptContent::Row(row.as_row()),
            purpose: purpose_of(row),
            wanted: &row.wanted,
            current: on_pbx.and_then(|on_pbx| on_pbx.records?.get(row.wanted.number())),
            place: Some(&row.place),
        });
        let numbers = on_pbx.map(|on_pbx| on_pbx.numbers.iter().map(String::as_str));
        let found = check_kept(kept, numbers);
        let kept = self.rows.iter_mut().filter(|row| !row.is_taken_out);
        for (row, mut findings) in kept.zip(found) {
            for text in findings.iter_mut().flat_map(Finding::texts_mut) {
                if let Some(told) = row.wanted.left_out_of(text) {
                    *text = told;
                }
            }
            row.findings = findings;
        }
    }

    /// Checks the rows' keys alone by the vendor's rules: a mistake in the rest of a row does not keep an extension
    /// from being deleted.
    pub(crate) fn check_keys(&mut self, manifest: &Manifest) {
        self.check(manifest, |_| Purpose::Update, None);
        for row in &mut self.rows {
            let about_key = |finding: &Finding| finding.field.is_none_or(Field::is_key);
            row.findings.retain(about_key);
        }
    }

    /// Refuses the rows that have nothing but their key where nearly all others have more: a title between the rows of
    /// a sheet, such as a year, is no extension to delete. Returns the indices of all rows that may be titles: these, and
    /// those with one text alone, or one in the place of the number with another beside it.
    pub(crate) fn refuse_titles(&mut self, record: &str) -> BTreeSet<usize> {
        let mut titles: BTreeSet<usize> = (0..self.rows.len())
            .filter(|row| self.is_titled(&self.rows[*row]))
            .collect();
        for sheet in 0..self.sheets.len() {
            // A row whose extension stays deletes nothing, whatever it is.
            let is_bare = |row: &InputRow| row.stays.is_none() && row.filled() == 1;
            let of_sheet = self.rows.iter().filter(|row| row.sheet == sheet);
            let (all, bare) = of_sheet.fold((0, 0), |(all, bare), row| {
                (all + 1, bare + usize::from(is_bare(row)))
            });
            if bare * TITLES_SHARE > all {
                continue;
            }
            let of_sheet = self.rows.iter_mut().enumerate();
            let of_sheet = of_sheet.filter(|(_, row)| row.sheet == sheet);
            for (at, row) in of_sheet.filter(|(_, row)| row.is_valid() && is_bare(row)) {
                titles.insert(at);
                let message = format!(
                    "the row has nothing but this cell, and the other rows have more: it may be a title, and no {record} to \
                     delete"
                );
                let finding = Finding::new("row.title", Severity::Error, message);
                let hint = "take the row out, or write the name or a remark into it";
                row.findings.push(finding.hint(hint));
            }
        }
        titles
    }

    /// Returns true for a row of no record that has one text alone, or one in the place of the number with another beside
    /// it; the headings once more are none.
    fn is_titled(&self, row: &InputRow) -> bool {
        let number = row.wanted.number();
        let is_word =
            || !number.is_empty() && !number.contains(is_digit) && !is_placeholder(number);
        let heading = || {
            let (sheet, binding) = self.sheets.get(row.sheet)?;
            sheet.headings.get(binding.origin_of(Field::NUMBER)?)
        };
        let is_heading = || heading().is_some_and(|heading| same_word(heading, number));
        let is_alone = || match row.filled() {
            1 => true,
            2 => is_word(),
            _ => false,
        };
        row.stays.is_none()
            && !row.is_valid()
            && !number.starts_with(is_digit)
            && is_alone()
            && !is_heading()
    }

    /// Refuses a deletion with a filled cell in a column without heading: it may be a mark for the rows that go, or for
    /// those that stay.
    ///
    /// # Errors
    /// Exit 2, naming the cell.
    pub(crate) fn refuse_cells_without_heading(&self) -> Result<(), Failure> {
        let trouble = self.rows.iter().find_map(|row| match &row.trouble {
            Some(RowTrouble::CellWithoutHeading { finding, .. }) => Some((row, finding)),
            _ => None,
        });
        let Some((row, finding)) = trouble else {
            return Ok(());
        };
        let message = format!(
            "{}: {}. It may say which rows stay, so nothing was deleted",
            row.place, finding.message
        );
        let hint =
            "leave the column out if it says nothing of the kind, else keep only the rows that go";
        Err(Failure::usage(message).hint(hint))
    }

    /// Refuses a deletion whose rows are divided by a title: the rows on one side of it may be meant to stay. A remark that
    /// says so, wherever it stands, and a legend among the rows are refused too.
    ///
    /// # Errors
    /// Exit 2, naming the row, and the numbers above and below it.
    pub(crate) fn refuse_divided(&self, titles: &BTreeSet<usize>) -> Result<(), Failure> {
        for sheet in 0..self.sheets.len() {
            let of_sheet = self.rows.iter().enumerate();
            let (indices, of_sheet): (Vec<usize>, Vec<&InputRow>) =
                of_sheet.filter(|(_, row)| row.sheet == sheet).unzip();
            let last = of_sheet.iter().rposition(|row| row.may_be_deleted());
            let until_last = indices.get(..last.unwrap_or_default()).unwrap_or_default();
            if let Some(at) = until_last.iter().position(|row| titles.contains(row))
                && let Some((above, [title, below @ ..])) = of_sheet.split_at_checked(at)
            {
                let numbers = |rows: &[&InputRow]| {
                    let all: Vec<&InputRow> = rows
                        .iter()
                        .copied()
                        .filter(|row| row.may_be_deleted())
                        .collect();
                    match all.as_slice() {
                        [] => "none".to_owned(),
                        [one] => one.wanted.number().to_owned(),
                        [first, .., last] => {
                            format!("from {} to {}", first.wanted.number(), last.wanted.number())
                        }
                    }
                };
                let message = format!(
                    "{}: the row may be a title, and what holds for the rows above it ({}) may not hold for those below it \
                     ({}), so nothing was deleted",
                    title.place,
                    numbers(above),
                    numbers(below)
                );
                let hint = "take the row out if all are to be deleted, else take out also the rows that stay";
                return Err(Failure::usage(message).hint(hint));
            }
            self.refuse_doubtful(sheet, &of_sheet)?;
            let going = || of_sheet.iter().filter(|row| row.may_be_deleted());
            let dialled = Dialled::among(going().map(|row| row.wanted.number()));
            if let Some(row) = going().find(|row| dialled.is_unlike_others(row.wanted.number())) {
                let message = format!(
                    "{}: the row may explain what is dialled, for the number {} is unlike the others, so nothing was deleted",
                    row.place,
                    quoted(row.wanted.number())
                );
                return Err(Failure::usage(message).hint(TAKE_ROW_OUT));
            }
        }
        Ok(())
    }

    /// Refuses a deletion of a sheet's rows with a remark that extensions stay, or with a total that shows that the column of
    /// the number counts something.
    fn refuse_doubtful(&self, sheet: usize, of_sheet: &[&InputRow]) -> Result<(), Failure> {
        let going = || of_sheet.iter().filter(|row| row.may_be_deleted());
        let remark = of_sheet
            .iter()
            .find_map(|row| Some((row, row.remark_to_stay()?)));
        if let (Some((row, remark)), Some(_)) = (remark, going().next()) {
            let message = format!(
                "{}: {} may say that extensions stay, so nothing was deleted",
                row.place,
                quoted(remark)
            );
            let hint = "take the row out if all others are to be deleted, else take out also the rows that stay";
            return Err(Failure::usage(message).hint(hint));
        }
        if let Some((of_rows, binding)) = self.sheets.get(sheet)
            && let Some((row, column)) =
                going().find_map(|row| Some((row, binding.remark_to_stay(&row.cells())?)))
        {
            let name = binding
                .columns
                .get(column)
                .map_or("", |reading| &reading.in_flag);
            let message = format!(
                "{}: cell {} has a remark that the extension may stay, and the row would be deleted, so nothing was",
                row.place,
                row.place.cell(column)
            );
            let hint = format!(
                "take the row out if the extension stays; if it does not say so, {} leaves the column out",
                leave_out_flag(
                    name,
                    name_in_flags(of_rows, self.sheets.len() == 1).as_deref()
                )
            );
            return Err(Failure::usage(message).hint(hint));
        }
        if let Some(total) = find_total(of_sheet) {
            let message = format!(
                "{}: {} is the sum of the numbers above it, so the column may count something, and its cells may be no \
                 extensions: nothing was deleted",
                total.place,
                quoted(total.wanted.number())
            );
            let hint = "take the row out if the others are the extensions to delete, or say with --map which column has \
                        their numbers";
            return Err(Failure::usage(message).hint(hint));
        }
        Ok(())
    }

    /// Refuses rows below a title among them which may say that no extensions are to be made of those, or that theirs are
    /// off.
    ///
    /// # Errors
    /// Exit 2, naming the title.
    pub(crate) fn refuse_below_titles(&self) -> Result<(), Failure> {
        let is_told = self.have_column(Field::ENABLED);
        // A group may be called so.
        let has_numbers = self.have_column(Field::NUMBER);
        let titles = self.rows.iter().enumerate();
        let mut titles = titles.filter_map(|(at, row)| {
            let is_alone =
                || has_numbers && row.filled() == 1 && !row.wanted.number().starts_with(is_digit);
            if row.is_taken_out || !self.is_titled(row) && !is_alone() {
                return None;
            }
            let cells = row.cells();
            let mut texts = (0..cells.len()).filter_map(|column| cells.get(column));
            let text = texts.find(|text| !text.trim().is_empty())?;
            let doubt = doubt_below(text, is_told)?;
            Some((at, row, text.to_owned(), doubt))
        });
        let is_followed = |(at, title, ..): &(usize, &InputRow, String, &str)| {
            let mut below = self.rows[*at..].iter().skip(1);
            below.any(|row| row.sheet == title.sheet && row.is_valid())
        };
        let Some((_, title, text, doubt)) = titles.find(is_followed) else {
            return Ok(());
        };
        let message = format!(
            "{}: {} may say {doubt}, so nothing is sent",
            title.place,
            quoted(text.trim())
        );
        let hint = "take out the rows that are not meant; if all are, take this row out";
        Err(Failure::usage(message).hint(hint))
    }

    /// Returns true if a column of a sheet is read as this field.
    pub(crate) fn have_column(&self, field: Field) -> bool {
        let mut sheets = self.sheets.iter();
        sheets.any(|(_, binding)| binding.column_of(field).is_some())
    }

    /// Returns true if any row has a value for this field.
    pub(crate) fn have_value(&self, field: Field) -> bool {
        let has = |row: &InputRow| row.wanted.get(field).is_some_and(|text| !text.is_empty());
        let mut rows = self.rows.iter();
        rows.any(|row| !row.is_taken_out && has(row))
    }

    /// Refuses the rows whose groups have the same name as others.
    pub(crate) fn refuse_ambiguous(&mut self, ambiguous: &BTreeSet<String>) {
        self.flag_field(Field::GROUP_NAME, |name| {
            ambiguous.contains(name).then(|| {
                let message = format!("the PBX has more than one group called {}", quoted(name));
                let hint = "rename one of them in the PBX's console";
                (Severity::Error, "ambiguous", message, hint)
            })
        });
    }

    /// Checks the members of groups against the extensions on the PBX.
    pub(crate) fn check_members(&mut self, there: &Listing) {
        let known: BTreeSet<&str> = there.numbers.iter().map(String::as_str).collect();
        self.flag_field(Field::GROUP_MEMBERS, |members| {
            let strangers: Vec<String> = list_items(members)
                .filter(|item| !known.contains(item))
                .map(quoted)
                .collect();
            let strangers = Some(strangers.join(", ")).filter(|words| !words.is_empty())?;
            let name = Field::GROUP_MEMBERS.name();
            Some(if there.complete {
                let message = format!("{name}: the PBX has no extension {strangers}");
                let hint = "correct the numbers, or import these extensions first";
                (Severity::Error, "unknown", message, hint)
            } else {
                let message = format!("{name}: {strangers} is not listed, but {MAY_BE_INCOMPLETE}");
                let hint = "make sure that the PBX has these extensions";
                (Severity::Warning, "unknown", message, hint)
            })
        });
    }

    /// Adds to each row the objection to its text for a field, where the text has no mistake in itself.
    fn flag_field(
        &mut self,
        field: Field,
        against: impl Fn(&str) -> Option<(Severity, &'static str, String, &'static str)>,
    ) {
        for row in &mut self.rows {
            let Some((severity, word, message, hint)) = row.wanted.text(field).and_then(&against)
            else {
                continue;
            };
            let is_wrong = |finding: &Finding| finding.is_error() && finding.field == Some(field);
            if row.findings.iter().any(is_wrong) {
                continue;
            }
            let binding = self.sheets.get(row.sheet).map(|(_, binding)| binding);
            let column = binding.and_then(|binding| binding.origin_of(field));
            let finding = Finding::new(RuleId::about(field, word), severity, message);
            row.findings
                .push(finding.about(Some(field), column).hint(hint));
        }
    }

    /// The numbers of all rows that nobody took out, as far as they could be read.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = &str> {
        let rows = self.rows.iter().filter(|row| !row.is_taken_out);
        rows.map(|row| row.wanted.number())
    }

    /// Calls every sheet by its file's name alone, because the folders are this machine's; files of one name are
    /// counted.
    pub(crate) fn forget_folders(&mut self) {
        let mut names: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        for (sheet, _) in &mut self.sheets {
            let file = sheet.file.clone();
            let taken = |name: &str| names.values().any(|known| &**known == name);
            let shown = names.get(&file).cloned().unwrap_or_else(|| {
                let last = Path::new(&*file).file_name().map_or_else(
                    || file.to_string(),
                    |name| name.to_string_lossy().into_owned(),
                );
                let mut name = last.clone();
                let mut count = 1;
                while taken(&name) {
                    count += 1;
                    name = format!("{last} ({count})");
                }
                name.into()
            });
            sheet.file = shown.clone();
            names.insert(file, shown);
        }
        for row in &mut self.rows {
            if let Some((sheet, _)) = self.sheets.get(row.sheet) {
                row.place.file = sheet.file.clone();
            }
        }
    }

    /// The text of the row's cell under this heading; `None` where its sheet has no such heading.
    pub(crate) fn cell(&self, index: usize, heading: &str) -> Option<&str> {
        let row = self.rows.get(index)?;
        let (sheet, _) = self.sheets.get(row.sheet)?;
        let column = sheet.headings.iter().position(|known| known == heading)?;
        row.cells().get(column)
    }

    /// Returns true if no row has an error.
    pub(crate) fn all_valid(&self) -> bool {
        self.rows.iter().all(InputRow::is_valid)
    }

    /// Returns true if any row has no error.
    pub(crate) fn any_valid(&self) -> bool {
        self.rows.iter().any(InputRow::is_valid)
    }

    /// Builds every row's line before the PBX was asked: invalid, or not sent.
    pub(crate) fn lines(&self) -> Vec<Outcome> {
        let line = |(index, row): (usize, &InputRow)| {
            let result = if row.is_valid() {
                RowResult::NotSent
            } else {
                RowResult::Invalid
            };
            self.outcome(index, Action::None, result)
        };
        self.rows.iter().enumerate().map(line).collect()
    }

    /// Everything that was read, in one text.
    pub(crate) fn hash_input(&self) -> Vec<u8> {
        let mut all = vec![];
        for cell in self.sheets.iter().flat_map(|(sheet, _)| &sheet.headings) {
            all.extend_from_slice(cell.as_bytes());
            all.push(0);
        }
        for row in &self.rows {
            for cell in (0..row.cells().len()).filter_map(|column| row.cells().get(column)) {
                all.extend_from_slice(cell.as_bytes());
                all.push(0);
            }
            all.push(b'\n');
        }
        all
    }

    /// The headings of the fields in each sheet.
    pub(crate) fn headings(&self) -> FieldHeadings {
        let mut headings = FieldHeadings::default();
        for (sheet, binding) in &self.sheets {
            let named = binding.origins().filter_map(|(field, column)| {
                Some((field.name().to_owned(), sheet.headings.get(column)?.clone()))
            });
            headings
                .0
                .insert(sheet_key(&sheet.place(0, 0)), named.collect());
        }
        headings
    }

    /// The outcome of a row, with its findings; that of one that was taken out is always the same.
    pub(crate) fn outcome(&self, index: usize, action: Action, result: RowResult) -> Outcome {
        let row = &self.rows[index];
        if row.is_taken_out {
            return self.taken_out(index, row);
        }
        let mut outcome = Outcome {
            row: Some(index as u64 + 1),
            place: Some(row.place.clone()),
            name: self.person(row),
            ..Outcome::new(action, result).numbered(row.wanted.number())
        };
        if result == RowResult::Invalid {
            outcome = outcome.shown_as(self.shown_number(row));
        }
        outcome.with_findings(row.findings.clone(), |finding| {
            self.heading(index, finding.field, finding.column)
        })
    }

    /// The outcome of a row that was taken out.
    fn taken_out(&self, index: usize, row: &InputRow) -> Outcome {
        Outcome {
            row: Some(index as u64 + 1),
            place: Some(row.place.clone()),
            number: self.shown_number(row),
            name: self.person(row),
            message: "somebody took the row out of the sheet by hand".to_owned(),
            ..Outcome::new(Action::None, RowResult::TakenOut)
        }
    }

    /// The number of a row as it is shown while nothing is sent for it.
    pub(crate) fn shown_number(&self, row: &InputRow) -> String {
        let (_, binding) = &self.sheets[row.sheet];
        binding.shown_number(&row.cells(), row.wanted.number())
    }

    /// The name of a row's person, as it is written in the sheet.
    fn person(&self, row: &InputRow) -> String {
        let sheet = self.sheets.get(row.sheet);
        let name = sheet.map_or_else(String::new, |(_, binding)| binding.person(&row.cells()));
        match self.secrets.are_in_open(&name) {
            true => NOT_SHOWN.to_owned(),
            false => name,
        }
    }

    /// Returns true if the headings of a sheet may be shown; where they look like data, one may be a password.
    #[cfg(feature = "page")]
    pub(crate) fn may_show_headings(&self, sheet: usize) -> bool {
        let sheet = self.sheets.get(sheet);
        let headings = sheet.map_or(&[][..], |(sheet, _)| sheet.headings.as_slice());
        !crate::columns::are_like_data(headings.iter().map(String::as_str))
    }

    /// The heading of a row's column or field as its sheet has it; empty where it has none.
    pub(crate) fn heading(
        &self,
        index: usize,
        field: Option<Field>,
        column: Option<usize>,
    ) -> String {
        let (sheet, binding) = &self.sheets[self.rows[index].sheet];
        let column = column.or_else(|| binding.origin_of(field?));
        column
            .and_then(|column| sheet.headings.get(column))
            .cloned()
            .unwrap_or_default()
    }
}
