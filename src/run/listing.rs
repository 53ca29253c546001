//! Runs as they are listed: a line of a table, or JSON.

use super::SavedOptions;
use crate::lang::translated;
use crate::ledger::{ApplyState, ListedRun, Summary};
use serde_json::{Value, json};

/// Returns the state of a run as its word in JSON and in words, with the reason why it is to be resumed.
pub(crate) fn run_state(summary: &Summary) -> (&'static str, &'static str, Option<&str>) {
    match &summary.ended {
        None => ("at_work_or_cut_off", "running or cut off", None),
        Some(_) if summary.is_finished() && summary.apply == Some(ApplyState::Left) => {
            ("finished", "finished, not in effect", None)
        }
        Some(_) if summary.is_finished() => ("finished", "finished", None),
        Some(ended) => ("to_be_resumed", "to be resumed", Some(&ended.why)),
    }
}

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
pub(crate) fn run_as_json(listed: &ListedRun) -> Value {
    match &listed.summary {
        Ok(summary) => summary_as_json(summary),
        Err(error) => {
            json!({ "run": listed.id, "state": "unreadable", "why": error.to_string() })
        }
    }
}

/// The state and progress of one run as JSON.
pub(crate) fn summary_as_json(summary: &Summary) -> Value {
    let run = &summary.run;
    let (state, _, why) = run_state(summary);
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
        "state": state,
        "why": why,
        "counts": counts,
        "waiting": summary.waiting,
        "to_be_looked_up": summary.intended,
        "apply": summary.apply,
    })
}

/// The number of rows of each result, in words.
pub(crate) fn result_counts(summary: &Summary) -> Vec<String> {
    let results = summary.results.iter();
    let counts = results.map(|(result, count)| format!("{count} {}", translated(result.word())));
    counts.collect()
}

/// One line of the list: run, command, target, start, state and rows.
pub(crate) fn table_row(listed: &ListedRun) -> Vec<String> {
    let mut row = vec![listed.id.clone()];
    match &listed.summary {
        Err(error) => row.extend([
            String::new(),
            String::new(),
            String::new(),
            translated(&error.to_string()).into_owned(),
            String::new(),
        ]),
        Ok(summary) => {
            let state = match run_state(summary) {
                (_, words, Some(why)) => format!("{}: {}", translated(words), translated(why)),
                (_, words, None) => translated(words).into_owned(),
            };
            let mut counts = result_counts(summary);
            if summary.intended > 0 {
                let waiting = format!("{} to be looked up", summary.intended);
                counts.push(translated(&waiting).into_owned());
            }
            let started = format!("{:.0}", summary.run.started);
            let options = SavedOptions::parse(&summary.run.id, &summary.run.head.options);
            let groups = if options.is_ok_and(|options| options.target.groups) {
                " --groups"
            } else {
                ""
            };
            let head = &summary.run.head;
            let command = format!("{}{groups}", head.mode.after(head.command));
            row.extend([
                command,
                summary.run.target.clone(),
                started,
                state,
                counts.join(", "),
            ]);
        }
    }
    row
}
