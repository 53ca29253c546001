//! Tests that measure the memory of a whole process run in a process of their own.

use std::env;
use std::process::Command;

/// Set in the process that runs one test only.
const ALONE: &str = "ROWCALL_TEST_ALONE";

/// Runs `test`, whose name within this program is `name`, in a process of its own, and fails where it fails there.
pub(crate) fn alone(name: &str, test: impl FnOnce()) {
    if env::var_os(ALONE).is_some() {
        return test();
    }
    let output = Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--include-ignored"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    println!("{out}");
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("1 passed"), "no test is called {name}:\n{out}");
}
