//! `rowcall diff` from outside: planted changes are each found once, none by half, and none shows a secret.

use crate::support::canary::CANARIES;
use crate::support::fixture::{Rig, account, certain_listers, value};
use crate::support::pbx::Desk;
use crate::support::program::without_home;
use crate::support::random::Random;
use crate::support::sheets::{read_rows, write_extensions, write_table};
use rowcall::archive::{Archive, Facts};
use rowcall::manifest::Access;
use rowcall::model::{Field, Language, Record};
use rowcall::vendors::{VENDORS, Vendor};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::thread;
use std::time::Duration;

fn diff(folder: &Path, words: &[&str]) -> Output {
    without_home()
        .arg("diff")
        .args(words)
        .current_dir(folder)
        .env("XDG_CONFIG_HOME", folder.join("nowhere"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Exit code, standard output and standard error.
fn said(output: Output) -> (i32, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn sheets_are_compared_by_what_their_columns_mean() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "a.csv",
        "number,display_name,Disabled\n2001,Ann,yes\n2002,Bo,no\n",
    );
    write(
        "b.csv",
        "number,display_name,enabled\n2001,Ann,yes\n2002,Bo,yes\n",
    );
    let (code, out, _) = said(diff(folder.path(), &["a.csv", "b.csv"]));
    assert_eq!((code, out.as_str()), (1, "2001 Ann: enabled off → on\n"));
    write("c.csv", "number,\"Name, Vorname\"\n2001,\"Berg, Ann\"\n");
    write("d.csv", "number,display_name\n2001,Ann Berg\n");
    let (code, out, _) = said(diff(folder.path(), &["c.csv", "d.csv", "--for", "openvox"]));
    assert_eq!((code, out.as_str()), (0, ""));
    write("e.csv", "number,first_name,last_name\n2001,Ann,Bergmann\n");
    let (_, out, _) = said(diff(folder.path(), &["c.csv", "e.csv", "--for", "portsip"]));
    assert!(
        out.contains("Bergmann") && !out.contains("Ann\" →"),
        "{out}"
    );
}

/// A person's extension with something in every field that the vendor gives back.
fn person(rig: &Rig, row: usize) -> Record {
    let number = format!("{:04}", 1000 + row);
    let mut person = rig.full(&number, row % 2);
    for field in rig
        .manifest
        .field
        .iter()
        .filter(|row| row.access == Access::WriteOnly)
    {
        person.remove(field.name);
    }
    person.set(Field::DISPLAY_NAME, format!("Person {row}"));
    person.set(Field::EMAIL, format!("person.{row}@example.com"));
    person
}

/// Writes extensions in any order, under columns in any order.
fn write_shuffled(path: &Path, extensions: &[Record], random: &mut Random) {
    let fields = extensions.iter().flat_map(Record::iter);
    let fields: BTreeSet<Field> = fields.map(|(field, _)| field).collect();
    let mut fields = Vec::from_iter(fields);
    random.shuffle(&mut fields);
    let headings: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    let cells = |extension: &Record| -> Vec<String> {
        let cells = fields.iter();
        let cells = cells.map(|field| extension.reveal(*field).unwrap_or_default().to_owned());
        cells.collect()
    };
    let mut rows: Vec<Vec<String>> = extensions.iter().map(cells).collect();
    random.shuffle(&mut rows);
    write_table(path, &headings, &rows);
}

/// Two tables of a vendor's extensions in a folder, before.csv and after.csv, .jsonl and .xlsx, in any order of rows and
/// columns, with a hundred changes between them.
struct Planted {
    vendor: &'static Vendor,
    folder: tempfile::TempDir,
    /// The change that was planted in each number, and its field.
    planted: BTreeMap<String, (&'static str, String)>,
    after: Vec<Record>,
    random: Random,
}

/// A hundred planted changes for each vendor.
fn each_vendor(case: impl Fn(&mut Planted)) {
    let mut random = Random::from_environment_or("DIFF_SEED", 20_261_101);
    for vendor in VENDORS {
        println!("{}", vendor.id);
        case(&mut plant(vendor, random.split()));
    }
}

fn plant(vendor: &'static Vendor, mut random: Random) -> Planted {
    let folder = tempfile::tempdir().unwrap();
    let rig = Rig::new(vendor, &BTreeMap::new());
    let before: Vec<Record> = (0..600).map(|row| person(&rig, row)).collect();
    let mut after = before.clone();
    // The rows to change: each is changed in one way only.
    let mut rows: Vec<usize> = (0..before.len()).collect();
    random.shuffle(&mut rows);
    let mut planted: BTreeMap<String, (&'static str, String)> = BTreeMap::new();
    let changeable: Vec<_> = rig
        .manifest
        .field
        .iter()
        .filter(|row| {
            let identifies = [Field::DISPLAY_NAME, Field::EMAIL].contains(&row.name);
            let other = |at: usize| value(row, "1", at);
            row.access == Access::ReadWrite
                && ![Field::NUMBER, Field::NEW_NUMBER].contains(&row.name)
                && !identifies
                && other(0) != other(1)
        })
        .collect();
    for (at, row) in rows.iter().take(70).enumerate() {
        let field = changeable[at % changeable.len()];
        let number = before[*row].number().to_owned();
        let held = before[*row]
            .reveal(field.name)
            .unwrap_or_default()
            .to_owned();
        let other = (0..9).filter_map(|variant| value(field, &number, variant));
        let other = other
            .chain([String::new()])
            .find(|text| *text != held)
            .unwrap();
        after[*row].set(field.name, other);
        planted.insert(number, ("changed", field.name.name().to_owned()));
    }
    for row in &rows[70..80] {
        planted.insert(before[*row].number().to_owned(), ("removed", String::new()));
    }
    for row in &rows[80..90] {
        let number = before[*row].number().to_owned();
        after[*row].set(Field::NUMBER, format!("7{number}"));
        planted.insert(number, ("renumbered", "number".to_owned()));
    }
    let gone: BTreeSet<&str> = rows[70..80]
        .iter()
        .map(|row| before[*row].number())
        .collect();
    after.retain(|extension| !gone.contains(extension.number()));
    for row in 0..10 {
        let added = person(&rig, 5000 + row);
        planted.insert(added.number().to_owned(), ("added", String::new()));
        after.push(added);
    }
    assert_eq!(planted.len(), 100);
    write_shuffled(&folder.path().join("before.csv"), &before, &mut random);
    for name in ["after.csv", "after.jsonl", "after.xlsx"] {
        write_shuffled(&folder.path().join(name), &after, &mut random);
    }
    Planted {
        vendor,
        folder,
        planted,
        after,
        random,
    }
}

#[test]
fn a_hundred_planted_changes_are_a_hundred_lines() {
    each_vendor(|found| {
        let Planted {
            vendor,
            folder,
            planted,
            ..
        } = found;
        for ending in ["csv", "jsonl", "xlsx"] {
            let name = format!("after.{ending}");
            let words = ["before.csv", &name, "--for", vendor.id];
            let (exit, out, err) = said(diff(folder.path(), &words));
            assert_eq!(exit, 1, "{err}");
            let lines: Vec<&str> = out.lines().collect();
            assert_eq!(lines.len(), 100, "{} {ending}", vendor.id);
            for (line, (number, (what, _))) in lines.iter().zip(planted.iter()) {
                assert!(
                    line.starts_with(&format!("{number} Person ")),
                    "{line} {number}"
                );
                let words = line.split_once(": ").unwrap().1;
                match *what {
                    "renumbered" => assert_eq!(words, format!("renumbered to 7{number}")),
                    "changed" => assert!(!words.is_empty() && !words.contains("; "), "{line}"),
                    what => assert_eq!(words, what),
                }
            }
            assert!(
                err.contains("70 changed, 10 added, 10 removed, 10 renumbered"),
                "{err}"
            );
            assert!(!CANARIES.iter().any(|canary| out.contains(canary)), "{out}");
        }
    });
}

#[test]
fn a_hundred_planted_changes_are_a_hundred_rows_of_a_table() {
    each_vendor(|found| {
        let Planted {
            vendor,
            folder,
            planted,
            ..
        } = found;
        for ending in ["csv", "json", "jsonl", "xlsx"] {
            let name = format!("told.{ending}");
            let words = ["before.csv", "after.csv", "--for", vendor.id, "-o", &name];
            let (exit, out, err) = said(diff(folder.path(), &words));
            assert_eq!((exit, out.as_str()), (1, ""), "{err}");
            let rows = read_rows(&folder.path().join(&name));
            let told: BTreeMap<String, (&str, String)> = rows
                .iter()
                .map(|row| {
                    let kind = ["changed", "removed", "renumbered", "added"];
                    let kind = kind.into_iter().find(|kind| row["kind"] == *kind).unwrap();
                    // A workbook is for people, and names a field by its label.
                    let label = |field: &Field| field.heading(Language::English) == row["field"];
                    let field = Field::all().find(label).filter(|_| ending == "xlsx");
                    let field = field.map_or(row["field"].clone(), |field| field.name().to_owned());
                    (row["number"].clone(), (kind, field))
                })
                .collect();
            assert_eq!(
                (rows.len(), &told),
                (100, &*planted),
                "{} {ending}",
                vendor.id
            );
            let secrets = Field::all().filter(|field| field.is_secret());
            let secrets: Vec<&str> = secrets.map(Field::name).collect();
            for row in &rows {
                let shows = !row["before"].is_empty() || !row["after"].is_empty();
                assert!(
                    !(secrets.contains(&row["field"].as_str()) && shows),
                    "{row:?}"
                );
            }
        }
    });
}

#[test]
fn nothing_differs_from_itself_whatever_the_order() {
    each_vendor(|found| {
        let folder = found.folder.path();
        write_shuffled(&folder.join("again.jsonl"), &found.after, &mut found.random);
        let words = ["after.csv", "again.jsonl", "--for", found.vendor.id];
        let (exit, out, _) = said(diff(folder, &words));
        assert_eq!((exit, out.as_str()), (0, ""));
    });
}

#[test]
fn a_pbx_is_held_against_a_sheet_and_another_pbx() {
    for vendor in certain_listers() {
        let (desk, other) = (Desk::new(vendor.id), Desk::new(vendor.id));
        let sheet = desk.sample(12);
        assert_eq!(desk.import("state", &sheet, &[]).exit, 0);
        assert_eq!(other.import("state", &sheet, &[]).exit, 0);
        desk.export();
        let export = desk.path("export.csv");
        let rate = ["--rate", "2000/s"];
        let sides = |a: &str, b: &str| {
            let output = desk
                .command_in("state")
                .args(["diff", a, b])
                .args(rate)
                .output();
            said(output.unwrap())
        };
        let (target, file) = (desk.target(), export.to_str().unwrap());
        let (exit, out, err) = sides(file, &target);
        assert_eq!((exit, out.as_str()), (0, ""), "{err}");
        assert!(err.contains("no difference"), "{err}");
        let (exit, out, err) = sides(&target, &other.target());
        assert_eq!((exit, out.as_str()), (0, ""), "{err}");
        let prints = desk.path("fingerprints.csv");
        let mut export = desk.command_in("state");
        export.args(["export", &target, "--secrets", "fingerprint", "-o"]);
        assert!(
            export
                .arg(&prints)
                .args(rate)
                .output()
                .unwrap()
                .status
                .success()
        );
        let prints = prints.to_str().unwrap();
        for (before, after) in [(prints, file), (prints, &target), (&target, prints)] {
            let (exit, out, err) = sides(before, after);
            assert_eq!((exit, out.as_str()), (0, ""), "{err}");
            assert!(!err.contains("not compared"), "{err}");
        }

        let edit = desk.edit("New");
        let edited = desk.import("state", &edit, &["--mode", "update"]);
        assert_eq!(edited.exit, 0, "{}", edited.err);
        let secret = if vendor.id == "portsip" {
            "voicemail PIN changed"
        } else {
            "SIP secret changed"
        };
        // By values, by the values of another PBX, and by fingerprints.
        for before in [file, &other.target(), prints] {
            let (exit, out, err) = sides(before, &target);
            assert_eq!((exit, out.lines().count()), (1, 2), "{out}{err}");
            for line in out.lines() {
                assert!(line.contains("New") && line.ends_with(secret), "{line}");
            }
            assert!(!out.contains("pw") && !err.contains("Changed"), "{out}");
        }
    }
}

#[test]
fn a_pbx_that_goes_away_in_the_middle_is_no_difference() {
    let mut desk = Desk::new("portsip");
    let sheet = desk.sample(60);
    assert_eq!(desk.import("state", &sheet, &[]).exit, 0);
    desk.export();
    let mut child = desk
        .command_in("state")
        .args([
            "diff",
            desk.path("export.csv").to_str().unwrap(),
            &desk.target(),
        ])
        .args(["--rate", "30/s", "--parallel", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_millis(700));
    assert!(child.try_wait().unwrap().is_none(), "it was still reading");
    desk.pbx.become_another("openvox");
    let (exit, out, err) = said(child.wait_with_output().unwrap());
    assert_eq!((exit, out.as_str()), (3, ""), "{err}");
}

#[test]
fn sides_that_cannot_be_used_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.csv", "number,email\n0042,a@b.c\n");
    write("twice.csv", "number,email\n0042,a@b.c\n1,\n0042,z@b.c\n");
    write("nameless.csv", "number,email\n,a@b.c\n2\n3,c\n");
    write("empty.csv", "");
    write("header.csv", "number,email\n");
    write("other.csv", "name,mail\nAnn,a@b.c\n");
    write("doubt.csv", "number,username,foo\n1,2,x\n");
    write("mapped.csv", "Stelle,email\n0042,a@b.c\n");
    write("page.md", "| number |\n");
    fs::create_dir(folder.path().join("hq")).unwrap();
    for (words, told) in [
        ("a.csv twice.csv", "0042 stands in twice.csv:2 already"),
        ("a.csv twice.csv", "1 row cannot be compared"),
        ("nameless.csv a.csv", "nameless.csv:2: has no number"),
        (
            "nameless.csv a.csv",
            "nameless.csv:3: the row has 1 cell, and the sheet 2 headings",
        ),
        ("a.csv empty.csv", "is empty"),
        ("a.csv header.csv", "has headings but no row"),
        ("a.csv other.csv", "no column holds the number"),
        ("a.csv nowhere.csv", "there is no such file"),
        ("a.csv nowhere", "nowhere is no file, and as a target"),
        ("a.csv hq", "hq is no file, and as a target"),
        ("a.csv page.md", "cannot be read"),
        ("- -", "once only"),
        (
            "doubt.csv a.csv",
            "may be a person, an account or the SIP account",
        ),
        ("doubt.csv a.csv", "--headings"),
        (
            "a.csv mapped.csv --map Aparat=number",
            "no column holds the number",
        ),
        ("a.csv a.csv --map Stelle=number", "which neither side has"),
        ("a.csv sim:nobody", "there is no vendor"),
        (
            "a.csv a.csv -o out.doc",
            "its ending names no format that is written",
        ),
        ("a.csv", "and one is named"),
        ("a.csv a.csv a.csv", "and 3 are named"),
        ("", "required"),
        ("--since 2026-11-01 hq", "--archive"),
        ("--archive . hq", "--since"),
        ("--archive . --since Christmas", "is no day"),
    ] {
        let words: Vec<&str> = words.split_whitespace().collect();
        let (exit, out, err) = said(diff(folder.path(), &words));
        assert_eq!((exit, out.as_str()), (2, ""), "{words:?}: {err}");
        assert!(err.contains(told), "{words:?}: {err}");
    }
    // A heading that only one side has is mapped there.
    let (exit, _, err) = said(diff(
        folder.path(),
        &["a.csv", "mapped.csv", "--map", "Stelle=number"],
    ));
    assert_eq!(exit, 0, "{err}");
    // A vendor settles the meaning of the headings.
    let (exit, _, err) = said(diff(
        folder.path(),
        &["doubt.csv", "doubt.csv", "--for", "ozeki"],
    ));
    assert_eq!(exit, 0, "{err}");
    let (exit, out, _) = said(diff(folder.path(), &["a.csv", "sim:openvox?garbage=1000"]));
    assert_eq!((exit, out.as_str()), (3, ""));
}

#[test]
fn what_one_side_lacks_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let rows = 800;
    let rig = Rig::new(&VENDORS[0], &BTreeMap::new());
    let mut people: Vec<Record> = (0..rows).map(|row| person(&rig, row)).collect();
    write_extensions(&folder.path().join("before.csv"), &people);
    for person in &mut people {
        person.remove(Field::MOBILE);
        person.remove(Field::SIP_PASSWORD);
    }
    write_extensions(&folder.path().join("after.csv"), &people);
    let (exit, out, err) = said(diff(folder.path(), &["before.csv", "after.csv"]));
    assert_eq!((exit, out.as_str()), (0, ""), "{err}");
    let told = "not compared, because only before.csv has it: sip_password, mobile";
    assert_eq!(err.matches(told).count(), 1, "{err}");
    // A field that a vendor does not give back is reported as such.
    let sheet = folder.path().join("sheet.csv");
    fs::write(&sheet, "number,web_password,nat\n0042,canary-1,on\n").unwrap();
    let (exit, out, err) = said(diff(folder.path(), &["sheet.csv", "sim:openvox"]));
    assert_eq!((exit, out.as_str()), (1, "0042: removed\n"));
    let told = "because sim:openvox does not give it back: web_password, nat";
    assert!(err.contains(told), "{err}");
}

#[test]
fn fingerprints_of_secrets_are_compared_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "a.csv",
        "number,rowcall_sip_password_fingerprint,rowcall_result\n1,aa,x\n2,bb,x\n3,,x\n",
    );
    write(
        "b.csv",
        "number,rowcall_sip_password_fingerprint,rowcall_result\n1,aa,y\n2,b0,y\n3,cc,y\n",
    );
    write(
        "plain.csv",
        "number,sip_password\n1,canary\n2,canary\n3,canary\n",
    );
    let (exit, out, err) = said(diff(folder.path(), &["a.csv", "b.csv"]));
    assert_eq!(
        (exit, out.as_str()),
        (1, "2: SIP secret changed\n3: SIP secret set\n"),
        "{err}"
    );
    let (exit, out, err) = said(diff(folder.path(), &["a.csv", "plain.csv"]));
    assert_eq!((exit, out.as_str()), (0, ""));
    assert!(
        err.contains(
            "the other fingerprints, and there is no key that made them (--key): sip_password"
        ),
        "{err}"
    );
}

/// Everything differs, and everything that a value may do to a table or a terminal is in it.
#[test]
fn a_diff_of_everything_stays_a_table_of_lines() {
    let folder = tempfile::tempdir().unwrap();
    let rows = 5000;
    let nasty = [
        "=1+1",
        "a\nb",
        "\u{1b}[31m",
        "\u{202e}x",
        "a;b,\"c\"",
        "@SUM(A1)",
        "|x|",
        "<b>",
    ];
    let write = |name: &str, turn: usize| {
        let rows: Vec<Vec<String>> = (0..rows)
            .map(|row| {
                let word = nasty[(row + turn) % nasty.len()];
                vec![
                    format!("{row:05}"),
                    format!("{word}{row}"),
                    format!("{word}!"),
                ]
            })
            .collect();
        write_table(
            &folder.path().join(name),
            &["number", "display_name", "description"],
            &rows,
        );
    };
    write("a.csv", 0);
    write("b.csv", 1);
    let (exit, out, err) = said(diff(folder.path(), &["a.csv", "b.csv"]));
    assert_eq!((exit, out.lines().count()), (1, rows), "{err}");
    assert!(
        !out.chars()
            .any(|c| (c.is_control() && c != '\n') || c == '\u{202e}')
    );
    for (format, lines) in [("jsonl", 2 * rows), ("md", 2 * rows + 2)] {
        let (exit, out, _) = said(diff(folder.path(), &["a.csv", "b.csv", "--format", format]));
        assert_eq!((exit, out.lines().count()), (1, lines), "{format}");
    }
    let (exit, ..) = said(diff(folder.path(), &["a.csv", "b.csv", "-o", "all.csv"]));
    let rows_told = read_rows(&folder.path().join("all.csv"));
    assert_eq!((exit, rows_told.len()), (1, 2 * rows));
    let text = fs::read_to_string(folder.path().join("all.csv")).unwrap();
    assert!(!text.contains(",=1+1") && !text.contains(",@SUM"));
    // The reader goes away before the end.
    let mut child = without_home()
        .args(["diff", "a.csv", "b.csv", "--format", "csv"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// Enters a snapshot, and returns its time.
fn night(folder: &Path, target: &str, sheet: &str, more: impl Fn(&mut Facts)) -> String {
    let archive = Archive::open_or_make(folder).unwrap().0;
    let pending = archive.begin(target, "csv").unwrap();
    fs::write(pending.path(), sheet).unwrap();
    let mut facts = Facts {
        started: jiff::Timestamp::now(),
        extensions: sheet.lines().count() as u64 - 1,
        gone: 0,
        whole: true,
        secrets: "fingerprint".to_owned(),
        key: "k1".to_owned(),
        vendor: "openvox".to_owned(),
        pbx: "openvox+http://192.0.2.7/".to_owned(),
        rules: "2026-11-21".to_owned(),
        tool: "rowcall".to_owned(),
        night: None,
    };
    more(&mut facts);
    archive.enter(&pending, facts).unwrap();
    let nights = archive.snapshots().unwrap();
    nights[target].last().unwrap().time.to_string()
}

#[test]
fn nights_of_an_archive_are_told_since_a_day() {
    let desk = tempfile::tempdir().unwrap();
    let folder = desk.path().join("archive");
    let as_they_are = |_: &mut Facts| {};
    let heading = "number,display_name,email,rowcall_sip_password_fingerprint";
    let sheet = |rows: &[&str]| format!("{heading}\n{}\n", rows.join("\n"));
    let first = sheet(&["0042,Ann,a@b.c,f1", "0043,Bo,b@b.c,f2"]);
    let second = sheet(&["0042,Ann,a@b.c,f1", "0043,Bo,b@z.c,f2"]);
    let third = sheet(&["0042,Ann,a@b.c,f9", "0043,Bo,b@z.c,f2", "7,New,,"]);
    night(&folder, "hq", &first, as_they_are);
    let between = night(&folder, "hq", &second, as_they_are);
    // No two snapshots in one second.
    thread::sleep(Duration::from_millis(1010));
    night(&folder, "hq", &third, as_they_are);
    let cut = sheet(&["0042,Ann,a@b.c,f9"]);
    let after = night(&folder, "hq", &cut, |facts| facts.whole = false);
    let since = |day: &str, more: &[&str]| {
        let words = [&["--archive", "archive", "--since", day], more].concat();
        said(diff(desk.path(), &words))
    };
    let (exit, out, err) = since("2026-01-01", &[]);
    let all = "7 New: added\n0042 Ann: SIP secret changed\n0043 Bo: e-mail b@b.c → b@z.c\n";
    assert_eq!((exit, out.as_str()), (1, all), "{err}");
    assert!(
        err.contains("1 changed") || err.contains("2 changed, 1 added"),
        "{err}"
    );
    assert!(
        err.contains("hq: 1 snapshot skipped, may be incomplete"),
        "{err}"
    );
    // What the newest may lack is not compared, which is a finding.
    assert!(err.contains("hq: the newest snapshot, of "), "{err}");
    assert!(!err.contains("commas"), "{err}");
    let (exit, out, _) = since(&between, &["hq"]);
    let late = "7 New: added\n0042 Ann: SIP secret changed\n";
    assert_eq!((exit, out.as_str()), (1, late));
    let (exit, out, err) = since(&after, &["hq"]);
    assert_eq!((exit, out.as_str()), (2, ""));
    assert!(err.contains("there is no snapshot after"), "{err}");
    let (exit, _, err) = since("2026-01-01", &["branch"]);
    assert!(
        exit == 2 && err.contains("it holds snapshots of: hq"),
        "{err}"
    );

    // Another target is reported beside it; another key is no change; a PBX that was emptied is reported.
    night(&folder, "branch", &first, as_they_are);
    night(
        &folder,
        "branch",
        &first.replace("f1", "g1").replace("f2", "g2"),
        |facts| {
            facts.key = "k2".to_owned();
        },
    );
    night(&folder, "depot", &first, as_they_are);
    night(&folder, "depot", &format!("{heading}\n"), as_they_are);
    let (exit, out, err) = since("2026-01-01", &[]);
    let depot = "depot: 0042 Ann: removed\ndepot: 0043 Bo: removed\n";
    let hq = all
        .lines()
        .map(|line| format!("hq: {line}\n"))
        .collect::<String>();
    assert_eq!((exit, out), (1, format!("{depot}{hq}")), "{err}");
    assert!(err.contains("made with two keys: sip_password"), "{err}");
    let (exit, out, _) = since("last", &["branch"]);
    assert_eq!((exit, out.as_str()), (0, ""));
    // How things stood before the archive began, no snapshot shows.
    let (exit, out, err) = since("2026-01-01", &["branch"]);
    let why = "branch: no snapshot shows how things stood at 2026-01-01T00:00:00Z: the oldest that can be compared is of ";
    assert!(
        (exit, out.as_str()) == (1, "") && err.contains(why),
        "{err}"
    );
    let (exit, ..) = since("2026-01-01", &["-o", "told.csv"]);
    let rows = read_rows(&desk.path().join("told.csv"));
    assert_eq!(
        (exit, rows.len(), rows[0]["target"].as_str()),
        (1, 5, "depot")
    );

    // A snapshot that is not as it was entered is not used, and does not keep others from being reported.
    let files = fs::read_dir(folder.join("depot")).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "csv"));
    let file = files.max().unwrap();
    fs::write(&file, first.replace("Ann", "Eve")).unwrap();
    let (exit, out, err) = since("2026-01-01", &[]);
    assert_eq!((exit, out), (2, hq), "{err}");
    assert!(err.contains("is not what was entered"), "{err}");
    fs::remove_file(&file).unwrap();
    let (exit, _, err) = since("2026-01-01", &["depot"]);
    assert!(exit == 2 && err.contains("rowcall archive verify"), "{err}");
    let (exit, _, err) = said(diff(
        desk.path(),
        &["--archive", ".", "--since", "2026-01-01"],
    ));
    assert!(exit == 2 && err.contains("is no archive"), "{err}");
}

#[test]
fn a_command_is_run_when_an_export_is_not_as_the_one_before() {
    let desk = Desk::new("openvox");
    assert_eq!(desk.import("state", &desk.sample(6), &[]).exit, 0);
    let target = desk.target();
    fs::write(
        desk.path("rowcall.toml"),
        format!(
            "[targets.hq]\nvendor = \"openvox\"\nurl = \"{}\"\nusername = \"api\"\npassword_env = \"HQ_CANARY\"\n",
            target.split_once('+').unwrap().1.replace("api@", "")
        ),
    )
    .unwrap();
    let export = |more: &[&str], command: &str| {
        let mut export = desk.command_in("state");
        export.args(["export", "hq", "--rate", "2000/s", "--on-change", command]);
        export.args(more).current_dir(desk.folder());
        export.env("HQ_CANARY", account().password.reveal());
        said(export.output().unwrap())
    };
    let told = desk.path("told");
    let keep = "cat >told; env >variables; echo \"$ROWCALL_TARGET\" >target; echo heard";
    let file = ["-o", "hq.csv", "--secrets", "plain"];
    let archive = ["--archive", "nights", "--secrets", "fingerprint"];
    for (words, word) in [(file, "One"), (archive, "Two")] {
        let (exit, _, err) = export(&words, keep);
        assert_eq!(exit, 0, "{err}");
        assert!(err.contains("the first export") && !told.exists(), "{err}");
        let (exit, _, err) = export(&words, keep);
        assert!(exit == 0 && !told.exists(), "{err}");

        let edited = desk.import("state", &desk.edit(word), &["--mode", "update"]);
        assert_eq!(edited.exit, 0, "{}", edited.err);
        let (exit, out, err) = export(&words, keep);
        assert_eq!(exit, 0, "{err}");
        assert!(
            !out.contains("heard") && err.contains("heard"),
            "{out}{err}"
        );
        let text = fs::read_to_string(&told).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        for line in text.lines() {
            assert!(
                line.contains(word) && line.ends_with("SIP secret changed"),
                "{line}"
            );
        }
        assert_eq!(fs::read_to_string(desk.path("target")).unwrap(), "hq\n");
        let variables = fs::read_to_string(desk.path("variables")).unwrap();
        assert!(
            !format!("{text}{variables}").contains(account().password.reveal()),
            "{variables}"
        );
        fs::remove_file(&told).unwrap();
    }
    // A command that fails shows, and the export is there.
    let edited = desk.import("state", &desk.edit("Three"), &["--mode", "update"]);
    assert_eq!(edited.exit, 0);
    let (exit, _, err) = export(&file, "exit 7");
    assert!(
        exit == 1 && err.contains("the export is in its place"),
        "{err}"
    );
    assert!(
        fs::read_to_string(desk.path("hq.csv"))
            .unwrap()
            .contains("Three")
    );
    // A file that cannot be compared is reported; the export is there all the same.
    fs::write(desk.path("hq.csv"), "nothing of ours\n").unwrap();
    let (exit, _, err) = export(&file, keep);
    assert!(
        exit == 1 && err.contains("is unknown what changed"),
        "{err}"
    );
    assert!(
        !told.exists()
            && fs::read_to_string(desk.path("hq.csv"))
                .unwrap()
                .contains("Three")
    );
    for words in [&["-o", "hq.html"][..], &[]] {
        let (exit, _, err) = export(words, keep);
        assert!(exit == 2 && err.contains("--archive DIR"), "{err}");
    }
}

#[test]
fn a_page_says_in_words_only_what_its_other_cells_do_not() {
    let desk = Desk::new("openvox");
    desk.write(
        "before.csv",
        "number,display_name,sip_password\n2000,Ann,Xk39vTq2Lm\n2001,Bo,Xk39vTq2Lm\n",
    );
    desk.write(
        "after.csv",
        "number,display_name,sip_password\n2000,Anna,Yk39vTq2Lm\n",
    );
    for file in ["d.html", "d.csv"] {
        desk.ends(&format!("diff before.csv after.csv -o {file}"), 1);
    }
    let (page, table) = (desk.read("d.html"), desk.read("d.csv"));
    assert!(table.contains("Ann → Anna"), "{table}");
    assert!(table.contains(",removed\n"), "{table}");
    assert!(!page.contains("Ann → Anna"), "{page}");
    for text in ["<td>Ann</td>", "<td>Anna</td>", "SIP secret changed"] {
        assert!(page.contains(text), "{text}: {page}");
    }
}
