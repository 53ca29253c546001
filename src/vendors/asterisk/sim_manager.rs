//! The manager interface of the simulated Asterisk: sessions, AstDB, and `voicemail.conf`, which is read only when
//! Asterisk is told to.

use crate::wire::{RawRequest, Reply};
use std::collections::{BTreeMap, BTreeSet};
use url::form_urlencoded;

/// The file of the voicemail boxes.
const VOICEMAIL_FILE: &str = "voicemail.conf";

/// `sorcery.conf` as it is.
const SORCERY_FILE: &str = "[res_pjsip]\nauth => astdb,ps_auths\naor => astdb,ps_aors\nendpoint/cache => memory_cache\nendpoint => astdb,ps_endpoints\n";

/// A release of Asterisk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// 16.28.0
    R16,
    /// 22.10.1
    R22,
}

/// A line of a section: a comment, or a name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SimLine {
    Comment(String),
    Value(String, String),
}

/// A section with its lines.
type SimSection = (String, Vec<SimLine>);

/// The manager interface with all that it keeps.
pub(super) struct ManagerSim {
    release: Release,
    /// The sessions, by their cookies.
    sessions: BTreeSet<String>,
    /// The number of those that there were.
    session_count: u32,
    pub(super) rights: ManagerRights,
    /// True if `app_voicemail` is loaded.
    pub(super) has_voicemail: bool,
    /// True if it does not read the file again when it is told to.
    pub(super) ignores_reload: bool,
    /// The times that it does not, since somebody else reloads at that moment.
    pub(super) busy_reloads: usize,
    /// The looks at the file that find only a piece of it, since somebody writes it.
    pub(super) torn_looks: usize,
    voicemail_file: Option<Vec<SimSection>>,
    sorcery_file: Vec<SimSection>,
    /// The boxes that Asterisk knows, by context and name.
    pub(super) in_use: BTreeMap<(String, String), String>,
    /// AstDB but for the endpoints, by `family/key`.
    pub(super) keys: BTreeMap<String, String>,
}

/// The rights of its account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ManagerRights {
    All,
    /// It may not write files.
    Reads,
    /// It may only sign in.
    Nothing,
}

/// The fields of a request's form, by name.
struct SimForm(BTreeMap<String, String>);

impl SimForm {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl ManagerSim {
    pub(super) fn new(release: Release) -> ManagerSim {
        let mut manager = ManagerSim {
            release,
            sessions: BTreeSet::new(),
            session_count: 0,
            rights: ManagerRights::All,
            has_voicemail: true,
            ignores_reload: false,
            busy_reloads: 0,
            torn_looks: 0,
            voicemail_file: None,
            sorcery_file: vec![],
            in_use: BTreeMap::new(),
            keys: BTreeMap::new(),
        };
        manager.sorcery_file = sections(SORCERY_FILE);
        manager.write_file("[general]\nformat => wav\n[default]\n");
        manager
    }

    /// Puts a file in the place of `voicemail.conf`, and reads it.
    pub(super) fn write_file(&mut self, text: &str) {
        self.voicemail_file = Some(sections(text));
        self.reload();
    }

    /// Puts a file in the place of `sorcery.conf`.
    #[cfg(test)]
    pub(super) fn write_sorcery_file(&mut self, text: &str) {
        self.sorcery_file = sections(text);
    }

    /// Takes `voicemail.conf` away.
    #[cfg(test)]
    pub(super) fn remove_file(&mut self) {
        self.voicemail_file = None;
        self.reload();
    }

    /// `voicemail.conf` as it is.
    pub(super) fn file(&self) -> String {
        let sections = self.voicemail_file.iter().flatten();
        let text = sections.map(|(name, lines)| {
            let lines = lines.iter().map(|line| match line {
                SimLine::Comment(text) => format!("{text}\n"),
                SimLine::Value(name, value) => format!("{name} => {value}\n"),
            });
            format!("[{name}]\n{}", lines.collect::<String>())
        });
        text.collect()
    }

    /// The line of a box that Asterisk knows.
    pub(super) fn mailbox_in_use(&self, context: &str, number: &str) -> Option<String> {
        let mut boxes = self.in_use.iter();
        let is_it =
            |(of, name): &(String, String)| of == context && name.eq_ignore_ascii_case(number);
        boxes
            .find(|(key, _)| is_it(key))
            .map(|(_, line)| line.clone())
    }

    pub(super) fn expire_sessions(&mut self) {
        self.sessions.clear();
    }

    /// Answers an action; `endpoints` are those of AstDB, as their keys and values.
    pub(super) fn answer(
        &mut self,
        request: &RawRequest,
        (username, password): (&str, &str),
        endpoints: &[(String, String)],
    ) -> Reply {
        let form = form_urlencoded::parse(&request.body).into_owned().collect();
        let form = SimForm(form);
        let text = |text: &str| Reply::new(200, "text/plain", text.replace('\n', "\r\n"));
        if form.get("Action") == "Login" {
            if form.get("Username") != username || form.get("Secret") != password {
                return text(&refused("Authentication failed"));
            }
            self.session_count += 1;
            let cookie = format!("mansession_id=\"{:08x}\"", self.session_count);
            self.sessions.insert(cookie.clone());
            return Reply {
                cookie,
                ..text("Response: Success\nMessage: Authentication accepted\n\n")
            };
        }
        let cookie = request.header("cookie");
        if !cookie.is_some_and(|cookie| self.sessions.contains(cookie)) {
            return text(&refused("Permission denied"));
        }
        if self.rights == ManagerRights::Nothing
            && !["Ping", "Logoff"].contains(&form.get("Action"))
        {
            return text(&refused("Permission denied"));
        }
        text(&match form.get("Action") {
            "DBGetTree" if form.get("Family") == "ps_endpoints" => {
                let place = format!("ps_endpoints/{}", form.get("Key"));
                let is_below = |key: &str| form.get("Key").is_empty() || key == place;
                let found = endpoints.iter().filter(|(key, _)| is_below(key));
                self.tree(&found.cloned().collect::<Vec<_>>())
            }
            "SorceryMemoryCacheExpire" if form.get("Cache") != "res_pjsip/endpoint" => {
                refused("The provided cache does not exist")
            }
            "SorceryMemoryCacheExpire" => {
                "Response: Success\nMessage: All objects were expired from the cache\n\n".into()
            }
            "DBGetTree" => self.keys_below(&form),
            "DBPut" => self.put_key(&form),
            "DBDel" => match self.keys.remove(&key(&form)) {
                Some(_) => "Response: Success\nMessage: Key deleted successfully\n\n".into(),
                None => refused("Database entry could not be deleted"),
            },
            "UpdateConfig" if self.rights == ManagerRights::Reads => refused("Permission denied"),
            "GetConfig" => self.get_config(&form),
            "UpdateConfig" => self.update_config(&form),
            "VoicemailUserStatus" => self.user_status(&form),
            "Reload" if form.get("Module") != "app_voicemail" => refused("No such module"),
            "Reload" => {
                self.reload_where_told();
                "Response: Success\nMessage: Module Reloaded\n\n".into()
            }
            "Ping" => "Response: Success\nPing: Pong\n\n".into(),
            "Logoff" => "Response: Goodbye\nMessage: Thanks for all the fish.\n\n".into(),
            _ => refused("Invalid/unknown command"),
        })
    }

    /// Keys with their values; an old release counts one, whatever their number.
    fn tree(&self, found: &[(String, String)]) -> String {
        let mut tree =
            "Response: Success\nEventList: start\nMessage: Result will follow\n\n".to_owned();
        for (key, value) in found {
            tree += &format!("Event: DBGetTreeResponse\nKey: /{key}\nVal: {value}\n\n");
        }
        let count = match self.release {
            Release::R16 => 1,
            Release::R22 => found.len(),
        };
        tree + &format!("Event: DBGetTreeComplete\nEventList: Complete\nListItems: {count}\n\n")
    }

    fn keys_below(&self, form: &SimForm) -> String {
        let place = match form.get("Key") {
            "" => form.get("Family").to_owned(),
            name => format!("{}/{name}", form.get("Family")),
        };
        // It takes letters of either case for the same here, and nowhere else.
        let begin = format!("{place}/");
        let is_below = |key: &str| {
            let head = format!("{key}/").into_bytes();
            let head = head.get(..begin.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(begin.as_bytes()))
        };
        let found = self.keys.iter().filter(|(key, _)| is_below(key));
        let found: Vec<_> = found
            .map(|(key, text)| (key.clone(), text.clone()))
            .collect();
        self.tree(&found)
    }

    fn put_key(&mut self, form: &SimForm) -> String {
        if form.get("Family").is_empty() || form.get("Key").is_empty() {
            return refused("No key specified");
        }
        self.keys.insert(key(form), form.get("Val").to_owned());
        "Response: Success\nMessage: Updated database successfully\n\n".into()
    }

    fn get_config(&mut self, form: &SimForm) -> String {
        let file = match form.get("Filename") {
            VOICEMAIL_FILE => self.voicemail_file.as_ref(),
            "sorcery.conf" => Some(&self.sorcery_file),
            _ => None,
        };
        let Some(file) = file else {
            return refused("Config file not found");
        };
        let is_torn = self.torn_looks > 0;
        self.torn_looks = self.torn_looks.saturating_sub(1);
        let category = form.get("Category");
        let is_wanted = |name: &str| category.is_empty() || category == name;
        let sections = file.iter().filter(|(name, _)| is_wanted(name));
        let mut text = "Response: Success\n".to_owned();
        for (at, (name, lines)) in sections.enumerate() {
            text += &format!("Category-{at:06}: {name}\n");
            let values = lines.iter().filter_map(|line| match line {
                SimLine::Value(name, value) => Some((name, value)),
                SimLine::Comment(_) => None,
            });
            let count = match is_torn {
                true => self.torn_looks % values.clone().count().max(1),
                false => usize::MAX,
            };
            for (line, (name, value)) in values.take(count).enumerate() {
                text += &format!("Line-{at:06}-{line:06}: {name}={value}\n");
            }
        }
        match text.contains("Category-") {
            true => text + "\n\n",
            false => text + "No categories found\n\n",
        }
    }

    /// Carries all its actions out, or none.
    fn update_config(&mut self, form: &SimForm) -> String {
        let names = ["SrcFilename", "DstFilename"].map(|name| form.get(name));
        let file = self.voicemail_file.clone();
        let Some(mut file) = file.filter(|_| names == [VOICEMAIL_FILE; 2]) else {
            return refused(match self.release {
                Release::R16 => "File requires escalated priveledges",
                Release::R22 => "File requires escalated privileges",
            });
        };
        for at in 0..32 {
            let field = |what: &str| form.get(&format!("{what}-{at:06}")).to_owned();
            let action = field("Action");
            if action.is_empty() {
                break;
            }
            if let Err(why) = act(&mut file, &action, field) {
                return refused(why);
            }
        }
        self.voicemail_file = Some(file);
        // The written file is parsed again: a line break in a value has made a line of its own.
        self.voicemail_file = Some(sections(&self.file()));
        if form.get("Reload") == "app_voicemail" {
            self.reload_where_told();
        }
        "Response: Success\n\n".into()
    }

    fn reload_where_told(&mut self) {
        let is_busy = self.busy_reloads > 0;
        self.busy_reloads = self.busy_reloads.saturating_sub(1);
        if !self.ignores_reload && !is_busy {
            self.reload();
        }
    }

    fn reload(&mut self) {
        self.in_use.clear();
        let sections = self.voicemail_file.iter().flatten();
        for (context, lines) in sections.filter(|_| self.has_voicemail) {
            for line in lines {
                if let SimLine::Value(name, value) = line
                    && !matches!(context.as_str(), "general" | "zonemessages")
                {
                    let key = (context.clone(), name.clone());
                    // Of two boxes of one name the first counts.
                    self.in_use.entry(key).or_insert_with(|| value.clone());
                }
            }
        }
    }

    fn user_status(&self, form: &SimForm) -> String {
        if !self.has_voicemail {
            return refused("Invalid/unknown command");
        }
        let (context, number) = (form.get("Context"), form.get("Mailbox"));
        let Some(line) = self.mailbox_in_use(context, number) else {
            return "Response: Success\nMessage: There is no voicemail user of the given info.\n\n"
                .into();
        };
        let mut parts = line.split(',').skip(1);
        let (name, email) = (parts.next(), parts.next());
        format!(
            "Response: Success\nEventList: start\nMessage: Voicemail user detail will follow\n\n\
             Event: VoicemailUserDetail\nVMContext: {context}\nVoiceMailbox: {number}\nFullname: {}\nEmail: {}\n\n\
             Event: VoicemailUserDetailComplete\nEventList: Complete\nListItems: 1\n\n",
            name.unwrap_or_default(),
            email.unwrap_or_default()
        )
    }
}

/// Carries one action of a file's update out.
fn act(
    file: &mut Vec<SimSection>,
    action: &str,
    field: impl Fn(&str) -> String,
) -> Result<(), &'static str> {
    let (category, name) = (field("Cat"), field("Var"));
    let value = field("Value").trim_start_matches('>').to_owned();
    let section = file.iter_mut().find(|(known, _)| *known == category);
    if action == "NewCat" {
        return match section {
            Some(_) => Err("Create category did not complete successfully"),
            None => {
                file.push((category, vec![]));
                Ok(())
            }
        };
    }
    let Some((_, lines)) = section else {
        return Err("Given category does not exist");
    };
    let wanted = field("Match");
    let is_it = |line: &SimLine| {
        matches!(line, SimLine::Value(known, current)
            if *known == name && (wanted.is_empty() || *current == wanted))
    };
    let at = lines.iter().position(is_it);
    match (action, at) {
        ("Append", _) => lines.push(SimLine::Value(name, value)),
        ("Update", Some(at)) => lines[at] = SimLine::Value(name, value),
        ("Delete", Some(at)) => drop(lines.remove(at)),
        ("Update" | "Delete", None) => return Err("Update did not complete successfully"),
        _ => return Err("Unknown action command"),
    }
    Ok(())
}

fn refused(why: &str) -> String {
    format!("Response: Error\nMessage: {why}\n\n")
}

fn key(form: &SimForm) -> String {
    format!("{}/{}", form.get("Family"), form.get("Key"))
}

/// Reads a file of sections.
fn sections(text: &str) -> Vec<SimSection> {
    let mut sections: Vec<SimSection> = vec![];
    for line in text.lines() {
        let name = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'));
        if let Some(name) = name {
            sections.push((name.to_owned(), vec![]));
            continue;
        }
        let Some((_, lines)) = sections.last_mut() else {
            continue;
        };
        match line.split_once("=>") {
            Some((name, value)) => lines.push(SimLine::Value(
                name.trim().to_owned(),
                value.trim().to_owned(),
            )),
            None => lines.push(SimLine::Comment(line.to_owned())),
        }
    }
    sections
}
