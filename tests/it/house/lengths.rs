//! Files stay so short that a reader holds one in mind.

use crate::support::sources::{code_lines, program_sources};

/// The lines of code of a file without its tests.
const CODE_LINES_MAX: usize = 800;

#[test]
fn no_file_has_more_code_than_a_reader_holds_in_mind() {
    let files = program_sources();
    for (path, text) in &files {
        let lines = code_lines(text).filter(|line| !line.trim().is_empty());
        let lines = lines.count();
        assert!(lines <= CODE_LINES_MAX, "{path}: {lines} lines of code");
    }
    assert!(files.len() > 300, "{} files", files.len());
}
