//! Names that name nobody: the extension is free, kept in reserve, or there to try something out.

/// Words in the place of a name, in small letters; the surname Frei stands beside a given name.
const VACANT: [&str; 173] = [
    "noch offen",
    "neuer kollege",
    "neue kollegin",
    "entfällt",
    "gestrichen",
    "vacant",
    "vacancy",
    "vacant position",
    "unused",
    "not used",
    "not in use",
    "not assigned",
    "unassigned",
    "free",
    "available",
    "spare",
    "reserve",
    "reserved",
    "test",
    "tests",
    "test user",
    "testuser",
    "test extension",
    "dummy",
    "example",
    "sample",
    "john doe",
    "nobody",
    "frei",
    "unbesetzt",
    "nicht besetzt",
    "unbelegt",
    "nicht belegt",
    "nicht vergeben",
    "unbenutzt",
    "nicht zugewiesen",
    "vakant",
    "reserviert",
    "n.n",
    "n. n",
    "nn",
    "testnebenstelle",
    "testbenutzer",
    "testapparat",
    "beispiel",
    "muster",
    "max mustermann",
    "erika mustermann",
    "libre",
    "vacante",
    "libero",
    "vrij",
    "inutilisé",
    "reserva",
    "wolny",
    "gesperrt",
    "stillgelegt",
    "deaktiviert",
    "inaktiv",
    "gelöscht",
    "gekündigt",
    "unbekannt",
    "blocked",
    "locked",
    "disabled",
    "deactivated",
    "inactive",
    "suspended",
    "deleted",
    "unknown",
    "former employee",
    "none",
    "no one",
    "noone",
    "empty",
    "leer",
    "keine",
    "keiner",
    "niemand",
    "tba",
    "tbc",
    "tbd",
    "to be announced",
    "to be confirmed",
    "to be defined",
    "placeholder",
    "platzhalter",
    "open position",
    "position open",
    "open",
    "offen",
    "offene stelle",
    "stelle offen",
    "neue stelle",
    "new hire",
    "new employee",
    "new user",
    "neuer mitarbeiter",
    "neuer benutzer",
    "unoccupied",
    "not occupied",
    "nobody yet",
    "left",
    "left company",
    "left the company",
    "has left",
    "leaver",
    "ex employee",
    "ex-employee",
    "ausgeschieden",
    "ausgetreten",
    "ehemalig",
    "do not use",
    "don't use",
    "not to be used",
    "nicht verwenden",
    "nicht benutzen",
    "nicht nutzen",
    "delete",
    "delete me",
    "to delete",
    "to be deleted",
    "please delete",
    "remove",
    "to be removed",
    "obsolete",
    "löschen",
    "zu löschen",
    "bitte löschen",
    "wird gelöscht",
    "kann weg",
    "out of service",
    "out of order",
    "außer betrieb",
    "default",
    "folgt",
    "pending",
    "temp",
    "temporary",
    "kein name",
    "no name",
    "ohne name",
    "inconnu",
    "non attribué",
    "poste vacant",
    "à supprimer",
    "supprimé",
    "parti",
    "vide",
    "ne pas utiliser",
    "desconocido",
    "sin asignar",
    "sin nombre",
    "por definir",
    "vacío",
    "no usar",
    "sconosciuto",
    "non assegnato",
    "vuoto",
    "da definire",
    "non usare",
    "onbekend",
    "niet toegewezen",
    "niet gebruiken",
    "leeg",
    "vazio",
    "desconhecido",
    "não atribuído",
    "nieznany",
    "nieużywany",
    "wolne",
    "boş",
    "bilinmiyor",
];
/// Words that begin no name, whatever stands behind them.
const VACANT_BEGINS: [&str; 5] = [
    "vacant",
    "unassigned",
    "unbesetzt",
    "vakant",
    "nicht besetzt",
];
/// The most bytes of such a word, with a number behind it.
const BYTES_MAX: usize = 24;

/// For each first byte of a word in [`VACANT`] the lengths of those words, a bit for each: of nearly all names there is none.
const VACANT_LENGTHS: [u32; 256] = {
    let mut lengths = [0; 256];
    let mut at = 0;
    while at < VACANT.len() {
        let word = VACANT[at].as_bytes();
        lengths[word[0] as usize] |= 1 << word.len();
        at += 1;
    }
    lengths
};

/// Returns true if a text in the place of a name names nobody; a number may stand behind the word, as in `Reserve 2`, or
/// a remark in brackets.
pub(super) fn is_vacant(text: &str) -> bool {
    let text = match text.split_once('(') {
        Some((before, _)) if !before.trim().is_empty() => before,
        _ => text,
    };
    let is_sign = |c: char| c.is_whitespace() || "()[]<>-–_.*#:!".contains(c);
    let around = |c: char| !c.is_ascii_alphabetic() && (c.is_ascii_digit() || is_sign(c));
    let word = text.trim_matches(around);
    let begins = |begin: &&str| {
        let head = word.get(..begin.len());
        let rest = word.get(begin.len()..).unwrap_or_default();
        head.is_some_and(|head| head.eq_ignore_ascii_case(begin))
            && rest.starts_with([' ', ',', '-'])
    };
    let Some(first) = word.as_bytes().first().map(u8::to_ascii_lowercase) else {
        return false;
    };
    if matches!(first, b'v' | b'u' | b'n') && VACANT_BEGINS.iter().any(begins) {
        return true;
    }
    if word.len() > BYTES_MAX {
        return false;
    }
    if first == b'?' && word.bytes().all(|b| matches!(b, b'?' | b' ')) {
        return true;
    }
    // Letters that only fill the cell, such as `xxx`.
    if first == b'x' && word.len() > 1 && word.bytes().all(|b| matches!(b, b'x' | b'X')) {
        return true;
    }
    if VACANT_LENGTHS[usize::from(first)] >> word.len() & 1 == 0 {
        return false;
    }
    // Capital letters of these words are as long as the small ones.
    let mut known = VACANT
        .iter()
        .filter(|known| known.len() == word.len() && known.as_bytes().first() == Some(&first));
    known.any(|known| match known.is_ascii() {
        true => known.eq_ignore_ascii_case(word),
        false => word.to_lowercase() == *known,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_name_nobody_are_known_and_names_are_not() {
        for text in [
            "VACANT",
            "frei",
            "(frei)",
            "n.n.",
            "N. N.",
            "Reserve 2",
            "TEST",
            "Test-3",
            "- unbesetzt -",
            "Max Mustermann",
            "INUTILISÉ",
            "VACANT (was Ann Muster)",
            "Reserve (Lager)",
            "vacant since May",
            "unbesetzt - früher Müller",
            "gesperrt",
            "Gelöscht",
            "???",
            "? ?",
            "tba",
            "TBC",
            "none",
            "leer",
            "Keine",
            "xxx",
            "XX",
            "ausgeschieden",
            "Open position",
            "zu löschen",
            "DELETE",
            "do not use!",
            "BOŞ",
        ] {
            assert!(is_vacant(text), "{text}");
        }
        for text in [
            "",
            "12",
            "Anna Frei",
            "Testa",
            "Frey",
            "Nina",
            "Mustermann",
            "Reserve Lager",
            "Vacanti",
            "Ann (frei)",
            "(Ann)",
            "Sample, Ann",
            "N",
            "Max",
            "Xander",
            "Openshaw",
            "Leers",
            "Ann None",
        ] {
            assert!(!is_vacant(text), "{text}");
        }
    }
}
