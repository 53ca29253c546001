//! The system's limit of open files, and how many targets it leaves room for.

use super::terminal::print;

/// Files that one target needs at most: connections with their helpers, its export, its folder, its run.
const FILES_A_TARGET: u64 = 8;

/// Files that the process itself needs.
const FILES_OF_PROCESS: u64 = 32;

/// Raises the limit of open files as far as this user may, and returns how many of `wanted` targets there is room for at
/// once; prints it where they are fewer.
pub(crate) fn room_for(wanted: usize) -> usize {
    let Some(limit) = raised_limit() else {
        return wanted;
    };
    let room = limit.saturating_sub(FILES_OF_PROCESS) / FILES_A_TARGET;
    let room = usize::try_from(room).unwrap_or(usize::MAX).max(1);
    if room < wanted {
        print(format!(
            "{room} targets at once instead of {wanted}, because this process may open {limit} files (ulimit -n)"
        ));
    }
    room.min(wanted)
}

/// The limit of open files; `None` where there is none.
#[cfg(unix)]
fn raised_limit() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

#[cfg(not(unix))]
fn raised_limit() -> Option<u64> {
    None
}
