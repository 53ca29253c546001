//! From headings to a binding, step by step.

use super::around::AroundRows;
use super::assemble::{assemble, column};
use super::binding::Binding;
use super::heading_row::HeadingRow;
use super::map::ColumnReading;
use super::meaning::Meanings;
use super::options::BindOptions;
use super::owner::{Owner, owner};
use super::questions::{ColumnError, Question};
use super::sample::Sample;
use super::{deletion, doubts, meant, neighbours, notes, single};
use crate::lang::word_in;
use crate::manifest::Manifest;
use crate::model::{Care, Language, Outcome};
use crate::sheet::Sheet;
use std::collections::BTreeMap;

impl Binding {
    /// Understands the columns of a sheet that goes to the vendor `target`: by its headings, and where those are not
    /// enough, by its first cells.
    ///
    /// # Errors
    /// Columns that cannot be used, and all open questions: see [`ColumnError`].
    pub fn bind_sheet(
        sheet: &Sheet,
        target: &Manifest,
        vendors: &[&Manifest],
        options: &BindOptions,
    ) -> Result<Binding, ColumnError> {
        let sample = || Some(Sample::read(sheet, options.allowed.delete));
        let row = HeadingRow::new(&sheet.headings, &sheet.beside.above, sheet.header_row);
        let bound = bind(row.clone(), &sample, target, vendors, options);
        let mut questions = deletion::about_sheet(sheet, options);
        questions.extend(meant::about_sheet(sheet, options));
        let around = AroundRows {
            sheet,
            target,
            options,
            columns: columns_of(&bound),
            row: &row,
        };
        questions.extend(around.questions());
        let unread = around.unread_members();
        let mut binding = match questions {
            questions if questions.is_empty() => bound?,
            questions => return Err(with_questions(bound, questions)),
        };
        binding.notes.extend(unread);
        // A text file has its numbers as they were typed.
        if let Some(sample) = sheet.sheet.as_ref().and_then(|_| sample()) {
            let digits = binding
                .origins()
                .filter(|(field, _)| field.def().care == Care::Digits);
            let usual = digits.filter_map(|(field, at)| Some((field, sample.usual_digits(at)?)));
            binding.usual_digits = usual.collect();
        }
        Ok(binding)
    }

    /// Understands headings of which no cells are known.
    ///
    /// # Errors
    /// See [`Binding::bind_sheet`].
    pub fn bind(
        headings: &[String],
        target: &Manifest,
        vendors: &[&Manifest],
        options: &BindOptions,
    ) -> Result<Binding, ColumnError> {
        let row = HeadingRow::new(headings, &[], None);
        bind(row, &|| None, target, vendors, options)
    }
}

/// The columns as far as they were understood.
fn columns_of(bound: &Result<Binding, ColumnError>) -> &[ColumnReading] {
    match bound {
        Ok(Binding { columns, .. }) | Err(ColumnError::Unanswered { columns, .. }) => columns,
        Err(_) => &[],
    }
}

/// The error of a sheet with questions of its own, beside those about its columns.
fn with_questions(
    bound: Result<Binding, ColumnError>,
    mut questions: Vec<Question>,
) -> ColumnError {
    let columns = match bound {
        Ok(binding) => binding.columns,
        Err(ColumnError::Unanswered {
            questions: others,
            columns,
        }) => {
            questions.extend(others);
            columns
        }
        Err(error) => return error,
    };
    ColumnError::Unanswered { questions, columns }
}

/// Returns true for the headings of a report, in any language, by those that no sheet of extensions has all of.
fn is_report(headings: &[String]) -> bool {
    let has = |own: &str| headings.iter().any(|heading| heading == own);
    let own = [
        Outcome::ELAPSED,
        Outcome::FINISHED,
        Outcome::PLACE,
        Outcome::RESULT,
    ];
    Language::ALL
        .into_iter()
        .any(|language| own.iter().all(|heading| has(&word_in(heading, language))))
}

/// Understands the headings of a sheet.
pub(super) fn bind(
    row: HeadingRow<'_>,
    read_sample: &dyn Fn() -> Option<Sample>,
    target: &Manifest,
    vendors: &[&Manifest],
    options: &BindOptions,
) -> Result<Binding, ColumnError> {
    let headings = row.headings;
    if options.map.is_empty() && is_report(headings) {
        return Err(ColumnError::Report);
    }
    let mapped = single::mapped(&row, options)?;
    let (owner, question) = match owner(headings, target, vendors, options) {
        Ok(owner) => (owner, None),
        Err(question) => (Owner::unknown(target), Some(question)),
    };
    let mut all = Meanings::new(row, target, vendors, options, owner, read_sample);
    all.questions.extend(question);
    single::understand(&mut all, &mapped);
    neighbours::decide(&mut all);
    doubts::ask(&mut all)?;
    let columns = all.columns().map(|at| column(&all, at));
    let columns: Vec<ColumnReading> = columns.collect();
    if !all.questions.is_empty() {
        return Err(ColumnError::Unanswered {
            questions: all.questions,
            columns,
        });
    }
    let (read, reading) = assemble(&all);
    Ok(Binding {
        columns,
        is_foreign: notes::foreign_evidence(&all).is_some(),
        notes: notes::notes(&all),
        read,
        unread: all.columns_where(|meaning| meaning.is_unread() || meaning.is_lost()),
        personal: all.personal(),
        usual_digits: BTreeMap::new(),
        nameless: all
            .columns()
            .filter(|column| all.is_nameless(*column))
            .collect(),
        reading: reading.into(),
    })
}
