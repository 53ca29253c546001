//! Import files that can be trusted: every cell is compared, every loss has its line, and no half of a file stays.

use super::import_files::extension;
use crate::support::canary::assert_no_secret;
use crate::support::import_screen::{ImportScreen, SCREENS};
use crate::support::program::Program;
use rowcall::dialects::dialect_named;
use rowcall::model::{Field, Record};
use std::collections::BTreeMap;
use std::fs;

/// The cells of a file without line breaks within its cells.
fn cells(text: &str, delimiter: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let lines = reader.records().map(|line| line.unwrap());
    lines
        .map(|line| line.iter().map(str::to_owned).collect())
        .collect()
}

fn file(lines: &[Vec<String>], delimiter: u8) -> String {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(vec![]);
    lines
        .iter()
        .for_each(|line| writer.write_record(line).unwrap());
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// Of every product each column that the file has a text in is spoilt in a row of its own, and each such row differs.
#[test]
fn every_cell_that_was_written_is_compared() {
    for product in SCREENS {
        let (id, delimiter) = (product.id, product.delimiter);
        let desk = Program::new();
        // Those with a mailbox: a switch that is off is off with any other word.
        let staff: Vec<Record> = (0..140)
            .map(|index| extension(product, index * 2))
            .collect();
        desk.sheet("staff.csv", &staff);
        let like = product.like(&desk);
        let line = format!("convert staff.csv --to file:{id} -o bulk.csv{like}");
        desk.ends(&line, 0);
        let bulk = desk.read("bulk.csv");
        let meant = cells(&bulk, delimiter);
        let mut screen = ImportScreen::new(product);
        screen.import(bulk.as_bytes()).unwrap();
        desk.write("after.csv", screen.export());
        let line = format!("verify bulk.csv after.csv --for file:{id} --report seen.csv");
        desk.ends(&line, 0);
        let mut exported = cells(&desk.read("after.csv"), delimiter);
        let column_of_key = |lines: &[Vec<String>], key: &str| {
            let mut headings = lines[0].iter();
            headings.position(|heading| heading == key).unwrap()
        };
        let facts = dialect_named(id).unwrap();
        let mut keys = facts.field.iter().filter(|row| row.name.is_key());
        let key = keys.next().unwrap().wire.clone();
        let (key_meant, key_there) = (column_of_key(&meant, &key), column_of_key(&exported, &key));
        let mut spoilt: BTreeMap<String, String> = BTreeMap::new();
        let mut absent = vec![];
        for (at, heading) in meant[0]
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != key_meant)
        {
            let free = |line: &&Vec<String>| {
                !line[at].trim().is_empty() && !spoilt.contains_key(&line[key_meant])
            };
            let Some(line) = meant[1..].iter().find(free) else {
                continue;
            };
            let Some(there) = exported[0].iter().position(|known| known == heading) else {
                absent.push(heading.clone());
                continue;
            };
            let is_it = |row: &&mut Vec<String>| row[key_there] == line[key_meant];
            let row = exported.iter_mut().find(is_it).unwrap();
            row[there] = "Zz 9".to_owned();
            spoilt.insert(line[key_meant].clone(), heading.clone());
        }
        assert!(spoilt.len() > 1, "{id}");
        desk.write("after.csv", file(&exported, delimiter));
        let seen = desk.ends(&line, 1);
        for row in desk.report("seen.csv") {
            let wanted = match spoilt.get(&row["number"]) {
                Some(_) => "differs",
                None => "created",
            };
            let column = spoilt.get(&row["number"]);
            assert_eq!(row["result"], wanted, "{id} {column:?} {}", row["number"]);
        }
        for heading in absent {
            let mut lines = seen.err.lines();
            let told = lines.find(|line| line.contains("after.csv has no such column: "));
            assert!(
                told.is_some_and(|told| told.contains(&heading)),
                "{id} {heading}"
            );
        }
    }
}

#[test]
fn a_column_that_is_blank_in_every_row_is_not_as_it_was_meant() {
    let product = SCREENS
        .iter()
        .find(|product| product.id == "fusionpbx")
        .unwrap();
    let desk = Program::new();
    let staff: Vec<Record> = (0..8).map(|index| extension(product, index)).collect();
    desk.sheet("staff.csv", &staff);
    desk.ends("convert staff.csv --to file:fusionpbx -o bulk.csv", 0);
    for heading in [
        "directory_first_name",
        "user_context",
        "effective_caller_id_name",
    ] {
        let mut screen = ImportScreen::new(product);
        screen.import(desk.read("bulk.csv").as_bytes()).unwrap();
        for row in screen.rows.values_mut() {
            row.insert(heading.to_owned(), String::new());
        }
        desk.write("after.csv", screen.export());
        let seen = desk.ends("verify bulk.csv after.csv --for file:fusionpbx", 1);
        assert!(
            seen.err.contains("8 rows: 8 differs"),
            "{heading}: {}",
            seen.err
        );
    }
    // A blank cell of this product is no value, and the export has one.
    let mut screen = ImportScreen::new(product);
    screen.import(desk.read("bulk.csv").as_bytes()).unwrap();
    desk.write("bulk.csv", desk.read("bulk.csv").replace("030555", ""));
    desk.write("after.csv", screen.export());
    let bulk = cells(&desk.read("bulk.csv"), b',');
    let at = bulk[0]
        .iter()
        .position(|heading| heading == "outbound_caller_id_number")
        .unwrap();
    let blank: Vec<Vec<String>> = bulk
        .iter()
        .enumerate()
        .map(|(row, line)| {
            let mut line = line.clone();
            if row > 0 {
                line[at].clear();
            }
            line
        })
        .collect();
    desk.write("bulk.csv", file(&blank, b','));
    let seen = desk.ends("verify bulk.csv after.csv --for file:fusionpbx", 1);
    assert!(!seen.err.contains("not compared"), "{}", seen.err);
    seen.says(&[
        "caller_id \"030555",
        " instead of \"\"",
        "8 rows: 6 created, 2 differs",
    ]);
}

#[test]
fn a_blank_cell_that_leaves_a_value_as_it_is_makes_no_difference() {
    for (id, is_different) in [("3cx-v18", true), ("switchvox", false), ("vodia", false)] {
        let product = SCREENS.iter().find(|product| product.id == id).unwrap();
        let desk = Program::new();
        let staff: Vec<Record> = (0..2).map(|index| extension(product, index)).collect();
        desk.sheet("staff.csv", &staff);
        desk.ends(&format!("convert staff.csv --to file:{id} -o bulk.csv"), 0);
        let mut screen = ImportScreen::new(product);
        screen.import(desk.read("bulk.csv").as_bytes()).unwrap();
        desk.write("after.csv", screen.export());
        let facts = dialect_named(id).unwrap();
        let heading = &facts.row(Field::FIRST_NAME).unwrap().wire;
        let delimiter = product.delimiter;
        let mut blank = cells(&desk.read("bulk.csv"), delimiter);
        let at = blank[0].iter().position(|known| known == heading).unwrap();
        blank[1..].iter_mut().for_each(|line| line[at].clear());
        desk.write("bulk.csv", file(&blank, delimiter));
        let exit = i32::from(is_different);
        let seen = desk.ends(&format!("verify bulk.csv after.csv --for file:{id}"), exit);
        let told = format!("where bulk.csv is blank and after.csv is not: {heading}");
        assert_eq!(
            seen.err.contains(&told),
            !is_different,
            "{id}: {}",
            seen.err
        );
    }
}

/// JSON that is written otherwise is the same value.
#[test]
fn a_rule_that_the_product_writes_otherwise_is_as_it_was_meant() {
    let product = SCREENS
        .iter()
        .find(|product| product.id == "portsip-v22")
        .unwrap();
    let desk = Program::new();
    desk.sheet("staff.csv", &[extension(product, 0)]);
    desk.ends("convert staff.csv --to file:portsip-v22 -o bulk.csv", 0);
    let mut screen = ImportScreen::new(product);
    screen.import(desk.read("bulk.csv").as_bytes()).unwrap();
    let row = screen.rows.values_mut().next().unwrap();
    let rule = row.get_mut("online_busy_forward_rule").unwrap();
    *rule = r#"{ "timeout": 60, "number": "", "action": "FORWARD_TO_VOICEMAIL" }"#.to_owned();
    row.insert("role".into(), "standarduser".into());
    desk.write("after.csv", screen.export());
    desk.ends("verify bulk.csv after.csv --for file:portsip-v22", 0);
}

/// The headings of columns that are lost, each with the number of extensions that lose something.
type LostHeadings = &'static [(&'static str, u64)];

/// Files of products with something of a person that rowcall has no field for: the product, the file, and its losses.
const LOST: [(&str, &str, LostHeadings); 5] = [
    (
        "freepbx",
        "extension,name,secret,tech,voicemail_enable,noanswer_dest,busy_dest,recording_in_external,callwaiting,\
         findmefollow_enabled,findmefollow_grptime,findmefollow_grplist,dial\n\
         2001,Ann,Canary7731Aa,pjsip,no,\"ext-local,vmu2002,1\",\"from-did-direct,2002,1\",force,enabled,yes,20,2001-017100#,PJSIP/2001\n\
         2002,Bo,Canary7731Bb,pjsip,no,,\"from-did-direct,2001,1\",dontcare,enabled,,20,2002,PJSIP/2002\n",
        &[
            ("noanswer_dest", 1),
            ("busy_dest", 2),
            ("recording_in_external", 1),
            ("findmefollow_enabled", 1),
            ("findmefollow_grplist", 1),
        ],
    ),
    (
        "3cx-v18",
        "Number,FirstName,LastName,AuthID,AuthPassword,DisableExternalCalls,SysAdmin,DID,SupportReinvite,Shoes\n\
         2001,Ann,Lee,2001,Canary7731Aa,1,0,0305551,1,41\n2002,Bo,Lee,2002,Canary7731Bb,0,1,,1,\n",
        &[
            ("DisableExternalCalls", 1),
            ("SysAdmin", 1),
            ("DID", 1),
            ("Shoes", 1),
        ],
    ),
    (
        "portsip-v22",
        "name,extension_number,extension_password,display_name,online_no_answer_forward_rule,phones,role,enable_acb\n\
         ann,2001,Canary7731Aa,Ann,\"{\"\"action\"\":\"\"FORWARD_TO_NUMBER\"\",\"\"number\"\":\"\"017100\"\"}\",[ ],StandardUser,false\n\
         bo,2002,Canary7731Bb,Bo,,\"[{\"\"mac\"\":\"\"00aa\"\",\"\"password\"\":\"\"Canary7731Pp\"\"}]\",Admin,FALSE\n",
        &[
            ("online_no_answer_forward_rule", 1),
            ("phones", 1),
            ("role", 1),
        ],
    ),
    (
        "issabel",
        "\"Display Name\",\"User Extension\",\"Secret\",\"Tech\",\"Direct DID\",\"Record Incoming External\",\"Transport\"\n\
         \"Ann\",\"2001\",\"Canary7731Aa\",\"pjsip\",\"0305551\",\"dontcare\",\"udp\"\n",
        &[("Direct DID", 1)],
    ),
    (
        "cisco-bat",
        "Device Name,Description,Device Pool,CSS,Directory Number 1,Route Partition 1,Voice Mail Profile 1,Display 1,\
         External Phone Number Mask 1,User ID 1,PIN,Directory Number 2,Display 2\n\
         SEP001565123456,Reception,Default,INT,2460,PT,VM,Ann Miller,0305550XXX,ann,Canary7731Pp,2499,Support\n\
         SEP001565123457,Lund,Default,INT,2461,PT,,Bo Lund,,bo,,,\n",
        &[
            ("Directory Number 2", 1),
            ("Voice Mail Profile 1", 1),
            ("External Phone Number Mask 1", 1),
            ("PIN", 1),
        ],
    ),
];

#[test]
fn what_a_person_loses_with_a_known_column_has_its_line_and_stops() {
    for (id, text, lost) in LOST {
        let desk = Program::new();
        desk.write("old.csv", text);
        let to = match id {
            "issabel" => "opensips",
            _ => "issabel",
        };
        let fill = match id {
            "issabel" => " --fill sip_domain=pbx.example.com",
            "cisco-bat" => " --fill sip_password=<generate>",
            _ => "",
        };
        let line = format!("migrate --from file:{id}:old.csv --to file:{to}:new.csv{fill}");
        let moved = desk.ends(&format!("{line} --loss loss.csv"), 0);
        assert_no_secret("the screen", &moved.err);
        let loss = desk.report("loss.csv");
        let mut told: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &loss {
            if row["how"] == "rowcall has no field for this column" {
                assert_eq!((&*row["fate"], &*row["lost"]), ("dropped", "yes"), "{id}");
                *told.entry(&row["field"]).or_default() += 1;
            }
        }
        let expected: BTreeMap<&str, u64> = lost.iter().copied().collect();
        assert_eq!(told, expected, "{id}");
        for (heading, count) in lost {
            let words = format!("LOST       column {heading} {count} ");
            assert!(moved.err.contains(&words), "{id} {words}: {}", moved.err);
        }
        fs::remove_file(desk.path("new.csv")).unwrap();
        let stopped = desk.ends(&format!("{line} --on-loss stop"), 4);
        for (heading, count) in lost {
            let words = format!("{heading} (not read) {count}");
            assert!(
                stopped.err.contains(&words),
                "{id} {words}: {}",
                stopped.err
            );
        }
        assert!(!desk.path("new.csv").exists(), "{id}");
    }
}

#[test]
fn voicemail_that_is_off_is_off_in_the_file_or_is_lost() {
    let sheet = "number,first_name,last_name,sip_password,web_password,voicemail,voicemail_pin,email\n\
                 2001,Ann,Lee,Canary7731Aa,Canary7731Ww,off,083914,a@example.com\n";
    let desk = Program::new();
    desk.write("staff.csv", sheet);
    let line = "convert staff.csv --to file:portsip-v22 -o bulk.csv --on-loss stop";
    desk.ends(line, 0);
    let written = desk.read("bulk.csv");
    assert!(!written.contains("VOICEMAIL"), "{written}");
    assert_eq!(written.matches("HANGUP").count(), 4, "{written}");
    desk.write("staff.csv", sheet.replace(",off,", ",on,"));
    desk.ends(line, 0);
    assert_eq!(
        desk.read("bulk.csv")
            .matches("FORWARD_TO_VOICEMAIL")
            .count(),
        4
    );
    desk.write("staff.csv", sheet);
    for id in ["switchvox", "vodia"] {
        let made = desk.ends(&format!("convert staff.csv --to file:{id} -o {id}.csv"), 0);
        assert!(
            !made.err.contains("loses nothing: what is not there is off"),
            "{}",
            made.err
        );
        made.says(&["voicemail"]);
        desk.ends(
            &format!("convert staff.csv --to file:{id} -o l.csv --on-loss stop"),
            4,
        )
        .says(&["voicemail 1"]);
    }
    // Without a PIN there is no mailbox, and nothing is lost.
    desk.write("staff.csv", sheet.replace(",083914,", ",,"));
    desk.ends(
        "convert staff.csv --to file:vodia -o l.csv --on-loss stop",
        0,
    );
}

#[test]
fn a_pattern_switches_nobodys_follow_me_on() {
    let desk = Program::new();
    desk.write(
        "staff.csv",
        "number,display_name,sip_password\n2001,Ann,Canary7731Aa\n2002,Bo,Canary7731Bb\n",
    );
    desk.write(
        "like.csv",
        "extension,name,secret,findmefollow_strategy,findmefollow_grptime,findmefollow_grplist,voicemail_enable,tech\n\
         1,A,a,ringallv2,20,1,no,pjsip\n2,B,b,ringallv2,20,2,no,pjsip\n",
    );
    desk.ends(
        "convert staff.csv --to file:freepbx -o bulk.csv --like like.csv",
        0,
    )
    .says(&["left out", "findmefollow_grptime"]);
    let written = desk.read("bulk.csv");
    assert!(
        !written.contains("findmefollow") && !written.contains("ringall"),
        "{written}"
    );
}

#[test]
fn what_a_products_reader_makes_of_a_cell_is_said() {
    for (id, columns, row, exit, words) in [
        (
            "issabel",
            "number,display_name,sip_password",
            "2001,Tom \\,Canary7731Aa1",
            0,
            "may take a backslash for an escape",
        ),
        (
            "fspbx",
            "number,first_name,last_name",
            "2001,=1+1,\"X, \\\"",
            0,
            "must not look like a formula or a quantity",
        ),
        (
            "fspbx",
            "number,first_name,last_name",
            "2001,Ann,1E5",
            0,
            "last_name",
        ),
        (
            "fspbx",
            "number,first_name,description",
            "2001,Ann,-5",
            0,
            "description",
        ),
        (
            "fspbx",
            "number,first_name,caller_id",
            "2001,Ann,+4930555",
            0,
            "may compute it",
        ),
        (
            "freepbx",
            "number,display_name,sip_password",
            "2001,Ann,\" Canary7731Aa\"",
            1,
            "must not begin or end with a blank",
        ),
        (
            "mikopbx",
            "number,display_name,sip_password",
            "2001,Ann,\"Canary7731Aa \"",
            1,
            "must not begin or end with a blank",
        ),
    ] {
        let desk = Program::new();
        desk.write("staff.csv", format!("{columns}\n{row}\n"));
        let made = desk.ends(&format!("convert staff.csv --to file:{id} -o b.csv"), exit);
        assert!(made.err.contains(words), "{id} {row}: {}", made.err);
    }
    // Digits alone, a name with a point and a word stay as they are.
    let desk = Program::new();
    desk.write(
        "staff.csv",
        "number,first_name,last_name,description\n2001,Ann E.,007,12\n",
    );
    let made = desk.ends("convert staff.csv --to file:fspbx -o b.csv", 0);
    assert!(!made.err.contains("must not look like"), "{}", made.err);
    assert!(!made.err.contains("in clear"), "{}", made.err);
}

#[test]
fn a_file_has_a_name_that_the_products_page_takes() {
    let desk = Program::new();
    desk.write(
        "staff.csv",
        "number,display_name,sip_password\n2001,Ann,Canary7731Aa1\n",
    );
    for id in ["freepbx", "issabel"] {
        for name in ["noext", "x.txt", "x.xlsx"] {
            desk.ends(&format!("convert staff.csv --to file:{id} -o {name}"), 2)
                .says(&["only files whose names end in .csv"]);
            assert!(!desk.path(name).exists());
        }
        desk.ends(&format!("convert staff.csv --to file:{id} -o B.CSV"), 0);
    }
    desk.ends(
        "convert staff.csv --to file:opensips -o - --fill sip_domain=a.b",
        2,
    )
    .says(&["not to standard output (-)"]);
    assert!(!desk.path("-").exists());
}

#[test]
fn a_row_that_is_refused_is_told_once() {
    let desk = Program::new();
    desk.write(
        "staff.csv",
        "number,display_name,sip_password,enabled\n2001,Ann,Canary7731Aa,off\n2002,Bo,Canary7731Bb,on\n",
    );
    let made = desk.ends("convert staff.csv --to file:freepbx -o b.csv", 1);
    assert_eq!(
        made.err.matches("the extension would be on").count(),
        1,
        "{}",
        made.err
    );
}

/// The file is a pipe, so that it is being written for as long as nobody reads it.
#[cfg(unix)]
#[test]
fn a_signal_while_a_file_is_written_ends_it_and_is_told() {
    use std::io::Read;
    use std::process::Command;
    use std::thread;
    use std::time::{Duration, Instant};
    let desk = Program::new();
    let rows: String = (0..1000)
        .map(|row| format!("{},Ann,Canary7731Aa,Canary7731Ww,0839\n", 20_000 + row))
        .collect();
    desk.write(
        "staff.csv",
        format!("number,display_name,sip_password,web_password,voicemail_pin\n{rows}"),
    );
    let made = Command::new("mkfifo").arg(desk.path("bulk.csv")).status();
    assert!(made.unwrap().success());
    let mut child = desk.start("convert staff.csv --to file:portsip-v22 -o bulk.csv");
    let mut pipe = fs::File::open(desk.path("bulk.csv")).unwrap();
    let mut first = [0; 100];
    pipe.read_exact(&mut first).unwrap();
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &id]).status();
    assert!(sent.unwrap().success());
    let begun = Instant::now();
    while !desk
        .read("words")
        .contains("interrupted: the half-written file is removed")
    {
        assert!(begun.elapsed() < Duration::from_secs(300));
        thread::sleep(Duration::from_millis(5));
    }
    let mut rest = vec![];
    pipe.read_to_end(&mut rest).unwrap();
    let exit = child.wait().unwrap();
    let words = desk.read("words");
    assert_no_secret("the screen", &words);
    assert_eq!(exit.code(), Some(130), "{words}");
    assert!(
        words.contains("interrupted: bulk.csv is not written"),
        "{words}"
    );
    assert!(rest.len() < 500_000, "{}", rest.len());
}
