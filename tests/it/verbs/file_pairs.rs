//! Every product's file moved to every other product's.

use super::import_files::extension;
use crate::support::import_screen::{ImportPage, ImportScreen, SCREENS};
use crate::support::program::{Program, ran};
use rowcall::model::{Field, Record};
use std::fs;

/// The fields of names: what is one field at one product may be two at another.
const NAMES: [Field; 3] = [Field::DISPLAY_NAME, Field::FIRST_NAME, Field::LAST_NAME];

/// Fields that some products keep only with a mailbox, of which others do not tell.
const WITH_MAILBOX: [Field; 2] = [Field::EMAIL, Field::VOICEMAIL_PIN];

/// The products that keep these only with a mailbox.
const KEEPERS: [&str; 2] = ["freepbx", "fspbx"];

/// Extensions that both products take.
fn extensions(from: &ImportPage) -> Vec<Record> {
    let page = ImportPage {
        refuses: "+;,\"",
        ..*from
    };
    let has_pins = from.column(Field::VOICEMAIL_PIN).is_some();
    let one = |index: usize| {
        let mut record = extension(&page, index);
        // Whom a product cannot switch off it does not get.
        if record.get(Field::ENABLED).is_some() {
            record.set(Field::ENABLED, "on");
        }
        if !has_pins {
            record.set(Field::VOICEMAIL, "off");
        }
        record.set(Field::EMAIL, format!("p{index}@example.com"));
        record
    };
    (0..12).map(one).collect()
}

/// Builds the options for fields that this product needs and another may not have.
fn fills(to: &ImportPage) -> String {
    let needed = to.needs.iter().chain(&NAMES).chain(&[Field::SIP_PASSWORD]);
    let taken = needed.filter(|field| to.column(**field).is_some());
    let fill = |field: &Field| {
        let text = match *field {
            Field::SIP_DOMAIN => "pbx.example.com",
            Field::EMAIL => "x@example.com",
            field if field.is_secret() => "<generate>",
            _ => "Bo",
        };
        format!(" --fill {}={text}", field.name())
    };
    taken.map(fill).collect()
}

/// Answers that the names which a product has in one column stay as they are.
fn whole_names(from: &ImportPage) -> Option<String> {
    let has_parts = from.column(Field::FIRST_NAME).is_some();
    let whole = from.column(Field::DISPLAY_NAME).filter(|_| !has_parts);
    whole.map(|heading| format!("--map={heading}=display_name"))
}

/// Every value that both products have a column for arrives as it was.
#[test]
fn every_products_file_becomes_every_other_products() {
    for from in SCREENS {
        let desk = Program::new();
        let extensions = extensions(from);
        desk.sheet("staff.csv", &extensions);
        let line = format!(
            "convert staff.csv --to file:{} -o old.csv{}",
            from.id,
            from.like(&desk)
        );
        desk.ends(&line, 0);
        let mut old = ImportScreen::new(from);
        old.import(&fs::read(desk.path("old.csv")).unwrap())
            .unwrap();
        desk.write("old.csv", old.export());
        for to in SCREENS.into_iter().filter(|to| to.id != from.id) {
            // Its users are known by their addresses, of which no two are the same.
            if to.id == "webex"
                && (KEEPERS.contains(&from.id) || from.column(Field::EMAIL).is_none())
            {
                continue;
            }
            let pair = format!("{} to {}", from.id, to.id);
            let line = format!(
                "migrate --from file:{}:old.csv --to file:{}:{}.csv{}{}",
                from.id,
                to.id,
                to.id,
                fills(to),
                to.like(&desk)
            );
            let mut command = desk.command(&line);
            let output = command.args(whole_names(from)).output().unwrap();
            ran(&line, output).exits(0);
            let mut new = ImportScreen::new(to);
            let file = fs::read(desk.path(&format!("{}.csv", to.id))).unwrap();
            assert_eq!(new.import(&file), Ok(()), "{pair}");
            assert_eq!(new.rows.len(), extensions.len(), "{pair}");
            for extension in &extensions {
                let (number, held) = (extension.number(), &new.rows[extension.number()]);
                for (field, text) in extension.iter() {
                    let left = from.column(field);
                    let is_there = left.is_some_and(|column| from.export.contains(&column));
                    let Some(column) = to.column(field).filter(|_| is_there) else {
                        continue;
                    };
                    let needs_box = KEEPERS.contains(&from.id) || KEEPERS.contains(&to.id);
                    let is_kept = !needs_box || !WITH_MAILBOX.contains(&field);
                    if is_kept && !NAMES.contains(&field) {
                        let cell = held.get(column).map(String::as_str);
                        let meant = Some(text.reveal());
                        assert_eq!(cell, meant, "{pair}: {number} {column}");
                    }
                }
            }
        }
    }
}
