//! Several runs make, delete and rename the same extensions, and are undone in one order or another.

use crate::support::pbx::Desk;
use crate::support::program::Ran;
use std::fs;
use std::thread;
use std::time::Duration;

/// Deletes the extensions of a sheet, and returns the run's name.
#[track_caller]
fn delete(desk: &Desk, sheet: &str) -> String {
    let (sheet, target) = (desk.path(sheet), desk.target());
    let words = [
        "delete",
        sheet.to_str().unwrap(),
        "--from",
        &target,
        "--json",
    ];
    let words = [&words[..], &["--yes", "--max-deletes", "all"]].concat();
    let deleted = desk.run_in("state", &words);
    assert_eq!(deleted.exit, 0, "{}", deleted.err);
    deleted.name()
}

/// Imports a sheet, and returns the run's name.
#[track_caller]
fn import(desk: &Desk, sheet: &str, more: &[&str]) -> String {
    let imported = desk.import("state", &desk.path(sheet), more);
    assert_eq!(imported.exit, 0, "{}", imported.err);
    imported.name()
}

/// The sheet that gives an extension another number, as a run.
#[track_caller]
fn rename(desk: &Desk, from: u32, to: u32) -> String {
    desk.file("rename.csv", &format!("number,new_number\n{from},{to}\n"));
    import(desk, "rename.csv", &["--mode", "update"])
}

/// An undo that leaves its one extension alone, for this reason.
#[track_caller]
fn leaves_alone(desk: &Desk, run: &str, why: &str) {
    let before = desk.pbx.numbers();
    let undone: Ran = desk.undo(&[run]);
    undone.ended_with(1, "drifted", 1);
    undone.says(&[why]);
    assert_eq!(desk.pbx.numbers(), before);
}

fn desk(vendor: &str) -> Desk {
    let desk = Desk::new(vendor);
    desk.sheet("in.csv", &desk.small([3001]));
    desk
}

#[test]
fn what_an_undo_found_gone_is_looked_at_again_once_another_undo_has_put_it_back() {
    let desk = desk("ozeki");
    let made = import(&desk, "in.csv", &[]);
    let deleted = delete(&desk, "in.csv");
    desk.undo(&[&made]).ended_with(0, "unchanged", 1);
    desk.undo(&[&deleted]);
    assert_eq!(desk.pbx.numbers(), ["3001"]);
    desk.undo(&[&made]).ended_with(0, "deleted", 1);
    assert!(desk.pbx.numbers().is_empty());
    // And that once: by then it is another one's.
    desk.import("elsewhere", &desk.path("in.csv"), &[]);
    let again = desk.undo(&[&made]);
    again.ended_with(0, "unchanged", 1);
    again.says(&["1 row of it was taken back by run", "and is skipped"]);
    assert_eq!(desk.pbx.numbers(), ["3001"]);
}

#[test]
fn a_newer_run_that_was_itself_taken_back_has_made_nothing_anew() {
    for is_undone in [true, false] {
        let desk = desk("ozeki");
        let made = import(&desk, "in.csv", &[]);
        let deleted = delete(&desk, "in.csv");
        let anew = import(&desk, "in.csv", &[]);
        leaves_alone(&desk, &made, &format!("run {anew} has made it anew since"));
        match is_undone {
            true => desk.undo(&[&anew]).ended_with(0, "deleted", 1),
            false => drop(delete(&desk, "in.csv")),
        }
        desk.undo(&[&deleted]);
        assert_eq!(desk.pbx.numbers(), ["3001"]);
        desk.undo(&[&made]).ended_with(0, "deleted", 1);
        assert!(desk.pbx.numbers().is_empty());
    }
}

#[test]
fn no_undo_deletes_while_a_newer_run_cannot_be_read() {
    let desk = desk("ozeki");
    let made = import(&desk, "in.csv", &[]);
    desk.sheet("other.csv", &desk.small([3002]));
    let newer = import(&desk, "other.csv", &[]);
    let ledger = desk.path(&format!("state/runs/{newer}/ledger.sqlite"));
    fs::write(ledger, "no ledger any more").unwrap();
    let undone = desk.undo(&[&made]);
    assert_eq!(undone.exit, 2, "{}", undone.err);
    let undone = undone.says(&[
        &format!("run {newer} cannot be read, and may have made anew what run {made} would take"),
        "move its folder elsewhere",
    ]);
    assert_eq!(desk.pbx.numbers(), ["3001", "3002"], "{}", undone.err);
    let folder = desk.path(&format!("state/runs/{newer}"));
    fs::rename(folder, desk.path("damaged")).unwrap();
    desk.undo(&[&made]).ended_with(0, "deleted", 1);
    assert_eq!(desk.pbx.numbers(), ["3002"]);
}

#[test]
fn an_older_run_that_cannot_be_read_may_have_been_resumed_since() {
    let desk = desk("ozeki");
    desk.sheet("other.csv", &desk.small([3002]));
    let older = import(&desk, "other.csv", &[]);
    let ledger = desk.path(&format!("state/runs/{older}/ledger.sqlite"));
    let written = fs::metadata(&ledger).unwrap().modified().unwrap();
    // The name of a run that cannot be read tells no more than its second.
    thread::sleep(Duration::from_millis(1001));
    let made = import(&desk, "in.csv", &[]);
    fs::write(&ledger, "no ledger any more").unwrap();
    let undone = desk.undo(&[&made]);
    assert_eq!(undone.exit, 2, "{}", undone.err);
    undone.says(&[&format!("run {older} cannot be read")]);
    let folder = fs::read_dir(ledger.parent().unwrap()).unwrap();
    for file in folder.map(Result::unwrap) {
        let file = fs::File::options().write(true).open(file.path());
        file.unwrap().set_modified(written).unwrap();
    }
    desk.undo(&[&made]).ended_with(0, "deleted", 1);
    assert_eq!(desk.pbx.numbers(), ["3002"]);
}

#[test]
fn what_another_run_has_taken_away_is_not_the_runs_own_whatever_has_its_number_now() {
    // By somebody else.
    let stranger = |desk: &Desk| {
        let made = desk.import("elsewhere", &desk.path("in.csv"), &[]);
        assert_eq!(made.exit, 0, "{}", made.err);
    };
    let desk = desk("ozeki");
    let made = import(&desk, "in.csv", &[]);
    let deleted = delete(&desk, "in.csv");
    stranger(&desk);
    let gone = |run: &str| format!("run {run} has deleted it since, and another one has its");
    leaves_alone(&desk, &made, &gone(&deleted));

    // By an undo that put another one back.
    let desk = self::desk("ozeki");
    import(&desk, "in.csv", &[]);
    let first = delete(&desk, "in.csv");
    let anew = import(&desk, "in.csv", &[]);
    let second = delete(&desk, "in.csv");
    desk.undo(&[&first]);
    assert_eq!(desk.pbx.numbers(), ["3001"]);
    leaves_alone(&desk, &anew, &gone(&second));

    // Where an undo of the undo that took it away had nothing to do.
    let desk = self::desk("ozeki");
    let made = import(&desk, "in.csv", &[]);
    let undo = desk.undo(&[&made]).name();
    stranger(&desk);
    desk.undo(&[&undo]);
    leaves_alone(&desk, &made, &gone(&undo));

    let desk = self::desk("openvox");
    let made = import(&desk, "in.csv", &[]);
    let renamed = rename(&desk, 3001, 3900);
    stranger(&desk);
    let why = format!("run {renamed} has given it the number 3900 since");
    leaves_alone(&desk, &made, &why);
    assert_eq!(desk.pbx.numbers(), ["3001", "3900"]);
}

#[test]
fn an_extension_that_was_given_the_number_of_a_run_is_not_the_runs_own() {
    let desk = Desk::new("openvox");
    let row = |number: u32| {
        let head = "number,display_name,sip_password,caller_id,voicemail_pin";
        format!("{head}\n{number},Ann Miller,tR7xkQ2mZp9w,3001,4711\n")
    };
    desk.file("in.csv", &row(3001));
    desk.file("other.csv", &row(3900));
    let made = import(&desk, "in.csv", &[]);
    let deleted = delete(&desk, "in.csv");
    let other = import(&desk, "other.csv", &[]);
    let renamed = rename(&desk, 3900, 3001);
    assert_eq!(desk.pbx.numbers(), ["3001"]);
    let why = format!("run {renamed} has given its number to another one since");
    leaves_alone(&desk, &made, &why);
    let why = format!("run {renamed} has given it the number 3001 since");
    leaves_alone(&desk, &other, &why);
    // With its own number again, each is the run's own.
    desk.undo(&[&renamed]).ended_with(0, "updated", 1);
    assert_eq!(desk.pbx.numbers(), ["3900"]);
    desk.undo(&[&other]).ended_with(0, "deleted", 1);
    desk.undo(&[&deleted]);
    desk.undo(&[&made]).ended_with(0, "deleted", 1);
    assert!(desk.pbx.numbers().is_empty());
}
