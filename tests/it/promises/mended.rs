//! Extensions of an Asterisk that are half gone, open to anybody, shared or more than their fields: what is said of them, and
//! what becomes of them. Each test takes a simulated PBX, and real ones of two releases where they can be had.

use crate::support::altered::altered;
use crate::support::asterisk::watched::passed_on;
use crate::support::asterisk::{Ari, NEWEST, PbxObject, RunningAsterisk, V16};
use crate::support::canary::{CANARIES, files};
use crate::support::pbx::TestPbx;
use crate::support::program::{Program, ran_showing, wait_until};
use crate::support::telephone::Telephone;
use rowcall::vendors::vendor;
use rowcall::wire::Reply;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

enum EitherPbx {
    Simulated { _pbx: TestPbx },
    Real(RunningAsterisk),
}

/// A PBX of either kind, which is the target `hq` of the program.
struct MendDesk {
    program: Program,
    ari: Ari,
    pbx: EitherPbx,
}

impl Deref for MendDesk {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

/// Every kind that can be had, each with three extensions that rowcall made from `in.csv`.
fn benches() -> Vec<MendDesk> {
    let pbx = TestPbx::new("asterisk");
    let ari = Ari(pbx.addr().parse().unwrap());
    let mut all = vec![(pbx.config("hq"), ari, EitherPbx::Simulated { _pbx: pbx })];
    for asterisk in [NEWEST, V16].into_iter().filter_map(RunningAsterisk::start) {
        let (config, ari) = (asterisk.config("hq"), asterisk.ari());
        all.push((config, ari, EitherPbx::Real(asterisk)));
    }
    let bench = |(config, ari, pbx): (String, Ari, EitherPbx)| {
        let program = Program::at("hq".into()).with_own_state();
        program.write("rowcall.toml", config);
        program.write(
            "in.csv",
            format!(
                "number,display_name,sip_password\n0400,Ann Müller,{0}a\n0401,Bo Lund,{0}b\n0402,Cy Berg,{0}c\n",
                CANARIES[0]
            ),
        );
        program.ends("import in.csv --to TARGET", 0);
        MendDesk { program, ari, pbx }
    };
    all.into_iter().map(bench).collect()
}

impl MendDesk {
    /// The status that a telephone gets that signs in for 0400; `None` where the PBX answers no telephones.
    fn telephone(&self, secret: &str) -> Option<u16> {
        match &self.pbx {
            EitherPbx::Simulated { .. } => None,
            EitherPbx::Real(asterisk) => {
                let telephone = Telephone::new(asterisk.sip());
                let status = telephone.register("0400", secret, 60);
                // It leaves its place to the next one.
                telephone.register("0400", secret, 0);
                status
            }
        }
    }

    /// Checks that a telephone gets in with the secret of 0400, and with no other one.
    #[track_caller]
    fn is_closed(&self) {
        if let EitherPbx::Real(_) = &self.pbx {
            let right = format!("{}a", CANARIES[0]);
            assert_eq!(self.telephone(&right), Some(200));
            assert_eq!(self.telephone("another"), Some(401));
        }
        assert!(!self.ari.is_open("0400"));
    }

    /// The objects of an extension.
    fn objects(&self, number: &str) -> BTreeMap<&'static str, Option<PbxObject>> {
        let kinds = ["auth", "aor", "endpoint"].into_iter();
        kinds
            .map(|kind| (kind, self.ari.get(kind, number)))
            .collect()
    }
}

/// Attributes that other tools set on top of those of rowcall, one of them a secret.
const BEYOND_FIELDS: [(&str, &[(&str, &str)]); 3] = [
    ("auth", &[("nonce_lifetime", "77")]),
    (
        "aor",
        &[
            ("mailboxes", "0400@default,sales@default"),
            ("qualify_frequency", "60"),
            ("voicemail_extension", "*97"),
        ],
    ),
    (
        "endpoint",
        &[
            ("acl", "office"),
            ("transport", "udp"),
            ("dtmf_mode", "info"),
            ("disallow", "all"),
            ("allow", "g722,alaw"),
            ("direct_media", "no"),
            ("message_context", CANARIES[1]),
        ],
    ),
];

#[test]
fn an_undo_of_a_deletion_gives_back_what_has_no_field() {
    for bench in benches() {
        for (kind, fields) in BEYOND_FIELDS {
            bench.ari.put(kind, "0400", fields);
        }
        let before = ["0400", "0401", "0402"].map(|number| bench.objects(number));
        let delete = "delete in.csv --from TARGET --yes --max-deletes all";
        bench.ends(delete, 0);
        assert!(bench.objects("0400").values().all(Option::is_none));
        bench.ends("undo --yes --report u.csv", 0);
        assert_eq!(bench.results("u.csv"), ["created"; 3]);
        let now = ["0400", "0401", "0402"].map(|number| bench.objects(number));
        for (now, before) in now.iter().zip(&before) {
            assert_eq!(now, before);
        }
        bench.is_closed();
        // Deleted and given back once more, now by the undo of an undo.
        bench.ends(delete, 0);
        bench.ends("undo --yes", 0);
        assert_eq!(bench.objects("0400"), before[0]);
        // Any of them may be a secret.
        for path in files(bench.folder()) {
            let bytes = fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(CANARIES[1]), "{}", path.display());
        }
    }
}

/// Asterisk shows a variable as if it were an attribute of its own, and does not take it back so.
#[test]
fn what_an_undo_cannot_give_back_is_named() {
    for bench in benches() {
        bench.ari.put(
            "endpoint",
            "0400",
            &[("set_var", "COLOUR=blue"), ("acl", "office")],
        );
        let shown = bench.ari.get("endpoint", "0400").unwrap();
        if !shown.contains_key("COLOUR") {
            // Then nobody can see that it was there.
            continue;
        }
        bench.ends("delete in.csv --from TARGET --yes --max-deletes all", 0);
        bench.ends("undo --yes --report u.csv", 1);
        let rows = bench.report("u.csv");
        let row = rows.iter().find(|row| row["number"] == "0400").unwrap();
        assert_eq!(row["result"], "differs");
        assert!(row["message"].contains("endpoint.COLOUR"), "{row:?}");
        // What the PBX takes back is given back all the same.
        assert!(!row["message"].contains("endpoint.acl"), "{row:?}");
        assert_eq!(bench.ari.get("endpoint", "0400").unwrap()["acl"], "office");
        bench.is_closed();
    }
}

#[test]
fn an_extension_that_lets_anybody_in_is_told_wherever_it_is_read_and_closed_by_its_sheet() {
    let words = "anyone can sign in without a password: 0400:";
    for bench in benches() {
        bench.ari.put("endpoint", "0400", &[("auth", "")]);
        bench.ari.delete("auth", "0400");
        if let EitherPbx::Real(_) = &bench.pbx {
            assert_eq!(bench.telephone("anything"), Some(200));
        }
        bench.write(
            "name.csv",
            "number,display_name\n0400,Ann Müller\n0401,Bo Lund\n",
        );
        for (line, exit) in [
            ("plan in.csv --to TARGET --mode upsert", 0),
            ("plan name.csv --to TARGET --mode upsert", 0),
            ("import name.csv --to TARGET --mode upsert", 0),
            ("import in.csv --to TARGET", 1),
            ("export TARGET -o out.csv", 1),
            ("migrate --from TARGET --to sim:openvox --dry-run", 1),
        ] {
            let ran = bench.run(line);
            assert_eq!(ran.exit, exit, "{line}: {}{}", ran.out, ran.err);
            assert!(ran.err.contains(words), "{line}: {}", ran.err);
        }
        // Without the secret it is not written onto.
        bench.write("renamed.csv", "number,display_name\n0400,Ann Renamed\n");
        let ran = bench.run("import renamed.csv --to TARGET --mode update --report r.csv");
        assert_eq!(
            bench.report("r.csv")[0]["code"],
            "asterisk.no_secret",
            "{}",
            ran.err
        );
        let ran = bench.ends("import in.csv --to TARGET --mode upsert --report r.csv", 0);
        assert!(!ran.err.contains("anyone can sign in"), "{}", ran.err);
        assert_eq!(
            bench.results("r.csv"),
            ["updated", "unchanged", "unchanged"]
        );
        bench.is_closed();
        // The undo does not open it again, and says so.
        bench.ends("undo --yes --report u.csv", 1);
        let row = &bench.report("u.csv")[0];
        assert_eq!(row["code"], "undo.lost");
        assert!(row["message"].starts_with("stays closed: "), "{row:?}");
        bench.is_closed();
    }
}

#[test]
fn an_extension_whose_auth_or_aor_is_gone_is_made_whole_by_its_sheet() {
    for bench in benches() {
        for gone in [&["auth"][..], &["auth", "aor"]] {
            for kind in gone {
                bench.ari.delete(kind, "0400");
            }
            let line = "import in.csv --to TARGET --mode upsert --report r.csv";
            bench.ends(line, 0);
            assert_eq!(
                bench.results("r.csv"),
                ["updated", "unchanged", "unchanged"]
            );
            bench.is_closed();
            let aor = bench.ari.get("aor", "0400").unwrap();
            assert_eq!(aor["max_contacts"], "1");
        }
    }
}

/// An extension without its aor takes no telephone. It is not as wanted, also by a sheet that names nothing of the aor.
#[test]
fn an_extension_that_lacks_its_aor_is_not_taken_for_whole() {
    for bench in benches() {
        bench.ari.delete("aor", "0400");
        let line = "import in.csv --to TARGET --report r.csv";
        bench.ends(line, 1);
        let row = &bench.report("r.csv")[0];
        assert_eq!(row["result"], "conflict");
        let lacks = "max_registrations \"\" instead of \"1\"";
        assert!(row["message"].contains(lacks), "{row:?}");
        bench.ends(&format!("{line} --mode upsert"), 0);
        let results = bench.results("r.csv");
        assert_eq!(results, ["updated", "unchanged", "unchanged"]);
        assert_eq!(bench.ari.get("aor", "0400").unwrap()["max_contacts"], "1");
        bench.is_closed();
        // A part that was made whole stays so, and the report says it.
        bench.ends("undo --yes --report u.csv", 1);
        let row = &bench.report("u.csv")[0];
        assert_eq!(row["result"], "differs");
        assert!(
            row["message"].ends_with("the run made, stays: max_registrations"),
            "{row:?}"
        );
        bench.ends(&format!("{line} --mode upsert"), 0);
        assert_eq!(bench.results("r.csv"), ["unchanged"; 3]);
    }
}

/// A row that was a conflict has made nothing, so an undo has no line for it.
#[test]
fn an_undo_says_nothing_of_parts_that_a_conflict_was_about() {
    for bench in benches() {
        let trunk = [("username", "trunk"), ("password", CANARIES[1])];
        bench.ari.put("auth", "0500", &trunk);
        let sheet = "number,sip_password\n0500,Kq7WzP3xVn9T\n0501,tR7xkQ2mZp9w\n";
        bench.write("more.csv", sheet);
        bench.ends("import more.csv --to TARGET --report r.csv", 1);
        assert_eq!(bench.results("r.csv"), ["conflict", "created"]);
        bench.ends("undo --yes --report u.csv", 0);
        assert_eq!(bench.results("u.csv"), ["deleted"]);
        assert!(bench.ari.get("auth", "0500").is_some());
    }
}

/// A setting without a field, made by somebody else since, is not lost with an undo.
#[test]
fn an_extension_that_got_more_than_its_fields_since_is_not_taken_back() {
    for bench in benches() {
        let usual = bench.ari.get("endpoint", "0400").unwrap()["dtmf_mode"].clone();
        bench
            .ari
            .put("endpoint", "0400", &[("dtmf_mode", "inband")]);
        bench.ari.put("aor", "0401", &[("qualify_frequency", "33")]);
        let before = ["0400", "0401"].map(|number| bench.objects(number));
        bench.ends("undo --yes --report u.csv", 1);
        let rows = bench.report("u.csv");
        let of = |number: &str| rows.iter().find(|row| row["number"] == number).unwrap();
        assert_eq!(of("0402")["result"], "deleted");
        for (number, name) in [
            ("0400", "endpoint.dtmf_mode"),
            ("0401", "aor.qualify_frequency"),
        ] {
            let row = of(number);
            assert_eq!(row["result"], "drifted", "{row:?}");
            assert!(
                row["message"].contains(&format!("leave there: {name};")),
                "{row:?}"
            );
        }
        assert_eq!(["0400", "0401"].map(|number| bench.objects(number)), before);
        bench.ari.put("endpoint", "0400", &[("dtmf_mode", &usual)]);
        bench.ends("undo --yes --report u.csv", 1);
        assert!(bench.objects("0400").values().all(Option::is_none));
        assert!(bench.objects("0401").values().all(Option::is_some));
    }
}

/// A simulated PBX, and a sheet of a dozen extensions from 3000 on.
fn dozen() -> (TestPbx, Ari, Program) {
    let pbx = TestPbx::new("asterisk");
    let ari = Ari(pbx.addr().parse().unwrap());
    let program = Program::at("hq".into()).with_own_state();
    program.write("rowcall.toml", pbx.config("hq") + "reply_within = \"1\"\n");
    let rows = (3000..3012).map(|number| format!("{number},{}{number}\n", CANARIES[0]));
    program.write(
        "in.csv",
        format!("number,sip_password\n{}", rows.collect::<String>()),
    );
    (pbx, ari, program)
}

#[test]
fn what_somebody_has_set_beside_the_fields_before_a_resume_is_told_and_kept() {
    let (pbx, ari, program) = dozen();
    let mut running = program.start("import in.csv --to TARGET --rate 120/s");
    wait_until(|| pbx.numbers().len() > 2);
    running.kill().unwrap();
    running.wait().unwrap();
    ari.put("endpoint", "3000", &[("dtmf_mode", "inband")]);
    program.ends("resume --report r.csv", 0);
    let row = &program.report("r.csv")[0];
    assert_eq!(row["result"], "created");
    assert!(
        row["message"].ends_with("has set it: endpoint.dtmf_mode"),
        "{row:?}"
    );
    program.ends("undo --yes --report u.csv", 1);
    assert_eq!(pbx.numbers(), ["3000"]);

    // A deletion that waits takes nothing with it that it was not planned for.
    ari.put("endpoint", "3000", &[("dtmf_mode", "rfc4733")]);
    program.ends("import in.csv --to TARGET --mode upsert", 0);
    let delete = "delete in.csv --from TARGET --yes --max-deletes all --rate 12/s --parallel 1";
    let mut running = program.start(delete);
    wait_until(|| pbx.numbers().len() < 11);
    running.kill().unwrap();
    running.wait().unwrap();
    ari.put("endpoint", "3011", &[("dtmf_mode", "inband")]);
    program.ends("resume --yes --report r.csv", 1);
    assert_eq!(pbx.numbers(), ["3011"]);
    let rows = program.report("r.csv");
    let row = rows.iter().find(|row| row["number"] == "3011").unwrap();
    assert_eq!(row["result"], "drifted");
    assert!(
        row["message"].contains("beside its fields: endpoint.dtmf_mode;"),
        "{row:?}"
    );
}

/// A PBX that answers deletions of parts otherwise while it is told to; the real one behind it, where there is one.
struct Halting {
    pbx: TestPbx,
    is_halted: Arc<AtomicBool>,
    has_halted: Arc<AtomicBool>,
}

fn halting(real: Option<Ari>, answer: Reply) -> Halting {
    let is_halted = Arc::new(AtomicBool::new(false));
    let has_halted = Arc::new(AtomicBool::new(false));
    let (halted, seen) = (is_halted.clone(), has_halted.clone());
    let rig = altered(vendor("asterisk").unwrap(), move |pbx, heard| {
        let is_part = ["/aor/", "/auth/"]
            .iter()
            .any(|it| heard.target.contains(it));
        if halted.load(Ordering::Relaxed) && heard.method == "DELETE" && is_part {
            seen.store(true, Ordering::Relaxed);
            return answer.clone();
        }
        match real {
            None => pbx.answer(heard),
            Some(ari) => passed_on(ari, heard),
        }
    });
    Halting {
        pbx: TestPbx::serving(rig),
        is_halted,
        has_halted,
    }
}

/// Between a deletion that was killed behind the endpoint and a creation of the same number nothing is lost: what the ledger
/// knows to be left of the old extension makes way, and what it does not know stays.
#[test]
fn a_creation_after_a_deletion_that_was_killed_in_its_midst_makes_way_for_itself() {
    let mut real = vec![None];
    real.extend(
        [NEWEST, V16]
            .into_iter()
            .filter_map(RunningAsterisk::start)
            .map(Some),
    );
    for asterisk in real {
        let behind = asterisk.as_ref().map(RunningAsterisk::ari);
        let halting = halting(behind, Reply::new(503, "text/plain", ""));
        let ari = behind.unwrap_or(Ari(halting.pbx.addr().parse().unwrap()));
        let program = Program::at("hq".into()).with_own_state();
        program.write("rowcall.toml", halting.pbx.config("hq"));
        let sheet = |secret: &str| format!("number,sip_password\n0400,{}{secret}\n", CANARIES[0]);
        program.write("in.csv", sheet("old"));
        program.write("again.csv", sheet("new"));
        program.ends("import in.csv --to TARGET", 0);
        halting.is_halted.store(true, Ordering::Relaxed);
        let mut delete = program.start("delete in.csv --from hq --yes --max-deletes all");
        wait_until(|| halting.has_halted.load(Ordering::Relaxed));
        delete.kill().unwrap();
        delete.wait().unwrap();
        halting.is_halted.store(false, Ordering::Relaxed);
        assert!(ari.get("endpoint", "0400").is_none());
        assert!(ari.get("auth", "0400").is_some());

        // Without the ledger it may belong to a trunk.
        let mut stranger = program.command_in("elsewhere");
        stranger.args(["import", "again.csv", "--to", "hq"]);
        ran_showing(stranger.output().unwrap())
            .exits(1)
            .says(&["it may belong to a trunk", "rowcall resume"]);
        program
            .ends("import again.csv --to TARGET --report r.csv", 0)
            .says(&["was cut off when it deleted 0400"]);
        assert_eq!(program.results("r.csv"), ["created"]);
        let secret = format!("{}new", CANARIES[0]);
        assert_eq!(ari.get("auth", "0400").unwrap()["password"], secret);
        if let Some(asterisk) = &asterisk {
            let telephone = Telephone::new(asterisk.sip());
            assert_eq!(telephone.register("0400", &secret, 60), Some(200));
        }
        // A later run has nothing to do with it any more.
        program.ends("delete in.csv --from TARGET --yes --max-deletes all", 0);
        ari.put(
            "auth",
            "0400",
            &[("username", "trunk"), ("password", "theirs")],
        );
        program.ends("import again.csv --to TARGET --report r.csv", 1);
        assert_eq!(program.results("r.csv"), ["conflict"]);
    }
}

/// A PBX that refuses to remove the parts of an extension, once its endpoint is gone, has not deleted it; and what is left
/// is removed by a resume and by the next deletion, and made whole by an undo.
#[test]
fn a_deletion_that_leaves_parts_is_not_told_as_one_and_goes_on() {
    let words = r#"{"message":"Cannot delete sorcery objects of type 'aor'"}"#;
    let halting = halting(None, Reply::new(403, "application/json", words));
    let ari = Ari(halting.pbx.addr().parse().unwrap());
    let program = Program::at("hq".into()).with_own_state();
    program.write("rowcall.toml", halting.pbx.config("hq"));
    let sheet = format!("number,sip_password\n0400,{}old\n", CANARIES[0]);
    program.write("in.csv", sheet);
    let delete = "delete in.csv --from TARGET --yes --max-deletes all --report r.csv";
    for (goes_on, is_there) in [
        ("resume --yes", false),
        ("undo --yes", true),
        (delete, false),
        ("import in.csv --to TARGET", true),
    ] {
        program.ends("import in.csv --to TARGET --mode upsert", 0);
        halting.is_halted.store(true, Ordering::Relaxed);
        program.ends(delete, 1);
        halting.is_halted.store(false, Ordering::Relaxed);
        let row = &program.report("r.csv")[0];
        assert_eq!(row["result"], "failed", "{row:?}");
        assert!(row["message"].contains("parts of it are left"), "{row:?}");
        assert!(row["hint"].contains("rowcall resume"), "{row:?}");
        assert!(ari.get("endpoint", "0400").is_none());
        assert!(ari.get("auth", "0400").is_some());
        program.ends(goes_on, 0);
        for part in ["endpoint", "auth", "aor"] {
            assert_eq!(
                ari.get(part, "0400").is_some(),
                is_there,
                "{goes_on}: {part}"
            );
        }
    }
}

/// What may belong to a trunk of the same number is told, and neither the deletion nor a resume removes it unasked.
#[test]
fn parts_that_may_be_of_something_else_are_told_and_stay() {
    let words = r#"{"message":"Cannot delete sorcery objects of type 'aor'"}"#;
    let halting = halting(None, Reply::new(403, "application/json", words));
    let ari = Ari(halting.pbx.addr().parse().unwrap());
    let program = Program::at("hq".into()).with_own_state();
    program.write("rowcall.toml", halting.pbx.config("hq"));
    let sheet = format!("number,sip_password\n0400,{}old\n", CANARIES[0]);
    program.write("in.csv", sheet);
    program.ends("import in.csv --to TARGET", 0);
    ari.put("aor", "0400", &[("outbound_proxy", "sip:192.0.2.7")]);
    halting.is_halted.store(true, Ordering::Relaxed);
    let delete = "delete in.csv --from TARGET --yes --max-deletes all --report r.csv";
    program.ends(delete, 1);
    halting.is_halted.store(false, Ordering::Relaxed);
    let row = &program.report("r.csv")[0];
    assert_eq!(row["result"], "failed", "{row:?}");
    assert!(
        row["message"].contains("may belong to something else"),
        "{row:?}"
    );
    assert!(!row["hint"].contains("resume"), "{row:?}");
    program.run("resume --yes");
    for part in ["auth", "aor"] {
        assert!(ari.get(part, "0400").is_some(), "{part}");
    }
}

/// An extension that used the auth of another one is as it was after the undo of its deletion, and the undo says so.
#[test]
fn an_undo_that_gives_back_an_extension_with_the_auth_of_another_is_done() {
    for bench in benches() {
        bench.ari.put("endpoint", "0401", &[("auth", "0400")]);
        bench.ari.delete("auth", "0401");
        bench.write("gone.csv", "number\n0401\n");
        let before = ["auth", "aor", "endpoint"].map(|kind| bench.ari.get(kind, "0401"));
        bench.ends("delete gone.csv --from TARGET --yes --max-deletes all", 0);
        assert_eq!(bench.ari.get("endpoint", "0401"), None);
        bench.ends("undo --yes --report r.csv", 0);
        assert_eq!(bench.results("r.csv"), ["created"]);
        let after = ["auth", "aor", "endpoint"].map(|kind| bench.ari.get(kind, "0401"));
        assert_eq!(after, before);
    }
}

#[test]
fn an_extension_whose_auth_another_one_uses_is_not_deleted() {
    for bench in benches() {
        let door = [
            ("auth", "0400"),
            ("aors", "door"),
            ("context", "doors"),
            ("disallow", "all"),
            ("allow", "alaw"),
        ];
        bench.ari.put("aor", "door", &[("max_contacts", "1")]);
        bench.ari.put("endpoint", "door", &door);
        bench.ends(
            "delete in.csv --from TARGET --yes --max-deletes all --report r.csv",
            1,
        );
        assert_eq!(bench.results("r.csv"), ["conflict", "deleted", "deleted"]);
        let row = &bench.report("r.csv")[0];
        assert_eq!(row["code"], "in_use");
        assert!(
            row["message"].contains("endpoint \"door\" names it as its auth"),
            "{row:?}"
        );
        bench.is_closed();
        bench.ari.delete("endpoint", "door");
        bench.ends(
            "delete in.csv --from TARGET --yes --max-deletes all --report r.csv",
            0,
        );
        assert_eq!(
            bench.results("r.csv"),
            ["deleted", "unchanged", "unchanged"]
        );
    }
}

#[test]
fn an_account_that_may_only_read_reads_and_is_told_before_it_writes() {
    for bench in benches() {
        let (reader, sees) = match &bench.pbx {
            EitherPbx::Simulated { .. } => ("watcher", "extensions: 3 on the PBX"),
            EitherPbx::Real(_) => ("reader", "extensions: 3 on the PBX"),
        };
        let config = bench.read("rowcall.toml");
        let (before, rest) = config.split_once("username = \"").unwrap();
        let (_, rest) = rest.split_once('"').unwrap();
        bench.write(
            "rowcall.toml",
            format!("{before}username = \"{reader}\"{rest}"),
        );
        bench.ends("plan in.csv --to TARGET --mode upsert", 0);
        bench.ends("import in.csv --to TARGET --mode upsert --dry-run", 0);
        // Its list is never certainly complete.
        bench.ends("export TARGET -o out.csv", 1);
        assert_eq!(bench.read("out.csv").lines().count(), 4);
        let doctor = bench.ends("doctor TARGET", 0);
        assert!(
            doctor
                .out
                .contains(&format!("reached, as {reader}, who may only read"))
        );
        assert!(doctor.out.contains(sees), "{}", doctor.out);
        bench.write("new.csv", "number,sip_password\n0500,tR7xkQ2mZp9w\n");
        for line in [
            "import new.csv --to TARGET",
            "delete in.csv --from TARGET --yes",
        ] {
            bench
                .ends(line, 3)
                .says(&["may only read", "set read_only = no"]);
        }
        assert!(bench.objects("0500").values().all(Option::is_none));
    }
}

#[test]
fn a_number_that_asterisk_would_change_is_not_sent_as_the_caller_id() {
    for bench in benches() {
        bench.write(
            "odd.csv",
            "number,display_name,sip_password\n20-01,Dee Fox,tR7xkQ2mZp9w\n",
        );
        bench.ends("import odd.csv --to TARGET", 0);
        let endpoint = bench.ari.get("endpoint", "20-01").unwrap();
        assert_eq!(endpoint["callerid"], "Dee Fox");
        bench
            .ends("import odd.csv --to TARGET --mode upsert", 0)
            .says(&["1 unchanged"]);
    }
}

/// AstDB may lose the endpoint alone of what a run has made: an undo takes back the parts that are left, where they are as the
/// run made them.
#[test]
fn an_undo_takes_back_what_is_left_of_extensions_that_are_gone() {
    let pbx = TestPbx::new("asterisk");
    let ari = Ari(pbx.addr().parse().unwrap());
    let program = Program::at("hq".into()).with_own_state();
    program.write("rowcall.toml", pbx.config("hq"));
    let rows = (3000..3006).map(|number| format!("{number},{}{number},2\n", CANARIES[0]));
    let heading = "number,sip_password,max_registrations\n".to_owned();
    program.write("in.csv", heading + &rows.collect::<String>());
    program.ends("import in.csv --to TARGET", 0);
    for number in ["3000", "3001", "3002", "3003"] {
        ari.delete("endpoint", number);
    }
    // These are a trunk's by now, and of this one an aor alone is left.
    ari.put("auth", "3001", &[("password", "theirs")]);
    ari.put("aor", "3002", &[("contact", "sip:198.51.100.7")]);
    ari.delete("auth", "3003");
    ari.put("endpoint", "3005", &[("context", "vip")]);
    let undone = program.ends("undo --yes --report u.csv", 1);
    undone.says(&["may belong to something else", "of context \"vip\""]);
    let results = [
        "conflict", "deleted", "deleted", "drifted", "drifted", "deleted",
    ];
    assert_eq!(program.results("u.csv"), results);
    for (number, parts) in [
        ("3000", [false, false]),
        ("3001", [true, true]),
        ("3002", [true, true]),
        ("3003", [false, false]),
        ("3004", [false, false]),
        ("3005", [true, true]),
    ] {
        let held = ["auth", "aor"].map(|kind| ari.get(kind, number).is_some());
        assert_eq!(held, parts, "{number}");
    }
}
