//! Secrets that are generated for new extensions: the real program against a simulated PBX behind a socket.

use crate::support::canary::{assert_no_secret, files, forms};
use crate::support::pbx::Desk;
use crate::support::program::{Program, ran, wait_until, without_home};
use crate::support::sheets::lines;
use crate::support::skip::skip;
use rowcall::model::redact::NOT_SHOWN;
use rowcall::vendors::VENDORS;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every vendor with a sheet of new extensions whose secrets are to be generated: its headings and the cells behind
/// each number.
const SHEETS: [(&str, &str, &str); 8] = [
    (
        "openvox",
        "number,display_name,sip_password,web_password,voicemail_pin",
        "Ann Miller,<generate>,<Generate>,<generate>",
    ),
    (
        "portsip",
        "number,first_name,sip_password,web_password,voicemail_pin",
        "Ann,<generate>,<generate>,<generate>",
    ),
    (
        "yeastar_s",
        "number,display_name,sip_password,web_password,voicemail_pin",
        "Ann Miller,<generate>,<generate>,<generate>",
    ),
    (
        "ozeki",
        "number,user_id,sip_auth_name,sip_password",
        "NUMBER,NUMBER,<generate>",
    ),
    (
        "asterisk",
        "number,display_name,sip_password",
        "Ann Miller,<generate>",
    ),
    (
        "freepbx",
        "number,display_name,sip_password,voicemail_pin",
        "Ann Miller,<generate>,<generate>",
    ),
    (
        "3cx-v20",
        "number,first_name,sip_password,web_password,voicemail_pin",
        "Ann,<generate>,<generate>,<generate>",
    ),
    (
        "yeastar_p",
        "number,first_name,sip_password,web_password,voicemail_pin",
        "Ann,<generate>,<generate>,<generate>",
    ),
];

fn sheet(desk: &Desk, headings: &str, rest: &str, rows: usize) -> PathBuf {
    let rows = (0..rows).map(|row| {
        let number = (2001 + row).to_string();
        format!("{number},{}\n", rest.replace("NUMBER", &number))
    });
    desk.file(
        "new.csv",
        &format!("{headings}\n{}", rows.collect::<String>()),
    )
}

/// A table by its headings, row by row.
fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn is_secret(heading: &str) -> bool {
    ["sip_password", "web_password", "voicemail_pin"].contains(&heading)
}

/// All secrets of a table.
fn secrets(table: &[BTreeMap<String, String>]) -> Vec<String> {
    let cells = table
        .iter()
        .flatten()
        .filter(|(heading, text)| is_secret(heading) && !text.is_empty());
    cells.map(|(_, text)| text.clone()).collect()
}

/// Finds the files that contain one of the secrets, in any form.
fn showing(folder: &Path, secrets: &[String]) -> BTreeSet<PathBuf> {
    let forms: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    let shows = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        forms
            .iter()
            .any(|form| memchr::memmem::find(&bytes, form.as_bytes()).is_some())
    };
    files(folder).into_iter().filter(shows).collect()
}

/// Returns the path of a file of the only run.
fn in_run(desk: &Desk, name: &str) -> PathBuf {
    let runs = desk.path("state/runs");
    let mut entries = fs::read_dir(runs)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let run = entries.next().unwrap();
    assert!(entries.next().is_none(), "there is more than one run");
    run.join(name)
}

#[track_caller]
fn for_its_owner(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    #[cfg(not(unix))]
    assert!(path.is_file());
}

#[test]
fn a_log_of_bodies_has_the_open_values_and_no_secret() {
    for (vendor, headings, rest) in SHEETS {
        let desk = Desk::new(vendor);
        desk.write("rowcall.toml", desk.pbx.config("hq"));
        sheet(&desk, headings, rest, 3);
        let logged = "--log wire.log --log-level wire";
        desk.ends(
            &format!("import new.csv --to hq --secrets-out made.csv {logged}"),
            0,
        );
        let of_import = desk.read("wire.log");
        // An Asterisk's list is never certainly complete, so its export may end with 1.
        desk.run(&format!("export hq -o held.csv {logged}"));
        desk.run(&format!("export hq -o held.jsonl --secrets plain {logged}"));
        desk.ends(&format!("undo --yes --max-deletes all {logged}"), 0);
        let log = desk.read("wire.log");
        let generated = table(&desk.read("made.csv"));
        for secret in secrets(&generated) {
            let shown = forms(&secret).into_iter().find(|form| log.contains(form));
            assert_eq!(shown, None, "{vendor}: {log}");
        }
        // A word of 3CX for an option that is off.
        assert_no_secret("the log", &log.replace("\"None\"", ""));
        let lines = |log: &str, sign: &str| log.matches(&format!("hq   {sign} ")).count();
        assert!(
            lines(&of_import, "<") >= 3 && lines(&of_import, ">") >= 1,
            "{of_import}"
        );
        for open in ["2003", NOT_SHOWN] {
            assert!(of_import.contains(open), "{vendor}: {of_import}");
        }
        if vendor != "ozeki" {
            assert!(of_import.contains("Ann"), "{vendor}: {of_import}");
        }
    }
}

#[test]
fn new_extensions_get_the_secrets_that_stand_in_the_file_and_nowhere_else() {
    for vendor in VENDORS.iter().map(|vendor| vendor.id) {
        let known = SHEETS.into_iter().find(|(known, ..)| *known == vendor);
        let (_, headings, rest) =
            known.unwrap_or_else(|| panic!("{vendor} has no sheet in SHEETS"));
        let desk = Desk::new(vendor);
        let new = sheet(&desk, headings, rest, 12);
        let report = desk.path("report.jsonl");
        let outputs = [
            "--report",
            report.to_str().unwrap(),
            "--rejects",
            "rejects.csv",
        ];
        let said = desk.import("state", &new, &outputs);
        let _ = fs::remove_file("rejects.csv");
        said.ended_with(0, "created", 12);

        let file = in_run(&desk, "secrets.csv");
        assert!(said.err.contains(file.to_str().unwrap()), "{}", said.err);
        for_its_owner(&file);
        let generated = table(&fs::read_to_string(&file).unwrap());
        assert_eq!(generated.len(), 12);
        let all = secrets(&generated);
        let asked = rest.to_lowercase().matches("<generate>").count();
        assert_eq!(all.len(), 12 * asked);
        assert_eq!(
            all.iter().collect::<BTreeSet<_>>().len(),
            all.len(),
            "none comes twice"
        );
        assert!(!all.iter().any(|secret| secret.contains('<')));

        // The PBX has them, as far as it gives them back.
        let shown: BTreeSet<PathBuf> = showing(desk.folder(), &all);
        assert_eq!(shown, BTreeSet::from([file.clone()]), "{vendor}");
        let held = table(&desk.export());
        for (row, held) in generated.iter().zip(&held) {
            assert_eq!(row["number"], held["number"]);
            for (heading, secret) in row.iter().filter(|(heading, _)| is_secret(heading)) {
                let given_back = held.get(heading).filter(|text| !text.is_empty());
                assert!(
                    given_back.is_none_or(|held| held == secret),
                    "{vendor}: {heading}"
                );
            }
        }
        assert!(
            held.iter().all(|held| held["sip_password"].len() == 20),
            "{vendor}"
        );
        let told = fs::read_to_string(&report).unwrap() + &said.err + &said.summary().to_string();
        assert!(!all.iter().any(|secret| told.contains(secret)));

        // Twice is once: an existing extension keeps its own, in any mode.
        let modes = ["create", "update", "upsert", "sync"].into_iter();
        let is_complete = desk.pbx.manifest.ability.list_is_complete;
        for mode in modes.filter(|mode| is_complete || *mode != "sync") {
            let again = desk.import(
                "again",
                &new,
                &["--mode", mode, "--report", report.to_str().unwrap()],
            );
            assert_eq!(
                (again.exit, again.count("unchanged")),
                (0, 12),
                "{mode}: {}",
                again.err
            );
            assert!(!again.err.contains("secrets"), "{}", again.err);
            let kept = lines(&report)[0]["message"].as_str().unwrap().to_owned();
            assert!(kept.starts_with("it exists, and keeps its "), "{kept}");
        }
        assert_eq!(table(&desk.export()), held);

        // The file is a sheet of the values on the PBX. Ozeki wants more for a new one than a password.
        let mode = if vendor == "ozeki" {
            "update"
        } else {
            "create"
        };
        let as_sheet = desk.import("again", &file, &["--mode", mode]);
        assert_eq!(as_sheet.exit, 0, "{}", as_sheet.err);
        assert_eq!(as_sheet.count("unchanged"), 12);

        let cleaned = desk.run_in("state", &["runs", "clean", "--keep", "0"]);
        assert!(
            cleaned.err.contains(file.to_str().unwrap()),
            "{}",
            cleaned.err
        );
        assert!(cleaned.err.contains("0 runs removed") && file.exists());
        let undone = desk.undo(&[]);
        assert_eq!(undone.count("deleted"), 12, "{}", undone.err);
        assert_eq!(table(&desk.export()).len(), 0);
    }
}

#[test]
fn a_named_file_is_new_and_nothing_else() {
    let desk = Desk::new("openvox");
    let (_, headings, rest) = SHEETS[0];
    let new = sheet(&desk, headings, rest, 3);
    let path = |name: &str| desk.path(name).to_str().unwrap().to_owned();
    let refused = |more: &[&str], words: &str| {
        let said = desk.import("state", &new, more);
        assert_eq!(said.exit, 2, "{more:?}: {}", said.err);
        assert!(
            said.err.contains(words) && said.err.contains("hint:"),
            "{}",
            said.err
        );
        assert!(!desk.path("state/runs").exists(), "{more:?}");
    };
    desk.file("old.csv", "precious\n");
    refused(&["--secrets-out", &path("old.csv")], "is there already");
    assert_eq!(
        fs::read_to_string(desk.path("old.csv")).unwrap(),
        "precious\n"
    );
    refused(&["--secrets-out", &path("new.csv")], "is there already");
    refused(
        &[
            "--secrets-out",
            &path("out.csv"),
            "--report",
            &path("./out.csv"),
        ],
        "write to the same file",
    );
    refused(
        &[
            "--secrets-out",
            &path("out.csv"),
            "--rejects",
            &path("out.csv"),
        ],
        "write to the same file",
    );
    refused(
        &["--secrets-out", &path("no/such/out.csv")],
        "no such folder",
    );
    for name in ["out", "out.txt", "out.html", "out.csv.age"] {
        refused(&["--secrets-out", &path(name)], "stands for no sheet");
    }
    for recipient in ["age1", "ssh-rsa AAAA", "somebody", ""] {
        refused(&["--secrets-to", recipient], "--secrets-to");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(desk.path("nowhere"), desk.path("link.csv")).unwrap();
        refused(&["--secrets-out", &path("link.csv")], "is there already");
    }
    assert_eq!(table(&desk.export()).len(), 0);

    // Without generated secrets no file is written.
    let plain = desk.file("plain.csv", "number,sip_password\n3001,tR7xkQ2mZp9w\n");
    let said = desk.import("state", &plain, &["--secrets-out", &path("none.csv")]);
    assert!(
        said.exit == 0 && said.err.contains("none was generated"),
        "{}",
        said.err
    );
    assert!(!desk.path("none.csv").exists());

    for (name, first) in [
        ("s.csv", "number,"),
        ("s.json", "["),
        ("s.jsonl", "{"),
        ("s.xlsx", "PK"),
    ] {
        let number = 4000 + name.len();
        let text = format!("{headings}\n{number},{rest}\n");
        let new = desk.file("more.csv", &text);
        let state = format!("state-{name}");
        let said = desk.import(&state, &new, &["--secrets-out", &path(name)]);
        assert_eq!(said.exit, 0, "{}", said.err);
        for_its_owner(&desk.path(name));
        assert!(
            fs::read(desk.path(name))
                .unwrap()
                .starts_with(first.as_bytes()),
            "{name}"
        );
        let read = desk.import("again", &desk.path(name), &[]);
        read.ended_with(0, "unchanged", 1);
        assert!(said.err.contains(&path(name)), "{}", said.err);
        let undone = desk.run_in(&state, &["undo", "--yes", "--json", "--max-deletes", "all"]);
        assert_eq!(undone.count("deleted"), 1, "{}", undone.err);
    }
}

#[cfg(not(feature = "age"))]
#[test]
fn a_build_that_cannot_encrypt_says_how_to_get_one_that_can() {
    let desk = Desk::new("portsip");
    let (_, headings, rest) = SHEETS[1];
    let new = sheet(&desk, headings, rest, 1);
    let said = desk.import("state", &new, &["--secrets-to", "age1qqqq"]);
    assert_eq!(said.exit, 2, "{}", said.err);
    for word in ["--secrets-to", "built without age", "--features age"] {
        assert!(said.err.contains(word), "{}", said.err);
    }
    assert_eq!(table(&desk.export()).len(), 0);
}

#[cfg(feature = "age")]
#[test]
fn what_is_encrypted_stands_nowhere_in_clear() {
    use std::io::Read;
    let desk = Desk::new("portsip");
    let (_, headings, rest) = SHEETS[1];
    let new = sheet(&desk, headings, rest, 5);
    let identities = [
        age::x25519::Identity::generate(),
        age::x25519::Identity::generate(),
    ];
    let recipients = identities
        .each_ref()
        .map(|identity| identity.to_public().to_string());
    let out = desk.path("s.csv");
    let said = desk.import(
        "state",
        &new,
        &[
            "--secrets-out",
            out.to_str().unwrap(),
            "--secrets-to",
            &recipients[0],
            "--secrets-to",
            &recipients[1],
        ],
    );
    said.ended_with(0, "created", 5);
    let file = desk.path("s.csv.age");
    assert!(said.err.contains(file.to_str().unwrap()), "{}", said.err);
    for_its_owner(&file);
    assert!(!out.exists());
    let read = |file: &Path, identity: &age::x25519::Identity| {
        let bytes = fs::read(file).unwrap();
        let decryptor = age::Decryptor::new(&bytes[..]).unwrap();
        let mut text = String::new();
        let mut reader = decryptor
            .decrypt(std::iter::once(identity as &dyn age::Identity))
            .unwrap();
        reader.read_to_string(&mut text).unwrap();
        text
    };
    let plain = read(&file, &identities[0]);
    assert_eq!(plain, read(&file, &identities[1]));
    let all = secrets(&table(&plain));
    assert_eq!(all.len(), 15);
    assert_eq!(showing(desk.folder(), &all), BTreeSet::new());
    let stranger = age::x25519::Identity::generate();
    let bytes = fs::read(&file).unwrap();
    let decryptor = age::Decryptor::new(&bytes[..]).unwrap();
    assert!(
        decryptor
            .decrypt(std::iter::once(&stranger as &dyn age::Identity))
            .is_err()
    );

    // Without a name it lies in the run's folder.
    let one = desk.file("one.csv", &format!("{headings}\n3001,{rest}\n"));
    let said = desk.import("other", &one, &["--secrets-to", &recipients[0]]);
    assert_eq!(said.exit, 0, "{}", said.err);
    let own = desk
        .path("other/runs")
        .join(said.name())
        .join("secrets.csv.age");
    assert_eq!(table(&read(&own, &identities[0])).len(), 1);
}

#[test]
fn a_plan_says_generated_and_its_import_writes_the_file() {
    let desk = Desk::new("openvox");
    let (_, headings, rest) = SHEETS[0];
    let new = sheet(&desk, headings, rest, 3);
    let (target, plan) = (desk.target(), desk.path("plan.json"));
    let plan = plan.to_str().unwrap();
    let said = desk
        .command_in("state")
        .args(["plan", new.to_str().unwrap(), "--to", &target, "-o", plan])
        .output();
    let said = String::from_utf8(said.unwrap().stdout).unwrap();
    assert_eq!(said.matches(": generated\n").count(), 9, "{said}");
    assert_eq!(
        fs::read_to_string(plan)
            .unwrap()
            .matches("\"<generate>\"")
            .count(),
        9
    );
    let out = desk.path("out.jsonl");
    let import = [
        "import",
        "--plan",
        plan,
        "--json",
        "--rate",
        "2000/s",
        "--secrets-out",
        out.to_str().unwrap(),
    ];
    let said = desk.run_in("state", &import);
    said.ended_with(0, "created", 3);
    let rows = lines(&out);
    assert!(
        rows.iter()
            .all(|row| row["sip_password"].as_str().unwrap().len() == 20),
        "{}",
        rows.len()
    );
    let all: Vec<String> = rows
        .iter()
        .map(|row| row["voicemail_pin"].as_str().unwrap().to_owned())
        .collect();
    let held = table(&desk.export());
    assert!(
        held.iter()
            .zip(&all)
            .all(|(held, pin)| &held["voicemail_pin"] == pin)
    );
    assert_eq!(showing(&desk.path("state"), &all), BTreeSet::new());

    // Another user created one of them meanwhile: planned anew, it keeps its secrets.
    let more = desk.file(
        "more.csv",
        &format!("{headings}\n5001,{rest}\n5002,{rest}\n"),
    );
    let _ = desk
        .command_in("state")
        .args(["plan", more.to_str().unwrap(), "--to", &target, "-o", plan])
        .output();
    let theirs = desk.file(
        "theirs.csv",
        "number,display_name,sip_password\n5001,Ann Miller,tR7xkQ2mZp9w\n",
    );
    assert_eq!(desk.import("theirs", &theirs, &[]).exit, 0);
    let said = desk.run_in(
        "state",
        &[
            "import",
            "--plan",
            plan,
            "--json",
            "--on-drift",
            "replan",
            "--secrets-out",
            desk.path("p.csv").to_str().unwrap(),
        ],
    );
    assert_eq!(
        (said.count("unchanged"), said.count("created")),
        (1, 1),
        "{}",
        said.err
    );
    let generated = table(&fs::read_to_string(desk.path("p.csv")).unwrap());
    assert_eq!(
        generated
            .iter()
            .map(|row| &*row["number"])
            .collect::<Vec<_>>(),
        ["5002"]
    );
    let held = table(&desk.export());
    let theirs = held.iter().find(|row| row["number"] == "5001").unwrap();
    assert_eq!(theirs["sip_password"], "tR7xkQ2mZp9w");
}

#[test]
fn the_rejects_ask_again_and_typed_secrets_stay_out_of_the_file() {
    let desk = Desk::new("openvox");
    let text = "number,sip_password,voicemail_pin,display_name\n2001,<generate>,4711,Ann\n\
                2002,<generate>,x,Bo\n2003,tR7xkQ2mZp9w,,Cy\n2004,tR7xkQ2mZp9w,,<generate>\n";
    let new = desk.file("new.csv", text);
    let (out, rejects) = (desk.path("out.csv"), desk.path("rejects.csv"));
    let more = [
        "--secrets-out",
        out.to_str().unwrap(),
        "--rejects",
        rejects.to_str().unwrap(),
    ];
    let said = desk.import("state", &new, &more);
    assert_eq!(
        (said.exit, said.count("created"), said.count("invalid")),
        (1, 2, 2),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("only passwords and PINs are generated"),
        "{}",
        said.err
    );
    let generated = table(&fs::read_to_string(&out).unwrap());
    let headings: Vec<&str> = generated[0].keys().map(String::as_str).collect();
    assert_eq!(
        (generated.len(), headings),
        (1, vec!["display_name", "number", "sip_password"])
    );
    let rejected = table(&fs::read_to_string(rejects).unwrap());
    assert_eq!(
        (&*rejected[0]["number"], &*rejected[0]["sip_password"]),
        ("2002", "<generate>")
    );
}

#[test]
fn a_disk_that_takes_no_file_lets_nothing_leave() {
    let desk = Desk::new("ozeki");
    let (_, headings, rest) = SHEETS[3];
    let new = sheet(&desk, headings, rest, 3);
    let full = Path::new("/sys/kernel");
    if !full.is_dir() {
        return skip("folder that takes no file", "Linux has /sys/kernel");
    }
    let report = desk.path("report.jsonl");
    let said = desk.import(
        "state",
        &new,
        &[
            "--secrets-out",
            "/sys/kernel/rowcall-secrets.csv",
            "--report",
            report.to_str().unwrap(),
        ],
    );
    said.ended_with(2, "not_sent", 3);
    assert!(said.err.contains("nothing is sent"), "{}", said.err);
    assert_eq!(lines(&report).len(), 3);
    assert_eq!(table(&desk.export()).len(), 0);
    assert_eq!(
        fs::read_dir(desk.path("state/runs")).unwrap().count(),
        0,
        "a run is left"
    );
}

#[test]
fn a_rehearsal_says_that_its_secrets_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("new.csv"),
        "number,sip_password\n2001,<generate>\n",
    )
    .unwrap();
    let run = |more: &[&str]| {
        let output = without_home()
            .args(["import", "--to", "sim:openvox"])
            .args(more)
            .current_dir(folder.path())
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let json = r#"[{"number": "2001", "sip_password": "<generate>", "display_name": "Ann"}]"#;
    fs::write(folder.path().join("new.json"), json).unwrap();
    assert!(run(&["new.json"]).contains("are not kept"));
    assert!(run(&["new.csv", "--secrets-out", "s.csv"]).contains("s.csv (1 generated"));
    assert_eq!(
        table(&fs::read_to_string(folder.path().join("s.csv")).unwrap()).len(),
        1
    );
}

/// Killed again and again while it creates: the secrets in the file are those on the PBX, at any time.
#[test]
fn a_killed_run_sends_the_secrets_of_its_file() {
    const ROWS: usize = 60;
    let (vendor, headings, rest) = SHEETS[0];
    for kill in 0..6 {
        let desk = Desk::new(vendor);
        let new = sheet(&desk, headings, rest, ROWS);
        let target = desk.target();
        let mut child = desk.begin(
            "state",
            &[
                "import",
                new.to_str().unwrap(),
                "--to",
                &target,
                "--rate",
                "150/s",
                "--yes",
            ],
        );
        // From when there is a run until it is half-way.
        wait_until(|| !desk.runs("state").is_empty());
        wait_until(|| desk.pbx.sim.numbers().len() >= kill * 6);
        child.kill().unwrap();
        child.wait().unwrap();
        let file = in_run(&desk, "secrets.csv");
        if kill == 5 {
            // A file that was taken away meanwhile is written again.
            fs::remove_file(&file).unwrap();
        }
        let before = fs::read_to_string(&file).ok();
        // Not even the write-ahead file of a killed run shows one.
        let all = before.as_deref().map(|text| secrets(&table(text)));
        let shown = showing(&desk.path("state"), &all.unwrap_or_default());
        assert!(shown.iter().all(|path| *path == file), "{shown:?}");
        let said = desk.run_in("state", &["resume", "--json"]);
        assert_eq!(said.exit, 0, "{}", said.err);
        assert!(said.err.contains(file.to_str().unwrap()), "{}", said.err);
        for_its_owner(&file);
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            before.is_none_or(|before| before == text),
            "it was written again"
        );
        let (generated, held) = (table(&text), table(&desk.export()));
        assert_eq!((generated.len(), held.len()), (ROWS, ROWS));
        for (row, held) in generated.iter().zip(&held) {
            assert_eq!(row["sip_password"], held["sip_password"]);
            assert_eq!(row["voicemail_pin"], held["voicemail_pin"]);
        }
    }
}

/// Addresses with a password, and words like one, as the target of every verb; and a number for a password's file.
#[test]
fn a_password_typed_into_an_address_is_never_printed() {
    let program = Program::new().with_own_state();
    program.write("in.csv", "number\n2001\n");
    for target in [
        "http://api:canary77@127.0.0.1",
        "openvox+http://api:canary77@127.0.0.1:1",
        "openvox+http:/api:canary77@127.0.0.1",
        "api:canary77@127.0.0.1",
        "openvox+http://api:cana/canary77@127.0.0.1",
    ] {
        for line in [
            "import in.csv --to TARGET",
            "plan in.csv --to TARGET",
            "delete in.csv --from TARGET",
            "export TARGET",
            "export TARGET sim:openvox -o e/{target}.csv",
            "export TARGET --archive a",
            "migrate --from TARGET --to sim:openvox",
            "migrate --from sim:openvox --to TARGET",
            "diff TARGET in.csv",
            "diff in.csv TARGET",
            "doctor TARGET",
            "doctor TARGET --json",
            "resume --to TARGET",
            "undo --to TARGET",
        ] {
            for config in [
                None,
                Some("[targets.hq]\nvendor = \"openvox\"\nurl = \"http://127.0.0.1:1\"\n"),
            ] {
                match config {
                    Some(text) => _ = program.write("rowcall.toml", text),
                    None => _ = fs::remove_file(program.path("rowcall.toml")),
                }
                let ran = program.run(&line.replace("TARGET", target));
                assert_ne!(ran.exit, 0, "{line} {target}");
                let text = ran.out + &ran.err;
                assert!(!text.contains("canary77"), "{line} {target}\n{text}");
            }
        }
    }
    for value in ["40917731", "[40917731]", "{ a = 40917731 }", "4091.7731"] {
        let config = format!(
            "[targets.hq]\nvendor = \"openvox\"\nurl = \"http://127.0.0.1:1\"\npassword_file = {value}\n"
        );
        program.write("rowcall.toml", config);
        let err = program.ends("export hq", 2).err;
        assert!(!err.contains("7731"), "{err}");
        assert!(
            err.contains("rowcall.toml:") && err.contains("expected"),
            "{err}"
        );
    }
}

#[test]
fn no_address_that_was_typed_in_a_wrong_place_is_shown_with_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("good.csv"),
        "number,sip_password\n2001,tR7xkQ2mZp9w\n",
    )
    .unwrap();
    let lines = [
        "doctor ADDRESS",
        "doctor ADDRESS --json",
        "check good.csv --for ADDRESS",
        "check ADDRESS --for openvox",
        "plan good.csv --to ADDRESS",
        "import good.csv --to ADDRESS",
        "import good.csv --to ADDRESS --json",
        "delete good.csv --from ADDRESS --yes --json",
        "export ADDRESS --json",
        "diff good.csv ADDRESS --for openvox",
        "migrate --from ADDRESS --to sim:openvox",
        "archive verify ADDRESS",
        "archive list ADDRESS",
        "resume ADDRESS",
        "undo ADDRESS",
        "runs show ADDRESS",
        "template --for ADDRESS",
        "vendors ADDRESS",
        "sim --vendor ADDRESS",
        "export sim:openvox -o ADDRESS/export.csv",
        "--config ADDRESS doctor",
    ];
    for address in [
        "sim:openvox?password=canary-7731",
        "openvox?password=canary-7731",
        "openvox+http://api:canary-7731@127.0.0.1:9",
        "http://127.0.0.1:9/?token=canary-7731",
        "api:canary-7731@127.0.0.1",
        "http:/api:canary-7731@127.0.0.1",
    ] {
        for line in lines {
            let words = line.replace("ADDRESS", address);
            let output = without_home()
                .args(words.split(' '))
                .current_dir(folder.path())
                .env("XDG_STATE_HOME", folder.path().join("state"))
                .env("XDG_CONFIG_HOME", folder.path().join("config"))
                .env("ROWCALL_PASSWORD", "canary-0000")
                .output()
                .unwrap();
            for bytes in [output.stdout, output.stderr] {
                let text = String::from_utf8_lossy(&bytes);
                assert!(!text.contains("canary"), "{words}: {text}");
            }
        }
    }
}

#[test]
fn a_password_in_a_wrong_cell_is_not_shown_by_messages_questions_reports_or_logs() {
    let program = Program::new();
    let write = |name: &str, text: &str| fs::write(program.folder().join(name), text).unwrap();
    // Below Mobil, in an address, in a name, in a switch, and in the place of the number.
    write(
        "cells.csv",
        "Durchwahl;Name;Mobil;Zugang;E-Mail;Active\n\
         2001;Anna Berg;Wrong2024!a;Wrong2024!b;Wrong2024!c;Wrong2024!d\n\
         Wrong2024!e;Otto Wrong2024!f;0171;b;b;Wrong2024!g\n\
         2003;PIN Wrongly;Wrong8rTz5Lp;b;b;on\n",
    );
    // A word that is a secret in another row, among the first values of a question.
    write(
        "asked.csv",
        "Durchwahl;Name;Kennwort;Status\n2001;Anna Berg;tR7xkQ2mZp9w;aktiv\n2002;Otto Kern;wrongword;Wrong2024!\n\
         2003;Eva Hahn;Pq4sNv6Xd2;wrongword\n2004;Ida Lund;Pq4sNv6Xd3;ausgeschieden\n",
    );
    for (exit, line) in [
        (1, "check cells.csv --for openvox --all"),
        (1, "check cells.csv --for openvox --json"),
        (
            1,
            "check cells.csv --for portsip --map Name=display_name --report c.html",
        ),
        (0, "columns cells.csv --for openvox"),
        (0, "columns cells.csv --for openvox --json"),
        (2, "columns asked.csv --for portsip --json"),
        (2, "check asked.csv --for openvox"),
        (2, "check asked.csv --for portsip --lang de"),
        (1, "plan cells.csv --to sim:openvox"),
        (
            1,
            "import cells.csv --to sim:openvox --report r.csv --log l.txt",
        ),
        (
            1,
            "check cells.csv --for openvox --mark m.xlsx --report r.json",
        ),
        (1, "fix cells.csv -o f.csv --for openvox --report x.csv"),
    ] {
        let ran = program.ends(line, exit);
        let said = format!("{}\n{}", ran.out, ran.err);
        assert!(!said.to_lowercase().contains("wrong"), "{line}: {said}");
    }
    for report in ["r.csv", "r.json", "c.html", "l.txt", "x.csv"] {
        let text = fs::read_to_string(program.folder().join(report)).unwrap();
        assert!(!text.to_lowercase().contains("wrong"), "{report}: {text}");
    }
    // The sheet of findings and the notes: only the owner's own cells stand in their sheet itself.
    let marked = fs::File::open(program.path("m.xlsx")).unwrap();
    let mut marked = zip::ZipArchive::new(marked).unwrap();
    for part in [
        "xl/sharedStrings.xml",
        "xl/worksheets/sheet2.xml",
        "xl/comments1.xml",
        "xl/worksheets/sheet1.xml",
    ] {
        let text = std::io::read_to_string(marked.by_name(part).unwrap()).unwrap();
        let is_own = part.ends_with("sheet1.xml");
        let shows = text.to_lowercase().contains("wrong");
        assert_eq!(shows, is_own, "{part}: {text}");
        assert!(
            part != "xl/sharedStrings.xml"
                || text.contains("(not shown) must be an e-mail address"),
            "{text}"
        );
    }
    // Names, numbers, addresses and codes stay readable.
    write(
        "open.csv",
        "Durchwahl;Name;Mobil;E-Mail\n2001x;Zimmer101.2;PJSIP/100;a.berg2(at)x.de\n",
    );
    let ran = program.run("check open.csv --for openvox --all");
    for text in [
        "\"2001x\"",
        "\"Zimmer101.2\"",
        "\"PJSIP/100\"",
        "\"a.berg2(at)x.de\"",
    ] {
        assert!(
            ran.out.contains(text) || ran.err.contains(text),
            "{text}: {}{}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn a_secret_in_a_cell_of_another_row_is_in_no_plan_log_report_or_ledger() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk.write(
        "s.csv",
        "number,display_name,sip_password,web_password,email\n2001,Ann Miller,Wr0ng39vTq2L,Q1w2e3r4ab,a@example.com\n\
         2002,Bo wR0NG39vTq2L,Rx81zTq2Lm,Q1w2e3r4ac,b@example.com\n2003,Cy,Rx82zTq2Lm,Q1w2e3r4ad,Wr0ng39vTq2L\n",
    );
    let logged = "--log wire.log --log-level wire";
    let mut said = String::new();
    for (exit, line) in [
        (1, "plan s.csv --to hq -o plan.json"),
        (0, "columns s.csv --for openvox"),
        (1, "plan s.csv --to hq --lang de --all --json"),
        (1, "import --plan plan.json --report r.csv"),
        (
            1,
            "import s.csv --to hq --mode update --report u.csv --json",
        ),
        (0, "undo --yes --max-deletes all --report u.html"),
    ] {
        let ran = desk.ends(&format!("{line} {logged}"), exit);
        said.push_str(&format!("{line}\n{}{}\n", ran.out, ran.err));
    }
    for file in ["plan.json", "r.csv", "u.csv", "u.html", "wire.log"] {
        said.push_str(&format!("{file}\n{}\n", desk.read(file)));
    }
    let requests = desk.read("wire.log").matches("number").count();
    assert!(requests > 3, "{requests}");
    assert!(!said.to_lowercase().contains("wr0ng"), "{said}");
    assert!(
        said.contains("Ann Miller") && said.contains("b@example.com"),
        "{said}"
    );
    let ledgers = showing(&desk.path("state"), &["Wr0ng39vTq2L".to_owned()]);
    assert_eq!(ledgers, BTreeSet::new());
}

#[test]
fn a_password_in_a_heading_is_in_no_message_and_no_log_and_its_column_is_named_by_its_cell() {
    let program = Program::new();
    let heading = "SIP Passwort (Standard: Wrong2024!a)";
    program.write(
        "h.csv",
        format!("Nst.;Name;Kennwort;{heading}\n2001;Anna;tR7xkQ2mZp9w;tR7xkQ2mZp9x\n"),
    );
    program.write(
        "j.csv",
        format!("number;{heading};{heading}\n2001;tR7xkQ2mZp9w;b\n"),
    );
    let typed = |line: &str, map: &str| {
        let mut command = program.command(line);
        command.args(["--map", map]);
        ran(line, command.output().unwrap())
    };
    let wrong = "SIP Passwort (Standard: Wrong2024!b)";
    let mut all = vec![
        typed(
            "check h.csv --for openvox --log l.txt",
            &format!("{wrong}=sip_password"),
        )
        .exits(2),
        typed(
            "check h.csv --for openvox",
            &format!("{heading}=sip_pasword"),
        )
        .exits(2),
        typed(
            "check h.csv --for openvox --lang de",
            &format!("{heading}=sip_pasword"),
        )
        .exits(2),
        typed(
            "check j.csv --for openvox",
            &format!("{heading}=sip_password"),
        )
        .exits(2),
        typed(
            "diff h.csv h.csv --for openvox",
            &format!("{wrong}=sip_password"),
        )
        .exits(2),
    ];
    for line in [
        "check h.csv --for openvox --log l.txt",
        "import h.csv --to sim:openvox --on-loss stop",
        "check h.csv --for openvox --all --lang de",
        "columns h.csv --for openvox",
        "columns h.csv --for openvox --json",
    ] {
        all.push(ran(line, program.command(line).output().unwrap()));
    }
    for ran in &all {
        let told = format!("{}\n{}", ran.out, ran.err);
        assert!(!told.contains("Wrong2024"), "{told}");
    }
    let log = fs::read_to_string(program.folder().join("l.txt")).unwrap();
    assert!(
        !log.contains("Wrong2024") && log.contains("(not shown)"),
        "{log}"
    );
    // It is meant by its text and by its cell.
    for map in [
        format!("{heading}=sip_password"),
        "(D1)=sip_password".to_owned(),
    ] {
        let out = typed("columns h.csv --for portsip --json", &map);
        assert!(
            out.out.contains("\"field\":\"sip_password\""),
            "{}",
            out.out
        );
    }
}
