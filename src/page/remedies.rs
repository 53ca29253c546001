//! The page's own words for what a message advises: the terminal names a flag or a command, and the page has a field or a
//! button for it.

use crate::lang::{language, translated};
use crate::model::Language;
use std::borrow::Cow;

/// The flags and the commands of the terminal, each with the page's words.
const REMEDIES: &[(&str, &str)] = &[
    (
        "--map",
        "choose on the page of headings what the column means, or that it is left out",
    ),
    (
        "--sheet",
        "tick the sheets to be read on the page of headings",
    ),
    (
        "--header-row",
        "say on the page of headings on which line the headings stand",
    ),
    (
        "--encoding",
        "say on the page of headings what the file is written in",
    ),
    (
        "--delimiter",
        "say on the page of headings what separates the cells",
    ),
    (
        "--fix-quotes",
        "tick on the page of headings that curly quotes are put right",
    ),
    (
        "--pad-short-rows",
        "tick on the page of headings that short rows are read",
    ),
    (
        "--visible-only",
        "tick on the page of headings that hidden rows are left out",
    ),
    (
        "--fill",
        "write it into the sheet, or have passwords made up above the rows",
    ),
    (
        "--country",
        "say the country where the PBX is chosen, and look at the rows again",
    ),
    (
        "--mode",
        "choose where the PBX is chosen what may be touched",
    ),
    ("--report", "the report of the run has a line for each"),
    (
        "--rejects",
        "the result has a file of the rows that are not done",
    ),
    (
        "--secrets-out",
        "a run on a PBX keeps them, and the page gives them once",
    ),
    (
        "--groups",
        "groups are imported on the terminal, with rowcall import --groups",
    ),
    (
        "fix",
        "take the repair at its cell, or all of its kind above the rows",
    ),
    (
        "resume",
        "let the run go on, at its result or among the runs",
    ),
    ("undo", "undo the run, at its result or among the runs"),
];

/// The ends of a clause, in either language.
const CLAUSE_ENDS: [&str; 6] = [". ", "; ", ": ", " — ", ", or ", ", oder "];

/// The page's words for a clause that names a flag or a command; none where it names none.
fn remedy(clause: &str) -> Option<&'static str> {
    let is_word_end = |rest: &str| {
        // A file's name goes on behind its dot.
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-')
    };
    let is_flag = |before: &str| before.is_empty() || before.ends_with([' ', '`', '(']);
    let names = |word: &str| {
        let mut places = clause.match_indices(word);
        places.any(|(at, _)| {
            let (before, rest) = (&clause[..at], &clause[at + word.len()..]);
            let is_meant = match word.starts_with('-') {
                true => is_flag(before),
                false => before.ends_with("rowcall "),
            };
            is_meant && is_word_end(rest)
        })
    };
    let found = REMEDIES.iter().find(|(word, _)| names(word));
    found.map(|(_, words)| *words)
}

/// The text with blanks in the place of what stands in quotes, which is the user's own and no advice.
fn without_quoted(text: &str) -> String {
    let (mut masked, mut closing) = (String::new(), None);
    for c in text.chars() {
        match (closing, c) {
            (Some(end), _) if c == end => closing = None,
            (Some(_), _) => {
                masked.extend(std::iter::repeat_n(' ', c.len_utf8()));
                continue;
            }
            (None, '"') => closing = Some('"'),
            (None, '“') => closing = Some('”'),
            (None, '„') => closing = Some('“'),
            (None, _) => {}
        }
        masked.push(c);
    }
    match closing {
        // A quote that is never closed is none.
        Some(_) => text.to_owned(),
        None => masked,
    }
}

/// The place behind the next end of a clause, and the end.
fn next_end(text: &str) -> Option<(usize, &'static str)> {
    let ends = CLAUSE_ENDS.iter();
    let found = ends.filter_map(|end| Some((text.find(end)?, *end)));
    found.min_by_key(|(at, _)| *at)
}

/// A message in the reader's language, with what it advises in the words of the page.
pub(super) fn in_words_of_page(message: &str) -> Cow<'_, str> {
    let masked = without_quoted(message);
    if remedy(&masked).is_none() {
        return Cow::Borrowed(message);
    }
    let mut said = String::new();
    let (mut rest, mut masked) = (message, masked.as_str());
    let (mut last, mut end_before) = (None, "");
    while !rest.is_empty() {
        let (at, end) = next_end(masked).unwrap_or((rest.len(), ""));
        let (clause, behind) = (&rest[..at], &rest[at + end.len()..]);
        let own = remedy(&masked[..at]);
        masked = &masked[at + end.len()..];
        // Two flags of one remedy are one remedy.
        if own.is_none() || own != last {
            said.push_str(end_before);
            let words = own.map(translated);
            let words = words.unwrap_or(Cow::Borrowed(clause));
            let is_sentence = said.is_empty() || said.ends_with(". ");
            match own.is_some()
                && is_sentence
                && language() == Language::English
                && !said.is_empty()
            {
                true => said.push_str(&capital(&words)),
                false => said.push_str(&words),
            }
        }
        (rest, last, end_before) = (behind, own, end);
    }
    Cow::Owned(said)
}

/// A text with a capital at its beginning.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Flags and commands that no step of the page has: their texts are of other commands.
    const OF_THE_TERMINAL: [&str; 14] = [
        "--key",
        "--drop",
        "--headings",
        "--for",
        "--map-file",
        "--state",
        "--head",
        "--archive",
        "--renumber-map",
        "--all",
        "rowcall delete",
        "rowcall archive",
        "rowcall import",
        "rowcall vendors",
    ];

    #[test]
    fn a_flag_becomes_the_field_of_the_page() {
        for (message, own) in [
            (
                "several of its sheets can be meant: “A”, “B”. Name those to read with --sheet A --sheet B, or all of them with --sheet '*'",
                "several of its sheets can be meant: “A”, “B”. Tick the sheets to be read on the page of headings",
            ),
            (
                "write yes or no, or leave the column out with --map 'Aktiv=-'",
                "write yes or no, or choose on the page of headings what the column means, or that it is left out",
            ),
            ("it is no number", "it is no number"),
            (
                "to continue: rowcall resume 2026",
                "to continue: let the run go on, at its result or among the runs",
            ),
            ("a heading --mapped", "a heading --mapped"),
            // What the user wrote is no advice.
            (
                "name: \"Tom: --fill; Eve\" is too long",
                "name: \"Tom: --fill; Eve\" is too long",
            ),
            ("create 12--map", "create 12--map"),
            (
                "create 2001 (Juli --report.csv:2)",
                "create 2001 (Juli --report.csv:2)",
            ),
        ] {
            assert_eq!(in_words_of_page(message), own);
        }
    }

    #[test]
    fn every_message_about_a_sheet_names_a_field_of_the_page_or_is_of_the_terminal() {
        let files = [
            include_str!("../lang/de/columns.toml"),
            include_str!("../lang/de/rules.toml"),
            include_str!("../lang/de/sheet.toml"),
        ];
        let mut left = vec![];
        for file in files {
            let texts: BTreeMap<String, String> = toml::from_str(file).unwrap();
            for text in texts.keys() {
                let said = in_words_of_page(text);
                let has_flag = said.contains("--") || said.contains("`rowcall ");
                let is_known = |flag: &&str| said.contains(*flag);
                if has_flag && !OF_THE_TERMINAL.iter().any(is_known) {
                    left.push(said.into_owned());
                }
            }
        }
        assert_eq!(left, [] as [&str; 0]);
    }
}
