//! The texts around the rows and above the headings: titles, names of sheets, the objects around a list. It may say that
//! other things are meant than the headings alone say.

use crate::support::program::Program;
use rust_xlsxwriter::Workbook;

#[test]
fn cells_of_a_switch_below_a_number_a_pin_or_a_greeting_are_asked_about() {
    let program = Program::new();
    let fill = "--fill sip_password=<generate> --fill web_password=<generate>";
    for (heading, cells) in [
        ("Handy", ["1", "0"]),
        ("Caller ID", ["1", "0"]),
        ("VM PIN", ["1", "0"]),
        ("Handy", ["ja", "nein"]),
        ("Handy", ["x", ""]),
        ("Phone (work)", ["yes", "no"]),
        ("Privat", ["0", "1"]),
        ("Greeting", ["Mr", "Mrs"]),
        ("Begrüßung", ["Herr", "Frau"]),
        ("Ansage", ["ja", "nein"]),
    ] {
        let [one, other] = cells;
        program.write(
            "in.csv",
            format!(
                "Ext;First name;Last name;{heading}\n2001;Ann;Berg;{one}\n2002;Otto;Kern;{other}\n"
            ),
        );
        let line = format!("check in.csv --for portsip {fill}");
        program.ends(&line, 2).says(&[&format!("“{heading}”")]);
    }
    program.write(
        "in.csv",
        "Ext;First name;Last name;Handy\n2001;Ann;Berg;0171 1234567\n2002;Otto;Kern;1\n",
    );
    program.ends(&format!("columns in.csv --for portsip {fill}"), 0);
    for (heading, cells) in [("Caller ID", ["0", "0"]), ("Mobile", ["0", ""])] {
        let [one, other] = cells;
        program.write(
            "in.csv",
            format!(
                "Ext;First name;Last name;{heading}\n2001;Ann;Berg;{one}\n2002;Otto;Kern;{other}\n"
            ),
        );
        program.ends(&format!("columns in.csv --for portsip {fill}"), 0);
    }
}

#[test]
fn a_list_is_refused_where_its_fields_are_joined() {
    let program = Program::new();
    program.write(
        "in.json",
        r#"[{"number":"2001","first_name":["Ann","Bea"],"last_name":"Berg","sip_password":"Xk3kdd9Qw7"}]"#,
    );
    let ran = program.ends("check in.json --for openvox", 1);
    let words = "is a list of several values in the file";
    assert!(ran.out.contains(words), "{}", ran.out);
}

#[test]
fn the_line_of_the_headings_answers_for_the_name_of_the_table_and_not_for_its_switches() {
    let program = Program::new();
    program.write(
        "in.csv",
        "Ring groups,,\nVoicemail nicht erlaubt: ja,,\nExt,Name,Voicemail\n2001,Ann,ja\n",
    );
    let line = "check in.csv --for openvox --fill sip_password=<generate>";
    program
        .ends(line, 2)
        .says(&["--header-row 3", "!voicemail"]);
    let line = format!("{line} --header-row 3");
    program.ends(&line, 2).says(&["!voicemail"]);
    program.ends(&format!("{line} --map Voicemail=!voicemail"), 0);
}

#[test]
fn a_legend_above_the_headings_that_turns_states_round_is_asked_about() {
    let program = Program::new();
    for legend in [
        "Legende: 0 = an, 1 = aus",
        "Legend: 1 = disabled, 0 = enabled",
    ] {
        program.write(
            "in.csv",
            format!("\"{legend}\",,\nExt,Name,Voicemail\n2001,Ann,1\n"),
        );
        let line = "check in.csv --for openvox --fill sip_password=<generate>";
        program.ends(line, 2).says(&[
            "--map 'Voicemail=voicemail'",
            "--map 'Voicemail=!voicemail'",
        ]);
        program.ends(&format!("{line} --map Voicemail=!voicemail"), 0);
    }
}

#[test]
fn no_sheet_with_numbers_is_left_out_where_all_are_read() {
    let program = Program::new();
    let mut book = Workbook::new();
    let staff = book.add_worksheet().set_name("A").unwrap();
    for (row, cells) in [["Ext", "Name"], ["101", "Ann"]].iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            staff
                .write_string(row as u32, column as u16, *cell)
                .unwrap();
        }
    }
    let more = book.add_worksheet().set_name("Forts.").unwrap();
    for (row, cells) in [["102", "Otto"], ["103", "Eva"]].iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            more.write_string(row as u32, column as u16, *cell).unwrap();
        }
    }
    book.save(program.path("b.xlsx")).unwrap();
    let line = "check b.xlsx --for openvox --fill sip_password=<generate>";
    program.ends(line, 2).says(&["Forts.", "--sheet A"]);
    program
        .ends(&format!("{line} --sheet *"), 2)
        .says(&["Forts.", "--sheet A"]);
    program.ends(&format!("{line} --sheet A"), 0);
}
