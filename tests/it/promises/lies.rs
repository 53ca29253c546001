//! PBXes of every vendor that lie, each in another way: a success that they report counts only where it is true.

use crate::support::altered::{altered_pbx, contains};
use crate::support::fixture::{Rig, account};
use rowcall::link::StopFlag;
use rowcall::link::paced::Pace;
use rowcall::link::retrying::{Patience, Retrying};
use rowcall::model::{Action, Change, Record, RowResult};
use rowcall::sim::{Breakage, Faults, InProcess, Sim};
use rowcall::submit::Verify;
use rowcall::submit::converse::Connection;
use rowcall::submit::settle::SettleLimits;
use rowcall::submit::settlement::Settlement;
use rowcall::submit::{FailuresMax, NoIntentLog, Options, submit};
use rowcall::vendors::{Settings, VENDORS, Vendor};
use rowcall::wire::{Pbx, RawRequest, Reply};
use std::collections::BTreeMap;
use std::time::Duration;

const NAME: &str = "annabelle";
const OTHER: &str = "bertram";

/// Short waits, so that it ends.
const HASTE: Patience = Patience {
    attempts_max: 3,
    wait_first: Duration::from_millis(1),
    wait_max: Duration::from_millis(4),
    unreached_max: Duration::from_secs(60),
    repeats_unsent: true,
};

fn options() -> Options {
    Options {
        failures_max: FailuresMax::Share(1.0),
        settling: SettleLimits {
            attempts_max: 3,
            recheck_after: Duration::from_millis(2),
            reply: Duration::from_millis(2),
        },
        verify: Verify::All,
        ..Options::new(1, Duration::ZERO)
    }
}

fn creation(row: usize, wanted: Record) -> Change {
    Change {
        row,
        action: Action::Create,
        number: wanted.number().to_owned(),
        wanted,
        before: None,
    }
}

fn sent(connection: &Connection, changes: &[Change]) -> Vec<Settlement> {
    let mut done = vec![];
    submit(
        connection,
        changes,
        &options(),
        &NoIntentLog,
        None,
        &mut |one| {
            if !one.provisional {
                done.push(one);
            }
        },
    );
    done.sort_by_key(|one| one.row);
    assert_eq!(done.len(), changes.len());
    done
}

/// The ways in which a PBX lies about one row.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lie {
    /// 200 with an error in unknown words, and nothing done.
    ErrorBody,
    /// The name is cut.
    CutsName,
    /// The name is left out.
    DropsField,
    /// The name is stored in capitals.
    ChangesCase,
    /// Success, and done only after a while.
    TakesEffectLate,
    /// Done to another extension.
    OtherRow,
    /// Done twice; the second answer comes back.
    Duplicates,
    /// Success, and nothing done.
    Nothing,
    /// A fault of the network, or of a web server in between.
    Breaks(Breakage),
}

/// A PBX that lies about the row with [`NAME`].
struct Liar {
    lie: Lie,
    /// The replies to the honest row as they would be to the other one, by the path that the other row has.
    honest: BTreeMap<String, Reply>,
    late: Vec<RawRequest>,
    looks: u32,
}

fn rewritten(heard: &RawRequest, from: &str, to: &str) -> RawRequest {
    let body = String::from_utf8(heard.body.clone()).unwrap();
    RawRequest {
        target: heard.target.replace(from, to),
        body: body.replace(from, to).into_bytes(),
        ..heard.clone()
    }
}

impl Liar {
    fn answer(&mut self, inner: &mut dyn Pbx, heard: &RawRequest) -> Reply {
        if !contains(heard, NAME) {
            if contains(heard, "2002") && !self.late.is_empty() {
                self.looks += 1;
                if self.looks > 1 {
                    for late in std::mem::take(&mut self.late) {
                        inner.answer(&late);
                    }
                }
            }
            let reply = inner.answer(heard);
            if contains(heard, OTHER) {
                let path = heard.path().replace("2001", "2002");
                let body = String::from_utf8_lossy(&reply.body).replace("2001", "2002");
                let body = body.into_bytes();
                let honest = Reply {
                    body,
                    ..reply.clone()
                };
                self.honest.insert(path, honest);
            }
            return reply;
        }
        let echo = || self.honest[heard.path()].clone();
        match self.lie {
            Lie::ErrorBody => {
                let text = r#"{"error":"database is locked"}"#;
                Reply::new(200, "application/json", text)
            }
            Lie::CutsName => inner.answer(&rewritten(heard, NAME, "anna")),
            Lie::DropsField => inner.answer(&rewritten(heard, NAME, "")),
            Lie::ChangesCase => inner.answer(&rewritten(heard, NAME, "ANNABELLE")),
            Lie::TakesEffectLate => {
                self.late.push(heard.clone());
                echo()
            }
            Lie::OtherRow => inner.answer(&rewritten(heard, "2002", "2003")),
            Lie::Duplicates => {
                inner.answer(heard);
                inner.answer(heard)
            }
            Lie::Nothing => echo(),
            Lie::Breaks(_) => inner.answer(heard),
        }
    }
}

fn extension(vendor: &'static Vendor, number: &str, name: &str) -> Record {
    let rig = Rig::new(vendor, &BTreeMap::new());
    let mut extension = rig.small(number);
    extension.set(rig.named_by(), name);
    extension
}

/// A simulated PBX of the vendor that lies, and the way to it.
fn liar(vendor: &Vendor, lie: Lie) -> (Sim, Connection) {
    let mut liar = Liar {
        lie,
        honest: BTreeMap::new(),
        late: vec![],
        looks: 0,
    };
    let pbx = altered_pbx(vendor, move |pbx, heard| liar.answer(pbx, heard));
    let sim = Sim::new(pbx, "late_ms=1".parse::<Faults>().unwrap());
    let manifest = (vendor.manifest)();
    let reply = Duration::from_secs(2);
    let link = InProcess::new(sim.clone(), manifest.vendor.path.clone(), reply);
    let line = Retrying::new(Box::new(link), Pace::unlimited(StopFlag::default()));
    let vendor = vendor.client(Settings::new(manifest, &BTreeMap::new()).unwrap());
    let connection = Connection::open_with(vendor, line, account(), HASTE, HASTE).unwrap();
    if let Lie::Breaks(breakage) = lie {
        sim.break_once(NAME, breakage);
    }
    (sim, connection)
}

#[test]
fn whatever_a_pbx_says_nothing_counts_as_created_that_is_not_there_as_wanted() {
    use RowResult::{Created, Differs, Rejected};
    for vendor in VENDORS {
        // The answer of a 3CX names the extension that it made: that it is another one is known at once.
        let other_row = match vendor.id {
            "3cx-v20" => Rejected,
            _ => Differs,
        };
        for (lie, wanted) in [
            (Lie::ErrorBody, None),
            (Lie::CutsName, Some(Differs)),
            (Lie::DropsField, None),
            (Lie::ChangesCase, Some(Differs)),
            (Lie::TakesEffectLate, Some(Created)),
            (Lie::OtherRow, Some(other_row)),
            (Lie::Duplicates, None),
            (Lie::Nothing, Some(Differs)),
            (Lie::Breaks(Breakage::Html), Some(Created)),
            (Lie::Breaks(Breakage::Late), Some(Created)),
            (Lie::Breaks(Breakage::Endless), Some(Created)),
            (Lie::Breaks(Breakage::Redirect), Some(Created)),
            (Lie::Breaks(Breakage::Truncate), Some(Created)),
            (Lie::Breaks(Breakage::Garbage), Some(Created)),
        ] {
            let case = format!("{} {lie:?}", vendor.id);
            let (sim, connection) = liar(vendor, lie);
            let rows = [("2001", OTHER), ("2002", NAME)];
            let changes: Vec<Change> = rows
                .into_iter()
                .enumerate()
                .map(|(row, (number, name))| creation(row, extension(vendor, number, name)))
                .collect();
            let done = sent(&connection, &changes);
            assert_eq!(done[0].result, Created, "{case}: {done:?}");
            let second = &done[1];
            let field = Rig::new(vendor, &BTreeMap::new()).named_by();
            let wire = &connection.manifest().row(field).unwrap().wire;
            let is_there = sim.stored("2002", wire).as_deref() == Some(NAME);
            if second.result == Created {
                assert!(is_there, "{case}: {second:?}");
            }
            assert!(sim.created("2002") <= 1, "{case}");
            if let Some(wanted) = wanted {
                assert_eq!(second.result, wanted, "{case}: {second:?}");
            }
            if matches!(lie, Lie::CutsName | Lie::ChangesCase) {
                assert_eq!(second.differing, [field], "{case}");
                let held = sim.stored("2002", wire).unwrap();
                let words = format!("{} {held:?} instead of {NAME:?}", field.name());
                assert!(second.message.contains(&words), "{case}: {second:?}");
            }
        }
    }
}
