//! The manual: one page for each task, as `rowcall help TASK` prints it. A test runs every command of every page, in this
//! order and in each language; the pages of `de/` have the same commands.

use crate::model::Language;

/// A page of the manual.
pub struct ManualPage {
    /// The word that `rowcall help` takes.
    pub name: &'static str,
    english: &'static str,
    german: &'static str,
}

impl ManualPage {
    /// The page in a language, as Markdown; its first line is the title.
    pub fn text(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::German => self.german,
        }
    }

    /// The page's title in a language.
    pub fn title(&self, language: Language) -> &'static str {
        let line = self.text(language).lines().next().unwrap_or_default();
        line.trim_start_matches('#').trim()
    }
}

macro_rules! pages {
    ($($name:literal),*) => {
        /// Every page, in the order in which a reader comes to them.
        pub static PAGES: &[ManualPage] = &[$(ManualPage {
            name: $name,
            english: include_str!(concat!($name, ".md")),
            german: include_str!(concat!("de/", $name, ".md")),
        }),*];
    };
}

pages![
    "page",
    "passwords",
    "telephones",
    "moving",
    "groups",
    "nightly",
    "changes",
    "trouble"
];
