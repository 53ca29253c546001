//! A manifest: a file of entries, each chained to the one before, that processes write one after the other.

use super::entry::{Entry, EntryKind, Head, LastEntry, MANIFEST};
use super::error::{ArchiveError, failed};
use crate::digest::sha256_hex;
use crate::disk::{open_plain, refuse_special, sync_folder};
use jiff::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The longest line of a manifest, in bytes.
pub(crate) const LINE_BYTES_MAX: u64 = 64 << 10;

/// The longest wait for another process. It locks the manifest for moments only.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(30);

/// The pause between attempts to take the lock.
const LOCK_TRY_EVERY: Duration = Duration::from_millis(10);

/// A manifest, and the entries in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    path: PathBuf,
}

/// A line of a manifest, unchanged.
pub(super) struct ChainLine<'l> {
    /// From 1.
    pub(super) number: u64,
    bytes: &'l [u8],
}

impl ChainLine<'_> {
    pub(super) fn hash(&self) -> String {
        sha256_hex(self.bytes)
    }

    /// Returns true if it has its line feed.
    pub(super) fn is_ended(&self) -> bool {
        self.bytes.ends_with(b"\n")
    }

    pub(super) fn entry(&self) -> Option<Entry> {
        serde_json::from_slice(self.bytes).ok()
    }
}

impl Chain {
    /// The manifest in a folder.
    pub(super) fn in_folder(folder: &Path) -> Chain {
        Chain {
            path: folder.join(MANIFEST),
        }
    }

    pub(super) fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Its size; 0 where it is not there.
    #[cfg(feature = "page")]
    pub(super) fn bytes(&self) -> u64 {
        self.path.metadata().map_or(0, |about| about.len())
    }

    pub(super) fn no_entry(&self, line: Option<u64>) -> ArchiveError {
        ArchiveError::NoEntry {
            path: self.path.clone(),
            line,
        }
    }

    /// Keeps others from writing it until the file is dropped; `None` where there is no manifest.
    pub(super) fn share(&self) -> Result<Option<File>, ArchiveError> {
        let file = match open_plain(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file.map_err(failed(&self.path, "read"))?,
        };
        match wait_for(&self.path, || file.try_lock_shared()) {
            // On systems without locks there is no writer either.
            Err(ArchiveError::Io { .. }) | Ok(()) => Ok(Some(file)),
            Err(busy) => Err(busy),
        }
    }

    /// Hands each line to the caller until that returns false. There is none where there is no manifest.
    pub(super) fn read(
        &self,
        mut line: impl FnMut(ChainLine) -> Result<bool, ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let file = match open_plain(&self.path) {
            // Nothing was entered yet.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            file => file.map_err(failed(&self.path, "read"))?,
        };
        let mut reader = BufReader::new(file);
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            let read = reader
                .by_ref()
                .take(LINE_BYTES_MAX)
                .read_until(b'\n', &mut bytes)
                .map_err(failed(&self.path, "read"))?;
            let goes_on = read > 0
                && line(ChainLine {
                    number,
                    bytes: &bytes,
                })?;
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Locks it, made if need be, and removes a line that was cut off. Its first entry follows on `base`.
    ///
    /// # Errors
    /// It cannot be written, another process does not let go of it, or its last line is no entry.
    pub(super) fn lock(&self, base: &LastEntry) -> Result<LockedChain, ArchiveError> {
        let path = &self.path;
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        let plain = path.metadata().map_or(Ok(()), |it| refuse_special(&it));
        let opened = plain.and_then(|()| options.open(path));
        let mut file = opened.map_err(failed(path, "opened"))?;
        wait_for(path, || file.try_lock())?;
        let (line, whole, length) = last_line(&mut file).map_err(failed(path, "read"))?;
        let mut locked = LockedChain {
            file,
            path: path.clone(),
            length: whole,
            last: base.clone(),
            last_kind: None,
            is_doubtful: false,
            notices: Vec::new(),
        };
        if length > whole {
            locked.cut()?;
            locked.notices.push(format!(
                "{}: its last line was cut off and is removed: an export was cut off there, or someone changed the file",
                path.display()
            ));
        }
        if line.is_empty() {
            if whole > 0 {
                return Err(self.no_entry(None));
            }
            let folder = path.parent().unwrap_or(Path::new("."));
            sync_folder(folder).map_err(failed(folder, "written"))?;
            return Ok(locked);
        }
        let entry = serde_json::from_slice(&line).ok();
        // One that counts to the end leaves no number for the next.
        let entry = entry.filter(|entry: &Entry| entry.n < u64::MAX);
        let entry = entry.ok_or_else(|| self.no_entry(None))?;
        locked.last = LastEntry {
            n: entry.n,
            hash: sha256_hex(&line),
            time: Some(entry.time),
        };
        locked.last_kind = Some(entry.what);
        Ok(locked)
    }
}

/// A manifest, locked until this is dropped.
pub(super) struct LockedChain {
    file: File,
    path: PathBuf,
    /// Its length in bytes.
    length: u64,
    pub(super) last: LastEntry,
    /// The content of the last entry when it was locked; `None` where there was none.
    pub(super) last_kind: Option<EntryKind>,
    /// True if something may have been written that was not meant to stay.
    pub(super) is_doubtful: bool,
    pub(super) notices: Vec<String>,
}

impl LockedChain {
    /// The time in whole seconds, as the clock has it, right or wrong.
    pub(super) fn time(&mut self, now: Timestamp) -> Timestamp {
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        if let Some(last) = self.last.time.filter(|last| *last > now) {
            self.notices.push(format!(
                "the clock says {now}, and the archive's last entry was made at {last}: one of them is wrong"
            ));
        }
        now
    }

    /// Appends entries; all of them are on the disk when this returns, or none.
    pub(super) fn append(
        &mut self,
        time: Timestamp,
        whats: Vec<EntryKind>,
    ) -> Result<(), ArchiveError> {
        let mut lines = Vec::new();
        let mut last = self.last.clone();
        for what in whats {
            let entry = Entry {
                n: last.n + 1,
                before: last.hash,
                time,
                what,
            };
            let from = lines.len();
            let written = serde_json::to_writer(&mut lines, &entry);
            written.map_err(|error| failed(&self.path, "written")(error.into()))?;
            lines.push(b'\n');
            last = LastEntry {
                n: entry.n,
                hash: sha256_hex(lines.get(from..).unwrap_or_default()),
                time: Some(time),
            };
        }
        if lines.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(&lines);
        if let Err(error) = written.and_then(|()| self.file.sync_all()) {
            // A full disk: the bytes written so far are removed again.
            self.is_doubtful = self.cut().is_err();
            return Err(failed(&self.path, "written")(error));
        }
        self.length += lines.len() as u64;
        self.last = last;
        Ok(())
    }

    fn cut(&self) -> Result<(), ArchiveError> {
        let cut = self.file.set_len(self.length);
        let cut = cut.and_then(|()| self.file.sync_all());
        cut.map_err(failed(&self.path, "cut"))
    }

    /// Lets go of it, and returns its head and the notices about it.
    pub(super) fn into_written(mut self) -> WrittenEntries {
        WrittenEntries {
            head: self.last.head(),
            notices: std::mem::take(&mut self.notices),
        }
    }
}

impl Drop for LockedChain {
    fn drop(&mut self) {
        // Closing alone would leave it locked while a process that is just being started still has the file.
        let _ = self.file.unlock();
    }
}

/// The result of adding to a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenEntries {
    /// The manifest's head by now.
    pub head: Head,
    /// The notices for the keeper of the archive.
    pub(crate) notices: Vec<String>,
}

/// Takes a lock of a manifest, and waits for it a while.
fn wait_for(
    path: &Path,
    mut try_lock: impl FnMut() -> Result<(), TryLockError>,
) -> Result<(), ArchiveError> {
    let began = Instant::now();
    loop {
        match try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_WAIT_MAX => {
                thread::sleep(LOCK_TRY_EVERY);
            }
            Err(TryLockError::WouldBlock) => return Err(ArchiveError::Busy(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(path, "locked")(error)),
        }
    }
}

/// The last whole line with its line feed, where it ends, and where the file ends. The line is empty where there is none,
/// or it is longer than any can be.
fn last_line(file: &mut File) -> io::Result<(Vec<u8>, u64, u64)> {
    let length = file.metadata()?.len();
    // A whole one, and one that was cut off after it.
    let from = length.saturating_sub(2 * LINE_BYTES_MAX);
    file.seek(SeekFrom::Start(from))?;
    let mut tail = Vec::new();
    file.take(2 * LINE_BYTES_MAX).read_to_end(&mut tail)?;
    let Some(end) = tail.iter().rposition(|byte| *byte == b'\n') else {
        // No line at all, or more than there can be.
        let whole = if from == 0 { 0 } else { length };
        return Ok((Vec::new(), whole, length));
    };
    let ended = tail.get(..end).unwrap_or_default();
    let begin = ended.iter().rposition(|byte| *byte == b'\n');
    let begin = match begin {
        Some(feed) => feed + 1,
        None if from == 0 => 0,
        None => return Ok((Vec::new(), length, length)),
    };
    let line = tail.get(begin..=end).unwrap_or_default().to_vec();
    Ok((line, from + end as u64 + 1, length))
}
