//! Another PBX, or one that has lost what it held, answers at the address of a run's own. Nothing that was done before is told as
//! done then, and nothing is sent there.

use crate::support::altered::altered;
use crate::support::asterisk::AMI_SETTINGS;
use crate::support::fixture::account;
use crate::support::pbx::TestPbx;
use crate::support::program::{Program, wait_until};
use rowcall::vendors::vendor;
use rowcall::wire::Pbx;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const ROWS: usize = 24;

/// A simulated Asterisk, and an empty one of the same release that started an hour later and answers while it is told to.
struct Exchanged {
    program: Program,
    pbx: TestPbx,
    is_other: Arc<AtomicBool>,
}

impl Exchanged {
    fn new() -> Exchanged {
        Exchanged::with("", "sip_password\n", "tR7xkQ2mZp9w\n")
    }

    /// With these settings, and a sheet of these columns and cells beside the number.
    fn with(settings: &str, columns: &str, cells: &str) -> Exchanged {
        let is_other = Arc::new(AtomicBool::new(false));
        let now = is_other.clone();
        let asterisk = vendor("asterisk").unwrap();
        let mut other: Box<dyn Pbx> = (asterisk.sim)(&account());
        let rig = altered(asterisk, move |pbx, heard| {
            if !now.load(Ordering::SeqCst) {
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
        }
    }

    fn answers(&self, is_other: bool) {
        self.is_other.store(is_other, Ordering::SeqCst);
    }

    /// How many rows of the newest run have this result.
    fn count(&self, result: &str) -> u64 {
        let runs = self.program.run("runs --json").summary();
        runs["runs"][0]["counts"][result].as_u64().unwrap_or(0)
    }

    /// Nothing of the newest run is told as done, whoever asks for it.
    fn tells_nothing_as_done(&self) {
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
        self.tells_nothing_as_done();
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
    exchanged.tells_nothing_as_done();
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

/// Where a file beside the database is lost, the extensions are there: it is the PBX of the run, and what is left is its own.
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
