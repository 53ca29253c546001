//! Groups as records of their own: the requests that make a row of a sheet one group, with all its members.
//!
//! A group is asked for by its name and written by its id, which the list tells. What the row does not name goes back
//! as it was shown.

use super::extensions::typed;
use super::groups::{self, Group, named, read_all, refused, writable};
use super::talk::{Step, Talk, not_understood};
use super::{Client, PortSip, Settings, Task};
use crate::manifest::{Manifest, Purpose};
use crate::model::{Fault, FaultKind, Field, Record};
use crate::wire::{Answer, Exchange, Listing, Session, Turn, json};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The facts of the vendor's groups.
pub fn manifest() -> &'static Manifest {
    #[expect(
        clippy::expect_used,
        reason = "the text is compiled in, and a test reads it"
    )]
    static MANIFEST: LazyLock<Manifest> = LazyLock::new(|| {
        let vendor = Manifest::parse(include_str!("vendor.toml"));
        let groups = vendor.ok().and_then(Manifest::of_groups);
        groups.expect("vendor.toml holds together and has groups")
    });
    &MANIFEST
}

/// How the vendor is spoken to about its groups, with these settings.
pub fn client(settings: Settings) -> Box<dyn Client> {
    Box::new(Groups(PortSip::new(&settings)))
}

struct Groups(PortSip);

impl Client for Groups {
    fn manifest(&self) -> &'static Manifest {
        manifest()
    }

    fn next(&self, task: &Task<'_>, session: &Session, exchanges: &[Exchange]) -> Turn {
        let mut talk = Talk::new(session, self.0.token_in, exchanges);
        let told = match task {
            Task::SignIn(_) | Task::KeepAlive | Task::SignOut => {
                return self.0.next(task, session, exchanges);
            }
            Task::List => list(&mut talk),
            Task::Get(names) | Task::GetStatus(names) => look(&mut talk, names),
            Task::Create(wanted) => create(&mut talk, wanted),
            Task::Update(wanted) => update(&mut talk, wanted),
            Task::Delete(name) => delete(&mut talk, name),
        };
        told.map_or_else(|turn| turn, Turn::Done)
    }

    fn extensions(&self) -> Option<&dyn Client> {
        Some(&self.0)
    }
}

/// Every group but the default one, which nobody can change. A name that two of them have comes twice.
fn list(talk: &mut Talk<'_>) -> Step<Answer> {
    let (all, whole) = read_all(talk)?;
    let names = all.iter().filter(|group| !group.is_default());
    let numbers: Vec<String> = names.map(|group| group.name().to_owned()).collect();
    Ok(Answer::Listing(Listing {
        complete: whole && numbers.iter().all(|name| !name.is_empty()),
        numbers,
    }))
}

/// All groups of these names; where two have the same one, both.
fn look(talk: &mut Talk<'_>, names: &[String]) -> Step<Answer> {
    let (all, whole) = read_all(talk)?;
    let mut found = vec![];
    for name in names {
        let name = given(talk, name)?;
        let mut missing = true;
        let is_it = |group: &&Group| !group.is_default() && group.name() == name;
        for group in all.iter().filter(is_it) {
            if let Some(shown) = shown(talk, group)? {
                found.push(incoming(&shown, group));
                missing = false;
            }
        }
        if missing && !whole {
            return Err(talk.end(doubtful(name)));
        }
    }
    Ok(Answer::Found(found))
}

fn create(talk: &mut Talk<'_>, wanted: &Record) -> Step<Answer> {
    let name = given(talk, wanted.number())?;
    let mut group = Map::new();
    for (row, text) in manifest().outgoing(wanted, Purpose::Create) {
        let value = typed(row, &text).map_err(|fault| talk.end(fault))?;
        group.insert(row.wire.clone(), value);
    }
    group.insert("group_name".into(), name.into());
    if name == groups::DEFAULT_GROUP {
        return Err(talk.end(groups::default_group()));
    }
    let (all, whole) = read_all(talk)?;
    // No page says whether the PBX minds a second one of the same name.
    match named(talk, &all, name)? {
        Some(_) => return Err(talk.end(exists(name))),
        None if !whole => return Err(talk.end(doubtful(name))),
        None => {}
    }
    let mut refusal = match talk.try_ask(groups::create(group))? {
        // The one success that has words of its own.
        Ok(made) if made.get("group_id").and_then(json::text).is_none() => {
            return Err(talk.end(not_understood("it does not say which group was created")));
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

fn update(talk: &mut Talk<'_>, wanted: &Record) -> Step<Answer> {
    let name = given(talk, wanted.number())?;
    let (all, whole) = read_all(talk)?;
    let group = there(talk, &all, whole, name)?;
    let Some(shown) = shown(talk, group)? else {
        return Err(talk.end(missing(name)));
    };
    let (before, members) = writable(talk, shown, group)?;
    let mut after = before.clone();
    let now: BTreeSet<&str> = members.iter().map(String::as_str).collect();
    for (row, text) in manifest().outgoing(wanted, Purpose::Update) {
        // Members in another order are the same.
        let same = row.name == Field::GROUP_MEMBERS
            && now == items(text.open().unwrap_or_default()).collect();
        if !row.name.is_key() && !same {
            let value = typed(row, &text).map_err(|fault| talk.end(fault))?;
            after.insert(row.wire.clone(), value);
        }
    }
    if after != before {
        talk.ask(groups::update(after))?;
    }
    Ok(Answer::Done)
}

fn delete(talk: &mut Talk<'_>, name: &str) -> Step<Answer> {
    let name = given(talk, name)?;
    let (all, whole) = read_all(talk)?;
    let group = there(talk, &all, whole, name)?;
    let Err(refusal) = talk.try_ask(groups::destroy(&group.id))? else {
        return Ok(Answer::Done);
    };
    let (all, whole) = read_all(talk)?;
    match all.iter().any(|known| known.id == group.id) {
        false if whole => Err(talk.end(missing(name))),
        _ => Err(talk.end(refusal)),
    }
}

/// A name that is one: an empty one might mean any.
fn given<'n>(talk: &Talk<'_>, name: &'n str) -> Step<&'n str> {
    if !name.trim().is_empty() {
        return Ok(name);
    }
    Err(talk.end(refused(
        "portsip.no_group_name",
        "a group without a name cannot be asked for".to_owned(),
        "",
    )))
}

/// The group of a name that is to be changed or removed.
fn there<'g>(talk: &Talk<'_>, all: &'g [Group], whole: bool, name: &str) -> Step<&'g Group> {
    match named(talk, all, name)? {
        Some(group) => Ok(group),
        None if whole => Err(talk.end(missing(name))),
        None => Err(talk.end(doubtful(name))),
    }
}

/// Everything that the PBX shows of a group; `None` where it has gone since the list was read. The codes of refusals
/// are not published, so the list decides what a refusal means.
fn shown(talk: &mut Talk<'_>, group: &Group) -> Step<Option<Value>> {
    let refusal = match talk.try_ask(groups::show(&group.id))? {
        // What stands between may answer too.
        Ok(shown) if !group.is_shown_as(&shown) => {
            let why = format!("it shows another group than {}, or none", group.name());
            return Err(talk.end(not_understood(&why)));
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
fn incoming(shown: &Value, group: &Group) -> Record {
    let mut record = manifest().incoming(|name| match shown.get(name)? {
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

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(';').filter(|item| !item.is_empty())
}

fn exists(name: &str) -> Fault {
    Fault::new(
        FaultKind::Exists,
        "portsip.exists",
        format!("the PBX has a group {name} already"),
    )
}

fn missing(name: &str) -> Fault {
    Fault::new(
        FaultKind::Missing,
        "portsip.missing",
        format!("the PBX has no group {name}"),
    )
}

fn doubtful(name: &str) -> Fault {
    refused(
        "portsip.groups_doubtful",
        format!(
            "the PBX shows no group {name}, but its list of groups contradicts itself: nobody can say whether there is one"
        ),
        "look at the groups in the web console",
    )
}
