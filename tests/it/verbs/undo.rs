//! A run is put back by `rowcall undo`, against the simulated PBX behind its socket.

use crate::support::pbx::Desk;
use crate::support::program::wait_until;
use crate::support::sheets::lines;
use rowcall::manifest::Access;
use rowcall::model::Field;
use rowcall::vendors::{VENDORS, Vendor};
use serde_json::Value;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

#[test]
fn an_import_is_undone_and_the_undo_too() {
    for vendor in VENDORS.iter().map(|vendor| vendor.id) {
        let desk = Desk::new(vendor);
        let empty = desk.export();
        let imported = desk.import("state", &desk.sample(12), &[]);
        assert_eq!(
            (imported.exit, imported.count("created")),
            (0, 12),
            "{vendor}"
        );
        let full = desk.export();

        // A dry run shows what would be done, and begins no run.
        let runs = desk.runs("state").len();
        let shown = desk.undo(&["--dry-run"]);
        assert_eq!(shown.exit, 0, "{vendor}: {}", shown.err);
        assert_eq!(shown.summary()["planned"]["delete"], 12, "{}", shown.out);
        assert_eq!(
            (desk.runs("state").len(), desk.export()),
            (runs, full.clone())
        );

        let undone = desk.undo(&[]);
        assert_eq!(undone.exit, 0, "{vendor}: {}", undone.err);
        assert_eq!(
            (undone.count("deleted"), desk.export()),
            (12, empty.clone())
        );
        // Once more: there is nothing left to do, and an undo is not undone by chance.
        let again = desk.undo(&[]);
        assert_eq!((again.exit, again.count("unchanged")), (0, 12), "{vendor}");

        let back = desk.undo(&[&undone.name()]);
        let lost = desk.loses_web_passwords();
        assert_eq!(back.exit, i32::from(lost), "{vendor}: {}", back.err);
        let result = if lost { "differs" } else { "created" };
        assert_eq!(back.count(result), 12, "{vendor}: {}", back.summary());
        assert_eq!(desk.export(), full, "{vendor}");
        // And that one too, though it could not put back everything.
        let gone = desk.undo(&[&back.name()]);
        assert_eq!(
            (gone.exit, gone.count("deleted")),
            (0, 12),
            "{vendor}: {}",
            gone.err
        );
        assert_eq!(desk.export(), empty);
    }
}

#[test]
fn updates_and_their_readable_secrets_get_their_old_values() {
    for vendor in VENDORS.iter().map(|vendor| vendor.id) {
        let desk = Desk::new(vendor);
        desk.import("state", &desk.sample(6), &[]);
        let before = desk.export();
        let changed = desk.import("state", &desk.edit("new"), &["--mode", "update"]);
        assert_eq!((changed.exit, changed.count("updated")), (0, 2), "{vendor}");
        assert_ne!(desk.export(), before);
        let undone = desk.undo(&[]);
        assert_eq!(
            (undone.exit, undone.count("updated")),
            (0, 2),
            "{vendor}: {}",
            undone.err
        );
        assert_eq!(desk.export(), before, "{vendor}");
        let again = desk.undo(&[]);
        assert_eq!((again.exit, again.count("unchanged")), (0, 2), "{vendor}");
    }
}

#[test]
fn what_a_make_does_not_give_back_is_said_before_and_after() {
    let desk = Desk::new("openvox");
    desk.import("state", &desk.sample(3), &[]);
    let sheet = "number,email,web_password\n2000,new@example.com,Canary7731x\n2001,,Canary7732x\n";
    let sheet = desk.file("web.csv", sheet);
    let changed = desk.import("state", &sheet, &["--mode", "update"]);
    assert_eq!(changed.count("updated"), 2, "{}", changed.err);
    let report = desk.path("undone.jsonl");
    let undone = desk.undo(&["--report", report.to_str().unwrap()]);
    undone.ended_with(1, "differs", 2);
    assert!(
        undone.err.contains("2 extensions will not be as before it"),
        "{}",
        undone.err
    );
    let lines = lines(&report);
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert_eq!(line["field"], "web_password");
        assert!(line["row"].is_null() || line["row"] == "", "{line}");
    }
    assert!(desk.export().contains("ann.miller.000@example.com"));
    // A field that can be put back is; the others are reported again.
    let again = desk.undo(&[&changed.name()]);
    again.ended_with(1, "differs", 2);
    let everything = format!("{}{}", undone.err, fs::read_to_string(&report).unwrap());
    assert!(!everything.contains("Canary77"));
}

#[test]
fn deleted_extensions_are_made_again() {
    for vendor in VENDORS.iter().map(|vendor| vendor.id) {
        let desk = Desk::new(vendor);
        let sheet = desk.sample(4);
        desk.import("state", &sheet, &[]);
        let before = desk.export();
        let target = desk.target();
        let arguments = [
            "delete",
            sheet.to_str().unwrap(),
            "--from",
            &target,
            "--json",
        ];
        let arguments: Vec<&str> = arguments
            .into_iter()
            .chain(["--yes", "--max-deletes", "all", "--rate", "2000/s"])
            .collect();
        let deleted = desk.run_in("state", &arguments);
        deleted.ended_with(0, "deleted", 4);
        let undone = desk.undo(&[]);
        let lost = desk.loses_web_passwords();
        assert_eq!(undone.exit, i32::from(lost), "{vendor}: {}", undone.err);
        assert_eq!(desk.export(), before, "{vendor}");
    }
}

#[test]
fn a_forward_of_which_the_word_alone_was_read_is_told_and_the_rest_is_made_again() {
    let desk = Desk::new("yeastar_p");
    let sheet =
        "number,first_name,sip_password,forward_busy,forward_busy_to\n2001,Ann,Xk39vTq2Lm,on,ivr\n";
    let sheet = desk.file("in.csv", sheet);
    let made = desk.import("state", &sheet, &[]);
    made.ended_with(0, "created", 1);
    // The password for the web page, which the PBX demands and the sheet lacks.
    assert!(made.err.contains("(1 generated"), "{}", made.err);
    let stored = || {
        desk.pbx
            .sim
            .stored("2001", "presence_list.busy_forward_dest")
    };
    assert_eq!(stored().as_deref(), Some("ivr"));
    let target = desk.target();
    let words = ["delete", sheet.to_str().unwrap(), "--from", &target];
    let words = [&words[..], &["--yes", "--max-deletes", "all"]].concat();
    let deleted = desk.run_in("state", &[&words[..], &["--json"]].concat());
    deleted.ended_with(0, "deleted", 1);
    let untold = "an undo cannot make a deleted extension again";
    assert!(deleted.err.contains(untold), "{}", deleted.err);
    let report = desk.path("undone.jsonl");
    let undone = desk.undo(&["--report", report.to_str().unwrap()]);
    undone.ended_with(1, "differs", 1);
    assert_eq!(
        lines(&report)[0]["message"],
        "cannot be put back, because the vendor does not give it back (web_password), or because it was read in a form that cannot be written (forward_busy, forward_busy_to)"
    );
    assert_eq!(desk.pbx.numbers(), ["2001"]);
    assert_eq!(stored().as_deref(), Some("ext_vm"));
}

#[test]
fn what_somebody_changed_since_is_kept_and_listed() {
    for vendor in VENDORS.iter().map(|vendor| vendor.id) {
        let desk = Desk::new(vendor);
        let imported = desk.import("state", &desk.sample(5), &[]);
        // By a user whose runs are in another folder.
        let edited = desk.import("elsewhere", &desk.edit("hand"), &["--mode", "update"]);
        assert_eq!(edited.count("updated"), 2, "{}", edited.err);
        let report = desk.path("undone.jsonl");
        let undone = desk.undo(&[&imported.name(), "--report", report.to_str().unwrap()]);
        assert_eq!(undone.exit, 1, "{vendor}: {}", undone.err);
        assert_eq!((undone.count("deleted"), undone.count("drifted")), (3, 2));
        let drifted: Vec<Value> = lines(&report)
            .into_iter()
            .filter(|line| line["result"] == "drifted")
            .collect();
        let message = drifted[0]["message"].as_str().unwrap();
        assert!(!drifted[0]["field"].as_str().unwrap().is_empty());
        assert!(
            message.contains("\"hand") && message.contains("another "),
            "{message}"
        );
        assert!(!message.contains("Changed"), "{message}");
        assert_eq!(desk.export().lines().count(), 3, "the header and two");

        // An update that differs from the state that the run left is kept too.
        let again = desk.import("state", &desk.edit("ours"), &["--mode", "update"]);
        assert_eq!(again.count("updated"), 2, "{}", again.err);
        desk.import("elsewhere", &desk.edit("theirs"), &["--mode", "update"]);
        let kept = desk.export();
        let undone = desk.undo(&[]);
        assert_eq!(
            (undone.exit, undone.count("drifted")),
            (1, 2),
            "{vendor}: {}",
            undone.err
        );
        assert_eq!(desk.export(), kept);
    }
}

#[test]
fn a_field_that_the_run_did_not_write_keeps_an_extension_too() {
    let fields = [
        ("openvox", "mobile", "491555999999"),
        ("portsip", "mobile", "491555999999"),
        ("ozeki", "sip_auth_name", "hand"),
    ];
    for (vendor, field, text) in fields {
        let desk = Desk::new(vendor);
        let imported = desk.import("state", &desk.sample(4), &[]);
        assert_eq!(imported.count("created"), 4, "{}", imported.err);
        let number = fs::read_to_string(desk.path("staff.csv")).unwrap();
        let number = number
            .lines()
            .nth(1)
            .unwrap()
            .split(',')
            .next()
            .unwrap()
            .to_owned();
        let hand = desk.file("hand.csv", &format!("number,{field}\n{number},{text}\n"));
        let edited = desk.import("elsewhere", &hand, &["--mode", "update"]);
        assert_eq!(edited.count("updated"), 1, "{}", edited.err);
        let report = desk.path("undone.jsonl");
        let undone = desk.undo(&["--report", report.to_str().unwrap()]);
        let counts = (
            undone.exit,
            undone.count("deleted"),
            undone.count("drifted"),
        );
        assert_eq!(counts, (1, 3, 1), "{vendor}: {}", undone.err);
        let lines = lines(&report);
        let drifted = lines
            .iter()
            .find(|line| line["result"] == "drifted")
            .unwrap();
        assert_eq!(
            (&drifted["number"], &drifted["field"]),
            (&number.into(), &field.into())
        );
        assert!(
            drifted["message"].as_str().unwrap().contains(text),
            "{drifted}"
        );
        assert_eq!(desk.export().lines().count(), 2, "the header and one");
    }
}

/// The vendors whose voicemail PINs are written and given back.
fn with_voicemail_pins() -> impl Iterator<Item = &'static str> {
    let has_pins = |vendor: &&Vendor| {
        let row = (vendor.manifest)().row(Field::VOICEMAIL_PIN);
        row.is_some_and(|row| row.access == Access::ReadWrite)
    };
    VENDORS.iter().filter(has_pins).map(|vendor| vendor.id)
}

#[test]
fn a_secret_that_others_set_since_keeps_an_extension_too() {
    for vendor in with_voicemail_pins() {
        let desk = Desk::new(vendor);
        desk.sheet("in.csv", &desk.small([3001, 3002]));
        let imported = desk.import("state", &desk.path("in.csv"), &[]);
        assert_eq!(imported.count("created"), 2, "{}", imported.err);
        let hand = desk.file("hand.csv", "number,voicemail_pin\n3001,773195\n");
        let edited = desk.import("elsewhere", &hand, &["--mode", "update"]);
        assert_eq!(edited.count("updated"), 1, "{}", edited.err);
        let undone = desk.undo(&[]);
        let counts = (
            undone.exit,
            undone.count("deleted"),
            undone.count("drifted"),
        );
        assert_eq!(counts, (1, 1, 1), "{vendor}: {}", undone.err);
        assert!(
            undone.err.contains("another voicemail_pin"),
            "{}",
            undone.err
        );
        assert!(!undone.err.contains("773195"), "{}", undone.err);
        assert_eq!(desk.pbx.numbers(), ["3001"]);
    }
}

#[test]
fn rows_that_were_not_done_are_not_touched() {
    let desk = Desk::new("ozeki");
    let sheet = desk.sample(4);
    desk.import("elsewhere", &sheet, &[]);
    let text = fs::read_to_string(&sheet)
        .unwrap()
        .replace("ann.miller", "other");
    let more = format!("{text}\n0900,zoe.new,,,Sample0900pw,on\n");
    let imported = desk.import("state", &desk.file("more.csv", &more), &[]);
    assert_eq!(
        (
            imported.count("conflict"),
            imported.count("unchanged"),
            imported.count("created")
        ),
        (1, 3, 1),
        "{}",
        imported.summary()
    );
    let undone = desk.undo(&[]);
    assert_eq!(
        (undone.exit, undone.summary()["rows"].as_u64()),
        (0, Some(1))
    );
    assert_eq!(desk.export().lines().count(), 5);
}

#[test]
fn it_deletes_only_when_it_may() {
    let desk = Desk::new("ozeki");
    desk.import("state", &desk.sample(12), &[]);
    let silent = desk.run_in("state", &["undo"]);
    assert_eq!(silent.exit, 2, "{}", silent.err);
    assert!(silent.err.contains("--yes"), "{}", silent.err);
    let guarded = desk.run_in("state", &["undo", "--yes", "--max-deletes", "5"]);
    assert_eq!(guarded.exit, 4, "{}", guarded.err);
    assert!(guarded.err.contains("--max-deletes 12"), "{}", guarded.err);
    assert_eq!(desk.export().lines().count(), 13);
    assert_eq!(desk.run_in("state", &["undo", "no-such-run"]).exit, 2);
    assert_eq!(desk.run_in("nothing", &["undo"]).exit, 2);
    // The run's own changes are its budget.
    let undone = desk.run_in("state", &["undo", "--yes", "--json"]);
    undone.ended_with(0, "deleted", 12);
}

#[test]
fn a_run_at_work_is_neither_resumed_nor_undone_and_no_result_of_it_is_told() {
    let desk = Desk::new("ozeki");
    let sheet = desk.sample(12);
    let target = desk.target();
    let import = ["import", sheet.to_str().unwrap(), "--to", &target];
    let mut import = desk.begin("state", &[&import[..], &["--rate", "2/s"]].concat());
    wait_until(|| !desk.runs("state").is_empty());
    let run = desk.runs("state").remove(0);
    let report = desk.path("r.csv");
    for verb in ["resume", "undo"] {
        let words = [verb, &run, "--yes", "--report", report.to_str().unwrap()];
        let refused = desk.run_in("state", &words);
        assert_eq!(refused.exit, 3, "{verb}: {}", refused.err);
        let told = &refused.err;
        assert!(told.contains("another run is at work"), "{verb}: {told}");
        for result in ["unknown", "not_sent"] {
            assert!(!told.contains(result), "{verb}: {told}");
        }
        assert!(!report.exists(), "{verb}: {}", desk.read("r.csv"));
    }
    import.kill().unwrap();
    import.wait().unwrap();
}

#[test]
fn a_killed_undo_is_gone_on_with() {
    let desk = Desk::new("ozeki");
    desk.import("state", &desk.sample(60), &[]);
    let mut undo = desk.begin("state", &["undo", "--yes", "--max-deletes", "all"]);
    wait_until(|| desk.pbx.numbers().len() < 55);
    undo.kill().unwrap();
    undo.wait().unwrap();
    let left = desk.export().lines().count();
    assert!(left > 1, "it was over too soon");
    let unasked = desk.run_in("state", &["resume", "--json"]);
    assert_eq!(unasked.exit, 2, "{}", unasked.err);
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
    assert_eq!(desk.export().lines().count(), left);
    let resumed = desk.run_in("state", &["resume", "--yes", "--json"]);
    assert_eq!(resumed.exit, 0, "{}", resumed.err);
    assert_eq!(
        (resumed.count("deleted"), desk.export().lines().count()),
        (60, 1)
    );
}

#[test]
fn what_was_written_and_not_yet_read_back_is_looked_at_after_a_kill() {
    let desk = Desk::new("openvox");
    let sheet = desk.sample(30);
    let target = desk.target();
    let mut import = desk.begin(
        "state",
        &[
            "import",
            sheet.to_str().unwrap(),
            "--to",
            &target,
            "--rate",
            "10/s",
        ],
    );
    // The first twenty wait for the batch that is read back together.
    while desk.pbx.numbers().len() < 8 {
        thread::sleep(Duration::from_millis(2));
    }
    import.kill().unwrap();
    import.wait().unwrap();
    let report = desk.path("cut.csv");
    desk.run_in("state", &["report", "-o", report.to_str().unwrap()]);
    let report = fs::read_to_string(report).unwrap();
    assert_eq!(report.lines().count(), 31);
    assert!(!report.contains(",created,"), "{report}");
    let resumed = desk.run_in("state", &["resume", "--json"]);
    resumed.ended_with(0, "created", 30);
    assert_eq!(desk.export().lines().count(), 31);
}

#[test]
#[cfg(unix)]
fn an_interrupted_undo_still_knows_what_it_cannot_put_back() {
    let desk = Desk::new("openvox");
    let sheet = desk.sample(30);
    desk.import("state", &sheet, &[]);
    let target = desk.target();
    let arguments = [
        "delete",
        sheet.to_str().unwrap(),
        "--from",
        &target,
        "--yes",
    ];
    let arguments: Vec<&str> = arguments
        .into_iter()
        .chain(["--max-deletes", "all", "--rate", "40/s"])
        .collect();
    assert_eq!(desk.run_in("state", &arguments).exit, 0);
    let mut undo = desk.begin("state", &["undo", "--yes"]);
    while desk.pbx.numbers().len() < 3 {
        thread::sleep(Duration::from_millis(2));
    }
    let pid = undo.id().to_string();
    let interrupted = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(interrupted.success());
    assert_eq!(undo.wait().unwrap().code(), Some(130));
    assert!(desk.export().lines().count() < 31, "it was over too soon");
    let resumed = desk.run_in("state", &["resume", "--json"]);
    resumed.ended_with(1, "differs", 30);
    assert_eq!(desk.export().lines().count(), 31);
}

#[test]
fn a_row_that_was_taken_back_is_taken_back_once() {
    for vendor in VENDORS.iter().map(|vendor| vendor.id) {
        let desk = Desk::new(vendor);
        let sheet = desk.sample(6);
        let imported = desk.import("state", &sheet, &[]);
        let undone = desk.undo(&[]);
        assert_eq!(undone.count("deleted"), 6, "{vendor}: {}", undone.err);
        // Others bring the same sheet again.
        let brought = desk.import("elsewhere", &sheet, &[]);
        assert_eq!(brought.count("created"), 6, "{vendor}: {}", brought.err);
        let theirs = desk.export();
        for named in [&[][..], &[&*imported.name()]] {
            let again = desk.undo(named);
            let counts = (again.exit, again.count("unchanged"));
            assert_eq!(counts, (0, 6), "{vendor}: {}", again.err);
            let words = format!("6 rows of it were taken back by run {}", undone.name());
            assert!(again.err.contains(&words), "{vendor}: {}", again.err);
            assert_eq!(desk.export(), theirs, "{vendor}");
        }

        // An update likewise.
        let edit = desk.edit("new");
        let update = ["--mode", "update"];
        assert_eq!(desk.import("state", &edit, &update).count("updated"), 2);
        assert_eq!(desk.undo(&[]).count("updated"), 2);
        assert_eq!(desk.import("elsewhere", &edit, &update).count("updated"), 2);
        let theirs = desk.export();
        let again = desk.undo(&[]);
        let counts = (again.exit, again.count("unchanged"));
        assert_eq!(counts, (0, 2), "{vendor}: {}", again.err);
        assert_eq!(desk.export(), theirs, "{vendor}");
    }
}

#[test]
fn what_was_kept_by_one_undo_is_taken_back_by_the_next() {
    let desk = Desk::new("ozeki");
    desk.sheet("in.csv", &desk.small([3001, 3002, 3003]));
    desk.import("state", &desk.path("in.csv"), &[]);
    let hand = desk.file("hand.csv", "number,sip_auth_name\n3002,hand\n");
    desk.import("elsewhere", &hand, &["--mode", "update"]);
    let first = desk.undo(&[]);
    let counts = (first.count("deleted"), first.count("drifted"));
    assert_eq!(counts, (2, 1), "{}", first.err);
    // It is put back by hand, and one of the others comes anew.
    desk.file("hand.csv", "number,sip_auth_name\n3002,3002\n");
    desk.import("elsewhere", &hand, &["--mode", "update"]);
    desk.sheet("anew.csv", &desk.small([3003]));
    desk.import("elsewhere", &desk.path("anew.csv"), &[]);
    let second = desk.undo(&[]);
    let counts = (second.count("deleted"), second.count("unchanged"));
    assert_eq!(counts, (1, 2), "{}", second.err);
    assert_eq!(desk.pbx.numbers(), ["3003"]);
}

#[test]
fn a_created_extension_that_was_not_read_back_goes_only_where_nothing_else_can_have_changed() {
    let desk = Desk::new("openvox");
    let import = |verify| {
        let row = |number| format!("{number},P {number},tR7xkQ2mZp9w,773195\n");
        let rows: String = (3013..3025).map(row).collect();
        let head = "number,display_name,sip_password,voicemail_pin\n";
        let sheet = desk.file("in.csv", &format!("{head}{rows}"));
        let imported = desk.import("state", &sheet, &["--verify", verify]);
        assert_eq!(imported.count("created"), 12, "{}", imported.err);
        let mobile = desk.file("hand.csv", "number,mobile\n3013,491555999999\n");
        desk.import("elsewhere", &mobile, &["--mode", "update"]);
    };
    // Nothing was read back: the PBX's own values are not known.
    import("none");
    let held = desk.export();
    let kept = desk.undo(&[]);
    let counts = (kept.exit, kept.count("deleted"), kept.count("unknown"));
    assert_eq!(counts, (1, 0, 12), "{}", kept.err);
    assert!(kept.err.contains("did not read it back"), "{}", kept.err);
    assert_eq!(desk.export(), held);
    let (sheet, target) = (desk.path("in.csv"), desk.target());
    let sheet = sheet.to_str().unwrap();
    let all = ["--yes", "--max-deletes", "all"];
    let delete = [&["delete", sheet, "--from", &target][..], &all].concat();
    assert_eq!(desk.run_in("state", &delete).exit, 0);
    // One was: the others are compared with them.
    import("sample");
    let undone = desk.undo(&[]);
    let counts = (undone.count("deleted"), undone.count("unknown"));
    assert_eq!(counts, (11, 1), "{}", undone.err);
    assert_eq!(desk.pbx.numbers(), ["3013"]);
}

#[test]
fn an_undo_that_finds_all_as_before_takes_the_rows_back_all_the_same() {
    for vendor in VENDORS.iter().map(|vendor| vendor.id) {
        let desk = Desk::new(vendor);
        let sheet = desk.sample(4);
        let imported = desk.import("state", &sheet, &[]);
        let (sheet, target) = (sheet.to_str().unwrap(), desk.target());
        let gone = [
            "delete",
            sheet,
            "--from",
            &target,
            "--yes",
            "--max-deletes",
            "all",
        ];
        assert_eq!(desk.run_in("elsewhere", &gone).exit, 0);
        let nothing = desk.undo(&[]);
        nothing.ended_with(0, "unchanged", 4);
        // Others bring the same sheet again.
        desk.import("elsewhere", &desk.path("staff.csv"), &[]);
        let again = desk.undo(&[&imported.name()]);
        again.ended_with(0, "unchanged", 4);
        let words = format!("4 rows of it were taken back by run {}", nothing.name());
        assert!(again.err.contains(&words), "{vendor}: {}", again.err);
        assert_eq!(desk.pbx.numbers().len(), 4, "{vendor}");
    }
}

#[test]
fn a_run_whose_undo_was_undone_can_be_undone_again() {
    let desk = Desk::new("ozeki");
    desk.sheet("in.csv", &desk.small([3001, 3002]));
    let imported = desk.import("state", &desk.path("in.csv"), &[]);
    let undone = desk.undo(&[]);
    undone.ended_with(0, "deleted", 2);
    let redone = desk.undo(&[&undone.name()]);
    assert_eq!(desk.pbx.numbers(), ["3001", "3002"], "{}", redone.err);
    let again = desk.undo(&[&imported.name()]);
    again.ended_with(0, "deleted", 2);
    // And that once.
    desk.import("elsewhere", &desk.path("in.csv"), &[]);
    desk.undo(&[&imported.name()]).ended_with(0, "unchanged", 2);
    assert_eq!(desk.pbx.numbers(), ["3001", "3002"]);
}

#[test]
fn a_run_that_names_itself_as_the_one_it_undoes_is_undone_as_any() {
    let desk = Desk::new("ozeki");
    desk.sheet("in.csv", &desk.small([3001]));
    desk.import("state", &desk.path("in.csv"), &[]);
    let undone = desk.undo(&[]).name();
    let ledger = desk.path(&format!("state/runs/{undone}/ledger.sqlite"));
    let ledger = rusqlite::Connection::open(ledger).unwrap();
    let options = "SELECT options FROM head";
    let options = ledger.query_row(options, [], |row| row.get::<_, String>(0));
    let mut options: Value = serde_json::from_str(&options.unwrap()).unwrap();
    options["reverts"]["run"] = undone.as_str().into();
    let set = "UPDATE head SET options = ?1";
    ledger.execute(set, [options.to_string()]).unwrap();
    drop(ledger);
    let again = desk.undo(&[&undone]);
    assert_eq!(again.exit, 0, "{}", again.err);
    assert_eq!(desk.pbx.numbers(), ["3001"]);
}

#[test]
fn a_report_that_is_written_again_has_the_head_of_the_runs_own() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk.write(
        "a.csv",
        "number,display_name,sip_password\n2000,Ann,Xk39vTq2Lm\n",
    );
    let head = |file: &str| -> Vec<String> {
        let page = desk.read(file);
        let (_, head) = page.split_once("<dl").unwrap();
        let (head, _) = head.split_once("</dl>").unwrap();
        let facts = head.split("<dt>").skip(1).map(str::to_owned);
        // A run tells its name behind its head, and began a moment before it opened the report.
        let kept = facts.filter(|fact| !fact.starts_with("run<") && !fact.starts_with("started<"));
        kept.collect()
    };
    let title = |file: &str| {
        let page = desk.read(file);
        let (_, title) = page.split_once("<title>").unwrap();
        title.split("</title>").next().unwrap().to_owned()
    };
    desk.go("import a.csv --to hq --report run.html").exits(0);
    desk.run("report -o again.html").exits(0);
    assert_eq!(head("again.html"), head("run.html"));
    let imported = desk.run("runs show --json").out;
    let imported: Value = serde_json::from_str(&imported).unwrap();
    desk.run("undo --yes --report undo.html").exits(0);
    desk.run("report -o again.html").exits(0);
    let again = head("again.html");
    assert_eq!(again, head("undo.html"));
    let taken_back = again.iter().find(|fact| fact.starts_with("takes back"));
    let taken_back = taken_back.unwrap();
    assert!(
        taken_back.contains(imported["run"].as_str().unwrap()),
        "{again:#?}"
    );
    assert_eq!(title("again.html"), title("undo.html"));
}
