//! The page of `rowcall serve` hides what looks like a secret wherever it stands, keeps what was chosen and corrected, has a
//! way back from each choice, and says how far a run is.

use super::page::workbook;
use crate::support::open_page::{OpenPage, files, opened, opened_with_pbx, run_in};
use crate::support::pbx::TestPbx;
use crate::support::program::{Program, wait_until};
use std::thread;
use std::time::Duration;

const SIM: [(&str, &str); 1] = [("target", "sim:openvox")];

/// The beginning of passwords that stand where none belongs.
const MISPLACED: &str = "Kq7zzTopSec9";

#[test]
fn what_looks_like_a_secret_is_shown_in_no_cell_and_in_no_list() {
    let (_program, mut page) = opened();
    let sheet = format!(
        "number,name,password,email\n5001,Ann,Canary7731aB,ann@example.com\n\
         5003,Cole,Dora,{MISPLACED}3\n{MISPLACED}4,Eve,Canary7731aC,eve@example.com\n\
         5005,Fay,Canary7731aD,fay@example.com,{MISPLACED}5\n"
    );
    page.rows("staff.csv", sheet.as_bytes(), &SIM);
    for row in ["0", "1", "2", "3"] {
        page.get(&format!("rows?show=all&edit={row}"));
    }
    let rows = page.get("rows?show=all&edit=2");
    let rows = page.take_out(&rows, "2");
    let hidden = "line 4 <bdi>(not shown)</bdi>";
    assert!(rows.contains(hidden), "{rows}");
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    assert!(result.contains("1 created"), "{result}");
    let seen = page.close();
    assert!(!seen.contains(MISPLACED), "a secret shows");
}

#[test]
fn headings_that_look_like_data_are_shown_nowhere() {
    let (program, mut page) = opened();
    let sheet =
        format!("number,name,password\n5001,Anna Berg,{MISPLACED}1\n5002,Bert Cole,{MISPLACED}2\n");
    let target = page.drop_sheet("staff.csv", sheet.as_bytes());
    let headings = page.post(&target, "target", &SIM);
    let told = page.post(&headings, "headings", &[("do", "look"), ("line", "2")]);
    assert!(told.contains("(not shown)"), "{told}");
    page.get("map.toml");
    let headings = page.get("headings");
    let again = page.post(&headings, "headings", &[("do", "go"), ("line", "1")]);
    assert!(again.contains("2 of 2 rows can go"), "{again}");
    let seen = page.close();
    assert!(!seen.contains(MISPLACED), "a secret shows");
    program.write("staff.csv", sheet);
    for more in ["", " --json"] {
        let told = program.run(&format!(
            "columns staff.csv --for openvox --header-row 2{more}"
        ));
        let all = [told.out.as_str(), told.err.as_str()].concat();
        assert!(all.contains("(not shown)"), "{all}");
        assert!(!all.contains(MISPLACED), "{all}");
    }
}

#[test]
fn notes_that_name_headings_like_data_are_not_shown_either() {
    let (_program, mut page) = opened();
    let sheet = "number,2001,2002,sonne,name,sip_password\n5001,x,y,mond,Ann,Canary7731aB\n";
    let target = page.drop_sheet("staff.csv", sheet.as_bytes());
    let headings = page.post(&target, "target", &SIM);
    let headings = page.post(&headings, "headings", &[("do", "look"), ("line", "1")]);
    assert!(
        headings.contains("Notes and questions are not shown"),
        "{headings}"
    );
    let rows = page.post(&headings, "headings", &[("do", "go"), ("line", "1")]);
    assert!(rows.contains("1 rows can go"), "{rows}");
    let rows = page.get("rows?show=all");
    assert!(
        rows.contains("<th scope=\"col\">(not shown)</th>"),
        "{rows}"
    );
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    assert!(result.contains("the headings look like data"), "{result}");
    let seen = page.close();
    assert!(!seen.contains("sonne"), "a secret shows");
}

#[test]
fn a_password_is_shown_in_no_cell_of_its_row_however_it_is_written() {
    let (program, mut page) = opened();
    let sheet = "number;display_name;email;sip_password;Ort\n\
        3801;sonnenblume;ann@example.com;=\"sonnenblume\";a\n\
        3802;Bert;mondscheine;'mondscheine;mondscheine\n\
        3803;regen\u{200b}bogen;;regenbogen;<regenbogen>\n\
        3804;Ida;wintertag;\" wintertag\";„wintertag“\n\
        3805;K\u{fc}chenschabe;;Ku\u{308}chenschabe;Ku\u{308}chenschabe\n\
        3806;Eva\u{a0}birnbaumx;\u{feff}birnbaumx;birn\u{ad}baumx;b\n\
        3807;Olga Sommer;olga@example.com;Kq7WzP3xVn9T;c\n";
    page.rows("staff.csv", sheet.as_bytes(), &SIM);
    for edit in 0..7 {
        page.get(&format!("rows?show=all&edit={edit}"));
    }
    let rows = page.get("rows?show=all");
    for shown in ["Olga Sommer", "olga@example.com", "Bert"] {
        assert!(rows.contains(shown), "{rows}");
    }
    page.plan(&rows);
    page.get("headings");
    program.write("staff.csv", sheet);
    let mut all = page.close();
    for command in [
        "columns staff.csv --for openvox",
        "check staff.csv --for openvox",
    ] {
        let told = program.run(command);
        all.extend([told.out, told.err]);
    }
    let checked = program.run("check staff.csv --for openvox --report r.html");
    all.extend([checked.out, checked.err, program.read("r.html")]);
    for word in [
        "sonnenblume",
        "mondscheine",
        "regen",
        "wintertag",
        "chenschabe",
        "baumx",
    ] {
        let at = all.find(word).unwrap_or(all.len());
        let around = all.get(at.saturating_sub(200)..at).unwrap_or_default();
        assert_eq!(at, all.len(), "{word} is shown behind {around}");
    }
}

#[test]
fn a_password_in_another_cell_of_its_row_is_shown_nowhere() {
    let (_pbx, program, mut page) = opened_with_pbx();
    let sheet = "number,display_name,sip_password,email,mobile\n\
        3801,Good,Canary7731aB,,\n3802,4711abcd,4711abcd,,\n4711abcd,Karl,4711abcd,,\n\
        3804,Lea,4711abcd,,4711abcd\n3805,Eva,4711abcd,4711abcd,\n3806,Fay,4711abcd,,\"4711abcd \"\n\
        3807,Miller 4711abcd,4711abcd,,\n3808,4711ABCD,4711abcd,,\n4711abcd,Ida,4711abcd,,\n";
    page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    for edit in 0..9 {
        page.get(&format!("rows?show=all&edit={edit}"));
    }
    let rows = page.get("rows?show=all&edit=2");
    assert!(rows.contains("<bdi class=\"value\">Karl</bdi>"), "{rows}");
    let rows = page.take_out(&rows, "2");
    assert!(rows.contains("1 row taken out by hand"), "{rows}");
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    assert!(result.contains("6 created"), "{result}");
    for file in files(&page, &result) {
        page.get(&file);
    }
    let run = page.hidden(&result, "undo", "run");
    let mut told = vec![];
    for ending in ["csv", "json", "html"] {
        program.run(&format!("report {run} -o again.{ending}"));
        let report = program.read(&format!("again.{ending}"));
        assert!(report.contains("(not shown)"), "{report}");
        told.push(report);
    }
    program.write("staff.csv", sheet);
    for reports in ["--report r.csv", "--report r.html", "--json"] {
        let checked = program.run(&format!("check staff.csv --for openvox {reports}"));
        told.extend([checked.out, checked.err]);
    }
    let planned = program.run("plan staff.csv --to sim:openvox");
    told.extend([planned.out, planned.err, page.close()]);
    told.extend(["r.csv", "r.html"].map(|report| program.read(report)));
    for told in &told {
        let told = told.to_lowercase();
        let at = told.find("4711abcd").unwrap_or(told.len());
        let around: String = told
            .get(at.saturating_sub(200)..at)
            .unwrap_or_default()
            .to_owned();
        assert_eq!(at, told.len(), "shown behind {around}");
    }
}

#[test]
fn a_report_of_a_run_at_work_calls_nothing_cut_off() {
    let (pbx, program, mut page) = opened_with_pbx();
    program.write("rowcall.toml", pbx.config("hq").replace("100000/s", "10/s"));
    let watch = page.long_run();
    wait_until(|| pbx.numbers().len() > 3);
    let start = page.get("");
    let run = run_in(&start);
    let shown = page.get(&format!("run?run={run}"));
    assert!(!shown.contains("report of the run"), "{shown}");
    for file in ["report", "rejects"] {
        let told = page.get(&format!("{file}?run={run}"));
        assert!(told.contains("the run is at work: its report"), "{told}");
    }
    let told = program.run(&format!("report {run} -o now.csv"));
    assert!(told.err.contains("is at work"), "{}", told.err);
    let codes: Vec<String> = program
        .report("now.csv")
        .iter()
        .map(|line| line["code"].clone())
        .collect();
    assert!(codes.iter().any(|code| code == "run.at_work"), "{codes:?}");
    assert!(!codes.iter().any(|code| code == "run.cut_off"), "{codes:?}");
    page.halt(&watch, "stop");
    let stopped = page.wait();
    assert!(stopped.contains("report of the run"), "{stopped}");
    page.close();
}

#[test]
fn a_choice_that_cannot_be_is_forgotten_and_can_be_made_again() {
    let (_program, mut page) = opened();
    let sheet = "number,name,name,sip_password\n5001,Ann,Berg,Canary7731aB\n";
    let target = page.drop_sheet("staff.csv", sheet.as_bytes());
    let headings = page.post(&target, "target", &SIM);
    let names = headings.split("<select name=\"").skip(1);
    let names: Vec<&str> = names.filter_map(|rest| rest.split('"').next()).collect();
    let both: Vec<(&str, &str)> = names
        .iter()
        .filter(|name| name.starts_with("map:name"))
        .map(|name| (*name, "display_name"))
        .chain([("do", "go")])
        .collect();
    let told = page.post(&headings, "headings", &both);
    assert!(told.contains("this choice was not taken"), "{told}");
    assert!(told.contains("<select name=\"map:number\""), "{told}");
    let again = page.get("headings");
    assert!(again.contains("<select name=\"map:number\""), "{again}");
    page.close();
}

#[test]
fn a_choice_that_changes_other_columns_is_looked_at_before_the_rows() {
    let (_program, mut page) = opened();
    let sheet = "number,name,comment,sip_password\n5001,Ann,6001,Canary7731aB\n";
    let target = page.drop_sheet("staff.csv", sheet.as_bytes());
    let headings = page.post(&target, "target", &SIM);
    let chosen = [("map:comment", "number"), ("do", "go")];
    let told = page.post(&headings, "headings", &chosen);
    assert!(told.contains("changes what other columns mean"), "{told}");
    assert!(told.contains("left out"), "{told}");
    let rows = page.post(&told, "headings", &chosen);
    assert!(rows.contains("1 of 1 rows can go"), "{rows}");
    page.close();
}

#[test]
fn a_correction_stays_where_the_next_one_cannot_be_written() {
    let (_program, mut page) = opened();
    let sheet = b"number;display_name;sip_password\n5001;M\xfclller;Canary7731aB\n5002;B\xf6;Canary7731aC\n";
    page.rows("staff.csv", sheet, &SIM);
    let rows = page.get("rows?show=all&edit=0");
    let rows = page.edit(&rows, "0", "1", "Maria Müller");
    assert!(rows.contains("1 corrected cell"), "{rows}");
    let rows = page.get("rows?show=all&edit=0");
    let told = page.edit(&rows, "0", "1", "Maria Łódź");
    assert!(told.contains("lacks a character"), "{told}");
    assert!(told.contains("1 corrected cell"), "{told}");
    let plan = page.plan(&told);
    assert!(plan.contains("Maria Müller"), "{plan}");
    page.close();
}

#[test]
fn no_page_is_a_dead_end_and_advice_begins_as_a_sentence_does() {
    let program = Program::new().with_own_state();
    let mut page = OpenPage::open(&program, "--lang de");
    let nowhere = page.reply("nowhere");
    assert_eq!(nowhere.status, 404);
    let way = format!("<a href=\"{}\">", page.base);
    assert!(nowhere.body.contains(&way), "{}", nowhere.body);
    let target = page.drop_sheet("bild.csv", b"\x89PNG\r\n\x1a\n\0\0");
    let headings = page.post(&target, "target", &SIM);
    let advice = ". Auf der Seite der Überschriften die Zeichenkodierung";
    assert!(headings.contains(advice), "{headings}");
    page.close();
}

#[test]
fn a_correction_is_taken_back_alone() {
    let (program, mut page) = opened();
    let sheet =
        "number,display_name,sip_password\n5001,Ann,Canary7731aB\n5002,Bo,Canary7731aC\n5003,,\n";
    page.rows("staff.csv", sheet.as_bytes(), &SIM);
    let rows = page.get("rows?show=all&edit=0");
    let rows = page.edit(&rows, "0", "1", "Hanna");
    let rows = page.edit(&rows, "1", "2", "Canary7731aD");
    let rows = page.edit(&rows, "1", "1", "Boris");
    let listed = |rows: &str| {
        let list = rows.split("Take one correction back").nth(1).unwrap();
        let items = list.split("</ul>").next().unwrap().split("<bdi>").skip(1);
        let items = items.map(|item| item.split("</bdi>").next().unwrap().to_owned());
        items.collect::<Vec<_>>()
    };
    let found = listed(&rows);
    assert_eq!(found, ["B3", "Boris", "C3", "(not shown)", "B2", "Hanna"]);
    let back = |page: &mut OpenPage, rows: &str, position: &str| {
        let cell = [("sheet", "0"), ("position", position), ("column", "1")];
        let fields = [[("do", "back-one")].as_slice(), &cell].concat();
        page.post(rows, "rows", &fields)
    };
    let rows = back(&mut page, &rows, "0");
    assert_eq!(listed(&rows), ["B3", "Boris", "C3", "(not shown)"]);
    let plan = page.plan(&rows);
    assert!(plan.contains("&quot;Ann&quot;"), "{plan}");
    assert!(plan.contains("Boris"), "{plan}");
    let rows = page.get("rows?show=all");
    let rows = back(&mut page, &rows, "1");
    assert_eq!(listed(&rows), ["C3", "(not shown)"]);
    // Without this one the row would be empty; that is said of no other failure.
    let rows = page.edit(&rows, "2", "1", "Cy");
    let rows = page.edit(&rows, "2", "0", "");
    let told = back(&mut page, &rows, "2");
    let way = "take the corrections back that were made after it first";
    assert!(told.contains(way), "{told}");
    assert_eq!(listed(&told).len(), 6, "{told}");
    std::fs::remove_dir_all(program.path("state/page")).unwrap();
    let told = back(&mut page, &told, "2");
    assert!(told.contains("staff.csv"), "{told}");
    assert!(!told.contains(way), "{told}");
    page.close();
}

#[test]
fn a_correction_that_takes_the_rows_away_is_taken_back() {
    let (_program, mut page) = opened();
    let head = "number,display_name,sip_password\n";
    let sheet = format!("{head}5001,Ann,Canary7731aB\n{head}5002,Bo,Canary7731aC\n");
    page.rows("staff.csv", sheet.as_bytes(), &SIM);
    let before = page.get("rows?show=all&edit=1");
    assert!(before.contains("of 3 rows can go"), "{before}");
    let told = page.edit(&before, "1", "1", "Name");
    assert!(told.contains("role=\"alert\""), "{told}");
    assert!(told.contains("Take all corrections back"), "{told}");
    let rows = page.post(&told, "rows", &[("do", "back")]);
    assert!(rows.contains("of 3 rows can go"), "{rows}");
    page.close();
}

#[test]
fn rows_that_were_taken_out_are_told_in_german() {
    let program = Program::new().with_own_state();
    let mut page = OpenPage::open(&program, "--lang de");
    let sheet = "number,sip_password\n5001,Canary7731aB\n5002,Canary7731aC\n";
    page.rows("liste.csv", sheet.as_bytes(), &SIM);
    let rows = page.get("rows?show=all&edit=1");
    let rows = page.take_out(&rows, "1");
    let plan = page.plan(&rows);
    let words = "von Hand herausgenommen: 1 Zeile: liste.csv:3";
    assert!(plan.contains(words), "{plan}");
    let result = page.go(&plan);
    assert!(result.contains(words), "{result}");
    let mut files = files(&page, &result).into_iter();
    let report = files.find(|file| file.ends_with("report.html")).unwrap();
    let report = page.get(&report);
    let report = report.replace("<wbr>", "");
    assert!(report.contains("<dd>1 Zeile: liste.csv:3</dd>"), "{report}");
    page.close();
}

#[test]
fn what_is_paused_before_it_is_written_down_does_not_wait() {
    let (pbx, _program, mut page) = opened_with_pbx();
    let row = |number| format!("{number},Canary7731aB{number}\n");
    let sheet: String = (2000..2016).map(row).collect();
    let sheet = format!("number,sip_password\n{sheet}");
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    let plan = page.plan(&rows);
    let result = page.go(&plan);
    let run = page.hidden(&result, "undo", "run");
    pbx.faults("latency_ms=1000");
    let fields = [("run", run.as_str()), ("seen", "result"), ("meant", "on")];
    let watch = page.post(&result, "undo", &fields);
    page.halt(&watch, "pause");
    let told = page.wait();
    assert!(told.contains("before anything was sent"), "{told}");
    assert!(!told.contains("the rest waits"), "{told}");
    pbx.faults("");
    assert_eq!(pbx.numbers().len(), 16);
    page.close();
}

#[cfg(target_os = "linux")]
#[test]
fn the_work_of_the_page_never_asks_on_the_terminal() {
    use crate::support::typist::Typist;
    let pbx = TestPbx::new("openvox");
    let program = Program::new().with_own_state();
    program.write("rowcall.toml", pbx.config("hq"));
    let mut command = program.command("serve --no-open");
    command.env_remove("ROWCALL_PASSWORD");
    let mut terminal = Typist::start(&mut command);
    let address = || {
        let screen = terminal.screen();
        let mut lines = screen.lines().filter(|line| line.starts_with("http://"));
        lines.next().map(|line| line.trim().to_owned())
    };
    wait_until(|| address().is_some());
    let other = program.command("--version").spawn().unwrap();
    let mut page = OpenPage::at(other, &address().unwrap());
    let sheet = "number,sip_password\n5001,Canary7731aB\n";
    let rows = page.rows("staff.csv", sheet.as_bytes(), &[("target", "hq")]);
    let mut told = page.post(&rows, "plan", &[]);
    for _ in 0..100 {
        if !told.contains("id=\"watch\"") {
            break;
        }
        thread::sleep(Duration::from_millis(200));
        told = page.get("watch");
    }
    assert!(!told.contains("id=\"watch\""), "{told}");
    assert!(told.contains("needs a password"), "{told}");
    let screen = terminal.screen();
    assert!(!screen.contains("password of"), "{screen}");
    terminal.interrupts();
}

#[test]
fn a_hidden_text_that_is_no_secret_of_its_column_is_emptied_and_a_secret_is_not() {
    let (_program, mut page) = opened();
    let sheet = "number;display_name;email;sip_password\n3801;Ann;sonnenblume;sonnenblume\n";
    let rows = page.rows("staff.csv", sheet.as_bytes(), &SIM);
    let emptied = page.edit(&rows, "0", "2", "");
    assert!(emptied.contains("1 corrected cell"), "{emptied}");
    let kept = page.edit(&emptied, "0", "3", "");
    assert!(
        kept.contains("nothing was typed, so the secret in this cell stays"),
        "{kept}"
    );
    assert!(kept.contains("1 corrected cell"), "{kept}");
    let corrected = page.get("corrected");
    assert!(corrected.contains("3801;Ann;;sonnenblume"), "{corrected}");
}

#[test]
fn a_question_about_a_whole_sheet_is_answered_by_a_button() {
    let (_program, mut page) = opened();
    let rows = "Nummer;Anzeigename;Kennwort\n2001;Anna;Ab3defgh9\n";
    for (title, target, answer) in [
        ("Rufgruppen", "sim:openvox", "--header-row 2"),
        (
            "Ausgeschiedene Mitarbeiter",
            "sim:openvox",
            "--header-row 2",
        ),
        ("Nebenstellen, gesperrt", "sim:freepbx", "--header-row 2"),
        (
            "Nebenstellen, gesperrt",
            "sim:portsip",
            "--fill enabled=off",
        ),
    ] {
        let sheet = format!("{title};;\n{rows}");
        let asked = page.rows("list.csv", sheet.as_bytes(), &[("target", target)]);
        assert!(asked.contains("Something is not certain:"), "{asked}");
        assert!(!asked.contains("Answer it in the column"), "{asked}");
        let value = format!("0/{answer}");
        let button = format!("name=\"answer\" value=\"{value}\"");
        if answer.starts_with("--fill") && !asked.contains(&button) {
            continue;
        }
        assert!(asked.contains(&button), "{asked}");
        let nothing = page.post(&asked, "headings", &[("answer", "0/--header-row 9")]);
        assert!(nothing.contains("Something is not certain:"), "{nothing}");
        let answered = page.post(&nothing, "headings", &[("answer", &value)]);
        assert!(!answered.contains("Something is not certain"), "{answered}");
        // The answer is about this sheet, and not the line of all.
        assert!(
            answered.contains("name=\"line\" inputmode=\"numeric\" size=\"6\">"),
            "{answered}"
        );
        let rows = page.post(&answered, "headings", &[("do", "go")]);
        assert!(rows.contains("rows can go"), "{rows}");
        let headings = page.get("headings");
        let again = page.post(&headings, "headings", &[("do", "ask-again")]);
        assert!(again.contains("Something is not certain"), "{again}");
        assert!(!again.contains("Ask me again"), "{again}");
    }
}

/// The headings of rows that PortSIP takes.
const PORTSIP_ROW: [&str; 5] = [
    "number",
    "first_name",
    "last_name",
    "sip_password",
    "web_password",
];

/// A row below these headings.
fn portsip_row(number: &str) -> [&str; 5] {
    [number, "Ann", "Berg", "Hq7aaPo1zz9Q", "tR7xkQ2mZ9"]
}

#[test]
fn an_answer_goes_with_its_sheets_and_its_target() {
    let (_program, mut page) = opened();
    let (staff, off) = (portsip_row("2001"), portsip_row("2002"));
    let book = workbook(&[
        ("Staff", &[&PORTSIP_ROW, &staff]),
        ("Gesperrt", &[&PORTSIP_ROW, &off]),
    ]);
    let (answer, asks) = (
        ("answer", "0/--fill enabled=off"),
        "Something is not certain",
    );
    let (tick_staff, tick_off) = (("names", "Staff"), ("names", "Gesperrt"));
    let answered = |page: &mut OpenPage| {
        let target = page.drop_sheet("a.xlsx", &book);
        let headings = page.post(&target, "target", &[("target", "sim:portsip")]);
        let asked = page.post(&headings, "headings", &[tick_off, ("do", "look")]);
        assert!(asked.contains(asks), "{asked}");
        let answered = page.post(&asked, "headings", &[tick_off, answer]);
        assert!(!answered.contains(asks), "{answered}");
        answered
    };
    let headings = answered(&mut page);
    let rows = page.post(&headings, "headings", &[tick_off, ("do", "go")]);
    let plan = page.plan(&rows);
    assert!(plan.contains("enabled: &quot;off&quot;"), "{plan}");
    let headings = answered(&mut page);
    let both = [tick_staff, tick_off, ("do", "go")];
    let asked = page.post(&headings, "headings", &both);
    assert!(asked.contains(asks), "{asked}");
    let headings = answered(&mut page);
    let rows = page.post(&headings, "headings", &[tick_staff, ("do", "go")]);
    let plan = page.plan(&rows);
    assert!(plan.contains("1 to create"), "{plan}");
    assert!(!plan.contains("&quot;off&quot;"), "{plan}");
    // Nor is it taken for sheets that are ticked with it.
    let target = page.drop_sheet("a.xlsx", &book);
    let headings = page.post(&target, "target", &[("target", "sim:portsip")]);
    let asked = page.post(&headings, "headings", &[tick_off, ("do", "look")]);
    let asked = page.post(&asked, "headings", &[tick_staff, tick_off, answer]);
    assert!(asked.contains(asks), "{asked}");
    assert!(asked.contains("has to be answered anew"), "{asked}");
    for other in [
        [("target", "sim:freepbx"), ("mode", "create")],
        [("target", "sim:portsip"), ("mode", "upsert")],
    ] {
        answered(&mut page);
        let target = page.get("target");
        page.post(&target, "target", &other);
        let target = page.get("target");
        let asked = page.post(&target, "target", &[("target", "sim:portsip")]);
        assert!(asked.contains(asks), "{asked}");
    }
    // What was filled in above the rows is no answer, and stays.
    let headings = answered(&mut page);
    let rows = page.post(&headings, "headings", &[tick_off, ("do", "go")]);
    let fill = [("do", "fill"), ("field", "enabled"), ("text", "no")];
    page.post(&rows, "rows", &fill);
    let target = page.get("target");
    let upsert = [("target", "sim:portsip"), ("mode", "upsert")];
    let headings = page.post(&target, "target", &upsert);
    assert!(!headings.contains(asks), "{headings}");
}

#[test]
fn an_answer_for_one_of_several_sheets_is_taken_for_it_alone() {
    let (_program, mut page) = opened();
    let (staff, more, rest) = (
        portsip_row("2001"),
        portsip_row("2003"),
        portsip_row("2002"),
    );
    let book = workbook(&[
        ("Staff", &[&PORTSIP_ROW, &staff, &more]),
        (
            "Rest",
            &[&["Ausgeschiedene Mitarbeiter"], &PORTSIP_ROW, &rest],
        ),
    ]);
    let asks = "Something is not certain";
    let target = page.drop_sheet("t.xlsx", &book);
    let headings = page.post(&target, "target", &[("target", "sim:portsip")]);
    let (tick_staff, tick_rest) = (("names", "Staff"), ("names", "Rest"));
    let asked = page.post(&headings, "headings", &[tick_rest, ("do", "look")]);
    let answer = ("answer", "0/--header-row 2");
    let answered = page.post(&asked, "headings", &[tick_rest, answer]);
    assert!(!answered.contains(asks), "{answered}");
    let both = [tick_staff, tick_rest, ("do", "go")];
    let asked = page.post(&answered, "headings", &both);
    assert!(asked.contains(asks) && asked.contains("2001"), "{asked}");
    let answer = ("answer", "1/--header-row 't.xlsx!Rest: 2'");
    let answered = page.post(&asked, "headings", &[tick_staff, tick_rest, answer]);
    assert!(answered.contains("2002"), "{answered}");
    assert!(!answered.contains(asks), "{answered}");
    let rows = page.post(&answered, "headings", &both);
    assert!(rows.contains("3 of 3 rows can go"), "{rows}");
    // The copy with a correction is read as its original.
    let corrected = page.edit(&rows, "0", "1", "Anne");
    assert!(corrected.contains("1 corrected cell"), "{corrected}");
    assert!(corrected.contains("3 of 3 rows can go"), "{corrected}");
    let plan = page.plan(&corrected);
    assert!(plan.contains("3 to create"), "{plan}");
}

#[test]
fn one_button_stands_below_all_questions_that_it_answers() {
    let (_program, mut page) = opened();
    let headings = PORTSIP_ROW.join(";");
    let row = portsip_row("2001").join(";");
    let sheet = format!("Rufgruppen;;;;\nNebenstellen gesperrt;;;;\n{headings}\n{row}\n");
    let target = [("target", "sim:portsip")];
    let asked = page.rows("two.csv", sheet.as_bytes(), &target);
    let place = |words: &str| {
        asked
            .find(words)
            .unwrap_or_else(|| panic!("{words}: {asked}"))
    };
    let takes = "value=\"0/--header-row 3\"";
    assert_eq!(asked.matches(takes).count(), 1, "{asked}");
    let shared = "To all that is asked about &quot;Rufgruppen&quot; and \
        &quot;Nebenstellen gesperrt&quot;:";
    let in_order = [
        "are no extensions",
        "these extensions are off",
        "value=\"0/--fill enabled=off\"",
        shared,
        takes,
    ];
    let places = in_order.map(place);
    assert!(places.is_sorted(), "{places:?} {asked}");
    assert!(asked.contains("Make all of them, switched off"), "{asked}");
    let half = page.post(&asked, "headings", &[("answer", "0/--fill enabled=off")]);
    assert!(half.contains("are no extensions"), "{half}");
    assert!(!half.contains("To all that is asked"), "{half}");
    // Enter presses the first button of the form, which answers nothing.
    let form = asked.split("/headings\"").nth(1).unwrap();
    let first = form.split("<button").nth(1).unwrap();
    let first = first.split('>').next().unwrap();
    assert!(first.contains("name=\"do\" value=\"look\""), "{first}");
    // Mode update makes none.
    let target = [("target", "sim:portsip"), ("mode", "update")];
    let asked = page.rows("two.csv", sheet.as_bytes(), &target);
    assert!(asked.contains("Switch all of them off"), "{asked}");
}

#[test]
fn whose_the_headings_are_is_answered_by_a_button() {
    let (_program, mut page) = opened();
    let sheet = "Number,FirstName,EmailAddress,MobileNumber,AuthID,AuthPassword,VMEnabled\n\
        2001,Ann,a@example.com,0171555,2001,Ab3defgh9,1\n";
    let target = [("target", "sim:openvox")];
    let asked = page.rows("list.csv", sheet.as_bytes(), &target);
    assert!(asked.contains("They are nobody's own"), "{asked}");
    let answer = [("answer", "0/--headings 3cx")];
    let answered = page.post(&asked, "headings", &answer);
    assert!(!answered.contains("Something is not certain"), "{answered}");
    let again = page.post(&answered, "headings", &[("do", "ask-again")]);
    assert!(again.contains("They are those of 3CX"), "{again}");
}

#[test]
fn the_way_past_a_limit_is_ready_to_be_copied() {
    let (pbx, _program, mut page) = opened_with_pbx();
    let numbers: Vec<String> = (5001..5013).map(|number| number.to_string()).collect();
    pbx.seed(
        &numbers
            .iter()
            .map(|number| pbx.small(number))
            .collect::<Vec<_>>(),
    );
    let rows = numbers.iter().map(|number| format!("{number},New,x\n"));
    let sheet = format!(
        "number,display_name,Own remark\n{}",
        rows.collect::<String>()
    );
    let target = [("target", "hq"), ("mode", "update")];
    let rows = page.rows("list.csv", sheet.as_bytes(), &target);
    let left_out = [("map:Own remark", "-"), ("do", "go")];
    let rows = match rows.contains("rows can go") {
        true => page.get("headings"),
        false => rows,
    };
    let rows = page.post(&rows, "headings", &left_out);
    let plan = page.plan(&rows);
    let flags = "--mode update --max-updates 12 --map 'Own remark=-'";
    assert!(plan.contains(flags), "{plan}");
    page.close();
}

#[test]
fn a_configuration_that_cannot_be_read_is_told_where_a_pbx_is_chosen() {
    let (program, mut page) = opened();
    program.write("rowcall.toml", "[targets.hq\nvendor=\"openvox\"\n");
    let target = page.drop_sheet("list.csv", b"number,name\n2001,Ann\n");
    assert!(target.contains("rowcall.toml"), "{target}");
    assert!(!target.contains("None is set up"), "{target}");
    assert!(target.contains("sim:openvox"), "{target}");
    program.write("rowcall.toml", "");
    let target = page.get("target");
    assert!(target.contains("None is set up"), "{target}");
}

#[test]
fn what_the_plan_finds_stands_at_the_rows_until_one_is_changed() {
    let (_program, mut page) = opened();
    let sheet = "number;email;sip_password\n2001;a@example.com;Hq7aaPo1zz9Q\n\
        2002;b@example.com;Hq7aaPo2zz9Q\n";
    let target = [("target", "sim:freepbx"), ("mode", "upsert")];
    let rows = page.rows("list.csv", sheet.as_bytes(), &target);
    assert!(rows.contains("2 of 2 rows can go"), "{rows}");
    assert!(rows.contains("A new extension may need more"), "{rows}");
    let plan = page.plan(&rows);
    assert!(plan.contains("2 rows cannot go."), "{plan}");
    let rows = page.get("rows");
    assert!(rows.contains("0 of 2 rows can go, 2 cannot"), "{rows}");
    assert!(rows.contains("What the plan found at the PBX"), "{rows}");
    let rows = page.edit(&rows, "0", "1", "c@example.com");
    assert!(rows.contains("A new extension may need more"), "{rows}");
    let created = page.rows("list.csv", sheet.as_bytes(), &[("target", "sim:freepbx")]);
    assert!(
        !created.contains("A new extension may need more"),
        "{created}"
    );
}

#[test]
fn what_the_plan_found_goes_with_it_and_the_pbx_can_be_asked_again() {
    let (pbx, _program, mut page) = opened_with_pbx();
    let sheet = "number,display_name\n5010,Neu\n5011,Alt\n";
    let target = [("target", "hq"), ("mode", "upsert")];
    let rows = page.rows("list.csv", sheet.as_bytes(), &target);
    assert!(rows.contains("2 of 2 rows can go"), "{rows}");
    let plan = page.plan(&rows);
    assert!(plan.contains("2 rows cannot go."), "{plan}");
    let rows = page.get("rows");
    assert!(rows.contains("0 of 2 rows can go, 2 cannot"), "{rows}");
    assert!(rows.contains("or have the PBX asked again"), "{rows}");
    pbx.seed(&[pbx.small("5010")]);
    let plan = page.plan(&rows);
    assert!(plan.contains("1 row cannot go."), "{plan}");
    let rows = page.get("rows");
    assert!(rows.contains("1 of 2 rows can go, 1 cannot"), "{rows}");
    // The plan is refused, for the PBX has changed.
    pbx.seed(&[pbx.small("5011")]);
    let result = page.go(&plan);
    let changed = "the PBX has changed since the plan was shown";
    assert!(result.contains(changed), "{result}");
    let rows = page.get("rows");
    assert!(rows.contains("2 of 2 rows can go"), "{rows}");
    assert!(rows.contains("A new extension may need more"), "{rows}");
    page.close();
}

#[test]
fn a_row_that_the_plan_knows_to_be_refused_is_counted() {
    let (_program, mut page) = opened();
    let sheet = "number,first_name,last_name,sip_password,web_password,groups\n\
        2001,Ann,Lee,Canary7731aB,Canary77w1aB,Zeta\n\
        2002,Bo,Ray,Canary7732aB,Canary77w2aB,\n";
    let target = [("target", "sim:portsip")];
    let rows = page.rows("list.csv", sheet.as_bytes(), &target);
    assert!(rows.contains("2 of 2 rows can go"), "{rows}");
    let plan = page.plan(&rows);
    assert!(plan.contains(", 1 rejected<"), "{plan}");
    assert!(plan.contains("1 row cannot go."), "{plan}");
    let rows = page.get("rows");
    assert!(rows.contains("1 of 2 rows can go, 1 cannot"), "{rows}");
    assert!(rows.contains("What the plan found at the PBX"), "{rows}");
    page.close();
}
