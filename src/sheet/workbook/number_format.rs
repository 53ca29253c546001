//! The display of a number in a spreadsheet: a cell that shows `0007` contains 7 with the format `0000`.
//!
//! Codes are those of ECMA-376 part 1, 18.8.30 and 18.8.31. Where a format is of a kind that would lose digits
//! (exponents, fractions), or depends on the reader (currency, the system's date), the number stays as it is.

use crate::sheet::cells::Stored;
use crate::sheet::error::SheetError;
use crate::sheet::workbook::row::oversized;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

/// Number formats of a workbook; Excel allows some 250.
const FORMATS_MAX: usize = 1000;
/// Styles of a workbook's cells: as many as Excel allows.
pub(crate) const STYLES_MAX: usize = 65_490;
/// Bytes of a number format's code; Excel allows 255 characters.
const CODE_BYTES_MAX: usize = 1024;

/// The number format of each of a workbook's styles.
#[derive(Default)]
pub(crate) struct Formats {
    own: HashMap<u32, String>,
    formats: Vec<NumberFormat>,
    known: HashMap<u32, u16>,
    of_style: Vec<u16>,
}

impl Formats {
    /// Takes a format that the workbook defines.
    pub(crate) fn bring(
        &mut self,
        file: &Arc<str>,
        id: u32,
        code: String,
    ) -> Result<(), SheetError> {
        if self.own.len() >= FORMATS_MAX || code.len() > CODE_BYTES_MAX {
            let what = format!("it has more than {FORMATS_MAX} number formats, or a very long one");
            return Err(oversized(file, &what));
        }
        self.own.insert(id, code);
        Ok(())
    }

    /// Takes the next style, by the id of its format.
    pub(crate) fn style(&mut self, file: &Arc<str>, id: u32) -> Result<(), SheetError> {
        if self.of_style.len() >= STYLES_MAX || self.known.len() > 2 * FORMATS_MAX {
            return Err(oversized(
                file,
                &format!("it has more than {STYLES_MAX} cell styles"),
            ));
        }
        let index = *self.known.entry(id).or_insert_with(|| {
            self.formats.push(match self.own.get(&id) {
                Some(code) => NumberFormat::parse(code),
                None => NumberFormat::built_in(id),
            });
            (self.formats.len() - 1) as u16
        });
        self.of_style.push(index);
        Ok(())
    }

    pub(crate) fn of_style(&self, style: usize) -> Option<&NumberFormat> {
        self.formats.get(usize::from(*self.of_style.get(style)?))
    }
}

/// A number format, understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NumberFormat {
    /// For positive numbers, negative ones, zero; fewer where fewer were written.
    sections: Vec<Section>,
    /// The conditions of the first sections, where they choose the section: the last one is for all other numbers.
    conditions: Vec<Condition>,
}

/// A condition of a section: `[<=9999999]`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Condition {
    compare: Compare,
    than: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Compare {
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
}

impl Condition {
    /// Reads what stands in the brackets; `None` where it is no condition.
    fn parse(inside: &str) -> Option<Condition> {
        let comparisons = [
            ("<=", Compare::LessOrEqual),
            (">=", Compare::GreaterOrEqual),
            ("<>", Compare::NotEqual),
            ("<", Compare::Less),
            (">", Compare::Greater),
            ("=", Compare::Equal),
        ];
        comparisons.into_iter().find_map(|(sign, compare)| {
            let than = inside.strip_prefix(sign)?.trim().parse().ok()?;
            Some(Condition { compare, than })
        })
    }

    fn is_met_by(self, value: f64) -> bool {
        match self.compare {
            Compare::Less => value < self.than,
            Compare::LessOrEqual => value <= self.than,
            Compare::Equal => value == self.than,
            Compare::NotEqual => value != self.than,
            Compare::GreaterOrEqual => value >= self.than,
            Compare::Greater => value > self.than,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Section {
    /// The number as it is.
    General,
    Digits(Digits),
    Date(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Digits {
    before: Vec<Slot>,
    after: Vec<Slot>,
    thousands: bool,
    /// Powers of ten by which the shown number is larger.
    scale: i32,
}

#[derive(Debug, Clone, PartialEq)]
enum Slot {
    /// Shown in any case.
    Zero,
    /// Shown where there is one.
    Digit,
    Literal(String),
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A run of one letter.
    Part(char, usize),
    /// A run of one letter in brackets: not cut at 24 or 60.
    Elapsed(char, usize),
    /// `AM/PM`, or `A/P`.
    Noon {
        short: bool,
    },
    /// Digits of a second.
    Fraction(usize),
    Literal(String),
}

impl NumberFormat {
    pub(crate) fn general() -> NumberFormat {
        NumberFormat {
            sections: vec![Section::General],
            conditions: vec![],
        }
    }

    /// Returns the format of an id below 164.
    pub(crate) fn built_in(id: u32) -> NumberFormat {
        NumberFormat::parse(match id {
            1 => "0",
            2 => "0.00",
            3 => "#,##0",
            4 => "#,##0.00",
            9 => "0%",
            10 => "0.00%",
            // The system's own short date: which, only that system knows.
            14 | 27..=31 | 36 | 50..=58 => "yyyy-mm-dd",
            15 => "d-mmm-yy",
            16 => "d-mmm",
            17 => "mmm-yy",
            18 => "h:mm AM/PM",
            19 => "h:mm:ss AM/PM",
            20 | 32 => "h:mm",
            21 | 33..=35 => "h:mm:ss",
            22 => "yyyy-mm-dd h:mm",
            45 => "mm:ss",
            37 | 38 => "#,##0_);(#,##0)",
            39 | 40 => "#,##0.00_);(#,##0.00)",
            46 => "[h]:mm:ss",
            47 => "mm:ss.0",
            _ => "General",
        })
    }

    pub(crate) fn parse(code: &str) -> NumberFormat {
        let (mut sections, mut conditions) = (Vec::new(), Vec::new());
        let mut rest = code;
        while sections.len() < 3 {
            let (section, brackets, left) = section(rest);
            let condition = match brackets.map(|inside| Condition::parse(&inside)) {
                Some(None) => return NumberFormat::general(),
                condition => condition.flatten(),
            };
            match condition {
                // Behind a section without one, a condition chooses in another way.
                Some(_) if conditions.len() < sections.len() => return NumberFormat::general(),
                condition => conditions.extend(condition),
            }
            sections.push(section);
            match left {
                Some(left) => rest = left,
                None => break,
            }
        }
        // One section is for all other numbers.
        if !conditions.is_empty() && sections.len() > conditions.len() + 1 {
            return NumberFormat::general();
        }
        NumberFormat {
            sections,
            conditions,
        }
    }

    /// Returns the section for a number, and true where the number's minus is not shown by the section itself.
    fn choose(&self, value: f64) -> Option<(&Section, bool)> {
        if self.conditions.is_empty() {
            return match (value, self.sections.as_slice()) {
                (v, [_, negative, ..]) if v < 0.0 => Some((negative, false)),
                (0.0, [_, _, zero]) => Some((zero, false)),
                (v, [positive, ..]) => Some((positive, v < 0.0)),
                _ => None,
            };
        }
        let met = self
            .conditions
            .iter()
            .position(|condition| condition.is_met_by(value));
        let section = self.sections.get(met.unwrap_or(self.conditions.len()))?;
        Some((section, value < 0.0))
    }

    /// Writes a number as it is shown. `written` is its text in the file.
    pub(crate) fn show(
        &self,
        value: f64,
        written: &str,
        from_1904: bool,
        out: &mut String,
    ) -> Stored {
        let start = out.len();
        let shown = match self.choose(value) {
            Some((Section::Digits(digits), minus)) => digits.show(value, minus, out),
            Some((Section::Date(tokens), _)) => show_date(tokens, value, from_1904, out),
            _ => None,
        };
        shown.unwrap_or_else(|| {
            out.truncate(start);
            plain(value, written, out)
        })
    }
}

/// Digits that a spreadsheet keeps.
const DIGITS_MAX: usize = 15;

/// Writes a number without an exponent: up to 15 digits, and an integer as it was written.
pub(crate) fn plain(value: f64, written: &str, out: &mut String) -> Stored {
    let digits = written.trim_start_matches('-');
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        out.push_str(written);
        return kept(digits.trim_start_matches('0').len());
    }
    if !value.is_finite() {
        out.push_str(written);
        return Stored::Number;
    }
    if value.trunc() == value {
        let start = out.len();
        let _ = write!(out, "{value:.0}");
        let digits = out.len() - start - usize::from(value < 0.0);
        return kept(digits);
    }
    // Digits that a float adds behind the fifteenth were never in the cell.
    let rounded = format!("{value:.14e}").parse().unwrap_or(value);
    let _ = write!(out, "{rounded}");
    Stored::Number
}

fn kept(digits: usize) -> Stored {
    if digits > DIGITS_MAX {
        Stored::Rounded
    } else {
        Stored::Number
    }
}

/// The digits of a number times ten to the power of `scale`, before the point and behind it: rounded half away from zero,
/// on the decimal digits that a spreadsheet keeps. `None` where that is more than it keeps before the point.
fn rounded(value: f64, scale: i32, places: usize) -> Option<(String, String)> {
    let text = format!("{:.1$e}", value.abs(), DIGITS_MAX - 1);
    let (mantissa, exponent) = text.split_once('e')?;
    let mut before = exponent.parse::<i32>().ok()? + 1 + scale;
    if before > DIGITS_MAX as i32 {
        return None;
    }
    let mut digits = "0".repeat(usize::try_from(-before).unwrap_or(0));
    before = before.max(0);
    digits.extend(mantissa.chars().filter(char::is_ascii_digit));
    let mut before = usize::try_from(before).ok()?;
    let kept = before + places;
    let rounds_up = digits
        .as_bytes()
        .get(kept)
        .is_some_and(|digit| *digit >= b'5');
    digits.truncate(kept);
    digits.extend(std::iter::repeat_n('0', kept - digits.len()));
    if rounds_up {
        let nines = digits
            .bytes()
            .rev()
            .take_while(|digit| *digit == b'9')
            .count();
        digits.truncate(kept - nines);
        match digits.pop() {
            Some(digit) => digits.push(char::from(digit as u8 + 1)),
            None => {
                digits.push('1');
                before += 1;
            }
        }
        digits.extend(std::iter::repeat_n('0', nines));
    }
    let fraction = digits.split_off(before);
    Some((digits, fraction))
}

impl Digits {
    fn show(&self, value: f64, minus: bool, out: &mut String) -> Option<Stored> {
        let places = self.after.iter().filter(|slot| slot.is_digit()).count();
        let (whole, fraction) = rounded(value, self.scale, places)?;
        let is_zero = |text: &str| text.bytes().all(|byte| byte == b'0');
        if minus && !(is_zero(&whole) && is_zero(&fraction)) {
            out.push('-');
        }
        self.show_whole(whole.trim_start_matches('0'), out);
        self.show_fraction(&fraction, out);
        let zeros = self.before.iter().filter(|slot| **slot == Slot::Zero);
        let (_, behind) = rounded(value, self.scale, DIGITS_MAX)?;
        let is_rounded = behind.get(places..).is_some_and(|lost| !is_zero(lost));
        let is_shown = is_rounded
            || self.scale != 0
            || self.thousands
            || zeros.count() > 1
            || self
                .before
                .iter()
                .chain(&self.after)
                .any(|slot| !slot.is_digit());
        Some(if is_shown {
            Stored::Shown
        } else {
            Stored::Number
        })
    }

    /// Fills the slots from the right; digits without a slot come before the leftmost one.
    fn show_whole(&self, whole: &str, out: &mut String) {
        let mut left = whole.chars().rev().peekable();
        let mut slots = self.before.iter().filter(|slot| slot.is_digit()).count();
        if slots == 0 {
            out.push_str(whole);
        }
        let mut backwards: Vec<char> = Vec::new();
        let mut shown = 0;
        for slot in self.before.iter().rev() {
            if let Slot::Literal(text) = slot {
                backwards.extend(text.chars().rev());
                continue;
            }
            slots -= 1;
            let mut digit = left.next().or((*slot == Slot::Zero).then_some('0'));
            while let Some(character) = digit {
                if self.thousands && shown > 0 && shown % 3 == 0 {
                    backwards.push(',');
                }
                backwards.push(character);
                shown += 1;
                digit = if slots == 0 { left.next() } else { None };
            }
        }
        out.extend(backwards.iter().rev());
    }

    fn show_fraction(&self, fraction: &str, out: &mut String) {
        let digits = fraction.trim_end_matches('0').len();
        let slots = self.after.iter().filter(|slot| slot.is_digit());
        let zeros = slots.enumerate().filter(|(_, slot)| **slot == Slot::Zero);
        let shown = zeros
            .map(|(place, _)| place + 1)
            .last()
            .unwrap_or(0)
            .max(digits);
        if shown > 0 {
            out.push('.');
        }
        let mut fraction = fraction.chars().take(shown);
        for slot in &self.after {
            match slot {
                Slot::Literal(text) => out.push_str(text),
                Slot::Zero | Slot::Digit => out.extend(fraction.next()),
            }
        }
    }
}

impl Slot {
    fn is_digit(&self) -> bool {
        !matches!(self, Slot::Literal(_))
    }
}

/// A part of one section, as it is read.
enum FormatMark {
    Zero,
    Digit,
    Point,
    Comma,
    Token(Token),
}

/// Reads up to the next `;`. Returns the section, what stands in the brackets of its condition, and the rest behind the `;`.
fn section(code: &str) -> (Section, Option<String>, Option<&str>) {
    let mut marks = Vec::new();
    let mut whole = true;
    let mut condition = None;
    let mut chars = code.char_indices().peekable();
    let mut behind = None;
    let literal = |text: String| FormatMark::Token(Token::Literal(text));
    while let Some((at, c)) = chars.next() {
        match c {
            ';' => {
                behind = code.get(at + 1..);
                break;
            }
            '"' => {
                let text = chars.by_ref().map(|(_, c)| c).take_while(|c| *c != '"');
                marks.push(literal(text.collect()));
            }
            '\\' => marks.extend(chars.next().map(|(_, c)| literal(c.to_string()))),
            // A gap as wide as a character, and a character that fills the cell.
            '_' | '*' => {
                chars.next();
            }
            '[' => {
                let inside: String = chars
                    .by_ref()
                    .map(|(_, c)| c)
                    .take_while(|c| *c != ']')
                    .collect();
                match inside.starts_with(['<', '>', '=']) {
                    true => condition = Some(inside),
                    false => marks.extend(bracketed(&inside)),
                }
            }
            '0' => marks.push(FormatMark::Zero),
            '#' | '?' => marks.push(FormatMark::Digit),
            '.' => marks.push(FormatMark::Point),
            ',' => marks.push(FormatMark::Comma),
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' => {
                let mut run = 1;
                while chars
                    .next_if(|(_, next)| next.eq_ignore_ascii_case(&c))
                    .is_some()
                {
                    run += 1;
                }
                marks.push(FormatMark::Token(Token::Part(c.to_ascii_lowercase(), run)));
            }
            'A' | 'a' => {
                let rest = code.get(at..).unwrap_or_default();
                let starts = |word: &str| {
                    let head = rest.get(..word.len());
                    head.is_some_and(|head| head.eq_ignore_ascii_case(word))
                };
                let short = !starts("AM/PM");
                if short && !starts("A/P") {
                    whole = false;
                    continue;
                }
                for _ in 1..if short { 3 } else { 5 } {
                    chars.next();
                }
                marks.push(FormatMark::Token(Token::Noon { short }));
            }
            // Exponents, fractions, text, `General`, other calendars.
            'E' | 'e' | '@' | 'G' | 'g' | 'b' | 'B' | 'n' | 'N' => whole = false,
            c => marks.push(literal(c.to_string())),
        }
    }
    let section = match whole {
        true => section_of(marks),
        false => Section::General,
    };
    (section, condition, behind)
}

/// The meaning of a text in brackets: the sign of a currency, or a time that has passed; nothing for a colour.
fn bracketed(inside: &str) -> Option<FormatMark> {
    let letter = inside.chars().next()?;
    let token = match letter {
        // The sign, and behind a hyphen the language.
        '$' => Token::Literal(inside.get(1..)?.split('-').next()?.to_owned()),
        'h' | 'H' | 'm' | 'M' | 's' | 'S'
            if inside.chars().all(|c| c.eq_ignore_ascii_case(&letter)) =>
        {
            Token::Elapsed(letter.to_ascii_lowercase(), inside.len())
        }
        _ => return None,
    };
    Some(FormatMark::Token(token))
}

fn section_of(marks: Vec<FormatMark>) -> Section {
    let is_date = |mark: &FormatMark| matches!(mark, FormatMark::Token(token) if !matches!(token, Token::Literal(_)));
    if marks.iter().any(is_date) {
        return Section::Date(date_tokens(marks));
    }
    let is_slot = |mark: &FormatMark| matches!(mark, FormatMark::Zero | FormatMark::Digit);
    let is_fraction =
        |mark: &FormatMark| matches!(mark, FormatMark::Token(Token::Literal(text)) if text == "/");
    let slots = marks.iter().filter(|mark| is_slot(mark)).count();
    // Without a slot the number would not show at all; and `# ?/?` is a fraction.
    if slots == 0 || slots > 40 || marks.iter().any(is_fraction) {
        return Section::General;
    }
    let mut digits = Digits::default();
    let mut point = false;
    let mut commas = 0;
    for mark in marks {
        let part = if point {
            &mut digits.after
        } else {
            &mut digits.before
        };
        let slot = match mark {
            FormatMark::Zero => Slot::Zero,
            FormatMark::Digit => Slot::Digit,
            FormatMark::Point => {
                point = true;
                continue;
            }
            FormatMark::Comma => {
                commas += 1;
                continue;
            }
            FormatMark::Token(Token::Literal(text)) => {
                if text == "%" {
                    digits.scale += 2;
                }
                Slot::Literal(text)
            }
            FormatMark::Token(_) => continue,
        };
        // A comma between digits groups them; those behind the last digit divide by a thousand each.
        if slot.is_digit() && commas > 0 && !point {
            digits.thousands = true;
            commas = 0;
        }
        part.push(slot);
    }
    digits.scale -= 3 * commas;
    Section::Digits(digits)
}

fn date_tokens(marks: Vec<FormatMark>) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut marks = marks.into_iter().peekable();
    while let Some(mark) = marks.next() {
        tokens.push(match mark {
            FormatMark::Token(token) => token,
            FormatMark::Point => {
                let mut places = 0;
                while marks
                    .next_if(|mark| matches!(mark, FormatMark::Zero))
                    .is_some()
                {
                    places += 1;
                }
                if places > 0 {
                    Token::Fraction(places.min(3))
                } else {
                    Token::Literal(".".to_owned())
                }
            }
            FormatMark::Comma => Token::Literal(",".to_owned()),
            FormatMark::Zero | FormatMark::Digit => continue,
        });
    }
    recognise_minutes(&mut tokens);
    tokens
}

/// Recognises minutes: an `m` behind hours or before seconds is one; written here as `n`.
fn recognise_minutes(tokens: &mut [Token]) {
    let mut last = ' ';
    for token in tokens.iter_mut() {
        match token {
            Token::Part(letter @ 'm', 1..=2) if matches!(last, 'h') => *letter = 'n',
            _ => {}
        }
        if let Token::Part(letter, _) | Token::Elapsed(letter, _) = token {
            last = *letter;
        }
    }
    for token in tokens.iter_mut().rev() {
        match token {
            Token::Part(letter @ 'm', 1..=2) if last == 's' => *letter = 'n',
            _ => {}
        }
        if let Token::Part(letter, _) = token {
            last = *letter;
        }
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Shows a date; `None` where the number is no date that a spreadsheet shows.
fn show_date(tokens: &[Token], value: f64, from_1904: bool, out: &mut String) -> Option<Stored> {
    // Up to the end of the year 9999.
    if !(0.0..2_958_466.0).contains(&value) {
        return None;
    }
    let places = tokens.iter().map(|token| match token {
        Token::Fraction(places) => *places,
        _ => 0,
    });
    let unit_ms = 10_i64.pow(3 - places.max().unwrap_or(0).min(3) as u32);
    let ms = (value * 86_400_000.0 / unit_ms as f64).round() as i64 * unit_ms;
    let (days, in_day) = (ms / 86_400_000, ms % 86_400_000);
    let day = day(days, from_1904)?;
    let seconds = in_day / 1000;
    let noon = tokens
        .iter()
        .any(|token| matches!(token, Token::Noon { .. }));
    for token in tokens {
        let number = |run: usize, number: i64| {
            if run > 1 {
                format!("{number:02}")
            } else {
                number.to_string()
            }
        };
        let name = |names: &[&str], index: i8, letters: usize| {
            let name = names.get(usize::try_from(index).unwrap_or(0).saturating_sub(1));
            name.map(|name| name.get(..letters).unwrap_or(name).to_owned())
        };
        let text = match *token {
            Token::Literal(ref text) => text.clone(),
            Token::Noon { short } => {
                let word = if seconds < 43_200 { "AM" } else { "PM" };
                word.get(..if short { 1 } else { 2 })?.to_owned()
            }
            Token::Fraction(places) => {
                let text = format!("{:03}", in_day % 1000);
                format!(".{}", text.get(..places)?)
            }
            Token::Part('y', 1..=2) => format!("{:02}", day.year() % 100),
            Token::Part('y', _) => format!("{:04}", day.year()),
            Token::Part('m', run @ 1..=2) => number(run, day.month().into()),
            Token::Part('m', 3) => name(&MONTHS, day.month(), 3)?,
            Token::Part('m', 5) => name(&MONTHS, day.month(), 1)?,
            Token::Part('m', _) => name(&MONTHS, day.month(), 9)?,
            Token::Part('d', run @ 1..=2) => number(run, day.day().into()),
            Token::Part('d', 3) => name(&DAYS, day.weekday().to_monday_one_offset(), 3)?,
            Token::Part('d', _) => name(&DAYS, day.weekday().to_monday_one_offset(), 9)?,
            Token::Part('h', run) if noon => number(run, (seconds / 3600 + 11) % 12 + 1),
            Token::Part('h', run) => number(run, seconds / 3600),
            Token::Part('n', run) => number(run, seconds / 60 % 60),
            Token::Part(_, run) => number(run, seconds % 60),
            Token::Elapsed('h', run) => number(run, ms / 3_600_000),
            Token::Elapsed('m', run) => number(run, ms / 60_000),
            Token::Elapsed(_, run) => number(run, ms / 1000),
        };
        out.push_str(&text);
    }
    Some(Stored::Date)
}

fn day(days: i64, from_1904: bool) -> Option<Date> {
    let first = match days {
        _ if from_1904 => date(1904, 1, 1),
        // Spreadsheets count a 29th of February 1900, which never was.
        60.. => date(1899, 12, 30),
        _ => date(1899, 12, 31),
    };
    first.checked_add(days.days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str, value: f64) -> (String, Stored) {
        let mut out = String::new();
        let format = NumberFormat::parse(code);
        let stored = format.show(value, &value.to_string(), false, &mut out);
        (out, stored)
    }

    #[test]
    fn numbers_stand_as_a_spreadsheet_shows_them() {
        for (code, value, text) in [
            ("0000", 7.0, "0007"),
            ("0000", 12345.0, "12345"),
            ("00000;-00000", -7.0, "-00007"),
            ("000\\-0000", 5_551_234.0, "555-1234"),
            ("(000) 000-0000", 3_055_551_234.0, "(305) 555-1234"),
            ("\"+\"0", 4_989_123.0, "+4989123"),
            ("+00 00 000000", 4_989_123_456.0, "+49 89 123456"),
            ("0.00", 2.5, "2.50"),
            ("0.##", 2.5, "2.5"),
            ("0.##", 2.0, "2"),
            ("#,##0", 1_234_567.0, "1,234,567"),
            ("#,##0.00", 0.5, "0.50"),
            ("#", 0.0, ""),
            ("0,", 12_000.0, "12"),
            ("0%", 0.07, "7%"),
            ("0.0%", 0.125, "12.5%"),
            ("0.00;[Red](0.00)", -1.5, "(1.50)"),
            ("0;-0;\"none\"0", 0.0, "none0"),
            ("[$€-407] 0.00", 3.0, "€ 3.00"),
            ("_-0_-", 3.0, "3"),
            ("0\" kg\"", 3.0, "3 kg"),
            // Kinds that would lose digits, or hide the number.
            ("0.00E+00", 440_000_000_000.0, "440000000000"),
            ("# ?/?", 0.5, "0.5"),
            // A dollar is a sign like any other.
            ("[$$-409]#,##0.00", 12.0, "$12.00"),
            ("[$$]0", 12.0, "$12"),
            ("[$US$-409]0", 12.0, "US$12"),
            ("[$-409]0", 12.0, "12"),
            ("[>9]0000;0", 7.0, "7"),
            ("[>9]0000;0", 12.0, "0012"),
            (
                "[<=9999999]###-####;(###) ###-####",
                5_551_234.0,
                "555-1234",
            ),
            (
                "[<=9999999]###-####;(###) ###-####",
                3_055_551_234.0,
                "(305) 555-1234",
            ),
            (
                "[<=9999999]000-0000;[<=9999999999]000-000-0000;0-000-000-0000",
                13_055_551_234.0,
                "1-305-555-1234",
            ),
            ("[<100]0;[=100]\"hundred\";0000", 101.0, "0101"),
            // Only Excel knows which section this number has.
            ("[>9]0000;0;00", 7.0, "7"),
            ("[<=high]00;0", 7.0, "7"),
            (";;;", 7.0, "7"),
            ("\"secret\"", 7.0, "7"),
            ("@", 7.0, "7"),
            ("General", 0.1 + 0.2, "0.3"),
            ("General", 18_088_861_612.0, "18088861612"),
            ("General", -2.5, "-2.5"),
        ] {
            assert_eq!(shown(code, value).0, text, "{code} of {value}");
        }
    }

    #[test]
    fn halves_are_rounded_away_from_zero_on_the_decimal_digits() {
        for (code, value, text) in [
            ("0", 2.5, "3"),
            ("0", 12.5, "13"),
            ("0", 0.5, "1"),
            ("0.0", 1.25, "1.3"),
            ("0.0", 2.05, "2.1"),
            ("0.00", 1.005, "1.01"),
            ("0.00", 43.625, "43.63"),
            ("#,##0", 1270.5, "1,271"),
            ("0%", 0.125, "13%"),
            ("0.0%", 0.0625, "6.3%"),
            ("0", -2.5, "-3"),
            ("0.00", 0.285, "0.29"),
            ("0", 1.5, "2"),
            ("0.00", 2.675, "2.68"),
            ("0", 0.4999, "0"),
            ("0", -0.4, "0"),
            ("0", 9.5, "10"),
            ("0.00", 99.995, "100.00"),
            ("0.00", 0.004, "0.00"),
            ("0.00", 0.005, "0.01"),
            ("0.0", 0.000_01, "0.0"),
            ("0,", 1500.0, "2"),
            ("0", 1e-300, "0"),
            ("0", 999_999_999_999_999.0, "999999999999999"),
        ] {
            assert_eq!(shown(code, value).0, text, "{code} of {value}");
        }
    }

    #[test]
    fn built_in_formats_with_brackets_show_negative_numbers_in_them() {
        for (id, value, text) in [
            (37, -1270.0, "(1,270)"),
            (38, 1270.0, "1,270"),
            (39, -1270.5, "(1,270.50)"),
            (40, -0.5, "(0.50)"),
        ] {
            let mut out = String::new();
            NumberFormat::built_in(id).show(value, "", false, &mut out);
            assert_eq!(out, text, "{id}");
        }
    }

    #[test]
    fn dates_stand_as_a_spreadsheet_shows_them() {
        for (code, value, text) in [
            ("yyyy-mm-dd", 45_352.0, "2024-03-01"),
            ("dd.mm.yyyy hh:mm", 45_352.75, "01.03.2024 18:00"),
            ("mmm-yy", 45_352.0, "Mar-24"),
            ("dddd, d mmmm yyyy", 45_352.0, "Friday, 1 March 2024"),
            ("h:mm AM/PM", 0.0, "12:00 AM"),
            ("h:mm:ss a/p", 0.75, "6:00:00 P"),
            ("mm:ss.0", 0.000_717_592_6, "01:02.0"),
            ("[h]:mm", 1.5, "36:00"),
            ("yyyy-mm-dd", 1.0, "1900-01-01"),
            ("yyyy-mm-dd", 59.0, "1900-02-28"),
            ("yyyy-mm-dd", 61.0, "1900-03-01"),
            ("[$-407]d. mmm", 45_352.0, "1. Mar"),
            // No date: it stays a number.
            ("yyyy", -1.0, "-1"),
            ("yyyy", 1e9, "1000000000"),
        ] {
            assert_eq!(shown(code, value).0, text, "{code} of {value}");
        }
        let mut out = String::new();
        NumberFormat::built_in(14).show(0.0, "0", true, &mut out);
        assert_eq!(out, "1904-01-01");
    }

    #[test]
    fn what_may_be_lost_is_marked() {
        assert_eq!(shown("General", 7.0).1, Stored::Number);
        assert_eq!(shown("0", 7.0).1, Stored::Number);
        assert_eq!(shown("0", 7.5), ("8".to_owned(), Stored::Shown));
        assert_eq!(shown("0.00", 7.25).1, Stored::Number);
        assert_eq!(shown("0000", 7.0).1, Stored::Shown);
        assert_eq!(shown("yyyy", 7.0).1, Stored::Date);
        assert_eq!(shown("General", 123_456_789_012_345.0).1, Stored::Number);
        assert_eq!(shown("General", 1_234_567_890_123_456.0).1, Stored::Rounded);
        let mut out = String::new();
        let stored = plain(1.234_567_890_123_456_8e18, "1234567890123456789", &mut out);
        assert_eq!(
            (out.as_str(), stored),
            ("1234567890123456789", Stored::Rounded)
        );
    }

    #[test]
    fn no_format_and_no_number_can_break_it() {
        let codes = [
            "", ";", "\\", "\"", "[", "_", "*", "[$", "0.0.0", "%%%%", ",,,0", "AM", "hmsymd",
            "[hh", "é\"ü",
        ];
        for code in codes {
            for value in [
                0.0,
                -1.5,
                1e300,
                -1e300,
                1e-300,
                f64::MAX,
                f64::NAN,
                f64::INFINITY,
            ] {
                shown(code, value);
            }
        }
    }
}
