//! A plan as text: one line for each row, marked with its action, and below it the fields that change.

use crate::compare::unread;
use crate::lang::{language, translated, with_quotes};
use crate::manifest::Manifest;
use crate::model::redact::{NOT_SHOWN, changed};
use crate::model::{
    Action, Change, Field, Finding, Kind, Language, PlannedRow, RowResult, TO_GENERATE,
};
use crate::report::result_words;
use crate::report::{FindingSummary, describe};
use std::collections::BTreeSet;

/// New extensions, and unchanged ones, that are shown one by one unless all are asked for.
const SHOWN_MAX: usize = 10;

/// Those that are shown on a screen that is too small for them.
const FEW: usize = 2;

/// The parts of a plan that are shown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Detail {
    /// True to show every row; else of new and of unchanged ones the first [`SHOWN_MAX`].
    pub(crate) all: bool,
    /// True to show rows without their fields.
    pub(crate) short: bool,
}

/// The sign at the beginning of a row's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// `+`: it is created.
    Create,
    /// `~`: it is changed.
    Update,
    /// `-`: it is deleted.
    Delete,
    /// `!`: it cannot be done.
    Problem,
    /// No sign: it stays, or the line is of no row.
    Plain,
}

impl Mark {
    fn new(row: &PlannedRow) -> Mark {
        match row.certain_change().map(|change| change.action) {
            Some(Action::Create) => Mark::Create,
            Some(Action::Update) => Mark::Update,
            Some(Action::Delete) => Mark::Delete,
            Some(Action::None) => Mark::Plain,
            None if row.outcome.result.is_done() => Mark::Plain,
            None => Mark::Problem,
        }
    }

    fn sign(self) -> char {
        match self {
            Mark::Create => '+',
            Mark::Update => '~',
            Mark::Delete => '-',
            Mark::Problem => '!',
            Mark::Plain => ' ',
        }
    }
}

/// A line of a plan, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlanLine {
    pub(crate) mark: Mark,
    pub(crate) text: String,
}

/// The parts of a plan that are left out where a screen is too small.
#[derive(Clone, Copy)]
struct PlanCut<'p> {
    /// True to show new extensions without their fields.
    bare_creations: bool,
    /// The new extensions, and the unchanged ones, that are shown one by one.
    shown: usize,
    /// Lines in the place of the rows whose cells are wrong.
    problems: Option<&'p [String]>,
}

/// The lines of a row.
struct RowLines {
    mark: Mark,
    /// Its place, from 1, among those of which only the first are shown; 0 for one that always is.
    nth: usize,
    /// True for a row that is not sent because of its cells.
    is_wrong: bool,
    lines: Vec<PlanLine>,
}

/// A plan's lines, as far as they may be shown.
struct PlanLines {
    rows: Vec<RowLines>,
    creations: usize,
    unchanged: usize,
    totals: PlanLine,
}

/// Renders planned rows field by field, with counts at the end.
pub(crate) fn lines(planned: &[PlannedRow], manifest: &Manifest, detail: Detail) -> Vec<PlanLine> {
    PlanLines::new(planned, manifest, detail).whole(detail)
}

/// Renders planned rows as they fit on a screen of so many columns: wrong cells are summed by column and cause, then new
/// extensions are shown without their fields, and fewer of them. Changes and deletions are never left out; where they
/// alone are too long for the screen, the words about errors are not cut for its sake.
pub(crate) fn fitting(
    planned: &[PlannedRow],
    manifest: &Manifest,
    detail: Detail,
    columns: usize,
    fits: &dyn Fn(&[PlanLine]) -> bool,
) -> Vec<PlanLine> {
    let parts = PlanLines::new(planned, manifest, detail);
    let whole = parts.whole(detail);
    if detail.all || fits(&whole) {
        return whole;
    }
    let found = wrong_cells(planned);
    // Behind the sign.
    let columns = columns.saturating_sub(2);
    let problems = found.fitting(language(), columns, |_| true);
    let cut = |bare_creations: bool, shown: usize, problems: &[String]| {
        parts.cut(PlanCut {
            bare_creations,
            shown,
            problems: Some(problems),
        })
    };
    if !fits(&cut(true, FEW, &[])) {
        return cut(false, SHOWN_MAX, &problems);
    }
    for (bare_creations, shown) in [(false, SHOWN_MAX), (true, SHOWN_MAX), (true, FEW)] {
        let lines = cut(bare_creations, shown, &problems);
        if fits(&lines) {
            return lines;
        }
    }
    let with = |problems: &[String]| cut(true, FEW, problems);
    with(&found.fitting(language(), columns, |problems| fits(&with(problems))))
}

/// Sums up the wrong cells of rows that are not sent because of them.
fn wrong_cells(planned: &[PlannedRow]) -> FindingSummary {
    let mut found = FindingSummary::default();
    for row in planned.iter().filter(|row| is_wrong(row)) {
        let outcome = &row.outcome;
        let Some(place) = &outcome.place else {
            continue;
        };
        for finding in outcome.findings.iter().filter(|finding| finding.is_error()) {
            let heading = match finding.field == outcome.field {
                true => outcome.column.as_str(),
                false => "",
            };
            found.add(place, &outcome.number, heading, finding);
        }
    }
    found
}

/// Returns true for a row that is not sent because of its cells.
fn is_wrong(row: &PlannedRow) -> bool {
    let has_error = row.outcome.findings.iter().any(Finding::is_error);
    Mark::new(row) == Mark::Problem && row.outcome.place.is_some() && has_error
}

impl PlanLines {
    fn new(planned: &[PlannedRow], manifest: &Manifest, detail: Detail) -> PlanLines {
        let mut plan = PlanLines {
            rows: vec![],
            creations: 0,
            unchanged: 0,
            totals: PlanLine {
                mark: Mark::Plain,
                text: totals(planned),
            },
        };
        for row in planned {
            let mark = Mark::new(row);
            let count = match mark {
                Mark::Create => Some(&mut plan.creations),
                Mark::Plain => Some(&mut plan.unchanged),
                Mark::Update | Mark::Delete | Mark::Problem => None,
            };
            let nth = count.map_or(0, |count| {
                *count += 1;
                *count
            });
            if nth <= SHOWN_MAX || detail.all {
                let mut lines = vec![];
                push_row(row, mark, manifest, detail, &mut lines);
                let is_wrong = is_wrong(row);
                plan.rows.push(RowLines {
                    mark,
                    nth,
                    is_wrong,
                    lines,
                });
            }
        }
        plan
    }

    /// The lines without a cut for a screen.
    fn whole(&self, detail: Detail) -> Vec<PlanLine> {
        self.cut(PlanCut {
            bare_creations: false,
            shown: if detail.all { usize::MAX } else { SHOWN_MAX },
            problems: None,
        })
    }

    fn cut(&self, cut: PlanCut<'_>) -> Vec<PlanLine> {
        let mut lines: Vec<PlanLine> = vec![];
        let mut has_bare = false;
        let is_summed = |row: &RowLines| cut.problems.is_some() && row.is_wrong;
        let shown = |row: &&RowLines| row.nth <= cut.shown && !is_summed(row);
        for row in self.rows.iter().filter(shown) {
            let is_bare = cut.bare_creations && row.mark == Mark::Create;
            let most = if is_bare { 1 } else { usize::MAX };
            has_bare |= row.lines.len() > most;
            lines.extend(row.lines.iter().take(most).cloned());
        }
        let more = [
            (Mark::Create, self.creations, "to create"),
            (Mark::Plain, self.unchanged, "unchanged"),
        ];
        for (mark, count, words) in more {
            if count > cut.shown {
                let sign = mark.sign();
                let more = count - cut.shown;
                let more = format!("{sign} … and {more} more {words}: --all shows each");
                let text = translated(&more).into_owned();
                lines.push(PlanLine { mark, text });
            }
        }
        let problems = cut.problems.unwrap_or_default();
        lines.extend(problems.iter().map(|problem| PlanLine {
            mark: Mark::Problem,
            text: format!("{} {problem}", Mark::Problem.sign()),
        }));
        let left_out = match (has_bare, problems.is_empty()) {
            (false, true) => None,
            (true, true) => Some("new extensions without their fields: --all shows them"),
            (false, false) => Some("errors are summed up: --all shows the rows"),
            (true, false) => {
                Some("new extensions without their fields, errors summed up: --all shows all")
            }
        };
        lines.extend(left_out.map(|words| PlanLine {
            mark: Mark::Plain,
            text: translated(words).into_owned(),
        }));
        lines.push(self.totals.clone());
        lines
    }
}

fn push_row(
    row: &PlannedRow,
    mark: Mark,
    manifest: &Manifest,
    detail: Detail,
    lines: &mut Vec<PlanLine>,
) {
    let outcome = &row.outcome;
    let certain = row.certain_change();
    let word = match certain {
        Some(change) => change.action.word(),
        None => outcome.result.word(),
    };
    let word = translated(word);
    let place = outcome.place.as_ref();
    let place = place.map_or_else(String::new, |place| format!(" ({place})"));
    let mut findings = outcome.findings.iter();
    let finding_words = match findings.find(|finding| finding.message == outcome.message) {
        Some(finding) => describe(finding, &outcome.column, outcome.place.as_ref(), language()),
        None => translated(&outcome.message).into_owned(),
    };
    let message = match certain {
        None if !finding_words.is_empty() => format!(": {finding_words}"),
        _ => String::new(),
    };
    lines.push(PlanLine {
        mark,
        text: format!("{} {word} {}{place}{message}", mark.sign(), outcome.number),
    });
    let Some(change) = certain.filter(|_| !detail.short) else {
        return;
    };
    // A secret may stand in another field too, by mistake.
    let change = &Change {
        wanted: change.hiding(change.wanted.clone()),
        ..change.clone()
    };
    let before = change.before.iter();
    let unseen = before.flat_map(|before| unread(manifest, &change.wanted, before));
    let unseen: BTreeSet<Field> = unseen.collect();
    for field in change.fields() {
        let is_whole = manifest.row(field).is_some_and(|row| row.replaced_whole);
        let words = change_of(field, change, unseen.contains(&field), is_whole);
        lines.push(PlanLine {
            mark,
            text: field_line(field, words),
        });
    }
    if change.action != Action::Create {
        return;
    }
    // Fields that the vendor demands are sent too, though no row asked for them.
    for row in manifest
        .field
        .iter()
        .filter(|row| change.wanted.get(row.name).is_none())
    {
        if let Some(value) = row.filled(change.wanted.number()) {
            lines.push(PlanLine {
                mark,
                text: field_line(
                    row.name,
                    format!("{value:?} ({})", translated("the vendor demands it")),
                ),
            });
        }
    }
}

/// The line of a field: in English by its name in sheets and flags, else by its label.
fn field_line(field: Field, words: String) -> String {
    let name = match language() {
        Language::English => field.name(),
        other => field.label(Some(other)),
    };
    format!("    {name}: {}", with_quotes(words, language()))
}

/// Counts the rows of each kind.
fn totals(planned: &[PlannedRow]) -> String {
    let of_action = |action| {
        let changes = planned.iter().filter_map(PlannedRow::certain_change);
        changes.filter(|change| change.action == action).count()
    };
    let of_result = |result| {
        let without_change = planned.iter().filter(|row| row.certain_change().is_none());
        without_change
            .filter(|row| row.outcome.result == result)
            .count()
    };
    let counts = format!(
        "{} to create, {} to update, {} unchanged, {} conflict, {} missing, {} invalid, {} to delete",
        of_action(Action::Create),
        of_action(Action::Update),
        of_result(RowResult::Unchanged),
        of_result(RowResult::Conflict),
        of_result(RowResult::Missing),
        of_result(RowResult::Invalid),
        of_action(Action::Delete)
    );
    let mut text = translated(&counts).into_owned();
    // Every line is counted: those of the other results are told where there are any.
    let is_counted = |result: &RowResult| {
        use RowResult::{Conflict, Invalid, Missing, Unchanged};
        matches!(result, Unchanged | Conflict | Missing | Invalid)
    };
    for result in RowResult::ALL.into_iter().filter(|it| !is_counted(it)) {
        let count = of_result(result);
        if count > 0 {
            text.push_str(&format!(", {count} {}", result_words(result)));
        }
    }
    text
}

/// A change of one field in words; of a secret only that it changes.
fn change_of(field: Field, change: &Change, unseen: bool, is_whole: bool) -> String {
    let current = change
        .before
        .as_ref()
        .and_then(|current| current.get(field));
    let wanted = change.wanted.get(field).unwrap_or_default();
    let Some(wanted) = wanted.open() else {
        return match change.action {
            Action::Create if wanted == TO_GENERATE => translated("generated").into(),
            action => translated(changed(
                action != Action::Create || wanted.is_empty(),
                !wanted.is_empty(),
            ))
            .into(),
        };
    };
    let current = current.unwrap_or_default();
    let before = current.open();
    let before = before.map_or_else(
        || translated(NOT_SHOWN).into_owned(),
        |text| format!("{text:?}"),
    );
    match change.action {
        Action::Create => format!("{wanted:?}"),
        _ if unseen => format!("({}) → {wanted:?}", translated("not given back")),
        // Present members stay.
        _ if field.def().kind == Kind::List
            && !is_whole
            && !wanted.is_empty()
            && !current.is_empty() =>
        {
            format!("{before} → {} {wanted:?}", translated("with"))
        }
        _ => format!("{before} → {wanted:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Outcome;

    #[test]
    fn every_row_of_a_plan_is_counted_in_words() {
        for result in RowResult::ALL {
            let line = Outcome::new(Action::None, result);
            let told = totals(&[PlannedRow::without_change(line)]);
            let counted = format!("1 {}", result_words(result));
            assert!(told.contains(&counted), "{told} has no {counted:?}");
        }
    }
}
