//! Everything at once, against the program itself: lost replies, kills, second writers, sessions that run out.
//! `SIEGE_SEED` repeats an attack.

use crate::support::altered::{altered, contains};
use crate::support::fixture::Rig;
use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::{Program, Ran, ran, wait_until};
use crate::support::random::Random;
use rowcall::manifest::Access;
use rowcall::model::{Action, Field, Record};
use rowcall::vendors::{GROUPS, VENDORS, Vendor, vendor};
use rowcall::wire::{RawRequest, Reply};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Words at the end of a line: at full speed, and replies are lost for good soon.
const HASTE: &str = "--rate 5000 --reply-within 1 --parallel 4 --max-failures all";

fn losses(random: &mut Random) -> String {
    let seed = random.below(1_000_000);
    format!("seed={seed},cut_before=40,cut_after=60,truncate=20,latency_ms=2")
}

fn at(rig: Rig) -> Desk {
    let pbx = TestPbx::serving(rig);
    let program = Program::at(pbx.target()).with_own_state();
    Desk { program, pbx }
}

fn desk(id: &str) -> Desk {
    at(Rig::new(vendor(id).unwrap(), &BTreeMap::new()))
}

/// Starts a line, kills it at moments at random, and resumes it until it has ended by itself; `meanwhile` is done after
/// the first kill. A sign-in that was lost is begun again.
fn besieged(
    desk: &Desk,
    line: &str,
    kills: usize,
    random: &mut Random,
    mut meanwhile: impl FnMut(),
) -> Ran {
    let known: BTreeSet<String> = desk.runs("state").into_iter().collect();
    let run = || {
        desk.runs("state")
            .into_iter()
            .find(|run| !known.contains(run))
    };
    let mut words = line.to_owned();
    for kill in 0..kills {
        let mut child = desk.start(&words);
        let goal = desk.pbx.sim.requests() + random.below(70) as u64;
        let begun = Instant::now();
        while desk.pbx.sim.requests() < goal
            && begun.elapsed() < Duration::from_secs(4)
            && child.try_wait().unwrap().is_none()
        {
            thread::sleep(Duration::from_micros(500));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if let Some(run) = run() {
            words = format!("resume {run} --yes --report r.jsonl");
        }
        if kill == 0 {
            meanwhile();
        }
    }
    for _ in 0..8 {
        let ended = ran(
            &words,
            desk.command(&format!("{words} --json")).output().unwrap(),
        );
        if let Some(run) = run() {
            words = format!("resume {run} --yes --report r.jsonl");
        }
        if ended.exit != 3 && ended.count("not_sent") == 0 {
            return ended;
        }
    }
    panic!("it never ended: {}", desk.run(&words).err);
}

/// The rows of the report: number and result.
fn results(desk: &Desk) -> Vec<(String, String)> {
    let rows = desk.report("r.jsonl").into_iter();
    rows.map(|row| (row["number"].clone(), row["result"].clone()))
        .collect()
}

#[test]
fn renames_are_told_as_they_are_and_undone_whatever_was_lost_or_killed() {
    let mut random = Random::from_environment("SIEGE_SEED");
    for id in ["openvox", "yeastar_s"] {
        let desk = desk(id);
        let named_by = desk.pbx.named_by();
        let wire = desk.pbx.manifest.row(named_by).unwrap().wire.clone();
        let person = |number: &str, name: String| {
            let mut person = desk.pbx.small(number);
            person.set(named_by, name);
            person
        };
        let held: Vec<Record> = (2001..2041)
            .map(|number| person(&number.to_string(), format!("Person {number}")))
            .collect();
        desk.seed(&held);
        let state = || -> BTreeMap<String, String> {
            let numbers = desk.pbx.numbers().into_iter();
            numbers
                .map(|number| {
                    let name = desk.pbx.sim.stored(&number, &wire).unwrap_or_default();
                    (number, name)
                })
                .collect()
        };
        let before = state();
        let moves: Vec<(u32, u32)> = (2001..2041).map(|old| (old, old + 1000)).collect();
        let rows = moves.iter().map(|(old, new)| format!("{old},{new}\n"));
        desk.write(
            "in.csv",
            format!("number,new_number\n{}", rows.collect::<String>()),
        );
        desk.pbx.faults(&losses(&mut random));
        let line = format!(
            "import in.csv --to TARGET --mode update --max-updates all --yes --report r.jsonl {HASTE}"
        );
        // The last number is taken by hand, and that reply may be lost too.
        let ended = besieged(&desk, &line, 3, &mut random, || {
            if !desk.pbx.numbers().contains(&"3040".to_owned()) {
                let by_hand = person("3040", "By hand".into());
                desk.pbx.connect().apply(Action::Create, &by_hand, None);
            }
        });
        desk.pbx.faults("");
        let after = state();
        for ((old, new), (number, result)) in moves.iter().zip(results(&desk)) {
            let context = format!("{id} {number} {result}: {}", ended.err);
            let name = Some(format!("Person {old}"));
            let (old, new) = (old.to_string(), new.to_string());
            match result.as_str() {
                "updated" => {
                    assert_eq!(after.get(&new).cloned(), name, "{context}");
                    assert_eq!(after.get(&old), None, "{context}");
                }
                "unknown" => {}
                _ => assert_eq!(after.get(&old).cloned(), name, "{context}"),
            }
        }
        let (by_hand, people): (Vec<&String>, Vec<&String>) =
            after.values().partition(|name| *name == "By hand");
        let different: BTreeSet<&String> = people.iter().copied().collect();
        assert_eq!((people.len(), different.len()), (40, 40), "{id}: {after:?}");
        assert!(by_hand.len() <= 1, "{id}: {after:?}");

        desk.pbx.faults(&losses(&mut random));
        let line = "undo --yes --report r.jsonl";
        let undone = besieged(&desk, line, 1, &mut random, || {});
        desk.pbx.faults("");
        let mut back = state();
        back.retain(|_, name| name != "By hand");
        let known: Vec<(String, String)> = results(&desk);
        let all_done = known
            .iter()
            .all(|(_, result)| result == "updated" || result == "unchanged");
        if all_done {
            assert_eq!(back, before, "{id}: {}", undone.err);
        }
        let people: BTreeSet<&String> = back.values().collect();
        assert_eq!(
            (people.len(), back.len()),
            (40, 40),
            "{id}: {back:?} {}",
            undone.err
        );
    }
}

#[test]
fn a_chain_of_renames_is_undone_run_by_run_and_a_swap_is_never_begun() {
    let desk = desk("openvox");
    desk.seed(&desk.small([2001, 2002, 2003]));
    let rename = |rows: &str, exit: i32| {
        desk.write("in.csv", format!("number,new_number\n{rows}"));
        desk.run(&format!(
            "import in.csv --to TARGET --mode update --max-updates all --yes --report r.jsonl {HASTE}"
        ))
        .exits(exit)
    };
    let has = |numbers: [&str; 3]| assert_eq!(desk.pbx.numbers(), numbers);
    // A chain within one sheet, a swap, a ring: somebody has each of the new numbers still.
    for rows in [
        "2001,2002\n2002,2004\n",
        "2001,2002\n2002,2001\n",
        "2001,2002\n2002,2003\n2003,2001\n",
    ] {
        rename(rows, 1);
        let known = results(&desk);
        assert!(
            known.iter().any(|(_, result)| result != "updated"),
            "{rows}"
        );
        if desk.pbx.numbers() != ["2001", "2002", "2003"] {
            has(["2001", "2003", "2004"]);
            desk.run("undo --yes").exits(0);
        }
        has(["2001", "2002", "2003"]);
    }
    rename("2003,2005\n", 0);
    rename("2002,2003\n", 0);
    has(["2001", "2003", "2005"]);
    desk.run("undo --yes").exits(0);
    has(["2001", "2002", "2005"]);
    let first = desk.runs("state").into_iter().collect::<BTreeSet<_>>();
    let renames = first.iter().filter(|run| {
        let shown = desk.run(&format!("runs show {run}"));
        shown.out.contains("import")
    });
    // The older rename is undone by its name.
    let renames: Vec<&String> = renames.collect();
    let older = renames[renames.len() - 2];
    desk.run(&format!("undo {older} --yes"));
    assert!(desk.pbx.numbers().contains(&"2001".to_owned()));
}

#[test]
fn groups_are_as_they_are_told_whatever_was_lost_or_killed_and_undone() {
    let mut random = Random::from_environment("SIEGE_SEED");
    let desk = at(Rig::new(&GROUPS[0], &BTreeMap::new()));
    let group = |name: &str, members: &str| {
        let mut group = desk.pbx.full(name, 0);
        group.set(Field::GROUP_MEMBERS, members);
        group
    };
    let held: Vec<Record> = (0..20)
        .map(|at| {
            group(
                &format!("Held {at}"),
                &format!("{};{}", 2001 + at % 10, 2012),
            )
        })
        .collect();
    desk.seed(&held);
    let members = |name: &str| -> Option<BTreeSet<String>> {
        let members = desk.pbx.sim.stored(name, "members")?;
        let numbers = members.split([';', ',']).filter(|one| !one.is_empty());
        Some(numbers.map(str::to_owned).collect())
    };
    let state = || -> BTreeMap<String, Option<BTreeSet<String>>> {
        let names = desk.pbx.numbers().into_iter();
        names.map(|name| (name.clone(), members(&name))).collect()
    };
    let before = state();
    // Ten are changed, ten are deleted, ten are made.
    let wanted: Vec<Record> = (10..20)
        .map(|at| group(&format!("Held {at}"), "2015;2016"))
        .chain((0..10).map(|at| group(&format!("New {at}"), "2003;2004")))
        .collect();
    crate::support::sheets::write_extensions(&desk.path("groups.csv"), &wanted);
    desk.pbx.faults(&losses(&mut random));
    let line = format!(
        "import groups.csv --groups --to TARGET --mode sync --yes --max-deletes all --max-updates all --report r.jsonl {HASTE}"
    );
    let ended = besieged(&desk, &line, 4, &mut random, || {});
    desk.pbx.faults("");
    let after = state();
    for (name, result) in results(&desk) {
        let context = format!("{name} {result}: {}", ended.err);
        let is = after.get(&name).cloned().flatten();
        let has = |wanted: &[&str]| {
            is.as_ref()
                .is_some_and(|is| wanted.iter().all(|one| is.contains(*one)))
        };
        match result.as_str() {
            "created" => assert!(has(&["2003", "2004"]), "{context} {is:?}"),
            "updated" => assert!(has(&["2015", "2016"]), "{context} {is:?}"),
            "deleted" => assert!(!after.contains_key(&name), "{context}"),
            _ => {}
        }
        assert!(desk.pbx.sim.created(&name) <= 1, "{context}");
    }
    desk.pbx.faults(&losses(&mut random));
    let undone = besieged(&desk, "undo --yes --report r.jsonl", 2, &mut random, || {});
    desk.pbx.faults("");
    let all_done = results(&desk)
        .iter()
        .all(|(_, result)| result != "unknown" && result != "failed" && result != "held");
    if all_done && ended.exit == 0 {
        assert_eq!(state(), before, "{} {}", undone.out, undone.err);
    }
}

#[test]
fn what_a_migration_remembers_is_right_after_kills_resumes_and_an_undo() {
    let mut random = Random::from_environment("SIEGE_SEED");
    let ids: Vec<&str> = VENDORS.iter().map(|vendor| vendor.id).collect();
    for (position, from) in ids.iter().enumerate() {
        let to = ids[(position + 1) % ids.len()];
        let (old, mut desk) = (TestPbx::new(from), desk(to));
        desk.program = Program::new().with_own_state();
        desk.write("rowcall.toml", old.config("old") + &desk.pbx.config("new"));
        let has_name = |pbx: &TestPbx| pbx.manifest.row(Field::DISPLAY_NAME).is_some();
        let held: Vec<Record> = (2001..2041)
            .map(|number| {
                let mut one = old.small(&number.to_string());
                one.set(Field::SIP_PASSWORD, format!("tR7xkQ{number}Zp9w"));
                if has_name(&old) {
                    one.set(Field::DISPLAY_NAME, "Ann");
                }
                one
            })
            .collect();
        old.seed(&held);
        let fill = match has_name(&desk.pbx) && !has_name(&old) {
            true => "--fill display_name=Ann",
            false => "",
        };
        let migrate = format!(
            "migrate --from old --to new --yes --on-loss report --max-updates all --max-deletes all {fill}"
        );
        desk.pbx.faults(&losses(&mut random));
        let line = format!("{migrate} --report r.jsonl {HASTE}");
        let ended = besieged(&desk, &line, 3, &mut random, || {});
        desk.pbx.faults("");
        let context = format!("{from} to {to}: {}", ended.err);
        assert_eq!(ended.count("created"), 40, "{context}");
        assert!(ended.exit <= old.exit_of_export(), "{context}");
        // Later on its name does not tell: of two runs of one second either may come first.
        let first = desk.runs("state").pop().unwrap();
        let again = desk.run(&format!("{migrate} --json"));
        assert_eq!(
            again.count("unchanged"),
            40,
            "{context} {} {}",
            again.out,
            again.err
        );

        // Changed by hand on the old one, carried over, killed; then both runs are undone.
        let is_carried = |field: &Field| {
            let pbxes = [&old, &desk.pbx];
            pbxes.iter().all(|pbx| {
                let row = pbx.manifest.row(*field);
                row.is_some_and(|row| row.access == Access::ReadWrite && !row.create_only)
            })
        };
        let fields = [
            (Field::SIP_PASSWORD, "Changed7731pw"),
            (Field::CALLER_ID, "15550199"),
            (Field::ENABLED, "off"),
        ];
        let field = fields.into_iter().find(|(field, _)| is_carried(field));
        let (field, text) = field.unwrap();
        let mut changed = held[0].key_only();
        changed.set(field, text);
        assert!(
            old.connect()
                .apply(Action::Update, &changed, None)
                .result
                .is_ok()
        );
        let over = besieged(&desk, &line, 1, &mut random, || {});
        assert_eq!(
            (over.exit, over.count("updated"), over.count("unchanged")),
            (old.exit_of_export(), 1, 39),
            "{context} {}",
            over.err
        );
        desk.run("undo --yes").exits(0);
        let undone = besieged(
            &desk,
            &format!("undo {first} --yes --report r.jsonl"),
            2,
            &mut random,
            || {},
        );
        assert_eq!(desk.pbx.numbers().len(), 0, "{context} {}", undone.err);
        let once_more = desk.run(&format!("{migrate} --json"));
        assert_eq!(
            (once_more.exit, once_more.count("created")),
            (old.exit_of_export(), 40),
            "{context} {} {}",
            once_more.out,
            once_more.err
        );
    }
}

#[test]
fn sessions_that_run_out_all_the_time_lose_and_double_nothing() {
    let mut random = Random::from_environment("SIEGE_SEED");
    for vendor in VENDORS {
        let desk = desk(vendor.id);
        let wanted = desk.small(2001..2081);
        desk.sheet("in.csv", &wanted);
        let seed = random.below(1_000_000);
        desk.pbx.faults(&format!(
            "seed={seed},expire=200,cut_after=30,cut_before=20"
        ));
        let line = format!("import in.csv --to TARGET --yes --report r.jsonl {HASTE}");
        let ended = besieged(&desk, &line, 1, &mut random, || {});
        desk.pbx.faults("");
        let numbers = desk.pbx.numbers();
        for (number, result) in results(&desk) {
            let context = format!("{} {number} {result}: {}", vendor.id, ended.err);
            if result == "created" {
                assert!(numbers.contains(&number), "{context}");
            }
            if ["failed", "rejected", "not_sent"].contains(&&*result) {
                assert!(!numbers.contains(&number), "{context}");
            }
            assert!(desk.pbx.sim.created(&number) <= 1, "{context}");
        }
        // A row whose session runs out again and again is given up; most get through.
        assert!(
            ended.count("created") >= 40,
            "{}: {} {}",
            vendor.id,
            ended.out,
            ended.err
        );
    }
}

#[test]
fn a_pbx_that_lets_nobody_in_any_more_is_not_asked_again_and_again() {
    for vendor in VENDORS {
        let asked = Arc::new(AtomicU64::new(0));
        let counter = asked.clone();
        let rig = altered(vendor, move |pbx, heard| match pbx.numbers().len() >= 20 {
            true => {
                counter.fetch_add(1, Ordering::Relaxed);
                Reply::new(401, "text/html", "<html>who are you?</html>")
            }
            false => pbx.answer(heard),
        });
        let desk = at(rig);
        desk.sheet("in.csv", &desk.small(2001..2101));
        let line = format!("import in.csv --to TARGET --yes --report r.jsonl --json {HASTE}");
        let ended = desk.run(&line);
        let context = format!("{}: {} {}", vendor.id, ended.out, ended.err);
        assert!([1, 3, 4].contains(&ended.exit), "{context}");
        assert_eq!(ended.summary()["rows"], 100, "{context}");
        assert!(ended.count("created") <= 20, "{context}");
        assert!(ended.count("not_sent") >= 50, "{context}");
        let asked = asked.load(Ordering::Relaxed);
        assert!(asked <= 60, "{asked} requests, {context}");
    }
}

#[test]
fn runs_are_cleaned_beside_one_that_is_at_work_and_that_one_and_its_memory_stay() {
    for id in ["openvox", "ozeki"] {
        let desk = desk(id);
        let sheet = desk.sample(12);
        assert!(sheet.exists());
        let first = desk.run(&format!("import staff.csv --to TARGET --yes {HASTE}"));
        first.exits(0);
        let mut child = desk.start("delete staff.csv --from TARGET --yes --max-deletes all --rate 3 --parallel 1 --verify none");
        wait_until(|| desk.runs("state").len() == 2);
        wait_until(|| desk.pbx.numbers().len() < 12);
        let cleaned = desk.run("runs clean --keep 0");
        assert!(cleaned.exit < 2, "{}", cleaned.err);
        // Of a target that is being worked on all stay: what the run remembers may be theirs.
        assert_eq!(desk.runs("state").len(), 2, "{id}: {}", cleaned.err);
        assert!(child.wait().unwrap().success());
        assert!(desk.pbx.numbers().is_empty());
        desk.run("undo --yes");
        assert!(!desk.pbx.numbers().is_empty(), "{id}");
        // Write-only fields are remembered, so the same sheet changes nothing.
        let again = desk.run(&format!(
            "import staff.csv --to TARGET --mode upsert --max-updates all --max-secret-changes all --yes --json {HASTE}"
        ));
        assert!(again.exit < 2, "{id}: {}", again.err);
        let rows = fs::read_dir(desk.path("state/memory")).unwrap().count();
        assert!(rows > 0, "{id}");
        desk.run("runs clean --keep 0").exits(0);
        assert!(desk.runs("state").is_empty());
        assert_eq!(fs::read_dir(desk.path("state/memory")).unwrap().count(), 0);
    }
}

#[test]
fn while_a_second_writer_makes_and_deletes_others_nothing_that_is_named_is_taken_for_missing() {
    // A second client of a 3CX ends the token of the first.
    for vendor in VENDORS.iter().filter(|vendor| vendor.id != "3cx-v20") {
        let desk = desk(vendor.id);
        let named_by = desk.pbx.named_by();
        desk.seed(&desk.small(2001..2071));
        let rows: String = (2001..2036)
            .map(|number| format!("{number},Changed{number}\n"))
            .collect();
        desk.write("update.csv", format!("number,{}\n{rows}", named_by.name()));
        let rows: String = (2036..2071).map(|number| format!("{number}\n")).collect();
        desk.write("delete.csv", format!("number\n{rows}"));
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let connection = desk.pbx.connect();
                while !over.load(Ordering::Relaxed) {
                    for number in 1000..1012 {
                        let other = desk.pbx.small(&number.to_string());
                        let _ = connection.apply(Action::Create, &other, None);
                    }
                    for number in 1000..1012 {
                        let other = desk.pbx.small(&number.to_string());
                        let _ = connection.apply(Action::Delete, &other, None);
                    }
                }
            });
            let updated = desk.run(&format!(
                "import update.csv --to TARGET --mode update --max-updates all --yes --json {HASTE}"
            ));
            let deleted = desk.run(&format!(
                "delete delete.csv --from TARGET --max-deletes all --yes --json {HASTE}"
            ));
            over.store(true, Ordering::Relaxed);
            assert_eq!(
                (updated.exit, updated.count("updated")),
                (0, 35),
                "{}: {} {}",
                vendor.id,
                updated.out,
                updated.err
            );
            assert_eq!(
                (deleted.exit, deleted.count("deleted")),
                (0, 35),
                "{}: {} {}",
                vendor.id,
                deleted.out,
                deleted.err
            );
        });
    }
}

#[test]
fn without_reading_back_what_is_told_as_done_is_done_whatever_was_lost() {
    let mut random = Random::from_environment("SIEGE_SEED");
    for vendor in VENDORS {
        let desk = desk(vendor.id);
        let named_by = desk.pbx.named_by();
        let wire = desk.pbx.manifest.row(named_by).unwrap().wire.clone();
        desk.sheet("in.csv", &desk.small(2001..2061));
        let rows = (2001..2031).map(|number| format!("{number},Changed{number}\n"));
        let rows: String = rows.collect();
        desk.write("update.csv", format!("number,{}\n{rows}", named_by.name()));
        let rows: String = (2031..2061).map(|number| format!("{number}\n")).collect();
        desk.write("delete.csv", format!("number\n{rows}"));
        for line in [
            "import in.csv --to TARGET",
            "import update.csv --to TARGET --mode update --max-updates all",
            "delete delete.csv --from TARGET --max-deletes all",
        ] {
            desk.pbx.faults(&losses(&mut random));
            let line = format!("{line} --verify none --yes --report r.jsonl {HASTE}");
            let mut ended = desk.run(&line);
            // A sign-in may be lost three times.
            for _ in 0..8 {
                if ended.exit != 3 {
                    break;
                }
                ended = desk.run(&line);
            }
            desk.pbx.faults("");
            let numbers = desk.pbx.numbers();
            let known = results(&desk);
            assert!(known.len() >= 30, "{line}: {}", ended.err);
            for (number, result) in known {
                let context = format!("{} {line} {number} {result}: {}", vendor.id, ended.err);
                let is_there = numbers.contains(&number);
                let name = desk.pbx.sim.stored(&number, &wire);
                match result.as_str() {
                    "created" => assert!(is_there, "{context}"),
                    "updated" => assert_eq!(name, Some(format!("Changed{number}")), "{context}"),
                    "deleted" => assert!(!is_there, "{context}"),
                    "unknown" => {}
                    _ if line.starts_with("import in") => assert!(!is_there, "{context}"),
                    _ => assert_ne!(name, Some(format!("Changed{number}")), "{context}"),
                }
            }
        }
    }
}

#[test]
fn a_number_that_slips_between_two_pages_of_a_listing_is_not_taken_for_missing() {
    const HONEST: u8 = 0;
    /// The next deletion is kept for later.
    const KEEPS: u8 = 1;
    /// It is carried out between the first two pages of the next listing.
    const READY: u8 = 2;
    let stage = Arc::new(AtomicU8::new(HONEST));
    let now = stage.clone();
    let mut kept = None;
    let rig = altered(vendor("portsip").unwrap(), move |pbx, heard| {
        match now.load(Ordering::SeqCst) {
            KEEPS if heard.path().ends_with("extensions/destroy") => {
                kept = Some(heard.clone());
                now.store(READY, Ordering::SeqCst);
                return Reply::new(200, "application/json", "{}");
            }
            READY if contains(heard, "extensions/list") && contains(heard, "pagination=2") => {
                now.store(HONEST, Ordering::SeqCst);
                let gone = pbx.answer(kept.as_ref().unwrap());
                assert_eq!(gone.status, 200);
            }
            _ => {}
        }
        pbx.answer(heard)
    });
    let desk = at(rig);
    desk.seed(&desk.small((1000..1002).chain(2001..2151)));
    let named_by = desk.pbx.named_by().name();
    desk.write("update.csv", format!("number,{named_by}\n2099,Changed\n"));
    desk.write("delete.csv", "number\n2100\n");
    // A page has 100: as one before them goes, the first one of the second page comes to be on none.
    let update = "import update.csv --to TARGET --mode update";
    let delete = "delete delete.csv --from TARGET --max-deletes all";
    for (other, line, result) in [("1000", update, "updated"), ("1001", delete, "deleted")] {
        stage.store(KEEPS, Ordering::SeqCst);
        let connection = desk.pbx.connect();
        let other = desk.pbx.small(other);
        let kept = connection.apply(Action::Delete, &other, None);
        assert!(kept.result.is_ok());
        let ended = desk.run(&format!("{line} --yes --json --report r.jsonl {HASTE}"));
        let context = format!("{line}: {} {}", ended.out, ended.err);
        assert_eq!(stage.load(Ordering::SeqCst), HONEST, "{context}");
        assert_eq!((ended.exit, ended.count(result)), (0, 1), "{context}");
    }
}

#[test]
fn lost_replies_to_sign_ins_end_a_run_before_the_account_is_locked() {
    for vendor in VENDORS {
        // From the start on, and once the session has run out in mid-run.
        for made in [0, 5] {
            let rig = altered(vendor, move |pbx, heard| {
                let is_due = pbx.numbers().len() >= made;
                if is_due && made > 0 {
                    pbx.expire_sessions();
                }
                let before = pbx.sign_ins();
                let reply = pbx.answer(heard);
                match is_due && pbx.sign_ins() > before {
                    true => Reply::new(500, "text/plain", "lost"),
                    false => reply,
                }
            });
            let desk = at(rig);
            desk.sheet("in.csv", &desk.small(2001..2041));
            let line = format!("import in.csv --to TARGET --yes --report r.jsonl --json {HASTE}");
            let ended = desk.run(&line);
            let sign_ins = desk.pbx.sim.sign_ins();
            let context = format!("{} {made}: {sign_ins} {}", vendor.id, ended.err);
            // Asterisk is asked when it started by what it is signed in with, and locks no account.
            let is_counted = made == 0 || vendor.id != "asterisk";
            assert!(sign_ins <= 4 || !is_counted, "{context}");
            // It has no session that could run out.
            let ends = made == 0 || vendor.id != "ozeki";
            assert_eq!(ended.exit, if ends { 3 } else { 0 }, "{context}");
        }
    }
}

#[test]
fn what_a_pbx_lists_and_does_not_show_is_unknown_and_not_missing() {
    // A listing that looks at each extension lists only those that the PBX shows.
    let shows = |vendor: &&Vendor| !(vendor.manifest)().ability.looks_at_each;
    for vendor in VENDORS.iter().filter(shows) {
        let hides = Arc::new(AtomicBool::new(false));
        let hidden = hides.clone();
        let rig = altered(vendor, move |pbx, heard| {
            if !hidden.load(Ordering::SeqCst) || !contains(heard, "2003") {
                return pbx.answer(heard);
            }
            // It answers as for a number that it does not have.
            let body = String::from_utf8_lossy(&heard.body).replace("2003", "9999");
            let mut reply = pbx.answer(&RawRequest {
                target: heard.target.replace("2003", "9999"),
                body: body.into_bytes(),
                ..heard.clone()
            });
            let text = String::from_utf8_lossy(&reply.body).replace("9999", "2003");
            reply.body = text.into_bytes();
            reply
        });
        let desk = at(rig);
        desk.seed(&desk.small(2001..2009));
        hides.store(true, Ordering::SeqCst);
        let name = desk.pbx.named_by().name();
        let row = |number: u32| format!("{number},new{number}\n");
        let rows: String = (2001..2005).map(row).collect();
        desk.write("in.csv", format!("number,{name}\n{rows}"));
        for command in [
            "import in.csv --mode update --max-updates all --to",
            "delete in.csv --max-deletes all --from",
        ] {
            let line = format!("{command} TARGET --yes --report r.jsonl {HASTE}");
            let ended = desk.run(&line);
            let done = if command.starts_with("delete") {
                "deleted"
            } else {
                "updated"
            };
            let expected = [done, done, "unknown", done];
            let told: Vec<String> = results(&desk).into_iter().map(|(_, it)| it).collect();
            assert_eq!(told, expected, "{} {command}: {}", vendor.id, ended.err);
        }
        assert!(desk.pbx.numbers().contains(&"2003".to_owned()));
    }
}
