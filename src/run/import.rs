//! `rowcall import`: the whole way of a row.

use super::context::Context;
use super::rows::{self, Headings, InputRow, Rows, nothing};
use super::secrets::SecretsOut;
use super::sending::{self, Wish, stoppable, to_send};
use super::target::Target;
use super::{Failure, planned};
use crate::cli::ImportArgs;
use crate::ledger::Row;
use crate::manifest::{Manifest, Purpose};
use crate::model::{Action, Change, Field, Finding, Outcome, Record, RowResult};
use crate::plan::{Mode, Verdict, differences, uncomparable, verdict};
use crate::sheet::GENERATE;
use crate::submit::converse::Connection;
use crate::submit::order::provides;
use std::collections::{BTreeMap, BTreeSet};

/// Brings the sheets' extensions onto the target.
///
/// # Errors
/// Exit 2, 3 or 4; where rows were read by then, each has its outcome in the report all the same.
pub(super) fn run(args: &ImportArgs, context: &Context<'_>) -> Result<u8, Failure> {
    if let Some(plan) = &args.plan {
        return planned::run(plan, args, context);
    }
    let to = args.to.as_deref().unwrap_or_default();
    let target = Target::resolve(to, context.config(), &args.pace)?.of_rows(args.input.groups)?;
    let manifest = (target.vendor.manifest)();
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
        secrets: SecretsOut::of(&args.secrets)?,
    };
    let mut rows = Rows::read(rows::open(&args.input, manifest)?, manifest)?;
    wish.refuse_inputs(&rows)?;
    rows.check_unseen(manifest, args.mode);
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
        let held = Held::read(&connection, &target, rows.numbers())?;
        Ok((connection, held))
    });
    let (connection, held) = held.map_err(|failure| wish.target_unusable(&rows, failure))?;
    if let Err(failure) = held.check(&mut rows, args.mode, &target, &connection) {
        connection.close();
        return Err(wish.target_unusable(&rows, failure));
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

    let planned = match held.plan(&rows, args.mode, &target, &connection) {
        Ok(planned) => planned,
        Err(failure) => {
            connection.close();
            return Err(wish.target_unusable(&rows, failure));
        }
    };
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
pub(super) struct Held {
    /// Every number.
    pub(super) numbers: BTreeSet<String>,
    /// Whether those are certainly all.
    whole: bool,
    /// Everything about the extensions that rows name.
    pub(super) extensions: BTreeMap<String, Record>,
    /// Names of groups that more than one has.
    twice: BTreeSet<String>,
}

impl Held {
    /// Asks the PBX for everything about the extensions of these numbers, and which others it has.
    ///
    /// # Errors
    /// Exit 3 where it does not tell.
    pub(super) fn read<'n>(
        connection: &Connection,
        target: &Target,
        named: impl Iterator<Item = &'n str>,
    ) -> Result<Held, Failure> {
        let listing = connection.list().map_err(|fault| target.failure(&fault))?;
        let (mut numbers, mut twice) = (BTreeSet::new(), BTreeSet::new());
        for number in listing.numbers {
            if let Some(number) = numbers.replace(number) {
                twice.insert(number);
            }
        }
        let named: BTreeSet<&str> = named.collect();
        // What a doubtful listing leaves out is looked for too.
        let wanted =
            |number: &&str| !number.is_empty() && (!listing.complete || numbers.contains(*number));
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
            whole: listing.complete,
            extensions,
            twice,
        })
    }

    /// Holds the rows to the rules again, now that it is known what is there.
    ///
    /// # Errors
    /// Exit 3 where the PBX does not tell which extensions may be members of its groups.
    pub(super) fn check(
        &self,
        rows: &mut Rows,
        mode: Mode,
        target: &Target,
        connection: &Connection,
    ) -> Result<(), Failure> {
        let manifest = (target.vendor.manifest)();
        let purpose = |row: &InputRow| self.purpose(mode, row.wanted.number());
        rows.check(manifest, purpose, Some(&self.numbers));
        if mode != Mode::Create {
            rows.check_merged(manifest, &self.extensions);
        }
        if manifest.key() != Field::GROUP_NAME {
            return Ok(());
        }
        rows.refuse_ambiguous(&self.twice);
        if rows.have(Field::GROUP_MEMBERS) {
            let listing = connection.list_extensions();
            let listing = listing.map_err(|fault| target.failure(&fault))?;
            rows.check_members(&listing.unwrap_or_default());
        }
        Ok(())
    }

    /// What a row of this number is for.
    pub(super) fn purpose(&self, mode: Mode, number: &str) -> Purpose {
        match mode {
            Mode::Create => Purpose::Create,
            Mode::Update => Purpose::Update,
            Mode::Upsert | Mode::Sync if self.numbers.contains(number) => Purpose::Update,
            Mode::Upsert | Mode::Sync => Purpose::Create,
        }
    }

    /// What is to become of every row, and in mode sync of every extension that no row names.
    ///
    /// # Errors
    /// Exit 3 where the PBX does not tell what is to be deleted, exit 4 where that cannot be known.
    pub(super) fn plan(
        &self,
        rows: &Rows,
        mode: Mode,
        target: &Target,
        connection: &Connection,
    ) -> Result<Vec<Row>, Failure> {
        let manifest = (target.vendor.manifest)();
        let mut planned = vec![];
        for (index, row) in rows.rows.iter().enumerate() {
            if !row.is_valid() {
                planned.push(Row {
                    outcome: rows.outcome(index, Action::None, RowResult::Invalid),
                    change: None,
                });
                continue;
            }
            let known = self.extensions.get(row.wanted.number());
            let line = rows.outcome(index, Action::None, RowResult::NotSent);
            let column = |field| rows.heading(index, field, None);
            let verdict = verdict(manifest, mode, index, &row.wanted, known);
            planned.push(decided(
                line,
                &column,
                &row.wanted,
                verdict,
                known,
                manifest,
            ));
        }
        self.hold_orphans(&mut planned, &rows.headings());
        if mode == Mode::Sync {
            planned.extend(unnamed(rows, self, target, connection)?);
        }
        Ok(planned)
    }

    /// Holds back the rows that point at an extension which the PBX does not have, where the row that names it is not
    /// sent and no other row provides it.
    pub(super) fn hold_orphans(&self, planned: &mut [Row], headings: &Headings) {
        let brought: BTreeSet<&str> = planned
            .iter()
            .filter_map(|row| provides(row.change.as_ref()?))
            .collect();
        let lost: BTreeMap<String, RowResult> = planned
            .iter()
            .filter(|row| row.change.is_none() && !row.outcome.result.is_done())
            .map(|row| (row.outcome.number.clone(), row.outcome.result))
            .filter(|(number, _)| {
                !self.numbers.contains(number) && !brought.contains(number.as_str())
            })
            .collect();
        let mut all: Vec<&mut Row> = planned.iter_mut().collect();
        sending::hold_orphans(&mut all, lost, headings);
    }
}

/// A row with what is to become of it. `line` is its line with nothing decided, `column` tells a field's heading.
pub(super) fn decided(
    line: Outcome,
    column: &dyn Fn(Option<Field>) -> String,
    wanted: &Record,
    verdict: Verdict,
    held: Option<&Record>,
    manifest: &Manifest,
) -> Row {
    let mut line = line;
    if held.is_some() && line.message.is_empty() {
        line.message = kept(wanted);
    }
    match verdict {
        Verdict::Change(change) => to_send(line, change),
        other => Row {
            outcome: settled(line, column, wanted, &other, held, manifest),
            change: None,
        },
    }
}

/// That an extension which is there keeps the secrets that were to be generated for a new one; empty where none were.
fn kept(wanted: &Record) -> String {
    let asked = wanted.iter().filter(|(_, text)| *text == GENERATE);
    let names: Vec<&str> = asked.map(|(field, _)| field.name()).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("it exists, and keeps its {}", names.join(", ")),
    }
}

/// The outcome of a row that needs nothing done.
fn settled(
    line: Outcome,
    column: &dyn Fn(Option<Field>) -> String,
    wanted: &Record,
    verdict: &Verdict,
    held: Option<&Record>,
    manifest: &Manifest,
) -> Outcome {
    let nothing_held = Record::default();
    let record = manifest.key().record();
    let ending = |result| Outcome {
        action: Action::None,
        result,
        ..line.clone()
    };
    match verdict {
        Verdict::Conflict(fields) => {
            let outcome = ending(RowResult::Conflict);
            let field = fields.first().copied();
            Outcome {
                code: "conflict".into(),
                field,
                column: column(field),
                message: format!(
                    "the PBX has this {record} with {}; it was left alone",
                    differences(fields, wanted, held.unwrap_or(&nothing_held))
                ),
                hint: "--mode upsert or --mode update changes it".into(),
                ..outcome
            }
        }
        Verdict::Missing => Outcome {
            code: "missing".into(),
            message: format!("the PBX has no such {record}"),
            hint: "--mode upsert or --mode create makes it".into(),
            ..ending(RowResult::Missing)
        },
        Verdict::Unchanged | Verdict::Change(_) => {
            let outcome = ending(RowResult::Unchanged);
            let unseen: Vec<&str> = uncomparable(manifest, wanted)
                .iter()
                .map(|field| field.name())
                .collect();
            if unseen.is_empty() || !outcome.message.is_empty() {
                return outcome;
            }
            Outcome {
                message: format!(
                    "not compared, because the vendor does not give it back: {}",
                    unseen.join(", ")
                ),
                ..outcome
            }
        }
    }
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
    let nobody = (0..rows.rows.len()).find(|index| names_nobody(rows, held, *index));
    if let Some(index) = nobody.filter(|_| !unnamed.is_empty()) {
        let place = rows.rows[index].place.clone();
        let kept = unnamed.into_iter().map(|number| Row {
            outcome: Outcome {
                number,
                code: "sync.kept".into(),
                message: format!(
                    "not deleted, because it may be the one that {place} means: that row's number cannot be used"
                ),
                hint: "mend the row, then run it again".into(),
                ..nothing(Action::Delete, RowResult::Held)
            },
            change: None,
        });
        return Ok(kept.collect());
    }
    let extensions = sending::look(connection, target, &unnamed)?;
    let deletions = extensions
        .into_iter()
        .enumerate()
        .map(|(index, (number, before))| {
            let change = Change {
                row: rows.rows.len() + index,
                action: Action::Delete,
                wanted: before.key_only(),
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

/// Whether a row is so wrong that nobody can say which extension it means.
fn names_nobody(rows: &Rows, held: &Held, index: usize) -> bool {
    let row = &rows.rows[index];
    // A word that the PBX keeps for itself means nobody who could be deleted.
    let wrong_key = |finding: &Finding| {
        let about_key = finding.field.is_none_or(Field::is_key);
        finding.is_error() && about_key && !finding.rule.ends_with(".reserved")
    };
    row.findings.iter().any(wrong_key) && !held.numbers.contains(row.wanted.number())
}
