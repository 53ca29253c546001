//! The field dictionary: one list of properties of an extension, or of a group of them, that all vendors share.
//!
//! What means the same at two vendors is one field. A vendor's own name for a field stands in its `vendor.toml`, not
//! here.

use std::fmt;

/// What kind of text a field holds; decides how a cell is brought into canonical form.
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

/// One entry of the dictionary.
#[derive(Debug)]
pub struct FieldDef {
    /// Canonical name: what headings, reports and messages say.
    pub name: &'static str,
    /// What kind of text it holds.
    pub kind: Kind,
    /// Whether its value may never be shown.
    pub secret: bool,
    /// Whether it tells the state of the moment (a registration, say) and no setting: left out of exports unless asked
    /// for, never written.
    pub live: bool,
    /// Other headings that mean it, in English and German; compared without regard to case, spaces, `_` and `-`.
    pub aliases: &'static [&'static str],
    /// A value as an example; of a secret an invented one.
    pub example: &'static str,
    /// What it means.
    pub help: &'static str,
}

/// One field: an index into the dictionary, in whose order fields sort.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(u8);

macro_rules! dictionary {
    ($($constant:ident $($flag:ident)* = $name:literal, $kind:ident, [$($alias:literal),*], $example:literal, $help:literal;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "only counts the constants below")]
        enum Index { $($constant),* }

        impl Field {
            $(#[doc = $help] pub const $constant: Field = Field(Index::$constant as u8);)*
        }

        static DICTIONARY: &[FieldDef] = &[$(FieldDef {
            name: $name,
            kind: Kind::$kind,
            secret: false $(|| dictionary!(@secret $flag))*,
            live: false $(|| dictionary!(@live $flag))*,
            aliases: &[$($alias),*],
            example: $example,
            help: $help,
        }),*];
    };
    (@secret secret) => { true };
    (@secret live) => { false };
    (@live live) => { true };
    (@live secret) => { false };
}

dictionary! {
    NUMBER = "number", Identifier, ["extension", "ext", "ext no", "extension no", "extension number", "durchwahl", "nebenstelle", "nst", "rufnummer intern", "interne nummer", "extension id", "exten", "phone extension", "internal number", "nebenstellennummer", "nst nr", "durchwahlnummer", "interne rufnummer", "teilnehmernummer"], "2002",
        "The extension's number: its key. Text, so leading zeros count.";
    NEW_NUMBER = "new_number", Identifier, ["renumber to", "neue nummer", "new extension", "neue durchwahl", "neue nebenstelle"], "72002",
        "The number that the extension is to have from now on.";
    GROUP_NAME = "group_name", Text, ["name of the group", "gruppenname", "name der gruppe"], "Sales",
        "A group's name: its key in a sheet of groups.";
    DISPLAY_NAME = "display_name", Text, ["name", "full name", "user name", "anzeigename", "name anzeige", "vollständiger name", "display", "employee", "anzeige", "vor und nachname", "mitarbeiter"], "Ann Miller",
        "The person's or room's name as phones show it.";
    FIRST_NAME = "first_name", Text, ["given name", "vorname", "first", "forename", "rufname"], "Ann",
        "Given name.";
    LAST_NAME = "last_name", Text, ["surname", "family name", "nachname", "familienname", "last", "zuname"], "Miller",
        "Family name.";
    CALLER_ID = "caller_id", Text, ["outbound caller id", "outbound cid", "cid", "absendernummer", "anrufer id", "caller id number", "outgoing caller id", "ausgehende nummer", "abgehende rufnummer", "absender"], "2002",
        "The caller ID that is shown for outgoing calls.";
    DESCRIPTION = "description", Text, ["note", "notes", "comment", "beschreibung", "bemerkung", "remark", "remarks", "kommentar", "anmerkung", "notiz"], "Reception desk",
        "Free text about the extension, or the group.";
    ENABLED = "enabled", Switch, ["active", "aktiv", "aktiviert", "is enabled", "freigeschaltet"], "on",
        "Whether the extension may be used.";
    SIP_USERNAME = "sip_username", Text, ["sip user", "sip benutzer", "sip benutzername", "sip account", "sip login", "sip konto"], "2002",
        "The SIP account's user name.";
    SIP_AUTH_NAME = "sip_auth_name", Text, ["auth id", "auth name", "authentication name", "authorization name", "sip auth id", "auth user", "auth username", "authentication id", "authentifizierungsname", "anmeldename"], "2002",
        "The name that a phone authenticates with.";
    SIP_PASSWORD secret = "sip_password", Text, ["sip secret", "secret", "registration password", "extension password", "auth password", "sip passwort", "kennwort", "passwort", "register password", "sip kennwort", "registrierungspasswort", "telefonpasswort"], "tR7xkQ2mZp9w",
        "The password that a phone registers with.";
    MAX_REGISTRATIONS = "max_registrations", Count, ["concurrent registrations", "max contacts", "max. registrierungen", "maximum registrations", "gleichzeitige registrierungen", "anzahl geräte"], "3",
        "How many phones may be registered at the same time.";
    WEB_PASSWORD secret = "web_password", Text, ["web access password", "user password", "portal password", "web passwort", "login password", "web kennwort", "portalpasswort", "benutzerpasswort"], "Kw83hTqzLm",
        "The password for the user's web page.";
    USER_ID = "user_id", Text, ["user", "owner", "benutzer", "benutzer id", "benutzerkennung"], "user100",
        "The PBX user that the extension belongs to.";
    EMAIL = "email", Email, ["email address", "mail", "e mail adresse", "mailadresse", "mail address", "e mail addresse"], "ann.miller@example.com",
        "E-mail address, for voicemail and notices.";
    MOBILE = "mobile", Identifier, ["mobile number", "mobile phone", "cell", "cell phone", "mobil", "handy", "mobilnummer", "handynummer", "mobile no", "mobiltelefon", "mobilfunk", "mobilfunknummer", "handynr"], "18088861612",
        "Mobile telephone number.";
    WORK_PHONE = "work_phone", Identifier, ["business phone", "office phone", "telefon geschäftlich", "work number", "business number", "dienstlich", "telefon dienstlich"], "0301234567",
        "Work telephone number.";
    HOME_PHONE = "home_phone", Identifier, ["private phone", "telefon privat", "home number", "private number", "privat", "privatnummer"], "0307654321",
        "Home telephone number.";
    LANGUAGE = "language", Text, ["system prompt language", "sprache", "prompt language", "ansagesprache"], "en",
        "The language of the prompts that the extension hears.";
    VOICEMAIL = "voicemail", Switch, ["vm", "mailbox", "enable voicemail", "anrufbeantworter", "sprachbox", "has voicemail", "voicemail enabled", "voicemail aktiv"], "on",
        "Whether the extension has a voicemail box.";
    VOICEMAIL_PIN secret = "voicemail_pin", Identifier, ["vm pin", "vm password", "voicemail password", "mailbox pin", "sprachbox pin", "voicemail secret", "vm secret", "mailbox password", "mailbox passwort", "voicemail passwort"], "083914",
        "The digits that open the voicemail box. Text, so leading zeros count.";
    VOICEMAIL_PIN_REQUIRED = "voicemail_pin_required", Switch, ["voicemail pin authentication", "pin required", "pin erforderlich"], "on",
        "Whether the voicemail box asks for its PIN.";
    VOICEMAIL_TO_EMAIL = "voicemail_to_email", Switch, ["vm to email", "voicemail per e mail", "send voicemail by email", "voicemail to mail", "sprachnachricht per e mail"], "on",
        "Whether new voicemail is sent to the e-mail address.";
    VOICEMAIL_LANGUAGE = "voicemail_language", Text, ["voicemail prompt", "voicemail prompt language", "voicemail sprache"], "en-us",
        "The language of the voicemail prompts.";
    VOICEMAIL_SAY_CALLER_ID = "voicemail_say_caller_id", Switch, [], "off",
        "Whether the caller's number is spoken before a message.";
    VOICEMAIL_SAY_TIME = "voicemail_say_time", Choice, [], "no",
        "Whether and how the time of a message is spoken.";
    VOICEMAIL_GREETING = "voicemail_greeting", Text, ["greeting", "greeting file", "begrüßung", "ansage"], "https://files.example.com/greetings/2002.wav",
        "The greeting file of the voicemail box: a file name that the PBX has, or an address to fetch it from.";
    FORWARD_ALWAYS = "forward_always", Switch, ["always forward", "call forward always", "unconditional forward", "sofortige weiterleitung", "rufumleitung sofort"], "on",
        "Whether calls are forwarded always.";
    FORWARD_ALWAYS_TO = "forward_always_to", Choice, [], "voicemail",
        "Where calls are forwarded always: voicemail, extension, mobile, number, or a word of the vendor's own.";
    FORWARD_ALWAYS_EXTENSION = "forward_always_extension", Identifier, [], "2001",
        "The extension that calls are forwarded to always.";
    FORWARD_ALWAYS_PREFIX = "forward_always_prefix", Identifier, [], "9",
        "The prefix for outbound calls when calls are forwarded always.";
    FORWARD_ALWAYS_NUMBER = "forward_always_number", Identifier, [], "0301234567",
        "The number that calls are forwarded to always.";
    FORWARD_NO_ANSWER = "forward_no_answer", Switch, ["no answer forward", "forward when no answer", "weiterleitung bei nichtmelden", "rufumleitung bei nichtmelden"], "on",
        "Whether calls are forwarded when nobody answers.";
    FORWARD_NO_ANSWER_TO = "forward_no_answer_to", Choice, [], "voicemail",
        "Where calls are forwarded when nobody answers: voicemail, extension, mobile, number, or a word of the vendor's own.";
    FORWARD_NO_ANSWER_EXTENSION = "forward_no_answer_extension", Identifier, [], "2001",
        "The extension that calls are forwarded to when nobody answers.";
    FORWARD_NO_ANSWER_PREFIX = "forward_no_answer_prefix", Identifier, [], "9",
        "The prefix for outbound calls when calls are forwarded when nobody answers.";
    FORWARD_NO_ANSWER_NUMBER = "forward_no_answer_number", Identifier, [], "0301234567",
        "The number that calls are forwarded to when nobody answers.";
    FORWARD_NO_ANSWER_AFTER = "forward_no_answer_after", Count, ["no answer timeout", "ring time no answer", "weiterleitung nach"], "20",
        "After how many seconds without an answer calls are forwarded.";
    FORWARD_BUSY = "forward_busy", Switch, ["busy forward", "forward when busy", "weiterleitung bei besetzt", "rufumleitung bei besetzt"], "on",
        "Whether calls are forwarded when the line is busy.";
    FORWARD_BUSY_TO = "forward_busy_to", Choice, [], "voicemail",
        "Where calls are forwarded when the line is busy: voicemail, extension, mobile, number, or a word of the vendor's own.";
    FORWARD_BUSY_EXTENSION = "forward_busy_extension", Identifier, [], "2001",
        "The extension that calls are forwarded to when the line is busy.";
    FORWARD_BUSY_PREFIX = "forward_busy_prefix", Identifier, [], "9",
        "The prefix for outbound calls when calls are forwarded when the line is busy.";
    FORWARD_BUSY_NUMBER = "forward_busy_number", Identifier, [], "0301234567",
        "The number that calls are forwarded to when the line is busy.";
    FORWARD_OFFLINE_OFFICE_HOURS_TO = "forward_offline_office_hours_to", Choice, [], "voicemail",
        "Where calls are forwarded while no phone is registered, during office hours.";
    FORWARD_OFFLINE_OFFICE_HOURS_NUMBER = "forward_offline_office_hours_number", Identifier, [], "2001",
        "The number that calls are forwarded to while no phone is registered, during office hours.";
    FORWARD_OFFLINE_OUTSIDE_HOURS_TO = "forward_offline_outside_hours_to", Choice, [], "voicemail",
        "Where calls are forwarded while no phone is registered, outside office hours.";
    FORWARD_OFFLINE_OUTSIDE_HOURS_NUMBER = "forward_offline_outside_hours_number", Identifier, [], "2001",
        "The number that calls are forwarded to while no phone is registered, outside office hours.";
    FORWARD_DND_OFFICE_HOURS_TO = "forward_dnd_office_hours_to", Choice, [], "voicemail",
        "Where calls are forwarded while do-not-disturb is on, during office hours.";
    FORWARD_DND_OFFICE_HOURS_NUMBER = "forward_dnd_office_hours_number", Identifier, [], "2001",
        "The number that calls are forwarded to while do-not-disturb is on, during office hours.";
    FORWARD_DND_OUTSIDE_HOURS_TO = "forward_dnd_outside_hours_to", Choice, [], "voicemail",
        "Where calls are forwarded while do-not-disturb is on, outside office hours.";
    FORWARD_DND_OUTSIDE_HOURS_NUMBER = "forward_dnd_outside_hours_number", Identifier, [], "2001",
        "The number that calls are forwarded to while do-not-disturb is on, outside office hours.";
    FORWARD_AWAY_OFFICE_HOURS_TO = "forward_away_office_hours_to", Choice, [], "voicemail",
        "Where calls are forwarded while the user is away, during office hours.";
    FORWARD_AWAY_OFFICE_HOURS_NUMBER = "forward_away_office_hours_number", Identifier, [], "2001",
        "The number that calls are forwarded to while the user is away, during office hours.";
    FORWARD_AWAY_OUTSIDE_HOURS_TO = "forward_away_outside_hours_to", Choice, [], "voicemail",
        "Where calls are forwarded while the user is away, outside office hours.";
    FORWARD_AWAY_OUTSIDE_HOURS_NUMBER = "forward_away_outside_hours_number", Identifier, [], "2001",
        "The number that calls are forwarded to while the user is away, outside office hours.";
    MOBILITY = "mobility", Switch, ["mobility extension"], "off",
        "Whether the mobile telephone acts as an extension.";
    MOBILITY_RING_TOGETHER = "mobility_ring_together", Switch, ["ring simultaneously"], "off",
        "Whether the mobile telephone rings together with the extension.";
    MOBILITY_PREFIX = "mobility_prefix", Identifier, [], "9",
        "The prefix for outgoing calls of the mobility extension.";
    MONITOR_ALLOWED = "monitor_allowed", Switch, [], "off",
        "Whether others may monitor this extension's calls.";
    MONITOR_MODE = "monitor_mode", Choice, [], "disabled",
        "How this extension may monitor others.";
    RING_TIMEOUT = "ring_timeout", Choice, ["ring time", "ringtimer", "klingelzeit", "ring duration", "rufdauer"], "30",
        "How many seconds the phone rings.";
    MAX_CALL_SECONDS = "max_call_seconds", Choice, ["max call duration", "maximale gesprächsdauer"], "follow_system",
        "The longest call, in seconds; or follow_system, or unlimited.";
    DO_NOT_DISTURB = "do_not_disturb", Switch, ["bitte nicht stören", "ruhe vor dem telefon", "dnd", "nicht stören"], "off",
        "Whether do-not-disturb is on.";
    NAT = "nat", Switch, [], "on",
        "Whether the phone is reached through network address translation.";
    RECORD_AUDIO = "record_audio", Switch, ["record calls", "enable audio recording", "call recording", "gesprächsaufzeichnung"], "off",
        "Whether audio calls are recorded.";
    RECORD_VIDEO = "record_video", Switch, ["enable video recording", "video recording", "videoaufzeichnung"], "off",
        "Whether video calls are recorded.";
    OFFICE_HOURS_MODE = "office_hours_mode", Choice, [], "custom",
        "Whether the extension has office hours of its own.";
    MONDAY_FROM = "monday_from", Time, [], "09:00",
        "When office hours begin on Monday, HH:MM.";
    MONDAY_TO = "monday_to", Time, [], "17:00",
        "When office hours end on Monday, HH:MM.";
    TUESDAY_FROM = "tuesday_from", Time, [], "09:00",
        "When office hours begin on Tuesday, HH:MM.";
    TUESDAY_TO = "tuesday_to", Time, [], "17:00",
        "When office hours end on Tuesday, HH:MM.";
    WEDNESDAY_FROM = "wednesday_from", Time, [], "09:00",
        "When office hours begin on Wednesday, HH:MM.";
    WEDNESDAY_TO = "wednesday_to", Time, [], "17:00",
        "When office hours end on Wednesday, HH:MM.";
    THURSDAY_FROM = "thursday_from", Time, [], "09:00",
        "When office hours begin on Thursday, HH:MM.";
    THURSDAY_TO = "thursday_to", Time, [], "17:00",
        "When office hours end on Thursday, HH:MM.";
    FRIDAY_FROM = "friday_from", Time, [], "09:00",
        "When office hours begin on Friday, HH:MM.";
    FRIDAY_TO = "friday_to", Time, [], "17:00",
        "When office hours end on Friday, HH:MM.";
    SATURDAY_FROM = "saturday_from", Time, [], "09:00",
        "When office hours begin on Saturday, HH:MM.";
    SATURDAY_TO = "saturday_to", Time, [], "17:00",
        "When office hours end on Saturday, HH:MM.";
    SUNDAY_FROM = "sunday_from", Time, [], "09:00",
        "When office hours begin on Sunday, HH:MM.";
    SUNDAY_TO = "sunday_to", Time, [], "17:00",
        "When office hours end on Sunday, HH:MM.";
    GROUPS = "groups", List, ["group", "extension groups", "gruppe", "gruppen", "extension group", "rufgruppe", "nebenstellengruppen"], "Sales;Support",
        "The extension groups that the extension is a member of, by name.";
    INTERCOM = "intercom", Switch, [], "on",
        "Whether the group's members may use the intercom.";
    EXTERNAL_CALLS = "external_calls", Switch, ["external call", "externe anrufe"], "on",
        "Whether the group's members may call outside.";
    CONSOLE_ACCESS = "console_access", Switch, ["management console access", "konsolenzugang"], "off",
        "Whether the group's members may use the PBX's management console.";
    GROUP_MEMBERS = "group_members", List, ["members", "mitglieder", "gruppenmitglieder", "member extensions"], "2001;2002",
        "All extensions that are in the group, by their numbers.";
    GENDER = "gender", Choice, ["geschlecht"], "female",
        "Gender, as the PBX words it.";
    TWITTER = "twitter", Text, [], "annmiller",
        "The user's Twitter account.";
    FACEBOOK = "facebook", Text, [], "annmiller",
        "The user's Facebook account.";
    LINKEDIN = "linkedin", Text, [], "annmiller",
        "The user's LinkedIn account.";
    INSTAGRAM = "instagram", Text, [], "annmiller",
        "The user's Instagram account.";
    EXTENSION_TYPE = "extension_type", Text, ["tech", "technology"], "SIP",
        "What kind of telephone account it is, as the PBX words it.";
    PORT = "port", Text, ["fxs port"], "",
        "The analogue port that the extension is wired to.";
    STATUS live = "status", Text, [], "Registered",
        "What the extension is doing, as the PBX words it.";
    USER_AGENT live = "user_agent", Text, [], "Yealink SIP-T46S",
        "The software of the registered phone.";
    LAST_IP_ADDRESS live = "last_ip_address", Text, [], "192.0.2.17",
        "The address from which a phone registered last.";
    PHONE_MAC_ADDRESS live = "phone_mac_address", Text, ["mac", "mac address", "mac adresse", "phone mac"], "00:15:65:12:34:56",
        "The hardware address of the provisioned phone.";
    PHONE_MODEL live = "phone_model", Text, ["model", "telefonmodell", "gerätemodell"], "T46S",
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

    /// Whether it is what tells one record from all others of its sheet: an extension's number, a group's name.
    pub fn is_key(self) -> bool {
        self == Field::NUMBER || self == Field::GROUP_NAME
    }

    /// What the records of a key are called in messages.
    pub fn record(self) -> &'static str {
        if self == Field::GROUP_NAME {
            "group"
        } else {
            "extension"
        }
    }

    /// The dictionary's entry.
    pub fn def(self) -> &'static FieldDef {
        &DICTIONARY[usize::from(self.0)]
    }

    /// Canonical name.
    pub fn name(self) -> &'static str {
        self.def().name
    }

    /// Whether its value may never be shown.
    pub fn is_secret(self) -> bool {
        self.def().secret
    }

    /// Whether it tells the state of the moment and no setting.
    pub fn is_live(self) -> bool {
        self.def().live
    }
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
    fn names_are_unique_and_found_again() {
        let names: BTreeSet<_> = Field::all().map(Field::name).collect();
        assert_eq!(names.len(), DICTIONARY.len());
        for field in Field::all() {
            assert_eq!(Field::named(field.name()), Some(field));
            assert!(!field.def().help.is_empty());
        }
    }

    #[test]
    fn every_alias_means_one_field() {
        let fold = |word: &str| word.replace([' ', '-', '_'], "").to_lowercase();
        let mut seen: BTreeSet<String> = Field::all().map(|field| fold(field.name())).collect();
        for field in Field::all() {
            for alias in field.def().aliases {
                assert!(seen.insert(fold(alias)), "{}: {alias}", field.name());
            }
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
