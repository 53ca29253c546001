//! The sign-in: who answers, what its account may do, and what is there before the run.

use super::ami;
use super::objects::{PjsipObject, may_write};
use super::protocol::{AriConversation, Asterisk, one_line};
use crate::digest::base64;
use crate::model::{Fault, FaultKind, Secret};
use crate::vendors::Account;
use crate::vendors::conversation::{Protocol, Step};
use crate::wire::{Answer, Effect, Method, PbxFile, PbxStart, Request, Session, json};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The types of an extension's objects.
const TYPES: [PjsipObject; 3] = [PjsipObject::Auth, PjsipObject::Aor, PjsipObject::Endpoint];

/// Places of objects into which nothing can be written: files, and a cache before another place.
const READ_ONLY_PLACES: [&str; 2] = ["config", "memory_cache"];

/// The most looks at a file until two in a row are the same.
const LOOKS_MAX: usize = 4;

impl Asterisk {
    /// Asks for the version, which shows that it is an Asterisk, and whether this account may write.
    pub(super) fn sign_in(
        &self,
        talk: &mut AriConversation<'_>,
        account: &Account,
    ) -> Step<Answer> {
        let user = format!("{}:{}", account.username, account.password.reveal());
        let token = Secret::new(format!("Basic {}", base64(user.as_bytes())));
        let info = talk.sign_in(info().header("authorization", token.clone()))?;
        if !json::at(&info, "system.version").is_some_and(Value::is_string) {
            return Err(talk.end(talk.not_understood("it names no version of Asterisk")));
        }
        let may_write = may_write().header("authorization", token.clone());
        let read_only = match talk.judged_at_sign_in(may_write)? {
            Err(fault) if is_code(&fault, "object_type_not_found") => None,
            Err(fault) if is_code(&fault, "write_access_denied") => Some(fault),
            Err(fault) => return Err(talk.end(fault)),
            Ok(_) => return Err(talk.end(talk.not_understood("it knows objects of type none"))),
        };
        let mut session = Session {
            token,
            read_only,
            ..Session::default()
        };
        if self.uses_ami {
            let login = one_line(talk, ami::login(account))?;
            let login = talk.sign_in(login)?;
            let cookie = login.get("cookie").and_then(Value::as_str);
            session.refresh_token = cookie.map(Secret::new);
            session.lifetime = Some(ami::LIFETIME);
            let no_config_rights = self.may_write_files(talk, &session)?;
            let mapping = talk.judged_at_sign_in(self.authorise(ami::get_mapping(), &session))?;
            let (unmapped, rights) = self.writable(mapping);
            session.rights = rights.into();
            session.read_only = session.read_only.or(no_config_rights).or(unmapped);
        } else {
            session.rights = not_known().into();
        }
        session.started = started(&info, None);
        Ok(Answer::Session(session))
    }

    /// Asks when the PBX started, and keeps the session of the manager interface. Where the file of the boxes was not looked at
    /// since that start, it is.
    pub(super) fn keep_alive(
        &self,
        talk: &mut AriConversation<'_>,
        session: &Session,
    ) -> Step<Answer> {
        let info = talk.ask(info())?;
        let mut now = started(&info, None);
        let before = session.started.as_deref();
        if self.uses_ami {
            talk.ask(ami::ping())?;
            let known = before
                .zip(now.as_deref())
                .filter(|(before, now)| before.is_same(now));
            let file = match known.and_then(|(before, _)| before.file.clone()) {
                None => self.file_now(talk)?,
                known => known,
            };
            now = started(&info, file);
        }
        Ok(Answer::Session(Session {
            started: now,
            ..session.clone()
        }))
    }

    /// Sees that the account may read and write files of the configuration, as voicemail boxes need it; returns the fault
    /// of those that write where it may only read.
    fn may_write_files(
        &self,
        talk: &mut AriConversation<'_>,
        session: &Session,
    ) -> Step<Option<Fault>> {
        let request = self.authorise(ami::may_write(), session);
        match talk.judged_at_sign_in(request)? {
            Err(fault) if is_code(&fault, "ami_no_file") => return Ok(None),
            Err(fault) if is_code(&fault, "ami_permission_denied") => {}
            Err(fault) => return Err(talk.end(fault)),
            Ok(_) => {
                return Err(talk.end(talk.not_understood("it has a file that no Asterisk has")));
            }
        }
        let request = one_line(talk, ami::get_mailboxes(&self.voicemail_context))?;
        let request = self.authorise(request, session);
        match talk.judged_at_sign_in(request)? {
            Err(fault) if is_code(&fault, "ami_permission_denied") => {
                Err(talk.end(self.manifest.fault_of_code("ami_no_rights")))
            }
            _ => Ok(Some(self.manifest.fault_of_code("ami_no_config_rights"))),
        }
    }

    /// The fault of types of objects that are kept nowhere where they can be written, by `sorcery.conf`, and what can be
    /// written in words.
    fn writable(&self, mapping: Result<Value, Fault>) -> (Option<Fault>, String) {
        let mapping = match mapping {
            Ok(mapping) => mapping,
            Err(fault) if is_code(&fault, "ami_no_file") => Value::Null,
            Err(_) => return (None, not_known()),
        };
        let is_kept = |object: &PjsipObject| {
            ami::places(&mapping).any(|(name, place)| {
                let is_own = name.split('/').next() == Some(object.word());
                is_own
                    && place
                        .first()
                        .is_some_and(|place| !READ_ONLY_PLACES.contains(place))
            })
        };
        let lacking: Vec<PjsipObject> = TYPES.into_iter().filter(|it| !is_kept(it)).collect();
        if lacking.is_empty() {
            let rights = "auth, aor and endpoint are kept where they can be written";
            return (None, rights.to_owned());
        }
        let words: Vec<&str> = lacking.iter().map(|object| object.word()).collect();
        let why = format!(
            "sorcery.conf names no database for objects of type {}: they cannot be made",
            words.join(", ")
        );
        let lines: Vec<String> = lacking.into_iter().map(mapping_line).collect();
        let hint = format!(
            "write under [res_pjsip] in sorcery.conf: {}, and restart Asterisk",
            lines.join(", ")
        );
        let fault = self
            .manifest
            .fault(FaultKind::TargetUnusable, "unmapped", why);
        (Some(fault.hint(hint)), String::new())
    }

    /// Looks at the file of the boxes; `None` where it is being written all the time.
    fn file_now(&self, talk: &mut AriConversation<'_>) -> Step<Option<PbxFile>> {
        let mut before = None;
        for _ in 0..LOOKS_MAX {
            let now = match talk.try_ask(ami::get_voicemail_file())? {
                Ok(content) => Some(self.entries(&content)),
                Err(fault) if fault.kind == FaultKind::Missing => Some(self.entries(&Value::Null)),
                Err(_) => None,
            };
            if now.is_some() && now == before {
                return Ok(now);
            }
            before = now;
        }
        Ok(None)
    }

    /// The boxes of the file, by their numbers and those of other contexts by `NUMBER@CONTEXT`, and its other sections.
    fn entries(&self, content: &Value) -> PbxFile {
        let mut entries = BTreeSet::new();
        for (section, lines) in ami::sections(ami::text(content)) {
            let is_own = section == self.voicemail_context;
            entries.insert(format!("[{section}]"));
            if !matches!(section, "general" | "zonemessages") {
                entries.extend(lines.into_iter().map(|(name, _)| match is_own {
                    true => name.to_owned(),
                    false => format!("{name}@{section}"),
                }));
            }
        }
        PbxFile {
            name: ami::VOICEMAIL_FILE,
            entries,
        }
    }
}

/// The line of `sorcery.conf` by which objects of a type are kept in AstDB.
fn mapping_line(object: PjsipObject) -> String {
    let word = object.word();
    format!("{word} = astdb,ps_{word}s")
}

/// The words where only the first row shows what can be written.
fn not_known() -> String {
    format!(
        "whether auth, aor and endpoint can be written is not known before the first row: compare sorcery.conf, which needs under [res_pjsip]: {}",
        TYPES.map(mapping_line).join(", ")
    )
}

/// Returns true for the fault of this code.
fn is_code(fault: &Fault, code: &str) -> bool {
    fault.vendor_code.as_deref() == Some(code)
}

/// The question for the version, and for the time of the start.
fn info() -> Request {
    Request::new("info", Method::Get, "/asterisk/info", Effect::Reads)
        .query("only", "system,status")
}

/// The start, from the reply to that question.
fn started(info: &Value, file: Option<PbxFile>) -> Option<Arc<PbxStart>> {
    let text = |path| json::at(info, path).and_then(json::text);
    Some(Arc::new(PbxStart {
        pbx: format!(
            "Asterisk {} {}",
            text("system.version")?,
            text("system.entity_id").unwrap_or_default()
        ),
        time: text("status.startup_time")?,
        file,
    }))
}
