//! One name for one thing, in the whole crate.

use crate::support::sources::{code_lines, program_sources, sources};
use std::collections::{BTreeMap, BTreeSet};

/// Names that every module may have for its own.
const EVERYWHERE: [&str; 2] = ["Error", "Options"];

/// Names that stand more than once today. No name is added here; one that stands once is taken out.
const TWICE: &[&str] = &["Column", "Rows"];

/// The folder whose formats look alike: each has its own `Rows`, `Batch` and `Book`.
const FORMATS: &str = "sheet/";

/// The words of a line, where anything but letters, digits and `_` parts them.
fn words(line: &str) -> Vec<&str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect()
}

/// The type that a line declares for the whole crate or beyond.
fn public_type(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line
        .strip_prefix("pub ")
        .or(line.strip_prefix("pub(crate) "))?;
    match words(rest)[..] {
        ["struct" | "enum" | "trait" | "type" | "union", name, ..] => Some(name),
        _ => None,
    }
}

#[test]
fn a_public_type_has_a_name_of_its_own() {
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in program_sources() {
        for name in code_lines(&text).filter_map(public_type) {
            let files = files.entry(name.to_owned()).or_default();
            files.insert(file.clone());
        }
    }
    assert!(files.len() > 100, "only {} types are found", files.len());
    let is_twice = |name: &str| {
        let files = files.get(name).into_iter().flatten();
        let (formats, others): (Vec<_>, Vec<_>) = files.partition(|file| file.starts_with(FORMATS));
        others.len() + usize::from(!formats.is_empty()) > 1
    };
    for (name, files) in &files {
        let is_free = EVERYWHERE.contains(&name.as_str()) || TWICE.contains(&name.as_str());
        assert!(
            is_free || !is_twice(name),
            "{name} stands in {files:?}: give one of them a name of its own"
        );
    }
    for name in TWICE {
        assert!(
            is_twice(name),
            "{name} stands once by now: take it out of TWICE"
        );
    }
}

#[test]
fn no_function_is_called_of() {
    for (file, text) in sources() {
        for line in code_lines(&text) {
            let says_nothing = words(line).windows(2).any(|pair| pair == ["fn", "of"]);
            assert!(
                !says_nothing,
                "{file}: {line} says nothing: call it by what it does or gives"
            );
        }
    }
}

#[test]
fn declarations_are_recognised() {
    assert_eq!(public_type("pub struct Row<'r> {"), Some("Row"));
    assert_eq!(public_type("    pub(crate) enum Kind {"), Some("Kind"));
    assert_eq!(public_type("pub type Held = u8;"), Some("Held"));
    assert_eq!(public_type("pub(super) struct Row {"), None);
    assert_eq!(public_type("struct Row {"), None);
    assert_eq!(public_type("pub fn row() {"), None);
}
