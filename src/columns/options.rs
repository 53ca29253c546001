//! The options for understanding the headings of a sheet.

use super::actions::AllowedActions;
use super::map::Mapped;
use crate::model::Field;

/// Options for understanding headings.
#[derive(Debug, Clone, Default)]
pub struct BindOptions {
    /// Headings that the user has mapped to a field, or to none.
    pub map: Vec<(String, Mapped)>,
    /// The vendor or product whose names the headings are, by its id; worked out where absent.
    pub headings: Option<String>,
    /// The line of the header row, for naming its cells; `None` where the sheet has none (JSON).
    pub header_line: Option<u64>,
    /// Values of fields that the sheet does not give.
    pub fill: Vec<(Field, String)>,
    /// The actions that a column may ask for.
    pub allowed: AllowedActions,
}
