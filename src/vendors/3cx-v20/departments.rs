//! Departments: the PBX replaces those of an extension whole, so that the ones that stay are sent again with their rights.

use super::odata;
use super::protocol::ThreeCxConversation;
use crate::manifest::Manifest;
use crate::model::redact::in_quotes;
use crate::model::{Field, Record, VendorAttributes, list_items};
use crate::vendors::conversation::Step;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The next step where the PBX hides from the client what is needed.
pub(super) const ROLE: &str = "give the API client a role that shows it: Integrations → API";

/// One department of the PBX.
#[derive(Clone)]
pub(super) struct Department {
    id: i64,
    name: String,
    is_default: bool,
}

impl Department {
    /// The membership of an extension that joins it: with the role that it had there, or the usual one.
    fn joined(&self, manifest: &Manifest, roles: &BTreeMap<String, String>) -> Value {
        let role = roles.get(&attribute(&self.name)).map(String::as_str);
        let role = role.or_else(|| manifest.word("role")).unwrap_or_default();
        json!({ "GroupId": self.id, "Rights": { "RoleName": role } })
    }
}

/// Reads all departments of the PBX that the client sees.
pub(super) fn read(talk: &mut ThreeCxConversation<'_>) -> Step<Vec<Department>> {
    let all = odata::all(talk, "Groups", "/Groups", "Id,Name,IsDefault")?;
    let department = |item: &Value| {
        Some(Department {
            id: item.get("Id")?.as_i64()?,
            name: item.get("Name")?.as_str()?.trim().to_owned(),
            is_default: item.get("IsDefault") == Some(&Value::Bool(true)),
        })
    };
    let departments: Option<Vec<Department>> = all.items.iter().map(department).collect();
    match departments.filter(|_| all.is_whole) {
        Some(departments) => Ok(departments),
        None => Err(talk.end(talk.not_understood("its list of departments is not whole"))),
    }
}

/// The name of the attribute with an extension's role in a department.
fn attribute(department: &str) -> String {
    format!("role in {department}")
}

/// The roles of an extension that are not the usual one, as attributes beside its fields.
pub(super) fn roles(manifest: &Manifest, groups: &[Value]) -> VendorAttributes {
    let usual = manifest.word("role");
    let role = |group: &Value| {
        let name = group.get("Name")?.as_str()?.trim();
        let role = group.get("Rights")?.get("RoleName")?.as_str()?;
        (Some(role) != usual).then(|| (attribute(name), role.to_owned()))
    };
    VendorAttributes::new(&groups.iter().filter_map(role).collect())
}

/// The names of an extension's departments, without the default one.
pub(super) fn names(
    talk: &ThreeCxConversation<'_>,
    groups: &[Value],
    all: &[Department],
) -> Step<String> {
    let is_default = |id: i64| all.iter().any(|one| one.id == id && one.is_default);
    let groups = groups
        .iter()
        .filter(|group| !group_id(group).is_some_and(is_default));
    let names = groups.filter_map(|group| group.get("Name")?.as_str().map(str::trim));
    talk.group_list(&names.collect::<Vec<_>>())
}

fn group_id(group: &Value) -> Option<i64> {
    group.get("GroupId")?.as_i64()
}

/// The departments that a row names, and the default one, which stays.
pub(super) struct WantedDepartments {
    named: Vec<Department>,
    default: Option<Department>,
    /// The roles that are given back, by the names of their attributes.
    roles: BTreeMap<String, String>,
}

/// Finds the wanted departments by their names, before anything is written; `None` where the row does not speak of any.
pub(super) fn wanted(
    talk: &mut ThreeCxConversation<'_>,
    wanted: &Record,
) -> Step<Option<WantedDepartments>> {
    let roles = wanted.attributes().map(VendorAttributes::pairs);
    let roles = roles.unwrap_or_default();
    let text = wanted.text(Field::GROUPS);
    let Some(text) = text.or((!roles.is_empty()).then_some("")) else {
        return Ok(None);
    };
    let all = read(talk)?;
    let mut found: Vec<Department> = vec![];
    for name in list_items(text) {
        let one = named(talk, &all, name)?;
        if !found.iter().any(|known| known.id == one.id) {
            found.push(one.clone());
        }
    }
    Ok(Some(WantedDepartments {
        named: found,
        default: all.into_iter().find(|one| one.is_default),
        roles,
    }))
}

/// The department of a name; one that is missing, that several have, or that is the default is refused.
fn named<'d>(
    talk: &ThreeCxConversation<'_>,
    all: &'d [Department],
    name: &str,
) -> Step<&'d Department> {
    let mut known = all.iter().filter(|one| one.name == name);
    let name = in_quotes(name);
    match (known.next(), known.next()) {
        (Some(one), None) if one.is_default => {
            let why = format!("{name} is the PBX's default department, which is left alone");
            Err(talk.refuse("default_group", why, "leave that name out of the sheet"))
        }
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => {
            let why = format!("the PBX has more than one department called {name}");
            let hint = "rename one of them in the admin console";
            Err(talk.refuse("group_ambiguous", why, hint))
        }
        (None, _) => {
            let why = format!("the PBX shows no department called {name}");
            let hint = "create it in the admin console, or correct the name";
            Err(talk.refuse("group_missing", why, hint))
        }
    }
}

impl WantedDepartments {
    /// The memberships of a new extension: it begins in the default department, as those without any other do.
    pub(super) fn joined(&self, manifest: &Manifest) -> Value {
        let each = self.default.iter().chain(&self.named);
        each.map(|one| one.joined(manifest, &self.roles)).collect()
    }

    /// The memberships to send for an extension that has these; `None` where nothing changes. What stays keeps its rights,
    /// and the default department stays.
    pub(super) fn changed(
        &self,
        talk: &ThreeCxConversation<'_>,
        current: Option<&Vec<Value>>,
        replaces: bool,
    ) -> Step<Option<Value>> {
        let Some(current) = current else {
            let why = "the PBX does not tell the extension's departments";
            return Err(talk.refuse("departments_hidden", why, ROLE));
        };
        let leaves = replaces || self.named.is_empty();
        let mut sent = vec![];
        for group in current {
            let rights = group.get("Rights");
            let rights = rights.filter(|rights| rights.get("RoleName").is_some());
            let (Some(id), Some(rights)) = (group_id(group), rights) else {
                let why = "the PBX does not tell the extension's rights in a department";
                return Err(talk.refuse("departments_hidden", why, ROLE));
            };
            let mut staying = self.named.iter().chain(&self.default);
            if !leaves || staying.any(|one| one.id == id) {
                sent.push(json!({ "GroupId": id, "Rights": rights }));
            }
        }
        let is_in = |one: &&Department| current.iter().any(|group| group_id(group) == Some(one.id));
        let new: Vec<&Department> = self.named.iter().filter(|one| !is_in(one)).collect();
        if new.is_empty() && sent.len() == current.len() {
            return Ok(None);
        }
        let new = new.iter();
        sent.extend(new.map(|one| one.joined(talk.manifest(), &self.roles)));
        Ok(Some(sent.into()))
    }
}
