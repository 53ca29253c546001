//! What a text is written in. The only module that knows `encoding_rs` and `chardetng`.
//!
//! UTF-8 is read where it lies. Everything else is first copied to disk as UTF-8, a chunk at a time, with the same line
//! breaks. What a text is written in is concluded from its bytes, never assumed: where two readings differ and nothing
//! decides between them, the file is refused.

use crate::sheet::SheetError;
use crate::sheet::source::{Pass, Source};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    DecoderResult, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

/// How many bytes are read at once.
const CHUNK_BYTES: u64 = 256 << 10;
/// How much of the text that is not ASCII is looked at closely.
const EVIDENCE_BYTES_MAX: usize = 64 << 10;
/// The encodings of one byte a character that are found out.
const SINGLE_BYTE: [Encoding; 4] = [
    Encoding(WINDOWS_1252),
    Encoding(WINDOWS_1250),
    Encoding(WINDOWS_1251),
    Encoding(MACINTOSH),
];

/// A way to write text as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Encoding = Encoding(UTF_8);

    /// The encoding that a name stands for: `utf-8`, `windows-1252`, `mac-roman`, and every name that web pages use;
    /// `None` where there is none.
    pub fn named(name: &str) -> Option<Encoding> {
        let name = name.trim().to_ascii_lowercase();
        let label = match name.as_str() {
            "mac-roman" | "macroman" | "mac roman" => "macintosh",
            "windows1250" => "windows-1250",
            "windows1251" => "windows-1251",
            "windows1252" => "windows-1252",
            "utf16" => "utf-16",
            "utf16le" => "utf-16le",
            "utf16be" => "utf-16be",
            name => name,
        };
        let encoding = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes())?;
        Some(Encoding(encoding))
    }

    /// Its name, as [`Encoding::named`] takes it.
    pub fn name(self) -> &'static str {
        match self.0.name() {
            "macintosh" => "Mac Roman",
            "windows-1250" => "Windows-1250",
            "windows-1251" => "Windows-1251",
            "windows-1252" => "Windows-1252",
            name => name,
        }
    }

    fn text(self, bytes: &[u8]) -> String {
        self.0.decode_without_bom_handling(bytes).0.into_owned()
    }

    /// A text as bytes; `None` where it has a character that the encoding has not.
    fn bytes(self, text: &str) -> Option<Cow<'_, [u8]>> {
        // encoding_rs writes no UTF-16, and gives UTF-8 where it is asked to.
        if self.0 == UTF_16LE {
            return Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        }
        if self.0 == UTF_16BE {
            return Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
        }
        let (bytes, _, lost) = self.0.encode(text);
        (!lost).then_some(bytes)
    }

    /// Whether it has all the characters of a text.
    pub(crate) fn has(self, text: &str) -> bool {
        self.bytes(text).is_some()
    }

    /// How many bytes each of those vendors that stand for nothing; `None` where that differs.
    fn unit_bytes(self) -> Option<u64> {
        match self.0 == UTF_16LE || self.0 == UTF_16BE {
            true => Some(2),
            false => self.0.is_single_byte().then_some(1),
        }
    }
}

/// Writes a text that was read as UTF-8 in what it was written in, a piece at a time. What stays as it is is held
/// against the original, byte for byte: the way there and back changes nothing, or the text is refused.
pub(crate) struct Again {
    encoding: Encoding,
    /// The original, from where the text stands; `None` where the text is the original.
    original: Option<Pass>,
    file: Arc<str>,
    /// The beginning of a character whose end comes with the next piece.
    begun: Vec<u8>,
    /// What stands in the original.
    there: Vec<u8>,
    /// What is to be written next.
    pub(crate) out: Vec<u8>,
}

impl Again {
    /// Begins at the beginning, with the original's byte-order mark where it has one.
    pub(crate) fn new(source: &Source) -> Result<Again, SheetError> {
        let mut again = Again {
            encoding: source.encoding,
            original: None,
            file: source.name.clone(),
            begun: Vec::new(),
            there: Vec::new(),
            out: Vec::new(),
        };
        if let Some(original) = &source.original {
            again.original = Some(original.pass(0));
            if marked(&original.name, &original.head(4)?)?.is_some() {
                again.original_bytes(2)?;
                again.out.extend_from_slice(&again.there);
            }
        }
        Ok(again)
    }

    /// What stays as it is.
    pub(crate) fn same(&mut self, text: &[u8]) -> Result<(), SheetError> {
        if self.original.is_none() {
            self.out.extend_from_slice(text);
            return Ok(());
        }
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.extend_from_slice(text);
        let mut rest = bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return self.same_text(text),
                Err(error) => {
                    let (valid, behind) = rest.split_at(error.valid_up_to());
                    self.same_text(&String::from_utf8_lossy(valid))?;
                    let Some(broken) = error.error_len() else {
                        self.begun = behind.to_vec();
                        return Ok(());
                    };
                    // Whatever did not decode is one byte that is no UTF-8.
                    for _ in 0..broken {
                        let unit = self.encoding.unit_bytes();
                        let unit = unit.ok_or_else(|| self.differs())?;
                        self.original_bytes(unit)?;
                        self.out.extend_from_slice(&self.there);
                    }
                    rest = behind.get(broken..).unwrap_or_default();
                }
            }
        }
    }

    /// What is put in place of what stood there.
    pub(crate) fn other(&mut self, before: &[u8], after: &str) -> Result<(), SheetError> {
        if self.original.is_none() {
            self.out.extend_from_slice(after.as_bytes());
            return Ok(());
        }
        let after = self.encoding.bytes(after).ok_or_else(|| self.differs())?;
        // It must be what it is taken for; then it goes.
        let kept = self.out.len();
        self.same(before)?;
        self.out.truncate(kept);
        self.out.extend_from_slice(&after);
        Ok(())
    }

    /// Refuses an original that has more than was written of it.
    pub(crate) fn finish(&mut self) -> Result<(), SheetError> {
        if self.original.is_some() {
            self.original_bytes(1)?;
            if !self.there.is_empty() || !self.begun.is_empty() {
                return Err(self.differs());
            }
        }
        Ok(())
    }

    fn same_text(&mut self, text: &str) -> Result<(), SheetError> {
        let encoding = self.encoding;
        let bytes = encoding.bytes(text).ok_or_else(|| self.differs())?;
        self.original_bytes(bytes.len() as u64)?;
        if *self.there != *bytes {
            return Err(self.differs());
        }
        self.out.extend_from_slice(&bytes);
        Ok(())
    }

    fn original_bytes(&mut self, count: u64) -> Result<(), SheetError> {
        self.there.clear();
        match &mut self.original {
            Some(original) if count > 0 => original.fill(&mut self.there, count).map(drop),
            _ => Ok(()),
        }
    }

    fn differs(&self) -> SheetError {
        SheetError::NotMended {
            file: self.file.clone(),
            what: format!(
                "written in {}, and not so that it could be written again the same",
                self.encoding.name()
            ),
            instead: "Save it as “CSV UTF-8”, or JSON in UTF-8, and mend that",
        }
    }
}

/// A source as UTF-8, and what it was written in, in words, where that was something else.
pub(crate) fn as_utf8(
    source: Source,
    asked: Option<Encoding>,
) -> Result<(Source, Option<String>), SheetError> {
    let head = source.head(EVIDENCE_BYTES_MAX as u64)?;
    let marked = marked(&source.name, &head)?;
    let (encoding, evidence) = match (marked, asked) {
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
            None if is_utf8(&source)? => return Ok((source, None)),
            None => {
                let survey = Survey::of(&source)?;
                (survey.encoding(&source.name)?, survey.evidence())
            }
        },
    };
    if encoding == Encoding::UTF_8 {
        return Ok((source, None));
    }
    let said = format!("{} ({evidence})", encoding.name());
    Ok((transcoded(&source, encoding)?, Some(said)))
}

fn refused(file: &Arc<str>, reason: String) -> SheetError {
    SheetError::Encoding {
        file: file.clone(),
        reason,
    }
}

/// What a byte-order mark says.
fn marked(file: &Arc<str>, head: &[u8]) -> Result<Option<Encoding>, SheetError> {
    match head {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            let reason =
                "is written in UTF-32, which is not read. Save it as UTF-8 (in Excel: “CSV UTF-8”)";
            Err(refused(file, reason.to_owned()))
        }
        [0xFF, 0xFE, ..] => Ok(Some(Encoding(UTF_16LE))),
        [0xFE, 0xFF, ..] => Ok(Some(Encoding(UTF_16BE))),
        [0xEF, 0xBB, 0xBF, ..] => Ok(Some(Encoding(UTF_8))),
        _ => Ok(None),
    }
}

/// Whoever says UTF-16 may not know which of the two it is; the mark does.
fn agree(marked: Encoding, asked: Encoding) -> bool {
    marked == asked || (marked.0 == UTF_16BE && asked.0 == UTF_16LE)
}

/// UTF-16 without a mark: in one order of the bytes nearly all characters belong to the alphabets of Europe and its
/// neighbours, in the other hardly one does.
fn utf16_without_mark(head: &[u8]) -> Option<Encoding> {
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
        (95.., ..50) => Some(Encoding(UTF_16LE)),
        (..50, 95..) => Some(Encoding(UTF_16BE)),
        _ => None,
    }
}

/// Whether the whole is UTF-8. It is looked at in parts at the same time, which a million rows hardly notice.
fn is_utf8(source: &Source) -> Result<bool, SheetError> {
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
                let mac = fitting.iter().find(|encoding| encoding.0 == MACINTOSH);
                // A few letters may be Cyrillic and Polish alike, and `Garc’a` is a Mac's `García`.
                let enough = |encoding: &&Encoding| {
                    mac.is_none_or(|mac| same(*mac, **encoding))
                        && (encoding.0 != WINDOWS_1251
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
        Encoding(detector.guess(None, Utf8Detection::Deny))
    }

    /// Whether an encoding has all the bytes, and makes words of nearly all words.
    fn fits(&self, encoding: Encoding) -> bool {
        let undefined = |byte: u8| encoding.text(&[byte]).chars().all(char::is_control);
        let single = encoding.0.is_single_byte();
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

/// A copy on disk in UTF-8. What does not decode becomes a byte that is no UTF-8 either, and is found in its cell.
fn transcoded(source: &Source, encoding: Encoding) -> Result<Source, SheetError> {
    let unreadable = |error: std::io::Error| SheetError::unreadable(&source.name, &error);
    let mut file: File = tempfile::tempfile().map_err(unreadable)?;
    let mut out = BufWriter::new(&mut file);
    let mut decoder = encoding.0.new_decoder_with_bom_removal();
    let mut pass = source.pass(0);
    let mut text = vec![0; CHUNK_BYTES as usize];
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let ended = pass.fill(&mut buffer, CHUNK_BYTES)?;
        let mut rest = buffer.as_slice();
        loop {
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(rest, &mut text, ended);
            let decoded = text.get(..written).unwrap_or_default();
            out.write_all(decoded).map_err(unreadable)?;
            rest = rest.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => out.write_all(&[0xFF]).map_err(unreadable)?,
            }
        }
        if ended {
            break;
        }
    }
    out.flush().map_err(unreadable)?;
    drop(out);
    Source::of_file(source.name.clone(), file).map(|copy| copy.made_of(source, encoding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::{Input, ReadOptions, Sheet, open};
    use proptest::prelude::*;

    // Written apart from what it tests.
    fn encoded(encoding: Encoding, text: &str) -> Vec<u8> {
        if encoding.0 == UTF_16LE {
            return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        }
        if encoding.0 == UTF_16BE {
            return text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        }
        let (bytes, _, lost) = encoding.0.encode(text);
        assert!(!lost, "{text}");
        bytes.into_owned()
    }

    fn sheet_of(bytes: &[u8], encoding: Option<&str>) -> Result<Sheet, SheetError> {
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let options = ReadOptions {
            encoding: encoding.map(|name| Encoding::named(name).unwrap()),
            ..ReadOptions::default()
        };
        Ok(open(&Input::File(file.path().into()), &options)?.remove(0))
    }

    /// The cells, and the rules of rows in trouble.
    fn cells(sheet: &Sheet) -> (Vec<Vec<String>>, Vec<(u64, String)>) {
        let (mut rows, mut troubles) = (vec![], vec![]);
        for batch in sheet.batches() {
            let read = batch.unwrap().rows(|row| {
                let cells = (0..row.cells.len()).map(|at| row.cells.get(at).unwrap().to_owned());
                rows.push(cells.collect());
                troubles.extend(
                    row.trouble
                        .map(|finding| (row.line, finding.rule.to_string())),
                );
            });
            read.unwrap();
        }
        (rows, troubles)
    }

    /// What a table with these names is read as: the encoding that is said, or that it is refused.
    fn found(encoding: &str, names: &[&str]) -> String {
        let mut text = String::from("number;name\r\n");
        for (at, name) in names.iter().enumerate() {
            text.push_str(&format!("{};{name}\r\n", 2001 + at));
        }
        match sheet_of(&encoded(Encoding::named(encoding).unwrap(), &text), None) {
            Ok(sheet) => {
                let read: Vec<String> = cells(&sheet)
                    .0
                    .into_iter()
                    .map(|row| row[1].clone())
                    .collect();
                assert_eq!(read, names, "{encoding}: {:?}", sheet.notes);
                sheet.notes[0].split(" (").next().unwrap().to_owned()
            }
            Err(error @ SheetError::Encoding { .. }) => {
                assert!(error.to_string().contains("--encoding"), "{error}");
                "refused".to_owned()
            }
            Err(error) => panic!("{error}"),
        }
    }

    const GERMAN: &[&str] = &["Müller", "Jürgen Groß", "Öztürk", "Größe"];
    const FRENCH: &[&str] = &[
        "François Hélène",
        "Noël Lefèvre",
        "Zoé",
        "Gaëlle Châtel",
        "Jérôme",
    ];
    const SPANISH: &[&str] = &["Peña", "Núñez", "José Ibáñez", "Muñoz", "Begoña"];
    const NORDIC: &[&str] = &["Jørgen Ødegård", "Åse Bjørnstad", "Søren", "Björk", "Håkan"];
    const POLISH: &[&str] = &[
        "Łukasz Wójcik",
        "Małgorzata Dąbrowska",
        "Święcicki",
        "Żółć",
        "Wiśniewski",
    ];
    const CZECH: &[&str] = &[
        "Dvořák",
        "Jiří Novotný",
        "Šárka Černá",
        "Němec",
        "Růžička",
        "Kateřina",
    ];
    const RUSSIAN: &[&str] = &[
        "Иванов Пётр",
        "Ольга Смирнова",
        "Сергей Кузнецов",
        "Наталья",
    ];

    #[test]
    fn names_are_read_as_they_were_written_or_refused() {
        for (encoding, names, expected) in [
            ("windows-1252", GERMAN, "Windows-1252"),
            ("windows-1252", FRENCH, "Windows-1252"),
            ("windows-1252", SPANISH, "Windows-1252"),
            ("windows-1252", NORDIC, "Windows-1252"),
            ("windows-1252", &["Müller"][..], "Windows-1252"),
            ("windows-1252", &["O’Brien – “Ann”"][..], "Windows-1252"),
            ("windows-1250", POLISH, "Windows-1250"),
            ("windows-1250", CZECH, "Windows-1250"),
            ("windows-1251", RUSSIAN, "Windows-1251"),
            ("mac-roman", GERMAN, "Mac Roman"),
            ("mac-roman", FRENCH, "Mac Roman"),
            ("mac-roman", SPANISH, "Mac Roman"),
            ("utf-16le", POLISH, "UTF-16LE"),
            ("utf-16be", RUSSIAN, "UTF-16BE"),
            ("utf-16le", RUSSIAN, "UTF-16LE"),
            // What is not found out is refused, not taken for something else.
            ("koi8-u", RUSSIAN, "refused"),
            ("ibm866", RUSSIAN, "refused"),
            ("iso-8859-2", POLISH, "refused"),
            (
                "windows-1253",
                &["Γιώργος Παπαδόπουλος", "Ελένη"][..],
                "refused",
            ),
            (
                "windows-1254",
                &["Şahin Yıldız", "Işık Güneş", "Doğan Çağlar"][..],
                "refused",
            ),
            ("shift_jis", &["山田太郎", "鈴木花子"][..], "refused"),
            ("gbk", &["王小明", "李华"][..], "refused"),
        ] {
            assert_eq!(found(encoding, names), expected, "{encoding} {names:?}");
        }
    }

    #[test]
    fn every_single_name_is_read_right_or_refused() {
        let mut read = 0;
        for (encoding, names) in [
            ("windows-1252", [GERMAN, FRENCH, SPANISH, NORDIC].concat()),
            ("windows-1250", [POLISH, CZECH].concat()),
            ("windows-1251", RUSSIAN.to_vec()),
            ("mac-roman", [GERMAN, FRENCH, SPANISH].concat()),
        ] {
            for name in names {
                // It asserts that what is read is what was written.
                read += usize::from(found(encoding, &[name]) != "refused");
            }
        }
        assert!(read > 30, "{read}");
    }

    #[test]
    fn blanks_are_no_utf16() {
        assert_eq!(utf16_without_mark(" \n".repeat(99).as_bytes()), None);
        assert!(utf16_without_mark(b"a\0,\0").is_some());
    }

    #[test]
    fn a_mark_says_it_and_a_flag_that_contradicts_is_refused() {
        let text = "number,name\n2001,Zoë\n";
        for (name, mark) in [("utf-16le", &b"\xff\xfe"[..]), ("utf-16be", b"\xfe\xff")] {
            let mut bytes = mark.to_vec();
            bytes.extend(encoded(Encoding::named(name).unwrap(), text));
            for asked in [None, Some(name), Some("utf-16")] {
                let sheet = sheet_of(&bytes, asked).unwrap();
                assert_eq!(sheet.headings, ["number", "name"]);
                assert_eq!(cells(&sheet).0, [["2001", "Zoë"]]);
                assert_eq!(
                    sheet.notes[0],
                    format!("{} (byte-order mark)", name.to_uppercase())
                );
            }
            let refused = sheet_of(&bytes, Some("windows-1252")).unwrap_err();
            assert!(
                refused.to_string().contains("begins with the mark of"),
                "{refused}"
            );
        }
        for utf32 in [&b"\xff\xfe\0\0a\0\0\0"[..], b"\0\0\xfe\xff\0\0\0a"] {
            let refused = sheet_of(utf32, None).unwrap_err();
            assert!(refused.to_string().contains("UTF-32"), "{refused}");
        }
    }

    #[test]
    fn a_flag_is_obeyed_and_what_does_not_decode_is_found_in_its_cell() {
        let sheet = sheet_of(b"number,name\n2001,\xe9\n", Some("windows-1251")).unwrap();
        assert_eq!(cells(&sheet).0, [["2001", "й"]]);
        assert_eq!(sheet.notes[0], "Windows-1251 (as told)");
        // Half a pair, in the second row.
        let mut bytes = encoded(Encoding(UTF_16LE), "number,name\n2001,A\n2002,");
        bytes.extend([0x00, 0xD8]);
        bytes.extend(encoded(Encoding(UTF_16LE), "B\n2003,C\n"));
        let sheet = sheet_of(&bytes, None).unwrap();
        let (rows, troubles) = cells(&sheet);
        assert_eq!(rows.len(), 3);
        assert_eq!(troubles, [(3, "sheet.not_utf8".to_owned())]);
        // One odd byte among proper UTF-8 is a finding, too.
        let mut bytes = "number,name\n1,Zoë\n2,Ünal\n3,".as_bytes().to_vec();
        bytes.extend(b"\xff\n");
        let sheet = sheet_of(&bytes, None).unwrap();
        assert_eq!(cells(&sheet).1, [(4, "sheet.not_utf8".to_owned())]);
        // Half and half is neither.
        let mut bytes = "number,name\n1,Zoë\n2,".as_bytes().to_vec();
        bytes.extend(b"M\xfcller\n");
        let refused = sheet_of(&bytes, None).unwrap_err().to_string();
        assert!(
            refused.contains("line 3") && refused.contains("--encoding"),
            "{refused}"
        );
    }

    #[test]
    fn what_is_odd_far_behind_the_start_counts_too() {
        let mut text = String::from("number;name\r\n");
        for row in 0..20_000 {
            text.push_str(&format!("{};Ann Miller\r\n", 20_000 + row));
        }
        text.push_str("9;Jürgen Groß\r\n");
        let sheet = sheet_of(&encoded(Encoding(WINDOWS_1252), &text), None).unwrap();
        assert_eq!(
            sheet.notes[0],
            "Windows-1252 (2 characters beyond ASCII, the first on line 20002)"
        );
        let rows = cells(&sheet).0;
        assert_eq!(rows.last().unwrap()[1], "Jürgen Groß");
        assert_eq!(rows.len(), 20_001);
    }

    #[test]
    fn characters_are_whole_wherever_the_file_is_parted() {
        let is_utf8 = |bytes: &[u8]| {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(bytes).unwrap();
            is_utf8(&Source::of_file("staff.csv".into(), file).unwrap()).unwrap()
        };
        let size = 5 * CHUNK_BYTES as usize;
        for (shift, letter) in (0..4).flat_map(|shift| ["a", "é", "€", "😀"].map(|l| (shift, l)))
        {
            let mut text = "-".repeat(shift) + &letter.repeat(size / letter.len());
            assert!(is_utf8(text.as_bytes()), "{letter} {shift}");
            text.push('é');
            let cut = &text.as_bytes()[..text.len() - 1];
            assert!(!is_utf8(cut), "{letter} {shift}");
            let broken = (0..text.len()).step_by(CHUNK_BYTES as usize / 4);
            for at in broken.chain([text.len() / 2 - 1, text.len() / 2]) {
                let mut bytes = text.clone().into_bytes();
                bytes[at] = 0xff;
                assert!(!is_utf8(&bytes), "{letter} {shift} {at}");
            }
        }
    }

    #[test]
    fn names_of_encodings_are_understood() {
        for (name, expected) in [
            ("UTF-8", "UTF-8"),
            ("utf16", "UTF-16LE"),
            (" Windows-1252 ", "Windows-1252"),
            ("latin1", "Windows-1252"),
            ("cp1251", "Windows-1251"),
            ("Mac-Roman", "Mac Roman"),
            ("Mac Roman", "Mac Roman"),
            ("iso-8859-2", "ISO-8859-2"),
        ] {
            assert_eq!(Encoding::named(name).map(Encoding::name), Some(expected));
        }
        for wrong in ["", "ebcdic", "utf-32", "iso-2022-kr", "ansi!"] {
            assert_eq!(Encoding::named(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_table_in_any_encoding_and_delimiter_reads_back_the_same_or_is_refused(
            language in 0usize..7,
            picks in prop::collection::vec((0usize..6, 0usize..6), 1..12),
            encoding in 0usize..7,
            delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
            marked in any::<bool>(),
            end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        ) {
            let names = [GERMAN, FRENCH, SPANISH, NORDIC, POLISH, CZECH, RUSSIAN][language];
            let encoding = Encoding::named([
                "utf-8", "utf-16le", "utf-16be", "windows-1252", "windows-1250", "windows-1251", "mac-roman",
            ][encoding]).unwrap();
            let mut rows = vec![];
            let mut text = format!("number{delimiter}name{delimiter}description{end}");
            for (at, (first, second)) in picks.iter().enumerate() {
                let row = [(2001 + at).to_string(), names[first % names.len()].to_owned(), names[second % names.len()].to_owned()];
                text.push_str(&row.join(&delimiter.to_string()));
                text.push_str(end);
                rows.push(row.to_vec());
            }
            let unicode = encoding == Encoding::UTF_8 || encoding.0 == UTF_16LE || encoding.0 == UTF_16BE;
            if !unicode && encoding.0.encode(&text).2 {
                return Ok(());
            }
            let text = if unicode && marked { format!("\u{feff}{text}") } else { text };
            match sheet_of(&encoded(encoding, &text), None) {
                Ok(sheet) => {
                    prop_assert_eq!(&sheet.headings, &["number", "name", "description"]);
                    let (read, troubles) = cells(&sheet);
                    prop_assert_eq!(read, rows);
                    prop_assert_eq!(troubles, []);
                }
                Err(error) => {
                    prop_assert!(!unicode, "{}", error);
                    let refused = matches!(error, SheetError::Encoding { .. });
                    prop_assert!(refused, "{}", error);
                }
            }
        }
    }
}
