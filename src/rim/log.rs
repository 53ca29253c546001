//! The detail of messages: only errors (`-q`), every request (`-v`), and a log for support (`--log`).

use super::failure::Failure;
use crate::disk::private_options;
use crate::link::Link;
use crate::link::bodies::OpenNames;
use crate::link::logged::{LogSink, Logged};
use crate::manifest::Manifest;
use crate::model::SheetSecrets;
use crate::model::redact::message;
use crate::progress::{self, above};
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write, stderr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// The first line of a log. A file without it is not appended to.
const HEAD: &str = "# rowcall log";

/// The detail of messages in this process.
static LOG: OnceLock<LogSettings> = OnceLock::new();

/// The parts of a request that a log has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Method, path, status and time.
    #[default]
    Requests,
    /// Queries and bodies too.
    Wire,
}

struct LogSettings {
    is_quiet: bool,
    is_verbose: bool,
    log: Option<(PathBuf, Mutex<File>)>,
    level: LogLevel,
    /// The secrets that no logged value may show.
    secrets: Arc<RwLock<SheetSecrets>>,
}

/// Sets the detail of messages from now on.
///
/// # Errors
/// Exit 2 where the log cannot be written, or the file is no log.
pub(crate) fn begin(
    is_quiet: bool,
    is_verbose: bool,
    log: Option<&Path>,
    level: LogLevel,
) -> Result<(), Failure> {
    let log = log.map(|path| {
        let file = open(path).map_err(|why| {
            Failure::usage(format!("--log {}: {why}", path.display()))
                .hint("name a new file, or the log of an earlier call")
        })?;
        Ok::<_, Failure>((path.to_owned(), Mutex::new(file)))
    });
    let log = log.transpose()?;
    if is_quiet {
        progress::hide();
    }
    let settings = LogSettings {
        is_quiet,
        is_verbose,
        log,
        level,
        secrets: Arc::default(),
    };
    let _ = LOG.set(settings);
    note(&format!("rowcall {} begins", env!("CARGO_PKG_VERSION")));
    Ok(())
}

/// Opens a log for its owner only, to be appended to.
fn open(path: &Path) -> Result<File, String> {
    let words = |error: io::Error| error.to_string();
    if path.exists() && !path.is_file() {
        return Err("is no file".into());
    }
    let mut options = private_options();
    options.append(true).read(true).create(true);
    let mut file = options.open(path).map_err(words)?;
    let mut first = String::new();
    let begun = BufReader::new(&file).read_line(&mut first);
    match begun {
        Ok(0) => writeln!(file, "{HEAD}").map_err(words)?,
        Ok(_) if first.trim_end() == HEAD => {}
        _ => return Err("is there already, and is no log".into()),
    }
    Ok(file)
}

/// The file of the log.
pub(crate) fn path() -> Option<&'static Path> {
    let (path, _) = LOG.get()?.log.as_ref()?;
    Some(path)
}

/// Returns true if only errors are printed.
pub(crate) fn is_quiet() -> bool {
    LOG.get().is_some_and(|settings| settings.is_quiet)
}

/// Writes a message into the log.
pub(crate) fn note(line: &str) {
    let log = LOG.get().and_then(|settings| settings.log.as_ref());
    let Some((_, file)) = log else { return };
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    // A log that cannot be written is no reason to stop.
    let _ = writeln!(file, "{:.3} {}", Timestamp::now(), message(line));
}

/// Writes a request into the log, and prints it where every request is printed.
fn exchange(line: &str) {
    note(line);
    if LOG.get().is_some_and(|settings| settings.is_verbose) {
        let _ = above(|| writeln!(stderr(), "  {}", message(line)));
    }
}

/// Returns true if requests are printed or logged.
fn logs_requests() -> bool {
    let is_shown = |settings: &LogSettings| settings.is_verbose || settings.log.is_some();
    LOG.get().is_some_and(is_shown)
}

/// The sink for requests by SIP, where they are printed or logged.
pub(crate) fn sip_sink(target: &str) -> Option<LogSink> {
    let target = target.to_owned();
    logs_requests()
        .then(|| -> LogSink { Arc::new(move |line: &str| exchange(&format!("{target} {line}"))) })
}

/// The settings of a log that has the values of requests and replies.
fn wire_log() -> Option<&'static LogSettings> {
    let settings = LOG.get()?;
    let is_wire = settings.level == LogLevel::Wire && settings.log.is_some();
    is_wire.then_some(settings)
}

/// Leaves the secrets that are added out of what is logged from now on, whichever extension they are shown for.
pub(crate) fn leave_out(add: impl FnOnce(&mut SheetSecrets)) {
    if let Some(settings) = wire_log() {
        let known = settings.secrets.write();
        add(&mut known.unwrap_or_else(PoisonError::into_inner));
    }
}

/// The names of a vendor's requests and replies whose values may be logged.
fn open_names(facts: &Manifest) -> OpenNames {
    let secrets = facts.wire_names(true);
    let fields = facts.wire_names(false).into_iter();
    let fields = fields.chain(facts.log.names.iter().map(String::as_str));
    let fields = fields.filter(|name| !secrets.contains(name));
    OpenNames {
        fields: fields.map(str::to_owned).collect(),
        words: facts.log.words.iter().cloned().collect(),
        numbers: facts.log.numbers.iter().cloned().collect(),
        pair: facts.log.pair.clone(),
        secrets: wire_log()
            .map(|log| log.secrets.clone())
            .unwrap_or_default(),
    }
}

/// The same link, with its requests printed or logged where that is wanted.
pub(crate) fn logged(link: Box<dyn Link>, target: &str, facts: &Manifest) -> Box<dyn Link> {
    if wire_log().is_some() {
        let sink: LogSink = Arc::new(|line: &str| exchange(line));
        return Box::new(Logged::new(link, target, sink, Some(open_names(facts))));
    }
    match logs_requests() {
        true => Box::new(Logged::new(link, target, Arc::new(exchange), None)),
        false => link,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::bodies::bodies;
    use crate::model::redact::LOOKED_FOR;
    use crate::vendors::vendor;
    use crate::wire::{Effect, Method, Reply, Request};

    /// Each row of an Asterisk with AMI reads the boxes of all others. Its reply says in one of a few words that it is one:
    /// the hidden lines are not looked for in that.
    #[test]
    fn the_boxes_of_others_are_looked_for_in_no_reply_that_succeeded() {
        let names = open_names((vendor("asterisk").unwrap().manifest)());
        let line = |n: usize| format!("Line-000000-{n:06}: {n}=0815,Name {n},n{n}@example.com\r\n");
        let lines: String = (0..400).map(line).collect();
        let looked_for = |head: &str| {
            let came = format!("{head}\r\nCategory-000000: default\r\n{lines}");
            let request = Request::new("get", Method::Post, "/rawman", Effect::Reads);
            let before = LOOKED_FOR.get();
            bodies(&request, Some(&Reply::new(200, "text/plain", came)), &names);
            LOOKED_FOR.get() - before
        };
        assert_eq!(looked_for("Response: Success"), 0);
        assert!(looked_for("Message: no such box") >= 400);
    }
}
