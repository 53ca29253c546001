//! The sockets of the page: HTTP/1.1 on the loopback, on one thread with a runtime of its own. The only module that names
//! `hyper`, `tokio` and `multer`.
//!
//! Requests are answered on threads outside of the runtime, because they may ask a PBX.

use super::app::App;
use super::exchange::{FormFields, PageMethod, PageReply, PageRequest};
use super::guard::{Admission, PageRequestHead};
use super::job::PageJob;
use super::look;
use super::session::SHEET_BYTES_MAX;
use crate::disk::private_options;
use crate::lang::translated;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Interval, interval, timeout};

/// The most open connections.
const CONNECTIONS_MAX: usize = 64;

/// The longest body of a form without a file, in bytes.
const FORM_BYTES_MAX: usize = 1 << 20;

/// The longest time for a request's head to arrive.
const HEAD_TIME_MAX: Duration = Duration::from_secs(5);

/// The longest time for a body to arrive.
const BODY_TIME_MAX: Duration = Duration::from_secs(300);

/// The interval at which the server looks whether it is to end.
const STOP_LOOK: Duration = Duration::from_millis(100);

/// The interval at which a browser is told how far a run is.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// The words for a browser without the cookie.
const STRANGER: &str = "the address in the terminal opens the page once, in one browser: go back there, press Enter in the terminal for another address, or start rowcall serve again";

/// The rights of a page: its own style, its own script, its own forms, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A listener on a port of the loopback; port 0 takes a free one.
///
/// # Errors
/// It cannot be listened on.
pub(super) fn listen(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    let addr = listener.local_addr()?;
    Ok((listener, addr))
}

/// Answers requests on a thread of its own until the page is over.
///
/// # Errors
/// No thread can be started.
pub(super) fn start(
    listener: TcpListener,
    app: Arc<App>,
) -> io::Result<JoinHandle<io::Result<()>>> {
    thread::Builder::new()
        .name("page".to_owned())
        .spawn(move || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            let runtime = builder.enable_io().enable_time().build()?;
            runtime.block_on(accept(listener, &app))
        })
}

async fn accept(listener: TcpListener, app: &Arc<App>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while !app.is_over() {
        let Ok(accepted) = timeout(STOP_LOOK, listener.accept()).await else {
            continue;
        };
        // Out of file handles, for example: wait for one to be closed.
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(STOP_LOOK).await;
            continue;
        };
        let Ok(seat) = seats.clone().try_acquire_owned() else {
            continue;
        };
        let app = app.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, app.clone()));
            let mut builder = http1::Builder::new();
            let builder = builder
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME_MAX);
            // A browser that goes away is no failure.
            let _ = builder
                .serve_connection(TokioIo::new(stream), service)
                .await;
            drop(seat);
        });
    }
    Ok(())
}

/// The body of a reply: whole, or the events of a run as they come.
enum ReplyBody {
    Whole(Option<Bytes>),
    Events {
        job: Arc<PageJob>,
        ticks: Interval,
        is_over: bool,
    },
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let event = match &mut *self {
            ReplyBody::Whole(body) => {
                return Poll::Ready(body.take().map(|body| Ok(Frame::data(body))));
            }
            ReplyBody::Events { is_over: true, .. } => return Poll::Ready(None),
            ReplyBody::Events {
                job,
                ticks,
                is_over,
            } => {
                if ticks.poll_tick(context).is_pending() {
                    return Poll::Pending;
                }
                *is_over = job.is_ended();
                job.event()
            }
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(event)))))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            ReplyBody::Whole(body) => {
                let bytes = body.as_ref().map_or(0, |body| body.len() as u64);
                SizeHint::with_exact(bytes)
            }
            ReplyBody::Events { .. } => SizeHint::default(),
        }
    }
}

type HttpReply = Response<ReplyBody>;

/// Answers one request.
async fn answer(request: Request<Incoming>, app: Arc<App>) -> Result<HttpReply, Infallible> {
    let (head, body) = request.into_parts();
    // A look at the head alone must not use the address up.
    if !matches!(head.method, hyper::Method::GET | hyper::Method::POST) {
        return Ok(whole(plain(405, "the page takes GET and POST")));
    }
    let read = head_of(
        &head.headers,
        head.uri.path(),
        head.method == hyper::Method::POST,
    );
    let verdict = app.guard.judge(&read);
    let path = match verdict {
        Admission::Pass(path) => path,
        Admission::Admitted => {
            app.touch();
            let reply = PageReply::page(look::admitted(app.guard.base()));
            let onward = ["0; url=", app.guard.base()].concat();
            return Ok(whole(
                reply
                    .with("set-cookie", app.guard.set_cookie())
                    .with("refresh", onward),
            ));
        }
        Admission::WrongHost => return Ok(whole(plain(421, "this address is not the page's"))),
        Admission::Foreign => {
            return Ok(whole(plain(403, "this request comes from another page")));
        }
        Admission::Stranger => return Ok(whole(plain(403, STRANGER))),
        Admission::Nowhere => return Ok(whole(plain(404, "nothing is here"))),
    };
    app.touch();
    let query = FormFields::parse(head.uri.query().unwrap_or_default().as_bytes());
    let (method, form) = match read.is_post {
        false if path == "events" => return Ok(events(&app)),
        false => (PageMethod::Get, Ok(FormFields::default())),
        true => {
            let form = timeout(BODY_TIME_MAX, form_of(&head.headers, body, &path, &app)).await;
            let late = |_| Err(plain(408, "the request took too long"));
            (PageMethod::Post, form.unwrap_or_else(late))
        }
    };
    let form = match form {
        Ok(form) => form,
        Err(reply) => return Ok(whole(reply)),
    };
    let request = PageRequest {
        method,
        path,
        query,
        form,
    };
    Ok(whole(elsewhere(app, request).await))
}

fn head_of(headers: &HeaderMap, path: &str, is_post: bool) -> PageRequestHead {
    let text = |name: HeaderName| {
        let value = headers.get(name)?;
        // What is no text is nobody's own.
        Some(value.to_str().unwrap_or("?").to_owned())
    };
    PageRequestHead {
        path: path.to_owned(),
        is_post,
        host: text(header::HOST).unwrap_or_default(),
        origin: text(header::ORIGIN),
        site: text(HeaderName::from_static("sec-fetch-site")),
        cookies: text(header::COOKIE).unwrap_or_default(),
    }
}

/// Answers a request on another thread, outside of the runtime.
async fn elsewhere(app: Arc<App>, request: PageRequest) -> PageReply {
    let (sender, receiver) = oneshot::channel();
    let answer = move || {
        let _ = sender.send(app.answer(&request));
    };
    let started = thread::Builder::new()
        .name("page-request".to_owned())
        .spawn(answer);
    match (started, receiver.await) {
        (Ok(_), Ok(reply)) => reply,
        _ => plain(500, "the page could not be made"),
    }
}

/// Reads the form of a request; its token comes first, and without the right one nothing is kept.
async fn form_of(
    headers: &HeaderMap,
    body: Incoming,
    path: &str,
    app: &App,
) -> Result<FormFields, PageReply> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let form = match multer::parse_boundary(kind) {
        Ok(boundary) => parts(body, boundary, path, app).await?,
        Err(_) => {
            let collected = Limited::new(body, FORM_BYTES_MAX).collect().await;
            let collected = collected.map_err(|_| plain(413, "the form is too long"))?;
            FormFields::parse(&collected.to_bytes())
        }
    };
    match app.guard.is_form_token(path, form.get("token")) {
        true => Ok(form),
        false => Err(stale()),
    }
}

/// A sheet that comes, removed again unless it came whole.
struct ComingSheet<'a> {
    app: &'a App,
    word: String,
    is_whole: bool,
}

impl Drop for ComingSheet<'_> {
    fn drop(&mut self) {
        if !self.is_whole {
            self.app.discard(&self.word);
        }
    }
}

/// Reads a form with a file, which is kept in the session's folder once the form is whole.
async fn parts(
    body: Incoming,
    boundary: String,
    path: &str,
    app: &App,
) -> Result<FormFields, PageReply> {
    let limits = multer::SizeLimit::new().whole_stream(SHEET_BYTES_MAX + FORM_BYTES_MAX as u64);
    let limits = multer::Constraints::new().size_limit(limits);
    let mut form = multer::Multipart::with_constraints(body.into_data_stream(), boundary, limits);
    let mut fields = FormFields::default();
    let mut coming = None;
    let mut room = FORM_BYTES_MAX;
    while let Some(mut part) = form.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let Some(file) = part.file_name().map(str::to_owned) else {
            let value = text_of(&mut part, room).await?;
            room -= value.len();
            fields.0.push((name, value));
            continue;
        };
        if !app.guard.is_form_token(path, fields.get("token")) {
            return Err(stale());
        }
        if path != "sheet" || coming.is_some() {
            return Err(plain(400, "the form is broken"));
        }
        let (word, place) = app.place_for_sheet(&file).map_err(unwritten)?;
        fields.0.push((name, word.clone()));
        coming = Some(ComingSheet {
            app,
            word,
            is_whole: false,
        });
        keep(&mut part, &place).await?;
    }
    if let Some(coming) = &mut coming {
        coming.is_whole = true;
    }
    Ok(fields)
}

fn broken(_: multer::Error) -> PageReply {
    plain(400, "the form is broken")
}

fn unwritten(error: io::Error) -> PageReply {
    plain(500, &format!("the sheet cannot be kept: {error}"))
}

/// Reads a part that is no file.
async fn text_of(part: &mut multer::Field<'_>, bytes_max: usize) -> Result<String, PageReply> {
    let mut bytes = vec![];
    while let Some(chunk) = part.chunk().await.map_err(broken)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > bytes_max {
            return Err(plain(413, "the form is too long"));
        }
    }
    String::from_utf8(bytes).map_err(|_| plain(400, "the form is broken"))
}

/// Writes a sheet as it comes, for its owner only.
async fn keep(part: &mut multer::Field<'_>, place: &Path) -> Result<(), PageReply> {
    let mut options = private_options();
    let mut out = options
        .write(true)
        .create_new(true)
        .open(place)
        .map_err(unwritten)?;
    let mut bytes = 0;
    while let Some(chunk) = part.chunk().await.map_err(broken)? {
        bytes += chunk.len() as u64;
        if bytes > SHEET_BYTES_MAX {
            let text = format!(
                "the sheet is larger than {} MiB: bring it onto the PBX with rowcall import",
                SHEET_BYTES_MAX >> 20
            );
            return Err(plain(413, &text));
        }
        out.write_all(&chunk).map_err(unwritten)?;
    }
    Ok(())
}

/// The events of the work that goes on; the last one where nothing does.
fn events(app: &App) -> HttpReply {
    let Some(job) = app.job() else {
        return whole(plain(404, "nothing is at work"));
    };
    let ticks = interval(TOLD_EVERY);
    let mut reply = Response::new(ReplyBody::Events {
        job,
        ticks,
        is_over: false,
    });
    dress(reply.headers_mut(), "text/event-stream");
    reply
}

fn whole(reply: PageReply) -> HttpReply {
    let mut response = Response::new(ReplyBody::Whole(Some(Bytes::from(reply.body))));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    dress(response.headers_mut(), reply.kind);
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Adds the headers that every reply has.
fn dress(headers: &mut HeaderMap, kind: &'static str) {
    for (name, value) in [
        ("content-type", kind),
        ("content-security-policy", POLICY),
        // With no-referrer a browser would call its own form's origin null.
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn plain(status: u16, text: &str) -> PageReply {
    let text = translated(text).into_owned();
    PageReply::new(status, "text/plain; charset=utf-8", text)
}

fn stale() -> PageReply {
    plain(
        403,
        "this form is not of this page, or no longer: load the page again",
    )
}
