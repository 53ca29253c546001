//! Sends one request over HTTP or HTTPS. The only module that names reqwest, whose errors print the address with its
//! token: none of them leaves here.
//!
//! Never follows a redirect, sends no referer, asks no proxy, repeats nothing, and asks for no compression.

use super::Link;
use super::paced::PAUSE_MAX;
use super::trust;
use crate::model::{BYTE_ORDER_MARK, Fault, FaultCause, FaultKind};
use crate::wire::{
    Encoded, LargeReplyTurn, Method, REPLY_BYTES_MAX, Reply, Request, SHARED_COST_MAX,
};
use reqwest::blocking::{Client, Response};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, SET_COOKIE};
use std::error::Error;
use std::io::{self, Read};
use std::time::{Duration, Instant};
use url::Url;

/// Time for which an unused connection is kept: shorter than the 5 s after which small web servers close it, or the next
/// request would die with it.
const IDLE_MAX: Duration = Duration::from_secs(3);

/// Bytes of a reply that are read at once.
const READ_BYTES: usize = 64 * 1024;

/// The limits of one exchange.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Longest time for making a connection.
    pub connect: Duration,
    /// Longest time to the beginning of a reply, beside the time for connecting, and of a silence
    /// within it.
    pub reply: Duration,
    /// Longest time for a whole reply: against one that comes drop by drop.
    pub(crate) whole_reply: Duration,
    /// The longest reply, in bytes.
    pub(crate) reply_bytes_max: usize,
    /// Certificates in PEM that are trusted beside the system's own: a PBX signs its own certificate, mostly.
    pub trusted_pem: Option<Vec<u8>>,
}

impl HttpOptions {
    /// The usual limits for a vendor whose replies may take `reply` (its manifest's `reply_ms`).
    pub fn replying_within(reply: Duration) -> Self {
        HttpOptions {
            connect: Duration::from_secs(10),
            reply,
            whole_reply: reply.saturating_mul(4),
            reply_bytes_max: REPLY_BYTES_MAX,
            trusted_pem: None,
        }
    }
}

/// A link to the PBX at one address.
pub struct Http {
    client: Client,
    /// The path of the address, without a `/` at the end.
    base_path: String,
    /// Scheme, host and port: the part that messages may show.
    shown: String,
    options: HttpOptions,
}

impl Http {
    /// A link to `address`: scheme, host, port, and a path that those of requests are added to. Nothing is sent yet.
    ///
    /// # Errors
    /// The mistake in the address or the certificates, without any user or password in the address.
    pub fn new(address: &str, options: HttpOptions) -> Result<Http, String> {
        let url = Url::parse(address)
            .map_err(|why| format!("the target's address cannot be understood: {why}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(
                "the target's address must begin with http:// or https:// and a host".into(),
            );
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(
                "the target's address is scheme, host, port and at most a prefix: it holds a user, a query or a #".into(),
            );
        }
        let shown = url.origin().ascii_serialization();
        let base_path = url.path().trim_end_matches('/').to_owned();
        Ok(Http {
            client: client(&options)?,
            base_path,
            shown,
            options,
        })
    }

    fn send_encoded(&self, request: &Request, encoded: Encoded) -> Result<Reply, Fault> {
        let url = self.url_of(request, &encoded)?;
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = self
            .client
            .request(method, url)
            .headers(headers_of(request, &encoded)?);
        if let Some(content_type) = encoded.content_type {
            builder = builder
                .header(CONTENT_TYPE, content_type)
                .body(encoded.body);
        }
        let begun = Instant::now();
        let response = builder
            .send()
            .map_err(|error| self.no_reply(request, &error))?;
        self.read(request, response, begun)
    }

    /// The address of a request. It must still be the one that was meant: an encoded `..` is taken as a step up, and a
    /// step up from one extension is all of them.
    fn url_of(&self, request: &Request, encoded: &Encoded) -> Result<Url, Fault> {
        let url = Url::parse(&format!("{}{}", self.shown, encoded.target)).ok();
        let meant = request.path_below(&self.base_path);
        url.filter(|url| url.path() == meant && request.path.starts_with('/'))
            .ok_or_else(|| {
                Fault::new(
                    FaultKind::Rejected,
                    "link.address",
                    format!("{} has no address that can be sent", request.operation),
                )
                .hint("look at the extension's number: it stands in the address")
            })
    }

    fn read(
        &self,
        request: &Request,
        mut response: Response,
        begun: Instant,
    ) -> Result<Reply, Fault> {
        let header = |name| {
            let value: Option<&HeaderValue> = response.headers().get(name);
            value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let status = response.status().as_u16();
        let mut reply = Reply {
            status,
            content_type: header(CONTENT_TYPE).unwrap_or_default(),
            cookie: header(SET_COOKIE).map_or_else(String::new, |text| first_part(&text)),
            retry_after: header(RETRY_AFTER).and_then(|text| retry_after(&text)),
            body: Vec::new(),
            alone: None,
        };
        let cut_short = |code: &'static str, what: String| {
            let message = format!(
                "the reply of {} to {} {what}",
                self.shown, request.operation
            );
            Fault::new(FaultKind::MayHaveHappened, code, message).status(status)
        };
        let too_long = || {
            let limit = self.options.reply_bytes_max;
            cut_short(
                "link.reply_too_long",
                format!("is longer than {limit} bytes"),
            )
            .cause(FaultCause::Endless)
            .hint("check the address and the port")
        };
        if response
            .content_length()
            .is_some_and(|length| length > self.options.reply_bytes_max as u64)
        {
            return Err(too_long());
        }
        let mut chunk = vec![0; READ_BYTES];
        loop {
            if begun.elapsed() > self.options.whole_reply {
                let limit = words(self.options.whole_reply);
                let what = format!("was not whole after {limit}");
                return Err(cut_short("link.reply_too_slow", what).cause(FaultCause::Endless));
            }
            match response.read(&mut chunk) {
                Ok(0) => {
                    reply.body.shrink_to_fit();
                    if reply.body.starts_with(BYTE_ORDER_MARK) {
                        reply.body.drain(..BYTE_ORDER_MARK.len());
                    }
                    return Ok(reply);
                }
                Ok(read) => reply.body.extend(chunk.iter().take(read)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    return Err(cut_short(
                        "link.reply_cut_off",
                        "broke off before its end".into(),
                    ));
                }
            }
            if reply.body.len() > self.options.reply_bytes_max {
                return Err(too_long());
            }
            if reply.body.len() > SHARED_COST_MAX && reply.alone.is_none() {
                let left = self.options.whole_reply.saturating_sub(begun.elapsed());
                let alone = LargeReplyTurn::acquire(left);
                reply.alone = Some(alone.ok_or_else(|| {
                    let what = "is large, and other large replies are being read".into();
                    cut_short("link.reply_too_large", what)
                })?);
            }
        }
    }

    /// The fault of a request to which no reply began.
    fn no_reply(&self, request: &Request, error: &reqwest::Error) -> Fault {
        if error.is_connect() || error.is_builder() {
            return self.not_connected(error);
        }
        let (code, what) = if error.is_timeout() {
            let limit = self.options.connect.saturating_add(self.options.reply);
            (
                "link.timeout",
                format!("did not answer within {}", words(limit)),
            )
        } else {
            (
                "link.closed",
                "closed the connection without a reply that can be read".to_owned(),
            )
        };
        let message = format!("{} {what} ({})", self.shown, request.operation);
        Fault::new(FaultKind::MayHaveHappened, code, message)
    }

    /// The fault of a connection that did not come about.
    fn not_connected(&self, error: &reqwest::Error) -> Fault {
        let reasons = reasons(error);
        let io_kind = |wanted| {
            let mut sources = sources(error);
            sources.any(|source| {
                source
                    .downcast_ref::<io::Error>()
                    .is_some_and(|io| io.kind() == wanted)
            })
        };
        let (code, what, hint) = if error.is_dns() {
            (
                "link.host_not_found",
                "host not found",
                "check the host's name in the target's address",
            )
        } else if io_kind(io::ErrorKind::ConnectionRefused) {
            (
                "link.refused",
                "connection refused",
                "check the port, and that the PBX's API is switched on and lets this computer in",
            )
        } else if reasons.contains("certificate") {
            (
                "link.certificate",
                "its TLS certificate is not trusted",
                "name the PBX's own certificate, or its authority's, as a trusted one; it must be made out for the host in the address",
            )
        } else if error.is_timeout() {
            (
                "link.connect_timeout",
                "no connection in time",
                "check the address, the network and the firewall",
            )
        } else if self.shown.starts_with("https:")
            && !io_kind(io::ErrorKind::HostUnreachable)
            && !io_kind(io::ErrorKind::NetworkUnreachable)
        {
            (
                "link.tls",
                "no TLS connection came about",
                "check that the port speaks HTTPS, and TLS 1.2 at least; otherwise the address begins with http://",
            )
        } else {
            (
                "link.unreachable",
                "could not be reached",
                "check the address and the network",
            )
        };
        Fault::new(FaultKind::NotSent, code, format!("{}: {what}", self.shown)).hint(hint)
    }
}

impl Link for Http {
    fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        self.send_encoded(request, request.encode(&self.base_path)?)
    }
}

fn client(options: &HttpOptions) -> Result<Client, String> {
    let mut builder = Client::builder()
        .user_agent(concat!("rowcall/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .connect_timeout(options.connect)
        // It covers connecting too, and a connection that was slow to make must not count as a lost reply.
        .timeout(options.connect.saturating_add(options.reply))
        .pool_idle_timeout(IDLE_MAX);
    if let Some(pem) = &options.trusted_pem {
        builder = builder.tls_backend_preconfigured(trust::of_named(pem)?);
    }
    builder
        .build()
        .map_err(|error| format!("HTTPS cannot be set up: {}", reasons(&error)))
}

fn headers_of(request: &Request, encoded: &Encoded) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    for (name, text) in &encoded.headers {
        let mut value = HeaderValue::from_str(text).map_err(|_| {
            Fault::new(
                FaultKind::Rejected,
                "link.header",
                format!(
                    "the header {name} of {} holds a character that cannot be sent",
                    request.operation
                ),
            )
        })?;
        value.set_sensitive(true);
        headers.insert(*name, value);
    }
    Ok(headers)
}

/// Returns the `name=value` of a cookie, without its attributes.
fn first_part(cookie: &str) -> String {
    let (pair, _) = cookie.split_once(';').unwrap_or((cookie, ""));
    pair.trim().to_owned()
}

/// The pause that a PBX asks for, in seconds or by a date, never longer than [`PAUSE_MAX`].
fn retry_after(text: &str) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(PAUSE_MAX));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(text)
        .ok()?;
    let wait = jiff::Timestamp::now().duration_until(date);
    Some(Duration::try_from(wait).unwrap_or_default().min(PAUSE_MAX))
}

/// An error's causes. Not the error itself, which prints the address.
fn sources(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |error| (*error).source())
}

fn reasons(error: &reqwest::Error) -> String {
    let reasons: Vec<String> = sources(error).map(ToString::to_string).collect();
    reasons.join(": ")
}

/// A time in words.
fn words(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{} s", time.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;
    use crate::wire::{Body, Effect};
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;

    fn options() -> HttpOptions {
        HttpOptions {
            connect: Duration::from_millis(500),
            reply: Duration::from_millis(300),
            whole_reply: Duration::from_millis(600),
            reply_bytes_max: 100_000,
            trusted_pem: None,
        }
    }

    fn request() -> Request {
        Request::new("thing/add", Method::Post, "/thing", Effect::Writes)
            .query("token", "canary-1")
            .header("access_token", Secret::new("canary-2"))
            .body(Body::Form(vec![("password".into(), "canary-3".into())]))
    }

    /// Reads one request; `None` when the other end is gone.
    fn hear(stream: &mut TcpStream) -> Option<String> {
        let mut received = Vec::new();
        let mut byte = [0; 1];
        let head = loop {
            if stream.read(&mut byte).ok()? == 0 {
                return None;
            }
            received.push(byte[0]);
            if received.ends_with(b"\r\n\r\n") {
                break String::from_utf8(received).unwrap();
            }
        };
        let length = head.lines().find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length: ")?
                .parse()
                .ok()
        });
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).ok()?;
        Some(head + &String::from_utf8(body).unwrap())
    }

    /// Starts a server that answers every request with `answer`, and returns its address and the requests that it gets.
    fn serve(answer: impl Fn(&mut TcpStream) + Send + 'static) -> (String, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (received, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                while let Some(request) = hear(&mut stream) {
                    let _ = received.send(request);
                    answer(&mut stream);
                }
            }
        });
        (address, requests)
    }

    fn answering(bytes: &'static [u8]) -> (String, Receiver<String>) {
        serve(move |stream| {
            let _ = stream.write_all(bytes);
        })
    }

    /// Answers, and closes.
    fn closing(bytes: &'static [u8]) -> String {
        serve(move |stream| {
            let _ = stream.write_all(bytes);
            let _ = stream.shutdown(std::net::Shutdown::Both);
        })
        .0
    }

    fn said_to(address: &str) -> Result<Reply, Fault> {
        let address = format!("{}/api", address.trim_end_matches('/'));
        let result = Http::new(&address, options()).unwrap().exchange(&request());
        if let Err(fault) = &result {
            let shown = format!("{fault:?}");
            assert!(
                !shown.contains("canary") && !shown.contains("token"),
                "{shown}"
            );
        }
        result
    }

    fn code_of(address: &str) -> (FaultKind, String) {
        let fault = said_to(address).unwrap_err();
        assert!(!fault.message.is_empty());
        (fault.kind, fault.code.into_owned())
    }

    #[test]
    fn a_request_goes_out_as_it_was_meant() {
        let (address, received) = answering(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
        let reply = said_to(&format!("{address}/pbx/")).unwrap();
        assert_eq!(reply, Reply::new(201, "application/json", "{}"));
        let received = received.recv().unwrap().to_lowercase();
        assert!(
            received.starts_with("post /pbx/api/thing?token=canary-1 http/1.1\r\n"),
            "{received}"
        );
        assert!(
            received.ends_with("\r\n\r\npassword=canary-3"),
            "{received}"
        );
        for header in [
            "access_token: canary-2",
            "content-type: application/x-www-form-urlencoded",
            "content-length: 17",
            concat!("user-agent: rowcall/", env!("CARGO_PKG_VERSION")),
        ] {
            assert!(
                received.contains(&format!("\r\n{header}\r\n")),
                "{header} in {received}"
            );
        }
        for header in ["accept-encoding", "referer", "cookie"] {
            assert!(!received.contains(header), "{header} in {received}");
        }
    }

    #[test]
    fn an_address_is_one_with_a_slash_at_its_end_or_without() {
        for (given, base) in [
            ("http://h:1", "http://h:1"),
            ("http://h:1/", "http://h:1"),
            ("http://h:1/api/", "http://h:1/api"),
            ("https://h/x/api", "https://h/x/api"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            let link = Http::new(given, options()).unwrap();
            assert_eq!(format!("{}{}", link.shown, link.base_path), base);
        }
        for wrong in [
            "",
            "h:1",
            "ftp://h",
            "/x",
            "http://",
            "http://ann:canary@h/",
            "http://ann@h",
            "http://h/?canary=1",
            "http://h/#canary",
        ] {
            let why = Http::new(wrong, options()).err().unwrap();
            assert!(!why.contains("canary"), "{why}");
        }
    }

    #[test]
    fn any_status_is_a_reply_and_redirects_are_not_followed() {
        let (address, received) =
            answering(b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(said_to(&address).unwrap().status, 302);
        assert_eq!(received.try_iter().count(), 1);
        let (address, _) =
            answering(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
        let reply = said_to(&address).unwrap();
        assert_eq!(
            (reply.status, reply.retry_after),
            (503, Some(Duration::from_secs(7)))
        );
    }

    #[test]
    fn what_never_reached_the_pbx_is_not_sent() {
        // Speaks before it hears, and no TLS.
        let speaking = |bytes: &'static [u8]| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let _ = stream.unwrap().write_all(bytes);
                }
            });
            format!("https://{address}")
        };
        let free = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let cases = [
            (format!("http://{free}"), "link.refused"),
            (format!("https://{free}"), "link.refused"),
            (
                "http://no-such-host.invalid:80".into(),
                "link.host_not_found",
            ),
            // It receives bytes that it takes for an endless first line.
            (
                closing(b"").replace("http:", "https:"),
                "link.connect_timeout",
            ),
            (speaking(b""), "link.tls"),
            (speaking(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "link.tls"),
        ];
        for (address, code) in cases {
            assert_eq!(
                code_of(&address),
                (FaultKind::NotSent, code.into()),
                "{address}"
            );
        }
    }

    #[test]
    fn what_went_wrong_later_may_have_happened() {
        let silent = serve(|_| thread::sleep(Duration::from_secs(5))).0;
        let cases = [
            (silent, "link.timeout"),
            (closing(b""), "link.closed"),
            (closing(b"HTTP/1.1 200"), "link.closed"),
            (closing(b"SSH-2.0-dropbear\r\n"), "link.closed"),
            (
                closing(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"status\""),
                "link.reply_cut_off",
            ),
            (
                closing(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"),
                "link.reply_cut_off",
            ),
            (
                closing(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabcde\r\n"),
                "link.reply_cut_off",
            ),
            (
                closing(b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n"),
                "link.reply_too_long",
            ),
            (
                closing(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabcdefg",
                ),
                "link.closed",
            ),
        ];
        for (address, code) in cases {
            let fault = said_to(&address).unwrap_err();
            assert_eq!(
                (fault.kind, &*fault.code),
                (FaultKind::MayHaveHappened, code)
            );
            let cause = match code {
                "link.reply_too_long" => FaultCause::Endless,
                _ => FaultCause::Other,
            };
            assert_eq!(fault.cause, cause, "{code}");
        }
    }

    #[test]
    fn a_reply_without_a_length_ends_with_the_connection() {
        let reply = said_to(&closing(b"HTTP/1.1 200 OK\r\n\r\n{\"status\":1}")).unwrap();
        assert_eq!(reply.body, b"{\"status\":1}");
    }

    #[test]
    fn a_reply_that_never_ends_is_given_up() {
        let endless = serve(|stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            let chunk = [b"1000\r\n".as_slice(), &[b'x'; 0x1000], b"\r\n"].concat();
            while stream.write_all(&chunk).is_ok() {}
        });
        assert_eq!(code_of(&endless.0).1, "link.reply_too_long");
        assert_eq!(said_to(&endless.0).unwrap_err().cause, FaultCause::Endless);
    }

    #[test]
    fn a_reply_that_drips_is_given_up_in_time() {
        let dripping = serve(|stream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        let begun = Instant::now();
        assert_eq!(
            code_of(&dripping.0),
            (FaultKind::MayHaveHappened, "link.reply_too_slow".into())
        );
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "{:?}",
            begun.elapsed()
        );
    }

    #[test]
    fn a_connection_that_died_in_the_pool_is_not_spoken_into_twice() {
        // The second request meets a connection that is closed on hearing it: it is not repeated.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (received, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let received = received.clone();
                thread::spawn(move || {
                    for times in 0.. {
                        if hear(&mut stream).is_none() || times == 1 {
                            let _ = received.send(times);
                            return;
                        }
                        let _ = received.send(times);
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                    }
                });
            }
        });
        let http = Http::new(&address, options()).unwrap();
        assert_eq!(http.exchange(&request()).unwrap().status, 200);
        let fault = http.exchange(&request()).unwrap_err();
        assert_eq!(
            (fault.kind, fault.code.as_ref()),
            (FaultKind::MayHaveHappened, "link.closed")
        );
        thread::sleep(Duration::from_millis(50));
        assert_eq!(requests.try_iter().collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn an_address_that_changes_on_the_way_is_not_sent() {
        let (address, received) = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        let http = Http::new(&format!("{address}/api"), options()).unwrap();
        for path in [
            "/things/..",
            "/things/%2e%2e",
            "/things/.",
            "/a/../b",
            "things",
            "/a b",
            "/a#b",
            "/a?b",
        ] {
            let request = Request::new("x", Method::Delete, path, Effect::Writes);
            assert_eq!(
                http.exchange(&request).unwrap_err().kind,
                FaultKind::Rejected,
                "{path}"
            );
        }
        assert_eq!(received.try_iter().count(), 0);
        let request = Request::new("x", Method::Delete, "/things/a%20b%2F7", Effect::Writes);
        http.exchange(&request).unwrap();
        assert!(
            received
                .recv()
                .unwrap()
                .starts_with("DELETE /api/things/a%20b%2F7 ")
        );
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_said_without_its_value() {
        let (address, _) = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        let request = Request::new("x", Method::Get, "/", Effect::Reads)
            .header("access_token", Secret::new("canary\n7"));
        let fault = Http::new(&address, options())
            .unwrap()
            .exchange(&request)
            .unwrap_err();
        assert!(fault.message.contains("access_token") && !format!("{fault:?}").contains("canary"));
    }

    #[test]
    fn retry_after_is_understood_and_capped() {
        let seconds = |text| retry_after(text).map(|wait| wait.as_secs());
        assert_eq!(seconds(" 0 "), Some(0));
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(
            seconds("99999999999999999999999"),
            Some(PAUSE_MAX.as_secs())
        );
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0));
        assert_eq!(
            seconds("Fri, 31 Dec 9998 23:59:59 GMT"),
            Some(PAUSE_MAX.as_secs())
        );
        let soon = jiff::Timestamp::now() + Duration::from_secs(30);
        let soon = jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&soon)
            .unwrap();
        assert!((28..=30).contains(&seconds(&soon).unwrap()), "{soon}");
        for wrong in ["", "soon", "-1", "1.5", "1994-11-06"] {
            assert_eq!(retry_after(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn certificates_must_be_some() {
        for pem in [
            b"".as_slice(),
            b"nonsense",
            b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        ] {
            let options = HttpOptions {
                trusted_pem: Some(pem.to_vec()),
                ..options()
            };
            assert!(Http::new("https://h", options).is_err());
        }
    }
}
