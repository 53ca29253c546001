//! An Ozeki Phone System that exists only in this process.
//!
//! Answers as the vendor's pages print it: HTTP 200 in every case, GetConfig without Username, a reply to GetConfig
//! that is shaped differently from all others, and an error text that repeats the request. Not printed on any page, and
//! therefore inferred: the XML of ListExtensionTypes, that an empty element is refused, and code 300 for another path.

use crate::model::Secret;
use crate::vendors::Account;
use crate::wire::xml::{self, Element};
use crate::wire::{Pbx, RawRequest, Reply};
use std::collections::BTreeMap;
use url::form_urlencoded;

/// The types of extensions that it has.
const TYPES: [&str; 2] = ["SIP", "API"];

/// The elements that a SIP extension's configuration must contain.
const DEMANDED: [&str; 6] = [
    "AuthorizationName",
    "Password",
    "Username",
    "Enabled",
    "ID",
    "UserID",
];

/// Commands that need a call or a message, of which there is none here.
const ELSEWHERE: [&str; 13] = [
    "Call",
    "Forward",
    "Hold",
    "Unhold",
    "BlindTransfer",
    "AttendedTransfer",
    "SendDTMF",
    "Play",
    "Speak",
    "SendSMS",
    "Hangup",
    "SendEmail",
    "Record",
];

/// Creates an Ozeki Phone System without extensions. Where the account has a user name, its HTTP API asks for that
/// office user; else it admits everyone.
pub fn pbx(account: &Account) -> Box<dyn Pbx> {
    Box::new(OzekiSim {
        office_user: (!account.username.is_empty())
            .then(|| (account.username.clone(), account.password.clone())),
        extensions: BTreeMap::new(),
        created: BTreeMap::new(),
        sign_ins: 0,
    })
}

struct OzekiSim {
    office_user: Option<(String, Secret)>,
    extensions: BTreeMap<String, StoredExtension>,
    created: BTreeMap<String, u32>,
    sign_ins: u32,
}

struct StoredExtension {
    kind: String,
    config: Element,
}

/// A code of the status page with its text.
struct OzekiRefusal(u16, String);

impl OzekiRefusal {
    fn parse(message: &str) -> OzekiRefusal {
        OzekiRefusal(
            300,
            format!("Error occured during parsing message: '{message}'"),
        )
    }

    fn parameter(name: &str, command: &str) -> OzekiRefusal {
        OzekiRefusal(
            302,
            format!("Missing or invalid parameter '{name}' for command '{command}'"),
        )
    }

    fn invalid(kind: &str) -> OzekiRefusal {
        OzekiRefusal(702, format!("Invalid configuration for type '{kind}'"))
    }

    fn exists() -> OzekiRefusal {
        OzekiRefusal(703, "Extension configuration already exists".into())
    }

    fn not_found(kind: &str) -> OzekiRefusal {
        OzekiRefusal(701, format!("Configuration for type '{kind}' not found"))
    }
}

/// The content of a reply beside code and message.
enum ReplyContent {
    Nothing,
    Behind(Element),
    Config(Element),
}

impl Pbx for OzekiSim {
    fn answer(&mut self, request: &RawRequest) -> Reply {
        let body = match self.dispatch(request) {
            Ok(ReplyContent::Config(config)) => format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Response>{}{}</Response>",
                written(&config),
                status_message(200, "Command successfully executed")
            ),
            Ok(ReplyContent::Behind(content)) => document(
                &status_message(200, "Command successfully executed"),
                &written(&content),
            ),
            Ok(ReplyContent::Nothing) => {
                document(&status_message(200, "Command successfully executed"), "")
            }
            Err(OzekiRefusal(code, message)) => document(&status_message(code, &message), ""),
        };
        Reply::new(200, "application/xml", body)
    }

    /// Does nothing: there are no sessions to expire.
    fn expire_sessions(&mut self) {}

    fn numbers(&self) -> Vec<String> {
        self.extensions.keys().cloned().collect()
    }

    fn stored(&self, number: &str, name: &str) -> Option<String> {
        let stored = self.extensions.get(number)?;
        match name {
            "Type" => Some(stored.kind.clone()),
            _ => stored.config.child_text(name).map(str::to_owned),
        }
    }

    fn created(&self, number: &str) -> u32 {
        self.created.get(number).copied().unwrap_or_default()
    }

    /// Counts the first requests of clients, for the list of types, since there is no sign-in.
    fn sign_ins(&self) -> u32 {
        self.sign_ins
    }
}

impl OzekiSim {
    fn dispatch(&mut self, request: &RawRequest) -> Result<ReplyContent, OzekiRefusal> {
        let parameters = parameters(request)?;
        let asked = |name: &str| {
            parameters
                .get(name)
                .filter(|text| !text.is_empty())
                .cloned()
        };
        let command = asked("command").unwrap_or_default();
        if command == "ListExtensionTypes" {
            self.sign_ins += 1;
        }
        self.check_account(&parameters)?;
        let needed =
            |name: &str| asked(name).ok_or_else(|| OzekiRefusal::parameter(name, &command));
        match command.as_str() {
            "ListExtensionTypes" => Ok(ReplyContent::Behind(types())),
            "ListExtensions" => Ok(ReplyContent::Behind(self.list())),
            "GetConfig" => self.get(&needed("ExtensionId")?),
            "RemoveConfig" => self.remove(&needed("ExtensionId")?),
            "AddConfig" | "ModifyConfig" => {
                let kind = needed("ExtensionType")?;
                if !TYPES.contains(&kind.as_str()) {
                    return Err(OzekiRefusal::parameter("ExtensionType", &command));
                }
                let config = understood(&needed("ConfigXML")?)
                    .ok_or_else(|| OzekiRefusal::invalid(&kind))?;
                let id = examined(&config, &kind).ok_or_else(|| OzekiRefusal::invalid(&kind))?;
                if command == "AddConfig" {
                    self.add(kind, id, config)
                } else {
                    self.modify(&kind, &id, config)
                }
            }
            "" => Err(OzekiRefusal::parameter("command", "")),
            other if ELSEWHERE.contains(&other) => Err(OzekiRefusal(
                303,
                format!("Command '{other}' cannot be used here"),
            )),
            other => Err(OzekiRefusal(
                301,
                format!("Not implemented command: '{other}'"),
            )),
        }
    }

    fn check_account(&self, parameters: &BTreeMap<String, String>) -> Result<(), OzekiRefusal> {
        let Some((username, password)) = &self.office_user else {
            return Ok(());
        };
        match (parameters.get("Username"), parameters.get("Password")) {
            (Some(user), Some(pass)) if user == username && *password == **pass => Ok(()),
            (Some(_), Some(_)) => Err(OzekiRefusal(
                305,
                "Authentication failed, bad username or password".into(),
            )),
            _ => Err(OzekiRefusal(304, "Authentication required".into())),
        }
    }

    fn list(&self) -> Element {
        let mut extensions = Element::new("Extensions");
        for (id, stored) in &self.extensions {
            let summary = Element::new("ExtensionSummary")
                .with_text("Id", id)
                .with_text("Type", &stored.kind);
            extensions.children.push(summary);
        }
        extensions
    }

    fn get(&self, id: &str) -> Result<ReplyContent, OzekiRefusal> {
        let stored = self
            .extensions
            .get(id)
            .ok_or_else(|| OzekiRefusal::not_found(id))?;
        let mut config = stored.config.clone();
        config.children.retain(|child| child.name != "Username");
        // No phone ever registers here.
        for name in ["LastIPAddress", "UserAgentName"] {
            if stored.kind == "SIP" && config.child(name).is_none() {
                config.children.push(Element::new(name));
            }
        }
        Ok(ReplyContent::Config(config))
    }

    fn remove(&mut self, id: &str) -> Result<ReplyContent, OzekiRefusal> {
        let removed = self.extensions.remove(id);
        removed
            .map(|_| ReplyContent::Nothing)
            .ok_or_else(|| OzekiRefusal::not_found(id))
    }

    fn add(
        &mut self,
        kind: String,
        id: String,
        config: Element,
    ) -> Result<ReplyContent, OzekiRefusal> {
        if self.extensions.contains_key(&id) {
            return Err(OzekiRefusal::exists());
        }
        *self.created.entry(id.clone()).or_default() += 1;
        self.extensions.insert(id, StoredExtension { kind, config });
        Ok(ReplyContent::Nothing)
    }

    /// Changes a configuration. Of the codes that ModifyConfig's page lists, 703 is the only one left for an ID that
    /// does not exist.
    fn modify(
        &mut self,
        kind: &str,
        id: &str,
        config: Element,
    ) -> Result<ReplyContent, OzekiRefusal> {
        let stored = self
            .extensions
            .get_mut(id)
            .ok_or_else(OzekiRefusal::exists)?;
        if stored.kind != kind {
            return Err(OzekiRefusal::invalid(kind));
        }
        stored.config = config;
        Ok(ReplyContent::Nothing)
    }
}

/// The parameters of a GET's query or of a POST's form, each at most once.
fn parameters(request: &RawRequest) -> Result<BTreeMap<String, String>, OzekiRefusal> {
    let is_form = request.header("content-type").is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    let text = match request.method.as_str() {
        "GET" => request.query(),
        "POST" if is_form => {
            std::str::from_utf8(&request.body).map_err(|_| OzekiRefusal::parse(""))?
        }
        _ => return Err(OzekiRefusal::parse(&request.method)),
    };
    if request.path() != "/" || !text.is_ascii() || !escapes_are_whole(text) {
        return Err(OzekiRefusal::parse(text));
    }
    let mut parameters = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        // Bytes that are no UTF-8 arrive as U+FFFD.
        let broken = value.contains('\u{FFFD}');
        if broken
            || parameters
                .insert(name.into_owned(), value.into_owned())
                .is_some()
        {
            return Err(OzekiRefusal::parse(text));
        }
    }
    Ok(parameters)
}

/// Returns true if each `%` is followed by two hexadecimal digits.
fn escapes_are_whole(text: &str) -> bool {
    let is_hex = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    text.split('%')
        .skip(1)
        .all(|rest| is_hex(rest.as_bytes().first()) && is_hex(rest.as_bytes().get(1)))
}

/// Reads ConfigXML in one of its two forms: as XML, or as XML whose markup was escaped once more as the vendor's sample
/// shows.
fn understood(text: &str) -> Option<Element> {
    if text.starts_with("<Config") {
        return xml::parse(text.as_bytes()).ok();
    }
    if text.starts_with("&lt;Config") {
        // The ampersand last, or `&amp;lt;` would lose two layers.
        let once = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
        return xml::parse(once.as_bytes()).ok();
    }
    None
}

/// Returns the ID of a configuration that has everything that its type demands, everything once and nothing empty.
fn examined(config: &Element, kind: &str) -> Option<String> {
    let known_type = format!("{kind}ExtensionInfo");
    let has_type = config
        .attributes
        .iter()
        .any(|(name, value)| name == "knownType" && *value == known_type);
    let demanded: &[&str] = if kind == "SIP" { &DEMANDED } else { &["ID"] };
    let given_once = |name: &&str| {
        let mut same = config.children.iter().filter(|child| child.name == *name);
        same.next().is_some_and(|child| !child.text.is_empty()) && same.next().is_none()
    };
    let enabled = config.child_text("Enabled").unwrap_or("true");
    let is_whole = config.name == "Config"
        && has_type
        && demanded.iter().all(given_once)
        && ["true", "false"].contains(&enabled);
    is_whole.then(|| config.child_text("ID").unwrap_or_default().to_owned())
}

fn types() -> Element {
    TYPES
        .iter()
        .fold(Element::new("ExtensionTypes"), |types, kind| {
            types.with_text("ExtensionType", *kind)
        })
}

fn document(extra: &str, content: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\r\n<Response xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">{extra}{content}</Response>"
    )
}

fn status_message(code: u16, message: &str) -> String {
    format!("<Code>{code}</Code><Message>{}</Message>", escaped(message))
}

fn written(element: &Element) -> String {
    let mut out = format!("<{}", element.name);
    for (name, value) in &element.attributes {
        out.push_str(&format!(
            " {name}=\"{}\"",
            escaped(value).replace('"', "&quot;")
        ));
    }
    out.push('>');
    out.push_str(&escaped(&element.text));
    for child in &element.children {
        out.push_str(&written(child));
    }
    out.push_str(&format!("</{}>", element.name));
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\r', "&#13;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "<Config knownType=\"SIPExtensionInfo\"><AuthorizationName>a</AuthorizationName>\
        <Password>p &amp; &lt;q&gt;</Password><Username>u</Username><Enabled>true</Enabled><ID>0042</ID>\
        <UserID>o</UserID></Config>";

    fn encoded(pairs: &[(&str, &str)]) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish()
    }

    fn get(query: &str) -> RawRequest {
        RawRequest {
            method: "GET".into(),
            target: format!("/?{query}"),
            headers: vec![],
            body: vec![],
        }
    }

    fn post(kind: &str, body: &[u8]) -> RawRequest {
        RawRequest {
            method: "POST".into(),
            target: "/".into(),
            headers: vec![("content-type".into(), kind.into())],
            body: body.into(),
        }
    }

    fn code(pbx: &mut dyn Pbx, request: &RawRequest) -> String {
        let reply = pbx.answer(request);
        assert_eq!(reply.status, 200);
        let response = xml::parse(&reply.body).unwrap();
        assert_eq!(response.name, "Response");
        response.child_text("Code").unwrap().to_owned()
    }

    fn open() -> Box<dyn Pbx> {
        pbx(&Account::default())
    }

    fn config(command: &str, kind: &str, xml: &str) -> String {
        encoded(&[
            ("command", command),
            ("ExtensionType", kind),
            ("ConfigXML", xml),
        ])
    }

    fn add(xml: &str) -> RawRequest {
        get(&config("AddConfig", "SIP", xml))
    }

    #[test]
    fn both_ways_of_escaping_are_understood_and_no_third() {
        let twice = CONFIG.replace('&', "&amp;").replace('<', "&lt;");
        let all = CONFIG
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        for way in [CONFIG, &twice, &all] {
            let mut pbx = open();
            assert_eq!(code(pbx.as_mut(), &add(way)), "200");
            assert_eq!(
                pbx.stored("0042", "Password").as_deref(),
                Some("p & <q>"),
                "{way}"
            );
        }
        let thrice = twice.replace('&', "&amp;");
        let percent = encoded(&[("", CONFIG)]);
        let unescaped = CONFIG.replace("&amp;", "&").replace("&lt;", "<");
        // Escaping only the markup leaves the values' own references to be undone with it.
        let halved = CONFIG.replace('<', "&lt;");
        for wrong in [&thrice, &percent, &unescaped, &halved] {
            assert_eq!(code(open().as_mut(), &add(wrong)), "702", "{wrong}");
        }
    }

    #[test]
    fn a_configuration_must_be_whole() {
        let mut wrong: Vec<String> = DEMANDED
            .iter()
            .flat_map(|name| {
                let (open, close) = (format!("<{name}>"), format!("</{name}>"));
                let (before, rest) = CONFIG.split_once(&open).unwrap();
                let (text, after) = rest.split_once(&close).unwrap();
                [
                    format!("{before}{after}"),
                    format!("{before}{open}{close}{after}"),
                    format!("{before}{open}{text}{close}{open}{text}{close}{after}"),
                ]
            })
            .collect();
        wrong.push(CONFIG.replace("SIPExtensionInfo", "APIExtensionInfo"));
        wrong.push(CONFIG.replace(" knownType=\"SIPExtensionInfo\"", ""));
        wrong.push(CONFIG.replace("true", "on"));
        wrong.push(CONFIG.replace("Config", "Configuration"));
        wrong.push(CONFIG.replace("</Config>", ""));
        for wrong in wrong {
            let mut pbx = open();
            assert_eq!(code(pbx.as_mut(), &add(&wrong)), "702", "{wrong}");
            assert!(pbx.numbers().is_empty());
        }
    }

    #[test]
    fn ids_are_unique_across_types_and_kept() {
        let mut pbx = open();
        let pbx = pbx.as_mut();
        assert_eq!(code(pbx, &add(CONFIG)), "200");
        assert_eq!(code(pbx, &add(CONFIG)), "703");
        let api = "<Config knownType=\"APIExtensionInfo\"><ID>0042</ID></Config>";
        assert_eq!(code(pbx, &get(&config("AddConfig", "API", api))), "703");
        assert_eq!(code(pbx, &get(&config("ModifyConfig", "API", api))), "702");
        assert_eq!(pbx.created("0042"), 1);
        let renamed = CONFIG.replace("0042", "42");
        let modify = |xml: &str| get(&config("ModifyConfig", "SIP", xml));
        assert_eq!(code(pbx, &modify(&renamed)), "703");
        assert_eq!(code(pbx, &modify(&CONFIG.replace("true", "false"))), "200");
        assert_eq!(pbx.stored("0042", "Enabled").as_deref(), Some("false"));
        assert_eq!(pbx.numbers(), ["0042"]);
        let remove = |id| {
            get(&encoded(&[
                ("command", "RemoveConfig"),
                ("ExtensionId", id),
            ]))
        };
        assert_eq!(code(pbx, &remove("42")), "701");
        assert_eq!(code(pbx, &remove("0042")), "200");
        assert_eq!(code(pbx, &remove("0042")), "701");
        assert_eq!(pbx.created("0042"), 1);
    }

    #[test]
    fn what_is_not_printed_is_refused_with_its_code() {
        let form = "application/x-www-form-urlencoded";
        let list = b"command=ListExtensions";
        let elsewhere = RawRequest {
            target: "/api?command=ListExtensions".into(),
            ..get("")
        };
        let put = RawRequest {
            method: "PUT".into(),
            ..get("command=ListExtensions")
        };
        let cases = [
            (get("command=ListExtensions"), "200"),
            (get("command=ListExtensionTypes"), "200"),
            (post(form, list), "200"),
            (
                post("Application/X-WWW-Form-Urlencoded; charset=utf-8", list),
                "200",
            ),
            (post("application/json", list), "300"),
            (post("", list), "300"),
            (post(form, b"command=\xff"), "300"),
            (elsewhere, "300"),
            (put, "300"),
            (get("command=GetConfig&ExtensionId=%4"), "300"),
            (get("command=GetConfig&ExtensionId=%zz"), "300"),
            (get("command=GetConfig&ExtensionId=%FF"), "300"),
            (get("command=GetConfig&ExtensionId=1&ExtensionId=2"), "300"),
            (get(""), "302"),
            (get("command=GetConfig"), "302"),
            (get("command=RemoveConfig&ExtensionId="), "302"),
            (get("command=AddConfig&ExtensionType=SIP"), "302"),
            (get(&config("AddConfig", "", CONFIG)), "302"),
            (get(&config("AddConfig", "Fax", CONFIG)), "302"),
            (get("command=Hangup"), "303"),
            (get("command=listextensions"), "301"),
            (get("command=DeleteAll"), "301"),
            (get("command=GetConfig&ExtensionId=1"), "701"),
        ];
        let mut pbx = open();
        for (request, expected) in cases {
            assert_eq!(
                code(pbx.as_mut(), &request),
                expected,
                "{} {}",
                request.method,
                request.target
            );
        }
    }

    #[test]
    fn replies_are_shaped_as_printed() {
        let mut pbx = open();
        let added = pbx.answer(&add(CONFIG));
        let packed = |text: &str| text.split_whitespace().collect::<String>();
        let text = |reply: &Reply| packed(std::str::from_utf8(&reply.body).unwrap());
        assert_eq!(
            text(&added),
            packed(include_str!("golden/addconfig.reply.xml"))
        );
        let got = pbx.answer(&get("command=GetConfig&ExtensionId=0042"));
        let names = |bytes: &[u8]| {
            let response = xml::parse(bytes).unwrap();
            let mut names: Vec<String> = response
                .attributes
                .iter()
                .map(|(name, _)| name.clone())
                .collect();
            names.extend(response.children.iter().map(|child| child.name.clone()));
            let config = response.child("Config").cloned().unwrap_or_default();
            let mut inner: Vec<String> = config
                .children
                .iter()
                .map(|child| child.name.clone())
                .collect();
            inner.sort();
            (names, inner)
        };
        assert_eq!(
            names(&got.body),
            names(include_bytes!("golden/getconfig.reply.xml"))
        );
        let listed = pbx.answer(&get("command=ListExtensions"));
        let one = packed(include_str!("golden/listextensions.reply.xml"));
        let one = one.replace("<Id>1000</Id>", "<Id>0042</Id>");
        let (head, rest) = one.split_once("</ExtensionSummary>").unwrap();
        let (_, tail) = rest.rsplit_once("</ExtensionSummary>").unwrap();
        assert_eq!(text(&listed), format!("{head}</ExtensionSummary>{tail}"));
    }

    #[test]
    fn the_office_user_is_asked_for_with_every_command() {
        let who = Account {
            username: "office".into(),
            password: Secret::new("right"),
            second: None,
        };
        let mut pbx = pbx(&who);
        let mut code = |query: &str| code(pbx.as_mut(), &get(query));
        for command in [
            "ListExtensions",
            "ListExtensionTypes",
            "Nonsense",
            "AddConfig",
        ] {
            let with = |rest: &str| format!("command={command}{rest}");
            assert_eq!(code(&with("")), "304");
            assert_eq!(code(&with("&Username=office")), "304");
            assert_eq!(code(&with("&Password=right")), "304");
            assert_eq!(code(&with("&Username=office&Password=wrong")), "305");
            assert_eq!(code(&with("&Username=Office&Password=right")), "305");
        }
        assert_eq!(
            code("command=ListExtensions&Username=office&Password=right"),
            "200"
        );
        assert_eq!(pbx.sign_ins(), 5);
    }
}
