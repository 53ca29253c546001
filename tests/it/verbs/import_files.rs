//! `convert` and `verify`: files for the import pages of products, against simulations of those pages.

use crate::support::canary::assert_no_secret;
use crate::support::import_screen::{ImportPage, ImportScreen, Imported, SCREENS};
use crate::support::program::Program;
use crate::support::sources::root;
use rowcall::dialects::{
    FilePattern, PatternColumn, dialect_named, dialects, import_table, import_table_like,
};
use rowcall::manifest::Manifest;
use rowcall::model::{Field, Record};
use rowcall::sheet::import_file;
use std::collections::BTreeMap;
use std::fs;

fn product(id: &str) -> &'static ImportPage {
    SCREENS.iter().find(|product| product.id == id).unwrap()
}

/// 500 extensions as various as a product takes them.
fn extensions(product: &ImportPage) -> Vec<Record> {
    (0..500).map(|index| extension(product, index)).collect()
}

pub(super) fn extension(product: &ImportPage, index: usize) -> Record {
    const NAMES: [[&str; 2]; 8] = [
        ["Ann", "Miller"],
        ["Bo \"Bobby\"", "Lund"],
        ["Müßig-Çelik,", "Zoë"],
        ["Siobhán", "O'Hara"],
        ["=1+1", "Lab"],
        ["+49", "Office"],
        ["Desk 7;", "East"],
        ["李", "小龙"],
    ];
    const SECRETS: [&str; 6] = [
        "Aa1,b2;c3",
        "\"Qq12\"xx34",
        "=Ab12cd34",
        "0042Zz9900",
        "ü1ß2ab€cd3",
        "-Xy7 z8 kk",
    ];
    let taken = |text: &str| -> String {
        let chars = text.chars();
        chars.filter(|c| !product.refuses.contains(*c)).collect()
    };
    let needs = |field: Field| product.needs.contains(&field);
    let mut record = Record::numbered(match index % 3 {
        0 => format!("0{}", 200 + index),
        _ => (2000 + index).to_string(),
    });
    let name = NAMES[index % NAMES.len()].map(taken);
    match product.column(Field::DISPLAY_NAME) {
        Some(_) => record.set(Field::DISPLAY_NAME, name.join(" ")),
        None => {
            record.set(Field::FIRST_NAME, name[0].as_str());
            record.set(Field::LAST_NAME, name[1].as_str());
        }
    }
    let secret = taken(SECRETS[index % SECRETS.len()]);
    record.set(Field::SIP_PASSWORD, format!("{secret}{index:03}"));
    let has_box = index.is_multiple_of(2);
    if has_box {
        record.set(Field::VOICEMAIL, "on");
    } else if index.is_multiple_of(5) {
        record.set(Field::VOICEMAIL, "off");
    }
    if has_box || needs(Field::VOICEMAIL_PIN) {
        record.set(Field::VOICEMAIL_PIN, format!("0{index:04}"));
    }
    if has_box || needs(Field::EMAIL) {
        record.set(Field::EMAIL, format!("p{index}@example.com"));
    }
    if needs(Field::SIP_DOMAIN) {
        record.set(Field::SIP_DOMAIN, "pbx.example.com");
    }
    if needs(Field::WEB_PASSWORD) || index.is_multiple_of(4) {
        record.set(Field::WEB_PASSWORD, format!("Wk39vTq2{index:03}"));
    }
    if index.is_multiple_of(7) {
        record.set(Field::CALLER_ID, format!("030555{index:04}"));
        record.set(Field::MOBILE, taken(&format!("+4917155{index:05}")));
    }
    if index.is_multiple_of(11) {
        record.set(Field::RING_TIMEOUT, "25");
    }
    let switches = product.switches.iter().map(|(field, ..)| *field);
    let switches = switches.filter(|field| *field != Field::VOICEMAIL);
    for (at, field) in switches.enumerate() {
        if let Some(word) = ["on", "off"].get(index / (at + 1) % 3)
            && (has_box || field != Field::VOICEMAIL_TO_EMAIL)
        {
            record.set(field, *word);
        }
    }
    record
}

/// The first cell that is not as the extension has it.
fn difference(product: &ImportPage, rows: &Imported, extension: &Record) -> Option<String> {
    let number = extension.number();
    let Some(held) = rows.get(number) else {
        return Some(format!("{number} is not there"));
    };
    let unlike = |column: &str, wanted: &str| {
        let held = held.get(column).map_or("", String::as_str);
        (held != wanted).then(|| format!("{number} {column}: {held:?}, not {wanted:?}"))
    };
    let mut texts = product.texts.iter();
    let text = texts.find_map(|(field, column)| {
        let wanted = extension.get(*field)?;
        unlike(column, wanted.reveal())
    });
    text.or_else(|| {
        let mut switches = product.switches.iter();
        switches.find_map(|(field, column, [on, off])| match extension.text(*field)? {
            "on" => unlike(column, on),
            _ => unlike(column, off),
        })
    })
}

/// The pattern of an exported file; none of nothing.
fn pattern(like: &str) -> Option<FilePattern> {
    let mut reader = csv::Reader::from_reader(like.as_bytes());
    let headings = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.unwrap()).collect();
    let column = |(at, heading): (usize, &str)| {
        let first = rows[0][at].to_owned();
        let is_shared = rows.iter().all(|row| row[at] == first);
        PatternColumn {
            heading: heading.to_owned(),
            constant: is_shared.then_some(first),
            has_other_words: false,
        }
    };
    let columns: Vec<PatternColumn> = headings.iter().enumerate().map(column).collect();
    (!columns.is_empty()).then_some(FilePattern { columns })
}

/// The file that facts make of extensions, without any check.
fn unchecked(product: &ImportPage, facts: &Manifest, extensions: &[Record]) -> Vec<u8> {
    let table = match pattern(product.like) {
        Some(pattern) => {
            let extensions: Vec<&Record> = extensions.iter().collect();
            import_table_like(facts, &extensions, &pattern).0
        }
        None => import_table(facts, extensions),
    };
    let form = facts.file.as_ref().unwrap();
    let bytes = import_file(
        form.delimiter,
        form.quote_all,
        form.byte_order_mark,
        &table.headings,
        &table.rows,
    );
    bytes.unwrap()
}

/// The reason for which a product does not hold these extensions after it has read a file of them.
fn complaint(product: &'static ImportPage, file: &[u8], extensions: &[Record]) -> Option<String> {
    let mut screen = ImportScreen::new(product);
    if let Err(why) = screen.import(file) {
        return Some(why);
    }
    let mut extensions = extensions.iter();
    extensions.find_map(|extension| difference(product, &screen.rows, extension))
}

#[test]
fn every_dialect_has_its_import_page() {
    let known: Vec<&str> = dialects().iter().map(|facts| &*facts.vendor.id).collect();
    assert_eq!(known, SCREENS.map(|product| product.id));
}

#[test]
fn five_hundred_extensions_come_back_as_they_were_meant() {
    for product in SCREENS {
        let (id, extensions) = (product.id, extensions(product));
        let desk = Program::new();
        desk.sheet("staff.csv", &extensions);
        let like = product.like(&desk);
        let line = format!("convert staff.csv --to file:{id} -o bulk.csv{like}");
        let made = desk.ends(&line, 0);
        let whole = "bulk.csv: 500 of 500 rows";
        assert!(made.err.contains(whole), "{id}: {}", made.err);
        let mut screen = ImportScreen::new(product);
        let file = fs::read(desk.path("bulk.csv")).unwrap();
        let imported = screen.import(&file);
        assert_eq!(imported, Ok(()), "{id}");
        assert_eq!(screen.rows.len(), 500, "{id}");
        for extension in &extensions {
            assert_eq!(difference(product, &screen.rows, extension), None, "{id}");
        }
        desk.write("after.csv", screen.export());
        let line = format!("verify bulk.csv after.csv --for file:{id} --report seen.csv");
        let seen = desk.ends(&line, 0);
        let all = "500 rows: 500 created";
        assert!(seen.err.contains(all), "{id}: {}", seen.err);
        assert_eq!(desk.report("seen.csv").len(), 500);
    }
}

#[test]
fn what_the_product_did_otherwise_is_found() {
    for product in SCREENS {
        let id = product.id;
        let desk = Program::new();
        desk.sheet("staff.csv", &extensions(product)[..8]);
        let like = product.like(&desk);
        let line = format!("convert staff.csv --to file:{id} -o bulk.csv{like}");
        desk.ends(&line, 0);
        let mut screen = ImportScreen::new(product);
        screen
            .import(&fs::read(desk.path("bulk.csv")).unwrap())
            .unwrap();
        let mut expected = vec![("2005".to_owned(), "missing".to_owned())];
        let names = [Field::DISPLAY_NAME, Field::FIRST_NAME];
        for (number, fields, text) in [
            ("2001", &names[..], "Bo"),
            ("2002", &[Field::SIP_PASSWORD], "Canary7731ab12"),
            ("2004", &[Field::EMAIL], "x@example.com"),
        ] {
            let column = fields.iter().find_map(|field| product.column(*field));
            let Some(column) = column.filter(|column| product.export.contains(column)) else {
                continue;
            };
            let row: &mut BTreeMap<String, String> = screen.rows.get_mut(number).unwrap();
            row.insert(column.to_owned(), text.to_owned());
            expected.push((number.to_owned(), "differs".to_owned()));
        }
        screen.rows.remove("2005");
        let twice = screen.rows.keys().next_back().unwrap().clone();
        expected.push((twice, "differs".to_owned()));
        let exported = screen.export();
        let last = exported.lines().last().unwrap().to_owned();
        desk.write("after.csv", format!("{exported}{last}\n"));
        let line = format!("verify bulk.csv after.csv --for file:{id} --report seen.csv");
        let seen = desk.ends(&line, 1);
        assert_no_secret("the screen", &seen.err);
        let mut found: Vec<(String, String)> = desk
            .report("seen.csv")
            .iter()
            .filter(|row| row["result"] != "created")
            .map(|row| (row["number"].clone(), row["result"].clone()))
            .collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "{id}: {}", seen.err);
    }
}

/// Two extensions, one with much that products have a column for, and one with little.
const STAFF: &str = "\
number,first_name,last_name,sip_password,web_password,email,caller_id,mobile,enabled,voicemail,voicemail_pin,voicemail_to_email,do_not_disturb,record_audio,ring_timeout,sip_domain
0246,Ann,Miller,tR7xkQ2mZp9w,Kw83hTqzLm5,ann.miller@example.com,0305550100,01700000000,on,on,083914,on,off,on,25,pbx.example.com
2461,Bo,Lund,tR7xkQ2mZp9x,Kw83hTqzLn5,bo.lund@example.com,,,,off,083915,off,,,,pbx.example.com
";

/// The sheets with each product's own headings; of OpenSIPS there is none.
const SAMPLES: [(&str, &str); 13] = [
    ("freepbx", "freepbx"),
    ("issabel", "issabel"),
    ("mikopbx", "mikopbx"),
    ("fusionpbx", "fusionpbx"),
    ("fspbx", "fspbx"),
    ("3cx-v18", "3cx"),
    ("3cx-v16", "3cx.v16"),
    ("portsip-v22", "portsip-v22"),
    ("ucm61xx", "grandstream"),
    ("vodia", "vodia"),
    ("switchvox", "switchvox"),
    ("wazo", "wazo.import"),
    ("yeastar-p", "yeastar-p"),
];

/// The headings of a file, in their order.
fn headings(text: &str, delimiter: u8) -> Vec<String> {
    let line = text.trim_start_matches('\u{feff}').lines().next();
    let names = line.unwrap_or_default().split(char::from(delimiter));
    names
        .map(|name| name.trim_matches('"').to_owned())
        .collect()
}

/// `src/dialects/golden/PRODUCT.csv` is what `convert` writes of two extensions; `UPDATE=1` rewrites them.
#[test]
fn the_files_are_the_golden_ones_and_have_the_products_own_headings() {
    for product in SCREENS {
        let id = product.id;
        let desk = Program::new();
        desk.write("staff.csv", STAFF);
        let like = product.like(&desk);
        let line = format!("convert staff.csv --to file:{id} -o bulk.csv{like}");
        desk.ends(&line, 0);
        let made = desk.read("bulk.csv");
        let golden = root().join(format!("src/dialects/golden/{id}.csv"));
        if std::env::var("UPDATE").is_ok_and(|set| set == "1") {
            fs::write(&golden, &made).unwrap();
        }
        assert_eq!(made, fs::read_to_string(&golden).unwrap(), "{id}");
        let imported = ImportScreen::new(product).import(made.as_bytes());
        assert_eq!(imported, Ok(()), "{id}");
        let Some((_, sample)) = SAMPLES.iter().find(|(known, _)| *known == id) else {
            continue;
        };
        let sample = root().join(format!("samples/products/{sample}.csv"));
        let sample = fs::read_to_string(sample).unwrap();
        let made = headings(&made, product.delimiter);
        let known = headings(&sample, product.delimiter);
        let lost = made.iter().find(|name| !known.contains(name));
        assert_eq!(lost, None, "{id} has no such heading");
        let facts = dialect_named(id).unwrap();
        let is_fixed = !facts.file.as_ref().unwrap().headings.is_empty();
        // The sample of FS PBX is an export, whose order is another.
        if is_fixed && id != "fspbx" {
            assert_eq!(made, known, "{id}");
        }
    }
}

/// Values that the product would refuse or spoil.
const SPOILT: [(&str, Field, &str); 55] = [
    ("freepbx", Field::SIP_PASSWORD, ""),
    ("freepbx", Field::DISPLAY_NAME, "Ann \\\"Meyer"),
    ("issabel", Field::SIP_PASSWORD, "12345"),
    ("issabel", Field::SIP_PASSWORD, "VtqLmXkWr9"),
    ("issabel", Field::NUMBER, "20a"),
    ("mikopbx", Field::NUMBER, "20a"),
    (
        "mikopbx",
        Field::DISPLAY_NAME,
        "Ann-Sophie Meyer-Landrut von Hohenstein",
    ),
    ("fusionpbx", Field::SIP_PASSWORD, "Xk39\\\"vTq2Lm"),
    ("fusionpbx", Field::SIP_PASSWORD, ""),
    ("fusionpbx", Field::DESCRIPTION, "Desk \\\"7\\\""),
    ("fusionpbx", Field::SIP_DOMAIN, ""),
    ("fusionpbx", Field::NUMBER, "20a"),
    ("fspbx", Field::NUMBER, "20a"),
    ("fspbx", Field::FIRST_NAME, ""),
    ("fspbx", Field::CALLER_ID, "030/555-0100"),
    ("3cx-v18", Field::MOBILE, "+491715550100"),
    ("3cx-v18", Field::SIP_AUTH_NAME, "ann miller"),
    ("3cx-v18", Field::SIP_PASSWORD, ""),
    ("3cx-v16", Field::NUMBER, "20a"),
    ("3cx-v16", Field::VOICEMAIL_PIN, "08x9"),
    ("portsip-v22", Field::VOICEMAIL_PIN, ""),
    ("portsip-v22", Field::WEB_PASSWORD, ""),
    ("portsip-v22", Field::USER_ID, "ann.miller"),
    ("portsip-v22", Field::DISPLAY_NAME, ""),
    ("ucm61xx", Field::NUMBER, "2"),
    ("ucm61xx", Field::SIP_PASSWORD, "Xk3"),
    ("ucm61xx", Field::VOICEMAIL_PIN, "083"),
    ("ucm61xx", Field::CALLER_ID, "+49305550100"),
    ("vodia", Field::SIP_PASSWORD, "Xk39;vTq2Lm"),
    ("vodia", Field::LAST_NAME, "Meyer; Sales"),
    ("switchvox", Field::LAST_NAME, ""),
    ("switchvox", Field::EMAIL, ""),
    ("switchvox", Field::SIP_PASSWORD, "2001"),
    ("3cx-v20", Field::EMAIL, ""),
    ("3cx-v20", Field::MOBILE, "+491715550100"),
    ("3cx-v20", Field::LAST_NAME, ""),
    ("yeastar-p", Field::NUMBER, "200100200"),
    ("yeastar-p", Field::MOBILE, "0171/5550100"),
    ("yeastar-p", Field::WEB_PASSWORD, "wk39vtq2lm"),
    ("yeastar-p", Field::SIP_PASSWORD, "Xk39vTq"),
    ("ucm63xx", Field::NUMBER, "2"),
    ("ucm63xx", Field::SIP_PASSWORD, "Xk3"),
    ("ucm63xx", Field::CALLER_ID, "+49305550100"),
    ("webex", Field::NUMBER, "20a"),
    ("webex", Field::EMAIL, ""),
    ("webex", Field::DISPLAY_NAME, "Meyer, Ann"),
    ("wazo", Field::NUMBER, "20a"),
    ("wazo", Field::FIRST_NAME, ""),
    ("wazo", Field::SIP_DOMAIN, ""),
    ("wazo", Field::SIP_PASSWORD, ""),
    ("wazo", Field::MOBILE, "0171/5550100"),
    ("wazo", Field::WEB_PASSWORD, "Wk3 9vTq2"),
    ("wazo", Field::RING_TIMEOUT, "20000"),
    ("opensips", Field::SIP_DOMAIN, ""),
    (
        "opensips",
        Field::SIP_PASSWORD,
        "Xk39vTq2LmXk39vTq2LmXk39vTq2LmXk39vTq2LmXk39vTq2LmXk39vTq2LmXk39v",
    ),
];

#[test]
fn what_a_product_would_refuse_or_spoil_is_not_written() {
    for (id, field, text) in SPOILT {
        let product = product(id);
        let facts = dialect_named(id).unwrap();
        let spoils = |extension: &Record| {
            let extensions = std::slice::from_ref(extension);
            complaint(product, &unchecked(product, facts, extensions), extensions)
        };
        let mut extension = extension(product, 1);
        assert_eq!(spoils(&extension), None, "{id}");
        extension.set(field, text);
        let name = field.name();
        assert!(spoils(&extension).is_some(), "{id} takes {name} {text:?}");
        let desk = Program::new();
        desk.sheet("staff.csv", &[extension]);
        let like = product.like(&desk);
        let line = format!("convert staff.csv --to file:{id} -o bulk.csv{like}");
        desk.ends(&line, 1).says(&[name]);
        assert!(!desk.path("bulk.csv").exists(), "{id} {name}");
    }
}

/// Of a product whose columns are not the same everywhere nothing is written but by its own export.
#[test]
fn columns_that_no_page_prints_are_taken_from_the_products_own_export_alone() {
    for product in SCREENS
        .into_iter()
        .filter(|product| !product.like.is_empty())
    {
        let id = product.id;
        let desk = Program::new();
        desk.write("staff.csv", STAFF);
        let line = format!("convert staff.csv --to file:{id} -o bulk.csv");
        desk.ends(&line, 2).says(&["--like EXPORT", "two at least"]);
        assert!(!desk.path("bulk.csv").exists(), "{id}");
    }
    let desk = Program::new();
    desk.write("staff.csv", STAFF);
    // Words of another release are no switch that is known.
    let like = product("ucm63xx").like;
    desk.write(
        "like.csv",
        like.replace(",yes,", ",on,").replace(",no,", ",off,"),
    );
    let line = "convert staff.csv --to file:ucm63xx -o bulk.csv --like like.csv";
    desk.ends(line, 0)
        .says(&["does not know", "Enable Voicemail, NAT;"]);
    let written = desk.read("bulk.csv");
    assert!(
        !written.contains(",yes,") && written.contains(",on,"),
        "{written}"
    );
    let known = "--map voicemail_to_email=- --map sip_domain=-";
    desk.ends(&format!("{line} {known} --on-loss stop"), 4)
        .says(&["something would be lost", "Enable Voicemail"]);
    // A user of Webex Calling has a location and a licence.
    let like = product("webex").like;
    for (text, other, heading) in [
        (",TRUE,", ",FALSE,", "Webex Calling*"),
        ("Berlin,de", ",de", "Location"),
    ] {
        desk.write("like.csv", like.replace(text, other));
        let line = "convert staff.csv --to file:webex -o bulk.csv --like like.csv";
        desk.ends(line, 2).says(&["all its rows share", heading]);
    }
    // Headings that nobody knows are compared as they are.
    let like = product("3cx-v20").like;
    desk.write(
        "like.csv",
        like.replace(",Mobile,", ",MobileNumber,")
            .replace(",VMEnabled,", ",EnableVoicemail,"),
    );
    let line = "convert staff.csv --to file:3cx-v20 -o bulk.csv --like like.csv";
    desk.ends(line, 0);
    let line = "verify bulk.csv after.csv --for file:3cx-v20";
    for (text, other, exit) in [("0170", "0170", 0), ("0170", "0171", 1), ("EN", "DE", 1)] {
        desk.write("after.csv", desk.read("bulk.csv").replace(text, other));
        desk.ends(line, exit);
    }
    // A column that it needs is not there.
    let like = product("yeastar-p").like;
    desk.write(
        "like.csv",
        like.replace("Extension Number,", "Nebenstelle,"),
    );
    let line = "convert staff.csv --to file:yeastar-p -o bulk.csv --like like.csv";
    desk.ends(line, 2);
}

#[test]
fn a_product_that_doubles_numbers_is_said_to() {
    let mut screen = ImportScreen::new(product("fusionpbx"));
    let desk = Program::new();
    desk.write("staff.csv", STAFF);
    let made = desk.ends("convert staff.csv --to file:fusionpbx -o bulk.csv", 0);
    made.says(&[
        "a second extension is made",
        "without a word",
        "not certain",
    ]);
    for _ in 0..2 {
        screen.import(desk.read("bulk.csv").as_bytes()).unwrap();
    }
    assert_eq!(screen.rows.len(), 4);
}

/// An export is read by the product's own words, of which a file has not all.
#[test]
fn an_export_that_says_the_same_in_another_word_is_as_it_was_meant() {
    let desk = Program::new();
    desk.write("staff.csv", STAFF);
    desk.ends("convert staff.csv --to file:3cx-v18 -o bulk.csv", 0);
    let mut screen = ImportScreen::new(product("3cx-v18"));
    screen.import(desk.read("bulk.csv").as_bytes()).unwrap();
    let column = "VMEmailOptions".to_owned();
    let row = screen.rows.get_mut("0246").unwrap();
    assert_eq!(row.insert(column, "3".into()).as_deref(), Some("2"));
    desk.write("after.csv", screen.export());
    desk.ends("verify bulk.csv after.csv --for file:3cx-v18", 0);
}

/// Mistakes in the facts of a product: the text, and what stands in its place.
const PLANTED: &[(&str, &[[&str; 2]])] = &[
    (
        "freepbx",
        &[
            ["wire = \"secret\"", "wire = \"password\""],
            ["wire = \"voicemail_vmpwd\"", "wire = \"voicemail_pin\""],
            ["[\"tech\", \"pjsip\"]", "[\"tech\", \"chan_pjsip\"]"],
            ["wire = \"outboundcid\"", "wire = \"callerid\""],
            [
                "wire = \"voicemail_enable\"\nswitch = [\"yes\", \"no\"]",
                "wire = \"voicemail_enable\"\nswitch = [\"enabled\", \"disabled\"]",
            ],
            ["wire = \"name\"", "wire = \"display\""],
        ],
    ),
    (
        "issabel",
        &[
            ["wire = \"Secret\"", "wire = \"secret\""],
            ["[\"Tech\", \"pjsip\"]", "[\"Tech\", \"PJSIP\"]"],
            [
                "switch = [\"enable\", \"disable\"]",
                "switch = [\"on\", \"off\"]",
            ],
            ["wire = \"User Extension\"", "wire = \"Extension\""],
            ["wire = \"VM Email Address\"", "wire = \"Email\""],
        ],
    ),
    (
        "mikopbx",
        &[
            ["wire = \"sip_secret\"", "wire = \"secret\""],
            ["wire = \"user_email\"", "wire = \"email\""],
            ["wire = \"mobile_number\"", "wire = \"mobile\""],
            ["wire = \"number\"", "wire = \"extension\""],
        ],
    ),
    (
        "fusionpbx",
        &[
            ["[\"limit_max\", \"5\"]", "[\"limit_max\", \"\"]"],
            [
                "[\"effective_caller_id_number\", \"{number}\"]",
                "[\"effective_caller_id_number\", \"\"]",
            ],
            ["{first_name} {last_name}", "{last_name} {first_name}"],
            ["[\"limit_destination\", \"!USER_BUSY\"],", ""],
            [
                "[\"directory_visible\", \"true\"]",
                "[\"directory_visible\", \"yes\"]",
            ],
            ["wire = \"user_context\"", "wire = \"accountcode\""],
            ["wire = \"directory_first_name\"", "wire = \"first_name\""],
            ["wire = \"password\"", "wire = \"sip_password\""],
            ["default = \"30\"\nfill = \"30\"\n", ""],
            ["fill = \"on\"\n", ""],
            ["delimiter = \",\"", "delimiter = \"|\""],
            [
                "default = \"off\"\nswitch = [\"true\", \"false\"]",
                "default = \"off\"\nswitch = [\"1\", \"0\"]",
            ],
        ],
    ),
    (
        "fspbx",
        &[
            [
                "switch = [\"yes\", \"no\"]",
                "switch = [\"false\", \"true\"]",
            ],
            ["    \"device_template\",\n", ""],
            ["    \"email\",\n", ""],
            ["wire = \"first_name\"", "wire = \"directory_first_name\""],
            ["wire = \"last_name\"", "wire = \"first_name\""],
            [
                "wire = \"outbound_caller_id_number\"",
                "wire = \"emergency_caller_id_number\"",
            ],
            ["delimiter = \",\"", "delimiter = \";\""],
            ["switch = [\"yes\", \"no\"]", "switch = [\"ja\", \"nein\"]"],
            ["wire = \"extension\"", "wire = \"number\""],
        ],
    ),
    (
        "3cx-v18",
        &[
            [
                "\"FirstName\", \"LastName\",",
                "\"LastName\", \"FirstName\",",
            ],
            ["\"ClickToCallFriendlyName\",", ""],
            ["\"SMS\", ", ""],
            [
                "wire = \"Disabled\"\nswitch = [\"0\", \"1\"]",
                "wire = \"Disabled\"\nswitch = [\"1\", \"0\"]",
            ],
            [
                "wire = \"VMNoPin\"\nswitch = [\"0\", \"1\"]",
                "wire = \"VMNoPin\"\nswitch = [\"1\", \"0\"]",
            ],
            ["[\"SupportReinvite\", \"1\"],", ""],
            ["[\"UseTunnel\", \"1\"]", "[\"UseTunnel\", \"yes\"]"],
            ["fill = \"{number}\"\n", ""],
            ["wire = \"PIN\"", "wire = \"VMPIN\""],
            ["wire = \"MobileNumber\"", "wire = \"Mobile\""],
            [
                "switch = [\"2\", \"0\"]",
                "switch = [\"attachment\", \"0\"]",
            ],
            ["wire = \"AuthPassword\"", "wire = \"SrvcAccessPwd\""],
            [
                "wire = \"DND\"\nswitch = [\"1\", \"0\"]\nfill = \"off\"",
                "wire = \"DND\"\nswitch = [\"1\", \"0\"]",
            ],
            ["delimiter = \",\"", "delimiter = \";\""],
        ],
    ),
    (
        "3cx-v16",
        &[
            [
                "\"FirstName\", \"LastName\",",
                "\"LastName\", \"FirstName\",",
            ],
            [
                "\"ClickToCall\", ",
                "\"ClickToCall\", \"ClickToCallFriendlyName\", ",
            ],
            [
                "\"AllowOwnRecordings\", \"RecordExternalCallsOnly\"",
                "\"AllowOwnRecordings\"",
            ],
            ["[\"AllowAllRecordings\", \"0\"], ", ""],
            [
                "wire = \"Disabled\"\nswitch = [\"0\", \"1\"]",
                "wire = \"Disabled\"\nswitch = [\"1\", \"0\"]",
            ],
            ["wire = \"OutboundCallerID\"", "wire = \"CallerID\""],
            [
                "wire = \"EnableVoicemail\"\nswitch = [\"1\", \"0\"]",
                "wire = \"EnableVoicemail\"\nswitch = [\"yes\", \"no\"]",
            ],
        ],
    ),
    (
        "portsip-v22",
        &[
            ["\"blfs\", ", ""],
            ["\"name\", ", "\"username\", "],
            [
                "{\"action\":\"FORWARD_TO_VOICEMAIL\",\"timeout\":60,\"number\":\"\"}",
                "{\"action\":\"VOICEMAIL\",\"timeout\":60,\"number\":\"\"}",
            ],
            ["['phones', '[]']", "['phones', '{}']"],
            ["\"mode\":\"GLOBAL\"", "\"mode\":\"global\""],
            ["\"sunday\":{", "\"Sunday\":{"],
            ["['role', 'StandardUser'],", ""],
            ["['sms', 'DISABLE']", "['sms', 'FALSE']"],
            ["fill = \"{number}\"\n", ""],
            [
                "wire = \"enabled\"\nswitch = [\"TRUE\", \"FALSE\"]",
                "wire = \"enabled\"\nswitch = [\"FALSE\", \"TRUE\"]",
            ],
            ["fill = \"en-US\"\n", ""],
            ["wire = \"voicemail_pin\"", "wire = \"pin\""],
            [
                "wire = \"enable_dnd\"\nswitch = [\"TRUE\", \"FALSE\"]\nfill = \"off\"",
                "wire = \"enable_dnd\"\nswitch = [\"TRUE\", \"FALSE\"]",
            ],
            ["wire = \"password\"", "wire = \"web_password\""],
        ],
    ),
    (
        "ucm61xx",
        &[
            [
                "\"Extension\", \"Technology\",",
                "\"Technology\", \"Extension\",",
            ],
            ["\"Local Subnet 10\",", ""],
            [
                "\"SIP/IAX Password\", \"Voicemail",
                "\"SIP Password\", \"Voicemail",
            ],
            [
                "[\"Permission\", \"Internal\"]",
                "[\"Permission\", \"internal\"]",
            ],
            [
                "[\"DTMF Mode\", \"RFC2833\"]",
                "[\"DTMF Mode\", \"rfc2833\"]",
            ],
            [
                "[\"Music On Hold\", \"default\"]",
                "[\"Music On Hold\", \"\"]",
            ],
            ["[\"Enable LDAP\", \"yes\"],", ""],
            ["[\"CC Max Agents\", \"1\"],", ""],
            [
                "wire = \"Disable This Extension\"\nswitch = [\"no\", \"yes\"]",
                "wire = \"Disable This Extension\"\nswitch = [\"yes\", \"no\"]",
            ],
            [
                "wire = \"Skip Voicemail Password Verification\"\nswitch = [\"no\", \"yes\"]",
                "wire = \"Skip Voicemail Password Verification\"\nswitch = [\"yes\", \"no\"]",
            ],
            [
                "wire = \"Skip Voicemail Password Verification\"\nswitch = [\"no\", \"yes\"]\nfill = \"on\"",
                "wire = \"Skip Voicemail Password Verification\"\nswitch = [\"no\", \"yes\"]",
            ],
            ["wire = \"First Name\"", "wire = \"FirstName\""],
            ["wire = \"Email Address\"", "wire = \"Email\""],
            [
                "wire = \"NAT\"\nswitch = [\"yes\", \"no\"]",
                "wire = \"NAT\"\nswitch = [\"on\", \"off\"]",
            ],
            ["PCMU,PCMA,", "PCMU;PCMA;"],
        ],
    ),
    (
        "vodia",
        &[
            ["wire = \"#alias\"", "wire = \"alias\""],
            ["delimiter = \";\"", "delimiter = \",\""],
            ["wire = \"mb_pin\"", "wire = \"pin\""],
            ["wire = \"web_pass\"", "wire = \"password\""],
            ["wire = \"cell\"", "wire = \"mobile\""],
            ["wire = \"password\"", "wire = \"sip_password\""],
            ["wire = \"first_name\"", "wire = \"last_name\""],
        ],
    ),
    (
        "switchvox",
        &[
            ["wire = \"ext\"", "wire = \"extension\""],
            ["wire = \"fname\"", "wire = \"first_name\""],
            ["wire = \"login_email\"", "wire = \"email\""],
            ["wire = \"voicemail_password\"", "wire = \"voicemail_pin\""],
            ["wire = \"phone_password\"", "wire = \"sip_password\""],
            ["wire = \"password\"", "wire = \"web_password\""],
            ["delimiter = \",\"", "delimiter = \";\""],
            ["wire = \"lname\"", "wire = \"fname\""],
        ],
    ),
    (
        "opensips",
        &[
            ["wire = \"username\"", "wire = \"user\""],
            ["wire = \"domain\"", "wire = \"realm\""],
            ["wire = \"password\"", "wire = \"secret\""],
            ["wire = \"email_address\"", "wire = \"email\""],
            ["delimiter = \",\"", "delimiter = \";\""],
            ["wire = \"username\"", "wire = \"#username\""],
        ],
    ),
    (
        "3cx-v20",
        &[
            ["wire = \"FirstName\"", "wire = \"GivenName\""],
            ["wire = \"AuthPassword\"", "wire = \"Password\""],
            ["wire = \"EmailAddress\"", "wire = \"Mail\""],
            ["wire = \"VMPIN\"\nalso_read = [\"PIN\"]", "wire = \"PIN\""],
            ["wire = \"Mobile\"", "wire = \"Phone\""],
            ["delimiter = \",\"", "delimiter = \";\""],
        ],
    ),
    (
        "yeastar-p",
        &[
            ["wire = \"Registration Password\"", "wire = \"Password\""],
            [
                "wire = \"Voicemail Access PIN\"",
                "wire = \"Voicemail PIN\"",
            ],
            ["wire = \"Last Name\"", "wire = \"First Name\""],
            ["wire = \"Extension Number\"", "wire = \"Extension\""],
            [
                "wire = \"Enable Voicemail\"\nswitch = [\"1\", \"0\"]",
                "wire = \"Enable Voicemail\"\nswitch = [\"0\", \"1\"]",
            ],
            [
                "wire = \"Voicemail PIN Authentication\"\nswitch = [\"1\", \"0\"]",
                "wire = \"Voicemail PIN Authentication\"\nswitch = [\"yes\", \"no\"]",
            ],
            [
                "wire = \"Enable Voicemail\"\nswitch = [\"1\", \"0\"]\nfill = \"off\"",
                "wire = \"Enable Voicemail\"\nswitch = [\"1\", \"0\"]",
            ],
            ["delimiter = \",\"", "delimiter = \";\""],
        ],
    ),
    (
        "ucm63xx",
        &[
            ["wire = \"SIP/IAX Password\"", "wire = \"SIP Password\""],
            [
                "wire = \"Disable This Extension\"\nswitch = [\"no\", \"yes\"]",
                "wire = \"Disable This Extension\"\nswitch = [\"yes\", \"no\"]",
            ],
            [
                "wire = \"NAT\"\nswitch = [\"yes\", \"no\"]",
                "wire = \"NAT\"\nswitch = [\"on\", \"off\"]",
            ],
            ["never_copied = [", "never_copied = [\"Permission\", "],
            ["wire = \"First Name\"", "wire = \"Given Name\""],
        ],
    ),
    (
        "webex",
        &[
            ["wire = \"Extension\"", "wire = \"Directory Number\""],
            ["wire = \"Display Name\"", "wire = \"Name\""],
            ["wire = \"User ID/Email (Required)\"", "wire = \"Email\""],
            ["wire = \"Extension\"", "wire = \"Phone Number\""],
            ["never_copied = [", "never_copied = [\"Location\", "],
            ["delimiter = \",\"", "delimiter = \";\""],
        ],
    ),
    (
        "wazo",
        &[
            [
                "[\"line_protocol\", \"sip\"]",
                "[\"line_protocol\", \"SIP\"]",
            ],
            ["[\"voicemail_name\", \"{number}\"], ", ""],
            ["\"{context}\"", "\"default\""],
            ["[[\"voicemail_email\", \"{email}\"]]", "[]"],
            ["switch = [\"{number}\", \"\"]", "switch = [\"1\", \"0\"]"],
            [
                "wire = \"enabled\"\nswitch = [\"1\", \"0\"]",
                "wire = \"enabled\"\nswitch = [\"0\", \"1\"]",
            ],
            [
                "wire = \"voicemail_ask_password\"\nkept_with = \"voicemail\"\nswitch = [\"1\", \"0\"]",
                "wire = \"voicemail_ask_password\"\nkept_with = \"voicemail\"\nswitch = [\"yes\", \"no\"]",
            ],
            ["wire = \"exten\"", "wire = \"extension\""],
            ["wire = \"context\"", "wire = \"domain\""],
            ["wire = \"sip_secret\"", "wire = \"secret\""],
            ["wire = \"firstname\"", "wire = \"first_name\""],
            ["wire = \"ring_seconds\"", "wire = \"ringtime\""],
            ["wire = \"outgoing_caller_id\"", "wire = \"caller_id\""],
            ["delimiter = \",\"", "delimiter = \";\""],
        ],
    ),
];

/// The import pages are strict enough: each mistake in the facts makes a file that its product refuses, or stores otherwise.
#[test]
fn a_mistake_in_the_facts_is_found() {
    for (id, mistakes) in PLANTED {
        let product = product(id);
        let extensions = &extensions(product)[..40];
        let folder = root().join("src/dialects");
        let part = |name: &str| fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap();
        let mut text = part(id);
        for (beginning, end) in [("3cx-v1", "3cx"), ("ucm6", "ucm")] {
            if id.starts_with(beginning) {
                text += &part(end);
            }
        }
        let facts = Manifest::parse(&text).unwrap();
        let well = complaint(product, &unchecked(product, &facts, extensions), extensions);
        assert_eq!(well, None, "{id}");
        for [right, wrong] in *mistakes {
            assert!(text.contains(right), "{id}: {right}");
            let Ok(facts) = Manifest::parse(&text.replace(right, wrong)) else {
                continue;
            };
            let found = complaint(product, &unchecked(product, &facts, extensions), extensions);
            assert!(found.is_some(), "{id}: {right} → {wrong}");
        }
    }
}

#[test]
fn invalid_rows_are_not_in_the_file_and_lost_columns_are_told() {
    let desk = Program::new();
    desk.write(
        "staff.csv",
        "number,display_name,sip_password,voicemail,voicemail_pin,web_password\n\
         2001,Ann,Canary7731Aa,on,0839,Wk39vTq2Lm\n2002,Bo,bad\\Canary7731,off,,\n2003,Cy,Canary7731Cc,on,,\n\
         2004,Di,<generate>,off,,\n",
    );
    let made = desk.ends(
        "convert staff.csv --to file:freepbx -o bulk.csv --report r.csv --json",
        1,
    );
    assert_no_secret("the screen", &made.err);
    let written = desk.read("bulk.csv");
    assert_eq!(written.lines().count(), 3, "{written}");
    assert!(
        written.contains("2001,Ann,Canary7731Aa,yes,0839,pjsip"),
        "{written}"
    );
    assert!(
        !written.contains("<generate>") && !written.contains("web"),
        "{written}"
    );
    let results: Vec<String> = desk
        .report("r.csv")
        .iter()
        .map(|row| row["result"].clone())
        .collect();
    assert_eq!(results, ["valid", "invalid", "invalid", "valid"]);
    for words in [
        "backslash",
        "voicemail is on, but voicemail_pin is blank",
        "web_password",
        "2 of 4 rows",
        "bulk.secrets.csv (1 generated",
    ] {
        assert!(made.err.contains(words), "{words}: {}", made.err);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(desk.path("bulk.csv"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let lost = "convert staff.csv --to file:freepbx -o lost.csv --on-loss stop";
    desk.ends(lost, 4).says(&["web_password"]);
    assert!(!desk.path("lost.csv").exists());
}

#[test]
fn what_cannot_be_converted_is_said() {
    let desk = Program::new();
    desk.write(
        "staff.csv",
        "number,display_name,sip_password\n2001,Ann,Xk39vTq2Lm\n",
    );
    for (line, words) in [
        (
            "convert staff.csv --to file:nothing -o b.csv",
            "file:freepbx",
        ),
        ("convert staff.csv --to openvox -o b.csv", "file:freepbx"),
        (
            "convert staff.csv --to file:freepbx -o staff.csv",
            "staff.csv",
        ),
        (
            "convert staff.csv --to file:freepbx -o b.csv --groups",
            "no groups",
        ),
        ("check staff.csv --for file:nothing", "file:freepbx"),
        (
            "verify staff.csv staff.csv --for file:freepbx",
            "has not the columns of FreePBX",
        ),
    ] {
        desk.ends(line, 2).says(&[words]);
    }
    assert!(!desk.path("b.csv").exists());
    desk.ends("check staff.csv --for file:issabel", 0);
    desk.ends("template --for file:mikopbx -o t.csv", 0);
    let many: String = (0..1001)
        .map(|row| format!("{},Ann,Xk39vTq2Lm\n", 2000 + row))
        .collect();
    desk.write(
        "many.csv",
        format!("number,display_name,sip_password\n{many}"),
    );
    desk.ends("convert many.csv --to file:mikopbx -o b.csv", 2)
        .says(&["takes 1000 rows at a time", "split"]);
    assert!(!desk.path("b.csv").exists());
}
