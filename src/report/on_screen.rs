//! Findings as they fit on a screen: errors are never left out for the sake of warnings.

use super::findings::{FindingGroup, FindingSummary, message, subject};
use super::labels::with_labels;
use crate::lang::in_language;
use crate::model::{Language, Severity, counted, shortened, with_hint};
use std::collections::BTreeSet;

/// The number of cells that are named for each cause.
const CELLS_SHOWN_MAX: usize = 3;

/// The number of causes of warnings that are shown before errors lose their next steps.
const WARNINGS_SHOWN_MIN: usize = 3;

/// The characters around a reason that is cut: those before it, and the mark behind it.
const CUT_CHARS: usize = ": ".len() + 2;

/// A cause of a sheet, with all columns that have it.
struct ScreenCause {
    severity: Severity,
    /// The sheet, where there are several.
    sheet: String,
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
}

impl FindingSummary {
    /// Builds the lines of all causes, as far as they fit on a screen of so many columns: first warnings and notes are
    /// shortened, then all but the most frequent are counted; errors lose their next steps, and then their cells. Every
    /// cause of an error keeps a line, however small the screen is.
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
        let place_of_all = self.place_of_all();
        let cuts = Vec::from_iter(cuts(errors.len(), others.len()));
        let lines = |cut: &ScreenCut| {
            let (left, mut lines) = shown_others(&others, *cut, columns, language);
            lines.extend(rest(left, &place_of_all, language));
            lines.extend(shown_errors(&errors, *cut, columns, language));
            lines
        };
        // Each cut is shorter than those before it.
        let first = cuts.partition_point(|cut| !fits(&lines(cut)));
        let cut = cuts.get(first).or(cuts.last());
        cut.map(lines).unwrap_or_default()
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
        ScreenCause {
            severity: finding.severity,
            sheet,
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
        let head = self.head(usize::MAX, &place, language);
        format!("{head}: {}", with_hint(&self.message, hint))
    }

    /// The cause on one line of so many columns, without its cells. Of many columns the first are named: the reason is
    /// cut behind its first clause only.
    fn short_line(&self, columns: usize, language: Language) -> String {
        let place = match (self.count, self.cells.first()) {
            (1, Some(cell)) if !self.is_of_rows => cell.clone(),
            _ => self.counted(language),
        };
        let chars = |text: &str| text.chars().count();
        let clause = chars(first_clause(&self.message)) + CUT_CHARS;
        let mut head = self.head(usize::MAX, &place, language);
        let is_long = chars(&head) + clause > columns;
        if is_long && self.subjects.len() > 1 {
            let bare = chars(&self.head(0, &place, language)) + clause;
            let mut wide = self.subjects.iter().scan(bare, |wide, subject| {
                *wide += chars(subject) + 2;
                Some(*wide)
            });
            let named = wide.position(|wide| wide > columns);
            head = self.head(named.unwrap_or_default().max(1), &place, language);
        }
        let columns = columns.max(chars(&head) + clause);
        shortened(format!("{head}: {}", self.message), |line| {
            chars(line) <= columns
        })
    }

    fn counted(&self, language: Language) -> String {
        let noun = if self.is_of_rows { "row" } else { "cell" };
        in_language(&counted(self.count, noun), language).into_owned()
    }

    /// Its weight, so many of its columns at the most, and its place.
    fn head(&self, named: usize, place: &str, language: Language) -> String {
        let word = in_language(self.severity.word(), language);
        let more = (self.subjects.len() > named).then_some("…");
        let subjects = self.subjects.iter().map(String::as_str).take(named);
        let at = subjects.filter(|subject| !subject.is_empty());
        let at: Vec<&str> = at.chain(more).chain([place]).collect();
        format!("{}{word} {}", self.sheet, at.join(", "))
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
    let shortest = ScreenCut {
        warnings: 0,
        short_errors: true,
        ..short
    };
    let cuts = [whole, bare].into_iter().chain(fewer).chain(unhinted);
    cuts.chain(none).chain([shortest])
}

/// The lines of warnings and notes, which stand with the most frequent first, and those that are left out.
fn shown_others<'c, 'f>(
    others: &'c [&'f ScreenCause],
    cut: ScreenCut,
    columns: usize,
    language: Language,
) -> (&'c [&'f ScreenCause], Vec<String>) {
    let (shown, left) = others.split_at(cut.warnings.min(others.len()));
    let lines = shown.iter().rev().map(|cause| match cut.short_warnings {
        true => cause.short_line(columns, language),
        false => cause.line(cut.whole_warnings, language),
    });
    (left, lines.collect())
}

/// The lines of errors, which stand with the most frequent first; those are last, since the end stays in sight.
fn shown_errors(
    errors: &[&ScreenCause],
    cut: ScreenCut,
    columns: usize,
    language: Language,
) -> impl Iterator<Item = String> {
    let shown = errors.iter().enumerate().rev();
    shown.map(move |(index, cause)| match cut.short_errors {
        true => cause.short_line(columns, language),
        false => cause.line(index < cut.hinted, language),
    })
}

/// Counts the warnings and notes that are left out, and says where all of them are.
fn rest(left: &[&ScreenCause], place_of_all: &str, language: Language) -> Option<String> {
    left.first()?;
    let count: u64 = left.iter().map(|cause| cause.count).sum();
    let words = match count {
        1 => format!("… and 1 more warning or note: {place_of_all}"),
        count => format!("… and {count} more warnings and notes: {place_of_all}"),
    };
    Some(in_language(&words, language).into_owned())
}

/// The beginning of a reason, up to its first mark.
fn first_clause(reason: &str) -> &str {
    let marks = [": ", ", ", "; ", " — ", " ("];
    let ends = marks.into_iter().filter_map(|mark| reason.find(mark));
    let end = ends.min().unwrap_or(reason.len());
    reason.get(..end).unwrap_or(reason)
}
