//! `rowcall runs` and `rowcall report`: what the ledgers tell.

use crate::cli::{RunReportArgs, RunsArgs, RunsCommand};
use crate::ledger::{Listed, Memory, Standing, StoredRun, clean, runs};
use crate::model::{Outcome, RowResult};
use crate::report::{cells, columns};
use crate::rim::outputs::Files;
use crate::rim::terminal::{output, print, print_data};
use crate::rim::{Context, Exit, Failure};
use crate::run::SavedOptions;
use crate::sheet::{Format, Readers, Writer, markdown};

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
        print(format!("{} runs thrown away", cleaned.removed.len()));
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
    let rows: Vec<Vec<String>> = runs(&state)?.iter().map(listed).collect();
    let headings = ["run", "command", "target", "started", "state", "rows"].map(str::to_owned);
    let table = markdown::table(&headings, &rows);
    print_data(|out| out.write_all(table.as_bytes()))
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
            let mut counts: Vec<String> = summary
                .results
                .iter()
                .map(|(result, count)| format!("{count} {}", result.word()))
                .collect();
            if summary.intended > 0 {
                counts.push(format!("{} to be looked up", summary.intended));
            }
            let started = format!("{:.0}", summary.run.started);
            let mode = if summary.run.head.mode.is_empty() {
                ""
            } else {
                " --mode "
            };
            let options = SavedOptions::parse(&summary.run.id, &summary.run.head.options);
            let groups = if options.is_ok_and(|options| options.target.groups) {
                " --groups"
            } else {
                ""
            };
            let command = format!(
                "{}{groups}{mode}{}",
                summary.run.head.command, summary.run.head.mode
            );
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
        None => runs(&state)?
            .first()
            .map(|listed| listed.id.clone())
            .ok_or_else(|| Failure::usage("there are no runs yet"))?,
    };
    let outcomes = StoredRun::open(&state, &name)?.outcomes()?;
    let mut files = Files::default();
    if let Some(path) = &args.output {
        files.written("--output", path);
    }
    files.prepare()?;
    let columns = columns();
    let writer = match &args.output {
        Some(path) => Writer::replace(path, Readers::Anybody, &columns),
        None => Writer::stream(output(), "standard output", Format::Csv, &columns),
    };
    let mut writer = writer.map_err(Failure::usage)?;
    let doubtful = outcomes
        .iter()
        .filter(|(_, standing)| matches!(standing, Standing::Intended(_)))
        .count();
    let all_done = outcomes.iter().all(|(outcome, _)| outcome.result.is_done());
    for (outcome, standing) in outcomes {
        let cells = cells(&line(outcome, standing));
        writer
            .row(cells.iter().map(String::as_str))
            .map_err(Failure::usage)?;
    }
    writer.finish().map_err(Failure::usage)?;
    if doubtful > 0 {
        print(format!(
            "{doubtful} rows may have been sent, and nobody has looked: rowcall resume {name}"
        ));
    }
    Ok(Exit::done_if(all_done))
}

fn line(outcome: Outcome, standing: Standing) -> Outcome {
    match standing {
        Standing::Final | Standing::Waiting => outcome,
        Standing::Intended(attempts) => Outcome {
            result: RowResult::Unknown,
            code: "run.cut_off".into(),
            message: "the run was cut off when this was about to be sent".into(),
            hint: "rowcall resume looks at the PBX and goes on".into(),
            attempts,
            ..outcome
        },
    }
}
