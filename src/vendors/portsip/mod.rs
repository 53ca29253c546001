//! PortSIP PBX, the API below `/api/extensions` (releases 9 to 12).
//!
//! The vendor's quirks, each with its source: the README beside this file.

mod extensions;
mod greetings;
pub mod group_records;
pub mod groups;
pub mod sim;
mod talk;
#[cfg(test)]
mod tests;

use super::{Account, Client, Settings, Task};
use crate::manifest::Manifest;
use crate::model::{Fault, FaultKind, Field, Record, Secret};
use crate::wire::{Answer, Effect, Exchange, Listing, Session, Turn, json};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Duration;
use talk::{End, Step, Talk, TokenIn, not_understood, post};

/// How long a session lives where the reply does not say; the account page's sample says so.
const LIFETIME: Duration = Duration::from_secs(600);

/// The vendor's facts.
pub fn manifest() -> &'static Manifest {
    #[expect(
        clippy::expect_used,
        reason = "the text is compiled in, and a test reads it"
    )]
    static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
        Manifest::parse(include_str!("vendor.toml")).expect("vendor.toml holds together")
    });
    &MANIFEST
}

/// How the vendor is spoken to, with these settings.
pub fn client(settings: Settings) -> Box<dyn Client> {
    Box::new(PortSip::new(&settings))
}

struct PortSip {
    token_in: TokenIn,
    create_groups: bool,
    replace_groups: bool,
}

impl PortSip {
    fn new(settings: &Settings) -> PortSip {
        PortSip {
            token_in: TokenIn {
                header: settings.get("token_in") != "body",
                body: settings.get("token_in") != "header",
            },
            create_groups: settings.get("missing_groups") == "create",
            replace_groups: settings.get("group_members") == "replace",
        }
    }
}

impl Client for PortSip {
    fn manifest(&self) -> &'static Manifest {
        manifest()
    }

    fn next(&self, task: &Task<'_>, session: &Session, exchanges: &[Exchange]) -> Turn {
        let nobody = Session::default();
        let session = match task {
            Task::SignIn(_) => &nobody,
            _ => session,
        };
        let mut talk = Talk::new(session, self.token_in, exchanges);
        let told = match task {
            Task::SignIn(account) => sign_in(&mut talk, account),
            Task::KeepAlive => keep_alive(&mut talk, session),
            Task::SignOut => sign_out(&mut talk),
            Task::List => list(&mut talk),
            Task::Get(numbers) => look(&mut talk, numbers, false),
            Task::GetStatus(numbers) => look(&mut talk, numbers, true),
            Task::Create(wanted) => self.create(&mut talk, wanted),
            Task::Update(wanted) => self.update(&mut talk, wanted),
            Task::Delete(number) => delete(&mut talk, number),
        };
        told.map_or_else(|turn| turn, Turn::Done)
    }
}

impl PortSip {
    fn create(&self, talk: &mut Talk<'_>, wanted: &Record) -> Step<Answer> {
        let number = named(talk, wanted.number())?;
        let request = extensions::create(wanted).map_err(|fault| talk.end(fault))?;
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
            return Err(talk.end(missing(number)));
        };
        let request = extensions::update(wanted, &shown).map_err(|fault| talk.end(fault))?;
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
    let wish = wanted.text(Field::VOICEMAIL_GREETING);
    wish.map(greetings::Wish::of)
        .transpose()
        .map_err(|fault| talk.end(fault))
}

fn sign_in(talk: &mut Talk<'_>, account: &Account) -> Step<Answer> {
    let question = post(
        "account/credentials/verify",
        "/account/credentials/verify",
        Effect::Reads,
        json!({ "username": account.username, "password": account.password.reveal() }),
    );
    let answer = match talk.try_ask(question) {
        Ok(Ok(answer)) => answer,
        Ok(Err(refusal)) if refusal.kind == FaultKind::Rejected => {
            return Err(talk.end(refused_credential(refusal)));
        }
        Ok(Err(fault)) => return Err(talk.end(fault)),
        Err(Turn::Fault(fault)) if fault.kind == FaultKind::SessionExpired => {
            return Err(talk.end(refused_credential(fault)));
        }
        Err(turn) => return Err(turn),
    };
    renewed(&answer, LIFETIME)
        .map(Answer::Session)
        .ok_or_else(|| {
            let mut fault = not_understood("it holds no access_token");
            fault.kind = FaultKind::TargetUnusable;
            talk.end(fault)
        })
}

/// Whatever the code says: it was the sign-in that was refused, and a second try may lock the account.
fn refused_credential(mut refusal: Fault) -> Fault {
    refusal.kind = FaultKind::CredentialRefused;
    if refusal.hint.is_empty() {
        refusal.hint = "check the user name and the password".to_owned();
    }
    refusal
}

/// The session of a reply; `None` where it brings no token. A token's length is not looked at: the pages contradict
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
    let question = post(
        "account/token/refresh",
        "/account/token/refresh",
        Effect::Reads,
        json!({}),
    );
    let lives = session.lifetime.unwrap_or(LIFETIME);
    let same = |answer: &Value| Session {
        lifetime: Some(lifetime(answer).unwrap_or(lives)),
        ..session.clone()
    };
    let session = match talk.attempt(question)? {
        Some(answer) => renewed(&answer, lives).unwrap_or_else(|| same(&answer)),
        None => {
            talk.ask(extensions::list(1))?;
            same(&Value::Null)
        }
    };
    Ok(Answer::Session(session))
}

fn sign_out(talk: &mut Talk<'_>) -> Step<Answer> {
    talk.attempt(post(
        "account/sign_out",
        "/account/sign_out",
        Effect::Writes,
        json!({}),
    ))?;
    Ok(Answer::Done)
}

fn list(talk: &mut Talk<'_>) -> Step<Answer> {
    let walk = talk
        .walk(&["extensions"], "extension_number", extensions::list)?
        .map_err(|refusal| talk.end(refusal))?;
    let mut seen = HashSet::new();
    let mut listing = Listing {
        numbers: vec![],
        complete: walk.end == End::Agreed,
    };
    for item in &walk.items {
        let number = item.get("extension_number").and_then(json::text);
        match number.filter(|number| !number.is_empty()) {
            Some(number) if seen.insert(number.clone()) => listing.numbers.push(number),
            // An entry without a number, or one that comes twice, hides others.
            _ => listing.complete = false,
        }
    }
    Ok(Answer::Listing(listing))
}

fn look(talk: &mut Talk<'_>, numbers: &[String], live: bool) -> Step<Answer> {
    let mut found = vec![];
    for number in numbers {
        let number = named(talk, number)?;
        let Some(shown) = extensions::shown(talk, number)? else {
            continue;
        };
        let mut extension = extensions::incoming(&shown);
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
        None => Err(talk.end(missing(number))),
        Some(_) => Err(talk.end(refusal)),
    }
}

/// A number that is one: an empty one might mean all.
fn named<'n>(talk: &Talk<'_>, number: &'n str) -> Step<&'n str> {
    if !number.trim().is_empty() {
        return Ok(number);
    }
    Err(talk.end(Fault::new(
        FaultKind::Rejected,
        "portsip.no_number",
        "an extension without a number cannot be asked for",
    )))
}

fn missing(number: &str) -> Fault {
    Fault::new(
        FaultKind::Missing,
        "portsip.missing",
        format!("the PBX has no extension {number}"),
    )
}
