//! Python, whose libraries read and write workbooks too.

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
