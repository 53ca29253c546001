//! Tests that need tools which not every machine has.

use std::path::Path;
use std::process::Command;

/// Python as the system's packages install it: another one that comes first on the path does not have their modules.
pub(crate) fn python_command() -> Command {
    let of_system = Path::new("/usr/bin/python3");
    Command::new(if of_system.exists() {
        of_system
    } else {
        Path::new("python3")
    })
}

/// Prints that a test is passed over; fails it where `CI` is set, because there no test may be passed over. `need` is
/// the missing tool, and `get` the way to get it.
pub(crate) fn skip(need: &str, get: &str) {
    let strict = std::env::var("CI").is_ok_and(|set| !matches!(set.as_str(), "" | "0" | "false"));
    assert!(!strict, "this test needs {need} ({get}), and CI is set");
    println!("skipped: there is no {need} here ({get})");
}
