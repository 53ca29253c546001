//! The terminal: data on standard output, everything else on standard error, questions, Ctrl-C.

use super::failure::{Exit, Failure};
use super::log;
use super::screen::{Screen, note_answered, note_printed};
use super::wrapping::{columns, wrapped};
use crate::lang::{in_language, language, translated};
use crate::link::StopFlag;
use crate::model::redact::{harmless, message};
use crate::model::{Language, Secret};
use crate::progress::above;
use crate::report::FindingSummary;
use crate::sheet::markdown;
use std::cell::RefCell;
use std::env;
use std::fmt;
use std::io::{self, BufRead, IsTerminal, Write, stderr, stdin, stdout};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// Prints data on standard output. A reader who has gone (`| head`) is no failure.
pub(crate) fn print_data(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Exit, Failure> {
    let mut out = output();
    printed(write(&mut out).and_then(|()| out.flush()))?;
    Ok(Exit::Done)
}

/// Takes the result of writing on standard output.
///
/// # Errors
/// Exit 2 where it cannot be written.
pub(crate) fn printed(written: io::Result<()>) -> Result<(), Failure> {
    written.map_err(|error| Failure::usage(format!("standard output cannot be written: {error}")))
}

/// Prints a line on standard error, unless only errors are wanted. Errors are ignored: it is the last resort. Text from
/// a sheet, a file's name or a reply never steers the terminal, and no address shows a password.
pub(crate) fn print(line: impl fmt::Display) {
    let line = line.to_string();
    print_made(|language| vec![in_language(&line, language).into_owned()]);
}

/// Prints lines that are put together in a language, as [`print`] does: the log keeps them in English.
pub(crate) fn print_made(lines: impl Fn(Language) -> Vec<String>) {
    print_cut(&lines, 0, |_| lines(language()));
}

/// The same, on a terminal as they are cut to its screen with `kept` lines of it left; the log keeps all of them.
pub(crate) fn print_cut(
    lines: impl Fn(Language) -> Vec<String>,
    kept: usize,
    cut: impl FnOnce(Screen) -> Vec<String>,
) {
    let whole = lines(Language::English);
    whole.iter().for_each(|line| log::note(line));
    if log::is_quiet() {
        return;
    }
    let shown = match message_screen(kept) {
        Some(screen) => cut(screen),
        None => lines(language()),
    };
    shown.iter().for_each(|line| put(line));
}

/// Prints findings that are summed up: on a terminal as many as leave `kept` lines of its screen.
pub(crate) fn print_findings(found: &FindingSummary, kept: usize) {
    print_cut(
        |language| found.lines(language),
        kept,
        |screen| fitting(found, screen),
    );
}

/// The lines of findings that fit on a screen.
pub(crate) fn fitting(found: &FindingSummary, screen: Screen) -> Vec<String> {
    found.fitting(language(), screen.columns, |lines| {
        screen.holds(lines.iter().map(String::as_str))
    })
}

/// The screen that messages are printed on; `None` where they are not for a terminal.
pub(crate) fn message_screen(kept: usize) -> Option<Screen> {
    let is_overheard = OVERHEARD.with_borrow(Option::is_some);
    Screen::behind(stderr(), kept).filter(|_| !is_overheard)
}

/// The screen that data is printed on; `None` where it is no terminal.
pub(crate) fn data_screen(kept: usize) -> Option<Screen> {
    Screen::behind(stdout(), kept)
}

/// Prints a line on standard error, also where only errors are wanted. The log keeps it in English.
pub(crate) fn print_error(line: &str) {
    log::note(line);
    put(&translated(line));
}

fn put(line: &str) {
    let line = message(line);
    let overheard = OVERHEARD.with_borrow(|lines| {
        let lines = lines.as_ref()?;
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line.clone());
        Some(())
    });
    if overheard.is_none() {
        let columns = columns(stderr());
        let line = wrapped(&line, columns);
        note_printed(&line, columns);
        let _ = above(|| writeln!(stderr(), "{line}"));
    }
}

/// Lines that were printed, for another place than the terminal.
pub(crate) type OverheardLines = Arc<Mutex<Vec<String>>>;

thread_local! {
    /// The lines that this thread prints, where they are not for the terminal.
    static OVERHEARD: RefCell<Option<OverheardLines>> = const { RefCell::new(None) };
}

/// Works, and adds the lines that this thread prints on standard error meanwhile to these, instead.
#[cfg(feature = "page")]
pub(crate) fn overheard<R>(lines: &OverheardLines, work: impl FnOnce() -> R) -> R {
    let before = OVERHEARD.replace(Some(lines.clone()));
    let done = work();
    OVERHEARD.set(before);
    done
}

/// Writes a line for people on standard output, as wide as the terminal where it is one.
///
/// # Errors
/// Exit 2 where it cannot be written.
pub(crate) fn write_line(out: &mut dyn Write, line: impl fmt::Display) -> Result<(), Failure> {
    static WIDTH: OnceLock<Option<usize>> = OnceLock::new();
    printed(match *WIDTH.get_or_init(|| columns(stdout())) {
        None => writeln!(out, "{line}"),
        width => {
            let line = wrapped(&line.to_string(), width);
            note_printed(&line, width);
            writeln!(out, "{line}")
        }
    })
}

/// Returns true if a table has a line of standard output for each row; so it has where that is no terminal.
pub(crate) fn has_room<H: AsRef<str>, C: AsRef<str>>(headings: &[H], rows: &[Vec<C>]) -> bool {
    columns(stdout()).is_none_or(|columns| markdown::table_width(headings, rows) <= columns)
}

/// Prints a table on standard output: as wide as the terminal where it is one.
///
/// # Errors
/// Exit 2 where it cannot be written.
pub(crate) fn print_table<H: AsRef<str>, C: AsRef<str>>(
    headings: &[H],
    rows: &[Vec<C>],
) -> Result<Exit, Failure> {
    let width = columns(stdout());
    let table = match width {
        Some(columns) => markdown::table_within(headings, rows, columns),
        None => markdown::table(headings, rows),
    };
    note_printed(table.trim_end_matches('\n'), width);
    print_data(|out| out.write_all(table.as_bytes()))
}

/// Prints the files that were removed because killed runs had left them half written.
pub(crate) fn print_leftovers(removed: impl IntoIterator<Item = PathBuf>) {
    for path in removed {
        let path = path.display();
        print(format!(
            "removed {path}, which a run that was killed left half written"
        ));
    }
}

/// Opens standard output for lines and for JSON. Once its reader has gone (`| head`) the rest is written nowhere, so that
/// files are still written and the exit code still shows the result.
pub(crate) fn output() -> Box<dyn Write + Send> {
    Box::new(UntilUnread(strict_output()))
}

/// Opens standard output for a file: a reader who goes is an error. Where it is a terminal, no text written there steers
/// it; a file gets everything unchanged.
pub(crate) fn strict_output() -> Box<dyn Write + Send> {
    match stdout().is_terminal() {
        true => Box::new(Harmless {
            out: stdout(),
            begun: vec![],
        }),
        false => Box::new(stdout()),
    }
}

/// The use of colour in output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set or the terminal cannot.
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Returns true if standard output is coloured.
    fn is_on(self) -> bool {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
                stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb
            }
        }
    }
}

/// The colour of a line; it never carries meaning alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    Plain,
    Green,
    Yellow,
    Red,
    Magenta,
}

/// A line for standard output in its colour: harmless itself, whatever its text.
fn painted(paint: Paint, text: &str, columns: Option<usize>) -> String {
    let text = wrapped(&harmless(text), columns);
    let code = match paint {
        Paint::Plain => return text,
        Paint::Green => 32,
        Paint::Yellow => 33,
        Paint::Red => 31,
        Paint::Magenta => 35,
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// Prints a text that is rowcall's own on standard output: the one with colours where they are shown.
pub(crate) fn print_own(coloured: &str, plain: &str) -> io::Result<()> {
    let text = match Color::default().is_on() {
        true => coloured,
        false => plain,
    };
    stdout().write_all(text.as_bytes())
}

/// Prints lines on standard output, in colour where that is wanted.
pub(crate) fn print_lines<'l>(
    color: Color,
    lines: impl Iterator<Item = (Paint, &'l str)>,
) -> Result<Exit, Failure> {
    if !color.is_on() {
        let (mut lines, mut out) = (lines, output());
        lines.try_for_each(|(_, text)| write_line(&mut out, text))?;
        printed(out.flush())?;
        return Ok(Exit::Done);
    }
    let (mut lines, mut out) = (lines, UntilUnread(stdout()));
    let columns = columns(stdout());
    printed(lines.try_for_each(|(paint, text)| {
        note_printed(text, columns);
        writeln!(out, "{}", painted(paint, text, columns))
    }))?;
    Ok(Exit::Done)
}

/// Writes as long as there is a reader.
struct UntilUnread<W>(W);

impl<W: Write> Write for UntilUnread<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
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
    print_error(&format!("rowcall: {}", failure.message));
    if !failure.hint.is_empty() {
        print_error(&format!("  hint: {}", failure.hint));
    }
    failure.exit
}

/// Returns true if [`enter_pressed`] can be.
#[cfg(feature = "page")]
pub(crate) fn can_press_enter() -> bool {
    cfg!(unix) && stdin().is_terminal()
}

/// Returns true if a line was typed on the terminal since the last look. It never waits: reading would hold a process in
/// the background.
#[cfg(all(feature = "page", unix))]
pub(crate) fn enter_pressed() -> bool {
    use rustix::io::ioctl_fionread;
    use rustix::process::getpgrp;
    use rustix::termios::tcgetpgrp;
    // A terminal that is not the process's own holds nobody.
    let is_in_front = || tcgetpgrp(stdin()).map_or(true, |group| group == getpgrp());
    let is_typed = || ioctl_fionread(stdin()).is_ok_and(|bytes| bytes > 0);
    can_press_enter() && is_in_front() && is_typed() && read_whole_line().is_some()
}

/// Returns false: no terminal here tells without waiting.
#[cfg(all(feature = "page", not(unix)))]
pub(crate) fn enter_pressed() -> bool {
    false
}

/// Returns true if there is a terminal to ask on: what works for another place has none, for nobody there sees a question.
pub(crate) fn can_ask() -> bool {
    let is_overheard = OVERHEARD.with_borrow(Option::is_some);
    !is_overheard && stdin().is_terminal() && stderr().is_terminal()
}

/// Asks for a line on the terminal; `None` where there is no terminal, or the input has ended. A blank answer is the
/// default.
pub(crate) fn ask(question: &str, default: &str) -> Option<String> {
    if !can_ask() {
        return None;
    }
    let shown = match default {
        "" => String::new(),
        default => format!(" [{default}]"),
    };
    let question = translated(question);
    let answer =
        OpenQuestion::begin().answer(format!("{}{}: ", message(&question), message(&shown)));
    let line = answer.unwrap_or_else(|failure| end_broken_off(&failure))?;
    Some(match line.trim() {
        "" => default.to_owned(),
        line => line.to_owned(),
    })
}

/// Asks until `read` can use the answer, and prints why it could not use one; `None` as of [`ask`].
pub(crate) fn ask_until<T, E: fmt::Display>(
    question: &str,
    default: &str,
    mut read: impl FnMut(&str) -> Result<T, E>,
) -> Option<T> {
    loop {
        match read(&ask(question, default)?) {
            Ok(used) => return Some(used),
            Err(why) => print(why),
        }
    }
}

/// Puts a question on the terminal, broken between words, in one piece, as whoever reads along sees it.
fn put_question(asked: String) {
    let asked = wrapped(asked.trim_end(), columns(stderr())) + " ";
    let _ = stderr().write_all(asked.as_bytes());
}

/// Returns true for an answer that says no.
pub(crate) fn is_no(answer: &str) -> bool {
    let answer = answer.to_ascii_lowercase();
    ["n", "no", "nein"].contains(&answer.as_str())
}

/// Reads a line; `None` where the input has ended.
fn read_whole_line() -> Option<String> {
    let mut line = String::new();
    let read = stdin().lock().read_line(&mut line);
    read.is_ok_and(|bytes| bytes > 0).then_some(line)
}

/// Asks for a secret on the terminal, which is not shown while it is typed; `None` where that cannot be, or nothing is
/// typed.
#[cfg(unix)]
pub(crate) fn ask_secret(text: &str) -> Option<Secret> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    if !can_ask() {
        return None;
    }
    let before = tcgetattr(stdin()).ok()?;
    let mut unseen = before.clone();
    unseen.local_modes.remove(LocalModes::ECHO);
    // Whoever breaks it off gets the terminal back as it was.
    let question = OpenQuestion::begin();
    tcsetattr(stdin(), OptionalActions::Flush, &unseen).ok()?;
    let answer = question.answer(format!("{}: ", message(&translated(text))));
    let _ = tcsetattr(stdin(), OptionalActions::Now, &before);
    let _ = writeln!(stderr());
    let line = answer.unwrap_or_else(|failure| end_broken_off(&failure))?;
    let line = line.trim_end_matches(['\r', '\n']);
    (!line.is_empty()).then(|| Secret::new(line))
}

/// Returns `None`: no terminal here can hide the typing.
#[cfg(not(unix))]
pub(crate) fn ask_secret(_: &str) -> Option<Secret> {
    None
}

/// Asks a question, in the reader's language, on the terminal. Returns true when not interactive.
///
/// # Errors
/// Exit 130 where it is broken off by Ctrl-C.
pub(crate) fn confirm(question: &str) -> Result<bool, Failure> {
    if !can_ask() {
        return Ok(true);
    }
    let choice = match language() {
        Language::English => "[y/N]",
        Language::German => "[j/N]",
    };
    let answer = OpenQuestion::begin().answer(format!("{} {choice} ", message(question)))?;
    Ok(answer.is_some_and(|answer| {
        let answer = answer.trim().to_ascii_lowercase();
        matches!(answer.as_str(), "y" | "yes" | "j" | "ja")
    }))
}

/// True while a question waits for its answer.
static IS_ASKING: AtomicBool = AtomicBool::new(false);

/// True once a question was broken off by Ctrl-C.
static IS_BROKEN_OFF: AtomicBool = AtomicBool::new(false);

/// The time after which a question that waits looks if it was broken off.
const ANSWER_SLICE: Duration = Duration::from_millis(25);

/// A question on the terminal: until it is answered, Ctrl-C breaks it off, and the process still ends as it should.
struct OpenQuestion;

impl OpenQuestion {
    fn begin() -> OpenQuestion {
        // Where Ctrl-C cannot be caught it ends the process.
        let _ = catch();
        IS_ASKING.store(true, Ordering::Release);
        OpenQuestion
    }

    /// Puts the question, and waits for a line; `None` where the input has ended.
    ///
    /// # Errors
    /// Exit 130 where it is broken off.
    fn answer(self, asked: String) -> Result<Option<String>, Failure> {
        put_question(asked);
        let (give, take) = channel();
        // Nothing ends the wait of whoever reads; a process that ends does not wait for it.
        thread::spawn(move || {
            let _ = give.send(read_whole_line());
        });
        let line = loop {
            match take.recv_timeout(ANSWER_SLICE) {
                Ok(line) => break Ok(line),
                Err(RecvTimeoutError::Disconnected) => break Ok(None),
                Err(RecvTimeoutError::Timeout) if IS_BROKEN_OFF.load(Ordering::Acquire) => {
                    let _ = writeln!(stderr());
                    break Err(Failure::not_begun());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        note_answered();
        self.close()?;
        line
    }

    /// Ends the question, and looks once more if it was broken off: Ctrl-C may have come behind the answer.
    ///
    /// # Errors
    /// Exit 130 where it was.
    fn close(self) -> Result<(), Failure> {
        // Ctrl-C that is being dealt with has its effect first.
        let busy = busy();
        drop(self);
        drop(busy);
        match IS_BROKEN_OFF.load(Ordering::Acquire) {
            true => Err(Failure::not_begun()),
            false => Ok(()),
        }
    }
}

impl Drop for OpenQuestion {
    fn drop(&mut self) {
        IS_ASKING.store(false, Ordering::Release);
    }
}

/// Ends the process at a question that was broken off, before anything was begun.
fn end_broken_off(failure: &Failure) -> ! {
    std::process::exit(i32::from(report(failure).code()))
}

/// The flag of the command that sends or writes, if one does, and the words about its end.
static BUSY: Mutex<Option<(StopFlag, &str)>> = Mutex::new(None);

fn busy() -> MutexGuard<'static, Option<(StopFlag, &'static str)>> {
    BUSY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets a flag on Ctrl-C: nothing new is begun, requests in flight are settled. A second Ctrl-C ends the process at
/// once.
///
/// # Errors
/// Exit 2 where the system does not let it be caught.
pub(crate) fn stop_on_interrupt() -> Result<StopFlag, Failure> {
    caught("what was sent is settled, nothing more is sent")
}

/// Sets a flag on Ctrl-C while a PBX is only read.
///
/// # Errors
/// As of [`stop_on_interrupt`].
pub(crate) fn stop_reading_on_interrupt() -> Result<StopFlag, Failure> {
    caught("nothing more is read, and nothing was changed on a PBX")
}

/// Sets a flag on Ctrl-C in a run, or with `dry_run` while one is only planned.
///
/// # Errors
/// As of [`stop_on_interrupt`].
pub(crate) fn stop_run_on_interrupt(dry_run: bool) -> Result<StopFlag, Failure> {
    match dry_run {
        true => stop_reading_on_interrupt(),
        false => stop_on_interrupt(),
    }
}

/// Sets a flag on Ctrl-C while a simulated PBX listens.
///
/// # Errors
/// As of [`stop_on_interrupt`].
pub(crate) fn stop_listening_on_interrupt() -> Result<StopFlag, Failure> {
    caught("the simulated PBX ends")
}

/// Sets a flag on Ctrl-C while the page is open.
///
/// # Errors
/// As of [`stop_on_interrupt`].
#[cfg(feature = "page")]
pub(crate) fn close_on_interrupt() -> Result<StopFlag, Failure> {
    caught("the page ends, and a run that it began sends nothing more")
}

/// Sets a flag on Ctrl-C while a file is written: it is taken away.
///
/// # Errors
/// As of [`stop_on_interrupt`].
pub(crate) fn stop_writing_on_interrupt() -> Result<StopFlag, Failure> {
    caught("the half-written file is removed")
}

fn caught(words: &'static str) -> Result<StopFlag, Failure> {
    let stop = StopFlag::default();
    *busy() = Some((stop.clone(), words));
    catch()?;
    Ok(stop)
}

/// Catches Ctrl-C from now on. A process may do that once only, and may carry out several commands.
fn catch() -> Result<(), Failure> {
    static CAUGHT: OnceLock<Result<(), String>> = OnceLock::new();
    let caught = CAUGHT.get_or_init(|| {
        let caught = ctrlc::set_handler(on_interrupt);
        caught.map_err(|error| error.to_string())
    });
    let caught = caught.as_ref().copied();
    caught.map_err(|error| Failure::usage(format!("Ctrl-C cannot be caught: {error}")))
}

fn on_interrupt() {
    let busy = busy();
    let running = busy.as_ref().filter(|(flag, _)| !flag.is_stopped());
    let is_first = !IS_BROKEN_OFF.load(Ordering::Acquire);
    if IS_ASKING.load(Ordering::Acquire) && is_first {
        running.iter().for_each(|(flag, _)| flag.stop());
        IS_BROKEN_OFF.store(true, Ordering::Release);
    } else if let Some((flag, words)) = running {
        flag.stop();
        print(format!("interrupted: {words}; once more to end at once"));
    } else {
        std::process::exit(i32::from(Exit::Interrupted.code()));
    }
}

/// Lets Ctrl-C end the process again, once a command has sent all.
pub(crate) fn end_on_interrupt() {
    *busy() = None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_behind_which_ctrl_c_comes_is_none() {
        let asked = || {
            IS_ASKING.store(true, Ordering::Release);
            OpenQuestion
        };
        assert!(asked().close().is_ok());
        let question = asked();
        IS_BROKEN_OFF.store(true, Ordering::Release);
        let broken_off = question.close();
        IS_BROKEN_OFF.store(false, Ordering::Release);
        assert_eq!(broken_off.unwrap_err().exit, Exit::Interrupted);
        assert!(!IS_ASKING.load(Ordering::Acquire));
    }

    #[test]
    fn a_painted_line_steers_the_terminal_by_its_colour_alone() {
        assert_eq!(
            painted(Paint::Red, "- delete \u{1b}[2J1001", None),
            "\u{1b}[31m- delete \\u{1b}[2J1001\u{1b}[0m"
        );
        assert_eq!(painted(Paint::Plain, "a\u{7}", None), "a\\u{7}");
    }

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
