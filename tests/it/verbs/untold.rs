//! What a PBX does not tell of an extension may be there all the same: it is written and never taken for blank, and an undo
//! says that it is lost.

use crate::support::altered::{altered, contains};
use crate::support::pbx::{Desk, TestPbx};
use crate::support::program::Program;
use rowcall::vendors::vendor;
use rowcall::wire::Reply;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Takes a name out of all objects of an answer.
fn take_out(answer: &mut Value, name: &str) {
    match answer {
        Value::Array(items) => items.iter_mut().for_each(|item| take_out(item, name)),
        Value::Object(fields) => {
            fields.remove(name);
            fields.values_mut().for_each(|value| take_out(value, name));
        }
        _ => {}
    }
}

/// A PBX of this make that does not tell `name`, nor the passwords that are read by a request of their own. Once the second
/// value is true, the next change does not reach it.
fn telling_less(make: &str, name: &'static str) -> (TestPbx, Arc<AtomicBool>) {
    let loses = Arc::<AtomicBool>::default();
    let is_lost = loses.clone();
    let rig = altered(vendor(make).unwrap(), move |pbx, heard| {
        if contains(heard, "extension/getpassword") {
            let unknown = r#"{"errcode":10001,"errmsg":"INTERFACE NOT EXISTED"}"#;
            return Reply::new(200, "application/json", unknown);
        }
        if contains(heard, "extension/update") && is_lost.swap(false, Ordering::SeqCst) {
            return Reply::new(502, "text/plain", "gone");
        }
        let mut reply = pbx.answer(heard);
        if let Ok(mut answer) = serde_json::from_slice(&reply.body) {
            take_out(&mut answer, name);
            reply.body = answer.to_string().into_bytes();
        }
        reply
    });
    (TestPbx::serving(rig), loses)
}

/// A desk with such a Yeastar P, on which 2001 was made, and a switch that loses the next change.
fn desk() -> (Desk, Arc<AtomicBool>) {
    let (pbx, loses) = telling_less("yeastar_p", "enb_vm");
    let mut desk = Desk::at(pbx);
    desk.program = desk.program.with_own_state();
    desk.write(
        "rowcall.toml",
        desk.pbx.config("hq") + "reply_within = \"1\"\n",
    );
    desk.write(
        "in.csv",
        "number,first_name,sip_password,voicemail_pin\n2001,Ann,Xk39vTq2Lm,004711\n",
    );
    desk.ends("import in.csv --to hq --yes", 0);
    (desk, loses)
}

impl Desk {
    #[track_caller]
    fn has_password(&self, expected: &str) {
        let stored = self.pbx.sim.stored("2001", "reg_password");
        assert_eq!(stored.as_deref(), Some(expected));
    }
}

#[test]
fn an_untold_password_that_did_not_arrive_is_sent_again() {
    let (desk, loses) = desk();
    desk.write("new.csv", "number,sip_password\n2001,Qw84nRz6Yt\n");
    loses.store(true, Ordering::SeqCst);
    desk.ends(
        "import new.csv --to hq --mode update --yes --report r.csv",
        0,
    );
    assert_eq!(desk.results("r.csv"), ["updated"]);
    assert!(!loses.load(Ordering::SeqCst));
    desk.has_password("Qw84nRz6Yt");
}

#[test]
fn an_undo_empties_no_untold_password_and_says_that_it_is_lost() {
    for (sheet, code) in [
        (
            "number,first_name,sip_password\n2001,Bea,Qw84nRz6Yt\n",
            "undo.partial",
        ),
        ("number,sip_password\n2001,Qw84nRz6Yt\n", "undo.lost"),
    ] {
        let (desk, _) = desk();
        desk.write("new.csv", sheet);
        desk.ends("import new.csv --to hq --mode upsert --yes", 0);
        desk.has_password("Qw84nRz6Yt");
        desk.ends("undo --yes --report r.csv", 1);
        let row = &desk.report("r.csv")[0];
        let told = [&row["result"], &row["code"], &row["field"]];
        assert_eq!(told, ["differs", code, "sip_password"], "{row:?}");
        desk.has_password("Qw84nRz6Yt");
        let name = desk.pbx.sim.stored("2001", "first_name");
        assert_eq!(name.as_deref(), Some("Ann"));
    }
}

#[test]
fn a_migration_brings_a_changed_password_to_a_pbx_that_does_not_tell_it() {
    let (from, to) = (
        TestPbx::new("openvox"),
        telling_less("yeastar_p", "enb_vm").0,
    );
    let program = Program::new().with_own_state();
    program.write("rowcall.toml", from.config("old") + &to.config("new"));
    let stored = || to.sim.stored("2001", "reg_password");
    let migrate = |state: &str, more: &[&str]| {
        let mut command = program.command_in(state);
        command.args(["migrate", "--from", "old", "--to", "new", "--yes"]);
        let output = command.args(["--report", "r.csv"]).args(more).output();
        let told = String::from_utf8(output.unwrap().stderr).unwrap();
        assert!(!told.contains("--max-secret-changes"), "{told}");
        program.results("r.csv")
    };
    let set = |password: &str| {
        let sheet = format!("number,display_name,sip_password\n2001,Ann,{password}\n");
        program.write("in.csv", sheet);
        program.ends("import in.csv --to old --mode upsert --yes", 0);
    };
    set("Xk39vTq2Lm");
    assert_eq!(migrate("state", &[]), ["created"]);
    assert_eq!(migrate("state", &[]), ["unchanged"]);
    set("Qw84nRz6Yt");
    assert_eq!(migrate("state", &[]), ["updated"]);
    assert_eq!(stored().as_deref(), Some("Qw84nRz6Yt"));
    assert_eq!(migrate("state", &[]), ["unchanged"]);
    // One that no earlier run knows of is written over where that is wanted.
    set("Hb52mKd9Pf");
    assert_eq!(migrate("other", &["--overwrite"]), ["updated"]);
    assert_eq!(stored().as_deref(), Some("Hb52mKd9Pf"));
}

#[test]
fn a_plan_does_not_show_as_blank_what_was_not_told() {
    let (desk, _) = desk();
    desk.write("vm.csv", "number,voicemail\n2001,on\n");
    let plan = desk.ends("plan vm.csv --to hq --mode update", 0).out;
    assert!(plan.contains("(not given back) → \"on\""), "{plan}");
}

#[test]
fn no_rule_takes_what_was_not_told_for_blank() {
    for (make, untold) in [("yeastar_p", "enb_vm"), ("3cx-v20", "VMPIN")] {
        let desk = Desk::at(telling_less(make, untold).0);
        let headings = "number,first_name,sip_password,voicemail_pin,voicemail_pin_required";
        let made = format!("{headings}\n2001,Ann,Xk39vTq2Lm,004711,off\n");
        desk.write("in.csv", made);
        desk.run("import in.csv --to TARGET --yes");
        assert_eq!(desk.pbx.numbers(), ["2001"]);
        desk.write("pin.csv", "number,voicemail_pin_required\n2001,on\n");
        desk.run("import pin.csv --to TARGET --mode update --report r.csv --yes");
        let row = &desk.report("r.csv")[0];
        let told = (&*row["result"], &*row["code"]);
        assert_eq!(told, ("updated", ""), "{make}: {row:?}");
    }
}
