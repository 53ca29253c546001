//! The words and formulas of rows that sum the others up.

use crate::manifest::all_digits;
use crate::sheet::Cells;
use std::collections::HashSet;

/// The way out for a number that is a total, or looks like one.
pub(crate) const TAKE_ROW_OUT: &str =
    "take the row out; an extension that has this number goes in a sheet of its own";

/// The message about a row that sums others up.
pub(super) const SUMS_UP: &str = "the row sums the others up, and is no extension";

/// The most bytes of a label, such as that of a sum.
pub(super) const LABEL_BYTES_MAX: usize = 40;

/// Words that people and spreadsheets write beside a sum or a count, in small letters. Names of people (Somma, Suma) are not among them:
/// such rows show by their number.
const TOTALS: [&str; 18] = [
    "summe",
    "gesamt",
    "total",
    "totals",
    "sum",
    "count",
    "somme",
    "totale",
    "totali",
    "totaal",
    "totales",
    "totais",
    "totaux",
    "toplam",
    "average",
    "durchschnitt",
    "σ",
    "∑",
];

/// Words for a sum or a count that stand also before a word for the things counted; no company has such a name.
const TOTALS_OF: [&str; 46] = [
    "gesamtsumme",
    "gesamtanzahl",
    "gesamtergebnis",
    "gesamtzahl",
    "insgesamt",
    "ergebnis",
    "teilergebnis",
    "zwischensumme",
    "zwischenergebnis",
    "endsumme",
    "kontrollsumme",
    "prüfsumme",
    "anzahl",
    "grand total",
    "sub total",
    "subtotal",
    "sub-total",
    "total extensions",
    "total users",
    "total number",
    "total count",
    "nombre de",
    "total général",
    "sous-total",
    "somme totale",
    "total general",
    "suma total",
    "número total",
    "total geral",
    "soma total",
    "totale complessivo",
    "totale generale",
    "subtotale",
    "eindtotaal",
    "subtotaal",
    "totaal generaal",
    "totaal aantal",
    "genel toplam",
    "ara toplam",
    "razem",
    "łącznie",
    "ogółem",
    "suma końcowa",
    "suma częściowa",
    "celkem",
    "összesen",
];

/// Words that stand beside a sum or a count and may be a name too: a row that has more is about a person. Some only begin
/// a label, as in `Number of extensions`.
const TOTALS_OR_NAMES: [&str; 41] = [
    "number of",
    "no. of",
    "no of",
    "headcount",
    "head count",
    "zusammen",
    "summiert",
    "stückzahl",
    "nombre",
    "nb",
    "nbre",
    "nb.",
    "effectif",
    "effectifs",
    "suma",
    "sumas",
    "número de",
    "numero de",
    "cantidad",
    "recuento",
    "somma",
    "numero di",
    "conteggio",
    "quantità",
    "soma",
    "quantidade",
    "contagem",
    "aantal",
    "opgeteld",
    "liczba",
    "ilość",
    "podsumowanie",
    "suma częściowa",
    "toplamı",
    "adet",
    "sayısı",
    "sumă",
    "summa",
    "yhteensä",
    "i alt",
    "totalt",
];

/// Formulas of sums and counts that were saved as text.
const TOTAL_FORMULAS: [&str; 19] = [
    "=count(",
    "=counta(",
    "=sum(",
    "=subtotal(",
    "=anzahl(",
    "=anzahl2(",
    "=summe(",
    "=teilergebnis(",
    "=countif(",
    "=sumif(",
    "=sumproduct(",
    "=aggregate(",
    "=rows(",
    "=zählenwenn(",
    "=summewenn(",
    "=summenprodukt(",
    "=aggregat(",
    "=zeilen(",
    "=mittelwert(",
];

/// Returns true if the text of a cell is the label of a sum or a count, or its formula.
pub(super) fn is_total(text: &str) -> bool {
    let text = text.trim();
    let is_long = text.len() > LABEL_BYTES_MAX && !text.starts_with('=');
    if is_long || all_digits(text) {
        return false;
    }
    let word = text.trim_end_matches([':', '=']).trim_end();
    let lower = word.to_lowercase();
    let is_one = |word: &str| TOTALS.contains(&word.trim());
    let is_of = |total: &&str| {
        let rest = lower.strip_prefix(*total);
        rest.is_some_and(|rest| {
            !rest.starts_with(|c: char| c.is_alphanumeric() || "-'".contains(c))
        })
    };
    // `Gesamt (alle)`, and `abgemeldet gesamt:`.
    let before_remark = lower.split(['(', ':']).next().unwrap_or_default();
    let last_word = lower.rsplit(' ').next().filter(|_| word.len() < text.len());
    is_one(before_remark)
        || last_word.is_some_and(is_one)
        || TOTALS_OF.iter().any(is_of)
        || TOTAL_FORMULAS
            .iter()
            .any(|formula| lower.starts_with(formula))
}

/// Returns true if a text is a word for a total, a person's name or not.
fn is_label(text: &str) -> bool {
    let lower = label(text);
    words().any(|word| lower == word)
}

/// A text that begins or ends with a word for a total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TotalLabel {
    /// It is nothing else: `Total`, `Anzahl Mitarbeiter`.
    Sure,
    /// It may be a name, such as `Summa` and `Anna Total`; with the words beside that for the total.
    MayBeName(String),
}

/// Returns the label of a total that a text may be; of a whole row that has more, only one that `is_whole`.
pub(crate) fn total_label(text: &str, is_whole: bool) -> Option<TotalLabel> {
    let lower = label(text);
    let is_sure = TOTALS.contains(&lower.as_str()) || has_word(&lower, TOTALS_OF.into_iter());
    if is_whole && !is_label(text) {
        return None;
    }
    if is_sure {
        return Some(TotalLabel::Sure);
    }
    let word = words().filter(|word| has_word(&lower, std::iter::once(*word)));
    let word = word.max_by_key(|word| word.len())?;
    let rest = lower
        .strip_prefix(word)
        .or_else(|| lower.strip_suffix(word));
    Some(TotalLabel::MayBeName(
        rest.unwrap_or_default().trim().to_owned(),
    ))
}

/// Returns true if a text is a word for a total, or begins or ends with one that is no name.
fn sums_up(text: &str) -> bool {
    let may_be_name = |word: &&str| TOTALS_OR_NAMES.contains(word) && !word.contains(' ');
    is_label(text) || has_word(&label(text), words().filter(|word| !may_be_name(word)))
}

fn has_word(label: &str, mut words: impl Iterator<Item = &'static str>) -> bool {
    let is_within = |c: char| c.is_alphanumeric() || "-'’".contains(c);
    words.any(|word| {
        let begins = label.strip_prefix(word);
        let ends = label.strip_suffix(word);
        begins.is_some_and(|rest| !rest.starts_with(is_within))
            || ends.is_some_and(|rest| !rest.ends_with(is_within))
    })
}

/// The text of a label in small letters; empty for one that is too long, and for a number.
fn label(text: &str) -> String {
    let text = text.trim();
    if text.len() > LABEL_BYTES_MAX || all_digits(text) {
        return String::new();
    }
    let word = text.trim_end_matches([':', '=', '.']).trim_end();
    word.to_lowercase()
}

fn words() -> impl Iterator<Item = &'static str> {
    TOTALS.into_iter().chain(TOTALS_OF).chain(TOTALS_OR_NAMES)
}

/// Returns true if a row has two cells with text, and one of them begins or ends with a word for a total.
pub(super) fn has_label_alone(cells: Cells<'_>) -> bool {
    let all = (0..cells.len()).filter_map(|column| cells.get(column));
    let mut filled = all.filter(|text| !text.trim().is_empty());
    let pair = [filled.next(), filled.next()];
    filled.next().is_none() && pair.iter().flatten().any(|text| sums_up(text))
}

/// The totals that stand below groups of numbers, as the numbers come in the order of their rows.
#[derive(Debug, Default)]
pub(crate) struct GroupTotals {
    members: u64,
    sum: u128,
    /// The fewest digits of a member.
    fewest_digits: Option<usize>,
    /// All numbers that are no totals.
    all: u64,
    found: HashSet<u64>,
    count: usize,
}

impl GroupTotals {
    /// The fewest members of a group with a total.
    const MEMBERS_MIN: u64 = 2;
    /// The smallest sum that is no accident.
    const SUM_MIN: u64 = 100;
    /// The fewest totals that are no accident.
    const SEVERAL: usize = 2;

    /// Returns true if a number is the count or the sum of those since the last total, or behind a total the count of all.
    pub(crate) fn is_total(&self, value: u64, digits: usize) -> bool {
        let is_shorter = self.fewest_digits.is_some_and(|fewest| digits < fewest);
        let is_count = self.members >= GroupTotals::MEMBERS_MIN && value == self.members;
        let is_grand = self.members == 0 && value == self.all;
        let is_sum = self.members >= GroupTotals::MEMBERS_MIN
            && value >= GroupTotals::SUM_MIN
            && u128::from(value) == self.sum;
        is_shorter && (is_count || is_grand) || is_sum
    }

    /// Takes in the next number. Returns true if it is a total.
    pub(crate) fn add(&mut self, value: u64, digits: usize) -> bool {
        if self.is_total(value, digits) {
            self.found.insert(value);
            self.count += 1;
            self.end();
            return true;
        }
        self.members += 1;
        self.all += 1;
        self.sum += u128::from(value);
        let fewest = self.fewest_digits.unwrap_or(digits);
        self.fewest_digits = Some(fewest.min(digits));
        false
    }

    /// Ends a group, as a row that is known to be a total does.
    pub(crate) fn end(&mut self) {
        (self.members, self.sum) = (0, 0);
    }

    /// The numbers that are totals.
    pub(super) fn found(&self) -> &HashSet<u64> {
        &self.found
    }

    /// The totals, where there are enough of them to be no accident.
    pub(super) fn several(&self) -> HashSet<u64> {
        match self.count >= GroupTotals::SEVERAL {
            true => self.found.clone(),
            false => HashSet::new(),
        }
    }
}
