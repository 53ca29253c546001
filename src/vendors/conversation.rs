//! One conversation, replayed from its start at every turn: each question takes the next exchange, and the first one
//! that was not asked yet ends the turn. So a vendor's conversation reads as straight lines.

use super::{Client, Task};
use crate::manifest::Manifest;
use crate::model::redact::in_quotes;
use crate::model::{Fault, FaultKind, Secret};
use crate::wire::{Answer, Effect, Exchange, Reply, Request, Session, Turn};
use serde_json::Value;

/// The largest number of pages of one listing that are read.
pub(crate) const PAGES_MAX: usize = 1000;

/// A value, or how the turn ends without it.
pub(crate) type Step<T> = Result<T, Turn>;

/// The differences between the conversations of vendors.
pub(crate) trait Protocol {
    /// The content of the reply to an accepted request.
    type Content;

    /// The vendor's facts.
    fn manifest(&self) -> &'static Manifest;

    /// Adds the proof of the session.
    fn authorise(&self, request: Request, session: &Session) -> Request;

    /// Judges a reply: its content, or the fault that it means.
    fn judge(&self, exchange: &Exchange) -> Result<Self::Content, Fault>;
}

/// A vendor's tasks, each as one conversation by its protocol. Whoever has them is a [`Client`].
pub(crate) trait Tasks: Protocol + Send + Sync + Sized {
    /// Carries out a task, as far as the exchanges of the conversation go.
    fn answer(
        &self,
        talk: &mut Conversation<'_, Self>,
        task: &Task<'_>,
        session: &Session,
    ) -> Step<Answer>;

    /// As [`Client::trim`].
    fn trim(&self, _task: &Task<'_>, _exchange: &mut Exchange) {}

    /// As [`Client::looks_at_once`].
    fn looks_at_once(&self) -> usize {
        Protocol::manifest(self).vendor.batch
    }
}

impl<T: Tasks> Client for T {
    fn manifest(&self) -> &'static Manifest {
        Protocol::manifest(self)
    }

    fn next(&self, task: &Task<'_>, session: &Session, exchanges: &[Exchange]) -> Turn {
        let mut talk = Conversation::new(self, session, exchanges);
        let answer = self.answer(&mut talk, task, session);
        answer.map_or_else(|turn| turn, Turn::Done)
    }

    fn trim(&self, task: &Task<'_>, exchange: &mut Exchange) {
        Tasks::trim(self, task, exchange);
    }

    fn looks_at_once(&self) -> usize {
        Tasks::looks_at_once(self)
    }
}

/// A conversation: the exchanges that were not used yet, and the steps done so far.
pub(crate) struct Conversation<'t, D: Protocol> {
    protocol: &'t D,
    session: &'t Session,
    exchanges: &'t [Exchange],
    last: Option<&'t Exchange>,
    done: Vec<String>,
}

/// One page of a listing.
pub(crate) struct ListPage<T> {
    pub(crate) items: Vec<T>,
    /// The keys that tell the items apart, one for each item.
    pub(crate) keys: Vec<Option<String>>,
    /// The number of pages that the PBX reports.
    pub(crate) page_count: Option<u64>,
    /// The number of items of a full page.
    pub(crate) full_at: usize,
}

/// All items of all pages.
pub(crate) struct Pages<T> {
    pub(crate) items: Vec<T>,
    pub(crate) end: End,
}

/// The pages to expect after this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// There is a further page.
    More,
    /// The PBX says that this was the last page.
    Agreed,
    /// No more items came, though the PBX reports further pages, or does not report their number.
    Doubtful,
    /// The page before came again: the further pages cannot be reached.
    Repeated,
}

impl<'t, D: Protocol> Conversation<'t, D> {
    pub(crate) fn new(protocol: &'t D, session: &'t Session, exchanges: &'t [Exchange]) -> Self {
        Conversation {
            protocol,
            session,
            exchanges,
            last: None,
            done: vec![],
        }
    }

    /// Notes a write that the PBX has accepted, for a fault that may follow.
    pub(crate) fn did(&mut self, what: impl Into<String>) {
        self.done.push(what.into());
    }

    /// Notes that the steps done so far were taken back.
    pub(crate) fn note_rolled_back(&mut self) {
        self.done.clear();
    }

    /// Ends the conversation with a fault, which names the steps done before it.
    pub(crate) fn end(&self, mut fault: Fault) -> Turn {
        fault.done_before = self.done.join("; ");
        Turn::Fault(fault)
    }

    /// The vendor's facts.
    pub(crate) fn manifest(&self) -> &'static Manifest {
        self.protocol.manifest()
    }

    /// Ends the conversation because the task cannot be done; `word` becomes part of the fault's id.
    pub(crate) fn refuse(&self, word: &str, why: impl Into<String>, hint: &str) -> Turn {
        let fault = self.manifest().fault(FaultKind::Rejected, word, why);
        self.end(fault.hint(hint))
    }

    /// A number that may be addressed to the PBX: digits, so that no word such as `all` can be one.
    pub(crate) fn digits<'n>(&self, number: &'n str) -> Step<&'n str> {
        if is_digits(number) {
            return Ok(number);
        }
        let why = "an extension's number consists of digits only; nothing was sent";
        Err(self.refuse("number_not_digits", why, "correct the number in the sheet"))
    }

    /// The names of an extension's groups as one text; refuses one that would be read as two.
    pub(crate) fn group_list(&self, names: &[&str]) -> Step<String> {
        match names.iter().find(|name| name.contains(';')) {
            None => Ok(names.join(";")),
            Some(name) => {
                let name = in_quotes(name);
                let why = format!(
                    "a group of the extension is called {name}, and a ; stands between two names here"
                );
                Err(self.refuse("group_name", why, "rename the group on the PBX"))
            }
        }
    }

    /// Sends a request that must be answered: a refusal ends the conversation.
    pub(crate) fn ask(&mut self, request: Request) -> Step<D::Content> {
        self.judged(request)?.map_err(|fault| self.end(fault))
    }

    /// Sends a request that the PBX may refuse. Every other fault ends the conversation.
    pub(crate) fn try_ask(&mut self, request: Request) -> Step<Result<D::Content, Fault>> {
        self.judged(request)?.map_or_else(
            |fault| self.refusal(fault).map(Err),
            |content| Ok(Ok(content)),
        )
    }

    /// Sends a request that nothing depends on: only a session that ran out ends the conversation.
    pub(crate) fn attempt(&mut self, request: Request) -> Step<Option<D::Content>> {
        match self.judged(request)? {
            Err(fault) if fault.kind == FaultKind::SessionExpired => Err(self.end(fault)),
            judged => Ok(judged.ok()),
        }
    }

    /// Asks, and returns whatever fault the reply means.
    pub(crate) fn judged(&mut self, request: Request) -> Step<Result<D::Content, Fault>> {
        let exchange = self.exchange(request)?;
        Ok(self.protocol.judge(exchange))
    }

    /// Signs in, with no session yet: a refusal is read as one of the account or of the wrong PBX.
    pub(crate) fn sign_in(&mut self, mut request: Request) -> Step<D::Content> {
        request.effect = Effect::SignsIn;
        let judged = self.judged_at_sign_in(request)?;
        judged.map_err(|fault| self.end(fault))
    }

    /// Asks within a sign-in, with no session yet, and returns whatever fault the reply means there.
    pub(crate) fn judged_at_sign_in(
        &mut self,
        request: Request,
    ) -> Step<Result<D::Content, Fault>> {
        let exchange = self.next_exchange().ok_or_else(|| Turn::send(request))?;
        let judged = self.protocol.judge(exchange);
        Ok(judged.map_err(|fault| self.manifest().at_sign_in(fault)))
    }

    /// Signs out, best effort: any reply will do.
    pub(crate) fn sign_out(&mut self, request: Request) -> Step<Answer> {
        self.exchange(request).map(|_| Answer::Done)
    }

    /// The token of an answer to a sign-in.
    pub(crate) fn access_token(&self, answer: &Value) -> Step<Secret> {
        let token = answer.get("access_token").and_then(Value::as_str);
        match token.filter(|token| !token.is_empty()) {
            Some(token) => Ok(Secret::new(token)),
            None => Err(self.end(self.not_understood("it has no access_token"))),
        }
    }

    /// Builds the fault of a last reply that is well-formed and yet not as the vendor's page prints it.
    pub(crate) fn not_understood(&self, why: &str) -> Fault {
        match self.last {
            Some(last) => self.manifest().not_understood(&last.reply, why),
            None => self.manifest().not_understood(&Reply::default(), why),
        }
    }

    /// Sends many requests of which none depends on the reply to another one; the PBX may refuse each. Until all replies
    /// are there only the newest is judged, so that the time does not grow with the square of their number.
    pub(crate) fn ask_each(
        &mut self,
        count: usize,
        request: impl Fn(usize) -> Request,
    ) -> Step<Vec<Result<D::Content, Fault>>> {
        let asked = self.exchanges.len().min(count);
        let (replies, rest) = self.exchanges.split_at(asked);
        if asked < count {
            if let Some(last) = replies.last() {
                self.last = Some(last);
                self.protocol
                    .judge(last)
                    .map_or_else(|fault| self.refusal(fault).map(drop), |_| Ok(()))?;
            }
            self.exchanges = rest;
            self.exchange(request(asked))?;
        }
        self.exchanges = rest;
        let mut judged = Vec::with_capacity(count);
        for reply in replies {
            self.last = Some(reply);
            judged.push(match self.protocol.judge(reply) {
                Ok(content) => Ok(content),
                Err(fault) => Err(self.refusal(fault)?),
            });
        }
        Ok(judged)
    }

    /// Reads a listing page by page; the PBX may refuse it.
    pub(crate) fn pages<T>(
        &mut self,
        request: impl Fn(usize) -> Request,
        read: impl Fn(D::Content) -> Result<ListPage<T>, String>,
    ) -> Step<Result<Pages<T>, Fault>> {
        let mut read_from = vec![];
        for number in 1..=PAGES_MAX {
            let exchange = self.exchange(request(number))?;
            read_from.push(exchange);
            // A page behind which the next one was asked for had been judged then.
            let next = self.exchanges.first();
            if next.is_some_and(|next| asks(&next.request, &request(number + 1))) {
                continue;
            }
            let last_two = read_from.iter().rev().take(2).rev();
            let last_two = match self.read_pages(last_two, &read)? {
                Ok(pages) => pages,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let end = end(number, &last_two);
            if end == End::More {
                continue;
            }
            let pages = self.read_pages(read_from.iter(), &read)?;
            return Ok(pages.map(|pages| Pages {
                items: pages.into_iter().flat_map(|page| page.items).collect(),
                end,
            }));
        }
        Err(self.end(self.manifest().fault(
            FaultKind::TargetUnusable,
            "endless",
            format!("the PBX's listing does not end after {PAGES_MAX} pages"),
        )))
    }

    fn read_pages<'e, T>(
        &self,
        exchanges: impl Iterator<Item = &'e &'t Exchange>,
        read: impl Fn(D::Content) -> Result<ListPage<T>, String>,
    ) -> Step<Result<Vec<ListPage<T>>, Fault>>
    where
        't: 'e,
    {
        let mut pages = vec![];
        for exchange in exchanges {
            match self.protocol.judge(exchange) {
                Ok(content) => {
                    pages.push(read(content).map_err(|why| self.end(self.not_understood(&why)))?);
                }
                Err(fault) => return self.refusal(fault).map(Err),
            }
        }
        Ok(Ok(pages))
    }

    fn next_exchange(&mut self) -> Option<&'t Exchange> {
        let (exchange, rest) = self.exchanges.split_first()?;
        self.exchanges = rest;
        self.last = Some(exchange);
        Some(exchange)
    }

    fn exchange(&mut self, request: Request) -> Step<&'t Exchange> {
        self.next_exchange().ok_or_else(|| {
            let mut request = self.protocol.authorise(request, self.session);
            request.done_before = self.done.join("; ");
            Turn::send(request)
        })
    }

    /// Hands a refusal of the request back to the caller.
    fn refusal(&self, fault: Fault) -> Step<Fault> {
        let refused = matches!(
            fault.kind,
            FaultKind::Rejected | FaultKind::Missing | FaultKind::Exists
        );
        // A bare 404 may mean the path or the object of the request: the caller knows the next place to look.
        if refused || fault.http_status == Some(404) {
            Ok(fault)
        } else {
            Err(self.end(fault))
        }
    }
}

/// Returns true if a text is a number of digits.
pub(crate) fn is_digits(number: &str) -> bool {
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns true if a request that was sent asks this question, whatever proof of the session was added to it.
fn asks(sent: &Request, question: &Request) -> bool {
    let mut items = question.query.iter();
    (sent.operation, &sent.path) == (question.operation, &question.path)
        && sent.beside == question.beside
        && items.all(|item| sent.query.contains(item))
}

/// The count of items is never asked: PortSIP's own page contradicts the list beside it.
fn end<T>(number: usize, last_two: &[ListPage<T>]) -> End {
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
    let counted = last.page_count.is_some_and(|pages| pages > 0);
    match (goes_on, last.items.is_empty()) {
        (true, false) => End::More,
        (false, _) if counted => End::Agreed,
        _ => End::Doubtful,
    }
}
