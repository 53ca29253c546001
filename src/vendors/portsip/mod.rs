//! PortSIP PBX, the API below `/api/extensions` (releases 9 to 12).
//!
//! The vendor's quirks, each with its source: the README beside this file.

mod extensions;
mod greetings;
pub mod group_records;
pub mod groups;
pub mod sim;
#[cfg(test)]
mod tests;

use super::conversation::{Conversation, Dialect, End, ListPage, Step};
use super::{Account, Client, Settings, Task};
use crate::manifest::Manifest;
use crate::model::{Fault, FaultKind, Field, Record, Secret};
use crate::wire::{Answer, Body, Effect, Exchange, Listing, Method, Request, Session, Turn, json};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// The lifetime of a session where the reply gives none; from the account page's sample.
const LIFETIME: Duration = Duration::from_secs(600);

/// The number of items asked for in one page.
const PAGE_ITEMS: usize = 100;

facts!("vendor.toml");

/// Speaks to a PortSIP PBX about its extensions, with these settings.
pub fn client(manifest: &'static Manifest, settings: Settings) -> Box<dyn Client> {
    Box::new(PortSip::new(manifest, &settings))
}

struct PortSip {
    manifest: &'static Manifest,
    /// True if the token goes into the header `access_token`.
    token_in_header: bool,
    /// True if the token goes into the query of a GET and the body of a POST.
    token_in_body: bool,
    create_groups: bool,
    replace_groups: bool,
}

type Talk<'t> = Conversation<'t, PortSip>;

impl PortSip {
    fn new(manifest: &'static Manifest, settings: &Settings) -> PortSip {
        PortSip {
            manifest,
            token_in_header: settings.get("token_in") != "body",
            token_in_body: settings.get("token_in") != "header",
            create_groups: settings.get("missing_groups") == "create",
            replace_groups: settings.get("group_members") == "replace",
        }
    }
}

impl Client for PortSip {
    fn manifest(&self) -> &'static Manifest {
        self.manifest
    }

    fn next(&self, task: &Task<'_>, session: &Session, exchanges: &[Exchange]) -> Turn {
        let mut talk = Talk::new(self, session, exchanges);
        let answer = match task {
            Task::SignIn(account) => sign_in(&mut talk, account),
            Task::KeepAlive => keep_alive(&mut talk, session),
            Task::SignOut => talk.sign_out(post("account/sign_out", Effect::Writes, json!({}))),
            Task::List => list(&mut talk),
            Task::Get(numbers) => get_all(&mut talk, numbers, false),
            Task::GetStatus(numbers) => get_all(&mut talk, numbers, true),
            Task::Create(wanted) => self.create(&mut talk, wanted),
            Task::Update(wanted) => self.update(&mut talk, wanted),
            Task::Delete(number) => delete(&mut talk, number),
        };
        answer.map_or_else(|turn| turn, Turn::Done)
    }

    /// Keeps only the numbers of a listing's page: no more is looked at again, and a PBX has a thousand pages.
    fn trim(&self, task: &Task<'_>, exchange: &mut Exchange) {
        if !matches!(task, Task::List) || !(200..300).contains(&exchange.reply.status) {
            return;
        }
        let Ok(mut page) = exchange.reply.json() else {
            return;
        };
        if let Some(Value::Array(items)) = page.get_mut("extensions") {
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                item.retain(|name, _| name == "extension_number");
            }
            exchange.reply.body = page.to_string().into_bytes();
        }
    }
}

impl Dialect for PortSip {
    type Content = Value;

    fn manifest(&self) -> &'static Manifest {
        self.manifest
    }

    fn authorise(&self, mut request: Request, session: &Session) -> Request {
        let token = &session.token;
        if token.is_empty() {
            return request;
        }
        if self.token_in_header {
            request = request.header("access_token", token.clone());
        }
        if self.token_in_body {
            match &mut request.body {
                Body::Json(Value::Object(body)) => {
                    let token = json::string(&token.clone().into());
                    body.insert("access_token".into(), token);
                }
                _ => request = request.query("access_token", token.clone()),
            }
        }
        request
    }

    /// Judges by HTTP's status and by the presence of `err_code` in the reply, since a success has no word of its own
    /// and may be empty.
    fn judge(&self, exchange: &Exchange) -> Result<Value, Fault> {
        let reply = &exchange.reply;
        let succeeded = (200..300).contains(&reply.status);
        if succeeded && reply.body.trim_ascii().is_empty() {
            return Ok(Value::Null);
        }
        match reply.json() {
            Ok(value) => match self.refusal(exchange, &value) {
                Some(fault) => Err(fault),
                None if succeeded => Ok(value),
                None => Err(self.manifest.fault_of_status(reply.status)),
            },
            Err(fault) if succeeded => Err(fault),
            Err(_) => Err(self.manifest.fault_of_status(reply.status)),
        }
    }
}

impl PortSip {
    /// The PBX's own no: `err_code` in any reply, or at least its words in one that is no success.
    fn refusal(&self, exchange: &Exchange, value: &Value) -> Option<Fault> {
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
        let words = words.unwrap_or_default();
        let mut fault = match (&code, status) {
            (Some(code), _) if self.manifest.explains(code) => self.manifest.fault_of_code(code),
            // These two speak of the account whatever an unknown code is.
            (_, 401 | 403) => self.manifest.fault_of_status(status),
            (Some(code), _) => self.manifest.fault_of_code(code),
            (None, _) => self
                .manifest
                .fault(FaultKind::Rejected, "refused", "the PBX refused"),
        };
        // The codes are not published, so only the words show that it is about the token.
        if fault.kind == FaultKind::Rejected && words.to_lowercase().contains("token") {
            fault.kind = FaultKind::SessionExpired;
        }
        fault.vendor_code = code;
        Some(
            fault
                .status(status)
                .words(&words, secrets(&exchange.request)),
        )
    }

    fn create(&self, talk: &mut Talk<'_>, wanted: &Record) -> Step<Answer> {
        let number = named(talk, wanted.number())?;
        let request = extensions::create(talk, wanted)?;
        let greeting = greeting(talk, wanted)?;
        let groups = self.groups(talk, wanted)?;
        if let Err(mut refusal) = talk.try_ask(request)? {
            if extensions::shown(talk, number)?.is_some() {
                refusal.kind = FaultKind::Exists;
            }
            return Err(talk.end(refusal));
        }
        talk.did("the extension was created");
        if let Some(wish) = groups {
            // A new extension is in the default group alone: there is none to leave.
            groups::apply(talk, number, &wish, Some(&[]))?;
        }
        if let Some(wish) = greeting {
            wish.apply(talk, number)?;
        }
        Ok(Answer::Done)
    }

    fn update(&self, talk: &mut Talk<'_>, wanted: &Record) -> Step<Answer> {
        let number = named(talk, wanted.number())?;
        let greeting = greeting(talk, wanted)?;
        let Some(shown) = extensions::shown(talk, number)? else {
            return Err(talk.end(self.manifest.missing(number)));
        };
        let request = extensions::update(talk, wanted, &shown)?;
        let groups = self.groups(talk, wanted)?;
        if let Some(request) = request {
            talk.ask(request)?;
            talk.did("the extension was updated");
        }
        if let Some(wish) = groups {
            groups::apply(talk, number, &wish, groups::belongs(&shown).as_deref())?;
        }
        if let Some(wish) = greeting {
            wish.apply(talk, number)?;
        }
        Ok(Answer::Done)
    }

    fn groups(&self, talk: &mut Talk<'_>, wanted: &Record) -> Step<Option<groups::Wish>> {
        let Some(names) = wanted.text(Field::GROUPS) else {
            return Ok(None);
        };
        groups::find(talk, names, self.create_groups, self.replace_groups).map(Some)
    }
}

fn greeting(talk: &Talk<'_>, wanted: &Record) -> Step<Option<greetings::Wish>> {
    let wish = wanted.reveal(Field::VOICEMAIL_GREETING);
    wish.map(|wish| greetings::Wish::parse(talk, wish))
        .transpose()
}

fn sign_in(talk: &mut Talk<'_>, account: &Account) -> Step<Answer> {
    let password = json::string(&account.password.clone().into());
    let answer = talk.sign_in(post(
        "account/credentials/verify",
        Effect::Reads,
        json!({ "username": account.username, "password": password }),
    ))?;
    renewed(&answer, LIFETIME)
        .map(Answer::Session)
        .ok_or_else(|| talk.end(talk.not_understood("it holds no access_token")))
}

/// Returns the session of a reply; `None` where it has no token. A token's length is not checked: the pages contradict
/// each other.
fn renewed(answer: &Value, otherwise: Duration) -> Option<Session> {
    let token = answer.get("access_token").and_then(json::text)?;
    if token.is_empty() {
        return None;
    }
    Some(Session {
        token: Secret::new(token),
        refresh_token: None,
        lifetime: Some(lifetime(answer).unwrap_or(otherwise)),
    })
}

fn lifetime(answer: &Value) -> Option<Duration> {
    let seconds = answer.get("expires").and_then(json::text)?;
    seconds
        .parse()
        .ok()
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs)
}

/// Renews the token. The page does not print the reply, and an older release may not know the request: each successful
/// call makes the token live on too, so a small one does.
fn keep_alive(talk: &mut Talk<'_>, session: &Session) -> Step<Answer> {
    let request = post("account/token/refresh", Effect::Reads, json!({}));
    let lives = session.lifetime.unwrap_or(LIFETIME);
    let same = |answer: &Value| Session {
        lifetime: Some(lifetime(answer).unwrap_or(lives)),
        ..session.clone()
    };
    let session = match talk.attempt(request)? {
        Some(answer) => renewed(&answer, lives).unwrap_or_else(|| same(&answer)),
        None => {
            talk.ask(extensions::list(1))?;
            same(&Value::Null)
        }
    };
    Ok(Answer::Session(session))
}

fn list(talk: &mut Talk<'_>) -> Step<Answer> {
    let pages = talk
        .pages(extensions::list, |value| {
            page(value, &["extensions"], "extension_number")
        })?
        .map_err(|refusal| talk.end(refusal))?;
    let mut seen = HashSet::new();
    let mut listing = Listing {
        numbers: vec![],
        complete: pages.end == End::Agreed,
    };
    for item in &pages.items {
        let number = item.get("extension_number").and_then(json::text);
        match number.filter(|number| !number.is_empty()) {
            Some(number) if seen.insert(number.clone()) => listing.numbers.push(number),
            // An entry without a number, or one that comes twice, hides others.
            _ => listing.complete = false,
        }
    }
    Ok(Answer::Listing(listing))
}

fn get_all(talk: &mut Talk<'_>, numbers: &[String], live: bool) -> Step<Answer> {
    let mut found = vec![];
    for number in numbers {
        let number = named(talk, number)?;
        let Some(shown) = extensions::shown(talk, number)? else {
            continue;
        };
        let mut extension = extensions::incoming(talk.manifest(), &shown);
        if let Some(names) = groups::names(talk, &shown)? {
            extension.set(Field::GROUPS, names);
        }
        if let Some(greeting) = greetings::in_use(talk, number)? {
            extension.set(Field::VOICEMAIL_GREETING, greeting);
        }
        if live {
            extensions::add_live(talk, number, &mut extension)?;
        }
        found.push(extension);
    }
    Ok(Answer::Found(found))
}

fn delete(talk: &mut Talk<'_>, number: &str) -> Step<Answer> {
    let number = named(talk, number)?;
    let Err(refusal) = talk.try_ask(extensions::destroy(number))? else {
        return Ok(Answer::Done);
    };
    match extensions::shown(talk, number)? {
        None => Err(talk.end(talk.manifest().missing(number))),
        Some(_) => Err(talk.end(refusal)),
    }
}

/// A number that is one: an empty one might mean all.
fn named<'n>(talk: &Talk<'_>, number: &'n str) -> Step<&'n str> {
    if !number.trim().is_empty() {
        return Ok(number);
    }
    let why = "an extension without a number cannot be asked for";
    Err(talk.refuse("no_number", why, "give the row a number"))
}

/// A question in the query of a GET; its path is the operation's name.
fn get(operation: &'static str) -> Request {
    Request::new(
        operation,
        Method::Get,
        format!("/{operation}"),
        Effect::Reads,
    )
}

/// A request with a JSON body; its path is the operation's name.
fn post(operation: &'static str, effect: Effect, body: Value) -> Request {
    Request::new(operation, Method::Post, format!("/{operation}"), effect).body(Body::Json(body))
}

/// A question for one page of a listing; pages count from 1.
fn paged(operation: &'static str, page: usize) -> Request {
    get(operation)
        .query("pagesize", PAGE_ITEMS.to_string())
        .query("pagination", page.to_string())
}

/// Reads one page of a listing: `names` are the words that may contain the items, `key` the one that tells them apart.
fn page(mut value: Value, names: &[&str], key: &str) -> Result<ListPage<Value>, String> {
    let count = |name: &str| {
        let text = value.get(name).and_then(json::text)?;
        text.parse::<u64>().ok()
    };
    let page_count = count("page_count");
    let full_at = count("pagesize")
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| (1..=PAGE_ITEMS).contains(size))
        .unwrap_or(PAGE_ITEMS);
    let found = names
        .iter()
        .find_map(|name| value.get_mut(name).map(Value::take));
    let items = match found {
        Some(Value::Array(items)) => items,
        // The search's sample shows a single extension without the brackets.
        Some(item @ Value::Object(_)) => vec![item],
        Some(Value::Null) => vec![],
        None if page_count == Some(0) => vec![],
        _ => return Err(format!("it holds no list called {}", names.join(" or "))),
    };
    if !items.iter().all(Value::is_object) {
        return Err("its list holds something that is no object".to_owned());
    }
    let keys = items.iter().map(|item| item.get(key).and_then(json::text));
    Ok(ListPage {
        keys: keys.collect(),
        items,
        page_count,
        full_at,
    })
}

/// The secrets that a request carries.
fn secrets(request: &Request) -> impl Iterator<Item = &str> {
    let body = match &request.body {
        Body::Json(body) => Some(body),
        _ => None,
    };
    let paths = [
        "access_token",
        "password",
        "web_access_password",
        "voice_mail.voicemail_pin",
        "url",
    ];
    let paths = paths.into_iter();
    let in_body = paths.filter_map(move |path| json::at(body?, path)?.as_str());
    in_body.chain(request.reveal_secrets().map(|(_, text)| text))
}
