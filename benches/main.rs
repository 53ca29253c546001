#![allow(
    missing_docs,
    clippy::print_stdout,
    reason = "a bench prints what it measured"
)]

//! The benchmarks, in one program: `cargo bench` runs all of them, `cargo bench -- plan diff` runs those two.
//! `ROWS=10000 cargo bench -- pipeline` takes fewer rows. `cargo test --benches` runs each with a few rows, to show that
//! it works.

mod books;
mod diff;
mod export;
mod pipeline;
mod plan;
#[path = "../tests/it/support/random.rs"]
mod random;
mod submit;
mod xlsx;

use std::env;
use std::fs;
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

type Bench = fn(&Size) -> io::Result<()>;

const BENCHES: [(&str, Bench); 7] = [
    ("books", books::bench),
    ("diff", diff::bench),
    ("export", export::bench),
    ("pipeline", pipeline::bench),
    ("plan", plan::bench),
    ("submit", submit::bench),
    ("xlsx", xlsx::bench),
];

/// Set for a process that measures one thing alone and prints its figures.
const MEASURE: &str = "ROWCALL_BENCH_MEASURE";

fn main() -> io::Result<()> {
    let named: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if let Some(unknown) = named
        .iter()
        .find(|name| BENCHES.iter().all(|(known, _)| known != name))
    {
        let known = BENCHES.map(|(name, _)| name).join(", ");
        return Err(io::Error::other(format!(
            "there is no benchmark {unknown}: name some of {known}"
        )));
    }
    let size = Size {
        // `cargo bench` passes this flag; `cargo test --benches` does not.
        full: env::args().any(|argument| argument == "--bench"),
    };
    let is_named = |name: &str| named.is_empty() || named.iter().any(|named| named == name);
    for (name, bench) in BENCHES.iter().filter(|(name, _)| is_named(name)) {
        if !measures() {
            println!("== {name}");
        }
        bench(&size)?;
    }
    Ok(())
}

/// The amount of work that a benchmark does.
struct Size {
    full: bool,
}

impl Size {
    /// The number of rows from `ROWS`; without it `full` of them to measure, `few` to show that the benchmark works.
    fn rows(&self, full: usize, few: usize) -> io::Result<usize> {
        match env::var("ROWS") {
            Ok(rows) => rows.parse().map_err(io::Error::other),
            Err(_) if self.full => Ok(full),
            Err(_) => Ok(few),
        }
    }
}

fn measures() -> bool {
    env::var_os(MEASURE).is_some()
}

/// This program again, for `bench` to measure one thing in a process of its own.
fn own_process(bench: &str, what: impl AsRef<std::ffi::OsStr>) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(bench).env(MEASURE, what);
    Ok(command)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The peak memory of this process, in KiB; 0 where the platform does not report it.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.split_whitespace().next());
    kib.and_then(|kib| kib.parse().ok()).unwrap_or_default()
}

/// Runs `work`; returns the time that this thread had on the processor meanwhile, or the elapsed time where the
/// platform does not report that.
fn on_thread<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    measured(thread_cpu, work)
}

/// The same for all threads of this process, by the system's hundredths of a second.
fn on_process<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    measured(process_cpu, work)
}

fn measured<T>(cpu: fn() -> Option<Duration>, work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = (cpu(), Instant::now());
    let value = work();
    let taken = match (begun.0, cpu()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => begun.1.elapsed(),
    };
    (taken, value)
}

fn thread_cpu() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

fn process_cpu() -> Option<Duration> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the program's name, which may be any text, the state is the first word, user and system time the 12th.
    let (_, rest) = text.rsplit_once(')')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let ticks: u64 = words
        .get(11..13)?
        .iter()
        .filter_map(|word| word.parse::<u64>().ok())
        .sum();
    Some(Duration::from_millis(ticks * 10))
}
