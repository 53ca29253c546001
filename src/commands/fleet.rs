//! `rowcall fleet report`: the summaries of all shards of a night, joined.

use crate::cli::{FleetArgs, FleetCommand, FleetReportArgs};
use crate::fleet::{ExportSummary, JoinedSummaries, SUMMARY_BYTES_MAX, joined};
use crate::model::counted;
use crate::rim::config::read_text;
use crate::rim::terminal::{print, print_data};
use crate::rim::{Exit, Failure};
use serde_json::json;

/// Reports on many PBXes.
///
/// # Errors
/// Exit 2 where a summary cannot be read, or summaries do not belong together.
pub(super) fn run(args: &FleetArgs) -> Result<Exit, Failure> {
    match &args.command {
        FleetCommand::Report(args) => report(args),
    }
}

fn report(args: &FleetReportArgs) -> Result<Exit, Failure> {
    let mut files = vec![];
    for path in &args.summaries {
        let shown = path.display().to_string();
        let text = read_text(path, SUMMARY_BYTES_MAX)
            .map_err(|why| Failure::usage(format!("{shown} cannot be read: {why}")))?;
        let summary =
            ExportSummary::parse(&text).map_err(|why| Failure::usage(format!("{shown} {why}")))?;
        files.push((shown, summary));
    }
    let all = joined(files, args.shards).map_err(|error| {
        Failure::usage(error).hint("name the summaries of one night, one for each shard")
    })?;
    match args.json {
        true => print_data(|out| writeln!(out, "{}", as_json(&all)))?,
        false => print_report(&all),
    };
    Ok(Exit::of_code(all.exit_code))
}

fn as_json(all: &JoinedSummaries) -> serde_json::Value {
    let counts = all.counts().into_iter();
    let counts: serde_json::Map<String, serde_json::Value> = counts
        .map(|(result, count)| (result.word().to_owned(), count.into()))
        .collect();
    json!({
        "command": "fleet report",
        "night": all.night,
        "shards": all.shards,
        "silent_shards": all.silent,
        "counts": counts,
        "exit_code": all.exit_code,
        "targets": all.targets,
    })
}

/// Prints the targets that have no export, then the shards that said nothing, then the counts.
fn print_report(all: &JoinedSummaries) -> Exit {
    for line in all.targets.iter().filter(|line| !line.message.is_empty()) {
        print(&line.message);
    }
    for index in &all.silent {
        print(format!(
            "shard {index} of {} has no summary: its job was not begun, or was killed",
            all.shards
        ));
    }
    let counts = all.counts().into_iter();
    let counts: Vec<String> = counts
        .map(|(result, count)| format!("{count} {}", result.word()))
        .collect();
    let extensions = all.targets.iter().filter_map(|line| line.extensions).sum();
    print(format!(
        "{}, {} ({}); {}",
        counted(u64::from(all.shards), "shard"),
        counted(all.targets.len() as u64, "target"),
        counts.join(", "),
        counted(extensions, "extension")
    ));
    Exit::Done
}
