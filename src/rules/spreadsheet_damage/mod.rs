//! Damage that spreadsheets do to identifiers: exponents, lost leading zeros, dates in the place of numbers.
//!
//! Damage is found in two ways. [`find_damage`] needs the value alone. [`Suspects`], the result of a look at all rows,
//! finds damage that shows only beside the other rows (a lost zero, a lost `+`); it looks at every row of a
//! small sheet and at a sample of a large one, so it costs next to nothing.
//!
//! A repair is given only where there is one original that the cell can have had, and all of it is still there. The
//! repair is not applied here: the value is checked and sent as it is.

mod damage;
mod dates;
mod garbled;
mod shapes;
mod stored;

pub(super) use damage::Damage;
pub(super) use garbled::garbled;
pub(super) use shapes::{Plain, Shapes, Suspects, TextShape, is_measured, is_surveyed};
pub(super) use stored::stored;

use damage::{DIGITS_KEPT, LINE_BREAK, is_digits};
use dates::{date, time};

use super::phone::{Country, SecondNumber, more};
use crate::manifest::{FieldRow, is_email};
use crate::model::redact::quoted;
use crate::model::{Care, Field, Kind, Severity};
use crate::sheet::{is_ditto, is_mask, is_placeholder};

/// The rule about cells that are stored as numbers.
pub const CELL_NUMERIC: &str = "cell.numeric";

/// The largest number of repairs of one value: one may uncover the damage for the next.
const REPAIRS_MAX: usize = 8;
/// The fewest digits of a caller ID in which one letter is a digit mistyped.
const TYPED_DIGITS_MIN: usize = 5;
/// The words about a text in the place of a number.
const NO_DIGIT: &str = "has no digit, and is no number to dial";
/// The words for a caller ID that is not shown.
const WITHHELD: [&str; 5] = ["anonymous", "anonym", "private", "restricted", "unknown"];
/// The largest number of missing digits that a hint draws.
const DRAWN_MAX: usize = 20;

/// The texts of formulas that failed, in English and German.
const ERROR_TEXTS: [&str; 17] = [
    "#N/A",
    "#REF!",
    "#NAME?",
    "#VALUE!",
    "#DIV/0!",
    "#NUM!",
    "#NULL!",
    "#SPILL!",
    "#CALC!",
    "#GETTING_DATA",
    "#FIELD!",
    "#NV",
    "#BEZUG!",
    "#WERT!",
    "#ZAHL!",
    "#ÜBERLAUF!",
    "#FELD!",
];

/// The words for `true` and `false` that spreadsheets write, in several languages.
const TRUTHS: [&str; 12] = [
    "TRUE",
    "FALSE",
    "WAHR",
    "FALSCH",
    "VRAI",
    "FAUX",
    "VERO",
    "FALSO",
    "WAAR",
    "ONWAAR",
    "VERDADERO",
    "VERDADEIRO",
];

/// Those of them that mean false.
const FALSEHOODS: [&str; 5] = ["FALSE", "FALSCH", "FAUX", "FALSO", "ONWAAR"];

/// Quotes around a value where a file was quoted twice, or where it was copied from a text.
const QUOTES: [(char, char); 7] = [
    ('"', '"'),
    ('\'', '\''),
    ('“', '”'),
    ('„', '“'),
    ('„', '”'),
    ('‘', '’'),
    ('«', '»'),
];

/// Builds the hint about the result of `rowcall fix` for a value.
pub(super) fn fix_writes(field: Field, repair: &str) -> String {
    if field.hides(repair) {
        "`rowcall fix` fixes it".to_owned()
    } else {
        format!("`rowcall fix` writes {}", quoted(repair))
    }
}

/// Returns true if values consist of digits, and of what people put between them.
fn is_numeric(care: Care) -> bool {
    matches!(care, Care::Digits | Care::Phone)
}

/// Returns true if damage explains every other finding about a value. A password may be both damaged and weak.
pub(super) fn explains_breaches(care: Care) -> bool {
    care != Care::Password
}

/// Returns true if letters within a value are no sign of damage.
pub(super) fn takes_letters(care: Care) -> bool {
    !is_numeric(care) && care != Care::Count
}

/// Returns true if a byte within a value may be a sign of damage.
pub(super) fn may_be_damaged(care: Care, byte: u8) -> bool {
    match care {
        Care::Digits | Care::Phone | Care::Count => {
            !(byte.is_ascii_digit() || byte == b'+' || byte == b'*')
        }
        Care::Account => matches!(byte, b'+' | b'.' | b'"' | b'<' | b'[' | b'{'),
        // The others begin a hash, or stand in a mask.
        Care::Password => {
            matches!(byte, b'+' | b'$' | b'{' | b':' | b'*' | b'(' | b'[' | b'%')
                || !byte.is_ascii()
        }
        Care::Word => matches!(byte, b'"' | b'\'' | b'<' | b':' | b';' | b',' | b'[' | b'{'),
        Care::Name => matches!(byte, b'?' | b'\n' | b'\r' | b'[' | b'{'),
        Care::Free => false,
    }
}

/// Returns true if a whole value may be the remains of a formula, or begins like a text that was marked as such.
pub(super) fn is_odd_word(text: &str) -> bool {
    match text.as_bytes().first() {
        Some(b'#' | b'\'' | b'=') => true,
        Some(
            b'N' | b'n' | b'(' | b'<' | b'[' | b'\\' | b'-' | b'?' | b't' | b'u' | b'k' | 0xe2
            | 0xe3 | b'"',
        ) => is_placeholder(text) || is_mask(text) || is_ditto(text),
        Some(b'T') if is_placeholder(text) => true,
        Some(b'*' | b'x' | b'X' | b'R' | b'r' | b'H' | b'h' | b'M' | b'm' | 0xc2) => is_mask(text),
        Some(b'T' | b'F' | b'O') => TRUTHS.contains(&text),
        Some(b'W' | b'V') => TRUTHS.contains(&text) || is_ditto(text),
        // The first letters of words for another row.
        Some(
            b'A' | b'a' | b'B' | b'b' | b'C' | b'c' | b'D' | b'd' | b'I' | b'i' | b'L' | b'l'
            | b'P' | b'p' | b'S' | b's' | b'v' | b'w' | b'Z' | b'z',
        ) => is_ditto(text),
        _ => false,
    }
}

/// Finds the damage to a value; `None` where none shows. `text` is the cell as the sheet has it.
pub(super) fn find_damage(row: &FieldRow, text: &str, country: Option<Country>) -> Option<Damage> {
    let care = row.name.def().care;
    let looked = find_first_damage(row, care, text);
    let mut damage = looked.or_else(|| as_written(row, text, country))?;
    for _ in 0..REPAIRS_MAX {
        let Some(repaired) = &damage.repair else {
            break;
        };
        damage = match find_first_damage(row, care, repaired) {
            None => break,
            // Damage that cannot be repaired is left to a person as a whole.
            Some(next) if next.repair.is_none() || next.severity > damage.severity => next,
            Some(next) => damage.repair(next.repair),
        };
    }
    Some(damage)
}

fn find_first_damage(row: &FieldRow, care: Care, text: &str) -> Option<Damage> {
    let trimmed = text.trim();
    if ERROR_TEXTS.contains(&trimmed) || (trimmed.len() > 2 && trimmed.bytes().all(|b| b == b'#')) {
        let weight = if care == Care::Free {
            Severity::Warning
        } else {
            Severity::Error
        };
        return Some(error_cell(weight));
    }
    if let Some(damage) = wrapped(row, care, trimmed).or_else(|| json(row, care, trimmed)) {
        return Some(damage);
    }
    if row.name.def().kind == Kind::List {
        return one_cell_list(trimmed);
    }
    if care == Care::Free {
        return None;
    }
    if let Some(damage) = blanks_around(row, text) {
        return Some(damage);
    }
    let kind = row.name.def().kind;
    if TRUTHS.contains(&trimmed) && kind != Kind::Switch {
        let weight = if is_numeric(care) {
            Severity::Error
        } else {
            Severity::Warning
        };
        let chosen = kind == Kind::Choice && row.choice(trimmed).is_some();
        return (!chosen).then(|| {
            Damage::new(
                "damage.truth",
                weight,
                "is what a spreadsheet makes of true and false",
                "fill in what is meant, in a cell that is formatted as text",
            )
        });
    }
    // Only a text that is no value becomes one.
    let becomes_one = |damage: &Damage| {
        let repair = damage.repair.as_deref();
        row.normalise(trimmed).is_none() && repair.is_some_and(|text| row.normalise(text).is_some())
    };
    match care {
        Care::Digits | Care::Phone => in_quotes(row, care, trimmed)
            .or_else(|| apostrophe(trimmed))
            .or_else(|| exponent(trimmed, care))
            .or_else(|| date(trimmed))
            .or_else(|| decimal(trimmed))
            .or_else(|| thousands(trimmed, care))
            .or_else(|| more_than_one(trimmed, care)),
        Care::Account => in_quotes(row, care, trimmed)
            .or_else(|| apostrophe(trimmed))
            .or_else(|| exponent(trimmed, care))
            .or_else(|| decimal(trimmed))
            .or_else(|| caller(row, trimmed)),
        Care::Password => exponent(text, care),
        Care::Count => in_quotes(row, care, trimmed).or_else(|| decimal(trimmed)),
        Care::Word => in_quotes(row, care, trimmed).or_else(|| match kind {
            Kind::Switch => truth(trimmed)
                .or_else(|| decimal(trimmed))
                .filter(becomes_one),
            Kind::Choice => decimal(trimmed).filter(|damage| {
                let repair = damage.repair.as_deref();
                row.choice(trimmed).is_none()
                    && repair.is_some_and(|text| row.choice(text).is_some())
            }),
            Kind::Time => time(trimmed).filter(becomes_one),
            Kind::Email => address(trimmed),
            _ => None,
        }),
        Care::Name => line_break(trimmed).or_else(|| lost_letter(trimmed)),
        Care::Free => None,
    }
}

/// Returns the value without characters that cannot be seen or look like others, with further repairs where they are
/// needed; `None` where the characters may be meant, or damage is left that only a person can repair.
pub(super) fn plain(row: &FieldRow, text: &str) -> Option<String> {
    let care = row.name.def().care;
    if matches!(care, Care::Password | Care::Free) {
        return None;
    }
    let is_wide = |c: char| matches!(c, '\u{ff10}'..='\u{ff19}' | '\u{ff0b}');
    // In names and texts they may be meant.
    let narrowed = is_numeric(care)
        || matches!(care, Care::Count | Care::Word)
        || (care == Care::Account && text.trim().chars().all(is_wide));
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{200b}' | '\u{2060}' | '\u{feff}' => {}
            // In names these may be meant: they join letters, or set the direction of writing.
            '\u{ad}'
            | '\u{61c}'
            | '\u{200c}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
                if care != Care::Name => {}
            // Full-width characters have the order of ASCII.
            '\u{ff01}'..='\u{ff5e}' if narrowed => {
                plain.extend(char::from_u32(u32::from(c) - 0xfee0));
            }
            // The ten digits of each script follow each other, from one that ends in 0 on.
            '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' if narrowed => {
                plain.extend(char::from_digit(u32::from(c) & 0xf, 10));
            }
            // They look like a plain one, and people do not type them; a wide one is the space of Chinese names.
            '\u{a0}' | '\u{2007}' | '\u{202f}' if care == Care::Name => plain.push(' '),
            _ if is_numeric(care) && c.is_whitespace() && !c.is_ascii() => plain.push(' '),
            _ => plain.push(c),
        }
    }
    let plain = plain.trim();
    match find_damage(row, plain, None) {
        Some(damage) => damage.repair,
        None => (!plain.is_empty() && plain != text.trim()).then(|| plain.to_owned()),
    }
}

fn error_cell(weight: Severity) -> Damage {
    Damage::new(
        "damage.error_cell",
        weight,
        "is what a spreadsheet shows where it has no value",
        "correct the formula or the column's width, and save its value",
    )
}

/// Blanks around a secret, which would be a part of it.
fn blanks_around(row: &FieldRow, text: &str) -> Option<Damage> {
    let trimmed = text.trim();
    if !row.name.is_secret() || trimmed == text || trimmed.is_empty() {
        return None;
    }
    let damage = Damage::new(
        "text.space",
        Severity::Warning,
        "has spaces around it",
        "remove them",
    );
    Some(damage.repair(Some(trimmed.to_owned())))
}

/// Finds `="0042"`: the way in which a sheet keeps zeros by a formula, which is no part of the value.
fn wrapped(row: &FieldRow, care: Care, text: &str) -> Option<Damage> {
    let inside = text.strip_prefix("=\"")?.strip_suffix('"')?;
    let counts = row.name.is_secret() || is_numeric(care) || care == Care::Account;
    let weight = match counts {
        true => Severity::Error,
        false => Severity::Warning,
    };
    let damage = Damage::new(
        "damage.formula",
        weight,
        "is wrapped in a formula, =\"…\"",
        "format the column as text",
    );
    let is_plain = !inside.is_empty() && !inside.contains('"');
    Some(damage.repair(is_plain.then(|| inside.to_owned())))
}

/// Finds `Sales, Support`: several items that are not separated by `;` would be one.
fn one_cell_list(text: &str) -> Option<Damage> {
    if text.contains(';') {
        return None;
    }
    let between = |c: char| matches!(c, ',' | '|' | '\n');
    let items: Vec<&str> = text
        .split(between)
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .collect();
    if !text.contains(between) {
        return None;
    }
    let damage = Damage::new(
        "damage.list",
        Severity::Error,
        "may be several items, or one with a comma in its name",
        "separate items by ; and end a single one that holds a comma with it",
    );
    let list = items.join(";");
    Some(match items.iter().all(|item| is_digits(item)) {
        true => damage.repair(Some(list)),
        false => damage.probable(Some(list)),
    })
}

/// `030 123456, 0170 1234567`, `030 123456 ext. 12`: the PBX would dial all of it as one number.
fn more_than_one(text: &str, care: Care) -> Option<Damage> {
    let (what, hint) = match more(text).filter(|_| care == Care::Phone)? {
        SecondNumber::Numbers => (
            "holds more than one telephone number",
            "leave one of them in the cell",
        ),
        SecondNumber::Extension => (
            "holds an extension behind the telephone number",
            "write the number as it is dialled, without the extension",
        ),
    };
    Some(Damage::new("damage.phone", Severity::Error, what, hint))
}

/// Finds words and letters in the place of a telephone number or within it: `0171 5550001 (private)`, `O171 5550001`.
pub(super) fn words_in_number(field: Field, text: &str) -> Option<Damage> {
    let what = match field.def().care {
        Care::Phone if !text.contains(|c: char| c.is_ascii_digit()) => NO_DIGIT,
        Care::Phone if has_letters(text) => "has letters or words in it, which nobody dials",
        // A caller ID may be the name of an account.
        _ if field != Field::CALLER_ID => return None,
        // Others see it as it stands.
        _ if is_signed(text, true) => AS_READ,
        _ if text
            .chars()
            .all(|c| c.is_alphabetic() || c.is_whitespace() || c == ',') =>
        {
            let is_withheld = WITHHELD.iter().any(|word| word.eq_ignore_ascii_case(text));
            (!is_withheld).then_some(NO_DIGIT)?
        }
        _ => {
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            let is_mistyped = digits >= TYPED_DIGITS_MIN && digits + 1 == text.len();
            let has_letter = text.contains(|c: char| c.is_ascii_alphabetic());
            (is_mistyped && has_letter).then_some("has one letter among its digits")?
        }
    };
    let hint = match what {
        AS_READ => AS_DIALLED,
        _ => "write the number alone",
    };
    Some(Damage::new("damage.phone", Severity::Warning, what, hint))
}

/// Returns true if letters stand beside each other or beside a digit; a telephone waits at `p` and `w` while it dials.
fn has_letters(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic() && !"pPwW".contains(c);
    let mut pairs = text.chars().zip(text.chars().skip(1));
    pairs.any(|(one, next)| {
        (one.is_alphabetic() && next.is_alphabetic())
            || (is_letter(one) && next.is_ascii_digit())
            || (one.is_ascii_digit() && is_letter(next))
    })
}

/// The fewest digits of a caller ID with signs that is a telephone number.
const CALLER_DIGITS_MIN: usize = 6;

/// The way out for a caller ID that is not as it is dialled.
pub(super) const AS_DIALLED: &str =
    "write the number as it is dialled, or say with --country where the PBX is";
/// The words for a telephone number that is not as it is dialled.
const AS_READ: &str = "is written as people read it";

/// A telephone number as people write it, also as a caller ID, as it is dialled by the country's rule.
fn as_written(row: &FieldRow, text: &str, country: Option<Country>) -> Option<Damage> {
    let takes_plus = row.rules.iter().all(|rule| rule.rule.allows('+'));
    let is_caller = row.name == Field::CALLER_ID && is_signed(text, takes_plus);
    if row.name.def().care != Care::Phone && !is_caller {
        return None;
    }
    let dialled = country?.dialled(text, takes_plus)?;
    let damage = Damage::new("damage.phone", Severity::Warning, AS_READ, "");
    (dialled != text.trim()).then(|| damage.repair(Some(dialled)))
}

/// Returns true for a caller ID that is a telephone number with signs among its digits.
pub(super) fn is_caller_as_read(field: Field, text: &str) -> bool {
    field == Field::CALLER_ID && is_signed(text, false)
}

/// Returns true for the digits of a telephone number with signs among them, such as `030/1234-101`.
fn is_signed(text: &str, takes_plus: bool) -> bool {
    let (mut digits, mut has_sign) = (0, false);
    for c in text.trim().chars() {
        match c {
            '0'..='9' => digits += 1,
            '+' if digits == 0 => has_sign |= !takes_plus,
            ' ' | '\u{a0}' | '-' | '/' | '.' | '(' | ')' => has_sign = true,
            _ => return false,
        }
    }
    has_sign && digits >= CALLER_DIGITS_MIN
}

/// Finds a telephone number that is one of the country's, but for the zero that is dialled before it.
pub(super) fn lost_trunk(field: Field, text: &str, country: Country) -> Option<Damage> {
    let text = text.trim();
    if field.def().care != Care::Phone || !is_digits(text) {
        return None;
    }
    let damage = Damage::new(
        "damage.lost_zero",
        Severity::Warning,
        "is a telephone number of the country but for the zero before it, which a spreadsheet takes away",
        "format the column as text",
    );
    let dialled = country.dialled_with_zero(text, field == Field::MOBILE)?;
    Some(damage.probable(Some(dialled)))
}

/// Finds `"2002"`, `“2002”`.
fn in_quotes(row: &FieldRow, care: Care, text: &str) -> Option<Damage> {
    let stripped = |(open, close): &(char, char)| text.strip_prefix(*open)?.strip_suffix(*close);
    let inside = QUOTES.iter().find_map(stripped)?.trim();
    let is_value = match care {
        Care::Word if row.name.def().kind == Kind::Email => is_address(inside),
        Care::Word => !inside.is_empty() && row.normalise(inside).is_some(),
        _ => begins_with_digit(inside),
    };
    let damage = Damage::new(
        "damage.quotes",
        Severity::Warning,
        "is in quotes, which are no part of it",
        "",
    );
    is_value.then(|| damage.repair(Some(inside.to_owned())))
}

/// Finds a name on several lines of its cell.
pub(super) fn line_break(text: &str) -> Option<Damage> {
    let breaks = ['\n', '\r'];
    if !text.contains(breaks) {
        return None;
    }
    let lines = text.split(breaks).map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let damage = Damage::new(
        LINE_BREAK,
        Severity::Warning,
        "has a line break within it",
        "",
    );
    Some(damage.repair(Some(lines.join(" "))))
}

/// Finds `J?rg`, `?zdemir`: a question mark before a letter, as programs write it in the place of one that their encoding
/// does not have.
fn lost_letter(text: &str) -> Option<Damage> {
    let mut pairs = text.chars().zip(text.chars().skip(1));
    let is_lost = pairs.any(|(mark, next)| mark == '?' && next.is_alphabetic());
    is_lost.then(|| {
        Damage::new(
            "damage.lost_letter",
            Severity::Warning,
            "has a question mark within a word, where a letter may have been lost by a wrong encoding",
            "look the word up and type it anew, and save the sheet as UTF-8",
        )
    })
}

/// Finds `[{"a":1}]`, `["one;two"]`: a list or an object as JSON writes it, which no cell means.
fn json(row: &FieldRow, care: Care, text: &str) -> Option<Damage> {
    let is_meant = row.name.is_secret() || care == Care::Free && row.name.def().kind != Kind::List;
    if is_meant || !text.starts_with(['[', '{']) {
        return None;
    }
    let is_json = serde_json::from_str::<serde_json::Value>(text).is_ok();
    is_json.then(|| {
        Damage::new(
            "damage.json",
            Severity::Error,
            "is written as JSON has lists and objects",
            "write the value alone, several of them separated by ;",
        )
    })
}

/// Finds `"Ann Miller" <2002>`: a name and a number in one, as SIP shows a caller.
fn caller(row: &FieldRow, text: &str) -> Option<Damage> {
    if row.name != Field::CALLER_ID || row.names_caller {
        return None;
    }
    let (_, number) = text.strip_suffix('>')?.rsplit_once('<')?;
    let number = number.trim();
    let is_number = is_digits(number.strip_prefix('+').unwrap_or(number));
    let damage = Damage::new(
        "damage.caller",
        Severity::Error,
        "holds a name and a number in one, as SIP shows a caller",
        "leave the number alone in the cell",
    );
    Some(damage.repair(is_number.then(|| number.to_owned())))
}

fn begins_with_digit(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
}

/// Finds `VRAI`, `ONWAAR`: the words of spreadsheets in other languages for a switch.
fn truth(text: &str) -> Option<Damage> {
    let is = |word: &&str| word.eq_ignore_ascii_case(text);
    if !TRUTHS.iter().any(is) {
        return None;
    }
    let state = match FALSEHOODS.iter().any(is) {
        true => "off",
        false => "on",
    };
    let damage = Damage::new(
        "damage.truth",
        Severity::Warning,
        "is what a spreadsheet makes of true and false in another language",
        "",
    );
    Some(damage.repair(Some(state.to_owned())))
}

/// Finds `Ann Miller <ann@example.com>`, `mailto:ann@example.com`, `ann@example.com;`: as mail programs copy an
/// address.
fn address(text: &str) -> Option<Damage> {
    let without_end = text.trim_end_matches([';', ',', ' ']);
    let in_brackets = || {
        let (name, address) = without_end.strip_suffix('>')?.rsplit_once('<')?;
        // Two addresses leave the choice to a person.
        (!name.contains(['@', '<', '>'])).then_some(address)
    };
    let inside = in_brackets()
        .or_else(|| without_end.strip_prefix("mailto:"))
        .unwrap_or(without_end);
    let damage = Damage::new(
        "damage.address",
        Severity::Warning,
        "has more around the address, as mail programs copy it",
        "",
    );
    let is_other = inside != text && is_address(inside);
    is_other.then(|| damage.repair(Some(inside.to_owned())))
}

/// Returns true for an address without any character that may belong to the text around it.
fn is_address(text: &str) -> bool {
    let strange = |c: char| c.is_whitespace() || r#""'<>(),:;[\]"#.contains(c);
    is_email(text) && !text.contains(strange)
}

/// Finds an apostrophe that marks a cell as text and was taken for a part of it.
fn apostrophe(text: &str) -> Option<Damage> {
    let rest = text.strip_prefix(['\'', '’', '‘', '`', '´'])?;
    let plain = rest.trim();
    if !begins_with_digit(plain) {
        return None;
    }
    let damage = Damage::new(
        "damage.apostrophe",
        Severity::Warning,
        "begins with the apostrophe that marks a cell as text",
        "",
    );
    Some(damage.repair(Some(plain.to_owned())))
}

/// Finds `4.4E+11`, `1,81E+10`.
fn exponent(text: &str, care: Care) -> Option<Damage> {
    let (mantissa, power) = text.split_once(['E', 'e'])?;
    let (whole, fraction) = mantissa
        .split_once(['.', ','])
        .map_or((mantissa, None), |(whole, fraction)| {
            (whole, Some(fraction))
        });
    let signed = power.starts_with(['+', '-']);
    let exact = power.strip_prefix(['+', '-']).unwrap_or(power);
    let fits =
        is_digits(whole) && fraction.is_none_or(is_digits) && is_digits(exact) && exact.len() <= 3;
    // `12E5` may be the name of a room.
    let likely = whole.len() == 1 || signed;
    // As a spreadsheet writes it: other texts of this kind may be meant.
    let exactly = whole.len() == 1 && power.starts_with('+') && exact.len() >= 2;
    if !fits || !likely || (!is_numeric(care) && !exactly) {
        return None;
    }
    let certain = is_numeric(care) && (signed || fraction.is_some());
    let weight = if certain {
        Severity::Error
    } else {
        Severity::Warning
    };
    let damage = Damage::new(
        "damage.exponent",
        weight,
        "is a number in exponent notation: digits are lost",
        "look the number up, and type it in a cell that is formatted as text",
    );
    let (Ok(places), false) = (exact.parse::<usize>(), power.starts_with('-')) else {
        return Some(damage);
    };
    let fraction = fraction.unwrap_or_default();
    let all = [whole, fraction].concat();
    let length = whole.len() + places;
    let (kept, rest) = all.split_at(length.min(all.len()));
    if kept.len() == length && length <= DIGITS_KEPT && rest.bytes().all(|b| b == b'0') {
        if care == Care::Password {
            return Some(damage);
        }
        let damage = Damage {
            what: "is a number in exponent notation".to_owned(),
            hint: "format the column as text",
            ..damage
        };
        return Some(damage.repair(Some(kept.to_owned())));
    }
    let missing = length.saturating_sub(kept.len());
    let drawn = (1..=DRAWN_MAX).contains(&missing);
    Some(damage.probable(drawn.then(|| format!("{kept}{}", "?".repeat(missing)))))
}

/// Finds `2002.0`.
fn decimal(text: &str) -> Option<Damage> {
    let (whole, zeros) = text.split_once(['.', ','])?;
    let digits = whole.strip_prefix('+').unwrap_or(whole);
    if !is_digits(digits) || !matches!(zeros, "0" | "00") {
        return None;
    }
    let damage = Damage::new(
        "damage.decimal",
        Severity::Warning,
        "was taken for a quantity and got a decimal place",
        "format the column as text",
    );
    let kept = digits.len() <= DIGITS_KEPT;
    Some(damage.repair(kept.then(|| whole.to_owned())))
}

/// Finds `2,002`, `2.002`, `2 002`, `2'002`.
fn thousands(text: &str, care: Care) -> Option<Damage> {
    let separators: &[char] = match care {
        // People group the digits of telephone numbers by other signs.
        Care::Phone => &[','],
        _ => &[',', '.', '\'', '’', ' '],
    };
    let between = text.chars().find(|c| !c.is_ascii_digit())?;
    if !separators.contains(&between) {
        return None;
    }
    let mut groups = text.split(between);
    let first = groups.next()?;
    let groups: Vec<&str> = groups.collect();
    let grouped = is_digits(first)
        && first.len() <= 3
        && !first.starts_with('0')
        && groups
            .iter()
            .all(|group| group.len() == 3 && is_digits(group));
    if !grouped {
        return None;
    }
    // `201,202` may be two numbers, and `12.000` may be 12 with decimal places.
    let unlike_a_list = first.len() == 1 || (first.len() == 2 && groups.len() > 1);
    let decimal = groups == ["000"] && matches!(between, '.' | ',');
    let plain = [first, &groups.concat()].concat();
    let safe = unlike_a_list && !decimal && plain.len() <= DIGITS_KEPT;
    let damage = Damage::new(
        "damage.thousands",
        Severity::Warning,
        "was taken for a quantity and got separators",
        "format the column as text",
    );
    Some(match safe {
        true => damage.repair(Some(plain)),
        false => damage.probable(Some(plain)),
    })
}

#[cfg(test)]
mod tests;
