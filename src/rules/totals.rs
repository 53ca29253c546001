//! The words and formulas of rows that sum the others up.

use crate::manifest::all_digits;

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

/// Formulas of sums and counts that were saved as text.
const TOTAL_FORMULAS: [&str; 8] = [
    "=count(",
    "=counta(",
    "=sum(",
    "=subtotal(",
    "=anzahl(",
    "=anzahl2(",
    "=summe(",
    "=teilergebnis(",
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
