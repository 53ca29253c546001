//! A line of the report as a row of the ledger.

use crate::model::{Action, Field, Outcome, Place, RingResult, RowResult};
use rusqlite::types::{FromSql, Type};
use rusqlite::{Connection, params};

/// The column of `rows` that ledgers of rowcall 0.2.0 lack.
const CELL_BREAKS: &str = "cell_breaks";

const ADD_CELL_BREAKS: &str = "ALTER TABLE rows ADD COLUMN cell_breaks INTEGER NOT NULL DEFAULT 0";

pub(super) const PUT_ROW: &str = "INSERT INTO rows VALUES
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23,
    ?24)";

pub(super) const REPLACE_ROW: &str = "UPDATE rows SET (row, file, sheet, line, number, action, result, code, field, \"column\",
    message, hint, attempts, http_status, vendor_code, elapsed_ms, finished_at, findings, final, name, ring,
    restored_in_part, cell_breaks) =
    (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)
    WHERE position = ?1";

/// Gives the rows of an older ledger the column that they lack.
pub(super) fn add_cell_breaks(connection: &Connection) -> rusqlite::Result<()> {
    let rows = connection.prepare("SELECT * FROM rows LIMIT 0")?;
    if rows.column_index(CELL_BREAKS).is_ok() {
        return Ok(());
    }
    connection.execute_batch(ADD_CELL_BREAKS)
}

pub(super) fn put_row(
    connection: &Connection,
    sql: &str,
    position: usize,
    outcome: &Outcome,
    is_final: bool,
) -> rusqlite::Result<usize> {
    let place = outcome.place.as_ref();
    connection.prepare_cached(sql)?.execute(params![
        position,
        outcome.row,
        place.map(|place| &*place.file),
        place.and_then(|place| place.sheet.as_deref()),
        place.map(|place| place.line),
        outcome.number,
        outcome.action.word(),
        outcome.result.word(),
        outcome.code,
        outcome.field.map(Field::name),
        outcome.column,
        outcome.message,
        outcome.hint,
        outcome.attempts,
        outcome.http_status,
        outcome.vendor_code,
        outcome.elapsed_ms,
        outcome.finished_at.to_string(),
        json(&outcome.findings)?,
        is_final,
        outcome.name,
        outcome.ring.map(RingResult::word),
        outcome.restored_in_part,
        place.map_or(0, |place| place.cell_breaks),
    ])
}

pub(super) fn outcome(row: &rusqlite::Row) -> rusqlite::Result<Outcome> {
    let file: Option<String> = row.get("file")?;
    let place = match file {
        Some(file) => Some(Place {
            file: file.into(),
            sheet: row.get::<_, Option<String>>("sheet")?.map(Into::into),
            line: row.get("line")?,
            cell_breaks: match row.as_ref().column_index(CELL_BREAKS) {
                Ok(at) => row.get(at)?,
                Err(_) => 0,
            },
        }),
        None => None,
    };
    let field: Option<String> = row.get("field")?;
    Ok(Outcome {
        row: row.get("row")?,
        place,
        number: row.get("number")?,
        hidden_number: None,
        name: row.get("name")?,
        action: parsed(row, "action", |word: String| Action::named(&word))?,
        result: parsed(row, "result", |word: String| RowResult::named(&word))?,
        code: row.get("code")?,
        field: match field {
            Some(_) => Some(parsed(row, "field", |name: String| Field::named(&name))?),
            None => None,
        },
        column: row.get("column")?,
        message: row.get("message")?,
        hint: row.get("hint")?,
        attempts: row.get("attempts")?,
        http_status: row.get("http_status")?,
        vendor_code: row.get("vendor_code")?,
        elapsed_ms: row.get("elapsed_ms")?,
        finished_at: parsed(row, "finished_at", |text: String| text.parse().ok())?,
        findings: parsed(row, "findings", from_json)?,
        restored_in_part: row.get("restored_in_part")?,
        ring: match row.get::<_, Option<String>>("ring")? {
            Some(_) => Some(parsed(row, "ring", |word: String| {
                RingResult::named(&word)
            })?),
            None => None,
        },
    })
}

pub(super) fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: String) -> Option<T> {
    serde_json::from_str(&text).ok()
}

/// Parses a column's text.
pub(super) fn parsed<T: FromSql, U>(
    row: &rusqlite::Row,
    column: &str,
    parse: impl Fn(T) -> Option<U>,
) -> rusqlite::Result<U> {
    parse(row.get(column)?).ok_or_else(|| {
        let index = row.as_ref().column_index(column).unwrap_or_default();
        let why = format!("{column} is not understood");
        rusqlite::Error::FromSqlConversionFailure(index, Type::Text, why.into())
    })
}
