//! What a terminal that is too small for everything still shows, and where it says that the rest is.

use super::screen::dirty_sheet;
use crate::support::pbx::Desk;
use crate::support::program::Program;
use crate::support::typist::Typist;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What a command says on a screen of so many lines, with its lines put together again.
fn on_screen(program: &Program, line: &str, lines: u16) -> String {
    let mut command = program.command(line);
    let (_, screen) = Typist::start_on(&mut command, &[("NO_COLOR", "1")], lines).ends();
    screen.replace("\r\n    ", " ").replace('\r', "")
}

/// The beginnings of the lines about errors, up to their columns.
fn error_kinds(screen: &str) -> BTreeSet<String> {
    let columns = screen.lines().filter_map(|line| {
        let (_, rest) = line.split_once("error ")?;
        rest.split(&[',', ':', '…'][..]).next().map(String::from)
    });
    columns.collect()
}

#[test]
fn every_kind_of_error_has_a_line_on_any_screen_and_what_is_left_out_has_a_command() {
    let program = Program::new();
    program.write("dirty.csv", dirty_sheet());
    let line = "check dirty.csv --for openvox";
    let whole = error_kinds(&on_screen(&program, line, 200));
    assert!(whole.len() > 3, "{whole:?}");
    for lines in [6, 10, 16, 0] {
        let screen = on_screen(&program, line, lines);
        assert_eq!(error_kinds(&screen), whole, "{lines}:\n{screen}");
    }
    // The command that is named is one that runs.
    let screen = on_screen(&program, line, 10);
    let command = "rowcall check dirty.csv --for openvox --all";
    assert!(screen.contains(&format!("`{command}`")), "{screen}");
    let all = program.run(command.trim_start_matches("rowcall ")).exits(1);
    assert!(all.out.lines().count() > 100);
    // And it is that of the options of the call.
    let mapped = format!("{line} --map 'shoe size=-' --fill 'do_not_disturb=off'");
    let mut command = program.bare();
    command.args([
        "check",
        "dirty.csv",
        "--for",
        "openvox",
        "--map",
        "shoe size=-",
    ]);
    let (_, screen) = Typist::start_on(&mut command, &[], 10).ends();
    let screen = screen.replace("\r\n    ", " ");
    let words = "dirty.csv --for openvox --map 'shoe size=-' --all";
    assert!(screen.contains(words), "{mapped}:\n{screen}");
}

#[test]
fn a_conversion_names_the_command_that_prints_what_it_leaves_out() {
    let program = Program::new();
    let sheets: Vec<String> = (10..30).map(|at| format!("s{at}.csv")).collect();
    for sheet in &sheets {
        let text = format!("number,name,sip_password\n{sheet},Ann,Xk39vTq2Lm\n");
        program.write(sheet, text);
    }
    let sheets = sheets.join(" ");
    let line = format!("convert {sheets} --to file:freepbx -o out.csv");
    let err = program.run(&line).err;
    let command = format!("check {sheets} --for file:freepbx --all");
    let told = format!("more kinds of error: `rowcall {command}` prints every one");
    assert!(err.contains(&told), "{err}");
    program.run(&command).exits(1);
}

#[test]
fn a_loss_on_a_small_screen_keeps_its_reason() {
    let program = Program::new();
    program.write("dirty.csv", dirty_sheet());
    for lines in [24, 30, 40] {
        let screen = on_screen(&program, "check dirty.csv --for openvox --lang de", lines);
        for line in screen.lines().filter(|line| line.starts_with("Warnung ")) {
            let reason = line.split_once(": ").map(|(_, reason)| reason);
            let words = reason.map(|reason| reason.split(' ').count());
            assert!(words.is_some_and(|words| words > 2), "{line}");
        }
    }
}

#[test]
fn changes_keep_their_fields_on_a_small_screen_and_all_is_named_for_the_rest() {
    let desk = Desk::new("openvox");
    let sheet = |name: &str, from: u32, count: u32| {
        let mut rows = String::new();
        for number in from..from + count {
            writeln!(rows, "{number},{name},Xk39vTq2Lm").unwrap();
        }
        rows
    };
    let head = "number,display_name,sip_password\n";
    desk.write("old.csv", format!("{head}{}", sheet("Ann", 2000, 30)));
    desk.go("import old.csv --to TARGET").exits(0);
    let wrong = "3000,Bo,Xk39 vTq2Lm\n3001,Bo,\n3002,,Xk39vTq2Lm\n";
    for (changed, lines) in [(3, 24), (30, 24)] {
        let text = format!(
            "{head}{}{}{wrong}",
            sheet("Bo", 2000, changed),
            sheet("Cy", 4000, 8)
        );
        desk.write("new.csv", text);
        let line = format!("plan new.csv --to {} --mode upsert", desk.pbx.target());
        let screen = on_screen(&desk, &line, lines);
        let fields = screen.matches("display_name: \"Ann\" → \"Bo\"").count();
        assert_eq!(fields, changed as usize, "{screen}");
        assert!(screen.contains("--all shows"), "{screen}");
        // Both kinds of errors are there, whatever is left out.
        assert_eq!(screen.matches("! error ").count(), 2, "{screen}");
    }
}

#[test]
fn the_log_keeps_what_a_screen_has_no_room_for() {
    let program = Program::new();
    program.write("dirty.csv", dirty_sheet());
    let line = "plan dirty.csv --to sim:openvox --log";
    program.run(&format!("{line} whole.log"));
    on_screen(&program, &format!("{line} screen.log"), 12);
    let said = |name: &str| -> Vec<String> {
        let log = program.read(name);
        let warnings = log.lines().filter(|line| line.contains("warning "));
        let words = warnings.filter_map(|line| line.split_once(' '));
        words.map(|(_, words)| words.to_owned()).collect()
    };
    assert!(!said("whole.log").is_empty());
    assert_eq!(said("screen.log"), said("whole.log"));
}

#[test]
fn a_lead_keeps_its_language_and_names_a_target_that_is_still_free() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk.write(
        "staff.csv",
        "number,display_name,sip_password\n2000,Ann,Xk39vTq2Lm\n",
    );
    let mut command = desk.command("staff.csv --lang de");
    let mut lead = Typist::start(&mut command);
    lead.answers("[openvox]: ", "portsip")
        .answers("für jede einen Wert erzeugen? [j/N] ", "n");
    for _ in 0..2 {
        lead.answers("weiter mit der Eingabetaste: ", "");
    }
    lead.answers("[j/N] ", "n");
    let (_, screen) = lead.ends();
    let screen = screen.replace("\r\n    ", " ");
    assert!(!screen.contains("nothing was sent"), "{screen}");
    assert!(!screen.contains("--to hq\r"), "{screen}");
    assert!(screen.contains("--to hq-2"), "{screen}");
    assert!(screen.contains("Name: hq-2"), "{screen}");
    assert!(screen.contains("5. Los"), "{screen}");
}

#[test]
fn a_marked_copy_counts_its_cells_and_the_findings_of_none() {
    let program = Program::new();
    program.write("a.csv", "number,display_name\n2000,Ann\n2001,Bo\n");
    program
        .run("check a.csv --for openvox --mark a.checked.xlsx")
        .exits(1)
        .says(&[
            "a.checked.xlsx: no cell is marked",
            "a.checked.xlsx: 2 findings of no cell, in the sheet “Findings” alone",
        ]);
}

#[test]
fn the_head_of_a_report_names_the_source_once_and_the_run_that_is_taken_back() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    let mut rows = "number,display_name,sip_password\n".to_owned();
    for number in 2000..2003 {
        writeln!(rows, "{number},Ann,Xk39vTq2Lm").unwrap();
    }
    desk.write("a.csv", rows);
    let run = desk.go("import a.csv --to hq --json --yes").exits(0).name();
    desk.go("migrate --from hq --to sim:ozeki --report m.html --yes");
    let page = desk.read("m.html").replace("<wbr>", "");
    let source = format!("hq (OpenVox UC Series, {})", desk.pbx.addr());
    assert!(page.contains(&source), "{page}");
    assert!(!page.contains("hq:2000, hq:2001"), "{page}");
    desk.ends("undo --yes --report u.html", 0);
    assert!(desk.read("u.html").replace("<wbr>", "").contains(&run));
}

#[test]
fn a_run_takes_a_line_of_the_list_or_two_where_the_screen_is_narrow() {
    let desk = Desk::new("openvox");
    desk.write("rowcall.toml", desk.pbx.config("hq"));
    desk.write(
        "a.csv",
        "number,display_name,sip_password\n2000,Ann,Xk39vTq2Lm\n",
    );
    let listed = || {
        let screen = on_screen(&desk, "runs", 24);
        let lines: Vec<String> = screen.lines().map(str::to_owned).collect();
        assert!(screen.contains("rowcall runs show RUN"), "{screen}");
        lines
    };
    // As a table, while its columns have room.
    desk.go("import a.csv --to hq --mode upsert").exits(0);
    desk.write(
        "b.csv",
        "number,display_name,sip_password\n2001,Bo,Xk39vTq2Lm\n",
    );
    desk.go("import b.csv --to hq --mode upsert").exits(0);
    let lines = listed();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    for line in &lines[2..4] {
        assert!(line.contains("| import --mode upsert | hq "), "{line}");
        assert!(line.ends_with("| 1 created |"), "{line}");
    }
    // Else as sentences.
    desk.write(
        "c.csv",
        "number,display_name,sip_password\n2002,Cy,Xk39vTq2Lm\n",
    );
    desk.go("import c.csv --to TARGET --mode upsert").exits(0);
    let lines = listed();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    let on_hq = " import --mode upsert on hq: finished, 1 created";
    assert!(lines[2].ends_with(on_hq), "{lines:#?}");
}
