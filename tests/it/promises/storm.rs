//! Seeded storms over whole imports: whatever breaks on the way, each row has one result, no extension is there twice,
//! and a row's result is the truth about the PBX. `STORM_SEEDS=200 cargo test storm` runs more of them.

use crate::support::fixture::{self, Rig, change, kinds, options};
use rowcall::compare::differing;
use rowcall::link::http::{self, Http};
use rowcall::link::paced::Pace;
use rowcall::link::{Link, StopFlag};
use rowcall::model::{Action, Change, Fault, Record, RowResult};
use rowcall::sim::{Faults, Server};
use rowcall::submit::Verify;
use rowcall::submit::converse::Connection;
use rowcall::submit::settlement::Settlement;
use rowcall::submit::{Ended, IntentLog, NoIntentLog, submit};
use rowcall::vendors::VENDORS;
use rowcall::wire::{Effect, Reply, Request};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The number of a storm's rows.
const ROWS: usize = 120;

/// Of them the first are changed, the next deleted, all others made.
const UPDATED: usize = 25;
const DELETED: usize = 15;

/// The faults of a network and a busy PBX.
const WEATHER: &str = "throttle=8,unavailable=8,unavailable_after=40,refuse=30,cut_before=40,cut_after=60,truncate=40";

/// Faults of the devices in between: a web page instead of an answer, noise, sessions that end.
const HAIL: &str = "garbage=25,html=25,expire=4";

fn seeds() -> u64 {
    let asked = std::env::var("STORM_SEEDS").ok();
    asked.map_or(2, |text| text.parse().expect("STORM_SEEDS is a number"))
}

/// The way in which a PBX is reached.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    InProcess,
    Socket,
}

fn http(rig: &Rig, server: &Server) -> Http {
    let address = format!("http://{}{}", server.addr(), rig.manifest.vendor.path);
    let options = http::HttpOptions::replying_within(Duration::from_secs(5));
    Http::new(&address, options).unwrap()
}

/// Builds the extensions on the PBX before the storm, and the changes of the rows.
fn changes(rig: &Rig, connection: &Connection) -> Vec<Change> {
    let number = |row: usize| (2000 + row).to_string();
    for row in 0..UPDATED + DELETED {
        let made = connection.apply(Action::Create, &rig.full(&number(row), 0), None);
        made.result.unwrap();
    }
    let one = |row: usize| match row {
        row if row < UPDATED => {
            let before = rig.look(connection, &number(row));
            let mut wanted = rig.full(&number(row), 1);
            for field in rig.writable().filter(|field| field.create_only) {
                wanted.remove(field.name);
            }
            change(row, Action::Update, wanted, before)
        }
        row if row < UPDATED + DELETED => {
            let before = rig.look(connection, &number(row));
            change(row, Action::Delete, rig.keyed(&number(row)), before)
        }
        row if row % 2 == 0 => change(row, Action::Create, rig.full(&number(row), row % 2), None),
        row => change(row, Action::Create, rig.small(&number(row)), None),
    };
    (0..ROWS).map(one).collect()
}

/// Compares each result with the PBX.
fn reckon(rig: &Rig, changes: &[Change], done: &[Settlement], context: &str) {
    rig.sim.set_faults(Faults::default());
    let connection = rig.connect();
    let there: BTreeSet<String> = rig.sim.numbers().into_iter().collect();
    for (change, done) in changes.iter().zip(done) {
        let context = format!("{context}: {done:?}");
        let number = &change.number;
        assert_eq!(
            (number, change.action),
            (&done.number, done.action),
            "{context}"
        );
        let is_there = there.contains(number);
        let as_wanted = || {
            let held = rig.look(&connection, number).unwrap();
            differing(rig.manifest, &change.wanted, &held).is_empty()
        };
        match (change.action, done.result) {
            (Action::Create, RowResult::Created) | (Action::Update, RowResult::Updated) => {
                rig.assert_stored(&connection, &change.wanted, &context);
            }
            (Action::Delete, RowResult::Deleted | RowResult::Unchanged) => {
                assert!(!is_there, "{context}");
            }
            (Action::Create, RowResult::Failed | RowResult::NotSent) => {
                assert!(!is_there, "{context}");
            }
            (Action::Update, RowResult::Failed) => assert!(!as_wanted(), "{context}"),
            (Action::Update, RowResult::NotSent) => {
                let held = rig.look(&connection, number);
                assert_eq!(held, change.before, "{context}");
            }
            (Action::Delete, RowResult::Failed | RowResult::NotSent) => {
                assert!(is_there, "{context}");
            }
            (Action::Create | Action::Update, RowResult::Differs) => {
                assert!(!is_there || !as_wanted(), "{context}");
            }
            (Action::Delete, RowResult::Differs) => assert!(is_there, "{context}"),
            (_, RowResult::Unknown) => {
                let message = &done.message;
                let could_not_tell = ["could not be looked at", "cannot be read back"];
                let lost = done.fault.as_ref().is_some_and(Fault::ends_the_run);
                let told = could_not_tell.iter().any(|words| message.contains(words));
                assert!(lost || told, "{context}");
            }
            _ => panic!("no storm ends so: {context}"),
        }
        assert_eq!(done.attempts == 0, done.elapsed_ms.is_none(), "{context}");
        let has_reason = !done.message.is_empty();
        assert!(done.result.is_done() || has_reason, "{context}");
    }
    // No extension is there that no row asked for.
    let known: BTreeSet<&String> = changes.iter().map(|change| &change.number).collect();
    assert!(
        there.iter().all(|number| known.contains(number)),
        "{context}"
    );
    for number in &there {
        assert_eq!(rig.sim.created(number), 1, "{context}: {number}");
    }
}

fn counts(done: &[Settlement]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for done in done {
        *counts.entry(done.result.word()).or_default() += 1;
    }
    counts
}

fn storm(way: Way, faults: &str, calm_end: bool) {
    // The socket takes its time: half as many.
    let seeds = match way {
        Way::InProcess => seeds(),
        Way::Socket => seeds().div_ceil(2),
    };
    for seed in 0..seeds {
        for vendor in kinds() {
            let mut rig = Rig::new(vendor, &BTreeMap::new());
            if !calm_end {
                // Only reading back shows the truth if noise may be taken for a refusal and success has no word of its own.
                rig.verify = Verify::All;
            }
            let changes = changes(&rig, &rig.connect());
            let faults = format!("seed={seed},retry_after_s=0,delay_ms=1,{faults}");
            let context = format!("{} {way:?} faults {faults}", rig.name);
            let server = (way == Way::Socket)
                .then(|| Server::start(rig.sim.clone(), "127.0.0.1:0").unwrap());
            let connection = match &server {
                Some(server) => rig.connect_over(http(&rig, server)),
                None => rig.connect(),
            };
            rig.sim.set_faults(faults.parse().unwrap());
            let begun = Instant::now();
            let (ended, done) = rig.submit(&connection, changes.clone(), 8);
            println!(
                "{context}: {ended:?} in {:?}: {:?}",
                begun.elapsed(),
                counts(&done)
            );
            reckon(&rig, &changes, &done, &context);
            let not_sent = done
                .iter()
                .filter(|done| done.result == RowResult::NotSent)
                .count();
            match &ended {
                Ended::Whole => {
                    assert_eq!(not_sent, 0, "{context}");
                    let not_done = done.iter().filter(|done| !done.result.is_done());
                    let not_done: Vec<&Settlement> = not_done.collect();
                    assert!(not_done.len() <= ROWS / 4, "{context}: {not_done:#?}");
                    // In mere weather only rows that were sent as often as allowed are not done.
                    let attempts_max = options(1).settling.attempts_max;
                    let gave_up = |done: &&Settlement| done.attempts == attempts_max;
                    assert!(
                        !calm_end || not_done.iter().all(gave_up),
                        "{context}: {not_done:#?}"
                    );
                }
                Ended::TargetLost(_) if !calm_end => {}
                Ended::TooManyFailures(_) if !calm_end => {}
                _ => panic!("{context}: {ended:?}"),
            }
        }
    }
}

#[test]
fn a_storm_on_the_way_loses_and_doubles_nothing() {
    storm(Way::InProcess, WEATHER, true);
}

#[test]
fn a_storm_on_a_socket_loses_and_doubles_nothing() {
    storm(Way::Socket, WEATHER, true);
}

#[test]
fn a_hailstorm_loses_and_doubles_nothing() {
    storm(Way::InProcess, &format!("{WEATHER},{HAIL}"), false);
}

#[test]
fn a_hailstorm_on_a_socket_loses_and_doubles_nothing() {
    storm(Way::Socket, &format!("{WEATHER},{HAIL}"), false);
}

#[test]
fn the_same_import_after_the_storm_finds_nothing_left_to_do() {
    for vendor in kinds() {
        let rig = Rig::new(vendor, &BTreeMap::new());
        let wanted: Vec<Record> = (0..40)
            .map(|row| rig.small(&(2000 + row).to_string()))
            .collect();
        let connection = rig.connect();
        rig.sim.set_faults(
            format!("seed=9,retry_after_s=0,{WEATHER},{HAIL}")
                .parse()
                .unwrap(),
        );
        // As often as a user would run it again: an extension that is there is left alone, a missing one is created.
        for round in 0..5 {
            let there: BTreeSet<String> = rig.sim.numbers().into_iter().collect();
            let missing = wanted
                .iter()
                .filter(|wanted| !there.contains(wanted.number()));
            let changes = missing
                .cloned()
                .enumerate()
                .map(|(row, wanted)| change(row, Action::Create, wanted, None));
            let changes: Vec<Change> = changes.collect();
            println!("{} round {round}: {} missing", rig.name, changes.len());
            rig.submit(&connection, changes, 4);
        }
        rig.sim.set_faults(Faults::default());
        let calm = rig.connect();
        for wanted in &wanted {
            rig.assert_stored(&calm, wanted, &rig.name);
            assert_eq!(rig.sim.created(wanted.number()), 1);
        }
    }
}

#[test]
fn a_stop_in_mid_run_leaves_the_rest_not_sent() {
    for vendor in kinds() {
        for stop_at in [1, 30, 119] {
            let rig = Rig::new(vendor, &BTreeMap::new());
            let changes = changes(&rig, &rig.connect());
            let connection = rig.connect();
            rig.sim.set_faults(
                format!("seed=5,retry_after_s=0,latency_ms=1,{WEATHER}")
                    .parse()
                    .unwrap(),
            );
            let mut done = vec![];
            let parallel = 4;
            let ended = submit(
                &connection,
                &changes,
                &options(parallel),
                &NoIntentLog,
                None,
                &mut |one| {
                    if !one.provisional {
                        done.push(one);
                    }
                    if done.len() == stop_at {
                        rig.stop.stop();
                    }
                },
            );
            done.sort_by_key(|done| done.row);
            let context = format!("{} stopped at {stop_at}", rig.name);
            assert_eq!(done.len(), ROWS, "{context}");
            reckon(&rig, &changes, &done, &context);
            let sent = done
                .iter()
                .filter(|done| done.result != RowResult::NotSent)
                .count();
            assert!(
                (stop_at..=stop_at + 2 * parallel).contains(&sent),
                "{context}: {sent} were sent"
            );
            let whole = sent == ROWS;
            assert_eq!(
                ended,
                if whole {
                    Ended::Whole
                } else {
                    Ended::Interrupted
                },
                "{context}"
            );
            // Rows that were sent came first.
            assert!(
                done[sent..]
                    .iter()
                    .all(|done| done.result == RowResult::NotSent),
                "{context}"
            );
        }
    }
}

#[test]
fn a_pbx_that_goes_away_stops_the_run() {
    for vendor in kinds() {
        let rig = Rig::new(vendor, &BTreeMap::new());
        let server = Server::start(rig.sim.clone(), "127.0.0.1:0").unwrap();
        let connection = rig.connect_over(http(&rig, &server));
        let wanted = (0..ROWS).map(|row| rig.small(&(2000 + row).to_string()));
        let changes: Vec<Change> = wanted
            .enumerate()
            .map(|(row, wanted)| change(row, Action::Create, wanted, None))
            .collect();
        let mut server = Some(server);
        let mut done = vec![];
        let ended = submit(
            &connection,
            &changes,
            &options(2),
            &NoIntentLog,
            None,
            &mut |one| {
                if !one.provisional {
                    done.push(one);
                }
                if done.len() == 20 {
                    server.take().unwrap().stop();
                }
            },
        );
        done.sort_by_key(|done| done.row);
        assert!(
            matches!(ended, Ended::TooManyFailures(_)),
            "{}: {ended:?}",
            rig.name
        );
        reckon(&rig, &changes, &done, &rig.name);
        let counts = counts(&done);
        assert!(
            counts["created"] >= 20 && counts["not_sent"] > 60,
            "{}: {counts:?}",
            rig.name
        );
    }
}

/// One step on a row's way to the PBX.
enum StormStep {
    /// The row was taken and written down as about to be sent.
    Taken(usize),
    /// A request left, which writes this row, if it writes.
    Left(Instant, Option<usize>),
}

/// Takes down in their order which rows are taken and which requests leave.
struct Heeding<L> {
    link: L,
    steps: Arc<Mutex<Vec<StormStep>>>,
}

impl<L: Link> Link for Heeding<L> {
    fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        let body = String::from_utf8(request.encode("")?.body).unwrap();
        let said = format!("{} {body}", request.path);
        let is_about = |row: &usize| said.contains(&(2000 + row).to_string());
        let row = (request.effect == Effect::Writes).then(|| (0..ROWS).find(is_about).unwrap());
        let left = StormStep::Left(Instant::now(), row);
        self.steps.lock().unwrap().push(left);
        self.link.exchange(request)
    }
}

struct HeededIntents(Arc<Mutex<Vec<StormStep>>>);

impl IntentLog for HeededIntents {
    fn intend(&self, row: usize) -> Result<(), String> {
        self.0.lock().unwrap().push(StormStep::Taken(row));
        Ok(())
    }

    fn intended(&self, _: usize) -> u32 {
        0
    }
}

/// Checks that rows are taken in their order, and that no more of them wait for their first writing request than are sent
/// at the same time. How far one row overtakes another behind that depends on the machine.
fn are_in_order(steps: &[StormStep], parallel: usize) {
    let mut next = 0;
    let mut waiting = BTreeSet::new();
    for step in steps {
        match step {
            StormStep::Taken(row) => {
                assert_eq!(*row, next, "a row was taken out of order");
                next += 1;
                waiting.insert(*row);
                assert!(waiting.len() <= parallel, "{waiting:?} wait");
            }
            StormStep::Left(_, Some(row)) => {
                assert!(*row < next, "row {row} was sent before it was written down");
                waiting.remove(row);
            }
            StormStep::Left(_, None) => {}
        }
    }
    assert_eq!((next, waiting.len()), (ROWS, 0));
}

#[test]
fn rows_go_out_in_their_order_and_never_faster_than_allowed() {
    const RATE: usize = 100;
    for vendor in VENDORS {
        for parallel in [1, 8] {
            let rig = Rig::new(vendor, &BTreeMap::new());
            let server = Server::start(rig.sim.clone(), "127.0.0.1:0").unwrap();
            let steps = Arc::new(Mutex::new(vec![]));
            let link = Heeding {
                link: http(&rig, &server),
                steps: steps.clone(),
            };
            let pace = Pace::per_second(RATE as f64, StopFlag::default()).unwrap();
            let connection = rig
                .sign_in(Box::new(link), pace, fixture::account())
                .unwrap();
            let wanted = (0..ROWS).map(|row| rig.small(&(2000 + row).to_string()));
            let creations = wanted.enumerate();
            let creations =
                creations.map(|(row, wanted)| change(row, Action::Create, wanted, None));
            let creations: Vec<Change> = creations.collect();
            let intents = HeededIntents(steps.clone());
            let (ended, done) = rig.submit_with(&connection, &creations, parallel, &intents);
            assert_eq!(ended, Ended::Whole);
            assert_eq!(counts(&done), BTreeMap::from([("created", ROWS)]));
            let steps = steps.lock().unwrap();
            are_in_order(&steps, parallel);
            let left_at = |step: &StormStep| match step {
                StormStep::Left(at, _) => Some(*at),
                StormStep::Taken(_) => None,
            };
            let left: Vec<Instant> = steps.iter().filter_map(left_at).collect();
            let context = format!("{}, {parallel} in flight", rig.name);
            let second = Duration::from_secs(1);
            let within = |first: &Instant| {
                let near = |at: &Instant| *at >= *first && *at - *first < second;
                left.iter().filter(|at| near(at)).count()
            };
            let most = left.iter().map(within).max().unwrap();
            assert!(
                most <= RATE + 6 + parallel,
                "{context}: {most} requests left within a second"
            );
            // Requests may have been held up on the way, but not for long.
            let most = rig.sim.most_within(second);
            assert!(
                most <= RATE + 20,
                "{context}: {most} requests came within a second"
            );
            let (first, last) = (left[0], left[left.len() - 1]);
            let paid = ROWS * rig.manifest.vendor.create_cost as usize;
            let rate = (left.len() - 1 + paid) as f64 / (last - first).as_secs_f64();
            assert!(
                rate > RATE as f64 * 0.6,
                "{context}: only {rate} requests a second"
            );
        }
    }
}
