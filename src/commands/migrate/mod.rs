//! `rowcall migrate`: the extensions of one PBX, or of a product's file, onto another, with an account of every field before
//! anything is sent.
//!
//! Read, map, loss report, look at the other PBX, decide three ways, and then the way of every import. The agreement of
//! both PBXes in the end is kept for the next run.

mod into_file;
mod loss;
mod loss_rows;
mod renumber;
mod sides;

use crate::cli::MigrateArgs;
use crate::dialects::ProductFile;
use crate::input::InputRows;
use crate::model::{RunCommand, RunMode};
use crate::plan::Refusal;
use crate::plan::transfer::{MoveTarget, Transfer};
use crate::rim::outputs::Files;
use crate::rim::terminal::stop_run_on_interrupt;
use crate::rim::{Context, Exit, Failure, Target};
use crate::run::{GuardOptions, Run, RunRequest, refuse_without_rows};
use sides::{MoveOrigin, mapped};

pub(super) use into_file::run_export;

/// Carries the extensions of the one side to the other.
///
/// # Errors
/// Exit 2 where the command line, a file, or the base of the last run cannot be used, or where two extensions would
/// have one number; exit 3 where a target cannot be used; exit 4 where the guard or `--on-loss stop` stops it.
pub(super) fn run(args: &MigrateArgs, context: &Context) -> Result<Exit, Failure> {
    args.detail.refuse_without(args.dry_run)?;
    let from = MoveOrigin::resolve(args, context)?;
    match ProductFile::typed(&args.to) {
        Some(file) => into_file::run("migrate", args, &from, file, context),
        None => onto_pbx(args, &from, context),
    }
}

fn onto_pbx(args: &MigrateArgs, from: &MoveOrigin, context: &Context) -> Result<Exit, Failure> {
    if args.transfer.like.is_some() {
        return Err(Failure::usage(
            "--like is about an import file, and --to names a PBX",
        ));
    }
    let to = Target::resolve(&args.to, context.config(), &args.pace.options())?;
    let (request, files) = request(args, from, &to, context)?;
    if let Err(failure) = files.prepare() {
        return refuse_without_rows(
            RunCommand::Migrate,
            &to.label,
            args.transfer.report.json,
            None,
            failure,
        );
    }
    let stop = stop_run_on_interrupt(args.dry_run)?;
    let transfer = mapped(args, from, MoveTarget::pbx(&to), &stop)?;
    let run = Run::new(&request, context, &stop).of_lines(transfer.lines());
    // Once nobody else has the target: another run may be writing to the same files.
    let write = || {
        write_outputs(args, &transfer)?;
        loss::refuse(args, &transfer).map_err(|failure| Refusal::new("loss", failure))
    };
    let key = match context.key() {
        Ok(key) => key,
        Err(failure) => return run.refuse(Refusal::new("key", failure)),
    };
    if args.dry_run {
        // The losses come last, where they are read.
        return run.showing(args.detail.detail()).preview(
            |_, session| {
                write()?;
                let base = transfer.base(&context.state()?, &key)?;
                Ok(transfer.plan(base.as_ref(), &key, session)?.0)
            },
            |_, _| {
                loss::print_summary(args, &transfer);
                Ok(())
            },
        );
    }
    run.execute(|_, session| {
        write()?;
        let base = transfer.base(&context.state()?, &key)?;
        let (mut plan, steps) = transfer.plan(base.as_ref(), &key, session)?;
        let base = base.as_ref();
        plan.agreement = base.map(|base| transfer.agreement(base, &plan, &steps, &key));
        Ok(plan)
    })
}

/// Writes the account of what is lost, and what would be sent, where files are named for them.
///
/// # Errors
/// One cannot be written.
fn write_outputs(args: &MigrateArgs, transfer: &Transfer) -> Result<(), Refusal> {
    let written = loss::write(args, transfer);
    if written.is_ok() && !args.dry_run {
        loss::print_summary(args, transfer);
    }
    let written = match &args.output {
        Some(path) => written.and_then(|()| loss::write_sheet(path, &transfer.moves)),
        None => written,
    };
    written.map_err(|failure| Refusal::new("output", failure))
}

fn request<'t>(
    args: &MigrateArgs,
    from: &MoveOrigin,
    to: &'t Target,
    context: &Context,
) -> Result<(RunRequest<'t>, Files), Failure> {
    if let MoveOrigin::Pbx(from) = from {
        from.refuse_same_pbx(to)?;
    }
    let request = RunRequest {
        mode: match args.overwrite {
            true => RunMode::Overwrite,
            false => RunMode::None,
        },
        guard: GuardOptions {
            ring: args.ring,
            ..args.guard.options()
        },
        origin: from.pbx(),
        secrets: args.transfer.secrets.resolve()?,
        ..RunRequest::new(RunCommand::Migrate, to, args.transfer.report.options())
    };
    request.guard.refuse_column_waves("a migration")?;
    request.refuse_apply()?;
    let mut files = request.files(&InputRows::default(), context);
    from.read_by(&mut files);
    if let Some(path) = &args.transfer.renumber_map {
        files.read(path);
    }
    files.written("--loss", &args.transfer.loss);
    files.written("--output", &args.output);
    Ok((request, files))
}
