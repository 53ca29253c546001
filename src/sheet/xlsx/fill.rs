//! The fills of cells, as a workbook's styles have them.

use crate::xml::{PullError, Tag};
use std::collections::HashMap;

/// A fill of cells: its kind and its colour, as the workbook has them.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Fill {
    kind: String,
    colour: String,
}

impl Fill {
    /// Takes in the tag of the pattern, or of its colour.
    pub(super) fn read(&mut self, tag: &Tag<'_>) -> Result<(), PullError> {
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
        let mut numbers: HashMap<&Fill, u32> = HashMap::new();
        for (number, fill) in (1..).zip(fills).filter(|(_, fill)| fill.is_seen()) {
            numbers.entry(fill).or_insert(number);
        }
        let number = |style: &usize| {
            let own = fills.get(*style).and_then(|fill| numbers.get(fill));
            own.copied().unwrap_or_default()
        };
        styles.iter().map(number).collect()
    }
}
