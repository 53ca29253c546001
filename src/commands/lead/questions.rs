//! The questions of a first import.

use crate::model::shell_word;
use crate::rim::Failure;
use crate::rim::terminal::{ask, ask_until, is_no, print};
use crate::vendors::{VENDORS, Vendor, vendor_typed};
use std::path::Path;

/// The failure of a lead whose answers ended.
pub(super) fn ended() -> Failure {
    Failure::usage("a first import is led through on a terminal, by questions")
        .hint("rowcall check SHEET --for VENDOR begins it without any")
}

/// Asks for the sheet until there is one.
///
/// # Errors
/// The answers ended.
pub(super) fn ask_file() -> Result<String, Failure> {
    let file = ask_until(
        "the sheet (CSV, Excel, OpenDocument, JSON)",
        "",
        |answer| match Path::new(answer).is_file() {
            true => Ok(answer.to_owned()),
            false => Err(format!(
                "there is no file {answer:?}; rowcall template --for VENDOR -o FILE writes one to fill in"
            )),
        },
    );
    file.ok_or_else(ended)
}

/// Lists the vendors and asks for one, by its word or its number in the list, until there is one; `None` where the
/// answers ended.
pub(in crate::commands) fn ask_vendor(usual: &str) -> Option<&'static Vendor> {
    for (number, vendor) in (1..).zip(VENDORS) {
        let name = &(vendor.manifest)().vendor.name;
        print(format!("  {number}  {:<10} {name}", vendor.id));
    }
    ask_until("vendor, by its word or its number", usual, |answer| {
        let number = answer.parse::<usize>().ok();
        let listed = number.and_then(|number| VENDORS.get(number.checked_sub(1)?));
        listed.map_or_else(|| vendor_typed(answer), Ok)
    })
}

/// Asks which of these targets the sheet is to be sent to now; `None` where to none.
///
/// # Errors
/// The answers ended.
pub(super) fn ask_target(targets: &[String]) -> Result<Option<String>, Failure> {
    if targets.is_empty() {
        return Ok(None);
    }
    let question = format!("import it now to ({}; Enter: not now)", targets.join(", "));
    let target = ask_until(&question, "", |answer| {
        match targets.iter().find(|target| *target == answer) {
            None if answer.is_empty() || is_no(answer) => Ok(None),
            None => Err(format!("there is no target {answer:?}")),
            target => Ok(target.cloned()),
        }
    });
    target.ok_or_else(ended)
}

/// Waits for Enter.
///
/// # Errors
/// The answers ended.
pub(super) fn wait_for_enter() -> Result<(), Failure> {
    ask("Enter goes on", "").map(drop).ok_or_else(ended)
}

/// The name of a file beside the sheet: `staff.csv` and `map.toml` make `staff.map.toml`.
pub(super) fn file_beside(file: &str, ending: &str) -> String {
    let path = Path::new(file).with_extension(ending);
    path.display().to_string()
}

/// Words as they are typed in a shell.
pub(super) fn typed(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| shell_word(word)).collect();
    words.join(" ")
}
