//! Commands that may not go on: what they say of each row, and what they leave alone.

use crate::support::altered::{altered, contains};
use crate::support::pbx::{Desk, TestPbx, at_all_vendors};
use crate::support::program::wait_until;
use crate::support::sheets::lines;
use rowcall::vendors::vendor;
use rowcall::wire::Reply;
use std::fs;

/// Begins an import of the vendor's sample, and kills it once some of it is there; gives the name of its run.
fn cut_off(desk: &Desk) -> String {
    let sheet = desk.sample(12);
    let target = desk.target();
    let import = ["import", sheet.to_str().unwrap(), "--to", &target];
    let mut child = desk.begin(
        "state",
        &[
            &import[..],
            &["--rate", "8/s", "--parallel", "1", "--verify", "none"],
        ]
        .concat(),
    );
    wait_until(|| desk.pbx.numbers().len() >= 3);
    child.kill().unwrap();
    child.wait().unwrap();
    desk.runs("state").pop().unwrap()
}

#[test]
fn without_its_key_a_run_is_neither_resumed_nor_undone_and_every_row_has_its_line() {
    at_all_vendors(|vendor| {
        let desk = Desk::new(vendor.id);
        let run = cut_off(&desk);
        let (key, own) = (desk.path("key"), desk.path("own-key"));
        fs::rename(&key, &own).unwrap();
        let there = desk.pbx.numbers();
        for other in ["", "another", "no key"] {
            let _ = fs::remove_file(&key);
            match other {
                "" => {}
                "another" => drop(desk.run_in(
                    "elsewhere",
                    &[
                        "import",
                        desk.sample(12).to_str().unwrap(),
                        "--to",
                        &Desk::new(vendor.id).target(),
                        "--yes",
                    ],
                )),
                text => drop(desk.file("key", text)),
            }
            let before = fs::read(&key).ok();
            for verb in ["resume", "undo"] {
                let report = desk.path("report.jsonl");
                let words = [verb, &run, "--yes", "--json", "--report"];
                let words = [&words[..], &[report.to_str().unwrap()]].concat();
                let refused = desk.run_in("state", &words);
                let context = format!("{} {verb} {other:?}: {}", vendor.id, refused.err);
                assert_eq!(refused.exit, 3, "{context}");
                let summary = refused.summary();
                assert_eq!(summary["exit_code"], 3, "{context}");
                assert!(
                    refused.err.contains("--key") || refused.err.contains("chmod"),
                    "{context}"
                );
                let rows = lines(&report);
                assert_eq!(summary["rows"], rows.len(), "{context}");
                match verb {
                    "resume" => {
                        assert_eq!(rows.len(), 12, "{context}");
                        // A row that the PBX may still lose is open until it is stored.
                        let loses = (vendor.manifest)().vendor.loses_ms > 0;
                        let open = if loses { "unknown" } else { "created" };
                        assert!(refused.count(open) > 0, "{context}");
                        assert!(refused.count("not_sent") > 0, "{context}");
                    }
                    _ => {
                        assert!(rows.len() >= there.len(), "{context}");
                        assert_eq!(refused.count("not_sent"), rows.len() as u64, "{context}");
                        assert!(
                            rows.iter().all(|row| row["action"] == "delete"),
                            "{context}"
                        );
                    }
                }
                fs::remove_file(report).unwrap();
                // None is made, and none replaced.
                assert_eq!(fs::read(&key).ok(), before, "{context}");
                assert_eq!(desk.pbx.numbers(), there, "{context}");
            }
        }
        let _ = fs::remove_file(&key);
        fs::rename(&own, &key).unwrap();
        let resumed = desk.run_in("state", &["resume", &run, "--json"]);
        resumed.ended_with(0, "created", 12);
        // The run was cut off before it read back, so extensions that cannot be known to be as it left them are kept.
        let undone = desk.undo(&[]);
        let (deleted, kept) = (undone.count("deleted"), undone.count("unknown"));
        assert_eq!(deleted + kept, 12, "{}: {}", vendor.id, undone.err);
        assert_eq!(desk.pbx.numbers().len() as u64, kept, "{}", vendor.id);
    });
}

#[test]
fn what_may_have_been_sent_is_unknown_where_a_resume_is_refused() {
    let desk = Desk::new("ozeki");
    let sheet = desk.sample(12);
    let target = desk.target();
    desk.pbx.faults("latency_ms=400");
    let mut child = desk.begin(
        "state",
        &[
            "import",
            sheet.to_str().unwrap(),
            "--to",
            &target,
            "--parallel",
            "4",
        ],
    );
    wait_until(|| !desk.pbx.numbers().is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    desk.pbx.faults("refuse=1000,in_a_row=1000000");
    let refused = desk.run_in("state", &["resume", "--json", "--yes"]);
    assert_eq!(refused.exit, 3, "{}", refused.err);
    assert!(
        refused.count("unknown") > 0,
        "{} {}",
        refused.out,
        refused.err
    );
    assert_eq!(refused.summary()["rows"], 12);
    desk.pbx.faults("");
    let resumed = desk.run_in("state", &["resume", "--json", "--reply-within", "1"]);
    let resumed = match resumed.exit {
        2 => desk.run_in("state", &["resume", "--json"]),
        _ => resumed,
    };
    assert_eq!(resumed.count("created"), 12, "{}", resumed.err);
}

#[test]
fn a_migration_that_is_refused_leaves_what_it_would_write_alone() {
    let (desk, source) = (Desk::new("openvox"), Desk::new("ozeki"));
    source.import("elsewhere", &source.sample(12), &[]);
    let sheet = desk.sample(12);
    let target = desk.target();
    let mut child = desk.begin(
        "state",
        &[
            "import",
            sheet.to_str().unwrap(),
            "--to",
            &target,
            "--rate",
            "1/s",
        ],
    );
    wait_until(|| !desk.pbx.numbers().is_empty());
    let from = source.target();
    let migrate = ["migrate", "--from", &from, "--json", "--loss", "loss.csv"];
    let onto = ["--to", &target, "--on-loss", "report", "--yes"];
    let onto_nothing = [
        "--to",
        "openvox+http://api@127.0.0.1:9",
        "--dry-run",
        "-o",
        "sent.csv",
    ];
    for (words, why) in [(&onto[..], "at work"), (&onto_nothing, "127.0.0.1:9")] {
        desk.write("loss.csv", "another's")
            .write("sent.csv", "another's");
        let refused = desk.run_in("state", &[&migrate[..], words].concat());
        let counts = (refused.exit, refused.count("not_sent"));
        assert_eq!(counts, (3, 12), "{}", refused.err);
        assert!(refused.err.contains(why), "{}", refused.err);
        for file in ["loss.csv", "sent.csv"] {
            assert_eq!(desk.read(file), "another's", "{words:?}");
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for words in [&["--to", &target, "--dry-run", "-o", "sent.csv"][..], &onto] {
        let done = desk.run_in("state", &[&migrate[..], words].concat());
        assert!(done.exit < 2, "{}", done.err);
        assert!(desk.read("loss.csv").lines().count() > 12, "{words:?}");
    }
    assert_eq!(desk.read("sent.csv").lines().count(), 13);
}

#[test]
fn a_word_about_an_account_in_mid_run_is_the_refusal_of_its_row_while_the_session_goes_on() {
    for id in ["openvox", "yeastar_s"] {
        for errno in ["20003", "10032"] {
            let vendor = vendor(id).unwrap();
            let refusal = format!(r#"{{"status":"Failed","errno":"{errno}"}}"#);
            let rig = altered(vendor, move |pbx, heard| {
                let creates = heard.path().ends_with("extension/add");
                match contains(heard, "Person 2003") && creates {
                    true => Reply::new(200, "application/json", refusal.as_bytes().to_vec()),
                    false => pbx.answer(heard),
                }
            });
            let desk = Desk::at(TestPbx::serving(rig));
            let name = desk.pbx.named_by();
            let rows = (2001..2009).map(|number| {
                let mut row = desk.pbx.small(&number.to_string());
                row.set(name, format!("Person {number}"));
                row
            });
            desk.sheet("in.csv", &rows.collect::<Vec<_>>());
            let ran = desk.go("import in.csv --to TARGET --report r.csv --json");
            assert_eq!(ran.exit, 1, "{id} {errno}: {}", ran.err);
            let counts = (ran.count("created"), ran.count("rejected"));
            assert_eq!(counts, (7, 1), "{id} {errno}: {}", ran.err);
            let row = &desk.report("r.csv")[2];
            assert_eq!((&*row["vendor_code"], &*row["result"]), (errno, "rejected"));
            assert!(!ran.err.contains("sign-in"), "{}", ran.err);
        }
    }
}

#[test]
fn what_was_refused_is_refused_again_where_its_rejects_or_its_marked_copy_are_fed_back() {
    let all = ["2001", "2002", "2003", "3"];
    for (name, sheet, exit, again) in [
        // A mark in a column without a heading, a title that says who stays, a total, and a cell too many.
        ("mark", "Ext;Name;\n2001;A;bleibt\n2002;B;\n2003;C;\n", 2, 2),
        (
            "title",
            "Ext;Name;Email\n2001;A;\nNicht löschen;;\n2003;C;\n",
            2,
            2,
        ),
        ("total", "Nr;Ext;Name\n1;2001;A\n2;2002;B\nSumme;3;\n", 1, 1),
        ("more", "Ext;Name\n2002;B;x\n", 1, 2),
        ("twice", ";Ext;Name;\nx;2001;A;\n;2002;B;x\n", 2, 2),
    ] {
        let desk = Desk::new("openvox");
        let held = all.map(|number| desk.pbx.small(number));
        desk.seed(&held);
        desk.write("s.csv", sheet);
        let flags = "--from TARGET --yes --max-deletes 100% --rate 5000";
        desk.ends(&format!("delete s.csv {flags} --rejects r.csv"), exit);
        let left = desk.pbx.numbers();
        if exit == 2 {
            assert_eq!(left, all, "{name}");
        } else {
            assert!(left.contains(&"3".to_owned()), "{name}: {left:?}");
        }
        for file in ["r.csv", "m.xlsx"] {
            if file == "m.xlsx" {
                desk.run("check s.csv --for openvox --mark m.xlsx");
                if !desk.path(file).exists() {
                    continue;
                }
            }
            let mut flags = flags.to_owned();
            if file == "m.xlsx" {
                // The marks are fill colours, which are asked about unless something else is refused before.
                desk.ends(&format!("delete {file} {flags}"), 2);
                flags += " --every-row";
            }
            let said = desk.ends(&format!("delete {file} {flags}"), again).err;
            let now = desk.pbx.numbers();
            assert_eq!(now, left, "{name}, {file}: {said}\n{}", desk.read("r.csv"));
        }
    }
}

#[test]
fn a_row_with_too_few_cells_stays_refused_until_its_rejects_are_filled_in() {
    let desk = Desk::new("openvox");
    desk.write("s.csv", "Ext;Name;Email\n2002;Ben\n2003;Cid;c@x.de\n");
    let import = "--to TARGET --fill sip_password=<generate> --rate 5000";
    desk.ends(&format!("import s.csv {import} --rejects r.csv"), 1);
    let rejects = desk.read("r.csv");
    assert!(rejects.contains("2002,Ben,,"), "{rejects}");
    desk.ends(&format!("import r.csv {import}"), 1)
        .says(&["too few cells"]);
    desk.ends("check s.csv --for openvox --mark m.xlsx", 1);
    desk.ends(&format!("import m.xlsx {import}"), 1)
        .says(&["too few cells"]);
    assert_eq!(desk.pbx.numbers(), ["2003"]);
    desk.write(
        "filled.csv",
        rejects.replace("2002,Ben,,", "2002,Ben,b@x.de,"),
    );
    desk.ends(&format!("import filled.csv {import}"), 0);
    assert_eq!(desk.pbx.numbers(), ["2002", "2003"]);
    desk.ends(
        &format!("import r.csv {import} --mode upsert --pad-short-rows"),
        0,
    );
}

#[test]
fn a_list_that_fits_no_cell_stays_refused_in_rejects_and_in_a_marked_copy() {
    for list in [r#"["b@x.de",{"of":"Ben"}]"#, r#"["b@x.de;c@x.de"]"#] {
        let desk = Desk::new("openvox");
        desk.write(
            "s.json",
            format!(
                r#"[{{"Ext":"2002","Name":"Ben","Email":{list}}},{{"Ext":"2003","Name":"Cid","Email":"c@x.de"}}]"#
            ),
        );
        let import = "--to TARGET --fill sip_password=<generate> --rate 5000";
        desk.ends(&format!("import s.json {import} --rejects r.csv"), 1);
        let rejects = desk.read("r.csv");
        assert!(rejects.contains(&list.replace('"', "\"\"")), "{rejects}");
        desk.ends("check s.json --for openvox --mark m.xlsx", 1);
        for file in ["r.csv", "m.xlsx"] {
            desk.ends(&format!("import {file} {import} --mode upsert"), 1)
                .says(&["is written as JSON has lists and objects"]);
        }
        assert_eq!(desk.pbx.numbers(), ["2003"], "{list}");
    }
}
