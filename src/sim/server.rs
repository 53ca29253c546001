//! A simulated PBX behind a socket: HTTP/1.1, one thread for each connection, faults enacted on the connection itself.

use super::{ReplyEnd, RequestEnd, Sim, half};
use crate::wire::{RawRequest, Reply};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{
    IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Most open connections; further ones are answered 503 and closed.
pub(crate) const CONNECTIONS_MAX: usize = 512;

/// The longest head of a request, in bytes.
pub(crate) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// The most headers of a request.
pub(crate) const HEADERS_MAX: usize = 100;

/// The longest body of a request, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Longest silence of a connection between two requests.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(60);

/// Longest time for a request to arrive, and for a reply to be taken.
pub(crate) const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// Most bytes that are sent of an answer that never ends.
pub(crate) const ENDLESS_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Time after which a waiting connection checks whether it is to stop.
const STOP_LOOK: Duration = Duration::from_millis(20);

/// A [`Sim`] that listens. Dropping it stops it.
pub struct Server {
    addr: SocketAddr,
    state: Arc<ServerState>,
    accepting: Option<JoinHandle<()>>,
}

/// State that the connections share.
struct ServerState {
    sim: Sim,
    stopping: AtomicBool,
    open: Mutex<HashMap<u64, TcpStream>>,
    closed: Condvar,
}

impl Server {
    /// Listens on an address; port 0 takes a free one.
    ///
    /// # Errors
    /// The address cannot be listened on, or no thread can be started.
    pub fn start(sim: Sim, addr: impl ToSocketAddrs) -> io::Result<Server> {
        let listener = TcpListener::bind(addr)?;
        let addr = listener.local_addr()?;
        let state = Arc::new(ServerState {
            sim,
            stopping: AtomicBool::new(false),
            open: Mutex::default(),
            closed: Condvar::new(),
        });
        let shared = Arc::clone(&state);
        let accepting = thread::Builder::new()
            .name("sim".to_owned())
            .spawn(move || accept(&listener, &shared))?;
        Ok(Server {
            addr,
            state,
            accepting: Some(accepting),
        })
    }

    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Closes every connection and stops listening; comes back when that is done.
    pub fn stop(mut self) {
        self.halt();
    }

    fn halt(&mut self) {
        let Some(accepting) = self.accepting.take() else {
            return;
        };
        self.state.stopping.store(true, Ordering::SeqCst);
        for stream in self.state.open().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // The accepting thread sleeps until a connection comes.
        if TcpStream::connect_timeout(&reachable(self.addr), Duration::from_secs(1)).is_ok() {
            let _ = accepting.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.halt();
    }
}

/// Parses an address to listen on that a person typed: `8080`, `:8080`, `HOST:PORT`, or a host alone; a missing host is
/// this machine's own loopback, a missing port is `port`.
///
/// # Errors
/// It is no address, or its name is not known.
pub(crate) fn listen_address(text: &str, port: u16) -> Result<SocketAddr, String> {
    let text = text.trim();
    let unknown = || format!("{text} is no address to listen on; write PORT or HOST:PORT");
    let loopback = IpAddr::from(Ipv4Addr::LOCALHOST);
    if text.is_empty() {
        return Ok(SocketAddr::new(loopback, port));
    }
    let digits = text.strip_prefix(':').unwrap_or(text);
    // A name server may take a lone number for an address, which is never meant.
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let port = digits.parse().map_err(|_| unknown())?;
        return Ok(SocketAddr::new(loopback, port));
    }
    if let Ok(host) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(host, port));
    }
    let found = if text.contains(':') {
        text.to_socket_addrs()
    } else {
        (text, port).to_socket_addrs()
    };
    let mut found = found.map_err(|_| unknown())?;
    found.next().ok_or_else(unknown)
}

/// The address by which one that listens everywhere is reached from here.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let host = match addr.ip() {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, addr.port())
}

fn accept(listener: &TcpListener, state: &Arc<ServerState>) {
    for id in 0.. {
        let accepted = listener.accept();
        if state.is_stopping() {
            break;
        }
        match accepted {
            Ok((stream, _)) => state.admit(id, stream),
            // Out of file handles, for example: wait for one to be closed.
            Err(_) => thread::sleep(STOP_LOOK),
        }
    }
    let mut open = state.open();
    while !open.is_empty() {
        open = state
            .closed
            .wait(open)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

impl ServerState {
    fn open(&self) -> MutexGuard<'_, HashMap<u64, TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn admit(self: &Arc<Self>, id: u64, stream: TcpStream) {
        let Ok(handle) = stream.try_clone() else {
            return;
        };
        let mut open = self.open();
        // Checked under the lock: a stop closes the connections listed here, and none is added after it.
        if self.is_stopping() {
            return;
        }
        if open.len() >= CONNECTIONS_MAX {
            let _ = (&stream).write_all(&bytes_of(&refusal(503), false, false, false));
            return;
        }
        open.insert(id, handle);
        drop(open);
        let seat = ConnectionSlot {
            state: Arc::clone(self),
            id,
        };
        // If no thread can be started, dropping the closure gives the seat back.
        let _ = thread::Builder::new()
            .name("sim connection".to_owned())
            .spawn(move || {
                let _ = ServedConnection::new(&seat.state, stream).serve();
            });
    }

    /// Waits, but no longer than until it is to stop.
    fn wait(&self, wait: Duration) {
        let until = Instant::now() + wait;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_stopping() {
                return;
            }
            thread::sleep(left.min(STOP_LOOK));
        }
    }
}

/// A connection's place among the open ones; given back whatever happens to its thread.
struct ConnectionSlot {
    state: Arc<ServerState>,
    id: u64,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.state.open().remove(&self.id);
        self.state.closed.notify_all();
    }
}

/// The end of a connection.
enum ConnectionEnd {
    /// The other side went away, was silent too long, or we hung up on purpose.
    Gone,
    /// It is no request that we take: answer with this status.
    Refused(u16),
}

impl From<io::Error> for ConnectionEnd {
    fn from(_: io::Error) -> ConnectionEnd {
        ConnectionEnd::Gone
    }
}

struct ServedConnection<'h> {
    state: &'h ServerState,
    stream: TcpStream,
    /// Bytes that have arrived and are not used yet.
    came: Vec<u8>,
    /// The time by which the rest of the request must have arrived.
    deadline: Instant,
}

/// A request's head.
struct RequestHead {
    raw_request: RawRequest,
    keep_alive: bool,
    expects_continue: bool,
    body: BodyLength,
}

enum BodyLength {
    Bytes(usize),
    Chunked,
}

impl<'h> ServedConnection<'h> {
    fn new(state: &'h ServerState, stream: TcpStream) -> Self {
        ServedConnection {
            state,
            stream,
            came: Vec::new(),
            deadline: Instant::now() + IDLE_MAX,
        }
    }

    fn serve(mut self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        self.stream.set_write_timeout(Some(REQUEST_TIME_MAX))?;
        loop {
            match self.one() {
                Ok(true) => {}
                Ok(false) => return self.hang_up(),
                Err(ConnectionEnd::Gone) => return Ok(()),
                Err(ConnectionEnd::Refused(status)) => {
                    let refusal = bytes_of(&refusal(status), false, false, false);
                    self.stream.write_all(&refusal)?;
                    return self.hang_up();
                }
            }
        }
    }

    /// Serves one request to its end; returns true if another may follow.
    fn one(&mut self) -> Result<bool, ConnectionEnd> {
        let (raw_request, keep_alive) = self.read_request()?;
        let RequestEnd { wait, end } = self.state.sim.receive(&raw_request);
        self.state.wait(wait);
        if self.state.is_stopping() {
            return Err(ConnectionEnd::Gone);
        }
        let is_head = raw_request.method == "HEAD";
        match end {
            ReplyEnd::Reply { reply, dated } => {
                let bytes = bytes_of(&reply, dated, keep_alive, is_head);
                self.stream.write_all(&bytes)?;
                Ok(keep_alive)
            }
            ReplyEnd::Refused | ReplyEnd::Cut => Err(ConnectionEnd::Gone),
            ReplyEnd::Truncated(reply) => {
                let (sent, claimed) = half(&reply);
                let mut bytes = head_of(&reply, false);
                bytes.extend_from_slice(format!("Content-Length: {claimed}\r\n\r\n").as_bytes());
                bytes.extend_from_slice(sent);
                self.stream.write_all(&bytes)?;
                Err(ConnectionEnd::Gone)
            }
            ReplyEnd::Endless(reply) => {
                self.endless(&reply)?;
                Err(ConnectionEnd::Gone)
            }
        }
    }

    fn endless(&mut self, reply: &Reply) -> io::Result<()> {
        const CHUNK: usize = 64 * 1024;
        let mut bytes = head_of(reply, false);
        bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
        self.stream.write_all(&bytes)?;
        let mut chunk = format!("{CHUNK:x}\r\n").into_bytes();
        chunk.extend(std::iter::repeat_n(b' ', CHUNK));
        chunk.extend_from_slice(b"\r\n");
        let mut sent = 0;
        while sent < ENDLESS_BYTES_MAX && !self.state.is_stopping() {
            self.stream.write_all(&chunk)?;
            sent += CHUNK as u64;
        }
        Ok(())
    }

    fn read_request(&mut self) -> Result<(RawRequest, bool), ConnectionEnd> {
        self.deadline = Instant::now() + IDLE_MAX;
        if self.came.is_empty() {
            self.more()?;
        }
        self.deadline = Instant::now() + REQUEST_TIME_MAX;
        let head = loop {
            if let Some((head, used)) = parse_head(&self.came)? {
                self.came.drain(..used);
                break head;
            }
            if self.came.len() > HEAD_BYTES_MAX {
                return Err(ConnectionEnd::Refused(431));
            }
            self.more()?;
        };
        if head.expects_continue {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let mut raw_request = head.raw_request;
        raw_request.body = match head.body {
            BodyLength::Bytes(length) => self.take(length)?,
            BodyLength::Chunked => self.chunks()?,
        };
        Ok((raw_request, head.keep_alive))
    }

    fn chunks(&mut self) -> Result<Vec<u8>, ConnectionEnd> {
        let mut body = Vec::new();
        loop {
            let size = loop {
                match httparse::parse_chunk_size(&self.came) {
                    Ok(httparse::Status::Complete((used, size))) => {
                        self.came.drain(..used);
                        break usize::try_from(size).map_err(|_| ConnectionEnd::Refused(413))?;
                    }
                    Ok(httparse::Status::Partial) if self.came.len() <= HEAD_BYTES_MAX => {
                        self.more()?;
                    }
                    _ => return Err(ConnectionEnd::Refused(400)),
                }
            };
            if size == 0 {
                self.trailers()?;
                return Ok(body);
            }
            if size > BODY_BYTES_MAX - body.len() {
                return Err(ConnectionEnd::Refused(413));
            }
            body.append(&mut self.take(size)?);
            if self.take(2)? != b"\r\n" {
                return Err(ConnectionEnd::Refused(400));
            }
        }
    }

    /// Reads over the lines behind the last chunk, up to the empty line.
    fn trailers(&mut self) -> Result<(), ConnectionEnd> {
        loop {
            let mut trailers = [httparse::EMPTY_HEADER; HEADERS_MAX];
            match httparse::parse_headers(&self.came, &mut trailers) {
                Ok(httparse::Status::Complete((used, _))) => {
                    self.came.drain(..used);
                    return Ok(());
                }
                Ok(httparse::Status::Partial) if self.came.len() <= HEAD_BYTES_MAX => {
                    self.more()?
                }
                _ => return Err(ConnectionEnd::Refused(400)),
            }
        }
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>, ConnectionEnd> {
        while self.came.len() < length {
            self.more()?;
        }
        let rest = self.came.split_off(length);
        Ok(std::mem::replace(&mut self.came, rest))
    }

    fn more(&mut self) -> Result<(), ConnectionEnd> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ConnectionEnd::Gone);
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut buffer = [0; 16 * 1024];
        let read = self.stream.read(&mut buffer)?;
        if read == 0 {
            return Err(ConnectionEnd::Gone);
        }
        self.came
            .extend_from_slice(buffer.get(..read).unwrap_or_default());
        Ok(())
    }

    /// Closes so that the last reply arrives even where something that came was not read: a close with unread bytes
    /// would take the reply back.
    fn hang_up(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        self.deadline = Instant::now() + Duration::from_secs(1);
        let mut left: usize = 2 * BODY_BYTES_MAX;
        while left > 0 && self.more().is_ok() {
            left = left.saturating_sub(self.came.len());
            self.came.clear();
        }
        Ok(())
    }
}

/// Parses the head at the beginning of the bytes so far, and returns it with its length; `None` where more has to come.
fn parse_head(came: &[u8]) -> Result<Option<(RequestHead, usize)>, ConnectionEnd> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut headers);
    let used = match parsed.parse(came) {
        Ok(httparse::Status::Complete(used)) if used > HEAD_BYTES_MAX => {
            return Err(ConnectionEnd::Refused(431));
        }
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(ConnectionEnd::Refused(431)),
        Err(_) => return Err(ConnectionEnd::Refused(400)),
    };
    let raw_request = RawRequest {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        headers: parsed
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(header.value).into_owned();
                (header.name.to_ascii_lowercase(), value)
            })
            .collect(),
        body: vec![],
    };
    let is_new = parsed.version == Some(1);
    let lacks_host = is_new && raw_request.header("host").is_none();
    if !raw_request.target.starts_with('/') || lacks_host {
        return Err(ConnectionEnd::Refused(400));
    }
    let says = |name: &str, word: &str| {
        let value = raw_request.header(name).unwrap_or_default();
        value
            .split(',')
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let head = RequestHead {
        keep_alive: !says("connection", "close") && (is_new || says("connection", "keep-alive")),
        expects_continue: says("expect", "100-continue"),
        body: body_length(&raw_request)?,
        raw_request,
    };
    Ok(Some((head, used)))
}

fn body_length(raw_request: &RawRequest) -> Result<BodyLength, ConnectionEnd> {
    let all = |name: &'static str| {
        raw_request
            .headers
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.trim())
    };
    let mut lengths = all("content-length");
    let mut encodings = all("transfer-encoding");
    match (
        lengths.next(),
        lengths.next(),
        encodings.next(),
        encodings.next(),
    ) {
        (None, _, None, _) => Ok(BodyLength::Bytes(0)),
        (None, _, Some(encoding), None) if encoding.eq_ignore_ascii_case("chunked") => {
            Ok(BodyLength::Chunked)
        }
        (None, _, Some(_), _) => Err(ConnectionEnd::Refused(501)),
        (Some(length), None, None, _) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            match length.parse() {
                Ok(length) if length <= BODY_BYTES_MAX => Ok(BodyLength::Bytes(length)),
                _ if length.is_empty() => Err(ConnectionEnd::Refused(400)),
                _ => Err(ConnectionEnd::Refused(413)),
            }
        }
        // Two lengths, or a length and chunks: another reader might see other requests.
        _ => Err(ConnectionEnd::Refused(400)),
    }
}

fn refusal(status: u16) -> Reply {
    Reply::new(
        status,
        "text/plain; charset=utf-8",
        format!("{}\n", reason(status)),
    )
}

/// A whole reply as it goes out.
fn bytes_of(reply: &Reply, dated: bool, keep_alive: bool, is_head: bool) -> Vec<u8> {
    let mut bytes = head_of(reply, keep_alive);
    if let Some(wait) = reply.retry_after {
        bytes
            .extend_from_slice(format!("Retry-After: {}\r\n", retry_after(wait, dated)).as_bytes());
    }
    if !reply.cookie.is_empty() {
        bytes.extend_from_slice(format!("Set-Cookie: {}\r\n", reply.cookie).as_bytes());
    }
    if reply.status == 302 {
        bytes.extend_from_slice(b"Location: /login\r\n");
    }
    // These never have a body, and a length would be read as one.
    if !matches!(reply.status, 100..200 | 204 | 304) {
        bytes.extend_from_slice(format!("Content-Length: {}\r\n", reply.body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    if !is_head && !matches!(reply.status, 100..200 | 204 | 304) {
        bytes.extend_from_slice(&reply.body);
    }
    bytes
}

/// Writes status line, type and the end or reuse of the connection; the length and the empty line are still to come.
fn head_of(reply: &Reply, keep_alive: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
    if !reply.content_type.is_empty() {
        head.push_str("Content-Type: ");
        head.push_str(&reply.content_type);
        head.push_str("\r\n");
    }
    if !keep_alive {
        head.push_str("Connection: close\r\n");
    }
    head.into_bytes()
}

/// A time from now in whole seconds, rounded up, or as a date.
fn retry_after(wait: Duration, dated: bool) -> String {
    let seconds = wait.as_millis().div_ceil(1000);
    if !dated {
        return seconds.to_string();
    }
    let at = jiff::Timestamp::now()
        .as_millisecond()
        .saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
    // A date has no fraction of a second.
    let at = jiff::Timestamp::from_second(at.saturating_add(999) / 1000);
    at.and_then(|at| jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at))
        .unwrap_or_else(|_| seconds.to_string())
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Other",
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake_pbx::{ADDED, token_pbx};
    use super::super::{Breakage, Faults, InProcess};
    use super::*;
    use crate::link::Link;
    use crate::wire::{Body, Effect, Method, Request};
    use proptest::prelude::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn server(faults: &str) -> (Sim, Server) {
        let sim = Sim::new(token_pbx(), faults.parse().unwrap());
        let server = Server::start(sim.clone(), "127.0.0.1:0").unwrap();
        (sim, server)
    }

    /// A client that trusts nothing: it distinguishes a complete reply from one that was cut.
    struct TestClient {
        stream: TcpStream,
        came: Vec<u8>,
    }

    #[derive(Debug, PartialEq, Eq, Clone)]
    struct Came {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    }

    impl Came {
        fn header(&self, name: &str) -> Option<&str> {
            let found = self.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        }
    }

    impl TestClient {
        fn new(server: &Server) -> TestClient {
            let stream = TcpStream::connect(server.addr()).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.set_nodelay(true).unwrap();
            TestClient {
                stream,
                came: vec![],
            }
        }

        fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut TestClient {
            // A server that hung up shows in the reply.
            let _ = self.stream.write_all(bytes.as_ref());
            self
        }

        fn post(&mut self, target: &str, body: &str) -> Result<Came, String> {
            let head = format!(
                "POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            self.send(head + body).reply(false)
        }

        fn more(&mut self) -> Result<(), String> {
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) => Err("closed".to_owned()),
                Ok(read) => {
                    self.came.extend_from_slice(&buffer[..read]);
                    Ok(())
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    Err("closed".to_owned())
                }
                Err(error) => Err(format!("{:?}", error.kind())),
            }
        }

        fn head(&mut self) -> Result<Came, String> {
            loop {
                let mut headers = [httparse::EMPTY_HEADER; 20];
                let mut response = httparse::Response::new(&mut headers);
                if let httparse::Status::Complete(used) = response.parse(&self.came).unwrap() {
                    let headers = response.headers.iter().map(|header| {
                        let value = String::from_utf8(header.value.to_vec()).unwrap();
                        (header.name.to_lowercase(), value)
                    });
                    let came = Came {
                        status: response.code.unwrap(),
                        headers: headers.collect(),
                        body: String::new(),
                    };
                    self.came.drain(..used);
                    return Ok(came);
                }
                let nothing = self.came.is_empty();
                self.more().map_err(|why| {
                    if nothing {
                        why
                    } else {
                        format!("{why} in the head")
                    }
                })?;
            }
        }

        fn reply(&mut self, to_head: bool) -> Result<Came, String> {
            let mut came = self.head()?;
            let length: usize = match came.header("content-length") {
                Some(length) if !to_head => length.parse().unwrap(),
                _ => 0,
            };
            while self.came.len() < length {
                self.more().map_err(|why| format!("{why} in the body"))?;
            }
            let body: Vec<u8> = self.came.drain(..length).collect();
            came.body = String::from_utf8_lossy(&body).into_owned();
            Ok(came)
        }

        fn is_closed(&mut self) -> bool {
            self.more() == Err("closed".to_owned())
        }
    }

    #[test]
    fn one_connection_carries_many_requests() {
        let (sim, server) = server("");
        let mut client = TestClient::new(&server);
        for n in 0..50 {
            let came = client.post("/api/add?token=open", &n.to_string()).unwrap();
            assert_eq!((came.status, came.body.as_str()), (200, ADDED));
            assert_eq!(came.header("content-type"), Some("application/json"));
            assert_eq!(came.header("connection"), None);
        }
        assert_eq!(sim.numbers().len(), 50);
        assert_eq!(sim.requests_to("/api/add"), 50);
    }

    #[test]
    fn a_connection_closes_when_it_is_asked_to_or_is_old() {
        let (_sim, server) = server("");
        for head in [
            "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
            "POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi",
        ] {
            let mut client = TestClient::new(&server);
            let came = client.send(head).reply(false).unwrap();
            assert_eq!(came.body, "hi");
            assert_eq!(came.header("connection"), Some("close"));
            assert!(client.is_closed(), "{head}");
        }
        let mut client = TestClient::new(&server);
        for _ in 0..2 {
            let old =
                "POST /echo HTTP/1.0\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi";
            assert_eq!(client.send(old).reply(false).unwrap().body, "hi");
        }
    }

    #[test]
    fn a_request_may_come_in_any_pieces() {
        let (_sim, server) = server("");
        let text = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
                    5;x=y\r\nhello\r\n1\r\n,\r\n00a\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n";
        let mut client = TestClient::new(&server);
        for piece in [1, 2, 7, 1000] {
            for bytes in text.as_bytes().chunks(piece) {
                client.send(bytes);
                if piece < 7 {
                    thread::yield_now();
                }
            }
            assert_eq!(client.reply(false).unwrap().body, "hello,0123456789");
        }
        assert_eq!(client.post("/echo", "after").unwrap().body, "after");
    }

    #[test]
    fn two_requests_in_one_piece_are_answered_in_order() {
        let (_sim, server) = server("");
        let one = |body: &str| {
            format!("PUT /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n{body}")
        };
        let mut client = TestClient::new(&server);
        client.send(one("a") + &one("b"));
        assert_eq!(client.reply(false).unwrap().body, "a");
        assert_eq!(client.reply(false).unwrap().body, "b");
    }

    #[test]
    fn replies_without_a_body_have_none() {
        let (_sim, server) = server("");
        let mut client = TestClient::new(&server);
        let came = client.post("/nothing", "").unwrap();
        assert_eq!((came.status, came.header("content-length")), (204, None));
        client.send("HEAD /else HTTP/1.1\r\nHost: x\r\n\r\n");
        let came = client.reply(true).unwrap();
        assert_eq!(
            (came.status, came.header("content-length")),
            (404, Some("12"))
        );
        assert_eq!(
            client.post("/echo", "still in step").unwrap().body,
            "still in step"
        );
    }

    #[test]
    fn a_long_body_is_asked_for() {
        let (_sim, server) = server("");
        let mut client = TestClient::new(&server);
        client.send(
            "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
        );
        assert_eq!(client.head().unwrap().status, 100);
        assert_eq!(client.send("abc").reply(false).unwrap().body, "abc");
    }

    #[test]
    fn what_is_no_request_is_refused_and_hung_up_on() {
        let (sim, server) = server("");
        let post = |rest: &str| format!("POST /echo HTTP/1.1\r\nHost: x\r\n{rest}");
        let long = "a".repeat(HEAD_BYTES_MAX + 1);
        let many = "a: b\r\n".repeat(HEADERS_MAX);
        let large = BODY_BYTES_MAX + 1;
        for (text, status) in [
            ("nonsense\r\n\r\n".to_owned(), 400),
            ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}".to_owned(), 400),
            ("GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/2.0\r\n\r\n".to_owned(), 400),
            (post("Content-Length: -1\r\n\r\n"), 400),
            (post("Content-Length: +1\r\n\r\na"), 400),
            (post("Content-Length:\r\n\r\n"), 400),
            (post("Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400),
            (
                post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
                400,
            ),
            (post("Transfer-Encoding: gzip\r\n\r\n"), 501),
            (post("Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), 400),
            (post("Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n"), 400),
            (
                post("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
                413,
            ),
            (
                post(&format!("Transfer-Encoding: chunked\r\n\r\n{large:x}\r\n")),
                413,
            ),
            (post(&format!("Content-Length: {large}\r\n\r\n")), 413),
            (post("Content-Length: 99999999999999999999999\r\n\r\n"), 413),
            (post(&format!("A: {long}\r\n\r\n")), 431),
            (post(&format!("{many}\r\n")), 431),
        ] {
            let shown: String = text.chars().take(90).collect();
            let mut client = TestClient::new(&server);
            let came = client.send(&text).reply(false).unwrap();
            assert_eq!(came.status, status, "{shown:?}");
            assert_eq!(came.header("connection"), Some("close"));
            assert!(client.is_closed(), "{shown:?}");
        }
        assert_eq!(sim.requests(), 0);
    }

    #[test]
    fn whoever_writes_to_the_end_before_reading_gets_its_refusal() {
        let (_sim, server) = server("");
        let mut client = TestClient::new(&server);
        let length = BODY_BYTES_MAX + 1;
        let head = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        client.send(head);
        let written = client.stream.write_all(&vec![b'x'; length]);
        assert!(written.is_ok(), "{written:?}");
        assert_eq!(client.reply(false).map(|came| came.status), Ok(413));
    }

    #[test]
    fn chunks_are_counted_together() {
        let (sim, server) = server("");
        let mut client = TestClient::new(&server);
        client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("100000\r\n{}\r\n", "x".repeat(0x10_0000));
        for _ in 0..9 {
            client.send(&chunk);
        }
        assert_eq!(client.reply(false).map(|came| came.status), Ok(413));
        assert_eq!(sim.requests(), 0);
    }

    #[test]
    fn a_pbx_that_falls_over_takes_one_connection_with_it() {
        let (_sim, server) = server("");
        let mut client = TestClient::new(&server);
        assert!(client.post("/fall", "").is_err());
        assert_eq!(
            TestClient::new(&server).post("/echo", "up").unwrap().body,
            "up"
        );
        server.stop();
    }

    /// The end of a request over the socket, and how many times it was carried out.
    fn broken(breakage: Breakage, faults: &str) -> (Result<Came, String>, u32) {
        let (sim, server) = server(faults);
        sim.break_once("/add", breakage);
        let came = TestClient::new(&server).post("/add?token=open", "1001");
        let done = sim.created("1001");
        // The next request on a new connection is whole again.
        let next = TestClient::new(&server).post("/echo", "well").unwrap();
        assert_eq!(next.body, "well", "{breakage:?}");
        (came, done)
    }

    #[test]
    fn each_breakage_is_enacted() {
        let closed = |part: &str| Err(format!("closed{part}"));
        assert_eq!(broken(Breakage::Refuse, ""), (closed(""), 0));
        assert_eq!(broken(Breakage::CutBefore, ""), (closed(""), 0));
        assert_eq!(broken(Breakage::CutAfter, ""), (closed(""), 1));
        assert_eq!(broken(Breakage::Truncate, ""), (closed(" in the body"), 1));
        for (breakage, status, kind, done) in [
            (Breakage::Throttle, 429, "text/html; charset=utf-8", 0),
            (Breakage::Unavailable, 503, "text/html; charset=utf-8", 0),
            (
                Breakage::UnavailableAfter,
                503,
                "text/html; charset=utf-8",
                1,
            ),
            (Breakage::Garbage, 200, "application/json", 1),
            (Breakage::Html, 200, "text/html; charset=utf-8", 0),
            (Breakage::Redirect, 302, "text/html; charset=utf-8", 0),
            (Breakage::Expire, 200, "application/json", 0),
        ] {
            let (came, times) = broken(breakage, "");
            let came = came.unwrap();
            assert_eq!((came.status, times), (status, done), "{breakage:?}");
            assert_eq!(came.header("content-type"), Some(kind), "{breakage:?}");
            let location = (status == 302).then_some("/login");
            assert_eq!(came.header("location"), location, "{breakage:?}");
            assert_ne!(came.body, ADDED, "{breakage:?}");
        }
    }

    #[test]
    fn a_late_reply_is_late() {
        let begun = Instant::now();
        let (came, done) = broken(Breakage::Late, "late_ms=150");
        assert!(begun.elapsed() >= Duration::from_millis(150));
        assert_eq!((came.unwrap().body.as_str(), done), (ADDED, 1));
    }

    #[test]
    fn an_endless_reply_goes_on() {
        let (sim, server) = server("endless=1000");
        let mut client = TestClient::new(&server);
        client.send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        let head = client.head().unwrap();
        assert_eq!(head.header("transfer-encoding"), Some("chunked"));
        let mut taken = 0;
        while taken < 8 * 1024 * 1024 {
            client.more().unwrap();
            taken += client.came.len();
            client.came.clear();
        }
        server.stop();
        assert_eq!(sim.requests(), 1);
    }

    #[test]
    fn retry_after_is_in_seconds_or_a_date_or_missing() {
        let (_sim, server) = server("seed=5,throttle=1000,in_a_row=1000,retry_after_s=90");
        let mut client = TestClient::new(&server);
        let mut forms = [0; 3];
        for n in 0..30 {
            let came = client.post("/add?token=open", &n.to_string()).unwrap();
            match came.header("retry-after") {
                None => forms[0] += 1,
                Some("90") => forms[1] += 1,
                Some(date) => {
                    let at = jiff::fmt::rfc2822::DateTimeParser::new()
                        .parse_timestamp(date)
                        .unwrap();
                    let left = at.as_second() - jiff::Timestamp::now().as_second();
                    assert!(
                        date.ends_with(" GMT") && (88..=91).contains(&left),
                        "{date}"
                    );
                    forms[2] += 1;
                }
            }
        }
        assert!(forms.iter().all(|count| *count > 0), "{forms:?}");
    }

    #[test]
    fn a_time_to_come_back_is_never_too_early() {
        assert_eq!(retry_after(Duration::from_millis(1001), false), "2");
        assert_eq!(retry_after(Duration::ZERO, false), "0");
        let date = retry_after(Duration::from_millis(1500), true);
        let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(&date);
        let wait = at.unwrap().as_millisecond() - jiff::Timestamp::now().as_millisecond();
        assert!((1000..=2500).contains(&wait), "{date}");
    }

    #[test]
    fn a_socket_breaks_the_same_requests_as_the_link_in_the_process() {
        const FAULTS: &str = "seed=11,cut_after=200,throttle=200,html=200,truncate=100";
        let (near, far) = (
            Sim::new(token_pbx(), FAULTS.parse().unwrap()),
            server(FAULTS),
        );
        let link = InProcess::new(near.clone(), "/api", PATIENCE);
        let mut broken = 0;
        for n in 0..60 {
            let request = Request::new("add", Method::Post, "/add", Effect::Writes)
                .query("token", "open")
                .body(Body::Json(n.to_string().into()));
            let by_link = link.exchange(&request).ok();
            let by_socket = TestClient::new(&far.1)
                .post("/api/add?token=sesame", &format!("\"{n}\""))
                .ok();
            assert_eq!(
                by_link.as_ref().map(|reply| reply.status),
                by_socket.as_ref().map(|came| came.status),
                "seed 11, request {n}"
            );
            broken += u32::from(by_link.is_none());
        }
        assert!((5..40).contains(&broken), "{broken}");
        assert_eq!(near.numbers(), far.0.numbers());
    }

    #[test]
    fn connections_overlap() {
        let (sim, server) = server("latency_ms=100");
        let begun = Instant::now();
        thread::scope(|scope| {
            for n in 0..16 {
                let server = &server;
                scope.spawn(move || {
                    TestClient::new(server)
                        .post("/add?token=open", &n.to_string())
                        .unwrap()
                });
            }
        });
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(100), "{took:?}");
        assert!(took < Duration::from_millis(16 * 100 / 2), "{took:?}");
        assert_eq!(sim.numbers().len(), 16);
    }

    #[test]
    fn there_are_only_so_many_connections() {
        let (_sim, server) = server("");
        let mut open: Vec<TestClient> = (0..CONNECTIONS_MAX)
            .map(|_| TestClient::new(&server))
            .collect();
        for client in &mut open {
            assert_eq!(client.post("/echo", "in").unwrap().body, "in");
        }
        let mut further = TestClient::new(&server);
        assert_eq!(further.reply(false).map(|came| came.status), Ok(503));
        assert!(further.is_closed());
        drop(open.pop());
        let begun = Instant::now();
        while TestClient::new(&server)
            .post("/echo", "in")
            .map(|came| came.status)
            != Ok(200)
        {
            assert!(begun.elapsed() < PATIENCE, "the place was not given back");
        }
    }

    #[test]
    fn stopping_ends_everything_at_once() {
        let (sim, server) = server("late=1000,late_ms=60000");
        let addr = server.addr();
        let mut idle = TestClient::new(&server);
        let mut half = TestClient::new(&server);
        half.send("POST /echo HTTP/1.1\r\nHo");
        let mut waiting = TestClient::new(&server);
        waiting.send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n");
        while sim.requests() == 0 {
            thread::yield_now();
        }
        let begun = Instant::now();
        server.stop();
        assert!(begun.elapsed() < Duration::from_secs(30));
        for client in [&mut idle, &mut half, &mut waiting] {
            assert!(client.is_closed());
        }
        assert_eq!(
            TcpStream::connect(addr).map_err(|error| error.kind()).err(),
            Some(io::ErrorKind::ConnectionRefused)
        );
        // The same PBX comes back where it was, as after a reboot.
        sim.set_faults(Faults::default());
        let again = Server::start(sim, addr).unwrap();
        assert_eq!(
            TestClient::new(&again).post("/echo", "back").unwrap().body,
            "back"
        );
    }

    #[test]
    fn nobody_is_admitted_once_it_is_stopping() {
        let (_sim, server) = server("");
        server.state.stopping.store(true, Ordering::SeqCst);
        let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = TcpStream::connect(elsewhere.local_addr().unwrap()).unwrap();
        let (coming, _) = elsewhere.accept().unwrap();
        server.state.admit(7, coming);
        assert!(server.state.open().is_empty());
    }

    #[test]
    fn dropping_stops_it() {
        let (_sim, server) = server("");
        let addr = server.addr();
        let mut client = TestClient::new(&server);
        drop(server);
        assert!(client.is_closed() && TcpStream::connect(addr).is_err());
    }

    #[test]
    fn it_listens_on_loopback_unless_told() {
        let address = |text| listen_address(text, 9011).map(|addr| addr.to_string());
        for (text, addr) in [
            ("", "127.0.0.1:9011"),
            ("8080", "127.0.0.1:8080"),
            (":0", "127.0.0.1:0"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("192.0.2.1", "192.0.2.1:9011"),
            ("::1", "[::1]:9011"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(address(text).as_deref(), Ok(addr), "{text}");
        }
        for text in ["99999", "127.0.0.1:", "127.0.0.1:x", "a b", "http://x:1"] {
            assert!(
                address(text).is_err_and(|error| error.contains(text)),
                "{text}"
            );
        }
    }

    #[test]
    fn any_bytes_leave_it_standing() {
        let (_sim, server) = server("");
        let pieces = prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            "POST /[a-z]{0,3} HTTP/1.1\r\n(Host: x\r\n)?(Content-Length: [0-9]{0,3}\r\n)?(\r\n)?"
                .prop_map(String::into_bytes),
            "(Transfer-Encoding: chunked\r\n\r\n)?[0-9a-g]{0,3}\r\n".prop_map(String::into_bytes),
        ];
        proptest!(|(pieces in proptest::collection::vec(pieces, 0..5))| {
            let mut client = TestClient::new(&server);
            client.send(pieces.concat());
            client.stream.shutdown(Shutdown::Write).unwrap();
            while client.more().is_ok() {}
            let came = TestClient::new(&server).post("/echo", "up");
            prop_assert_eq!(came.map(|came| came.body), Ok("up".to_owned()));
        });
    }
}
