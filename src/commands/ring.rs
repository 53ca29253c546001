//! `rowcall ring`: asks the PBX by SIP if telephones can sign in with the secrets of sheets.

use crate::cli::RingArgs;
use crate::columns::AllowedActions;
use crate::input::{InputOptions, ReadingOptions, Rows, open_sheets};
use crate::manifest::Manifest;
use crate::model::{Action, Outcome, Record, RowResult, RunMode, TO_GENERATE};
use crate::progress::Progress;
use crate::rim::terminal::{print, stop_on_interrupt};
use crate::rim::{Context, Exit, Failure, Target};
use crate::run::ringing::{Ringing, sip_account};
use crate::run::{GuardOptions, Results, RunRequest, SecretsOut};
use crate::sip::registration::SipAccount;
use std::collections::BTreeMap;
use std::path::Path;

/// Asks about every row.
///
/// # Errors
/// Exit 2 where a file cannot be used, exit 3 where the registrar's name is not known.
pub(super) fn run(args: &RingArgs, context: &Context) -> Result<Exit, Failure> {
    let target = Target::without_account(&args.to, context.config(), &args.pace())?;
    let stop = stop_on_interrupt()?;
    let ringing = Ringing::new(&target, args.proof.options(), args.rate, &stop)?;
    let manifest = target.manifest();
    let secrets = args.secrets.as_deref();
    let secrets = secrets.map(|path| read(path, manifest)).transpose()?;
    let (rows, secrets) = match (args.sheets.is_empty(), secrets) {
        (true, Some(secrets)) => (secrets, None),
        (_, secrets) => (read_sheets(args, manifest)?, secrets),
    };
    let request = RunRequest {
        command: "ring",
        mode: RunMode::None,
        target: &target,
        report: args.report.options(),
        rejects: None,
        guard: GuardOptions::default(),
        secrets: SecretsOut::default(),
    };
    let mut files = request.files(&rows, context);
    let others = [&args.secrets, &args.reading.map_file];
    others
        .into_iter()
        .flatten()
        .for_each(|file| files.read(file));
    files.prepare()?;
    rows.warnings().iter().for_each(print);
    print(format!("{}: asks {}", target.label, ringing.place()));
    let results = Results::open(
        &request,
        rows.headings(),
        rows.lines(),
        &request.report,
        None,
    )?;
    let secrets = secrets
        .map(|secrets| by_number(&secrets))
        .unwrap_or_default();
    ask(&rows, &secrets, &ringing, manifest, results, || {
        stop.is_stopped()
    })
}

/// Asks about every row that has a secret, and reports all.
fn ask(
    rows: &Rows,
    secrets: &BTreeMap<String, Record>,
    ringing: &Ringing,
    manifest: &Manifest,
    mut results: Results<'_>,
    is_stopped: impl Fn() -> bool,
) -> Result<Exit, Failure> {
    let mut accounts: Vec<(usize, SipAccount)> = vec![];
    let mut put = Ok(());
    for (position, row) in rows.rows.iter().enumerate() {
        if !row.is_valid() {
            let outcome = rows.outcome(position, Action::None, RowResult::Invalid);
            put = put.and(results.put(position, outcome));
            continue;
        }
        let wanted = with_secrets(&row.wanted, secrets.get(row.wanted.number()));
        match sip_account(&wanted, None, manifest) {
            Ok(account) => accounts.push((position, account)),
            Err(verdict) => {
                let outcome = Outcome::rung(
                    rows.outcome(position, Action::None, RowResult::Unknown),
                    verdict,
                );
                put = put.and(results.put(position, outcome));
            }
        }
    }
    let progress = Progress::new("extensions asked", accounts.len() as u64);
    ringing.ask(&accounts, &progress.counter(), &mut |position, verdict| {
        let result = RowResult::from(verdict.result);
        let line = rows.outcome(position, Action::None, result);
        let done = results.put(position, Outcome::rung(line, verdict));
        if put.is_ok() {
            put = done;
        }
    });
    progress.finish();
    put?;
    results.finish(is_stopped().then_some(Exit::Interrupted))
}

/// The row's record, with what the file of secrets has of it where the row itself does not.
fn with_secrets(wanted: &Record, secrets: Option<&Record>) -> Record {
    let mut record = wanted.clone();
    for (field, text) in secrets.into_iter().flat_map(Record::iter) {
        let own = wanted.get(field);
        if own.is_none_or(|own| own.is_empty() || own == TO_GENERATE) {
            record.set(field, text);
        }
    }
    record
}

/// The records of rows, by their numbers.
fn by_number(rows: &Rows) -> BTreeMap<String, Record> {
    let rows = rows.rows.iter().map(|row| &row.wanted);
    rows.map(|wanted| (wanted.number().to_owned(), wanted.clone()))
        .collect()
}

/// Reads a file of secrets, as an import writes it.
///
/// # Errors
/// Exit 2, naming the place.
fn read(path: &Path, manifest: &Manifest) -> Result<Rows, Failure> {
    if path.extension().is_some_and(|ending| ending == "age") {
        let file = path.display();
        return Err(Failure::usage(format!("{file} is encrypted"))
            .hint("decrypt it first: age -d -i KEY -o secrets.csv FILE.age"));
    }
    let input = InputOptions {
        sheets: vec![path.to_owned()],
        reading: ReadingOptions::default(),
    };
    rows_of(&input, manifest)
}

fn read_sheets(args: &RingArgs, manifest: &Manifest) -> Result<Rows, Failure> {
    let input = InputOptions {
        sheets: args.sheets.clone(),
        reading: args.reading.options(),
    };
    rows_of(&input, manifest)
}

fn rows_of(input: &InputOptions, manifest: &Manifest) -> Result<Rows, Failure> {
    let sheets = open_sheets(input, manifest, AllowedActions::default())?;
    let mut rows = Rows::read(sheets, manifest)?;
    rows.check_keys(manifest);
    Ok(rows)
}
