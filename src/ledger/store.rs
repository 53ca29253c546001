//! The ledger's tables, and the reading and writing of their rows.

use super::change::{StoredChange, open_cells, seal, seal_cells, shown};
use super::connection::{is_busy, journal, open, open_to_read};
use super::rows::{
    PUT_ROW, REPLACE_ROW, add_cell_breaks, from_json, json, outcome, parsed, put_row,
};
use super::state::{LEDGER_FILE, StateDir, failed};
use super::{
    ApplyState, LedgerError, RunEnd, RunFacts, RunHead, RunTimes, Standing, Summary, TargetLock,
};
use crate::digest::hex;
use crate::disk::{new_folder, private_options, sync_folder};
use crate::fingerprints::FingerprintedRecord;
use crate::model::{Action, Change, Field, Outcome, PlannedRow, RowResult, RunCommand, RunMode};
use crate::seal::{Key, SealError, random};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The version of the tables.
const VERSION: i64 = 7;

/// Marks the file as rowcall's: `rowc`.
const APPLICATION: i64 = 0x726f_7763;

/// Names that are tried for a new run.
const NAMES_MAX: u32 = 100;

const TABLES: &str = "
CREATE TABLE head (
    id TEXT NOT NULL, count INTEGER NOT NULL, target TEXT NOT NULL, started TEXT NOT NULL, tool TEXT NOT NULL,
    key TEXT NOT NULL,
    command TEXT NOT NULL, vendor TEXT NOT NULL, mode TEXT NOT NULL, options TEXT NOT NULL, rules TEXT NOT NULL,
    input_hash TEXT NOT NULL
) STRICT;
-- One line of the report each. Final is 1 once the result does not change any more.
CREATE TABLE rows (
    position INTEGER PRIMARY KEY, row INTEGER, file TEXT, sheet TEXT, line INTEGER, number TEXT NOT NULL,
    action TEXT NOT NULL, result TEXT NOT NULL, code TEXT NOT NULL, field TEXT, \"column\" TEXT NOT NULL,
    message TEXT NOT NULL, hint TEXT NOT NULL, attempts INTEGER NOT NULL, http_status INTEGER, vendor_code TEXT,
    elapsed_ms INTEGER, finished_at TEXT NOT NULL, findings TEXT NOT NULL, final INTEGER NOT NULL,
    name TEXT NOT NULL, ring TEXT, restored_in_part INTEGER NOT NULL, cell_breaks INTEGER NOT NULL DEFAULT 0
) STRICT;
-- What is to be done, what the PBX held before, the fields that cannot be put back, and what was read back once it was
-- done, with keyed fingerprints in the place of secrets. Elsewhere a secret is null, and stands in sealed.
CREATE TABLE changes (
    position INTEGER PRIMARY KEY REFERENCES rows, action TEXT NOT NULL, number TEXT NOT NULL, wanted TEXT NOT NULL,
    before TEXT, sealed BLOB, not_restorable TEXT NOT NULL, left TEXT
) STRICT;
-- The cells of a row as they stood in its sheet, sealed; of a run that gives back the rows that are not done.
CREATE TABLE originals (position INTEGER PRIMARY KEY REFERENCES rows, sealed BLOB NOT NULL) STRICT;
-- What was about to be sent to the PBX, and when.
CREATE TABLE intents (
    position INTEGER NOT NULL REFERENCES changes, attempt INTEGER NOT NULL, at TEXT NOT NULL,
    PRIMARY KEY (position, attempt)
) STRICT, WITHOUT ROWID;
-- begun, resumed, ended; doubted, where another PBX answered or it had lost what was stored, until it is trusted again;
-- apply, with the state of the step that brings the changes into effect.
CREATE TABLE events (at TEXT NOT NULL, what TEXT NOT NULL, why TEXT NOT NULL) STRICT;
";

const PUT_READ_BACK: &str = "UPDATE changes SET left = ?2 WHERE position = ?1";

const RENEW: &str = "UPDATE changes SET before = ?2, sealed = ?3 WHERE position = ?1";

const GET_ROWS: &str =
    "SELECT rows.*, (SELECT count(*) FROM intents WHERE intents.position = rows.position) AS intents
    FROM rows ORDER BY position";

/// Only a row that is to be sent and has no result yet can be intended.
const INTEND: &str = "INSERT INTO intents SELECT position,
    1 + (SELECT count(*) FROM intents WHERE intents.position = ?1), ?2
    FROM changes JOIN rows USING (position) WHERE position = ?1 AND final = 0";

/// Takes back the last intent of a row.
const TAKE_BACK: &str = "DELETE FROM intents WHERE position = ?1 AND attempt =
    (SELECT max(attempt) FROM intents WHERE position = ?1)";

/// A run's ledger, open for writing. Keeps the lock of the run's target.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    run: String,
    results: Vec<(usize, Outcome)>,
    /// Records that were read back, as JSON.
    read_back: Vec<(usize, String)>,
    /// Rows that this process wrote down as about to be sent.
    intended: HashSet<usize>,
    stopped: bool,
    // Dropped last, so that the connection is closed before the lock is released.
    _lock: TargetLock,
}

/// A run's ledger, open for reading only; the run may be at work.
#[derive(Debug)]
pub(crate) struct StoredRun {
    pub(super) connection: Connection,
    path: PathBuf,
    run: RunFacts,
}

impl Ledger {
    /// Begins a run of which every row is known, in the order of the report, and the cells of those rows that may have to
    /// be given back, by position. On return all of it is on the disk; before, nothing of it is to be seen.
    ///
    /// # Errors
    /// Something could not be written or sealed, or a change's `row` is not the position of its row. Then there is no
    /// such run.
    pub fn create(
        state: &StateDir,
        lock: TargetLock,
        head: RunHead,
        key: &Key,
        rows: impl IntoIterator<Item = PlannedRow>,
        originals: impl IntoIterator<Item = (usize, Vec<String>)>,
    ) -> Result<Ledger, LedgerError> {
        let runs = state.runs()?;
        let started = Timestamp::now();
        // Locked until it has its name.
        let (new, _lock) = new_folder(&runs).map_err(|error| failed(&runs, "written", error))?;
        let mut run = RunFacts {
            id: String::new(),
            count: state.next_count(|| highest_count(state))?,
            target: lock.target().to_owned(),
            started,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            key: key.id(),
            head,
        };
        for _ in 0..NAMES_MAX {
            let digits: [u8; 2] = random().map_err(|error| sealing(&run.id, error))?;
            run.id = format!("{}-{}", started.strftime("%Y%m%d-%H%M%S"), hex(&digits));
            // The name is authenticated with every sealed value, so it has to be fixed before the rows are written.
            if !runs.join(&run.id).exists() {
                break;
            }
        }
        let folder = runs.join(&run.id);
        let file = new.path().join(LEDGER_FILE);
        write_new(&file, &run, key, rows, originals)?;
        // A run of the same second that took the same name meanwhile would not be replaced: its folder is not empty.
        fs::rename(new.path(), &folder).map_err(|error| failed(&folder, "made", error))?;
        let begun = sync_folder(&runs)
            .map_err(|error| failed(&runs, "written", error))
            .and_then(|()| Ledger::begin(folder.join(LEDGER_FILE), run.id, lock, "begun"));
        if begun.is_err() {
            // If that fails too, a run is left that has sent nothing yet.
            let _ = fs::remove_dir_all(&folder);
        }
        begun
    }

    /// Resumes a run from the point where it was left. Takes the lock of its target, which answers at these addresses,
    /// and returns every row with its standing.
    ///
    /// # Errors
    /// There is no such run, it is at work, it cannot be read or written, or its secrets do not open with this key.
    pub fn resume(
        state: &StateDir,
        run: &str,
        addresses: &[String],
        key: &Key,
    ) -> Result<(Ledger, Vec<(PlannedRow, Standing)>), LedgerError> {
        let target = StoredRun::open(state, run)?.run.target;
        let lock = TargetLock::acquire(state, &target, addresses)?;
        let record = StoredRun::open(state, run)?;
        record.check()?;
        let rows = record.rows(key)?;
        let (path, run) = (record.path.clone(), record.run.id.clone());
        drop(record);
        let ledger = Ledger::begin(path, run, lock, "resumed")?;
        Ok((ledger, rows))
    }

    fn begin(
        path: PathBuf,
        run: String,
        lock: TargetLock,
        what: &str,
    ) -> Result<Ledger, LedgerError> {
        lock.report_run(Some(&run))?;
        let begin = || -> rusqlite::Result<_> {
            let connection = open(&path)?;
            let mode = journal(&connection, "WAL")?;
            add_cell_breaks(&connection)?;
            event(&connection, what, "")?;
            Ok((connection, mode))
        };
        let (connection, mode) = begin().map_err(|error| writing(&path, &error))?;
        if mode != "wal" {
            let why = format!("it cannot have a write-ahead file; its journal is {mode}");
            return Err(LedgerError::Write { path, why });
        }
        Ok(Ledger {
            connection,
            path,
            run,
            results: Vec::new(),
            read_back: Vec::new(),
            intended: HashSet::new(),
            stopped: false,
            _lock: lock,
        })
    }

    /// The run's name.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Records that these rows are about to be sent to the PBX. On return that, and every result before, survives a
    /// power cut. One commit, however many rows: give it a window of them.
    ///
    /// # Errors
    /// It could not be written, or a row has nothing to send or its result already. Nothing may be sent then, and
    /// nothing is written any more.
    pub fn intend(&mut self, positions: &[usize]) -> Result<(), LedgerError> {
        self.commit(positions)
    }

    /// Records a row's result; it is on the disk after the next [`Ledger::intend`] or [`Ledger::flush`]. A later result
    /// of the same row replaces it. [`RowResult::NotSent`] changes the row's line and leaves the row to be done: an
    /// intention that was written ahead for it counts as never sent.
    pub fn result(&mut self, position: usize, outcome: Outcome) {
        self.results.push((position, outcome));
    }

    /// Records an extension as it was read back after it was written; it is on the disk together with the row's result.
    pub(crate) fn read_back(&mut self, position: usize, record: &FingerprintedRecord) {
        // Texts and names are always JSON.
        let record = serde_json::to_string(record).unwrap_or_default();
        self.read_back.push((position, record));
    }

    /// Replaces the PBX's records from before changes that wait. On return that survives a power cut.
    ///
    /// # Errors
    /// As [`Ledger::intend`], or a secret could not be sealed.
    pub(crate) fn renew<'c>(
        &mut self,
        changes: impl Iterator<Item = &'c Change>,
        key: &Key,
    ) -> Result<(), LedgerError> {
        let write = |error: rusqlite::Error| writing(&self.path, &error);
        let transaction = self.connection.transaction().map_err(write)?;
        for change in changes {
            let sealed = seal(change, &self.run, key).map_err(|error| sealing(&self.run, error))?;
            let renewed = || -> rusqlite::Result<usize> {
                let before = change.before.as_ref().map(|before| json(&shown(before)));
                let mut statement = transaction.prepare_cached(RENEW)?;
                statement.execute(params![change.row, before.transpose()?, sealed])
            };
            expect_one(renewed().map_err(write)?, change.row, "is not there")?;
        }
        transaction.commit().map_err(write)
    }

    /// Makes every result so far survive a power cut.
    ///
    /// # Errors
    /// As [`Ledger::intend`].
    pub fn flush(&mut self) -> Result<(), LedgerError> {
        self.commit(&[])
    }

    /// Records whether what the run has done may be gone: another PBX answered in the place of its own, or that had lost
    /// what was stored.
    ///
    /// # Errors
    /// As [`Ledger::intend`].
    pub fn doubt(&mut self, is_doubted: bool) -> Result<(), LedgerError> {
        self.flush()?;
        let what = if is_doubted { "doubted" } else { "trusted" };
        event(&self.connection, what, "").map_err(|error| writing(&self.path, &error))
    }

    /// Records the state of the step that brings the run's changes into effect. On return that survives a power cut.
    ///
    /// # Errors
    /// As [`Ledger::intend`].
    pub fn note_apply(&mut self, state: ApplyState) -> Result<(), LedgerError> {
        self.flush()?;
        let noted = event(&self.connection, "apply", state.word());
        noted.map_err(|error| writing(&self.path, &error))
    }

    /// Ends the run for now, with the reason. Rows without a result can still be resumed.
    ///
    /// # Errors
    /// As [`Ledger::intend`].
    pub fn end(mut self, why: &str) -> Result<(), LedgerError> {
        self.flush()?;
        let end = || -> rusqlite::Result<()> {
            event(&self.connection, "ended", why)?;
            // One file is left, which can be read from a read-only disk too; with a reader on it, several.
            match journal(&self.connection, "DELETE") {
                Err(error) if !is_busy(&error) => Err(error),
                _ => Ok(()),
            }
        };
        end().map_err(|error| writing(&self.path, &error))
    }

    /// Removes a run of which nothing was sent to the PBX.
    ///
    /// # Errors
    /// Its folder cannot be removed.
    pub(crate) fn discard(self) -> Result<(), LedgerError> {
        let Ledger {
            connection,
            path,
            _lock: lock,
            ..
        } = self;
        drop(connection);
        let folder = path.parent().unwrap_or(&path);
        let removed = fs::remove_dir_all(folder);
        drop(lock);
        removed.map_err(|error| failed(folder, "removed", error))
    }

    /// The journal's mode, and how far a commit waits for the disk.
    #[cfg(test)]
    pub(super) fn settings(&self) -> (String, i64) {
        let journal = self
            .connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0));
        let sync = self
            .connection
            .pragma_query_value(None, "synchronous", |row| row.get(0));
        (journal.unwrap(), sync.unwrap())
    }

    fn commit(&mut self, positions: &[usize]) -> Result<(), LedgerError> {
        if self.stopped {
            return Err(LedgerError::Stopped(self.path.clone()));
        }
        // After a failed write it is not known how much the system kept: nothing is tried again.
        self.stopped = true;
        let write = |error: &rusqlite::Error| writing(&self.path, error);
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| write(&error))?;
        for (position, outcome) in &self.results {
            let is_final = outcome.result != RowResult::NotSent;
            let count = put_row(&transaction, REPLACE_ROW, *position, outcome, is_final)
                .map_err(|error| write(&error))?;
            expect_one(count, *position, "is not there")?;
            // It was written down ahead, and never sent.
            if !is_final && self.intended.remove(position) {
                transaction
                    .prepare_cached(TAKE_BACK)
                    .and_then(|mut statement| statement.execute([position]))
                    .map_err(|error| write(&error))?;
            }
        }
        for (position, record) in &self.read_back {
            transaction
                .prepare_cached(PUT_READ_BACK)
                .and_then(|mut statement| statement.execute(params![position, record]))
                .map_err(|error| write(&error))?;
        }
        let now = Timestamp::now().to_string();
        for position in positions {
            let count = transaction
                .prepare_cached(INTEND)
                .and_then(|mut statement| statement.execute(params![position, now]))
                .map_err(|error| write(&error))?;
            expect_one(count, *position, "has nothing to send, or has its result")?;
            self.intended.insert(*position);
        }
        transaction.commit().map_err(|error| write(&error))?;
        self.results.clear();
        self.read_back.clear();
        self.stopped = false;
        Ok(())
    }
}

/// The highest count of the runs that can be read.
fn highest_count(state: &StateDir) -> Result<u64, LedgerError> {
    let names = state.run_names()?.into_iter();
    let counts =
        names.filter_map(|run| Some(StoredRun::open(state, &run).ok()?.summary().ok()?.run.count));
    Ok(counts.max().unwrap_or(0))
}

impl StoredRun {
    /// Opens the record of a run.
    ///
    /// # Errors
    /// There is no such run, or its ledger cannot be read or is of another version.
    pub(crate) fn open(state: &StateDir, run: &str) -> Result<StoredRun, LedgerError> {
        let path = state.ledger(run)?;
        let connection = open_to_read(&path).map_err(|error| reading(&path, error))?;
        let number = |pragma: &str| {
            connection
                .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
                .map_err(|error| reading(&path, error))
        };
        if number("application_id")? != APPLICATION {
            return Err(reading(&path, "it is not a ledger"));
        }
        let found = number("user_version")?;
        if found != VERSION {
            return Err(LedgerError::Version {
                path,
                found,
                known: VERSION,
            });
        }
        let head = |row: &rusqlite::Row| {
            Ok(RunFacts {
                id: row.get("id")?,
                count: row.get("count")?,
                target: row.get("target")?,
                started: parsed(row, "started", |text: String| text.parse().ok())?,
                tool: row.get("tool")?,
                key: row.get("key")?,
                head: RunHead {
                    command: parsed(row, "command", |text: String| RunCommand::named(&text))?,
                    vendor: row.get("vendor")?,
                    mode: parsed(row, "mode", |text: String| RunMode::named(&text))?,
                    options: row.get("options")?,
                    rules: row.get("rules")?,
                    input_hash: row.get("input_hash")?,
                },
            })
        };
        let run = connection
            .query_row("SELECT * FROM head", [], head)
            .map_err(|error| reading(&path, error))?;
        Ok(StoredRun {
            connection,
            path,
            run,
        })
    }

    pub(crate) fn run(&self) -> &RunFacts {
        &self.run
    }

    /// The run's end; `None` while it is at work, and after a crash.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(crate) fn ended(&self) -> Result<Option<RunEnd>, LedgerError> {
        let last = |row: &rusqlite::Row| {
            let ended = RunEnd {
                at: parsed(row, "at", |text: String| text.parse().ok())?,
                why: row.get("why")?,
            };
            let what: String = row.get("what")?;
            Ok((what == "ended").then_some(ended))
        };
        match self.connection.query_row(
            "SELECT * FROM events ORDER BY rowid DESC LIMIT 1",
            [],
            last,
        ) {
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
            ended => ended.map_err(|error| self.reading(error)),
        }
    }

    /// The times at which the run was at work.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(crate) fn times(&self) -> Result<RunTimes, LedgerError> {
        let read = || -> rusqlite::Result<RunTimes> {
            let mut statement = self.connection.prepare(
                "SELECT at, what FROM events WHERE what IN ('begun', 'resumed', 'ended') ORDER BY rowid",
            )?;
            let mut events = statement.query([])?;
            let mut times = RunTimes {
                started: self.run.started,
                resumed: None,
                at_work: Some(SignedDuration::ZERO),
            };
            let mut begun = None;
            while let Some(event) = events.next()? {
                let at: Timestamp = parsed(event, "at", |text: String| text.parse().ok())?;
                let what: String = event.get("what")?;
                times.resumed = (what == "resumed").then_some(at).or(times.resumed);
                let since = match what.as_str() {
                    "ended" => begun.take(),
                    // It is at work, or was cut off, and nobody knows when.
                    _ if begun.replace(at).is_some() => None,
                    _ => continue,
                };
                let before = times.at_work;
                times.at_work =
                    before.and_then(|before| before.checked_add(at.duration_since(since?)));
            }
            times.at_work = times.at_work.filter(|_| begun.is_none());
            Ok(times)
        };
        read().map_err(|error| self.reading(error))
    }

    /// True where what the run has done may be gone, by [`Ledger::doubt`].
    fn is_doubted(&self) -> Result<bool, LedgerError> {
        self.connection
            .query_row(
                "SELECT coalesce((SELECT what = 'doubted' FROM events WHERE what IN ('doubted', 'trusted')
                ORDER BY rowid DESC LIMIT 1), 0)",
                [],
                |row| row.get(0),
            )
            .map_err(|error| self.reading(error))
    }

    /// The state of the step that brings the run's changes into effect, by [`Ledger::note_apply`].
    fn apply(&self) -> Result<Option<ApplyState>, LedgerError> {
        let state = self.connection.query_row(
            "SELECT why FROM events WHERE what = 'apply' ORDER BY rowid DESC LIMIT 1",
            [],
            |row| parsed(row, "why", |word: String| ApplyState::named(&word)),
        );
        state.optional().map_err(|error| self.reading(error))
    }

    /// The run as the list of runs shows it.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(crate) fn summary(&self) -> Result<Summary, LedgerError> {
        let mut summary = Summary {
            run: self.run.clone(),
            ended: self.ended()?,
            is_doubted: self.is_doubted()?,
            apply: self.apply()?,
            results: BTreeMap::new(),
            waiting: 0,
            intended: 0,
        };
        let mut count = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare(
                "SELECT result, final, EXISTS (SELECT 1 FROM intents WHERE intents.position = rows.position)
                AS intended, count(*) AS count FROM rows GROUP BY 1, 2, 3",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let count: u64 = row.get("count")?;
                match (row.get("final")?, row.get("intended")?) {
                    (true, _) => {
                        let named = |word: String| RowResult::named(&word);
                        let result = match parsed(row, "result", named)? {
                            result if summary.is_doubted && result.is_change() => {
                                RowResult::Unknown
                            }
                            result => result,
                        };
                        *summary.results.entry(result).or_default() += count
                    }
                    (false, true) => summary.intended += count,
                    (false, false) => summary.waiting += count,
                }
            }
            Ok(())
        };
        count().map_err(|error| self.reading(error))?;
        Ok(summary)
    }

    /// Every line of the report and how far it is, in order. Needs no key.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(crate) fn outcomes(&self) -> Result<Vec<(Outcome, Standing)>, LedgerError> {
        let read = || -> rusqlite::Result<_> {
            let mut statement = self.connection.prepare(GET_ROWS)?;
            let rows = statement.query_map([], |row| {
                let position: usize = row.get("position")?;
                let standing = match (row.get("final")?, row.get("intents")?) {
                    (true, _) => Standing::Final,
                    (false, 0) => Standing::Waiting,
                    (false, times) => Standing::Intended(times),
                };
                Ok((position, outcome(row)?, standing))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(|error| self.reading(error))?;
        let mut outcomes = Vec::with_capacity(rows.len());
        for (position, outcome, standing) in rows {
            if position != outcomes.len() {
                return Err(self.reading(format!("row {} is not there", outcomes.len())));
            }
            outcomes.push((outcome, standing));
        }
        Ok(outcomes)
    }

    /// Reads every row with its change, the PBX's record from before, and its standing, in order.
    ///
    /// # Errors
    /// The ledger cannot be read, or secrets do not open with this key.
    pub(crate) fn rows(&self, key: &Key) -> Result<Vec<(PlannedRow, Standing)>, LedgerError> {
        // Rows and changes as of one moment, because the run may be at work.
        let moment = self
            .connection
            .unchecked_transaction()
            .map_err(|error| self.reading(error))?;
        let mut rows: Vec<_> = self
            .outcomes()?
            .into_iter()
            .map(|(outcome, standing)| (PlannedRow::without_change(outcome), standing))
            .collect();
        let changes = self.changes().map_err(|error| self.reading(error))?;
        for (stored, not_restorable) in changes {
            let position = stored.position;
            let change = stored
                .open(&self.run.id, key)
                .map_err(|error| sealing(&self.run.id, error))?;
            let (row, _) = rows
                .get_mut(position)
                .ok_or_else(|| self.reading(format!("row {position} is not there")))?;
            row.change = Some(change);
            row.not_restorable = not_restorable;
        }
        drop(moment);
        Ok(rows)
    }

    /// Reads the extensions as they were read back after they were written, by the positions of their rows, with keyed
    /// fingerprints in the place of secrets.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub(crate) fn records_read_back(
        &self,
    ) -> Result<BTreeMap<usize, FingerprintedRecord>, LedgerError> {
        let read = || -> rusqlite::Result<_> {
            let mut statement = self
                .connection
                .prepare("SELECT position, left FROM changes WHERE left IS NOT NULL")?;
            let rows = statement.query_map([], |row| {
                Ok((row.get("position")?, parsed(row, "left", from_json)?))
            })?;
            rows.collect()
        };
        read().map_err(|error| self.reading(error))
    }

    /// Reads the cells of rows as they were in their sheets, by position, as far as the run kept them.
    ///
    /// # Errors
    /// The ledger cannot be read, or the cells do not open with this key.
    pub(crate) fn originals(&self, key: &Key) -> Result<BTreeMap<usize, Vec<String>>, LedgerError> {
        let read = || -> rusqlite::Result<Vec<(usize, Vec<u8>)>> {
            let mut statement = self.connection.prepare("SELECT * FROM originals")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        let rows = read().map_err(|error| self.reading(error))?;
        let open = |(position, sealed): (usize, Vec<u8>)| {
            let cells = open_cells(&sealed, &self.run.id, position, key);
            let cells = cells.map_err(|error| sealing(&self.run.id, error))?;
            Ok((position, cells))
        };
        rows.into_iter().map(open).collect()
    }

    pub(super) fn changes(&self) -> rusqlite::Result<Vec<(StoredChange, Vec<Field>)>> {
        let mut statement = self
            .connection
            .prepare("SELECT * FROM changes ORDER BY position")?;
        let stored = statement.query_map([], |row| {
            let stored = StoredChange {
                position: row.get("position")?,
                action: parsed(row, "action", |word: String| Action::named(&word))?,
                number: row.get("number")?,
                wanted: parsed(row, "wanted", from_json)?,
                before: row
                    .get::<_, Option<String>>("before")?
                    .map(|_| parsed(row, "before", from_json))
                    .transpose()?,
                sealed: row.get("sealed")?,
            };
            Ok((stored, parsed(row, "not_restorable", from_json)?))
        })?;
        stored.collect()
    }

    /// Checks that the database is whole.
    fn check(&self) -> Result<(), LedgerError> {
        let answer: String = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(|error| self.reading(error))?;
        if answer == "ok" {
            return Ok(());
        }
        Err(self.reading(answer))
    }

    pub(super) fn reading(&self, why: impl ToString) -> LedgerError {
        reading(&self.path, why)
    }
}

/// Writes the head and every row into a new file, in one transaction.
fn write_new(
    path: &Path,
    run: &RunFacts,
    key: &Key,
    rows: impl IntoIterator<Item = PlannedRow>,
    originals: impl IntoIterator<Item = (usize, Vec<String>)>,
) -> Result<(), LedgerError> {
    let mut options = private_options();
    options.write(true).create_new(true);
    // SQLite gives the files beside it the same permissions.
    options
        .open(path)
        .map_err(|error| failed(path, "made", error))?;

    let write = |error: rusqlite::Error| writing(path, &error);
    let mut connection = open(path).map_err(write)?;
    let transaction = connection.transaction().map_err(write)?;
    put_head(&transaction, run).map_err(write)?;
    for (position, row) in rows.into_iter().enumerate() {
        let is_final = row.change.is_none();
        put_row(&transaction, PUT_ROW, position, &row.outcome, is_final).map_err(write)?;
        let Some(change) = row.change else { continue };
        if change.row != position {
            let why = "has a change of another row";
            return Err(LedgerError::Position { position, why });
        }
        let sealed = seal(&change, &run.id, key).map_err(|error| sealing(&run.id, error))?;
        put_change(&transaction, &change, sealed, &row.not_restorable).map_err(write)?;
    }
    for (position, cells) in originals {
        let sealed = seal_cells(&cells, &run.id, position, key);
        let sealed = sealed.map_err(|error| sealing(&run.id, error))?;
        transaction
            .prepare_cached("INSERT INTO originals VALUES (?1, ?2)")
            .and_then(|mut statement| statement.execute(params![position, sealed]))
            .map_err(write)?;
    }
    transaction.commit().map_err(write)?;
    connection.close().map_err(|(_, error)| write(error))?;
    let folder = path.parent().unwrap_or(path);
    sync_folder(folder).map_err(|error| failed(folder, "written", error))
}

fn put_head(transaction: &Transaction, run: &RunFacts) -> rusqlite::Result<()> {
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.execute_batch(TABLES)?;
    let RunHead {
        command,
        vendor,
        mode,
        options,
        rules,
        input_hash,
    } = &run.head;
    let (started, mode) = (run.started.to_string(), mode.word());
    transaction.execute(
        "INSERT INTO head VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            run.id,
            run.count,
            run.target,
            started,
            run.tool,
            run.key,
            command.word(),
            vendor,
            mode,
            options,
            rules,
            input_hash
        ],
    )?;
    Ok(())
}

fn put_change(
    connection: &Connection,
    change: &Change,
    sealed: Option<Vec<u8>>,
    not_restorable: &[Field],
) -> rusqlite::Result<()> {
    let before = change.before.as_ref().map(|before| json(&shown(before)));
    connection
        .prepare_cached("INSERT INTO changes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)")?
        .execute(params![
            change.row,
            change.action.word(),
            change.number,
            json(&shown(&change.wanted))?,
            before.transpose()?,
            sealed,
            json(&not_restorable)?,
        ])?;
    Ok(())
}

fn event(connection: &Connection, what: &str, why: &str) -> rusqlite::Result<()> {
    let now = Timestamp::now().to_string();
    connection.execute("INSERT INTO events VALUES (?1, ?2, ?3)", [&now, what, why])?;
    Ok(())
}

fn expect_one(count: usize, position: usize, why: &'static str) -> Result<(), LedgerError> {
    match count {
        1 => Ok(()),
        _ => Err(LedgerError::Position { position, why }),
    }
}

fn writing(path: &Path, error: &rusqlite::Error) -> LedgerError {
    LedgerError::Write {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

fn reading(path: &Path, why: impl ToString) -> LedgerError {
    LedgerError::Read {
        path: path.to_owned(),
        why: why.to_string(),
    }
}

fn sealing(run: &str, error: SealError) -> LedgerError {
    LedgerError::Seal {
        run: run.to_owned(),
        error,
    }
}
