//! The step in which every row is checked.

use super::answers::LeadAnswers;
use super::questions::file_beside;
use crate::columns::AllowedActions;
use crate::input::{InputOptions, bound};
use crate::manifest::Manifest;
use crate::model::shell_word;
use crate::report::marked::ending_of_copy;
use crate::rim::Failure;
use crate::rim::terminal::print;
use crate::vendors::Vendor;
use std::iter;
use std::path::Path;

/// Checks the sheet, with a copy in which the findings are marked; returns false where it cannot be checked. `step` carries
/// out a command.
///
/// # Errors
/// Exit 2 where the sheet cannot be read.
pub(super) fn check_rows(
    file: &str,
    answers: &LeadAnswers,
    vendor: &Vendor,
    step: impl Fn(&[String]) -> u8,
) -> Result<bool, Failure> {
    let copy = name_of_copy(file, answers, (vendor.manifest)())?;
    let mut check = vec!["check", file, "--for", vendor.id];
    check.extend(copy.iter().flat_map(|copy| ["--mark", copy]));
    match step(&answers.after(&check)) {
        0 => print("every row can go"),
        1 => {
            if let Some(copy) = &copy {
                print(format!(
                    "{copy} is a copy of the sheet with the findings at their cells: red is an error, yellow a warning; its last sheet has all, also those of no cell."
                ));
            }
            print(format!(
                "Correct {file} itself where it says error, then begin again; rows without errors can go all the same.\nrowcall fix {} -o FIXED --for {} repairs a copy where that is certain.",
                shell_word(file),
                vendor.id
            ));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// The name, of no file yet, of the copy of a file in which findings are marked; `None` where it has several sheets, for which there may
/// be none.
fn name_of_copy(
    file: &str,
    answers: &LeadAnswers,
    manifest: &Manifest,
) -> Result<Option<String>, Failure> {
    let input = InputOptions::file(Path::new(file), answers.map_path());
    let sheets = bound(&input, manifest, AllowedActions::default())?;
    Ok(match sheets.as_slice() {
        [(sheet, _)] => {
            let ending = ending_of_copy(sheet);
            let first = file_beside(file, &format!("checked.{ending}"));
            let further = (2..).map(|at| file_beside(file, &format!("checked-{at}.{ending}")));
            // The copy of an earlier check stays: somebody may have corrected it.
            let mut names = iter::once(first).chain(further);
            names.find(|name| !Path::new(name).exists())
        }
        _ => None,
    })
}
