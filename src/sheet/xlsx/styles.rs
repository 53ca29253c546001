//! The styles of a workbook's cells.

use super::fill::Fill;
use super::font::Font;
use crate::sheet::error::SheetError;
use crate::sheet::workbook::number_format::{Formats, STYLES_MAX};
use crate::xml::{PullError, Tag};
use std::collections::HashSet;
use std::sync::Arc;

/// The styles of cells, as far as reading needs them.
#[derive(Default)]
pub(super) struct StyleTable {
    pub(super) formats: Formats,
    /// True for each style that strikes its cells through.
    struck: Vec<bool>,
    /// The fill of each style, counted from 1; 0 is none.
    fills: Vec<u32>,
    /// The font colour of each style, counted from 1; 0 is the usual one.
    font_colours: Vec<u32>,
    /// The styles in the font of links.
    like_links: HashSet<usize>,
}

impl StyleTable {
    /// Returns true if a style has the font of links; `None` where no style has it.
    pub(super) fn is_like_link(&self, style: usize) -> Option<bool> {
        (!self.like_links.is_empty()).then(|| self.like_links.contains(&style))
    }

    /// Returns true if a style strikes its cells through.
    pub(super) fn is_struck(&self, style: usize) -> bool {
        self.struck.get(style).is_some_and(|is_struck| *is_struck)
    }

    /// The fill and the font colour of a style.
    pub(super) fn colours(&self, style: usize) -> (u32, u32) {
        let of_style = |numbers: &Vec<u32>| numbers.get(style).copied().unwrap_or(0);
        (of_style(&self.fills), of_style(&self.font_colours))
    }
}

/// The styles while their part is read.
pub(super) struct StyleReader {
    file: Arc<str>,
    /// The element that the tags stand in.
    section: String,
    formats: Formats,
    fonts: Vec<Font>,
    fills: Vec<Fill>,
    /// The number format, the font and the fill of each style.
    styles: Vec<StyleIds>,
    refused: Result<(), SheetError>,
}

/// The parts of a style, by their places in the lists of the workbook.
#[derive(Default)]
struct StyleIds {
    format: u32,
    font: usize,
    fill: usize,
}

impl StyleReader {
    pub(super) fn new(file: Arc<str>) -> StyleReader {
        StyleReader {
            file,
            section: String::new(),
            formats: Formats::default(),
            fonts: vec![],
            fills: vec![],
            styles: vec![],
            refused: Ok(()),
        }
    }

    /// Reads the next tag.
    pub(super) fn read(&mut self, depth: usize, tag: &Tag<'_>) -> Result<(), PullError> {
        match (depth, tag.name()) {
            (2, name) => name.clone_into(&mut self.section),
            (3, "numFmt") => self.read_format(tag)?,
            (3, "font") if self.section == "fonts" && self.fonts.len() < STYLES_MAX => {
                self.fonts.push(Font::default());
            }
            (4, _) if self.section == "fonts" => {
                if let Some(font) = self.fonts.last_mut() {
                    font.read(tag)?;
                }
            }
            (3, "fill") if self.section == "fills" && self.fills.len() < STYLES_MAX => {
                self.fills.push(Fill::default());
            }
            (4, "patternFill" | "gradientFill") | (5, "fgColor") => {
                if let Some(fill) = self.fills.last_mut() {
                    fill.read(tag)?;
                }
            }
            (3, "xf") if self.section == "cellXfs" => {
                let mut ids = StyleIds::default();
                tag.attributes(|name, value| match name {
                    "numFmtId" => ids.format = value.parse().unwrap_or(0),
                    "fontId" => ids.font = value.parse().unwrap_or(0),
                    "fillId" => ids.fill = value.parse().unwrap_or(0),
                    _ => {}
                })?;
                self.styles.push(ids);
            }
            _ => {}
        }
        Ok(())
    }

    fn read_format(&mut self, tag: &Tag<'_>) -> Result<(), PullError> {
        let (mut id, mut code) = (0, String::new());
        tag.attributes(|name, value| match name {
            "numFmtId" => id = value.parse().unwrap_or(0),
            "formatCode" => code = value.into_owned(),
            _ => {}
        })?;
        if self.refused.is_ok() {
            self.refused = self.formats.bring(&self.file, id, code);
        }
        Ok(())
    }

    /// Returns the styles of cells.
    ///
    /// # Errors
    /// There are more of them than any program writes.
    pub(super) fn finish(self) -> Result<StyleTable, SheetError> {
        self.refused?;
        let mut formats = self.formats;
        for style in &self.styles {
            formats.style(&self.file, style.format)?;
        }
        let font_of: Vec<usize> = self.styles.iter().map(|style| style.font).collect();
        let fill_of: Vec<usize> = self.styles.iter().map(|style| style.fill).collect();
        let is_struck = |font: &usize| self.fonts.get(*font).is_some_and(|font| font.is_struck);
        Ok(StyleTable {
            formats,
            struck: font_of.iter().map(is_struck).collect(),
            fills: Fill::numbers(&self.fills, &fill_of),
            font_colours: Font::numbers(&self.fonts, &font_of),
            like_links: Font::like_links(&self.fonts, &font_of),
        })
    }
}
