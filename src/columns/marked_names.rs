//! The marks that people write into the names of those who have left, or whose accounts are off.

use super::dictionary::dictionary;
use super::sample::is_told_off;
use crate::manifest::is_away;

/// The signs between a mark and a name, beside a dash with blanks around it.
const BETWEEN: [char; 9] = ['_', '|', '*', ':', '~', '#', '–', '—', '!'];
/// The sign for a person who has died.
const DIED: char = '†';
/// The fewest letters of a word that is a mark by its capital letters alone.
const CAPITALS_MIN: usize = 4;
/// The fewest letters z before a name that put it at the end of a list.
const ENDING_MIN: usize = 2;

/// Returns the part of a name that is such a mark: `[DISABLED] Bob Cole`, `Eva Roth (ausgeschieden)`, `zzz_Left Tom`.
pub(crate) fn mark_in_name(name: &str) -> Option<&str> {
    let name = name.trim();
    let died = name.find(DIED).map(|at| &name[at..at + DIED.len_utf8()]);
    died.or_else(|| in_brackets(name))
        .or_else(|| sorted_last(name))
        .or_else(|| between_signs(name))
        .or_else(|| in_other_letters(name))
        .or_else(|| (name.contains(' ') && dictionary().is_not_meant(name)).then_some(name))
}

/// Returns true for a text that is a mark where it stands apart from the name.
fn is_mark(text: &str) -> bool {
    is_told_off(text) || is_away(text) || dictionary().is_sheet_not_meant(text)
}

fn in_brackets(name: &str) -> Option<&str> {
    let inner = name.split(['(', '[', '{', '<']).skip(1);
    let mut inner = inner.filter_map(|part| part.split([')', ']', '}', '>']).next());
    inner.find(|text| is_mark(text.trim()))
}

/// Letters z before a name, with a sign or a blank behind them.
fn sorted_last(name: &str) -> Option<&str> {
    let rest = name.trim_start_matches(['z', 'Z']);
    let letters = name.len() - rest.len();
    let is_apart = rest.starts_with(|c: char| !c.is_alphanumeric());
    (letters >= ENDING_MIN && is_apart).then(|| &name[..letters])
}

fn between_signs(name: &str) -> Option<&str> {
    if !name.contains(BETWEEN) && !name.contains(" -") && !name.contains("- ") {
        return None;
    }
    let parts = name.split(BETWEEN).flat_map(|part| part.split(" -"));
    let parts = parts.flat_map(|part| part.split("- "));
    parts.map(str::trim).find(|part| is_mark(part))
}

/// A word in small or in capital letters alone beside words that are written as names are.
fn in_other_letters(name: &str) -> Option<&str> {
    let is_name = |word: &&str| {
        let mut letters = word.chars();
        letters.next().is_some_and(char::is_uppercase)
            && letters.next().is_some_and(char::is_lowercase)
    };
    let is_other = |word: &&str| {
        let are_small = word.starts_with(char::is_lowercase);
        let are_capital = word.chars().all(char::is_uppercase);
        are_small || are_capital && word.chars().count() >= CAPITALS_MIN
    };
    let mut words = name.split_whitespace();
    let mark = words.find(|word| is_other(word) && is_told_off(word))?;
    name.split_whitespace()
        .any(|word| is_name(&word))
        .then_some(mark)
}

#[cfg(test)]
mod tests {
    use super::mark_in_name;

    #[test]
    fn a_mark_in_a_name_says_that_its_person_has_left_or_its_account_is_off() {
        for (name, mark) in [
            ("[DISABLED] Bob Cole", Some("DISABLED")),
            ("Eva Roth (ausgeschieden)", Some("ausgeschieden")),
            ("Eva Roth (Elternzeit)", Some("Elternzeit")),
            ("Bob Cole (left 30.6.)", Some("left 30.6.")),
            ("zzz_Left Tom", Some("zzz")),
            ("ZZ Bob Cole", Some("ZZ")),
            ("Left_Tom Cole", Some("Left")),
            ("GESPERRT - Roth, Eva", Some("GESPERRT")),
            ("Bob Cole – inactive", Some("inactive")),
            ("DISABLED Bob Cole", Some("DISABLED")),
            ("Bob Cole disabled", Some("disabled")),
            ("Ann Roth (parti)", Some("parti")),
            ("Bob Cole †", Some("†")),
            ("Do not create", Some("Do not create")),
            ("Weg", None),
            ("Anna Weg", None),
            ("Bob Cole (Sales)", None),
            ("Tom Left", None),
            ("Zz Top", Some("Zz")),
            ("Zzyzx Road", None),
            ("BOB LEFT", None),
            ("Eva Roth-Parti", None),
            ("Eva Roth - Sales", None),
            ("anna left", None),
            ("Anna Berg", None),
            ("", None),
        ] {
            assert_eq!(mark_in_name(name), mark, "{name}");
        }
    }
}
