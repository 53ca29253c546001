//! `rowcall archive verify`: the mistakes of an archive.

use crate::archive::{Archive, Head, moves};
use crate::lang::translated;
use crate::model::counted;
use crate::rim::terminal::{print, print_data};
use crate::rim::{Exit, Failure};
use serde_json::json;
use std::path::Path;

/// Prints the mistakes, on standard output; where there are none, the head.
///
/// # Errors
/// Exit 2 where there is no archive, or it cannot be read.
pub(super) fn run(folder: &Path, heads: &[Head], json: bool) -> Result<Exit, Failure> {
    let archive = Archive::open(folder)?;
    let verdict = archive.verify(heads)?;
    // Mistakes in the manifest are part of the verdict.
    for (target, snapshots) in archive.snapshots().unwrap_or_default() {
        moves(&target, &snapshots).iter().for_each(print);
    }
    for line in &verdict.left {
        print(line);
    }
    let counts = format!(
        "{}: {} entries, {} as entered, {} removed by retention",
        folder.display(),
        verdict.entries,
        counted(verdict.sound as u64, "snapshot"),
        verdict.removed
    );
    // With a head, an entry that it does not prove is a finding; without one, it is only mentioned.
    let (wrong, unproven) = match heads.is_empty() {
        true => (verdict.wrong, verdict.unproven),
        false => ([verdict.wrong, verdict.unproven].concat(), vec![]),
    };
    let exit = Exit::done_if(wrong.is_empty());
    print_data(|out| {
        if json {
            let all = json!({
                "command": "archive verify",
                "archive": folder.display().to_string(),
                "head": verdict.head.to_string(),
                "entries": verdict.entries,
                "sound": verdict.sound,
                "removed": verdict.removed,
                "findings": wrong,
                "unproven": unproven,
                "left": verdict.left,
                "exit_code": exit.code(),
            });
            return writeln!(out, "{all}");
        }
        let mut lines = wrong.iter().map(|line| translated(line));
        lines.try_for_each(|line| writeln!(out, "{line}"))?;
        match wrong.is_empty() {
            true => writeln!(out, "{}", verdict.head),
            false => Ok(()),
        }
    })?;
    for line in &unproven {
        print(line);
    }
    print(counts);
    if !wrong.is_empty() {
        print(counted(wrong.len() as u64, "finding"));
    }
    Ok(exit)
}
