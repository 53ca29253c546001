//! 3CX V20: the Configuration API (XAPI), which is OData, for a client of Integrations › API.
//!
//! Only one token is valid at a time. An extension is known by its number and addressed by an id; a change sends what
//! differs, but departments are replaced whole. A list shows no more than the client's role may see.

mod departments;
mod odata;
mod protocol;
pub mod sim;
#[cfg(test)]
mod tests;

use self::protocol::{SECRETS, SIP_PASSWORD, TOKEN_PATH, ThreeCx, ThreeCxConversation, signed};
use super::{Account, Client, Settings, Task};
use crate::manifest::{FieldRow, Manifest, Purpose, Shape};
use crate::model::{Field, Record, Secret, WireText};
use crate::vendors::conversation::{Step, Tasks, is_digits};
use crate::wire::{Answer, Body, Effect, Listing, Method, Request, Session, json};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// The operation of signing in.
const LOGIN: &str = "connect/token";

/// The most tokens that one sign-in asks for.
const TOKENS_MAX: u32 = 3;

/// The property with the departments.
const GROUPS: &str = "Groups";

facts!("vendor.toml");

/// Builds the client of a 3CX with these settings.
pub fn client(manifest: &'static Manifest, settings: Settings) -> Box<dyn Client> {
    let replaces_groups = settings.get("group_members") == "replace";
    Box::new(ThreeCx {
        manifest,
        replaces_groups,
    })
}

impl Tasks for ThreeCx {
    fn answer(
        &self,
        talk: &mut ThreeCxConversation<'_>,
        task: &Task<'_>,
        session: &Session,
    ) -> Step<Answer> {
        match task {
            Task::SignIn(account) => self.sign_in(talk, account),
            Task::KeepAlive => Ok(Answer::Session(session.clone())),
            Task::SignOut | Task::Apply(_) => Ok(Answer::Done),
            Task::List => list(talk).map(Answer::Listing),
            Task::GetParts(_) => Ok(Answer::Found(vec![])),
            Task::Get(numbers) => self.get(talk, numbers, false).map(Answer::Found),
            Task::GetStatus(numbers) => self.get(talk, numbers, true).map(Answer::Found),
            Task::Create(wanted) => self.create(talk, wanted),
            Task::Update(wanted) => self.update(talk, wanted),
            Task::Delete(number) => self.delete(talk, number),
        }
    }
}

impl ThreeCx {
    /// Shows with a token that it is such a PBX, and that the client may see extensions. A token that is not known any more
    /// by then was ended by another sign-in.
    fn sign_in(&self, talk: &mut ThreeCxConversation<'_>, account: &Account) -> Step<Answer> {
        let mut token = token(talk, account)?;
        let mut tokens = 1;
        let ask = |token: &Secret| {
            let proof = odata::get(LOGIN, "/Users").query("$top", "1");
            let proof = proof.query("$count", "true").query("$select", "Id,Number");
            signed(proof, token)
        };
        let mut proven = talk.judged_at_sign_in(ask(&token))?;
        while tokens < TOKENS_MAX && matches!(&proven, Err(fault) if fault.http_status == Some(401))
        {
            token = self::token(talk, account)?;
            tokens += 1;
            proven = talk.judged_at_sign_in(ask(&token))?;
        }
        let answer = proven.map_err(|fault| talk.end(fault))?;
        if !odata::LIST.is_page(&answer) {
            return Err(talk.end(talk.not_understood("it is no list of extensions")));
        }
        Ok(Answer::Session(Session {
            token,
            ..Session::default()
        }))
    }

    fn get(
        &self,
        talk: &mut ThreeCxConversation<'_>,
        numbers: &[String],
        is_live: bool,
    ) -> Step<Vec<Record>> {
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        let numbers: Vec<&str> = numbers.into_iter().filter(|one| is_digits(one)).collect();
        if numbers.is_empty() {
            return Ok(vec![]);
        }
        let users = users(talk, &numbers)?;
        let has_groups = |user: &Value| {
            user.get(GROUPS)
                .is_some_and(|all| *all != Value::Array(vec![]))
        };
        let departments = match users.iter().any(has_groups) {
            true => departments::read(talk)?,
            false => vec![],
        };
        let mut found = vec![];
        for user in &users {
            let mut extension = self.manifest.incoming(|name| match user.get(name)? {
                Value::Null if SECRETS.contains(&name) => None,
                Value::Null => Some(String::new()),
                Value::Bool(is_registered) if name == "IsRegistered" => {
                    let state = match is_registered {
                        true => "Registered",
                        false => "Unregistered",
                    };
                    is_live.then(|| state.to_owned())
                }
                value => json::text(value),
            });
            if let Some(Value::Array(groups)) = user.get(GROUPS) {
                let names = departments::names(talk, groups, &departments)?;
                extension.set(Field::GROUPS, names);
                extension.set_attributes(departments::roles(self.manifest, groups));
            }
            found.push(extension);
        }
        Ok(found)
    }

    fn create(&self, talk: &mut ThreeCxConversation<'_>, wanted: &Record) -> Step<Answer> {
        let number = talk.digits(wanted.number())?;
        let mut body = self.properties(talk, wanted, Purpose::Create)?;
        let wanted_groups = departments::wanted(talk, wanted)?;
        let groups = wanted_groups.map(|groups| groups.joined(self.manifest));
        body.extend(groups.map(|groups| (GROUPS.to_owned(), groups)));
        let made = talk.ask(odata::write("Users/create", Method::Post, "/Users", body))?;
        match made.get("Number").and_then(Value::as_str) {
            Some(other) if other == number => Ok(Answer::Done),
            Some(other) if is_digits(other) => {
                let why = format!("the PBX made the extension {other} in its place");
                let hint = "look at it on the PBX, and delete it there where nobody needs it";
                Err(talk.refuse("other_number", why, hint))
            }
            _ => Err(talk.end(talk.not_understood("it does not tell the extension's number"))),
        }
    }

    fn update(&self, talk: &mut ThreeCxConversation<'_>, wanted: &Record) -> Step<Answer> {
        let number = talk.digits(wanted.number())?;
        let Some(user) = users(talk, &[number])?.pop() else {
            return Err(talk.end(self.manifest.missing(number)));
        };
        let mut body = self.properties(talk, wanted, Purpose::Update)?;
        body.remove("Number");
        // Roles alone, without departments, are those of a new extension.
        if wanted.get(Field::GROUPS).is_some()
            && let Some(groups) = departments::wanted(talk, wanted)?
        {
            let current = user.get(GROUPS).and_then(Value::as_array);
            let change = groups.changed(talk, current, self.replaces_groups)?;
            body.extend(change.map(|groups| (GROUPS.to_owned(), groups)));
        }
        if !body.is_empty() {
            let path = addressed(talk, &user)?;
            talk.ask(odata::write("Users/update", Method::Patch, &path, body))?;
        }
        Ok(Answer::Done)
    }

    /// Deletes the extension that was looked at: where it was changed since, the PBX refuses.
    fn delete(&self, talk: &mut ThreeCxConversation<'_>, number: &str) -> Step<Answer> {
        let number = talk.digits(number)?;
        let Some(user) = users(talk, &[number])?.pop() else {
            return Err(talk.end(self.manifest.missing(number)));
        };
        let path = odata::base(&addressed(talk, &user)?);
        let mut request = Request::new("Users/delete", Method::Delete, path, Effect::Writes);
        if let Some(tag) = user.get("@odata.etag").and_then(Value::as_str) {
            request = request.header("if-match", Secret::new(tag));
        }
        talk.ask(request).map(|_| Answer::Done)
    }

    /// The properties to send, departments aside.
    fn properties(
        &self,
        talk: &ThreeCxConversation<'_>,
        wanted: &Record,
        purpose: Purpose,
    ) -> Step<Map<String, Value>> {
        let mut body = Map::new();
        for (row, text) in self.manifest.outgoing(wanted, purpose) {
            if row.name != Field::GROUPS {
                body.insert(row.wire.clone(), typed(talk, row, &text)?);
            }
        }
        Ok(body)
    }
}

fn token(talk: &mut ThreeCxConversation<'_>, account: &Account) -> Step<Secret> {
    let form = vec![
        ("client_id".to_owned(), account.username.clone().into()),
        (
            "client_secret".to_owned(),
            WireText::Secret(account.password.clone()),
        ),
        (
            "grant_type".to_owned(),
            "client_credentials".to_owned().into(),
        ),
    ];
    let request = Request::new(LOGIN, Method::Post, TOKEN_PATH, Effect::Reads);
    let answer = talk.sign_in(request.body(Body::Form(form)))?;
    talk.access_token(&answer)
}

/// Lists the numbers. It is whole where the PBX itself counts as many extensions of users: a client whose role is in one
/// department sees that one alone.
fn list(talk: &mut ThreeCxConversation<'_>) -> Step<Listing> {
    let all = odata::all(talk, "Users/list", "/Users", "Id,Number")?;
    let mut listing = all.listing("Number");
    let status = odata::get("SystemStatus", "/SystemStatus");
    let status = talk.attempt(status.query("$select", "UserExtensions"))?;
    let counted = status.and_then(|status| status.get("UserExtensions")?.as_u64());
    listing.complete &= counted == Some(listing.numbers.len() as u64);
    Ok(listing)
}

/// The users of these numbers, each with its departments and its rights in them.
fn users(talk: &mut ThreeCxConversation<'_>, numbers: &[&str]) -> Step<Vec<Value>> {
    let request = odata::get("Users", "/Users")
        .query("$filter", odata::any("Number", numbers))
        .query("$expand", "Groups($expand=Rights)");
    let answer = talk.ask(request)?;
    let users = match answer.get("value") {
        Some(Value::Array(users)) if answer.get("@odata.nextLink").is_none() => users.clone(),
        _ => return Err(talk.end(talk.not_understood("it is no whole list of extensions"))),
    };
    let mut seen = HashSet::new();
    for user in &users {
        let number = user.get("Number").and_then(Value::as_str);
        if !number.is_some_and(|number| numbers.contains(&number) && seen.insert(number)) {
            let why = "it has an extension that was not asked for, or one twice";
            return Err(talk.end(talk.not_understood(why)));
        }
        // Unknown, it could neither be compared nor given back.
        if user.get(SIP_PASSWORD) == Some(&Value::Null) {
            let why = "the PBX hides the extension's SIP password from the client";
            return Err(talk.refuse("secrets_hidden", why, departments::ROLE));
        }
    }
    Ok(users)
}

/// The path of one user.
fn addressed(talk: &ThreeCxConversation<'_>, user: &Value) -> Step<String> {
    match user.get("Id").and_then(Value::as_i64) {
        Some(id) => Ok(format!("/Users({id})")),
        None => Err(talk.end(talk.not_understood("it does not tell the extension's id"))),
    }
}

/// A value as JSON has it; one that does not fit the type of its field ends the conversation.
fn typed(talk: &ThreeCxConversation<'_>, row: &FieldRow, text: &WireText) -> Step<Value> {
    if row.shape != Shape::Boolean {
        return Ok(json::string(text));
    }
    match text.open().unwrap_or_default().parse::<bool>() {
        Ok(is_on) => Ok(is_on.into()),
        Err(_) => Err(talk.refuse("type", format!("{} must be on or off", row.name.name()), "")),
    }
}
