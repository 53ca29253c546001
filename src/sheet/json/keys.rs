//! Objects under keys, such as `{"2001": {…}, "2002": {…}}`: where their keys are found.

use std::collections::BTreeSet;

/// Describes rows that are objects under keys: a member has the key too, or else it is a column, with this heading.
pub(super) fn under_keys(path: &str, repeated: Option<&str>, heading: &str) -> String {
    let place = match path {
        "" => String::new(),
        path => format!(" in “{path}”"),
    };
    let kept = match repeated {
        Some(member) => format!("which “{member}” repeats"),
        None => format!("which are the column “{heading}”"),
    };
    format!("objects under keys{place}, {kept}")
}

/// The members whose values are the keys of their objects.
pub(super) struct MemberKeys {
    /// Those of which that is so in every object up to now.
    repeated: Vec<String>,
    is_first_seen: bool,
    /// The names of the only members of the objects up to now; `None` where one has several, or one of another's.
    only: Option<BTreeSet<String>>,
}

impl MemberKeys {
    /// Begins with no object seen.
    pub(super) fn new() -> MemberKeys {
        MemberKeys {
            repeated: vec![],
            is_first_seen: false,
            only: Some(BTreeSet::new()),
        }
    }

    /// The first member that has the key of its object in each of them.
    pub(super) fn repeated(&self) -> Option<&str> {
        self.repeated.first().map(String::as_str)
    }

    /// Returns true if each object has one member, whose name no other has, with an object in it.
    pub(super) fn have_own_lines(&self) -> bool {
        self.only.as_ref().is_some_and(|only| only.len() > 1)
    }

    fn add_only_member(&mut self, values: &[(String, String)]) {
        let Some(only) = &mut self.only else { return };
        let mut outer = values.iter().map(|(path, _)| path.split_once('.'));
        let first = outer.next().flatten().map(|(first, _)| first);
        let is_only = |outer: Option<(&str, &str)>| outer.map(|(first, _)| first) == first;
        let is_new = first.is_some_and(|first| outer.all(is_only) && only.insert(first.to_owned()));
        self.only = self.only.take().filter(|_| is_new);
    }

    /// Takes in an object: its values by their dotted names, and the key that it stands under.
    pub(super) fn add_object(&mut self, values: &[(String, String)], key: Option<&str>) {
        self.add_only_member(values);
        let Some(key) = key else { return };
        let is_key = |path: &String| {
            let mut all = values.iter();
            all.any(|(other, text)| other == path && text == key)
        };
        if self.is_first_seen {
            self.repeated.retain(is_key);
            return;
        }
        let paths = values.iter().map(|(path, _)| path);
        self.repeated = paths.filter(|path| is_key(path)).cloned().collect();
        self.is_first_seen = true;
    }
}
