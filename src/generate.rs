//! Secrets for new extensions, made up by a vendor's own rules: where a sheet has `<generate>`, and nowhere else.
//!
//! A password has 20 characters, a PIN 8 digits, unless the vendor wants them longer or shorter. Characters that look
//! alike are left out (`0` and `O`, `1`, `l` and `I`), and so is every sign: nothing has to be quoted in CSV, XML, JSON
//! or a URL, and no spreadsheet takes a password for a formula or a PIN for a number with zeros before it. Every
//! character is drawn from the system's random bytes, each as likely as the other; a draw that is not fit is thrown
//! away whole.

use crate::manifest::{Manifest, Rule};
use crate::model::{Field, Identity, Kind, Record, Secret, TO_GENERATE};
use crate::rules::Checker;
use crate::seal::{SealError, random};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use thiserror::Error;
use zeroize::Zeroizing;

/// The length of a password, in characters, where the vendor allows it.
const PASSWORD_CHARS: usize = 20;
/// The length of a PIN, in digits, where the vendor allows it.
const PIN_DIGITS: usize = 8;
/// The number of unfit draws after which no value is left, or next to none.
const DRAWS_MAX: u32 = 10_000;
/// The length from which a number or a name may not occur in a secret; shorter ones occur in many.
const TELLING_CHARS: usize = 3;
/// The number of digits of one run (1234, 8765, 0000) that is too many for a PIN.
const RUN_DIGITS: usize = 4;
/// The least number of different digits in a PIN that is long enough.
const DIFFERENT_DIGITS: usize = 4;
/// The number of random bytes fetched at a time.
const BYTES: usize = 256;

const LOWER: &str = "abcdefghijkmnpqrstuvwxyz";
const UPPER: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGITS: &str = "23456789";
const PIN: &str = "0123456789";

/// The errors that keep a secret from being made. Nothing was sent.
#[derive(Debug, Error)]
pub(crate) enum GenerateError {
    /// No value that was not given yet keeps to the vendor's rules.
    #[error(
        "no further {field} can be generated for {number}: of the values that the vendor takes, none that was drawn was \
         free and hard to guess",
        field = .field.name()
    )]
    NoneLeft {
        field: Field,
        /// The extension.
        number: String,
    },
    /// The system has no random bytes.
    #[error("no secret can be generated: {0}")]
    Random(#[from] SealError),
}

/// Makes up secrets for one vendor, and never the same one twice.
pub(crate) struct Generator<'m> {
    checker: Checker<'m>,
    recipes: Vec<SecretPolicy>,
    /// Keyed hashes of all that is given: two texts of one hash count as a repeat, which costs a draw and no more.
    given: HashSet<u64>,
    hashes: RandomState,
    bytes: Zeroizing<[u8; BYTES]>,
    used: usize,
}

/// The way in which the secrets of a field are drawn.
struct SecretPolicy {
    field: Field,
    is_pin: bool,
    /// ASCII.
    alphabet: Vec<u8>,
    length: usize,
}

impl SecretPolicy {
    fn new(manifest: &Manifest, checker: &Checker<'_>, field: Field) -> SecretPolicy {
        let (mut min, mut max) = (1, usize::MAX);
        for rule in manifest.row(field).iter().flat_map(|row| &row.rules) {
            match rule.rule {
                Rule::MinLength { n } | Rule::Strong { min: n } => min = min.max(n),
                Rule::MaxLength { n } | Rule::MaxBytes { n } => max = max.min(n),
                Rule::Range {
                    min: least,
                    max: most,
                } => {
                    min = min.max(least.to_string().len());
                    max = max.min(most.to_string().len());
                }
                // They say which characters may stand where, not how many.
                Rule::NotBlank
                | Rule::Digits
                | Rule::Forbidden { .. }
                | Rule::AtMost { .. }
                | Rule::OneLine
                | Rule::Only { .. }
                | Rule::OnlyFirst { .. }
                | Rule::Email
                | Rule::Reserved { .. }
                | Rule::Trimmed
                | Rule::NotComputed
                | Rule::Mixed { .. } => (),
            }
        }
        let allowed = |letters: &str| -> Vec<u8> {
            let letters = letters.bytes();
            letters
                .filter(|byte| checker.allows(field, char::from(*byte)))
                .collect()
        };
        let letters = allowed(&[LOWER, UPPER].concat());
        let is_pin = field.def().kind == Kind::Identifier || letters.is_empty();
        let (alphabet, length) = match is_pin {
            true => (allowed(PIN), PIN_DIGITS),
            false => ([letters, allowed(DIGITS)].concat(), PASSWORD_CHARS),
        };
        SecretPolicy {
            field,
            is_pin,
            alphabet,
            length: length.max(min).min(max),
        }
    }

    /// Returns true if a draw is hard to guess, judged by itself.
    fn is_hard(&self, text: &str) -> bool {
        let first = text.as_bytes().first();
        if self.is_pin {
            // A spreadsheet eats a zero at the front.
            return first != Some(&b'0') && !is_plain_pin(text);
        }
        let begins_well = first.is_some_and(u8::is_ascii_alphabetic);
        let classes: [fn(&u8) -> bool; 3] = [
            u8::is_ascii_lowercase,
            u8::is_ascii_uppercase,
            u8::is_ascii_digit,
        ];
        // A class that the vendor does not take is not asked for.
        let has = |class: fn(&u8) -> bool| {
            text.as_bytes().iter().any(class) || !self.alphabet.iter().any(class)
        };
        begins_well && classes.into_iter().all(has)
    }
}

impl<'m> Generator<'m> {
    /// Creates a generator that has given no secret yet.
    pub(crate) fn new(manifest: &'m Manifest) -> Generator<'m> {
        let checker = Checker::without_sheet(manifest);
        let secret = manifest
            .field
            .iter()
            .map(|row| row.name)
            .filter(|field| field.is_secret());
        Generator {
            recipes: secret
                .map(|field| SecretPolicy::new(manifest, &checker, field))
                .collect(),
            checker,
            given: HashSet::new(),
            hashes: RandomState::new(),
            bytes: Zeroizing::new([0; BYTES]),
            used: BYTES,
        }
    }

    /// Records an extension's secrets: they are not given to another one.
    pub(crate) fn reserve_secrets(&mut self, extension: &Record) {
        let texts = extension
            .iter()
            .filter(|(field, text)| field.is_secret() && !text.is_empty() && *text != TO_GENERATE);
        for (_, text) in texts {
            self.given.insert(self.hashes.hash_one(text.reveal()));
        }
    }

    /// Puts a secret in the place of every [`TO_GENERATE`] of a new extension, and returns the fields. A field that the
    /// vendor does not know is not sent, and gets none.
    ///
    /// # Errors
    /// See [`GenerateError`]; some secrets may be filled in by then.
    pub(crate) fn fill(&mut self, wanted: &mut Record) -> Result<Vec<Field>, GenerateError> {
        let asked = wanted.iter().filter(|(_, text)| *text == TO_GENERATE);
        let asked: Vec<Field> = asked.map(|(field, _)| field).collect();
        let (known, mut filled) = (PublicFacts::from_record(wanted), vec![]);
        for field in asked {
            match self.secret(field, wanted.number(), &known)? {
                Some(secret) => {
                    wanted.set(field, &secret);
                    filled.push(field);
                }
                None => wanted.remove(field),
            }
        }
        Ok(filled)
    }

    fn secret(
        &mut self,
        field: Field,
        number: &str,
        known: &PublicFacts,
    ) -> Result<Option<Secret>, GenerateError> {
        let Some(index) = self.recipes.iter().position(|recipe| recipe.field == field) else {
            return Ok(None);
        };
        for _ in 0..DRAWS_MAX {
            let text = self.draw(index)?;
            let fits = self.recipes[index].is_hard(&text)
                && !known.is_guessable(&text)
                && self.checker.accepts(field, &text);
            if fits && self.given.insert(self.hashes.hash_one(text.as_str())) {
                return Ok(Some(Secret::new(text.as_str())));
            }
        }
        Err(GenerateError::NoneLeft {
            field,
            number: number.to_owned(),
        })
    }

    fn draw(&mut self, index: usize) -> Result<Zeroizing<String>, GenerateError> {
        let SecretPolicy {
            alphabet, length, ..
        } = &self.recipes[index];
        let mut text = Zeroizing::new(String::with_capacity(*length));
        if alphabet.is_empty() {
            return Ok(text);
        }
        // A remainder alone would favour the first ones: bytes past the last whole multiple are thrown away.
        let multiple = BYTES - BYTES % alphabet.len();
        while text.len() < *length {
            if self.used == BYTES {
                self.bytes = Zeroizing::new(random()?);
                self.used = 0;
            }
            let byte = usize::from(std::mem::take(&mut self.bytes[self.used]));
            self.used += 1;
            if byte < multiple {
                text.push(char::from(alphabet[byte % alphabet.len()]));
            }
        }
        Ok(text)
    }
}

/// The publicly known properties of an extension, which a secret must not repeat.
struct PublicFacts {
    digits: Vec<String>,
    words: Vec<String>,
}

impl PublicFacts {
    fn from_record(extension: &Record) -> PublicFacts {
        let texts =
            |identity| Field::identifying(identity).filter_map(|field| extension.text(field));
        let digits =
            texts(Identity::Number).map(|text| text.chars().filter(char::is_ascii_digit).collect());
        let names = texts(Identity::Person).chain(texts(Identity::Account));
        let words = names.flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
        let is_long = |text: &String| text.chars().count() >= TELLING_CHARS;
        PublicFacts {
            digits: digits.filter(is_long).collect(),
            words: words.map(str::to_lowercase).filter(is_long).collect(),
        }
    }

    /// Returns true if a secret is a number, or contains or is part of one, or contains a name.
    fn is_guessable(&self, secret: &str) -> bool {
        let lower = Zeroizing::new(secret.to_ascii_lowercase());
        let of_number =
            |digits: &String| secret.contains(digits.as_str()) || digits.contains(secret);
        self.digits.iter().any(of_number)
            || self.words.iter().any(|word| lower.contains(word.as_str()))
    }
}

/// Returns true if a PIN is one of those that are tried first: few different digits, digits in a row, a part repeated.
fn is_plain_pin(pin: &str) -> bool {
    let digits = pin.as_bytes();
    let different: HashSet<&u8> = digits.iter().collect();
    // On the keys a zero follows the nine.
    let steps: Vec<u8> = digits
        .windows(2)
        .map(|pair| (pair[1] + 10 - pair[0]) % 10)
        .collect();
    let in_a_row =
        |run: &[u8]| matches!(run[0], 0 | 1 | 9) && run.iter().all(|step| *step == run[0]);
    let repeats_part = |part: usize| digits.chunks(part).all(|chunk| digits.starts_with(chunk));
    different.len() < DIFFERENT_DIGITS.min(digits.len())
        || steps.windows(RUN_DIGITS - 1).any(in_a_row)
        || (1..=digits.len() / 2).any(repeats_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::dialects;
    use crate::manifest::Purpose;
    use crate::model::{Care, Finding};
    use crate::vendors::VENDORS;

    const SECRETS: [Field; 3] = [
        Field::SIP_PASSWORD,
        Field::WEB_PASSWORD,
        Field::VOICEMAIL_PIN,
    ];

    /// Builds a vendor with the rules in the test.
    fn manifest(fields: &str) -> Manifest {
        let text = format!(
            "[vendor]\nid = \"toy\"\nname = \"Toy\"\napi = \"\"\npath = \"\"\nport = 1\nrate = 1.0\nparallel = 1\n\
             batch = 1\nreply_ms = 1\n[source.page]\ntitle = \"\"\nurl = \"\"\nchecked = \"2026-01-01\"\n[ability]\n\
             create = true\nupdate = \"fields\"\ndelete = true\nlist = true\ngroups = false\ngreetings = false\n\
             sign_in = false\n[[field]]\nname = \"number\"\nwire = \"number\"\nrequired = true\nsource = \"page\"\n{fields}"
        );
        Manifest::parse(&text).unwrap()
    }

    fn pin(rules: &str) -> Manifest {
        manifest(&format!(
            "[[field]]\nname = \"voicemail_pin\"\nwire = \"pin\"\nsource = \"page\"\nrules = [{rules}]\n"
        ))
    }

    fn password(rules: &str) -> Manifest {
        manifest(&format!(
            "[[field]]\nname = \"sip_password\"\nwire = \"pw\"\nsource = \"page\"\nrules = [{rules}]\n"
        ))
    }

    fn asking(number: &str, fields: &[Field]) -> Record {
        let mut wanted = Record::numbered(number);
        for field in fields {
            wanted.set(*field, TO_GENERATE);
        }
        wanted
    }

    /// Finds the mistake in a secret, by the vendors' pages and common sense; does not use the manifests.
    fn wrong(field: Field, secret: &str, of: &Record) -> Option<&'static str> {
        let bytes = secret.as_bytes();
        let has = |class: fn(&u8) -> bool| bytes.iter().any(class);
        let all = |class: fn(&u8) -> bool| bytes.iter().all(class);
        let lower = secret.to_ascii_lowercase();
        let holds = |field: Field| {
            let parts = of.reveal(field).unwrap_or_default().split(' ');
            let parts = parts.filter(|part| part.len() >= 3);
            parts
                .map(str::to_lowercase)
                .any(|part| lower.contains(&part))
        };
        let mobile = of.text(Field::MOBILE).unwrap_or_default();
        let in_a_row = |four: &[u8]| {
            let up = four
                .windows(2)
                .all(|two| two[1] == two[0] + 1 || two == b"90");
            let down = four
                .windows(2)
                .all(|two| two[0] == two[1] + 1 || two == b"09");
            up || down || four == [four[0]; 4]
        };
        let wrong = match field {
            _ if !all(u8::is_ascii_alphanumeric) => "a sign",
            _ if holds(Field::NUMBER) || holds(Field::MOBILE) => "its number",
            _ if holds(Field::DISPLAY_NAME) => "its name",
            _ if mobile.contains(secret) => "a part of its mobile number",
            Field::VOICEMAIL_PIN => match () {
                () if bytes.len() != 8 => "not 8 digits",
                () if !all(u8::is_ascii_digit) => "no digit",
                () if bytes[0] == b'0' => "a zero at the front",
                () if bytes.windows(4).any(in_a_row) => "digits in a row",
                () if bytes[..4] == bytes[4..] => "a part said again",
                () => return None,
            },
            _ if bytes.len() != 20 => "not 20 characters",
            _ if has(|b| b"0Oo1lI".contains(b)) => "what looks alike",
            _ if !has(u8::is_ascii_lowercase) => "no lower-case letter",
            _ if !has(u8::is_ascii_uppercase) => "no upper-case letter",
            _ if !has(u8::is_ascii_digit) => "no digit",
            _ if bytes[0].is_ascii_digit() => "a digit at the front",
            _ => return None,
        };
        Some(wrong)
    }

    #[test]
    fn a_million_secrets_keep_to_every_makes_rules_and_none_comes_twice() {
        const MILLION: usize = 1_000_000;
        let manifests: Vec<&Manifest> = VENDORS.iter().map(|vendor| (vendor.manifest)()).collect();
        let checkers: Vec<Checker<'_>> = manifests
            .iter()
            .map(|manifest| Checker::without_sheet(manifest))
            .collect();
        let mut generators: Vec<Generator<'_>> = manifests
            .iter()
            .map(|manifest| Generator::new(manifest))
            .collect();
        let names = [
            "Ann Miller",
            "Bo Lund",
            "Zoë Äpfel",
            "Max Mustermann",
            "Kim",
        ];
        let mut all: HashSet<Box<str>> = HashSet::with_capacity(MILLION);
        let mut number = 2000;
        'million: loop {
            for (index, manifest) in manifests.iter().enumerate() {
                number += 1;
                let known = SECRETS
                    .into_iter()
                    .filter(|field| manifest.row(*field).is_some());
                let known: Vec<Field> = known.collect();
                let mut wanted = asking(&number.to_string(), &known);
                wanted.set(Field::DISPLAY_NAME, names[number % names.len()]);
                wanted.set(Field::MOBILE, format!("491{}", 60_000_000 + number * 37));
                assert_eq!(generators[index].fill(&mut wanted).unwrap(), known);
                for (other, generator) in generators.iter_mut().enumerate() {
                    if other != index {
                        generator.reserve_secrets(&wanted);
                    }
                }
                for field in known {
                    let secret = wanted.reveal(field).unwrap();
                    assert_eq!(wrong(field, secret, &wanted), None, "{field:?}");
                    for (checker, manifest) in checkers.iter().zip(&manifests) {
                        let takes = manifest.row(field).is_none() || checker.accepts(field, secret);
                        assert!(takes, "{} refuses a {field:?}", manifest.vendor.id);
                    }
                    assert!(all.insert(secret.into()), "a {field:?} came twice");
                    if all.len() == MILLION {
                        break 'million;
                    }
                }
            }
        }
    }

    /// The facts of every vendor and of every import file with a SIP password.
    fn with_password() -> Vec<&'static Manifest> {
        let vendors = VENDORS.iter().map(|vendor| (vendor.manifest)());
        let all = vendors.chain(dialects());
        all.filter(|facts| facts.row(Field::SIP_PASSWORD).is_some())
            .collect()
    }

    /// The findings about a SIP password, as severity and rule.
    fn told(checker: &Checker<'_>, number: &str, password: &str) -> Vec<String> {
        let mut wanted = Record::numbered(number);
        wanted.set(Field::SIP_PASSWORD, password);
        let mut findings = vec![];
        checker.extension(&wanted, Purpose::Create, &mut findings);
        let about = |finding: &&Finding| finding.field == Some(Field::SIP_PASSWORD);
        let about = findings.iter().filter(about);
        about
            .map(|finding| format!("{} {}", finding.severity.word(), finding.rule))
            .collect()
    }

    #[test]
    fn an_easy_password_is_told_by_every_vendor_and_import_file() {
        let manifests = with_password();
        assert!(manifests.len() > 12);
        for facts in manifests {
            let checker = Checker::without_sheet(facts);
            for (number, text) in [
                ("2003", "2003"),
                ("4930123456", "4930123456"),
                ("2001", "1234"),
                ("2001", "x"),
                ("2001", "secret"),
                ("2001", "Geheimnis"),
                ("2001", "TopSecret"),
                ("2001", "AD-Passwort"),
                ("2001", "123456789012"),
                ("2001", "abababab1"),
            ] {
                let told = told(&checker, number, text);
                assert!(!told.is_empty(), "{} {text}", facts.vendor.id);
            }
        }
    }

    #[test]
    fn what_is_no_password_is_an_error_at_every_vendor_and_import_file() {
        for facts in with_password() {
            let checker = Checker::without_sheet(facts);
            for text in [
                "not set",
                "unbekannt",
                "Pending",
                "TBC",
                "fehlt",
                "???",
                "..........",
                "Xk7-pass…",
                "Xk7-pass...",
                "1Password",
                "wird noch vergeben",
                "(noch offen)",
                "{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr",
            ] {
                let told = told(&checker, "2001", text);
                let is_error = told.first().is_some_and(|told| told.starts_with("error "));
                assert!(is_error, "{} {text}: {told:?}", facts.vendor.id);
            }
        }
    }

    #[test]
    fn generated_passwords_raise_no_finding() {
        const EACH: usize = 10_000;
        let field = |name: &Field| name.def().care == Care::Password;
        for facts in with_password() {
            let checker = Checker::without_sheet(facts);
            let mut generator = Generator::new(facts);
            let fields: Vec<Field> = facts
                .field
                .iter()
                .map(|row| row.name)
                .filter(field)
                .collect();
            for number in 0..EACH {
                let mut wanted = Record::numbered((20_000 + number).to_string());
                for field in &fields {
                    wanted.set(*field, TO_GENERATE);
                }
                generator.fill(&mut wanted).unwrap();
                let mut findings = vec![];
                checker.extension(&wanted, Purpose::Create, &mut findings);
                findings.retain(|finding| finding.field.is_some_and(|of| fields.contains(&of)));
                assert!(findings.is_empty(), "{}: {findings:?}", facts.vendor.id);
            }
        }
    }

    /// Secrets of one field for new extensions with numbers of four digits.
    fn some(manifest: &Manifest, field: Field, count: usize) -> Vec<String> {
        let mut generator = Generator::new(manifest);
        let secrets = (0..count).map(|index| {
            let mut wanted = asking(&(2000 + index).to_string(), &[field]);
            assert_eq!(generator.fill(&mut wanted).unwrap(), [field]);
            wanted.reveal(field).unwrap().to_owned()
        });
        secrets.collect()
    }

    #[test]
    fn lengths_and_characters_are_the_makes_own() {
        let of = |rules: &str| some(&password(rules), Field::SIP_PASSWORD, 500);
        let length = |rules: &str, wanted: usize| {
            let secrets = of(rules);
            assert!(
                secrets.iter().all(|secret| secret.len() == wanted),
                "{rules}"
            );
        };
        length("", 20);
        length("{ kind = \"max_length\", n = 12 }", 12);
        length("{ kind = \"min_length\", n = 24 }", 24);
        length(
            "{ kind = \"strong\", min = 22, severity = \"warning\" }",
            22,
        );
        let only = "{ kind = \"only\", chars = \"a-f2-4\" }";
        let all = of(only).concat();
        assert!(all.bytes().all(|b| b"abcdef234".contains(&b)), "{all}");
        let without =
            of("{ kind = \"forbidden\", chars = \"aX7\", severity = \"warning\" }").concat();
        assert!(!without.contains(['a', 'X', '7']) && without.contains('8'));
        // A vendor that takes digits only has PINs for passwords.
        let digits = of("{ kind = \"digits\" }");
        assert!(
            digits
                .iter()
                .all(|pin| pin.len() == 8 && pin.parse::<u32>().is_ok())
        );
        let short = some(
            &pin("{ kind = \"max_length\", n = 5 }"),
            Field::VOICEMAIL_PIN,
            500,
        );
        assert!(
            short
                .iter()
                .all(|pin| pin.len() == 5 && pin.parse::<u32>().is_ok())
        );
        let ranged = "{ kind = \"range\", min = 30000, max = 399999 }";
        let ranged = some(&pin(ranged), Field::VOICEMAIL_PIN, 200);
        assert!(
            ranged
                .iter()
                .all(|pin| pin.len() == 6 && pin.as_str() < "400000")
        );
    }

    #[test]
    fn every_character_is_as_likely_as_the_other() {
        const COUNT: usize = 20_000;
        // Behind the first character, which is a letter.
        let mut seen = [0_u32; 256];
        for secret in some(&password(""), Field::SIP_PASSWORD, COUNT) {
            secret
                .bytes()
                .skip(1)
                .for_each(|byte| seen[usize::from(byte)] += 1);
        }
        let letters = [LOWER, UPPER].concat();
        let count = |class: &str| -> f64 {
            let counts: Vec<f64> = class
                .bytes()
                .map(|b| f64::from(seen[usize::from(b)]))
                .collect();
            let mean = counts.iter().sum::<f64>() / counts.len() as f64;
            // Six standard deviations; a remainder without throwing bytes away would be off by a quarter.
            let far = |count: &&f64| (**count - mean).abs() > 6.0 * mean.sqrt();
            assert_eq!(counts.iter().find(far), None, "{class}: {counts:?}");
            mean
        };
        let (letter, digit) = (count(&letters), count(DIGITS));
        // A secret without a digit is drawn again, so there are a few more of them.
        assert!(digit > letter && digit < letter * 1.2, "{letter} {digit}");
    }

    #[test]
    fn what_people_know_is_in_no_secret() {
        let manifest = pin("{ kind = \"digits\" }, { kind = \"max_length\", n = 4 }");
        for _ in 0..300 {
            let mut generator = Generator::new(&manifest);
            let mut wanted = asking("482", &[Field::VOICEMAIL_PIN]);
            wanted.set(Field::MOBILE, "+49 (171) 5-0293-8471");
            generator.fill(&mut wanted).unwrap();
            let pin = wanted.reveal(Field::VOICEMAIL_PIN).unwrap();
            assert!(
                !pin.contains("482") && !"4917150293847".contains(pin),
                "{pin}"
            );
        }
        let known = PublicFacts::from_record(&{
            let mut extension = Record::numbered("71");
            extension.set(Field::DISPLAY_NAME, "Jo Özil-Kim");
            extension.set(Field::EMAIL, "j.strauss@example.com");
            extension.set(Field::MOBILE, "+49 (171) 502-93");
            extension
        });
        assert!(
            known.is_guessable("aKIMb")
                && known.is_guessable("xStrausSx")
                && known.is_guessable("Examplexx")
        );
        assert!(
            known.is_guessable("4917")
                && known.is_guessable("15029")
                && !known.is_guessable("15028")
        );
        assert!(
            !known.is_guessable("a71b")
                && !known.is_guessable("aJob")
                && !known.is_guessable("kiim")
        );
        let plain = [
            "11111111", "12345678", "87654321", "13131313", "12341234", "48210000", "90124857",
            "11223311", "12312312", "5678", "1112", "7890", "4141",
        ];
        assert!(plain.into_iter().all(is_plain_pin));
        assert!(!["83914072", "20471", "4182"].into_iter().any(is_plain_pin));
    }

    #[test]
    fn nothing_is_given_twice_and_in_the_end_that_is_said() {
        let manifest = pin("{ kind = \"digits\" }, { kind = \"max_length\", n = 4 }");
        let mut generator = Generator::new(&manifest);
        let mut all = HashSet::new();
        let error = loop {
            let mut wanted = asking("20001", &[Field::VOICEMAIL_PIN]);
            match generator.fill(&mut wanted) {
                Ok(_) => {
                    assert!(all.insert(wanted.reveal(Field::VOICEMAIL_PIN).unwrap().to_owned()))
                }
                Err(error) => break error,
            }
        };
        // Four different digits, not in a row, no zero in front: 4,536 less some.
        assert!((4000..4536).contains(&all.len()), "{}", all.len());
        let error = error.to_string();
        assert!(
            error.contains("voicemail_pin") && error.contains("20001"),
            "{error}"
        );

        // A secret of another extension is never given out, be it typed or on the PBX.
        let manifest =
            pin("{ kind = \"only\", chars = \"1234\" }, { kind = \"max_length\", n = 4 }");
        let mut generator = Generator::new(&manifest);
        let free = [
            "1324", "1342", "1423", "1243", "2134", "2143", "2314", "2413", "2431", "3124", "3142",
            "3241",
        ];
        let more = [
            "3412", "3421", "4123", "4132", "4213", "4231", "4312", "2341", "1432", "3214",
        ];
        for taken in free
            .into_iter()
            .chain(more)
            .filter(|taken| *taken != "2413")
        {
            let mut other = Record::numbered("2002");
            other.set(Field::VOICEMAIL_PIN, taken);
            generator.reserve_secrets(&other);
        }
        let mut wanted = asking("2001", &[Field::VOICEMAIL_PIN]);
        generator.fill(&mut wanted).unwrap();
        assert_eq!(wanted.reveal(Field::VOICEMAIL_PIN), Some("2413"));
        assert!(
            generator
                .fill(&mut asking("2003", &[Field::VOICEMAIL_PIN]))
                .is_err()
        );
    }

    #[test]
    fn only_what_is_asked_for_is_given_and_nothing_that_the_make_does_not_know() {
        let manifest = password("");
        let mut wanted = asking("2001", &[Field::VOICEMAIL_PIN]);
        wanted.set(Field::SIP_PASSWORD, "typed");
        let filled = Generator::new(&manifest).fill(&mut wanted).unwrap();
        assert_eq!(filled, []);
        assert_eq!(wanted.reveal(Field::SIP_PASSWORD), Some("typed"));
        assert_eq!(wanted.reveal(Field::VOICEMAIL_PIN), None);
        let nothing = password("{ kind = \"only\", chars = \"!\" }");
        let mut generator = Generator::new(&nothing);
        assert!(
            generator
                .fill(&mut asking("2001", &[Field::SIP_PASSWORD]))
                .is_err()
        );
    }
}
