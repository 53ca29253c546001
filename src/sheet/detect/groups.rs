//! Words above the headings that each stand for several columns, such as `Voicemail` above `Active` and `PIN`, and
//! headings that stand in several rows, as where cells reach over them.

use crate::sheet::detect::data::looks_like_data;
use crate::sheet::options::{GroupWord, Headings, Known};

/// The most rows above the headings that may have such words.
pub(crate) const ROWS_MAX: usize = 2;
/// The most words of one that stands alone above the first heading; a title has more.
const ALONE_WORDS_MAX: usize = 2;

/// Puts the words of the rows above, the nearest first, before the headings that they qualify, as in `Voicemail: Active`.
/// A word stands for its own column and those behind it, up to the next word. Above a blank heading a known word is the
/// heading, as where its cell reaches over both rows.
pub(crate) fn qualify(headings: &mut [String], above: &[Vec<String>], known: &Headings) {
    let first = headings.iter().position(|text: &String| is_filled(text));
    for row in above {
        let is_upper = is_continued(row, headings, known);
        if is_upper || !is_title(row, first, known) {
            qualify_by(headings, row, is_upper, known);
        }
    }
}

/// Puts the words of one row before the headings. Where it is the upper part of the headings, it has all that are blank.
fn qualify_by(headings: &mut [String], row: &[String], is_upper: bool, known: &Headings) {
    let mut group = "";
    let mut is_of_extension = false;
    for column in 0..headings.len() {
        if let Some(word) = row.get(column).filter(|text| is_word(text)) {
            group = word.trim();
            is_of_extension = known.group_word(group) == GroupWord::Other
                && has_number(headings, row, column, known);
            let heading = &mut headings[column];
            if !is_filled(heading) && (is_upper || known.known(group) != Known::Nothing) {
                *heading = group.to_owned();
                if known.group_word(group) == GroupWord::SomethingElse {
                    group = "";
                }
                continue;
            }
        }
        let heading = headings[column].trim();
        let whole = format!("{group}: {heading}");
        let is_alone = is_of_extension && known.known(&whole) == Known::Nothing;
        if !group.is_empty() && !is_alone && known.qualifies(group, heading) {
            headings[column] = whole;
        }
    }
}

/// Returns true if a word above headings stands for the number too, so that the others are about the extension.
fn has_number(headings: &[String], row: &[String], begin: usize, known: &Headings) -> bool {
    let is_next = |column: usize| row.get(column).is_some_and(|text| is_word(text));
    let end = (begin + 1..headings.len()).find(|column| is_next(*column));
    let below = headings.get(begin..end.unwrap_or(headings.len()));
    known.have_number(below.unwrap_or_default())
}

/// Returns true if the row below the headings has the rest of them: words where they have none, known ones among these,
/// and none below the number.
pub(crate) fn is_continued(headings: &[String], below: &[String], known: &Headings) -> bool {
    let is_blank_at =
        |row: &[String], column| !row.get(column).is_some_and(|text: &String| is_filled(text));
    let is_number = |text: &str| known.known(text.trim()) == Known::Number;
    let filled = || (0..below.len()).filter(|column| !is_blank_at(below, *column));
    headings.iter().any(|text| is_number(text))
        && filled().any(|column| is_blank_at(headings, column))
        && filled().any(|column| known.known(below[column].trim()) != Known::Nothing)
        && filled().all(|column| {
            let is_below_number = headings.get(column).is_some_and(|text| is_number(text));
            !is_below_number && !looks_like_data(&below[column])
        })
}

/// Joins the headings with the rest of them in the row below.
pub(crate) fn joined(headings: &[String], below: &[String]) -> Vec<String> {
    let columns = 0..headings.len().max(below.len());
    let text =
        |row: &[String], column: usize| row.get(column).filter(|text| is_filled(text)).cloned();
    columns
        .map(|column| {
            text(below, column)
                .or_else(|| text(headings, column))
                .unwrap_or_default()
        })
        .collect()
}

/// Returns true if a row above the headings is a title: one text above the first heading, or a name with its value, or two
/// texts of which the second stands for no columns.
fn is_title(row: &[String], first: Option<usize>, known: &Headings) -> bool {
    let filled: Vec<usize> = (0..row.len())
        .filter(|column| is_word(&row[*column]))
        .collect();
    let (Some(begin), Some(end)) = (filled.first().copied(), filled.last().copied()) else {
        return true;
    };
    let last = known.group_word(&row[end]);
    let has_date = |column: &usize| {
        let mut runs = row[*column].split(|c: char| !c.is_ascii_digit());
        runs.any(|run| run.len() > 1)
    };
    Some(begin) <= first
        && match filled.len() {
            1 if row
                .iter()
                .any(|text| looks_like_data(text) && is_filled(text)) =>
            {
                true
            }
            1 => {
                last != GroupWord::SomethingElse
                    || row[end].split_whitespace().count() > ALONE_WORDS_MAX
            }
            2 => last == GroupWord::Other && (end == begin + 1 || filled.iter().any(has_date)),
            _ => false,
        }
}

fn is_filled(text: &str) -> bool {
    !text.trim().is_empty()
}

fn is_word(text: &str) -> bool {
    is_filled(text) && !looks_like_data(text)
}
