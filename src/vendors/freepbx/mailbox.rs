//! The mailbox of an extension.
//!
//! Every change of an extension makes its mailbox anew: without its pager, and with its switches off. So it is read first and
//! told again as a whole. `enableVoiceMail` writes over a mailbox that is there, which is not removed for a change.

use super::request::{asked, identity, mutation};
use crate::model::{Fault, FaultCause, FaultKind, Field, Record, Secret};
use crate::vendors::conversation::{Conversation, Protocol, Step};
use crate::wire::{Answer, json};
use serde_json::{Map, Value};

const MAILBOX: &str = "query($id: ID!) { fetchVoiceMail(extensionId: $id) \
    { status message context password name email pager attach saycid envelope delete } }";

/// The switches of a mailbox.
const SWITCHES: [&str; 4] = ["attach", "saycid", "envelope", "delete"];

/// The words by which Asterisk takes a switch for one that is on.
const ON: [&str; 6] = ["yes", "true", "y", "t", "1", "on"];

/// The context of the mailboxes that the API makes.
const CONTEXT: &str = "default";

/// A mailbox, as the PBX has it or is to have it.
#[derive(Clone, Default)]
pub(super) struct Mailbox {
    context: String,
    /// Empty where it has none.
    pin: Secret,
    name: String,
    email: String,
    pager: String,
    /// The switches that the PBX shows, by their place in [`SWITCHES`].
    switches: [Option<bool>; 4],
}

impl Mailbox {
    /// Reads an answer; `None` where it does not tell the PIN, though there may be none.
    fn read(content: &Value) -> Option<Mailbox> {
        let text = |name: &str| content.get(name).and_then(json::text);
        let or_empty = |name: &str| text(name).unwrap_or_default();
        Some(Mailbox {
            context: or_empty("context"),
            pin: Secret::new(text("password")?),
            name: or_empty("name"),
            email: or_empty("email"),
            pager: or_empty("pager"),
            switches: SWITCHES.map(|name| text(name).filter(|it| !it.is_empty()).map(is_on)),
        })
    }

    /// A part by its name in `vendor.toml`.
    pub(super) fn part(&self, name: &str) -> Option<String> {
        let part = match name {
            "password" => self.pin.reveal().to_owned(),
            "email" => self.email.clone(),
            "pager" => self.pager.clone(),
            "options" => Some(self.options()).filter(|options| !options.is_empty())?,
            _ => return None,
        };
        Some(part)
    }

    /// The names of the switches that are not told: they follow a default that the API does not give.
    fn unreported(&self) -> Vec<&'static str> {
        let switches = SWITCHES.iter().zip(self.switches);
        let unreported = switches.filter(|(_, is_on)| is_on.is_none());
        unreported.map(|(name, _)| *name).collect()
    }

    /// The switches that are on, as `voicemail.conf` has them: `attach=yes|saycid=yes`.
    fn options(&self) -> String {
        let switches = SWITCHES.iter().zip(self.switches);
        let on = switches.filter(|(_, is_on)| *is_on == Some(true));
        let on: Vec<String> = on.map(|(name, _)| format!("{name}=yes")).collect();
        on.join("|")
    }

    /// The mailbox that an extension is to have: the one that it has, with what is wanted of it. An emptied PIN removes it.
    pub(super) fn wanted(current: Option<&Mailbox>, wanted: &Record) -> Option<Mailbox> {
        let pin = wanted.reveal(Field::VOICEMAIL_PIN);
        if pin == Some("") || (current.is_none() && pin.is_none()) {
            return None;
        }
        let mut mailbox = current.cloned().unwrap_or_default();
        if let Some(pin) = pin {
            mailbox.pin = Secret::new(pin);
        }
        if let Some(email) = wanted.reveal(Field::EMAIL) {
            email.clone_into(&mut mailbox.email);
        }
        if let Some(pager) = wanted.reveal(Field::VOICEMAIL_PAGER) {
            pager.clone_into(&mut mailbox.pager);
        }
        if let Some(options) = wanted.reveal(Field::VOICEMAIL_OPTIONS) {
            mailbox.switches = SWITCHES.map(|name| {
                let mut options = options.split('|');
                Some(options.any(|option| option == format!("{name}=yes")))
            });
        }
        Some(mailbox)
    }

    /// Returns true where `stored` has all of this mailbox that can be told again.
    fn is_kept_by(&self, stored: &Mailbox) -> bool {
        let Mailbox {
            pin, email, pager, ..
        } = stored;
        *pin == self.pin
            && *email == self.email
            && *pager == self.pager
            && stored.options() == self.options()
    }

    /// Has an extension's creation or change make it, as far as that can be told there.
    pub(super) fn set_with_extension(mailbox: Option<&Mailbox>, input: &mut Map<String, Value>) {
        // Untold, the PBX makes a User Manager user too, and sends a welcome mail.
        input.insert("umEnable".into(), false.into());
        let email = mailbox.map_or("", |mailbox| &mailbox.email);
        input.insert("email".into(), email.into());
        input.insert("vmEnable".into(), mailbox.is_some().into());
        if let Some(mailbox) = mailbox {
            input.insert("vmPassword".into(), mailbox.pin.reveal().into());
        }
    }

    /// Returns true for a mailbox that a creation does not make as a whole.
    pub(super) fn is_more_than_created(&self) -> bool {
        !self.pager.is_empty() || !self.options().is_empty()
    }

    /// Gives it the new name of its extension, where it had the old one.
    pub(super) fn rename(&mut self, old: &str, new: &str) {
        if self.name.is_empty() || self.name == old {
            new.clone_into(&mut self.name);
        }
    }

    /// The mutation that makes it, or writes it over the one that is there. A switch that is told as off is on in older
    /// releases, and one that is not told is off in all.
    fn input(&self, number: &str) -> Map<String, Value> {
        let mut input = identity(number);
        for (key, text) in [
            ("password", self.pin.reveal()),
            ("name", &self.name),
            ("email", &self.email),
            ("pager", &self.pager),
        ] {
            input.insert(key.into(), text.into());
        }
        for (name, is_on) in SWITCHES.iter().zip(self.switches) {
            if is_on == Some(true) {
                input.insert((*name).into(), true.into());
            }
        }
        input
    }
}

fn is_on(text: String) -> bool {
    ON.contains(&text.to_ascii_lowercase().as_str())
}

/// The mailbox of an extension; none where the PBX says so in its own known words. Whatever else it says, that is not known.
pub(super) fn fetch<P: Protocol<Content = Value>>(
    talk: &mut Conversation<'_, P>,
    number: &str,
) -> Step<Option<Mailbox>> {
    match talk.try_ask(asked("mailbox", MAILBOX, number))? {
        Ok(content) => match Mailbox::read(&content) {
            Some(mailbox) => Ok(Some(mailbox)),
            None => Err(talk.end(talk.not_understood("it does not tell the mailbox's PIN"))),
        },
        Err(fault) if fault.vendor_code.as_deref() == Some("no_mailbox") => Ok(None),
        Err(fault) => Err(talk.end(Fault {
            kind: FaultKind::Rejected,
            code: "freepbx.mailbox_unread".into(),
            message: format!(
                "the PBX does not tell whether {number} has a mailbox: {}",
                fault.message
            ),
            hint: "see on its web page that the voicemail module works, then run it again".into(),
            ..fault
        })),
    }
}

/// Refuses a change, before anything is written, after which a mailbox could not be told again.
pub(super) fn refuse_unreported<P: Protocol>(
    talk: &Conversation<'_, P>,
    wanted: &Record,
    current: Option<&Mailbox>,
) -> Step<()> {
    let number = wanted.number();
    if let Some(current) = current.filter(|it| !it.context.is_empty() && it.context != CONTEXT) {
        let why = format!(
            "the mailbox of {number} is in the context {}, and a change would move it to {CONTEXT}; nothing was sent",
            current.context
        );
        return Err(talk.refuse("other_context", why, "change it on the PBX's web page"));
    }
    let parts = [
        Field::EMAIL,
        Field::VOICEMAIL_PAGER,
        Field::VOICEMAIL_OPTIONS,
    ];
    let is_part_wanted = parts
        .iter()
        .any(|field| wanted.reveal(*field).is_some_and(|text| !text.is_empty()));
    let mailbox = Mailbox::wanted(current, wanted);
    if is_part_wanted && mailbox.is_none() {
        let why = format!("{number} has no mailbox to write to; nothing was sent");
        return Err(talk.refuse("no_mailbox", why, "give it a voicemail PIN too"));
    }
    let unreported = mailbox
        .filter(|_| current.is_some())
        .map(|it| it.unreported());
    if let Some(unreported) = unreported.filter(|unreported| !unreported.is_empty()) {
        let why = format!(
            "the PBX does not tell if these switches of the mailbox of {number} are on, and a change would switch them off: {}; nothing was sent",
            unreported.join(", ")
        );
        let hint =
            "set each of them to yes or no on the PBX's web page (Voicemail), then run it again";
        return Err(talk.refuse("switches_untold", why, hint));
    }
    Ok(())
}

/// A mailbox before a change, now, and as it is to be.
pub(super) struct MailboxChange<'m> {
    pub(super) number: &'m str,
    pub(super) before: Option<&'m Mailbox>,
    pub(super) now: Option<&'m Mailbox>,
    pub(super) wanted: Option<&'m Mailbox>,
}

impl MailboxChange<'_> {
    /// Brings the mailbox to what is wanted, and looks at it.
    pub(super) fn carry_out<P: Protocol<Content = Value>>(
        &self,
        talk: &mut Conversation<'_, P>,
    ) -> Step<Answer> {
        let Some(wanted) = self.wanted else {
            if self.now.is_some() {
                talk.ask(mutation("disableVoiceMail", identity(self.number)))?;
            }
            return Ok(Answer::Done);
        };
        if self.now.is_some_and(|now| wanted.is_kept_by(now)) {
            return Ok(Answer::Done);
        }
        let mut fault = self.write(talk, wanted)?.err();
        let mut stored = fetch(talk, self.number)?;
        if fault.is_some()
            && !stored
                .as_ref()
                .is_some_and(|stored| wanted.is_kept_by(stored))
        {
            // It may be refused this once.
            fault = self.write(talk, wanted)?.err();
            stored = fetch(talk, self.number)?;
        }
        if stored
            .as_ref()
            .is_some_and(|stored| wanted.is_kept_by(stored))
        {
            return Ok(Answer::Done);
        }
        if let (None, Some(before)) = (&stored, self.before) {
            let _ = self.write(talk, before)?;
            stored = fetch(talk, self.number)?;
        }
        let mut fault = fault.unwrap_or_else(|| {
            let why = "the PBX says that it wrote the mailbox, and does not have it so";
            let fault = talk.manifest();
            fault.fault(FaultKind::Rejected, "mailbox_not_written", why)
        });
        let is_lost = |before: &Mailbox| !stored.is_some_and(|stored| before.is_kept_by(&stored));
        if self.before.is_some_and(is_lost) {
            // A resume writes it again.
            fault.cause = FaultCause::LostThere;
        }
        Err(talk.end(fault))
    }

    /// Writes a mailbox over the one that is there; it is removed first where a release says that it must be.
    fn write<P: Protocol<Content = Value>>(
        &self,
        talk: &mut Conversation<'_, P>,
        mailbox: &Mailbox,
    ) -> Step<Result<Value, Fault>> {
        let make = || mutation("enableVoiceMail", mailbox.input(self.number));
        match talk.try_ask(make())? {
            Err(fault) if fault.vendor_code.as_deref() == Some("mailbox_exists") => {
                talk.ask(mutation("disableVoiceMail", identity(self.number)))?;
                talk.did("the mailbox was removed");
                talk.try_ask(make())
            }
            made => Ok(made),
        }
    }
}
