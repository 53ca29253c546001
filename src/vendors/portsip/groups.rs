//! Extension groups: membership is part of the group and not of the extension, so joining one means to read the group,
//! add the number and write the whole back.

use super::protocol::{PortSipConversation, get, page, paged, post};
use crate::model::list_items;
use crate::model::redact::in_quotes;
use crate::vendors::conversation::{End, Step};
use crate::wire::{Effect, Request, Turn, json};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Id and name of the group that every extension is in, and that cannot be changed or removed.
pub(crate) const DEFAULT_GROUP: &str = "__DEFAULT_EXTENSION_GROUP__";

/// The permissions of a group's members; the PBX demands all three.
const PERMISSIONS: [&str; 3] = [
    "enable_intercom",
    "enable_external_call",
    "enable_management_console_access",
];

/// The question for one page of all groups; pages count from 1.
pub fn list(page: usize) -> Request {
    paged("extensions/group/list", page).query("sort_by", "DEFAULT")
}

/// The question for one group's settings and members.
pub fn show(group_id: &str) -> Request {
    get("extensions/group/show").query("group_id", group_id)
}

/// Builds the request that creates a group. `group` has `group_name`, the three permissions as booleans, and may have
/// `group_description` and `members`.
pub fn create(group: Map<String, Value>) -> Request {
    post(
        "extensions/group/create",
        Effect::Writes,
        Value::Object(group),
    )
}

/// The request that changes a group. `group` is the whole group, as [`create`] takes it, with its `group_id`.
pub fn update(group: Map<String, Value>) -> Request {
    post(
        "extensions/group/update",
        Effect::Writes,
        Value::Object(group),
    )
}

/// The request that removes a group. Its members stay; the default group cannot be removed.
pub fn destroy(group_id: &str) -> Request {
    let body = serde_json::json!({ "group_id": group_id });
    post("extensions/group/destroy", Effect::Writes, body)
}

/// One group of the listing.
pub(super) struct ListedGroup {
    pub(super) id: String,
    /// As the PBX has it. A sheet has it without blanks around it.
    name: String,
}

impl ListedGroup {
    /// The name as sheets write it.
    pub(super) fn name(&self) -> &str {
        self.name.trim()
    }

    pub(super) fn is_default(&self) -> bool {
        self.id == DEFAULT_GROUP || self.name() == DEFAULT_GROUP
    }

    /// Returns true if the reply shows this group. The page's sample leaves the id out.
    pub(super) fn is_shown_as(&self, shown: &Value) -> bool {
        let of = |key: &str| shown.get(key).and_then(json::text);
        of("group_name").as_deref() == Some(&self.name)
            && of("group_id").is_none_or(|id| id == self.id)
    }
}

/// The change to an extension's groups.
pub(super) struct WantedGroups {
    join: Vec<Joined>,
    /// True if it leaves all other groups.
    leave: bool,
    all: Vec<ListedGroup>,
}

enum Joined {
    /// A group by its id.
    Known(String),
    /// A group by its name.
    New(String),
}

/// Finds the wanted groups by their names, before anything is written: a name that cannot be had refuses the row.
pub(super) fn find(
    talk: &mut PortSipConversation<'_>,
    wanted: &str,
    create_missing: bool,
    replace: bool,
) -> Step<WantedGroups> {
    let names: Vec<&str> = list_items(wanted).collect();
    if names.contains(&DEFAULT_GROUP) {
        return Err(default_group(talk));
    }
    let (all, whole) = read_all(talk)?;
    let mut join = vec![];
    for name in names {
        match named(talk, &all, name)? {
            Some(group) => join.push(Joined::Known(group.id.clone())),
            None if create_missing && whole => join.push(Joined::New(name.to_owned())),
            None if create_missing => {
                return Err(talk.refuse(
                    "group_missing",
                    format!(
                        "the PBX shows no group called {}, but its list contradicts itself: \
                         creating the group might double it",
                        in_quotes(name)
                    ),
                    "create the group in the web console",
                ));
            }
            None => {
                return Err(talk.refuse(
                    "group_missing",
                    format!("the PBX has no group called {}", in_quotes(name)),
                    "create the group, correct the name, or set missing_groups = \"create\"",
                ));
            }
        }
    }
    Ok(WantedGroups {
        leave: join.is_empty() || replace,
        join,
        all,
    })
}

/// Joins and leaves. `belongs` are the extension's groups as the PBX reports them, by id or name; `None` where it does
/// not, and then every group is asked.
pub(super) fn apply(
    talk: &mut PortSipConversation<'_>,
    number: &str,
    wanted_groups: &WantedGroups,
    belongs: Option<&[String]>,
) -> Step<()> {
    for group in &wanted_groups.join {
        match group {
            Joined::Known(id) => {
                for group in wanted_groups.all.iter().filter(|group| group.id == *id) {
                    set_member(talk, number, group, true)?;
                }
            }
            Joined::New(name) => {
                let mut group = Map::new();
                group.insert("group_name".into(), name.as_str().into());
                group.insert("group_description".into(), "".into());
                for permission in PERMISSIONS {
                    group.insert(permission.into(), false.into());
                }
                group.insert("members".into(), vec![number].into());
                talk.ask(create(group))?;
                talk.did(format!(
                    "the group {} was created with the extension in it",
                    in_quotes(name)
                ));
            }
        }
    }
    if !wanted_groups.leave {
        return Ok(());
    }
    let stays = |id: &str| {
        wanted_groups
            .join
            .iter()
            .any(|group| matches!(group, Joined::Known(known) if known == id))
    };
    let may_be_in = |group: &ListedGroup| {
        belongs.is_none_or(|names| {
            names
                .iter()
                .any(|name| *name == group.id || *name == group.name)
        })
    };
    for group in &wanted_groups.all {
        if !group.is_default() && !stays(&group.id) && may_be_in(group) {
            set_member(talk, number, group, false)?;
        }
    }
    Ok(())
}

/// The group of a name as sheets have it; the default group, and a name that more than one has, are refused.
pub(super) fn named<'g>(
    talk: &PortSipConversation<'_>,
    all: &'g [ListedGroup],
    name: &str,
) -> Step<Option<&'g ListedGroup>> {
    let mut named = all.iter().filter(|group| group.name() == name);
    match (named.next(), named.next()) {
        (Some(_), Some(_)) => Err(talk.refuse(
            "group_ambiguous",
            format!("the PBX has more than one group called {}", in_quotes(name)),
            "rename one of them in the web console",
        )),
        (Some(group), None) if group.is_default() => Err(default_group(talk)),
        (group, _) => Ok(group),
    }
}

/// Puts a number into a group or takes it out; everything else of the group goes back as it was shown.
fn set_member(
    talk: &mut PortSipConversation<'_>,
    number: &str,
    group: &ListedGroup,
    member: bool,
) -> Step<()> {
    let shown = talk.ask(show(&group.id))?;
    let (mut whole, mut numbers) = writable(talk, shown, group)?;
    if numbers.iter().any(|known| known == number) == member {
        return Ok(());
    }
    if member {
        numbers.push(number.to_owned());
    } else {
        numbers.retain(|known| known != number);
    }
    whole.insert("members".into(), numbers.into());
    talk.ask(update(whole))?;
    let name = group.name();
    talk.did(if member {
        format!("the extension was added to the group {name}")
    } else {
        format!("the extension was taken out of the group {name}")
    });
    Ok(())
}

/// Returns a group in the form in which it may be written back, and its members. A group that is not understood is
/// never written back, since that would empty it.
pub(super) fn writable(
    talk: &PortSipConversation<'_>,
    shown: Value,
    group: &ListedGroup,
) -> Step<(Map<String, Value>, Vec<String>)> {
    understood(shown, group).map_err(|why| {
        talk.end(talk.not_understood(&format!("the group {} {why}", in_quotes(group.name()))))
    })
}

fn understood(
    shown: Value,
    group: &ListedGroup,
) -> Result<(Map<String, Value>, Vec<String>), &'static str> {
    let Value::Object(mut whole) = shown else {
        return Err("is shown as no object");
    };
    let shown_as = |key: &str| whole.get(key).and_then(json::text);
    // The page's sample leaves the id out.
    if shown_as("group_id").is_some_and(|shown| shown != group.id) {
        return Err("is shown with another id");
    }
    if shown_as("group_name").is_some_and(|shown| shown != group.name) {
        return Err("is shown with another name");
    }
    if !PERMISSIONS
        .iter()
        .all(|permission| whole.get(*permission).is_some_and(Value::is_boolean))
    {
        return Err("is shown without its permissions");
    }
    let Some(Value::Array(members)) = whole.get("members") else {
        return Err("is shown without its members");
    };
    let numbers = members
        .iter()
        .map(json::text)
        .collect::<Option<Vec<String>>>()
        .ok_or("is shown with members that are no numbers")?;
    whole.insert("group_id".into(), group.id.as_str().into());
    whole.insert("group_name".into(), group.name.as_str().into());
    Ok((whole, numbers))
}

/// Returns the names of an extension's groups, without the default group; `None` where the PBX does not show them. Asks
/// for the list of groups where the PBX answers with ids.
pub(super) fn names(talk: &mut PortSipConversation<'_>, shown: &Value) -> Step<Option<String>> {
    let Some(belongs) = belongs(shown) else {
        return Ok(None);
    };
    if belongs.is_empty() {
        return Ok(Some(String::new()));
    }
    let (all, _) = read_all(talk)?;
    let names: Vec<&str> = belongs
        .iter()
        .map(|one| {
            let known = all.iter().find(|group| group.id == *one);
            known.map_or(one.as_str(), ListedGroup::name)
        })
        .filter(|name| *name != DEFAULT_GROUP)
        .collect();
    talk.group_list(&names).map(Some)
}

/// Returns an extension's groups, by id where the PBX has one and by name elsewhere, without the default group. The
/// page prints no sample: texts, objects and a single one of either are understood.
pub(super) fn belongs(shown: &Value) -> Option<Vec<String>> {
    let value = shown
        .get("belong_groups")
        .filter(|value| !value.is_null())?;
    let all = value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice);
    let one = |value: &Value| {
        let of = |key| value.get(key).and_then(json::text);
        json::text(value)
            .or_else(|| of("group_id"))
            .or_else(|| of("group_name"))
    };
    let all: Option<Vec<String>> = all.iter().map(one).collect();
    all.map(|mut all| {
        all.retain(|one| one != DEFAULT_GROUP && !one.is_empty());
        all
    })
}

/// Reads all groups; returns true with them if the list is certainly complete.
pub(super) fn read_all(talk: &mut PortSipConversation<'_>) -> Step<(Vec<ListedGroup>, bool)> {
    let pages = talk
        .pages(list, |value| page(value, &["groups"], "group_id"))?
        .map_err(|refusal| talk.end(refusal))?;
    if pages.end == End::Repeated {
        let why = "its list of groups shows the same page again";
        return Err(talk.end(talk.not_understood(why)));
    }
    let groups = pages.items.iter().map(|item| {
        let of = |key| item.get(key).and_then(json::text);
        Some(ListedGroup {
            id: of("group_id")?,
            name: of("group_name")?,
        })
    });
    groups
        .collect::<Option<Vec<ListedGroup>>>()
        .map(|groups| {
            // One that comes twice hides another.
            let ids: BTreeSet<&str> = groups.iter().map(|group| group.id.as_str()).collect();
            let whole = pages.end == End::Agreed && ids.len() == groups.len();
            (groups, whole)
        })
        .ok_or_else(|| talk.end(talk.not_understood("its list of groups lacks an id or a name")))
}

pub(super) fn default_group(talk: &PortSipConversation<'_>) -> Turn {
    talk.refuse(
        "default_group",
        "every extension is in the default group, and it cannot be changed",
        "leave that name out of the sheet",
    )
}
