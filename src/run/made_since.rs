//! The extensions that other runs have made since a run wrote to them: the changes of all runs on its PBX, in the order in
//! which they were sent.

use super::past::{PastRun, may_have_changed, reverted_by};
use super::saved_options::SavedOptions;
use crate::ledger::{ListedRun, RunFacts, SentRow, Standing, StoredRun, runs};
use crate::model::{Action, RowResult, RunCommand};
use crate::plan::taken_back::{MadeAnew, MadeSince};
use crate::rim::{Context, Failure};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fs::{self, DirEntry};
use std::path::Path;

/// Characters of a run's name that tell when it began, to the second.
const SECOND_DIGITS: usize = 15;

/// The times of a run on the PBX, and its place in the order of the runs.
struct OrderedRun {
    run: String,
    count: u64,
    started: Timestamp,
    is_resumed: bool,
}

/// A change that a run made, or may have made.
struct Event {
    run: String,
    position: usize,
    at: Timestamp,
    action: Action,
    number: String,
    new_number: Option<String>,
    is_certain: bool,
    is_undo: bool,
    /// The run and the position of the change that it takes back.
    reverts: Option<(String, usize)>,
}

impl Event {
    /// Returns true if it gives a number to an extension that did not have it, and puts nothing back.
    fn makes(&self) -> bool {
        let gives_number = self.action == Action::Create || self.new_number.is_some();
        gives_number && !self.is_undo
    }

    /// The number that it leaves to the extension.
    fn number(&self) -> &str {
        self.new_number.as_ref().unwrap_or(&self.number)
    }

    fn making(&self) -> Making {
        let run = self.run.clone();
        Making {
            at: self.at,
            made: match self.new_number {
                Some(_) => MadeAnew::Renamed(run),
                None => MadeAnew::Created(run),
            },
            run: self.run.clone(),
        }
    }
}

/// The run that made what is to be found under a number, and when.
#[derive(Clone, PartialEq)]
struct Making {
    run: String,
    at: Timestamp,
    made: MadeAnew,
}

/// An extension that runs have written to.
#[derive(Clone)]
struct TracedExtension {
    /// It keeps its own for good.
    id: usize,
    made: Option<Making>,
    /// The numbers that it had, each with the run that took it away.
    former: Vec<Former>,
}

#[derive(Clone)]
struct Former {
    number: String,
    made: Option<Making>,
    renamed_by: String,
}

impl TracedExtension {
    /// The extension once a run has given it another number. With a number that it had before, it is what it was.
    fn renamed(mut self, event: &Event) -> TracedExtension {
        let back = self
            .former
            .iter()
            .position(|it| it.number == event.number());
        if let Some(back) = back {
            self.made = self.former.get(back).and_then(|it| it.made.clone());
            self.former.truncate(back);
            return self;
        }
        let made = self.made.replace(event.making());
        self.former.push(Former {
            number: event.number.clone(),
            made,
            renamed_by: event.run.clone(),
        });
        self
    }
}

/// The extensions that changes leave, as far as they are known.
#[derive(Default)]
struct TracedRuns {
    /// By number.
    there: BTreeMap<String, TracedExtension>,
    /// The extensions that changes took away from their numbers, by run and position.
    taken: BTreeMap<(String, usize), TracedExtension>,
    /// The runs that deleted extensions for certain, by their ids.
    deleted: BTreeMap<usize, String>,
    ids: usize,
}

impl TracedRuns {
    fn add(&mut self, event: &Event) {
        let reverts = event.reverts.as_ref();
        let put_back = reverts.and_then(|origin| self.taken.get(origin)).cloned();
        let left = match (event.action, event.is_undo) {
            (Action::Create, false) => TracedExtension {
                made: Some(event.making()),
                ..self.found()
            },
            (Action::Create, true) => put_back.unwrap_or_else(|| self.found()),
            (Action::Update, _) if event.new_number.is_none() => {
                let known = self.there.get(&event.number).cloned();
                known.unwrap_or_else(|| self.found())
            }
            (action, is_undo) => {
                let gone = match event.is_certain {
                    true => self.there.remove(&event.number),
                    false => self.there.get(&event.number).cloned(),
                };
                let gone = gone.unwrap_or_else(|| self.found());
                let origin = (event.run.clone(), event.position);
                self.taken.insert(origin, gone.clone());
                match (action, is_undo) {
                    (Action::Update, false) => gone.renamed(event),
                    (Action::Update, true) => put_back.unwrap_or_else(|| self.found()),
                    _ => {
                        if event.is_certain {
                            self.deleted.insert(gone.id, event.run.clone());
                        }
                        return;
                    }
                }
            }
        };
        self.deleted.remove(&left.id);
        self.there.insert(event.number().to_owned(), left);
    }

    /// An extension of which nothing is known yet.
    fn found(&mut self) -> TracedExtension {
        self.ids += 1;
        TracedExtension {
            id: self.ids,
            made: None,
            former: vec![],
        }
    }

    /// The numbers of the extensions that are there, by id.
    fn places(&self) -> BTreeMap<usize, &str> {
        let mut places = BTreeMap::new();
        for (number, extension) in &self.there {
            places.entry(extension.id).or_insert(number.as_str());
        }
        places
    }

    /// The way in which other runs took an extension away from its number; `None` where it has it, or nobody knows. `now` is
    /// the number that it has by now.
    fn taken_away(&self, number: &str, id: usize, now: Option<&str>) -> Option<MadeAnew> {
        if let Some(run) = self.deleted.get(&id) {
            return Some(MadeAnew::Deleted(run.clone()));
        }
        let now = now.filter(|now| *now != number)?;
        let mut former = self.there.get(now)?.former.iter();
        let run = former.find(|it| it.number == number)?.renamed_by.clone();
        let number = now.to_owned();
        Some(MadeAnew::GivenNumber { run, number })
    }
}

/// Returns true if the clock tells in which order the changes were sent: no run began before one that began earlier.
fn is_ordered(sessions: &[OrderedRun], events: &[Event]) -> bool {
    let mut by_count: Vec<&OrderedRun> = sessions.iter().collect();
    by_count.sort_by_key(|session| session.count);
    let begins = by_count.is_sorted_by_key(|session| session.started);
    let started: BTreeMap<&str, Timestamp> = sessions
        .iter()
        .map(|session| (session.run.as_str(), session.started))
        .collect();
    let is_later = |event: &Event| {
        let started = started.get(event.run.as_str());
        started.is_none_or(|started| event.at >= *started)
    };
    begins && events.iter().all(is_later)
}

/// Finds what was made of a run's extensions since it wrote to them, or since it began where it has not yet.
fn made_since(run: &RunFacts, sessions: &[OrderedRun], mut events: Vec<Event>) -> MadeSince {
    events.sort_by_key(|event| event.at);
    let mut made_since = MadeSince::default();
    let own = events.iter().filter(|event| event.run == run.id);
    let own = own.filter(|event| event.is_certain);
    let own = own.flat_map(|event| {
        let numbers = [event.number.as_str(), event.number()];
        numbers.map(|number| (number.to_owned(), event.at))
    });
    let written: BTreeMap<String, Timestamp> = own.collect();
    let (mut replay, mut own) = (TracedRuns::default(), BTreeMap::new());
    for event in &events {
        replay.add(event);
        // What the run finds where it begins, and what it leaves.
        let is_found = event.at < run.started && !written.contains_key(event.number());
        if is_found || event.run == run.id && event.is_certain {
            let number = event.number().to_owned();
            match replay.there.get(&number) {
                Some(left) => own.insert(number, left.id),
                None => own.remove(&number),
            };
        }
    }
    for (number, extension) in &replay.there {
        let made = extension.made.as_ref().filter(|made| made.run != run.id);
        let written = written.get(number).copied().unwrap_or(run.started);
        if let Some(made) = made.filter(|made| made.at > written) {
            made_since.anew.insert(number.clone(), made.made.clone());
        }
    }
    let places = replay.places();
    for (number, id) in own {
        if let Some(taken) = replay.taken_away(&number, id, places.get(&id).copied()) {
            made_since.anew.entry(number).or_insert(taken);
        }
    }
    if !is_ordered(sessions, &events) {
        made_since.anew.clear();
        let may_be_later = |event: &&Event| {
            let mut others = sessions.iter().filter(|it| it.run != run.id);
            let session = others.find(|it| it.run == event.run);
            session.is_some_and(|it| it.is_resumed || it.count > run.count)
        };
        for event in events.iter().filter(|it| it.makes()).filter(may_be_later) {
            let anew = made_since.anew.entry(event.number().to_owned());
            anew.or_insert_with(|| MadeAnew::Unordered(event.run.clone()));
        }
    }
    made_since
}

impl PastRun {
    /// The extensions, or groups where it has such, that other runs on its PBX have made since it wrote to them, or may
    /// have, and those that it made and that they have renamed. What an undo has put back is what it was before. Runs
    /// that cannot be read are passed over.
    ///
    /// # Errors
    /// Exit 2 where the runs cannot be listed, or one cannot be read.
    pub(super) fn made_since(&self, context: &Context) -> Result<MadeSince, Failure> {
        let (state, run) = (context.state()?, &self.summary.run);
        let groups = self.options.target.groups;
        let (mut sessions, mut events) = (vec![], vec![]);
        for ListedRun { id, summary } in runs(&state)? {
            let Some(other) = summary.ok().filter(|it| it.run.target == run.target) else {
                continue;
            };
            let options = SavedOptions::parse(&id, &other.run.head.options);
            if !options.is_ok_and(|options| options.target.groups == groups) {
                continue;
            }
            let stored = StoredRun::open(&state, &id)?;
            sessions.push(OrderedRun {
                run: id.clone(),
                count: other.run.count,
                started: other.run.started,
                is_resumed: stored.times()?.resumed.is_some(),
            });
            let is_undo = other.run.head.command == RunCommand::Undo;
            let reverts = reverted_by(&other);
            let origin = |position: usize| {
                let reverts = reverts.as_ref()?;
                let row = reverts.rows.get(&position)?;
                Some((reverts.run.clone(), *row))
            };
            let mut sent = stored.sent()?;
            sent.retain(|row| may_have_changed(&row.line, row.standing));
            events.extend(sent.into_iter().map(|row| Event {
                run: id.clone(),
                position: row.position,
                at: row.at,
                action: row.action,
                is_certain: is_certain(&row),
                number: row.number,
                new_number: row.new_number,
                is_undo,
                reverts: origin(row.position),
            }));
        }
        Ok(made_since(run, &sessions, events))
    }

    /// Refuses to delete where a run that was at work since cannot be read: it may have made anew what is there.
    ///
    /// # Errors
    /// Exit 2 where there is one, or the runs cannot be listed.
    pub(super) fn refuse_unread(&self, context: &Context) -> Result<(), Failure> {
        let (state, run) = (context.state()?, &self.summary.run);
        let second = |name: &str| name.get(..SECOND_DIGITS).map(str::to_owned);
        for ListedRun { id, summary } in runs(&state)? {
            let unread = match summary {
                Err(error) => {
                    let is_newer = second(&id) >= second(&self.name);
                    // One that began before may have been resumed since.
                    let written = last_written(&state.run_folder(&id));
                    let is_newer = is_newer || written.is_none_or(|at| at >= run.started);
                    is_newer.then(|| Failure::from(error))
                }
                Ok(other) if other.run.count > run.count && other.run.target == run.target => {
                    SavedOptions::parse(&id, &other.run.head.options).err()
                }
                Ok(_) => None,
            };
            if let Some(unread) = unread {
                let (name, why) = (&self.name, unread.message);
                return Err(Failure::usage(format!(
                    "run {id} cannot be read, and may have made anew what run {name} would take away: {why}"
                ))
                .hint(format!(
                    "if it made nothing on {target}, move its folder elsewhere, and run this again",
                    target = run.target
                )));
            }
        }
        Ok(())
    }
}

/// The time at which the ledger in a run's folder was last written; `None` where that cannot be known.
fn last_written(folder: &Path) -> Option<Timestamp> {
    let written = |file: DirEntry| {
        // Reading a ledger writes this one.
        let is_index = file.file_name().to_str()?.ends_with("-shm");
        let changed = (!is_index).then(|| file.metadata().ok()?.modified().ok());
        changed.flatten()
    };
    let files = fs::read_dir(folder).ok()?.map_while(Result::ok);
    let newest = files.filter_map(written).max()?;
    Timestamp::try_from(newest).ok()
}

/// Returns true if a row was certainly done.
fn is_certain(row: &SentRow) -> bool {
    let is_final = row.standing == Standing::Final;
    let in_part = row.line.result == RowResult::Differs && row.line.restored_in_part;
    is_final && (row.line.result.is_change() || in_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::RunHead;
    use crate::model::RunMode;

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn facts(run: &str, count: u64, second: i64) -> RunFacts {
        RunFacts {
            id: run.into(),
            count,
            target: "hq".into(),
            started: time(second),
            tool: String::new(),
            key: String::new(),
            head: RunHead {
                command: RunCommand::Import,
                vendor: "openvox".into(),
                mode: RunMode::None,
                options: String::new(),
                rules: String::new(),
                input_hash: String::new(),
            },
        }
    }

    fn session(run: &RunFacts, is_resumed: bool) -> OrderedRun {
        OrderedRun {
            run: run.id.clone(),
            count: run.count,
            started: run.started,
            is_resumed,
        }
    }

    fn created(run: &str, second: i64) -> Event {
        Event {
            run: run.into(),
            position: 0,
            at: time(second),
            action: Action::Create,
            number: "2001".into(),
            new_number: None,
            is_certain: true,
            is_undo: false,
            reverts: None,
        }
    }

    #[test]
    fn what_nobody_knows_the_order_of_is_left_alone() {
        // The clock is set back between the two.
        let (old, new) = (facts("a", 1, 100), facts("b", 2, 10));
        let anew = |run: &RunFacts, is_resumed: bool| {
            let sessions = [session(&old, is_resumed), session(&new, false)];
            let events = vec![created("a", 101), created("b", 11)];
            made_since(run, &sessions, events).anew.remove("2001")
        };
        assert_eq!(anew(&old, false), Some(MadeAnew::Unordered("b".into())));
        assert_eq!(anew(&new, true), Some(MadeAnew::Unordered("a".into())));
        assert_eq!(anew(&new, false), None);
        // With a right clock it is known.
        let new = facts("b", 2, 110);
        let sessions = [session(&old, true), session(&new, false)];
        let events = || vec![created("a", 120), created("b", 111)];
        assert!(made_since(&old, &sessions, events()).anew.is_empty());
        let of_new = made_since(&new, &sessions, events()).anew;
        assert_eq!(of_new["2001"], MadeAnew::Created("a".into()));
    }
}
