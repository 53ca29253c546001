//! Headings as messages show them: without the passwords that people wrote into them.

use crate::support::program::Program;

#[test]
fn a_password_in_a_heading_is_in_no_note_and_no_question() {
    let program = Program::new();
    let fill = "--fill sip_password=<generate> --fill web_password=<generate>";
    let canary = "Kq7WzP3xVn9T";
    for (text, exit, said) in [
        (
            format!(
                ";;;Team;;{canary};\nnumber;First name;Last name;Status;Room;Status;Desk\n2001;Ann;Berg;x;a;x;a\n\
                 2002;Bo;Lund;y;b;y;b\n"
            ),
            2,
            "“(not shown): Status” begins with \"x\"",
        ),
        (
            format!(
                "number;First name;Last name;{canary};\n;;;Mobile;Enabled\n2001;Ann;Berg;01715551234;1\n2002;Bo;Lund;01715551235;0\n"
            ),
            2,
            "stands behind others below (not shown)",
        ),
        (
            format!(
                "number;First name;Last name;{canary}: Mobile\n2001;Ann;Berg;1\n2002;Bo;Lund;2\n"
            ),
            0,
            "if it is about (not shown) alone",
        ),
        (
            format!(
                "number;First name;Last name;Extra {canary};Extra {canary}\n2001;Ann;Berg;foo;bar\n"
            ),
            0,
            "as in --map '(E1)=FIELD'",
        ),
    ] {
        program.write("in.csv", text);
        let ran = program.ends(&format!("check in.csv --for portsip {fill}"), exit);
        let ran = ran.says(&[said]);
        let said = [ran.out, ran.err].concat();
        assert!(!said.contains(canary), "{said}");
    }
}

#[test]
fn a_column_that_is_lost_is_named_without_the_password_in_its_heading_and_left_out_by_its_cell() {
    let program = Program::new();
    let canary = "Kq7WzP3xVn9T";
    let row = "101,Ann Berg,Abc123xyzQ9!";
    for (file, text, lost, flag) in [
        (
            "l.csv",
            format!("number,display_name,sip_password,Tafel {canary}\n{row},x\n"),
            "Tafel (not shown) (not read) 1",
            "(D1)=-",
        ),
        (
            "l.csv",
            format!("number,display_name,sip_password,Tafel,Tafel\n{row},x,\n"),
            "Tafel (not read) 1",
            "Tafel (D1)=-",
        ),
        (
            "l.json",
            format!(r#"[{{"number":"101","sip_password":"Abc123xyzQ9!","Tafel {canary}":"x"}}]"#),
            "Tafel (not shown) (not read) 1",
            "Tafel (not shown)=-",
        ),
    ] {
        program.write(file, text);
        let line = format!("check {file} --for openvox --on-loss stop");
        let ran = program.ends(&line, 4);
        let ran = ran.says(&[lost, &format!("--map '{flag}'")]);
        assert!(!(ran.out + &ran.err).contains(canary), "{file}");
        // A file without a row of headings has no cells by which they are named.
        if file == "l.csv" {
            let mut command = program.command(&line);
            let output = command.args(["--map", flag]).output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        let line = format!("convert {file} --to file:freepbx -o x.csv --report r.csv");
        let ran = program.run(&line);
        for told in [ran.out + &ran.err, program.read("r.csv")] {
            assert!(!told.contains(canary), "{told}");
        }
    }
}

#[test]
fn headings_that_look_like_data_are_in_no_note() {
    let program = Program::new();
    program.write(
        "in.csv",
        "2024;number;First name;Last name;Tafelspitz\n1;2001;Ann;Berg;foo\nx;2002;Bo;Lund;bar\n",
    );
    let filled = "--fill sip_password=<generate> --fill web_password=<generate>";
    for line in [
        "columns in.csv --for portsip --header-row 1".to_owned(),
        format!("check in.csv --for portsip --header-row 1 {filled}"),
    ] {
        let ran = program.ends(&line, 0).says(&[
            "in.csv: the headings look like data, so what is to be said of them is not shown",
        ]);
        let said = [ran.out, ran.err].concat();
        assert!(!said.contains("Tafelspitz"), "{line}: {said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_first_import_asks_about_a_heading_without_the_password_in_it() {
    let program = Program::new();
    program.write(
        "in.csv",
        "Nst;First name;Last name;Extra Kq7WzP3xVn9T\n2001;Ann;Berg;foo\n",
    );
    let mut bare = program.bare();
    let mut lead = crate::support::typist::Typist::start(bare.arg("in.csv"));
    lead.answers("number [openvox]: ", "openvox")
        .answers("for example Mobil=mobile", "Foo=email")
        .answers("\"Foo\" is none of these headings", "");
    let screen = lead.screen();
    lead.breaks_off();
    assert!(
        screen.contains("“Extra (not shown)”: not understood"),
        "{screen}"
    );
    // The table alone shows the headings as they are.
    let mut told = screen.lines().filter(|line| !line.starts_with("| D "));
    assert!(!told.any(|line| line.contains("Kq7WzP3xVn9T")), "{screen}");
}
