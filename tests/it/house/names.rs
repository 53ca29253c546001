//! Names and comments: one name for one thing, in the whole crate, and comments that begin with the thing.

use crate::support::sources::{code_lines, program_sources, sources};
use std::collections::{BTreeMap, BTreeSet};

/// Names that every module may have for its own.
const EVERYWHERE: [&str; 1] = ["Error"];

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
        let is_free = EVERYWHERE.contains(&name.as_str());
        assert!(
            is_free || !is_twice(name),
            "{name} stands in {files:?}: give one of them a name of its own"
        );
    }
}

/// The type that a line declares, for whomever. An indented `type` belongs to a trait.
fn declared_type(line: &str) -> Option<&str> {
    let is_indented = line.starts_with(' ');
    let line = line.trim_start();
    let rest = match line.strip_prefix("pub") {
        Some(rest) => rest.split_once(' ').map_or(rest, |(_, rest)| rest),
        None => line,
    };
    match words(rest)[..] {
        ["struct" | "enum" | "trait" | "union", name, ..] => Some(name),
        ["type", name, ..] if !is_indented => Some(name),
        _ => None,
    }
}

#[test]
fn a_private_type_has_a_name_of_its_own() {
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in sources() {
        // Files of formats, of vendors and of their simulated PBXes look alike.
        let is_alike = |folder: &str| file.starts_with(folder);
        let place = match (is_alike(FORMATS), is_alike("vendors/")) {
            (true, _) => FORMATS.to_owned(),
            (_, true) => "vendors/".to_owned(),
            _ => file,
        };
        for name in code_lines(&text).filter_map(declared_type) {
            places
                .entry(name.to_owned())
                .or_default()
                .insert(place.clone());
        }
    }
    assert!(places.len() > 400, "only {} types are found", places.len());
    for (name, places) in &places {
        let is_free = EVERYWHERE.contains(&name.as_str());
        assert!(
            is_free || places.len() == 1,
            "{name} stands in {places:?}: give it names that say what it is"
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

/// First words of a comment that does not begin with the thing itself.
const RIDDLES: [&str; 11] = [
    "What", "Whether", "Which", "How", "Where", "Who", "Whose", "Why", "When", "Nobody", "Nothing",
];

/// The first line of each doc comment. Texts of the command line's help, which end without a full stop, are left out.
fn doc_openings(file: &str, text: &str) -> Vec<String> {
    let docs = text.lines().map(|line| {
        let line = line.trim_start();
        let kind = ["///", "//!"]
            .into_iter()
            .find(|kind| line.starts_with(kind));
        kind.map(|kind| (kind, line[kind.len()..].trim()))
    });
    let docs: Vec<Option<(&str, &str)>> = docs.collect();
    let same_kind = |one: &Option<(&str, &str)>, other: &Option<(&str, &str)>| {
        one.map(|(kind, _)| kind) == other.map(|(kind, _)| kind)
    };
    let mut openings = vec![];
    for block in docs.chunk_by(same_kind) {
        let lines: Vec<&str> = block.iter().flatten().map(|(_, line)| *line).collect();
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
            continue;
        };
        let is_help = file.starts_with("cli/") && !last.ends_with('.');
        if !is_help {
            openings.push((*first).to_owned());
        }
    }
    openings
}

#[test]
fn a_doc_comment_says_first_what_the_thing_does_or_is() {
    let mut openings = 0;
    for (file, text) in sources() {
        for opening in doc_openings(&file, &text) {
            openings += 1;
            let first = words(&opening).into_iter().next().unwrap_or_default();
            assert!(
                !RIDDLES.contains(&first),
                "{file}: “{opening}” begins with a riddle: begin with a verb (Returns, Reads, Builds …) or with the \
                 name of the thing (The number of …)"
            );
        }
    }
    assert!(openings > 2000, "only {openings} comments are found");
}

#[test]
fn doc_comments_are_recognised() {
    let text = "//! Rows.\n\n    /// Which row\n    /// it is.\n    row: u32,\n    // What it is.\n    /// How it is read\n    #[arg]\n";
    assert_eq!(
        doc_openings("plan/mod.rs", text),
        ["Rows.", "Which row", "How it is read"]
    );
    assert_eq!(doc_openings("cli/mod.rs", text), ["Rows.", "Which row"]);
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
