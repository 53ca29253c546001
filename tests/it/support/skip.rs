//! Tests that need tools which not every machine has.

use std::io::{Write, stderr};

/// Prints that a test is passed over; fails it where `CI` is set, because there no test may be passed over. `need` is
/// the missing tool, and `get` the way to get it.
pub(crate) fn skip(need: &str, get: &str) {
    let strict = std::env::var("CI").is_ok_and(|set| !matches!(set.as_str(), "" | "0" | "false"));
    assert!(!strict, "this test needs {need} ({get}), and CI is set");
    let _ = writeln!(stderr(), "skipped: there is no {need} here ({get})");
}
