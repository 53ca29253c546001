//! The encoding of a text, concluded from its bytes and never assumed: where two readings differ and nothing decides
//! between them, the file is refused. The only module that knows `chardetng`.

use crate::sheet::encoding::Encoding;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::source::Source;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::collections::HashSet;
use std::sync::Arc;

/// How many bytes are read at once.
pub(super) const CHUNK_BYTES: u64 = 256 << 10;
/// How much of the text that is not ASCII is looked at closely.
const EVIDENCE_BYTES_MAX: usize = 64 << 10;
/// The encodings of one byte a character that are found out.
const SINGLE_BYTE: [Encoding; 4] = [
    Encoding::WINDOWS_1252,
    Encoding::WINDOWS_1250,
    Encoding::WINDOWS_1251,
    Encoding::MAC_ROMAN,
];

/// The encoding of a source and what it was concluded from, in words. `asked` is believed where no byte-order mark says
/// otherwise.
pub(crate) fn detect(
    source: &Source,
    asked: Option<Encoding>,
) -> Result<(Encoding, String), SheetError> {
    let head = source.head(EVIDENCE_BYTES_MAX as u64)?;
    let marked = marked(&source.name, &head)?;
    Ok(match (marked, asked) {
        (Some(marked), Some(asked)) if !agree(marked, asked) => {
            let reason = format!(
                "begins with the mark of {}, but --encoding says {}. Leave out --encoding",
                marked.name(),
                asked.name()
            );
            return Err(refused(&source.name, reason));
        }
        (Some(marked), _) => (marked, "byte-order mark".to_owned()),
        (None, Some(asked)) => (asked, "as told".to_owned()),
        (None, None) => match utf16_without_mark(&head) {
            Some(encoding) => (encoding, "by its zero bytes".to_owned()),
            None if is_utf8(source)? => (Encoding::UTF_8, String::new()),
            None => {
                let survey = Survey::of(source)?;
                (survey.encoding(&source.name)?, survey.evidence())
            }
        },
    })
}

fn refused(file: &Arc<str>, reason: String) -> SheetError {
    SheetErrorKind::Encoding(reason).in_file(file)
}

/// What a byte-order mark says.
pub(crate) fn marked(file: &Arc<str>, head: &[u8]) -> Result<Option<Encoding>, SheetError> {
    match head {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            let reason =
                "is written in UTF-32, which is not read. Save it as UTF-8 (in Excel: “CSV UTF-8”)";
            Err(refused(file, reason.to_owned()))
        }
        [0xFF, 0xFE, ..] => Ok(Some(Encoding::UTF_16LE)),
        [0xFE, 0xFF, ..] => Ok(Some(Encoding::UTF_16BE)),
        [0xEF, 0xBB, 0xBF, ..] => Ok(Some(Encoding::UTF_8)),
        _ => Ok(None),
    }
}

/// Whoever says UTF-16 may not know which of the two it is; the mark does.
fn agree(marked: Encoding, asked: Encoding) -> bool {
    marked == asked || (marked == Encoding::UTF_16BE && asked == Encoding::UTF_16LE)
}

/// UTF-16 without a mark: in one order of the bytes nearly all characters belong to the alphabets of Europe and its
/// neighbours, in the other hardly one does.
pub(super) fn utf16_without_mark(head: &[u8]) -> Option<Encoding> {
    let is_usual = |unit: &u16| matches!(unit, 9..=0x5FF | 0x2000..=0x22FF | 0xFEFF);
    let (units, _) = head.as_chunks::<2>();
    // Delimiters and line breaks have a zero byte; without one, many blanks would look like UTF-16 too.
    if units.len() < 2 || !head.contains(&0) {
        return None;
    }
    let usual = |read: fn([u8; 2]) -> u16| {
        let usual = units.iter().map(|unit| read(*unit)).filter(is_usual);
        usual.count() * 100 / units.len()
    };
    match (usual(u16::from_le_bytes), usual(u16::from_be_bytes)) {
        (95.., ..50) => Some(Encoding::UTF_16LE),
        (..50, 95..) => Some(Encoding::UTF_16BE),
        _ => None,
    }
}

/// Whether the whole is UTF-8. It is looked at in parts at the same time, which a million rows hardly notice.
pub(super) fn is_utf8(source: &Source) -> Result<bool, SheetError> {
    let bytes = source.bytes();
    let parts = (bytes / CHUNK_BYTES).clamp(1, rayon::current_num_threads() as u64);
    let starts: Result<Vec<u64>, SheetError> = (0..parts)
        .map(|part| begins_character(source, bytes / parts * part))
        .collect();
    let starts = starts?;
    let ends = starts.iter().skip(1).copied().chain([bytes]);
    let parts: Vec<(u64, u64)> = starts.iter().copied().zip(ends).collect();
    let are_utf8: Result<Vec<bool>, SheetError> = parts
        .into_par_iter()
        .map(|(start, end)| is_utf8_between(source, start, end))
        .collect();
    source.unchanged()?;
    Ok(are_utf8?.into_iter().all(|is_utf8| is_utf8))
}

/// Where in UTF-8 the first character at or behind a place begins: at most three bytes belong to the one before.
fn begins_character(source: &Source, at: u64) -> Result<u64, SheetError> {
    let mut next = [0; 3];
    let read = if at == 0 {
        0
    } else {
        source.read_at(&mut next, at)?
    };
    let next = next.iter().take(read);
    let goes_on = |byte: &&u8| **byte & 0xC0 == 0x80;
    Ok(at + next.take_while(goes_on).count() as u64)
}

fn is_utf8_between(source: &Source, mut start: u64, end: u64) -> Result<bool, SheetError> {
    let mut buffer = vec![0; CHUNK_BYTES as usize];
    while start < end {
        let wanted = buffer.len().min((end - start) as usize);
        let Some(room) = buffer.get_mut(..wanted) else {
            break;
        };
        let read = source.read_at(room, start)?;
        let text = buffer.get(..read).unwrap_or_default();
        let ended = read < wanted || start + read as u64 == end;
        start += match simdutf8::compat::from_utf8(text) {
            Ok(_) => read as u64,
            Err(error) if error.error_len().is_none() && !ended && error.valid_up_to() > 0 => {
                error.valid_up_to() as u64
            }
            Err(_) => return Ok(false),
        };
        if ended {
            break;
        }
    }
    Ok(true)
}

/// Whether there is nothing beyond ASCII.
pub(crate) fn is_ascii(source: &Source) -> Result<bool, SheetError> {
    let mut pass = source.pass(0);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let ended = pass.fill(&mut buffer, CHUNK_BYTES)?;
        if ended || !buffer.is_ascii() {
            return Ok(buffer.is_ascii());
        }
    }
}

/// What there is beyond ASCII in a text that is not UTF-8 throughout.
struct Survey {
    /// Characters that are UTF-8, and bytes that are not.
    multibyte: u64,
    broken: u64,
    /// Bytes that are not ASCII.
    beyond: u64,
    /// The line of the first byte that is no UTF-8.
    first_line: u64,
    /// Which bytes there are.
    bytes: [bool; 256],
    /// The different words that hold something beyond ASCII.
    words: Vec<Vec<u8>>,
}

impl Survey {
    fn of(source: &Source) -> Result<Survey, SheetError> {
        let mut survey = Survey {
            multibyte: 0,
            broken: 0,
            beyond: 0,
            first_line: 0,
            bytes: [false; 256],
            words: Vec::new(),
        };
        let mut known = HashSet::new();
        let (mut room, mut line) = (EVIDENCE_BYTES_MAX, 1);
        let mut pass = source.pass(0);
        let mut buffer = Vec::new();
        loop {
            let ended = pass.fill(&mut buffer, CHUNK_BYTES)?;
            // A word is looked at whole, where it is one.
            let whole = buffer.iter().rposition(|byte| !is_of_word(*byte));
            let end = match whole {
                Some(at) if !ended => at + 1,
                _ => buffer.len(),
            };
            let text = buffer.get(..end).unwrap_or_default();
            survey.count(text, &mut line);
            for word in text.split(|byte| !is_of_word(*byte)) {
                if !word.is_ascii() && word.len() <= room && !known.contains(word) {
                    room -= word.len();
                    known.insert(word.to_vec());
                    survey.words.push(word.to_vec());
                }
            }
            buffer.drain(..end);
            if ended {
                return Ok(survey);
            }
        }
    }

    fn count(&mut self, text: &[u8], line: &mut u64) {
        for chunk in text.utf8_chunks() {
            let valid = chunk.valid();
            self.multibyte += valid.chars().filter(|c| !c.is_ascii()).count() as u64;
            *line += valid.bytes().filter(|byte| *byte == b'\n').count() as u64;
            if !chunk.invalid().is_empty() {
                self.broken += chunk.invalid().len() as u64;
                if self.first_line == 0 {
                    self.first_line = *line;
                }
            }
        }
        for byte in text {
            self.beyond += u64::from(!byte.is_ascii());
            self.bytes[usize::from(*byte)] = true;
        }
    }

    fn evidence(&self) -> String {
        format!(
            "{} characters beyond ASCII, the first on line {}",
            self.beyond, self.first_line
        )
    }

    fn encoding(&self, file: &Arc<str>) -> Result<Encoding, SheetError> {
        let cannot = |why: String| {
            refused(
                file,
                format!(
                    "cannot tell what the text is written in: {why}. Say it with --encoding, for example --encoding windows-1252, or save the file as UTF-8 (in Excel: “CSV UTF-8”)"
                ),
            )
        };
        // By chance alone, text of another encoding is hardly ever UTF-8.
        if self.multibyte > self.broken {
            return Ok(Encoding::UTF_8);
        }
        if self.multibyte * 10 > self.broken {
            return Err(cannot(format!(
                "{} characters are UTF-8 and {} bytes are not, the first on line {}",
                self.multibyte, self.broken, self.first_line
            )));
        }
        let fitting: Vec<Encoding> = SINGLE_BYTE
            .into_iter()
            .filter(|encoding| self.fits(*encoding))
            .collect();
        let where_ = format!(
            "the first character beyond ASCII is on line {}",
            self.first_line
        );
        let guess = self.guess();
        match fitting.as_slice() {
            [] if self.fits(guess) => Err(cannot(format!("it may be {}; {where_}", guess.name()))),
            [] => Err(cannot(format!("no encoding makes words of it; {where_}"))),
            [first, others @ ..] => {
                let same = |a: Encoding, b: Encoding| self.words_in(a) == self.words_in(b);
                let mac = fitting
                    .iter()
                    .find(|encoding| **encoding == Encoding::MAC_ROMAN);
                // A few letters may be Cyrillic and Polish alike, and `Garc’a` is a Mac's `García`.
                let enough = |encoding: &&Encoding| {
                    mac.is_none_or(|mac| same(*mac, **encoding))
                        && (**encoding != Encoding::WINDOWS_1251
                            || (fitting.len() > 1 && same(**encoding, *first))
                            || (fitting.len() == 1 && self.broken >= 8))
                };
                let found = fitting.iter().find(|encoding| same(**encoding, guess));
                if let Some(found) = found.filter(enough) {
                    return Ok(*found);
                }
                let alone = others.iter().all(|other| same(*first, *other));
                if alone && enough(&first) && !self.fits(guess) {
                    return Ok(*first);
                }
                let mut names: Vec<&str> = fitting.iter().map(|encoding| encoding.name()).collect();
                if !names.contains(&guess.name()) {
                    names.push(guess.name());
                }
                Err(cannot(format!(
                    "it may be {}; {where_}",
                    names.join(" or ")
                )))
            }
        }
    }

    fn words_in(&self, encoding: Encoding) -> Vec<String> {
        self.words.iter().map(|word| encoding.text(word)).collect()
    }

    /// What a detector made for web pages takes it for.
    fn guess(&self) -> Encoding {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(&self.words.join(&b' '), true);
        Encoding::from_web(detector.guess(None, Utf8Detection::Deny))
    }

    /// Whether an encoding has all the bytes, and makes words of nearly all words.
    fn fits(&self, encoding: Encoding) -> bool {
        let undefined = |byte: u8| encoding.text(&[byte]).chars().all(char::is_control);
        let single = encoding.is_single_byte();
        if single && (0x80..=0xFF).any(|byte| self.bytes[usize::from(byte)] && undefined(byte)) {
            return false;
        }
        let words = self.words_in(encoding);
        let odd = words.iter().filter(|word| !looks_like_a_word(word)).count();
        odd * 50 <= words.len()
    }
}

/// Bytes that stand in words: also those that may be letters.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'\''
}

/// Whether a text could be a word as people write it: not `M¸ller`, `MŸller`, `Mьller` or `Èâàíîâ`.
fn looks_like_a_word(word: &str) -> bool {
    /// Letters by name that no word holds.
    const ODD_LETTERS: [char; 6] = ['ƒ', 'ª', 'º', 'µ', 'ı', 'ˆ'];
    let letters: Vec<char> = word.chars().collect();
    let is_letter = |c: &char| c.is_alphabetic() && !ODD_LETTERS.contains(c) && !is_ligature(*c);
    let is_latin = |c: &char| is_letter(c) && *c < '\u{250}';
    let is_other = |c: &char| is_letter(c) && *c >= '\u{250}';
    if letters
        .iter()
        .any(|c| c.is_control() || *c == char::REPLACEMENT_CHARACTER)
    {
        return false;
    }
    if letters.iter().any(is_latin) && letters.iter().any(is_other) {
        return false;
    }
    let mut run = 0;
    for (at, c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let before = before.filter(|c| is_letter(c));
        let after = letters.get(at + 1).filter(|c| is_letter(c));
        let beyond = !c.is_ascii();
        run = if beyond && is_latin(c) { run + 1 } else { 0 };
        if run > 4 {
            return false;
        }
        if !beyond || is_letter(c) {
            let rises = before.is_some_and(|before| {
                before.is_lowercase() && c.is_uppercase() && (beyond || !before.is_ascii())
            });
            let stands_out = beyond
                && c.is_uppercase()
                && before.is_some_and(|c| c.is_uppercase())
                && after.is_some_and(|c| c.is_lowercase());
            if rises || stands_out {
                return false;
            }
            continue;
        }
        let fine = match (before, after) {
            (None, None) => true,
            (Some(_), Some(_)) => matches!(c, '’' | '´' | '·' | '\u{a0}' | '®' | '\u{ad}'),
            (None, Some(_)) => matches!(
                c,
                '“' | '”'
                    | '„'
                    | '‘'
                    | '’'
                    | '‚'
                    | '«'
                    | '»'
                    | '¿'
                    | '¡'
                    | '–'
                    | '—'
                    | '\u{a0}'
                    | '•'
                    | '©'
            ),
            (Some(_), None) => matches!(
                c,
                '“' | '”'
                    | '„'
                    | '‘'
                    | '’'
                    | '«'
                    | '»'
                    | '…'
                    | '–'
                    | '—'
                    | '\u{a0}'
                    | '®'
                    | '™'
                    | '°'
                    | 'º'
                    | 'ª'
            ),
        };
        if !fine {
            return false;
        }
    }
    true
}

fn is_ligature(c: char) -> bool {
    ('\u{fb00}'..='\u{fb4f}').contains(&c)
}
