//! The losses of a migration, and the rows that it would send, as files.

use super::loss_rows::{write_each, write_kinds};
use crate::cli::{MigrateArgs, OnLoss};
use crate::migrate::{self, kind_columns};
use crate::model::{Field, TO_GENERATE};
use crate::plan::transfer::{Move, Transfer};
use crate::report::{for_people, reader_of};
use crate::rim::session::first_numbers;
use crate::rim::terminal::{print, print_made};
use crate::rim::{Failure, account_and_machine};
use crate::sheet::{Format, GENERATE, Readers, SheetError, Writer, escaped};
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Writes the fate of each field of each extension, where a file is named.
///
/// # Errors
/// Exit 2 where it cannot be written.
pub(super) fn write(args: &MigrateArgs, transfer: &Transfer) -> Result<(), Failure> {
    match &args.transfer.loss {
        Some(path) => write_loss(path, transfer).map_err(Failure::usage),
        None => Ok(()),
    }
}

/// Prints a summary of the losses.
pub(super) fn print_summary(args: &MigrateArgs, transfer: &Transfer) {
    let (from, to) = (&transfer.source.end.label, &transfer.to.end.label);
    print(format!("{from} → {to}"));
    print_made(|language| transfer.loss.summary(language));
    if let Some(path) = &args.transfer.loss {
        print(format!("loss report: {}", path.display()));
    }
}

fn write_loss(path: &Path, transfer: &Transfer) -> Result<(), SheetError> {
    let (from, to) = (&transfer.source.end, &transfer.to.end);
    let format = Format::to_write(&path.to_string_lossy());
    let (reader, is_page) = (reader_of(format), format.is_some_and(Format::is_page));
    let mut writer = match is_page {
        true => Writer::replace(path, Readers::Anybody, &kind_columns())?,
        false => Writer::replace(path, Readers::Anybody, &migrate::columns())?,
    };
    writer.set_title(&format!("losses from {} to {}", from.label, to.label));
    for (name, value) in [
        ("from", from.described.clone()),
        ("to", to.described.clone()),
        ("by", account_and_machine()),
        ("at", for_people(Timestamp::now())),
    ] {
        if !value.is_empty() {
            writer.add_fact(name, &value);
        }
    }
    writer.add_extra(transfer.loss.table());
    match is_page {
        true => write_kinds(&mut writer, transfer)?,
        false => write_each(&mut writer, transfer, reader)?,
    }
    writer.finish()
}

/// Writes the wanted records as a sheet under canonical headings. Those that are switched off and would be on are left
/// out: their sheet could not say so.
pub(super) fn write_sheet(path: &Path, moves: &[Move]) -> Result<(), Failure> {
    let (off, moves): (Vec<&Move>, Vec<&Move>) =
        moves.iter().partition(|one| one.would_be_switched_on());
    let given = moves.iter().flat_map(|one| one.mapped.wanted.iter());
    let fields: BTreeSet<Field> = given.map(|(field, _)| field).collect();
    let headings: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    let mut writer = Writer::replace(path, Readers::Owner, &headings).map_err(Failure::usage)?;
    for one in moves {
        let cell = |field: &Field| match one.mapped.wanted.reveal(*field).unwrap_or_default() {
            TO_GENERATE => GENERATE.into(),
            text => escaped(text),
        };
        let cells: Vec<Cow<'_, str>> = fields.iter().map(cell).collect();
        writer
            .row(cells.iter().map(|cell| &**cell))
            .map_err(Failure::usage)?;
    }
    writer.finish().map_err(Failure::usage)?;
    print(format!(
        "{}: what would be sent, with passwords and PINs; only its owner can read it",
        path.display()
    ));
    if !off.is_empty() {
        let numbers: Vec<&str> = off.iter().map(|one| one.number.as_str()).collect();
        print(format!(
            "{}: without {}, which are switched off and would be on: --drop enabled takes them in",
            path.display(),
            first_numbers(&numbers)
        ));
    }
    Ok(())
}

/// Refuses a migration by which something would be lost, where that is not allowed.
///
/// # Errors
/// Exit 4, naming the columns of a file that are not read, else the fields.
pub(super) fn refuse(args: &MigrateArgs, transfer: &Transfer) -> Result<(), Failure> {
    let lost = transfer.loss.lost();
    match (args.transfer.losses.on_loss, &transfer.source.not_read) {
        (OnLoss::Report, _) => Ok(()),
        (OnLoss::Stop, Some(not_read)) => Err(not_read.clone()),
        (OnLoss::Stop, None) if lost.is_empty() => Ok(()),
        (OnLoss::Stop, None) => Err(too_lossy(&lost)),
    }
}

fn too_lossy(lost: &BTreeMap<Field, u64>) -> Failure {
    let counted: Vec<String> = lost
        .iter()
        .map(|(field, count)| format!("{} {count}", field.name()))
        .collect();
    let flags: Vec<String> = lost
        .keys()
        .map(|field| format!("--drop {}", field.name()))
        .collect();
    Failure::lossy("fields", &counted, &flags)
}
