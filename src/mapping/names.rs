//! Names of one text, split into given and family name.

/// Splits a name into given and family name: the text after and before the first comma, else before and after the last
/// space. An addition in brackets, such as `(Sales, West)`, stays with the part before it.
pub(super) fn split_name(name: &str) -> (&str, &str) {
    let name = name.trim();
    let bare = match name.find(['(', '[']).map(|bracket| name.split_at(bracket)) {
        Some((before, _)) if !before.trim().is_empty() => before.trim_end(),
        _ => name,
    };
    let (at, is_comma) = match (bare.find(','), bare.rfind(' ')) {
        (Some(comma), _) => match bare.split_at(comma) {
            // `Anna Berg, MD`
            (before, after) if before.contains(' ') && is_suffix(after) => {
                (before.rfind(' ').unwrap_or(comma), false)
            }
            _ => (comma, true),
        },
        (None, Some(space)) => (space, false),
        (None, None) => return (name, ""),
    };
    let (before, after) = name.split_at(at);
    let (before, after) = (before.trim(), after.get(1..).unwrap_or_default().trim());
    match is_comma {
        true => (after, before),
        false => (before, after),
    }
}

/// Returns true for a name that is split at its comma though two words and more stand before that, as in `Anna Berg, Sales`:
/// what is behind it may be no given name. Titles such as `Dr.`, and words such as `van`, are none of the two.
pub(crate) fn may_lack_given_name(name: &str) -> bool {
    let (_, last) = split_name(name);
    let is_own = |word: &&str| !word.ends_with('.') && word.starts_with(char::is_uppercase);
    let is_before = name.trim_start().strip_prefix(last);
    is_before.is_some_and(|rest| rest.trim_start().starts_with(','))
        && last.split_whitespace().filter(is_own).count() > 1
}

/// Returns true if nothing but degrees and the like follow a comma, which are no given name.
fn is_suffix(after: &str) -> bool {
    const SUFFIXES: [&str; 36] = [
        "md", "rn", "phd", "jr", "sr", "ii", "iii", "iv", "dds", "dmd", "np", "pa", "pac", "do",
        "esq", "mba", "cpa", "msc", "bsc", "ma", "ba", "bs", "ms", "lpn", "cna", "rph", "pharmd",
        "dvm", "jd", "llm", "msn", "bsn", "dnp", "edd", "pe", "dipling",
    ];
    let plain = |part: &str| -> String {
        let letters = part.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let mut parts = after.split(',').map(plain).filter(|part| !part.is_empty());
    parts.all(|part| SUFFIXES.contains(&part.as_str()))
}

/// Splits a name into given and family name, of which a row may give one already; `None` where it gives both, or one that
/// is no part of the name.
pub(super) fn parts_of<'n>(
    name: &'n str,
    given: [Option<&Option<String>>; 2],
) -> Option<(&'n str, &'n str)> {
    let (first, last) = split_name(name);
    match given {
        [None, None] => Some((first, last)),
        [Some(Some(own)), None] if own == first => Some((first, last)),
        [Some(Some(own)), None] => {
            let rest = name.strip_prefix(own.as_str())?.strip_prefix(' ')?;
            Some((name.get(..own.len())?, rest.trim()))
        }
        [None, Some(Some(own))] if own == last => Some((first, last)),
        [None, Some(Some(own))] => {
            let rest = name.strip_suffix(own.as_str())?.strip_suffix(' ')?;
            Some((rest.trim(), name.get(name.len() - own.len()..)?))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::split_name;

    #[test]
    fn two_words_before_the_comma_may_be_the_whole_name() {
        for (name, is_doubtful) in [
            ("Anna Berg, Sales", true),
            ("Muster GmbH, Lager", true),
            ("García López, Ana", true),
            ("Berg, Anna", false),
            ("van der Berg, Anna", false),
            ("Dr. Berg, Anna", false),
            ("Anna Berg, MD", false),
            ("Anna Berg", false),
            ("", false),
        ] {
            assert_eq!(super::may_lack_given_name(name), is_doubtful, "{name}");
        }
    }

    #[test]
    fn a_name_is_split_at_its_first_comma_or_last_space_and_never_within_brackets() {
        for (name, parts) in [
            ("Ann Muster", ("Ann", "Muster")),
            ("Ann", ("Ann", "")),
            ("Muster, Ann", ("Ann", "Muster")),
            ("Muster, Ann, PhD", ("Ann, PhD", "Muster")),
            ("Ann Muster, MD", ("Ann", "Muster, MD")),
            ("Ann van Muster, Jr.", ("Ann van", "Muster, Jr.")),
            ("Ann Muster, R.N., Ph.D.", ("Ann", "Muster, R.N., Ph.D.")),
            ("Muster, Jo", ("Jo", "Muster")),
            ("van Muster, Ann", ("Ann", "van Muster")),
            ("Muster, Ann (Sales, West)", ("Ann (Sales, West)", "Muster")),
            ("Ann Muster (Sales, West)", ("Ann", "Muster (Sales, West)")),
            ("Ann (Sales, West)", ("Ann (Sales, West)", "")),
            ("(Sales) Ann", ("(Sales)", "Ann")),
        ] {
            assert_eq!(split_name(name), parts, "{name}");
        }
    }
}
