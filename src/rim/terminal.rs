//! The terminal: data on standard output, everything else on standard error, questions, Ctrl-C.

use super::failure::{Exit, Failure};
use crate::link::StopFlag;
use std::fmt;
use std::io::{self, BufRead, IsTerminal, Write, stderr, stdin, stdout};

/// Prints data on standard output. A reader who has gone (`| head`) is no failure.
pub(crate) fn print_data(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Exit, Failure> {
    let mut out = stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::usage(format!(
            "standard output cannot be written: {error}"
        ))),
        _ => Ok(Exit::Done),
    }
}

/// Prints a line on standard error. Errors are ignored: it is the last resort.
pub(crate) fn print(line: impl fmt::Display) {
    let _ = writeln!(stderr(), "{line}");
}

/// Prints a failure on standard error, and returns its exit.
pub(crate) fn report(failure: &Failure) -> Exit {
    print(format!("rowcall: {}", failure.message));
    if !failure.hint.is_empty() {
        print(format!("  hint: {}", failure.hint));
    }
    failure.exit
}

/// Returns whether there is a terminal to ask on.
pub(crate) fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks a question on the terminal. Returns true when not interactive.
pub(crate) fn confirm(question: &str) -> bool {
    if !can_ask() {
        return true;
    }
    let _ = write!(stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = stdin().lock().read_line(&mut answer);
    read.is_ok()
        && matches!(
            answer.trim().to_ascii_lowercase().as_str(),
            "y" | "yes" | "j" | "ja"
        )
}

/// A flag that Ctrl-C sets: nothing new is begun, what is in flight is settled. A second Ctrl-C ends the process at
/// once.
///
/// # Errors
/// Exit 2 where the system does not let it be caught.
pub(crate) fn stop_on_interrupt() -> Result<StopFlag, Failure> {
    let stop = StopFlag::default();
    let flag = stop.clone();
    let caught = ctrlc::set_handler(move || {
        if flag.is_stopped() {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        flag.stop();
        print(
            "interrupted: what was sent is settled, nothing more is sent; once more to end at once",
        );
    });
    caught.map_err(|error| Failure::usage(format!("Ctrl-C cannot be caught: {error}")))?;
    Ok(stop)
}
