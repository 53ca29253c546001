//! Numbers of extensions, as keys and in sets: exact, and small.

use std::collections::HashSet;

/// Numbers up to this number of digits are kept as bits.
const BIT_DIGITS: usize = 8;
/// Numbers up to this number of digits fit with their length into 64 bits.
const KEY_DIGITS: usize = 17;
const LENGTH_SHIFT: u32 = 57;
const PAGE_BITS: usize = 1 << 15;

/// A number as a key: digits with their length, so that `042` and `42` are two.
pub(super) fn key(number: &str) -> Option<u64> {
    let digits = number.as_bytes();
    if !(1..=KEY_DIGITS).contains(&digits.len()) {
        return None;
    }
    let mut value = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(digit - b'0');
    }
    Some(((digits.len() as u64) << LENGTH_SHIFT) | value)
}

pub(super) fn length_of(key: u64) -> usize {
    (key >> LENGTH_SHIFT) as usize
}

pub(super) fn value_of(key: u64) -> u64 {
    key & ((1 << LENGTH_SHIFT) - 1)
}

/// A number of any kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Number {
    Digits(u64),
    Text(Box<str>),
}

impl Number {
    pub(super) fn new(text: &str) -> Number {
        key(text).map_or_else(|| Number::Text(text.into()), Number::Digits)
    }
}

/// A set of numbers.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// For each length, pages of bits.
    bits: [Vec<Option<Box<[u64; PAGE_BITS / 64]>>>; BIT_DIGITS + 1],
    /// Keys of longer numbers, sorted once all are in.
    long: Vec<u64>,
    pub(super) texts: HashSet<Box<str>>,
}

impl Numbers {
    /// Puts a key in; returns true if it was there already, as far as that shows at once: for long numbers it shows in
    /// the end.
    pub(super) fn insert_key(&mut self, key: u64) -> bool {
        let Some(pages) = self.bits.get_mut(length_of(key)) else {
            self.long.push(key);
            return false;
        };
        let value = value_of(key) as usize;
        let (page, bit) = (value / PAGE_BITS, value % PAGE_BITS);
        if pages.len() <= page {
            pages.resize_with(page + 1, || None);
        }
        let words = pages[page].get_or_insert_with(|| Box::new([0; PAGE_BITS / 64]));
        let mask = 1 << (bit % 64);
        let there = words[bit / 64] & mask != 0;
        words[bit / 64] |= mask;
        there
    }

    pub(super) fn insert(&mut self, number: &str) {
        match key(number) {
            Some(key) => {
                self.insert_key(key);
            }
            None => {
                self.texts.insert(number.into());
            }
        }
    }

    /// Ends the filling; returns the long numbers that were put in more than once.
    pub(super) fn seal(&mut self) -> HashSet<u64> {
        self.long.sort_unstable();
        let repeated = repeated(&self.long);
        self.long.dedup();
        repeated
    }

    pub(super) fn contains(&self, number: &str) -> bool {
        match key(number) {
            Some(key) => self.contains_key(key),
            None => self.texts.contains(number),
        }
    }

    /// The keys of numbers that another one is but for the zeros before it: of `0042`, `042` and `42` all three. Longer
    /// numbers and those with letters are not looked at.
    pub(super) fn zero_twins(&self) -> HashSet<u64> {
        let mut twins = HashSet::new();
        let key_of = |digits: usize, value: u64| ((digits as u64) << LENGTH_SHIFT) | value;
        for (digits, pages) in self.bits.iter().enumerate().skip(2) {
            // A smaller value has a zero before it.
            let led_below = 10u64.pow(digits as u32 - 1);
            let values = pages.iter().enumerate().flat_map(|(page, words)| {
                let words = words.as_deref().map_or(&[][..], |words| words);
                let bits = words.iter().enumerate().filter(|(_, bits)| **bits != 0);
                bits.flat_map(move |(word, bits)| {
                    let first = (page * PAGE_BITS + word * 64) as u64;
                    (0..64)
                        .filter(move |bit| bits >> bit & 1 == 1)
                        .map(move |bit| first + bit)
                })
            });
            for value in values.take_while(|value| *value < led_below) {
                let least = value.checked_ilog10().map_or(1, |log| log as usize + 1);
                for shorter in (least..digits).map(|shorter| key_of(shorter, value)) {
                    if self.contains_key(shorter) {
                        twins.extend([shorter, key_of(digits, value)]);
                    }
                }
            }
        }
        twins
    }

    pub(super) fn contains_key(&self, key: u64) -> bool {
        let Some(pages) = self.bits.get(length_of(key)) else {
            return self.long.binary_search(&key).is_ok();
        };
        let value = value_of(key) as usize;
        let (page, bit) = (value / PAGE_BITS, value % PAGE_BITS);
        let words = pages.get(page).and_then(Option::as_deref);
        words.is_some_and(|words| words[bit / 64] & (1 << (bit % 64)) != 0)
    }
}

/// Returns the values that a sorted list contains more than once.
pub(super) fn repeated(sorted: &[u64]) -> HashSet<u64> {
    sorted
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| pair[0])
        .collect()
}
