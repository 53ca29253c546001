//! The extensions that a run may touch.

use super::vocabulary;

vocabulary! {
    /// The extensions that an import may touch.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub enum Mode {
        /// Only ones that do not exist yet.
        #[default]
        Create = "create",
        /// Only ones that exist.
        Update = "update",
        /// Both.
        Upsert = "upsert",
        /// Both, and extensions that the sheet does not name are deleted.
        Sync = "sync",
    }
}

impl Mode {
    /// Returns true if the mode creates extensions that are not there.
    pub fn creates(self) -> bool {
        self != Mode::Update
    }
}

vocabulary! {
    /// A command whose results are those of a run: a line for each row.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum RunCommand {
        /// Sends what sheets say.
        Import = "import",
        /// Shows what an import would send.
        Plan = "plan",
        /// Deletes what sheets name.
        Delete = "delete",
        /// Sends what another PBX has.
        Migrate = "migrate",
        /// Sends what is left of a run.
        Resume = "resume",
        /// Takes a run back.
        Undo = "undo",
        /// Asks if extensions ring.
        Ring = "ring",
    }
}

/// The mode of a run, whatever its command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunMode {
    /// The command has no mode.
    #[default]
    None,
    /// The mode of an import, or of its plan.
    Import(Mode),
    /// A migration that overwrites.
    Overwrite,
}

impl RunMode {
    /// The mode of a word of the reports; `None` where the word is not known.
    pub fn named(word: &str) -> Option<RunMode> {
        match word {
            "" => Some(RunMode::None),
            "overwrite" => Some(RunMode::Overwrite),
            word => Mode::named(word).map(RunMode::Import),
        }
    }

    /// The word that reports show; empty where there is no mode.
    pub fn word(self) -> &'static str {
        match self {
            RunMode::None => "",
            RunMode::Import(mode) => mode.word(),
            RunMode::Overwrite => "overwrite",
        }
    }

    /// A command with the flag that asks for this mode, as in `import --mode sync`.
    pub(crate) fn after(self, command: RunCommand) -> String {
        let command = command.word();
        match self {
            RunMode::None => command.to_owned(),
            RunMode::Import(mode) => format!("{command} --mode {}", mode.word()),
            RunMode::Overwrite => format!("{command} --overwrite"),
        }
    }

    /// A command with its mode, as in `import (sync)`.
    pub(crate) fn words(self, command: RunCommand) -> String {
        let command = command.word();
        match self {
            RunMode::None => command.to_owned(),
            RunMode::Import(mode) => format!("{command} ({})", mode.word()),
            RunMode::Overwrite => format!("{command} (overwrite)"),
        }
    }

    /// Returns true if extensions that no row names are deleted.
    pub(crate) fn is_sync(self) -> bool {
        self == RunMode::Import(Mode::Sync)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_read_as_it_is_written_and_shown_as_it_is_typed() {
        let imports = Mode::ALL.map(RunMode::Import);
        for mode in imports
            .into_iter()
            .chain([RunMode::None, RunMode::Overwrite])
        {
            assert_eq!(RunMode::named(mode.word()), Some(mode));
        }
        assert_eq!(RunMode::named("other"), None);
        let typed = [RunMode::None, imports[3], RunMode::Overwrite]
            .map(|mode| mode.after(RunCommand::Import));
        assert_eq!(
            typed,
            ["import", "import --mode sync", "import --overwrite"]
        );
    }
}
