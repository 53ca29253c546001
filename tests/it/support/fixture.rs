//! A vendor with a simulated PBX of it, and values for all its fields, made from its manifest.

use super::canary::{CANARIES, assert_no_secret_shown};
use rowcall::link::paced::Pace;
use rowcall::link::retrying::{Patience, Retrying};
use rowcall::link::{Link, StopFlag};
use rowcall::manifest::{Access, FieldRow, Manifest};
use rowcall::model::{Action, Change, Fault, Field, Kind, Record, Secret};
use rowcall::sim::{Faults, InProcess, Sim};
use rowcall::submit::Verify;
use rowcall::submit::converse::Connection;
use rowcall::submit::settlement::Settlement;
use rowcall::submit::{Ended, FailuresMax, IntentLog, NoIntentLog, Options, settle, submit};
use rowcall::vendors::{Account, GROUPS, Settings, VENDORS, Vendor};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// Short waits, so that tests end.
pub(crate) const HASTE: Patience = Patience {
    attempts_max: 7,
    wait_first: Duration::from_millis(1),
    wait_max: Duration::from_millis(4),
    unreached_max: Duration::from_secs(60),
    repeats_unsent: true,
};

/// One vendor with one choice of its settings, and a fresh PBX of it.
pub(crate) struct Rig {
    pub(crate) vendor: &'static Vendor,
    pub(crate) manifest: &'static Manifest,
    pub(crate) name: String,
    pub(crate) sim: Sim,
    pub(crate) stop: StopFlag,
    /// The choice of changes that are read back.
    pub(crate) verify: Verify,
    settings: Settings,
}

/// Every vendor, and the groups of those that have them.
pub(crate) fn kinds() -> impl Iterator<Item = &'static Vendor> {
    VENDORS.iter().chain(GROUPS)
}

/// Every vendor whose listing shows for certain what is on the PBX and what is not.
pub(crate) fn certain_listers() -> impl Iterator<Item = &'static Vendor> {
    let is_certain = |vendor: &&Vendor| (vendor.manifest)().ability.list_is_complete;
    VENDORS.iter().filter(is_certain)
}

/// Every vendor, and its groups, with its default settings, and with each other word of each setting.
pub(crate) fn rigs() -> Vec<Rig> {
    let mut rigs = vec![];
    for vendor in kinds() {
        rigs.push(Rig::new(vendor, &BTreeMap::new()));
        for setting in &(vendor.manifest)().setting {
            let others = setting
                .words
                .iter()
                .filter(|word| **word != setting.default);
            for word in others {
                let given = BTreeMap::from([(setting.name.clone(), word.clone())]);
                rigs.push(Rig::new(vendor, &given));
            }
        }
        // And with all the settings that a field needs, where these are several.
        let needs = (vendor.manifest)()
            .conditional()
            .iter()
            .map(|row| &row.needs);
        let several: BTreeSet<_> = needs.filter(|needs| needs.len() > 1).collect();
        for needs in several {
            let given = needs
                .iter()
                .map(|[name, word]| (name.clone(), word.clone()));
            rigs.push(Rig::new(vendor, &given.collect()));
        }
    }
    rigs
}

impl Rig {
    pub(crate) fn new(vendor: &'static Vendor, given: &BTreeMap<String, String>) -> Rig {
        let settings = Settings::new((vendor.manifest)(), given).unwrap();
        let manifest = vendor.facts(&settings);
        let words = given.iter().map(|(name, word)| format!(" {name}={word}"));
        Rig {
            vendor,
            manifest,
            name: format!("{}{}", Rig::kind(vendor), words.collect::<String>()),
            sim: Sim::new((vendor.sim)(&account()), Faults::default()),
            stop: StopFlag::default(),
            verify: Verify::None,
            settings,
        }
    }

    /// The vendor's word, with the kind of its records where these are not extensions.
    pub(crate) fn kind(vendor: &Vendor) -> String {
        match (vendor.manifest)().key() {
            Field::NUMBER => vendor.id.to_owned(),
            key => format!("{} {}s", vendor.id, key.record_kind().word()),
        }
    }

    /// An extension or group of which nothing is known but its key.
    pub(crate) fn keyed(&self, key: &str) -> Record {
        let mut record = Record::default();
        record.set(self.manifest.key(), key);
        record
    }

    pub(crate) fn in_process(&self) -> InProcess {
        let prefix = self.manifest.vendor.path.clone();
        InProcess::new(self.sim.clone(), prefix, Duration::from_secs(5))
    }

    /// Signs in over a link of its own.
    pub(crate) fn sign_in(
        &self,
        link: Box<dyn Link>,
        pace: Pace,
        account: Account,
    ) -> Result<Connection, Fault> {
        let vendor = self.vendor.client(self.settings.clone());
        let line = Retrying::new(link, pace);
        let connection = Connection::open_with(vendor, line, account, HASTE, HASTE);
        connection.inspect_err(|fault| assert_no_secret_shown(fault))
    }

    pub(crate) fn connect_over(&self, link: impl Link + 'static) -> Connection {
        let pace = Pace::unlimited(self.stop.clone());
        let opened = self.sign_in(Box::new(link), pace, account());
        opened.unwrap_or_else(|fault| panic!("{}: {fault:?}", self.name))
    }

    pub(crate) fn connect(&self) -> Connection {
        self.connect_over(self.in_process())
    }

    /// An extension with a value in every field that can be written. Variants differ in every field that has another
    /// value to offer.
    pub(crate) fn full(&self, number: &str, variant: usize) -> Record {
        let mut extension = self.keyed(number);
        for row in self.writable() {
            if let Some(text) = value(row, number, variant) {
                extension.set(row.name, text);
            }
        }
        extension
    }

    /// The least that makes an extension.
    pub(crate) fn small(&self, number: &str) -> Record {
        let mut extension = self.keyed(number);
        for row in self.writable().filter(|row| row.required) {
            extension.set(row.name, value(row, number, 0).unwrap());
        }
        extension
    }

    /// The exit code of an export of all that is there: 1 where the listing is never certainly complete.
    pub(crate) fn exit_of_export(&self) -> i32 {
        i32::from(!self.manifest.ability.list_is_complete)
    }

    /// A field that names the extension's owner, in plain text.
    pub(crate) fn named_by(&self) -> Field {
        let names = [Field::DISPLAY_NAME, Field::FIRST_NAME, Field::USER_ID];
        let known = names
            .into_iter()
            .find(|name| self.manifest.row(*name).is_some());
        known.unwrap_or_else(|| panic!("{}: no field names a person", self.name))
    }

    /// The fields that can be written, the key aside.
    pub(crate) fn writable(&self) -> impl Iterator<Item = &'static FieldRow> {
        let own = [self.manifest.key(), Field::NEW_NUMBER];
        let rows = self.manifest.field.iter();
        rows.filter(move |row| row.access != Access::ReadOnly && !own.contains(&row.name))
    }

    /// Returns the record that a look should give back after this one was written.
    pub(crate) fn as_read(&self, written: &Record) -> Record {
        let mut read = Record::default();
        for (field, text) in written.iter() {
            let row = self.manifest.row(field).unwrap();
            if row.access == Access::ReadWrite {
                read.set(field, stored_text(text.reveal()));
            }
        }
        read
    }

    /// The extension on the PBX, as far as it can be written.
    pub(crate) fn look(&self, connection: &Connection, number: &str) -> Option<Record> {
        let found = connection.fetch(&[number.to_owned()], false);
        let found = found.unwrap_or_else(|fault| panic!("{}: {fault:?}", self.name));
        assert!(found.len() <= 1, "{}: {number} twice", self.name);
        let found = found.into_iter().next()?;
        let mut writable = Record::default();
        for (field, text) in found.iter() {
            if self.manifest.row(field).unwrap().access == Access::ReadWrite {
                writable.set(field, text);
            }
        }
        Some(writable)
    }

    /// Checks that every wanted value is on the PBX, including those that cannot be read back.
    #[track_caller]
    pub(crate) fn assert_stored(
        &self,
        connection: &Connection,
        wanted: &Record,
        context: impl fmt::Display,
    ) {
        let number = wanted.number();
        let held = self.look(connection, number);
        let held = held.unwrap_or_else(|| panic!("{context}: {number} is not on the PBX"));
        for (field, text) in self.as_read(wanted).iter() {
            let (text, is) = (text.reveal(), held.reveal(field).unwrap_or_default());
            let within = |list: &str, other: &str| {
                let mut items = list.split(';');
                items.all(|item| other.split(';').any(|held| held == item))
            };
            let same = match field.def().kind {
                Kind::List if self.manifest.row(field).unwrap().replaced_whole => {
                    within(text, is) && within(is, text)
                }
                Kind::List => within(text, is),
                _ => is == text,
            };
            assert!(
                same,
                "{context}: {number}: {} is {is:?} and not {text:?}",
                field.name()
            );
        }
        for (field, text) in wanted.iter() {
            let row = self.manifest.row(field).unwrap();
            if row.access == Access::WriteOnly {
                let is = self.sim.stored(number, &row.wire);
                assert_eq!(
                    is,
                    Some(row.to_wire(text.reveal())),
                    "{context}: {number}: {}",
                    field.name()
                );
            }
        }
    }

    /// Sends changes and checks the constant promises: one result for each change, no extension created twice, no
    /// secret shown.
    pub(crate) fn submit(
        &self,
        connection: &Connection,
        changes: Vec<Change>,
        parallel: usize,
    ) -> (Ended, Vec<Settlement>) {
        self.submit_with(connection, &changes, parallel, &NoIntentLog)
    }

    /// The same, with the rows that are about to be sent told to `intents`.
    pub(crate) fn submit_with(
        &self,
        connection: &Connection,
        changes: &[Change],
        parallel: usize,
        intents: &impl IntentLog,
    ) -> (Ended, Vec<Settlement>) {
        let count = changes.len();
        let numbers: Vec<String> = changes.iter().map(|change| change.number.clone()).collect();
        let mut done = vec![];
        let ended = submit(
            connection,
            changes,
            &Options {
                verify: self.verify,
                ..options(parallel)
            },
            intents,
            None,
            &mut |one| {
                assert_no_secret_shown(&one);
                if !one.provisional {
                    done.push(one);
                }
            },
        );
        assert_no_secret_shown(&ended);
        done.sort_by_key(|done| done.row);
        let rows: Vec<usize> = done.iter().map(|done| done.row).collect();
        assert_eq!(
            rows,
            (0..count).collect::<Vec<_>>(),
            "{}: rows in are results out",
            self.name
        );
        for number in numbers {
            assert!(
                self.sim.created(&number) <= 1,
                "{}: {number} was made twice",
                self.name
            );
        }
        (ended, done)
    }

    /// Sends one change.
    pub(crate) fn carry_out(&self, connection: &Connection, change: Change) -> Settlement {
        self.submit(connection, vec![Change { row: 0, ..change }], 1)
            .1
            .remove(0)
    }
}

pub(crate) fn account() -> Account {
    Account {
        username: "api".to_owned(),
        password: Secret::new("Canary7731account"),
        second: None,
    }
}

pub(crate) fn options(parallel: usize) -> Options {
    Options {
        failures_max: FailuresMax::Count(u32::MAX),
        settling: settle::SettleLimits {
            recheck_after: Duration::from_millis(1),
            ..settle::SettleLimits::new(Duration::from_millis(1))
        },
        ..Options::new(parallel, Duration::ZERO)
    }
}

pub(crate) fn change(row: usize, action: Action, wanted: Record, before: Option<Record>) -> Change {
    Change {
        row,
        action,
        number: wanted.number().to_owned(),
        wanted,
        before,
    }
}

/// A valid value of a field, another for each variant; `None` where this variant has none.
pub(crate) fn value(row: &FieldRow, number: &str, variant: usize) -> Option<String> {
    let def = row.name.def();
    if !row.choices.is_empty() {
        let choice = row.choices.get(variant).map(|choice| choice.value.clone());
        return choice.or_else(|| row.open_choices.then(|| format!("OTHER_{variant}")));
    }
    if def.secret {
        return Some(match def.kind {
            Kind::Identifier => format!("{}{variant}", CANARIES[1]),
            _ => format!("{}{}{variant}", CANARIES[0], def.name),
        });
    }
    Some(match def.kind {
        Kind::Switch => ["on", "off"][variant % 2].to_owned(),
        Kind::Choice => def.example.to_owned(),
        Kind::Identifier => {
            let (head, last) = def.example.split_at(def.example.len() - 1);
            format!("{head}{}", (last.parse::<usize>().unwrap() + variant) % 10)
        }
        Kind::Count => (def.example.parse::<usize>().unwrap() + variant).to_string(),
        Kind::Time => def.example.replace(":00", [":00", ":30"][variant % 2]),
        Kind::List => def.example.split(';').nth(variant % 2).unwrap().to_owned(),
        Kind::Email => format!("ann{variant}.{number}@example.com"),
        Kind::Text if def.example.starts_with("https://") => {
            def.example.replace("2002", &format!("{number}-{variant}"))
        }
        Kind::Text if variant == 0 => def.example.to_owned(),
        Kind::Text => format!("{}{variant}", def.example),
    })
}

/// Of an address the PBX keeps the file's name.
fn stored_text(text: &str) -> &str {
    if text.starts_with("https://") {
        text.rsplit('/').next().unwrap_or(text)
    } else {
        text
    }
}
