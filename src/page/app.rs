//! The page as one thing: its guard, its session, the work that goes on, and which step answers which request.

use super::exchange::{PageMethod, PageReply, PageRequest};
use super::guard::Guard;
use super::job::{JobKind, PageJob};
use super::look;
use super::session::{DroppedSheet, Folder, PageSession, ShownEnd, kept_name};
use super::steps::visit::Visit;
use super::steps::{headings, plan, rows, sheet, target, watch};
use super::work::ImportTask;
use crate::lang::translated;
use crate::link::StopFlag;
use crate::model::with_hint;
use crate::plan::guard::Budget;
use crate::rim::terminal::overheard;
use crate::rim::{Context, Exit, Failure};
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
const FOR_A_GENERATION: [&str; 4] = ["target", "headings", "rows", "plan"];

/// The words for a form that is about something else by now.
const OUTDATED: &str =
    "the page has changed since this was shown, and nothing was changed by it: look again";

/// Work that takes a while.
enum Work {
    Plan,
    /// The plan of this digest is carried out.
    Run(String),
    /// The run of this name is taken back.
    Undo(String),
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
            (PageMethod::Post, "stop") => {
                if let Some(job) = self.job() {
                    job.stop.stop();
                }
                return PageReply::go(self.guard.base(), "watch");
            }
            _ => {}
        }
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
        let mut visit = Visit {
            guard: &self.guard,
            context: &self.context,
            session: &mut session,
            request,
        };
        match request.method {
            PageMethod::Get => self.shown(&mut visit, job.as_deref()),
            PageMethod::Post => self.changed(&mut visit),
        }
    }

    fn shown(&self, visit: &mut Visit<'_>, job: Option<&PageJob>) -> PageReply {
        match visit.request.path.as_str() {
            "" => sheet::show(visit),
            "target" => target::show(visit),
            "headings" => headings::show(visit),
            "map.toml" => headings::map(visit),
            "rows" => rows::show(visit),
            "corrected" => rows::corrected(visit),
            "plan" => plan::show(visit),
            "watch" => watch::show(visit, job),
            "result" => watch::result(visit),
            "report" => {
                let run = visit.request.query.get("run").to_owned();
                sheet::report(visit, &run, self.folder.path())
            }
            path => match path.strip_prefix("file/") {
                Some(name) => watch::file(visit, name),
                None => {
                    let text = translated("nothing is here").into_owned();
                    PageReply::new(404, "text/plain; charset=utf-8", text)
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
            "plan" => self.begin(visit, Work::Plan),
            "go" => {
                let id = visit.request.form.get("plan");
                match visit.session.plan.take_if(|plan| plan.id == id) {
                    Some(plan) => self.begin(visit, Work::Run(plan.id)),
                    None => {
                        visit.tell(translated(OUTDATED));
                        visit.furthest()
                    }
                }
            }
            "undo" => {
                let is_meant = !visit.request.form.get("meant").is_empty();
                let run = visit
                    .session
                    .result
                    .as_ref()
                    .and_then(|end| end.run.clone());
                match run.filter(|run| run == visit.request.form.get("run")) {
                    Some(run) if is_meant => self.begin(visit, Work::Undo(run)),
                    Some(_) => visit.go("result"),
                    None => {
                        visit.tell(translated(
                            "the page shows another run by now, and nothing was taken back: look again",
                        ));
                        visit.go("result")
                    }
                }
            }
            _ => PageReply::go(self.guard.base(), ""),
        }
    }

    /// Begins work on a thread of its own.
    fn begin(self: &Arc<App>, visit: &mut Visit<'_>, work: Work) -> PageReply {
        let Some(task) = visit.session.task(&self.context) else {
            return PageReply::go(self.guard.base(), "");
        };
        visit.session.plan = None;
        visit.session.result = None;
        let kind = match work {
            Work::Plan => JobKind::Plan,
            Work::Run(_) | Work::Undo(_) => JobKind::Run,
        };
        let job = Arc::new(PageJob::new(kind, self.stop.part(), self.folder.path()));
        let (own, app) = (EndedJob(job.clone()), self.clone());
        let carried_out = move || match work {
            Work::Plan => app.plan(&task, &own.0),
            Work::Run(plan) => app.run(&task, &plan, &own.0),
            Work::Undo(run) => app.undo(&task, &run, &own.0),
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
                PageReply::go(self.guard.base(), "rows")
            }
        }
    }

    /// Takes back a run that the page began.
    fn undo(&self, task: &ImportTask, run: &str, job: &PageJob) {
        let guard = GuardOptions {
            budget: Budget::UNLIMITED,
            // She has said so on the page.
            yes: true,
            ..GuardOptions::default()
        };
        let options = (guard, ReportOptions::default());
        let ended = overheard(&job.lines, || {
            undo(run, options, false, &self.context, &job.stop)
        });
        self.show_end(task, job, self.folder.path().to_owned(), ended);
    }

    /// Keeps the end of work for the page with the result. The job of an undo names no run, so that none is offered again.
    fn show_end(
        &self,
        task: &ImportTask,
        job: &PageJob,
        files: PathBuf,
        ended: Result<Exit, Failure>,
    ) {
        locked(&self.session).result = Some(ShownEnd {
            ended,
            run: job.run.get().cloned(),
            target: task.target.clone(),
            lines: job.told(),
            files,
        });
    }

    fn plan(&self, task: &ImportTask, job: &PageJob) {
        let planned = overheard(&job.lines, || task.plan(&job.stop));
        let mut session = locked(&self.session);
        match planned {
            Ok(plan) => session.plan = Some(plan),
            Err(failure) => {
                let failure = session.named(failure);
                let told = with_hint(&translated(&failure.message), &translated(&failure.hint));
                session.told.push(told);
            }
        }
    }

    fn run(&self, task: &ImportTask, plan: &str, job: &PageJob) {
        let name = format!("run{}", self.counted());
        let (files, ended) = match self.folder.below(&name) {
            Ok(files) => {
                let ended = overheard(&job.lines, || task.carry_out(plan, &files, job));
                (files, ended)
            }
            Err(error) => (self.folder.path().to_owned(), Err(Failure::usage(error))),
        };
        self.show_end(task, job, files, ended);
    }
}
