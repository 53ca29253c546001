//! Runs as they are listed: a line of a table, or JSON.

use super::SavedOptions;
use super::state::{RunInList, RunState};
use crate::lang::translated;
use crate::ledger::{ApplyState, Summary};
use crate::rim::terminal::{has_room, output, print, print_table, printed, write_line};
use crate::rim::{Exit, Failure};
use serde_json::{Value, json};
use std::io::Write;

/// Says if a run's changes are in effect; empty where each is at once.
pub(crate) fn in_effect(apply: Option<ApplyState>) -> &'static str {
    match apply {
        None => "",
        Some(ApplyState::Due) => "not before rowcall resume, or the step on the PBX's own page",
        Some(ApplyState::Left) => "not before the step on the PBX's own page (--apply none)",
        Some(ApplyState::Done) => "yes",
        Some(ApplyState::NotDue) => "nothing was changed",
    }
}

/// One run as JSON, also one that cannot be read.
pub(crate) fn run_as_json(run: &RunInList) -> Value {
    match &run.listed.summary {
        Ok(summary) => summary_as_json(summary, run.state),
        Err(error) => {
            json!({ "run": run.listed.id, "state": run.state.word(), "why": error.to_string() })
        }
    }
}

/// The state and progress of one run as JSON.
pub(crate) fn summary_as_json(summary: &Summary, state: RunState) -> Value {
    let run = &summary.run;
    let options = SavedOptions::parse(&run.id, &run.head.options);
    let results = summary.results.iter();
    let counts: serde_json::Map<String, Value> = results
        .map(|(result, count)| (result.word().to_owned(), json!(count)))
        .collect();
    json!({
        "run": run.id,
        "command": run.head.command,
        "mode": run.head.mode.word(),
        "groups": options.is_ok_and(|options| options.target.groups),
        "target": run.target,
        "started": format!("{:.3}", run.started),
        "state": state.word(),
        "why": state.why(summary),
        "counts": counts,
        "waiting": summary.waiting,
        "to_be_looked_up": summary.intended,
        "apply": summary.apply,
    })
}

/// The number of rows of each result, in words.
fn result_counts(summary: &Summary) -> Vec<String> {
    let results = summary.results.iter();
    let counts = results.map(|(result, count)| format!("{count} {}", translated(result.word())));
    counts.collect()
}

/// The number of rows of each result, and of those that are left, in words.
pub(crate) fn row_counts(summary: &Summary) -> Vec<String> {
    let left = summary.waiting + summary.intended;
    let left = (left > 0).then(|| translated(&format!("{left} left")).into_owned());
    let mut counts = result_counts(summary);
    counts.extend(left);
    counts
}

/// Prints the list with a line or two for each run, as wide as the terminal is: what is left out is told of one run.
///
/// # Errors
/// Exit 2 where standard output cannot be written.
pub(crate) fn print_list(runs: &[RunInList]) -> Result<Exit, Failure> {
    let lines: Vec<RunLine> = runs.iter().map(RunLine::new).collect();
    let headings = RunLine::WHOLE.map(translated);
    let rows: Vec<_> = lines.iter().map(RunLine::whole).collect();
    if has_room(&headings, &rows) {
        return print_table(&headings, &rows);
    }
    let headings = RunLine::NARROW.map(translated);
    let rows: Vec<_> = lines.iter().map(RunLine::narrow).collect();
    if has_room(&headings, &rows) {
        print_table(&headings, &rows)?;
    } else {
        let mut out = output();
        for line in &lines {
            write_line(&mut out, line.sentence())?;
        }
        printed(out.flush())?;
    }
    print("more of one run: rowcall runs show RUN");
    Ok(Exit::Done)
}

/// One run in the list.
struct RunLine {
    run: String,
    command: String,
    target: String,
    /// The target as it was typed.
    typed_target: String,
    started: String,
    state: String,
    /// The state with the reason why it is to be resumed, or cannot be read.
    state_and_why: String,
    rows: String,
}

impl RunLine {
    fn new(in_list: &RunInList) -> RunLine {
        let run = in_list.listed.id.clone();
        let state = in_list.state.words();
        let summary = match &in_list.listed.summary {
            Ok(summary) => summary,
            Err(error) => {
                return RunLine {
                    run,
                    command: String::new(),
                    target: String::new(),
                    typed_target: String::new(),
                    started: String::new(),
                    state: translated(state).into_owned(),
                    state_and_why: translated(&error.to_string()).into_owned(),
                    rows: String::new(),
                };
            }
        };
        let why = in_list.state.why(summary);
        let mut counts = row_counts(summary);
        if summary.intended > 0 {
            let waiting = format!("{} to be looked up", summary.intended);
            counts.push(translated(&waiting).into_owned());
        }
        let options = SavedOptions::parse(&run, &summary.run.head.options);
        let spec = options.ok().map(|options| options.target);
        let groups = match &spec {
            Some(spec) if spec.groups => " --groups",
            _ => "",
        };
        let (head, target) = (&summary.run.head, &summary.run.target);
        RunLine {
            run,
            command: format!("{}{groups}", head.mode.after(head.command)),
            typed_target: spec.map_or_else(|| target.clone(), |spec| spec.words()),
            target: target.clone(),
            started: format!("{:.0}", summary.run.started),
            state_and_why: match why {
                Some(why) => format!("{}: {}", translated(state), translated(why)),
                None => translated(state).into_owned(),
            },
            state: translated(state).into_owned(),
            rows: counts.join(", "),
        }
    }

    /// The headings of [`RunLine::whole`].
    const WHOLE: [&str; 6] = ["run", "command", "target", "started", "state", "rows"];

    /// The cells with everything: run, command, target, start, state with its reason, and rows.
    fn whole(&self) -> Vec<&str> {
        vec![
            &self.run,
            &self.command,
            &self.target,
            &self.started,
            &self.state_and_why,
            &self.rows,
        ]
    }

    /// The headings of [`RunLine::narrow`].
    const NARROW: [&str; 5] = ["run", "command", "target", "state", "rows"];

    /// The cells without the address, without the start, which the run's name tells, and without the reason of its state.
    fn narrow(&self) -> Vec<&str> {
        vec![
            &self.run,
            &self.command,
            &self.typed_target,
            &self.state,
            &self.rows,
        ]
    }

    /// The same as a sentence, which takes two lines of a screen that is too narrow for a table.
    fn sentence(&self) -> String {
        let RunLine {
            run,
            command,
            typed_target,
            state,
            rows,
            ..
        } = self;
        if command.is_empty() {
            return format!("{run} {state}");
        }
        let on = translated("on");
        let parts = [state.as_str(), rows]
            .into_iter()
            .filter(|part| !part.is_empty());
        format!(
            "{run} {command} {on} {typed_target}: {}",
            parts.collect::<Vec<_>>().join(", ")
        )
    }
}
