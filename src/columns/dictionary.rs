//! The meaning of single headings: rowcall's own names, common words, and the marks that people write beside them.

pub(super) use crate::model::plain_letters as plain;

use crate::manifest::{all_digits, left_words, left_words_in_text, off_words, on_words};
use crate::model::{Action, Field, heading_key, is_near};
use crate::sheet::OWN_PREFIX;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

/// `words.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    marks: Vec<String>,
    only_number: Vec<String>,
    may_count_rows: Vec<String>,
    number_like: Vec<String>,
    name: Vec<String>,
    particle: Vec<String>,
    given_name: Vec<String>,
    given_or_whole: Vec<String>,
    surname_or_nickname: Vec<String>,
    name_in_two: Vec<String>,
    weak_name: Vec<String>,
    feature_parts: Vec<String>,
    feature_words: Vec<String>,
    something_else: Vec<String>,
    somebody_else: Vec<String>,
    of_person: Vec<String>,
    second_surname: Vec<String>,
    before_surname: Vec<String>,
    given_name_first: Vec<String>,
    moved: Vec<String>,
    private: Vec<String>,
    instruction: Vec<String>,
    elsewhere: Vec<String>,
    password: Vec<String>,
    secret_parts: Vec<String>,
    user: Vec<String>,
    account: Vec<String>,
    account_parts: Vec<String>,
    account_words: Vec<String>,
    account_headings: Vec<String>,
    everyday: Vec<String>,
    action: Vec<String>,
    may_act: Vec<String>,
    taken: Vec<String>,
    passed_over: Vec<String>,
    remove: Vec<String>,
    keep: Vec<String>,
    state: Vec<String>,
    in_service: Vec<String>,
    state_of_country: Vec<String>,
    place: Vec<String>,
    disabled: Vec<String>,
    account_bits: Vec<String>,
    leaver: Vec<String>,
    names_group: Vec<String>,
    kind: Vec<String>,
    notes: Vec<String>,
    /// Words of cells, not of headings.
    action_word: BTreeMap<Action, Vec<String>>,
    /// Words of cells too.
    decision: DeletionWords,
    kind_of_row: KindWords,
    /// The words that count beside others of their language only.
    only_beside: BTreeMap<String, Vec<String>>,
    field: BTreeMap<Field, BTreeMap<String, Vec<String>>>,
}

/// The words of cells that decide on a row to be deleted, beside those of headings and of actions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeletionWords {
    goes: Vec<String>,
    may_stay: Vec<String>,
    emergency: Vec<String>,
    not_meant: Vec<String>,
    beside_it: Vec<String>,
    sheet_not_meant: Vec<String>,
    not_meant_within: Vec<String>,
    /// Words of a title above rows that stay, and several that follow each other.
    staff: Vec<String>,
    staff_phrases: Vec<String>,
}

/// The words of cells that tell extensions from other things with a number.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindWords {
    other: Vec<String>,
    extension: Vec<String>,
}

impl Words {
    /// The words whose meaning may depend on the columns beside them.
    fn lists(&self) -> [(&[String], Common); 19] {
        [
            (&self.only_number, Common::OnlyNumber),
            (&self.number_like, Common::NumberLike),
            (&self.name, Common::Name),
            (&self.given_or_whole, Common::GivenOrWhole),
            (&self.surname_or_nickname, Common::SurnameOrNickname),
            (&self.name_in_two, Common::NameInTwo),
            (&self.weak_name, Common::WeakName),
            (&self.password, Common::Password),
            (&self.user, Common::User),
            (&self.account, Common::Account),
            (&self.action, Common::Action),
            (&self.may_act, Common::MayAct),
            (&self.remove, Common::Remove),
            (&self.keep, Common::Keep),
            (&self.state, Common::State),
            (&self.in_service, Common::State),
            (&self.disabled, Common::Disabled),
            (&self.account_bits, Common::AccountBits),
            (&self.leaver, Common::Leaver),
        ]
    }
}

/// The meaning of a common word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Common {
    /// One field, whatever the columns beside it.
    Field(Field),
    /// The number, where no other column is like one.
    OnlyNumber,
    /// Some number.
    NumberLike,
    /// The whole name, or the surname beside a given name.
    Name,
    /// The whole name, or the given name beside a surname.
    GivenOrWhole,
    /// The surname, or a nickname.
    SurnameOrNickname,
    /// Surname, comma, given name in one cell.
    NameInTwo,
    /// The whole name, where no other column is one.
    WeakName,
    /// A password for something.
    Password,
    /// An account or a person.
    User,
    /// An account at a computer or a mailbox.
    Account,
    /// The change to make with the row.
    Action,
    /// The action on the row, where every cell names one.
    MayAct,
    /// Yes where the row is to be deleted.
    Remove,
    /// Yes where the row is to stay.
    Keep,
    /// The state of the account, in a word.
    State,
    /// The opposite of enabled.
    Disabled,
    /// A number of which one bit switches the account off.
    AccountBits,
    /// Yes where the person has left.
    Leaver,
}

impl Common {
    /// Returns true for a part of a person's name, or the person's address: below a word for the person it is still that.
    fn is_of_person(self) -> bool {
        match self {
            Common::Name | Common::GivenOrWhole => true,
            Common::Field(field) => [
                Field::DISPLAY_NAME,
                Field::FIRST_NAME,
                Field::LAST_NAME,
                Field::EMAIL,
            ]
            .contains(&field),
            _ => false,
        }
    }

    /// Returns true for a column that tells whether an account is on, or whether its person is still there.
    pub(super) fn tells_state(self) -> bool {
        matches!(
            self,
            Common::State | Common::Disabled | Common::AccountBits | Common::Leaver
        )
    }
}

/// The most letters of a word that counts by itself only: it may be a part of any other word.
const SHORT_LETTERS_MAX: usize = 5;

/// The part that a cell may have in the decision on its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeletionWord {
    /// The row is to be deleted.
    Goes,
    /// The row stays, or the cell may say so.
    MayStay,
}

/// The fewest letters of a word that may be misspelt.
const MISSPELT_LETTERS_MIN: usize = 5;
/// The most words above several headings.
const GROUP_WORDS_MAX: usize = 4;
/// The most words of a note that is looked through.
const NOTE_WORDS_MAX: usize = 12;
/// The most words of a phrase within a note.
const PHRASE_WORDS_MAX: usize = 4;
/// The most words of a text that says where a password is; a longer one may be a password of several words.
const ELSEWHERE_WORDS_MAX: usize = 3;

/// The words that are the same for all sheets.
pub(super) struct Dictionary {
    canonical: HashMap<String, Field>,
    common: HashMap<String, Common>,
    /// Words that count beside others only, with those.
    only_beside: Vec<(Vec<String>, HashSet<String>)>,
    everyday: Vec<String>,
    marks: Vec<String>,
    secret_parts: Vec<String>,
    actions: HashMap<String, Action>,
    decisions: HashMap<String, DeletionWord>,
    staff: Vec<String>,
    staff_phrases: Vec<String>,
    /// The words for emergencies: parts of words, and whole ones.
    emergency_parts: Vec<String>,
    emergency_words: Vec<String>,
    /// Words that say that no extension is to be made, those that may stand beside them, and phrases within longer texts.
    not_meant: HashSet<String>,
    beside_it: Vec<String>,
    not_meant_within: HashSet<String>,
    not_meant_begins: Beginnings,
    /// The words of which, with those, the name of a sheet is made whose rows are not meant.
    sheet_not_meant: Vec<String>,
    kinds: Vec<String>,
    /// The headings of columns that choose rows: true where a `yes` takes the row.
    choices: HashMap<String, bool>,
    notes: Vec<String>,
    /// Words for the kind of a row, with true for an extension.
    kinds_of_row: HashMap<String, bool>,
    feature_parts: Vec<String>,
    feature_words: Vec<String>,
    something_else: Vec<String>,
    somebody_else: Vec<String>,
    of_person: Vec<String>,
    second_surname: Vec<String>,
    before_surname: Vec<String>,
    given_name_first: Vec<String>,
    moved: Vec<String>,
    private: Vec<String>,
    instructions: HashSet<String>,
    elsewhere: Vec<String>,
    /// Parts of headings about accounts and passwords, words that count only by themselves, and whole headings.
    account_parts: Vec<String>,
    account_words: Vec<String>,
    account_headings: Vec<String>,
    may_count_rows: Vec<String>,
    particles: Vec<String>,
    given_names: HashSet<String>,
    in_service: Vec<String>,
    states_of_country: Vec<String>,
    places: Vec<String>,
    names_group: Vec<String>,
    /// The words of each phrase that says that a row stays.
    keep: Vec<Vec<String>>,
    keep_begins: Beginnings,
    /// All words as they are written.
    #[cfg(test)]
    written: HashSet<String>,
}

/// The dictionary, built once.
pub(super) fn dictionary() -> &'static Dictionary {
    static DICTIONARY: OnceLock<Dictionary> = OnceLock::new();
    DICTIONARY.get_or_init(|| Dictionary::new(compiled_in()))
}

#[expect(
    clippy::expect_used,
    reason = "the file is part of the program, and tests read it"
)]
fn compiled_in() -> Words {
    toml::from_str(include_str!("words.toml")).expect("words.toml can be read")
}

impl Dictionary {
    fn new(words: Words) -> Dictionary {
        let only_beside = only_beside(&words);
        let plain_all = |list: &[String]| list.iter().map(|word| plain(word)).collect::<Vec<_>>();
        let known = [&words.password, &words.user, &words.account];
        let known = known.into_iter().flat_map(|list| plain_all(list));
        let is_long = |word: &String| word.chars().count() > SHORT_LETTERS_MAX;
        let (parts, wholes): (Vec<_>, Vec<_>) = known.partition(is_long);
        let emergency = plain_all(&words.decision.emergency).into_iter();
        let (emergency_parts, emergency_words) = emergency.partition(is_long);
        let not_meant = not_meant(&words);
        let not_meant_within: HashSet<String> = plain_all(&words.decision.not_meant_within)
            .into_iter()
            .chain(left_words_in_text().map(plain))
            .collect();
        let keep: Vec<Vec<String>> = words.keep.iter().map(|phrase| spoken(phrase)).collect();
        Dictionary {
            keep_begins: Beginnings::begun_by(keep.iter().filter_map(|phrase| phrase.first())),
            keep,
            not_meant_begins: Beginnings::begun_by(not_meant.iter().chain(&not_meant_within)),
            account_parts: [plain_all(&words.account_parts), parts].concat(),
            account_words: [plain_all(&words.account_words), wholes].concat(),
            account_headings: plain_all(&words.account_headings),
            may_count_rows: plain_all(&words.may_count_rows),
            particles: plain_all(&words.particle),
            given_names: plain_all(&words.given_name).into_iter().collect(),
            in_service: plain_all(&words.in_service),
            states_of_country: plain_all(&words.state_of_country),
            places: plain_all(&words.place),
            names_group: plain_all(&words.names_group),
            only_beside,
            canonical: Field::all()
                .map(|field| (heading_key(field.name()), field))
                .collect(),
            common: common_words(&words),
            everyday: plain_all(&words.everyday),
            marks: plain_all(&words.marks),
            secret_parts: plain_all(&words.secret_parts),
            actions: (words.action_word.iter())
                .flat_map(|(action, list)| list.iter().map(|word| (plain(word), *action)))
                .collect(),
            decisions: decisions(&words),
            emergency_parts,
            emergency_words,
            staff: plain_all(&words.decision.staff),
            staff_phrases: plain_all(&words.decision.staff_phrases),
            not_meant,
            beside_it: plain_all(&words.decision.beside_it),
            sheet_not_meant: plain_all(&words.decision.sheet_not_meant),
            not_meant_within,
            kinds: plain_all(&words.kind),
            choices: choices(&words),
            notes: plain_all(&words.notes),
            kinds_of_row: kinds_of_row(&words.kind_of_row),
            feature_parts: plain_all(&words.feature_parts),
            feature_words: plain_all(&words.feature_words),
            something_else: plain_all(&words.something_else),
            somebody_else: plain_all(&words.somebody_else),
            of_person: plain_all(&words.of_person),
            second_surname: plain_all(&words.second_surname),
            before_surname: plain_all(&words.before_surname),
            given_name_first: plain_all(&words.given_name_first),
            moved: plain_all(&words.moved),
            private: plain_all(&words.private),
            instructions: plain_all(&words.instruction).into_iter().collect(),
            elsewhere: plain_all(&words.elsewhere),
            #[cfg(test)]
            written: lists_of_headings(&words)
                .flat_map(|(list, _)| list.iter().map(|word| word.to_lowercase()))
                .collect(),
        }
    }

    /// Returns the field with this canonical name.
    pub(super) fn canonical(&self, heading: &str) -> Option<Field> {
        self.canonical.get(&heading_key(heading)).copied()
    }

    /// Looks a heading up as a common word: as it is written, without the marks beside it, or as several words for one
    /// thing (`Durchwahl / Extension`).
    pub(super) fn common(&self, heading: &str) -> Option<Common> {
        let known = |text: &str| self.common.get(&plain(text)).copied();
        let unmarked = |text: &str| known(&self.without_marks(text));
        if let Some(word) = known(heading) {
            return Some(word);
        }
        if heading.contains(['(', '['])
            && let Some(word) = unmarked(heading)
        {
            return Some(word);
        }
        if let Some(word) = exchanged(heading).and_then(|text| known(&text)) {
            return Some(word);
        }
        if let Some((group, own)) = heading.split_once('.')
            && let Some(Common::User | Common::WeakName) = known(group)
            && let Some(word) = self.common(own).filter(|word| word.is_of_person())
        {
            return Some(word);
        }
        let (first, others) = heading.split_once(['/', '|'])?;
        let first = unmarked(first)?;
        let same = |part: &str| unmarked(part) == Some(first);
        others.split(['/', '|']).all(same).then_some(first)
    }

    /// Returns true if a column of this heading may count rows, though it is read as the number.
    pub(super) fn may_count_rows(&self, heading: &str) -> bool {
        let word = plain(&self.without_marks(heading));
        self.common(heading) == Some(Common::OnlyNumber) || self.may_count_rows.contains(&word)
    }

    /// Returns true if a heading is in sheets of all kinds and means no telephone's number; `ID` may.
    pub(super) fn is_everyday(&self, heading: &str) -> bool {
        let word = plain(heading);
        self.everyday.contains(&word) && !self.may_count_rows.contains(&word)
    }

    /// Returns true if a heading means the state of an account or, beside a place, a part of a country.
    pub(super) fn may_be_of_country(&self, heading: &str) -> bool {
        self.states_of_country.contains(&plain(heading))
    }

    /// Returns true if a heading is a part of an address.
    pub(super) fn is_place(&self, heading: &str) -> bool {
        self.places.contains(&plain(heading))
    }

    /// Returns true if a word of a name begins a surname, such as `van`.
    pub(super) fn is_particle(&self, word: &str) -> bool {
        self.particles.iter().any(|particle| particle == word)
    }

    /// Returns true for a common given name, as [`plain`] writes it.
    pub(super) fn is_given_name(&self, word: &str) -> bool {
        self.given_names.contains(word)
    }

    /// Returns true for a heading about the state of an account under which a mark means that it is on, such as `In service`.
    pub(super) fn is_in_service(&self, heading: &str) -> bool {
        self.in_service.contains(&plain(heading))
    }

    /// Returns true if a heading may mean the name in a sheet of groups, though it means something else in others.
    pub(super) fn names_group(&self, key: Field, heading: &str) -> bool {
        key == Field::GROUP_NAME && self.names_group.contains(&plain(heading))
    }

    /// Returns true if a heading occurs in sheets of all kinds, and so is no sign of the sheet's vendor or product.
    pub(super) fn is_anybodys(&self, heading: &str) -> bool {
        self.everyday.contains(&plain(heading))
            || self
                .common(heading)
                .is_some_and(|word| word != Common::NumberLike)
    }

    /// The keys of the headings that do not occur in sheets of all kinds.
    pub(super) fn distinctive(&self, headings: &[String]) -> impl Iterator<Item = String> {
        let headings = headings.iter();
        let distinctive = headings.filter(|heading| !self.is_anybodys(heading));
        distinctive.map(|heading| heading_key(heading))
    }

    /// Returns a heading without brackets around a mere mark, such as `[Required]`.
    fn without_marks(&self, heading: &str) -> String {
        let mut rest = heading;
        let mut kept = String::with_capacity(heading.len());
        while let Some(open) = rest.find(['(', '[']) {
            let (before, bracket) = rest.split_at(open);
            let Some(close) = bracket.find([')', ']']) else {
                break;
            };
            let (inner, after) = bracket.split_at(close + 1);
            kept.push_str(before);
            if !self.marks.contains(&plain(inner)) {
                kept.push_str(inner);
            }
            rest = after;
        }
        kept.push_str(rest);
        kept
    }

    /// Returns true if a heading counts beside words of its own language only, and none of them is there.
    pub(super) fn is_foreign(&self, heading: &str, headings: &[String]) -> bool {
        let word = plain(heading);
        let sets = self
            .only_beside
            .iter()
            .filter(|(words, _)| words.contains(&word));
        sets.into_iter().any(|(_, others)| {
            !headings
                .iter()
                .any(|heading| others.contains(&plain(heading)))
        })
    }

    /// Returns true if a plain word contains a word for a password in any language, also by chance: enough to hide the
    /// values below it.
    pub(super) fn has_password_word(&self, plain: &str) -> bool {
        let mut words = self.common.iter();
        words.any(|(word, common)| *common == Common::Password && plain.contains(word.as_str()))
    }

    /// Returns true if the values below a heading that is not understood may be shown; they may be secrets.
    pub(super) fn may_show(&self, heading: &str) -> bool {
        let word = plain(heading);
        !self.secret_parts.iter().any(|part| word.contains(part)) && !self.has_password_word(&word)
    }

    /// Returns the action that a cell asks for by this word.
    pub(super) fn action(&self, word: &str) -> Option<Action> {
        self.actions.get(&plain(word)).copied()
    }

    /// Returns true if a heading is about a feature that is on or off by itself.
    pub(super) fn is_feature(&self, heading: &str) -> bool {
        let word = plain(heading);
        self.feature_parts.iter().any(|part| word.contains(part))
            || words(heading).any(|word| self.feature_words.contains(&word))
    }

    /// Returns true for words about somebody or something other than the extension and its person, such as
    /// `Emergency contact`. A sentence, or a name with its value, is none.
    pub(super) fn is_about_something_else(&self, text: &str) -> bool {
        self.everyday.contains(&plain(text)) || self.names_somebody_else(text)
    }

    /// Returns true for words that name somebody or something other than the extension's person, wherever they stand.
    pub(super) fn names_somebody_else(&self, text: &str) -> bool {
        let several: Vec<String> = words(text).filter(|word| !word.is_empty()).collect();
        let is_phrase =
            several.len() <= GROUP_WORDS_MAX && !text.trim_end_matches(':').contains(':');
        let mut from_each = (0..several.len()).map(|at| several[at..].concat());
        let is_begun = is_phrase
            && from_each.any(|text| {
                let mut begins = self.something_else.iter();
                begins.any(|begin| text.starts_with(begin))
            });
        is_begun || self.somebody_else.contains(&plain(text)) || is_another_person(&several)
    }

    /// Returns true for a heading that is one word for a contact.
    pub(super) fn is_contact(&self, heading: &str) -> bool {
        PERSONS.contains(&plain(heading).as_str())
    }

    /// Returns true for a word for the number beside one that tells of a move: `New Ext`, `Nebenstelle alt`.
    pub(super) fn is_moved_number(&self, heading: &str) -> bool {
        let (moved, rest): (Vec<String>, Vec<String>) = words(heading)
            .filter(|word| !word.is_empty())
            .partition(|word| self.moved.contains(word));
        let own = self.common(&rest.join(" "));
        let is_number = matches!(
            own,
            Some(Common::Field(Field::NUMBER) | Common::OnlyNumber | Common::NumberLike)
        );
        !moved.is_empty() && is_number
    }

    /// Returns true for a heading of the second of two surnames.
    pub(super) fn is_second_surname(&self, heading: &str) -> bool {
        self.second_surname.contains(&plain(heading))
    }

    /// Returns true for a heading of the words that begin a surname, such as `van der`.
    pub(super) fn is_before_surname(&self, heading: &str) -> bool {
        self.before_surname.contains(&plain(heading))
    }

    /// Returns true for a heading of whole names which says that the given name comes first.
    pub(super) fn has_given_name_first(&self, heading: &str) -> bool {
        // A stroke may part words for one thing.
        !heading.contains('/')
            && (self.given_name_first).contains(&plain(&self.without_marks(heading)))
    }

    /// Returns true for a word above headings that says that they are about the person's private life.
    pub(super) fn is_private(&self, text: &str) -> bool {
        self.private.contains(&plain(text))
    }

    /// Returns true for words above headings that tell of the extension's person, or of nothing; short ones join others.
    pub(super) fn is_of_person(&self, text: &str) -> bool {
        let begins = |word: &String| self.of_person.iter().any(|begin| word.starts_with(begin));
        let (known, others): (Vec<String>, Vec<String>) = words(text).partition(begins);
        let are_short = || others.iter().all(|word| word.chars().count() < 4);
        self.is_about_extension(text) || (!known.is_empty() && are_short())
    }

    /// The field of a heading that is a part of a person's name, an address, a telephone number or a PIN.
    pub(super) fn contact(&self, heading: &str) -> Option<Field> {
        match self.common(heading)? {
            Common::Name | Common::GivenOrWhole => Some(Field::DISPLAY_NAME),
            Common::Field(
                field @ (Field::DISPLAY_NAME
                | Field::FIRST_NAME
                | Field::LAST_NAME
                | Field::EMAIL
                | Field::MOBILE
                | Field::WORK_PHONE
                | Field::HOME_PHONE
                | Field::CALLER_ID
                | Field::VOICEMAIL_PIN),
            ) => Some(field),
            _ => None,
        }
    }

    /// Returns true for a heading that alone is the password or the state of an account.
    pub(super) fn is_of_account(&self, heading: &str) -> bool {
        matches!(
            self.common(heading),
            Some(
                Common::Password
                    | Common::State
                    | Common::Disabled
                    | Common::AccountBits
                    | Common::Field(Field::ENABLED | Field::SIP_PASSWORD | Field::WEB_PASSWORD)
            )
        )
    }

    /// Returns true for a word that tells of extensions, or of the people who have them.
    pub(super) fn is_about_extension(&self, word: &str) -> bool {
        matches!(
            self.common(word),
            Some(
                Common::OnlyNumber
                    | Common::NumberLike
                    | Common::Name
                    | Common::GivenOrWhole
                    | Common::WeakName
                    | Common::User
                    | Common::Account
                    | Common::Field(Field::NUMBER | Field::DISPLAY_NAME)
            )
        )
    }

    /// Returns true if one of the words of a heading is about the state of an account, as in `State of user` or `Lizenzstatus`,
    /// and the heading is about no feature.
    pub(super) fn has_state_within(&self, heading: &str) -> bool {
        let is_state = |word: String| {
            word.ends_with("status")
                || matches!(
                    self.common(&word),
                    Some(
                        Common::State
                            | Common::Disabled
                            | Common::Field(Field::STATUS | Field::ENABLED)
                    )
                )
        };
        !self.is_feature(heading) && words(heading).any(is_state)
    }

    /// Returns true if a heading is one word, such as `Active`, and not rowcall's own name: it does not tell of what.
    pub(super) fn is_bare(&self, heading: &str) -> bool {
        let is_own = Field::named(heading.trim()).is_some();
        !is_own && words(heading).filter(|word| !word.is_empty()).count() == 1
    }

    /// Returns true if a text in the place of a password says what is to be done, or where the password is.
    pub(super) fn is_instruction(&self, text: &str) -> bool {
        let several = words(text).filter(|word| !word.is_empty());
        let several: Vec<String> = several.collect();
        self.instructions.contains(&plain(text))
            || (2..=ELSEWHERE_WORDS_MAX).contains(&several.len())
                && several
                    .first()
                    .is_some_and(|first| self.elsewhere.contains(first))
    }

    /// Returns the part that a cell has by its words in the decision on a row to be deleted: one word that may keep the
    /// row outweighs others.
    pub(super) fn decision(&self, cell: &str) -> Option<DeletionWord> {
        if self.names_emergency(cell) {
            return Some(DeletionWord::MayStay);
        }
        let whole = std::iter::once(plain(cell));
        let known = whole.chain(words(cell));
        let mut known = known.filter_map(|word| self.decisions.get(&word).copied());
        let first = known.next()?;
        let may_stay =
            first == DeletionWord::MayStay || known.any(|word| word == DeletionWord::MayStay);
        Some(if may_stay {
            DeletionWord::MayStay
        } else {
            first
        })
    }

    /// Returns true if a text names a line for emergencies, such as `Aufzugnotruf`.
    pub(super) fn names_emergency(&self, text: &str) -> bool {
        words(text).any(|word| {
            let mut parts = self.emergency_parts.iter();
            parts.any(|part| word.contains(part.as_str())) || self.emergency_words.contains(&word)
        })
    }

    /// Returns true if a text has a phrase that says that a row stays, such as `DO NOT DELETE`, or a word for it at one of its
    /// ends.
    pub(super) fn says_to_keep(&self, text: &str) -> bool {
        // Most texts have no word that begins like one of them.
        if !self.keep_begins.may_begin(text) {
            return false;
        }
        let several = spoken(text);
        let is_in = |phrase: &Vec<String>| match phrase.as_slice() {
            [] => false,
            [word] => [several.first(), several.last()].contains(&Some(word)),
            phrase => several.windows(phrase.len()).any(|part| part == phrase),
        };
        self.keep.iter().any(is_in)
    }

    /// Returns true for words that say that no extension is to be made: `ausgeschieden`, `do not import`, `to delete 2026`.
    pub(super) fn is_not_meant(&self, text: &str) -> bool {
        // Most texts have no word that begins like one of them.
        if !self.not_meant_begins.may_begin(text) {
            return false;
        }
        let is_word = |word: &String| !word.is_empty() && !all_digits(word);
        let several: Vec<String> = words(text).filter(is_word).collect();
        if several.is_empty() || several.len() > NOTE_WORDS_MAX {
            return false;
        }
        let own = several.iter().filter(|word| !self.beside_it.contains(word));
        let own: String = own.map(String::as_str).collect();
        let has_phrase = |at: usize| {
            let ends = at + 2..=(at + PHRASE_WORDS_MAX).min(several.len());
            ends.into_iter()
                .any(|end| self.not_meant_within.contains(&several[at..end].concat()))
        };
        self.not_meant.contains(&own)
            || self.not_meant.contains(&several.concat())
            || (0..several.len()).any(has_phrase)
    }

    /// Returns true for a word such as `since`, which stands beside those that say that a row is not meant.
    pub(super) fn is_beside_it(&self, word: &str) -> bool {
        self.beside_it.contains(&plain(word))
    }

    /// Returns true for the name of a sheet whose rows are not meant: `Archiv 2023`, `Old staff`.
    pub(super) fn is_sheet_not_meant(&self, name: &str) -> bool {
        let is_own =
            |word: &String| !word.is_empty() && !all_digits(word) && !self.beside_it.contains(word);
        let own: Vec<String> = words(name).filter(is_own).collect();
        let says =
            |word: &String| self.sheet_not_meant.contains(word) || self.not_meant.contains(word);
        self.is_not_meant(name) || !own.is_empty() && own.iter().all(says)
    }

    /// Returns true for the heading of a column of notes.
    pub(super) fn is_for_notes(&self, heading: &str) -> bool {
        self.common(heading) == Some(Common::Field(Field::DESCRIPTION))
            || self.notes.contains(&plain(heading))
    }

    /// Returns true for the heading of a column that says what its row is, such as `Type`.
    pub(super) fn is_kind(&self, heading: &str) -> bool {
        self.kinds.contains(&plain(heading))
    }

    /// Returns true for the heading of a column whose `yes` means that a row is to be brought over, such as `Import?`, and
    /// false where it means that the row is left out, such as `Skip`; `None` for others.
    pub(super) fn takes_rows(&self, heading: &str) -> Option<bool> {
        self.choices.get(&plain(heading)).copied()
    }

    /// Returns true if a cell says that its row is an extension, false if it is something else with a number, such as a
    /// queue, and `None` where it says neither.
    pub(super) fn is_extension(&self, cell: &str) -> Option<bool> {
        self.kinds_of_row.get(&plain(cell)).copied()
    }

    /// Returns true for a title above the rows of people who stay, such as `Active staff`.
    pub(super) fn is_of_staff(&self, title: &str) -> bool {
        let several: Vec<String> = words(title).collect();
        let has_phrase = || {
            let mut lengths = 2..=PHRASE_WORDS_MAX;
            let is_in = |part: &[String]| self.staff_phrases.contains(&part.concat());
            lengths.any(|length| several.windows(length).any(is_in))
        };
        several.iter().any(|word| self.staff.contains(word))
            || has_phrase() && !self.is_not_meant(title)
    }

    /// Returns true if a text beside the rows, such as a title, may say that extensions stay.
    pub(super) fn may_say_who_stays(&self, text: &str) -> bool {
        self.decision(text) == Some(DeletionWord::MayStay) || self.is_of_staff(text)
    }

    /// Returns true if a heading that is not known is about a password or an account.
    pub(super) fn is_about_account(&self, heading: &str) -> bool {
        let word = plain(heading);
        let mut parts = self.account_parts.iter();
        parts.any(|part| word.contains(part))
            || words(heading).any(|word| self.account_words.contains(&word))
            || self.account_headings.contains(&word)
    }

    /// Distinguishes a heading that people write in exactly this form from one that a machine spells.
    #[cfg(test)]
    pub(super) fn is_written(&self, heading: &str) -> bool {
        let heading = heading.to_lowercase();
        let is_field = |field: Field| field.name().replace('_', " ") == heading;
        self.written.contains(&heading) || Field::all().any(is_field)
    }

    /// Returns the words for fields with their fields, for finding the nearest one to a misspelt word.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, Field)> {
        self.common
            .iter()
            .filter_map(|(word, meaning)| match meaning {
                Common::Field(field) => Some((word.as_str(), *field)),
                _ => None,
            })
    }
}

/// The first two letters of some words, by which most texts are told at once to have none of them.
struct Beginnings {
    pairs: HashSet<[u8; 2]>,
}

impl Beginnings {
    fn begun_by<'w>(words: impl Iterator<Item = &'w String>) -> Beginnings {
        let pairs = words.filter_map(|word| word.as_bytes().first_chunk().copied());
        Beginnings {
            pairs: pairs.collect(),
        }
    }

    /// Returns true if a word of a text begins like one of these, or with letters that are not compared.
    fn may_begin(&self, text: &str) -> bool {
        let mut before = b' ';
        text.as_bytes().windows(2).any(|pair| {
            let [first, second] = [pair[0], pair[1]];
            let is_first = !before.is_ascii_alphanumeric()
                || before.is_ascii_lowercase() && first.is_ascii_uppercase();
            before = first;
            let is_plain = first.is_ascii_alphanumeric() && second.is_ascii_alphanumeric();
            let is_known = || {
                let pair = [first.to_ascii_lowercase(), second.to_ascii_lowercase()];
                self.pairs.contains(&pair)
            };
            let is_word = is_first && (first.is_ascii_alphanumeric() || !first.is_ascii());
            is_word && (!is_plain || is_known())
        })
    }
}

/// The words for a person of whom a heading may say that it is another one.
const PERSONS: [&str; 9] = [
    "kontakt",
    "contact",
    "contacto",
    "contato",
    "contatto",
    "person",
    "persona",
    "personne",
    "ansprechpartner",
];

/// Returns true for a person with a number above one, such as `2. Kontakt`.
fn is_another_person(words: &[String]) -> bool {
    let digits = |word: &String| word.trim_end_matches(char::is_alphabetic).parse::<u8>();
    let is_second = |word: &String| digits(word).is_ok_and(|number| (2..10).contains(&number));
    words.len() == 2
        && words.iter().any(is_second)
        && words.iter().any(|word| PERSONS.contains(&word.as_str()))
}

/// The words of cells that decide on a row to be deleted.
fn decisions(words: &Words) -> HashMap<String, DeletionWord> {
    let goes = words.remove.iter().chain(&words.decision.goes);
    let goes = goes.chain(words.action_word.get(&Action::Delete).into_iter().flatten());
    let goes = goes.map(|word| (plain(word), DeletionWord::Goes));
    let may_stay = words.keep.iter().chain(&words.decision.may_stay);
    goes.chain(may_stay.map(|word| (plain(word), DeletionWord::MayStay)))
        .collect()
}

/// The words of a text as they are spoken, whatever the case of their letters.
fn spoken(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    let words = words.map(plain);
    words.filter(|word| !word.is_empty()).collect()
}

/// The lists of words for headings, each with its meaning.
fn lists_of_headings(words: &Words) -> impl Iterator<Item = (&[String], Common)> {
    let of_fields = words.field.iter().flat_map(|(field, languages)| {
        let lists = languages.values().map(Vec::as_slice);
        lists.map(|list| (list, Common::Field(*field)))
    });
    words.lists().into_iter().chain(of_fields)
}

/// The meanings of the words for headings, and of the fields' own names.
fn common_words(words: &Words) -> HashMap<String, Common> {
    let mut common = HashMap::new();
    for (list, meaning) in lists_of_headings(words) {
        common.extend(list.iter().map(|word| (plain(word), meaning)));
    }
    for field in Field::all() {
        let names = field.def().headings.iter().copied().chain([field.name()]);
        common.extend(names.map(|name| (plain(name), Common::Field(field))));
    }
    let on = on_words().values().flatten();
    let on = on.map(|word| (word.as_str(), Common::Field(Field::ENABLED)));
    for (word, meaning) in on.chain(off_words().map(|word| (word, Common::Disabled))) {
        common.entry(plain(word)).or_insert(meaning);
    }
    common
}

/// The words that count beside others of their language only, with those.
fn only_beside(words: &Words) -> Vec<(Vec<String>, HashSet<String>)> {
    let of_language = |language: &String| {
        let lists = words.field.values().chain([on_words()]);
        let lists = lists.filter_map(|lists| lists.get(language));
        lists.flatten().map(|word| plain(word)).collect()
    };
    let sets = words.only_beside.iter().map(|(language, list)| {
        (
            list.iter().map(|word| plain(word)).collect(),
            of_language(language),
        )
    });
    sets.collect()
}

/// The words that say that no extension is to be made of a row.
fn not_meant(words: &Words) -> HashSet<String> {
    let not_meant = words.decision.not_meant.iter().chain(&words.decision.goes);
    let deleted = words.action_word.get(&Action::Delete).into_iter().flatten();
    let all = not_meant.chain(&words.remove).chain(deleted);
    let left = left_words().map(plain);
    all.map(|word| plain(word)).chain(left).collect()
}

/// A heading whose thing stands before what it is of, the other way round: `Password: Web` and `Password (Web)` are
/// `Web Password`.
fn exchanged(heading: &str) -> Option<String> {
    let heading = heading.trim();
    let (thing, of) = match heading.strip_suffix(')') {
        Some(open) => open.split_once('(')?,
        None => heading
            .split_once([':', '.'])
            .or(heading.split_once(" - "))?,
    };
    let are_both = !thing.trim().is_empty() && !of.trim().is_empty();
    are_both.then(|| format!("{of} {thing}"))
}

/// The headings of columns that choose rows, each with true where a `yes` takes the row.
fn choices(words: &Words) -> HashMap<String, bool> {
    let taken = words.taken.iter().map(|word| (plain(word), true));
    let passed_over = words.passed_over.iter().map(|word| (plain(word), false));
    taken.chain(passed_over).collect()
}

/// The words for the kind of a row, each with true for an extension.
fn kinds_of_row(words: &KindWords) -> HashMap<String, bool> {
    let others = words.other.iter().map(|word| (plain(word), false));
    let extensions = words.extension.iter().map(|word| (plain(word), true));
    others.chain(extensions).collect()
}

/// The field that a misspelt word is most likely meant for, where all that speaks for it speaks for that one field, and
/// the field may be it.
///
/// One letter may be wrong, and never the first; a word of less than five letters is near to nothing.
pub(super) fn misspelt(heading: &str, may_be: impl Fn(Field) -> bool) -> Option<Field> {
    let word = plain(heading);
    if dictionary().is_everyday(heading) {
        return None;
    }
    // `Mo bis` is no `mobil`: beside another word a short one is a word of its own.
    let is_short = |text: &str| text.chars().count() < MISSPELT_LETTERS_MIN;
    let several: Vec<String> = words(heading).filter(|word| !word.is_empty()).collect();
    if is_short(&word) || several.len() > 1 && several.iter().any(|word| is_short(word)) {
        return None;
    }
    let known = dictionary().fields();
    let known = known.filter(|(known, _)| is_near(&word, known));
    let mut fields = known.map(|(_, field)| field);
    let first = fields.next()?;
    (may_be(first) && fields.all(|field| field == first)).then_some(first)
}

/// Returns true if rowcall itself wrote the column.
pub(super) fn is_own(heading: &str) -> bool {
    let begin = heading.trim().get(..OWN_PREFIX.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(OWN_PREFIX))
}

/// The words of a heading, plain; a capital letter behind a small one begins a new word.
pub(super) fn words(heading: &str) -> impl Iterator<Item = String> {
    let mut parted = String::with_capacity(heading.len());
    let mut was_small = false;
    for c in heading.chars() {
        if was_small && c.is_uppercase() {
            parted.push(' ');
        }
        was_small = c.is_lowercase();
        parted.push(c);
    }
    let words = parted.split(|c: char| !c.is_alphanumeric()).map(plain);
    words.collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Language;

    #[test]
    fn values_below_a_word_for_a_password_are_never_shown() {
        let words = compiled_in();
        for word in &words.password {
            for heading in [
                word.clone(),
                format!("{word} dominio"),
                format!("Mein {word}"),
            ] {
                assert!(!dictionary().may_show(&heading), "{heading}");
            }
        }
        assert!(dictionary().may_show("Abteilung"));
    }

    #[test]
    fn every_word_has_one_meaning_and_is_written_plainly() {
        let words = compiled_in();
        let lists = words.lists().map(|(list, _)| list);
        let fields = words.field.values().flat_map(BTreeMap::values);
        let fields = fields.map(Vec::as_slice);
        let mut seen = std::collections::BTreeSet::new();
        let twice: Vec<&String> = lists
            .into_iter()
            .chain(fields)
            .flatten()
            .filter(|word| !seen.insert(plain(word)))
            .collect();
        assert!(twice.is_empty(), "these stand twice: {twice:?}");
        let actions = words.action_word.values().flatten();
        let mut seen_in_cells = std::collections::BTreeSet::new();
        let twice: Vec<&String> = actions
            .filter(|word| !seen_in_cells.insert(plain(word)))
            .collect();
        assert!(twice.is_empty(), "these stand twice: {twice:?}");
        let own = Field::all().filter(|field| !seen.insert(plain(field.name())));
        assert_eq!(
            own.collect::<Vec<_>>(),
            [],
            "a field's own name needs no word"
        );
    }

    #[test]
    fn headings_of_templates_mean_their_field_and_change_no_other_word() {
        let words = compiled_in();
        let mut headings = HashMap::new();
        for field in Field::all() {
            for language in Language::ALL {
                let heading = field.heading(language);
                let known = dictionary().common(heading);
                assert_eq!(known, Some(Common::Field(field)), "{heading}");
                let other = headings.insert(plain(heading), field);
                assert!(other.is_none_or(|other| other == field), "{heading}");
            }
        }
        for (field, word) in words.field.iter().flat_map(|(field, languages)| {
            let words = languages.values().flatten();
            words.map(move |word| (*field, word))
        }) {
            let as_heading = headings.get(&plain(word)).copied().unwrap_or(field);
            assert_eq!(as_heading, field, "{word}");
        }
        let lists = words.lists().map(|(list, _)| list);
        for word in lists.into_iter().flatten() {
            assert_eq!(headings.get(&plain(word)), None, "{word}");
        }
    }

    #[test]
    fn marks_and_punctuation_are_no_part_of_a_heading() {
        let field = |heading| match dictionary().common(heading) {
            Some(Common::Field(field)) => field.name(),
            _ => "-",
        };
        for (headings, expected) in [
            (
                &[
                    "Ext.",
                    "Extn",
                    "Ext #",
                    "Nst.",
                    "DW",
                    "Klappe",
                    "Apparat",
                    "Interne Nr.",
                    "User Extension",
                    "Extension No.",
                    "Durchwahl (intern)",
                    "Durchwahl / Extension",
                    "Extension*",
                    "Dahili No",
                    "Nebenstelle Nr.",
                    "Ramal",
                    "Poste",
                    "N° de poste",
                ][..],
                "number",
            ),
            (
                &[
                    "First Name [Required]",
                    "Vorname/First name",
                    "Pre\u{301}nom",
                    "Prénom",
                ],
                "first_name",
            ),
            (
                &[
                    "Email Address:",
                    "E-Mail-Adresse",
                    "Adres e-mail",
                    "E-Posta",
                ],
                "email",
            ),
            (&["Passwort (SIP)", "SIP Secret"], "sip_password"),
            (
                &["Vor- und Nachname", "Ad Soyad", "Imię i nazwisko"],
                "display_name",
            ),
            (&["Tel. mobil", "Cell #", "Handy-Nr.", "Móvil"], "mobile"),
            (
                &[
                    "Extension (old)",
                    "Durchwahl / Mobil",
                    "Phone",
                    "Password (Windows)",
                ],
                "-",
            ),
        ] {
            for heading in headings {
                assert_eq!(field(heading), expected, "{heading}");
            }
        }
    }

    #[test]
    fn a_hint_names_a_misspelt_word_and_never_a_secret() {
        let hint = |field: Field| !field.is_secret() && !field.is_key();
        assert_eq!(misspelt("mobiel", hint), Some(Field::MOBILE));
        assert_eq!(misspelt("Vornahme", hint), Some(Field::FIRST_NAME));
        assert_eq!(misspelt("voicmail", hint), Some(Field::VOICEMAIL));
        for far in [
            "VMNoPin",
            "cidr",
            "sipname",
            "numbre",
            "cat",
            "Abteilung",
            "Secretaria",
            "secrets",
            "sip passwort 2",
            "Voicemail: E-Mail",
            "Mo bis",
        ] {
            assert_eq!(misspelt(far, hint), None, "{far}");
        }
    }
}
