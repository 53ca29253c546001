//! The last steps: work that goes on, and its end.

use super::corrections::corrected_sheet;
use super::run::{self, SeenRun, SeenRuns};
use super::visit::Visit;
use crate::lang::translated;
use crate::model::redact::harmless;
use crate::page::exchange::PageReply;
use crate::page::job::{JobKind, PageJob, WORK};
use crate::page::look::{self, PagePlace, PageReload};
use crate::page::session::{RunFiles, ShownEnd};
use crate::page::work::REJECTS_FILES;
use crate::progress::drawn;
use crate::rim::Exit;
use maud::{Markup, html};

/// The words where rowcall has ended while its page was open.
const GONE: &str = "rowcall has ended: start it again, and let the run go on";

/// The words for work that was stopped or paused before it was written down.
const NOT_BEGUN: &str = "It was stopped before anything was sent, and nothing waits: begin again.";

/// The words for a file of a result that is gone.
const ANOTHER_RESULT: &str =
    "that file was of an earlier result, which is gone; what a run on a PBX did is among the runs";

/// The words for a run that somebody else has ended since, with rows that are left.
const NOT_FINISHED: &str = "The run is not finished.";

/// Shows the work that goes on; leads to its result once it has ended.
pub(in crate::page) fn show(visit: &mut Visit<'_>, job: Option<&PageJob>) -> PageReply {
    let is_check_up = job.is_some_and(|job| job.kind == JobKind::CheckUp);
    let Some(job) = job.filter(|job| !job.is_ended()) else {
        return match (visit.session.plan.is_some(), visit.session.result.is_some()) {
            _ if is_check_up => visit.go("doctor"),
            (true, _) => visit.go("plan"),
            (_, true) => visit.go("result"),
            _ => visit.go("rows"),
        };
    };
    let (done, total) = drawn().map_or((0, 0), |drawn| (drawn.done, drawn.total));
    let body = html! {
        div #watch data-events={ (visit.base()) "events" } data-next={ (visit.base()) "watch" } data-gone=(translated(GONE)) {
            p .count { strong #words { (job.words()) } }
            // The words change many times a second: who listens to the page hears them now and then.
            p #said .unseen role="status" { (job.words()) }
            progress #bar max=(total.max(1)) value=(done) aria-label=(translated("progress")) {}
            @if let Some(run) = job.watched.name.get() { p .soft { (translated("run")) " " (run) } }
            ul #lines .lines aria-live="polite" { @for line in job.lines_told() { li { (line) } } }
            @if job.can_pause {
                (halt(visit, job, "pause", "Pause", "What was sent is settled; the rest waits until it is to go on."))
            }
            (halt(visit, job, "stop", "Stop", "What was sent is settled, and nothing more is sent, as with Ctrl-C."))
            @if job.kind == JobKind::Run {
                h2 { (translated("Rows that ended last")) }
                ul #rows .lines { @for row in job.last_rows() { li { (row) } } }
            }
        }
    };
    let step = match job.kind {
        JobKind::CheckUp => PagePlace::Doctor,
        JobKind::Plan => PagePlace::Plan,
        JobKind::Run => PagePlace::Result,
    };
    visit.page(step, PageReload::AtWork, &body)
}

/// The form that pauses or stops the work.
fn halt(visit: &Visit<'_>, job: &PageJob, path: &str, button: &str, words: &str) -> Markup {
    let (action, token) = visit.action(path);
    html! {
        form method="post" action=(action) {
            (token)
            input type="hidden" name=(WORK) value=(job.id);
            button .quiet { (translated(button)) }
            " " span .soft { (translated(words)) }
        }
    }
}

pub(in crate::page) fn result(visit: &mut Visit<'_>, seen: SeenRuns) -> PageReply {
    if let Some(reply) = visit.before(PagePlace::Result) {
        return reply;
    }
    let end = visit.session.result.as_ref();
    // Another run may have ended here while this one was read.
    if end.is_some_and(|end| end.run != seen.name) {
        return visit.go("result");
    }
    let body = match (end, &seen.one) {
        (Some(end), Some(Err(failure))) => html! {
            (look::failure(failure))
            (end_of(visit, end, None))
        },
        (Some(end), Some(Ok(run))) => end_of(visit, end, Some(run)),
        (Some(end), None) => end_of(visit, end, None),
        (None, _) => html! {},
    };
    visit.page(PagePlace::Result, PageReload::Never, &body)
}

/// Returns true if somebody else has had the run since it ended here.
fn is_newer(run: &SeenRun, end: &ShownEnd) -> bool {
    run.past.summary.ended != end.in_ledger
}

/// The state of a run that has a ledger, by its ledger: the terminal may have gone on with it, or undone it, since.
fn state_of(run: &SeenRun, end: &ShownEnd) -> (&'static str, &'static str) {
    let summary = &run.past.summary;
    if let Some(words) = run.undone_words() {
        return ("notice", words);
    }
    match summary.ended {
        None if run.is_at_work() => ("notice", "The run is at work."),
        None => ("notice", "The run was cut off."),
        Some(_) if summary.is_finished() => {
            let is_done = summary.results.keys().all(|result| result.is_done());
            state_after(Exit::done_if(is_done), false)
        }
        Some(_) => match end.exit() {
            _ if is_newer(run, end) => ("notice", NOT_FINISHED),
            Exit::Done | Exit::NotDone => ("notice", NOT_FINISHED),
            exit => state_after(exit, end.is_paused),
        },
    }
}

/// The state of a run by its exit.
fn state_after(exit: Exit, is_paused: bool) -> (&'static str, &'static str) {
    match exit {
        Exit::Done => ("good", "Every row is done."),
        Exit::NotDone => (
            "notice",
            "Some rows are not done: the report says which, and why.",
        ),
        Exit::Interrupted if is_paused => (
            "notice",
            "The run is paused. What was sent is settled, the rest waits.",
        ),
        Exit::Interrupted => ("notice", "The run was stopped. What was sent is settled."),
        Exit::Stopped => ("bad", "The run was stopped: too many rows failed."),
        Exit::Unusable | Exit::Target => ("bad", "The run could not go on."),
    }
}

/// The end of a run, as far as its ledger has it where there is one.
fn end_of(visit: &Visit<'_>, end: &ShownEnd, run: Option<&SeenRun>) -> Markup {
    let (class, words) = match run {
        Some(run) => state_of(run, end),
        None if !end.has_begun && end.exit() == Exit::Interrupted => ("notice", NOT_BEGUN),
        None => state_after(end.exit(), end.is_paused),
    };
    let counts = match run {
        Some(run) => run::counts(&run.past.summary),
        None => end.counts.clone(),
    };
    let newer = run.filter(|run| is_newer(run, end));
    let why = newer.and_then(|run| run.state.why(&run.past.summary));
    let base = visit.base();
    let files = end.files.as_ref();
    let written = files.into_iter().flat_map(RunFiles::written);
    let corrected = files.filter(|files| files.has_corrected());
    html! {
        p .told .(class) role="status" { strong { (translated(words)) } }
        @if let Some(why) = why { p { (harmless(&translated(why))) } }
        @if let (Err(failure), None) = (&end.ended, newer) { (look::failure(failure)) }
        @if !counts.is_empty() { p .count { strong { (counts.join(", ")) } } }
        ul {
            @for name in written { (link_to_file(base, end, name)) }
            @if let Some(files) = corrected {
                li { (corrected_sheet(&format!("{base}file/{}/corrected", end.id), files.taken_out)) }
            }
        }
        @if let Some(run) = run {
            @let past = &run.past;
            (run::ways(visit, run, "result"))
            p .soft { (translated("On the terminal, this run is seen too:")) }
            pre {
                @if run.can_be_undone() { "rowcall undo " (past.name) "\n" }
                "rowcall report " (past.name) " -o report.html"
            }
        }
        @if !end.lines.is_empty() {
            h2 { (translated("What the run told")) }
            (look::lines(&end.lines))
        }
        p { a href=(base) { (translated("Another sheet")) } }
    }
}

/// The way to a report or to the rows that are not done.
fn link_to_file(base: &str, end: &ShownEnd, name: &str) -> Markup {
    let is_rejects = REJECTS_FILES.contains(&name);
    html! {
        li {
            a href={ (base) "file/" (end.id) "/" (name) } download {
                @if is_rejects {
                    (translated("the rows that are not done, to be corrected and read again"))
                } @else {
                    (translated("report of the run")) " " (name)
                }
            }
            @if is_rejects { " " span .soft { (translated("it may hold passwords")) } }
        }
    }
}

/// A file of the run that ended, by the names of both.
pub(in crate::page) fn file(visit: &mut Visit<'_>, named: &str) -> PageReply {
    let (id, name) = named.split_once('/').unwrap_or_default();
    let end = visit.session.result.as_ref().filter(|end| end.id == id);
    let files = end.and_then(|end| end.files.as_ref());
    match files.and_then(|files| files.read(name)) {
        Some((name, bytes)) => PageReply::file(name, "application/octet-stream", bytes),
        None => {
            visit.tell(translated(ANOTHER_RESULT));
            visit.go("result")
        }
    }
}
