//! The manual: one page for each task, as `rowcall help TASK` prints it. A test runs every command of every page, in this order.

/// A page of the manual.
pub struct ManualPage {
    /// The word that `rowcall help` takes.
    pub name: &'static str,
    /// Markdown; its first line is the title.
    pub text: &'static str,
}

impl ManualPage {
    /// The page's title.
    pub fn title(&self) -> &'static str {
        let line = self.text.lines().next().unwrap_or_default();
        line.trim_start_matches('#').trim()
    }
}

macro_rules! pages {
    ($($name:literal),*) => {
        /// Every page, in the order in which a reader comes to them.
        pub static PAGES: &[ManualPage] = &[$(ManualPage {
            name: $name,
            text: include_str!(concat!($name, ".md")),
        }),*];
    };
}

pages![
    "passwords",
    "telephones",
    "moving",
    "groups",
    "nightly",
    "changes",
    "trouble"
];
