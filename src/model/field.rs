//! The field dictionary: one list of properties of an extension, or of a group of them, that all vendors share.
//!
//! Properties with the same meaning at two vendors are one field. A vendor's own name for a field is in its
//! `vendor.toml`, not here.

use super::vocabulary;
use std::fmt;

vocabulary! {
    /// The kind of a record. The word is the one in messages and files.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum RecordKind {
        /// A telephone account.
        Extension = "extension",
        /// A group of them.
        Group = "group",
    }
}

/// The kind of text in a field; decides how a cell is brought into canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// Digits that name something: never a quantity, so leading zeros and `+` count.
    Identifier,
    /// `on` or `off`.
    Switch,
    /// One word of a list that the vendor sets.
    Choice,
    /// A whole number that counts something.
    Count,
    /// A time of day, `HH:MM`.
    Time,
    /// Several texts, separated by `;`.
    List,
    /// An e-mail address.
    Email,
}

/// The items of a [`Kind::List`] text: without the blanks around them, and without empty ones.
pub(crate) fn list_items(text: &str) -> impl Iterator<Item = &str> {
    text.split(';')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// The names of fields, within a sentence.
pub(crate) fn field_names(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    names.join(", ")
}

/// The checks for spreadsheet damage and slips of typing that the text of a field is put through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Digits that name something of the PBX: numbers, PINs, prefixes.
    Digits,
    /// A telephone number, which people write with separators.
    Phone,
    /// A text that often is the extension's number.
    Account,
    /// A password: any text may be meant.
    Password,
    /// A person's or room's name.
    Name,
    /// A number that counts something.
    Count,
    /// One word of a list, an address, a switch, a time.
    Word,
    /// Any text, or several: only signs that no person writes are found.
    Free,
}

/// The ways in which people identify an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// A telephone number.
    Number,
    /// The person or room that the extension, with its secrets, belongs to.
    Person,
    /// The name of the SIP account.
    Account,
}

/// The extension whose number a field may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// The extension's own.
    Own,
    /// Another extension's.
    Extension,
    /// Another extension's, or one that is dialled outside: by the prefix of the same forward, where it has one.
    Dialled,
}

/// The trait of an extension's owner that a field shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerTrait {
    /// The name, or a part of it.
    Name,
    /// The e-mail address.
    Email,
    /// The mobile telephone.
    Mobile,
    /// The account of the person.
    User,
    /// The account of the telephone.
    Account,
}

/// A language of texts for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English
    English,
    /// German
    German,
}

impl Language {
    /// All languages.
    pub const ALL: [Language; 2] = [Language::English, Language::German];

    /// The language of a POSIX locale such as `de_AT.UTF-8`: English unless it is another one that is known.
    pub fn from_locale(locale: &str) -> Language {
        let language = locale.split(['_', '.', '@']).next();
        match language.unwrap_or_default().to_ascii_lowercase().as_str() {
            "de" => Language::German,
            _ => Language::English,
        }
    }
}

/// One entry of the dictionary.
#[derive(Debug)]
pub struct FieldDef {
    /// Canonical name: the one in headings, reports and messages.
    pub name: &'static str,
    /// The field's name within a sentence.
    pub spoken: &'static str,
    /// Its heading in sheets for people, in the order of [`Language::ALL`].
    pub headings: [&'static str; 2],
    /// The kind of text in the field.
    pub kind: Kind,
    /// The unit of its numbers; empty where they have none.
    pub unit: &'static str,
    /// The checks that its text is put through.
    pub care: Care,
    /// True if its value may never be shown.
    pub secret: bool,
    /// True if it shows the state of the moment (a registration, say) and is no setting: left out of exports unless
    /// asked for, never written.
    pub live: bool,
    /// True if a text in it says what is wrong with an extension: one that has any is never as wanted.
    pub flaw: bool,
    /// The part of the extension's identity that it shows to people; a secret must not be guessable from it.
    pub identifies: Option<Identity>,
    /// The trait of an extension's owner that it shows: of several, one tells who it is, whatever its number.
    pub owner: Option<OwnerTrait>,
    /// The kind of extension whose number it may contain.
    pub refers: Option<Reference>,
    /// True if it lists which extensions belong to which groups: a later change of another record may undo it.
    pub membership: bool,
    /// A value as an example; of a secret an invented one.
    pub example: &'static str,
    /// The meaning of the field, for the help.
    pub help: &'static str,
}

impl FieldDef {
    /// A field of a kind without anything of its own.
    const fn usual(kind: Kind) -> FieldDef {
        FieldDef {
            name: "",
            spoken: "",
            headings: [""; 2],
            kind,
            unit: "",
            care: match kind {
                Kind::Identifier => Care::Digits,
                Kind::Count => Care::Count,
                Kind::Text | Kind::List => Care::Free,
                Kind::Switch | Kind::Choice | Kind::Time | Kind::Email => Care::Word,
            },
            secret: false,
            live: false,
            flaw: false,
            identifies: None,
            owner: None,
            refers: None,
            membership: false,
            example: "",
            help: "",
        }
    }
}

/// One field: an index into the dictionary, in whose order fields sort.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(u8);

macro_rules! dictionary {
    ($(
        $constant:ident $({ $($key:ident: $value:expr),* })? =
        $name:literal, $spoken:literal, $headings:expr, $kind:ident, $example:literal, $help:literal;
    )*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "only counts the constants below")]
        enum Index { $($constant),* }

        impl Field {
            $(#[doc = $help] pub const $constant: Field = Field(Index::$constant as u8);)*
        }

        static DICTIONARY: &[FieldDef] = &[$(FieldDef {
            name: $name,
            spoken: $spoken,
            headings: $headings,
            kind: Kind::$kind,
            example: $example,
            help: $help,
            $($($key: $value,)*)?
            ..FieldDef::usual(Kind::$kind)
        }),*];
    };
}

dictionary! {
    NUMBER { identifies: Some(Identity::Number), refers: Some(Reference::Own) } = "number", "number", ["Extension", "Durchwahl"], Identifier, "2002",
        "The extension's number: its key. Text, so leading zeros count.";
    NEW_NUMBER { identifies: Some(Identity::Number) } = "new_number", "new number", ["New number", "Neue Durchwahl"], Identifier, "72002",
        "The number that the extension is to have from now on.";
    GROUP_NAME = "group_name", "group name", ["Group name", "Gruppenname"], Text, "Sales",
        "A group's name: its key in a sheet of groups.";
    DISPLAY_NAME { care: Care::Name, identifies: Some(Identity::Person), owner: Some(OwnerTrait::Name) } = "display_name", "name", ["Display name", "Anzeigename"], Text, "Ann Miller",
        "The person's or room's name as phones show it.";
    FIRST_NAME { care: Care::Name, identifies: Some(Identity::Person), owner: Some(OwnerTrait::Name) } = "first_name", "first name", ["First name", "Vorname"], Text, "Ann",
        "Given name.";
    LAST_NAME { care: Care::Name, identifies: Some(Identity::Person), owner: Some(OwnerTrait::Name) } = "last_name", "last name", ["Last name", "Nachname"], Text, "Miller",
        "Family name.";
    CALLER_ID { care: Care::Account, identifies: Some(Identity::Number), refers: Some(Reference::Own) } = "caller_id", "caller ID", ["Caller ID", "Absendernummer"], Text, "2002",
        "The caller ID that is shown for outgoing calls.";
    DESCRIPTION = "description", "description", ["Description", "Beschreibung"], Text, "Reception desk",
        "Free text about the extension, or the group.";
    ENABLED = "enabled", "enabled", ["Enabled", "Aktiv"], Switch, "on",
        "Whether the extension may be used.";
    SIP_USERNAME { care: Care::Account, identifies: Some(Identity::Account), owner: Some(OwnerTrait::Account), refers: Some(Reference::Own) } = "sip_username", "SIP user name", ["SIP user name", "SIP-Benutzername"], Text, "2002",
        "The SIP account's user name.";
    SIP_AUTH_NAME { care: Care::Account, identifies: Some(Identity::Account), owner: Some(OwnerTrait::Account), refers: Some(Reference::Own) } = "sip_auth_name", "SIP authentication name", ["SIP auth name", "SIP-Anmeldename"], Text, "2002",
        "The name that a phone authenticates with.";
    SIP_PASSWORD { secret: true, care: Care::Password } = "sip_password", "SIP secret", ["SIP password", "SIP-Passwort"], Text, "tR7xkQ2mZp9w",
        "The password that a phone registers with.";
    SIP_DOMAIN { care: Care::Word } = "sip_domain", "SIP domain", ["SIP domain", "SIP-Domäne"], Text, "pbx.example.com",
        "The domain that the SIP account belongs to, where a PBX serves several.";
    MAX_REGISTRATIONS = "max_registrations", "phones at most", ["Max. registrations", "Max. Registrierungen"], Count, "3",
        "How many phones may be registered at the same time.";
    WEB_PASSWORD { secret: true, care: Care::Password } = "web_password", "web password", ["Web password", "Web-Passwort"], Text, "Kw83hTqzLm",
        "The password for the user's web page.";
    USER_ID { care: Care::Account, identifies: Some(Identity::Person), owner: Some(OwnerTrait::User) } = "user_id", "user", ["User ID", "Benutzerkennung"], Text, "user100",
        "The PBX user that the extension belongs to.";
    EMAIL { identifies: Some(Identity::Person), owner: Some(OwnerTrait::Email) } = "email", "e-mail", ["E-mail", "E-Mail"], Email, "ann.miller@example.com",
        "E-mail address, for voicemail and notices.";
    MOBILE { care: Care::Phone, identifies: Some(Identity::Number), owner: Some(OwnerTrait::Mobile) } = "mobile", "mobile", ["Mobile", "Mobil"], Identifier, "18088861612",
        "Mobile telephone number.";
    WORK_PHONE { care: Care::Phone, identifies: Some(Identity::Number) } = "work_phone", "work phone", ["Work phone", "Telefon geschäftlich"], Identifier, "0301234567",
        "Work telephone number.";
    HOME_PHONE { care: Care::Phone, identifies: Some(Identity::Number) } = "home_phone", "home phone", ["Home phone", "Telefon privat"], Identifier, "0307654321",
        "Home telephone number.";
    LANGUAGE = "language", "language", ["Language", "Sprache"], Text, "en",
        "The language of the prompts that the extension hears.";
    VOICEMAIL = "voicemail", "voicemail", ["Voicemail", "Voicemail"], Switch, "on",
        "Whether the extension has a voicemail box.";
    VOICEMAIL_PIN { secret: true } = "voicemail_pin", "voicemail PIN", ["Voicemail PIN", "Voicemail-PIN"], Identifier, "083914",
        "The digits that open the voicemail box. Text, so leading zeros count.";
    VOICEMAIL_PIN_REQUIRED = "voicemail_pin_required", "voicemail asks for PIN", ["Voicemail PIN required", "Voicemail-PIN verlangen"], Switch, "on",
        "Whether the voicemail box asks for its PIN.";
    VOICEMAIL_TO_EMAIL = "voicemail_to_email", "voicemail by e-mail", ["Voicemail to e-mail", "Voicemail per E-Mail"], Switch, "on",
        "Whether new voicemail is sent to the e-mail address.";
    VOICEMAIL_LANGUAGE = "voicemail_language", "voicemail language", ["Voicemail language", "Voicemail-Sprache"], Text, "en-us",
        "The language of the voicemail prompts.";
    VOICEMAIL_SAY_CALLER_ID = "voicemail_say_caller_id", "voicemail says the caller", ["Voicemail: say caller ID", "Voicemail: Anrufer ansagen"], Switch, "off",
        "Whether the caller's number is spoken before a message.";
    VOICEMAIL_SAY_TIME = "voicemail_say_time", "voicemail says the time", ["Voicemail: say time", "Voicemail: Uhrzeit ansagen"], Choice, "no",
        "Whether and how the time of a message is spoken.";
    VOICEMAIL_GREETING = "voicemail_greeting", "voicemail greeting", ["Voicemail greeting", "Voicemail-Begrüßung"], Text, "https://files.example.com/greetings/2002.wav",
        "The greeting file of the voicemail box: a file name that the PBX has, or an address to fetch it from.";
    VOICEMAIL_PAGER = "voicemail_pager", "voicemail pager", ["Voicemail pager", "Voicemail-Pager"], Email, "pager@example.com",
        "The address that a short notice of new voicemail is sent to.";
    VOICEMAIL_OPTIONS = "voicemail_options", "voicemail options", ["Voicemail options", "Voicemail-Optionen"], Text, "attach=yes|tz=european",
        "Further settings of the voicemail box, in the PBX's own words.";
    FORWARD_ALWAYS = "forward_always", "forward always", ["Forward always", "Weiterleitung immer"], Switch, "on",
        "Whether calls are forwarded always.";
    FORWARD_ALWAYS_TO = "forward_always_to", "forward always to", ["Forward always: to", "Weiterleitung immer: Ziel"], Choice, "voicemail",
        "Where calls are forwarded always: voicemail, extension, mobile, number, or a word of the vendor's own.";
    FORWARD_ALWAYS_EXTENSION { refers: Some(Reference::Extension) } = "forward_always_extension", "forward always extension", ["Forward always: extension", "Weiterleitung immer: Durchwahl"], Identifier, "2001",
        "The extension that calls are forwarded to always.";
    FORWARD_ALWAYS_PREFIX = "forward_always_prefix", "forward always prefix", ["Forward always: prefix", "Weiterleitung immer: Vorwahlziffer"], Identifier, "9",
        "The prefix for outbound calls when calls are forwarded always.";
    FORWARD_ALWAYS_NUMBER { care: Care::Phone, refers: Some(Reference::Dialled) } = "forward_always_number", "forward always number", ["Forward always: number", "Weiterleitung immer: Rufnummer"], Identifier, "0301234567",
        "The number that calls are forwarded to always.";
    FORWARD_NO_ANSWER = "forward_no_answer", "forward on no answer", ["Forward no answer", "Weiterleitung bei Nichtmelden"], Switch, "on",
        "Whether calls are forwarded when nobody answers.";
    FORWARD_NO_ANSWER_TO = "forward_no_answer_to", "forward on no answer to", ["Forward no answer: to", "Weiterleitung bei Nichtmelden: Ziel"], Choice, "voicemail",
        "Where calls are forwarded when nobody answers: voicemail, extension, mobile, number, or a word of the vendor's own.";
    FORWARD_NO_ANSWER_EXTENSION { refers: Some(Reference::Extension) } = "forward_no_answer_extension", "forward on no answer extension", ["Forward no answer: extension", "Weiterleitung bei Nichtmelden: Durchwahl"], Identifier, "2001",
        "The extension that calls are forwarded to when nobody answers.";
    FORWARD_NO_ANSWER_PREFIX = "forward_no_answer_prefix", "forward on no answer prefix", ["Forward no answer: prefix", "Weiterleitung bei Nichtmelden: Vorwahlziffer"], Identifier, "9",
        "The prefix for outbound calls when calls are forwarded when nobody answers.";
    FORWARD_NO_ANSWER_NUMBER { care: Care::Phone, refers: Some(Reference::Dialled) } = "forward_no_answer_number", "forward on no answer number", ["Forward no answer: number", "Weiterleitung bei Nichtmelden: Rufnummer"], Identifier, "0301234567",
        "The number that calls are forwarded to when nobody answers.";
    FORWARD_NO_ANSWER_AFTER { unit: "s" } = "forward_no_answer_after", "forward on no answer after", ["Forward no answer: after", "Weiterleitung bei Nichtmelden: nach Sekunden"], Count, "20",
        "After how many seconds without an answer calls are forwarded.";
    FORWARD_BUSY = "forward_busy", "forward on busy", ["Forward busy", "Weiterleitung bei Besetzt"], Switch, "on",
        "Whether calls are forwarded when the line is busy.";
    FORWARD_BUSY_TO = "forward_busy_to", "forward on busy to", ["Forward busy: to", "Weiterleitung bei Besetzt: Ziel"], Choice, "voicemail",
        "Where calls are forwarded when the line is busy: voicemail, extension, mobile, number, or a word of the vendor's own.";
    FORWARD_BUSY_EXTENSION { refers: Some(Reference::Extension) } = "forward_busy_extension", "forward on busy extension", ["Forward busy: extension", "Weiterleitung bei Besetzt: Durchwahl"], Identifier, "2001",
        "The extension that calls are forwarded to when the line is busy.";
    FORWARD_BUSY_PREFIX = "forward_busy_prefix", "forward on busy prefix", ["Forward busy: prefix", "Weiterleitung bei Besetzt: Vorwahlziffer"], Identifier, "9",
        "The prefix for outbound calls when calls are forwarded when the line is busy.";
    FORWARD_BUSY_NUMBER { care: Care::Phone, refers: Some(Reference::Dialled) } = "forward_busy_number", "forward on busy number", ["Forward busy: number", "Weiterleitung bei Besetzt: Rufnummer"], Identifier, "0301234567",
        "The number that calls are forwarded to when the line is busy.";
    FORWARD_OFFLINE_OFFICE_HOURS_TO = "forward_offline_office_hours_to", "forward while offline in office hours to", ["Forward offline, office hours: to", "Weiterleitung offline, Bürozeit: Ziel"], Choice, "voicemail",
        "Where calls are forwarded while no phone is registered, during office hours.";
    FORWARD_OFFLINE_OFFICE_HOURS_NUMBER { care: Care::Phone, refers: Some(Reference::Dialled) } = "forward_offline_office_hours_number", "forward while offline in office hours number", ["Forward offline, office hours: number", "Weiterleitung offline, Bürozeit: Rufnummer"], Identifier, "2001",
        "The number that calls are forwarded to while no phone is registered, during office hours.";
    FORWARD_OFFLINE_OUTSIDE_HOURS_TO = "forward_offline_outside_hours_to", "forward while offline outside office hours to", ["Forward offline, outside hours: to", "Weiterleitung offline, außerhalb der Bürozeit: Ziel"], Choice, "voicemail",
        "Where calls are forwarded while no phone is registered, outside office hours.";
    FORWARD_OFFLINE_OUTSIDE_HOURS_NUMBER { care: Care::Phone, refers: Some(Reference::Dialled) } = "forward_offline_outside_hours_number", "forward while offline outside office hours number", ["Forward offline, outside hours: number", "Weiterleitung offline, außerhalb der Bürozeit: Rufnummer"], Identifier, "2001",
        "The number that calls are forwarded to while no phone is registered, outside office hours.";
    FORWARD_DND_OFFICE_HOURS_TO = "forward_dnd_office_hours_to", "forward on do not disturb in office hours to", ["Forward DND, office hours: to", "Weiterleitung bei Anrufschutz, Bürozeit: Ziel"], Choice, "voicemail",
        "Where calls are forwarded while do-not-disturb is on, during office hours.";
    FORWARD_DND_OFFICE_HOURS_NUMBER { care: Care::Phone, refers: Some(Reference::Dialled) } = "forward_dnd_office_hours_number", "forward on do not disturb in office hours number", ["Forward DND, office hours: number", "Weiterleitung bei Anrufschutz, Bürozeit: Rufnummer"], Identifier, "2001",
        "The number that calls are forwarded to while do-not-disturb is on, during office hours.";
    FORWARD_DND_OUTSIDE_HOURS_TO = "forward_dnd_outside_hours_to", "forward on do not disturb outside office hours to", ["Forward DND, outside hours: to", "Weiterleitung bei Anrufschutz, außerhalb der Bürozeit: Ziel"], Choice, "voicemail",
        "Where calls are forwarded while do-not-disturb is on, outside office hours.";
    FORWARD_DND_OUTSIDE_HOURS_NUMBER { care: Care::Phone, refers: Some(Reference::Dialled) } = "forward_dnd_outside_hours_number", "forward on do not disturb outside office hours number", ["Forward DND, outside hours: number", "Weiterleitung bei Anrufschutz, außerhalb der Bürozeit: Rufnummer"], Identifier, "2001",
        "The number that calls are forwarded to while do-not-disturb is on, outside office hours.";
    FORWARD_AWAY_OFFICE_HOURS_TO = "forward_away_office_hours_to", "forward while away in office hours to", ["Forward away, office hours: to", "Weiterleitung bei Abwesenheit, Bürozeit: Ziel"], Choice, "voicemail",
        "Where calls are forwarded while the user is away, during office hours.";
    FORWARD_AWAY_OFFICE_HOURS_NUMBER { care: Care::Phone, refers: Some(Reference::Dialled) } = "forward_away_office_hours_number", "forward while away in office hours number", ["Forward away, office hours: number", "Weiterleitung bei Abwesenheit, Bürozeit: Rufnummer"], Identifier, "2001",
        "The number that calls are forwarded to while the user is away, during office hours.";
    FORWARD_AWAY_OUTSIDE_HOURS_TO = "forward_away_outside_hours_to", "forward while away outside office hours to", ["Forward away, outside hours: to", "Weiterleitung bei Abwesenheit, außerhalb der Bürozeit: Ziel"], Choice, "voicemail",
        "Where calls are forwarded while the user is away, outside office hours.";
    FORWARD_AWAY_OUTSIDE_HOURS_NUMBER { care: Care::Phone, refers: Some(Reference::Dialled) } = "forward_away_outside_hours_number", "forward while away outside office hours number", ["Forward away, outside hours: number", "Weiterleitung bei Abwesenheit, außerhalb der Bürozeit: Rufnummer"], Identifier, "2001",
        "The number that calls are forwarded to while the user is away, outside office hours.";
    MOBILITY = "mobility", "mobility", ["Mobility", "Mobiltelefon als Nebenstelle"], Switch, "off",
        "Whether the mobile telephone acts as an extension.";
    MOBILITY_RING_TOGETHER = "mobility_ring_together", "mobile rings together", ["Mobility ring together", "Mobiltelefon klingelt mit"], Switch, "off",
        "Whether the mobile telephone rings together with the extension.";
    MOBILITY_PREFIX = "mobility_prefix", "mobility prefix", ["Mobility prefix", "Mobiltelefon: Vorwahlziffer"], Identifier, "9",
        "The prefix for outgoing calls of the mobility extension.";
    MONITOR_ALLOWED = "monitor_allowed", "may be monitored", ["Monitor allowed", "Mithören erlaubt"], Switch, "off",
        "Whether others may monitor this extension's calls.";
    MONITOR_MODE = "monitor_mode", "monitors others", ["Monitor mode", "Mithören bei anderen"], Choice, "disabled",
        "How this extension may monitor others.";
    RING_TIMEOUT { unit: "s" } = "ring_timeout", "ring time", ["Ring timeout", "Klingelzeit"], Choice, "30",
        "How many seconds the phone rings.";
    MAX_CALL_SECONDS { unit: "s" } = "max_call_seconds", "longest call", ["Max call seconds", "Maximale Gesprächsdauer"], Choice, "follow_system",
        "The longest call, in seconds; or follow_system, or unlimited.";
    DO_NOT_DISTURB = "do_not_disturb", "do not disturb", ["Do not disturb", "Bitte nicht stören"], Switch, "off",
        "Whether do-not-disturb is on.";
    NAT = "nat", "NAT", ["NAT", "NAT"], Switch, "on",
        "Whether the phone is reached through network address translation.";
    RECORD_AUDIO = "record_audio", "audio recording", ["Record audio", "Gesprächsaufzeichnung"], Switch, "off",
        "Whether audio calls are recorded.";
    RECORD_VIDEO = "record_video", "video recording", ["Record video", "Videoaufzeichnung"], Switch, "off",
        "Whether video calls are recorded.";
    OFFICE_HOURS_MODE = "office_hours_mode", "office hours", ["Office hours mode", "Bürozeiten"], Choice, "custom",
        "Whether the extension has office hours of its own.";
    MONDAY_FROM = "monday_from", "Monday hours from", ["Monday from", "Montag von"], Time, "09:00",
        "When office hours begin on Monday, HH:MM.";
    MONDAY_TO = "monday_to", "Monday hours to", ["Monday to", "Montag bis"], Time, "17:00",
        "When office hours end on Monday, HH:MM.";
    TUESDAY_FROM = "tuesday_from", "Tuesday hours from", ["Tuesday from", "Dienstag von"], Time, "09:00",
        "When office hours begin on Tuesday, HH:MM.";
    TUESDAY_TO = "tuesday_to", "Tuesday hours to", ["Tuesday to", "Dienstag bis"], Time, "17:00",
        "When office hours end on Tuesday, HH:MM.";
    WEDNESDAY_FROM = "wednesday_from", "Wednesday hours from", ["Wednesday from", "Mittwoch von"], Time, "09:00",
        "When office hours begin on Wednesday, HH:MM.";
    WEDNESDAY_TO = "wednesday_to", "Wednesday hours to", ["Wednesday to", "Mittwoch bis"], Time, "17:00",
        "When office hours end on Wednesday, HH:MM.";
    THURSDAY_FROM = "thursday_from", "Thursday hours from", ["Thursday from", "Donnerstag von"], Time, "09:00",
        "When office hours begin on Thursday, HH:MM.";
    THURSDAY_TO = "thursday_to", "Thursday hours to", ["Thursday to", "Donnerstag bis"], Time, "17:00",
        "When office hours end on Thursday, HH:MM.";
    FRIDAY_FROM = "friday_from", "Friday hours from", ["Friday from", "Freitag von"], Time, "09:00",
        "When office hours begin on Friday, HH:MM.";
    FRIDAY_TO = "friday_to", "Friday hours to", ["Friday to", "Freitag bis"], Time, "17:00",
        "When office hours end on Friday, HH:MM.";
    SATURDAY_FROM = "saturday_from", "Saturday hours from", ["Saturday from", "Samstag von"], Time, "09:00",
        "When office hours begin on Saturday, HH:MM.";
    SATURDAY_TO = "saturday_to", "Saturday hours to", ["Saturday to", "Samstag bis"], Time, "17:00",
        "When office hours end on Saturday, HH:MM.";
    SUNDAY_FROM = "sunday_from", "Sunday hours from", ["Sunday from", "Sonntag von"], Time, "09:00",
        "When office hours begin on Sunday, HH:MM.";
    SUNDAY_TO = "sunday_to", "Sunday hours to", ["Sunday to", "Sonntag bis"], Time, "17:00",
        "When office hours end on Sunday, HH:MM.";
    GROUPS { membership: true } = "groups", "groups", ["Groups", "Gruppen"], List, "Sales;Support",
        "The extension groups that the extension is a member of, by name.";
    INTERCOM = "intercom", "intercom", ["Intercom", "Gegensprechen"], Switch, "on",
        "Whether the group's members may use the intercom.";
    EXTERNAL_CALLS = "external_calls", "external calls", ["External calls", "Externe Anrufe"], Switch, "on",
        "Whether the group's members may call outside.";
    CONSOLE_ACCESS = "console_access", "console access", ["Console access", "Konsolenzugang"], Switch, "off",
        "Whether the group's members may use the PBX's management console.";
    GROUP_MEMBERS { membership: true } = "group_members", "members", ["Group members", "Mitglieder"], List, "2001;2002",
        "All extensions that are in the group, by their numbers.";
    GENDER = "gender", "gender", ["Gender", "Geschlecht"], Choice, "female",
        "Gender, as the PBX words it.";
    TWITTER = "twitter", "Twitter", ["Twitter", "Twitter"], Text, "annmiller",
        "The user's Twitter account.";
    FACEBOOK = "facebook", "Facebook", ["Facebook", "Facebook"], Text, "annmiller",
        "The user's Facebook account.";
    LINKEDIN = "linkedin", "LinkedIn", ["LinkedIn", "LinkedIn"], Text, "annmiller",
        "The user's LinkedIn account.";
    INSTAGRAM = "instagram", "Instagram", ["Instagram", "Instagram"], Text, "annmiller",
        "The user's Instagram account.";
    EXTENSION_TYPE = "extension_type", "type", ["Extension type", "Nebenstellentyp"], Text, "SIP",
        "What kind of telephone account it is, as the PBX words it.";
    PORT = "port", "port", ["Port", "Analoger Anschluss"], Text, "",
        "The analogue port that the extension is wired to.";
    PARTS_OF_OTHERS { flaw: true } = "parts_of_others", "parts of others", ["Parts of others", "Teile anderer"], Text, "aor 2001",
        "Parts that other extensions have too, and that this one uses in the place of its own.";
    PRESENCE_FORWARDS = "presence_forwards", "forwards by presence", ["Forwards by presence", "Weiterleitungen nach Präsenz"], Text, "away: always ext_vm",
        "The forwards of other presence states, and those that differ for internal and external calls, as the PBX words them.";
    STATUS { live: true } = "status", "status", ["Status", "Status"], Text, "Registered",
        "What the extension is doing, as the PBX words it.";
    USER_AGENT { live: true } = "user_agent", "user agent", ["User agent", "Telefonsoftware"], Text, "Yealink SIP-T46S",
        "The software of the registered phone.";
    LAST_IP_ADDRESS { live: true } = "last_ip_address", "last IP address", ["Last IP address", "Letzte IP-Adresse"], Text, "192.0.2.17",
        "The address from which a phone registered last.";
    PHONE_MAC_ADDRESS { live: true } = "phone_mac_address", "phone's MAC address", ["Phone MAC address", "MAC-Adresse"], Text, "00:15:65:12:34:56",
        "The hardware address of the provisioned phone.";
    PHONE_MODEL { live: true } = "phone_model", "phone model", ["Phone model", "Telefonmodell"], Text, "T46S",
        "The model of the provisioned phone.";
}

impl Field {
    /// All fields, in the order of the dictionary.
    pub fn all() -> impl Iterator<Item = Field> {
        (0..DICTIONARY.len()).map(|index| Field(index as u8))
    }

    /// The field of a canonical name, exactly as written there.
    pub fn named(name: &str) -> Option<Field> {
        Field::all().find(|field| field.name() == name)
    }

    /// Returns true for the key: the field that no two records of a sheet share, an extension's number or a group's
    /// name.
    pub fn is_key(self) -> bool {
        self == Field::NUMBER || self == Field::GROUP_NAME
    }

    /// The kind of the records of this key.
    pub fn record_kind(self) -> RecordKind {
        if self == Field::GROUP_NAME {
            RecordKind::Group
        } else {
            RecordKind::Extension
        }
    }

    /// The dictionary's entry.
    pub fn def(self) -> &'static FieldDef {
        &DICTIONARY[self.position()]
    }

    /// Its place in the dictionary, from 0.
    pub(crate) fn position(self) -> usize {
        usize::from(self.0)
    }

    /// The canonical name.
    pub fn name(self) -> &'static str {
        self.def().name
    }

    /// The heading of the field in a sheet for people.
    pub fn heading(self, language: Language) -> &'static str {
        let [english, german] = self.def().headings;
        match language {
            Language::English => english,
            Language::German => german,
        }
    }

    /// The field in a table: as a language has it for people, and by its name for programs, which read no language.
    pub(crate) fn label(self, reader: Option<Language>) -> &'static str {
        reader.map_or_else(|| self.name(), |language| self.heading(language))
    }

    /// Returns true if the value of the field may never be shown.
    pub fn is_secret(self) -> bool {
        self.def().secret
    }

    /// Returns true if this value of the field may never be shown: the field is a secret, or the value is an address
    /// with a password in it.
    pub fn hides(self, text: &str) -> bool {
        self.is_secret() || (self == Field::VOICEMAIL_GREETING && has_url_password(text))
    }

    /// All fields that people know an extension by in this way.
    pub fn identifying(identity: Identity) -> impl Iterator<Item = Field> {
        Field::all().filter(move |field| field.def().identifies == Some(identity))
    }

    /// Returns true if the field shows the state of the moment and is no setting.
    pub fn is_live(self) -> bool {
        self.def().live
    }

    /// Returns true if a text in the field says what is wrong with an extension.
    pub fn is_flaw(self) -> bool {
        self.def().flaw
    }

    /// Returns true if the field lists which extensions belong to which groups.
    pub fn is_membership(self) -> bool {
        self.def().membership
    }
}

/// Returns true for an address with a password before its host.
pub(super) fn has_url_password(text: &str) -> bool {
    let authority = text.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':')
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Field {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Field::named(&name)
            .ok_or_else(|| serde::de::Error::custom(format!("no field is called {name}")))
    }
}

impl serde::Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_items_of_a_list_come_without_blanks_and_empty_ones() {
        let items: Vec<&str> = list_items(" Sales ;;2001; ").collect();
        assert_eq!(items, ["Sales", "2001"]);
        assert_eq!(list_items("").count(), 0);
    }

    #[test]
    fn names_are_unique_and_found_again() {
        let names: BTreeSet<_> = Field::all().map(Field::name).collect();
        assert_eq!(names.len(), DICTIONARY.len());
        for field in Field::all() {
            assert_eq!(Field::named(field.name()), Some(field));
            assert!(!field.def().help.is_empty() && !field.def().spoken.is_empty());
        }
    }

    #[test]
    fn a_locale_names_its_language() {
        for (locale, language) in [
            ("de", Language::German),
            ("de_AT.UTF-8", Language::German),
            ("DE@euro", Language::German),
            ("en_GB.UTF-8", Language::English),
            ("del_US", Language::English),
            ("C", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::from_locale(locale), language, "{locale}");
        }
    }

    #[test]
    fn secrets_are_marked() {
        let secrets: Vec<_> = Field::all()
            .filter(|field| field.is_secret())
            .map(Field::name)
            .collect();
        assert_eq!(secrets, ["sip_password", "web_password", "voicemail_pin"]);
    }
}
