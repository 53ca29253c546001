//! PortSIP PBX, the API below `/api/extensions` (releases 9 to 12).
//!
//! The vendor's quirks, each with its source: the README beside this file.

mod extensions;
mod greetings;
pub(crate) mod group_records;
pub mod groups;
mod protocol;
pub mod sim;
#[cfg(test)]
mod tests;

use super::conversation::{End, Step, Tasks};
use super::{Account, Client, Settings, Task};
use crate::manifest::Manifest;
use crate::model::{FaultKind, Field, Record, Secret};
use crate::wire::{Answer, Effect, Exchange, Listing, Session, json};
use protocol::{PortSip, PortSipConversation, page, post};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// The lifetime of a session where the reply gives none; from the account page's sample.
const LIFETIME: Duration = Duration::from_secs(600);

facts!("vendor.toml");

/// Speaks to a PortSIP PBX about its extensions, with these settings.
pub fn client(manifest: &'static Manifest, settings: Settings) -> Box<dyn Client> {
    Box::new(PortSip::new(manifest, &settings))
}

impl Tasks for PortSip {
    fn answer(
        &self,
        talk: &mut PortSipConversation<'_>,
        task: &Task<'_>,
        session: &Session,
    ) -> Step<Answer> {
        match task {
            Task::SignIn(account) => sign_in(talk, account),
            Task::KeepAlive => keep_alive(talk, session),
            Task::SignOut => talk.sign_out(post("account/sign_out", Effect::Writes, json!({}))),
            Task::GetParts(_) => Ok(Answer::Found(vec![])),
            Task::List => list(talk),
            Task::Get(numbers) => get_all(talk, numbers, false),
            Task::GetStatus(numbers) => get_all(talk, numbers, true),
            Task::Create(wanted) => self.create(talk, wanted),
            Task::Update(wanted) => self.update(talk, wanted),
            Task::Delete(number) => delete(talk, number),
            Task::Apply(_) => Ok(Answer::Done),
        }
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

impl PortSip {
    fn create(&self, talk: &mut PortSipConversation<'_>, wanted: &Record) -> Step<Answer> {
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

    fn update(&self, talk: &mut PortSipConversation<'_>, wanted: &Record) -> Step<Answer> {
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

    fn groups(
        &self,
        talk: &mut PortSipConversation<'_>,
        wanted: &Record,
    ) -> Step<Option<groups::WantedGroups>> {
        let Some(names) = wanted.text(Field::GROUPS) else {
            return Ok(None);
        };
        groups::find(talk, names, self.create_groups, self.replace_groups).map(Some)
    }
}

fn greeting(
    talk: &PortSipConversation<'_>,
    wanted: &Record,
) -> Step<Option<greetings::WantedGreeting>> {
    let wish = wanted.reveal(Field::VOICEMAIL_GREETING);
    wish.map(|wish| greetings::WantedGreeting::parse(talk, wish))
        .transpose()
}

fn sign_in(talk: &mut PortSipConversation<'_>, account: &Account) -> Step<Answer> {
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
        lifetime: Some(lifetime(answer).unwrap_or(otherwise)),
        ..Session::default()
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
fn keep_alive(talk: &mut PortSipConversation<'_>, session: &Session) -> Step<Answer> {
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

fn list(talk: &mut PortSipConversation<'_>) -> Step<Answer> {
    let pages = talk
        .pages(extensions::list, |value| {
            page(value, &["extensions"], "extension_number")
        })?
        .map_err(|refusal| talk.end(refusal))?;
    let mut seen = HashSet::new();
    let mut listing = Listing {
        complete: pages.end == End::Agreed,
        ..Listing::default()
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

fn get_all(talk: &mut PortSipConversation<'_>, numbers: &[String], live: bool) -> Step<Answer> {
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

fn delete(talk: &mut PortSipConversation<'_>, number: &str) -> Step<Answer> {
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
fn named<'n>(talk: &PortSipConversation<'_>, number: &'n str) -> Step<&'n str> {
    if !number.trim().is_empty() {
        return Ok(number);
    }
    let why = "an extension without a number cannot be asked for";
    Err(talk.refuse("no_number", why, "give the row a number"))
}
