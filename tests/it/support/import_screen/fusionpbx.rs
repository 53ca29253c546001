//! FusionPBX, import of extensions, in the domain `pbx.example.com`.

use super::{ImportPage, Imported, ImportedRow, USUAL, is_digits, one_of, php_lines, text, want};
use rowcall::model::Field;

pub(super) const PAGE: ImportPage = ImportPage {
    id: "fusionpbx",
    texts: &[
        (Field::NUMBER, "extension"),
        (Field::FIRST_NAME, "directory_first_name"),
        (Field::LAST_NAME, "directory_last_name"),
        (Field::SIP_PASSWORD, "password"),
        (Field::CALLER_ID, "outbound_caller_id_number"),
        (Field::SIP_DOMAIN, "user_context"),
        (Field::RING_TIMEOUT, "call_timeout"),
        (Field::DESCRIPTION, "description"),
    ],
    switches: &[
        (Field::ENABLED, "enabled", ["true", "false"]),
        (Field::DO_NOT_DISTURB, "do_not_disturb", ["true", "false"]),
    ],
    export: &FIELDS,
    needs: &[Field::SIP_DOMAIN],
    import,
    ..USUAL
};

/// The fields of the table, as the page lists them.
const FIELDS: [&str; 25] = [
    "extension_uuid",
    "domain_uuid",
    "extension",
    "number_alias",
    "password",
    "accountcode",
    "effective_caller_id_name",
    "effective_caller_id_number",
    "outbound_caller_id_name",
    "outbound_caller_id_number",
    "directory_first_name",
    "directory_last_name",
    "directory_visible",
    "directory_exten_visible",
    "max_registrations",
    "limit_max",
    "limit_destination",
    "user_context",
    "toll_allow",
    "call_timeout",
    "call_screen_enabled",
    "do_not_disturb",
    "follow_me_uuid",
    "enabled",
    "description",
];

/// The page splits the heading line at each comma and looks for a field of the name; then every line, read in pieces of 4096
/// bytes, is an extension more.
fn import(rows: &mut Imported, bytes: &[u8]) -> Result<(), String> {
    let file = String::from_utf8(bytes.to_vec()).map_err(|_| "not UTF-8")?;
    let mut lines = file.split_inclusive('\n');
    let heading = lines.next().ok_or("empty")?.split(',').map(|name| {
        let kept = name.chars();
        kept.filter(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect::<String>()
    });
    let headings: Vec<String> = heading.collect();
    if let Some(lost) = headings
        .iter()
        .find(|name| !FIELDS.contains(&name.as_str()))
    {
        return Err(format!("the page finds no field for {lost:?}"));
    }
    for line in lines {
        for piece in line.as_bytes().chunks(4096) {
            let piece = String::from_utf8_lossy(piece);
            let cells = php_lines(&piece).into_iter().next().unwrap_or_default();
            let row: ImportedRow = headings.iter().cloned().zip(cells).collect();
            let number = text(&row, "extension");
            want(is_digits(&number), &row, "extension")?;
            want(!text(&row, "password").is_empty(), &row, "password")?;
            works(&row)?;
            let twice = rows.keys().filter(|key| key.starts_with(&number)).count();
            rows.insert(format!("{number}{}", "#".repeat(twice)), row);
        }
    }
    Ok(())
}

/// Demands the values that its form would have filled in, and the domain without which it cannot call.
fn works(row: &ImportedRow) -> Result<(), String> {
    let domain = text(row, "user_context");
    want(domain == "pbx.example.com", row, "user_context")?;
    let switches = [
        "enabled",
        "directory_visible",
        "directory_exten_visible",
        "call_screen_enabled",
    ];
    one_of(row, &switches, &["true", "false"])?;
    one_of(row, &["do_not_disturb"], &["true", "false", ""])?;
    want(is_digits(&text(row, "call_timeout")), row, "call_timeout")?;
    want(is_digits(&text(row, "limit_max")), row, "limit_max")?;
    let destination = text(row, "limit_destination");
    want(destination == "!USER_BUSY", row, "limit_destination")?;
    let name = ["directory_first_name", "directory_last_name"].map(|column| text(row, column));
    let shown = text(row, "effective_caller_id_name");
    want(
        shown == name.join(" ").trim(),
        row,
        "effective_caller_id_name",
    )?;
    let number = text(row, "effective_caller_id_number");
    want(
        number == text(row, "extension"),
        row,
        "effective_caller_id_number",
    )
}
