//! Failures of commands, with their exit codes.

use crate::archive::ArchiveError;
use crate::ledger::LedgerError;
use crate::migrate::BaseError;
use crate::seal::KeyError;
use crate::sheet::SheetError;
use std::path::Path;
use std::{fmt, io};

/// The end of a command. Ordered by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Every row is done; of a comparison: there is no difference.
    Done,
    /// Some row is not done; of a comparison: there are differences.
    NotDone,
    /// The command line, the configuration or the input could not be used.
    Unusable,
    /// The target could not be used.
    Target,
    /// The guard or the failure budget stopped the run.
    Stopped,
    /// Ctrl-C.
    Interrupted,
}

impl Exit {
    /// Returns done where all is right, else not done.
    pub(crate) fn done_if(all_well: bool) -> Exit {
        match all_well {
            true => Exit::Done,
            false => Exit::NotDone,
        }
    }

    /// Returns the end that another process told the shell by this number.
    pub(crate) fn of_code(code: u8) -> Exit {
        let all = [
            Exit::Done,
            Exit::NotDone,
            Exit::Unusable,
            Exit::Target,
            Exit::Stopped,
        ];
        let found = all.into_iter().find(|exit| exit.code() == code);
        found.unwrap_or(Exit::Interrupted)
    }

    /// The number that the shell is given.
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::NotDone => 1,
            Exit::Unusable => 2,
            Exit::Target => 3,
            Exit::Stopped => 4,
            Exit::Interrupted => 130,
        }
    }
}

/// The reason why a command could not continue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// The event and its place.
    pub(crate) message: String,
    /// The next step; empty where the message already says it.
    pub(crate) hint: String,
    /// The sheets of a workbook of which some are to be named; none where that is not the matter.
    pub(crate) sheets: Vec<String>,
    /// True where another run is at work on the target.
    pub(crate) is_locked_out: bool,
}

impl Failure {
    /// Exit 4, because something would be lost of these `fields` or `columns`, each with how often; `flags` leave them out.
    pub(crate) fn lossy(what: &str, lost: &[String], flags: &[String]) -> Failure {
        Failure::guard(format!(
            "something would be lost of these {what}, so nothing was sent: {}",
            lost.join(", ")
        ))
        .hint(format!(
            "if that is meant: {}; or --on-loss report",
            flags.join(" ")
        ))
    }

    fn new(exit: Exit, message: impl fmt::Display) -> Failure {
        Failure {
            exit,
            message: message.to_string(),
            hint: String::new(),
            sheets: vec![],
            is_locked_out: false,
        }
    }

    /// The command line, the configuration or the input could not be used.
    pub(crate) fn usage(message: impl fmt::Display) -> Failure {
        Failure::new(Exit::Unusable, message)
    }

    /// There is no run to `show`, `undo` or `resume`.
    pub(crate) fn no_run(verb: &str) -> Failure {
        Failure::usage(format!("there is no run to {verb}")).hint(
            "runs are kept in the state folder; if yours is another one, name it with --state",
        )
    }

    /// A file could not be written.
    pub(crate) fn not_written(path: &Path, error: &io::Error) -> Failure {
        Failure::usage(format!("{} cannot be written: {error}", path.display()))
            .hint("check the folder, the permission to write and the free space")
    }

    /// The target could not be used.
    pub(crate) fn target(message: impl fmt::Display) -> Failure {
        Failure::new(Exit::Target, message)
    }

    /// The guard or the failure budget stopped the run.
    pub(crate) fn guard(message: impl fmt::Display) -> Failure {
        Failure::new(Exit::Stopped, message)
    }

    /// Ctrl-C ended the command.
    pub(crate) fn interrupted(message: impl fmt::Display) -> Failure {
        Failure::new(Exit::Interrupted, message)
    }

    /// Ctrl-C ended the command before it sent anything.
    pub(crate) fn not_begun() -> Failure {
        Failure::interrupted("interrupted: nothing was sent")
    }

    /// The same failure with a hint on what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = hint.into();
        self
    }
}

impl From<SheetError> for Failure {
    fn from(error: SheetError) -> Failure {
        Failure::usage(error)
    }
}

impl From<LedgerError> for Failure {
    /// Takes exit 3 where another run has locked the target, else 2.
    fn from(error: LedgerError) -> Failure {
        let failure = match &error {
            LedgerError::Locked(_) => Failure {
                is_locked_out: true,
                ..Failure::target(&error)
            },
            _ => Failure::usage(&error),
        };
        failure.hint(error.hint())
    }
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Failure {
        Failure::usage(&error).hint(error.hint())
    }
}

impl From<BaseError> for Failure {
    fn from(error: BaseError) -> Failure {
        Failure::usage(&error).hint(error.hint())
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Failure {
        Failure::usage(&error).hint(error.hint())
    }
}
