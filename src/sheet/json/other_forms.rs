//! Tables that are sound JSON and whose rows are no objects, such as those of pandas: told with what to do, for they would
//! be read as one row.

use std::collections::{BTreeMap, BTreeSet};

/// The advice for each of them.
const AS_OBJECTS: &str = "Write the rows as a list of objects: [{…}, {…}]; pandas does so with to_json(orient='records')";

/// Says in words which other form of a table the objects of a file have, by the names of all their members; `None` where
/// they are rows. `have_own_lines` is true where each of several objects has one member, whose name no other has.
pub(super) fn other_form(names: &[String], objects: u64, have_own_lines: bool) -> Option<String> {
    let has = |name: &str| names.iter().any(|known| known == name);
    let what = match objects {
        1 if has("columns") && has("data") => {
            "the headings, and the rows without them, stand in lists of their own"
        }
        1 if are_columns(names) => {
            "each column is an object of its own, with the rows under their numbers"
        }
        0 | 1 => return None,
        _ if have_own_lines => {
            return Some(
                "each row stands in an object of its own, under a key. Write them all into one object, {\"2001\": {…}, \"2002\": \
                 {…}}, or each row alone"
                    .to_owned(),
            );
        }
        _ => return None,
    };
    Some(format!("{what}. {AS_OBJECTS}"))
}

/// Returns true if several members hold values under the same numbers.
fn are_columns(names: &[String]) -> bool {
    let mut outer: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for name in names {
        let Some((first, rest)) = name.split_once('.') else {
            return false;
        };
        outer.entry(first).or_default().insert(rest);
    }
    let mut all = outer.values();
    let is_number = |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    let first = all.next();
    outer.len() > 1
        && first.is_some_and(|first| first.iter().all(is_number) && all.all(|rows| rows == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_another_form_are_told_from_rows() {
        let is_other = |names: &str, objects, have_own_lines| {
            let names: Vec<String> = names.split(' ').map(str::to_owned).collect();
            other_form(&names, objects, have_own_lines).is_some()
        };
        assert!(is_other("columns index data", 1, false));
        assert!(is_other("Ext.0 Ext.1 Name.0 Name.1", 1, false));
        assert!(is_other("2001.name 2002.name", 2, true));
        for (names, objects) in [
            ("Ext Name", 2),
            ("number forward.to", 1),
            ("name.first name.last number", 1),
            ("name.first name.last mail.first mail.last", 1),
            ("user.number user.name mail.home", 2),
            ("Ext.0 Name.0 Name.1", 1),
            ("columns number", 1),
        ] {
            assert!(!is_other(names, objects, false), "{names}");
        }
    }
}
