//! Bad nights of the program itself: killed again and again, a disk that is full or read-only, a clock that is set
//! back, two at once. `NIGHT_KILLS` kills more or less often than 200 times; `NIGHT_SEED` repeats a night.

use crate::support::canary::{files, forms};
use crate::support::fixture::{Rig, account};
use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::{Program, ran, signal, wait_until};
use crate::support::random::{Random, from_environment};
use crate::support::sheets::read_rows;
use crate::support::skip::skip;
use rowcall::model::{Record, Secret};
use rowcall::sim::{Faults, Sim};
use rowcall::vendors::{Account, VENDORS, Vendor};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The number of an import's rows.
const ROWS: usize = 300;

/// The number of requests in flight.
const PARALLEL: usize = 8;

/// Of ten replies one is lost, be it before the PBX carried out the request or after.
const LOSSES: &str = "cut_before=50,cut_after=50,latency_ms=4,delay_ms=6";

/// An operator at night: a simulated PBX behind a socket, a sheet, and a folder for runs.
struct Night {
    desk: Desk,
    wanted: Vec<Record>,
}

impl Deref for Night {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl Night {
    fn new(vendor: &str) -> Night {
        Night::at(TestPbx::new(vendor))
    }

    fn at(pbx: TestPbx) -> Night {
        let name = pbx.named_by();
        let wanted = (0..ROWS).map(|row| {
            let mut extension = pbx.small(&(2001 + row).to_string());
            extension.set(name, format!("Nightly{row}"));
            extension
        });
        let wanted: Vec<Record> = wanted.collect();
        let program = Program::at(pbx.target()).with_own_state();
        program.sheet("in.csv", &wanted);
        let desk = Desk { program, pbx };
        Night { desk, wanted }
    }

    /// The only run that there is, if there is one.
    fn the_run(&self) -> Option<String> {
        let runs = self.runs("state");
        assert!(runs.len() <= 1, "{runs:?}");
        runs.into_iter().next()
    }

    fn made(&self) -> usize {
        self.pbx.sim.numbers().len()
    }

    /// Waits until `count` extensions are made.
    #[track_caller]
    fn until_made(&self, count: usize) {
        wait_until(|| self.made() >= count);
    }

    /// Checks that the PBX has exactly the sheet's extensions, that none was created twice, that the report has every
    /// row once and all are done, and that the report made again from the ledger is the same.
    fn is_whole(&self, report: &str, context: &str) {
        self.pbx.faults("");
        let wanted: Vec<&str> = self.wanted.iter().map(Record::number).collect();
        assert_eq!(self.pbx.sim.numbers(), wanted, "{context}");
        let connection = self.pbx.connect();
        for wanted in &self.wanted {
            self.pbx.assert_stored(&connection, wanted, context);
            let made = self.pbx.sim.created(wanted.number());
            assert_eq!(made, 1, "{context}: {}", wanted.number());
        }
        let rows = read_rows(&self.path(report));
        assert_eq!(rows.len(), ROWS, "{context}");
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(row["row"], (index + 1).to_string(), "{context}");
            assert_eq!(row["number"], wanted[index], "{context}");
            assert_eq!(row["result"], "created", "{context}: {row:?}");
        }
        let run = self.the_run().unwrap();
        self.ends(&format!("report {run} -o again.jsonl"), 0);
        let text = |name: &str| fs::read_to_string(self.path(name)).unwrap();
        assert_eq!(text(report), text("again.jsonl"), "{context}");
    }
}

/// Waits for a moment at random, some time after the start or after some requests. Whether the process was over by
/// itself.
fn at_a_moment(night: &Night, child: &mut Child, random: &mut Random) -> bool {
    if random.below(4) == 0 {
        thread::sleep(Duration::from_millis(random.below(120) as u64));
        return child.try_wait().unwrap().is_some();
    }
    let begun = Instant::now();
    let goal = night.pbx.sim.requests() + random.below(60) as u64;
    while night.pbx.sim.requests() < goal && begun.elapsed() < Duration::from_secs(3) {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        thread::sleep(Duration::from_micros(500));
    }
    thread::sleep(Duration::from_micros(random.below(8000) as u64));
    child.try_wait().unwrap().is_some()
}

/// Runs one import, killed up to `kills_max` times, and returns how often it was.
fn killed_import(vendor: &str, verify: &str, random: &mut Random, kills_max: u64) -> u64 {
    let night = Night::new(vendor);
    // A creation that writes three times is given up after four losses, which happens to one row in a thousand.
    let losses = match vendor {
        "asterisk" => LOSSES.replace("=50", "=15"),
        _ => LOSSES.to_owned(),
    };
    let faults = format!("seed={},{losses}", random.below(1_000_000));
    night.pbx.sim.set_faults(faults.parse().unwrap());
    let mut line = format!(
        "import in.csv --to TARGET --report r.jsonl --rate 5000 --reply-within 2 --parallel {PARALLEL} --verify {verify}"
    );
    let mut kills = 0;
    while kills < kills_max {
        let mut child = night.start(&line);
        let is_over = at_a_moment(&night, &mut child, random);
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        if let Some(run) = night.the_run() {
            line = format!("resume {run} --report r.jsonl");
        } else {
            assert_eq!(night.made(), 0, "{vendor}: sent, and no run is kept");
        }
        if is_over {
            let words = fs::read_to_string(night.path("words")).unwrap();
            match ended.code() {
                Some(0) => break,
                // A sign-in whose reply was lost is not sent again: some vendors lock accounts.
                Some(3) => continue,
                code => panic!("{vendor}, {verify}, {faults}: {code:?}\n{words}"),
            }
        }
        kills += 1;
    }
    let tries = (0..5).map(|_| night.command(&line).output().unwrap());
    let mut ended = tries.skip_while(|output| output.status.code() == Some(3));
    ran(&line, ended.next().unwrap()).exits(0);
    let context = format!("{vendor}, verify {verify}, {faults}, {kills} kills");
    night.is_whole("r.jsonl", &context);
    kills
}

#[test]
fn killed_at_any_moment_and_resumed_it_ends_as_if_nothing_had_been() {
    let mut random = Random::from_environment("NIGHT_SEED");
    let kills = from_environment("NIGHT_KILLS").unwrap_or(200);
    let nights = VENDORS.len() * 2;
    let each = kills.div_ceil(nights as u64);
    thread::scope(|scope| {
        for vendor in VENDORS {
            for verify in ["none", "all"] {
                let mut random = random.split();
                scope.spawn(move || {
                    let mut left = each;
                    while left > 0 {
                        left -= killed_import(vendor.id, verify, &mut random, left);
                    }
                });
            }
        }
    });
}

#[test]
fn after_a_kill_no_more_is_looked_up_than_twice_what_was_in_flight() {
    let mut random = Random::from_environment("NIGHT_SEED");
    for vendor in VENDORS {
        let mut random = random.split();
        // PortSIP finds an extension, then shows it, and lists its greetings. An absent one is looked for twice.
        // Asterisk shows three objects, and a creation that was cut off is begun again. Yeastar P finds an extension, shows
        // it, and tells two secrets.
        let look = match vendor.id {
            "portsip" => 3,
            "yeastar_p" => 4,
            "asterisk" => 5,
            _ => 1,
        };
        for _ in 0..3 {
            let night = Night::new(vendor.id);
            let sim = &night.pbx.sim;
            sim.set_faults("latency_ms=30".parse().unwrap());
            let mut child = night.start(&format!(
                "import in.csv --to TARGET --rate 5000 --reply-within 2 --parallel {PARALLEL} --verify none"
            ));
            night.until_made(10 + random.below(250));
            child.kill().unwrap();
            child.wait().unwrap();
            let before = night.made();
            assert!(before < ROWS, "{}: it was over too soon", vendor.id);
            let asked = looks(sim, vendor);
            let words = night.ends("resume --report r.jsonl", 0).err;
            let looked = looks(sim, vendor) - asked;
            // "… 120 of 300 rows are left; 12 of them may have been sent …"
            let doubtful = words.split(" of them may have been sent").next().unwrap();
            let doubtful: u64 = doubtful.rsplit(' ').next().unwrap().parse().unwrap();
            println!(
                "{}: {before} made, {doubtful} doubtful, {looked} looks",
                vendor.id
            );
            // If a kill of the PBX loses what it accepted, the last rows are doubtful until they are stored.
            let in_flight = 2 * PARALLEL as u64;
            let most = match night.pbx.manifest.vendor.loses_ms {
                0 => in_flight,
                _ => before as u64 + in_flight,
            };
            assert!(
                doubtful <= most && looked <= 3 * look * doubtful,
                "{}: {doubtful} rows, {looked} looks, {PARALLEL} in flight; {:?}",
                vendor.id,
                sim.counts()
            );
            night.is_whole("r.jsonl", vendor.id);
        }
    }
}

/// Counts the requests that neither signed in or out nor created anything; none may have been lost.
fn looks(sim: &Sim, vendor: &Vendor) -> u64 {
    // Of Asterisk's three objects each is looked at first. Two sign-ins are two questions.
    let (creation, sign_in) = match vendor.id {
        "asterisk" => (6, 2),
        "yeastar_p" => (1, 2),
        _ => (1, 1),
    };
    let ends = ["/logout", "/sign_out", "/del_token"];
    let signs_out = |path: &str| ends.iter().any(|end| path.ends_with(end));
    let counts = sim.counts().into_iter();
    let signed_out: u64 = counts
        .filter_map(|(path, count)| signs_out(&path).then_some(count))
        .sum();
    let made = creation * sim.numbers().len() as u64;
    let signed_in = sign_in * u64::from(sim.sign_ins());
    sim.requests().saturating_sub(signed_out + signed_in + made)
}

/// A file system of our own over a folder, for as long as this lives.
struct Mounted(PathBuf);

impl Mounted {
    /// `None` where that is not allowed.
    fn tmpfs(folder: &Path, options: &str) -> Option<Mounted> {
        fs::create_dir_all(folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]);
        let mounted = mount.arg(folder).stderr(Stdio::null()).status();
        let is_mounted = mounted.is_ok_and(|status| status.success());
        is_mounted.then(|| Mounted(folder.to_owned()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Appends to a file until there is no room.
fn fill(path: &Path) {
    let mut options = fs::OpenOptions::new();
    let mut file = options.create(true).append(true).open(path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    while file.write_all(&[0]).is_ok() {}
}

const IMPORT: &str = "import in.csv --to TARGET --report r.jsonl --rate 5000 --reply-within 2 --parallel 8 --verify none";

#[test]
fn a_disk_that_is_full_in_mid_run_stops_it_and_with_room_it_goes_on() {
    let night = Night::new("openvox");
    let Some(_disk) = Mounted::tmpfs(&night.path("state"), "size=3m") else {
        return skip("right to mount a file system", "as root");
    };
    night.pbx.faults("latency_ms=20");
    let child = night.command(IMPORT).spawn().unwrap();
    night.until_made(20);
    let ballast = night.path("state/ballast");
    fill(&ballast);
    let words = ran(IMPORT, child.wait_with_output().unwrap()).exits(2).err;
    for word in ["ledger.sqlite", "full", "make room", "resume"] {
        assert!(words.contains(word), "{word:?} is not in\n{words}");
    }
    let made = night.made();
    assert!((20..ROWS).contains(&made), "{made}");
    let rows = read_rows(&night.path("r.jsonl"));
    assert_eq!(rows.len(), ROWS);
    // On a disk full to the last byte it reports so and sends nothing.
    fill(&ballast);
    let requests = night.pbx.sim.requests();
    for line in ["resume", "undo --yes"] {
        let words = night.ends(line, 2).err;
        assert!(words.contains("make room"), "{line}: {words}");
    }
    assert_eq!(night.pbx.sim.requests(), requests);
    fs::remove_file(&ballast).unwrap();
    night.ends("resume --report r.jsonl", 0);
    night.is_whole("r.jsonl", "a full disk");
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_grow_stops_it_too() {
    for kib in [4, 64, 128, 256, 384, 512] {
        let night = Night::new("ozeki");
        let import = night.command(IMPORT);
        let mut limited = Command::new("bash");
        limited
            .arg("-c")
            .arg(format!("ulimit -f {kib}; exec \"$0\" \"$@\""))
            .arg(import.get_program())
            .args(import.get_args())
            .current_dir(night.folder())
            .env("ROWCALL_PASSWORD", account().password.reveal())
            .stdin(Stdio::null());
        let output = limited.output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        if output.status.success() {
            continue;
        }
        assert_eq!(output.status.code(), Some(2), "{words}");
        if night.the_run().is_none() {
            assert_eq!(night.pbx.sim.numbers(), [""; 0], "{words}");
            night.ends(IMPORT, 0);
        } else {
            night.ends("resume --report r.jsonl", 0);
        }
        night.is_whole("r.jsonl", &format!("files of at most {kib} KiB"));
    }
}

#[test]
fn a_folder_for_runs_that_is_read_only_is_named_before_anything_is_sent() {
    let night = Night::new("openvox");
    let Some(_disk) = Mounted::tmpfs(&night.path("state"), "size=1m,ro") else {
        return skip("right to mount a file system", "as root");
    };
    for line in [IMPORT, "delete in.csv --from TARGET --yes"] {
        let words = night.ends(line, 2).err;
        assert!(
            words.contains("state/") && words.contains("--state"),
            "{words}"
        );
        assert_eq!(night.pbx.sim.requests(), 0, "{words}");
    }
}

#[test]
#[cfg(unix)]
fn of_two_at_once_the_second_says_who_is_at_work_until_that_one_is_killed() {
    let night = Night::new("openvox");
    night.pbx.faults("latency_ms=10");
    let mut first = night.start(IMPORT);
    night.until_made(20);
    signal(&first, "STOP");
    // Requests that had left are taken and answered.
    thread::sleep(Duration::from_millis(200));
    let requests = night.pbx.sim.requests();
    let run = night.the_run().unwrap();
    for line in [
        IMPORT,
        "resume",
        "undo --yes",
        "delete in.csv --from TARGET --yes",
    ] {
        let words = night.ends(line, 3).err;
        for word in [run.as_str(), &first.id().to_string(), "127.0.0.1"] {
            assert!(words.contains(word), "{line}: {word:?} is not in\n{words}");
        }
        assert_eq!(night.pbx.sim.requests(), requests, "{line} sent something");
    }
    first.kill().unwrap();
    first.wait().unwrap();
    night.ends("resume --report r.jsonl", 0);
    night.is_whole("r.jsonl", "after two at once");
}

/// A library that sets the clock of the process that loads it back by `CLOCK_BACK` seconds.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int said = real(id, at);
    if (id == CLOCK_REALTIME) at->tv_sec -= atol(getenv("CLOCK_BACK"));
    return said;
}
"#;

#[test]
#[cfg(target_os = "linux")]
fn a_clock_that_is_set_back_changes_nothing() {
    let night = Night::new("portsip");
    fs::write(night.path("clock.c"), CLOCK).unwrap();
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-o", "clock.so", "clock.c", "-ldl"]);
    let built = cc.current_dir(night.folder()).status();
    if !built.is_ok_and(|status| status.success()) {
        return skip("C compiler", "apt install gcc");
    }
    night.pbx.faults("latency_ms=10");
    let mut line = format!("{IMPORT} --verify all").replacen("--verify none", "", 1);
    // Every time some days earlier than before.
    for (days, made) in [(0, 60), (3, 120), (40, 180), (4000, 240)] {
        let mut command = night.command(&line);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.env("LD_PRELOAD", night.path("clock.so"));
        command.env("CLOCK_BACK", (days * 86_400).to_string());
        let mut child = command.spawn().unwrap();
        night.until_made(made);
        child.kill().unwrap();
        child.wait().unwrap();
        // By a clock that is days away the run is an old one, which has to be named.
        let mut runs = fs::read_dir(night.path("state/runs")).unwrap();
        let run = runs.next().unwrap().unwrap().file_name();
        let run = run.into_string().unwrap();
        line = format!("resume {run} --report r.jsonl");
    }
    let mut last = night.command(&line);
    last.env("LD_PRELOAD", night.path("clock.so"));
    last.env("CLOCK_BACK", (8000 * 86_400).to_string());
    ran(&line, last.output().unwrap()).exits(0);
    let year = read_rows(&night.path("r.jsonl"))[ROWS - 1]["finished_at"].clone();
    assert!(year.as_str() < "2020", "the clock was not set back: {year}");
    night.is_whole("r.jsonl", "a clock that is set back");
    assert!(night.ends("runs", 0).err.is_empty());

    // The newest run is the one that began last, though by its clock it is the oldest.
    let one = night.pbx.small("9001");
    night.sheet("one.csv", &[one]);
    let line = "import one.csv --to TARGET --yes";
    let mut newest = night.command(line);
    newest.env("LD_PRELOAD", night.path("clock.so"));
    newest.env("CLOCK_BACK", (8000 * 86_400).to_string());
    ran(line, newest.output().unwrap()).exits(0);
    let undone = night.ends("undo --yes --json", 0);
    assert_eq!(undone.count("deleted"), 1, "{}", undone.err);
    assert_eq!(night.pbx.numbers().len(), ROWS);
}

/// Passwords with all characters that some encoding writes in another way, and simpler ones for fields that forbid
/// those. A PIN is digits. The last row of each field is refused for its value, and no message may quote it.
const CANARIES: [&str; 7] = [
    "Zx7\"<&'>%\\ä +/=Qw9Mv",
    "Zx7\"<&'>%\\+/=Qw9Mv",
    "Zx7<&>%+/=Qw9Mv",
    "Zx7!%+&=#Qw9Mv",
    "Zx7_Canary-Qw9Mv",
    "Zx7CanaryQw9Mv",
    "7731004265",
];

const ACCOUNT: &str = "Ap1\"<&'>%\\ä +/=Gate";

const WRONG: &str = "Ap2\"<&'>%\\ö +/=Gate";

/// Returns the form in which a secret occurs in these bytes, if one does.
fn shown(bytes: &[u8]) -> Option<String> {
    let secrets = CANARIES.into_iter().chain([ACCOUNT, WRONG]);
    let mut forms = secrets.flat_map(forms);
    forms.find(|form| memchr::memmem::find(bytes, form.as_bytes()).is_some())
}

#[test]
fn secrets_are_written_down_in_no_encoding() {
    thread::scope(|scope| {
        for vendor in VENDORS {
            scope.spawn(|| writes_no_secret_down(vendor));
        }
    });
}

fn writes_no_secret_down(vendor: &'static Vendor) {
    let mut rig = Rig::new(vendor, &BTreeMap::new());
    let account = Account {
        username: "api".to_owned(),
        password: Secret::new(ACCOUNT),
        second: None,
    };
    rig.sim = Sim::new((vendor.sim)(&account), Faults::default());
    let mut night = Night::at(TestPbx::serving(rig));
    // Only these may contain a secret.
    let may = ["in.csv", "one.csv", "wrong.csv", "rejects.csv"].map(|name| night.path(name));
    let is_clean = |night: &Night, when: &str| {
        let mut wal = false;
        for path in files(night.folder()) {
            let found = shown(&fs::read(&path).unwrap());
            wal |= path.ends_with("ledger.sqlite-wal");
            let told = found.filter(|_| !may.contains(&path));
            assert!(told.is_none(), "{when}: {told:?} in {}", path.display());
        }
        wal
    };
    let go = |night: &Night, line: &str, password: &str| {
        let mut command = night.command(line);
        command
            .env("ROWCALL_PASSWORD", password)
            .env("RUST_BACKTRACE", "full");
        let output = command.output().unwrap();
        for stream in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(stream);
            assert_eq!(shown(stream), None, "{line}: {text}");
            assert!(!text.contains("panicked"), "{line}: {text}");
        }
        is_clean(night, line);
        output.status.code().unwrap()
    };

    night.wanted.truncate(80);
    let plain = night.wanted[0].clone();
    let mut wrong = vec![];
    let mut secrets = vec![];
    for row in night.pbx.writable().filter(|row| row.name.is_secret()) {
        let taken = CANARIES.into_iter().find(|canary| {
            let mut one = plain.clone();
            one.set(row.name, *canary);
            night.sheet("one.csv", &[one]);
            let line = format!("check one.csv --for {} --report check.jsonl", vendor.id);
            go(&night, &line, ACCOUNT) == 0
        });
        let taken = taken.unwrap_or_else(|| panic!("{}: no {}", vendor.id, row.name.name()));
        println!("{}: {} takes {taken}", vendor.id, row.name.name());
        secrets.push((row.name, taken));
        let mut one = plain.clone();
        one.set(row.name, format!("{}{}", CANARIES[0], "x".repeat(300)));
        wrong.push(one);
    }
    assert!(!secrets.is_empty());
    for one in &mut night.wanted {
        for (field, canary) in &secrets {
            one.set(*field, *canary);
        }
    }
    night.sheet("in.csv", &night.wanted);
    night.sheet("wrong.csv", &wrong);
    assert!(shown(&fs::read(night.path("in.csv")).unwrap()).is_some());

    let reports = "--report r.csv --report r.jsonl --report r.html --report r.json";
    assert_eq!(go(&night, "import in.csv --to TARGET", WRONG), 3);
    assert_eq!(
        go(
            &night,
            "plan in.csv --to TARGET -o plan.json --rate 5000 --reply-within 2",
            ACCOUNT
        ),
        0
    );
    let losses =
        "cut_after=60,garbage=40,html=10,truncate=20,late_ms=1,latency_ms=4,retry_after_s=0";
    night.pbx.sim.set_faults(losses.parse().unwrap());
    let line = format!(
        "import --plan plan.json {reports} --rate 5000 --reply-within 2 --verify none --max-failures 100%"
    );
    let mut command = night.command(&line);
    command.env("ROWCALL_PASSWORD", ACCOUNT);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    night.until_made(20);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_clean(&night, "killed"), "there is no write-ahead file");
    go(&night, &format!("resume --json {reports}"), ACCOUNT);
    assert!(night.made() > 60, "{}: {}", vendor.id, night.made());
    night.pbx.faults("");
    let line = "import wrong.csv --to TARGET --mode upsert --json --rate 5000 --reply-within 2 --rejects rejects.csv";
    let refused = go(&night, &format!("{line} {reports}"), ACCOUNT);
    // These set no limit to a password.
    let takes_all = ["ozeki", "asterisk"].contains(&vendor.id);
    assert_eq!(refused, i32::from(!takes_all));
    for line in [
        "runs",
        "report -o again.csv",
        "export TARGET -o out.csv --rate 5000 --reply-within 2",
        "export TARGET -o prints.csv --secrets fingerprint --rate 5000 --reply-within 2",
    ] {
        go(&night, line, ACCOUNT);
    }
}
