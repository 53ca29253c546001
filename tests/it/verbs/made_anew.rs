//! A PBX that makes an extension anew for a change: whatever goes wrong meanwhile, nothing of it is lost.

use crate::support::altered::{altered, contains};
use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::wait_until;
use rowcall::vendors::vendor;
use rowcall::wire::{RawRequest, Reply};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

const MAILBOX: [(&str, &str); 5] = [
    ("password", "004711"),
    ("email", "ann@example.com"),
    ("pager", "pager@example.com"),
    ("attach", "yes"),
    ("envelope", "no"),
];

/// The SIP password of 2001, without a digit.
const SECRET: &str = "QuGLxvTwPmbZ";

/// The request that also switches on that voicemail is attached to its mail.
fn attaching(heard: &RawRequest) -> RawRequest {
    let mut body: Value = serde_json::from_slice(&heard.body).unwrap();
    body["variables"]["input"]["attach"] = true.into();
    RawRequest {
        body: body.to_string().into_bytes(),
        ..heard.clone()
    }
}

/// A PBX with 2001, to whose mailbox somebody has given more, that answers for itself from then on.
fn desk(answer: impl Fn(&RawRequest) -> PlayedReply + Send + 'static) -> Desk {
    let is_ready = Arc::<AtomicBool>::default();
    let ready = is_ready.clone();
    let rig = altered(vendor("freepbx").unwrap(), move |pbx, heard| {
        if !is_ready.load(Ordering::SeqCst) {
            return match contains(heard, "enableVoiceMail") {
                true => pbx.answer(&attaching(heard)),
                false => pbx.answer(heard),
            };
        }
        match answer(heard) {
            PlayedReply::Own => pbx.answer(heard),
            PlayedReply::Without(text) => {
                let mut reply = pbx.answer(heard);
                let body = String::from_utf8_lossy(&reply.body).replace(text, "");
                reply.body = body.into_bytes();
                reply
            }
            PlayedReply::Refused(message) => refusal(message),
            PlayedReply::LostAfter => {
                pbx.answer(heard);
                Reply::new(502, "text/plain", "gone")
            }
            PlayedReply::LostBefore => Reply::new(502, "text/plain", "gone"),
        }
    });
    let mut desk = Desk::at(TestPbx::serving(rig));
    desk.program = desk.program.with_own_state();
    let config = desk.pbx.config("hq") + "reply_within = \"1\"\n";
    desk.write("rowcall.toml", config);
    desk.write(
        "made.csv",
        format!(
            "number,display_name,sip_password,voicemail_pin,email,voicemail_pager\n\
             2001,Ann,{SECRET},004711,ann@example.com,pager@example.com\n"
        ),
    );
    desk.run("import made.csv --to hq --yes --verify none")
        .exits(0);
    assert_eq!(mailbox(&desk), MAILBOX.map(|(_, text)| text.to_owned()));
    ready.store(true, Ordering::SeqCst);
    desk
}

enum PlayedReply {
    Own,
    /// Its own, without this text.
    Without(&'static str),
    Refused(&'static str),
    LostAfter,
    LostBefore,
}

fn refusal(message: &str) -> Reply {
    let body = format!(r#"{{"errors":[{{"message":"{message}","status":false}}]}}"#);
    Reply::new(400, "application/json", body)
}

fn mailbox(desk: &Desk) -> Vec<String> {
    let part = |(name, _): &(&str, &str)| desk.pbx.sim.stored("2001", &format!("mailbox.{name}"));
    MAILBOX.iter().filter_map(part).collect()
}

fn renaming(desk: &Desk) {
    desk.write("in.csv", "number,display_name\n2001,Ann Lund\n");
}

#[test]
fn a_mailbox_outlives_a_change_whose_replies_are_lost() {
    for (name, is_done) in [
        ("updateExtension", true),
        ("updateExtension", false),
        ("enableVoiceMail", true),
        ("enableVoiceMail", false),
    ] {
        let times = AtomicU32::new(0);
        let desk = desk(move |heard| {
            match contains(heard, name) && times.fetch_add(1, Ordering::SeqCst) == 0 {
                true if is_done => PlayedReply::LostAfter,
                true => PlayedReply::LostBefore,
                false => PlayedReply::Own,
            }
        });
        renaming(&desk);
        let done = desk.run("import in.csv --to hq --yes --mode update");
        done.exits(0);
        assert_eq!(
            mailbox(&desk),
            MAILBOX.map(|(_, text)| text.to_owned()),
            "{name} {is_done}"
        );
    }
}

#[test]
fn what_a_refused_mailbox_has_lost_is_named_and_a_resume_or_an_undo_gives_it_back() {
    for verb in ["resume", "undo"] {
        let refuses = Arc::new(AtomicBool::new(true));
        let still = refuses.clone();
        let desk = desk(move |heard| {
            match contains(heard, "enableVoiceMail") && still.load(Ordering::SeqCst) {
                true => PlayedReply::Refused("kaputt"),
                false => PlayedReply::Own,
            }
        });
        renaming(&desk);
        desk.run("import in.csv --to hq --yes --mode update --report out.csv")
            .exits(1);
        let report = desk.read("out.csv");
        for lost in ["differs", "voicemail_pager", "voicemail_options"] {
            assert!(report.contains(lost), "{lost}: {report}");
        }
        refuses.store(false, Ordering::SeqCst);
        desk.run(&format!("{verb} --yes")).exits(0);
        assert_eq!(
            mailbox(&desk),
            MAILBOX.map(|(_, text)| text.to_owned()),
            "{verb}"
        );
        let name = desk.pbx.sim.stored("2001", "user.name");
        let right = match verb {
            "undo" => "Ann",
            _ => "Ann Lund",
        };
        assert_eq!(name.as_deref(), Some(right));
    }
}

#[test]
fn a_mailbox_that_is_not_told_is_neither_deleted_nor_left_out_in_silence() {
    let desk = desk(|heard| match contains(heard, "fetchVoiceMail") {
        true => PlayedReply::Refused("Datenbank kaputt"),
        false => PlayedReply::Own,
    });
    renaming(&desk);
    let run = desk.run("import in.csv --to hq --yes --mode update");
    assert_ne!(run.exit, 0, "{}", run.err);
    assert_eq!(mailbox(&desk), MAILBOX.map(|(_, text)| text.to_owned()));
    let export = desk.run("export --from hq out.csv");
    assert_ne!(export.exit, 0, "{}", export.err);
    let migrate = desk.run("migrate --from hq --to sim:openvox --yes");
    assert_ne!(migrate.exit, 0, "{}", migrate.err);
}

#[test]
fn a_run_that_is_killed_between_two_halves_is_made_whole_by_a_resume() {
    let (heard, times) = (Arc::<AtomicBool>::default(), Arc::<AtomicU32>::default());
    let (heard_it, count) = (heard.clone(), times.clone());
    let desk = desk(move |request| {
        if contains(request, "enableVoiceMail") && count.fetch_add(1, Ordering::SeqCst) == 0 {
            heard_it.store(true, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(1500));
            return PlayedReply::LostBefore;
        }
        PlayedReply::Own
    });
    renaming(&desk);
    let mut child = desk.start("import in.csv --to hq --yes --mode update");
    wait_until(|| heard.load(Ordering::SeqCst));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_ne!(mailbox(&desk), MAILBOX.map(|(_, text)| text.to_owned()));
    desk.run("resume --yes").exits(0);
    assert_eq!(mailbox(&desk), MAILBOX.map(|(_, text)| text.to_owned()));
}

#[test]
fn a_pin_given_to_a_mailbox_that_had_none_stays_and_an_undo_says_so() {
    let has_pin = AtomicBool::new(false);
    let desk = desk(move |heard| {
        if contains(heard, "enableVoiceMail") && contains(heard, "5555") {
            has_pin.store(true, Ordering::SeqCst);
        }
        match contains(heard, "fetchVoiceMail") && !has_pin.load(Ordering::SeqCst) {
            true => PlayedReply::Without("004711"),
            false => PlayedReply::Own,
        }
    });
    desk.write("in.csv", "number,voicemail_pin\n2001,5555\n");
    desk.run("import in.csv --to hq --yes --mode update")
        .exits(0);
    desk.run("undo --yes --report undo.csv").exits(1);
    let line = &desk.report("undo.csv")[0];
    assert_eq!(
        (&*line["result"], &*line["field"]),
        ("differs", "voicemail_pin")
    );
    assert!(
        line["message"].contains("stays as the run set it"),
        "{line:?}"
    );
    let mut kept = MAILBOX.map(|(_, text)| text.to_owned());
    kept[0] = "5555".to_owned();
    assert_eq!(mailbox(&desk), kept);
}

#[test]
fn words_of_a_refusal_that_repeat_a_secret_of_the_row_are_not_shown() {
    for (message, is_shown) in [
        ("Feld QuGLxvTwPmbZ ist falsch", false),
        ("Feld extPassword ist falsch", true),
    ] {
        let desk = desk(move |heard| match contains(heard, "updateExtension") {
            true => PlayedReply::Refused(message),
            false => PlayedReply::Own,
        });
        renaming(&desk);
        let run = desk.run("import in.csv --to hq --yes --mode update --report out.csv");
        assert_eq!(run.exit, 1, "{}", run.err);
        for told in [run.err, run.out, desk.read("out.csv")] {
            assert!(!told.contains(SECRET), "{told}");
        }
        assert_eq!(desk.read("out.csv").contains(message), is_shown);
    }
}
