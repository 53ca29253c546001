//! Values that a PBX gives back otherwise than they were sent: secrets in fields that are shown, and extensions of somebody else.

use crate::support::altered::{altered, contains};
use crate::support::canary::{CANARIES, files};
use crate::support::fixture::{Rig, value};
use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::wait_until;
use crate::support::random::Random;
use rowcall::manifest::Access;
use rowcall::model::{Action, Field, Kind};
use rowcall::vendors::{VENDORS, Vendor, vendor};
use rowcall::wire::Reply;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// The name that a PBX gives back in the place of this one is the extension's password for the web.
const NAME: &str = "Ann Miller";

/// A desk with an OpenVox that gives a password back as the name.
fn desk_repeating(secret: &str) -> Desk {
    let secret = format!("\"username\":\"{secret}\"");
    let rig = altered(vendor("openvox").unwrap(), move |pbx, heard| {
        let mut reply = pbx.answer(heard);
        let text = String::from_utf8_lossy(&reply.body);
        let name = format!("\"username\":\"{NAME}\"");
        reply.body = text.replace(&name, &secret).into_bytes();
        reply
    });
    Desk::at(TestPbx::serving(rig))
}

/// Files that have a secret in clear, but for those that a person wrote.
fn files_repeating(desk: &Desk) -> Vec<String> {
    let files = files(desk.folder()).into_iter();
    let telling = files.filter(|path| {
        let bytes = fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        CANARIES.iter().any(|canary| text.contains(canary))
    });
    let names = telling.map(|path| path.display().to_string());
    names.filter(|name| !name.ends_with(".typed.csv")).collect()
}

/// Every command that reads a PBX beside a sheet with its passwords shows none, in no file either.
#[test]
fn a_password_that_a_pbx_gives_back_as_a_name_is_shown_nowhere() {
    let mut random = Random::from_environment_or("ROWCALL_GIVEN_BACK_SEED", 5);
    let secret = format!("{}web{}", CANARIES[0], random.below(1000));
    let desk = desk_repeating(&secret);
    let sheet = |name: &str, heading: &str, rest: &str| {
        let text = format!("number,{heading}\n2001,{rest}\n");
        desk.file(&format!("{name}.typed.csv"), &text)
    };
    let head = "display_name,sip_password,web_password";
    let typed = format!("{NAME},tR7xkQ2mZp9w,{secret}");
    let whole = sheet("whole", head, &typed);
    let other = sheet("other", head, &typed.replace(NAME, "Bea"));
    // The name comes from the PBX.
    let unnamed = sheet("unnamed", "web_password", &secret);
    let mobile = sheet(
        "mobile",
        "mobile,web_password",
        &format!("491555000001,{secret}"),
    );
    let (target, plan) = (desk.target(), desk.path("p.json"));
    let (target, plan) = (&*target, plan.to_str().unwrap());
    let path = |path: &std::path::PathBuf| path.to_str().unwrap().to_owned();
    let all = [
        "--yes",
        "--max-secret-changes",
        "all",
        "--max-failures",
        "all",
    ];
    let made = desk.import("state", &whole, &["--report", "made.csv"]);
    assert_eq!(made.count("differs"), 1, "{}{}", made.out, made.err);
    for sheet in [&whole, &other, &unnamed, &mobile] {
        let sheet = path(sheet);
        for mode in ["create", "update", "upsert"] {
            let planned = ["plan", &sheet, "--to", target, "--mode", mode, "-o", plan];
            let planned = desk.run_in("state", &planned);
            assert!([0, 1].contains(&planned.exit), "{}", planned.err);
            let is_update = planned.out.contains("~ update") && sheet.contains("other");
            let told = planned.out.contains("display_name: (not shown) → \"Bea\"");
            assert_eq!(told, is_update, "{}", planned.out);
        }
        desk.run_in("state", &["diff", &sheet, target, "-o", "diff.csv"]);
        let replay = ["import", "--plan", plan, "--report", "replayed.csv"];
        desk.run_in("state", &[&replay[..], &all].concat());
        let import = ["import", &sheet, "--to", target, "--mode", "upsert"];
        let ran = desk.run_in("state", &[&import[..], &all].concat());
        assert!([0, 1].contains(&ran.exit), "{}", ran.err);
        let undone = desk.undo(&["--report", "undone.csv"]);
        assert!([0, 1].contains(&undone.exit), "{}", undone.err);
        assert_eq!(files_repeating(&desk), [""; 0], "{}{}", ran.out, undone.err);
    }
    let delete = ["delete", &path(&whole), "--from", target];
    let gone = desk.run_in(
        "state",
        &[&delete[..], &["--yes", "--max-deletes", "all"]].concat(),
    );
    assert_eq!(gone.exit, 0, "{}", gone.err);
    desk.undo(&[]);
    for run in desk.runs("state") {
        desk.run_in("state", &["report", &run, "-o", "report.csv"]);
    }
    assert_eq!(files_repeating(&desk), [""; 0]);
}

/// A setting that a new extension of the vendor need not be given, and another value for it than the PBX gives it.
fn setting(rig: &Rig) -> Option<(Field, String)> {
    let scratch = Rig::new(rig.vendor, &BTreeMap::new());
    let connection = scratch.connect();
    let plain = scratch.small("3001");
    connection
        .apply(Action::Create, &plain, None)
        .result
        .unwrap();
    let usual = scratch.look(&connection, "3001").unwrap();
    let kinds = [Kind::Switch, Kind::Choice, Kind::Count, Kind::Time];
    let settings = scratch.writable().filter(|row| {
        let is_free = row.access == Access::ReadWrite && plain.get(row.name).is_none();
        is_free && kinds.contains(&row.name.def().kind)
    });
    let mut number = 4000;
    for (row, variant) in settings.flat_map(|row| [(row, 0), (row, 1)]) {
        number += 1;
        let Some(text) = value(row, "3001", variant) else {
            continue;
        };
        let mut other = scratch.small(&number.to_string());
        other.set(row.name, text.as_str());
        let made = connection
            .apply(Action::Create, &other, None)
            .result
            .is_ok();
        let held = scratch.look(&connection, other.number());
        let is_other = held.is_some_and(|held| {
            held.reveal(row.name) == Some(&text) && usual.reveal(row.name) != Some(&text)
        });
        if made && is_other {
            return Some((row.name, text));
        }
    }
    None
}

/// The creation of 3002 is lost, and somebody else creates it as the row is, but with this text in a field that the row
/// leaves out.
fn keeps_the_strangers(vendor: &'static Vendor, field: Field, text: &str) {
    let is_lost = Arc::new(AtomicBool::new(false));
    let lost = is_lost.clone();
    let small = Rig::new(vendor, &BTreeMap::new()).small("3002");
    let texts: Vec<String> = small
        .iter()
        .filter(|(field, _)| !field.is_key())
        .map(|(_, text)| text.reveal().to_owned())
        .collect();
    let rig = altered(vendor, move |pbx, heard| {
        // The first creation of that number does not arrive.
        let creates = contains(heard, "3002") && texts.iter().all(|text| contains(heard, text));
        if creates && !lost.swap(true, Ordering::SeqCst) {
            return Reply::new(500, "text/plain", "no");
        }
        pbx.answer(heard)
    });
    let desk = Desk::at(TestPbx::serving(rig));
    desk.sheet("in.csv", &desk.small(3001..3005));
    let begun = [
        "import",
        "in.csv",
        "--to",
        &desk.target(),
        "--report",
        "r.csv",
    ];
    let pace = ["--parallel", "1", "--reply-within", "6", "--rate", "2000/s"];
    let mut child = desk.begin("state", &[&begun[..], &pace].concat());
    wait_until(|| is_lost.load(Ordering::SeqCst));
    let mut stranger = desk.pbx.small("3002");
    stranger.set(field, text);
    let row = desk.pbx.manifest.row(field).unwrap();
    if let Some(row) = row.kept_with.and_then(|with| desk.pbx.manifest.row(with)) {
        stranger.set(row.name, value(row, "3002", 0).unwrap());
    }
    desk.seed(&[stranger]);
    child.wait().unwrap();
    let context = format!("{} {}", vendor.id, field.name());
    let report = desk.report("r.csv");
    let results: Vec<&str> = report.iter().map(|row| &*row["result"]).collect();
    // A field is certain if every creation sends it, or if it names a person.
    let is_sent = desk.pbx.manifest.row(field).unwrap().fill.is_some();
    let expected = match is_sent || field.def().identifies.is_some() {
        true => "conflict",
        false => "unknown",
    };
    assert_eq!(
        results,
        ["created", expected, "created", "created"],
        "{context}"
    );
    assert!(
        report[1]["message"].contains(field.name()),
        "{context}: {:?}",
        report[1]
    );
    let undone = desk.undo(&[]);
    assert_eq!(undone.count("deleted"), 3, "{context}: {}", undone.err);
    assert_eq!(desk.pbx.numbers(), ["3002"], "{context}");
}

#[test]
fn an_extension_that_another_made_meanwhile_is_not_taken_for_the_one_whose_creation_was_lost() {
    let mut tried = 0;
    thread::scope(|scope| {
        for vendor in VENDORS {
            let rig = Rig::new(vendor, &BTreeMap::new());
            if let Some((field, text)) = setting(&rig) {
                tried += 1;
                scope.spawn(move || keeps_the_strangers(vendor, field, &text));
            }
            let is_known = |field: &Field| rig.manifest.row(*field).is_some();
            if let Some(field) = [Field::EMAIL, Field::MOBILE].into_iter().find(is_known) {
                tried += 1;
                let text = field.def().example;
                scope.spawn(move || keeps_the_strangers(vendor, field, text));
            }
        }
    });
    assert!(tried >= 6, "{tried}");
}

#[test]
fn a_byte_order_mark_before_a_reply_makes_no_other_pbx_of_it() {
    for vendor in VENDORS {
        let rig = altered(vendor, |pbx, heard| {
            let mut reply = pbx.answer(heard);
            if !reply.body.is_empty() {
                reply.body.splice(..0, *b"\xef\xbb\xbf");
            }
            reply
        });
        let desk = Desk::at(TestPbx::serving(rig));
        desk.sheet("in.csv", &desk.small([3001, 3002, 3003]));
        let made = desk.import("state", &desk.path("in.csv"), &[]);
        made.ended_with(0, "created", 3);
        desk.undo(&[]).ended_with(0, "deleted", 3);
    }
}
