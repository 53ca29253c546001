//! Dates and times in the place of numbers, and as spreadsheets show them.

use super::damage::{Damage, is_digits};
use crate::model::Severity;

/// The months as a spreadsheet abbreviates them, in English and German.
const MONTHS: [(&str, u8); 18] = [
    ("jan", 1),
    ("feb", 2),
    ("mar", 3),
    ("mär", 3),
    ("mrz", 3),
    ("apr", 4),
    ("may", 5),
    ("mai", 5),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("oct", 10),
    ("okt", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
    ("sept", 9),
];

/// Finds `Mar-01`, `1. Mrz`, `1.3.2026`, `2026-03-01 00:00:00`.
pub(super) fn date(text: &str) -> Option<Damage> {
    let named = named_month(text);
    if named.is_none() && !is_dotted_date(text) && !is_iso_date(text) {
        return None;
    }
    let damage = Damage::new(
        "damage.date",
        Severity::Error,
        "is a date where a number belongs",
        "a spreadsheet takes entries such as 3-1 for dates: type the number anew, in a cell that is formatted as text",
    );
    Some(damage.probable(named))
}

/// Returns the text that was typed where a spreadsheet now shows a month by its name.
fn named_month(text: &str) -> Option<String> {
    let (first, last) = text.split_once(['-', '.', ' ', '/'])?;
    let last = last.trim_start_matches(['.', ' ']);
    // A year may follow.
    let last = last.split(['-', '.', ' ', '/']).next().unwrap_or_default();
    let month = |word: &str| {
        let word = word.to_lowercase();
        let mut known = MONTHS.iter();
        known
            .find(|(name, _)| *name == word)
            .map(|(_, month)| *month)
    };
    let number = |word: &str| word.parse::<u16>().ok().filter(|_| is_digits(word));
    match (month(first), number(last), number(first), month(last)) {
        (Some(month), Some(other), _, _) => Some(format!("{month}-{other}")),
        (_, _, Some(day), Some(month)) => Some(format!("{day}-{month}")),
        _ => None,
    }
}

fn is_day_and_month(a: &str, b: &str) -> bool {
    let part = |text: &str| match text.len() {
        1 | 2 if is_digits(text) => text.parse().unwrap_or(0u8),
        _ => 0,
    };
    let (a, b) = (part(a), part(b));
    (1..=31).contains(&a) && (1..=31).contains(&b) && a.min(b) <= 12
}

fn is_dotted_date(text: &str) -> bool {
    ['.', '/'].into_iter().any(|between| {
        let parts: Vec<&str> = text.split(between).collect();
        let [a, b, year] = parts.as_slice() else {
            return false;
        };
        let year = year.split(' ').next().unwrap_or_default();
        is_day_and_month(a, b) && is_digits(year) && (year.len() == 2 || is_year(year))
    })
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && is_digits(text) && (text.starts_with("19") || text.starts_with("20"))
}

fn is_iso_date(text: &str) -> bool {
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    let time = text.get(day.len()..).unwrap_or_default();
    let mut parts = day.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let of_time = |b: u8| b.is_ascii_digit() || matches!(b, b' ' | b'T' | b':' | b'.' | b'Z');
    is_year(year) && is_day_and_month(day, month) && time.bytes().all(of_time)
}

/// Finds `09:00:00`, `9:00 AM`: a time of day as spreadsheets show it.
pub(super) fn time(text: &str) -> Option<Damage> {
    let upper = text.to_ascii_uppercase();
    let without = |half| Some((upper.strip_suffix(half)?.trim_end(), Some(half)));
    let (clock, half) = without("AM")
        .or_else(|| without("PM"))
        .unwrap_or((&upper, None));
    let (hours, rest) = clock.split_once(':')?;
    let minutes = rest.strip_suffix(":00").unwrap_or(rest);
    let hours: u8 = hours.parse().ok().filter(|_| is_digits(hours))?;
    let hours = match half {
        None => hours,
        Some(_) if !(1..=12).contains(&hours) => return None,
        Some("PM") => hours % 12 + 12,
        Some(_) => hours % 12,
    };
    let damage = Damage::new(
        "damage.time",
        Severity::Warning,
        "is a time of day as a spreadsheet shows it",
        "",
    );
    Some(damage.repair(Some(format!("{hours:02}:{minutes}"))))
}
