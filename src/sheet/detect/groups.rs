//! Words above the headings that each stand for several columns, such as `Voicemail` above `Active` and `PIN`, and
//! headings that stand in several rows, as where cells reach over them.

use crate::model::same_word;
use crate::sheet::detect::data::looks_like_data;
use crate::sheet::options::{GroupWord, HeadingMeaning, Headings};
use std::ops::Range;

/// The most rows above the headings that may have such words.
pub(crate) const ROWS_MAX: usize = 2;
/// A row above the headings.
#[derive(Debug, Clone, Default)]
pub(crate) struct RowAbove {
    pub(crate) line: u64,
    pub(crate) cells: Vec<String>,
    /// The columns of its cells that reach over several.
    pub(crate) wide: Vec<Range<usize>>,
}

/// Puts the words of the rows above, the nearest first, before the headings that they qualify, as in `Voicemail: Active`.
/// A word stands for its own column and those behind it, as far as its cell reaches or up to the next word. Above a blank
/// heading a known word is the heading, as where its cell reaches over both rows. Returns the nearest such word of each
/// column; a blank text where there is none.
pub(crate) fn qualify(
    headings: &mut [String],
    above: &[RowAbove],
    known: &Headings,
) -> Vec<String> {
    let mut words_above = vec![String::new(); headings.len()];
    let first = headings.iter().position(|text: &String| is_filled(text));
    for row in above {
        let cells = &row.cells;
        let is_upper = is_continued(cells, headings, known);
        if is_upper || !(is_title(cells, headings, first, known) || is_row(cells, headings, known))
        {
            let mut words = above.iter().flat_map(|row| &row.cells);
            let is_of_other = words.any(|word| known.group_word(word).is_about_other());
            let words = qualify_by(headings, row, is_upper, is_of_other, known);
            for (known, word) in words_above.iter_mut().zip(words) {
                if known.is_empty() {
                    *known = word;
                }
            }
        }
    }
    words_above
}

/// Returns true for a row of a table: it has digits above the number.
fn is_row(row: &[String], headings: &[String], known: &Headings) -> bool {
    let mut cells = headings.iter().zip(row);
    cells.any(|(heading, text)| {
        is_number(heading, known)
            && is_filled(text)
            && text.trim().bytes().all(|b| b.is_ascii_digit())
    })
}

/// Puts the words of one row before the headings. Where it is the upper part of the headings, it has all that are blank.
/// Beside a word for somebody else, `Privat` tells nothing of the person. Returns the word of each column.
fn qualify_by(
    headings: &mut [String],
    row: &RowAbove,
    is_upper: bool,
    is_of_other: bool,
    known: &Headings,
) -> Vec<String> {
    let mut words = vec![String::new(); headings.len()];
    let word_at = |column: usize| {
        let text = row.cells.get(column);
        text.map(|text| text.trim()).filter(|text| is_word(text))
    };
    let is_heading = |word: &&str| is_upper || known.known(word) != HeadingMeaning::Nothing;
    let mut is_taken = vec![false; headings.len()];
    for (column, heading) in headings.iter_mut().enumerate() {
        if let Some(word) = word_at(column)
            .filter(is_heading)
            .filter(|_| !is_filled(heading))
        {
            (*heading, is_taken[column]) = (word.to_owned(), true);
        }
    }
    let mut begin = 0;
    while begin < headings.len() {
        let next = (begin + 1..headings.len()).find(|column| word_at(*column).is_some());
        let wide = row.wide.iter().find(|wide| wide.start == begin);
        let reach = wide.map_or(headings.len(), |wide| wide.end);
        let end = next.unwrap_or(headings.len()).min(reach);
        if let Some(word) = word_at(begin) {
            let reached = begin..end.min(words.len());
            let reached = reached.filter(|column| !is_taken[*column]);
            reached.for_each(|column| words[column] = word.to_owned());
            let group = HeadingGroup::new(word, begin..end, headings, known);
            let is_passed_over = group.word == GroupWord::Private && is_of_other;
            // A word that is itself the heading of its column stands for no other one, but for a feature's.
            let is_own_only = is_taken[begin] && (group.word.is_about_other() || group.is_secret);
            if !is_passed_over && (!is_own_only || wide.is_some()) {
                group.qualify(headings, &is_taken, known);
            }
        }
        begin = end;
    }
    words
}

/// A word above some columns.
struct HeadingGroup<'w> {
    text: &'w str,
    word: GroupWord,
    /// True for the word for a secret: what stands below it may be one, whatever its own heading says.
    is_secret: bool,
    columns: Range<usize>,
    /// True if the columns are about the extension, for its number is among them.
    is_of_extension: bool,
}

impl<'w> HeadingGroup<'w> {
    fn new(
        text: &'w str,
        columns: Range<usize>,
        headings: &[String],
        known: &Headings,
    ) -> HeadingGroup<'w> {
        let word = known.group_word(text);
        let mut numbers = (0..headings.len()).filter(|column| is_number(&headings[*column], known));
        let number = numbers.clone().find(|column| columns.contains(column));
        let has_other = numbers.any(|column| !columns.contains(&column));
        let mut group = HeadingGroup {
            text,
            word,
            is_secret: is_secret(text, known),
            columns,
            is_of_extension: false,
        };
        match (word, number) {
            (GroupWord::Other | GroupWord::Private, Some(_)) => group.is_of_extension = true,
            // The only number is the extension's: the word ends before it, or stands for all as a title.
            (word, Some(number)) if word.is_about_other() && !has_other => {
                match has_repeated(headings, group.columns.start..number) {
                    true => group.columns.end = number,
                    false => group.is_of_extension = true,
                }
            }
            _ => {}
        }
        group
    }

    fn qualify(&self, headings: &mut [String], is_taken: &[bool], known: &Headings) {
        for column in self.columns.clone().filter(|column| !is_taken[*column]) {
            let heading = headings[column].trim();
            let whole = format!("{}: {heading}", self.text);
            let is_alone = self.is_of_extension && known.known(&whole) == HeadingMeaning::Nothing;
            let is_covered = self.is_secret && !is_number(heading, known);
            let qualifies = || known.qualifies(self.text, heading);
            if is_filled(heading) && !is_alone && (is_covered || qualifies()) {
                headings[column] = whole;
            }
        }
    }
}

/// Returns true if one of these headings stands also behind them: they are about somebody else.
fn has_repeated(headings: &[String], columns: Range<usize>) -> bool {
    let behind = headings.get(columns.end..).unwrap_or_default();
    let mut here = headings.get(columns).unwrap_or_default().iter();
    here.any(|heading| is_filled(heading) && behind.iter().any(|other| same_word(heading, other)))
}

fn is_secret(word: &str, known: &Headings) -> bool {
    known.known(word.trim()) == HeadingMeaning::Secret
}

fn is_number(heading: &str, known: &Headings) -> bool {
    known.known(heading.trim()) == HeadingMeaning::Number
}

/// Returns true if the row below the headings has the rest of them: words where they have none, known ones among these,
/// none below the number, and no unknown one below a heading that means something by itself, unless that one stands for the
/// next column too. Below a secret's heading that does so any words are the rest.
pub(crate) fn is_continued(headings: &[String], below: &[String], known: &Headings) -> bool {
    let is_blank_at =
        |row: &[String], column| !row.get(column).is_some_and(|text: &String| is_filled(text));
    let is_known = |text: &str| known.known(text.trim()) != HeadingMeaning::Nothing;
    let filled = || (0..below.len()).filter(|column| !is_blank_at(below, *column));
    let fits = |column: usize| {
        let (upper, lower) = (
            headings.get(column).map_or("", |text| text.trim()),
            below[column].trim(),
        );
        let is_whole = || is_known(lower) || is_known(&format!("{upper}: {lower}"));
        let is_group = known.group_word(upper) != GroupWord::Other;
        let reaches_on = || is_blank_at(headings, column + 1) && !is_blank_at(below, column + 1);
        !looks_like_data(lower)
            && (is_group || !is_known(upper) || is_whole() || reaches_on())
            && !is_number(upper, known)
    };
    let parts_secret = |column: usize| {
        let is_upper =
            |column: usize| (headings.get(column)).is_some_and(|upper| is_secret(upper, known));
        is_upper(column)
            && is_blank_at(headings, column + 1)
            && !is_blank_at(below, column + 1)
            && [column, column + 1].map(|column| has_no_digits(&below[column])) == [true; 2]
    };
    headings.iter().any(|text| is_number(text, known))
        && filled().any(|column| is_blank_at(headings, column))
        && filled().any(|column| is_known(&below[column]) || parts_secret(column))
        && filled().all(fits)
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

/// Returns true if a row above the headings is a title: one text above the first heading, a remark on the sheet, a name
/// with its value, or two texts of which the second stands for no columns, unless the first one is somebody else, who has a
/// column of the table. One text is none where headings below it are repeated behind them.
fn is_title(row: &[String], headings: &[String], first: Option<usize>, known: &Headings) -> bool {
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
    if filled.len() == 1 && last == GroupWord::Other && is_remark(&row[end]) {
        return true;
    }
    Some(begin) <= first
        && match filled.len() {
            1 => {
                let mut columns = (0..headings.len()).map(|column| column..column + 1);
                !last.is_about_other() || !columns.any(|column| has_repeated(headings, column))
            }
            2 => {
                let first = known.group_word(&row[begin]);
                let is_number_below =
                    (headings.get(begin)).is_some_and(|below| is_number(below, known));
                last == GroupWord::Other
                    && (first != GroupWord::SomebodyElse || is_number_below)
                    && (end == begin + 1 || filled.iter().any(has_date) || is_remark(&row[end]))
            }
            _ => false,
        }
}

/// Returns true for a remark on a sheet, such as `as of May`, or a name with its value, such as `Responsible: Ms Fox`.
fn is_remark(text: &str) -> bool {
    const BEGINNINGS: [&str; 11] = [
        "page ",
        "seite ",
        "confidential",
        "vertraulich",
        "as of ",
        "stand ",
        "stand:",
        "updated ",
        "updated:",
        "last update",
        "version",
    ];
    let text = text.trim().to_lowercase();
    let has_value = text
        .split_once(':')
        .is_some_and(|(_, value)| is_filled(value));
    has_value || BEGINNINGS.iter().any(|begins| text.starts_with(begins))
}

fn is_filled(text: &str) -> bool {
    !text.trim().is_empty()
}

fn has_no_digits(text: &str) -> bool {
    !text.contains(char::is_numeric)
}

fn is_word(text: &str) -> bool {
    is_filled(text) && !looks_like_data(text)
}
