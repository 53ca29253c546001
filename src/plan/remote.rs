//! What the PBX holds, as far as the rows need it.

use super::decide::Mode;
use crate::input::{InputRow, OnPbx, Rows};
use crate::manifest::Purpose;
use crate::model::{Field, Record};
use crate::rim::{Failure, Session};
use crate::wire::Listing;
use std::collections::{BTreeMap, BTreeSet};

/// What the PBX holds, as far as the rows need it.
pub(crate) struct RemoteState {
    /// Every number.
    pub(crate) numbers: BTreeSet<String>,
    /// Whether those are certainly all.
    pub(crate) complete: bool,
    /// Everything about the extensions that rows name.
    pub(crate) extensions: BTreeMap<String, Record>,
    /// Names of groups that more than one has.
    twice: BTreeSet<String>,
}

impl RemoteState {
    /// Asks the PBX for everything about the extensions of these numbers, and which others it has.
    ///
    /// # Errors
    /// Exit 3 where it does not tell.
    pub(crate) fn fetch<'n>(
        session: &Session<'_>,
        named: impl Iterator<Item = &'n str>,
    ) -> Result<RemoteState, Failure> {
        RemoteState::gather(session, named, |listing, is_listed| {
            // What a doubtful listing leaves out is looked for too.
            is_listed || !listing.complete
        })
    }

    /// As [`RemoteState::fetch`], and asks for every one of these numbers, whatever the listing says.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn fetch_each<'n>(
        session: &Session<'_>,
        named: impl Iterator<Item = &'n str>,
    ) -> Result<RemoteState, Failure> {
        RemoteState::gather(session, named, |_, _| true)
    }

    fn gather<'n>(
        session: &Session<'_>,
        named: impl Iterator<Item = &'n str>,
        is_wanted: impl Fn(&Listing, bool) -> bool,
    ) -> Result<RemoteState, Failure> {
        let mut listing = session.list()?;
        let (mut numbers, mut twice) = (BTreeSet::new(), BTreeSet::new());
        for number in std::mem::take(&mut listing.numbers) {
            if let Some(number) = numbers.replace(number) {
                twice.insert(number);
            }
        }
        let named: BTreeSet<&str> = named.collect();
        let wanted = named
            .into_iter()
            .filter(|number| !number.is_empty() && is_wanted(&listing, numbers.contains(*number)));
        let wanted: Vec<String> = wanted.map(str::to_owned).collect();
        let extensions = session.look(&wanted)?;
        if let Some(memory) = session.memory.as_ref().filter(|_| listing.complete) {
            memory.forget_absent(session.target().record(), &numbers)?;
        }
        let numbers = numbers
            .into_iter()
            .chain(extensions.keys().cloned())
            .collect();
        Ok(RemoteState {
            numbers,
            complete: listing.complete,
            extensions,
            twice,
        })
    }

    /// Holds the rows to the rules again, now that it is known what is there.
    ///
    /// # Errors
    /// Exit 3 where the PBX does not tell which extensions may be members of its groups.
    pub(crate) fn check(
        &self,
        rows: &mut Rows,
        mode: Mode,
        session: &Session<'_>,
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
        rows.refuse_ambiguous(&self.twice);
        if rows.have(Field::GROUP_MEMBERS) {
            rows.check_members(&session.list_extensions()?.unwrap_or_default());
        }
        Ok(())
    }

    /// What a row of this number is for.
    pub(crate) fn purpose(&self, mode: Mode, number: &str) -> Purpose {
        match mode {
            Mode::Create => Purpose::Create,
            Mode::Update => Purpose::Update,
            Mode::Upsert | Mode::Sync if self.numbers.contains(number) => Purpose::Update,
            Mode::Upsert | Mode::Sync => Purpose::Create,
        }
    }
}
