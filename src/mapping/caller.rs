//! The caller ID with a name, as some makes have it: `"Ann Miller" <0305550100>`.

/// The number of a caller ID that has a name before it; `None` where it has none, or is written otherwise.
pub(super) fn number_behind_name(caller_id: &str) -> Option<&str> {
    let inner = caller_id.trim().strip_suffix('>')?;
    let (name, number) = inner.rsplit_once('<')?;
    let number = number.trim();
    let is_number = number.chars().any(|c| c.is_ascii_digit())
        && number
            .chars()
            .all(|c| !c.is_alphabetic() && !"<>\"@:".contains(c));
    (is_number && !name.contains(['<', '>'])).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::number_behind_name;

    #[test]
    fn the_number_stands_in_angle_brackets_behind_the_name() {
        for (text, number) in [
            ("\"Ann Miller\" <0305550100>", Some("0305550100")),
            ("Ann <+49 30 555>", Some("+49 30 555")),
            ("<2001>", Some("2001")),
            ("0305550100", None),
            ("Ann Miller", None),
            ("\"Ann\" <sip:2001@pbx>", None),
            ("\"Ann\" <anonymous>", None),
            ("\"Ann\" <>", None),
            ("a <1> b <2>", None),
        ] {
            assert_eq!(number_behind_name(text), number, "{text}");
        }
    }
}
