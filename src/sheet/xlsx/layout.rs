//! The widths of columns and the heights of rows, so that every text is seen whole on a screen and on paper. Not every
//! program finds out by itself how high a row has to be.

use crate::sheet::column::Column;

/// Columns narrower or wider than that are hard to read.
const WIDTHS: (usize, usize) = (10, 48);
/// A column of sentences, in characters: how wide it is where nothing is known, and at most.
const PROSE_WIDTH: usize = 54;
const PROSE_WIDTH_MAX: usize = 100;
/// The width of the filter button beside a heading, in characters.
pub(super) const BUTTON_WIDTH: usize = 4;

/// The widest sheet that is printed on one page across, in characters: its letters have 6 points then.
const PAGE_WIDTH_MAX: f64 = 216.0;
/// The narrowest columns of a sheet that is fitted on a page: of texts, and of sentences.
const NARROW_WIDTH: f64 = 8.0;
const NARROW_PROSE_WIDTH: f64 = 44.0;
/// The space beside the longest word of a heading that is broken into lines.
const HEADING_MARGIN: usize = 2;

/// Points of a line, and of the highest row that Excel allows.
pub(super) const LINE_HEIGHT: usize = 15;
const HEIGHT_MAX: usize = 405;

/// The width of a column by itself, in digits of the usual letters.
pub(super) fn width(column: &Column) -> f64 {
    if column.prose {
        let width = match column.width {
            0 => PROSE_WIDTH,
            width => (width + 2).clamp(WIDTHS.0, PROSE_WIDTH_MAX),
        };
        return width as f64;
    }
    let heading = column.heading.chars().count() + BUTTON_WIDTH;
    clamped(heading.max(column.width + 1))
}

pub(super) fn clamped(width: usize) -> f64 {
    width.clamp(WIDTHS.0, WIDTHS.1) as f64
}

/// Returns the widths of all columns, and true if together they are printed as wide as a page: those of a wider sheet are
/// narrowed, each as far as it has to spare, if then they are.
pub(super) fn widths(columns: &[Column]) -> (Vec<f64>, bool) {
    let own = Vec::from_iter(columns.iter().map(width));
    let sum = |widths: &[f64]| -> f64 {
        let printed = columns.iter().zip(widths);
        let printed = printed.filter(|(column, _)| column.is_seen());
        printed.map(|(_, width)| width).sum()
    };
    let least = columns.iter().zip(&own);
    let least = Vec::from_iter(least.map(|(column, own)| narrowest(column).min(*own)));
    let (wanted, least_sum) = (sum(&own), sum(&least));
    if wanted <= PAGE_WIDTH_MAX || least_sum > PAGE_WIDTH_MAX {
        return (own, wanted <= PAGE_WIDTH_MAX);
    }
    let share = (PAGE_WIDTH_MAX - least_sum) / (wanted - least_sum);
    let narrowed = own.iter().zip(&least);
    let narrowed = narrowed.map(|(own, least)| least + (own - least) * share);
    (narrowed.collect(), true)
}

/// The least width of a column: no word of its heading is broken.
fn narrowest(column: &Column) -> f64 {
    if column.prose {
        return NARROW_PROSE_WIDTH;
    }
    let words = column.heading.split([' ', '-']);
    let longest = words.map(|word| word.chars().count()).max();
    let heading = longest.unwrap_or_default() + HEADING_MARGIN;
    NARROW_WIDTH.max(heading as f64)
}

/// Works out the height of a cell of this width whose text is broken into lines, in points.
pub(super) fn height_of(text: &str, width: f64) -> usize {
    let lines = text.lines().map(|line| lines_of(line, width));
    (LINE_HEIGHT * lines.sum::<usize>().max(1)).min(HEIGHT_MAX)
}

/// The lines of a text without line breaks: words that fit beside each other, broken behind a hyphen too, and longer ones
/// broken anywhere.
fn lines_of(line: &str, width: f64) -> usize {
    let (mut lines, mut filled) = (1, 0.0);
    for word in line.split_inclusive([' ', '-']) {
        let bare = extent(word.trim_end());
        if filled > 0.0 && filled + bare > width {
            lines += 1;
            filled = 0.0;
        }
        filled += extent(word);
        if bare > width {
            let full = (bare / width) as usize;
            lines += full;
            filled -= width * full as f64;
        }
    }
    lines
}

/// The width of a text, in digits: those of the letters that Excel and LibreOffice take, each time the wider one.
fn extent(text: &str) -> f64 {
    let of = |letter: char| match letter {
        ' ' | 'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.55,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' | '\\' | '"' => 0.7,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' | '…' => 1.6,
        'A'..='Z' => 1.15,
        '\0'..='\u{10ff}' => 0.98,
        _ => 2.0,
    };
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(heading: &str, width: usize) -> Column {
        Column {
            heading: heading.to_owned(),
            width,
            ..Column::default()
        }
    }

    #[test]
    fn a_row_is_as_high_as_its_lines() {
        let heights = |text: &str, width: f64| height_of(text, width) / LINE_HEIGHT;
        for (text, width, lines) in [
            ("", 20.0, 1),
            ("anna.mueller@musterwerk.example", 35.0, 1),
            ("anna.mueller@musterwerk.example", 18.0, 2),
            ("+49 (0)171 5550000", 10.0, 2),
            ("phone-list.xlsx:Telefonliste!A65", 15.0, 3),
            ("one\ntwo", 20.0, 2),
            ("a b c d", 20.0, 1),
            ("4930888000049308880000", 10.0, 3),
        ] {
            assert_eq!(heights(text, width), lines, "{text} in {width}");
        }
        let sentence = "warning Durchwahl, E45: \"141\" is shorter than the other rows' by the zeros that a \
                        spreadsheet takes away";
        assert_eq!(
            heights(sentence, 100.0),
            1,
            "it fits, though it has more characters"
        );
        assert_eq!(heights(sentence, 54.0), 2);
    }

    #[test]
    fn a_sheet_that_is_a_little_too_wide_is_narrowed_for_the_page_and_a_very_wide_one_is_not() {
        let prose = Column {
            prose: true,
            ..named("what was found", 90)
        };
        let mut columns = vec![named("SIP Passwort", 12); 12];
        columns.push(prose);
        let (narrowed, is_on_a_page) = widths(&columns);
        assert!(is_on_a_page);
        assert!(
            (narrowed.iter().sum::<f64>() - PAGE_WIDTH_MAX).abs() < 0.1,
            "{narrowed:?}"
        );
        assert!(narrowed[0] >= "Passwort".len() as f64 && narrowed[12] >= NARROW_PROSE_WIDTH);
        let wide = vec![named("SIP Passwort", 12); 30];
        assert_eq!(widths(&wide), (vec![16.0; 30], false));
        assert_eq!(widths(&wide[..5]), (vec![16.0; 5], true));
    }
}
