//! `rowcall plan`: the changes that an import would make, field by field; nothing is changed.

use crate::cli::{OnLoss, PlanArgs};
use crate::input::{Rows, open_sheets};
use crate::model::PlannedRow;
use crate::plan::file::{PlanHead, SavedPlan, sealed_path};
use crate::plan::import::plan_import;
use crate::plan::{Plan, Refusal};
use crate::rim::terminal::{print, stop_on_interrupt};
use crate::rim::{Context, Exit, Failure, Target};
use crate::run::{GuardOptions, Run, RunRequest, SecretsOut};

/// Prints the plan, and keeps it where a file is named.
///
/// # Errors
/// Exit 2 or 3; where rows were read by then, each has its outcome in the report all the same.
pub(super) fn run(args: &PlanArgs, context: &Context) -> Result<Exit, Failure> {
    plan(args, GuardOptions::default(), context)
}

/// The same, within this budget.
///
/// # Errors
/// As [`run`].
pub(super) fn plan(
    args: &PlanArgs,
    guard: GuardOptions,
    context: &Context,
) -> Result<Exit, Failure> {
    let target = Target::resolve(&args.to, context.config(), &args.pace.options())?
        .about_groups(args.input.groups)?;
    let manifest = (target.vendor.manifest)();
    let mut rows = Rows::read(
        open_sheets(&args.input.options(), manifest, args.mode.deeds())?,
        manifest,
    )?
    .in_country(args.country.or(target.country));
    let request = RunRequest {
        command: "plan",
        mode: args.mode.word(),
        target: &target,
        report: args.report.options(),
        rejects: None,
        guard,
        secrets: SecretsOut::default(),
    };
    let mut files = request.files(&rows, context);
    args.input
        .reading
        .map_file
        .iter()
        .for_each(|file| files.read(file));
    if let Some(path) = &args.output {
        files.written("--output", path);
        files.written("--output", &sealed_path(path));
    }
    let prepared = files.prepare();
    rows.forget_folders();
    rows.check(manifest, |_| args.mode.unseen_purpose(), None);
    let stop = stop_on_interrupt()?;
    if let Err(failure) = prepared {
        let run = Run::new(&request, context, &stop).of_rows(rows);
        return run.refuse_outputs(failure);
    }
    // Before the PBX is asked: without a key there is nothing to keep.
    let key = match args.output.as_ref().map(|_| context.key()).transpose() {
        Ok(key) => key,
        Err(failure) => {
            let run = Run::new(&request, context, &stop).of_rows(rows);
            return run.refuse(Refusal::new("key", failure));
        }
    };
    let keep = |rows: &Rows, plan: &Plan| {
        rows.warnings().iter().for_each(print);
        let (Some(path), Some(key)) = (&args.output, &key) else {
            return Ok(());
        };
        let head = PlanHead {
            address: target.place(),
            groups: target.spec.groups,
            headings: plan.headings.clone(),
            held: plan.held,
            input_hash: plan.input_hash.clone(),
            vendor: target.vendor.id.to_owned(),
            mode: args.mode,
            rules: manifest.version(),
            settings: args.pace.settings.iter().cloned().collect(),
            target: target.label.clone(),
            to: args.to.clone(),
        };
        let sealed = SavedPlan::write(head, plan, rows, path, key)?;
        print(format!(
            "plan: {}, with what it needs of secrets in {} (only for its owner)",
            path.display(),
            sealed.display()
        ));
        Ok(())
    };
    if args.on_loss == OnLoss::Stop
        && let Err(failure) = rows.refuse_losses()
    {
        rows.warnings().iter().for_each(print);
        let run = Run::new(&request, context, &stop).of_rows(rows);
        return run.refuse(Refusal::new("loss", failure));
    }
    if !rows.any_valid() {
        // The PBX need not be asked.
        let lines = rows.lines().into_iter();
        let plan = Plan::new(&rows, lines.map(PlannedRow::settled).collect());
        return Run::new(&request, context, &stop)
            .of_rows(rows)
            .showing(args.detail.detail())
            .show(&plan, keep);
    }
    let run = Run::new(&request, context, &stop)
        .of_rows(rows)
        .showing(args.detail.detail());
    run.preview(
        |rows, session| plan_import(rows, args.mode, false, args.rewrite_secrets, session),
        keep,
    )
}
