//! One file a command; the only modules that know every stage.

pub mod target;

use std::fmt;

/// Why a command could not go on: for whoever typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: u8,
    /// What happened and where.
    pub message: String,
    /// What to do next; empty where the message says it.
    pub hint: String,
}

impl Failure {
    /// The command line, the configuration or the input could not be used.
    pub fn usage(message: impl fmt::Display) -> Failure {
        Failure {
            exit: 2,
            message: message.to_string(),
            hint: String::new(),
        }
    }

    /// The target could not be used.
    pub fn target(message: impl fmt::Display) -> Failure {
        Failure {
            exit: 3,
            message: message.to_string(),
            hint: String::new(),
        }
    }

    /// The guard or the failure budget stopped the run.
    pub fn guard(message: impl fmt::Display) -> Failure {
        Failure {
            exit: 4,
            message: message.to_string(),
            hint: String::new(),
        }
    }

    /// The same failure with a word on what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = hint.into();
        self
    }
}
pub mod check;
