//! The form of a file that a product's own import screen reads.

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
    /// Columns with the same text in every row: heading and text.
    #[serde(default)]
    pub constants: Vec<[String; 2]>,
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
    /// The page with these facts, a key of `source`.
    pub source: String,
}

/// The meaning of a blank cell in an import file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlankCell {
    /// The product sets its own default.
    Default,
    /// The product stores nothing in place of its default: where a column is there, every row has a value in it.
    Nothing,
}
