//! `rowcall export`: every extension of PBXes, ordered by number, under canonical headings; into files, or into an
//! archive of nights.

mod on_change;

use super::diff;
use crate::archive::{Archive, ArchiveError, Facts, Head, Kept, Night, folder_name};
use crate::cli::{ExportArgs, Secrets};
use crate::diff::Side;
use crate::export::{ExportError, Form, Secrecy, in_order, write};
use crate::link::StopFlag;
use crate::progress::Progress;
use crate::rim::config::all_names;
use crate::rim::outputs::Files;
use crate::rim::terminal::{output, print, print_data, report, stop_on_interrupt};
use crate::rim::{Context, Exit, Failure, PaceOptions, Session, Target};
use crate::seal::Key;
use crate::sheet::{Format, Readers, SheetError, Writer};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How many targets are exported at once.
const TARGETS_AT_ONCE: usize = 16;

/// What stands for the target's name in a file's.
const TARGET: &str = "{target}";

/// Writes the exports. With several targets each one's end is its own.
///
/// # Errors
/// Exit 2 where the command line, the configuration or the archive cannot be used. Exit 3 where a target cannot be used;
/// the others are done all the same.
pub(super) fn run(args: &ExportArgs, context: &Context) -> Result<Exit, Failure> {
    let names = match args.all {
        true => all_names(context.config())?,
        false => args.targets.clone(),
    };
    let place = Place::of(args, &names)?;
    let mut files = Files::default();
    for name in &names {
        // One that cannot be named so fails by itself.
        if let Place::File(pattern) = &place
            && let Ok(path) = file(pattern, name)
        {
            files.written("--output", &path);
        }
    }
    files.prepare()?;
    let key = match args.secrets {
        Secrets::Fingerprint => Some(context.key()?),
        _ => None,
    };
    let stop = stop_on_interrupt()?;
    let job = Job {
        args,
        pace: args.pace.options(),
        config: context.config(),
        key,
        place,
        is_alone: names.len() == 1,
        stop,
    };
    let exit = match names.as_slice() {
        [name] => job.export(name),
        _ => Ok(job.export_all(&names)),
    };
    let Place::Archive(nights) = &job.place else {
        return exit;
    };
    match (exit, nights.close(args)) {
        (exit, Ok(())) => exit,
        (Ok(exit), Err(failure)) => Ok(exit.max(report(&failure))),
        (Err(failure), Err(closing)) => {
            report(&closing);
            Err(failure)
        }
    }
}

/// The file that a target's export is written to.
fn file(pattern: &Path, name: &str) -> Result<PathBuf, Failure> {
    let text = pattern.to_string_lossy();
    match text.contains(TARGET) {
        true => Ok(text.replace(TARGET, folder_name(name)?).into()),
        false => Ok(pattern.to_owned()),
    }
}

/// Where exports go.
enum Place {
    Stdout,
    File(PathBuf),
    Archive(Nights),
}

impl Place {
    fn of(args: &ExportArgs, names: &[String]) -> Result<Place, Failure> {
        let several = names.len() > 1;
        let mut seen = BTreeSet::new();
        let twice = names.iter().find(|name| !seen.insert(name.to_lowercase()));
        if let Some(name) = twice {
            return Err(Failure::usage(format!(
                "{name} is named twice, and both would be written to one file"
            ))
            .hint("name each target once, in names that differ in more than capitals"));
        }
        if let Some(folder) = &args.archive {
            if args.secrets == Secrets::Plain {
                return Err(Failure::usage("an archive holds no passwords and PINs")
                    .hint("--secrets fingerprint shows when one changed"));
            }
            return Ok(Place::Archive(Nights::new(folder)?));
        }
        if args.on_change.is_some() {
            let ending = args
                .output
                .as_ref()
                .and_then(|path| Format::to_write(&path.to_string_lossy()));
            if !ending.is_some_and(Format::is_read) {
                return Err(Failure::usage("--on-change holds an export against the one before, and here none is kept that can be read")
                    .hint("write -o FILE.csv (or .json, .jsonl, .xlsx), or --archive DIR"));
            }
        }
        match &args.output {
            Some(path) if !several || path.to_string_lossy().contains(TARGET) => {
                Ok(Place::File(path.clone()))
            }
            None if !several => Ok(Place::Stdout),
            _ => Err(Failure::usage(format!(
                "{} targets need a file each, or an archive",
                names.len()
            ))
            .hint("write -o 'exports/{target}.csv', or --archive DIR")),
        }
    }
}

/// The archive that nights go into.
struct Nights {
    archive: Archive,
    /// The key of each target's newest night.
    keys: BTreeMap<String, String>,
    /// Each target's newest night that certainly holds everything.
    newest: BTreeMap<String, Night>,
    /// The head by now, and the targets that have a new night.
    done: Mutex<(Option<Head>, BTreeSet<String>)>,
}

impl Nights {
    fn new(folder: &Path) -> Result<Nights, Failure> {
        let archive = Archive::open_or_make(folder)?;
        let nights = match archive.nights() {
            Ok(nights) => nights,
            Err(ArchiveError::NoArchive(_)) => BTreeMap::new(),
            // Tonight's state is worth more than the order of the book.
            Err(error) => {
                print(format!("{error}; {}", error.hint()));
                BTreeMap::new()
            }
        };
        let newest = nights.iter().filter_map(|(target, nights)| {
            let night = nights.iter().rfind(|night| night.facts.is_certain())?;
            Some((target.clone(), night.clone()))
        });
        let newest = newest.collect();
        let key = |nights: Vec<Night>| nights.last().map(|n| n.facts.key.clone());
        let keys = nights
            .into_iter()
            .filter_map(|(target, nights)| Some((target, key(nights)?)));
        Ok(Nights {
            keys: keys.collect(),
            newest,
            archive,
            done: Mutex::default(),
        })
    }

    fn entered(&self, kept: Kept, target: Option<&str>) {
        for notice in kept.notices {
            print(notice);
        }
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        // Others may have entered theirs meanwhile.
        if done
            .0
            .as_ref()
            .is_none_or(|head| head.entry < kept.head.entry)
        {
            done.0 = Some(kept.head);
        }
        done.1.extend(target.map(str::to_owned));
    }

    /// Lets retention do its work, and prints the head.
    fn close(&self, args: &ExportArgs) -> Result<(), Failure> {
        let targets = {
            let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            done.1.clone()
        };
        if let (Some(keep), false) = (&args.keep, targets.is_empty()) {
            let (removed, kept) = self.archive.prune(&targets, keep)?;
            if removed > 0 {
                print(format!("{removed} nights removed, by the rule {keep}"));
            }
            self.entered(kept, None);
        }
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        match &done.0 {
            Some(head) => print_data(|out| writeln!(out, "{head}")).map(drop),
            None => Ok(()),
        }
    }
}

/// What holds for every target of one export.
struct Job<'j> {
    args: &'j ExportArgs,
    pace: PaceOptions,
    config: Option<&'j Path>,
    key: Option<Key>,
    place: Place,
    /// Whether there is one target only.
    is_alone: bool,
    stop: StopFlag,
}

impl Job<'_> {
    /// Exports all targets, some at once, and gives the exit code for all of them.
    fn export_all(&self, names: &[String]) -> Exit {
        let next = AtomicUsize::new(0);
        let exits = Mutex::new(BTreeSet::new());
        thread::scope(|scope| {
            for _ in 0..TARGETS_AT_ONCE.min(names.len()) {
                scope.spawn(|| {
                    while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let exit = self.export(name).unwrap_or_else(|mut failure| {
                            if !failure.message.starts_with(&format!("{name}:")) {
                                failure.message = format!("{name}: {}", failure.message);
                            }
                            report(&failure)
                        });
                        let mut exits = exits.lock().unwrap_or_else(PoisonError::into_inner);
                        exits.insert(exit);
                    }
                });
            }
        });
        let exits = exits.into_inner().unwrap_or_else(PoisonError::into_inner);
        // What says most about the whole comes first.
        let order = [
            Exit::Interrupted,
            Exit::Target,
            Exit::Unusable,
            Exit::NotDone,
        ];
        order
            .into_iter()
            .find(|exit| exits.contains(exit))
            .unwrap_or(Exit::Done)
    }

    /// Exports one target to where it goes.
    fn export(&self, name: &str) -> Result<Exit, Failure> {
        let nights = match &self.place {
            Place::Stdout => return self.write(name, None).map(|facts| exit(&facts)),
            Place::File(path) => {
                let path = file(path, name)?;
                let before = self.before(|| path.is_file().then(|| diff::export(&path, None)));
                let facts = self.write(name, Some(&path))?;
                let told = self.told(name, &facts, before, || diff::export(&path, None));
                return Ok(exit(&facts).max(told));
            }
            Place::Archive(nights) => nights,
        };
        let before = self.before(|| {
            nights
                .newest
                .get(name)
                .map(|night| diff::night(name, night))
        });
        let pending = nights.archive.begin(name, &self.args.format)?;
        match self.write(name, Some(pending.path())) {
            Ok(facts) => {
                let key = nights.keys.get(name).filter(|key| !key.is_empty());
                if key.is_some_and(|key| !facts.key.is_empty() && *key != facts.key) {
                    print(format!(
                        "{name}: the night before was exported with another key, so every fingerprint is another one"
                    ));
                }
                let kept = nights.archive.enter(&pending, facts.clone())?;
                nights.entered(kept, Some(name));
                let told = self.told(name, &facts, before, || {
                    let nights = nights.archive.nights()?;
                    let night = nights.get(name).and_then(|nights| nights.last());
                    let night = night.ok_or_else(|| Failure::usage(format!("{name}: no night")));
                    diff::night(name, night?)
                });
                Ok(exit(&facts).max(told))
            }
            Err(failure) => {
                match nights.archive.miss(name, &failure.message) {
                    Ok(kept) => nights.entered(kept, None),
                    Err(error) => print(format!("{name}: {error}")),
                }
                Err(failure)
            }
        }
    }

    /// The export before, where anybody asks what changed since.
    fn before(
        &self,
        before: impl FnOnce() -> Option<Result<Side, Failure>>,
    ) -> Option<Result<Side, Failure>> {
        self.args.on_change.as_ref().and_then(|_| before())
    }

    /// Tells what changed to whoever asked for it, and gives the exit code that this adds.
    fn told(
        &self,
        name: &str,
        facts: &Facts,
        before: Option<Result<Side, Failure>>,
        after: impl FnOnce() -> Result<Side, Failure>,
    ) -> Exit {
        match &self.args.on_change {
            Some(command) if facts.is_certain() => on_change::tell(command, name, before, after),
            Some(_) => {
                print(format!(
                    "{name}: what changed is not told, for the export may not hold everything"
                ));
                Exit::Done
            }
            None => Exit::Done,
        }
    }

    /// Fetches and writes; what the path held before stays until all is there.
    fn write(&self, name: &str, path: Option<&Path>) -> Result<Facts, Failure> {
        let started = Timestamp::now();
        let target =
            Target::resolve(name, self.config, &self.pace)?.about_groups(self.args.groups)?;
        let session = Session::open(&target, &self.stop.part())?;
        let listing = session.list()?;
        if !listing.complete {
            print(format!(
                "{}: the listing may not be whole; the export holds what was listed",
                target.label
            ));
        }
        let numbers = in_order(listing.numbers);
        let secrecy = match (&self.key, self.args.secrets) {
            (Some(key), _) => Secrecy::Fingerprinted(key),
            (None, Secrets::Plain) => Secrecy::Plain,
            (None, _) => Secrecy::Omitted,
        };
        let form = Form::new(session.manifest(), secrecy, self.args.live);
        let mut writer = self.writer(path, &form).map_err(Failure::usage)?;
        let records = format!("{}s", target.record());
        // Bars of several targets would stand in each other's place.
        let mut progress = self
            .is_alone
            .then(|| Progress::new(&records, numbers.len() as u64));
        let written = write(
            session.connection(),
            &numbers,
            &session.looking(self.args.live),
            &form,
            &mut writer,
            &mut |count| {
                if let Some(progress) = &mut progress {
                    (0..count).for_each(|_| progress.tick());
                }
            },
        );
        if let Some(progress) = progress {
            progress.finish();
        }
        drop(session);
        let gone = written.map_err(|error| match error {
            ExportError::Fault(fault) => target.failure(&fault),
            ExportError::Sheet(error) => Failure::usage(error),
        })?;
        writer.finish().map_err(Failure::usage)?;
        print(format!(
            "{}: {} {records}",
            target.label,
            numbers.len() - gone.len()
        ));
        if !gone.is_empty() {
            print(format!(
                "{}: listed, but gone when they were looked at: {}",
                target.label,
                gone.join(", ")
            ));
        }
        Ok(Facts {
            started,
            extensions: (numbers.len() - gone.len()) as u64,
            gone: gone.len() as u64,
            whole: listing.complete,
            secrets: self.args.secrets.word().to_owned(),
            key: self.key.as_ref().map(Key::id).unwrap_or_default(),
            vendor: target.vendor.id.to_owned(),
            pbx: target.identity(),
            rules: (target.vendor.manifest)().version(),
            tool: concat!("rowcall ", env!("CARGO_PKG_VERSION")).to_owned(),
        })
    }

    fn writer(&self, path: Option<&Path>, form: &Form<'_>) -> Result<Writer, SheetError> {
        let columns = form.columns();
        match path {
            None => Writer::stream(output(), "standard output", Format::Csv, &columns),
            Some(path) if self.args.secrets == Secrets::Plain => {
                print(format!(
                    "{} will hold passwords and PINs; only its owner can read it",
                    path.display()
                ));
                Writer::replace(path, Readers::Owner, &columns)
            }
            Some(path) => Writer::replace(path, Readers::Anybody, &columns),
        }
    }
}

/// An export that may not hold everything is no success.
fn exit(facts: &Facts) -> Exit {
    Exit::done_if(facts.is_certain())
}
