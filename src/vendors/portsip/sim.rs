//! A simulated PortSIP PBX. It parses for itself and keeps to the vendor's pages alone; where they are silent (most
//! error codes) it answers in words of its own, marked as inferred.
//!
//! It starts with two groups beside the default one, `Sales` and `Support`, because groups cannot be rehearsed without.

use crate::model::Secret;
use crate::vendors::Account;
use crate::wire::{Pbx, RawRequest, Reply};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use url::form_urlencoded;

const DEFAULT_GROUP: &str = "__DEFAULT_EXTENSION_GROUP__";
const WRONG_CREDENTIAL: u32 = 1_040_001;
const WRONG_DOMAIN: u32 = 1_050_005;
// Inferred: the list of codes is not published.
const WRONG_TOKEN: u32 = 1_040_002;
const WRONG_PARAMETER: u32 = 1_000_001;
const ALREADY_THERE: u32 = 1_060_001;
const NOT_THERE: u32 = 1_060_002;
const PROTECTED: u32 = 1_060_003;

/// The five objects of an extension, and the types of their parts. `s` text, `b` boolean, `i` whole number, `t` a time
/// of day.
const TYPES: [(&str, &[(&str, char)]); 8] = [
    (
        "profile",
        &[
            ("first_name", 's'),
            ("last_name", 's'),
            ("gender", 's'),
            ("email", 's'),
            ("mobile_phone", 's'),
            ("work_phone", 's'),
            ("home_phone", 's'),
            ("twitter", 's'),
            ("facebook", 's'),
            ("linkedin", 's'),
            ("instagram", 's'),
            ("description", 's'),
        ],
    ),
    (
        "options",
        &[
            ("enable_audio_record_calls", 'b'),
            ("enable_video_record_calls", 'b'),
            ("enable_extension", 'b'),
            ("outbound_caller_id", 's'),
        ],
    ),
    (
        "voice_mail",
        &[
            ("enable_voicemail", 'b'),
            ("prompt_language", 's'),
            ("enable_vm_pin_auth", 'b'),
            ("voicemail_pin", 's'),
            ("enable_play_caller_id", 'b'),
            ("msg_read_out_datetime", 's'),
        ],
    ),
    (
        "forward_rules.available",
        &[
            ("no_answer_timeval", 'i'),
            ("no_answer_action", 's'),
            ("no_answer_action_value", 's'),
            ("busy_action", 's'),
            ("busy_action_value", 's'),
        ],
    ),
    ("forward_rules.offline", BY_HOURS),
    ("forward_rules.dnd", BY_HOURS),
    ("forward_rules.away", BY_HOURS),
    (
        "office_hours",
        &[
            ("office_hours_mode", 's'),
            ("monday_from", 't'),
            ("monday_to", 't'),
            ("tuesday_from", 't'),
            ("tuesday_to", 't'),
            ("wednesday_from", 't'),
            ("wednesday_to", 't'),
            ("thursday_from", 't'),
            ("thursday_to", 't'),
            ("friday_from", 't'),
            ("friday_to", 't'),
            ("saturday_from", 't'),
            ("saturday_to", 't'),
            ("sunday_from", 't'),
            ("sunday_to", 't'),
        ],
    ),
];

const BY_HOURS: &[(&str, char)] = &[
    ("office_hours_action", 's'),
    ("office_hours_action_value", 's'),
    ("outside_office_hours_action", 's'),
    ("outside_office_hours_action_value", 's'),
];

const OBJECTS: [&str; 5] = [
    "profile",
    "options",
    "forward_rules",
    "office_hours",
    "voice_mail",
];

/// A fresh PBX with one account.
pub fn pbx(account: &Account) -> Box<dyn Pbx> {
    Box::new(PortSipSim {
        username: account.username.clone(),
        password: account.password.clone(),
        groups: BTreeMap::from([
            (DEFAULT_GROUP.to_owned(), group(DEFAULT_GROUP)),
            (
                "5E7B5E37-4008-429C-85D3-183DD4D4A9D9".to_owned(),
                group("Sales"),
            ),
            ("12".to_owned(), group("Support")),
        ]),
        ..PortSipSim::default()
    })
}

/// Creates a PBX with one account, seen through its groups: it starts with none but the default one, and with the
/// extensions 2001 to 2020 to be put into groups.
pub(crate) fn pbx_of_groups(account: &Account) -> Box<dyn Pbx> {
    let extension = |number: u32| {
        let object = settings(&json!({
            "extension_number": number.to_string(),
            "profile": {}, "options": {}, "forward_rules": {}, "office_hours": {}, "voice_mail": {},
        }));
        let greetings = vec![];
        (number.to_string(), SimRecord { object, greetings })
    };
    let extensions: BTreeMap<String, SimRecord> = (2001..=2020).map(extension).collect();
    let mut all = group(DEFAULT_GROUP);
    all.members = extensions.keys().cloned().collect();
    Box::new(ByGroups(PortSipSim {
        username: account.username.clone(),
        password: account.password.clone(),
        groups: BTreeMap::from([(DEFAULT_GROUP.to_owned(), all)]),
        extensions,
        ..PortSipSim::default()
    }))
}

fn group(name: &str) -> Group {
    Group {
        settings: settings(&json!({
            "group_name": name,
            "group_description": "",
            "enable_intercom": true,
            "enable_external_call": true,
            "enable_management_console_access": false,
        })),
        members: vec![],
    }
}

/// The same PBX, seen through the names of its groups.
struct ByGroups(PortSipSim);

impl Pbx for ByGroups {
    fn answer(&mut self, request: &RawRequest) -> Reply {
        self.0.answer(request)
    }

    fn expire_sessions(&mut self) {
        self.0.expire_sessions();
    }

    fn numbers(&self) -> Vec<String> {
        let groups = self.0.groups.iter();
        let mut names: Vec<String> = groups
            .filter(|(id, _)| *id != DEFAULT_GROUP)
            .filter_map(|(_, group)| text(&group.settings, "group_name"))
            .collect();
        names.sort();
        names
    }

    fn stored(&self, name: &str, property: &str) -> Option<String> {
        let mut groups = self.0.groups.values();
        let group =
            groups.find(|group| text(&group.settings, "group_name").as_deref() == Some(name))?;
        match property {
            "members" => Some(group.members.join(";")),
            _ => match group.settings.get(property)? {
                Value::String(text) => Some(text.clone()),
                value => Some(value.to_string()),
            },
        }
    }

    fn created(&self, name: &str) -> u32 {
        let times = self.0.groups_created.get(name);
        times.copied().unwrap_or_default()
    }

    fn sign_ins(&self) -> u32 {
        self.0.sign_ins
    }
}

#[derive(Default)]
struct PortSipSim {
    username: String,
    password: Secret,
    tokens: BTreeSet<String>,
    tokens_given: u32,
    sign_ins: u32,
    groups_made: u32,
    extensions: BTreeMap<String, SimRecord>,
    groups: BTreeMap<String, Group>,
    created: BTreeMap<String, u32>,
    groups_created: BTreeMap<String, u32>,
}

struct SimRecord {
    object: Map<String, Value>,
    greetings: Vec<(String, bool)>,
}

struct Group {
    settings: Map<String, Value>,
    members: Vec<String>,
}

/// A request as it was understood.
struct ParsedRequest {
    query: BTreeMap<String, String>,
    body: Map<String, Value>,
}

struct PortSipRefusal {
    status: u16,
    code: u32,
    words: String,
}

type Yes = Option<Value>;

fn no<T>(status: u16, code: u32, words: impl Into<String>) -> Result<T, PortSipRefusal> {
    Err(PortSipRefusal {
        status,
        code,
        words: words.into(),
    })
}

fn bad<T>(words: impl Into<String>) -> Result<T, PortSipRefusal> {
    no(400, WRONG_PARAMETER, words)
}

impl Pbx for PortSipSim {
    fn answer(&mut self, request: &RawRequest) -> Reply {
        let answered = understood(request).and_then(|asked| self.route(request, &asked));
        let (status, body) = match answered {
            Ok(None) => return Reply::new(200, "application/json", ""),
            Ok(Some(value)) => (200, value),
            Err(no) => (no.status, json!({ "err_code": no.code, "msg": no.words })),
        };
        Reply::new(status, "application/json", body.to_string())
    }

    fn expire_sessions(&mut self) {
        self.tokens.clear();
    }

    fn numbers(&self) -> Vec<String> {
        self.extensions.keys().cloned().collect()
    }

    fn stored(&self, number: &str, name: &str) -> Option<String> {
        let extension = self.extensions.get(number)?;
        match name {
            "belong_groups" => {
                let names = self.groups.iter().filter_map(|(id, group)| {
                    let is_in = id != DEFAULT_GROUP && group.members.iter().any(|m| m == number);
                    is_in.then(|| text(&group.settings, "group_name")).flatten()
                });
                Some(names.collect::<Vec<_>>().join(";"))
            }
            "greeting_file" => {
                let used = extension.greetings.iter().find(|(_, enabled)| *enabled);
                Some(used.map_or_else(String::new, |(name, _)| name.clone()))
            }
            _ => {
                let (first, rest) = name.split_once('.').unwrap_or((name, ""));
                let mut value = extension.object.get(first)?;
                for part in rest.split('.').filter(|part| !part.is_empty()) {
                    value = value.get(part)?;
                }
                match value {
                    Value::String(text) => Some(text.clone()),
                    Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
                    _ => None,
                }
            }
        }
    }

    fn created(&self, number: &str) -> u32 {
        self.created.get(number).copied().unwrap_or_default()
    }

    fn sign_ins(&self) -> u32 {
        self.sign_ins
    }
}

fn understood(request: &RawRequest) -> Result<ParsedRequest, PortSipRefusal> {
    let query = form_urlencoded::parse(request.query().as_bytes())
        .into_owned()
        .collect();
    let body = match request.body.as_slice() {
        [] => Map::new(),
        bytes => match serde_json::from_slice(bytes) {
            Ok(Value::Object(body)) => body,
            _ => return bad("the body is no JSON object"),
        },
    };
    Ok(ParsedRequest { query, body })
}

impl PortSipSim {
    fn route(
        &mut self,
        request: &RawRequest,
        asked: &ParsedRequest,
    ) -> Result<Yes, PortSipRefusal> {
        let route = (request.method.as_str(), request.path());
        if route == ("POST", "/api/account/credentials/verify") {
            return self.sign_in(asked);
        }
        let token = self.token(request, asked)?;
        match route {
            ("POST", "/api/account/token/refresh") => Ok(Some(session(&token))),
            ("POST", "/api/account/sign_out") => {
                self.tokens.remove(&token);
                Ok(None)
            }
            ("GET", "/api/extensions/list") => self.list(asked, ""),
            ("GET", "/api/extensions/search") => self.list(asked, &asked.in_query("condition")?),
            ("GET", "/api/extensions/show") => self.show(&asked.in_query("extension_number")?),
            ("POST", "/api/extensions/status") => self.status(asked),
            ("POST", "/api/extensions/create") => self.create(asked),
            ("POST", "/api/extensions/update") => self.update(asked),
            ("POST", "/api/extensions/destroy") => self.destroy(asked),
            ("GET", "/api/extensions/group/list") => self.group_list(asked),
            ("GET", "/api/extensions/group/show") => self.group_show(asked),
            ("POST", "/api/extensions/group/create") => self.group_create(asked),
            ("POST", "/api/extensions/group/update") => self.group_update(asked),
            ("POST", "/api/extensions/group/destroy") => self.group_destroy(asked),
            ("GET", "/api/extensions/greeting_file/list") => self.greeting_list(asked),
            ("POST", "/api/extensions/greeting_file/create") => self.greeting_create(asked),
            ("POST", "/api/extensions/greeting_file/update") => self.greeting_update(asked),
            ("POST", "/api/extensions/greeting_file/destroy") => self.greeting_destroy(asked),
            _ => no(404, NOT_THERE, "there is no such request"),
        }
    }

    fn sign_in(&mut self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        self.sign_ins += 1;
        let name = asked.text("username")?;
        let domain = |name: &str| name.split_once('@').map(|(_, domain)| domain.to_owned());
        if domain(&name) != domain(&self.username) {
            return no(400, WRONG_DOMAIN, "domain error");
        }
        if name != self.username || self.password != *asked.text("password")? {
            return no(400, WRONG_CREDENTIAL, "wrong name, domain or password");
        }
        self.tokens_given += 1;
        let token = format!("{:032X}", 0x196A_CE20_u64 + u64::from(self.tokens_given));
        self.tokens.insert(token.clone());
        Ok(Some(session(&token)))
    }

    fn token(&self, request: &RawRequest, asked: &ParsedRequest) -> Result<String, PortSipRefusal> {
        let in_body = asked.body.get("access_token").and_then(Value::as_str);
        let mut places = [
            request.header("access_token"),
            asked.query.get("access_token").map(String::as_str),
            in_body,
        ]
        .into_iter()
        .flatten();
        match places.next() {
            Some(token) if self.tokens.contains(token) && places.all(|other| other == token) => {
                Ok(token.to_owned())
            }
            // Inferred: a status of its own is printed on no page.
            _ => no(401, WRONG_TOKEN, "the access token is not valid"),
        }
    }

    fn list(&self, asked: &ParsedRequest, condition: &str) -> Result<Yes, PortSipRefusal> {
        let rows = self.extensions.iter().filter(|(number, extension)| {
            let profile = extension.object.get("profile").and_then(Value::as_object);
            let of = |name| profile.and_then(|profile| text(profile, name));
            number.contains(condition)
                || ["first_name", "last_name", "email"]
                    .iter()
                    .filter_map(|name| of(name))
                    .any(|text| text.contains(condition))
        });
        let rows = rows.map(|(number, extension)| {
            let profile = extension.object.get("profile").and_then(Value::as_object);
            let of = |name| {
                profile
                    .and_then(|profile| text(profile, name))
                    .unwrap_or_default()
            };
            json!({
                "extension_number": number,
                "first_name": of("first_name"),
                "last_name": of("last_name"),
                "email": of("email"),
                "status": "OFFLINE",
                "user_agent": "",
                "phone_mac_address": "",
                "phone_model": "",
            })
        });
        asked.page("extensions", rows.collect()).map(Some)
    }

    fn show(&self, number: &str) -> Result<Yes, PortSipRefusal> {
        let mut object = self.extension(number)?.object.clone();
        let ids = self
            .groups
            .iter()
            .filter(|(_, group)| group.members.iter().any(|m| m == number));
        let ids: Vec<Value> = ids.map(|(id, _)| id.as_str().into()).collect();
        object.insert("belong_groups".into(), ids.into());
        Ok(Some(Value::Object(object)))
    }

    fn status(&self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let Some(Value::Array(numbers)) = asked.body.get("extensions") else {
            return bad("extensions must be an array");
        };
        let mut all = vec![];
        for number in numbers {
            let number = number.as_str().unwrap_or_default();
            self.extension(number)?;
            all.push(json!({ "extension_number": number, "status": "OFFLINE", "user_agent": "" }));
        }
        Ok(Some(json!({ "extension_status": all })))
    }

    fn create(&mut self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let number = asked.text("extension_number")?;
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return bad("extension_number must consist of digits or letters");
        }
        let mut object = Map::new();
        for name in ["extension_number", "password", "web_access_password"] {
            let text = asked.text(name)?;
            if text.is_empty() {
                return bad(format!("{name} is required"));
            }
            object.insert(name.to_owned(), text.into());
        }
        for name in OBJECTS {
            let given = asked.body.get(name).cloned();
            object.insert(name.to_owned(), given.unwrap_or_else(|| json!({})));
        }
        if let Some(Value::Object(options)) = object.get_mut("options") {
            options.entry("enable_extension").or_insert(true.into());
        }
        asked.only(&[
            "extension_number",
            "password",
            "web_access_password",
            "profile",
            "options",
            "forward_rules",
            "office_hours",
            "voice_mail",
        ])?;
        self.check_rules(&number, &object)?;
        if self.extensions.contains_key(&number) {
            return no(400, ALREADY_THERE, "the extension number exists");
        }
        *self.created.entry(number.clone()).or_default() += 1;
        if let Some(group) = self.groups.get_mut(DEFAULT_GROUP) {
            group.members.push(number.clone());
        }
        let greetings = vec![];
        self.extensions
            .insert(number, SimRecord { object, greetings });
        Ok(None)
    }

    fn update(&mut self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let number = asked.text("extension_number")?;
        self.extension(&number)?;
        asked.only(&[
            "extension_number",
            "profile",
            "options",
            "forward_rules",
            "office_hours",
            "voice_mail",
        ])?;
        let mut replaced = Map::new();
        for name in OBJECTS {
            let Some(object) = asked.body.get(name) else {
                return bad(format!("{name} is required"));
            };
            replaced.insert(name.to_owned(), object.clone());
        }
        self.check_rules(&number, &replaced)?;
        if let Some(extension) = self.extensions.get_mut(&number) {
            extension.object.extend(replaced);
        }
        Ok(None)
    }

    fn check_rules(&self, number: &str, object: &Map<String, Value>) -> Result<(), PortSipRefusal> {
        for (path, types) in TYPES {
            let (name, inner) = path.split_once('.').unwrap_or((path, ""));
            let Some(value) = object.get(name).filter(|value| value.is_object()) else {
                return bad(format!("{name} must be an object"));
            };
            let value = if inner.is_empty() {
                value
            } else {
                match value.get(inner) {
                    None => continue,
                    Some(value) if value.is_object() => value,
                    Some(_) => return bad(format!("{path} must be an object")),
                }
            };
            for (name, kind) in types {
                if !value.get(*name).is_none_or(|value| fits(value, *kind)) {
                    return bad(format!("{path}.{name} has the wrong type"));
                }
            }
        }
        let at = |path: &[&str]| {
            let (first, rest) = path.split_first()?;
            rest.iter()
                .try_fold(object.get(*first)?, |value, name| value.get(name))
        };
        let is_on = |name| at(&["voice_mail", name]) == Some(&Value::Bool(true));
        let to_voicemail = object
            .get("forward_rules")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(|rules| rules.values().filter_map(Value::as_object))
            .flat_map(|rule| rule.values())
            .any(|action| {
                matches!(
                    action.as_str(),
                    Some("CONNECT_TO_VOICE_MAIL" | "CONNECT_TO_VOICE")
                )
            });
        if to_voicemail && !is_on("enable_voicemail") {
            return bad("a rule sends calls to voicemail, which is off");
        }
        let pin = at(&["voice_mail", "voicemail_pin"]).and_then(Value::as_str);
        if is_on("enable_vm_pin_auth") && pin.unwrap_or_default().is_empty() {
            return bad("voicemail_pin is required");
        }
        let email = |object: &Map<String, Value>| {
            let profile = object.get("profile")?.as_object()?;
            text(profile, "email").filter(|email| !email.is_empty())
        };
        let wanted = email(object);
        let taken = |(other, extension): (&String, &SimRecord)| {
            other != number && email(&extension.object).is_some_and(|email| Some(email) == wanted)
        };
        if wanted.is_some() && self.extensions.iter().any(taken) {
            return no(400, ALREADY_THERE, "the e-mail address is in use");
        }
        Ok(())
    }

    fn destroy(&mut self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let number = asked.text("extension_number")?;
        self.extension(&number)?;
        self.extensions.remove(&number);
        for group in self.groups.values_mut() {
            group.members.retain(|member| *member != number);
        }
        Ok(None)
    }

    fn group_list(&self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let rows = self.groups.iter().map(|(id, group)| {
            json!({
                "group_id": id,
                "group_name": text(&group.settings, "group_name"),
                "members_count": group.members.len(),
            })
        });
        asked.page("groups", rows.collect()).map(Some)
    }

    /// Answers as the page's sample, without the group's id.
    fn group_show(&self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let id = asked.in_query("group_id")?;
        let Some(group) = self.groups.get(&id) else {
            return no(404, NOT_THERE, "there is no such group");
        };
        let mut shown = group.settings.clone();
        shown.insert("members".into(), group.members.clone().into());
        Ok(Some(Value::Object(shown)))
    }

    fn group_create(&mut self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let group = self.group(asked)?;
        let name = text(&group.settings, "group_name").unwrap_or_default();
        self.groups_made += 1;
        *self.groups_created.entry(name.clone()).or_default() += 1;
        let id = format!("{}", 100 + self.groups_made);
        self.groups.insert(id.clone(), group);
        Ok(Some(json!({ "group_id": id, "group_name": name })))
    }

    fn group_update(&mut self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let id = asked.group_id(self)?;
        let group = self.group(asked)?;
        self.groups.insert(id, group);
        Ok(None)
    }

    fn group_destroy(&mut self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let id = asked.group_id(self)?;
        self.groups.remove(&id);
        Ok(None)
    }

    fn group(&self, asked: &ParsedRequest) -> Result<Group, PortSipRefusal> {
        if asked.text("group_name")?.is_empty() {
            return bad("group_name is required");
        }
        for name in [
            "enable_intercom",
            "enable_external_call",
            "enable_management_console_access",
        ] {
            if !asked.body.get(name).is_some_and(Value::is_boolean) {
                return bad(format!("{name} must be a boolean"));
            }
        }
        let mut members = vec![];
        match asked.body.get("members") {
            None => {}
            Some(Value::Array(numbers)) => {
                for number in numbers {
                    let Some(number) = number.as_str() else {
                        return bad("members must be texts");
                    };
                    self.extension(number)?;
                    members.push(number.to_owned());
                }
            }
            Some(_) => return bad("members must be an array"),
        }
        let mut settings = asked.body.clone();
        for name in ["access_token", "group_id", "members"] {
            settings.remove(name);
        }
        Ok(Group { settings, members })
    }

    fn greeting_list(&self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let extension = self.extension(&asked.in_query("extension_number")?)?;
        let rows = extension.greetings.iter();
        let rows = rows.map(|(name, enabled)| json!({ "filename": name, "enabled": enabled }));
        let mut page = asked.page("files", rows.collect())?;
        if let Some(page) = page.as_object_mut() {
            page.insert("default_file".into(), "default.wav".into());
        }
        Ok(Some(page))
    }

    fn greeting_create(&mut self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let url = asked.text("url")?;
        let last = url.rsplit('/').next().unwrap_or_default().to_owned();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return bad("url must be an address");
        }
        let name = asked.text("filename").unwrap_or(last);
        if name.is_empty() {
            return bad("filename is required");
        }
        let greetings = self.greetings(asked)?;
        if !greetings.iter().any(|(known, _)| *known == name) {
            greetings.push((name, false));
        }
        Ok(None)
    }

    fn greeting_update(&mut self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let name = asked.text("filename")?;
        let greetings = self.greetings(asked)?;
        if !greetings.iter().any(|(known, _)| *known == name) {
            return no(404, NOT_THERE, "there is no such file");
        }
        for (known, enabled) in greetings {
            *enabled = *known == name;
        }
        Ok(None)
    }

    fn greeting_destroy(&mut self, asked: &ParsedRequest) -> Result<Yes, PortSipRefusal> {
        let name = asked.text("filename")?;
        let greetings = self.greetings(asked)?;
        let before = greetings.len();
        greetings.retain(|(known, _)| *known != name);
        if greetings.len() == before {
            return no(404, NOT_THERE, "there is no such file");
        }
        Ok(None)
    }

    fn greetings(
        &mut self,
        asked: &ParsedRequest,
    ) -> Result<&mut Vec<(String, bool)>, PortSipRefusal> {
        let number = asked.text("extension_number")?;
        match self.extensions.get_mut(&number) {
            Some(extension) => Ok(&mut extension.greetings),
            None => no(404, NOT_THERE, "there is no such extension"),
        }
    }

    fn extension(&self, number: &str) -> Result<&SimRecord, PortSipRefusal> {
        match self.extensions.get(number) {
            Some(extension) => Ok(extension),
            None => no(404, NOT_THERE, "there is no such extension"),
        }
    }
}

impl ParsedRequest {
    fn in_query(&self, name: &str) -> Result<String, PortSipRefusal> {
        match self.query.get(name) {
            Some(text) if !text.is_empty() => Ok(text.clone()),
            _ => bad(format!("{name} is required")),
        }
    }

    fn text(&self, name: &str) -> Result<String, PortSipRefusal> {
        match self.body.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(_) => bad(format!("{name} must be a text")),
            None => bad(format!("{name} is required")),
        }
    }

    fn only(&self, names: &[&str]) -> Result<(), PortSipRefusal> {
        let known = |name: &&String| *name == "access_token" || names.contains(&name.as_str());
        match self.body.keys().find(|name| !known(name)) {
            Some(name) => bad(format!("{name} is not known here")),
            None => Ok(()),
        }
    }

    fn group_id(&self, sim: &PortSipSim) -> Result<String, PortSipRefusal> {
        let id = self.text("group_id")?;
        if id == DEFAULT_GROUP {
            return no(
                400,
                PROTECTED,
                "the default group cannot be changed or removed",
            );
        }
        if !sim.groups.contains_key(&id) {
            return no(404, NOT_THERE, "there is no such group");
        }
        Ok(id)
    }

    /// Returns one page. As on the vendor's page, `count` is the size of the page and not that of the list.
    fn page(&self, name: &str, all: Vec<Value>) -> Result<Value, PortSipRefusal> {
        let count = |name: &str, otherwise: Option<usize>| match self.query.get(name) {
            None => otherwise,
            Some(text) => text.parse().ok(),
        };
        let Some(page) = count("pagination", None).filter(|page| *page > 0) else {
            return bad("pagination must be a page's number");
        };
        let Some(size) = count("pagesize", Some(100)).filter(|size| (1..=100).contains(size))
        else {
            return bad("pagesize must be 1 to 100");
        };
        let sort_by = self.query.get("sort_by").map_or("DEFAULT", String::as_str);
        if sort_by != "DEFAULT" {
            return bad("sort_by must be DEFAULT");
        }
        let pages = all.len().div_ceil(size).max(1);
        let shown: Vec<Value> = all
            .into_iter()
            .skip((page - 1).saturating_mul(size))
            .take(size)
            .collect();
        let mut reply = settings(&json!({
            "pagination": page,
            "pagesize": size,
            "sort_by": sort_by,
            "page_count": pages,
            "count": size,
        }));
        reply.insert(name.to_owned(), shown.into());
        Ok(Value::Object(reply))
    }
}

fn session(token: &str) -> Value {
    json!({
        "access_token": token,
        "expires": 600,
        "role": "administrator",
        "api_version": "2.0.0",
    })
}

fn settings(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn fits(value: &Value, kind: char) -> bool {
    match kind {
        'b' => value.is_boolean(),
        'i' => value.is_u64(),
        't' => value.as_str().is_some_and(|text| {
            text.is_empty()
                || text.split_once(':').is_some_and(|(hours, minutes)| {
                    let below = |part: &str, limit: u8| {
                        part.len() == 2 && part.parse::<u8>().is_ok_and(|n| n < limit)
                    };
                    below(hours, 24) && below(minutes, 60)
                })
        }),
        _ => value.is_string(),
    }
}
