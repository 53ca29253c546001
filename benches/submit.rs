#![allow(clippy::unwrap_used, reason = "ends where something is wrong")]

//! Changes per second of `submit` against a server that takes 20 ms to answer, beside threads that write the same
//! requests into bare sockets, with no rowcall in between, and beside the same changes with a ledger on the disk, in the
//! same run; then whether the pace is kept to.
//!
//! `cargo bench -- submit` measures; under `cargo test --benches` a small run shows that it works.

use crate::{Size, median};
use rowcall::ledger::{self, Ledger, RunHead, StateDir, TargetLock};
use rowcall::link::StopFlag;
use rowcall::link::http::{Http, HttpOptions};
use rowcall::link::paced::Pace;
use rowcall::link::retrying::Retrying;
use rowcall::manifest::Manifest;
use rowcall::model::{
    Action, Change, Field, Mode, Outcome, PlannedRow, Record, RowResult, RunCommand, RunMode,
};
use rowcall::run::journal::{Journal, Pending};
use rowcall::seal::Key;
use rowcall::submit::converse::Connection;
use rowcall::submit::settlement::Settlement;
use rowcall::submit::{self, Ended, NoIntentLog, Options};
use rowcall::vendors::{Account, Client, Task};
use rowcall::wire::{Answer, Body, Effect, Exchange, Method, Request, Session, Turn};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const LATENCY: Duration = Duration::from_millis(20);

/// The least ratios that are demanded.
const RATIO_MIN: f64 = 0.95;
const LEDGER_RATIO_MIN: f64 = 0.97;
const RATE_SHARE_MIN: f64 = 0.98;

pub(crate) fn bench(size: &Size) -> io::Result<()> {
    let measuring = size.full;
    let server = BenchServer::start();
    for parallel in [8, 32] {
        let rows = if measuring {
            parallel * 60
        } else {
            parallel * 3
        };
        let rounds = if measuring { 3 } else { 1 };
        let (mut bare, mut ours, mut ledgered) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            bare.push(rows as f64 / server.bare(rows, parallel).as_secs_f64());
            ours.push(rows as f64 / server.submit(rows, parallel, None).as_secs_f64());
            ledgered.push(rows as f64 / server.submit_with_ledger(rows, parallel).as_secs_f64());
        }
        // Each with its neighbour: the machine's other load changes from minute to minute.
        let kept = median(ledgered.iter().zip(&ours).map(|(a, b)| a / b).collect());
        let (bare, ours, ledgered) = (median(bare), median(ours), median(ledgered));
        let ratio = ours / bare;
        println!(
            "{parallel:>3} in flight: {ours:.0} changes/s, bare sockets {bare:.0}/s, ratio {ratio:.3} (at least {RATIO_MIN})"
        );
        println!(
            "{parallel:>3} in flight, with a ledger: {ledgered:.0} changes/s, ratio to without {kept:.3} (at least {LEDGER_RATIO_MIN})"
        );
    }
    println!(
        "one write made to survive a power cut takes {:.2} ms here",
        sync_ms()
    );
    for rate in [20.0, 100.0, 500.0] {
        let seconds = if measuring { 5.0 } else { 0.3 };
        let rows = (rate * seconds) as usize;
        server.heard.lock().unwrap().clear();
        server.submit(rows, 32, Some(rate));
        let mut times = server.heard.lock().unwrap().clone();
        times.sort();
        let burst = pace(Some(rate)).burst() as usize;
        let span = (times[times.len() - 1] - times[0]).as_secs_f64();
        let reached = (times.len() - burst) as f64 / span;
        println!(
            "{rate:>3.0}/s: reached {reached:.1}/s = {:.3} (at least {RATE_SHARE_MIN}); most in any second {} (at most {} and what the network bunches up)",
            reached / rate,
            most_in_a_second(&times),
            rate as usize + burst,
        );
    }
    Ok(())
}

fn most_in_a_second(times: &[Instant]) -> usize {
    let within = |(index, first): (usize, &Instant)| {
        let end = *first + Duration::from_secs(1);
        times[index..].partition_point(|time| *time < end)
    };
    times.iter().enumerate().map(within).max().unwrap_or(0)
}

fn pace(rate: Option<f64>) -> Pace {
    let stop = StopFlag::default();
    match rate {
        None => Pace::unlimited(stop),
        Some(rate) => Pace::per_second(rate, stop).unwrap(),
    }
}

/// A PBX that accepts after a while, and the times at which it received each creation.
struct BenchServer {
    address: String,
    heard: Arc<Mutex<Vec<Instant>>>,
}

impl BenchServer {
    fn start() -> BenchServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = heard.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let hears = hears.clone();
                thread::spawn(move || answer(stream.unwrap(), &hears));
            }
        });
        BenchServer { address, heard }
    }

    fn connection(&self, rate: Option<f64>) -> Connection {
        let options = HttpOptions::replying_within(Duration::from_secs(5));
        let link = Http::new(&format!("http://{}", self.address), options).unwrap();
        let line = Retrying::new(Box::new(link), pace(rate));
        Connection::open(Box::new(AlwaysYes), line, Account::default()).unwrap()
    }

    fn submit(&self, rows: usize, parallel: usize, rate: Option<f64>) -> Duration {
        let connection = self.connection(rate);
        let changes: Vec<Change> = (0..rows).map(change).collect();
        let begun = Instant::now();
        send(&connection, &changes, parallel, &NoIntentLog, |_| ());
        begun.elapsed()
    }

    /// The same, every intent on the disk before its request leaves; until everything is written down.
    fn submit_with_ledger(&self, rows: usize, parallel: usize) -> Duration {
        let connection = self.connection(None);
        let changes: Vec<Change> = (0..rows).map(change).collect();
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(Some(&folder.path().join("state"))).unwrap();
        let key = Key::load_or_make(Some(&folder.path().join("key"))).unwrap();
        let lock = TargetLock::acquire(&state, &self.address, &[]).unwrap();
        let planned = changes
            .iter()
            .map(|change| PlannedRow::to_send(outcome(change), change.clone()));
        let ledger = Ledger::create(&state, lock, head(), &key, planned, []).unwrap();
        let pending = changes.iter().map(|change| Pending {
            position: change.row,
            intended: 0,
        });
        let begun = Instant::now();
        let journal = Journal::start(ledger, pending.collect(), parallel);
        send(&connection, &changes, parallel, &journal, |done| {
            journal.result(
                done.row,
                Outcome {
                    result: done.result,
                    attempts: done.attempts,
                    http_status: done.http_status,
                    elapsed_ms: done.elapsed_ms,
                    finished_at: done.finished_at,
                    ..outcome(&changes[done.row])
                },
            );
        });
        journal.end("whole").unwrap();
        let took = begun.elapsed();
        let summary = ledger::runs(&state).unwrap().remove(0).summary.unwrap();
        assert!(summary.is_finished());
        let all_created = BTreeMap::from([(RowResult::Created, rows as u64)]);
        assert_eq!(summary.results, all_created);
        took
    }

    /// The same requests, as bytes, through as many threads and connections.
    fn bare(&self, rows: usize, parallel: usize) -> Duration {
        let requests: Vec<Vec<u8>> = (0..rows)
            .map(|row| {
                let request = creation(&change(row).wanted).encode("").unwrap();
                let (target, body) = (request.target, request.body);
                let head = format!(
                    "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                    self.address,
                    body.len()
                );
                [head.into_bytes(), body].concat()
            })
            .collect();
        let next = AtomicUsize::new(0);
        let begun = Instant::now();
        thread::scope(|scope| {
            for _ in 0..parallel {
                scope.spawn(|| {
                    let stream = TcpStream::connect(&self.address).unwrap();
                    stream.set_nodelay(true).unwrap();
                    let (mut says, mut hears) = (&stream, BufReader::new(&stream));
                    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                        says.write_all(request).unwrap();
                        assert!(hear(&mut hears).unwrap().0.contains(" 200 "));
                    }
                });
            }
        });
        begun.elapsed()
    }
}

fn send(
    connection: &Connection,
    changes: &[Change],
    parallel: usize,
    journal: &dyn submit::IntentLog,
    mut each: impl FnMut(Settlement),
) {
    let mut created = 0;
    let mut failed = String::new();
    let options = Options::new(parallel, Duration::ZERO);
    let ended = submit::submit(connection, changes, &options, journal, None, &mut |done| {
        created += usize::from(done.result.is_done());
        if !done.result.is_done() {
            failed = format!("{} {:?}", done.message, done.fault);
        }
        each(done);
    });
    let whole = (Ended::Whole, changes.len());
    assert_eq!((ended, created), whole, "{failed}");
}

/// Measures a write of a page that must survive a power cut: the median of fifty.
fn sync_ms() -> f64 {
    let mut file = tempfile::tempfile().unwrap();
    let writes = (0..50).map(|_| {
        let begun = Instant::now();
        file.write_all(&[b'x'; 4096]).unwrap();
        file.sync_data().unwrap();
        begun.elapsed().as_secs_f64() * 1000.0
    });
    median(writes.collect())
}

fn head() -> RunHead {
    RunHead {
        command: RunCommand::Import,
        vendor: "yes".into(),
        mode: RunMode::Import(Mode::Create),
        options: "{}".into(),
        rules: "1".into(),
        input_hash: String::new(),
    }
}

/// Builds a row's line of the report before anything is sent.
fn outcome(change: &Change) -> Outcome {
    Outcome {
        row: Some(change.row as u64 + 1),
        number: change.number.clone(),
        ..Outcome::new(change.action, RowResult::NotSent)
    }
}

fn answer(stream: TcpStream, heard: &Mutex<Vec<Instant>>) {
    stream.set_nodelay(true).unwrap();
    let (mut says, mut hears) = (&stream, BufReader::new(&stream));
    while let Some(_request) = hear(&mut hears) {
        heard.lock().unwrap().push(Instant::now());
        thread::sleep(LATENCY);
        let reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"status\":\"Success\"}";
        if says.write_all(reply).is_err() {
            return;
        }
    }
}

/// One message: its first line and its body.
fn hear(stream: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let (mut first, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if first.is_empty() {
            first = line;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((first, body))
}

fn change(row: usize) -> Change {
    let number = format!("{:05}", 20_000 + row);
    let mut wanted = Record::numbered(number.clone());
    // A new number and memberships are read back even where nothing else is.
    let is_read_back = |field: &Field| *field == Field::NEW_NUMBER || field.is_membership();
    for field in Field::all()
        .filter(|field| *field != Field::NUMBER && !is_read_back(field))
        .take(28)
    {
        wanted.set(field, field.def().example);
    }
    Change {
        row,
        action: Action::Create,
        number,
        wanted,
        before: None,
    }
}

fn creation(wanted: &Record) -> Request {
    let fields = wanted
        .iter()
        .map(|(field, text)| (field.name().to_owned(), text.reveal().into()));
    Request::new(
        "extension/add",
        Method::Post,
        "/extension/add",
        Effect::Writes,
    )
    .query("token", "0123456789abcdef0123456789abcdef")
    .body(Body::Json(serde_json::Value::Object(fields.collect())))
}

/// A vendor whose every conversation is one request.
struct AlwaysYes;

impl Client for AlwaysYes {
    fn manifest(&self) -> &'static Manifest {
        static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
            let text = r#"
                field = []
                source = {}
                vendor = { id = "yes", name = "Yes", api = "1", path = "", port = 1, rate = 20.0, parallel = 4, batch = 8, reply_ms = 1000 }
                ability = { create = true, update = "fields", delete = true, list = true, groups = false, greetings = false, sign_in = false }
            "#;
            Manifest::parse(text).unwrap()
        });
        &MANIFEST
    }

    fn next(&self, task: &Task<'_>, _: &Session, said: &[Exchange]) -> Turn {
        match (task, said.last()) {
            (Task::SignIn(_), _) => Turn::Done(Answer::Session(Session::default())),
            (Task::Create(wanted), None) => Turn::send(creation(wanted)),
            (_, Some(last)) => match last.reply.json() {
                Ok(reply) if reply["status"] == "Success" => Turn::Done(Answer::Done),
                Ok(_) => Turn::Fault(last.reply.not_understood("Success", "it is something else")),
                Err(fault) => Turn::Fault(fault),
            },
            _ => Turn::Done(Answer::Done),
        }
    }
}
