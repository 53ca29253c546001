//! Whole names that begin with the surname, without a comma behind it: `Müller Anna`. The cells alone do not tell; addresses
//! and accounts beside them may.

use super::dictionary::{dictionary, plain};

/// A part of a name that begins with the surname.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NamePart {
    /// The whole, with the given name first.
    Whole,
    Given,
    Surname,
}

impl NamePart {
    /// The part of a name; a name of one word is the surname.
    pub(super) fn taken_from(self, name: &str) -> String {
        let (surname, given) = parts(name);
        match self {
            NamePart::Whole => format!("{given} {surname}").trim().to_owned(),
            NamePart::Given => given,
            NamePart::Surname => surname,
        }
    }
}

/// The surname, with words such as `von` before it, or all words in capital letters, and the rest. A title is of the rest, and
/// a surname in capital letters may stand at the end.
fn parts(name: &str) -> (String, String) {
    let words: Vec<&str> = name.split_whitespace().collect();
    let titles = words.iter().take_while(|word| is_title(word)).count();
    let (titles, words) = words.split_at(if titles < words.len() { titles } else { 0 });
    let (surname, given) = parts_of(words);
    let given = [titles, given].concat();
    (surname.join(" "), given.join(" "))
}

fn parts_of<'s, 'w>(words: &'s [&'w str]) -> (&'s [&'w str], &'s [&'w str]) {
    if order_by_capitals(&words.join(" ")) == Some(NameOrder::GivenFirst) {
        let last = words.iter().rev().take_while(|word| is_capital(word));
        let (given, surname) = words.split_at(words.len() - last.count());
        return (surname, given);
    }
    let is_particle = |word: &&&str| dictionary().is_particle(&word.to_lowercase());
    let particles = words.iter().take_while(is_particle).count();
    let capitals = words.iter().take_while(|word| is_capital(word)).count();
    let end = match capitals {
        capitals if capitals < words.len() => capitals.max(particles + 1),
        _ => particles + 1,
    };
    words.split_at(end.min(words.len()))
}

/// Returns true for a word such as `Dr.`
pub(super) fn is_title(word: &str) -> bool {
    const TITLES: [&str; 9] = [
        "dr", "prof", "ing", "mag", "mr", "mrs", "ms", "herr", "frau",
    ];
    word.ends_with('.') && word.chars().count() > 2 || TITLES.contains(&plain(word).as_str())
}

/// The words of a name that are parts of it: no titles, nothing in brackets, no short word in capital letters behind two
/// others, such as `IT`.
fn name_words(name: &str) -> Vec<&str> {
    const SHORT_MAX: usize = 3;
    let outside = name.split(['(', '[']).next().unwrap_or(name);
    let words = outside.split_whitespace();
    let mut words: Vec<&str> = words.filter(|word| !is_title(word)).collect();
    let is_short = |word: &&str| is_capital(word) && word.chars().count() <= SHORT_MAX;
    while words.len() > 2 && words.last().is_some_and(is_short) {
        words.pop();
    }
    words
}

/// The order of a name's two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameOrder {
    GivenFirst,
    SurnameFirst,
}

impl NameOrder {
    fn reversed(self) -> NameOrder {
        match self {
            NameOrder::GivenFirst => NameOrder::SurnameFirst,
            NameOrder::SurnameFirst => NameOrder::GivenFirst,
        }
    }
}

/// The evidence of an address or an account for the order of a name of two words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AccountEvidence {
    /// It has the initial of the given name: `a.mueller`, `amueller`.
    Initial(NameOrder),
    /// It has both words, as the name has them, or the other way round: `anna.mueller`. Some companies write the surname
    /// first in addresses, so it shows the order only together with theirs.
    BothWords { reversed: bool },
}

/// The evidence of an account for the order of a name; `None` where it shows nothing.
fn evidence(name: &str, account: &str) -> Option<AccountEvidence> {
    let words: Vec<String> = name_words(name).into_iter().map(plain).collect();
    let [first, second] = words.as_slice() else {
        return None;
    };
    let parts = account_parts(account);
    if let [one, other] = parts.as_slice()
        && first != second
    {
        if [one, other] == [first, second] {
            return Some(AccountEvidence::BothWords { reversed: false });
        }
        if [other, one] == [first, second] {
            return Some(AccountEvidence::BothWords { reversed: true });
        }
    }
    let is_given = |part: &str, word: &str| !part.is_empty() && word.starts_with(part);
    let joined = |given: &str, surname: &str| {
        let initial: String = given.chars().take(1).collect();
        format!("{initial}{surname}")
    };
    let is_so = |given: &String, surname: &String| match parts.as_slice() {
        [one, other] => is_given(one, given) && other == surname,
        [one] => *one == joined(given, surname),
        _ => false,
    };
    match (is_so(first, second), is_so(second, first)) {
        (true, false) => Some(AccountEvidence::Initial(NameOrder::GivenFirst)),
        (false, true) => Some(AccountEvidence::Initial(NameOrder::SurnameFirst)),
        _ => None,
    }
}

/// The parts of an account, or of an address before its host.
fn account_parts(account: &str) -> Vec<String> {
    let local = account.split_once('@').map_or(account, |(local, _)| local);
    local.split(['.', '_', '-']).map(plain).collect()
}

/// The order in which a sheet's accounts have both words of names, by those of which it is certain: the name has a comma or
/// a surname in capital letters, or one of its words alone is a common given name. `None` where none is, or they differ.
fn order_of_accounts(rows: &[(&str, Vec<&str>)]) -> Option<NameOrder> {
    let of_rows = rows
        .iter()
        .flat_map(|(name, accounts)| accounts.iter().filter_map(|account| votes(name, account)));
    let votes: Vec<NameOrder> = of_rows.collect();
    let first = votes.first().copied()?;
    votes.iter().all(|vote| *vote == first).then_some(first)
}

/// The order of an account with both words of a name, where it is certain.
fn votes(name: &str, account: &str) -> Option<NameOrder> {
    if let Some((surname, given)) = name.split_once(',') {
        let [surname, given] = [surname, given].map(plain);
        let parts = account_parts(account);
        return match parts.as_slice() {
            [one, other] if [one, other] == [&given, &surname] => Some(NameOrder::GivenFirst),
            [one, other] if [one, other] == [&surname, &given] => Some(NameOrder::SurnameFirst),
            _ => None,
        };
    }
    let Some(AccountEvidence::BothWords { reversed }) = evidence(name, account) else {
        return None;
    };
    let of_name = order_by_capitals(name).or(match given_names(name).as_slice() {
        [true, false] => Some(NameOrder::GivenFirst),
        [false, true] => Some(NameOrder::SurnameFirst),
        _ => None,
    })?;
    Some(match reversed {
        true => of_name.reversed(),
        false => of_name,
    })
}

/// Tells of each word of a name if it is a common given name.
fn given_names(name: &str) -> Vec<bool> {
    let words = name_words(name).into_iter();
    words
        .map(|word| dictionary().is_given_name(&plain(word)))
        .collect()
}

/// Returns true for a name whose comma shows its order: `Berg, Anna`. Behind one may stand a title, a place or a department
/// too: `Berg Anna, Dr.`, `Empfang, EG`, `Lager, Halle 3`, `Berg, Anna, Einkauf`.
fn has_surname_before_comma(name: &str) -> bool {
    let Some((surname, given)) = name.split_once(',') else {
        return false;
    };
    let is_abbreviation = |word: &str| is_title(word) || is_capital(word) && !is_capital(surname);
    let is_given = |word: &str| dictionary().is_given_name(&plain(word));
    let several = surname.split_whitespace().count() > 1;
    let is_whole_name = several
        && surname.split_whitespace().any(is_given)
        && !given.split_whitespace().any(is_given);
    !given.contains(|c: char| c == ',' || c.is_numeric())
        && !given.split_whitespace().all(is_abbreviation)
        && !is_whole_name
}

/// Returns true for a word of several letters, all of them capital.
fn is_capital(word: &str) -> bool {
    word.chars().filter(|c| c.is_alphabetic()).count() > 1 && !word.contains(char::is_lowercase)
}

/// The order of a name whose surname is in capital letters: `BERGER Anne`, `Anne BERGER`.
fn order_by_capitals(name: &str) -> Option<NameOrder> {
    let words = name_words(name);
    let first = words.first().filter(|_| words.len() > 1)?;
    let last = words.last()?;
    match (is_capital(first), is_capital(last)) {
        (true, false) => Some(NameOrder::SurnameFirst),
        (false, true) => Some(NameOrder::GivenFirst),
        _ => None,
    }
}

/// The order of the words in the names of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnOrder {
    /// Shown by commas, by capital letters or by the accounts beside them; or no name has two words.
    Certain,
    /// Most names of which the order is shown begin with the surname.
    SurnameFirst,
    /// Not shown in all, and in none the other way round.
    NotShown,
    /// Not the same in all.
    Unknown,
}

/// A surname may be a given name too, as `Martin` is: of so many names one may seem to have it at the end.
const GIVEN_LAST_SHARE: usize = 4;

/// The names of a column by what shows the order of their words.
#[derive(Debug, Default)]
struct NameOrders {
    /// Those without a comma that shows it.
    plain: usize,
    with_comma: usize,
    with_other_comma: usize,
    /// Those of two words of which the first alone is a common given name, and those of which the second alone is.
    given_first: usize,
    given_last: usize,
    /// The orders that are shown otherwise.
    shown: Vec<NameOrder>,
}

/// The order of names, each beside the accounts of its row. Where all of those without a comma show it and none shows
/// another, it is certain.
pub(super) fn order_of_names<'c>(
    names: impl Iterator<Item = (&'c str, Vec<&'c str>)>,
) -> ColumnOrder {
    let orders = NameOrders::read(names);
    let known = orders.shown.len();
    match orders.reversed() {
        reversed if 2 * reversed > known => ColumnOrder::SurnameFirst,
        _ if orders.plain == 0 => ColumnOrder::Certain,
        0 if known == orders.plain && orders.with_comma == 0 => ColumnOrder::Certain,
        0 if orders.are_plain() => ColumnOrder::NotShown,
        _ => ColumnOrder::Unknown,
    }
}

/// Returns true if most names of which the order is shown begin with the surname, and false if most do not; `None` where
/// none is shown without a comma, or half of them.
pub(super) fn has_surnames_first<'c>(
    names: impl Iterator<Item = (&'c str, Vec<&'c str>)>,
) -> Option<bool> {
    let orders = NameOrders::read(names);
    let reversed = 2 * orders.reversed();
    (reversed != orders.shown.len()).then_some(reversed > orders.shown.len())
}

impl NameOrders {
    fn read<'c>(names: impl Iterator<Item = (&'c str, Vec<&'c str>)>) -> NameOrders {
        let mut orders = NameOrders::default();
        let rows: Vec<(&str, Vec<&str>)> = names.collect();
        let of_accounts = order_of_accounts(&rows);
        let by_account = |name: &str, account: &str| match evidence(name, account)? {
            AccountEvidence::Initial(order) => Some(order),
            AccountEvidence::BothWords { reversed: false } => of_accounts,
            AccountEvidence::BothWords { reversed: true } => of_accounts.map(NameOrder::reversed),
        };
        for (name, accounts) in rows {
            let has_comma = name.contains(',');
            match has_surname_before_comma(name) {
                true => orders.with_comma += 1,
                false if has_comma => {
                    orders.plain += 1;
                    orders.with_other_comma += 1;
                }
                false if name_words(name).len() > 1 => {
                    orders.plain += 1;
                    match given_names(name).as_slice() {
                        [true, false] => orders.given_first += 1,
                        [false, true] => orders.given_last += 1,
                        _ => {}
                    }
                    let mut accounts = accounts.into_iter();
                    let by_accounts = || accounts.find_map(|account| by_account(name, account));
                    orders
                        .shown
                        .extend(order_by_capitals(name).or_else(by_accounts));
                }
                false => {}
            }
        }
        orders
    }

    /// Returns true if no name has a comma, and the common given names do not speak for surnames at the beginning.
    fn are_plain(&self) -> bool {
        self.with_comma + self.with_other_comma == 0
            && self.given_last * GIVEN_LAST_SHARE <= self.given_first
    }

    fn reversed(&self) -> usize {
        let shown = self.shown.iter();
        shown.filter(|it| **it == NameOrder::SurnameFirst).count()
    }
}

#[cfg(test)]
mod tests {
    use super::AccountEvidence::{BothWords, Initial};
    use super::{ColumnOrder, NameOrder, NamePart, evidence, order_of_names};

    #[test]
    fn an_account_with_an_initial_shows_the_order_of_a_name_and_one_with_both_words_its_own() {
        let [as_it_is, reversed] = [false, true].map(|reversed| Some(BothWords { reversed }));
        let [given, surname] =
            [NameOrder::GivenFirst, NameOrder::SurnameFirst].map(|order| Some(Initial(order)));
        for (name, account, expected) in [
            ("Müller Anna", "anna.mueller@x.de", reversed),
            ("Müller Anna", "mueller.anna@x.de", as_it_is),
            ("Müller Anna", "a.mueller@x.de", surname),
            ("Öztürk Cem", "coeztuerk", surname),
            ("Anna Müller", "anna_mueller@x.de", as_it_is),
            ("Anna Müller", "amueller", given),
            ("Anna Müller", "info@x.de", None),
            ("Anna Maria Müller", "anna.mueller@x.de", None),
            ("Dr. Berg Anna (OP)", "anna.berg@x.de", reversed),
            ("Berg Anna EDV", "a.berg@x.de", surname),
            ("Peter Peter", "peter.peter@x.de", None),
        ] {
            assert_eq!(evidence(name, account), expected, "{name} {account}");
        }
    }

    #[test]
    fn both_words_in_an_account_show_the_order_where_a_given_name_or_a_comma_shows_that_of_accounts()
     {
        for (rows, expected) in [
            (
                &[["Berg Anna", "berg.anna@x.de"]][..],
                ColumnOrder::SurnameFirst,
            ),
            (
                &[["Berg Anna", "anna.berg@x.de"]],
                ColumnOrder::SurnameFirst,
            ),
            (&[["Anna Berg", "anna.berg@x.de"]], ColumnOrder::Certain),
            (&[["Anna Berg", "berg.anna@x.de"]], ColumnOrder::Certain),
            (
                &[["Kwame Mensah", "kwame.mensah@x.de"]],
                ColumnOrder::NotShown,
            ),
            (
                &[
                    ["Kwame Mensah", "kwame.mensah@x.de"],
                    ["Anna Berg", "anna.berg@x.de"],
                ],
                ColumnOrder::Certain,
            ),
            (
                &[
                    ["Mensah Kwame", "mensah.kwame@x.de"],
                    ["Anna Berg", "berg.anna@x.de"],
                    ["Kern Otto", "kern.otto@x.de"],
                ],
                ColumnOrder::SurnameFirst,
            ),
            (
                &[
                    ["Mensah Kwame", "kwame.mensah@x.de"],
                    ["Berg, Anna", "anna.berg@x.de"],
                ],
                ColumnOrder::SurnameFirst,
            ),
            (
                &[
                    ["Anna Berg", "anna.berg@x.de"],
                    ["Otto Kern", "kern.otto@x.de"],
                ],
                ColumnOrder::NotShown,
            ),
            (
                &[["Martin Peter", "martin.peter@x.de"]],
                ColumnOrder::NotShown,
            ),
        ] {
            let names = rows.iter().map(|[name, account]| (*name, vec![*account]));
            assert_eq!(order_of_names(names), expected, "{rows:?}");
        }
    }

    #[test]
    fn most_names_decide_and_none_may_contradict() {
        for (rows, expected) in [
            (
                &[
                    ["BERGER Anne", ""],
                    ["Dupont Éric", "eric.dupont"],
                    ["Accueil", ""],
                ][..],
                ColumnOrder::SurnameFirst,
            ),
            (
                &[
                    ["BERGER Anne", ""],
                    ["LE GALL Yann", ""],
                    ["Anne MOREL", ""],
                ],
                ColumnOrder::SurnameFirst,
            ),
            (
                &[["Anne BERGER", ""], ["IT Support", ""]],
                ColumnOrder::Unknown,
            ),
            (
                &[["Berger, Anne", "a.berger"], ["HQ", ""]],
                ColumnOrder::Certain,
            ),
            (&[["García López, Ana", ""]], ColumnOrder::Certain),
            (
                &[["BERG, ANNA", ""], ["Smith, John Jr.", ""]],
                ColumnOrder::Certain,
            ),
            (&[["Berg Anna, MD", "a.berg"]], ColumnOrder::Unknown),
            (&[["Berg, Dr.", ""]], ColumnOrder::Unknown),
            (&[["Dietz Carl, Dipl.-Ing.", ""]], ColumnOrder::Unknown),
            (&[["Empfang, EG", ""]], ColumnOrder::Unknown),
            (&[["Lager, Halle 3", ""]], ColumnOrder::Unknown),
            (&[["Berg, Anna, Einkauf", ""]], ColumnOrder::Unknown),
            (&[["Anna Berg, Einkauf", ""]], ColumnOrder::Unknown),
            (&[["Berg, ", ""]], ColumnOrder::Unknown),
            (&[], ColumnOrder::Certain),
            (&[["Anna", ""], ["Empfang", ""]], ColumnOrder::Certain),
            (&[["Berg Anna", ""]], ColumnOrder::Unknown),
            (&[["Berg Anna IT", ""]], ColumnOrder::Unknown),
            (&[["Kern Otto OP", ""]], ColumnOrder::Unknown),
            (&[["Berg Anna (OP)", ""]], ColumnOrder::Unknown),
            (
                &[["Anna BERG", ""], ["Otto KERN", ""], ["HAHN UWE", ""]],
                ColumnOrder::Unknown,
            ),
            (
                &[
                    ["Anna Berg", "a.berg"],
                    ["Otto Kern", "o.kern"],
                    ["Hahn Uwe", "info"],
                ],
                ColumnOrder::Unknown,
            ),
            (
                &[["Berg Anna", ""], ["Sales, Germany", ""]],
                ColumnOrder::Unknown,
            ),
            (
                &[
                    ["Anna Berg", "anna.berg"],
                    ["Dorn Carl", ""],
                    ["Ek Eva", ""],
                ],
                ColumnOrder::Unknown,
            ),
            (
                &[
                    ["Anna Berg", "anna.berg"],
                    ["Carl Dorn", "carl.dorn"],
                    ["Ek Eva", "eva.ek"],
                ],
                ColumnOrder::Unknown,
            ),
        ] {
            let names = rows.iter().map(|[name, account]| (*name, vec![*account]));
            assert_eq!(order_of_names(names), expected, "{rows:?}");
        }
    }

    #[test]
    fn a_name_that_begins_with_the_surname_is_parted_behind_it() {
        for (name, parts) in [
            ("Müller Anna", ["Anna Müller", "Anna", "Müller"]),
            (
                "von Berg Anna Maria",
                ["Anna Maria von Berg", "Anna Maria", "von Berg"],
            ),
            ("LE GALL Yann", ["Yann LE GALL", "Yann", "LE GALL"]),
            ("Dr. Berg Anna", ["Dr. Anna Berg", "Dr. Anna", "Berg"]),
            ("Anna KERN", ["Anna KERN", "Anna", "KERN"]),
            ("Berg Anna IT", ["Anna IT Berg", "Anna IT", "Berg"]),
            ("Empfang", ["Empfang", "", "Empfang"]),
            ("HOTEL EMPFANG", ["EMPFANG HOTEL", "EMPFANG", "HOTEL"]),
            ("", ["", "", ""]),
        ] {
            let all = [NamePart::Whole, NamePart::Given, NamePart::Surname];
            assert_eq!(all.map(|part| part.taken_from(name)), parts, "{name}");
        }
    }
}
