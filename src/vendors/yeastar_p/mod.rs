//! Yeastar P-Series: the OpenAPI v1.0, for a client of Integrations › API.
//!
//! Every answer is HTTP 200; only `errcode` 0 is success. An extension is known by its number and addressed by an id, which
//! a search tells: of what it finds, the one with exactly this number counts. A deletion is a GET, and the secrets are read
//! one by one, in base64.

mod presence;
mod protocol;
pub mod sim;
#[cfg(test)]
mod tests;

use self::protocol::{
    CREATE, DELETE, DROP, ITEMS, LIST, PASSWORD, QUERY, REFRESH, SEARCH, TOKEN, UPDATE, YeastarP,
    YeastarPConversation, get, page, post, request,
};
use super::{Account, Client, Settings, Task};
use crate::digest::{from_base64, sha256_hex};
use crate::manifest::{FieldRow, Manifest, Purpose, Shape};
use crate::model::{FaultKind, Record, Secret, WireText};
use crate::vendors::conversation::{Protocol, Step, Tasks, is_digits};
use crate::wire::{Answer, Effect, Listing, Method, Session, json};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::time::Duration;

/// The lifetime of a token where the reply does not tell it.
const LIFETIME_SECONDS: u64 = 1800;

/// The most tokens that one sign-in asks for.
const TOKENS_MAX: u32 = 3;

/// The code of an older PBX that does not know a request.
const UNKNOWN_REQUEST: &str = "10001";

/// The password for the web page, which a new extension must have.
const USER_PASSWORD: &str = "user_password";

/// The letters of a password that is made, one for each hexadecimal digit.
const CONSONANTS: [char; 16] = [
    'b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'q', 'r', 's', 't',
];

/// The secrets that are read by requests of their own.
const READ_ALONE: [&str; 2] = ["reg_password", "vm_pin"];

facts!("vendor.toml");

/// Builds the client of a P-Series.
pub fn client(manifest: &'static Manifest, _: Settings) -> Box<dyn Client> {
    Box::new(YeastarP { manifest })
}

impl Tasks for YeastarP {
    fn answer(
        &self,
        talk: &mut YeastarPConversation<'_>,
        task: &Task<'_>,
        session: &Session,
    ) -> Step<Answer> {
        match task {
            Task::SignIn(account) => self.sign_in(talk, account),
            Task::KeepAlive => keep_alive(talk, session),
            // Eight tokens are valid at a time, so that this one is given back.
            Task::SignOut => talk.sign_out(get(DROP)),
            Task::List => list(talk).map(Answer::Listing),
            Task::GetParts(_) => Ok(Answer::Found(vec![])),
            Task::Get(numbers) => self.get(talk, numbers, false).map(Answer::Found),
            Task::GetStatus(numbers) => self.get(talk, numbers, true).map(Answer::Found),
            Task::Create(wanted) => self.create(talk, wanted),
            Task::Update(wanted) => self.update(talk, wanted),
            Task::Delete(number) => self.delete(talk, number),
            Task::Apply(_) => Ok(Answer::Done),
        }
    }
}

impl YeastarP {
    /// Shows with a token that the client may list extensions; where it may not, the token is given back. A token that has
    /// run out by then was ended by other sign-ins, and another one is asked for.
    fn sign_in(&self, talk: &mut YeastarPConversation<'_>, account: &Account) -> Step<Answer> {
        let mut session = token(talk, account)?;
        let mut tokens = 1;
        let fault = loop {
            let proof = self.authorise(page(LIST, 1, 1), &session);
            match talk.judged_at_sign_in(proof)? {
                Ok(answer) if ITEMS.is_page(&answer) => return Ok(Answer::Session(session)),
                Ok(_) => break talk.not_understood("it is no list of extensions"),
                Err(fault) if tokens < TOKENS_MAX && fault.kind == FaultKind::SessionExpired => {
                    session = token(talk, account)?;
                    tokens += 1;
                }
                Err(fault) => break fault,
            }
        };
        let _ = talk.judged_at_sign_in(self.authorise(get(DROP), &session))?;
        Err(talk.end(fault))
    }

    fn get(
        &self,
        talk: &mut YeastarPConversation<'_>,
        numbers: &[String],
        is_live: bool,
    ) -> Step<Vec<Record>> {
        let mut listed = vec![];
        for number in numbers.iter().filter(|number| is_digits(number)) {
            listed.extend(search(talk, number)?);
        }
        let ids = listed.iter().map(|item| item.id).collect::<Vec<i64>>();
        let held = held(talk, &ids)?;
        let mut shows_secrets = true;
        let mut found = vec![];
        for item in &listed {
            let Some(extension) = held.iter().find(|held| id_of(held) == Some(item.id)) else {
                continue;
            };
            if number_of(extension) != Some(&item.number) {
                let why = "it is about another extension than was asked for";
                return Err(talk.end(talk.not_understood(why)));
            }
            let Some(secrets) = secrets(talk, item.id, &mut shows_secrets)? else {
                continue;
            };
            found.push(self.manifest.incoming(|name| match name {
                "online_status" => is_live.then(|| item.status.to_owned()),
                // Every other state is none of do-not-disturb.
                "presence_status" => match extension.get(name)?.as_str()? {
                    "do_not_disturb" => Some("do_not_disturb".to_owned()),
                    _ => Some("available".to_owned()),
                },
                name if READ_ALONE.contains(&name) => {
                    let mut secrets = secrets.iter();
                    Some(secrets.find(|(kind, _)| *kind == name)?.1.clone())
                }
                name if name.starts_with(presence::LIST) => {
                    presence::read(extension.get(presence::LIST), name)
                }
                name => match extension.get(name)? {
                    Value::Null => Some(String::new()),
                    value => json::text(value),
                },
            }));
        }
        Ok(found)
    }

    /// Makes an extension. Its forwards are set afterwards, beside those of the other states that the PBX gave it.
    fn create(&self, talk: &mut YeastarPConversation<'_>, wanted: &Record) -> Step<Answer> {
        let number = talk.digits(wanted.number())?;
        let (mut body, forwards) = self.properties(talk, wanted, Purpose::Create)?;
        body.insert("type".into(), "SIP".into());
        if !body.contains_key(USER_PASSWORD) {
            body.insert(USER_PASSWORD.into(), made_password(number, &body).into());
        }
        let made = talk.ask(post(CREATE, Effect::Writes, body))?;
        if forwards.is_empty() {
            return Ok(Answer::Done);
        }
        talk.did("the extension was made");
        let Some(id) = id_of(&made) else {
            return Err(talk.end(talk.not_understood("it does not tell the extension's id")));
        };
        self.change(talk, number, id, Map::new(), &forwards)
    }

    fn update(&self, talk: &mut YeastarPConversation<'_>, wanted: &Record) -> Step<Answer> {
        let number = talk.digits(wanted.number())?;
        let Some(item) = search(talk, number)? else {
            return Err(talk.end(self.manifest.missing(number)));
        };
        let (mut body, forwards) = self.properties(talk, wanted, Purpose::Update)?;
        body.remove("number");
        self.change(talk, number, item.id, body, &forwards)
    }

    /// Changes what is given. The settings of all presence states are written as a whole, so that they are read first.
    fn change(
        &self,
        talk: &mut YeastarPConversation<'_>,
        number: &str,
        id: i64,
        mut body: Map<String, Value>,
        forwards: &Map<String, Value>,
    ) -> Step<Answer> {
        if !forwards.is_empty() {
            let Some(current) = held(talk, &[id])?.pop() else {
                return Err(talk.end(self.manifest.missing(number)));
            };
            if number_of(&current) != Some(number) {
                let why = "it is about another extension than was asked for";
                return Err(talk.end(talk.not_understood(why)));
            }
            let list = presence::merged(talk, current.get(presence::LIST), forwards)?;
            body.insert(presence::LIST.into(), list);
        }
        if !body.is_empty() {
            body.insert("id".into(), id.into());
            talk.ask(post(UPDATE, Effect::Writes, body))?;
        }
        Ok(Answer::Done)
    }

    fn delete(&self, talk: &mut YeastarPConversation<'_>, number: &str) -> Step<Answer> {
        let number = talk.digits(number)?;
        let Some(item) = search(talk, number)? else {
            return Err(talk.end(self.manifest.missing(number)));
        };
        let request = request(DELETE, Method::Get, Effect::Writes);
        talk.ask(request.query("id", item.id.to_string()))?;
        Ok(Answer::Done)
    }

    /// The properties to send, and apart from them the forwards by their names within a presence state.
    fn properties(
        &self,
        talk: &YeastarPConversation<'_>,
        wanted: &Record,
        purpose: Purpose,
    ) -> Step<(Map<String, Value>, Map<String, Value>)> {
        let (mut body, mut forwards) = (Map::new(), Map::new());
        for (row, text) in self.manifest.outgoing(wanted, purpose) {
            let forward = row.wire.strip_prefix(presence::LIST);
            match forward.and_then(|name| name.strip_prefix('.')) {
                Some(name) => forwards.insert(name.to_owned(), typed(talk, row, &text)?),
                None => body.insert(row.wire.clone(), typed(talk, row, &text)?),
            };
        }
        Ok((body, forwards))
    }
}

/// A password for the web page of an extension that is made again and whose old one is not known: it follows from the SIP
/// password, so that it is the same where the creation is sent again, and nobody knows it who does not know that one. It
/// has one digit and no vowel, and no four equal letters in a row: newer releases refuse a password that holds the number
/// or a name.
fn made_password(number: &str, body: &Map<String, Value>) -> String {
    let secret = body.get("reg_password").and_then(Value::as_str);
    let digest = sha256_hex(format!("{number}/{}", secret.unwrap_or_default()).as_bytes());
    let digits = digest
        .chars()
        .take(24)
        .filter_map(|digit| digit.to_digit(16));
    let letters = digits.filter_map(|digit| CONSONANTS.get(digit as usize));
    let letters: Vec<char> = letters.copied().collect();
    let parts = letters.chunks(3).map(String::from_iter);
    format!("Rc1-{}", parts.collect::<Vec<String>>().join("-"))
}

/// Asks for a token.
fn token(talk: &mut YeastarPConversation<'_>, account: &Account) -> Step<Session> {
    let secret = json::string(&account.password.clone().into());
    let body = [
        ("username".to_owned(), account.username.clone().into()),
        ("password".to_owned(), secret),
    ];
    let answer = talk.sign_in(post(TOKEN, Effect::Reads, body.into_iter().collect()))?;
    session(talk, &answer)
}

/// The session of a reply with tokens.
fn session(talk: &YeastarPConversation<'_>, answer: &Value) -> Step<Session> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str);
    let seconds = answer.get("access_token_expire_time");
    let seconds = seconds
        .and_then(Value::as_u64)
        .filter(|seconds| *seconds > 0);
    Ok(Session {
        token: talk.access_token(answer)?,
        refresh_token: text("refresh_token").map(Secret::new),
        lifetime: Some(Duration::from_secs(seconds.unwrap_or(LIFETIME_SECONDS))),
        ..Session::default()
    })
}

fn keep_alive(talk: &mut YeastarPConversation<'_>, session: &Session) -> Step<Answer> {
    let Some(refresh) = session.refresh_token.clone() else {
        return Ok(Answer::Session(session.clone()));
    };
    let body = ("refresh_token".to_owned(), json::string(&refresh.into()));
    let answer = talk.ask(post(REFRESH, Effect::Reads, Map::from_iter([body])))?;
    self::session(talk, &answer).map(Answer::Session)
}

/// Lists the numbers.
fn list(talk: &mut YeastarPConversation<'_>) -> Step<Listing> {
    let all = talk.all_items(ITEMS, |number| page(LIST, number, ITEMS.page_items))?;
    Ok(all.listing("number"))
}

/// An extension as a list shows it.
struct ListedExtension {
    id: i64,
    number: String,
    status: &'static str,
}

/// Finds the extension of a number. A search finds all that have the digits anywhere.
fn search(talk: &mut YeastarPConversation<'_>, number: &str) -> Step<Option<ListedExtension>> {
    let all = talk.all_items(ITEMS, |at| {
        page(SEARCH, at, ITEMS.page_items).query("search_value", number)
    })?;
    let mut same = all
        .items
        .iter()
        .filter(|item| number_of(item) == Some(number));
    let why = match (same.next(), same.next()) {
        (Some(item), None) => match id_of(item) {
            Some(id) => {
                return Ok(Some(ListedExtension {
                    id,
                    number: number.to_owned(),
                    status: registration(item),
                }));
            }
            None => "it does not tell the extension's id",
        },
        (None, _) if all.is_whole => return Ok(None),
        (None, _) => "it is no whole list of extensions",
        (Some(_), Some(_)) => "it has an extension that was not asked for, or one twice",
    };
    Err(talk.end(talk.not_understood(why)))
}

/// The state of a listed extension's SIP telephones. Where none is registered, it has no list of them.
fn registration(item: &Value) -> &'static str {
    let telephones = item
        .get("online_status")
        .and_then(|all| all.get("sip_phone"));
    let list = telephones.and_then(|phone| phone.get("status_list")?.as_array());
    let mut each = list.into_iter().flatten().chain(telephones);
    match each.any(|phone| phone.get("status").and_then(Value::as_i64) == Some(1)) {
        true => "Registered",
        false => "Unregistered",
    }
}

/// The extensions of these ids with their settings, without those that are gone by now.
fn held(talk: &mut YeastarPConversation<'_>, ids: &[i64]) -> Step<Vec<Value>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let named: Vec<String> = ids.iter().map(i64::to_string).collect();
    let mut items = match talk.try_ask(get(QUERY).query("ids", named.join(",")))? {
        Ok(mut answer) => match answer.get_mut("data").map(Value::take) {
            Some(Value::Array(items)) => items,
            _ => return Err(talk.end(talk.not_understood("it has no list of extensions"))),
        },
        Err(fault) if fault.kind != FaultKind::Missing => return Err(talk.end(fault)),
        Err(_) if ids.len() == 1 => return Ok(vec![]),
        // One that is gone may make all of them missing.
        Err(_) => vec![],
    };
    let mut seen = HashSet::new();
    let is_asked =
        |item: &Value| id_of(item).is_some_and(|id| ids.contains(&id) && seen.insert(id));
    if !items.iter().all(is_asked) {
        let why = "it has an extension that was not asked for, or one twice";
        return Err(talk.end(talk.not_understood(why)));
    }
    // One that is left out is gone only where the PBX says so of it alone.
    for id in ids.iter().filter(|id| !seen.contains(id)) {
        if ids.len() == 1 {
            let why = "it leaves out an extension that was asked for";
            return Err(talk.end(talk.not_understood(why)));
        }
        items.extend(held(talk, &[*id])?);
    }
    Ok(items)
}

/// Reads the secrets of an extension, each by a request of its own: none where the PBX does not know that request, which
/// is asked of it once. `None` where it has the extension no more.
fn secrets(
    talk: &mut YeastarPConversation<'_>,
    id: i64,
    shows_secrets: &mut bool,
) -> Step<Option<Vec<(&'static str, String)>>> {
    let mut secrets = vec![];
    for kind in READ_ALONE {
        if !*shows_secrets {
            break;
        }
        let request = get(PASSWORD)
            .query("id", id.to_string())
            .query("type", kind);
        let answer = match talk.judged(request)? {
            Ok(answer) => answer,
            Err(fault) if fault.kind == FaultKind::Missing => return Ok(None),
            Err(fault) if fault.vendor_code.as_deref() == Some(UNKNOWN_REQUEST) => {
                *shows_secrets = false;
                break;
            }
            Err(fault) => return Err(talk.end(fault)),
        };
        let text = answer.get("password").and_then(Value::as_str);
        let bytes = text.and_then(from_base64);
        match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(secret) => secrets.push((kind, secret)),
            None => return Err(talk.end(talk.not_understood("its password is no base64"))),
        }
    }
    Ok(Some(secrets))
}

fn id_of(item: &Value) -> Option<i64> {
    item.get("id")?.as_i64()
}

fn number_of(item: &Value) -> Option<&str> {
    item.get("number")?.as_str()
}

/// A value as JSON has it; one that does not fit the type of its field ends the conversation.
fn typed(talk: &YeastarPConversation<'_>, row: &FieldRow, text: &WireText) -> Step<Value> {
    if row.shape != Shape::Integer {
        return Ok(json::string(text));
    }
    match text.open().unwrap_or_default().parse::<u64>() {
        Ok(number) => Ok(number.into()),
        Err(_) if row.switch.is_some() => {
            Err(talk.refuse("type", format!("{} must be on or off", row.name.name()), ""))
        }
        Err(_) => {
            let why = format!("{} must be a whole number", row.name.name());
            Err(talk.refuse("type", why, ""))
        }
    }
}
