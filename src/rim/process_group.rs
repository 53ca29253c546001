//! Commands that are run by a shell and ended with all that they started.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// The pause between looks at a running command.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A command line for the shell; with `own_group` it gets a process group of its own, so that [`end`] reaches all that
/// it starts.
pub(crate) fn shell(line: &str, own_group: bool) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line);
    #[cfg(unix)]
    if own_group {
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    #[cfg(not(unix))]
    let _ = own_group;
    command
}

/// Waits for a command. Where it is not done at the deadline, or `is_stopped` says so, it is ended: `None`.
///
/// # Errors
/// If the system cannot say what became of it.
pub(crate) fn wait(
    child: &mut Child,
    deadline: Instant,
    is_stopped: impl Fn() -> bool,
) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if is_stopped() || Instant::now() >= deadline {
            end(child);
            return Ok(None);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Ends a command, with all processes of its group where it leads one.
pub(crate) fn end(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}
