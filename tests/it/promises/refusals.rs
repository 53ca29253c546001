//! PBXes that carry out a change and answer a refusal, and gateways that send a request twice: what is on the PBX is in
//! the report, and undo takes it back.

use crate::support::altered::altered;
use crate::support::fixture::kinds;
use crate::support::pbx::{Desk, TestPbx};
use crate::support::random::Random;
use rowcall::model::{Field, Record};
use rowcall::vendors::{Vendor, vendor};
use rowcall::wire::Reply;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Everything is answered as it is.
const HONEST: u8 = 0;
/// A creation or deletion is done, and then refused or sent a second time, at random.
const REFUSES: u8 = 1;
/// A creation is done, and it and all that follows is answered as if this were no such PBX.
const ANOTHER: u8 = 2;

/// Answers by which the vendor's PBX says no, or that the session or the PBX is another one.
fn refusals(vendor: &Vendor) -> Vec<Reply> {
    let json = |status: u16, body: &str| Reply::new(status, "application/json", body);
    match vendor.id {
        "portsip" => {
            let words = [400, 401, 404, 405, 409, 422];
            let word = |status| json(status, r#"{"error_code":1,"message":"no"}"#);
            words.into_iter().map(word).collect()
        }
        "ozeki" => {
            let word = |code: u16| {
                let body = format!("<Response><Code>{code}</Code><Message>no</Message></Response>");
                Reply::new(200, "text/xml", body)
            };
            [300, 307, 700, 703].map(word).into()
        }
        "asterisk" => {
            let word =
                |status: u16, words: &str| json(status, &format!(r#"{{"message":"{words}"}}"#));
            vec![
                word(400, "Creation of object 'x' failed field value validation"),
                word(403, "Cannot create sorcery objects of type 'endpoint'"),
                word(401, "Authentication required"),
                Reply::new(404, "text/html", "<html></html>"),
            ]
        }
        "freepbx" => {
            let word = |words: &str| {
                let body = format!(r#"{{"errors":[{{"message":"{words}","status":false}}]}}"#);
                json(400, &body)
            };
            vec![
                word("This device id is already in use"),
                word("Gerät ist schon vergeben"),
                Reply::new(404, "text/html", "<html></html>"),
            ]
        }
        "3cx-v20" => {
            let word = |target: &str, key: &str| {
                let detail = format!(r#"{{"code":"","target":"{target}","message":"{key}"}}"#);
                let body =
                    format!(r#"{{"error":{{"code":"","message":"","details":[{detail}]}}}}"#);
                json(400, &body)
            };
            vec![
                word("Number", "WARNINGS.XAPI.ALREADY_IN_USE"),
                word("EmailAddress", "WARNINGS.XAPI.ALREADY_IN_USE"),
                json(401, r#"{"error":"unauthorized"}"#),
                Reply::new(404, "text/html", "<html></html>"),
            ]
        }
        "yeastar_p" => {
            let word = |code: i32| json(200, &format!(r#"{{"errcode":{code},"errmsg":"NO"}}"#));
            [-2, -1, 1, 10001, 40003, 60001, 70084, 10004]
                .map(word)
                .into()
        }
        "openvox" | "yeastar_s" => {
            let word =
                |errno: &str| json(200, &format!(r#"{{"status":"Failed","errno":"{errno}"}}"#));
            [
                "10001", "10025", "20001", "20002", "20004", "20005", "20009",
            ]
            .map(word)
            .into()
        }
        id => panic!("{id} has no refusals here"),
    }
}

/// A PBX of the vendor, and the way in which it answers.
fn unreliable(vendor: &'static Vendor, mut random: Random) -> (Desk, Arc<AtomicU8>) {
    let mode = Arc::new(AtomicU8::new(HONEST));
    let shared = mode.clone();
    let refusals = refusals(vendor);
    let another = refusals.last().unwrap().clone();
    let mut is_another = false;
    // The simulated PBX takes a second group of the same name.
    let is_unique = (vendor.manifest)().key() == Field::NUMBER;
    let rig = altered(vendor, move |pbx, heard| {
        let mode = shared.load(Ordering::SeqCst);
        is_another &= mode == ANOTHER;
        if is_another {
            return another.clone();
        }
        let before = pbx.numbers();
        let reply = pbx.answer(heard);
        if mode == HONEST || pbx.numbers() == before {
            return reply;
        }
        is_another = mode == ANOTHER;
        match random.below(3) {
            _ if is_another => another.clone(),
            0 if is_unique => pbx.answer(heard),
            _ => refusals[random.below(refusals.len())].clone(),
        }
    });
    let desk = Desk::at(TestPbx::serving(rig));
    (desk, mode)
}

/// Rows that can be told from another's by more than their number.
fn rows(desk: &Desk) -> Vec<Record> {
    let field = desk
        .pbx
        .manifest
        .row(Field::DESCRIPTION)
        .map_or_else(|| desk.pbx.named_by(), |row| row.name);
    let row = |number: u32| {
        let mut row = desk.pbx.small(&number.to_string());
        row.set(field, format!("person{number}"));
        row
    };
    (3001..3013).map(row).collect()
}

fn words(desk: &Desk, line: &str) -> String {
    let groups = match desk.pbx.manifest.key() {
        Field::NUMBER => "",
        _ => " --groups",
    };
    match line.starts_with("undo") {
        true => format!("{line} --yes --max-deletes all --json --report r.csv"),
        false => format!("{line}{groups} --yes --json --report r.csv --max-failures all"),
    }
}

#[test]
fn whatever_was_done_though_it_was_refused_is_reported_and_undone() {
    for vendor in kinds() {
        let mut random = Random::from_environment_or("ROWCALL_REFUSALS_SEED", 7);
        let (desk, mode) = unreliable(vendor, random.split());
        desk.sheet("in.csv", &rows(&desk));
        mode.store(REFUSES, Ordering::SeqCst);
        let ran = desk.go(&words(&desk, "import in.csv --to TARGET"));
        let context = format!("{}: {}", desk.pbx.name, ran.err);
        mode.store(HONEST, Ordering::SeqCst);
        let there = desk.pbx.numbers();
        assert!(!there.is_empty(), "{context}");
        let report = desk.report("r.csv");
        assert_eq!(report.len(), 12, "{context}");
        for row in &report {
            let is_there = there.contains(&row["number"]);
            let expected: &[&str] = match is_there {
                true => &["created", "differs"],
                false => &["not_sent"],
            };
            assert!(expected.contains(&&*row["result"]), "{context} {row:?}");
        }
        let undone = desk.run(&words(&desk, "undo"));
        assert_eq!(undone.exit, 0, "{context} {}", undone.err);
        assert_eq!(desk.pbx.numbers(), [""; 0], "{context}");

        desk.seed(&rows(&desk));
        let sheet: Vec<Record> = rows(&desk).iter().map(Record::key_only).collect();
        desk.sheet("gone.csv", &sheet);
        mode.store(REFUSES, Ordering::SeqCst);
        let ran = desk.go(&words(
            &desk,
            "delete gone.csv --from TARGET --max-deletes all",
        ));
        let context = format!("{}: {}", desk.pbx.name, ran.err);
        mode.store(HONEST, Ordering::SeqCst);
        let there = desk.pbx.numbers();
        assert!(there.len() < 12, "{context}");
        for row in desk.report("r.csv") {
            let expected = match there.contains(&row["number"]) {
                true => "not_sent",
                false => "deleted",
            };
            assert_eq!(row["result"], expected, "{context} {row:?}");
        }
        // Each of them is made anew, or has a line that says why it cannot be.
        let gone = 12 - there.len();
        let undone = desk.run(&words(&desk, "undo"));
        let made = desk.pbx.numbers().len() - there.len();
        let lines = desk.report("r.csv");
        let kept = lines.iter().filter(|row| row["code"] == "undo.lost");
        assert_eq!(lines.len(), gone, "{context} {}", undone.err);
        let is_made = made == gone || kept.count() == gone;
        assert!(is_made, "{context} {}: {lines:?}", undone.err);
    }
}

#[test]
fn what_cannot_be_looked_at_any_more_stays_open_until_a_resume_looks() {
    for id in ["openvox", "yeastar_s"] {
        let vendor = vendor(id).unwrap();
        let (desk, mode) = unreliable(vendor, Random::new(7));
        desk.sheet("in.csv", &rows(&desk));
        mode.store(ANOTHER, Ordering::SeqCst);
        let ran = desk.run(&format!(
            "{} --reply-within 2 --parallel 1",
            words(&desk, "import in.csv --to TARGET")
        ));
        assert_eq!(ran.exit, 3, "{id}: {}", ran.err);
        let counts = (ran.count("unknown"), ran.count("not_sent"));
        assert_eq!(counts, (1, 11), "{id}: {} {}", ran.out, ran.err);
        assert_eq!(desk.pbx.numbers(), ["3001"], "{id}");
        mode.store(HONEST, Ordering::SeqCst);
        let resumed = desk.run("resume --json --yes");
        assert_eq!(resumed.count("created"), 12, "{id}: {}", resumed.err);
        assert_eq!(desk.pbx.sim.created("3001"), 1, "{id}");
        let undone = desk.run(&words(&desk, "undo"));
        assert_eq!(undone.count("deleted"), 12, "{id}: {}", undone.err);
        assert_eq!(desk.pbx.numbers(), [""; 0], "{id}");
    }
}
