//! Values as they may be shown to people, and the words that replace a secret. No other module has words for that.

use super::field::has_url_password;
use super::secret_like::{is_like_secret, with_secrets_replaced};
use super::{Field, Kind, OddChar, Secret, plain_letters};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};

/// The number of characters of a value that are shown.
const CHARS_MAX: usize = 60;

/// The words that replace a secret.
pub const NOT_SHOWN: &str = "(not shown)";

/// A heading as messages show it: without the secrets that people wrote into it.
pub(crate) fn heading_shown(heading: &str) -> Cow<'_, str> {
    with_secrets_replaced(heading, NOT_SHOWN)
}

/// The value of a field in quotes; of a secret, and of what looks like one, nothing.
pub fn shown(field: Field, text: &str) -> String {
    if field.hides(text) {
        NOT_SHOWN.to_owned()
    } else {
        quoted(text)
    }
}

/// The words for a secret that differs from the one that was expected.
pub fn another(field: Field) -> String {
    format!("another {}", field.name())
}

/// The value of a field unchanged, for a cell of a report; nothing for a secret that is not empty, and for what looks like
/// one.
pub fn plain(field: Field, text: &str) -> String {
    if field.hides(text) && !text.is_empty() || is_like_secret(text) {
        NOT_SHOWN.to_owned()
    } else {
        text.to_owned()
    }
}

/// The length from which a piece of a secret gives it away, in characters.
const PIECE: usize = 4;

/// Returns true if words from elsewhere contain a secret or a piece of it, as `ReadWords` finds them.
pub fn repeats(words: &str, typed: &str) -> bool {
    ReadWords::new(words).repeat(typed)
}

/// The digits that a piece of a secret has in hexadecimal.
const HEX_PIECE: usize = 2 * PIECE;

#[cfg(test)]
thread_local! {
    /// The number of secrets that this thread has looked for in words, so that a test can count the work.
    pub(crate) static LOOKED_FOR: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Words from elsewhere in all readings in which a secret is looked for in them: in any case, percent-encoded, escaped as
/// in JSON, XML or shells (also twice), in base64 (also in lower case) or in hexadecimal digits, and with whatever signs
/// between its letters. They are read once, however many secrets are looked for.
pub(crate) struct ReadWords {
    /// The readings, in lower case.
    texts: BTreeSet<String>,
    /// All pieces of them.
    pieces: HashSet<[char; PIECE]>,
    /// All pieces of their letters and digits alone.
    letter_pieces: HashSet<[char; PIECE]>,
    /// All pieces of the letters and digits of the words as they are.
    hex_pieces: HashSet<[char; HEX_PIECE]>,
    /// The words in lower case, without blanks.
    joined: String,
    /// All pieces of these.
    joined_pieces: HashSet<[u8; PIECE]>,
}

impl ReadWords {
    pub(crate) fn new(words: &str) -> ReadWords {
        let once = unescaped(words);
        let read = [
            words.to_owned(),
            percent_decoded(words),
            unescaped(&once),
            once,
        ];
        let mut texts: BTreeSet<String> = read.iter().map(|text| text.to_lowercase()).collect();
        let letter_pieces = texts
            .iter()
            .flat_map(|text| windows(&letters(text)))
            .collect();
        let joined: String = words.split_whitespace().collect();
        for text in decoded_runs(words).chain(decoded_runs(&joined)) {
            texts.insert(text.to_lowercase());
        }
        let joined = joined.to_lowercase();
        ReadWords {
            pieces: texts.iter().flat_map(|text| windows(text)).collect(),
            letter_pieces,
            hex_pieces: windows(&letters(&words.to_lowercase())).collect(),
            joined_pieces: joined
                .as_bytes()
                .windows(PIECE)
                .filter_map(|piece| piece.try_into().ok())
                .collect(),
            texts,
            joined,
        }
    }

    /// Returns true if they contain this secret or a piece of it.
    pub(crate) fn repeat(&self, typed: &str) -> bool {
        #[cfg(test)]
        LOOKED_FOR.set(LOOKED_FOR.get() + 1);
        let secret = typed.to_lowercase();
        if secret.is_empty() {
            return false;
        }
        let is_short = secret.chars().nth(PIECE - 1).is_none();
        let hex = |text: &str| text.bytes().flat_map(hex_digits).collect::<String>();
        let in_hex = |text: &str| {
            let mut pieces = windows(&hex(text));
            pieces.any(|piece| self.hex_pieces.contains(&piece))
        };
        (is_short && self.texts.iter().any(|text| text.contains(&secret)))
            || windows(&secret).any(|piece| self.pieces.contains(&piece))
            || windows(&letters(&secret)).any(|piece| self.letter_pieces.contains(&piece))
            || in_hex(typed)
            || in_hex(&secret)
            || self.hold_in_base64(typed)
    }

    fn hold_in_base64(&self, typed: &str) -> bool {
        let pieces = typed.as_bytes().windows(PIECE);
        let mut pieces = pieces.filter_map(|piece| piece.try_into().ok());
        pieces.any(|piece| {
            base64_folded(piece).any(|(digits, length)| {
                let begin = digits.first_chunk::<PIECE>();
                let digits = digits.get(..length).unwrap_or_default();
                begin.is_some_and(|begin| self.joined_pieces.contains(begin))
                    && std::str::from_utf8(digits).is_ok_and(|digits| self.joined.contains(digits))
            })
        })
    }
}

/// All pieces of this many characters.
fn windows<const N: usize>(text: &str) -> impl Iterator<Item = [char; N]> + use<N> {
    let chars: Vec<char> = text.chars().collect();
    let last = (chars.len() + 1).saturating_sub(N);
    (0..last).filter_map(move |at| chars.get(at..at + N)?.try_into().ok())
}

/// Like [`repeats`], for any of several secrets.
pub(crate) fn repeats_any<'s>(words: &str, secrets: impl IntoIterator<Item = &'s str>) -> bool {
    let read = ReadWords::new(words);
    secrets.into_iter().any(|secret| read.repeat(secret))
}

/// Like [`repeats`], for a secret that stays in its type.
pub(crate) fn repeats_secret(words: &str, secret: &Secret) -> bool {
    repeats(words, secret.reveal())
}

/// Returns true if a field's text is a secret of the extension of this number, in any case, without the signs around it or
/// with accents and hidden signs of its own, or contains it whole: some PBXes give a password back as another field. Keys, telephone numbers, lists and settings give nothing away, nor does
/// the extension's own number, which many have for a PIN.
pub(crate) fn shows_secret(number: &str, field: Field, text: &str, secret: &str) -> bool {
    let is_text = match field.def().kind {
        Kind::Text | Kind::Email => true,
        Kind::Identifier => text.contains(char::is_alphabetic),
        Kind::Switch | Kind::Choice | Kind::Count | Kind::Time | Kind::List => false,
    };
    let shows = || {
        let bare = without_signs(secret);
        contains_whole(text, secret)
            || bare.chars().nth(PIECE - 1).is_some() && contains_whole(text, bare)
            || !(text.is_ascii() && secret.is_ascii()) && shows_in_any_writing(text, secret)
    };
    is_text && !field.is_key() && text != number && shows()
}

fn shows_in_any_writing(text: &str, secret: &str) -> bool {
    let found = in_any_writing(text).zip(in_any_writing(secret));
    found.is_some_and(|(text, secret)| contains_whole(text.reveal(), secret.reveal()))
}

/// A secret of a row that may stand in another cell of it too, by mistake.
pub(crate) struct SoughtSecret<'s> {
    secret: &'s str,
    /// It as it is read in any writing, once that is asked for.
    letters: OnceCell<Option<Secret>>,
}

impl<'s> SoughtSecret<'s> {
    pub(crate) fn new(secret: &'s str) -> SoughtSecret<'s> {
        SoughtSecret {
            secret,
            letters: OnceCell::new(),
        }
    }

    /// The secret as its cell has it.
    pub(crate) fn as_written(&self) -> &'s str {
        self.secret
    }

    /// Returns true if the text of a cell in the row of this number is the secret, in any case and however it is written, or
    /// contains it whole. The cell may be one of no field. Secrets too short for one give nothing away, nor does the row's own
    /// number, which many have for a PIN, nor other digits than those in words.
    pub(crate) fn is_in(&self, number: &str, field: Option<Field>, text: &str) -> bool {
        let is_text = |field: Field| matches!(field.def().kind, Kind::Text | Kind::Email);
        let has_letters = text.contains(char::is_alphabetic);
        if text.is_empty() || !has_letters && !field.is_none_or(is_text) {
            return false;
        }
        let is_as_written = (has_letters || text != number)
            && self.secret.chars().nth(PIECE - 1).is_some()
            && contains_whole(text, self.secret);
        let is_read = || {
            let text = in_any_writing(text)?;
            let secret = self.letters.get_or_init(|| in_any_writing(self.secret));
            let is_own = || in_any_writing(number).is_some_and(|own| own == text);
            let is_there = contains_whole(text.reveal(), secret.as_ref()?.reveal());
            Some(is_there && (has_letters || !is_own()))
        };
        is_as_written || is_read().unwrap_or_default()
    }
}

/// The letters and digits that are left of a text however it is written: in quotes or as a formula, with signs that nobody
/// sees, with accents of their own. `None` where they are too few to give a secret away.
pub(crate) fn in_any_writing(text: &str) -> Option<Secret> {
    let narrow = |c| match OddChar::class(c) {
        Some(OddChar::FullWidth) => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let letters = Secret::new(if text.is_ascii() {
        plain_letters(text)
    } else {
        let narrow = Secret::new(text.chars().map(narrow).collect::<String>());
        plain_letters(narrow.reveal())
    });
    letters.reveal().chars().nth(PIECE - 1)?;
    Some(letters)
}

/// A secret without the signs around it, as it is read where these are a formula's or quotes.
pub(crate) fn without_signs(secret: &str) -> &str {
    secret.trim_matches(|c: char| !c.is_alphanumeric())
}

/// The length from which a secret is looked for within a text, in bytes.
const LONG: usize = 8;

/// Returns true if a text is a secret, in any case, or contains it whole; a short one, such as a PIN, may be part of any
/// number.
fn contains_whole(text: &str, secret: &str) -> bool {
    // Most texts are short; a letter in the other case may take twice the bytes.
    if 2 * text.len() < secret.len() {
        return false;
    }
    if text.is_ascii() && secret.is_ascii() {
        let (text, secret) = (text.as_bytes(), secret.as_bytes());
        let mut pieces = text.windows(secret.len().max(1));
        return !secret.is_empty()
            && (text.len() == secret.len() || secret.len() >= LONG)
            && pieces.any(|piece| piece.eq_ignore_ascii_case(secret));
    }
    let (text, secret) = (text.to_lowercase(), secret.to_lowercase());
    !secret.is_empty() && (text == secret || (secret.len() >= LONG && text.contains(&secret)))
}

/// A message in which a long secret that stands there, in any case, is not shown, or a shorter one with letters that it
/// quotes; `None` where it does not. Of one that a message would cut off the shown part counts.
pub(crate) fn without_secret(message: &str, secret: &str) -> Option<String> {
    let quoted = in_quotes(secret.trim()).to_lowercase();
    let bare = quoted.trim_matches('"').trim_end_matches('…');
    let shown = match bare.len() < LONG && bare.contains(char::is_alphabetic) {
        true if bare.len() < PIECE => return None,
        true => quoted.as_str(),
        false if bare.len() < LONG => return None,
        false => bare,
    };
    let lower = message.to_lowercase();
    // Where letters take other room in lower case, their places are not those of the message.
    if lower.len() != message.len() || !lower.contains(shown) {
        return None;
    }
    let (mut out, mut rest) = (String::new(), 0);
    while let Some(at) = lower.get(rest..)?.find(shown) {
        out.push_str(message.get(rest..rest + at)?);
        out.push_str(NOT_SHOWN);
        rest += at + shown.len();
    }
    out.push_str(message.get(rest..)?);
    Some(out)
}

/// Secrets that are looked for together, each as [`contains_whole`] looks for it. Each is held once, as a [`Secret`].
#[derive(Debug, Default)]
pub(crate) struct WholeSecrets {
    short: HashSet<Secret>,
    /// Those that are looked for within a text too, by a keyed hash of their first bytes: the time of a look does not grow
    /// with their number.
    long: HashMap<u64, HashSet<Secret>>,
    hashes: RandomState,
}

impl WholeSecrets {
    pub(crate) fn new<'s>(secrets: impl Iterator<Item = &'s str>) -> WholeSecrets {
        let mut all = WholeSecrets::default();
        secrets.for_each(|secret| all.add(secret));
        all
    }

    /// Takes in a further one; none that is empty.
    pub(crate) fn add(&mut self, secret: &str) {
        let secret = Secret::new(secret.to_lowercase());
        match self.hash_of_begin(secret.reveal().as_bytes()) {
            Some(begin) => {
                self.long.entry(begin).or_default().insert(secret);
            }
            None if secret.is_empty() => {}
            None => {
                self.short.insert(secret);
            }
        }
    }

    /// Takes in all of others.
    pub(crate) fn add_all(&mut self, others: &WholeSecrets) {
        let long = others.long.values().flatten();
        long.chain(&others.short)
            .for_each(|secret| self.add(secret.reveal()));
    }

    /// Returns true if a text is one of them, in any case, or contains one whole.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        let text = Secret::new(text.to_lowercase());
        let bytes = text.reveal().as_bytes();
        let begins_one = |at: usize| {
            let rest = bytes.get(at..).unwrap_or_default();
            let begin = self.hash_of_begin(rest);
            let alike = begin.and_then(|begin| self.long.get(&begin));
            let mut alike = alike.into_iter().flatten();
            alike.any(|secret| rest.starts_with(secret.reveal().as_bytes()))
        };
        self.short.contains(&text) || !self.long.is_empty() && (0..bytes.len()).any(begins_one)
    }

    /// The hash of the bytes by which a long secret is found; `None` where there are not so many.
    fn hash_of_begin(&self, text: &[u8]) -> Option<u64> {
        let begin = text.first_chunk::<LONG>()?;
        Some(self.hashes.hash_one(begin))
    }
}

/// Digits of a number that is too long for an extension's.
const LONG_NUMBER: usize = 8;

/// Returns true for a number that may be an extension's, and give nothing away.
pub(crate) fn is_short_number(text: &str) -> bool {
    text.len() < LONG_NUMBER && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The letters and digits of a text, without the signs between them.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The two lower-case hexadecimal digits of a byte.
pub(crate) fn hex_digits(byte: u8) -> [char; 2] {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    [digit(byte >> 4), digit(byte & 15)]
}

fn percent_decoded(words: &str) -> String {
    // One name is read, without an end before the text's.
    let name = words.replace('&', "%26").replace('=', "%3D");
    let mut decoded = url::form_urlencoded::parse(name.as_bytes());
    decoded
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

/// Turns back the escapes of JSON, XML and shells in a text: `\\u0061`, `\\x61`, `\\/`, `&#97;`, `&#x61;`, `&amp;`.
fn unescaped(words: &str) -> String {
    let mut out = String::new();
    let mut rest = words;
    while let Some(at) = rest.find(['\\', '&']) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let (c, length) = escape(after).unwrap_or_else(|| (after.chars().next(), 1));
        out.extend(c);
        rest = after.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The character that an escape at the start of a text means, and the escape's length.
fn escape(text: &str) -> Option<(Option<char>, usize)> {
    let number = |digits: &str, radix| {
        let value = u32::from_str_radix(digits, radix).ok()?;
        char::from_u32(value)
    };
    if let Some(rest) = text.strip_prefix("\\u{") {
        let (digits, _) = rest.split_once('}')?;
        return Some((number(digits, 16), digits.len() + 4));
    }
    if let Some(rest) = text.strip_prefix("\\u") {
        return Some((number(rest.get(..4)?, 16), 6));
    }
    if let Some(c) = text
        .strip_prefix("\\x")
        .and_then(|rest| number(rest.get(..2)?, 16))
    {
        return Some((Some(c), 4));
    }
    if let Some(rest) = text.strip_prefix('\\') {
        return Some((rest.chars().next(), 1 + rest.chars().next()?.len_utf8()));
    }
    let (name, _) = text.strip_prefix('&')?.split_once(';')?;
    let c = match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix('#')? {
            digits if digits.starts_with(['x', 'X']) => number(digits.get(1..)?, 16),
            digits => number(digits, 10),
        },
    };
    Some((c, name.len() + 2))
}

/// A piece of a secret in base64, in lower case, at each of the places in a group that it may have: the digits that are
/// of this piece alone, and how many they are.
fn base64_folded(piece: [u8; PIECE]) -> impl Iterator<Item = ([u8; PIECE + 1], usize)> {
    let bits = u32::from_be_bytes(piece);
    let letter = |six: u32| match six as u8 {
        value @ 0..26 => b'a' + value,
        value @ 26..52 => b'a' + value - 26,
        value @ 52..62 => b'0' + value - 52,
        62 => b'+',
        _ => b'/',
    };
    [0, 2, 4].into_iter().map(move |start| {
        let length = (u32::BITS - start) / 6;
        let mut digits = [0; PIECE + 1];
        for (digit, at) in digits.iter_mut().zip(1..=length) {
            *digit = letter(bits >> (u32::BITS - start - 6 * at) & 63);
        }
        (digits, length as usize)
    })
}

/// Everything in the words that can be read as base64, from each of its letters on, as the text that it means.
fn decoded_runs(words: &str) -> impl Iterator<Item = String> {
    let value = |c: char| match c {
        'A'..='Z' => Some(c as u32 - 'A' as u32),
        'a'..='z' => Some(c as u32 - 'a' as u32 + 26),
        '0'..='9' => Some(c as u32 - '0' as u32 + 52),
        '+' | '-' => Some(62),
        '/' | '_' => Some(63),
        _ => None,
    };
    let runs: Vec<Vec<u32>> = words
        .split(move |c| value(c).is_none())
        .map(|run| run.chars().filter_map(value).collect())
        .collect();
    runs.into_iter().flat_map(|run: Vec<u32>| {
        (0..4.min(run.len())).map(move |skip| {
            let bytes: Vec<u8> = run
                .get(skip..)
                .unwrap_or_default()
                .chunks(4)
                .flat_map(|group| {
                    let bits = group.iter().fold(0, |bits, six| bits << 6 | six);
                    let bits = bits << (6 * (4 - group.len()));
                    let [_, a, b, c] = u32::to_be_bytes(bits);
                    [a, b, c].into_iter().take(group.len().saturating_sub(1))
                })
                .collect();
            String::from_utf8_lossy(&bytes).into_owned()
        })
    })
}

/// A target as it was typed, without the password of an address: `http://api:(not shown)@10.0.0.1`. A mistyped address
/// counts as an address too, so everything between the first `:` of a user and the last `@` is taken for a password.
pub fn target(typed: &str) -> Cow<'_, str> {
    // An address has no query and no fragment: text in their places is not shown.
    let is_address = typed.contains([':', '/', '@', '=']);
    if let Some(at) = typed.find(['?', '#']).filter(|_| is_address) {
        let (address, query) = typed.split_at(at);
        let mark = query.get(..1).unwrap_or_default();
        return Cow::Owned(format!("{}{mark}{NOT_SHOWN}", without_password(address)));
    }
    without_password(typed)
}

fn without_password(typed: &str) -> Cow<'_, str> {
    let start = typed.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = typed.split_at(start);
    let cut = rest.rsplit_once('@');
    match cut.and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
        Some((user, host)) => Cow::Owned(format!("{scheme}{user}:{NOT_SHOWN}@{host}")),
        None => Cow::Borrowed(typed),
    }
}

/// A message without the passwords of the addresses in it. A word that ends with `:` names a place, and what stands behind
/// `sip:` is no password.
fn without_passwords(text: &str) -> Cow<'_, str> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
    let is_address = |word: &str| match (word.split_once('?'), word.split_once(':')) {
        (Some((address, query)), _) if query.contains('=') => !is_mapping(address, query),
        (_, Some((scheme, rest))) => rest.contains('@') && !NO_SCHEMES.contains(&scheme),
        _ => false,
    };
    let holds_one = |word: &str| is_address(word) && matches!(target(word), Cow::Owned(_));
    if !text.split(is_end).any(holds_one) {
        return Cow::Borrowed(text);
    }
    let words = text.split_inclusive(is_end).map(|word| {
        let typed = word.trim_end_matches(is_end);
        let end = word.get(typed.len()..).unwrap_or_default();
        match holds_one(typed) {
            true => target(typed).into_owned() + end,
            false => word.to_owned(),
        }
    });
    Cow::Owned(words.collect())
}

/// Returns true for a mapping of a heading with a question mark, such as `Login?=number`: it has no scheme and no host, and
/// the name of a field, or nothing that a query could be, behind its mark.
fn is_mapping(heading: &str, rest: &str) -> bool {
    let is_address = heading.contains([':', '/', '@', '.']);
    let field = rest.rsplit('=').next().unwrap_or_default();
    let is_field = Field::named(field.trim_start_matches('!')).is_some() || field == "-";
    !is_address && (is_field || rest.starts_with('='))
}

/// The words before a `:` behind which a person is named, and no password follows.
const NO_SCHEMES: [&str; 3] = ["sip", "sips", "mailto"];

/// Prepares a message for people: characters that would steer a terminal, or turn its letters round, are written out,
/// and the password of an address is left out.
pub fn message(text: &str) -> String {
    harmless(&without_passwords(text)).into_owned()
}

/// Prepares a text for a terminal: characters that would steer it, or turn its letters round, are written out.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let steers = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) {
            // Writing to a string does not fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The word for the change of a secret, by whether it was set before and is set now.
pub fn changed(before: bool, now: bool) -> &'static str {
    match (before, now) {
        (false, true) => "set",
        (true, false) => "cleared",
        _ => "changed",
    }
}

/// A text from elsewhere, such as a cell, as `in_quotes` shows it; of one that looks like a secret nothing. People put
/// passwords into wrong cells, so all messages about cells show their texts by this.
pub fn quoted(text: &str) -> String {
    match text == NOT_SHOWN || is_like_secret(text) {
        true => NOT_SHOWN.to_owned(),
        false => in_quotes(text),
    }
}

/// A text that is no secret in quotes, shortened where it is long, its hidden characters made visible (a line break as `↵`), and without the
/// password of an address. A quote in it has a backslash before it, so that it is seen where the text ends.
pub(crate) fn in_quotes(text: &str) -> String {
    let text = match has_url_password(text) {
        true => &*target(text),
        false => text,
    };
    let mut quoted = String::from("\"");
    for c in text.chars().take(CHARS_MAX) {
        let hides = matches!(
            OddChar::class(c),
            Some(OddChar::Control | OddChar::Invisible | OddChar::Space)
        );
        if matches!(c, '"' | '\\') {
            quoted.extend(['\\', c]);
        } else if c == '\n' {
            quoted.push('↵');
        } else if hides || c.is_control() {
            // Writing to a string does not fail.
            let _ = write!(quoted, "\\u{{{:x}}}", u32::from(c));
        } else {
            quoted.push(c);
        }
    }
    if text.chars().nth(CHARS_MAX).is_some() {
        quoted.push('…');
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_in_a_message_has_no_password_in_it() {
        for (heading, shown) in [
            (
                "SIP Passwort (Standard: Qx7!seKret)",
                "SIP Passwort (Standard: (not shown))",
            ),
            ("VM PIN 739182", "VM PIN (not shown)"),
            ("SIP-PIN: 739182", "SIP-PIN: (not shown)"),
            ("Passwort=sonne", "Passwort=(not shown)"),
            ("Passwort:=sonne", "Passwort:=(not shown)"),
            ("Passwort=:sonne", "Passwort=:(not shown)"),
            ("PIN:739182", "PIN:(not shown)"),
            ("Passwort:Qx7seKret", "Passwort:(not shown)"),
            ("Pw:sommer24", "Pw:(not shown)"),
            (
                "Kennwort Qx7!seKret für  alle",
                "Kennwort (not shown) für  alle",
            ),
            (
                "Passwort: Standard sommer24!",
                "Passwort: Standard (not shown)",
            ),
            ("Liste Qx7!seKret", "Liste (not shown)"),
        ] {
            assert_eq!(heading_shown(heading), shown);
            assert_eq!(heading_shown(shown), shown);
        }
        for heading in [
            "",
            "Passwort",
            "PIN (4-stellig)",
            "PIN (4-6 digits)",
            "Passwort (8-32 Zeichen)",
            "Passwort: Web",
            "Passwort:Web",
            "Password required",
            "**Nebenstelle**",
            "First Name [Required]",
            "{{extension}}",
            "Ext.#",
            "user_context",
            "forward_busy_destination_2",
            "X-Lync-2013",
            "Telefon 2 / Fax 3",
            "account 1 user",
            "Standort 2024",
        ] {
            assert_eq!(heading_shown(heading), heading);
        }
    }

    #[test]
    fn a_secret_is_held_whole_and_not_in_a_piece() {
        assert!(contains_whole("x Changed2001PW", "Changed2001pw"));
        assert!(contains_whole("7731", "7731"));
        assert!(!contains_whole("hand2001", "Changedhand2001pw"));
        assert!(!contains_whole("4930773100", "7731"));
        assert!(!contains_whole("", ""));
    }

    #[test]
    fn many_secrets_are_held_as_each_of_them_is() {
        let secrets = [
            "",
            "7731",
            "on",
            "Changed2001pw",
            "Ünlocked-7",
            "ß",
            "tr7xkq2m",
            "A",
            "Straße 12",
        ];
        let texts = [
            "x changed2001PW",
            "7731",
            "4930773100",
            "ünLOCKED-7 x",
            "SS",
            "ẞ",
            "a",
            "",
            "TR7XKQ2MZ",
            "straße 12b",
            "STRASSE 12",
        ];
        for kept in 0..1 << secrets.len() {
            let some = || {
                let secrets = secrets.iter().enumerate();
                secrets
                    .filter(move |(at, _)| kept >> at & 1 == 1)
                    .map(|(_, secret)| *secret)
            };
            let set = WholeSecrets::new(some());
            for text in texts {
                let is_held = some().any(|secret| contains_whole(text, secret));
                assert_eq!(set.are_in(text), is_held, "{text:?}");
            }
        }
    }

    #[test]
    fn secrets_that_are_looked_for_are_held_as_secrets() {
        let held = format!("{:?}", WholeSecrets::new(["0815", "tr7xkq2m9"].into_iter()));
        assert_eq!(held.matches("Secret(…)").count(), 2, "{held}");
        assert!(!held.contains("0815") && !held.contains("tr7"), "{held}");
        // Neither does the place of one show its beginning.
        assert!(!held.contains("116, 114, 55"), "{held}");
    }

    #[test]
    fn a_message_is_shown_without_the_secret_that_it_quotes() {
        let long = "Kq7\"W".repeat(20);
        for (message, secret, shown) in [
            (
                "is \"xKQ7wzp3xVN9T y\", no",
                "Kq7WzP3xVn9T",
                Some("is \"x(not shown) y\", no"),
            ),
            ("is \"Kq7WzP3x\"", "Kq7WzP3xVn9T", None),
            ("is \"0815\"", "0815", None),
            ("is \"Sonne\"", "sonne", Some("is (not shown)")),
            ("is \"sonnen\"", "sonne", None),
            ("is \"ja\"", "ja", None),
            (
                "is \"12345678\" ü 12345678",
                " 12345678",
                Some("is \"(not shown)\" ü (not shown)"),
            ),
            (&in_quotes(&long), &long, Some("\"(not shown)…\"")),
        ] {
            assert_eq!(
                without_secret(message, secret).as_deref(),
                shown,
                "{message}"
            );
        }
    }

    #[test]
    fn only_texts_give_secrets_away() {
        let gives = |field, text, secret| shows_secret("2001", field, text, secret);
        assert!(gives(Field::DISPLAY_NAME, "Kq7WzP3xVn9T", "kq7wzp3xvn9t"));
        assert!(gives(Field::CALLER_ID, "Kq7WzP3xVn9T", "Kq7WzP3xVn9T"));
        assert!(!gives(Field::DISPLAY_NAME, "2001", "2001"));
        assert!(!gives(Field::NEW_NUMBER, "2002", "2002"));
        assert!(!gives(Field::GROUPS, "Kq7WzP3xVn9T", "Kq7WzP3xVn9T"));
        // However it is written on either side.
        assert!(gives(
            Field::DISPLAY_NAME,
            "regen\u{200b}bogen",
            "regenbogen"
        ));
        assert!(gives(Field::DISPLAY_NAME, "regenbogen", "\"regenbogen\""));
        assert!(gives(Field::DISPLAY_NAME, "K\u{fc}chen", "Ku\u{308}chen"));
        assert!(!gives(Field::DISPLAY_NAME, "Ma", "'ma'"));
    }

    #[test]
    fn a_cell_gives_the_secret_of_its_row_away_but_not_the_number_that_is_its_pin() {
        let (name, mobile, number) = (Field::DISPLAY_NAME, Field::MOBILE, Field::NUMBER);
        for (field, text, secret, shows) in [
            (Some(name), "Miller kq7WzP3xVn9T", "Kq7WzP3xVn9T", true),
            (Some(name), "Sonne", "sonne", true),
            (Some(name), "Sonne Berg", "sonne", false),
            (Some(name), "4711", "4711", true),
            (Some(name), "2001", "2001", false),
            (Some(number), "4711abcd", "4711abcd", true),
            (Some(number), "4711", "4711", false),
            (Some(mobile), "0815", "0815", false),
            (Some(mobile), "0815ab", "0815ab", true),
            (Some(Field::VOICEMAIL), "ja", "ja", false),
            (None, "4711", "4711", true),
            // However it is written on either side.
            (Some(name), "sonnenblume", "=\"sonnenblume\"", true),
            (Some(name), "Sonnen\u{ad}blume", "'sonnenblume", true),
            (Some(name), "son\u{200b}ne", "sonne", true),
            (Some(name), "\u{feff}sonne\u{a0}", "„sonne“", true),
            (Some(name), "K\u{fc}che", "Ku\u{308}che", true),
            (
                Some(name),
                "Ko\u{30c}\u{10d}ka",
                "Ko\u{30c}c\u{30c}ka",
                true,
            ),
            (Some(name), "ｓｏｎｎｅ", "sonne", true),
            (Some(mobile), "+0815", "0815", false),
            (Some(name), "=\"2001\"", "2001", false),
            (Some(name), "Sonne Berg", "'sonne", false),
            (Some(name), "Anna", "a-n", false),
            (Some(name), "", "\"\"", false),
            (Some(name), "(-)", "--- -", false),
        ] {
            let is_shown = SoughtSecret::new(secret).is_in("2001", field, text);
            assert_eq!(is_shown, shows, "{text} {secret}");
        }
    }

    #[test]
    fn a_secret_is_never_shown_and_hidden_characters_always() {
        assert_eq!(shown(Field::VOICEMAIL_PIN, "083914"), NOT_SHOWN);
        assert_eq!(shown(Field::NUMBER, "20\u{200b}02\n"), "\"20\\u{200b}02↵\"");
        assert_eq!(quoted(&"x".repeat(61)), format!("\"{}…\"", "x".repeat(60)));
        let address = "=\"https://me:canary@files.example.com/a.wav\"";
        assert!(!quoted(address).contains("canary"), "{}", quoted(address));
    }

    #[test]
    fn words_that_hold_a_piece_of_a_secret_in_any_writing_are_known() {
        const SECRET: &str = "Canary7731+pw";
        for words in [
            "no Canary7731+pw",
            "NO CANARY7731+PW",
            "it is anary77",
            "no Canary7731%2Bpw",
            "%43%61%6E%61%72%79",
            "no \\u0043\\u0061\\u006e\\u0061ry",
            "no &#67;&#x61;&#110;ary7731",
            "auth Q2FuYXJ5NzczMStwdw==",
            "auth xxQ2FuYXJ5Nzcz",
            "YXBpOkNhbmFyeTc3MzErcHc=",
            "43616e617279373733312b7077",
            "43 61 6E 61 72 79",
            "0:43:61:6e:61:72",
            "\\x43\\x61\\x6e\\x61",
            "\\\\u0043\\\\u0061\\\\u006e\\\\u0061",
            "C a n a r y",
            "c-a-n-a-r-y",
            "C\u{200b}a\u{200b}n\u{200b}a",
            "Q2Fu YXJ5 Nzcz",
            "auth q2fuyxj5nzczmstwdw==",
            "auth yxbpoknhbmfyetc3mzerchc=",
            "auth ehl6q2fuyxj5",
            "\\u{43}\\u{61}\\u{6e}\\u{61}",
        ] {
            assert!(repeats(words, SECRET), "{words}");
        }
        for words in [
            "extension 2001 exists already",
            "the password is too weak",
            "internal error 500",
            "",
        ] {
            assert!(!repeats(words, SECRET), "{words}");
        }
        assert!(repeats("pin 12 is wrong", "12"));
        assert!(!repeats("anything", ""));
    }

    #[test]
    fn a_secret_of_few_letters_is_found_as_a_whole() {
        for (words, secret) in [
            ("no 12", "12"),
            ("no %31%32", "12"),
            ("no c3bcc39f", "üß"),
            ("no w7zdnw==", "üß"),
        ] {
            assert!(repeats(words, secret), "{words}");
        }
        assert!(!repeats("no 1 2", "12"));
    }

    #[test]
    fn a_typed_target_shows_no_password() {
        for (typed, expected) in [
            (
                "http://api:canary@10.0.0.1",
                "http://api:(not shown)@10.0.0.1",
            ),
            (
                "openvox+https://a:c@n/a:r@y@pbx/x",
                "openvox+https://a:(not shown)@pbx/x",
            ),
            ("api:canary@10.0.0.1", "api:(not shown)@10.0.0.1"),
            ("http:/api:canary@h", "http:(not shown)@h"),
            (
                "http://10.0.0.1/?password=canary",
                "http://10.0.0.1/?(not shown)",
            ),
            ("sim:openvox?password=canary", "sim:openvox?(not shown)"),
        ] {
            assert_eq!(target(typed), expected);
        }
        for typed in [
            "hq",
            "sim:openvox",
            "http://10.0.0.1:8088/x",
            "http://me@host",
        ] {
            assert_eq!(target(typed), typed);
        }
        assert_eq!(
            message("of \"http://a:b@c\", http://d:e@f: no\nhttp://g/h ann@example.com"),
            "of \"http://a:(not shown)@c\", http://d:(not shown)@f: no\nhttp://g/h ann@example.com"
        );
        for (typed, expected) in [
            ("no api:b@c: x", "no api:(not shown)@c: x"),
            (
                "\"sim:openvox?password=b\";",
                "\"sim:openvox?(not shown)\";",
            ),
            ("openvox?password=b", "openvox?(not shown)"),
            ("http://c/?token=b: no", "http://c/?(not shown) no"),
        ] {
            assert_eq!(message(typed), expected);
        }
        for harmless in [
            "is sip:2001@pbx meant? a=b",
            "in.csv:2: ann@example.com",
            "staff-?.csv: no such file",
            "answer with --map 'Login?=number'",
            "or --map 'Passwort?neu=sip_password'",
            "or --map 'Passwort?=-'",
        ] {
            assert_eq!(message(harmless), harmless);
        }
    }

    #[test]
    fn nothing_steers_a_terminal() {
        let text = "a\u{1b}[2J\u{9b}31m\u{202e}b\r\u{7}\tc\nd";
        let shown = harmless(text);
        assert_eq!(shown, "a\\u{1b}[2J\\u{9b}31m\\u{202e}b\\u{d}\\u{7}\tc\nd");
        assert_eq!(harmless("Grüße, 日本 \u{1f600}"), "Grüße, 日本 \u{1f600}");
    }

    #[test]
    fn an_address_with_a_password_is_a_secret() {
        let greeting = Field::VOICEMAIL_GREETING;
        for text in ["https://me:pw@example.com/a.wav", "ftp://a:b@c"] {
            assert_eq!(shown(greeting, text), NOT_SHOWN);
        }
        for text in [
            "https://example.com/a.wav",
            "https://me@example.com/a:b@c",
            "a.wav",
        ] {
            assert!(!greeting.hides(text), "{text}");
        }
        assert!(!Field::DESCRIPTION.hides("https://me:pw@example.com"));
    }
}
