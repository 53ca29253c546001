//! Voicemail boxes, forwards and do-not-disturb on a real Asterisk: what it keeps behind its manager interface.

use crate::support::asterisk::desk::{RealDesk, extensions};
use crate::support::asterisk::watched::WatchedDesk;
use crate::support::asterisk::{AMI_SETTINGS, NEWEST, RunningAsterisk, V16};
use crate::support::program::{ran_showing, signal, wait_until};
use crate::support::random::Random;
use crate::support::sheets::read_rows;
use crate::support::unpacked::Packages;
use rowcall::model::{Field, Record};
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The most sign-ins of a line that are lost.
const SIGN_INS: usize = 20;

/// Of a hundred requests seven are lost, in one way or another.
const LOSSES: &str =
    "cut_before=15,cut_after=25,unavailable_after=10,truncate=10,garbage=10,retry_after_s=0";

/// The lines of others in the file.
const FILE: &str = "; Ours\n[general]\nformat = wav\n\n[default]\n; a shared box\n1234 => 4242,Example Mailbox,root@localhost,,attach=yes|delete=yes\n\n[other]\n0400 => 7,Other\n";

/// The fields that are kept in a box.
const IN_BOX: [Field; 4] = [
    Field::VOICEMAIL_PIN,
    Field::EMAIL,
    Field::VOICEMAIL_PAGER,
    Field::VOICEMAIL_OPTIONS,
];

/// The families of AstDB, each with its field.
const FORWARDS: [(&str, Field); 3] = [
    ("CF", Field::FORWARD_ALWAYS_NUMBER),
    ("CFB", Field::FORWARD_BUSY_NUMBER),
    ("CFU", Field::FORWARD_NO_ANSWER_NUMBER),
];

/// Extensions of which most have a box, and some forward their calls.
fn with_boxes(count: usize, random: &mut Random) -> Vec<Record> {
    let mut extensions = extensions(count, random);
    for (row, extension) in extensions.iter_mut().enumerate() {
        let number = extension.number().to_owned();
        if row % 4 != 3 {
            extension.set(Field::VOICEMAIL, "on");
            extension.set(Field::VOICEMAIL_PIN, format!("0{number}{row}"));
            let email = *random.one(&["", "ann@example.com", "o'hara+7@example.com"]);
            extension.set(Field::EMAIL, email);
            extension.set(
                Field::VOICEMAIL_PAGER,
                *random.one(&["", "beep@example.com"]),
            );
            let options = *random.one(&["", "attach=yes|tz=european", "delete=yes;x=\"y\""]);
            extension.set(Field::VOICEMAIL_OPTIONS, options);
        }
        for (at, (_, field)) in FORWARDS.into_iter().enumerate() {
            if (row + at) % 3 == 0 {
                extension.set(field, format!("0301{row}{at}"));
            }
        }
        extension.set(Field::DO_NOT_DISTURB, *random.one(&["on", "off"]));
    }
    extensions
}

fn text(extension: &Record, field: Field) -> &str {
    extension.reveal(field).unwrap_or_default()
}

/// The line of an extension's box; `None` where it has none.
fn line(extension: &Record) -> Option<String> {
    let name = text(extension, Field::DISPLAY_NAME).replace(',', "");
    let [pin, email, pager, options] = IN_BOX.map(|field| text(extension, field));
    let line = format!("{pin},{name},{email},{pager},{options}");
    (!pin.is_empty()).then(|| line.trim_end_matches(',').to_owned())
}

impl RunningAsterisk {
    /// Checks that exactly these extensions have boxes and keys, as wanted, in the files and in use, and that the rest of
    /// `voicemail.conf` is as it was.
    #[track_caller]
    fn assert_beside(&self, wanted: &[Record]) {
        let mut boxes = BTreeMap::new();
        boxes.insert(
            "1234".to_owned(),
            "4242,Example Mailbox,root@localhost,,attach=yes|delete=yes".to_owned(),
        );
        let mut keys = BTreeMap::new();
        for extension in wanted {
            let number = extension.number();
            boxes.extend(line(extension).map(|line| (number.to_owned(), line)));
            for (family, field) in FORWARDS {
                let number_there = text(extension, field);
                if !number_there.is_empty() {
                    keys.insert(format!("{family}/{number}"), number_there.to_owned());
                }
            }
            if text(extension, Field::DO_NOT_DISTURB) == "on" {
                keys.insert(format!("DND/{number}"), "YES".to_owned());
            }
        }
        let held: BTreeMap<String, String> = self
            .mailboxes()
            .into_iter()
            .map(|(number, line)| (number, line.replace("\\;", ";")))
            .collect();
        assert_eq!(held, boxes);
        assert!(self.mailboxes_in_use().iter().eq(boxes.keys()));
        assert_eq!(self.keys(), keys);
        let file = self.voicemail_file();
        for line in FILE
            .lines()
            .filter(|line| line.starts_with([';', '[', '0']))
        {
            assert!(file.contains(line), "{line:?} in {file}");
        }
    }
}

fn desk(packages: Packages) -> Option<RealDesk> {
    let desk = RealDesk::new(packages)?;
    desk.write("rowcall.toml", desk.asterisk.config_with_ami("hq"));
    desk.asterisk.write_voicemail_file(FILE);
    Some(desk)
}

fn life(packages: Packages, rows: usize) {
    let Some(mut desk) = desk(packages) else {
        return;
    };
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = with_boxes(rows, &mut random);
    desk.sheet("in.csv", &wanted);
    let go = |line: &str| desk.ends(line, 0);
    let all_are = |word: &str| {
        let results = desk.results("r.csv");
        assert_eq!(results.len(), wanted.len());
        assert!(results.iter().all(|result| result == word), "{results:?}");
    };

    let import = go("import in.csv --to TARGET --report r.csv --json").name();
    all_are("created");
    desk.asterisk.assert_extensions(&wanted);
    desk.asterisk.assert_beside(&wanted);
    let first = desk.asterisk.shown();
    let same_as_first = || {
        desk.asterisk.is_as(&first);
        desk.asterisk.assert_beside(&wanted);
    };

    // The listing is whole, and so is the export.
    go("export TARGET --secrets plain -o export.csv");
    let exported = read_rows(&desk.path("export.csv"));
    assert_eq!(exported.len(), wanted.len());
    for (exported, wanted) in exported.iter().zip(&wanted) {
        for (field, text) in wanted.iter() {
            assert_eq!(exported[field.name()], text.reveal(), "{}", wanted.number());
        }
    }
    for sheet in ["in.csv", "export.csv"] {
        let file = desk.asterisk.voicemail_file();
        go(&format!(
            "import {sheet} --to TARGET --mode sync --yes --report r.csv"
        ));
        all_are("unchanged");
        assert_eq!(desk.asterisk.voicemail_file(), file, "nothing was written");
    }
    same_as_first();

    let mut changed = wanted.clone();
    for (row, extension) in changed.iter_mut().enumerate().step_by(3) {
        let number = extension.number().to_owned();
        extension.set(Field::DISPLAY_NAME, format!("Bo, of {number}"));
        extension.set(Field::VOICEMAIL, "on");
        extension.set(Field::VOICEMAIL_PIN, format!("1{number}"));
        extension.set(Field::EMAIL, format!("bo{row}@example.com"));
        extension.set(Field::FORWARD_BUSY_NUMBER, "0400");
        extension.set(Field::FORWARD_ALWAYS_NUMBER, "");
        extension.set(Field::DO_NOT_DISTURB, ["on", "off"][row % 2]);
    }
    desk.write("cleared.csv", cleared(&changed));
    let all = "--yes --max-updates all --max-secret-changes all";
    go(&format!(
        "import cleared.csv --to TARGET --mode update {all}"
    ));
    desk.asterisk.assert_extensions(&changed);
    desk.asterisk.assert_beside(&changed);
    go("undo --yes");
    same_as_first();

    let gone = &wanted[..rows * 2 / 5];
    desk.sheet("gone.csv", gone);
    let delete = "delete gone.csv --from TARGET --yes --max-deletes all --json";
    let delete = while_boxes_are_reloaded(&desk.asterisk, || go(delete).name());
    desk.asterisk.assert_extensions(&wanted[gone.len()..]);
    desk.asterisk.assert_beside(&wanted[gone.len()..]);
    let undo = go(&format!("undo {delete} --yes --json")).name();
    same_as_first();
    // And once more: what was undone is done again, and undone again.
    let redo = go(&format!("undo {undo} --yes --json")).name();
    desk.asterisk.assert_beside(&wanted[gone.len()..]);
    go(&format!("undo {redo} --yes"));
    same_as_first();

    desk.asterisk.kill();
    desk.asterisk.revive();
    desk.asterisk.is_as(&first);
    desk.asterisk.assert_beside(&wanted);
    desk.ends(&format!("undo {import} --yes"), 0);
    desk.asterisk.assert_extensions(&[]);
    desk.asterisk.assert_beside(&[]);
}

/// Says that something is over when it goes, also where a panic takes it.
struct IsOver<'f>(&'f AtomicBool);

impl Drop for IsOver<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does something while somebody else has the boxes read anew again and again.
fn while_boxes_are_reloaded<T>(asterisk: &RunningAsterisk, act: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..200 {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                asterisk.console("module reload app_voicemail.so");
                thread::sleep(Duration::from_millis(40));
            }
        });
        let _over = IsOver(&is_over);
        act()
    })
}

/// A sheet without the secrets, in which empty values are to be emptied.
fn cleared(extensions: &[Record]) -> String {
    let fields: Vec<Field> = Field::all()
        .filter(|field| *field != Field::SIP_PASSWORD)
        .filter(|field| extensions.iter().any(|it| it.get(*field).is_some()))
        .collect();
    let cell = |text: Option<&str>| match text {
        None => String::new(),
        Some("") => "<clear>".to_owned(),
        Some(text) => format!("\"{}\"", text.replace('"', "\"\"")),
    };
    let mut lines = vec![
        fields
            .iter()
            .map(|it| it.name())
            .collect::<Vec<_>>()
            .join(","),
    ];
    for extension in extensions {
        let cells = fields.iter().map(|field| cell(extension.reveal(*field)));
        lines.push(cells.collect::<Vec<_>>().join(","));
    }
    lines.join("\n") + "\n"
}

#[test]
fn boxes_and_forwards_live_on_a_real_asterisk() {
    life(NEWEST, 40);
}

#[test]
fn boxes_and_forwards_live_on_a_real_asterisk_of_the_old_release() {
    life(V16, 20);
}

/// A box that was there before is not taken over.
#[test]
fn a_box_of_somebody_else_on_a_real_asterisk_is_left_alone() {
    let Some(desk) = desk(V16) else {
        return;
    };
    let sheet = "number,display_name,sip_password,voicemail,voicemail_pin\n\
                 1234,Ann,tR7xkQ2mZp9w,on,0001\n1235,Bo,tR7xkQ2mZp9w,on,0002\n";
    desk.write("in.csv", sheet);
    let before = desk.asterisk.voicemail_file();
    desk.ends("import in.csv --to TARGET --report r.csv", 1);
    assert_eq!(desk.results("r.csv"), ["conflict", "created"]);
    let row = &desk.report("r.csv")[0];
    assert!(row["message"].contains("a box 1234"), "{row:?}");
    desk.ends("undo --yes", 0);
    let boxes = desk.asterisk.mailboxes();
    assert_eq!(boxes.keys().collect::<Vec<_>>(), ["1234"]);
    assert!(before.contains(&format!("1234 => {}", boxes["1234"].replace("\\;", ";"))));
    let shown = desk.asterisk.objects();
    assert!(shown.is_empty(), "{shown:?}");
}

fn watched(packages: Packages) -> Option<WatchedDesk> {
    let asterisk = RunningAsterisk::start(packages)?;
    asterisk.write_voicemail_file(FILE);
    Some(WatchedDesk::with_settings(asterisk, AMI_SETTINGS))
}

fn lost_replies(packages: Packages, rows: usize) {
    let Some(desk) = watched(packages) else {
        return;
    };
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = with_boxes(rows, &mut random);
    desk.sheet("in.csv", &wanted);
    let faults = format!("seed={},{LOSSES}", random.below(1_000_000));
    println!("{faults}");
    desk.pbx.faults(&faults);
    desk.through("import in.csv --to TARGET", SIGN_INS);
    desk.asterisk.assert_beside(&wanted);
    let delete = "delete in.csv --from TARGET --yes --max-deletes all";
    desk.through(delete, SIGN_INS);
    desk.asterisk.assert_beside(&[]);
    desk.through("undo --yes", SIGN_INS);
    desk.asterisk.assert_extensions(&wanted);
    desk.asterisk.assert_beside(&wanted);
    desk.never_open();
}

#[test]
fn replies_about_boxes_that_a_real_asterisk_lost_are_settled() {
    lost_replies(NEWEST, 12);
}

#[test]
fn replies_about_boxes_that_the_old_release_lost_are_settled() {
    lost_replies(V16, 8);
}

fn killed_and_resumed(packages: Packages, rows: usize) {
    let Some(desk) = watched(packages) else {
        return;
    };
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = with_boxes(rows, &mut random);
    desk.sheet("in.csv", &wanted);
    let mut kills = desk.killed("import in.csv --to TARGET", rows, &mut random);
    desk.asterisk.assert_extensions(&wanted);
    desk.asterisk.assert_beside(&wanted);
    let delete = "delete in.csv --from TARGET --yes --max-deletes all";
    kills += desk.killed(delete, rows, &mut random);
    desk.asterisk.assert_extensions(&[]);
    desk.asterisk.assert_beside(&[]);
    kills += desk.killed("undo --yes", rows, &mut random);
    desk.asterisk.assert_extensions(&wanted);
    desk.asterisk.assert_beside(&wanted);
    println!("{kills} kills");
    assert!(kills > 2, "{kills} kills");
    desk.never_open();
}

#[test]
fn killed_and_resumed_at_any_moment_boxes_and_forwards_end_as_wanted() {
    killed_and_resumed(NEWEST, 24);
}

#[test]
fn killed_and_resumed_on_the_old_release_boxes_and_forwards_end_as_wanted() {
    killed_and_resumed(V16, 16);
}

/// Waits until the file of the boxes stays as it is: while it is written, it is a piece.
fn wait_until_written(desk: &RealDesk) {
    let mut last = (desk.asterisk.voicemail_file(), Instant::now());
    wait_until(|| {
        let now = desk.asterisk.voicemail_file();
        if now != last.0 {
            last = (now, Instant::now());
        }
        last.1.elapsed() > Duration::from_millis(150)
    });
}

/// Kills rowcall and the PBX together while a line runs, starts the PBX again and resumes, until it ends by itself.
fn killed_together(desk: &mut RealDesk, line: &str, random: &mut Random) {
    let mut running = desk.start(&format!("{line} --report r.csv"));
    for death in 1..=3 {
        let before = desk.asterisk.voicemail_file().len();
        let steps = 60 + random.below(300);
        wait_until(|| {
            let now = desk.asterisk.voicemail_file().len();
            now.abs_diff(before) >= steps || running.try_wait().unwrap().is_some()
        });
        if running.try_wait().unwrap().is_some() {
            break;
        }
        running.kill().unwrap();
        running.wait().unwrap();
        wait_until_written(desk);
        desk.asterisk.kill_now();
        desk.asterisk.revive();
        println!("death {death} of {line}");
        running = desk.start("resume --yes");
    }
    let ended = running.wait().unwrap();
    assert!(ended.success(), "{line}: {}", desk.read("words"));
}

/// The file of the boxes is on the disk at once, and AstDB up to a second later: after a death of both an extension may
/// stand without its box, or its box without an extension. Either is what the run itself was about to do.
fn dies_with_its_run(packages: Packages, rows: usize) {
    let Some(mut desk) = desk(packages) else {
        return;
    };
    let config = desk.asterisk.config_with_ami("hq");
    let config = config.replace("100000/s", "400/s") + "reply_within = \"3\"\n";
    desk.write("rowcall.toml", config);
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = with_boxes(rows, &mut random);
    desk.sheet("in.csv", &wanted);
    let delete = "delete in.csv --from TARGET --yes --max-deletes all";
    for (line, result) in [
        ("import in.csv --to TARGET", "created"),
        (delete, "deleted"),
        ("undo --yes", "created"),
        ("undo FIRST --yes", "deleted"),
    ] {
        let runs = fs::read_dir(desk.path("state/runs")).into_iter().flatten();
        let first = runs
            .map(|run| run.unwrap().file_name())
            .min()
            .unwrap_or_default();
        let line = &line.replace("FIRST", &first.to_string_lossy());
        killed_together(&mut desk, line, &mut random);
        assert_eq!(desk.results("r.csv"), vec![result; rows], "{line}");
        let left: &[Record] = if result == "created" { &wanted } else { &[] };
        desk.asterisk.assert_extensions(left);
        desk.asterisk.assert_beside(left);
    }
}

#[test]
fn a_real_asterisk_that_dies_with_its_run_ends_as_wanted() {
    dies_with_its_run(NEWEST, 24);
}

#[test]
fn the_old_release_that_dies_with_its_run_ends_as_wanted() {
    dies_with_its_run(V16, 16);
}

/// A kill while the file of the boxes is written leaves a piece of it: boxes of others that are gone are named.
#[test]
fn boxes_of_others_that_a_real_asterisk_has_lost_in_a_run_are_told() {
    let Some(mut desk) = desk(NEWEST) else {
        return;
    };
    let config = desk.asterisk.config_with_ami("hq");
    let config = config.replace("100000/s", "300/s") + "reply_within = \"3\"\n";
    desk.write("rowcall.toml", config);
    let mut random = Random::from_environment("REAL_SEED");
    let wanted = with_boxes(24, &mut random);
    desk.sheet("in.csv", &wanted);
    let mut running = desk.start("import in.csv --to TARGET --report r.csv");
    wait_until(|| desk.asterisk.voicemail_file().matches(" => ").count() >= 10);
    signal(&running, "STOP");
    wait_until_written(&desk);
    desk.asterisk.kill_now();
    let file = desk.asterisk.voicemail_file();
    let (others, own) = file.split_once("[default]").unwrap();
    assert!(others.contains("[general]"), "{file}");
    let own = own.replace("1234 => ", "; 1234 ");
    desk.asterisk
        .replace_voicemail_file(&format!("[default]{own}"));
    desk.asterisk.revive();
    signal(&running, "CONT");
    assert_eq!(running.wait().unwrap().code(), Some(1));
    let words = desk.read("words");
    assert!(words.contains("started anew at least 1 time"), "{words}");
    assert!(words.contains("no row's: 1234, [general]; put"), "{words}");
    assert_eq!(desk.results("r.csv"), ["created"; 24]);
    desk.asterisk.assert_extensions(&wanted);
}

/// AstDB has keys of any case, and texts that are no number; an account may be one that reads alone.
#[test]
fn odd_keys_and_an_account_that_may_only_read_do_not_keep_a_real_asterisk_from_being_read() {
    for packages in [NEWEST, V16] {
        let Some(desk) = desk(packages) else {
            return;
        };
        let sheet = "number,display_name,sip_password,voicemail_pin,forward_busy_number\n\
                     2001,Ann,tR7xkQ2mZp9w,0001,2002\n2002,Bo,tR7xkQ2mZp9w,0002,2001\n";
        desk.write("in.csv", sheet);
        desk.ends("import in.csv --to TARGET", 0);
        for key in ["cf 2001 1", "Cfb 2001 2", "CF 2002 Local/2001@internal"] {
            desk.asterisk.console(&format!("database put {key}"));
        }
        let keys = desk.asterisk.keys();
        desk.asterisk.set_manager_rights("system,reporting");
        let ran = desk.ends("export TARGET -o out.csv --secrets plain", 0);
        ran.says(&["left out", "2002 forward_always_number"]);
        let rows = read_rows(&desk.path("out.csv"));
        let forwards = |row: usize| {
            ["forward_always_number", "forward_busy_number"].map(|field| &*rows[row][field])
        };
        assert_eq!([forwards(0), forwards(1)], [["", "2002"], ["", "2001"]]);
        assert_eq!(rows[1]["voicemail_pin"], "0002");
        desk.ends("plan out.csv --to TARGET --mode upsert", 0);
        desk.ends("ring in.csv --to TARGET", 0);
        let lacks = [
            "may not write voicemail.conf",
            "write = system,config,reporting",
        ];
        desk.write("more.csv", sheet.replace("200", "300"));
        desk.ends("import more.csv --to TARGET", 3).says(&lacks);
        desk.ends("delete in.csv --from TARGET --yes", 3)
            .says(&lacks);
        desk.asterisk.set_manager_rights("system,config,reporting");
        desk.ends("import out.csv --to TARGET --mode update --report r.csv", 0);
        assert_eq!(desk.results("r.csv"), ["unchanged", "unchanged"]);
        assert_eq!(desk.asterisk.keys(), keys);
        assert_eq!(desk.asterisk.objects().len(), 6);
    }
}

/// The manager interface may have an account of its own; the password of either is named in the same ways, and never shown.
#[test]
fn the_manager_interface_of_a_real_asterisk_may_have_an_account_of_its_own() {
    let Some(desk) = desk(NEWEST) else {
        return;
    };
    // That of ARI is one there too, and may do nothing.
    desk.asterisk.set_manager_rights("call");
    let bare = desk.asterisk.config("hq");
    let with = |keys: &str| desk.write("rowcall.toml", format!("{bare}{keys}"));
    let own = "ami_username = \"rowcall\"\n";
    desk.write(
        "in.csv",
        "number,display_name,sip_password,voicemail_pin\n2001,Ann,tR7xkQ2mZp9w,0001\n",
    );
    with("ami = \"on\"\n");
    desk.ends("doctor TARGET", 3);

    desk.write("ami.password", "Ar1-Secret~for_tests\n");
    with(&format!("{own}ami_password_file = \"ami.password\"\n"));
    let doctor = desk.ends("doctor TARGET", 0).out;
    assert!(doctor.contains("and as rowcall for ami"), "{doctor}");
    desk.ends("import in.csv --to TARGET --report r.csv", 0);
    assert_eq!(desk.results("r.csv"), ["created"]);
    assert_eq!(desk.asterisk.mailboxes()["2001"], "0001,Ann");
    let doctor = desk.ends("doctor TARGET", 0).out;
    assert!(doctor.contains("the PBX's list is complete"), "{doctor}");
    for keys in [
        "ami_password_env = \"AMI_OF_HQ\"\n",
        "ami_password_command = \"cat ami.password\"\n",
        "",
    ] {
        with(&format!("{own}{keys}"));
        let mut export = desk.command("export TARGET -o out.csv");
        export.env("AMI_OF_HQ", "Ar1-Secret~for_tests");
        export.env("ROWCALL_AMI_PASSWORD", "Ar1-Secret~for_tests");
        ran_showing(export.output().unwrap()).exits(0);
    }
    for (keys, exit, words) in [
        ("", 2, "ROWCALL_AMI_PASSWORD"),
        (
            "ami_password_file = \"not.there\"\n",
            2,
            "ami_password_file (not shown, because it may be the password itself)",
        ),
        ("ami_password = \"Canary7731\"\n", 2, "holds a password"),
        (
            "ami_password_command = \"false\"\n",
            2,
            "ami_password_command failed",
        ),
        (
            "ami_password_command = \"echo Canary7731\"\n",
            3,
            "ami_username",
        ),
        (
            "ami_password_file = \"a\"\nami_password_env = \"b\"\n",
            2,
            "more than one source",
        ),
    ] {
        with(&format!("{own}{keys}"));
        let refused = desk.ends("export TARGET -o out.csv", exit);
        assert!(refused.err.contains(words), "{keys}{}", refused.err);
    }
    with("ami_password_file = \"ami.password\"\n");
    desk.ends("export TARGET -o out.csv", 2)
        .says(&["rowcall.toml:", "of no use without ami_username"]);
    // Switched off it is not asked for.
    with(&format!("ami = \"off\"\n{own}"));
    desk.ends("export TARGET -o out.csv", 1)
        .says(&["the PBX's list may be incomplete"]);
}

/// Names for extensions whose number is no caller ID: four that the PBX keeps, and seven that it would read otherwise.
const NAMES_ALONE: [&str; 11] = [
    "Bo \"Jo\" Lund",
    "Ann > Bo",
    "O'Hara, P.; #7",
    "5 (Ann)",
    "Back\\slash",
    "\"Ann",
    "Ann > Bo <",
    "Ann <5>",
    "\"Ann\"",
    "unknown",
    "030 12-34",
];

/// Odd values of each field: what the rules take, the PBX takes too, and stores just so.
#[test]
fn what_the_rules_take_a_real_asterisk_takes() {
    let odd = [
        (
            "sip_auth_name",
            vec!["x".repeat(45_000), "a\nb".into(), "ann@x, y; z".into()],
        ),
        (
            "sip_password",
            vec![
                " \u{a0} ".into(),
                "tR7xkQ2\nmZp9w".into(),
                " tR7x\"k\\Q2ü ".into(),
            ],
        ),
        (
            "max_registrations",
            vec![
                "0".into(),
                "01".into(),
                "4294967295".into(),
                "4294967296".into(),
            ],
        ),
        (
            "voicemail_pin",
            vec!["-0815".into(), "08-15".into(), "1,2".into()],
        ),
        (
            "email",
            vec![
                "a@b,c".into(),
                "a;b#c@example.com".into(),
                ">a@example.com".into(),
            ],
        ),
        (
            "voicemail_options",
            vec!["a=\"b\";c".into(), "a\nb".into(), "=>".into()],
        ),
        (
            "display_name",
            vec![
                "\"".repeat(5),
                "\\".repeat(6),
                "ü".repeat(40),
                "Ann <1>".into(),
            ],
        ),
        (
            "caller_id",
            vec!["*1#+".into(), "0".repeat(80), "1-2".into()],
        ),
        (
            "language",
            vec!["x".repeat(45_000), "en\nde".into(), "de.x y".into()],
        ),
        (
            "forward_busy_number",
            vec!["*1#+".into(), "0".repeat(255), "a@b".into()],
        ),
        (
            "number",
            vec![
                "*1".into(),
                "#1".into(),
                "+49".into(),
                "1*2".into(),
                "a.b".into(),
            ],
        ),
    ];
    let usual = [
        ("display_name", "Ann"),
        ("sip_password", "tR7xkQ2mZp9w"),
        ("voicemail_pin", "0815"),
    ];
    let mut rows = vec![];
    for (field, values) in odd {
        for value in values {
            let mut row = serde_json::Map::new();
            let number = format!("{}", 5000 + rows.len());
            row.insert("number".into(), number.into());
            row.extend(usual.map(|(name, text)| (name.to_owned(), text.into())));
            row.insert(field.into(), value.into());
            rows.push(serde_json::Value::Object(row));
        }
    }
    // Names that a caller ID's own signs stand in, where no number may stand beside them.
    for (row, name) in NAMES_ALONE.into_iter().enumerate() {
        let number = format!("60-{row:02}");
        rows.push(serde_json::json!({
            "number": number, "display_name": name, "sip_password": "tR7xkQ2mZp9w", "voicemail_pin": "0815",
        }));
    }
    for packages in [NEWEST, V16] {
        let Some(desk) = desk(packages) else {
            return;
        };
        desk.write("in.json", serde_json::Value::from(rows.clone()).to_string());
        desk.ends(
            "import in.json --to TARGET --max-failures all --report r.csv",
            1,
        );
        let mut counts = BTreeMap::new();
        let mut others = vec![];
        for row in desk.report("r.csv") {
            *counts.entry(row["result"].clone()).or_insert(0) += 1;
            if !["created", "invalid"].contains(&&*row["result"]) {
                others.push(row);
            }
        }
        assert!(others.is_empty(), "{others:?}");
        assert_eq!(counts.get("created"), Some(&21), "{counts:?}");
    }
}
