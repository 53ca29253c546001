//! The answers about a sheet, as options of the commands that follow.

use crate::model::Field;
use crate::sheet::GENERATE;
use std::path::PathBuf;

/// The answers about a sheet: options of every step.
#[derive(Default)]
pub(super) struct LeadAnswers {
    /// The mapping file.
    pub(super) map_file: Option<String>,
    /// The secrets that are generated for rows without them.
    pub(super) generated: Vec<Field>,
}

impl LeadAnswers {
    pub(super) fn map_path(&self) -> Option<PathBuf> {
        self.map_file.as_ref().map(PathBuf::from)
    }

    /// The words of a command with these options.
    pub(super) fn after(&self, command: &[&str]) -> Vec<String> {
        let mut words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        let map_file = self.map_file.iter();
        words.extend(map_file.flat_map(|path| ["--map-file".to_owned(), path.clone()]));
        let fills = self
            .generated
            .iter()
            .map(|field| format!("{}={GENERATE}", field.name()));
        words.extend(fills.flat_map(|fill| ["--fill".to_owned(), fill]));
        words
    }
}
