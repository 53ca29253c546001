//! The pieces of a cell's text, of which some may be raised, lowered or struck through.

use crate::xml::{PullError, Tag};

/// The looks of the pieces of a text.
#[derive(Default)]
pub(super) struct TextPieces {
    /// True if the piece at hand is raised, lowered or struck through.
    is_marked: bool,
    has_marked: bool,
    has_plain: bool,
}

impl TextPieces {
    /// Takes in a tag within a text; returns true if it marks the piece at hand.
    pub(super) fn open(&mut self, tag: &Tag<'_>) -> Result<bool, PullError> {
        let marks = match tag.name() {
            "r" => {
                self.is_marked = false;
                false
            }
            "strike" | "vertAlign" => {
                let mut is_on = true;
                tag.attributes(|name, value| {
                    is_on &= name != "val" || !matches!(&*value, "0" | "false" | "baseline");
                })?;
                is_on
            }
            _ => false,
        };
        self.is_marked |= marks;
        Ok(marks)
    }

    pub(super) fn add(&mut self, text: &str) {
        let is_filled = !text.trim().is_empty();
        self.has_marked |= is_filled && self.is_marked;
        self.has_plain |= is_filled && !self.is_marked;
    }

    /// Returns true if a piece is marked and another is not.
    pub(super) fn differ(&self) -> bool {
        self.has_marked && self.has_plain
    }
}
