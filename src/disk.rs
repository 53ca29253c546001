//! Files that take their place when they are whole.

use crate::seal::sync_folder;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes a file that takes its place when it is whole. What is no regular file is written to as it is.
///
/// # Errors
/// It cannot be written; what stood in the file is still there.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    if path.metadata().is_ok_and(|about| !about.is_file()) {
        return fs::write(path, bytes);
    }
    // A link stays a link.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|failed| failed.error)?;
    sync_folder(folder)
}
