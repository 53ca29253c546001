//! A run's report, written again from its ledger.

use super::SavedOptions;
use super::past::{in_effect, in_effect_words, line};
use super::report_head::{HeadFacts, end_facts};
use super::state::RunState;
use crate::lang::translated;
use crate::ledger::{RunFacts, RunTimes, Standing, StoredRun};
use crate::model::{Finding, Outcome, RowResult, counted};
use crate::report::{ReportFile, ReportHead, origins};
use crate::rim::outputs::Files;
use crate::rim::terminal::{print, strict_output};
use crate::rim::{Context, Exit, Failure};
use std::path::PathBuf;

/// Writes a run's report again, into a file or on standard output; also of a run that is at work or was cut off.
///
/// # Errors
/// Exit 2 where there is no such run, or the file cannot be written.
pub(crate) fn report_again(
    name: &str,
    output: Option<&PathBuf>,
    context: &Context,
) -> Result<Exit, Failure> {
    let state = context.state()?;
    let stored = StoredRun::open(&state, name)?;
    // The state is read first: what ends after it is told as it was, and nothing in flight stands under `finished`.
    let mut summary = stored.summary()?;
    let state = RunState::of_one(&mut summary, context)?;
    let outcomes = stored.outcomes()?;
    let options = SavedOptions::parse(name, &stored.run().head.options).ok();
    let mut files = Files::new(context);
    for file in options.iter().flat_map(SavedOptions::files) {
        files.read(file);
    }
    files.read_origins(outcomes.iter().map(|(outcome, _)| outcome));
    files.written("--output", output);
    files.prepare_telling()?;
    let facts = options.as_ref().map(|options| options.head.clone());
    let times = stored.times()?;
    let head = report_head(stored.run(), facts, &outcomes, times);
    let report = match output {
        Some(path) => ReportFile::replace(path, &head),
        None => ReportFile::stream(strict_output(), "standard output", &head),
    };
    let mut report = report?;
    let headings = options.map(|options| options.headings).unwrap_or_default();
    let doubtful = outcomes
        .iter()
        .filter(|(_, standing)| matches!(standing, Standing::Intended(_)))
        .count();
    let apply = summary.apply;
    let mut all_well = true;
    for (outcome, standing) in outcomes {
        let line = match standing {
            Standing::Intended(attempts) if state == RunState::AtWork => {
                in_flight(outcome, attempts)
            }
            standing => line(outcome, standing, summary.is_doubted),
        };
        let line = in_effect(line, apply, Some(name));
        all_well &= line.is_well();
        let heading = |finding: &Finding| headings.heading(line.place.as_ref(), finding.field);
        report.put(&line, &heading)?;
    }
    let in_effect = in_effect_words(apply, Some(name));
    let left = if summary.is_finished() {
        ""
    } else {
        state.words()
    };
    let ended = summary.ended.as_ref().map(|ended| ended.at);
    let mut facts = end_facts(ended, times.at_work.filter(|_| ended.is_some())).to_vec();
    facts.push(("state", translated(left).into_owned()));
    facts.push(("in effect", translated(&in_effect).into_owned()));
    facts.retain(|(_, words)| !words.is_empty());
    report.finish(&facts)?;
    if state == RunState::AtWork {
        print(format!(
            "run {name} is at work: this is how far it is, and rowcall report {name} tells the rest when it has ended"
        ));
    } else if doubtful > 0 && state.goes_on() {
        print(format!(
            "{} may have been sent, which a resume finds out: rowcall resume {name}",
            counted(doubtful as u64, "row")
        ));
    }
    Ok(Exit::done_if(all_well))
}

/// Makes the line of a row that the run is at work on.
fn in_flight(outcome: Outcome, attempts: u32) -> Outcome {
    Outcome {
        result: RowResult::Unknown,
        code: "run.at_work".into(),
        message: "the run is at work on it: its result is not known yet".into(),
        hint: String::new(),
        attempts,
        ..outcome
    }
}

/// Builds the head of a report that is written again; `facts` are those that its ledger kept, if any.
fn report_head(
    run: &RunFacts,
    facts: Option<HeadFacts>,
    outcomes: &[(Outcome, Standing)],
    times: RunTimes,
) -> ReportHead {
    let facts = facts.filter(|facts| !facts.pbx.is_empty());
    let facts = facts.unwrap_or_else(|| HeadFacts {
        target: run.target.clone(),
        pbx: format!("{} ({})", run.target, run.head.vendor),
        ..HeadFacts::default()
    });
    let doing = (run.head.command, run.head.mode);
    let read = origins(outcomes.iter().map(|(outcome, _)| outcome));
    let mut head = facts.head(doing, read, times);
    head.facts.push(("run", run.id.clone()));
    head.has_rings = outcomes.iter().any(|(outcome, _)| outcome.ring.is_some());
    head
}
