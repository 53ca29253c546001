//! Requests and replies as plain data. Opens no socket and knows no vendor.

mod cost;
pub mod json;
mod pbx;
pub use crate::xml;

pub use cost::LargeReplyTurn;
pub use pbx::{Pbx, RawRequest};

use crate::model::{Fault, FaultCause, FaultKind, Record, Secret, WireText, vocabulary};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::form_urlencoded;

/// The largest reply that is read, in bytes; a longer one is a fault.
pub const REPLY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Most memory that the replies of one conversation may cost, in bytes, once they are understood; more is a fault.
pub const CONVERSATION_COST_MAX: usize = 96 * 1024 * 1024;

/// Most memory that they may cost while other conversations are under way, in bytes: one that costs more continues
/// alone, so that memory does not grow with the number in flight.
pub const SHARED_COST_MAX: usize = 256 * 1024;

vocabulary! {
    /// HTTP's verbs, as far as vendors use them.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Method {
        /// GET
        Get = "GET",
        /// POST
        Post = "POST",
        /// PUT
        Put = "PUT",
        /// PATCH
        Patch = "PATCH",
        /// DELETE
        Delete = "DELETE",
    }
}

/// The harm that sending a request twice can do. The HTTP method does not show it: at Ozeki a GET creates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing on the PBX: may be repeated.
    Reads,
    /// Shows a password, which the PBX may count as a wrong one each time: not repeated by itself.
    SignsIn,
    /// May change something: never repeated without looking first.
    Writes,
}

/// The body of a request.
#[derive(Clone, PartialEq)]
pub enum Body {
    /// No body.
    Empty,
    /// JSON, sent as `application/json; charset=utf-8`.
    Json(serde_json::Value),
    /// An XML document, sent as `application/xml; charset=utf-8`.
    Xml(xml::Element),
    /// Names and values, sent as `application/x-www-form-urlencoded`.
    Form(Vec<(String, WireText)>),
}

/// One request to a PBX. May contain secrets in query, headers and body, so its `Debug` shows none of them.
#[derive(Clone, PartialEq)]
pub struct Request {
    /// Its name in messages, for example `extension/add`; never contains a secret.
    pub operation: &'static str,
    /// HTTP's verb.
    pub method: Method,
    /// The path, beginning with `/`, below the target's address; percent-encoded where needed.
    pub path: String,
    /// True if the path takes the place of the last part of the target's address, instead of standing below it.
    pub beside: bool,
    /// The query's names and values, not yet encoded.
    pub query: Vec<(String, WireText)>,
    /// Headers beside Content-Type.
    pub headers: Vec<(&'static str, Secret)>,
    /// The body.
    pub body: Body,
    /// The harm that repeating it can do.
    pub effect: Effect,
    /// The work that earlier requests of its conversation have done, in words; empty where none.
    pub done_before: String,
}

impl Request {
    /// A request without query, headers and body.
    pub fn new(
        operation: &'static str,
        method: Method,
        path: impl Into<String>,
        effect: Effect,
    ) -> Self {
        Request {
            operation,
            method,
            path: path.into(),
            beside: false,
            query: vec![],
            headers: vec![],
            body: Body::Empty,
            effect,
            done_before: String::new(),
        }
    }

    /// The same request, beside the target's address.
    pub fn beside(mut self) -> Self {
        self.beside = true;
        self
    }

    /// The path of the whole address, where this is the path of the target's.
    pub fn path_below(&self, base: &str) -> String {
        let base = base.trim_end_matches('/');
        let base = match self.beside {
            true => base.rsplit_once('/').map_or("", |(before, _)| before),
            false => base,
        };
        format!("{base}{}", self.path)
    }

    /// The same request with one more item in its query.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<WireText>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// The same request with one more header.
    pub fn header(mut self, name: &'static str, value: Secret) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same request with a body.
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// The secrets of the query, the headers and a form with their names, so that nothing is shown that repeats one.
    /// Bodies of JSON and XML are the vendor's, who alone tells what in them is secret.
    pub fn reveal_secrets(&self) -> impl Iterator<Item = (&str, &str)> {
        let form = match &self.body {
            Body::Form(pairs) => pairs.as_slice(),
            _ => &[],
        };
        let values = self.query.iter().chain(form);
        let values = values.filter(|(_, value)| value.open().is_none());
        let values = values.map(|(name, value)| (name.as_str(), value.reveal()));
        let headers = self.headers.iter();
        values.chain(headers.map(|(name, secret)| (*name, secret.reveal())))
    }

    /// The request as it goes out to a target whose address has this path: path with query, and the body with its type.
    ///
    /// # Errors
    /// The body cannot be written: a control character in XML.
    pub fn encode(&self, base: &str) -> Result<Encoded, Fault> {
        let mut target = self.path_below(base);
        if !self.query.is_empty() {
            target.push('?');
            target.push_str(&form_encoded(&self.query));
        }
        let (content_type, body) = match &self.body {
            Body::Empty => (None, Vec::new()),
            Body::Json(value) => (
                Some("application/json; charset=utf-8"),
                value.to_string().into_bytes(),
            ),
            Body::Xml(element) => (
                Some("application/xml; charset=utf-8"),
                element.to_document()?.into_bytes(),
            ),
            Body::Form(pairs) => (
                Some("application/x-www-form-urlencoded"),
                form_encoded(pairs).into_bytes(),
            ),
        };
        let headers = self.headers.iter();
        Ok(Encoded {
            target,
            headers: headers
                .map(|(name, secret)| (*name, secret.reveal().to_owned()))
                .collect(),
            content_type,
            body,
        })
    }
}

/// Names and values in the form in which queries and forms have them.
fn form_encoded(pairs: &[(String, WireText)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| (name, value.reveal()));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} ({})",
            self.method.word(),
            self.path,
            self.operation
        )
    }
}

/// A request in bytes. Contains secrets: neither printed nor stored.
pub struct Encoded {
    /// Path and query.
    pub target: String,
    /// Headers beside Content-Type.
    pub headers: Vec<(&'static str, String)>,
    /// The body's type, where there is a body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Vec<u8>,
}

/// The types of a body that are named in messages.
const USUAL_TYPES: [&str; 10] = [
    "application/json",
    "application/octet-stream",
    "application/xhtml+xml",
    "application/xml",
    "text/css",
    "text/csv",
    "text/html",
    "text/javascript",
    "text/plain",
    "text/xml",
];

/// A reply of the PBX. Its body may contain secrets, so its `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// HTTP's status.
    pub status: u16,
    /// The Content-Type as sent; empty where none was.
    pub content_type: String,
    /// The first cookie that it sets, as `name=value`; empty where it sets none.
    pub cookie: String,
    /// `Retry-After`, already turned into a time from now.
    pub retry_after: Option<Duration>,
    /// The body, at most [`REPLY_BYTES_MAX`] long.
    pub body: Vec<u8>,
    /// The lock that is taken where the body is so large that no other large one may be read beside it.
    pub alone: Option<LargeReplyTurn>,
}

impl Reply {
    /// A reply with a body of a type.
    pub fn new(status: u16, content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Reply {
            status,
            content_type: content_type.into(),
            cookie: String::new(),
            retry_after: None,
            body: body.into(),
            alone: None,
        }
    }

    /// Estimates the memory that the body takes once it is read as JSON or XML, in bytes, from above: an object of
    /// two bytes takes hundreds.
    pub fn cost(&self) -> usize {
        cost::estimate(&self.body)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// A fault of kind `MayHaveHappened` where it is none: the words of the body are not shown, only its type.
    pub fn json(&self) -> Result<serde_json::Value, Fault> {
        json::parse(&self.body).map_err(|why| self.not_understood("JSON", &why))
    }

    /// The body as XML.
    ///
    /// # Errors
    /// As [`Reply::json`].
    pub fn xml(&self) -> Result<xml::Element, Fault> {
        xml::parse(&self.body).map_err(|why| self.not_understood("XML", &why))
    }

    /// The body's type where it is a usual one: the text of any other may repeat a piece of the request.
    fn kind(&self) -> &str {
        let (kind, _) = self
            .content_type
            .split_once(';')
            .unwrap_or((&self.content_type, ""));
        let kind = kind.trim();
        match USUAL_TYPES
            .iter()
            .find(|usual| usual.eq_ignore_ascii_case(kind))
        {
            Some(usual) => usual,
            None if kind.is_empty() => "a reply without a type",
            None => "a reply of an unusual type",
        }
    }

    /// Builds the fault of a reply that is not as the vendor's page prints it.
    pub fn not_understood(&self, wanted: &str, why: &str) -> Fault {
        let kind = self.kind();
        let looks_html =
            self.content_type.contains("html") || self.body.trim_ascii_start().starts_with(b"<!");
        let fault = Fault::new(
            FaultKind::MayHaveHappened,
            "reply.not_understood",
            format!(
                "the PBX answered HTTP {} with {kind} instead of {wanted}: {why}",
                self.status
            ),
        )
        .cause(FaultCause::NotUnderstood)
        .status(self.status);
        if looks_html {
            fault.hint("that is a web page: check the address and the port, and that the API is switched on")
        } else {
            fault.hint("check the address, the port and the API's version; the reply may also have been cut off")
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "HTTP {} {} ({} bytes)",
            self.status,
            self.kind(),
            self.body.len()
        )
    }
}

/// One request and its reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The request.
    pub request: Request,
    /// The reply.
    pub reply: Reply,
}

/// The next step of a conversation.
#[derive(Debug)]
pub enum Turn {
    /// Send this and come back with the reply.
    Send(Box<Request>),
    /// The conversation has reached its end.
    Done(Answer),
    /// The conversation has come to nothing.
    Fault(Fault),
}

impl Turn {
    /// Builds the turn that sends a request.
    pub fn send(request: Request) -> Turn {
        Turn::Send(Box::new(request))
    }
}

/// The answer that is the purpose of a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Signed in, or kept alive.
    Session(Session),
    /// The change is done.
    Done,
    /// The PBX is at work on it, under this name of its own.
    UnderWay(String),
    /// The numbers on the PBX.
    Listing(Listing),
    /// The extensions that were found; those missing here are not on the PBX.
    Found(Vec<Record>),
}

/// The numbers of the extensions on a PBX.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Their numbers, as the PBX gave them.
    pub numbers: Vec<String>,
    /// True if they are certainly all; else nothing is deleted by it.
    pub complete: bool,
    /// Extensions that must stay, because something else on the PBX uses a part of them: by number, that use in words.
    pub in_use: BTreeMap<String, String>,
    /// The things that have the number of an extension and are none, by number, in words.
    pub others: BTreeMap<String, String>,
}

/// A listing that is not certainly complete, in words.
pub(crate) const MAY_BE_INCOMPLETE: &str = "the PBX's list may be incomplete";

/// The proof that we are signed in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    /// The token, or whatever each request has to carry.
    pub token: Secret,
    /// The token that keeps the session alive, where that is another one.
    pub refresh_token: Option<Secret>,
    /// Its lifetime without being renewed; `None` where it does not expire.
    pub lifetime: Option<Duration>,
    /// The fault that each request gets that writes, where the account may only read.
    pub read_only: Option<Fault>,
    /// The rights to write, as far as the sign-in can tell, in words; empty where there is nothing to say.
    pub rights: Arc<str>,
    /// The start of the PBX; `None` where it does not say.
    pub started: Option<Arc<PbxStart>>,
}

/// The start of a PBX, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PbxStart {
    /// The PBX: another one answers where this is another.
    pub pbx: String,
    /// The time: it has started anew where this is another.
    pub time: String,
    /// The file beside its database that changes write, as it was when this was asked; `None` where there is none.
    pub file: Option<PbxFile>,
}

impl PbxStart {
    /// Returns true for the same start of the same PBX.
    pub fn is_same(&self, other: &PbxStart) -> bool {
        (&self.pbx, &self.time) == (&other.pbx, &other.time)
    }
}

/// A file of a PBX that is written as a whole, so that a kill may leave a piece of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PbxFile {
    /// Its name.
    pub name: &'static str,
    /// Its entries: an extension's part by the extension's number.
    pub entries: BTreeSet<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let request = Request::new("login", Method::Post, "/login", Effect::Reads)
            .query("token", Secret::new("canary-1"))
            .header("access_token", Secret::new("canary-2"))
            .body(Body::Form(vec![("password".into(), "canary-3".into())]));
        let reply = Reply::new(200, "text/plain", "canary-4");
        let shown = format!("{:?}", Exchange { request, reply });
        assert!(
            shown.contains("POST /login") && !shown.contains("canary"),
            "{shown}"
        );
    }

    #[test]
    fn only_usual_types_of_a_reply_are_named() {
        let message = |kind: &str| Reply::new(200, kind, "x").json().unwrap_err().message;
        assert!(message("Text/HTML; charset=canary").contains("with text/html instead of JSON"));
        assert!(message("").contains("with a reply without a type instead"));
        for kind in ["text/canary", "canary", "text/html canary"] {
            let message = message(kind);
            assert!(message.contains("a reply of an unusual type"), "{message}");
            assert!(!format!("{:?}", Reply::new(200, kind, "x")).contains("canary"));
        }
    }

    #[test]
    fn the_secrets_of_a_request_are_those_of_query_headers_and_form() {
        let request = Request::new("login", Method::Post, "/login", Effect::Reads)
            .query("name", "hotel")
            .query("token", Secret::new("canary-1"))
            .header("access_token", Secret::new("canary-2"))
            .body(Body::Form(vec![
                ("user".into(), "desk".into()),
                ("password".into(), Secret::new("canary-3").into()),
            ]));
        let mut secrets: Vec<(&str, &str)> = request.reveal_secrets().collect();
        secrets.sort_unstable();
        let named = ["access_token", "password", "token"];
        assert!(secrets.iter().map(|(name, _)| *name).eq(named));
        assert!(secrets.iter().all(|(_, text)| text.starts_with("canary")));
    }

    #[test]
    fn a_query_is_encoded_once() {
        let request = Request::new("x", Method::Get, "/a", Effect::Reads)
            .query("n", "A & B<%")
            .query("m", "ü");
        assert_eq!(
            request.encode("").map(|e| e.target).ok().as_deref(),
            Some("/a?n=A+%26+B%3C%25&m=%C3%BC")
        );
    }
}
