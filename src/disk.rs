//! Files that take their place when they are complete. The one way to write a file completely or not at all.
//!
//! A file is written under a hidden name beside its place ([`WholeFile`]), synced, and renamed; then its folder is
//! synced too. While it is written it is locked: a hidden file without a lock was left by a process that was killed, and
//! [`remove_leftovers`] takes it away.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, SpooledTempFile};

/// The beginning of the names of files that are not complete yet.
const PREFIX: &str = ".rowcall-";
/// The number of letters and digits that follow.
const RANDOM_CHARS: usize = 12;
/// The beginning of the names of folders that are not complete yet.
const FOLDER_PREFIX: &str = ".new-";
/// The number of attempts at a new name.
const TRIES: usize = 16;
/// The number of links that are followed from a path.
const LINKS_MAX: usize = 16;

/// The readers of a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Everyone who may read the folder's other files.
    Anybody,
    /// Its owner alone, because it has secrets. On systems other than Unix the folder decides.
    Owner,
}

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
        for _ in 0..TRIES {
            let file = builder.tempfile_in(folder)?;
            // Before it was locked, it could be taken for one that was left.
            if locked(file.as_file()) && file.path().exists() {
                return Ok(WholeFile { file, path });
            }
        }
        Err(io::Error::other("another process removes new files"))
    }

    /// Returns the path of the file until it is kept.
    pub(crate) fn hidden_path(&self) -> &Path {
        self.file.path()
    }

    pub(crate) fn as_file(&self) -> &File {
        self.file.as_file()
    }

    pub(crate) fn as_file_mut(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Puts the file in its place, replacing the one there, once it is safely on the disk.
    pub(crate) fn keep(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path).map_err(io::Error::from)?;
        sync_folder(folder_of(&self.path))
    }

    /// Does the work of [`WholeFile::keep`], but a file that appeared there meanwhile stays: the error is
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
    if let Some(file) = open_special(path) {
        return file?.write_all(bytes);
    }
    let mut file = WholeFile::beside(path, readers)?;
    file.write_all(bytes)?;
    file.keep()
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

/// Removes the remains of killed processes in a folder, and returns their paths. Those that cannot be removed are left.
pub(crate) fn remove_leftovers(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter(|path| is_left(path) && remove(path).is_ok())
        .collect()
}

fn remove(path: &Path) -> io::Result<()> {
    match path.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

/// Returns true if a path is a file or folder that was never completed, and that no process is writing. On systems
/// other than Unix, whose locks cannot be looked at, always false.
fn is_left(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Ok(about) = path.symlink_metadata() else {
        return false;
    };
    let is_ours = if about.is_dir() {
        name.starts_with(FOLDER_PREFIX)
    } else {
        let random = name.strip_prefix(PREFIX).unwrap_or_default();
        let random = random.split('.').next().unwrap_or_default();
        about.is_file()
            && random.len() == RANDOM_CHARS
            && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    cfg!(unix) && is_ours && File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Locks a file that is being written. Where there are no locks, no file is ever taken for a remainder.
fn locked(file: &File) -> bool {
    cfg!(not(unix)) || !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

/// The folder of a file.
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
    fn what_a_killed_process_left_is_removed_and_what_is_being_written_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [".rowcall-abcdEFGH1234.csv", ".rowcall-abcdEFGH1234"] {
            fs::write(path(name), "half").unwrap();
        }
        fs::create_dir(path(".new-abcdef")).unwrap();
        for name in [
            ".rowcall-config",
            ".rowcall-abcdEFGH-234",
            "rowcall-abcdEFGH1234",
        ] {
            fs::write(path(name), "somebody's").unwrap();
        }
        let writing = WholeFile::beside(&path("out.csv"), Readers::Anybody).unwrap();
        let (making, _lock) = new_folder(folder.path()).unwrap();
        assert_eq!(remove_leftovers(folder.path()).len(), 3);
        assert!(writing.hidden_path().exists() && making.path().exists());
        assert!(path(".rowcall-config").exists());
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
    fn a_folder_that_is_not_there_is_named() {
        let error = write_whole(Path::new("/nowhere/at/all.csv"), b"", Readers::Anybody);
        assert_eq!(
            error.unwrap_err().to_string(),
            "there is no folder /nowhere/at"
        );
    }
}
