//! The terminal: data on standard output, everything else on standard error, questions, Ctrl-C.

use super::failure::{Exit, Failure};
use crate::link::StopFlag;
use crate::model::redact::harmless;
use std::fmt;
use std::io::{self, BufRead, IsTerminal, Write, stderr, stdin, stdout};

/// Prints data on standard output. A reader who has gone (`| head`) is no failure.
pub(crate) fn print_data(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Exit, Failure> {
    let mut out = output();
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::usage(format!(
            "standard output cannot be written: {error}"
        ))),
        _ => Ok(Exit::Done),
    }
}

/// Prints a line on standard error. Errors are ignored: it is the last resort. What stands in a sheet, in a file's name or
/// in a reply never steers the terminal.
pub(crate) fn print(line: impl fmt::Display) {
    let line = line.to_string();
    let _ = writeln!(stderr(), "{}", harmless(&line));
}

/// Standard output. Where it is a terminal, nothing that is written there steers it; a file gets everything as it is.
pub(crate) fn output() -> Box<dyn Write + Send> {
    match stdout().is_terminal() {
        true => Box::new(Harmless {
            out: stdout(),
            begun: vec![],
        }),
        false => Box::new(stdout()),
    }
}

/// Writes text on, made harmless. A character may come in pieces.
struct Harmless<W> {
    out: W,
    begun: Vec<u8>,
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend(bytes);
        let whole = match str::from_utf8(&self.begun) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => self.begun.len(),
        };
        let rest = self.begun.split_off(whole);
        let text = std::mem::replace(&mut self.begun, rest);
        let text = String::from_utf8_lossy(&text);
        self.out.write_all(harmless(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
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
    let _ = write!(stderr(), "{} [y/N] ", harmless(question));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_comes_in_pieces_is_whole() {
        let mut out = Harmless {
            out: vec![],
            begun: vec![],
        };
        for byte in "ü\u{9b}31m\u{1b}[0m".bytes() {
            out.write_all(&[byte]).unwrap();
        }
        out.write_all(&[0xff, b'x']).unwrap();
        out.flush().unwrap();
        let text = String::from_utf8(out.out).unwrap();
        assert_eq!(text, "ü\\u{9b}31m\\u{1b}[0m\u{fffd}x");
    }
}
