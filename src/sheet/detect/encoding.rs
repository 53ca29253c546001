//! The encoding of a text, concluded from its bytes and never assumed: where two readings differ and nothing decides
//! between them, the file is refused. The only module that knows `chardetng`.

use super::letters::Letters;
use super::secrets::Secrets;
use crate::model::BYTE_ORDER_MARK;
use crate::sheet::encoding::Encoding;
use crate::sheet::error::{SheetError, SheetErrorKind};
use crate::sheet::options::Header;
use crate::sheet::source::Source;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use std::collections::HashSet;
use std::sync::Arc;

/// The number of bytes read at once.
pub(super) const CHUNK_BYTES: u64 = 256 << 10;
/// The largest number of bytes beyond ASCII, with the words around them, that are examined closely.
const EVIDENCE_BYTES_MAX: usize = 64 << 10;
/// The longest word, in bytes; anything longer is no word.
const WORD_BYTES_MAX: usize = 256;
/// Words with one and the same byte beyond ASCII that are looked at.
const WORDS_OF_BYTE_MAX: usize = 12;
/// The margin by which the best reading must be likelier than the next, as a logarithm.
const MARGIN: f64 = 4.0;
/// A letter beyond ASCII that is less likely on average may be half of another.
const ODD_BELOW: f64 = -7.0;
/// The least average likelihood of a letter beyond ASCII, as a logarithm: below it the text is of no known language.
const LIKELIHOOD_MIN: f64 = -10.0;
/// Finds the encoding of a source, and the evidence for it in words. `asked` is trusted unless a byte-order mark
/// contradicts it.
pub(crate) fn detect(
    source: &Source,
    asked: Option<Encoding>,
    header: &Header,
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
                let secrets = Secrets::find(&head, header);
                let survey = TextSurvey::read(source, secrets)?;
                (survey.encoding(&source.name)?, survey.evidence())
            }
        },
    })
}

fn refused(file: &Arc<str>, reason: String) -> SheetError {
    SheetErrorKind::Encoding(reason).in_file(file)
}

/// Returns the encoding that a byte-order mark names.
pub(crate) fn marked(file: &Arc<str>, head: &[u8]) -> Result<Option<Encoding>, SheetError> {
    match head {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            let reason =
                "is written in UTF-32, which is not read. Save it as UTF-8 (in Excel: “CSV UTF-8”)";
            Err(refused(file, reason.to_owned()))
        }
        [0xFF, 0xFE, ..] => Ok(Some(Encoding::UTF_16LE)),
        [0xFE, 0xFF, ..] => Ok(Some(Encoding::UTF_16BE)),
        head if head.starts_with(BYTE_ORDER_MARK) => Ok(Some(Encoding::UTF_8)),
        _ => Ok(None),
    }
}

/// Returns true if the two agree: a user who asks for UTF-16 may not know which of the two it is; the mark does.
fn agree(marked: Encoding, asked: Encoding) -> bool {
    marked == asked || (marked == Encoding::UTF_16BE && asked == Encoding::UTF_16LE)
}

/// Recognises UTF-16 without a mark: in one order of the bytes nearly all characters belong to the alphabets of Europe
/// and its neighbours, in the other hardly one does.
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

/// Returns true if the whole file is UTF-8. Its parts are examined in parallel, so that a million rows hardly notice
/// it.
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

/// Finds the first character of a UTF-8 text at or behind a place: at most three bytes belong to the one before.
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

/// Returns true if there is nothing beyond ASCII.
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

/// The characters beyond ASCII in a text that is not UTF-8 throughout.
struct TextSurvey {
    /// Characters that are UTF-8, and bytes that are not.
    multibyte: u64,
    broken: u64,
    /// Bytes that are not ASCII.
    beyond: u64,
    /// The line of the first byte that is no UTF-8.
    first_line: u64,
    /// Different words with characters beyond ASCII: some for each byte.
    words: Vec<Vec<u8>>,
    /// The number of these words that contain each byte.
    with_byte: [usize; 256],
}

impl TextSurvey {
    fn read(source: &Source, mut secrets: Option<Secrets>) -> Result<TextSurvey, SheetError> {
        let mut survey = TextSurvey {
            multibyte: 0,
            broken: 0,
            beyond: 0,
            first_line: 0,
            words: Vec::new(),
            with_byte: [0; 256],
        };
        let mut known = HashSet::new();
        let mut line = 1;
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
            let text = buffer.get_mut(..end).unwrap_or_default();
            survey.count(text, &mut line);
            if let Some(secrets) = &mut secrets {
                secrets.blank_out(text);
            }
            for word in text.split(|byte| !is_of_word(*byte)) {
                if survey.is_informative(word) && known.insert(word.to_vec()) {
                    for byte in word {
                        survey.with_byte[usize::from(*byte)] += 1;
                    }
                    survey.words.push(word.to_vec());
                }
            }
            buffer.drain(..end);
            if ended {
                return Ok(survey);
            }
        }
    }

    /// Returns true if a word has a byte beyond ASCII of which there are few words yet.
    fn is_informative(&self, word: &[u8]) -> bool {
        let few = |byte: &u8| self.with_byte[usize::from(*byte)] < WORDS_OF_BYTE_MAX;
        word.len() <= WORD_BYTES_MAX && word.iter().any(|byte| !byte.is_ascii() && few(byte))
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
        let place = format!(
            "the first character beyond ASCII is on line {}",
            self.first_line
        );
        // Of secrets alone every encoding makes something.
        if self.words.is_empty() {
            return Err(cannot(format!(
                "there are characters beyond ASCII in passwords alone, and these are no words; {place}"
            )));
        }
        let mut readings = self.readings();
        readings.sort_by(|a, b| b.likelihood.total_cmp(&a.likelihood));
        let letters = self.words.iter().flatten();
        let letters = letters.filter(|byte| !byte.is_ascii()).count() as f64;
        match readings.as_slice() {
            [best, ..] if best.likelihood < LIKELIHOOD_MIN * letters => {
                Err(cannot(match self.multibyte {
                    0 => format!("no encoding makes words of it; {place}"),
                    multibyte => format!(
                        "{multibyte} characters are UTF-8 and {} bytes are not, the first on line {}",
                        self.broken, self.first_line
                    ),
                }))
            }
            // Text of East Asia may seem to be words, though odd ones.
            [best, ..] if best.likelihood < ODD_BELOW * letters && self.is_asian() => Err(cannot(
                format!("it may be {}; {place}", self.guess().name()),
            )),
            [best, next, ..] if best.likelihood < next.likelihood + MARGIN => {
                let (best, next) = (best.encoding.name(), next.encoding.name());
                Err(cannot(format!("it may be {best} or {next}; {place}")))
            }
            [best, ..] => Ok(best.encoding),
            [] => Err(cannot(format!("no encoding has all its bytes; {place}"))),
        }
    }

    /// Reads the text in each encoding that has all its bytes; encodings that read it alike make one reading.
    fn readings(&self) -> Vec<Reading> {
        let letters = Letters::new();
        let mut readings: Vec<Reading> = Vec::new();
        for encoding in Encoding::FOUND {
            let words: Vec<String> = self.words.iter().map(|word| encoding.text(word)).collect();
            let is_undefined = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
            let undefined = words.iter().any(|word| word.contains(is_undefined));
            if !undefined && readings.iter().all(|reading| reading.words != words) {
                readings.push(Reading {
                    encoding,
                    likelihood: letters.likelihood(&words),
                    words,
                });
            }
        }
        readings
    }

    /// Asks a detector made for web pages for the encoding.
    fn guess(&self) -> Encoding {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(&self.words.join(&b' '), true);
        Encoding::from_web(detector.guess(None, Utf8Detection::Deny))
    }

    /// Returns true if an encoding of East Asia makes words of nearly all words: without letters of other alphabets in
    /// them.
    fn is_asian(&self) -> bool {
        let guess = self.guess();
        let is_asian = |c: char| c.is_alphabetic() && ('\u{2e80}'..'\u{f900}').contains(&c);
        let is_word = |word: &&Vec<u8>| guess.text(word).chars().all(is_asian);
        let words = self.words.iter().filter(is_word).count();
        words * 50 >= self.words.len() * 49
    }
}

/// A text as an encoding reads it.
struct Reading {
    encoding: Encoding,
    words: Vec<String>,
    /// The likelihood of such words, as a logarithm.
    likelihood: f64,
}

/// Returns true for bytes of words: also those that may be letters.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'\''
}
