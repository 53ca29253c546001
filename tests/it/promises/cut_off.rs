//! Changes whose reply was lost with the run, and that others changed meanwhile: nobody's change is called another's.

use crate::support::altered::{altered, contains};
use crate::support::asterisk::{AMI_SETTINGS, Ari};
use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::{Program, Ran, wait_until};
use crate::support::sheets::lines;
use rowcall::vendors::vendor;
use rowcall::wire::Reply;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::Duration;

const IDLE: u8 = 0;
/// The next change is carried out, and not answered.
const DONE: u8 = 1;
/// The next change is not carried out, and not answered.
const LOST: u8 = 2;
const REACHED: u8 = 3;

const TWO: &str = "number,display_name,sip_password\n4000,N0,tR7xkQ2mZp01\n4001,N1,tR7xkQ2mZp01\n";

/// A PBX with two extensions that can keep its answer to a change to itself.
struct Scene {
    desk: Desk,
    stage: Arc<AtomicU8>,
}

impl Scene {
    fn new() -> Scene {
        let stage = Arc::new(AtomicU8::new(IDLE));
        let now = stage.clone();
        let rig = altered(vendor("openvox").unwrap(), move |pbx, heard| {
            let is_change = ["extension/update", "extension/delete"];
            let is_change = is_change.iter().any(|text| contains(heard, text));
            let next = now.load(Ordering::SeqCst);
            if !is_change || ![DONE, LOST].contains(&next) {
                return pbx.answer(heard);
            }
            let reply = match next {
                DONE => pbx.answer(heard),
                _ => Reply::new(503, "text/plain", ""),
            };
            now.store(REACHED, Ordering::SeqCst);
            while now.load(Ordering::SeqCst) == REACHED {
                thread::sleep(Duration::from_millis(1));
            }
            reply
        });
        let scene = Scene {
            desk: Desk::at(TestPbx::serving(rig)),
            stage,
        };
        scene.by_hand("create", TWO);
        scene
    }

    /// Changes these by another hand.
    fn by_hand(&self, mode: &str, sheet: &str) {
        let sheet = self.desk.file("hand.csv", sheet);
        let done = self.desk.import("elsewhere", &sheet, &["--mode", mode]);
        assert_eq!(done.exit, 0, "{}", done.err);
    }

    fn delete_by_hand(&self, number: &str) {
        let sheet = self.desk.file("hand.csv", &format!("number\n{number}\n"));
        let target = self.desk.target();
        let words = ["delete", sheet.to_str().unwrap(), "--from", &target];
        let words = [&words[..], &["--yes", "--max-deletes", "all"]].concat();
        assert_eq!(self.desk.run_in("elsewhere", &words).exit, 0);
    }

    /// Kills the run of a sheet once its change has reached the PBX, which did what `what` is.
    fn kill(&self, what: u8, verb: &[&str], sheet: &str) {
        let sheet = self.desk.file("in.csv", sheet);
        self.stage.store(what, Ordering::SeqCst);
        let mut command = self.desk.command_in("state");
        command.arg(verb[0]).arg(sheet).args(&verb[1..]);
        command.arg(self.desk.target());
        command.args(["--reply-within", "1", "--yes"]);
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        wait_until(|| self.stage.load(Ordering::SeqCst) == REACHED);
        child.kill().unwrap();
        child.wait().unwrap();
        self.stage.store(IDLE, Ordering::SeqCst);
    }

    fn update(&self, what: u8, sheet: &str) {
        self.kill(what, &["import", "--mode", "update", "--to"], sheet);
    }

    fn resume(&self) -> Ran {
        let words = ["resume", "--json", "--yes", "--report", "r.jsonl"];
        self.desk.run_in("state", &words)
    }

    /// The only line of the report: result and message.
    fn line(&self) -> (String, String) {
        let mut lines = lines(&self.desk.path("r.jsonl"));
        assert_eq!(lines.len(), 1);
        let line = lines.remove(0);
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        (text("result"), text("message"))
    }

    fn assert_exported(&self, words: &[&str]) {
        let export = self.desk.export();
        for word in words {
            assert!(export.contains(word), "{word} is not in\n{export}");
        }
    }
}

#[test]
fn an_update_of_the_run_itself_is_not_taken_for_somebody_elses_and_is_undone() {
    let scene = Scene::new();
    scene.update(DONE, "number,display_name\n4000,Ours\n");
    scene.by_hand("update", "number,email\n4000,hand@example.com\n");
    let resumed = scene.resume();
    resumed.ended_with(0, "updated", 1);
    let undone = scene.desk.undo(&[]);
    undone.ended_with(0, "updated", 1);
    let export = scene.desk.export();
    assert!(!export.contains("Ours"), "{export}");
    scene.assert_exported(&["N0", "hand@example.com"]);
}

#[test]
fn a_rename_of_the_run_itself_is_known_where_a_colleague_got_the_old_number() {
    let scene = Scene::new();
    scene.update(DONE, "number,new_number\n4000,5000\n");
    scene.by_hand(
        "create",
        "number,display_name,sip_password\n4000,Colleague,tR7xkQ2mZp02\n",
    );
    let resumed = scene.resume();
    resumed.ended_with(0, "updated", 1);
    // The number is another's by now: the undo cannot give it back, and lists it.
    let undone = scene.desk.undo(&[]);
    assert_eq!(
        (undone.exit, undone.summary()["rows"].as_u64()),
        (1, Some(1))
    );
    scene.assert_exported(&["4000,Colleague", "5000,N0"]);
}

#[test]
fn a_deletion_whose_number_is_somebody_elses_by_now_is_unknown_and_listed_by_the_undo() {
    let scene = Scene::new();
    let verb = ["delete", "--max-deletes", "all", "--from"];
    scene.kill(DONE, &verb, "number\n4001\n");
    scene.by_hand(
        "create",
        "number,display_name,sip_password\n4001,Colleague,tR7xkQ2mZp02\n",
    );
    let resumed = scene.resume();
    resumed.ended_with(1, "unknown", 1);
    let (_, message) = scene.line();
    assert!(message.contains("may have been sent"), "{message}");
    let undone = scene.desk.undo(&[]);
    undone.ended_with(1, "unknown", 1);
    scene.assert_exported(&["4001,Colleague"]);
}

#[test]
fn a_change_that_may_have_been_sent_goes_to_no_extension_that_others_changed() {
    let scene = Scene::new();
    scene.update(LOST, "number,display_name\n4000,Ours\n");
    scene.by_hand("update", "number,email\n4000,hand@example.com\n");
    let resumed = scene.resume();
    resumed.ended_with(1, "unknown", 1);
    scene.assert_exported(&["4000,N0"]);

    // Neither number is the one that was to be renamed.
    scene.update(LOST, "number,new_number,display_name\n4001,5001,Ours\n");
    scene.delete_by_hand("4001");
    scene.by_hand(
        "create",
        "number,display_name,sip_password\n5001,Stranger,tR7xkQ2mZp02\n",
    );
    let resumed = scene.resume();
    resumed.ended_with(1, "unknown", 1);
    scene.assert_exported(&["5001,Stranger"]);
}

#[test]
fn a_rename_after_which_others_changed_the_extension_is_unknown_and_says_just_that() {
    let scene = Scene::new();
    scene.update(DONE, "number,new_number\n4000,5000\n");
    scene.by_hand("update", "number,email\n5000,hand@example.com\n");
    let resumed = scene.resume();
    let (result, message) = scene.line();
    assert_eq!((resumed.exit, result.as_str()), (1, "unknown"), "{message}");
    assert_eq!(
        message,
        "4000 may have become 5000 before the run was cut off, and others changed 5000 since: \
         email \"hand@example.com\" instead of \"\"; rowcall did not change it"
    );
    scene.assert_exported(&["5000,N0", "4001,N1"]);
}

/// An Asterisk whose extensions have boxes, and a run on it that is killed with its first request of this kind for an
/// endpoint, which is not carried out. Returns the numbers and e-mails of its extensions once `by_hand` was imported with `--mode update`,
/// the run's only line once it was resumed, and the result of its undo.
fn killed_at(
    method: &'static str,
    line: &str,
    by_hand: &str,
) -> (Vec<String>, (String, String, String), String) {
    let reached = Arc::new(AtomicU8::new(IDLE));
    let now = reached.clone();
    let rig = altered(vendor("asterisk").unwrap(), move |pbx, heard| {
        let is_it = heard.method == method && heard.path().contains("/endpoint/");
        let is_lost = |stage| (is_it && stage == LOST).then_some(REACHED);
        let stage = now.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_lost);
        if stage.is_err() {
            return pbx.answer(heard);
        }
        while now.load(Ordering::SeqCst) == REACHED {
            thread::sleep(Duration::from_millis(1));
        }
        Reply::new(503, "text/plain", "")
    });
    let pbx = TestPbx::serving(rig);
    let program = Program::at("hq".into()).with_own_state();
    let settings = "reply_within = \"1\"\n".to_owned() + AMI_SETTINGS;
    program.write("rowcall.toml", pbx.config("hq") + &settings);
    let sheet = "number,display_name,sip_password,voicemail_pin,email,forward_busy_number\n\
                 3000,Ann,tR7xkQ2mZp9w,4711,ann@example.com,0301\n";
    program.write("in.csv", sheet).write("hand.csv", by_hand);
    let new = "number,display_name,do_not_disturb\n3000,Anna,off\n";
    program.write("new.csv", new);
    if !line.starts_with("import in.csv") {
        program.go("import in.csv --to TARGET");
    }
    reached.store(LOST, Ordering::SeqCst);
    let mut child = program.start(line);
    wait_until(|| reached.load(Ordering::SeqCst) == REACHED);
    child.kill().unwrap();
    child.wait().unwrap();
    reached.store(IDLE, Ordering::SeqCst);
    let elsewhere = |line: &str| {
        let mut command = program.command_in("elsewhere");
        let ended = command.args(line.split(' ')).output().unwrap();
        assert!(ended.status.success(), "{line}: {ended:?}");
    };
    if line.starts_with("import") {
        // As if it had got so far, but for the box.
        elsewhere(&line.replace("TARGET", "hq"));
    }
    elsewhere("import hand.csv --to hq --mode update --yes");
    program.run("resume --yes --report r.csv");
    let line = program.report("r.csv").remove(0);
    let text = |name: &str| line[name].clone();
    let told = (text("result"), text("field"), text("message"));
    program.go("export TARGET -o out.csv --secrets plain");
    let kept = program.read("out.csv");
    let names = [
        "3000",
        "4711",
        "ann@example.com",
        "hand@example.com",
        "0301",
    ];
    let kept = names.iter().filter(|name| kept.contains(**name));
    program.run("undo --yes --report u.csv");
    let undone = program.results("u.csv").concat();
    (kept.map(|name| (*name).to_owned()).collect(), told, undone)
}

const NO_BOX: &str = "number,voicemail_pin,email\n3000,<clear>,<clear>\n";
const ANOTHER: &str = "number,email\n3000,hand@example.com\n";
/// What gives an extension a box of its own whose box is gone.
const ANOTHER_BOX: &str = "number,voicemail_pin,email\n3000,4711,hand@example.com\n";
const DELETE: &str = "delete in.csv --from TARGET --yes --max-deletes all";

#[test]
fn a_half_that_the_run_itself_has_done_is_finished_and_what_others_wrote_is_told() {
    let (kept, (result, _, message), _) = killed_at("DELETE", DELETE, NO_BOX);
    assert_eq!((kept.len(), &*result), (0, "deleted"), "{message}");
    let (kept, (result, field, message), _) = killed_at("DELETE", DELETE, ANOTHER_BOX);
    assert_eq!((&*result, &*field), ("unknown", "email"), "{message}");
    assert!(message.contains("others changed 3000"), "{message}");
    assert!(kept.contains(&"hand@example.com".to_owned()), "{kept:?}");

    let import = "import in.csv --to TARGET";
    let (kept, (result, _, message), _) = killed_at("PUT", import, NO_BOX);
    assert_eq!(&*result, "created", "{message}");
    assert_eq!(kept, ["3000", "4711", "ann@example.com", "0301"]);
    let (kept, (result, field, message), _) = killed_at("PUT", import, ANOTHER);
    assert_eq!((&*result, &*field), ("differs", "email"), "{message}");
    assert!(kept.contains(&"hand@example.com".to_owned()), "{kept:?}");
}

#[test]
fn a_forward_that_somebody_set_before_a_resume_is_named_and_kept_by_the_undo() {
    let import = "import in.csv --to TARGET";
    let forward = "number,forward_always_number\n3000,0900666\n";
    let (_, (result, _, message), undone) = killed_at("PUT", import, forward);
    assert_eq!(&*result, "created", "{message}");
    let named = "somebody else has set it: forward_always_number \"0900666\" instead of \"\"";
    assert!(message.contains(named), "{message}");
    assert_eq!(undone, "drifted");
    for (field, text) in [("sip_auth_name", "anna"), ("max_registrations", "5")] {
        let by_hand = format!("number,{field}\n3000,{text}\n");
        let (_, (result, _, message), undone) = killed_at("PUT", import, &by_hand);
        assert!(message.contains(field), "{message}");
        assert_ne!((&*result, &*undone), ("created", "deleted"), "{message}");
    }
    let nothing = "number,display_name\n3000,Ann\n";
    let (_, (_, _, message), undone) = killed_at("PUT", import, nothing);
    assert!(!message.contains("somebody else"), "{message}");
    assert_eq!(undone, "deleted");
}

#[test]
fn what_somebody_set_beside_an_update_that_was_cut_off_is_told() {
    let update = "import new.csv --to TARGET --mode update";
    let disturbed = "number,do_not_disturb\n3000,on\n";
    let (_, (result, field, message), _) = killed_at("PUT", update, disturbed);
    assert_eq!(
        (&*result, &*field),
        ("unknown", "do_not_disturb"),
        "{message}"
    );
    assert!(message.contains("others changed 3000"), "{message}");
    for (set, text) in [
        ("sip_auth_name", "anna"),
        ("max_registrations", "5"),
        ("caller_id", "0301"),
    ] {
        let by_hand = format!("number,{set}\n3000,{text}\n");
        let (_, (result, field, message), _) = killed_at("PUT", update, &by_hand);
        assert_eq!((&*result, &*field), ("unknown", set), "{message}");
        assert!(message.contains("others changed 3000"), "{message}");
    }
    let nothing = "number,display_name\n3000,Anna\n";
    let (_, (result, _, message), undone) = killed_at("PUT", update, nothing);
    assert_eq!((&*result, &*undone), ("updated", "updated"), "{message}");
}

/// While a deletion is cut off, another endpoint begins to use the auth of one row, and the endpoint of the other becomes
/// a trunk. The first row may have been sent; `stage` is the one that the kill finds.
#[test]
fn a_deletion_is_resumed_only_where_nobody_else_uses_a_part_by_now() {
    for ami in ["", AMI_SETTINGS] {
        let stage = Arc::new(AtomicU8::new(IDLE));
        let now = stage.clone();
        let rig = altered(vendor("asterisk").unwrap(), move |pbx, heard| {
            let is_it = heard.method == "DELETE" && heard.path().contains("/endpoint/3002");
            let is_lost = |stage| (is_it && stage == LOST).then_some(REACHED);
            if now
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_lost)
                .is_err()
            {
                return pbx.answer(heard);
            }
            while now.load(Ordering::SeqCst) == REACHED {
                thread::sleep(Duration::from_millis(1));
            }
            Reply::new(503, "text/plain", "")
        });
        let pbx = TestPbx::serving(rig);
        let ari = Ari(pbx.addr().parse().unwrap());
        let program = Program::at("hq".into()).with_own_state();
        let settings = format!("parallel = 1\nreply_within = \"1\"\n{ami}");
        program.write("rowcall.toml", pbx.config("hq") + &settings);
        let rows = (3000..3008).map(|number| format!("{number},tR7xkQ2mZp9w\n"));
        let sheet: String = ["number,sip_password\n".to_owned()]
            .into_iter()
            .chain(rows)
            .collect();
        program.write("in.csv", sheet);
        program.go("import in.csv --to TARGET");
        stage.store(LOST, Ordering::SeqCst);
        let mut child = program.start(DELETE);
        wait_until(|| stage.load(Ordering::SeqCst) == REACHED);
        child.kill().unwrap();
        child.wait().unwrap();
        stage.store(IDLE, Ordering::SeqCst);
        // The first of each pair may have been sent, and the second was not.
        for (partner, number) in [("partner", "3002"), ("friend", "3006")] {
            ari.put(
                "endpoint",
                partner,
                &[
                    ("auth", number),
                    ("aors", number),
                    ("context", "from-trunk"),
                    ("disallow", "all"),
                    ("allow", "alaw"),
                ],
            );
        }
        for number in ["3003", "3007"] {
            ari.put("endpoint", number, &[("context", "from-trunk")]);
        }
        program.ends("resume --yes --report r.csv", 1);
        let rows = program.report("r.csv");
        for (number, word) in [
            ("3002", "names it as its a"),
            ("3006", "names it as its a"),
            ("3003", "of context \"from-trunk\""),
            ("3007", "of context \"from-trunk\""),
        ] {
            let row = rows.iter().find(|row| row["number"] == number).unwrap();
            assert_eq!(row["result"], "conflict", "{row:?}");
            assert!(row["message"].contains(word), "{row:?}");
            for kind in ["auth", "aor", "endpoint"] {
                assert!(ari.get(kind, number).is_some(), "{kind}/{number}");
            }
        }
        assert_eq!(
            rows.iter().filter(|row| row["result"] == "deleted").count(),
            4,
            "{rows:?}"
        );
        assert_eq!(pbx.numbers().len(), 6);
    }
}
