//! axe-core, which checks a page by WCAG, fetched into the user's cache by `.ci/axe`: it is no part of the repository.

use super::skip::skip;
use super::sources::root;
use super::unpacked::cache;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The script, fetched where it is not there yet; `None`, with its checks passed over, where it cannot be had.
pub(crate) fn axe() -> Option<&'static str> {
    static FETCHED: OnceLock<Result<String, String>> = OnceLock::new();
    match FETCHED.get_or_init(fetch) {
        Ok(script) => Some(script),
        Err(why) => {
            skip("axe-core", why);
            None
        }
    }
}

fn fetch() -> Result<String, String> {
    let folder = cache().join("axe");
    let mut fetch = Command::new(root().join(".ci/axe"));
    let ended = fetch.arg(&folder).stdin(Stdio::null()).output();
    let ended = ended.map_err(|why| format!(".ci/axe: {why}"))?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        return Err(format!(
            ".ci/axe: {}",
            said.lines().last().unwrap_or("it failed")
        ));
    }
    fs::read_to_string(folder.join("axe.min.js")).map_err(|why| why.to_string())
}
