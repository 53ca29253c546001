//! Files that take their place when they are complete. The one way to write a file completely or not at all.
//!
//! A file is written under a hidden name beside its place ([`WholeFile`]), synced, and renamed; then its folder is
//! synced too. While it is written it is locked, and its name carries a mark of this machine and of the file itself: a
//! hidden file with its mark and without a lock was left by a process that was killed, and [`remove_leftovers`] takes it
//! away. A file of somebody else with such a name has another mark, and stays.

use crate::digest::sha256_hex;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, SpooledTempFile, TempPath};

/// The beginning of the names of files that are not complete yet.
const PREFIX: &str = ".rowcall-";
/// The number of letters and digits at random that follow.
const RANDOM_CHARS: usize = 6;
/// The number of hexadecimal digits of the mark after those.
const MARK_CHARS: usize = 6;
/// The files that name this machine, the best one first.
const MACHINE_FILES: [&str; 2] = ["/etc/machine-id", "/etc/hostname"];
/// The beginning of the names of folders that are not complete yet.
const FOLDER_PREFIX: &str = ".new-";
/// The number of attempts at a new name.
const TRIES: usize = 16;
/// The words for a pipe or a device in the place of a file.
const NO_FILE: &str = "it is a pipe or a device, and no file";
/// The number of links that are followed from a path.
const LINKS_MAX: usize = 16;

/// Lets a write that would make a file larger than the system allows this process (`ulimit -f`) fail like one on a full
/// disk, in this thread and all that it begins: else the system ends the process.
pub(crate) fn block_size_limit_signal() {
    #[cfg(unix)]
    {
        use nix::sys::signal::{SigSet, Signal};
        let mut blocked = SigSet::empty();
        blocked.add(Signal::SIGXFSZ);
        // Best effort: unblocked, the signal ends the process as it always did.
        let _ = blocked.thread_block();
    }
}

/// The readers of a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Everyone who may read the folder's other files.
    Anybody,
    /// Its owner alone, because it has secrets. On systems other than Unix the folder decides.
    Owner,
}

/// The bytes that are written before it is asked again if that is to stop.
const CHUNK_BYTES: usize = 1 << 16;

/// The largest part of a scratch file that is kept in memory, in bytes.
const SCRATCH_BYTES_MAX: usize = 1 << 20;

/// Bytes that are written, then read once: in memory while they are few, else in a file without a name, which goes with
/// the process. Nothing secret belongs there.
pub(crate) struct ScratchFile(SpooledTempFile);

impl ScratchFile {
    pub(crate) fn new() -> ScratchFile {
        ScratchFile(SpooledTempFile::new(SCRATCH_BYTES_MAX))
    }

    /// Returns a reader of everything that was written, from its first byte.
    pub(crate) fn into_reader(mut self) -> io::Result<impl Read + Send> {
        self.0.rewind()?;
        Ok(io::BufReader::new(self.0))
    }
}

impl Write for ScratchFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A file that is not whole yet. Dropped, it is gone.
#[derive(Debug)]
pub(crate) struct WholeFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl WholeFile {
    /// Makes a file that will take its place at `path`, where a link stays a link. Until it is kept, the file there is
    /// left alone. A file for anybody gets the permissions of the one that it replaces.
    pub(crate) fn beside(path: &Path, readers: Readers) -> io::Result<WholeFile> {
        let path =
            end_of_links(path).ok_or_else(|| io::Error::other("its links lead in a circle"))?;
        let folder = folder_of(&path);
        if !folder.is_dir() {
            let why = format!("there is no folder {}", folder.display());
            return Err(io::Error::new(ErrorKind::NotFound, why));
        }
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let suffix = match &*ending {
            "" => String::new(),
            ending => format!(".{ending}"),
        };
        let mut builder = tempfile::Builder::new();
        builder
            .prefix(PREFIX)
            .suffix(&suffix)
            .rand_bytes(RANDOM_CHARS);
        #[cfg(unix)]
        builder.permissions(match (readers, path.metadata()) {
            (Readers::Owner, _) => mode(0o600),
            (Readers::Anybody, Ok(about)) => about.permissions(),
            (Readers::Anybody, Err(_)) => mode(0o666),
        });
        let file = builder.tempfile_in(folder)?;
        // A file without its mark is not taken for a leftover, so a failure is harmless.
        let _ = file.as_file().try_lock();
        let file = marked(file, &suffix)?;
        Ok(WholeFile { file, path })
    }

    /// Returns the path of the file until it is kept.
    pub(crate) fn hidden_path(&self) -> &Path {
        self.file.path()
    }

    pub(crate) fn as_file_mut(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Lets those use the file who may use `original`, where that is a file.
    pub(crate) fn with_permissions_of(self, original: &Path) -> io::Result<WholeFile> {
        if let Ok(about) = original.metadata()
            && about.is_file()
        {
            self.file.as_file().set_permissions(about.permissions())?;
        }
        Ok(self)
    }

    /// Puts the file in its place, replacing the one there, once it is safely on the disk.
    pub(crate) fn keep(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path).map_err(io::Error::from)?;
        sync_folder(folder_of(&self.path))
    }

    /// Like [`WholeFile::keep`], but a file that appeared there meanwhile stays: the error is
    /// [`ErrorKind::AlreadyExists`].
    pub(crate) fn keep_new(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file
            .persist_noclobber(&self.path)
            .map_err(io::Error::from)?;
        sync_folder(folder_of(&self.path))
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a file that takes its place when it is complete. A path that is no regular file is written to as it is.
///
/// # Errors
/// It cannot be written; the old content of the file is still there.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    write_whole_unless(path, bytes, readers, || false)
}

/// Like [`write_whole`], until `is_stopped` says so.
///
/// # Errors
/// As of [`write_whole`]; [`ErrorKind::Interrupted`] where it was stopped, and nothing is left of the file.
pub(crate) fn write_whole_unless(
    path: &Path,
    bytes: &[u8],
    readers: Readers,
    is_stopped: impl Fn() -> bool,
) -> io::Result<()> {
    let write = |file: &mut dyn Write| {
        for chunk in bytes.chunks(CHUNK_BYTES) {
            if is_stopped() {
                return Err(ErrorKind::Interrupted.into());
            }
            file.write_all(chunk)?;
        }
        Ok(())
    };
    if let Some(file) = open_special(path) {
        return write(&mut file?);
    }
    let mut file = WholeFile::beside(path, readers)?;
    write(&mut file)?;
    file.as_file_mut().sync_all()?;
    match is_stopped() {
        true => Err(ErrorKind::Interrupted.into()),
        false => file.keep(),
    }
}

/// Writes a file that is not there yet, whole or not at all.
///
/// # Errors
/// It cannot be written; [`ErrorKind::AlreadyExists`] where it is there.
pub(crate) fn write_new(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let mut file = WholeFile::beside(path, readers)?;
    file.write_all(bytes)?;
    file.keep_new()
}

/// Renames a complete file, replacing any file of that name.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder(folder_of(to))
}

/// Opens a path that is no regular file (a pipe, a device), or is another process's open file (`/dev/stdout`), to write
/// to it as it is; `None` where a file can take its place.
pub(crate) fn open_special(path: &Path) -> Option<io::Result<File>> {
    is_special(path).then(|| OpenOptions::new().append(true).open(path))
}

/// Opens a file to read it. A pipe or a device is refused: the end of what comes from one may never come.
pub(crate) fn open_plain(path: &Path) -> io::Result<File> {
    refuse_special(&path.metadata()?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    // A pipe that has taken its place meanwhile is not waited for.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.open(path)?;
    refuse_special(&file.metadata()?)?;
    Ok(file)
}

/// Refuses what is neither a file nor a folder; of a folder the system says so itself.
pub(crate) fn refuse_special(about: &Metadata) -> io::Result<()> {
    match about.is_file() || about.is_dir() {
        true => Ok(()),
        false => Err(io::Error::new(ErrorKind::InvalidInput, NO_FILE)),
    }
}

/// Returns true if a path is that of a pipe, a device or another process's open file.
pub(crate) fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|about| !about.is_file()) || leads_to_device(path)
}

/// Follows the links from a path to their end, whether or not a file is there; `None` where there are too many.
pub(crate) fn end_of_links(path: &Path) -> Option<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::read_link(&path) {
            Ok(link) => path = folder_of(&path).join(link),
            Err(_) => return Some(path),
        }
    }
    None
}

/// Returns true if a path, or a link that it is, names a device, or an open file of a process.
fn leads_to_device(path: &Path) -> bool {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        if path.starts_with("/dev/fd")
            || path.starts_with("/proc")
            || path.parent() == Some(Path::new("/dev"))
        {
            return true;
        }
        match fs::read_link(&path) {
            Ok(link) => path = folder_of(&path).join(link),
            Err(_) => return false,
        }
    }
    false
}

/// Makes a folder that is not whole yet within `parent`, for its owner only. It is gone when it is dropped.
pub(crate) fn new_folder(parent: &Path) -> io::Result<(tempfile::TempDir, Option<File>)> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(FOLDER_PREFIX);
    #[cfg(unix)]
    builder.permissions(mode(0o700));
    for _ in 0..TRIES {
        let folder = builder.tempdir_in(parent)?;
        if cfg!(not(unix)) {
            return Ok((folder, None));
        }
        let lock = File::open(folder.path());
        match lock {
            Ok(lock) if locked(&lock) && folder.path().exists() => return Ok((folder, Some(lock))),
            _ => {}
        }
    }
    Err(io::Error::other("another process removes new folders"))
}

/// Removes the files of killed processes that were never completed in a folder, and returns their paths. Those that
/// cannot be removed are left.
pub(crate) fn remove_leftovers(folder: &Path) -> Vec<PathBuf> {
    let remove = |path: &PathBuf| is_left_file(path) && fs::remove_file(path).is_ok();
    entries(folder).filter(remove).collect()
}

/// Removes the folders of killed processes that were never completed in a folder of rowcall's own, and returns their
/// paths. Those that cannot be removed are left.
pub(crate) fn remove_leftover_folders(folder: &Path) -> Vec<PathBuf> {
    let remove = |path: &PathBuf| is_left_folder(path) && fs::remove_dir_all(path).is_ok();
    entries(folder).filter(remove).collect()
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path()))
}

/// Gives a new file the name by which it is known again: see [`mark`].
fn marked(file: NamedTempFile, suffix: &str) -> io::Result<NamedTempFile> {
    let about = file.as_file().metadata()?;
    let name = file.path().file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    let random = name.strip_suffix(suffix).unwrap_or(&name);
    let mark = mark(random, &about);
    let path = folder_of(file.path()).join(format!("{random}{mark}{suffix}"));
    let (file, hidden) = file.into_parts();
    hidden.persist(&path).map_err(io::Error::from)?;
    Ok(NamedTempFile::from_parts(
        file,
        TempPath::try_from_path(path)?,
    ))
}

/// The mark of a file with these characters at the beginning of its name: of them, of the machine and of the file
/// itself, so that a copy of it, or a file of somebody else, has another one.
fn mark(begin: &str, about: &Metadata) -> String {
    let mut machine = MACHINE_FILES.iter();
    let machine = machine.find_map(|path| fs::read_to_string(path).ok());
    let machine = machine.unwrap_or_default();
    #[cfg(unix)]
    let file = std::os::unix::fs::MetadataExt::ino(about);
    #[cfg(not(unix))]
    let file = about.len();
    let mut mark = sha256_hex(format!("{}/{file}/{begin}", machine.trim()).as_bytes());
    mark.truncate(MARK_CHARS);
    mark
}

/// Returns true if a path is a file that was never completed, and that no process is writing. On systems other than
/// Unix, whose locks cannot be looked at, always false.
fn is_left_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let begin = PREFIX.len() + RANDOM_CHARS;
    let (Some(begin), Some(after)) = (name.get(..begin), name.get(begin..)) else {
        return false;
    };
    let is_marked = |about: Metadata| {
        let rest = after.strip_prefix(mark(begin, &about).as_str());
        about.is_file() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    name.starts_with(PREFIX) && path.symlink_metadata().is_ok_and(is_marked) && is_unlocked(path)
}

/// Returns true if a path is a folder that was never completed, and that no process is making. On systems other than
/// Unix always false.
fn is_left_folder(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_folder = path.symlink_metadata().is_ok_and(|about| about.is_dir());
    is_folder && name.starts_with(FOLDER_PREFIX) && is_unlocked(path)
}

fn is_unlocked(path: &Path) -> bool {
    cfg!(unix) && File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Locks a file that is being written. Where there are no locks, no file is ever taken for a remainder.
fn locked(file: &File) -> bool {
    cfg!(not(unix)) || !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes a folder, and those above it that are missing, for its owner only. One that is there is left as it is.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Options for opening files; one that is made is its owner's alone.
pub(crate) fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Takes a file or folder from everybody but its owner.
pub(crate) fn keep_from_others(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let bits = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path)?.permissions());
        if bits & 0o077 != 0 {
            fs::set_permissions(path, mode(bits & 0o700))?;
        }
    }
    Ok(())
}

/// Makes files that were created, renamed or removed in a folder survive a power cut, where the platform can.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

#[cfg(unix)]
fn mode(bits: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(bits)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_is_being_written_or_somebody_elses_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let left: Vec<PathBuf> = ["out.csv", "out"]
            .into_iter()
            .map(|name| {
                let file = WholeFile::beside(&path(name), Readers::Anybody).unwrap();
                // As a kill leaves it: there, and not locked.
                let (file, hidden) = file.file.into_parts();
                drop(file);
                hidden.keep().unwrap()
            })
            .collect();
        fs::create_dir(path(".new-abcdef")).unwrap();
        fs::copy(&left[0], path(".rowcall-copied123456.csv")).unwrap();
        for name in [
            ".rowcall-config",
            ".rowcall-abcdEFGH1234.csv",
            ".rowcall-abcdEFGH1234",
            "rowcall-abcdEFGH1234",
            ".rowcall-äöüßäöüß.csv",
        ] {
            fs::write(path(name), "somebody's").unwrap();
        }
        let count = || fs::read_dir(folder.path()).unwrap().count();
        let writing = WholeFile::beside(&path("out.csv"), Readers::Anybody).unwrap();
        let (making, _lock) = new_folder(folder.path()).unwrap();
        assert_eq!(count(), 2 + 1 + 1 + 5 + 2);
        let mut removed = remove_leftovers(folder.path());
        removed.sort();
        let mut expected = left;
        expected.sort();
        assert_eq!((removed, count()), (expected, 9));
        let removed = remove_leftover_folders(folder.path());
        assert_eq!(removed, [path(".new-abcdef")]);
        assert!(writing.hidden_path().exists() && making.path().exists());
        writing.keep().unwrap();
        assert_eq!(remove_leftovers(folder.path()), Vec::<PathBuf>::new());
    }

    #[test]
    fn an_open_file_of_a_process_is_written_to_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("report.csv");
        std::os::unix::fs::symlink("/dev/stdout", &link).unwrap();
        assert!(leads_to_device(&link) && leads_to_device(Path::new("/dev/fd/1")));
        assert!(!leads_to_device(&folder.path().join("other.csv")));
    }

    #[test]
    fn a_private_file_is_a_new_one_also_where_another_stands() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.csv");
        fs::write(&path, "open").unwrap();
        fs::set_permissions(&path, mode(0o644)).unwrap();
        let before = File::open(&path).unwrap();
        write_whole(&path, b"secret", Readers::Owner).unwrap();
        assert_eq!(io::read_to_string(before).unwrap(), "open");
        assert_eq!(fs::read(&path).unwrap(), b"secret");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_came_to_be_there_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.csv");
        write_new(&path, b"first", Readers::Owner).unwrap();
        let error = write_new(&path, b"second", Readers::Owner).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_whether_or_not_they_lead_to_a_file() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("sub")).unwrap();
        symlink("second", path("first")).unwrap();
        symlink("sub/report.csv", path("second")).unwrap();
        for text in ["new", "replaced"] {
            write_whole(&path("first"), text.as_bytes(), Readers::Anybody).unwrap();
            assert_eq!(fs::read_to_string(path("sub/report.csv")).unwrap(), text);
            assert!(path("first").is_symlink() && path("second").is_symlink());
        }
        symlink("gone/report.csv", path("astray")).unwrap();
        let error = write_whole(&path("astray"), b"", Readers::Anybody).unwrap_err();
        assert!(error.to_string().starts_with("there is no folder"));
        symlink("circle", path("circle")).unwrap();
        assert!(write_whole(&path("circle"), b"", Readers::Anybody).is_err());
        assert!(path("astray").is_symlink() && path("circle").is_symlink());
    }

    #[test]
    fn a_write_that_is_stopped_leaves_what_was_there_and_nothing_else() {
        use std::cell::Cell;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bulk.csv");
        write_whole(&path, b"old", Readers::Owner).unwrap();
        // Before the first byte, between two of them, and once all are written.
        let bytes = vec![b'x'; 3 * CHUNK_BYTES];
        for stop_at in 0..4 {
            let asked = Cell::new(0);
            let is_stopped = || asked.replace(asked.get() + 1) == stop_at;
            let stopped = write_whole_unless(&path, &bytes, Readers::Owner, is_stopped);
            assert_eq!(stopped.unwrap_err().kind(), ErrorKind::Interrupted);
            assert_eq!(fs::read(&path).unwrap(), b"old");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
        write_whole_unless(&path, &bytes, Readers::Owner, || false).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = write_whole(Path::new("/nowhere/at/all.csv"), b"", Readers::Anybody);
        assert_eq!(
            error.unwrap_err().to_string(),
            "there is no folder /nowhere/at"
        );
    }
}
