//! The retention of snapshots: which stay and which are removed.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// The rule for the snapshots of a target that stay: every snapshot of a number of days, then the newest
/// snapshot of each of a number of months and of years.
///
/// Days, months and years (in UTC) are those that have snapshots, counted back from the newest: neither a target that
/// was not reached for months nor a wrong clock makes it lose its snapshots. An export that may be incomplete never
/// ousts one that is complete. The snapshot that was entered last and the newest complete one always stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    days: usize,
    months: usize,
    years: usize,
}

/// The properties of a snapshot that a retention rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SnapshotAge {
    pub(super) time: Timestamp,
    pub(super) whole: bool,
}

impl Retention {
    /// Decides, for each snapshot in the order of entry, if it stays. The answer for those that stay is the same
    /// whichever of the others are gone.
    pub(super) fn stays(&self, snapshots: &[SnapshotAge]) -> Vec<bool> {
        let mut newest_first: Vec<usize> = (0..snapshots.len()).collect();
        newest_first.sort_by_key(|at| std::cmp::Reverse((snapshots.get(*at).map(|n| n.time), *at)));
        let newest_first: Vec<(usize, Date, bool)> = newest_first
            .into_iter()
            .filter_map(|at| snapshots.get(at).map(|snapshot| (at, snapshot)))
            .map(|(at, snapshot)| (at, date(snapshot.time), snapshot.whole))
            .collect();
        let mut stays = BTreeSet::new();
        let mut days = BTreeSet::new();
        for (at, day, _) in &newest_first {
            days.insert(*day);
            if days.len() > self.days {
                break;
            }
            stays.insert(*at);
        }
        stays.extend(best_of_each(&newest_first, self.months, |day| {
            (day.year(), day.month())
        }));
        stays.extend(best_of_each(&newest_first, self.years, |day| {
            (day.year(), 0)
        }));
        // The one that was entered last stays even where the clock was set back.
        stays.extend(snapshots.len().checked_sub(1));
        let newest_whole = newest_first.iter().find(|(_, _, whole)| *whole);
        stays.extend(newest_whole.map(|(at, ..)| *at));
        (0..snapshots.len()).map(|at| stays.contains(&at)).collect()
    }
}

/// Finds the newest complete snapshot of each of the newest `count` spans, or its newest where none is complete.
fn best_of_each(
    newest_first: &[(usize, Date, bool)],
    count: usize,
    span: impl Fn(Date) -> (i16, i8),
) -> Vec<usize> {
    let mut best: BTreeMap<(i16, i8), (usize, bool)> = BTreeMap::new();
    for (at, day, whole) in newest_first {
        let span = span(*day);
        if !best.contains_key(&span) && best.len() == count {
            break;
        }
        let chosen = best.entry(span).or_insert((*at, *whole));
        if *whole && !chosen.1 {
            *chosen = (*at, true);
        }
    }
    best.into_values().map(|(at, _)| at).collect()
}

fn date(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.days, 'd'), (self.months, 'm'), (self.years, 'y')];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts
            .map(|(count, unit)| format!("{count}{unit}"))
            .collect();
        f.write_str(&parts.join(","))
    }
}

impl FromStr for Retention {
    type Err = String;

    /// Parses `30d,12m,10y`, any of them left out.
    fn from_str(text: &str) -> Result<Retention, String> {
        let wrong =
            || format!("{text:?} is no rule: write 30d,12m for days and months, and 10y for years");
        let mut keep = Retention::default();
        for part in text.split(',').map(str::trim) {
            let unit = part.chars().next_back().ok_or_else(wrong)?;
            let count = part.strip_suffix(unit).unwrap_or_default();
            let count: u16 = count.parse().map_err(|_| wrong())?;
            let place = match unit {
                'd' => &mut keep.days,
                'm' => &mut keep.months,
                'y' => &mut keep.years,
                _ => return Err(wrong()),
            };
            if count == 0 || *place != 0 {
                return Err(wrong());
            }
            *place = count.into();
        }
        Ok(keep)
    }
}
