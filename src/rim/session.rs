//! A target that is signed in.

use super::config::read_small;
use super::failure::Failure;
use super::log::logged;
use super::registrar::answer_telephones;
use super::target::{Address, Target};
use super::terminal::print;
use crate::ledger::{Memory, SecretMarks};
use crate::link::http::{Http, HttpOptions};
use crate::link::paced::Pace;
use crate::link::retrying::Retrying;
use crate::link::{Link, StopFlag};
use crate::manifest::Manifest;
use crate::model::{Change, Fault, Field, Record, Text};
use crate::progress::Progress;
use crate::sim::{Faults, InProcess, Registrar, Sim};
use crate::submit::converse::{Connection, LookupOptions};
use crate::submit::foresee::foresee;
use crate::submit::settlement::Settlement;
use crate::wire::Listing;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

/// The result of looking extensions up, by number.
#[derive(Default)]
pub(crate) struct LookupResult {
    pub(crate) found: BTreeMap<String, Record>,
    /// Those that could not be read.
    pub(crate) unread: BTreeMap<String, Fault>,
}

/// A target that is signed in. Signs out when it is dropped.
pub(crate) struct TargetSession<'t> {
    target: &'t Target,
    connection: Connection,
    /// The memory of values that were written and cannot be read back; `None` for a simulated PBX, and while nothing
    /// was written.
    pub(crate) memory: Option<Memory>,
    /// The simulated PBX, where the target is one inside this process.
    sim: Option<Sim>,
}

impl<'t> TargetSession<'t> {
    /// Signs in.
    ///
    /// # Errors
    /// Exit 2 where a certificate file cannot be read, exit 3 where the target cannot be used.
    pub(crate) fn open(target: &'t Target, stop: &StopFlag) -> Result<TargetSession<'t>, Failure> {
        if target.is_unprotected() {
            print(format!(
                "{}: passwords are sent unencrypted, over http",
                target.label
            ));
        }
        let facts = &target.manifest().vendor;
        let mut inside = None;
        let link: Box<dyn Link> = match &target.address {
            Address::Sim(faults) => {
                let faults: Faults = faults
                    .as_deref()
                    .unwrap_or_default()
                    .parse()
                    .map_err(Failure::usage)?;
                let sim = Sim::new((target.vendor.sim)(&target.account), faults);
                inside = Some(sim.clone());
                let reply = Duration::from_millis(facts.reply_ms);
                Box::new(InProcess::new(sim, facts.path.clone(), reply))
            }
            Address::Url(url) => {
                let mut options = HttpOptions::replying_within(target.reply);
                if let Some(path) = &target.ca_file {
                    let pem = read_small(path).map_err(|why| {
                        Failure::usage(format!("{} cannot be read: {why}", path.display()))
                    })?;
                    options.trusted_pem = Some(pem.into_bytes());
                }
                Box::new(Http::new(url.as_str(), options).map_err(Failure::usage)?)
            }
        };
        let pace = Pace::per_second(target.rate.0, stop.clone()).map_err(Failure::usage)?;
        let vendor = target.vendor.client(target.settings.clone());
        let connection = Connection::open(
            vendor,
            Retrying::new(logged(link, &target.label, target.manifest()), pace),
            target.account.clone(),
        )
        .map_err(|fault| target.failure(&fault))?;
        Ok(TargetSession {
            target,
            connection,
            memory: None,
            sim: inside,
        })
    }

    /// Signs in to change something.
    ///
    /// # Errors
    /// As [`TargetSession::open`]; exit 3 too where the account may only read.
    pub(crate) fn open_to_write(
        target: &'t Target,
        stop: &StopFlag,
    ) -> Result<TargetSession<'t>, Failure> {
        let session = TargetSession::open(target, stop)?;
        match session.connection.read_only() {
            Some(fault) => Err(target.failure(&fault)),
            None => Ok(session),
        }
    }

    pub(crate) fn target(&self) -> &'t Target {
        self.target
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(crate) fn manifest(&self) -> &'static Manifest {
        self.connection.manifest()
    }

    /// Has a simulated PBX inside this process answer telephones on a port of its own; `None` for any other.
    ///
    /// # Errors
    /// Exit 2 where no port can be listened on.
    pub(crate) fn answer_telephones(&self) -> Result<Option<Registrar>, Failure> {
        let sim = self.sim.as_ref();
        let addr = (Ipv4Addr::LOCALHOST, 0).into();
        let registrar = sim.map(|sim| answer_telephones(sim, self.target.vendor, addr));
        registrar.transpose().map_err(|error| {
            Failure::usage(format!(
                "no port can be listened on for telephones: {error}"
            ))
        })
    }

    /// Lists the extensions of the PBX, or the groups where the target is about them. What a whole listing lacks is
    /// forgotten.
    ///
    /// # Errors
    /// Exit 3 where it cannot be read, exit 2 where the memory cannot be written.
    pub(crate) fn list(&self) -> Result<Listing, Failure> {
        let listing = self.connection.list();
        let listing = listing.map_err(|fault| self.target.failure(&fault))?;
        if let Some(memory) = self.memory.as_ref().filter(|_| listing.complete) {
            let numbers = listing.numbers.iter().map(String::as_str).collect();
            memory.forget_absent(self.target.noun(), &numbers)?;
        }
        Ok(listing)
    }

    /// Lists the extensions of the PBX where the target is about its groups.
    ///
    /// # Errors
    /// Exit 3 where it cannot be read.
    pub(crate) fn list_extensions(&self) -> Result<Option<Listing>, Failure> {
        let listing = self.connection.list_extensions();
        listing.map_err(|fault| self.target.failure(&fault))
    }

    /// Returns true if the last write of an extension that still reads like this set a field that cannot be read to
    /// this text.
    pub(crate) fn was_written(&self, current: &Record, field: Field, text: Text<'_>) -> bool {
        let memory = self.memory.as_ref();
        memory.is_some_and(|memory| memory.was_written(current, field, text))
    }

    /// The fields that cannot be read back and that rowcall wrote to an extension since its marks were `then`, but for
    /// those that it set to what is `wanted` of it.
    ///
    /// # Errors
    /// Exit 2 where the memory cannot be read.
    pub(crate) fn rewritten(
        &self,
        wanted: &Record,
        number: &str,
        then: &SecretMarks,
    ) -> Result<Vec<Field>, Failure> {
        match &self.memory {
            Some(memory) => Ok(memory.rewritten(wanted, number, then)?),
            None => Ok(vec![]),
        }
    }

    /// The marks of the extensions that these changes are about, by the positions of their rows.
    ///
    /// # Errors
    /// Exit 2 where the memory cannot be read.
    pub(crate) fn marks(
        &self,
        changes: &[Change],
    ) -> Result<BTreeMap<usize, SecretMarks>, Failure> {
        let Some(memory) = &self.memory else {
            return Ok(BTreeMap::new());
        };
        let mut marks = BTreeMap::new();
        for change in changes {
            let of_change = memory.marks(change)?;
            if !of_change.is_empty() {
                marks.insert(change.row, of_change);
            }
        }
        Ok(marks)
    }

    /// The options for looking the target up.
    pub(crate) fn lookup_options(&self, live: bool) -> LookupOptions {
        LookupOptions {
            parallel: self.target.parallel,
            batch: self.target.batch,
            live,
        }
    }

    /// Everything about these extensions, by number, with a progress bar; for callers that need all of them.
    ///
    /// # Errors
    /// Exit 3 where the target cannot be read.
    pub(crate) fn look_up(&self, numbers: &[String]) -> Result<BTreeMap<String, Record>, Failure> {
        let collected = self.look_up_each(numbers)?;
        match collected.unread.first_key_value() {
            Some((_, fault)) => Err(self.target.failure(fault)),
            None => Ok(collected.found),
        }
    }

    /// The parts that are left of extensions that are gone, by number.
    ///
    /// # Errors
    /// Exit 3 where the target cannot be read.
    pub(crate) fn fetch_parts(
        &self,
        numbers: &[String],
    ) -> Result<BTreeMap<String, Record>, Failure> {
        let parts = self.connection.fetch_parts(numbers, self.target.parallel);
        let parts = parts.map_err(|fault| self.target.failure(&fault))?;
        let by_number = parts.into_iter().map(|it| (it.number().to_owned(), it));
        Ok(by_number.collect())
    }

    /// The results of those changes that end before anything is written, by their positions, with a progress bar.
    ///
    /// # Errors
    /// Exit 3 where the target cannot be read.
    pub(crate) fn foresee(
        &self,
        changes: &[&Change],
    ) -> Result<BTreeMap<usize, Settlement>, Failure> {
        let progress = Progress::new("changes looked at", changes.len() as u64);
        let parallel = self.target.parallel;
        let found = foresee(&self.connection, changes, parallel, &|| progress.add(1));
        progress.finish();
        found.map_err(|fault| self.target.failure(&fault))
    }

    /// Everything about these extensions, with a progress bar. The fault of one that cannot be read does not affect the others.
    ///
    /// # Errors
    /// Exit 3 where the target cannot be read.
    pub(crate) fn look_up_each(&self, numbers: &[String]) -> Result<LookupResult, Failure> {
        let what = format!("{}s looked at", self.target.noun());
        let progress = Progress::new(&what, numbers.len() as u64);
        let mut collected = LookupResult::default();
        let result =
            self.connection
                .look_up_each(numbers, &self.lookup_options(false), &mut |lookups| {
                    progress.add(lookups.len() as u64);
                    for lookup in lookups {
                        match lookup.found {
                            Ok(found) => collected
                                .found
                                .extend(found.into_iter().map(|it| (lookup.number.clone(), it))),
                            Err(fault) => {
                                collected.unread.insert(lookup.number, fault);
                            }
                        }
                    }
                });
        progress.finish();
        result.map_err(|fault| self.target.failure(&fault))?;
        Ok(collected)
    }
}

/// The first of these numbers, and how many more there are.
pub(crate) fn first_numbers(numbers: &[&str]) -> String {
    const SHOWN_MAX: usize = 20;
    first_texts(numbers, SHOWN_MAX)
}

/// The first of these texts, `most` at the most, and how many more there are.
pub(crate) fn first_texts(texts: &[&str], most: usize) -> String {
    let shown: Vec<&str> = texts.iter().take(most).copied().collect();
    let shown = shown.join(", ");
    match texts.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

impl Drop for TargetSession<'_> {
    fn drop(&mut self) {
        let open = self.connection.open_to_all();
        if !open.is_empty() {
            let open: Vec<&str> = open.iter().map(String::as_str).collect();
            print(format!(
                "{}: anyone can sign in without a password: {}: give each a SIP password at once: rowcall import SHEET --to TARGET --mode update",
                self.target.label,
                first_numbers(&open)
            ));
        }
        self.connection.sign_out();
    }
}
