//! `rowcall plan`: the changes that an import would make, field by field; nothing is changed.

use super::wanted::{check, read_rows};
use crate::cli::{PlanArgs, WantedArgs};
use crate::input::InputRows;
use crate::model::{RunCommand, RunMode};
use crate::plan::file::SavedPlan;
use crate::plan::import::plan_import;
use crate::plan::{Plan, Refusal};
use crate::rim::terminal::{print, print_findings, stop_reading_on_interrupt};
use crate::rim::{Context, Exit, Failure, Target};
use crate::run::{GuardOptions, Run, RunRequest};
use std::path::Path;

/// The lines of a screen that are left for what is said behind the warnings.
const SAID_LATER: usize = 2;

/// Prints the plan, and keeps it where a file is named.
///
/// # Errors
/// Exit 2 or 3; where rows were read by then, each has its outcome in the report all the same.
pub(super) fn run(args: &PlanArgs, context: &Context) -> Result<Exit, Failure> {
    let preview = PlanPreview {
        to: &args.to,
        output: args.output.as_deref(),
        guard: GuardOptions::default(),
        all_or_nothing: false,
    };
    show(preview, &args.wanted, context)
}

/// A plan that is shown and not carried out: that of `rowcall plan`, or of `rowcall import --dry-run`.
pub(super) struct PlanPreview<'a> {
    /// The target as it was typed.
    pub(super) to: &'a str,
    /// The file that the plan is kept in.
    pub(super) output: Option<&'a Path>,
    /// The limits that the plan is held against.
    pub(super) guard: GuardOptions,
    /// True if nothing would be sent unless every row is valid.
    pub(super) all_or_nothing: bool,
}

/// Plans the sheets' rows and shows the plan.
///
/// # Errors
/// As [`run`].
pub(super) fn show(
    preview: PlanPreview<'_>,
    wanted: &WantedArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let PlanPreview {
        to,
        output,
        guard,
        all_or_nothing,
    } = preview;
    let target = Target::resolve(to, context.config(), &wanted.pace.options())?
        .about_groups(wanted.input.groups)?;
    let request = RunRequest {
        mode: RunMode::Import(wanted.mode),
        guard,
        ..RunRequest::new(RunCommand::Plan, &target, wanted.report.options())
    };
    request.refuse_apply()?;
    let (mut rows, prepared) = read_rows(wanted, &request, output, context)?;
    rows.forget_folders();
    let refusal = check(&mut rows, wanted, all_or_nothing, &target);
    let warnings = rows.warnings();
    // Without a valid row the PBX need not be asked.
    let nothing_to_send = (!rows.any_valid()).then(|| Plan::without_changes(&rows));
    let stop = stop_reading_on_interrupt()?;
    let run = Run::new(&request, context, &stop)
        .of_rows(rows)
        .showing(wanted.detail.detail());
    if let Err(failure) = prepared {
        return run.refuse_outputs(failure);
    }
    // Before the PBX is asked: without a key there is nothing to keep.
    let key = match output.map(|_| context.key()).transpose() {
        Ok(key) => key,
        Err(failure) => return run.refuse(Refusal::new("key", failure)),
    };
    if let Some(refusal) = refusal {
        print_findings(&warnings, SAID_LATER);
        return run.refuse(refusal);
    }
    let keep = |rows: &InputRows, plan: &Plan| {
        rows.print_warnings(SAID_LATER);
        match (output, &key) {
            (Some(path), Some(key)) => {
                let saved = SavedPlan {
                    mode: wanted.mode,
                    settings: wanted.pace.settings.iter().cloned().collect(),
                    ..SavedPlan::for_target(&target, to, key)
                };
                let sealed = saved.write(plan, rows, path, key)?;
                print(format!(
                    "plan: {}, with what it needs of secrets in {} (only for its owner)",
                    path.display(),
                    sealed.display()
                ));
                Ok(())
            }
            _ => Ok(()),
        }
    };
    if let Some(plan) = nothing_to_send {
        return run.show(&plan, keep);
    }
    let rewrite = wanted.rewrite_secrets;
    run.preview(
        |rows, session| plan_import(rows, wanted.mode, all_or_nothing, rewrite, session),
        keep,
    )
}
