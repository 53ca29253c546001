//! `rowcall ring`: asks the PBX by SIP if telephones can sign in with the secrets of sheets.

use crate::cli::RingArgs;
use crate::columns::AllowedActions;
use crate::input::{InputOptions, InputRows, open_sheets};
use crate::manifest::Manifest;
use crate::model::RunCommand;
use crate::rim::terminal::{print, stop_on_interrupt};
use crate::rim::{Context, Exit, Failure, Target};
use crate::run::ring_rows::ring_rows;
use crate::run::ringing::Ringing;
use crate::run::{RESULT_LINES, Results, RunRequest};
use std::path::Path;

/// Asks about every row.
///
/// # Errors
/// Exit 2 where a file cannot be used, exit 3 where the registrar's name is not known.
pub(super) fn run(args: &RingArgs, context: &Context) -> Result<Exit, Failure> {
    let target = Target::without_account(&args.to, context.config(), &args.pace())?;
    let stop = stop_on_interrupt()?;
    let ringing = Ringing::new(&target, args.proof.options(), args.rate, &stop)?;
    let manifest = target.manifest();
    let secrets = args.secrets.as_deref();
    let secrets = secrets.map(|path| read(path, manifest)).transpose()?;
    let (rows, secrets) = match (args.sheets.is_empty(), secrets) {
        (true, Some(secrets)) => (secrets, None),
        (_, secrets) => (read_sheets(args, manifest)?, secrets),
    };
    let request = RunRequest::new(RunCommand::Ring, &target, args.report.options());
    let mut files = request.files(&rows, context);
    let others = [&args.secrets, &args.reading.map_file];
    others
        .into_iter()
        .flatten()
        .for_each(|file| files.read(file));
    files.prepare()?;
    rows.print_warnings(RESULT_LINES);
    print(format!("{}: asks {}", target.label, ringing.place()));
    let results = Results::open(
        &request,
        rows.headings(),
        rows.lines(),
        &request.report,
        None,
    )?;
    let is_stopped = || stop.is_stopped();
    ring_rows(
        &rows,
        secrets.as_ref(),
        &ringing,
        manifest,
        results,
        is_stopped,
    )
}

/// Reads a file of secrets, as an import writes it.
///
/// # Errors
/// Exit 2, naming the place.
fn read(path: &Path, manifest: &Manifest) -> Result<InputRows, Failure> {
    if path.extension().is_some_and(|ending| ending == "age") {
        let file = path.display();
        return Err(Failure::usage(format!("{file} is encrypted"))
            .hint("decrypt it first: age -d -i KEY -o secrets.csv FILE.age"));
    }
    rows_of(&InputOptions::file(path, None), manifest)
}

fn read_sheets(args: &RingArgs, manifest: &Manifest) -> Result<InputRows, Failure> {
    let input = InputOptions {
        sheets: args.sheets.clone(),
        reading: args.reading.options(),
    };
    rows_of(&input, manifest)
}

fn rows_of(input: &InputOptions, manifest: &Manifest) -> Result<InputRows, Failure> {
    let sheets = open_sheets(input, manifest, AllowedActions::default())?;
    let mut rows = InputRows::read(sheets, manifest)?;
    rows.check_keys(manifest);
    Ok(rows)
}
