//! `rowcall migrate`: the extensions of one PBX onto another, with an account of every field before anything is sent.
//!
//! Read, map, loss report, look at the other PBX, decide three ways, and then the road of every import. What both PBXes
//! agree on in the end is kept for the next run.

use super::context::Context;
use super::import::Held;
use super::results::Results;
use super::rows::{Headings, nothing};
use super::secrets::SecretsOut;
use super::sending::{self, Read, Wish, stoppable, to_send};
use super::target::Target;
use super::{Failure, plan, print, say};
use crate::cli::{MigrateArgs, OnLoss, PaceArgs};
use crate::export::in_order;
use crate::ledger::Row;
use crate::link::StopFlag;
use crate::manifest::{Manifest, Purpose};
use crate::migrate::{
    self, Base, BaseError, Carried, Collision, Loss, Renumbering, Route, Step, step,
};
use crate::model::{Action, Change, Field, Finding, Outcome, Place, Record, RowResult, same_word};
use crate::plan::differences;
use crate::rules::{Across, Checker, Places, Survey, Traces};
use crate::saved::fingerprint;
use crate::seal::{Key, sha256_hex};
use crate::sheet::{self, Input, ReadOptions, Readers, Writer};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// Carries the extensions of the one target to the other.
///
/// # Errors
/// Exit 2 where the command line, a file, or what is kept of the last run cannot be used, or where two extensions would
/// have one number; exit 3 where a target cannot be used; exit 4 where the guard or `--on-loss stop` stops it.
pub(super) fn run(args: &MigrateArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let reading = PaceArgs {
        ca_file: args.pace.ca_file.clone(),
        ..PaceArgs::default()
    };
    let from = Target::resolve(&args.from, context.config(), &reading)?;
    let to = Target::resolve(&args.to, context.config(), &args.pace)?;
    refuse(args, &from, &to)?;
    let listed = match &args.renumber_map {
        Some(path) => renumber_map(path)?,
        None => BTreeMap::new(),
    };
    let wish = Wish {
        command: "migrate",
        mode: if args.overwrite { "overwrite" } else { "" },
        target: &to,
        report: &args.report,
        rejects: None,
        guard: &args.guard,
        secrets: SecretsOut::of(&args.secrets)?,
    };
    wish.secrets.refuse_same(
        wish.outputs()
            .chain(args.loss.as_deref())
            .chain(args.output.as_deref()),
    )?;
    let stop = stoppable()?;
    let source = Source::read(&from, &stop)?;
    let renumbering = renumbering(&source, &listed, args)?;
    let moves = moves(&source, &renumbering, &from, &to, args)?;
    if let Some(path) = &args.output {
        write_sheet(path, &moves)?;
    }
    let lines = || moves.iter().map(|one| one.line.clone()).collect();
    if args.on_loss == OnLoss::Stop {
        let lost = moves.loss.lost();
        if !lost.is_empty() {
            let failure = too_lossy(&lost);
            let why = (failure.message.as_str(), failure.hint.as_str());
            wish.not_sent(None, lines(), "loss", why, Some(failure.exit))?;
            return Err(failure);
        }
    }
    let unusable = |failure: Failure| {
        let why = (failure.message.as_str(), failure.hint.as_str());
        match wish.not_sent(None, lines(), "target", why, Some(failure.exit)) {
            Ok(_) => failure,
            Err(unwritable) => unwritable,
        }
    };

    let key = context.key().map_err(unusable)?;
    let lock = match args.dry_run {
        true => None,
        false => wish.lock(context).map_err(unusable)?,
    };
    let base = match from.is_sim() || to.is_sim() {
        true => None,
        false => {
            let state = context.state()?;
            let base = Base::load(&state, &from.identity(), &to.identity(), &key);
            Some(base.map_err(|error| unusable(error.into()))?)
        }
    };
    let numbers = moves.iter().map(|one| one.carried.wanted.number());
    let held = to.connect(&stop).and_then(|connection| {
        let held = Held::read(&connection, &to, numbers)?;
        Ok((connection, held))
    });
    let (connection, held) = held.map_err(unusable)?;
    let deciding = Deciding {
        args,
        from: &from,
        to: &to,
        base: base.as_ref(),
        held: &held,
        key: &key,
    };
    let steps: Vec<Step> = moves.iter().map(|one| deciding.step(one)).collect();
    if let Err(failure) = deciding.refuse_numbers(&moves, &steps) {
        connection.close();
        let why = (failure.message.as_str(), failure.hint.as_str());
        wish.not_sent(None, lines(), "renumber", why, Some(failure.exit))?;
        return Err(failure);
    }
    let mut planned = deciding.plan(&moves, &steps);
    held.hold_orphans(&mut planned, &Headings::default());
    planned.extend(deciding.gone(&source));
    if args.dry_run {
        connection.close();
        return show(args, &to, &held, &planned);
    }

    let mut base = base;
    if let Some(base) = &mut base
        && let Err(failure) = expect(base, &moves, &planned)
    {
        connection.close();
        return Err(unusable(failure));
    }
    let ended: RefCell<BTreeMap<usize, RowResult>> = RefCell::default();
    let read = Read {
        rows: None,
        headings: Headings::default(),
        input_hash: source.hash(&key),
        seen: Some(Box::new(|position, outcome| {
            ended.borrow_mut().insert(position, outcome.result);
        })),
    };
    let count = held.numbers.len();
    let exit = wish.carry_out_read(context, lock, connection, read, planned, count);
    if let Some(mut base) = base {
        let manifest = (to.vendor.manifest)();
        agree(
            &mut base,
            &moves,
            &steps,
            &ended.into_inner(),
            manifest,
            &key,
        );
        base.save().map_err(|error| {
            let failure = Failure::from(error);
            Failure {
                message: format!("{}; what was sent is done", failure.message),
                ..failure
            }
        })?;
    }
    exit
}

fn refuse(args: &MigrateArgs, from: &Target, to: &Target) -> Result<(), Failure> {
    if from.identity() == to.identity() && !from.is_sim() {
        return Err(Failure::usage(format!(
            "{} and {} are the same PBX",
            from.label, to.label
        )));
    }
    sending::refuse_column_waves(&args.guard, "a migration")?;
    let mut files: Vec<&PathBuf> = args
        .report
        .report
        .iter()
        .chain(&args.loss)
        .chain(&args.output)
        .chain(&args.renumber_map)
        .collect();
    files.sort_unstable();
    let twice = files.windows(2).find_map(|pair| match pair {
        [one, other] if one == other => Some(one.display()),
        _ => None,
    });
    match twice {
        Some(file) => Err(Failure::usage(format!("{file} is named twice"))
            .hint("name another file for each of them")),
        None => Ok(()),
    }
}

/// What the PBX that is left holds.
struct Source {
    /// In the order of their numbers.
    extensions: Vec<Record>,
    /// Whether those are certainly all.
    whole: bool,
}

impl Source {
    fn read(from: &Target, stop: &StopFlag) -> Result<Source, Failure> {
        let connection = from.connect(stop)?;
        let listing = connection.list().map_err(|fault| from.failure(&fault))?;
        let numbers = in_order(listing.numbers);
        let mut found = sending::look(&connection, from, &numbers)?;
        connection.close();
        let extensions: Vec<Record> = numbers
            .iter()
            .filter_map(|number| found.remove(number))
            .collect();
        if !listing.complete {
            say(format!(
                "{}: the listing may not be whole; what was listed is migrated",
                from.label
            ));
        }
        if extensions.len() < numbers.len() {
            let gone = numbers.len() - extensions.len();
            say(format!(
                "{}: {gone} extensions were listed, but gone when they were looked at",
                from.label
            ));
        }
        Ok(Source {
            extensions,
            whole: listing.complete,
        })
    }

    fn numbers(&self) -> impl Iterator<Item = &str> {
        self.extensions.iter().map(Record::number)
    }

    /// What was read, in one word that tells nothing of it.
    fn hash(&self, key: &Key) -> String {
        let all: Vec<String> = self
            .extensions
            .iter()
            .map(|one| fingerprint(one, key))
            .collect();
        sha256_hex(all.join("\n").as_bytes())
    }
}

/// One extension on its way.
struct Move {
    /// Its number on the PBX that is left.
    number: String,
    carried: Carried,
    /// Its line of the report while nothing is decided.
    line: Outcome,
}

/// All extensions on their way, and what is lost on it.
struct Moves {
    all: Vec<Move>,
    loss: Loss,
}

impl std::ops::Deref for Moves {
    type Target = [Move];

    fn deref(&self) -> &[Move] {
        &self.all
    }
}

/// Maps every extension, and tells what is lost.
fn moves(
    source: &Source,
    renumbering: &Renumbering,
    from: &Target,
    to: &Target,
    args: &MigrateArgs,
) -> Result<Moves, Failure> {
    let left_out: BTreeSet<Field> = args.drop.iter().copied().collect();
    if left_out.contains(&Field::NUMBER) {
        return Err(Failure::usage(
            "an extension cannot be carried without its number",
        ));
    }
    let route = Route::new((from.vendor.manifest)(), (to.vendor.manifest)(), left_out);
    let mut writer = match &args.loss {
        Some(path) => Some(
            Writer::replace(path, Readers::Anybody, &migrate::HEADINGS).map_err(Failure::usage)?,
        ),
        None => None,
    };
    let mut moves = Moves {
        all: vec![],
        loss: Loss::default(),
    };
    for (index, extension) in source.extensions.iter().enumerate() {
        let carried = route.carry(extension, renumbering);
        let (number, new) = (extension.number(), carried.wanted.number());
        if let Some(writer) = &mut writer {
            for entry in &carried.entries {
                let cells = migrate::cells(number, new, entry);
                writer
                    .row(cells.iter().map(String::as_str))
                    .map_err(Failure::usage)?;
            }
        }
        moves.loss.add(route.count(extension), &carried);
        let line = Outcome {
            row: Some(index as u64 + 1),
            place: Some(Place {
                file: format!("{}:{number}", from.label).into(),
                sheet: None,
                line: 0,
            }),
            number: new.to_owned(),
            ..nothing(Action::None, RowResult::NotSent)
        };
        moves.all.push(Move {
            number: number.to_owned(),
            carried,
            line,
        });
    }
    if let Some(writer) = writer {
        writer.finish().map_err(Failure::usage)?;
    }
    if !moves.loss.adds_up() {
        return Err(
            Failure::usage("the loss report does not add up, so nothing was sent")
                .hint("this is a mistake in rowcall; migrate by export and import meanwhile"),
        );
    }
    say(format!("{} → {}", from.label, to.label));
    for line in moves.loss.summary() {
        say(line);
    }
    if let Some(path) = &args.loss {
        say(format!("loss report: {}", path.display()));
    }
    Ok(moves)
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
    say(format!(
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
        say(format!(
            "the map has new numbers for extensions that are not there: {}",
            unknown.join(", ")
        ));
    }
    Renumbering::new(source.numbers(), listed, &args.renumber)
        .map_err(|collisions| colliding(&collisions))
}

fn colliding(collisions: &[impl Display]) -> Failure {
    let words: Vec<String> = collisions.iter().map(ToString::to_string).collect();
    Failure::usage(format!(
        "numbers would collide, so nothing was sent: {}",
        words.join("; ")
    ))
    .hint("change the rules, or name other numbers with --renumber-map")
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

/// What is to become of each extension, by what both PBXes hold and what they agreed on last.
struct Deciding<'d> {
    args: &'d MigrateArgs,
    from: &'d Target,
    to: &'d Target,
    base: Option<&'d Base>,
    held: &'d Held,
    key: &'d Key,
}

impl Deciding<'_> {
    fn manifest(&self) -> &'static Manifest {
        (self.to.vendor.manifest)()
    }

    fn held(&self, one: &Move) -> Option<&Record> {
        self.held.extensions.get(one.carried.wanted.number())
    }

    fn step(&self, one: &Move) -> Step {
        let agreed = self.base.and_then(|base| base.get(&one.number));
        let (held, overwrite) = (self.held(one), self.args.overwrite);
        step(
            self.manifest(),
            &one.carried,
            held,
            agreed,
            overwrite,
            self.key,
        )
    }

    /// Refuses new numbers under which somebody else's extension is on the PBX, and numbers that an extension did not
    /// get the last time.
    fn refuse_numbers(&self, moves: &[Move], steps: &[Step]) -> Result<(), Failure> {
        let (mut taken, mut moved) = (vec![], vec![]);
        for (one, step) in moves.iter().zip(steps) {
            let new = one.carried.wanted.number();
            let agreed = self.base.and_then(|base| base.get(&one.number));
            let unchanged = matches!(step, Step::Unchanged { .. });
            match agreed {
                Some(agreed) if agreed.number != new => {
                    moved.push(format!(
                        "{} is {} there and would be {new}",
                        one.number, agreed.number
                    ));
                }
                None if new != one.number && self.held(one).is_some() && !unchanged => {
                    let of = vec![
                        one.number.clone(),
                        format!("an extension of {}", self.to.label),
                    ];
                    taken.push(Collision {
                        number: new.to_owned(),
                        of,
                    });
                }
                _ => {}
            }
        }
        if !moved.is_empty() {
            return Err(Failure::usage(format!(
                "extensions got other numbers at the last run, so nothing was sent: {}",
                moved.join("; ")
            ))
            .hint("use the same new numbers, or renumber them on the PBX and use those"));
        }
        match taken.is_empty() {
            true => Ok(()),
            false => Err(colliding(&taken)),
        }
    }

    /// Every extension as a planned row.
    fn plan(&self, moves: &[Move], steps: &[Step]) -> Vec<Row> {
        let manifest = self.manifest();
        let checker = Checker::without_sheet(manifest);
        let mut traces = Traces::default();
        for one in moves {
            checker.survey_extension(&one.carried.wanted, Purpose::Create, &mut traces);
        }
        let mut survey = Survey::new();
        survey.add(traces);
        survey.on_pbx(self.held.numbers.iter().map(String::as_str));
        let across = survey.finish();
        let mut places = Places::default();
        let rows = moves
            .iter()
            .zip(steps)
            .enumerate()
            .map(|(position, (one, step))| {
                let together = together(&checker, &across, &mut places, one);
                let (action, wanted) = match step {
                    Step::Create => (Action::Create, &one.carried.wanted),
                    Step::Update { wanted, .. } => (Action::Update, wanted),
                    _ => {
                        return Row {
                            outcome: self.settled(one, step),
                            change: None,
                        };
                    }
                };
                let findings = self.findings(&checker, together, one, action, wanted);
                let mut outcome = told(one.line.clone(), findings);
                if outcome.findings.iter().any(Finding::is_error) {
                    outcome.result = RowResult::Invalid;
                    return Row {
                        outcome,
                        change: None,
                    };
                }
                if let (Step::Update { kept, .. }, true) = (step, outcome.message.is_empty()) {
                    outcome.message = self.kept(kept);
                }
                let change = Change {
                    row: position,
                    action,
                    number: wanted.number().to_owned(),
                    wanted: wanted.clone(),
                    before: self.held(one).cloned(),
                };
                to_send(outcome, change)
            });
        rows.collect()
    }

    /// What is wrong with what is to be written; `together` is what all extensions together say of it.
    fn findings(
        &self,
        checker: &Checker<'_>,
        together: Vec<Finding>,
        one: &Move,
        action: Action,
        wanted: &Record,
    ) -> Vec<Finding> {
        let purpose = match action {
            Action::Create => Purpose::Create,
            _ => Purpose::Update,
        };
        let mut findings = vec![];
        checker.extension(wanted, purpose, &mut findings);
        if let Some(held) = self.held(one) {
            checker.merged(wanted, held, &mut findings);
        }
        let written = |field: Field| wanted.get(field).is_some();
        findings.extend(
            together
                .into_iter()
                .filter(|finding| finding.field.is_none_or(written)),
        );
        findings
    }

    /// The outcome of an extension with which nothing is done.
    fn settled(&self, one: &Move, step: &Step) -> Outcome {
        let (from, to) = (&self.from.label, &self.to.label);
        let line = one.line.clone();
        let nothing_held = Record::default();
        let held = self.held(one).unwrap_or(&nothing_held);
        let differences = |fields: &[Field]| differences(fields, &one.carried.wanted, held);
        match step {
            Step::Differs(fields) => Outcome {
                result: RowResult::Conflict,
                code: "conflict".into(),
                field: fields.first().copied(),
                message: format!(
                    "{to} has this extension with {}, and no earlier migration made it so; it was left alone",
                    differences(fields)
                ),
                hint: "--overwrite brings it to what the other PBX says".into(),
                ..line
            },
            Step::Both(fields) => Outcome {
                result: RowResult::Conflict,
                code: "conflict".into(),
                field: fields.first().copied(),
                message: format!(
                    "changed on both since the last migration: {to} has {}; it was left alone",
                    differences(fields)
                ),
                hint: "make both the same by hand, or --overwrite brings it to what the other PBX says".into(),
                ..line
            },
            Step::Gone => Outcome {
                result: RowResult::Missing,
                code: "missing".into(),
                message: format!("it was migrated from {from} before, and {to} does not have it any more"),
                hint: "--overwrite makes it again; or remove it from the other PBX as well".into(),
                ..line
            },
            Step::Unchanged { kept } => Outcome {
                result: RowResult::Unchanged,
                message: self.kept(kept),
                ..line
            },
            Step::Create | Step::Update { .. } => line,
        }
    }

    /// That fields were left as somebody set them; empty where none were.
    fn kept(&self, kept: &[Field]) -> String {
        if kept.is_empty() {
            return String::new();
        }
        let names: Vec<&str> = kept.iter().map(|field| field.name()).collect();
        format!(
            "left as they were set on {} by hand: {}",
            self.to.label,
            names.join(", ")
        )
    }

    /// The extensions that earlier runs brought over and that are gone from the PBX that is left. They stay.
    fn gone(&self, source: &Source) -> Vec<Row> {
        let numbers: BTreeSet<&str> = source.numbers().collect();
        let gone = self
            .base
            .iter()
            .flat_map(|base| base.iter())
            .filter(|(number, agreed)| {
                source.whole
                    && !numbers.contains(number)
                    && self.held.numbers.contains(&agreed.number)
            });
        let rows = gone.map(|(number, agreed)| Row {
            outcome: Outcome {
                number: agreed.number.clone(),
                code: "migrate.gone".into(),
                message: format!(
                    "{} does not have {number} any more; it stays here",
                    self.from.label
                ),
                hint: "rowcall delete removes what a sheet names".into(),
                ..nothing(Action::None, RowResult::Unchanged)
            },
            change: None,
        });
        let rows: Vec<Row> = rows.collect();
        for row in &rows {
            say(format!("{}: {}", row.outcome.number, row.outcome.message));
        }
        rows
    }
}

/// What all extensions together say of one. They must come in their order.
fn together(
    checker: &Checker<'_>,
    across: &Across,
    places: &mut Places,
    one: &Move,
) -> Vec<Finding> {
    let (mut findings, mut duplicates) = (vec![], vec![]);
    let wanted = &one.carried.wanted;
    checker.among(
        wanted,
        Purpose::Create,
        across,
        &mut findings,
        &mut duplicates,
    );
    if let Some(place) = &one.line.place {
        let repeats = |duplicate| places.repeats(duplicate, place);
        findings.extend(duplicates.into_iter().filter_map(repeats));
    }
    findings
}

/// A line that tells its findings: the first error, or else the first of them.
fn told(line: Outcome, findings: Vec<Finding>) -> Outcome {
    let first = findings.iter().find(|finding| finding.is_error());
    let Some(told) = first.or(findings.first()) else {
        return line;
    };
    Outcome {
        code: told.rule.to_string(),
        field: told.field,
        message: told.message.clone(),
        hint: told.hint.clone(),
        findings,
        ..line
    }
}

/// Shows the plan; nothing is sent.
fn show(args: &MigrateArgs, to: &Target, held: &Held, planned: &[Row]) -> Result<u8, Failure> {
    let lines: Vec<Outcome> = planned.iter().map(plan::line).collect();
    let mut results = Results::open("migrate", &to.label, lines.clone(), &args.report, None)?;
    results.quiet = true;
    if !args.report.json {
        let text = plan::text(planned, (to.vendor.manifest)());
        print(|out| out.write_all(text.as_bytes()))?;
    }
    plan::warn_of_guard(planned, held.numbers.len());
    for (position, line) in lines.into_iter().enumerate() {
        results.put(position, line)?;
    }
    results.finish(None)
}

/// Writes down which extensions are about to be made.
fn expect(base: &mut Base, moves: &[Move], planned: &[Row]) -> Result<(), Failure> {
    for (one, row) in moves.iter().zip(planned) {
        let creates = row
            .change
            .as_ref()
            .is_some_and(|change| change.action == Action::Create);
        if creates {
            base.expect(&one.number, one.carried.wanted.number());
        }
    }
    Ok(base.save()?)
}

/// Takes note of what both PBXes hold now.
fn agree(
    base: &mut Base,
    moves: &[Move],
    steps: &[Step],
    ended: &BTreeMap<usize, RowResult>,
    manifest: &Manifest,
    key: &Key,
) {
    for (position, (one, step)) in moves.iter().zip(steps).enumerate() {
        let kept: &[Field] = match step {
            Step::Update { kept, .. } | Step::Unchanged { kept } => kept,
            _ => &[],
        };
        match ended.get(&position) {
            Some(RowResult::Created | RowResult::Updated | RowResult::Unchanged) => {
                let emptied = one.carried.emptied(manifest);
                base.agree(&one.number, &one.carried.wanted, kept, emptied, key);
            }
            // It was about to be made and certainly was not. What is unknown may be there all the same.
            Some(
                RowResult::NotSent
                | RowResult::Invalid
                | RowResult::Held
                | RowResult::Rejected
                | RowResult::Failed,
            ) => base.forget(&one.number),
            _ => {}
        }
    }
}

impl From<BaseError> for Failure {
    /// Exit 2.
    fn from(error: BaseError) -> Failure {
        Failure::usage(&error).hint(error.hint())
    }
}
