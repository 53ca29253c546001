//! Times without a snapshot.

use jiff::{SignedDuration, Timestamp};

/// The longest time between snapshots that come daily or more often.
const DAILY_MAX: SignedDuration = SignedDuration::from_hours(26);

/// Finds the times since then without a snapshot, by how often these come.
pub(crate) fn missing_snapshots(
    times: &[Timestamp],
    since: Timestamp,
    now: Timestamp,
) -> Vec<String> {
    let between = times.windows(2).filter_map(|two| match two {
        [one, next] => Some(next.duration_since(*one)),
        _ => None,
    });
    let mut between: Vec<SignedDuration> = between.collect();
    between.sort_unstable();
    // One snapshot that came late, or early, does not change how often they come.
    let middle = between.len().saturating_sub(1) / 2;
    let usual = between.get(middle).copied().unwrap_or_default();
    let longest = (usual + usual / 2).max(DAILY_MAX);
    let overdue = (usual + usual / 12).max(DAILY_MAX);
    let ends = times.iter().skip(1).map(Some).chain([None]);
    let gaps = times.iter().zip(ends).filter(|(from, to)| {
        let (to, limit) = match to {
            Some(to) => (**to, longest),
            None => (now, overdue),
        };
        to > since && to.duration_since(**from) > limit
    });
    gaps.map(|(from, to)| match to {
        Some(to) => format!("a snapshot is missing between {from} and {to}"),
        None => format!("a snapshot is missing or late: the newest is of {from}"),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_missing_however_often_they_come() {
        let hour = |hour: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour);
        let missed = |hours: &[i64], since: i64, now: i64| {
            let times: Vec<Timestamp> = hours.iter().map(|at| hour(*at)).collect();
            missing_snapshots(&times, hour(since), hour(now))
        };
        let none = Vec::<String>::new();
        // Nightly, one of them late by five hours.
        assert_eq!(missed(&[0, 24, 53, 72], 0, 90), none);
        let gap = missed(&[0, 24, 72, 96], 0, 100);
        assert_eq!(
            gap,
            ["a snapshot is missing between 1970-01-02T00:00:00Z and 1970-01-04T00:00:00Z"]
        );
        // Of three there is one as well.
        let of_three = missed(&[0, 24, 72], 24, 80);
        assert_eq!(of_three.len(), 1, "{of_three:?}");
        // One that is missing before then is not asked about.
        assert_eq!(missed(&[0, 24, 72, 96], 72, 100), none);
        assert_eq!(
            missed(&[0, 24, 48], 24, 76),
            ["a snapshot is missing or late: the newest is of 1970-01-03T00:00:00Z"]
        );
        // Weekly, and by the hour.
        assert_eq!(missed(&[0, 168, 336], 0, 500), none);
        assert_eq!(missed(&[0, 168, 336, 504, 840], 0, 850).len(), 1);
        assert_eq!(missed(&[0, 1, 2, 3], 0, 28), none);
    }
}
