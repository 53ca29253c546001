//! Sheets with shuffled, renamed and dropped headings: a value never ends in a field that its owner did not mean.

use super::*;
use crate::model::Forward;
use crate::random::Random;

/// The number of random sheets.
const SHEETS: u64 = 10_000;

/// A heading and the fields that its owner means by it.
type Meant = (String, Vec<Field>);

/// The headings of a product that a sheet of it may have.
fn headings_of(product: &'static Product) -> Vec<Meant> {
    let read = product
        .fields()
        .map(|(heading, fields)| (heading.to_owned(), fields));
    let left_out = product.left_out().filter(|heading| !heading.ends_with('*'));
    read.chain(left_out.map(|heading| (heading.to_owned(), vec![])))
        .collect()
}

/// Returns true if two headings at least, or one that is read, are this product's alone: with less, nothing in a sheet
/// shows that common words do not have their common meaning.
fn is_told_apart(headings: &[String], owner: &'static Product) -> bool {
    owner.weight(headings.iter()) >= 2
}

fn sheet(random: &mut Random) -> (&'static Product, Vec<Meant>) {
    let all: Vec<&'static Product> = products()
        .iter()
        .filter(|product| !product.is_vendor())
        .collect();
    let owner = all[random.below(all.len())];
    let mut columns = headings_of(owner);
    // Dropped.
    let keep = 1 + random.below(4);
    columns.retain(|(_, fields)| fields.contains(&Field::NUMBER) || random.below(4) < keep);
    // Renamed to another product's word for the same field, as a user who knows that product better would do.
    for (heading, fields) in &mut columns {
        if fields.len() != 1 || !random.one_in(12) {
            continue;
        }
        let other = all[random.below(all.len())];
        let words: Vec<&str> = other
            .fields()
            .filter(|(_, theirs)| theirs == fields)
            .map(|(word, _)| word)
            .collect();
        // A word that the owner's product has for something else is no word for this.
        let words: Vec<&str> = words
            .into_iter()
            .filter(|word| owner.word(word).is_none())
            .collect();
        if !words.is_empty() {
            words[random.below(words.len())].clone_into(heading);
        }
    }
    // Shuffled.
    random.shuffle(&mut columns);
    (owner, columns)
}

/// A column that is read wrongly, with its sheet.
fn misreading(
    at: u64,
    headings: &[String],
    column: usize,
    field: Field,
    target: &Manifest,
) -> String {
    format!(
        "sheet {at}: “{}” is read as {} for {}: {}",
        headings[column],
        field.name(),
        target.vendor.id,
        headings.join(",")
    )
}

fn assert_none(wrong: &[String]) {
    let shown = &wrong[..wrong.len().min(20)];
    assert!(
        shown.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        shown.join("\n")
    );
}

#[test]
fn a_value_never_ends_in_a_field_that_its_owner_did_not_mean() {
    let all = manifests();
    let (mut tried, mut told_apart, mut bound, mut wrong) = (0, 0, 0, vec![]);
    let mut sheets = Random::from_environment_or("SHEETS_SEED", 1);
    for at in 0..SHEETS {
        tried += 1;
        let mut random = sheets.split();
        let (owner, columns) = sheet(&mut random);
        let target = all[random.below(all.len())];
        let headings: Vec<String> = columns.iter().map(|(heading, _)| heading.clone()).collect();
        if !is_told_apart(&headings, owner) {
            continue;
        }
        told_apart += 1;
        let Ok(binding) = Binding::bind(&headings, target, &all, &plain()) else {
            continue;
        };
        bound += 1;
        for (field, column) in binding.fields() {
            let (_, meant) = &columns[column];
            // A number that switches its forward on.
            let of_number = Forward::of_field(field).is_some_and(|forward| {
                owner.forward_by_number() && meant.contains(&forward.number)
            });
            if !meant.contains(&field) && !of_number {
                wrong.push(misreading(at, &headings, column, field, target));
            }
        }
    }
    assert!(
        told_apart > SHEETS * 9 / 10 && bound > SHEETS / 2,
        "{told_apart} {bound}"
    );
    assert_eq!(tried, 10_000);
    assert_none(&wrong);
}

/// A column as its owner means it: its heading, the field, and its cells.
struct Written {
    heading: String,
    field: Option<Field>,
    cells: Vec<String>,
}

const NUMBERS: [&str; 14] = [
    "Ext.",
    "Extension",
    "Durchwahl",
    "Nst.",
    "Nebenstelle Nr.",
    "Poste",
    "Ramal",
    "Dahili No",
    "Interno",
    "Toestel",
    "number",
    "Nummer",
    "Numero",
    "Extension ID",
];
/// Headings of the number that nobody knows, and of numbers of all kinds.
const LIKE_NUMBERS: [&str; 6] = [
    "Anschluss",
    "Klappennr",
    "Line No",
    "Phone",
    "Telefon",
    "Tel.",
];
const COUNTERS: [&str; 8] = [
    "ID",
    "Nr.",
    "Number",
    "Nummer",
    "#",
    "Pos",
    "Extension ID",
    "Lfd. Nr.",
];
const ACCOUNTS: [&str; 8] = [
    "SamAccountName",
    "UPN",
    "Account",
    "Anmeldename",
    "Windows login",
    "Username",
    "Web Username",
    "User ID",
];
const PASSWORDS: [&str; 5] = ["Password", "Kennwort", "Passwort", "Pwd", "Mot de passe"];
const OTHERS: [(&str, Field); 18] = [
    ("E-Mail", Field::EMAIL),
    ("Email Address", Field::EMAIL),
    ("Mobile", Field::MOBILE),
    ("Handy", Field::MOBILE),
    ("Cell #", Field::MOBILE),
    ("Voicemail", Field::VOICEMAIL),
    ("VM PIN", Field::VOICEMAIL_PIN),
    ("Voicemail Password", Field::VOICEMAIL_PIN),
    ("Outbound CID", Field::CALLER_ID),
    ("Caller ID", Field::CALLER_ID),
    ("Notes", Field::DESCRIPTION),
    ("Bemerkung", Field::DESCRIPTION),
    ("MAC", Field::PHONE_MAC_ADDRESS),
    ("Language", Field::LANGUAGE),
    ("Ring Time", Field::RING_TIMEOUT),
    ("DND", Field::DO_NOT_DISTURB),
    ("Secret", Field::SIP_PASSWORD),
    ("Web Password", Field::WEB_PASSWORD),
];
const STRANGERS: [&str; 8] = [
    "Department",
    "Room",
    "Windows password",
    "E-Mail-Passwort",
    "Site",
    "Since",
    "Fax",
    "User Template Name",
];
const PEOPLE: [(&str, &str); 6] = [
    ("Ann", "Muster"),
    ("Bo", "van der Berg"),
    ("Cy", "Lund"),
    ("Dee Dee", "Ek"),
    ("Eve", "Smith-Jones"),
    ("Flo", "Ono"),
];

/// The columns of a person's name, in one of the ways that people divide it.
fn names(random: &mut Random, rows: usize) -> Vec<Written> {
    let column = |heading: &str, field, cell: fn(&(&str, &str)) -> String| Written {
        heading: heading.to_owned(),
        field: Some(field),
        cells: (0..rows).map(|row| cell(&PEOPLE[row])).collect(),
    };
    let given = |(given, _): &(&str, &str)| given.to_string();
    let surname = |(_, surname): &(&str, &str)| surname.to_string();
    let whole = |(given, surname): &(&str, &str)| format!("{given} {surname}");
    let parts = |of_given, of_surname| {
        vec![
            column(of_given, Field::FIRST_NAME, given),
            column(of_surname, Field::LAST_NAME, surname),
        ]
    };
    match random.below(6) {
        0 => vec![column("Name", Field::DISPLAY_NAME, whole)],
        1 => parts("Vorname", "Nachname"),
        2 => parts("First Name", "Name"),
        3 => vec![
            column("Imię", Field::FIRST_NAME, given),
            column("Name", Field::DISPLAY_NAME, whole),
        ],
        4 => vec![
            column("Surname", Field::LAST_NAME, surname),
            column("Name", Field::FIRST_NAME, given),
        ],
        _ => parts("Nome", "Apelido"),
    }
}

/// A sheet as somebody writes it by hand, now and then with a product's word for a field.
fn by_hand(random: &mut Random) -> Vec<Written> {
    let rows = 2 + random.below(PEOPLE.len() - 1);
    let column = |heading: &str, field, cell: &dyn Fn(usize) -> String| Written {
        heading: heading.to_owned(),
        field,
        cells: (0..rows).map(cell).collect(),
    };
    let mut columns = names(random, rows);
    let is_clear = !random.one_in(3);
    let key: &[&str] = if is_clear { &NUMBERS } else { &LIKE_NUMBERS };
    let key = key[random.below(key.len())];
    columns.push(column(key, Some(Field::NUMBER), &|row| {
        (2001 + row).to_string()
    }));
    if random.one_in(2) {
        let counter = COUNTERS[random.below(COUNTERS.len())];
        // It counts rows, or is the number of a record.
        let (first, step) = if random.one_in(2) { (1, 1) } else { (17, 3) };
        columns.push(column(counter, None, &|row| {
            (first + step * row).to_string()
        }));
    }
    let is_account = random.one_in(3);
    if is_account {
        let account = ACCOUNTS[random.below(ACCOUNTS.len())];
        columns.push(column(account, Some(Field::USER_ID), &|row| {
            format!("u{row}")
        }));
    }
    if random.one_in(2) {
        // Beside an account it is the account's.
        let field = (!is_account).then_some(Field::SIP_PASSWORD);
        let password = PASSWORDS[random.below(PASSWORDS.len())];
        columns.push(column(password, field, &|row| format!("tR7xkQ2mZp{row}")));
    }
    for _ in 0..random.below(5) {
        let (word, field) = OTHERS[random.below(OTHERS.len())];
        let all = products();
        let product = &all[random.below(all.len())];
        let theirs = product.fields().find(|(_, fields)| fields == &[field]);
        // A word that everybody knows for something else is not put into a sheet by hand.
        let is_plain = |word: &str| {
            let meant = dictionary().common(word);
            meant.is_none_or(|meant| meant == Common::Field(field))
        };
        let theirs = theirs.filter(|(word, _)| random.one_in(6) && is_plain(word));
        let word = theirs.map_or(word, |(word, _)| word);
        columns.push(column(word, Some(field), &|row| format!("x{row}")));
    }
    if random.one_in(3) {
        let stranger = STRANGERS[random.below(STRANGERS.len())];
        columns.push(column(stranger, None, &|row| format!("y{row}")));
    }
    random.shuffle(&mut columns);
    columns
}

#[test]
fn a_sheet_that_is_written_by_hand_is_read_as_it_is_meant_or_asked_about() {
    let all = manifests();
    let (mut bound, mut wrong) = (0, vec![]);
    let mut sheets = Random::from_environment_or("SHEETS_SEED", 1);
    for at in 0..SHEETS {
        let mut random = sheets.split();
        let columns = by_hand(&mut random);
        let target = all[random.below(all.len())];
        let headings: Vec<String> = columns
            .iter()
            .map(|column| column.heading.clone())
            .collect();
        let rows = 0..columns[0].cells.len();
        let row = |row: usize| {
            columns
                .iter()
                .map(|column| column.cells[row].clone())
                .collect()
        };
        let rows: Vec<Vec<String>> = rows.map(row).collect();
        let sample = || Some(Sample::of_rows(rows.clone()));
        let Ok(binding) = bind::bind(
            HeadingRow::new(&headings, &[], Some(1)),
            &sample,
            target,
            &all,
            &plain(),
        ) else {
            continue;
        };
        bound += 1;
        for (field, column) in binding.fields() {
            let written = &columns[column];
            // A field that the vendor neither has nor makes another of comes to nothing.
            let fields = std::collections::BTreeSet::from([field]);
            let counts =
                target.takes(field) || !crate::mapping::made_fields(&fields, target).is_empty();
            if counts && written.field != Some(field) {
                wrong.push(misreading(at, &headings, column, field, target));
            }
        }
    }
    assert!(bound > SHEETS / 5, "{bound}");
    assert_none(&wrong);
}
