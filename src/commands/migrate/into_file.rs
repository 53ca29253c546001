//! A migration into a product's own import file.

use super::loss;
use super::sides::{MoveOrigin, mapped};
use crate::cli::{MigrateArgs, OnLoss};
use crate::dialects::{ProductFile, dialect_named};
use crate::model::Finding;
use crate::plan::transfer::MoveTarget;
use crate::rim::terminal::stop_reading_on_interrupt;
use crate::rim::{Context, Exit, Failure, PaceOptions};
use crate::run::FileRequest;

/// Writes the file, or shows its rows.
///
/// # Errors
/// Exit 2 where something cannot be read or written, exit 3 where the PBX cannot be read, exit 4 where something would be
/// lost and may not be.
pub(super) fn run(
    args: &MigrateArgs,
    from: &MoveOrigin,
    file: &ProductFile,
    context: &Context,
) -> Result<Exit, Failure> {
    refuse_options_of_pbx(args)?;
    let facts = dialect_named(&file.id).map_err(Failure::usage)?;
    let report = &args.report;
    let secrets = args.secrets.resolve()?;
    let request = FileRequest::new("migrate", facts, &file.path, report.options(), secrets)?;
    let may_lose = args.losses.on_loss == OnLoss::Report;
    let request = request.like(args.like.as_ref(), may_lose)?;
    let mut files = request.files(context);
    from.read_by(&mut files);
    args.renumber_map.iter().for_each(|map| files.read(map));
    files.written("--loss", &args.loss);
    files.written("--output", &args.output);
    files.prepare_telling()?;
    let stop = stop_reading_on_interrupt()?;
    let transfer = mapped(args, from, MoveTarget::file(file, facts), &stop)?;
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
