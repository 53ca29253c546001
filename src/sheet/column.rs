//! What stands at the head of a table that is written.

/// A column that is written: its heading, and what formats for people make of it. Formats for machines hold the heading
/// alone.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// The heading.
    pub heading: String,
    /// How many characters its cells are likely to have; 0 where only the heading tells.
    pub width: usize,
    /// Whether it holds sentences: shown wide and in several lines.
    pub prose: bool,
    /// What a cell says to whoever reads it; it is coloured so. Its words have to say the same.
    pub tone: Option<fn(&str) -> Tone>,
    /// Whether a page counts its words: for a column that has only a few.
    pub counted: bool,
    /// Whether its cells have to be filled in.
    pub required: bool,
    /// What is said about it to whoever fills it in.
    pub comment: String,
    /// The words that are offered to whoever fills it in.
    pub choices: Vec<String>,
}

/// What a cell says to whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// All is well.
    Good,
    /// Worth a look.
    Notice,
    /// Not as wanted.
    Bad,
    /// Nothing in particular.
    Plain,
}

/// What may stand at the head of a column that is written: a bare heading, or a [`Column`].
pub trait Heading {
    /// It as a column.
    fn column(&self) -> Column;
}

impl Heading for &str {
    fn column(&self) -> Column {
        (*self).to_owned().column()
    }
}

impl Heading for String {
    fn column(&self) -> Column {
        Column {
            heading: self.clone(),
            ..Column::default()
        }
    }
}

impl Heading for Column {
    fn column(&self) -> Column {
        self.clone()
    }
}

/// A further table for people: a sheet of its own in a workbook, left out elsewhere.
#[derive(Debug, Clone)]
pub struct ExtraSheet {
    /// What the sheet of the rows is called.
    pub table: String,
    /// The sheet's name: at most 31 characters.
    pub name: String,
    /// Its headings.
    pub headings: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}
