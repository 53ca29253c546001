//! `rowcall migrate`: the extensions of one PBX onto another, with an account of every field before anything is sent.
//!
//! Read, map, loss report, look at the other PBX, decide three ways, and then the road of every import. What both PBXes
//! agree on in the end is kept for the next run.

use crate::cli::{MigrateArgs, OnLoss};
use crate::input::Rows;
use crate::migrate::{self, Renumbering};
use crate::model::{Field, same_word};
use crate::plan::Refusal;
use crate::plan::transfer::{Move, Source, Transfer, colliding};
use crate::rim::terminal::{print, stop_on_interrupt};
use crate::rim::{Context, Exit, Failure, PaceOptions, Session, Target};
use crate::run::{Run, RunRequest};
use crate::sheet::{self, Input, ReadOptions, Readers, Writer};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Carries the extensions of the one target to the other.
///
/// # Errors
/// Exit 2 where the command line, a file, or what is kept of the last run cannot be used, or where two extensions would
/// have one number; exit 3 where a target cannot be used; exit 4 where the guard or `--on-loss stop` stops it.
pub(super) fn run(args: &MigrateArgs, context: &Context) -> Result<Exit, Failure> {
    let reading = PaceOptions {
        ca_file: args.pace.ca_file.clone(),
        ..PaceOptions::default()
    };
    let from = Target::resolve(&args.from, context.config(), &reading)?;
    let to = Target::resolve(&args.to, context.config(), &args.pace.options())?;
    let request = request(args, &from, &to)?;
    let listed = match &args.renumber_map {
        Some(path) => renumber_map(path)?,
        None => BTreeMap::new(),
    };
    let stop = stop_on_interrupt()?;
    let source = Source::fetch(&Session::open(&from, &stop)?)?;
    source.notes.iter().for_each(print);
    let renumbering = renumbering(&source, &listed, args)?;
    let left_out = args.drop.iter().copied().collect();
    let transfer = Transfer::map(&from, &to, source, &renumbering, left_out, args.overwrite)?;
    report_loss(args, &from, &to, &transfer)?;
    if let Some(path) = &args.output {
        write_sheet(path, &transfer.moves)?;
    }
    let run = Run::new(&request, context, &stop).of_lines(transfer.lines());
    let lost = transfer.loss.lost();
    if args.on_loss == OnLoss::Stop && !lost.is_empty() {
        return run.refuse(Refusal::new("loss", too_lossy(&lost)));
    }
    let key = match context.key() {
        Ok(key) => key,
        Err(failure) => return run.refuse(failure.into()),
    };
    if args.dry_run {
        return run.preview(
            |_, session| {
                let base = transfer.base(&context.state()?, &key)?;
                Ok(transfer.plan(base.as_ref(), &key, session)?.0)
            },
            |_, _| Ok(()),
        );
    }
    run.execute(|_, session| {
        let base = transfer.base(&context.state()?, &key)?;
        let (mut plan, steps) = transfer.plan(base.as_ref(), &key, session)?;
        let base = base.as_ref();
        plan.agreement = base.map(|base| transfer.agreement(base, &plan, &steps, &key));
        Ok(plan)
    })
}

fn request<'t>(
    args: &MigrateArgs,
    from: &Target,
    to: &'t Target,
) -> Result<RunRequest<'t>, Failure> {
    if from.is_same_pbx(to) {
        return Err(Failure::usage(format!(
            "{} and {} are the same PBX",
            from.label, to.label
        )));
    }
    let request = RunRequest {
        command: "migrate",
        mode: if args.overwrite { "overwrite" } else { "" },
        target: to,
        report: args.report.options(),
        rejects: None,
        guard: args.guard.options(),
        secrets: args.secrets.resolve()?,
    };
    request.guard.refuse_column_waves("a migration")?;
    let mut files = request.files(&Rows::default());
    if let Some(path) = &args.renumber_map {
        files.read(path);
    }
    if let Some(path) = &args.loss {
        files.written("--loss", path);
    }
    if let Some(path) = &args.output {
        files.written("--output", path);
    }
    files.prepare()?;
    Ok(request)
}

/// Reports what is lost on the way, in short and, where a file is named, field by field.
fn report_loss(
    args: &MigrateArgs,
    from: &Target,
    to: &Target,
    transfer: &Transfer<'_>,
) -> Result<(), Failure> {
    if let Some(path) = &args.loss {
        write_loss(path, &transfer.moves).map_err(Failure::usage)?;
    }
    print(format!("{} → {}", from.label, to.label));
    transfer.loss.summary().iter().for_each(print);
    if let Some(path) = &args.loss {
        print(format!("loss report: {}", path.display()));
    }
    Ok(())
}

fn write_loss(path: &Path, moves: &[Move]) -> Result<(), sheet::SheetError> {
    let mut writer = Writer::replace(path, Readers::Anybody, &migrate::HEADINGS)?;
    for one in moves {
        for entry in &one.carried.entries {
            let cells = migrate::cells(&one.number, one.carried.wanted.number(), entry);
            writer.row(cells.iter().map(String::as_str))?;
        }
    }
    writer.finish()
}

/// Writes what is wanted as a sheet under canonical headings.
fn write_sheet(path: &Path, moves: &[Move]) -> Result<(), Failure> {
    let given = moves.iter().flat_map(|one| one.carried.wanted.iter());
    let fields: BTreeSet<Field> = given.map(|(field, _)| field).collect();
    let headings: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    let mut writer = Writer::replace(path, Readers::Owner, &headings).map_err(Failure::usage)?;
    for one in moves {
        let cells = fields
            .iter()
            .map(|field| one.carried.wanted.reveal(*field).unwrap_or_default());
        writer.row(cells).map_err(Failure::usage)?;
    }
    writer.finish().map_err(Failure::usage)?;
    print(format!(
        "{}: what would be sent, with passwords and PINs; only its owner can read it",
        path.display()
    ));
    Ok(())
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
    Failure::guard(format!(
        "something would be lost of these fields, so nothing was sent: {}",
        counted.join(", ")
    ))
    .hint(format!(
        "if that is meant: {}; or --on-loss report",
        flags.join(" ")
    ))
}

fn renumbering(
    source: &Source,
    listed: &BTreeMap<String, String>,
    args: &MigrateArgs,
) -> Result<Renumbering, Failure> {
    let numbers: BTreeSet<&str> = source.numbers().collect();
    let unknown: Vec<&str> = listed
        .keys()
        .map(String::as_str)
        .filter(|old| !numbers.contains(old))
        .collect();
    if !unknown.is_empty() {
        print(format!(
            "the map has new numbers for extensions that are not there: {}",
            unknown.join(", ")
        ));
    }
    Renumbering::new(source.numbers(), listed, &args.renumber)
        .map_err(|collisions| colliding(&collisions))
}

/// The new numbers that a sheet says.
fn renumber_map(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let shown = path.display();
    let sheets = sheet::open(
        &Input::named(&path.to_string_lossy()),
        &ReadOptions::default(),
    );
    let mut map = BTreeMap::new();
    for sheet in sheets.map_err(Failure::usage)? {
        let column = |name: &str| {
            let mut headings = sheet.headings.iter();
            headings.position(|heading| same_word(heading.trim(), name))
        };
        let (Some(old), Some(new)) = (column("old"), column("new")) else {
            return Err(Failure::usage(format!("{shown}: no columns old and new"))
                .hint(format!("it has: {}", sheet.headings.join(", "))));
        };
        let mut wrong = None;
        for batch in sheet.batches() {
            let read = batch.map_err(Failure::usage)?.rows(|row| {
                let cell = |column| row.cells.get(column).unwrap_or_default().trim().to_owned();
                let (old, new) = (cell(old), cell(new));
                let place = sheet.place(row.line);
                let why = if row.trouble.is_some() || old.is_empty() || new.is_empty() {
                    Some("an old and a new number are needed".to_owned())
                } else {
                    let known = map.insert(old.clone(), new.clone());
                    known
                        .filter(|known| *known != new)
                        .map(|_| format!("{old} has two new numbers"))
                };
                if let Some(why) = why {
                    wrong.get_or_insert(format!("{place}: {why}"));
                }
            });
            read.map_err(Failure::usage)?;
        }
        if let Some(wrong) = wrong {
            return Err(Failure::usage(wrong));
        }
    }
    Ok(map)
}
