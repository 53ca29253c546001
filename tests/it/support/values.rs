//! Cells that programs like to change.

use super::random::Random;

fn digits(random: &mut Random) -> String {
    let count = 1 + random.below(24);
    random.digits(count)
}

/// Draws a cell: a number with zeros before it, a telephone number, a text like a formula, a date, a switch, long
/// digits, or a text of characters that separate, quote, break or hide.
pub(crate) fn cell(random: &mut Random) -> String {
    const WHOLE: [&str; 24] = [
        "",
        "",
        "0042",
        "007",
        "+49",
        "=1+1",
        "-5",
        "@home",
        "1e5",
        "12E3",
        "0x1F",
        "1/2",
        "3-4",
        "01.03.2024",
        "2024-03-01",
        "09:05",
        "TRUE",
        "false",
        "#N/A",
        "NULL",
        "100%",
        "1,5",
        "<clear>",
        "_x0041_",
    ];
    const PARTS: [&str; 26] = [
        " ", "  ", ",", ";", "\t", "|", "\"", "'", "\n", "=", "+", "-", "@", "<b>", "&amp;", "ä",
        "é", "ß", "€", "日本", "😀", "\u{a0}", "\u{301}", "\u{200b}", "_x000D_", "\\",
    ];
    match random.below(6) {
        0 => (*random.one(&WHOLE)).to_owned(),
        1 => format!("00{}", digits(random)),
        2 => format!("+49{}", digits(random)),
        3 => digits(random),
        4 => format!("n{}", digits(random)),
        _ => {
            let parts = 1 + random.below(8);
            let mut text = String::new();
            for _ in 0..parts {
                text.push_str(random.one::<&str>(&PARTS));
                text.push((b'a' + random.below(26) as u8).into());
            }
            text
        }
    }
}
