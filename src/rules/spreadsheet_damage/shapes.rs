//! Damage to numbers that shows only beside the other rows: a lost zero, a lost `+`, digits that were rounded away.
//!
//! Every row of a small sheet is looked at, and a sample of a large one, so it costs next to nothing.

use super::damage::{DIGITS_KEPT, Damage};
use crate::model::{Care, Field, Identity, Severity};
use std::collections::HashMap;

/// Rows up to this line are all surveyed.
const LINES_SURVEYED: u64 = 4096;
/// Of the lines behind, one in this number is.
const SAMPLED_ONE_IN: u64 = 32;
/// The fewest digits of a telephone number; a shorter one is an extension or a service number.
const PHONE_DIGITS_MIN: u8 = 5;
/// The fewest digits of a PIN that has lost none.
const PIN_DIGITS_MIN: usize = 4;
/// The number of lengths that are counted; longer numbers are not.
const LENGTHS: usize = 32;

/// Returns true if the row of a line takes part in the look at all rows: the same for any number of threads and any size of a
/// batch.
pub(in crate::rules) fn is_surveyed(line: u64) -> bool {
    // Scattered, because a sheet may have a rhythm.
    line < LINES_SURVEYED
        || (line.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).is_multiple_of(SAMPLED_ONE_IN)
}

/// Returns true if the values of a field are compared with those of the other rows.
pub(in crate::rules) fn is_measured(field: Field) -> bool {
    field.def().care == Care::Phone || is_code(field)
}

/// Returns true if a field consists of digits alone, all of one length where that is the custom: numbers and PINs.
fn is_code(field: Field) -> bool {
    let def = field.def();
    def.care == Care::Digits && (def.secret || def.identifies == Some(Identity::Number))
}

/// The beginning of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Lead {
    Plus,
    Zero,
    Other,
}

/// The properties of a number that are compared with the other rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::rules) struct TextShape {
    field: Field,
    lead: Lead,
    digits: u8,
    /// Its first two digits, without the zero that it begins with.
    first_two: u8,
    /// True if it has more digits than a spreadsheet keeps, and all those behind are zeros.
    rounded: bool,
}

impl TextShape {
    /// The shape of a number; `None` for any other text.
    pub(in crate::rules) fn measure(field: Field, text: &str) -> Option<TextShape> {
        let (lead, rest) = match text.as_bytes() {
            [b'+', rest @ ..] => (Lead::Plus, rest),
            // A lone 0 is 0000 after a spreadsheet has read it.
            [b'0', rest @ ..] if !rest.is_empty() => (Lead::Zero, rest),
            rest => (Lead::Other, rest),
        };
        let with_separators = field.def().care == Care::Phone;
        let mut digits = u8::from(lead == Lead::Zero);
        let (mut first_two, mut counted, mut rounded) = (0, 0, true);
        for byte in rest {
            match byte {
                b'0'..=b'9' => {
                    digits = digits.checked_add(1)?;
                    if counted < 2 {
                        first_two = first_two * 10 + (byte - b'0');
                        counted += 1;
                    }
                    rounded &= usize::from(digits) <= DIGITS_KEPT || *byte == b'0';
                }
                b' ' | b'-' | b'/' | b'(' | b')' | b'.' if with_separators => (),
                _ => return None,
            }
        }
        let long = usize::from(digits) > DIGITS_KEPT;
        (digits > 0 && usize::from(digits) < LENGTHS).then_some(TextShape {
            field,
            lead,
            digits,
            first_two,
            rounded: long && rounded,
        })
    }

    fn is_long(self) -> bool {
        usize::from(self.digits) > DIGITS_KEPT
    }
}

/// Shapes of all rows' numbers that may have lost their beginning, or digits at their end.
#[derive(Debug, Default)]
pub(in crate::rules) struct Plain(Vec<(Field, Box<BitsOfLengths>)>);

/// For each length, a bit for each first two digits.
type BitsOfLengths = [u128; LENGTHS];

impl Plain {
    pub(in crate::rules) fn add_text(&mut self, field: Field, text: &str) {
        if text.len() <= DIGITS_KEPT && (is_led(text) || self.adds_nothing(field, text)) {
            return;
        }
        let Some(shape) = TextShape::measure(field, text) else {
            return;
        };
        let may_be_hit = match shape.is_long() {
            true => shape.rounded,
            false => shape.lead == Lead::Other,
        };
        if may_be_hit && let Some(bits) = self.bits(field).get_mut(usize::from(shape.digits)) {
            *bits |= 1 << shape.first_two;
        }
    }

    /// Returns true if a text that may be a short number adds nothing new: most numbers of a sheet are alike.
    fn adds_nothing(&mut self, field: Field, text: &str) -> bool {
        let [first @ b'1'..=b'9', second @ b'0'..=b'9', ..] = text.as_bytes() else {
            return false;
        };
        let first_two = (first - b'0') * 10 + (second - b'0');
        let bits = self.bits(field).get(text.len());
        is_code(field) && bits.is_some_and(|bits| bits >> first_two & 1 == 1)
    }

    pub(in crate::rules) fn add(&mut self, other: Plain) {
        for (field, lengths) in other.0 {
            for (all, bits) in self.bits(field).iter_mut().zip(lengths.iter()) {
                *all |= bits;
            }
        }
    }

    fn bits(&mut self, field: Field) -> &mut BitsOfLengths {
        let at = self.0.iter().position(|(known, _)| *known == field);
        let at = at.unwrap_or_else(|| {
            self.0.push((field, Box::new([0; LENGTHS])));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    fn shapes(&self) -> impl Iterator<Item = TextShape> {
        self.0.iter().flat_map(|(field, lengths)| {
            (0u8..).zip(lengths.iter()).flat_map(move |(digits, bits)| {
                let first_two = (0..100).filter(move |first_two| bits >> first_two & 1 == 1);
                first_two.map(move |first_two| TextShape {
                    field: *field,
                    lead: Lead::Other,
                    digits,
                    first_two,
                    rounded: usize::from(digits) > DIGITS_KEPT,
                })
            })
        })
    }
}

/// Returns true if a number begins with a character that a spreadsheet takes away; a blank one has lost nothing either.
fn is_led(text: &str) -> bool {
    matches!(text.as_bytes(), [] | [b'+', ..] | [b'0', _, ..])
}

/// The number of times that each shape was seen.
#[derive(Debug, Default)]
pub(in crate::rules) struct Shapes(HashMap<TextShape, u32>);

impl Shapes {
    pub(in crate::rules) fn add(&mut self, shapes: Vec<TextShape>) {
        for shape in shapes {
            *self.0.entry(shape).or_default() += 1;
        }
    }

    /// Works out the suspicious shapes, once all rows were seen.
    pub(in crate::rules) fn finish(self) -> Suspects {
        let mut suspects = Suspects::default();
        for field in Field::all().filter(|field| is_measured(*field)) {
            if field.def().care == Care::Phone {
                self.phones(field, &mut suspects);
            } else if let Some(padded) = self.padded(field) {
                suspects.padded.push((field, padded));
            }
            let long = |(shape, _): &(&TextShape, &u32)| shape.field == field && shape.is_long();
            if self.0.iter().any(|seen| long(&seen) && !seen.0.rounded) {
                suspects.not_rounded.push(field);
            }
        }
        suspects
    }

    /// Shapes of which nearly all begin with `+` or `0`: the few that do not have lost it.
    fn phones(&self, field: Field, suspects: &mut Suspects) {
        let of_field = || self.0.iter().filter(|(shape, _)| shape.field == field);
        let all: u32 = of_field().map(|(_, count)| count).sum();
        let plain = of_field()
            .filter(|(shape, _)| shape.lead == Lead::Other && shape.digits >= PHONE_DIGITS_MIN);
        let plain: u32 = plain.map(|(_, count)| count).sum();
        // A few rows prove nothing in a sheet whose numbers are written in every manner.
        let of_one_manner = plain <= 1 || plain * 10 <= all;
        for (shape, having) in of_field() {
            let digits = match shape.lead {
                Lead::Plus => shape.digits,
                Lead::Zero => shape.digits - 1,
                Lead::Other => continue,
            };
            let without = TextShape {
                lead: Lead::Other,
                digits,
                ..*shape
            };
            let lacking = self.0.get(&without).copied().unwrap_or_default();
            let few = *having >= 2 && (lacking <= 1 || lacking * 10 <= *having);
            let hardly_any = *having >= 20 && lacking * 20 <= *having;
            // All that lack something are one digit short of just this shape.
            let one_short = shape.lead == Lead::Zero
                && plain == lacking
                && *having >= 10
                && lacking * 2 <= *having;
            if digits >= PHONE_DIGITS_MIN && (hardly_any || one_short || (few && of_one_manner)) {
                // A country code looks like an area code where both are in use.
                let lost = match suspects.phones.contains_key(&without) {
                    true => None,
                    false => Some(shape.lead),
                };
                suspects.phones.insert(without, lost);
            }
        }
    }

    /// The length that all numbers have, if they have one; and which shorter ones have lost zeros.
    fn padded(&self, field: Field) -> Option<Padded> {
        let (mut zero, mut other) = ([0u32; LENGTHS], [0u32; LENGTHS]);
        for (shape, count) in self.0.iter().filter(|(shape, _)| shape.field == field) {
            let counts = match shape.lead {
                Lead::Zero => &mut zero,
                Lead::Other => &mut other,
                Lead::Plus => continue,
            };
            if let Some(of_length) = counts.get_mut(usize::from(shape.digits)) {
                *of_length += count;
            }
        }
        let at = |counts: &[u32; LENGTHS], digits: usize| {
            counts.get(digits).copied().unwrap_or_default()
        };
        let of_length = |digits: usize| at(&zero, digits) + at(&other, digits);
        let digits = (1..LENGTHS).max_by_key(|digits| of_length(*digits))?;
        let all: u32 = (1..LENGTHS).map(of_length).sum();
        let (usual, zeros) = (of_length(digits), zero.iter().sum::<u32>());
        let others = all - usual;
        // All numbers should have one length in a sheet whose numbers begin with zeros.
        let in_use = at(&zero, digits) * 10 >= usual && (others <= 1 || others * 20 <= all);
        // Codes are drawn by lot, so one in ten begins with a zero: where none does, they are lost.
        let is_drawn = field.is_secret() && zeros == 0;
        let drawn = is_drawn && u64::from(usual) * 5 >= u64::from(all) * 4;
        // Hardly anybody makes a PIN of fewer digits than this by design.
        let short_pins = is_drawn && digits >= PIN_DIGITS_MIN && usual >= 2 && usual >= others;
        // One length and the one below it, where a zero begins none of the shorter ones: they have lost it.
        let short = at(&other, digits - 1);
        let one_short = others == short && short * 2 <= usual && usual >= 10;
        // Without any zero left, a few shorter numbers are the reception's; many are those that had one.
        let many = field.is_secret() || short * 4 >= usual;
        let led = at(&zero, digits) * 2 >= usual || (zeros == 0 && many);
        let one_short = one_short && led;
        // Where a zero begins all of the usual length and none of another, shorter ones of any length have lost theirs.
        let shorter: u32 = (1..digits).map(|digits| at(&other, digits)).sum();
        let is_led = at(&zero, digits) == usual && zeros == usual && usual >= 5;
        let all_led = is_led && others == shorter && others <= usual;
        if !((in_use && usual >= 3) || (drawn && usual >= 4) || one_short || all_led || short_pins)
        {
            return None;
        }
        let mut lengths = 0u32;
        for shorter in 1..digits {
            // Numbers that begin with a zero have not lost it.
            let sound = at(&zero, shorter) > 0;
            let count = u64::from(at(&other, shorter));
            // Each further zero is ten times as rare.
            let expected = u64::from(all) / 10u64.saturating_pow((digits - shorter) as u32);
            let likely = in_use || one_short || all_led || count <= 2 * expected + 1;
            if !sound && likely {
                lengths |= 1 << shorter;
            }
        }
        (lengths != 0).then_some(Padded { digits, lengths })
    }
}

/// Numbers that are all to have the same length.
#[derive(Debug, Clone, Copy)]
struct Padded {
    digits: usize,
    /// The lengths that come from lost zeros, as bits.
    lengths: u32,
}

/// The values that stand out from those of the other rows.
#[derive(Debug, Default)]
pub(in crate::rules) struct Suspects {
    padded: Vec<(Field, Padded)>,
    /// Shapes that have lost their beginning; `None` where it is not clear which.
    phones: HashMap<TextShape, Option<Lead>>,
    /// Fields with long numbers that no spreadsheet has rounded.
    not_rounded: Vec<Field>,
}

impl Suspects {
    fn may_suspect(&self, field: Field, text: &str) -> bool {
        match self.padded(field) {
            Some(padded) => text.len() < padded.digits,
            None => !self.phones.is_empty() && field.def().care == Care::Phone,
        }
    }

    fn padded(&self, field: Field) -> Option<Padded> {
        let mut padded = self.padded.iter();
        let found = padded.find(|(known, _)| *known == field);
        found.map(|(_, padded)| *padded)
    }

    /// Returns true if some value of the row stands out.
    pub(in crate::rules) fn hit(&self, plain: &Plain) -> bool {
        plain
            .shapes()
            .any(|shape| self.damage_of_shape(shape, "").is_some())
    }

    /// Finds the damage to a value that shows only beside the other rows.
    pub(in crate::rules) fn check(&self, field: Field, text: &str) -> Option<Damage> {
        if text.len() <= DIGITS_KEPT && (is_led(text) || !self.may_suspect(field, text)) {
            return None;
        }
        self.damage_of_shape(TextShape::measure(field, text)?, text)
    }

    fn damage_of_shape(&self, shape: TextShape, text: &str) -> Option<Damage> {
        let field = shape.field;
        if shape.is_long() {
            let behind = usize::from(shape.digits) - DIGITS_KEPT;
            let chance = self.not_rounded.contains(&field) && behind < 4;
            return (shape.rounded && !chance).then(rounded);
        }
        if shape.lead != Lead::Other {
            return None;
        }
        if let Some(lost) = self.phones.get(&shape) {
            return match lost {
                Some(Lead::Plus) => Some(lost_plus(text)),
                Some(_) => Some(lost_zero(format!("0{text}"))),
                None => None,
            };
        }
        let padded = self.padded(field)?;
        let lost = padded.lengths >> shape.digits & 1 == 1;
        let width = padded.digits;
        lost.then(|| lost_zero(format!("{text:0>width$}")))
    }
}

fn rounded() -> Damage {
    Damage::new(
        "damage.rounded",
        Severity::Warning,
        "has zeros from the 16th digit on: a spreadsheet rounds there",
        "look the number up, and type it in a cell that is formatted as text",
    )
}

fn lost_plus(text: &str) -> Damage {
    Damage::new(
        "damage.lost_plus",
        Severity::Warning,
        "has no +, but the other rows' numbers of its kind have one: it may be lost",
        "format the column as text",
    )
    .probable(Some(format!("+{text}")))
}

fn lost_zero(probable: String) -> Damage {
    Damage::new(
        "damage.lost_zero",
        Severity::Warning,
        "is shorter than the other rows' by the zeros that a spreadsheet takes away",
        "format the column as text",
    )
    .probable(Some(probable))
}
