//! Fields that make one setting together: the parts of a forward, and a day's office hours.

use super::{Field, vocabulary};
use std::sync::LazyLock;

vocabulary! {
    /// The kinds of destination that mean the same at every vendor, by their word in a forward's `to` field. A vendor
    /// may print others.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum ForwardDestination {
        /// The extension's own mailbox.
        Voicemail = "voicemail",
        /// Another extension.
        Extension = "extension",
        /// The person's mobile telephone.
        Mobile = "mobile",
        /// Any number.
        Number = "number",
    }
}

/// The fields of one forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forward {
    /// The forward's name within a sentence.
    pub(crate) spoken: &'static str,
    /// The field that switches it on; `None` where a destination is enough.
    pub switch: Option<Field>,
    /// The field with the kind of destination, as a word.
    pub to: Field,
    /// The extension that they go to; `None` where the number serves.
    pub extension: Option<Field>,
    /// The prefix that the number is dialled with.
    pub prefix: Option<Field>,
    /// The number that they go to.
    pub number: Field,
}

impl Forward {
    /// All forwards of the dictionary, in its order: `forward_X_to` and its neighbours.
    pub fn all() -> impl Iterator<Item = Forward> {
        static ALL: LazyLock<Vec<Forward>> =
            LazyLock::new(|| Field::all().filter_map(Forward::with_destination).collect());
        ALL.iter().copied()
    }

    /// The forward that a field is part of.
    pub fn of_field(field: Field) -> Option<Forward> {
        Forward::all().find(|forward| forward.fields().any(|part| part == field))
    }

    /// All its fields, in the order of the dictionary.
    pub fn fields(&self) -> impl Iterator<Item = Field> + use<> {
        let switch = self.switch.into_iter().chain([self.to]);
        let optional = self.extension.into_iter().chain(self.prefix);
        switch.chain(optional).chain([self.number])
    }

    /// Returns true where a vendor with these fields has none for what a destination needs beside its word.
    pub(crate) fn is_word_alone(&self, has: impl Fn(Field) -> bool) -> bool {
        let mut parts = self.extension.into_iter().chain([self.number]);
        has(self.to) && !parts.any(has)
    }

    /// The fields that a destination of this kind may need beside its word.
    pub(crate) fn needed_by(&self, destination: ForwardDestination) -> Vec<Field> {
        match destination {
            ForwardDestination::Voicemail => vec![],
            ForwardDestination::Extension => self.extension.into_iter().collect(),
            ForwardDestination::Mobile | ForwardDestination::Number => {
                self.prefix.into_iter().chain([self.number]).collect()
            }
        }
    }

    /// The forward with this field for the kind of destination; `None` for a field of another purpose.
    fn with_destination(to: Field) -> Option<Forward> {
        let stem = to.name().strip_suffix("_to")?;
        stem.strip_prefix("forward_")?;
        let neighbour = |what: &str| Field::named(&format!("{stem}_{what}"));
        Some(Forward {
            spoken: to.def().spoken.trim_end_matches(" to"),
            switch: Field::named(stem),
            to,
            extension: neighbour("extension"),
            prefix: neighbour("prefix"),
            number: neighbour("number")?,
        })
    }
}

/// The fields of one day's office hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OfficeHours {
    /// The name of these hours within a sentence.
    pub(crate) spoken: &'static str,
    /// The field with the time at which they begin.
    pub from: Field,
    /// The field with the time at which they end.
    pub to: Field,
}

impl OfficeHours {
    /// The office hours of every day of the week, Monday first.
    pub(crate) fn all() -> impl Iterator<Item = OfficeHours> {
        static ALL: LazyLock<Vec<OfficeHours>> = LazyLock::new(|| {
            Field::all()
                .filter_map(OfficeHours::beginning_with)
                .collect()
        });
        ALL.iter().copied()
    }

    /// The day that a field is part of.
    pub(crate) fn of_field(field: Field) -> Option<OfficeHours> {
        OfficeHours::all().find(|hours| hours.from == field || hours.to == field)
    }

    /// The hours that begin with this field; `None` for a field of another purpose.
    fn beginning_with(from: Field) -> Option<OfficeHours> {
        let day = from.name().strip_suffix("_from")?;
        Some(OfficeHours {
            spoken: from.def().spoken.trim_end_matches(" from"),
            from,
            to: Field::named(&format!("{day}_to"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_field_of_a_forward_is_in_exactly_one() {
        let mut parts = BTreeSet::new();
        for forward in Forward::all() {
            for field in forward.fields() {
                assert!(parts.insert(field), "{field:?}");
            }
        }
        let named = |field: &Field| {
            field.name().starts_with("forward_") && *field != Field::FORWARD_NO_ANSWER_AFTER
        };
        assert_eq!(parts, Field::all().filter(named).collect());
        assert_eq!(Forward::all().count(), 9);
    }

    #[test]
    fn a_forward_has_its_parts_and_its_words() {
        let busy = Forward::of_field(Field::FORWARD_BUSY_PREFIX).unwrap();
        assert_eq!(
            busy,
            Forward {
                spoken: "forward on busy",
                switch: Some(Field::FORWARD_BUSY),
                to: Field::FORWARD_BUSY_TO,
                extension: Some(Field::FORWARD_BUSY_EXTENSION),
                prefix: Some(Field::FORWARD_BUSY_PREFIX),
                number: Field::FORWARD_BUSY_NUMBER,
            }
        );
        assert_eq!(Forward::of_field(Field::NUMBER), None);
    }

    #[test]
    fn a_week_has_seven_days() {
        let days: Vec<&str> = OfficeHours::all().map(|hours| hours.spoken).collect();
        assert_eq!(
            (days.len(), days[0], days[6]),
            (7, "Monday hours", "Sunday hours")
        );
        let sunday = OfficeHours::of_field(Field::SUNDAY_TO).unwrap();
        assert_eq!(sunday.from, Field::SUNDAY_FROM);
    }
}
