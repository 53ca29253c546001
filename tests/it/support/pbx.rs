//! A simulated PBX behind a socket, and a user who works on it with the program.

use super::fixture::Rig;
use super::program::Program;
use rowcall::model::{Action, Record};
use rowcall::sim::Server;
use rowcall::vendors::{VENDORS, Vendor};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::thread;

/// Tries something at every vendor at the same time: it mostly waits.
pub(crate) fn at_all_vendors(try_at: impl Fn(&'static Vendor) + Sync) {
    let try_at = &try_at;
    thread::scope(|scope| {
        for vendor in VENDORS {
            scope.spawn(move || try_at(vendor));
        }
    });
}

/// A simulated PBX behind a socket.
pub(crate) struct TestPbx {
    rig: Rig,
    server: Option<Server>,
}

/// The rig of the PBX, with a view of it from behind.
impl Deref for TestPbx {
    type Target = Rig;

    fn deref(&self) -> &Rig {
        &self.rig
    }
}

impl TestPbx {
    pub(crate) fn new(vendor: &str) -> TestPbx {
        let vendor = rowcall::vendors::vendor(vendor).unwrap();
        TestPbx::serving(Rig::new(vendor, &BTreeMap::new()))
    }

    pub(crate) fn serving(rig: Rig) -> TestPbx {
        let server = Server::start(rig.sim.clone(), "127.0.0.1:0").unwrap();
        TestPbx {
            rig,
            server: Some(server),
        }
    }

    pub(crate) fn addr(&self) -> String {
        self.server.as_ref().unwrap().addr().to_string()
    }

    pub(crate) fn target(&self) -> String {
        format!("{}+http://api@{}", self.vendor.id, self.addr())
    }

    /// Its part of rowcall.toml, under this name.
    pub(crate) fn config(&self, name: &str) -> String {
        format!(
            "[targets.{name}]\nvendor = \"{}\"\nurl = \"http://{}\"\nusername = \"api\"\nrate = \"100000/s\"\n",
            self.vendor.id,
            self.addr()
        )
    }

    /// Makes these extensions there.
    #[track_caller]
    pub(crate) fn seed(&self, extensions: &[Record]) {
        let connection = self.connect();
        for extension in extensions {
            let made = connection.apply(Action::Create, extension, None);
            made.result.unwrap();
        }
    }

    /// The numbers of its extensions, sorted.
    pub(crate) fn numbers(&self) -> Vec<String> {
        let mut numbers = self.sim.numbers();
        numbers.sort();
        numbers
    }

    pub(crate) fn faults(&self, faults: &str) {
        self.sim.set_faults(faults.parse().unwrap());
    }

    /// Stops the server, so that requests get no answer any more.
    pub(crate) fn stop(&mut self) {
        self.server.take().unwrap().stop();
    }

    /// From now on another one answers there.
    pub(crate) fn become_another(&mut self, vendor: &str) {
        let addr = self.addr();
        self.stop();
        let vendor = rowcall::vendors::vendor(vendor).unwrap();
        self.rig = Rig::new(vendor, &BTreeMap::new());
        self.server = Some(Server::start(self.rig.sim.clone(), &addr).unwrap());
    }
}

/// A folder with the program, and a PBX that is the `TARGET` of its lines.
pub(crate) struct Desk {
    pub(crate) program: Program,
    pub(crate) pbx: TestPbx,
}

impl Deref for Desk {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl Desk {
    pub(crate) fn new(vendor: &str) -> Desk {
        Desk::at(TestPbx::new(vendor))
    }

    pub(crate) fn at(pbx: TestPbx) -> Desk {
        Desk {
            program: Program::at(pbx.target()),
            pbx,
        }
    }

    pub(crate) fn addr(&self) -> String {
        self.pbx.addr()
    }

    pub(crate) fn target(&self) -> String {
        self.pbx.target()
    }

    pub(crate) fn seed(&self, extensions: &[Record]) -> &Desk {
        self.pbx.seed(extensions);
        self
    }

    /// The least that makes extensions of these numbers.
    pub(crate) fn small(&self, numbers: impl IntoIterator<Item = u32>) -> Vec<Record> {
        let small = |number: u32| self.pbx.small(&number.to_string());
        numbers.into_iter().map(small).collect()
    }
}
