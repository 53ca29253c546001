//! The sources of the program, as the tests of the house read them.

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under src: its path from there, and its text.
pub(crate) fn sources() -> Vec<(String, String)> {
    sources_in("src")
}

/// Every Rust file under a folder of the repository: its path from there, and its text.
pub(crate) fn sources_in(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    let (mut found, src) = (vec![], root().join(folder));
    walk(&src, &mut found);
    found.sort();
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap();
    let name = |path: &PathBuf| {
        let name = path.strip_prefix(&src).unwrap();
        name.to_str().unwrap().to_owned()
    };
    found.iter().map(|path| (name(path), read(path))).collect()
}

/// The same without tests.
pub(crate) fn program_sources() -> Vec<(String, String)> {
    let is_program = |name: &str| !name.ends_with("tests.rs") && !name.contains("/tests/");
    let files = sources().into_iter().filter(|(name, _)| is_program(name));
    files
        .map(|(name, text)| (name, without_tests(&text).to_owned()))
        .collect()
}

/// A file's text up to the tests in it.
pub(crate) fn without_tests(text: &str) -> &str {
    let tests = text.find("#[cfg(test)]\nmod tests {");
    &text[..tests.unwrap_or(text.len())]
}

/// The lines that are no comment of their own.
pub(crate) fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}
