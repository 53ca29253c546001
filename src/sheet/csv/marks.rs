//! The positions of the bytes that divide a text into cells: found 64 at a time, without looking at a cell's bytes
//! twice or copying them.

/// One bit for each byte that is a delimiter, a quote or a line feed.
pub(crate) struct Marks {
    words: Vec<u64>,
}

impl Marks {
    pub(crate) fn find(data: &[u8], delimiter: u8) -> Marks {
        let (blocks, rest) = data.as_chunks();
        let mut words = Vec::with_capacity(blocks.len() + 1);
        words.extend(blocks.iter().map(|block| bits(block, delimiter)));
        let mut last = [0; 64];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        words.push(bits(&last, delimiter));
        Marks { words }
    }

    /// The marks from a place on, in their order.
    pub(crate) fn from(&self, at: usize) -> MarkScan<'_> {
        let (word, bit) = (at / 64, at % 64);
        let bits = self.words.get(word).copied().unwrap_or_default();
        MarkScan {
            words: &self.words,
            word,
            bits: bits & (u64::MAX << bit),
        }
    }
}

#[inline]
fn bits(block: &[u8; 64], delimiter: u8) -> u64 {
    // Bytes first, which the compiler does sixteen and more at a time; then the eight of each eighth to its bits.
    let mut marked = [0; 64];
    for (marked, byte) in marked.iter_mut().zip(block) {
        *marked = u8::from(*byte == delimiter) | u8::from(*byte == b'"') | u8::from(*byte == b'\n');
    }
    let (eights, _) = marked.as_chunks();
    eights.iter().rev().fold(0, |bits, eight| {
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits << 8 | gathered
    })
}

/// Goes from mark to mark.
pub(crate) struct MarkScan<'m> {
    words: &'m [u64],
    word: usize,
    bits: u64,
}

impl Iterator for MarkScan<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            self.word += 1;
            self.bits = *self.words.get(self.word)?;
        }
        let bit = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(self.word * 64 + bit)
    }
}

/// Finds the beginning and end of each cell of a simple record, counted from the record's start, and the ends of the
/// record's cells and of its line.
///
/// A record is simple where each quote opens or closes a whole cell and no cell has a line feed: then its cells are
/// parts of the text, unchanged. `None` for any other. The data must be smaller than 4 GiB.
#[inline]
pub(crate) fn simple_record(
    data: &[u8],
    delimiter: u8,
    start: usize,
    mut marks: MarkScan<'_>,
    cells: &mut Vec<(u32, u32)>,
) -> Option<(usize, usize)> {
    cells.clear();
    let mut push =
        |from: usize, to: usize| cells.push(((from - start) as u32, (to - start) as u32));
    let mut cell = start;
    loop {
        let Some(mut at) = marks.next() else {
            push(cell, data.len());
            return Some((data.len(), data.len()));
        };
        let (mut from, mut to) = (cell, at);
        if data.get(at) == Some(&b'"') {
            if at != cell {
                return None;
            }
            to = loop {
                let next = marks.next()?;
                match data.get(next)? {
                    b'"' => break next,
                    b'\n' => return None,
                    _ => (),
                }
            };
            from = cell + 1;
            at = to + 1;
            if at < data.len() && marks.next() != Some(at) {
                return None;
            }
        }
        push(from, to);
        match data.get(at) {
            None => return Some((at, at)),
            Some(b'\n') => return Some((at, at + 1)),
            Some(byte) if *byte == delimiter => cell = at + 1,
            Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_is_found_wherever_it_stands() {
        for length in [0, 1, 63, 64, 65, 128, 200] {
            for at in 0..length {
                for mark in [b';', b'"', b'\n'] {
                    let mut data = vec![b'x'; length];
                    data[at] = mark;
                    let marks = Marks::find(&data, b';');
                    assert_eq!(marks.from(0).collect::<Vec<_>>(), [at]);
                    assert_eq!(marks.from(at).next(), Some(at));
                    assert_eq!(marks.from(at + 1).next(), None);
                }
            }
            assert_eq!(
                Marks::find(&vec![b';'; length], b';').from(0).count(),
                length
            );
        }
    }

    fn simple(text: &str) -> Option<(Vec<&str>, usize)> {
        let marks = Marks::find(text.as_bytes(), b',');
        let mut cells = Vec::new();
        let (_, end) = simple_record(text.as_bytes(), b',', 0, marks.from(0), &mut cells)?;
        let cells = cells
            .iter()
            .map(|(from, to)| &text[*from as usize..*to as usize]);
        Some((cells.collect(), end))
    }

    #[test]
    fn simple_records_are_taken_apart_and_others_are_left() {
        for (text, cells, end) in [
            ("a,b\nc", vec!["a", "b"], 4),
            ("a,", vec!["a", ""], 2),
            (",\n", vec!["", ""], 2),
            ("\"a,b\",c", vec!["a,b", "c"], 7),
            ("\"\",\"x\"", vec!["", "x"], 6),
            ("\"\",\"x\"\n1", vec!["", "x"], 7),
        ] {
            assert_eq!(simple(text), Some((cells, end)), "{text:?}");
        }
        for text in [
            "\"a\"\"b\",c",
            "a\"b,c",
            "\"a\nb\",c",
            "\"a\"x,c",
            "\"a",
            "\"a\" ,b",
        ] {
            assert_eq!(simple(text), None, "{text:?}");
        }
    }
}
