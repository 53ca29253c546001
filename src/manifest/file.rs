//! The form of a file that a product's own import screen reads.

use crate::model::{Field, is_heading_like};
use serde::Deserialize;

/// The form of an import file, and what the product does with it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileFacts {
    /// The character between two cells.
    pub delimiter: char,
    /// True if every cell is quoted, and not only those that need it.
    #[serde(default)]
    pub quote_all: bool,
    /// True if the file begins with a byte-order mark.
    #[serde(default)]
    pub byte_order_mark: bool,
    /// All headings in their order, where the product wants each of them; otherwise those that are filled are written.
    #[serde(default)]
    pub headings: Vec<String>,
    /// Columns that no field fills: heading and text, in which `{number}`, `{first_name}` and `{last_name}` are replaced;
    /// a text that is another column's heading in braces stands for the cell there.
    #[serde(default)]
    pub constants: Vec<[String; 2]>,
    /// Parts of an extension whose columns are filled only where it has them.
    #[serde(default)]
    pub parts: Vec<FilePart>,
    /// Fields without a column that the constants set in every extension.
    #[serde(default)]
    pub sets: Vec<SetByFile>,
    /// Headings whose texts are not taken from a pattern, for they switch something on; one that ends in `*` matches all
    /// that begin with it.
    #[serde(default)]
    pub never_copied: Vec<String>,
    /// True if its columns vary so much that they are taken from a file that the product exported, and from nowhere else.
    #[serde(default)]
    pub by_template: bool,
    /// Headings without a field, as in `never_copied`, that have a text which all rows of the exported file share, each with
    /// that text; any text where it is blank.
    #[serde(default)]
    pub wanted: Vec<[String; 2]>,
    /// The ending of the file's name that the product's page takes alone.
    #[serde(default)]
    pub ending: Option<String>,
    /// The most rows that one import takes.
    #[serde(default)]
    pub rows_max: Option<usize>,
    /// The meaning of a blank cell.
    pub blank: BlankCell,
    /// The fate of an extension whose number is there already, in words.
    pub existing: String,
    /// The steps that a person takes with the file, in their order.
    pub steps: Vec<String>,
    /// The product's deeds of which it says nothing.
    #[serde(default)]
    pub silently: Vec<String>,
    /// Conclusions that no page prints; they are told with every file.
    #[serde(default)]
    pub inferred: Vec<String>,
    /// The product whose headings the file has, where it goes by another name when it is read.
    pub product: Option<String>,
    /// The page with these facts, a key of `source`.
    pub source: String,
}

/// A part of an extension, such as its mailbox, that is made by several columns together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilePart {
    /// The switch that is on where an extension has it.
    pub switch: Field,
    /// Its columns that no field fills, as those of `FileFacts::constants`.
    pub columns: Vec<[String; 2]>,
}

/// Fields without a column that the constants set, whatever an extension has.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetByFile {
    /// The fields.
    pub fields: Vec<Field>,
    /// The switch that has to be off for nothing to be set.
    pub unless_off: Field,
    /// The words that tell what is set.
    pub reason: String,
}

impl FileFacts {
    /// Returns true if a column that nothing fills is left out: its blank cells would take the place of the default, and the
    /// product does not want all of its columns.
    pub(crate) fn leaves_out_unfilled(&self) -> bool {
        self.blank == BlankCell::Nothing && self.headings.is_empty() && !self.by_template
    }

    /// Returns true if a pattern's text under this heading may be taken over.
    pub(crate) fn may_copy(&self, heading: &str) -> bool {
        let mut never = self.never_copied.iter();
        !never.any(|known| is_heading_like(heading, known))
    }
}

/// The meaning of a blank cell in an import file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlankCell {
    /// The product sets its own default.
    Default,
    /// The product stores nothing in place of its default: where a column is there, every row has a value in it.
    Nothing,
    /// A new extension has the product's default, and one that is there keeps what it has.
    Keep,
}

impl BlankCell {
    /// The meaning, in words.
    pub fn words(self) -> &'static str {
        match self {
            BlankCell::Default => "the product's default",
            BlankCell::Nothing => "no value, not the default",
            BlankCell::Keep => "unchanged",
        }
    }
}
