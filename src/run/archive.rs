//! `rowcall archive`: whether nights are what was exported.

use super::{Failure, print, say};
use crate::archive::Archive;
use crate::cli::{ArchiveArgs, ArchiveCommand};

/// Says what is wrong, on standard output; where nothing is, the head.
///
/// # Errors
/// Exit 2 where there is no archive, or it cannot be read.
pub(super) fn run(args: &ArchiveArgs) -> Result<u8, Failure> {
    let ArchiveCommand::Verify { folder, head } = &args.command;
    let verdict = Archive::open(folder)?.verify(head)?;
    for line in &verdict.left {
        say(line);
    }
    let counts = format!(
        "{}: {} entries, {} nights as they were entered, {} removed by retention",
        folder.display(),
        verdict.head.entry.unwrap_or_default(),
        verdict.sound,
        verdict.removed
    );
    // With a head, what it does not vouch for is a finding; without one, it is only said.
    let (wrong, unproven) = match head.is_empty() {
        true => (verdict.wrong, verdict.unproven),
        false => ([verdict.wrong, verdict.unproven].concat(), vec![]),
    };
    print(|out| {
        wrong.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        match wrong.is_empty() {
            true => writeln!(out, "{}", verdict.head),
            false => Ok(()),
        }
    })?;
    for line in &unproven {
        say(line);
    }
    say(counts);
    if wrong.is_empty() {
        return Ok(0);
    }
    say(match wrong.len() {
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    });
    Ok(1)
}
