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
    /// Whether formats for people count its words: for a column that has only a few. Rows in which its tone is
    /// [`Tone::Bad`] stand first there.
    pub counted: bool,
    /// A text that says as little as an empty cell. Formats for people hide a column that holds nothing else.
    pub nothing: &'static str,
    /// Whether formats for machines leave it out.
    pub for_people: bool,
    /// Whether a workbook hides it.
    pub hidden: bool,
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

/// One of several lines in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedLine {
    /// Its text.
    pub text: String,
    /// What it says to whoever reads it.
    pub tone: Tone,
    /// The number of the group that it belongs to, counting from 0: lines that say the same of other rows.
    pub group: Option<usize>,
}

/// A further table for people: a sheet of its own in a workbook, a section of a page, left out elsewhere.
#[derive(Debug, Clone, Default)]
pub struct ExtraSheet {
    /// What the sheet of the rows is called.
    pub table: String,
    /// The sheet's name: at most 31 characters.
    pub name: String,
    /// Its title. A sheet with a title is known by it for one that holds no rows of data; see [`TITLE_PREFIX`].
    pub title: String,
    /// Its headings.
    pub headings: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// The cells of the table's own sheet that the first cells of its rows lead to, for example `C7`; empty where they
    /// lead nowhere.
    pub links: Vec<String>,
}

/// How the first cell of a sheet begins that tells about other sheets and holds no rows of data itself: it is read only
/// when it is named.
pub const TITLE_PREFIX: &str = "rowcall: ";
