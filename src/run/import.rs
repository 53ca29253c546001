//! `rowcall import`: the whole way of a row.

use super::Failure;
use super::context::Context;
use super::rows::{self, Rows, nothing};
use super::sending::{self, Wish, stoppable, to_send};
use super::target::Target;
use crate::cli::ImportArgs;
use crate::ledger::Row;
use crate::manifest::{Manifest, Purpose};
use crate::model::{Action, Change, Extension, Field, Outcome, RowResult};
use crate::plan::{Mode, Verdict, uncomparable, verdict};
use crate::submit::converse::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// Brings the sheets' extensions onto the target.
///
/// # Errors
/// Exit 2, 3 or 4; where rows were read by then, each has its outcome in the report all the same.
pub(super) fn run(args: &ImportArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let target = Target::resolve(&args.to, context.config(), &args.pace)?;
    let manifest = (target.make.manifest)();
    if args.mode == Mode::Sync {
        sending::refuse_silent_deletes(&target, &args.guard)?;
    }
    let wish = Wish {
        command: "import",
        mode: args.mode.word(),
        target: &target,
        report: &args.report,
        rejects: args.rejects.as_deref(),
        guard: &args.guard,
    };
    let mut rows = Rows::read(rows::open(&args.input, manifest)?, manifest)?;
    wish.refuse_inputs(&rows)?;
    rows.check(manifest, |_| args.mode.purpose(), None);
    rows.forgive_create_only(&BTreeMap::new());
    if args.all_or_nothing && !rows.all_valid() {
        let why = "nothing is sent unless every row is valid, and some row is not";
        let hint = "mend the invalid rows, or leave out --all-or-nothing";
        return wish.nothing_sent(&rows, "all_or_nothing", (why, hint), None);
    }
    if !rows.any_valid() {
        return wish.nothing_sent(&rows, "", ("", ""), None);
    }

    let lock = wish
        .lock(context)
        .map_err(|failure| wish.target_unusable(&rows, failure))?;
    let stop = stoppable()?;
    let held = target.connect(&stop).and_then(|connection| {
        let held = Held::read(&connection, &target, &rows)?;
        Ok((connection, held))
    });
    let (connection, held) = held.map_err(|failure| wish.target_unusable(&rows, failure))?;
    let purpose = |number: &str| match args.mode {
        Mode::Create => Purpose::Create,
        Mode::Update => Purpose::Update,
        Mode::Upsert | Mode::Sync if held.numbers.contains(number) => Purpose::Update,
        Mode::Upsert | Mode::Sync => Purpose::Create,
    };
    rows.check(
        manifest,
        |row| purpose(row.wanted.number()),
        Some(&held.numbers),
    );
    rows.forgive_create_only(&held.extensions);
    if args.mode != Mode::Create {
        rows.check_merged(manifest, &held.extensions);
    }
    if args.all_or_nothing && !rows.all_valid() {
        connection.close();
        let why = "nothing is sent unless every row is valid, and some row is not";
        return wish.nothing_sent(
            &rows,
            "all_or_nothing",
            (why, "mend the invalid rows"),
            None,
        );
    }

    let mut planned = vec![];
    for (index, row) in rows.rows.iter().enumerate() {
        planned.push(if row.is_valid() {
            let known = held.extensions.get(row.wanted.number());
            match verdict(manifest, args.mode, index, &row.wanted, known) {
                Verdict::Change(change) => to_send(
                    rows.outcome(index, Action::None, RowResult::NotSent),
                    change,
                ),
                other => Row {
                    outcome: settled(&rows, index, &other, known, manifest),
                    change: None,
                },
            }
        } else {
            Row {
                outcome: rows.outcome(index, Action::None, RowResult::Invalid),
                change: None,
            }
        });
    }
    if args.mode == Mode::Sync {
        let unnamed = unnamed(&rows, &held, &target, &connection);
        planned.extend(unnamed.map_err(|failure| wish.target_unusable(&rows, failure))?);
    }
    wish.carry_out(
        context,
        lock,
        connection,
        &rows,
        planned,
        held.numbers.len(),
    )
}

/// What the PBX holds, as far as the rows need it.
struct Held {
    /// Every number.
    numbers: BTreeSet<String>,
    /// Whether those are certainly all.
    whole: bool,
    /// Everything about the extensions that rows name.
    extensions: BTreeMap<String, Extension>,
}

impl Held {
    fn read(connection: &Connection, target: &Target, rows: &Rows) -> Result<Held, Failure> {
        let listing = connection.list().map_err(|fault| target.failure(&fault))?;
        let numbers: BTreeSet<String> = listing.numbers.into_iter().collect();
        let named: BTreeSet<&str> = rows.rows.iter().map(|row| row.wanted.number()).collect();
        // What a doubtful listing leaves out is looked for too.
        let wanted =
            |number: &&str| !number.is_empty() && (!listing.whole || numbers.contains(*number));
        let wanted: Vec<String> = named
            .into_iter()
            .filter(wanted)
            .map(str::to_owned)
            .collect();
        let extensions = sending::look(connection, target, &wanted)?;
        let numbers = numbers
            .into_iter()
            .chain(extensions.keys().cloned())
            .collect();
        Ok(Held {
            numbers,
            whole: listing.whole,
            extensions,
        })
    }
}

/// The outcome of a row that needs nothing done.
fn settled(
    rows: &Rows,
    index: usize,
    verdict: &Verdict,
    held: Option<&Extension>,
    manifest: &Manifest,
) -> Outcome {
    let row = &rows.rows[index];
    match verdict {
        Verdict::Conflict(fields) => {
            let outcome = rows.outcome(index, Action::None, RowResult::Conflict);
            let field = fields.first().copied();
            Outcome {
                code: "conflict".into(),
                field,
                column: rows.heading(index, field, None),
                message: format!(
                    "the PBX has this extension with {}; it was left alone",
                    differences(fields, &row.wanted, held)
                ),
                hint: "--mode upsert or --mode update changes it".into(),
                ..outcome
            }
        }
        Verdict::Missing => Outcome {
            code: "missing".into(),
            message: "the PBX has no such extension".into(),
            hint: "--mode upsert or --mode create makes it".into(),
            ..rows.outcome(index, Action::None, RowResult::Missing)
        },
        Verdict::Unchanged | Verdict::Change(_) => {
            let outcome = rows.outcome(index, Action::None, RowResult::Unchanged);
            let unseen: Vec<&str> = uncomparable(manifest, &row.wanted)
                .iter()
                .map(|field| field.name())
                .collect();
            if unseen.is_empty() || !outcome.message.is_empty() {
                return outcome;
            }
            Outcome {
                message: format!(
                    "not compared, because the make does not give it back: {}",
                    unseen.join(", ")
                ),
                ..outcome
            }
        }
    }
}

/// Differences in words; of a secret only that it differs.
fn differences(fields: &[Field], wanted: &Extension, held: Option<&Extension>) -> String {
    const SHOWN_MAX: usize = 4;
    let one = |field: &Field| {
        let held = held.and_then(|held| held.get(*field)).unwrap_or_default();
        if field.is_secret() {
            format!("another {}", field.name())
        } else {
            format!(
                "{} {held:?} instead of {:?}",
                field.name(),
                wanted.get(*field).unwrap_or_default()
            )
        }
    };
    let mut words: Vec<String> = fields.iter().take(SHOWN_MAX).map(one).collect();
    if fields.len() > SHOWN_MAX {
        words.push(format!("{} more differences", fields.len() - SHOWN_MAX));
    }
    words.join(", ")
}

/// The extensions that no row names, as deletions, for mode sync. A row that is invalid still names its extension.
fn unnamed(
    rows: &Rows,
    held: &Held,
    target: &Target,
    connection: &Connection,
) -> Result<Vec<Row>, Failure> {
    if !held.whole {
        return Err(Failure::guard(format!(
            "{}: the listing is not certainly whole, so nothing is deleted by it",
            target.label
        ))
        .hint("use --mode upsert, and delete by name: rowcall delete"));
    }
    let named: BTreeSet<&str> = rows.rows.iter().map(|row| row.wanted.number()).collect();
    let unnamed: Vec<String> = held
        .numbers
        .iter()
        .filter(|number| !named.contains(number.as_str()))
        .cloned()
        .collect();
    let extensions = sending::look(connection, target, &unnamed)?;
    let deletions = extensions
        .into_iter()
        .enumerate()
        .map(|(index, (number, before))| {
            let change = Change {
                row: rows.rows.len() + index,
                action: Action::Delete,
                wanted: Extension::numbered(number.clone()),
                number: number.clone(),
                before: Some(before),
            };
            to_send(
                Outcome {
                    number,
                    ..nothing(Action::Delete, RowResult::NotSent)
                },
                change,
            )
        });
    Ok(deletions.collect())
}
