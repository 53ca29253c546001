//! Typed values, checked against the words that exist.

use crate::columns::{NamedOwner, OWN_HEADINGS, products};
use crate::dialects::{dialect_typed, file_word};
use crate::input::owner_typed;
use crate::sheet::Encoding;
use crate::vendors::vendor_typed;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::time::Duration;

pub(super) fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// A point in the past that snapshots are compared since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// This moment.
    Moment(Timestamp),
    /// The snapshot before the newest.
    Last,
}

/// A point in the past as it is typed: `last`, `yesterday`, a day of the week, `3d`, `12h`, a day, a moment.
pub(super) fn since(text: &str) -> Result<Since, String> {
    since_from(text, Timestamp::now())
}

/// The same, seen from `now`. A day of the week is the last one that is over; on a Tuesday, `tuesday` is a week ago.
fn since_from(text: &str, now: Timestamp) -> Result<Since, String> {
    let word = text.to_ascii_lowercase();
    let today = now.to_zoned(TimeZone::UTC).date();
    let begins = |days_ago: i64| {
        let day = today.checked_sub(days_ago.days()).ok()?;
        Some(Since::Moment(day.to_zoned(TimeZone::UTC).ok()?.timestamp()))
    };
    let weekday = DAYS.iter().position(|day| *day == word || day[..3] == word);
    let found = match (word.as_str(), weekday) {
        ("last", _) => Some(Since::Last),
        ("today", _) => begins(0),
        ("yesterday", _) => begins(1),
        (_, Some(day)) => {
            let days_ago = i64::from(today.weekday().to_monday_zero_offset()) - day as i64;
            begins(if days_ago > 0 { days_ago } else { days_ago + 7 })
        }
        _ => age(&word)
            .ok()
            .and_then(|age| now.checked_sub(age).ok())
            .map(Since::Moment),
    };
    found.map_or_else(|| moment(text).map(Since::Moment), Ok)
}

pub(super) const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// A time that has passed: `26h` or `3d`.
pub(super) fn age(text: &str) -> Result<SignedDuration, String> {
    let hours = match (text.strip_suffix('h'), text.strip_suffix('d')) {
        (Some(hours), _) => hours.parse::<i64>().ok(),
        (_, Some(days)) => days
            .parse::<i64>()
            .ok()
            .and_then(|days| days.checked_mul(24)),
        _ => None,
    };
    // A century is more than any archive holds.
    let hours = hours.filter(|hours| (1..=876_000).contains(hours));
    hours
        .map(SignedDuration::from_hours)
        .ok_or_else(|| format!("{text:?} is no age: write 26h or 3d"))
}

/// A time that something may take: `90s`, `15m` or `2h`.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<SignedDuration>().ok();
    let time = time.and_then(|time| Duration::try_from(time).ok());
    let time = time.filter(|time| (TIME_MIN..=TIME_MAX).contains(time));
    time.ok_or_else(|| format!("{text:?} is no time: write 90s, 15m or 2h, at most 7d"))
}

/// The shortest time that can be set for a piece of work.
const TIME_MIN: Duration = Duration::from_secs(1);

/// The longest time that can be set for a piece of work: a week.
const TIME_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// A day's beginning in UTC, or the moment that is written.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    let day = Date::strptime("%Y-%m-%d", text).ok();
    let begins = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    begins
        .map(|begins| begins.timestamp())
        .ok_or_else(|| format!("{text:?} is no day: write 2026-11-01, tuesday, yesterday, 3d, last, or 2026-11-01T02:00:00Z"))
}

/// A vendor that a sheet is for, or an import file.
pub(super) fn vendor_or_file(text: &str) -> Result<String, String> {
    match dialect_typed(text) {
        Some(dialect) => dialect.map(file_word),
        None => vendor(text),
    }
}

pub(super) fn vendor(text: &str) -> Result<String, String> {
    vendor_typed(text).map(|vendor| vendor.id.to_owned())
}

pub(super) fn vendor_or_product(text: &str) -> Result<NamedOwner, String> {
    owner_typed(text).map_err(|error| {
        let others = products().iter().filter(|product| !product.is_vendor());
        let known: Vec<&str> = others.map(|product| product.id.as_str()).collect();
        format!("{error}, {OWN_HEADINGS}, {}", known.join(", "))
    })
}

pub(super) fn encoding(text: &str) -> Result<Encoding, String> {
    Encoding::named(text).ok_or_else(|| {
        format!(
            "{text:?} is no encoding that is read; there are: utf-8, utf-16le, utf-16be, windows-1250, windows-1251, windows-1252, windows-1254, mac-roman, cp437, cp850, cp852, cp866, and those of web pages"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_back_from_now() {
        // A Saturday.
        let now: Timestamp = "2026-11-28T09:30:00Z".parse().unwrap();
        for (text, told) in [
            ("tuesday", "2026-11-24T00:00:00Z"),
            ("Fri", "2026-11-27T00:00:00Z"),
            ("saturday", "2026-11-21T00:00:00Z"),
            ("sunday", "2026-11-22T00:00:00Z"),
            ("today", "2026-11-28T00:00:00Z"),
            ("yesterday", "2026-11-27T00:00:00Z"),
            ("3d", "2026-11-25T09:30:00Z"),
            ("12h", "2026-11-27T21:30:00Z"),
            ("2026-11-01", "2026-11-01T00:00:00Z"),
        ] {
            let read = since_from(text, now);
            assert_eq!(read, Ok(Since::Moment(told.parse().unwrap())), "{text}");
        }
        assert_eq!(since_from("last", now), Ok(Since::Last));
        for wrong in ["tomorrow", "0d", "-3d", "3w", "tu", "99999999999999999999d"] {
            assert!(since_from(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn days_and_moments_are_read_as_they_are_typed() {
        let read = |text: &str| moment(text).map(|moment| moment.to_string());
        assert_eq!(read("2026-11-01").as_deref(), Ok("2026-11-01T00:00:00Z"));
        assert_eq!(
            read("2026-11-01T02:00:00+01:00").as_deref(),
            Ok("2026-11-01T01:00:00Z")
        );
        for wrong in [
            "",
            "yesterday",
            "2026-13-01",
            "1.11.2026",
            "2026-11-01T02:00",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
