//! Every reader of files from elsewhere is fed input that no person would write: the files of its corpus, and changes
//! of them.
//!
//! An ordinary test run replays the corpus and a fixed number of changes. To look for longer, in all targets or in one:
//!
//! ```text
//! FUZZ_SECONDS=3600 cargo test --release --test it fuzz:: -- --nocapture
//! FUZZ_SECONDS=600 FUZZ_SEED=7 cargo test --release --test it fuzz::xlsx -- --nocapture
//! ```
//!
//! The seed is printed, and without `FUZZ_SEED` a long run takes the time for one. An input that fails is kept as
//! `corpus/TARGET/found-HASH`; give it a name that describes what is odd about it, repair the reader, and leave the
//! file there. An input on which a reader hangs or dies is in `target/tmp/fuzz-TARGET-PROCESS`.

mod mutate;
mod targets;

use crate::support::alone::alone;
use crate::support::random::{Random, from_environment};
use mutate::FileShape;
use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const CORPUS: &str = "tests/it/fuzz/corpus";
const SEED: u64 = 20_260_505;
/// Bytes of an input: longer ones take time and show nothing more.
const INPUT_BYTES_MAX: usize = 48 << 10;

/// One reader: its inputs, and the promises that it must keep.
struct FuzzTarget {
    name: &'static str,
    /// Folders and endings of the files that are changed.
    seeds: &'static [(&'static str, &'static str)],
    shape: FileShape,
    /// Words that mean something to the reader.
    words: &'static [&'static str],
    /// The number of changes that an ordinary run tries.
    rounds: u64,
    /// Panics where a promise is broken.
    holds: fn(&Path, &[u8], &mut Random),
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![];
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.is_file() && path.to_string_lossy().ends_with(ending))
        .collect();
    files.sort();
    files
}

impl FuzzTarget {
    /// Returns the inputs that failed before, then the seeds.
    fn corpus(&self) -> Vec<Vec<u8>> {
        let own = files(&Path::new(CORPUS).join(self.name), "");
        let seeds = self
            .seeds
            .iter()
            .flat_map(|(folder, ending)| files(Path::new(folder), ending));
        own.into_iter()
            .chain(seeds)
            .map(|path| fs::read(path).unwrap())
            .collect()
    }

    fn tried(&self, input: &[u8], random: &mut Random) -> bool {
        // A hang or a crash leaves it there.
        let kept = format!("fuzz-{}-{}", self.name, std::process::id());
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(kept);
        fs::write(&kept, input).unwrap();
        let before = *random;
        let tried = catch_unwind(AssertUnwindSafe(|| (self.holds)(&kept, input, random)));
        fs::remove_file(&kept).unwrap();
        if tried.is_ok() {
            return true;
        }
        let mut hasher = DefaultHasher::new();
        input.hash(&mut hasher);
        let folder = Path::new(CORPUS).join(self.name);
        fs::create_dir_all(&folder).unwrap();
        let found = folder.join(format!("found-{:016x}", hasher.finish()));
        fs::write(&found, input).unwrap();
        println!("{} fails with {before:?}: {}", self.name, found.display());
        false
    }

    fn run(&self) {
        let seconds = from_environment("FUZZ_SECONDS");
        let mut random = match seconds {
            Some(_) => Random::from_environment("FUZZ_SEED"),
            None => Random::from_environment_or("FUZZ_SEED", SEED),
        };
        let corpus = self.corpus();
        assert!(!corpus.is_empty(), "{} has no corpus", self.name);
        let mut failed = 0;
        for input in &corpus {
            failed += u64::from(!self.tried(input, &mut random));
        }
        let (began, mut rounds) = (Instant::now(), 0);
        while match seconds {
            Some(seconds) => began.elapsed() < Duration::from_secs(seconds),
            None => rounds < self.rounds,
        } {
            rounds += 1;
            let input = mutate::changed(&corpus, self.shape, self.words, &mut random);
            if input.len() <= INPUT_BYTES_MAX {
                failed += u64::from(!self.tried(&input, &mut random));
            }
            assert!(failed < 20, "{}: {failed} inputs fail", self.name);
        }
        println!("{}: {} files, {rounds} changes", self.name, corpus.len());
        assert_eq!(failed, 0, "{}: see {CORPUS}/{}", self.name, self.name);
    }
}

/// Checks the peak memory of this process. Every target stays far below the cost that one input may have.
#[cfg(target_os = "linux")]
fn assert_small() {
    use nix::sys::resource::{UsageWho, getrusage};
    let peak = getrusage(UsageWho::RUSAGE_SELF).unwrap().max_rss();
    assert!(peak < 512 << 10, "{peak} KiB were in memory at once");
}

#[cfg(not(target_os = "linux"))]
fn assert_small() {}

macro_rules! targets {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            alone(concat!("fuzz::", stringify!($name)), || {
                targets::$name().run();
                assert_small();
            });
        }
    )*};
}

targets! { csv json jsonl encodings xlsx ods xls number_formats xml replies mapping plan sip }
