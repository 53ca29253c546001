//! The table of texts, and the way from a message to its translation.

use super::part::{MASK, TextPart, masked};
use super::pattern::{PlaceKind, TextPattern, words};
use crate::model::redact::NOT_SHOWN;
use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// A longer line is no message.
const LINE_BYTES_MAX: usize = 4000;

/// The mark between a message and the next step.
const NEXT_STEP: &str = " — ";

/// The most ways in which a text is read by one template.
const READINGS_MAX: usize = 64;

/// Words of which less than one in so many bytes is understood are a library's.
const OWN_PART: usize = 2;

/// The number of commas that one part of a list may contain.
const COMMAS_MAX: usize = 2;

/// A template with so many bytes of its own is not taken for a value in a list, even if it is one word.
const TELLING_BYTES: usize = 8;

/// The months whose short names differ.
const MONTHS: [(&str, &str); 4] = [
    (" Mar", " März"),
    (" May", " Mai"),
    (" Oct", " Okt"),
    (" Dec", " Dez"),
];

/// A number with a decimal comma.
pub(super) fn german_number(text: &str) -> String {
    let is_of_number = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    match text.bytes().all(is_of_number) {
        true => text.replace('.', ","),
        false => text.to_owned(),
    }
}

/// A value with German quotes in the place of English ones. Straight ones stay where something in them is escaped, and
/// in a notation such as JSON.
pub(super) fn german_quotes(value: TextPart<'_>) -> String {
    let masks = value.masked.as_bytes();
    let is_notation = value.masked.contains(['{', '[', '=']);
    let encloses = |at: usize, close: char| {
        let inner = masks.iter().skip(at);
        let length = inner.take_while(|byte| **byte == MASK).count();
        let inner = value.text.get(at..at + length).unwrap_or_default();
        let rest = value.masked.get(at + length..).unwrap_or_default();
        let is_plain = close != '"' || !(is_notation || inner.contains('\\'));
        // Signs side by side enclose nothing.
        is_plain && rest.starts_with(close) && !inner.trim().is_empty()
    };
    let mut close = None;
    let chars = value.text.char_indices().map(|(at, c)| {
        let opened = match c {
            _ if masks.get(at) == Some(&MASK) => return c,
            _ if close == Some(c) => {
                close = None;
                return '“';
            }
            '“' if encloses(at + c.len_utf8(), '”') => '”',
            '"' if encloses(at + c.len_utf8(), '"') => '"',
            _ => return c,
        };
        close.get_or_insert(opened);
        '„'
    });
    chars.collect()
}

/// A day and its month, as German has them: `29. Nov 15:54`.
fn german_date(text: &str) -> String {
    let day = text.split(' ').next().unwrap_or_default();
    if !day.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    let dated = text.replacen(' ', ". ", 1);
    MONTHS
        .iter()
        .fold(dated, |text, (from, to)| text.replacen(from, to, 1))
}

/// SourceTexts of one language, with their translations.
pub(super) struct TextTable {
    entries: Vec<TextPair>,
    /// SourceTexts without places.
    whole: HashMap<String, usize>,
    /// Templates by that word of their own which the fewest others have.
    by_word: HashMap<String, Vec<usize>>,
    /// Templates without a word of their own.
    wordless: Vec<usize>,
}

struct TextPair {
    from: TextPattern,
    to: TextPattern,
    is_sentence: bool,
}

/// A translated text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TranslatedText {
    text: String,
    /// The number of bytes that were understood: they stand in the table.
    known: usize,
}

/// The worth of a template for a text: the bytes that are understood, those of its own, its blank values.
type Worth = (usize, usize, Reverse<usize>);

/// The parts of one message that were looked up.
type FoundTexts<'t> = RefCell<HashMap<TextPart<'t>, Option<TranslatedText>>>;

impl TextTable {
    /// Reads files of texts; a file that cannot be read is left out, which a test finds.
    pub(super) fn new<'t>(files: impl Iterator<Item = &'t str>) -> TextTable {
        let mut table = TextTable {
            entries: vec![],
            whole: HashMap::new(),
            by_word: HashMap::new(),
            wordless: vec![],
        };
        for file in files {
            let texts: BTreeMap<String, String> = toml::from_str(file).unwrap_or_default();
            for (from, to) in &texts {
                let (from, to) = (TextPattern::new(from), TextPattern::new(to));
                let is_sentence = from.is_sentence();
                table.entries.push(TextPair {
                    from,
                    to,
                    is_sentence,
                });
            }
        }
        table.index();
        table
    }

    fn index(&mut self) {
        let mut usual: HashMap<&str, usize> = HashMap::new();
        for word in self.entries.iter().flat_map(|entry| entry.from.words()) {
            *usual.entry(word).or_default() += 1;
        }
        for (at, entry) in self.entries.iter().enumerate() {
            let rarest = entry.from.words().min_by_key(|word| usual.get(word));
            match rarest {
                _ if entry.from.places().is_empty() => {
                    self.whole.insert(entry.from.ends().0.to_owned(), at);
                }
                Some(word) => self.by_word.entry(word.to_owned()).or_default().push(at),
                None => self.wordless.push(at),
            }
        }
    }

    /// Translates a text, line by line where it is not known as a whole; what is not known stays as it is, and so do
    /// quoted values and the texts that are `kept`.
    pub(super) fn translate<'t>(&self, text: &'t str, kept: &[String]) -> Cow<'t, str> {
        if let Some(entry) = self.whole.get(text).and_then(|at| self.entries.get(*at)) {
            return Cow::Owned(entry.to.ends().0.to_owned());
        }
        let masked = masked(text, kept);
        let all = TextPart::new(text, &masked);
        if text.contains('\n') {
            let several = self.candidates(all).filter(|entry| entry.from.has_lines());
            if let Some(translation) = self.of_template(all, several, &FoundTexts::default()) {
                return Cow::Owned(translation.text);
            }
        }
        let mut lines = vec![];
        let mut start = 0;
        for line in all.split("\n") {
            let end = start + line.text.len();
            let found = FoundTexts::default();
            let alone = self.translation(line, &found);
            // Some texts begin a line.
            let begun = start.checked_sub(1).and_then(|start| all.slice(start, end));
            let begun = begun.and_then(|begun| self.translation(begun, &found));
            let begun = begun.and_then(|begun| {
                let text = begun.text.strip_prefix('\n')?.to_owned();
                Some(TranslatedText { text, ..begun })
            });
            let best = alone.into_iter().chain(begun).max_by_key(|one| one.known);
            lines.push(best.map_or_else(|| line.text.to_owned(), |best| best.text));
            start = end + 1;
        }
        Cow::Owned(lines.join("\n"))
    }

    /// Translates a line, or a part of one, in the way by which most of it is understood.
    fn translation<'t>(
        &self,
        part: TextPart<'t>,
        found: &FoundTexts<'t>,
    ) -> Option<TranslatedText> {
        if part.text.is_empty() || part.text.len() > LINE_BYTES_MAX || part.is_value() {
            return None;
        }
        if let Some(known) = found.borrow().get(&part) {
            return known.clone();
        }
        let translation = self.whole(part.text).or_else(|| {
            if part.masked.contains(NEXT_STEP) {
                return self.of_message_and_hint(part, found);
            }
            let ways = [
                self.of_template(part, self.candidates(part), found),
                self.of_brackets(part, found),
                self.of_count(part),
                self.of_list(part, ", ", true, found),
                self.of_end(part, true, found),
            ];
            let ways = ways.into_iter().flatten();
            // The first of those that understand the same.
            ways.rev().max_by_key(|way| way.known)
        });
        found.borrow_mut().insert(part, translation.clone());
        translation
    }

    /// The translation, or the text itself.
    fn or_same<'t>(&self, part: TextPart<'t>, found: &FoundTexts<'t>) -> TranslatedText {
        let same = || TranslatedText {
            text: self.value(part),
            known: 0,
        };
        self.translation(part, found).unwrap_or_else(same)
    }

    /// A value in German quotes, also where it is not shown.
    fn value(&self, value: TextPart<'_>) -> String {
        let text = german_quotes(value);
        let not_shown = value
            .masked
            .contains(NOT_SHOWN)
            .then(|| self.whole(NOT_SHOWN));
        match not_shown.flatten() {
            Some(words) => text.replace(NOT_SHOWN, &words.text),
            None => text,
        }
    }

    fn whole(&self, text: &str) -> Option<TranslatedText> {
        let entry = self.entries.get(*self.whole.get(text)?)?;
        Some(TranslatedText {
            text: entry.to.ends().0.to_owned(),
            known: text.len(),
        })
    }

    /// The templates that a text may have been made from, by its words.
    fn candidates(&self, part: TextPart<'_>) -> impl Iterator<Item = &TextPair> {
        let by_word = words(part.text).filter_map(|word| self.by_word.get(word));
        let mut found: Vec<usize> = by_word.flatten().chain(&self.wordless).copied().collect();
        found.sort_unstable();
        found.dedup();
        found.into_iter().filter_map(|at| self.entries.get(at))
    }

    /// Translates by the template that explains most of the text; not where two are as good and differ.
    fn of_template<'t, 's>(
        &self,
        part: TextPart<'t>,
        candidates: impl Iterator<Item = &'s TextPair>,
        found: &FoundTexts<'t>,
    ) -> Option<TranslatedText> {
        let mut best: Option<(Worth, Option<TranslatedText>)> = None;
        let readings = candidates.flat_map(|entry| {
            let most = if entry.to.has_texts() {
                READINGS_MAX
            } else {
                1
            };
            let readings = entry.from.readings(part, most).into_iter();
            readings.map(move |values| (entry, values))
        });
        for (entry, values) in readings {
            if !entry.to.takes(&values, entry.from.places()) {
                continue;
            }
            let mut known = entry.from.fixed_chars();
            let filled = entry
                .to
                .filled(entry.from.places(), &values, |kind, value| {
                    let translation = match kind {
                        // A text may have followed it.
                        PlaceKind::Value if entry.from.is_vague() => {
                            self.of_end(value, false, found)
                        }
                        PlaceKind::Value if value.text == NOT_SHOWN => {
                            self.translation(value, found)
                        }
                        PlaceKind::Value => return self.value(value),
                        PlaceKind::Joined => Some(self.joined(value)),
                        PlaceKind::Number => return german_number(value.text),
                        PlaceKind::Date => return german_date(value.text),
                        PlaceKind::Text => self.translation(value, found),
                        PlaceKind::Foreign => self
                            .translation(value, found)
                            .filter(|candidate| candidate.known * OWN_PART >= value.text.len()),
                        PlaceKind::List => {
                            let is_several = value.masked.contains("; ");
                            let between = if is_several { "; " } else { ", " };
                            self.of_list(value, between, false, found)
                        }
                    };
                    known += translation.as_ref().map_or(0, |part| part.known);
                    translation.map_or_else(|| self.value(value), |part| part.text)
                });
            // A word or two between values are between other things too.
            let is_bare = entry.from.ends() == ("", "") && !entry.to.has_texts();
            let has_several = values.iter().any(|value| value.masked.contains(' '));
            if is_bare && !entry.is_sentence && has_several {
                continue;
            }
            // A few marks between texts are between other things too.
            if !entry.is_sentence && entry.to.has_texts() && known == entry.from.fixed_chars() {
                continue;
            }
            let blanks = values.iter().filter(|value| value.text.is_empty()).count();
            let worth = (known, entry.from.fixed_chars(), Reverse(blanks));
            let filled = TranslatedText {
                text: filled,
                known,
            };
            best = match best {
                Some((other, same)) if other == worth => {
                    Some((other, same.filter(|same| *same == filled)))
                }
                Some((other, same)) if other > worth => Some((other, same)),
                _ => Some((worth, Some(filled))),
            };
        }
        best?.1
    }

    /// Translates the words between values, and the names of signs. A list of signs is understood as a whole: what looks
    /// like punctuation in it separates nothing.
    fn joined(&self, part: TextPart<'_>) -> TranslatedText {
        // Among signs there are quotes, which enclose nothing.
        let is_sign = |word: &str| word == "space" || word.chars().count() == 1;
        let (part, known) = match part.text.split(' ').all(is_sign) {
            true => (TextPart::new(part.text, part.text), part.text.len()),
            false => (part, 0),
        };
        let words = part.split(" ").into_iter().map(|word| {
            let known = match word.masked {
                "or" => self.whole(" or "),
                "and" => self.whole(" and "),
                "space" => self.whole("space"),
                _ => None,
            };
            let known = known.map(|known| known.text.trim().to_owned());
            known.unwrap_or_else(|| self.value(word))
        });
        TranslatedText {
            text: words.collect::<Vec<_>>().join(" "),
            known,
        }
    }

    /// Translates a message and its next step.
    fn of_message_and_hint<'t>(
        &self,
        part: TextPart<'t>,
        found: &FoundTexts<'t>,
    ) -> Option<TranslatedText> {
        let at = part.masked.find(NEXT_STEP)?;
        let hint = part.slice(at + NEXT_STEP.len(), part.text.len())?;
        let message = self.or_same(part.slice(0, at)?, found);
        let hint = self.or_same(hint, found);
        (message.known + hint.known > 0).then(|| TranslatedText {
            text: format!("{}{NEXT_STEP}{}", message.text, hint.text),
            known: message.known + hint.known + NEXT_STEP.len(),
        })
    }

    /// Translates a remark in brackets, and what is before it.
    fn of_brackets<'t>(
        &self,
        part: TextPart<'t>,
        found: &FoundTexts<'t>,
    ) -> Option<TranslatedText> {
        let end = part.masked.strip_suffix(')')?.len();
        let at = part.masked.get(..end)?.find(" (")?;
        let remark = self.translation(part.slice(at + 2, end)?, found)?;
        let before = self.or_same(part.slice(0, at)?, found);
        Some(TranslatedText {
            text: format!("{} ({})", before.text, remark.text),
            known: before.known + remark.known + 3,
        })
    }

    /// Translates what is counted: `2 rows`.
    fn of_count(&self, part: TextPart<'_>) -> Option<TranslatedText> {
        let (count, noun) = part.text.split_once(' ')?;
        let is_count = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        let noun = self.whole(noun).filter(|_| is_count)?;
        Some(TranslatedText {
            text: format!("{count} {}", noun.text),
            known: part.text.len(),
        })
    }

    /// Translates the parts of a list, of which one may have the mark between them in itself; only sentences and counted
    /// things where it is not certain that it is a list of texts.
    fn of_list<'t>(
        &self,
        part: TextPart<'t>,
        between: &str,
        uncertain: bool,
        found: &FoundTexts<'t>,
    ) -> Option<TranslatedText> {
        let marks = part.masked.match_indices(between).map(|(at, _)| at);
        let ends: Vec<usize> = marks.chain([part.text.len()]).collect();
        if uncertain && ends.len() < 2 {
            return None;
        }
        let (mut parts, mut known, mut start, mut next) = (vec![], 0, 0, 0);
        while next < ends.len() {
            let longest = (next + COMMAS_MAX).min(ends.len() - 1);
            let mut tried = (next..=longest).rev().filter(|last| {
                // As a whole it is looked for elsewhere.
                !uncertain || start > 0 || *last + 1 < ends.len()
            });
            let one = tried.find_map(|last| {
                let one = part.slice(start, *ends.get(last)?)?;
                let is_text = !uncertain || (one.text.contains(' ') && self.is_text(one));
                let one = Some(one).filter(|_| is_text)?;
                Some((last, self.translation(one, found)?))
            });
            let (last, one) = one.unwrap_or_else(|| {
                let end = ends.get(next).copied().unwrap_or(part.text.len());
                let text = part.slice(start, end).map(|part| self.value(part));
                let text = text.unwrap_or_default();
                (next, TranslatedText { text, known: 0 })
            });
            known += one.known;
            parts.push(one.text);
            start = ends
                .get(last)
                .map_or(part.text.len(), |end| end + between.len());
            next = last + 1;
        }
        (known > 0).then(|| TranslatedText {
            text: parts.join(between),
            known,
        })
    }

    /// Returns true for a text that stands in the table by itself, or as a count.
    fn is_text(&self, part: TextPart<'_>) -> bool {
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_made = |entry: &TextPair| {
            let is_telling = entry.is_sentence || entry.from.fixed_chars() >= TELLING_BYTES;
            match entry.from.values(part).as_deref() {
                Some([count]) => is_telling || is_number(count.text),
                values => is_telling && values.is_some(),
            }
        };
        (!part.is_value() && self.whole.contains_key(part.text))
            || self.of_count(part).is_some()
            || self.candidates(part).any(is_made)
    }

    /// Translates a sentence behind something else: a place, a name, a value; or a list behind a place, where there may
    /// be one.
    fn of_end<'t>(
        &self,
        part: TextPart<'t>,
        may_be_list: bool,
        found: &FoundTexts<'t>,
    ) -> Option<TranslatedText> {
        let starts = part.masked.match_indices([' ', ',', ';']);
        let starts = starts.flat_map(|(at, mark)| match mark {
            " " => [at, at + 1],
            _ => [at, at],
        });
        let starts: Vec<usize> = starts.filter(|at| *at > 0).collect();
        let mut by_start: BTreeMap<usize, Vec<&TextPair>> = BTreeMap::new();
        for entry in self.candidates(part).filter(|entry| entry.is_sentence) {
            let (beginning, _) = entry.from.ends();
            if !beginning.is_empty() {
                for (at, _) in part.text.match_indices(beginning) {
                    by_start.entry(at).or_default().push(entry);
                }
            }
        }
        let ends = starts.iter().filter_map(|at| {
            let rest = part.slice(*at, part.text.len())?;
            if rest.is_value() {
                return None;
            }
            let before = part.slice(0, *at)?;
            let whole = self.whole.get(rest.text);
            let end = match whole.and_then(|at| self.entries.get(*at)) {
                Some(entry) => self.whole(rest.text).filter(|_| entry.is_sentence)?,
                None => {
                    let sentences = by_start.get(at).into_iter().flatten().copied();
                    let sentence = self.of_template(rest, sentences, found);
                    let is_behind_place = may_be_list && before.text.ends_with(": ");
                    let list = || self.of_list(rest, ", ", true, found);
                    let list = is_behind_place.then(list).flatten();
                    let count = is_behind_place.then(|| self.of_count(rest)).flatten();
                    let ends = sentence.into_iter().chain(list).chain(count);
                    ends.max_by_key(|end| end.known)?
                }
            };
            Some((*at, end))
        });
        // The longest of those that understand the same.
        let ends: Vec<(usize, TranslatedText)> = ends.collect();
        let (at, end) = ends.into_iter().rev().max_by_key(|(_, end)| end.known)?;
        let before = part.slice(0, at)?;
        // What follows a sentence begins with a mark; before a blank there is a value.
        let is_behind_sentence = part.text.get(at..)?.starts_with([';', ',']);
        let sentences = || self.candidates(before).filter(|entry| entry.is_sentence);
        let sentence = is_behind_sentence.then(|| self.of_template(before, sentences(), found));
        let before = sentence.flatten().unwrap_or_else(|| TranslatedText {
            text: self.value(before),
            known: 0,
        });
        Some(TranslatedText {
            text: before.text + &end.text,
            known: before.known + end.known,
        })
    }

    /// The texts with their translations.
    #[cfg(test)]
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&TextPattern, &TextPattern)> {
        self.entries.iter().map(|entry| (&entry.from, &entry.to))
    }
}
