//! A user with the program and a real Asterisk, and extensions with secrets that are hard to carry.

use super::{PbxObject, RunningAsterisk};
use crate::support::canary::CANARIES;
use crate::support::program::Program;
use crate::support::random::Random;
use crate::support::telephone::Telephone;
use crate::support::unpacked::Packages;
use rowcall::model::{Field, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// Pieces of secrets that some program between a sheet and a telephone takes for its own.
const PIECES: [&str; 24] = [
    "\"", "'", ";", "#", "\\", ",", "=", "&", "<", ">", "ü", "ß", "€", "😀", " ", "%41",
    "${EXTEN}", "\\n", "&amp;", "//", "@", "[x]", "?", "|",
];

/// An odd secret, another for each number: it may begin with zeros, and be 1,000 characters long.
pub(crate) fn secret(number: &str, random: &mut Random) -> String {
    let mut pieces = || {
        let pieces = (0..random.below(5)).map(|_| *random.one(&PIECES));
        pieces.collect::<String>()
    };
    let (before, after) = (pieces(), pieces());
    let own = format!("{}{number}", CANARIES[0]);
    match random.below(8) {
        0 => format!("000{own}{after}"),
        1 => format!(
            "{own}{after}{}",
            "x".repeat(1000 - own.len() - after.chars().count())
        ),
        _ => format!("{before}{own}{after}."),
    }
    .trim()
    .to_owned()
}

/// Extensions with odd secrets and names, numbered from 0400 on.
pub(crate) fn extensions(count: usize, random: &mut Random) -> Vec<Record> {
    let extension = |row: usize| {
        let number = format!("{:04}", 400 + row);
        let mut extension = Record::numbered(&number);
        let name = *random.one(&[
            "Ann Müller",
            "Bo \"Jo\" Lund",
            "O'Hara, P.; #7",
            "Žofie <x> & ß€",
        ]);
        extension.set(Field::DISPLAY_NAME, format!("{name} {row}"));
        extension.set(Field::SIP_PASSWORD, secret(&number, random));
        extension.set(Field::VOICEMAIL, *random.one(&["on", "off"]));
        extension.set(Field::LANGUAGE, *random.one(&["en", "de"]));
        extension
    };
    (0..count).map(extension).collect()
}

/// A folder with the program, and a real Asterisk that is the `TARGET` of its lines.
pub(crate) struct RealDesk {
    pub(crate) program: Program,
    pub(crate) asterisk: RunningAsterisk,
}

impl Deref for RealDesk {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl RealDesk {
    pub(crate) fn new(packages: Packages) -> Option<RealDesk> {
        RunningAsterisk::start(packages).map(RealDesk::at)
    }

    /// The target is `hq` of the configuration, as fast as the program goes.
    pub(crate) fn at(asterisk: RunningAsterisk) -> RealDesk {
        let program = Program::at("hq".into()).with_own_state();
        program.write("rowcall.toml", asterisk.config("hq"));
        RealDesk { program, asterisk }
    }
}

impl RunningAsterisk {
    /// Checks that the PBX has exactly these extensions, each whole and closed, in the objects of its database.
    #[track_caller]
    pub(crate) fn assert_extensions(&self, wanted: &[Record]) {
        let objects = self.objects();
        let names = |wanted: &Record| {
            ["aor", "auth", "endpoint"].map(|kind| format!("{kind}/{}", wanted.number()))
        };
        let names: BTreeSet<String> = wanted.iter().flat_map(names).collect();
        let held: BTreeSet<String> = objects.keys().cloned().collect();
        let is_shown = |name: &String| {
            let (kind, number) = name.split_once('/').unwrap();
            (name.clone(), self.ari().get(kind, number).is_some())
        };
        let differing: Vec<_> = names.symmetric_difference(&held).map(is_shown).collect();
        assert!(
            differing.is_empty(),
            "not as wanted, and shown by ARI: {differing:?}"
        );
        for wanted in wanted {
            let number = wanted.number();
            let part = |kind: &str| -> &PbxObject { &objects[&format!("{kind}/{number}")] };
            let reveal = |field| wanted.reveal(field).unwrap();
            assert_eq!(
                part("auth")["password"],
                reveal(Field::SIP_PASSWORD),
                "{number}"
            );
            assert_eq!(part("auth")["username"], number);
            assert_eq!(part("aor")["max_contacts"], "1");
            assert_eq!(part("endpoint")["auth"], number);
            assert_eq!(part("endpoint")["aors"], number);
            assert_eq!(part("endpoint")["context"], "internal");
            assert_eq!(part("endpoint")["allow"], "(alaw|ulaw)");
            assert_eq!(
                part("endpoint")["language"],
                reveal(Field::LANGUAGE),
                "{number}"
            );
            let name = reveal(Field::DISPLAY_NAME)
                .replace('\\', "\\\\")
                .replace('"', "\\\"");
            assert_eq!(
                part("endpoint")["callerid"],
                format!("\"{name}\" <{number}>")
            );
            let boxes = match reveal(Field::VOICEMAIL) {
                "on" => format!("{number}@default"),
                _ => String::new(),
            };
            assert_eq!(part("aor")["mailboxes"], boxes, "{number}");
        }
    }

    /// Checks that the PBX has the same objects as before, attribute by attribute.
    #[track_caller]
    pub(crate) fn is_as(&self, before: &BTreeMap<String, PbxObject>) {
        let now = self.shown();
        assert!(
            now.keys().eq(before.keys()),
            "{:?} and not {:?}",
            now.keys(),
            before.keys()
        );
        for (name, object) in before {
            assert_eq!(&now[name], object, "{name}");
        }
    }

    /// Checks that a telephone gets in with each secret, and with no other one.
    #[track_caller]
    pub(crate) fn lets_in(&self, wanted: &[Record]) {
        let telephone = Telephone::new(self.sip());
        for wanted in wanted {
            let (number, secret) = (wanted.number(), wanted.reveal(Field::SIP_PASSWORD).unwrap());
            let wrong = format!("{secret}x");
            assert_eq!(
                telephone.register(number, &wrong, 60),
                Some(401),
                "{number}"
            );
            assert_eq!(
                telephone.register(number, secret, 60),
                Some(200),
                "{number}: {secret}"
            );
            assert_eq!(
                telephone.register(number, secret, 0),
                Some(200),
                "{number}: out again"
            );
        }
    }
}
