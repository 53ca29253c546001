//! The two sides of a migration, as they were typed: a PBX, or a product's own file.

use super::renumber;
use crate::cli::{FormArgs, MigrateArgs};
use crate::dialects::{PREFIX, ProductFile};
use crate::input::ReadingOptions;
use crate::link::StopFlag;
use crate::manifest::Manifest;
use crate::plan::origin::MigrationSource;
use crate::plan::transfer::{MoveTarget, Transfer};
use crate::rim::outputs::Files;
use crate::rim::terminal::print;
use crate::rim::{Context, Failure, PaceOptions, Target, TargetSession};
use std::collections::BTreeMap;

/// The side that the extensions come from.
pub(super) enum MoveOrigin {
    Pbx(Box<Target>),
    File(ProductFile),
}

impl MoveOrigin {
    /// Resolves the word after `--from`.
    ///
    /// # Errors
    /// Exit 2: there is no such target, or options for reading a file where there is none.
    pub(super) fn resolve(args: &MigrateArgs, context: &Context) -> Result<MoveOrigin, Failure> {
        if let Some(file) = ProductFile::typed(&args.from) {
            return Ok(MoveOrigin::File(file.map_err(Failure::usage)?));
        }
        if !args.map.is_empty() || args.form != FormArgs::default() {
            return Err(Failure::usage(format!(
                "--from {} is a PBX, and options for reading a file are given",
                args.from
            ))
            .hint(format!(
                "leave them out, or name a product's file: {PREFIX}PRODUCT:FILE"
            )));
        }
        let reading = PaceOptions {
            ca_file: args.pace.ca_file.clone(),
            ..PaceOptions::default()
        };
        let target = Target::resolve(&args.from, context.config(), &reading)?;
        Ok(MoveOrigin::Pbx(Box::new(target)))
    }

    /// The PBX, its make and its address; `None` of a file.
    pub(super) fn pbx(&self) -> Option<String> {
        match self {
            MoveOrigin::Pbx(target) => Some(target.described()),
            MoveOrigin::File(_) => None,
        }
    }

    /// Adds the files that it is read from.
    pub(super) fn read_by(&self, files: &mut Files) {
        match self {
            MoveOrigin::Pbx(target) => target.ca_file.iter().for_each(|file| files.read(file)),
            MoveOrigin::File(file) => files.read(&file.path),
        }
    }

    /// Reads all its extensions, as they go to this vendor.
    ///
    /// # Errors
    /// Exit 2 where a file cannot be read or understood, exit 3 where a PBX cannot be read.
    pub(super) fn fetch(
        &self,
        args: &MigrateArgs,
        to: &'static Manifest,
        stop: &StopFlag,
    ) -> Result<MigrationSource, Failure> {
        match self {
            MoveOrigin::Pbx(target) => MigrationSource::fetch(&TargetSession::open(target, stop)?),
            MoveOrigin::File(file) => {
                let reading = ReadingOptions {
                    map: args.map.clone(),
                    ..args.form.options()
                };
                MigrationSource::read(file, reading, to)
            }
        }
    }
}

/// Reads the extensions and maps them.
///
/// # Errors
/// Those of reading, of new numbers and of the account.
pub(super) fn mapped(
    args: &MigrateArgs,
    from: &MoveOrigin,
    to: MoveTarget,
    stop: &StopFlag,
) -> Result<Transfer, Failure> {
    let listed = match &args.transfer.renumber_map {
        Some(path) => renumber::read_map(path)?,
        None => BTreeMap::new(),
    };
    let source = from.fetch(args, to.facts, stop)?;
    source.shortfall.iter().for_each(print);
    let renumbering = renumber::resolve(&source, &listed, args)?;
    let left_out = args.transfer.drop.iter().copied().collect();
    Transfer::map(
        source,
        to,
        &renumbering,
        left_out,
        &args.transfer.fill,
        args.overwrite,
    )
}
