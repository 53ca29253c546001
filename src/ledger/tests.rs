use super::*;
use crate::model::{
    Action, Change, Field, Finding, Mode, Outcome, Place, PlannedRow, Record, RingResult,
    RunCommand, RunMode, Severity,
};
use crate::random::Random;
use crate::seal::Key;
use crate::skip::skip;
use std::collections::BTreeSet;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const CANARY: &str = "c4nary/+ä\"\\<&>%7731";

/// A state folder of its own, with its key.
struct House {
    folder: TempDir,
    state: StateDir,
    key: Key,
}

impl House {
    fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(Some(folder.path())).unwrap();
        let key = Key::load_or_make(Some(&folder.path().join("key"))).unwrap();
        House { folder, state, key }
    }

    fn lock(&self, target: &str) -> TargetLock {
        TargetLock::acquire(&self.state, target, &[]).unwrap()
    }

    fn create(&self, rows: Vec<PlannedRow>) -> Ledger {
        let lock = self.lock("hq");
        Ledger::create(&self.state, lock, head(), &self.key, rows, []).unwrap()
    }

    fn resume(&self, run: &str) -> (Ledger, Vec<(PlannedRow, Standing)>) {
        Ledger::resume(&self.state, run, &[], &self.key).unwrap()
    }

    fn standings(&self, run: &str) -> Vec<Standing> {
        let record = StoredRun::open(&self.state, run).unwrap();
        let outcomes = record.outcomes().unwrap();
        outcomes.into_iter().map(|(_, standing)| standing).collect()
    }

    /// Runs SQL on the ledger, as any other program would.
    fn sql(&self, run: &str, sql: &str) {
        let path = self.state.ledger(run).unwrap();
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    fn run_names(&self) -> Vec<String> {
        let listed = runs(&self.state).unwrap();
        listed.into_iter().map(|listed| listed.id).collect()
    }
}

fn head() -> RunHead {
    RunHead {
        command: RunCommand::Import,
        vendor: "openvox".into(),
        mode: RunMode::Import(Mode::Upsert),
        options: r#"{"rate":"20/s"}"#.into(),
        rules: "7".into(),
        input_hash: "00ff".into(),
    }
}

fn outcome(position: usize, result: RowResult) -> Outcome {
    Outcome {
        row: Some(position as u64 + 1),
        place: Some(Place {
            file: "staff.csv".into(),
            sheet: None,
            line: position as u64 + 2,
            cell_breaks: position as u64,
        }),
        number: format!("{:04}", position + 100),
        ..Outcome::new(Action::Create, result)
    }
}

fn row(position: usize) -> PlannedRow {
    let mut wanted = Record::numbered(format!("{:04}", position + 100));
    wanted.set(Field::DISPLAY_NAME, "Ann Müller\n\"x\"");
    wanted.set(Field::SIP_PASSWORD, format!("{CANARY}{position}"));
    let mut before = Record::numbered(wanted.number());
    before.set(Field::VOICEMAIL_PIN, format!("{CANARY}-before"));
    before.set(Field::WEB_PASSWORD, "");
    PlannedRow {
        outcome: outcome(position, RowResult::NotSent),
        change: Some(Change {
            row: position,
            action: Action::Create,
            number: wanted.number().to_owned(),
            wanted,
            before: Some(before).filter(|_| position.is_multiple_of(2)),
        }),
        not_restorable: vec![Field::WEB_PASSWORD; position % 3],
        memberships: None,
    }
}

fn rows(count: usize) -> Vec<PlannedRow> {
    (0..count).map(row).collect()
}

/// An outcome with something in every column.
fn full_outcome() -> Outcome {
    Outcome {
        row: None,
        place: Some(Place {
            file: "böok\0.xlsx".into(),
            sheet: Some("Q1 'x'".into()),
            line: i64::MAX as u64,
            cell_breaks: 0,
        }),
        number: "+49 0'; DROP TABLE rows; --".into(),
        hidden_number: None,
        name: String::new(),
        action: Action::Update,
        result: RowResult::Differs,
        code: "openvox.10025".into(),
        field: Some(Field::EMAIL),
        column: "E-Mail".into(),
        message: "line\r\nbreak \u{feff}".into(),
        hint: "look".into(),
        attempts: u32::MAX,
        http_status: Some(u16::MAX),
        vendor_code: Some(String::new()),
        elapsed_ms: Some(u32::MAX.into()),
        finished_at: Timestamp::from_nanosecond(1_900_000_000_123_456_789).unwrap(),
        findings: vec![
            Finding::new("email.shape", Severity::Warning, "ä\0")
                .about(Some(Field::EMAIL), Some(3))
                .hint("mend")
                .source("https://example.org"),
            Finding::new("row.own", Severity::Info, ""),
        ],
        restored_in_part: true,
        ring: Some(RingResult::WrongSecret),
    }
}

#[test]
fn nothing_is_lost_on_the_way_in_and_out() {
    let house = House::new();
    let mut input: Vec<PlannedRow> = RowResult::ALL
        .into_iter()
        .enumerate()
        .map(|(position, result)| PlannedRow::without_change(outcome(position, result)))
        .collect();
    let actions = [Action::Create, Action::Update, Action::Delete, Action::None];
    for action in actions {
        let mut row = row(input.len());
        row.outcome.action = action;
        row.outcome.place = None;
        if let Some(change) = &mut row.change {
            change.action = action;
        }
        input.push(row);
    }
    let position = input.len();
    let mut bare = row(position);
    bare.outcome = full_outcome();
    bare.change = Some(Change {
        row: position,
        action: Action::Delete,
        number: "9".into(),
        wanted: Record::default(),
        before: None,
    });
    input.push(bare);
    let mut ledger = house.create(input.clone());
    let run = ledger.run().to_owned();

    let record = StoredRun::open(&house.state, &run).unwrap();
    let kept = record.rows(&house.key).unwrap();
    let planned: Vec<PlannedRow> = kept.iter().map(|(row, _)| row.clone()).collect();
    assert_eq!(planned, input);
    for (row, standing) in kept {
        let wanted = match row.change {
            Some(_) => Standing::Waiting,
            None => Standing::Final,
        };
        assert_eq!(standing, wanted);
    }
    assert_eq!(record.run().head, head());
    assert_eq!(record.run().target, "hq");
    assert_eq!(record.run().key, house.key.id());

    for result in [full_outcome(), outcome(position, RowResult::Deleted)] {
        ledger.result(position, result.clone());
        ledger.flush().unwrap();
        let outcomes = record.outcomes().unwrap();
        assert_eq!(outcomes[position], (result, Standing::Final));
    }
}

#[test]
fn what_was_written_down_ahead_and_never_sent_waits() {
    let house = House::new();
    let mut ledger = house.create(rows(4));
    let run = ledger.run().to_owned();
    ledger.intend(&[0, 1, 2]).unwrap();
    ledger.result(0, outcome(0, RowResult::Created));
    ledger.result(1, outcome(1, RowResult::NotSent));
    ledger.flush().unwrap();
    use Standing::*;
    assert_eq!(
        house.standings(&run),
        [Final, Waiting, Intended(1), Waiting]
    );
    // The run was cut off before row 2 had a result: the attempt that it was about to make counts on.
    drop(ledger);
    let (mut ledger, _) = house.resume(&run);
    ledger.intend(&[1, 2]).unwrap();
    ledger.result(1, outcome(1, RowResult::NotSent));
    ledger.result(2, outcome(2, RowResult::NotSent));
    ledger.end("interrupted").unwrap();
    assert_eq!(
        house.standings(&run),
        [Final, Waiting, Intended(1), Waiting]
    );
}

#[test]
fn a_row_stands_where_it_was_left() {
    let house = House::new();
    let mut ledger = house.create(rows(6));
    let run = ledger.run().to_owned();
    ledger.intend(&[0, 1, 2]).unwrap();
    ledger.result(0, outcome(0, RowResult::Created));
    assert_eq!(house.standings(&run)[0], Standing::Intended(1));
    ledger.intend(&[3, 2]).unwrap();
    ledger.result(1, outcome(1, RowResult::Rejected));
    ledger.result(4, outcome(4, RowResult::NotSent));
    ledger.flush().unwrap();
    use Standing::*;
    let standings = [Final, Final, Intended(2), Intended(1), Waiting, Waiting];
    assert_eq!(house.standings(&run), standings);
    drop(ledger);
    let record = StoredRun::open(&house.state, &run).unwrap();
    assert_eq!(record.ended().unwrap(), None);
    let summary = record.summary().unwrap();
    assert_eq!((summary.waiting, summary.intended), (2, 2));
    let results = [(RowResult::Created, 1), (RowResult::Rejected, 1)];
    assert_eq!(summary.results, results.into());
    drop(record);

    let (mut ledger, kept) = house.resume(&run);
    assert!(kept.iter().map(|(_, standing)| *standing).eq(standings));
    assert_eq!(kept[2].0.change, row(2).change);
    ledger.intend(&[2, 5]).unwrap();
    ledger.result(5, outcome(5, RowResult::Created));
    ledger.end("interrupted").unwrap();
    assert_eq!(house.standings(&run)[2], Intended(3));
    assert_eq!(house.standings(&run)[5], Final);
    let ended = |run: &str| {
        let record = StoredRun::open(&house.state, run).unwrap();
        record.ended().unwrap().map(|ended| ended.why)
    };
    assert_eq!(ended(&run).as_deref(), Some("interrupted"));
    let (ledger, _) = house.resume(&run);
    assert_eq!(ended(&run), None, "at work again");
    drop(ledger);
}

#[test]
fn a_run_whose_pbx_was_another_one_is_doubted_until_it_is_trusted_again() {
    let house = House::new();
    let mut ledger = house.create(rows(2));
    let run = ledger.run().to_owned();
    let is_doubted = || {
        let record = StoredRun::open(&house.state, &run).unwrap();
        record.summary().unwrap().is_doubted
    };
    assert!(!is_doubted());
    ledger.intend(&[0]).unwrap();
    ledger.result(0, outcome(0, RowResult::Created));
    ledger.doubt(true).unwrap();
    ledger.end("another one").unwrap();
    assert!(is_doubted());
    let (ledger, _) = house.resume(&run);
    ledger.end("still another one").unwrap();
    assert!(is_doubted());
    let (mut ledger, _) = house.resume(&run);
    // A row that was done and is lost is open again.
    ledger.result(0, outcome(0, RowResult::NotSent));
    ledger.doubt(false).unwrap();
    assert!(!is_doubted());
    assert_eq!(house.standings(&run)[0], Standing::Intended(1));
}

#[test]
fn nothing_is_intended_that_has_a_result_or_nothing_to_send() {
    let house = House::new();
    let mut input = rows(3);
    input[1].change = None;
    for wrong in [0, 1, 7] {
        let mut ledger = house.create(input.clone());
        ledger.intend(&[0]).unwrap();
        ledger.result(0, outcome(0, RowResult::Created));
        let error = ledger.intend(&[2, wrong]).unwrap_err();
        assert!(
            matches!(error, LedgerError::Position { position, .. } if position == wrong),
            "{error}"
        );
        assert!(matches!(
            ledger.intend(&[2]).unwrap_err(),
            LedgerError::Stopped(_)
        ));
        assert!(matches!(
            ledger.flush().unwrap_err(),
            LedgerError::Stopped(_)
        ));
        let run = ledger.run().to_owned();
        assert!(ledger.end("").is_err());
        // No part of the refused commit is there.
        assert_eq!(house.standings(&run)[2], Standing::Waiting);
        assert_eq!(house.standings(&run)[0], Standing::Intended(1));
    }
    let mut ledger = house.create(rows(1));
    ledger.result(1, outcome(1, RowResult::Created));
    assert!(ledger.flush().is_err());
    drop(ledger);
    let mut input = rows(2);
    input.swap(0, 1);
    let names = house.run_names();
    let lock = house.lock("hq");
    let error = Ledger::create(&house.state, lock, head(), &house.key, input, []).unwrap_err();
    assert!(matches!(error, LedgerError::Position { position: 0, .. }));
    assert_eq!(house.run_names(), names);
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.push(path);
    }
    found
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    // Complete groups only: the end depends on the bytes that follow.
    for group in bytes.chunks_exact(3) {
        let bits = group
            .iter()
            .fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        for shift in [18, 12, 6, 0] {
            text.push(char::from(DIGITS[bits >> shift & 63]));
        }
    }
    text
}

#[test]
fn a_secret_is_found_nowhere_in_the_folder() {
    let house = House::new();
    let mut ledger = house.create(rows(40));
    for position in 0..20 {
        ledger.intend(&[position]).unwrap();
        ledger.result(position, outcome(position, RowResult::Created));
    }
    let percent = |keep: fn(&u8) -> bool| -> String {
        let digit = |byte: u8| match keep(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        };
        CANARY.bytes().map(digit).collect()
    };
    let mut forms: Vec<String> = vec![
        CANARY.into(),
        "c4nary".into(),
        percent(u8::is_ascii_alphanumeric),
        percent(|_| false),
        serde_json::to_string(CANARY)
            .unwrap()
            .trim_matches('"')
            .into(),
        CANARY.replace('&', "&amp;").replace('<', "&lt;"),
        CANARY.replace('ä', "\\u00e4"),
    ];
    forms.push(crate::digest::hex(CANARY.as_bytes()));
    forms.extend((0..3).map(|skip| base64(&CANARY.as_bytes()[skip..])));
    let absent = |when: &str| {
        let mut wal = false;
        for path in files(house.folder.path()) {
            if path.is_dir() {
                continue;
            }
            wal |= path.to_string_lossy().ends_with("-wal");
            let bytes = fs::read(&path).unwrap();
            for form in &forms {
                let found = memchr::memmem::find(&bytes, form.as_bytes()).is_some();
                assert!(!found, "{when}: {form} in {}", path.display());
            }
        }
        wal
    };
    assert!(absent("at work"), "the write-ahead file was looked at");
    let run = ledger.run().to_owned();
    ledger.end("whole").unwrap();
    assert!(!absent("ended"), "one file is left");
    let shown = format!(
        "{:?}",
        StoredRun::open(&house.state, &run)
            .unwrap()
            .rows(&house.key)
    );
    assert!(shown.contains("Ann") && !shown.contains("c4nary"));
}

#[cfg(unix)]
#[test]
fn everything_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let house = House::new();
    fs::create_dir(house.folder.path().join("runs")).unwrap();
    let loose = fs::Permissions::from_mode(0o755);
    fs::set_permissions(house.folder.path().join("runs"), loose).unwrap();
    let mut ledger = house.create(rows(3));
    ledger.intend(&[0]).unwrap();
    let found = files(house.folder.path());
    for path in &found {
        let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let wanted = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{}", path.display());
    }
    let ends = |end: &str| {
        found
            .iter()
            .any(|path| path.to_string_lossy().ends_with(end))
    };
    for end in ["-wal", "-shm", ".sqlite", ".lock", ".holder"] {
        assert!(ends(end), "{end}");
    }
}

#[test]
fn another_key_is_named_and_nothing_begins() {
    let house = House::new();
    let run = house.create(rows(2)).run().to_owned();
    let other = Key::load_or_make(Some(&house.folder.path().join("other"))).unwrap();
    let error = Ledger::resume(&house.state, &run, &[], &other).unwrap_err();
    assert!(matches!(error, LedgerError::Seal { .. }));
    let text = error.to_string();
    assert!(
        text.contains(&house.key.id()) && text.contains(&other.id()) && text.contains(&run),
        "{text}"
    );
    // The report alone needs no key.
    let record = StoredRun::open(&house.state, &run).unwrap();
    assert_eq!(record.outcomes().unwrap().len(), 2);
    house.resume(&run);
}

#[test]
fn changed_secrets_are_noticed() {
    for change in [
        "UPDATE changes SET sealed = zeroblob(length(sealed)) WHERE position = 1",
        "UPDATE changes SET sealed = substr(sealed, 1, 30) WHERE position = 1",
        "UPDATE changes SET sealed = NULL WHERE position = 1",
        "UPDATE changes SET sealed = (SELECT sealed FROM changes WHERE position = 0) WHERE position = 1",
        "UPDATE changes SET number = '0100' WHERE position = 1",
        "UPDATE head SET id = '20200101-000000-0000'",
        r#"UPDATE changes SET wanted = json_set(wanted, '$.web_password', NULL) WHERE position = 1"#,
        "DELETE FROM changes WHERE position = 2; UPDATE changes SET position = 2 WHERE position = 1",
    ] {
        let house = House::new();
        let run = house.create(rows(3)).run().to_owned();
        house.resume(&run);
        house.sql(&run, change);
        assert!(
            Ledger::resume(&house.state, &run, &[], &house.key).is_err(),
            "{change}"
        );
    }
}

#[test]
fn what_is_not_a_whole_ledger_is_said() {
    for change in [
        "DELETE FROM rows WHERE position = 1",
        "UPDATE rows SET result = 'fine' WHERE position = 1",
        "UPDATE rows SET field = 'fax' WHERE position = 1",
        "UPDATE rows SET finished_at = 'now' WHERE position = 1",
        "UPDATE rows SET findings = '{' WHERE position = 1",
        "UPDATE rows SET attempts = -1 WHERE position = 1",
        "UPDATE changes SET wanted = '[]' WHERE position = 1",
        "UPDATE changes SET wanted = '{\"fax\":\"1\"}' WHERE position = 1",
        "UPDATE changes SET action = 'sing' WHERE position = 1",
        "UPDATE head SET started = ''",
        "DELETE FROM head",
        "DROP TABLE intents",
        "PRAGMA user_version = 999",
        "PRAGMA application_id = 1",
    ] {
        let house = House::new();
        let run = house.create(rows(3)).run().to_owned();
        house.sql(&run, &format!("PRAGMA foreign_keys = OFF; {change}"));
        let error = Ledger::resume(&house.state, &run, &[], &house.key).unwrap_err();
        let expected = matches!(
            error,
            LedgerError::Read { .. } | LedgerError::Version { .. }
        );
        assert!(expected, "{change}: {error}");
        assert_eq!(house.run_names(), [run], "still listed");
    }
    let house = House::new();
    let run = house.create(rows(3)).run().to_owned();
    let path = house.state.ledger(&run).unwrap();
    fs::write(
        &path,
        "not a database, but long enough to have a header".repeat(9),
    )
    .unwrap();
    assert!(StoredRun::open(&house.state, &run).is_err());
    assert!(runs(&house.state).unwrap()[0].summary.is_err());
}

#[test]
fn a_name_leads_nowhere_else() {
    let house = House::new();
    let run = house.create(rows(1)).run().to_owned();
    for name in [
        "",
        ".",
        "..",
        "20200101-000000-0000",
        &format!("../runs/{run}"),
        &format!("{run}/."),
    ] {
        let error = StoredRun::open(&house.state, name).unwrap_err();
        assert!(matches!(error, LedgerError::NoSuchRun { .. }), "{name}");
    }
    let nothing = StateDir::new(Some(&house.folder.path().join("no"))).unwrap();
    assert!(runs(&nothing).unwrap().is_empty());
    assert!(clean(&nothing, 0, true).unwrap().removed.is_empty());
    assert!(!house.folder.path().join("no").exists());
}

#[test]
fn runs_of_one_second_differ_and_are_listed_newest_first() {
    let house = House::new();
    let made: Vec<String> = (0..30)
        .map(|_| house.create(rows(1)).run().to_owned())
        .collect();
    let different: BTreeSet<&String> = made.iter().collect();
    assert_eq!(different.len(), 30);
    assert_eq!(
        house.run_names(),
        made.into_iter().rev().collect::<Vec<_>>()
    );
    assert!(
        house
            .run_names()
            .iter()
            .all(|run| run.len() == "20261121-213015-a1b2".len())
    );
}

#[test]
fn one_run_a_target() {
    let house = House::new();
    let ledger = house.create(rows(1));
    let error = TargetLock::acquire(&house.state, "hq", &[]).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("hq")
            && text.contains(ledger.run())
            && text.contains(&std::process::id().to_string()),
        "{text}"
    );
    assert!(matches!(
        Ledger::resume(&house.state, ledger.run(), &[], &house.key).unwrap_err(),
        LedgerError::Locked(_)
    ));
    let branch = house.lock("branch");
    drop(ledger);
    house.lock("hq");
    assert!(TargetLock::acquire(&house.state, "branch", &[]).is_err());
    drop(branch);
    // A holder that cannot be read still shows that there is one.
    let lock = house.lock("hq");
    for path in files(&house.folder.path().join("locks")) {
        if path.to_string_lossy().ends_with(".holder") {
            fs::write(path, "x").unwrap();
        }
    }
    match TargetLock::acquire(&house.state, "hq", &[]).unwrap_err() {
        LedgerError::Locked(locked) => assert_eq!(locked.by, None),
        error => panic!("{error}"),
    }
    drop(lock);
}

#[test]
fn who_only_looks_at_a_lock_makes_no_folder() {
    let house = House::new();
    let is_of_run = || TargetLock::is_of_run(&house.state, "hq", "20261128-201400-a1b2").unwrap();
    assert!(!is_of_run());
    assert!(!house.state.locks_path().exists());
    let lock = house.lock("hq");
    assert!(!is_of_run());
    lock.report_run(Some("20261128-201400-a1b2")).unwrap();
    assert!(is_of_run());
    drop(lock);
    assert!(!is_of_run());
}

#[test]
fn one_address_under_two_names_is_locked_once() {
    let house = House::new();
    let at = |address: &str| [address.to_owned()];
    let take = |name: &str, address| TargetLock::acquire(&house.state, name, &at(address));
    let first = take("toy+http://pbx.example", "192.0.2.1:80").unwrap();
    let second = take("toy+http://office.example", "192.0.2.1:80");
    assert!(matches!(second, Err(LedgerError::Locked(_))), "{second:?}");
    take("toy+http://other.example", "192.0.2.2:80").unwrap();
    drop(first);
    take("toy+http://office.example", "192.0.2.1:80").unwrap();
}

#[test]
fn a_run_is_the_newest_though_the_counter_was_lost_or_damaged() {
    let house = House::new();
    let create = || {
        let ledger = house.create(rows(1));
        let run = ledger.run().to_owned();
        ledger.end("whole").unwrap();
        run
    };
    let newest = || runs(&house.state).unwrap().remove(0).id;
    for lose in [false, false, true] {
        if lose {
            fs::remove_file(house.state.count_file()).unwrap();
        }
        assert_eq!(create(), newest());
        fs::write(house.state.count_file(), "damaged").unwrap();
        assert_eq!(create(), newest());
    }
}

#[test]
fn a_lock_dies_with_its_process() {
    let house = House::new();
    let mut child = spawn(house.folder.path(), "hold");
    let ready = house.folder.path().join("ready");
    wait_for(&ready);
    match TargetLock::acquire(&house.state, "hq", &[]).unwrap_err() {
        LedgerError::Locked(locked) => assert_eq!(locked.by.unwrap().pid, child.id()),
        error => panic!("{error}"),
    }
    child.kill().unwrap();
    child.wait().unwrap();
    house.lock("hq");
}

#[test]
fn an_older_run_is_not_taken_for_one_that_cannot_be_read() {
    let house = House::new();
    assert_eq!(newest(&house.state, |_| true).unwrap(), None);
    let older = house.create(rows(1)).run().to_owned();
    let all = |_: &Summary| true;
    assert_eq!(newest(&house.state, all).unwrap().as_ref(), Some(&older));
    // By its name it is newer.
    let newer = house.state.run_folder("29991231-235959-ffff");
    fs::create_dir(&newer).unwrap();
    fs::write(newer.join("ledger.sqlite"), "no ledger").unwrap();
    let unread = newest(&house.state, all).unwrap_err();
    assert!(unread.to_string().contains("29991231"), "{unread}");
    fs::remove_dir_all(&newer).unwrap();
    assert_eq!(newest(&house.state, |_| false).unwrap(), None);
}

#[test]
fn the_newest_runs_stay_and_those_with_something_to_do() {
    let house = House::new();
    // Names of years long gone and to come, so that the order is certain.
    let ended = |target: &str, name: &str| {
        let lock = house.lock(target);
        let mut ledger =
            Ledger::create(&house.state, lock, head(), &house.key, rows(1), []).unwrap();
        ledger.result(0, outcome(0, RowResult::Created));
        let folder = house.state.run_folder(ledger.run());
        fs::write(folder.join("report.csv"), "x").unwrap();
        ledger.end("whole").unwrap();
        fs::rename(folder, house.state.run_folder(name)).unwrap();
        name.to_owned()
    };
    let first = ended("hq", "20000101-000000-0000");
    let second = ended("branch", "20010101-000000-0000");
    let unfinished = house.create(rows(1));
    let open = unfinished.run().to_owned();
    unfinished.end("interrupted").unwrap();
    let crashed = house.create(rows(1)).run().to_owned();
    house.sql(&crashed, "UPDATE rows SET final = 1");
    // By its count it is the newest.
    let third = ended("hq", "19990101-000000-0000");

    assert!(clean(&house.state, 5, true).unwrap().removed.is_empty());
    let busy = house.lock("branch");
    assert_eq!(
        clean(&house.state, 1, false).unwrap().removed,
        std::slice::from_ref(&first)
    );
    assert!(!house.state.run_folder(&first).exists());
    assert!(house.state.run_folder(&second).exists());
    drop(busy);
    assert_eq!(clean(&house.state, 1, false).unwrap().removed, [second]);
    // A run that a crash left half removed goes with the next.
    let half = house.folder.path().join("runs/.old-20200101-000000-0000");
    fs::create_dir(&half).unwrap();
    // Generated secrets may be kept nowhere else.
    let secrets = house.state.run_folder(&third).join("secrets.csv.age");
    fs::write(&secrets, "x").unwrap();
    let cleaned = clean(&house.state, 0, false).unwrap();
    assert_eq!(
        (cleaned.removed, &cleaned.secrets),
        (vec![], &vec![secrets.clone()])
    );
    assert!(house.state.run_folder(&third).exists() && !half.exists());
    fs::remove_file(secrets).unwrap();
    assert_eq!(clean(&house.state, 0, false).unwrap().removed, [third]);
    let mut rest = clean(&house.state, 0, true).unwrap().removed;
    rest.sort();
    let mut wanted = [open, crashed];
    wanted.sort();
    assert_eq!(rest, wanted);
    assert!(house.run_names().is_empty());
}

#[test]
fn a_torn_end_of_the_write_ahead_file_costs_whole_commits_only() {
    let house = House::new();
    let mut ledger = house.create(rows(60));
    let mut wal_at = Vec::new();
    let folder = house.state.run_folder(ledger.run());
    let wal = folder.join("ledger.sqlite-wal");
    for first in (0..60).step_by(4) {
        ledger
            .intend(&[first, first + 1, first + 2, first + 3])
            .unwrap();
        wal_at.push(fs::metadata(&wal).unwrap().len());
        for position in first..first + 4 {
            ledger.result(position, outcome(position, RowResult::Created));
        }
    }
    let whole = fs::read(&wal).unwrap();
    let check = |wal: &[u8], torn_at: usize| {
        let copy = House::new();
        let run = "20260101-000000-aaaa";
        fs::create_dir_all(copy.state.run_folder(run)).unwrap();
        let to = copy.state.run_folder(run);
        fs::copy(folder.join("ledger.sqlite"), to.join("ledger.sqlite")).unwrap();
        fs::write(to.join("ledger.sqlite-wal"), wal).unwrap();
        let (_ledger, kept) = Ledger::resume(&copy.state, run, &[], &house.key).unwrap();
        assert_eq!(kept.len(), 60);
        let commits = wal_at.iter().filter(|end| **end <= torn_at as u64).count();
        for (position, (row, standing)) in kept.iter().enumerate() {
            assert_eq!(row.change, self::row(position).change);
            let wanted = match position / 4 {
                window if window + 1 < commits => Standing::Final,
                window if window < commits => Standing::Intended(1),
                _ => Standing::Waiting,
            };
            assert_eq!(*standing, wanted, "torn at {torn_at}, row {position}");
        }
    };
    check(&whole, whole.len());
    for torn_at in (0..whole.len()).step_by(whole.len() / 61) {
        check(&whole[..torn_at], torn_at);
        // A block of zeros, as a file system may leave it.
        let mut zeros = whole.clone();
        zeros[torn_at..].fill(0);
        // Nothing was lost if the torn bytes were zeros anyway.
        if whole[torn_at..].iter().take(16).any(|byte| *byte != 0) {
            check(&zeros, torn_at);
        }
    }
}

/// Runs [`child`] in a process of its own.
fn spawn(folder: &Path, job: &str) -> Child {
    child_command(env::current_exe().unwrap().as_os_str(), folder, job)
        .args(["ledger::tests::child", "--exact", "--nocapture"])
        .spawn()
        .unwrap()
}

fn child_command(program: &std::ffi::OsStr, folder: &Path, job: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env("ROWCALL_LEDGER_TEST_FOLDER", folder)
        .env("ROWCALL_LEDGER_TEST_JOB", job)
        .stdout(Stdio::null());
    command
}

fn wait_for(path: &Path) {
    let start = Instant::now();
    while !path.exists() {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "{}",
            path.display()
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// The jobs of the processes that other tests start, and end from outside.
#[test]
fn child() {
    let (Some(folder), Ok(job)) = (
        env::var_os("ROWCALL_LEDGER_TEST_FOLDER"),
        env::var("ROWCALL_LEDGER_TEST_JOB"),
    ) else {
        return;
    };
    let folder = Path::new(&folder);
    let state = StateDir::new(Some(folder)).unwrap();
    match job.as_str() {
        "hold" => {
            let _lock = TargetLock::acquire(&state, "hq", &[]).unwrap();
            fs::write(folder.join("ready"), "").unwrap();
            thread::sleep(Duration::from_secs(60));
        }
        "import" => import(&state, folder),
        "steps" => steps(&state, folder),
        _ => {
            let key = Key::load_or_make(Some(&folder.join("key"))).unwrap();
            let error = fill(&state, &key).to_string();
            fs::write(folder.join("error"), error).unwrap();
        }
    }
}

const IMPORTED: usize = 300;
const WINDOW: usize = 8;

/// Runs an import with a file for a PBX; resumes the run where there is one.
fn import(state: &StateDir, folder: &Path) {
    let key = Key::load_or_make(Some(&folder.join("key"))).unwrap();
    let (mut ledger, kept) = match runs(state).unwrap().first() {
        Some(run) => Ledger::resume(state, &run.id, &[], &key).unwrap(),
        None => {
            let lock = TargetLock::acquire(state, "hq", &[]).unwrap();
            let ledger = Ledger::create(state, lock, head(), &key, rows(IMPORTED), []).unwrap();
            let waiting = rows(IMPORTED)
                .into_iter()
                .map(|row| (row, Standing::Waiting));
            (ledger, waiting.collect())
        }
    };
    let there = said(folder);
    let mut options = OpenOptions::new();
    let mut pbx = options
        .append(true)
        .create(true)
        .open(folder.join("said"))
        .unwrap();
    let mut to_say = Vec::new();
    for (position, (_, standing)) in kept.iter().enumerate() {
        match standing {
            Standing::Final => {}
            Standing::Intended(_) if there.contains(&position) => {
                ledger.result(position, outcome(position, RowResult::Created));
            }
            _ => to_say.push(position),
        }
    }
    for window in to_say.chunks(WINDOW) {
        ledger.intend(window).unwrap();
        for position in window {
            pbx.write_all(format!("{position}\n").as_bytes()).unwrap();
            thread::sleep(Duration::from_micros(100));
            ledger.result(*position, outcome(*position, RowResult::Created));
        }
    }
    ledger.end("whole").unwrap();
}

fn said(folder: &Path) -> Vec<usize> {
    let text = fs::read_to_string(folder.join("said")).unwrap_or_default();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn a_run_that_is_killed_again_and_again_says_every_row_once() {
    let mut random = Random::from_environment("LEDGER_SEED");
    let mut kills = 0;
    for round in 0..6 {
        let house = House::new();
        let folder = house.folder.path();
        let mut most = 5;
        loop {
            let mut child = spawn(folder, "import");
            thread::sleep(Duration::from_millis(random.below(most) as u64));
            child.kill().unwrap();
            let status = child.wait().unwrap();
            // A slow machine needs longer to get anywhere.
            most = (most + 5).min(120);
            let context = format!("round {round}, kill {kills}");
            let said = said(folder);
            let unique: BTreeSet<_> = said.iter().collect();
            assert_eq!(said.len(), unique.len(), "{context}: said twice");
            let Some(run) = house.run_names().pop() else {
                assert!(said.is_empty(), "{context}: said before it was intended");
                kills += 1;
                continue;
            };
            let standings = house.standings(&run);
            assert_eq!(standings.len(), IMPORTED, "{context}");
            for (position, standing) in standings.iter().enumerate() {
                match standing {
                    Standing::Final => assert!(unique.contains(&position), "{context}"),
                    Standing::Waiting => assert!(!unique.contains(&position), "{context}"),
                    Standing::Intended(_) => {}
                }
            }
            let open = |standing: &&Standing| matches!(standing, Standing::Intended(_));
            assert!(
                standings.iter().filter(open).count() <= 2 * WINDOW,
                "{context}"
            );
            if status.success() {
                assert_eq!(said.len(), IMPORTED, "{context}");
                let summary = StoredRun::open(&house.state, &run)
                    .unwrap()
                    .summary()
                    .unwrap();
                assert!(summary.is_finished(), "{context}");
                assert_eq!(summary.results[&RowResult::Created], IMPORTED as u64);
                break;
            }
            kills += 1;
        }
    }
    assert!(kills > 12, "only {kills} kills");
}

/// Takes a small run to its end or its first failure, with a word on every step.
fn steps(state: &StateDir, folder: &Path) {
    let key = Key::load(Some(&folder.join("key"))).unwrap();
    let mut options = OpenOptions::new();
    let mut said = options
        .append(true)
        .create(true)
        .open(folder.join("said"))
        .unwrap();
    let mut say = |word: &str| said.write_all(format!("{word}\n").as_bytes()).unwrap();
    let mut run = || -> Result<(), LedgerError> {
        let lock = TargetLock::acquire(state, "hq", &[])?;
        let mut ledger = Ledger::create(state, lock, head(), &key, rows(4), [])?;
        say("begun");
        for position in 0..4 {
            ledger.intend(&[position])?;
            say(&position.to_string());
            ledger.result(position, outcome(position, RowResult::Created));
        }
        ledger.flush()?;
        say("flushed");
        ledger.end("whole")
    };
    let word = match run() {
        Ok(()) => "ended".to_owned(),
        Err(error) => format!("failed: {error}"),
    };
    say(&word);
}

/// Runs [`steps`] with the k-th call of the system failing, for every k.
fn every_failing_call(calls: &str, error: &str) {
    let mut surfaced = 0;
    for k in 1.. {
        let house = House::new();
        let folder = house.folder.path();
        let trace = folder.join("trace");
        let status = child_command("strace".as_ref(), folder, "steps")
            .args(["-f", "-y", "--seccomp-bpf", "-o"])
            .arg(&trace)
            .args(["-e", &format!("trace={calls}")])
            .args(["-e", &format!("inject={calls}:error={error}:when={k}")])
            .arg(env::current_exe().unwrap())
            .args(["ledger::tests::child", "--exact"])
            .stderr(Stdio::null())
            .status();
        if !status.is_ok_and(|status| status.success()) && !trace.exists() {
            return skip("strace", "apt install strace");
        }
        let trace = fs::read_to_string(trace).unwrap();
        let Some(call) = trace.lines().find(|line| line.ends_with("(INJECTED)")) else {
            assert!(surfaced > 5, "{calls}: only {surfaced} failures of {k}");
            return;
        };
        let said = fs::read_to_string(folder.join("said")).unwrap_or_default();
        let context = format!("{call}, said {said:?}");
        let failed = said.contains("failed: ");
        assert!(failed || said.contains("ended"), "{context}");
        surfaced += usize::from(failed);
        let whole = said.contains("flushed");
        assert!(
            failed || whole || !call.contains("-wal>"),
            "unnoticed: {context}"
        );

        let Some(run) = house.run_names().pop() else {
            assert!(!said.contains("begun"), "{context}");
            // There is no folder of runs yet if the very first call failed.
            let left = fs::read_dir(folder.join("runs")).map_or(0, Iterator::count);
            assert_eq!(left, 0, "{context}");
            continue;
        };
        assert!(said.contains("begun"), "left behind: {context}");
        let (_ledger, kept) = house.resume(&run);
        assert_eq!(kept.len(), 4, "{context}");
        for (position, (_, standing)) in kept.into_iter().enumerate() {
            let intended = said.lines().any(|line| line == position.to_string());
            assert!(!intended || standing != Standing::Waiting, "{context}");
            assert!(!whole || standing == Standing::Final, "{context}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn every_write_may_fail() {
    every_failing_call("pwrite64,ftruncate", "ENOSPC");
}

#[cfg(target_os = "linux")]
#[test]
fn every_sync_may_fail() {
    every_failing_call("fsync,fdatasync", "EIO");
}

#[test]
fn commits_wait_for_the_disk() {
    let house = House::new();
    let ledger = house.create(rows(1));
    let run = ledger.run().to_owned();
    assert_eq!(ledger.settings(), ("wal".into(), 2));
    drop(ledger);
    let (ledger, _) = house.resume(&run);
    assert_eq!(ledger.settings(), ("wal".into(), 2));
}

/// A file that takes up room until the disk is full.
const BALLAST: &str = "ballast";

/// Writes until that fails, and checks that exactly the rows reported as on the disk are there.
fn fill(state: &StateDir, key: &Key) -> LedgerError {
    let lock = TargetLock::acquire(state, "hq", &[]).unwrap();
    let mut ledger = Ledger::create(state, lock, head(), key, rows(20), []).unwrap();
    let run = ledger.run().to_owned();
    let mut done = 0;
    let error = loop {
        if let Err(error) = ledger.intend(&[done % 20]) {
            break error;
        }
        done += 1;
        assert!(done < 100_000, "it never fails");
    };
    assert!(matches!(error, LedgerError::Write { .. }), "{error}");
    assert!(matches!(
        ledger.intend(&[0]).unwrap_err(),
        LedgerError::Stopped(_)
    ));
    drop(ledger);
    // Reading takes a little room too.
    let _ = fs::remove_file(state.path().join(BALLAST));
    let record = StoredRun::open(state, &run).unwrap();
    let times: usize = record
        .outcomes()
        .unwrap()
        .iter()
        .map(|(_, standing)| match standing {
            Standing::Intended(times) => *times as usize,
            _ => 0,
        })
        .sum();
    assert_eq!(times, done);
    error
}

/// A small disk of its own; `None`, with a word on it, where none can be mounted.
struct Disk(TempDir);

impl Disk {
    fn new(options: &str) -> Option<Disk> {
        let disk = Disk(tempfile::tempdir().unwrap());
        if disk.mount(options) {
            return Some(disk);
        }
        skip("right to mount a file system", "as root");
        None
    }

    fn mount(&self, options: &str) -> bool {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(self.0.path())
            .stderr(Stdio::null())
            .status();
        mount.is_ok_and(|status| status.success())
    }

    fn state(&self) -> StateDir {
        StateDir::new(Some(self.0.path())).unwrap()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg(self.0.path())
            .stderr(Stdio::null())
            .status();
    }
}

#[test]
fn a_full_disk_stops_the_run_and_harms_nothing() {
    let Some(disk) = Disk::new("size=464k") else {
        return;
    };
    let keys = House::new();
    let state = disk.state();
    fs::write(state.path().join(BALLAST), vec![1; 64 << 10]).unwrap();
    let error = fill(&state, &keys.key);
    assert!(error.to_string().contains("full"), "{error}");
    assert!(error.hint().contains("room"));
    let run = runs(&state).unwrap().remove(0).id;
    // With room again the run can be resumed.
    assert!(disk.mount("remount,size=4m"));
    let (mut ledger, kept) = Ledger::resume(&state, &run, &[], &keys.key).unwrap();
    assert_eq!(kept.len(), 20);
    ledger.intend(&[0]).unwrap();
    ledger.end("whole").unwrap();

    // A run for which there is no room never begins.
    assert!(disk.mount("remount,size=400k"));
    let lock = TargetLock::acquire(&state, "hq", &[]).unwrap();
    let error = Ledger::create(&state, lock, head(), &keys.key, rows(5000), []).unwrap_err();
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(runs(&state).unwrap().len(), 1);
    let names = fs::read_dir(disk.0.path().join("runs")).unwrap().count();
    assert_eq!(names, 1, "nothing is left of it");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_grow_stops_the_run_and_harms_nothing() {
    let house = House::new();
    let program = env::current_exe().unwrap();
    let status = child_command("bash".as_ref(), house.folder.path(), "fill")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 300; exec \"$0\" ledger::tests::child --exact",
        ])
        .arg(program)
        .status()
        .unwrap();
    assert!(status.success());
    let error = fs::read_to_string(house.folder.path().join("error")).unwrap();
    assert!(error.contains("cannot be written"), "{error}");
    let run = house.run_names().remove(0);
    let (mut ledger, _) = house.resume(&run);
    ledger.intend(&[0]).unwrap();
}

#[test]
fn a_read_only_disk_is_said_before_anything_begins() {
    let Some(disk) = Disk::new("size=4m") else {
        return;
    };
    let keys = House::new();
    let state = disk.state();
    let lock = TargetLock::acquire(&state, "hq", &[]).unwrap();
    let mut ledger = Ledger::create(&state, lock, head(), &keys.key, rows(2), []).unwrap();
    let run = ledger.run().to_owned();
    ledger.result(0, outcome(0, RowResult::Created));
    ledger.end("interrupted").unwrap();
    assert!(disk.mount("remount,ro"));
    let error = TargetLock::acquire(&state, "hq", &[]).unwrap_err();
    assert!(matches!(error, LedgerError::Folder { .. }), "{error}");
    assert!(Ledger::resume(&state, &run, &[], &keys.key).is_err());
    assert!(clean(&state, 0, true).is_err());
    // A finished run can still be read.
    let outcomes = StoredRun::open(&state, &run).unwrap().outcomes().unwrap();
    assert_eq!(outcomes[0].1, Standing::Final);
    assert_eq!(runs(&state).unwrap().len(), 1);
}

#[test]
fn a_run_at_work_can_be_read_and_goes_on() {
    let house = House::new();
    let mut ledger = house.create(rows(200));
    let run = ledger.run().to_owned();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut last = 0;
            while last < 200 {
                let standings = house.standings(&run);
                let done = standings
                    .iter()
                    .filter(|one| **one == Standing::Final)
                    .count();
                assert!(done >= last);
                last = done;
            }
        });
        for position in 0..200 {
            ledger.intend(&[position]).unwrap();
            ledger.result(position, outcome(position, RowResult::Created));
        }
        // The end does not wait for a reader.
        let record = StoredRun::open(&house.state, &run).unwrap();
        record.outcomes().unwrap();
        let start = Instant::now();
        ledger.end("whole").unwrap();
        assert!(start.elapsed() < Duration::from_secs(120));
        assert!(record.ended().unwrap().is_some());
        reader.join().unwrap();
    });
}
