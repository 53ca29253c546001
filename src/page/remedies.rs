//! The page's own words for what a message advises: the terminal names a flag or a command, and the page has a field or a
//! button for it.

use crate::lang::{in_language, language};
use crate::model::{Language, shell_word};
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
        "write it into the sheet, or fill it in above the rows",
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

/// Sentences of the terminal with a flag or a command in them that are no advice alone, each with the page's words: the facts
/// stay.
const FACTS: &[(&str, &str)] = &[
    (
        "hidden sheet “{}” (read only with --sheet {})",
        "hidden sheet “{}” (read only if its name is written on the page of headings)",
    ),
    (
        "read like the others (--visible-only leaves them out)",
        "read like the others (a tick on the page of headings leaves them out)",
    ),
    (
        "no row begins on the line that --header-row names. Look up the line in the file, counting from 1",
        "no row begins on the line that the page of headings was told. Look up the line in the file, counting from 1",
    ),
    (
        "begins with the mark of {}, but --encoding says {}. Leave out --encoding",
        "begins with the mark of {}, but the page of headings was told {}. Leave that field empty there",
    ),
    (
        "--map names the heading “{}”, which the sheet does not have; it has: {headings}",
        "a meaning was chosen for the heading “{}”, which the sheet does not have as it is read now: read it as before, or drop it again; it has: {}",
    ),
    (
        "is longer than {BYTES_MAX} bytes, too long for --fix-quotes. Correct the quotes where the file was made",
        "is longer than {} bytes, too long for its curly quotes to be put right. Correct the quotes where the file was made",
    ),
    (
        "see whether that is meant; rowcall undo leaves it as it is",
        "see whether that is meant; an undo leaves it as it is",
    ),
    (
        "rowcall resume removes what is left, and rowcall undo makes it whole again",
        "let the run go on to remove what is left, or undo it to make it whole again",
    ),
    (
        "once the PBX can be reached again, rowcall resume looks at this {record}",
        "once the PBX can be reached again, let the run go on: it looks at this {}",
    ),
    (
        "once it is the PBX of the run again, rowcall resume looks at it",
        "once it is the PBX of the run again, let the run go on: it looks at it",
    ),
];

/// The parts of a text of [`FACTS`] between its values, which stand in braces.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').enumerate().map(|(at, part)| match at {
        0 => part,
        _ => part.split_once('}').map_or(part, |(_, behind)| behind),
    })
}

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

/// The first place of a fact in a message, from `from` on, and the values in it, in their order.
fn found_fact<'m>(
    (message, masked): (&'m str, &str),
    from: usize,
    fact: &str,
) -> Option<(usize, usize, Vec<&'m str>)> {
    let mut parts = parts(fact);
    let first = parts.next()?;
    let begin = from + masked.get(from..)?.find(first)?;
    let (mut end, mut values): (usize, Vec<&str>) = (begin + first.len(), vec![]);
    for part in parts {
        let rest = message.get(end..)?;
        // A sheet is named again, as it is typed.
        let again = values.first().map(|name| shell_word(name));
        let again = again.filter(|word| rest.starts_with(&**word));
        let length = match part {
            "" => again.map_or(rest.len(), |word| word.len()),
            part => masked.get(end..)?.find(part)?,
        };
        values.push(rest.get(..length)?);
        end += length + part.len();
    }
    Some((begin, end, values))
}

/// A message in which the facts are in the words of the page.
fn with_facts(message: &str, language: Language) -> Cow<'_, str> {
    let mut said = Cow::Borrowed(message);
    for (fact, own) in FACTS {
        let (fact, own) = (in_language(fact, language), in_language(own, language));
        let mut from = 0;
        loop {
            let masked = without_quoted(&said);
            let Some((begin, end, values)) = found_fact((&said, &masked), from, &fact) else {
                break;
            };
            let values = [""].into_iter().chain(values);
            let words = parts(&own).zip(values);
            let words: String = words.flat_map(|(part, value)| [value, part]).collect();
            from = begin + words.len();
            said = Cow::Owned([&said[..begin], &words, &said[end..]].concat());
        }
    }
    said
}

/// A message in the reader's language, with the facts and the advice in the words of the page.
pub(super) fn in_words_of_page(message: &str) -> Cow<'_, str> {
    // Most messages name neither a flag nor a command.
    match message.contains("--") || message.contains("rowcall ") {
        true => in_words(message, language()),
        false => Cow::Borrowed(message),
    }
}

/// A message in this language, in the words of the page.
fn in_words(message: &str, language: Language) -> Cow<'_, str> {
    match with_facts(message, language) {
        Cow::Borrowed(message) => with_advice(message, language),
        Cow::Owned(message) => Cow::Owned(with_advice(&message, language).into_owned()),
    }
}

/// A message with its advice in the words of the page.
fn with_advice(message: &str, language: Language) -> Cow<'_, str> {
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
            let words = own.map(|words| in_language(words, language));
            let words = words.unwrap_or(Cow::Borrowed(clause));
            // In German a clause within a sentence may begin with a capital too.
            let is_sentence = said.ends_with(". ") && clause.starts_with(char::is_uppercase);
            match own.is_some() && is_sentence {
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
    fn the_facts_of_a_note_stay() {
        let names = ["Lager", "Alt, neu", "Tom's"];
        for name in names {
            let message = format!(
                "h.xlsx: sheet “Staff”, hidden sheet “{name}” (read only with --sheet {}), hidden sheet “B” \
                 (read only with --sheet B), 1 hidden row, read like the others (--visible-only leaves them out)",
                shell_word(name)
            );
            let own = "(read only if its name is written on the page of headings)";
            let told = format!(
                "h.xlsx: sheet “Staff”, hidden sheet “{name}” {own}, hidden sheet “B” {own}, 1 hidden row, read like \
                 the others (a tick on the page of headings leaves them out)"
            );
            assert_eq!(in_words(&message, Language::English), told);
            let one = message.split(", hidden sheet “B”").next().unwrap();
            let one = in_language(one, Language::German);
            let german = in_words(&one, Language::German);
            let told = format!("ausgeblendetes Blatt „{name}“ (nur gelesen, wenn sein");
            assert!(german.contains(&told) && !german.contains("--"), "{german}");
        }
        for (fact, own) in FACTS {
            for language in Language::ALL {
                let with_value = |text| {
                    let text = in_language(text, language);
                    parts(&text).collect::<Vec<_>>().join("UTF-8")
                };
                assert_eq!(in_words(&with_value(fact), language), with_value(own));
            }
        }
    }

    /// The beginnings of a clause that is advice, or of a flag that does what is advised.
    const ADVICE: &[&str] = &[
        "--",
        "`",
        "accept ",
        "all of them with ",
        "and to",
        "for groups, say ",
        "give ",
        "go on",
        "if ",
        "import ",
        "leave ",
        "let ",
        "name ",
        "once it is ",
        "or ",
        "put ",
        "read ",
        "rowcall ",
        "run ",
        "say ",
        "take ",
        "the column with ",
        "then ",
        "to fill this one, import ",
        "try ",
        "use ",
        "with ",
        "write ",
    ];

    /// The reasons of meanings, which stand beside their column.
    const REASONS: &[&str] = &["given by --fill", "left out by --map", "mapped by --map"];

    #[test]
    fn advice_alone_is_said_in_other_words() {
        let files = [
            include_str!("../lang/de/columns.toml"),
            include_str!("../lang/de/rules.toml"),
            include_str!("../lang/de/sheet.toml"),
            include_str!("../lang/de/run.toml"),
        ];
        let mut left = vec![];
        for file in files {
            let texts: BTreeMap<String, String> = toml::from_str(file).unwrap();
            for text in texts.keys() {
                let said = with_facts(text, Language::English);
                let masked = without_quoted(&said);
                let mut rest = masked.as_str();
                while !rest.is_empty() {
                    let (at, end) = next_end(rest).unwrap_or((rest.len(), ""));
                    let clause = rest[..at].trim_start().to_lowercase();
                    let mut known = ADVICE.iter().chain(REASONS);
                    let is_advice = known.any(|word| clause.starts_with(word));
                    if remedy(&rest[..at]).is_some() && !is_advice {
                        left.push(clause);
                    }
                    rest = &rest[at + end.len()..];
                }
            }
        }
        assert_eq!(left, [] as [&str; 0]);
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
