//! The likelihood that a text is written in a European language, by its letters beyond ASCII and their neighbours.
//! `letters.txt` has the frequency of each letter, and of each pair that has one, in everyday names and words of a
//! language.

use std::collections::HashMap;

const COUNTS: &str = include_str!("letters.txt");

/// The cost of a letter that a language does not have.
const STRANGE: f64 = -18.0;
/// The likelihood of a pair of which only the letter is known, relative to the letter's: such pairs are rare, and there
/// are many.
const UNSEEN_PAIR: f64 = 0.006;
/// The cost of a word in another language than most of the text.
const FOREIGN: f64 = -10.0;
/// The cost of an upper-case letter where a lower-case one belongs, and the other way round.
const WRONG_CASE: f64 = -14.0;
/// The cost of a word whose letters belong to two alphabets.
const TWO_ALPHABETS: f64 = -30.0;
/// The cost of a mark beyond ASCII where it belongs (`„Anna“`), and below, where it does not.
const MARK: f64 = -6.0;
const ODD_MARK: f64 = -24.0;

/// The letters of all languages.
pub(super) struct Letters {
    languages: Vec<LanguageLetters>,
}

struct LanguageLetters {
    /// The likelihood of the language itself, as a logarithm.
    prior: f64,
    /// The frequency of each letter, as a share.
    letters: HashMap<char, f64>,
    /// The frequency of each pair, as a share.
    pairs: HashMap<(char, char), f64>,
}

impl Letters {
    pub(super) fn new() -> Letters {
        let mut languages: Vec<LanguageLetters> = Vec::new();
        let mut lines = COUNTS.lines();
        while let (Some(letters), Some(pairs)) = (lines.next(), lines.next()) {
            let mut words = letters.split(' ');
            let prior = words.next().map_or(0.0, prior);
            let letters: Vec<(char, f64)> = words.filter_map(letter).collect();
            let all: f64 = letters.iter().map(|(_, count)| count).sum();
            let share = |(letter, count)| (letter, count / all);
            let pairs = pairs.split(' ').skip(1).filter_map(pair);
            languages.push(LanguageLetters {
                prior,
                letters: letters.into_iter().map(share).collect(),
                pairs: pairs
                    .map(|(pair, count)| (pair, count / all / 2.0))
                    .collect(),
            });
        }
        Letters { languages }
    }

    /// The logarithm of how likely the words are, were they written so: the language of most of them is any, and the
    /// others may be of another.
    pub(super) fn likelihood(&self, words: &[String]) -> f64 {
        let costs: Vec<(f64, Vec<f64>)> = words.iter().map(|word| self.costs(word)).collect();
        let in_language = |(at, language): (usize, &LanguageLetters)| {
            let words = costs
                .iter()
                .map(|(best, each)| each.get(at).map_or(*best, |own| own.max(best + FOREIGN)));
            language.prior + words.sum::<f64>()
        };
        let languages = self.languages.iter().enumerate().map(in_language);
        languages.fold(f64::NEG_INFINITY, f64::max)
    }

    /// Works out the cost of a word in the language in which it costs least, and in each language.
    fn costs(&self, word: &str) -> (f64, Vec<f64>) {
        let chars: Vec<char> = word.chars().collect();
        let anywhere = shape(&chars);
        let lower: Vec<char> = chars.iter().map(|c| lower(*c)).collect();
        let languages = self.languages.iter();
        let each = languages.map(|language| anywhere + language.cost(&lower));
        let each: Vec<f64> = each.collect();
        let best = self.languages.iter().zip(&each);
        let best = best.map(|(language, cost)| language.prior + cost);
        (best.fold(f64::NEG_INFINITY, f64::max), each)
    }
}

impl LanguageLetters {
    fn cost(&self, word: &[char]) -> f64 {
        let at = |at: Option<usize>, otherwise| {
            at.and_then(|at| word.get(at)).copied().unwrap_or(otherwise)
        };
        let beyond = word.iter().enumerate();
        let beyond = beyond.filter(|(_, c)| !c.is_ascii() && c.is_alphabetic());
        let costs = beyond.map(|(place, letter)| {
            let Some(share) = self.letters.get(letter) else {
                return STRANGE;
            };
            let before = (at(place.checked_sub(1), '^'), *letter);
            let behind = (*letter, at(Some(place + 1), '$'));
            let cost = |pair| match self.pairs.get(&pair) {
                Some(pair) => (1.4 * pair + UNSEEN_PAIR * share).ln(),
                None => (UNSEEN_PAIR * share).ln(),
            };
            ((cost(before) + cost(behind)) / 2.0).max(STRANGE)
        });
        costs.sum()
    }
}

/// Works out the cost of a word in any language: its capitals, its alphabets, and its marks.
fn shape(word: &[char]) -> f64 {
    let mut cost = 0.0;
    let letters = || word.iter().filter(|c| c.is_alphabetic());
    if letters().any(|c| *c < '\u{250}') && letters().any(|c| *c >= '\u{370}') {
        cost += TWO_ALPHABETS;
    }
    for (at, c) in word.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| word.get(before));
        let behind = word.get(at + 1);
        if let Some(before) = before {
            let beyond = !c.is_ascii() || !before.is_ascii();
            let rises = before.is_lowercase() && c.is_uppercase() && beyond;
            let stands_out = |c_is: bool, behind_is: bool| {
                !c.is_ascii() && before.is_uppercase() && c_is && behind_is
            };
            let small = stands_out(
                c.is_lowercase() && *c != 'ß',
                behind.is_some_and(|c| c.is_uppercase()),
            );
            let large = stands_out(c.is_uppercase(), behind.is_some_and(|c| c.is_lowercase()));
            cost += f64::from(u8::from(rises) + u8::from(small) + u8::from(large)) * WRONG_CASE;
        }
        if !c.is_ascii() && !c.is_alphabetic() {
            // O’Brien, D’Angelo, Anna’s.
            let apostrophe = *c == '’' && (at <= 2 || at + 2 == word.len());
            cost += if apostrophe || belongs(*c, before, behind) {
                MARK
            } else {
                ODD_MARK
            };
        }
    }
    cost
}

/// Returns true if a mark belongs between the characters before and behind it, where they are part of the same word.
fn belongs(mark: char, before: Option<&char>, behind: Option<&char>) -> bool {
    match (before, behind) {
        _ if matches!(mark, '\u{a0}' | '€') => true,
        (None, None) => {
            !mark.is_control() && mark != char::REPLACEMENT_CHARACTER && !is_drawn(mark)
        }
        (Some(_), Some(_)) => matches!(mark, '´' | '·' | '®' | '\u{ad}' | '–'),
        (None, Some(_)) => "“”„‘’‚«»¿¡–—•".contains(mark),
        (Some(_), None) => "“”„‘’«»…–—®™°".contains(mark),
    }
}

/// Returns true if a character is a piece of a frame or a block, as code pages of DOS have them.
fn is_drawn(c: char) -> bool {
    ('\u{2500}'..='\u{25ff}').contains(&c)
}

/// Returns one lower-case letter; the Turkish İ stays, since its lower case would be two.
fn lower(c: char) -> char {
    match c {
        'İ' => c,
        'ș' | 'Ș' => 'ş',
        'ț' | 'Ț' => 'ţ',
        c => c.to_lowercase().next().unwrap_or(c),
    }
}

/// Languages with few speakers have letters that others have at the same bytes.
fn prior(language: &str) -> f64 {
    match language {
        "is" | "et" => -3.0,
        "sl" | "uk" | "bg" => -1.0,
        _ => 0.0,
    }
}

fn letter(token: &str) -> Option<(char, f64)> {
    let mut chars = token.chars();
    let letter = chars.next()?;
    Some((letter, chars.as_str().parse().ok()?))
}

fn pair(token: &str) -> Option<((char, char), f64)> {
    let mut chars = token.chars();
    let pair = (chars.next()?, chars.next()?);
    Some((pair, chars.as_str().parse().ok()?))
}
