//! A migration into a product's own import file.

use super::loss;
use super::sides::{MoveOrigin, mapped};
use crate::cli::{ExportArgs, MigrateArgs, OnLoss};
use crate::dialects::{ProductFile, dialect_named};
use crate::model::Finding;
use crate::plan::transfer::MoveTarget;
use crate::rim::terminal::stop_reading_on_interrupt;
use crate::rim::{Context, Exit, Failure, PaceOptions, Target};
use crate::run::FileRequest;

/// Writes the file, or shows its rows.
///
/// # Errors
/// Exit 2 where something cannot be read or written, exit 3 where the PBX cannot be read, exit 4 where something would be
/// lost and may not be.
pub(super) fn run(
    command: &'static str,
    args: &MigrateArgs,
    from: &MoveOrigin,
    file: Result<ProductFile, String>,
    context: &Context,
) -> Result<Exit, Failure> {
    refuse_options_of_pbx(args)?;
    let file = file.map_err(Failure::usage)?;
    let facts = dialect_named(&file.id).map_err(Failure::usage)?;
    let report = &args.transfer.report;
    let secrets = args.transfer.secrets.resolve()?;
    let request = FileRequest::new(command, facts, &file.path, report.options(), secrets)?;
    let may_lose = args.transfer.losses.on_loss == OnLoss::Report;
    let request = request.like(args.transfer.like.as_ref(), may_lose)?;
    let mut files = request.files(context);
    from.read_by(&mut files);
    args.transfer
        .renumber_map
        .iter()
        .for_each(|map| files.read(map));
    files.written("--loss", &args.transfer.loss);
    files.written("--output", &args.output);
    files.prepare_telling()?;
    let stop = stop_reading_on_interrupt()?;
    let transfer = mapped(args, from, MoveTarget::file(&file, facts), &stop)?;
    let request = request.falling_short(transfer.source.shortfall.clone());
    let rows = transfer.creations();
    loss::write(args, &transfer)?;
    if let Some(path) = &args.output {
        loss::write_sheet(path, &transfer.moves)?;
    }
    let heading = |_, _: &Finding| String::new();
    if args.dry_run {
        loss::refuse(args, &transfer)?;
        let detail = args.detail.detail();
        let shown = request.show(&rows, detail, &heading, context);
        // The losses come last, where they are read.
        loss::print_summary(args, &transfer);
        return shown;
    }
    loss::print_summary(args, &transfer);
    loss::refuse(args, &transfer)?;
    request.write(rows, &heading)
}

/// Carries the extensions of one PBX into a product's import file.
///
/// # Errors
/// As of [`run`]; exit 2 where not one PBX and one file are named.
pub(in crate::commands) fn run_export(
    args: &ExportArgs,
    context: &Context,
) -> Result<Exit, Failure> {
    let Some(facts) = args.to else {
        return Err(Failure::usage(
            "options of an import file are given, and no --to names its product",
        )
        .hint("add --to file:PRODUCT, or leave them out"));
    };
    let ([name], Some(path)) = (args.targets.as_slice(), &args.output) else {
        return Err(Failure::usage("an import file is written of one PBX")
            .hint("write one after the other, each with its own -o FILE"));
    };
    let target = Target::resolve(name, context.config(), &args.pace.options())?;
    let file = ProductFile {
        id: facts.vendor.id.clone(),
        path: path.clone(),
    };
    let migration = MigrateArgs {
        transfer: args.transfer.clone(),
        ..MigrateArgs::default()
    };
    let from = MoveOrigin::Pbx(Box::new(target));
    run("export", &migration, &from, Ok(file), context)
}

/// Refuses options that say how a PBX is written to.
fn refuse_options_of_pbx(args: &MigrateArgs) -> Result<(), Failure> {
    let pace = PaceOptions {
        ca_file: None,
        ..args.pace.options()
    };
    let guard = args.guard.options();
    let given = [
        ("--overwrite", args.overwrite),
        ("--ring", args.ring),
        ("--waves", guard.waves.is_some()),
        ("--apply", guard.apply.is_some()),
        ("--rate or --set", pace != PaceOptions::default()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((flag, _)) => Err(Failure::usage(format!(
            "{flag} is about a PBX that is written to, and --to names a file"
        ))
        .hint("leave it out")),
    }
}
