//! Dates in cells, as far as it matters whether they have passed.

use jiff::Zoned;
use jiff::civil::Date;

/// Returns true if a whole cell is a date that has passed: with day and month in either order, the later of both.
pub(super) fn has_passed(cell: &str) -> bool {
    // The day is asked for where a cell is a date at all, which few are.
    latest(cell).is_some_and(|date| date < Zoned::now().date())
}

/// The latest date that a whole cell may be.
fn latest(cell: &str) -> Option<Date> {
    let mut words = cell.split_whitespace();
    let date = words.next().unwrap_or_default();
    let is_time = |word: &str| word.contains(':') && !word.contains(char::is_alphabetic);
    if !words.all(is_time) {
        return None;
    }
    let readings = readings(date.split_once('T').map_or(date, |(date, _)| date));
    readings.into_iter().flatten().max()
}

/// The dates that a text may be: day or month first, or year first.
fn readings(text: &str) -> [Option<Date>; 2] {
    let numbers: Vec<Option<i16>> = text
        .split(['.', '-', '/'])
        .map(|part| part.parse().ok())
        .collect();
    let [Some(first), Some(second), Some(third)] = numbers.as_slice() else {
        return [None, None];
    };
    let date = |year: i16, month: i16, day: i16| {
        let year = if (0..100).contains(&year) {
            2000 + year
        } else {
            year
        };
        Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
    };
    match *first > 31 {
        true => [date(*first, *second, *third), None],
        false => [date(*third, *second, *first), date(*third, *first, *second)],
    }
}

#[cfg(test)]
mod tests {
    use super::latest;
    use jiff::civil::date;

    #[test]
    fn a_date_has_passed_whichever_way_it_is_written() {
        for (cell, has_passed) in [
            ("31.03.2024", true),
            ("2024-03-31", true),
            ("2024-03-31T00:00:00", true),
            ("2024-03-31 00:00:00", true),
            ("31.3.24", true),
            ("03/31/2024", true),
            ("30.06.2026", false),
            ("2026-06-15", false),
            // The sixth of December, or the twelfth of June.
            ("06/12/2026", false),
            ("12/06/2025", true),
            ("31.02.2024", false),
            ("seit 31.03.2024", false),
            ("31.03.2024 bleibt", false),
            ("2024", false),
            ("1.2", false),
            ("", false),
        ] {
            let today = date(2026, 6, 15);
            let is_over = latest(cell).is_some_and(|date| date < today);
            assert_eq!(is_over, has_passed, "{cell}");
        }
    }
}
