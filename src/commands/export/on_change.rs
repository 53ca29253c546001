//! The changes since the export before: counted, and told to the command of `--on-change` on its standard input.
//!
//! Nothing that it does, or fails to do, touches the export: that is in its place by then.

use crate::diff::{Side, compare};
use crate::link::StopFlag;
use crate::rim::terminal::{print, print_error, report};
use crate::rim::{Failure, process_group};
use std::io::{Write, stderr};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{env, thread};

/// The time that a command may take; then it is ended.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(300);

/// The variables that a command is given. Others may have passwords.
const VARIABLES: [&str; 14] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TERM",
    "TMPDIR",
    "TEMP",
    "SystemRoot",
    "USERPROFILE",
];

/// The changes since the export before, as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct KnownChanges {
    /// The number of extensions that are not as before; `None` where it is not known.
    pub(super) count: Option<u64>,
    /// True if changes were to be reported, and were not.
    pub(super) is_untold: bool,
}

/// Counts the changes, and runs the command if there are any. `before` is `None` where there was no export yet.
pub(super) fn run(
    command: Option<&str>,
    target: &str,
    before: Option<Result<Side, Failure>>,
    after: impl FnOnce() -> Result<Side, Failure>,
    stop: &StopFlag,
) -> KnownChanges {
    let Some(before) = before else {
        if command.is_some() {
            print(format!(
                "{target}: the first export: there is none to compare it with"
            ));
        }
        return KnownChanges::default();
    };
    let (before, after) = match (before, after()) {
        (Ok(before), Ok(after)) => (before, after),
        (Err(failure), _) | (_, Err(failure)) => {
            print_error(&format!(
                "{target}: it is unknown what changed since the export before"
            ));
            report(&failure);
            return KnownChanges {
                count: None,
                is_untold: true,
            };
        }
    };
    let comparison = compare(&before, &after, None);
    let count = Some(comparison.differences.len() as u64);
    let unchanged = KnownChanges {
        count,
        is_untold: false,
    };
    let Some(command) = command else {
        return unchanged;
    };
    let labels = ["the export before", "this one"].map(|which| format!("{target}: {which}"));
    if !before.is_empty() && !after.is_empty() {
        let left_out = comparison.not_compared(&labels, [None; 2]);
        left_out.iter().for_each(print);
    }
    if comparison.differences.is_empty() {
        return unchanged;
    }
    let mut lines = vec![];
    // Writing to memory does not fail.
    let _ = comparison.write_lines("", &mut lines);
    let carried_out = carry_out(command, target, lines, COMMAND_TIME_MAX, stop);
    if let Err(why) = &carried_out {
        print_error(&format!(
            "{target}: --on-change: the command {why}; the export is in its place"
        ));
    }
    KnownChanges {
        count,
        is_untold: carried_out.is_err(),
    }
}

/// Runs a command by the shell, and ends it with all that it started when its time is over or the run is interrupted. Its
/// output goes to standard error, where it mixes with no data.
fn carry_out(
    command: &str,
    target: &str,
    lines: Vec<u8>,
    time_max: Duration,
    stop: &StopFlag,
) -> Result<(), String> {
    let kept = VARIABLES
        .iter()
        .filter_map(|name| Some((*name, env::var_os(name)?)));
    let mut child = process_group::shell(command, true)
        .env_clear()
        .envs(kept)
        .env("ROWCALL_TARGET", target)
        .stdin(Stdio::piped())
        .stdout(Stdio::from(stderr()))
        .spawn()
        .map_err(|error| format!("cannot be run: {error}"))?;
    let stdin = child.stdin.take();
    // By itself, because the command need not read, and must not be waited for in vain.
    thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&lines)));
    let status = process_group::wait(&mut child, Instant::now() + time_max, || stop.is_stopped())
        .map_err(|error| format!("cannot be waited for: {error}"))?;
    match status {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("failed ({status})")),
        None if stop.is_stopped() => Err("was interrupted".to_owned()),
        None => Err(format!(
            "was ended, for it took longer than {} s",
            time_max.as_secs()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pause between looks at what a command does.
    const LOOK_EVERY: Duration = Duration::from_millis(10);

    #[test]
    fn a_command_that_reads_nothing_or_does_not_end_holds_nothing_up() {
        let much = vec![b'x'; 1 << 20];
        let limit = Duration::from_secs(20);
        let go =
            |command, limit| carry_out(command, "hq", much.clone(), limit, &StopFlag::default());
        assert_eq!(go("exit 0", limit), Ok(()));
        assert_eq!(go("cat >/dev/null", limit), Ok(()));
        let failed = go("exit 3", limit).unwrap_err();
        assert!(failed.contains('3'), "{failed}");
        let begun = Instant::now();
        let ended = go("exec sleep 30", Duration::from_millis(100)).unwrap_err();
        assert!(
            ended.contains("was ended") && begun.elapsed() < limit,
            "{ended}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_command_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("process");
        let read = || std::fs::read_to_string(&file).unwrap_or_default();
        // Moved into place whole, so that half a number is never read.
        let command = format!(
            "sleep 60 & echo $! > '{0}.new'; mv '{0}.new' '{0}'; wait",
            file.display()
        );
        let stop = StopFlag::default();
        let limit = Duration::from_secs(40);
        let begun = Instant::now();
        let ended = thread::scope(|scope| {
            scope.spawn(|| {
                while read().is_empty() && begun.elapsed() < limit {
                    thread::sleep(LOOK_EVERY);
                }
                stop.stop();
            });
            carry_out(&command, "hq", vec![], limit, &stop)
        });
        assert_eq!(ended, Err("was interrupted".to_owned()));
        let stat = format!("/proc/{}/stat", read().trim());
        let is_at_work = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
        while is_at_work() && begun.elapsed() < limit {
            thread::sleep(LOOK_EVERY);
        }
        assert!(!is_at_work(), "it goes on by itself");
    }
}
