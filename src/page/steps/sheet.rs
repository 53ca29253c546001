//! The first step: a sheet is dropped or chosen. Below it, the runs that there are.

use super::visit::Visit;
use crate::lang::translated;
use crate::ledger::{ListedRun, runs};
use crate::model::redact::harmless;
use crate::page::exchange::PageReply;
use crate::page::look::{RoadStep, table_head};
use crate::page::session::DroppedSheet;
use crate::report::for_people;
use crate::run::listing::{result_counts, run_state};
use crate::run::report_again::report_again;
use crate::sheet::format;
use maud::{Markup, html};
use std::fs;
use std::path::{Path, PathBuf};

/// The number of runs that are listed.
const RUNS_MAX: usize = 10;

pub(in crate::page) fn show(visit: &mut Visit<'_>) -> PageReply {
    let (action, token) = visit.action("sheet");
    let known = visit.session.sheet.as_ref().map(|sheet| sheet.name.clone());
    let body = html! {
        form .drop method="post" action=(action) enctype="multipart/form-data" {
            (token)
            label for="sheet" { (translated("Drop the sheet here, or choose it")) }
            input #sheet type="file" name="sheet" required;
            p .soft { (translated(&format!("It may be {}. Nothing is sent to a PBX before you say so.", format::read_names()))) }
            button { (translated("Read it")) }
        }
        @if let Some(name) = known {
            p { (translated("The sheet so far:")) " " bdi { (harmless(&name)) } }
        }
        (runs_table(visit))
    };
    visit.page(RoadStep::Sheet, None, &body)
}

/// Takes the sheet that came; `place` is the place at which it was kept.
pub(in crate::page) fn take(visit: &mut Visit<'_>, place: Option<PathBuf>) -> PageReply {
    let is_empty = |place: &PathBuf| fs::metadata(place).map_or(true, |about| about.len() == 0);
    match place.filter(|place| !is_empty(place)) {
        None => {
            visit.tell(translated("the sheet is empty, or none was chosen"));
            visit.go("")
        }
        Some(place) => {
            visit.session.begin(DroppedSheet::new(place));
            visit.go("target")
        }
    }
}

fn runs_table(visit: &Visit<'_>) -> Markup {
    let listed = visit
        .context
        .state()
        .ok()
        .and_then(|state| runs(&state).ok());
    let listed = listed.unwrap_or_default();
    html! {
        @if !listed.is_empty() {
            h2 { (translated("Runs so far")) }
            div .wide {
                table {
                    (table_head(&[
                        translated("run"),
                        translated("PBX"),
                        translated("started"),
                        translated("state"),
                        translated("rows"),
                        translated("report"),
                    ]))
                    tbody {
                        @for run in listed.iter().take(RUNS_MAX) { (run_row(visit, run)) }
                    }
                }
            }
            p .soft { (translated("On the terminal: rowcall resume RUN continues a run that was cut off, rowcall undo RUN takes one back.")) }
        }
    }
}

fn run_row(visit: &Visit<'_>, listed: &ListedRun) -> Markup {
    let link = format!("{}report?run={}", visit.base(), listed.id);
    html! {
        tr {
            td { (listed.id) }
            @match &listed.summary {
                Err(error) => td colspan="5" { (harmless(&error.to_string())) },
                Ok(summary) => {
                    td { bdi { (harmless(&summary.run.target)) } }
                    td { (for_people(summary.run.started)) }
                    td { (translated(run_state(summary).1)) }
                    td { (result_counts(summary).join(", ")) }
                    td { a href=(link) { (translated("report")) } }
                }
            }
        }
    }
}

/// The report of a run, as a file, written from its ledger into the folder for what the page writes.
pub(in crate::page) fn report(visit: &mut Visit<'_>, run: &str, folder: &Path) -> PageReply {
    let path = folder.join("report.html");
    // A text that is no run's name is refused before anything is written.
    let written = report_again(run, Some(&path), visit.context);
    let read = written.ok().and_then(|_| fs::read(&path).ok());
    let _ = fs::remove_file(&path);
    match read {
        Some(bytes) => PageReply::file(&format!("{run}.html"), "text/html; charset=utf-8", bytes),
        None => {
            visit.tell(translated(
                "there is no such run, or its report cannot be written",
            ));
            visit.go("")
        }
    }
}
