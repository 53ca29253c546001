//! New numbers for extensions, and for whatever refers to them.

use super::caller::number_behind_name;
use crate::model::{Field, Forward, Record, Reference};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// A rule such as `2xxx=72xxx`: every `x` stands for one digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenumberRule {
    from: Vec<char>,
    to: Vec<char>,
}

impl FromStr for RenumberRule {
    type Err = String;

    fn from_str(text: &str) -> Result<RenumberRule, String> {
        let (from, to) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} is no rule: write it as 2xxx=72xxx"))?;
        let side = |side: &str| -> Vec<char> { side.trim().to_lowercase().chars().collect() };
        let (from, to) = (side(from), side(to));
        let plain = |c: &char| c.is_ascii_alphanumeric();
        if from.is_empty() || to.is_empty() || !from.iter().chain(&to).all(plain) {
            return Err(format!(
                "{text:?} is no rule: both sides are digits and x, as in 2xxx=72xxx"
            ));
        }
        let digits = |side: &[char]| side.iter().filter(|c| **c == 'x').count();
        if digits(&from) != digits(&to) {
            return Err(format!(
                "{text:?} must have as many x on the one side as on the other"
            ));
        }
        Ok(RenumberRule { from, to })
    }
}

impl RenumberRule {
    /// The new number; `None` where the rule is not about this one.
    fn new_number(&self, number: &str) -> Option<String> {
        let given: Vec<char> = number.chars().collect();
        if given.len() != self.from.len() {
            return None;
        }
        let mut kept = vec![];
        for (pattern, c) in self.from.iter().zip(given) {
            match pattern {
                'x' if c.is_ascii_digit() => kept.push(c),
                'x' => return None,
                pattern if pattern.eq_ignore_ascii_case(&c) => {}
                _ => return None,
            }
        }
        let mut kept = kept.into_iter();
        let new = self.to.iter().map(|c| {
            if *c == 'x' {
                kept.next().unwrap_or('x')
            } else {
                *c
            }
        });
        Some(new.collect())
    }
}

/// The new numbers of all extensions that move.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renumbering {
    new: BTreeMap<String, String>,
}

/// Two extensions that would have one number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Collision {
    /// The number.
    pub number: String,
    /// The extensions that would have it, by their numbers now.
    pub of: Vec<String>,
}

impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} would all be {}", self.of.join(" and "), self.number)
    }
}

impl Renumbering {
    /// Works out the new number of each extension: the one in `listed`, else by the first rule that matches, else its
    /// present one.
    ///
    /// # Errors
    /// All numbers that more than one extension would have.
    pub fn new<'n>(
        numbers: impl Iterator<Item = &'n str>,
        listed: &BTreeMap<String, String>,
        rules: &[RenumberRule],
    ) -> Result<Renumbering, Vec<Collision>> {
        let mut new = BTreeMap::new();
        let mut old: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for number in numbers {
            let by_rule = || rules.iter().find_map(|rule| rule.new_number(number));
            let to = listed.get(number).cloned().or_else(by_rule);
            let to = to.unwrap_or_else(|| number.to_owned());
            old.entry(to.clone()).or_default().insert(number.to_owned());
            new.insert(number.to_owned(), to);
        }
        let collisions: Vec<Collision> = old
            .into_iter()
            .filter(|(_, of)| of.len() > 1)
            .map(|(number, of)| Collision {
                number,
                of: of.into_iter().collect(),
            })
            .collect();
        match collisions.is_empty() {
            true => Ok(Renumbering { new }),
            false => Err(collisions),
        }
    }

    /// The number that an extension is to have.
    pub fn new_number<'a>(&'a self, number: &'a str) -> &'a str {
        self.new.get(number).map_or(number, String::as_str)
    }

    /// Returns the new value of a field that refers to an extension with a new number; `None` where it stays.
    pub(super) fn of_field(&self, field: Field, text: &str, extension: &Record) -> Option<String> {
        if field == Field::CALLER_ID
            && let (Some(number), Some((name, _))) =
                (number_behind_name(text), text.rsplit_once('<'))
        {
            let new = self.of_field(field, number, extension)?;
            return Some(format!("{name}<{new}>"));
        }
        let new = self.new.get(text).filter(|new| *new != text)?;
        let refers = match field.def().refers {
            None => false,
            Some(Reference::Own) => text == extension.number(),
            Some(Reference::Extension) => true,
            Some(Reference::Dialled) => {
                let prefix = Forward::of_field(field).and_then(|forward| forward.prefix);
                prefix.is_none_or(|prefix| extension.text(prefix).unwrap_or_default().is_empty())
            }
        };
        refers.then(|| new.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(texts: &[&str]) -> Vec<RenumberRule> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_first_rule_that_is_about_a_number_says_the_new_one() {
        let rules = rules(&["200x=990x", "2xxx=72xxx", "100=0100", "5xx1=x9x"]);
        let numbers = ["2001", "2342", "100", "5371", "0042", "20011", "2x01"];
        let listed = BTreeMap::from([("2342".to_owned(), "8".to_owned())]);
        let new = Renumbering::new(numbers.into_iter(), &listed, &rules).unwrap();
        let news = numbers.map(|number| new.new_number(number));
        assert_eq!(news, ["9901", "8", "0100", "397", "0042", "20011", "2x01"]);
        assert_eq!(new.new_number("elsewhere"), "elsewhere");
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for wrong in ["", "2xxx", "=72", "2xxx=72xx", "2 xx=7xx", "2x=", "+4x=5x"] {
            assert!(wrong.parse::<RenumberRule>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_collision_is_named_also_with_a_number_that_stays() {
        let rules = rules(&["2xxx=3xxx", "41xx=50xx", "42xx=50xx"]);
        let numbers = ["2001", "3001", "3002", "4107", "4207", "2009"];
        let collisions = Renumbering::new(numbers.into_iter(), &BTreeMap::new(), &rules);
        let words: Vec<String> = collisions
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            words,
            [
                "2001 and 3001 would all be 3001",
                "4107 and 4207 would all be 5007"
            ]
        );
    }

    #[test]
    fn a_chain_of_numbers_is_no_collision() {
        let listed = [("1", "2"), ("2", "3"), ("3", "1")];
        let listed = listed.map(|(old, new)| (old.to_owned(), new.to_owned()));
        let new = Renumbering::new(["1", "2", "3"].into_iter(), &listed.into(), &[]).unwrap();
        assert_eq!(
            ["1", "2", "3"].map(|old| new.new_number(old)),
            ["2", "3", "1"]
        );
    }

    #[test]
    fn only_what_refers_to_an_extension_follows_it() {
        let new = Renumbering::new(
            ["2001", "2002"].into_iter(),
            &BTreeMap::new(),
            &rules(&["2xxx=72xxx"]),
        );
        let new = new.unwrap();
        let mut extension = Record::numbered("2001");
        extension.set(Field::FORWARD_BUSY_PREFIX, "9");
        let of = |field, text| new.of_field(field, text, &extension);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(of(Field::NUMBER, "2001"), some("72001"));
        assert_eq!(of(Field::CALLER_ID, "2001"), some("72001"));
        assert_eq!(of(Field::CALLER_ID, "2002"), None);
        let named = "\"Ann <A>\" <2001>";
        assert_eq!(of(Field::CALLER_ID, named), None, "no name has brackets");
        assert_eq!(
            of(Field::CALLER_ID, "\"Ann\" <2001>"),
            some("\"Ann\" <72001>")
        );
        assert_eq!(of(Field::SIP_AUTH_NAME, "2001"), some("72001"));
        assert_eq!(
            of(Field::FORWARD_NO_ANSWER_EXTENSION, "2002"),
            some("72002")
        );
        assert_eq!(of(Field::FORWARD_NO_ANSWER_EXTENSION, "2003"), None);
        assert_eq!(of(Field::FORWARD_NO_ANSWER_NUMBER, "2002"), some("72002"));
        assert_eq!(
            of(Field::FORWARD_BUSY_NUMBER, "2002"),
            None,
            "it is dialled with a prefix"
        );
        assert_eq!(
            of(Field::FORWARD_DND_OFFICE_HOURS_NUMBER, "2002"),
            some("72002")
        );
        for field in [
            Field::VOICEMAIL_PIN,
            Field::MOBILE,
            Field::DISPLAY_NAME,
            Field::FORWARD_NO_ANSWER_AFTER,
        ] {
            assert_eq!(of(field, "2001"), None, "{}", field.name());
        }
    }
}
