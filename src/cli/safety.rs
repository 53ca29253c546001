//! The limits of change, the conditions that stop a run, and the choice of changes that are read back.

use super::words::typed_words;
use crate::model::Mode;
use crate::plan::guard::{Allowance, Budget};
use crate::plan::replay::OnDrift;
use crate::plan::waves::Waves;
use crate::run::{ApplyMoment, GuardOptions};
use crate::submit::Verify;
use clap::{Args, ValueEnum};
use std::str::FromStr;

/// The limits of change, the conditions that stop a run, and the choice of changes that are read back.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Safety")]
pub struct GuardArgs {
    /// At most N new extensions, a count or a percentage [default: all]
    #[arg(long, value_name = "N|P%", value_parser = Allowance::from_str)]
    pub max_creates: Option<Allowance>,
    /// At most N changed extensions [default: 50%, at least 10]
    #[arg(long, value_name = "N|P%", value_parser = Allowance::from_str)]
    pub max_updates: Option<Allowance>,
    /// At most N deleted extensions [default: 10%, at least 1]
    #[arg(long, value_name = "N|P%", value_parser = Allowance::from_str)]
    pub max_deletes: Option<Allowance>,
    /// At most N extensions with a changed password or PIN [default: 50%, at least 10]
    #[arg(long, value_name = "N|P%", value_parser = Allowance::from_str)]
    pub max_secret_changes: Option<Allowance>,
    /// Stop when more than N rows failed [default: 25% once 20 were sent, or 10 in a row]
    #[arg(long, value_name = "N|P%", value_parser = Allowance::from_str)]
    pub max_failures: Option<Allowance>,
    /// Which extensions are read back once they are written, and compared; undo deletes no created extension of which
    /// it cannot tell if others have changed it since, because it was not read back
    #[arg(long, value_enum, default_value_t)]
    pub verify: Verify,
    /// Send in waves of N rows (1,10,100), or one for each text in a column (column:site); after each wave
    /// --max-failures is applied to its rows
    #[arg(long, value_name = "N,N,…|column:HEADING", value_parser = Waves::from_str)]
    pub waves: Option<Waves>,
    /// When the changes are brought into effect, where the PBX wants a step of its own for that: when all rows are sent, not
    /// at all, or at a time of day [default: at-end]
    #[arg(long, value_name = "at-end|none|HH:MM", value_parser = ApplyMoment::from_str)]
    pub apply: Option<ApplyMoment>,
    /// Do not ask; also needed for anything that deletes where nobody can be asked
    #[arg(long, short = 'y')]
    pub yes: bool,
}

/// The reaction to a loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OnLoss {
    /// It is reported, and the rest goes on
    #[default]
    Report,
    /// Nothing is sent, unless all that would be lost is left out by name: fields by --drop FIELD, columns of a sheet by
    /// --map 'HEADING=-'
    Stop,
}

/// The reaction to values that no field or column of the other side takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Safety")]
pub struct LossArgs {
    /// What happens when something would be lost, because no field or column takes it
    #[arg(long, value_enum, value_name = "ACTION", default_value_t)]
    pub on_loss: OnLoss,
}

impl GuardArgs {
    pub(crate) fn options(&self) -> GuardOptions {
        let default = Budget::default();
        GuardOptions {
            budget: Budget {
                creates: self.max_creates.unwrap_or(default.creates),
                updates: self.max_updates.unwrap_or(default.updates),
                deletes: self.max_deletes.unwrap_or(default.deletes),
                secret_changes: self.max_secret_changes.unwrap_or(default.secret_changes),
            },
            max_failures: self.max_failures,
            verify: self.verify,
            waves: self.waves.clone(),
            apply: self.apply,
            ring: false,
            yes: self.yes,
        }
    }

    /// The same for undoing a run: that may change as much as the run did, unless less was typed.
    pub(crate) fn of_undo(&self) -> GuardOptions {
        let all = |typed: Option<Allowance>| typed.unwrap_or(Allowance::All);
        GuardOptions {
            budget: Budget {
                creates: all(self.max_creates),
                updates: all(self.max_updates),
                deletes: all(self.max_deletes),
                secret_changes: all(self.max_secret_changes),
            },
            ..self.options()
        }
    }
}

typed_words!(Mode {
    Create = "create": "Only new ones; existing ones are not changed",
    Update = "update": "Only existing ones",
    Upsert = "upsert": "Both",
    Sync = "sync": "Both, and ones that no row names are deleted (needs --yes)",
});

typed_words!(OnDrift {
    Stop = "stop": "Nothing is sent when any of them changed",
    Skip = "skip": "They are left out, the others go",
    Replan = "replan": "They are planned anew",
});

typed_words!(Verify {
    All = "all": "Every one",
    Sample = "sample": "One in ten, always the same ones by their number",
    None = "none": "None: the PBX's word counts",
});
