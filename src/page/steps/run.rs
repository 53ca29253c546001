//! Runs, and one of them: what it did, its files, and the ways to let it go on or to take it back.

use super::visit::Visit;
use crate::disk::{Readers, write_new};
use crate::lang::translated;
use crate::ledger::{Standing, StoredRun, Summary, runs};
use crate::model::redact::harmless;
use crate::model::{Outcome, RunCommand};
use crate::page::exchange::{FormFields, PageReply};
use crate::page::look::{self, PagePlace, PageReload, table_head};
use crate::report::for_people;
use crate::rim::{Context, Failure};
use crate::run::listing::{in_effect, row_counts};
use crate::run::past::{PastRun, may_have_changed, still_deletes};
use crate::run::rejects_again::{has_rejects, rejects_again};
use crate::run::report_again::report_again;
use crate::run::state::{RunInList, RunState, newest_runs, runs_in_list};
use jiff::Timestamp;
use maud::{Markup, html};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The number of runs that the first page lists.
pub(super) const NEWEST_MAX: usize = 10;

/// The number of runs of one page.
const RUNS_A_PAGE: usize = 50;

/// The kind of a workbook, for the browser.
const WORKBOOK_KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The formats of a report, each with its words and its kind for the browser.
const REPORT_FORMATS: [(&str, &str, &str); 3] = [
    ("html", "as a page", "text/html; charset=utf-8"),
    ("xlsx", "as a workbook", WORKBOOK_KIND),
    ("csv", "as a table", "text/csv; charset=utf-8"),
];

/// The words for a run that somebody is at work on.
const AT_WORK: &str = "This run is at work; it is stopped where it was begun.";

/// The words for a file of such a run.
const NO_FILES_YET: &str =
    "the run is at work: its report and its rows are there once it has ended";

/// The words for an undo of a run of which nothing is left.
const NOTHING_TO_UNDO: &str =
    "nothing of this run can be taken back now: it is at work, or nothing of it is left";

/// The words for a run that the page does not let go on.
const DELETES: &str = "This run deletes, and the terminal alone deletes: let it go on there.";

/// The file in a run's folder which shows that its passwords were taken, and when.
const TAKEN_FILE: &str = "passwords-taken";

/// A run as a page shows it.
pub(in crate::page) struct SeenRun {
    pub(super) past: PastRun,
    pub(super) state: RunState,
    /// The reason why the page does not let it go on; none where it does.
    stays: Option<Failure>,
    /// True where letting it go on may delete.
    deletes: bool,
    /// The number of its rows that were taken back since.
    pub(super) taken_back: usize,
    /// The number of those that can be taken back still.
    left_to_undo: usize,
}

impl SeenRun {
    /// Reads a run, which can be long.
    ///
    /// # Errors
    /// Exit 2 where there is none of this name, or it cannot be read.
    fn open(context: &Context, name: &str) -> Result<SeenRun, Failure> {
        let folders = context.state()?;
        let mut past = PastRun::open_in(&folders, name)?;
        let listed = runs(&folders)?;
        let taken_back = past.taken_back_among(&listed, &folders)?;
        let halted = past.halted(&taken_back, &listed, &folders)?;
        let state = RunState::of_known(&mut past.summary, &folders, halted.as_ref());
        let is_at_work = state == RunState::AtWork;
        let rows = StoredRun::open(&folders, name)?.outcomes()?;
        let is_undo = past.summary.run.head.command == RunCommand::Undo;
        let deletes = still_deletes(&rows);
        let stays = match () {
            () if is_at_work => Some(Failure::usage(AT_WORK)),
            // What an undo deletes, its run has made.
            () if !is_undo && deletes => {
                let on_terminal = format!("rowcall resume {}", past.name);
                Some(Failure::usage(DELETES).hint(on_terminal))
            }
            () => halted.as_ref().map(|halted| halted.refusal(&past.name)),
        };
        let is_left = |(position, (row, standing)): (usize, &(Outcome, Standing))| {
            !taken_back.contains_key(&position) && may_have_changed(row, *standing)
        };
        let left_to_undo = match is_undo || is_at_work {
            true => 0,
            false => rows.iter().enumerate().filter(|row| is_left(*row)).count(),
        };
        Ok(SeenRun {
            stays,
            deletes,
            taken_back: taken_back.len(),
            left_to_undo,
            state,
            past,
        })
    }

    /// True while a process is at work on it.
    pub(super) fn is_at_work(&self) -> bool {
        self.state == RunState::AtWork
    }

    /// True where something of it can be taken back.
    pub(super) fn can_be_undone(&self) -> bool {
        self.left_to_undo > 0
    }

    /// The words about what was taken back of it; none where nothing was.
    pub(super) fn undone_words(&self) -> Option<&'static str> {
        match (self.taken_back, self.left_to_undo) {
            (0, _) => None,
            (_, 0) => Some("This run was undone since; the counts are of what it did before."),
            _ => Some("A part of this run was undone since; the counts are of what it did before."),
        }
    }
}

/// The runs that a page shows, read before the session is locked, so that others are answered meanwhile.
#[derive(Default)]
pub(in crate::page) struct SeenRuns {
    /// All of them, or the newest, the newest first.
    pub(super) all: Option<Result<Vec<RunInList>, Failure>>,
    /// The one that the page is about.
    pub(super) one: Option<Result<SeenRun, Failure>>,
    /// The name of that one.
    pub(super) name: Option<String>,
}

impl SeenRuns {
    pub(in crate::page) fn all(context: &Context) -> SeenRuns {
        SeenRuns {
            all: Some(runs_in_list(context)),
            ..SeenRuns::default()
        }
    }

    /// The newest ones, and one more where there are more.
    pub(in crate::page) fn newest(context: &Context) -> SeenRuns {
        SeenRuns {
            all: Some(newest_runs(context, NEWEST_MAX + 1)),
            ..SeenRuns::default()
        }
    }

    pub(in crate::page) fn one(context: &Context, name: &str) -> SeenRuns {
        SeenRuns {
            one: Some(SeenRun::open(context, name)),
            name: Some(name.to_owned()),
            ..SeenRuns::default()
        }
    }
}

pub(in crate::page) fn show_all(visit: &mut Visit<'_>, seen: SeenRuns) -> PageReply {
    let page = visit.request.query.number("page").unwrap_or_default();
    let body = match seen.all.unwrap_or_else(|| Ok(vec![])) {
        Ok(listed) if listed.is_empty() => html! { p { (translated("There is no run yet.")) } },
        Ok(listed) => {
            let last = listed.len().saturating_sub(1) / RUNS_A_PAGE;
            let page = page.min(last);
            let begin = page * RUNS_A_PAGE;
            let shown = listed.iter().skip(begin).take(RUNS_A_PAGE);
            html! {
                (table(visit, shown))
                (look::pages(visit.base(), (page, last), |page| format!("runs?page={page}")))
            }
        }
        Err(failure) => look::failure(&failure),
    };
    visit.page(PagePlace::Runs, PageReload::Never, &body)
}

/// The newest runs as a table.
pub(super) fn table<'l>(visit: &Visit<'_>, listed: impl Iterator<Item = &'l RunInList>) -> Markup {
    html! {
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
                tbody { @for run in listed { (row(visit, run)) } }
            }
        }
    }
}

fn row(visit: &Visit<'_>, run: &RunInList) -> Markup {
    let id = &run.listed.id;
    html! {
        tr {
            td { a href={ (visit.base()) "run?run=" (id) } { (id) } }
            @match &run.listed.summary {
                Err(error) => td colspan="5" { (harmless(&translated(&error.to_string()))) },
                Ok(summary) => {
                    td { bdi { (harmless(&summary.run.target)) } }
                    td { (for_people(summary.run.started)) }
                    td { (translated(run.state.words())) }
                    td { (counts(summary).join(", ")) }
                    td { a href={ (visit.base()) "report?run=" (id) } { (translated("report")) } }
                }
            }
        }
    }
}

pub(in crate::page) fn show(visit: &mut Visit<'_>, seen: SeenRuns) -> PageReply {
    let body = match seen.one {
        Some(Ok(run)) => html! {
            @if let Some(words) = run.undone_words() { p .told.notice { (translated(words)) } }
            (facts(&run))
            (ways(visit, &run, "run"))
            p { a href={ (visit.base()) "runs" } { (translated("All runs")) } }
        },
        Some(Err(failure)) => look::failure(&failure),
        None => html! {},
    };
    visit.page(PagePlace::Runs, PageReload::Never, &body)
}

/// The number of rows of each result, and of those that are left, in words for people.
pub(super) fn counts(summary: &Summary) -> Vec<String> {
    let counts = row_counts(summary).into_iter();
    counts.map(|count| count.replace('_', " ")).collect()
}

fn facts(seen: &SeenRun) -> Markup {
    let past = &seen.past;
    let summary = &past.summary;
    let (state, why) = (seen.state.words(), seen.state.why(summary));
    let head = &summary.run.head;
    let facts = [
        ("run", past.name.clone()),
        ("command", head.mode.after(head.command)),
        ("PBX", summary.run.target.clone()),
        ("started", for_people(summary.run.started)),
        ("state", translated(state).into_owned()),
        ("why", translated(why.unwrap_or_default()).into_owned()),
        ("rows", counts(summary).join(", ")),
        (
            "in effect",
            translated(in_effect(summary.apply)).into_owned(),
        ),
    ];
    html! {
        dl .facts {
            @for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
                dt { (translated(name)) }
                dd { bdi { (harmless(value)) } }
            }
        }
    }
}

/// The files of a run, and what can be done about it. `page` is the page on which it is seen.
pub(super) fn ways(visit: &Visit<'_>, seen: &SeenRun, page: &str) -> Markup {
    let past = &seen.past;
    let run = &past.name;
    html! {
        @if !past.summary.is_finished() { (go_on(visit, seen)) }
        @if !seen.is_at_work() { (files_of(visit, past)) }
        (offer_passwords(visit, past))
        @if seen.can_be_undone() {
            (undo(visit, run, &past.options.target.words(), page))
        }
    }
}

/// The files of a run that is not at work.
fn files_of(visit: &Visit<'_>, past: &PastRun) -> Markup {
    let run = &past.name;
    html! {
        h2 { (translated("Files of the run")) }
        ul {
            @for (ending, words, _) in REPORT_FORMATS {
                li { a href={ (visit.base()) "report?run=" (run) "&as=" (ending) } { (translated("report of the run")) " " (translated(words)) } }
            }
            @if has_rejects(past) {
                li {
                    a href={ (visit.base()) "rejects?run=" (run) } { (translated("the rows that are not done, to be corrected and read again")) }
                    " " span .soft { (translated("it may hold passwords")) }
                }
            }
        }
    }
}

/// The form that lets a run go on, where the page may do that.
fn go_on(visit: &Visit<'_>, seen: &SeenRun) -> Markup {
    let run = &seen.past.name;
    if let Some(why) = &seen.stays {
        return html! {
            p .told.notice { (harmless(&translated(&why.message))) }
            @if !why.hint.is_empty() { p { (harmless(&translated(&why.hint))) } }
        };
    }
    let (action, token) = visit.action("resume");
    html! {
        form .question method="post" action=(action) {
            (token)
            input type="hidden" name="run" value=(run);
            @if seen.deletes { (meant_choice(&deleting_words(seen))) }
            button { (translated("Let the run go on")) }
            " " span .soft { (translated("What may have been sent is looked up on the PBX first; only the rest is sent.")) }
        }
    }
}

/// The question before a run goes on that may delete.
fn deleting_words(seen: &SeenRun) -> String {
    let (run, target) = (&seen.past.name, seen.past.options.target.words());
    format!("Let run {run} go on, which deletes extensions on {target}")
}

/// The choice without which a form does nothing.
fn meant_choice(what: &str) -> Markup {
    html! {
        label .choice {
            input type="checkbox" name="meant" value="on" required;
            " " (harmless(&translated(what)))
        }
    }
}

/// The form that takes the run back.
fn undo(visit: &Visit<'_>, run: &str, target: &str, seen: &str) -> Markup {
    let what =
        format!("Take back what run {run} did on {target}, and nothing that was changed since");
    let (action, token) = visit.action("undo");
    html! {
        form .question method="post" action=(action) {
            (token)
            input type="hidden" name="run" value=(run);
            input type="hidden" name="seen" value=(seen);
            (meant_choice(&what))
            button .quiet { (translated("Undo the run")) }
        }
    }
}

/// The run that a form is about, where its page still shows that run and the answer is yes.
pub(in crate::page) fn meant(visit: &mut Visit<'_>) -> Result<String, PageReply> {
    let form = &visit.request.form;
    let run = form.get("run").to_owned();
    let is_undo = visit.request.path == "undo";
    let is_meant = !form.get("meant").is_empty();
    let shown = visit
        .session
        .result
        .as_ref()
        .and_then(|end| end.run.as_ref());
    let is_other = is_undo && form.get("seen") != "run" && shown != Some(&run);
    if is_other {
        visit.tell(translated(
            "the page shows another run by now, and nothing was taken back: look again",
        ));
        return Err(visit.go("result"));
    }
    match SeenRun::open(visit.context, &run) {
        Ok(seen) => {
            let stays = match is_undo {
                true => (!seen.can_be_undone()).then(|| Failure::usage(NOTHING_TO_UNDO)),
                false => seen.stays,
            };
            let name = seen.past.name;
            match stays {
                None if is_meant || !is_undo && !seen.deletes => return Ok(name),
                None => {}
                Some(why) => visit.session.tell_failure(&why),
            }
            Err(visit.go(&format!("run?run={name}")))
        }
        Err(failure) => {
            visit.session.tell_failure(&failure);
            Err(visit.go("runs"))
        }
    }
}

/// A run that nobody is at work on: its results so far are not all written down.
fn opened_at_rest(context: &Context, run: &str) -> Result<PastRun, Failure> {
    let folders = context.state()?;
    let mut past = PastRun::open_in(&folders, run)?;
    // Whether it may go on is not asked.
    match RunState::of_known(&mut past.summary, &folders, None) {
        RunState::AtWork => Err(Failure::usage(NO_FILES_YET)),
        _ => Ok(past),
    }
}

/// A file of a run, written by `write` beside `place`, with the ending that shows its format.
///
/// # Errors
/// As of `write`; or exit 2 where it cannot be read again.
fn written(
    place: &Path,
    (name, kind): (&str, &'static str),
    write: impl FnOnce(&PathBuf) -> Result<(), Failure>,
) -> Result<PageReply, Failure> {
    let ending = Path::new(name).extension().unwrap_or_default();
    let path = place.with_extension(ending);
    let written = write(&path);
    let read = written.and_then(|()| {
        let read = fs::read(&path);
        read.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
    });
    let _ = fs::remove_file(&path);
    Ok(PageReply::file(name, kind, read?))
}

/// The report of a run, as a file, written from its ledger by way of `place`.
///
/// # Errors
/// Exit 2 where there is no such run, or the report cannot be written.
pub(in crate::page) fn report(
    context: &Context,
    query: &FormFields,
    place: &Path,
) -> Result<PageReply, Failure> {
    let (run, wanted) = (query.get("run"), query.get("as"));
    let mut known = REPORT_FORMATS.iter();
    let known = known.find(|(ending, ..)| *ending == wanted);
    let (ending, _, kind) = known.unwrap_or(&REPORT_FORMATS[0]);
    // A text that is no run's name is refused before anything is written.
    let past = opened_at_rest(context, run)?;
    let name = format!("{}.{ending}", past.name);
    written(place, (&name, kind), |path| {
        report_again(&past.name, Some(path), context).map(drop)
    })
}

/// The rows of a run that are not done, as a workbook, written from its ledger by way of `place`.
///
/// # Errors
/// Exit 2 where there are none, or they cannot be written.
pub(in crate::page) fn rejects(
    context: &Context,
    query: &FormFields,
    place: &Path,
) -> Result<PageReply, Failure> {
    let past = opened_at_rest(context, query.get("run"))?;
    if !has_rejects(&past) {
        let why = "this run has no rows that are to be corrected";
        return Err(Failure::usage(why));
    }
    let name = format!("{}-rejects.xlsx", past.name);
    written(place, (&name, WORKBOOK_KIND), |path| {
        rejects_again(&past, path, context)
    })
}

/// The file with the passwords that were made up in a run, and the one which shows that they were taken.
fn password_files(context: &Context, past: &PastRun) -> Option<(PathBuf, PathBuf)> {
    let folder = context.state().ok()?.run_folder(&past.name);
    let file = past.options.generated.kept_file(&folder)?;
    Some((file, folder.join(TAKEN_FILE)))
}

/// The form that hands the passwords out that were made up in the run, once.
fn offer_passwords(visit: &Visit<'_>, past: &PastRun) -> Markup {
    let Some((file, taken)) = password_files(visit.context, past) else {
        return html! {};
    };
    let (action, token) = visit.action("passwords");
    html! {
        h2 { (translated("Passwords that were made up")) }
        @match fs::read_to_string(&taken) {
            Ok(when) => {
                p .told {
                    (translated(&format!("They were taken on {}, and the page gives them once.", when.trim()))) " "
                    (translated("They are kept for the owner of this machine's account in")) " " bdi { (file.display()) }
                }
            }
            Err(_) => {
                form .question.once method="post" action=(action) {
                    (token)
                    input type="hidden" name="run" value=(past.name);
                    button .quiet { (translated("Take the passwords")) }
                    " " span .soft { (translated("The page gives them once, as a file: keep it safe.")) }
                }
            }
        }
    }
}

/// Hands the passwords out that were made up in a run: once, and never by an address.
pub(in crate::page) fn passwords(visit: &mut Visit<'_>) -> PageReply {
    let run = visit.request.form.get("run").to_owned();
    let taken = PastRun::open(visit.context, &run).and_then(|past| {
        let Some((file, taken)) = password_files(visit.context, &past) else {
            return Err(Failure::usage("this run has no passwords to hand out"));
        };
        let read = fs::read(&file);
        let bytes = read.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        let when = format!("{}\n", for_people(Timestamp::now()));
        write_new(&taken, when.as_bytes(), Readers::Owner).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => {
                Failure::usage("the passwords were taken already; the page gives them once")
            }
            _ => Failure::not_written(&taken, &error),
        })?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{}-{name}", past.name);
        Ok(PageReply::file(&name, "application/octet-stream", bytes))
    });
    taken.unwrap_or_else(|failure| {
        visit.session.tell_failure(&failure);
        visit.go(&format!("run?run={run}"))
    })
}
