//! Connections to a ledger's file.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Longest time that a reader and the writer wait for each other.
const BUSY: Duration = Duration::from_secs(10);

/// Opens a ledger for writing: what is committed is on the disk.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

/// Opens a ledger for reading. Not read-only, because a commit that a crash cut short may have to be taken back first;
/// but nothing else is written. A file without permission to write is still read.
pub(super) fn open_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let connection = open(path)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Asks for a kind of journal, and returns the kind that it is then.
pub(super) fn journal(connection: &Connection, mode: &str) -> rusqlite::Result<String> {
    // Run to its end, since it fails there and not at the row that it returns.
    connection.execute_batch(&format!("PRAGMA journal_mode = {mode}"))?;
    connection.pragma_query_value(None, "journal_mode", |row| row.get(0))
}

/// Returns true where another connection has the file locked.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseBusy | DatabaseLocked)
    )
}
