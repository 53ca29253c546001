//! Fetches the state of the PBX, as far as the rows need it.

use crate::input::{InputRow, InputRows, OnPbx};
use crate::manifest::Purpose;
use crate::model::{
    Fault, FaultKind, Field, Mode, Outcome, PlannedRow, Record, RowResult, SheetSecrets,
};
use crate::rim::{Failure, TargetSession};
use crate::wire::Listing;
use std::collections::{BTreeMap, BTreeSet};

/// The way on where an extension could not be read.
pub(super) const LOOK_AND_RUN_AGAIN: &str = "look at it on the PBX, then run it again";

/// The state of the PBX, as far as the rows need it.
#[derive(Default)]
pub(crate) struct RemoteState {
    /// Every number.
    pub(crate) numbers: BTreeSet<String>,
    /// True if the numbers are certainly all.
    pub(crate) complete: bool,
    /// Everything about the extensions that rows name.
    pub(crate) extensions: BTreeMap<String, Record>,
    /// Extensions that rows name and that could not be read, or that are listed and not shown.
    unread: BTreeMap<String, Fault>,
    /// Names that more than one group has.
    ambiguous: BTreeSet<String>,
    /// Extensions that must stay, by number, with the use that something else on the PBX has for a part of them.
    in_use: BTreeMap<String, String>,
    /// The things that have the number of an extension and are none, by number, in words.
    others: BTreeMap<String, String>,
}

impl RemoteState {
    /// Returns true if more than one record has this number or name.
    pub(crate) fn is_ambiguous(&self, number: &str) -> bool {
        self.ambiguous.contains(number)
    }

    /// The line of an extension that is not deleted, because something else on the PBX uses a part of it.
    pub(crate) fn in_use(&self, number: &str, line: Outcome) -> Option<PlannedRow> {
        let how = self.in_use.get(number)?;
        Some(PlannedRow::without_change(kept_in_use(how, line)))
    }

    /// The words for what has a number and is no extension.
    pub(crate) fn others(&self, number: &str) -> Option<&str> {
        self.others.get(number).map(String::as_str)
    }

    /// Asks the PBX for everything about the extensions of these numbers, and which others it has.
    ///
    /// # Errors
    /// Exit 3 where it cannot be read.
    pub(crate) fn fetch<'n>(
        session: &TargetSession<'_>,
        named: impl Iterator<Item = &'n str>,
    ) -> Result<RemoteState, Failure> {
        RemoteState::gather(session, named, |listing, is_listed| {
            // An incomplete listing proves no absence.
            is_listed || !listing.complete
        })
    }

    /// Like [`RemoteState::fetch`], and asks for every one of these numbers, even those that are not
    /// listed.
    ///
    /// # Errors
    /// As [`RemoteState::fetch`].
    pub(crate) fn fetch_each<'n>(
        session: &TargetSession<'_>,
        named: impl Iterator<Item = &'n str>,
    ) -> Result<RemoteState, Failure> {
        RemoteState::gather(session, named, |_, _| true)
    }

    fn gather<'n>(
        session: &TargetSession<'_>,
        named: impl Iterator<Item = &'n str>,
        is_wanted: impl Fn(&Listing, bool) -> bool,
    ) -> Result<RemoteState, Failure> {
        let mut listing = session.list()?;
        let (mut numbers, mut ambiguous) = (BTreeSet::new(), BTreeSet::new());
        for number in std::mem::take(&mut listing.numbers) {
            if let Some(number) = numbers.replace(number) {
                ambiguous.insert(number);
            }
        }
        let named: BTreeSet<&str> = named.collect();
        let wanted = named
            .into_iter()
            .filter(|number| !number.is_empty() && is_wanted(&listing, numbers.contains(*number)));
        let wanted: Vec<String> = wanted.map(str::to_owned).collect();
        let lookups = session.look_up_each(&wanted)?;
        let found = lookups.found.into_iter();
        let nothing_known = Record::default();
        let extensions = found.map(|(number, current)| (number, current.hiding(&nothing_known)));
        let extensions: BTreeMap<String, Record> = extensions.collect();
        let mut unread = lookups.unread;
        let record = session.target().noun();
        for number in &wanted {
            let is_open = !extensions.contains_key(number) && !unread.contains_key(number);
            if is_open && numbers.contains(number) {
                unread.insert(number.clone(), not_shown(record));
            }
        }
        let numbers = numbers
            .into_iter()
            .chain(extensions.keys().cloned())
            .collect();
        Ok(RemoteState {
            numbers,
            complete: listing.complete,
            extensions,
            unread,
            ambiguous,
            in_use: listing.in_use,
            others: listing.others,
        })
    }

    /// Types the texts that the wanted records mark as secret as secrets in the fetched records too, and so those that give
    /// a secret of other rows away.
    pub(crate) fn hide_secrets<'w>(
        &mut self,
        wanted: impl Iterator<Item = &'w Record>,
        of_all: &SheetSecrets,
    ) {
        for wanted in wanted {
            if let Some(current) = self.extensions.get_mut(wanted.number()) {
                *current = std::mem::take(current).hiding(wanted);
                current.hide(of_all);
            }
        }
    }

    /// Checks the rows again, now that it is known which extensions there are.
    ///
    /// # Errors
    /// Exit 3 where the PBX does not show which extensions may be members of its groups.
    pub(crate) fn check(
        &self,
        rows: &mut InputRows,
        mode: Mode,
        session: &TargetSession<'_>,
    ) -> Result<(), Failure> {
        let manifest = session.manifest();
        let purpose = |row: &InputRow| self.purpose(mode, row.wanted.number());
        let on_pbx = OnPbx {
            numbers: &self.numbers,
            records: (mode != Mode::Create).then_some(&self.extensions),
        };
        rows.check(manifest, purpose, Some(on_pbx));
        if manifest.key() != Field::GROUP_NAME {
            return Ok(());
        }
        rows.refuse_ambiguous(&self.ambiguous);
        if rows.have_value(Field::GROUP_MEMBERS) {
            rows.check_members(&session.list_extensions()?.unwrap_or_default());
        }
        Ok(())
    }

    /// Returns the fault that kept the extension of this number from being read; `None` where it was read, and where
    /// there is none.
    pub(crate) fn unread(&self, number: &str) -> Option<&Fault> {
        self.unread.get(number)
    }

    /// The row of an extension that could not be read: nothing can be decided of it, so nothing is sent.
    pub(crate) fn unread_row(&self, number: &str, line: &Outcome) -> Option<PlannedRow> {
        let fault = self.unread(number)?;
        Some(PlannedRow::without_change(Outcome {
            result: RowResult::Unknown,
            code: fault.code.to_string(),
            message: format!("nothing was sent, because it could not be read: {}", fault),
            hint: LOOK_AND_RUN_AGAIN.into(),
            http_status: fault.http_status,
            vendor_code: fault.vendor_code.clone(),
            ..line.clone()
        }))
    }

    /// The purpose of a row with this number.
    pub(crate) fn purpose(&self, mode: Mode, number: &str) -> Purpose {
        match mode {
            Mode::Create => Purpose::Create,
            Mode::Update => Purpose::Update,
            Mode::Upsert | Mode::Sync if self.numbers.contains(number) => Purpose::Update,
            Mode::Upsert | Mode::Sync => Purpose::Create,
        }
    }
}

/// The line of an extension that is not deleted, because something else on the PBX uses a part of it, as `how` says.
pub(crate) fn kept_in_use(how: &str, line: Outcome) -> Outcome {
    Outcome {
        result: RowResult::Conflict,
        code: "in_use".into(),
        message: format!("not deleted, because something else would lose a part of it: {how}"),
        hint: "give that one a part of its own first, then run it again".into(),
        ..line
    }
}

/// The line of a number that is not deleted, because what has it is no extension, as `other` says.
pub(crate) fn no_extension(other: &str, line: Outcome) -> Outcome {
    Outcome {
        result: RowResult::Conflict,
        code: "no_extension".into(),
        message: format!("not deleted: {other}"),
        hint: "if it is to go, look at it on the PBX and remove it there".into(),
        ..line
    }
}

/// The fault of an extension that the PBX lists and does not show.
pub(super) fn not_shown(record: &str) -> Fault {
    let words =
        format!("the PBX lists this {record}, and does not show it when it is asked for alone");
    Fault::new(FaultKind::MayHaveHappened, "listed_not_shown", words)
}
