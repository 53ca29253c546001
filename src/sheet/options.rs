//! The input of a reader, and its options.

use crate::sheet::encoding::Encoding;
use crate::sheet::format::Format;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The input of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file.
    File(PathBuf),
}

impl Input {
    /// Returns the input behind a name on the command line: `-` is standard input.
    pub fn named(name: &str) -> Input {
        if name == "-" {
            Input::Stdin
        } else {
            Input::File(name.into())
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Input::Stdin => f.write_str("-"),
            Input::File(path) => path.display().fmt(f),
        }
    }
}

/// Options for reading a sheet; any that is absent is worked out from the file.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The file's format.
    pub format: Option<Format>,
    /// The encoding of the file.
    pub encoding: Option<Encoding>,
    /// The delimiter of the cells: one ASCII character, no quote and no line break.
    pub delimiter: Option<char>,
    /// The line of the headings.
    pub header: Header,
    /// The lines of the headings in single sheets of a workbook, by their names: they go before it.
    pub header_lines: Vec<(String, u64)>,
    /// True if a row with fewer cells than there are headings is accepted, as if blank cells followed.
    pub pad_short_rows: bool,
    /// True if curly quotes and primes in the place of JSON's straight quotes are replaced.
    pub fix_quotes: bool,
    /// The sheets of a workbook that are read, by their names; `EVERY_SHEET` means all that can be meant. Without
    /// any, the only one that can be meant.
    pub sheets: Vec<String>,
    /// True if rows that a workbook hides, by a filter or otherwise, are left out.
    pub visible_only: bool,
    /// The limits of size.
    pub limits: Limits,
}

/// The line of a sheet's headings. JSON has none above its rows, and ignores this.
#[derive(Debug, Clone, Default)]
pub enum Header {
    /// In the first line that is not blank.
    #[default]
    First,
    /// In the row that begins on this line, counting from 1, whatever the headings are.
    Line(u64, Headings),
    /// In the first row that reads like headings.
    Found(Headings),
}

/// Knows headings when it sees them.
#[derive(Clone)]
pub struct Headings {
    known: Arc<dyn Fn(&str) -> HeadingMeaning + Send + Sync>,
    group_word: Arc<dyn Fn(&str) -> GroupWord + Send + Sync>,
    qualifies: Arc<Qualifies>,
    sets_apart: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

/// Tells if a word above a heading qualifies it.
type Qualifies = dyn Fn(&str, &str) -> bool + Send + Sync;

/// The subject of the columns below a word above several headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupWord {
    /// A person other than the extension's own, such as a deputy.
    SomebodyElse,
    /// A thing other than the extension, such as a department.
    SomethingElse,
    /// A feature of the extension that is on or off by itself, such as its voicemail.
    Feature,
    /// The person's private life.
    Private,
    /// Any other subject; the word may also be a title.
    Other,
}

impl GroupWord {
    /// Returns true if the columns below the word are not about the extension or its person.
    pub(crate) fn is_about_other(self) -> bool {
        matches!(self, GroupWord::SomebodyElse | GroupWord::SomethingElse)
    }
}

/// The meaning of a text as a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeadingMeaning {
    /// It means nothing.
    Nothing,
    /// It means a field.
    Field,
    /// It means a secret: what stands below it is no word of a language.
    Secret,
    /// It means the number, without which there is no table of extensions.
    Number,
}

impl Headings {
    /// Creates headings that are recognised by `known`.
    pub fn new(known: impl Fn(&str) -> HeadingMeaning + Send + Sync + 'static) -> Headings {
        Headings {
            known: Arc::new(known),
            group_word: Arc::new(|_| GroupWord::Other),
            qualifies: Arc::new(|_, _| false),
            sets_apart: Arc::new(|_| false),
        }
    }

    /// The same headings, in sheets of which `sets_apart` tells by the name that their rows may not be meant.
    pub(crate) fn in_sheets(
        self,
        sets_apart: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Headings {
        Headings {
            sets_apart: Arc::new(sets_apart),
            ..self
        }
    }

    /// The same headings, some of which a word in a row above `qualifies`: it is given that word and the heading.
    /// `group_word` tells of a word what it is about.
    pub(crate) fn below_groups(
        self,
        group_word: impl Fn(&str) -> GroupWord + Send + Sync + 'static,
        qualifies: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
    ) -> Headings {
        Headings {
            group_word: Arc::new(group_word),
            qualifies: Arc::new(qualifies),
            ..self
        }
    }

    pub(crate) fn known(&self, text: &str) -> HeadingMeaning {
        (self.known)(text)
    }

    pub(crate) fn group_word(&self, text: &str) -> GroupWord {
        (self.group_word)(text)
    }

    pub(crate) fn qualifies(&self, group: &str, heading: &str) -> bool {
        (self.qualifies)(group, heading)
    }

    /// Returns true if the rows of a sheet of this name may not be meant.
    pub(crate) fn set_apart(&self, name: &str) -> bool {
        (self.sets_apart)(name)
    }

    /// Returns true if one of the texts means the number.
    pub(crate) fn have_number(&self, texts: &[String]) -> bool {
        let mut texts = texts.iter();
        texts.any(|text| self.known(text.trim()) == HeadingMeaning::Number)
    }
}

impl ReadOptions {
    /// The options for a sheet of a workbook, where the line of its headings was named for it alone.
    pub(crate) fn of_table(&self, name: &str) -> Option<ReadOptions> {
        let mut lines = self.header_lines.iter();
        let (_, line) = lines.find(|(known, _)| known == name)?;
        Some(ReadOptions {
            header: Header::Line(*line, self.header.headings()?.clone()),
            ..self.clone()
        })
    }
}

impl Header {
    /// The known headings; `None` where there are none.
    pub(crate) fn headings(&self) -> Option<&Headings> {
        match self {
            Header::First => None,
            Header::Line(_, headings) | Header::Found(headings) => Some(headings),
        }
    }
}

impl fmt::Debug for Headings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Headings")
    }
}

/// In place of a sheet's name: all that are not hidden and can be meant.
pub(crate) const EVERY_SHEET: &str = "*";

/// The limits of a sheet's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one cell.
    pub(crate) cell_bytes_max: usize,
    /// Bytes of one row in the file.
    pub(crate) row_bytes_max: usize,
    /// Cells of one row.
    pub(crate) row_cells_max: usize,
    /// Objects within objects in JSON.
    pub(crate) depth_max: usize,
    /// Bytes that are read at once; a batch is about as large, and larger only where one row is.
    pub chunk_bytes: usize,
}

/// Bytes of one cell: 1 MiB.
pub(crate) const CELL_BYTES_MAX: usize = 1 << 20;
/// Bytes of one row in the file: 16 MiB.
pub(crate) const ROW_BYTES_MAX: usize = 16 << 20;
/// Cells of one row: as many as a spreadsheet has columns.
pub(crate) const ROW_CELLS_MAX: usize = 16_384;
/// Objects within objects in JSON.
pub(crate) const DEPTH_MAX: usize = 32;
/// Bytes that are read at once.
pub(crate) const CHUNK_BYTES: usize = 256 << 10;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            cell_bytes_max: CELL_BYTES_MAX,
            row_bytes_max: ROW_BYTES_MAX,
            row_cells_max: ROW_CELLS_MAX,
            depth_max: DEPTH_MAX,
            chunk_bytes: CHUNK_BYTES,
        }
    }
}
