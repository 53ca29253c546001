//! The voicemail box of an extension: a line of `voicemail.conf`, which is read and written through the manager interface.
//!
//! Asterisk writes the file as a whole and not at once, so that a look meanwhile finds a piece of it. It is read until two
//! looks in a row are the same, and written with the line that was found there: the change of another one is refused.

use super::ami::{self, LineChange};
use super::objects::ShownObject;
use super::own::items;
use super::protocol::{AriConversation, Asterisk, one_line};
use crate::model::{Fault, FaultKind, Secret, WireText};
use crate::vendors::conversation::Step;
use crate::wire::Turn;

/// The most looks at the file until two in a row are the same, and at the boxes in use until they are those of the file.
const LOOKS_MAX: usize = 8;

/// A box, as a line of the file has it.
#[derive(Clone)]
pub(super) struct MailboxLine {
    pin: Secret,
    name: String,
    email: String,
    pager: String,
    options: String,
}

impl MailboxLine {
    /// Reads `083914,Ann Müller,ann@example.com,,attach=yes`.
    pub(super) fn parse(line: &Secret) -> MailboxLine {
        let mut parts = line.reveal().splitn(5, ',');
        let mut part = || parts.next().unwrap_or_default();
        MailboxLine {
            pin: Secret::new(part()),
            name: part().to_owned(),
            email: part().to_owned(),
            pager: part().to_owned(),
            options: part().to_owned(),
        }
    }

    /// A part by its name in `vendor.toml`.
    pub(super) fn part(&self, name: &str) -> String {
        let part = match name {
            "pin" => self.pin.reveal(),
            "email" => &self.email,
            "pager" => &self.pager,
            _ => &self.options,
        };
        part.to_owned()
    }

    fn line(&self) -> Secret {
        let MailboxLine {
            pin,
            name,
            email,
            pager,
            options,
        } = self;
        let pin = pin.reveal();
        let line = format!("{pin},{name},{email},{pager},{options}");
        Secret::new(line.trim_end_matches(','))
    }

    fn has_more_than_pin(&self) -> bool {
        [&self.email, &self.pager, &self.options]
            .iter()
            .any(|text| !text.is_empty())
    }
}

/// The wanted parts of a box; those that are not are left as they are.
#[derive(Default)]
pub(super) struct WantedMailbox {
    pub(super) pin: Option<WireText>,
    pub(super) email: Option<String>,
    pub(super) pager: Option<String>,
    pub(super) options: Option<String>,
}

impl WantedMailbox {
    /// Returns true if a part is wanted, or to be emptied.
    pub(super) fn is_any(&self) -> bool {
        self.pin.is_some() || self.others().next().is_some()
    }

    /// Returns true if a box has all the wanted parts.
    pub(super) fn is_met_by(&self, current: &MailboxLine) -> bool {
        let is_met = |wanted: &Option<String>, current: &str| {
            wanted.as_deref().is_none_or(|it| it == current)
        };
        let pin = self.pin.as_ref().map(|pin| pin.reveal().to_owned());
        is_met(&pin, current.pin.reveal())
            && is_met(&self.email, &current.email)
            && is_met(&self.pager, &current.pager)
            && is_met(&self.options, &current.options)
    }

    /// Returns true for a box that is to be there.
    pub(super) fn has_pin(&self) -> bool {
        self.pin
            .as_ref()
            .is_some_and(|pin| !pin.reveal().is_empty())
    }

    fn others(&self) -> impl Iterator<Item = &str> {
        let others = [&self.email, &self.pager, &self.options];
        others.into_iter().filter_map(Option::as_deref)
    }

    /// Returns true if a part would end at a comma and go on as the next one.
    fn has_comma(&self) -> bool {
        let pin = self.pin.iter().map(WireText::reveal);
        pin.chain(self.others()).any(|text| text.contains(','))
    }
}

/// The part of `voicemail.conf` that a look finds.
#[derive(Debug, PartialEq, Eq)]
enum FileLook {
    InWriting,
    NoFile,
    /// All lines of the context, with the PINs.
    Text(Secret),
}

/// The boxes of the target's context, as the file has them.
#[derive(Default)]
pub(super) struct Mailboxes {
    lines: Vec<(String, Secret)>,
    has_context: bool,
    has_file: bool,
}

impl Mailboxes {
    /// Reads them out of the text of a file.
    fn in_file(text: &Secret) -> Mailboxes {
        let sections = ami::sections(text.reveal());
        let has_context = !sections.is_empty();
        let lines = sections.into_iter().flat_map(|(_, lines)| lines);
        Mailboxes {
            lines: lines
                .map(|(name, line)| (name.to_owned(), Secret::new(line)))
                .collect(),
            has_context,
            has_file: true,
        }
    }

    /// Returns true where another box has the same name in letters of the other case: Asterisk takes the one for the other.
    pub(super) fn has_in_other_case(&self, number: &str) -> bool {
        let mut names = self.lines.iter().map(|(name, _)| name);
        names.any(|name| name != number && name.eq_ignore_ascii_case(number))
    }

    /// The line of a box.
    pub(super) fn line(&self, talk: &AriConversation<'_>, number: &str) -> Step<Option<Secret>> {
        let mut lines = self.lines.iter().filter(|(name, _)| name == number);
        let line = lines.next().map(|(_, line)| line.clone());
        match lines.next() {
            None => Ok(line),
            Some(_) => {
                let why = format!(
                    "voicemail.conf has two boxes {number}, as two writers at once may leave it"
                );
                let hint =
                    "end whatever else writes voicemail.conf, and remove one of the two lines";
                Err(talk.refuse("two_mailboxes", why, hint))
            }
        }
    }
}

/// The name of an extension within a line: without commas, which would end it.
fn name_in_line(display_name: &str, number: &str) -> String {
    let is_between = |c: char| c == ',' || c.is_whitespace() || c.is_control();
    let words: Vec<&str> = display_name
        .split(is_between)
        .filter(|word| !word.is_empty())
        .collect();
    match words.is_empty() {
        true => number.to_owned(),
        false => words.join(" "),
    }
}

/// Returns true if the box of its number belongs to an extension: its aor names it, or names none. One that names others
/// has its messages there.
pub(super) fn owns_mailbox(aor: Option<&ShownObject>, own: &str) -> bool {
    let Some(boxes) = aor.and_then(|aor| aor.get("mailboxes")) else {
        return false;
    };
    let mut boxes = items(boxes).peekable();
    boxes.peek().is_none() || boxes.any(|item| item == own)
}

impl Asterisk {
    /// Looks at the boxes of the target's context.
    pub(super) fn mailboxes(&self, talk: &mut AriConversation<'_>) -> Step<Mailboxes> {
        let mut before = FileLook::InWriting;
        for _ in 0..LOOKS_MAX {
            let now = self.get_mailboxes_once(talk)?;
            match &now {
                // They are read out of the file once, when two looks in a row are the same.
                FileLook::Text(text) if now == before => return Ok(Mailboxes::in_file(text)),
                FileLook::NoFile if now == before => return Ok(Mailboxes::default()),
                _ => before = now,
            }
        }
        Err(talk.end(self.manifest.fault_of_code("ami_file_in_writing")))
    }

    /// Looks once at the file.
    fn get_mailboxes_once(&self, talk: &mut AriConversation<'_>) -> Step<FileLook> {
        let request = one_line(talk, ami::get_mailboxes(&self.voicemail_context))?;
        Ok(match talk.try_ask(request)? {
            Ok(content) => FileLook::Text(Secret::new(ami::text(&content))),
            Err(refusal) if refusal.kind == FaultKind::Missing => FileLook::NoFile,
            Err(_) => FileLook::InWriting,
        })
    }

    /// The line of a box once the wanted parts are in it; `None` where there is to be none. The name follows that of the
    /// extension, `(old, new)`, unless the box has one of its own.
    pub(super) fn merged_mailbox(
        &self,
        talk: &AriConversation<'_>,
        number: &str,
        current: Option<&Secret>,
        (old, new): (&str, &str),
        wanted: &WantedMailbox,
    ) -> Step<Option<Secret>> {
        if wanted.has_comma() {
            let why = "a part of the voicemail box has a comma in it, which ends it";
            return Err(talk.refuse("comma", why, "remove the comma"));
        }
        let before = current.map(MailboxLine::parse);
        let own_name = before.as_ref().map(|current| current.name.clone());
        let own_name = own_name.filter(|name| *name != name_in_line(old, number));
        let of = |part: fn(&MailboxLine) -> &String, wanted: &Option<String>| {
            let current = || before.as_ref().map(part).cloned();
            wanted.clone().or_else(current).unwrap_or_default()
        };
        let current_pin = || before.as_ref().map(|current| current.pin.clone());
        let pin = wanted.pin.as_ref().map(|pin| Secret::new(pin.reveal()));
        let merged = MailboxLine {
            pin: pin.or_else(current_pin).unwrap_or_default(),
            name: own_name.unwrap_or_else(|| name_in_line(new, number)),
            email: of(|current| &current.email, &wanted.email),
            pager: of(|current| &current.pager, &wanted.pager),
            options: of(|current| &current.options, &wanted.options),
        };
        let lacks_pin = merged.pin.is_empty() && wanted.is_any();
        if lacks_pin && merged.has_more_than_pin() {
            let why = "e-mail, pager and options are kept in the voicemail box, and a box without a PIN would be open to anybody";
            let hint =
                "give a voicemail_pin, or empty email, voicemail_pager and voicemail_options too";
            return Err(talk.refuse("no_pin", why, hint));
        }
        let is_there = !lacks_pin && (before.is_some() || !merged.pin.is_empty());
        Ok(is_there.then(|| merged.line()))
    }

    /// Asks if Asterisk knows a box of this number, wherever it is written.
    fn is_mailbox_in_use(&self, talk: &mut AriConversation<'_>, number: &str) -> Step<bool> {
        let request = ami::get_mailbox_in_use(&self.voicemail_context, number);
        match talk.judged(one_line(talk, request)?)? {
            Ok(known) => Ok(ami::is_in_use(&known)),
            // Its module, which answers this, is not loaded.
            Err(fault) if fault.vendor_code.as_deref() == Some("ami_unknown_action") => Ok(false),
            Err(fault) => Err(talk.end(fault)),
        }
    }

    /// Writes a change of a box; returns the refusal where there is one.
    fn write_mailbox(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        makes_context: bool,
        change: &LineChange,
    ) -> Step<Result<(), Fault>> {
        let context = &self.voicemail_context;
        let request = ami::change_mailbox(context, number, change, makes_context);
        let request = one_line(talk, request)?;
        match talk.try_ask(request)? {
            Ok(_) => {}
            Err(refusal) => return Ok(Err(refusal)),
        }
        talk.did(match (&change.current, &change.wanted) {
            (None, _) => "the voicemail box was made",
            (Some(_), Some(_)) => "the voicemail box was changed",
            (Some(_), None) => "the voicemail box was removed",
        });
        Ok(Ok(()))
    }

    /// Removes the line of a box; returns the refusal where there is one. Asterisk may know the box for a while still.
    pub(super) fn remove_mailbox(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        boxes: &Mailboxes,
    ) -> Step<Result<(), Fault>> {
        let current = boxes.line(talk, number)?;
        let change = LineChange {
            current,
            wanted: None,
        };
        self.write_mailbox(talk, number, false, &change)
    }

    /// Sees that Asterisk knows a box, or none any more, and tells it to read its file again while it does not: whoever else
    /// reloads at that moment keeps it from that. A box in letters of the other case stands for one that is removed.
    pub(super) fn see_mailbox(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        boxes: &Mailboxes,
        is_wanted: bool,
    ) -> Step<Result<(), Fault>> {
        if !is_wanted && boxes.has_in_other_case(number) {
            return Ok(Ok(()));
        }
        for look in 0..LOOKS_MAX {
            if look > 0 {
                // It refuses where it reloads already.
                let _ = talk.judged(ami::reload_mailboxes())?;
            }
            if self.is_mailbox_in_use(talk, number)? == is_wanted {
                return Ok(Ok(()));
            }
        }
        Ok(Err(self.manifest.fault_of_code("ami_mailbox_not_in_use")))
    }

    /// Makes sure that a box can be made: that there is a file for it, and that Asterisk knows none of this number, which it
    /// may have elsewhere, or in letters of the other case.
    pub(super) fn require_no_mailbox(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        boxes: &Mailboxes,
    ) -> Step<()> {
        if !boxes.has_file {
            let why = "the PBX has no voicemail.conf";
            let hint =
                "load app_voicemail.so and write a voicemail.conf: a line [general] is enough";
            return Err(talk.refuse("no_voicemail_file", why, hint));
        }
        match self.is_mailbox_in_use(talk, number)? {
            true => Err(self.foreign_mailbox(talk, number, "beside voicemail.conf")),
            false => Ok(()),
        }
    }

    /// Brings the box of a number to this line, or removes it.
    pub(super) fn bring_mailbox(
        &self,
        talk: &mut AriConversation<'_>,
        number: &str,
        boxes: &Mailboxes,
        wanted: Option<Secret>,
    ) -> Step<Result<(), Fault>> {
        let current = boxes.line(talk, number)?;
        if current == wanted {
            return Ok(Ok(()));
        }
        let makes_context = !boxes.has_context;
        let is_wanted = wanted.is_some();
        let change = LineChange { current, wanted };
        let written = self.write_mailbox(talk, number, makes_context, &change)?;
        match written {
            Ok(()) => self.see_mailbox(talk, number, boxes, is_wanted),
            refused => Ok(refused),
        }
    }

    /// Refuses a box of the number that is another one than the row would make: it is neither changed nor used.
    pub(super) fn foreign_mailbox(
        &self,
        talk: &AriConversation<'_>,
        number: &str,
        place: &str,
    ) -> Turn {
        let context = &self.voicemail_context;
        let why = format!(
            "there is a box {number} in the context {context} already, {place}, and not as this row would make it: it may be somebody's"
        );
        let hint = "give the row the box's own voicemail_pin, email and voicemail_options, or remove the box: its line in voicemail.conf, or its entry in users.conf or a database";
        let fault = self
            .manifest
            .fault(FaultKind::Exists, "foreign_mailbox", why);
        talk.end(fault.hint(hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_at_the_file_shows_no_pin() {
        let look = FileLook::Text(Secret::new("Line-000000-000000: 2001=>083914,Ann"));
        let shown = format!("{look:?}");
        assert!(!shown.contains("083914"), "{shown}");
    }
}
