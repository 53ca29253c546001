//! Groups as records of their own: the requests that make a row of a sheet one group, with all its members.
//!
//! A group is asked for by its name and written by its id, which the list has. Parts that the row does not name go back
//! as they were shown.

use super::extensions::typed;
use super::groups::{self, ListedGroup, named, read_all, writable};
use super::protocol::{PortSip, PortSipConversation};
use crate::manifest::{Manifest, Purpose};
use crate::model::{FaultKind, Field, Record, list_items};
use crate::vendors::conversation::Step;
use crate::vendors::{Client, Settings, Task};
use crate::wire::{Answer, Exchange, Listing, Session, Turn, json};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

facts!("vendor.toml", Manifest::of_groups);

/// Speaks to a PortSIP PBX about its groups, with these settings.
pub(crate) fn client(manifest: &'static Manifest, settings: Settings) -> Box<dyn Client> {
    Box::new(Groups {
        groups: PortSip::new(manifest, &settings),
        extensions: PortSip::new(super::manifest(), &settings),
    })
}

struct Groups {
    groups: PortSip,
    extensions: PortSip,
}

impl Client for Groups {
    fn manifest(&self) -> &'static Manifest {
        self.groups.manifest
    }

    fn next(&self, task: &Task<'_>, session: &Session, exchanges: &[Exchange]) -> Turn {
        let mut talk = PortSipConversation::new(&self.groups, session, exchanges);
        let answer = match task {
            Task::SignIn(_) | Task::KeepAlive | Task::SignOut => {
                return self.extensions.next(task, session, exchanges);
            }
            Task::GetParts(_) => Ok(Answer::Found(vec![])),
            Task::List => list(&mut talk),
            Task::Get(names) | Task::GetStatus(names) => get_groups(&mut talk, names),
            Task::Create(wanted) => create(&mut talk, wanted),
            Task::Update(wanted) => update(&mut talk, wanted),
            Task::Delete(name) => delete(&mut talk, name),
            Task::Apply(_) => Ok(Answer::Done),
        };
        answer.map_or_else(|turn| turn, Turn::Done)
    }

    fn extensions(&self) -> Option<&dyn Client> {
        Some(&self.extensions)
    }
}

/// Lists every group but the default one, which cannot be changed. A name that two of them have comes twice.
fn list(talk: &mut PortSipConversation<'_>) -> Step<Answer> {
    let (all, whole) = read_all(talk)?;
    let names = all.iter().filter(|group| !group.is_default());
    let numbers: Vec<String> = names.map(|group| group.name().to_owned()).collect();
    Ok(Answer::Listing(Listing {
        complete: whole && numbers.iter().all(|name| !name.is_empty()),
        numbers,
        ..Listing::default()
    }))
}

/// All groups of these names; where two have the same one, both.
fn get_groups(talk: &mut PortSipConversation<'_>, names: &[String]) -> Step<Answer> {
    let (all, whole) = read_all(talk)?;
    let mut found = vec![];
    for name in names {
        let name = require_name(talk, name)?;
        let mut missing = true;
        let is_it = |group: &&ListedGroup| !group.is_default() && group.name() == name;
        for group in all.iter().filter(is_it) {
            if let Some(shown) = shown(talk, group)? {
                found.push(incoming(talk.manifest(), &shown, group));
                missing = false;
            }
        }
        if missing && !whole {
            return Err(doubtful(talk, name));
        }
    }
    Ok(Answer::Found(found))
}

fn create(talk: &mut PortSipConversation<'_>, wanted: &Record) -> Step<Answer> {
    let name = require_name(talk, wanted.number())?;
    let mut group = Map::new();
    for (row, text) in talk.manifest().outgoing(wanted, Purpose::Create) {
        let value = typed(talk, row, &text)?;
        group.insert(row.wire.clone(), value);
    }
    group.insert("group_name".into(), name.into());
    if name == groups::DEFAULT_GROUP {
        return Err(groups::default_group(talk));
    }
    let (all, whole) = read_all(talk)?;
    // The pages leave open if the PBX minds a second one of the same name.
    match named(talk, &all, name)? {
        Some(_) => return Err(exists(talk, name)),
        None if !whole => return Err(doubtful(talk, name)),
        None => {}
    }
    let mut refusal = match talk.try_ask(groups::create(group))? {
        // The one success that has words of its own.
        Ok(made) if made.get("group_id").and_then(json::text).is_none() => {
            return Err(talk.end(talk.not_understood("it does not say which group was created")));
        }
        Ok(_) => return Ok(Answer::Done),
        Err(refusal) => refusal,
    };
    let (all, _) = read_all(talk)?;
    if named(talk, &all, name)?.is_some() {
        refusal.kind = FaultKind::Exists;
    }
    Err(talk.end(refusal))
}

fn update(talk: &mut PortSipConversation<'_>, wanted: &Record) -> Step<Answer> {
    let name = require_name(talk, wanted.number())?;
    let (all, whole) = read_all(talk)?;
    let group = require_group(talk, &all, whole, name)?;
    let Some(shown) = shown(talk, group)? else {
        return Err(talk.end(talk.manifest().missing(name)));
    };
    let (before, members) = writable(talk, shown, group)?;
    let mut after = before.clone();
    let now: BTreeSet<&str> = members.iter().map(String::as_str).collect();
    for (row, text) in talk.manifest().outgoing(wanted, Purpose::Update) {
        // Members in another order are the same.
        let same = row.name == Field::GROUP_MEMBERS
            && now == list_items(text.open().unwrap_or_default()).collect();
        if !row.name.is_key() && !same {
            let value = typed(talk, row, &text)?;
            after.insert(row.wire.clone(), value);
        }
    }
    if after != before {
        talk.ask(groups::update(after))?;
    }
    Ok(Answer::Done)
}

fn delete(talk: &mut PortSipConversation<'_>, name: &str) -> Step<Answer> {
    let name = require_name(talk, name)?;
    let (all, whole) = read_all(talk)?;
    let group = require_group(talk, &all, whole, name)?;
    let Err(refusal) = talk.try_ask(groups::destroy(&group.id))? else {
        return Ok(Answer::Done);
    };
    let (all, whole) = read_all(talk)?;
    match all.iter().any(|known| known.id == group.id) {
        false if whole => Err(talk.end(talk.manifest().missing(name))),
        _ => Err(talk.end(refusal)),
    }
}

/// A name that is one: an empty one might mean any.
fn require_name<'n>(talk: &PortSipConversation<'_>, name: &'n str) -> Step<&'n str> {
    if !name.trim().is_empty() {
        return Ok(name);
    }
    let why = "a group without a name cannot be asked for";
    Err(talk.refuse("no_group_name", why, "give the row a name"))
}

/// The group of a name that is to be changed or removed.
fn require_group<'g>(
    talk: &PortSipConversation<'_>,
    all: &'g [ListedGroup],
    whole: bool,
    name: &str,
) -> Step<&'g ListedGroup> {
    match named(talk, all, name)? {
        Some(group) => Ok(group),
        None if whole => Err(talk.end(talk.manifest().missing(name))),
        None => Err(doubtful(talk, name)),
    }
}

/// Returns everything that the PBX shows of a group; `None` where it has gone since the list was read. The codes of
/// refusals are not published, so the list decides the meaning of a refusal.
fn shown(talk: &mut PortSipConversation<'_>, group: &ListedGroup) -> Step<Option<Value>> {
    let refusal = match talk.try_ask(groups::show(&group.id))? {
        // A proxy or gateway in between may answer too.
        Ok(shown) if !group.is_shown_as(&shown) => {
            let why = format!("it shows another group than {}, or none", group.name());
            return Err(talk.end(talk.not_understood(&why)));
        }
        Ok(shown) => return Ok(Some(shown)),
        Err(refusal) => refusal,
    };
    let (all, whole) = read_all(talk)?;
    match all.iter().any(|known| known.id == group.id) {
        false if whole => Ok(None),
        _ => Err(talk.end(refusal)),
    }
}

/// The fields of the PBX's object; members in the order of their numbers, whatever order the PBX has them in.
fn incoming(manifest: &Manifest, shown: &Value, group: &ListedGroup) -> Record {
    let mut record = manifest.incoming(|name| match shown.get(name)? {
        Value::Null => Some(String::new()),
        Value::Array(items) => {
            let mut items = items.iter().map(json::text).collect::<Option<Vec<_>>>()?;
            items.sort_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
            items.dedup();
            Some(items.join(";"))
        }
        value => json::text(value),
    });
    record.set(Field::GROUP_NAME, group.name());
    record
}

fn exists(talk: &PortSipConversation<'_>, name: &str) -> Turn {
    let why = format!("the PBX has a group {name} already");
    talk.end(talk.manifest().fault(FaultKind::Exists, "exists", why))
}

fn doubtful(talk: &PortSipConversation<'_>, name: &str) -> Turn {
    let why = format!(
        "the PBX shows no group {name}, but its list of groups contradicts itself: whether there is one is not certain"
    );
    talk.refuse(
        "groups_doubtful",
        why,
        "look at the groups in the web console",
    )
}
