//! The meaning of a heading that says only `Password`: the telephone's, unless a column beside it shows another owner.

use super::dictionary::{Common, dictionary, plain};
use super::meaning::{LeftOutReason, Meaning, Meanings};
use super::products::{Product, ProductWord, products};
use super::sample::Sample;
use crate::model::Field;

/// Decides on the SIP password, unless a column beside it is an account on the user's page or another password.
pub(super) fn decide(all: &mut Meanings<'_>) {
    let columns = all.open(Common::Password);
    let find = |is_so: &dyn Fn(usize) -> bool| all.columns().find(|column| is_so(*column));
    let foreign = find(&|column| all.is_of_something_else(column));
    let account = find(&|column| all.is_account(column));
    let mailbox = find(&|column| all.is_mailbox_password(column));
    let has_credential = all.has(Field::SIP_USERNAME) || all.has(Field::SIP_AUTH_NAME);
    let sip = all.column_of(Field::SIP_PASSWORD);
    for column in &columns {
        let beside = match (columns.as_slice(), sip, account) {
            ([_, _, ..], ..) => columns.iter().find(|other| *other != column).copied(),
            (_, Some(sip), _) => Some(sip),
            _ if foreign.is_some() => foreign,
            (_, None, Some(account)) if !has_credential => Some(account),
            _ if all.has(Field::WEB_PASSWORD) => None,
            _ => mailbox
                .or_else(|| all.mailbox_before(*column))
                .or_else(|| all.heading_of_other_meaning(*column)),
        };
        let Some(beside) = beside else {
            all.decide(*column, Field::SIP_PASSWORD);
            continue;
        };
        let why = format!(
            "the SIP password, the password of the user's page or that of something else, for {} stands beside it",
            all.at(beside)
        );
        let fields = match sip {
            Some(_) => &[Field::WEB_PASSWORD][..],
            None => &[Field::SIP_PASSWORD, Field::WEB_PASSWORD],
        };
        all.ask_about(*column, &why, fields);
    }
}

impl Meanings<'_> {
    /// Returns true if a column is an account at a computer or a mailbox, or the password of something else than the
    /// telephone.
    fn is_of_something_else(&self, column: usize) -> bool {
        let is_about_account = || dictionary().is_about_account(self.heading(column));
        match self.meanings[column] {
            Meaning::Unknown => is_about_account() || self.names_other_accounts(column),
            // It stays what it is where the user leaves it out.
            Meaning::LeftOut {
                because: LeftOutReason::Map,
                ..
            } if self.common(column) != Some(Common::User) => is_about_account(),
            Meaning::Ignored => false,
            _ => self.common(column) == Some(Common::Account),
        }
    }

    /// Returns true if the cells of a column name what the passwords beside them are for, such as `Moodle`.
    fn names_other_accounts(&self, column: usize) -> bool {
        let is_place = dictionary().is_everyday(self.heading(column));
        let names = |sample: &Sample| sample.names_other_accounts(column);
        !is_place && self.sample().is_some_and(names)
    }

    /// Returns true if a column contains a person's account, or may.
    fn is_account(&self, column: usize) -> bool {
        let word = self.common(column);
        match &self.meanings[column] {
            meaning @ Meaning::Read { .. } => {
                meaning.reads(Field::USER_ID)
                    || !self.owner.is_known() && word == Some(Common::User)
            }
            Meaning::Asked(_) | Meaning::LeftOut { .. } => matches!(
                word,
                Some(Common::User | Common::Name | Common::GivenOrWhole)
            ),
            _ => false,
        }
    }

    /// Returns true if a column contains the voicemail PIN under the name of a password.
    fn is_mailbox_password(&self, column: usize) -> bool {
        let heading = plain(self.heading(column));
        self.meanings[column].reads(Field::VOICEMAIL_PIN)
            && (heading.contains("secret") || dictionary().has_password_word(&heading))
    }

    /// Finds the column of a mailbox directly before a password, which may be the mailbox's.
    fn mailbox_before(&self, column: usize) -> Option<usize> {
        let before = column.checked_sub(1)?;
        self.meanings[before]
            .reads(Field::VOICEMAIL)
            .then_some(before)
    }

    /// Finds a column whose heading is spelled as by a product that means another password by this one.
    fn heading_of_other_meaning(&self, column: usize) -> Option<usize> {
        if self.options.headings.is_some() {
            return None;
        }
        let is_other = |product: &&'static Product| {
            let word = product.word(self.heading(column).trim());
            matches!(word, Some(ProductWord::Read(cell)) if !cell.fields().contains(&Field::SIP_PASSWORD))
        };
        let is_theirs = |at: &usize| {
            let heading = self.heading(*at).trim();
            // A machine's spelling, which nobody writes by hand.
            let mut pairs = heading.chars().zip(heading.chars().skip(1));
            let is_machines = heading.contains('_')
                || pairs.any(|(one, next)| one.is_lowercase() && next.is_uppercase());
            is_machines
                && Field::named(heading).is_none()
                && products().iter().filter(is_other).any(|product| {
                    let mut read = product.fields();
                    read.any(|(known, _)| known == heading)
                })
        };
        self.columns().find(is_theirs)
    }
}
