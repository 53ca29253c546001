use super::*;
use crate::ledger::StateDir;
use crate::mapping::{MappedRecord, Mapping, Origin, Renumbering};
use crate::model::{TO_GENERATE, Text};
use crate::seal::Key;
use crate::vendors::vendor;
use std::collections::BTreeSet;

fn manifest(id: &str) -> &'static Manifest {
    (vendor(id).unwrap().manifest)()
}

fn extension(fields: &[(Field, &str)]) -> Record {
    let mut extension = Record::numbered("2001");
    for (field, text) in fields {
        extension.set(*field, *text);
    }
    extension
}

fn map(from: &Manifest, to: &Manifest, fields: &[(Field, &str)]) -> MappedRecord {
    let route = route(from, to, BTreeSet::new());
    let extension = extension(fields);
    let mapped = route.map(&extension, &Renumbering::default());
    let mut loss = Loss::default();
    loss.add(route.count(&extension), &mapped);
    assert!(loss.adds_up(), "{:?}", mapped.entries);
    mapped
}

/// Returns the fate of a field, its value there, and the way.
fn entry_of(mapped: &MappedRecord, field: Field) -> (Mapping, &str, &str) {
    let mut entries = mapped.entries.iter().filter(|entry| entry.field == field);
    let entry = entries
        .next()
        .unwrap_or_else(|| panic!("nothing is told of {}", field.name()));
    (entry.mapping, &entry.value, &entry.how)
}

const LOST: Mapping = Mapping::Dropped { lost: true };
const FREE: Mapping = Mapping::Dropped { lost: false };

#[test]
fn names_are_split_and_joined_and_it_is_said_where_there_is_no_way_back() {
    let (openvox, portsip) = (manifest("openvox"), manifest("portsip"));
    for (name, first, last, back) in [
        ("Ann Miller", "Ann", Some("Miller"), true),
        ("Anna Maria Müller", "Anna Maria", Some("Müller"), true),
        ("Reception", "Reception", None, true),
        ("Ann  Miller", "Ann", Some("Miller"), false),
        (" Ann", "Ann", None, false),
    ] {
        let mapped = map(openvox, portsip, &[(Field::DISPLAY_NAME, name)]);
        assert_eq!(mapped.wanted.text(Field::FIRST_NAME), Some(first), "{name}");
        assert_eq!(mapped.wanted.text(Field::LAST_NAME), last, "{name}");
        assert_eq!(
            mapped.cleared.contains(&Field::LAST_NAME),
            last.is_none(),
            "{name}"
        );
        let how = entry_of(&mapped, Field::DISPLAY_NAME).2;
        assert_eq!(how.contains("otherwise"), !back, "{name}: {how}");
    }
    for (first, last, name, back) in [
        ("Ann", "Miller", "Ann Miller", true),
        ("Anna Maria", "Miller", "Anna Maria Miller", true),
        ("Ann", "van Dam", "Ann van Dam", false),
        ("", "Miller", "Miller", false),
        ("Ann", "", "Ann", true),
    ] {
        let names = [(Field::FIRST_NAME, first), (Field::LAST_NAME, last)];
        let mapped = map(portsip, openvox, &names);
        assert_eq!(mapped.wanted.text(Field::DISPLAY_NAME), Some(name));
        for (field, _) in names.iter().filter(|(_, text)| !text.is_empty()) {
            let (mapping, value, how) = entry_of(&mapped, *field);
            assert_eq!((mapping, value), (Mapping::Translated, name));
            assert_eq!(how.contains("otherwise"), !back, "{name}: {how}");
        }
    }
}

#[test]
fn times_become_the_nearest_that_is_taken_and_it_is_said() {
    let (openvox, portsip) = (manifest("openvox"), manifest("portsip"));
    for (seconds, ring, nearest) in [
        ("0", "15", true),
        ("15", "15", false),
        ("22", "15", true),
        ("23", "30", true),
        ("90", "120", true),
        ("2147483647", "300", true),
    ] {
        let mapped = map(
            portsip,
            openvox,
            &[(Field::FORWARD_NO_ANSWER_AFTER, seconds)],
        );
        let (mapping, value, how) = entry_of(&mapped, Field::FORWARD_NO_ANSWER_AFTER);
        assert_eq!((mapping, value), (Mapping::Translated, ring), "{seconds}");
        assert_eq!(how.contains("nearest"), nearest, "{seconds}: {how}");
    }
    let mapped = map(
        portsip,
        openvox,
        &[(Field::FORWARD_NO_ANSWER_AFTER, "soon")],
    );
    assert_eq!(entry_of(&mapped, Field::FORWARD_NO_ANSWER_AFTER).0, LOST);
    assert_eq!(mapped.wanted.text(Field::RING_TIMEOUT), None);
    let mapped = map(openvox, openvox, &[(Field::MAX_REGISTRATIONS, "12")]);
    let (mapping, value, _) = entry_of(&mapped, Field::MAX_REGISTRATIONS);
    assert_eq!((mapping, value), (Mapping::Translated, "5"));
}

/// Builds a PortSIP whose pages print a word for every destination, as the real ones do not.
fn outspoken() -> Manifest {
    let toml = include_str!("../vendors/portsip/vendor.toml");
    let known = "{ value = \"extension\", wire = \"E\" }, { value = \"mobile\", wire = \"M\" }, { value = \"number\", wire = \"N\" },";
    let voicemail = "  { value = \"voicemail\", wire";
    Manifest::parse(&toml.replace(voicemail, &format!("{known}\n{voicemail}"))).unwrap()
}

#[test]
fn a_forward_means_the_same_with_a_switch_and_without() {
    let (openvox, portsip) = (manifest("openvox"), &outspoken());
    use Field as F;
    let there = |fields: &[(Field, &str)]| {
        let mapped = map(openvox, portsip, fields);
        let text = |field| mapped.wanted.text(field).unwrap_or_default().to_owned();
        (
            text(F::FORWARD_NO_ANSWER_TO),
            text(F::FORWARD_NO_ANSWER_NUMBER),
            mapped,
        )
    };
    let on = (F::FORWARD_NO_ANSWER, "on");
    let (to, number, mapped) = there(&[
        on,
        (F::FORWARD_NO_ANSWER_TO, "extension"),
        (F::FORWARD_NO_ANSWER_EXTENSION, "6000"),
    ]);
    assert_eq!((to.as_str(), number.as_str()), ("extension", "6000"));
    assert_eq!(
        entry_of(&mapped, F::FORWARD_NO_ANSWER_EXTENSION).0,
        Mapping::Translated
    );
    let (to, number, mapped) = there(&[
        on,
        (F::FORWARD_NO_ANSWER_TO, "number"),
        (F::FORWARD_NO_ANSWER_PREFIX, "9"),
        (F::FORWARD_NO_ANSWER_NUMBER, "030"),
        (F::FORWARD_NO_ANSWER_EXTENSION, "6000"),
    ]);
    assert_eq!((to.as_str(), number.as_str()), ("number", "9030"));
    assert_eq!(entry_of(&mapped, F::FORWARD_NO_ANSWER_PREFIX).1, "9030");
    assert_eq!(entry_of(&mapped, F::FORWARD_NO_ANSWER_EXTENSION).0, FREE);
    let (to, number, _) = there(&[
        on,
        (F::FORWARD_NO_ANSWER_TO, "number"),
        (F::FORWARD_NO_ANSWER_NUMBER, "030"),
    ]);
    assert_eq!((to.as_str(), number.as_str()), ("number", "030"));
    // A prefix alone has nothing to precede.
    let (to, number, mapped) = there(&[
        on,
        (F::FORWARD_NO_ANSWER_TO, "mobile"),
        (F::FORWARD_NO_ANSWER_PREFIX, "9"),
    ]);
    assert_eq!((to.as_str(), number.as_str()), ("mobile", ""));
    assert_eq!(entry_of(&mapped, F::FORWARD_NO_ANSWER_PREFIX).0, LOST);
    // A forward that is off is not switched on by its destination.
    let (to, _, mapped) = there(&[
        (F::FORWARD_NO_ANSWER, "off"),
        (F::FORWARD_NO_ANSWER_TO, "voicemail"),
    ]);
    assert_eq!(to, "");
    assert!(mapped.cleared.contains(&F::FORWARD_NO_ANSWER_TO));
    let (to, _, mapped) = there(&[on]);
    assert_eq!(
        (to.as_str(), entry_of(&mapped, F::FORWARD_NO_ANSWER).0),
        ("", LOST)
    );

    // And back.
    let back = |fields: &[(Field, &str)]| map(portsip, openvox, fields);
    let mapped = back(&[
        (F::FORWARD_BUSY_TO, "extension"),
        (F::FORWARD_BUSY_NUMBER, "6000"),
    ]);
    assert_eq!(mapped.wanted.text(F::FORWARD_BUSY), Some("on"));
    assert_eq!(mapped.wanted.text(F::FORWARD_BUSY_EXTENSION), Some("6000"));
    assert_eq!(mapped.wanted.text(F::FORWARD_BUSY_NUMBER), None);
    assert_eq!(
        entry_of(&mapped, F::FORWARD_BUSY).0,
        Mapping::Missing(Origin::Rule)
    );
    let mapped = back(&[
        (F::FORWARD_BUSY_TO, "number"),
        (F::FORWARD_BUSY_NUMBER, "030"),
    ]);
    assert_eq!(mapped.wanted.text(F::FORWARD_BUSY_NUMBER), Some("030"));
    assert_eq!(
        entry_of(&mapped, F::FORWARD_BUSY_NUMBER).0,
        Mapping::Carried
    );
}

#[test]
fn a_word_that_no_page_prints_is_not_guessed() {
    let (openvox, portsip) = (manifest("openvox"), manifest("portsip"));
    let fields = [
        (Field::FORWARD_BUSY, "on"),
        (Field::FORWARD_BUSY_TO, "extension"),
        (Field::FORWARD_BUSY_EXTENSION, "6000"),
    ];
    let mapped = map(openvox, portsip, &fields);
    for (field, _) in fields {
        let (mapping, _, how) = entry_of(&mapped, field);
        assert_eq!(mapping, LOST);
        assert!(
            how.contains("prints its word for a forward to extension"),
            "{how}"
        );
    }
    assert_eq!(mapped.wanted.text(Field::FORWARD_BUSY_TO), None);
    assert!(
        !mapped.cleared.contains(&Field::FORWARD_BUSY_TO),
        "it is not off"
    );
    let fields = [
        (Field::FORWARD_BUSY_TO, "CONNECT_TO_MARS"),
        (Field::FORWARD_BUSY_NUMBER, "7"),
    ];
    let mapped = map(portsip, openvox, &fields);
    for (field, _) in fields {
        assert_eq!(entry_of(&mapped, field).0, LOST);
    }
    assert_eq!(mapped.wanted.text(Field::FORWARD_BUSY), None);
    // A vendor understands its own.
    let mapped = map(portsip, portsip, &fields);
    assert_eq!(
        mapped.wanted.text(Field::FORWARD_BUSY_TO),
        Some("CONNECT_TO_MARS")
    );
    assert_eq!(
        entry_of(&mapped, Field::FORWARD_BUSY_NUMBER).0,
        Mapping::Carried
    );
}

#[test]
fn leaving_out_a_switch_leaves_out_what_it_switches() {
    let (openvox, portsip) = (manifest("openvox"), manifest("portsip"));
    let route = route(openvox, portsip, BTreeSet::from([Field::FORWARD_BUSY]));
    let wanted = extension(&[
        (Field::FORWARD_BUSY, "off"),
        (Field::FORWARD_BUSY_TO, "voicemail"),
    ]);
    let mapped = route.map(&wanted, &Renumbering::default());
    assert_eq!(mapped.wanted.text(Field::FORWARD_BUSY_TO), None);
    assert!(!mapped.cleared.contains(&Field::FORWARD_BUSY_TO));
}

#[test]
fn a_pin_that_is_left_out_stays_there_where_voicemail_is_off() {
    let (openvox, freepbx) = (manifest("openvox"), manifest("freepbx"));
    let (switch, pin) = (Field::VOICEMAIL, Field::VOICEMAIL_PIN);
    let wanted = extension(&[(switch, "off"), (pin, "471108")]);
    for (left_out, is_cleared) in [
        (vec![], true),
        (vec![switch], false),
        (vec![pin], false),
        (vec![switch, pin], false),
    ] {
        let route = route(openvox, freepbx, left_out.iter().copied().collect());
        let mapped = route.map(&wanted, &Renumbering::default());
        assert_eq!(mapped.cleared.contains(&pin), is_cleared, "{left_out:?}");
        let mut loss = Loss::default();
        loss.add(route.count(&wanted), &mapped);
        assert!(loss.adds_up(), "{:?}", mapped.entries);
    }
}

#[test]
fn what_is_kept_with_a_mailbox_is_emptied_with_it_at_the_next_run() {
    let (openvox, freepbx) = (manifest("openvox"), manifest("freepbx"));
    let kept = KeptAgreement::new();
    let run = |voicemail: &str| {
        let given = [
            (Field::VOICEMAIL, voicemail),
            (Field::VOICEMAIL_PIN, "471108"),
            (Field::EMAIL, "ann@example.com"),
        ];
        let mut mapped = map(openvox, freepbx, &given);
        mapped.leave_out_unkept(freepbx);
        mapped
    };
    let first = run("on");
    let mut base = kept.base();
    base.agree("2001", &first.wanted, &[], [].into_iter(), &kept.key);
    let current = &first.wanted;
    let agreed = base.get("2001");
    let step = merge_step(
        freepbx,
        &run("off"),
        Some(current),
        agreed,
        false,
        &kept.key,
    );
    let emptied = extension(&[(Field::VOICEMAIL_PIN, ""), (Field::EMAIL, "")]);
    let wanted = MergeStep::Update {
        wanted: emptied,
        kept: vec![],
    };
    assert_eq!(step, wanted);
    // What a person fills in is not emptied.
    let mut filled = map(openvox, freepbx, &[(Field::VOICEMAIL, "off")]);
    filled.fill(&[(Field::EMAIL, "ann@example.com".to_owned())]);
    filled.leave_out_unkept(freepbx);
    assert!(!filled.cleared.contains(&Field::EMAIL));
}

#[test]
fn secrets_that_cannot_go_are_made_up_and_never_shown() {
    let (openvox, portsip, ozeki) = (manifest("openvox"), manifest("portsip"), manifest("ozeki"));
    let made_up = Mapping::Missing(Origin::Generated);
    let of = |mapped: &MappedRecord, field| {
        let entries = mapped.entries.iter().filter(|entry| entry.field == field);
        entries.map(|entry| entry.mapping).collect::<Vec<_>>()
    };
    // PortSIP takes passwords that OpenVox refuses, and some PBXes show stars.
    for (from, password) in [
        (portsip, "Ab;3canary"),
        (portsip, "********"),
        (ozeki, "•••"),
    ] {
        let mapped = map(from, openvox, &[(Field::SIP_PASSWORD, password)]);
        assert_eq!(mapped.wanted.reveal(Field::SIP_PASSWORD), Some(TO_GENERATE));
        assert_eq!(of(&mapped, Field::SIP_PASSWORD), [LOST, made_up]);
    }
    let mapped = map(ozeki, openvox, &[(Field::SIP_PASSWORD, "Ab3canary")]);
    assert_eq!(mapped.wanted.reveal(Field::SIP_PASSWORD), Some("Ab3canary"));
    assert!(!format!("{:?}", mapped.entries).contains("canary"));
    // Secrets that only the other vendor has, and secrets that this one does not give back.
    for from in [openvox, ozeki] {
        let mapped = map(from, portsip, &[(Field::SIP_PASSWORD, "Ab3canary")]);
        assert_eq!(mapped.wanted.reveal(Field::WEB_PASSWORD), Some(TO_GENERATE));
    }
    let mapped = map(openvox, openvox, &[]);
    assert_eq!(of(&mapped, Field::WEB_PASSWORD), [LOST, made_up]);
    let mapped = map(portsip, openvox, &[(Field::WEB_PASSWORD, "Ab3canary")]);
    assert_eq!(mapped.wanted.reveal(Field::WEB_PASSWORD), Some("Ab3canary"));
    // The vendor has no need of it.
    let mapped = map(openvox, ozeki, &[]);
    assert_eq!(mapped.wanted.reveal(Field::WEB_PASSWORD), None);
}

#[test]
fn the_three_names_of_an_extension_are_told_apart() {
    let (openvox, ozeki) = (manifest("openvox"), manifest("ozeki"));
    let mapped = map(ozeki, openvox, &[(Field::SIP_AUTH_NAME, "2001")]);
    assert_eq!(
        entry_of(&mapped, Field::SIP_AUTH_NAME).0,
        Mapping::Translated
    );
    let mapped = map(ozeki, openvox, &[(Field::SIP_AUTH_NAME, "ann")]);
    let (mapping, _, how) = entry_of(&mapped, Field::SIP_AUTH_NAME);
    assert!(mapping == LOST && how.contains("set anew"), "{how}");
    let mapped = map(
        ozeki,
        ozeki,
        &[(Field::SIP_AUTH_NAME, "ann"), (Field::USER_ID, "staff")],
    );
    assert_eq!(mapped.wanted.text(Field::SIP_AUTH_NAME), Some("ann"));
    assert_eq!(entry_of(&mapped, Field::USER_ID).0, Mapping::Carried);
    let mapped = map(openvox, ozeki, &[]);
    assert_eq!(mapped.wanted.text(Field::USER_ID), Some("user2001"));
    // Values that the vendor fills in by itself are listed, but none that the user has to choose.
    assert_eq!(
        entry_of(&mapped, Field::SIP_AUTH_NAME),
        (
            Mapping::Missing(Origin::Default),
            "2001",
            entry_of(&mapped, Field::SIP_AUTH_NAME).2
        )
    );
    assert_eq!(mapped.wanted.text(Field::SIP_AUTH_NAME), None);
}

#[test]
fn what_has_no_use_is_dropped_without_loss_and_what_has_is_lost() {
    let (openvox, portsip, ozeki) = (manifest("openvox"), manifest("portsip"), manifest("ozeki"));
    for (from, to, field, text, mapping) in [
        (openvox, portsip, Field::MOBILITY, "off", FREE),
        (openvox, portsip, Field::MOBILITY, "on", LOST),
        (portsip, openvox, Field::ENABLED, "on", FREE),
        (portsip, openvox, Field::ENABLED, "off", LOST),
        (portsip, openvox, Field::VOICEMAIL_PIN_REQUIRED, "off", LOST),
        (openvox, ozeki, Field::EXTENSION_TYPE, "SIP", FREE),
        (openvox, ozeki, Field::EXTENSION_TYPE, "FXS", LOST),
        (openvox, openvox, Field::LANGUAGE, "en", LOST),
        (
            portsip,
            portsip,
            Field::VOICEMAIL_GREETING,
            "hello.wav",
            LOST,
        ),
    ] {
        assert_eq!(
            entry_of(&map(from, to, &[(field, text)]), field).0,
            mapping,
            "{} {text}",
            field.name()
        );
    }
}

/// The extension on the other vendor's PBX, with a key and a folder for the agreement.
struct KeptAgreement {
    folder: tempfile::TempDir,
    key: Key,
}

impl KeptAgreement {
    fn new() -> KeptAgreement {
        let folder = tempfile::tempdir().unwrap();
        let key = Key::load_or_make(Some(&folder.path().join("key"))).unwrap();
        KeptAgreement { folder, key }
    }

    fn base(&self) -> Base {
        let state = StateDir::new(Some(&self.folder.path().join("state"))).unwrap();
        Base::load(&state, "a", "b", &self.key).unwrap()
    }
}

fn mapped(fields: &[(Field, &str)]) -> MappedRecord {
    MappedRecord {
        wanted: extension(fields),
        cleared: BTreeSet::new(),
        entries: vec![],
    }
}

#[test]
fn of_three_ways_the_base_decides() {
    let kept = KeptAgreement::new();
    let portsip = manifest("portsip");
    use Field as F;
    let step_of = |base: &Base, wanted: &[(Field, &str)], current: &[(Field, &str)], overwrite| {
        let current = extension(current);
        merge_step(
            portsip,
            &mapped(wanted),
            Some(&current),
            base.get("1"),
            overwrite,
            &kept.key,
        )
    };
    let update = |fields: &[(Field, &str)], kept: &[Field]| MergeStep::Update {
        wanted: extension(fields),
        kept: kept.to_vec(),
    };
    let unchanged = |kept: &[Field]| MergeStep::Unchanged {
        kept: kept.to_vec(),
    };
    let mut base = kept.base();
    let was = [
        (F::MOBILE, "1"),
        (F::GROUPS, "Sales"),
        (F::SIP_PASSWORD, "canary-1"),
        (F::WEB_PASSWORD, TO_GENERATE),
    ];
    base.agree("1", &extension(&was), &[], [].into_iter(), &kept.key);
    base.save().unwrap();
    let text = fs_text(&kept);
    assert!(
        text.contains("Sales") && !text.contains("canary") && !text.contains("generate"),
        "{text}"
    );
    let base = kept.base();
    let at = |mobile: &'static str| {
        [
            (F::MOBILE, mobile),
            (F::GROUPS, "Sales"),
            (F::SIP_PASSWORD, "canary-1"),
            (F::WEB_PASSWORD, TO_GENERATE),
        ]
    };
    let there = |mobile: &'static str| {
        [
            (F::MOBILE, mobile),
            (F::GROUPS, "Sales"),
            (F::SIP_PASSWORD, "canary-1"),
            (F::WEB_PASSWORD, "made up"),
        ]
    };
    assert_eq!(step_of(&base, &at("1"), &there("1"), false), unchanged(&[]));
    assert_eq!(
        step_of(&base, &at("2"), &there("1"), false),
        update(&[(F::MOBILE, "2")], &[])
    );
    assert_eq!(
        step_of(&base, &at("1"), &there("2"), false),
        unchanged(&[F::MOBILE])
    );
    assert_eq!(step_of(&base, &at("2"), &there("2"), false), unchanged(&[]));
    assert_eq!(
        step_of(&base, &at("2"), &there("3"), false),
        MergeStep::Both(vec![F::MOBILE])
    );
    assert_eq!(
        step_of(&base, &at("2"), &there("3"), true),
        update(&[(F::MOBILE, "2")], &[])
    );
    // A field that was never agreed on was empty.
    let now = [(F::MOBILE, "1"), (F::EMAIL, "a@b.c")];
    assert_eq!(
        step_of(&base, &now, &there("1"), false),
        update(&[(F::EMAIL, "a@b.c")], &[])
    );
    let other = [(F::MOBILE, "1"), (F::EMAIL, "x@y.z")];
    assert_eq!(
        step_of(&base, &now, &other, false),
        MergeStep::Both(vec![F::EMAIL])
    );
    // Groups that others added do no harm; one that was left does.
    let groups = |text: &'static str| [(F::MOBILE, "1"), (F::GROUPS, text)];
    assert_eq!(
        step_of(&base, &groups("Sales"), &groups("Support;Sales"), false),
        unchanged(&[])
    );
    assert_eq!(
        step_of(&base, &groups("Sales"), &groups("Support"), false),
        unchanged(&[F::GROUPS])
    );
    assert_eq!(
        step_of(&base, &groups("Sales;IT"), &groups("Support;Sales"), false),
        update(&[(F::GROUPS, "Sales;IT")], &[])
    );
    assert_eq!(
        step_of(&base, &groups("Sales;IT"), &groups(""), false),
        MergeStep::Both(vec![F::GROUPS])
    );
    // A secret is known by its fingerprint.
    let secret = |text: &'static str| [(F::MOBILE, "1"), (F::SIP_PASSWORD, text)];
    assert_eq!(
        step_of(&base, &secret("canary-2"), &secret("canary-1"), false),
        update(&[(F::SIP_PASSWORD, "canary-2")], &[])
    );
    assert_eq!(
        step_of(&base, &secret("canary-1"), &secret("canary-3"), false),
        unchanged(&[F::SIP_PASSWORD])
    );

    // Without an agreement the extension is as wanted, or it is left alone.
    let none = kept.base();
    let none = |wanted: &[(Field, &str)], current: &[(Field, &str)], overwrite| {
        merge_step(
            portsip,
            &mapped(wanted),
            Some(&extension(current)),
            none.get("2"),
            overwrite,
            &kept.key,
        )
    };
    assert_eq!(none(&at("1"), &there("1"), false), unchanged(&[]));
    assert_eq!(
        none(&at("1"), &there("2"), false),
        MergeStep::Differs(vec![F::MOBILE])
    );
    assert_eq!(
        none(&at("1"), &there("2"), true),
        update(&[(F::MOBILE, "1")], &[])
    );

    // It is not there.
    let gone = |base: &Base, number: &str, overwrite| {
        merge_step(
            portsip,
            &mapped(&[]),
            None,
            base.get(number),
            overwrite,
            &kept.key,
        )
    };
    assert_eq!(gone(&base, "1", false), MergeStep::Gone);
    assert_eq!(gone(&base, "1", true), MergeStep::Create);
    assert_eq!(gone(&base, "2", false), MergeStep::Create);
    let mut base = base;
    base.expect("2", "2001");
    assert_eq!(gone(&base, "2", false), MergeStep::Create);
    base.expect("1", "2001");
    assert_eq!(
        step_of(&base, &at("1"), &there("2"), false),
        MergeStep::Differs(vec![F::MOBILE])
    );
}

fn fs_text(kept: &KeptAgreement) -> String {
    let mut folder = std::fs::read_dir(kept.folder.path().join("state/migrations")).unwrap();
    std::fs::read_to_string(folder.next().unwrap().unwrap().path()).unwrap()
}

#[test]
fn what_is_not_given_back_is_written_when_it_changed_here() {
    let kept = KeptAgreement::new();
    let openvox = manifest("openvox");
    let mut base = kept.base();
    let was = extension(&[(Field::WEB_PASSWORD, "one"), (Field::MOBILE, "1")]);
    base.agree("1", &was, &[], [].into_iter(), &kept.key);
    let current = extension(&[(Field::MOBILE, "1")]);
    let now = |text: &str| mapped(&[(Field::WEB_PASSWORD, text), (Field::MOBILE, "1")]);
    let step = |text| {
        merge_step(
            openvox,
            &now(text),
            Some(&current),
            base.get("1"),
            false,
            &kept.key,
        )
    };
    assert_eq!(step("one"), MergeStep::Unchanged { kept: vec![] });
    let wanted = extension(&[(Field::WEB_PASSWORD, "two")]);
    assert_eq!(
        step("two"),
        MergeStep::Update {
            wanted,
            kept: vec![]
        }
    );
}

#[test]
fn what_was_kept_by_hand_is_no_base_for_the_next_run() {
    let kept = KeptAgreement::new();
    let mut base = kept.base();
    let agree = |base: &mut Base, mobile: &str, kept_by_hand: &[Field], emptied: &[Field]| {
        let wanted = extension(&[(Field::MOBILE, mobile), (Field::DESCRIPTION, "x")]);
        base.agree(
            "1",
            &wanted,
            kept_by_hand,
            emptied.iter().copied(),
            &kept.key,
        );
    };
    agree(&mut base, "1", &[], &[]);
    agree(&mut base, "2", &[Field::MOBILE], &[Field::EMAIL]);
    let agreed = base.get("1").unwrap();
    assert!(agreed.is("2001", Field::MOBILE, Text::Open("1"), &kept.key));
    assert!(agreed.is("2001", Field::DESCRIPTION, Text::Open("x"), &kept.key));
    assert!(
        agreed.is("2001", Field::EMAIL, Text::Open(""), &kept.key)
            && !agreed.has_value(Field::EMAIL)
    );
}

#[test]
fn a_field_that_nobody_tells_of_or_somebody_tells_of_twice_does_not_add_up() {
    let (openvox, portsip) = (manifest("openvox"), manifest("portsip"));
    let whole = map(openvox, portsip, &[(Field::EMAIL, "a@b.c")]);
    let fields = 4; // number, e-mail, and what OpenVox does not give back: web password and NAT
    let adds_up = |mapped: &MappedRecord| {
        let mut loss = Loss::default();
        loss.add(fields, mapped);
        loss.adds_up()
    };
    assert!(adds_up(&whole));
    let at = |field| {
        whole
            .entries
            .iter()
            .position(|entry| entry.field == field)
            .unwrap()
    };
    let mut less = whole.clone();
    less.entries.remove(at(Field::EMAIL));
    assert!(!adds_up(&less));
    let mut other = less.clone();
    other.entries.push(whole.entries[at(Field::NUMBER)].clone());
    assert!(!adds_up(&other), "as many, and not the same");
    let mut more = whole.clone();
    more.entries.push(whole.entries[at(Field::EMAIL)].clone());
    assert!(!adds_up(&more));
}

#[test]
fn a_word_of_no_list_means_something_to_its_own_make_alone() {
    let portsip = manifest("portsip");
    let toml = include_str!("../vendors/portsip/vendor.toml");
    let other = Manifest::parse(&toml.replace("id = \"portsip\"", "id = \"other\"")).unwrap();
    for (to, text, mapping) in [
        (portsip, "OTHER", Mapping::Carried),
        (&other, "male", Mapping::Carried),
        (&other, "OTHER", LOST),
    ] {
        let mapped = map(portsip, to, &[(Field::GENDER, text)]);
        assert_eq!(
            entry_of(&mapped, Field::GENDER).0,
            mapping,
            "{} {text}",
            to.vendor.id
        );
    }
}

/// An extension that uses parts of others is left alone by every migration, also by one that overwrites.
#[test]
fn what_uses_parts_of_others_is_never_migrated_onto() {
    let kept = KeptAgreement::new();
    let wanted = [(Field::NUMBER, "1"), (Field::LANGUAGE, "de")];
    let mut current = extension(&wanted);
    let step = |current: &Record, overwrite| {
        let (asterisk, base) = (manifest("asterisk"), kept.base());
        merge_step(
            asterisk,
            &mapped(&wanted),
            Some(current),
            base.get("1"),
            overwrite,
            &kept.key,
        )
    };
    assert_eq!(step(&current, true), MergeStep::Unchanged { kept: vec![] });
    current.set(Field::PARTS_OF_OTHERS, "aor 2");
    for overwrite in [false, true] {
        assert_eq!(
            step(&current, overwrite),
            MergeStep::UsesOthers("aor 2".into())
        );
    }
}

#[test]
fn what_only_the_other_make_has_is_told_and_stays() {
    let (openvox, portsip) = (manifest("openvox"), manifest("portsip"));
    let mapped = map(openvox, portsip, &[(Field::DISPLAY_NAME, "Ann Miller")]);
    let mut current = Record::numbered("2001");
    current.set(Field::FIRST_NAME, "Ann");
    current.set(Field::LAST_NAME, "Miller");
    current.set(Field::MOBILE, "18089");
    current.set(Field::DO_NOT_DISTURB, "off");
    let kept = KeptAgreement::new();
    for overwrite in [false, true] {
        let step = merge_step(portsip, &mapped, Some(&current), None, overwrite, &kept.key);
        let told = vec![Field::MOBILE];
        assert_eq!(step, MergeStep::Unchanged { kept: told });
    }
}

#[test]
fn a_value_that_the_pbx_did_not_tell_is_lost_and_counted() {
    let (threecx, portsip, ozeki) = (manifest("3cx-v20"), manifest("portsip"), manifest("ozeki"));
    let made_up = Mapping::Missing(Origin::Generated);
    let of = |mapped: &MappedRecord, field| {
        let entries = mapped.entries.iter().filter(|entry| entry.field == field);
        entries.map(|entry| entry.mapping).collect::<Vec<_>>()
    };
    // A role that may not see the PIN gets none told; where there is none, it is told empty.
    let mapped = map(threecx, portsip, &[]);
    assert_eq!(of(&mapped, Field::VOICEMAIL_PIN), [LOST, made_up]);
    let (.., how) = entry_of(&mapped, Field::VOICEMAIL_PIN);
    assert_eq!(how, "3CX V20 did not tell it of this extension");
    let mapped = map(threecx, portsip, &[(Field::VOICEMAIL_PIN, "")]);
    assert_eq!(of(&mapped, Field::VOICEMAIL_PIN), []);
    let mapped = map(threecx, ozeki, &[]);
    assert_eq!(of(&mapped, Field::VOICEMAIL_PIN), [LOST]);
}

#[test]
fn what_a_person_fills_in_goes_before_a_fixed_text_and_not_before_what_came_over() {
    let (openvox, ozeki) = (manifest("openvox"), manifest("ozeki"));
    let given = [
        (Field::USER_ID, "reception".to_owned()),
        (Field::SIP_PASSWORD, "Other2001pw".to_owned()),
    ];
    let mut mapped = map(openvox, ozeki, &[(Field::SIP_PASSWORD, "Ab3canary")]);
    assert_eq!(mapped.wanted.text(Field::USER_ID), Some("user2001"));
    mapped.fill(&given);
    assert_eq!(mapped.wanted.text(Field::USER_ID), Some("reception"));
    let entries = mapped.entries.iter();
    let of_user: Vec<Mapping> = entries
        .filter(|entry| entry.field == Field::USER_ID)
        .map(|entry| entry.mapping)
        .collect();
    assert_eq!(of_user, [Mapping::Missing(Origin::Given)]);
    assert_eq!(mapped.wanted.reveal(Field::SIP_PASSWORD), Some("Ab3canary"));
}

#[test]
fn no_pin_is_made_up_for_a_mailbox_that_is_off() {
    let given = [(Field::VOICEMAIL_PIN, "<generate>".to_owned())];
    let openvox = manifest("openvox");
    for to in ["asterisk", "freepbx", "3cx-v20", "yeastar_p"].map(manifest) {
        for (word, pin) in [("on", Some(TO_GENERATE)), ("off", None)] {
            let mut mapped = map(openvox, to, &[(Field::VOICEMAIL, word)]);
            mapped.fill(&given);
            let made_up = mapped.wanted.reveal(Field::VOICEMAIL_PIN);
            assert_eq!(made_up, pin, "{}, {word}: {mapped:?}", to.vendor.id);
        }
    }
}
