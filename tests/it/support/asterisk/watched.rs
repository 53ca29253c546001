//! A real Asterisk behind the faults of a simulated one, watched while it changes.

use super::{Ari, RunningAsterisk, exchange};
use crate::support::altered::altered;
use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::{Program, wait_until};
use crate::support::random::Random;
use rowcall::vendors::vendor;
use rowcall::wire::{RawRequest, Reply};
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A desk whose PBX is a real Asterisk. Each request takes its way through a simulated PBX, which may lose it or its reply;
/// after each change the real one is asked if anybody gets in now.
pub(crate) struct WatchedDesk {
    desk: Desk,
    pub(crate) asterisk: RunningAsterisk,
    open: Arc<Mutex<Vec<String>>>,
}

impl Deref for WatchedDesk {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

/// The answer of a real Asterisk to a request that came to a simulated one.
pub(crate) fn passed_on(ari: Ari, heard: &RawRequest) -> Reply {
    let known = |(name, _): &&(String, String)| {
        ["authorization", "content-type", "cookie"].contains(&&**name)
    };
    let headers = heard.headers.iter().filter(known);
    let headers = headers.map(|(name, value)| format!("{name}: {value}\r\n"));
    let length = format!("Content-Length: {}\r\n", heard.body.len());
    let headers = headers.collect::<String>() + &length;
    let what = format!("{} {}", heard.method, heard.target);
    match exchange(ari.0, &what, &headers, &heard.body) {
        Ok((_, reply)) => reply,
        Err(_) => Reply::new(503, "text/plain", ""),
    }
}

impl WatchedDesk {
    pub(crate) fn at(asterisk: RunningAsterisk) -> WatchedDesk {
        WatchedDesk::with_settings(asterisk, "")
    }

    /// With lines of its own for the target in rowcall.toml.
    pub(crate) fn with_settings(asterisk: RunningAsterisk, settings: &str) -> WatchedDesk {
        let ari = asterisk.ari();
        let open: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = open.clone();
        let rig = altered(vendor("asterisk").unwrap(), move |_, heard| {
            let reply = passed_on(ari, heard);
            let number = heard.path().rsplit('/').next().unwrap();
            if heard.method != "GET" && ari.is_open(number) {
                let what = format!("{number} after {} {}", heard.method, heard.target);
                seen.lock().unwrap().push(what);
            }
            reply
        });
        let pbx = TestPbx::serving(rig);
        let program = Program::at("hq".into()).with_own_state();
        program.write(
            "rowcall.toml",
            pbx.config("hq") + "parallel = 16\nreply_within = \"3\"\n" + settings,
        );
        WatchedDesk {
            desk: Desk { program, pbx },
            asterisk,
            open,
        }
    }

    /// Sends a line until the sign-in, which is never repeated by itself, was not lost, at most so often again.
    #[track_caller]
    pub(crate) fn through(&self, line: &str, tries: usize) {
        let mut ran = self.run(line);
        for _ in 0..tries {
            if ran.exit != 3 {
                break;
            }
            ran = self.run(line);
        }
        ran.exits(0);
    }

    /// Runs a line about so many extensions, killed at moments at random and resumed, until it ends by itself. Returns the
    /// number of kills.
    pub(crate) fn killed(&self, line: &str, rows: usize, random: &mut Random) -> usize {
        const RESUME: &str = "resume --yes";
        let known = self.runs("state").len();
        let mut child = self.start(line);
        let mut said = line;
        for kills in 0.. {
            // Before a run is made every row is looked up, which takes three requests each; a resume that may have sent them
            // all takes more than 500, and fewer for a few. So each life may be longer than the one before, and it ends.
            let goal = random.below(500.min(16 * rows) + 40 * kills) as u64;
            let goal = self.pbx.sim.requests() + goal;
            let mut ended = None;
            wait_until(|| {
                ended = child.try_wait().unwrap();
                ended.is_some() || self.pbx.sim.requests() >= goal
            });
            thread::sleep(Duration::from_micros(random.below(5000) as u64));
            if let Some(ended) = ended.or(child.try_wait().unwrap()) {
                let words = self.read("words");
                // A kill behind a run's last line leaves nothing to resume.
                let was_over = said == RESUME && words.contains("is finished");
                let expected = if was_over { 2 } else { 0 };
                assert_eq!(ended.code(), Some(expected), "{line}: {words}");
                return kills;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            said = match self.runs("state").len() > known {
                true => RESUME,
                false => line,
            };
            child = self.start(said);
        }
        unreachable!()
    }

    /// Checks that at no moment an endpoint stood that lets anybody in.
    #[track_caller]
    pub(crate) fn never_open(&self) {
        assert_eq!(self.open.lock().unwrap().as_slice(), [""; 0]);
    }
}
