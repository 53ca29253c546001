//! The result of exporting one target, and the lines about it.

use super::on_change::KnownChanges;
use crate::archive::Facts;
use crate::export::NotExported;
use crate::fleet::TargetResult;
use crate::model::{Field, counted, redact};
use crate::rim::terminal::print;
use crate::rim::{Exit, Target};

/// The result of exporting one target.
#[derive(Default)]
pub(super) struct Exported {
    /// The facts about the export; `None` where it was left alone.
    facts: Option<Facts>,
    /// The number of extensions in it, or in the one that made it superfluous.
    pub(super) extensions: u64,
    /// The number of extensions that changed, where that is known.
    pub(super) changes: Option<u64>,
    /// The archive's head after it.
    pub(super) head: Option<String>,
    /// True if the command of `--on-change` failed, or what changed is not known.
    is_untold: bool,
}

impl Exported {
    pub(super) fn new(facts: Facts, changes: KnownChanges) -> Exported {
        Exported {
            extensions: facts.extensions,
            facts: Some(facts),
            changes: changes.count,
            head: None,
            is_untold: changes.is_untold,
        }
    }

    /// Adds the archive's head after it.
    pub(super) fn with_head(self, head: String) -> Exported {
        Exported {
            head: Some(head),
            ..self
        }
    }

    /// Leaves the target alone, whose night has a whole snapshot with so many extensions.
    pub(super) fn skipped(name: &str, extensions: u64) -> Exported {
        print(format!(
            "{}: left alone, because the archive has a whole snapshot of this night",
            redact::target(name)
        ));
        Exported {
            extensions,
            ..Exported::default()
        }
    }

    pub(super) fn result(&self) -> TargetResult {
        match &self.facts {
            None => TargetResult::Skipped,
            Some(facts) if facts.is_certain() => TargetResult::Exported,
            Some(_) => TargetResult::Incomplete,
        }
    }

    /// An export that may be incomplete is no success.
    pub(super) fn exit(&self) -> Exit {
        Exit::done_if(self.result() != TargetResult::Incomplete && !self.is_untold)
    }
}

/// Says how many records were exported, and which records and values were not.
pub(super) fn print_exported(target: &Target, exported: u64, left_out: &NotExported) {
    let NotExported { gone, values } = left_out;
    print(format!(
        "{}: {}",
        target.label,
        counted(exported, target.noun())
    ));
    if !gone.is_empty() {
        print(format!(
            "{}: not in the export: the PBX lists them, and did not show them when they were read: {}",
            target.label,
            gone.join(", ")
        ));
    }
    if !values.is_empty() {
        let named = |(number, field): &(String, Field)| format!("{number} {}", field.name());
        let named: Vec<String> = values.iter().map(named).collect();
        print(format!(
            "{}: left out, for an import would refuse what stands there on the PBX: {}",
            target.label,
            named.join(", ")
        ));
    }
}
