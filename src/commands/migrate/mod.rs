//! `rowcall migrate`: the extensions of one PBX onto another, with an account of every field before anything is sent.
//!
//! Read, map, loss report, look at the other PBX, decide three ways, and then the way of every import. The agreement of
//! both PBXes in the end is kept for the next run.

mod loss;
mod renumber;

use crate::cli::{MigrateArgs, OnLoss};
use crate::input::Rows;
use crate::model::RunMode;
use crate::plan::Refusal;
use crate::plan::transfer::{MigrationSource, Transfer};
use crate::rim::outputs::Files;
use crate::rim::terminal::{print, stop_on_interrupt};
use crate::rim::{Context, Exit, Failure, PaceOptions, Target, TargetSession};
use crate::run::{GuardOptions, Run, RunRequest, refuse_without_rows};
use std::collections::BTreeMap;

/// Carries the extensions of the one target to the other.
///
/// # Errors
/// Exit 2 where the command line, a file, or the base of the last run cannot be used, or where two extensions would
/// have one number; exit 3 where a target cannot be used; exit 4 where the guard or `--on-loss stop` stops it.
pub(super) fn run(args: &MigrateArgs, context: &Context) -> Result<Exit, Failure> {
    args.detail.refuse_without(args.dry_run)?;
    let reading = PaceOptions {
        ca_file: args.pace.ca_file.clone(),
        ..PaceOptions::default()
    };
    let from = Target::resolve(&args.from, context.config(), &reading)?;
    let to = Target::resolve(&args.to, context.config(), &args.pace.options())?;
    let (request, files) = request(args, &from, &to, context)?;
    if let Err(failure) = files.prepare() {
        return refuse_without_rows("migrate", &to.label, args.report.json, None, failure);
    }
    let listed = match &args.renumber_map {
        Some(path) => renumber::read_map(path)?,
        None => BTreeMap::new(),
    };
    let stop = stop_on_interrupt()?;
    let source = MigrationSource::fetch(&TargetSession::open(&from, &stop)?)?;
    source.notes.iter().for_each(print);
    let renumbering = renumber::resolve(&source, &listed, args)?;
    let left_out = args.drop.iter().copied().collect();
    let (fill, overwrite) = (&args.fill, args.overwrite);
    let transfer = Transfer::map(&from, &to, source, &renumbering, left_out, fill, overwrite)?;
    let run = Run::new(&request, context, &stop).of_lines(transfer.lines());
    // Once nobody else has the target: another run may be writing to the same files.
    let write = || {
        write_outputs(args, [&from, &to], &transfer)?;
        let lost = transfer.loss.lost();
        match args.on_loss == OnLoss::Stop && !lost.is_empty() {
            true => Err(Refusal::new("loss", loss::too_lossy(&lost))),
            false => Ok(()),
        }
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
                loss::print_summary(args, &from, &to, &transfer);
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
fn write_outputs(
    args: &MigrateArgs,
    [from, to]: [&Target; 2],
    transfer: &Transfer<'_>,
) -> Result<(), Refusal> {
    let written = loss::write(args, [from, to], transfer);
    if written.is_ok() && !args.dry_run {
        loss::print_summary(args, from, to, transfer);
    }
    let written = match &args.output {
        Some(path) => written.and_then(|()| loss::write_sheet(path, &transfer.moves)),
        None => written,
    };
    written.map_err(|failure| Refusal::new("output", failure))
}

fn request<'t>(
    args: &MigrateArgs,
    from: &Target,
    to: &'t Target,
    context: &Context,
) -> Result<(RunRequest<'t>, Files), Failure> {
    from.refuse_same_pbx(to)?;
    let request = RunRequest {
        mode: match args.overwrite {
            true => RunMode::Overwrite,
            false => RunMode::None,
        },
        guard: GuardOptions {
            ring: args.ring,
            ..args.guard.options()
        },
        secrets: args.secrets.resolve()?,
        ..RunRequest::new("migrate", to, args.report.options())
    };
    request.guard.refuse_column_waves("a migration")?;
    let mut files = request.files(&Rows::default(), context);
    if let Some(path) = &args.renumber_map {
        files.read(path);
    }
    files.written("--loss", &args.loss);
    files.written("--output", &args.output);
    Ok((request, files))
}
