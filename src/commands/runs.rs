//! `rowcall runs`: the content of the ledgers.

use crate::cli::{RunsArgs, RunsCommand};
use crate::lang::translated;
use crate::ledger::{Memory, StateDir, StoredRun, clean, runs};
use crate::model::counted;
use crate::rim::terminal::{print, print_data};
use crate::rim::{Context, Exit, Failure};
use crate::run::SavedOptions;
use crate::run::listing::{in_effect, print_list, row_counts, run_as_json, summary_as_json};
use crate::run::state::{RunState, runs_in_list};
use serde_json::{Value, json};

/// Lists the runs, newest first, or removes old ones.
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
                "kept, because it holds generated secrets: {}",
                secrets.display()
            ));
        }
        if !cleaned.secrets.is_empty() {
            print(
                "  hint: move the file to a safe place, or remove it, then run the command again",
            );
        }
        return Ok(Exit::Done);
    }
    if let Some(RunsCommand::Show { run, json }) = &args.command {
        return show(run.as_deref(), *json, context);
    }
    if args.json {
        let runs: Vec<Value> = runs_in_list(context)?.iter().map(run_as_json).collect();
        let all = json!({ "command": "runs", "runs": runs });
        return print_data(|out| writeln!(out, "{all}"));
    }
    print_list(&runs_in_list(context)?)
}

/// Prints everything about one run, the newest where none is named.
fn show(name: Option<&str>, json: bool, context: &Context) -> Result<Exit, Failure> {
    let folders = context.state()?;
    let name = match name {
        Some(name) => name.to_owned(),
        None => newest_name(&folders)?,
    };
    let mut summary = StoredRun::open(&folders, &name)?.summary()?;
    let state = RunState::of_one(&mut summary, context)?;
    let run = &summary.run;
    let options = SavedOptions::parse(&run.id, &run.head.options);
    let reports = options.into_iter().flat_map(|options| options.reports);
    let reports: Vec<String> = reports.map(|path| path.display().to_string()).collect();
    let ended = summary.ended.as_ref();
    let ended = ended.map(|ended| format!("{:.3}", ended.at));
    let folder = folders.run_folder(&name).display().to_string();
    if json {
        let mut all = summary_as_json(&summary, state);
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
    let why = state.why(&summary);
    let facts = [
        ("run", run.id.clone()),
        ("command", run.head.command.word().to_owned()),
        ("mode", run.head.mode.word().to_owned()),
        ("target", run.target.clone()),
        ("started", format!("{:.3}", run.started)),
        ("ended", ended.unwrap_or_default()),
        ("state", translated(state.words()).into_owned()),
        ("why", translated(why.unwrap_or_default()).into_owned()),
        ("rows", row_counts(&summary).join(", ")),
        ("waiting", summary.waiting.to_string()),
        ("to be looked up", summary.intended.to_string()),
        (
            "in effect",
            translated(in_effect(summary.apply)).into_owned(),
        ),
        ("rules", run.head.rules.clone()),
        ("tool", run.tool.clone()),
        ("key", run.key.clone()),
        ("folder", folder),
        ("reports", reports.join(", ")),
    ];
    print_data(|out| {
        let known = facts.iter().filter(|(_, text)| !text.is_empty());
        for (label, text) in known {
            let label = translated(label);
            writeln!(out, "{label:<16} {text}")?;
        }
        Ok(())
    })
}

/// The newest run's name.
pub(super) fn newest_name(state: &StateDir) -> Result<String, Failure> {
    let newest = runs(state)?.into_iter().next();
    newest
        .map(|listed| listed.id)
        .ok_or_else(|| Failure::no_run("show"))
}
