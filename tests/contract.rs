//! The contract that every vendor keeps: each case runs for each vendor, with each word of its settings, and takes its
//! expectations from the vendor's manifest. A new vendor gets the whole suite by existing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[path = "it/support/mod.rs"]
#[allow(dead_code, reason = "the other tests take the rest")]
mod support;

use rowcall::compare::differing;
use rowcall::link::Link;
use rowcall::link::paced::Pace;
use rowcall::manifest::{Access, FieldRow, Manifest, Purpose, UpdateKind};
use rowcall::model::{
    Action, Fault, FaultKind, Field, Finding, Kind, Mode, Record, RowResult, Secret,
};
use rowcall::plan::decide::{ComparedRow, Decision};
use rowcall::rules::Checker;
use rowcall::sim::{Breakage, Faults, InProcess};
use rowcall::submit::Ended;
use rowcall::submit::converse::{Connection, LookupOptions};
use rowcall::vendors::Account;
use rowcall::wire::{Effect, Reply, Request};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::canary::assert_no_secret_shown;
use support::fixture::{Rig, account, change, kinds, rigs, value};
use support::pbx::{Desk, TestPbx};

/// Runs a case for every vendor, and names the one for which it failed.
fn each(case: impl Fn(&Rig)) {
    for rig in rigs() {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| case(&rig))) {
            eprintln!("the vendor was {}", rig.name);
            resume_unwind(panic);
        }
    }
}

/// The same vendor and settings with a fresh PBX.
fn again(rig: &Rig) -> Rig {
    let is_it = |other: &Rig| other.name == rig.name;
    rigs().into_iter().find(is_it).unwrap()
}

/// Returns true if a vendor has the ability that the case is about; prints a note where it has not.
fn can(rig: &Rig, ability: bool, what: &str) -> bool {
    if !ability {
        println!("{}: skipped, for the vendor cannot {what}", rig.name);
    }
    ability
}

fn create(rig: &Rig, connection: &Connection, wanted: &Record) {
    let made = connection.apply(Action::Create, wanted, None);
    made.result
        .unwrap_or_else(|fault| panic!("{}: {}: {fault:?}", rig.name, wanted.number()));
}

fn errors(manifest: &Manifest, extension: &Record) -> Vec<Finding> {
    let mut findings = vec![];
    Checker::without_sheet(manifest).extension(extension, Purpose::Create, &mut findings);
    findings.retain(Finding::is_error);
    findings
}

#[test]
fn the_values_of_these_tests_are_valid_and_fill_every_field() {
    each(|rig| {
        for variant in [0, 1] {
            assert_eq!(errors(rig.manifest, &rig.full("2001", variant)), []);
        }
        let (one, other) = (rig.full("2001", 0), rig.full("2001", 1));
        for row in rig.writable() {
            assert!(
                one.get(row.name).is_some(),
                "{} has no value",
                row.name.name()
            );
            assert_ne!(
                one.get(row.name),
                other.get(row.name),
                "{}",
                row.name.name()
            );
        }
        assert_eq!(errors(rig.manifest, &rig.small("2001")), []);
    });
}

#[test]
fn what_is_created_is_found_again_exactly_so() {
    each(|rig| {
        if !can(rig, rig.manifest.ability.create, "create") {
            return;
        }
        let connection = rig.connect();
        for (number, variant) in [("2001", 0), ("2002", 1)] {
            let wanted = rig.full(number, variant);
            create(rig, &connection, &wanted);
            let held = rig.look(&connection, number).unwrap();
            let unlike = held
                .iter()
                .filter(|(field, text)| rig.as_read(&wanted).get(*field) != Some(*text));
            let unlike: Vec<_> = unlike.collect();
            assert!(unlike.is_empty(), "{unlike:?}");
            rig.assert_stored(&connection, &wanted, &rig.name);
        }
        create(rig, &connection, &rig.small("2003"));
        rig.assert_stored(&connection, &rig.small("2003"), &rig.name);
        assert_eq!(rig.sim.numbers(), ["2001", "2002", "2003"]);
        assert_eq!(rig.sim.sign_ins(), 1);
    });
}

#[test]
fn doing_it_twice_plans_nothing_the_second_time() {
    each(|rig| {
        let connection = rig.connect();
        let wanted = rig.full("2001", 0);
        create(rig, &connection, &wanted);
        let held = rig.look(&connection, "2001");
        let plan = |mode, wanted: &Record| {
            ComparedRow {
                manifest: rig.manifest,
                wanted,
                current: held.as_ref(),
                is_written: &|_| false,
            }
            .decide(mode, 0)
        };
        assert_eq!(plan(Mode::Create, &wanted), Decision::Unchanged);
        // A field that is neither given back nor remembered is written each time, since its value is not known.
        let mut readable = wanted.clone();
        for row in rig.writable().filter(|row| row.access == Access::WriteOnly) {
            readable.remove(row.name);
        }
        for mode in [Mode::Create, Mode::Update, Mode::Upsert, Mode::Sync] {
            assert_eq!(plan(mode, &readable), Decision::Unchanged, "{mode:?}");
        }
        // After writing it once more nothing changes either.
        if let Decision::Change(again) = plan(Mode::Upsert, &wanted) {
            assert_eq!(rig.carry_out(&connection, again).result, RowResult::Updated);
            rig.assert_stored(&connection, &wanted, &rig.name);
        }
    });
}

#[test]
fn the_same_sheet_again_writes_nothing_and_a_changed_secret_writes_its_row_alone() {
    for vendor in kinds() {
        let rig = Rig::new(vendor, &BTreeMap::new());
        let (name, manifest) = (rig.name.clone(), rig.manifest);
        let is_group = manifest.key() != Field::NUMBER;
        let desk = Desk::at(TestPbx::serving(rig));
        let mut rows: Vec<Record> = (2001..2004)
            .map(|number| desk.pbx.full(&number.to_string(), 0))
            .collect();
        let groups = if is_group { "--groups" } else { "" };
        let import = |mode: &str| {
            let allowed = "--max-updates all --max-secret-changes all --max-deletes all";
            let line =
                format!("import in.csv --to TARGET {groups} --mode {mode} {allowed} --yes --json");
            desk.go(&line).exits(0)
        };
        desk.sheet("in.csv", &rows);
        if is_group {
            // It always has a group of its own.
            desk.sheet(
                "in.csv",
                &[
                    rows.clone(),
                    desk.pbx
                        .numbers()
                        .iter()
                        .map(|key| desk.pbx.keyed(key))
                        .collect(),
                ]
                .concat(),
            );
        }
        assert_eq!(import("create").count("created"), 3, "{name}");
        let twice = |modes: &[&str]| {
            let runs = desk.runs("state/rowcall");
            for mode in modes {
                let again = import(mode);
                let all = again.summary()["rows"].as_u64().unwrap();
                assert_eq!(
                    again.count("unchanged"),
                    all,
                    "{name} {mode}: {}",
                    again.out
                );
            }
            assert_eq!(desk.runs("state/rowcall"), runs, "{name}: nothing was sent");
        };
        // Nothing is deleted by a listing that may not be whole.
        let modes: &[&str] = match manifest.ability.list_is_complete {
            true => &["create", "update", "upsert", "sync"],
            false => &["create", "update", "upsert"],
        };
        twice(modes);
        let secrets = desk
            .pbx
            .writable()
            .filter(|row| !row.create_only && row.name.is_secret());
        let secrets: Vec<Field> = secrets.map(|row| row.name).collect();
        assert_eq!(secrets.is_empty(), is_group, "{name}");
        for field in secrets {
            let other = desk.pbx.full("2002", 1);
            rows[1].set(field, other.get(field).unwrap());
            desk.sheet("in.csv", &rows);
            let changed = import("upsert");
            let counts = (changed.count("updated"), changed.count("unchanged"));
            assert_eq!(counts, (1, 2), "{name} {}: {}", field.name(), changed.out);
            twice(&modes[1..]);
        }
    }
}

#[test]
fn an_update_of_one_field_changes_that_field_and_nothing_else() {
    each(|rig| {
        let connection = rig.connect();
        let (one, other) = (rig.full("2001", 0), rig.full("2001", 1));
        create(rig, &connection, &one);
        let bystander = rig.full("2002", 0);
        create(rig, &connection, &bystander);
        // One field after the other, each as soon as the rules about several fields let it.
        let mut left: Vec<_> = rig.writable().filter(|row| !row.create_only).collect();
        while !left.is_empty() {
            let mut now = rig.full("2001", 0);
            for (field, text) in rig.look(&connection, "2001").unwrap().iter() {
                now.set(field, text);
            }
            let fits = |row: &&FieldRow| {
                let mut next = now.clone();
                next.set(row.name, other.get(row.name).unwrap());
                errors(rig.manifest, &next).is_empty()
            };
            let at = left
                .iter()
                .position(fits)
                .expect("a field that may be changed");
            let row = left.remove(at);
            let name = row.name.name();
            let before = rig.look(&connection, "2001").unwrap();
            let unseen_before = unseen(rig, "2001", row.name);
            let mut wanted = rig.keyed("2001");
            wanted.set(row.name, other.get(row.name).unwrap());
            let update = change(0, Action::Update, wanted.clone(), Some(before.clone()));
            let done = rig.carry_out(&connection, update);
            assert_eq!(done.result, RowResult::Updated, "{name}: {done:?}");
            rig.assert_stored(&connection, &wanted, name);
            let (mut before, mut after) = (before, rig.look(&connection, "2001").unwrap());
            before.remove(row.name);
            after.remove(row.name);
            assert_eq!(after, before, "{name}");
            assert_eq!(unseen(rig, "2001", row.name), unseen_before, "{name}");
        }
        rig.assert_stored(&connection, &bystander, "the extension beside it");
        if rig.manifest.ability.update == UpdateKind::Fields {
            assert_eq!(rig.sim.created("2001"), 1);
        }
    });
}

/// Reads the PBX's values of the fields that it does not give back, except one. A field that is filled in goes with
/// others by the vendor's own rule.
fn unseen(rig: &Rig, number: &str, but: Field) -> Vec<(Field, Option<String>)> {
    let rows = rig
        .writable()
        .filter(|row| row.access == Access::WriteOnly && row.fill.is_none());
    let rows = rows.filter(|row| row.name != but);
    rows.map(|row| (row.name, rig.sim.stored(number, &row.wire)))
        .collect()
}

#[test]
fn a_field_that_is_emptied_is_empty_where_the_make_allows() {
    each(|rig| {
        let connection = rig.connect();
        let one = rig.full("2001", 0);
        create(rig, &connection, &one);
        let checker = Checker::without_sheet(rig.manifest);
        let mut emptied = 0;
        for row in rig.writable().filter(|row| !row.create_only) {
            let mut wanted = rig.keyed("2001");
            wanted.set(row.name, "");
            let before = rig.look(&connection, "2001");
            let mut findings = vec![];
            checker.extension(&wanted, Purpose::Update, &mut findings);
            checker.merged(&wanted, before.as_ref().unwrap(), &mut findings);
            if findings.iter().any(Finding::is_error) {
                continue;
            }
            emptied += 1;
            let done = rig.carry_out(
                &connection,
                change(0, Action::Update, wanted.clone(), before),
            );
            assert_eq!(
                done.result,
                RowResult::Updated,
                "{}: {done:?}",
                row.name.name()
            );
            let held = rig.look(&connection, "2001").unwrap();
            assert_eq!(
                differing(rig.manifest, &wanted, &held),
                [],
                "{}",
                row.name.name()
            );
        }
        println!("{}: {emptied} fields can be emptied", rig.name);
    });
}

#[test]
fn creating_one_that_exists_never_changes_it() {
    each(|rig| {
        let connection = rig.connect();
        let held = rig.full("2001", 0);
        create(rig, &connection, &held);
        let again = change(0, Action::Create, rig.full("2001", 1), None);
        let done = rig.carry_out(&connection, again);
        let refused = [RowResult::Conflict, RowResult::Rejected];
        assert!(refused.contains(&done.result), "{done:?}");
        assert!(!done.message.is_empty());
        rig.assert_stored(&connection, &held, &rig.name);
        assert_eq!(rig.sim.created("2001"), 1);
    });
}

#[test]
fn updating_one_that_is_not_there_makes_none() {
    each(|rig| {
        let connection = rig.connect();
        let mut wanted = rig.full("2001", 0);
        for row in rig.writable().filter(|row| row.create_only) {
            wanted.remove(row.name);
        }
        let done = rig.carry_out(&connection, change(0, Action::Update, wanted, None));
        assert_eq!(done.result, RowResult::Missing, "{done:?}");
        assert!(rig.sim.numbers().is_empty());
    });
}

#[test]
fn deleting_deletes_that_one_and_a_second_time_nothing() {
    each(|rig| {
        if !can(rig, rig.manifest.ability.delete, "delete") {
            return;
        }
        let connection = rig.connect();
        for number in ["2001", "2002", "200"] {
            create(rig, &connection, &rig.full(number, 0));
        }
        let delete = || change(0, Action::Delete, rig.keyed("200"), None);
        let done = rig.carry_out(&connection, delete());
        assert_eq!(done.result, RowResult::Deleted, "{done:?}");
        assert_eq!(rig.sim.numbers(), ["2001", "2002"]);
        let fault = connection
            .apply(Action::Delete, &rig.keyed("200"), None)
            .result;
        assert_eq!(fault.unwrap_err().kind, FaultKind::Missing);
        let done = rig.carry_out(&connection, delete());
        assert_eq!(done.result, RowResult::Unchanged, "{done:?}");
        rig.assert_stored(&connection, &rig.full("2001", 0), "the one beside it");
    });
}

#[test]
fn words_that_could_mean_all_delete_nothing() {
    each(|rig| {
        let connection = rig.connect();
        for number in ["1", "2", "3"] {
            create(rig, &connection, &rig.small(number));
        }
        for word in [
            "all",
            "ALL",
            "",
            " ",
            "*",
            "%",
            "1,2",
            "1;2",
            "1 2",
            "0-9",
            "__DEFAULT_EXTENSION_GROUP__",
        ] {
            let wanted = rig.keyed(word);
            let done = rig.carry_out(&connection, change(0, Action::Delete, wanted, None));
            assert_ne!(done.result, RowResult::Deleted, "{word:?}: {done:?}");
            assert_eq!(rig.sim.numbers(), ["1", "2", "3"], "{word:?}");
        }
    });
}

#[test]
fn the_listing_is_whole_over_many_pages() {
    each(|rig| {
        if !can(rig, rig.manifest.ability.list, "list") {
            return;
        }
        let connection = rig.connect();
        let empty = connection.list().unwrap();
        // Settings may make it certain all the same.
        let is_certain = rig.manifest.ability.list_is_complete;
        assert!(empty.complete || !is_certain);
        assert!(empty.numbers.is_empty(), "{empty:?}");
        let numbers: Vec<String> = (2000..2250).map(|number| number.to_string()).collect();
        for number in &numbers {
            create(rig, &connection, &rig.small(number));
        }
        let mut listing = connection.list().unwrap();
        listing.numbers.sort();
        assert_eq!(listing.numbers, numbers);
        assert!(listing.complete || !is_certain);
    });
}

#[test]
fn a_look_gives_all_that_are_there_and_no_other() {
    each(|rig| {
        let connection = rig.connect();
        let number = |index: usize| (3000 + index).to_string();
        for index in (0..60).filter(|index| index % 3 == 0) {
            create(rig, &connection, &rig.full(&number(index), index / 3 % 2));
        }
        let asked: Vec<String> = (0..60).map(number).collect();
        for (parallel, batch) in [(1, 1), (4, 7), (8, 1000)] {
            let looking = LookupOptions {
                parallel,
                batch,
                live: parallel == 4,
            };
            let mut found = vec![];
            connection
                .look_up_required(&asked, &looking, &mut |some| found.extend(some))
                .unwrap();
            let numbers: Vec<&str> = found.iter().map(Record::number).collect();
            let there: Vec<String> = (0..60).step_by(3).map(number).collect();
            assert_eq!(numbers, there, "{parallel} in flight, {batch} at once");
            for extension in &found {
                let index: usize = extension.number().parse::<usize>().unwrap() - 3000;
                let wanted = rig.full(extension.number(), index / 3 % 2);
                assert_eq!(differing(rig.manifest, &wanted, extension), []);
            }
        }
        let nobody = ["9998".to_owned(), "9999".to_owned()];
        let nobody = nobody.get(..rig.manifest.vendor.batch.min(2)).unwrap();
        assert_eq!(connection.fetch(nobody, false).unwrap(), []);
    });
}

#[test]
fn leading_zeros_name_another_extension() {
    each(|rig| {
        let mut lead = rig.small("42");
        lead.set(rig.manifest.key(), "0042");
        if !can(
            rig,
            errors(rig.manifest, &lead).is_empty(),
            "have a number with leading zeros",
        ) {
            return;
        }
        let connection = rig.connect();
        for (number, variant) in [("0042", 0), ("42", 1), ("042", 0)] {
            create(rig, &connection, &rig.full(number, variant));
        }
        assert_eq!(rig.sim.numbers(), ["0042", "042", "42"]);
        rig.assert_stored(&connection, &rig.full("0042", 0), "0042");
        rig.assert_stored(&connection, &rig.full("42", 1), "42");
        let done = rig.carry_out(
            &connection,
            change(0, Action::Delete, rig.keyed("42"), None),
        );
        assert_eq!(done.result, RowResult::Deleted);
        assert_eq!(rig.sim.numbers(), ["0042", "042"]);
    });
}

#[test]
fn any_text_that_the_rules_allow_survives_the_way_there_and_back() {
    let long = "ß".repeat(255);
    let texts = [
        r#"O'Neil & <Søn> "QA""#,
        &long,
        "]]> &amp; &lt;b&gt; <![CDATA[x]]>",
        "100% +1=2?a=b&c#d %26 %%",
        "日本語 🙂 é (composed) e\u{301} (not)",
        "two  spaces",
        "back\\slash /\\ \"",
        "null",
        "true",
        "007",
        "=1+1",
        "1e5",
    ];
    each(|rig| {
        let connection = rig.connect();
        let (mut tried, mut number) = (0, 5000);
        for row in rig
            .writable()
            .filter(|row| row.name.def().kind == Kind::Text)
        {
            for text in texts {
                let mut wanted = rig.small(&number.to_string());
                wanted.set(row.name, text);
                if !errors(rig.manifest, &wanted).is_empty()
                    || row.is_left_out(text)
                    || row.name == Field::VOICEMAIL_GREETING
                {
                    continue;
                }
                tried += 1;
                number += 1;
                create(rig, &connection, &wanted);
                rig.assert_stored(
                    &connection,
                    &wanted,
                    format!("{} {text:?}", row.name.name()),
                );
                // And as an update, which may carry it along or write it anew.
                if !row.create_only {
                    let mut plain = rig.keyed(wanted.number());
                    plain.set(row.name, value(row, wanted.number(), 1).unwrap());
                    for wanted in [plain, wanted.clone()] {
                        let mut update = rig.keyed(wanted.number());
                        update.set(row.name, wanted.get(row.name).unwrap());
                        let done = rig.carry_out(
                            &connection,
                            change(0, Action::Update, update.clone(), None),
                        );
                        assert_eq!(done.result, RowResult::Updated, "{done:?}");
                        rig.assert_stored(
                            &connection,
                            &update,
                            format!("{} {text:?} as an update", row.name.name()),
                        );
                    }
                }
            }
        }
        assert!(tried > 10, "only {tried} texts were tried");
    });
}

#[test]
fn changes_sent_together_do_not_undo_each_other() {
    each(|rig| {
        let connection = rig.connect();
        rig.sim.set_faults("latency_ms=1".parse().unwrap());
        let number = |row: usize| (2000 + row).to_string();
        let wanted: Vec<Record> = (0..24).map(|row| rig.full(&number(row), row % 2)).collect();
        let creations = wanted.iter().cloned().enumerate();
        let creations = creations.map(|(row, wanted)| change(row, Action::Create, wanted, None));
        let (_, done) = rig.submit(&connection, creations.collect(), 8);
        for (wanted, done) in wanted.iter().zip(&done) {
            assert_eq!(done.result, RowResult::Created, "{done:?}");
            rig.assert_stored(&connection, wanted, &rig.name);
        }
    });
}

#[test]
fn a_session_that_runs_out_in_mid_run_is_renewed_once() {
    each(|rig| {
        if !can(rig, has_sessions(rig), "run out of a session") {
            return;
        }
        let connection = rig.connect();
        rig.sim.set_faults("latency_ms=1".parse().unwrap());
        rig.sim.break_once("2030", Breakage::Expire);
        let wanted: Vec<Record> = (0..60)
            .map(|row| rig.small(&(2000 + row).to_string()))
            .collect();
        let changes = wanted.iter().cloned().enumerate();
        let changes = changes
            .map(|(row, wanted)| change(row, Action::Create, wanted, None))
            .collect();
        let (ended, done) = rig.submit(&connection, changes, 8);
        assert_eq!(ended, Ended::Whole);
        assert!(
            done.iter().all(|done| done.result == RowResult::Created),
            "{done:?}"
        );
        assert_eq!(rig.sim.sign_ins(), 2);
        for wanted in &wanted {
            rig.assert_stored(&connection, wanted, "after the renewal");
        }
    });
}

/// Returns true if the PBX forgets who signed in.
fn has_sessions(rig: &Rig) -> bool {
    let other = again(rig);
    let connection = other.connect();
    other.sim.expire_sessions();
    connection.fetch(&["1".to_owned()], false).unwrap();
    other.sim.sign_ins() > 1
}

#[test]
fn a_session_that_runs_out_before_any_request_of_a_change_does_no_harm() {
    each(|rig| {
        if !can(rig, has_sessions(rig), "run out of a session") {
            return;
        }
        // However many requests the change takes: once before each of them.
        for nth in 0.. {
            let rig = again(rig);
            let sim = rig.sim.clone();
            let is_open = Arc::new(AtomicBool::new(false));
            let is_of_change = is_open.clone();
            let link = Hooked::new(rig.in_process(), move |request, said, link| {
                if is_of_change.load(Ordering::SeqCst) && said == nth {
                    sim.expire_sessions();
                }
                link.exchange(request)
            });
            let said = link.said.clone();
            let connection = rig.connect_over(link);
            said.store(0, Ordering::SeqCst);
            is_open.store(true, Ordering::SeqCst);
            let wanted = rig.full("2001", 0);
            let done = rig.carry_out(&connection, change(0, Action::Create, wanted.clone(), None));
            let needed = said.load(Ordering::SeqCst);
            assert_eq!(done.result, RowResult::Created, "{nth}: {done:?}");
            rig.assert_stored(&connection, &wanted, format!("{nth}"));
            if nth > needed {
                break;
            }
        }
    });
}

#[test]
fn a_wrong_password_is_tried_once() {
    each(|rig| {
        if !can(rig, rig.manifest.ability.sign_in, "sign in") {
            return;
        }
        for (username, password) in [
            ("api", "Canary7731wrong"),
            ("nobody", "Canary7731account"),
            ("api", ""),
        ] {
            let before = rig.sim.sign_ins();
            let account = Account {
                username: username.into(),
                password: Secret::new(password),
                second: None,
            };
            let pace = Pace::unlimited(rig.stop.clone());
            let fault = rig
                .sign_in(Box::new(rig.in_process()), pace, account)
                .err()
                .unwrap();
            assert_eq!(fault.kind, FaultKind::CredentialRefused, "{fault:?}");
            assert!(!fault.hint.is_empty(), "{fault:?}");
            assert_eq!(rig.sim.sign_ins() - before, 1);
            assert_eq!(rig.sim.requests_to(""), 0);
        }
    });
}

#[test]
fn a_password_that_is_refused_in_mid_run_is_tried_once_more_and_the_run_ends() {
    each(|rig| {
        if !can(rig, has_sessions(rig), "run out of a session") {
            return;
        }
        let other = Account {
            username: "somebody else".into(),
            ..account()
        };
        let strangers = rowcall::sim::Sim::new((rig.vendor.sim)(&other), Faults::default());
        let ours = rig.sim.clone();
        let stranger = InProcess::new(
            strangers.clone(),
            rig.manifest.vendor.path.clone(),
            Duration::from_secs(5),
        );
        // From some request on it is another PBX that answers.
        let link = Hooked::new(rig.in_process(), move |request, _, link| {
            if ours.numbers().len() >= 20 {
                stranger.exchange(request)
            } else {
                link.exchange(request)
            }
        });
        let connection = rig.connect_over(link);
        let changes = (0..60).map(|row| {
            change(
                row,
                Action::Create,
                rig.small(&(2000 + row).to_string()),
                None,
            )
        });
        let (ended, done) = rig.submit(&connection, changes.collect(), 8);
        assert!(
            matches!(&ended, Ended::TargetLost(fault) if fault.kind == FaultKind::CredentialRefused),
            "{ended:?}"
        );
        // At Asterisk the account goes with each request, so that none is followed by a sign-in.
        let signs_in = rig.vendor.id != "asterisk";
        assert_eq!(strangers.sign_ins(), u32::from(signs_in));
        let created: BTreeSet<String> = done
            .iter()
            .filter(|done| done.result == RowResult::Created)
            .map(|done| done.number.clone())
            .collect();
        assert_eq!(created, rig.sim.numbers().into_iter().collect());
        assert_eq!(done.last().unwrap().result, RowResult::NotSent);
    });
}

#[test]
fn what_is_no_such_pbx_is_told_at_the_sign_in() {
    each(|rig| {
        for word in ["html", "garbage", "redirect"] {
            for seed in 0..6 {
                let faults = format!("seed={seed},{word}=1000,in_a_row=1000000");
                rig.sim.set_faults(faults.parse().unwrap());
                let pace = Pace::unlimited(rig.stop.clone());
                let fault = rig
                    .sign_in(Box::new(rig.in_process()), pace, account())
                    .err();
                let fault = fault.unwrap_or_else(|| panic!("{faults} was taken for a PBX"));
                assert_eq!(fault.kind, FaultKind::TargetUnusable, "{faults}: {fault:?}");
                assert!(
                    !fault.message.is_empty() && !fault.hint.is_empty(),
                    "{fault:?}"
                );
            }
        }
        rig.sim
            .set_faults("refuse=1000,in_a_row=1000000".parse().unwrap());
        let pace = Pace::unlimited(rig.stop.clone());
        let fault = rig
            .sign_in(Box::new(rig.in_process()), pace, account())
            .err()
            .unwrap();
        assert_eq!(fault.kind, FaultKind::NotSent, "{fault:?}");
    });
}

#[test]
fn no_make_takes_another_one_for_its_own() {
    each(|rig| {
        for other in rigs()
            .into_iter()
            .filter(|other| other.vendor.id != rig.vendor.id)
        {
            let link = InProcess::new(
                other.sim.clone(),
                rig.manifest.vendor.path.clone(),
                Duration::from_secs(5),
            );
            let pace = Pace::unlimited(rig.stop.clone());
            let fault = rig.sign_in(Box::new(link), pace, account()).err();
            let fault =
                fault.unwrap_or_else(|| panic!("{} was taken for {}", other.name, rig.name));
            assert!(fault.ends_the_run(), "{}: {fault:?}", other.name);
        }
    });
}

/// A link in which a test decides the fate of each request; requests are counted.
struct Hooked<F> {
    link: InProcess,
    said: Arc<AtomicUsize>,
    hook: F,
}

impl<F: Fn(&Request, usize, &InProcess) -> Result<Reply, Fault> + Send + Sync> Hooked<F> {
    fn new(link: InProcess, hook: F) -> Self {
        Hooked {
            link,
            said: Default::default(),
            hook,
        }
    }
}

impl<F: Fn(&Request, usize, &InProcess) -> Result<Reply, Fault> + Send + Sync> Link for Hooked<F> {
    fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        let said = self.said.fetch_add(1, Ordering::SeqCst);
        (self.hook)(request, said, &self.link)
    }
}

/// The ways of losing the reply to a writing request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lost {
    /// The PBX never did it.
    Before,
    /// The PBX did it.
    After,
    /// The PBX did it and answered that it is unavailable.
    Unavailable,
}

/// A PBX that loses the replies to the writing requests from the `first` to the `last`.
fn losing(link: InProcess, first: usize, last: usize, lost: Lost) -> impl Link {
    let writes = AtomicUsize::new(0);
    Hooked::new(link, move |request, _, link| {
        let writes = match request.effect {
            Effect::Writes => writes.fetch_add(1, Ordering::SeqCst),
            Effect::Reads | Effect::SignsIn => return link.exchange(request),
        };
        if !(first..=last).contains(&writes) {
            return link.exchange(request);
        }
        if lost != Lost::Before {
            link.exchange(request)?;
        }
        match lost {
            Lost::Unavailable => Ok(Reply::new(503, "text/plain", "")),
            _ => Err(Fault::new(
                FaultKind::MayHaveHappened,
                "link.closed",
                "the PBX closed the connection without a reply",
            )),
        }
    })
}

/// The most writing requests that one change of these tests takes.
const WRITES: usize = 5;

#[test]
fn a_lost_reply_never_makes_an_extension_twice() {
    each(|rig| {
        for lost in [Lost::Before, Lost::After, Lost::Unavailable] {
            for nth in 0..WRITES {
                let rig = again(rig);
                let connection = rig.connect_over(losing(rig.in_process(), nth, nth, lost));
                let wanted = rig.full("2001", 0);
                let done =
                    rig.carry_out(&connection, change(0, Action::Create, wanted.clone(), None));
                let context = format!("{lost:?} {nth}: {done:?}");
                assert_eq!(done.result, RowResult::Created, "{context}");
                assert_eq!(rig.sim.created("2001"), 1, "{context}");
                rig.assert_stored(&connection, &wanted, &context);
            }
        }
    });
}

#[test]
fn an_extension_that_somebody_else_made_meanwhile_is_never_overwritten() {
    each(|rig| {
        for lost in [Lost::Before, Lost::After, Lost::Unavailable] {
            let rig = again(rig);
            let theirs = rig.full("2001", 1);
            create(&rig, &rig.connect(), &theirs);
            let connection = rig.connect_over(losing(rig.in_process(), 0, 0, lost));
            let creation = change(0, Action::Create, rig.full("2001", 0), None);
            let done = rig.carry_out(&connection, creation);
            assert!(!done.result.is_done(), "{lost:?}: {done:?}");
            // A vendor that looks before the first write loses no reply: the extension is certainly there already.
            let certain = !done.was_looked_up && done.result == RowResult::Conflict;
            let told = certain || !done.differing.is_empty();
            assert!(told, "{lost:?}: {done:?}");
            rig.assert_stored(&connection, &theirs, format!("{lost:?}: {done:?}"));
        }
    });
}

#[test]
fn a_lost_reply_to_an_update_is_settled() {
    each(|rig| {
        for lost in [Lost::Before, Lost::After, Lost::Unavailable] {
            for nth in 0..WRITES {
                let rig = again(rig);
                create(&rig, &rig.connect(), &rig.full("2001", 0));
                let connection = rig.connect_over(losing(rig.in_process(), nth, nth, lost));
                let mut wanted = rig.full("2001", 1);
                for row in rig.writable().filter(|row| row.create_only) {
                    wanted.remove(row.name);
                }
                let before = rig.look(&connection, "2001");
                let done = rig.carry_out(
                    &connection,
                    change(0, Action::Update, wanted.clone(), before),
                );
                let context = format!("{lost:?} {nth}: {done:?}");
                assert_eq!(done.result, RowResult::Updated, "{context}");
                rig.assert_stored(&connection, &wanted, &context);
            }
        }
    });
}

#[test]
fn a_lost_reply_to_a_delete_is_settled() {
    each(|rig| {
        for lost in [Lost::Before, Lost::After, Lost::Unavailable] {
            for nth in 0..WRITES {
                let rig = again(rig);
                for number in ["2001", "2002"] {
                    create(&rig, &rig.connect(), &rig.small(number));
                }
                let connection = rig.connect_over(losing(rig.in_process(), nth, nth, lost));
                let delete = change(0, Action::Delete, rig.keyed("2001"), None);
                let done = rig.carry_out(&connection, delete);
                let context = format!("{lost:?} {nth}: {done:?}");
                assert_eq!(done.result, RowResult::Deleted, "{context}");
                assert_eq!(rig.sim.numbers(), ["2002"], "{context}");
                // No part of it stays behind.
                for row in rig.writable() {
                    assert_eq!(rig.sim.stored("2001", &row.wire), None, "{context}");
                }
            }
        }
    });
}

#[test]
fn a_creation_pays_the_pace_as_much_as_the_make_says() {
    const RATE: f64 = 200.0;
    each(|rig| {
        const LATE: usize = 2;
        let pace = Pace::per_second(RATE, rig.stop.clone()).unwrap();
        let cost = rig.manifest.vendor.create_cost;
        let free = pace.for_work_of(cost).burst() as usize;
        let connection = rig
            .sign_in(Box::new(rig.in_process()), pace, account())
            .unwrap();
        let begun = Instant::now();
        let wanted = (0..free + LATE).map(|row| rig.small(&(2001 + row).to_string()));
        let creations = wanted.enumerate();
        let creations = creations.map(|(row, wanted)| change(row, Action::Create, wanted, None));
        rig.submit(&connection, creations.collect(), 1);
        let paid = f64::from(cost) * LATE as f64;
        assert!(begun.elapsed() >= Duration::from_secs_f64(paid / RATE));
    });
}

#[test]
fn a_pbx_that_loses_every_reply_ends_in_the_truth() {
    each(|rig| {
        for (lost, truth) in [
            (Lost::Before, RowResult::Failed),
            (Lost::After, RowResult::Created),
        ] {
            let rig = again(rig);
            let connection = rig.connect_over(losing(rig.in_process(), 0, usize::MAX, lost));
            let wanted = rig.small("2001");
            let done = rig.carry_out(&connection, change(0, Action::Create, wanted, None));
            assert_eq!(done.result, truth, "{lost:?}: {done:?}");
            assert_eq!(rig.sim.created("2001"), u32::from(lost == Lost::After));
            // With the reads gone as well the result cannot be known.
            let is_open = Arc::new(AtomicBool::new(false));
            let was_opened = is_open.clone();
            let blind = Hooked::new(rig.in_process(), move |request, _, link| {
                if !was_opened.load(Ordering::SeqCst) {
                    link.exchange(request)
                } else {
                    Err(Fault::new(
                        FaultKind::MayHaveHappened,
                        "link.closed",
                        "closed",
                    ))
                }
            });
            let connection = rig.connect_over(blind);
            is_open.store(true, Ordering::SeqCst);
            let update = rig.small("2002");
            let done = rig.carry_out(&connection, change(0, Action::Create, update, None));
            assert_eq!(done.result, RowResult::Unknown, "{done:?}");
            assert!(done.message.contains("could not be looked at"), "{done:?}");
        }
    });
}

#[test]
fn a_pbx_that_asks_for_rest_gets_it_from_everybody() {
    const REST: Duration = Duration::from_millis(200);
    each(|rig| {
        let asked = Arc::new(Mutex::new(None));
        let when = asked.clone();
        // The fifth request is answered with "later".
        let link = Hooked::new(rig.in_process(), move |request, said, link| {
            if said != 5 {
                return link.exchange(request);
            }
            *when.lock().unwrap() = Some(Instant::now());
            let mut later = Reply::new(429, "text/plain", "later");
            later.retry_after = Some(REST);
            Ok(later)
        });
        let connection = rig.connect_over(link);
        let wanted = (0..40).map(|row| rig.small(&(2000 + row).to_string()));
        let changes = wanted
            .enumerate()
            .map(|(row, wanted)| change(row, Action::Create, wanted, None));
        let (ended, done) = rig.submit(&connection, changes.collect(), 4);
        assert_eq!(ended, Ended::Whole);
        assert!(
            done.iter().all(|done| done.result == RowResult::Created),
            "{done:?}"
        );
        let asked = asked.lock().unwrap().unwrap();
        // Those of the three other senders that were on their way then may still arrive.
        let soon = REST / 10..REST * 9 / 10;
        let arrivals = rig.sim.arrivals().into_iter();
        let early = arrivals
            .filter(|at| soon.contains(&at.saturating_duration_since(asked)))
            .count();
        assert!(early <= 3, "{early} requests came while it rested");
    });
}

#[test]
fn faults_of_every_kind_tell_no_secret() {
    let words = [
        "throttle",
        "unavailable",
        "unavailable_after",
        "refuse",
        "cut_before",
        "cut_after",
        "truncate",
        "garbage",
        "html",
        "redirect",
        "expire",
    ];
    each(|rig| {
        let faults_take_long = rig.name != Rig::kind(rig.vendor);
        if faults_take_long {
            return;
        }
        for word in words {
            rig.sim.set_faults(Faults::default());
            let connection = rig.connect();
            let number =
                (4000 + words.iter().position(|known| *known == word).unwrap()).to_string();
            create(rig, &connection, &rig.full(&number, 0));
            let faults = format!("seed=3,{word}=1000,in_a_row=1000000,retry_after_s=0");
            rig.sim.set_faults(faults.parse().unwrap());
            let wanted = rig.full("4999", 1);
            for action in [Action::Create, Action::Update, Action::Delete] {
                assert_no_secret_shown(&connection.apply(action, &wanted, None));
            }
            assert_no_secret_shown(&connection.list());
            assert_no_secret_shown(&connection.fetch(&[number], true).err());
            let changes = vec![
                change(0, Action::Create, rig.full("4998", 0), None),
                change(
                    1,
                    Action::Update,
                    rig.full("4997", 0),
                    Some(rig.full("4997", 1)),
                ),
            ];
            rig.submit(&connection, changes, 2);
        }
    });
}
