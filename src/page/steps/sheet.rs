//! The first step: a sheet is dropped or chosen. Below it, the runs that there are.

use super::run::{self, NEWEST_MAX, SeenRuns};
use super::visit::Visit;
use crate::lang::translated;
use crate::model::redact::harmless;
use crate::page::exchange::PageReply;
use crate::page::job::PageJob;
use crate::page::look::{self, PagePlace, PageReload};
use crate::page::session::DroppedSheet;
use crate::run::state::{RunInList, RunState};
use crate::sheet::format;
use maud::{Markup, html};
use std::fs;
use std::path::PathBuf;

pub(in crate::page) fn show(
    visit: &mut Visit<'_>,
    job: Option<&PageJob>,
    seen: SeenRuns,
) -> PageReply {
    let (action, token) = visit.action("sheet");
    let known = visit.session.sheet.as_ref().map(|sheet| sheet.name.clone());
    let (runs, unread) = match seen.all {
        Some(Ok(runs)) => (runs, None),
        Some(Err(failure)) => (vec![], Some(failure)),
        None => (vec![], None),
    };
    let body = html! {
        @if job.is_some_and(|job| !job.is_ended()) {
            p .told.notice { a href={ (visit.base()) "watch" } { (translated("Look at what is at work")) } }
        } @else {
            (left(visit, runs.first()))
        }
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
        @if let Some(failure) = unread { (look::failure(&failure)) }
        @if !runs.is_empty() {
            h2 { (translated("Runs so far")) }
            (run::table(visit, runs.iter().take(NEWEST_MAX)))
            @if runs.len() > NEWEST_MAX {
                p { a href={ (visit.base()) "runs" } { (translated("All runs")) } }
            }
        }
    };
    visit.page(PagePlace::Sheet, PageReload::Never, &body)
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

/// Names the newest run where it is at work, was cut off or stopped, and leads to it.
fn left(visit: &Visit<'_>, newest: Option<&RunInList>) -> Markup {
    let state = newest.map(|run| run.state);
    let is_at_work = state == Some(RunState::AtWork);
    let left = newest.filter(|run| is_at_work || run.state.goes_on());
    html! {
        @if let Some(summary) = left.and_then(|run| run.listed.summary.as_ref().ok()) {
            @let (state, way) = match is_at_work {
                true => (format!("The run on {} is at work.", summary.run.target), "Look at it"),
                false => (
                    format!("The run on {} is not finished.", summary.run.target),
                    "Look at it, and let it go on",
                ),
            };
            p .told.notice {
                (harmless(&translated(&state))) " "
                a href={ (visit.base()) "run?run=" (summary.run.id) } { (translated(way)) }
            }
        }
    }
}
