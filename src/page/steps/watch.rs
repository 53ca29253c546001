//! The last steps: work that goes on, and its end.

use super::visit::Visit;
use crate::lang::translated;
use crate::model::redact::harmless;
use crate::page::exchange::PageReply;
use crate::page::job::{JobKind, PageJob};
use crate::page::look::{self, RoadStep};
use crate::page::session::ShownEnd;
use crate::page::work::{REPORTS, rejects_file};
use crate::progress::drawn;
use crate::rim::Exit;
use maud::{Markup, html};
use std::fs;

/// Shows the work that goes on; leads to its result once it has ended.
pub(in crate::page) fn show(visit: &mut Visit<'_>, job: Option<&PageJob>) -> PageReply {
    let Some(job) = job.filter(|job| !job.is_ended()) else {
        return match (visit.session.plan.is_some(), visit.session.result.is_some()) {
            (true, _) => visit.go("plan"),
            (_, true) => visit.go("result"),
            _ => visit.go("rows"),
        };
    };
    let (action, token) = visit.action("stop");
    let (done, total) = drawn().map_or((0, 0), |drawn| (drawn.done, drawn.total));
    let body = html! {
        div #watch data-events={ (visit.base()) "events" } data-next={ (visit.base()) "watch" } {
            p .count { strong #words aria-live="polite" { (job.words()) } }
            progress #bar max=(total.max(1)) value=(done) {}
            @if let Some(run) = job.run.get() { p .soft { (translated("run")) " " (run) } }
            ul #lines .lines { @for line in job.told() { li { (line) } } }
        }
        form method="post" action=(action) {
            (token)
            button { (translated("Stop")) }
            " " span .soft { (translated("What was sent is settled, and nothing more is sent, as with Ctrl-C.")) }
        }
    };
    let step = match job.kind {
        JobKind::Plan => RoadStep::Plan,
        JobKind::Run => RoadStep::Result,
    };
    visit.page(step, Some(2), &body)
}

pub(in crate::page) fn result(visit: &mut Visit<'_>) -> PageReply {
    if let Some(reply) = visit.before(RoadStep::Result) {
        return reply;
    }
    let body = match &visit.session.result {
        Some(end) => end_of(visit, end),
        None => html! {},
    };
    visit.page(RoadStep::Result, None, &body)
}

fn end_of(visit: &Visit<'_>, end: &ShownEnd) -> Markup {
    let (class, words) = match &end.ended {
        Ok(Exit::Done) => ("good", "Every row is done."),
        Ok(Exit::NotDone) => (
            "notice",
            "Some rows are not done: the report says which, and why.",
        ),
        Ok(Exit::Interrupted) => ("notice", "The run was stopped. What was sent is settled."),
        Ok(Exit::Stopped) => ("bad", "The run was stopped: too many rows failed."),
        Ok(_) | Err(_) => ("bad", "The run could not go on."),
    };
    let base = visit.base();
    let has = |name: &str| end.files.join(name).is_file();
    let sheet = visit.session.sheet.as_ref();
    let rejects = sheet
        .map(|sheet| rejects_file(sheet.file()))
        .filter(|name| has(name));
    html! {
        p .told .(class) role="status" { strong { (translated(words)) } }
        @if let Err(failure) = &end.ended { (look::failure(failure)) }
        (look::lines(&end.lines))
        ul {
            @if let Some(run) = &end.run {
                li { a href={ (base) "report?run=" (run) } { (translated("report of the run")) } }
            }
            @for name in REPORTS {
                @if has(name) { li { a href={ (base) "file/" (name) } download { (translated("report of the run")) " " (name) } } }
            }
            @if let Some(name) = rejects {
                li {
                    a href={ (base) "file/" (name) } download { (translated("the rows that are not done, to be corrected and read again")) }
                    " " span .soft { (translated("it may hold passwords")) }
                }
            }
            @if sheet.is_some_and(|sheet| sheet.corrected() > 0) {
                li { a href={ (base) "corrected" } download { (translated("the corrected sheet")) } }
            }
        }
        @if let Some(run) = &end.run {
            (undo(visit, run, &end.target))
            p .soft { (translated("On the terminal, this run is seen too:")) }
            pre { "rowcall undo " (run) "\nrowcall report " (run) " -o report.html" }
        }
        p { a href=(base) { (translated("Another sheet")) } }
    }
}

/// The form that takes the run back.
fn undo(visit: &Visit<'_>, run: &str, target: &str) -> Markup {
    let what =
        format!("Take back what run {run} did on {target}, and nothing that was changed since");
    let (action, token) = visit.action("undo");
    html! {
        form .question method="post" action=(action) {
            (token)
            input type="hidden" name="run" value=(run);
            label .choice {
                input type="checkbox" name="meant" value="on" required;
                " " (harmless(&translated(&what)))
            }
            button .quiet { (translated("Undo the run")) }
        }
    }
}

/// A file of the run that ended.
pub(in crate::page) fn file(visit: &mut Visit<'_>, name: &str) -> PageReply {
    let sheet = visit.session.sheet.as_ref();
    let rejects = sheet.map(|sheet| rejects_file(sheet.file()));
    let is_known = REPORTS.contains(&name) || rejects == Some(name);
    let end = visit.session.result.as_ref().filter(|_| is_known);
    match end.and_then(|end| fs::read(end.files.join(name)).ok()) {
        Some(bytes) => PageReply::file(name, "application/octet-stream", bytes),
        None => visit.go("result"),
    }
}
