//! Cells about the row and the account: switched off, to be deleted, a forward that is on by its number.

use crate::support::pbx::Desk;
use crate::support::program::ran_showing;

const WEB: &str = "sip_password,web_password";
const SECRETS: &str = "tR7xkQ2mZp9w,Kw83hTqzLm";

#[test]
fn an_account_that_is_off_is_never_switched_on() {
    for (heading, off, on) in [
        ("Status", "Disabled", "Active"),
        ("Status", "gesperrt", "aktiv"),
        ("State", "inactive", "active"),
        ("Kontostatus", "Gesperrt", "aktiv"),
        ("Aktiv", "nein", "ja"),
        ("Aktiv", "Inaktiv", "Aktiv"),
        ("Enabled", "FALSE", "TRUE"),
        ("Konto deaktiviert", "ja", "nein"),
        ("Gesperrt", "gesperrt", "nein"),
        ("Disabled", "x", "0"),
        ("Aktiv (ja/nein)", "nein", "ja"),
    ] {
        let rows = format!("2001,Ann,Muster,{SECRETS},{off}\n2002,Bo,Muster,{SECRETS},{on}\n");
        let sheet = format!("number,first_name,last_name,{WEB},{heading}\n{rows}");
        let desk = Desk::new("portsip");
        desk.write("s.csv", &sheet);
        desk.ends("import s.csv --to TARGET --rate 5000", 0);
        let stored = |number| desk.pbx.sim.stored(number, "options.enable_extension");
        assert_eq!(stored("2001").as_deref(), Some("false"), "{heading} {off}");
        assert_eq!(stored("2002").as_deref(), Some("true"), "{heading} {on}");
        // Without such a field, the row is not sent.
        let desk = Desk::new("openvox");
        desk.write("s.csv", &sheet);
        let line = "import s.csv --to TARGET --rate 5000 --report r.csv";
        let words = desk.ends(line, 1).err;
        assert_eq!(desk.pbx.numbers(), ["2002"], "{heading} {off}: {words}");
        let row = &desk.report("r.csv")[0];
        assert_eq!(row["code"], "enabled.not_supported", "{heading} {off}");
        assert_eq!(row["column"], heading);
    }
}

#[test]
fn a_mark_that_is_filled_in_is_no_secret_to_hide_in_a_hint() {
    let desk = Desk::new("portsip");
    desk.write("s.csv", "number,first_name\n2001,Ann\n");
    let line = "check s.csv --for portsip --fill sip_password=<generate>";
    let said = desk.ends(line, 1).out;
    assert!(said.contains("--fill web_password='<generate>'"), "{said}");
}

#[test]
fn a_word_that_names_no_state_is_asked_about_and_an_exports_status_says_nothing() {
    let desk = Desk::new("portsip");
    let sheet =
        |heading, word| format!("number,first_name,{WEB},{heading}\n2001,Ann,{SECRETS},{word}\n");
    desk.write("s.csv", sheet("Status", "perhaps"));
    desk.ends("check s.csv --for portsip", 0)
        .says(&["“Status” (E1): left out, for its words do not tell whether"]);
    let words = desk
        .ends("check s.csv --for portsip --map Status=enabled", 1)
        .out;
    assert!(words.contains("must be on or off"), "{words}");
    desk.write("s.csv", sheet("status", "Registered (192.0.2.7)"));
    desk.ends("check s.csv --for portsip", 0);
    // A state of the country.
    let of_places = sheet("State", "CA")
        .replace("State", "City,State")
        .replace("CA", "Fresno,CA");
    desk.write("s.csv", of_places);
    desk.ends("check s.csv --for portsip", 0);
    // An answer does not turn its meaning round.
    desk.write("s.csv", sheet("Gesperrt", "ja"));
    desk.ends(
        "import s.csv --to TARGET --map Gesperrt=enabled --rate 5000",
        0,
    );
    let stored = desk.pbx.sim.stored("2001", "options.enable_extension");
    assert_eq!(stored.as_deref(), Some("false"));
}

#[test]
fn a_state_that_another_column_contradicts_is_an_error() {
    let desk = Desk::new("portsip");
    for (enabled, state) in [
        ("Enabled", "Status"),
        ("Aktiv", "Kontostatus"),
        ("Disabled", "State"),
    ] {
        let on = if enabled == "Disabled" {
            ["no", "yes"]
        } else {
            ["yes", "no"]
        };
        let rows = [
            format!("2001,Ann,{SECRETS},{},gesperrt", on[0]),
            format!("2002,Bo,{SECRETS},,gesperrt"),
            format!("2003,Cy,{SECRETS},{},gesperrt", on[1]),
            format!("2004,Di,{SECRETS},{},active", on[0]),
            format!("2005,Ed,{SECRETS},{},Registered", on[0]),
            format!("2006,Flo,{SECRETS},{},active", on[1]),
        ];
        let sheet = format!(
            "number,first_name,{WEB},{enabled},{state}\n{}\n",
            rows.join("\n")
        );
        desk.write("s.csv", sheet);
        desk.ends("check s.csv --for portsip --report r.csv", 1);
        let codes: Vec<String> = desk
            .report("r.csv")
            .iter()
            .map(|row| row["code"].clone())
            .collect();
        assert_eq!(
            codes,
            ["row.state", "row.state", "", "", "", "row.state"],
            "{enabled} {state}"
        );
    }
}

#[test]
fn a_total_below_a_short_list_deletes_nobody() {
    for rows in [
        "number,name\n2001,A\n2002,B\n2,\n",
        "number\n2001\n2002\n2003\n3\n",
        "number,name\n2001,A\n2002,B\n4003,\n",
    ] {
        let desk = Desk::new("openvox");
        desk.seed(&desk.small(2001..2005));
        desk.write("s.csv", rows);
        let line = "delete s.csv --from TARGET --yes --max-deletes 4 --rate 5000 --report r.csv";
        let ran = desk.run(line);
        // If it is the sum, the others may be no extensions either.
        let exit = if rows.contains("4003") { 2 } else { 1 };
        assert_eq!(ran.exit, exit, "{rows}: {}", ran.err);
        let results = desk.results("r.csv");
        assert_eq!(
            results.last().map(String::as_str),
            Some("invalid"),
            "{rows}"
        );
        assert!(ran.err.contains("is the count or the sum"), "{}", ran.err);
    }
}

#[test]
fn a_total_of_a_group_deletes_nobody_and_a_full_row_is_a_person() {
    let results = |rows: &str| {
        let desk = Desk::new("openvox");
        desk.seed(&desk.small([2, 3, 5, 59, 201, 202, 301, 302, 303]));
        desk.write("s.csv", rows);
        let line = "delete s.csv --from TARGET --yes --max-deletes 100% --rate 5000 --report r.csv";
        desk.run(line);
        let mut results = desk.results("r.csv");
        results.retain(|result| result == "invalid");
        results.len()
    };
    for (rows, totals) in [
        (
            "Department;Ext\nSales;201\nSales;202\nSales Count;2\nSupport;301\nSupport;302\nSupport;303\nSupport Count;3\nGrand Count;5\n",
            3,
        ),
        ("Department;Ext\nSales;201\nSales;202\nTotal Sales;59\n", 1),
        ("Department;Ext\nSales;201\nSales;202\nSuma Sales;303\n", 1),
        ("Ext\n201\n202\n2\n301\n302\n303\n3\n", 2),
        (
            "Ext;Department\n201;A\n202;A\n2;A\n301;B\n302;B\n303;B\n3;B\n5;\n",
            3,
        ),
        // Full rows, and a number that counts nothing.
        (
            "Ext;First Name;Last Name\n201;Ann;Berg\n202;Ben;Suma\n59;Summa;Joe\n",
            0,
        ),
        ("Ext;Name\n201;Ann\n202;Ben\n4;Cem\n301;Dan\n", 0),
        // A person who is called so, and words that nobody is called.
        ("Ext;Name\n201;Ann\n202;Summa\n301;Anna Total\n", 0),
        ("Ext;Name\n201;Ann\n202;Ben\n302;Anzahl Mitarbeiter\n", 1),
        ("Ext;Name\n201;Ann\n202;Ben\n2;Summa\n", 1),
    ] {
        assert_eq!(results(rows), totals, "{rows}");
    }
}

#[test]
fn a_title_or_a_legend_between_rows_stops_a_deletion_as_a_whole() {
    let good = ["2001", "2002", "2003", "2004"];
    for (rows, words) in [
        (
            "2001,A,\n2002,B,\n\nBleiben,,\n2003,C,\n2004,D,\n",
            ["s.csv:5", "title"],
        ),
        ("2001,A,\n,Bleiben,\n2003,C,\n", ["s.csv:3", "title"]),
        ("2001,A,\nBleiben,ab hier,\n2003,C,\n", ["(2001)", "(2003)"]),
        ("Bleiben,,\n2003,C,\n", ["(none)", "(2003)"]),
        (
            "2001,A,x\n2002,B,y\n9,Outside line,\n0,Operator,\n",
            ["s.csv:4", "legend"],
        ),
        ("2001,A,x\n2002,B,y\n112,Polizei,\n", ["s.csv:4", "legend"]),
        (
            "2001,A,x\n9,Outside line,\n2002,B,y\n",
            ["s.csv:3", "\"9\""],
        ),
        ("2001,A,\nTeil 2 bleibt,,\n2003,C,\n", ["s.csv:3", "title"]),
    ] {
        let desk = Desk::new("openvox");
        desk.seed(&desk.small(2001..2005));
        desk.write("s.csv", format!("Ext,Name,Email\n{rows}"));
        let line = "delete s.csv --from TARGET --yes --max-deletes 100% --rate 5000";
        let said = desk.ends(line, 2).err;
        assert!(
            words.iter().all(|word| said.contains(word)),
            "{rows}: {said}"
        );
        assert_eq!(desk.pbx.numbers(), good, "{rows}: {said}");
    }
    for (rows, exit, left) in [
        // A remark at the end, a row without a number, and an extension that is deleted by itself.
        ("2001,A,\n2002,B,\nStand Mai,,\n", 1, vec!["2003", "2004"]),
        (
            "2001,A,\n,B,b@example.com\n2003,C,\n",
            1,
            vec!["2002", "2004"],
        ),
        ("0,Operator,\n", 0, good.to_vec()),
    ] {
        let desk = Desk::new("openvox");
        desk.seed(&desk.small(2001..2005));
        desk.write("s.csv", format!("Ext,Name,Email\n{rows}"));
        let line = "delete s.csv --from TARGET --yes --max-deletes 100% --rate 5000";
        let said = desk.ends(line, exit).err;
        assert_eq!(desk.pbx.numbers(), left, "{rows}: {said}");
    }
}

#[test]
fn blanks_beside_marks_are_said_once_unless_their_value_is_known() {
    let desk = Desk::new("portsip");
    for (cells, flags, is_said) in [
        (["x", "", "X"], "", true),
        (["✓", "", ""], "", true),
        (["x", "", "X"], "--fill enabled=off", false),
        (["x", "x", "x"], "", false),
        (["", "", ""], "", false),
        (["yes", "", "no"], "", false),
    ] {
        let rows = (2001..).zip(cells);
        let rows = rows.map(|(number, cell)| format!("{number},Ann,{SECRETS},{cell}\n"));
        let rows: String = rows.collect();
        desk.write("s.csv", format!("number,first_name,{WEB},Enabled\n{rows}"));
        let said = desk
            .ends(&format!("check s.csv --for portsip {flags}"), 0)
            .err;
        let blank = cells.iter().filter(|cell| cell.is_empty()).count();
        let words = format!("a blank cell ({blank} of 3) gives no value for enabled");
        assert_eq!(said.contains(&words), is_said, "{cells:?} {flags}: {said}");
        assert_eq!(said.contains("--fill enabled=off"), is_said, "{said}");
        let update = "plan s.csv --to TARGET --mode update";
        let said = desk.run(update).err;
        assert!(!said.contains("holds marks"), "{said}");
    }
    // An extension that is not locked is on, as a new one is.
    desk.write(
        "s.csv",
        format!("number,first_name,{WEB},Gesperrt\n2001,Ann,{SECRETS},x\n2002,Bo,{SECRETS},\n"),
    );
    let said = desk.run("check s.csv --for portsip").err;
    assert!(!said.contains("holds marks"), "{said}");
}

#[test]
fn a_column_whose_cells_all_say_what_is_to_be_done_is_obeyed() {
    let desk = Desk::new("openvox");
    for heading in ["Änderung", "Aktion", "To do", "Changes"] {
        desk.write(
            "s.csv",
            format!("Ext,Name,{heading}\n2001,A,neu\n2002,B,löschen\n"),
        );
        let line = "check s.csv --for openvox --fill sip_password=<generate>";
        let said = desk.ends(line, 1);
        assert!(
            said.out.contains("asks to delete the extension"),
            "{heading}: {}",
            said.out
        );
        assert!(
            said.err.contains("1 valid, 1 invalid"),
            "{heading}: {}",
            said.err
        );
    }
    desk.write(
        "s.csv",
        "Ext,Name,Änderung\n2001,A,neu\n2002,B,01.05.2026\n",
    );
    let said = desk.ends(
        "check s.csv --for openvox --fill sip_password=<generate>",
        0,
    );
    assert!(said.err.contains("“Änderung” (C1)"), "{}", said.err);
}

#[test]
fn of_equal_headings_the_table_is_shown_and_each_has_its_answer() {
    let desk = Desk::new("openvox");
    desk.write(
        "s.csv",
        "Ext,Name,Email,Email\n2001,A,a@example.com,b@example.com\n",
    );
    for line in [
        "columns s.csv --for openvox",
        "check s.csv --for openvox --explain-columns",
    ] {
        let said = desk.ends(line, 2);
        assert!(said.out.contains("understood as"), "{}", said.out);
        assert!(
            said.err
                .contains("“Email” (C1) and “Email” (D1) may each be the email"),
            "{}",
            said.err
        );
    }
    let said = desk.ends("check s.csv --for openvox", 2).err;
    for line in [
        "“Email (C1)” begins with",
        "answer with --map 'Email (C1)=email'",
        "or --map 'Email (D1)=email'",
    ] {
        assert!(said.contains(line), "{said}");
    }
    desk.write("kept.toml", "\"Email (D1)\" = \"email\"\n");
    let plan = "plan s.csv --to sim:openvox --fill sip_password=<generate>";
    for option in ["--map", "Email (D1)=email", "--map-file", "kept.toml"].chunks(2) {
        let said = ran_showing(desk.command(plan).args(option).output().unwrap()).exits(0);
        assert!(
            said.out.contains("email: \"b@example.com\""),
            "{}",
            said.out
        );
    }
}

#[test]
fn a_column_without_heading_that_counts_the_rows_is_left_out_and_any_other_by_a_flag() {
    let desk = Desk::new("openvox");
    let check = |sheet: &str, more: &str, exit| {
        desk.write("s.csv", sheet);
        let line = format!("check s.csv --for openvox --fill sip_password=<generate> {more}");
        let said = desk.ends(&line, exit);
        said.out + &said.err
    };
    let counted: String = (0..1500)
        .map(|n| format!("{n},P {n},{}\n", 2000 + n))
        .collect();
    let said = check(&format!(",Name,Ext\n{counted}"), "", 0);
    assert!(
        said.contains("the column without a heading (A1): left out, for it numbers the rows"),
        "{said}"
    );
    // Behind the rows that show what headings mean there is something else.
    let said = check(&format!(",Name,Ext\n{counted}new,Ann,4000\n"), "", 2);
    assert!(
        said.contains("filled in 1000 of the first 1000 rows") && said.contains("--map '(A1)=-'"),
        "{said}"
    );
    let marks = ",Name,Ext\nx,Ann,2001\ny,Bo,2002\n";
    let said = check(marks, "", 2);
    assert!(said.contains("answer with --map '(A1)=-'"), "{said}");
    check(marks, "--map (A1)=-", 0);
    check(marks, "--map =-", 0);
    // That is no answer for cells behind the last heading.
    check(&format!("{marks}9,Cy,2003,left\n"), "--map =-", 1);
    // Few marks are told row by row.
    let few = ",Name,Ext\nx,Ann,2001\n,Bo,2002\n,Cy,2003\n";
    let said = check(few, "", 1);
    assert!(
        said.contains("A2") && said.contains("--map '(A1)=-'"),
        "{said}"
    );
    check(few, "--map (A1)=-", 0);
    // The index of pandas, filtered, sorted, or put together of two.
    for index in [["7", "11"], ["1690", "1555"], ["0", "0"]] {
        let [one, other] = index;
        let said = check(
            &format!(",Ext,Name\n{one},2001,Ann\n{other},2002,Bo\n"),
            "",
            0,
        );
        assert!(
            said.contains("(A1): left out, for it numbers the rows"),
            "{said}"
        );
    }
    let said = check(",Name,Ext\n2001,Ann,1\n2002,Bo,2\n", "--map (A1)=number", 0);
    assert!(!said.contains("no heading"), "{said}");
}

#[test]
fn two_columns_about_being_switched_off_are_compared_and_neither_is_dropped() {
    for (headings, cells, stored) in [
        // The cells of both columns, and the state on the PBX, where the row is right.
        ("Suspended,Inactive", "no,yes", None),
        ("Suspended,Inactive", "yes,no", None),
        ("Suspended,Inactive", "yes,yes", Some("false")),
        ("Suspended,Inactive", "no,no", Some("true")),
        ("Suspended,Inactive", "no,", Some("true")),
        ("Suspended,Inactive", "no,perhaps", None),
        ("Gesperrt,Deaktiviert", "nein,ja", None),
        ("Gesperrt,Deaktiviert", "ja,ja", Some("false")),
        ("Enabled,Disabled", "yes,yes", None),
        ("Enabled,Disabled", "no,yes", Some("false")),
        ("Enabled,Disabled", ",yes", None),
        ("Active,Status", "yes,Terminated", None),
        ("Active,Status", "no,Terminated", Some("false")),
        ("Active,Kontostatus", "no,aktiv", None),
    ] {
        let desk = Desk::new("portsip");
        desk.write(
            "s.csv",
            format!("Ext,First Name,{WEB},{headings}\n2001,Ann,{SECRETS},{cells}\n"),
        );
        let line = "import s.csv --to TARGET --rate 5000 --report r.csv";
        let words = desk.ends(line, i32::from(stored.is_none())).err;
        let there = desk.pbx.sim.stored("2001", "options.enable_extension");
        assert_eq!(there.as_deref(), stored, "{headings} {cells}: {words}");
        assert!(!words.contains("no field is called"), "{words}");
        let code = &desk.report("r.csv")[0]["code"];
        assert_eq!(
            code == "row.state",
            stored.is_none(),
            "{headings} {cells}: {code}"
        );
    }
}

#[test]
fn a_status_that_is_used_is_not_said_to_be_left_out() {
    let desk = Desk::new("portsip");
    for (heading, word, is_used) in [
        ("Status", "Active", true),
        ("status", "disabled", true),
        ("status", "Registered", false),
    ] {
        desk.write(
            "s.csv",
            format!("number,first_name,{WEB},{heading}\n2001,Ann,{SECRETS},{word}\n"),
        );
        let words = desk.ends("check s.csv --for portsip --all", 0).out;
        let is_left_out = words.contains("the PBX reports it by itself");
        assert_eq!(is_left_out, !is_used, "{heading} {word}: {words}");
    }
}

#[test]
fn only_rows_that_say_so_are_deleted() {
    for (heading, cells, left) in [
        ("Delete", ["yes", "no", "", "x"], vec!["2002", "2003"]),
        (
            "Remove?",
            ["yes", "no", "perhaps", "1"],
            vec!["2002", "2003"],
        ),
        ("Löschen", ["ja", "nein", "", "ja"], vec!["2002", "2003"]),
        ("Keep", ["no", "yes", "", "no"], vec!["2002", "2003"]),
        (
            "behalten",
            ["nein", "ja", "ja", "nein"],
            vec!["2002", "2003"],
        ),
    ] {
        let desk = Desk::new("openvox");
        desk.seed(&desk.small(2001..2005));
        let rows = (2001..)
            .zip(cells)
            .map(|(number, cell)| format!("{number},{cell}\n"));
        desk.write(
            "s.csv",
            format!("number,{heading}\n{}", rows.collect::<String>()),
        );
        let line = "delete s.csv --from TARGET --yes --max-deletes 4 --rate 5000 --report r.csv";
        let said = desk.run(line);
        assert_eq!(desk.pbx.numbers(), left, "{heading}: {}", said.err);
        let results = desk.results("r.csv");
        let third = match (heading, cells[2]) {
            ("Remove?", _) | ("Keep", _) => "invalid",
            _ => "unchanged",
        };
        assert_eq!(
            results,
            ["deleted", "unchanged", third, "deleted"],
            "{heading}"
        );
        assert_eq!(said.exit, i32::from(third == "invalid"), "{heading}");
    }
}

#[test]
fn a_row_whose_cell_for_the_action_is_blank_is_not_deleted() {
    let zulu = "Extension,First Name,Last Name,SIP/IAX Password,Disable This Extension,Call Forward Busy,Call Forward No Answer";
    for (headings, cells, left) in [
        ("Ext,Name,Action", ["", "delete", ""], vec!["2001", "2003"]),
        ("Ext,Name,Aktion", ["löschen", " ", "del"], vec!["2002"]),
        (
            "Ext,Name,Action",
            ["", "", ""],
            vec!["2001", "2002", "2003"],
        ),
        (
            &format!("{zulu},Delete"),
            ["no", "yes", ""],
            vec!["2001", "2003"],
        ),
    ] {
        let desk = Desk::new("openvox");
        desk.seed(&desk.small(2001..2004));
        let between = ",".repeat(headings.matches(',').count() - 1);
        let rows = (2001..)
            .zip(cells)
            .map(|(number, cell)| format!("{number},Ann{between}{cell}\n"));
        desk.write("s.csv", format!("{headings}\n{}", rows.collect::<String>()));
        let line = "delete s.csv --from TARGET --yes --max-deletes 4 --rate 5000 --report r.csv";
        let words = desk.ends(line, 0).err;
        assert_eq!(desk.pbx.numbers(), left, "{headings} {cells:?}: {words}");
        let expected = cells.map(|cell| match cell.trim() {
            "" | "no" => "unchanged",
            _ => "deleted",
        });
        assert_eq!(desk.results("r.csv"), expected, "{headings} {cells:?}");
        if headings.starts_with("Ext,") {
            let blank = cells.iter().filter(|cell| cell.trim().is_empty()).count();
            let rows = if blank == 1 { "row" } else { "rows" };
            let note = format!("{blank} {rows} without a word in the column for the action");
            assert_eq!(words.matches(&note).count(), 1, "{words}");
        }
    }
}

#[test]
fn a_deletion_asks_about_a_column_that_tells_leavers_from_the_others() {
    for (heading, cells, asks) in [
        ("Status", ["Active", "Left"], true),
        ("Status", ["Current", "Former"], true),
        ("Status", ["Left", "left"], false),
        ("status", ["Registered", "Unavailable"], false),
        ("status", ["active", "disabled"], true),
        ("Enabled", ["yes", "no"], true),
        ("Enabled", ["yes", "TRUE"], false),
        ("Gesperrt", ["ja", ""], true),
        ("Leaver", ["yes", "no"], true),
        ("Leaver", ["yes", "x"], false),
        ("Austritt", ["", "31.12.2025"], true),
        ("Leaving_date", ["", "2025-12-31"], true),
        ("Left_on", ["2025-12-30", "2025-12-31"], false),
        ("City,State", ["Fresno,CA", "Austin,TX"], false),
        ("Delete,Leaver", ["yes,yes", "yes,yes"], false),
    ] {
        let desk = Desk::new("openvox");
        desk.seed(&desk.small(2001..2003));
        let [first, second] = cells;
        desk.write(
            "s.csv",
            format!("Ext,Name,{heading}\n2001,Ann,{first}\n2002,Bo,{second}\n"),
        );
        let line = "delete s.csv --from TARGET --yes --max-deletes 4 --rate 5000";
        if asks {
            let words = desk.ends(line, 2).err;
            let answer = format!("--map '{heading}=-'");
            assert!(words.contains(&answer), "{heading} {cells:?}: {words}");
            assert_eq!(desk.pbx.numbers(), ["2001", "2002"], "{heading} {cells:?}");
            desk.ends(&format!("{line} --map {heading}=-"), 0);
        } else {
            desk.ends(line, 0);
        }
        assert!(desk.pbx.numbers().is_empty(), "{heading} {cells:?}");
    }
    // A column that contradicts the mark beside it.
    let desk = Desk::new("openvox");
    desk.seed(&desk.small(2001..2003));
    desk.write(
        "s.csv",
        "Ext,Name,Delete,Leaver\n2001,Ann,yes,no\n2002,Bo,yes,yes\n",
    );
    let line = "delete s.csv --from TARGET --yes --max-deletes 4 --rate 5000";
    desk.ends(line, 2)
        .says(&["“Leaver” (D1) speaks against", "--map 'Leaver=-'"]);
    assert_eq!(desk.pbx.numbers(), ["2001", "2002"]);
    desk.ends(&format!("{line} --map Leaver=-"), 0);
    assert!(desk.pbx.numbers().is_empty());
    // A mapping says what the cells mean, and not that every row is to go.
    for (heading, mapping) in [
        ("Disabled", "Disabled=enabled"),
        ("Off_duty", "Off_duty=!enabled"),
        ("Aktiv", "Aktiv=enabled"),
    ] {
        let desk = Desk::new("portsip");
        desk.seed(&desk.small(2001..2003));
        desk.write("s.csv", format!("Ext,{heading}\n2001,yes\n2002,no\n"));
        let line = "delete s.csv --from TARGET --yes --max-deletes 4 --rate 5000";
        let words = desk.ends(&format!("{line} --map {mapping}"), 2).err;
        assert!(words.contains("is not the same in every row"), "{words}");
        assert_eq!(desk.pbx.numbers(), ["2001", "2002"], "{heading}");
    }
    // Also far behind the first rows.
    let desk = Desk::new("openvox");
    let rows = (20_001..21_500).map(|number| match number {
        21_400 => format!("{number},active\n"),
        _ => format!("{number},left\n"),
    });
    desk.write("s.csv", format!("Ext,Status\n{}", rows.collect::<String>()));
    let line = "delete s.csv --from TARGET --yes --max-deletes 2000 --rate 5000";
    desk.ends(line, 2);
}

#[test]
fn a_row_that_is_to_be_deleted_is_not_imported() {
    let desk = Desk::new("openvox");
    let rows = ["2001,Ann,tR7xkQ2mZp9w,yes", "2002,Bo,tR7xkQ2mZp9x,"];
    desk.write(
        "s.csv",
        format!("number,name,secret,Delete\n{}\n", rows.join("\n")),
    );
    desk.ends("import s.csv --to TARGET --rate 5000 --report r.csv", 1);
    assert_eq!(desk.pbx.numbers(), ["2002"]);
    assert_eq!(desk.report("r.csv")[0]["code"], "row.action");
}

#[test]
fn a_forward_is_on_where_its_product_switches_it_on_by_the_number() {
    let desk = Desk::new("openvox");
    let headings = "Extension,First Name,Last Name,SIP/IAX Password,Disable This Extension,Call Forward Busy,Call Forward No Answer";
    let rows = [
        "2001,Ann,Muster,tR7xkQ2mZp9w,no,03012345,",
        "2002,Bo,Muster,tR7xkQ2mZp9x,no,,",
    ];
    desk.write("s.csv", format!("{headings}\n{}\n", rows.join("\n")));
    desk.ends("import s.csv --to TARGET --rate 5000", 0);
    let stored = |number, wire| desk.pbx.sim.stored(number, wire).unwrap_or_default();
    let forward = ["busyforward", "btransferto", "btransfernum"].map(|wire| stored("2001", wire));
    assert_eq!(forward, ["on", "Custom Number", "03012345"]);
    assert_ne!(stored("2001", "noanswerforward"), "on");
    assert_ne!(stored("2002", "busyforward"), "on");
    // A sheet of no known product does not show it, and gets a warning.
    let sheet = "number,name,secret,forward_busy_number\n2001,Ann,tR7xkQ2mZp9w,03012345\n";
    desk.write("s.csv", sheet);
    let words = desk.ends("check s.csv --for openvox --all", 0).out;
    assert!(words.contains("never rings"), "{words}");
    desk.write(
        "s.csv",
        format!("number,{WEB},forward_busy_number\n2001,{SECRETS},03012345\n"),
    );
    let words = desk.ends("check s.csv --for portsip --all", 0).out;
    assert!(words.contains("nothing is forwarded"), "{words}");
}

#[test]
fn a_list_whose_commas_part_it_into_cells_without_a_heading_is_read_whole() {
    let desk = Desk::new("openvox");
    let headings = "extension,name,tech,secret,voicemail_enable,voicemail_vmpwd,voicemail_email,voicemail_options,,";
    let row = "2001,Ann,sip,tR7xkQ2mZp9w,yes,4711,ann@example.com,attach=yes,saycid=yes,delete=no";
    desk.write("s.csv", format!("{headings}\n{row}\n"));
    desk.ends("import s.csv --to TARGET --rate 5000", 0);
    let stored = |wire| desk.pbx.sim.stored("2001", wire).unwrap_or_default();
    assert_eq!(stored("enablevmtoemail"), "on");
    // A text that is no piece of a list may belong elsewhere.
    desk.write(
        "s.csv",
        format!("{headings}\n{row}\n").replace("saycid=yes", "Muster"),
    );
    let words = desk.ends("check s.csv --for openvox", 1).out;
    assert!(words.contains("no heading"), "{words}");
}

#[test]
fn telephone_numbers_are_dialled_by_the_country_and_two_in_a_cell_are_refused() {
    let desk = Desk::new("openvox");
    let sheet = include_str!("../../../samples/odd/cases/phones.csv");
    desk.write("s.csv", sheet);
    let words = desk.ends("check s.csv --for openvox --country DE --report r.csv", 1);
    let invalid = desk.report("r.csv").into_iter();
    let invalid = invalid.filter(|row| row["result"] == "invalid");
    let invalid: Vec<String> = invalid.map(|row| row["number"].clone()).collect();
    assert_eq!(invalid, ["2004", "2006", "2007"], "{}", words.out);
    for (country, dialled) in [("DE", "01701234567"), ("FR", "00491701234567")] {
        let rows =
            "2001,Ann,tR7xkQ2mZp9w,+49 (0)170 1234567\n2002,Bo,tR7xkQ2mZp9x,+49 0170 1234567\n";
        desk.write("s.csv", format!("number,name,secret,mobile\n{rows}"));
        let fixed = format!("{country}.csv");
        desk.ends(
            &format!("fix s.csv -o {fixed} --for openvox --country {country}"),
            0,
        );
        let fixed = desk.read(&fixed);
        assert_eq!(
            fixed.matches(&format!(",{dialled}\n")).count(),
            2,
            "{country}: {fixed}"
        );
    }
}

#[test]
fn mobile_numbers_of_which_none_has_its_zero_are_proposed_with_it_by_the_country() {
    let desk = Desk::new("openvox");
    let rows = "2001,Ann,tR7xkQ2mZp9w,1715550001\n2002,Bo,tR7xkQ2mZp9x,15155500023\n2003,Cy,tR7xkQ2mZp9y,3055500\n";
    desk.write("s.csv", format!("number,name,secret,mobile\n{rows}"));
    let proposed = |country: &str| {
        let line =
            format!("fix s.csv -o {country}.csv --for openvox --country {country} --propose");
        desk.run(&line);
        let told = desk.run(&format!(
            "check s.csv --for openvox --country {country} --report r.csv"
        ));
        assert_eq!(told.exit, 0, "{}", told.out);
        let codes = desk
            .report("r.csv")
            .into_iter()
            .map(|row| row["code"].clone());
        codes.collect::<Vec<String>>()
    };
    let zero = "damage.lost_zero";
    assert_eq!(proposed("DE"), [zero, zero, ""]);
    // There is no such number in these countries, or the zero belongs to none.
    for country in ["FR", "US", "IT"] {
        assert_eq!(proposed(country), ["", "", ""], "{country}");
    }
    let words = desk
        .ends("check s.csv --for openvox --country DE --all", 0)
        .out;
    assert!(words.contains("probably \"01715550001\""), "{words}");
}

#[test]
fn a_password_alone_decides_no_encoding() {
    let desk = Desk::new("openvox");
    let bytes = |name: &[u8]| {
        [
            b"Nebenstelle;Name;SIP-Passwort\r\n2001;",
            name,
            b";Geheimw\xf6rter7X\r\n",
        ]
        .concat()
    };
    desk.write("s.csv", bytes(b"Ann"));
    desk.ends("check s.csv --for openvox", 2)
        .says(&["in passwords alone", "--encoding"]);
    desk.ends("check s.csv --for openvox --header-row 1", 2)
        .says(&["in passwords alone"]);
    desk.ends("check s.csv --for openvox --encoding windows-1252", 0);
    for (name, text) in [
        (
            "s.json",
            r#"[{"number":"2001","name":"Ann","SIP-Passwort":"Geheimwörter7X"}]"#,
        ),
        (
            "s.jsonl",
            r#"{"number":"2001","name":"Ann","SIP-Passwort":"Geheim\u0041wörter7X"}"#,
        ),
    ] {
        let latin = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap());
        desk.write(name, latin.collect::<Vec<u8>>());
        let line = format!("check {name} --for openvox");
        desk.ends(&line, 2)
            .says(&["in passwords alone", "--encoding"]);
        desk.ends(&format!("{line} --encoding latin1"), 0);
    }
    desk.write("s.csv", bytes(b"J\xf6rg M\xfc\xdfig"));
    desk.ends("check s.csv --for openvox", 0)
        .says(&["Windows-1252"]);
}
