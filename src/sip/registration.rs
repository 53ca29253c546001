//! The conversation that shows if a telephone could sign in: its secret is proved without disturbing one.
//!
//! A REGISTER without a contact asks which contacts there are. It is challenged like any other, so a 200 to it proves
//! extension and secret, and nothing is added, moved or removed. Only where it is asked for, and no telephone is
//! registered, a contact of this end is bound, and taken back at once: that shows the place for a telephone too. A wrong
//! secret is tried only where it is asked for, last, and once.

use super::digest::{Challenge, Credentials};
use super::message::{Register, RequestMarks, SipReply, user_part};
use crate::model::redact::{NOT_SHOWN, quoted, repeats_secret};
use crate::model::{RingResult, RingVerdict, Secret};

/// The time for which a contact is bound, in seconds: if this end dies, it ends by itself.
const BOUND_SECONDS: u32 = 60;

/// The longest time for which a registrar can have it bound, in seconds.
const BOUND_SECONDS_MAX: u32 = 3600;

/// The most times that a binding, or its end, is asked for once more because no reply came.
const LOST_BINDINGS_MAX: u32 = 2;

/// The most new challenges that are answered because the registrar calls the last one stale.
const STALE_MAX: u32 = 1;

/// An extension as a telephone signs in for it.
#[derive(Debug, Clone)]
pub struct SipAccount {
    /// The user of its address.
    pub user: String,
    /// The name and the secret.
    pub credentials: Credentials,
}

/// The parts of the proof beside the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RingOptions {
    /// True to bind a contact for a moment, where no telephone is registered.
    pub register: bool,
    /// True to try a wrong secret, which must be refused.
    pub negative: bool,
    /// The status that a wrong secret always gets, where that is known: another refusal says that the secret was taken.
    pub wrong_secret: Option<u16>,
}

/// The reason that no reply came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoReply {
    /// None came in time.
    Silent,
    /// There is no connection, for this reason.
    Closed(String),
    /// The run was asked to end.
    Stopped,
}

/// The way to a registrar.
pub trait SipLine {
    /// Sends a request and waits for its final reply. With `to_the_end` it is sent also after the run was asked to end.
    ///
    /// # Errors
    /// The reason that none came.
    fn exchange(&mut self, request: &Register, to_the_end: bool) -> Result<SipReply, NoReply>;

    /// The registrar's domain.
    fn domain(&self) -> &str;

    /// The contact of this end for a user, as it stands between `<` and `>`.
    fn contact(&self, user: &str) -> String;

    /// Random hexadecimal digits, for names that nobody can guess.
    fn token(&mut self) -> String;
}

/// Finds out if a telephone could sign in for an extension.
pub fn ring(account: &SipAccount, options: RingOptions, line: &mut dyn SipLine) -> RingVerdict {
    let user = user_part(&account.user);
    let mut conversation = RingConversation {
        aor: format!("{user}@{}", line.domain()),
        tag: line.token(),
        call_id: line.token(),
        cseq: 0,
        challenges: vec![],
        answers: 0,
        bound_seconds: BOUND_SECONDS,
        secret: &account.credentials.secret,
        line,
    };
    let told = conversation.prove(account, &user, options);
    told.unwrap_or_else(|verdict| verdict)
}

/// One conversation about one extension.
struct RingConversation<'l> {
    line: &'l mut dyn SipLine,
    aor: String,
    tag: String,
    call_id: String,
    cseq: u32,
    /// The last challenge, of each realm.
    challenges: Vec<Challenge>,
    /// The number of times that it was answered.
    answers: u32,
    /// The time for which a contact may be bound by now, in seconds.
    bound_seconds: u32,
    /// The extension's secret, which no words of the registrar may show.
    secret: &'l Secret,
}

/// The binding of a request: a contact and its time.
type ContactBinding<'b> = Option<(&'b str, u32)>;

impl RingConversation<'_> {
    fn prove(
        &mut self,
        account: &SipAccount,
        user: &str,
        options: RingOptions,
    ) -> Result<RingVerdict, RingVerdict> {
        let first = self
            .send(None, None, false)
            .map_err(|why| unanswered(&why))?;
        match first.status {
            401 | 407 => self.take_challenge(&first)?,
            200..300 => return Ok(open("without any secret", &first)),
            _ => return Err(refused(&first)),
        }
        let credentials = &account.credentials;
        let reply = self.sign_in(None, credentials, false);
        let reply = reply.map_err(|why| unanswered(&why))?;
        let mut verdict = match reply.status {
            200..300 => proved(&reply),
            401 | 407 if self.is_stale() => return Err(always_stale(&reply)),
            401 | 407 => return Err(wrong_secret(&reply)),
            403 if options.wrong_secret.is_some_and(|status| status != 403) => {
                return Err(full(&reply));
            }
            403 if options.negative => return Err(self.judge_forbidden(credentials, &reply)),
            _ => return Err(refused(&reply)),
        };
        if options.register && reply.contacts().is_empty() {
            verdict = self.bind(user, credentials)?;
        }
        match options.negative {
            true => Ok(self.try_wrong(credentials)?.unwrap_or(verdict)),
            false => Ok(verdict),
        }
    }

    /// Binds a contact of this end, and takes it back. Where no reply comes it may be bound all the same: then a look at the
    /// contacts tells, and where it is not there it is tried once more.
    fn bind(&mut self, user: &str, who: &Credentials) -> Result<RingVerdict, RingVerdict> {
        let contact = self.line.contact(user);
        let mut told = self.try_bind(&contact, who);
        for _ in 0..LOST_BINDINGS_MAX {
            if matches!(told, Ok(_) | Err(NoReply::Stopped)) {
                break;
            }
            told = match self.sign_in(None, who, false) {
                Ok(look) if look.status < 300 && look.contacts().contains(&contact) => Ok(look),
                Ok(_) => self.try_bind(&contact, who),
                Err(why) => Err(why),
            };
        }
        let is_refused = matches!(&told, Ok(reply) if reply.status >= 300);
        let is_left = !is_refused && !self.unbind(&contact, who);
        let left = match is_left {
            true => format!(
                "; what was registered could not be taken back: it ends by itself within {} s",
                self.bound_seconds
            ),
            false => String::new(),
        };
        match told {
            Ok(reply) if reply.status < 300 => {
                let message = format!(
                    "the PBX takes the secret; a telephone was registered for a moment{left}"
                );
                Ok(RingVerdict::new(RingResult::Rings, message).status(reply.status))
            }
            Ok(reply) if matches!(reply.status, 403 | 503) => Err(full(&reply)),
            Ok(reply) => Err(refused(&reply)),
            Err(NoReply::Stopped) => {
                let verdict = unanswered(&NoReply::Stopped);
                let message = verdict.message.clone() + &left;
                Err(RingVerdict { message, ..verdict })
            }
            Err(why) => {
                let verdict = unanswered(&why);
                let message = format!(
                    "the PBX takes the secret, and does not answer when a telephone registers: {}{left}",
                    verdict.message
                );
                Err(RingVerdict { message, ..verdict })
            }
        }
    }

    /// Asks to bind a contact, for longer where the registrar wants that.
    fn try_bind(&mut self, contact: &str, who: &Credentials) -> Result<SipReply, NoReply> {
        let reply = self.sign_in(Some((contact, BOUND_SECONDS)), who, false)?;
        let longer = reply.min_expires().filter(|_| reply.status == 423);
        match longer.filter(|seconds| *seconds <= BOUND_SECONDS_MAX) {
            Some(seconds) => {
                self.bound_seconds = seconds;
                self.sign_in(Some((contact, seconds)), who, false)
            }
            None => Ok(reply),
        }
    }

    /// Takes a binding back, also after the run was asked to end; returns true once the registrar has it no more.
    fn unbind(&mut self, contact: &str, who: &Credentials) -> bool {
        let is_gone = |reply: &SipReply| {
            let contacts = reply.contacts();
            reply.status < 300 && !contacts.iter().any(|known| known == contact)
        };
        (0..=LOST_BINDINGS_MAX).any(|_| {
            let reply = self.sign_in(Some((contact, 0)), who, true);
            let reply = reply.or_else(|_| self.sign_in(None, who, true));
            reply.as_ref().is_ok_and(is_gone)
        })
    }

    /// Tries a wrong secret: returns a verdict where it is not refused.
    fn try_wrong(&mut self, right: &Credentials) -> Result<Option<RingVerdict>, RingVerdict> {
        let reply = match self.sign_in_wrongly(right) {
            Ok(reply) => reply,
            Err(NoReply::Stopped) => return Err(unanswered(&NoReply::Stopped)),
            Err(_) => {
                let message = "the PBX takes the secret; to a wrong one it does not answer";
                return Ok(Some(
                    RingVerdict::new(RingResult::Unknown, message)
                        .hint("see if the PBX has blocked this machine's address"),
                ));
            }
        };
        Ok((200..300)
            .contains(&reply.status)
            .then(|| open("with a wrong secret", &reply)))
    }

    /// Judges a 403: the secret is wrong, or the registrar takes it and has no place.
    fn judge_forbidden(&mut self, right: &Credentials, forbidden: &SipReply) -> RingVerdict {
        match self.sign_in_wrongly(right) {
            Ok(reply) if matches!(reply.status, 401 | 407) => full(forbidden),
            Ok(reply) if reply.status < 300 => open("with a wrong secret", &reply),
            _ => refused(forbidden),
        }
    }

    /// Signs in with a secret that is made up. It answers a challenge of its own: where one may be answered once only, a
    /// refusal would say nothing about the secret.
    fn sign_in_wrongly(&mut self, right: &Credentials) -> Result<SipReply, NoReply> {
        let wrong = Credentials {
            username: right.username.clone(),
            secret: Secret::new(self.line.token()),
        };
        let fresh = self.send(None, None, false)?;
        match Challenge::of_realms(&fresh) {
            Ok(challenges) => self.challenged(challenges),
            Err(_) => return Ok(fresh),
        }
        self.sign_in(None, &wrong, false)
    }

    /// Sends a request with the answer to the challenge, and once more where the registrar calls the challenge stale or has
    /// taken an answer to it before.
    fn sign_in(
        &mut self,
        binding: ContactBinding<'_>,
        who: &Credentials,
        to_the_end: bool,
    ) -> Result<SipReply, NoReply> {
        let mut stale = 0;
        loop {
            let reply = self.send(binding, Some(who), to_the_end)?;
            let is_challenge = matches!(reply.status, 401 | 407);
            match Challenge::of_realms(&reply) {
                Ok(challenges) if is_challenge => {
                    let was_answered = self.answers > 1;
                    self.challenged(challenges);
                    let is_stale = self.is_stale() || was_answered;
                    if !is_stale || stale == STALE_MAX {
                        return Ok(reply);
                    }
                    stale += 1;
                }
                _ => return Ok(reply),
            }
        }
    }

    fn take_challenge(&mut self, reply: &SipReply) -> Result<(), RingVerdict> {
        let challenges = Challenge::of_realms(reply).map_err(|asked| {
            let asked = match asked.0.as_str() {
                "" => "nothing".to_owned(),
                asked if repeats_secret(asked, self.secret) => NOT_SHOWN.to_owned(),
                asked => quoted(asked),
            };
            let message = format!(
                "the PBX asks for a sign-in that rowcall does not know: {asked}, and not a digest with MD5 or SHA-256"
            );
            RingVerdict::new(RingResult::Unknown, message).status(reply.status)
        })?;
        self.challenged(challenges);
        Ok(())
    }

    /// Takes in a new challenge, which was never answered yet.
    fn challenged(&mut self, challenges: Vec<Challenge>) {
        self.challenges = challenges;
        self.answers = 0;
    }

    /// Returns true if the registrar calls the answer before its last challenge too late, and not wrong.
    fn is_stale(&self) -> bool {
        self.challenges.iter().any(|challenge| challenge.is_stale)
    }

    fn send(
        &mut self,
        binding: ContactBinding<'_>,
        who: Option<&Credentials>,
        to_the_end: bool,
    ) -> Result<SipReply, NoReply> {
        self.cseq += 1;
        let branch = format!("z9hG4bK{}", self.line.token());
        let mut request = Register {
            aor: self.aor.clone(),
            domain: self.line.domain().to_owned(),
            tag: self.tag.clone(),
            marks: RequestMarks {
                branch,
                call_id: self.call_id.clone(),
                cseq: self.cseq,
            },
            binding: binding.map(|(contact, seconds)| (contact.to_owned(), seconds)),
            authorizations: vec![],
        };
        if let Some(who) = who {
            self.answers += 1;
            let uri = request.uri();
            for challenge in &self.challenges {
                let cnonce = self.line.token();
                let answer = challenge.answer(who, ("REGISTER", &uri), self.answers, &cnonce);
                request.authorizations.push(answer);
            }
        }
        let mut reply = self.line.exchange(&request, to_the_end)?;
        reply.hide_words(self.secret);
        Ok(reply)
    }
}

fn proved(reply: &SipReply) -> RingVerdict {
    let message = match reply.telephones() {
        0 if reply.contacts().is_empty() => {
            "the PBX takes the secret; no telephone is registered".to_owned()
        }
        0 => "the PBX takes the secret; no telephone is registered, and a fixed contact is set"
            .to_owned(),
        1 => {
            "the PBX takes the secret; a telephone is registered, and was not disturbed".to_owned()
        }
        more => format!(
            "the PBX takes the secret; {more} telephones are registered, and were not disturbed"
        ),
    };
    RingVerdict::new(RingResult::Rings, message).status(reply.status)
}

fn wrong_secret(reply: &SipReply) -> RingVerdict {
    let message = format!(
        "the PBX refuses the secret, or does not know the extension: {}",
        reply.words()
    );
    RingVerdict::new(RingResult::WrongSecret, message)
        .hint("compare the extension's SIP password on the PBX with the sheet's")
        .status(reply.status)
}

fn always_stale(reply: &SipReply) -> RingVerdict {
    let message = "the PBX calls each answer to its challenge too late (stale), so the secret cannot be tried";
    RingVerdict::new(RingResult::Unknown, message)
        .hint("look at the lifetime of its nonces, and whether several registrars answer at this address")
        .status(reply.status)
}

fn open(how: &str, reply: &SipReply) -> RingVerdict {
    let message = format!("the PBX lets anybody in for this extension: it was signed in {how}");
    RingVerdict::new(RingResult::Open, message)
        .hint("give it a secret at once, or take it off the PBX: anybody on the network can make calls with it")
        .status(reply.status)
}

fn full(reply: &SipReply) -> RingVerdict {
    let message = format!(
        "the PBX takes the secret, and has no place for a telephone: {}",
        reply.words()
    );
    RingVerdict::new(RingResult::Full, message)
        .hint("let more telephones register for the extension (max_registrations)")
        .status(reply.status)
}

fn refused(reply: &SipReply) -> RingVerdict {
    let words = reply.words();
    let (result, message, hint) = match reply.status {
        300..400 => (
            RingResult::Refused,
            format!("the PBX sends telephones elsewhere: {words}"),
            "name the registrar itself as sip_address",
        ),
        403 => (
            RingResult::Refused,
            format!(
                "the PBX refuses the secret, or lets no telephone register for the extension: {words}"
            ),
            "look at the extension on the PBX: its SIP password, and how many telephones may register",
        ),
        404 => (
            RingResult::Refused,
            format!(
                "the PBX does not know the extension, has no address of record for it, or not in this domain: {words}"
            ),
            "look at the extension on the PBX; sip_domain names the domain where it is not the address",
        ),
        // An overload says nothing about the extension.
        408 | 503 | 504 => (
            RingResult::Unknown,
            format!("the PBX cannot answer now: {words}"),
            "try again later, with a lower rate",
        ),
        _ => (
            RingResult::Refused,
            format!("the PBX refuses: {words}"),
            "look at the extension on the PBX",
        ),
    };
    RingVerdict::new(result, message)
        .hint(hint)
        .status(reply.status)
}

fn unanswered(why: &NoReply) -> RingVerdict {
    match why {
        NoReply::Silent => RingVerdict::new(RingResult::Silent, "no answer came in time").hint(
            "check sip_address and sip_transport, the firewall, and that the PBX has not blocked this machine's address",
        ),
        NoReply::Closed(why) => RingVerdict::new(RingResult::Silent, why)
            .hint("check sip_address and sip_transport, over TLS ca_file, and the firewall"),
        NoReply::Stopped => RingVerdict::new(RingResult::Unknown, "interrupted before the answer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A registrar that says these heads one after the other, and then nothing, for this reason.
    struct ScriptedRegistrar(Vec<String>, NoReply);

    impl SipLine for ScriptedRegistrar {
        fn exchange(&mut self, _: &Register, _: bool) -> Result<SipReply, NoReply> {
            let text = match self.0.is_empty() {
                true => return Err(self.1.clone()),
                false => self.0.remove(0),
            };
            SipReply::parse(format!("SIP/2.0 {text}\r\n\r\n").as_bytes()).ok_or(NoReply::Silent)
        }

        fn domain(&self) -> &str {
            "pbx.example"
        }

        fn contact(&self, user: &str) -> String {
            format!("sip:{user}@192.0.2.7")
        }

        fn token(&mut self) -> String {
            "token".to_owned()
        }
    }

    fn ann() -> SipAccount {
        SipAccount {
            user: "2001".into(),
            credentials: Credentials {
                username: "2001".into(),
                secret: Secret::new("tR7xkQ2mZp9w"),
            },
        }
    }

    #[test]
    fn a_registrar_that_calls_every_answer_stale_refuses_no_secret() {
        let asked = "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"";
        let stale = format!("{asked}, stale=true");
        let script = vec![asked.to_owned(), stale.clone(), stale.clone(), stale];
        let mut script = ScriptedRegistrar(script, NoReply::Silent);
        let verdict = ring(&ann(), RingOptions::default(), &mut script);
        assert_eq!(verdict.result, RingResult::Unknown, "{verdict:?}");
        assert!(verdict.message.contains("stale"), "{verdict:?}");
        let mut script = ScriptedRegistrar(vec![asked.to_owned(); 2], NoReply::Silent);
        let verdict = ring(&ann(), RingOptions::default(), &mut script);
        assert_eq!(verdict.result, RingResult::WrongSecret, "{verdict:?}");
    }

    /// A binding ends by itself soon, and what could not be taken back is told with its time, also by a run that was stopped.
    #[test]
    fn a_contact_without_a_time_is_no_telephone() {
        let asked = "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"";
        let fixed = "Contact: <sip:gate@192.0.2.9>";
        let timed = "Contact: <sip:2001@192.0.2.8>;q=0.5;expires=59";
        for (contacts, told) in [
            (vec![], "no telephone is registered"),
            (
                vec![fixed],
                "no telephone is registered, and a fixed contact is set",
            ),
            (
                vec![fixed, timed],
                "a telephone is registered, and was not disturbed",
            ),
            (vec![timed, timed], "2 telephones are registered"),
            (
                vec![fixed, "Expires: 60"],
                "a telephone is registered, and was not disturbed",
            ),
        ] {
            let heads: Vec<&str> = ["200 OK"].into_iter().chain(contacts).collect();
            let script = vec![asked.to_owned(), heads.join("\r\n")];
            let mut script = ScriptedRegistrar(script, NoReply::Silent);
            let verdict = ring(&ann(), RingOptions::default(), &mut script);
            assert_eq!(verdict.result, RingResult::Rings);
            assert!(
                verdict.message.contains(told),
                "{told}: {}",
                verdict.message
            );
        }
    }

    #[test]
    fn what_stays_registered_is_told_with_the_time_after_which_it_ends() {
        let asked = "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"";
        let options = RingOptions {
            register: true,
            ..RingOptions::default()
        };
        let brief = "423 Interval Too Brief\r\nMin-Expires: 600";
        for (script, end, result, seconds) in [
            (
                vec![asked, "200 OK", "200 OK"],
                NoReply::Silent,
                RingResult::Rings,
                60,
            ),
            (
                vec![asked, "200 OK", brief, "200 OK"],
                NoReply::Silent,
                RingResult::Rings,
                600,
            ),
            (
                vec![asked, "200 OK"],
                NoReply::Silent,
                RingResult::Silent,
                60,
            ),
            (
                vec![asked, "200 OK", brief],
                NoReply::Stopped,
                RingResult::Unknown,
                600,
            ),
        ] {
            let script = script.into_iter().map(str::to_owned).collect();
            let verdict = ring(&ann(), options, &mut ScriptedRegistrar(script, end));
            assert_eq!(verdict.result, result, "{verdict:?}");
            let left = format!("it ends by itself within {seconds} s");
            assert!(verdict.message.ends_with(&left), "{verdict:?}");
        }
    }

    /// "Bad password" is the very thing that is wrong.
    #[test]
    fn the_words_of_a_registrar_about_passwords_and_pins_are_shown() {
        let challenge = "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"";
        for (status, reason) in [
            (403, "Bad password given"),
            (403, "Invalid PIN code"),
            (401, "Wrong Password: try again"),
            (500, "error 7f3K9q2LmZ"),
        ] {
            let words = format!("{status} {reason}");
            let script = vec![challenge.to_owned(), words];
            let mut script = ScriptedRegistrar(script, NoReply::Silent);
            let verdict = ring(&ann(), RingOptions::default(), &mut script);
            let shown = format!(": {status} \"{reason}\"");
            assert!(verdict.message.ends_with(&shown), "{verdict:?}");
        }
    }

    #[test]
    fn no_words_of_a_registrar_show_the_secret() {
        let account = ann();
        let challenge = "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"";
        let harmless = "403 Forbidden";
        for (second, result, words) in [
            ("403 bad secret tR7xkQ2mZp9w", RingResult::Refused, "403"),
            (
                "401 expected dFI3eGtRMm1acDl3",
                RingResult::WrongSecret,
                "401",
            ),
            ("500 x-TR7XKQ2MZP9W", RingResult::Refused, "500"),
            ("403 Bad password tR7x given", RingResult::Refused, "403"),
            (harmless, RingResult::Refused, "403 \"Forbidden\""),
        ] {
            let script = vec![challenge.to_owned(), second.to_owned()];
            let mut script = ScriptedRegistrar(script, NoReply::Silent);
            let verdict = ring(&account, RingOptions::default(), &mut script);
            assert_eq!(verdict.result, result, "{verdict:?}");
            assert!(
                verdict.message.ends_with(&format!(": {words}")),
                "{verdict:?}"
            );
        }
        let scheme = "401 Unauthorized\r\nWWW-Authenticate: tR7xkQ2mZp9w x";
        let mut script = ScriptedRegistrar(vec![scheme.to_owned()], NoReply::Silent);
        let verdict = ring(&account, RingOptions::default(), &mut script);
        assert!(verdict.message.contains("(not shown)"), "{verdict:?}");
        assert!(!verdict.message.contains("tR7x"), "{verdict:?}");
    }
}
