//! The user who runs the command, for the head of a report.

use std::env;
use std::fs;

/// The account and the machine, for example `anna@desk7`, as far as the system names them.
pub(crate) fn account_and_machine() -> String {
    let first = |names: &[&str]| {
        let mut texts = names.iter().filter_map(|name| env::var(name).ok());
        texts.find(|text| !text.trim().is_empty())
    };
    let user = first(&["USER", "LOGNAME", "USERNAME"]);
    let host = first(&["HOSTNAME", "COMPUTERNAME"]).or_else(|| {
        let named = fs::read_to_string("/etc/hostname").ok()?;
        Some(named.trim().to_owned()).filter(|host| !host.is_empty())
    });
    match (user, host) {
        (Some(user), Some(host)) => format!("{user}@{host}"),
        (Some(name), None) | (None, Some(name)) => name,
        (None, None) => String::new(),
    }
}
