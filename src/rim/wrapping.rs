//! Text as wide as the terminal: lines are broken between words, and their rest is indented.

/// The indentation of the rest of a line, beyond its own.
const INDENT: usize = 4;

/// Narrower terminals break lines themselves.
#[cfg(unix)]
const COLUMNS_MIN: u16 = 40;

/// A stream that may be a terminal.
#[cfg(unix)]
pub(super) use std::os::fd::AsFd as StreamOfTerminal;

/// A stream that may be a terminal.
#[cfg(not(unix))]
pub(super) use std::io::IsTerminal as StreamOfTerminal;

/// The columns of a terminal; `None` where the stream is none, or does not say.
pub(super) fn columns(stream: impl StreamOfTerminal) -> Option<usize> {
    size(stream).map(|(columns, _)| columns)
}

/// The columns and the lines of a terminal; `None` as of [`columns`].
#[cfg(unix)]
pub(super) fn size(stream: impl StreamOfTerminal) -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    (size.ws_col >= COLUMNS_MIN).then(|| (size.ws_col.into(), size.ws_row.into()))
}

/// Returns `None`: the terminals here are not asked.
#[cfg(not(unix))]
pub(super) fn size(_: impl StreamOfTerminal) -> Option<(usize, usize)> {
    None
}

/// The text in lines of at most so many columns; all of it where no columns are given. Tables stay, and what is copied
/// in one piece, as far as it fits: a command with its options, a value in quotes.
pub(super) fn wrapped(text: &str, columns: Option<usize>) -> String {
    let Some(columns) = columns else {
        return text.to_owned();
    };
    let lines: Vec<String> = text.split('\n').map(|line| broken(line, columns)).collect();
    lines.join("\n")
}

fn broken(line: &str, columns: usize) -> String {
    let stays = line.starts_with(['|', '$']) || line.chars().count() <= columns;
    if stays {
        return line.to_owned();
    }
    let own = line.len() - line.trim_start().len();
    let indent = " ".repeat(own + INDENT);
    let (mut told, mut used) = (String::new(), 0);
    for mut piece in pieces(line) {
        let is_first = used <= own;
        if !is_first && used + piece.chars().count() > columns {
            told.truncate(told.trim_end().len());
            told.extend(["\n", &indent]);
            used = indent.len();
            piece = piece.trim_start();
        }
        told.push_str(piece);
        used += piece.chars().count();
    }
    told
}

/// The parts of a line that are not broken, each with the space before it.
fn pieces(line: &str) -> Vec<&str> {
    let (mut pieces, mut start) = (vec![], 0);
    let mut quote = None;
    let mut last = ' ';
    for (at, c) in line.char_indices() {
        let (before, from) = line.split_at(at);
        let behind = from.get(c.len_utf8()..).unwrap_or_default();
        match quote {
            Some(mark) if c == mark && !behind.starts_with(char::is_alphanumeric) => quote = None,
            // An apostrophe within a word is no quote.
            None if matches!(c, '\'' | '`') && !last.is_alphanumeric() && behind.contains(c) => {
                quote = Some(c);
            }
            None if c == ' ' && last != ' ' && !is_typed_together(before, behind) => {
                pieces.extend(line.get(start..at));
                start = at;
            }
            _ => {}
        }
        last = c;
    }
    pieces.extend(line.get(start..));
    pieces
}

/// Returns true between the parts of a command of rowcall that has options, and between an option and its value in quotes.
fn is_typed_together(before: &str, behind: &str) -> bool {
    let word = before.rsplit(' ').next().unwrap_or_default();
    let value = behind.split(' ').next().unwrap_or_default();
    let is_value = value.starts_with('\'') || value.contains("='");
    let has_value = word.starts_with("--") && is_value;
    let Some((_, typed)) = before.rsplit_once("rowcall") else {
        return has_value;
    };
    // A command in quotes ends with them.
    if typed.contains('`') {
        return has_value;
    }
    let has_options = [typed, " ", behind].concat().contains(" -");
    has_value || typed.is_empty() || (typed.starts_with(' ') && has_options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_what_is_typed_stays_in_one_piece() {
        for (line, told) in [
            (
                "a.csv:2: 2000 error name, B2: is too long",
                "a.csv:2: 2000 error name, B2:\n    is too long",
            ),
            (
                "  also the user's address is missing",
                "  also the user's address is\n      missing",
            ),
            (
                "leave it out with --map 'Private number=-' then",
                "leave it out with\n    --map 'Private number=-'\n    then",
            ),
            (
                "next: rowcall fix a.csv -o b.csv --for openvox",
                "next:\n    rowcall fix a.csv -o b.csv --for openvox",
            ),
            (
                "  rowcall plan a.csv b.csv c.csv --to hq",
                "  rowcall plan a.csv b.csv c.csv --to hq",
            ),
            (
                "fill in the cell, or --fill a='<generate>'",
                "fill in the cell, or\n    --fill a='<generate>'",
            ),
            (
                "`rowcall check --all` prints every one of them, or a report",
                "`rowcall check --all` prints\n    every one of them, or a\n    report",
            ),
            (
                "rowcall runs lists the runs of this machine",
                "rowcall runs lists the runs of\n    this machine",
            ),
            (
                "| a table | is as wide as | it is |",
                "| a table | is as wide as | it is |",
            ),
            ("short\nand short", "short\nand short"),
        ] {
            assert_eq!(wrapped(line, Some(30)), told);
            assert_eq!(wrapped(line, None), line);
        }
    }
}
