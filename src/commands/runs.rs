//! `rowcall runs` and `rowcall report`: the content of the ledgers.

use crate::cli::{RunReportArgs, RunsArgs, RunsCommand};
use crate::ledger::{
    Listed, Memory, RunFacts, Standing, StateDir, StoredRun, Summary, clean, runs,
};
use crate::model::{Finding, Outcome};
use crate::report::{ReportFile, ReportHead, counted, for_people, origins};
use crate::rim::outputs::Files;
use crate::rim::terminal::{print, print_data, strict_output};
use crate::rim::{Context, Exit, Failure};
use crate::run::SavedOptions;
use crate::run::past::line;
use crate::sheet::markdown;
use serde_json::{Value, json};

/// Lists the runs, newest first, or throws old ones away.
///
/// # Errors
/// Exit 2 where the state folder cannot be used.
pub(super) fn run(args: &RunsArgs, context: &Context) -> Result<Exit, Failure> {
    let state = context.state()?;
    if let Some(RunsCommand::Clean { keep, unfinished }) = &args.command {
        let cleaned = clean(&state, *keep, *unfinished)?;
        for target in &cleaned.targets {
            Memory::remove(&state, target)?;
        }
        print(format!(
            "{} removed",
            counted(cleaned.removed.len() as u64, "run")
        ));
        for secrets in &cleaned.secrets {
            print(format!(
                "kept, for it holds generated secrets: {}",
                secrets.display()
            ));
        }
        if !cleaned.secrets.is_empty() {
            print("  hint: move such a file to where it belongs, or remove it, then clean again");
        }
        return Ok(Exit::Done);
    }
    if let Some(RunsCommand::Show { run, json }) = &args.command {
        return show(run.as_deref(), *json, &state);
    }
    if args.json {
        let runs: Vec<Value> = runs(&state)?.iter().map(run_as_json).collect();
        let all = json!({ "command": "runs", "runs": runs });
        return print_data(|out| writeln!(out, "{all}"));
    }
    let rows: Vec<Vec<String>> = runs(&state)?.iter().map(listed).collect();
    let headings = ["run", "command", "target", "started", "state", "rows"].map(str::to_owned);
    let table = markdown::table(&headings, &rows);
    print_data(|out| out.write_all(table.as_bytes()))
}

/// Returns the state of a run as a word, with the reason why it is to be resumed.
fn standing(summary: &Summary) -> (&'static str, Option<&str>) {
    match &summary.ended {
        None => ("at_work_or_cut_off", None),
        Some(_) if summary.is_finished() => ("finished", None),
        Some(ended) => ("to_be_resumed", Some(&ended.why)),
    }
}

fn run_as_json(listed: &Listed) -> Value {
    match &listed.summary {
        Ok(summary) => summary_as_json(summary),
        Err(error) => {
            json!({ "run": listed.id, "state": "unreadable", "why": error.to_string() })
        }
    }
}

fn summary_as_json(summary: &Summary) -> Value {
    let run = &summary.run;
    let (state, why) = standing(summary);
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
    })
}

/// Prints everything about one run, the newest where none is named.
fn show(name: Option<&str>, json: bool, state: &StateDir) -> Result<Exit, Failure> {
    let name = match name {
        Some(name) => name.to_owned(),
        None => newest_name(state)?,
    };
    let summary = StoredRun::open(state, &name)?.summary()?;
    let run = &summary.run;
    let options = SavedOptions::parse(&run.id, &run.head.options);
    let reports = options.into_iter().flat_map(|options| options.reports);
    let reports: Vec<String> = reports.map(|path| path.display().to_string()).collect();
    let ended = summary.ended.as_ref();
    let ended = ended.map(|ended| format!("{:.3}", ended.at));
    let folder = state.run_folder(&name).display().to_string();
    if json {
        let mut all = summary_as_json(&summary);
        let more = json!({
            "run_command": run.head.command,
            "command": "runs show",
            "ended": ended,
            "vendor": run.head.vendor,
            "rules": run.head.rules,
            "tool": run.tool,
            "key": run.key,
            "folder": folder,
            "reports": reports,
        });
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
            all.extend(more);
        }
        return print_data(|out| writeln!(out, "{all}"));
    }
    let (standing, why) = standing(&summary);
    let facts = [
        ("run", run.id.clone()),
        ("command", run.head.command.clone()),
        ("mode", run.head.mode.word().to_owned()),
        ("target", run.target.clone()),
        ("started", format!("{:.3}", run.started)),
        ("ended", ended.unwrap_or_default()),
        ("state", standing.replace('_', " ")),
        ("why", why.unwrap_or_default().to_owned()),
        ("rows", counts(&summary).join(", ")),
        ("waiting", summary.waiting.to_string()),
        ("to be looked up", summary.intended.to_string()),
        ("rules", run.head.rules.clone()),
        ("tool", run.tool.clone()),
        ("key", run.key.clone()),
        ("folder", folder),
        ("reports", reports.join(", ")),
    ];
    print_data(|out| {
        let known = facts.iter().filter(|(_, text)| !text.is_empty());
        for (label, text) in known {
            writeln!(out, "{label:<16} {text}")?;
        }
        Ok(())
    })
}

/// The number of rows of each result, in words.
fn counts(summary: &Summary) -> Vec<String> {
    let results = summary.results.iter();
    let counts = results.map(|(result, count)| format!("{count} {}", result.word()));
    counts.collect()
}

/// The newest run's name.
fn newest_name(state: &StateDir) -> Result<String, Failure> {
    let newest = runs(state)?.into_iter().next();
    newest
        .map(|listed| listed.id)
        .ok_or_else(|| Failure::usage("there are no runs yet"))
}

fn listed(listed: &Listed) -> Vec<String> {
    let mut row = vec![listed.id.clone()];
    match &listed.summary {
        Err(error) => row.extend([
            String::new(),
            String::new(),
            String::new(),
            error.to_string(),
            String::new(),
        ]),
        Ok(summary) => {
            let state = match &summary.ended {
                None => "at work, or cut off".to_owned(),
                Some(_) if summary.is_finished() => "finished".to_owned(),
                Some(ended) => format!("to be resumed: {}", ended.why),
            };
            let mut counts = counts(summary);
            if summary.intended > 0 {
                counts.push(format!("{} to be looked up", summary.intended));
            }
            let started = format!("{:.0}", summary.run.started);
            let options = SavedOptions::parse(&summary.run.id, &summary.run.head.options);
            let groups = if options.is_ok_and(|options| options.target.groups) {
                " --groups"
            } else {
                ""
            };
            let head = &summary.run.head;
            let command = head.mode.after(&format!("{}{groups}", head.command));
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

/// Writes a run's report again, from its ledger; also of a run that is at work or was cut off.
///
/// # Errors
/// Exit 2 where there is no such run, or the file cannot be written.
pub(super) fn report(args: &RunReportArgs, context: &Context) -> Result<Exit, Failure> {
    let state = context.state()?;
    let name = match &args.run {
        Some(name) => name.clone(),
        None => newest_name(&state)?,
    };
    let run = StoredRun::open(&state, &name)?;
    let outcomes = run.outcomes()?;
    let options = SavedOptions::parse(&name, &run.run().head.options);
    let mut files = Files::new(context);
    for file in options.iter().flat_map(SavedOptions::files) {
        files.read(file);
    }
    files.read_origins(outcomes.iter().map(|(outcome, _)| outcome));
    if let Some(path) = &args.output {
        files.written("--output", path);
    }
    files.prepare()?;
    let head = report_head(run.run(), &outcomes);
    let report = match &args.output {
        Some(path) => ReportFile::replace(path, &head),
        None => ReportFile::stream(strict_output(), "standard output", &head),
    };
    let mut report = report.map_err(Failure::usage)?;
    let headings = options.map(|options| options.headings).unwrap_or_default();
    let doubtful = outcomes
        .iter()
        .filter(|(_, standing)| matches!(standing, Standing::Intended(_)))
        .count();
    let all_well = outcomes.iter().all(|(outcome, _)| outcome.is_well());
    for (outcome, standing) in outcomes {
        let line = line(outcome, standing);
        let heading = |finding: &Finding| headings.heading(line.place.as_ref(), finding.field);
        report.put(&line, &heading).map_err(Failure::usage)?;
    }
    report.finish(&[]).map_err(Failure::usage)?;
    if doubtful > 0 {
        print(format!(
            "{doubtful} rows may have been sent, and nobody has looked: rowcall resume {name}"
        ));
    }
    Ok(Exit::done_if(all_well))
}

/// Builds the head of a report that is written again.
fn report_head(run: &RunFacts, outcomes: &[(Outcome, Standing)]) -> ReportHead {
    let (read, has_one_table) = origins(outcomes.iter().map(|(outcome, _)| outcome));
    let facts = [
        ("PBX", format!("{} ({})", run.target, run.head.vendor)),
        ("command", run.head.command.clone()),
        ("mode", run.head.mode.word().to_owned()),
        ("read", read),
        ("started", for_people(run.started)),
        ("run", run.id.clone()),
    ];
    let title = format!("{} on {}", run.head.command, run.target);
    ReportHead {
        has_rings: outcomes.iter().any(|(outcome, _)| outcome.ring.is_some()),
        ..ReportHead::new(title, facts, has_one_table)
    }
}
