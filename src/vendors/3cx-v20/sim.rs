//! A simulated 3CX V20 with its Configuration API. It reads OData for itself and knows nothing of how rowcall writes it.
//!
//! Its defects are those of the product: one token at a time, a user without a number gets the next free one, departments
//! are replaced whole, the number cannot be changed, and secrets are made up where none are sent.
//!
//! It starts with two departments beside the default one, `Sales` and `Support`.

use crate::model::Secret;
use crate::vendors::Account;
use crate::wire::{Pbx, RawRequest, Reply, json};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use url::form_urlencoded;

const BASE: &str = "/xapi/v1/";

/// The most nodes of a filter; a comparison is three of them, and joining two is one more.
const FILTER_NODES_MAX: usize = 100;

/// The properties of a user that are text, or true or false.
const TEXTS: [&str; 16] = [
    "Number",
    "FirstName",
    "LastName",
    "EmailAddress",
    "Mobile",
    "OutboundCallerID",
    "AuthID",
    "AuthPassword",
    "AccessPassword",
    "DeskphonePassword",
    "VMPIN",
    "SIPID",
    "Language",
    "PromptSet",
    "DisplayName",
    "Blfs",
];
const SWITCHES: [&str; 9] = [
    "Enabled",
    "Internal",
    "VMEnabled",
    "VMDisablePinAuth",
    "VMPlayCallerID",
    "RecordCalls",
    "RecordExternalCallsOnly",
    "SendEmailMissedCalls",
    "IsRegistered",
];
const WORDS: [(&str, &[&str]); 2] = [
    (
        "VMEmailOptions",
        &[
            "None",
            "Notification",
            "Attachment",
            "AttachmentAndDelete",
            "VmailToMembers",
            "EmailToExtrasOnly",
        ],
    ),
    ("VMPlayMsgDateTime", &["None", "Play12Hr", "Play24Hr"]),
];
const ROLES: [&str; 7] = [
    "system_owners",
    "system_admins",
    "group_owners",
    "managers",
    "group_admins",
    "receptionists",
    "users",
];

/// Those that are set by the PBX alone.
const COMPUTED: [&str; 2] = ["DisplayName", "IsRegistered"];

/// The id of the default department.
const DEFAULT: i64 = 28;

/// Creates a simulated PBX that has no user and knows this client.
pub fn pbx(account: &Account) -> Box<dyn Pbx> {
    let department = |id: i64, name: &str| json!({ "Id": id, "Name": name, "Number": format!("GRP{id:04}"), "IsDefault": id == DEFAULT });
    Box::new(ThreeCxSim {
        account: account.clone(),
        departments: vec![
            department(DEFAULT, "DEFAULT"),
            department(95, "Sales"),
            department(96, "Support"),
        ],
        last_id: 100,
        ..ThreeCxSim::default()
    })
}

#[derive(Default)]
struct ThreeCxSim {
    account: Account,
    /// The one token that is valid.
    token: Option<String>,
    users: BTreeMap<i64, StoredUser>,
    departments: Vec<Value>,
    last_id: i64,
    created: HashMap<String, u32>,
    sign_ins: u32,
}

/// A user with its properties, its memberships, and the times that it was written.
struct StoredUser {
    properties: Map<String, Value>,
    groups: Vec<Value>,
    revision: u32,
}

impl StoredUser {
    fn number(&self) -> &str {
        self.properties
            .get("Number")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn tag(&self) -> String {
        format!("W/\"{}\"", self.revision)
    }
}

/// An answer, or the refusal in its place.
type Answered = Result<Reply, Reply>;

impl Pbx for ThreeCxSim {
    fn answer(&mut self, request: &RawRequest) -> Reply {
        if (request.method.as_str(), request.path()) == ("POST", "/connect/token") {
            return self.sign_in(request);
        }
        let Some(path) = request.path().strip_prefix(BASE) else {
            return Reply::new(404, "text/html", "<html><h1>404 Not Found</h1></html>");
        };
        let bearer = request.header("authorization").unwrap_or_default();
        let token = bearer.strip_prefix("Bearer ").map(str::to_owned);
        if token.is_none() || token != self.token {
            let body = json!({ "error": "unauthorized", "error_description": "The request requires valid user authentication." });
            return Reply::new(401, "application/json", body.to_string());
        }
        let answered = match (request.method.as_str(), path) {
            ("GET", "Users") => self.list(request),
            ("POST", "Users") => self.create(request),
            ("GET", "Groups") => self.list_departments(request),
            ("GET", "SystemStatus") => self.status(request),
            (method, path) => match key(path) {
                Some(id) => self.one(method, id, request),
                None => Err(refused(404, "", "Not Found")),
            },
        };
        answered.unwrap_or_else(|refusal| refusal)
    }

    fn expire_sessions(&mut self) {
        self.token = None;
    }

    fn numbers(&self) -> Vec<String> {
        let mut numbers: Vec<String> = self
            .users
            .values()
            .map(|user| user.number().to_owned())
            .collect();
        numbers.sort();
        numbers
    }

    fn stored(&self, number: &str, name: &str) -> Option<String> {
        let user = self.users.values().find(|user| user.number() == number)?;
        if name == "Groups" {
            let names = user
                .groups
                .iter()
                .filter_map(|group| group.get("Name")?.as_str());
            return Some(names.collect::<Vec<_>>().join(";"));
        }
        json::text(user.properties.get(name)?)
    }

    fn created(&self, number: &str) -> u32 {
        self.created.get(number).copied().unwrap_or_default()
    }

    fn sign_ins(&self) -> u32 {
        self.sign_ins
    }
}

impl ThreeCxSim {
    /// Gives a token, which ends the one before.
    fn sign_in(&mut self, request: &RawRequest) -> Reply {
        self.sign_ins += 1;
        let form: HashMap<String, String> =
            form_urlencoded::parse(&request.body).into_owned().collect();
        let given = |name: &str| form.get(name).map_or("", String::as_str);
        if given("grant_type") != "client_credentials" {
            return Reply::new(
                400,
                "application/json",
                r#"{"error":"unsupported_grant_type"}"#,
            );
        }
        let secret = Secret::new(given("client_secret"));
        if given("client_id") != self.account.username || secret != self.account.password {
            return Reply::new(400, "application/json", r#"{"error":"invalid_client"}"#);
        }
        let token = format!("eyJ0{:04}.sim", self.sign_ins);
        let body = json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token, "refresh_token": null });
        self.token = Some(token);
        Reply::new(200, "application/json", body.to_string())
    }

    fn list(&self, request: &RawRequest) -> Answered {
        let query = Query::read(
            request,
            &[
                "Groups",
                "Groups($expand=Rights)",
                "ForwardingProfiles",
                "Phones",
            ],
        )?;
        let is_known = |name: &str| name == "Id" || kind(name).is_some();
        let mut found = vec![];
        for user in self.users.values() {
            if query.takes(|name| user.properties.get(name), is_known)? {
                found.push(user);
            }
        }
        if query.order == "Number" {
            found.sort_by(|one, other| one.number().cmp(other.number()));
        }
        query.page(&found, |user| shown(user, &query))
    }

    fn list_departments(&self, request: &RawRequest) -> Answered {
        let query = Query::read(request, &[])?;
        let mut found = vec![];
        for department in &self.departments {
            let is_known = |name: &str| department.get(name).is_some();
            if query.takes(|name| department.get(name), is_known)? {
                found.push(department);
            }
        }
        query.page(&found, |department| query.selected(department))
    }

    /// The PBX's own count of users, whatever the client may see.
    fn status(&self, request: &RawRequest) -> Answered {
        let status = json!({ "FQDN": "pbx.example.com", "Version": "20.0.10.0", "UserExtensions": self.users.len(), "MaxUserExtensions": null });
        let query = Query::read(request, &[])?;
        Ok(Reply::new(
            200,
            "application/json",
            query.selected(&status)?.to_string(),
        ))
    }

    fn create(&mut self, request: &RawRequest) -> Answered {
        let mut body = self.body(request)?;
        let groups = self.memberships(body.remove("Groups"))?;
        let number = match body
            .get("Number")
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
        {
            Some(number) => number.to_owned(),
            None => self.next_free(),
        };
        if self.users.values().any(|user| user.number() == number) {
            return Err(refused(400, "Number", "WARNINGS.XAPI.ALREADY_IN_USE"));
        }
        self.last_id += 1;
        let id = self.last_id;
        let mut properties: Map<String, Value> = TEXTS
            .iter()
            .map(|name| ((*name).to_owned(), "".into()))
            .collect();
        properties.extend(
            SWITCHES
                .iter()
                .map(|name| ((*name).to_owned(), false.into())),
        );
        properties.extend(
            WORDS
                .iter()
                .map(|(name, _)| ((*name).to_owned(), "None".into())),
        );
        for (name, value) in [
            ("Enabled", true.into()),
            ("VMEnabled", true.into()),
            ("AuthID", format!("a{id:07}").into()),
            ("AuthPassword", format!("s{:09x}", id * 0x9e3_779b).into()),
            ("VMPIN", format!("{:04}", id % 10_000).into()),
            ("Language", "EN".into()),
        ] {
            properties.insert(name.to_owned(), value);
        }
        properties.extend(body);
        properties.insert("Number".into(), number.clone().into());
        properties.insert("Id".into(), id.into());
        let user = StoredUser {
            properties: with_display_name(properties),
            groups: groups.unwrap_or_else(|| vec![self.membership(DEFAULT, "users")]),
            revision: 1,
        };
        *self.created.entry(number).or_default() += 1;
        let query = Query::default();
        let shown = shown(&user, &query)?;
        self.users.insert(id, user);
        Ok(Reply::new(201, "application/json", shown.to_string()))
    }

    fn next_free(&self) -> String {
        let taken = self.numbers();
        let mut free = (100..).map(|number: u32| number.to_string());
        free.find(|number| !taken.contains(number))
            .unwrap_or_default()
    }

    fn one(&mut self, method: &str, id: i64, request: &RawRequest) -> Answered {
        let Some(user) = self.users.get(&id) else {
            return Err(refused(404, "", "Not Found"));
        };
        match method {
            "GET" => {
                let query = Query::read(request, &["Groups", "Groups($expand=Rights)"])?;
                let shown = shown(user, &query)?;
                Ok(Reply::new(200, "application/json", shown.to_string()))
            }
            "PATCH" => {
                let number = user.number().to_owned();
                let mut body = self.body(request)?;
                let groups = self.memberships(body.remove("Groups"))?;
                if body
                    .remove("Number")
                    .is_some_and(|other| other.as_str() != Some(&number))
                {
                    return Err(refused(400, "Number", "WARNINGS.XAPI.NOT_SUPPORTED"));
                }
                if let Some(user) = self.users.get_mut(&id) {
                    user.properties.extend(body);
                    user.properties = with_display_name(std::mem::take(&mut user.properties));
                    user.groups = groups.unwrap_or_else(|| std::mem::take(&mut user.groups));
                    user.revision += 1;
                }
                Ok(Reply::new(204, "", ""))
            }
            "DELETE" => {
                if request
                    .header("if-match")
                    .is_some_and(|tag| tag != "*" && tag != user.tag())
                {
                    return Err(refused(412, "", "Precondition Failed"));
                }
                self.users.remove(&id);
                Ok(Reply::new(204, "", ""))
            }
            _ => Err(refused(405, "", "Method Not Allowed")),
        }
    }

    /// The properties of a body, each of its type.
    fn body(&self, request: &RawRequest) -> Result<Map<String, Value>, Reply> {
        let is_json = request
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/json"));
        let body = json::parse(&request.body).ok().filter(|_| is_json);
        let Some(Value::Object(body)) = body else {
            return Err(refused(400, "", "The input was not valid."));
        };
        for (name, value) in &body {
            if COMPUTED.contains(&name.as_str()) {
                return Err(refused(400, name, "WARNINGS.XAPI.NOT_SUPPORTED"));
            }
            let is_right = match kind(name) {
                Some(PropertyKind::Text) => value.is_string() || value.is_null(),
                Some(PropertyKind::Switch) => value.is_boolean(),
                Some(PropertyKind::Word(words)) => {
                    value.as_str().is_some_and(|text| words.contains(&text))
                }
                None => name == "Groups" && value.is_array(),
            };
            if !is_right {
                return Err(refused(400, name, "WARNINGS.XAPI.INVALID"));
            }
        }
        Ok(body)
    }

    /// The memberships that a body asks for; `None` where it does not.
    fn memberships(&self, groups: Option<Value>) -> Result<Option<Vec<Value>>, Reply> {
        let Some(Value::Array(groups)) = groups else {
            return Ok(None);
        };
        let mut wanted: Vec<Value> = vec![];
        for group in &groups {
            let id = group.get("GroupId").and_then(Value::as_i64);
            let is_known = |id: &i64| self.departments.iter().any(|one| one["Id"] == *id);
            let Some(id) = id.filter(is_known) else {
                return Err(refused(400, "Groups", "WARNINGS.XAPI.NOT_FOUND"));
            };
            let role = group
                .get("Rights")
                .and_then(|rights| rights.get("RoleName")?.as_str());
            match role {
                Some(role) if ROLES.contains(&role) => wanted.push(self.membership(id, role)),
                _ => return Err(refused(400, "Groups", "WARNINGS.XAPI.INVALID")),
            }
        }
        Ok(Some(wanted))
    }

    fn membership(&self, id: i64, role: &str) -> Value {
        let department = self.departments.iter().find(|one| one["Id"] == id);
        let name = department.map_or(Value::Null, |one| one["Name"].clone());
        json!({ "GroupId": id, "Name": name, "Rights": { "RoleName": role } })
    }
}

/// A user as an answer shows it: memberships only where they are expanded, the password of the web page never.
fn shown(user: &StoredUser, query: &Query) -> Result<Value, Reply> {
    let mut shown = user.properties.clone();
    shown.insert("AccessPassword".into(), Value::Null);
    let mut shown = query.selected(&Value::Object(shown))?;
    if let Some(expanded) = query.expand.iter().find(|name| name.starts_with("Groups")) {
        let mut groups = user.groups.clone();
        if expanded == "Groups" {
            for group in groups.iter_mut().filter_map(Value::as_object_mut) {
                group.remove("Rights");
            }
        }
        shown["Groups"] = groups.into();
    }
    shown["@odata.etag"] = user.tag().into();
    Ok(shown)
}

enum PropertyKind {
    Text,
    Switch,
    Word(&'static [&'static str]),
}

fn kind(name: &str) -> Option<PropertyKind> {
    let word = WORDS.iter().find(|(known, _)| *known == name);
    match word {
        Some((_, words)) => Some(PropertyKind::Word(words)),
        None if TEXTS.contains(&name) => Some(PropertyKind::Text),
        None => SWITCHES.contains(&name).then_some(PropertyKind::Switch),
    }
}

/// The id of the path of one user.
fn key(path: &str) -> Option<i64> {
    path.strip_prefix("Users(")?.strip_suffix(')')?.parse().ok()
}

fn with_display_name(mut properties: Map<String, Value>) -> Map<String, Value> {
    let text = |name: &str| {
        properties
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let name = format!("{} {}", text("FirstName"), text("LastName"));
    properties.insert("DisplayName".into(), name.trim().into());
    properties
}

/// A refusal as it is printed: the property and a key, in two lines, and the same as its detail.
fn refused(status: u16, target: &str, key: &str) -> Reply {
    let body = match target {
        "" => json!({ "error": { "code": "", "message": key } }),
        _ => json!({ "error": {
            "code": "",
            "message": format!("{target}:\n{key}"),
            "details": [{ "code": "", "target": target, "message": key }],
        } }),
    };
    Reply::new(status, "application/json", body.to_string())
}

/// The options of a question.
#[derive(Default)]
struct Query {
    top: Option<usize>,
    skip: usize,
    is_counted: bool,
    order: String,
    select: Vec<String>,
    expand: Vec<String>,
    /// The comparisons, of which one must hold; none where all are meant.
    filter: Vec<(String, Value)>,
}

impl Query {
    fn read(request: &RawRequest, expandable: &[&str]) -> Result<Query, Reply> {
        let mut query = Query::default();
        for (name, text) in form_urlencoded::parse(request.query().as_bytes()) {
            let wrong = || refused(400, "", "The query specified in the URI is not valid.");
            match &*name {
                "$top" => query.top = Some(text.parse().map_err(|_| wrong())?),
                "$skip" => query.skip = text.parse().map_err(|_| wrong())?,
                "$count" => query.is_counted = text.parse().map_err(|_| wrong())?,
                "$orderby" => query.order = text.into_owned(),
                "$select" => query.select = text.split(',').map(str::to_owned).collect(),
                "$expand" if expandable.contains(&&*text) => query.expand.push(text.into_owned()),
                "$filter" => query.filter = comparisons(&text).ok_or_else(wrong)?,
                _ => return Err(wrong()),
            }
        }
        Ok(query)
    }

    /// Returns true if one of the comparisons holds; an unknown property is refused.
    fn takes<'v>(
        &self,
        value: impl Fn(&str) -> Option<&'v Value>,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<bool, Reply> {
        if let Some((strange, _)) = self.filter.iter().find(|(name, _)| !is_known(name)) {
            let why = format!("Could not find a property named '{strange}'.");
            return Err(refused(400, "", &why));
        }
        let mut each = self.filter.iter();
        Ok(self.filter.is_empty() || each.any(|(name, text)| value(name) == Some(text)))
    }

    /// The selected properties; an unknown one is refused.
    fn selected(&self, item: &Value) -> Result<Value, Reply> {
        if self.select.is_empty() {
            return Ok(item.clone());
        }
        let mut selected = Map::new();
        for name in &self.select {
            let Some(value) = item.get(name) else {
                let why = format!("Could not find a property named '{name}'.");
                return Err(refused(400, "", &why));
            };
            selected.insert(name.clone(), value.clone());
        }
        Ok(Value::Object(selected))
    }

    /// One page of those that were found.
    fn page<T>(&self, found: &[T], shown: impl Fn(&T) -> Result<Value, Reply>) -> Answered {
        let mut answer = json!({ "@odata.context": "https://pbx.example.com/xapi/v1/$metadata" });
        if self.is_counted {
            answer["@odata.count"] = found.len().into();
        }
        let page = found.iter().skip(self.skip);
        let page = page.take(self.top.unwrap_or(usize::MAX)).map(shown);
        answer["value"] = page.collect::<Result<Vec<Value>, Reply>>()?.into();
        Ok(Reply::new(200, "application/json", answer.to_string()))
    }
}

/// The comparisons of a filter that are joined by `or`; `None` where it is not understood, or is too long.
fn comparisons(filter: &str) -> Option<Vec<(String, Value)>> {
    let mut rest = filter;
    let mut all = vec![];
    loop {
        let (name, after) = rest.split_once(" eq ")?;
        let (value, after) = literal(after)?;
        all.push((name.to_owned(), value));
        if all.len() * 4 > FILTER_NODES_MAX {
            return None;
        }
        if after.is_empty() {
            return Some(all);
        }
        rest = after.strip_prefix(" or ")?;
    }
}

/// A text in single quotes, in which a doubled one is one, or a word; and what follows it.
fn literal(text: &str) -> Option<(Value, &str)> {
    let Some(quoted) = text.strip_prefix('\'') else {
        let end = text.find(' ').unwrap_or(text.len());
        let (word, after) = text.split_at_checked(end)?;
        return Some((word.parse::<bool>().ok()?.into(), after));
    };
    let mut value = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(further) => {
                value.push('\'');
                rest = further;
            }
            None => return Some((value.into(), after)),
        }
    }
}
