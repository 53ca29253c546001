//! Prints a plan in colour: on a terminal as it fits on the screen, in a file whole.

use crate::manifest::Manifest;
use crate::model::PlannedRow;
use crate::plan::render::{self, Detail, Mark};
use crate::rim::terminal::{Color, Paint, data_screen, print_lines};
use crate::rim::{Exit, Failure};

/// The lines of a screen that are left for the warnings and the summary behind a plan.
const SAID_LATER: usize = 4;

/// Prints the plan of these rows on standard output.
///
/// # Errors
/// Exit 2 where it cannot be written.
pub(super) fn print_plan(
    rows: &[PlannedRow],
    manifest: &Manifest,
    detail: Detail,
    color: Color,
) -> Result<Exit, Failure> {
    let lines = match data_screen(SAID_LATER) {
        Some(screen) => render::fitting(rows, manifest, detail, screen.columns, &|lines| {
            screen.holds(lines.iter().map(|line| line.text.as_str()))
        }),
        None => render::lines(rows, manifest, detail),
    };
    let lines = lines.iter();
    print_lines(
        color,
        lines.map(|line| (paint(line.mark), line.text.as_str())),
    )
}

/// The colour of a plan's line.
fn paint(mark: Mark) -> Paint {
    match mark {
        Mark::Create => Paint::Green,
        Mark::Update => Paint::Yellow,
        Mark::Delete => Paint::Red,
        Mark::Problem => Paint::Magenta,
        Mark::Plain => Paint::Plain,
    }
}
