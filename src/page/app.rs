//! The page as one thing: its guard, its session, the work that goes on, and which step answers which request.

use super::exchange::{PageMethod, PageReply, PageRequest};
use super::guard::Guard;
use super::job::{JobKind, PageJob, WORK};
use super::look;
use super::session::{DroppedSheet, Folder, PageSession, RunFiles, ShownEnd, kept_name};
use super::steps::run::SeenRuns;
use super::steps::visit::Visit;
use super::steps::{archive, doctor, headings, plan, rows, run, sheet, target, watch};
use super::work::ImportTask;
use crate::lang::translated;
use crate::ledger::StoredRun;
use crate::link::StopFlag;
use crate::plan::guard::Budget;
use crate::rim::doctor::try_all;
use crate::rim::terminal::overheard;
use crate::rim::{Context, Exit, Failure};
use crate::run::past::PastRun;
use crate::run::resume::resume;
use crate::run::undo::undo;
use crate::run::{GuardOptions, ReportOptions};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The time without anybody after which the page ends.
const ALONE_MAX: Duration = Duration::from_secs(3600);

/// The forms that are about what was shown with them.
const FOR_A_GENERATION: [&str; 5] = ["target", "headings", "rows", "plan", "go"];

/// The words for a form that is about something else by now.
const OUTDATED: &str =
    "the page has changed since this was shown, and nothing was changed by it: look again";

/// Work that takes a while.
enum Work {
    CheckUp,
    Plan(ImportTask),
    /// The plan of this digest is carried out.
    Run(ImportTask, String),
    /// The run of this name is taken back.
    Undo(String),
    /// The run of this name goes on.
    Resume(String),
}

/// A job that has ended once this is dropped, however that comes.
struct EndedJob(Arc<PageJob>);

impl Drop for EndedJob {
    fn drop(&mut self) {
        self.0.end();
    }
}

pub(super) struct App {
    pub(super) guard: Guard,
    context: Context,
    folder: Folder,
    session: Mutex<PageSession>,
    job: Mutex<Option<Arc<PageJob>>>,
    working: Mutex<Option<JoinHandle<()>>>,
    /// The sheets that came, by the word that names them in the form.
    came: Mutex<BTreeMap<String, PathBuf>>,
    /// Counts the folders that were made.
    count: AtomicUsize,
    last_seen: Mutex<Instant>,
    /// Ctrl-C.
    stop: StopFlag,
    is_over: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl App {
    pub(super) fn new(guard: Guard, folder: Folder, context: Context, stop: StopFlag) -> App {
        App {
            guard,
            context,
            folder,
            session: Mutex::new(PageSession::new()),
            job: Mutex::default(),
            working: Mutex::default(),
            came: Mutex::default(),
            count: AtomicUsize::new(0),
            last_seen: Mutex::new(Instant::now()),
            stop,
            is_over: AtomicBool::new(false),
        }
    }

    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Notes that somebody is there.
    pub(super) fn touch(&self) {
        *locked(&self.last_seen) = Instant::now();
    }

    /// Returns true once the page is to end: by Ctrl-C, or after an hour without anybody. Work that goes on is waited for.
    pub(super) fn is_to_end(&self) -> bool {
        let is_alone = locked(&self.last_seen).elapsed() > ALONE_MAX;
        let is_at_work = self.is_at_work();
        if is_at_work {
            // Who waits for a run asks nothing.
            self.touch();
        }
        !is_at_work && (is_alone || self.stop.is_stopped())
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Ends the page, once its work has ended.
    pub(super) fn end(&self) {
        let working = locked(&self.working).take();
        if let Some(working) = working {
            let _ = working.join();
        }
        self.is_over.store(true, Ordering::Release);
    }

    fn is_at_work(&self) -> bool {
        self.job().is_some_and(|job| !job.is_ended())
    }

    /// The work that goes on, or has ended last.
    pub(super) fn job(&self) -> Option<Arc<PageJob>> {
        locked(&self.job).clone()
    }

    fn counted(&self) -> usize {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    /// A place for a sheet that comes, in a folder of its own, and the word that names it from then on.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub(super) fn place_for_sheet(&self, sent: &str) -> io::Result<(String, PathBuf)> {
        let word = format!("sheet{}", self.counted());
        let place = self.folder.below(&word)?.join(kept_name(sent));
        locked(&self.came).insert(word.clone(), place.clone());
        Ok((word, place))
    }

    /// Removes a sheet that came and is not read.
    pub(super) fn discard(&self, word: &str) {
        let place = locked(&self.came).remove(word);
        // It goes with its folder.
        drop(place.map(DroppedSheet::new));
    }

    /// Answers a request that the guard let through.
    pub(super) fn answer(self: &Arc<App>, request: &PageRequest) -> PageReply {
        match (request.method, request.path.as_str()) {
            (PageMethod::Get, "page.css") => {
                return PageReply::new(200, "text/css; charset=utf-8", look::style());
            }
            (PageMethod::Get, "page.js") => {
                return PageReply::new(200, "text/javascript; charset=utf-8", look::SCRIPT);
            }
            (PageMethod::Get, "icon.svg") => {
                return PageReply::new(200, "image/svg+xml", look::ICON);
            }
            (PageMethod::Post, "stop" | "pause") => {
                // Other work than that which was shown goes on.
                let shown = |job: &Arc<PageJob>| job.id == request.form.get(WORK);
                if let Some(job) = self.job().filter(shown) {
                    job.halt(request.path == "pause");
                }
                return PageReply::go(self.guard.base(), "watch");
            }
            (PageMethod::Get, "report" | "rejects") => {
                return self.file_of_run(request);
            }
            (PageMethod::Get, "archive") => {
                // An archive is read whole, and others are answered meanwhile.
                let body = archive::body(self.guard.base(), &request.query);
                let mut session = locked(&self.session);
                return archive::show(&mut self.visit(&mut session, request), &body);
            }
            _ => {}
        }
        let seen = self.seen_runs(request);
        let mut session = locked(&self.session);
        // Work begins under the session's lock.
        let job = self.job();
        if request.method == PageMethod::Post && self.is_at_work() {
            self.discard(request.form.get("sheet"));
            let why =
                "what was sent meanwhile was not taken: wait for the end of what goes on here";
            session.told.push(translated(why).into_owned());
            return PageReply::go(self.guard.base(), "watch");
        }
        let mut visit = self.visit(&mut session, request);
        match request.method {
            PageMethod::Get => self.shown(&mut visit, job.as_deref(), seen),
            PageMethod::Post => self.changed(&mut visit),
        }
    }

    /// Reads what a page shows of runs, before the session is locked: a ledger can be long.
    fn seen_runs(&self, request: &PageRequest) -> SeenRuns {
        match (request.method, request.path.as_str()) {
            (PageMethod::Get, "") => SeenRuns::newest(&self.context),
            (PageMethod::Get, "runs") => SeenRuns::all(&self.context),
            (PageMethod::Get, "run") => SeenRuns::one(&self.context, request.query.get("run")),
            (PageMethod::Get, "result") => {
                let session = locked(&self.session);
                let run = session.result.as_ref().and_then(|end| end.run.clone());
                drop(session);
                run.map_or_else(SeenRuns::default, |run| SeenRuns::one(&self.context, &run))
            }
            _ => SeenRuns::default(),
        }
    }

    /// A file of a run, or the way to the page that says why there is none.
    fn file_of_run(&self, request: &PageRequest) -> PageReply {
        // Two browsers may ask for one at once.
        let place = self.folder.path().join(format!("file{}", self.counted()));
        let file = match request.path.as_str() {
            "report" => run::report(&self.context, &request.query, &place),
            _ => run::rejects(&self.context, &request.query, &place),
        };
        file.unwrap_or_else(|failure| {
            locked(&self.session).tell_failure(&failure);
            PageReply::go(self.guard.base(), "runs")
        })
    }

    fn visit<'v>(&'v self, session: &'v mut PageSession, request: &'v PageRequest) -> Visit<'v> {
        Visit {
            guard: &self.guard,
            context: &self.context,
            session,
            request,
        }
    }

    fn shown(&self, visit: &mut Visit<'_>, job: Option<&PageJob>, seen: SeenRuns) -> PageReply {
        match visit.request.path.as_str() {
            "" => sheet::show(visit, job, seen),
            "target" => target::show(visit),
            "headings" => headings::show(visit),
            "map.toml" => headings::map(visit),
            "rows" => rows::show(visit),
            "corrected" => rows::corrected(visit),
            "plan" => plan::show(visit),
            "watch" => watch::show(visit, job),
            "result" => watch::result(visit, seen),
            "doctor" => doctor::show(visit),
            "runs" => run::show_all(visit, seen),
            "run" => run::show(visit, seen),
            path => match path.strip_prefix("file/") {
                Some(name) => watch::file(visit, name),
                None => {
                    let page = look::nothing(self.guard.base()).into_string();
                    PageReply::new(404, "text/html; charset=utf-8", page)
                }
            },
        }
    }

    fn changed(self: &Arc<App>, visit: &mut Visit<'_>) -> PageReply {
        let path = visit.request.path.as_str();
        if FOR_A_GENERATION.contains(&path) && visit.is_outdated() {
            visit.tell(translated(OUTDATED));
            return visit.furthest();
        }
        match path {
            "sheet" => {
                let place = locked(&self.came).remove(visit.request.form.get("sheet"));
                sheet::take(visit, place)
            }
            "target" => target::take(visit),
            "headings" => headings::take(visit),
            "rows" => rows::take(visit),
            "plan" => match visit.session.task(&self.context) {
                Some(task) => self.begin(visit, Work::Plan(task)),
                None => visit.furthest(),
            },
            "go" => {
                let id = visit.request.form.get("plan");
                let task = visit.session.task(&self.context);
                let plan = visit.session.plan.take_if(|plan| plan.id == id);
                match task.zip(plan) {
                    Some((task, plan)) => self.begin(visit, Work::Run(task, plan.id)),
                    None => {
                        visit.tell(translated(OUTDATED));
                        visit.furthest()
                    }
                }
            }
            "undo" => match run::meant(visit) {
                Ok(run) => self.begin(visit, Work::Undo(run)),
                Err(reply) => reply,
            },
            "resume" => match run::meant(visit) {
                Ok(run) => self.begin(visit, Work::Resume(run)),
                Err(reply) => reply,
            },
            "passwords" => run::passwords(visit),
            "doctor" => self.begin(visit, Work::CheckUp),
            _ => PageReply::go(self.guard.base(), ""),
        }
    }

    /// Begins work on a thread of its own.
    fn begin(self: &Arc<App>, visit: &mut Visit<'_>, work: Work) -> PageReply {
        if !matches!(work, Work::CheckUp) {
            visit.session.forget_plan();
            visit.session.result = None;
        }
        let kind = match &work {
            Work::CheckUp => JobKind::CheckUp,
            Work::Plan(_) => JobKind::Plan,
            Work::Run(..) | Work::Undo(_) | Work::Resume(_) => JobKind::Run,
        };
        let can_pause = match &work {
            Work::CheckUp | Work::Plan(_) => false,
            // A rehearsal has no ledger.
            Work::Run(..) => !visit.session.is_rehearsal(&self.context),
            Work::Undo(_) | Work::Resume(_) => true,
        };
        let stop = self.stop.part();
        let id = self.counted().to_string();
        let job = Arc::new(PageJob::new(id, kind, can_pause, stop, self.folder.path()));
        let (own, app) = (EndedJob(job.clone()), self.clone());
        let carried_out = move || match work {
            Work::CheckUp => app.check_up(&own.0),
            Work::Plan(task) => app.plan(&task, &own.0),
            Work::Run(task, plan) => app.run(&task, &plan, &own.0),
            Work::Undo(run) => app.undo(&run, &own.0),
            Work::Resume(run) => app.resume(&run, &own.0),
        };
        let builder = thread::Builder::new().name("page-work".to_owned());
        match builder.spawn(carried_out) {
            Ok(working) => {
                *locked(&self.working) = Some(working);
                *locked(&self.job) = Some(job);
                PageReply::go(self.guard.base(), "watch")
            }
            Err(error) => {
                visit.session.told.push(error.to_string());
                visit.furthest()
            }
        }
    }

    /// Tries what a run needs.
    fn check_up(&self, job: &PageJob) {
        let checks = overheard(&job.lines, || try_all(&[], &self.context, &job.stop));
        let mut session = locked(&self.session);
        session.checks = checks;
        job.end();
    }

    /// Takes a run back.
    fn undo(&self, run: &str, job: &PageJob) {
        let guard = GuardOptions {
            budget: Budget::UNLIMITED,
            // She has said so on the page.
            yes: true,
            ..GuardOptions::default()
        };
        let options = (guard, ReportOptions::default());
        let ended = overheard(&job.lines, || {
            let watched = Some(&job.watched);
            undo(run, options, false, &self.context, &job.stop, watched)
        });
        self.show_end(job, None, ended);
    }

    /// Lets a run go on that was stopped or cut off.
    fn resume(&self, run: &str, job: &PageJob) {
        let guard = GuardOptions {
            // The run's own question was answered when it began; what deletes was asked about on the page.
            yes: true,
            ..GuardOptions::default()
        };
        let options = (guard, ReportOptions::default());
        let ended = overheard(&job.lines, || {
            let past = PastRun::open(&self.context, run)?;
            let _ = job.watched.name.set(run.to_owned());
            resume(&past, options, &self.context, &job.stop, Some(&job.watched))
        });
        self.show_end(job, None, ended);
    }

    /// Keeps the end of work for the page with the result.
    fn show_end(&self, job: &PageJob, files: Option<RunFiles>, ended: Result<Exit, Failure>) {
        let run = job.watched.name.get().cloned();
        let last = |run| Ok(StoredRun::open(&self.context.state()?, run)?.ended()?);
        let last: Option<Result<_, Failure>> = run.as_deref().map(last);
        let mut session = locked(&self.session);
        session.result = Some(ShownEnd {
            id: job.id.clone(),
            is_paused: job.is_paused(),
            has_begun: run.is_some() || !job.can_pause,
            ended,
            run,
            in_ledger: last.and_then(Result::ok).flatten(),
            counts: job.counts(),
            lines: job.lines_told(),
            files,
        });
        job.end();
    }

    fn plan(&self, task: &ImportTask, job: &PageJob) {
        let planned = overheard(&job.lines, || task.plan(&job.stop));
        let mut session = locked(&self.session);
        match planned {
            Ok(plan) => session.show_plan(plan),
            Err(failure) => {
                let failure = session.named(failure);
                session.tell_failure(&failure);
            }
        }
        job.end();
    }

    fn run(&self, task: &ImportTask, plan: &str, job: &PageJob) {
        let name = format!("run{}", self.counted());
        let folder = self.folder.below(&name).map_err(Failure::usage);
        let files = folder.and_then(|folder| RunFiles::keep(folder, task));
        let (files, ended) = match files {
            Ok(files) => {
                let carry_out = || task.carry_out(plan, files.folder(), job);
                let ended = overheard(&job.lines, carry_out);
                if ended == Ok(Exit::Done) {
                    files.remove_rejects();
                }
                (Some(files), ended)
            }
            Err(failure) => (None, Err(failure)),
        };
        self.show_end(job, files, ended);
    }
}
