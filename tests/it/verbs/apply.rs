//! Changes that are in effect only after a step of its own: once a run, at its end, and never forgotten.

use crate::support::altered::{altered, contains};
use crate::support::fixture::Rig;
use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::{signal, wait_until};
use jiff::{ToSpan, Zoned};
use rowcall::sim::{Registrar, RegistrarAccount};
use rowcall::vendors::vendor;
use rowcall::wire::Reply;
use serde_json::Value;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

const NO_ROOM: &str = r#"{"errors":[{"message":"Can not add extension beyond the extensions license limit","status":false}]}"#;

/// The times that a PBX was asked to apply.
type Asked = Arc<AtomicU32>;

/// A FreePBX that counts, and that answers such a request for itself while `answer` gives a reply.
fn counting(answer: impl Fn(u32) -> Option<Reply> + Send + 'static) -> (Desk, Asked) {
    let asked = Asked::default();
    let count = asked.clone();
    let rig = altered(vendor("freepbx").unwrap(), move |pbx, heard| {
        if !contains(heard, "doreload") {
            return pbx.answer(heard);
        }
        let before = count.fetch_add(1, Ordering::SeqCst);
        answer(before).unwrap_or_else(|| pbx.answer(heard))
    });
    (at(rig), asked)
}

/// A desk whose target `hq` is this PBX.
fn at(rig: Rig) -> Desk {
    let mut desk = Desk::at(TestPbx::serving(rig));
    desk.program = desk.program.with_own_state();
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk
}

fn desk() -> (Desk, Asked) {
    counting(|_| None)
}

fn sheet(numbers: impl IntoIterator<Item = u32>) -> String {
    let mut text = "number,display_name\n".to_owned();
    for number in numbers {
        writeln!(text, "{number},Desk {number}").unwrap();
    }
    text
}

fn times(asked: &Asked) -> u32 {
    asked.load(Ordering::SeqCst)
}

/// The secret by which a telephone signs in; none where the extension is not in effect.
fn live(desk: &Desk, number: &str) -> Option<String> {
    desk.pbx.sim.live(number, "user.extPassword")
}

/// The newest run as JSON has it.
fn newest(desk: &Desk) -> Value {
    desk.run("runs show --json").exits(0).summary()
}

fn word<'v>(run: &'v Value, name: &str) -> &'v str {
    run[name].as_str().unwrap_or_default()
}

#[test]
fn two_thousand_rows_of_which_three_fail_are_applied_once() {
    let (desk, asked) = desk();
    desk.seed(&desk.small([2010, 3000, 3999]));
    desk.write("in.csv", sheet(2000..4000));
    desk.run("plan in.csv --to hq").exits(1).says(&[
        "hq: nothing of it is in effect before Apply Config, which is done once, when all rows are sent",
        "what others have changed there",
    ]);
    assert_eq!(times(&asked), 0);
    let line = "import in.csv --to hq --yes --verify none --report out.csv --json";
    let done = desk.run(line).exits(1);
    assert_eq!(times(&asked), 1, "{}", done.err);
    assert_eq!((done.count("created"), done.count("conflict")), (1997, 3));
    assert_eq!(done.summary()["apply"], "done");
    assert!(live(&desk, "3998").is_some());
    assert_eq!(newest(&desk)["apply"], "done");
    assert_eq!(newest(&desk)["state"], "finished");
}

#[test]
fn where_nothing_was_changed_nothing_is_applied() {
    let (desk, asked) = desk();
    desk.seed(&desk.small([2001]));
    desk.write("in.csv", "number,caller_id\n2001,030555\n");
    desk.run("import in.csv --to hq --yes").exits(1);
    desk.write("same.csv", "number\n2001\n");
    desk.run("import same.csv --to hq --yes --mode update")
        .exits(0);
    assert_eq!(times(&asked), 0);
}

#[test]
fn a_run_that_was_told_not_to_apply_says_so_and_a_resume_does_it() {
    let (desk, asked) = desk();
    desk.write("in.csv", sheet(2000..2003));
    desk.run("import in.csv --to hq --yes --apply none")
        .exits(0)
        .says(&[
            "Apply Config, which is left to you (--apply none)",
            "Apply Config is left to you: until then the changes are stored and not in effect",
            "--apply at-end does it too",
        ]);
    assert_eq!((times(&asked), live(&desk, "2001")), (0, None));
    let run = newest(&desk);
    assert_eq!(
        (word(&run, "state"), word(&run, "apply")),
        ("finished", "left")
    );
    assert!(
        desk.run("runs")
            .exits(0)
            .out
            .contains("finished, not in effect")
    );
    let name = word(&run, "run");
    desk.run(&format!("resume {name}")).exits(0);
    assert_eq!(times(&asked), 0, "the run was told not to");
    desk.run(&format!("resume {name} --apply at-end")).exits(0);
    assert_eq!(times(&asked), 1);
    assert!(live(&desk, "2001").is_some());
    // It is done: another resume has nothing to do.
    desk.run(&format!("resume {name} --apply at-end")).exits(0);
    assert_eq!(times(&asked), 1);
}

#[test]
fn one_that_fails_is_outstanding_until_a_resume_without_a_row() {
    let failed = r#"{"errors":[{"message":"Rechte fehlen","status":false}]}"#;
    let answer = move |before| (before == 0).then(|| Reply::new(400, "application/json", failed));
    let (desk, asked) = counting(answer);
    desk.write("in.csv", sheet(2000..2003));
    desk.run("import in.csv --to hq --yes --report out.csv --report out.html --report out.xlsx")
        .exits(1)
        .says(&[
            "Apply Config is outstanding, and until then the changes are stored and not in effect",
            "to continue: rowcall resume",
        ]);
    // Every report says it: a table in each row, and a page once, and so does one that is written again.
    let stored = "run.not_in_effect,,,\"it is stored on the PBX, and not in effect yet\"";
    let way = |name: &str| format!("rowcall resume {name} brings it into effect");
    let name = word(&newest(&desk), "run").to_owned();
    desk.run(&format!("report {name} -o again.csv")).exits(0);
    desk.run(&format!("report {name} -o again.html")).exits(0);
    for file in ["out.csv", "again.csv"] {
        let report = desk.read(file);
        assert_eq!(report.matches(stored).count(), 3, "{report}");
        assert_eq!(report.matches(&way(&name)).count(), 3, "{report}");
    }
    for file in ["out.html", "again.html"] {
        let report = desk.read(file).replace("<wbr>", "");
        let fact = "<dt>in effect</dt><dd>no: they are only stored — rowcall resume";
        assert!(report.contains(fact), "{report}");
        assert!(!report.contains("not in effect yet"), "{report}");
    }
    assert_eq!(times(&asked), 1);
    let run = newest(&desk);
    assert_eq!(
        (word(&run, "state"), word(&run, "apply")),
        ("to_be_resumed", "due")
    );
    assert_eq!(
        (&run["waiting"], &run["to_be_looked_up"]),
        (&Value::from(0), &Value::from(0))
    );
    desk.run("resume").exits(0).says(&["Apply Config is done"]);
    assert_eq!(times(&asked), 2);
    desk.run(&format!("report {name} -o done.csv")).exits(0);
    for file in ["out.csv", "done.csv"] {
        assert!(!desk.read(file).contains("not_in_effect"), "{file}");
    }
    let html = desk.read("out.html");
    assert!(html.contains("<dt>in effect</dt><dd>yes</dd>"), "{html}");
    assert!(live(&desk, "2002").is_some());
    assert_eq!(newest(&desk)["state"], "finished");
}

#[test]
fn a_reply_that_is_lost_is_asked_for_again() {
    let lost = |before| (before == 0).then(|| Reply::new(502, "text/plain", "gone"));
    let (desk, asked) = counting(lost);
    desk.write("in.csv", sheet(2000..2001));
    desk.run("import in.csv --to hq --yes").exits(0);
    assert_eq!(times(&asked), 2);
    assert_eq!(newest(&desk)["apply"], "done");
}

/// A PBX that has no room for this extension.
fn without_room(number: &'static str) -> (Desk, Asked) {
    let asked = Asked::default();
    let count = asked.clone();
    let rig = altered(vendor("freepbx").unwrap(), move |pbx, heard| {
        count.fetch_add(u32::from(contains(heard, "doreload")), Ordering::SeqCst);
        match contains(heard, "addExtension") && contains(heard, number) {
            true => Reply::new(400, "application/json", NO_ROOM),
            false => pbx.answer(heard),
        }
    });
    (at(rig), asked)
}

#[test]
fn a_run_that_stops_at_failures_leaves_it_outstanding() {
    let (desk, asked) = without_room("2002");
    desk.write("in.csv", sheet(2000..2006));
    desk.run("import in.csv --to hq --yes --max-failures 0")
        .exits(4)
        .says(&[
            "Apply Config is outstanding",
            "the run was stopped before it",
        ]);
    assert_eq!((times(&asked), live(&desk, "2001")), (0, None));
    // The one that failed has its result; the others are sent, and all are applied together.
    desk.run("resume --yes").exits(1);
    assert_eq!(times(&asked), 1);
    assert!(live(&desk, "2001").is_some() && live(&desk, "2005").is_some());
}

#[test]
fn where_all_that_was_sent_is_refused_nothing_is_applied() {
    let (desk, asked) = without_room("\"extensionId\":\"200");
    desk.write("in.csv", sheet(2000..2003));
    let refused = desk.run("import in.csv --to hq --yes --json").exits(1);
    assert_eq!(refused.count("rejected"), 3);
    assert_eq!(refused.summary()["apply"], "not_due");
    assert_eq!(times(&asked), 0);
}

#[test]
fn an_undo_applies_for_itself() {
    let (desk, asked) = desk();
    desk.write("in.csv", sheet(2000..2003));
    desk.run("import in.csv --to hq --yes").exits(0);
    assert!(live(&desk, "2001").is_some());
    desk.run("undo --yes")
        .exits(0)
        .says(&["Apply Config is done"]);
    assert_eq!((times(&asked), live(&desk, "2001")), (2, None));
}

#[test]
fn it_costs_other_vendors_nothing() {
    let desk = Desk::new("openvox");
    desk.write("in.csv", "number\n2001\n");
    let line = "delete in.csv --from TARGET --yes";
    for moment in ["none", "22:00"] {
        desk.run(&format!("{line} --apply {moment}"))
            .exits(2)
            .says(&["brings each change into effect at once"]);
    }
    desk.run(&format!("{line} --apply later")).exits(2);
    let done = desk.run(&format!("{line} --apply at-end --json")).exits(0);
    assert_eq!(done.summary()["apply"], Value::Null);
    assert!(!done.err.contains("in effect"), "{}", done.err);
}

#[test]
fn telephones_are_asked_once_it_is_applied() {
    let refused = r#"{"errors":[{"message":"Rechte fehlen","status":false}]}"#;
    let answer = move |before| (before == 0).then(|| Reply::new(400, "application/json", refused));
    let (desk, asked) = counting(answer);
    let (desk, _registrar) = with_telephones(desk);
    desk.run("import in.csv --to hq --yes --ring --apply none")
        .exits(2)
        .says(&["nothing rings before Apply Config"]);
    // Telephones that are not in effect are not asked.
    let failed = desk.run("import in.csv --to hq --yes --ring --waves 1 --json");
    assert_eq!(failed.exits(1).summary()["ring"], Value::Null);
    let done = desk.run("resume --yes --json").exits(0);
    assert_eq!(done.summary()["ring"]["rings"], 2);
    assert_eq!(times(&asked), 2);
}

#[test]
fn telephones_of_all_waves_are_asked_at_the_end() {
    let (desk, _registrar) = with_telephones(desk().0);
    let done = desk.run("import in.csv --to hq --yes --ring --waves 1 --json");
    assert_eq!(done.exits(0).summary()["ring"]["rings"], 2);
}

/// The desk with a registrar that has what is in effect on its PBX, and with a sheet of two extensions.
fn with_telephones(desk: Desk) -> (Desk, Registrar) {
    let sim = desk.pbx.sim.clone();
    let accounts = Box::new(move |user: &str| {
        Some(RegistrarAccount {
            username: user.to_owned(),
            secret: sim.live(user, "user.extPassword")?.into(),
        })
    });
    let registrar = Registrar::start(accounts, "127.0.0.1:0").unwrap();
    let by_sip = format!(
        "sip_address = \"{}\"\nsip_rate = \"1000/s\"\n",
        registrar.addr()
    );
    desk.write("rowcall.toml", desk.pbx.config("hq") + &by_sip);
    let sheet = "number,display_name,sip_password\n2001,Ann,Xk39vTq2Lm\n2002,Bo,Xk39vTq2Ln\n";
    desk.write("in.csv", sheet);
    (desk, registrar)
}

#[test]
fn a_run_that_is_killed_while_it_is_applied_does_it_when_it_is_resumed() {
    let wait = |_| {
        thread::sleep(Duration::from_millis(1500));
        None
    };
    let (desk, asked) = counting(wait);
    desk.write("in.csv", sheet(2000..2003));
    let mut child = desk.start("import in.csv --to hq --yes");
    wait_until(|| times(&asked) > 0);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(newest(&desk)["apply"], "due");
    desk.run("resume").exits(0).says(&["Apply Config is done"]);
    assert_eq!(times(&asked), 2);
    assert!(live(&desk, "2002").is_some());
}

#[test]
fn that_it_is_due_is_written_down_before_the_first_change_is_sent() {
    let (heard_first, goes_on) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let (heard_it, may_go) = (heard_first.clone(), goes_on.clone());
    let rig = altered(vendor("freepbx").unwrap(), move |pbx, heard| {
        if contains(heard, "addExtension") && !heard_it.swap(true, Ordering::SeqCst) {
            wait_until(|| may_go.load(Ordering::SeqCst));
        }
        pbx.answer(heard)
    });
    let desk = at(rig);
    desk.write("in.csv", sheet(2000..2002));
    let mut child = desk.start("import in.csv --to hq --yes");
    wait_until(|| heard_first.load(Ordering::SeqCst));
    let run = newest(&desk);
    let report = desk.run(&format!("report {}", word(&run, "run"))).out;
    goes_on.store(true, Ordering::SeqCst);
    assert_eq!(
        (word(&run, "apply"), word(&run, "state")),
        ("due", "at_work")
    );
    assert!(report.contains(",run.at_work,"), "{report}");
    assert!(!report.contains("cut off"), "{report}");
    assert!(child.wait().unwrap().success());
    assert_eq!(newest(&desk)["apply"], "done");
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_it_outstanding_and_a_time_of_day_is_waited_for() {
    let (desk, asked) = desk();
    desk.write("in.csv", sheet(2000..2003));
    let later = Zoned::now()
        .checked_add(3.hours())
        .unwrap()
        .strftime("%H:%M")
        .to_string();
    let mut child = desk.start(&format!("import in.csv --to hq --yes --apply {later}"));
    let waits = format!("all rows are sent; Apply Config is done at {later}");
    wait_until(|| desk.read("words").contains(&waits));
    assert_eq!((times(&asked), live(&desk, "2002")), (0, None));
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let words = desk.read("words");
    assert!(words.contains("Apply Config is outstanding"), "{words}");
    let run = newest(&desk);
    assert_eq!(
        (word(&run, "apply"), word(&run, "state")),
        ("due", "to_be_resumed")
    );
    // It was told to wait, and waits again unless it is told otherwise.
    desk.run("resume --apply at-end").exits(0);
    assert_eq!(times(&asked), 1);
    assert!(live(&desk, "2002").is_some());
}

#[cfg(unix)]
#[test]
fn ctrl_c_among_the_rows_leaves_it_to_a_resume() {
    let asked = Asked::default();
    let count = asked.clone();
    let rig = altered(vendor("freepbx").unwrap(), move |pbx, heard| {
        count.fetch_add(u32::from(contains(heard, "doreload")), Ordering::SeqCst);
        if contains(heard, "addExtension") {
            thread::sleep(Duration::from_millis(20));
        }
        pbx.answer(heard)
    });
    let desk = at(rig);
    desk.write("in.csv", sheet(2000..2300));
    let mut child = desk.start("import in.csv --to hq --yes --verify none");
    wait_until(|| desk.pbx.sim.numbers().len() > 3);
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!((times(&asked), live(&desk, "2001")), (0, None));
    assert_eq!(newest(&desk)["apply"], "due");
    desk.run("resume --yes").exits(0);
    assert_eq!(times(&asked), 1);
    assert!(live(&desk, "2299").is_some());
}
