//! `rowcall archive`: whether nights are what was exported.

use crate::archive::Archive;
use crate::cli::{ArchiveArgs, ArchiveCommand};
use crate::rim::terminal::{print, print_data};
use crate::rim::{Exit, Failure};

/// Says what is wrong, on standard output; where nothing is, the head.
///
/// # Errors
/// Exit 2 where there is no archive, or it cannot be read.
pub(super) fn run(args: &ArchiveArgs) -> Result<Exit, Failure> {
    let ArchiveCommand::Verify { folder, head } = &args.command;
    let verdict = Archive::open(folder)?.verify(head)?;
    for line in &verdict.left {
        print(line);
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
    print_data(|out| {
        wrong.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        match wrong.is_empty() {
            true => writeln!(out, "{}", verdict.head),
            false => Ok(()),
        }
    })?;
    for line in &unproven {
        print(line);
    }
    print(counts);
    if wrong.is_empty() {
        return Ok(Exit::Done);
    }
    print(match wrong.len() {
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    });
    Ok(Exit::NotDone)
}
