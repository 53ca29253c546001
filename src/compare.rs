//! The comparison of a wanted record with the one on the PBX: the fields that differ, and the differences in words.

use crate::manifest::{Access, FieldRow, Manifest, UpdateKind};
use crate::model::redact;
use crate::model::{Action, Change, Field, Kind, Record, TO_GENERATE, Text};
use std::borrow::Cow;
use std::collections::BTreeSet;
use url::Url;

/// The fields in which an extension on the PBX is not as wanted, in the order of the dictionary.
///
/// Fields that are not wanted, that the vendor does not know, that it only gives back, or that it does not give back
/// are not compared, nor what it did not tell of this extension, nor a secret that is to be generated: an existing extension
/// keeps its own. Only what is wrong with an extension counts, whatever is wanted. An absent field and an empty one are the
/// same. A list (groups) is as wanted when it has every wanted item, since membership is added to and not replaced; one that
/// is written as a whole (a group's members) when it has no other.
pub fn differing(manifest: &Manifest, wanted: &Record, current: &Record) -> Vec<Field> {
    let differs = |field: Field, wanted: &str| {
        let Some(row) = manifest
            .row(field)
            .filter(|row| row.access == Access::ReadWrite && !field.is_key())
        else {
            return false;
        };
        if row.is_untold(current) {
            return false;
        }
        let current = current.reveal(field).unwrap_or_default();
        if current == wanted {
            return false;
        }
        if field.def().kind == Kind::List && !wanted.is_empty() {
            // As sets: a group may have thousands of members.
            let items = |list| str::split(list, ';').collect::<BTreeSet<&str>>();
            let (current, wanted) = (items(current), items(wanted));
            return match row.replaced_whole {
                true => current != wanted,
                false => !wanted.is_subset(&current),
            };
        }
        !(row.fetched && fetched_name(wanted).is_some_and(|name| name == current))
    };
    wanted
        .iter()
        .filter(|(field, text)| *text != TO_GENERATE && differs(*field, text.reveal()))
        .map(|(field, _)| field)
        .chain(flaws(manifest).filter(|field| text_of(current, *field) != text_of(wanted, *field)))
        .collect()
}

fn text_of(record: &Record, field: Field) -> &str {
    record.text(field).unwrap_or_default()
}

/// The fields that say what is wrong with an extension on the PBX.
fn flaws(manifest: &Manifest) -> impl Iterator<Item = Field> {
    let fields = manifest.field.iter().map(|row| row.name);
    fields.filter(|field| field.is_flaw())
}

/// The parts of other extensions that an extension uses in the place of its own; `None` where it uses none.
pub(crate) fn parts_of_others(current: &Record) -> Option<&str> {
    let parts = current.text(Field::PARTS_OF_OTHERS);
    parts.filter(|parts| !parts.is_empty())
}

/// The wanted record, with what makes the parts anew that the extension on the PBX lacks, where the row does not say it.
pub(crate) fn made_whole<'w>(
    manifest: &Manifest,
    wanted: &'w Record,
    current: &Record,
) -> Cow<'w, Record> {
    let mut whole = Cow::Borrowed(wanted);
    for row in manifest.field.iter().filter(|row| row.shows_part) {
        let lacks = current.get(row.name).is_some_and(Text::is_empty);
        if lacks
            && wanted.get(row.name).is_none()
            && let Some(text) = row.filled(current.number())
        {
            whole.to_mut().set(row.name, text);
        }
    }
    whole
}

/// The wanted record of a change as [`made_whole`] has it, with what the extension had before it and has lost, where the
/// vendor makes it anew for a change; and the fields that are lost.
pub(crate) fn with_lost<'w>(
    manifest: &Manifest,
    change: &Change,
    wanted: &'w Record,
    current: &Record,
) -> (Cow<'w, Record>, Vec<Field>) {
    let mut whole = made_whole(manifest, wanted, current);
    let mut lost = vec![];
    let before = change
        .before
        .as_ref()
        .filter(|_| change.action == Action::Update && manifest.ability.update == UpdateKind::Anew);
    for (field, text) in before.into_iter().flat_map(Record::iter) {
        let Some(row) = manifest.row(field) else {
            continue;
        };
        let is_gone = match row.access {
            Access::ReadWrite => is_unset(current, field),
            // It is written with the rest.
            Access::ReadOnly => current.get(field).unwrap_or_default() != text,
            Access::WriteOnly => false,
        };
        let goes_with = row.kept_with.and_then(|with| wanted.get(with));
        let is_meant = wanted.get(field).is_some() || goes_with.is_some_and(Text::is_empty);
        if is_gone && !field.is_key() && !text.is_empty() && !is_meant {
            whole.to_mut().set(field, text);
            lost.push(field);
        }
    }
    (whole, lost)
}

/// The fields that no row wanted otherwise, and that an update has changed all the same, because the PBX stores them in one
/// text with a field that it has written; each with its value before.
pub(crate) fn changed_beside<'c>(
    manifest: &Manifest,
    change: &'c Change,
    current: &Record,
) -> Vec<(Field, &'c str)> {
    let Some(before) = &change.before else {
        return vec![];
    };
    let is_wanted = |field: Field| change.wanted.get(field).is_some();
    let rows = manifest.field.iter();
    let pairs = rows.filter_map(|row| Some((row.name, row.one_text_with?)));
    let both = pairs.flat_map(|(one, other)| [(one, other), (other, one)]);
    both.filter(|(field, written)| is_wanted(*written) && !is_wanted(*field))
        .map(|(field, _)| (field, before.reveal(field).unwrap_or_default()))
        .filter(|(field, text)| current.reveal(*field).unwrap_or_default() != *text)
        .collect()
}

/// The fields in which one reading of an extension is not as the other, in whatever way, as far as the vendor lets them
/// be written.
pub fn moved(manifest: &Manifest, before: &Record, now: &Record) -> Vec<Field> {
    let mut fields = differing(manifest, before, now);
    let more = differing(manifest, now, before).into_iter();
    let more: Vec<Field> = more.filter(|field| !fields.contains(field)).collect();
    fields.extend(more);
    fields.sort_unstable();
    fields
}

/// The fields in which an extension that was created as `wanted` has something that neither its row nor the PBX gives to a new
/// one: somebody else has set them.
pub(crate) fn added(manifest: &Manifest, wanted: &Record, now: &Record) -> Vec<Field> {
    let is_added = |row: &&FieldRow| {
        let as_new = |text: String| match text.as_str() {
            "" => is_unset(now, row.name),
            text => now.reveal(row.name) == Some(text),
        };
        let is_as_new = row.when_new(now.number()).is_none_or(as_new);
        wanted.get(row.name).is_none() && !is_as_new
    };
    let rows = manifest.field.iter().filter(is_added);
    rows.map(|row| row.name).collect()
}

/// Returns true if an extension has nothing in a field: no text, or a switch that is off.
pub fn is_unset(extension: &Record, field: Field) -> bool {
    let text = extension.reveal(field).unwrap_or_default();
    text.is_empty() || (field.def().kind == Kind::Switch && text == "off")
}

/// Describes the differences: the PBX's values in place of the wanted ones; of a secret only that it is another one.
pub fn differences(fields: &[Field], wanted: &Record, current: &Record) -> String {
    const SHOWN_MAX: usize = 4;
    let current = current.clone().hiding(wanted);
    let one = |field: &Field| {
        let hides = |record: &Record| matches!(record.get(*field), Some(Text::Secret(_)));
        let given_back = current.text(*field).unwrap_or_default();
        if hides(wanted) || hides(&current) {
            return redact::another(*field);
        }
        format!(
            "{} {:?} instead of {:?}",
            field.name(),
            given_back,
            wanted.text(*field).unwrap_or_default()
        )
    };
    let mut words: Vec<String> = fields.iter().take(SHOWN_MAX).map(one).collect();
    words.extend(match fields.len().saturating_sub(SHOWN_MAX) {
        0 => None,
        1 => Some("1 more difference".to_owned()),
        more => Some(format!("{more} more differences")),
    });
    words.join(", ")
}

/// The name under which a PBX keeps a greeting that it fetched from an address: the last part of the address's path,
/// decoded; `None` where that is no name for a file.
pub fn fetched_name(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let last = url.path_segments()?.next_back()?;
    // The form decoder would take these for its own signs.
    let escaped = last
        .replace('+', "%2B")
        .replace('=', "%3D")
        .replace('&', "%26");
    let (name, _) = url::form_urlencoded::parse(escaped.as_bytes()).next()?;
    // A name that could lead out of the PBX's folder is none.
    let fits = !name.is_empty() && !name.contains(['/', '\\']);
    fits.then(|| name.into_owned())
}

/// Finds the wanted fields of which it cannot be known if this extension has them as wanted: the vendor does not give them
/// back, or did not tell them of this one.
pub(crate) fn unread(manifest: &Manifest, wanted: &Record, current: &Record) -> Vec<Field> {
    let known = wanted.iter().filter(|(_, text)| *text != TO_GENERATE);
    let rows = known.filter_map(|(field, _)| manifest.row(field));
    let rows = rows.filter(|row| row.fill.is_none() && row.is_unread(current));
    rows.map(|row| row.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::for_tests::{extension, manifest};

    #[test]
    fn a_greeting_that_was_fetched_is_as_wanted_under_its_file_name() {
        let manifest = manifest();
        let wanted = |text| extension(&[(Field::VOICEMAIL_GREETING, text)]);
        let current = wanted("hello all.wav");
        for same in [
            "https://files.example.com/g/hello%20all.wav",
            "https://me:canary@files.example.com/g/hello%20all.wav",
        ] {
            assert_eq!(differing(&manifest, &wanted(same), &current), []);
        }
        for other in [
            "https://files.example.com/g/bye.wav",
            "https://files.example.com/",
            "bye.wav",
        ] {
            assert_eq!(
                differing(&manifest, &wanted(other), &current),
                [Field::VOICEMAIL_GREETING]
            );
        }
    }

    #[test]
    fn what_an_extension_was_not_told_with_is_not_compared_and_counts_as_unread() {
        let manifest = Manifest::parse(include_str!("vendors/yeastar_p/vendor.toml")).unwrap();
        let manifest = &manifest;
        let wanted = extension(&[
            (Field::FIRST_NAME, "Ann"),
            (Field::SIP_PASSWORD, "Kq7WzP3xVn9T"),
            (Field::VOICEMAIL, "on"),
        ]);
        let mut current = wanted.key_only();
        let untold = [Field::SIP_PASSWORD, Field::VOICEMAIL];
        assert_eq!(differing(manifest, &wanted, &current), [Field::FIRST_NAME]);
        let mut fields = unread(manifest, &wanted, &current);
        fields.sort_unstable();
        let mut both = untold.to_vec();
        both.sort_unstable();
        assert_eq!(fields, both);
        current.set(Field::SIP_PASSWORD, "Kq7WzP3xVn9U");
        current.set(Field::VOICEMAIL, "off");
        assert_eq!(differing(manifest, &wanted, &current).len(), 3);
        assert_eq!(unread(manifest, &wanted, &current), []);
    }

    #[test]
    fn a_secret_that_is_given_back_as_another_field_is_not_shown() {
        let wanted = extension(&[
            (Field::DISPLAY_NAME, "Ann"),
            (Field::WEB_PASSWORD, "Kq7WzP3xVn9T"),
        ]);
        let current = extension(&[(Field::DISPLAY_NAME, "Kq7WzP3xVn9T")]);
        let words = differences(&[Field::DISPLAY_NAME], &wanted, &current);
        assert_eq!(words, "another display_name");
    }

    #[test]
    fn only_what_is_wanted_and_can_be_read_is_compared() {
        let wanted = extension(&[
            (Field::EMAIL, "a@b.c"),
            (Field::WEB_PASSWORD, "x"),
            (Field::STATUS, "Idle"),
            (Field::GENDER, "female"),
            (Field::GROUPS, "Sales"),
        ]);
        let current = extension(&[(Field::EMAIL, "a@b.c"), (Field::GROUPS, "Support;Sales")]);
        assert_eq!(differing(&manifest(), &wanted, &current), []);
        let current = extension(&[(Field::EMAIL, "A@b.c"), (Field::GROUPS, "Support")]);
        assert_eq!(
            differing(&manifest(), &wanted, &current),
            [Field::EMAIL, Field::GROUPS]
        );
    }

    #[test]
    fn clearing_differs_from_what_is_filled_and_not_from_what_is_absent() {
        let wanted = extension(&[(Field::EMAIL, ""), (Field::GROUPS, "")]);
        assert_eq!(differing(&manifest(), &wanted, &extension(&[])), []);
        let current = extension(&[(Field::EMAIL, "a@b.c"), (Field::GROUPS, "Sales")]);
        assert_eq!(
            differing(&manifest(), &wanted, &current),
            [Field::EMAIL, Field::GROUPS]
        );
    }
}
