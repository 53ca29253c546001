//! The parts of an extension beside its three objects: its voicemail box and its keys of AstDB.

use super::astdb::{AstdbKeys, FAMILIES};
use super::mailbox::{MailboxLine, Mailboxes, WantedMailbox, owns_mailbox};
use super::objects::ShownObject;
use super::own::{OwnAttributes, mailbox_line};
use super::protocol::{AriConversation, Asterisk};
use crate::model::{Fault, FaultKind, Secret};
use crate::vendors::conversation::Step;
use crate::wire::Turn;

/// The texts of keys of AstDB, by family.
pub(super) type WantedKeys = Vec<(&'static str, String)>;

/// The parts that a new extension is to have beside its objects, as far as they are not there already.
pub(super) struct NewBeside {
    boxes: Mailboxes,
    mailbox: Option<Secret>,
    keys: WantedKeys,
}

/// The parts that an extension has beside its objects.
pub(super) struct CurrentBeside {
    boxes: Mailboxes,
    has_mailbox: bool,
    keys: WantedKeys,
}

/// A part beside the objects that a creation has made.
pub(super) enum BesidePart {
    Mailbox,
    Key(&'static str),
}

impl Asterisk {
    /// Looks at what is beside a new extension. Only an earlier try, whose reply was lost or which was killed, leaves
    /// it just as it is wanted; anything else is somebody's. Of an extension that is given back `own` has the line of the box that
    /// its deletion removed, as it was; a box that it did not own stands beside it again.
    pub(super) fn new_beside(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        display_name: &str,
        (wanted, wanted_keys): (&WantedMailbox, &WantedKeys),
        own: &OwnAttributes,
    ) -> Step<NewBeside> {
        let names = (display_name, display_name);
        let kept = mailbox_line(own);
        let mailbox = self.restored_line(talk, number, kept.as_ref(), names, wanted)?;
        let boxes = match self.uses_ami {
            true => self.mailboxes(talk)?,
            false => Mailboxes::default(),
        };
        let current = boxes.line(talk, number)?;
        let stood_beside = mailbox.is_none() && !own.is_empty();
        if current.is_some() && current != mailbox && !stood_beside {
            return Err(self.foreign_mailbox(talk, number, "in voicemail.conf"));
        }
        let shared_a_name = kept.is_some() && boxes.has_in_other_case(number);
        if current.is_none() && mailbox.is_some() && !shared_a_name {
            self.require_no_mailbox(talk, number, &boxes)?;
        }
        let current = self.keys(talk, &[number])?;
        let mut keys = vec![];
        for family in FAMILIES.into_iter().filter(|_| self.uses_keys) {
            let wanted = wanted_keys.iter().find(|(wanted, _)| *wanted == family);
            let wanted = wanted.map_or("", |(_, text)| text);
            match text_of(&current, family, number) {
                current if current == wanted => {}
                "" => keys.push((family, wanted.to_owned())),
                _ => return Err(self.foreign_key(talk, family, number)),
            }
        }
        Ok(NewBeside {
            boxes,
            mailbox,
            keys,
        })
    }

    /// The line of a box that is made: the one of a deletion as it was, where it has the wanted parts.
    fn restored_line(
        &self,
        talk: &AriConversation<'_>,
        number: &str,
        kept: Option<&Secret>,
        names: (&str, &str),
        wanted: &WantedMailbox,
    ) -> Step<Option<Secret>> {
        match kept {
            Some(line) if wanted.is_met_by(&MailboxLine::parse(line)) => Ok(Some(line.clone())),
            kept => self.merged_mailbox(talk, number, kept, names, wanted),
        }
    }

    /// Makes what a new extension is to have beside its objects, and notes each part in `made`; returns the refusal where
    /// there is one.
    pub(super) fn make_beside(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        new: &NewBeside,
        made: &mut Vec<BesidePart>,
    ) -> Step<Result<(), Fault>> {
        if new.mailbox.is_some() && new.boxes.line(talk, number)?.is_none() {
            made.push(BesidePart::Mailbox);
            let written = self.bring_mailbox(talk, number, &new.boxes, new.mailbox.clone())?;
            if written.is_err() {
                return Ok(written);
            }
        }
        for (family, text) in &new.keys {
            made.push(BesidePart::Key(family));
            let set = self.set_key(talk, number, family, text)?;
            if set.is_err() {
                return Ok(set);
            }
        }
        Ok(Ok(()))
    }

    /// Removes what a creation has made beside the objects; returns the refusal where there is one.
    pub(super) fn roll_back_beside(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        made: &[BesidePart],
    ) -> Step<Result<(), Fault>> {
        for part in made.iter().rev() {
            let removed = match part {
                BesidePart::Mailbox => {
                    let boxes = self.mailboxes(talk)?;
                    self.bring_mailbox(talk, number, &boxes, None)?
                }
                BesidePart::Key(family) => self.set_key(talk, number, family, "")?,
            };
            if removed.is_err() {
                return Ok(removed);
            }
        }
        Ok(Ok(()))
    }

    /// Changes what an extension has beside its objects; `names` are its old and its new one. `kept` is the line of the box
    /// that a deletion removed.
    pub(super) fn update_beside(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        aor: Option<&ShownObject>,
        names: (&str, &str),
        (wanted, wanted_keys): (&WantedMailbox, &WantedKeys),
        kept: Option<Secret>,
    ) -> Step<()> {
        if self.uses_ami && (wanted.is_any() || names.0 != names.1) {
            let boxes = self.mailboxes(talk)?;
            let current = boxes.line(talk, number)?;
            let is_own = owns_mailbox(aor, &self.mailbox(number));
            let own = current.as_ref().filter(|_| is_own);
            let line = match own {
                None => self.restored_line(talk, number, kept.as_ref(), names, wanted)?,
                own => self.merged_mailbox(talk, number, own, names, wanted)?,
            };
            match current.is_some() && !is_own {
                true if wanted.is_any() && current != line => {
                    return Err(self.foreign_mailbox(talk, number, "in voicemail.conf"));
                }
                true => {}
                false => {
                    if current.is_none() && line.is_some() {
                        self.require_no_mailbox(talk, number, &boxes)?;
                    }
                    let written = self.bring_mailbox(talk, number, &boxes, line)?;
                    written.map_err(|refusal| talk.end(refusal))?;
                }
            }
        }
        let current = match wanted_keys.is_empty() {
            true => AstdbKeys::new(),
            false => self.keys(talk, &[number])?,
        };
        for (family, text) in wanted_keys {
            if text_of(&current, family, number) != text {
                let set = self.set_key(talk, number, family, text)?;
                set.map_err(|refusal| talk.end(refusal))?;
            }
        }
        Ok(())
    }

    /// Looks at what belongs to an extension with this aor.
    pub(super) fn current_beside(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        aor: Option<&ShownObject>,
    ) -> Step<CurrentBeside> {
        let owns = owns_mailbox(aor, &self.mailbox(number));
        let boxes = match self.uses_ami && owns {
            true => self.mailboxes(talk)?,
            false => Mailboxes::default(),
        };
        let has_mailbox = boxes.line(talk, number)?.is_some();
        let current = self.keys(talk, &[number])?;
        Ok(CurrentBeside {
            boxes,
            has_mailbox,
            keys: current
                .into_iter()
                .map(|((family, _), text)| (family, text))
                .collect(),
        })
    }

    /// Removes what belongs to an extension, before its endpoint: the PBX may refuse this, and then all of it stands as
    /// before. The box comes first, which others change too.
    pub(super) fn remove_beside(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        current: &CurrentBeside,
    ) -> Step<()> {
        if current.has_mailbox {
            let removed = self.remove_mailbox(talk, number, &current.boxes)?;
            removed.map_err(|refusal| talk.end(refusal))?;
        }
        for (family, _) in &current.keys {
            let removed = self.set_key(talk, number, family, "")?;
            removed.map_err(|refusal| talk.end(refusal))?;
        }
        Ok(())
    }

    /// Sees, at the end of a deletion, that Asterisk does not go on with the box that it has removed.
    pub(super) fn see_removed_beside(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        removed: &CurrentBeside,
    ) -> Step<()> {
        if removed.has_mailbox {
            let seen = self.see_mailbox(talk, number, &removed.boxes, false)?;
            seen.map_err(|refusal| talk.end(refusal))?;
        }
        Ok(())
    }

    /// Refuses a key of the number that the row would not set so: the new extension would forward its calls at once.
    fn foreign_key(&self, talk: &AriConversation<'_>, family: &str, number: &str) -> Turn {
        let why = format!(
            "AstDB has a key {family}/{number} already, and not as this row would set it: calls of the new extension would go by it"
        );
        let hint = format!(
            "give the row the same, or remove the key: asterisk -rx 'database del {family} {number}'"
        );
        let fault = self.manifest.fault(FaultKind::Exists, "foreign_key", why);
        talk.end(fault.hint(hint))
    }
}

/// The text of a key; empty where there is none.
fn text_of<'k>(keys: &'k AstdbKeys, family: &'static str, number: &str) -> &'k str {
    let key = (family, number.to_owned());
    keys.get(&key).map_or("", String::as_str)
}
