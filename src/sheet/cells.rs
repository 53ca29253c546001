//! Rows and their cells as they were read.

use crate::model::{Finding, Place, Severity, cell_name};
use std::borrow::Cow;
use std::ops::Range;

/// The cell text that means *empty it*; a JSON `null` is read as this.
pub(crate) const CLEAR: &str = "<clear>";

/// The cell text that marks a row of a template as an example.
pub(crate) const EXAMPLE: &str = "<example>";

/// The note on the row that a template shows as an example.
pub(crate) fn example_note(line: u64) -> String {
    format!("row {line} is the template's example, and no row")
}

/// The cell text that means *make one up*: for passwords and PINs of new extensions.
pub(crate) const GENERATE: &str = "<generate>";

/// Returns true if a cell's text is [`GENERATE`], in upper or lower case.
pub(crate) fn is_generate(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case(GENERATE)
}

/// The beginning of a cell that means the text of a mark itself, and not the mark.
const ESCAPE: char = '\\';

/// Returns true if a cell's text is a mark, or would be without the backslashes before it.
fn is_mark(text: &str) -> bool {
    let text = text.trim().trim_start_matches(ESCAPE);
    text == CLEAR || is_generate(text)
}

/// Writes a value as a cell: `<clear>` and `<generate>` get a backslash before them, and one more where there are some
/// already, so that reading returns the value again.
pub fn escaped(value: &str) -> Cow<'_, str> {
    if !value.ends_with(|last: char| last == '>' || last.is_whitespace()) || !is_mark(value) {
        return Cow::Borrowed(value);
    }
    let at = value.len() - value.trim_start().len();
    let (blanks, mark) = value.split_at(at);
    Cow::Owned(format!("{blanks}{ESCAPE}{mark}"))
}

/// The value of a cell that is no mark: see [`escaped`]. Only the first backslash before a mark is taken away.
pub(crate) fn unescaped(cell: &str) -> Cow<'_, str> {
    match cell.trim_start().strip_prefix(ESCAPE) {
        Some(mark) if is_mark(mark) => {
            let blanks = &cell[..cell.len() - cell.trim_start().len()];
            Cow::Owned(format!("{blanks}{mark}"))
        }
        _ => Cow::Borrowed(cell),
    }
}

/// The texts that programs and people write where there is no value.
const PLACEHOLDERS: [&str; 33] = [
    "NULL",
    "null",
    "\\N",
    "(null)",
    "<null>",
    "nil",
    "N/A",
    "n/a",
    "N.A.",
    "n.a.",
    "k.A.",
    "k. A.",
    "nan",
    "NaN",
    "None",
    "undefined",
    "-",
    "--",
    "---",
    "–",
    "—",
    "?",
    "??",
    "TBD",
    "tbd",
    "TBA",
    "<none>",
    "<empty>",
    "<leer>",
    "[blank]",
    "[empty]",
    "(leer)",
    "(none)",
];

/// Returns true if a cell's text stands for no value. Compared exactly as programs write it, since `Null` and `Nan` are
/// names.
pub(crate) fn is_placeholder(text: &str) -> bool {
    text.len() <= 9 && PLACEHOLDERS.contains(&text.trim())
}

/// Returns true if a cell's text stands for a value, or for none, and is none itself.
pub(crate) fn stands_for_value(text: &str) -> bool {
    is_generate(text) || is_placeholder(text) || is_ditto(text)
}

/// The words for a value, most often that of the cell above, without the spaces between them.
const DITTO: [&str; 21] = [
    "dito",
    "ditto",
    "idem",
    "same",
    "sameasabove",
    "asabove",
    "seeabove",
    "sieheoben",
    "wieoben",
    "voircidessus",
    "verarriba",
    "zieboven",
    "dto",
    "nextfree",
    "nextavailable",
    "prochainlibre",
    "siguientelibre",
    "vedisopra",
    "comesopra",
    "veracima",
    "vejaacima",
];

/// The bytes of the longest such text.
const DITTO_BYTES_MAX: usize = 16;

/// Returns true if a cell's text stands for a value, and is none itself: most often for that of the cell above.
pub(crate) fn is_ditto(text: &str) -> bool {
    let text = text.trim();
    matches!(
        text,
        "\"" | "''" | "″" | "”" | "“" | "〃" | "-\"-" | "-''-" | "do." | "s.o."
    ) || text.len() <= DITTO_BYTES_MAX && DITTO.iter().any(|word| is_in_letters(text, word))
        || names_row(text)
}

/// Returns true for a text that names another row, such as `see 101`.
fn names_row(text: &str) -> bool {
    const SEE: [&str; 10] = [
        "see", "siehe", "voir", "ver", "vedi", "zie", "veja", "patrz", "bkz.", "like",
    ];
    text.split_once(' ').is_some_and(|(first, rest)| {
        let is_digits = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
        is_digits && SEE.iter().any(|word| first.eq_ignore_ascii_case(word))
    })
}

/// Returns true if the letters and digits of a text are this word.
fn is_in_letters(text: &str, word: &str) -> bool {
    let letters = text.bytes().filter(u8::is_ascii_alphanumeric);
    letters.map(|b| b.to_ascii_lowercase()).eq(word.bytes())
}

/// Returns true if a text is what programs show in the place of a password: one sign again and again, also beside a part of
/// the password, a cut, a word for "hidden", words in brackets such as `(set)`, or a variable such as `${PASSWORD}`.
pub(crate) fn is_mask(text: &str) -> bool {
    let text = text.trim();
    let words = ["redacted", "hidden", "masked", "removed"];
    match text.as_bytes().first() {
        Some(b'$' | b'{' | b'%' | b'(' | b'<' | b'[') if is_in_brackets(text) => true,
        Some(b'R' | b'r' | b'H' | b'h' | b'M' | b'm') => {
            has_mask(text) || words.iter().any(|word| text.eq_ignore_ascii_case(word))
        }
        Some(_) => has_mask(text),
        None => false,
    }
}

/// Returns true for a text with more equal signs in a row than any password has, or with a sign for a cut.
fn has_mask(text: &str) -> bool {
    const SIGNS_MIN: usize = 3;
    let is_crossed = text.len() >= SIGNS_MIN && text.bytes().all(|b| matches!(b, b'x' | b'X'));
    if text.bytes().all(|b| b.is_ascii() && b != b'*') {
        return is_crossed;
    }
    let mut run = (None, 0);
    is_crossed
        || text.chars().any(|c| {
            run = (Some(c), if run.0 == Some(c) { run.1 + 1 } else { 1 });
            match c {
                '…' => true,
                '*' | '•' | '●' | '·' | '∙' | '■' | '▪' => run.1 >= SIGNS_MIN,
                _ => false,
            }
        })
}

/// Returns true for words in brackets, or the name of a variable in those of a template.
fn is_in_brackets(text: &str) -> bool {
    let of_template = [("${", "}"), ("{{", "}}"), ("%%", "%%")];
    let brackets = [("(", ")"), ("<", ">"), ("[", "]"), ("{", "}")];
    let inside = |(open, close): &(&str, &str)| text.strip_prefix(open)?.strip_suffix(close);
    let is_name = |name: &str| {
        let mut words = name.split([' ', '-', '_', '.']);
        let is_word = |word: &str| {
            word.chars().all(char::is_alphabetic) || word.bytes().all(|b| b.is_ascii_digit())
        };
        name.contains(char::is_alphabetic) && words.all(is_word)
    };
    of_template
        .iter()
        .chain(&brackets)
        .filter_map(inside)
        .any(is_name)
}

/// The way in which a cell is stored in its file, where the text does not show it: something may have been lost before
/// it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stored {
    /// As text; every cell of a text file is.
    #[default]
    Text,
    /// As a number that shows as it is: zeros before it, a `+`, spaces would have been lost.
    Number,
    /// As a number whose format shows more than the number (`0007`, `1,234`, `7%`): the text is the shown one.
    Shown,
    /// As a number of more than 15 digits: a spreadsheet keeps no more, the last ones are lost.
    Rounded,
    /// As a date or a time.
    Date,
    /// As a list of several values in JSON, which are read as one text with `;` between them.
    List,
    /// As a switch: `TRUE` or `FALSE`.
    Boolean,
    /// As an error: `#N/A`, `#REF!`, …
    Error,
    /// As a formula that no spreadsheet has calculated yet: the text is blank.
    Uncalculated,
    /// As a formula that sums up or counts a range of cells, or in the totals row of a table.
    Total,
    /// As a text of which a piece is raised, lowered or struck through, and another is not.
    Pieces,
    /// In merged cells of one column, whose text every row of them has.
    Merged,
    /// In merged cells of several columns; all but the first are blank.
    MergedAcross,
    /// Below merged cells, whose text hides its own.
    Covered,
}

/// The cells of one row, borrowed from the batch.
#[derive(Debug, Clone, Copy)]
pub struct Cells<'a> {
    text: &'a str,
    bounds: Bounds<'a>,
    /// Empty where every cell is stored as text.
    stored: &'a [Stored],
}

/// The bounds of the cells within their text.
#[derive(Debug, Clone, Copy)]
enum Bounds<'a> {
    /// One behind the other, each ending here.
    Ends(&'a [usize]),
    /// Each from here to there, with something between them.
    Apart(&'a [(u32, u32)]),
}

impl<'a> Cells<'a> {
    /// Divides `text` into cells one behind the other, each with its end in `ends`.
    pub fn new(text: &'a str, ends: &'a [usize]) -> Self {
        Cells::stored_as(text, ends, &[])
    }

    /// Does the work of [`Cells::new`]; `stored` is the way in which each is stored, and is empty where all are stored
    /// as text.
    pub(crate) fn stored_as(text: &'a str, ends: &'a [usize], stored: &'a [Stored]) -> Self {
        let bounds = Bounds::Ends(ends);
        Cells {
            text,
            bounds,
            stored,
        }
    }

    /// Returns the way in which the cell of a column is stored.
    pub fn stored(&self, column: usize) -> Stored {
        self.stored.get(column).copied().unwrap_or_default()
    }

    /// Returns the way in which each cell is stored; empty where all are stored as text.
    pub(crate) fn all_stored(&self) -> &'a [Stored] {
        self.stored
    }

    pub(crate) fn apart(text: &'a str, cells: &'a [(u32, u32)]) -> Self {
        let bounds = Bounds::Apart(cells);
        Cells {
            text,
            bounds,
            stored: &[],
        }
    }

    /// The text of all cells, with the delimiters between them in the file where those are still there.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The number of cells.
    pub fn len(&self) -> usize {
        match self.bounds {
            Bounds::Ends(ends) => ends.len(),
            Bounds::Apart(cells) => cells.len(),
        }
    }

    /// The first cells, `columns` of them at most.
    pub(crate) fn first(self, columns: usize) -> Self {
        let (bounds, end) = match self.bounds {
            Bounds::Ends(ends) => {
                let ends = ends.get(..columns).unwrap_or(ends);
                (Bounds::Ends(ends), ends.last().copied())
            }
            Bounds::Apart(cells) => {
                let cells = cells.get(..columns).unwrap_or(cells);
                (
                    Bounds::Apart(cells),
                    cells.last().map(|cell| cell.1 as usize),
                )
            }
        };
        Cells {
            text: self
                .text
                .get(..end.unwrap_or_default())
                .unwrap_or(self.text),
            bounds,
            stored: self.stored.get(..columns).unwrap_or(self.stored),
        }
    }

    /// Returns true if there are no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cell of a column, counting from 0; `None` past the end of the row.
    #[inline]
    pub fn get(&self, column: usize) -> Option<&'a str> {
        let (start, end) = match self.bounds {
            Bounds::Apart(cells) => {
                let (start, end) = *cells.get(column)?;
                (start as usize, end as usize)
            }
            Bounds::Ends(ends) => {
                let before = column.checked_sub(1).and_then(|before| ends.get(before));
                (before.copied().unwrap_or_default(), *ends.get(column)?)
            }
        };
        // Many cells are blank.
        if start == end {
            return Some("");
        }
        self.text.get(start..end)
    }
}

/// One row as it was read.
#[derive(Debug)]
pub struct Row<'a> {
    /// The position of the row in its batch, counted from 0.
    pub index: u64,
    /// The line of the file on which it starts, counting from 1.
    pub line: u64,
    /// The line breaks within cells of the rows before it, which a spreadsheet does not count as lines.
    pub cell_breaks: u64,
    /// Its cells.
    pub cells: Cells<'a>,
    /// The mistake in the row as a whole (too few cells, bytes that are no text, …): the row is invalid whatever its
    /// cells contain.
    pub trouble: Option<RowTrouble>,
    /// The range of its bytes in the batch; empty where the file is not read by bytes.
    pub bytes: Range<usize>,
}

/// The rule against a row with more or fewer cells than there are headings.
pub(crate) const RAGGED: &str = "sheet.ragged";

/// A fault of a row as a row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowTrouble {
    /// Cells are filled whose columns have no heading.
    CellWithoutHeading {
        /// The finding about the first of them.
        finding: Finding,
        /// All of these columns.
        columns: Vec<usize>,
    },
    /// Any other.
    Broken(Finding),
}

impl RowTrouble {
    /// Builds the trouble of a row with filled cells in these columns, which have no heading; `None` where there are none.
    pub(crate) fn without_heading(
        place: &Place,
        header_row: u64,
        columns: Vec<usize>,
    ) -> Option<RowTrouble> {
        let first = *columns.first()?;
        let message = format!(
            "cell {} is filled, but its column has no heading; --map '({})=-' leaves the column out",
            place.cell(first),
            cell_name(header_row, first)
        );
        let hint = "look for a delimiter too many, give the column a heading, or leave it out";
        let finding = Finding::new("sheet.no_heading", Severity::Error, message);
        let finding = finding.about(None, Some(first)).hint(hint);
        Some(RowTrouble::CellWithoutHeading { finding, columns })
    }

    /// The finding about it.
    pub fn finding(&self) -> &Finding {
        match self {
            RowTrouble::CellWithoutHeading { finding, .. } | RowTrouble::Broken(finding) => finding,
        }
    }
}
