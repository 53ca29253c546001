//! Rows of a saved plan that could not be looked at when it was made, or would have been refused then.

use crate::support::altered::altered;
use crate::support::pbx::{Desk, TestPbx};
use rowcall::vendors::vendor;
use rowcall::wire::Reply;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A desk whose PBX does not show the objects whose addresses end so, as long as the second value is true.
fn half_blind(hidden: &'static [&'static str]) -> (Desk, Arc<AtomicBool>) {
    let is_blind = Arc::new(AtomicBool::new(true));
    let seen = is_blind.clone();
    let rig = altered(vendor("asterisk").unwrap(), move |pbx, heard| {
        let is_hidden = hidden.iter().any(|end| heard.target.ends_with(end));
        match is_hidden && heard.method == "GET" && seen.load(Ordering::Relaxed) {
            true => Reply::new(200, "application/json", "{\"half\":"),
            false => pbx.answer(heard),
        }
    });
    let desk = Desk::at(TestPbx::serving(rig));
    desk.write(
        "in.csv",
        "number,sip_password\n2001,tR7xkQ2mZp9w\n2002,tR7xkQ2mZp9v\n2003,tR7xkQ2mZp9u\n",
    );
    (desk, is_blind)
}

/// What a run looks at before it makes 2001, and what it looks at first of 2002.
const BOTH: &[&str] = &["/auth/2001", "/endpoint/2002"];

const FAST: &str = "--rate 5000 --reply-within 2 --report r.csv";

#[test]
fn a_change_that_could_not_be_looked_at_is_sent_and_a_row_that_could_not_be_read_is_named() {
    for (flags, exit, second) in [
        ("--on-drift skip", 1, ("none", "drifted")),
        ("--on-drift replan", 0, ("create", "created")),
    ] {
        let (desk, is_blind) = half_blind(BOTH);
        let plan = desk.ends(&format!("plan in.csv --to TARGET -o p.json {FAST}"), 1);
        assert!(plan.out.contains("! unknown 2001"), "{}", plan.out);
        assert!(plan.out.contains("1 to create"), "{}", plan.out);
        assert!(plan.out.contains("2 unknown"), "{}", plan.out);
        assert_eq!(desk.results("r.csv"), ["unknown", "unknown", "valid"]);
        let told = desk.report("r.csv");
        assert!(
            told[0]["hint"].contains("a run looks at it once more"),
            "{told:?}"
        );
        is_blind.store(false, Ordering::Relaxed);

        let stopped = desk.ends(&format!("import --plan p.json {FAST}"), 4);
        assert!(
            stopped.err.contains("or could not be read then"),
            "{}",
            stopped.err
        );
        desk.has_lines(
            "r.csv",
            &[
                ("2001", "create", "not_sent"),
                ("2002", "none", "drifted"),
                ("2003", "create", "not_sent"),
            ],
        );
        assert!(desk.pbx.numbers().is_empty());

        desk.ends(&format!("import --plan p.json {FAST} {flags}"), exit);
        desk.has_lines(
            "r.csv",
            &[
                ("2001", "create", "created"),
                ("2002", second.0, second.1),
                ("2003", "create", "created"),
            ],
        );
        let told = &desk.report("r.csv")[1]["message"];
        assert!(
            told.contains("could not be read when the plan was made"),
            "{told}"
        );
    }
}

/// A change that the PBX would have refused when the plan was made is looked at again, and sent where nothing is in its way any
/// more; what it refuses now gets the reason of now.
#[test]
fn a_refusal_of_then_is_not_repeated_and_one_of_now_is_told() {
    let trunks: Arc<Mutex<Vec<&str>>> = Arc::default();
    let seen = trunks.clone();
    let rig = altered(vendor("asterisk").unwrap(), move |pbx, heard| {
        let is_trunks = |number: &&str| heard.target.ends_with(&format!("/auth/{number}"));
        match heard.method == "GET" && seen.lock().unwrap().iter().any(is_trunks) {
            true => Reply::new(
                200,
                "application/json",
                r#"[{"attribute":"username","value":"provider"},{"attribute":"password","value":"x"}]"#,
            ),
            false => pbx.answer(heard),
        }
    });
    let desk = Desk::at(TestPbx::serving(rig));
    let rows: String = (2001..2005)
        .map(|number| format!("{number},tR7xkQ2mZp9w\n"))
        .collect();
    desk.write("in.csv", format!("number,sip_password\n{rows}"));
    *trunks.lock().unwrap() = vec!["2001", "2002"];
    let plan = desk.ends(&format!("plan in.csv --to TARGET -o p.json {FAST}"), 1);
    assert!(plan.out.contains("2 to create"), "{}", plan.out);
    assert_eq!(
        desk.results("r.csv"),
        ["conflict", "conflict", "valid", "valid"]
    );
    *trunks.lock().unwrap() = vec!["2002", "2003"];
    let dry = desk.ends(&format!("import --plan p.json --dry-run {FAST}"), 1);
    assert_eq!(
        desk.results("r.csv"),
        ["valid", "conflict", "conflict", "valid"],
        "{}",
        dry.out
    );
    desk.ends(&format!("import --plan p.json {FAST}"), 1);
    assert_eq!(
        desk.results("r.csv"),
        ["created", "conflict", "conflict", "created"]
    );
    assert_eq!(desk.pbx.numbers(), ["2001", "2004"]);
}

/// What could not be read then and is as wanted now is done.
#[test]
fn a_row_that_could_not_be_read_and_is_as_wanted_is_unchanged() {
    let (desk, is_blind) = half_blind(&["/auth/2001"]);
    is_blind.store(false, Ordering::Relaxed);
    desk.ends(&format!("import in.csv --to TARGET {FAST}"), 0);
    is_blind.store(true, Ordering::Relaxed);
    let plan = format!("plan in.csv --to TARGET --mode upsert -o p.json {FAST}");
    desk.ends(&plan, 1);
    assert_eq!(desk.results("r.csv"), ["unknown", "unchanged", "unchanged"]);
    is_blind.store(false, Ordering::Relaxed);
    desk.ends(&format!("import --plan p.json {FAST}"), 0);
    assert_eq!(desk.results("r.csv"), ["unchanged"; 3]);
}

/// One that cannot be read is asked for as often as its reply may be garbled, and not once more for each row beside it.
#[test]
fn an_extension_that_cannot_be_read_costs_the_others_no_request() {
    let (desk, is_blind) = half_blind(BOTH);
    let requests = |blind: bool| {
        is_blind.store(blind, Ordering::Relaxed);
        let before = desk.pbx.sim.requests();
        let exit = if blind { 1 } else { 0 };
        desk.ends(&format!("plan in.csv --to TARGET {FAST}"), exit);
        desk.pbx.sim.requests() - before
    };
    let seen = requests(false);
    // Each hidden look is tried three times in the place of once; the looks that would follow are fewer.
    assert!(requests(true) < seen, "{seen} requests where all is seen");
}

/// A plan for 200 new extensions asks for each of them once, and for the three objects that a run would look at.
#[test]
fn a_plan_for_two_hundred_new_extensions_takes_four_requests_a_row() {
    let desk = Desk::new("asterisk");
    let rows: String = (2000..2200)
        .map(|number| format!("{number},tR7xkQ2mZp{number}\n"))
        .collect();
    desk.write("in.csv", format!("number,sip_password\n{rows}"));
    let cost = |line: &str| {
        let before = desk.pbx.sim.requests();
        desk.ends(line, 0);
        desk.pbx.sim.requests() - before
    };
    let plan = cost(&format!("plan in.csv --to TARGET {FAST}"));
    let import = cost(&format!("import in.csv --to TARGET {FAST}"));
    let again = cost(&format!("plan in.csv --to TARGET --mode upsert {FAST}"));
    // Some sign in, and a reply that comes late on a busy machine is asked for again.
    assert!((800..=820).contains(&plan), "{plan} requests");
    assert!((2000..=2020).contains(&import), "{import} requests");
    assert!((800..=820).contains(&again), "{again} requests");
}
