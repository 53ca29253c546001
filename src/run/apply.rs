//! The step that brings a run's changes into effect, where a PBX wants one: when it is taken, and how that ended.

use crate::ledger::ApplyState;
use crate::link::StopFlag;
use crate::manifest::ApplyFacts;
use crate::model::FaultCause;
use crate::progress::duration;
use crate::rim::terminal::{print, print_error};
use crate::rim::{Exit, Target, TargetSession};
use crate::submit::Ended;
use crate::submit::apply::bring_into_effect;
use jiff::civil::Time;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::thread;
use std::time::Duration;

/// Time after which a wait is ended by a stop.
const SLICE: Duration = Duration::from_millis(100);

const AT_END: &str = "at-end";
const NONE: &str = "none";

/// The moment at which stored changes are brought into effect, where the PBX wants a step of its own for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ApplyMoment {
    /// The moment when all rows are sent.
    #[default]
    AtEnd,
    /// None: the step is left to others.
    Never,
    /// The first time after the run's start that the clock shows this, and all rows are sent.
    At(Time),
}

impl FromStr for ApplyMoment {
    type Err = String;

    fn from_str(text: &str) -> Result<ApplyMoment, String> {
        match text.to_ascii_lowercase().as_str() {
            AT_END => Ok(ApplyMoment::AtEnd),
            NONE => Ok(ApplyMoment::Never),
            text => Time::strptime("%H:%M", text)
                .map(ApplyMoment::At)
                .map_err(|_| "write at-end, none, or a time of day such as 22:00".to_owned()),
        }
    }
}

impl TryFrom<String> for ApplyMoment {
    type Error = String;

    fn try_from(text: String) -> Result<ApplyMoment, String> {
        text.parse()
    }
}

impl From<ApplyMoment> for String {
    fn from(moment: ApplyMoment) -> String {
        moment.to_string()
    }
}

impl fmt::Display for ApplyMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ApplyMoment::AtEnd => f.write_str(AT_END),
            ApplyMoment::Never => f.write_str(NONE),
            ApplyMoment::At(time) => write!(f, "{}", time.strftime("%H:%M")),
        }
    }
}

/// Says, before anything is sent, that the changes are not in effect at once.
pub(super) fn note(target: &Target, moment: ApplyMoment) -> Option<String> {
    let facts = target.manifest().apply.as_ref()?;
    let when = match moment {
        ApplyMoment::AtEnd => "is done once, when all rows are sent".to_owned(),
        ApplyMoment::Never => "is left to you (--apply none)".to_owned(),
        ApplyMoment::At(_) => format!("is done at {moment} (--apply {moment})"),
    };
    Some(format!(
        "{}: nothing of it is in effect before {}, which {when}; it takes about {}: {}",
        target.label,
        facts.name,
        usual_time(facts),
        facts.interrupts
    ))
}

fn usual_time(facts: &ApplyFacts) -> String {
    duration(Duration::from_millis(facts.usual_ms))
}

/// The step at the end of a run.
pub(super) struct RunApply {
    facts: &'static ApplyFacts,
    moment: ApplyMoment,
    /// The time for which it was asked, by this machine's clock.
    not_before: Option<Zoned>,
    /// True if changes of an earlier part of the run are not in effect yet.
    was_due: bool,
}

/// The end of the step.
pub(super) struct ApplyEnd {
    pub(super) state: ApplyState,
    /// The reason why it is due.
    why: String,
    is_interrupted: bool,
}

impl ApplyEnd {
    fn new(state: ApplyState) -> ApplyEnd {
        ApplyEnd {
            state,
            why: String::new(),
            is_interrupted: false,
        }
    }

    fn due(why: String, is_interrupted: bool) -> ApplyEnd {
        ApplyEnd {
            state: ApplyState::Due,
            why,
            is_interrupted,
        }
    }

    /// The exit of a run whose rows were all sent, and the reason.
    pub(super) fn stopped(&self) -> Option<(Exit, String)> {
        let exit = match self.is_interrupted {
            true => Exit::Interrupted,
            false => Exit::NotDone,
        };
        (self.state == ApplyState::Due).then(|| (exit, self.why.clone()))
    }
}

impl RunApply {
    /// The step for a target; none where its changes are in effect at once.
    pub(super) fn new(target: &Target, moment: ApplyMoment, was_due: bool) -> Option<RunApply> {
        let facts = target.manifest().apply.as_ref()?;
        let not_before = match moment {
            ApplyMoment::At(time) => next(time, &Zoned::now()),
            ApplyMoment::AtEnd | ApplyMoment::Never => None,
        };
        Some(RunApply {
            facts,
            moment,
            not_before,
            was_due,
        })
    }

    /// Takes the step once, now that the sending has ended, where anything may have been changed.
    pub(super) fn finish(
        &self,
        session: &TargetSession<'_>,
        ended: &Ended,
        has_changed: bool,
    ) -> ApplyEnd {
        if !has_changed && !self.was_due {
            return ApplyEnd::new(ApplyState::NotDue);
        }
        if self.moment == ApplyMoment::Never {
            return ApplyEnd::new(ApplyState::Left);
        }
        if *ended != Ended::Whole {
            return ApplyEnd::due("the run was stopped before it".to_owned(), false);
        }
        let (label, name) = (&session.target().label, &self.facts.name);
        let stop = session.connection().line().pace().stop_flag();
        if let Some(at) = &self.not_before
            && !wait_until(at, label, name, stop)
        {
            return ApplyEnd::due("interrupted before its time".to_owned(), true);
        }
        let time = usual_time(self.facts);
        print(format!("{label}: {name} begins, and takes about {time}"));
        match bring_into_effect(session.connection(), self.facts) {
            Ok(()) => ApplyEnd::new(ApplyState::Done),
            Err(fault) => {
                let is_interrupted = fault.cause == FaultCause::Interrupted;
                ApplyEnd::due(fault.to_string(), is_interrupted)
            }
        }
    }

    /// Tells how it ended. `run` is the run's name, where it has a ledger.
    pub(super) fn print_end(&self, end: &ApplyEnd, label: &str, run: Option<&str>) {
        let name = &self.facts.name;
        match end.state {
            ApplyState::NotDue => {}
            ApplyState::Done => print(format!(
                "{label}: {name} is done: the changes are in effect"
            )),
            ApplyState::Due => print_error(&format!(
                "{label}: {name} is outstanding, and until then the changes are stored and not in effect: {}",
                end.why
            )),
            ApplyState::Left => {
                print(format!(
                    "{label}: {name} is left to you: until then the changes are stored and not in effect"
                ));
                if let Some(run) = run {
                    print(format!(
                        "  hint: rowcall resume {run} --apply at-end does it too"
                    ));
                }
            }
        }
    }
}

/// The first time from `now` on that a clock shows this.
fn next(time: Time, now: &Zoned) -> Option<Zoned> {
    let today = now.with().time(time).build().ok()?;
    let minute = now.with().second(0).subsec_nanosecond(0).build().ok()?;
    match today < minute {
        true => now.tomorrow().ok()?.with().time(time).build().ok(),
        false => Some(today),
    }
}

/// Waits until this time; false where the run was interrupted before it.
fn wait_until(at: &Zoned, label: &str, name: &str, stop: &StopFlag) -> bool {
    let mut is_reported = false;
    loop {
        if stop.is_stopped() {
            return false;
        }
        let left = at.timestamp().duration_since(Timestamp::now());
        // A time that is over is no unsigned one.
        let left = Duration::try_from(left).unwrap_or_default();
        if left.is_zero() {
            return true;
        }
        if !is_reported {
            is_reported = true;
            let (time, wait) = (at.strftime("%H:%M"), duration(left));
            print(format!(
                "{label}: all rows are sent; {name} is done at {time}, in {wait}: Ctrl-C leaves it outstanding"
            ));
        }
        thread::sleep(left.min(SLICE));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    #[test]
    fn a_time_of_day_is_the_next_one() {
        let at = |hour, minute, second| {
            let time = date(2026, 11, 29).at(hour, minute, second, 0);
            time.to_zoned(TimeZone::UTC).unwrap()
        };
        let wanted = Time::constant(22, 0, 0, 0);
        assert_eq!(next(wanted, &at(9, 0, 0)), Some(at(22, 0, 0)));
        // Within the minute that was named, it is due.
        assert_eq!(next(wanted, &at(22, 0, 30)), Some(at(22, 0, 0)));
        let tomorrow = at(22, 0, 0).tomorrow().unwrap();
        assert_eq!(next(wanted, &at(22, 1, 0)), Some(tomorrow));
    }

    #[test]
    fn moments_are_read_as_they_are_typed() {
        for text in ["at-end", "none", "22:00", "06:05"] {
            assert_eq!(text.parse::<ApplyMoment>().unwrap().to_string(), text);
        }
        for text in ["", "later", "25:00", "22", "22:00:01"] {
            assert!(text.parse::<ApplyMoment>().is_err(), "{text}");
        }
    }
}
