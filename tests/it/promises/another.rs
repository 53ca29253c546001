//! Another PBX, or one that has lost what it held, answers at the address of a run's own. Nothing that was done before is told as
//! done then, and nothing is sent there.

use crate::support::altered::altered;
use crate::support::asterisk::{AMI_SETTINGS, Ari};
use crate::support::fixture::{Rig, account};
use crate::support::pbx::TestPbx;
use crate::support::program::{Program, wait_until};
use rowcall::link::Link;
use rowcall::model::{Action, Fault, FaultKind, Field};
use rowcall::sim::InProcess;
use rowcall::vendors::vendor;
use rowcall::wire::{Pbx, Reply, Request};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

const ROWS: usize = 24;

/// A simulated Asterisk, and an empty one of the same release that started an hour later and answers while it is told to.
struct Exchanged {
    program: Program,
    pbx: TestPbx,
    is_other: Arc<AtomicBool>,
    /// The other one answers from then on when a GET of this path was answered, once something was written.
    until: Arc<Mutex<Option<&'static str>>>,
}

impl Exchanged {
    fn new() -> Exchanged {
        Exchanged::with("", "sip_password\n", "tR7xkQ2mZp9w\n")
    }

    /// With these settings, and a sheet of these columns and cells beside the number.
    fn with(settings: &str, columns: &str, cells: &str) -> Exchanged {
        let is_other = Arc::new(AtomicBool::new(false));
        let now = is_other.clone();
        let until: Arc<Mutex<Option<&'static str>>> = Arc::default();
        let (last, mut has_written) = (until.clone(), false);
        let asterisk = vendor("asterisk").unwrap();
        let mut other: Box<dyn Pbx> = (asterisk.sim)(&account());
        let rig = altered(asterisk, move |pbx, heard| {
            if !now.load(Ordering::SeqCst) {
                let last = *last.lock().unwrap();
                let is_first = heard.method == "PUT" && heard.target.ends_with("/endpoint/3000");
                has_written |= last.is_some() && is_first;
                let is_last = last.is_some_and(|path| heard.target.ends_with(path));
                now.store(
                    is_last && has_written && heard.method == "GET",
                    Ordering::SeqCst,
                );
                return pbx.answer(heard);
            }
            let mut reply = other.answer(heard);
            let body = String::from_utf8_lossy(&reply.body);
            reply.body = body.replace("2026-11-29T07", "2026-11-29T08").into_bytes();
            reply
        });
        let pbx = TestPbx::serving(rig);
        let program = Program::at("hq".into()).with_own_state();
        program.write("rowcall.toml", pbx.config("hq") + settings);
        let rows = (0..ROWS).map(|row| format!("{},{cells}", 3000 + row));
        let sheet: String = [format!("number,{columns}")]
            .into_iter()
            .chain(rows)
            .collect();
        program.write("in.csv", sheet);
        Exchanged {
            program,
            pbx,
            is_other,
            until,
        }
    }

    fn answers(&self, is_other: bool) {
        self.is_other.store(is_other, Ordering::SeqCst);
    }

    /// Counts the rows of the newest run with this result.
    fn count(&self, result: &str) -> u64 {
        let runs = self.program.run("runs --json").summary();
        runs["runs"][0]["counts"][result].as_u64().unwrap_or(0)
    }

    /// Nothing of the newest run is told as done, whoever asks for it.
    fn assert_nothing_done(&self) {
        self.program.run("report -o told.csv");
        for report in ["r.csv", "told.csv"] {
            let results = self.program.results(report);
            assert_eq!(results.len(), ROWS);
            let done = results.iter().filter(|result| *result == "created");
            assert_eq!(done.count(), 0, "{report}: {results:?}");
            assert!(results.contains(&"unknown".to_owned()), "{results:?}");
        }
        assert_eq!(self.count("created"), 0);
        assert!(self.count("unknown") > 0);
    }

    /// Neither `resume` nor `undo` goes on at the other one; at the run's own PBX all rows are made, and taken back.
    fn is_refused_there_and_ends_here(&self) {
        for line in ["undo --yes", "resume --report r.csv", "undo --yes"] {
            let refused = self.program.ends(line, 3);
            refused.says(&["it has nothing of the first", "--mode upsert"]);
        }
        self.assert_nothing_done();
        self.answers(false);
        self.program.ends("resume --report r.csv", 0);
        assert_eq!(self.program.results("r.csv"), vec!["created"; ROWS]);
        assert_eq!(self.count("created"), ROWS as u64);
        assert_eq!(self.pbx.numbers().len(), ROWS);
        self.program.ends("undo --yes", 0);
        assert_eq!(self.pbx.numbers(), [""; 0]);
    }
}

/// Four new extensions a second, of which the first count as done after three.
const IMPORT: &str = "import in.csv --to TARGET --rate 120/s --report r.csv";

#[test]
fn what_was_done_before_another_pbx_answered_is_told_as_unknown_and_looked_at_by_resume() {
    let exchanged = Exchanged::new();
    let mut running = exchanged.program.start(IMPORT);
    wait_until(|| exchanged.count("created") > 3);
    exchanged.answers(true);
    assert_eq!(running.wait().unwrap().code(), Some(3));
    let words = exchanged.program.read("words");
    assert!(words.contains("it is not the PBX that it was"), "{words}");
    exchanged.assert_nothing_done();
    let rows = exchanged.program.report("r.csv");
    let gone = rows
        .iter()
        .filter(|row| row["message"].contains("but it has no such extension"));
    assert!(gone.count() > 0);
    let hints = rows.iter().filter(|row| row["result"] == "unknown");
    assert!(hints.clone().count() > 0);
    assert!(
        hints
            .into_iter()
            .all(|row| row["hint"].contains("rowcall resume"))
    );
    exchanged.is_refused_there_and_ends_here();
}

#[test]
fn a_run_that_was_killed_before_another_pbx_answered_is_not_gone_on_with_there() {
    let exchanged = Exchanged::new();
    let mut running = exchanged.program.start(IMPORT);
    wait_until(|| exchanged.count("created") > 3);
    running.kill().unwrap();
    running.wait().unwrap();
    exchanged.answers(true);
    exchanged.is_refused_there_and_ends_here();
}

/// The extensions are there if only a file beside the database is lost: it is the PBX of the run, and what is left is its own.
#[test]
fn a_pbx_that_has_lost_all_boxes_is_no_other_one() {
    let columns = "sip_password,voicemail_pin\n";
    let exchanged = Exchanged::with(AMI_SETTINGS, columns, "tR7xkQ2mZp9w,0815\n");
    let mut running = exchanged.program.start(IMPORT);
    wait_until(|| exchanged.count("created") > 3);
    running.kill().unwrap();
    running.wait().unwrap();
    let numbers = exchanged.pbx.numbers();
    let boxless = numbers.iter().map(|number| format!("{number},<clear>\n"));
    let boxless = "number,voicemail_pin\n".to_owned() + &boxless.collect::<String>();
    exchanged.program.write("boxless.csv", boxless);
    let line =
        "import boxless.csv --to hq --mode update --yes --max-updates all --max-secret-changes all";
    let mut elsewhere = exchanged.program.command_in("elsewhere");
    assert!(elsewhere.args(line.split(' ')).status().unwrap().success());
    exchanged.program.ends("undo --yes", 0);
    assert_eq!(exchanged.pbx.numbers(), [""; 0]);
}

#[test]
fn a_deletion_does_not_go_on_at_another_pbx() {
    let exchanged = Exchanged::new();
    let program = &exchanged.program;
    program.go("import in.csv --to TARGET");
    let delete = "delete in.csv --from TARGET --yes --max-deletes all --rate 12/s --report r.csv";
    let mut running = program.start(delete);
    wait_until(|| exchanged.count("deleted") > 3);
    exchanged.answers(true);
    assert_eq!(
        running.wait().unwrap().code(),
        Some(3),
        "{}",
        program.read("words")
    );
    let words = program.read("words");
    assert!(
        words.contains("was there when the run was planned"),
        "{words}"
    );
    let results = program.results("r.csv");
    let is_open = |result: &String| ["unknown", "not_sent"].contains(&result.as_str());
    assert!(results.iter().all(is_open), "{results:?}");
    for line in ["undo --yes", "resume --yes --report r.csv"] {
        program.ends(line, 3).says(&["was still to delete"]);
    }
    exchanged.answers(false);
    program.ends("resume --yes --report r.csv", 0);
    assert_eq!(program.results("r.csv"), vec!["deleted"; ROWS]);
    assert_eq!(exchanged.pbx.numbers(), [""; 0]);
}

/// Exchanges the PBX in the midst of an update of 3005, between its last look and its first write; returns the row's message
/// and what the other one has of 3005 then, by kind.
fn exchanged_in_an_update(columns: &str, cells: &str) -> (String, Vec<&'static str>) {
    let exchanged = Exchanged::with(
        "reply_within = \"2\"\n",
        "sip_password,display_name\n",
        "tR7xkQ2mZp9w,Ann\n",
    );
    let program = &exchanged.program;
    program.go("import in.csv --to TARGET");
    let rows = (0..ROWS).map(|row| format!("{},{cells}\n", 3000 + row));
    program.write(
        "new.csv",
        format!("number,{columns}\n{}", rows.collect::<String>()),
    );
    *exchanged.until.lock().unwrap() = Some("/aor/3005");
    let update = "import new.csv --to TARGET --mode update --yes --max-updates all --max-secret-changes all --parallel 1 --report r.csv";
    program
        .ends(update, 3)
        .says(&["it is not the PBX that it was"]);
    assert!(exchanged.is_other.load(Ordering::SeqCst));
    let ari = Ari(exchanged.pbx.addr().parse().unwrap());
    let kinds = ["auth", "aor", "endpoint"].into_iter();
    let there = kinds.filter(|kind| ari.get(kind, "3005").is_some());
    let there: Vec<&str> = there.collect();
    let rows = program.report("r.csv");
    let row = rows.iter().find(|row| row["number"] == "3005").unwrap();
    assert_eq!(row["result"], "unknown", "{row:?}");
    let named = |row: &BTreeMap<String, String>| row["message"].contains("that answers now");
    assert!(
        rows.iter()
            .all(|row| row["number"] == "3005" || !named(row))
    );
    *exchanged.until.lock().unwrap() = None;
    exchanged.answers(false);
    program.ends("resume --yes --report r.csv", 0);
    assert_eq!(program.results("r.csv"), vec!["updated"; ROWS]);
    (row["message"].clone(), there)
}

#[test]
fn an_update_makes_nothing_on_another_pbx_where_that_shows_in_its_first_write() {
    let (message, there) = exchanged_in_an_update("sip_password,display_name", "Kq7WzP3xVn9T,Bo");
    assert_eq!(there, [""; 0], "{message}");
}

#[test]
fn what_an_update_has_made_on_another_pbx_is_named_in_its_row() {
    let (message, there) = exchanged_in_an_update("display_name", "Bo");
    assert_eq!(there, ["endpoint"], "{message}");
    for words in [
        "has the extension 3005 as the row wants it",
        "(auth, aor and endpoint)",
        "delete it",
    ] {
        assert!(message.contains(words), "{message}");
    }
}

/// A PBX that is not reached when an endpoint is to be removed, and another one that answers from then on.
struct ExchangedLink {
    first: InProcess,
    second: InProcess,
    is_second: AtomicBool,
}

impl Link for ExchangedLink {
    fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        let removes = request.operation == "delete endpoint";
        if removes && !self.is_second.swap(true, Ordering::SeqCst) {
            return Err(Fault::new(
                FaultKind::NotSent,
                "link.refused",
                "not reached",
            ));
        }
        match self.is_second.load(Ordering::SeqCst) {
            false => self.first.exchange(request),
            true => self.second.exchange(request),
        }
    }
}

/// A look from before an outage does not count after it: a deletion looks again before it removes anything.
#[test]
fn a_deletion_looks_again_where_the_pbx_could_not_be_reached_in_its_midst() {
    let asterisk = vendor("asterisk").unwrap();
    let in_context = |context: &str| {
        let given = BTreeMap::from([("context".to_owned(), context.to_owned())]);
        Rig::new(asterisk, &given)
    };
    let (own, other) = (in_context("internal"), in_context("from-trunk"));
    let mut wanted = own.keyed("3000");
    wanted.set(Field::SIP_PASSWORD, "tR7xkQ2mZp9w");
    for rig in [&own, &other] {
        let made = rig.connect().apply(Action::Create, &wanted, None);
        assert!(made.result.is_ok(), "{:?}", made.result);
    }
    let connection = own.connect_over(ExchangedLink {
        first: own.in_process(),
        second: other.in_process(),
        is_second: AtomicBool::new(false),
    });
    let deleted = connection.apply(Action::Delete, &wanted, None);
    let refusal = deleted.result.unwrap_err();
    assert!(
        refusal.message.contains("of context \"from-trunk\""),
        "{refusal}"
    );
    assert_eq!(other.sim.numbers(), ["3000"]);
}
