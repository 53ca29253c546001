//! The colours and lines of fonts, as a workbook's styles have them.

use crate::sheet::workbook::fills::is_colour_of_links;
use crate::xml::{PullError, Tag};
use std::collections::HashSet;

/// A font of cells, as far as it marks them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Font {
    pub(super) is_struck: bool,
    is_underlined: bool,
    colour: String,
}

impl Font {
    /// Takes in a tag within the font.
    pub(super) fn read(&mut self, tag: &Tag<'_>) -> Result<(), PullError> {
        let mut is_on = true;
        match tag.name() {
            "strike" => {
                tag.attributes(|name, value| {
                    is_on &= name != "val" || !matches!(&*value, "0" | "false");
                })?;
                self.is_struck = is_on;
            }
            "u" => {
                tag.attributes(|name, value| is_on &= name != "val" || value != "none")?;
                self.is_underlined = is_on;
            }
            "color" => {
                tag.attributes(|name, value| self.colour.extend([name, "=", &value, " "]))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns true for the font of links.
    fn is_like_link(&self) -> bool {
        const LINKS: [&str; 4] = ["theme=10 ", "theme=11 ", "indexed=12 ", "indexed=30 "];
        const ALPHA_DIGITS: usize = 2;
        let colour = self.colour.as_str();
        let rgb = colour.strip_prefix("rgb=").map(str::trim_end);
        let rgb = rgb.and_then(|rgb| rgb.get(ALPHA_DIGITS..));
        self.is_underlined && (LINKS.contains(&colour) || rgb.is_some_and(is_colour_of_links))
    }

    /// Returns true for a colour that a person gave: neither black nor that of a link.
    fn is_seen(&self) -> bool {
        const PLAIN: [&str; 8] = [
            "",
            "theme=1 ",
            "auto=1 ",
            "indexed=8 ",
            "indexed=64 ",
            "indexed=32767 ",
            "rgb=FF000000 ",
            "rgb=00000000 ",
        ];
        !self.is_like_link() && !PLAIN.contains(&self.colour.as_str())
    }

    /// The styles in the font of links; a style names one of `fonts`.
    pub(super) fn like_links(fonts: &[Font], styles: &[usize]) -> HashSet<usize> {
        let is_like_link = |font: &usize| fonts.get(*font).is_some_and(Font::is_like_link);
        let styles = styles.iter().enumerate();
        let of_links = styles.filter(|(_, font)| is_like_link(font));
        of_links.map(|(style, _)| style).collect()
    }

    /// The colour of each style by its number, which is the same for the same colour and 0 for none; a style names one of
    /// `fonts`.
    pub(super) fn numbers(fonts: &[Font], styles: &[usize]) -> Vec<u32> {
        let number = |style: &usize| {
            let own = fonts.get(*style).filter(|font| font.is_seen());
            let same = |own: &Font| fonts.iter().position(|font| font.colour == own.colour);
            own.and_then(same).map_or(0, |first| first as u32 + 1)
        };
        styles.iter().map(number).collect()
    }
}
