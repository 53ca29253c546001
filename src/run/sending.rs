//! From planned rows to outcomes: guard, ask, write down, submit. What `import`, `delete` and `resume` have in common.

use super::context::Context;
use super::journal::{Journal, Pending};
use super::results::{Rejects, Results, Seen, refuse_input};
use super::rows::{Headings, Rows, nothing};
use super::secrets::{Generated, SecretsOut};
use super::target::{Recipe, Target};
use super::{Failure, confirm, say, undo};
use crate::cli::{GuardArgs, ReportArgs};
use crate::ledger::{Ledger, Row, RunHead, TargetLock};
use crate::link::StopFlag;
use crate::model::{Action, Change, Outcome, Record, RowResult};
use crate::plan::{Allowance, Waves, guard};
use crate::progress::Progress;
use crate::seal::sha256_hex;
use crate::sheet::Sheet;
use crate::submit::converse::{Connection, LookupOptions};
use crate::submit::order::{in_order, provides, references};
use crate::submit::settle::Settlement;
use crate::submit::verify::Verify;
use crate::submit::{Ended, FailuresMax, IntentLog, NoIntentLog, Options, WaveGate, submit};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// What a run needs to know again when it is gone on with; stands in its ledger. Holds no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    /// The target and its pace.
    pub(super) target: Recipe,
    /// The report files.
    pub(super) reports: Vec<PathBuf>,
    /// `--max-failures`, where it was given.
    pub(super) max_failures: Option<String>,
    /// What is read back.
    pub(super) verify: Verify,
    /// What fields are called in the sheets.
    pub(super) headings: Headings,
    /// The waves, each the positions of its rows; none where everything goes at once.
    pub(super) waves: Vec<Vec<usize>>,
    /// The files that were read, with the SHA-256 of their bytes.
    pub(super) files: Vec<(PathBuf, String)>,
    /// What was generated, and where it goes.
    #[serde(default)]
    pub(super) generated: Generated,
}

impl Asked {
    /// The files that are no longer what was read: a run that is gone on with goes by its own rows.
    pub(super) fn changed_files(&self) -> impl Iterator<Item = &Path> {
        let changed = |(file, hash): &&(PathBuf, String)| {
            fs::read(file).is_ok_and(|bytes| sha256_hex(&bytes) != *hash)
        };
        self.files
            .iter()
            .filter(changed)
            .map(|(file, _)| file.as_path())
    }
}

/// What was read, as far as a run needs it beside its planned rows.
pub(super) struct Read<'r> {
    /// The rows; `None` where only what was planned of them is there.
    pub(super) rows: Option<&'r Rows>,
    /// What fields are called in the sheets.
    pub(super) headings: Headings,
    /// The SHA-256 of what was read.
    pub(super) input_hash: String,
    /// Who is told of every outcome beside the report.
    pub(super) seen: Option<Seen<'r>>,
}

impl<'r> Read<'r> {
    fn of(rows: &'r Rows) -> Read<'r> {
        Read {
            rows: Some(rows),
            headings: rows.headings(),
            input_hash: sha256_hex(&rows.fold()),
            seen: None,
        }
    }
}

/// The files of a run's sheets, with the SHA-256 of their bytes. Standard input is gone by the next time.
fn files(rows: &Rows) -> Vec<(PathBuf, String)> {
    let mut files: Vec<(PathBuf, String)> = vec![];
    for (sheet, _) in &rows.sheets {
        let file = std::path::absolute(&*sheet.file).unwrap_or_default();
        if let Ok(bytes) = fs::read(&file)
            && !files.iter().any(|(known, _)| *known == file)
        {
            files.push((file, sha256_hex(&bytes)));
        }
    }
    files
}

/// What a command was asked for, as far as sending needs it.
pub(super) struct Wish<'s> {
    /// The command.
    pub(super) command: &'static str,
    /// The mode; empty where the command has none.
    pub(super) mode: &'static str,
    /// Where to.
    pub(super) target: &'s Target,
    /// Where results go.
    pub(super) report: &'s ReportArgs,
    /// Where rows that are not done go.
    pub(super) rejects: Option<&'s Path>,
    /// How much may change.
    pub(super) guard: &'s GuardArgs,
    /// Where generated secrets go.
    pub(super) secrets: SecretsOut,
}

impl Wish<'_> {
    /// The right to work on the target, against a second run; a simulated PBX in this process needs none.
    ///
    /// # Errors
    /// Exit 3 where another run holds it, exit 2 where the state folder cannot be used.
    pub(super) fn lock(&self, context: &Context<'_>) -> Result<Option<TargetLock>, Failure> {
        if self.target.is_sim() {
            return Ok(None);
        }
        Ok(Some(TargetLock::take(
            &context.state()?,
            &self.target.identity(),
        )?))
    }

    /// Refuses outputs that are inputs, and waves by a column that is not there.
    ///
    /// # Errors
    /// Exit 2, naming the file or the column.
    pub(super) fn refuse_inputs(&self, rows: &Rows) -> Result<(), Failure> {
        if let Some(Waves::Column(heading)) = &self.guard.waves {
            let has = |sheet: &Sheet| sheet.headings.contains(heading);
            if let Some((sheet, _)) = rows.sheets.iter().find(|(sheet, _)| !has(sheet)) {
                return Err(Failure::usage(format!(
                    "--waves names the column {heading:?}, and {} has none",
                    sheet.file
                ))
                .hint(format!("it has: {}", sheet.headings.join(", "))));
            }
        }
        self.outputs()
            .try_for_each(|output| refuse_input(output, rows))?;
        self.secrets.refuse_same(self.outputs())
    }

    /// The files that results go to.
    pub(super) fn outputs(&self) -> impl Iterator<Item = &Path> {
        let reports = self.report.report.iter().map(PathBuf::as_path);
        reports.chain(self.rejects)
    }

    fn results<'r>(
        &self,
        rows: Option<&'r Rows>,
        lines: Vec<Outcome>,
    ) -> Result<Results<'r>, Failure> {
        let rejects = match (self.rejects, rows) {
            (Some(path), Some(rows)) => Some(Rejects::open(path, rows)?),
            _ => None,
        };
        Results::open(
            self.command,
            &self.target.label,
            lines,
            self.report,
            rejects,
        )
    }

    /// Ends a run in which nothing is sent: every row has its outcome all the same.
    ///
    /// # Errors
    /// Exit 2 where a report cannot be written.
    pub(super) fn nothing_sent(
        &self,
        rows: &Rows,
        code: &str,
        why: (&str, &str),
        exit: Option<u8>,
    ) -> Result<u8, Failure> {
        self.not_sent(Some(rows), rows.lines(), code, why, exit)
    }

    /// As [`Wish::nothing_sent`], with all lines as they stand.
    ///
    /// # Errors
    /// As there.
    pub(super) fn not_sent(
        &self,
        rows: Option<&Rows>,
        lines: Vec<Outcome>,
        code: &str,
        why: (&str, &str),
        exit: Option<u8>,
    ) -> Result<u8, Failure> {
        let mut results = self.results(rows, lines)?;
        results.rest_not_sent(code, why.0, why.1)?;
        results.finish(exit)
    }

    /// As [`Wish::nothing_sent`], for a target that cannot be used; gives the failure back.
    pub(super) fn target_unusable(&self, rows: &Rows, failure: Failure) -> Failure {
        let why = (failure.message.as_str(), failure.hint.as_str());
        match self.nothing_sent(rows, "target", why, Some(failure.exit)) {
            Ok(_) => failure,
            Err(unwritable) => unwritable,
        }
    }

    /// Sends what is planned, and gives every row its outcome. `held` is how many extensions the PBX holds.
    ///
    /// # Errors
    /// Exit 4 where the guard stops it before the first change; exit 2 where a report or the ledger cannot be written
    /// (on): what was sent by then is settled all the same.
    pub(super) fn carry_out(
        &self,
        context: &Context<'_>,
        lock: Option<TargetLock>,
        connection: Connection,
        rows: &Rows,
        planned: Vec<Row>,
        held: usize,
    ) -> Result<u8, Failure> {
        self.carry_out_read(context, lock, connection, Read::of(rows), planned, held)
    }

    /// As [`Wish::carry_out`], of rows that need not be there any more.
    ///
    /// # Errors
    /// As there.
    pub(super) fn carry_out_read(
        &self,
        context: &Context<'_>,
        lock: Option<TargetLock>,
        connection: Connection,
        mut read: Read<'_>,
        mut planned: Vec<Row>,
        held: usize,
    ) -> Result<u8, Failure> {
        let manifest = (self.target.vendor.manifest)();
        let generated = Generated::fill(&self.secrets, &mut planned, manifest);
        let changes: Vec<Change> = planned
            .iter()
            .filter_map(|row| row.change.clone())
            .collect();
        let mut results = self.results(
            read.rows,
            planned.iter().map(|row| row.outcome.clone()).collect(),
        )?;
        results.seen = read.seen.take();
        let generated = match generated {
            Ok(generated) => generated,
            Err(error) => {
                let hint = "type the passwords and PINs of some rows yourself, or send fewer rows";
                let failure = Failure::usage(error).hint(hint);
                return Err(none_sent(connection, results, "generate", failure));
            }
        };
        if let Err(exceeded) = guard(&changes, held, &self.guard.budget()) {
            let hint = format!(
                "if that is meant, allow it: {} {}",
                exceeded.flag, exceeded.wanted
            );
            let failure = Failure::guard(exceeded).hint(hint);
            return Err(none_sent(connection, results, "guard", failure));
        }
        let asks = !changes.is_empty() && !self.guard.yes && !self.target.is_sim();
        if asks && !confirm(&question(&changes, self.target)) {
            connection.close();
            results.rest_not_sent("declined", "the answer was no; nothing was sent", "")?;
            return results.finish(None);
        }
        let cell = |row, heading: &str| Some(read.rows?.cell(row, heading)?.trim().to_owned());
        let waves = match &self.guard.waves {
            None => vec![],
            Some(waves @ Waves::Column(heading)) => waves.of(&changes, |row| cell(row, heading)),
            Some(waves) => waves.of(&as_they_leave(&changes), |_| None),
        };
        let mut changes = in_order(changes);
        let stages = in_waves(&waves, &mut changes);
        let ledger = match lock.filter(|_| !changes.is_empty()) {
            None => None,
            Some(lock) => Some(self.ledger(context, lock, &read, &planned, waves, &generated)?),
        };
        let folder = match &ledger {
            None => None,
            Some(ledger) => Some(context.state()?.run_folder(ledger.run())),
        };
        if let Err(failure) = generated.write(&planned, folder.as_deref()) {
            // Secrets that nobody has are never sent.
            ledger.map_or(Ok(()), Ledger::discard)?;
            return Err(none_sent(connection, results, "secrets", failure));
        }
        let journal = ledger.map(|ledger| {
            let pending = changes.iter().map(|change| Pending {
                position: change.row,
                intended: 0,
            });
            Journal::start(ledger, pending.collect(), self.target.parallel)
        });
        drop(planned);
        let failures_max = failures_max(self.guard.max_failures);
        let sending = Sending {
            target: self.target,
            headings: &read.headings,
            failures_max,
            verify: self.guard.verify,
            stages,
            journal,
        };
        sending.run(connection, &changes, results)
    }

    fn ledger(
        &self,
        context: &Context<'_>,
        lock: TargetLock,
        read: &Read<'_>,
        planned: &[Row],
        waves: Vec<Vec<usize>>,
        generated: &Generated,
    ) -> Result<Ledger, Failure> {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let asked = Asked {
            target: self.target.recipe.clone(),
            reports: self.report.report.iter().map(absolute).collect(),
            max_failures: self
                .guard
                .max_failures
                .map(|allowance| allowance.to_string()),
            verify: self.guard.verify,
            headings: read.headings.clone(),
            waves,
            files: read.rows.map(files).unwrap_or_default(),
            generated: generated.clone(),
        };
        let options = serde_json::to_string(&asked).map_err(Failure::usage)?;
        let manifest = (self.target.vendor.manifest)();
        let head = RunHead {
            command: self.command.to_owned(),
            vendor: self.target.vendor.id.to_owned(),
            mode: self.mode.to_owned(),
            options,
            rules: manifest.version(),
            input_hash: read.input_hash.clone(),
        };
        Ok(Ledger::create(
            &context.state()?,
            lock,
            head,
            &context.key()?,
            planned.iter().cloned(),
        )?)
    }
}

/// Ends a run before its first change, every row with its outcome; gives the failure back.
fn none_sent(
    connection: Connection,
    mut results: Results<'_>,
    code: &str,
    failure: Failure,
) -> Failure {
    connection.close();
    let told = results.rest_not_sent(code, &failure.message, &failure.hint);
    match told.and_then(|()| results.finish(Some(failure.exit))) {
        Ok(_) => failure,
        Err(unwritable) => unwritable,
    }
}

/// Changes on their way to a target.
pub(super) struct Sending<'s> {
    /// Where to.
    pub(super) target: &'s Target,
    /// What fields are called in the sheets.
    pub(super) headings: &'s Headings,
    /// How many failures there may be.
    pub(super) failures_max: FailuresMax,
    /// What is read back.
    pub(super) verify: Verify,
    /// The waves, in the order of the changes; none where everything goes at once.
    pub(super) stages: Vec<Stage>,
    /// Where intents and results are written down; none for a PBX that is gone when the process is.
    pub(super) journal: Option<Journal>,
}

impl Sending<'_> {
    /// Sends the changes, and ends the run.
    ///
    /// # Errors
    /// Exit 2 where the report or the ledger cannot be written on: what was sent by then is settled.
    pub(super) fn run(
        self,
        connection: Connection,
        changes: &[Change],
        mut results: Results<'_>,
    ) -> Result<u8, Failure> {
        results.put_final()?;
        results.run = self
            .journal
            .as_ref()
            .map(|journal| journal.run().to_owned());
        let options = Options {
            failures_max: self.failures_max,
            verify: self.verify,
            batch: self.target.batch,
            ..Options::parallel(self.target.parallel)
        };
        let mut progress = Progress::new("rows", changes.len() as u64);
        let mut failed = None;
        let journal: &dyn IntentLog = self
            .journal
            .as_ref()
            .map_or(&NoIntentLog, |journal| journal);
        let stop = connection.line().pace().stop_flag().clone();
        let failures = Cell::new(0);
        let mut each = |settlement: Settlement| {
            progress.tick();
            failures.set(failures.get() + u32::from(!settlement.result.is_done()));
            let position = settlement.row;
            let outcome = self.outcome(results.line(position), settlement);
            if let Some(journal) = &self.journal {
                journal.result(position, outcome.clone());
            }
            if let Err(failure) = results.put(position, outcome) {
                // Where results cannot be shown, nothing more is sent.
                failed.get_or_insert(failure);
                stop.stop();
            }
        };
        let mut after = |wave: usize| {
            let stage = self.stages.get(wave)?;
            let failures = failures.take();
            if stage.of > 1 {
                say(format!("{stage}: {} rows, {failures} failed", stage.count));
            }
            let is_last = wave + 1 == self.stages.len();
            let too_bad = stage.is_too_bad(failures, stage.count, self.failures_max);
            (!is_last && too_bad).then(|| {
                Ended::TooManyFailures(format!(
                    "{stage}: {failures} of its {} rows failed",
                    stage.count
                ))
            })
        };
        let sizes: Vec<usize> = self.stages.iter().map(|stage| stage.count).collect();
        let waves = WaveGate {
            sizes: &sizes,
            after: &mut after,
        };
        let ended = submit(
            &connection,
            changes,
            &options,
            journal,
            Some(waves),
            &mut each,
        );
        progress.finish();
        connection.close();
        let (stopped, why) = stopped(&ended);
        let run = results.run.clone();
        if let Some(journal) = self.journal {
            let written = journal.end(why.as_deref().unwrap_or("whole"));
            if let (Err(error), None) = (written, &failed) {
                failed = Some(error.into());
            }
        }
        if let Some(why) = &why {
            say(format!("stopped: {why}"));
        }
        if let (Some(run), true) = (&run, why.is_some() || failed.is_some()) {
            say(format!("go on with it: rowcall resume {run}"));
        }
        match failed {
            Some(failure) => Err(failure),
            None => results.finish(stopped),
        }
    }

    fn outcome(&self, line: Option<&Outcome>, settlement: Settlement) -> Outcome {
        let result = settlement.result;
        let line = line
            .cloned()
            .unwrap_or_else(|| nothing(settlement.action, result));
        let mut outcome = line.clone();
        settlement.write_into(&mut outcome);
        if line.code == undo::PARTIAL && (result.is_done() || result == RowResult::NotSent) {
            // What cannot be restored is told of the row however well the rest went, and again after a resume.
            (outcome.code, outcome.field) = (line.code, line.field);
            (outcome.message, outcome.hint) = (line.message, line.hint);
            if result.is_done() {
                outcome.result = RowResult::Differs;
            }
        }
        outcome.column = self.headings.of(outcome.place.as_ref(), outcome.field);
        outcome
    }
}

/// One wave on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stage {
    number: usize,
    of: usize,
    count: usize,
}

impl Stage {
    /// Whether a wave that is through had more failures than there may be. However small it is: that is what small
    /// waves are for.
    fn is_too_bad(&self, failures: u32, sent: usize, failures_max: FailuresMax) -> bool {
        match failures_max {
            FailuresMax::Count(most) => failures > most,
            FailuresMax::Share(most) => f64::from(failures) > most * sent as f64,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wave {} of {}", self.number, self.of)
    }
}

/// The changes in the order in which they leave, each row once: waves by size are cut along it, so that a small first
/// wave is not empty because its rows wait for others.
fn as_they_leave(changes: &[Change]) -> Vec<Change> {
    let mut known = BTreeSet::new();
    let mut ordered = in_order(changes.to_vec());
    ordered.retain(|change| known.insert(change.row));
    ordered
}

/// Refuses waves by a column where there is no sheet.
///
/// # Errors
/// Exit 2.
pub(super) fn refuse_column_waves(guard: &GuardArgs, what: &str) -> Result<(), Failure> {
    let Some(Waves::Column(heading)) = &guard.waves else {
        return Ok(());
    };
    Err(Failure::usage(format!(
        "--waves column:{heading} needs the sheet, and {what} has none"
    ))
    .hint("name sizes (--waves 1,10,100), or import the sheet"))
}

/// Brings the changes into the order of their waves, and says how many each wave has. Waves of which nothing is left are
/// left out.
pub(super) fn in_waves(waves: &[Vec<usize>], changes: &mut Vec<Change>) -> Vec<Stage> {
    if waves.is_empty() {
        return vec![];
    }
    let positions = waves.iter().enumerate();
    let wave_of: BTreeMap<usize, usize> = positions
        .flat_map(|(wave, rows)| rows.iter().map(move |row| (*row, wave)))
        .collect();
    // What waits for something goes in no earlier wave than that.
    let mut brought: BTreeMap<String, usize> = BTreeMap::new();
    let mut placed: Vec<(usize, Change)> = vec![];
    for change in std::mem::take(changes) {
        let own = wave_of.get(&change.row).copied();
        let others =
            references(&change.wanted).filter_map(|(_, number)| brought.get(number).copied());
        let wave = others.fold(own.unwrap_or(waves.len() - 1), usize::max);
        if let Some(number) = provides(&change) {
            brought.insert(number.to_owned(), wave);
        }
        placed.push((wave, change));
    }
    placed.sort_by_key(|(wave, _)| *wave);
    let of = waves.len();
    let stages: Vec<Stage> = placed
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|wave| {
            Some(Stage {
                number: wave.first()?.0 + 1,
                of,
                count: wave.len(),
            })
        })
        .collect();
    *changes = placed.into_iter().map(|(_, change)| change).collect();
    stages
}

/// How many failures a run may have, from what was typed.
pub(super) fn failures_max(typed: Option<Allowance>) -> FailuresMax {
    match typed {
        None => Options::parallel(1).failures_max,
        Some(Allowance::All) => FailuresMax::Count(u32::MAX),
        Some(Allowance::Count(count)) => {
            FailuresMax::Count(u32::try_from(count).unwrap_or(u32::MAX))
        }
        Some(Allowance::Percent { share, .. }) => FailuresMax::Share(share / 100.0),
    }
}

/// The exit code of a run that did not send all, and why it did not.
fn stopped(ended: &Ended) -> (Option<u8>, Option<String>) {
    match ended {
        Ended::Whole => (None, None),
        Ended::Interrupted => (Some(130), Some("interrupted".to_owned())),
        Ended::TooManyFailures(why) => (Some(4), Some(why.clone())),
        Ended::TargetLost(fault) => (Some(3), Some(fault.message.clone())),
        Ended::JournalLost(why) => (Some(2), Some(why.clone())),
    }
}

/// Everything about these extensions, by number.
///
/// # Errors
/// Exit 3 where the target does not tell.
pub(super) fn look(
    connection: &Connection,
    target: &Target,
    numbers: &[String],
) -> Result<BTreeMap<String, Record>, Failure> {
    let looking = LookupOptions {
        parallel: target.parallel,
        batch: target.batch,
        live: false,
    };
    let what = format!("{}s looked at", target.record());
    let mut progress = Progress::new(&what, numbers.len() as u64);
    let mut found = BTreeMap::new();
    let looked = connection.look(numbers, &looking, &mut |extensions| {
        for extension in extensions {
            progress.tick();
            found.insert(extension.number().to_owned(), extension);
        }
    });
    progress.finish();
    looked.map_err(|fault| target.failure(&fault))?;
    Ok(found)
}

/// A run that deletes is refused where nobody said yes and nobody can be asked.
///
/// # Errors
/// Exit 2, naming the flag.
pub(super) fn refuse_silent_deletes(target: &Target, args: &GuardArgs) -> Result<(), Failure> {
    if args.yes || target.is_sim() || super::can_ask() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "this deletes {}s, and nobody is there to be asked",
        target.record()
    ))
    .hint("say --yes if that is meant"))
}

fn question(changes: &[Change], target: &Target) -> String {
    let count = |action| {
        changes
            .iter()
            .filter(|change| change.action == action)
            .count()
    };
    let kinds = [
        ("create", Action::Create),
        ("update", Action::Update),
        ("delete", Action::Delete),
    ];
    let parts: Vec<String> = kinds
        .into_iter()
        .filter(|(_, action)| count(*action) > 0)
        .map(|(word, action)| format!("{word} {}", count(action)))
        .collect();
    let of = match target.record() {
        "group" => " (groups)",
        _ => "",
    };
    format!("{}: {}{of}?", target.label, parts.join(", "))
}

/// A row that is to be sent: its line while nothing was said, and its change.
pub(super) fn to_send(line: Outcome, change: Change) -> Row {
    let outcome = Outcome {
        action: change.action,
        result: RowResult::NotSent,
        ..line
    };
    Row {
        outcome,
        change: Some(change),
    }
}

/// Holds back the rows that point at an extension which the run was to bring and which is not going to be there, and
/// those that point at these. `lost` are such extensions, with what became of their rows. Gives the positions held.
pub(super) fn hold_orphans(
    rows: &mut [&mut Row],
    mut lost: BTreeMap<String, RowResult>,
    headings: &Headings,
) -> Vec<usize> {
    let mut held = vec![];
    let mut before = None;
    while !lost.is_empty() && before != Some(held.len()) {
        before = Some(held.len());
        for row in &mut *rows {
            let Some(change) = &row.change else { continue };
            let orphaned = references(&change.wanted)
                .find_map(|(field, number)| Some((field, number.to_owned(), *lost.get(number)?)));
            let Some((field, number, result)) = orphaned else {
                continue;
            };
            if let Some(brought) = provides(change) {
                lost.insert(brought.to_owned(), RowResult::Held);
            }
            held.push(change.row);
            row.outcome.result = RowResult::Held;
            row.outcome.code = RowResult::Held.word().into();
            row.outcome.field = Some(field);
            row.outcome.column = headings.of(row.outcome.place.as_ref(), Some(field));
            row.outcome.message = format!(
                "it points at extension {number}, whose row is {}",
                result.word()
            );
            row.outcome.hint = format!("see what became of {number}, then run both again");
            row.change = None;
        }
    }
    held
}

/// Turns Ctrl-C into a stop of this flag.
pub(super) fn stoppable() -> Result<StopFlag, Failure> {
    let stop = StopFlag::default();
    super::interrupts(&stop)?;
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Field;

    #[test]
    fn what_points_at_a_row_goes_in_no_earlier_wave() {
        let create = |row: usize, to: Option<&str>| {
            let number = (2000 + row).to_string();
            let mut wanted = Record::numbered(number.clone());
            if let Some(to) = to {
                wanted.set(Field::FORWARD_BUSY_EXTENSION, to);
            }
            Change {
                row,
                action: Action::Create,
                number,
                wanted,
                before: None,
            }
        };
        let rows = [Some("2002"), None, None, Some("2000")];
        let changes = rows.iter().enumerate().map(|(row, to)| create(row, *to));
        let mut changes = in_order(changes.collect());
        let stages = in_waves(&[vec![0, 1, 3], vec![2]], &mut changes);
        let counts: Vec<usize> = stages.iter().map(|stage| stage.count).collect();
        assert_eq!(counts, [1, 3]);
        let rows: Vec<usize> = changes.iter().map(|change| change.row).collect();
        assert_eq!(rows, [1, 2, 0, 3]);
    }
}
