//! One conversation, told again from its start at every turn: each question takes the next exchange, and the first one
//! that was not asked yet ends the telling.

use super::manifest;
use crate::model::{Fault, FaultKind};
use crate::wire::{Body, Effect, Exchange, Method, Reply, Request, Session, Turn, json};
use serde_json::Value;

/// How many items one page is asked for.
pub(super) const PAGE_ITEMS: usize = 100;

/// How many pages of one listing are read.
pub(super) const PAGES_MAX: usize = 1000;

/// How much of the PBX's own words is shown, in characters.
const WORDS_MAX: usize = 200;

/// A value, or how the turn ends without it.
pub(super) type Step<T> = Result<T, Turn>;

/// Where the token stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenIn {
    /// In the header `access_token`.
    pub(super) header: bool,
    /// In the query of a GET and the body of a POST.
    pub(super) body: bool,
}

/// The exchanges that were not looked at yet, and what was done so far.
pub(super) struct Talk<'t> {
    session: &'t Session,
    token_in: TokenIn,
    exchanges: &'t [Exchange],
    done: Vec<String>,
}

/// What a listing held.
pub(super) struct Walk {
    /// All items of all pages.
    pub(super) items: Vec<Value>,
    /// How it ended.
    pub(super) end: End,
}

/// What a page tells about those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// There is a further page.
    More,
    /// This was the last one by the PBX's own word.
    Agreed,
    /// Nothing more came, though the PBX speaks of further pages, or does not say how many there are.
    Doubtful,
    /// It was the page before once more: what is further back cannot be reached.
    Repeated,
}

struct Page {
    items: Vec<Value>,
    keys: Vec<Option<String>>,
    page_count: Option<u64>,
    full_at: usize,
}

impl<'t> Talk<'t> {
    pub(super) fn new(session: &'t Session, token_in: TokenIn, exchanges: &'t [Exchange]) -> Self {
        Talk {
            session,
            token_in,
            exchanges,
            done: vec![],
        }
    }

    /// Notes a write that the PBX has accepted, for a fault that may follow.
    pub(super) fn did(&mut self, what: impl Into<String>) {
        self.done.push(what.into());
    }

    /// Ends the conversation with a fault, which says what had been done before it.
    pub(super) fn end(&self, mut fault: Fault) -> Turn {
        fault.done_before = self.done.join("; ");
        Turn::Fault(fault)
    }

    /// Asks what must be answered: a refusal ends the conversation.
    pub(super) fn ask(&mut self, request: Request) -> Step<Value> {
        self.try_ask(request)?.map_err(|refusal| self.end(refusal))
    }

    /// Asks what the PBX may refuse. Every other fault ends the conversation.
    pub(super) fn try_ask(&mut self, request: Request) -> Step<Result<Value, Fault>> {
        let exchange = self.exchange(request)?;
        self.judged(exchange)
    }

    /// Asks what nothing depends on: only a session that ran out ends the conversation.
    pub(super) fn attempt(&mut self, request: Request) -> Step<Option<Value>> {
        let exchange = self.exchange(request)?;
        match judge(exchange) {
            Err(fault) if fault.kind == FaultKind::SessionExpired => Err(self.end(fault)),
            judged => Ok(judged.ok()),
        }
    }

    /// Reads a listing page by page. `names` are the words under which the items may stand, `key` what tells them
    /// apart. The PBX may refuse it.
    pub(super) fn walk(
        &mut self,
        names: &[&str],
        key: &str,
        page: impl Fn(usize) -> Request,
    ) -> Step<Result<Walk, Fault>> {
        let mut heard = vec![];
        for number in 1..=PAGES_MAX {
            let exchange = self.exchange(page(number))?;
            heard.push(exchange);
            // A page behind which another was asked for had been judged then.
            let next = self.exchanges.first();
            if next.is_some_and(|next| next.request.operation == exchange.request.operation) {
                continue;
            }
            let last_two = match self.pages(heard.iter().rev().take(2).rev(), names, key)? {
                Ok(pages) => pages,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let end = end(number, &last_two);
            if end == End::More {
                continue;
            }
            let pages = self.pages(heard.iter(), names, key)?;
            return Ok(pages.map(|pages| Walk {
                items: pages.into_iter().flat_map(|page| page.items).collect(),
                end,
            }));
        }
        Err(self.end(Fault::new(
            FaultKind::TargetUnusable,
            "portsip.endless",
            format!("the PBX's listing does not end after {PAGES_MAX} pages"),
        )))
    }

    fn pages<'e>(
        &self,
        heard: impl Iterator<Item = &'e &'t Exchange>,
        names: &[&str],
        key: &str,
    ) -> Step<Result<Vec<Page>, Fault>>
    where
        't: 'e,
    {
        let mut pages = vec![];
        for exchange in heard {
            match self.judged(exchange)? {
                Ok(value) => pages.push(
                    read_page(value, names, key, &exchange.reply)
                        .map_err(|fault| self.end(fault))?,
                ),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        Ok(Ok(pages))
    }

    fn exchange(&mut self, request: Request) -> Step<&'t Exchange> {
        let Some((exchange, rest)) = self.exchanges.split_first() else {
            return Err(Turn::say(self.authorised(request)));
        };
        self.exchanges = rest;
        Ok(exchange)
    }

    fn judged(&self, exchange: &Exchange) -> Step<Result<Value, Fault>> {
        match judge(exchange) {
            Ok(value) => Ok(Ok(value)),
            // A bare 404 may mean the path or what was asked for: whoever asked knows where to look.
            Err(fault) if fault.kind == FaultKind::Rejected || fault.http_status == Some(404) => {
                Ok(Err(fault))
            }
            Err(fault) => Err(self.end(fault)),
        }
    }

    fn authorised(&self, mut request: Request) -> Request {
        let token = &self.session.token;
        if token.reveal().is_empty() {
            return request;
        }
        if self.token_in.header {
            request = request.header("access_token", token.clone());
        }
        if self.token_in.body {
            match &mut request.body {
                Body::Json(Value::Object(body)) => {
                    body.insert("access_token".into(), token.reveal().into());
                }
                _ => request = request.query("access_token", token.reveal()),
            }
        }
        request
    }
}

/// A question in the query of a GET.
pub(super) fn get(operation: &'static str, path: &str) -> Request {
    Request::new(operation, Method::Get, path, Effect::Reads)
}

/// A request with a JSON body.
pub(super) fn post(operation: &'static str, path: &str, effect: Effect, body: Value) -> Request {
    Request::new(operation, Method::Post, path, effect).body(Body::Json(body))
}

/// A question for one page of a listing.
pub(super) fn paged(request: Request, page: usize) -> Request {
    request
        .query("pagesize", PAGE_ITEMS.to_string())
        .query("pagination", page.to_string())
}

/// The fault of a reply that is well-formed and yet not what the page prints.
pub(super) fn not_understood(why: &str) -> Fault {
    Fault::new(
        FaultKind::MayHaveHappened,
        "reply.not_understood",
        format!("the PBX's answer is not what PortSIP's page prints: {why}"),
    )
    .hint("check the address and the PBX's release: 9 to 12 are understood")
}

/// What a reply says: judged by its HTTP status and by whether it holds `err_code`, for a success has no word of its
/// own and may be empty.
fn judge(exchange: &Exchange) -> Result<Value, Fault> {
    let reply = &exchange.reply;
    let succeeded = (200..300).contains(&reply.status);
    if succeeded && reply.body.trim_ascii().is_empty() {
        return Ok(Value::Null);
    }
    match reply.json() {
        Ok(value) => match refusal(exchange, &value) {
            Some(fault) => Err(fault),
            None if succeeded => Ok(value),
            None => Err(of_status(reply)),
        },
        Err(fault) if succeeded => Err(fault),
        Err(_) => Err(of_status(reply)),
    }
}

fn of_status(reply: &Reply) -> Fault {
    manifest().fault_of_status(reply.status).unwrap_or_else(|| {
        let words = format!("the PBX refused with HTTP {}", reply.status);
        Fault::new(FaultKind::Rejected, "portsip.refused", words).status(reply.status)
    })
}

/// The PBX's own no: `err_code` in any reply, or at least its words in one that is no success.
fn refusal(exchange: &Exchange, value: &Value) -> Option<Fault> {
    let status = exchange.reply.status;
    let code = value.get("err_code").and_then(json::text).map(|code| {
        let harmless = code.chars().filter(char::is_ascii_alphanumeric);
        harmless.take(40).collect::<String>()
    });
    let code = code.filter(|code| !matches!(code.as_str(), "" | "0"));
    let words = ["msg", "message"]
        .iter()
        .find_map(|name| value.get(name).and_then(json::text));
    if code.is_none() && ((200..300).contains(&status) || words.is_none()) {
        return None;
    }
    let known = code
        .as_deref()
        .and_then(|code| manifest().fault_of_code(code))
        // These two client of the account whatever the code is.
        .or_else(|| match status {
            401 | 403 => manifest().fault_of_status(status),
            _ => None,
        });
    let mut fault = known.unwrap_or_else(|| {
        let words = words.unwrap_or_default();
        // The codes are not published, so only the words tell that it is about the token.
        let kind = if words.to_lowercase().contains("token") {
            FaultKind::SessionExpired
        } else {
            FaultKind::Rejected
        };
        let id = format!("portsip.{}", code.as_deref().unwrap_or("refused"));
        let operation = exchange.request.operation;
        let words = harmless(&words, exchange);
        Fault::new(kind, id, format!("the PBX refused {operation}: {words}"))
    });
    fault.http_status = Some(status);
    fault.vendor_code = code;
    Some(fault)
}

/// The PBX's words, cut to a length; none where they repeat a secret of the request.
fn harmless(words: &str, exchange: &Exchange) -> String {
    let request = &exchange.request;
    let body = match &request.body {
        Body::Json(body) => Some(body),
        _ => None,
    };
    let in_body = [
        "access_token",
        "password",
        "web_access_password",
        "voice_mail.voicemail_pin",
        "url",
    ]
    .iter()
    .filter_map(|path| body.and_then(|body| json::at(body, path)))
    .filter_map(Value::as_str);
    let in_query = request
        .query
        .iter()
        .filter(|(name, _)| name == "access_token")
        .map(|(_, token)| token.as_str());
    let in_headers = request.headers.iter().map(|(_, secret)| secret.reveal());
    let mut secrets = in_body.chain(in_query).chain(in_headers);
    if secrets.any(|secret| !secret.is_empty() && words.contains(secret)) {
        return "its words repeat a secret and are left out".to_owned();
    }
    if words.trim().is_empty() {
        return "without a word of why".to_owned();
    }
    words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(WORDS_MAX)
        .collect()
}

fn read_page(mut value: Value, names: &[&str], key: &str, reply: &Reply) -> Result<Page, Fault> {
    let count = |name: &str| {
        let text = value.get(name).and_then(json::text)?;
        text.parse::<u64>().ok()
    };
    let page_count = count("page_count");
    let full_at = count("pagesize")
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| (1..=PAGE_ITEMS).contains(size))
        .unwrap_or(PAGE_ITEMS);
    let missing = |fault: Fault| fault.status(reply.status);
    let found = names
        .iter()
        .find_map(|name| value.get_mut(name).map(Value::take));
    let items = match found {
        Some(Value::Array(items)) => items,
        // The search's sample shows a single extension without the brackets.
        Some(item @ Value::Object(_)) => vec![item],
        Some(Value::Null) => vec![],
        None if page_count == Some(0) => vec![],
        _ => {
            let why = format!("it holds no list called {}", names.join(" or "));
            return Err(missing(not_understood(&why)));
        }
    };
    if !items.iter().all(Value::is_object) {
        let why = "its list holds something that is no object";
        return Err(missing(not_understood(why)));
    }
    let keys = items
        .iter()
        .map(|item| item.get(key).and_then(json::text))
        .collect();
    Ok(Page {
        items,
        keys,
        page_count,
        full_at,
    })
}

/// The count of items is never asked: on the vendor's own page it contradicts the list beside it.
fn end(number: usize, last_two: &[Page]) -> End {
    let (before, last) = match last_two {
        [] => return End::Doubtful,
        [last] => (None, last),
        [.., before, last] => (Some(before), last),
    };
    if before.is_some_and(|before| before.keys == last.keys) {
        return End::Repeated;
    }
    if last.items.is_empty() && last.page_count == Some(0) {
        return End::Agreed;
    }
    let goes_on = match last.page_count {
        // A short page is no end where the PBX speaks of further ones: it may give fewer than it is asked for.
        Some(pages) if pages > 0 => usize::try_from(pages).is_ok_and(|pages| number < pages),
        _ => last.items.len() >= last.full_at,
    };
    let told = last.page_count.is_some_and(|pages| pages > 0);
    match (goes_on, last.items.is_empty()) {
        (true, false) => End::More,
        (false, _) if told => End::Agreed,
        _ => End::Doubtful,
    }
}
