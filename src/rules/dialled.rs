//! Numbers that people dial for something else than an extension: emergency numbers, the digit before outside calls, and
//! telephone numbers among the numbers of extensions.

use crate::manifest::{all_digits, is_emergency};

/// Emergency numbers that are no extensions even where the others have three digits too.
const EMERGENCY_ANYWHERE: [&str; 4] = ["000", "112", "911", "999"];
/// The digits that are dialled before a call to the outside.
const OUTSIDE: [&str; 2] = ["0", "9"];
/// The fewest digits of a telephone number.
const TELEPHONE_DIGITS_MIN: usize = 6;
/// A telephone number has at least this number of digits more than the extensions beside it.
const TELEPHONE_DIGITS_MORE: usize = 3;
/// Numbers with at least this many digits are counted as one length.
const DIGITS_MAX: usize = 20;

/// The number of a sheet's extensions of each number of digits.
#[derive(Debug, Default)]
pub(super) struct NumberLengths {
    plain: [u64; DIGITS_MAX + 1],
    /// Those that begin with 0 or + as telephone numbers do.
    led: [u64; DIGITS_MAX + 1],
    /// Emergency numbers, and digits that are dialled before others.
    services: u64,
}

impl NumberLengths {
    pub(super) fn add_number(&mut self, number: &str) {
        let Some(digits) = digits_of(number) else {
            return;
        };
        let counts = match is_led(number) {
            true => &mut self.led,
            false => &mut self.plain,
        };
        counts[digits] += 1;
        self.services += u64::from(is_service(number, digits));
    }

    pub(super) fn add(&mut self, other: &NumberLengths) {
        let own = self.plain.iter_mut().chain(&mut self.led);
        for (count, more) in own.zip(other.plain.iter().chain(&other.led)) {
            *count += more;
        }
        self.services += other.services;
    }

    /// Works out which numbers stand out, once all rows were seen.
    pub(super) fn finish(&self) -> Dialled {
        let of_length = |digits: usize| self.plain[digits] + self.led[digits];
        let all: u64 = (1..=DIGITS_MAX).map(of_length).sum();
        let usual = (1..=DIGITS_MAX).max_by_key(|digits| of_length(*digits));
        let usual = usual.unwrap_or_default();
        let from = TELEPHONE_DIGITS_MIN.max(usual + TELEPHONE_DIGITS_MORE);
        let telephones: u64 = self.led.iter().skip(from).sum();
        let is_longest = self.plain.iter().skip(from).all(|count| *count == 0);
        let stand_out = telephones > 0 && is_longest && telephones * 3 <= all;
        Dialled {
            usual,
            has_services: self.services > 0,
            telephone_from: stand_out.then_some(from),
        }
    }
}

/// The numbers of a sheet that are dialled for something else than an extension.
#[derive(Debug)]
pub(crate) struct Dialled {
    /// The digits that most numbers have.
    usual: usize,
    has_services: bool,
    /// The fewest digits of a number that begins with 0 or + and is no extension.
    telephone_from: Option<usize>,
}

impl Dialled {
    /// Finds them among all numbers of a sheet.
    pub(crate) fn among<'n>(numbers: impl Iterator<Item = &'n str>) -> Dialled {
        let mut lengths = NumberLengths::default();
        numbers.for_each(|number| lengths.add_number(number));
        lengths.finish()
    }

    /// Returns true for such a number that has not as many digits as most others.
    pub(crate) fn is_unlike_others(&self, number: &str) -> bool {
        self.reason_and_hint(number).is_some() && digits_of(number) != Some(self.usual)
    }

    /// Returns true if no number stands out.
    pub(super) fn is_silent(&self) -> bool {
        !self.has_services && self.telephone_from.is_none()
    }

    /// The reason that a number may be no extension's, to follow the number, and the way out.
    pub(super) fn reason_and_hint(&self, number: &str) -> Option<(&'static str, &'static str)> {
        if self.is_silent() {
            return None;
        }
        let digits = digits_of(number)?;
        if self.telephone_from.is_some_and(|from| digits >= from) && is_led(number) {
            return Some((
                "is much longer than the others and begins like a telephone number, which nobody has as an extension",
                "write the extension, or take the row out",
            ));
        }
        let is_usual = digits == self.usual && !EMERGENCY_ANYWHERE.contains(&number);
        if is_usual || !is_service(number, digits) {
            return None;
        }
        Some(match digits {
            1 => (
                "is dialled before calls to the outside or for the reception at many PBXes",
                "take the row out if it explains what is dialled; else make sure that the PBX does not use the number itself",
            ),
            _ => (
                "is an emergency number in many countries: as an extension it would take those calls",
                "take the row out if it explains what is dialled; else give the extension another number",
            ),
        })
    }
}

fn is_service(number: &str, digits: usize) -> bool {
    match digits {
        1 => OUTSIDE.contains(&number),
        3 => is_emergency(number),
        _ => false,
    }
}

fn is_led(number: &str) -> bool {
    number.trim_start_matches('(').starts_with(['0', '+'])
}

/// The count of digits in a number; what people put between those of a telephone number aside. `None` for other texts.
fn digits_of(number: &str) -> Option<usize> {
    let digits = match all_digits(number) {
        true => number.len(),
        false => {
            let is_between = |b: u8| b" -/().".contains(&b);
            let rest = number.strip_prefix('+').unwrap_or(number);
            let is_one = rest.bytes().all(|b| b.is_ascii_digit() || is_between(b));
            let digits = rest.bytes().filter(u8::is_ascii_digit).count();
            (is_one && is_led(number)).then_some(digits)?
        }
    };
    (digits > 0).then_some(digits.min(DIGITS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the numbers of a sheet that stand out.
    fn found<'n>(numbers: &[&'n str]) -> Vec<&'n str> {
        let whole = Dialled::among(numbers.iter().copied());
        let (first, rest) = numbers.split_at(numbers.len() / 2);
        let (mut all, mut part) = (NumberLengths::default(), NumberLengths::default());
        first.iter().for_each(|number| all.add_number(number));
        rest.iter().for_each(|number| part.add_number(number));
        all.add(&part);
        let dialled = all.finish();
        assert_eq!(format!("{whole:?}"), format!("{dialled:?}"));
        let numbers = numbers.iter().copied();
        numbers
            .filter(|number| dialled.reason_and_hint(number).is_some())
            .collect()
    }

    #[test]
    fn a_number_that_is_dialled_for_something_else_is_said() {
        for odd in [
            "0",
            "9",
            "110",
            "112",
            "000",
            "911",
            "999",
            "0171123456",
            "030123456",
            "0800330100",
            "+49171123456",
            "0171 123456",
            "030/123456",
            "(030) 123456",
        ] {
            assert_eq!(found(&["2001", "2002", "2003", odd]), [odd]);
            assert_eq!(found(&["2001", odd, "2002"]), [odd]);
        }
        assert_eq!(found(&["0"]).len() + found(&["101", "102", "112"]).len(), 1);
    }

    #[test]
    fn numbers_that_are_extensions_are_left_alone() {
        let three: Vec<String> = (100..140).map(|n| n.to_string()).collect();
        let three: Vec<&str> = three.iter().map(String::as_str).collect();
        assert_eq!(found(&three), ["112"]);
        for sound in [
            &["0001", "0002", "0003", "0042"] as &[_],
            &["0", "1", "2", "3", "4"],
            &["2001", "2002", "2003", "1", "12"],
            &["20", "21", "22", "0234"],
            &["2001", "2002", "2003", "49301234567"],
            // Long numbers are the custom.
            &["0301234560", "0301234561", "0301234562", "201"],
            &["2001", "0301234561", "2002", "0301234562"],
            &["2001", "2002", "12345678", "012345678"],
            &["lobby", "2001", "0-1"],
            &[],
        ] {
            assert_eq!(found(sound), [""; 0], "{sound:?}");
        }
    }
}
