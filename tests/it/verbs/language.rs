//! `--lang`: messages and reports in the reader's language; what programs read is the same in every language.

use crate::support::pbx::TestPbx;
use crate::support::program::{Program, ran};
use serde_json::Value;

/// Four rows: one right, one with a number that is taken, one with a word that is no switch, one without a secret.
const STAFF: &str = "\
number,display_name,sip_password,voicemail
2001,Ann Meyer,Xk83hTqzLm1,on
2001,Bo Li,Kw83hTqzLm2,off
2003,Cy Otto,Pw83hTqzLm3,vielleicht
2004,Di Rau,,on
";

fn program() -> Program {
    let program = Program::new().with_own_state();
    program.write("staff.csv", STAFF);
    program
}

#[test]
fn messages_are_in_the_readers_language_and_results_are_the_same() {
    let program = program();
    let line = "check staff.csv --for openvox --report r.csv --report r.json --report r.html --report r.xlsx";
    let english = program.ends(line, 1);
    let json = program.read("r.json");
    let german = program.ends(&format!("{line} --lang de"), 1);
    let lines = [
        "staff.csv:3: 2001 Fehler number (Durchwahl), A3: „2001“ ist schon vergeben, an staff.csv:2 (Zelle A2) — eine der \
         Zeilen behalten, oder Durchwahl korrigieren",
        "staff.csv:4: 2003 Fehler voicemail, D4: „vielleicht“ muss on oder off sein — ja/nein, wahr/falsch, 1/0 werden \
         auch verstanden",
        "staff.csv:5: 2004 Fehler sip_password (SIP-Passwort), C5: fehlt: ohne diesen Wert kann keine Nebenstelle angelegt werden — die \
         Zelle ausfüllen oder --fill sip_password='<generate>' angeben",
    ];
    for line in lines {
        assert!(german.out.contains(line), "{line}\n{}", german.out);
    }
    assert!(
        german
            .err
            .contains("4 Zeilen: 1 gültig, 3 ungültig (3 Fehler"),
        "{}",
        german.err
    );
    assert_eq!(english.out.lines().count(), german.out.lines().count());
    assert!(
        english
            .out
            .contains("is taken already, by staff.csv:2 (cell A2)"),
        "{}",
        english.out
    );

    // Formats for programs are the same in both languages.
    let untimed = |text: &str| -> Value {
        let mut rows: Value = serde_json::from_str(text).unwrap();
        for row in rows.as_array_mut().unwrap() {
            row["finished_at"].take();
        }
        rows
    };
    assert_eq!(untimed(&json), untimed(&program.read("r.json")));
    let report = program.report("r.csv");
    assert_eq!(report[1]["result"], "invalid");
    assert_eq!(
        report[1]["message"],
        "number \"2001\" is taken already, by staff.csv:2 (cell A2)"
    );
    assert!(
        report[1]["findings"].starts_with("error duplicate_number"),
        "{report:?}"
    );
    let page = program.read("r.html");
    for text in [
        "<html lang=\"de\">",
        "<h1>Prüfung von staff.csv",
        ">Ergebnis</th>",
        ">ungültig</td>",
        "Unterschrift",
    ] {
        assert!(page.contains(text), "{text}");
    }
    // A report is known as one in every language.
    let refused = program.ends("check r.xlsx --for openvox", 2);
    assert!(
        refused.err.contains("this is a report of rowcall"),
        "{}",
        refused.err
    );
}

#[test]
fn tabs_headings_labels_and_words_of_libraries_follow_the_language() {
    let program = program();
    program.ends("check staff.csv --for openvox --report r.xlsx --lang de", 1);
    let file = std::fs::File::open(program.path("r.xlsx")).unwrap();
    let mut archive = zip::ZipArchive::new(file).unwrap();
    let mut part = |name: &str| {
        let mut part = archive.by_name(name).unwrap();
        std::io::read_to_string(&mut part).unwrap()
    };
    let tabs = part("xl/workbook.xml");
    for tab in ["\"Zeilen\"", "\"Übersicht\""] {
        assert!(tabs.contains(tab), "{tab} is missing in {tabs}");
    }
    let texts = part("xl/worksheets/sheet1.xml") + &part("xl/sharedStrings.xml");
    for heading in [">Feld<", ">Meldung<", ">beendet am<", ">Dauer in ms<"] {
        assert!(texts.contains(heading), "{heading} is missing in {texts}");
    }
    for english in [">finished_at<", ">message<", ">http_status<"] {
        assert!(!texts.contains(english), "{english} is in {texts}");
    }
    // What a library says stands in brackets behind rowcall's own sentence.
    program.write("rowcall.toml", "[targets.hq]\nvendor = openvox\n");
    let told = program.ends("doctor hq --lang de --config rowcall.toml", 3);
    let line =
        "rowcall.toml:2: Ziel hq: die Zeile ist nicht zu verstehen („string values must be quoted";
    assert!(
        told.err.contains(line) || told.out.contains(line),
        "{}{}",
        told.err,
        told.out
    );
    // A page of the manual is in the reader's language.
    let page = program.ends("help trouble --lang de", 0).out;
    assert!(page.starts_with("# Wenn etwas schiefging"), "{page}");
    let pages = program.ends("help --lang de", 0).out;
    assert!(pages.contains("  groups     Gruppen"), "{pages}");
}

#[test]
fn the_language_is_that_of_the_option_else_of_the_environment() {
    let program = program();
    let told = |line: &str, variables: &[(&str, &str)]| {
        let mut command = program.command(line);
        command
            .env_remove("LC_ALL")
            .env_remove("LC_MESSAGES")
            .env_remove("LANG");
        command.envs(variables.iter().copied());
        ran(line, command.output().unwrap()).err
    };
    let missing = "check nosuch.csv --for openvox";
    let (english, german) = ("there is no such file", "es gibt keine solche Datei");
    for (variables, expected) in [
        (vec![], english),
        (vec![("LANG", "de_DE.UTF-8")], german),
        (vec![("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")], english),
        (vec![("LC_ALL", "C"), ("ROWCALL_LANG", "de")], german),
        (vec![("LC_ALL", "de_AT"), ("ROWCALL_LANG", "en")], english),
        (
            vec![("LC_ALL", "C"), ("ROWCALL_LANG", "de_CH.UTF-8")],
            german,
        ),
        (vec![("LC_ALL", "de_AT"), ("ROWCALL_LANG", "")], german),
    ] {
        let told = told(missing, &variables);
        assert!(told.contains(expected), "{variables:?}: {told}");
    }
    let other = told(&format!("{missing} --lang en"), &[("ROWCALL_LANG", "de")]);
    assert!(other.contains(english), "{other}");
    // A line that cannot be read names its language too.
    let wrong = told("check --nosuch --lang=de", &[]);
    assert!(
        wrong.contains("Hinweis: rowcall help check zeigt die Optionen"),
        "{wrong}"
    );
}

#[test]
fn a_run_is_told_in_another_language_later() {
    let pbx = TestPbx::new("openvox");
    let program = Program::at(pbx.target()).with_own_state();
    program.write("staff.csv", STAFF);
    program.ends("import staff.csv --to TARGET", 1);
    program.ends("report -o german.html --lang de", 1);
    program.ends("report -o english.csv", 1);
    let page = program.read("german.html");
    for text in [">angelegt</td>", "ist schon vergeben", ">Anlage</dt>"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let kept = program.report("english.csv");
    assert_eq!(
        kept[1]["message"],
        "number \"2001\" is taken already, by staff.csv:2 (cell A2)"
    );
}

#[test]
fn what_a_person_wrote_is_shown_as_it_was_written() {
    let program = program();
    let file = "2 rows, and missing.csv";
    let name = "left, and will not be back, which is longer than it may be";
    let rows = format!("number;display_name;sip_password\n2001;\"{name}\";Xk83hTqzLm1\n");
    program.write(file, rows);
    // By a pattern, so that no option has it.
    let told = program.ends("check 2*.csv --for openvox --all --lang de", 0);
    let line = format!("{file}: Trennzeichen: Semikolon");
    assert!(told.err.contains(&line), "{}", told.err);
    let line = format!(
        "{file}:2: 2001 Warnung display_name.max_length B2: display_name „{name}“ darf höchstens"
    );
    assert!(told.out.contains(&line), "{}", told.out);
}

#[test]
fn help_and_errors_are_in_the_readers_language_and_a_log_is_english() {
    let program = program();
    let help = program.ends("check --help --lang de", 0).out;
    for text in [
        "Aufruf: rowcall check [OPTIONEN]",
        "Eingabe:",
        "[Vorgabe: wird erkannt]",
    ] {
        assert!(help.contains(text), "{text}\n{help}");
    }
    assert!(!help.contains("Usage:"), "{help}");
    let wrong = program.ends("check staff.csv --fro openvox --lang de", 2);
    assert!(
        wrong.err.starts_with("Fehler: unbekannte Option"),
        "{}",
        wrong.err
    );
    let wrong = program.ends("import staff.csv --to sim:openvox --since x --lang de", 2);
    assert!(wrong.err.contains("diff hat --since"), "{}", wrong.err);
    let page = program.ends("man --lang de", 0).out;
    assert!(page.contains(".SH AUFRUF") && !page.contains(".SH SYNOPSIS"));

    let line = "import staff.csv --to sim:openvox --lang de --log log.txt";
    let told = program.ends(line, 1).err;
    assert!(
        told.contains("Fehler") || told.contains("ungültig"),
        "{told}"
    );
    let log = program.read("log.txt");
    for german in ["ungültig", "Zeile", "Fehler", "fehlt", "angelegt"] {
        assert!(!log.contains(german), "{log}");
    }
    assert!(
        log.contains("2001 invalid: number, A3: \"2001\" is taken already"),
        "{log}"
    );
}
