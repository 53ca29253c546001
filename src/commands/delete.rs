//! `rowcall delete`: removes the extensions that sheets name.

use crate::cli::DeleteArgs;
use crate::columns::AllowedActions;
use crate::input::{InputRows, open_sheets};
use crate::model::RunCommand;
use crate::plan::delete::plan_deletions;
use crate::rim::terminal::stop_run_on_interrupt;
use crate::rim::{Context, Exit, Failure, Target};
use crate::run::{RESULT_LINES, Run, RunRequest};

/// Removes the extensions.
///
/// # Errors
/// Exit 2, 3 or 4; where rows were read by then, each has its outcome in the report all the same.
pub(super) fn run(args: &DeleteArgs, context: &Context) -> Result<Exit, Failure> {
    let target = Target::resolve(&args.from, context.config(), &args.pace.options())?
        .about_groups(args.input.groups)?;
    let request = RunRequest {
        rejects: args.rejects.clone(),
        guard: args.guard.options(),
        ..RunRequest::new(RunCommand::Delete, &target, args.report.options())
    };
    request.refuse_apply()?;
    if !args.dry_run {
        request.refuse_silent_deletes()?;
    }
    let manifest = target.manifest();
    let mut input = args.input.options();
    input.reading.every_row = args.every_row;
    let mut rows = InputRows::read(
        open_sheets(&input, manifest, AllowedActions::DELETE)?,
        manifest,
    )?;
    let prepared =
        request.prepare_outputs(&rows, args.input.reading.map_file.as_deref(), None, context);
    rows.check_keys(manifest);
    rows.refuse_totals(manifest);
    let titles = rows.refuse_titles(target.noun());
    let divided = rows
        .refuse_cells_without_heading()
        .and_then(|()| rows.refuse_divided(&titles));
    rows.print_warnings(RESULT_LINES);
    let stop = stop_run_on_interrupt(args.dry_run)?;
    let run = Run::new(&request, context, &stop).of_rows(rows);
    if let Err(failure) = prepared {
        return run.refuse_outputs(failure);
    }
    if let Err(failure) = divided {
        return run.refuse(failure.into());
    }
    if args.dry_run {
        return run.preview(
            |rows, session| Ok(plan_deletions(rows, session)?),
            |_, _| Ok(()),
        );
    }
    run.execute(|rows, session| Ok(plan_deletions(rows, session)?))
}
