//! The keyring of the user's session (GNOME Keyring, KWallet), by the program `secret-tool` of libsecret.

use crate::model::Secret;
use std::env;
use std::io::Write;
use std::process::{Command, Stdio};

const PROGRAM: &str = "secret-tool";

/// The attributes under which a target's password is kept.
fn attributes(target: &str) -> [&str; 4] {
    ["service", "rowcall", "target", target]
}

fn secret_tool(verb: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .arg(verb)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Returns true if the session has a keyring.
pub(crate) fn is_there() -> bool {
    let bus = env::var_os("DBUS_SESSION_BUS_ADDRESS");
    bus.is_some_and(|address| !address.is_empty())
        && secret_tool("--version")
            .stdin(Stdio::null())
            .status()
            .is_ok()
}

/// Keeps a target's password, and returns the command that reads it.
///
/// # Errors
/// The reason in words.
pub(crate) fn store(target: &str, password: &Secret) -> Result<String, String> {
    let cannot_run = |error| format!("{PROGRAM} cannot run: {error}");
    let mut child = secret_tool("store")
        .arg(format!("--label=rowcall {target}"))
        .args(attributes(target))
        .stdin(Stdio::piped())
        .spawn()
        .map_err(cannot_run)?;
    // It reads until the end, which comes with the end of this block.
    if let Some(mut stdin) = child.stdin.take() {
        let written = stdin.write_all(password.reveal().as_bytes());
        written.map_err(cannot_run)?;
    }
    let status = child.wait().map_err(cannot_run)?;
    match status.success() {
        true => Ok(format!("{PROGRAM} lookup {}", attributes(target).join(" "))),
        false => Err(format!("{PROGRAM} failed ({status})")),
    }
}

/// Forgets a target's password, best effort.
pub(crate) fn forget(target: &str) {
    let mut command = secret_tool("clear");
    let _ = command
        .args(attributes(target))
        .stdin(Stdio::null())
        .status();
}
