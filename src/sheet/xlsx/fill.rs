//! The fills of cells, as a workbook's styles have them.

use crate::xml::{PullError, Tag};

/// A fill of cells: its kind and its colour, as the workbook has them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fill {
    kind: String,
    colour: String,
}

impl Fill {
    /// Takes in the tag of the pattern, or of its colour.
    pub(super) fn take_in(&mut self, tag: &Tag<'_>) -> Result<(), PullError> {
        let is_colour = tag.name() == "fgColor";
        if tag.name() == "gradientFill" {
            tag.name().clone_into(&mut self.kind);
        }
        tag.attributes(|name, value| match (is_colour, name) {
            (true, _) => self.colour.extend([name, "=", &value, " "]),
            (false, "patternType") => self.kind = value.into_owned(),
            (false, _) => {}
        })
    }

    /// Returns true for any other fill than none or white.
    fn is_seen(&self) -> bool {
        const WHITE: [&str; 5] = [
            "rgb=FFFFFFFF ",
            "rgb=00FFFFFF ",
            "theme=0 ",
            "indexed=9 ",
            "indexed=1 ",
        ];
        !["", "none"].contains(&&*self.kind) && !WHITE.contains(&&*self.colour)
    }

    /// The fill of each style by its number, which is the same for the same fill and 0 for none; a style names one of `fills`.
    pub(super) fn numbers(fills: &[Fill], styles: &[usize]) -> Vec<u32> {
        let number = |style: &usize| {
            let own = fills.get(*style).filter(|fill| fill.is_seen());
            let first = own.and_then(|own| fills.iter().position(|fill| fill == own));
            first.map_or(0, |first| first as u32 + 1)
        };
        styles.iter().map(number).collect()
    }
}
