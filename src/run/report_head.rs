//! The head of a run's report: when the run is at work, and when its report is written again.

use crate::lang::{decimal, translated};
use crate::ledger::RunTimes;
use crate::model::{RunCommand, RunMode};
use crate::report::{ReportHead, for_people};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The facts of a head that only the run itself knows. Its ledger keeps them; there are none of earlier versions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct HeadFacts {
    /// The target's name.
    pub(crate) target: String,
    /// The PBX with its vendor and address.
    pub(crate) pbx: String,
    /// The PBX that the rows come from, where that is one.
    pub(crate) origin: Option<String>,
    /// The rows that somebody took out of the sheet by hand, in words.
    pub(crate) taken_out: String,
    /// The run that it takes back, where it does.
    pub(crate) taken_back: Option<String>,
    /// The user and the machine.
    pub(crate) by: String,
}

/// The end of a run and the time that it took, without its breaks, for the head of its report; nothing of what is not known.
pub(super) fn end_facts(
    finished: Option<Timestamp>,
    took: Option<SignedDuration>,
) -> [(&'static str, String); 2] {
    let took = took.map(|took| format!("{} s", decimal(took.as_secs_f64())));
    [
        ("finished", finished.map_or_else(String::new, for_people)),
        ("took", took.unwrap_or_default()),
    ]
}

impl HeadFacts {
    /// Builds the head. `read` are the tables that the rows come from, and true if it is one.
    pub(crate) fn head(
        &self,
        (command, mode): (RunCommand, RunMode),
        read: (String, bool),
        times: RunTimes,
    ) -> ReportHead {
        let (read, has_one_table) = read;
        let facts = [
            ("PBX", self.pbx.clone()),
            ("command", command.word().to_owned()),
            ("mode", translated(mode.word()).into_owned()),
            ("read", self.origin.clone().unwrap_or(read)),
            (
                "taken out by hand",
                translated(&self.taken_out).into_owned(),
            ),
            ("takes back", self.taken_back.clone().unwrap_or_default()),
            ("by", self.by.clone()),
            ("started", for_people(times.started)),
            (
                "resumed",
                times.resumed.map_or_else(String::new, for_people),
            ),
        ];
        ReportHead::new(
            format!("{} on {}", command.word(), self.target),
            facts,
            has_one_table,
        )
    }
}
