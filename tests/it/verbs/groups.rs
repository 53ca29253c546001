//! Groups as rows of their own sheet, as a person works with them: `--groups`.

use crate::support::altered::{altered, contains};
use crate::support::fixture::{Rig, account};
use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::wait_until;
use crate::support::sheets::{read_rows, write_table};
use rowcall::link::Link;
use rowcall::model::{Action, Field, Record};
use rowcall::vendors::{GROUPS, VENDORS};
use rowcall::wire::{Body, Effect, Method, Request};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const DEFAULT: &str = "__DEFAULT_EXTENSION_GROUP__";

/// A PBX behind a socket with the extensions 2001 to 2020 and some groups, and a user who works on it.
struct Office(Desk);

impl Deref for Office {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.0
    }
}

fn rig() -> Rig {
    Rig::new(&GROUPS[0], &BTreeMap::new())
}

impl Office {
    /// `groups` are names with their members.
    fn with(groups: &[(&str, &str)]) -> Office {
        let office = Office::at(rig());
        let group = |(name, members): &(&str, &str)| {
            let mut group = office.pbx.full(name, 0);
            group.set(Field::GROUP_MEMBERS, *members);
            group
        };
        office.seed(&groups.iter().map(group).collect::<Vec<_>>());
        office
    }

    fn at(rig: Rig) -> Office {
        Office(Desk::at(TestPbx::serving(rig)))
    }

    /// Runs a line at full speed to the expected end; returns the results of its report by group.
    #[track_caller]
    fn go(&self, line: &str, exit: i32) -> BTreeMap<String, String> {
        self.ends(
            &format!("{line} --rate 5000 --reply-within 2 --report report.csv"),
            exit,
        );
        self.by_group()
    }

    fn by_group(&self) -> BTreeMap<String, String> {
        let rows = read_rows(&self.path("report.csv")).into_iter();
        rows.map(|row| (row["number"].clone(), row["result"].clone()))
            .collect()
    }

    fn export(&self) -> String {
        self.ends("export TARGET --groups --rate 5000 --reply-within 2", 0)
            .out
    }

    fn members(&self, group: &str) -> Option<String> {
        self.pbx.sim.stored(group, "members")
    }

    /// Sends the PBX a request that rowcall never sends.
    fn raw(&self, path: &str, mut body: Value) {
        let link = self.pbx.in_process();
        let post = |path: &str, body: Value| {
            let request = Request::new("raw", Method::Post, path, Effect::Writes);
            let reply = link.exchange(&request.body(Body::Json(body))).unwrap();
            assert_eq!(reply.status, 200);
            reply
        };
        let account = account();
        let credential =
            json!({"username": account.username, "password": account.password.reveal()});
        let session = post("/account/credentials/verify", credential)
            .json()
            .unwrap();
        body["access_token"] = session["access_token"].clone();
        post(path, body);
    }
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    let owned = |(a, b): (&str, &str)| (a.to_owned(), b.to_owned());
    pairs.into_iter().map(owned).collect()
}

/// Names that a careless program would take for something else.
const ODD: [&str; 8] = [
    "Vertrieb Süd; Nord",
    "007",
    "=1+1",
    "\"Quoted\", and a comma",
    "all",
    "true",
    "日本語 🙂",
    "2001",
];

#[test]
fn what_is_exported_is_imported_again_without_a_change_in_every_mode_and_format() {
    let groups: Vec<(&str, &str)> = ODD.iter().map(|name| (*name, "2003;2001")).collect();
    let office = Office::with(&groups);
    let before = office.export();
    assert!(!before.contains(DEFAULT), "{before}");
    let head = "group_name,description,intercom,external_calls,console_access,group_members\n";
    assert!(before.starts_with(head), "{before}");
    assert!(
        before.contains("007,Reception desk,on,on,on,2001;2003"),
        "{before}"
    );
    for ending in ["csv", "jsonl", "xlsx"] {
        let file = format!("groups.{ending}");
        let ran = office.run(&format!(
            "export TARGET --groups --rate 5000 --reply-within 2 -o {file}"
        ));
        assert_eq!(ran.exit, 0, "{}", ran.err);
        assert!(ran.err.contains("8 groups"), "{}", ran.err);
        for mode in ["create", "update", "upsert", "sync"] {
            let line = format!("import {file} --groups --to TARGET --mode {mode} --yes");
            let results = office.go(&line, 0);
            assert_eq!(results.len(), ODD.len(), "{ending} {mode}");
            let unchanged = results.values().all(|result| result == "unchanged");
            assert!(unchanged, "{ending} {mode}: {results:?}");
        }
    }
    assert_eq!(office.export(), before);
}

#[test]
fn each_mode_touches_what_it_says_and_the_default_group_never() {
    let sheet = "Group,Members,Description\nSales,2001; 2003;;2003,\nNew,2004,fresh\nSupport,,\n";
    let expected = [
        ("create", 1, [("Sales", "conflict"), ("New", "created")]),
        ("update", 1, [("Sales", "updated"), ("New", "missing")]),
        ("upsert", 0, [("Sales", "updated"), ("New", "created")]),
        ("sync", 0, [("Sales", "updated"), ("New", "created")]),
    ];
    for (mode, code, results) in expected {
        let office = Office::with(&[("Sales", "2001;2002"), ("Support", "2002"), ("Old", "2005")]);
        office.write("groups.csv", sheet);
        let line = format!("import groups.csv --groups --to TARGET --mode {mode} --yes");
        let mut said = office.go(&line, code);
        let deleted = said.remove("Old");
        assert_eq!(deleted.as_deref(), (mode == "sync").then_some("deleted"));
        assert_eq!(said.remove("Support").as_deref(), Some("unchanged"));
        assert_eq!(said, pairs(results), "{mode}");
        let changed = mode != "create";
        let sales = if changed { "2001;2003" } else { "2001;2002" };
        assert_eq!(office.members("Sales").as_deref(), Some(sales), "{mode}");
        let described = office.pbx.sim.stored("Sales", "group_description");
        assert_eq!(described.as_deref(), Some("Reception desk"), "blank leaves");
        // The fewest permissions of a group, unless the sheet gives more.
        if office.members("New").is_some() {
            let may = |what| office.pbx.sim.stored("New", what).unwrap();
            assert_eq!(may("enable_external_call"), "false", "{mode}");
            assert_eq!(may("enable_management_console_access"), "false", "{mode}");
        }
        let connection = office.pbx.connect();
        let everybody = connection.list_extensions().unwrap().unwrap();
        assert_eq!(everybody.numbers.len(), 20, "{mode}");
        // And once more there is nothing left to do.
        if code == 0 {
            let again = office.go(&line, 0);
            assert!(
                again.values().all(|result| result == "unchanged"),
                "{again:?}"
            );
        }
    }
}

#[test]
fn clear_empties_and_what_a_switch_cannot_be_is_said() {
    let office = Office::with(&[("Sales", "2001;2002")]);
    office.write(
        "groups.csv",
        "group_name,description,group_members\nSales,<clear>,<clear>\n",
    );
    let said = office.go("import groups.csv --groups --to TARGET --mode update", 0);
    assert_eq!(said, pairs([("Sales", "updated")]));
    assert_eq!(office.members("Sales").as_deref(), Some(""));
    let described = office.pbx.sim.stored("Sales", "group_description");
    assert_eq!(described.as_deref(), Some(""));
    office.write("groups.csv", "group_name,intercom\nSales,<clear>\n");
    let said = office.go("import groups.csv --groups --to TARGET --mode update", 1);
    assert_eq!(said, pairs([("Sales", "invalid")]));
}

#[test]
fn members_that_the_pbx_does_not_have_are_findings_that_name_them_all() {
    let office = Office::with(&[("Sales", "2001")]);
    office.write(
        "groups.csv",
        "group_name,group_members\nSales,2002;9999;77;2001\nSupport,2003\n",
    );
    let said = office.go("import groups.csv --groups --to TARGET --mode upsert", 1);
    assert_eq!(said, pairs([("Sales", "invalid"), ("Support", "created")]));
    assert_eq!(office.members("Sales").as_deref(), Some("2001"));
    let row = &read_rows(&office.path("report.csv"))[0];
    assert_eq!(row["code"], "group_members.unknown");
    assert_eq!(
        (&*row["field"], &*row["column"]),
        ("group_members", "group_members")
    );
    assert!(row["message"].contains("\"9999\", \"77\""), "{row:?}");
    assert!(!row["message"].contains("2002"), "{row:?}");
    // The same with a plan.
    let ran = office.run("plan groups.csv --groups --to TARGET --mode upsert");
    assert!(ran.out.contains("invalid Sales (groups.csv:2)") && ran.out.contains("9999"));
    assert_eq!(ran.exit, 1);
}

#[test]
fn a_row_that_names_the_default_group_is_a_finding_and_sync_goes_on_without_it() {
    let office = Office::with(&[("Sales", "2001"), ("Old", "2002")]);
    let sheet = format!("group_name,group_members\nSales,2001\n{DEFAULT},2001\n");
    office.write("groups.csv", &sheet);
    let ran = office.run("check groups.csv --for portsip --groups --all");
    assert_eq!(ran.exit, 1);
    assert!(ran.out.contains("group_name.reserved A3"), "{}", ran.out);
    let line = "import groups.csv --groups --to TARGET --mode sync --yes";
    let said = office.go(line, 1);
    let expected = [
        ("Sales", "unchanged"),
        ("Old", "deleted"),
        (DEFAULT, "invalid"),
    ];
    assert_eq!(said, pairs(expected));
    let said = office.go("delete groups.csv --groups --from TARGET --yes", 1);
    assert_eq!(said, pairs([("Sales", "deleted"), (DEFAULT, "invalid")]));
    let connection = office.pbx.connect();
    assert_eq!(connection.list().unwrap().numbers.len(), 0);
    // No request was made about the default group itself.
    assert_eq!(
        office.pbx.sim.requests_to("/api/extensions/group/destroy"),
        2
    );
    office.write("groups.csv", "group_name\nGone\n");
    let said = office.go("delete groups.csv --groups --from TARGET --yes", 0);
    assert_eq!(said, pairs([("Gone", "unchanged")]));
    let row = &read_rows(&office.path("report.csv"))[0];
    assert_eq!(row["message"], "the PBX has no such group");
}

#[test]
fn two_groups_of_one_name_are_told_and_neither_is_touched() {
    let office = Office::with(&[("Sales", "2001"), ("Other", "2001")]);
    let twin = json!({"group_name": "Sales", "enable_intercom": true, "enable_external_call": true,
        "enable_management_console_access": true, "members": ["2002"]});
    office.raw("/extensions/group/create", twin);
    let before = office.export();
    assert_eq!(before.matches("\nSales,").count(), 2, "{before}");
    office.write(
        "groups.csv",
        "group_name,group_members\nSales,2003\nOther,2003\n",
    );
    for mode in ["create", "update", "upsert", "sync"] {
        let said = office.go(
            &format!("import groups.csv --groups --to TARGET --mode {mode} --yes"),
            1,
        );
        assert_eq!(said["Sales"], "invalid", "{mode}");
        let row = &read_rows(&office.path("report.csv"))[0];
        assert_eq!(row["code"], "group_name.ambiguous", "{mode}");
    }
    // Nor where no row names them, or one deletes them.
    office.write("groups.csv", "group_name,group_members\nOther,2003\n");
    let line = "import groups.csv --groups --to TARGET --mode sync --yes --max-deletes all";
    assert_eq!(office.go(line, 1)["Sales"], "rejected");
    office.write("groups.csv", "group_name\nSales\n");
    let line = "delete groups.csv --groups --from TARGET --yes --max-deletes all";
    assert_eq!(office.go(line, 1)["Sales"], "rejected");
    assert_eq!(office.pbx.sim.numbers(), ["Other", "Sales", "Sales"]);
    assert_eq!(
        office.pbx.sim.requests_to("/api/extensions/group/destroy"),
        0
    );
}

#[test]
fn by_a_list_that_is_not_certainly_whole_nothing_is_deleted_and_nothing_doubled() {
    let doubtful = Arc::new(AtomicBool::new(false));
    let is_doubtful = doubtful.clone();
    // Once the flag is set, the list of groups does not give the number of pages.
    let office = Office::at(altered(&GROUPS[0], move |pbx, heard| {
        let mut reply = pbx.answer(heard);
        if heard.path().ends_with("/group/list") && is_doubtful.load(Ordering::SeqCst) {
            let mut list = reply.json().unwrap();
            list.as_object_mut().unwrap().remove("page_count");
            reply.body = list.to_string().into_bytes();
        }
        reply
    }));
    for name in ["Sales", "Old"] {
        let made = office
            .pbx
            .connect()
            .apply(Action::Create, &office.pbx.full(name, 0), None);
        made.result.unwrap();
    }
    doubtful.store(true, Ordering::SeqCst);
    office.write("groups.csv", "group_name,group_members\nSales,2002\n");
    let line = "import groups.csv --groups --to TARGET --mode sync --yes --max-deletes all";
    assert_eq!(office.go(line, 4), pairs([("Sales", "not_sent")]));
    // A group that the list shows can be changed all the same.
    let line = "import groups.csv --groups --to TARGET --mode update";
    assert_eq!(office.go(line, 0), pairs([("Sales", "updated")]));
    // A group that it does not show may be there: it is unknown, so it is not created.
    office.write("groups.csv", "group_name,group_members\nNew,2002\n");
    for command in [
        "import groups.csv --groups --to",
        "delete groups.csv --yes --groups --from",
    ] {
        let said = office.go(&format!("{command} TARGET"), 1);
        assert_eq!(said, pairs([("New", "unknown")]), "{command}");
    }
    assert_eq!(office.pbx.sim.numbers(), ["Old", "Sales"]);
    let ran = office.run("export TARGET --groups --rate 5000 --reply-within 2");
    assert!(ran.err.contains("may be incomplete"), "{}", ran.err);
}

#[test]
fn undo_restores_members_description_and_switches_and_makes_deleted_groups_again() {
    let office = Office::with(&[("Sales", "2001;2002"), ("Old", "2005"), ("Still", "2006")]);
    let before = office.export();
    office.write(
        "groups.csv",
        "group_name,description,intercom,console_access,group_members\nSales,new,off,off,2003\nNew,,,,2004\nStill,,,,\n",
    );
    let line = "import groups.csv --groups --to TARGET --mode sync --yes";
    let said = office.go(line, 0);
    let expected = [
        ("Sales", "updated"),
        ("New", "created"),
        ("Old", "deleted"),
        ("Still", "unchanged"),
    ];
    assert_eq!(said, pairs(expected));
    let after = office.export();
    let ran = office.run("runs");
    assert!(
        ran.out.contains("| import --mode sync --groups |"),
        "{}",
        ran.out
    );
    let undo = |arguments: &str| {
        let ran = office.run(&format!("undo {arguments} --yes --report report.csv"));
        assert_eq!(ran.exit, 0, "{}", ran.err);
        office.by_group()
    };
    let said = undo("");
    let expected = [("Sales", "updated"), ("New", "deleted"), ("Old", "created")];
    assert_eq!(said, pairs(expected));
    assert_eq!(office.export(), before);
    // And the undo, which is the newest run of the list.
    let runs = office.run("runs").out;
    let newest = runs.lines().nth(2).unwrap();
    assert!(newest.contains("| undo --groups"), "{runs}");
    let newest = newest.split('|').nth(1).unwrap().trim().to_owned();
    let said = undo(&newest);
    let expected = [("Sales", "updated"), ("New", "created"), ("Old", "deleted")];
    assert_eq!(said, pairs(expected));
    assert_eq!(office.export(), after);
    let ran = office.run("report -o again.csv");
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert_eq!(read_rows(&office.path("again.csv")).len(), 3);
}

#[test]
fn what_somebody_changed_since_is_kept_by_undo() {
    let office = Office::with(&[("Sales", "2001")]);
    office.write("groups.csv", "group_name,group_members\nSales,2002\n");
    office.go("import groups.csv --groups --to TARGET --mode update", 0);
    let joined = json!({"group_id": "101", "group_name": "Sales", "enable_intercom": true,
        "enable_external_call": true, "enable_management_console_access": true,
        "members": ["2002", "2007"]});
    office.raw("/extensions/group/update", joined);
    let ran = office.run("undo --yes --report report.csv");
    assert_eq!(ran.exit, 1, "{}", ran.err);
    assert_eq!(office.by_group(), pairs([("Sales", "drifted")]));
    assert!(
        ran.err.contains("1 group will not be as before it"),
        "{}",
        ran.err
    );
    assert_eq!(office.members("Sales").as_deref(), Some("2002;2007"));
}

#[test]
fn a_plan_of_groups_is_carried_out_as_one_and_stops_where_a_group_moved() {
    let office = Office::with(&[("Sales", "2001"), ("Other", "2001")]);
    office.write(
        "groups.csv",
        "group_name,group_members\nSales,2002;2003\nNew,2004\n",
    );
    let plan = "plan groups.csv --groups --to TARGET --mode upsert -o plan.json --rate 5000 --reply-within 2";
    let ran = office.run(plan);
    assert_eq!(ran.exit, 0, "{}", ran.err);
    assert!(
        ran.out.contains("group_members: \"2001\" → \"2002;2003\""),
        "{}",
        ran.out
    );
    let said = office.go("import --plan plan.json", 0);
    assert_eq!(said, pairs([("Sales", "updated"), ("New", "created")]));
    assert_eq!(office.members("Sales").as_deref(), Some("2002;2003"));
    // A second time everything has moved. The report of the first is left alone, so it is moved away.
    fs::rename(office.path("report.csv"), office.path("first.csv")).unwrap();
    let said = office.go("import --plan plan.json", 4);
    assert_eq!(said, pairs([("Sales", "drifted"), ("New", "drifted")]));
    let ran = office.run("import --plan plan.json --groups");
    assert_eq!(ran.exit, 2, "{}", ran.err);
}

#[test]
fn a_run_that_was_killed_is_gone_on_with_and_no_group_is_made_twice() {
    const ROWS: usize = 60;
    let office = Office::with(&[("Old", "2001")]);
    let faults = "seed=11,cut_before=10,cut_after=15,retry_after_s=0,latency_ms=2";
    office.pbx.sim.set_faults(faults.parse().unwrap());
    let wanted: Vec<Record> = (0..ROWS)
        .map(|row| office.pbx.full(&format!("Group {row}"), row % 2))
        .collect();
    crate::support::sheets::write_extensions(&office.path("groups.csv"), &wanted);
    let line = "import groups.csv --groups --to TARGET --mode sync --yes --max-deletes all \
                --rate 2000 --parallel 4 --report report.csv";
    let mut child = office.command(line).stderr(Stdio::null()).spawn().unwrap();
    for kills in 1..=5 {
        wait_until(|| office.pbx.sim.numbers().len() >= kills * 10);
        child.kill().unwrap();
        child.wait().unwrap();
        child = office
            .command("resume --yes")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    office.pbx.faults("");
    let results = office.by_group();
    assert_eq!(results.len(), ROWS + 1);
    assert_eq!(results["Old"], "deleted");
    assert_eq!(office.pbx.sim.numbers().len(), ROWS);
    let connection = office.pbx.connect();
    for group in &wanted {
        assert_eq!(
            office.pbx.sim.created(group.number()),
            1,
            "{}",
            group.number()
        );
        assert_eq!(results[group.number()], "created");
        office
            .pbx
            .assert_stored(&connection, group, "after the kills");
    }
}

#[test]
fn sheets_of_extensions_and_of_groups_are_not_taken_for_each_other() {
    let office = Office::with(&[]);
    write_table(
        &office.path("staff.csv"),
        &["number", "sip_password", "web_password", "groups"],
        &[vec!["3001", "tR7xkQ2mZp9w", "Kw83hTqzLm", "Night"]],
    );
    office.write("groups.csv", "group,members\nNight,2001\n");
    let said = office.go("import groups.csv --groups --to TARGET", 0);
    assert_eq!(said, pairs([("Night", "created")]));
    let said = office.go("import staff.csv --to TARGET", 0);
    assert_eq!(said, pairs([("3001", "created")]));
    assert_eq!(office.members("Night").as_deref(), Some("2001;3001"));
    // Each taken for the other is refused, and the missing heading is named.
    for (line, missing, advice) in [
        ("import groups.csv --to TARGET", "number", "say --groups"),
        (
            "import staff.csv --groups --to TARGET",
            "group_name",
            "leave out --groups",
        ),
    ] {
        let ran = office.run(line);
        let missing = format!("no column holds the {missing}");
        let told = ran.err.contains(advice) && ran.err.contains(&missing);
        assert!(ran.exit == 2 && told, "{line}: {}", ran.err);
    }
}

#[test]
fn makes_without_groups_say_so() {
    let office = Office::with(&[]);
    office.write("groups.csv", "group_name\nSales\n");
    for vendor in VENDORS.iter().filter(|vendor| vendor.groups().is_none()) {
        for line in [
            "check groups.csv --groups --for VENDOR",
            "fix groups.csv --groups --for VENDOR -o fixed.csv",
            "template --groups --for VENDOR",
            "plan groups.csv --groups --to sim:VENDOR",
            "import groups.csv --groups --to sim:VENDOR",
            "delete groups.csv --groups --from sim:VENDOR",
            "export sim:VENDOR --groups",
        ] {
            let ran = office.run(&line.replace("VENDOR", vendor.id));
            let told = ran.err.contains("has no groups") && ran.err.contains("portsip");
            assert!(
                ran.exit == 2 && told && ran.out.is_empty(),
                "{line}: {}",
                ran.err
            );
        }
        assert!(!(vendor.manifest)().ability.groups);
    }
    for vendor in VENDORS.iter().filter(|vendor| vendor.groups().is_some()) {
        assert!((vendor.manifest)().ability.groups, "{}", vendor.id);
    }
}

#[test]
fn vendors_and_template_tell_of_groups() {
    let office = Office::with(&[]);
    let told = office.run("vendors portsip").out;
    let groups = told.split("## Fields of groups").nth(1).unwrap();
    for word in ["enable_intercom", "group_name.reserved", "members"] {
        assert!(groups.contains(word), "{word}");
    }
    let ran = office.run("template --for portsip --groups -o empty.csv");
    assert_eq!(ran.exit, 0);
    let sheet = fs::read_to_string(office.path("empty.csv")).unwrap();
    office.write("filled.csv", format!("{sheet}Sales,,on,off,off,2001\n"));
    let said = office.go("import filled.csv --groups --to TARGET", 0);
    assert_eq!(said, pairs([("Sales", "created")]));
}

#[test]
fn groups_are_compared_by_their_names() {
    let office = Office::with(&[("Sales", "2001;2002"), ("Old", "2003")]);
    let ran = office.run("export TARGET --groups --rate 5000 --reply-within 2 -o before.csv");
    assert_eq!(ran.exit, 0, "{}", ran.err);
    let diff = "diff before.csv TARGET --groups --rate 5000 --reply-within 2";
    let ran = office.run(diff);
    assert_eq!((ran.exit, ran.out.as_str()), (0, ""), "{}", ran.err);
    office.write(
        "new.csv",
        "group_name,group_members\nSales,2002;2004\nNew,2005\n",
    );
    let line = "import new.csv --groups --to TARGET --mode sync --yes";
    assert_eq!(office.go(line, 0).len(), 3);
    office.run("export TARGET --groups --rate 5000 --reply-within 2 -o after.csv");
    for line in [diff, "diff before.csv after.csv --groups"] {
        let ran = office.run(line);
        assert_eq!(ran.exit, 1, "{line}: {}", ran.err);
        for words in [
            "New: added",
            "Old: removed",
            "Sales: members: + 2004, − 2001",
        ] {
            assert!(ran.out.contains(words), "{line}: {}", ran.out);
        }
    }
    let ran = office.run("diff before.csv sim:ozeki --groups");
    assert!(
        ran.exit == 2 && ran.err.contains("has no groups"),
        "{}",
        ran.err
    );
}

/// A PBX with a group Sales, of which another one writes the list of members back without extension 2002, as soon as the
/// run has added extension 3002.
fn beside_another_writer() -> Office {
    let rig = altered(&GROUPS[0], |pbx, heard| {
        let reply = pbx.answer(heard);
        if heard.path().ends_with("group/update") && contains(heard, "3002") {
            let mut late = heard.clone();
            let body = String::from_utf8(late.body).unwrap();
            late.body = body.replace("\"2002\",", "").into_bytes();
            assert_eq!(pbx.answer(&late).status, 200);
        }
        reply
    });
    let office = Office::at(rig);
    let group = |name: &str, members: &str| {
        let mut group = office.pbx.full(name, 0);
        group.set(Field::GROUP_MEMBERS, members);
        group
    };
    office.seed(&[group("Sales", "2001;2002;2003"), group("Support", "2004")]);
    office
}

const STAFF: &str = "number,sip_password,web_password,display_name,groups\n\
    2001,,,,Sales\n2002,,,,Sales\n2003,,,Renamed,Sales\n2004,,,,Support\n\
    3001,tR7xkQ2mZp9w,Kw83hTqzLm,,Sales\n3002,tR7xkQ2mZp9w,Kw83hTqzLm,,Sales\n";

#[test]
fn who_is_lost_from_a_group_differs_though_nothing_of_the_row_was_to_be_written() {
    let office = beside_another_writer();
    office.write("staff.csv", STAFF);
    let line = "import staff.csv --to TARGET --mode upsert --max-updates all";
    let said = office.go(line, 1);
    let expected = [
        ("2001", "unchanged"),
        ("2002", "differs"),
        ("2003", "updated"),
        ("2004", "unchanged"),
        ("3001", "created"),
        ("3002", "created"),
    ];
    assert_eq!(said, pairs(expected));
    let row = &read_rows(&office.path("report.csv"))[1];
    assert_eq!((&*row["field"], &*row["column"]), ("groups", "groups"));
    assert!(row["message"].contains("at the end of the run"), "{row:?}");
    // An undo does not touch what the run did not do.
    office.run("undo --yes").exits(0);
    assert_eq!(office.members("Sales").as_deref(), Some("2001;2003"));
}

#[test]
fn a_resumed_run_looks_at_the_groups_of_the_rows_that_were_done_before() {
    let office = Office::with(&[("Sales", "2001;2002")]);
    let rows: String = (3001..3007)
        .map(|number| format!("{number},tR7xkQ2mZp9w,Kw83hTqzLm,Sales\n"))
        .collect();
    let head = "number,sip_password,web_password,groups\n2001,,,Sales\n2002,,,Sales\n";
    office.write("staff.csv", format!("{head}{rows}"));
    let line = "import staff.csv --to TARGET --mode upsert --rate 12 --parallel 1 \
        --reply-within 1 --report report.csv";
    let mut child = office.command(line).stderr(Stdio::null()).spawn().unwrap();
    wait_until(|| office.members("Sales").unwrap().contains("3003"));
    child.kill().unwrap();
    child.wait().unwrap();
    // Another one writes the group: 2001 and 3001 are lost.
    let members: Vec<String> = office
        .members("Sales")
        .unwrap()
        .split(';')
        .map(str::to_owned)
        .collect();
    let kept = members
        .iter()
        .filter(|one| !["2001", "3001"].contains(&one.as_str()));
    let kept: Vec<&str> = kept.map(String::as_str).collect();
    office.write(
        "late.csv",
        format!("Group,Members\nSales,{}\n", kept.join(";")),
    );
    office
        .command_in("elsewhere")
        .args(["import", "late.csv", "--groups", "--to", &office.target()])
        .args(["--mode", "update", "--yes"])
        .output()
        .unwrap();
    assert_eq!(office.members("Sales").unwrap(), kept.join(";"));
    office.ends("resume --yes --report report.csv", 1);
    let said = office.by_group();
    let lost: Vec<&str> = said
        .iter()
        .filter(|(_, result)| *result == "differs")
        .map(|(number, _)| number.as_str())
        .collect();
    assert_eq!(lost, ["2001", "3001"], "{said:?}");
    assert_eq!(said.len(), 8);
}

#[test]
fn of_a_group_that_a_gateway_made_twice_undo_removes_none_until_one_is_left() {
    let second = Arc::new(Mutex::new(String::new()));
    let made = second.clone();
    // The gateway sends the first creation twice.
    let rig = altered(&GROUPS[0], move |pbx, heard| {
        let reply = pbx.answer(heard);
        let mut id = made.lock().unwrap();
        if heard.path().ends_with("group/create") && id.is_empty() {
            let again = pbx.answer(heard).json().unwrap();
            *id = again["group_id"].as_str().unwrap().to_owned();
        }
        reply
    });
    let office = Office::at(rig);
    office.write("groups.csv", "Group,Members\nNight,2001\nDay,2002\n");
    let line = "import groups.csv --groups --to TARGET --rate 5000 --reply-within 2";
    let ran = office.ends(&format!("{line} --json --report report.csv"), 1);
    let expected = pairs([("Night", "differs"), ("Day", "created")]);
    assert_eq!(office.by_group(), expected);
    let row = read_rows(&office.path("report.csv")).remove(0);
    assert!(row["message"].contains("more than once"), "{row:?}");
    fs::remove_file(office.path("report.csv")).unwrap();
    let undo = format!(
        "undo {} --yes --report report.csv",
        ran.summary()["run"].as_str().unwrap()
    );
    let undone = office.ends(&undo, 1);
    assert!(
        undone.err.contains("more than one group Night"),
        "{}",
        undone.err
    );
    assert_eq!(
        office.by_group(),
        pairs([("Day", "deleted"), ("Night", "unknown")])
    );
    assert_eq!(office.pbx.numbers(), ["Night", "Night"]);
    // The second one is removed by hand; the one that is left is as the run left it.
    let id = second.lock().unwrap().clone();
    office.raw("/extensions/group/destroy", json!({ "group_id": id }));
    fs::remove_file(office.path("report.csv")).unwrap();
    office.ends(&undo, 0);
    assert_eq!(
        office.by_group(),
        pairs([("Day", "unchanged"), ("Night", "deleted")])
    );
    assert_eq!(office.pbx.numbers(), [""; 0]);
}

#[test]
fn an_undo_takes_out_of_groups_only_what_the_run_put_in() {
    let office = Office::with(&[("Sales", "2003"), ("Support", "2001"), ("Night", "2004")]);
    office.write("sales.csv", "number,groups\n2001,Sales\n");
    let update = "--to TARGET --mode update --rate 5000 --reply-within 2 --yes";
    let ran = office.ends(&format!("import sales.csv {update} --json"), 0);
    // Another run puts the same extension into another group.
    office.write("night.csv", "number,groups\n2001,Night\n");
    office.ends(&format!("import night.csv {update}"), 0);
    office.ends(&format!("undo {} --yes", ran.name()), 0);
    let members = ["Sales", "Support", "Night"].map(|group| office.members(group).unwrap());
    assert_eq!(members, ["2003", "2001", "2004;2001"]);
}
