#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

//! The tests that see rowcall from outside: the program as a person runs it, and the tree as a person reads it.

mod fuzz;

mod house {
    mod docs;
    mod flags;
    mod layers;
    mod lengths;
    mod names;
}

mod promises {
    mod another;
    mod cases;
    mod cut_off;
    mod dial_tone;
    mod files;
    mod formats;
    mod given_back;
    mod headings;
    mod hostile;
    mod libreoffice;
    mod lies;
    mod mended;
    pub(crate) mod night;
    mod odd;
    mod real;
    mod real_boxes;
    mod real_foreseen;
    mod real_nights;
    mod refusals;
    mod refused;
    mod replies;
    mod reports;
    mod roundtrip;
    mod samples;
    mod secrets;
    mod siege;
    mod storm;
    mod trust;
    mod workbooks;
}

#[allow(dead_code, reason = "the contract takes the rest")]
mod support;

mod verbs {
    mod apply;
    mod around;
    mod cells;
    mod cli;
    mod departments;
    mod diff;
    mod doctor;
    mod export;
    mod file_pairs;
    mod fix;
    mod fix_books;
    mod fleet;
    mod groups;
    mod headings_shown;
    mod import_files;
    mod import_files_trusted;
    mod json;
    mod kept_meaning;
    #[cfg(unix)]
    mod kubernetes;
    mod language;
    mod line_breaks;
    mod losses;
    mod made_anew;
    mod merged;
    mod migrate;
    mod move_files;
    mod named_sheets;
    mod order;
    mod page;
    mod page_choices;
    mod page_files;
    #[cfg(unix)]
    mod page_in_browser;
    mod page_of_runs;
    mod paper;
    mod plan;
    mod reading;
    mod ring;
    mod screen;
    mod settings;
    mod sheets;
    #[cfg(target_os = "linux")]
    mod slurm;
    #[cfg(target_os = "linux")]
    mod small_screen;
    mod stopped;
    mod tables;
    mod typed;
    mod undo;
    mod undone_in_turn;
    mod unread;
    mod untold;
}
