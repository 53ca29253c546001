//! Faults of a PBX, their rates and their times, all decided by a seed, so that a storm can be repeated.
//!
//! A decision is a hash of the seed, the request and the number of times that it was sent before. It does not depend on
//! the order in which threads arrive, on the session's token, or on the use of a socket.

use crate::digest::md5;
use crate::wire::RawRequest;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The longest time that a word may ask for, in milliseconds.
pub(crate) const WAIT_MS_MAX: u64 = 600_000;

/// Most different requests that are remembered; past it all are forgotten, and each counts as sent for the first time.
pub(crate) const REQUESTS_REMEMBERED_MAX: usize = 1_000_000;

/// One way of being broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breakage {
    /// 429 and nothing done; without `Retry-After`, or with it in seconds or as a date.
    Throttle,
    /// 503 and nothing done; `Retry-After` as with [`Breakage::Throttle`].
    Unavailable,
    /// 503, though it was done.
    UnavailableAfter,
    /// The connection is not accepted and nothing done. Over a socket the system has accepted it before the program can
    /// refuse, so there it is closed without an answer; only a server that was stopped really refuses.
    Refuse,
    /// The connection is cut and nothing done.
    CutBefore,
    /// It was done, and the connection is cut instead of an answer.
    CutAfter,
    /// It was done, and the answer ends in its middle.
    Truncate,
    /// It was done, and the answer is noise, half an answer, or empty, with status 200 and an honest length.
    Garbage,
    /// A web page with status 200, and nothing done.
    Html,
    /// 302 to a login page, and nothing done.
    Redirect,
    /// Every session has run out when the request arrives.
    Expire,
    /// It was done at once, and the answer comes `late_ms` later.
    Late,
    /// It was done, and the answer never ends.
    Endless,
}

/// The setting that a word is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FaultSetting {
    Seed,
    InARow,
    LatencyMs,
    DelayMs,
    LateMs,
    RetryAfterS,
    /// Of a thousand requests, how many break so.
    Rate(Breakage),
}

/// One word that [`Faults`] are written with.
#[derive(Debug, PartialEq, Eq)]
pub struct FaultWord {
    pub word: &'static str,
    /// Its effect, with its unit.
    pub help: &'static str,
    /// The number that applies where none is given.
    pub default: u64,
    /// The largest number it takes.
    pub max: u64,
    setting: FaultSetting,
}

const fn number(
    word: &'static str,
    setting: FaultSetting,
    default: u64,
    max: u64,
    help: &'static str,
) -> FaultWord {
    FaultWord {
        word,
        help,
        default,
        max,
        setting,
    }
}

const fn rate(word: &'static str, breakage: Breakage, help: &'static str) -> FaultWord {
    number(word, FaultSetting::Rate(breakage), 0, 1000, help)
}

/// Every word, with its help: for the command line.
pub static WORDS: [FaultWord; 19] = [
    number(
        "seed",
        FaultSetting::Seed,
        0,
        u64::MAX,
        "the same seed breaks the same requests",
    ),
    number(
        "in_a_row",
        FaultSetting::InARow,
        2,
        1_000_000,
        "how often in a row one request may break",
    ),
    number(
        "latency_ms",
        FaultSetting::LatencyMs,
        0,
        WAIT_MS_MAX,
        "milliseconds that every answer takes",
    ),
    number(
        "delay_ms",
        FaultSetting::DelayMs,
        0,
        WAIT_MS_MAX,
        "up to this number of milliseconds more, by the seed",
    ),
    number(
        "late_ms",
        FaultSetting::LateMs,
        3000,
        WAIT_MS_MAX,
        "milliseconds by which a late answer is late",
    ),
    number(
        "retry_after_s",
        FaultSetting::RetryAfterS,
        1,
        WAIT_MS_MAX / 1000,
        "seconds that Retry-After names",
    ),
    rate(
        "throttle",
        Breakage::Throttle,
        "per mille: 429 and nothing done",
    ),
    rate(
        "unavailable",
        Breakage::Unavailable,
        "per mille: 503 and nothing done",
    ),
    rate(
        "unavailable_after",
        Breakage::UnavailableAfter,
        "per mille: done, then 503",
    ),
    rate(
        "refuse",
        Breakage::Refuse,
        "per mille: connection not accepted",
    ),
    rate(
        "cut_before",
        Breakage::CutBefore,
        "per mille: connection cut, nothing done",
    ),
    rate(
        "cut_after",
        Breakage::CutAfter,
        "per mille: done, connection cut without an answer",
    ),
    rate(
        "truncate",
        Breakage::Truncate,
        "per mille: done, the answer ends in its middle",
    ),
    rate(
        "garbage",
        Breakage::Garbage,
        "per mille: done, the answer makes no sense",
    ),
    rate(
        "html",
        Breakage::Html,
        "per mille: a web page with status 200, nothing done",
    ),
    rate(
        "redirect",
        Breakage::Redirect,
        "per mille: 302 to a login page, nothing done",
    ),
    rate(
        "expire",
        Breakage::Expire,
        "per mille: all sessions run out first",
    ),
    rate(
        "late",
        Breakage::Late,
        "per mille: done, the answer is late_ms late",
    ),
    rate(
        "endless",
        Breakage::Endless,
        "per mille: done, the answer never ends",
    ),
];

/// The faults of a PBX, written as `seed=7,cut_after=50,throttle=20,delay_ms=30`; the words are [`WORDS`]. By default
/// nothing is.
///
/// Rates are per mille of the requests and may sum up to 1000; at most one of them strikes a request. It is printed as
/// it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    given: Vec<(&'static FaultWord, u64)>,
}

impl Faults {
    fn get(&self, setting: FaultSetting) -> u64 {
        let given = self.given.iter().find(|(word, _)| word.setting == setting);
        let default = || WORDS.iter().find(|word| word.setting == setting);
        given.map_or_else(
            || default().map_or(0, |word| word.default),
            |(_, value)| *value,
        )
    }

    fn rates(&self) -> impl Iterator<Item = (Breakage, u64)> {
        // In the order of the table, so that the order of writing decides nothing.
        WORDS.iter().filter_map(|word| match word.setting {
            FaultSetting::Rate(breakage) => Some((breakage, self.get(word.setting))),
            _ => None,
        })
    }

    pub(super) fn latency(&self) -> Duration {
        Duration::from_millis(self.get(FaultSetting::LatencyMs))
    }

    pub(super) fn late(&self) -> Duration {
        Duration::from_millis(self.get(FaultSetting::LateMs))
    }

    pub(super) fn retry_after(&self) -> Duration {
        Duration::from_secs(self.get(FaultSetting::RetryAfterS))
    }
}

impl FromStr for Faults {
    type Err = String;

    /// Reads words and numbers; an empty text breaks nothing.
    ///
    /// # Errors
    /// Names the word that is wrong, and those that are known.
    fn from_str(text: &str) -> Result<Faults, String> {
        let mut faults = Faults::default();
        for part in text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| format!("{part} has no number; write {part}=NUMBER"))?;
            let word = WORDS.iter().find(|word| word.word == name).ok_or_else(|| {
                let known: Vec<&str> = WORDS.iter().map(|word| word.word).collect();
                format!("{name} is no word for faults; known: {}", known.join(", "))
            })?;
            let value = value.parse().ok().filter(|value| *value <= word.max);
            let value = value.ok_or_else(|| {
                format!(
                    "{name} takes a whole number from 0 to {} ({})",
                    word.max, word.help
                )
            })?;
            if faults.given.iter().any(|(known, _)| *known == word) {
                return Err(format!("{name} is given twice"));
            }
            faults.given.push((word, value));
        }
        let sum: u64 = faults.rates().map(|(_, rate)| rate).sum();
        if sum > 1000 {
            return Err(format!(
                "the rates sum up to {sum} per mille; at most 1000 can break"
            ));
        }
        Ok(faults)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (word, value)) in self.given.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}={value}", word.word)?;
        }
        Ok(())
    }
}

/// The decision on one request.
pub(super) struct FaultDecision {
    pub(super) breakage: Option<Breakage>,
    pub(super) delay: Duration,
    /// Numbers to choose by, from the same hash.
    pub(super) dice: [u8; 16],
}

/// Counts of each request.
#[derive(Default)]
pub(super) struct RequestCounts(HashMap<[u8; 16], RequestHistory>);

#[derive(Default)]
struct RequestHistory {
    times: u64,
    broken_in_a_row: u64,
}

impl RequestCounts {
    pub(super) fn decide(&mut self, faults: &Faults, request: &RawRequest) -> FaultDecision {
        let quiet =
            faults.get(FaultSetting::DelayMs) == 0 && faults.rates().all(|(_, rate)| rate == 0);
        if quiet {
            return FaultDecision {
                breakage: None,
                delay: Duration::ZERO,
                dice: [0; 16],
            };
        }
        if self.0.len() >= REQUESTS_REMEMBERED_MAX {
            self.0.clear();
        }
        let key = fingerprint(request);
        let counts = self.0.entry(key).or_default();
        let seed = faults.get(FaultSetting::Seed).to_le_bytes();
        let dice = md5(&[&seed[..], &key, &counts.times.to_le_bytes()].concat());
        let [a, b, c, d, e, f, g, h, ..] = dice;
        let struck = u64::from(u32::from_le_bytes([a, b, c, d])) % 1000;
        let breakage = breakage_at(faults, struck)
            .filter(|_| counts.broken_in_a_row < faults.get(FaultSetting::InARow));
        counts.times += 1;
        counts.broken_in_a_row = breakage.map_or(0, |_| counts.broken_in_a_row + 1);
        let delay =
            u64::from(u32::from_le_bytes([e, f, g, h])) % (faults.get(FaultSetting::DelayMs) + 1);
        FaultDecision {
            breakage,
            delay: Duration::from_millis(delay),
            dice,
        }
    }
}

fn breakage_at(faults: &Faults, struck: u64) -> Option<Breakage> {
    let mut below = 0;
    faults.rates().find_map(|(breakage, rate)| {
        below += rate;
        (struck < below).then_some(breakage)
    })
}

/// Identifies a request by verb, path, query and body, but no header and no token, because a token is new in each
/// session.
fn fingerprint(request: &RawRequest) -> [u8; 16] {
    let mut text = vec![];
    for part in [
        request.method.as_bytes(),
        request.target.as_bytes(),
        &request.body,
    ] {
        without_tokens(part, |piece| text.extend_from_slice(piece));
        text.push(0);
    }
    md5(&text)
}

/// Hands on a text piece by piece, leaving out the value behind each name that ends in `token`: in a query, a form,
/// JSON or XML alike.
fn without_tokens(text: &[u8], mut out: impl FnMut(&[u8])) {
    const NAME: &[u8] = b"token";
    let mut rest = text;
    while let Some(at) = rest
        .windows(NAME.len())
        .position(|window| window.eq_ignore_ascii_case(NAME))
    {
        let (before, after) = rest.split_at(at + NAME.len());
        out(before);
        let starts = after.iter().position(|byte| !b"\"'=:> ".contains(byte));
        let (opening, value) = after.split_at(starts.unwrap_or(after.len()));
        let ends = value
            .iter()
            .position(|byte| b"\"'&<,}".contains(byte) || byte.is_ascii_whitespace());
        rest = if opening.is_empty() {
            after
        } else {
            value.split_at(ends.unwrap_or(value.len())).1
        };
    }
    out(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults(text: &str) -> Faults {
        text.parse().unwrap()
    }

    fn request(target: &str, body: &str) -> RawRequest {
        RawRequest {
            method: "POST".into(),
            target: target.into(),
            headers: vec![],
            body: body.as_bytes().to_vec(),
        }
    }

    fn struck(faults: &Faults, request: &RawRequest, times: usize) -> Vec<Option<Breakage>> {
        let mut memory = RequestCounts::default();
        (0..times)
            .map(|_| memory.decide(faults, request).breakage)
            .collect()
    }

    #[test]
    fn they_are_printed_as_they_were_written() {
        for text in [
            "",
            "seed=7,cut_after=50,throttle=20,delay_ms=30",
            "late=1000",
        ] {
            assert_eq!(faults(text).to_string(), text);
        }
        assert_eq!(faults(" seed=7 , html=1,").to_string(), "seed=7,html=1");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (text, words) in [
            ("sed=7", &["sed ", "seed", "cut_after", "in_a_row"][..]),
            ("cut_after", &["cut_after=NUMBER"]),
            ("cut_after=1001", &["cut_after", "0 to 1000", "per mille"]),
            ("delay_ms=-1", &["delay_ms", "600000"]),
            ("seed=7,seed=8", &["seed", "twice"]),
            ("html=600,late=401", &["1001"]),
        ] {
            let error = text.parse::<Faults>().unwrap_err();
            for word in words {
                assert!(error.contains(word), "{text}: {error}");
            }
        }
    }

    #[test]
    fn every_word_reads_and_strikes() {
        for word in &WORDS {
            let one = faults(&format!("{}={}", word.word, word.max.min(1000)));
            if let FaultSetting::Rate(breakage) = word.setting {
                let first = struck(&one, &request("/a", ""), 1);
                assert_eq!(first, [Some(breakage)], "{}", word.word);
            }
        }
    }

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let faults = faults("seed=9,cut_after=300,throttle=300,in_a_row=9");
        let told = struck(&faults, &request("/extension/add?token=x", "1001"), 8);
        let told: Vec<String> = told
            .iter()
            .map(|b| b.map_or_else(|| "-".to_owned(), |b| format!("{b:?}")))
            .collect();
        assert_eq!(
            told.join(" "),
            "Throttle - - - CutAfter CutAfter Throttle CutAfter"
        );
    }

    #[test]
    fn seeds_requests_and_repetitions_differ() {
        let one = faults("seed=1,html=500,in_a_row=1000");
        let two = faults("seed=2,html=500,in_a_row=1000");
        let a = struck(&one, &request("/a", "x"), 64);
        assert_ne!(a, struck(&two, &request("/a", "x"), 64));
        assert_ne!(a, struck(&one, &request("/a", "y"), 64));
        assert_ne!(a, struck(&one, &request("/b", "x"), 64));
        assert_eq!(a, struck(&one, &request("/a", "x"), 64));
        assert!(a.contains(&None) && a.iter().any(Option::is_some));
    }

    #[test]
    fn rates_are_kept() {
        let faults = faults("seed=3,cut_after=50,late=100");
        let mut memory = RequestCounts::default();
        let mut count = HashMap::new();
        for n in 0..20_000 {
            let told = memory.decide(&faults, &request("/add", &n.to_string()));
            *count.entry(format!("{:?}", told.breakage)).or_insert(0) += 1;
        }
        let near = |name: &str, due: i32| (count[name] - due).abs() < due / 5;
        assert!(
            near("Some(CutAfter)", 1000) && near("Some(Late)", 2000),
            "{count:?}"
        );
    }

    #[test]
    fn one_request_breaks_only_so_often_in_a_row() {
        let add = request("/add", "1001");
        let broken = |text| {
            let told = struck(&faults(text), &add, 7);
            told.iter().map(Option::is_some).collect::<Vec<_>>()
        };
        assert_eq!(
            broken("html=1000"),
            [true, true, false, true, true, false, true]
        );
        assert_eq!(broken("html=1000,in_a_row=9"), [true; 7]);
        assert_eq!(broken("html=1000,in_a_row=0"), [false; 7]);
    }

    #[test]
    fn only_so_many_requests_are_remembered() {
        let mut memory = RequestCounts::default();
        let others = 0..REQUESTS_REMEMBERED_MAX as u128;
        memory.0 = others
            .map(|n| (n.to_le_bytes(), RequestHistory::default()))
            .collect();
        memory.decide(&faults("html=1"), &request("/a", ""));
        assert_eq!(memory.0.len(), 1);
    }

    #[test]
    fn delays_stay_below_theirs() {
        let faults = faults("delay_ms=30");
        let mut memory = RequestCounts::default();
        let delays: Vec<u128> = (0..500)
            .map(|n| memory.decide(&faults, &request("/a", &n.to_string())).delay)
            .map(|delay| delay.as_millis())
            .collect();
        assert_eq!(delays.iter().max(), Some(&30));
        assert_eq!(delays.iter().min(), Some(&0));
    }

    #[test]
    fn a_token_makes_no_other_request() {
        let same = |a: RawRequest, b: RawRequest| fingerprint(&a) == fingerprint(&b);
        for (a, b) in [
            ("/add?token=abc&type=json", "/add?token=defg&type=json"),
            ("/show?n=1&access_token=abc", "/show?n=1&access_token=z"),
        ] {
            assert!(same(request(a, ""), request(b, "")), "{a}");
        }
        for (a, b) in [
            (
                r#"{"access_token":"abc","n":"1"}"#,
                r#"{"access_token":"d","n":"1"}"#,
            ),
            (r#"{"access_token": "abc"}"#, r#"{"access_token": "d"}"#),
            (
                "<a><Token>abc</Token><n>1</n></a>",
                "<a><Token>d</Token><n>1</n></a>",
            ),
            ("n=1&refresh_token=abc", "n=1&refresh_token=d"),
        ] {
            assert!(same(request("/", a), request("/", b)), "{a}");
        }
        for (a, b) in [
            ("/token/refresh", "/token/revoke"),
            ("/add?token=a&n=1", "/add?token=a&n=2"),
            ("/a?b", "/ab"),
        ] {
            assert!(!same(request(a, ""), request(b, "")), "{a}");
        }
        let (a, b) = (r#"{"token":"a","n":"1"}"#, r#"{"token":"a","n":"2"}"#);
        assert!(!same(request("/", a), request("/", b)));
        assert!(
            !same(request("/a", "b"), request("/", "ab")),
            "parts are kept apart"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "([a-z_]{1,9}=[0-9]{0,5},?){0,4}|\\PC{0,30}") {
            if let Ok(faults) = text.parse::<Faults>() {
                prop_assert_eq!(faults.to_string().parse::<Faults>(), Ok(faults));
            }
        }

        #[test]
        fn any_bytes_are_fingerprinted(body in proptest::collection::vec(any::<u8>(), 0..80), cut in 0usize..9) {
            let body = [&b"x token=:\"token"[cut..], &body].concat();
            let mut kept = vec![];
            without_tokens(&body, |piece| kept.extend_from_slice(piece));
            prop_assert!(kept.len() <= body.len());
        }
    }
}
