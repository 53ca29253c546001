//! Every text that a person may read has its German, and no German is without a text.

mod collect;

use super::part::TextPart;
use super::pattern::{PlaceKind, TextPattern};
use super::table::TextTable;
use super::{GERMAN, TABLE, in_language, word_in};
use crate::model::redact::in_quotes;
use crate::model::{Action, Language, RingResult, RowResult, Severity};
use crate::random::Random;
use collect::SourceTexts;
use std::collections::{BTreeMap, BTreeSet};

/// SourceTexts that are the same in both languages.
const SAME: &[&str] = &[
    "API v2.0.0",
    "Admin → Bulk Handler → Export → Extensions",
    "Call Manager → Users → Export",
    "Employees → Export",
    "Extension/Trunk → Extensions → Export",
    "Extensions → Export",
    "Name",
    "REGISTER {} ({kind}) → {came} in {ms} ms",
    "Setup → Extensions → Manage → Import Extensions → Export Extensions",
    "Unavailable, Registered, Ringing, Busy, Hold, Malfunction, Idle, Fxsnoport.",
    "Users → Export",
    "email {}",
    "ok ",
    "qop {offered}",
    "rowcall: {}",
    "{hours} h {minutes} min",
    "{minutes} min {seconds} s",
    "{told}; {}",
    "{} ({shown})",
    "{} {} {} ({}) → {came} in {} ms",
];

/// Words of errors that come from the system, and so stand nowhere in the sources.
const OF_SYSTEM: &str = "system";

/// The German texts by the English ones, of all files.
fn german() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (room, file) in GERMAN {
        let texts: BTreeMap<String, String> = toml::from_str(file).expect(room);
        for (from, to) in texts {
            let before = all.insert(from.clone(), to);
            assert_eq!(before, None, "{room}.toml: {from:?} stands in two files");
        }
    }
    all
}

/// Words that are told though their literals stand alone: results, actions, weights.
fn words() -> impl Iterator<Item = &'static str> {
    let results = RowResult::ALL.map(RowResult::word).into_iter();
    let rings = RingResult::ALL.map(RingResult::word).into_iter();
    let actions = Action::ALL.map(Action::word).into_iter();
    let weights = Severity::ALL.map(Severity::word).into_iter();
    results.chain(rings).chain(actions).chain(weights)
}

#[test]
fn every_text_for_people_has_its_german() {
    let (german, texts) = (german(), SourceTexts::read());
    assert!(
        texts.told.len() > 2000,
        "only {} texts are found",
        texts.told.len()
    );
    let known = |text: &str| german.contains_key(text);
    let mut missing: BTreeSet<String> = BTreeSet::new();
    for (text, place) in &texts.told {
        if !known(text) {
            missing.insert(format!("{place}: {text:?} = \"\""));
        }
    }
    for word in words().filter(|word| !known(word)) {
        missing.insert(format!("a word of a vocabulary: {word:?} = \"\""));
    }
    let missing: Vec<String> = missing.into_iter().collect();
    assert!(
        missing.is_empty(),
        "{} texts have no German; write it into src/lang/de/, in the file of the room:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

#[test]
fn no_german_is_without_a_text() {
    let texts = SourceTexts::read();
    let words: BTreeSet<&str> = words().collect();
    let mut dead = vec![];
    for (room, file) in GERMAN.iter().filter(|(room, _)| *room != OF_SYSTEM) {
        let keys: BTreeMap<String, String> = toml::from_str(file).expect(room);
        let stands = |key: &String| texts.all.contains(key) || words.contains(key.as_str());
        dead.extend(
            keys.keys()
                .filter(|key| !stands(key))
                .map(|key| format!("{room}.toml: {key:?}")),
        );
    }
    assert!(dead.is_empty(), "no text is any more:\n{}", dead.join("\n"));
}

#[test]
fn german_texts_have_the_same_places_and_are_german() {
    let mut wrong = vec![];
    for (from, to) in german() {
        let places = |text: &str| -> BTreeSet<String> {
            TextPattern::new(text).places().iter().cloned().collect()
        };
        let is_same = plain(&from) == plain(&to);
        if places(&from) != places(&to) || is_same != SAME.contains(&from.as_str()) {
            wrong.push(format!("{from:?} = {to:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A text without the marks of its places.
fn plain(text: &str) -> String {
    let marks = [
        "|text}",
        "|foreign}",
        "|list}",
        "|joined}",
        "|number}",
        "|date}",
    ];
    let text = text.to_owned();
    marks
        .iter()
        .fold(text, |text, mark| text.replace(mark, "}"))
}

#[test]
fn every_message_is_found_again_as_the_text_that_it_was_made_from() {
    let mut lost = vec![];
    let texts = [
        "created",
        "updated",
        "deleted",
        "valid",
        "invalid",
        "held",
        "unchanged",
    ];
    let others = ["x0", "x1", "x2", "x3", "x4", "x5", "x6"];
    for (from, to) in TABLE.pairs().filter(|(from, _)| !from.is_vague()) {
        let names = from.places();
        let value_of = |name: &String| {
            let kinds = || {
                let mut places = to.places().iter().zip(to.kinds());
                move |is_so: &dyn Fn(PlaceKind) -> bool| {
                    places.any(|(place, kind)| place == name && is_so(*kind))
                }
            };
            let first = names
                .iter()
                .position(|known| known == name)
                .unwrap_or_default();
            let values: &[&str] = match (
                kinds()(&|kind| kind == PlaceKind::Date),
                kinds()(&PlaceKind::is_text),
            ) {
                (true, _) => &["29 Nov 15:54"],
                (_, true) => &texts,
                _ => &others,
            };
            values[first % values.len()]
        };
        let values: Vec<&str> = names.iter().map(value_of).collect();
        let values: Vec<TextPart<'_>> = values
            .iter()
            .map(|value| TextPart::new(value, value))
            .collect();
        let message = from.filled(names, &values, |_, value| value.text.to_owned());
        let expected = to.filled(names, &values, |kind, value| match kind {
            kind if kind.is_text() => in_language(value.text, Language::German).into_owned(),
            PlaceKind::Date => value.text.replacen(' ', ". ", 1),
            _ => value.text.to_owned(),
        });
        let german = in_language(&message, Language::German);
        if german != expected {
            lost.push(format!("{message:?} is {german:?} and not {expected:?}"));
        }
    }
    assert!(
        lost.is_empty(),
        "{}\n{} are lost",
        lost.join("\n"),
        lost.len()
    );
}

#[test]
fn no_message_with_values_of_several_words_is_told_in_two_languages() {
    let texts = [
        "above the headings",
        "as the sheet's name",
        "around the rows",
    ];
    let others = ["\"Lund, Ann of B\"", "\"row 2 of 3\"", "\"a; b: c\""];
    let mut mixed = vec![];
    for (from, to) in TABLE.pairs() {
        let names = from.places();
        if names.len() < 2 || from.is_vague() || !is_apart(from) {
            continue;
        }
        let is_text = |name: &String| {
            let mut places = to.places().iter().zip(to.kinds());
            places.any(|(place, kind)| place == name && kind.is_text())
        };
        let is_plain = |name: &String| {
            let mut places = to.places().iter().zip(to.kinds());
            places.all(|(place, kind)| place != name || *kind == PlaceKind::Value || kind.is_text())
        };
        if !names.iter().all(is_plain) {
            continue;
        }
        let values = names
            .iter()
            .enumerate()
            .map(|(at, name)| match is_text(name) {
                true => texts[at % texts.len()],
                false => others[at % others.len()],
            });
        let values: Vec<TextPart<'_>> = values.map(|value| TextPart::new(value, value)).collect();
        let message = from.filled(names, &values, |_, value| value.text.to_owned());
        let expected = to.filled(names, &values, |kind, value| match kind.is_text() {
            true => in_language(value.text, Language::German).into_owned(),
            false => format!("„{}“", value.text.trim_matches('"')),
        });
        let german = in_language(&message, Language::German);
        // The quotes of a value within others are told as they are.
        let words = |text: &str| text.replace(['"', '„', '“', '”'], "");
        if words(&german) != words(&expected) {
            mixed.push(format!("{message:?} is {german:?} and not {expected:?}"));
        }
    }
    assert!(
        mixed.is_empty(),
        "{}\n{} are mixed",
        mixed.join("\n"),
        mixed.len()
    );
}

#[test]
fn an_unknown_text_stays_and_english_asks_no_table() {
    for text in ["", "Zufall 7", "no such message of this program", "name"] {
        let in_english = in_language(text, Language::English);
        assert_eq!(in_english, text);
    }
    let unknown = "no such message, and {braces} too";
    assert_eq!(in_language(unknown, Language::German), unknown);
}

#[test]
fn a_word_alone_is_looked_up_without_the_messages() {
    for heading in ["place", "result", "elapsed_ms", "finished_at"] {
        let german = word_in(heading, Language::German);
        assert_ne!(german, heading);
        assert_eq!(german, in_language(heading, Language::German));
        assert_eq!(word_in(heading, Language::English), heading);
    }
}

/// A table of a few texts.
fn table() -> TextTable {
    let texts = r#"
"is missing" = "fehlt hier"
"row" = "Zeile"
"rows" = "Zeilen"
"{} now holds {}" = "in {0} steht {1}"
"{} over {}" = "{} über {}"
"{} now holds {} and more" = "in {0} stehen {1} und mehr"
"{path} cannot be read: {error}" = "{path} ist nicht lesbar: {error|foreign}"
"{one} beside {other}" = "{other} neben {one}"
"{this} beside {that}" = "{this} bei {that}"
"has {count} of {}: {counts}" = "hat {count|text} von {}: {counts|list}"
"fill in the cell" = "die Zelle ausfüllen"
"hidden, or not" = "verborgen, oder nicht"
"{count} ring" = "{count} klingeln"
"#;
    TextTable::new([texts].into_iter())
}

#[test]
fn a_message_is_translated_by_the_text_with_the_most_letters_of_its_own() {
    let table = table();
    for (english, german) in [
        ("is missing", "fehlt hier"),
        ("the cup now holds tea", "in the cup steht tea"),
        (
            "the cup now holds tea and more",
            "in the cup stehen tea und mehr",
        ),
        // Two texts are as good, and say different things: never a guess.
        ("a beside b", "a beside b"),
        // Values are never translated, texts within texts are.
        ("row now holds rows", "in row steht rows"),
        (
            "a.csv cannot be read: is missing",
            "a.csv ist nicht lesbar: fehlt hier",
        ),
        // Few letters, and a number.
        ("a: 2 rows, 2 ring", "a: 2 Zeilen, 2 klingeln"),
        // Words of a library stand in brackets behind the sentence.
        (
            "a.xlsx cannot be read: invalid Zip archive: no end",
            "a.xlsx ist nicht lesbar (invalid Zip archive: no end)",
        ),
        // Also where a word of them is known.
        (
            "a.toml cannot be read: the quoted string now holds a newline",
            "a.toml ist nicht lesbar (the quoted string now holds a newline)",
        ),
        (
            "has 2 rows of x: 1 row, 3 rows, 4 cups",
            "hat 2 Zeilen von x: 1 Zeile, 3 Zeilen, 4 cups",
        ),
        // One word between values says too little of what they are.
        ("10.0.0.1 over tls", "10.0.0.1 über tls"),
        ("the sky over Berlin", "the sky over Berlin"),
        // Values in quotes, whatever they say.
        (
            "name \"is missing, 2 rows, and row\" is missing",
            "name „is missing, 2 rows, and row“ fehlt hier",
        ),
        ("“ ” now holds “b” and “ ”", "in “ ” steht „b“ and “ ”"),
        // What is escaped, and what is in a notation, stays as it is.
        ("\"a\\\"b\" is missing", "\"a\\\"b\" fehlt hier"),
        ("{\"a\": \"b\"} is missing", "{\"a\": \"b\"} fehlt hier"),
        (
            "“a now holds b” now holds 'x: is missing'",
            "in „a now holds b“ steht 'x: is missing'",
        ),
        (
            "\"is missing — fill in the cell\" is missing",
            "„is missing — fill in the cell“ fehlt hier",
        ),
        // A sentence behind a place or a name, and before the next step.
        ("a.csv:3: number is missing", "a.csv:3: number fehlt hier"),
        (
            "number is missing — fill in the cell",
            "number fehlt hier — die Zelle ausfüllen",
        ),
        ("is missing\n7 rows", "fehlt hier\n7 Zeilen"),
        // A remark in brackets, and parts of a list, one with a comma in itself.
        (
            "number is missing (fill in the cell)",
            "number fehlt hier (die Zelle ausfüllen)",
        ),
        (
            "a.csv: 2 rows, hidden, or not, is missing, row",
            "a.csv: 2 Zeilen, verborgen, oder nicht, fehlt hier, row",
        ),
    ] {
        assert_eq!(table.translate(english, &[]), german);
    }
    let kept = ["2 rows, is missing.csv".to_owned()];
    let typed = "2 rows, is missing.csv: 2 rows, is missing.csv cannot be read: is missing";
    let told = "2 rows, is missing.csv: 2 rows, is missing.csv ist nicht lesbar: fehlt hier";
    assert_eq!(table.translate(typed, &kept), told);
}

#[test]
fn quotes_among_signs_enclose_nothing() {
    let signs = "; & \" ' \\ < > ` | space “ ” ‘ ’";
    let note =
        "the page prints the quotes in their curly form; straight ones are meant, both are refused";
    let english = format!("sip_password must not contain any of {signs} ({note})");
    let german = TABLE.translate(&english, &[]);
    let signs = signs.replace("space", "Leerzeichen");
    assert!(german.contains(&format!(": {signs} (die ")), "{german}");
}

/// Texts that are taken for others: of the table, made from its templates, and several of them.
fn hostile(random: &mut Random) -> String {
    let pairs: Vec<_> = TABLE.pairs().collect();
    let one = |random: &mut Random| -> String {
        let (from, _) = random.one(&pairs);
        let values: Vec<TextPart<'_>> = from
            .places()
            .iter()
            .map(|_| TextPart::new("row", "row"))
            .collect();
        from.filled(from.places(), &values, |_, value| value.text.to_owned())
    };
    let two = [one(random), one(random)];
    let marks = [", ", ": ", " — ", " (", "; ", " and ", " "];
    let mark = random.one(&marks);
    let text = match random.below(3) {
        0 => two[0].clone(),
        _ => two.join(mark),
    };
    let quotes = ['"', '\'', '“', '”', '„', '\\', '\n'];
    let text: String = text.chars().filter(|c| !quotes.contains(c)).collect();
    // An inch sign, or a name in quotes of its own.
    match random.one_in(2) {
        true => text.trim().replacen(' ', "\" ", 1),
        false => text.trim().to_owned(),
    }
}

/// Returns true if no place is beside a letter, or a quote: a value there has no quotes of its own that can be seen.
fn is_apart(from: &TextPattern) -> bool {
    let text = from.filled(&[], &[], |_, _| "\u{3}".to_owned());
    let letters: Vec<char> = text.chars().collect();
    letters
        .windows(2)
        .all(|two| two[1] != '\u{3}' || !(two[0].is_alphanumeric() || two[0] == '"'))
}

#[test]
fn values_of_users_are_never_translated() {
    let mut random = Random::from_environment_or("HOSTILE_SEED", 12);
    let mut changed = vec![];
    for (from, _) in TABLE.pairs().filter(|(from, _)| is_apart(from)) {
        for is_quoted in [true, false] {
            let names = from.places();
            let values: Vec<String> = names.iter().map(|_| hostile(&mut random)).collect();
            let shown: Vec<String> = values
                .iter()
                .map(|value| match is_quoted {
                    true => in_quotes(value),
                    false => value.clone(),
                })
                .collect();
            let parts: Vec<TextPart<'_>> = shown
                .iter()
                .map(|value| TextPart::new(value, value))
                .collect();
            let message = from.filled(names, &parts, |_, value| value.text.to_owned());
            let kept = if is_quoted { vec![] } else { values.clone() };
            let german = TABLE.translate(&message, &kept);
            // Its quotes are those of the language.
            let told = |value: &str| match value.strip_prefix('"') {
                Some(value) if is_quoted => format!("„{}“", value.trim_end_matches('"')),
                _ => value.to_owned(),
            };
            for value in shown.iter().filter(|value| message.contains(*value)) {
                if !german.contains(value) && !german.contains(&told(value)) {
                    changed.push(format!("{value:?} of {message:?} in {german:?}"));
                }
            }
        }
    }
    assert!(
        changed.is_empty(),
        "{}\n{} are changed",
        changed.join("\n"),
        changed.len()
    );
}

#[test]
fn what_a_message_has_within_it_is_german_too() {
    for (english, german) in [
        (
            "hq needs a password, and the variable (not shown, because it may be the password itself) is not set",
            "hq braucht ein Passwort, und die Variable (nicht gezeigt, denn es kann das Passwort selbst sein) ist nicht gesetzt",
        ),
        (
            "h.xlsx: sheet “Staff”, hidden sheet “Alt” (read only with --sheet Alt), hidden sheet “B” (read only with --sheet B)",
            "h.xlsx: Blatt „Staff“, ausgeblendetes Blatt „Alt“ (nur mit --sheet Alt gelesen), ausgeblendetes Blatt „B“ (nur mit --sheet B gelesen)",
        ),
        (
            "g.xlsx: sheet “Staff”, hidden sheet “Alt, neu” (read only with --sheet 'Alt, neu')",
            "g.xlsx: Blatt „Staff“, ausgeblendetes Blatt „Alt, neu“ (nur mit --sheet 'Alt, neu' gelesen)",
        ),
        (
            "email, C2: (not shown) must be an e-mail address — write it as name@example.com",
            "email, C2: (nicht gezeigt) muss eine E-Mail-Adresse sein — in der Form name@example.com schreiben",
        ),
        (
            "several of its sheets can be meant: “Staff 2024” (2 rows), “Lists” (1 row). Name those to read with --sheet a, or all of them with --sheet '*'",
            "mehrere Blätter kommen in Frage: „Staff 2024“ (2 Zeilen), „Lists“ (1 Zeile). Die zu lesenden mit --sheet a angeben, oder alle mit --sheet '*'",
        ),
        ("1 row: liste.csv:3", "1 Zeile: liste.csv:3"),
        (
            "0.5 requests a second, 2 in flight",
            "0,5 Anfragen pro Sekunde, 2 gleichzeitig",
        ),
        (
            "the words \"Nebenstellen, gesperrt\" above the headings may say that these extensions are off, and they would be on: keep only the rows that are meant, or take all",
            "die Wörter „Nebenstellen, gesperrt“ über den Überschriften: vielleicht sind diese Nebenstellen ausgeschaltet, und sie wären eingeschaltet; nur die gemeinten Zeilen behalten, oder alle nehmen",
        ),
        (
            "run 20261130-1: 40 of 60 rows are still to be sent; 9 of them may have been sent and are looked up first; those that are missing are looked for once more after 31 s, when no reply can come any more",
            "Lauf 20261130-1: noch zu senden: 40 von 60 Zeilen; davon möglicherweise schon gesendet und zuerst nachzusehen: 9; was dabei fehlt, wird nach 31 s noch einmal gesucht, wenn keine Antwort mehr kommen kann",
        ),
        (
            "taken out by hand: 2 rows: liste.csv:3, liste.csv:4",
            "von Hand herausgenommen: 2 Zeilen: liste.csv:3, liste.csv:4",
        ),
    ] {
        assert_eq!(in_language(english, Language::German), german);
    }
}

#[test]
fn a_text_without_a_fixed_part_of_a_template_is_not_tried_with_every_blank() {
    let pattern = TextPattern::new("{} {} {} ({}) → {came} in {} ms");
    let readings = |text: &str| pattern.readings(TextPart::new(text, text), 9).len();
    assert_eq!(readings("a b c d (e) → f in 1 ms"), 3);
    let begun = std::time::Instant::now();
    for end in ["ms", "(e) → f ms", "(e) in 1 ms"] {
        assert_eq!(readings(&("a ".repeat(5000) + end)), 0);
    }
    assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
}
