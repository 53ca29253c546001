//! Voicemail boxes and keys of AstDB against the simulated manager interface of two releases.

use super::sim::{AsteriskSim, Release};
use super::sim_manager::ManagerRights;
use super::*;
use crate::model::Field;
use crate::vendors::testkit::{self, fault, found, is_done, record, session_of};
use crate::wire::{Pbx, Reply};
use url::form_urlencoded;

const RELEASES: [Release; 2] = [Release::R16, Release::R22];

/// The lines of others in `voicemail.conf`.
const FILE: &str = "[general]\nformat => wav\n; a comment\n[default]\n; of 1234\n1234 => 4242,Example Mailbox,root@localhost,,attach=yes|delete=yes\n2009 => 1,Somebody\n[other]\n2002 => 7,Other\n";

/// A PBX with a client that uses its manager interface.
struct ManagerDesk {
    pbx: AsteriskSim,
    client: Box<dyn Client>,
    session: Session,
}

fn desk(release: Release) -> ManagerDesk {
    let mut pbx = AsteriskSim::new(&tests::printed_account(), release);
    pbx.manager.write_file(FILE);
    let client = testkit::client("asterisk", &[("ami", "on"), ("dialplan", "freepbx")]);
    let session = Session::default();
    let account = tests::printed_account();
    let signed = testkit::converse_with(&*client, &mut pbx, &session, Task::SignIn(&account));
    let session = session_of(signed);
    ManagerDesk {
        pbx,
        client,
        session,
    }
}

impl ManagerDesk {
    fn run(&mut self, task: Task<'_>) -> Turn {
        testkit::converse_with(&*self.client, &mut self.pbx, &self.session, task)
    }

    fn look(&mut self, number: &str) -> Option<Record> {
        found(self.run(Task::Get(&[number.to_owned()]))).pop()
    }

    /// The line of the box 2002 in the file.
    fn line(&self) -> Option<String> {
        let file = self.pbx.manager.file();
        let section = file.split("[other]").next().unwrap();
        let mut lines = section
            .lines()
            .filter_map(|line| line.strip_prefix("2002 => "));
        let line = lines.next().map(str::to_owned);
        assert_eq!(lines.next(), None, "two boxes: {file}");
        line
    }

    /// Checks that the file but for box 2002 is as others have left it.
    #[track_caller]
    fn rest_is_as_before(&self) {
        let file = self.pbx.manager.file();
        let mut rest: Vec<&str> = file.lines().collect();
        if let Some(line) = self.line() {
            let line = format!("2002 => {line}");
            rest.retain(|other| *other != line);
        }
        assert_eq!(rest, FILE.lines().collect::<Vec<_>>());
    }

    fn keys(&self) -> Vec<(&str, &str)> {
        let keys = self.pbx.manager.keys.iter();
        keys.map(|(key, text)| (key.as_str(), text.as_str()))
            .collect()
    }

    /// Carries a task out until `after` of its requests were answered; the last of them may be lost on its way. Returns
    /// true if it came to its end.
    fn cut_off(&mut self, task: &Task<'_>, after: usize, loses_request: bool) -> bool {
        let mut said = 0;
        let (turn, _) = testkit::converse(&*self.client, task, &self.session, |request| {
            said += 1;
            if said > after || (said == after && loses_request) {
                return None;
            }
            Some(self.pbx.answer(&testkit::raw(&*self.client, request)))
        });
        matches!(turn, Turn::Done(_))
    }
}

/// An extension with a value in every field.
fn ann() -> Record {
    let mut ann = tests::ann();
    for (field, text) in [
        (Field::VOICEMAIL_PIN, "083914"),
        (Field::EMAIL, "ann@example.com"),
        (Field::VOICEMAIL_PAGER, "beep@example.com"),
        (Field::VOICEMAIL_OPTIONS, "attach=yes|tz=european"),
        (Field::FORWARD_ALWAYS_NUMBER, "0301234567"),
        (Field::FORWARD_BUSY_NUMBER, "2001"),
        (Field::FORWARD_NO_ANSWER_NUMBER, "*43"),
        (Field::DO_NOT_DISTURB, "on"),
    ] {
        ann.set(field, text);
    }
    ann
}

const ANNS_LINE: &str = "083914,Ann Müller,ann@example.com,beep@example.com,attach=yes|tz=european";

const ANNS_KEYS: [(&str, &str); 4] = [
    ("CF/2002", "0301234567"),
    ("CFB/2002", "2001"),
    ("CFU/2002", "*43"),
    ("DND/2002", "YES"),
];

#[track_caller]
fn assert_has(current: &Record, wanted: &Record) {
    for (field, text) in wanted.iter() {
        assert_eq!(current.get(field).unwrap_or_default(), text, "{field:?}");
    }
}

#[test]
fn a_box_and_keys_live_with_their_extension_on_both_releases() {
    for release in RELEASES {
        let mut desk = desk(release);
        is_done(desk.run(Task::Create(&ann())));
        assert_has(&desk.look("2002").unwrap(), &ann());
        assert_eq!(desk.line().as_deref(), Some(ANNS_LINE));
        assert_eq!(
            desk.pbx
                .manager
                .mailbox_in_use("default", "2002")
                .as_deref(),
            Some(ANNS_LINE)
        );
        assert_eq!(desk.keys(), ANNS_KEYS);
        desk.rest_is_as_before();

        let wanted = record(&[
            (Field::NUMBER, "2002"),
            (Field::DISPLAY_NAME, "Müller,  Ann"),
            (Field::VOICEMAIL_PIN, "0001"),
            (Field::EMAIL, ""),
            (Field::FORWARD_BUSY_NUMBER, ""),
            (Field::DO_NOT_DISTURB, "off"),
        ]);
        is_done(desk.run(Task::Update(&wanted)));
        assert_has(&desk.look("2002").unwrap(), &wanted);
        // The options that the row does not name stay.
        let line = "0001,Müller Ann,,beep@example.com,attach=yes|tz=european";
        assert_eq!(desk.line().as_deref(), Some(line));
        let in_use = desk.pbx.manager.mailbox_in_use("default", "2002");
        assert_eq!(in_use.as_deref(), Some(line));
        assert_eq!(desk.keys(), [ANNS_KEYS[0], ANNS_KEYS[2]]);
        desk.rest_is_as_before();

        is_done(desk.run(Task::Delete("2002")));
        assert_eq!(desk.look("2002"), None);
        assert_eq!((desk.line(), desk.keys()), (None, vec![]));
        assert_eq!(desk.pbx.manager.mailbox_in_use("default", "2002"), None);
        desk.rest_is_as_before();
    }
}

/// Cut off at any request and done again, every task ends as if nothing had happened; and no endpoint stands without its
/// box and its keys.
#[test]
fn wherever_it_is_cut_off_the_box_and_the_keys_end_as_wanted() {
    for loses_request in [false, true] {
        for after in 0..40 {
            let mut desk = desk(Release::R22);
            let changed = record(&[
                (Field::NUMBER, "2002"),
                (Field::DISPLAY_NAME, "Bo"),
                (Field::VOICEMAIL, "off"),
                (Field::VOICEMAIL_PIN, "0002"),
                (Field::FORWARD_ALWAYS_NUMBER, "7"),
            ]);
            let again = |desk: &mut ManagerDesk, task: Task<'_>| {
                let ended = desk.cut_off(&task, after, loses_request);
                if matches!(task, Task::Create(_)) && desk.pbx.numbers() == ["2002"] {
                    assert_eq!(desk.line().as_deref(), Some(ANNS_LINE));
                    assert_eq!(desk.keys(), ANNS_KEYS);
                }
                let turn = desk.run(task);
                match turn {
                    Turn::Done(_) => {}
                    Turn::Fault(fault) => assert!(
                        matches!(fault.kind, FaultKind::Exists | FaultKind::Missing),
                        "{after}: {fault:?}"
                    ),
                    Turn::Send(_) => unreachable!(),
                }
                ended
            };
            again(&mut desk, Task::Create(&ann()));
            assert_has(&desk.look("2002").unwrap(), &ann());
            desk.rest_is_as_before();
            again(&mut desk, Task::Update(&changed));
            assert_has(&desk.look("2002").unwrap(), &changed);
            let line = "0002,Bo,ann@example.com,beep@example.com,attach=yes|tz=european";
            assert_eq!(desk.line().as_deref(), Some(line), "{after}");
            again(&mut desk, Task::Delete("2002"));
            assert_eq!((desk.line(), desk.keys()), (None, vec![]), "{after}");
            desk.rest_is_as_before();
            let ended = again(&mut desk, Task::Create(&ann()));
            assert_eq!(desk.pbx.created("2002"), 2);
            assert!(
                after < 39 || ended || loses_request,
                "more requests than were tried"
            );
        }
    }
}

/// Beside a registered telephone a change of the aor is one write: wherever it is cut off, the fixed contact is the one
/// before, and done again the change ends as wanted.
#[test]
fn wherever_it_is_cut_off_an_aor_keeps_its_fixed_contact() {
    for release in RELEASES {
        for fixed in ["", "sip:10.0.0.7:5060"] {
            for (after, loses_request) in (0..20).flat_map(|at| [(at, false), (at, true)]) {
                let mut desk = desk(release);
                is_done(desk.run(Task::Create(&ann())));
                tests::put(&mut desk.pbx, "aor", "2002", &[("contact", fixed)]);
                let telephone = vec!["sip:2002@10.0.0.8".to_owned()];
                desk.pbx.registered.insert("2002".into(), telephone);
                let more = record(&[
                    (Field::NUMBER, "2002"),
                    (Field::MAX_REGISTRATIONS, "5"),
                    (Field::VOICEMAIL, "off"),
                ]);
                let ended = desk.cut_off(&Task::Update(&more), after, loses_request);
                let contact = |desk: &ManagerDesk| desk.pbx.stored("2002", "aor.contact");
                assert_eq!(contact(&desk).as_deref(), Some(fixed), "{after}");
                is_done(desk.run(Task::Update(&more)));
                assert_eq!(contact(&desk).as_deref(), Some(fixed), "{after}");
                assert_has(&desk.look("2002").unwrap(), &more);
                assert!(after < 19 || ended || loses_request);
            }
        }
    }
}

/// Somebody removes an aor while it is changed beside a registered telephone, or the look behind the write fails: the row
/// says that it is missing, and that it was changed where it was.
#[test]
fn an_aor_that_is_removed_while_it_is_changed_is_missing_and_what_was_written_is_told() {
    for release in RELEASES {
        for (at, is_removed, kind, done) in [
            ("get stored aor", true, FaultKind::Missing, ""),
            (
                "put stored aor",
                true,
                FaultKind::Missing,
                "the aor was changed",
            ),
            (
                "put stored aor",
                false,
                FaultKind::MayHaveHappened,
                "the aor was changed",
            ),
        ] {
            let mut desk = desk(release);
            is_done(desk.run(Task::Create(&ann())));
            let telephone = vec!["sip:2002@10.0.0.8".to_owned()];
            desk.pbx.registered.insert("2002".into(), telephone);
            let more = record(&[(Field::NUMBER, "2002"), (Field::MAX_REGISTRATIONS, "5")]);
            let (client, pbx) = (&*desk.client, &mut desk.pbx);
            let mut is_written = false;
            let task = Task::Update(&more);
            let (turn, exchanges) = testkit::converse(client, &task, &desk.session, |request| {
                let is_look_behind = is_written;
                is_written = request.operation == "put stored aor";
                if is_look_behind && !is_removed {
                    return Some(Reply::new(200, "application/json", "{\"half\":"));
                }
                if is_look_behind || request.operation == at && at == "get stored aor" {
                    tests::delete(pbx, "aor", "2002");
                }
                Some(pbx.answer(&testkit::raw(client, request)))
            });
            let told = fault(turn);
            assert_eq!((told.kind, &*told.done_before), (kind, done), "{told:?}");
            let has_written = exchanges
                .iter()
                .any(|it| it.request.operation == "put stored aor");
            assert_eq!(has_written, !done.is_empty());
        }
    }
}

/// An aor that is cached, or kept elsewhere, is left alone beside a registered telephone, and nobody is told to switch on
/// what is on.
#[test]
fn an_aor_that_is_not_kept_in_astdb_alone_is_left_and_told_so() {
    for place in [
        "aor/cache = memory_cache,object_lifetime_maximum=0\naor = astdb,ps_aors\n",
        "aor = realtime,ps_aors\n",
    ] {
        let mut desk = desk(Release::R22);
        is_done(desk.run(Task::Create(&ann())));
        let file =
            format!("[res_pjsip]\nauth = astdb,ps_auths\n{place}endpoint = astdb,ps_endpoints\n");
        desk.pbx.manager.write_sorcery_file(&file);
        let telephone = vec!["sip:2002@10.0.0.8".to_owned()];
        desk.pbx.registered.insert("2002".into(), telephone);
        let more = record(&[(Field::NUMBER, "2002"), (Field::MAX_REGISTRATIONS, "5")]);
        let told = fault(desk.run(Task::Update(&more)));
        assert_eq!(
            (&*told.code, &*told.done_before),
            ("asterisk.registered", "")
        );
        assert!(told.hint.contains("without a cache"), "{told:?}");
        assert!(!told.hint.contains("set ami"), "{told:?}");
    }
}

/// A box that stood beside an extension keeps nobody from giving it back: one of its number that it did not own, and one whose
/// name differs in the case of its letters alone.
#[test]
fn what_stood_beside_an_extension_does_not_keep_it_from_being_given_back() {
    const BOXES: &str = "[default]\n2b => 1,Small\n2B => 2,Big\n2009 => 1,Somebody\n";
    for release in RELEASES {
        for (number, aor) in [("2B", ""), ("2b", ""), ("2009", "sales@default")] {
            let mut desk = desk(release);
            desk.pbx.manager.write_file("[default]\n");
            let wanted = record(&[
                (Field::NUMBER, number),
                (Field::SIP_PASSWORD, "tR7xkQ2mZp9w"),
            ]);
            is_done(desk.run(Task::Create(&wanted)));
            tests::put(&mut desk.pbx, "aor", number, &[("mailboxes", aor)]);
            desk.pbx.manager.write_file(BOXES);
            let before = desk.look(number).unwrap();
            is_done(desk.run(Task::Delete(number)));
            is_done(desk.run(Task::Create(&before)));
            assert_eq!(desk.look(number).unwrap(), before);
            let lines = |text: &str| {
                let lines = text.lines().map(str::to_owned);
                lines.collect::<std::collections::BTreeSet<String>>()
            };
            assert_eq!(lines(&desk.pbx.manager.file()), lines(BOXES), "{number}");
        }
    }
}

#[test]
fn a_box_or_key_that_was_there_before_is_neither_used_nor_changed() {
    for wanted_pin in [None, Some("0001")] {
        let mut desk = desk(Release::R22);
        let mut wanted = record(&[
            (Field::NUMBER, "2009"),
            (Field::SIP_PASSWORD, "tR7xkQ2mZp9w"),
        ]);
        if let Some(pin) = wanted_pin {
            wanted.set(Field::VOICEMAIL_PIN, pin);
        }
        let refused = fault(desk.run(Task::Create(&wanted)));
        assert_eq!(refused.code, "asterisk.foreign_mailbox");
        assert_eq!(refused.kind, FaultKind::Exists);
        assert_eq!(desk.pbx.manager.file(), FILE);
        assert_eq!(desk.pbx.numbers(), [""; 0]);
    }
    let mut desk = desk(Release::R22);
    desk.pbx
        .manager
        .keys
        .insert("CFB/2002".into(), "666".into());
    let refused = fault(desk.run(Task::Create(&ann())));
    assert_eq!(refused.code, "asterisk.foreign_key");
    assert!(
        refused.hint.contains("database del CFB 2002"),
        "{refused:?}"
    );
    assert_eq!(desk.keys(), [("CFB/2002", "666")]);
    assert_eq!(desk.line(), None);
}

/// A box of `users.conf` or of a database is in no file that is read.
#[test]
fn a_box_that_is_written_elsewhere_is_not_doubled() {
    let mut desk = desk(Release::R22);
    let place = ("default".to_owned(), "2002".to_owned());
    desk.pbx.manager.in_use.insert(place, "8888,Users".into());
    let refused = fault(desk.run(Task::Create(&ann())));
    assert_eq!(refused.code, "asterisk.foreign_mailbox");
    assert_eq!(desk.line(), None);
    assert_eq!(desk.pbx.numbers(), [""; 0]);
    desk.rest_is_as_before();
}

/// Each piece of each hidden line is looked for in a PBX's own words. A file of the boxes comes with none, however long it
/// is.
#[test]
fn a_log_looks_for_pieces_of_no_line_of_the_file() {
    let mut desk = desk(Release::R22);
    is_done(desk.run(Task::Create(&ann())));
    let (_, exchanges) = testkit::converse(
        &*desk.client,
        &Task::Get(&["2002".to_owned()]),
        &desk.session,
        |request| Some(desk.pbx.answer(&testkit::raw(&*desk.client, request))),
    );
    let words = &manifest().log.words;
    let files = exchanges
        .iter()
        .filter(|it| it.request.operation == "get mailboxes");
    let mut count = 0;
    for file in files {
        count += 1;
        let text = String::from_utf8_lossy(&file.reply.body).into_owned();
        let mut names = text.lines().filter_map(|line| line.split_once(": "));
        assert!(
            names.all(|(name, _)| !words.iter().any(|word| word == name)),
            "{text}"
        );
    }
    assert_eq!(count, 2);
}

/// Asterisk takes `1A` and `1a` for the same box. Nothing is made for a row whose box would be another one's.
#[test]
fn a_box_in_letters_of_the_other_case_is_taken() {
    for release in RELEASES {
        let mut desk = desk(release);
        let extension = |number: &str| {
            record(&[
                (Field::NUMBER, number),
                (Field::SIP_PASSWORD, "tR7xkQ2mZp9w"),
                (Field::VOICEMAIL_PIN, "0001"),
            ])
        };
        is_done(desk.run(Task::Create(&extension("1a"))));
        let file = desk.pbx.manager.file();
        let refused = fault(desk.run(Task::Create(&extension("1A"))));
        assert_eq!(refused.code, "asterisk.foreign_mailbox");
        assert_eq!(refused.done_before, "");
        assert_eq!(desk.pbx.manager.file(), file);
        for part in ["auth.password", "aor.max_contacts", "endpoint.context"] {
            assert_eq!(desk.pbx.stored("1A", part), None, "{part}");
        }
    }
}

#[test]
fn a_deleted_box_is_given_back_as_it_was_whatever_its_line() {
    for line in [
        "083914,Reception Desk,ann@example.com,,attach=yes|tz=eastern",
        ",Ann",
        "083914,Ann Müller,,,attach=yes|tz=eastern,extra",
    ] {
        let mut desk = desk(Release::R22);
        is_done(desk.run(Task::Create(&ann())));
        let file = desk.pbx.manager.file().replace(ANNS_LINE, line);
        desk.pbx.manager.write_file(&file);
        let before = desk.look("2002").unwrap();
        is_done(desk.run(Task::Delete("2002")));
        assert_eq!(desk.line(), None);
        is_done(desk.run(Task::Create(&before)));
        assert_eq!(desk.line().as_deref(), Some(line));
        let now = desk.look("2002").unwrap();
        let kept = before.attributes().unwrap();
        assert_eq!(now.attributes().unwrap().differing(kept), [""; 0]);
        desk.rest_is_as_before();
    }
}

/// An extension whose messages are in other boxes has none of its own, whatever is called like it.
#[test]
fn the_box_of_somebody_else_stays() {
    let mut desk = desk(Release::R22);
    let mut plain = ann();
    for field in [
        Field::VOICEMAIL_PIN,
        Field::EMAIL,
        Field::VOICEMAIL_PAGER,
        Field::VOICEMAIL_OPTIONS,
        Field::VOICEMAIL,
    ] {
        plain.remove(field);
    }
    is_done(desk.run(Task::Create(&plain)));
    let foreign = FILE.replace("[default]\n", "[default]\n2002 => 9,Boss\n");
    desk.pbx.manager.write_file(&foreign);
    tests::put(
        &mut desk.pbx,
        "aor",
        "2002",
        &[("mailboxes", "100@default")],
    );
    assert_eq!(
        desk.look("2002").unwrap().reveal(Field::VOICEMAIL_PIN),
        Some("")
    );
    let wanted = record(&[(Field::NUMBER, "2002"), (Field::VOICEMAIL_PIN, "0001")]);
    let refused = fault(desk.run(Task::Update(&wanted)));
    assert_eq!(refused.code, "asterisk.foreign_mailbox");
    let wanted = record(&[(Field::NUMBER, "2002"), (Field::DISPLAY_NAME, "Bo")]);
    is_done(desk.run(Task::Update(&wanted)));
    is_done(desk.run(Task::Delete("2002")));
    assert_eq!(desk.pbx.manager.file(), foreign);
}

#[test]
fn a_box_with_a_name_of_its_own_keeps_it() {
    let mut desk = desk(Release::R22);
    is_done(desk.run(Task::Create(&ann())));
    let file = desk.pbx.manager.file().replace("Ann Müller", "Reception");
    desk.pbx.manager.write_file(&file);
    let wanted = record(&[
        (Field::NUMBER, "2002"),
        (Field::DISPLAY_NAME, "Bo"),
        (Field::VOICEMAIL_PIN, "0001"),
    ]);
    is_done(desk.run(Task::Update(&wanted)));
    assert!(desk.line().unwrap().starts_with("0001,Reception,"));
}

#[test]
fn a_box_is_removed_with_its_pin_and_never_left_without_one() {
    let mut desk = desk(Release::R22);
    is_done(desk.run(Task::Create(&ann())));
    let without = |fields: &[Field]| {
        let mut wanted = record(&[(Field::NUMBER, "2002"), (Field::VOICEMAIL_PIN, "")]);
        fields.iter().for_each(|field| wanted.set(*field, ""));
        wanted
    };
    let refused = fault(desk.run(Task::Update(&without(&[Field::EMAIL]))));
    assert_eq!(refused.code, "asterisk.no_pin");
    assert_eq!(desk.line().as_deref(), Some(ANNS_LINE));
    let all = [
        Field::EMAIL,
        Field::VOICEMAIL_PAGER,
        Field::VOICEMAIL_OPTIONS,
    ];
    is_done(desk.run(Task::Update(&without(&all))));
    assert_eq!(desk.line(), None);
    desk.rest_is_as_before();
    let wanted = record(&[(Field::NUMBER, "2002"), (Field::EMAIL, "a@example.com")]);
    let refused = fault(desk.run(Task::Update(&wanted)));
    assert_eq!(refused.code, "asterisk.no_pin");
    // And made anew by an update.
    is_done(desk.run(Task::Update(&ann())));
    assert_eq!(desk.line().as_deref(), Some(ANNS_LINE));
}

#[test]
fn a_new_extension_with_a_pin_has_its_telephones_told_of_messages() {
    for (given, told) in [(None, "on"), (Some("off"), "off"), (Some("on"), "on")] {
        let mut desk = desk(Release::R22);
        let mut wanted = ann();
        wanted.remove(Field::VOICEMAIL);
        if let Some(given) = given {
            wanted.set(Field::VOICEMAIL, given);
        }
        is_done(desk.run(Task::Create(&wanted)));
        let current = desk.look("2002").unwrap();
        assert_eq!(current.text(Field::VOICEMAIL), Some(told));
        assert_eq!(current.reveal(Field::VOICEMAIL_PIN), Some("083914"));
        is_done(desk.run(Task::Delete("2002")));
        desk.rest_is_as_before();
        assert_eq!(desk.line(), None);
    }
}

/// A look finds a piece of the file while somebody writes it: nothing is concluded from that.
#[test]
fn a_file_that_is_being_written_is_looked_at_again() {
    let mut desk = desk(Release::R22);
    is_done(desk.run(Task::Create(&ann())));
    for torn in 1..6 {
        desk.pbx.manager.torn_looks = torn;
        assert_has(&desk.look("2002").unwrap(), &ann());
    }
    desk.pbx.manager.torn_looks = 100;
    let refused = fault(desk.run(Task::Get(&["2002".to_owned()])));
    assert_eq!(refused.code, "asterisk.ami_file_in_writing");
    assert_eq!(desk.line().as_deref(), Some(ANNS_LINE));
}

#[test]
fn a_box_that_was_changed_meanwhile_is_left_as_it_is() {
    let mut desk = desk(Release::R22);
    is_done(desk.run(Task::Create(&ann())));
    let wanted = record(&[(Field::NUMBER, "2002"), (Field::VOICEMAIL_PIN, "0001")]);
    let (client, session) = (&*desk.client, &desk.session);
    let (turn, _) = testkit::converse(client, &Task::Update(&wanted), session, |request| {
        if request.operation == "change mailbox" {
            // Ann has changed her PIN by telephone.
            let file = desk.pbx.manager.file().replace("083914", "555555");
            desk.pbx.manager.write_file(&file);
        }
        Some(desk.pbx.answer(&testkit::raw(client, request)))
    });
    assert_eq!(fault(turn).code, "asterisk.ami_file_changed");
    assert!(desk.line().unwrap().starts_with("555555,"));
}

/// A deletion that the PBX refuses because of the box leaves all as it was, and done again it removes all.
#[test]
fn a_box_that_was_changed_meanwhile_keeps_its_extension_whole() {
    for release in RELEASES {
        let mut desk = desk(release);
        is_done(desk.run(Task::Create(&ann())));
        let (client, session) = (&*desk.client, &desk.session);
        let (turn, _) = testkit::converse(client, &Task::Delete("2002"), session, |request| {
            if request.operation == "change mailbox" {
                let file = desk.pbx.manager.file().replace("083914", "555555");
                desk.pbx.manager.write_file(&file);
            }
            Some(desk.pbx.answer(&testkit::raw(client, request)))
        });
        let refused = fault(turn);
        assert_eq!(refused.code, "asterisk.ami_file_changed");
        assert_eq!(refused.done_before, "");
        let mut whole = ann();
        whole.set(Field::VOICEMAIL_PIN, "555555");
        assert_has(&desk.look("2002").unwrap(), &whole);
        is_done(desk.run(Task::Delete("2002")));
        nothing_is_left(&desk);
        desk.rest_is_as_before();
    }
}

#[track_caller]
fn nothing_is_left(desk: &ManagerDesk) {
    for part in ["auth.username", "aor.max_contacts", "endpoint.auth"] {
        assert_eq!(desk.pbx.stored("2002", part), None, "{part}");
    }
    assert_eq!((desk.line(), desk.keys()), (None, vec![]));
}

/// Somebody reloads all the while, so that Asterisk does not read the file when a change is written.
#[test]
fn a_box_ends_as_wanted_while_somebody_reloads() {
    for busy in 1..6 {
        let mut desk = desk(Release::R22);
        desk.pbx.manager.busy_reloads = busy;
        is_done(desk.run(Task::Create(&ann())));
        desk.pbx.manager.busy_reloads = busy;
        is_done(desk.run(Task::Delete("2002")));
        nothing_is_left(&desk);
        assert_eq!(desk.pbx.manager.mailbox_in_use("default", "2002"), None);
        desk.rest_is_as_before();
    }
    // It never does: nothing is left all the same, and that is told.
    let mut desk = desk(Release::R22);
    is_done(desk.run(Task::Create(&ann())));
    desk.pbx.manager.ignores_reload = true;
    let refused = fault(desk.run(Task::Delete("2002")));
    assert_eq!(refused.code, "asterisk.ami_mailbox_not_in_use");
    nothing_is_left(&desk);
}

/// Asterisk takes the one box for the other.
#[test]
fn a_box_is_removed_beside_one_in_letters_of_the_other_case() {
    let mut desk = desk(Release::R22);
    let file = FILE.replace("[other]", "7a => 1111,Seven\n7A => 2222,Seven\n[other]");
    desk.pbx.manager.write_file(&file);
    for (object, fields) in [
        (
            "auth",
            &[("username", "7A"), ("password", "tR7xkQ2mZp9w")][..],
        ),
        ("aor", &[("max_contacts", "1"), ("mailboxes", "7A@default")]),
        (
            "endpoint",
            &[
                ("context", "internal"),
                ("allow", "alaw"),
                ("auth", "7A"),
                ("aors", "7A"),
            ],
        ),
    ] {
        tests::put(&mut desk.pbx, object, "7A", fields);
    }
    is_done(desk.run(Task::Delete("7A")));
    let left = desk.pbx.manager.file();
    assert_eq!(left, file.replace("7A => 2222,Seven\n", ""));
    assert_eq!(desk.pbx.stored("7A", "auth.username"), None);
}

#[test]
fn without_the_voicemail_module_or_its_file_nothing_of_an_extension_is_left() {
    let mut desk = desk(Release::R22);
    let refused_and_taken_back = |desk: &mut ManagerDesk, code: &str| {
        let refused = fault(desk.run(Task::Create(&ann())));
        assert_eq!(refused.code, format!("asterisk.{code}"));
        assert_eq!(refused.done_before, "", "all was taken back");
        for part in ["auth.username", "aor.max_contacts", "endpoint.auth"] {
            assert_eq!(desk.pbx.stored("2002", part), None, "{part}");
        }
        assert_eq!(desk.keys(), []);
    };
    for ignores_reload in [true, false] {
        desk.pbx.manager.ignores_reload = ignores_reload;
        desk.pbx.manager.has_voicemail = ignores_reload;
        desk.pbx.manager.write_file(FILE);
        refused_and_taken_back(&mut desk, "ami_mailbox_not_in_use");
        desk.rest_is_as_before();
        assert_eq!(desk.line(), None);
    }
    desk.pbx.manager.has_voicemail = true;
    desk.pbx.manager.remove_file();
    refused_and_taken_back(&mut desk, "no_voicemail_file");
}

#[test]
fn an_account_that_may_only_read_reads_and_is_told_before_it_writes() {
    for release in RELEASES {
        let mut desk = desk(release);
        is_done(desk.run(Task::Create(&ann())));
        let account = tests::printed_account();
        let mut sign_in = |rights| {
            desk.pbx.manager.rights = rights;
            let task = Task::SignIn(&account);
            testkit::converse_with(&*desk.client, &mut desk.pbx, &Session::default(), task)
        };
        let refused = fault(sign_in(ManagerRights::Nothing));
        assert_eq!(refused.code, "asterisk.ami_no_rights");
        let all = session_of(sign_in(ManagerRights::All));
        assert_eq!(all.read_only, None);
        desk.session = session_of(sign_in(ManagerRights::Reads));
        let refused = desk.session.read_only.clone().unwrap();
        assert_eq!(refused.code, "asterisk.ami_no_config_rights");
        assert!(refused.hint.contains("system,config,reporting"));
        let current = desk.look("2002").unwrap();
        assert_eq!(current.reveal(Field::VOICEMAIL_PIN), Some("083914"));
    }
}

/// A question for keys shows those of other case too; the dialplan does not use them.
#[test]
fn keys_in_letters_of_another_case_are_others() {
    for release in RELEASES {
        let mut desk = desk(release);
        let keys = &mut desk.pbx.manager.keys;
        keys.insert("cf/2002".into(), "999".into());
        keys.insert("Cfb/2009".into(), "999".into());
        is_done(desk.run(Task::Create(&ann())));
        let forward = |desk: &mut ManagerDesk| {
            let current = desk.look("2002").unwrap();
            current
                .text(Field::FORWARD_ALWAYS_NUMBER)
                .map(str::to_owned)
        };
        assert_eq!(forward(&mut desk).as_deref(), Some("0301234567"));
        desk.pbx.manager.keys.remove("CF/2002");
        assert_eq!(forward(&mut desk).as_deref(), Some(""));
        is_done(desk.run(Task::Delete("2002")));
        assert_eq!(desk.keys(), [("Cfb/2009", "999"), ("cf/2002", "999")]);
    }
}

/// A section that is not there is made with its first box.
#[test]
fn the_first_box_makes_its_context() {
    let mut desk = desk(Release::R22);
    desk.pbx.manager.write_file("[general]\nformat => wav\n");
    is_done(desk.run(Task::Create(&ann())));
    assert_eq!(
        desk.pbx.manager.file(),
        format!("[general]\nformat => wav\n[default]\n2002 => {ANNS_LINE}\n")
    );
}

/// For any text of a row, no line break and no other control character reaches the manager interface, and no comma ends a
/// part of a box.
#[test]
fn no_line_break_reaches_the_manager_interface() {
    let fields = [
        Field::NUMBER,
        Field::VOICEMAIL_PIN,
        Field::EMAIL,
        Field::VOICEMAIL_PAGER,
        Field::VOICEMAIL_OPTIONS,
        Field::FORWARD_ALWAYS_NUMBER,
        Field::FORWARD_BUSY_NUMBER,
        Field::FORWARD_NO_ANSWER_NUMBER,
    ];
    for field in fields {
        for bad in [
            "1\r\n6666 => 1",
            "1\n2",
            "1\r2",
            "1\u{0}2",
            "1\u{85}2",
            "1,2",
        ] {
            if bad == "1,2" && field.name().starts_with("forward") {
                continue;
            }
            let mut desk = desk(Release::R22);
            is_done(desk.run(Task::Create(&ann())));
            let keys: Vec<(String, String)> = desk.pbx.manager.keys.clone().into_iter().collect();
            let file = desk.pbx.manager.file();
            let mut new = ann();
            new.set(Field::NUMBER, "2003");
            new.set(field, bad);
            let mut changed = record(&[(Field::NUMBER, "2002")]);
            changed.set(field, bad);
            for task in [Task::Create(&new), Task::Update(&changed)] {
                let (client, session) = (&*desk.client, &desk.session);
                let (turn, exchanges) = testkit::converse(client, &task, session, |request| {
                    Some(desk.pbx.answer(&testkit::raw(client, request)))
                });
                fault(turn);
                for exchange in exchanges.iter().filter(|it| it.request.beside) {
                    let raw = testkit::raw(client, &exchange.request);
                    let mut form = form_urlencoded::parse(&raw.body);
                    let is_line = |text: &str| !text.chars().any(char::is_control);
                    assert!(form.all(|(name, value)| is_line(&name) && is_line(&value)));
                }
            }
            assert_eq!(desk.pbx.manager.file(), file, "{field:?}");
            let now: Vec<(String, String)> = desk.pbx.manager.keys.clone().into_iter().collect();
            assert_eq!(now, keys, "{field:?}");
        }
    }
    // In a name a break is a blank, if it came so far.
    let mut desk = desk(Release::R22);
    let mut wanted = ann();
    wanted.set(Field::DISPLAY_NAME, "Ann\n6666 => 1");
    assert_eq!(
        fault(desk.run(Task::Create(&wanted))).code,
        "asterisk.line_break"
    );
}

/// The secrets of a row, and of the boxes of others, are in no request but as secrets.
#[test]
fn a_pin_goes_out_as_a_secret() {
    let mut desk = desk(Release::R22);
    let (client, session) = (&*desk.client, &desk.session);
    let task = ann();
    let (_, exchanges) = testkit::converse(client, &Task::Create(&task), session, |request| {
        Some(desk.pbx.answer(&testkit::raw(client, request)))
    });
    let request = exchanges
        .iter()
        .find(|it| it.request.operation == "change mailbox");
    let request = &request.unwrap().request;
    let secrets: Vec<&str> = request.reveal_secrets().map(|(name, _)| name).collect();
    assert!(secrets.contains(&"Value-000000"), "{secrets:?}");
}

/// The requests are those that both releases took.
#[test]
fn requests_to_the_manager_interface_are_those_that_asterisk_took() {
    let mut desk = desk(Release::R22);
    desk.pbx.manager.write_file("[general]\n[default]\n");
    let mut wanted = ann();
    wanted.remove(Field::VOICEMAIL_PAGER);
    wanted.set(Field::FORWARD_ALWAYS_NUMBER, "0301234567");
    let mut sent = vec![];
    let changed = record(&[
        (Field::NUMBER, "2002"),
        (Field::DISPLAY_NAME, "Ann; Miller"),
        (Field::VOICEMAIL_PIN, "0001"),
        (Field::VOICEMAIL_OPTIONS, "attach=yes"),
    ]);
    let tasks = [
        Task::SignIn(&tests::printed_account()),
        Task::Create(&wanted),
        Task::Update(&changed),
        Task::Delete("2002"),
        Task::KeepAlive,
    ];
    for task in &tasks {
        let (client, session) = (&*desk.client, &desk.session);
        let (_, exchanges) = testkit::converse(client, task, session, |request| {
            Some(desk.pbx.answer(&testkit::raw(client, request)))
        });
        sent.extend(
            exchanges
                .into_iter()
                .map(|it| testkit::raw(client, &it.request)),
        );
    }
    let forms: Vec<Vec<(String, String)>> = sent
        .iter()
        .map(|raw| form_urlencoded::parse(&raw.body).into_owned().collect())
        .collect();
    for name in [
        "43-ami-login",
        "44-ami-may-write",
        "45-ami-no-mailboxes",
        "46-ami-mailbox-append",
        "47-ami-mailbox-in-use",
        "49-ami-mailbox-update",
        "57-ami-mailbox-delete",
        "62-ami-key-put",
        "64-ami-keys-of-one",
        "67-ami-key-delete",
    ] {
        let (printed, _) = tests::golden("22.10", name);
        let form: Vec<(String, String)> =
            form_urlencoded::parse(&printed.body).into_owned().collect();
        assert!(forms.contains(&form), "{name}: {form:?}\n{forms:#?}");
    }
    let ping = [("Action".to_owned(), "Ping".to_owned())];
    assert!(forms.contains(&ping.to_vec()), "{forms:#?}");
}

/// Its requests are what makes a creation slow, and a look at several extensions asks for boxes and keys once.
#[test]
fn a_creation_takes_few_requests_and_a_look_at_several_shares_them() {
    let mut desk = desk(Release::R22);
    let mut count = |task: &Task<'_>| {
        let (_, exchanges) = testkit::converse(&*desk.client, task, &desk.session, |request| {
            Some(desk.pbx.answer(&testkit::raw(&*desk.client, request)))
        });
        exchanges.len()
    };
    let mut numbers = vec![];
    for number in 2000..2008 {
        let mut wanted = tests::ann();
        wanted.set(Field::NUMBER, number.to_string());
        wanted.set(Field::VOICEMAIL_PIN, "083914");
        assert_eq!(count(&Task::Create(&wanted)), 16);
        numbers.push(number.to_string());
    }
    assert_eq!(count(&Task::Get(&numbers[..1])), 10);
    assert_eq!(count(&Task::Get(&numbers)), 8 * 4 + 6);
}

#[test]
fn the_sign_in_names_the_types_of_objects_that_are_kept_nowhere() {
    let account = tests::printed_account();
    let client = testkit::client("asterisk", &[("ami", "on")]);
    let signed_in = |pbx: &mut AsteriskSim| {
        let session = Session::default();
        session_of(testkit::converse_with(
            &*client,
            pbx,
            &session,
            Task::SignIn(&account),
        ))
    };
    for release in RELEASES {
        let mut pbx = AsteriskSim::new(&account, release);
        let session = signed_in(&mut pbx);
        assert_eq!(session.read_only, None);
        assert!(session.rights.contains("where they can be written"));
        let file = "[other]\nendpoint => astdb,x\n[res_pjsip]\nauth => astdb,ps_auths\naor => config,pjsip.conf\nendpoint/cache => memory_cache,object_lifetime_maximum=0\n";
        pbx.manager.write_sorcery_file(file);
        let fault = signed_in(&mut pbx).read_only.unwrap();
        assert_eq!(fault.kind, FaultKind::TargetUnusable);
        assert!(fault.message.contains("of type aor, endpoint:"), "{fault}");
        assert_eq!(
            fault.hint,
            "write under [res_pjsip] in sorcery.conf: aor = astdb,ps_aors, endpoint = astdb,ps_endpoints, and restart Asterisk"
        );
        pbx.manager.rights = ManagerRights::Reads;
        assert!(
            signed_in(&mut pbx)
                .read_only
                .unwrap()
                .message
                .contains("voicemail.conf")
        );
    }
    let bare = testkit::client("asterisk", &[]);
    let mut pbx = AsteriskSim::new(&account, Release::R22);
    let session = Session::default();
    let signed = testkit::converse_with(&*bare, &mut pbx, &session, Task::SignIn(&account));
    assert!(
        session_of(signed)
            .rights
            .contains("endpoint = astdb,ps_endpoints")
    );
}

#[test]
fn an_endpoint_that_astdb_lost_and_a_cache_shows_on_is_made_again() {
    for release in RELEASES {
        let mut desk = desk(release);
        is_done(desk.run(Task::Create(&ann())));
        desk.pbx.lose("2002", None);
        assert_eq!(desk.look("2002"), None);
        let Turn::Done(Answer::Listing(listing)) = desk.run(Task::List) else {
            panic!("no listing");
        };
        assert_eq!((listing.numbers, listing.complete), (vec![], false));
        let mut update = Record::numbered("2002");
        update.set(Field::DISPLAY_NAME, "Bob");
        let refused = fault(desk.run(Task::Update(&update)));
        assert!(refused.message.contains("its cache alone"), "{refused}");
        is_done(desk.run(Task::Create(&ann())));
        assert_has(&desk.look("2002").unwrap(), &ann());
        desk.pbx.lose("2002", None);
        is_done(desk.run(Task::Delete("2002")));
        for object in ["auth.username", "aor.max_contacts", "endpoint.context"] {
            assert_eq!(desk.pbx.stored("2002", object), None, "{object}");
        }
        assert_eq!((desk.line(), desk.keys()), (None, vec![]));
    }
}

#[test]
fn a_deletion_that_astdb_lost_is_seen_and_made_again() {
    for release in RELEASES {
        let mut desk = desk(release);
        is_done(desk.run(Task::Create(&ann())));
        for task in [Task::Delete("2002"), Task::Update(&ann())] {
            desk.pbx.lose_deletion("2002");
            assert_eq!(desk.pbx.stored("2002", "endpoint.context"), None);
            assert_eq!(desk.look("2002").unwrap().number(), "2002");
            is_done(desk.run(task));
            let is_there = desk.pbx.stored("2002", "endpoint.context").is_some();
            assert_eq!(is_there, matches!(task, Task::Update(_)), "{task:?}");
            if !is_there {
                assert_eq!(desk.look("2002"), None);
                is_done(desk.run(Task::Create(&ann())));
            }
        }
        // A new one of its number would be another one.
        desk.pbx.lose_deletion("2002");
        let refused = fault(desk.run(Task::Create(&ann())));
        assert_eq!(refused.kind, FaultKind::Exists);
    }
}

#[test]
fn a_change_of_an_endpoint_that_astdb_lost_is_seen_and_made_again() {
    for release in RELEASES {
        let mut desk = desk(release);
        is_done(desk.run(Task::Create(&ann())));
        desk.pbx.lose("2002", Some("\"Before\" <2002>"));
        let current = desk.look("2002").unwrap();
        assert_eq!(current.text(Field::DISPLAY_NAME), Some("Before"));
        let mut update = Record::numbered("2002");
        update.set(Field::DISPLAY_NAME, "Ann Müller");
        is_done(desk.run(Task::Update(&update)));
        assert_has(&desk.look("2002").unwrap(), &ann());
    }
}

#[test]
fn endpoints_that_are_kept_elsewhere_are_not_looked_for_in_astdb() {
    for places in [
        "endpoint => realtime,ps_endpoints\n",
        "endpoint => config,pjsip.conf\nendpoint => astdb,ps_endpoints\n",
        "endpoint => astdb,other\n",
    ] {
        let mut desk = desk(Release::R22);
        is_done(desk.run(Task::Create(&ann())));
        desk.pbx.lose("2002", None);
        desk.pbx
            .manager
            .write_sorcery_file(&format!("[res_pjsip]\n{places}"));
        assert_has(&desk.look("2002").unwrap(), &ann());
        let there = fault(desk.run(Task::Create(&ann())));
        assert_eq!(there.kind, FaultKind::Exists, "{places}");
    }
}

/// The manager interface may know another account than ARI; its name alone switches the interface on.
#[test]
fn a_second_account_signs_in_at_the_manager_interface() {
    let mut account = tests::printed_account();
    let boxes = testkit::account("boxes", "Canary7731boxes");
    account.second = Some(Box::new(boxes.clone()));
    let client = testkit::client("asterisk", &[("ami_username", "boxes")]);
    for release in RELEASES {
        let mut pbx = AsteriskSim::new(&account, release);
        let mut sign_in = |account| {
            let session = Session::default();
            testkit::converse_with(&*client, &mut pbx, &session, Task::SignIn(account))
        };
        assert!(session_of(sign_in(&account)).refresh_token.is_some());
        let refused = fault(sign_in(&tests::printed_account()));
        assert_eq!(refused.code, "asterisk.ami_authentication_failed");
        assert!(refused.hint.contains("ami_username"), "{}", refused.hint);
    }
    let manifest = client.manifest();
    for (settings, second) in [
        (&[("ami_username", "boxes")][..], Some("boxes")),
        (&[("ami_username", "boxes"), ("ami", "off")], None),
        (&[("ami", "on")], None),
    ] {
        let settings = settings
            .iter()
            .map(|(name, text)| ((*name).into(), (*text).into()));
        let settings = crate::vendors::Settings::new(manifest, &settings.collect()).unwrap();
        let account = settings.second_account(manifest);
        assert_eq!(account.map(|account| account.username), second);
        let is_on = second.is_some() || settings.get("ami_username").is_empty();
        assert_eq!(settings.get("ami") == "on", is_on);
    }
}
