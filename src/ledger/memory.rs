//! The memory of values that were last written to a PBX and cannot be read back, so that the same sheet changes nothing
//! the second time.
//!
//! One SQLite file for each PBX, `STATE/memory/….sqlite`, of keyed fingerprints; it has no secret. The memory of an
//! extension is valid only while all its readable fields are as they were when it was written: else somebody changed
//! the extension, or created it anew. It is dropped, on the disk, before any change of the extension is sent, and
//! written again once the change was read back. So any loss of it costs one more write, and never a missed one. A run
//! with another key trusts no part of it, since the fingerprints are not its own, and replaces the entries that it
//! writes itself.

use super::state::{StateDir, failed};
use super::{LedgerError, TargetLock};
use crate::digest::sha256_hex;
use crate::disk::{keep_from_others, private_options};
use crate::fingerprints::fingerprint;
use crate::model::{Change, Field, Record, Text};
use crate::seal::Key;
use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version of the tables.
const VERSION: i64 = 2;

/// The time that a reader and the writer wait for each other.
const BUSY: Duration = Duration::from_secs(10);

const TABLES: &str = "
CREATE TABLE about (pbx TEXT NOT NULL) STRICT;
-- What was read of an extension or group when it was written last, and what was written besides: fingerprints.
CREATE TABLE written (
    kind TEXT NOT NULL, number TEXT NOT NULL, witness TEXT NOT NULL, fields TEXT NOT NULL,
    PRIMARY KEY (kind, number)
) STRICT, WITHOUT ROWID;
";

/// The values that were last written to one PBX and cannot be read back.
#[derive(Debug)]
pub(crate) struct Memory {
    connection: Connection,
    path: PathBuf,
    pbx: String,
    key: Key,
    /// The entries that were dropped for changes under way, by the numbers of the extensions.
    forgotten: RefCell<BTreeMap<String, MemoryEntry>>,
}

/// Fingerprints of values that cannot be read back, by the names of their fields.
pub(crate) type SecretMarks = BTreeMap<String, String>;

/// The memory of one extension.
#[derive(Debug, Clone, Default, PartialEq)]
struct MemoryEntry {
    witness: String,
    fields: SecretMarks,
}

impl Memory {
    /// Returns true if anything was ever remembered of a PBX.
    pub(crate) fn is_there(state: &StateDir, pbx: &str) -> bool {
        path(state, pbx).exists()
    }

    /// Opens the memory of a PBX. A file that is damaged, or of another version, is begun anew.
    ///
    /// # Errors
    /// The folder or the file cannot be used.
    pub(crate) fn open(state: &StateDir, pbx: &str, key: Key) -> Result<Memory, LedgerError> {
        state.memory()?;
        let path = path(state, pbx);
        let connection = match connect(&path, pbx) {
            Err(error) if is_no_memory(&error) => {
                remove_files(&path)?;
                connect(&path, pbx)
            }
            connected => connected,
        };
        let connection = connection.map_err(|error| LedgerError::Write {
            path: path.clone(),
            why: error.to_string(),
        })?;
        Ok(Memory {
            connection,
            path,
            pbx: pbx.to_owned(),
            key,
            forgotten: RefCell::default(),
        })
    }

    /// Removes the memory of a PBX, unless a run is at work on it.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub(crate) fn remove(state: &StateDir, pbx: &str) -> Result<(), LedgerError> {
        if !Memory::is_there(state, pbx) {
            return Ok(());
        }
        match TargetLock::acquire(state, pbx, &[]) {
            Err(LedgerError::Locked(_)) => Ok(()),
            Err(error) => Err(error),
            Ok(_lock) => remove_files(&path(state, pbx)),
        }
    }

    /// Returns true if the last write of an extension that still reads like this set a field that cannot be read to
    /// this text.
    pub(crate) fn was_written(&self, current: &Record, field: Field, text: Text<'_>) -> bool {
        let entry = self
            .entry(current.kind().word(), current.number())
            .unwrap_or_default();
        let written = entry.and_then(|entry| self.trusted(entry, current));
        let written = written.and_then(|mut entry| entry.fields.remove(field.name()));
        written == Some(self.mark(current.kind().word(), current.number(), field, text))
    }

    /// The fingerprints of what was last written to a change's extension and cannot be read back, by the names of the
    /// fields.
    ///
    /// # Errors
    /// It could not be read.
    pub(crate) fn marks(&self, change: &Change) -> Result<SecretMarks, LedgerError> {
        let entry = self.entry(change.wanted.kind().word(), &change.number);
        let entry = entry.map_err(|error| self.reading(&error))?;
        Ok(entry.unwrap_or_default().fields)
    }

    /// The fields that cannot be read back and that were written to an extension since its marks were `then`, but for
    /// those that were set to what is `wanted` of it.
    ///
    /// # Errors
    /// It could not be read.
    pub(crate) fn rewritten(
        &self,
        wanted: &Record,
        number: &str,
        then: &SecretMarks,
    ) -> Result<Vec<Field>, LedgerError> {
        let entry = self.entry(wanted.kind().word(), number);
        let entry = entry.map_err(|error| self.reading(&error))?;
        let fields = entry.unwrap_or_default().fields.into_iter();
        let rewritten = fields.filter_map(|(name, mark)| {
            let field = Field::named(&name)?;
            let text = wanted.get(field);
            let wanted = text.map(|text| self.mark(wanted.kind().word(), number, field, text));
            let is_known = then.get(&name) == Some(&mark) || wanted == Some(mark);
            (!is_known).then_some(field)
        });
        Ok(rewritten.collect())
    }

    /// Drops, on the disk, the memory of the extensions that changes are about.
    ///
    /// # Errors
    /// It could not be written. Then nothing may be sent.
    pub(crate) fn forget<'c>(
        &self,
        changes: impl Iterator<Item = &'c Change>,
    ) -> Result<(), LedgerError> {
        let forget = || -> rusqlite::Result<()> {
            self.connection.pragma_update(None, "synchronous", "FULL")?;
            let transaction = self.connection.unchecked_transaction()?;
            for change in changes {
                let kind = change.wanted.kind().word();
                let new = change.wanted.text(Field::NEW_NUMBER);
                if let Some(entry) = self.entry(kind, &change.number)? {
                    let mut forgotten = self.forgotten.borrow_mut();
                    forgotten.insert(change.number.clone(), entry);
                }
                for number in new.into_iter().chain([change.number.as_str()]) {
                    self.drop_entry(kind, number)?;
                }
            }
            transaction.commit()?;
            // Writes from here on may be lost: that costs one write to the PBX again.
            self.connection.pragma_update(None, "synchronous", "NORMAL")
        };
        forget().map_err(|error| self.writing(&error))
    }

    /// Drops the memory of extensions that no longer exist; `numbers` are all that do.
    ///
    /// # Errors
    /// It could not be written.
    pub(crate) fn forget_absent(
        &self,
        kind: &str,
        numbers: &BTreeSet<&str>,
    ) -> Result<(), LedgerError> {
        let forget = || -> rusqlite::Result<()> {
            let mut known = self
                .connection
                .prepare("SELECT number FROM written WHERE kind = ?1")?;
            let known = known.query_map([kind], |row| row.get::<_, String>(0))?;
            let known: Vec<String> = known.collect::<rusqlite::Result<_>>()?;
            let transaction = self.connection.unchecked_transaction()?;
            for number in known
                .iter()
                .filter(|number| !numbers.contains(number.as_str()))
            {
                self.drop_entry(kind, number)?;
            }
            transaction.commit()
        };
        forget().map_err(|error| self.writing(&error))
    }

    /// Remembers the values that a change wrote into fields that cannot be read, now that the extension reads like
    /// `left`. Entries from before stay, where the extension was as it had been left then.
    ///
    /// # Errors
    /// It could not be written.
    pub(crate) fn remember(
        &self,
        change: &Change,
        left: &Record,
        unseen: &[(Field, Text<'_>)],
    ) -> Result<(), LedgerError> {
        let before = self.forgotten.borrow_mut().remove(&change.number);
        let same_number = left.number() == change.number;
        let before = change.before.as_ref().filter(|_| same_number).zip(before);
        let before = before.and_then(|(current, entry)| self.trusted(entry, current));
        let mut entry = before.unwrap_or_default();
        entry.witness = self.witness(left);
        for (field, text) in unseen {
            let mark = self.mark(left.kind().word(), left.number(), *field, *text);
            entry.fields.insert(field.name().to_owned(), mark);
        }
        if entry.fields.is_empty() {
            return Ok(());
        }
        self.put(left.kind().word(), left.number(), &entry)
    }

    /// Restores the dropped memory of an extension, after a change of which nothing was sent.
    ///
    /// # Errors
    /// It could not be written.
    pub(crate) fn restore(&self, change: &Change) -> Result<(), LedgerError> {
        let entry = self.forgotten.borrow_mut().remove(&change.number);
        match entry {
            Some(entry) => self.put(change.wanted.kind().word(), &change.number, &entry),
            None => Ok(()),
        }
    }

    fn entry(&self, kind: &str, number: &str) -> rusqlite::Result<Option<MemoryEntry>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT witness, fields FROM written WHERE kind = ?1 AND number = ?2",
        )?;
        let found = statement.query_row([kind, number], |row| {
            let fields: String = row.get(1)?;
            Ok(MemoryEntry {
                witness: row.get(0)?,
                fields: serde_json::from_str(&fields).unwrap_or_default(),
            })
        });
        found.optional()
    }

    fn put(&self, kind: &str, number: &str, entry: &MemoryEntry) -> Result<(), LedgerError> {
        let put = || -> rusqlite::Result<()> {
            let mut statement = self
                .connection
                .prepare_cached("INSERT OR REPLACE INTO written VALUES (?1, ?2, ?3, ?4)")?;
            let fields = serde_json::to_string(&entry.fields).unwrap_or_default();
            statement.execute(params![kind, number, entry.witness, fields])?;
            Ok(())
        };
        put().map_err(|error| self.writing(&error))
    }

    fn drop_entry(&self, kind: &str, number: &str) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("DELETE FROM written WHERE kind = ?1 AND number = ?2")?;
        statement.execute([kind, number])?;
        Ok(())
    }

    /// The entry, if the extension still reads as it did then.
    fn trusted(&self, entry: MemoryEntry, current: &Record) -> Option<MemoryEntry> {
        (entry.witness == self.witness(current)).then_some(entry)
    }

    fn witness(&self, current: &Record) -> String {
        fingerprint(current, &self.key)
    }

    fn mark(&self, kind: &str, number: &str, field: Field, text: Text<'_>) -> String {
        let name = field.name();
        let context = format!("memory/{}/{kind}/{number}/{name}", self.pbx);
        self.key.fingerprint(&context, text.reveal())
    }

    fn reading(&self, error: &rusqlite::Error) -> LedgerError {
        LedgerError::Read {
            path: self.path.clone(),
            why: error.to_string(),
        }
    }

    fn writing(&self, error: &rusqlite::Error) -> LedgerError {
        LedgerError::Write {
            path: self.path.clone(),
            why: error.to_string(),
        }
    }
}

fn path(state: &StateDir, pbx: &str) -> PathBuf {
    let name = sha256_hex(pbx.as_bytes());
    let name = name.get(..16).unwrap_or(&name);
    state.memory_path().join(format!("{name}.sqlite"))
}

/// Returns true where the file is damaged, of another PBX or of another version; false where it only cannot be used
/// now.
fn is_no_memory(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::QueryReturnedNoRows => true,
        error => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::Unknown)
        ),
    }
}

/// Opens the file, created if need be; returns no row where it is of another PBX or version.
fn connect(path: &Path, pbx: &str) -> rusqlite::Result<Connection> {
    // Its owner's alone: what SQLite adds beside it gets the same permissions. What cannot be made is named by SQLite.
    let mut options = private_options();
    options.create(true).append(true);
    let _ = options.open(path);
    for file in files(path) {
        // One that is not there yet, or is another user's: SQLite names it.
        let _ = keep_from_others(&file);
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.execute_batch("PRAGMA journal_mode = WAL")?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(TABLES)?;
        transaction.execute("INSERT INTO about VALUES (?1)", [pbx])?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // No row where it is of another one.
    let ours = "SELECT 1 FROM about WHERE pbx = ?1 AND ?2 = ?3";
    connection.query_row(ours, params![pbx, version, VERSION], |_| Ok(()))?;
    Ok(connection)
}

fn remove_files(path: &Path) -> Result<(), LedgerError> {
    for file in files(path) {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(failed(path, "removed", error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The file, and those that SQLite has beside it.
fn files(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    })
}
