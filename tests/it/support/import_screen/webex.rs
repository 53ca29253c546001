//! Webex Calling, users of Control Hub.

use super::{ImportPage, Imported, USUAL, by_heading, cells, is_digits, one_of, text, want};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "webex",
    texts: &[
        (Field::NUMBER, "Extension"),
        (Field::DISPLAY_NAME, "Display Name"),
        (Field::EMAIL, "User ID/Email (Required)"),
    ],
    export: &COLUMNS,
    needs: &[Field::EMAIL],
    refuses: ",\"\\",
    like: LIKE,
    import,
    ..USUAL
};

const COLUMNS: [&str; 22] = [
    "First Name",
    "Last Name",
    "Display Name",
    "User ID/Email (Required)",
    "User Status",
    "Last Service Accessed Time",
    "Days since Last Service Accessed",
    "Extension",
    "Title",
    "Department",
    "Manager",
    "Phone Number",
    "Caller ID Number",
    "Caller ID First Name",
    "Caller ID Last Name",
    "Location",
    "Preferred Language",
    "Time zone",
    "Address type",
    "Address country",
    "Webex Calling - Professional",
    "Webex Messaging",
];

/// Two users of one location as the organisation exports them.
const LIKE: &str = "\
    First Name,Last Name,Display Name,User ID/Email (Required),User Status,Last Service Accessed Time,Days since Last Service Accessed,Extension,Title,Department,Manager,Phone Number,Caller ID Number,Caller ID First Name,Caller ID Last Name,Location,Preferred Language,Time zone,Address type,Address country,Webex Calling - Professional,Webex Messaging\n\
    Cy,Low,Cy Low,cy.low@example.com,Active,2026-11-01,3,900,,,,,,,,Berlin,de_DE,Europe/Berlin,,,TRUE,TRUE\n\
    Di,Ray,Di Ray,di.ray@example.com,Active,2026-11-02,2,901,,,,,,,,Berlin,de_DE,Europe/Berlin,,,TRUE,FALSE\n";

/// Each row has all cells of the organisation's own export, whose commas have a backslash. A user who calls has a licence, a
/// location and a number; a blank cell leaves what is there.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let file = String::from_utf8_lossy(bytes);
    if file.contains('"') || file.contains('\\') {
        return Err("a cell whose commas nobody knows how to write".into());
    }
    let lines = cells(bytes, ',')?;
    if lines[0] != COLUMNS {
        return Err("other columns than the organisation has".into());
    }
    for row in by_heading(lines) {
        let (number, user) = (
            text(&row, "Extension"),
            text(&row, "User ID/Email (Required)"),
        );
        want(is_digits(&number), &row, "Extension")?;
        let is_user = user
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && name.len() <= 64 && host.contains('.'));
        want(is_user, &row, "User ID/Email (Required)")?;
        one_of(&row, &["Webex Calling - Professional"], &["TRUE"])?;
        one_of(&row, &["Webex Messaging"], &["TRUE", "FALSE", ""])?;
        one_of(&row, &["Location"], &["Berlin"])?;
        for column in ["Phone Number", "Caller ID Number", "User Status", "Title"] {
            want(text(&row, column).is_empty(), &row, column)?;
        }
        let is_his = |(_, other): (&String, &super::ImportedRow)| {
            text(other, "User ID/Email (Required)") == user
        };
        let known = rows
            .iter()
            .find(|one| is_his(*one))
            .map(|(number, _)| number.clone());
        let held = rows.entry(known.unwrap_or(number)).or_default();
        for (column, cell) in row {
            match cell.as_str() {
                "" => (),
                "REMOVE" => drop(held.insert(column, String::new())),
                _ => drop(held.insert(column, cell)),
            }
        }
    }
    Ok(())
}
