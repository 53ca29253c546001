//! Findings as they fit on a screen: errors are never left out for the sake of warnings.

use super::findings::{FindingGroup, FindingSummary, message, subject};
use super::labels::{column_in_message, with_labels};
use crate::lang::in_language;
use crate::model::{Language, Severity, counted, with_hint};
use std::collections::BTreeSet;

/// The number of cells that are named for each cause.
const CELLS_SHOWN_MAX: usize = 3;

/// The number of causes of warnings that are shown before errors lose their next steps.
const WARNINGS_SHOWN_MIN: usize = 3;

/// The columns whose causes are left out and that are named.
const COLUMNS_NAMED_MAX: usize = 6;

/// A cause of a sheet, with all columns that have it.
struct ScreenCause {
    severity: Severity,
    /// The sheet, where there are several.
    sheet: String,
    columns: Vec<String>,
    /// The columns as a message names them.
    subjects: Vec<String>,
    cells: Vec<String>,
    is_of_rows: bool,
    count: u64,
    message: String,
    hint: String,
}

/// The parts of the causes that are shown.
#[derive(Clone, Copy)]
struct ScreenCut {
    /// True to show warnings and notes with their next steps, on as many lines as they need.
    whole_warnings: bool,
    /// True to show them on one line each.
    short_warnings: bool,
    warnings: usize,
    /// True to show errors on one line each.
    short_errors: bool,
    /// The errors that are shown with their next steps.
    hinted: usize,
    errors: usize,
}

impl FindingSummary {
    /// Builds the lines of all causes, as far as they fit on a screen of so many columns: first warnings and notes are
    /// shortened, then all but the most frequent are counted; errors lose their next steps, and are counted by column
    /// only if they still do not fit.
    pub(crate) fn fitting(
        &self,
        language: Language,
        columns: usize,
        fits: impl Fn(&[String]) -> bool,
    ) -> Vec<String> {
        let causes = self.screen_causes(language);
        let is_error = |cause: &&ScreenCause| cause.severity == Severity::Error;
        let (mut errors, mut others): (Vec<&ScreenCause>, Vec<&ScreenCause>) =
            causes.iter().partition(is_error);
        errors.sort_by_key(|cause| std::cmp::Reverse(cause.count));
        others.sort_by_key(|cause| std::cmp::Reverse((cause.severity, cause.count)));
        let mut lines = vec![];
        for cut in cuts(errors.len(), others.len()) {
            lines = shown(&errors, &others, cut, columns, language);
            if fits(&lines) {
                break;
            }
        }
        lines
    }

    /// The causes, those of several columns together that say the same.
    fn screen_causes(&self, language: Language) -> Vec<ScreenCause> {
        let several = self.has_several_sheets();
        let mut causes: Vec<ScreenCause> = vec![];
        for group in self.groups() {
            let next = ScreenCause::new(group, several, language);
            let is_same = |cause: &&mut ScreenCause| cause.says_the_same(&next);
            match causes.iter_mut().find(is_same) {
                Some(cause) => cause.join(next),
                None => causes.push(next),
            }
        }
        causes
    }
}

impl ScreenCause {
    fn new(group: &FindingGroup, several: bool, language: Language) -> ScreenCause {
        let finding = &group.first;
        let labelled = |text: &str| match language {
            Language::English => text.to_owned(),
            Language::German => with_labels(text),
        };
        let sheet = match several {
            true => format!("{}: ", group.sheet()),
            false => String::new(),
        };
        let column = column_in_message(finding.field, &group.heading, language);
        ScreenCause {
            severity: finding.severity,
            sheet,
            columns: Vec::from_iter((!column.is_empty()).then_some(column)),
            subjects: vec![subject(finding, &group.heading, language, "")],
            cells: group.cells.clone(),
            is_of_rows: finding.column.is_none(),
            count: group.count,
            message: labelled(&message(finding, language)),
            hint: labelled(&in_language(&finding.hint, language)),
        }
    }

    /// Returns true for another column with the same message; errors keep their next steps whole.
    fn says_the_same(&self, other: &ScreenCause) -> bool {
        let is_step_kept = self.severity != Severity::Error || self.hint == other.hint;
        let same = |cause: &ScreenCause| (cause.severity, cause.is_of_rows);
        same(self) == same(other)
            && (&self.sheet, &self.message) == (&other.sheet, &other.message)
            && is_step_kept
    }

    /// Takes another column's cells. Of the next steps those stay that are the same.
    fn join(&mut self, other: ScreenCause) {
        self.columns.extend(other.columns);
        self.subjects.extend(other.subjects);
        self.cells.extend(other.cells);
        self.count += other.count;
        let parts: BTreeSet<&str> = other.hint.split("; ").collect();
        let same = self.hint.split("; ").filter(|part| parts.contains(part));
        self.hint = Vec::from_iter(same).join("; ");
    }

    /// The cause with its cells, and with its next step if that is wanted.
    fn line(&self, has_hint: bool, language: Language) -> String {
        let named = self.cells.iter().take(CELLS_SHOWN_MAX);
        let mut cells = Vec::from_iter(named.map(String::as_str)).join(" ");
        if self.count > CELLS_SHOWN_MAX as u64 {
            cells.push_str(" …");
        }
        let place = match self.count {
            1 if !self.is_of_rows => cells,
            _ => format!("{} ({cells})", self.counted(language)),
        };
        let hint = if has_hint { &*self.hint } else { "" };
        self.at(&place, &with_hint(&self.message, hint), language)
    }

    /// The cause on one line of so many columns, without its cells.
    fn short_line(&self, columns: usize, language: Language) -> String {
        let place = match (self.count, self.cells.first()) {
            (1, Some(cell)) if !self.is_of_rows => cell.clone(),
            _ => self.counted(language),
        };
        shortened(self.at(&place, &self.message, language), columns)
    }

    fn counted(&self, language: Language) -> String {
        let noun = if self.is_of_rows { "row" } else { "cell" };
        in_language(&counted(self.count, noun), language).into_owned()
    }

    fn at(&self, place: &str, words: &str, language: Language) -> String {
        let word = in_language(self.severity.word(), language);
        let subjects = self.subjects.iter().map(String::as_str);
        let subjects = subjects.filter(|subject| !subject.is_empty());
        let at: Vec<&str> = subjects.chain([place]).collect();
        format!("{}{word} {}: {words}", self.sheet, at.join(", "))
    }
}

/// The cuts, from none to the deepest.
fn cuts(errors: usize, warnings: usize) -> impl Iterator<Item = ScreenCut> {
    let whole = ScreenCut {
        whole_warnings: true,
        short_warnings: false,
        warnings,
        short_errors: false,
        hinted: errors,
        errors,
    };
    let bare = ScreenCut {
        whole_warnings: false,
        ..whole
    };
    let short = ScreenCut {
        short_warnings: true,
        ..bare
    };
    let least = warnings.min(WARNINGS_SHOWN_MIN);
    let fewer = (least..=warnings).rev();
    let fewer = fewer.map(move |warnings| ScreenCut { warnings, ..short });
    let few = ScreenCut {
        warnings: least,
        ..short
    };
    let unhinted = (errors.min(1)..errors).rev();
    let unhinted = unhinted.map(move |hinted| ScreenCut { hinted, ..few });
    let first_hinted = ScreenCut {
        hinted: errors.min(1),
        ..few
    };
    let none = (0..least).rev().map(move |warnings| ScreenCut {
        warnings,
        ..first_hinted
    });
    let counted = (1..=errors).rev().map(move |errors| ScreenCut {
        warnings: 0,
        short_errors: true,
        errors,
        ..short
    });
    let cuts = [whole, bare].into_iter().chain(fewer).chain(unhinted);
    cuts.chain(none).chain(counted)
}

/// The lines of the causes, the most frequent first among `errors` and `others`; errors last, since the end stays in
/// sight.
fn shown(
    errors: &[&ScreenCause],
    others: &[&ScreenCause],
    cut: ScreenCut,
    columns: usize,
    language: Language,
) -> Vec<String> {
    let mut lines = vec![];
    let (warnings, left) = others.split_at(cut.warnings.min(others.len()));
    lines.extend(warnings.iter().rev().map(|cause| match cut.short_warnings {
        true => cause.short_line(columns, language),
        false => cause.line(cut.whole_warnings, language),
    }));
    lines.extend(rest(left, language));
    let (shown, left) = errors.split_at(cut.errors.min(errors.len()));
    lines.extend(rest(left, language));
    let shown = shown.iter().enumerate().rev();
    lines.extend(shown.map(|(index, cause)| match cut.short_errors {
        true => cause.short_line(columns, language),
        false => cause.line(index < cut.hinted, language),
    }));
    lines
}

/// Counts the findings that are left out; of errors it names the columns.
fn rest(left: &[&ScreenCause], language: Language) -> Option<String> {
    let first = left.first()?;
    let count: u64 = left.iter().map(|cause| cause.count).sum();
    if first.severity != Severity::Error {
        let words = format!(
            "… and {count} more warnings and notes: `rowcall check --all` prints every one"
        );
        return Some(in_language(&words, language).into_owned());
    }
    let columns = left.iter().flat_map(|cause| &cause.columns);
    let columns: BTreeSet<&str> = columns.map(String::as_str).collect();
    let mut named: Vec<&str> = columns.iter().copied().take(COLUMNS_NAMED_MAX).collect();
    if columns.len() > named.len() {
        named.push("…");
    }
    let words = format!("… and {count} more errors: `rowcall check --all` prints every one");
    let words = in_language(&words, language);
    Some(match named.as_slice() {
        [] => words.into_owned(),
        named => format!("{words} ({})", named.join(", ")),
    })
}

/// The line on so many columns, with a mark where it ends too early.
fn shortened(line: String, columns: usize) -> String {
    if line.chars().count() <= columns {
        return line;
    }
    let kept: String = line.chars().take(columns.saturating_sub(2)).collect();
    let kept = kept.rsplit_once(' ').map_or(&*kept, |(words, _)| words);
    format!("{kept} …")
}
