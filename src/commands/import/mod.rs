//! `rowcall import`: from a sheet to the results; and `rowcall import --plan`, exactly the planned changes.

mod replay;
mod request;

use super::plan;
use super::wanted::{check, read_rows};
use crate::cli::ImportArgs;
use crate::model::Mode;
use crate::plan::Refusal;
use crate::plan::import::plan_import;
use crate::rim::terminal::stop_on_interrupt;
use crate::rim::{Context, Exit, Failure, Target};
use crate::run::{RESULT_LINES, Run};
use request::request;

/// Brings the sheets' extensions onto the target.
///
/// # Errors
/// Exit 2, 3 or 4; where rows were read by then, each has its outcome in the report all the same.
pub(super) fn run(args: &ImportArgs, context: &Context) -> Result<Exit, Failure> {
    let wanted = &args.wanted;
    wanted.detail.refuse_without(args.dry_run)?;
    if let Some(plan) = &args.plan {
        return replay::run(plan, args, context);
    }
    let to = args.to.as_deref().unwrap_or_default();
    if args.dry_run {
        let preview = plan::PlanPreview {
            to,
            output: None,
            guard: args.guard.options(),
            all_or_nothing: args.all_or_nothing,
        };
        return plan::show(preview, wanted, context);
    }
    let target = Target::resolve(to, context.config(), &wanted.pace.options())?
        .about_groups(wanted.input.groups)?;
    let request = request(args, wanted.mode, &target)?;
    if wanted.mode == Mode::Sync {
        request.refuse_silent_deletes()?;
    }
    let (mut rows, prepared) = read_rows(wanted, &request, None, context)?;
    let refusal = check(&mut rows, wanted, args.all_or_nothing, &target);
    rows.print_warnings(RESULT_LINES);
    let refusal = refusal.or_else(|| (!rows.any_valid()).then(Refusal::no_valid_row));
    let stop = stop_on_interrupt()?;
    let run = Run::new(&request, context, &stop).of_rows(rows);
    if let Err(failure) = prepared {
        return run.refuse_outputs(failure);
    }
    if let Some(refusal) = refusal {
        return run.refuse(refusal);
    }
    let (all_or_nothing, rewrite) = (args.all_or_nothing, wanted.rewrite_secrets);
    run.execute(|rows, session| plan_import(rows, wanted.mode, all_or_nothing, rewrite, session))
}
