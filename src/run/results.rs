//! The outputs for the results of a run: report files, rejects, the terminal, the JSON summary.

use super::past::in_effect_words;
use super::rejects::Rejects;
use super::report_head::end_facts;
use super::request::{ReportOptions, RunRequest};
use super::watched::WatchedRun;
use crate::disk;
use crate::input::FieldHeadings;
use crate::lang::{in_language, language, translated};
use crate::ledger::ApplyState;
use crate::model::{
    Action, Finding, Language, Outcome, RingResult, RowResult, RunCommand, counted,
};
use crate::plan::Refusal;
use crate::report::{Report, ReportFile, ReportHead, ResultCounts, describe};
use crate::rim::terminal::{message_screen, print, print_cut, print_data, print_error, print_made};
use crate::rim::{Exit, Failure};
use crate::sheet::SheetError;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The number of rows not done that are shown on the terminal; all are in the report.
const SHOWN_MAX: u64 = 10;
/// The number of them with the same result, code and column, so that rows with another cause are shown too.
const ALIKE_MAX: u64 = 3;
/// The lines of a terminal's screen that are left for the results of a run.
pub(crate) const RESULT_LINES: usize = 10;
/// The lines of it that are left for the summary.
const SUMMARY_LINES: usize = 3;
/// The results of rows that are not done, in the order in which a screen shows them: first those that a person must look
/// into.
const WORST_FIRST: [RowResult; 4] = [
    RowResult::Unknown,
    RowResult::Failed,
    RowResult::Rejected,
    RowResult::NotSent,
];

/// The results of one run, row by row.
pub(crate) struct Results<'r> {
    command: RunCommand,
    target: String,
    /// The run's name, once it has a ledger.
    pub(crate) run: Option<String>,
    /// The state of the step that brings the changes into effect, where there is one.
    pub(crate) apply: Option<ApplyState>,
    /// True if rows that are not done are shown elsewhere.
    pub(crate) quiet: bool,
    /// The changes of a plan that is only shown.
    pub(crate) planned: Option<Vec<Action>>,
    started: Timestamp,
    /// The time that the run was at work before it was resumed; `None` where nobody knows it.
    worked_before: Option<SignedDuration>,
    json: bool,
    /// The reports' files; `None` for one that is not written.
    files: Vec<Option<PathBuf>>,
    /// Every line of the report before anything is sent to the PBX.
    lines: Vec<Outcome>,
    report: Report,
    headings: FieldHeadings,
    rejects: Option<Rejects<'r>>,
    /// Gets each row as it ends.
    pub(super) watched: Option<&'r WatchedRun>,
    /// The results of the lines that have their outcome, by position.
    pub(crate) ended: BTreeMap<usize, RowResult>,
    not_done: u64,
    /// The number of these that were shown.
    shown: u64,
    /// The number of rows not done by result, code and column.
    alike: BTreeMap<(RowResult, String, String), u64>,
    /// The rows that are shown in the end, on a terminal: the first of each cause.
    kept: Vec<Outcome>,
    /// The numbers of the rows whose result is unknown.
    unknown: Vec<String>,
    /// True if the PBX has lost what is no row's.
    pub(crate) has_losses: bool,
    /// The reason why more was to be done than the rows say; `None` where there is none.
    pub(crate) shortfall: Option<String>,
    /// True once the reason of a run that stopped was shown.
    is_reason_printed: bool,
}

impl<'r> Results<'r> {
    /// Opens the reports, before anything is sent: one that cannot be written must not stop the run half-way. They take
    /// their places in [`Results::finish`]. `lines` are all lines by now.
    ///
    /// # Errors
    /// Exit 2 where a file cannot be written.
    pub(crate) fn open(
        request: &RunRequest<'_>,
        headings: FieldHeadings,
        lines: Vec<Outcome>,
        args: &ReportOptions,
        rejects: Option<Rejects<'r>>,
    ) -> Result<Results<'r>, Failure> {
        let started = Timestamp::now();
        let head = request.report_head(&lines, started);
        let create = |path: &PathBuf| ReportFile::row_by_row(path, &head);
        let files: Result<_, SheetError> = args.files.iter().map(create).collect();
        let (command, label) = (request.command, &request.target.label);
        let report = Report::new(lines.len(), files?);
        Ok(Results {
            started,
            worked_before: match request.earlier {
                Some(earlier) => earlier.at_work,
                None => Some(SignedDuration::ZERO),
            },
            files: args.files.iter().cloned().map(Some).collect(),
            report,
            headings,
            rejects,
            ..Results::without_files(command, label, lines, args.json)
        })
    }

    /// Results that go into no file.
    pub(crate) fn without_files(
        command: RunCommand,
        label: &str,
        lines: Vec<Outcome>,
        json: bool,
    ) -> Results<'r> {
        Results {
            command,
            target: label.to_owned(),
            run: None,
            apply: None,
            quiet: false,
            planned: None,
            started: Timestamp::now(),
            worked_before: Some(SignedDuration::ZERO),
            json,
            files: vec![],
            report: Report::new(lines.len(), vec![]),
            headings: FieldHeadings::default(),
            lines,
            rejects: None,
            watched: None,
            ended: BTreeMap::new(),
            not_done: 0,
            shown: 0,
            alike: BTreeMap::new(),
            kept: vec![],
            unknown: vec![],
            has_losses: false,
            shortfall: None,
            is_reason_printed: false,
        }
    }

    /// Like [`Results::open`], with only those reports that can be written.
    ///
    /// # Errors
    /// As [`Results::open`].
    pub(crate) fn open_possible(
        request: &RunRequest<'_>,
        headings: FieldHeadings,
        lines: Vec<Outcome>,
        args: &ReportOptions,
    ) -> Result<Results<'r>, Failure> {
        let can_be_written = |path: &&PathBuf| {
            // A pipe is not opened twice: its reader would take that for the end.
            !disk::is_special(path) && ReportFile::row_by_row(path, &ReportHead::default()).is_ok()
        };
        let possible = ReportOptions {
            files: args.files.iter().filter(can_be_written).cloned().collect(),
            json: args.json,
        };
        Results::open(request, headings, lines, &possible, None)
    }

    /// A line of the report before anything is sent to the PBX.
    pub(crate) fn line(&self, position: usize) -> Option<&Outcome> {
        self.lines.get(position)
    }

    /// The lines of rows that an earlier part of the run has changed, by position.
    pub(crate) fn changed(&self) -> BTreeMap<usize, Outcome> {
        let lines = self.lines.iter().enumerate();
        let changed = lines.filter(|(_, line)| line.result.is_change());
        let lines = changed.map(|(position, line)| (position, line.clone()));
        lines.collect()
    }

    /// The position of the first line of an extension that no row names.
    pub(crate) fn first_unnamed(&self) -> usize {
        let unnamed = self.lines.iter().position(|line| line.row.is_none());
        unnamed.unwrap_or(self.lines.len())
    }

    /// Drops the outputs that would replace files of other runs.
    pub(crate) fn drop_outputs(&mut self, is_anothers: impl Fn(&Path) -> bool) {
        let is_left = |path: &Path| !disk::is_special(path) && is_anothers(path);
        for (position, file) in self.files.iter_mut().enumerate() {
            if let Some(path) = file.take_if(|path| is_left(path)) {
                self.report.leave_out(position);
                print_left("report", &path);
            }
        }
        if let Some(rejects) = self.rejects.take_if(|rejects| is_left(rejects.file())) {
            print_left("rejects", rejects.file());
        }
    }

    /// Takes the outcome of a line, counting from 0.
    ///
    /// # Errors
    /// Exit 2 where a file can no longer be written; the others still are.
    pub(crate) fn put(&mut self, position: usize, outcome: Outcome) -> Result<(), Failure> {
        self.ended.insert(position, outcome.result);
        if let Some(watched) = self.watched {
            watched.end_row(&outcome);
        }
        let mut broken = None;
        let headings = &self.headings;
        let heading = |outcome: &Outcome, finding: &Finding| match finding.field {
            field if field == outcome.field && !outcome.column.is_empty() => outcome.column.clone(),
            field => headings.heading(outcome.place.as_ref(), field),
        };
        for outcome in self.report.put(position, outcome, heading) {
            if outcome.is_well() {
                continue;
            }
            self.not_done += 1;
            // A run that stops gives its reason once, in the line about its end.
            let reason = outcome.result == RowResult::NotSent;
            let is_repeated = reason && std::mem::replace(&mut self.is_reason_printed, true);
            let cause = (outcome.result, outcome.code.clone(), outcome.column.clone());
            let alike = self.alike.entry(cause).or_default();
            *alike += 1;
            let alike = *alike;
            if outcome.result == RowResult::Unknown {
                self.unknown.push(outcome.number.clone());
            }
            let may_be_shown = !self.quiet && !is_repeated && alike <= ALIKE_MAX;
            match may_be_shown.then(|| message_screen(SUMMARY_LINES)) {
                Some(Some(_)) if alike == 1 => self.kept.push(outcome.clone()),
                Some(None) if self.shown < SHOWN_MAX => self.show(&outcome),
                _ => {}
            }
            if let Some(rejects) = &mut self.rejects
                && !outcome.result.is_done()
                && let Err(error) = rejects.put(&outcome, &self.headings)
            {
                broken.get_or_insert(error);
                self.rejects = None;
            }
        }
        match self.report.take_broken().or(broken) {
            Some(error) => Err(Failure::usage(error)),
            None => Ok(()),
        }
    }

    fn show(&mut self, outcome: &Outcome) {
        self.shown += 1;
        print_made(|language| lines_of(outcome, language));
    }

    /// Shows the rows that were kept for a screen as far as they fit, and names those whose result is unknown.
    fn show_kept(&mut self) {
        let Some(screen) = message_screen(SUMMARY_LINES).filter(|_| !self.kept.is_empty()) else {
            return;
        };
        let unknown = std::mem::take(&mut self.unknown);
        if unknown.len() > 1 {
            let line = |language| {
                let line = format!("unknown: {}", unknown.join(" "));
                in_language(&line, language).into_owned()
            };
            print_cut(
                |language| vec![line(language)],
                0,
                |_| vec![screen.shortened(line(language()))],
            );
        }
        let mut kept = std::mem::take(&mut self.kept);
        kept.sort_by_key(|outcome| rank(outcome.result));
        for outcome in kept.iter().take(SHOWN_MAX as usize) {
            let lines = lines_of(outcome, language());
            let lines = lines.iter().map(String::as_str);
            let has_room = message_screen(SUMMARY_LINES).is_none_or(|screen| screen.holds(lines));
            if has_room || self.shown == 0 {
                self.show(outcome);
            }
        }
    }

    /// Puts the lines that have their result already and were not put yet, but for those at the `open` positions, whose
    /// result may still change.
    ///
    /// # Errors
    /// As [`Results::put`].
    pub(crate) fn put_final(&mut self, open: &BTreeSet<usize>) -> Result<(), Failure> {
        let mut put = Ok(());
        for position in 0..self.lines.len() {
            if open.contains(&position) || self.ended.contains_key(&position) {
                continue;
            }
            let is_final = |line: &&Outcome| line.result != RowResult::NotSent;
            if let Some(line) = self.line(position).filter(is_final).cloned() {
                put = put.and(self.put(position, line));
            }
        }
        put
    }

    /// Sets every line that has no outcome yet to that of a run that stopped before it.
    ///
    /// # Errors
    /// As [`Results::put`].
    pub(crate) fn rest_not_sent(
        &mut self,
        code: &str,
        why: &str,
        hint: &str,
    ) -> Result<(), Failure> {
        let mut put = Ok(());
        for position in self.report.missing() {
            let Some(line) = self.line(position).cloned() else {
                continue;
            };
            let outcome = if line.result == RowResult::NotSent {
                Outcome {
                    code: code.into(),
                    message: why.into(),
                    hint: hint.into(),
                    ..line
                }
            } else {
                line
            };
            put = put.and(self.put(position, outcome));
        }
        put
    }

    /// Ends a run in which nothing is sent.
    ///
    /// # Errors
    /// The refusal's failure, or exit 2 where a file cannot be written to its end.
    pub(crate) fn refuse(mut self, refusal: Refusal) -> Result<Exit, Failure> {
        let (failure, fails) = (refusal.failure, refusal.fails);
        // The failure itself tells it, as the last line.
        self.is_reason_printed = fails;
        let put = self.rest_not_sent(refusal.code, &failure.message, &failure.hint);
        let done = put.and(self.finish(fails.then_some(failure.exit)));
        match fails {
            true => Err(failure),
            false => done,
        }
    }

    /// Puts the files in their places, prints the summary, and returns the exit code: `stopped` where the run was, else
    /// by the counts.
    ///
    /// # Errors
    /// Exit 2 where a file cannot be written to its end.
    pub(crate) fn finish(mut self, stopped: Option<Exit>) -> Result<Exit, Failure> {
        let finished = Timestamp::now();
        let took = finished.duration_since(self.started);
        let seconds = took.as_secs_f64();
        let before = self.worked_before;
        let at_work = before.and_then(|before| before.checked_add(took));
        let in_effect = in_effect_words(self.apply, self.run.as_deref());
        let mut facts = vec![("run", self.run.clone().unwrap_or_default())];
        facts.extend(end_facts(Some(finished), at_work));
        facts.push(("in effect", translated(&in_effect).into_owned()));
        facts.retain(|(_, value)| !value.is_empty());
        let report = std::mem::replace(&mut self.report, Report::new(0, vec![]));
        let (counts, mut broken) = report.finish(&facts);
        let rejects = self.rejects.take().map(Rejects::finish).transpose();
        let rejects = rejects.unwrap_or_else(|error| {
            broken.get_or_insert(error);
            None
        });
        let exit = stopped.unwrap_or(match broken {
            Some(_) => Exit::Unusable,
            None => {
                let is_whole = !self.has_losses && self.shortfall.is_none();
                Exit::done_if(counts.all_well() && is_whole)
            }
        });
        self.show_kept();
        let more = self.not_done - self.shown;
        if more > 0 && self.shown > 0 && !self.quiet {
            let rows = match more {
                1 => "1 more row that is".to_owned(),
                more => format!("{more} more rows that are"),
            };
            match self.files.iter().flatten().next() {
                Some(file) => print(format!("… and {rows} not done: see {}", file.display())),
                // Who watches a run that never began has no report of it.
                None if self.watched.is_some() && self.run.is_none() => {
                    print(format!("… and {rows} not done"));
                }
                None => print(format!(
                    "… and {rows} not done: --report FILE keeps a line for each"
                )),
            }
        }
        if !self.lines.is_empty() {
            let words = format!(
                "{}: {} in {seconds:.1} s: {}",
                self.target,
                counted(counts.total(), "row"),
                counts.words()
            );
            // Rows that are not done are an error, also for who wants to see nothing else.
            match exit {
                Exit::NotDone => print_error(&words),
                _ => print(words),
            }
        }
        self.shortfall.iter().for_each(|why| print_error(why));
        if counts.open() > 0 {
            let open = counted(counts.open(), "extension");
            print_error(&format!(
                "{}: anybody can sign in for {open}, and make calls: close that at once",
                self.target
            ));
        }
        if broken.is_none() {
            for file in self.files.iter().flatten() {
                print(format!("report: {}", file.display()));
            }
        }
        rejects.iter().for_each(print);
        if self.json {
            let summary = self.summary(&counts, finished, exit);
            print_data(|out| writeln!(out, "{summary}"))?;
        }
        match broken {
            Some(error) => Err(Failure {
                exit,
                ..Failure::usage(error)
            }),
            None => Ok(exit),
        }
    }

    /// The summary as JSON.
    fn summary(&self, counts: &ResultCounts, finished: Timestamp, exit: Exit) -> Value {
        let mut summary = json!({
            "command": self.command,
            "target": self.target,
            "run": self.run,
            "counts": object(counts.iter().map(|(result, count)| (result.word(), count))),
            "rows": counts.total(),
            "started": format!("{:.3}", self.started),
            "finished": format!("{finished:.3}"),
            "exit_code": exit.code(),
        });
        let Some(members) = summary.as_object_mut() else {
            return summary;
        };
        if let Some(apply) = self.apply {
            members.insert("apply".to_owned(), apply.word().into());
        }
        let rings = object(counts.rings().map(|(ring, count)| (ring.word(), count)));
        if !rings.is_empty() {
            members.insert("ring".to_owned(), rings.into());
        }
        if let Some(planned) = &self.planned {
            let count = |action: Action| planned.iter().filter(|one| **one == action).count();
            let actions = [Action::Create, Action::Update, Action::Delete];
            let counts = actions.map(|action| (action.word(), count(action) as u64));
            members.insert("planned".to_owned(), object(counts.into_iter()).into());
        }
        summary
    }
}

/// The place of a result among those that a screen shows.
fn rank(result: RowResult) -> usize {
    let rank = WORST_FIRST.iter().position(|worst| *worst == result);
    rank.unwrap_or(WORST_FIRST.len())
}

fn print_left(what: &str, path: &Path) {
    print(format!(
        "{what}: {} is not overwritten, because it may be another run's; name another file to have these rows",
        path.display()
    ));
}

fn object(counts: impl Iterator<Item = (&'static str, u64)>) -> Map<String, Value> {
    let members = counts.map(|(word, count)| (word.to_owned(), json!(count)));
    members.collect()
}

/// Describes a row that is not done, in a language.
fn lines_of(outcome: &Outcome, language: Language) -> Vec<String> {
    let localised = |text: &str| in_language(text, language).into_owned();
    let place = outcome.place.as_ref();
    let before = place.map_or_else(String::new, |place| format!("{place}: "));
    let ring = outcome.ring.filter(|ring| *ring != RingResult::Rings);
    let ring = ring.map_or_else(String::new, |ring| {
        localised(&format!(", ring {}", ring.word()))
    });
    let result = localised(outcome.result.word());
    let row = format!("{before}{} {result}{ring}", outcome.number);
    let is_shown = |finding: &&Finding| finding.is_error() && outcome.result == RowResult::Invalid;
    let mut errors = outcome.findings.iter().filter(is_shown);
    let mut lines = match errors.next() {
        Some(first) => {
            let first = describe(first, &outcome.column, place, language);
            vec![format!("{row}: {first}")]
        }
        None => {
            let hint = Some(&outcome.hint).filter(|hint| !hint.is_empty());
            let hint = hint.map(|hint| localised(&format!("  hint: {}", hint)));
            let row = format!("{row}: {}", localised(&outcome.message));
            [row].into_iter().chain(hint).collect()
        }
    };
    lines.extend(errors.map(|finding| {
        let also = localised("also");
        format!("  {also} {}", describe(finding, "", place, language))
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_shows_first_what_a_person_must_look_into() {
        let mut results = [
            RowResult::Invalid,
            RowResult::NotSent,
            RowResult::Rejected,
            RowResult::Failed,
            RowResult::Unknown,
        ];
        results.sort_by_key(|result| rank(*result));
        results.reverse();
        assert_eq!(results.map(rank), [4, 3, 2, 1, 0]);
        assert_eq!(results.last(), Some(&RowResult::Unknown));
    }
}
