//! A vendor's side of a conversation, and the purpose that one is held for.

use crate::manifest::{Manifest, Rule};
use crate::model::{Record, Secret, nearest};
use crate::wire::{Exchange, Session, Turn};
use std::collections::BTreeMap;

/// A client of PBXes of one vendor: given the task and the exchanges of this conversation so far, returns the next
/// request, the answer, or a fault. Pure: the same input gives the same turn, and it keeps no state.
///
/// It is called again from the start after each reply, with one more [`Exchange`] in `exchanges`. Where a request was
/// refused because the session ran out, its exchange is taken back and the same turn is asked for with a new session.
/// Only HTTP statuses 2xx and 4xx (429 aside) arrive here; the link deals with all others.
pub trait Client: Send + Sync {
    /// The vendor's facts.
    fn manifest(&self) -> &'static Manifest;

    /// The next turn of a conversation.
    fn next(&self, task: &Task<'_>, session: &Session, exchanges: &[Exchange]) -> Turn;

    /// Cuts a reply down to the parts that later turns of the conversation use, where a listing has many pages. By
    /// default it is kept whole.
    fn trim(&self, _task: &Task<'_>, _exchange: &mut Exchange) {}

    /// The most extensions that are looked at in one conversation, where more in one cost time and save no request.
    fn looks_at_once(&self) -> usize {
        self.manifest().vendor.batch
    }

    /// The client for the extensions of the same PBX, within the same session; `None` where this is it.
    fn extensions(&self) -> Option<&dyn Client> {
        None
    }
}

/// The purpose of a conversation.
#[derive(Debug, Clone, Copy)]
pub enum Task<'t> {
    /// Sign in and show that this is a PBX of the vendor: ends in `Answer::Session`.
    SignIn(&'t Account),
    /// Keep the session alive before it runs out: ends in `Answer::Session`.
    KeepAlive,
    /// Sign out, best effort: ends in `Answer::Done`.
    SignOut,
    /// List the numbers on the PBX: ends in `Answer::Listing`.
    List,
    /// Get these extensions with all their fields, at most as many as the vendor's `batch`: ends in `Answer::Found`.
    Get(&'t [String]),
    /// The same with live state (registrations), where the vendor shows it: ends in `Answer::Found`.
    GetStatus(&'t [String]),
    /// Get what is left of extensions that are gone, where they are made of several parts: ends in `Answer::Found`, with the
    /// fields of those parts.
    GetParts(&'t [String]),
    /// Make an extension: ends in `Answer::Done`.
    Create(&'t Record),
    /// Change these fields of an extension that exists; all others stay as they are: ends in `Answer::Done`.
    Update(&'t Record),
    /// Remove one extension, which is named by its number and never by a word: ends in `Answer::Done`.
    Delete(&'t str),
    /// Bring stored changes into effect, or see how that goes on which is under way by this name: ends in `Answer::Done`, or
    /// in `Answer::UnderWay`. It is asked of vendors with `[apply]` alone.
    Apply(Option<&'t str>),
}

/// The account that signs in.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// The user name; empty where the vendor asks for none.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// The account of an interface beside the PBX's main one, where that is another.
    pub second: Option<Box<Account>>,
}

/// A second account, as a target's settings have it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecondAccount<'s> {
    /// The setting that has it sign in.
    pub(crate) purpose: &'s str,
    /// The beginning of the keys about it.
    pub(crate) prefix: &'s str,
    pub(crate) username: &'s str,
}

/// A target's settings beside address and account, by name; each one known to the vendor, defaults filled in.
#[derive(Debug, Clone, Default)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Fills in the vendor's defaults.
    ///
    /// # Errors
    /// Names a setting that the vendor does not have, or a text that it does not take.
    pub fn new(manifest: &Manifest, given: &BTreeMap<String, String>) -> Result<Settings, String> {
        let known = |name: &str| manifest.setting.iter().find(|setting| setting.name == name);
        for (name, text) in given {
            let Some(setting) = known(name) else {
                let names: Vec<&str> = manifest
                    .setting
                    .iter()
                    .map(|setting| setting.name.as_str())
                    .collect();
                let vendor = &manifest.vendor.id;
                return Err(match nearest(name, names.iter().copied()) {
                    Some(near) => format!("{vendor} has no setting {name}: did you mean {near}?"),
                    None => format!(
                        "{vendor} has no setting {name}; it has: {}",
                        names.join(", ")
                    ),
                });
            };
            if !setting.words.is_empty() && !setting.words.contains(text) {
                return Err(format!(
                    "{name} takes {}, not {text}",
                    setting.words.join(", ")
                ));
            }
            let is_blank = text.trim().is_empty();
            let mut rules = setting.rules.iter().map(|row| &row.rule);
            let broken = rules
                .find(|rule| rule.is_broken_by(text) || (is_blank && **rule == Rule::NotBlank));
            if let Some(rule) = broken {
                return Err(format!("{name} is {text:?}, and it {}", rule.words()));
            }
        }
        let filled = manifest.setting.iter().map(|setting| {
            let text = given.get(&setting.name).unwrap_or(&setting.default);
            (setting.name.clone(), text.clone())
        });
        let mut settings = Settings(filled.collect());
        for setting in &manifest.setting {
            if let Some([name, word]) = &setting.account_for
                && !settings.get(&setting.name).is_empty()
                && !given.contains_key(name)
            {
                settings.0.insert(name.clone(), word.clone());
            }
        }
        Ok(settings)
    }

    /// The second account that is to sign in; `None` where the main one does everything.
    pub(crate) fn second_account<'s>(
        &'s self,
        manifest: &'s Manifest,
    ) -> Option<SecondAccount<'s>> {
        manifest.setting.iter().find_map(|setting| {
            let [purpose, word] = setting.account_for.as_ref()?;
            let username = self.get(&setting.name);
            let is_wanted = !username.is_empty() && self.get(purpose) == word;
            is_wanted.then_some(SecondAccount {
                purpose,
                prefix: setting.account_prefix()?,
                username,
            })
        })
    }

    /// A setting's text; empty where the vendor has no such setting.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}
